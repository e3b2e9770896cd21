"""`hub consent export` and `import` as a worker uses them: what is kept, and what is not."""

from __future__ import annotations

import json

import pytest

from hub.clock import FileClock, SetClock
from tests.conftest import NOW
from tests.support import terminal
from tests.support.consents import ADDIS, HASH, draft, grant
from tests.support.world import PASSPHRASE, populated, world

HOME, AWAY = "dj.example", "et.example"
SILENT = {"giver": {"order": {"body": "Court of Obock", "reference": "SYN-7"}}, "informing": {"by": "SYN worker"}}


@pytest.fixture(scope="module")
def says(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        place = populated(made, HOME, AWAY)

        def say(*words, code=0):
            given = ("--profile", place.folder / "amina", "--passphrase-file", place.folder / "passphrase")
            return terminal.hub(*given, "consent", *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

        yield say


@pytest.fixture(scope="module")
def kept(says, tmp_path_factory):
    """A consent in Amina's own records."""
    file = tmp_path_factory.mktemp("consent") / "consent.json"
    file.write_text(json.dumps(draft(grant(ADDIS, "identity"))))
    return json.loads(says("new", file, "--label", "x", "--json"))["record"]


def exported(says, kept, form, out):
    said = says("export", kept, "--as", form, "--out", out)
    assert "Written" in said
    assert out.stat().st_mode & 0o077 == 0
    return json.loads(out.read_text()), said


def test_an_export_says_what_the_record_does_not(says, kept, tmp_path):
    value, said = exported(says, kept, "iso27560", tmp_path / "iso.json")
    assert value["rcp:incomplete"]
    assert all(name in said for name in value["rcp:incomplete"])


@pytest.mark.parametrize(("form", "known"), [("iso27560", None), ("fhir", SILENT)])
def test_what_is_exported_can_be_kept_again(says, kept, tmp_path, form, known):
    exported(says, kept, form, tmp_path / "made.json")
    (tmp_path / "known.json").write_text(json.dumps(known or {}))
    words = ("import", tmp_path / "made.json", "--context", tmp_path / "known.json", "--label", "again")
    found = json.loads(says(*words, "--json"))
    assert found["record"] != kept
    assert found["record"] in says("list")


def test_an_incomplete_consent_is_not_kept_and_what_is_missing_is_said(says, kept, tmp_path):
    before = says("list")
    exported(says, kept, "fhir", tmp_path / "made.json")
    said = says("import", tmp_path / "made.json", "--label", "again", code=2)
    assert "informing.by" in said
    assert "giver.order.body" in said
    assert says("list") == before


def test_a_consent_about_single_items_is_not_kept(says, kept, tmp_path):
    value, _ = exported(says, kept, "fhir", tmp_path / "made.json")
    item = {"meaning": "instance", "reference": {"reference": "Observation/1"}}
    value["provision"]["provision"].append({"type": "deny", "data": [item]})
    (tmp_path / "made.json").write_text(json.dumps(value))
    (tmp_path / "known.json").write_text(json.dumps(SILENT))
    words = ("import", tmp_path / "made.json", "--context", tmp_path / "known.json", "--label", "x")
    assert "single items" in says(*words, code=2)


@pytest.mark.parametrize("value", [{}, [], {"resourceType": "Patient"}, {"@type": "dpv:ConsentReceipt"}])
def test_what_is_no_consent_is_refused(says, tmp_path, value):
    (tmp_path / "made.json").write_text(json.dumps(value))
    assert "This is no" in says("import", tmp_path / "made.json", "--label", "x", code=2)


def test_a_duty_to_protect_has_no_other_form(says, tmp_path):
    days = {"given": "2026-11-01", "until": "2026-12-01", "assent": "agreed", "expression": HASH}
    duty = {"v": 1, "kind": "mandatory_protection", "recipients": [ADDIS.agency], **days}
    (tmp_path / "duty.json").write_text(json.dumps(duty))
    said = json.loads(says("new", tmp_path / "duty.json", "--label", "x", "--json"))
    assert "own agency" in says("export", said["record"], "--as", "fhir", "--out", tmp_path / "x.json", code=2)
