"""What a network signs, and what the agencies that it names sign (docs/protocol.md §9, "Networks").

Pure. A network is a list by its secretariat: for each country one entry point, perhaps with a deputy. Being named binds
nobody; an agency that is named says itself whether that is so. A hub keeps and passes on what was signed, and vouches
for none: whoever relies on it verifies it with the agencies' certificates.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from hub.errors import BadSignature, Expired, InvalidRequest, Malformed
from hub.packets import shapes as a
from hub.packets.dsse import Envelope, sign_envelope
from hub.packets.encoding import canonical, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.packets.dsse import Signer

NETWORK_TYPE: Final = "application/vnd.rcp.network+json;v=1"
CONFIRMATION_TYPE: Final = "application/vnd.rcp.network-confirmation+json;v=1"
SIGNERS: Final = frozenset({"coordinator", "agency_admin"})
LONGEST: Final = timedelta(days=731)
"""Lists and confirmations are renewed every second year at the latest (J), as declarations are."""
MOST: Final = 250
_AHEAD = 600
_NAME = a.matches(re.compile(r"[a-z0-9][a-z0-9-]{0,62}"))
_ENTRY = a.object_of({"country": a.country, "agency": a.agency, "deputy": a.null_or(a.agency)})
_NETWORK = a.object_of(
    {
        "v": a.integer(1, 1),
        "network": _NAME,
        "secretariat": a.agency,
        "title": a.text,
        "entries": a.distinct(a.list_of(_ENTRY, MOST, 1), "country"),
        "until": a.date,
        "at": a.seconds,
    }
)
_CONFIRMATION = a.object_of(
    {
        "v": a.integer(1, 1),
        "network": _NAME,
        "secretariat": a.agency,
        "country": a.country,
        "agency": a.agency,
        "confirmed": a.flag,
        "until": a.date,
        "at": a.seconds,
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """The agency that is a country's entry point, and the one that stands in for it."""

    country: str
    agency: str
    deputy: str | None


@dataclass(frozen=True, slots=True)
class Network:
    """A network as its secretariat signed it; it holds to the end of the day `until`."""

    network: str
    secretariat: str
    title: str
    entries: tuple[Entry, ...]
    until: str
    at: int

    @property
    def by(self) -> str:
        """The agency that signs it."""
        return self.secretariat

    @property
    def key(self) -> str:
        """What it is known by among the documents of its agency."""
        return f"network {self.network}"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """That an agency is what a network calls it, for one country; or, with `confirmed` false, that it is not."""

    network: str
    secretariat: str
    country: str
    agency: str
    confirmed: bool
    until: str
    at: int

    @property
    def by(self) -> str:
        """The agency that signs it."""
        return self.agency

    @property
    def key(self) -> str:
        """What it is known by among the documents of its agency."""
        return f"{self.secretariat} {self.network} {self.country}"


Document = Network | Confirmation


def sign_document(said: Document, signer: Signer) -> dict[str, Any]:
    """Return a list or a confirmation signed.

    Raises:
        InvalidRequest: it would hold longer than two years, or is not of its form.
    """
    value = {"v": 1, **asdict(said)}
    kind = CONFIRMATION_TYPE
    if isinstance(said, Network):
        kind, value = NETWORK_TYPE, {**value, "entries": [asdict(row) for row in said.entries]}
    try:
        _of(kind, value)
    except (Malformed, BadSignature) as error:
        raise InvalidRequest(
            "A network names each country once, and holds for two years at most.", todo="Correct the list."
        ) from error
    found: dict[str, Any] = parse_json(sign_envelope(kind, value, [signer]).to_bytes())
    return found


def read_unverified(document: Mapping[str, Any]) -> Document:
    """Return what a document says, to look up whose keys must have signed it.

    Raises:
        PacketError: not of the grammar, or it holds too long.
    """
    envelope = _envelope(document)
    return _of(envelope.payload_type, envelope.value)


def read_document(document: Mapping[str, Any], keys: Iterable[bytes], *, now: int) -> Document:
    """Return a list or a confirmation; `keys` are those of the members of its agency who may sign one.

    Raises:
        PacketError: not of the grammar, signed by nobody of these, too long or from the future.
    """
    envelope = _envelope(document)
    found = _of(envelope.payload_type, envelope.value)
    if found.at > now + _AHEAD:
        raise Expired("A document of a network is dated in the future.")
    for key in keys:
        with suppress(BadSignature):
            envelope.verified_by([key])
            return found
    raise BadSignature("A document of a network is signed by nobody who may sign it.")


def _envelope(document: Mapping[str, Any]) -> Envelope:
    kind = CONFIRMATION_TYPE if document.get("payloadType") == CONFIRMATION_TYPE else NETWORK_TYPE
    return Envelope.from_bytes(canonical(dict(document)), kind)


def _of(kind: str, value: Mapping[str, Any]) -> Document:
    said = {name: item for name, item in value.items() if name != "v"}
    found: Document
    if kind == NETWORK_TYPE:
        _NETWORK(value)
        found = Network(**{**said, "entries": tuple(Entry(**row) for row in value["entries"])})
    else:
        _CONFIRMATION(value)
        found = Confirmation(**said)
    if date.fromisoformat(found.until) > datetime.fromtimestamp(found.at, UTC).date() + LONGEST:
        raise BadSignature("A document of a network holds too long.")
    return found
