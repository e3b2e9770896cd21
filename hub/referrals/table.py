"""The table of the referral's steps as it stands, `referral-states.csv`, read once. What it means is `domain`'s."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources


@cache
def table() -> tuple[dict[str, str], ...]:
    """Return the rows of `referral-states.csv` as they stand, the columns of other standards included."""
    text = resources.files("hub.referrals").joinpath("referral-states.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
