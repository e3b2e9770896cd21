"""How fast referrals went, as a hub can see it: times, rungs, grades and states by corridor, never what for. Pure.

The denominator is always what was sent in the period. Times run from the submission to the first effective statement
of a kind, as this hub took them in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hub.followup.domain import owner_of
from hub.referrals.domain import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

STEPS: Final[Mapping[str, frozenset[str]]] = {
    "delivery": frozenset({"referral.deliver"}),
    "answer": frozenset({"referral.acknowledge", "referral.accept", "referral.decline"}),
    "decision": frozenset({"referral.accept", "referral.decline"}),
    "first_contact": frozenset({"referral.start", "referral.report_outcome"}),
    "outcome": frozenset({"referral.report_outcome", "referral.cannot_deliver"}),
}
"""What each time is measured to: the first of these (referral standards E)."""
FIRST_ANSWER: Final = "first_answer"
_EXPIRED: Final = frozenset({State.EXPIRED, State.CLOSED_EXPIRED})


@dataclass(frozen=True, slots=True)
class Course:
    """One referral as the log shows it; `first` has the seconds from its submission to the first step of each kind."""

    sent: bool
    """Whether the agency that asks sent it; else it received it."""
    corridor: tuple[str, str]
    """The countries from which and into which it went."""
    state: State
    grade: str
    first: Mapping[str, int] = field(default_factory=dict)
    rungs: Mapping[int, int] = field(default_factory=dict)
    late: bool = False
    """Whether the clock of the first answer ran out before there was one."""


def by_corridor(courses: Iterable[Course]) -> list[dict[str, Any]]:
    """Return the figures of each corridor in each direction, what was sent before what was received."""
    found: dict[tuple[bool, tuple[str, str]], list[Course]] = defaultdict(list)
    for course in courses:
        found[not course.sent, course.corridor].append(course)
    return [
        {"direction": "received" if received else "sent", "from": corridor[0], "to": corridor[1], **_figures(rows)}
        for (received, corridor), rows in sorted(found.items())
    ]


def _figures(courses: Sequence[Course]) -> dict[str, Any]:
    rungs: Counter[int] = Counter()
    for course in courses:
        rungs.update(course.rungs)
    answered = [course for course in courses if "answer" in course.first]
    return {
        "referrals": len(courses),
        "delivered": sum("delivery" in course.first for course in courses),
        "answered": len(answered),
        "answered_in_time": sum(not course.late for course in answered),
        "expired": sum(course.state in _EXPIRED for course in courses),
        "open": sum(owner_of(course.state) is not None for course in courses),
        "states": dict(sorted(Counter(course.state.value for course in courses).items())),
        "grades": dict(sorted(Counter(course.grade for course in courses).items())),
        "rungs": {str(rung): rungs[rung] for rung in sorted(rungs)},
        "times": {step: _times([c.first[step] for c in courses if step in c.first]) for step in STEPS},
    }


def _times(seconds: list[int]) -> dict[str, int | None]:
    seconds.sort()
    return {"count": len(seconds), "median": _quantile(seconds, 50), "p90": _quantile(seconds, 90)}


def _quantile(ordered: Sequence[int], percent: int) -> int | None:
    """Return the smallest value that so many percent do not pass (the nearest rank)."""
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None
