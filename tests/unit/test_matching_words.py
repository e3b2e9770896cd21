"""Every answer that a criterion can give has words in every language, and every code of the map a name."""

from __future__ import annotations

import json
from string import Formatter

import pytest

from consent.words import LANGUAGES
from hub.directory.matching.match import load
from hub.directory.matching.reasons import label, sentence, words
from hub.directory.records import vocabulary
from hub.directory.records.vocabulary import GROUPS, NEEDS, PROVIDER_KINDS
from hub.errors import InvalidRequest
from tests.support.twin import matched
from tests.vectors import matches

CRITERIA = {row["id"]: row for row in load()["criteria"]}


def _places(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _possible(row):
    """Return the codes that a criterion may answer with; past its group's limit it is `stale`."""
    found = {"stale"} if "group" in row else set()
    for said in ("meets", "does_not", "unknown"):
        why = row.get("why", {}).get(said, [])
        found |= {code for code, _ in why} | (set() if any(condition is True for _, condition in why) else {said})
    return found


def _shape(value):
    return {name: _shape(item) for name, item in value.items()} if isinstance(value, dict) else _places(value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_of_every_criterion_has_a_sentence(language):
    said = words(language)
    assert set(said["criteria"]) == set(CRITERIA) == set(said["reasons"]) - {"*"}
    for name, row in CRITERIA.items():
        for code in _possible(row):
            text = said["reasons"][name].get(code) or said["reasons"]["*"][code]
            assert _places(text) <= set(row.get("tells", {})), (name, code)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_say_the_same_and_leave_nothing_empty(language):
    for room in ("matching", "records"):
        assert _shape(words(language, room)) == _shape(words("en", room))
        assert '""' not in json.dumps(words(language, room))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_of_the_map_has_a_name(language):
    named = {"needs": NEEDS, "provider_kinds": PROVIDER_KINDS, "groups": GROUPS, "levels": ("individual",)}
    lists = ("sectors", "vulnerabilities", "situations", "statuses", "documents", "access", "capacity_states", "intake")
    for part, codes in {**named, **{name: vocabulary.codes(name) for name in lists}}.items():
        for code in codes:
            assert code in words(language, "records")[part], (part, code)
    assert label("needs", "unheard_of", language) == "unheard_of"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_of_the_vectors_can_be_said(language):
    for _name, change, asked, _expected in matches.CASES:
        for row in matched(matches.question([change], asked))[0]["criteria"]:
            text = sentence(_Row(**row), language)
            assert "{" not in text
            assert text


def test_an_age_above_the_limit_is_said_with_both_numbers():
    found = matched(matches.question([{"bands": [{"below": 156}]}], {"person": {"months_from": 192, "months_to": 192}}))
    said = {row["id"]: sentence(_Row(**row), "en") for row in found[0]["criteria"]}
    assert said["age"] == "Age 16 is above this group's limit of 12."


def test_there_are_no_words_of_another_language():
    with pytest.raises(InvalidRequest):
        words("tlh")


class _Row:
    def __init__(self, **members):
        self.__dict__.update(members)
