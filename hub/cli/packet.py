"""`hub packet`: make keys, seal, inspect, verify and open packets on files, with no hub and no network.

Keys lie in a folder: `age.key` and `device.key` (mode 0600) and `card.json`, the public half that goes to the other
side by a way both trust. Nothing secret is ever an argument.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hub.cli import cleaning, words
from hub.cli.common import FILE, FOLDER, Session, command, read_json, read_packet, read_text
from hub.client.profile import write_private
from hub.errors import Conflict, InvalidRequest, UnknownSigner
from hub.ids import AGENCY_PATTERN, AgencyId, MemberId, PacketId, host_of, random_id
from hub.packets import shapes as a
from hub.packets.age import Identity, Recipient
from hub.packets.checkpoint import Checkpoint
from hub.packets.container import ZipSink, open_packet_at
from hub.packets.dsse import Signer, check_public_key, kid
from hub.packets.encoding import b64u, canonical, from_b64u
from hub.packets.manifest import Manifest, SenderKey, read_manifest
from hub.packets.seal import Attachment, Basis, Plan, basis_key, seal
from hub.packets.verify import VerifiedPacket, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIFE = 30 * 86400
_CARD = a.object_of({"agency": a.agency, "member": a.identifier, "sign": a.hash_, "recipient": a.text})
_BASIS = a.object_of({"country": a.country, "until": a.text, "excerpt": a.at_least({})})
_path = click.argument("path", type=click.Path(path_type=Path))
_keys = click.option("--keys", type=FOLDER, required=True, help="Your folder of keys, from keygen.")
_sender = click.option("--from", "sender", type=FILE, required=True, help="The sender's card.json.")
_again = click.option("--again", is_flag=True, help="The packet was accepted before: do not ask whether it expired.")


@dataclass(frozen=True, slots=True)
class Card:
    """The public half of a member's keys; as `Senders` it knows this one member."""

    agency: AgencyId
    member: MemberId
    sign: bytes
    recipient: Recipient

    @classmethod
    def read(cls, path: Path) -> Card:
        """Read a card.

        Raises:
            Malformed: not a card.
        """
        row = read_json(path)
        _CARD(row)
        sign, recipient = check_public_key(from_b64u(row["sign"], 32)), Recipient.parse(row["recipient"])
        return cls(AgencyId(row["agency"]), MemberId(row["member"]), sign, recipient)

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object of the card's file."""
        keys = {"sign": b64u(self.sign), "recipient": str(self.recipient)}
        return {"agency": self.agency, "member": self.member, **keys}

    def sender_key(self, agency: str, keyid: str) -> SenderKey:
        """Return the key if it is this member's."""
        if (agency, keyid) != (self.agency, kid(self.sign)):
            raise UnknownSigner("The packet was not signed by the member of this card.")
        return SenderKey(self.member, self.sign)


@click.group()
def packet() -> None:
    """Seal and open packets on files, offline."""


cleaning.add_to(packet)


@command(
    packet,
    click.argument("folder", type=FOLDER),
    click.option("--agency", required=True, help="Its address, NAME@HOST."),
)
def keygen(session: Session, folder: Path, agency: str) -> None:
    """Make an age identity and a device key in FOLDER, which must be new."""
    address = AgencyId(words.SCHEME + words.plain(agency))
    if not AGENCY_PATTERN.fullmatch(address):
        raise click.BadParameter("an agency is NAME@HOST", param_hint="--agency")
    folder.mkdir(mode=0o700, parents=True)
    identity, seed = Identity.generate(), os.urandom(32)
    card = Card(address, MemberId(random_id()), Signer(seed).public_key, identity.recipient)
    write_private(folder / "age.key", f"{identity.text()}\n".encode())
    write_private(folder / "device.key", f"{b64u(seed)}\n".encode())
    (folder / "card.json").write_bytes(canonical(card.to_value()) + b"\n")
    session.facts({"card": str(folder / "card.json"), "recipient": str(card.recipient), "member": card.member})


@command(
    packet,
    click.argument("folder", type=FOLDER),
    _keys,
    click.option("--to", type=FILE, required=True, help="The recipient's card.json."),
    click.option("--epoch", type=click.IntRange(1), help="The card's key is its agency's, of this epoch."),
    click.option("--basis", type=FILE, help="A JSON file {country, until, excerpt}; none for an own record."),
    click.option("-o", "--output", type=FILE, required=True, help="The packet, for instance packet.zip."),
    name="seal",
)
def seal_folder(session: Session, folder: Path, keys: Path, to: Path, output: Path, **given: Any) -> None:
    """Seal FOLDER's sections/*.json and attachments/* for one agency."""
    (sections, attachments), me, you = read_packet(folder), Card.read(keys / "card.json"), Card.read(to)
    number, now = PacketId(random_id()), session.clock.now()
    plan = Plan(
        packet=number,
        sender=me.agency,
        to=you.agency,
        inbox=random_id(),
        created=now,
        expires=now + _LIFE,
        log=Checkpoint(host_of(me.agency), 0, bytes(32)),
        basis=_basis(given["basis"], number, you.agency),
        author=me.member,
        recipients=[you.recipient],
        epoch=given["epoch"],
        member=None if given["epoch"] else you.member,
        sections=sections,
        attachments=[Attachment.of(path) for path in attachments],
    )
    with ZipSink(output) as sink:
        manifest = seal(plan, Signer(from_b64u(read_text(keys / "device.key").strip(), 32)), sink)
    session.facts(_describe(manifest))


@command(packet, _path)
def inspect(session: Session, path: Path) -> None:
    """Show what anybody can read of the packet at PATH. Nothing is verified."""
    manifest, envelope = read_manifest(open_packet_at(path).manifest())
    session.facts({"verified": False, **_describe(manifest), "signed_by": envelope.signatures[0].keyid})


@command(packet, _path, _keys, _sender, _again, name="verify")
def verify_packet(session: Session, path: Path, keys: Path, sender: Path, *, again: bool) -> None:
    """Verify the packet at PATH to its last byte; show no content."""
    found = _verified(session, path, keys, sender, again=again)
    session.facts({"verified": True, **_describe(found.manifest), "author": found.signed.member})


@command(
    packet,
    _path,
    _keys,
    _sender,
    _again,
    click.option("-o", "--output", type=FOLDER, required=True, help="A new folder for the content."),
    name="open",
)
def open_packet(session: Session, path: Path, keys: Path, sender: Path, output: Path, *, again: bool) -> None:
    """Verify the packet at PATH, then write its content into a new folder."""
    found = _verified(session, path, keys, sender, again=again)
    if output.exists() or output.is_symlink():
        raise Conflict("The folder is there already.", todo="Choose another name.")
    output.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
    try:
        _unpack(found, part)
        part.rename(output)
    except BaseException:
        shutil.rmtree(part)
        raise
    names: dict[str, Sequence[str]] = {"sections": sorted(found.sections), "attachments": sorted(found.attachments)}
    session.facts({"verified": True, "author": found.signed.member, **names, "folder": str(output)})


def _basis(path: Path | None, number: PacketId, to: AgencyId) -> Basis | None:
    if path is None:
        return None
    row = read_json(path)
    if not isinstance(row, dict) or set(row) != {"country", "until", "excerpt"}:
        raise InvalidRequest("The basis is not of the form {country, until, excerpt}.", todo="Correct the file.")
    _BASIS(row)
    return Basis(basis_key(os.urandom(32), number, to), row["excerpt"], row["country"], row["until"])


def _verified(session: Session, path: Path, keys: Path, sender: Path, *, again: bool) -> VerifiedPacket:
    return verify(
        open_packet_at(path),
        identities=[Identity.parse(read_text(keys / "age.key").strip())],
        me=Card.read(keys / "card.json").agency,
        senders=Card.read(sender),
        replay=lambda _: None,  # a folder of files remembers no numbers
        now=session.clock.now(),
        first=not again,
    )


def _unpack(found: VerifiedPacket, folder: Path) -> None:
    (folder / "sections").mkdir()
    (folder / "attachments").mkdir()
    for name, value in found.sections.items():
        (folder / "sections" / f"{name}.json").write_bytes(canonical(value))
    if found.excerpt is not None:
        (folder / "basis.json").write_bytes(canonical(dict(found.excerpt)))
    for name in found.attachments:
        with (folder / "attachments" / name).open("wb") as sink:
            found.copy_attachment(name, sink)


def _describe(manifest: Manifest) -> dict[str, Any]:
    return {
        "packet": manifest.packet,
        "from": manifest.sender,
        "to": manifest.to,
        "created": manifest.created,
        "expires": manifest.expires,
        "files": {entry.n: entry.plen for entry in manifest.files},
    }
