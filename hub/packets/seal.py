"""Sealing: from sections and attachments to a signed manifest and age files (docs/protocol.md §4).

Does not ask whether the basis covers what is sealed: `consent` decides that before. Streams; nothing is spooled.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from nacl.hashlib import blake2b
from nacl.utils import random as _system_random

from hub.errors import InvalidRequest, TooLarge
from hub.packets.age import FILE_KEY, Random, Recipient, make_header
from hub.packets.encoding import b64u, canonical, from_b64u, hkdf, sha256
from hub.packets.manifest import (
    MAX_PACKET,
    FileEntry,
    Grant,
    Manifest,
    file_name,
    sign_manifest,
)
from hub.packets.stream import NONCE, PayloadWriter, Tap
from hub.packets.tar import TarWriter, check_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.ids import AgencyId, MemberId, PacketId
    from hub.packets.checkpoint import Checkpoint
    from hub.packets.container import PacketSink
    from hub.packets.dsse import Signer

MAX_TEXT = 4 * 2**20
OWN_FILE = 2**20
_READ = 2**20


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send along: a path, or a stream of exactly `size` bytes."""

    name: str
    source: Path | BinaryIO
    size: int

    @classmethod
    def of(cls, path: Path) -> Attachment:
        """Return the file at `path` under its own name."""
        return cls(path.name, path, path.stat().st_size)

    def pieces(self) -> Iterator[bytes]:
        """Yield the content."""
        with self.source.open("rb") if isinstance(self.source, Path) else nullcontext(self.source) as stream:
            while data := stream.read(_READ):
                yield data


@dataclass(frozen=True, slots=True)
class Basis:
    """The recipient's excerpt of the lawful basis, the key of its commitment, and what a hub may know of it."""

    key: bytes = field(repr=False)
    excerpt: Mapping[str, Any] = field(repr=False)
    country: str
    until: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one packet is made of; `basis` is None for an own record and only then."""

    packet: PacketId
    sender: AgencyId
    to: AgencyId
    inbox: str
    created: int
    expires: int
    log: Checkpoint
    basis: Basis | None
    author: MemberId
    recipients: Sequence[Recipient]
    epoch: int | None = None
    member: MemberId | None = None
    sections: Mapping[str, Any] = field(default_factory=dict, repr=False)
    attachments: Sequence[Attachment] = ()


def basis_key(secret: bytes, packet: str, to: str) -> bytes:
    """Return the key of a packet's commitment, fresh for each packet and recipient (§4.3)."""
    return hkdf(secret, b"rcp/1/commit\0" + from_b64u(packet, 16) + to.encode())


def commitment(excerpt: Mapping[str, Any], key: bytes) -> str:
    """Return the commitment to an excerpt (§4.3)."""
    return b64u(blake2b(canonical(excerpt), digest_size=32, key=key, person=b"rcp/1/commit").digest())


def gate_commitment(finding: Any, key: bytes, gate: str) -> str:
    """Return the commitment to what a gate found, under the packet's basis key (§7.1)."""
    gate_key = hkdf(key, b"rcp/1/gate\0" + gate.encode())
    return b64u(blake2b(canonical(finding), digest_size=32, key=gate_key, person=b"rcp/1/gate").digest())


def freeze_key(token: str) -> bytes:
    """Return the key by which the packets of one consent can be stopped, out of its receipt's token (§7.6)."""
    return hkdf(token.replace("-", "").encode(), b"rcp/1/freeze")


def freeze_handle(key: bytes, packet: str) -> str:
    """Return what a submission says of its consent's token: without the key, no two packets can be joined (§7.6)."""
    return b64u(blake2b(from_b64u(packet, 16), digest_size=32, key=key, person=b"rcp/1/freeze").digest())


def meta(manifest: Manifest, index: int, author: str) -> bytes:
    """Return `meta.json` of the file `index`: what the manifest says, said again inside (§4.2)."""
    return canonical(
        {
            "v": 1,
            "packet": manifest.packet,
            "file": file_name(index),
            "from": manifest.sender,
            "to": manifest.to,
            "author": author,
            "kids": list(manifest.files[index].kids),
        }
    )


def seal(plan: Plan, signer: Signer, sink: PacketSink, random: Random = _system_random) -> Manifest:
    """Write the packet to `sink` and return its manifest.

    `random` is for the generator of test vectors only.

    Raises:
        InvalidRequest: nothing to seal, or a member missing.
        Malformed: a name outside the grammar, a value that is no JSON, an attachment not of its size.
        TooLarge: one of the limits of §4.1.
    """
    texts, small, large = _sorted(plan)
    basis = plan.basis
    grant = None if basis is None else Grant(basis.country, basis.until, commitment(basis.excerpt, basis.key))
    contents = [small, *([attachment] for attachment in large)]
    kids = tuple(recipient.kid for recipient in plan.recipients)
    blank = tuple(FileEntry(file_name(i), "", "", 0, kids, plan.epoch, plan.member) for i in range(len(contents)))
    manifest = Manifest(
        plan.packet, plan.sender, plan.to, plan.inbox, plan.created, plan.expires, plan.log, grant, blank
    ).checked()
    files = tuple(
        _seal_file(
            plan, blank[i], {"meta.json": meta(manifest, i, plan.author), **({} if i else texts)}, part, sink, random
        )
        for i, part in enumerate(contents)
    )
    # Parsed back, so that nothing is ever signed that a reader would refuse.
    manifest = Manifest.from_value(replace(manifest, files=files).to_value())
    sink.manifest(sign_manifest(manifest, signer))
    return manifest


def _sorted(plan: Plan) -> tuple[dict[str, bytes], list[Attachment], list[Attachment]]:
    if not plan.sections and not plan.attachments:
        raise InvalidRequest("There is nothing to seal.")
    texts = {} if plan.basis is None else {"basis.json": _basis(plan.basis)}
    texts |= {check_name(f"sections/{name}.json"): canonical(plan.sections[name]) for name in sorted(plan.sections)}
    names = [check_name(f"attachments/{attachment.name}") for attachment in plan.attachments]
    if len(set(names)) != len(names):
        raise InvalidRequest("Two attachments have the same name.")
    small = [a for a in plan.attachments if a.size <= OWN_FILE]
    large = [a for a in plan.attachments if a.size > OWN_FILE]
    if sum(a.size for a in plan.attachments) > MAX_PACKET:
        raise TooLarge("The packet is larger than 1 GiB.")
    if sum(map(len, texts.values())) > MAX_TEXT:
        raise TooLarge("The sections are larger than 4 MiB; send long text as an attachment.")
    return texts, small, large


def _basis(basis: Basis) -> bytes:
    return canonical({"v": 1, "key": b64u(basis.key), "excerpt": dict(basis.excerpt)})


def _seal_file(
    plan: Plan,
    entry: FileEntry,
    texts: dict[str, bytes],
    attachments: Sequence[Attachment],
    sink: PacketSink,
    random: Random,
) -> FileEntry:
    file_key = random(FILE_KEY)
    header = make_header(plan.recipients, file_key, random).to_bytes()
    with sink.file(entry.n) as stream:
        stream.write(header)
        tap = Tap(stream)
        payload = PayloadWriter(tap, file_key, random(NONCE))
        tar = TarWriter(payload)
        for name, content in texts.items():
            tar.add(name, len(content), [content])
        for attachment in attachments:
            tar.add(f"attachments/{attachment.name}", attachment.size, attachment.pieces())
        tar.close()
        payload.close()
        psha256 = b64u(tap.digest())
    return replace(entry, hsha256=b64u(sha256(header)), psha256=psha256, plen=tap.size)
