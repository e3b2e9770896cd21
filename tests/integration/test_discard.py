"""After its time a case's content is destroyed at the hub, and what was signed about it stays."""

from __future__ import annotations

import shutil

import pytest

from hub.errors import Forbidden, IllegalTransition, NotFound
from hub.handoffs.jobs import replay_deletions
from hub.handoffs.store import PacketStore
from hub.ids import random_id
from tests.support.custody import custody, erase, fetch, left, manifest_of, withdraw
from tests.support.desks import AWAY, HOME, People, settle
from tests.support.peers import says

OWN = {
    "kind": "own_record",
    "urgency": "routine",
    "due": None,
    "needed_from": None,
    "verdict": None,
    "leg": None,
    "freeze": None,
    "link": None,
}


@pytest.fixture
def people(clock):
    """Both agencies have somebody who may have a case destroyed."""
    found = People.invented(clock)
    for agency in (found.shelter, found.centre):
        agency.member("officer", "data_officer", "caseworker")
    return found


@pytest.fixture
def ended(delivered, home, away, people):
    """A referral that its recipient opened and its sender cancelled: nobody has to act any more."""
    fetch(away, manifest_of(away, delivered, people.centre))
    home.post(people.sign("referral.cancel", delivered, people.shelter.members["case"]), None, people.shelter.agency)
    settle(home, away)
    return delivered


def keep(people, desk, handoff=None):
    """Put a version of an own record; return its handoff."""
    author, chosen = people.shelter.members["case"], handoff or random_id()
    _, packet = people.packet(people.shelter, people.shelter, author)
    desk.post(people.sign("record.put", chosen, author, body=OWN, packet=packet), packet, people.shelter.agency)
    return chosen


def destroy(people, desk, handoff, agency, role="data_officer"):
    said = people.sign("record.destroy", handoff, agency.members["officer"], role=role)
    desk.post(said, None, agency.agency)
    erase(desk)
    return said


class TestAnOwnRecord:
    def test_is_destroyed_in_all_its_versions_and_says_so(self, home, people):
        handoff = keep(people, home, keep(people, home))
        assert len(left(home)) == 4
        destroy(people, home, handoff, people.shelter)
        shown = home.shown(handoff, people.shelter.agency)
        assert left(home) == []
        assert [packet["destroyed"] for packet in shown["packets"]] == [True, True]
        types = [statement["type"] for statement in shown["statements"]]
        assert types == ["record.put", "record.put", "record.destroy", "packet.destroy"]
        with pytest.raises(NotFound):
            fetch(home, shown["packets"][0]["manifest"])
        home.audited()

    def test_takes_no_version_after_that(self, home, people):
        handoff = keep(people, home)
        destroy(people, home, handoff, people.shelter)
        with pytest.raises(IllegalTransition):
            keep(people, home, handoff)
        assert left(home) == []

    def test_said_twice_it_is_destroyed_once(self, home, people):
        handoff = keep(people, home)
        said = destroy(people, home, handoff, people.shelter)
        answer = home.post(said, None, people.shelter.agency)
        assert home.post(said, None, people.shelter.agency) == answer
        assert erase(home) == 0

    def test_is_left_alone_by_whoever_may_not(self, home, people):
        handoff = keep(people, home)
        with pytest.raises(Forbidden):
            destroy(people, home, handoff, people.shelter, role="caseworker")
        assert len(left(home)) == 2

    def test_of_another_agency_is_not_there(self, home, away, people):
        handoff = keep(people, home)
        home.know(people.centre)
        with pytest.raises((NotFound, Forbidden)):
            destroy(people, home, handoff, people.centre)
        assert len(left(home)) == 2

    def test_stays_destroyed_when_an_old_backup_is_put_back(self, home, people):
        handoff, folder = keep(people, home), home.hub.settings.data / HOME / "payloads"
        copy = shutil.copytree(folder, folder.parent / "copy")
        destroy(people, home, handoff, people.shelter)
        shutil.copytree(copy, folder, dirs_exist_ok=True)
        replay_deletions(home.hub)
        assert left(home) == []


class TestWhatWasReceived:
    def test_is_destroyed_at_the_own_hub_and_the_words_stay(self, ended, home, away, people):
        destroy(people, away, ended, people.centre)
        assert left(away) == []
        assert len(left(home)) == 2
        settle(home, away)
        said = [row["type"] for row in away.shown(ended, people.centre.agency)["statements"]]
        assert said[-1] == "record.destroy"
        assert "record.destroy" not in [row["type"] for row in home.shown(ended, people.shelter.agency)["statements"]]
        away.audited()

    def test_is_destroyed_by_the_sender_where_the_other_hub_has_its_own(self, ended, home, away, people):
        destroy(people, home, ended, people.shelter)
        assert left(home) == []
        assert len(left(away)) == 2

    def test_is_kept_while_somebody_has_to_act(self, delivered, away, people):
        with pytest.raises(IllegalTransition):
            destroy(people, away, delivered, people.centre)
        assert len(left(away)) == 2

    def test_is_not_called_withdrawn(self, ended, away, people):
        destroy(people, away, ended, people.centre)
        assert custody(away, ended, people.centre) is None
        with away.hub.database.read() as connection:
            assert not PacketStore(connection).given_up(ended)

    def test_a_withdrawal_that_comes_later_is_answered_all_the_same(self, ended, home, away, people):
        destroy(people, away, ended, people.centre)
        withdraw(home, people, ended)
        for _ in range(2):
            settle(home, away)
            erase(home, away)
        settle(home, away)
        seen = custody(home, ended, people.shelter)
        assert [(copy["host"], copy["served"]) for copy in seen["hubs"]] == [(HOME, False), (AWAY, True)]
        assert all(copy["destroyed"] for copy in seen["hubs"])
        assert seen["recall"] == "request"

    def test_is_destroyed_by_no_peer(self, ended, home, away, people):
        said = people.sign("record.destroy", ended, people.shelter.members["officer"], role="data_officer")
        answer = says(away, home, said)
        assert answer.type == "hub.refused"
        assert len(left(away)) == 2
