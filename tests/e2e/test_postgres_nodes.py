"""Many processes of one hub on one PostgreSQL, some of them killed: clocks are told once, packets arrive once."""

from __future__ import annotations

import json
import random
import socket
import urllib.request
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from hub.clock import FileClock
from hub.federation.deliver import LEASE
from hub.handoffs.store import HandoffStore, statements
from hub.outbox.store import outbox
from hub.packets.dsse import Envelope
from hub.statements.grammar import STATEMENT_TYPE
from tests.conftest import NOW
from tests.support.pairs import AWAY, HOME, befriend, found, populate, submitted
from tests.support.processes import free_port, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgres import Server

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
DUE = 260
HOUR = 3600


@dataclass
class Stage:
    """Hubs and processes that are gone when the test ends, however it ends."""

    folder: Path
    server: Server
    stack: ExitStack

    def found(self, host, country, *, postgres=False, clock=None):
        database = self.stack.enter_context(self.server.database()) if postgres else ""
        made = found(self.folder, host, country, database=database, clock=clock)
        self.stack.callback(made.hub.database.close)
        return made

    def start(self, process):
        self.stack.callback(process.stop)
        return process.start()


@pytest.fixture
def stage(postgres_server, tmp_path):
    with ExitStack() as stack:
        yield Stage(tmp_path, postgres_server, stack)


def rungs(hub):
    """(handoff, clock, rung) of every rung that the log tells, as often as it tells it."""
    query = select(statements.c.handoff, statements.c.envelope).where(statements.c.type == "referral.overdue")
    with hub.database.read() as connection:
        rows = connection.execute(query.order_by(statements.c.log_index)).all()
    bodies = [(row.handoff, Envelope.from_bytes(row.envelope, STATEMENT_TYPE).value["body"]) for row in rows]
    return Counter((handoff, body["clock"], body["rung"]) for handoff, body in bodies)


def test_two_workers_tell_every_due_clock_once_and_one_may_be_killed(stage):
    clock = FileClock(stage.folder / "clock.json")
    clock.put(NOW)
    node = stage.found(HOME, "DJ", postgres=True, clock=clock)
    away = stage.found(AWAY, "ET", clock=clock)
    people = populate(node, away)  # the other hub is known, but no peer: it never answers
    handoffs = submitted(node, people, DUE, urgency="emergency", due=4 * HOUR)
    clocks = {"HUB_CLOCK_FILE": str(stage.folder / "clock.json"), "HUB_HURRY": "25"}
    serving = [stage.start(replace(node, port=port).process(**clocks)) for port in (node.port, free_port())]
    first, second = (stage.start(node.process("worker", **clocks)) for _ in range(2))
    until(lambda: health(serving[0])["last_sweep"] == NOW, "a sweep")
    assert not rungs(node.hub)
    clock.put(NOW + 4 * HOUR)
    until(lambda: len(rungs(node.hub)) >= DUE // 4, "a quarter of the rungs")
    first.kill()
    assert len(rungs(node.hub)) < DUE, "the kill came too late to prove anything"
    until(lambda: len(rungs(node.hub)) >= DUE - 100, "the other worker to go on")
    clock.put(NOW + 4 * HOUR + 61)
    until(lambda: len(rungs(node.hub)) == DUE, "what the killed worker had claimed")
    first.start()
    clock.put(NOW + 6 * HOUR)
    until(lambda: len(rungs(node.hub)) == 2 * DUE, "the next rung of each")
    assert health(serving[0])["log_size"] == health(serving[1])["log_size"] >= 3 * DUE
    assert [process.stop() for process in (*serving, first, second)] == [0, 0, 0, 0]
    told = rungs(node.hub)
    assert set(told) == {(handoff, "delivery", rung) for handoff in handoffs for rung in (1, 2)}
    assert set(told.values()) == {1}
    assert node.findings() == ()
    assert "job failed" not in second.logged()


PACKETS, KILLS = 30, 3


def test_a_receiving_hub_on_postgresql_loses_and_doubles_nothing_whichever_process_is_killed(stage):
    home, away = stage.found(HOME, "DJ"), stage.found(AWAY, "ET", postgres=True)
    befriend(home, away)
    people = populate(home, away)
    sent = submitted(home, people, PACKETS)
    dice = random.Random(20261121)
    stage.start(home.process())
    victims = [stage.start(away.process()), stage.start(away.process("worker"))]
    for kill in range(KILLS):
        goal = PACKETS * (kill + 1) // (KILLS + 2)
        until(lambda goal=goal: away.arrived() >= goal, f"{goal} packets to arrive")
        victim = dice.choice(victims)
        victim.kill()
        victim.start()
    until(lambda: away.arrived() == PACKETS, "all packets to arrive")
    until(lambda: home.desk.outgoing(AWAY) == away.desk.outgoing(HOME) == 0, "all receipts")
    for each in (home, away):
        with each.hub.database.read() as connection:
            rows = [row for handoff in sent for row in HandoffStore(connection).statements(handoff)]
            words = HandoffStore(connection).receipts([row["hash"] for row in rows])
        assert Counter(row["type"] for row in rows) == {"referral.submit": PACKETS, "referral.deliver": PACKETS}
        assert {word["statement"] for word in words} == {row["hash"] for row in rows}
        assert each.findings() == ()


def test_the_queue_of_a_killed_worker_goes_on_in_another_after_the_lease(stage):
    home, away = stage.found(HOME, "DJ", postgres=True), stage.found(AWAY, "ET")
    befriend(home, away)
    submitted(home, populate(home, away), 3)
    first = home.process("worker")
    with socket.create_server(("127.0.0.1", away.port)):  # takes connections and never answers
        stage.start(first)
        until(lambda: claims(home.hub), "the first worker to hold the first word")
        stage.start(home.process("worker"))
        first.kill()
    assert len(claims(home.hub)) == 1
    stage.start(away.process())
    until(lambda: away.arrived() == 3, "the other worker to go on", 2 * LEASE)


def claims(hub):
    with hub.database.read() as connection:
        return connection.scalars(select(outbox.c.id).where(outbox.c.claimed_until > 0)).all()


def health(process):
    with urllib.request.urlopen(f"{process.url}/healthz", timeout=60) as answer:
        return json.load(answer)
