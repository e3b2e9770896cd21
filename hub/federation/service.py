"""Who may become a peer: decided on the hub's own entry and the sixty digits that two operators compared.

Pure: fetching and storing are `hub.federation.pull`'s.
"""

from __future__ import annotations

import hmac
import re

from hub.errors import BadSignature, Forbidden, InvalidRequest
from hub.keys.certificates import HUB_ENTRY_TYPE, NEVER_RECEIVE, HubEntry, fingerprint, verify_hub_entry
from hub.packets.dsse import Envelope

_DIGITS = re.compile(r"[0-9]{60}")


def read_fingerprint(text: str) -> str:
    """Return the sixty digits of a fingerprint as it was typed, with or without spaces.

    Raises:
        InvalidRequest: not sixty digits.
    """
    digits = re.sub(r"[\s-]", "", text)
    if not _DIGITS.fullmatch(digits):
        raise InvalidRequest("A fingerprint is twelve groups of five digits.")
    return digits


def accept_peer(data: bytes, digits: str, *, origin: str) -> tuple[HubEntry, Envelope]:
    """Return a hub's entry if it is the one whose fingerprint was compared and it may be a peer.

    Raises:
        BadSignature: another key, or not signed by it.
        Forbidden: run by a body that R07 bars, or by ourselves.
    """
    envelope = Envelope.from_bytes(data, HUB_ENTRY_TYPE)
    entry = verify_hub_entry(envelope, None)
    if not hmac.compare_digest(fingerprint(entry.sign).replace(" ", ""), digits):
        raise BadSignature(
            "The hub at this address has another key than the one that was compared.",
            todo="Compare the fingerprint again by phone; do not go on before it fits.",
        )
    if entry.kind in NEVER_RECEIVE:
        raise Forbidden("No hub of a body that never receives may be a peer.", rule="R07")
    if entry.host == origin:
        raise Forbidden("A hub is not its own peer.")
    return entry, envelope
