"""Queues at a member's desk: the hub's rows, each once, and who they name.

The rows are the hub's word, to choose from and no evidence: `reading.show` verifies what is chosen. What needs more
than a hub may know, such as an emergency to review, is in `hub.client.tasks` and `hub.client.access`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.client.transport import well_formed
from hub.queues.domain import OPEN

if TYPE_CHECKING:
    from hub.client.member import Member
    from hub.queues.domain import Desk

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of a queue in the order that was asked for; `more`: there are others behind them."""

    rows: list[dict[str, Any]]
    more: bool


def rows(member: Member, desk: Desk, queue: str = OPEN, *, most: int = _PAGE, **choice: Any) -> Listing:
    """Return the first rows of a queue. One that changed while pages were fetched stands last, as it is now.

    `choice` are the members of the hub's question: `states`, `urgencies`, `agency`, `mine`, `due_before`, `arrivals`,
    `order`.

    Raises:
        Forbidden: none of the member's roles reads this desk.
    """
    found: dict[str, dict[str, Any]] = {}
    after: str | None = None
    while True:
        limit = max(1, min(_PAGE, most + 1 - len(found)))
        asked = {"queue": queue, "limit": limit, **choice} | ({"after": after} if after else {})
        page = member.hub.post(f"/api/v1/queues/{desk.value}", asked)
        with well_formed():
            for row in page["items"]:
                found.pop(row["id"], None)
                found[row["id"]] = dict(row)
            after = page["next"]
        if after is None or len(found) > most:
            return Listing(list(found.values())[:most], more=len(found) > most)


def counts(member: Member, desk: Desk, **choice: Any) -> dict[str, int]:
    """Return how much stands in each queue of a desk; `choice` as in `rows`, but no order.

    Raises:
        Forbidden: none of the member's roles reads this desk.
    """
    with well_formed():
        found = member.hub.post(f"/api/v1/queues/{desk.value}/counts", choice)["queues"]
        return {str(name): int(count) for name, count in found.items()}


def loads(member: Member) -> list[dict[str, Any]]:
    """Return how much waits for each provider, the own agency first: for coordinators, without any case.

    Raises:
        Forbidden: the member is no coordinator.
    """
    with well_formed():
        return list(member.hub.get("/api/v1/queues/coordinator")["providers"])
