"""How far a case has come with a programme: a pure function of the template, what was marked, and the day.

Marks are a set: in whatever order they arrive, and however often, the same comes out. Does not know who may mark what,
nor verify who did. A step is never done while one that it waits for is not.
"""

from __future__ import annotations

from dataclasses import asdict, astuple, dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from hub.followup.calendar import months_after
from hub.packets import shapes as a
from hub.programmes.template import START

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.programmes.template import Due, Fact, Step, Template

_MOST_EVIDENCE: Final = 40


class Said(StrEnum):
    """What a mark says of a step or fact."""

    BEGUN = "begun"
    DONE = "done"
    NOT_NEEDED = "not_needed"
    OPEN = "open"
    """It was marked by mistake, or has to be done again."""


class State(StrEnum):
    """How a step or fact stands."""

    DONE = "done"
    NOT_NEEDED = "not_needed"
    BEGUN = "begun"
    OPEN = "open"
    BLOCKED = "blocked"


SETTLED: Final = frozenset({State.DONE, State.NOT_NEEDED})
MARK: Final = a.object_of(
    {
        "v": a.integer(1, 1),
        "tracker": a.identifier,
        "template": a.hash_,
        "step": a.name,
        "said": a.one_of(*Said),
        "on": a.date,
        "evidence": a.distinct(a.list_of(a.name, _MOST_EVIDENCE)),
        "agency": a.agency,
        "member": a.identifier,
        "role": a.name,
        "at": a.seconds,
    }
)
"""The shape of a mark as it is signed."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """What a member said of a step or fact: on which day it was so, and `at` which second they said it.

    `tracker` ties the marks of one case and programme together in sealed parts; no hub sees it. `template` is the hash.
    """

    at: int
    tracker: str
    template: str
    step: str
    said: str
    on: str
    evidence: tuple[str, ...]
    agency: str
    member: str
    role: str

    @classmethod
    def from_value(cls, value: object) -> Mark:
        """Return the mark in a JSON object.

        Raises:
            Malformed: it is none.
        """
        MARK(value)
        found: Any = value
        return cls(
            **{name: item for name, item in found.items() if name != "v"} | {"evidence": tuple(found["evidence"])}
        )

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object that is signed."""
        return {"v": 1, **asdict(self), "evidence": list(self.evidence)}


@dataclass(frozen=True, slots=True)
class Row:
    """How a step or fact stands.

    `waits_for` are the steps and facts that come first, `lacks` its own parts and `sections` those of the case file
    that are not there yet.
    """

    id: str
    words: Mapping[str, str]
    state: State
    waits_for: tuple[str, ...]
    lacks: tuple[str, ...]
    sections: tuple[str, ...]
    due: date | None
    late: bool
    mark: Mark | None
    parts: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a case has come: since when, its steps in their order, and the facts that are part of none."""

    started: date | None
    steps: tuple[Row, ...]
    facts: tuple[Row, ...]

    def row(self, name: str) -> Row | None:
        """Return how a step or fact stands; None where there is none of this name."""
        parts = (part for step in self.steps for part in step.parts)
        return next((row for row in (*self.steps, *parts, *self.facts) if row.id == name), None)

    @property
    def settled(self) -> int:
        """How many steps are done or not needed."""
        return sum(row.state in SETTLED for row in self.steps)


def progress(template: Template, marks: Iterable[Mark], today: date) -> Progress:
    """Return how far a case has come. Marks of another template or of no step are passed over."""
    newest = _newest(template, marks)
    begun = newest.get(START)
    started = date.fromisoformat(begun.on) if begun is not None and begun.said == Said.DONE else None
    made = _Making(template, newest, today, started)
    facts = {fact.id: made.fact(fact) for fact in template.facts}
    steps: dict[str, Row] = {}
    for step in template.steps:
        steps[step.id] = made.step(step, facts, steps)
    alone = tuple(facts[fact.id] for fact in template.facts if fact.step is None)
    return Progress(started, tuple(steps.values()), alone)


def refusal(template: Template, marks: Iterable[Mark], mark: Mark, today: date) -> Row | None:
    """Return how the step would stand if a mark cannot say what it says: blocked, or with something lacking; else None.

    Taking a mark back is always possible.
    """
    others = (row for row in marks if row.step != mark.step)
    row = progress(template, (*others, mark), today).row(mark.step)
    if row is None or mark.said == Said.OPEN:
        return None
    return row if row.state != mark.said else None


def _newest(template: Template, marks: Iterable[Mark]) -> dict[str, Mark]:
    """Return the mark that counts for each step and fact: the newest; of one second, any, but always the same."""
    ours = {mark for mark in marks if mark.template == template.hash}
    return {mark.step: mark for mark in sorted(ours, key=astuple)}


@dataclass(frozen=True, slots=True)
class _Missing:
    """What a step still waits for: steps and facts before it, its own parts, sections of the case file."""

    before: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()


_NOTHING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class _Making:
    template: Template
    newest: Mapping[str, Mark]
    today: date
    started: date | None

    def fact(self, fact: Fact) -> Row:
        mark = self.newest.get(fact.id)
        done = mark is not None and mark.said == Said.DONE
        return self._row(fact, State.DONE if done else State.OPEN, mark, _NOTHING)

    def step(self, step: Step, facts: Mapping[str, Row], before: Mapping[str, Row]) -> Row:
        mark, known = self.newest.get(step.id), {**facts, **before}
        parts = tuple(facts[fact.id] for fact in self.template.facts if fact.step == step.id)
        named = mark.evidence if mark is not None else ()
        missing = _Missing(
            tuple(name for name in step.requires if known[name].state not in SETTLED),
            tuple(part.id for part in parts if part.state is not State.DONE),
            tuple(name for name in step.evidence if name not in named),
        )
        return self._row(step, _state(step, mark, missing), mark, missing, parts)

    def _row(
        self, one: Step | Fact, state: State, mark: Mark | None, missing: _Missing, parts: tuple[Row, ...] = ()
    ) -> Row:
        due = None if one.due is None else self._due(one.due)
        settled = state in SETTLED
        left = _NOTHING if settled else missing
        late = due is not None and due < self.today and not settled
        return Row(one.id, one.words, state, left.before, left.parts, left.sections, due, late, mark, parts)

    def _due(self, due: Due) -> date | None:
        mark = self.newest.get(due.after)
        counts = mark is not None and (mark.said == Said.DONE or due.after == START)
        day = self.started if due.after == START else date.fromisoformat(mark.on) if mark and counts else None
        return None if day is None else months_after(day + timedelta(days=due.days), due.months)


def _state(step: Step, mark: Mark | None, missing: _Missing) -> State:
    if missing.before:
        return State.BLOCKED
    if mark is None or mark.said == Said.OPEN:
        return State.OPEN
    if mark.said == Said.NOT_NEEDED:
        return State.NOT_NEEDED if step.optional else State.OPEN
    whole = not (missing.parts or missing.sections)
    return State.DONE if mark.said == Said.DONE and whole else State.BEGUN
