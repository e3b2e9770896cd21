"""The codes of the service map and how long its words count, as data. Decides nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final


def _load(name: str) -> dict[str, Any]:
    text = resources.files("hub.directory.records").joinpath(f"{name}.json").read_text(encoding="utf-8")
    value: dict[str, Any] = json.loads(text)
    return value


_CODES: Final = _load("vocabulary")
_POLICY: Final = _load("policy")


def codes(name: str) -> tuple[str, ...]:
    """Return the codes of a list, such as `statuses`, in their order."""
    return tuple(_CODES[name]["list"])


@dataclass(frozen=True, slots=True)
class Need:
    """What somebody may need. `service` is the type of the consent tables' ceilings (R11)."""

    code: str
    service: str
    dimension: str
    sector: str


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that are checked together: due after `cadence` days, no longer counted after `limit` days."""

    code: str
    cadence: int
    limit: int
    past: str


NEEDS: Final = {
    code: Need(code, row["service"], row["dimension"], row["sector"]) for code, row in _CODES["needs"].items()
}
GROUPS: Final = {
    code: Group(code, row["cadence"], row["limit"], row["past"]) for code, row in _POLICY["groups"].items()
}
FORMAL: Final = frozenset(_CODES["provider_kinds"]["formal"])
PROVIDER_KINDS: Final = (*_CODES["provider_kinds"]["formal"], *_CODES["provider_kinds"]["informal"])
AGE_GROUPS: Final = codes("age_groups")
LEVELS: Final = codes("visibility")
LADDER_DAYS: Final = tuple(_POLICY["ladder"]["days_after_due"])
CONTACT_HOLD: Final = int(_POLICY["contact_hold_seconds"]["value"])
LINK_SECONDS: Final = int(_POLICY["link_seconds"]["value"])
FUNDED_WARNING_DAYS: Final = int(_POLICY["funded_warning_days"]["value"])
SUPPRESS_BELOW: Final = int(_POLICY["suppress_below"]["value"])
