"""Keeping the map true from the command line, as coordinators do, against a served hub."""

from __future__ import annotations

import json

import pytest

from hub.clock import FileClock, SetClock
from tests.conftest import NOW
from tests.support import maps, terminal
from tests.support.world import PASSPHRASE, world

HOST = "dj.example"
API = "/api/v1/directory"
NEW = [{"number": "+253 2"}]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        made.found(HOST, "shelter", "shelter", "DJ", "amina")
        made.found(HOST, "authority", "authority", "DJ", "daher")
        made.join(made.members["amina"], "omar", {"coordinator"})
        with made.hubs[HOST].hub.database.write() as connection:
            maps.populated(connection)
        yield made


@pytest.fixture
def says(place):
    def say(login, *words, code=0):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase", "directory")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

    return say


@pytest.fixture
def clinic(place):
    amina = place.members["amina"]
    by = amina.hub.post(f"{API}/records", {"kind": "provider", "document": {"name": "Clinic", "kind": "ngo"}})["id"]
    document = {"name": "Care", "status": "active", "organization_id": by, "phones": [{"number": "+253 1"}]}
    return amina.hub.post(f"{API}/records", {"kind": "service", "document": document})["id"]


def propose(place, record, **changes):
    given = {"kind": "service", "record": record, "changes": changes}
    return place.members["daher"].hub.post(f"{API}/requests", given)["id"]


def test_what_is_due_is_listed_until_somebody_checks_it(says, clinic):
    assert clinic in says("amina", "due", "--what", "offer")
    assert {"never", "checked"} <= set(says("amina", "due", "--what", "offer").split())
    assert "version 2" in says("amina", "verify", clinic, "--how", "call", "--note", "The nurse said so.")
    assert clinic not in says("amina", "due")
    says("daher", "verify", clinic, "--how", "call", code=5)


def test_many_are_renewed_after_a_dry_run(says, clinic):
    dry = says("amina", "renew", "--group", "offer", "--how", "visit")
    assert clinic in dry
    assert "Nothing was changed" in dry
    assert clinic in says("amina", "due", "--what", "offer")
    says("amina", "renew", "--group", "offer", "--how", "visit", "--apply")
    assert "Nothing here" in says("amina", "due", "--what", "offer")


def test_a_new_last_day_is_given_without_a_word_on_the_rest(says, place, clinic):
    hub = place.members["amina"].hub
    hub.patch(f"{API}/records/{clinic}", {"base_version": 1, "changes": {"ends": "2026-01-31"}})
    assert "Nothing is said" in says("amina", "renew", "--how", "call", "--apply", code=2)
    assert clinic in says("amina", "renew", "--how", "call", "--ends", "2027-06-30", "--apply")
    kept = hub.get(f"{API}/records/{clinic}")["document"]
    assert (kept["ends"], "offer" in kept.get("verified", {})) == ("2027-06-30", False)


def test_a_change_is_shown_from_all_sides_approved_in_part_or_refused(says, place, clinic):
    request = propose(place, clinic, description="For all [b]children[/b].", free=True)
    assert request in says("amina", "changes")
    shown = says("amina", "changes", request)
    assert "new: For all [b]children[/b]." in shown
    says("amina", "approve", request, "--version", "7", code=6)
    assert "Written as version 2" in says("amina", "approve", request, "--version", "1", "--member", "free")
    other = propose(place, clinic, description="No.")
    says("amina", "refuse", other, "--reason", "Not so.")
    assert "Nothing here" in says("amina", "changes", "--record", clinic)
    assert "refused" in says("daher", "changes", other)
    says("amina", "approve", "x" * 22, "--version", "1", code=7)


def test_a_number_waits_until_a_colleague_called(says, place, clinic):
    request = propose(place, clinic, phones=NEW)
    assert "wait for a call" in says("amina", "approve", request, "--version", "1")
    (held,) = [json.loads(line) for line in says("omar", "hold", "--json").splitlines()]
    assert held["differences"]["phones"]["new"] == NEW
    says("omar", "hold", held["id"], "--called", "They said yes.")
    assert "Nothing here" in says("omar", "hold")


def test_a_link_is_printed_once(says, clinic):
    told = json.loads(says("amina", "link", clinic, "--language", "fr", "--json"))
    assert "/update/" in told["url"]
    says("amina", "link", clinic, "--mail", code=2)
