"""`hub directory import`, `imports` and `export`: files into the service map and out of it."""

from __future__ import annotations

import csv
import time
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from hub.cli.common import FILE, Session, command
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.client.transport import HubSession

top = click.Group("import")
_PATH: Final = "/api/v1/directory"
_MOST: Final = 1000
_SHOWN: Final = 20
_MOST_BYTES: Final = 1024 * 1024 * 1024
_PAUSE: Final = 0.5
FORMATS_IN: Final = (
    "csv",
    "hsds-2.0",
    "hsds-datapackage",
    "hsds-json",
    "hsds-ndjson",
    "hxl",
    "services-advisor",
    "xlsx",
)
FORMATS_OUT: Final = ("csv", "hsds-datapackage", "hsds-json", "hsds-ndjson", "hxl", "xlsx")
_RESULTS: Final = ("new", "changed", "unchanged", "proposed", "duplicate", "problem", "vanished")
_report = click.option("--report", type=FILE, help="Write what became of each row to this CSV file.")
_wait = click.option("--no-wait", is_flag=True, help="Do not wait for the hub to go through the file.")


@command(
    top,
    click.argument("file", type=FILE),
    click.option("--format", "form", type=click.Choice(FORMATS_IN), required=True, help="What the file is."),
    click.option("--source", required=True, help="Whose words these are: always the same name for the same source."),
    click.option("--licence", default="", help="Under which licence the source gives them."),
    click.option("--country", default="", metavar="XX", help="The country of the source; two letters."),
    click.option("--zone", default="", help="The time zone of its hours, such as Asia/Amman."),
    click.option("--day", metavar="YYYY-MM-DD", help="The day that the file describes; today where you do not say."),
    click.option("--language", default="en", show_default=True, help="Of a Services Advisor file with translations."),
    click.option("--whole/--part", default=None, help="Whether the source has nothing that is not in the file."),
    click.option("--apply", is_flag=True, help="Take it in after the dry run; without this, only say what would be."),
    _report,
    _wait,
    name="import",
)
def import_(session: Session, file: Path, report: Path | None, *, apply: bool, no_wait: bool, **said: Any) -> None:
    """Import a file into the service map. A dry run unless --apply."""
    from hub.ids import random_id
    from hub.packets.encoding import canonical
    from hub.packets.multipart import Body

    names = ("licence", "country", "zone", "day", "language")
    source = {"name": said["source"], **{name: said[name] for name in names if said[name]}}
    about = {"format": said["form"], "source": source, "dry_run": True}
    body = Body(random_id())
    body.add("about", canonical(about | ({} if said["whole"] is None else {"whole": said["whole"]})))
    body.add("file", file)
    hub = session.member().hub
    found = hub.submit(f"{_PATH}/imports", body)
    if no_wait:
        session.tell(found, f"{found['id']} waits. hub directory imports {found['id']} says how far it is.")
        return
    found = _follow(hub, found["id"])
    if apply and found["state"] == "checked":
        found = _follow(hub, hub.post(f"{_PATH}/imports/{found['id']}/apply", {})["id"])
    if found["state"] == "failed":
        raise InvalidRequest(_ending(found), todo="Look at the file and at --format, and send it again.")
    _tell(session, hub, found, report)


@command(
    top,
    click.argument("identity", required=False, metavar="[IMPORT]"),
    click.option("--apply", is_flag=True, help="Take the file in, after its dry run."),
    _report,
    _wait,
)
def imports(session: Session, identity: str | None, report: Path | None, *, apply: bool, no_wait: bool) -> None:
    """List imports, or say how far one is and what became of its rows."""
    hub = session.member().hub
    if identity is None:
        columns = {"id": "Import", "format": "Format", "source": "Source", "state": "State", "done": "Rows"}
        rows = hub.get(f"{_PATH}/imports")["items"]
        session.table(rows, columns, source=lambda row: str(row["source"]["name"]))
        return
    found = hub.post(f"{_PATH}/imports/{identity}/apply", {}) if apply else hub.get(f"{_PATH}/imports/{identity}")
    _tell(session, hub, found if no_wait else _follow(hub, found["id"]), report)


@command(
    top,
    click.argument("file", type=FILE),
    click.option("--format", "form", type=click.Choice(FORMATS_OUT), required=True, help="What to write."),
    click.option("--mine", is_flag=True, help="Only what your agency keeps or offers."),
)
def export(session: Session, file: Path, form: str, *, mine: bool) -> None:
    """Write the service map, as you may see it, to a file."""
    hub = session.member().hub
    with file.open("wb") as sink:
        hub.download(f"{_PATH}/export", sink, _MOST_BYTES, value={"format": form, "mine": mine})
    session.tell({"file": str(file), "bytes": file.stat().st_size}, f"Written to {file}.")


def _follow(hub: HubSession, identity: str) -> dict[str, Any]:
    """Wait until the hub has gone through a file, and show how far it is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("waiting", total=None)
        while True:
            found: dict[str, Any] = hub.get(f"{_PATH}/imports/{identity}")
            progress.update(task, total=found["total"] or None, completed=found["done"], description=found["state"])
            if found["state"] not in {"check", "apply"}:
                return found
            time.sleep(_PAUSE)


def _tell(session: Session, hub: HubSession, found: dict[str, Any], report: Path | None) -> None:
    if report is not None:
        _write(report, _lines(hub, found["id"], all_too=True))
    if session.as_json:
        session.tell(found)
        return
    kinds = {kind: counts for kind, counts in found["counts"].items() if set(counts) <= set(_RESULTS)}
    rows = [{"kind": kind, **{name: counts.get(name, 0) for name in _RESULTS}} for kind, counts in kinds.items()]
    session.table(rows, {"kind": "", **{name: name.capitalize() for name in _RESULTS}})
    lines = [line for line in _lines(hub, found["id"], first=_MOST) if line["problems"] or line["kept"]]
    meant = {problem["code"]: problem["message"] for line in lines for problem in line["problems"]}
    for code, number in sorted(found["counts"].get("problems", {}).items()):
        session.tell({}, escape(f"  {number} x {code}: {meant[code]}" if code in meant else f"  {number} x {code}"))
    if lines:
        session.table(lines[:_SHOWN], {"row": "Row", "what": "Result", "said": "What"}, said=_said)
    if len(lines) > _SHOWN:
        session.tell({}, f"The first {_SHOWN} rows with something to say; --report FILE writes all.")
    session.tell({}, _ending(found))


def _ending(found: dict[str, Any]) -> str:
    if found["state"] == "failed":
        return f"Nothing was taken in. {found['error']}"
    if found["state"] == "checked":
        return f"A dry run: nothing was changed. hub directory imports {found['id']} --apply takes it in."
    return {"done": "Taken in."}.get(found["state"], f"{found['done']} of {found['total'] or '?'} rows so far.")


def _said(line: dict[str, Any]) -> str:
    problems = [f"{problem['field']}: {problem['message']}" for problem in line["problems"]]
    kept = [f"kept ours: {', '.join(line['kept'])}"] if line["kept"] else []
    return " ".join(dict.fromkeys(problems + kept))


def _lines(
    hub: HubSession, identity: str, *, all_too: bool = False, first: int | None = None
) -> Iterator[dict[str, Any]]:
    after: int | None = 0
    while after is not None:
        query = {"after": after, "limit": first or _MOST, "all": "true" if all_too else "false"}
        page = hub.get(f"{_PATH}/imports/{identity}/rows", **query)
        yield from page["items"]
        after = None if first else page["after"]


def _write(file: Path, lines: Iterator[dict[str, Any]]) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as target:
        table = csv.writer(target)
        table.writerow(["row", "kind", "result", "record", "changed", "kept", "waits", "problems"])
        for line in lines:
            problems = "; ".join(f"{one['field']}: {one['code']}" for one in line["problems"])
            listed = [", ".join(line[name]) for name in ("fields", "kept", "held")]
            table.writerow([line["row"], line["kind"], line["what"], line["record"], *listed, problems])
