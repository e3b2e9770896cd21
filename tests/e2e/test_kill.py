"""SIGKILL either hub at random during 300 deliveries: each packet arrives once, each receipt returns, logs verify."""

import random

import pytest
from sqlalchemy import func, select

from hub.app import create_hub, open_hub
from hub.federation.store import Peer, Peers
from hub.handofflog.auditor import audit
from hub.handofflog.store import HandoffLog
from hub.handoffs.store import HandoffStore, handoffs
from hub.keys.store import KeyStore
from hub.packets.dsse import kid
from hub.packets.encoding import b64u
from hub.settings import Settings
from hub.web.identity import Identity
from tests.support.desks import Desk, People, introduce
from tests.support.factories import CERTIFIERS
from tests.support.processes import HubProcess, free_port, until

PACKETS, KILLS = 300, 12


@pytest.fixture
def hubs(tmp_path, request):
    """Two hubs on disk that are peers; each entry is (opened hub, process)."""
    made = []
    for host, country in (("dj.example", "DJ"), ("et.example", "ET")):
        port = free_port()
        settings = Settings(data=tmp_path / host, url=f"http://127.0.0.1:{port}", private_peers=True)
        certifiers = tuple(b64u(c.public_key) for c in CERTIFIERS)
        create_hub(settings, Identity(host, f"operator of {host}", "ngo", country, settings.url, certifiers))
        made.append((open_hub(settings), HubProcess(settings.data, port, {"HUB_HURRY": "10"})))
    for (hub, _), (peer, process) in (made, made[::-1]):
        with peer.database.read() as connection:
            entry = KeyStore(connection).hub_entry(peer.origin)
            document = KeyStore(connection).documents(peer.origin, peer.origin)[0].envelope
        with hub.database.write() as connection:
            key = entry.sign
            about = (entry.operator, entry.kind, entry.country)
            Peers(connection).add(Peer(peer.origin, process.url, key, kid(key), *about), document, hub.clock.now())
    yield made
    for hub, process in made:
        process.kill()
        hub.database.close()


@pytest.mark.slow
def test_every_packet_arrives_once_and_every_receipt_comes_back_whoever_is_killed(hubs):
    (home, home_process), (away, away_process) = hubs
    people = People.invented(home.clock)
    desks = Desk(home), Desk(away)
    desks[0].know(people.shelter)
    desks[1].know(people.centre)
    introduce(*desks)
    sent = set()
    for _ in range(PACKETS):
        handoff, statement, packet = people.submit()
        desks[0].post(statement, packet, people.shelter.agency)
        sent.add(handoff)
    dice = random.Random(20261121)
    for _, process in hubs:
        process.start()
    for kill in range(KILLS):
        goal = PACKETS * (kill + 1) // (KILLS + 2)
        until(lambda goal=goal: arrived(away) >= goal, f"{goal} packets to arrive", 120)
        victim = dice.choice((home_process, away_process))
        victim.kill()
        victim.start()
    until(lambda: arrived(away) == PACKETS, "all packets to arrive", 180)
    until(lambda: desks[0].outgoing("et.example") == desks[1].outgoing("dj.example") == 0, "all receipts", 180)
    for _, process in hubs:
        process.stop()
    with home.database.read() as connection:
        rows = [row for handoff in sent for row in HandoffStore(connection).statements(handoff)]
        submitted = [row["hash"] for row in rows if row["type"] == "referral.submit"]
        words = HandoffStore(connection).receipts(submitted)
        assert len(submitted) == PACKETS
        assert {word["statement"] for word in words} == set(submitted)
        assert {desks[0].shown(handoff, people.shelter.agency)["state"] for handoff in sent} == {"delivered"}
    with away.database.read() as connection:
        rows = [row for handoff in sent for row in HandoffStore(connection).statements(handoff)]
        kinds = [row["type"] for row in rows]
        assert kinds.count("referral.submit") == kinds.count("referral.deliver") == PACKETS
    for hub in (home, away):
        with hub.database.read() as connection:
            assert audit(HandoffLog(connection, hub.origin).export()).findings == ()


def arrived(hub):
    with hub.database.read() as connection:
        return connection.execute(select(func.count()).select_from(handoffs)).scalar_one()
