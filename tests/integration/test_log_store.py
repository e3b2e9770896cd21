"""The log on SQLite and PostgreSQL alike."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, func, select, update

from hub.errors import NotFound, Unavailable
from hub.handofflog import merkle
from hub.handofflog.auditor import audit
from hub.handofflog.store import HandoffLog, log_nodes
from tests.support.logs import ORIGIN, document, fill, head, root_at

NOW = 1_795_290_000


@pytest.fixture
def log(database):
    with database.write() as connection:
        yield HandoffLog(connection, ORIGIN)


def test_every_proof_of_every_size_up_to_seventy_holds(log):
    leaves, heads = [], [log.head()]
    for number in range(70):
        entry = log.append(document(number), now=NOW)
        assert entry.index == number
        leaves.append(entry.leaf)
        heads.append(log.head())
        assert entry.head == heads[-1]
        assert entry.proof == log.inclusion(number)
    for new in heads:
        for index in range(new.size):
            assert merkle.includes(leaves[index], index, new.size, log.inclusion(index, new.size), new.root)
    for new in heads[::7]:
        assert root_at(log, new.size) == new.root
        for old in heads[: new.size + 1]:
            assert merkle.extends(old.size, old.root, new.size, new.root, log.consistency(old.size, new.size))


def test_an_empty_log_has_the_root_of_rfc_6962(log):
    assert (log.head().size, log.head().root) == (0, hashlib.sha256().digest())
    assert root_at(log, 0) == log.head().root
    assert list(log.export()) == []


def test_an_entry_is_kept_with_what_proves_it(log):
    for number in range(5):
        log.append(document(number), now=NOW + number)
    kept = log.entry(3)
    assert (kept.index, kept.document, kept.at) == (3, document(3), NOW + 3)
    assert merkle.leaf_of(kept.salt, kept.document) == kept.leaf


def test_each_entry_gets_a_salt_of_its_own(log):
    first, second = (log.append(document(0), now=NOW) for _ in range(2))
    assert first.salt != second.salt
    assert len(first.salt) == 32


def test_an_erased_entry_is_gone_and_every_root_and_proof_stays(database):
    fill(database, 20)
    before = head(database)
    with database.write() as connection:
        log = HandoffLog(connection, ORIGIN)
        log.erase(7)
        entry = log.entry(7)
        assert (entry.salt, entry.document) == (None, None)
        assert log.head() == before
        assert merkle.includes(entry.leaf, 7, 20, log.inclusion(7), before.root)
        report = audit(log.export(), [before])
        assert (report.findings, report.erased) == ((), 1)


def test_a_transaction_that_is_rolled_back_leaves_no_trace(database):
    fill(database, 3)
    before = head(database)
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        HandoffLog(connection, ORIGIN).append(document(3), now=NOW).index / 0
    assert head(database) == before
    fill(database, 1, start=4)
    with database.read() as connection:
        log = HandoffLog(connection, ORIGIN)
        assert document(3) not in {entry.document for entry in log.entries()}
        assert audit(log.export(), [before, log.head()]).findings == ()


def test_appends_of_many_threads_are_one_log_without_gaps(database):
    def work(worker):
        for number in range(10):
            fill(database, 1 + number % 2, start=100 * worker + 2 * number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    with database.read() as connection:
        log = HandoffLog(connection, ORIGIN)
        head_now = log.head()
        assert head_now.size == 8 * 15
        assert root_at(log, head_now.size) == head_now.root
        assert audit(log.export(), [head_now]).findings == ()


def test_the_tree_keeps_less_than_one_row_more_for_each_entry(database):
    fill(database, 64)
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(log_nodes)) == 63


def test_what_the_log_does_not_have_is_not_found(database):
    fill(database, 4)
    with database.write() as connection:
        log = HandoffLog(connection, ORIGIN)
        for call in (
            lambda: log.entry(4),
            lambda: log.entry(-1),
            lambda: log.erase(4),
            lambda: log.inclusion(4),
            lambda: log.inclusion(-1),
            lambda: log.inclusion(2, 2),
            lambda: log.inclusion(0, 5),
            lambda: log.inclusion(0, 0),
            lambda: log.consistency(5),
            lambda: log.consistency(3, 2),
            lambda: log.consistency(-1),
        ):
            with pytest.raises(NotFound):
                call()


def test_the_database_of_another_hub_is_not_touched(database):
    fill(database, 1)
    with database.write() as connection:
        other = HandoffLog(connection, "other.example")
        for call in (other.head, lambda: other.append(document(1), now=NOW)):
            with pytest.raises(Unavailable):
                call()


def test_a_tree_that_has_lost_a_part_says_so(database):
    fill(database, 8)
    with database.write() as connection:
        connection.execute(delete(log_nodes).where(log_nodes.c.place.in_([3, 11])))
        with pytest.raises(Unavailable):
            HandoffLog(connection, ORIGIN).inclusion(0)


def test_a_part_of_the_tree_that_was_changed_proves_nothing(database):
    fill(database, 8)
    with database.write() as connection:
        connection.execute(update(log_nodes).where(log_nodes.c.place.in_([3, 11])).values(hash="A" * 43))
        log = HandoffLog(connection, ORIGIN)
        assert not merkle.includes(log.entry(0).leaf, 0, 8, log.inclusion(0), log.head().root)


def test_a_halted_log_takes_no_entries_until_it_goes_on(database):
    fill(database, 1)
    with database.write() as connection:
        HandoffLog(connection, ORIGIN).halt("reason")
    with pytest.raises(Unavailable):
        fill(database, 1, start=1)
    with database.write() as connection:
        HandoffLog(connection, ORIGIN).halt(None)
    fill(database, 1, start=1)
    assert head(database).size == 2
