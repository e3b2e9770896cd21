"""Two hubs' intakes, joined by a carrier that the test drives, for the tests of this folder."""

import shutil

import pytest

from hub.db import Database
from tests.support.desks import AWAY, HOME, Desk, People, introduce, settle


@pytest.fixture
def people(clock):
    return People.invented(clock)


@pytest.fixture
def home(database, clock, tmp_path, people):
    desk = Desk.open(HOME, database, clock, tmp_path)
    desk.know(people.shelter)
    return desk


@pytest.fixture
def away(home, sqlite_template, clock, tmp_path, people):
    other = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'away.sqlite')}")
    desk = Desk.open(AWAY, other, clock, tmp_path)
    desk.know(people.centre)
    introduce(home, desk)
    yield desk
    other.close()


@pytest.fixture
def sent(home, away, people):
    handoff, statement, packet = people.submit()
    home.post(statement, packet, people.shelter.agency)
    return handoff


@pytest.fixture
def delivered(sent, home, away):
    settle(home, away)
    return sent
