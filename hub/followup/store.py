"""The running clocks as rows, and the one row about the sweep itself.

Does not decide what a rung is (`domain`), nor act on one. Rules: a sweep costs what is due, not what is open, so one
partial index carries it; a row is claimed for a lease and comes back by itself when its worker dies; `advance` changes
a row only if it still is what was claimed, so of two workers that both think they have it one changes nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    delete,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from hub.db import Store, metadata
from hub.followup.domain import STATE, FollowUp, Owner, rebase
from hub.followup.guard import Sweep

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Row

follow_ups = Table(
    "follow_ups",
    metadata,
    Column("handoff", String(22), primary_key=True),
    Column("track", String(8), primary_key=True),
    Column("state", String(48), nullable=False),
    Column("clock", String(48), nullable=False),
    Column("owner", String(16), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("times", JSON, nullable=False),
    Column("next_rung", Integer, nullable=False),
    Column("next_at", BigInteger),
    Column("told_at", BigInteger),
    Column("paused", Boolean, nullable=False),
    Column("claimed_until", BigInteger),
)
_next_at = follow_ups.c.next_at
Index("ix_follow_ups_next_at", _next_at, sqlite_where=_next_at.is_not(None), postgresql_where=_next_at.is_not(None))

sweep_state = Table(
    "sweep_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("last_sweep_at", BigInteger, nullable=False),
    Column("suspended_since", BigInteger),
)


class FollowUps(Store):
    """The clocks of all handoffs, in the caller's transaction."""

    def replace(self, handoff: str, followup: FollowUp | None, track: str = STATE) -> None:
        """Give a handoff this clock instead of the one it has on a track; None where nothing more is due."""
        columns = follow_ups.c
        self._connection.execute(delete(follow_ups).where(columns.handoff == handoff, columns.track == track))
        if followup is not None:
            self._connection.execute(insert(follow_ups).values(**_values(followup), claimed_until=None))

    def get(self, handoff: str, track: str = STATE) -> FollowUp | None:
        """Return the clock of a handoff."""
        return next(iter(self.many([handoff], track).values()), None)

    def many(self, handoffs: Iterable[str], track: str = STATE) -> dict[str, FollowUp]:
        """Return the clocks of several handoffs by handoff, for a list on a screen."""
        here = follow_ups.c.handoff.in_(list(handoffs)) & (follow_ups.c.track == track)
        rows = self._connection.execute(select(follow_ups).where(here))
        return {row.handoff: _follow_up(row) for row in rows}

    def claim_due(self, now: int, limit: int = 100, lease: int = 60) -> list[FollowUp]:
        """Claim what is due for `lease` seconds and return it, the longest overdue first; nobody else gets it."""
        columns = follow_ups.c
        free = or_(columns.claimed_until.is_(None), columns.claimed_until <= now)
        due = (
            select(follow_ups)
            .where(columns.next_at.is_not(None), columns.next_at <= now, free)
            .order_by(columns.next_at)
            .limit(limit)
            .with_for_update(skip_locked=True)  # SQLite, which has one writer, leaves it out
        )
        found = [_follow_up(row) for row in self._connection.execute(due)]
        if found:
            here = columns.handoff.in_([one.handoff for one in found])  # pairs alone use no index of SQLite's
            pairs = tuple_(columns.handoff, columns.track).in_([(one.handoff, one.track) for one in found])
            self._connection.execute(update(follow_ups).where(here, pairs).values(claimed_until=now + lease))
        return found

    def advance(self, before: FollowUp, after: FollowUp) -> bool:
        """Put `after` in the place of `before` and end the claim; False, and nothing done, if it is no longer there."""
        changed = self._connection.execute(
            update(follow_ups).where(*_still(before)).values(**_values(after), claimed_until=None)
        )
        return bool(changed.rowcount)

    def defer(self, followup: FollowUp, until: int) -> bool:
        """Leave a clock as it is and let nobody claim it before `until`; 0 gives it back at once."""
        changed = self._connection.execute(update(follow_ups).where(*_still(followup)).values(claimed_until=until))
        return bool(changed.rowcount)

    def rebase(self, now: int) -> int:
        """Take times out of a future that never came from all clocks and end all claims; return how many changed."""
        columns = follow_ups.c
        ahead = or_(columns.started_at > now, columns.told_at > now)
        self._connection.execute(
            update(follow_ups).where(columns.claimed_until.is_not(None)).values(claimed_until=None)
        )
        found = [_follow_up(row) for row in self._connection.execute(select(follow_ups).where(ahead))]
        return sum(self.advance(followup, rebase(followup, now)) for followup in found)


class SweepState(Store):
    """The one row that remembers when the last sweep was and whether expiry is suspended."""

    def get(self, *, lock: bool = False) -> Sweep | None:
        """Return the last sweep; None before the first. Locked, nobody else changes it before this transaction ends."""
        query = select(sweep_state)
        row = self._connection.execute(query.with_for_update() if lock else query).one_or_none()
        return None if row is None else Sweep(row.last_sweep_at, row.suspended_since)

    def put(self, sweep: Sweep) -> None:
        """Remember a sweep."""
        self._put(sweep_state, id=1, **asdict(sweep))


def _still(followup: FollowUp) -> list[Any]:
    columns = follow_ups.c
    return [
        columns.handoff == followup.handoff,
        columns.track == followup.track,
        columns.state == followup.state,
        columns.started_at == followup.started_at,
        columns.due_at == followup.due_at,
        columns.next_rung == followup.next_rung,
        columns.next_at == followup.next_at,
    ]


def _values(followup: FollowUp) -> dict[str, Any]:
    return {**asdict(followup), "owner": followup.owner.value, "times": list(followup.times)}


def _follow_up(row: Row[Any]) -> FollowUp:
    return FollowUp(
        handoff=row.handoff,
        state=row.state,
        clock=row.clock,
        owner=Owner(row.owner),
        started_at=row.started_at,
        due_at=row.due_at,
        times=tuple(row.times),
        next_rung=row.next_rung,
        next_at=row.next_at,
        told_at=row.told_at,
        track=row.track,
        paused=row.paused,
    )
