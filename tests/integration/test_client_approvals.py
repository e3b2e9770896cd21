"""Approvals that lift a rule, and agencies' declarations: what counts is what was signed, at both ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from hub.client import approvals, around, enrol, opening, reading, records, referrals, tasks
from hub.client import basis as bases
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.directory.attestation import Attestation, read_attestation, sign_attestation
from hub.errors import BadSignature, ConsentMissing, Expired, Forbidden, InvalidRequest, Malformed
from tests.conftest import NOW
from tests.support.factories import signer
from tests.support.world import SECTIONS, consent, grant, populated, reception, today, world

HOST = "hub.example"
REFUSED = {"answer": "refused"}


@pytest.fixture(scope="module")
def one_hub(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        populated(made, HOST, HOST)
        amina = made.members["amina"]
        made.join(amina, "omar", {"supervisor"})
        made.join(amina, "fatou", {"caseworker"})
        yield made


@pytest.fixture
def amina(one_hub):
    return one_hub.members["amina"]


@pytest.fixture
def omar(one_hub):
    return one_hub.members["omar"]


@pytest.fixture
def fatou(one_hub):
    return one_hub.members["fatou"]


@pytest.fixture
def hana(one_hub):
    return one_hub.members["hana"]


def best_interests(clock, **changes):
    """What a panel says: the child said no, was told, and it must be shared all the same."""
    last = date.fromordinal(today(clock).toordinal() + 30).isoformat()
    known = {"rule": "R03", "categories": None, "recipient": None, "from": today(clock).isoformat(), "until": last}
    told = {"code": "best_interests", "reason": "SYN: a real risk, the panel met", "child_told": True}
    return {**known, **told, "child_agreed": False, **changes}


def sends(member, basis, hana):
    held = bases.load(member, basis, "SYN reason")
    return referrals.send(member, Outgoing(hana.agency, SECTIONS, held, "reception")).handoff


def with_approvals(member, basis, rows):
    """Keep a revision whose approvals somebody wrote with an editor."""
    return bases.revise(member, bases.load(member, basis, "SYN reason"), {"overrides": rows})


def test_two_members_lift_a_childs_no_for_sender_and_recipient(one_hub, amina, omar, fatou, hana):
    held = reception(amina, one_hub.clock, hana.agency, assent=REFUSED)
    with pytest.raises(ConsentMissing) as refusal:
        sends(amina, held.handoff, hana)
    assert [row["rule"] for row in refusal.value.facts["reasons"]] == ["R03"]
    bases.approve(omar, held.handoff, best_interests(one_hub.clock), "SYN reason")
    with pytest.raises(ConsentMissing):
        sends(amina, held.handoff, hana)
    kept = bases.approve(fatou, held.handoff, best_interests(one_hub.clock), "SYN reason")
    assert [row["role"] for row in kept.basis["overrides"][0]["by"]] == ["supervisor", "caseworker"]
    (opened,) = opening.open_handoff(hana, sends(amina, held.handoff, hana))
    assert dict(opened.sections)["needs_risk"] == SECTIONS["needs_risk"]
    assert not opened.quarantined


def test_what_was_lifted_is_reviewed_within_the_week_by_somebody_who_did_not_sign(one_hub, amina, omar, fatou, hana):
    held = reception(amina, one_hub.clock, hana.agency)
    assert not [task for task in tasks.listing(omar) if task.about == held.handoff]
    for rule in ("R11", "R12"):
        bases.approve(omar, held.handoff, best_interests(one_hub.clock, rule=rule), "SYN reason")
    (task,) = [task for task in tasks.listing(amina) if task.about == held.handoff]
    assert (task.what, task.needs) == (tasks.What.LIFTED, ("r11", "r12"))
    assert task.due < one_hub.clock.now() + 8 * 86_400
    for member in (omar, fatou):
        with pytest.raises(Forbidden):
            tasks.finish(member, held.handoff, "stands")
    with pytest.raises(InvalidRequest):
        tasks.finish(amina, held.handoff, "consent")
    tasks.finish(amina, held.handoff, "stands")
    assert not [task for task in tasks.listing(omar) if task.about == held.handoff]
    more = best_interests(one_hub.clock, rule="R18")
    bases.approve(omar, held.handoff, more, "SYN reason")
    assert [task.needs for task in tasks.listing(amina) if task.about == held.handoff] == [("r11", "r12", "r18")]


def test_nobody_signs_a_review_of_what_was_lifted_past_its_client(one_hub, amina, omar, fatou, hana):
    held = reception(amina, one_hub.clock, hana.agency)
    bases.approve(omar, held.handoff, best_interests(one_hub.clock, rule="R11"), "SYN reason")
    (task,) = [task for task in tasks.listing(amina) if task.about == held.handoff]
    said = {"what": "lifted", "about": task.about, "needs": ["r11"], "due": task.due, "done": "stands"}
    records.put(fatou, "task", said)
    records.put(omar, "task", said)
    assert [found.about for found in tasks.listing(amina) if found.about == held.handoff] == [held.handoff]


def test_nobody_approves_the_same_twice_or_what_is_never_lifted(one_hub, amina, omar, hana):
    held = reception(amina, one_hub.clock, hana.agency, assent=REFUSED)
    bases.approve(omar, held.handoff, best_interests(one_hub.clock), "SYN reason")
    with pytest.raises(InvalidRequest):
        bases.approve(omar, held.handoff, best_interests(one_hub.clock), "SYN reason")
    for rule in ("R01", "R02", "R07", "R08", "R15"):
        with pytest.raises(InvalidRequest):
            bases.approve(omar, held.handoff, best_interests(one_hub.clock, rule=rule), "SYN reason")


class TestAnApprovalCountsForNothing:
    """Where its words, its record or its signer are not what was signed."""

    @pytest.fixture
    def good(self, one_hub, amina, omar, fatou, hana):
        held = reception(amina, one_hub.clock, hana.agency, assent=REFUSED)
        for member in (omar, fatou):
            kept = bases.approve(member, held.handoff, best_interests(one_hub.clock), "SYN reason")
        return held.handoff, dict(kept.basis["overrides"][0])

    def test_without_signatures(self, amina, hana, good):
        basis, row = good
        with_approvals(amina, basis, [{**row, "proof": []}])
        with pytest.raises(ConsentMissing):
            sends(amina, basis, hana)

    @pytest.mark.parametrize(
        "change", [{"until": "2027-12-31"}, {"code": "other"}, {"child_agreed": True}, {"categories": ["health"]}]
    )
    def test_after_a_word_was_changed(self, amina, hana, good, change):
        basis, row = good
        with_approvals(amina, basis, [{**row, **change}])
        with pytest.raises(ConsentMissing):
            sends(amina, basis, hana)

    def test_in_another_record(self, one_hub, amina, hana, good):
        other = reception(amina, one_hub.clock, hana.agency, assent=REFUSED)
        with_approvals(amina, other.handoff, [good[1]])
        with pytest.raises(ConsentMissing):
            sends(amina, other.handoff, hana)

    def test_when_one_member_signs_twice(self, amina, hana, good):
        basis, row = good
        with_approvals(amina, basis, [{**row, "proof": row["proof"][:1] * 2}])
        with pytest.raises(ConsentMissing):
            sends(amina, basis, hana)

    def test_in_a_role_that_the_certificate_has_not(self, one_hub, amina, fatou, hana, good):
        basis, row = good
        record = str(bases.load(amina, basis, "SYN reason").basis["record"])
        forged = approvals.signed(fatou, record, row, "supervisor")
        with_approvals(amina, basis, [{**row, "proof": [forged, row["proof"][1]]}])
        with pytest.raises(ConsentMissing):
            sends(amina, basis, hana)

    def test_in_a_colleagues_name(self, one_hub, amina, omar, fatou, hana, good):
        basis, row = good
        record = str(bases.load(amina, basis, "SYN reason").basis["record"])
        named = SimpleNamespace(agency=fatou.agency, id=omar.id, clock=fatou.clock, signer=fatou.signer)
        forged = approvals.signed(named, record, row, "supervisor")
        with_approvals(amina, basis, [{**row, "proof": [forged, row["proof"][1]]}])
        with pytest.raises(ConsentMissing):
            sends(amina, basis, hana)

    def test_whatever_else_stands_there(self, amina, hana, good):
        basis, row = good
        for junk in ({}, {"payload": "x"}, {**row["proof"][0], "signatures": []}, {"a": {"b": []}}):
            with_approvals(amina, basis, [{**row, "proof": [junk, row["proof"][1]]}])
            with pytest.raises(ConsentMissing):
                sends(amina, basis, hana)

    def test_by_members_of_another_agency(self, one_hub, amina, hana, good):
        """Two members of a friendly agency approve what none of the child's own agency would."""
        basis, row = good
        record = str(bases.load(amina, basis, "SYN reason").basis["record"])
        other = one_hub.join(hana, f"lemlem-{basis[:6].lower().strip('-_')}", {"supervisor"})
        theirs = [approvals.signed(other, record, row, "supervisor"), approvals.signed(hana, record, row, "caseworker")]
        for proof in (theirs, [theirs[0], row["proof"][1]], [row["proof"][0], theirs[1]]):
            with_approvals(amina, basis, [{**row, "proof": proof}])
            with pytest.raises(ConsentMissing):
                sends(amina, basis, hana)

    def test_before_it_was_signed(self, one_hub, amina, fatou, omar, hana, good):
        basis, row = good
        record = str(bases.load(amina, basis, "SYN reason").basis["record"])
        later = SetClock(one_hub.clock.now() + 86_400)
        ahead = SimpleNamespace(agency=omar.agency, id=omar.id, clock=later, signer=omar.signer)
        with_approvals(
            amina, basis, [{**row, "proof": [approvals.signed(ahead, record, row, "supervisor"), row["proof"][1]]}]
        )
        with pytest.raises(ConsentMissing):
            sends(amina, basis, hana)

    def test_once_its_signer_has_left_but_what_was_sent_before_stays_readable(self, one_hub, amina, fatou, hana):
        gone = one_hub.join(amina, "gone", {"supervisor"})
        held = reception(amina, one_hub.clock, hana.agency, assent=REFUSED)
        for member in (gone, fatou):
            bases.approve(member, held.handoff, best_interests(one_hub.clock), "SYN reason")
        before = sends(amina, held.handoff, hana)
        enrol.remove_member(amina, "gone")
        one_hub.run()
        with pytest.raises(ConsentMissing):
            sends(amina, held.handoff, hana)
        (opened,) = opening.open_handoff(hana, before)
        assert not opened.quarantined

    def test_at_the_recipient_of_a_careless_sender(self, amina, hana, good, monkeypatch):
        basis, row = good
        with_approvals(amina, basis, [{**row, "proof": []}])
        with monkeypatch.context() as careless:
            careless.setattr(approvals, "proven", lambda _, facts, __: facts)
            handoff = sends(amina, basis, hana)
        (opened,) = opening.open_handoff(hana, handoff)
        assert set(opened.quarantined) >= set(SECTIONS)
        assert not set(SECTIONS) & set(opened.sections)


# Declarations


def test_an_agency_whose_declaration_has_ended_is_sent_nothing(one_hub, amina, hana):
    held = reception(amina, one_hub.clock, hana.agency)
    yesterday = date.fromordinal(today(one_hub.clock).toordinal() - 1).isoformat()
    later = date.fromordinal(today(one_hub.clock).toordinal() + 700).isoformat()
    for days in ((yesterday, later), (later, yesterday)):
        around.attest(hana, *days)
        with pytest.raises(ConsentMissing) as refusal:
            sends(amina, held.handoff, hana)
        assert [row["rule"] for row in refusal.value.facts["reasons"]] == ["R09"]
    around.attest(hana, later, later)
    assert reading.show(amina, sends(amina, held.handoff, hana)).state


def test_only_an_admin_or_data_officer_declares_and_for_two_years_at_most(one_hub, amina, fatou):
    with pytest.raises(Forbidden):
        around.attest(fatou, "2027-01-31", "2027-01-31")
    with pytest.raises(InvalidRequest):
        around.attest(amina, "2030-01-31", "2027-01-31")


def test_only_a_data_officer_keeps_a_sharing_protocol(fatou):
    known = {"label": "DJ-ET", "countries": ["DJ", "ET"], "categories": ["health"]}
    with pytest.raises(Forbidden):
        around.put_protocol(fatou, {**known, "from": "2026-01-01", "until": "2027-12-31"})


def test_an_excerpt_names_who_approved_and_not_why(one_hub, amina, omar, fatou, hana):
    held = bases.draft(
        amina,
        consent(
            one_hub.clock,
            grant(one_hub.clock, hana.agency, categories={"needs_risk"}, purpose="reception"),
            assent=REFUSED,
        ),
        "refused",
    )
    for member in (omar, fatou):
        kept = bases.approve(member, held.handoff, best_interests(one_hub.clock), "SYN reason")
    assert "panel met" not in str(kept.excerpt(hana.agency))
    assert "best_interests" in str(kept.excerpt(hana.agency))


DECLARED = Attestation("urn:rcp:agency:addis@et.example", "2027-06-30", "2027-06-30", NOW)
ADMIN = signer("admin")


def read(signed, agency=DECLARED.agency, keys=(ADMIN.public_key,), now=NOW):
    return read_attestation(signed.to_bytes(), agency, keys, now=now)


def test_a_declaration_reads_back_as_it_was_signed():
    assert read(sign_attestation(DECLARED, ADMIN)) == DECLARED


def test_a_declaration_by_somebody_else_or_of_another_agency_is_none():
    signed = sign_attestation(DECLARED, ADMIN)
    for other in ({"keys": (signer("hub").public_key,)}, {"keys": ()}, {"agency": "urn:rcp:agency:other@et.example"}):
        with pytest.raises(BadSignature):
            read(signed, **other)


def test_a_declaration_from_tomorrow_is_none():
    with pytest.raises(Expired):
        read(sign_attestation(replace(DECLARED, at=NOW + 86_400), ADMIN))


def test_what_is_no_declaration_is_refused():
    with pytest.raises(Malformed):
        read_attestation(b"{}", DECLARED.agency, [ADMIN.public_key], now=NOW)
