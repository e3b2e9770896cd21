"""`hub statistics`, `hub chase-board` and `hub counts`: how fast, who is waited for, and what became of it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import click

from hub.cli import words
from hub.cli.common import FILE, Session, command
from hub.client import counts as counting
from hub.reports.domain import SPLITS
from hub.reports.timeliness import STEPS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

top = click.Group("reports")
month = click.option("--month", required=True, metavar="YYYY-MM", help="Which month.")
csv_file = click.option("--csv", "csv_file", type=FILE, help="Write it to this file as CSV.")
_HOUR = 3600
_LEVELS = ("service", "area", "age_band", "sex")


@command(top, month, csv_file)
def statistics(session: Session, month: str, csv_file: Path | None) -> None:
    """Show how fast your agency's referrals of a month went, by corridor: times, rungs, grades, what is still open."""
    found = session.member().hub.get("/api/v1/reports/timeliness", month=month)["corridors"]
    if csv_file:
        _write(session, csv_file, [_flat(row) for row in found])
        return
    columns = {
        "corridor": "Corridor",
        "referrals": "Referrals",
        "delivered": "Delivered",
        "answered": "Answered",
        "answered_in_time": "In time",
        "expired": "Expired",
        "open": "Open",
        "times": "Median (p90) in hours",
        "rungs": "Rungs",
        "grades": "Grades",
    }
    session.table(
        found,
        columns,
        corridor=lambda row: f"{row['direction']} {row['from']}-{row['to']}",
        times=lambda row: ", ".join(f"{step} {_hours(row['times'][step])}" for step in STEPS),
        grades=_grades,
    )


@command(top, name="chase-board")
def chase_board(session: Session) -> None:
    """Show who is waited for past the due time: your agency exactly, others as few, some or many."""
    found = session.member().hub.get("/api/v1/reports/chase-board")["agencies"]
    columns = {"agency": "Agency", "waiting": "Past due"}
    session.table(found, columns, waiting=lambda row: row["band"] if row["waiting"] is None else str(row["waiting"]))


@top.group()
def counts() -> None:
    """What became of referrals, counted by month; no number below ten is told, nor one that tells it."""


@command(
    counts,
    month,
    click.option("--without", multiple=True, type=click.Choice(tuple(SPLITS)), help="Leave this out."),
)
def publish(session: Session, month: str, without: tuple[str, ...]) -> None:
    """Count a month of your agency's own records and publish it, once and for good, three months after its end."""
    done = counting.publish(session.member(), month, without)
    session.tell(done, f"{month} is published. It stays as it is.")


@command(
    counts,
    month,
    csv_file,
    click.option("--split", type=click.Choice(tuple(SPLITS)), help="Only this; else how many needs there were."),
    name="show",
)
def show_counts(session: Session, month: str, csv_file: Path | None, split: str | None) -> None:
    """Show what all agencies published of a month, together."""
    found = counting.together(session.member(), month, split)["rows"]
    if csv_file:
        _write(session, csv_file, [{**row, "grades": _grades_of(row)} for row in found])
        return
    columns = {"place": "Place", "class": "Class", "count": "Count", "percent": "Percent"}
    session.table(
        found,
        {**columns, "agencies": "Agencies", "grades": "Grades"},
        place=_place,
        **{"class": lambda row: (row["class"] or "").replace("_", " ")},
        count=lambda row: str(row["count"]) if row["count"] is not None else f"hidden, {row['least']} at least",
        grades=_grades_of,
    )


def _place(row: dict[str, Any]) -> str:
    parts = [row[name] for name in _LEVELS if row[name] is not None]
    return ", ".join(part.replace("_", " ") for part in parts) or "all"


def _grades_of(row: dict[str, Any]) -> str:
    """Return how good the evidence is of a line's place, or of the nearest place above of which that is told."""
    depth = row["grades_of"]
    if depth is None:
        return "hidden at every place"
    above = {**row, **dict.fromkeys(_LEVELS[depth:])}
    of_all = "" if _place(above) == _place(row) else f" (of {_place(above)})"
    return f"{_grades(row)}{of_all}"


def _grades(row: dict[str, Any]) -> str:
    return ", ".join(f"{words.grade(name)} {count}" for name, count in row["grades"].items())


def _hours(times: dict[str, Any]) -> str:
    if times["median"] is None:
        return "-"
    return f"{times['median'] / _HOUR:.1f} ({times['p90'] / _HOUR:.1f})"


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of which each member is one number or word."""
    plain = {name: item for name, item in row.items() if not isinstance(item, dict)}
    inner = {f"{name}.{key}": item for name in ("grades", "states") for key, item in sorted(row[name].items())}
    rungs = {f"rung.{number}": count for number, count in row["rungs"].items()}
    times = {f"{step}.{name}": row["times"][step][name] for step in STEPS for name in ("count", "median", "p90")}
    return {**plain, **inner, **rungs, **times}


def _write(session: Session, file: Path, rows: Sequence[dict[str, Any]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), restval=0)
    writer.writeheader()
    writer.writerows(rows)
    file.write_text(text.getvalue(), encoding="utf-8")
    session.tell({"file": str(file), "rows": len(rows)}, f"Written to {file}.")
