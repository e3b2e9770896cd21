"""Who may change a record: coordinators and admins of the agency that maintains it; everybody else proposes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.errors import Forbidden

if TYPE_CHECKING:
    from hub.auth.permissions import Caller
    from hub.directory.servicemap.store import Row

EDITORS: Final = frozenset({"coordinator", "agency_admin"})
CHECKERS: Final = EDITORS | {"provider", "focal_point"}
BY_KEEPER: Final = ("call", "visit", "coordinator")
BY_PROVIDER: Final = ("provider",)
PROPOSERS: Final = EDITORS | {"provider", "focal_point", "caseworker", "supervisor"}


def may_edit(who: Caller, row: Row, host: str) -> bool:
    """Whether somebody may change a record at once; records of another hub are changed there."""
    return row.host == host and row.steward == who.agency and bool(who.roles & EDITORS)


def ways(who: Caller, row: Row, host: str) -> list[str]:
    """Return how somebody may know that a record is still right: its keeper by a call, its provider as such."""
    offers = row.host == host and row.agency == who.agency and bool(who.roles & CHECKERS)
    return [*(BY_KEEPER if may_edit(who, row, host) else ()), *(BY_PROVIDER if offers else ())]


def check_edit(who: Caller, row: Row, host: str) -> None:
    """Return if `may_edit`.

    Raises:
        Forbidden: they may propose a change instead.
    """
    if row.host != host:
        raise Forbidden("This record is kept at another hub.", todo="Ask the agency that keeps it.")
    if not may_edit(who, row, host):
        raise Forbidden("Another agency keeps this record.", todo="Propose a change; a coordinator there decides.")
