"""Who of an agency is on duty when: the people of the ladder who are told beside the deputy.

Rows of one agency are replaced as a whole, as a rota is written by the week. A time at which nobody stands in it has
nobody on duty; the deputy is told all the same.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, String, Table, delete, select

from hub.db import Store, metadata

if TYPE_CHECKING:
    from collections.abc import Iterable

duty_rota = Table(
    "duty_rota",
    metadata,
    Column("agency", String(400), primary_key=True),
    Column("member", String(22), primary_key=True),
    Column("since", BigInteger, primary_key=True),
    Column("until", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Duty:
    """One turn: a member's id, and from when until when (Unix seconds; the end does not belong to it)."""

    member: str
    since: int
    until: int


class Rota(Store):
    """The turns of agencies, in the caller's transaction."""

    def replace(self, agency: str, turns: Iterable[Duty]) -> None:
        """Keep these turns in place of the ones before."""
        self._run(delete(duty_rota).where(duty_rota.c.agency == agency))
        for turn in turns:
            self._put(duty_rota, agency=agency, **asdict(turn))

    def turns(self, agency: str, now: int) -> list[Duty]:
        """Return the turns that are not over, the next one first."""
        c = duty_rota.c
        ahead = select(c.member, c.since, c.until).where(c.agency == agency, c.until > now).order_by(c.since, c.member)
        return [Duty(**row) for row in self._all(ahead)]

    def on_duty(self, agency: str, now: int) -> set[str]:
        """Return the members who are on duty now."""
        return {turn.member for turn in self.turns(agency, now) if turn.since <= now}
