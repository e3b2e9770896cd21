"""The client library against a served hub: a whole referral, what is refused, what is held back, what can be proven."""

from __future__ import annotations

import io
import json
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.client import basis as bases
from hub.client import breach, cosigning, enrol, opening, outcomes, proxies, reading, records, referrals, withdrawal
from hub.client.member import unlock
from hub.client.outcomes import Asked
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.errors import (
    BadSignature,
    Conflict,
    ConsentMissing,
    Forbidden,
    IllegalTransition,
    InvalidRequest,
    Malformed,
    NotFound,
    NotPermitted,
    PeerMisbehaved,
    Unauthenticated,
    WrongRecipient,
)
from hub.ids import random_id
from hub.keys.certificates import fingerprint
from tests.conftest import NOW
from tests.support.factories import some_hash
from tests.support.world import (
    PASSPHRASE,
    SECTIONS,
    consent,
    emergency,
    grant,
    populated,
    protection,
    reception,
    today,
    world,
)

HOST = "hub.example"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def one_hub(request, tmp_path_factory):
    with ExitStack() as stack:
        url = ""
        if request.param == "postgres":
            url = stack.enter_context(request.getfixturevalue("postgres_server").database())
        made = stack.enter_context(world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST, database=url))
        yield populated(made, HOST, HOST)


@pytest.fixture
def amina(one_hub):
    return one_hub.members["amina"]


@pytest.fixture
def hana(one_hub):
    return one_hub.members["hana"]


def refer(one_hub, amina, hana, **changes):
    held = reception(amina, one_hub.clock, hana.agency)
    given = {"to": hana.agency, "sections": SECTIONS, "basis": held, "purpose": "reception", "urgency": "urgent"}
    return referrals.send(amina, Outgoing(**{**given, **changes})).handoff


def test_a_referral_goes_from_sealed_to_closed(one_hub, amina, hana, tmp_path):
    note = tmp_path / "letter.txt"
    note.write_bytes(b"SYN letter")
    large = tmp_path / "scan.bin"
    large.write_bytes(bytes(range(256)) * 8192)
    handoff = refer(one_hub, amina, hana, attachments=[note, large])
    shown = reading.show(hana, handoff)
    assert (shown.state, shown.ball) == ("delivered", "recipient")
    referrals.take(hana, handoff, "acknowledge")
    (opened,) = opening.open_handoff(hana, handoff, into=tmp_path)
    assert {**opened.sections, "request": None} == {**SECTIONS, "request": None}
    assert not opened.quarantined
    assert {path.name: path.read_bytes() for path in opened.written if path.suffix != ".json"} == {
        "letter.txt": b"SYN letter",
        "scan.bin": large.read_bytes(),
    }
    referrals.take(hana, handoff, "ask", text="Which language?")
    assert opening.open_handoff(amina, handoff)[0].sections["reply"]["text"] == "Which language?"
    referrals.answer(amina, handoff, {"needs_risk": {"language": "ti"}})
    referrals.take(hana, handoff, "accept", first_contact="2026-11-25")
    referrals.take(hana, handoff, "start", contact="2026-11-25")
    referrals.take(hana, handoff, "report_outcome", got_help="yes", services=["reception"])
    assert outcomes.close(amina, handoff, [Asked("child", "in_person", "2026-11-26", "yes")])["state"] == "loop_closed"
    shown = reading.show(amina, handoff)
    assert (shown.state, shown.ball, shown.grade) == ("loop_closed", None, "signed")
    assert [line.statement.type for line in shown.lines][-1] == "referral.close"


def test_what_the_consent_does_not_cover_is_not_sealed(one_hub, amina, hana):
    with pytest.raises(ConsentMissing) as refusal:
        refer(one_hub, amina, hana, sections={**SECTIONS, "health": {}})
    assert [row["rule"] for row in refusal.value.facts["reasons"]] == ["R01"]


def rules(refusal):
    return {row["rule"] for row in refusal.value.facts["reasons"]}


def test_every_refusal_says_its_rule_and_whom_to_ask(one_hub, amina, hana):
    clock, to = one_hub.clock, hana.agency
    given = {"to": to, "sections": SECTIONS, "purpose": "reception"}
    for changes, rule in (
        ({"assent": {"answer": "refused"}}, "R03"),
        ({"giver": {"capacity": "parent", "order": None}}, "R02"),
        ({"denials": [{"recipient": to}]}, "R01"),
        ({"reconfirm_by": (today(clock) - timedelta(days=1)).isoformat()}, "R04"),
    ):
        held = reception(amina, clock, to, **changes)
        with pytest.raises(ConsentMissing) as refusal:
            referrals.send(amina, Outgoing(**given, basis=held))
        assert rule in rules(refusal)
        assert all(row["ask"] for row in refusal.value.facts["reasons"])
    with pytest.raises(ConsentMissing) as refusal:
        referrals.send(amina, Outgoing(**{**given, "purpose": "readmission"}, basis=reception(amina, clock, to)))
    assert rules(refusal) == {"R08"}


def test_a_duty_to_protect_reaches_the_authority_alone(one_hub, amina):
    authority = one_hub.members["daher"].agency
    held = protection(amina, one_hub.clock, authority)
    sent = referrals.send(amina, Outgoing(authority, SECTIONS, held, "protection"))
    assert opening.open_handoff(one_hub.members["daher"], sent.handoff)[0].sections["minimal_contact"]
    other = protection(amina, one_hub.clock, one_hub.members["hana"].agency)
    with pytest.raises(ConsentMissing) as refusal:
        referrals.send(amina, Outgoing(one_hub.members["hana"].agency, SECTIONS, other, "protection"))
    assert rules(refusal) == {"R39"}


def test_another_agency_neither_sees_nor_opens(one_hub, amina, hana):
    handoff = refer(one_hub, amina, hana)
    daher = one_hub.members["daher"]
    with pytest.raises(NotFound):
        reading.show(daher, handoff)
    (packet,) = reading.show(amina, handoff).packets
    with pytest.raises(NotFound):
        daher.hub.download(f"/api/v1/packets/{packet.hash}/files/body", io.BytesIO(), 1 << 20)


def test_a_colleague_without_the_epoch_opens_after_it_is_granted(one_hub, hana, amina):
    late, _ = enrol.enrol(one_hub.desk("late"), enrol.invite(hana, {"caseworker"}))
    enrol.certify_pending(hana, "late", enrol.this_device(late, {"caseworker"}).fingerprint, {"caseworker"})
    handoff = refer(one_hub, amina, hana)
    with pytest.raises(WrongRecipient):
        opening.open_handoff(late, handoff)
    assert late.id in enrol.grant_missing(hana)
    assert opening.open_handoff(late, handoff)[0].sections["needs_risk"] == SECTIONS["needs_risk"]


def test_a_coordinator_is_never_granted_the_epoch_and_sees_no_case(one_hub, hana, amina):
    clerk = one_hub.join(hana, "clerk", {"coordinator"})
    assert clerk.epochs() == {}
    handoff = refer(one_hub, amina, hana)
    for look in (reading.show, opening.open_handoff):
        with pytest.raises(Forbidden):
            look(clerk, handoff)
    with pytest.raises(Forbidden):
        next(reading.pages(clerk, "referral", "in"))


def test_an_auditor_sees_how_a_handoff_stands_and_opens_nothing(one_hub, hana, amina):
    auditor = one_hub.join(hana, "eyes", {"auditor"})
    handoff = refer(one_hub, amina, hana)
    assert reading.show(auditor, handoff).state == "delivered"
    with pytest.raises(Forbidden):
        opening.open_handoff(auditor, handoff)


def test_a_device_is_certified_only_with_its_own_digits(one_hub, hana):
    enrol.enrol(one_hub.desk("ghost"), enrol.invite(hana, {"caseworker"}))
    with pytest.raises(BadSignature):
        enrol.certify_pending(hana, "ghost", "00000 " * 12, {"caseworker"})


def test_the_digits_cover_the_encryption_key_too(hana, one_hub):
    device = hana.secrets.device
    mine = enrol.device_fingerprint(device.signer().public_key, device.recipient)
    swapped = enrol.device_fingerprint(device.signer().public_key, one_hub.members["amina"].secrets.device.recipient)
    assert mine != swapped


def test_a_committee_is_not_sent_to_but_a_person_of_it_is(one_hub, amina):
    tesfaye = one_hub.members["tesfaye"]
    scope = grant(one_hub.clock, tesfaye.agency, categories={"minimal_contact", "economic"}, purpose="livelihood")
    held = bases.draft(amina, consent(one_hub.clock, scope), "loan")
    out = {"to": tesfaye.agency, "sections": {"minimal_contact": {}}, "basis": held, "purpose": "livelihood"}
    with pytest.raises(ConsentMissing) as refusal:
        referrals.send(amina, Outgoing(**out))
    assert rules(refusal) == {"R16"}
    sent = referrals.send(amina, Outgoing(**out, person=tesfaye.id))
    colleague = one_hub.join(tesfaye, "colleague", {"caseworker"})
    assert opening.open_handoff(tesfaye, sent.handoff)[0].sections["minimal_contact"] == {}
    with pytest.raises(WrongRecipient):
        opening.open_handoff(colleague, sent.handoff)
    referrals.take(tesfaye, sent.handoff, "acknowledge")
    referrals.take(tesfaye, sent.handoff, "ask", text="When?")
    assert opening.open_handoff(amina, sent.handoff)[0].sections["reply"]["text"] == "When?"
    record = records.put(tesfaye, "note", {"seen": True})
    assert records.get(tesfaye, record).value == {"seen": True}


def test_a_section_beyond_the_excerpt_is_held_back(one_hub, amina, hana, monkeypatch):
    held = reception(amina, one_hub.clock, hana.agency)
    permitted = bases.decide_for

    def careless(member, basis, asked, packet):
        narrow = bases.Asked(asked.to, asked.purpose, frozenset(SECTIONS), asked.service, asked.person)
        return permitted(member, basis, narrow, packet)

    monkeypatch.setattr(bases, "decide_for", careless)
    out = Outgoing(hana.agency, {**SECTIONS, "health": {"note": "fever"}}, held, "reception")
    handoff = referrals.send(amina, out).handoff
    (opened,) = opening.open_handoff(hana, handoff)
    assert set(opened.quarantined) == {"health"}
    assert "health" not in opened.sections
    assert opened.attachments == {}
    with pytest.raises(NotPermitted) as refusal:
        opened.refuse_quarantined()
    assert refusal.value.facts["sections"] == ["health"]


def test_a_record_that_cannot_be_read_permits_nothing_and_spoils_no_list(one_hub, amina, hana):
    held = reception(amina, one_hub.clock, hana.agency)
    value = dict(records.get(amina, held.handoff).value)
    for broken in ({**value, "heads": []}, {**value, "basis": {"kind": "consent"}}, {"label": "x"}):
        spoilt = records.put(amina, bases.KIND, broken)
        assert spoilt in bases.unreadable(amina)
        with pytest.raises((InvalidRequest, Malformed)):
            bases.load(amina, spoilt)
    assert held.handoff in {row.handoff for row in bases.listing(amina)}


def test_what_was_held_back_is_reported_to_the_sender_once(one_hub, amina, hana, monkeypatch):
    held, permitted = reception(amina, one_hub.clock, hana.agency), bases.decide_for

    def careless(member, basis, asked, packet):
        narrow = bases.Asked(asked.to, asked.purpose, frozenset(SECTIONS))
        return permitted(member, basis, narrow, packet)

    monkeypatch.setattr(bases, "decide_for", careless)
    out = Outgoing(hana.agency, {**SECTIONS, "health": {"note": "fever"}}, held, "reception")
    handoff = referrals.send(amina, out).handoff
    for _ in range(2):
        breach.open_and_report(hana, handoff)
    shown = reading.show(amina, handoff)
    assert [line.statement.type for line in shown.lines].count("consent.report") == 1
    assert shown.state == "delivered"
    (word,) = opening.open_handoff(amina, handoff)
    assert word.sections["reply"]["held_back"] == {"health": ["R01"]}
    notes = [row.value for row in records.listing(hana, "note") if "held_back" in row.value]
    assert [row["handoff"] for row in notes] == [handoff]
    with pytest.raises(Forbidden):
        breach.report(amina, handoff, word) or referrals.say(amina, "consent.report", shown, {"manifest": word.packet})


def test_life_and_health_need_a_supervisors_own_signature(one_hub, amina, hana):
    omar = one_hub.join(amina, "omar", {"supervisor"})
    out = {"to": hana.agency, "sections": {"minimal_contact": {}}, "purpose": "emergency", "urgency": "emergency"}
    mine = emergency(amina, one_hub.clock, hana.agency, amina.id)
    with pytest.raises(Forbidden):
        referrals.send(amina, Outgoing(**out, basis=mine))
    sent = referrals.send(amina, Outgoing(**out, basis=emergency(amina, one_hub.clock, hana.agency, omar.id)))
    with pytest.raises(NotFound):
        reading.show(hana, sent.handoff)
    (item,) = cosigning.waiting(omar)
    assert item.copy["sections"] == {"minimal_contact": {}}
    with pytest.raises(Forbidden):
        cosigning.cosign(amina, item.record)
    assert cosigning.cosign(omar, item.record)["id"] == sent.handoff
    assert cosigning.waiting(omar) == []
    with pytest.raises(Conflict):
        cosigning.cosign(omar, item.record)
    shown = reading.show(hana, sent.handoff)
    assert [actor.role for actor in shown.submission.statement.by] == ["caseworker", "supervisor"]
    referrals.take(hana, sent.handoff, "acknowledge")


def test_a_vital_interest_that_its_supervisor_did_not_sign_is_not_opened(one_hub, amina, hana):
    hodan = one_hub.join(amina, "hodan", {"supervisor"})
    basis = emergency(amina, one_hub.clock, hana.agency, hodan.id)
    out = Outgoing(hana.agency, {"minimal_contact": {"given_name": "SYN-X"}}, basis, "emergency", "emergency")
    handoff, alone = random_id(), [amina.me(frozenset({"caseworker"}))]
    with referrals.sealed(amina, out) as ready:  # a sender's client that leaves the second signature out
        body = {
            "kind": "referral",
            "urgency": "emergency",
            "due": NOW + 3600,
            "needed_from": None,
            "leg": None,
            "freeze": some_hash("handle"),
            "link": None,
        }
        body["verdict"] = ready.permitted.verdict(alone)
        said = amina.statement("referral.submit", handoff, body, by=alone, part=ready.part)
        records.send(amina, "/api/v1/handoffs", said, ready.part.source)
    with pytest.raises(BadSignature):
        opening.open_handoff(hana, handoff)


def test_a_reported_acknowledgement_is_shown_as_reported_until_it_is_signed(one_hub, amina, hana):
    handoff = refer(one_hub, amina, hana)
    proxies.report(amina, handoff, "acknowledge", "phone", "Hana said on the phone: seen.")
    assert (reading.show(amina, handoff).state, reading.show(amina, handoff).grade) == ("acknowledged", "reported")
    referrals.take(hana, handoff, "acknowledge")
    assert reading.show(amina, handoff).grade == "signed"


def test_what_is_not_possible_now_says_what_is(one_hub, amina, hana):
    handoff = refer(one_hub, amina, hana)
    with pytest.raises(IllegalTransition) as refusal:
        referrals.take(hana, handoff, "start", contact="2026-12-01")
    assert "referral.acknowledge" in refusal.value.facts["possible"]
    with pytest.raises(Forbidden):
        outcomes.close(hana, handoff, [Asked("child", "phone", "2026-11-26", "yes")])


def test_a_withdrawn_consent_reaches_everybody_who_was_sent_something_on_it(one_hub, amina, hana):
    held = reception(amina, one_hub.clock, hana.agency)
    out = Outgoing(hana.agency, SECTIONS, held, "reception")
    sent = {referrals.send(amina, out).handoff for _ in range(2)}
    assert set(withdrawal.withdraw(amina, held.handoff)) == sent
    assert {reading.show(hana, handoff).state for handoff in sent} == {"consent_withdrawn"}
    assert not bases.load(amina, held.handoff).live
    for handoff in sent:
        assert opening.open_handoff(hana, handoff) == []


def test_a_kept_receipt_proves_its_statement_without_the_hub(one_hub, amina, hana):
    handoff = refer(one_hub, amina, hana)
    first = reading.show(amina, handoff).submission
    proven = records.prove(amina, first.hash)
    assert (proven.handoff, proven.type) == (handoff, "referral.submit")
    path = amina.profile.folder / "evidence" / f"{first.hash}.json"
    value = json.loads(path.read_text())
    other = reading.show(amina, refer(one_hub, amina, hana)).submission.hash
    value["receipt"] = json.loads((path.parent / f"{other}.json").read_text())["receipt"]
    path.write_text(json.dumps(value))
    with pytest.raises(BadSignature):
        records.prove(amina, first.hash)
    with pytest.raises(NotFound):
        records.prove(amina, "../profile")


def test_records_are_replaced_and_found_by_kind(one_hub, amina, tmp_path):
    form = tmp_path / "form.txt"
    form.write_bytes(b"thumbprint")
    record = records.put(amina, "draft", {"n": 1}, attachments=[form])
    records.put(amina, "draft", {"n": 2}, handoff=record)
    assert records.get(amina, record, "draft").value == {"n": 2}
    assert record in {found.handoff for found in records.listing(amina, "draft")}
    with pytest.raises(NotFound):
        records.get(amina, record, "consent")


def test_a_profile_is_for_its_owner_alone_and_opens_offline(one_hub, amina):
    folder = amina.profile.folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o600}
    again = unlock(folder, PASSPHRASE, clock=one_hub.clock)
    assert again.id == amina.id
    assert PASSPHRASE not in repr(again) + repr(again.secrets) + repr(again.profile)
    with pytest.raises(Unauthenticated):
        unlock(folder, "another passphrase")


def test_an_older_vault_is_refused(one_hub, amina):
    folder = amina.profile.folder
    old = (folder / "vault.json").read_bytes()
    amina.keep()
    unlock(folder, PASSPHRASE, clock=one_hub.clock)
    new = (folder / "vault.json").read_bytes()
    (folder / "vault.json").write_bytes(old)
    with pytest.raises(Unauthenticated):
        unlock(folder, PASSPHRASE, clock=one_hub.clock)
    (folder / "vault.json").write_bytes(new)


def test_the_recovery_code_sets_a_new_passphrase(one_hub, hana):
    lost, sheet = enrol.enrol(one_hub.desk("lost"), enrol.invite(hana, {"caseworker"}))
    desk = replace(one_hub.desk("lost"), passphrase="a passphrase that is new")
    member = enrol.recover(desk, sheet.recovery)
    assert member.hub.get("/api/v1/me")["login"] == "lost"
    assert unlock(desk.folder, desk.passphrase, clock=one_hub.clock).id == lost.id
    lost.hub.use(None)
    with pytest.raises(Unauthenticated):
        lost.hub.get("/api/v1/me")
    assert sheet.recovery not in repr(sheet)


def test_a_hub_that_shows_another_state_than_was_signed_is_caught(one_hub, amina, hana, monkeypatch):
    handoff = refer(one_hub, amina, hana)
    honest = hana.hub.get

    def lying(path, **query):
        answer = honest(path, **query)
        return {**answer, "state": "accepted"} if "handoffs" in path else answer

    monkeypatch.setattr(hana.hub, "get", lying)
    with pytest.raises(PeerMisbehaved):
        reading.show(hana, handoff)


def test_a_hub_that_swaps_receipts_is_caught(one_hub, amina, hana, monkeypatch):
    handoff = refer(one_hub, amina, hana)
    honest = hana.hub.get

    def lying(path, **query):
        answer = honest(path, **query)
        if "handoffs" in path:
            rows = answer["statements"]
            rows[0]["answer"], rows[1]["answer"] = rows[1]["answer"], rows[0]["answer"]
        return answer

    monkeypatch.setattr(hana.hub, "get", lying)
    with pytest.raises(BadSignature):
        reading.show(hana, handoff)


def test_a_hub_that_changes_a_byte_of_a_packet_is_caught(one_hub, amina, hana, monkeypatch):
    handoff = refer(one_hub, amina, hana)
    honest = hana.hub.download

    def lying(path, sink, size):
        buffer = io.BytesIO()
        honest(path, buffer, size)
        data = bytearray(buffer.getvalue())
        data[-1] ^= 1
        sink.write(bytes(data))

    monkeypatch.setattr(hana.hub, "download", lying)
    with pytest.raises(BadSignature):
        opening.open_handoff(hana, handoff)


def test_a_hub_that_certifies_a_device_of_its_own_is_not_believed(one_hub, amina, hana, monkeypatch):
    honest = amina.hub.get

    def lying(path, **query):
        answer = honest(path, **query)
        if "agencies" in path:
            answer["entries"] = [row for row in answer["entries"] if row["index"] != answer["entries"][0]["index"]]
        return answer

    amina.trust.forget()
    monkeypatch.setattr(amina.hub, "get", lying)
    with pytest.raises(BadSignature):
        amina.trust.agency(hana.agency)


def test_an_agency_that_certifiers_do_not_know_needs_its_fingerprint(one_hub, amina, hana):
    known = amina.trust.agency(hana.agency)
    stranger, _ = enrol.enrol(
        one_hub.desk("stranger"), replace(enrol.invite(hana, {"caseworker"}), certifiers=frozenset())
    )
    with pytest.raises(BadSignature):
        stranger.trust.agency(hana.agency)
    assert stranger.trust.agency(hana.agency, fingerprint=fingerprint(known.entry.root)).how == "fingerprint"
