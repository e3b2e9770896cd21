"""SIGKILL either hub at random during 200 deliveries: packets arrive once, receipts come back, logs verify."""

import random

import pytest

from hub.handoffs.store import HandoffStore
from tests.support.pairs import AWAY, HOME, befriend, found, populate, submitted
from tests.support.processes import until

PACKETS, KILLS = 100, 5


@pytest.fixture
def hubs(tmp_path):
    """Two hubs on disk that are peers, each with its process."""
    made = [found(tmp_path, host, country) for host, country in ((HOME, "DJ"), (AWAY, "ET"))]
    befriend(*made)
    processes = [each.process() for each in made]
    yield list(zip(made, processes, strict=True))
    for each, process in zip(made, processes, strict=True):
        process.kill()
        each.hub.database.close()


@pytest.mark.slow
def test_every_packet_arrives_once_and_every_receipt_comes_back_whoever_is_killed(hubs):
    (home, home_process), (away, away_process) = hubs
    people = populate(home, away)
    sent = set(submitted(home, people, PACKETS))
    dice = random.Random(20261121)
    for _, process in hubs:
        process.start()
    for kill in range(KILLS):
        goal = PACKETS * (kill + 1) // (KILLS + 2)
        until(lambda goal=goal: away.arrived() >= goal, f"{goal} packets to arrive")
        victim = dice.choice((home_process, away_process))
        victim.kill()
        victim.start()
    until(lambda: away.arrived() == PACKETS, "all packets to arrive")
    until(lambda: home.desk.outgoing(AWAY) == away.desk.outgoing(HOME) == 0, "all receipts")
    for _, process in hubs:
        process.stop()
    with home.hub.database.read() as connection:
        rows = [row for handoff in sent for row in HandoffStore(connection).statements(handoff)]
        ours = [row["hash"] for row in rows if row["type"] == "referral.submit"]
        words = HandoffStore(connection).receipts(ours)
        assert len(ours) == PACKETS
        assert {word["statement"] for word in words} == set(ours)
        assert {home.desk.shown(handoff, people.shelter.agency)["state"] for handoff in sent} == {"delivered"}
    with away.hub.database.read() as connection:
        rows = [row for handoff in sent for row in HandoffStore(connection).statements(handoff)]
        kinds = [row["type"] for row in rows]
        assert kinds.count("referral.submit") == kinds.count("referral.deliver") == PACKETS
    assert home.findings() == away.findings() == ()
