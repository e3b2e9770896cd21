"""A family's or a child's copy: what is left out, that it leaves no trace, and what an agreement shows (R14, B5)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from consent.familycopy import Agreement, Reader, family_copy
from consent.protect import DEEPEST

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "consent" / "family.json").read_text(encoding="utf-8"))
SUPERVISOR = "m" * 22


def copied(value, reader=Reader.FAMILY, agreement=None, section="plan"):
    kept, removed = family_copy({section: value}, reader, *([agreement] if agreement else []))
    return kept.get(section), [(one.path, one.why) for one in removed]


def agreed(*items, supervisor=SUPERVISOR, child_agreed=True):
    return Agreement(frozenset(items), supervisor, child_agreed)


@pytest.mark.parametrize("flag", VECTORS["marked"])
def test_what_is_marked_for_others_or_nobody_knows_whom_is_left_out(flag):
    value = {"steps": [{"text": "school"}, {"text": "tell the aunt", **flag}]}
    assert copied(value) == ({"steps": [{"text": "school"}]}, [("/steps/1", "not_for")])


@pytest.mark.parametrize("flag", VECTORS["unmarked"])
def test_an_item_for_the_family_is_there_without_its_flag(flag):
    assert copied({"text": "tell the aunt", **flag}) == ({"text": "tell the aunt"}, [])


def test_the_child_reads_what_the_family_does_not_and_the_other_way_round():
    value = [
        {"text": "a", "not_for": ["family"]},
        {"text": "b", "not_for": ["child"]},
        {"text": "c", "not_for": ["family", "child"]},
    ]
    assert copied(value)[0] == [{"text": "b"}]
    assert copied(value, Reader.CHILD)[0] == [{"text": "a"}]


@pytest.mark.parametrize("section", ["exploitation", "status", "mhpss"])
def test_some_sections_are_not_for_the_family_by_default_but_for_the_child(section):
    assert copied({"text": "a"}, section=section) == (None, [("", "default")])
    assert copied({"text": "a"}, Reader.CHILD, section=section) == ({"text": "a"}, [])


@pytest.mark.parametrize("member", VECTORS["default"])
def test_anything_about_abuse_is_not_for_the_family_by_default(member):
    kept, removed = copied({"given_name": "Selam", **member})
    assert kept == {"given_name": "Selam"}
    assert [why for _, why in removed] == ["default"]


@pytest.mark.parametrize("text", VECTORS["stays"])
def test_everyday_words_stay(text):
    assert copied({"note": text}) == ({"note": text}, [])


def test_what_points_at_something_left_out_goes_too_and_so_do_its_own_pointers():
    sections = {
        "needs_risk": {
            "items": [{"id": "N-1", "text": "uncle", "not_for": ["family"]}, {"id": "N-2", "text": "shoes"}]
        },
        "plan": {
            "steps": [
                {"about": "N-1", "do": "talk"},
                {"about": "N-2", "do": "buy"},
                {"N-1": {"id": "S-9"}},
                {"see": ["S-9"]},
                "After n-1, rest.",
            ]
        },
        "child_views": {"ref": 17, "age": 17, "told": [{"id": 17, "not_for": ["family"]}], "words": "N-12 and N-1x"},
    }
    kept, removed = family_copy(sections, Reader.FAMILY)
    assert kept == {
        "needs_risk": {"items": [{"id": "N-2", "text": "shoes"}]},
        "plan": {"steps": [{"do": "talk"}, {"about": "N-2", "do": "buy"}]},
        "child_views": {"age": 17, "words": "N-12 and N-1x"},
    }
    assert sum(one.why == "reference" for one in removed) == 5


def test_the_copy_shows_no_trace():
    value = {
        "a": [{"not_for": ["family"], "x": 1}],
        "b": {"c": {"d": "abuse"}},
        "e": [],
        "f": {},
        "g": ["x", {"not_for": "family"}],
    }
    kept, removed = copied(value)
    assert kept == {"e": [], "f": {}, "g": ["x"]}
    assert len(removed) == 3


def test_a_section_of_which_nothing_is_left_is_not_there():
    assert family_copy({"health": {"note": "hiv"}, "plan": {}}, Reader.FAMILY)[0] == {"plan": {}}
    assert family_copy({"health": {"not_for": ["family"], "x": 1}}, Reader.FAMILY)[0] == {}


def test_a_supervisor_and_the_child_may_agree_on_an_item():
    value = {
        "notes": [{"id": "N-1", "text": "about the abuse", "not_for": ["family"]}, {"id": "N-2", "text": "more abuse"}]
    }
    first = {"notes": [{"id": "N-1", "text": "about the abuse"}]}
    assert copied(value, agreement=agreed("N-1"))[0] == first
    assert copied(value, agreement=agreed("plan/notes/0"))[0] == first
    for void in (
        agreed("N-1", supervisor=""),
        agreed("N-1", child_agreed=False),
        agreed("N-1", child_agreed="no"),
        agreed("notes"),
    ):
        assert copied(value, agreement=void)[0] is None


def test_an_agreed_section_shows_its_defaults_but_not_what_is_marked_in_it():
    value = {"note": "abuse", "more": {"text": "uncle", "not_for": ["family"]}}
    assert copied(value, section="exploitation", agreement=agreed("exploitation"))[0] == {"note": "abuse"}


def test_an_unknown_reader_is_refused():
    with pytest.raises(ValueError, match="uncle"):
        family_copy({}, "uncle")


def test_what_is_nested_too_deeply_to_be_checked_is_left_out():
    value: object = "x"
    for _ in range(3000):
        value = [value]
    kept, removed = copied({"a": value, "b": 10**5000, "id": 10**5000})
    assert kept == {"b": 10**5000, "id": 10**5000}
    assert removed == [("/a" + "/0" * DEEPEST, "depth")]
