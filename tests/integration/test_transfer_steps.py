"""The steps beside the gates, by real clients at two hubs: who may, what is sealed for whom, who is responsible."""

from __future__ import annotations

import pytest

from hub.client import proof, reading, register, transfer_steps
from hub.clock import SetClock
from tests.conftest import NOW
from tests.support.legs import People
from tests.support.world import populated, world

HOME, AWAY = "dj.example", "et.example"


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        made.join(made.members["amina"], "omar", {"supervisor"})
        made.join(made.members["hana"], "bekele", {"supervisor"})
        yield People(made, *(made.members[name] for name in ("amina", "omar", "hana", "bekele")))


def test_a_case_is_followed_from_its_opening_to_the_first_contact(people):
    held, leg = people.handed_over()
    who = register.who_holds(people.worker, held.record)
    assert (who.holder, who.acting, who.release) == (people.receiver.agency, (people.receiver.agency,), None)
    assert [link.type for link in who.chain] == ["case.open", "case.leg", "transfer.release", "transfer.take"]
    theirs = register.who_holds(people.receiver, leg)
    assert (theirs.holder, theirs.case is None) == (people.receiver.agency, False)
    assert [link.type for link in theirs.chain] == ["transfer.release", "transfer.take", "case.hold"]
    for member, name in ((people.worker, held.record), (people.receiver, leg)):
        made = proof.make(member, name)
        found = proof.check(people.boss if member is people.receiver else people.chief, made)
        assert (found.holder, found.unilateral) == (people.receiver.agency, False)
    transfer_steps.take(people.receiver, leg, "first_contact", day=people.day(), next=people.day(30), text="Well.")
    people.run()
    transfer_steps.follow_up(people.receiver, leg, people.day(), people.day(60))
    people.run()
    assert reading.show(people.worker, leg).state == "monitoring"
