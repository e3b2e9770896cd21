"""The policy in force, as data: categories and tiers, purposes, kinds, ceilings, gates and their messages.

Reads `policies/2026-11.json` once; decides nothing. Each block of the file names its source. A change of the file is a
new file with a new name, because sender, hub and receiver must mean the same policy by the same word.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

POLICY_VERSION: Final = "2026-11"
_DATA: Final[dict[str, Any]] = json.loads(
    resources.files("consent").joinpath("policies", f"{POLICY_VERSION}.json").read_text(encoding="utf-8")
)
_AGENCY = re.compile(r"urn:rcp:agency:[a-z0-9-]{1,63}@[a-z0-9.:-]{1,260}")


@dataclass(frozen=True, slots=True)
class Override:
    """What may be sent without consent, to which kinds of agency, for which purposes."""

    sections: frozenset[str]
    kinds: frozenset[str]
    purposes: frozenset[str]


def _override(name: str) -> Override:
    row = _DATA[name]
    return Override(frozenset(row["sections"]), frozenset(row["kinds"]), frozenset(row["purposes"]))


TIERS: Final[dict[str, int]] = _DATA["categories"]["tiers"]
CATEGORIES: Final = frozenset(TIERS)
TIER_3: Final = frozenset(name for name, tier in TIERS.items() if tier > 2)  # noqa: PLR2004 - tier 3, R12
PURPOSES: Final = frozenset(_DATA["purposes"]["list"])
MAY_RECEIVE: Final = frozenset(_DATA["kinds"]["may_receive"])
NEVER_RECEIVE: Final = frozenset(_DATA["kinds"]["never"])
SERVICES: Final = frozenset(_DATA["ceilings"]["by_service"])
GATES: Final = tuple(str(gate["id"]) for gate in _DATA["gates"])
"""The gates of a verdict, in their order (docs/protocol.md §7.1)."""
COMMUNITY_KIND: Final = str(_DATA["community"]["kind"])
COMMUNITY_NEEDS: Final = frozenset(_DATA["community"]["needs"])
MOST_NEEDS: Final = int(_DATA["community"]["most_needs"])
MANDATORY_PROTECTION: Final = _override("mandatory_protection")
VITAL_INTEREST: Final = _override("vital_interest")
REVIEW_SECONDS: Final = int(_DATA["vital_interest"]["review_seconds"])
GIVERS: Final = {
    name: frozenset(_DATA["givers"][name]) for name in ("unaccompanied", "separated", "in_family", "adult")
}
WITH_ORDER: Final = frozenset(_DATA["givers"]["with_order"])
INTERIM_DAYS: Final = int(_DATA["givers"]["interim_days"])
_MESSAGES: Final[dict[str, dict[str, str]]] = {gate["id"]: gate for gate in _DATA["gates"]}


def ceiling(kind: str, service: str | None) -> frozenset[str]:
    """Return the categories that a recipient may have at most (R11); none where its service type is unknown.

    A service's own type goes before the agency's kind, because an NGO may run a school; a type without ceiling (case
    management, for instance) lifts none that the kind has, and a community body keeps its own always (R16).
    """
    by_kind = _DATA["ceilings"]["by_kind"]
    of_kind = frozenset(by_kind[kind]) if kind in by_kind else CATEGORIES
    if service is None or kind == COMMUNITY_KIND:
        return of_kind
    row = _DATA["ceilings"]["by_service"].get(service, [])
    if row == "all":
        return of_kind
    return frozenset(row)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: the rule, a sentence for the person at the screen, and whom to ask. `section` where it is about one."""

    rule: str
    message: str
    ask: str
    section: str = ""


def reason(rule: str, *, section: str = "", **facts: str) -> Reason:
    """Return the reason of a rule in the policy's words. Words that the policy does not know are never repeated."""
    gate = _MESSAGES[rule]
    known = section if section in CATEGORIES else ""
    words = {
        "section": known.replace("_", " ") or "this section",
        "agency": _known(facts.get("agency"), _AGENCY.fullmatch, "this agency"),
        "purpose": _known(facts.get("purpose"), PURPOSES.__contains__, "this purpose").replace("_", " "),
        "service": _known(facts.get("service"), SERVICES.__contains__, "this service").replace("_", " "),
        "giver": _known(facts.get("giver"), _CAPACITIES.__contains__, "the giver").replace("_", " "),
        "date": _known(facts.get("date"), re.compile(r"\d{4}-\d{2}-\d{2}").fullmatch, "see the record"),
    }
    return Reason(rule, gate["message"].format_map(words), gate["ask"], known)


_CAPACITIES: Final = frozenset().union(*GIVERS.values())


def _known(word: object, check: Any, instead: str) -> str:
    return word if isinstance(word, str) and check(word) else instead
