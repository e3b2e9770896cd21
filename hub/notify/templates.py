"""The words of a notice. A closed list: nothing in it can name a child, a service or a handoff.

A notice says that something waits and where to sign in. The one that goes to an area focal point, who is neither sender
nor recipient, says how many waits an agency has and whom to phone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

WAITS = "waits"
OVERDUE = "overdue"
TASK = "task"
AREA = "area"

_TEMPLATES = {
    WAITS: ("Something waits for your answer", "Something at {hub} waits for your answer.\nSign in: {url}\n"),
    OVERDUE: (
        "Something is past due",
        "Something at {hub} waits for your agency's answer and is past due.\nSign in: {url}\n",
    ),
    TASK: ("A task is yours", "Something at {hub} came back to you as a task.\nSign in: {url}\n"),
    AREA: ("Answers are past due", "{recipient}: {n} unanswered past due; duty number {duty}\n"),
}
TEMPLATES = frozenset(_TEMPLATES)


def words(template: str, facts: Mapping[str, str | int]) -> tuple[str, str]:
    """Return subject and text.

    Raises:
        InvalidRequest: no such template, or a fact that it needs is missing.
    """
    try:
        subject, text = _TEMPLATES[template]
        return subject, text.format_map({name: _plain(value) for name, value in facts.items()})
    except KeyError as error:
        raise InvalidRequest("A notice has a template of the list and the facts that it needs.") from error


def _plain(value: str | int) -> str:
    """Return a fact on one line, without control characters, short."""
    return "".join(character for character in str(value) if character.isprintable())[:200]
