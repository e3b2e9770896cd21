"""The scene of each scenario's file, and its order: a scenario is told from its first day on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.scenario import Person, told_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.scenario import Scene

_HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The agencies that the file names, each with its people, on the scenario's first day.

    When two processes share a file, each plays a part of it; so each is searched for names when it has ended.
    """
    with told_by(request.module, tmp_path_factory.mktemp("scene")) as made:
        yield made
        made.hubs_know_nothing_of(*(known for known in vars(request.module).values() if isinstance(known, Person)))
        made.logs_verify()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a scenario together and in the order in which they are written, whatever is shuffled."""
    ours = [item for item in items if item.path.parent == _HERE]
    told = sorted(ours, key=lambda item: (item.path, item.function.__code__.co_firstlineno))
    items[:] = [item for item in items if item.path.parent != _HERE] + told
