"""A case handed over in browsers: each of the four people once by the web client, once by Python's, in turns."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from hub.casefile.gates import policy
from hub.client import basis as bases
from hub.client import (
    cases,
    checking,
    families,
    findings,
    gates,
    handover,
    inquiries,
    meetings,
    opening,
    proof,
    reading,
    records,
    register,
    telling,
    transfer_steps,
    transfers,
)
from hub.client.findings import Item
from hub.client.timeline import timeline
from hub.clock import SetClock
from hub.ids import random_id
from hub.statements.grammar import Grade
from hub.transfer.table import TRANSITIONS, Side
from tests.conftest import NOW
from tests.support.handovers import SAID
from tests.support.legs import RETURN, SHOWN, People
from tests.support.web_modules import WebModules, text
from tests.support.world import PASSPHRASE, consent, grant, populated, world

HOME, AWAY = "dj.example", "et.example"
SCRIPT = Path(__file__).parents[1] / "support" / "web_transfers.mjs"
SCAN = b"SYN scan" * 40_000


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        omar = made.join(made.members["amina"], "omar", {"supervisor"})
        bekele = made.join(made.members["hana"], "bekele", {"supervisor"})
        yield People(made, made.members["amina"], omar, made.members["hana"], bekele)


@pytest.fixture(scope="module")
def node():
    with WebModules(SCRIPT) as running:
        yield running


class Web:
    """The four people's browsers."""

    def __init__(self, node, people):
        self.node, self.people = node, people
        for member in (people.worker, people.boss, people.receiver, people.chief):
            account, device = member.account, text(member.profile.device.value)
            known = {"url": account.url, "login": account.login, "passphrase": PASSPHRASE, "now": NOW}
            assert "ok" in self.ask("sign_in", member, device=device, **known)

    def ask(self, question, member, **given):
        return self.node.ask(question, name=member.account.login, **given)

    def __call__(self, question, member, **given):
        found = self.ask(question, member, **given)
        assert "ok" in found, found
        return found["ok"]


@pytest.fixture(scope="module")
def web(node, people):
    return Web(node, people)


@pytest.fixture(autouse=True)
def no_faults(node):
    node.ask("faults", rows=[])


def consented(people, code):
    """A consent for the transfer of the child that is called so."""
    to = people.receiver.agency
    drafted = consent(
        people.clock, grant(people.clock, to, categories=set(SHOWN), purpose="transfer", turned_on=["status"])
    )
    drafted["subject"] = {**drafted["subject"], "pseudonym": code}
    return bases.draft(people.worker, drafted, code).handoff


def offered(web, people, **changes):
    """A case that was opened, lifted, offered and signed for in browsers."""
    held = people.hagos(**changes)
    leg = random_id()
    assert web("open_case", people.worker, record=held.record) == cases.load(people.worker, held.record).case
    said = {"gate": "R24", "leg": leg, "mode": "bid_in_origin", "begins": people.day(), "ends": people.day(10)}
    said |= {"bia_due": people.day(7), "bid_due": people.day(14), "reason": "no panel before the border closes"}
    web("approve", people.boss, record=held.record, said=said)
    out = {"case": held.record, "to": people.receiver.agency, "sections": list(SHOWN), "plan": people.plan().to_value()}
    out |= {"purpose": {"purpose": "return", "final": False, "return_mode": "assisted_voluntary"}, "newLeg": leg}
    out |= {"basis": consented(people, f"SYN-{leg[:4]}"), "second": people.boss.id, "files": {"SYN.jpg": text(SCAN)}}
    return held, leg, web("offer", people.worker, **out)


def test_a_case_goes_over_in_browsers_alone_and_python_agrees_at_each_step(people, web):
    held, leg, waits = offered(web, people)
    mine = web("waiting", people.boss)
    assert {"record": waits, "type": "transfer.offer", "second": people.boss.id} in mine
    assert web.ask("cosign", people.worker, record=waits) == {"refused": "forbidden"}
    web("cosign", people.boss, record=waits)
    people.run()
    assert web.ask("cosign", people.boss, record=waits) == {"refused": "conflict"}
    assert reading.show(people.receiver, leg).state == "delivered"
    assert records.sent_copy(people.worker, leg)["attachments"] == ["SYN.jpg"]
    offer, *_ = opening.open_handoff(people.receiver, leg)
    assert offer.attachments == {"SYN.jpg": len(SCAN)}
    web("step", people.receiver, leg=leg, step="acknowledge", said={})
    people.run()
    how = {"plan": people.plan().to_value(), "duty": [people.receiver.id], "second": people.chief.id}
    accepting = web("accept", people.receiver, leg=leg, **how, words={"sleeps": "SYN a bed"})
    web("cosign", people.chief, record=accepting)
    people.run()
    assert reading.show(people.receiver, leg).state == "accepted"
    replies = [one for one in opening.open_handoff(people.worker, leg) if "reply" in one.sections]
    assert replies[-1].sections["reply"]["reception"] == {"sleeps": "SYN a bed"}
    _told(people, web, people.worker, leg, "transfer_accepted")
    web("depart", people.worker, leg=leg, plan=people.plan().to_value())
    people.run()
    web("arrive", people.receiver, leg=leg, seen=people.clock.now())
    people.run()
    assert reading.show(people.worker, leg).state == "arrived"
    verified = [{"section": "identity", "item": "sex", "found": "verified", "value": None}]
    verified += [{"section": "identity", "item": "languages", "found": "corrected", "value": ["ti", "am"]}]
    web("verify", people.receiver, leg=leg, items=verified)
    people.run()
    assert [asdict(one.item) for one in findings.corrections(people.worker, leg)] == verified
    assert [one["item"] for one in web("apply", people.worker, leg=leg)] == ["languages"]
    assert cases.load(people.worker, held.record).sections["identity"]["languages"] == ["ti", "am"]
    meeting = meetings.begin(people.worker, handover.Side.SENDER, SAID, leg=leg)
    meetings.tick(people.worker, meeting, handover.CHECKLIST)
    assert web("release", people.boss, leg=leg) == "released"
    people.run()
    web("tick", people.receiver, leg=leg, items=list(handover.CHECKLIST))
    web("take", people.chief, leg=leg, day=people.day(2))
    people.run()
    assert reading.show(people.worker, leg).state == "responsibility_transferred"
    assert web("held", people.receiver, leg=leg) == transfers.held_by_leg(people.receiver, leg).case
    _told(people, web, people.receiver, leg, "child_arrived", "responsible_now")
    _proves(people, web, held.record, leg)


def _told(people, web, member, leg, *decisions):
    """Whoever has the child owes it these, and nobody else does; a row that says all settles one of its day."""
    held, other = cases.of_leg(member, leg), people.receiver if member is people.worker else people.worker
    assert leg not in {one.leg for one in telling.listing(other)}
    row = {"stage": "SYN", "on": people.day(), "language": "ti", "format": "talk"}
    told = [{**row, "on": people.day(-1)}, {**row, "on": people.day(1)}, row]
    told += [{**row, "decision": decisions[0]} | {missing: None} for missing in ("language", "format")]
    told = [{name: value for name, value in one.items() if value is not None} for one in told]
    cases.update(member, held.record, "child_views", {"told": told})
    for decision in (*decisions, None):
        owed = [one for one in telling.listing(member) if one.leg == leg]
        left = decisions[decisions.index(decision) :] if decision else ()
        assert tuple(one.decision for one in owed) == left
        assert all(member.id in one.by for one in owed)
        expected = [{**asdict(one), "by": list(one.by)} for one in owed]
        assert [one for one in web("untold", member) if one["leg"] == leg] == expected
        assert web("untold_of", member, record=held.record) == expected
        if decision == decisions[0]:
            web("note_told", member, record=held.record, row={**row, "decision": decision})
        elif decision:
            telling.note(member, held.record, {**row, "decision": decision})


def _proves(people, web, record, leg):
    """What browsers and Python say of who holds the case, and each other's proofs."""
    for member, name in ((people.worker, record), (people.receiver, leg)):
        expected = asdict(register.who_holds(member, name))
        found = web("who_holds", member, handoff=name)
        assert (found["holder"], found["beingConfirmed"]) == (people.receiver.agency, expected["being_confirmed"])
        assert found["chain"] == list(expected["chain"])
        made = web("proof", member, handoff=name)
        shown = json.loads(json.dumps(asdict(proof.check(member, made))))
        assert web("check_proof", member, value=proof.make(member, name)) == {**shown, "made": people.clock.now()}
    offered = {**made, "steps": made["steps"][:1]}
    assert web("check_proof", people.receiver, value=offered)["holder"] != people.receiver.agency
    for lie in ({**made, "steps": made["steps"][::-1]}, {**made, "heads": made["heads"][:1]}, {**made, "agencies": {}}):
        assert web.ask("check_proof", people.receiver, value=lie)["refused"] in {"bad_signature", "unknown_signer"}


def test_what_python_offers_a_browser_accepts_and_python_takes_what_a_browser_released(people, web):
    held, leg = people.offered()
    _no_lies(people, web, leg)
    expected = checking.before(people.receiver, leg, "accept")
    found = web("before", people.receiver, leg=leg, step="accept", plan=None)
    assert [(row["gate"], row["found"], row["failed"]) for row in found["outcomes"]] == [
        (row.gate, row.found, list(row.failed)) for row in expected.outcomes
    ]
    transfer_steps.take(people.receiver, leg, "acknowledge")
    people.run()
    web("step", people.receiver, leg=leg, step="ask", said={"text": "SYN which language?"})
    people.run()
    identity = cases.load(people.worker, held.record).sections["identity"]
    web("answer", people.worker, leg=leg, sections={"identity": identity})
    people.run()
    how = {"plan": people.plan().to_value(), "duty": [people.receiver.id], "second": people.chief.id, "words": {}}
    transfers.cosign(people.chief, web("accept", people.receiver, leg=leg, **how))
    people.run()
    web("ask_more", people.receiver, leg=leg, words="SYN is she afraid of dogs?")
    people.run()
    web("tell", people.worker, leg=leg, sections={"identity": identity})
    people.run()
    web("change", people.worker, leg=leg, plan=people.plan(4).to_value(), words="SYN the bus is late")
    people.run()
    _told(people, web, people.worker, leg, "transfer_accepted", "journey_changed")
    transfer_steps.acknowledge_change(people.receiver, leg)
    transfers.depart(people.worker, leg, people.plan(4))
    people.run()
    transfer_steps.arrive(people.receiver, leg, people.clock.now())
    people.run()
    findings.verify(people.receiver, leg, [Item("identity", "sex", "verified")])
    people.run()
    assert {row["item"]: row["found"] for row in web("items", people.receiver, leg=leg) if row["found"]} == {
        "sex": "verified"
    }
    meeting = meetings.begin(people.worker, handover.Side.SENDER, SAID, leg=leg)
    meetings.tick(people.worker, meeting, handover.CHECKLIST)
    web("release", people.boss, leg=leg)
    people.run()
    assert web("step", people.boss, leg=leg, step="unrelease", said={}) == "arrived"
    assert web("halt", people.boss, leg=leg, words="SYN a new risk") == {leg: "halted"}
    assert reading.show(people.worker, leg).state == "disputed"
    assert web("release", people.boss, leg=leg) == "released"
    people.run()
    people.taken(leg)
    people.run()
    assert reading.show(people.worker, leg).state == "responsibility_transferred"
    shown = [reading.show(people.worker, leg)]
    made, told = timeline(shown), web("timeline", people.worker, legs=[leg])
    assert [(step, at) for step, _by, at in told["steps"]] == [(one.step, one.at) for one in made.entries]
    assert told["spans"] == [asdict(span) for span in made.spans]


def _no_lies(people, web, leg):
    """No hub makes a browser ask the gates about what nobody signed."""
    view = people.receiver.hub.get(f"/api/v1/handoffs/{leg}")
    first, *rest = view["statements"]
    lies = [{"statements": rest}, {"packets": []}, {"state": "accepted"}, {"to_agency": view["from_agency"]}]
    lies += [{"statements": [{**first, "answer": rest[-1]["answer"]}, *rest]}]
    for lie in lies:
        web.node.ask("faults", rows=[{"path": f"/api/v1/handoffs/{leg}", "body": json.dumps({**view, **lie})}])
        found = web.ask("before", people.receiver, leg=leg, step="accept", plan=None)
        assert found.get("refused") in {"peer_misbehaved", "bad_signature", "malformed", "not_found", "unknown_signer"}
    web.node.ask("faults", rows=[])


def test_a_gate_that_blocks_stops_the_offer_and_says_which(people, web):
    held = people.hagos()
    web("open_case", people.worker, record=held.record)
    asked = {"record": held.record, "to": people.receiver.agency, "leg": random_id(), "plan": people.plan().to_value()}
    purpose = {"purpose": "return", "final": False, "return_mode": "assisted_voluntary"}
    found = web("before_offer", people.worker, **asked, purpose=purpose)
    expected = checking.before_offer(people.worker, held.record, asked["to"], RETURN, asked["leg"], people.plan())
    assert found["permitted"] is expected.permitted is False
    assert [(row["gate"], row["found"], row["told"]) for row in found["outcomes"]] == [
        (row.gate, row.found, dict(row.told)) for row in expected.outcomes
    ]
    out = {
        "case": held.record,
        "to": asked["to"],
        "sections": list(SHOWN),
        "purpose": purpose,
        "second": people.boss.id,
    }
    refused = web.ask("offer", people.worker, **out, basis=people.basis().handoff)
    assert refused == {"refused": "gate_closed"}
    alone = web.ask("offer", people.worker, **{**out, "second": people.worker.id}, basis=people.basis().handoff)
    assert alone["refused"] in {"gate_closed", "forbidden"}


def test_what_is_found_out_before_a_journey_comes_back_into_the_case_file(people, web):
    held, leg = people.hagos(names={"full": "SYN Asked"}), random_id()
    question = {"need": "health", "age_band": "15-17", "from": people.day(7), "how_many": 1}
    web("inquire", people.worker, to=people.receiver.agency, wanted=question, leg=leg)
    people.run()
    inquiries.answer(people.receiver, leg, "capacity")
    people.run()
    asked = {"case": held.record, "to": people.receiver.agency, "sections": ["identity"], "leg": leg}
    asked |= {"purpose": "family_tracing", "journey": {"purpose": "return"}, "basis": people.tracing().handoff}
    web("request_assessment", people.worker, **asked)
    people.run()
    found = {**held.sections["family_links"], "tracing": []}
    web("return_assessment", people.receiver, leg=leg, sections={"family_links": found})
    people.run()
    assert reading.show(people.worker, leg).state == "assessment_returned"
    kept = findings.keep_assessment(people.worker, leg).sections["family_links"]
    assert web("keep_assessment", people.worker, leg=leg)["family_links"] == kept
    assert kept["said_by"]["agency"] == people.receiver.agency


def test_a_child_who_came_without_a_file_is_taken_in_by_two(people, web):
    held = people.hagos(names={"full": "SYN Alone"})
    came = {"case": held.record, "mode": "forced", "next": people.day(3), "second": people.boss.id}
    refused = web.ask("intake", people.worker, **came, biaDue=people.day(60), bidDue=people.day(14))
    assert refused == {"refused": "invalid_request"}
    begun = web("intake", people.worker, **came, biaDue=people.day(14), bidDue=people.day(60))
    assert web("cosign", people.boss, record=begun["cosign"]) == "monitoring"
    found = web("who_holds", people.boss, handoff=held.record)
    assert (found["holder"], found["case"]) == (people.worker.agency, begun["case"])
    assert proof.check(people.boss, web("proof", people.boss, handoff=begun["leg"])).holder == people.worker.agency


def test_a_sister_is_offered_beside_her_brother_and_python_keeps_them_together(people, web):
    _held, brother, waits = offered(web, people, names={"full": "Almaz Syn"})
    sister, leg = people.hagos(names={"full": "Birtukan Syn"}), random_id()
    web("open_case", people.worker, record=sister.record)
    people.excepted(sister.record, leg)
    out = {
        "case": sister.record,
        "to": people.receiver.agency,
        "sections": list(SHOWN),
        "plan": people.plan().to_value(),
    }
    out |= {"purpose": {"purpose": "return", "final": False, "return_mode": "assisted_voluntary"}, "newLeg": leg}
    out |= {"second": people.boss.id, "others": [waits]}
    later = {**out, "plan": people.plan(5).to_value()}
    basis = consented(people, "SYN-sister")
    assert web.ask("offer_beside", people.worker, **later, basis=basis)["refused"] == "invalid_request"
    web("offer_beside", people.worker, **out, basis=basis)
    assert families.siblings(people.worker, leg) == [brother]


def test_the_table_of_who_takes_a_step_is_pythons(node):
    lifted = sorted(gates.LIFTED_BY)
    gated = [list(policy.GATES), list(policy.STEPS), lifted, lifted]
    assert node.ask("gates")["ok"] == gated
    begins = {"transfer.intake", "transfer.inquire"}
    signed = [row for row in TRANSITIONS if row.roles and Grade.SIGNED in row.grades]
    rows = [row for row in signed if row.type.startswith("transfer.") and row.type not in begins]
    for row in rows:
        wanted = [sorted(role) for role in row.roles]
        sides = ["sender", "recipient"] if row.side is Side.EITHER else [row.side.value]
        for side in sides:
            step = row.type.removeprefix("transfer.")
            found = node.ask("who_takes", side=side, state=row.source.value, step=step)["ok"]
            assert found, (row.type, side)
            assert sorted(found["roles"]) == wanted[0], (row.type, row.source)
            assert found["second"] is (len(wanted) > 1)
