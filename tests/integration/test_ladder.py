"""The ladder as people live it, over two hubs on both databases: who is told what, and whose silence it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from hub.directory.areas.domain import Area
from hub.directory.areas.store import Areas
from hub.directory.store import Directory, Profile
from hub.errors import IllegalTransition
from hub.followup.domain import PARKED, STATE, TRANSPORT_SILENCE
from hub.followup.store import FollowUps
from hub.notify.rota import Duty, Rota
from hub.notify.store import notices
from hub.statements.grammar import Grade
from tests.support.desks import carry, introduce, settle
from tests.support.factories import some_hash

HOUR, DAY = 3_600, 86_400
_TREE = (("ET", 0, None, "ET"), ("ET-TI", 1, "ET", "ET/ET-TI"))


@pytest.fixture
def met(home, away):
    introduce(home, away)


@pytest.fixture
def refer(home, away, people, met):
    """Send a referral across the border, and return its id."""

    def run(urgency="urgent", **more):
        handoff, statement, packet = people.submit(urgency=urgency, **more)
        home.post(statement, packet, people.shelter.agency)
        settle(home, away)
        return handoff

    return run


@pytest.fixture
def says(home, away, people):
    """Let a member of the shelter or the centre take a step, and carry it over."""

    def run(who, kind, handoff, *, member="case", part=False, settled=True, **body):
        agency, desk = (people.shelter, home) if who == "shelter" else (people.centre, away)
        other = people.centre if who == "shelter" else people.shelter
        packet = people.packet(agency, other, agency.members[member])[1] if part else None
        said = people.sign(f"referral.{kind}", handoff, agency.members[member], body=body, packet=packet)
        desk.post(said, packet, agency.agency)
        if settled:
            settle(home, away)

    return run


def told(desk, *templates):
    """Who was told what so far: (member, template) in order."""
    with desk.hub.database.read() as connection:
        rows = connection.execute(select(notices).order_by(notices.c.created, notices.c.to_member)).mappings().all()
    return [(row["to_member"], row["template"]) for row in rows if not templates or row["template"] in templates]


def clock(desk, handoff, track=STATE):
    with desk.hub.database.read() as connection:
        return FollowUps(connection).get(handoff, track)


def state(desk, people, handoff):
    return desk.shown(handoff, people.shelter.agency)["state"]


def pass_time(people, home, away, seconds, *, carried=True):
    people.clock.at += seconds
    home.sweep()
    if carried:
        settle(home, away)


def test_the_named_person_is_reminded_first_then_the_deputy_and_whoever_is_on_duty(
    home, away, people, refer, says, clock
):
    case, boss, deputy, desk = (people.centre.members[name].member for name in ("case", "boss", "deputy", "desk"))
    with away.hub.database.write() as connection:
        Rota(connection).replace(people.centre.agency, [Duty(boss, clock.now() + DAY, clock.now() + 7 * DAY)])
    handoff = refer("urgent")
    says("centre", "acknowledge", handoff)
    before = len(told(away, "overdue"))
    pass_time(people, home, away, DAY)
    assert told(away, "overdue")[before:] == [(case, "overdue")]
    pass_time(people, home, away, DAY // 2)
    assert {member for member, _ in told(away, "overdue")[before + 1 :]} == {case, deputy, boss}
    assert desk not in {member for member, _ in told(away, "overdue")}


def test_while_nobody_is_named_the_whole_team_is_reminded(home, away, people, refer):
    refer("urgent")
    pass_time(people, home, away, DAY)
    team = {people.centre.members[name].member for name in ("case", "desk")}
    assert {member for member, _ in told(away, "overdue")} == team


def test_a_question_stops_the_recipients_clock_for_routine_only_and_both_hubs_agree(home, away, people, refer, says):
    for urgency in ("routine", "high"):
        handoff = refer(urgency)
        says("centre", "acknowledge", handoff)
        due = clock(home, handoff).due_at
        says("centre", "ask", handoff, part=True)
        assert clock(home, handoff).clock == "answer"
        assert (clock(home, handoff, PARKED).next_at is None) == (urgency == "routine")
        people.clock.at += 2 * DAY
        says("shelter", "answer", handoff, part=True)
        assert clock(home, handoff, PARKED) is clock(away, handoff, PARKED) is None
        later = 2 * DAY if urgency == "routine" else 0
        assert clock(home, handoff).due_at == clock(away, handoff).due_at == due + later
        assert clock(home, handoff).next_at == due + later


def test_both_hubs_agree_how_far_a_clock_was_told_that_runs_on_beside_a_question(home, away, people, refer, says):
    handoff = refer("urgent")
    says("centre", "acknowledge", handoff)
    says("centre", "ask", handoff, part=True)
    for _ in range(3):
        pass_time(people, home, away, DAY // 2)
    rungs = [clock(at, handoff, PARKED).next_rung for at in (home, away)]
    assert rungs[0] == rungs[1] > 1
    says("shelter", "answer", handoff, part=True)
    assert clock(home, handoff).next_rung == clock(away, handoff).next_rung == rungs[0]


def test_who_asks_and_then_waits_is_still_chased_where_it_is_urgent_and_the_clock_may_end_it(
    home, away, people, refer, says
):
    handoff = refer("urgent")
    says("centre", "acknowledge", handoff)
    says("centre", "ask", handoff, part=True)
    for _ in range(6):
        pass_time(people, home, away, DAY)
    assert state(home, people, handoff) == "expired"


def test_the_third_question_goes_to_the_supervisors_of_both_sides(home, away, people, refer, says):
    handoff = refer("urgent")
    says("centre", "acknowledge", handoff)
    for round_ in range(3):
        says("centre", "ask", handoff, part=True)
        expected = 1 if round_ == 2 else 0
        for desk, agency in ((home, people.shelter), (away, people.centre)):
            assert told(desk, "third_ask") == [(agency.members["boss"].member, "third_ask")] * expected
        says("shelter", "answer", handoff, part=True)


def test_a_change_of_risk_counts_from_the_original_start_at_both_hubs(home, away, people, refer, says):
    handoff = refer("high", due=30 * DAY)
    began = clock(home, handoff).started_at
    people.clock.at += 5 * HOUR
    says("shelter", "change_urgency", handoff, urgency="emergency", due=None)
    assert clock(home, handoff).due_at == began + 4 * HOUR
    assert away.shown(handoff, people.centre.agency)["urgency"] == "emergency"
    assert away.shown(handoff, people.centre.agency)["due"] == home.shown(handoff, people.shelter.agency)["due"]
    assert home.sweep() == 1, "it is due at once, and told once"
    assert home.sweep() == 0


def test_a_change_of_risk_leaves_the_ladder_of_a_reported_answer_slow(home, away, people, refer, says):
    handoff, body = refer("urgent"), {"via": "phone", "evidence": some_hash("note"), "ask": False}
    case = people.shelter.members["case"]
    said = people.sign("referral.acknowledge", handoff, case, body=body, grade=Grade.REPORTED)
    home.post(said, None, people.shelter.agency)
    assert clock(home, handoff).due_at == people.clock.now() + 48 * HOUR
    says("shelter", "change_urgency", handoff, urgency="emergency", due=None)
    assert clock(home, handoff).due_at == people.clock.now() + 8 * HOUR


def test_the_recipient_cannot_change_the_risk(people, refer, says):
    handoff = refer("high")
    with pytest.raises(IllegalTransition):
        says("centre", "change_urgency", handoff, urgency="routine", due=None)


def test_while_the_line_is_silent_the_sender_is_told_whom_to_phone_and_nothing_expires(home, away, people, refer, says):
    handoff = refer("urgent")
    says("shelter", "change_urgency", handoff, urgency="urgent", due=None, settled=False)  # a word that is not taken
    assert home.shown(handoff, people.shelter.agency)["silence"] == "human"
    for _ in range(20):
        pass_time(people, home, away, DAY, carried=False)
    assert state(home, people, handoff) == "delivered"
    assert home.shown(handoff, people.shelter.agency)["silence"] == "transport"
    case = people.shelter.members["case"].member
    assert (case, "transport") in told(home, "transport")
    assert not [row for row in told(home, "overdue") if row[0] == case]
    settle(home, away)  # the line is back: now it is the people's silence
    assert home.shown(handoff, people.shelter.agency)["silence"] == "human"
    for _ in range(6):
        pass_time(people, home, away, DAY)
    assert state(home, people, handoff) == "expired"


def test_while_the_line_stays_silent_the_sender_hears_every_week_that_it_still_waits(home, away, people, refer, says):
    handoff = refer("urgent")
    says("shelter", "change_urgency", handoff, urgency="urgent", due=None, settled=False)
    for _ in range(10):
        pass_time(people, home, away, DAY, carried=False)
    case = people.shelter.members["case"].member
    for _ in range(3):
        before = told(home, "transport").count((case, "transport"))
        for _ in range(7):
            pass_time(people, home, away, DAY, carried=False)
        assert told(home, "transport").count((case, "transport")) == before + 1
    assert state(home, people, handoff) == "delivered"


def test_a_word_that_is_on_its_way_for_minutes_is_no_silence(home, away, people, refer, says):
    handoff = refer("urgent")
    says("shelter", "change_urgency", handoff, urgency="urgent", due=None, settled=False)
    people.clock.at += TRANSPORT_SILENCE - 60
    assert home.shown(handoff, people.shelter.agency)["silence"] == "human"


def test_an_agencys_own_days_off_and_a_remote_place_move_the_due_time(home, people, refer):
    with home.hub.database.write() as connection:
        plain = Profile("Centre", "Africa/Addis_Ababa", frozenset({5, 6}))
        Directory(connection).put_profile(people.centre.agency, plain)
    near = clock(home, refer("routine", due=200 * DAY)).due_at
    with home.hub.database.write() as connection:
        Directory(connection).put_profile(people.centre.agency, Profile("C", plain.zone, plain.weekend, remote=True))
    far = clock(home, refer("routine", due=200 * DAY)).due_at
    assert 9 * DAY <= far - near <= 13 * DAY


def test_a_zone_that_nobody_knows_stops_neither_a_clock_nor_a_step(home, away, people, refer, says):
    handoff = refer("urgent")
    with home.hub.database.write() as connection:  # as a peer's directory may name it, now or after the next release
        Directory(connection).put_profile(people.centre.agency, Profile("C", "Nowhere/Land", frozenset({5})))
    refer("routine")
    says("shelter", "cancel", handoff)
    assert state(home, people, handoff) == "cancelled"


def test_an_agency_that_works_on_few_days_is_still_waited_for_no_longer_than_three_months(home, people, refer):
    first = datetime.fromtimestamp(people.clock.now(), UTC).date()
    closed = frozenset((first + timedelta(days=n)).isoformat() for n in range(400) if n % 50)
    with home.hub.database.write() as connection:
        lazy = Profile("C", "Africa/Addis_Ababa", frozenset(range(6)), closed=closed)
        Directory(connection).put_profile(people.centre.agency, lazy)
    waiting = clock(home, refer("routine", due=people.clock.now() + 300 * DAY))
    assert waiting.due_at <= people.clock.now() + 92 * DAY
    assert list(waiting.times) == sorted(set(waiting.times))


def test_the_focal_point_of_the_area_learns_a_count_and_a_number_and_nothing_else(home, away, people, refer):
    lead = people.world.agency("bureau", away.hub.origin, kind="authority", country="ET")
    other = people.world.agency("far-bureau", away.hub.origin, kind="authority", country="ET")
    focal, _far = lead.member("abeba", "focal_point"), other.member("lensa", "coordinator")
    away.know(lead, other)
    with away.hub.database.write() as connection:
        areas, by = Areas(connection), (other.agency, focal.member)
        areas.put([Area(code, "own", level, up, path, "ET") for code, level, up, path in _TREE])
        areas.assign("ET-TI", people.centre.agency, by=by, now=1)
        areas.assign("ET-TI", lead.agency, by=by, now=1, lead=True)
    handoff = refer("urgent")
    pass_time(people, home, away, 3 * DAY)
    assert told(away, "area") == [(focal.member, "area")]
    with away.hub.database.read() as connection:
        facts = connection.scalar(select(notices.c.facts).where(notices.c.template == "area"))
    assert json.loads(facts).keys() == {"recipient", "n", "duty"}
    assert handoff not in facts


def test_after_a_night_of_downtime_each_referral_has_one_late_notice(home, away, people, refer):
    handoffs = [refer("emergency") for _ in range(3)]
    before = len(told(away, "overdue"))
    people.clock.at += 13 * HOUR
    assert home.sweep() == len(handoffs)
    settle(home, away)
    boss = people.centre.members["boss"].member
    assert [row for row in told(away, "overdue")[before:] if row[0] == boss] == [(boss, "overdue")] * 3


def test_a_lost_word_comes_twice_and_tells_once(home, away, people, refer, says):
    handoff = refer("urgent")
    says("shelter", "change_urgency", handoff, urgency="emergency", due=None, settled=False)
    assert carry(home, away, times=3)
    assert (
        away.shown(handoff, people.centre.agency)["position"] == home.shown(handoff, people.shelter.agency)["position"]
    )


def test_who_is_no_longer_needed_is_told_and_need_not_answer(home, away, people, refer, says):
    """Of several that were asked another one was chosen: the named person here hears of it, once, and has no clock."""
    desk = people.centre.members["desk"].member
    handoff = refer("high")
    says("centre", "accept", handoff, member="desk", first_contact="2026-12-01")
    before = len(told(away, "waits"))
    says("shelter", "cancel", handoff)
    settle(home, away)
    assert told(away, "waits")[before:] == [(desk, "waits")]
    assert state(away, people, handoff) == "cancelled"
    assert clock(away, handoff) is None
