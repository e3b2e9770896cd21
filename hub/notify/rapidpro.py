"""Texts by RapidPro, or TextIt: its API v2, with a workspace's token.

A text is a broadcast to one number. RapidPro calls nobody back about broadcasts, so the fate of its message is asked
for. What people answer comes by a flow that calls `/sms/rapidpro/inbound` (docs/operations.md). Source: RapidPro's own
API documentation and code, `temba/api/v2`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.notify.api import Api
from hub.notify.outcome import LATER, REFUSED, Fate, Handed, Outcome

if TYPE_CHECKING:
    from hub.settings import Settings

_CREATED, _OK, _BAD = 201, 200, 400
_FATES: Final = {"delivered": Fate.DELIVERED, "failed": Fate.FAILED}
"""The others are on their way: queued, wired, sent, errored (it is tried again)."""


class RapidPro:
    """One workspace of a RapidPro."""

    ask_after: tuple[int, ...] = (300, 1800, 7200, 43_200, 172_800)

    def __init__(self, settings: Settings) -> None:
        self._api = Api(settings.sms_url, {"Authorization": f"Token {settings.sms_secret}"})

    def send(self, number: str, text: str, identifier: str) -> Handed:  # noqa: ARG002 - RapidPro takes no name of ours
        """Hand one text over. An `@` would begin one of RapidPro's expressions, so it is doubled."""
        body = {"urns": [f"tel:{number}"], "text": text.replace("@", "@@")}
        answer = self._api.post("/api/v2/broadcasts.json", json=body)
        if answer.status == _BAD:
            return REFUSED if _names_the_number(answer.value) else LATER
        found = answer.value.get("id") if isinstance(answer.value, dict) else None
        if answer.status != _CREATED or type(found) is not int:
            return LATER
        return Handed(Outcome.SENT, str(found))

    def fate(self, reference: str) -> Fate | None:
        """Return what became of the broadcast's message."""
        answer = self._api.get("/api/v2/messages.json", {"broadcast": reference})
        rows = answer.value.get("results") if isinstance(answer.value, dict) and answer.status == _OK else None
        mine = [row for row in rows if _is_of(row, reference)] if isinstance(rows, list) else []
        return _FATES.get(str(mine[0].get("status"))) if len(mine) == 1 else None

    def close(self) -> None:
        """Close the connections."""
        self._api.close()


def _names_the_number(value: Any) -> bool:
    """Return whether it was the number that it did not take, rather than something about us."""
    return isinstance(value, dict) and set(value) == {"urns"}


def _is_of(row: Any, reference: str) -> bool:
    return isinstance(row, dict) and str(row.get("broadcast")) == reference and row.get("direction") == "out"
