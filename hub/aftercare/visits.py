"""What a visit form asks (H2, H6): how, where, who was spoken to, and the themes of a return. Pure; answers are codes.

What somebody said in words stands sealed beside the codes, and is not this room's. The themes of the Indian restoration
manual (supervision, mobility, nutrition) come first on the first six visits of a child that was exploited (S9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.packets import shapes as a

if TYPE_CHECKING:
    from collections.abc import Mapping

METHODS: Final = ("visit", "group", "call", "message", "observer")
"""How; the first two are face to face, and a group marks nobody out (H7)."""
IN_PERSON: Final = frozenset({"visit", "group"})
PLACES: Final = ("home", "school", "work", "office", "health_post", "community", "elsewhere", "none")
WHO: Final = ("child_alone", "child", "caregiver", "siblings", "teacher", "committee", "leader", "health_worker")
"""Who was spoken to; the first two say that the child was (H2)."""
CHILD: Final = frozenset({"child_alone", "child"})
THEMES: Final = (
    "safe",
    "school",
    "health",
    "nutrition",
    "supervision",
    "mobility",
    "belonging",
    "actions",
    "worked",
)
FINDINGS: Final = ("good", "mixed", "bad", "not_asked")
_EXPLOITED_FIRST: Final = ("safe", "supervision", "mobility", "nutrition")
_FIRST_VISITS: Final = 6
_WORST: Final = ("bad", "mixed", "good", "not_asked")
FORM = a.object_of({theme: a.one_of(*FINDINGS) for theme in THEMES})


def prompts(number: int, *, exploited: bool) -> tuple[str, ...]:
    """Return the themes in the order in which the form of a child's `number`th visit asks them."""
    if not exploited or number > _FIRST_VISITS:
        return THEMES
    return (*_EXPLOITED_FIRST, *(theme for theme in THEMES if theme not in _EXPLOITED_FIRST))


def alarming(themes: Mapping[str, str]) -> bool:
    """Whether what was found is an early warning: the child is not safe (H5)."""
    return themes.get("safe") == "bad"


def worst(found: list[Mapping[str, Any]]) -> dict[str, str]:
    """Return the worst finding of each theme in some visits, for a report that names no visit."""
    said = {theme: [str(row.get(theme, "not_asked")) for row in found] for theme in THEMES}
    return {theme: min(rows, key=_WORST.index, default="not_asked") for theme, rows in said.items()}
