"""A date of an agency's own: who sets, moves, acknowledges and ends it, and when its ladder tells whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.errors import Forbidden, IllegalTransition, InvalidRequest, Malformed
from hub.followup.calendar import QUARTER, Calendar, calendar_for, due_after, whole
from hub.followup.domain import CLOCKS, Owner, Urgency, after_rung, due_rung, rebase, rung_of, start, start_dated
from hub.statements.bodies import check_body
from hub.statements.grammar import Grade, HubActor, MemberActor
from hub.timers.domain import ACKNOWLEDGE, DONE, ESCALATED, MOVE, OVERDUE, SET, State, begin
from tests.support.factories import NOW, some_id, statement

HERE, OTHER, HOST = "urn:rcp:agency:home@in.example", "urn:rcp:agency:other@in.example", "in.example"
HOUR, DAY = 3_600, 86_400
DUE = whole(NOW + 15 * DAY)
OWNER, RAISER, COLLEAGUE = (some_id(name) for name in ("owner", "raiser", "colleague"))


def by(member=RAISER, role="caseworker", agency=HERE):
    return MemberActor(agency, member, role)


def timer(urgency="routine", role="caseworker", warn=None):
    body = {"kind": "timer", "due": DUE, "warn": warn, "urgency": urgency, "owner": OWNER}
    return begin(statement(SET, by(role=role), body=body), NOW)


def step(known, kind, *actors, told=0, **body):
    return known.apply(statement(kind, *actors, body=body), told=told, hub=HOST)


def overdue(known, host=HOST):
    return step(known, OVERDUE, HubActor(host), clock="timer", rung=2, tell=["named"])


@pytest.mark.parametrize("role", ["coordinator", "data_officer", "agency_admin", "auditor"])
def test_whoever_sets_moves_or_ends_a_date_works_with_cases(role):
    with pytest.raises(Forbidden):
        timer(role=role)
    for kind, body in ((MOVE, {"due": DUE, "owner": COLLEAGUE}), (DONE, {})):
        with pytest.raises(IllegalTransition):
            step(timer(), kind, by(role=role), **body)


def test_a_date_is_moved_into_other_hands_and_done_once():
    moved = step(timer(), MOVE, by(COLLEAGUE), due=DUE + DAY // 96 * 96, owner=COLLEAGUE)
    assert (moved.owner, moved.position) == (COLLEAGUE, 1)
    assert step(moved, MOVE, by(), due=moved.due, owner=COLLEAGUE) is moved
    over = step(moved, DONE, by(COLLEAGUE))
    assert (over.state, over.position, over.possible(HERE)) == (State.DONE, 2, ())
    assert step(over, DONE, by()) is over
    for late in (lambda: overdue(over), lambda: step(over, MOVE, by(), due=DUE, owner=OWNER)):
        with pytest.raises(IllegalTransition):
            late()


def test_no_other_agency_and_no_other_hub_has_a_word_in_it():
    for known in (timer(), timer("emergency")):
        assert known.possible(OTHER) == ()
        for kind in (MOVE, DONE, ACKNOWLEDGE):
            body = {"due": DUE, "owner": OWNER} if kind == MOVE else {}
            with pytest.raises(IllegalTransition):
                step(known, kind, by(agency=OTHER), **body)
        with pytest.raises(IllegalTransition):
            overdue(known, "other.example")


def test_once_supervisors_were_told_one_of_them_puts_it_off_and_everybody_may_bring_it_forward():
    known = timer()
    with pytest.raises(Forbidden):
        step(known, MOVE, by(), told=ESCALATED, due=DUE + DAY, owner=OWNER)
    assert step(known, MOVE, by(), told=ESCALATED - 1, due=DUE + DAY, owner=OWNER).due == DUE + DAY
    assert step(known, MOVE, by(), told=ESCALATED, due=DUE - DAY, owner=OWNER).due == DUE - DAY
    assert step(known, MOVE, by(), told=ESCALATED, due=DUE, owner=COLLEAGUE).owner == COLLEAGUE
    assert step(known, MOVE, by(role="supervisor"), told=ESCALATED, due=DUE + DAY, owner=OWNER).due == DUE + DAY


def test_an_alert_is_acknowledged_by_somebody_else_and_then_runs_to_its_date():
    alert = timer("emergency")
    assert (alert.state, alert.possible(HERE)) == (State.ALERT, (ACKNOWLEDGE, DONE))
    with pytest.raises(IllegalTransition):
        step(alert, ACKNOWLEDGE, by(RAISER))
    with pytest.raises(IllegalTransition):
        step(alert, MOVE, by(COLLEAGUE), due=DUE, owner=COLLEAGUE)
    seen = step(alert, ACKNOWLEDGE, by(COLLEAGUE))
    assert (seen.state, seen.possible(HERE)) == (State.RUNS, (MOVE, DONE))
    assert step(seen, ACKNOWLEDGE, by(OWNER)) is seen
    with pytest.raises(IllegalTransition):
        step(timer(), ACKNOWLEDGE, by(COLLEAGUE))


@pytest.mark.parametrize("slip", [{"due": DUE + 1}, {"due": DUE + 60}, {"warn": 90}, {"warn": 0}, {"warn": 93 * DAY}])
def test_odd_seconds_that_would_join_the_dates_of_a_child_are_not_of_the_grammar(slip):
    body = {"kind": "timer", "due": DUE, "warn": HOUR, "urgency": "routine", "owner": OWNER}
    check_body(SET, Grade.SIGNED, body, 1)
    with pytest.raises(Malformed):
        check_body(SET, Grade.SIGNED, {**body, **slip}, 1)


@pytest.mark.parametrize("slip", [{"case": "SYN"}, {"about": "SYN Pooja"}, {"rule": "sir"}])
def test_what_a_date_is_about_has_no_place_in_its_body(slip):
    body = {"kind": "timer", "due": DUE, "warn": None, "urgency": "routine", "owner": OWNER}
    with pytest.raises(Malformed):
        check_body(SET, Grade.SIGNED, {**body, **slip}, 1)
    for kind, said in ((SET, body), (MOVE, {"due": DUE, "owner": OWNER}), (DONE, {})):
        with pytest.raises(Malformed):
            check_body(kind, Grade.SIGNED, said, 0)  # a date without its sealed note would say that it needs none


def clock(urgency=Urgency.HIGH, warn=2 * DAY, due=DUE, now=NOW, calendar=None):
    return start_dated("h" * 22, State.RUNS, urgency, now, due=due, warn=warn, calendar=calendar or Calendar())


def test_the_owner_is_warned_told_and_then_deputy_and_supervisors_until_it_is_done():
    found = clock()
    assert [at - DUE for at in found.times] == [-2 * DAY, 0, 36 * HOUR, 72 * HOUR]
    assert (found.due_at, found.next_at) == (DUE, DUE - 2 * DAY)
    told, now = [], found.next_at
    for _ in range(6):
        rung = due_rung(found, now)
        told.append((rung.name, sorted(rung.roles_of(Owner.SENDER))))
        assert rung.expires is None
        found = after_rung(found, now)
        now = found.next_at
    assert told[:4] == [
        ("warning", ["named"]),
        ("reminder", ["named"]),
        ("deputy", ["deputy", "duty", "named"]),
        ("supervisors", ["named", "supervisor"]),
    ]
    assert told[4:] == [("standing", ["named", "supervisor"])] * 2
    assert now - found.told_at == 7 * DAY


def test_without_a_warning_nothing_is_said_before_the_date_and_of_what_was_missed_only_the_highest():
    found = clock(warn=None)
    assert (found.next_at, found.next_rung) == (DUE, 2)
    assert due_rung(found, DUE - 1) is None
    assert due_rung(found, DUE + 40 * HOUR).name == "deputy"
    assert due_rung(clock(), DUE + HOUR).name == "reminder"


def test_a_date_that_is_past_when_it_is_set_is_told_at_once_and_shown_as_it_is():
    found = clock(due=NOW - 3 * DAY)
    assert (found.due_at, due_rung(found, NOW).name) == (NOW - 3 * DAY, "reminder")
    assert found.times[2] > NOW


def test_a_clock_that_was_set_right_again_moves_no_date_and_tells_again_what_it_told_too_soon():
    ahead = NOW + 365 * DAY
    set_late = rebase(clock(due=whole(ahead + DAY), now=ahead), NOW)
    assert (set_late.due_at, set_late.started_at, set_late.next_rung) == (whole(ahead + DAY), NOW, 1)
    told = after_rung(clock(), ahead)
    assert told.next_rung == ESCALATED + 1
    again = rebase(told, NOW + 14 * DAY)
    assert (again.due_at, again.next_at, due_rung(again, DUE).name) == (DUE, DUE, "reminder")


def test_a_date_may_lie_years_ahead():
    far = whole(NOW + 730 * DAY)
    assert clock(due=far).due_at == far


def test_routine_dates_climb_in_the_agencys_working_days_after_the_date():
    addis = calendar_for("ET")
    friday = addis.end_of(datetime(2026, 11, 27, tzinfo=UTC).date())
    found = clock(Urgency.ROUTINE, None, friday, calendar=addis)
    days = [addis.local(at).date().isoformat() for at in found.times[2:]]
    assert days == ["2026-12-03", "2026-12-09"]


def test_an_alert_that_nobody_acknowledges_is_repeated_every_day():
    found = start("h" * 22, State.ALERT, Urgency.EMERGENCY, NOW, due=NOW + DAY)
    assert found.due_at == NOW + 4 * HOUR
    assert "supervisor" in found.rule.ladder[0].roles
    now = NOW
    for _ in range(8):
        now = found.next_at
        found = after_rung(found, now)
    assert found.next_at - now == DAY
    assert rung_of("alert", 9).roles == CLOCKS[State.ALERT].ladder[-1].roles


def test_an_alert_that_has_to_be_seen_sooner_shortens_its_whole_ladder():
    found = start("h" * 22, State.ALERT, Urgency.EMERGENCY, NOW, due=NOW + HOUR)
    assert [at - NOW for at in found.times] == [HOUR, HOUR * 3 // 2, HOUR * 2, HOUR * 3, HOUR * 4]


def local(year, month, day, hour=12, zone="UTC"):
    return int(datetime(year, month, day, hour, tzinfo=calendar_for(None, zone=zone).zone).timestamp())


@pytest.mark.parametrize(
    ("begins", "length", "last"),
    [
        ((2026, 10, 31), {"months": 4}, "2027-02-28"),
        ((2027, 10, 31), {"months": 4}, "2028-02-29"),
        ((2025, 3, 3), {"months": 4}, "2025-07-03"),
        ((2026, 8, 31), {"months": 3}, "2026-11-30"),
        ((2026, 12, 15), {"months": 12}, "2027-12-15"),
        ((2025, 3, 4), {"days": 15}, "2025-03-19"),
        ((2026, 12, 20), {"days": 15}, "2027-01-04"),
        ((2026, 12, 20), {"days": 0}, "2026-12-20"),
    ],
)
@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "Europe/Athens", "America/Chicago", "UTC"])
def test_a_term_of_the_law_runs_to_the_end_of_its_last_day_where_the_agency_works(begins, length, last, zone):
    calendar = calendar_for(None, zone=zone)
    end = due_after(calendar, local(*begins, zone=zone), **length)
    after = calendar.local(end)
    assert ((after.date() - timedelta(days=1)).isoformat(), after.hour, after.minute) == (last, 0, 0)
    assert end % QUARTER == 0


def test_a_day_has_as_many_hours_as_the_clocks_give_it():
    athens = calendar_for("GR")
    begins = local(2026, 3, 28, 22, "Europe/Athens")
    assert due_after(athens, begins, days=1) - athens.end_of(datetime(2026, 3, 28, tzinfo=UTC).date()) == 23 * HOUR
    assert due_after(athens, begins, hours=24) == begins + 24 * HOUR


@pytest.mark.parametrize("length", [{}, {"days": 1, "hours": 1}, {"days": -1}])
def test_a_term_is_one_length_that_is_not_past(length):
    with pytest.raises(InvalidRequest):
        due_after(Calendar(), NOW, **length)
