"""When an agency works: its own entry in the directory first, else its country's zone, weekend and public holidays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.directory.store import Directory
from hub.errors import InvalidRequest
from hub.followup.calendar import Calendar, calendar_for
from hub.followup.days_off import DaysOff
from hub.keys.store import KeyStore

if TYPE_CHECKING:
    from sqlalchemy import Connection


def calendar_of(connection: Connection, agency: str) -> Calendar:
    """Return the calendar of an agency: its own entry in the directory first, else its country's."""
    entry, profile = KeyStore(connection).find_agency(agency), Directory(connection).profile(agency)
    country = entry.country if entry else None
    if profile is None:
        return calendar_for(country, holidays=DaysOff(country))
    off, remote = DaysOff(country, profile.closed, profile.worked), profile.remote
    try:
        return calendar_for(country, zone=profile.zone, weekend=profile.weekend, holidays=off, remote=remote)
    except InvalidRequest:  # a zone that a peer names and this hub does not know stops no clock, and no step
        return calendar_for(country, holidays=off, remote=remote)
