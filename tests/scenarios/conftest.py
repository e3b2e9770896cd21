"""The scene of each scenario's file, and its order: a scenario is told from its first day on.

Each is told over real hub processes that differ in their database: SQLite, PostgreSQL, SQLite, in the order in which
the file names its hubs. Where it has one hub alone it is told twice.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.scenario import Person, hosts_of, told_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.scenario import Scene

_HERE = Path(__file__).parent


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "scene" in metafunc.fixturenames:
        marks = (pytest.mark.slow, pytest.mark.postgres)
        alone = len(hosts_of(metafunc.module)) == 1
        told = ["sqlite", pytest.param("postgres", marks=marks)] if alone else [pytest.param("both", marks=marks)]
        metafunc.parametrize("scene", told, indirect=True, scope="module")


@pytest.fixture(scope="module")
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The agencies that the file names, each with its people, on the scenario's first day.

    When two processes share a file, each plays a part of it; so each is searched for names when it has ended.
    """
    with ExitStack() as stack:
        hosts, databases = hosts_of(request.module), dict[str, str]()
        if request.param != "sqlite":
            server = request.getfixturevalue("postgres_server")
            ours = hosts if request.param == "postgres" else hosts[1::2]
            databases = {host: stack.enter_context(server.database()) for host in ours}
        made = stack.enter_context(told_by(request.module, tmp_path_factory.mktemp("scene"), databases))
        yield made
        made.hubs_know_nothing_of(*(known for known in vars(request.module).values() if isinstance(known, Person)))
        made.logs_verify()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a scenario together and in the order in which they are written, whatever is shuffled."""
    ours = [item for item in items if item.path.parent == _HERE]
    items[:] = [item for item in items if item.path.parent != _HERE] + sorted(ours, key=_place)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Begin a scenario anew where a process goes on with an earlier part of it: no clock of a scene is put back."""
    if nextitem is not None and nextitem.path == item.path and _place(nextitem) < _place(item):
        item.session._setupstate.teardown_exact(item.session)  # no public way ends the fixtures of a module


def _place(item: pytest.Item) -> tuple[Path, str, int]:
    called = getattr(item, "callspec", None)
    return item.path, str(called.params["scene"]) if called else "", item.function.__code__.co_firstlineno
