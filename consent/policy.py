"""The policy in force, as data: tables, rules and the words of their messages. Decides nothing (`consent.decide` does).

A policy is a folder `policies/<version>` with `tables.json` and `rules.json`; each block names its source. A change is
a new folder with a new name, because sender, hub and receiver must mean the same policy by the same word.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from consent import evaluate

if TYPE_CHECKING:
    from consent.evaluate import Ask

POLICY_VERSION: Final = "2026-12"
SEND: Final = "send"


def load(name: str) -> dict[str, Any]:
    """Return a file of the policy in force, `tables` or `rules`, as it stands."""
    text = resources.files("consent").joinpath("policies", POLICY_VERSION, f"{name}.json").read_text(encoding="utf-8")
    value: dict[str, Any] = json.loads(text)
    return value


TABLES: Final = load("tables")
_RULES: Final = load("rules")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: where it runs, what it asks, and who may lift it. `each`: asked again for every section."""

    id: str
    source: str
    never: bool
    act: str
    at: frozenset[str]
    each: bool
    ask: str
    oblige: str | None
    when: Ask = field(repr=False)
    must: Ask = field(repr=False)
    override: Ask | None = field(repr=False)


def _rule(row: dict[str, Any]) -> Rule:
    named = _RULES["named"]
    lifted = row.get("override")
    return Rule(
        id=row["id"],
        source=row["source"],
        never=row.get("never", False),
        act=row.get("act", SEND),
        at=frozenset(row["at"]),
        each="each" in row,
        ask=row["ask"],
        oblige=row.get("oblige"),
        when=evaluate.compiled(row.get("when", True), named),
        must=evaluate.compiled(row["must"], named),
        override=None if lifted is None else evaluate.compiled(lifted, named),
    )


RULES: Final = tuple(_rule(row) for row in _RULES["rules"])
GATES: Final = tuple(rule.id for rule in RULES if rule.act == SEND)
"""The gates of a verdict, in their order (docs/protocol.md §7.1)."""
TIERS: Final[dict[str, int]] = TABLES["categories"]["tiers"]
CATEGORIES: Final = frozenset(TIERS)
TIER_3: Final = frozenset(name for name, tier in TIERS.items() if tier > 2)  # noqa: PLR2004 - tier 3, R12
PURPOSES: Final = frozenset(TABLES["purposes"]["list"])
MAY_RECEIVE: Final = frozenset(TABLES["kinds"]["may_receive"])
NEVER_RECEIVE: Final = frozenset(TABLES["kinds"]["never"])
SERVICES: Final = frozenset((*TABLES["ceilings"]["by_service"], *TABLES["ceilings"]["whole_case"]))
GIVERS: Final = frozenset(
    {*TABLES["givers"]["with_order"], *(name for row in TABLES["givers"]["by_situation"].values() for name in row)}
)
COMMUNITY_KIND: Final = str(TABLES["community"]["kind"])
REVIEW_SECONDS: Final = int(TABLES["vital_interest"]["review_seconds"])
REVIEW_BEFORE_DAYS: Final = int(TABLES["review"]["before_days"])
REVIEW_LONGEST_DAYS: Final = int(TABLES["review"]["longest_days"])
TOPICS: Final = tuple(TABLES["informing"]["topics"])
ADULT: Final = str(TABLES["age_bands"]["adult"])
_BANDS: Final[dict[str, int]] = TABLES["age_bands"]["begin"]


def day(text: object) -> date | None:
    """Return a day of the calendar from `YYYY-MM-DD`, or None."""
    return evaluate.day(text)


def ask_again(given: str) -> str:
    """Return the last day on which a consent of a day counts without being given anew (R04)."""
    return (date.fromisoformat(given) + timedelta(days=REVIEW_LONGEST_DAYS)).isoformat()


def years(born: date, today: date) -> int:
    """Return an age in whole years. Who is born on 29 February has the birthday on 1 March in other years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def age_band(born: date, today: date) -> tuple[str, date | None]:
    """Return the age band of a child, and the first day of the next one; None for an adult."""
    now = years(born, today)
    band = max((name for name, begin in _BANDS.items() if begin <= now), key=_BANDS.__getitem__)
    later = [begin for begin in _BANDS.values() if begin > now]
    return band, _birthday(born, min(later)) if later else None


def _birthday(born: date, age: int) -> date:
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)
