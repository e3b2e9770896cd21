"""Unmet need: how many were looked for help and found none, as agencies count it by month. Pure.

No small number leaves an agency (R46): 1 to 9 is null, "suppressed". Nor may one be worked out: where a total stands
beside its parts (the age groups; girls and boys), what it leaves for the suppressed parts is nothing or at least ten,
and never for one part alone; and of one month no area lies in another.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.directory.gaps.counting import GROUPS
from hub.directory.records.vocabulary import AGE_GROUPS, NEEDS, SUPPRESS_BELOW
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MONTH: Final = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
_PARTS: Final = (AGE_GROUPS, ("female", "male"))
_TOTAL: Final = "all"


@dataclass(frozen=True, slots=True)
class Unmet:
    """How many of a group in an area had a need and nobody to meet it; `count` None: some, but fewer than ten."""

    area: str
    need: str
    group: str
    count: int | None


def suppress(rows: Iterable[Unmet]) -> list[Unmet]:
    """Return counts as they may leave an agency: small ones, and what would tell them, are None."""
    found = [replace(row, count=None) if _small(row.count) else row for row in rows]
    cells = _cells(found)
    for cell in cells.values():
        while part := _tells(cell):
            known = [row for row in part if row.count]
            told = min(known, key=lambda row: row.count or 0) if known else cell[_TOTAL]
            cell[told.group] = replace(told, count=None)
    return [cells[_at(row)][row.group] for row in found]


def check(rows: Sequence[Unmet], paths: Mapping[str, Sequence[str]]) -> None:
    """Return if an agency's counts of a month may be kept. `paths`: the codes from the country down to each area.

    Raises:
        InvalidRequest: an unknown area, need or group, one that stands twice, or a number that is too small.
    """
    if any(row.area not in paths or row.need not in NEEDS or row.group not in GROUPS for row in rows):
        raise InvalidRequest("A row names an area, a need or a group that this hub does not know.", field="rows")
    if len({(*_at(row), row.group) for row in rows}) < len(rows):
        raise InvalidRequest("Two rows are about the same area, need and group.", field="rows")
    if any(_small(row.count) for row in rows):
        raise InvalidRequest("Counts from 1 to 9 are suppressed before they are sent.", todo="Send null for them.")
    named = {row.area for row in rows}
    if any(named & set(paths[area][:-1]) for area in named):
        raise InvalidRequest("Of one month, no area lies in another: their difference would tell small numbers.")
    if any(_tells(cell) for cell in _cells(rows).values()):
        raise InvalidRequest("A total tells what was suppressed.", todo="Suppress another part, or the total.")


def _small(count: int | None) -> bool:
    return count is not None and 0 < count < SUPPRESS_BELOW


def _tells(cell: Mapping[str, Unmet]) -> list[Unmet]:
    """Return the parts of a total that together tell a suppressed one, or none."""
    total = cell[_TOTAL].count if _TOTAL in cell else None
    for names in _PARTS:
        parts = [cell[name] for name in names if name in cell]
        hidden = sum(row.count is None for row in parts)
        left = (total or 0) - sum(row.count or 0 for row in parts)
        if total is not None and hidden and (hidden == 1 or left < SUPPRESS_BELOW):
            return parts
    return []


def _cells(rows: Iterable[Unmet]) -> dict[tuple[str, str], dict[str, Unmet]]:
    found: dict[tuple[str, str], dict[str, Unmet]] = defaultdict(dict)
    for row in rows:
        found[_at(row)][row.group] = row
    return found


def _at(row: Unmet) -> tuple[str, str]:
    return row.area, row.need
