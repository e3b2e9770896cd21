"""Where no child may be kept is an alert and not a mere note: in detention, or alone among adults (C20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.casefile.sections.situation import unsafe
from hub.client import basis, timers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.client.member import Member

RULE: Final = "protection"
"""What these alerts name as their rule, sealed."""
LABELS: Final = {"detention": "the child is in detention", "among_adults": "the child stays among adults, alone"}


def warn(member: Member, record: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise an alert for each such placement that a case file has `now` and had not `before`, once while it runs."""
    if not unsafe(now, ""):
        return  # nobody asks what day it is
    today = basis.today(member)
    known = unsafe(before, today)
    for placement, why in unsafe(now, today).items():
        if known.get(placement) != why:
            timers.alert(member, timers.About(LABELS[why], record, RULE, {"placement": placement}))
