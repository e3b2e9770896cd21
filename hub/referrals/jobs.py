"""The sweep: acts on every clock that is due, one commit each.

Costs what is due, not what is open. Each act is a statement of this hub, taken by the intake like any other, so the log
has every rung. A worker that dies leaves its claims, which come back after their lease.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hub.errors import Unavailable
from hub.followup.domain import WARNING, after_rung, due_rung, put_off
from hub.followup.guard import confirmed, next_sweep
from hub.followup.store import FollowUps, SweepState
from hub.handoffs.store import HandoffStore
from hub.referrals.domain import OVERDUE
from hub.referrals.machine import away_since

if TYPE_CHECKING:
    from hub.context import Hub
    from hub.followup.domain import FollowUp, Rung

_BATCH = 100
EXPIRES = frozenset({"referral.expire", "transfer.expire"})
"""What is never signed while the recipient's hub is away."""
_REST = 900
"""Seconds for which a clock is left alone that could not be acted on."""
_log = logging.getLogger(__name__)


def sweep(hub: Hub) -> int:
    """Act on all clocks that are due; return how many rungs were told."""
    with hub.database.write() as connection:
        state = SweepState(connection)
        last, now = state.get(lock=True), hub.clock.now()  # read in this order: a worker that waited goes not backwards
        current = next_sweep(last, now)
        state.put(current)
    if not current.may_expire:
        _log.error("clock jumped: nothing expires until an operator confirms the time")
    done = 0
    while True:
        with hub.database.write() as connection:
            newest = SweepState(connection).get(lock=True)  # the time may have been confirmed meanwhile, and set back
            now = min(now, hub.clock.now())
            claimed = FollowUps(connection).claim_due(now, _BATCH)
        may_expire = newest is None or newest.may_expire
        done += sum(_try(hub, followup, may_expire=may_expire) for followup in claimed)
        if len(claimed) < _BATCH:
            hub.facts["last_sweep_at"] = now
            return done


def confirm_time(hub: Hub) -> None:
    """Say that the clock is right: expiry goes on, and clocks forget times from a future that never came."""
    with hub.database.write() as connection:
        now = hub.clock.now()
        SweepState(connection).put(confirmed(now))  # first: a sweep waits with its claims until all of this is done
        FollowUps(connection).rebase(now)


def _try(hub: Hub, followup: FollowUp, *, may_expire: bool) -> int:
    """Act on one clock; one that cannot be acted on is left alone for a while and holds no other back."""
    try:
        return _act(hub, followup, may_expire=may_expire)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was; its text may hold content
        _log.error("a clock could not be acted on: %s", type(error).__name__)
    with hub.database.write() as connection:
        FollowUps(connection).defer(followup, hub.clock.now() + _REST)
    return 0


def _act(hub: Hub, followup: FollowUp, *, may_expire: bool) -> int:
    """Tell one rung, or let one referral expire; a clock that changed since it was claimed is left alone."""
    now, intake = hub.clock.now(), hub.intake
    with hub.database.write() as connection:
        # locked as the intake does first: no deadlock with a step
        handoff = HandoffStore(connection).find(followup.handoff, lock=True)
        clocks = FollowUps(connection)
        rung = due_rung(followup, now)
        if rung is None or clocks.get(followup.handoff, followup.track) != followup:
            return 0
        if rung.expires and not may_expire:
            return 0
        # while the line is silent, and not the people, nothing expires
        silent = bool(rung.expires in EXPIRES and handoff and away_since(connection, handoff.to_host, now) is not None)
        after = put_off(followup, now) if silent else after_rung(followup, now)
        if after is None:
            clocks.defer(followup, now + _REST)
            return 0
        if not clocks.advance(followup, after):
            return 0
        kind, body = _statement(followup, replace(rung, expires=None) if silent else rung)
        intake.issue(connection, kind, followup.handoff, body)
    return 1


def _statement(followup: FollowUp, rung: Rung) -> tuple[str, dict[str, Any]]:
    if rung.expires:
        return rung.expires, {"clock": followup.clock}
    kind = OVERDUE if rung.name == WARNING else followup.rule.says  # nothing is late before its day
    return kind, {"clock": followup.clock, "rung": rung.number, "tell": rung.roles}
