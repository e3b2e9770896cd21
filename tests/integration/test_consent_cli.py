"""What people read about a consent at the command line: reasons once each, tables that can be copied, no secrets."""

from __future__ import annotations

import json

import pytest

from consent.words import LANGUAGES, words
from hub.client import basis as bases
from hub.client import withdrawal
from hub.clock import FileClock, SetClock
from tests.conftest import NOW
from tests.support import terminal
from tests.support.consents import draft
from tests.support.world import PASSPHRASE, populated, protocol, reception, world

HOME, AWAY = "dj.example", "et.example"
ASK = ("--to", "addis", "--purpose")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        yield populated(made, HOME, AWAY)


@pytest.fixture
def says(place):
    """`says("amina", "list")`: what the command says to her."""

    def say(login, *words, code=0, columns="160"):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"), COLUMNS=columns)

    return say


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def held(amina, place):
    return reception(amina, place.clock, place.members["hana"].agency)


def a_packet(folder, *names):
    (folder / "sections").mkdir(parents=True)
    for name in names:
        (folder / "sections" / f"{name}.json").write_text('{"note": "SYN"}')
    return folder


def test_a_reason_that_holds_for_many_sections_is_said_once(says, held, tmp_path):
    packet = a_packet(tmp_path / "packet", "health", "documents", "identity")
    said = says("amina", "send", packet, "--basis", held.handoff, *ASK, "education", code=5)
    assert said.count("(R01)") == 1
    assert "documents, health, identity: Consent does not cover sending papers and certificates; health; name" in said
    assert said.startswith("Not permitted. ")
    assert said.count("(R01)") == says(
        "amina", "send", packet, "--basis", held.handoff, *ASK, "education", "--check", code=5
    ).count("(R01)")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_decision_is_explained_in_each_language_and_in_few_lines(says, held, language):
    said = says("amina", "consent", "explain", held.handoff, *ASK, "education", "--lang", language, code=5)
    labels = words(language).labels
    assert f"R01  {labels['no'].lower()}" in said
    assert f"{labels['not_permitted']}:" in said
    assert len(said.splitlines()) < 30
    granted = says("amina", "consent", "explain", held.handoff, *ASK, "reception", "--lang", language)
    assert labels["permitted_until"] in granted


@pytest.mark.parametrize("command", ["explain", "approve"])
def test_a_section_that_there_is_not_is_refused(says, held, command, tmp_path):
    (tmp_path / "why").write_text("The panel found that it is needed.")
    more = {
        "explain": (*ASK, "reception"),
        "approve": ("--rule", "R11", "--until", "2026-12-20", "--reason", tmp_path / "why"),
    }
    says("amina", "consent", command, held.handoff, "--section", "helth", *more[command], code=2)


def test_identifiers_are_never_broken_on_a_narrow_screen(says, held):
    for columns in ("40", "60", "80", "160"):
        said = says("amina", "consent", "list", columns=columns)
        assert held.handoff in said
        assert all(len(line) <= int(columns) for line in said.splitlines())


def test_a_consent_is_shown_without_its_secrets_and_changed_from_the_file(says, amina, held, tmp_path):
    said = says("amina", "consent", "show", held.handoff)
    opened = says("amina", "open", held.handoff)
    for secret in (held.token, str(held.basis["receipt"]["id"])):
        assert secret not in said + opened
    assert "secret" not in said + opened
    out = tmp_path / "consent.json"
    says("amina", "consent", "show", held.handoff, "--out", out)
    assert out.stat().st_mode & 0o077 == 0
    value = json.loads(out.read_text())
    value["grants"][0]["until"] = "2027-01-15"
    out.write_text(json.dumps(value))
    assert "Revision 2 is kept." in says("amina", "consent", "revise", held.handoff, out)
    kept = bases.load(amina, held.handoff)
    assert kept.basis["grants"] == [{**held.basis["grants"][0], "until": "2027-01-15"}, *held.basis["grants"][1:]]
    assert {name: kept.basis[name] for name in ("giver", "assent", "receipt", "controllers")} == {
        name: held.basis[name] for name in ("giver", "assent", "receipt", "controllers")
    }


def test_no_paper_is_printed_where_the_record_says_that_it_is_dangerous(says, tmp_path):
    (tmp_path / "basis.json").write_text(json.dumps({**draft(), "receipt": {"given_as": "code_only"}}))
    told = says("amina", "consent", "new", tmp_path / "basis.json", "--label", "guardian")
    record = told.split("--basis ")[1].split()[0]
    assert f"hub consent receipt {record} --out receipt.pdf --code-only" in told
    paper = ("consent", "receipt", record, "--out", tmp_path / "receipt.pdf", "--phone", "+253 77 00 00 00")
    assert "--code-only" in says("amina", *paper, code=2)
    assert not (tmp_path / "receipt.pdf").exists()
    says("amina", *paper, "--code-only")


def test_a_consent_that_was_withdrawn_has_no_receipt_and_no_day_to_ask_again(says, amina, held, tmp_path):
    says("amina", "consent", "show", held.handoff, "--out", tmp_path / "consent.json")
    withdrawal.withdraw(amina, held.handoff)
    assert "withdrawn" in says("amina", "consent", "receipt", held.handoff, "--out", tmp_path / "r.pdf", code=2)
    assert "stays withdrawn" in says("amina", "consent", "revise", held.handoff, tmp_path / "consent.json")


def test_who_may_not_is_told_who_may(says, place, amina, tmp_path):
    place.join(amina, "omar", {"caseworker"})
    (tmp_path / "protocol.json").write_text(json.dumps(protocol(place.clock, "identity")))
    assert "data officer" in says("omar", "protocol", "new", tmp_path / "protocol.json", code=5)


def test_nobody_is_assigned_to_what_there_is_not(says, place, amina):
    place.join(amina, "sara", {"supervisor"})
    place.join(amina, "fatou", {"caseworker"})
    says("sara", "assign", "nonsense", "fatou", code=7)
