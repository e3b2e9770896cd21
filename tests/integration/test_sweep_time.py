"""The time that a sweep goes by, while other workers sweep and an operator says that the clock is right."""

import logging

import pytest

from hub.followup.guard import Sweep
from hub.followup.store import SweepState
from hub.referrals.jobs import confirm_time
from tests.support.desks import settle

DAY = 24 * 3_600


class ConfirmsAtOnce(logging.Handler):
    """An operator who says that the clock is right as soon as the hub says that it jumped."""

    def __init__(self, hub):
        super().__init__()
        self.hub, self.asked, self.back = hub, 0, 0

    def emit(self, record):
        if "until an operator confirms" in record.getMessage():
            self.asked += 1
            self.hub.clock.forward(-self.back)
            confirm_time(self.hub)


@pytest.fixture
def operator(home):
    handler, log = ConfirmsAtOnce(home.hub), logging.getLogger("hub.referrals.jobs")
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


def suspended(desk):
    with desk.hub.database.read() as connection:
        return SweepState(connection).get().suspended_since


def test_a_sweep_that_is_at_work_while_the_time_is_confirmed_goes_by_what_was_confirmed(
    delivered, home, away, people, clock, operator
):
    for _ in range(5):
        home.sweep()
        clock.forward(DAY)
    home.sweep()
    settle(home, away)
    assert home.shown(delivered, people.shelter.agency)["state"] == "delivered"
    clock.forward(2 * DAY)  # at once
    home.sweep()
    settle(home, away)
    assert operator.asked == 1
    assert home.shown(delivered, people.shelter.agency)["state"] == "expired"


def test_a_sweep_that_is_at_work_while_a_wrong_clock_is_set_back_silences_nothing(
    delivered, home, away, people, clock, operator
):
    home.sweep()
    operator.back = 3 * 365 * DAY
    clock.forward(operator.back)  # a wrong clock
    home.sweep()
    assert operator.asked == 1
    told = 0
    for _ in range(20):
        clock.forward(DAY)
        told += home.sweep()
        settle(home, away)
    assert told > 3
    assert home.shown(delivered, people.shelter.agency)["state"] == "expired"


def test_a_worker_that_came_late_to_its_sweep_sees_no_clock_that_runs_backwards(home, clock, monkeypatch):
    class Crowded:
        """A database at which another worker sweeps first, and takes an hour."""

        def __init__(self, database):
            self.database, self.first = database, True

        def write(self):
            if self.first:
                self.first = False
                clock.forward(3_600)
                with self.database.write() as other:
                    SweepState(other).put(Sweep(clock.now()))
            return self.database.write()

    home.sweep()
    with monkeypatch.context() as crowded:
        crowded.setattr(home.hub, "database", Crowded(home.hub.database))
        home.sweep()
    assert suspended(home) is None
