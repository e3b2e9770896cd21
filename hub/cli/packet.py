"""`hub packet`: make keys, seal, inspect, verify and open packets on files, with no hub and no network.

Keys lie in a folder: `age.key` and `device.key` (mode 0600) and `card.json`, the public half that goes to the other
side by a way both trust. Nothing secret is ever an argument. Exit codes: 0 done, 2 usage, 3 the packet or key is not
acceptable, 4 files cannot be read or written.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from hub.clock import SystemClock
from hub.errors import HubError, Malformed, UnknownSigner
from hub.ids import AGENCY_PATTERN, AgencyId, MemberId, PacketId, host_of, random_id
from hub.packets.age import Identity, Recipient
from hub.packets.checkpoint import Checkpoint
from hub.packets.container import ZipSink, open_packet_at
from hub.packets.dsse import Signer, check_public_key, kid
from hub.packets.encoding import b64u, canonical, from_b64u, parse_json
from hub.packets.manifest import Manifest, SenderKey, read_manifest
from hub.packets.seal import Attachment, Basis, Plan, basis_key, seal
from hub.packets.verify import VerifiedPacket, verify

if TYPE_CHECKING:
    from hub.packets.container import PacketSource

REFUSED = 3
NO_FILE = 4
_DAY = 86400
_console = Console(highlight=False)
_folder = click.Path(path_type=Path, file_okay=False)
_file = click.Path(path_type=Path, dir_okay=False)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for machines.")
_keys = click.option("--keys", type=_folder, required=True, help="Your folder of keys, from keygen.")
_sender = click.option("--from", "sender", type=_file, required=True, help="The sender's card.json.")
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
        row = parse_json(path.read_bytes())
        if not isinstance(row, dict) or set(row) != {"agency", "member", "sign", "recipient"}:
            raise Malformed("This file is not a card.")
        if not all(isinstance(item, str) for item in row.values()) or not AGENCY_PATTERN.fullmatch(row["agency"]):
            raise Malformed("This file is not a card.")
        sign = check_public_key(from_b64u(row["sign"], 32))
        member = MemberId(b64u(from_b64u(row["member"], 16)))
        return cls(AgencyId(row["agency"]), member, sign, Recipient.parse(row["recipient"]))

    def to_bytes(self) -> bytes:
        """Return the card's file."""
        row = {"agency": self.agency, "member": self.member, "sign": b64u(self.sign), "recipient": str(self.recipient)}
        return canonical(row) + b"\n"

    def sender_key(self, agency: str, keyid: str) -> SenderKey:
        """Return the key if it is this member's."""
        if (agency, keyid) != (self.agency, kid(self.sign)):
            raise UnknownSigner("The packet was not signed by the member of this card.")
        return SenderKey(self.member, self.sign)


class _Group(click.Group):
    """Turns errors into exit codes, and into JSON where that was asked for."""

    def invoke(self, ctx: click.Context) -> Any:
        as_json = "--json" in ctx.args
        try:
            return super().invoke(ctx)
        except HubError as error:
            _complain(error.code, error.detail, error.todo, as_json=as_json)
            ctx.exit(REFUSED)
        except OSError as error:
            _complain("io", error.strerror or "A file cannot be used.", f"Look at {error.filename}.", as_json=as_json)
            ctx.exit(NO_FILE)


def _complain(code: str, detail: str, todo: str, *, as_json: bool) -> None:
    row = {"code": code, "detail": detail, "todo": todo}
    click.echo(json.dumps(row) if as_json else f"{code}: {detail}\n{todo}", err=not as_json)


@click.group(cls=_Group)
def packet() -> None:
    """Seal and open packets on files, offline. Exit codes: 0 done, 2 usage, 3 not acceptable, 4 file trouble."""


@packet.command()
@click.argument("folder", type=_folder)
@click.option("--agency", required=True, help="urn:rcp:agency:NAME@HOST")
@_as_json
def keygen(folder: Path, agency: str, *, as_json: bool) -> None:
    """Make an age identity and a device key in FOLDER, which must be new."""
    if not AGENCY_PATTERN.fullmatch(agency):
        raise click.BadParameter("an agency is urn:rcp:agency:NAME@HOST", param_hint="--agency")
    folder.mkdir(mode=0o700, parents=True)
    identity, seed = Identity.generate(), os.urandom(32)
    card = Card(AgencyId(agency), MemberId(random_id()), Signer(seed).public_key, identity.recipient)
    _write_secret(folder / "age.key", f"{identity.text()}\n".encode())
    _write_secret(folder / "device.key", f"{b64u(seed)}\n".encode())
    (folder / "card.json").write_bytes(card.to_bytes())
    _show({"card": str(folder / "card.json"), "recipient": str(card.recipient), "member": card.member}, as_json=as_json)


@packet.command(name="seal")
@click.argument("folder", type=_folder)
@click.option("--keys", type=_folder, required=True, help="Your folder of keys, from keygen.")
@click.option("--to", "to", required=True, help="The recipient's card.json, or an age1… string with --agency.")
@click.option("--agency", help="The recipient agency, for an age1… string.")
@click.option(
    "--epoch", type=click.IntRange(1), help="The agency's epoch that the key belongs to, for an age1… string."
)
@click.option("--basis", type=_file, help="A JSON file {country, until, excerpt}; none for an own record.")
@click.option("--inbox", default=random_id, help="One of the recipient's published inboxes.")
@click.option("--days", type=click.IntRange(1, 400), default=30, show_default=True, help="Time for acceptance.")
@click.option("-o", "--output", type=_file, required=True, help="The packet, for instance packet.zip.")
@_as_json
def seal_command(folder: Path, keys: Path, output: Path, *, as_json: bool, **options: Any) -> None:
    """Seal FOLDER's sections/*.json and attachments/* for one agency."""
    card = Card.read(keys / "card.json")
    plan = _plan(folder, card, options, SystemClock().now())
    with ZipSink(output) as sink:
        manifest = seal(plan, Signer(from_b64u(_line(keys / "device.key"), 32)), sink)
    _show(_describe(manifest), as_json=as_json)


@packet.command()
@click.argument("path", type=click.Path(path_type=Path))
@_as_json
def inspect(path: Path, *, as_json: bool) -> None:
    """Show what anybody can read of the packet at PATH. Nothing is verified."""
    source = open_packet_at(path)
    manifest, envelope = read_manifest(source.manifest())
    _show({"verified": False, **_describe(manifest), "signed_by": envelope.signatures[0].keyid}, as_json=as_json)


@packet.command(name="verify")
@click.argument("path", type=click.Path(path_type=Path))
@_keys
@_sender
@_again
@_as_json
def verify_command(path: Path, keys: Path, sender: Path, *, again: bool, as_json: bool) -> None:
    """Verify the packet at PATH to its last byte; show no content."""
    found = _verified(open_packet_at(path), keys, sender, again=again)
    _show({"verified": True, **_describe(found.manifest), "author": found.signed.member}, as_json=as_json)


@packet.command(name="open")
@click.argument("path", type=click.Path(path_type=Path))
@_keys
@_sender
@_again
@click.option("-o", "--output", type=_folder, required=True, help="A new folder for the content.")
@_as_json
def open_command(path: Path, keys: Path, sender: Path, output: Path, *, again: bool, as_json: bool) -> None:
    """Verify the packet at PATH, then write its content into a new folder."""
    found = _verified(open_packet_at(path), keys, sender, again=again)
    if output.exists():
        raise FileExistsError(17, "The folder is there already.", str(output))
    output.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
    try:
        _unpack(found, part)
        part.rename(output)
    except BaseException:
        shutil.rmtree(part)
        raise
    names = {"sections": sorted(found.sections), "attachments": sorted(found.attachments)}
    _show({"verified": True, "author": found.signed.member, **names, "folder": str(output)}, as_json=as_json)


def _plan(folder: Path, card: Card, options: dict[str, Any], now: int) -> Plan:
    number = PacketId(random_id())
    recipient, agency, member = _addressee(options)
    return Plan(
        packet=number,
        sender=card.agency,
        to=agency,
        inbox=options["inbox"],
        created=now,
        expires=now + options["days"] * _DAY,
        log=Checkpoint(host_of(card.agency), 0, bytes(32)),
        basis=_basis(options["basis"], number, agency),
        author=card.member,
        recipients=[recipient],
        epoch=options["epoch"],
        member=member,
        sections={path.stem: parse_json(path.read_bytes()) for path in sorted(folder.glob("sections/*.json"))},
        attachments=[Attachment.of(path) for path in sorted(folder.glob("attachments/*"))],
    )


def _addressee(options: dict[str, Any]) -> tuple[Recipient, AgencyId, MemberId | None]:
    if not options["to"].startswith("age1"):
        card = Card.read(Path(options["to"]))
        return card.recipient, card.agency, None if options["epoch"] else card.member
    if not options["agency"] or not options["epoch"]:
        raise click.UsageError("An age1… string needs --agency and --epoch: whose key it is, and which.")
    return Recipient.parse(options["to"]), AgencyId(options["agency"]), None


def _basis(path: Path | None, number: PacketId, to: AgencyId) -> Basis | None:
    if path is None:
        return None
    row = parse_json(path.read_bytes())
    if not isinstance(row, dict) or set(row) != {"country", "until", "excerpt"} or not isinstance(row["excerpt"], dict):
        raise Malformed("The basis is not of the form {country, until, excerpt}.")
    return Basis(basis_key(os.urandom(32), number, to), row["excerpt"], row["country"], row["until"])


def _verified(source: PacketSource, keys: Path, sender: Path, *, again: bool) -> VerifiedPacket:
    return verify(
        source,
        identities=[Identity.parse(_line(keys / "age.key"))],
        me=Card.read(keys / "card.json").agency,
        senders=Card.read(sender),
        replay=lambda _: None,  # a folder of files remembers no numbers
        now=SystemClock().now(),
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


def _show(row: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(row))
        return
    table = Table(show_header=False, box=None)
    for name, value in row.items():
        text = value if isinstance(value, str) else json.dumps(value)
        table.add_row(f"[bold]{name.replace('_', ' ')}[/bold]", text.replace("[", r"\["))
    _console.print(table)


def _line(path: Path) -> str:
    return path.read_text("utf-8", "replace").strip()


def _write_secret(path: Path, data: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:  # noqa: PTH123 - the mode
        stream.write(data)
