"""A day of a national hub at speed: 200 agencies, 20,000 open referrals and 3,000 new ones, on both databases.

The clock is put forward and never waits. People take their steps when the invented day says so, each by the intake
as over HTTP; every simulated minute the hub's own jobs run, as often as they would, with mail to a local server. Then
`hub serve`, a process of its own, takes more of the same over HTTP. Beside each run: a bare insert and commit of the
same bytes in the same database, because figures mean nothing across machines.

Of each rung it is checked that it was told, once, and how late: in the day's seconds after it was due, and in real
seconds of the sweep that told it. For referrals that nobody touches all rungs are reckoned beforehand.
`NATIONAL=2000` for a smaller country.
"""

from __future__ import annotations

import heapq
import os
import secrets
import tempfile
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, func, insert, select

from bench._machine import mail_sink, peak, reset_peak
from bench._nation import BEGIN, COUNTRY, DAY, HOST, HOUR, Case, Nation, ladder
from hub.auth.accounts import secret_hash
from hub.auth.store import AccountStore, Session
from hub.client.transport import HubSession
from hub.clock import FileClock, SetClock
from hub.db import Database
from hub.errors import IllegalTransition
from hub.followup.store import follow_ups
from hub.handofflog.store import HandoffLog
from hub.handoffs.store import statements
from hub.ids import random_id
from hub.jobs.registry import JOBS
from hub.notify.store import notices
from hub.packets.dsse import Envelope
from hub.packets.multipart import Body
from hub.statements.grammar import STATEMENT_TYPE
from tests.support.pairs import Founded, found
from tests.support.postgres import NoPostgres, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.jobs.registry import Job
    from tests.support.packets import MemoryPacket

OPEN = int(os.environ.get("NATIONAL", "20000"))
EVERY = 60
"""Simulated seconds between two sweeps; a hub that runs sweeps every five."""
BARE_EVERY = 10
CLIENTS = 4
_OF_CLOCKS = ("referral.overdue", "referral.expire", "referral.fail_delivery")
_SWEEP = "sweep"
_plain = Table("bench_national", MetaData(), Column("n", Integer, primary_key=True), Column("document", LargeBinary))


@dataclass(frozen=True)
class Size:
    """How large a country is."""

    open: int
    new: int
    agencies: int
    hours: int = 24

    @classmethod
    def of(cls, count: int) -> Size:
        """Return the size of a country with `count` open referrals, in the proportions of a national hub."""
        return cls(count, count * 3 // 20, max(count // 100, 12))


@dataclass
class Figures:
    """What was measured; times in seconds."""

    taken: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    refused: int = 0
    jobs: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    minutes: list[float] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    missed: int = 0
    twice: int = 0
    untouched: int = 0
    mails: list[int] = field(default_factory=list)
    unsent: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    setup: float = 0.0
    peak: int = 0
    http: list[float] = field(default_factory=list)
    http_rate: float = 0.0
    http_peak: int = 0

    @property
    def work(self) -> float:
        """What the hub did in the day, without what clients do."""
        return sum(self.taken) + sum(self.jobs.values())


class Day:
    """One day at one hub."""

    def __init__(self, founded: Founded, nation: Nation, bare: Database) -> None:
        self.hub, self.desk, self.nation, self.bare = founded.hub, founded.desk, nation, bare
        self.figures = Figures()
        self._queue: list[tuple[int, int, Case]] = []
        self._cases: list[Case] = []
        self._posted = 0

    def fill(self, size: Size) -> None:
        """Keep what is open, of which people will touch a quarter, and plan when the new ones come."""
        dice = self.nation.dice
        with self.hub.database.write() as connection:
            self._cases = self.nation.open(connection, size.open)
        _analyze(self.hub.database)
        new = self.nation.new(size.new)
        for case in dice.sample(self._cases, size.open // 4) + new:
            self._plan(int(HOUR * size.hours * dice.triangular()), case)
        self._cases += new

    def run(self, hours: int) -> Figures:
        """Let the day pass, or its first hours."""
        with self.hub.database.read() as connection:
            self._first = HandoffLog(connection, HOST).head().size
        reset_peak()
        for minute in range(BEGIN + EVERY, BEGIN + hours * HOUR + 1, EVERY):
            while self._queue and self._queue[0][0] <= minute:
                self.nation.clock.at, _, case = heapq.heappop(self._queue)
                self._step(case)
            self.nation.clock.at = minute
            self._jobs(minute)
        self.figures.peak = peak("self")
        self._count()
        return self.figures

    def _plan(self, after: int, case: Case) -> None:
        self._posted += 1
        heapq.heappush(self._queue, (self.nation.clock.now() + after, self._posted, case))

    def _step(self, case: Case) -> None:
        agency, said, packet = case.next(self.nation.clock)
        began = time.perf_counter()
        try:
            self.desk.post(said, packet, agency)
        except IllegalTransition:  # the clock was faster, or the day has gone another way
            self.figures.refused += 1
            return
        self.figures.taken.append(time.perf_counter() - began)
        if len(self.figures.taken) % BARE_EVERY == 0:
            self._bare(said, packet)
        if case.steps:
            self._plan(self.nation.pause(case.urgency), case)

    def _bare(self, said: bytes, packet: MemoryPacket | None) -> None:
        document = said + (packet.manifest() + b"".join(packet.files.values()) if packet else b"")
        began = time.perf_counter()
        with self.bare.write() as connection:
            connection.execute(insert(_plain), {"document": document})
        self.figures.bare.append(time.perf_counter() - began)

    def _jobs(self, minute: int) -> None:
        began = time.perf_counter()
        for job in JOBS:
            if (minute - BEGIN) % max(job.every, EVERY) == 0:
                start = time.perf_counter()
                (self._sweep if job.name == _SWEEP else self._repeat)(job)
                self.figures.jobs[job.name] += time.perf_counter() - start
        self.figures.minutes.append(time.perf_counter() - began)

    def _repeat(self, job: Job) -> None:
        for _ in range(max(1, EVERY // job.every)):
            if not job.run(self.hub):
                return

    def _sweep(self, job: Job) -> None:
        """Sweep, and compare what was due with what was told."""
        now, c = self.nation.clock.now(), follow_ups.c
        with self.hub.database.read() as connection:
            rows = connection.execute(select(c.handoff, c.clock, c.next_at).where(c.next_at <= now)).all()
            size = HandoffLog(connection, HOST).head().size
        began = time.perf_counter()
        job.run(self.hub)
        took = time.perf_counter() - began
        due = Counter((row.handoff, row.clock) for row in rows)
        told = Counter((handoff, clock) for handoff, clock, *_ in self._told(size))
        self.figures.missed += (due - told).total()
        self.figures.twice += (told - due).total()
        self.figures.late += [now - row.next_at for row in rows]
        self.figures.wall += [took] * len(rows)

    def _told(self, since: int) -> Iterator[tuple[str, str, int | None, int]]:
        c = statements.c
        query = select(c.handoff, c.envelope, c.received).where(c.log_index >= since, c.type.in_(_OF_CLOCKS))
        with self.hub.database.read() as connection:
            for row in connection.execute(query.order_by(c.log_index)):
                body = Envelope.from_bytes(row.envelope, STATEMENT_TYPE).value["body"]
                yield row.handoff, body["clock"], body.get("rung"), row.received

    def _count(self) -> None:
        """Count the day's rows, and compare the rungs of what nobody touched with those reckoned beforehand."""
        end, found = self.nation.clock.now(), defaultdict(list)
        for handoff, clock, rung, at in self._told(self._first):
            found[handoff].append((clock, rung, at))
        for case in self._cases:
            if case.touched or case.began is None:
                continue
            wanted = list(ladder(case.began, case.urgency, end, EVERY))
            was = found[case.handoff]
            same = [row[:2] for row in wanted] == [row[:2] for row in was]
            if not same or any(not 0 <= at - due < EVERY for (*_, due), (*_, at) in zip(wanted, was, strict=True)):
                raise AssertionError(f"rungs of an untouched referral: wanted {wanted}, told {was}")
            self.figures.untouched += 1
        s, n = statements.c, notices.c
        kinds = select(s.type, func.count()).where(s.log_index >= self._first).group_by(s.type)
        with self.hub.database.read() as connection:
            self.figures.rows.update(dict(connection.execute(kinds).all()))
            mails = connection.execute(select(n.created, n.sent_at, n.failed)).all()
        self.figures.mails = [row.sent_at - row.created for row in mails if row.sent_at is not None]
        self.figures.unsent = sum(row.sent_at is None for row in mails)


# Over HTTP


def over_http(founded: Founded, nation: Nation, count: int, figures: Figures) -> None:
    """Let `hub serve` take some new referrals with two steps each: by several clients at once, then, warm, by one."""
    cases, tokens = nation.new(count), _sign_in(founded, nation)
    founded.hub.database.close()
    file = founded.hub.settings.data / "clock.json"
    FileClock(file).put(nation.clock.now())
    for case in cases:
        case.steps = ["submit", "acknowledge", "accept"]
    made = [[(*case.next(nation.clock), case.handoff) for _ in range(3)] for case in cases]
    process = founded.process(HUB_CLOCK_FILE=str(file), HUB_HURRY="1").start()
    try:
        local = threading.local()

        def run(words: list[Any]) -> list[float]:
            if not hasattr(local, "session"):
                local.session = HubSession(founded.url)
            return [_post(local.session, tokens, *word) for word in words]

        began = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(run, made[: count // 2]))
        figures.http_rate = 3 * (count // 2) / (time.perf_counter() - began)
        figures.http = [took for words in made[count // 2 :] for took in run(words)]
        figures.http_peak = peak(str(process.process.pid)) if process.process else 0
    finally:
        process.stop()


def _sign_in(founded: Founded, nation: Nation) -> dict[str, str]:
    """Open a session of one member of each agency; return the tokens by agency."""
    tokens, now = {}, int(time.time())  # the server's own clock counts for sessions
    with founded.hub.database.write() as connection:
        store = AccountStore(connection)
        for agency in nation.agencies:
            token = secrets.token_urlsafe(32)
            member = agency.members["desk"]
            tokens[agency.agency] = token
            store.open_session(Session(secret_hash(token), member.member, random_id(), now, now + DAY, now + DAY))
    return tokens


def _post(
    session: HubSession, tokens: dict[str, str], agency: str, said: bytes, packet: MemoryPacket | None, handoff: str
) -> float:
    body = Body(random_id())
    body.add("statement", said)
    if packet is not None:
        body.add("manifest", packet.manifest())
        body.add("body", packet.stream("body").read())
    session.use(tokens[agency])
    path = "/api/v1/handoffs" if packet is not None else f"/api/v1/handoffs/{handoff}/statements"
    began = time.perf_counter()
    session.submit(path, body)
    return time.perf_counter() - began


# The run


def measure(url: str, folder: Path, size: Size, smtp: str) -> Figures:
    """Let a day pass on an empty database, print what it cost, and return it."""
    clock, began = SetClock(BEGIN), time.perf_counter()
    founded = found(folder, HOST, COUNTRY, database=url, clock=clock)
    nation, bare = Nation(clock, size.agencies), Database(url or f"sqlite:///{folder / 'bare.sqlite'}")
    with closing(founded.hub.database), closing(bare):
        founded.hub.settings, founded.hub.wire = replace(founded.hub.settings, smtp=smtp), clock
        nation.settle(founded)
        with bare.write() as connection:
            _plain.create(connection)
        day = Day(founded, nation, bare)
        day.fill(size)
        day.figures.setup = time.perf_counter() - began
        figures = day.run(size.hours)
        findings = founded.findings()
        over_http(founded, nation, max(size.new // 10, 8), figures)
    _print("PostgreSQL" if url else "SQLite", size, figures)
    if figures.missed or figures.twice or findings:
        raise AssertionError(f"{figures.missed} rungs missed, {figures.twice} told twice, log: {findings[:3]}")
    return figures


def main() -> None:
    """Measure on SQLite and, where there is one, on PostgreSQL."""
    size = Size.of(OPEN)
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name, mail_sink() as smtp:
        folder = Path(name)
        measure("", folder / "sqlite", size, smtp)
        try:
            with running(fsync=True) as server, server.database() as url:
                measure(url, folder / "postgres", size, smtp)
        except NoPostgres as error:
            print(f"PostgreSQL: left out, {error}")


def _print(name: str, size: Size, f: Figures) -> None:
    hubs = sum(count for kind, count in f.rows.items() if kind in {"referral.deliver", *_OF_CLOCKS})
    words = len(f.taken) + hubs
    rungs = f.rows["referral.overdue"] + f.rows["referral.expire"]
    one, bare, http = _ms(f.taken), _ms(f.bare), _ms(f.http)
    late, wall, mail = _spread(f.late), _spread(f.wall), _spread(f.mails)
    jobs = sorted(f.jobs.items(), key=lambda row: -row[1])[:5]
    print(
        f"{name}: {size.agencies} agencies, {size.open:,} open, {size.new:,} new; {words:,} statements "
        f"({len(f.taken):,} by people, {hubs:,} by the hub, {rungs:,} of them rungs), {f.refused:,} came too late, "
        f"{len(f.mails):,} mails; set up in {f.setup:.0f} s\n"
        f"  the day took {f.work:.0f} s of the hub, {HOUR * size.hours / f.work:,.0f} times as fast as life, "
        f"{words / f.work:,.0f} statements/s; {', '.join(f'{job} {took:.1f} s' for job, took in jobs)}\n"
        f"  a person's statement through the intake p50 {one[0]:.1f} ms, p95 {one[1]:.1f} ms; bare insert + commit of "
        f"the same bytes p50 {bare[0]:.2f} ms, p95 {bare[1]:.2f} ms: "
        f"{one[0] / bare[0]:.1f}x and {one[1] / bare[1]:.1f}x of it\n"
        f"  over HTTP p50 {http[0]:.1f} ms, p95 {http[1]:.1f} ms: "
        f"{http[0] / bare[0]:.1f}x and {http[1] / bare[1]:.1f}x; {CLIENTS} clients at once {f.http_rate:.0f}/s\n"
        f"  rungs: {len(f.late):,} due, {f.missed} missed, {f.twice} told twice, all as reckoned of {f.untouched:,} "
        f"referrals that nobody touched\n"
        f"  late, with a sweep every {EVERY} s: p50 {late[0]:.0f} s, p95 {late[1]:.0f} s, most {late[2]:.0f} s; "
        f"in real time, from the sweep's beginning to its end: p50 {wall[0]:.2f} s, p95 {wall[1]:.2f} s, "
        f"most {wall[2]:.2f} s\n"
        f"  mails left after p50 {mail[0]:.0f} s, p95 {mail[1]:.0f} s, most {mail[2]:.0f} s, {f.unsent:,} never\n"
        f"  the busiest minute kept the jobs busy for {max(f.minutes):.2f} s; peak memory {f.peak / 1e6:.0f} MB with "
        f"all people in it, of hub serve {f.http_peak / 1e6:.0f} MB"
    )


def _ms(taken: list[float]) -> tuple[float, float]:
    half, most, _ = _spread(taken)
    return 1000 * half, 1000 * most


def _spread(values: list[float] | list[int]) -> tuple[float, float, float]:
    """Return p50, p95 and the highest."""
    cuts = quantiles(values, n=20, method="inclusive")
    return cuts[9], cuts[18], max(values)


def _analyze(database: Database) -> None:
    if database.is_sqlite:
        return  # a hub on SQLite has no statistics either
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum analyze")


if __name__ == "__main__":
    main()
