"""Asking for a place over two hubs, about nobody: what is sealed, what is refused, what a lying client cannot do."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from hub.client import basis as bases
from hub.client import freezing, inquiries, opening, reading, records, referrals, routing
from hub.client.member import workspace
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.errors import BadSignature, Conflict, IllegalTransition, InvalidRequest, NotFound, NotPermitted
from hub.ids import random_id
from hub.inquiries import domain
from hub.packets import seal
from hub.packets.encoding import b64u
from hub.referrals.jobs import confirm_time
from tests.conftest import NOW
from tests.support.world import SECTIONS, populated, reception, today, world

HOME, AWAY = "dj.example", "et.example"
QUESTION = {"need": "housing", "age_band": "12-14", "sex": "female", "from": "2026-12-01", "how_many": 2}


@pytest.fixture(scope="module")
def two_hubs(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        yield populated(made, HOME, AWAY)


@pytest.fixture
def amina(two_hubs):
    return two_hubs.members["amina"]


@pytest.fixture
def hana(two_hubs):
    return two_hubs.members["hana"]


def asked(two_hubs, amina, hana, **more):
    handoff = inquiries.ask(amina, hana.agency, {**QUESTION, **more}, "urgent")["id"]
    two_hubs.run()
    return handoff


def test_an_agency_abroad_is_asked_for_a_place_and_answers(two_hubs, amina, hana):
    handoff = asked(two_hubs, amina, hana)
    found = inquiries.read(hana, handoff)
    assert found.question == {"v": 1, "service": None, **QUESTION}
    assert (found.state, found.answer) == ("capacity_asked", None)
    assert [row["ball"] for row in inquiries.listing(amina) if row["id"] == handoff] == ["recipient"]
    inquiries.answer(hana, handoff, "waitlist", "2027-01-10", 1)
    two_hubs.run()
    found = inquiries.read(amina, handoff)
    assert found.state == "capacity_answered"
    assert found.answer == {"v": 1, "capacity": "waitlist", "from": "2027-01-10", "places": 1, "exception": None}
    assert reading.show(amina, handoff).ball is None
    with pytest.raises(Conflict):
        inquiries.answer(hana, handoff, "capacity")
    with pytest.raises(Conflict):
        inquiries.answer(amina, handoff, "capacity")


@pytest.mark.parametrize(
    "slip", [{"name": "SYN Meron"}, {"age_band": "14"}, {"need": "SYN Meron"}, {"sex": "SYN"}, {"how_many": 10_000}]
)
def test_a_question_about_somebody_is_not_sealed(two_hubs, amina, hana, slip):
    with pytest.raises(InvalidRequest) as refusal:
        inquiries.ask(amina, hana.agency, {**QUESTION, **slip})
    assert "Meron" not in str(refusal.value)


def lying(member, to, sections, excerpt=None, files=()):
    """Send what a client with other code would send."""
    agency = member.trust.agency(to)
    month = today(member.clock).strftime("%Y-%m")
    basis = seal.Basis(secrets.token_bytes(32), excerpt or domain.excerpt(to), agency.entry.country, month)
    with workspace() as folder:
        part = member.seal(folder, member.target(agency), sections, basis=basis, attachments=files)
        by, body = [member.me(frozenset({"caseworker"}))], {"kind": "inquiry", "urgency": "urgent"}
        said = member.statement("capacity.ask", random_id(), body, by=by, part=part)
        return records.send(member, "/api/v1/handoffs", said, part.source)["id"]


def test_what_a_lying_client_puts_into_an_inquiry_is_held_back_whole(two_hubs, amina, hana, tmp_path):
    good = {"v": 1, "service": None, **QUESTION}
    letter = tmp_path / "letter.txt"
    letter.write_text("SYN Meron")
    for sections, files in (
        ({"inquiry": {**good, "name": "SYN Meron"}}, ()),
        ({"inquiry": good, "minimal_contact": {"name": "SYN Meron"}}, ()),
        ({"minimal_contact": {"name": "SYN Meron"}}, ()),
        ({"inquiry": good}, (letter,)),
    ):
        handoff = lying(amina, hana.agency, sections, files=files)
        two_hubs.run()
        with pytest.raises(NotPermitted) as refusal:
            inquiries.read(hana, handoff)
        assert "Meron" not in str(refusal.value)
        (opened,) = opening.open_handoff(hana, handoff, into=tmp_path / handoff)
        assert (dict(opened.sections), dict(opened.attachments), opened.written) == ({}, {}, ())


def test_a_case_does_not_travel_as_an_inquiry_without_its_basis(two_hubs, amina, hana):
    """A consent's excerpt in an inquiry would get past the verdict of a submission; so it opens nothing."""
    handoff = lying(amina, hana.agency, SECTIONS, excerpt={"v": 2, "kind": "consent", "head": {}, "parts": []})
    two_hubs.run()
    with pytest.raises(BadSignature):
        inquiries.read(hana, handoff)
    with pytest.raises(BadSignature):
        opening.open_handoff(hana, handoff)


def test_a_referral_does_not_rest_on_being_about_nobody(two_hubs, amina, hana):
    """The excerpt of an inquiry in a referral permits nothing, whatever verdict is sent with it."""
    held, packet = reception(amina, two_hubs.clock, hana.agency), random_id()
    out = Outgoing(hana.agency, SECTIONS, held, "reception")
    permitted = bases.decide_for(amina, held, out.asked(amina.trust.agency(hana.agency)), packet)
    basis, by = replace(permitted.basis, excerpt=domain.excerpt(hana.agency)), [amina.me(frozenset({"caseworker"}))]
    body = {"kind": "referral", "urgency": "urgent", "due": two_hubs.clock.now() + 3600, "needed_from": None}
    body |= {"verdict": permitted.verdict(by), "leg": None, "freeze": b64u(secrets.token_bytes(32)), "link": None}
    sections = {**SECTIONS, "request": routing.request(out)}
    with workspace() as folder:
        target = amina.target(amina.trust.agency(hana.agency))
        part = amina.seal(folder, target, sections, packet=packet, basis=basis)
        said = amina.statement("referral.submit", random_id(), body, by=by, part=part)
        handoff = records.send(amina, "/api/v1/handoffs", said, part.source)["id"]
    two_hubs.run()
    (opened,) = opening.open_handoff(hana, handoff)
    assert (set(opened.quarantined) >= set(SECTIONS), dict(opened.attachments)) == (True, {})
    assert not set(opened.sections) & set(SECTIONS)


def test_what_is_about_somebody_is_never_opened_unlogged(two_hubs, amina, hana):
    held = reception(amina, two_hubs.clock, hana.agency)
    handoff = referrals.send(amina, Outgoing(hana.agency, SECTIONS, held, "reception")).handoff
    two_hubs.run()
    shown = reading.show(hana, handoff)
    with pytest.raises(InvalidRequest):
        opening.look(hana, shown, str(shown.submission.statement.manifest))


def test_an_inquiry_is_of_no_concern_to_others_and_takes_no_other_step(two_hubs, amina, hana):
    handoff = asked(two_hubs, amina, hana)
    with pytest.raises(NotFound):
        reading.show(two_hubs.members["daher"], handoff)
    shown = reading.show(amina, handoff)
    with pytest.raises(IllegalTransition):
        referrals.say(amina, "consent.withdraw", shown, {"evidence": shown.lines[0].hash})
    with pytest.raises(IllegalTransition):
        referrals.take(hana, handoff, "acknowledge")
    assert freezing.requests(hana) == []


def test_silence_is_told_climbs_and_ends_and_a_late_answer_counts(two_hubs, amina, hana):
    handoff = asked(two_hubs, amina, hana)
    began = two_hubs.clock.at
    for hours in (25, 37, 49, 73, 97, 145):
        two_hubs.clock.at = began + hours * 3600
        for served in two_hubs.hubs.values():
            confirm_time(served.hub)
        two_hubs.run()
    shown = reading.show(amina, handoff)
    told = [line.statement.body["rung"] for line in shown.lines if line.statement.type == "referral.overdue"]
    assert told == [1, 2, 3, 4]
    two_hubs.run()
    assert {reading.show(one, handoff).state for one in (amina, hana)} == {"capacity_unanswered"}
    inquiries.answer(hana, handoff, "no_capacity")
    two_hubs.run()
    assert inquiries.read(amina, handoff).answer["capacity"] == "no_capacity"
