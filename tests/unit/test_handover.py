"""The handover meeting: each side speaks for itself, and what is missing needs a reason (F1, F2, R37)."""

from __future__ import annotations

import pytest

from consent.words import LANGUAGES
from hub.client import handover
from hub.client.handover import CHECKLIST, FACTS, WORDS, Side, change, check, draft, form_number, merge, missing, tick
from hub.errors import Conflict, InvalidRequest, Malformed, NotFound
from tests.conftest import NOW
from tests.support.handovers import FAMILY, SAID, WITNESS, both


def test_a_record_is_complete_when_both_sides_ticked_and_all_facts_are_said():
    mine, theirs = both()
    for merged in (merge(mine, theirs), merge(theirs, mine)):
        assert missing(merged.document) == []
        assert merged.differences == ()
        check(merged.document)


def test_one_side_alone_completes_nothing():
    mine, theirs = both()
    assert len(missing(mine)) == len(missing({**theirs, **SAID})) == len(CHECKLIST)
    assert missing(mine, side=Side.SENDER) == []


@pytest.mark.parametrize("name", FACTS)
def test_each_fact_is_said_or_has_its_reason(name):
    mine, theirs = both({**SAID, name: None})
    assert missing(merge(mine, theirs).document) == [name]
    if name not in {"when", "where", "child"}:
        given = change(mine, {name: {"reason": "It was not possible."}})
        assert missing(merge(given, theirs).document) == []


@pytest.mark.parametrize(
    ("how", "witnesses", "enough"),
    [
        ("signature", 0, True),
        ("mark", 0, False),
        ("mark", 1, True),
        ("thumbprint", 0, False),
        ("oral", 1, False),
        ("oral", 2, True),
    ],
)
def test_a_family_that_cannot_write_has_witnesses(how, witnesses, enough):
    mine, theirs = both({**SAID, "family": {**FAMILY, "how": how, "witnesses": [WITNESS] * witnesses}})
    assert (missing(merge(mine, theirs).document) == []) is enough


def test_a_family_that_was_not_read_the_paper_has_agreed_to_nothing():
    mine, theirs = both({**SAID, "family": {**FAMILY, "read": False}})
    assert missing(merge(mine, theirs).document) == ["family"]


def test_a_child_who_was_not_told_needs_a_reason():
    silent = {"present": True, "told": False, "reason": None}
    assert missing(change(both()[0], {"child": silent}), side=Side.SENDER) == ["child"]
    told = {**silent, "reason": "The child slept; told next morning."}
    assert missing(change(both()[0], {"child": told}), side=Side.SENDER) == []


def test_the_other_side_cannot_tick_for_us():
    mine, theirs = draft(Side.SENDER), None
    forged = [
        {"item": item, "sender": {"by": "amina", "at": NOW, "reason": None}, "receiver": None} for item in CHECKLIST
    ]
    theirs = {**draft(Side.RECEIVER, mine["meeting"]), "checklist": forged}
    merged = merge(mine, theirs)
    assert [row["sender"] for row in merged.document["checklist"]] == [None] * len(CHECKLIST)
    assert merged.differences == tuple(f"checklist/{item}" for item in CHECKLIST)


def test_what_the_sides_say_differently_is_shown_and_the_own_word_stands():
    mine, theirs = both()
    theirs = change(theirs, {"where": "At the roadside", "official": None})
    theirs = tick(theirs, ["medicines"], "hana", NOW, "No medicine was in the bag.")
    merged = merge(mine, theirs)
    assert merged.differences == ("where", "checklist/medicines")
    assert merged.document["where"] == SAID["where"]
    assert merge(theirs, mine).document["where"] == "At the roadside"
    assert merged.document["official"] == SAID["official"]


def test_a_record_of_another_meeting_or_of_the_same_side_is_not_merged():
    mine, theirs = both()
    for other in (draft(Side.RECEIVER), {**theirs, "side": "sender"}, mine):
        with pytest.raises(Conflict):
            merge(mine, other)


def test_what_a_later_release_adds_is_kept():
    mine, theirs = both()
    extra = {"item": "new_thing", "sender": None, "receiver": {"by": "hana", "at": NOW, "reason": None}, "x": 1}
    theirs = {**theirs, "later": {"a": 1}, "checklist": [*theirs["checklist"], extra]}
    merged = merge(mine, theirs).document
    assert merged["later"] == {"a": 1}
    assert merged["checklist"][-1] == extra
    assert missing(check(merged)) == ["checklist/new_thing/sender"]


@pytest.mark.parametrize(
    "facts",
    [
        {"checklist": []},
        {"side": "receiver"},
        {"official": {"reason": ""}},
        {"family": {**FAMILY, "how": "by force"}},
        {"papers": SAID["papers"] * 2},
        {"when": "yesterday"},
    ],
)
def test_nothing_else_can_be_said_of_a_meeting(facts):
    with pytest.raises(InvalidRequest) as refused:
        change(draft(Side.SENDER), facts)
    assert refused.value.facts["fields"] == sorted(facts)


def test_there_is_no_tick_at_what_is_not_on_the_list_and_no_empty_reason():
    with pytest.raises(NotFound):
        tick(draft(Side.SENDER), ["cake"], "amina", NOW)
    with pytest.raises(InvalidRequest):
        tick(draft(Side.SENDER), ["plan"], "amina", NOW, "")


def test_a_document_whose_scans_have_a_path_for_a_number_is_none():
    signed = [{"form": "../../etc", "kind": "meeting", "source": "A" * 43, "files": ["A" * 43]}]
    with pytest.raises(Malformed):
        check({**draft(Side.SENDER), "signed": signed})


def test_the_number_of_a_form_is_read_as_people_copy_it():
    number = handover.new_form()
    assert form_number(number) == form_number(number.lower().replace("-", " ")) == number
    assert form_number("OIL00-00000") == "01100-00000"
    for wrong in ("", "ABCDE", "ABCDE-FGHJK-M", "UUUUU-UUUUU", "../..-ABCDE"):
        with pytest.raises(InvalidRequest):
            form_number(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language):
    def places(value):
        if isinstance(value, dict):
            return {f"{name}/{rest}" for name, inner in value.items() for rest in places(inner)}
        assert value if isinstance(value, str) else all(value)
        return {str(len(value)) if isinstance(value, list) else ""}

    assert places(WORDS[language]) == places(WORDS["en"])
    assert set(WORDS[language]["items"]) == set(CHECKLIST)
    assert set(WORDS[language]["facts"]) == set(FACTS)
    assert set(WORDS[language]["forms"]) == set(handover.FORMS)
