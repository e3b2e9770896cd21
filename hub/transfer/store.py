"""Legs and registers as rows. SQL only; `update … where version` lets no stale writer through."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    insert,
    select,
    update,
)

from hub.db import Store, metadata
from hub.errors import NotFound, StaleVersion
from hub.followup.domain import Urgency
from hub.transfer.domain import Leg
from hub.transfer.facts import Pending, Plan
from hub.transfer.register import Case, Standing
from hub.transfer.table import Side, State

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import RowMapping

legs = Table(
    "legs",
    metadata,
    Column("id", String(22), ForeignKey("handoffs.id"), primary_key=True),
    Column("from_agency", String(400), nullable=False),
    Column("to_agency", String(400), nullable=False),
    Column("urgency", String(12), nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("state", String(32), nullable=False),
    Column("made_by", String(500), nullable=False),
    Column("due", BigInteger),
    Column("position", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("delivered", Boolean, nullable=False),
    Column("inquiry_answered", Boolean, nullable=False),
    Column("searchable", Boolean, nullable=False),
    Column("plan", JSON),
    Column("agreed", BigInteger),
    Column("seen", Boolean, nullable=False),
    Column("frozen_from", String(32)),
    Column("frozen_by", String(22)),
    Column("release", String(43)),
    Column("release_by", String(22)),
    Column("claim", JSON),
    Column("change", JSON),
    Column("next", String(10)),
    Column("owner", String(22)),
    Column("sent_by", String(22)),
    Column("duty", JSON, nullable=False),
    Column("locked", Boolean, nullable=False),
    Column("frozen", BigInteger),
    Column("succeeded_by", String(400)),
    Column("alarm_at", BigInteger),
    Column("warned_at", BigInteger),
    Index(None, "from_agency", "state"),
    Index(None, "to_agency", "state"),
)
_ALARMS = legs.c.alarm_at.is_not(None)
_UNTOLD = legs.c.warned_at.is_(None) | (legs.c.warned_at < legs.c.alarm_at)
"""Of whose planned arrival nobody here was told while the ordering hub was silent."""
Index("ix_legs_alarm_at", legs.c.alarm_at, sqlite_where=_ALARMS, postgresql_where=_ALARMS)

cases = Table(
    "cases",
    metadata,
    Column("id", String(22), ForeignKey("handoffs.id"), primary_key=True),
    Column("holder", String(400), nullable=False),
    Column("standing", String(16), nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("came_by", String(22), unique=True),
    Column("leg", String(22)),
    Column("release", String(43)),
    Column("moved_by", String(43)),
    Column("moved_to", String(400)),
)

case_legs = Table(
    "case_legs",
    metadata,
    Column("leg", String(22), primary_key=True),
    Column("case", String(22), ForeignKey("cases.id"), nullable=False, index=True),
)


class LegStore(Store):
    """Legs, through one connection; the caller owns the transaction."""

    def add(self, leg: Leg) -> None:
        """Store a new leg."""
        self._run(insert(legs).values(id=leg.id, **_columns(leg)))

    def find(self, leg: str) -> Leg | None:
        """Return a leg, or None."""
        row = self._one(select(legs).where(legs.c.id == leg))
        return None if row is None else _leg(row)

    def get(self, leg: str) -> Leg:
        """Return a leg.

        Raises:
            NotFound: there is none of this id.
        """
        found = self.find(leg)
        if found is None:
            raise NotFound("There is no such transfer here.")
        return found

    def many(self, handoffs: Collection[str]) -> dict[str, Leg]:
        """Return several legs by their ids, for a list on a screen."""
        return {row["id"]: _leg(row) for row in self._all(select(legs).where(legs.c.id.in_(handoffs)))}

    def save(self, leg: Leg, *, was: int) -> None:
        """Store what became of a leg whose version was `was`.

        Raises:
            StaleVersion: another writer was faster.
        """
        here = (legs.c.id == leg.id) & (legs.c.version == was)
        done = self._connection.execute(update(legs).where(here).values(**_columns(leg)))
        if done.rowcount != 1:
            raise StaleVersion("This transfer has changed meanwhile.")

    def alarms(self, now: int, after: tuple[int, str], limit: int) -> list[tuple[str, int]]:
        """Return the legs whose planned arrival has passed unseen and untold, with when, the longest first."""
        at = legs.c.alarm_at
        later = (at > after[0]) | ((at == after[0]) & (legs.c.id > after[1]))
        query = select(legs.c.id, at).where(_ALARMS, at <= now, _UNTOLD, later).order_by(at, legs.c.id)
        return [(row["id"], row["alarm_at"]) for row in self._all(query.limit(limit))]

    def warned(self, leg: str, now: int) -> bool:
        """Note that the own members were told though the ordering hub has said nothing; False if they were before."""
        return bool(
            self._connection.execute(update(legs).where(legs.c.id == leg, _UNTOLD).values(warned_at=now)).rowcount
        )


class CaseStore(Store):
    """Registers of cases, through one connection; the caller owns the transaction."""

    def add(self, case: Case) -> None:
        """Begin a register here."""
        self._run(insert(cases).values(**_row(case)))

    def find(self, case: str, *, lock: bool = False) -> Case | None:
        """Return a case by its reference; `lock` keeps other writers off it until the transaction ends."""
        query = select(cases).where(cases.c.id == case)
        row = self._one(query.with_for_update() if lock else query)
        return None if row is None else _case(row)

    def get(self, case: str, *, lock: bool = False) -> Case:
        """Return a case.

        Raises:
            NotFound: there is none of this reference.
        """
        found = self.find(case, lock=lock)
        if found is None:
            raise NotFound("There is no such case here.")
        return found

    def of_leg(self, leg: str, *, lock: bool = False) -> Case | None:
        """Return the case that may be passed on by a leg."""
        case = self._connection.scalar(select(case_legs.c.case).where(case_legs.c.leg == leg))
        return None if case is None else self.find(case, lock=lock)

    def came_by(self, leg: str, *, lock: bool = False) -> Case | None:
        """Return the case that came here by a leg."""
        query = select(cases).where(cases.c.came_by == leg)
        row = self._one(query.with_for_update() if lock else query)
        return None if row is None else _case(row)

    def may_go_by(self, case: str, leg: str) -> bool:
        """Note that a case may be passed on by a leg; False if the leg is of a case already."""
        return self._add(case_legs, leg=leg, case=case)

    def legs(self, case: str) -> list[str]:
        """Return the legs by which a case may be passed on."""
        query = select(case_legs.c.leg).where(case_legs.c.case == case).order_by(case_legs.c.leg)
        return list(self._connection.scalars(query))

    def save(self, case: Case) -> None:
        """Store what became of a case; the caller has locked it."""
        self._run(update(cases).where(cases.c.id == case.id).values(**_row(case)))


def _row(case: Case) -> dict[str, Any]:
    return {**asdict(case), "standing": case.standing.value}


def _columns(leg: Leg) -> dict[str, Any]:
    row = asdict(leg)
    del row["id"]
    row |= {"state": leg.state.value, "urgency": leg.urgency.value, "duty": list(leg.duty), "alarm_at": leg.alarm_at}
    row["plan"] = None if leg.plan is None else leg.plan.to_value()
    row["frozen_from"] = None if leg.frozen_from is None else leg.frozen_from.value
    return row


def _leg(row: RowMapping | Any) -> Leg:
    values = {name: row[name] for name in Leg.__slots__}
    values |= {"state": State(row["state"]), "urgency": Urgency(row["urgency"]), "duty": tuple(row["duty"])}
    values["frozen_from"] = None if row["frozen_from"] is None else State(row["frozen_from"])
    values["plan"] = Plan.of({"plan": row["plan"]})
    for name in ("claim", "change"):
        given = row[name]
        values[name] = given and Pending(given["type"], given["hash"], Side(given["side"]))
    return Leg(**values)


def _case(row: RowMapping | Any) -> Case:
    return Case(**{**{name: row[name] for name in Case.__slots__}, "standing": Standing(row["standing"])})
