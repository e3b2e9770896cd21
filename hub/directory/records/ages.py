"""Ages of eligibility as whole months, so that they compare exactly. Pure.

A whole number names a year of age: *to 14* holds until the day before the fifteenth birthday. A decimal names a month
of age: *to 0.5* holds until the end of the sixth month (directory notes, §2; HSDS issue 163 asks for decimals).
"""

from __future__ import annotations

import math

MONTHS = 12


def months_from(age: float | None) -> int:
    """Return the first month of age, counted from birth, at which a lower limit lets somebody in."""
    return 0 if age is None else math.ceil(round(age * MONTHS, 6))


def months_below(age: float | None) -> int | None:
    """Return the month of age at which an upper limit no longer lets somebody in; None: there is no limit."""
    if age is None:
        return None
    return MONTHS * (int(age) + 1) if age == int(age) else math.floor(round(age * MONTHS, 6)) + 1
