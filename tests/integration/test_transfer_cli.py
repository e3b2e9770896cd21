"""`hub transfer` as workers and supervisors of two agencies use it, from the opening of a case to the first visit."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from hub.client import cases, handover
from hub.clock import FileClock, SetClock
from tests.conftest import NOW
from tests.support import terminal
from tests.support.handovers import SAID
from tests.support.legs import DAY, HOUR, SHOWN, People
from tests.support.world import PASSPHRASE, populated, world

HOME = "dj.example"


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME) as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        populated(made, HOME, HOME)
        made.join(made.members["amina"], "omar", {"supervisor"})
        made.join(made.members["hana"], "bekele", {"supervisor"})
        yield People(made, *(made.members[name] for name in ("amina", "omar", "hana", "bekele")))


@pytest.fixture(scope="module")
def says(people):
    folder = people.world.folder

    def say(login, *words, code=0):
        given = ("--profile", folder / login, "--passphrase-file", folder / "passphrase")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(folder / "clock"))

    return say


@pytest.fixture
def value(says):
    return lambda login, *words, code=0: json.loads(says(login, *words, "--json", code=code))


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%dT%H:%M:%S")


def plan(days=3):
    leaves = NOW + days * DAY
    return ("--depart", at(leaves), "--from", at(leaves + 6 * HOUR), "--until", at(leaves + 12 * HOUR))


def written(path, said):
    path.write_text(json.dumps(said))
    return path


AIM = ("--to", "addis", "--purpose", "return", "--not-final", "--return-mode", "assisted_voluntary")


def offered(people, value, says, name):
    record = people.hagos(names={"full": name}).record
    assert value("amina", "transfer", "open", record)["record"] == record
    before = value("amina", "transfer", "gates", record, "--step", "offer", *AIM, *plan(), code=5)
    assert before["permitted"] is False
    people.excepted(record, before["leg"])
    named = ("--new-leg", before["leg"], "--basis", people.basis().handoff, "--second", "omar")
    sections = [word for name in SHOWN for word in ("--section", name)]
    scan = people.world.folder / "scan.txt"
    scan.write_text("SYN scan")
    made = value("amina", "transfer", "offer", record, *AIM, *plan(), *named, *sections, "--attach", scan)
    assert made["leg"] == before["leg"]
    assert made["cosign"] in says("omar", "cosign")
    says("omar", "cosign", made["cosign"], "--yes")
    people.run()
    return record, made["leg"]


def test_a_case_is_handed_over_from_two_terminals(people, value, says, tmp_path):
    record, leg = offered(people, value, says, "Hagos Syn")
    assert leg in says("hana", "transfer", "list")
    says("hana", "transfer", "acknowledge", leg)
    assert "attachment: scan.txt (8 bytes)" in says("hana", "open", leg)
    assert value("hana", "transfer", "gates", leg, "--step", "accept", *plan())["step"] == "accept"
    how = ("--duty", "hana", "--second", "bekele", "--words", written(tmp_path / "words.json", {"bed": "a bed"}))
    waits = value("hana", "transfer", "accept", leg, *plan(), *how)["cosign"]
    says("bekele", "cosign", waits, "--yes")
    assert value("amina", "transfer", "depart", leg, *plan())["state"] == "in_transit"
    says("hana", "transfer", "arrive", leg)
    assert "identity" in says("hana", "transfer", "items", leg)
    found = [{"section": "identity", "item": "born", "found": "corrected", "value": {"on": "2010-04-02"}}]
    says("hana", "transfer", "verify", leg, written(tmp_path / "found.json", found))
    assert "2010-04-02" in says("amina", "transfer", "corrections", leg, "--apply")
    meeting = value("amina", "handover", "draft", "--leg", leg, "--facts", written(tmp_path / "facts.json", SAID))
    says("amina", "handover", "tick", meeting["record"], *handover.CHECKLIST)
    says("omar", "transfer", "release", leg)
    theirs = value("bekele", "transfer", "meeting", leg)["record"]
    says("hana", "handover", "tick", theirs, *handover.CHECKLIST, "--why", written(tmp_path / "why.txt", "we received"))
    says("bekele", "transfer", "take", leg, "--first-contact", people.day(2))
    people.run()
    told = says("amina", "transfer", "who-holds", record, "--proof", tmp_path / "proof.json")
    assert "responsible: addis@dj.example" in told
    assert "Held by addis@dj.example" in says("omar", "transfer", "verify-proof", tmp_path / "proof.json")
    shown = says("hana", "transfer", "show", leg, "--html", tmp_path / "way.html")
    assert "responsible: addis@dj.example" in shown
    assert "From here on responsible: <bdi>addis@dj.example</bdi>" in (tmp_path / "way.html").read_text()
    assert "you can:" in shown
    says("hana", "transfer", "first-contact", leg, "--day", people.day(), "--next", people.day(30))
    assert value("hana", "transfer", "follow-up", leg, "--day", people.day())["state"] == "monitoring"
    assert "hub aftercare plan" in value("bekele", "transfer", "close", leg, code=7)["todo"]
    assert "Hand it over first" in value("bekele", "transfer", "move-on", leg, code=6)["todo"]


def test_a_no_a_question_and_a_halt_are_words_in_files(people, value, says, tmp_path):
    record, leg = offered(people, value, says, "Selam Syn")
    text = tmp_path / "text.txt"
    text.write_text("Does she need a wheelchair?")
    says("hana", "transfer", "acknowledge", leg)
    says("hana", "transfer", "ask", leg, "--text", text)
    assert "the recipient asks for more" in says("amina", "transfer", "show", leg)
    told = value("omar", "transfer", "halt", leg, "--text", text, "--why", text)
    assert told == {leg: "halted"}
    owed = [row for row in map(json.loads, says("amina", "tasks", "--json").splitlines()) if row["about"] == record]
    assert [(row["what"], row["needs"], row["handoffs"]) for row in owed] == [("tell", ["transfer_stopped"], [leg])]
    assert "tell the child" in says("amina", "tasks")
    says("amina", "case", "told", record, "transfer_stopped", "--language", "ti", "--format", "play", "--lang", "es")
    (row,) = value("amina", "case", "show", record, "child_views")["sections"]["child_views"]["told"][-1:]
    assert row["stage"] == "El traslado no se hace"
    assert record not in says("amina", "tasks")
    refused = value("hana", "transfer", "confirm", leg, code=7)
    assert "hub transfer show" in refused["todo"]


def test_a_place_is_asked_for_from_the_terminal(people, value, says):
    asked = ("--to", "addis", "--need", "reception", "--age-band", "15-17", "--from", people.day(3))
    leg = value("amina", "transfer", "inquire", *asked)["id"]
    says("hana", "transfer", "answer-inquiry", leg, "--answer", "capacity", "--places", "2")
    assert value("amina", "transfer", "inquiry", leg)["answer"]["places"] == 2


def test_half_a_plan_is_none(people, says):
    refused = says("amina", "transfer", "depart", "x" * 22, *plan()[:4], code=2)
    assert "A plan says when the child leaves" in refused


def test_a_child_without_a_packet_is_taken_in_at_the_terminal(people, value, says):
    record = cases.new(people.receiver, dict(people.hagos().sections)).record
    days = ("--next", people.day(2), "--bia-due", people.day(7), "--bid-due", people.day(14))
    begun = value("hana", "transfer", "intake", record, "--mode", "spontaneous", *days, "--second", "bekele")
    says("bekele", "cosign", begun["cosign"], "--yes")
    assert "responsible: addis@dj.example" in says("hana", "transfer", "who-holds", record)
    told = value("hana", "transfer", "gates", begun["leg"], "--step", "close", code=5)
    assert [row["gate"] for row in told["gates"] if row["found"] == "blocked"] == ["R24"]
