"""The day before a departure its people are reminded; that the child has not left is said when it has not."""

from __future__ import annotations

import pytest

from tests.support.desks import AWAY, HOME
from tests.support.journeys import DAY, HOUR, Journey


@pytest.fixture
def journey(home, away, people):
    return Journey(people, {HOME: home, AWAY: away})


def said_by_hubs(journey, leg, agency):
    told = ("referral.overdue", "transfer.not_departed")
    return [row["type"] for row in journey.desk(agency).shown(leg, agency.agency)["statements"] if row["type"] in told]


def test_nobody_is_said_not_to_have_left_before_the_day(journey, people, clock):
    shelter, centre = people.shelter, people.centre
    leg = journey.leg(journey.open(shelter), shelter, centre)
    journey.accept(leg, shelter, centre)
    clock.forward(2 * DAY + HOUR)
    journey.desk(shelter).sweep()
    assert said_by_hubs(journey, leg, shelter) == ["referral.overdue"]
    clock.forward(DAY)
    journey.desk(shelter).sweep()
    assert said_by_hubs(journey, leg, shelter) == ["referral.overdue", "transfer.not_departed"]
