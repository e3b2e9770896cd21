"""`hub gates` as a caseworker and a supervisor use it."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from hub.clock import FileClock, SetClock
from hub.ids import random_id
from tests.support import terminal
from tests.support.world import PASSPHRASE, populated, world
from tests.vectors import gates

HOME = "dj.example"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(gates.NOW), HOME) as made:
        FileClock(made.folder / "clock").put(gates.NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        populated(made, HOME, HOME)
        made.join(made.members["amina"], "omar", {"supervisor"})
        yield made


@pytest.fixture
def says(place):
    def say(login, *words, code=0):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

    return say


@pytest.fixture
def leg():
    return random_id()


@pytest.fixture
def journey(tmp_path, leg):
    known = {name: item for name, item in asdict(gates.journey(leg=leg)).items() if item is not None}
    return written(tmp_path / "journey.json", known)


@pytest.fixture
def record(says, tmp_path):
    sections = tmp_path / "packet" / "sections"
    sections.mkdir(parents=True)
    case = {**gates.SECTIONS, "coo_home_study": {"v": 1}}
    for name, section in case.items():
        written(sections / f"{name}.json", section)
    return json.loads(says("amina", "case", "new", "--from", tmp_path / "packet", "--json"))["record"]


def written(path, value):
    path.write_text(json.dumps(value))
    return path


def exception(leg, **changes):
    dates = {"begins": "2026-11-20", "ends": "2026-11-30", "bia_due": "2026-11-29", "bid_due": "2026-12-06"}
    reason = "SYN: the host country has no panel this month."
    return {"gate": "R24", "leg": leg, "mode": "bid_in_origin", "reason": reason, **dates, **changes}


def test_a_worker_reads_what_is_missing_and_a_supervisor_lifts_it(says, record, journey, leg, tmp_path):
    told = says("amina", "gates", "check", record, "offer", journey)
    assert "R21  stops: No best-interests determination supports this return." in told
    assert "     - Link the assessment of the country of origin." in told
    assert "     Only an exception for the return leg (R24)." in told
    says("omar", "gates", "approve", record, written(tmp_path / "approval.json", exception(leg)))
    found = json.loads(says("amina", "gates", "check", record, "offer", journey, "--json"))
    assert found["permitted"]
    assert [row["gate"] for row in found["gates"] if row["found"] == "overridden"] == ["R21", "R22", "R24"]
    assert [row["task"] for row in found["tasks"]] == ["bia", "bid"]
    told = says("amina", "gates", "check", record, "offer", journey, "--lang", "ar")
    assert "2026-11-29" in told
    assert "مرفوع" in told
    row = json.loads(says("amina", "gates", "list", record, "--json"))
    assert (row["gate"], row["leg"], row["signatures"]) == ("R24", leg, 1)


def test_an_approval_of_what_nobody_lifts_is_not_signed(says, record, leg, tmp_path):
    says("omar", "gates", "approve", record, written(tmp_path / "a.json", exception(leg, gate="R23")), code=2)


@pytest.mark.parametrize(
    "change", [{"purpose": "expulsion"}, {"leg": None}, {"final": "no"}, {"holder": True}, {"name": "SYN"}]
)
def test_a_journey_that_is_none_is_refused_and_not_repeated(says, record, leg, tmp_path, change):
    path = written(tmp_path / "journey.json", {"leg": leg, "purpose": "return", **change})
    told = says("amina", "gates", "check", record, "offer", path, code=2)
    assert "expulsion" not in told
    assert "SYN" not in told
