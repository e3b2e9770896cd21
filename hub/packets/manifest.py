"""The manifest: what a hub may read of a packet (docs/protocol.md §4.1), and its part of the verify order (§4.4).

Does not touch ciphertext, and does not know who may send what to whom: a certificate's place in the log is the business
of whatever fulfils `Senders`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Protocol

from hub.errors import Expired, Malformed, TooLarge, UnsupportedVersion
from hub.packets import checkpoint
from hub.packets import shapes as a
from hub.packets.checkpoint import Checkpoint
from hub.packets.dsse import Envelope, Signer, sign_envelope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.ids import AgencyId, MemberId, PacketId

MANIFEST_TYPE = "application/vnd.rcp.packet+json;v=1"
SUITE = "age1+ed25519"
SUITES = frozenset({SUITE})
MAX_MANIFEST = 64 * 1024
MAX_HEADER = 16 * 1024
MAX_STANZAS = 32
MAX_ATTACHMENT_FILES = 64
MAX_PACKET = 2**30
MAX_LIFE = 400 * 86400
AHEAD = 10 * 60
_MIN_PAYLOAD = 16 + 10 * 1024 + 16  # nonce, the smallest archive, one tag
_MONTH = re.compile(r"20[2-9][0-9]-(?:0[1-9]|1[0-2])")

_HEADER: dict[str, a.Check] = {
    "hsha256": a.hash_,
    "kids": a.distinct(a.list_of(a.identifier, MAX_STANZAS, 1)),
    "epoch": a.null_or(a.integer(1)),
}
REWRAP = a.object_of({**_HEADER, "n": a.matches(re.compile(r"body|att/[1-9][0-9]?"))})
"""One file of a `packet.rewrap` (§4.5)."""
_PAYLOAD = {"psha256": a.hash_, "plen": a.integer(_MIN_PAYLOAD)}
_FILE = a.object_of({**_HEADER, **_PAYLOAD, "n": a.string, "member": a.null_or(a.identifier)})
_GRANT = a.object_of({"country": a.country, "until": a.matches(_MONTH), "commit": a.hash_})
_MANIFEST = a.object_of(
    {
        "v": a.integer(),
        "suite": a.string,
        "packet": a.identifier,
        "from": a.agency,
        "to": a.agency,
        "inbox": a.identifier,
        "created": a.seconds,
        "expires": a.seconds,
        "log": checkpoint.SHAPE,
        "grant": a.null_or(_GRANT),
        "files": a.list_of(_FILE, MAX_MANIFEST, 1),
    }
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a hub learns of the lawful basis: recipient's country, last month, and a keyed commitment (§4.3)."""

    country: str
    until: str
    commit: str


@dataclass(frozen=True, slots=True)
class Rewrap:
    """One file's new header, as `packet.rewrap` states it (§4.5)."""

    n: str
    hsha256: str
    kids: tuple[str, ...]
    epoch: int | None

    @classmethod
    def from_value(cls, value: Any) -> Rewrap:
        """Parse `{n, hsha256, kids, epoch}`.

        Raises:
            Malformed: anything else.
        """
        REWRAP(value)
        return cls(**_tuples(value))

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object."""
        return _value(self)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One age file: its name, header hash, payload hash and length, and whom its stanzas are for, in their order."""

    n: str
    hsha256: str
    psha256: str
    plen: int
    kids: tuple[str, ...]
    epoch: int | None
    member: MemberId | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The signed description of one packet for one recipient agency."""

    packet: PacketId
    sender: AgencyId
    to: AgencyId
    inbox: str
    created: int
    expires: int
    log: Checkpoint
    grant: Grant | None
    files: tuple[FileEntry, ...]
    suite: str = SUITE

    @property
    def own_record(self) -> bool:
        """Whether this is a record of the agency for itself (§7.4)."""
        return self.sender == self.to

    @property
    def oldest_epoch(self) -> int | None:
        """The oldest epoch that a file is sealed to, or None where one is sealed to a person."""
        epochs = [entry.epoch for entry in self.files if entry.epoch is not None]
        return min(epochs) if len(epochs) == len(self.files) else None

    @classmethod
    def from_value(cls, value: Any) -> Manifest:
        """Parse the payload of a manifest. The suite is any string here: the allow-list is a later step.

        Raises:
            Malformed: unknown members, wrong types, or one of the rules of §4.1 broken.
            TooLarge: over 1 GiB or over 64 attachment files.
            UnsupportedVersion: not version 1.
        """
        if isinstance(value, dict) and type(value.get("v")) is int and value["v"] != 1:
            raise UnsupportedVersion("The manifest is of a version that this release does not take.")
        _MANIFEST(value)
        row = {name: member for name, member in value.items() if name != "v"}
        row["sender"] = row.pop("from")
        row["log"] = Checkpoint.from_value(row["log"])
        row["grant"] = None if row["grant"] is None else Grant(**row["grant"])
        row["files"] = tuple(FileEntry(**_tuples(entry)) for entry in row["files"])
        return cls(**row).checked()

    def checked(self) -> Manifest:
        """Return the manifest if its members fit each other; `seal` asks the same as the parser.

        Raises:
            Malformed: members that contradict one another, or a life outside 1 s to 400 days.
            TooLarge: over 1 GiB or over 64 attachment files.
        """
        if self.own_record != (self.grant is None):
            raise Malformed("An own record, and nothing else, has no grant.")
        if not 0 < self.expires - self.created <= MAX_LIFE:
            raise Malformed("A packet lives between one second and 400 days.")
        if self.log.size == 0 and any(self.log.root):
            raise Malformed("An empty log has a root of zero bytes.")
        if len(self.files) > 1 + MAX_ATTACHMENT_FILES or sum(entry.plen for entry in self.files) > MAX_PACKET:
            raise TooLarge("A packet has at most 64 attachment files and 1 GiB.")
        if [entry.n for entry in self.files] != [file_name(i) for i in range(len(self.files))]:
            raise Malformed("The files of a packet are body, att/1, att/2 and so on, without a gap.")
        if any((entry.epoch is None) == (entry.member is None) for entry in self.files):
            raise Malformed("A file is sealed either to an epoch or to one member.")
        return self

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object that is signed."""
        row = _value(self)
        row |= {"v": 1, "from": row.pop("sender"), "log": self.log.value}
        row |= {"grant": None if self.grant is None else _value(self.grant)}
        return row | {"files": [_value(entry) for entry in self.files]}

    def rewrapped(self, rewraps: Iterable[Rewrap]) -> Manifest:
        """Return the manifest with header hash, kids and epoch of the files that were re-wrapped (§4.5)."""
        new = {rewrap.n: _fields(rewrap) for rewrap in rewraps}
        return replace(self, files=tuple(replace(entry, **new.get(entry.n, {})) for entry in self.files))


@dataclass(frozen=True, slots=True)
class SenderKey:
    """A device key whose certificate stands in its home log, and the member it belongs to."""

    member: MemberId
    public_key: bytes


class Senders(Protocol):
    """Whoever knows the certificates: `hub.keys`, or a file on an offline machine."""

    def sender_key(self, agency: str, keyid: str) -> SenderKey:
        """Return the certified device key named `keyid` of a member of `agency`.

        Raises:
            UnknownSigner: no such key is known, or it was revoked.
        """
        ...


@dataclass(frozen=True, slots=True)
class SignedManifest:
    """A manifest whose signature is good (§4.4 steps 1 to 6)."""

    manifest: Manifest
    envelope: Envelope
    hash: str
    member: MemberId
    sender_key: bytes


def sign_manifest(manifest: Manifest, signer: Signer) -> bytes:
    """Return `manifest.dsse.json`.

    Raises:
        TooLarge: over 64 KiB: too many attachments for so many recipients.
    """
    data = sign_envelope(MANIFEST_TYPE, manifest.checked().to_value(), [signer]).to_bytes()
    if len(data) > MAX_MANIFEST:
        raise TooLarge("The manifest is larger than 64 KiB: fewer attachments or fewer recipients.")
    return data


def read_manifest(data: bytes) -> tuple[Manifest, Envelope]:
    """Return what `manifest.dsse.json` says, with nothing verified: steps 1 and 2 of §4.4.

    Raises:
        TooLarge, Malformed, UnsupportedVersion: it cannot be read.
    """
    # 1. Size limits.
    if len(data) > MAX_MANIFEST:
        raise TooLarge("The manifest is larger than 64 KiB.")
    # 2. Strict base64 and JSON, grammar.
    envelope = Envelope.from_bytes(data, MANIFEST_TYPE)
    if len(envelope.signatures) != 1:
        raise Malformed("A manifest has one signature.")
    return Manifest.from_value(envelope.value), envelope


def check_manifest(data: bytes, senders: Senders, *, now: int, first: bool = True) -> SignedManifest:
    """Return the manifest if steps 1 to 6 of §4.4 hold; hubs and clients run the same ones.

    `first` is whether this is the first acceptance: expiry governs that, not re-opening.

    Raises:
        PacketError: the first step that fails names itself.
    """
    manifest, envelope = read_manifest(data)
    # 3. DSSE over the received bytes; 4. the signer's certificate, which `senders` answers for.
    sender = senders.sender_key(manifest.sender, envelope.signatures[0].keyid)
    envelope.verified_by([sender.public_key])
    # 5. Suite allow-list.
    if manifest.suite not in SUITES:
        raise UnsupportedVersion("The packet is of a suite that this release does not take.")
    # 6. Times.
    if manifest.created > now + AHEAD:
        raise Expired("The packet is dated in the future.")
    if first and manifest.expires <= now:
        raise Expired("The packet's time for acceptance is over.")
    return SignedManifest(manifest, envelope, envelope.hash, sender.member, sender.public_key)


def file_name(index: int) -> str:
    """Return the name of a packet's file: `body`, then `att/1`, `att/2` and so on."""
    return f"att/{index}" if index else "body"


def _fields(record: Grant | Rewrap | FileEntry | Manifest) -> dict[str, Any]:
    return {member.name: getattr(record, member.name) for member in fields(record)}


def _value(record: Grant | Rewrap | FileEntry | Manifest) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in _fields(record).items()}


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
