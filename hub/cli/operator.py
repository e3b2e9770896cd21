"""Commands of whoever runs a hub or certifies agencies."""

from __future__ import annotations

import json
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hub.cli.common import Session, read_text, with_session
from hub.client import founding
from hub.client.enrol import Invitation
from hub.client.profile import write_private
from hub.errors import Conflict, InvalidRequest
from hub.keys.certificates import KINDS, fingerprint
from hub.packets.dsse import Signer
from hub.packets.encoding import b64u, canonical, from_b64u, parse_json
from hub.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.context import Hub

_FOUNDER = ("agency_admin", "caseworker")
_DATA = click.Path(path_type=Path, file_okay=False)
_data = click.option("--data", type=_DATA, default=Path("handover-data"), envvar="HUB_DATA", help="The data folder.")


@click.command()
@click.argument("folder", type=_DATA)
@click.option("--host", required=True, help="The name in this hub's log and its agencies' addresses.")
@click.option("--operator", required=True, help="The body that runs this hub.")
@click.option("--kind", required=True, type=click.Choice(sorted(KINDS)), help="What kind of body that is.")
@click.option("--country", required=True, help="Its country, two letters.")
@click.option("--url", required=True, help="The address at which clients and peers reach this hub.")
@with_session
def init(session: Session, folder: Path, **about: Any) -> None:
    """Create a hub in FOLDER."""
    from hub.app import create_hub
    from hub.web.identity import Identity

    entry = create_hub(_settings(folder), Identity(**about))
    digits = fingerprint(entry.sign)
    session.tell(
        {"host": entry.host, "fingerprint": digits},
        f"The hub {entry.host} was created in {folder}. Its fingerprint, for operators of other hubs:",
        f"  {digits}",
        "Next: hub certifier trust KEY (two of them), then hub invite-agency NAME.",
    )


@click.command()
@_data
@click.option("--port", default=8080, show_default=True)
@click.option("--bind", default="127.0.0.1", show_default=True, help="The address to listen on.")
@with_session
def serve(session: Session, data: Path, port: int, bind: str) -> None:
    """Serve the hub; on SQLite this process also does what is due."""
    from hub.worker import serve as run

    run(_settings(data), host=bind, port=port, ready=lambda: session.tell({"port": port}, f"Serving on port {port}."))


@click.command()
@_data
@with_session
def worker(_session: Session, data: Path) -> None:
    """Do what is due: beside `hub serve` on PostgreSQL."""
    from hub.worker import run_worker

    run_worker(_settings(data))


@click.command()
@_data
@with_session
def upgrade(session: Session, data: Path) -> None:
    """Bring the database to this release's schema. Make a backup first."""
    from hub.db import Database
    from hub.migrations.run import upgrade as run

    database = Database(_settings(data).database_url)
    try:
        run(database)
    finally:
        database.close()
    session.tell({"upgraded": True}, "The database has this release's schema.")


@click.group()
def peer() -> None:
    """Other hubs that this one delivers to."""


@peer.command()
@click.argument("url")
@click.option("--fingerprint", "digits", required=True, help="The sixty digits that its operator read out by phone.")
@_data
@with_session
def add(session: Session, url: str, digits: str, data: Path) -> None:
    """Add the hub at URL, if its key is the one that was compared."""
    from hub.federation.pull import add_peer

    with _opened(data) as hub:
        found = add_peer(hub, url, digits)
    session.tell({"host": found.host, "operator": found.operator}, f"{found.host} ({found.operator}) is a peer now.")


@peer.command("list")
@_data
@with_session
def list_(session: Session, data: Path) -> None:
    """List peers."""
    from hub.federation.store import Peers

    with _opened(data) as hub, hub.database.read() as connection:
        rows = [{n: getattr(p, n) for n in ("host", "url", "operator", "kind")} for p in Peers(connection).all()]
    columns = {"host": "Host", "url": "Address", "operator": "Run by", "kind": "Kind"}
    session.table(rows, columns, lambda row: [row[name] for name in columns])


@peer.command()
@click.argument("host")
@_data
@with_session
def resume(session: Session, host: str, data: Path) -> None:
    """Send again to HOST, whose queue was stopped by a fault."""
    from hub.federation.store import Peers
    from hub.outbox.store import Outbox

    with _opened(data) as hub, hub.database.write() as connection:
        Peers(connection).get(host)
        Outbox(connection).resume(host)
    session.tell({"host": host}, f"The queue to {host} goes on.")


@click.command("invite-agency")
@click.argument("name")
@click.option("--role", "roles", multiple=True, default=_FOUNDER, show_default=True, help="A role of the founder.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the invitation to this file.")
@_data
@with_session
def invite_agency(session: Session, name: str, roles: tuple[str, ...], out: Path | None, data: Path) -> None:
    """Invite an agency to this hub; hand the invitation to its founder by a way that both of you trust."""
    from hub.auth import accounts
    from hub.auth.store import AccountStore

    with _opened(data) as hub:
        agency = founding.agency_address(name, hub.origin)
        with hub.database.write() as connection:
            code = accounts.invite(AccountStore(connection), agency, frozenset(roles), None, hub.clock.now())
        key, keys = hub.signer.public_key, frozenset(hub.certifiers)
        text = Invitation(hub.settings.url, hub.origin, key, agency, frozenset(roles), keys, code).to_text()
    hand_over(session, {"agency": agency}, text, out)


@click.group()
def certifier() -> None:
    """Bodies that vouch for what agencies are."""


@certifier.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_session
def new(session: Session, file: Path) -> None:
    """Make a certifier's key in FILE; its public half is printed, for operators to trust."""
    if file.exists():
        raise Conflict("This file exists already.", todo="Choose another name.")
    seed = secrets.token_bytes(32)
    write_private(file, (b64u(seed) + "\n").encode())
    public = Signer(seed).public_key
    session.tell(
        {"key": b64u(public), "fingerprint": fingerprint(public)},
        f"Public key:  {b64u(public)}",
        f"Fingerprint: {fingerprint(public)}",
    )


@certifier.command()
@click.argument("key")
@_data
@with_session
def trust(session: Session, key: str, data: Path) -> None:
    """Believe the agencies that the certifier with this public KEY vouches for (compare its fingerprint first)."""
    from hub.web.identity import trust_certifier

    about = trust_certifier(data, key)
    session.tell(
        {"certifiers": list(about.certifiers)},
        f"{about.host} trusts this certifier from its next start on; it has {len(about.certifiers)}.",
    )


@click.command()
@click.argument("request", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--certifier", "key", required=True, type=click.Path(path_type=Path), help="The certifier's key file.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the certification to this file.")
@with_session
def certify(session: Session, request: Path, key: Path, out: Path | None) -> None:
    """Vouch for the agency in REQUEST, after checking who it is and comparing its fingerprint."""
    identity = founding.identity_from_value(parse_json(read_text(str(request)).encode()))
    signer = Signer(from_b64u(read_text(str(key)).strip(), 32))
    value = founding.certify_agency(identity, signer, session.clock.now())
    session.console.print(f"{identity.agency}: {identity.kind}, {identity.country}, {identity.operator}", style="dim")
    hand_over(session, {"certification": value}, canonical(value).decode(), out)


def hand_over(session: Session, value: dict[str, Any], text: str, out: Path | None) -> None:
    """Print what goes to somebody else, or write it to a file of its owner's."""
    if out is not None:
        write_private(out, text.encode() + b"\n")
        session.tell({**value, "file": str(out)}, f"Written to {out}.")
    elif session.as_json:
        click.echo(json.dumps({**value, "text": text}, ensure_ascii=False))
    else:
        click.echo(text)


def _settings(data: Path) -> Settings:
    try:
        return Settings.from_environment(data=data)
    except ValueError as error:
        raise InvalidRequest("A HUB_ variable that should be a number is none.") from error


@contextmanager
def _opened(data: Path) -> Iterator[Hub]:
    """Open a hub for one command, without serving it."""
    from hub.app import open_hub

    hub = open_hub(_settings(data))
    try:
        yield hub
    finally:
        hub.database.close()
