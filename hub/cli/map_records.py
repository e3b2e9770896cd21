"""`hub directory show|list|put`: records of the service map, one by one."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.markup import escape

from hub.cli import words
from hub.cli.common import Session, command, pages, read_text
from hub.cli.oversight import logins_of
from hub.directory.records.record import KINDS, SYSTEM
from hub.errors import InvalidRequest

top = click.Group("records")
_PATH = "/api/v1/directory/records"
_LISTED = {
    "id": "Record",
    "kind": "Kind",
    "name": "Name",
    "keeper": "Kept by",
    "level": "You see what is for",
    "may": "You may",
}
_LEVELS = {
    "public": "everybody",
    "partners": "partners",
    "area": "case workers of the area",
    "focal": "its keeper and provider",
}
_HISTORY = {"version": "Version", "at": "When", "by": "By", "how": "Known by", "what": "What changed"}
_HOW = click.Choice(["call", "visit", "coordinator", "provider"])
_record = click.argument("record")


@command(top, _record, click.option("--history", is_flag=True, help="What was changed, when, by whom."))
def show(session: Session, record: str, *, history: bool) -> None:
    """Show RECORD as you may see it."""
    me = session.member()
    if history:
        rows = me.hub.get(f"{_PATH}/{record}/history")["items"]
        login = logins_of(me)
        by = {"by": lambda row: f"{login(row['member'])} of {words.plain(row['agency'])}"}
        session.table(rows, _HISTORY, at=lambda row: words.when(row["at"]), what=_what, **by)
        return
    found = me.hub.get(f"{_PATH}/{record}")
    shown = {**found["document"], "kept by": words.plain(found["steward"]), "version": found["version"]}
    session.tell(found, *map(escape, words.outline(shown)))


@command(
    top,
    click.option("--kind", type=click.Choice(KINDS), help="Only of this kind."),
    click.option("--mine", is_flag=True, help="Only what your agency keeps."),
    name="list",
)
def list_(session: Session, kind: str | None, *, mine: bool) -> None:
    """List the records of the service map."""
    rows = pages(session.member(), f"{_PATH}/list", {"mine": mine, "limit": 500, **({"kind": kind} if kind else {})})
    session.table(
        rows,
        _LISTED,
        name=lambda row: str(row["document"].get("name") or ""),
        keeper=lambda row: words.plain(row["steward"]),
        level=lambda row: _LEVELS.get(row["level"], row["level"]),
        may=lambda row: ", ".join(row["may"]),
    )


@command(
    top,
    click.argument("named", metavar="FILE"),
    click.option("--kind", type=click.Choice(KINDS), help="What it is, if it is a new record."),
    click.option("--record", help="The record to change; members that are null in the file are taken away."),
    click.option("--how", type=_HOW, help="How you know; what the file says then counts as checked today."),
)
def put(session: Session, named: str, kind: str | None, record: str | None, how: str | None) -> None:
    """Make a record from the JSON of FILE (- for standard input), or change some members of one."""
    given = _read(named)
    if (kind is None) == (record is None):
        raise InvalidRequest(
            "Say either what a new record is, or which record to change.", todo="Use --kind or --record."
        )
    me, known = session.member(), {"how": how} if how else {}
    if record is None:
        done = me.hub.post(_PATH, {"kind": kind, "document": given, **known})
    else:
        base = me.hub.get(f"{_PATH}/{record}")["version"]
        changes = {name: value for name, value in given.items() if name not in SYSTEM}
        done = me.hub.patch(f"{_PATH}/{record}", {"base_version": base, "changes": changes, **known})
    waits = f" These wait for a call or three days: {', '.join(done['held'])}." if done["held"] else ""
    session.tell(done, f"{done['what'].capitalize()}: {done['id']}, version {done['version']}.{waits}")


def _read(named: str) -> dict[str, Any]:
    try:
        value = json.loads(read_text(named))
    except ValueError as error:
        raise InvalidRequest("The file is no JSON.", todo="Correct the file; see docs/service-map.md.") from error
    if not isinstance(value, dict):
        raise InvalidRequest("The file holds no record.", todo="Write one JSON object; see docs/service-map.md.")
    return value


def _what(row: dict[str, Any]) -> str:
    return "; ".join(_changed(name, old, new) for name, (old, new) in row["fields"].items()) or "made"


def _changed(name: str, old: Any, new: Any) -> str:
    """Return what was changed in a member: of an object only what differs, of a check only of what and when."""
    if isinstance(old, dict | None) and isinstance(new, dict | None) and (old or new):
        before, after = old or {}, new or {}
        differ = sorted(part for part in {*before, *after} if before.get(part) != after.get(part))
        if name == "verified":
            return "checked: " + ", ".join(f"{part} {(after.get(part) or {}).get('on', '-')}" for part in differ)
        return "; ".join(
            f"{name}.{part}: {words.inline(before.get(part))} -> {words.inline(after.get(part))}" for part in differ
        )
    return f"{name}: {words.inline(old)} -> {words.inline(new)}"
