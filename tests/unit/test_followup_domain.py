"""Clocks, ladders, calendars and the guard of the sweep, without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hub.errors import InvalidRequest
from hub.followup.calendar import Calendar, calendar_for
from hub.followup.days_off import DaysOff
from hub.followup.domain import (
    MAX_RUNG,
    Owner,
    Urgency,
    after_rung,
    due_rung,
    hurry,
    owner_of,
    park,
    pause,
    promised_day,
    rebase,
    rung_of,
    start,
    unpark,
)
from hub.followup.guard import MAX_JUMP, Sweep, confirmed, next_sweep

HOUR = 3600
DAY = 24 * HOUR
MONDAY = int(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp())


def clock(state: str = "delivered", urgency: str = "high", now: int = MONDAY, **more):
    return start("h" * 22, state, urgency, now, **more)


def day_of(at: int, calendar: Calendar) -> str:
    return calendar.local(at).strftime("%a %Y-%m-%d %H:%M")


@pytest.mark.parametrize(("urgency", "hours"), [("emergency", 4), ("urgent", 24), ("high", 72)])
def test_urgent_work_runs_in_elapsed_hours_with_a_rung_at_1_15_2_3_and_4_times(urgency, hours):
    found = clock(urgency=urgency)
    assert [(at - MONDAY) / HOUR for at in found.times] == [hours, hours * 1.5, hours * 2, hours * 3, hours * 4]
    assert (found.due_at, found.next_at, found.next_rung) == (found.times[0], found.times[0], 1)


def test_routine_work_runs_in_the_recipients_working_days():
    addis = calendar_for("ET")
    found = clock(urgency="routine", calendar=addis)
    assert [day_of(at, addis) for at in found.times] == [
        "Wed 2026-12-02 12:00",
        "Tue 2026-12-08 00:00",
        "Fri 2026-12-11 12:00",
        "Tue 2026-12-22 12:00",
        "Thu 2026-12-31 12:00",
    ]


def test_a_remote_area_has_twice_the_time():
    assert clock(urgency="high", calendar=calendar_for("NP", remote=True)).due_at == MONDAY + 144 * HOUR
    far, near = (clock(urgency="routine", calendar=calendar_for("NP", remote=flag)).due_at for flag in (True, False))
    assert far - MONDAY > 1.9 * (near - MONDAY)


@pytest.mark.parametrize(
    ("country", "weekend"),
    [("DJ", "Sat Sun"), ("YE", "Fri Sat"), ("NP", "Sat Sun"), ("IN", "Sun"), ("SV", "Sat Sun"), ("CI", "Sat Sun")],
)
def test_weekends_differ_by_country(country, weekend):
    week = [date(2026, 11, 23 + n) for n in range(7)]
    assert {f"{day:%a}" for day in week if not calendar_for(country).is_working(day)} == set(weekend.split())


def test_an_agencys_own_zone_and_weekend_go_before_its_countrys():
    own = calendar_for("US", zone="America/New_York", weekend=[0])
    assert own.local(MONDAY).hour == 4
    assert not own.is_working(date(2026, 11, 23))
    assert calendar_for("XX").local(MONDAY).hour == 9
    assert calendar_for("source").zone is None


@pytest.mark.parametrize("bad", [{"zone": "../etc/passwd"}, {"zone": "No/Where"}, {"zone": "x\0"}])
def test_an_unknown_zone_is_refused(bad):
    with pytest.raises(InvalidRequest):
        calendar_for("ET", **bad)


@pytest.mark.parametrize("weekend", [range(7), [7], [-1]])
def test_a_weekend_leaves_a_working_day(weekend):
    with pytest.raises(InvalidRequest):
        calendar_for("ET", weekend=weekend)


class Feasts:
    def __init__(self, *days: date) -> None:
        self.days = days

    def is_holiday(self, day: date) -> bool:
        return day in self.days or not self.days


def test_holidays_are_no_working_days():
    place = calendar_for("ET", holidays=Feasts(date(2026, 11, 24)))
    plain = clock(urgency="routine", calendar=calendar_for("ET")).due_at
    assert clock(urgency="routine", calendar=place).due_at == plain + DAY


def test_public_holidays_are_known_and_an_agencys_own_word_goes_first():
    timkat, adwa = date(2026, 1, 19), date(2026, 3, 2)
    plain = calendar_for("ET", holidays=DaysOff("ET"))
    assert not plain.is_working(timkat)
    assert plain.is_working(date(2026, 1, 20))
    own = calendar_for("ET", holidays=DaysOff("ET", frozenset({"2026-01-20"}), frozenset({"2026-03-02"})))
    assert own.is_working(adwa)
    assert not own.is_working(date(2026, 1, 20))
    assert calendar_for("ZZ", holidays=DaysOff("ZZ")).is_working(date(2026, 1, 1))


def test_a_calendar_of_nothing_but_holidays_cannot_stop_a_clock():
    assert clock(urgency="routine", calendar=calendar_for("ET", holidays=Feasts())).due_at > MONDAY


def test_work_that_arrives_on_a_weekend_counts_from_the_next_working_morning():
    djibouti = calendar_for("YE")
    friday = int(datetime(2026, 11, 27, 15, tzinfo=UTC).timestamp())
    assert day_of(djibouti.add_working_days(friday, 0), djibouti) == "Sun 2026-11-29 00:00"
    assert day_of(djibouti.add_working_days(friday, 2), djibouti) == "Mon 2026-11-30 00:00"
    thursday = int(datetime(2026, 11, 26, 15, tzinfo=UTC).timestamp())
    assert day_of(djibouti.add_working_days(thursday, 1), djibouti) == "Sun 2026-11-29 06:00"


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 27, 71), (10, 23, 73)])
def test_working_days_keep_the_wall_clock_over_a_change_of_summer_time(month, day, hours):
    athens = calendar_for("GR")
    friday = int(datetime(2026, month, day, 8, tzinfo=UTC).timestamp())
    monday = athens.add_working_days(friday, 2)
    assert athens.local(monday).hour == athens.local(friday).hour
    assert (monday - friday) / HOUR == hours
    assert clock(urgency="high", now=friday, calendar=athens).due_at - friday == 72 * HOUR


def test_a_recipient_that_is_a_day_ahead_has_its_own_monday():
    ahead, behind = (Calendar(calendar_for(None, zone=z).zone) for z in ("Pacific/Kiritimati", "Pacific/Honolulu"))
    sunday = int(datetime(2026, 11, 22, 22, tzinfo=UTC).timestamp())
    assert (ahead.local(sunday).strftime("%a"), behind.local(sunday).strftime("%a")) == ("Mon", "Sun")
    assert ahead.add_working_days(sunday, 0) == sunday
    assert behind.add_working_days(sunday, 0) == int(datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp())
    assert ahead.end_of(date(2026, 11, 23)) < behind.end_of(date(2026, 11, 22)) + DAY - 20 * HOUR


def test_an_own_due_time_shortens_the_whole_ladder_and_never_lengthens_it():
    pep = clock(urgency="emergency", due=MONDAY + 2 * HOUR)
    assert [(at - MONDAY) / HOUR for at in pep.times] == [2, 3, 4, 6, 8]
    assert clock(urgency="emergency", due=MONDAY + 99 * HOUR).due_at == MONDAY + 4 * HOUR
    assert clock("acknowledged", "emergency", due=MONDAY + 2 * HOUR).due_at == MONDAY + 4 * HOUR


def test_an_own_due_time_that_is_past_or_absurd_reminds_at_once_and_leaves_people_time_to_act():
    for due in (0, MONDAY - DAY, MONDAY + 1):
        found = clock(urgency="emergency", due=due)
        assert max(due, MONDAY) == found.due_at
        assert found.times[-1] - found.times[-2] >= HOUR // 2


def test_a_promised_day_ends_with_that_day_where_the_recipient_is():
    addis = calendar_for("ET")
    found = clock("accepted", "high", date="2026-11-30", calendar=addis)
    assert day_of(found.due_at, addis) == "Tue 2026-12-01 00:00"
    assert found.times[1] - found.due_at == 36 * HOUR


@pytest.mark.parametrize("state", ["accepted", "waitlisted", "on_hold"])
def test_nobody_silences_a_clock_with_a_promise_in_the_far_future(state):
    assert clock(state, date="2099-12-31").due_at <= MONDAY + 92 * DAY
    assert pause(clock(state), MONDAY + 9999 * DAY, MONDAY).due_at <= MONDAY + 92 * DAY


def test_a_promise_that_is_past_already_is_reminded_of_at_once():
    assert clock("accepted", date="2020-01-01").due_at == MONDAY


def test_the_promised_day_is_read_from_the_body_that_leads_there():
    assert promised_day("accepted", {"first_contact": "2026-12-01"}) == "2026-12-01"
    assert promised_day("on_hold", {"review": "2026-12-01"}) == "2026-12-01"
    assert promised_day("delivered", {"review": "2026-12-01"}) is None
    assert promised_day("loop_closed", {}) is None
    assert promised_day("accepted", {}) is None


def test_a_paused_clock_starts_its_ladder_again_and_a_mirrored_one_stays_silent():
    told = after_rung(clock(), MONDAY + 72 * HOUR)
    paused = pause(told, MONDAY + 10 * DAY, MONDAY + 73 * HOUR)
    assert (paused.due_at, paused.next_rung, paused.next_at) == (MONDAY + 10 * DAY, 1, MONDAY + 10 * DAY)
    assert pause(told.mirrored(), MONDAY + 10 * DAY, MONDAY).next_at is None
    assert due_rung(told.mirrored(), MONDAY + 99 * DAY) is None


def climb(found, until: int, step: int = HOUR):
    """Sweep every `step` seconds and note what was told."""
    seen = []
    for now in range(found.started_at, until, step):
        rung = due_rung(found, now)
        if rung is None:
            continue
        seen.append((rung.name, (now - found.started_at) / HOUR))
        if rung.expires:
            break
        found = after_rung(found, now)
    return seen


def test_the_ladder_climbs_once_through_every_rung_and_ends_in_expiry():
    assert climb(clock(), MONDAY + 30 * DAY) == [
        ("reminder", 72),
        ("deputy", 108),
        ("supervisors", 144),
        ("focal_point", 216),
        ("last", 288),
    ]


def test_a_state_that_cannot_expire_is_never_let_go():
    seen = climb(clock("declined", "urgent"), MONDAY + 30 * DAY)
    assert [name for name, _ in seen] == [
        *("reminder", "deputy", "supervisors", "focal_point", "last"),
        *("standing", "standing", "standing"),
    ]


def test_a_ladder_that_stands_for_years_keeps_to_two_digits():
    found = clock("declined", "emergency")
    for week in range(120):
        found = after_rung(found, MONDAY + (week + 1) * 30 * DAY)
    assert found.next_rung == MAX_RUNG
    assert due_rung(found, found.next_at).number == MAX_RUNG


def test_after_downtime_each_referral_gets_one_notice_and_no_surprise_expiry():
    found = clock(urgency="emergency")
    back = MONDAY + 5 * DAY
    rung = due_rung(found, back)
    assert (rung.name, rung.expires) == ("focal_point", None)
    told = after_rung(found, back)
    assert due_rung(told, back) is None
    gap = found.times[-1] - found.times[-2]
    assert due_rung(told, back + gap - 1) is None
    assert due_rung(told, back + gap).expires == "referral.expire"


def test_a_rung_told_late_still_leaves_a_gap_before_expiry():
    found = clock(urgency="emergency")
    late = found.times[-1] - 60
    assert after_rung(found, late).next_at == late + 4 * HOUR


def test_who_is_told_depends_on_who_has_the_ball():
    assert clock().rule.ladder[0].roles_of(Owner.RECIPIENT) == {"named"}
    assert clock().rule.ladder[0].roles_of(Owner.SENDER) == frozenset()
    assert clock("info_needed").rule.ladder[1].roles_of(Owner.SENDER) == {"named", "deputy", "duty"}
    both = clock().rule.ladder[2]
    assert both.roles_of(Owner.RECIPIENT) == {"supervisor"}
    assert both.roles_of(Owner.SENDER) == {"supervisor", "named"}
    assert (both.proposes, both.roles) == ("reroute", ["named", "supervisor"])


def test_who_asks_stops_the_own_clock_for_routine_work_alone():
    asked = MONDAY + DAY
    for urgency, later in (("routine", 2 * DAY), ("high", 0), ("emergency", 0)):
        before = clock("acknowledged", urgency)
        aside = park(before, Urgency(urgency))
        assert (aside.next_at is None) == (urgency == "routine")
        back = unpark(aside, asked if aside.next_at is None else None, asked + 2 * DAY)
        assert (back.due_at, back.next_at) == (before.due_at + later, before.due_at + later)


def test_a_change_of_risk_recomputes_from_the_original_start_and_tells_no_rung_twice():
    slow = clock("acknowledged", "high")
    told = after_rung(slow, slow.due_at)
    fast = hurry(told, Urgency.EMERGENCY, Calendar(), None)
    assert (fast.started_at, fast.due_at) == (MONDAY, MONDAY + 4 * HOUR)
    assert fast.next_rung == 2
    assert due_rung(fast, slow.due_at).number == 4
    assert hurry(fast, Urgency.HIGH, Calendar(), None) == told
    assert hurry(slow.mirrored(), Urgency.URGENT, Calendar(), None).next_at is None


def test_a_change_of_risk_keeps_a_promised_day_and_shortens_the_ladder_after_it():
    promised = clock("accepted", "high", date="2026-11-30")
    fast = hurry(promised, Urgency.EMERGENCY, Calendar(), None)
    assert fast.due_at == promised.due_at
    assert fast.times[-1] < promised.times[-1]


def test_an_answer_by_proxy_slows_the_ladder_of_the_recipient():
    slow = clock("acknowledged", "high", calendar=Calendar().after_a_report())
    assert [at - MONDAY for at in slow.times] == [2 * (at - MONDAY) for at in clock("acknowledged", "high").times]


def test_a_rung_is_found_by_what_the_statement_says_of_it():
    assert rung_of("first_answer", 2) == clock().rule.ladder[1]
    assert rung_of("after_decline", 7).name == "standing"
    assert rung_of("first_answer", 0) is None
    assert rung_of("first_answer", MAX_RUNG + 1) is None
    assert rung_of("no_such_clock", 1) is None


def test_only_the_ordering_hubs_statements_end_a_ladder():
    assert rung_of("delivery", 5).expires == "referral.fail_delivery"
    assert rung_of("waiting_review", 5).expires == "referral.expire"
    assert rung_of("first_contact", 5).expires is None


def test_a_state_that_is_over_has_no_clock():
    assert clock("loop_closed") is None
    assert owner_of("cancelled") is None
    assert owner_of("outcome_reported") is Owner.SENDER


def test_urgency_is_a_closed_list():
    with pytest.raises(ValueError, match="whenever"):
        clock(urgency="whenever")
    assert [u.value for u in Urgency] == ["emergency", "urgent", "high", "routine"]


def test_a_clock_that_was_years_ahead_leaves_no_stranded_expiry_behind():
    future = MONDAY + 999 * DAY
    told = after_rung(clock(urgency="emergency"), future)
    assert told.next_at > future
    mended = rebase(told, MONDAY + DAY)
    assert mended.next_at == MONDAY + DAY + 4 * HOUR
    born_ahead = rebase(clock(now=future), MONDAY)
    assert (born_ahead.started_at, born_ahead.due_at, born_ahead.next_at) == (MONDAY, *[MONDAY + 72 * HOUR] * 2)
    assert rebase(clock().mirrored(), MONDAY).next_at is None
    assert rebase(clock(), MONDAY) == clock()


def test_the_sweep_trusts_its_clock_within_a_day_and_a_little():
    first = next_sweep(None, MONDAY)
    assert first == Sweep(MONDAY)
    assert next_sweep(first, MONDAY + MAX_JUMP).may_expire
    assert next_sweep(first, MONDAY - 30).may_expire


@pytest.mark.parametrize("moved", [MAX_JUMP + 1, -61, -400 * DAY])
def test_a_clock_that_jumps_or_runs_backwards_suspends_expiry_until_somebody_confirms(moved):
    jumped = next_sweep(Sweep(MONDAY), MONDAY + moved)
    assert not jumped.may_expire
    later = next_sweep(jumped, MONDAY + moved + 60)
    assert later == Sweep(MONDAY + moved + 60, MONDAY + moved)
    assert confirmed(MONDAY).may_expire
