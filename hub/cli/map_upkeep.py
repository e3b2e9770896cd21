"""`hub directory due|verify|renew|changes|approve|refuse|hold|link`: keeping the service map true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from hub.cli import words
from hub.cli.common import Session, command, pages
from hub.directory.records.freshness import WORDS
from hub.directory.records.vocabulary import GROUPS
from hub.errors import NotFound

if TYPE_CHECKING:
    from hub.client.member import Member

top = click.Group("upkeep")
_PATH = "/api/v1/directory"
_DAY = click.DateTime(["%Y-%m-%d"])
_GROUP = click.Choice(list(GROUPS))
_HOW = click.Choice(["call", "visit", "coordinator", "provider"])
_DUE = {
    "record": "Record",
    "name": "Name",
    "group": "What",
    "due": "Due since",
    "limit": "Counts until",
    "state": "State",
}
_CHANGES = {"id": "Request", "name": "Record", "state": "State", "agency": "From", "how": "Known by", "members": "What"}
_STATES = ["proposed", "held", "approved", "done", "refused", "withdrawn", "superseded"]
_SIDES = ("was", "now", "new")
_record = click.argument("record")
_request = click.argument("request")
_area = click.option("--area", metavar="CODE", help="Only in this area.")
_provider = click.option("--provider", metavar="ID", help="Only of this provider.")
_note = click.option("--note", default="", help="A few words for the record's history.")


@command(
    top,
    _area,
    _provider,
    click.option("--what", "groups", multiple=True, type=click.Choice(WORDS), help="Only this. Repeatable."),
)
def due(session: Session, groups: tuple[str, ...], **given: str | None) -> None:
    """List what is due to be checked of the records that your agency keeps or offers."""
    asked: dict[str, Any] = {name: value for name, value in given.items() if value}
    asked |= {"groups": groups} if groups else {}
    rows = pages(session.member(), f"{_PATH}/due", {**asked, "limit": 500})
    session.table(rows, _DUE, due=lambda row: row["due"] or "never checked")


@command(
    top,
    _record,
    click.option("--how", required=True, type=_HOW, help="How you know."),
    click.option("--group", "groups", multiple=True, type=_GROUP, help="Only this. Repeatable."),
    _note,
)
def verify(session: Session, record: str, how: str, groups: tuple[str, ...], note: str) -> None:
    """Say that RECORD is still right."""
    given = {"how": how, "groups": groups, "note": note}
    done = session.member().hub.post(f"{_PATH}/records/{record}/verify", given)
    session.tell(done, f"Still right: {record}, now in version {done['version']}.")


@command(
    top,
    _area,
    _provider,
    click.option("--group", "groups", multiple=True, type=_GROUP, help="What is still right. Repeatable."),
    click.option("--ends", type=_DAY, help="The new last day of services that have one."),
    click.option("--how", required=True, type=click.Choice(["call", "visit", "coordinator"]), help="How you know."),
    _note,
    click.option("--apply", is_flag=True, help="Do it; without this, only say what would be done."),
)
def renew(session: Session, groups: tuple[str, ...], apply: bool, **given: Any) -> None:  # noqa: FBT001 - click's own form
    """Say of all due records that fit what is still right, or their new last day. A dry run unless --apply."""
    member = session.member()
    choice = {name: given.pop(name) for name in ("area", "provider") if given[name]}
    ends = given.pop("ends")
    asked = {"groups": groups, "how": given["how"], "note": given["note"], "choice": choice}
    asked |= {} if ends is None else {"ends": ends.date().isoformat()}
    done = member.hub.post(f"{_PATH}/renew", {**asked, "dry_run": not apply})["items"]
    columns = {"id": "Record", "name": "Name", "what": "Result", "version": "Version", "fields": "Changes"}
    session.table(done, columns)
    if not apply:
        session.tell({}, "Nothing was changed. The same with --apply does it.")


@command(
    top,
    click.argument("request", default=""),
    click.option(
        "--state", "states", multiple=True, type=click.Choice(_STATES), help="Only in this state. Repeatable."
    ),
    click.option("--record", metavar="ID", help="Only of this record."),
)
def changes(session: Session, request: str, states: tuple[str, ...], record: str | None) -> None:
    """List change requests; with REQUEST, show what it would change."""
    member = session.member()
    if request:
        _show(session, _find(member, request))
        return
    asked: dict[str, Any] = ({"states": states} if states else {}) | ({"record": record} if record else {})
    rows = [{**row, "members": sorted(row["differences"]) + row["groups"]} for row in _requests(member, **asked)]
    session.table(rows, _CHANGES)


@command(
    top,
    _request,
    click.option("--member", "members", multiple=True, help="Only this member of the change. Repeatable."),
    click.option("--version", type=int, help="The version that you compared it with; asked for where it is missing."),
)
def approve(session: Session, request: str, members: tuple[str, ...], version: int | None) -> None:
    """Write what REQUEST proposes, after showing it."""
    member = session.member()
    if version is None:
        found = _find(member, request)
        _show(session, found)
        click.confirm("Write this?", abort=True, err=True)
        version = int(found["version"])
    given = {"version": version} | ({"members": members} if members else {})
    done = member.hub.post(f"{_PATH}/requests/{request}/approve", given)
    waits = f" These wait for a call to the old number: {', '.join(done['held'])}." if done["held"] else ""
    session.tell(done, f"Written as version {done['version']}.{waits}")


@command(top, _request, click.option("--reason", required=True, help="Why; the proposer sees it."))
def refuse(session: Session, request: str, reason: str) -> None:
    """Refuse REQUEST, or stop contact details that wait."""
    session.member().hub.post(f"{_PATH}/requests/{request}/refuse", {"reason": reason})
    session.tell({"refused": request}, "Refused.")


@command(
    top,
    click.argument("request", default=""),
    click.option("--called", help="The old number was called: what was said there."),
)
def hold(session: Session, request: str, called: str | None) -> None:
    """List contact details that wait; with REQUEST and --called, let them through."""
    member = session.member()
    if not request or called is None:
        rows = [{**row, "members": sorted(row["differences"])} for row in _requests(member, states=["held"])]
        columns = {"id": "Request", "name": "Record", "members": "What", "agency": "From", "until": "Waits until"}
        session.table(rows, columns, until=lambda row: words.when(row["until"]))
        return
    done = member.hub.post(f"{_PATH}/requests/{request}/called", {"note": called})
    session.tell(done, f"Let through, as version {done['version']}.")


@command(
    top,
    _record,
    click.option(
        "--language", default="en", show_default=True, type=click.Choice(["en", "fr", "es", "ar"]), help="Of the page."
    ),
    click.option("--mail", is_flag=True, help="Send it to where the record is reached; without this, it is printed."),
)
def link(session: Session, record: str, language: str, mail: bool) -> None:  # noqa: FBT001 - click's own form
    """Make a link by which a provider without an account says what is right in RECORD. Older ones end."""
    given = {"record": record, "language": language, "by": "mail" if mail else "hand"}
    done = session.member().hub.post(f"{_PATH}/links", given)
    until = words.when(done["expires"])
    how = "It goes by mail, and works" if mail else "It works"
    session.tell(done, f"{how} once, until {until}.", *([done["url"]] if done["url"] else []))


def _requests(member: Member, **asked: Any) -> list[dict[str, Any]]:
    return pages(member, f"{_PATH}/requests/list", asked)


def _find(member: Member, request: str) -> dict[str, Any]:
    for row in _requests(member, states=_STATES):
        if row["id"] == request:
            return row
    raise NotFound("There is no such request, or it is not for you to see.")


def _show(session: Session, row: dict[str, Any]) -> None:
    lines = [f"[bold]{escape(row['name'])}[/]  {row['state']}, from {escape(row['agency'])} ({row['how']})"]
    lines += [f"  note: {escape(row['note'])}"] if row["note"] else []
    lines += [f"  still right: {', '.join(row['groups'])}"] if row["groups"] else []
    for name, pair in row["differences"].items():
        lines.append(f"  {escape(name)}")
        lines += [f"    {side}: {escape(words.inline(pair[side]))}" for side in _SIDES if side in pair]
    session.tell(row, *lines, f"  compared with version {row['version']}")
