"""`hub consent notice` and `form` as a worker uses them at a table: without an account, in each language."""

import json

import pytest

from consent.words import LANGUAGES, NOTICES, notice
from tests.support.terminal import hub


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_is_read_out_whole_with_its_version_and_hash(name, language):
    said, told = hub("consent", "notice", name, "--lang", language), notice(name, language)
    assert [p.topic for p in told.paragraphs if p.heading not in said or p.text not in said] == []
    assert told.sha256 in said


def test_a_notice_for_a_machine_carries_what_the_record_of_a_consent_names():
    said = json.loads(hub("consent", "notice", "notice-transfer", "--lang", "ar", "--json"))
    told = notice("notice-transfer", "ar")
    assert (said["id"], said["version"], said["language"], said["sha256"]) == (
        told.id,
        told.version,
        told.language,
        told.sha256,
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("more", [(), ("--large",), ("--transfer", "--phone", "+253 21 35 00 00")])
def test_an_empty_form_is_printed_without_an_account(tmp_path, language, more):
    out = tmp_path / "form.pdf"
    assert "Written" in hub("--profile", tmp_path / "none", "consent", "form", "--lang", language, "--out", out, *more)
    assert out.read_bytes().startswith(b"%PDF-1.7")
    assert out.stat().st_mode & 0o077 == 0


def test_letters_that_cannot_be_printed_are_an_error_that_names_a_way_out_and_no_file(tmp_path):
    said = hub("consent", "form", "--out", tmp_path / "form.pdf", "--agency", "\U00012000", code=2)
    assert "by hand" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("notice", "notice-war"), ("notice", "notice-referral", "--lang", "xx"), ("form",)])
def test_there_is_nothing_in_another_language_or_of_another_name(words):
    hub("consent", *words, code=2)
