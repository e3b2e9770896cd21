"""The directory document: what one hub says in public of its agencies (docs/protocol.md §9).

Pure. Whether an agency is certified is checked where the key entries are; what agencies offer is in the service map.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hub.errors import BadSignature, Expired
from hub.ids import host_of
from hub.packets import shapes as a
from hub.packets.dsse import Envelope, sign_envelope
from hub.packets.encoding import parse_json

if TYPE_CHECKING:
    from hub.packets.dsse import Signer

DIRECTORY_TYPE = "application/vnd.rcp.directory+json;v=1"
ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,63}")
AHEAD = 600
MOST_DAYS = 400
"""Days off that an agency names of its own, and holidays on which it works."""
_DAYS = a.distinct(a.list_of(a.date, MOST_DAYS))
_AGENCY = {
    "agency": a.agency,
    "name": a.text,
    "zone": a.matches(ZONE),
    "weekend": a.list_of(a.integer(0, 6), 6),
    "closed": _DAYS,
    "worked": _DAYS,
    "remote": a.flag,
}
_SHAPE = a.object_of(
    {
        "v": a.integer(1, 1),
        "host": a.host,
        "at": a.seconds,
        "agencies": a.distinct(a.list_of(a.object_of(_AGENCY), 2000), "agency"),
        "attestations": a.list_of(a.at_least({}), 2000),
    }
)


def sign_directory(
    host: str,
    agencies: list[dict[str, Any]],
    attestations: list[bytes],
    signer: Signer,
    now: int,
) -> Envelope:
    """Return the directory of this hub, signed by its key; declarations are in it as their agencies signed them."""
    value = {"v": 1, "host": host, "at": now, "agencies": agencies}
    return sign_envelope(DIRECTORY_TYPE, {**value, "attestations": [parse_json(row) for row in attestations]}, [signer])


def verify_directory(data: bytes, host: str, public_key: bytes, *, now: int) -> dict[str, Any]:
    """Return the directory of the hub at `host`.

    Raises:
        PacketError: not of the grammar, not signed by the hub, of another host's agencies, or from the future.
    """
    envelope = Envelope.from_bytes(data, DIRECTORY_TYPE)
    envelope.verified_by([public_key])
    value = envelope.value
    _SHAPE(value)
    hosts = {value["host"], *(host_of(row["agency"]) for row in value["agencies"])}
    if hosts != {host}:
        raise BadSignature("A hub's directory names agencies that are not at home there.")
    if value["at"] > now + AHEAD:
        raise Expired("A directory is dated in the future.")
    return value
