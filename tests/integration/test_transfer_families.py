"""Families, arrivals without a packet, notices and successions, by real clients at two hubs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.client import basis as bases
from hub.client import (
    cases,
    families,
    groups,
    intake,
    notices,
    proof,
    reading,
    register,
    succession,
    timers,
    transfer_steps,
    transfers,
)
from hub.clock import SetClock
from hub.errors import Conflict, Forbidden, HubError, InvalidRequest, NotFound
from hub.ids import random_id
from tests.conftest import NOW
from tests.support.legs import DAY, SHOWN, People
from tests.support.web_modules import WebModules, text
from tests.support.world import PASSPHRASE, consent, grant, populated, world

HOME, AWAY = "dj.example", "et.example"
SCRIPT = Path(__file__).parents[1] / "support" / "web_transfers.mjs"
NOTICE = {
    "on": "2026-11-25",
    "at": None,
    "place": "Airport",
    "how": "air",
    "people": [{"age_band": "12-14", "sex": "male", "reference": "A-12"}],
}


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        made.join(made.members["amina"], "omar", {"supervisor"})
        made.join(made.members["hana"], "bekele", {"supervisor"})
        migration = frozenset({"agency_admin", "coordinator"})
        made.found(HOME, "dgme", "migration_authority", "DJ", "dgme", migration)
        heir = f"urn:rcp:agency:authority@{HOME}"
        made.found(AWAY, "frail", "ngo", "ET", "frail", successor=heir)
        made.join(made.members["frail"], "frail-boss", {"supervisor"})
        made.run()
        yield People(made, *(made.members[name] for name in ("amina", "omar", "hana", "bekele")))


@pytest.fixture
def browsers(people):
    """What members ask in browsers, and what they are answered or refused with."""
    with WebModules(SCRIPT) as node:

        def ask(question, member, **given):
            login = member.account.login
            device = text(member.profile.device.value)
            known = {"url": member.account.url, "login": login, "passphrase": PASSPHRASE, "now": people.clock.now()}
            assert "ok" in node.ask("sign_in", name=login, device=device, **known)
            answer = node.ask(question, name=login, **given)
            return answer["ok"] if "ok" in answer else answer["refused"]

        yield ask


def sisters(people, **changes):
    """Offers of two children, each with a consent of their own."""
    offers = []
    for code, name in (("SYN-01", "Almaz"), ("SYN-02", "Birtukan")):
        held = people.hagos(names={"full": f"{name} Syn"}, birthplace=f"born as {code}")
        given = grant(
            people.clock, people.receiver.agency, categories=set(SHOWN), purpose="transfer", turned_on=["status"]
        )
        subject = {"pseudonym": code, "situation": "unaccompanied", "age_band": "15-17"}
        drafted = consent(people.clock, given)
        drafted["subject"] = {**drafted["subject"], **subject}
        basis = bases.draft(people.worker, drafted, "transfer")
        offers.append(people.draft(held=held, basis=basis, **changes)[1])
    return offers


def test_one_child_s_no_stops_that_child_alone_and_asks_about_the_other(people):
    first, second = sisters(people)
    made = families.offer(people.worker, [first, second])
    assert [child.refused for child in made] == [None, None]
    assert families.siblings(people.worker, made[0].leg) == [made[1].leg]
    for child in made:
        transfers.cosign(people.boss, child.prepared.cosign)
    people.run()
    transfer_steps.halt(people.boss, made[0].leg, "She does not want to go.", "my team")
    people.run()
    assert reading.show(people.receiver, made[1].leg).state == "delivered"
    (asked,) = [one for one in timers.listing(people.boss, case=second.case) if one.about.rule == families.RULE]
    assert asked.about.facts == {"leg": made[1].leg}
    assert families.question(people.boss, made[0].leg) == []


def test_a_child_whom_a_gate_stops_stays_and_the_other_goes_on(people):
    first, second = sisters(people)
    made = families.offer(people.worker, [replace(first, new_leg=random_id()), second])
    assert made[0].refused.code == "gate_closed"
    assert made[1].prepared is not None
    assert [one.about.rule for one in timers.listing(people.worker, case=second.case)] == [families.RULE]


def test_brothers_and_sisters_are_kept_together_and_apart_in_their_packets(people):
    first, second = sisters(people)
    with pytest.raises(InvalidRequest):
        families.offer(people.worker, [first, replace(second, plan=people.plan(9))])
    with pytest.raises(InvalidRequest):
        families.offer(people.worker, [first, replace(second, basis=first.basis)])
    named = people.hagos(names={"full": "Almaz Syn"}, birthplace="with her sister Birtukan")
    with pytest.raises(InvalidRequest) as refused:
        families.offer(people.worker, [replace(first, case=named.record), second])
    assert refused.value.facts["section"] == "identity"
    assert not any(first.new_leg in group.handoffs for group in groups.every(people.worker))


def test_a_child_who_came_without_a_packet_is_taken_in_by_two(people):
    held = people.hagos()
    arrival = intake.Arrival(held.record, "forced", people.day(1), people.day(7), people.day(14), people.boss.id)
    made = intake.intake(people.worker, arrival)
    assert len(timers.listing(people.worker, case=held.record)) == 2
    with pytest.raises(NotFound):
        register.who_holds(people.worker, made.leg)
    transfers.cosign(people.boss, made.cosign)
    for name in (made.leg, held.record):
        who = register.who_holds(people.worker, name)
        assert (who.holder, who.chain[0].type) == (people.worker.agency, "transfer.intake")
    assert proof.check(people.boss, proof.make(people.worker, held.record)).holder == people.worker.agency
    assert reading.show(people.worker, made.leg).state == "monitoring"
    with pytest.raises(Conflict):
        intake.intake(people.worker, arrival)
    with pytest.raises(InvalidRequest):
        intake.intake(people.worker, replace(arrival, case=people.hagos().record, mode="voluntary"))


def test_a_case_that_began_with_an_intake_goes_on_and_its_chain_shows_how_it_began(people):
    held = people.hagos()
    arrival = intake.Arrival(held.record, "spontaneous", people.day(1), people.day(7), people.day(14), people.boss.id)
    made = intake.intake(people.worker, arrival)
    transfers.cosign(people.boss, made.cosign)
    for leg in (random_id(), random_id()):
        transfers.name_leg(people.worker, cases.load(people.worker, held.record), leg)
    who = register.who_holds(people.worker, made.case)
    assert [link.type for link in who.chain] == ["transfer.intake"]


def test_a_notice_goes_one_way_and_says_no_more_than_it_may(people, browsers):
    migration = people.world.members["dgme"]
    sent = notices.send(migration, people.receiver.agency, NOTICE)
    people.run()
    assert [row["id"] for row in notices.listing(people.receiver)] == [sent["id"]]
    found = notices.read(people.receiver, sent["id"])
    assert (found.from_agency, found.says["place"]) == (migration.agency, "Airport")
    by_browser = browsers("give_notice", migration, to=people.receiver.agency, said={**NOTICE, "place": "Port"})
    people.run()
    assert notices.read(people.receiver, by_browser).says == {"v": 1, **NOTICE, "place": "Port"}
    told = {"to": people.receiver.agency, "said": {**NOTICE, "name": "Mateo"}}
    assert browsers("give_notice", migration, **told) == "invalid_request"
    assert browsers("give_notice", people.worker, **{**told, "said": NOTICE}) == "forbidden"
    with pytest.raises(InvalidRequest):
        notices.send(migration, people.receiver.agency, {**NOTICE, "name": "Mateo"})
    with pytest.raises(HubError):
        notices.send(people.worker, people.receiver.agency, NOTICE)


def test_a_successor_assumes_only_what_two_have_signed_and_only_from_the_silent(people, browsers):
    frail = People(
        people.world, people.worker, people.boss, people.world.members["frail"], people.world.members["frail-boss"]
    )
    held, leg = frail.handed_over()
    proven = proof.make(people.worker, held.record)
    heir, third = people.world.members["daher"], people.receiver
    with pytest.raises(InvalidRequest):
        succession.prepare(heir, proven, frail.receiver.agency, frail.receiver.id)
    text = succession.prepare(heir, proven, third.agency, third.id)
    assert succession.read(text)["leg"] == leg
    with pytest.raises(Forbidden):
        succession.sign(people.worker, text)
    with pytest.raises(HubError):
        succession.send(heir, text)
    signed = succession.sign(third, text)
    with pytest.raises(Forbidden):
        succession.send(third, signed)
    shown = succession.send(heir, signed)
    assert register.who_holds(heir, shown.id).acting == (frail.receiver.agency, heir.agency)
    people.run()
    assert register.who_holds(heir, shown.id).holder == frail.receiver.agency
    for _ in range(12):
        people.clock.forward(10 * DAY)
        people.run()
    told = browsers("succession_prepare", heir, proven=proven, third=third.agency, coordinator=third.id)
    assert browsers("succession_sign", people.worker, told=told) == "forbidden"
    signed = browsers("succession_sign", third, told=told)
    assert browsers("succession_send", third, told=signed) == "forbidden"
    again = browsers("succession_send", heir, told=signed)
    assert again["told"].items() <= succession.read(signed).items()
    people.run()
    who = register.who_holds(heir, again["id"])
    assert (who.holder, who.unilateral) == (heir.agency, True)
    assert register.who_holds(people.worker, held.record).holder == heir.agency
    assert proof.check(people.boss, proof.make(people.worker, held.record)).unilateral
