"""Opening: the verify order of docs/protocol.md §4.4, numbered alike, and what may be shown afterwards.

Two passes over stored ciphertext. The first authenticates every byte and shows none; the second decrypts to a sink.
`VerifiedPacket` comes from `verify` alone, so unverified bytes cannot reach a screen. Whether the basis permits what
is inside is for `consent`, with the excerpt that this hands out.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.errors import BadSignature, Malformed, Replayed, TooLarge, WrongRecipient
from hub.packets.age import Header, Identity, check_policy, unwrap
from hub.packets.encoding import b64u, from_b64u, parse_json, sha256
from hub.packets.manifest import FileEntry, Manifest, Rewrap, Senders, SignedManifest, check_manifest
from hub.packets.seal import MAX_TEXT, commitment, meta
from hub.packets.stream import PayloadReader, Tap, plain_size
from hub.packets.tar import Entry, TarReader

if TYPE_CHECKING:
    from hub.packets.container import PacketSource
    from hub.packets.stream import Readable, Writable

Replay = Callable[[str], str | None]
_SECTION = re.compile(r"sections/([^/]+)\.json")
_ATTACHMENT = re.compile(r"attachments/([^/]+)")
_READ = 2**20
_MADE_BY_VERIFY = object()


@dataclass(frozen=True, slots=True)
class _Scan:
    """What the first pass found in one file; a fault of grammar waits for its step."""

    texts: dict[str, bytes]
    entries: tuple[Entry, ...]
    fault: Malformed | TooLarge | None


@dataclass(frozen=True, slots=True)
class VerifiedPacket:
    """A packet that passed every step."""

    signed: SignedManifest
    sections: Mapping[str, Any] = field(repr=False)
    excerpt: Mapping[str, Any] | None = field(repr=False)
    basis_key: bytes | None = field(repr=False)
    attachments: Mapping[str, int]
    _source: PacketSource = field(repr=False)
    _keys: Mapping[str, bytes] = field(repr=False)
    _places: Mapping[str, str] = field(repr=False)
    _made_by: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self._made_by is not _MADE_BY_VERIFY:
            msg = "only verify() makes a VerifiedPacket"
            raise TypeError(msg)

    @property
    def manifest(self) -> Manifest:
        """The manifest as it was signed."""
        return self.signed.manifest

    def copy_attachment(self, name: str, sink: Writable) -> None:
        """Decrypt one attachment to `sink`: the second pass.

        Raises:
            Malformed: there is none of this name.
            BadSignature: the stored bytes have changed since `verify`.
        """
        if name not in self._places:
            raise Malformed("The packet has no attachment of this name.")
        file = self._places[name]
        with self._source.payload(file) as stream:
            tar = _archive(self.manifest, file, PayloadReader(stream, self._keys[file]))
            for entry in tar:
                if entry.name == f"attachments/{name}":
                    for piece in tar.pieces():
                        sink.write(piece)
                    return


def verify(  # noqa: PLR0913 - each of them is one input of the order, given by name
    source: PacketSource,
    *,
    identities: Sequence[Identity],
    me: str,
    senders: Senders,
    replay: Replay,
    now: int,
    first: bool = True,
    rewraps: Sequence[Rewrap] = (),
) -> VerifiedPacket:
    """Return the packet if all of §4.4 holds.

    `replay` returns the manifest hash under which this packet id was accepted before, if it was. `first` is whether
    this is the first acceptance. `rewraps` are those of the newest valid `packet.rewrap` statement (§4.5).

    Raises:
        PacketError: the first step that fails names itself.
    """
    # 1. to 6. Size limits, strict JSON and grammar, signature, certificate, suite, times.
    signed = check_manifest(source.manifest(), senders, now=now, first=first)
    manifest = signed.manifest.rewrapped(rewraps)
    # 7. Replay.
    check_replay(signed, replay)
    # 8. Addressed to me.
    if manifest.to != me:
        raise WrongRecipient("The packet is addressed to another agency.")
    # 9. Header hash.
    headers = check_headers(manifest, source)
    # 10. Unwrap with a key I hold, header MAC.
    keys = {entry.n: _file_key(entry, headers[entry.n], identities) for entry in manifest.files}
    # 11. Payload hash, length, and STREAM to its end.
    scans = [_scan(manifest, entry, source, keys[entry.n]) for entry in manifest.files]
    # 12. meta.json equals the manifest, basis.json opens the commitment, tar grammar.
    texts, places = _contents(signed, scans)
    key, excerpt = _basis(manifest, texts.pop("basis.json", None))
    sections = {_SECTION.fullmatch(name)[1]: parse_json(text) for name, text in texts.items()}  # type: ignore[index]
    # 13. Only then is anything shown.
    sizes = {e.name.removeprefix("attachments/"): e.size for s in scans for e in s.entries if _ATTACHMENT.match(e.name)}
    return VerifiedPacket(signed, sections, excerpt, key, sizes, source, keys, places, _MADE_BY_VERIFY)


def check_ciphertext(manifest: Manifest, source: PacketSource, rewraps: Sequence[Rewrap] = ()) -> None:
    """Check what a hub can of the age files: step 9, and hash and length of step 11, without any key.

    Raises:
        PacketError: a file too many or too few, or a header or payload that is not the one that was signed.
    """
    manifest = manifest.rewrapped(rewraps)
    check_headers(manifest, source)
    for entry in manifest.files:
        with source.payload(entry.n) as stream:
            tap = Tap(_Limited(stream, entry.plen))
            while tap.read(_READ):
                pass
        _check_payload(entry, tap)


def check_replay(signed: SignedManifest, replay: Replay) -> None:
    """Return unless the packet's id was accepted before under another manifest: step 7.

    Raises:
        Replayed: it was.
    """
    seen = replay(signed.manifest.packet)
    if seen is not None and seen != signed.hash:
        raise Replayed("A packet of this number was taken before, with other bytes.")


def check_headers(manifest: Manifest, source: PacketSource) -> dict[str, Header]:
    """Return the parsed headers if they are those that the manifest names, X25519 stanzas only: step 9.

    Raises:
        BadSignature: another header than was signed.
        Malformed: a file too many or too few, or a header outside the grammar.
        UnsupportedVersion: a stanza that packets do not have.
    """
    if source.names() != {entry.n for entry in manifest.files}:
        raise Malformed("The files of the packet are not those of its manifest.")
    headers = {}
    for entry in manifest.files:
        data = source.header(entry.n)
        if b64u(sha256(data)) != entry.hsha256:
            raise BadSignature("A file's header is not the one that was signed.")
        headers[entry.n] = Header.from_bytes(data)
        check_policy(headers[entry.n], len(entry.kids))
    return headers


class _Limited:
    """Reads at most one byte more than a payload may have: enough to see that it is too long."""

    def __init__(self, stream: Readable, size: int) -> None:
        self._stream, self._left = stream, size + 1

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(min(size, self._left))
        self._left -= len(data)
        return data


def _file_key(entry: FileEntry, header: Header, identities: Sequence[Identity]) -> bytes:
    mine = [identity for identity in identities if identity.recipient.kid in entry.kids]
    return unwrap(header, mine)


def _scan(manifest: Manifest, entry: FileEntry, source: PacketSource, file_key: bytes) -> _Scan:
    with source.payload(entry.n) as stream:
        tap = Tap(_Limited(stream, entry.plen))
        payload = PayloadReader(tap, file_key)
        scan = _read_archive(_archive(manifest, entry.n, payload))
        payload.skip(entry.plen)
    _check_payload(entry, tap)
    return scan


def _check_payload(entry: FileEntry, tap: Tap) -> None:
    if tap.size != entry.plen or b64u(tap.digest()) != entry.psha256:
        raise BadSignature("A file's content is not what was signed.")


def _archive(manifest: Manifest, name: str, payload: PayloadReader) -> TarReader:
    return TarReader(payload, next(plain_size(entry.plen) for entry in manifest.files if entry.n == name))


def _read_archive(tar: TarReader) -> _Scan:
    texts: dict[str, bytes] = {}
    entries: list[Entry] = []
    left = MAX_TEXT
    try:
        for entry in tar:
            entries.append(entry)
            if not _ATTACHMENT.fullmatch(entry.name):
                left -= entry.size
                if left < 0:
                    return _Scan(texts, tuple(entries), TooLarge("The packet's text is larger than 4 MiB."))
                texts[entry.name] = tar.read()
    except Malformed as fault:
        return _Scan(texts, tuple(entries), fault)
    return _Scan(texts, tuple(entries), None)


def _contents(signed: SignedManifest, scans: Sequence[_Scan]) -> tuple[dict[str, bytes], dict[str, str]]:
    places: dict[str, str] = {}
    for index, scan in enumerate(scans):
        name = signed.manifest.files[index].n
        if not scan.fault and (not scan.entries or scan.entries[0].name != "meta.json"):
            raise Malformed("A file does not begin with its meta.json.")
        if scan.texts.pop("meta.json", None) != meta(signed.manifest, index, signed.member):
            raise scan.fault or BadSignature("A file says inside that it belongs to another packet.")
        if scan.fault:
            raise scan.fault
        for found in _attachments(index, scan):
            if places.setdefault(found, name) != name:
                raise Malformed("Two attachments have the same name.")
    texts = scans[0].texts
    if not places and not texts.keys() - {"basis.json"}:
        raise Malformed("The packet is empty.")
    return texts, places


def _attachments(index: int, scan: _Scan) -> Iterator[str]:
    others = [entry.name for entry in scan.entries[1:]]
    found = [match[1] for name in others if (match := _ATTACHMENT.fullmatch(name))]
    texts = [name for name in others if not _ATTACHMENT.fullmatch(name)]
    if any(name != "basis.json" and not _SECTION.fullmatch(name) for name in texts):
        raise Malformed("A file has an entry that packets do not have.")
    if index and (texts or len(found) != 1):
        raise Malformed("An attachment's file holds that attachment and nothing else.")
    return iter(found)


def _basis(manifest: Manifest, data: bytes | None) -> tuple[bytes | None, Mapping[str, Any] | None]:
    if manifest.grant is None:
        if data is not None:
            raise Malformed("An own record has no basis.json.")
        return None, None
    if data is None:
        raise BadSignature("The packet does not hold the basis that its manifest names.")
    value = parse_json(data)
    if not isinstance(value, dict) or set(value) != {"v", "key", "excerpt"} or type(value["v"]) is not int:
        raise Malformed("The basis is not of its form.")
    key, excerpt = from_b64u(value["key"], 32), value["excerpt"]
    if value["v"] != 1 or not isinstance(excerpt, dict):
        raise Malformed("The basis is not of its form.")
    if not hmac.compare_digest(commitment(excerpt, key), manifest.grant.commit):
        raise BadSignature("The basis is not the one that the manifest commits to.")
    return key, excerpt
