"""The alarm about a child who has not arrived: what runs by the clock and by nothing else.

It starts from the planned arrival, with or without a departure, and costs what is due. The hub that orders a leg signs
`transfer.report_missing`; the other hub tells its own people if an hour later it has not heard of that: a line that is
down at the wrong moment must not leave the duty officer there asleep. A hub that doubts its clock signs no alarm, which
only people could end, but wakes its own people all the same: better twice for nothing than not at all.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hub.errors import Unavailable
from hub.followup.store import SweepState
from hub.handoffs.store import HandoffStore
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
    sure = swept is None or swept.may_expire
    while True:
        with hub.database.read() as connection:
            due = LegStore(connection).alarms(now, after, _BATCH)
        done += sum(_try(hub, leg, now, sure=sure) for leg, _at in due)
        if len(due) < _BATCH:
            return done
        after = due[-1][1], due[-1][0]


def _try(hub: Hub, name: str, now: int, *, sure: bool) -> int:
    """Raise one alarm; one that cannot be raised holds no other back, and is tried again at the next look."""
    try:
        return _raise(hub, name, now, sure=sure)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was; its text may hold content
        _log.error("an alarm could not be raised: %s", type(error).__name__)
    return 0


def _raise(hub: Hub, name: str, now: int, *, sure: bool) -> int:
    with hub.database.write() as connection:
        HandoffStore(connection).get(name, lock=True)
        legs = LegStore(connection)
        leg = legs.get(name)
        if leg.alarm_at is None or leg.alarm_at > now:
            return 0
        orders = leg.from_host == hub.origin
        if orders and sure:
            hub.intake.issue(connection, MISSING, leg.id, {"until": leg.alarm_at})
            return 1
        if not orders and (leg.alarm_at + LISTENS > now or not legs.warned(leg.id, now)):
            return 0  # whoever orders is told again and again in vain: its alarm is still to be signed
        work = JoinedWork(connection, hub.origin, now)
        for side, agency in ((Side.SENDER, leg.from_agency), (Side.RECIPIENT, leg.to_agency)):
            raise_alarm(leg, side, agency, work, now)  # to the members at home here, once for each planned arrival
    return int(not orders)
