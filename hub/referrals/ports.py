"""What the use cases of referrals need of storage, clocks, notices and the directory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.followup.calendar import Calendar
    from hub.followup.domain import FollowUp
    from hub.referrals.domain import Referral


class Referrals(Protocol):
    """Where referrals are kept."""

    def add(self, referral: Referral) -> None:
        """Keep a new referral."""
        ...

    def find(self, referral: str) -> Referral | None:
        """Return a referral, or None."""
        ...

    def get(self, referral: str) -> Referral:
        """Return a referral, or raise NotFound."""
        ...

    def save(self, referral: Referral, *, was: int) -> None:
        """Keep what became of a referral, or raise StaleVersion."""
        ...


class Clocks(Protocol):
    """Where running clocks are kept."""

    def replace(self, handoff: str, followup: FollowUp | None, track: str = ...) -> None:
        """Give a handoff this clock instead of the one it has on a track, or none."""
        ...

    def get(self, handoff: str, track: str = ...) -> FollowUp | None:
        """Return the clock of a handoff on a track."""
        ...


class Tellers(Protocol):
    """Whoever promises notices to the members at home here."""

    def tell(  # noqa: PLR0913 - whom, what, about what
        self,
        agency: str,
        roles: Collection[str],
        template: str,
        *,
        about: str,
        key: str,
        now: int,
        named: str | None = None,
        facts: Mapping[str, str | int] | None = None,
        emergency: bool = False,
    ) -> None:
        """Promise a notice to each member of `agency` in one of `roles`, once for each `key`; `named` owns it there."""
        ...

    def tell_area(self, recipient: str, parties: Collection[str], *, about: str, key: str, now: int) -> None:
        """Tell the focal points of the recipient's area, who are no party: how many wait there, and whom to phone."""
        ...


class Work(Protocol):
    """One unit of work: everything through one transaction."""

    @property
    def referrals(self) -> Referrals:
        """Referrals."""
        ...

    @property
    def clocks(self) -> Clocks:
        """Running clocks."""
        ...

    @property
    def notices(self) -> Tellers:
        """Notices."""
        ...

    def silence(self, agency: str, now: int) -> Mapping[str, str | int] | None:
        """Return what to say of the hub of an agency that is away: `host`, `when`, `duty`; None where it is there."""
        ...

    def calendar(self, agency: str) -> Calendar:
        """Return the calendar by which an agency works."""
        ...
