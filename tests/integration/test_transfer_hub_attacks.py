"""What people, hubs and clocks may try against a transfer: lose a child, dump a case, learn too much."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from sqlalchemy import event, select

from hub.errors import (
    BadSignature,
    Conflict,
    Forbidden,
    IllegalTransition,
    InvalidRequest,
    Malformed,
    NotFound,
    WrongRecipient,
)
from hub.handofflog.store import HandoffLog
from hub.handoffs import views
from hub.handoffs.answers import Answers
from hub.handoffs.jobs import erase_packets
from hub.handoffs.ports import Step
from hub.handoffs.store import Handoff, HandoffStore, PacketStore
from hub.ids import random_id
from hub.keys.certificates import KeyEntry, MemberCert, Revocation
from hub.keys.keyring import Keyring
from hub.keys.store import KeyStore
from hub.notify.store import notices
from hub.notify.templates import MISSING
from hub.packets.dsse import Envelope
from hub.referrals.jobs import confirm_time
from hub.statements.bodies import KINDS
from hub.statements.grammar import STATEMENT_TYPE
from hub.statements.verify import verify_statement
from hub.transfer.jobs import LISTENS, raise_alarms
from hub.transfer.store import CaseStore, LegStore, cases
from tests.support.desks import AWAY, HOME, hub_statement, introduce
from tests.support.factories import CERTIFIER_KEYS, Member
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
        with pytest.raises(Conflict):
            self.fetched(journey, offered, centre)
        journey.say("transfer.search", offered, worker(shelter), to=centre)
        journey.settle()
        with pytest.raises(Conflict):
            self.fetched(journey, offered, centre)
        journey.accept(offered, shelter, centre)
        assert self.fetched(journey, offered, centre)

    def test_are_not_given_out_while_the_acceptance_waits_for_the_senders_hub(self, journey, offered, shelter, centre):
        journey.say("transfer.acknowledge", offered, worker(centre))
        named = centre.members["case"].member
        body = {"plan": journey.plan(), "worker": named, "duty": [named]}
        journey.say("transfer.accept", offered, worker(centre), boss(centre), body=body, to=shelter)
        with pytest.raises(Conflict):
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


class Lying:
    """The machine of an ordering hub that says what it likes about one type of statement."""

    def __init__(self, machine, kind, state, ahead):
        self.machine, self.lie = machine, (kind, state, ahead)

    def __getattr__(self, name):
        return getattr(self.machine, name)

    def apply(self, connection, handoff, verified, now):
        return self.told(verified, self.machine.apply(connection, handoff, verified, now))

    def begin(self, connection, handoff, verified, now):
        return self.told(verified, self.machine.begin(connection, handoff, verified, now))

    def told(self, verified, step):
        kind, state, ahead = self.lie
        return Step(state, step.position + ahead, moved=True) if verified.statement.type == kind else step


@pytest.mark.parametrize("ahead", [0, 7])
class TestAnOrderingHubThatLies:
    @pytest.fixture
    def lies(self, journey, shelter, ahead):
        def about(kind, state):
            machines = journey.desk(shelter).intake.machines
            machines["transfer_leg"] = Lying(machines["transfer_leg"], kind, state, ahead)

        return about

    def refused(self, journey, leg, centre, state):
        """The receiver's hub takes no such word, and its leg stands where it stood."""
        with pytest.raises(Malformed):
            journey.settle()
        if state is None:
            with pytest.raises(NotFound):
                journey.desk(centre).shown(leg, centre.agency)
        else:
            assert journey.state(leg, centre) == state

    @pytest.mark.parametrize("state", ["accepted", "responsibility_transferred", "closed"])
    def test_begins_no_leg_that_is_the_receivers_already(self, journey, case, shelter, centre, lies, state):
        lies("transfer.offer", state)
        leg = random_id()
        journey.say("case.leg", case, worker(shelter), body={"leg": leg})
        body = {"kind": "transfer_leg", "urgency": "high", "due": None, "plan": None}
        journey.say("transfer.offer", leg, worker(shelter), boss(shelter), body=body, to=centre)
        self.refused(journey, leg, centre, None)

    @pytest.mark.parametrize("state", ["responsibility_transferred", "monitoring"])
    def test_lays_no_case_on_a_receiver_who_took_none(self, journey, case, shelter, centre, lies, state):
        leg = journey.arrived(case, shelter, centre)
        lies("transfer.release", state)
        journey.release(leg, shelter)
        self.refused(journey, leg, centre, "arrived")

    def test_lays_no_case_on_it_by_a_step_that_leads_nowhere(self, journey, on_the_way, shelter, centre, lies):
        lies("transfer.search", "monitoring")
        journey.say("transfer.search", on_the_way, worker(shelter), to=centre)
        self.refused(journey, on_the_way, centre, "in_transit")

    @pytest.mark.parametrize("state", ["cancelled", "closed_expired", "arrived"])
    def test_strikes_no_child_off_who_is_on_the_way(self, journey, on_the_way, shelter, centre, lies, state):
        kind = {"cancelled": "transfer.halt", "arrived": "consent.withdraw"}.get(state, "transfer.search")
        lies(kind, state)
        body = {"evidence": "A" * 43} if kind == "consent.withdraw" else None
        who = worker(shelter) if kind != "transfer.halt" else boss(shelter)
        journey.say(kind, on_the_way, who, body=body, to=centre)
        self.refused(journey, on_the_way, centre, "in_transit")

    def test_ends_no_alarm(self, journey, accepted, shelter, centre, lies, clock):
        clock.forward(4 * DAY)
        raise_alarms(journey.desk(shelter).hub)
        journey.settle()
        lies("transfer.cancel", "cancelled")
        journey.say("transfer.cancel", accepted, worker(shelter))
        self.refused(journey, accepted, centre, "missing_on_arrival")

    def test_answers_the_receivers_own_word_with_no_such_state_either(self, journey, on_the_way, shelter, centre, lies):
        lies("transfer.change", "monitoring")
        journey.say("transfer.change", on_the_way, worker(centre), body={"plan": journey.plan(1)})
        self.refused(journey, on_the_way, centre, "in_transit")


class TestTheRegister:
    def test_lets_nobody_offer_or_name_legs_of_a_case_that_they_have_handed_over(self, journey, case, shelter, centre):
        named = random_id()
        journey.say("case.leg", case, worker(shelter), body={"leg": named})
        journey.handed_over(case, shelter, centre)
        with pytest.raises(IllegalTransition, match="held elsewhere"):
            journey.offer(named, shelter, centre)
        with pytest.raises(IllegalTransition, match="held elsewhere"):
            journey.say("case.leg", case, worker(shelter), body={"leg": random_id()})

    def test_lets_nobody_name_a_leg_of_somebody_else(self, journey, case, shelter, centre):
        leg = journey.leg(case, shelter, centre)
        theirs = journey.open(centre)
        with pytest.raises(IllegalTransition, match="of another case"):
            journey.say("case.leg", theirs, worker(centre), body={"leg": leg})

    def test_gives_a_reference_away_once(self, journey, case, shelter, centre):
        with pytest.raises(Conflict):
            journey.say("case.open", case, boss(shelter), body={"kind": "case", "to": shelter.agency})
        intake = {"kind": "transfer_leg", "case": journey.open(centre), "next": "2026-12-20"}
        with pytest.raises(IllegalTransition, match="opened before"):
            journey.say("transfer.intake", random_id(), worker(centre), boss(centre), body=intake, to=centre)

    def test_opens_no_case_for_another_agency(self, journey, shelter, centre):
        with pytest.raises(Forbidden):
            journey.say("case.open", random_id(), worker(shelter), body={"kind": "case", "to": centre.agency})

    def test_is_begun_by_no_peer_and_by_no_member(self, journey, case, shelter, centre):
        leg = journey.handed_over(case, shelter, centre)
        hold = next(
            row["envelope"]
            for one in registers(journey, centre)
            for row in journey.desk(centre).shown(one, centre.agency)["statements"]
        )
        desk = journey.desk(centre)
        said = {**body_of(hold), "to": centre.agency, "leg": leg}
        with pytest.raises(Malformed):
            journey.say("case.hold", random_id(), boss(centre), body=said)
        answer = carried(journey, hub_statement("case.hold", HOME, random_id(), said, journey.now), shelter, desk)
        assert answer["type"] == "hub.refused"
        assert len(registers(journey, centre)) == 1

    def test_stays_at_home(self, journey, case, shelter, centre):
        data, _none = journey.signed("case.leg", case, worker(shelter), body={"leg": random_id()})
        assert carried(journey, data, shelter, journey.desk(centre))["type"] == "hub.refused"
        opened, _none = journey.signed(
            "case.open", random_id(), worker(shelter), body={"kind": "case", "to": shelter.agency}
        )
        assert carried(journey, opened, shelter, journey.desk(centre))["type"] == "hub.refused"
        assert journey.desk(shelter).outgoing(AWAY) == 0

    def test_lets_nobody_take_a_release_of_another_leg(self, journey, case, shelter, centre):
        one = journey.arrived(case, shelter, centre)
        other = journey.arrived(journey.open(shelter), shelter, centre)
        first, second = journey.release(one, shelter), journey.release(other, shelter)
        journey.settle()
        with pytest.raises(IllegalTransition):
            journey.take(one, centre, second)
        journey.take(one, centre, first)
        journey.settle()
        assert journey.state(one, shelter) == "responsibility_transferred"
        assert journey.state(other, shelter) == "released"

    def test_takes_no_signature_of_a_member_who_was_removed(self, journey, case, shelter, centre):
        leg = journey.arrived(case, shelter, centre)
        with journey.desk(shelter).hub.database.write() as connection:
            ring = Keyring(connection, HOME, CERTIFIER_KEYS)
            gone = shelter.revocation(shelter.members["boss"], journey.now)
            ring.publish(Revocation, gone.to_bytes(), now=journey.now)
        with pytest.raises(BadSignature):
            journey.release(leg, shelter)


class TestOneDeviceForBothSides:
    """Somebody whom both agencies have certified, under two names, with one device."""

    @pytest.fixture
    def both(self, journey, shelter, centre):
        twice = shelter.members["boss"]
        made = MemberCert(
            agency=centre.agency,
            member=random_id(),
            roles=frozenset({"supervisor"}),
            sign=twice.cert.sign,
            recipient=twice.keys.recipient,
            valid_from=twice.cert.valid_from,
            until=twice.cert.until,
        )
        envelope = made.to_envelope(centre.root)
        found = Member(centre.agency, made.member, twice.keys, ("supervisor",), made, envelope)
        home, away = journey.desk(shelter), journey.desk(centre)
        with away.hub.database.write() as connection:
            Keyring(connection, AWAY, CERTIFIER_KEYS).publish(MemberCert, envelope.to_bytes(), now=journey.now)
        with home.hub.database.write() as connection:
            Keyring(connection, HOME, CERTIFIER_KEYS).take(envelope.to_bytes(), away.rows() - 1, host=AWAY)
        return found, "supervisor"

    def test_takes_nothing_that_it_released(self, journey, case, shelter, centre, both):
        leg = journey.arrived(case, shelter, centre)
        release = journey.release(leg, shelter)
        journey.settle()
        body = {"release": release, "first_contact": "2026-12-20"}
        with pytest.raises(IllegalTransition):
            journey.say("transfer.take", leg, both, body=body)
        data, _none = journey.signed("transfer.take", leg, both, body=body)
        assert carried(journey, data, centre, journey.desk(shelter))["type"] == "hub.refused"
        assert journey.state(leg, shelter) == "released"

    def test_co_signs_nothing_that_it_claimed(self, journey, on_the_way, shelter, both):
        journey.say("transfer.halt", on_the_way, boss(shelter))
        claim = journey.say("transfer.return", on_the_way, boss(shelter))
        journey.settle()
        with pytest.raises(IllegalTransition):
            journey.say("transfer.cosign", on_the_way, both, body={"statement": claim})


class TestClaims:
    @pytest.fixture
    def missing(self, journey, accepted, shelter, clock):
        clock.forward(4 * DAY)
        raise_alarms(journey.desk(shelter).hub)
        journey.settle()
        return accepted

    def test_that_were_replaced_are_not_co_signed_any_more(self, journey, missing, shelter, centre):
        old = journey.say("transfer.arrive", missing, worker(centre), body={"seen": journey.now})
        journey.settle()
        journey.say("transfer.arrive", missing, worker(centre), body={"seen": journey.now + 60})
        journey.settle()
        with pytest.raises(IllegalTransition):
            journey.say("transfer.cosign", missing, boss(shelter), body={"statement": old})
        assert journey.state(missing, shelter) == "missing_on_arrival"

    def test_of_one_side_are_not_co_signed_by_it_after_the_other_claimed_something(
        self, journey, missing, shelter, centre
    ):
        mine = journey.say("transfer.cancel", missing, worker(shelter))
        journey.settle()
        theirs = journey.say("transfer.arrive", missing, worker(centre), body={"seen": journey.now})
        journey.settle()
        for agency, claim in ((shelter, mine), (centre, theirs), (centre, mine)):
            with pytest.raises(IllegalTransition):
                journey.say("transfer.cosign", missing, boss(agency), body={"statement": claim})
        journey.say("transfer.cosign", missing, boss(shelter), body={"statement": theirs})
        journey.settle()
        assert journey.state(missing, shelter) == journey.state(missing, centre) == "arrived"

    def test_are_not_co_signed_by_a_caseworker(self, journey, missing, shelter, centre):
        claim = journey.say("transfer.arrive", missing, worker(centre), body={"seen": journey.now})
        journey.settle()
        with pytest.raises(IllegalTransition):
            journey.say("transfer.cosign", missing, worker(shelter), body={"statement": claim})

    def test_are_no_arrival_before_they_are_co_signed(self, journey, missing, shelter, centre):
        journey.say("transfer.arrive", missing, worker(centre), body={"seen": journey.now})
        journey.settle()
        for step in ("transfer.release", "transfer.halt", "transfer.freeze", "transfer.dispute"):
            with pytest.raises(IllegalTransition):
                journey.say(step, missing, boss(shelter))


class TestFreezing:
    def test_by_both_at_once_is_the_one_that_came_first(self, journey, on_the_way, shelter, centre):
        journey.say("transfer.freeze", on_the_way, boss(shelter))
        mine = journey.say("transfer.freeze", on_the_way, boss(centre))
        journey.settle()
        shown = journey.desk(centre).shown(on_the_way, centre.agency)
        assert next(row for row in shown["statements"] if row["hash"] == mine)["standing"] == "refused"
        with pytest.raises(IllegalTransition):
            journey.say("transfer.unfreeze", on_the_way, boss(centre))
        journey.say("transfer.unfreeze", on_the_way, boss(shelter))
        journey.settle()
        assert journey.state(on_the_way, shelter) == journey.state(on_the_way, centre) == "in_transit"

    @pytest.mark.parametrize("kind", ["change", "halt", "cancel", "depart", "release", "dispute", "return"])
    def test_holds_all_but_arrival_alarm_and_withdrawal(self, journey, on_the_way, shelter, centre, kind):
        journey.say("transfer.freeze", on_the_way, boss(shelter))
        journey.settle()
        body = {"plan": journey.plan()} if "plan" in KINDS[f"transfer.{kind}"].body else {}
        with pytest.raises(IllegalTransition):
            journey.say(f"transfer.{kind}", on_the_way, worker(shelter), boss(shelter), body=body, to=centre)


class TestWhoIsNamed:
    @pytest.mark.parametrize("name", ["worker", "duty"])
    def test_at_arrival_works_with_cases_there(self, journey, case, shelter, centre, name):
        leg = journey.leg(case, shelter, centre)
        journey.say("transfer.acknowledge", leg, worker(centre))
        named, other = centre.members["case"].member, shelter.members["case"].member
        body = {"plan": journey.plan(), "worker": named, "duty": [named]}
        body |= {name: other if name == "worker" else [named, other]}
        with pytest.raises(InvalidRequest):
            journey.say("transfer.accept", leg, worker(centre), boss(centre), body=body, to=shelter)


class TestTheJob:
    def test_warns_again_of_a_later_plan_though_the_senders_hub_was_silent_before(
        self, journey, accepted, shelter, centre, clock
    ):
        clock.forward(3 * DAY + 12 * HOUR + LISTENS)
        there = journey.desk(centre).hub
        assert (raise_alarms(there), raise_alarms(there)) == (1, 0)
        late = journey.say("transfer.change", accepted, worker(shelter), body={"plan": journey.plan(2)})
        journey.settle()
        journey.say("transfer.acknowledge_change", accepted, worker(centre), body={"statement": late})
        journey.settle()
        clock.forward(3 * DAY)
        assert (raise_alarms(there), raise_alarms(there)) == (1, 0)

    def test_reaches_every_child_however_many_wait_before_it_and_whatever_fails(
        self, journey, accepted, shelter, centre, clock, caplog
    ):
        desk = journey.desk(shelter)
        with desk.hub.database.write() as connection:
            leg = LegStore(connection).get(accepted)
            for n in range(130):
                one = replace(leg, id=random_id(), plan=replace(leg.plan, until=leg.plan.until - 1 - n))
                parties = (one.from_agency, one.to_agency, HOME, AWAY)
                HandoffStore(connection).add(Handoff(one.id, "nothing", *parties, journey.now))
                LegStore(connection).add(one)
        clock.forward(4 * DAY)
        assert raise_alarms(desk.hub) == 1
        assert journey.state(accepted, shelter) == "missing_on_arrival"

    def test_waits_while_the_clock_is_doubted(self, journey, accepted, shelter, clock):
        desk = journey.desk(shelter)
        desk.sweep()
        clock.forward(300 * DAY)
        desk.sweep()
        assert raise_alarms(desk.hub) == 0
        assert journey.state(accepted, shelter) == "accepted"
        told = woken(desk, shelter)
        assert told  # nobody sleeps because a clock is doubted
        assert raise_alarms(desk.hub) == 0
        confirm_time(desk.hub)
        assert raise_alarms(desk.hub) == 1
        assert journey.state(accepted, shelter) == "missing_on_arrival"
        assert woken(desk, shelter) == told


def woken(desk, agency):
    """How many notices there are of a child who is missing, for the people of an agency."""
    with desk.hub.database.read() as connection:
        rows = select(notices.c.id).where(notices.c.template == MISSING, notices.c.to_agency == agency.agency)
        return len(connection.scalars(rows).all())


class TestABodyThatMayNeverReceive:
    """It says who came. It asks for nothing, holds nothing and learns nothing (rule R08, scenario S6)."""

    @pytest.fixture
    def border(self, journey, people, shelter):
        found = people.world.agency("border", HOME, kind="migration_authority", country="DJ")
        for name, role in (("case", "caseworker"), ("boss", "supervisor"), ("coord", "coordinator")):
            found.member(name, role)
        journey.desk(shelter).know(found)
        introduce(*journey.desks.values())
        return found

    @pytest.fixture
    def notice(self, journey, border, centre):
        handoff = random_id()
        journey.say("transfer.notice", handoff, worker(border), body={"kind": "notice"}, to=centre)
        return handoff

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("case.open", {"kind": "case"}),
            ("freeze.request", {"kind": "freeze", "key": "A" * 43}),
            ("transfer.inquire", {"kind": "transfer_leg", "urgency": "high"}),
            ("transfer.intake", {"kind": "transfer_leg", "case": random_id(), "next": "2026-12-20"}),
            ("capacity.ask", {"kind": "inquiry", "urgency": "high"}),
        ],
    )
    def test_begins_nothing_but_a_notice(self, journey, border, centre, kind, body):
        own = kind == "transfer.intake"
        said = (
            {**body, "to": border.agency if kind == "case.open" else centre.agency}
            if "to" in KINDS[kind].body
            else body
        )
        by = (worker(border), boss(border)) if own else (worker(border),)
        with pytest.raises(Forbidden):
            journey.say(kind, random_id(), *by, body=said, to=border if own else centre)

    def test_lends_no_coordinator_to_a_succession(self, journey, border, case, shelter, centre):
        leg = journey.handed_over(case, shelter, centre)
        by = boss(shelter), (border.members["coord"], "coordinator")
        body = {"kind": "succession", "of": centre.agency, "leg": leg, "take": "A" * 43}
        with pytest.raises(Forbidden):
            journey.say("transfer.assume", random_id(), *by, body=body)

    def test_sees_nothing_of_what_became_of_its_notice(self, journey, border, notice, centre):
        before = journey.desk(border).shown(notice, border.agency)
        journey.settle()
        there = journey.desk(centre)
        said = there.shown(notice, centre.agency)
        assert said["state"] == "noticed"
        for kind, body in (("consent.withdraw", {"evidence": "A" * 43}), ("transfer.acknowledge", {})):
            with pytest.raises(IllegalTransition):
                journey.say(kind, notice, worker(centre), body=body)
        journey.say("record.destroy", notice, boss(centre))
        erase_packets(there.hub, notice)
        journey.settle()
        after = journey.desk(border).shown(notice, border.agency)
        assert after == before
        assert journey.desk(border).outgoing(AWAY) == there.outgoing(HOME) == 0

    def test_says_nothing_after_its_notice(self, journey, border, notice):
        for kind, body in (("consent.withdraw", {"evidence": "A" * 43}), ("transfer.freeze", {})):
            with pytest.raises((IllegalTransition, Forbidden)):
                journey.say(kind, notice, boss(border), body=body)

    def test_is_sent_nothing_by_anybody(self, journey, border, case, shelter):
        leg = random_id()
        journey.say("case.leg", case, worker(shelter), body={"leg": leg})
        offer = {"kind": "transfer_leg", "urgency": "high", "due": None, "plan": None}
        with pytest.raises(Forbidden):
            journey.say("transfer.offer", leg, worker(shelter), boss(shelter), body=offer, to=border)


def test_a_list_of_many_legs_costs_about_what_one_costs(journey, case, shelter, centre):
    def cost():
        desk, said = journey.desk(shelter), []
        listener = lambda *call: said.append(call[2])  # noqa: E731 - taken off again by its name
        event.listen(desk.hub.database.engine, "before_cursor_execute", listener)
        with desk.hub.database.read() as connection:
            rows = HandoffStore(connection).listed(
                shelter.agency, kind="transfer_leg", box="out", before=None, limit=50
            )
            views.handoffs(connection, desk.intake, rows, "transfer_leg", shelter.agency, journey.now)
        event.remove(desk.hub.database.engine, "before_cursor_execute", listener)
        return len(said)

    journey.leg(case, shelter, centre)
    once = cost()
    for _ in range(4):
        journey.leg(case, shelter, centre)
    assert cost() == once


class TestSuccession:
    @pytest.fixture
    def heir(self, people, centre, journey, shelter):
        """The successor that the centre has named, a third agency with a coordinator, and everybody knows them."""
        ministry = people.world.agency("ministry", AWAY, kind="authority", country="ET")
        third = people.world.agency("third", AWAY, kind="io", country="ET")
        ministry.member("boss", "supervisor")
        ministry.member("coord", "coordinator")
        third.member("coord", "coordinator")
        there = journey.desk(centre)
        there.know(ministry, third)
        with there.hub.database.write() as connection:
            known = KeyStore(connection).find_agency(centre.agency)
            ring = Keyring(connection, AWAY, CERTIFIER_KEYS)
            named = replace(known, seq=1, prev=centre.envelope().hash, successor=ministry.agency)
            ring.publish(KeyEntry, named.to_envelope(centre.root).to_bytes(), now=journey.now)
        introduce(*journey.desks.values())
        return ministry, third

    @pytest.fixture
    def assumes(self, journey, case, shelter, centre, heir):
        leg = journey.handed_over(case, shelter, centre)
        rows = journey.desk(centre).shown(leg, centre.agency)["statements"]
        take = next(row["hash"] for row in rows if row["type"] == "transfer.take")

        def assumed(by=None, take=take):
            ministry, third = heir
            signers = by or (boss(ministry), (third.members["coord"], "coordinator"))
            body = {"kind": "succession", "of": centre.agency, "leg": leg, "take": take}
            return journey.say("transfer.assume", random_id(), *signers, body=body)

        assumed.leg = leg
        return assumed

    def silence(self, journey, clock, shelter):
        """The holder says nothing until all rungs of its ladder were told."""
        for _ in range(40):
            clock.forward(2 * DAY)
            journey.desk(shelter).sweep()
            confirm_time(journey.desk(shelter).hub)
            journey.desk(shelter).sweep()
            journey.settle()

    def test_waits_for_the_whole_ladder(self, assumes):
        with pytest.raises(IllegalTransition, match="ladder"):
            assumes()

    def test_is_not_hurried_by_the_senders_hub(self, journey, assumes, shelter):
        with journey.desk(shelter).hub.database.write() as connection:
            for rung in range(1, 12):
                body = {"clock": "leg_first_contact", "rung": rung, "tell": ["owner.named"]}
                journey.desk(shelter).intake.issue(connection, "referral.overdue", assumes.leg, body)
        journey.settle()
        with pytest.raises(IllegalTransition, match="ladder"):
            assumes()

    def test_is_once_and_the_first_sender_hears_of_it(self, journey, assumes, clock, shelter, centre, heir):
        self.silence(journey, clock, shelter)
        assumes()
        journey.settle()
        shown = journey.desk(shelter).shown(assumes.leg, shelter.agency)["responsible"]
        assert (shown["holder"], shown["unilateral"]) == (heir[0].agency, True)
        with pytest.raises(IllegalTransition):
            assumes()
        assert len(registers(journey, heir[0])) == 1

    def test_is_signed_by_the_named_successor_and_a_coordinator_of_a_third_agency(
        self, journey, assumes, clock, shelter, centre, heir
    ):
        self.silence(journey, clock, shelter)
        ministry, third = heir
        coordinator = (third.members["coord"], "coordinator")
        own = (ministry.members["coord"], "coordinator")
        with pytest.raises(Forbidden):
            assumes(by=(boss(shelter), coordinator))
        with pytest.raises((Forbidden, Malformed)):
            assumes(by=(boss(ministry), own))

    def test_names_the_take_by_which_the_holder_got_the_case(self, journey, assumes, clock, shelter, centre):
        self.silence(journey, clock, shelter)
        rows = journey.desk(centre).shown(assumes.leg, centre.agency)["statements"]
        for row in rows:
            if row["type"] != "transfer.take":
                with pytest.raises(IllegalTransition):
                    assumes(take=row["hash"])

    def test_does_not_come_after_the_holder_released_and_another_took(
        self, journey, assumes, clock, shelter, centre, heir
    ):
        self.silence(journey, clock, shelter)
        there = registers(journey, centre)[0]
        onward = journey.arrived(there, centre, shelter)
        release = journey.release(onward, centre)
        journey.settle()
        assumes()
        journey.settle()
        take = journey.take(onward, shelter, release)
        journey.settle()
        shown = journey.desk(shelter).shown(onward, shelter.agency)
        assert next(row for row in shown["statements"] if row["hash"] == take)["standing"] == "refused"
        assert registers(journey, shelter) == [one for one in registers(journey, shelter) if one != there]
        with journey.desk(centre).hub.database.read() as connection:
            assert CaseStore(connection).get(there).moved_to == heir[0].agency


def registers(journey, agency):
    with journey.desk(agency).hub.database.read() as connection:
        return list(connection.scalars(select(cases.c.id).where(cases.c.holder == agency.agency)))


def carried(journey, data, sender, desk):
    """What a hub answers to a statement that the sender's hub brings with a receipt of its own making."""
    origin = journey.desk(sender).hub.origin
    with journey.desk(sender).hub.database.write() as connection:
        log = HandoffLog(connection, origin)
        entry = log.append(Envelope.from_bytes(data, STATEMENT_TYPE).to_bytes(), now=journey.now)
        keys = KeyStore(connection)
        verified = verify_statement(data, keys, now=journey.now)
        receipt = Answers(origin, journey.desk(sender).hub.signer).receipt(entry, verified, None, None, journey.now)
    with desk.hub.database.write() as connection:
        said = desk.intake.receive(connection, peer=origin, statement=data, receipt=receipt, packet=None)
    return Envelope.from_bytes(said, STATEMENT_TYPE).value


def body_of(envelope, member="body"):
    return json.loads(base64.b64decode(envelope["payload"]))[member]
