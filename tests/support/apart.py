"""Hubs in processes of their own, by a clock that they read from one file: what a district runs, and a test waits for.

The test opens each hub's database too, as an operator's command does, to look at it and to invite people. It does no
job of a hub: those run in the process, and `settled` waits until nothing is due, promised or to be erased any more.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from hub.app import create_hub, open_hub
from hub.clock import FileClock
from hub.federation.store import Peers
from hub.followup.store import follow_ups
from hub.handoffs.store import PacketStore
from hub.notify.inbound import InboundTexts
from hub.notify.store import LEASE, notices
from hub.outbox.store import Outbox
from hub.proxies.store import Questions
from hub.settings import Settings
from hub.transfer.store import LegStore
from tests.support.processes import HubProcess, free_port, until

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from hub.context import Hub
    from hub.web.identity import Identity

_SPELL, _SPELLS = 30, 10
"""Seconds to wait before back-offs are ended, and how often."""


class PutClock(FileClock):
    """A clock that stands where it is put, for every process that reads its file."""

    def __init__(self, path: Path, at: int) -> None:
        super().__init__(path)
        self.path = path
        self.put(at)

    @property
    def at(self) -> int:
        return self.now()

    @at.setter
    def at(self, moment: int) -> None:
        self.put(moment)


@contextmanager
def apart(folder: Path, about: Identity, clock: PutClock, given: Mapping[str, Any]) -> Iterator[Hub]:
    """Yield a new hub, opened by the test, while processes of its own serve it and do its jobs."""
    port = free_port()
    settings = Settings(data=folder, private_peers=True, url=f"http://127.0.0.1:{port}", **given)
    create_hub(settings, replace(about, url=settings.url), clock=clock)
    environment = {f"HUB_{name.upper()}": str(value) for name, value in given.items()}
    environment |= {"HUB_CLOCK_FILE": str(clock.path), "HUB_HURRY": "25"}
    verbs = ("serve", "worker") if "database" in given else ("serve",)  # on SQLite one process does both
    processes = [HubProcess(folder, port, environment, verb) for verb in verbs]
    try:
        for process in processes:
            process.start()
        hub = open_hub(settings, clock=clock)
        yield hub
        hub.database.close()
    finally:
        ended = [process.stop() for process in reversed(processes)]
    assert not any(ended)
    assert not any("job failed" in process.logged() for process in processes)


def settled(hubs: Collection[Hub]) -> None:
    """Wait until no hub has anything left to do, seen twice: a word that arrives can promise another."""
    for _ in range(2):
        for _ in range(_SPELLS):
            if _idle_within(hubs, _SPELL):
                break
            _introduce_anew(hubs)
        else:
            raise AssertionError(f"The hubs never did what is due: {[_left(hub, hubs) for hub in hubs]}")


def _idle_within(hubs: Collection[Hub], seconds: float) -> bool:
    try:
        until(lambda: not any(any(_left(hub, hubs).values()) for hub in hubs), "the hubs to do what is due", seconds)
    except AssertionError:
        return False
    return True


def _introduce_anew(hubs: Collection[Hub]) -> None:
    """End every back-off, as a peer's word would: on a loaded machine one grows while the story's clock stands."""
    for hub in hubs:
        with hub.database.write() as connection:
            for other in hubs:
                Peers(connection).heard(other.origin)


def _left(hub: Hub, hubs: Collection[Hub]) -> dict[str, int]:
    """Return how many things of each kind a hub has still to do by its clock."""
    now = hub.clock.now()
    with hub.database.read() as connection:
        promised = sum(Outbox(connection).waiting(other.origin) for other in hubs)
        due = connection.scalar(select(func.count()).select_from(follow_ups).where(follow_ups.c.next_at <= now))
        on_its_way = (notices.c.next_try == now + LEASE) & (notices.c.tries == 1)
        told = connection.scalar(
            select(func.count()).select_from(notices).where((notices.c.next_try <= now) | on_its_way)
        )
        asks = Questions(connection)
        answers = [text for one in asks.asked() for text in InboundTexts(connection).answers_from(one.number, now)]
        doomed, legs = PacketStore(connection).doomed(None), LegStore(connection)
        return {
            "promised": promised,
            "clocks": int(due or 0),
            "notices": int(told or 0),
            "questions": len(asks.next()) + len(answers),
            "packets": len(doomed),
            "alarms": sum(legs.get(name).from_host == hub.origin for name, _ in legs.alarms(now, (0, ""), 100)),
        }
