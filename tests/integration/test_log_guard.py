"""Restored backups, rewritten logs and what peers have seen of them."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from hub.db import Database
from hub.errors import Malformed, Unavailable
from hub.handofflog.guard import FILE_NAME, ForkGuard, compare_seen
from hub.handofflog.merkle import extends
from hub.handofflog.note import parse_checkpoint, sign_checkpoint, verify_checkpoint
from hub.handofflog.store import HandoffLog, log_entries, log_head, log_nodes
from hub.packets.checkpoint import Checkpoint
from tests.support.logs import HUB, ORIGIN, fill, head


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    return path


@pytest.fixture
def guard(database, folder):
    return ForkGuard(database, ORIGIN, folder)


def roll_back(database, count, size):
    """Do to the log what restoring a backup does: its last entries were never there."""
    with database.write() as connection:
        for table in (log_entries, log_nodes, log_head):
            connection.execute(delete(table))
    fill(database, size)
    assert head(database).size == size < count


def test_a_published_checkpoint_is_the_head_signed_by_the_hub(database, guard, folder):
    fill(database, 5)
    note = guard.publish(HUB)
    assert verify_checkpoint(note, ORIGIN, HUB.public_key) == head(database)
    assert (folder / FILE_NAME).read_text(encoding="utf-8") == note == guard.last_note()
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_an_empty_log_is_published_and_grows_from_there(database, guard):
    assert parse_checkpoint(guard.publish(HUB)).size == 0
    fill(database, 3)
    assert guard.check() == parse_checkpoint(guard.publish(HUB)) == head(database)


def test_each_publication_extends_the_one_before(database, guard):
    notes = []
    for number in range(12):
        fill(database, number % 3, start=10 * number)
        notes.append(parse_checkpoint(guard.publish(HUB)))
    with database.read() as connection:
        log = HandoffLog(connection, ORIGIN)
        for old, new in pairwise(notes):
            assert extends(old.size, old.root, new.size, new.root, log.consistency(old.size, new.size))


def test_after_a_restored_backup_nothing_is_signed_and_nothing_appended(database, guard):
    fill(database, 10)
    note = guard.publish(HUB)
    roll_back(database, 10, 6)
    for call in (guard.check, lambda: guard.publish(HUB)):
        with pytest.raises(Unavailable, match="rolled back"):
            call()
    with pytest.raises(Unavailable):
        fill(database, 1, start=99)
    assert guard.last_note() == note


def test_a_backup_that_went_on_past_the_published_size_is_a_fork(database, guard):
    fill(database, 10)
    guard.publish(HUB)
    roll_back(database, 10, 6)
    fill(database, 20, start=50)
    with pytest.raises(Unavailable, match="rewritten or forked"):
        guard.publish(HUB)
    with pytest.raises(Unavailable):
        fill(database, 1, start=99)


def test_a_log_that_was_rewritten_at_the_published_size_is_refused(database, guard):
    fill(database, 8)
    guard.publish(HUB)
    with database.write() as connection:
        connection.execute(update(log_head).values(frontier=bytes(32)))
    with pytest.raises(Unavailable):
        guard.check()


def test_a_file_copy_of_sqlite_put_back_is_noticed_at_the_start_and_mended_by_the_right_one(
    sqlite_url, folder, tmp_path
):
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    database = Database(sqlite_url)
    fill(database, 4)
    database.close()
    backup, later = (Path(shutil.copy(file, tmp_path / "backup")), tmp_path / "later")
    database = Database(sqlite_url)
    fill(database, 3, start=4)
    ForkGuard(database, ORIGIN, folder).publish(HUB)
    database.close()
    shutil.copy(file, later)
    shutil.copy(backup, file)
    database = Database(sqlite_url)
    with pytest.raises(Unavailable):
        ForkGuard(database, ORIGIN, folder).check()
    with pytest.raises(Unavailable):
        fill(database, 1, start=50)
    database.close()
    shutil.copy(later, file)
    database = Database(sqlite_url)
    assert ForkGuard(database, ORIGIN, folder).check().size == 7
    assert fill(database, 1, start=50)[0].index == 7
    database.close()


def test_a_log_that_was_halted_by_mistake_goes_on_once_it_fits(database, guard, folder):
    fill(database, 4)
    note = guard.publish(HUB)
    (folder / FILE_NAME).write_text(sign_checkpoint(Checkpoint(ORIGIN, 9, bytes(32)), HUB), encoding="utf-8")
    with pytest.raises(Unavailable):
        guard.check()
    (folder / FILE_NAME).write_text(note, encoding="utf-8")
    guard.check()
    assert fill(database, 1, start=4)[0].index == 4


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"nonsense\n"])
def test_a_damaged_checkpoint_file_stops_the_log(database, guard, folder, content):
    fill(database, 1)
    (folder / FILE_NAME).write_bytes(content)
    with pytest.raises(Unavailable):
        guard.publish(HUB)
    with pytest.raises(Unavailable):
        fill(database, 1, start=1)


def test_a_checkpoint_that_cannot_be_kept_is_not_published_and_the_log_goes_on(database, folder):
    guard = ForkGuard(database, ORIGIN, folder / "missing")
    with pytest.raises(Unavailable):
        guard.publish(HUB)
    assert fill(database, 1)[0].index == 0


def test_publishing_and_appending_in_many_threads_never_looks_like_a_fork(database, guard):
    def work(worker):
        for number in range(6):
            fill(database, 1, start=100 * worker + number)
            guard.publish(HUB)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert guard.check().size == 36
    assert parse_checkpoint(guard.last_note()).size == 36


def test_what_a_peer_has_seen_is_compared_with_the_log(database):
    fill(database, 5)
    seen = head(database)
    fill(database, 6, start=5)
    with database.read() as connection:
        log = HandoffLog(connection, ORIGIN)
        assert compare_seen(log, seen) == log.head()
        assert compare_seen(log, Checkpoint(ORIGIN, 0, bytes(32))) == log.head()
        with pytest.raises(Unavailable, match="rolled back"):
            compare_seen(log, Checkpoint(ORIGIN, 12, seen.root))
        with pytest.raises(Unavailable, match="forked"):
            compare_seen(log, Checkpoint(ORIGIN, 6, seen.root))
        with pytest.raises(Malformed):
            compare_seen(log, Checkpoint("other.example", 5, seen.root))


def test_a_peer_that_lies_about_what_it_saw_does_not_stop_the_log(database):
    fill(database, 2)
    with database.read() as connection, pytest.raises(Unavailable):
        compare_seen(HandoffLog(connection, ORIGIN), Checkpoint(ORIGIN, 2, bytes(32)))
    assert fill(database, 1, start=2)[0].index == 2
