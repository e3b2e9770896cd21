"""Who would have a case that is not theirs: former holders, other hubs, other members, and successors too early."""

import shutil

import pytest

from hub.db import Database
from hub.errors import Forbidden, HubError, IllegalTransition, NotFound
from hub.ids import random_id
from hub.transfer.register import ASSUME, RELEASE, TAKE, Standing
from tests.model.explore import chain, holder
from tests.model.register import GENESIS, Said, Setting, Step
from tests.support.desks import hub_statement
from tests.support.factories import some_hash
from tests.support.journeys import boss, worker
from tests.support.registers import Registers

SHELTER, CENTRE, MINISTRY = "shelter@one.example", "centre@two.example", "ministry@three.example"
SETTING = Setting(
    {"first": (SHELTER, CENTRE), "onward": (CENTRE, "coalition@one.example")}, successor=MINISTRY, mortal=(CENTRE,)
)
A, B, M = (SETTING.agencies[name] for name in (SHELTER, CENTRE, MINISTRY))
RELEASED = Said(RELEASE, A, "first", 1, GENESIS)
TAKEN = Said(TAKE, B, "first", 1, RELEASED.name)
ASSUMED = Said(ASSUME, M, "first", 1, TAKEN.name)


@pytest.fixture
def hubs(database, sqlite_template, tmp_path, clock):
    others = [Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / f'{n}.sqlite')}") for n in (2, 3)]
    yield Registers.over(SETTING, dict(zip(SETTING.hosts, [database, *others], strict=True)), clock, tmp_path)
    for other in others:
        other.close()


@pytest.fixture
def handed_over(hubs):
    for said in (RELEASED, TAKEN):
        hubs.take(Step("sign", said))
        hubs.journey.settle()
    assert holder(hubs.world()) == B
    return hubs


def standing(hubs, said):
    return next(row.home for row in hubs.world().rows if row.said == said)


def test_who_has_handed_a_case_over_offers_it_to_nobody_else(hubs):
    say, shelter, centre = hubs.journey.say, hubs.agencies[A], hubs.agencies[B]
    named, late = random_id(), random_id()
    say("case.leg", hubs.case, worker(shelter), body={"leg": named})
    for said in (RELEASED, TAKEN):
        hubs.take(Step("sign", said))
        hubs.journey.settle()
    with pytest.raises(IllegalTransition):
        say("case.leg", hubs.case, worker(shelter), body={"leg": late})
    body = {"kind": "transfer_leg", "urgency": "high", "due": None, "plan": None}
    for leg in (named, late):
        with pytest.raises(IllegalTransition):
            say("transfer.offer", leg, worker(shelter), boss(shelter), body=body, to=centre)


def test_no_hub_tells_another_that_an_agency_there_holds_a_case(handed_over):
    one, two = (handed_over.journey.desks[host] for host in ("one.example", "two.example"))
    before = handed_over.world().cases
    body = {
        "kind": "case",
        "to": A,
        "leg": handed_over.legs["first"],
        "take": some_hash("take"),
        "log": {"origin": "one.example", "index": 0, "size": 1, "root": some_hash("root")},
        "receipt": some_hash("receipt"),
    }
    said = hub_statement("case.hold", "two.example", random_id(), body, handed_over.journey.now)
    with pytest.raises(HubError), one.hub.database.write() as connection:
        one.intake.receive(connection, peer="two.example", statement=said, receipt=said, packet=None)
    with pytest.raises(HubError), two.hub.database.write() as connection:
        two.intake.accept(connection, said, None, agency=B)
    assert handed_over.world().cases == before


def test_nobody_but_the_receiver_of_the_leg_takes(hubs):
    hubs.take(Step("sign", RELEASED))
    hubs.journey.settle()
    body = {"release": hubs.said[RELEASED][1], "first_contact": "2026-12-20"}
    for agency in (A, M, SETTING.agencies["coalition@one.example"]):
        with pytest.raises((IllegalTransition, NotFound, Forbidden)):
            hubs.journey.say("transfer.take", hubs.legs["first"], boss(hubs.agencies[agency]), body=body)
    with pytest.raises(IllegalTransition):
        hubs.journey.say("transfer.take", hubs.legs["first"], worker(hubs.agencies[B]), body=body)
    assert holder(hubs.world()) == A


class TestSuccession:
    def assume(self, hubs, *by):
        body = {"kind": "succession", "of": B, "leg": hubs.legs["first"], "take": hubs.said[TAKEN][1]}
        hubs.journey.say("transfer.assume", random_id(), *by, body=body)

    def test_a_successor_acts_on_its_own_word_until_the_holders_hub_has_heard_of_it(self, handed_over):
        handed_over.take(Step("silence", B))
        handed_over.take(Step("sign", ASSUMED))
        assert standing(handed_over, ASSUMED) == "waiting"
        assert holder(handed_over.world()) == B
        shown = handed_over.journey.desk(handed_over.agencies[M]).shown(handed_over.said[ASSUMED][0], M)
        assert (shown["responsible"]["acting"], shown["responsible"]["unilateral"]) == ([M], True)
        handed_over.journey.settle()
        world = handed_over.world()
        assert [case.holder for case in chain(world)] == [A, B, M]
        assert chain(world)[-1].standing is Standing.HELD
        leg = handed_over.legs["first"]
        shown = handed_over.journey.desk(handed_over.agencies[A]).shown(leg, A)["responsible"]
        assert (shown["holder"], shown["unilateral"]) == (M, True)

    def test_a_holder_who_still_has_time_keeps_the_case(self, handed_over):
        handed_over.take(Step("sign", ASSUMED))
        handed_over.journey.settle()
        assert standing(handed_over, ASSUMED) == "refused"
        shown = handed_over.journey.desk(handed_over.agencies[M]).shown(handed_over.said[ASSUMED][0], M)
        assert shown["responsible"]["acting"] == []
        assert holder(handed_over.world()) == B

    def test_a_release_that_was_open_ends_and_its_taker_is_refused(self, handed_over):
        coalition = SETTING.agencies["coalition@one.example"]
        release = Said(RELEASE, B, "onward", 1, f"by {TAKEN.name}")
        take = Said(TAKE, coalition, "onward", 1, release.name)
        handed_over.take(Step("sign", release))
        handed_over.journey.settle()
        handed_over.take(Step("silence", B))
        handed_over.take(Step("sign", ASSUMED))
        handed_over.take(Step("carry", ASSUMED))
        handed_over.take(Step("sign", take))
        handed_over.journey.settle()
        assert standing(handed_over, take) == "refused"
        assert holder(handed_over.world()) == M

    def test_nobody_assumes_but_the_named_successor_with_a_third_agencys_coordinator(self, handed_over):
        handed_over.take(Step("silence", B))
        ministry, centre = handed_over.agencies[M], handed_over.agencies[B]
        third = (handed_over.coordinator.members["boss"], "coordinator")
        pairs = [
            (boss(handed_over.agencies[A]), third),
            ((ministry.members["case"], "caseworker"), third),
            (boss(ministry), (centre.members["boss"], "coordinator")),
            (boss(ministry), (handed_over.coordinator.members["boss"], "supervisor")),
            (boss(ministry), (ministry.members["boss 1"], "coordinator")),
            (boss(ministry),),
        ]
        for by in pairs:
            with pytest.raises(HubError):
                self.assume(handed_over, *by)
        assert holder(handed_over.world()) == B
        self.assume(handed_over, boss(ministry), third)
