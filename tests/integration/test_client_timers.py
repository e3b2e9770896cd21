"""An agency's own dates as its people set and see them: what is sealed, who is chased, what a lying hub cannot say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from hub.client import reading, timers
from hub.client.timers import About
from hub.clock import SetClock
from hub.errors import Conflict, Forbidden, IllegalTransition, InvalidRequest, NotFound
from hub.ids import random_id
from hub.referrals.jobs import confirm_time
from tests.conftest import NOW
from tests.support.world import populated, world

HERE = "dj.example"
HOUR, DAY = 3_600, 86_400
CASE = "c" * 21 + "A"
INQUIRY = About("Social investigation report of SYN Pooja", CASE, "sir", {"order": "2026-11-21"})
LATER = 400 * DAY
"""Far enough for nothing to be due in another test of this module."""


@pytest.fixture(scope="module")
def one_hub(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HERE) as made:
        populated(made, HERE, HERE)
        made.join(made.members["amina"], "samia", {"caseworker"})
        made.join(made.members["amina"], "idris", {"coordinator"})
        yield made


@pytest.fixture
def amina(one_hub):
    return one_hub.members["amina"]


@pytest.fixture
def samia(one_hub):
    return one_hub.members["samia"]


@pytest.fixture
def timer(one_hub, samia):
    """A report that is due in twelve days, for whom a caseworker is warned two days before."""
    return timers.set_timer(samia, INQUIRY, one_hub.clock.now() + 12 * DAY, warn=2 * DAY, urgency="high")


def pass_time(one_hub, seconds):
    one_hub.clock.at += seconds
    for served in one_hub.hubs.values():
        confirm_time(served.hub)
    one_hub.run()


def shown(member, handoff):
    return next(one for one in timers.listing(member) if one.handoff == handoff)


def test_a_date_is_read_by_every_colleague_who_works_with_cases_and_by_nobody_else(one_hub, amina, samia, timer):
    for member in (samia, amina):
        found = shown(member, timer)
        assert (found.about, found.state, found.urgency) == (INQUIRY, "timer_runs", "high")
        assert (found.owner, found.set_by) == (samia.id, samia.id)
        assert 0 <= found.due - (found.set_at + 12 * DAY) < 900
    with pytest.raises(Forbidden):
        timers.listing(one_hub.members["idris"])
    with pytest.raises(Forbidden):
        timers.set_timer(one_hub.members["idris"], INQUIRY, NOW + DAY)
    with pytest.raises(NotFound):
        timers.read(one_hub.members["daher"], timer)
    assert timer not in [one.handoff for one in timers.listing(one_hub.members["daher"])]


def test_the_hub_holds_no_word_of_what_a_date_is_about(one_hub, timer):
    with one_hub.hubs[HERE].hub.database.read() as connection:
        tables = connection.execute(text("select name from sqlite_master where type = 'table'")).scalars().all()
        rows = [str(row) for name in tables for row in connection.execute(text(f'select * from "{name}"'))]
    assert timer in "".join(rows)
    for word in ("Pooja", "investigation", '"sir"', CASE):
        assert not any(word in row for row in rows)


def test_a_date_is_moved_with_a_reason_into_other_hands_and_done_with_a_note(one_hub, amina, samia, timer):
    due = shown(samia, timer).due + 3 * DAY
    timers.move(samia, timer, due, "The committee met later.", owner=amina.id)
    assert (shown(samia, timer).due, shown(samia, timer).owner) == (due, amina.id)
    assert timer in [one.handoff for one in timers.listing(amina, mine=True)]
    assert timer not in [one.handoff for one in timers.listing(samia, mine=True)]
    timers.done(amina, timer, "Sent to the committee.")
    assert timer not in [one.handoff for one in timers.listing(samia)]
    found, said = timers.read(samia, timer)
    assert (found.state, found.about) == ("timer_done", INQUIRY)
    told = [(one.what, one.by, one.note) for one in said]
    assert told == [
        ("timer.set", samia.id, None),
        ("timer.move", samia.id, "The committee met later."),
        ("timer.done", amina.id, "Sent to the committee."),
    ]
    with pytest.raises(Conflict):
        timers.done(samia, timer)


def test_the_dates_of_one_case_are_found_among_those_of_others(one_hub, samia, timer):
    other = timers.set_timer(samia, About("Plan review", random_id()), one_hub.clock.now() + LATER)
    assert timer in [one.handoff for one in timers.listing(samia, case=CASE)]
    assert other not in [one.handoff for one in timers.listing(samia, case=CASE)]


def test_a_date_without_its_report_climbs_to_the_supervisor_who_alone_puts_it_off(one_hub, amina, samia, timer):
    pass_time(one_hub, 10 * DAY + HOUR)
    assert [row.statement.body["rung"] for row in rungs(samia, timer)] == [1]
    assert timers.waiting(samia) >= 1
    for hours in (48, 36, 37):
        pass_time(one_hub, hours * HOUR)
    assert [row.statement.body["rung"] for row in rungs(samia, timer)] == [1, 2, 3, 4]
    assert timer in [one.handoff for one in timers.listing(amina, escalated=True)]
    assert timers.waiting(amina, escalated=True) >= 1
    later = one_hub.clock.now() + 5 * DAY
    with pytest.raises(Forbidden):
        timers.move(samia, timer, later, "More time.")
    timers.move(samia, timer, shown(samia, timer).due, "Amina takes it.", owner=amina.id)
    assert shown(amina, timer).owner == amina.id
    timers.move(amina, timer, later, "The court was closed.")
    assert shown(amina, timer).rung == 0
    assert timer not in [one.handoff for one in timers.listing(amina, escalated=True)]
    timers.done(samia, timer)


def rungs(member, handoff):
    return [line for line in reading.show(member, handoff).lines if line.statement.type == "referral.overdue"]


def test_an_alert_is_acknowledged_by_another_than_who_raised_it_and_goes_on_until_it_is_done(one_hub, amina, samia):
    alert = timers.set_timer(
        samia,
        About("The observer asks for a call", CASE),
        one_hub.clock.now() + DAY,
        urgency="emergency",
        owner=amina.id,
    )
    first = timers.listing(amina)[0]
    assert (first.handoff, first.alert) == (alert, True)
    assert alert in [one.handoff for one in timers.listing(amina, escalated=True)]
    with pytest.raises(IllegalTransition):
        timers.acknowledge(samia, alert)
    with pytest.raises(Conflict):
        timers.move(samia, alert, one_hub.clock.now() + LATER, "Not now.")
    timers.acknowledge(amina, alert)
    assert not shown(amina, alert).alert
    with pytest.raises(Conflict):
        timers.acknowledge(amina, alert)
    pass_time(one_hub, DAY + HOUR)
    assert "timer" in {row.statement.body["clock"] for row in rungs(amina, alert)}
    timers.done(samia, alert, "Called; all is well.")


def test_nobody_answers_for_a_date_who_does_not_work_with_cases_here(one_hub, samia):
    for owner in (one_hub.members["daher"].id, one_hub.members["idris"].id, random_id()):
        with pytest.raises(InvalidRequest):
            timers.set_timer(samia, INQUIRY, one_hub.clock.now() + LATER, owner=owner)


def test_what_a_date_is_about_is_one_line(one_hub, samia):
    for label in ("", "two\nlines", "x" * 500):
        with pytest.raises(InvalidRequest):
            timers.set_timer(samia, About(label), one_hub.clock.now() + LATER)
    for more in ({"case": "SYN Pooja"}, {"rule": "what Pooja said"}):
        with pytest.raises(InvalidRequest):
            timers.set_timer(samia, About("A visit", **more), one_hub.clock.now() + LATER)
    timers.set_timer(samia, About("A review", rule="R42"), one_hub.clock.now() + LATER)


def test_a_term_ends_with_its_last_day_where_the_agency_works(one_hub, samia):
    day = int(datetime(2026, 10, 31, 20, 0, tzinfo=UTC).timestamp())
    end = datetime.fromtimestamp(timers.term(samia, day, months=4), timers.calendar(samia).zone)
    assert (end.date().isoformat(), end.hour, end.minute) == ("2027-03-01", 0, 0)
    with pytest.raises(InvalidRequest):
        timers.term(samia, day, days=1, hours=2)


def test_a_hub_that_lists_a_later_day_than_was_signed_is_not_believed(one_hub, amina, samia):
    due = one_hub.clock.now() + LATER
    timer = timers.set_timer(samia, INQUIRY, due)
    asked = amina.hub.get

    def lying(path, **query):
        answer = asked(path, **query)
        for row in answer["items"] if path == "/api/v1/timers" else ():
            row |= {"due": row["due"] + LATER, "owner": amina.id}
        return answer

    amina.hub.get = lying
    try:
        found = shown(amina, timer)
        assert (found.due, found.owner) == (timers.whole(due), samia.id)
        assert shown(amina, timer) == found
    finally:
        del amina.hub.get
