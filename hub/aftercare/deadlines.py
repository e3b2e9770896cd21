"""Days of a case that no visit moves: reviews, statutory terms, the 24 months, the 18th birthday. Pure.

The figures are data (`rules.json`), each with its source. Who is chased about them, and how, is the timers' business.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from hub.errors import Conflict, InvalidRequest
from hub.followup.calendar import months_after

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@cache
def rules() -> Mapping[str, Any]:
    """Return the figures of this room."""
    return dict(json.loads(resources.files("hub.aftercare").joinpath("rules.json").read_text("utf-8")))


@dataclass(frozen=True, slots=True)
class Extension:
    """A supervisor's leave to hold one review later; `of` is the day on which it was due."""

    of: date
    until: date


@dataclass(frozen=True, slots=True)
class Term:
    """A term that a law sets: when it ends, and since what it runs."""

    id: str
    since: str
    due: date
    source: str


@dataclass(frozen=True, slots=True)
class Turning:
    """When a child comes of age, and from when this is to be prepared (H15)."""

    warn: date
    on: date


def review_due(begins: date, reviews: Iterable[date], extensions: Iterable[Extension] = ()) -> date:
    """Return by when the plan is to be reviewed next: three calendar months after the last time, once put off (R42)."""
    last = max([begins, *(day for day in reviews if day >= begins)])
    due = months_after(last, rules()["review"]["months"])
    latest = due + timedelta(days=rules()["review"]["extension_days"])
    return max([due, *(min(e.until, latest) for e in extensions if e.of == due)])


def extend(due: date, until: date, known: Iterable[Extension]) -> Extension:
    """Return the extension of a review that is due on a day.

    Raises:
        Conflict: it was extended before.
        InvalidRequest: it is for more than 14 days, or for none.
    """
    most = int(rules()["review"]["extension_days"])
    if any(due in {one.of, one.until} for one in known):
        raise Conflict("This review was put off once.", todo="Hold it now; nobody can put it off again.", rule="R42")
    if not due < until <= due + timedelta(days=most):
        raise InvalidRequest(f"A review is put off by 1 to {most} days.", rule="R42")
    return Extension(due, until)


def terms(country: str, since: Mapping[str, date]) -> list[Term]:
    """Return the statutory terms that run in a country since what has happened; each ends with its last day."""
    found = []
    for row in rules()["statutory"].get(country, ()):
        if (day := since.get(row["since"])) is not None:
            due = months_after(day, row.get("months", 0)) + timedelta(days=row.get("days", 0))
            found.append(Term(row["id"], row["since"], due, row["source"]))
    return sorted(found, key=lambda term: term.due)


def events(country: str | None = None) -> tuple[str, ...]:
    """Return what a term of a country, or of any, runs from or ends with, and what settles the 18th birthday."""
    rows = [row for name, some in rules()["statutory"].items() for row in some if country in {None, name}]
    terms_of = {row["since"] for row in rows} | {f"done_{row['id']}" for row in rows}
    return (*sorted(terms_of), "transition_prepared", "consent_taken_again")


def target(begins: date) -> date:
    """Return the day to which a case is followed: 24 months (H8)."""
    return months_after(begins, rules()["target"]["months"])


def turning(born: date) -> Turning:
    """Return when a child comes of age. Of an estimated birth date give the earliest one that is possible."""
    on = months_after(born, 12 * int(rules()["majority"]["age"]))
    return Turning(months_after(on, -int(rules()["majority"]["warn_months"])), on)
