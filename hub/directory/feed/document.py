"""The pages of a feed: what one hub tells of its own records, signed, in the order of their changes (protocol.md §9).

Pure. A record travels as JSON text, because it may hold fractions and no signed document does. The digest stands for
all that is told: whoever took every page has the same one, and whoever does not starts over.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from hub.directory.records.record import KINDS, PROVIDER, SERVICE
from hub.directory.records.visibility import level_of
from hub.directory.records.vocabulary import LEVELS
from hub.errors import BadSignature, Expired, Malformed
from hub.packets import shapes as a
from hub.packets.dsse import Envelope, sign_envelope
from hub.packets.encoding import b64u, canonical, from_b64u, sha256

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.directory.servicemap.store import Row
    from hub.packets.dsse import Signer

FEED_TYPE: Final = "application/vnd.rcp.map+json;v=1"
PARTS: Final = ("public", "partners")
"""The two parts of a feed, by their level: for everybody, and for peers."""
NOTHING: Final = b64u(bytes(32))
"""The digest of a part that tells nothing."""
MAX_RECORDS: Final = 500
MAX_BYTES: Final = 150_000
"""Of the records of one page, and so of one record: an envelope has 256 KiB."""
AHEAD: Final = 600
_UUID: Final = a.matches(re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"))
_RECORD: Final = a.object_of(
    {"id": _UUID, "kind": a.one_of(*KINDS), "seq": a.integer(1), "steward": a.agency, "document": a.string}
)
_GONE: Final = a.object_of({"id": _UUID, "seq": a.integer(1), "kept": a.null_or(_UUID)})
_SHAPE: Final = a.object_of(
    {
        "v": a.integer(1, 1),
        "part": a.one_of(*PARTS),
        "host": a.host,
        "at": a.seconds,
        "after": a.integer(),
        "to": a.integer(),
        "more": a.flag,
        "records": a.list_of(_RECORD, MAX_RECORDS),
        "gone": a.list_of(_GONE, MAX_RECORDS),
        "digest": a.null_or(a.hash_),
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """A record as a part of the feed tells it."""

    id: str
    kind: str
    steward: str
    document: str

    @property
    def sha(self) -> str:
        """What the digest and the receiver know it by."""
        value = {"id": self.id, "kind": self.kind, "steward": self.steward, "document": self.document}
        return b64u(sha256(canonical(value)))


def tell(row: Row, around: Mapping[str, Row], level: int) -> Told | None:
    """Return a record as a level is told it, or None; `around`: the records that it names, by the ids that it uses.

    A service is told with its provider or not at all. Nothing is named that is not told too.
    """
    document = row.seen(level)
    if document is None:
        return None
    if row.kind != PROVIDER:
        by = around.get(document.pop("organization_id", None) or "")
        told = by is not None and by.host == row.host and by.level <= level
        if row.kind == SERVICE and not told:
            return None
        document |= {"organization_id": by.id} if told and by is not None else {}
    document = {**document, **_places(row, document, around, level), **_marks(row, document, level)}
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    made = Told(row.id, row.kind, row.steward, text)
    return made if len(canonical(text)) < MAX_BYTES else None


def mix(digest: str, *changes: tuple[str, str, int]) -> str:
    """Return the digest after records came (1) or went (-1): the sum of their hashes, whatever their order."""
    total = int.from_bytes(from_b64u(digest, 32))
    for record, sha, sign in changes:
        total += sign * int.from_bytes(sha256(record.encode(), b"\0", sha.encode()))
    return b64u((total % (1 << 256)).to_bytes(32))


def sign_page(value: Mapping[str, Any], signer: Signer) -> bytes:
    """Return a page signed by the hub."""
    return sign_envelope(FEED_TYPE, {"v": 1, **value}, [signer]).to_bytes()


def read_page(data: bytes, host: str, key: bytes, *, part: str, after: int, now: int) -> dict[str, Any]:
    """Return the page that a hub was asked for.

    Raises:
        PacketError: not of the grammar, not signed by `key`, of another hub, part or place, or from the future.
    """
    envelope = Envelope.from_bytes(data, FEED_TYPE)
    envelope.verified_by([key])
    value = envelope.value
    _SHAPE(value)
    if (value["host"], value["part"], value["after"]) != (host, part, after):
        raise BadSignature("A page of a feed is not the one that was asked for.")
    if value["at"] > now + AHEAD:
        raise Expired("A page of a feed is dated in the future.")
    _check_order(value)
    return value


def parse_document(text: str) -> dict[str, Any]:
    """Return the document that a record's text holds.

    Raises:
        Malformed: no JSON object, a key twice, no number, or a character that no database keeps.
    """
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
        kept = "\\u0000" not in text and json.dumps(value, ensure_ascii=False, allow_nan=False).encode() != b""
    except (ValueError, RecursionError) as error:
        raise Malformed("A record of a feed is no JSON object.") from error
    if not isinstance(value, dict) or not kept:
        raise Malformed("A record of a feed is no JSON object.")
    return value


def _places(row: Row, document: Mapping[str, Any], around: Mapping[str, Row], level: int) -> dict[str, Any]:
    if not document.get("service_at_locations"):
        return {}
    found = []
    for at in document["service_at_locations"]:
        site = around.get(at.get("location_id", ""))
        if site is not None and site.host == row.host and site.level <= level:
            found.append({**at, "location_id": site.id})
    return {"service_at_locations": found}


def _marks(row: Row, document: Mapping[str, Any], level: int) -> dict[str, Any]:
    """Return `visibility` as the receiver needs it: what it may show to nobody below the level of this part."""
    said = row.document.get("visibility") or {}
    marks = {name: word for name, word in said.items() if LEVELS.index(word) <= level}
    found = {name: level_of(row.kind, row.document, name) for name in document}
    marks |= {name: LEVELS[least] for name, least in found.items() if least}
    return {"visibility": marks} if marks else {}


def _check_order(value: Mapping[str, Any]) -> None:
    """Return if every change is said once, after the place that was asked for and not behind the page's end."""
    rows = value["records"] + value["gone"]
    seqs = [row["seq"] for row in rows]
    once = len({row["id"] for row in rows}) == len(set(seqs)) == len(rows)
    if not once or any(not value["after"] < seq <= value["to"] for seq in seqs):
        raise Malformed("A page of a feed is not in the order of its changes.")
    if value["more"] and value["to"] <= value["after"]:
        raise Malformed("A page of a feed does not go on.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("")
    return found


def _refuse(_text: str) -> NoReturn:
    raise ValueError
