"""What a child has not been told yet: each decision on the newest leg of its case is owed to it, within a day (A9).

Decisions are what members and hubs signed; that the child was told stands in the case file, in `child_views.told`, with
the stage, the day, the language and how. Whoever has the child owes it: the sender until somebody has seen the child
arrive, then the receiver. Reckoned from both here alone; no hub knows what a child was told.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from hub.client import access, cases, reading, timers
from hub.client.register import placed
from hub.errors import NotFound
from hub.followup.calendar import due_after

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.client.cases import CaseFile
    from hub.client.member import Member
    from hub.followup.calendar import Calendar

_SECTION = "child_views"
_LEG = "transfer_leg"
_ARRIVE = "transfer.arrive"
_NAMED = ("stage", "on", "language", "format")
"""What a row says before it counts as told."""


@dataclass(frozen=True, slots=True)
class Telling:
    """A decision, in a code, that a child is to be told by `due`; `by` are the members whose leg it is."""

    record: str
    leg: str
    decision: str
    since: int
    due: int
    by: tuple[str, ...]


@cache
def rules() -> dict[str, Any]:
    """Return the decisions by the statement that takes them, and how many days there are to tell the child."""
    return json.loads(resources.files("hub.client").joinpath("telling.json").read_text("utf-8"))  # type: ignore[no-any-return]  # our own file


def listing(member: Member) -> list[Telling]:
    """Return what the agency's children are owed, the most urgent first."""
    here = timers.calendar(member)
    touched = {row["id"]: int(row["touched"]) for way in ("out", "in") for row in reading.pages(member, _LEG, way)}
    found: list[Telling] = []
    for held in cases.listing(member):
        leg = held.legs[-1] if held.legs else None
        if leg in touched and not any(row["on"] > _day(here, touched[leg]) for row in _told(member, here, held)):
            found += of_case(member, held)
    return sorted(found, key=lambda telling: telling.due)


def of_case(member: Member, held: CaseFile) -> list[Telling]:
    """Return what the child of a case is owed by the own agency, the first first."""
    try:
        shown = reading.show(member, held.legs[-1]) if held.legs else None
    except NotFound:  # named in the case, not offered yet
        return []
    if shown is None or shown.kind != _LEG:
        return []
    decided = placed(shown, *rules()["decisions"])
    arrived = next((n for n, line in enumerate(decided) if line.statement.type == _ARRIVE), None)
    if member.agency != (shown.from_agency if arrived is None else shown.to_agency):
        return []
    here = timers.calendar(member)
    told, owed = list(_told(member, here, held)), dict[str, int]()
    for line in decided[arrived or 0 :]:
        decision, at = rules()["decisions"][line.statement.type], line.statement.at
        day = _day(here, at)
        if not any(row["on"] > day or (row["on"] == day and row.get("decision") == decision) for row in told):
            owed.setdefault(decision, at)
    by = tuple(sorted(access.assigned(member, shown))) if owed else ()
    return [
        Telling(held.record, shown.id, decision, at, due_after(here, at, days=rules()["days"]), by)
        for decision, at in owed.items()
    ]


def note(member: Member, record: str, row: Mapping[str, Any], why: str | None = None) -> CaseFile:
    """Write down that the child was told; `row` as the section's form has it.

    Raises:
        InvalidRequest: it is not of its form; as `cases.load`.
    """
    held = cases.load(member, record, why)
    return cases.update(member, record, _SECTION, {"told": [*_rows(held), row]}, why)


def _rows(held: CaseFile) -> list[Any]:
    views = held.sections.get(_SECTION)
    rows = views.get("told") if isinstance(views, dict) else None
    return rows if isinstance(rows, list) else []


def _told(member: Member, here: Calendar, held: CaseFile) -> Iterator[dict[str, Any]]:
    """Yield the rows that say all there is to say and are not of a day to come."""
    today = _day(here, member.clock.now())
    for row in _rows(held):
        if isinstance(row, dict) and all(isinstance(row.get(name), str) for name in _NAMED) and row["on"] <= today:
            yield row


def _day(here: Calendar, at: int) -> str:
    return here.local(at).date().isoformat()
