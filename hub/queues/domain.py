"""Which queues there are, who reads them, and where a page ends. Pure.

A desk is a way to look at the same referrals: the owner's (what the own agency sent), the provider's (what it was
sent), the supervisor's (both). Most queues are some states; what the others ask for is in `hub.queues.store`. A
coordinator has no desk: there are counts by provider, and no case (requirement E4).

Paging while rows move: the first page remembers the turn of the newest change (`hub.referrals.store`). The pages show
what has not changed since, in their order, which so stays as it is; what did change comes behind it, as it stands now,
in the order of the changes. So nothing is lost, and a row comes again only if it has changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING, Final

from hub.errors import InvalidRequest
from hub.followup.calendar import DAY
from hub.followup.domain import LADDER, Urgency
from hub.referrals.domain import State
from hub.statements.bodies import Role

if TYPE_CHECKING:
    from collections.abc import Sequence


class Desk(StrEnum):
    """Whose queues."""

    OWNER = "owner"
    PROVIDER = "provider"
    SUPERVISOR = "supervisor"


class Order(StrEnum):
    """What comes first: what is due first, what was sent first, or what is most urgent and then due first."""

    DUE = "due"
    AGE = "age"
    URGENCY = "urgency"


OPEN: Final = "open"
"""The queue with everything in which somebody at the desk, or whoever they wait for, has to act."""
BY_STATE: Final[dict[Desk, dict[str, frozenset[State]]]] = {
    Desk.OWNER: {
        "unacknowledged": frozenset({State.SUBMITTED, State.DELIVERED}),
        "undecided": frozenset({State.ACKNOWLEDGED}),
        "not_started": frozenset({State.ACCEPTED, State.WAITLISTED}),
        "no_outcome": frozenset({State.IN_PROGRESS, State.ON_HOLD, State.CANCEL_REQUESTED}),
        "info_asked": frozenset({State.INFO_NEEDED, State.INFO_NEEDED_ACTIVE}),
        "tasks": frozenset({State.DECLINED, State.EXPIRED, State.NOT_COMPLETED}),
        "to_close": frozenset({State.OUTCOME_REPORTED}),
    },
    Desk.PROVIDER: {
        "new": frozenset({State.SUBMITTED, State.DELIVERED}),
        "undecided": frozenset({State.ACKNOWLEDGED}),
        "to_start": frozenset({State.ACCEPTED}),
        "waitlist": frozenset({State.WAITLISTED}),
        "under_way": frozenset({State.IN_PROGRESS, State.ON_HOLD}),
        "to_stop": frozenset({State.CANCEL_REQUESTED}),
        "asked": frozenset({State.INFO_NEEDED, State.INFO_NEEDED_ACTIVE}),
    },
    Desk.SUPERVISOR: {},
}
"""The states of a queue. `submitted` is new to a provider: its own delivery waits for the other hub's word."""
BY_CONDITION: Final[dict[Desk, tuple[str, ...]]] = {
    Desk.OWNER: ("silent", "untold"),
    Desk.PROVIDER: ("due_today", "overdue", "withdrawn"),
    Desk.SUPERVISOR: ("escalated", "paused", "third_question", "said_no", "tenth", "held"),
}
QUEUES: Final[dict[Desk, tuple[str, ...]]] = {
    desk: (*BY_STATE[desk], *BY_CONDITION[desk], *((OPEN,) if BY_STATE[desk] else ())) for desk in Desk
}
_OPENERS = {Role.CASEWORKER, Role.SUPERVISOR, Role.FOCAL_POINT, Role.DEPUTY}
READERS: Final[dict[Desk, frozenset[str]]] = {
    Desk.OWNER: frozenset(_OPENERS),
    Desk.PROVIDER: frozenset(_OPENERS | {Role.PROVIDER}),
    Desk.SUPERVISOR: frozenset({Role.SUPERVISOR}),
}
COUNTERS: Final = frozenset({Role.COORDINATOR})
UNCONFIRMED: Final = frozenset(
    {
        *(State.SUBMITTED, State.DELIVERED, State.ACKNOWLEDGED, State.INFO_NEEDED, State.WAITLISTED, State.ON_HOLD),
        *(State.DECLINED, State.EXPIRED, State.NOT_COMPLETED),
    }
)
"""Nobody has promised to be there when the child arrives (requirement E8)."""
ARRIVALS_DAYS: Final = 7
ESCALATED: Final = next(rung.number for rung in LADDER if rung.name == "supervisors")
URGENCIES: Final = tuple(Urgency)
"""The most urgent first."""
_MARK = re.compile(r"([0-9]{1,12})\.([0-9]{1,18})\.([01])\.([0-9]{1,18})\.([0-9]{1,12})\.([A-Za-z0-9_-]{22})")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to see. `due_before` None, and empty collections, leave nothing out."""

    desk: Desk
    queue: str
    agency: str
    member: str
    order: Order = Order.DUE
    states: frozenset[str] = frozenset()
    urgencies: frozenset[str] = frozenset()
    other: str | None = None
    """Only what is shared with this agency."""
    mine: bool = False
    """Only what the member is named for."""
    due_before: int | None = None
    arrivals: bool = False
    """Only children who arrive within the week and whom nobody has promised to receive."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page ended: the time and turn of the first page, and the last row's place in the order.

    `changed`: it ended among those that have changed since the first page; their order is that of the changes.
    """

    at: int
    turn: int
    changed: bool
    place: tuple[int, int, str]

    def __str__(self) -> str:
        """Return it as the client gives it back."""
        first, second, row = self.place
        return f"{self.at}.{self.turn}.{int(self.changed)}.{first}.{second}.{row}"


def read_mark(text: str) -> Mark:
    """Return the mark that a client gave back.

    Raises:
        InvalidRequest: it is none of ours.
    """
    found = _MARK.fullmatch(text)
    if found is None:
        raise InvalidRequest("The page mark is not one that this hub gave.", fields=["after"])
    at, turn, changed, first, second = (int(part) for part in found.groups()[:5])
    return Mark(at, turn, bool(changed), (first, second, found[6]))


@dataclass(frozen=True, slots=True)
class Load:
    """What waits for one provider."""

    agency: str
    open: int
    past_due: int


def median_days(sent: Sequence[int], now: int) -> int | None:
    """Return for how many whole days half of what is open has been open."""
    return int(median(max(0, now - at) for at in sent)) // DAY if sent else None
