"""How long what a record says still counts: per group of fields when it is due to be checked, and when it is past.

Pure; days are `YYYY-MM-DD` in UTC and compare as text, and an empty one is before every other: never. Rules
(`policy.json`): what was checked on a day is due again on the day that is `cadence` days later, and counts no longer on
the day that is `limit` days later. Of a capacity the older of its own date and the day of the check counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from hub.directory.records.groups import OF_KIND, group_of
from hub.directory.records.record import PROVIDER, SERVICE, SITE
from hub.directory.records.vocabulary import FUNDED_WARNING_DAYS, GROUPS, codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ENDS: Final = "ends"
SOURCE: Final = "source"
FUNDED: Final = "funded"
WORDS: Final = (*GROUPS, ENDS, SOURCE, FUNDED)
"""What may be due: the groups of fields, a service that ended, one that its source no longer has, its money (H12)."""
MAIN: Final = {PROVIDER: "offer", SERVICE: "offer", SITE: "place"}
"""The group that every record of a kind has, and by which it is judged as a whole."""
_EMPTY: Final[tuple[object, ...]] = (None, "", [], {})
_NEVER: Final = ""
_BEST: Final = 100
_PROOFS: Final = frozenset(codes("proofs"))


class State(StrEnum):
    """How a group stands on a day."""

    FRESH = "fresh"
    DUE = "due"
    PAST = "past"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Due:
    """One thing of a record that comes due: from day `due` on it is to be checked, from `limit` on it is past."""

    group: str
    due: str
    limit: str

    def state(self, today: str) -> State:
        """Return how it stands on a day."""
        if not self.due:
            return State.NEVER
        return State.PAST if today >= self.limit else State.DUE if today >= self.due else State.FRESH

    @property
    def until(self) -> str:
        """The last day on which it counts; empty where it never did."""
        return day_after(self.limit, -1) if self.limit else _NEVER


def day_of(now: int) -> str:
    """Return the day of a second."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def day_after(day: str, days: int) -> str:
    """Return the day that is so many days after another, which may be negative; itself at the end of the calendar."""
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except (OverflowError, ValueError):
        return day


def checked_on(document: Mapping[str, Any], group: str) -> str:
    """Return the day on which a group was last known to be right; empty where never."""
    on: str = document.get("verified", {}).get(group, {}).get("on", _NEVER)
    dated = _capacity_dates(document) if group == "capacity" else []
    return min([on, *dated])


def groups_in(kind: str, document: Mapping[str, Any]) -> list[str]:
    """Return the groups that a record has something in, its main one always."""
    filled = {group_of(kind, name) for name, value in document.items() if value not in _EMPTY} | {MAIN[kind]}
    return [group for group in OF_KIND[kind] if group in filled]


def due_of(document: Mapping[str, Any], group: str) -> Due:
    """Return when a group of fields is due and when it is past."""
    on, policy = checked_on(document, group), GROUPS[group]
    if not on:
        return Due(group, _NEVER, _NEVER)
    return Due(group, day_after(on, policy.cadence), day_after(on, policy.limit))


def due_rows(kind: str, document: Mapping[str, Any]) -> list[Due]:
    """Return all that comes due of a record, as the due list keeps it."""
    return [*(due_of(document, group) for group in groups_in(kind, document)), *_others(kind, document)]


def limits(kind: str, document: Mapping[str, Any]) -> dict[str, str]:
    """Return for each group that was ever checked the last day on which it counts."""
    return {group: last for group in OF_KIND[kind] if (last := due_of(document, group).until)}


def shown_until(document: Mapping[str, Any]) -> str:
    """Return the last day on which a service is in default results; empty where on none."""
    limit = due_of(document, "offer").until
    return min(limit, document.get("ends") or limit)


def verified(document: Mapping[str, Any], groups: Iterable[str], *, on: str, how: str, by: str) -> dict[str, Any]:
    """Return a document whose groups were checked on a day, unless they were on a later one."""
    said = dict(document.get("verified", {}))
    proof = how if how in _PROOFS else "coordinator"
    for group in groups:
        if said.get(group, {}).get("on", "") <= on:
            said[group] = {"on": on, "how": proof, "by": by}
    return {**document, "verified": said}


def badge(kind: str, document: Mapping[str, Any], today: str) -> State:
    """Return the one word about a record: how its main group stands, and that a service that ended is past."""
    if kind == SERVICE and (document.get("ends") or today) < today:
        return State.PAST
    return due_of(document, MAIN[kind]).state(today)


def rank(kind: str, document: Mapping[str, Any], today: str) -> int:
    """Return 100 for what was checked on the day itself, falling evenly to 0 where it counts no longer."""
    group = MAIN[kind]
    last = due_of(document, group).until
    if not last or badge(kind, document, today) is State.PAST:
        return 0
    left = (date.fromisoformat(last) - date.fromisoformat(today)).days + 1
    return min(_BEST, _BEST * left // GROUPS[group].limit)


def _others(kind: str, document: Mapping[str, Any]) -> Iterable[Due]:
    if kind == SERVICE and (ends := document.get("ends")):
        yield Due(ENDS, day_after(ends, 1), day_after(ends, 1))
    if kind == SERVICE and (funded := document.get("funded_until")):
        yield Due(FUNDED, day_after(funded, -FUNDED_WARNING_DAYS), day_after(funded, 1))
    vanished = document.get("source", {}).get("vanished")
    if vanished and checked_on(document, MAIN[kind]) <= vanished:
        yield Due(SOURCE, vanished, due_of(document, MAIN[kind]).limit or vanished)


def _capacity_dates(document: Mapping[str, Any]) -> list[str]:
    own = document.get("capacity", {}).get("as_of")
    if own:
        return [own]
    dates = [str(row["updated"])[:10] for row in document.get("capacities") or () if row.get("updated")]
    return [max(dates)] if dates else []
