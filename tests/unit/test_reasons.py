"""The coded words of the conversation: one list, in four languages, read strictly and counted safely."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from hub.errors import InvalidRequest
from hub.inquiries.domain import CAPACITY
from hub.referrals import reasons

AGENCY = "urn:rcp:agency:haven@et.example"
PARTS = {
    "codes": {*reasons.REASONS, *reasons.BARRIERS},
    "answers": {*reasons.GOT_HELP},
    "capacity": {*CAPACITY},
    "who": {*reasons.WHO},
    "how": {*reasons.HOW},
}


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
def test_every_code_has_words_in_every_language_and_no_word_is_left_over(language):
    text = resources.files("hub.referrals").joinpath(f"words/{language}.json").read_text(encoding="utf-8")
    assert {part: set(rows) for part, rows in json.loads(text).items()} == PARTS
    for part, codes in PARTS.items():
        assert all(reasons.word(code, language, part) for code in codes)


def test_a_code_of_a_newer_client_counts_as_another_reason():
    assert reasons.reason(None) is None
    assert reasons.reason("no_capacity") == "no_capacity"
    assert {reasons.reason(said) for said in ("volcano", 7, ["no_capacity"], {})} == {"other"}
    assert reasons.barriers(["stigma", "volcano", "cost", {}]) == ("cost", "stigma", "other")
    assert reasons.barriers("cost") == reasons.barriers(None) == ()


@pytest.mark.parametrize(
    "words",
    [
        {"code": "no bed for this boy"},
        {"got_help": "a bit"},
        {"barriers": ["cost", "his uncle"]},
        {"needs": ["a bed"]},
        {"redirect": {"agency": "Haven", "service": None}},
        {"redirect": {"agency": AGENCY, "service": None, "why": "SYN"}},
        {"redirect": "haven"},
    ],
)
def test_what_is_on_no_list_is_not_said(words):
    with pytest.raises(InvalidRequest) as refusal:
        reasons.check(words)
    assert "boy" not in str(refusal.value)


def test_what_is_on_the_lists_is_said():
    proposed = {"agency": AGENCY, "service": None}
    reasons.check({"code": "moved", "barriers": ["cost"], "needs": ["housing"], "redirect": proposed, "text": "SYN"})
    assert reasons.redirect(proposed) == proposed
    assert reasons.redirect({"agency": None, "service": None}) is None


def test_there_are_words_of_four_languages():
    with pytest.raises(InvalidRequest):
        reasons.word("cost", "tlh")
