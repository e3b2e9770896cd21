"""Special clocks: medical windows that close. Reckoned here, so that a hub sees an emergency and a due time, not why.

The figures stand in `clocks.json` with their source. Knows no packet and no hub.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE: dict[str, Any] = json.loads(resources.files("hub.client").joinpath("clocks.json").read_text("utf-8"))
WINDOWS: Final[Mapping[str, Mapping[str, Any]]] = {name: row for name, row in _FILE.items() if name != "note"}
MINUTE, HOUR = 60, 3_600


@dataclass(frozen=True, slots=True)
class Special:
    """How urgent a referral is in such a window, by when it is to be answered, and when the window closes."""

    urgency: str
    due: int
    closes: int


def special(name: str, event_at: int, now: int) -> Special:
    """Return the clock of a window that opened with what happened at `event_at` (Unix seconds).

    Raises:
        InvalidRequest: no such window, an event in the future, or one so long ago that the window is closed.
    """
    row = WINDOWS.get(name)
    if row is None or event_at > now:
        raise InvalidRequest(
            "There is no such window, or it has not opened yet.", todo="Look at the time of the event."
        )
    closes = event_at + int(row["window_hours"]) * HOUR
    if closes <= now:
        raise InvalidRequest(
            "This window has closed: it is too long ago.",
            todo="Refer for medical care without it; other help after an assault is still due.",
        )
    due = min(now + int(row["first_answer_minutes"]) * MINUTE, closes)
    return Special(str(row["urgency"]), due, closes)
