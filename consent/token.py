"""The token on the giver's receipt: a number without a name, by which any agency can stop what was sent on a consent.

A hundred random bits in Crockford's base32, whose letters people can read out and copy, and a check letter: 21 letters
in seven groups. The check is a code over GF(32) and not Crockford's own, whose signs (*~$=) many keyboards lack: it
finds every wrong letter and every two letters that changed places. Does not know what a token stops.
"""

from __future__ import annotations

import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKES = str.maketrans("OIL", "011", " -\t\n\r")
_LENGTH, _GROUP = 20, 3
_HIGH, _FIELD = 32, 0b100101
"""x^5 + x^2 + 1, which is primitive: the 21 places have 21 different weights."""


def new_token() -> str:
    """Return a fresh token as it is printed."""
    drawn = [secrets.randbelow(_HIGH) for _ in range(_LENGTH)]
    return _printed("".join(_ALPHABET[n] for n in (*drawn, _times_x(_remainder(drawn)))))


def parse_token(text: str) -> str:
    """Return the token that somebody typed, as it is printed; case, spaces and O for 0, I or L for 1 do not matter.

    Raises:
        ValueError: a letter is wrong, missing or too many.
    """
    plain = text.upper().translate(_LOOK_ALIKES)
    if len(plain) != _LENGTH + 1 or not set(plain) <= set(_ALPHABET):
        raise ValueError("A token has 21 letters and digits.")
    if _remainder([_ALPHABET.index(letter) for letter in plain]):
        raise ValueError("A letter of this token is wrong.")
    return _printed(plain)


def _remainder(values: list[int]) -> int:
    found = 0
    for value in values:
        found = _times_x(found) ^ value
    return found


def _times_x(value: int) -> int:
    return value << 1 ^ (_FIELD if value << 1 & _HIGH else 0)


def _printed(plain: str) -> str:
    return "-".join(plain[at : at + _GROUP] for at in range(0, len(plain), _GROUP))
