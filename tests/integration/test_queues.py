"""Queues on both databases: what stands where, for whom, and what each row says."""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import replace

import pytest
from sqlalchemy import select

from hub.db import Database
from hub.errors import InvalidRequest
from hub.followup.domain import TRANSPORT_SILENCE, start_beside
from hub.followup.store import FollowUps
from hub.handofflog.store import HandoffLog
from hub.handoffs.store import HandoffStore
from hub.notify.store import Notices
from hub.outbox.store import Outbox
from hub.proxies.domain import Finding, Review, Why
from hub.proxies.store import Reviews
from hub.queues.domain import BY_STATE, OPEN, QUEUES, Desk, Load, Order, Wanted, median_days, read_mark
from hub.queues.store import QueueStore, parties
from hub.referrals.domain import OPEN as OPEN_STATES
from hub.referrals.domain import START, State, ball
from hub.referrals.machine import ReferralMachine
from hub.referrals.store import referrals
from tests.conftest import NOW
from tests.support.factories import some_hash, some_id
from tests.support.queues import AWAY, CASE, CENTRE, CLINIC, DAYS, DESK, HOME, SHELTER, move, put, queue

DAY = 86_400


@pytest.fixture
def rows(database):
    with database.write() as connection:
        yield connection


def wanted(desk="owner", name=OPEN, agency=SHELTER, **choice):
    return Wanted(Desk(desk), name, agency, CASE, **choice)


def in_order(connection, order, **choice):
    found, _ = QueueStore(connection).page(wanted(order=order, **choice), None, 50, now=NOW, days=DAYS)
    return [row["id"] for row in found]


def test_each_open_state_stands_in_exactly_one_queue_of_the_owner():
    stood = [state for states in BY_STATE[Desk.OWNER].values() for state in states]
    assert sorted(stood) == sorted(OPEN_STATES)


def test_whatever_a_provider_has_to_do_stands_in_exactly_one_of_its_queues():
    stood = [state for states in BY_STATE[Desk.PROVIDER].values() for state in states]
    assert len(stood) == len(set(stood))
    assert {state for state in OPEN_STATES if ball(state) == "recipient"} <= set(stood)


@pytest.mark.parametrize("state", [state.value for state in State if state is not START])
def test_a_referral_stands_where_its_state_says_and_what_is_over_stands_nowhere(rows, state):
    one = put(rows, "one", state)
    for desk, agency in ((Desk.OWNER, SHELTER), (Desk.PROVIDER, CENTRE)):
        for name, states in BY_STATE[desk].items():
            assert (one in queue(rows, desk, name, agency)) == (state in states)
        assert (one in queue(rows, desk, OPEN, agency)) == any(state in states for states in BY_STATE[desk].values())


def test_nobody_sees_what_is_no_business_of_their_agency(rows):
    put(rows, "one")
    move(rows, put(rows, "asked thrice", "info_needed"), asked=3)
    for desk in Desk:
        for name in QUEUES[desk]:
            assert queue(rows, desk, name, CLINIC) == set()
    assert queue(rows, "owner", OPEN, CENTRE) == queue(rows, "provider", OPEN, SHELTER) == set()


def test_what_is_due_today_is_no_longer_due_tomorrow_and_not_yet_overdue(rows):
    late, today, tomorrow = (put(rows, at, due=at) for at in (NOW, DAYS[0], DAYS[0] + 1))
    put(rows, "the sender's", "declined", due=NOW + 60)
    assert queue(rows, "provider", "overdue", CENTRE) == {late}
    assert queue(rows, "provider", "due_today", CENTRE) == {today}
    assert queue(rows, "owner", OPEN, due_before=DAYS[0] + 1) >= {late, today}
    assert tomorrow not in queue(rows, "owner", OPEN, due_before=DAYS[0] + 1)


def test_supervisors_of_both_sides_see_what_has_climbed_to_them(rows):
    climbed, below = put(rows, "climbed"), put(rows, "below")
    clocks = FollowUps(rows)
    for one, rung in ((climbed, 4), (below, 3)):
        clocks.replace(one, replace(clocks.get(one), next_rung=rung))
    assert (
        queue(rows, "supervisor", "escalated", SHELTER) == queue(rows, "supervisor", "escalated", CENTRE) == {climbed}
    )


def test_supervisors_see_what_was_put_off_asked_thrice_frozen_or_withdrawn(rows):
    paused, thrice, frozen = (put(rows, name) for name in ("paused", "thrice", "frozen"))
    withdrawn = put(rows, "withdrawn", "consent_withdrawn", locked=True)
    clocks = FollowUps(rows)
    clocks.replace(paused, replace(clocks.get(paused), paused=True))
    clocks.replace(withdrawn, start_beside(withdrawn, "holder_answer", NOW), "custody")
    move(rows, thrice, asked=3)
    move(rows, frozen, frozen=NOW)
    assert queue(rows, "supervisor", "paused") == {paused}
    assert queue(rows, "supervisor", "third_question", CENTRE) == {thrice}
    assert queue(rows, "supervisor", "held") == {frozen, withdrawn}
    assert queue(rows, "provider", "withdrawn", CENTRE) == {withdrawn}


def test_supervisors_see_answers_that_a_number_denied_or_chance_drew_until_they_were_looked_into(rows):
    denied, drawn = put(rows, "denied"), put(rows, "drawn")
    for one, why in ((denied, Why.SAID_NO), (drawn, Why.TENTH)):
        Reviews(rows).put(Review(some_hash(one), one, SHELTER, CASE, why, NOW))
    assert queue(rows, "supervisor", "said_no") == {denied}
    assert queue(rows, "supervisor", "tenth") == {drawn}
    assert queue(rows, "supervisor", "said_no", CENTRE) == set()
    Reviews(rows).found(some_hash(denied), Finding.HOLDS, CASE, NOW)
    assert queue(rows, "supervisor", "said_no") == set()


def test_a_hub_that_is_away_is_told_from_people_who_are_silent(rows):
    put(rows, "people are silent", due=NOW - DAY)
    never = put(rows, "never delivered", "submitted", due=NOW - 1)
    assert queue(rows, "owner", "silent") == {never}
    Outbox(rows).put(AWAY, some_hash("word"), NOW - TRANSPORT_SILENCE)
    assert queue(rows, "owner", "silent") == queue(rows, "owner", OPEN)
    assert len(queue(rows, "owner", "silent")) == 2


def test_the_owner_sees_what_somebody_could_not_be_told_of(rows):
    one, other = put(rows, "one"), put(rows, "other")
    for handoff, agency in ((one, SHELTER), (other, CENTRE)):
        notices = Notices(rows)
        notices.put(key=handoff, to_agency=agency, to_member=CASE, template="waits", now=NOW, handoff=handoff)
    for notice in Notices(rows).claim(NOW):
        Notices(rows).give_up(notice, "refused")
    assert queue(rows, "owner", "untold") == {one}


def test_arrivals_are_who_comes_within_the_week_and_nobody_has_confirmed(rows):
    soon, gone, declined = (
        put(rows, n, s, needed_from=DAYS[1]) for n, s in enumerate(("delivered", "closed_unmet", "declined"))
    )
    put(rows, "accepted", "accepted", needed_from="2026-11-23")
    put(rows, "later", needed_from="2026-11-29")
    put(rows, "no day")
    past = put(rows, "past", needed_from="2026-11-01")
    assert queue(rows, "owner", OPEN, arrivals=True) == {soon, declined, past}
    assert gone not in queue(rows, "provider", OPEN, CENTRE, arrivals=True)


def test_rows_are_chosen_by_state_urgency_other_agency_and_who_is_named(rows):
    one = put(rows, "one", "acknowledged", urgency="emergency")
    other = put(rows, "other", to_agency=CLINIC, sent_by=some_id("somebody else"))
    assert queue(rows, "owner", OPEN, states=frozenset({"acknowledged"})) == {one}
    assert queue(rows, "owner", OPEN, urgencies=frozenset({"urgent"})) == {other}
    assert queue(rows, "owner", OPEN, other=CLINIC) == queue(rows, "provider", OPEN, CLINIC, other=SHELTER) == {other}
    assert queue(rows, "owner", OPEN, mine=True) == {one}
    assert queue(rows, "provider", OPEN, CENTRE, mine=True, member=DESK) == {one}


def test_rows_are_ordered_by_due_time_by_age_and_by_urgency(rows):
    old = put(rows, "old", due=NOW + 9, submitted_at=NOW - 9, urgency="routine")
    new = put(rows, "new", due=NOW + 1, submitted_at=NOW, urgency="high")
    dire = put(rows, "dire", due=NOW + 5, submitted_at=NOW - 5, urgency="emergency")
    assert in_order(rows, Order.DUE) == [new, dire, old]
    assert in_order(rows, Order.AGE) == [old, dire, new]
    assert in_order(rows, Order.URGENCY) == [dire, new, old]


def test_a_page_that_ends_with_the_last_row_leads_to_an_empty_one(rows):
    ids = {put(rows, n) for n in range(4)}
    store, seen, mark = QueueStore(rows), [], None
    for _ in range(3):
        page, mark = store.page(wanted(), mark and read_mark(str(mark)), 2, now=NOW, days=DAYS)
        seen += [row["id"] for row in page]
        if mark is None:
            break
    assert (set(seen), len(seen), mark) == (ids, 4, None)


@pytest.mark.parametrize(
    "text", ["", "1", "1.2.3.4.5.x", "1.2.0.4.5." + "x" * 23, "-1.2.0.4.5." + "x" * 22, "1.2.0.4.5." + "'" * 22]
)
def test_a_mark_that_no_hub_gave_is_refused(text):
    with pytest.raises(InvalidRequest):
        read_mark(text)


@pytest.mark.postgres
def test_changes_are_numbered_in_the_order_of_their_commits_whoever_began_first(postgres_url):
    database = Database(postgres_url)
    with database.write() as connection:
        HandoffLog(connection, HOME).append(b"first", now=NOW)
    with ThreadPoolExecutor(1) as other:
        with database.write() as connection:
            put(connection, "first")
            second = other.submit(_put_alone, database, "second")
            with pytest.raises(FutureTimeout):
                second.result(0.3)
        second.result(10)
    with database.read() as connection:
        turns = connection.execute(select(referrals.c.id, referrals.c.turn).order_by(referrals.c.turn)).all()
    database.close()
    assert [tuple(row) for row in turns] == [(some_id("referral first"), 1), (some_id("referral second"), 2)]


def _put_alone(database, name):
    with database.write() as connection:
        put(connection, name)


def test_counts_are_those_of_the_pages(rows):
    for n, state in enumerate([*OPEN_STATES, *OPEN_STATES]):
        put(rows, n, state, due=NOW + n)
    for desk, agency in ((Desk.OWNER, SHELTER), (Desk.PROVIDER, CENTRE), (Desk.SUPERVISOR, CENTRE)):
        counts = QueueStore(rows).counts(Wanted(desk, OPEN, agency, CASE), now=NOW, days=DAYS)
        assert counts == {name: len(queue(rows, desk, name, agency)) for name in QUEUES[desk]}


def test_a_coordinator_is_told_how_much_waits_and_for_how_long(rows):
    put(rows, 1, due=NOW - 1, submitted_at=NOW - 9 * DAY)
    put(rows, 2, "in_progress", due=NOW + 1, submitted_at=NOW - 2 * DAY)
    put(rows, 3, "loop_closed")
    put(rows, 4, "declined", due=NOW - 1)
    put(rows, 5, to_agency=CLINIC)
    store = QueueStore(rows)
    assert sorted(store.loads(NOW), key=lambda load: load.agency) == [Load(CENTRE, 2, 1), Load(CLINIC, 1, 0)]
    assert median_days(store.sent(CENTRE), NOW) == 5
    assert median_days([], NOW) is None


def test_many_are_shown_at_once_as_each_is_shown_alone(rows):
    for n, state in enumerate(State):
        if state is not START:
            put(rows, n, state, needed_from="2026-11-25")
    move(rows, put(rows, "frozen"), frozen=NOW)
    found, _ = QueueStore(rows).page(wanted(), None, 50, now=NOW, days=DAYS)
    for origin in (HOME, AWAY):
        machine = ReferralMachine(origin)
        together = machine.views(rows, parties(found), SHELTER, NOW)
        assert together == {one.id: machine.view(rows, one, SHELTER, NOW) for one in parties(found)}
        assert len(together) == len(found) > 10


def test_a_row_says_who_has_the_ball_by_when_and_what_comes_next_at_either_hub(rows):
    one = put(rows, "one", due=NOW + 60, needed_from="2026-11-25")
    clock = FollowUps(rows).get(one)
    handoff = HandoffStore(rows).get(one)
    ours = ReferralMachine(HOME).view(rows, handoff, SHELTER, NOW)
    FollowUps(rows).replace(one, clock.mirrored())
    theirs = ReferralMachine(AWAY).view(rows, handoff, CENTRE, NOW)
    for row in (ours, theirs):
        assert (row["ball"], row["due"], row["next_rung"], row["rung"]) == ("recipient", NOW + 60, "reminder", 0)
        assert (row["next_at"], row["owner"], row["sent_by"]) == (clock.times[0], DESK, CASE)
        assert (row["needed_from"], row["grade"], row["silence"]) == ("2026-11-25", "signed", "human")
