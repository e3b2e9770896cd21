"""No planted phone number, address or position survives protection, and nothing else is touched (R13, R14)."""

from __future__ import annotations

import json
import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from consent.familycopy import Reader, family_copy
from consent.protect import MARK, protect_location

WORDS = (
    "aunt",
    "bread",
    "blue",
    "kind",
    "wants",
    "Selam",
    "sewing",
    "خالتها",
    "ሰላም",
    "élève",
    "grade",
    "2010-04-17",
    "7",
    "SYN-ET-001",
)
NAMES = ("given_name", "note", "wish", "needs", "skills", "mother", "دراسة", "souhait", "since", "kin")
PLACES = ("address", "homeAddress", "village", "lieu_de_naissance", "dirección", "العنوان", "lives_at", "gps")
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
LEAVES = st.one_of(TEXTS, st.booleans(), st.none(), st.integers(-999_999, 999_999))
PLAIN = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)),
    max_leaves=12,
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=10,
)
ZEROS = ("0", "\u0660", "\u06f0", "\u0966", "\u09e6", "\u0e50", "\uff10", "\U0001d7ce")
"""ASCII, Arabic, Persian, Devanagari, Bengali, Thai, full-width and mathematical digits begin here."""
UNUSUAL = "\u200b\u200d\u00ad\u2060\u2011\u2010\u2212\u00b7\u2024\u2044\u3000\u00a0\u2800\u02d9\ufe0f\u0301\u2027\u30fb"
BETWEEN = ("", " ", "-", ".", "/", "_", " - ", ") ", *UNUSUAL)


def _glue(digits, zero, gaps):
    return "".join(chr(ord(zero) + int(digit)) + gap for digit, gap in zip(digits, [*gaps, ""], strict=False))


@st.composite
def phones(draw):
    """A phone number as somebody might write it, or hide it; and its digits."""
    digits = "0" + draw(st.from_regex(r"[1-9][0-9]{7,9}", fullmatch=True))
    gaps = draw(st.lists(st.sampled_from(BETWEEN), min_size=len(digits), max_size=len(digits)))
    return _glue(digits, draw(st.sampled_from(ZEROS)), gaps), digits


def digits_of(value) -> list[str]:
    """The digits in each text, name and number, without what marks took away."""
    if isinstance(value, dict):
        return [found for pair in value.items() for item in pair for found in digits_of(item)]
    if isinstance(value, list):
        return [found for item in value for found in digits_of(item)]
    text = unicodedata.normalize("NFKC", str(value))
    return ["".join(str(unicodedata.decimal(char)) for char in part if char.isdecimal()) for part in text.split(MARK)]


def planted(draw, plant, value):
    """Put a text somewhere into a value: as a text, inside one, as a name, or in a list."""
    how = draw(st.sampled_from(("alone", "inside", "name", "list", "deep")))
    text = f"{draw(TEXTS)} {plant} {draw(st.sampled_from(('aunt', 'bread')))}"
    return {
        "alone": {"wish": plant, "kin": value},
        "inside": {"wish": text, "kin": value},
        "name": {text: value},
        "list": [value, [text]],
        "deep": {"mother": [{"needs": {"skills": [[text]]}}], "kin": value},
    }[how]


@given(data=st.data(), phone=phones(), value=PLAIN)
def test_no_planted_phone_number_survives(data, phone, value):
    text, digits = phone
    kept, removed = protect_location({"needs_risk": planted(data.draw, text, value)})
    assert removed
    assert not [found for found in digits_of(kept) if digits[-7:] in found or digits[:7] in found]


@given(
    data=st.data(),
    latitude=st.decimals(-90, 90, places=5),
    longitude=st.decimals(-180, 180, places=5),
    value=PLAIN,
    sep=st.sampled_from((", ", " ", ";", " / ", "\u00a0")),
)
def test_no_planted_position_survives(data, latitude, longitude, value, sep):
    kept, removed = protect_location({"plan": planted(data.draw, f"{latitude}{sep}{longitude}", value)})
    assert removed
    left = json.dumps(kept)
    assert str(abs(latitude)) not in left
    assert str(abs(longitude)) not in left


STREETS = st.from_regex(r"[A-Z][a-z]{4,9} (Road|Gate|Square|Hill) [0-9]{1,3}", fullmatch=True)


@given(
    data=st.data(),
    address=STREETS,
    name=st.sampled_from(PLACES),
    value=PLAIN,
    case=st.sampled_from((str, str.upper, str.lower)),
    gap=st.sampled_from((" ", "-", ", ", "\u00a0", "  ", "\u200b ", "\u2011", "_")),
)
def test_no_address_of_a_field_survives_anywhere(data, address, name, value, case, gap):
    again = case(address).replace(" ", gap)
    sections = {"identity": {name: address, "kin": value}, "child_views": planted(data.draw, again, value)}
    kept, removed = protect_location(sections)
    assert {one.section for one in removed} == {"identity", "child_views"}
    left = re.sub(r"[\W_]|\u200b", "", json.dumps(kept, ensure_ascii=False)).casefold()
    assert address.replace(" ", "").casefold() not in left
    assert name not in kept["identity"]


@given(value=st.dictionaries(st.sampled_from(NAMES), PLAIN))
def test_packets_without_places_do_not_change(value):
    assert protect_location({"needs_risk": value}) == ({"needs_risk": value}, ())


@given(data=st.data(), phone=phones(), address=STREETS, value=PLAIN)
def test_protecting_twice_is_protecting_once(data, phone, address, value):
    plant = data.draw(
        st.permutations([phone[0], address, "WhatsApp: x", "Address: there", "a@b.co", "rue " + "x" * 30])
    )
    kept, _ = protect_location({"a": planted(data.draw, data.draw(st.sampled_from((" ", "", "@"))).join(plant), value)})
    assert protect_location(kept) == (kept, ())


@given(value=st.dictionaries(st.text(), JSON))
def test_any_json_is_protected_without_fail_and_stays_so(value):
    kept, removed = protect_location(value)
    again, more = protect_location(kept)
    assert repr(again) == repr(kept)
    assert more == ()
    assert removed or repr(kept) == repr(value)


@given(value=st.dictionaries(st.text(), JSON), reader=st.sampled_from(Reader))
def test_any_json_is_copied_without_fail_and_stays_so(value, reader):
    kept, _ = family_copy(value, reader)
    assert repr(family_copy(kept, reader)) == repr((kept, ()))


@given(
    data=st.data(),
    value=PLAIN,
    flag=st.sampled_from((["family"], "family", ["child", "Family"], True, ["mother"], [7])),
)
def test_no_flagged_item_and_no_pointer_to_it_is_in_the_family_copy(data, value, flag):
    item = {"id": "N-4711", "words": "zanzibar", "kin": value, "not_for": flag}
    sections = {
        "plan": planted(data.draw, "see N\u20114711", [value, item]),
        "child_views": {"about": "N-4711", "kin": value, "n-4711": [item]},
    }
    kept, removed = family_copy(sections, Reader.FAMILY)
    left = json.dumps(kept)
    assert "zanzibar" not in left
    assert "4711" not in left
    assert "not_for" not in left
    assert "reference" in {one.why for one in removed}


@given(value=st.dictionaries(st.sampled_from(NAMES), PLAIN))
def test_what_is_not_flagged_is_copied_as_it_is(value):
    assert family_copy({"needs_risk": {**value, "v": 1}}, Reader.FAMILY) == ({"needs_risk": {**value, "v": 1}}, ())
