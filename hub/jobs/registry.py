"""The list of jobs: what runs by the clock, and how often. This is the seam where another runner can take over.

A job is a plain function from the running hub to the number of things it did. It claims rows, so any number of
processes may run it; it keeps no state of its own, so a run that never happened is made good by the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.auth.events import AccountEvents
from hub.auth.store import AccountStore
from hub.auth.tries import Tries
from hub.directory.feed.publish import publish_feed
from hub.directory.gaps.summary import count_gaps
from hub.directory.imports.jobs import run_imports
from hub.directory.upkeep.ladder import release, remind
from hub.federation.counts import pull_counts
from hub.federation.jobs import deliver, pull, purge_messages
from hub.federation.releases import check_releases
from hub.freeze.jobs import freeze_packets
from hub.handofflog.guard import ForkGuard
from hub.handoffs.jobs import erase_packets, purge_payloads
from hub.notify.jobs import ask_gateway, purge_notices, send_notices
from hub.proxies.jobs import ask_back
from hub.referrals.jobs import sweep
from hub.transfer.jobs import raise_alarms
from hub.webhooks.jobs import purge_events, send_events

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.context import Hub


@dataclass(frozen=True, slots=True)
class Job:
    """A function to run every so many seconds of the hub's clock."""

    name: str
    every: int
    run: Callable[[Hub], int]


def purge(hub: Hub) -> int:
    """Delete ended sessions, used invitations, old notices and messages, payloads that no row names."""
    with hub.database.write() as connection:
        now = hub.wire.now()
        ended = sum(rows(connection).purge(now) for rows in (AccountStore, Tries, AccountEvents))
    return ended + purge_notices(hub) + purge_messages(hub) + purge_payloads(hub) + purge_events(hub)


def publish(hub: Hub) -> int:
    """Sign the log's newest checkpoint, unless it contradicts the last one; return whether it is new."""
    guard = ForkGuard(hub.database, hub.origin, hub.settings.data)
    return int(guard.last_note() != guard.publish(hub.signer))


JOBS = (
    Job("alarms", 5, raise_alarms),
    Job("sweep", 5, sweep),
    Job("freeze", 2, freeze_packets),
    Job("deliver", 2, deliver),
    Job("notices", 10, send_notices),
    Job("texts", 60, ask_gateway),
    Job("asked-back", 30, ask_back),
    Job("events", 5, send_events),
    Job("remind", 3600, remind),
    Job("contacts", 300, release),
    Job("checkpoint", 10, publish),
    Job("erase", 5, erase_packets),
    Job("pull", 300, pull),
    Job("counts", 3600, pull_counts),
    Job("releases", 21600, check_releases),
    Job("gaps", 5, count_gaps),
    Job("feed", 10, publish_feed),
    Job("imports", 2, run_imports),
    Job("purge", 3600, purge),
)
