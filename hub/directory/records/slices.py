"""The signed answer to a question for services: its type, and reading it. Pure; clients and tests read, a hub signs."""

from __future__ import annotations

from typing import Any, Final

from hub.errors import PeerMisbehaved
from hub.packets.dsse import Envelope

SLICE_TYPE: Final = "application/vnd.rcp.slice+json;v=1"


def read_slice(data: bytes, host: str, key: bytes) -> dict[str, Any]:
    """Return what the hub at `host`, whose key is `key`, said in a slice.

    Raises:
        PacketError: not of its form, or not signed by the key.
        PeerMisbehaved: another hub's, or of another release.
    """
    envelope = Envelope.from_bytes(data, SLICE_TYPE)
    envelope.verified_by([key])
    value = envelope.value
    if value.get("v") != 1 or value.get("host") != host:
        raise PeerMisbehaved("The hub answered with another slice than its own.")
    return value
