"""A transfer between two hubs: every step as a signed statement, and who is responsible at each of them."""

from __future__ import annotations

import pytest

from hub.errors import Forbidden, IllegalTransition, InvalidRequest
from hub.ids import random_id
from hub.transfer.jobs import raise_alarms
from tests.support.desks import AWAY, HOME, carry
from tests.support.journeys import DAY, HOUR, Journey, boss, worker


@pytest.fixture
def journey(home, away, people):
    return Journey(people, {HOME: home, AWAY: away})


@pytest.fixture
def both(people):
    return people.shelter, people.centre


@pytest.fixture
def case(journey, both):
    return journey.open(both[0])


def responsible(journey, leg, agency):
    return journey.desk(agency).shown(leg, agency.agency)["responsible"]


def standing(journey, case, agency):
    return journey.desk(agency).shown(case, agency.agency)


def test_a_case_goes_from_offer_to_monitoring_and_exactly_one_agency_holds_it_at_each_step(journey, both, case):
    shelter, centre = both
    leg = journey.leg(case, shelter, centre)
    assert journey.state(leg, shelter) == journey.state(leg, centre) == "delivered"
    journey.accept(leg, shelter, centre)
    assert journey.state(leg, shelter) == journey.state(leg, centre) == "accepted"
    journey.travel(leg, shelter, centre)
    assert responsible(journey, leg, centre)["holder"] == shelter.agency
    release = journey.release(leg, shelter)
    journey.settle()
    assert responsible(journey, leg, centre) == {
        "holder": shelter.agency,
        "acting": [shelter.agency],
        "release_open": True,
        "unilateral": False,
    }
    journey.take(leg, centre, release)
    assert responsible(journey, leg, shelter)["acting"] == [shelter.agency]
    assert responsible(journey, leg, centre)["acting"] == [shelter.agency, centre.agency]
    journey.settle()
    for agency in both:
        assert journey.state(leg, agency) == "responsibility_transferred"
        assert responsible(journey, leg, agency)["holder"] == centre.agency
        assert responsible(journey, leg, agency)["acting"] == [centre.agency]
    journey.say("transfer.first_contact", leg, worker(centre), body={"day": "2026-12-20", "next": "2027-01-20"})
    journey.settle()
    assert journey.state(leg, shelter) == "monitoring"
    assert standing(journey, case, shelter)["case"]["moved_to"] == centre.agency


def test_the_register_goes_on_at_the_takers_hub_and_cites_the_take_and_the_place_it_has(journey, both, case):
    shelter, centre = both
    leg = journey.handed_over(case, shelter, centre)
    take = journey.desk(shelter).shown(leg, shelter.agency)
    took = next(row for row in take["statements"] if row["type"] == "transfer.take")
    moved = register_of(journey, centre, leg)
    hold = moved["statements"][0]["envelope"]
    assert moved["case"] | {"legs": []} == {
        "standing": "held",
        "holder": centre.agency,
        "came_by": leg,
        "legs": [],
        "release": None,
        "moved_by": None,
        "moved_to": None,
    }
    body = body_of(hold)
    assert (body["take"], body["log"]["origin"], body["log"]["index"]) == (took["hash"], HOME, took["log_index"])


def test_a_third_agency_takes_the_case_on_from_there(journey, both, case, people):
    shelter, centre = both
    first = journey.handed_over(case, shelter, centre)
    there = register_of(journey, centre, first)["id"]
    second = journey.handed_over(there, centre, shelter)
    assert responsible(journey, second, centre)["holder"] == shelter.agency
    assert standing(journey, there, centre)["case"]["moved_to"] == shelter.agency
    assert register_of(journey, shelter, second)["case"]["holder"] == shelter.agency
    assert case not in str(journey.desk(centre).shown(first, centre.agency))


def test_without_an_opened_case_nothing_is_offered(journey, both):
    shelter, centre = both
    body = {"kind": "transfer_leg", "urgency": "high", "due": None, "plan": None}
    with pytest.raises(IllegalTransition, match="holds the case"):
        journey.say("transfer.offer", random_id(), worker(shelter), boss(shelter), body=body, to=centre)


def test_an_offer_needs_a_worker_and_a_supervisor(journey, both, case):
    shelter, centre = both
    body = {"kind": "transfer_leg", "urgency": "high", "due": None, "plan": None}
    leg = random_id()
    journey.say("case.leg", case, worker(shelter), body={"leg": leg})
    with pytest.raises(IllegalTransition):
        journey.say("transfer.offer", leg, worker(shelter), body=body, to=centre)


def test_nobody_accepts_before_the_search_sections_are_there(journey, both, case):
    shelter, centre = both
    leg = random_id()
    journey.say("case.leg", case, worker(shelter), body={"leg": leg})
    offer = {"kind": "transfer_leg", "urgency": "high", "due": None, "plan": None}
    journey.say("transfer.offer", leg, worker(shelter), boss(shelter), body=offer, to=centre)
    journey.settle()
    journey.say("transfer.acknowledge", leg, worker(centre))
    body = {"plan": journey.plan(), "worker": centre.members["case"].member, "duty": [centre.members["case"].member]}
    with pytest.raises(IllegalTransition):
        journey.say("transfer.accept", leg, worker(centre), boss(centre), body=body, to=shelter)


def test_take_and_unrelease_cross_on_the_line_and_the_first_to_be_appended_wins(journey, both, case):
    shelter, centre = both
    leg = journey.arrived(case, shelter, centre)
    release = journey.release(leg, shelter)
    journey.settle()
    journey.say("transfer.unrelease", leg, boss(shelter))
    take = journey.take(leg, centre, release)
    assert responsible(journey, leg, centre)["acting"] == [shelter.agency, centre.agency]
    journey.settle()
    for agency in both:
        assert journey.state(leg, agency) == "arrived"
        assert responsible(journey, leg, agency)["acting"] == [shelter.agency]
    shown = journey.desk(centre).shown(leg, centre.agency)
    assert next(row for row in shown["statements"] if row["hash"] == take)["standing"] == "refused"
    assert registers(journey, centre) == []


def test_a_second_release_is_refused_while_one_is_open_on_another_leg(journey, both, case):
    shelter, centre = both
    one, other = journey.arrived(case, shelter, centre), journey.arrived(case, shelter, centre)
    release = journey.release(one, shelter)
    with pytest.raises(IllegalTransition, match="release_open"):
        journey.release(other, shelter)
    journey.settle()
    journey.take(one, centre, release)
    journey.settle()
    with pytest.raises(IllegalTransition, match="moved"):
        journey.release(other, shelter)


def test_a_take_that_names_another_release_takes_nothing(journey, both, case):
    shelter, centre = both
    leg = journey.arrived(case, shelter, centre)
    journey.release(leg, shelter)
    journey.settle()
    with pytest.raises(IllegalTransition):
        journey.take(leg, centre, "A" * 43)


def test_the_alarm_starts_when_the_planned_arrival_passes_though_nobody_said_that_the_child_left(
    journey, both, case, clock
):
    shelter, centre = both
    leg = journey.leg(case, shelter, centre)
    journey.accept(leg, shelter, centre)
    clock.forward(4 * DAY)
    assert raise_alarms(journey.desk(shelter).hub) == 1
    journey.settle()
    assert journey.state(leg, shelter) == journey.state(leg, centre) == "missing_on_arrival"
    assert raise_alarms(journey.desk(shelter).hub) == 0


class TestMissing:
    @pytest.fixture
    def missing(self, journey, both, case, clock):
        leg = journey.leg(case, *both)
        journey.accept(leg, *both)
        clock.forward(4 * DAY)
        raise_alarms(journey.desk(both[0]).hub)
        journey.settle()
        return leg

    def test_no_single_signature_ends_it(self, journey, both, missing):
        shelter, centre = both
        claim = journey.say("transfer.arrive", missing, worker(centre), body={"seen": journey.now})
        journey.settle()
        assert journey.state(missing, shelter) == journey.state(missing, centre) == "missing_on_arrival"
        with pytest.raises(IllegalTransition):
            journey.say("transfer.cosign", missing, boss(centre), body={"statement": claim})
        journey.say("transfer.cosign", missing, boss(shelter), body={"statement": claim})
        journey.settle()
        assert journey.state(missing, shelter) == journey.state(missing, centre) == "arrived"

    @pytest.mark.parametrize("step", ["transfer.halt", "transfer.freeze", "transfer.cancel"])
    def test_no_halt_freeze_or_cancellation_by_one_ends_it(self, journey, both, missing, step):
        shelter, _centre = both
        with pytest.raises(IllegalTransition):
            journey.say(step, missing, boss(shelter))

    def test_a_withdrawal_stops_disclosure_and_leaves_the_alarm_and_the_search_sections(self, journey, both, missing):
        shelter, centre = both
        journey.say("consent.withdraw", missing, worker(shelter), body={"evidence": "A" * 43})
        journey.settle()
        assert journey.state(missing, centre) == "missing_on_arrival"
        shown = journey.desk(centre).shown(missing, centre.agency)
        search = next(row for row in shown["statements"] if row["type"] == "transfer.search")
        named = search["envelope"] and next(p for p in shown["packets"] if not p["destroyed"])
        assert sum(not packet["destroyed"] for packet in shown["packets"]) == 1
        assert named["to_agency"] == centre.agency

    def test_the_sender_who_saw_the_child_ends_it_with_the_others_signature(self, journey, both, missing):
        shelter, centre = both
        claim = journey.say("transfer.cancel", missing, worker(shelter))
        journey.settle()
        journey.say("transfer.cosign", missing, boss(centre), body={"statement": claim})
        journey.settle()
        assert journey.state(missing, shelter) == journey.state(missing, centre) == "cancelled"
        assert responsible(journey, missing, centre)["holder"] == shelter.agency


def test_a_freeze_holds_everything_but_arrival_and_alarm(journey, both, case, clock):
    shelter, centre = both
    leg = journey.leg(case, shelter, centre)
    journey.accept(leg, shelter, centre)
    journey.say("transfer.freeze", leg, boss(shelter))
    journey.settle()
    with pytest.raises(IllegalTransition):
        journey.say("transfer.depart", leg, worker(shelter), body={"plan": journey.plan()})
    with pytest.raises(IllegalTransition):
        journey.say("transfer.unfreeze", leg, boss(centre), to=shelter)
    clock.forward(4 * DAY)
    raise_alarms(journey.desk(shelter).hub)
    journey.settle()
    assert journey.state(leg, centre) == "missing_on_arrival"


def test_whoever_froze_it_lets_it_go_and_it_is_where_it_was(journey, both, case):
    shelter, centre = both
    leg = journey.leg(case, shelter, centre)
    journey.accept(leg, shelter, centre)
    journey.say("transfer.freeze", leg, boss(centre))
    journey.settle()
    journey.say("transfer.unfreeze", leg, boss(centre), to=shelter)
    journey.settle()
    assert journey.state(leg, shelter) == journey.state(leg, centre) == "accepted"


def test_a_change_of_plans_moves_the_alarm_and_waits_for_the_others_word(journey, both, case, clock):
    shelter, centre = both
    leg = journey.leg(case, shelter, centre)
    journey.accept(leg, shelter, centre)
    change = journey.say("transfer.change", leg, worker(shelter), body={"plan": journey.plan(10)})
    journey.settle()
    shown = journey.desk(centre).shown(leg, centre.agency)
    assert (shown["leg"]["change"], shown["leg"]["change_due"]) == (change, journey.now + DAY)
    with pytest.raises(IllegalTransition):
        journey.say("transfer.acknowledge_change", leg, worker(shelter), body={"statement": change})
    journey.say("transfer.acknowledge_change", leg, worker(centre), body={"statement": change})
    journey.settle()
    assert journey.desk(shelter).shown(leg, shelter.agency)["leg"]["change"] is None
    clock.forward(4 * DAY)
    assert raise_alarms(journey.desk(shelter).hub) == raise_alarms(journey.desk(centre).hub) == 0
    clock.forward(7 * DAY)
    assert raise_alarms(journey.desk(shelter).hub) == 1


def test_the_receivers_people_are_told_though_the_senders_hub_is_silent(journey, both, case, clock):
    shelter, centre = both
    leg = journey.leg(case, shelter, centre)
    journey.accept(leg, shelter, centre)
    clock.forward(3 * DAY + 12 * HOUR)
    assert raise_alarms(journey.desk(centre).hub) == 0
    clock.forward(2 * HOUR)
    assert raise_alarms(journey.desk(centre).hub) == 1
    assert raise_alarms(journey.desk(centre).hub) == 0
    assert journey.state(leg, centre) == "accepted"


def test_a_child_halted_on_the_way_is_never_without_a_holder(journey, both, case):
    shelter, centre = both
    leg = journey.leg(case, shelter, centre)
    journey.accept(leg, shelter, centre)
    journey.say("transfer.depart", leg, worker(shelter), body={"plan": journey.plan()})
    journey.say("transfer.halt", leg, boss(shelter))
    journey.settle()
    assert journey.state(leg, centre) == "disputed"
    assert responsible(journey, leg, centre)["holder"] == shelter.agency
    back = journey.say("transfer.return", leg, boss(centre))
    journey.settle()
    assert journey.state(leg, shelter) == "disputed"
    journey.say("transfer.cosign", leg, boss(shelter), body={"statement": back})
    journey.settle()
    assert journey.state(leg, shelter) == journey.state(leg, centre) == "cancelled"


def test_everything_may_come_twice_and_answers_may_be_lost(journey, both, case):
    shelter, centre = both
    leg = journey.arrived(case, shelter, centre)
    release = journey.release(leg, shelter)
    home, away = journey.desk(shelter), journey.desk(centre)
    carry(home, away, times=3, answer=False)
    journey.settle()
    journey.take(leg, centre, release)
    carry(away, home, times=2, answer=False)
    journey.settle()
    assert len(registers(journey, centre)) == 1
    assert responsible(journey, leg, shelter)["acting"] == [centre.agency]


def test_an_agency_that_may_never_receive_sends_a_notice_and_learns_nothing(journey, both, people):
    shelter, centre = both
    border = people.world.agency("dgme", HOME, kind="migration_authority", country="SV")
    border.member("case", "caseworker")
    journey.desk(shelter).know(border)
    with pytest.raises(Forbidden):
        journey.say("transfer.inquire", random_id(), worker(border), body=INQUIRY, to=centre)
    with pytest.raises(Forbidden):
        journey.say("transfer.notice", random_id(), worker(shelter), body={"kind": "notice"}, to=centre)


INQUIRY = {"kind": "transfer_leg", "urgency": "high"}


def test_a_home_study_is_asked_for_and_comes_back_before_anything_is_offered(journey, both, case):
    shelter, centre = both
    leg = random_id()
    journey.say("case.leg", case, worker(shelter), body={"leg": leg})
    journey.say("transfer.inquire", leg, worker(shelter), body=INQUIRY, to=centre)
    journey.settle()
    journey.say("transfer.answer_inquiry", leg, worker(centre), to=shelter)
    journey.settle()
    assert journey.desk(shelter).shown(leg, shelter.agency)["ball"] == "sender"
    journey.say("transfer.request_assessment", leg, worker(shelter), body={"due": None}, to=centre)
    journey.settle()
    journey.say("transfer.return_assessment", leg, worker(centre), to=shelter)
    journey.settle()
    assert journey.state(leg, shelter) == "assessment_returned"
    journey.offer(leg, shelter, centre)
    assert journey.state(leg, shelter) == journey.state(leg, centre) == "delivered"


def test_a_verdict_of_another_shape_is_refused(journey, both, case):
    shelter, centre = both
    leg = journey.leg(case, shelter, centre)
    journey.say("transfer.acknowledge", leg, worker(centre))
    named = centre.members["case"].member
    body = {"plan": journey.plan(), "worker": named, "duty": [named]}
    from tests.support import journeys

    whole = journeys.gates_of
    journeys.gates_of = lambda kind: whole(kind)[:-1]
    try:
        with pytest.raises(InvalidRequest):
            journey.say("transfer.accept", leg, worker(centre), boss(centre), body=body, to=shelter)
    finally:
        journeys.gates_of = whole


def test_a_child_comes_without_a_packet_and_is_somebodys_from_that_moment(journey, both):
    _shelter, centre = both
    leg, case = random_id(), random_id()
    body = {"kind": "transfer_leg", "case": case, "next": "2026-12-20"}
    journey.say("transfer.intake", leg, worker(centre), boss(centre), body=body, to=centre)
    assert journey.state(leg, centre) == "monitoring"
    assert standing(journey, case, centre)["case"]["holder"] == centre.agency


def registers(journey, agency):
    desk = journey.desk(agency)
    from sqlalchemy import select

    from hub.transfer.store import cases

    with desk.hub.database.read() as connection:
        return list(connection.scalars(select(cases.c.id).where(cases.c.holder == agency.agency)))


def register_of(journey, agency, leg):
    return next(
        shown
        for shown in (journey.desk(agency).shown(case, agency.agency) for case in registers(journey, agency))
        if shown["case"]["came_by"] == leg
    )


def body_of(envelope):
    import base64
    import json

    return json.loads(base64.b64decode(envelope["payload"]))["body"]
