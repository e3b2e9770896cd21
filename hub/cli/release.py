"""`hub release`, what hubs serve to browsers, and `hub app`, the web app on another origin than its hub's.

A check needs no account and no hub. Exit code 3: what is served is not what was logged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from hub.cli import words
from hub.cli.common import FOLDER, REFUSED, Session, command, data
from hub.client.transport import HubSession
from hub.keys import releases
from hub.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

_FOUND = {
    releases.SAME: "what it serves is what it logged",
    releases.OTHER: "it serves another release than it logged",
    releases.CHANGED: "a file is not what the release says",
    releases.UNPROVEN: "its log does not show what it serves",
}
hub_url = click.option("--hub", "url", required=True, help="The hub that the app is to talk to: https:// and a host.")


@click.group()
def release() -> None:
    """The programs that hubs serve to browsers, and their logs."""


@click.group()
def app() -> None:
    """The web app on an origin of its own."""


@command(release, data)
def show(session: Session, data: Path) -> None:
    """Show the release that this hub serves, where its log says so, and what its peers were found to serve."""
    from hub.cli.operator import opened
    from hub.federation.store import ReleaseFindings
    from hub.keys.store import KeyStore
    from hub.web.release import current

    with opened(Settings.from_environment(data=data)) as hub, hub.database.read() as connection:
        logged = KeyStore(connection).release(hub.origin)
        rows = [dict(row) for row in ReleaseFindings(connection).all()]
    name = current().hash
    here = "not logged yet: `hub serve` does so when it starts"
    if logged is not None and logged.release == name:
        here = "logged"
    session.tell({"release": name, "logged": logged is not None and logged.release == name}, f"Release {name}: {here}.")
    columns = {"peer": "Hub", "release": "Release", "finding": "Found", "path": "File", "last_at": "Last"}
    if rows:
        session.table(rows, columns, finding=_finding, last_at=lambda row: words.when(row["last_at"]))


@command(
    release,
    click.argument("url"),
    click.option(
        "--fingerprint", "digits", required=True, help="The sixty digits that its operator read out by phone."
    ),
)
def check(session: Session, url: str, digits: str) -> int:
    """Fetch all that the hub at URL serves to browsers, and compare it with the hub's own log."""
    from hub.client.release import check_release

    said, found = check_release(HubSession(url), digits)
    value = {"host": said.host, "release": said.release, "index": said.index, "finding": found.finding}
    where = f" ({found.path})" if found.path else ""
    session.tell(
        {**value, "path": found.path},
        f"{said.host} says, in entry {said.index} of its log, that it serves release {said.release}.",
        escape(f"Found: {_FOUND[found.finding]}{where}."),
    )
    return 0 if found.finding == releases.SAME else REFUSED


@command(app, click.argument("folder", type=FOLDER), hub_url)
def export(session: Session, folder: Path, url: str) -> None:
    """Write the app to FOLDER, for any server of static files; the headers that it needs are in the file `headers`."""
    from hub.web.elsewhere import export as write

    made = write(folder, HubSession(url).url)
    session.tell(
        {"folder": str(folder), "release": made.hash, "headers": dict(made.headers)},
        f"Written to {escape(str(folder))}: release {made.hash}.",
        "Serve it over https with these headers (also in the file `headers`):",
        *(escape(f"  {name}: {value}") for name, value in made.headers.items()),
        "The hub's operator lets it in with HUB_APP_ORIGINS.",
    )


@command(
    app,
    hub_url,
    click.option("--port", default=8090, show_default=True),
    click.option("--bind", default="127.0.0.1", show_default=True, help="The address to listen on."),
)
def serve(session: Session, url: str, port: int, bind: str) -> None:
    """Serve the app for the hub at --hub from here: for a desk of its own, or behind one's own https server."""
    from hub.web.elsewhere import serve as run

    run(
        HubSession(url).url,
        bind=bind,
        port=port,
        ready=lambda: session.tell({"port": port}, f"Serving the app on port {port}."),
    )


def _finding(row: dict[str, Any]) -> str:
    return _FOUND[row["finding"]]
