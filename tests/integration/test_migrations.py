"""Schema changes on both databases: they make what the tables say, go down with data in them, and know their own."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from hub.auth.store import AccountStore, Session
from hub.auth.tries import OF_LOGIN, Counted, Tries
from hub.db import Database
from hub.errors import Unavailable
from hub.migrations.run import all_metadata, check, downgrade, upgrade
from hub.notify.store import Notices
from tests.support import terminal


@pytest.fixture
def empty(database):
    """A database with nothing in it."""
    with database.write() as connection:
        all_metadata().drop_all(connection)
    return database


def tables(database):
    with database.read() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_the_changes_make_exactly_the_tables_that_the_code_declares(empty):
    upgrade(empty)
    with empty.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, all_metadata()) == []


def test_down_and_up_again_with_data(empty):
    upgrade(empty)
    with empty.write() as connection:
        Notices(connection).put(key="k", to_agency="a", to_member="m", template="waits", now=1)
        Tries(connection).failed([Counted("h", OF_LOGIN)], 1)
    downgrade(empty, "base")
    assert tables(empty) == set()
    upgrade(empty)
    assert tables(empty) == set(all_metadata().tables)
    check(empty)


def test_upgrading_twice_changes_nothing(empty):
    upgrade(empty)
    upgrade(empty)
    check(empty)


def test_an_operator_brings_a_database_up_with_one_command(empty, tmp_path):
    where = {"HUB_DATABASE": empty.engine.url.render_as_string(hide_password=False)}
    assert "The database has this release's schema." in terminal.hub("upgrade", "--data", tmp_path, **where)
    check(empty)


def test_a_schema_that_was_never_made_is_refused(empty):
    with pytest.raises(Unavailable):
        check(empty)


def test_a_newer_schema_is_refused_and_left_as_it_was(empty):
    upgrade(empty)
    with empty.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    before = tables(empty)
    for attempt in (check, upgrade):
        with pytest.raises(Unavailable, match="newer"):
            attempt(empty)
    assert tables(empty) == before


def test_a_session_belongs_to_an_account(empty):
    upgrade(empty)
    with pytest.raises(Exception, match=r"(?i)foreign key"), empty.write() as connection:
        AccountStore(connection).open_session(Session("t", "nobody", "i", 1, 1, 2))


def test_the_changes_leave_other_hubs_databases_alone(tmp_path):
    first, second = (Database(f"sqlite:///{tmp_path / name}") for name in ("a", "b"))
    upgrade(first)
    assert tables(second) == set()
    for database in (first, second):
        database.close()
