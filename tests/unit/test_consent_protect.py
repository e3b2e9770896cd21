"""What goes out of a packet when a child's location is protected, and what stays (R13, B10)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from consent.protect import DATA, DEEPEST, MARK, Removed, fold, protect_location

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "consent" / "protect.json").read_text(encoding="utf-8"))


def protected(value, section="needs_risk"):
    kept, removed = protect_location({section: value})
    return kept[section], [(one.path, one.why) for one in removed]


@pytest.mark.parametrize("name", VECTORS["places"])
def test_a_field_that_is_called_like_a_place_goes_with_all_it_holds(name):
    for value in ("Bole Road 12", 12, ["Bole Road", {"x": 1}], {"street": "Bole Road", "house": 12}):
        kept, removed = protected({name: value, "given_name": "Hagos"})
        assert kept == {"given_name": "Hagos"}
        assert [why for _, why in removed] == ["place"]


@pytest.mark.parametrize("name", VECTORS["contacts"])
def test_a_field_of_a_contact_goes_whatever_it_holds(name):
    kept, removed = protected({name: "ask Omar", "given_name": "Hagos"})
    assert kept == {"given_name": "Hagos"}
    assert [why for _, why in removed] == ["contact"]


@pytest.mark.parametrize("members", VECTORS["harmless"])
def test_what_says_nothing_of_a_place_stays(members):
    assert protected(members) == (members, [])


@pytest.mark.parametrize("text", VECTORS["stays"])
def test_dates_ids_and_measures_stay(text):
    assert protected({"note": text}) == ({"note": text}, [])


@pytest.mark.parametrize(("text", "why"), VECTORS["goes"])
def test_what_is_marked_as_a_place_or_a_contact_goes_out_of_texts_and_names(text, why):
    kept, removed = protected({"note": f"So: {text} so.", f"so {text} so": 1})

    assert text not in json.dumps(kept, ensure_ascii=False)
    assert why in {found for _, found in removed}
    assert kept["note"].startswith("So: ")
    assert MARK in kept["note"]


@pytest.mark.parametrize(("field", "text", "left"), VECTORS["repeated"])
def test_what_stood_in_a_field_of_places_goes_wherever_it_is_repeated(field, text, left):
    sections = {"identity": {"location": field, "country": "Ethiopia"}, "child_views": {"words": text}}
    kept, removed = protect_location(sections)
    assert kept == {"identity": {"country": "Ethiopia"}, "child_views": {"words": left}}
    assert [(one.section, one.path) for one in removed] == [("identity", "/location"), ("child_views", "/words")]


def test_words_that_say_nothing_are_not_hunted_for():
    sections = {
        "a": {
            "address": "unknown",
            "village": "the camp",
            "location_notes": "Unsafe, Omar is near",
            "kebele": "Kebele",
            "whatsapp": "Amina",
        },
        "b": {"words": "Amina says: unknown men near the camp; Omar is unsafe. My kebele is good."},
    }
    kept, _ = protect_location(sections)
    assert kept["b"] == {"words": "Amina says: unknown men near the camp; Omar is unsafe. My kebele is good."}


def test_parts_of_an_address_are_hunted_for_but_no_half_sentences():
    where = {"": "Adigrat, near the mill", "more": "Agulae, " + "a long way " * 10}
    kept, _ = protect_location({"a": {"address": where}, "b": {"words": "Adigrat and Agulae; I sat near the mill."}})
    assert kept["b"] == {"words": "[removed] and [removed]; I sat near the mill."}


def test_a_labelled_pair_loses_its_value():
    rows = [
        {"system": "phone", "value": "55 12"},
        {"question": "Home village", "answer": "Agulae"},
        {"type": "food", "value": "bread"},
    ]
    kept, removed = protected({"rows": rows})
    assert kept == {"rows": [{"system": "phone"}, {"question": "Home village"}, rows[2]]}
    assert removed == [("/rows/0/value", "contact"), ("/rows/1/answer", "place")]


def test_numbers_are_looked_at_like_texts():
    kept, removed = protected(
        {
            "n": 251911223344,
            "at": 1741000000,
            "x": [38.7468, 9.0234],
            "y": [9.03, 38.74, 2400],
            "w": [41.5, 42.0],
            "huge": 10**5000,
        }
    )
    assert kept == {"n": MARK, "at": 1741000000, "x": MARK, "y": MARK, "w": [41.5, 42.0], "huge": MARK}
    assert removed == [("/n", "phone"), ("/x", "coordinates"), ("/y", "coordinates"), ("/huge", "phone")]


def test_the_number_of_a_passport_stays_but_no_number_with_a_country_code():
    value = {"passport": "EP1234567", "case_id": "2025-0001234", "reference": "0001234567"}
    assert protected(value) == (value, [])
    assert protected({"reference": "+251911223344"}) == ({"reference": MARK}, [("/reference", "phone")])


def test_two_names_that_become_alike_both_keep_their_values():
    kept, _ = protected({"0911223344": "a", "0911223355": "b"})
    assert sorted(kept.values()) == ["a", "b"]


def test_what_is_nested_too_deeply_is_taken_out_and_said():
    value: object = "0911223344"
    for _ in range(5000):
        value = [value]
    kept, removed = protect_location({"a": value})
    assert removed[0].why == "depth"
    for _ in range(DEEPEST + 2):
        kept = kept["a"] if isinstance(kept, dict) else kept[0]
    assert kept == MARK


def test_a_part_of_an_older_mark_is_never_cut_in_two():
    text = "WhatsApp: " + "x" * 75 + MARK
    assert protected({"note": text})[0] == {"note": MARK}
    assert protected({"note": MARK})[0] == {"note": MARK}


def test_a_removed_thing_says_what_it_was_and_does_not_show_where_in_logs():
    assert "Bole" not in repr(Removed("identity", "/Bole Road", "place"))
    assert {Removed("a", "", why).words for why in DATA["why"]} == set(DATA["why"].values())


def test_folding_keeps_the_way_back_to_the_original():
    text = "a\u200b\ufb01\u0661é\ud800\t"
    folded, places = fold(text)
    assert folded == "afi1e  "
    assert [text[place] for place in places] == ["a", "\ufb01", "\ufb01", "\u0661", "é", "\ud800", "\t"]
