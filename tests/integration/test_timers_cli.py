"""`hub timers` as people and machines use it: words come from files, and dates end with a day of the agency's own."""

import json

import pytest

from hub.clock import FileClock, SetClock
from tests.conftest import NOW
from tests.support import terminal
from tests.support.world import populated, world

HERE = "dj.example"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("timers"), SetClock(NOW), HERE) as made:
        populated(made, HERE, HERE)
        made.join(made.members["amina"], "omar", {"caseworker"})
        yield made


def hub(member, *words, code=0):
    passphrase = member.profile.folder.parent / "passphrase"
    passphrase.write_text("correct horse battery staple")
    where = ("--profile", member.profile.folder, "--passphrase-file", passphrase)
    clock = passphrase.with_name("clock")
    FileClock(clock).put(member.clock.now(), factor=0)
    return terminal.hub(*where, *words, code=code, COLUMNS="160", HUB_CLOCK_FILE=str(clock))


def line(tmp_path, text):
    found = tmp_path / "line"
    found.write_text(text)
    return found


def test_a_date_is_set_listed_moved_and_done(place, tmp_path):
    omar, about = place.members["omar"], line(tmp_path, "Plan review of [SYN Selam]\n")
    done = hub(
        omar, "timers", "set", "--days", "15", "--from", "2026-11-20", "--about", about, "--warn-days", "2", "--json"
    )
    made = json.loads(done)
    assert made["due"] == 1_796_504_400
    listed = json.loads(hub(omar, "timers", "list", "--mine", "--json"))
    assert (listed["about"], listed["due"], listed["state"]) == (
        "Plan review of [SYN Selam]",
        made["due"],
        "timer_runs",
    )
    assert "Plan review of [SYN Selam]" in hub(omar, "timers", "list")
    why = line(tmp_path, "The family travels.")
    assert "Moved" in hub(omar, "timers", "move", made["timer"], "--months", "1", "--why", why)
    assert "Moved" in hub(omar, "timers", "move", made["timer"], "--owner", "amina", "--why", why)
    assert "Nothing here" in hub(omar, "timers", "list", "--mine")
    amina = place.members["amina"]
    assert "Done" in hub(amina, "timers", "done", made["timer"], "--note", line(tmp_path, "Reviewed."))
    told = hub(omar, "timers", "list", made["timer"])
    assert "The family travels." in told
    assert "Reviewed." in told
    assert "amina" in told


def test_an_alert_is_seen_at_every_desk_until_it_is_done(place, tmp_path):
    omar, amina = place.members["omar"], place.members["amina"]
    about = line(tmp_path, "The observer asks for a call")
    words = ("timers", "set", "--hours", "6", "--urgency", "emergency", "--owner", "amina", "--about", about, "--json")
    alert = json.loads(hub(omar, *words))["timer"]
    assert "alert" in hub(amina, "timers", "list", "--escalated")
    counts = [json.loads(row) for row in hub(amina, "queue", "supervisor", "--json").splitlines()]
    assert {"queue": "dates", "count": 1} in counts
    counts = [json.loads(row) for row in hub(amina, "queue", "owner", "--json").splitlines()]
    assert {"queue": "timers", "count": 1} in counts
    assert "within a week: 1" in hub(amina, "tasks")
    hub(omar, "timers", "acknowledge", alert, code=6)
    hub(amina, "timers", "acknowledge", alert)
    hub(amina, "timers", "done", alert)
    assert "Nothing here" in hub(amina, "timers", "list", "--escalated")


def test_by_when_is_said_in_one_way(place, tmp_path):
    omar, about = place.members["omar"], line(tmp_path, "A visit")
    hub(omar, "timers", "set", "--about", about, code=2)
    hub(omar, "timers", "set", "--days", "1", "--months", "2", "--about", about, code=2)
    hub(omar, "timers", "set", "--days", "1", "--owner", "nobody", "--about", about, code=7)
