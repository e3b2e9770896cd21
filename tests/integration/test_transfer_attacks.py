"""What people, hubs and clocks may try against a transfer: lose a child, dump a case, learn too much."""

from __future__ import annotations

import base64
import json

import pytest

from hub.errors import Forbidden, IllegalTransition, NotFound, WrongRecipient
from hub.handoffs.store import PacketStore
from hub.ids import random_id
from hub.transfer.jobs import raise_alarms
from tests.support.desks import AWAY, HOME
from tests.support.journeys import DAY, HOUR, Journey, boss, worker


@pytest.fixture
def journey(home, away, people):
    return Journey(people, {HOME: home, AWAY: away})


@pytest.fixture
def shelter(people):
    return people.shelter


@pytest.fixture
def centre(people):
    return people.centre


@pytest.fixture
def case(journey, shelter):
    return journey.open(shelter)


@pytest.fixture
def accepted(journey, case, shelter, centre):
    leg = journey.leg(case, shelter, centre)
    journey.accept(leg, shelter, centre)
    return leg


@pytest.fixture
def on_the_way(journey, accepted, shelter):
    journey.say("transfer.depart", accepted, worker(shelter), body={"plan": journey.plan()})
    journey.settle()
    return accepted


class TestNobodySilencesTheAlarm:
    """About a child whose arrival was planned, and whom nobody has seen."""

    @pytest.fixture
    def alarms(self, journey, clock, shelter):
        def after(seconds):
            clock.forward(seconds)
            found = raise_alarms(journey.desk(shelter).hub)
            journey.settle()
            return found

        return after

    @pytest.mark.parametrize("side", ["shelter", "centre"])
    def test_a_later_arrival_that_the_other_side_never_acknowledged(
        self, journey, accepted, people, side, alarms, clock
    ):
        agency = getattr(people, side)
        for day in range(3):
            journey.say("transfer.change", accepted, worker(agency), body={"plan": journey.plan(10 + day)})
            journey.settle()
            clock.forward(DAY)
        assert alarms(DAY) == 1

    def test_a_departure_that_names_a_later_arrival(self, journey, accepted, shelter, centre, alarms):
        late = journey.say("transfer.depart", accepted, worker(shelter), body={"plan": journey.plan(300)})
        journey.settle()
        shown = journey.desk(centre).shown(accepted, centre.agency)["leg"]
        assert (shown["change"], shown["change_due"]) == (late, journey.now + DAY)
        assert alarms(4 * DAY) == 1

    def test_a_departure_with_a_later_arrival_that_was_acknowledged_waits_so_long(
        self, journey, accepted, shelter, centre, alarms
    ):
        late = journey.say("transfer.depart", accepted, worker(shelter), body={"plan": journey.plan(6)})
        journey.settle()
        journey.say("transfer.acknowledge_change", accepted, worker(centre), body={"statement": late})
        journey.settle()
        assert alarms(4 * DAY) == 0
        assert alarms(3 * DAY) == 1

    def test_an_earlier_arrival_counts_though_nobody_acknowledged_it(self, journey, accepted, shelter, alarms):
        journey.say("transfer.change", accepted, worker(shelter), body={"plan": journey.plan(1)})
        assert alarms(2 * DAY) == 1

    @pytest.mark.parametrize("days", [-1, 400])
    def test_an_acceptance_for_a_day_that_is_past_or_never_comes(self, journey, case, shelter, centre, days):
        leg = journey.leg(case, shelter, centre)
        journey.say("transfer.acknowledge", leg, worker(centre))
        named = centre.members["case"].member
        body = {"plan": journey.plan(days), "worker": named, "duty": [named]}
        with pytest.raises(IllegalTransition):
            journey.say("transfer.accept", leg, worker(centre), boss(centre), body=body, to=shelter)

    @pytest.mark.parametrize("step", ["transfer.cancel", "transfer.halt"])
    @pytest.mark.parametrize("side", ["shelter", "centre"])
    def test_a_cancellation_between_the_planned_arrival_and_the_alarm(
        self, journey, accepted, people, side, step, alarms, clock
    ):
        agency = getattr(people, side)
        clock.forward(3 * DAY + 12 * HOUR)
        with pytest.raises(IllegalTransition):
            journey.say(step, accepted, boss(agency))
        assert alarms(0) == 1

    def test_a_withdrawal_after_the_planned_departure(self, journey, accepted, shelter, centre, alarms, clock):
        clock.forward(3 * DAY + HOUR)
        for agency in (shelter, centre):
            journey.say("consent.withdraw", accepted, worker(agency), body={"evidence": "A" * 43})
            journey.settle()
        assert journey.state(accepted, shelter) == journey.state(accepted, centre) == "accepted"
        assert alarms(DAY) == 1
        assert journey.state(accepted, centre) == "missing_on_arrival"
        shown = journey.desk(centre).shown(accepted, centre.agency)
        assert sum(not packet["destroyed"] for packet in shown["packets"]) == 1

    @pytest.mark.parametrize("side", ["shelter", "centre"])
    def test_a_halt_on_the_way(self, journey, on_the_way, people, side, alarms):
        journey.say("transfer.halt", on_the_way, boss(getattr(people, side)))
        journey.settle()
        assert journey.state(on_the_way, people.shelter) == "disputed"
        assert alarms(4 * DAY) == 1
        assert journey.state(on_the_way, people.centre) == "missing_on_arrival"

    def test_a_halt_and_a_handover_of_a_child_whom_nobody_saw_arrive(self, journey, on_the_way, shelter, centre):
        journey.say("transfer.halt", on_the_way, boss(shelter))
        with pytest.raises(IllegalTransition):
            journey.release(on_the_way, shelter)
        journey.settle()
        journey.say("transfer.arrive", on_the_way, worker(centre), body={"seen": journey.now})
        journey.settle()
        assert journey.state(on_the_way, shelter) == journey.state(on_the_way, centre) == "disputed"
        journey.take(on_the_way, centre, self.released(journey, on_the_way, shelter))
        journey.settle()
        assert journey.state(on_the_way, shelter) == "responsibility_transferred"

    def released(self, journey, leg, shelter):
        release = journey.release(leg, shelter)
        journey.settle()
        return release

    def test_but_a_child_who_was_halted_and_then_seen_is_not_missing(
        self, journey, on_the_way, shelter, centre, alarms
    ):
        journey.say("transfer.halt", on_the_way, boss(shelter))
        journey.settle()
        for _ in range(2):
            journey.say("transfer.arrive", on_the_way, worker(centre), body={"seen": journey.now})
            journey.settle()
        assert alarms(9 * DAY) == 0

    @pytest.mark.parametrize("side", ["shelter", "centre"])
    def test_a_freeze(self, journey, on_the_way, people, side, alarms):
        journey.say("transfer.freeze", on_the_way, boss(getattr(people, side)))
        journey.settle()
        assert alarms(4 * DAY) == 1
        assert journey.state(on_the_way, people.centre) == "missing_on_arrival"


class TestSearchSections:
    """They wait at the receiver's hub: to look for the child, and for nothing before that."""

    @pytest.fixture
    def offered(self, journey, case, shelter, centre):
        return journey.leg(case, shelter, centre)

    def fetched(self, journey, leg, agency):
        """What an agency is given of the newest search sections."""
        desk = journey.desk(agency)
        shown = desk.shown(leg, agency.agency)
        named = next(row for row in reversed(shown["statements"]) if row["type"] == "transfer.search")
        manifest = body_of(named["envelope"], "parts")[0]
        with desk.hub.database.write() as connection:
            packets = PacketStore(connection)
            return desk.intake.serve(connection, packets.get(manifest), packets.files(manifest)[0])

    def test_are_not_given_out_before_the_acceptance(self, journey, offered, shelter, centre):
        with pytest.raises(Forbidden):
            self.fetched(journey, offered, centre)
        journey.say("transfer.search", offered, worker(shelter), to=centre)
        journey.settle()
        with pytest.raises(Forbidden):
            self.fetched(journey, offered, centre)
        journey.accept(offered, shelter, centre)
        assert self.fetched(journey, offered, centre)

    def test_are_not_given_out_while_the_acceptance_waits_for_the_senders_hub(self, journey, offered, shelter, centre):
        journey.say("transfer.acknowledge", offered, worker(centre))
        named = centre.members["case"].member
        body = {"plan": journey.plan(), "worker": named, "duty": [named]}
        journey.say("transfer.accept", offered, worker(centre), boss(centre), body=body, to=shelter)
        with pytest.raises(Forbidden):
            self.fetched(journey, offered, centre)

    def test_are_gone_after_a_withdrawal_before_the_acceptance(self, journey, offered, shelter, centre):
        journey.say("transfer.freeze", offered, boss(shelter))
        journey.settle()
        journey.say("consent.withdraw", offered, worker(shelter), body={"evidence": "A" * 43})
        journey.settle()
        for agency in (shelter, centre):
            assert journey.state(offered, agency) == "frozen"
            with pytest.raises(NotFound):
                self.fetched(journey, offered, agency)

    def test_are_given_out_through_a_freeze_of_the_giver_and_a_withdrawal_on_the_way(
        self, journey, on_the_way, shelter, centre
    ):
        journey.say("consent.withdraw", on_the_way, worker(centre), body={"evidence": "A" * 43})
        assert self.fetched(journey, on_the_way, centre)
        journey.settle()
        assert self.fetched(journey, on_the_way, centre)

    def test_that_only_their_sender_can_read_count_for_nothing(self, journey, case, shelter, centre):
        leg = random_id()
        journey.say("case.leg", case, worker(shelter), body={"leg": leg})
        offer = {"kind": "transfer_leg", "urgency": "high", "due": None, "plan": None}
        journey.say("transfer.offer", leg, worker(shelter), boss(shelter), body=offer, to=centre)
        with pytest.raises(WrongRecipient):
            journey.say("transfer.search", leg, worker(shelter), to=shelter)

    def test_are_the_senders_to_send(self, journey, offered, shelter, centre):
        with pytest.raises(IllegalTransition):
            journey.say("transfer.search", offered, worker(centre), to=centre)


def body_of(envelope, member="body"):
    return json.loads(base64.b64decode(envelope["payload"]))[member]
