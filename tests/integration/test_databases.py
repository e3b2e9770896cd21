from __future__ import annotations

import socket
import threading
from contextlib import suppress

import pytest
from pytest_socket import SocketConnectBlockedError
from sqlalchemy.exc import DBAPIError

from hub.db import Database, batches, padded
from hub.errors import Unavailable


def test_a_write_that_fails_leaves_no_trace_on_either_database(database):
    with database.write() as connection:
        connection.exec_driver_sql("create table kept (n integer)")
    with pytest.raises(DBAPIError):
        _write_and_fail(database)
    with database.read() as connection:
        assert connection.exec_driver_sql("select count(*) from kept").scalar() == 0


def _write_and_fail(database):
    with database.write() as connection:
        connection.exec_driver_sql("insert into kept values (1)")
        connection.exec_driver_sql("insert into missing values (1)")


def test_what_is_written_in_a_read_is_not_kept(database):
    with database.write() as connection:
        connection.exec_driver_sql("create table kept (n integer)")
    with suppress(DBAPIError), database.read() as connection:
        connection.exec_driver_sql("insert into kept values (1)")
    with database.read() as connection:
        assert connection.exec_driver_sql("select count(*) from kept").scalar() == 0


@pytest.mark.postgres
def test_a_question_that_is_asked_often_is_planned_once(postgres_url):
    database = Database(postgres_url)
    for _ in range(10):
        with database.read() as connection:
            connection.exec_driver_sql("select count(*) from map_views where id = %s", ("one",)).scalar()
    with database.read() as connection:
        prepared = connection.exec_driver_sql("select statement from pg_prepared_statements").scalars().all()
    database.close()
    assert any("from map_views" in statement for statement in prepared)


def test_many_values_are_asked_for_in_statements_of_few_lengths():
    assert [list(some) for some in batches(range(5), 2)] == [[0, 1], [2, 3], [4]]
    assert [padded(list(range(count))) for count in range(6)] == [
        [],
        [0],
        [0, 1],
        [0, 1, 2, 2],
        [0, 1, 2, 3],
        [0, 1, 2, 3, 4, 4, 4, 4],
    ]


def test_each_test_has_a_database_of_its_own(database):
    with database.write() as connection:
        connection.exec_driver_sql("create table kept (n integer)")


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_tests_cannot_leave_this_machine():
    with socket.socket() as outside, pytest.raises(SocketConnectBlockedError):
        outside.connect(("192.0.2.1", 80))


def test_a_database_that_was_closed_is_opened_by_nobody_and_leaves_no_connection(database):
    using, closed = threading.Event(), threading.Event()
    seen = []

    def late():
        with database.read() as connection:
            seen.append(connection.connection.dbapi_connection)
            using.set()
            closed.wait(10)

    thread = threading.Thread(target=late)
    thread.start()
    assert using.wait(10)
    database.close()
    closed.set()
    thread.join()
    with pytest.raises(Unavailable), database.write():
        pass
    with pytest.raises(Exception, match="closed"):
        seen[0].execute("select 1")
