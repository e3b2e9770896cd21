"""The manifest: what a hub may read of a packet (docs/protocol.md §4.1), and its part of the verify order (§4.4).

Does not touch ciphertext, and does not know who may send what to whom: a certificate's place in the log is the business
of whatever fulfils `Senders`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Protocol

from hub.errors import Expired, Malformed, TooLarge, UnsupportedVersion
from hub.ids import AGENCY_PATTERN, AgencyId, MemberId, PacketId
from hub.packets.dsse import Envelope, Signer, sign_envelope
from hub.packets.encoding import b64u, from_b64u

if TYPE_CHECKING:
    from collections.abc import Iterable

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
EARLIEST, LATEST = 1577836800, 4102444800  # 2020-01-01, 2100-01-01
_MIN_PAYLOAD = 16 + 10 * 1024 + 16  # nonce, the smallest archive, one tag
_COUNTRY = re.compile(r"[A-Z]{2}")
_MONTH = re.compile(r"20[2-9][0-9]-(?:0[1-9]|1[0-2])")
_HOST = re.compile(r"[a-z0-9][a-z0-9.-]{0,251}(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class LogHead:
    """The newest checkpoint of the sender's home hub that the client had seen; size 0 before the first."""

    origin: str
    size: int
    root: str

    @classmethod
    def from_value(cls, value: object) -> LogHead:
        """Parse `{origin, size, root}`.

        Raises:
            Malformed: anything else.
        """
        row = _object(value, {"origin", "size", "root"})
        head = cls(_match(_HOST, row["origin"]), _integer(row["size"], 0), _bytes(row["root"], 32))
        if head.size == 0 and head.root != b64u(bytes(32)):
            raise Malformed("An empty log has a root of zero bytes.")
        return head


@dataclass(frozen=True, slots=True)
class Grant:
    """What a hub learns of the lawful basis: recipient's country, last month, and a keyed commitment (§4.3)."""

    country: str
    until: str
    commit: str

    @classmethod
    def from_value(cls, value: object) -> Grant:
        """Parse `{country, until, commit}`.

        Raises:
            Malformed: anything else.
        """
        row = _object(value, {"country", "until", "commit"})
        return cls(_match(_COUNTRY, row["country"]), _match(_MONTH, row["until"]), _bytes(row["commit"], 32))


@dataclass(frozen=True, slots=True)
class Rewrap:
    """One file's new header, as `packet.rewrap` states it (§4.5)."""

    n: str
    hsha256: str
    kids: tuple[str, ...]
    epoch: int | None

    @classmethod
    def from_value(cls, value: object) -> Rewrap:
        """Parse `{n, hsha256, kids, epoch}`.

        Raises:
            Malformed: anything else.
        """
        row = _object(value, {"n", "hsha256", "kids", "epoch"})
        name = row["n"]
        if not isinstance(name, str):
            raise Malformed("A re-wrapped file has no name.")
        return cls(name, _bytes(row["hsha256"], 32), _kids(row["kids"]), _epoch(row["epoch"]))

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

    @classmethod
    def from_value(cls, value: object) -> FileEntry:
        """Parse an element of `files`.

        Raises:
            Malformed: anything else, or neither or both of an epoch and a member.
        """
        row = _object(value, {"n", "hsha256", "psha256", "plen", "kids", "epoch", "member"})
        epoch, member = _epoch(row["epoch"]), row["member"]
        if (epoch is None) == (member is None) or not isinstance(row["n"], str):
            raise Malformed("A file is sealed either to an epoch or to one member.")
        return cls(
            n=row["n"],
            hsha256=_bytes(row["hsha256"], 32),
            psha256=_bytes(row["psha256"], 32),
            plen=_integer(row["plen"], _MIN_PAYLOAD),
            kids=_kids(row["kids"]),
            epoch=epoch,
            member=None if member is None else MemberId(_bytes(member, 16)),
        )


@dataclass(frozen=True, slots=True)
class Manifest:
    """The signed description of one packet for one recipient agency."""

    packet: PacketId
    sender: AgencyId
    to: AgencyId
    inbox: str
    created: int
    expires: int
    log: LogHead
    grant: Grant | None
    files: tuple[FileEntry, ...]
    suite: str = SUITE

    @property
    def own_record(self) -> bool:
        """Whether this is a record of the agency for itself (§7.4)."""
        return self.sender == self.to

    @classmethod
    def from_value(cls, value: object) -> Manifest:
        """Parse the payload of a manifest. The suite is any string here: the allow-list is a later step.

        Raises:
            Malformed: unknown members, wrong types, or one of the rules of §4.1 broken.
            TooLarge: over 1 GiB or over 64 attachment files.
            UnsupportedVersion: not version 1.
        """
        if isinstance(value, dict) and type(value.get("v")) is int and value["v"] != 1:
            raise UnsupportedVersion("The manifest is of a version that this release does not take.")
        members = {"v", "suite", "packet", "from", "to", "inbox", "created", "expires", "log", "grant", "files"}
        row = _object(value, members)
        if not isinstance(row["suite"], str) or type(row["v"]) is not int:
            raise Malformed("The manifest has no version or no suite.")
        manifest = cls(
            packet=PacketId(_bytes(row["packet"], 16)),
            sender=AgencyId(_match(AGENCY_PATTERN, row["from"])),
            to=AgencyId(_match(AGENCY_PATTERN, row["to"])),
            inbox=_bytes(row["inbox"], 16),
            created=_time(row["created"]),
            expires=_time(row["expires"]),
            log=LogHead.from_value(row["log"]),
            grant=None if row["grant"] is None else Grant.from_value(row["grant"]),
            files=_files(row["files"]),
            suite=row["suite"],
        )
        return manifest.checked()

    def checked(self) -> Manifest:
        """Return the manifest if its members fit each other; `seal` asks the same as the parser.

        Raises:
            Malformed: an own record with a grant or the reverse, a life outside 1 s to 400 days.
            TooLarge: over 1 GiB.
        """
        if self.own_record != (self.grant is None):
            raise Malformed("An own record, and nothing else, has no grant.")
        if not 0 < self.expires - self.created <= MAX_LIFE:
            raise Malformed("A packet lives between one second and 400 days.")
        if sum(entry.plen for entry in self.files) > MAX_PACKET:
            raise TooLarge("The packet is larger than 1 GiB.")
        return self

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object that is signed."""
        row = _value(self)
        row |= {"v": 1, "from": row.pop("sender"), "log": _value(self.log)}
        row |= {"grant": None if self.grant is None else _value(self.grant)}
        return row | {"files": [_value(entry) for entry in self.files]}

    def rewrapped(self, rewraps: Iterable[Rewrap]) -> Manifest:
        """Return the manifest with header hash, kids and epoch of the files that were re-wrapped (§4.5)."""
        new = {r.n: r for r in rewraps}
        files = tuple(
            replace(f, hsha256=new[f.n].hsha256, kids=new[f.n].kids, epoch=new[f.n].epoch) if f.n in new else f
            for f in self.files
        )
        return replace(self, files=files)


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


def _value(record: LogHead | Grant | Rewrap | FileEntry | Manifest) -> dict[str, Any]:
    found = {member.name: getattr(record, member.name) for member in fields(record)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _object(value: object, members: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != members:
        raise Malformed("An object of the manifest lacks a member or has one too many.")
    return value


def _integer(value: object, least: int) -> int:
    if type(value) is not int or value < least:
        raise Malformed("A number of the manifest is not one, or out of range.")
    return value


def _time(value: object) -> int:
    if _integer(value, EARLIEST) >= LATEST:
        raise Malformed("A time lies outside 2020 to 2100.")
    return _integer(value, EARLIEST)


def _epoch(value: object) -> int | None:
    return None if value is None else _integer(value, 1)


def _match(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Malformed("A member of the manifest is not of its form.")
    return value


def _bytes(value: object, size: int) -> str:
    return b64u(from_b64u(value, size))


def _kids(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_STANZAS:
        raise Malformed("A file has between 1 and 32 recipients.")
    kids = tuple(_bytes(item, 16) for item in value)
    if len(set(kids)) != len(kids):
        raise Malformed("A file names a recipient twice.")
    return kids


def _files(value: object) -> tuple[FileEntry, ...]:
    if not isinstance(value, list) or not value:
        raise Malformed("A packet has at least its body.")
    if len(value) > 1 + MAX_ATTACHMENT_FILES:
        raise TooLarge("A packet has at most 64 attachment files.")
    files = tuple(FileEntry.from_value(item) for item in value)
    if [entry.n for entry in files] != [file_name(i) for i in range(len(files))]:
        raise Malformed("The files of a packet are body, att/1, att/2 and so on, without a gap.")
    return files


def file_name(index: int) -> str:
    """Return the name of a packet's file: `body`, then `att/1`, `att/2` and so on."""
    return f"att/{index}" if index else "body"
