"""Opening: the verify order of docs/protocol.md §4.4, numbered alike, and what may be shown afterwards.

Two passes over stored ciphertext. The first authenticates every byte and shows none; the second decrypts to a sink.
`VerifiedPacket` comes from `verify` alone, so unverified bytes cannot reach a screen. Whether the basis permits what
is inside is for `consent`, with the excerpt that this hands out.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.errors import BadSignature, Malformed, Replayed, TooLarge, WrongRecipient
from hub.packets import shapes as a
from hub.packets.age import Header, Identity, check_policy, unwrap
from hub.packets.encoding import b64u, from_b64u, parse_json, sha256
from hub.packets.manifest import FileEntry, Manifest, Rewrap, Senders, SignedManifest, check_manifest
from hub.packets.seal import MAX_TEXT, commitment, meta
from hub.packets.stream import PayloadReader, Tap, plain_size
from hub.packets.tar import Entry, TarReader

if TYPE_CHECKING:
    from hub.packets.container import PacketFiles, PacketSource
    from hub.packets.stream import Writable

Replay = Callable[[str], str | None]
_Texts = dict[str, bytes]
_BASIS = a.object_of({"v": a.integer(1, 1), "key": a.hash_, "excerpt": a.at_least({})})
_ATTACHMENT = "attachments/"
_READ = 2**20
_MADE_BY_VERIFY = object()


@dataclass(slots=True)
class _Scan:
    """What the first pass found in one file; a fault of grammar waits for its step."""

    texts: dict[str, bytes] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    fault: Malformed | TooLarge | None = None

    def read(self, tar: TarReader) -> None:
        left = MAX_TEXT
        for entry in tar:
            self.entries.append(entry)
            if not entry.name.startswith(_ATTACHMENT):
                left -= entry.size
                if left < 0:
                    raise TooLarge("The packet's text is larger than 4 MiB.")
                self.texts[entry.name] = tar.read()


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
    _places: Mapping[str, FileEntry] = field(repr=False)
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
        with self._source.payload(file.n) as stream:
            tar = TarReader(PayloadReader(stream, self._keys[file.n]), plain_size(file.plen))
            for entry in tar:
                if entry.name == _ATTACHMENT + name:
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
    scans = [_scan(source, entry, keys[entry.n]) for entry in manifest.files]
    # 12. meta.json equals the manifest, basis.json opens the commitment, tar grammar.
    texts, places = _contents(signed.manifest, signed.member, scans)
    key, excerpt = _basis(manifest, texts.pop("basis.json", None))
    sections = {n.removeprefix("sections/").removesuffix(".json"): parse_json(text) for n, text in texts.items()}
    # 13. Only then is anything shown.
    found = [entry for scan in scans for entry in scan.entries if entry.name.startswith(_ATTACHMENT)]
    sizes = {entry.name.removeprefix(_ATTACHMENT): entry.size for entry in found}
    return VerifiedPacket(signed, sections, excerpt, key, sizes, source, keys, places, _MADE_BY_VERIFY)


def check_ciphertext(manifest: Manifest, files: PacketFiles) -> None:
    """Check what a hub can of the age files: step 9, and hash and length of step 11, without any key.

    Raises:
        PacketError: a file too many or too few, or a header or payload that is not the one that was signed.
    """
    check_headers(manifest, files)
    for entry in manifest.files:
        with _payload(files, entry) as tap:
            while tap.read(_READ):
                pass


def check_replay(signed: SignedManifest, replay: Replay) -> None:
    """Return unless the packet's id was accepted before under another manifest: step 7.

    Raises:
        Replayed: it was.
    """
    seen = replay(signed.manifest.packet)
    if seen is not None and seen != signed.hash:
        raise Replayed("A packet of this number was taken before, with other bytes.")


def check_headers(manifest: Manifest, files: PacketFiles) -> dict[str, Header]:
    """Return the parsed headers if they are those that the manifest names, X25519 stanzas only: step 9.

    Raises:
        BadSignature: another header than was signed.
        Malformed: a file too many or too few, or a header outside the grammar.
        UnsupportedVersion: a stanza that packets do not have.
    """
    if files.names() != {entry.n for entry in manifest.files}:
        raise Malformed("The files of the packet are not those of its manifest.")
    headers = {}
    for entry in manifest.files:
        data = files.header(entry.n)
        if b64u(sha256(data)) != entry.hsha256:
            raise BadSignature("A file's header is not the one that was signed.")
        headers[entry.n] = Header.from_bytes(data)
        check_policy(headers[entry.n], len(entry.kids))
    return headers


def _file_key(entry: FileEntry, header: Header, identities: Sequence[Identity]) -> bytes:
    mine = [identity for identity in identities if identity.recipient.kid in entry.kids]
    return unwrap(header, mine)


@contextmanager
def _payload(files: PacketFiles, entry: FileEntry) -> Iterator[Tap]:
    """Open a payload for one reading to its end, and then look whether it was the one that was signed."""
    with files.payload(entry.n) as stream:
        tap = Tap(stream, entry.plen + 1)
        yield tap
    if tap.size != entry.plen or b64u(tap.digest()) != entry.psha256:
        raise BadSignature("A file's content is not what was signed.")


def _scan(files: PacketFiles, entry: FileEntry, file_key: bytes) -> _Scan:
    scan = _Scan()
    with _payload(files, entry) as tap:
        plain = PayloadReader(tap, file_key)
        try:
            scan.read(TarReader(plain, plain_size(entry.plen)))
        except (Malformed, TooLarge) as fault:
            scan.fault = fault
        plain.skip(entry.plen)
    return scan


def _contents(manifest: Manifest, author: str, scans: Sequence[_Scan]) -> tuple[_Texts, dict[str, FileEntry]]:
    places: dict[str, FileEntry] = {}
    for index, scan in enumerate(scans):
        if not scan.fault and (not scan.entries or scan.entries[0].name != "meta.json"):
            raise Malformed("A file does not begin with its meta.json.")
        if scan.texts.pop("meta.json", None) != meta(manifest, index, author):
            raise scan.fault or BadSignature("A file says inside that it belongs to another packet.")
        if scan.fault:
            raise scan.fault
        for name in _attachments(index, scan):
            if name in places:
                raise Malformed("Two attachments have the same name.")
            places[name] = manifest.files[index]
    texts = scans[0].texts
    if not places and not texts.keys() - {"basis.json"}:
        raise Malformed("The packet is empty.")
    return texts, places


def _attachments(index: int, scan: _Scan) -> list[str]:
    names = [entry.name for entry in scan.entries if entry.name.startswith(_ATTACHMENT)]
    sections = scan.texts.keys() - {"basis.json"}
    if not all(name.startswith("sections/") and name.endswith(".json") for name in sections):
        raise Malformed("A file has an entry that packets do not have.")
    if index and (scan.texts or len(names) != 1):
        raise Malformed("An attachment's file holds that attachment and nothing else.")
    return [name.removeprefix(_ATTACHMENT) for name in names]


def _basis(manifest: Manifest, data: bytes | None) -> tuple[bytes | None, Mapping[str, Any] | None]:
    if manifest.grant is None:
        if data is not None:
            raise Malformed("An own record has no basis.json.")
        return None, None
    if data is None:
        raise BadSignature("The packet does not hold the basis that its manifest names.")
    value = parse_json(data)
    _BASIS(value)
    key, excerpt = from_b64u(value["key"]), value["excerpt"]
    if not hmac.compare_digest(commitment(excerpt, key), manifest.grant.commit):
        raise BadSignature("The basis is not the one that the manifest commits to.")
    return key, excerpt
