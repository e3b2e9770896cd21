"""Working days where the recipient is: zone, weekend and holidays, on top of Unix seconds.

Pure: knows no referral. Holidays come through a port; without one there are none. An agency's own zone and weekend,
from the directory, go before its country's, which stand in `policy.json` with their source.
"""

from __future__ import annotations

import json
from calendar import monthrange
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

DAY = 86_400
QUARTER = 900
"""Every clock in the world is a whole number of quarter hours from UTC, so the end of any day is one of these."""
_WEEK = 7
_MOST_DAYS_OFF = 60
"""A run of holidays longer than this is an error in somebody's data and must not stop a clock."""

POLICY: dict[str, Any] = json.loads(resources.files("hub.followup").joinpath("policy.json").read_text("utf-8"))
"""The numbers of the follow-up, each with its source."""


_REMOTE = int(POLICY["remote_factor"])
_BY_PROXY = int(POLICY["reported_factor"]["times"])


class HolidayPort(Protocol):
    """Whoever knows the public holidays of a recipient."""

    def is_holiday(self, day: date) -> bool:
        """Say whether nobody works on this day."""
        ...


class NoHolidays:
    """Every day that is no weekend is a working day."""

    def is_holiday(self, day: date) -> bool:  # noqa: ARG002 - the port's signature
        """Return False."""
        return False


@dataclass(frozen=True, slots=True)
class Calendar:
    """Where and when a recipient works. `weekend` counts from Monday = 0."""

    zone: ZoneInfo | None = None
    weekend: frozenset[int] = frozenset({5, 6})
    holidays: HolidayPort = field(default_factory=NoHolidays)
    slower: int = 1
    """How many times longer the limits of the urgency classes are: a remote area, an answer by proxy."""

    def after_a_report(self) -> Calendar:
        """Return the calendar of a recipient whose answer the sender brought: its ladder is slower, and never stops."""
        return replace(self, slower=self.slower * _BY_PROXY)

    def is_working(self, day: date) -> bool:
        """Say whether the recipient works on this day of its own calendar."""
        return day.weekday() not in self.weekend and not self.holidays.is_holiday(day)

    def local(self, at: int) -> datetime:
        """Return what the recipient's wall clock shows."""
        return datetime.fromtimestamp(at, self.zone or UTC)

    def end_of(self, day: date) -> int:
        """Return the first second after a day of the recipient's calendar."""
        return int(datetime.combine(day + timedelta(days=1), time(), self.zone or UTC).timestamp())

    def add_working_days(self, at: int, half_days: int) -> int:
        """Return the time that is so many half working days after `at`, at the recipient's wall clock."""
        start = self.local(at)
        day = self._working_from(start.date())
        hours = start.time() if day == start.date() else time()
        for _ in range(half_days // 2):
            day = self._working_from(day + timedelta(days=1))
        moment = datetime.combine(day, hours)
        if half_days % 2:
            moment += timedelta(hours=12)
            moment = datetime.combine(self._working_from(moment.date()), moment.time())
        return int(moment.replace(tzinfo=self.zone or UTC).timestamp())

    def _working_from(self, day: date) -> date:
        for ahead in range(_MOST_DAYS_OFF):
            if self.is_working(found := day + timedelta(days=ahead)):
                return found
        return day


def whole(at: int) -> int:
    """Return a time rounded up to a quarter of an hour: the end of a day stays what it is, in every zone.

    A due time in seconds would say which dates were set by one hand in one moment, and so are of one child.
    """
    return -(-at // QUARTER) * QUARTER


def due_after(
    calendar: Calendar, since: int, *, days: int | None = None, months: int | None = None, hours: int | None = None
) -> int:
    """Return by when a term that begins at `since` ends: one of `days`, `months` and `hours`.

    Days and months of the calendar run to the end of their last day where the agency works, and the day of the
    beginning does not count; rest days do, as in statutory terms (C22). A month ends on the day of the same number, or
    on its last where it has none: four months from 31 October are the last of February. Hours are elapsed ones.

    Raises:
        InvalidRequest: not exactly one of the three.
    """
    given = [term for term in (days, months, hours) if term is not None]
    if len(given) != 1 or given[0] < 0:
        raise InvalidRequest("A term is so many days, months or hours: one of them.")
    if hours is not None:
        return whole(since + hours * 3_600)
    day = calendar.local(since).date()
    last = day + timedelta(days=days or 0) if months is None else months_after(day, months)
    return whole(calendar.end_of(last))


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, or the last of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def calendar_for(
    country: str | None,
    *,
    zone: str | None = None,
    weekend: Iterable[int] | None = None,
    holidays: HolidayPort | None = None,
    remote: bool = False,
) -> Calendar:
    """Return a recipient's calendar: by its own zone and weekend, else its country's, else UTC and Saturday, Sunday.

    Raises:
        InvalidRequest: no such zone, or a weekend that is no set of days with a working day left.
    """
    known = POLICY["countries"].get(country or "", {})
    known = known if isinstance(known, dict) else {}
    name = zone or known.get("zone")
    days = frozenset(known.get("weekend", (5, 6)) if weekend is None else weekend)
    if len(days) >= _WEEK or not days <= frozenset(range(_WEEK)):
        raise InvalidRequest("A weekend is a set of days, counted from Monday as 0, that leaves a working day.")
    try:
        return Calendar(ZoneInfo(name) if name else None, days, holidays or NoHolidays(), _REMOTE if remote else 1)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidRequest("There is no such time zone.") from error
