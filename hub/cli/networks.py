"""`hub network`: networks of focal points, and who is the entry point of a country."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from hub.cli import words
from hub.cli.common import FILE, Session, command, read_json
from hub.cli.people import resolve
from hub.client import networks
from hub.client.networks import Known
from hub.errors import InvalidRequest, Malformed, NotFound
from hub.packets import shapes as a

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from hub.client.member import Member
    from hub.client.networks import EntryPoint

network = click.Group("network", help="Networks of focal points, and who is the entry point of a country.")
_day = click.DateTime(["%Y-%m-%d"])
_secretariat = click.option("--secretariat", help="Whose network, where several have one of that name: name@host.")
_POINTS = {"country": "Country", "agency": "Entry point", "deputy": "Deputy", "says": "Says so itself", "to": "Send to"}
_LISTED = {
    "network": "Network",
    "title": "What it is",
    "secretariat": "Secretariat",
    "countries": "For",
    "until": "Until",
}
_SAYS = {True: "confirmed", False: "says that it is not", None: "named by the network, not confirmed"}
_FORM = a.object_of({"network": a.text, "title": a.text, "entries": a.list_of(a.at_least({}), 250, 1)})
_ENTRY = a.object_of({"country": a.country, "agency": a.text, "deputy": a.null_or(a.text)})


@command(network, name="list")
def list_(session: Session) -> None:
    """List the networks that hold today."""
    known = Known(session.member())
    rows = [{**asdict(row), "countries": [entry.country for entry in row.entries]} for row in known.networks]
    session.table(rows, _LISTED, secretariat=lambda row: words.plain(row["secretariat"]))
    _tell_unproven(session, known)


@command(network, click.argument("name"), _secretariat)
def show(session: Session, name: str, secretariat: str | None) -> None:
    """Show the entry points of the network NAME, and which of them say so themselves."""
    member = session.member()
    known = Known(member)
    found = known.network(name, _whole(member, secretariat))
    if not session.as_json:
        session.tell({}, escape(f"{found.title}, by {words.plain(found.secretariat)}, until {found.until}"))
    _table(session, [row for row in known.entry_points() if row.network == found])


@command(network, click.argument("country"))
def entry(session: Session, country: str) -> None:
    """Propose whom to send to in COUNTRY (two letters), where you know nobody there."""
    known = Known(session.member())
    found = known.entry_points(country.upper())
    if not found:
        raise NotFound("There is no network with an entry point in that country.", todo="See `hub agency list`.")
    _table(session, found)
    if found[0].to is not None and not session.as_json:
        whom = words.plain(found[0].to)
        session.tell(
            {}, f"Next: hub send PACKET --to {whom}, on a consent that names it and whoever it may pass on to."
        )
    _tell_unproven(session, known)


@command(
    network,
    click.argument("file", type=FILE),
    click.option("--until", required=True, type=_day, help="The last day; two years at most."),
)
def publish(session: Session, file: Path, until: datetime) -> None:
    """Publish a network whose secretariat your agency is, from FILE: network, title, and entries of three members."""
    member, value = session.member(), read_json(file)
    try:
        _FORM(value)
        rows = [{"deputy": None, **row} for row in value["entries"]]
        for row in rows:
            _ENTRY(row)
    except Malformed as error:
        raise InvalidRequest(
            "A network says network, title and entries with country, agency and deputy.", todo="Correct the file."
        ) from error
    entries = [
        {**row, "agency": resolve(member, row["agency"]), "deputy": _whole(member, row["deputy"])} for row in rows
    ]
    done = networks.publish(member, value["network"], value["title"], entries, until.date().isoformat())
    session.tell(asdict(done), f"Published: {escape(done.network)}, {len(done.entries)} countries, until {done.until}.")


@command(
    network,
    click.argument("name"),
    _secretariat,
    click.option("--until", type=_day, help="The last day; else that of the network."),
    click.option("--no", "denied", is_flag=True, help="Your agency is not what the network says."),
)
def confirm(session: Session, name: str, secretariat: str | None, until: datetime | None, *, denied: bool) -> None:
    """Say that your agency is what the network NAME calls it, as entry point or deputy."""
    member = session.member()
    found = Known(member).network(name, _whole(member, secretariat))
    day = until.date().isoformat() if until is not None else None
    done = networks.confirm(member, found, day, confirmed=not denied)
    countries = ", ".join(row.country for row in done)
    verb = "Denied" if denied else "Confirmed"
    session.tell({"confirmed": [asdict(row) for row in done]}, f"{verb}: {countries}, until {done[0].until}.")


def _whole(member: Member, named: str | None) -> str | None:
    return None if named is None else resolve(member, named)


def _table(session: Session, found: list[EntryPoint]) -> None:
    rows: list[dict[str, Any]] = [asdict(row) for row in found]
    session.table(
        rows,
        _POINTS,
        agency=lambda row: words.plain(row["agency"]),
        deputy=lambda row: words.plain(row["deputy"] or ""),
        says=lambda row: _SAYS[row["confirmed"]],
        to=lambda row: words.plain(row["to"] or "nobody there can be sent to"),
    )


def _tell_unproven(session: Session, known: Known) -> None:
    if known.unproven and not session.as_json:
        session.tell({}, f"{known.unproven} documents are signed by nobody whom this client trusts, and are left out.")
