"""The rows of queues. SQL only, over the tables of referrals and clocks; there are none of its own.

A page is two steps, which keep it fast however much is open: the ids in their order, then what is shown of them. What
a queue asks for that is no state stands in `_conditions`: one line is all that another queue takes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, literal, or_, select, tuple_

from hub.db import Store
from hub.followup.domain import CUSTODY, STATE, TRANSPORT_SILENCE, Owner
from hub.followup.store import follow_ups
from hub.handoffs.store import handoff_of, handoffs
from hub.notify.store import notices
from hub.outbox.store import Outbox
from hub.proxies.domain import Why
from hub.proxies.store import proxy_reviews
from hub.queues.domain import BY_STATE, ESCALATED, OPEN, QUEUES, UNCONFIRMED, URGENCIES, Desk, Load, Mark, Order
from hub.referrals.domain import LOOPS, State
from hub.referrals.domain import OPEN as OPEN_STATES
from hub.referrals.store import referrals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Select

    from hub.handoffs.store import Row
    from hub.queues.domain import Wanted

_NEVER = 999_999_999_999
"""Stands for the due time of what has no clock, and comes last."""
_r, _clock, _holder = referrals.c, follow_ups.alias("clock"), follow_ups.alias("holder")
_c, _h = _clock.c, _holder.c
_OPEN = _r.state.in_(OPEN_STATES)
_HELD = ("withdrawn", "held")
"""The queues in which the clock of the holder's answer counts."""


class QueueStore(Store):
    """Queues as one connection sees them."""

    def page(
        self, wanted: Wanted, after: Mark | None, limit: int, *, now: int, days: tuple[int, str]
    ) -> tuple[Sequence[Row], Mark | None]:
        """Return the handoffs of one page in their order, and where it ends; None where nothing follows.

        `now` and `days` (the end of the agency's day; the last day of arrivals) are those of the first page.
        """
        start = after or Mark(now, self._last_turn(), changed=False, place=(0, 0, ""))
        asked = [*self._asked(wanted, now, days)]
        found = [] if start.changed else self._rows(wanted, asked, start, limit)
        mark = _end(start, found)
        if len(found) < limit:
            mark = mark if mark.changed else replace(mark, changed=True, place=(start.turn, 0, ""))
            more = self._rows(wanted, asked, mark, limit - len(found))
            found, mark = [*found, *more], _end(mark, more)
        ids = [row[2] for row in found]
        rows = {row["id"]: row for row in self._all(select(handoffs).where(handoffs.c.id.in_(ids)))}
        return [rows[one] for one in ids], mark if len(found) == limit else None

    def counts(self, wanted: Wanted, *, now: int, days: tuple[int, str]) -> dict[str, int]:
        """Return how much stands in each queue of the desk, of what the member wants to see."""
        found = {}
        for queue in QUEUES[wanted.desk]:
            one = replace(wanted, queue=queue)
            query = _joined(select(func.count()), queue).where(*self._asked(one, now, days))
            found[queue] = int(self._connection.execute(query).scalar_one())
        return found

    def loads(self, now: int) -> list[Load]:
        """Return how much waits for each provider, by the agency alone."""
        late = case((and_(_c.owner == Owner.RECIPIENT.value, _c.due_at <= now), 1), else_=0)
        query = _joined(select(_r.to_agency, func.count(), func.sum(late)), OPEN)
        query = query.where(_in_states(Desk.PROVIDER)).group_by(_r.to_agency)
        return [Load(agency, int(some), int(past or 0)) for agency, some, past in self._connection.execute(query)]

    def sent(self, agency: str) -> Sequence[int]:
        """Return when what is open with a provider was sent."""
        query = select(_r.submitted_at).where(_r.to_agency == agency, _in_states(Desk.PROVIDER))
        return self._connection.scalars(query).all()

    def _rows(
        self, wanted: Wanted, asked: Iterable[ColumnElement[bool]], after: Mark, limit: int
    ) -> list[tuple[int, int, str]]:
        fresh = _r.turn > after.turn if after.changed else _r.turn + 0 <= after.turn  # never by the index of turns
        order = (*((_r.turn, literal(0)) if after.changed else _order(wanted)), _r.id)
        query = _joined(select(*order), wanted.queue).where(*asked, fresh)
        if after.place != (0, 0, ""):
            query = query.where(tuple_(*order) > tuple_(*map(literal, after.place)))
        rows = self._connection.execute(query.order_by(*order).limit(limit))
        return [(int(first), int(second), str(row)) for first, second, row in rows]

    def _asked(self, wanted: Wanted, now: int, days: tuple[int, str]) -> Iterable[ColumnElement[bool]]:
        yield from self._mine(wanted)
        yield self._condition(wanted, now, days[0])
        if wanted.states:
            yield _r.state.in_(wanted.states)
        if wanted.urgencies:
            yield _r.urgency.in_(wanted.urgencies)
        if wanted.due_before is not None:
            yield _due(wanted.queue) < wanted.due_before
        if wanted.arrivals:
            yield _r.needed_from <= days[1]
            yield _r.state.in_(UNCONFIRMED)

    def _mine(self, wanted: Wanted) -> Iterable[ColumnElement[bool]]:
        """Yield what keeps a desk to its agency, to another one beside it, and to the member."""
        sent, came = _r.from_agency == wanted.agency, _r.to_agency == wanted.agency
        yield {Desk.OWNER: sent, Desk.PROVIDER: came}.get(wanted.desk, or_(sent, came))
        if wanted.other is not None:
            yield or_(and_(sent, _r.to_agency == wanted.other), and_(came, _r.from_agency == wanted.other))
        if wanted.mine:
            yield or_(and_(sent, _r.sent_by == wanted.member), and_(came, _r.owner == wanted.member))

    def _condition(self, wanted: Wanted, now: int, today: int) -> ColumnElement[bool]:
        """Return which referrals stand in a queue."""
        states = BY_STATE[wanted.desk]
        if wanted.queue == OPEN:
            return _in_states(wanted.desk)
        if wanted.queue in states:
            return _r.state.in_(states[wanted.queue])
        if wanted.queue == "silent":
            late = and_(_r.state == State.SUBMITTED, _c.due_at <= now)
            return and_(_OPEN, or_(late, *self._away(now)))
        return _conditions(wanted.agency, now, today)[wanted.queue]

    def _away(self, now: int) -> Iterable[ColumnElement[bool]]:
        for host in Outbox(self._connection).away(now - TRANSPORT_SILENCE):
            yield _r.to_agency.endswith(f"@{host}", autoescape=True)

    def _last_turn(self) -> int:
        return int(self._connection.scalar(select(func.max(_r.turn))) or 0)


def parties(rows: Sequence[Row]) -> list[Any]:
    """Return the handoffs that rows are."""
    return [handoff_of(row) for row in rows]


def _joined(query: Select[Any], queue: str) -> Select[Any]:
    source = referrals.outerjoin(_clock, and_(_c.handoff == _r.id, _c.track == STATE))
    if queue in _HELD:
        source = source.outerjoin(_holder, and_(_h.handoff == _r.id, _h.track == CUSTODY))
    return query.select_from(source)


def _in_states(desk: Desk) -> ColumnElement[bool]:
    return _r.state.in_(frozenset().union(*BY_STATE[desk].values()))


def _due(queue: str) -> ColumnElement[int]:
    asked = (_h.due_at,) if queue in _HELD else ()
    return func.coalesce(*asked, _c.due_at, _NEVER)


def _conditions(agency: str, now: int, today: int) -> dict[str, ColumnElement[bool]]:
    """Return what each queue asks for that is no state, and needs no look at other rows first."""
    theirs = and_(_OPEN, _c.owner == Owner.RECIPIENT.value)
    asked = _r.id.in_(select(_h.handoff).where(_h.track == CUSTODY))
    still = referrals.alias("still").c
    return {
        "untold": and_(_OPEN, _untold(agency)),
        "due_today": and_(theirs, _c.due_at > now, _c.due_at <= today),
        "overdue": and_(theirs, _c.due_at <= now),
        "withdrawn": asked,
        "escalated": and_(_OPEN, _c.next_rung > ESCALATED),
        "paused": and_(_OPEN, _c.paused.is_(True)),
        "third_question": and_(_OPEN, _r.asked >= LOOPS),
        "said_no": _to_review(agency, Why.SAID_NO),
        "tenth": _to_review(agency, Why.TENTH),
        "held": or_(_r.id.in_(select(still.id).where(still.frozen.is_not(None))), asked),
    }


def _order(wanted: Wanted) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    if wanted.order is Order.AGE:
        return _r.submitted_at, literal(0)
    rank = case({urgency.value: n for n, urgency in enumerate(URGENCIES)}, value=_r.urgency)
    return (rank, _due(wanted.queue)) if wanted.order is Order.URGENCY else (_due(wanted.queue), literal(0))


def _untold(agency: str) -> ColumnElement[bool]:
    n = notices.c
    return select(n.id).where(n.handoff == _r.id, n.to_agency == agency, n.failed.is_not(None)).exists()


def _to_review(agency: str, why: Why) -> ColumnElement[bool]:
    p = proxy_reviews.c
    return _r.id.in_(select(p.handoff).where(p.agency == agency, p.why == why, p.finding.is_(None)))


def _end(mark: Mark, rows: Sequence[tuple[int, int, str]]) -> Mark:
    return replace(mark, place=rows[-1]) if rows else mark
