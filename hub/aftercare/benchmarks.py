"""How often a child is to be seen: named sets of benchmarks as data, by risk; an agency or network may have its own.

A set has for each level of risk some streams. A stream says who counts (the worker, the local observer), whether only
a meeting face to face does, and how long nobody may go without: the longer the case, the less often (H4), never the
other way. A stream may name months instead. What is due by them is `schedule`'s.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from hub.errors import InvalidRequest, Malformed, NotFound
from hub.followup.calendar import months_after
from hub.packets import shapes as a

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

MOST_MONTHS = 36
_LONGEST = 1000


class Risk(StrEnum):
    """How much could go wrong; it decides how often somebody looks in (H1)."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


HARMLESS_FIRST = (Risk.LOW, Risk.MEDIUM, Risk.HIGH)


class By(StrEnum):
    """Whose word it is that the child was seen."""

    WORKER = "worker"
    OBSERVER = "observer"


@dataclass(frozen=True, slots=True)
class Span:
    """So many days, or months of the calendar."""

    days: int = 0
    months: int = 0

    def after(self, day: date) -> date:
        """Return the day that is so long after another."""
        return months_after(day, self.months) + timedelta(days=self.days)

    @property
    def size(self) -> int:
        """Its length for comparing: a month as 30 days."""
        return self.days + 30 * self.months


@dataclass(frozen=True, slots=True)
class Step:
    """Until when after the beginning nobody goes without for longer than `every`; the last step has no end."""

    until: Span | None
    every: Span


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of contact: who counts for it, the longest time without, or the months in which it is due."""

    name: str
    by: frozenset[str]
    in_person: bool = False
    about: str | None = None
    first: Span = Span()
    steps: tuple[Step, ...] = ()
    at: tuple[int, ...] = ()
    within: int = 0
    alert: bool = False
    """Whether silence is more than overdue: an early warning of its own."""


@dataclass(frozen=True, slots=True)
class Benchmarks:
    """A named set."""

    name: str
    title: str
    source: str
    streams: Mapping[Risk, tuple[Stream, ...]]


_SPAN = a.at_least({})
_STREAM = a.at_least({"by": a.list_of(a.one_of(*By), len(By), 1)})


@cache
def published() -> Mapping[str, Benchmarks]:
    """Return the sets that come with the program, by name."""
    text = resources.files("hub.aftercare").joinpath("benchmarks.json").read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return {name: read_set(name, value, data) for name, value in data.items()}


def named(name: str, own: Mapping[str, Any] | None = None) -> Benchmarks:
    """Return a set by its name: an agency's own goes before a published one.

    Raises:
        NotFound: there is none.
    """
    if own and name in own:
        return read_set(name, own[name], _data())
    if name not in published():
        raise NotFound("There is no such set of benchmarks.", todo=f"There are: {', '.join(sorted(published()))}.")
    return published()[name]


def read_set(name: str, value: Mapping[str, Any], others: Mapping[str, Any] | None = None) -> Benchmarks:
    """Return the set that a document describes; `like` another one it has that one's streams, and `also` some more.

    Raises:
        InvalidRequest: it is none, or visits would become more frequent with time.
    """
    whole = dict(value)
    try:
        if "like" in whole:
            base = (others or _data())[whole["like"]]
            more = whole.get("also", {})
            whole |= {risk.value: {**base[risk.value], **more} for risk in Risk}
        streams = {r: tuple(_stream(n, row) for n, row in whole[r.value].items()) for r in Risk}
        return Benchmarks(name, str(whole["title"]), str(whole["source"]), streams)
    except (KeyError, TypeError, ValueError, AttributeError, Malformed) as error:
        raise InvalidRequest(
            "This is no set of benchmarks.", todo="For each level of risk name streams, and title and source."
        ) from error


@cache
def _data() -> dict[str, Any]:
    text = resources.files("hub.aftercare").joinpath("benchmarks.json").read_text("utf-8")
    return dict(json.loads(text))


def _stream(name: str, row: Mapping[str, Any]) -> Stream:
    _STREAM(row)
    steps = tuple(Step(_span(s["until"]) if "until" in s else None, _span(s["every"])) for s in row.get("steps", ()))
    at = tuple(row.get("at", ()))
    stream = Stream(
        name=name,
        by=frozenset(row["by"]),
        in_person=bool(row.get("in_person")),
        about=row.get("about"),
        first=_span(row.get("first", {"days": 0})),
        steps=steps,
        at=at,
        within=int(row.get("within", 0)),
        alert=bool(row.get("alert")),
    )
    if not (_tapers(stream) if steps else _climbs(stream)):
        raise InvalidRequest("Visits may become fewer with time, never more, and have no end of their own.")
    return stream


def _span(value: Mapping[str, Any]) -> Span:
    if not set(value) <= {"days", "months"} or not all(type(n) is int and 0 <= n <= _LONGEST for n in value.values()):
        raise Malformed("A span is days or months.")
    return Span(**value)


def _tapers(stream: Stream) -> bool:
    every = [step.every.size for step in stream.steps]
    ends = [step.until.size for step in stream.steps[:-1] if step.until]
    whole = len(ends) == len(every) - 1 and stream.steps[-1].until is None
    return whole and not stream.at and every[0] > 0 and every == sorted(every) and ends == sorted(set(ends))


def _climbs(stream: Stream) -> bool:
    months = list(stream.at)
    return bool(months) and months == sorted(set(months)) and 0 < months[0] <= months[-1] <= MOST_MONTHS
