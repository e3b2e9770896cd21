"""The closed form of a notice of an arrival, checked by who gives it and by who opens it. Pure."""

from __future__ import annotations

from typing import Any, Final

from hub.directory.records.vocabulary import codes
from hub.inquiries.domain import AGE_BANDS
from hub.packets import shapes as a

SECTION: Final = "notice"
_PERSON = a.object_of(
    {"age_band": a.one_of(*AGE_BANDS), "sex": a.one_of(None, *codes("sexes")), "reference": a.null_or(a.text)}
)
_FORM = a.object_of(
    {
        "v": a.integer(1, 1),
        "on": a.date,
        "at": a.null_or(a.seconds),
        "place": a.text,
        "how": a.one_of("air", "land", "sea"),
        "people": a.list_of(_PERSON, 200, 1),
    }
)


def notice(value: object) -> dict[str, Any]:
    """Return a section `notice` that says what may be said, and nothing else.

    Raises:
        Malformed: it does not.
    """
    _FORM(value)
    return dict(value) if isinstance(value, dict) else {}


def excerpt(to: str) -> dict[str, Any]:
    """Return what stands in the place of a basis: that this is a body's notice, which goes one way."""
    return {"v": 1, "basis": SECTION, "to": to, "categories": [SECTION]}
