"""Commands of whoever runs a hub or certifies agencies. Parts of the server are loaded inside the commands."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from hub.cli import words
from hub.cli.common import FILE, FOLDER, Session, command, data, out, read_json, read_text
from hub.client import founding
from hub.client.enrol import Invitation
from hub.client.profile import write_private
from hub.errors import Conflict, HubError, InvalidRequest
from hub.keys.certificates import KINDS, certify, fingerprint
from hub.packets.dsse import Signer
from hub.packets.encoding import b64u, canonical, from_b64u
from hub.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.context import Hub

top = click.Group("operators")
_FOUNDER = ("agency_admin", "caseworker")


@command(
    top,
    click.argument("folder", type=FOLDER),
    click.option("--host", required=True, help="The name in this hub's log and its agencies' addresses."),
    click.option("--operator", required=True, help="The body that runs this hub."),
    click.option("--kind", required=True, type=click.Choice(sorted(KINDS)), help="What kind of body that is."),
    click.option("--country", required=True, help="Its country, two letters."),
    click.option("--url", required=True, help="The address at which clients and peers reach the hub."),
)
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
        "Next: hub certifier trust KEY (two of them), then hub serve, then hub invite-agency NAME.",
    )


@command(
    top,
    data,
    click.option("--port", default=8080, show_default=True),
    click.option("--bind", default="127.0.0.1", show_default=True, help="The address to listen on."),
)
def serve(session: Session, data: Path, port: int, bind: str) -> None:
    """Serve the hub; on SQLite this process also does what is due."""
    from hub.worker import serve as run

    run(_settings(data), host=bind, port=port, ready=lambda: session.tell({"port": port}, f"Serving on port {port}."))


@command(top, data)
def worker(_session: Session, data: Path) -> None:
    """Do what is due: beside `hub serve` on PostgreSQL."""
    from hub.worker import run_worker

    run_worker(_settings(data))


@command(top, data)
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


@top.group()
def clock() -> None:
    """The hub's clock."""


@command(clock, data)
def confirm(session: Session, data: Path) -> None:
    """Say that the clock is right again after an alarm about it, so that unanswered referrals may expire."""
    from hub.referrals.jobs import confirm_time

    with opened(_settings(data)) as hub:
        confirm_time(hub)
    session.tell({"confirmed": True}, "The clock is right: unanswered referrals may expire again.")


@top.group()
def peer() -> None:
    """Other hubs that this one delivers to."""


@command(
    peer,
    click.argument("url"),
    click.option(
        "--fingerprint", "digits", required=True, help="The sixty digits that its operator read out by phone."
    ),
    data,
)
def add(session: Session, url: str, digits: str, data: Path) -> None:
    """Add the hub at URL, if its key is the one that was compared."""
    from hub.federation.pull import add_peer

    with opened(_settings(data)) as hub:
        found = add_peer(hub, url, digits)
    session.tell(
        {"host": found.host, "operator": found.operator},
        f"{found.host} ({found.operator}) is a peer now.",
        "Once its operator has added this hub too, `hub peer pull` fetches its agencies now, or the hub in 5 minutes.",
    )


@command(peer, data)
def pull(session: Session, data: Path) -> int:
    """Fetch the keys, directories and service maps of all peers now."""
    from hub.directory.feed.store import FeedStore
    from hub.directory.records.visibility import PARTNERS
    from hub.federation.pull import pull_peer
    from hub.federation.store import Peers

    rows: list[dict[str, Any]] = []
    with opened(_settings(data)) as hub:
        with hub.database.read() as connection:
            peers = Peers(connection).all()
        for found in peers:
            try:
                rows.append({"host": found.host, "new": pull_peer(hub, found), "error": None})
            except HubError as error:
                rows.append({"host": found.host, "new": 0, "error": error.detail})
                failed = error
            with hub.database.read() as connection:
                rows[-1]["refused"] = dict(FeedStore(connection, found.host, PARTNERS).refused())
    columns = {"host": "Host", "new": "New documents", "refused": "Records not taken", "error": "What went wrong"}
    why = {"refused": lambda row: ", ".join(f"{count} {reason}" for reason, count in row["refused"].items())}
    session.table(rows, columns, **why)
    if any(row["error"] for row in rows):
        raise failed
    return 0


@command(peer, click.argument("host"), data)
def remove(session: Session, host: str, data: Path) -> None:
    """Let HOST be no peer any more: nothing is sent or taken, and its records leave the service map."""
    from hub.federation.pull import remove_peer

    with opened(_settings(data)) as hub:
        gone = remove_peer(hub, host)
    session.tell(
        {"host": host, "records": gone}, f"{escape(host)} is no peer any more; {gone} of its records are gone."
    )


@command(peer, data, name="list")
def list_peers(session: Session, data: Path) -> None:
    """List peers."""
    from hub.federation.store import Peers

    columns = {"host": "Host", "url": "Address", "operator": "Run by", "kind": "Kind"}
    with opened(_settings(data)) as hub, hub.database.read() as connection:
        rows = [{name: getattr(found, name) for name in columns} for found in Peers(connection).all()]
    session.table(rows, columns)


@command(peer, click.argument("host"), data)
def resume(session: Session, host: str, data: Path) -> None:
    """Send again to HOST, whose queue was stopped by a fault."""
    from hub.federation.store import Peers
    from hub.outbox.store import Outbox

    with opened(_settings(data)) as hub, hub.database.write() as connection:
        Peers(connection).get(host)
        Outbox(connection).resume(host)
    session.tell({"host": host}, f"The queue to {host} goes on.")


@command(
    top,
    click.argument("name"),
    click.option("--role", "roles", multiple=True, default=_FOUNDER, show_default=True, help="A role of the founder."),
    out,
    data,
)
def invite_agency(session: Session, name: str, roles: tuple[str, ...], out: Path | None, data: Path) -> None:
    """Invite an agency to this hub; hand the invitation to its founder by a way that both of you trust."""
    with opened(_settings(data)) as hub:
        made = invitation(hub, name, frozenset(roles))
    session.hand_over({"agency": made.agency}, made.to_text(), out)


@top.group()
def certifier() -> None:
    """Bodies that vouch for what agencies are."""


@command(certifier, click.argument("file", type=FILE))
def new(session: Session, file: Path) -> None:
    """Make a certifier's key in FILE; its public half is printed, for operators to trust."""
    if file.exists():
        raise Conflict("This file exists already.", todo="Choose another name.")
    seed = secrets.token_bytes(32)
    write_private(file, (b64u(seed) + "\n").encode())
    public = Signer(seed).public_key
    session.facts({"key": b64u(public), "fingerprint": fingerprint(public)})


@command(certifier, click.argument("key"), data)
def trust(session: Session, key: str, data: Path) -> None:
    """Believe the agencies that the certifier with this public KEY vouches for (compare its fingerprint first)."""
    from hub.web.identity import trust_certifier

    about = trust_certifier(data, key)
    session.tell(
        {"certifiers": list(about.certifiers)},
        f"{about.host} trusts this certifier from its next start on; it has {len(about.certifiers)}.",
    )


@command(
    top,
    click.argument("request", type=FILE),
    click.option("--certifier", "key", required=True, type=FILE, help="The certifier's key file."),
    click.option("--fingerprint", "digits", required=True, help="The sixty digits that the agency reads out."),
    out,
    name="certify",
)
def certify_agency(session: Session, request: Path, key: Path, digits: str, out: Path | None) -> None:
    """Vouch for the agency in REQUEST, after checking who it is and comparing its fingerprint by phone."""
    identity = founding.identity_from_value(read_json(request))
    if fingerprint(identity.root).split() != digits.split():
        raise InvalidRequest("The agency has another fingerprint than was compared.", todo="Ask the agency again.")
    value = certify(identity, Signer(from_b64u(read_text(key).strip(), 32)), session.clock.now()).to_value()
    who = words.plain(f"{identity.agency}: {identity.kind}, {identity.country}, {identity.operator}")
    click.echo(who, err=True)
    session.hand_over({"certification": value}, canonical(value).decode(), out)


def _settings(data: Path) -> Settings:
    try:
        return Settings.from_environment(data=data)
    except ValueError as error:
        raise InvalidRequest("A HUB_ variable that should be a number is none.") from error


def invitation(hub: Hub, name: str, roles: frozenset[str], mail: str | None = None) -> Invitation:
    """Return an invitation for the founder of an agency."""
    from hub.auth import accounts
    from hub.auth.store import AccountStore

    agency = founding.agency_address(name, hub.origin)
    with hub.database.write() as connection:
        code = accounts.invite(AccountStore(connection), agency, roles, mail, hub.wire.now())
    key, keys = hub.signer.public_key, frozenset(hub.certifiers)
    return Invitation(hub.settings.url, hub.origin, key, agency, roles, keys, code)


@contextmanager
def opened(settings: Settings) -> Iterator[Hub]:
    """Open a hub for one command, without serving it."""
    from hub.app import open_hub

    hub = open_hub(settings)
    try:
        yield hub
    finally:
        hub.database.close()
