"""An acknowledgement of a leg that the sender brings: its grade, a code that nobody sent, and who looks into it."""

from __future__ import annotations

import pytest

from hub.errors import Forbidden, IllegalTransition, Malformed
from hub.handoffs.store import HandoffStore
from hub.ids import random_id
from hub.proxies.store import Reviews
from hub.statements.grammar import Grade, Statement
from hub.statements.verify import sign_statement
from hub.transfer.machine import TransferMachine
from tests.support.desks import AWAY, HOME
from tests.support.factories import some_hash
from tests.support.journeys import Journey, boss, worker


@pytest.fixture
def journey(home, away, people):
    home.intake.machines["transfer_leg"] = TransferMachine(HOME, draw=lambda _: 1)
    return Journey(people, {HOME: home, AWAY: away})


@pytest.fixture
def leg(journey, people):
    return journey.leg(journey.open(people.shelter), people.shelter, people.centre)


@pytest.fixture
def bring(journey, people):
    def run(leg, grade=Grade.REPORTED, kind="transfer.acknowledge", by=worker, **more):
        body = {"via": "sms", "evidence": some_hash("note"), **(more or {"ask": False})}
        member, role = by(people.shelter)
        made = Statement(kind, leg, (some_hash(leg),), (member.actor(role),), journey.now, grade, body)
        statement = sign_statement(made, [member.signer]).to_bytes()
        journey.desk(people.shelter).post(statement, None, people.shelter.agency)
        journey.settle()

    return run


def seen(journey, leg, *agencies):
    shown = [journey.desk(agency).shown(leg, agency.agency) for agency in agencies]
    return [(one["state"], one["grade"]) for one in shown]


def test_what_the_sender_brings_is_shown_as_reported_by_both_hubs_until_the_receiver_signs(journey, people, leg, bring):
    both = (people.shelter, people.centre)
    bring(leg)
    assert seen(journey, leg, *both) == [("acknowledged", "reported")] * 2
    named = people.centre.members["case"].member
    accepted = {"plan": journey.plan(), "worker": named, "duty": [named]}
    by = (worker(people.centre), boss(people.centre))
    journey.say("transfer.accept", leg, *by, body=accepted, to=people.shelter)
    journey.settle()
    assert seen(journey, leg, *both) == [("accepted", "signed")] * 2


def test_a_code_that_the_hub_never_sent_is_no_evidence(journey, people, leg, bring):
    with pytest.raises(Forbidden):
        bring(leg, Grade.CODE_VERIFIED, code=random_id())
    assert seen(journey, leg, people.shelter) == [("delivered", "signed")]


def test_chance_gives_one_of_ten_to_a_supervisor_who_looks_into_it(journey, people, leg, bring):
    desk = journey.desk(people.shelter)
    desk.intake.machines["transfer_leg"] = TransferMachine(HOME, draw=lambda _: 0)
    bring(leg)
    with desk.hub.database.read() as connection:
        (review,) = Reviews(connection).open(people.shelter.agency)
    assert (review.handoff, review.why) == (leg, "tenth")


def test_nothing_else_of_a_leg_is_brought_and_nothing_before_it_was_delivered(journey, people, leg, bring):
    for kind in ("transfer.accept", "transfer.arrive", "transfer.take", "transfer.cosign"):
        with pytest.raises((Malformed, IllegalTransition)):
            bring(leg, kind=kind)
    bring(leg)
    with journey.desk(people.shelter).hub.database.read() as connection:
        assert len(HandoffStore(connection).statements(leg, {"transfer.acknowledge"})) == 1
