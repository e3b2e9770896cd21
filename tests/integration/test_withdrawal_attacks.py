"""Withdrawals and freezes under crossing words, lost answers, two processes, restored databases and lying peers."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from threading import Barrier, Thread

import pytest

from hub.db import Database
from hub.errors import ConsentMissing, HubError, NotFound
from hub.followup.domain import CUSTODY
from hub.followup.store import FollowUps
from hub.freeze.domain import MOST_OPEN, Freeze
from hub.freeze.store import FreezeStore
from hub.handoffs.jobs import replay_deletions
from hub.handoffs.store import Handoff, HandoffStore
from hub.ids import random_id
from hub.outbox.store import Outbox
from hub.packets.dsse import Envelope
from hub.packets.encoding import b64u
from hub.packets.manifest import MANIFEST_TYPE
from hub.packets.seal import freeze_key
from tests.support.custody import answer, custody, erase, fetch, left, manifest_of, withdraw
from tests.support.desks import AWAY, HOME, Desk, People, carry, settle
from tests.support.factories import NOW
from tests.support.peers import arrives

KEY = freeze_key("9XX-ZWZ-CNN-R90-TS9-HB9-A3N")


@pytest.fixture
def sent(home, away, people):
    handoff, statement, packet = people.submit(key=KEY)
    home.post(statement, packet, people.shelter.agency)
    return handoff


@pytest.fixture
def delivered(sent, home, away):
    settle(home, away)
    return sent


def say(desk, people, agency, kind, handoff, member="boss", **body):
    desk.post(people.sign(kind, handoff, agency.members[member], body=body), None, agency.agency)


def finish(home, away):
    for _ in range(2):
        settle(home, away)
        erase(home, away)
    settle(home, away)


def frozen_at_home(home, away, people):
    """The recipient's agency is shown the receipt; nothing goes out of the sender's hub meanwhile."""
    body = {"kind": "freeze", "to": people.shelter.agency, "key": b64u(KEY)}
    asked = people.sign("freeze.request", random_id(), people.centre.members["desk"], body=body)
    away.post(asked, None, people.centre.agency)
    while carry(away, home):
        pass
    home.look()


def sleeping(desk, folder):
    """The desk again, on its database as it is now: what a back-up brings back."""
    path = folder / f"kept-{desk.hub.origin}.sqlite"
    with closing(sqlite3.connect(folder / "away.sqlite")) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
    return path


def restored(desk, path, folder):
    desk.hub.database.close()
    return Desk.open(desk.hub.origin, Database(f"sqlite:///{path}"), desk.hub.clock, folder)


class TestWordsThatCross:
    @pytest.mark.parametrize("first", ["home", "away"])
    def test_who_acknowledged_while_consent_was_withdrawn_can_answer_for_the_copy(
        self, delivered, home, away, people, first
    ):
        fetch(away, manifest_of(away, delivered, people.centre))
        withdraw(home, people, delivered)
        say(away, people, people.centre, "referral.acknowledge", delivered, member="case")
        pair = (home, away) if first == "home" else (away, home)
        while carry(*pair):
            pass
        settle(home, away)
        assert "consent.holder_answer" in away.shown(delivered, people.centre.agency)["possible"]
        answer(away, people, delivered, "erased")
        finish(home, away)
        assert custody(home, delivered, people.shelter)["holder"]["answer"] == "erased"

    def test_a_late_answer_that_overtakes_the_withdrawal_hides_it_from_nobody(self, delivered, home, away, people):
        fetch(away, manifest_of(away, delivered, people.centre))
        say(home, people, people.shelter, "referral.cancel", delivered, member="case")
        settle(home, away)
        withdraw(home, people, delivered)
        say(away, people, people.centre, "referral.late_answer", delivered, member="case")
        while carry(away, home):
            pass
        settle(home, away)
        answer(away, people, delivered, "locked")
        settle(home, away)
        assert custody(home, delivered, people.shelter)["holder"]["answer"] == "locked"

    def test_a_refused_step_leaves_nothing_of_itself(self, delivered, home, away, people):
        withdraw(home, people, delivered)
        body = {"first_contact": "2026-12-01"}
        say(away, people, people.centre, "referral.accept", delivered, member="case", **body)
        settle(home, away)
        for desk, agency in ((home, people.shelter), (away, people.centre)):
            assert desk.shown(delivered, agency.agency)["state"] == "consent_withdrawn"
        here, there = custody(home, delivered, people.shelter), custody(away, delivered, people.centre)
        assert (here["withdrawn"], here["recall"]) == (there["withdrawn"], there["recall"])

    def test_a_freeze_that_was_overtaken_holds_until_it_ends(self, delivered, home, away, people):
        frozen_at_home(home, away, people)
        say(away, people, people.centre, "referral.acknowledge", delivered, member="case")
        while carry(away, home):
            pass
        settle(home, away)
        with pytest.raises(ConsentMissing):
            fetch(away, manifest_of(away, delivered, people.centre))
        say(home, people, people.shelter, "consent.unfreeze", delivered)
        settle(home, away)
        assert fetch(away, manifest_of(away, delivered, people.centre))

    def test_a_packet_whose_first_try_arrives_after_the_freeze_was_refused_stands_still(self, sent, home, away, people):
        with home.hub.database.write() as connection:
            claim = Outbox(connection).claim(AWAY, 0, 0)
            late = home.intake.message(connection, claim.statement)
        files = [(name, header + path.read_bytes()) for name, header, path in late.files]
        frozen_at_home(home, away, people)
        settle(home, away)
        assert arrives(away, HOME, late, files).type == "hub.receipt"
        settle(home, away)
        with pytest.raises(ConsentMissing):
            fetch(away, manifest_of(away, sent, people.centre))
        say(home, people, people.shelter, "consent.unfreeze", sent)
        settle(home, away)
        assert fetch(away, manifest_of(away, sent, people.centre))

    def test_a_freeze_that_ends_while_a_worker_parks_its_packet_leaves_nothing_parked(self, sent, home, away, people):
        frozen_at_home(home, away, people)
        ends = Thread(target=say, args=(home, people, people.shelter, "consent.unfreeze", sent))
        with home.hub.database.write() as connection:
            outbox = Outbox(connection)
            claim = outbox.claim(AWAY, home.hub.clock.now(), 0)
            assert home.intake.parked(connection, claim.statement)
            ends.start()
            ends.join(0.5)
            outbox.park(claim)
        ends.join()
        settle(home, away)
        assert away.shown(sent, people.centre.agency)["state"] == "delivered"


class TestWhatWasSentByMistake:
    def test_and_did_not_go_yet_never_goes(self, sent, home, away, people):
        say(home, people, people.shelter, "referral.mark_error", sent)
        finish(home, away)
        with pytest.raises(NotFound):
            away.shown(sent, people.centre.agency)
        assert left(home) == left(away) == []
        assert custody(home, sent, people.shelter)["recall"] == "certain"

    @pytest.mark.parametrize("opened", [False, True])
    def test_and_arrived_meanwhile_is_destroyed_and_asked_back(self, sent, home, away, people, opened):
        carry(home, away)
        if opened:
            fetch(away, manifest_of(away, sent, people.centre))
        say(home, people, people.shelter, "referral.mark_error", sent)
        finish(home, away)
        with pytest.raises(NotFound):
            fetch(away, manifest_of(away, sent, people.centre))
        assert left(home) == left(away) == []
        for desk, agency in ((home, people.shelter), (away, people.centre)):
            shown = desk.shown(sent, agency.agency)
            assert shown["state"] == "entered_in_error"
            assert shown["custody"]["recall"] == ("request" if opened else "certain")
            with desk.hub.database.read() as connection:
                assert (FollowUps(connection).get(sent, CUSTODY) is not None) == opened
        if opened:
            answer(away, people, sent, "erased")
            settle(home, away)
            assert custody(home, sent, people.shelter)["holder"]["answer"] == "erased"


class TestARestoredDatabase:
    def test_that_forgot_a_download_calls_no_recall_certain(self, delivered, home, away, people, tmp_path):
        kept = sleeping(away, tmp_path)
        fetch(away, manifest_of(away, delivered, people.centre))
        back = restored(away, kept, tmp_path)
        withdraw(home, people, delivered)
        finish(home, back)
        assert custody(home, delivered, people.shelter)["recall"] == "request"
        back.hub.database.close()

    @pytest.mark.parametrize("before", ["delivered", "opened", "withdrawn"])
    def test_from_any_moment_gives_no_header_of_what_was_destroyed(
        self, delivered, home, away, people, tmp_path, before
    ):
        manifest = manifest_of(away, delivered, people.centre)
        if before == "opened":
            fetch(away, manifest)
        if before == "withdrawn":
            withdraw(home, people, delivered)
            settle(home, away)
        kept = sleeping(away, tmp_path)
        withdraw(home, people, delivered)
        finish(home, away)
        back = restored(away, kept, tmp_path)
        for _ in range(2):
            with pytest.raises(HubError):
                fetch(back, manifest)
            replay_deletions(back.hub)
        assert left(back) == []
        back.hub.database.close()


def test_a_peer_that_counts_no_requests_brings_no_flood_of_them(home, away, people):
    asker = people.centre.agency
    with home.hub.database.write() as connection:
        for _ in range(MOST_OPEN):
            row = Handoff(random_id(), "freeze", asker, people.shelter.agency, AWAY, HOME, NOW)
            HandoffStore(connection).add(row)
            FreezeStore(connection).add(Freeze(row.id, asker, people.shelter.agency, NOW), here=True)
    body = {"kind": "freeze", "to": people.shelter.agency, "key": b64u(KEY)}
    asked = random_id()
    said = people.sign("freeze.request", asked, people.centre.members["desk"], body=body)
    away.post(said, None, asker)
    settle(home, away)
    with pytest.raises(NotFound):
        home.shown(asked, people.shelter.agency)
    assert away.shown(asked, asker)["state"] == "freeze_asked"


def test_nothing_is_said_of_the_packets_that_are_gone_while_another_is_not(delivered, home, away, people):
    say(away, people, people.centre, "referral.acknowledge", delivered, member="case")
    question = people.packet(people.centre, people.shelter, people.centre.members["case"])[1]
    said = people.sign("referral.ask", delivered, people.centre.members["case"], packet=question)
    away.post(said, question, people.centre.agency)
    settle(home, away)
    more = people.packet(people.shelter, people.centre, people.shelter.members["case"])[1]
    said = people.sign("referral.answer", delivered, people.shelter.members["case"], packet=more)
    home.post(said, more, people.shelter.agency)
    settle(home, away)
    second = Envelope.from_bytes(more.manifest(), MANIFEST_TYPE).hash
    fetch(away, second)
    withdraw(home, people, delivered)
    settle(home, away)
    erase(home)
    whole, away.intake.blobs = away.intake.blobs, Stuck(away.intake.blobs, second)
    assert erase(away) == 0
    settle(home, away)
    assert custody(home, delivered, people.shelter)["recall"] == "pending"
    away.intake.blobs = whole
    finish(home, away)
    assert custody(home, delivered, people.shelter)["recall"] == "request"


class Stuck:
    """Payloads of which one cannot be removed."""

    def __init__(self, blobs, manifest):
        self._blobs, self._manifest = blobs, manifest

    def destroy(self, manifest):
        return manifest != self._manifest and self._blobs.destroy(manifest)


def test_of_downloads_and_a_withdrawal_in_two_processes_nothing_comes_after_the_receipt(postgres_url, clock, tmp_path):
    """Two hubs' worth of connections, keys and locks on one database and one folder, as two processes have them."""
    people = People.invented(clock, HOME, HOME)
    databases = [Database(postgres_url) for _ in range(2)]
    desks = [Desk.open(HOME, database, clock, tmp_path) for database in databases]
    desks[0].know(people.shelter, people.centre)
    for _ in range(3):
        handoff, said, packet = people.submit()
        desks[0].post(said, packet, people.shelter.agency)
        manifest = manifest_of(desks[0], handoff, people.shelter)
        ready, given, after, over = Barrier(32), [], [], []

        def work(n, handoff=handoff, manifest=manifest, ready=ready, given=given, after=after, over=over):
            desk = desks[n % 2]
            ready.wait()
            with suppress(NotFound, ConsentMissing):
                if n == 16:
                    withdraw(desk, people, handoff)
                    over.append(n)
                elif n % 5 == 0:
                    erase(desk)
                else:
                    late = bool(over)
                    fetch(desk, manifest)
                    (after if late else given).append(n)

        threads = [Thread(target=work, args=(n,)) for n in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        erase(*desks)
        assert (over, after, left(desks[1])) == ([16], [], [])
        assert custody(desks[1], handoff, people.shelter)["recall"] == ("request" if given else "certain")
    for database in databases:
        database.close()
