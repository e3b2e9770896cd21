"""Two agencies keep the record of one handover meeting, and the paper that the family signed (F1, F2, R37)."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from hub.client import cases, handover, meetings, records, referrals
from hub.client.cleaning import MOST_BYTES
from hub.client.handover import CHECKLIST, Side
from hub.client.referrals import Outgoing
from hub.clock import FileClock, SetClock
from hub.errors import BadSignature, Conflict, InvalidRequest, Malformed, NotFound, TooLarge
from hub.packets.encoding import b64u, sha256
from tests.conftest import NOW
from tests.support.handovers import PLAN, SAFETY_PLAN, SAID
from tests.support.papers import text
from tests.support.terminal import hub
from tests.support.world import PASSPHRASE, SECTIONS, populated, reception, world

HOST = "dj.example"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        populated(made, HOST, HOST)
        made.join(made.members["amina"], "omar", {"caseworker"})
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        yield made


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def hana(place):
    return place.members["hana"]


@pytest.fixture
def case(amina):
    return cases.new(amina, {"plan": PLAN, "safety_plan": SAFETY_PLAN}).record


@pytest.fixture
def run(place):
    def command(login, *words, code=0, as_json=False):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase")
        said = hub(
            *given,
            "handover",
            *words,
            *(("--json",) if as_json else ()),
            code=code,
            HUB_CLOCK_FILE=str(place.folder / "clock"),
        )
        return json.loads(said) if as_json else said

    return command


def printed(member, meeting, kind="meeting"):
    number = handover.new_form()
    return meetings.add_form(member, meeting, kind, "en", number), number


def signed_paper(folder, colour="white", name="signed.jpg"):
    path = folder / name
    Image.new("RGB", (60, 40), colour).save(path, "JPEG", comment=b"Bole Road 12")
    return path


def test_what_one_side_drafts_the_other_ticks_and_both_hold_one_complete_record(amina, hana):
    sent = meetings.tick(amina, meetings.begin(amina, Side.SENDER, SAID), CHECKLIST)
    got = meetings.receive(hana, sent.document)
    assert got.side is Side.RECEIVER
    assert handover.missing(got.document) == [f"checklist/{item}/receiver" for item in CHECKLIST]
    got = meetings.tick(hana, got, CHECKLIST)
    back = meetings.receive(amina, got.document)
    assert back.record == sent.record
    for held in (meetings.load(amina, sent.record), meetings.load(hana, got.record)):
        assert handover.missing(held.document) == []
        assert held.merged.differences == ()


def test_the_same_record_received_again_is_kept_once_and_writes_nothing(amina, hana):
    sent = meetings.begin(amina, Side.SENDER, SAID)
    first = meetings.receive(hana, sent.document)
    before = records.get(hana, first.record).manifest
    assert meetings.receive(hana, sent.document).record == first.record
    assert records.get(hana, first.record).manifest == before


def test_a_receiver_that_says_what_we_ticked_is_shown_and_not_believed(amina, hana):
    sent = meetings.begin(amina, Side.SENDER, SAID)
    theirs = meetings.receive(hana, sent.document)
    lie = [{**row, "sender": {"by": amina.id, "at": NOW, "reason": None}} for row in theirs.document["checklist"]]
    got = meetings.receive(amina, {**theirs.value["mine"], "checklist": lie})
    assert [row["sender"] for row in got.document["checklist"]] == [None] * len(CHECKLIST)
    assert len(got.merged.differences) == len(CHECKLIST)


def test_what_is_no_record_of_the_other_side_is_not_kept(amina, hana):
    sent = meetings.begin(amina, Side.SENDER, SAID)
    with pytest.raises(Conflict):
        meetings.receive(amina, sent.document)
    for wrong in ({}, {**sent.document, "checklist": []}, {**sent.document, "meeting": "x"}, [], "text"):
        with pytest.raises(Malformed):
            meetings.receive(hana, wrong)


def test_a_colleague_says_why_before_they_read_a_record(place, amina):
    sent = meetings.begin(amina, Side.SENDER, SAID)
    with pytest.raises(InvalidRequest) as refused:
        meetings.load(place.members["omar"], sent.record)
    assert refused.value.facts["rule"] == "R46"
    assert meetings.load(place.members["omar"], sent.record, "I am at the handover today.").record == sent.record


def test_a_signed_paper_is_kept_without_its_metadata_and_comes_back_byte_for_byte(amina, tmp_path):
    meeting, number = printed(amina, meetings.begin(amina, Side.SENDER, SAID))
    scanned = meetings.scan(amina, number.lower(), signed_paper(tmp_path))
    (page,) = meetings.fetch(amina, scanned, tmp_path / "back")
    assert b"Bole" not in page.read_bytes()
    assert meetings.verify_file(amina, number, page) == scanned
    assert meetings.verify_file(amina, number, tmp_path / "signed.jpg") == scanned
    held = meetings.load(amina, meeting.record)
    assert held.document["signed"][0]["files"] == list(scanned.files)


def test_a_second_scan_of_a_form_stands_beside_the_first_and_the_same_one_is_kept_once(amina, tmp_path):
    meeting, number = printed(amina, meetings.begin(amina, Side.SENDER, SAID))
    first = meetings.scan(amina, number, signed_paper(tmp_path))
    again = meetings.scan(amina, number, tmp_path / "signed.jpg")
    second = meetings.scan(amina, number, signed_paper(tmp_path, "grey", "better.jpg"))
    assert first == again
    assert meetings.scans(meetings.load(amina, meeting.record)) == [first, second]
    assert [len(meetings.fetch(amina, one, tmp_path / "back")) for one in (first, second)] == [1, 1]
    assert len(list((tmp_path / "back").iterdir())) == 2


def test_the_signed_papers_of_a_leg_are_there_to_be_sent_with_its_record(amina, tmp_path):
    leg = handover.draft(Side.SENDER)["meeting"]  # any identifier: a meeting knows its leg by name alone
    meeting, number = printed(amina, meetings.begin(amina, Side.SENDER, SAID, leg=leg))
    for colour in ("white", "grey"):
        meetings.scan(amina, number, signed_paper(tmp_path, colour, f"{colour}.jpg"))
    held = meetings.of_leg(amina, leg)
    assert held.record == meeting.record
    found = {b64u(sha256(page.read_bytes())) for page in meetings.pages(amina, held, tmp_path / "out")}
    assert found == {page for row in held.document["signed"] for page in row["files"]}
    assert meetings.of_leg(amina, meeting.record) is None


def test_a_scan_that_was_altered_on_disk_is_refused(amina, tmp_path):
    _, number = printed(amina, meetings.begin(amina, Side.SENDER, SAID))
    scanned = meetings.scan(amina, number, signed_paper(tmp_path))
    (page,) = meetings.fetch(amina, scanned, tmp_path / "back")
    data = bytearray(page.read_bytes())
    data[-3] ^= 1
    page.write_bytes(data)
    with pytest.raises(BadSignature):
        meetings.verify_file(amina, number, page)


def test_a_scan_that_a_colleague_replaced_is_refused_and_nothing_of_it_is_written(place, amina, tmp_path):
    meeting, number = printed(amina, meetings.begin(amina, Side.SENDER, SAID))
    scanned = meetings.scan(amina, number, signed_paper(tmp_path))
    other = signed_paper(tmp_path, "black", "photo-1.jpg")
    value = records.get(amina, scanned.record).value
    records.put(place.members["omar"], "scan", value, attachments=[other], handoff=scanned.record)
    with pytest.raises(BadSignature):
        meetings.fetch(amina, meetings.scans(meetings.load(amina, meeting.record))[0], tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_hash_that_was_altered_in_the_record_is_refused(amina, tmp_path):
    meeting, number = printed(amina, meetings.begin(amina, Side.SENDER, SAID))
    meetings.scan(amina, number, signed_paper(tmp_path))
    value = records.get(amina, meeting.record).value
    signed = [{**row, "files": ["A" * 43]} for row in value["mine"]["signed"]]
    records.put(amina, "handover", {**value, "mine": {**value["mine"], "signed": signed}}, handoff=meeting.record)
    with pytest.raises(BadSignature):
        meetings.fetch(amina, meetings.scans(meetings.load(amina, meeting.record))[0], tmp_path / "back")


def test_a_paper_of_a_number_that_nobody_printed_is_not_kept(amina, tmp_path):
    meetings.begin(amina, Side.SENDER, SAID)
    with pytest.raises(NotFound):
        meetings.scan(amina, handover.new_form(), signed_paper(tmp_path))
    with pytest.raises(InvalidRequest):
        meetings.scan(amina, "no number", signed_paper(tmp_path))


def test_a_file_that_is_too_large_for_a_paper_is_refused_unread(amina, tmp_path):
    _, number = printed(amina, meetings.begin(amina, Side.SENDER, SAID))
    with (tmp_path / "huge.pdf").open("wb") as sink:
        sink.truncate(MOST_BYTES + 1)
    for act in (meetings.scan, meetings.verify_file):
        with pytest.raises(TooLarge):
            act(amina, number, tmp_path / "huge.pdf")


def test_the_hub_learns_nothing_of_a_meeting(place, amina, tmp_path):
    _, number = printed(amina, meetings.begin(amina, Side.SENDER, {**SAID, "where": "CANARY-KEBELE"}))
    meetings.scan(amina, number, signed_paper(tmp_path))
    for path in (place.folder / f"hub-{HOST}").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"CANARY-KEBELE" not in data
            assert number.encode() not in data


def test_a_worker_drafts_ticks_prints_and_scans_at_the_command_line(run, case, tmp_path):
    (tmp_path / "facts.json").write_text(json.dumps(SAID))
    (tmp_path / "why.txt").write_text("None are needed.\n")
    record = run("amina", "draft", "--case", case, "--facts", tmp_path / "facts.json", as_json=True)["record"]
    assert "complete" not in run("amina", "tick", record, *CHECKLIST[:3])
    said = run("amina", "tick", record, "medicines", "--reason", tmp_path / "why.txt", as_json=True)
    assert "checklist/medicines/sender" not in said["missing"]
    for form in ("meeting", "willingness", "plan", "observer", "card"):
        told = run("amina", "print", record, form, "--out", tmp_path / f"{form}.pdf", "--lang", "fr", as_json=True)
        assert (told["form"] is None) is (form == "card")
        assert told["form"] is None or told["form"] in text((tmp_path / f"{form}.pdf").read_bytes())
        assert (tmp_path / f"{form}.pdf").stat().st_mode & 0o077 == 0
    numbers = {row["kind"]: row["form"] for row in run("amina", "show", record, as_json=True)["forms"]}
    assert "uncle" not in text((tmp_path / "plan.pdf").read_bytes())
    kept = run("amina", "scan", tmp_path / "willingness.pdf", "--form", numbers["willingness"], as_json=True)
    assert kept["kind"] == "willingness"
    run("amina", "scan", tmp_path / "willingness.pdf", "--form", numbers["willingness"], "--check")
    run("amina", "scan", tmp_path / "meeting.pdf", "--form", numbers["willingness"], "--check", code=3)
    (page,) = run("amina", "show", record, "--into", tmp_path / "back", as_json=True)["files"]
    run("amina", "scan", page, "--form", numbers["willingness"], "--check")
    assert record in run("amina", "show")
    assert "Kebele 01 office" in run("amina", "show", record, "--lang", "ar")


def test_what_cannot_be_printed_or_said_is_refused_in_words(run, tmp_path):
    record = run("amina", "draft", as_json=True)["record"]
    for form in ("plan", "card", "receipt"):
        assert "Begin one with" in run("amina", "print", record, form, "--out", tmp_path / "x.pdf", code=2)
    (tmp_path / "facts.json").write_text('{"checklist": []}')
    run("amina", "draft", record, "--facts", tmp_path / "facts.json", code=2)
    run("amina", "tick", record, "cake", code=7)
    (tmp_path / "note.txt").write_text("no paper")
    run("amina", "scan", tmp_path / "note.txt", "--form", handover.new_form(), code=7)
    assert not (tmp_path / "x.pdf").exists()
    assert run("amina", "show", record, as_json=True)["forms"] == []


def test_a_receipt_is_printed_of_the_leg_that_the_record_names(place, amina, hana, run, tmp_path):
    held = reception(amina, place.clock, hana.agency)
    leg = referrals.send(amina, Outgoing(hana.agency, SECTIONS, held, "reception")).handoff
    record = run("amina", "draft", "--leg", leg, as_json=True)["record"]
    run("amina", "print", record, "receipt", "--out", tmp_path / "receipt.pdf", "--lang", "ar")
    shown = text((tmp_path / "receipt.pdf").read_bytes())
    for words in (leg, "shelter@dj.example", "addis@dj.example"):
        assert words in shown


def test_a_plan_that_nobody_wrote_yet_is_not_printed(amina, run, tmp_path):
    record = run("amina", "draft", "--case", cases.new(amina, {}).record, as_json=True)["record"]
    assert "Fill it in first" in run("amina", "print", record, "plan", "--out", tmp_path / "plan.pdf", code=2)


def test_a_reason_is_words_and_facts_are_an_object(run, tmp_path):
    record = run("amina", "draft", as_json=True)["record"]
    (tmp_path / "empty").write_text("\n")
    run("amina", "tick", record, "plan", "--reason", tmp_path / "empty", code=2)
    (tmp_path / "facts.json").write_text("[]")
    run("amina", "draft", record, "--facts", tmp_path / "facts.json", code=2)


def test_a_record_of_another_form_is_none_and_spoils_no_list(amina):
    record = records.put(amina, "handover", {"v": 1, "mine": "nothing"})
    with pytest.raises(NotFound):
        meetings.load(amina, record)
    assert record not in {row.record for row in meetings.listing(amina)}


@pytest.mark.parametrize("change", [{"form": "ZZZZZ-ZZZZZ"}, {"files": ["photo-2.jpg"]}, {"files": []}])
def test_a_scan_whose_own_record_says_something_else_is_refused(amina, tmp_path, change):
    _, number = printed(amina, meetings.begin(amina, Side.SENDER, SAID))
    scanned = meetings.scan(amina, number, signed_paper(tmp_path))
    kept = records.get(amina, scanned.record, into=tmp_path)
    pages = [tmp_path / name for name in kept.attachments]
    records.put(amina, "scan", {**kept.value, **change}, attachments=pages, handoff=scanned.record)
    with pytest.raises(BadSignature):
        meetings.fetch(amina, scanned, tmp_path / "back")
