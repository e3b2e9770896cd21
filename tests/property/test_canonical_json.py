"""Our canonical JSON is that of RFC 8785, byte for byte, whichever way it is made."""

from __future__ import annotations

import enum

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from hub.errors import Malformed
from hub.packets.encoding import MAX_INTEGER, canonical, parse_canonical

NASTY = st.sampled_from(
    ["", "\x00", "\x1f", "\x7f", "\x80", '"', "\\", "/", "\b\f\n\r\t", "\u2028", "\ue000", "\U0001f600"]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"])) | NASTY
SCALARS = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=4) | st.dictionaries(TEXT, v, max_size=4), max_leaves=20)


@given(VALUES)
@example({"\ue000": 1, "\U0001f600": 2, "a": 3})
@example({"\u20ac": 1, "\r": 2, "1": 3, "\u0080": 4, "\u00f6": 5, "\ufb33": 6, "</script>": 7})
def test_the_canonical_form_is_that_of_rfc_8785(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_what_is_canonical_parses_to_what_it_was_made_of(value):
    assert parse_canonical(canonical(value)) == value


def test_keys_beyond_the_bmp_stand_in_the_order_of_utf_16():
    assert canonical({"\ue000": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ue000":1}'.encode()
    with pytest.raises(Malformed):
        parse_canonical('{"\ue000":1,"\U0001f600":2}'.encode())


def test_enumerations_and_tuples_are_written_as_what_they_are():
    kind = enum.StrEnum("kind", {"SIGNED": "signed"})
    assert canonical({"a": (kind.SIGNED, True, 1)}) == b'{"a":["signed",true,1]}'


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), MAX_INTEGER + 1, "\ud800", {"\udfff": 1}, {1: 2}, b"x", {1}, [object()]]
)
def test_a_value_that_json_of_ours_does_not_have_is_malformed(value):
    with pytest.raises(Malformed):
        canonical({"v": value})
