"""The alarm about a child who has not arrived: what runs by the clock and by nothing else.

It starts from the planned arrival, with or without a departure, and costs what is due. The hub that orders a leg signs
`transfer.report_missing`; the other hub tells its own people if an hour later it has not heard of that: a line that is
down at the wrong moment must not leave the duty officer there asleep.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hub.errors import Unavailable
from hub.followup.store import SweepState
from hub.handoffs.store import HandoffStore
from hub.ids import host_of
from hub.transfer.service import raise_alarm
from hub.transfer.store import LegStore
from hub.transfer.table import Side
from hub.transfer.work import JoinedWork

if TYPE_CHECKING:
    from hub.context import Hub

MISSING = "transfer.report_missing"
LISTENS = 3_600
"""Seconds for which the other hub waits for the word of the one that orders."""
_BATCH = 100
_log = logging.getLogger(__name__)


def raise_alarms(hub: Hub) -> int:
    """Raise the alarm for every child whose planned arrival has passed unseen; return how many."""
    now, done, after = hub.clock.now(), 0, (0, "")
    with hub.database.read() as connection:
        swept = SweepState(connection).get()
    if swept is not None and not swept.may_expire:
        return 0  # the clock jumped: an alarm that only people can end is not raised by a wrong clock
    while True:
        with hub.database.read() as connection:
            due = LegStore(connection).alarms(now, after, _BATCH)
        done += sum(_try(hub, leg, now) for leg, _at in due)
        if len(due) < _BATCH:
            return done
        after = due[-1][1], due[-1][0]


def _try(hub: Hub, name: str, now: int) -> int:
    """Raise one alarm; one that cannot be raised holds no other back, and is tried again at the next look."""
    try:
        return _raise(hub, name, now)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was; its text may hold content
        _log.error("an alarm could not be raised: %s", type(error).__name__)
    return 0


def _raise(hub: Hub, name: str, now: int) -> int:
    with hub.database.write() as connection:
        HandoffStore(connection).get(name, lock=True)
        legs = LegStore(connection)
        leg = legs.get(name)
        if leg.alarm_at is None or leg.alarm_at > now:
            return 0
        if leg.from_host == hub.origin:
            hub.intake.issue(connection, MISSING, leg.id, {"until": leg.alarm_at})
            return 1
        if leg.alarm_at + LISTENS <= now and host_of(leg.to_agency) == hub.origin and legs.warned(leg.id, now):
            raise_alarm(leg, Side.RECIPIENT, leg.to_agency, JoinedWork(connection, hub.origin, now), now)
            return 1
    return 0
