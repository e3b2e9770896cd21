"""Fixtures of every test: both databases, a clock that stands still, and no network beyond this machine.

`database` runs a test twice, on SQLite and on PostgreSQL; each test has a database of its own, copied from a template
with all tables. Set `CI` to make a missing PostgreSQL a failure and not a skip.
"""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from pytest_socket import socket_allow_hosts

from hub.clock import SetClock
from hub.db import Database
from hub.migrations.run import all_metadata
from tests.support.postgres import NoPostgres, Server, name_of, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

settings.register_profile("hub", deadline=None)
settings.load_profile("hub")
NOW = 1_795_290_000


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup() -> None:
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running())
        except NoPostgres as error:
            if os.environ.get("CI"):
                pytest.fail(f"PostgreSQL is needed: {error}")
            pytest.skip(f"PostgreSQL is not to be had: {error}")
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Server) -> Iterator[str]:
    with postgres_server.database() as url:
        _make_tables(url)
        yield name_of(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "hub.sqlite"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres_server: Server, postgres_template: str) -> Iterator[str]:
    """The URL of a fresh PostgreSQL database with all tables."""
    with postgres_server.database(postgres_template) as url:
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a fresh SQLite database with all tables."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'hub.sqlite')}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    found = Database(request.getfixturevalue(f"{request.param}_url"))
    yield found
    found.close()


def _make_tables(url: str) -> None:
    database = Database(url)
    with database.write() as connection:
        all_metadata().create_all(connection)
    database.close()
