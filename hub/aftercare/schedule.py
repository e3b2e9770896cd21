"""Who is due to be seen when: next contacts, missed ones, missing meetings face to face, the share of a benchmark met.

Pure, and a function of the set of visits alone, by the day on which each happened: entered late, twice or in any order
they give the same schedule. A day is due when somebody would otherwise go without for longer than the benchmark in
force; a rise of risk begins its levels anew, a fall takes effect after what was due before. `schedule` decides
nothing about a visit's content.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from hub.aftercare.benchmarks import HARMLESS_FIRST, By, Risk, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hub.aftercare.benchmarks import Benchmarks, Stream

FACE_TO_FACE = "face_to_face"
_MOST_DUE = 2000
"""Contacts of one stream that are reckoned with: some years of daily ones."""


@dataclass(frozen=True, slots=True, order=True)
class Visit:
    """That somebody looked in on a day. `met`: the child was seen or spoken to; an attempt counts for nothing."""

    day: date
    by: By = By.WORKER
    in_person: bool = True
    met: bool = True
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Excuse:
    """Why a contact is later than it should be: said on `day` with a reason, and `until` when it is made (R41)."""

    stream: str
    day: date
    until: date


@dataclass(frozen=True, slots=True)
class Plan:
    """From when a child is followed, by which benchmarks, and the levels of risk since their days."""

    begins: date
    benchmarks: Benchmarks
    risks: tuple[tuple[date, Risk], ...]
    ends: date | None = None
    excuses: tuple[Excuse, ...] = ()

    @property
    def risk(self) -> Risk:
        """The newest level of risk."""
        return _levels(self)[-1][1]


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact that is due; `missed` days of the same stream are behind it."""

    due: date
    stream: str
    overdue: bool
    alert: bool
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """How many contacts were owed and how many of them made in time; shares of cases add up to those of an agency."""

    met: int = 0
    owed: int = 0

    def __add__(self, other: Share) -> Share:
        """Return the share of both together."""
        return Share(self.met + other.met, self.owed + other.owed)

    @property
    def percent(self) -> int | None:
        """Whole per cent, rounded down so that nothing missed becomes a hundred; None where nothing was owed."""
        return 100 * self.met // self.owed if self.owed else None


@dataclass(frozen=True, slots=True)
class _Segment:
    """A stretch of time with one longest gap; `first` where a level of risk begins."""

    starts: date
    ends: date | None
    every: Span
    first: Span | None = None


@dataclass(slots=True)
class _Walk:
    met: int = 0
    missed: list[date] = field(default_factory=list)
    """Contacts that were not made in time."""
    behind: list[date] = field(default_factory=list)
    """Those of them after which nobody has been seen yet."""
    next: date | None = None


def next_contacts(plan: Plan, visits: Iterable[Visit], today: date) -> tuple[Contact, ...]:
    """Return for each stream the contact that is due next, or has been since a day that is past, the first first."""
    made = tuple(visits)
    found = (_next(plan, stream, _days(stream, plan, made, today), today) for stream in _streams(plan))
    return tuple(sorted((c for c in found if c is not None), key=lambda contact: (contact.due, contact.stream)))


def calendar(plan: Plan, visits: Iterable[Visit], today: date, until: date) -> tuple[Contact, ...]:
    """Return what is due up to a day, if each contact is made on the day that it is due, and overdue ones today."""
    made, found = tuple(visits), list[Contact]()
    for stream in _streams(plan):
        days, day = _days(stream, plan, made, today), today
        for _ in range(_MOST_DUE):
            contact = _next(plan, stream, days, day)
            if contact is None or contact.due > until:
                break
            found.append(contact)
            day = max(contact.due, day)
            days = [*days, day]
    return tuple(sorted(found, key=lambda contact: (contact.due, contact.stream)))


def meetings(plan: Plan, visits: Iterable[Visit], today: date) -> Iterator[Visit]:
    """Yield the visits that count: somebody was met, since the case is followed."""
    return (visit for visit in visits if visit.met and plan.begins <= visit.day <= today)


def missing_face_to_face(plan: Plan, visits: Iterable[Visit], today: date) -> date | None:
    """Return since when a meeting face to face is overdue, or None: calls do not take its place (H2, R41)."""
    contacts = next_contacts(plan, visits, today)
    return next((c.due for c in contacts if c.stream == FACE_TO_FACE and c.overdue), None)


def share(plan: Plan, visits: Iterable[Visit], today: date) -> Share:
    """Return how much of the benchmark was met up to yesterday (H3)."""
    made, total = tuple(visits), Share()
    for stream in _streams(plan):
        walk = _walk(plan, stream, _days(stream, plan, made, today), today)
        total += Share(walk.met, walk.met + len(walk.missed))
    return total


def _next(plan: Plan, stream: Stream, days: Sequence[date], today: date) -> Contact | None:
    walk = _walk(plan, stream, days, today)
    due = walk.behind[0] if walk.behind else walk.next
    return None if due is None else Contact(due, stream.name, due < today, stream.alert, len(walk.behind))


def _streams(plan: Plan) -> Iterator[Stream]:
    """Yield the streams of any level that the case has had, each by its newest form."""
    named: dict[str, Stream] = {}
    for _, risk in _levels(plan):
        named |= {stream.name: stream for stream in plan.benchmarks.streams[risk]}
    kept = {stream.name for stream in plan.benchmarks.streams[plan.risk]}
    yield from (stream for name, stream in sorted(named.items()) if name in kept)


def _days(stream: Stream, plan: Plan, visits: Iterable[Visit], today: date) -> list[date]:
    """Return the days on which a stream was served, each once, in order."""
    counts = (
        v
        for v in meetings(plan, visits, today)
        if v.by in stream.by and (v.in_person or not stream.in_person) and stream.about in {None, v.about}
    )
    return sorted({visit.day for visit in counts})


def _levels(plan: Plan) -> list[tuple[date, Risk]]:
    """Return the levels of risk by the days since which they hold; the newest word of a day counts."""
    held: dict[date, Risk] = {}
    for day, risk in plan.risks:
        held[max(day, plan.begins)] = risk
    rows = sorted(held.items())
    levels = [(plan.begins, rows[0][1])]
    levels += [row for before, row in pairwise(rows) if row[1] is not before[1]]
    return levels


def _segments(plan: Plan, name: str) -> list[_Segment]:
    """Return a stream's stretches under each level of risk in turn."""
    found: list[_Segment] = []
    levels = _levels(plan)
    base = plan.begins
    for n, (since, risk) in enumerate(levels):
        ends = levels[n + 1][0] if n + 1 < len(levels) else None
        rises = n == 0 or HARMLESS_FIRST.index(risk) > HARMLESS_FIRST.index(levels[n - 1][1])
        base = since if rises else base
        stream = next((s for s in plan.benchmarks.streams[risk] if s.name == name and s.steps), None)
        found += _stretches(stream, base, since, ends, begins=rises) if stream else []
    return found


def _stretches(stream: Stream, base: date, since: date, ends: date | None, *, begins: bool) -> list[_Segment]:
    """Return the steps of a level that holds from `since` to `ends` and is counted from `base`."""
    found: list[_Segment] = []
    starts = base
    for step in stream.steps:
        stops = step.until.after(base) if step.until else None
        first, last = max(starts, since), _sooner(stops, ends)
        if last is None or first < last:
            found.append(_Segment(first, last, step.every, stream.first if begins and not found else None))
        starts = stops or starts
    return found


def _sooner(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day is not None), default=None)


def _due(segments: Sequence[_Segment], anchor: date | None) -> date | None:
    """Return the day by which somebody has to be seen who was last seen on `anchor`, or never."""
    due = []
    for row in segments:
        if anchor is None or (anchor < row.starts):
            due.append((row.first or row.every).after(row.starts))
        elif row.ends is None or anchor < row.ends:
            due.append(row.every.after(anchor))
    return min(due, default=None)


def _walk(plan: Plan, stream: Stream, days: Sequence[date], today: date) -> _Walk:
    if stream.at:
        return _milestones(plan, stream, days, today)
    walk, anchor = _Walk(), None
    segments = _segments(plan, stream.name)
    for _ in range(_MOST_DUE):
        due = _due(segments, anchor)
        due = due and _excused(plan, stream, anchor, due)
        inside = [day for day in days if (anchor is None or day > anchor) and due and day <= due]
        if due is None or (plan.ends is not None and due > plan.ends):
            break
        if inside:
            walk.met, walk.behind, anchor = walk.met + (due < today), [], inside[-1]
        elif due >= today:
            walk.next = due
            break
        else:
            walk.missed.append(due)
            walk.behind, anchor = [*walk.behind, due], due
    return walk


def _milestones(plan: Plan, stream: Stream, days: Sequence[date], today: date) -> _Walk:
    """Walk through the months that a stream names; a late visit counts as made, but not in time."""
    walk, grace = _Walk(), timedelta(days=stream.within)
    marks = [Span(months=month).after(plan.begins) for month in stream.at]
    for n, mark in enumerate(marks):
        due = _excused(plan, stream, marks[n - 1] if n else None, mark)
        if plan.ends is not None and due > plan.ends:
            break
        stops = marks[n + 1] - grace if n + 1 < len(marks) else date.max
        made = next((day for day in days if mark - grace <= day < stops), None)
        if made is not None and made <= due + grace:
            walk.met, walk.behind = walk.met + (due < today), []
        elif made is not None:
            walk.missed.append(due)
            walk.behind = []
        elif due >= today:
            walk.next = due
            break
        else:
            walk.missed.append(due)
            walk.behind.append(due)
    return walk


def _excused(plan: Plan, stream: Stream, anchor: date | None, due: date) -> date:
    """Return the day to which a contact was put off; each contact once."""
    said = [e for e in plan.excuses if e.stream == stream.name and (anchor or plan.begins) <= e.day <= due]
    return max([due, *(e.until for e in said)])
