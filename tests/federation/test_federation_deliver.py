"""What we send reaches a peer once, in order, whatever the peer or the line does."""

from __future__ import annotations

import pytest

from hub.errors import Malformed, PeerUnreachable
from hub.federation.deliver import LEASE, Holding, deliver_all, deliver_queue, peers_due
from hub.federation.line import Line
from hub.federation.store import Peers, peers
from hub.outbox.store import Claim, Delivery, Outbox, outbox
from tests.support.processes import until
from tests.support.slow_proxy import bad_line

THERE = "there.example"


def states(scene):
    return [row.state for row in sorted(scene.rows(outbox), key=lambda row: row.seq)]


def test_words_reach_a_peer_in_order_and_its_receipts_come_back(scene):
    told = [scene.promise(str(n)) for n in range(5)]
    assert deliver_all(scene.hub, patience=30) == 5
    assert [row[2] for row in scene.peer.received] == told
    assert scene.intake.answers == [(statement, "hub.receipt") for statement in told]
    assert set(states(scene)) == {"sent"}
    with scene.hub.database.read() as connection:
        assert Peers(connection).get(THERE).seen_size == len(scene.peer.log.leaves)


def test_a_packet_goes_with_its_statement_part_by_part(scene, tmp_path):
    payload = tmp_path / "payload"
    payload.write_bytes(b"sealed" * 100_000)
    scene.promise(manifest=b"{}", files=(("body", b"head\n", payload), ("att/1", b"other\n", payload)))
    assert scene.deliver() == 1
    parts = scene.peer.parts[0]
    assert list(parts) == ["message", "manifest", "body", "att-1"]
    assert parts["body"] == b"head\n" + b"sealed" * 100_000
    assert parts["att-1"].startswith(b"other\nsealed")


def test_a_signed_refusal_is_an_answer_and_blocks_nothing(scene):
    scene.promise("one")
    scene.promise("two")
    scene.peer.mood = "refused"
    assert scene.deliver() == 2
    assert [kind for _, kind in scene.intake.answers] == ["hub.refused", "hub.refused"]


def test_a_word_that_was_erased_before_it_left_lets_the_next_one_go(scene):
    gone, next_one = scene.promise("gone"), scene.promise("next")
    scene.intake.outgoing[gone] = None
    assert scene.deliver() == 1
    assert [row[2] for row in scene.peer.received] == [next_one]
    assert states(scene) == ["dropped", "sent"]


@pytest.mark.parametrize("status", [400, 401, 403, 409, 413, 415])
def test_what_no_repetition_can_mend_stops_the_queue(scene, status, caplog):
    scene.promise("one")
    scene.promise("two")
    scene.peer.mood = f"status {status}"
    assert scene.deliver() == 0
    scene.peer.mood = "honest"
    assert scene.deliver() == 0
    assert states(scene) == ["stopped", "waiting"]
    assert f"peer_refused {status}" in caplog.text
    with scene.hub.database.write() as connection:
        assert [stop.reason for stop in Outbox(connection).stopped()] == [f"peer_refused {status}"]
        assert Outbox(connection).resume(THERE)
    assert scene.deliver() == 2


@pytest.mark.parametrize("mood", [*(f"status {n}" for n in (301, 302, 307, 404, 429, 500, 502, 503)), "html", "huge"])
def test_everything_else_waits_and_is_tried_again_with_the_same_bytes(scene, mood):
    scene.promise()
    scene.peer.mood = mood
    assert scene.deliver() == 0
    assert states(scene) == ["waiting"]
    assert peers_due(scene.hub) == []
    scene.hub.wire.forward(3601)
    scene.peer.mood = "honest"
    assert [peer.host for peer in peers_due(scene.hub)] == [THERE]
    assert scene.deliver() == 1
    first, second = scene.peer.received
    assert first == second


@pytest.mark.parametrize("mood", ["forged", "statement", "handoff", "proof", "origin", "acknowledge"])
def test_an_answer_that_a_truthful_peer_cannot_give_stops_the_queue(scene, mood, caplog):
    scene.promise()
    scene.peer.mood = mood
    assert scene.deliver() == 0
    assert states(scene) == ["stopped"]
    assert scene.intake.answers == []
    assert "peer_misbehaved" in caplog.text


def test_an_answer_that_speaks_of_a_state_that_cannot_be_stops_the_queue(scene, monkeypatch, caplog):
    def answered(*_given, **_named):
        raise Malformed("no such state")

    scene.promise()
    monkeypatch.setattr(scene.intake, "answered", answered)
    assert scene.deliver() == 0
    assert states(scene) == ["stopped"]
    assert "peer_misbehaved" in caplog.text


def test_a_peer_that_shows_two_logs_of_one_size_is_found_out(scene):
    scene.promise("one")
    assert scene.deliver() == 1
    scene.promise("two")
    scene.peer.mood = "fork"
    assert scene.deliver() == 0
    assert states(scene) == ["sent", "stopped"]
    assert len(scene.intake.answers) == 1


def test_a_silent_peer_is_given_up_after_a_while(scene, monkeypatch):
    scene.promise()
    scene.peer.mood = "silent"
    monkeypatch.setattr("hub.federation.deliver.Line", lambda *a, **k: Line(*a, **k, answer=0.3))
    assert scene.deliver() == 0
    assert states(scene) == ["waiting"]


def test_a_peer_that_lets_its_answer_drip_is_given_up_after_a_while(scene, monkeypatch):
    scene.promise()
    with bad_line(scene.peer.url) as line:
        line.drip = 0.05
        monkeypatch.setattr("hub.federation.deliver.Line", lambda _u, *a, **k: Line(line.url, *a, **k, answer=0.5))
        assert scene.deliver() == 0
    assert states(scene) == ["waiting"]
    assert len(scene.peer.received) == 1


@pytest.mark.parametrize(
    "cut", [{"cut_up": 0}, {"cut_up": 700}, {"cut_up": 2000}, {"cut_down": 0}, {"cut_down": 20}, {"cut_down": 400}]
)
def test_a_line_that_is_cut_anywhere_loses_and_doubles_nothing(scene, cut, monkeypatch):
    told = scene.promise()
    with bad_line(scene.peer.url) as line:
        for name, value in cut.items():
            setattr(line, name, value)
        monkeypatch.setattr("hub.federation.deliver.Line", lambda _u, *a, **k: Line(line.url, *a, **k, answer=3))
        assert scene.deliver() == 0
        assert states(scene) == ["waiting"]
        line.cut_up = line.cut_down = None
        scene.hub.wire.forward(3601)
        assert scene.deliver() == 1
    assert {row[2] for row in scene.peer.received} == {told}
    assert len(set(scene.peer.received)) == 1
    assert scene.intake.answers == [(told, "hub.receipt")]


def test_a_peer_that_is_not_there_is_tried_less_and_less_often(scene):
    scene.promise()
    scene.peer.mood = "status 503"
    waits = []
    for _ in range(14):
        assert scene.deliver() == 0
        with scene.hub.database.read() as connection:
            assert Peers(connection).backing_off(scene.hub.wire.now()) == {THERE}
        (row,) = scene.rows(peers)
        waits.append(row.back_off_until - scene.hub.wire.now())
        scene.hub.wire.forward(waits[-1] - 1)
        assert peers_due(scene.hub) == []
        scene.hub.wire.forward(1)
        assert len(peers_due(scene.hub)) == 1
    assert all(2 <= wait <= 5 * 2**n for n, wait in enumerate(waits))
    assert 1800 <= waits[-1] <= 3600


def test_a_word_of_the_peer_ends_the_back_off(scene):
    scene.promise()
    scene.peer.mood = "status 503"
    scene.deliver()
    assert peers_due(scene.hub) == []
    answer = scene.peer.send(scene.peer.request(scene.hub.settings.url, scene.peer.message(scene.their_word())))
    assert answer.status_code == 200, answer.text
    assert len(peers_due(scene.hub)) == 1


def test_a_slow_peer_holds_back_nobody_else(scene):
    scene.promise()
    scene.peer.mood = "silent"
    assert deliver_all(scene.hub, patience=0.1) == 0
    assert states(scene) == ["waiting"]
    until(lambda: peers_due(scene.hub) == [], "its message to be on its way")
    scene.peer.patience.set()


def test_one_message_is_never_in_flight_twice(scene):
    scene.promise()
    with scene.hub.database.write() as connection:
        held = Outbox(connection).claim(THERE, scene.hub.wire.now(), 150)
    assert scene.deliver() == 0
    assert scene.peer.received == []
    scene.hub.wire.forward(151)
    assert scene.deliver() == 1
    with scene.hub.database.write() as connection:
        Outbox(connection).later(held)
        Outbox(connection).stop(held, "late")
    assert states(scene) == [Delivery.SENT]


def test_answers_are_taken_once_even_when_two_workers_had_the_message(scene):
    told = scene.promise()
    with scene.hub.database.read() as connection:
        peer = Peers(connection).get(THERE)
    assert deliver_queue(scene.hub, peer) == 1
    with scene.hub.database.write() as connection:
        row = connection.execute(outbox.select()).one()
        assert not Outbox(connection).sent(row.id, 1)
    assert scene.intake.answers == [(told, "hub.receipt")]


def test_the_word_of_a_killed_worker_is_sent_by_the_next_within_seconds(scene):
    scene.promise()
    with scene.hub.database.write() as connection:
        Outbox(connection).claim(THERE, scene.hub.wire.now(), LEASE)
    assert LEASE <= 30
    scene.hub.wire.forward(LEASE)
    assert scene.deliver() == 1


def test_a_worker_that_waits_for_a_slow_peer_keeps_its_claim(scene, monkeypatch):
    scene.promise()
    scene.peer.mood = "silent"
    monkeypatch.setattr("hub.federation.deliver.RENEW", 0.02)
    assert deliver_all(scene.hub, patience=0.1) == 0
    for _ in range(3):
        scene.hub.wire.forward(LEASE - 1)
        until(lambda: scene.rows(outbox)[0].claimed_until == scene.hub.wire.now() + LEASE, "a renewal")
        assert peers_due(scene.hub) == []
    scene.peer.patience.set()
    until(lambda: states(scene) == ["waiting"] and scene.rows(outbox)[0].tries == 1, "the worker to give up")


def test_a_worker_that_lost_its_claim_says_no_more(scene, monkeypatch, caplog):
    scene.promise()
    scene.peer.mood = "silent"
    monkeypatch.setattr("hub.federation.deliver.RENEW", 0.02)
    assert deliver_all(scene.hub, patience=0.1) == 0
    with scene.hub.database.write() as connection:
        taken = scene.hub.wire.now() + 10 * LEASE
        connection.execute(outbox.update().values(claimed_until=taken))
    holding = Holding(scene.hub)
    with scene.hub.database.read() as connection:
        row = connection.execute(outbox.select()).one()
    holding.hold(Claim(row.id, THERE, row.statement, row.message, 0, taken - 1))
    holding._renew()
    with pytest.raises(PeerUnreachable):
        holding.check()
    scene.peer.patience.set()
    assert scene.rows(outbox)[0].claimed_until == taken


def test_a_database_that_fails_a_renewal_ends_no_delivery(scene, monkeypatch, caplog):
    scene.promise()
    monkeypatch.setattr("hub.federation.deliver.RENEW", 0.01)
    with Holding(scene.hub) as holding:
        holding.hold("no claim")
        until(lambda: "could not be renewed" in caplog.text, "a beat")
        holding.check()
    assert scene.deliver() == 1
