"""The days on which a recipient does not work besides its weekend: public holidays, and what the agency itself says.

Public holidays come from a well-kept library, by country. An agency's own word goes first, both ways: it may be closed
on any day, and it may work on a holiday. A country that the library does not know has only what its agencies say.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True)
class DaysOff:
    """When nobody works at an agency of a country. Days are `YYYY-MM-DD`."""

    country: str | None
    closed: frozenset[str] = frozenset()
    worked: frozenset[str] = frozenset()

    def is_holiday(self, day: date) -> bool:
        """Say whether nobody works on this day."""
        name = day.isoformat()
        if name in self.worked:
            return False
        return name in self.closed or (self.country is not None and day in _public(self.country, day.year))


@lru_cache(maxsize=1000)
def _public(country: str, year: int) -> frozenset[date]:
    from holidays import country_holidays, list_supported_countries  # heavy: a hub starts without it

    return frozenset(country_holidays(country, years=year)) if country in list_supported_countries() else frozenset()
