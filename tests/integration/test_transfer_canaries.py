"""What two hubs keep after transfers: no name, reason, exception or way of return, and no shape that tells of one."""

from __future__ import annotations

import json

import pytest

from hub.client import reading, transfer_steps
from hub.clock import SetClock
from hub.packets.encoding import canonical
from tests.conftest import NOW
from tests.support.legs import People
from tests.support.searching import found_in, kept_by
from tests.support.world import populated, world

HOME, AWAY = "dj.example", "et.example"
SEALED = [
    *(b"Canaryhagos", b"bid_in_origin", b"assisted_voluntary", b"no panel before the border", b"Full until canary"),
    *(b"no_capacity", b"The canary court decides", b"overridden", b"not_applicable", b"unaccompanied"),
]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        made.join(made.members["amina"], "omar", {"supervisor"})
        made.join(made.members["hana"], "bekele", {"supervisor"})
        yield People(made, *(made.members[name] for name in ("amina", "omar", "hana", "bekele")))


@pytest.fixture(scope="module")
def legs(people):
    """A case that was handed over, one that was declined, one that was frozen; each offered by an exception."""
    _held, moved = people.handed_over(held=people.hagos(given="Canaryhagos"))
    _held, declined = people.offered(held=people.hagos(given="Canaryhagos"))
    transfer_steps.take(people.receiver, declined, "acknowledge")
    people.run()
    transfer_steps.take(people.chief, declined, "decline", code="no_capacity", text="Full until canary spring.")
    _held, frozen = people.offered(held=people.hagos(given="Canaryhagos"))
    transfer_steps.take(people.boss, frozen, "freeze", text="The canary court decides.")
    people.run()
    return moved, declined, frozen


def test_what_is_searched_for_can_be_found(people):
    assert found_in([("here", canonical({"code": "no_capacity"}))], SEALED)


def test_no_hub_keeps_a_word_about_a_child_or_a_reason(people, legs, caplog):
    kept = [cell for served in people.world.hubs.values() for cell in kept_by(served.hub)]
    assert found_in([*kept, ("log", caplog.text.encode())], SEALED) == set()


def test_the_verdicts_of_all_offers_have_one_shape(people, legs):
    said = [
        line.statement.body["verdict"]
        for leg in legs
        for line in reading.show(people.worker, leg).lines
        if line.statement.type == "transfer.offer"
    ]
    assert len(said) == len(legs)
    shapes = {json.dumps([*(gate["id"] for gate in one["gates"]), one["signers"], one["policy"]]) for one in said}
    assert len(shapes) == 1
    assert len({len(canonical(one)) for one in said}) == 1
    commits = [gate["commit"] for one in said for gate in one["gates"]]
    assert len(set(commits)) == len(commits)
