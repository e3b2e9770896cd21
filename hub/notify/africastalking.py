"""Texts by Africa's Talking, which reaches most networks of Africa: its bulk messaging interface.

It reports what became of a text, and what people answer, by calling `/sms/africastalking/…` (docs/operations.md). Its
calls are not signed, so they are known by a secret in their address. Source: its documentation of sending, delivery
reports and incoming messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.notify.api import Api
from hub.notify.outcome import LATER, REFUSED, Fate, Handed, Outcome

if TYPE_CHECKING:
    from hub.settings import Settings

FATES: Final = {"Success": Fate.DELIVERED, "Failed": Fate.FAILED, "Rejected": Fate.FAILED}
"""Its final statuses. Sent, Submitted and Buffered are on their way."""
_CREATED: Final = (200, 201)
_LONGEST: Final = 100
_TAKEN: Final = frozenset({100, 101, 102})
_NEVER: Final = frozenset({403, 404, 406, 409})
"""Not a number, a kind that it does not reach, one that asked for no texts, one that is not to be disturbed."""


class AfricasTalking:
    """One application of an account."""

    ask_after: tuple[int, ...] = ()

    def __init__(self, settings: Settings) -> None:
        self._api = Api(settings.sms_url, {"apiKey": settings.sms_secret})
        self._form = {"username": settings.sms_user} | ({"from": settings.sms_from} if settings.sms_from else {})

    def send(self, number: str, text: str, identifier: str) -> Handed:  # noqa: ARG002 - it takes no name of ours
        """Hand one text over."""
        answer = self._api.post("/version1/messaging", form=self._form | {"to": number, "message": text})
        row = _only_recipient(answer.value) if answer.status in _CREATED else None
        if row is None or row.get("number") != number:
            return LATER
        code, reference = row.get("statusCode"), row.get("messageId")
        if code in _NEVER:
            return REFUSED
        if code not in _TAKEN or not isinstance(reference, str) or not 0 < len(reference) <= _LONGEST:
            return LATER
        return Handed(Outcome.SENT, reference)

    def fate(self, reference: str) -> Fate | None:  # noqa: ARG002 - it calls
        """Return nothing: it calls when it knows."""
        return None

    def close(self) -> None:
        """Close the connections."""
        self._api.close()


def _only_recipient(value: Any) -> dict[str, Any] | None:
    data = value.get("SMSMessageData") if isinstance(value, dict) else None
    rows = data.get("Recipients") if isinstance(data, dict) else None
    return rows[0] if isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], dict) else None
