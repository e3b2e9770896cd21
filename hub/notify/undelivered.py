"""What happens when a notice cannot be delivered: another channel, or the next person.

A failure climbs as silence does. The next person is the deputy or a supervisor of the same agency, or its admin where
it has neither; they learn that somebody could not be told, and what it is about by signing in. A failure to tell them
of it goes to the admins, and ends there: the operator sees how many there are (`/healthz`). Nobody is told of the same
failing member and the same handoff twice a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.keys.store import KeyStore
from hub.notify.choices import Choices
from hub.notify.outcome import Fate
from hub.notify.store import Notices
from hub.notify.teller import Teller
from hub.notify.templates import UNTOLD
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.notify.store import Notice

_NEXT = frozenset({Role.DEPUTY, Role.SUPERVISOR})
_MAP = frozenset({Role.COORDINATOR})
_LAST = frozenset({Role.AGENCY_ADMIN})
_DAY = 86_400


def undelivered(connection: Connection, origin: str, notice: Notice, reason: str, now: int) -> None:
    """Let a notice go on by the member's next channel; where none is left, give it up and tell the next person."""
    rows, following = Notices(connection), None
    if notice.to_member:
        wants = Choices(connection).of(notice.to_agency, notice.to_member)
        following = wants.after(f"{notice.passed} {notice.channel}")
    if following is not None:
        rows.turn_to(notice, following, now)
        return
    rows.give_up(notice, reason)
    _climb(connection, origin, notice, now)


def take_report(connection: Connection, origin: str, reference: str, fate: Fate, now: int) -> None:
    """Take a gateway's word on what became of a text; what is not known, or was told before, changes nothing."""
    rows = Notices(connection)
    notice = rows.referred(reference, lock=True)
    if notice is None:
        return
    if fate is Fate.DELIVERED:
        rows.delivered(notice, now)
    else:
        undelivered(connection, origin, notice, "not_delivered", now)


def _climb(connection: Connection, origin: str, notice: Notice, now: int) -> None:
    again = notice.template == UNTOLD
    key = f"untold:{notice.handoff or ''}:{notice.to_member or notice.id}:{now // _DAY}"
    key = notice.key.rpartition(":")[0] if again else key
    first = _LAST if again else _NEXT if notice.to_member or notice.handoff else _MAP
    keys, teller = KeyStore(connection), Teller(connection, origin)
    for roles in (first, _LAST):
        found = {row.member for row in keys.members_with_roles(notice.to_agency, roles, now)} - {notice.to_member}
        teller.tell_members(notice.to_agency, found, UNTOLD, about=notice.handoff or "", key=key, now=now)
        if found:
            return
