"""The key considerations: what to ask about a child, the place and the system, before, on and after a return (C24).

An answer stands in the section that it feeds, so that it goes where that section goes and nowhere else, and is there
after a handover. It is not for the family unless somebody decides so: that keeps what an honest answer says of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.casefile.sections.data import load
from hub.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.casefile.sections.situation import Situation

MEMBER: Final = "considerations"
"""The member of a section in which its answers stand, by the id of the question."""
_NOT_FOR: Final = ("family",)


@dataclass(frozen=True, slots=True)
class Consideration:
    """A question: its level, whom it is about, the phase in which it is first asked, the section that it feeds."""

    id: str
    level: str
    applies_to: str
    phase: str
    feeds: str

    def words(self, language: str = "en") -> str:
        """Return the question in a language."""
        return str(load(f"words/{language}.json")[MEMBER][self.id])


QUESTIONS: Final = {
    row["id"]: Consideration(row["id"], row["level"], row["applies_to"], row["phase"], row["feeds"])
    for row in load("considerations.json")["questions"]
}


def asked(situation: Situation) -> tuple[Consideration, ...]:
    """Return the questions of a child's situation: those of this phase and of the phases before it."""
    return tuple(row for row in QUESTIONS.values() if situation.is_for(row.applies_to, row.phase))


def answers(sections: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the answers in a file, {answer, on, by}, by question; what is not of their form counts for nothing."""
    found: dict[str, Mapping[str, Any]] = {}
    for row in QUESTIONS.values():
        document = sections.get(row.feeds)
        rows = document.get(MEMBER) if isinstance(document, dict) else None
        said = rows.get(row.id) if isinstance(rows, dict) else None
        if isinstance(said, dict) and said.get("answer") and isinstance(said["answer"], str):
            found[row.id] = said
    return found


def unanswered(sections: Mapping[str, Any], situation: Situation) -> tuple[Consideration, ...]:
    """Return the questions of a situation that nobody has answered, in their order."""
    known = answers(sections)
    return tuple(row for row in asked(situation) if row.id not in known)


def answer(question: str, words: str, on: str, by: str) -> tuple[str, dict[str, Any]]:
    """Return the section that an answer feeds, and the change of that section.

    Raises:
        NotFound: there is no such question.
    """
    row = QUESTIONS.get(question)
    if row is None:
        raise NotFound("There is no such question.", todo="See `hub case questions`.")
    said = {"answer": words, "on": on, "by": by, "not_for": list(_NOT_FOR)}
    return row.feeds, {MEMBER: {question: said}}
