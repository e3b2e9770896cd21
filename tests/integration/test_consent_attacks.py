"""Senders with clients of their own making, against the recipient's client: nothing beyond its basis is shown (R01)."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from consent import policy
from consent import record as consents
from hub.client import basis as bases
from hub.client import breach, cosigning, opening, reading, referrals
from hub.client.member import workspace
from hub.client.opening import REQUEST
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.errors import BadSignature, InvalidRequest
from hub.ids import random_id
from hub.packets import seal
from tests.conftest import NOW
from tests.support.factories import some_hash
from tests.support.world import SECTIONS, consent, emergency, grant, populated, reception, world

HOST = "hub.example"


@pytest.fixture(scope="module")
def one_hub(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        populated(made, HOST, HOST)
        made.join(made.members["amina"], "omar", {"supervisor"})
        yield made


@pytest.fixture
def amina(one_hub):
    return one_hub.members["amina"]


@pytest.fixture
def hana(one_hub):
    return one_hub.members["hana"]


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("SYN what nobody agreed to")
    return path


def sealed_by_hand(member, to, excerpt, sections, attachments=(), month="2026-12"):
    """Submit a packet that no rule was asked about; return its handoff."""
    basis = seal.Basis(secrets.token_bytes(32), excerpt, to.home().entry.country, month)
    target, handoff = member.target(member.trust.agency(to.agency)), random_id()
    gates = [{"id": gate, "commit": some_hash(gate)} for gate in policy.GATES]
    verdict = {"policy": "2026-12", "gates": gates, "signers": [{"role": "caseworker", "n": 1}]}
    body = {"kind": "referral", "urgency": "routine", "due": NOW + 3600, "needed_from": None, "leg": None}
    body |= {"verdict": verdict, "freeze": some_hash("handle"), "link": None}
    by = [member.me(frozenset({"caseworker"}))]
    with workspace() as folder:
        part = member.seal(folder, target, sections, basis=basis, attachments=attachments)
        said = member.statement("referral.submit", handoff, body, by=by, part=part)
        member.send("/api/v1/handoffs", said, part.source)
    return handoff


def asked(purpose="reception"):
    return {REQUEST: {"v": 1, "purpose": purpose, "service": None}}


def test_attachments_without_any_section_stay_closed(one_hub, amina, hana, letter, tmp_path):
    shown = reception(amina, one_hub.clock, hana.agency).excerpt(hana.agency)
    handoff = sealed_by_hand(amina, hana, shown, {}, [letter])
    (opened,) = breach.open_and_report(hana, handoff, into=tmp_path / "desk")
    assert opened.attachments == {}
    assert set(opened.quarantined) == {"attachments"}
    assert [path for path in opened.written if path.name == "letter.txt"] == []
    assert not list((tmp_path / "desk").rglob("letter.txt"))


def with_part(excerpt, name, value):
    """A head of the sender's own making, in which a part stands that no record can have."""
    part = {"salt": "a" * 22, "name": name, "value": value}
    head = {**excerpt["head"], "digests": [*excerpt["head"]["digests"], consents.digest(part)]}
    return {**excerpt, "head": head, "parts": [*excerpt["parts"], part]}


@pytest.mark.parametrize(
    ("name", "value"), [("grant", "everything"), ("denial", [None]), ("override", {"rule": "R03", "proof": 7})]
)
def test_an_excerpt_with_a_row_of_no_form_permits_nothing_and_breaks_nothing(one_hub, amina, hana, name, value):
    shown = with_part(reception(amina, one_hub.clock, hana.agency).excerpt(hana.agency), name, value)
    handoff = sealed_by_hand(amina, hana, shown, {**SECTIONS, **asked()})
    (opened,) = opening.open_handoff(hana, handoff)
    assert set(opened.quarantined) >= set(SECTIONS)
    assert not set(SECTIONS) & set(opened.sections)
    with pytest.raises(InvalidRequest):
        opening.received(hana, handoff)


def test_a_supervisor_who_signed_once_has_not_signed_another_three_days(one_hub, amina, hana):
    """A caseworker writes a second vital interest in the name of the supervisor who signed the first."""
    omar, clock = one_hub.members["omar"], one_hub.clock
    first = emergency(amina, clock, hana.agency, omar.id)
    out = Outgoing(hana.agency, {"minimal_contact": {}}, first, "emergency", "emergency")
    sent = referrals.send(amina, out)
    cosigning.cosign(omar, sent.cosign)
    referrals.take(hana, sent.handoff, "acknowledge")
    referrals.take(hana, sent.handoff, "ask", text="SYN more?")
    clock.forward(2 * 86_400)
    again = emergency(amina, clock, hana.agency, omar.id)
    with referrals.sealed(amina, replace(out, basis=again)) as ready:
        referrals.say(amina, "referral.answer", reading.show(amina, sent.handoff), {}, ready.part)
    (late,) = [p for p in reading.show(hana, sent.handoff).packets if p.manifest.created == clock.now()]
    with pytest.raises(BadSignature):
        opening.open_handoff(hana, sent.handoff, packet=late.hash)


def test_what_the_giver_took_back_since_is_not_passed_on(one_hub, amina, hana):
    """The answer to a question came on a newer revision, in which nobody is named any more to pass on to."""
    clock, daher = one_hub.clock, one_hub.members["daher"]
    scope = grant(clock, hana.agency, categories=set(SECTIONS), purpose="reception", onward=[daher.agency])
    held = bases.draft(amina, consent(clock, scope), "reception")
    handoff = referrals.send(amina, Outgoing(hana.agency, SECTIONS, held, "reception")).handoff
    assert opening.received(hana, handoff).basis["head"]["revision"] == 1
    rows = [{**held.basis["grants"][0], "onward": []}]
    bases.revise(amina, held, {"grants": rows})
    referrals.take(hana, handoff, "acknowledge")
    referrals.take(hana, handoff, "ask", text="SYN more?")
    clock.forward(60)
    referrals.answer(amina, handoff, SECTIONS)
    assert opening.received(hana, handoff).basis["head"]["revision"] == 2
