"""`hub case` as a caseworker and a machine use it, and the published forms as anybody reads them."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from hub.casefile.sections import forms
from hub.clock import FileClock, SetClock
from tests.conftest import NOW
from tests.support import terminal
from tests.support.apps import running_hub
from tests.support.world import PASSPHRASE, populated, world

HOME = "dj.example"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, "et.example") as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        populated(made, HOME, "et.example")
        made.join(made.members["amina"], "colleague", {"caseworker"})
        yield made


@pytest.fixture
def says(place):
    def say(login, *words, code=0):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase")
        return terminal.hub(*given, "case", *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

    return say


@pytest.fixture
def record(says):
    return json.loads(says("amina", "new", "--json"))["record"]


def written(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_a_file_is_begun_and_changed_and_its_versions_are_shown(says, record, tmp_path):
    told = says("amina", "section", record, "needs_risk", written(tmp_path / "a.json", {"risk": "high"}))
    assert "needs_risk is kept, version " in told
    says("amina", "section", record, "minimal_contact", written(tmp_path / "b.json", {"reference": "SYN-ET-001"}))
    shown = says("amina", "show", record)
    assert "risk: high" in shown
    assert record in says("amina", "list")
    assert "SYN-ET-001" in says("amina", "list")
    versions = [
        json.loads(line)["version"] for line in says("amina", "show", record, "--history", "--json").splitlines()
    ]
    assert len(versions) == 3
    assert json.loads(says("amina", "show", record, "--version", versions[0], "--json"))["sections"] == {}
    assert "no such section" in says("amina", "show", record, "health", code=7)


def test_a_list_of_files_says_no_name(says, record, tmp_path):
    says("amina", "section", record, "identity", written(tmp_path / "a.json", {"names": {"full": "SYN Hagos"}}))
    assert "Hagos" not in says("amina", "list") + says("amina", "list", "--json")


def test_a_file_is_begun_with_a_folder(says, tmp_path):
    (tmp_path / "in" / "sections").mkdir(parents=True)
    written(tmp_path / "in" / "sections" / "health.json", {"v": 1, "treatment_needed": True})
    record = json.loads(says("amina", "new", "--from", tmp_path / "in", "--json"))["record"]
    assert "treatment needed: yes" in says("amina", "show", record, "health").replace("_", " ")


def test_what_is_not_of_its_form_is_refused_by_its_place_and_not_repeated(says, record, tmp_path):
    told = says("amina", "section", record, "needs_risk", written(tmp_path / "a.json", {"risk": "SYN-word"}), code=2)
    assert "/risk" in told
    assert "SYN-word" not in told
    assert "hub case schema" in told
    assert "holds an object" in says("amina", "section", record, "health", written(tmp_path / "b.json", []), code=2)
    assert "knows a section" in says("amina", "section", record, "shoes", written(tmp_path / "c.json", {}), code=2)


def test_completeness_names_what_is_missing_in_the_language_that_is_asked_for(says, record):
    told = says("amina", "completeness", record)
    assert told.startswith("0 of 100")
    assert "a best-interests determination" in told
    assert "un tuteur" in says("amina", "completeness", record, "--lang", "fr")
    early, late = (
        json.loads(says("amina", "completeness", record, "--phase", phase, "--json"))["gaps"]
        for phase in ("pre_return", "reintegration")
    )
    assert len(early) < len(late)


def test_a_question_is_answered_once_and_then_not_asked_again(says, record, tmp_path):
    assert "child_wish" in says("amina", "questions", record)
    says("amina", "answer", record, "child_wish", written(tmp_path / "said.txt", "To be with her aunt.\n"))
    assert "child_wish" not in says("amina", "questions", record)
    assert "To be with her aunt." in says("amina", "questions", record, "--all")
    assert "no such question" in says("amina", "answer", record, "nonsense", tmp_path / "said.txt", code=7)
    assert "empty" in says("amina", "answer", record, "papers", written(tmp_path / "no.txt", " \n"), code=2)


def test_a_paper_comes_back_as_it_was_kept(says, record, tmp_path):
    scan = written(tmp_path / "SYN Hagos.pdf", "%PDF of a certificate")
    facts = written(tmp_path / "facts.json", {"issuer": "registry", "copy": "certified_copy"})
    says("amina", "attach", record, scan, "--type", "birth_certificate", "--facts", facts)
    (tmp_path / "out").mkdir()
    shown = json.loads(says("amina", "show", record, "documents", "--papers", tmp_path / "out", "--json"))
    (path,) = shown["papers"]
    assert scan.read_text() == (tmp_path / "out" / path.rpartition("/")[2]).read_text()
    assert shown["sections"]["documents"]["items"][0]["issuer"] == "registry"


def test_a_colleague_is_asked_why(says, record, tmp_path):
    assert "Say why you need this record." in says("colleague", "show", record, code=2)
    assert record in says("colleague", "show", record, "--why", written(tmp_path / "why.txt", "on duty"))


def test_anybody_may_print_a_form(says):
    assert "bia_bid" in terminal.hub("case", "schema")
    assert json.loads(terminal.hub("case", "schema", "bia_bid")) == forms.schema("bia_bid")
    assert "no form" in terminal.hub("case", "schema", "shoes", code=7)


def test_a_hub_publishes_each_form_to_anybody(tmp_path, clock):
    with running_hub(tmp_path / "hub", clock) as (_hub, app):
        for name in forms.NAMES:
            answer = app.test_client().get(f"/schemas/sections/{name}-v1.json")
            assert answer.status_code == 200
            assert answer.mimetype == "application/schema+json"
            assert answer.headers["Cache-Control"] == "public, max-age=86400"
            jsonschema_rs.meta.validate(json.loads(answer.data))
        for wrong in ("shoes-v1", "bia_bid-v2", "bia_bid", "..%2fcommon-v1"):
            assert app.test_client().get(f"/schemas/sections/{wrong}.json").status_code == 404
