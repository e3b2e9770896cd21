"""Rows of pairs that may be one: what was proposed, why, what was decided, and what to undo. SQL only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint, delete, select, update

from hub.db import Store, metadata
from hub.ids import random_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.engine import RowMapping

    from hub.directory.duplicates.pairs import Pair

_ID: Final = 36

map_pairs = Table(
    "map_pairs",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("first", String(_ID), nullable=False),
    Column("second", String(_ID), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("score", Integer, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("kept", String(_ID)),
    Column("said", Text, nullable=False),
    Column("agency", String(400)),
    Column("member", String(22)),
    Column("decided_at", BigInteger),
    Column("undo", Text),
    UniqueConstraint("first", "second"),
    Index(None, "state", "score", "id"),
    Index(None, "second"),
)


class State(StrEnum):
    """Where a pair stands. `agreed`: an agency said yes, and that of the other record has not yet."""

    OPEN = "open"
    AGREED = "agreed"
    LATER = "later"
    MERGED = "merged"
    NOT_SAME = "not_same"


UNDECIDED: Final = frozenset({State.OPEN, State.AGREED, State.LATER})


@dataclass(frozen=True, slots=True)
class PairRow:
    """A pair as it stands. `said`: the agencies that agreed to merge it into `kept`."""

    id: str
    first: str
    second: str
    kind: str
    score: int
    reasons: list[list[Any]]
    state: State
    kept: str | None
    said: list[str]
    agency: str | None
    member: str | None
    decided_at: int | None
    undo: dict[str, Any] | None


class PairStore(Store):
    """Pairs that may be one, inside the caller's transaction."""

    def get(self, pair: str) -> PairRow | None:
        """Return a pair, or None."""
        found = self._one(select(map_pairs).where(map_pairs.c.id == pair))
        return None if found is None else _row(found)

    def of(self, one: str, other: str) -> PairRow | None:
        """Return the pair of two records, or None."""
        first, second = sorted((one, other))
        found = self._one(select(map_pairs).where(map_pairs.c.first == first, map_pairs.c.second == second))
        return None if found is None else _row(found)

    def propose(self, kind: str, pairs: Iterable[Pair]) -> int:
        """Keep pairs that were found; what was decided stays decided. Return how many are new."""
        known = {(row.first, row.second): row for row in self._of_kind(kind)}
        new, stale = 0, set(known)
        for pair in pairs:
            key = (pair.first, pair.second)
            stale.discard(key)
            reasons = json.dumps([[reason.code, reason.points] for reason in pair.reasons])
            if key not in known:
                new += self.put(kind, *key, pair.score, reasons) is not None
            elif known[key].state in UNDECIDED:
                which = map_pairs.c.id == known[key].id
                self._run(update(map_pairs).where(which).values(score=pair.score, reasons=reasons))
        self._drop([known[key].id for key in stale if known[key].state is State.OPEN and known[key].score])
        return new

    def put(self, kind: str, first: str, second: str, score: int, reasons: str) -> str:
        """Keep a new pair; return its id."""
        row = {"id": random_id(), "first": first, "second": second, "kind": kind, "score": score}
        self._add(map_pairs, **row, reasons=reasons, state=State.OPEN.value, said="[]")
        return str(row["id"])

    def listing(
        self, states: Iterable[State], kind: str | None = None, after: int = 0, limit: int = 50
    ) -> list[PairRow]:
        """Return pairs in some states, the likeliest first."""
        c = map_pairs.c
        which = [c.state.in_([state.value for state in states]), *([c.kind == kind] if kind else [])]
        rows = select(map_pairs).where(*which).order_by(c.score.desc(), c.id).offset(after).limit(limit)
        return [_row(row) for row in self._all(rows)]

    def decide(self, pair: str, state: State, by: tuple[str, str], now: int, **more: Any) -> None:
        """Say what was decided about a pair, and by whom (agency and member)."""
        said = {"said": json.dumps(more.pop("said", [])), "undo": json.dumps(more.pop("undo", None))}
        who = {"agency": by[0], "member": by[1], "decided_at": now}
        values = {**said, **who, "state": state.value, "kept": None, **more}
        self._run(update(map_pairs).where(map_pairs.c.id == pair).values(values))

    def _of_kind(self, kind: str) -> list[PairRow]:
        return [_row(row) for row in self._all(select(map_pairs).where(map_pairs.c.kind == kind))]

    def _drop(self, pairs: Sequence[str]) -> None:
        for pair in pairs:
            self._run(delete(map_pairs).where(map_pairs.c.id == pair))


def _row(row: RowMapping) -> PairRow:
    values = {name: row[name] for name in PairRow.__slots__}
    undo = None if row["undo"] is None else json.loads(row["undo"])
    read = {"reasons": json.loads(row["reasons"]), "said": json.loads(row["said"]), "undo": undo}
    return PairRow(**{**values, **read, "state": State(row["state"])})
