"""The queue to a peer keeps its order and gives each word to one worker at a time."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from hub.outbox.store import Outbox, outbox

NOW = 1_795_290_000


def write(database, step):
    with database.write() as connection:
        return step(Outbox(connection))


def test_a_word_is_promised_once(database):
    first = write(database, lambda box: box.put("a.example", "h1", NOW))
    assert write(database, lambda box: box.put("a.example", "h1", NOW + 1)) == first
    assert write(database, lambda box: box.put("b.example", "h1", NOW)) != first


def test_a_promise_that_was_rolled_back_was_never_made(database):
    def fails(box):
        box.put("a.example", "h1", NOW)
        raise KeyError

    with pytest.raises(KeyError):
        write(database, fails)
    assert write(database, lambda box: box.peers_due(NOW)) == []


def test_words_leave_in_their_order_one_at_a_time_for_each_peer(database):
    for statement in ("h1", "h2"):
        for peer in ("a.example", "b.example"):
            write(database, lambda box, p=peer, s=statement: box.put(p, s, NOW))
    assert write(database, lambda box: box.peers_due(NOW)) == ["a.example", "b.example"]
    claim = write(database, lambda box: box.claim("a.example", NOW, 60))
    assert claim.statement == "h1"
    assert write(database, lambda box: box.claim("a.example", NOW, 60)) is None
    assert write(database, lambda box: box.peers_due(NOW)) == ["b.example"]
    assert write(database, lambda box: box.sent(claim.id, NOW))
    assert write(database, lambda box: box.claim("a.example", NOW, 60)).statement == "h2"
    assert write(database, lambda box: box.waiting("a.example")) == 1


def test_a_killed_workers_word_comes_back_after_its_lease(database):
    write(database, lambda box: box.put("a.example", "h1", NOW))
    first = write(database, lambda box: box.claim("a.example", NOW, 60))
    assert write(database, lambda box: box.peers_due(NOW + 59)) == []
    second = write(database, lambda box: box.claim("a.example", NOW + 60, 60))
    assert second.id == first.id
    assert write(database, lambda box: box.renew(first, NOW + 500)) is None
    write(database, lambda box: box.later(first))
    assert write(database, lambda box: box.claim("a.example", NOW + 61, 60)) is None
    renewed = write(database, lambda box: box.renew(second, NOW + 300))
    write(database, lambda box: box.later(renewed))
    assert write(database, lambda box: box.claim("a.example", NOW + 61, 60)).tries == 1


def test_a_hub_on_one_process_frees_the_claims_of_its_former_self(database):
    write(database, lambda box: box.put("a.example", "h1", NOW))
    write(database, lambda box: box.claim("a.example", NOW, 60))
    write(database, lambda box: box.free_claims())
    assert write(database, lambda box: box.peers_due(NOW)) == ["a.example"]


def test_a_stopped_word_holds_back_those_behind_it_until_it_is_resumed(database):
    write(database, lambda box: box.put("a.example", "h1", NOW))
    write(database, lambda box: box.put("a.example", "h2", NOW))
    claim = write(database, lambda box: box.claim("a.example", NOW, 60))
    write(database, lambda box: box.stop(claim, "peer_refused 403"))
    assert write(database, lambda box: box.claim("a.example", NOW + 100, 60)) is None
    assert write(database, lambda box: box.peers_due(NOW + 100)) == []
    assert [(s.peer, s.reason) for s in write(database, lambda box: box.stopped())] == [
        ("a.example", "peer_refused 403")
    ]
    assert write(database, lambda box: box.resume("a.example"))
    assert not write(database, lambda box: box.resume("a.example"))
    assert write(database, lambda box: box.claim("a.example", NOW + 100, 60)).statement == "h1"


def test_the_first_bytes_are_kept_until_the_word_is_sent(database):
    from dataclasses import replace

    write(database, lambda box: box.put("a.example", "h1", NOW))
    claim = write(database, lambda box: box.claim("a.example", NOW, 60))
    write(database, lambda box: box.freeze(replace(claim, message=b"bytes")))
    write(database, lambda box: box.later(claim))
    again = write(database, lambda box: box.claim("a.example", NOW, 60))
    assert again.message == b"bytes"
    write(database, lambda box: box.sent(again.id, NOW))
    with database.read() as connection:
        assert connection.scalar(select(outbox.c.message)) is None


def test_of_many_workers_one_gets_the_word(database):
    write(database, lambda box: box.put("a.example", "h1", NOW))
    write(database, lambda box: box.put("a.example", "h2", NOW))
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(write(database, lambda box: box.claim("a.example", NOW, 60))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [claim.statement for claim in found if claim] == ["h1"]


def test_what_was_delivered_long_ago_is_forgotten_and_what_waits_is_not(database):
    for statement in ("h1", "h2", "h3"):
        write(database, lambda box, s=statement: box.put("a.example", s, NOW))
    for at in (NOW, NOW + 50):
        claim = write(database, lambda box: box.claim("a.example", NOW, 60))
        write(database, lambda box, c=claim, t=at: box.sent(c.id, t))
    assert write(database, lambda box: box.purge(NOW + 50)) == 1
    assert write(database, lambda box: box.purge(NOW + 51)) == 1
    assert write(database, lambda box: box.purge(NOW + 10**9)) == 0
    assert write(database, lambda box: box.claim("a.example", NOW, 60)).statement == "h3"
