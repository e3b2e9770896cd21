"""`hub directory gaps` and `hub directory unmet`: where there is no help, and how many asked for it in vain."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import click

from hub.cli.common import FILE, Session, command, read_text
from hub.directory.gaps.counting import GROUPS
from hub.directory.gaps.unmet import MONTH, Unmet, suppress
from hub.directory.records.vocabulary import NEEDS
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from pathlib import Path

top = click.Group("gaps")
_PATH = "/api/v1/directory"
_COLUMNS = ("month", "area", "need", "group", "count")


@command(
    top,
    click.option("--country", required=True, metavar="XX", help="Two letters."),
    click.option("--need", "needs", multiple=True, type=click.Choice(tuple(NEEDS)), help="Only this need; else all."),
    click.option("--group", default="all", show_default=True, type=click.Choice(GROUPS), help="Of whom."),
    click.option("--level", default=1, show_default=True, type=click.IntRange(0, 4), help="The level of areas."),
    click.option("--month", metavar="YYYY-MM", help="The month of unmet need; else the newest."),
    click.option("--language", default="en", show_default=True, help="The language of areas' names."),
    click.option("--csv", "csv_file", type=FILE, help="Write the table to this file."),
    click.option("--map", "map_file", type=FILE, help="Draw one need to this SVG file."),
)
def gaps(session: Session, csv_file: Path | None, map_file: Path | None, language: str, **asked: Any) -> None:
    """Show where a need has no service: here, covered from elsewhere, open, usable, and the unmet need beside it."""
    question = {name: list(value) if name == "needs" else value for name, value in asked.items() if value is not None}
    if map_file and len(question["needs"]) != 1:
        raise InvalidRequest("A map shows one need.", todo="Name it with --need.")
    hub = session.member().hub
    for file, kind in ((csv_file, "csv"), (map_file, "map")):
        if file is not None:
            text = hub.post(f"{_PATH}/gaps/{kind}", {**question, "language": language})["text"]
            file.write_text(text, encoding="utf-8")
            session.tell({"file": str(file)}, f"Written to {file}.")
    if csv_file is None and map_file is None:
        _table(session, hub.post(f"{_PATH}/gaps", question), language)


@command(top, click.argument("file", type=FILE))
def unmet(session: Session, file: Path) -> None:
    """Send monthly counts of unmet need: a CSV with month, area, need, group, count. Small counts never leave."""
    months: dict[str, list[Unmet]] = {}
    for month, row in _rows(read_text(file)):
        months.setdefault(month, []).append(row)
    hub = session.member().hub
    for month, rows in sorted(months.items()):
        safe = suppress(rows)
        sent = [{"area": row.area, "need": row.need, "group": row.group, "count": row.count} for row in safe]
        kept = hub.put(f"{_PATH}/unmet", {"month": month, "rows": sent})
        hidden = sum(row.count is None for row in safe)
        session.tell({**kept, "hidden": hidden}, f"{month}: {kept['rows']} counts sent, {hidden} of them suppressed.")


def _rows(text: str) -> list[tuple[str, Unmet]]:
    lines = csv.DictReader(io.StringIO(text))
    if not set(_COLUMNS) <= set(lines.fieldnames or ()):
        raise InvalidRequest(f"The first line names the columns {', '.join(_COLUMNS)}.")
    return [_row(number, line) for number, line in enumerate(lines, 2)]


def _row(number: int, line: dict[str, str | None]) -> tuple[str, Unmet]:
    month, area, need, group, count = ((line[name] or "").strip() for name in _COLUMNS)
    if not MONTH.fullmatch(month) or need not in NEEDS or group not in GROUPS or (count and not count.isdecimal()):
        raise InvalidRequest(f"Line {number} is not of its form.", todo="Look at its month, need, group and count.")
    return month, Unmet(area, need, group, int(count) if count else None)


def _table(session: Session, found: dict[str, Any], language: str) -> None:
    if session.as_json:
        session.tell(found)
        return
    rows = [
        {"area": row["names"].get(language) or row["names"].get("en") or row["code"], "need": need, **cell}
        for row in found["areas"]
        for need, cell in row["cells"].items()
        if len(found["needs"]) == 1 or not cell["usable"]
    ]
    columns = {"area": "Area", "need": "Need", "here": "Here", "covers": "Covers", "open": "Open", "usable": "Usable"}
    session.table(
        rows,
        {**columns, "claimed": "Claimed", "unmet": "Unmet"},
        **{name: lambda row, name=name: str(row[name]) for name in (*columns, "claimed")},
        unmet=lambda row: "a few" if row["unmet"] is None and row["hidden"] else str(row["unmet"] or ""),
    )
    for one in found["first"][:5]:
        asked = "a few" if one["unmet"] is None else one["unmet"]
        session.tell({}, f"First: {one['need'].replace('_', ' ')} in {one['area']}, {asked} asked in vain.")
