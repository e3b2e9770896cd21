"""Medical windows: the client reckons them, and the hub sees an emergency and a due time."""

from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path

import pytest

from hub.client.clocks import HOUR, MINUTE, WINDOWS, special
from hub.errors import InvalidRequest
from hub.followup.domain import start
from tests.support.web_modules import WebModules

NOW = 1_795_290_000


def test_pep_is_an_emergency_answered_within_half_an_hour_and_never_after_the_window():
    early = special("pep", NOW - HOUR, NOW)
    assert (early.urgency, early.due, early.closes) == ("emergency", NOW + 30 * MINUTE, NOW + 71 * HOUR)
    late = special("pep", NOW - 72 * HOUR + 10 * MINUTE, NOW)
    assert late.due == late.closes == NOW + 10 * MINUTE


def test_a_window_that_has_closed_or_not_opened_is_refused_with_what_to_do():
    for event in (NOW - 72 * HOUR, NOW + 1):
        with pytest.raises(InvalidRequest) as refused:
            special("pep", event, NOW)
        assert refused.value.todo
    with pytest.raises(InvalidRequest):
        special("surgery", NOW, NOW)


def test_the_hub_reckons_the_ladder_from_the_due_time_alone():
    due = special("pep", NOW - HOUR, NOW).due
    clock = start("h" * 22, "delivered", "emergency", NOW, due=due)
    assert [(at - NOW) // MINUTE for at in clock.times] == [30, 45, 60, 90, 120]


def test_every_window_names_standards_that_exist():
    table = Path(__file__).parents[3] / "shared" / "domain" / "time-standards.csv"
    if not table.exists():
        pytest.skip("the shared table is not beside this copy of the project")
    known = {row["id"] for row in csv.DictReader(table.read_text().splitlines())}
    assert {name for row in WINDOWS.values() for name in row["beside"]} <= known


def test_a_browser_reckons_windows_as_python_does():
    rows = [(name, NOW + shift * HOUR) for name in (*WINDOWS, "surgery") for shift in (1, 0, -1, -71, -72, -119, -120)]
    with WebModules(Path(__file__).resolve().parents[1] / "support" / "web_care.mjs") as web:
        assert web.ask("windows")["ok"] == list(WINDOWS)
        found = web.ask("special", rows=[{"name": name, "event": at, "now": NOW} for name, at in rows])["ok"]
    for (name, at), theirs in zip(rows, found, strict=True):
        try:
            ours = asdict(special(name, at, NOW))
        except InvalidRequest:
            ours = {"refused": "invalid_request"}
        assert theirs == ours, (name, at)
