"""The command line of agencies and their members against two served hubs: what people read, and what is refused."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager

import pytest

from hub.client import basis as bases
from hub.client import reading, records, referrals
from hub.client.member import unlock
from hub.clock import FileClock, SetClock
from hub.errors import PeerUnreachable
from hub.packets.encoding import b64u, sha256
from tests.conftest import NOW
from tests.support import terminal
from tests.support.consents import draft
from tests.support.world import PASSPHRASE, SECTIONS, consent, emergency, grant, populated, reception, world

HOME, AWAY = "dj.example", "et.example"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        yield populated(made, HOME, AWAY)


@pytest.fixture
def says(place):
    """`says("amina", "list")`: what the command says to her."""

    def say(login, *words, code=0):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

    return say


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def hana(place):
    return place.members["hana"]


def a_packet(folder, **sections):
    (folder / "sections").mkdir(parents=True)
    for name, value in sections.items():
        text = value if isinstance(value, str) else json.dumps(value)
        (folder / "sections" / f"{name}.json").write_text(text)
    return folder


def a_consent(**grant):
    scope = {
        "categories": ["minimal_contact", "needs_risk"],
        "recipient": "addis@et.example",
        "purpose": "reception",
        "country": "ET",
        "from": "2026-11-20",
        "until": "2027-02-28",
    }
    written = draft({**scope, **grant})
    del written["expression"]["artefact"]
    return written


def test_a_basis_is_written_in_plain_words_and_its_form_is_hashed(says, amina, tmp_path):
    (tmp_path / "basis.json").write_text(json.dumps(a_consent()))
    (tmp_path / "form.pdf").write_bytes(b"thumbprint")
    words = ("consent", "new", tmp_path / "basis.json", "--label", "guardian", "--attach", tmp_path / "form.pdf")
    said = json.loads(says("amina", *words, "--json"))
    kept = records.get(amina, said["record"]).value["basis"]
    assert kept["grants"][0]["recipient"] == "urn:rcp:agency:addis@et.example"
    assert kept["expression"]["artefact"] == b64u(sha256(b"thumbprint"))
    packet = a_packet(tmp_path / "packet", **SECTIONS)
    send = ("send", packet, "--to", "addis", "--basis", said["record"], "--purpose", "reception")
    assert "Permitted until 2027-02-28" in says("amina", *send, "--check")
    told = says("amina", *send)
    assert "Sent to addis@et.example: " in told
    assert "ball: you, by " in told
    assert "urn:" not in says("amina", *send[:-1], "protection", code=5)
    assert "Not sent." in says("amina", *send[:-1], "protection", "--check", code=5)


@pytest.mark.parametrize("grant", [{"categories": ["shoe_size"]}, {"purpose": "schooling"}])
def test_a_basis_in_words_that_the_policy_has_not_is_refused(says, tmp_path, grant):
    (tmp_path / "basis.json").write_text(json.dumps(a_consent(**grant)))
    said = says("amina", "consent", "new", tmp_path / "basis.json", "--label", "x", code=2)
    (word,) = [value if isinstance(value, str) else value[0] for value in grant.values()]
    assert word in said


def test_a_packet_that_is_none_is_refused_by_the_name_of_its_file(says, amina, place, hana, tmp_path):
    held = reception(amina, place.clock, hana.agency).handoff
    send = ("--to", "addis", "--basis", held, "--purpose", "reception")
    assert "needs_risk.json is not JSON" in says(
        "amina", "send", a_packet(tmp_path / "a", needs_risk="{"), *send, code=2
    )
    assert "no category shoe_size" in says("amina", "send", a_packet(tmp_path / "b", shoe_size={}), *send, code=2)
    assert "no sections" in says("amina", "send", tmp_path, *send, code=2)
    packet = a_packet(tmp_path / "c", minimal_contact={})
    assert "hub consent list" in says("amina", "send", packet, *send[:3], "nonsense", *send[4:], code=7)


def test_what_was_sent_by_mistake_is_taken_back_while_it_is_on_its_way(says, place, amina, hana):
    held = reception(amina, place.clock, hana.agency)
    handoff = referrals.send(amina, referrals.Outgoing(hana.agency, SECTIONS, held, "reception", "urgent")).handoff
    assert json.loads(says("amina", "mark-error", handoff, "--json"))["state"] == "entered_in_error"
    place.run()
    assert handoff not in says("hana", "list")


def test_a_step_says_what_counts_now_and_who_has_the_ball(says, place, amina, hana, tmp_path):
    held = reception(amina, place.clock, hana.agency)
    handoff = referrals.send(amina, referrals.Outgoing(hana.agency, SECTIONS, held, "reception", "urgent")).handoff
    place.run()
    assert all(text in says("hana", "list") for text in (handoff, "from", "delivered", "you"))
    assert "counts once the sender's hub confirms it" in says("hana", "acknowledge", handoff)
    place.run()
    told = says("hana", "show", handoff)
    assert "ball: you, by " in told
    assert "you can: accept, ask, decline" in told
    told = says("amina", "show", handoff)
    assert "you can: cancel, " in told
    assert ", pause-clock" in told
    assert "ball: addis@et.example, by " in told
    assert "if nobody answers: " in told
    says("hana", "decline", handoff, "--code", "no bed for this boy", code=2)
    says("hana", "decline", handoff, "--code", "no_capacity")
    place.run()
    assert "code: no_capacity" in says("amina", "open", handoff)
    assert "for your agency to open" in says("hana", "open", handoff, "--packet", "nonsense")
    (tmp_path / "note").write_text("said so")
    report = ("report", "start", handoff, "--via", "phone", "--evidence", tmp_path / "note")
    assert "--date" in says("amina", *report, code=2)


def test_a_second_signer_reads_before_signing(says, place, amina, hana):
    omar = place.join(amina, "omar", {"supervisor"})
    held = emergency(amina, place.clock, hana.agency, omar.id)
    out = referrals.Outgoing(hana.agency, {"minimal_contact": {"name": "SYN Selam"}}, held, "emergency", "emergency")
    record = referrals.send(amina, out).cosign
    assert "yes" in says("omar", "cosign")
    assert "SYN Selam" in says("omar", "cosign", record, code=1)
    assert "ball: " in says("omar", "cosign", record, "--yes")
    says("omar", "cosign", record, "--yes", code=6)


def test_a_member_who_left_is_removed_by_name_and_signs_nothing_more(says, place, hana, amina):
    kidane = place.join(hana, "kidane", {"caseworker"})
    held = reception(amina, place.clock, hana.agency)
    handoff = referrals.send(amina, referrals.Outgoing(hana.agency, SECTIONS, held, "reception")).handoff
    place.run()
    assert "kidane" in says("hana", "member", "list")
    says("kidane", "member", "remove", "hana", code=5)
    says("hana", "member", "remove", "nobody", code=7)
    says("hana", "member", "remove", "hana", code=5)
    assert "Epoch 2 is published" in says("hana", "member", "remove", "kidane")
    place.run()
    assert kidane.id not in says("hana", "member", "list")
    says("kidane", "acknowledge", handoff, code=8)
    assert "Old key" not in says("hana", "member", "remove", kidane.id)  # again: nothing is left to do


@pytest.mark.parametrize("identifier", ["-T1UUa4v31Y9FHA5guFRxQ", "--1UUa4v31Y9FHA5guFRxQ"])
def test_an_identifier_may_begin_with_a_dash(says, identifier):
    for words in (("show",), ("open",), ("acknowledge",), ("cosign",), ("prove",), ("member", "remove")):
        says("amina", *words, identifier, code=7)
    assert "--inn" in says("amina", "list", "--inn", code=2)


@contextmanager
def away(member):
    """A hub that does not answer."""
    url, member.hub.url = member.hub.url, "http://127.0.0.1:1"
    yield
    member.hub.url = url


def test_a_kept_receipt_proves_its_statement_while_the_hub_is_away(place, amina, hana):
    held = reception(amina, place.clock, hana.agency)
    handoff = referrals.send(amina, referrals.Outgoing(hana.agency, SECTIONS, held, "reception")).handoff
    again = unlock(amina.profile.folder, PASSPHRASE, clock=place.clock)
    with away(again):
        assert records.prove(again, records.kept(again)[-1]).handoff == handoff
        with pytest.raises(PeerUnreachable):
            reading.show(again, handoff)
        (again.profile.folder / "keys.json").unlink()
        with pytest.raises(PeerUnreachable):
            records.prove(again, records.kept(again)[-1])


def test_an_operator_pulls_peers_and_confirms_the_clock(place):
    data, wire = place.folder / f"hub-{HOME}", {"HUB_PRIVATE_PEERS": "1", "HUB_CLOCK_FILE": str(place.folder / "clock")}
    assert "may expire again" in terminal.hub("clock", "confirm", "--data", data, **wire)
    said = terminal.hub("peer", "pull", "--data", data, code=4, **wire)  # the machine's clock is not the world's
    assert AWAY in said
    assert "The peer refused the message." in said


def test_a_need_is_referred_again_and_the_loop_ends_with_who_was_asked(says, place, amina, hana, tmp_path):
    to, held = hana.agency, reception(amina, place.clock, hana.agency)
    packet = a_packet(tmp_path / "p", **SECTIONS)
    send = ("--to", "addis@et.example", "--basis", held.handoff, "--purpose", "reception", "--json")
    wants = ("--need", "housing", "--need", "food", "--needed-from", "2026-11-25", "--area", "ET01", "--sex", "male")
    handoff = json.loads(says("amina", "send", packet, *send, *wants))["handoff"]
    place.run()
    assert "2026-11-25" in says("amina", "arrivals")
    assert "needs: housing, food" in says("hana", "open", handoff)
    assert "is past" in says("hana", "accept", handoff, "--first-contact", "2025-11-25", code=2)
    says("hana", "accept", handoff, "--first-contact", "2026-11-25", "--only", "housing")
    place.run()
    assert "still to come" in says("hana", "start", handoff, "--contact", "2026-12-25", code=2)
    assert "first contact on 2026-11-25" in says("amina", "show", handoff)
    assert "not accepted: food" in says("amina", "open", handoff)
    assert handoff in says("amina", "tasks")
    says("amina", "tasks", handoff, "--done", "unmet")
    says("hana", "outcome", handoff, "--got-help", "partial", "--barrier", "distance")
    place.run()
    asked = ("--asked", "child", "--how", "in_person")
    assert "Ask the child" in says("amina", "close", handoff, *asked, code=2)
    assert "got no help" in says("amina", "dispute", handoff, *asked, "--answer", "no")
    place.run()
    (left,) = [row for row in map(json.loads, says("amina", "tasks", "--json").splitlines()) if row["about"] == handoff]
    assert (left["what"], left["needs"]) == ("again", ["housing", "food"])
    again = json.loads(says("amina", "send", packet, *send, "--supersedes", handoff))["handoff"]
    assert f"superseded by: {again}" in says("amina", "show", handoff)
    assert f"takes the place of: {handoff}" in says("amina", "show", again)
    assert handoff not in says("amina", "tasks")
    place.run()
    says("hana", "decline", again, "--code", "no_capacity", "--instead", "coalition")
    place.run()
    told = says("amina", "show", again)
    assert f"sealed words for you: hub open {again}" in told
    assert "you can: change-urgency, link, reroute, unmet-need" in told
    assert "redirect" in says("amina", "open", again)
    reroute = ("reroute", again, "--to", "authority@dj.example", "--basis", held.handoff)
    assert "R01" in says("amina", *reroute, code=5)
    assert "closed after a decline" in says("amina", "unmet-need", again, "--need", "housing")
    assert to not in says("amina", "arrivals")


def test_several_are_asked_and_a_household_goes_together(says, place, amina, hana, tmp_path):
    first = reception(amina, place.clock, hana.agency)
    packet, other = a_packet(tmp_path / "p", **SECTIONS), a_packet(tmp_path / "q", minimal_contact={"name": "SYN Ali"})
    send = ("--purpose", "reception", "--to", "addis@et.example")
    several = ("send", packet, "--basis", first.handoff, *send, "--to", "coalition@et.example")
    refused = says("amina", *several, code=5)
    assert "coalition@et.example for reception" in refused
    assert "to: coalition@et.example" in refused
    shared = ("send", packet, "--basis", first.handoff, *send, "--with", other, first.handoff)
    assert "basis of their own" in says("amina", *shared, code=2)
    assert "asked of several" in says("amina", "choose", "AAAAAAAAAAAAAAAAAAAAAA", code=7)


def test_of_two_that_were_asked_one_is_chosen_and_what_failed_is_referred_again(says, place, amina, hana, tmp_path):
    daher = place.members["daher"]
    scope = {"categories": set(SECTIONS), "purpose": "reception"}
    both = [grant(place.clock, to.agency, country=land, **scope) for to, land in ((hana, "ET"), (daher, "DJ"))]
    held = bases.draft(amina, consent(place.clock, *both), "both")
    packet = a_packet(tmp_path / "p", **SECTIONS)
    send = ("send", packet, "--basis", held.handoff, "--purpose", "reception", "--to", "addis", "--to", "authority")
    says("amina", *send, "--linked", "AAAAAAAAAAAAAAAAAAAAAA", code=2)
    first, second = (row["handoff"] for row in json.loads(says("amina", *send, "--json"))["sent"])
    place.run()
    assert "has not said yes" in says("amina", "choose", first, code=6)
    says("hana", "accept", first, "--first-contact", "2026-11-25")
    place.run()
    assert f"{second}: cancelled" in says("amina", "choose", first)
    assert f"asked of others, too: {second}" in says("amina", "show", first)
    third = json.loads(says("amina", *send[:-2], "--urgency", "high", "--json"))["handoff"]
    place.run()
    says("hana", "decline", third, "--code", "not_eligible", "--instead", "authority@dj.example")
    place.run()
    assert "agency: authority@dj.example" in says("amina", "open", third)
    told = says("amina", "reroute", third, "--to", "authority", "--basis", held.handoff)
    assert "Sent to authority@dj.example" in told
    assert "Sent before" in says("amina", "reroute", third, "--to", "authority", "--basis", held.handoff)
    assert "closed after a decline" in says("amina", "show", third)


def test_nothing_is_taken_back_or_left_open_unasked(says, place, amina, hana, tmp_path):
    daher, reason = place.members["daher"], tmp_path / "why"
    reason.write_text("SYN the mother found a bed")
    scope = {"categories": set(SECTIONS), "purpose": "reception"}
    both = [grant(place.clock, to.agency, country=land, **scope) for to, land in ((hana, "ET"), (daher, "DJ"))]
    held = bases.draft(amina, consent(place.clock, *both), "both")
    send = ("send", a_packet(tmp_path / "p", **SECTIONS), "--basis", held.handoff, "--purpose", "reception")
    first = json.loads(says("amina", *send, "--to", "addis", "--json"))["handoff"]
    place.run()
    said = says("hana", "accept", first, "--first-contact", "2026-11-25")
    assert "ball: the sender's hub, which has your word to confirm" in said
    place.run()
    says("hana", "accept", first, "--first-contact", "2026-11-27")
    place.run()
    for who in ("amina", "hana"):
        told = says(who, "show", first)
        assert "first contact on 2026-11-27" in told
        assert re.search(r"ball: .*, by Fri 27 Nov", told)
    assert "Possible now" in (late := says("hana", "decline", first, "--code", "no_capacity", code=6))
    assert "unlink" not in late
    reroute = ("reroute", first, "--to", "authority", "--basis", held.handoff)
    assert "has said yes" in says("amina", *reroute, code=1)
    assert "accepted" in says("amina", "show", first)
    again = says("amina", *send, "--to", "addis", "--supersedes", first)
    assert f"The one before is not over, and is chased on. To end it: hub cancel {first}" in again
    says("amina", *reroute, "--yes")
    assert "taken back" in says("amina", "show", first)
    third = json.loads(says("amina", *send, "--to", "addis", "--json"))["handoff"]
    place.run()
    for step in (("accept", third, "--first-contact", "2026-11-25"), ("start", third, "--contact", "2026-11-21")):
        says("hana", *step)
        place.run()
    says("amina", "ask-to-stop", third, "--text", reason)
    place.run()
    assert "found a bed" in says("amina", "open", third)
    assert "found a bed" not in says("hana", "open", third)


def test_before_registration_nothing_names_the_child(says, place, amina, hana, tmp_path):
    supervisor = place.members.get("sadia") or place.join(amina, "sadia", {"supervisor", "caseworker"})
    held = emergency(amina, place.clock, hana.agency, supervisor.id)
    send = ("--to", "addis", "--basis", held.handoff, "--purpose", "medical_care", "--urgency", "emergency")
    stub = ("--before-registration", *send)
    named = a_packet(tmp_path / "named", minimal_contact={"name": "SYN Meron"}, health={"symptom": "fever"})
    assert "Meron" not in says("amina", "send", named, *stub, code=2)
    packet = a_packet(tmp_path / "stub", minimal_contact={"age_band": "12-14"}, health={"symptom": "fever"})
    record = json.loads(says("amina", "send", packet, *stub, "--json"))["cosign"]
    says("sadia", "cosign", record, "--yes")
    assert held.handoff in says("amina", "tasks")
    says("amina", "tasks", held.handoff, "--done", "consent")
    assert held.handoff not in says("amina", "tasks")


def test_a_place_is_asked_for_about_nobody(says, place, amina, hana):
    ask = ("ask-capacity", "--to", "addis", "--need", "housing", "--age-band", "12-14", "--from", "2026-12-01")
    asked = json.loads(says("amina", *ask, "--urgency", "urgent", "--json"))["id"]
    place.run()
    assert asked in says("hana", "inquiries")
    assert "need: housing" in says("hana", "inquiries", asked)
    said = says("hana", "answer-capacity", asked, "--answer", "waitlist", "--places", "2")
    assert "on its way" in " ".join(said.split())
    place.run()
    assert "There is a waiting list" in says("amina", "inquiries", asked)
    says("amina", *ask[:-1], "SYN Meron", code=2)


def test_whoever_asks_a_third_time_is_told_that_supervisors_hear_of_it(says, place, amina, hana, tmp_path):
    handoff = referrals.send(
        amina, referrals.Outgoing(hana.agency, SECTIONS, reception(amina, place.clock, hana.agency), "reception")
    ).handoff
    place.run()
    (tmp_path / "text").write_text("SYN Which language?")
    says("hana", "acknowledge", handoff)
    for number in (1, 2, 3):
        told = says("hana", "ask", handoff, "--text", tmp_path / "text")
        assert ("asked 3 times: the supervisors of both sides are told" in told) == (number == 3)
        place.run()
        referrals.answer(amina, handoff, {"needs_risk": {"language": "ti"}})
        place.run()
    assert "asked 3 times" in says("amina", "show", handoff)
