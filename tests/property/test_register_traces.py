"""Real hubs go every kind of way that the model of the register knows, and stand where it says after each step."""

import random
import shutil
from contextlib import ExitStack

import pytest

from hub.clock import SetClock
from hub.db import Database
from tests.model.explore import ALWAYS, ONCE_QUIET
from tests.model.register import Setting
from tests.model.traces import traces, walk
from tests.support.factories import NOW
from tests.support.registers import Registers, same

SHELTER, CENTRE, COALITION = "shelter@one.example", "centre@two.example", "coalition@three.example"
BESIDE = "authority@one.example"
ONE_LEG = {"first": (SHELTER, CENTRE)}
ONWARD = {**ONE_LEG, "onward": (CENTRE, COALITION)}
SETTINGS = {
    "twice": Setting(ONE_LEG, releases=2, takes=2),
    "and back": Setting({**ONE_LEG, "rival": (SHELTER, BESIDE), "return": (CENTRE, SHELTER)}, takes=2),
    "over three hubs": Setting({**ONWARD, "rival": (SHELTER, COALITION)}),
    "successor at home": Setting(ONE_LEG, successor="ministry@two.example", assumes=2, mortal=(CENTRE,)),
    "successor elsewhere": Setting(ONWARD, successor="ministry@three.example", assumes=1, mortal=(CENTRE,)),
}
ON_BOTH = ("twice", "successor elsewhere")
"""Ways that are gone on PostgreSQL too; all others meet the same rules with other people."""
EACH = [(bounds, "sqlite") for bounds in SETTINGS] + [
    pytest.param(bounds, "postgres", marks=pytest.mark.postgres) for bounds in ON_BOTH
]


class Places:
    """Where hubs keep their databases."""

    def __init__(self, stack, folder, template, server=None):
        self._stack, self._folder, self._template, self._server = stack, folder, template, server
        self._n = 0

    def open(self, setting):
        self._n += 1
        folder = self._folder / str(self._n)
        folder.mkdir()
        databases = {host: self._database(folder, host) for host in setting.hosts}
        return Registers.over(setting, databases, SetClock(NOW), folder)

    def _database(self, folder, host):
        if self._server is None:
            url = f"sqlite:///{shutil.copy(self._template, folder / f'{host}.sqlite')}"
        else:
            url = self._stack.enter_context(self._server.database(self._template))
        database = Database(url)
        self._stack.callback(database.close)
        return database


@pytest.fixture
def places(request, tmp_path):
    with ExitStack() as stack:
        template = request.getfixturevalue(f"{request.param}_template")
        server = request.getfixturevalue("postgres_server") if request.param == "postgres" else None
        yield Places(stack, tmp_path, template, server)


def go(registers, way):
    """Take the steps of a way on real hubs, which stand after each where the model does."""
    for n, (step, after) in enumerate(way, 1):
        registers.take(step)
        told = "\n".join(f"{m}. {one}" for m, (one, _) in enumerate(way[:n], 1))
        assert same(registers.world(), after), told


def lawful(registers):
    """Let the lines be up, and ask what holds in every world, and at the end, of what stands there then."""
    registers.journey.settle()
    world = registers.world()
    for law in ALWAYS + ONCE_QUIET:
        assert law(registers.model, world), law.__doc__
    assert all(desk.audited().findings == () for desk in registers.journey.desks.values())


@pytest.mark.parametrize(("bounds", "places"), EACH, indirect=["places"])
def test_real_hubs_stand_where_the_model_says_after_each_kind_of_step(bounds, places):
    for way in traces(SETTINGS[bounds]):
        registers = places.open(SETTINGS[bounds])
        go(registers, way)
        lawful(registers)


@pytest.mark.slow
@pytest.mark.parametrize("bounds", SETTINGS)
@pytest.mark.parametrize("chance", range(2))
@pytest.mark.parametrize("places", ["sqlite"], indirect=True)
def test_real_hubs_stand_where_the_model_says_on_long_ways(bounds, chance, places):
    registers = places.open(SETTINGS[bounds])
    go(registers, walk(SETTINGS[bounds], random.Random(f"{bounds} {chance}"), 40))
    lawful(registers)
