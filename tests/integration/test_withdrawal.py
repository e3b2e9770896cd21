"""A withdrawal stops everything at once, destroys what hubs hold, and asks whoever had opened it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from hub.db import Database
from hub.errors import (
    BadSignature,
    Conflict,
    ConsentMissing,
    HubError,
    IllegalTransition,
    Malformed,
    NotFound,
    StaleVersion,
)
from hub.followup.domain import CUSTODY
from hub.followup.store import FollowUps
from hub.handoffs.jobs import replay_deletions
from hub.handoffs.store import PacketStore
from hub.notify.store import notices
from hub.outbox.store import Outbox
from tests.support.custody import answer, custody, erase, fetch, left, manifest_of, withdraw
from tests.support.desks import AWAY, HOME, Desk, People, carry, hub_statement, introduce, settle
from tests.support.factories import some_hash
from tests.support.peers import arrives, says

DAY = 86_400


@pytest.fixture
def alone(database, clock, tmp_path):
    """One hub that is home to both agencies, and its people."""
    people = People.invented(clock, HOME, HOME)
    desk = Desk.open(HOME, database, clock, tmp_path)
    desk.know(people.shelter, people.centre)
    return desk, people


@pytest.fixture
def opened(delivered, away, people):
    """A referral whose packet its recipient has fetched."""
    assert fetch(away, manifest_of(away, delivered, people.centre))
    return delivered


def both(home, away, people, handoff):
    return custody(home, handoff, people.shelter), custody(away, handoff, people.centre)


def finish(home, away):
    """Let both hubs erase and tell one another."""
    for _ in range(2):
        settle(home, away)
        erase(home, away)
    settle(home, away)


class TestARecall:
    def test_is_certain_when_no_hub_gave_the_header_out(self, delivered, home, away, people):
        withdraw(home, people, delivered)
        finish(home, away)
        for seen in both(home, away, people, delivered):
            assert seen["recall"] == "certain"
            assert [(copy["host"], copy["served"]) for copy in seen["hubs"]] == [(HOME, False), (AWAY, False)]
            assert all(copy["destroyed"] for copy in seen["hubs"])
            assert seen["due"] is None

    def test_is_a_request_once_it_was_opened(self, opened, home, away, people, clock):
        withdraw(home, people, opened)
        finish(home, away)
        for seen in both(home, away, people, opened):
            assert seen["recall"] == "request"
            assert [copy["served"] for copy in seen["hubs"]] == [False, True]
            assert seen["due"] == clock.now() + 3 * DAY
        assert left(home) == left(away) == []

    def test_says_which_hub_it_has_not_reached_and_since_when(self, delivered, home, away, people, clock):
        withdraw(home, people, delivered)
        erase(home)
        clock.forward(DAY)
        seen = custody(home, delivered, people.shelter)
        assert seen["recall"] == "pending"
        reached, pending = seen["hubs"]
        assert (reached["host"], reached["destroyed"]) == (HOME, clock.now() - DAY)
        assert (pending["host"], pending["destroyed"], pending["since"]) == (AWAY, None, clock.now() - DAY)
        assert pending["served"] is None

    def test_of_what_never_left_is_certain_at_once(self, sent, home, people):
        withdraw(home, people, sent)
        erase(home)
        seen = custody(home, sent, people.shelter)
        assert (seen["recall"], [copy["host"] for copy in seen["hubs"]]) == ("certain", [HOME])

    def test_on_one_hub_is_certain_at_once(self, alone):
        desk, people = alone
        handoff, said, packet = people.submit()
        desk.post(said, packet, people.shelter.agency)
        withdraw(desk, people, handoff)
        assert erase(desk) == 1
        assert custody(desk, handoff, people.shelter)["recall"] == "certain"
        assert custody(desk, handoff, people.centre)["due"] is None

    def test_the_senders_reading_back_of_an_own_record_is_no_serving(self, alone):
        desk, people = alone
        author = people.shelter.members["case"]
        body = {**dict.fromkeys(("due", "needed_from", "verdict", "leg", "freeze", "link")), "kind": "own_record"}
        packet = people.packet(people.shelter, people.shelter, author)[1]
        said = people.sign("record.put", "r" * 21 + "A", author, body={**body, "urgency": "routine"}, packet=packet)
        desk.post(said, packet, people.shelter.agency)
        manifest = manifest_of(desk, "r" * 21 + "A", people.shelter)
        assert fetch(desk, manifest)
        with desk.hub.database.read() as connection:
            assert PacketStore(connection).get(manifest)["served"] is None

    def test_reaches_a_hub_that_took_the_packet_and_whose_answer_was_lost(self, sent, home, away, people):
        assert carry(home, away, answer=False)
        fetch(away, manifest_of(away, sent, people.centre))
        withdraw(home, people, sent)
        finish(home, away)
        for seen in both(home, away, people, sent):
            assert seen["recall"] == "request"
        assert left(away) == []

    def test_is_certain_when_a_hub_that_was_tried_never_got_the_packet(self, sent, home, away, people):
        with home.hub.database.write() as connection:
            claim = Outbox(connection).claim(AWAY, 0, 0)
            late = home.intake.message(connection, claim.statement)
        files = [(name, header + path.read_bytes()) for name, header, path in late.files]
        withdraw(home, people, sent)
        finish(home, away)
        seen = custody(home, sent, people.shelter)
        assert (seen["recall"], len(seen["hubs"])) == ("certain", 2)
        word = arrives(away, HOME, late, files)
        assert word.type == "hub.refused"
        with pytest.raises(NotFound):
            away.shown(sent, people.centre.agency)
        assert left(away) == []


class TestWhatAWithdrawalStops:
    def test_no_header_is_served_after_it(self, opened, home, away, people):
        manifest = manifest_of(away, opened, people.centre)
        withdraw(home, people, opened)
        settle(home, away)
        with pytest.raises(NotFound):
            fetch(away, manifest)

    def test_by_the_recipients_own_member_stops_its_hub_before_it_is_confirmed(self, delivered, away, people):
        manifest = manifest_of(away, delivered, people.centre)
        withdraw(away, people, delivered, people.centre)
        with pytest.raises(ConsentMissing):
            fetch(away, manifest)

    def test_again_it_destroys_no_answer_that_came_since(self, opened, home, away, people):
        withdraw(home, people, opened)
        settle(home, away)
        answer(away, people, opened, "cannot")
        settle(home, away)
        withdraw(home, people, opened)
        withdraw(away, people, opened, people.centre)
        finish(home, away)
        (kept,) = [p for p in home.shown(opened, people.shelter.agency)["packets"] if not p["destroyed"]]
        assert fetch(home, kept["manifest"])

    def test_a_header_that_comes_back_with_a_backup_opens_nothing(self, opened, away, home, people, tmp_path):
        folder = tmp_path / AWAY
        manifest = manifest_of(away, opened, people.centre)
        shutil.copytree(folder / "header-keys", tmp_path / "kept-keys")
        shutil.copytree(folder / "payloads", tmp_path / "kept-payloads")
        database = tmp_path / "kept.sqlite"
        with closing(sqlite3.connect(tmp_path / "away.sqlite")) as source, closing(sqlite3.connect(database)) as copy:
            source.backup(copy)
        withdraw(home, people, opened)
        finish(home, away)
        shutil.copytree(tmp_path / "kept-keys", folder / "header-keys", dirs_exist_ok=True)
        shutil.copytree(tmp_path / "kept-payloads", folder / "payloads", dirs_exist_ok=True)
        away.hub.database.close()
        restored = Desk.open(AWAY, Database(f"sqlite:///{database}"), away.hub.clock, tmp_path)
        with pytest.raises(NotFound):
            fetch(restored, manifest)
        assert replay_deletions(restored.hub) == 1
        assert replay_deletions(restored.hub) == 0
        assert left(restored) == []
        with pytest.raises(NotFound):
            fetch(restored, manifest)
        assert restored.shown(opened, people.centre.agency)["packets"][0]["destroyed"]
        assert erase(restored) == 0
        restored.hub.database.close()


class TestTheHoldersAnswer:
    def test_is_shown_to_both_and_may_change(self, opened, home, away, people):
        withdraw(home, people, opened)
        settle(home, away)
        answer(away, people, opened, "locked")
        settle(home, away)
        assert custody(home, opened, people.shelter)["holder"]["answer"] == "locked"
        answer(away, people, opened, "erased", member="desk")
        finish(home, away)
        for seen in both(home, away, people, opened):
            assert seen["holder"]["answer"] == "erased"
            assert seen["recall"] == "request"
        assert home.shown(opened, people.shelter.agency)["state"] == "consent_withdrawn"

    def test_ends_the_clock(self, opened, home, away, people):
        withdraw(home, people, opened)
        settle(home, away)
        for desk in (home, away):
            with desk.hub.database.read() as connection:
                assert FollowUps(connection).get(opened, CUSTODY).clock == "holder_answer"
        answer(away, people, opened, "erased")
        settle(home, away)
        for desk in (home, away):
            with desk.hub.database.read() as connection:
                assert FollowUps(connection).get(opened, CUSTODY) is None

    def test_needs_its_ground_when_it_is_cannot(self, opened, home, away, people):
        withdraw(home, people, opened)
        settle(home, away)
        bare = people.sign
        with pytest.raises(Malformed):
            bare("consent.holder_answer", opened, people.centre.members["case"], body={"answer": "cannot"})
        answer(away, people, opened, "cannot")
        settle(home, away)
        seen = home.shown(opened, people.shelter.agency)
        assert seen["custody"]["holder"]["answer"] == "cannot"
        (kept,) = [packet for packet in seen["packets"] if not packet["destroyed"]]
        assert fetch(home, kept["manifest"])

    def test_before_a_withdrawal_is_no_step(self, opened, away, people):
        with pytest.raises(IllegalTransition):
            answer(away, people, opened, "erased")

    def test_by_the_sender_is_no_step(self, opened, home, people):
        withdraw(home, people, opened)
        with pytest.raises(IllegalTransition):
            answer(home, people, opened, "erased", people.shelter)

    def test_by_a_deputy_is_no_step(self, opened, home, away, people):
        withdraw(home, people, opened)
        settle(home, away)
        with pytest.raises(IllegalTransition):
            answer(away, people, opened, "erased", member="deputy")

    def test_by_another_agency_finds_nothing(self, opened, home, people):
        other = people.world.agency("other", HOME, kind="ngo", country="DJ")
        other.member("case", "caseworker")
        home.know(other)
        withdraw(home, people, opened)
        with pytest.raises(NotFound):
            answer(home, people, opened, "erased", other)

    def told(self, desk):
        with desk.hub.database.read() as connection:
            return set(connection.scalars(select(notices.c.to_member)))

    def test_is_chased_up_the_ladder_and_never_expires(self, opened, home, away, people, clock):
        withdraw(home, people, opened)
        finish(home, away)
        for _ in range(20):
            clock.forward(DAY)
            home.sweep()
            settle(home, away)
        rows = home.shown(opened, people.shelter.agency)["statements"]
        rungs = [row for row in rows if row["type"] == "referral.overdue"]
        assert len(rungs) >= 5
        told = self.told(away)
        for name in ("case", "desk", "deputy", "boss"):
            assert people.centre.members[name].member in told
        assert people.shelter.members["boss"].member in self.told(home)
        answer(away, people, opened, "erased")
        settle(home, away)
        count = len(home.shown(opened, people.shelter.agency)["statements"])
        clock.forward(60 * DAY)
        home.sweep()
        assert len(home.shown(opened, people.shelter.agency)["statements"]) == count


class TestAHubThatLies:
    def says(self, home, away, handoff, host, manifest, *, served=False):
        body = {"packets": [{"manifest": manifest, "served": served}]}
        return says(home, away, hub_statement("packet.destroy", host, handoff, body, home.hub.clock.now()))

    def test_both_ways_is_held_to_the_worse_word(self, delivered, home, away, people):
        manifest = manifest_of(home, delivered, people.shelter)
        withdraw(home, people, delivered)
        erase(home)
        self.says(home, away, delivered, AWAY, manifest, served=True)
        self.says(home, away, delivered, AWAY, manifest)
        assert custody(home, delivered, people.shelter)["recall"] == "request"

    def test_and_names_other_packets_has_not_answered(self, delivered, home, away, people):
        withdraw(home, people, delivered)
        erase(home)
        self.says(home, away, delivered, AWAY, some_hash("other"))
        assert custody(home, delivered, people.shelter)["recall"] == "pending"

    def test_for_another_hub_is_not_believed(self, delivered, home, away, people):
        manifest = manifest_of(home, delivered, people.shelter)
        withdraw(home, people, delivered)
        with pytest.raises(BadSignature):
            self.says(home, away, delivered, HOME, manifest)

    def test_before_a_withdrawal_changes_nothing(self, delivered, home, away, people):
        manifest = manifest_of(home, delivered, people.shelter)
        assert self.says(home, away, delivered, AWAY, manifest).type == "hub.refused"
        assert custody(home, delivered, people.shelter) is None

    def test_about_a_handoff_of_others_is_told_nothing(self, alone, away_peer):
        desk, people = alone
        handoff, said, packet = people.submit()
        desk.post(said, packet, people.shelter.agency)
        manifest = manifest_of(desk, handoff, people.shelter)
        withdraw(desk, people, handoff)
        word = self.says(desk, away_peer, handoff, AWAY, manifest, served=True)
        assert (word.type, word.body["state"]) == ("hub.refused", "unknown")
        assert custody(desk, handoff, people.shelter)["recall"] != "request"


@pytest.fixture
def away_peer(alone, sqlite_template, clock, tmp_path):
    desk, _people = alone
    other = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'peer.sqlite')}")
    peer = Desk.open(AWAY, other, clock, tmp_path)
    strangers = People.invented(clock, AWAY, AWAY)
    peer.know(strangers.shelter, strangers.centre)
    introduce(desk, peer)
    yield peer
    other.close()


def test_of_many_grants_downloads_and_withdrawals_at_once_nothing_comes_after_the_receipt(alone):  # noqa: C901 - four kinds of people
    desk, people = alone
    handoff, said, packet = people.submit()
    desk.post(said, packet, people.shelter.agency)
    worker, sender = people.centre.members["case"], people.shelter.members["case"]
    desk.post(people.sign("referral.acknowledge", handoff, worker), None, people.centre.agency)
    first = manifest_of(desk, handoff, people.shelter)
    asks, answers = [], []
    for _ in range(8):
        question = people.packet(people.centre, people.shelter, worker)[1]
        more = people.packet(people.shelter, people.centre, sender)[1]
        asks.append((people.sign("referral.ask", handoff, worker, packet=question), question))
        answers.append((people.sign("referral.answer", handoff, sender, packet=more), more))
    got, after, withdrawn = [], [], []
    ready = Barrier(32)

    def work(n):
        ready.wait()
        try:
            match n % 4:
                case 0:
                    desk.post(*asks[n // 4], people.centre.agency)
                case 1:
                    desk.post(*answers[n // 4], people.shelter.agency)
                case 2:
                    late = bool(withdrawn)
                    fetch(desk, first)
                    (after if late else got).append(n)
                case _ if n == 31:
                    withdraw(desk, people, handoff)
                    withdrawn.append(n)
                case _:
                    erase(desk)
        except (IllegalTransition, ConsentMissing, NotFound, Conflict, StaleVersion):
            pass

    threads = [Thread(target=work, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert withdrawn
    assert after == []
    erase(desk)
    assert left(desk) == []
    seen = custody(desk, handoff, people.shelter)
    assert seen["hubs"][0]["served"] is bool(got)
    assert seen["recall"] == ("request" if got else "certain")
    assert all(row["destroyed"] for row in desk.shown(handoff, people.shelter.agency)["packets"])
    for row in desk.shown(handoff, people.shelter.agency)["packets"]:
        with pytest.raises(HubError):
            fetch(desk, row["manifest"])
    assert desk.audited().findings == ()
