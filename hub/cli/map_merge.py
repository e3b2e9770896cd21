"""`hub directory merge`: records that may be one. A coordinator decides; undo parts them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hub.cli.common import FILE, Session, command, read_text
from hub.directory.duplicates.names import read_patterns
from hub.directory.records.record import KINDS
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from pathlib import Path

top = click.Group("merging")
_PAIRS = "/api/v1/directory/pairs"
_STATES = ("open", "agreed", "later", "merged", "not_same")
_pair = click.argument("pair")


@top.group()
def merge() -> None:
    """Records that may be one: look, merge, refuse, undo."""


@command(
    merge,
    click.argument("records", nargs=-1, metavar="[ID ID]"),
    click.option("--kind", type=click.Choice(KINDS), default="provider", show_default=True, help="What to compare."),
    click.option("--names", type=FILE, help="A CSV file: what is written, what is meant, its acronym."),
)
def propose(session: Session, records: tuple[str, ...], kind: str, names: Path | None) -> None:
    """Compare all records of a kind, or name two that may be one."""
    hub = session.member().hub
    if records:
        if len(records) != len(("first", "second")):
            raise InvalidRequest("Name two records, or none.")
        found = hub.post(_PAIRS, {"first": records[0], "second": records[1]})
        session.tell(found, f"Pair {found['id']}: decide with hub directory merge accept or refuse.")
        return
    rows = read_patterns(read_text(names)) if names else []
    meant = [{"written": written, "meant": name, "acronym": acronym} for written, name, acronym in rows]
    found = hub.post(f"{_PAIRS}/propose", {"kind": kind, "names": meant})
    session.tell(found, f"{found['new']} new pairs. See hub directory merge list.")


@command(
    merge,
    click.option("--state", "states", multiple=True, type=click.Choice(_STATES), help="Only these; else undecided."),
    click.option("--kind", type=click.Choice(KINDS), help="Only records of this kind."),
    click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="How many."),
    click.option("--after", type=click.IntRange(0), default=0, help="How many to pass over."),
    name="list",
)
def list_pairs(session: Session, states: tuple[str, ...], kind: str | None, limit: int, after: int) -> None:
    """List pairs, the likeliest first, with what speaks for and against."""
    asked: dict[str, Any] = {"limit": limit, "after": after, **({"kind": kind} if kind else {})}
    page = session.member().hub.post(f"{_PAIRS}/list", {**asked, **({"states": list(states)} if states else {})})
    columns = {
        "id": "Pair",
        "first": "One",
        "second": "Other",
        "strength": "How likely",
        "why": "Why",
        "state": "State",
    }
    session.table(
        page["items"],
        columns,
        first=lambda row: _half(row, 0),
        second=lambda row: _half(row, 1),
        strength=lambda row: f"{row['strength'].replace('_', ' ')} ({row['score']})",
        why=lambda row: ", ".join(f"{one['code'].replace('_', ' ')} {one['points']:+}" for one in row["reasons"]),
    )


@command(merge, _pair, click.option("--keep", required=True, metavar="ID", help="The record that stays."))
def accept(session: Session, pair: str, keep: str) -> None:
    """Merge two records: both ids lead to the one that stays, and what pointed at the other points there."""
    _decide(session, pair, {"decision": "merge", "keep": keep})


@command(merge, _pair, click.option("--later", is_flag=True, help="Not decided: leave it on the list."))
def refuse(session: Session, pair: str, later: bool) -> None:  # noqa: FBT001 - a flag of the command line
    """Say that two records are not one; they are not proposed again."""
    _decide(session, pair, {"decision": "later" if later else "not_same"})


@command(merge, _pair)
def undo(session: Session, pair: str) -> None:
    """Take a decision back: part what was merged, as it was."""
    _decide(session, pair, {"decision": "undo"})


def _decide(session: Session, pair: str, given: dict[str, str]) -> None:
    state = session.member().hub.post(f"{_PAIRS}/{pair}/decision", given)["state"]
    said = {"agreed": "Agreed. It is merged once the agency that keeps the other record agrees too."}
    session.tell({"pair": pair, "state": state}, said.get(state, f"Now {state.replace('_', ' ')}."))


def _half(row: dict[str, Any], which: int) -> str:
    half = row["records"][which]
    return f"{half['name']} {half['id']}"
