"""Referrals that reach another hub: per second and p50, against the durable commits that the same PostgreSQL reaches.

Hub B is a process of its own, `hub serve`; hub A delivers from this one as its worker does: one queue, one request in
flight, sealed packets of some 10 KiB prepared beforehand. Each delivery is two commits at A, two at B, and a payload
and a key synced to disk at B; signatures, certificates, grant, verdict and log proof are checked as always. Rounds of
both measures alternate, because a machine's speed drifts; compare ratios and not digits.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Integer, LargeBinary, Table, insert

from hub.db import Database, metadata
from hub.federation.deliver import deliver_queue
from hub.federation.store import Peers
from tests.support.pairs import AWAY, HOME, befriend, found, populate, submitted
from tests.support.postgres import NoPostgres, running

if TYPE_CHECKING:
    from hub.context import Hub

ROUNDS = 5
PACKETS = 60
COMMITS = 300

_plain = Table("bench_commits", metadata, Column("n", Integer, primary_key=True), Column("document", LargeBinary))


class Timed:
    """An intake that notes how long each word takes, from its claim to the peer's verified answer."""

    def __init__(self, intake: Any) -> None:
        self._intake, self._began = intake, 0.0
        self.seconds: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._intake, name)

    def message(self, *words: Any) -> Any:
        self._began = time.perf_counter()
        return self._intake.message(*words)

    def answered(self, *words: Any, **named: Any) -> None:
        self._intake.answered(*words, **named)
        self.seconds.append(time.perf_counter() - self._began)


def commit(database: Database) -> list[float]:
    """Commit one row at a time, durably; return the seconds of each."""
    marks = [time.perf_counter()]
    for _ in range(COMMITS):
        with database.write() as connection:
            connection.execute(insert(_plain), {"document": b"x" * 600})
        marks.append(time.perf_counter())
    return [after - before for before, after in pairwise(marks)]


def delivered(hub: Hub) -> float:
    """Deliver all that waits; return words a second."""
    with hub.database.read() as connection:
        peer = Peers(connection).get(AWAY)
    start = time.perf_counter()
    count = deliver_queue(hub, peer)
    if count != PACKETS:
        raise AssertionError(f"{count} of {PACKETS} packets were delivered")
    return count / (time.perf_counter() - start)


def main() -> None:
    """Measure and print."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running(fsync=True))
        except NoPostgres as error:
            print(f"federation: left out, {error}")
            return
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        urls = [stack.enter_context(server.database()) for _ in range(3)]
        _measure(stack, folder, urls)


def _measure(stack: ExitStack, folder: Path, urls: list[str]) -> None:
    bare = Database(urls[2])
    stack.callback(bare.close)
    with bare.write() as connection:
        _plain.create(connection)
    home, away = (found(folder, host, c, database=u) for host, c, u in ((HOME, "DJ", urls[0]), (AWAY, "ET", urls[1])))
    for each in (home, away):
        stack.callback(each.hub.database.close)
    befriend(home, away)
    people = populate(home, away)
    home.hub.intake = timed = Timed(home.hub.intake)
    stack.callback(away.process().start().stop)
    rates, floor, each_commit = [], [], []
    for warm in (False, *[True] * ROUNDS):
        submitted(home, people, PACKETS)
        took, rate = commit(bare), delivered(home.hub)
        if not warm:
            timed.seconds.clear()
            continue
        each_commit += took
        floor.append(COMMITS / sum(took))
        rates.append(rate)
    if away.arrived() != PACKETS * (ROUNDS + 1) or away.findings():
        raise AssertionError("not all packets arrived, or the log does not verify")
    ours, theirs = median(rates), median(floor)
    print(f"PostgreSQL, bare insert + commit   {theirs:7,.1f}/s  p50 {1000 * median(each_commit):5.1f} ms")
    print(f"PostgreSQL, referral stored at B   {ours:7,.1f}/s  p50 {1000 * median(timed.seconds):5.1f} ms  ", end="")
    print(f"{ours / theirs:.3f}x of bare commits; each is 4 commits and 2 files synced, one after the other")


if __name__ == "__main__":
    main()
