"""Timers as rows. What a timer is about is sealed and stands in no row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, and_, insert, or_, select, update

from hub.db import Store, metadata
from hub.errors import NotFound
from hub.followup.domain import STATE
from hub.followup.store import follow_ups
from hub.handoffs.store import handoffs
from hub.timers.domain import ESCALATED, State, Timer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.handoffs.store import Row

timers = Table(
    "timers",
    metadata,
    Column("id", String(22), ForeignKey("handoffs.id"), primary_key=True),
    Column("agency", String(400), nullable=False),
    Column("set_by", String(22), nullable=False),
    Column("owner", String(22), nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("warn", BigInteger),
    Column("set_at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("position", Integer, nullable=False),
    Index(None, "agency", "state"),
)
_t, _c = timers.c, follow_ups.c
_RUNNING = timers.join(follow_ups, and_(_c.handoff == _t.id, _c.track == STATE)).join(handoffs, handoffs.c.id == _t.id)


class TimerStore(Store):
    """Timers, through one connection; the caller owns the transaction and holds the handoff's row."""

    def add(self, timer: Timer) -> None:
        """Store a new timer."""
        self._run(insert(timers).values(**_columns(timer)))

    def get(self, timer: str) -> Timer:
        """Return a timer.

        Raises:
            NotFound: there is none of this id.
        """
        row = self._one(select(timers).where(_t.id == timer))
        if row is None:
            raise NotFound("There is no such timer here.")
        return _timer(row)

    def save(self, timer: Timer) -> None:
        """Store what became of a timer."""
        self._run(update(timers).where(_t.id == timer.id).values(**_columns(timer)))

    def running(
        self, agency: str, *, owner: str | None, escalated: bool, after: tuple[int, str] | None, limit: int
    ) -> Sequence[Row]:
        """Return the handoffs of an agency's timers that run, with `due_at`: what is due first comes first.

        Args:
            agency: whose.
            owner: only those that this member answers for.
            escalated: only alerts that nobody has acknowledged, and dates of which supervisors were told.
            after: due time and id of the last row of the page before.
            limit: how many at most.
        """
        query = select(handoffs, _c.due_at).select_from(_RUNNING).where(_t.agency == agency, _t.state != State.DONE)
        if owner is not None:
            query = query.where(_t.owner == owner)
        if escalated:
            query = query.where(or_(_t.state == State.ALERT, _c.next_rung > ESCALATED))
        if after is not None:
            query = query.where(or_(_c.due_at > after[0], and_(_c.due_at == after[0], _t.id > after[1])))
        return self._all(query.order_by(_c.due_at, _t.id).limit(limit))


def _columns(timer: Timer) -> dict[str, Any]:
    return {name: getattr(timer, name) for name in Timer.__slots__}


def _timer(row: Mapping[Any, Any]) -> Timer:
    values = {name: row[name] for name in Timer.__slots__}
    return Timer(**{**values, "state": State(row["state"])})
