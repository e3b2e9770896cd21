"""Lies about who holds a case, and packets that say more than their closed forms: neither is believed."""

from __future__ import annotations

import base64
import json

import pytest

from hub.client import gates, judging, opening, proof, reading, records, referrals, register, transfers
from hub.clock import SetClock
from hub.errors import BadSignature, Conflict, HubError, NotPermitted, PeerMisbehaved
from hub.ids import random_id
from hub.packets.encoding import b64u
from tests.conftest import NOW
from tests.support.legs import People
from tests.support.world import populated, world

HOME, AWAY = "dj.example", "et.example"


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        made.join(made.members["amina"], "omar", {"supervisor"})
        made.join(made.members["hana"], "bekele", {"supervisor"})
        yield People(made, *(made.members[name] for name in ("amina", "omar", "hana", "bekele")))


@pytest.fixture(scope="module")
def handed_over(people):
    return people.handed_over()


@pytest.fixture(scope="module")
def proven(people, handed_over):
    return json.dumps(proof.make(people.worker, handed_over[0].record))


class TestAProof:
    def test_needs_no_hub(self, people, proven):
        def away(*_args, **_more):
            raise AssertionError("a hub was asked")

        member = people.boss
        member.trust.forget()
        honest, member.hub._ask = member.hub._ask, away
        try:
            assert proof.check(member, json.loads(proven)).holder == people.receiver.agency
        finally:
            member.hub._ask = honest

    def test_without_the_release_shows_no_take(self, people, proven):
        value = json.loads(proven)
        del value["steps"][2]
        with pytest.raises(BadSignature):
            proof.check(people.boss, value)

    def test_in_another_order_is_none(self, people, proven):
        value = json.loads(proven)
        value["steps"].reverse()
        with pytest.raises(BadSignature):
            proof.check(people.boss, value)

    def test_with_a_word_of_nobody_is_none(self, people, proven):
        value = json.loads(proven)
        value["steps"][-1]["statement"]["payload"] = value["steps"][0]["statement"]["payload"]
        with pytest.raises(HubError):
            proof.check(people.boss, value)

    def test_without_the_ordering_hub_s_receipt_is_none(self, people, proven):
        value = json.loads(proven)
        take = value["steps"][-1]
        take["receipts"] = [one for one in take["receipts"] if "dj.example" not in str(_said(one)["by"])]
        with pytest.raises(BadSignature):
            proof.check(people.boss, value)

    def test_of_a_forked_log_is_none(self, people, proven):
        value = json.loads(proven)
        value["heads"][0]["grown"][0]["root"] = b64u(bytes(32))
        with pytest.raises(BadSignature):
            proof.check(people.boss, value)

    def test_of_a_hub_that_nobody_pinned_is_none(self, people, proven):
        value = json.loads(proven)
        value["heads"][0]["host"] = "evil.example"
        with pytest.raises(BadSignature):
            proof.check(people.boss, value)

    def test_of_a_release_alone_says_that_the_sender_holds_the_case(self, people):
        held, _leg = people.released()
        found = proof.check(people.boss, proof.make(people.worker, held.record))
        assert found.holder == people.worker.agency
        assert found.release is not None

    def test_of_no_form_is_none(self, people, proven):
        for change in ({"v": 2}, {"steps": []}, {"heads": []}, {"more": 1}):
            with pytest.raises(HubError):
                proof.check(people.boss, {**json.loads(proven), **change})


def test_a_hub_that_shows_another_register_is_not_believed(people, handed_over):
    _held, leg = handed_over
    honest = people.receiver.hub.get
    other = register.who_holds(people.receiver, people.handed_over()[1]).case

    def lying(path, **query):
        answer = honest(path, **query)
        if path == "/api/v1/handoffs" and query.get("kind") == "case":
            for row in answer["items"]:
                row["case"]["came_by"] = leg if row["id"] == other else None
        return answer

    people.receiver.hub.get = lying
    try:
        with pytest.raises(PeerMisbehaved):
            register.who_holds(people.receiver, leg)
    finally:
        people.receiver.hub.get = honest


def test_the_same_child_has_one_register(people):
    same = {"names": {"full": "Tekle Syn"}, "born": {"on": "2011-05-06"}}
    held = transfers.open_case(people.worker, people.hagos(**same).record)
    again = people.hagos(names={"full": "SYN  tekle"}, born={"on": "2011-05-06"})
    with pytest.raises(Conflict) as refused:
        register.refuse_second(people.worker, again)
    assert refused.value.facts["records"] == [held.record]
    register.refuse_second(people.worker, again, another=True)
    register.refuse_second(people.worker, people.hagos(names={"full": "Tekle Syn"}, born={"on": "2012-01-01"}))


STRANGE = [
    {judging.JOURNEY: {"v": 1, "purpose": "return", "note": "She has a brother called Yonas."}},
    {gates.SECTION: {"v": 1, "step": "offer", "key": b64u(bytes(32)), "findings": [], "approvals": [], "why": "ill"}},
    {gates.SECTION: "He is HIV positive."},
    {"handover": {"name": "Yonas"}},
]


@pytest.mark.parametrize("beside", STRANGE)
def test_what_no_basis_has_to_cover_says_nothing_else_or_is_held_back(people, beside):
    held, out = people.draft()
    leg = random_id()
    transfers.name_leg(people.worker, held, leg)
    going = transfers.outgoing(out, {"identity": held.sections["identity"]})
    told = out.purpose.to_value("unaccompanied")
    known = judging.journey(people.worker, told, out.new_leg, out.to, holder="sender", disagreement=False)
    _result, found = judging.judge(people.worker, "offer", held.sections, known, held.record)
    with referrals.sealed(people.worker, going, beside) as ready:
        by = [people.worker.me(frozenset({"caseworker"})), transfers.second_signer(people.worker, people.boss.id)]
        body = {
            "kind": "transfer_leg",
            "urgency": "high",
            "due": None,
            "plan": None,
            "verdict": found.verdict(by, ready.permitted.gates),
            "freeze": referrals.freeze_handle(out.basis, ready.part.packet),
        }
        said = people.worker.statement(transfers.OFFER, leg, body, by=by, part=ready.part)
        signed = transfers.cosigning.co_sign(said, people.boss.signer)
        records.send(people.worker, "/api/v1/handoffs", signed, ready.part.source)
    people.run()
    (opened,) = opening.open_handoff(people.receiver, leg)
    assert set(opened.quarantined) == set(beside)
    assert not set(beside) & set(opened.sections)
    with pytest.raises(NotPermitted):
        transfers.taken_in(people.receiver, leg, transfers.OFFER)
    assert reading.show(people.receiver, leg).state == "delivered"


def _said(envelope):
    return json.loads(base64.b64decode(envelope["payload"]))
