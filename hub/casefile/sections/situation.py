"""For whom and when: what decides which members of a file, and which questions, matter now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Child(StrEnum):
    """With whom the child is (requirement A3)."""

    UNACCOMPANIED = "unaccompanied"
    SEPARATED = "separated"
    IN_FAMILY = "in_family"
    ADULT = "adult"
    """Who has turned 18: nobody is guardian any more (H15)."""


class Phase(StrEnum):
    """Where the journey stands, in the order of time (C24)."""

    PRE_RETURN = "pre_return"
    RETURN = "return"
    REINTEGRATION = "reintegration"


@dataclass(frozen=True, slots=True)
class Situation:
    """A child and a phase. Who is separated is asked the same as who is unaccompanied."""

    child: Child = Child.UNACCOMPANIED
    phase: Phase = Phase.PRE_RETURN

    def is_for(self, applies_to: str, phase: str) -> bool:
        """Whether a row for `applies_to` counts that is asked from `phase` on."""
        alone = self.child in {Child.UNACCOMPANIED, Child.SEPARATED}
        group, order = Child.UNACCOMPANIED if alone else Child.IN_FAMILY, list(Phase)
        return applies_to in {"both", group.value} and order.index(Phase(phase)) <= order.index(self.phase)


def child_of(sections: Mapping[str, Any]) -> Child:
    """Return with whom the child is, by the file; where it does not say, what asks for most."""
    care = sections.get("care_guardianship")
    said = care.get("situation") if isinstance(care, dict) else None
    return Child(said) if isinstance(said, str) and said in set(Child) else Child.UNACCOMPANIED


def unsafe(sections: Mapping[str, Any], today: str) -> dict[str, str]:
    """Return where the child stays that no child may (C20), by placement: `detention`, or alone `among_adults`.

    What is over before `today`, an ISO day, is history.
    """
    care = sections.get("care_guardianship")
    rows = care.get("placements") if isinstance(care, dict) else None
    child, found = child_of(sections), dict[str, str]()
    for row in rows if isinstance(rows, list) and child != Child.ADULT else ():
        if not isinstance(row, dict) or str(row.get("until") or today) < today:
            continue
        among = row.get("with_adult_migrants") is True and child in {Child.UNACCOMPANIED, Child.SEPARATED}
        why = "detention" if row.get("kind") == "detention" else "among_adults" if among else None
        if why:
            found[f"{row.get('from')} {row.get('kind')}"] = why
    return found
