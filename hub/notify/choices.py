"""How a member wants to be told: language, channels in their order, number, quiet hours.

A member who has chosen nothing is told by mail, in English. Channels that a member leaves out are never used. Quiet
hours hold back what makes a phone ring, except in an emergency; they are wall-clock times of a zone, so they stay where
they are when the clocks change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Integer, String, Table, select

from hub.db import Store, metadata


class Channel(StrEnum):
    """By what a notice goes."""

    MAIL = "mail"
    SMS = "sms"


notice_choices = Table(
    "notice_choices",
    metadata,
    Column("agency", String(400), primary_key=True),
    Column("member", String(22), primary_key=True),
    Column("language", String(2), nullable=False),
    Column("channels", String(32), nullable=False),
    Column("phone", String(16)),
    Column("quiet_from", Integer),
    Column("quiet_to", Integer),
    Column("zone", String(64), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What one member wants. `quiet` is two minutes of the day in `zone`; the second may be of the next day."""

    language: str = "en"
    channels: tuple[Channel, ...] = (Channel.MAIL,)
    phone: str | None = None
    quiet: tuple[int, int] | None = None
    zone: str = "UTC"

    def quiet_until(self, now: int) -> int | None:
        """Return when the quiet hours end that are now, or None where there are none."""
        if self.quiet is None:
            return None
        zone = ZoneInfo(self.zone)
        begin, end = self.quiet
        here = datetime.fromtimestamp(now, zone)
        minute = here.hour * 60 + here.minute
        inside = begin <= minute < end if begin < end else minute >= begin or minute < end
        if not inside:
            return None
        day = here.date() + timedelta(days=int(end <= minute))
        over = datetime.combine(day, time(end // 60, end % 60), tzinfo=zone)
        return max(now + 1, int(over.astimezone(UTC).timestamp()))

    def after(self, passed: str) -> Channel | None:
        """Return the next channel where some have failed, or None where none is left."""
        return next((channel for channel in self.channels if channel not in passed.split()), None)


class Choices(Store):
    """The members' choices, in the caller's transaction."""

    def of(self, agency: str, member: str) -> Choice:
        """Return what a member chose."""
        here = (notice_choices.c.agency == agency) & (notice_choices.c.member == member)
        row = self._one(select(notice_choices).where(here))
        if row is None:
            return Choice()
        quiet = None if row["quiet_from"] is None else (row["quiet_from"], row["quiet_to"])
        channels = tuple(map(Channel, row["channels"].split()))
        return Choice(row["language"], channels, row["phone"], quiet, row["zone"])

    def put(self, agency: str, member: str, choice: Choice) -> None:
        """Keep what a member chose."""
        begin, end = choice.quiet or (None, None)
        self._put(
            notice_choices,
            agency=agency,
            member=member,
            language=choice.language,
            channels=" ".join(choice.channels),
            phone=choice.phone,
            quiet_from=begin,
            quiet_to=end,
            zone=choice.zone,
        )
