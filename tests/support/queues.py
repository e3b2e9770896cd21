"""Referrals as rows with their clocks, in any number and state, for tests and benches of queues."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from hub.followup.domain import Urgency, start
from hub.followup.store import FollowUps, follow_ups
from hub.handoffs.store import Handoff, HandoffStore, handoffs
from hub.ids import agency_id, host_of
from hub.queues.domain import Desk, Wanted
from hub.queues.store import QueueStore
from hub.referrals.domain import Maker, Referral, State
from hub.referrals.store import ReferralStore, _columns, referrals
from hub.statements.grammar import Grade
from tests.support.factories import NOW, some_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

HOME, AWAY = "dj.example", "et.example"
SHELTER, CENTRE, CLINIC = agency_id("shelter", HOME), agency_id("centre", AWAY), agency_id("clinic", HOME)
CASE, DESK = some_id("case"), some_id("desk")
DAYS = (NOW + 10 * 3600, "2026-11-28")


def referral(name: object, state: str = "delivered", **changes: Any) -> Referral:
    """A referral of the shelter to the centre; `changes` are its members."""
    facts = {
        "id": some_id(f"referral {name}"),
        "from_agency": SHELTER,
        "to_agency": CENTRE,
        "urgency": Urgency.URGENT,
        "submitted_at": NOW,
        "due": None,
        "needed_from": None,
        "state": State(state),
        "grade": Grade.SIGNED,
        "made_by": Maker("referral.submit", SHELTER),
        "sent_by": CASE,
        "owner": DESK,
    }
    return Referral(**{**facts, **changes, "urgency": Urgency(changes.get("urgency", Urgency.URGENT))})


def handoff_for(one: Referral) -> Handoff:
    hosts = host_of(one.from_agency), host_of(one.to_agency)
    return Handoff(one.id, "referral", one.from_agency, one.to_agency, *hosts, one.submitted_at)


def put(
    connection: Connection, name: object, state: str = "delivered", *, due: int | None = None, **changes: Any
) -> str:
    """Keep a referral with its clock, due at `due` where that is said; return its id."""
    one = referral(name, state, **changes)
    HandoffStore(connection).add(handoff_for(one))
    ReferralStore(connection).add(one)
    _clock(connection, one, due)
    return one.id


def move(connection: Connection, handoff: str, *, due: int | None = None, **changes: Any) -> None:
    """Change a referral as a step would: a new version, a new clock."""
    store = ReferralStore(connection)
    before = store.get(handoff)
    after = replace(before, version=before.version + 1, **changes)
    store.save(after, was=before.version)
    _clock(connection, after, due)


def put_many(connection: Connection, count: int, facts: Iterable[Mapping[str, Any]]) -> None:
    """Keep many at once, for benches."""
    made = [referral(n, **dict(row)) for n, row in zip(range(count), facts, strict=False)]
    parties = [{name: getattr(handoff_for(one), name) for name in Handoff.__slots__} for one in made]
    connection.execute(insert(handoffs), [{**row, "touched": row["created"]} for row in parties])
    rows = [{"id": one.id, "turn": n, **_columns(one)} for n, one in enumerate(made)]
    connection.execute(insert(referrals), rows)
    clocks = [start(one.id, one.state.value, one.urgency, one.submitted_at) for one in made]
    running = [{**asdict(clock), "owner": clock.owner.value, "times": list(clock.times)} for clock in clocks if clock]
    connection.execute(insert(follow_ups), running)


def queue(connection: Connection, desk: Desk | str, name: str, agency: str = SHELTER, **choice: Any) -> set[str]:
    """Return the ids of a queue at the standing time, all of them."""
    wanted = Wanted(Desk(desk), name, agency, choice.pop("member", CASE), **choice)
    rows, mark = QueueStore(connection).page(wanted, None, 200, now=NOW, days=DAYS)
    assert mark is None
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"] for row in rows}


def _clock(connection: Connection, one: Referral, due: int | None) -> None:
    clock = start(one.id, one.state.value, one.urgency, one.submitted_at)
    FollowUps(connection).replace(one.id, clock if clock is None or due is None else replace(clock, due_at=due))
