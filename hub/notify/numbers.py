"""Telephone numbers in international form (ITU-T E.164). Knows no country's numbering plan."""

from __future__ import annotations

import re

from hub.errors import InvalidRequest

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_BETWEEN = re.compile(r"[\s().\u00a0-]")


def checked_number(text: str) -> str:
    """Return a number as `+` and digits, without what people put in between.

    Raises:
        InvalidRequest: it has no country code, or is too short or too long.
    """
    number = _BETWEEN.sub("", text)
    if not _E164.fullmatch(number):
        raise InvalidRequest(
            "This is not a telephone number in international form.", todo="Begin with + and the country's code."
        )
    return number
