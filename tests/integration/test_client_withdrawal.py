"""Withdrawal from the desks of three agencies over two hubs: told, destroyed, answered, passed on, read in words."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from hub.app import open_hub
from hub.client import opening, reading, records, referrals, withdrawal
from hub.client.referrals import Outgoing
from hub.clock import FileClock, SetClock
from hub.errors import Conflict, ConsentMissing, Forbidden, IllegalTransition, InvalidRequest, NotFound, PeerUnreachable
from hub.handoffs.domain import Recall
from hub.handoffs.jobs import erase_packets
from hub.handoffs.store import PacketStore
from hub.settings import Settings
from tests.conftest import NOW
from tests.support import terminal
from tests.support.world import PASSPHRASE, SECTIONS, populated, reception, world

HOME, AWAY = "dj.example", "et.example"
OLD_LAW = "The national archive act, section 7: kept until the child is 25."


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        yield populated(made, HOME, AWAY)


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def hana(place):
    return place.members["hana"]


@pytest.fixture
def daher(place):
    return place.members["daher"]


@pytest.fixture
def says(place):
    def say(login, *words, code=0):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

    return say


def sent(place, sender, to, country="ET", **more):
    held = reception(sender, place.clock, to.agency, country)
    handoff = referrals.send(sender, Outgoing(to.agency, SECTIONS, held, "reception", "urgent", **more)).handoff
    place.run()
    return held.handoff, handoff


def settle(place):
    for _ in range(3):
        for served in place.hubs.values():
            erase_packets(served.hub)
        place.run()


def test_what_nobody_opened_is_recalled_for_certain(place, amina, hana, says):
    basis, handoff = sent(place, amina, hana)
    assert withdrawal.withdraw(amina, basis) == [handoff]
    (holder,) = withdrawal.status(amina, basis)
    assert holder.custody.recall is Recall.PENDING
    assert f"{AWAY} pending since" in says("amina", "consent", "status", basis)
    settle(place)
    (holder,) = withdrawal.status(amina, basis)
    assert (holder.to, holder.custody.recall) == (hana.agency, Recall.CERTAIN)
    said = says("amina", "consent", "status", basis)
    assert "Recalled for certain: nobody opened it." in said
    assert f"reached {AWAY}, destroyed" in said
    assert "there is nothing to do" in says("hana", "show", handoff)


def test_what_was_opened_is_asked_back_and_answered(place, amina, hana, says, tmp_path):
    basis, handoff = sent(place, amina, hana)
    (opened,) = opening.open_handoff(hana, handoff, into=tmp_path, why="new referral")
    assert all(path.exists() for path in opened.written)
    with pytest.raises(IllegalTransition):
        withdrawal.answer(hana, handoff, "erased")
    withdrawal.withdraw(amina, basis)
    settle(place)
    (holder,) = withdrawal.status(amina, basis)
    assert holder.custody.recall is Recall.REQUEST
    assert holder.due == NOW + 72 * 3600
    said = says("amina", "consent", "status", basis)
    assert "It was opened. This is a request" in said
    assert "has not answered yet" in said
    rows = [json.loads(line) for line in says("hana", "list", "--in", "--json").splitlines()]
    (row,) = [row for row in rows if row["id"] == handoff]
    assert row["custody"]["due"] is not None
    assert " you " in next(line for line in says("hana", "list", "--in").splitlines() if handoff in line)
    asked = says("hana", "open", handoff)
    assert "Consent was withdrawn on" in asked
    assert f"hub consent answer {handoff}" in asked
    assert f"hub consent answer {handoff}" in says("hana", "show", handoff)
    told = says("hana", "consent", "answer", handoff, "--answer", "erased")
    assert f"files deleted on this machine: {len(opened.written)}" in told
    assert "printed" in told
    assert not any(path.exists() for path in opened.written)
    settle(place)
    assert "the holder erased its copy" in says("amina", "consent", "status", basis)
    assert withdrawal.status(amina, basis)[0].due is None
    assert "Your agency erased its copy" in says("hana", "show", handoff)


def test_who_cannot_erase_says_on_which_ground_and_only_the_sender_reads_it(place, amina, hana, says, tmp_path):
    basis, handoff = sent(place, amina, hana)
    opening.open_handoff(hana, handoff, why="new referral")
    withdrawal.withdraw(amina, basis)
    settle(place)
    with pytest.raises(InvalidRequest):
        withdrawal.answer(hana, handoff, "cannot")
    (tmp_path / "ground").write_text(OLD_LAW)
    says("hana", "consent", "answer", handoff, "--answer", "cannot", "--ground", tmp_path / "ground")
    settle(place)
    (holder,) = withdrawal.status(amina, basis)
    assert (holder.custody.answer[0], holder.ground) == ("cannot", OLD_LAW)
    said = says("amina", "consent", "status", basis)
    assert "cannot erase its copy" in said
    assert OLD_LAW in said
    withdrawal.answer(hana, handoff, "locked")
    settle(place)
    assert withdrawal.status(amina, basis)[0].custody.answer[0] == "locked"


def test_onward_holders_are_told_first_and_shown_to_the_first_sender(place, amina, hana, daher, says):
    basis, handoff = sent(place, amina, hana)
    opening.open_handoff(hana, handoff, why="new referral")
    _onward, passed = sent(place, hana, daher, "DJ", came_by=handoff)
    opening.open_handoff(daher, passed, why="new referral")
    withdrawal.withdraw(amina, basis)
    settle(place)
    done = withdrawal.answer(hana, handoff, "erased")
    assert [(row["to"], row["answer"]) for row in done.onward] == [(daher.agency, None)]
    settle(place)
    assert reading.show(daher, passed).state == "consent_withdrawn"
    withdrawal.answer(daher, passed, "locked")
    settle(place)
    done = withdrawal.answer(hana, handoff, "erased")
    assert [row["answer"] for row in done.onward] == ["locked"]
    settle(place)
    (holder,) = withdrawal.status(amina, basis)
    assert [(row["to"], row["answer"]) for row in holder.onward] == [(daher.agency, "locked")]
    assert "passed on to authority@dj.example" in says("amina", "consent", "status", basis)


def test_a_withdrawal_that_was_cut_off_is_finished_by_running_it_again(place, amina, hana, monkeypatch):
    held = reception(amina, place.clock, hana.agency)
    out = Outgoing(hana.agency, SECTIONS, held, "reception")
    handoffs = [referrals.send(amina, out).handoff for _ in range(3)]
    place.run()
    say, calls = referrals.say, []

    def cut(member, kind, shown, body, *more):
        if len(calls) == 1:
            raise PeerUnreachable("The line is down.")
        calls.append(shown.id)
        return say(member, kind, shown, body, *more)

    with monkeypatch.context() as patched:
        patched.setattr(referrals, "say", cut)
        with pytest.raises(PeerUnreachable):
            withdrawal.withdraw(amina, held.handoff)
    notes = len(records.listing(amina, "note"))
    assert set(withdrawal.withdraw(amina, held.handoff)) == set(handoffs)
    assert set(withdrawal.withdraw(amina, held.handoff)) == set(handoffs)
    assert len(records.listing(amina, "note")) == notes + 2
    said = [line.statement for handoff in handoffs for line in reading.show(amina, handoff).lines]
    evidence = [one.body["evidence"] for one in said if one.type == "consent.withdraw"]
    assert len(evidence) == len(set(evidence)) == len(handoffs)
    with pytest.raises(ConsentMissing):
        referrals.send(amina, Outgoing(hana.agency, SECTIONS, referrals.bases.load(amina, held.handoff), "reception"))


def test_a_restored_backup_is_emptied_before_it_serves_anything(place, amina, hana, tmp_path):
    basis, handoff = sent(place, amina, hana)
    live = place.hubs[AWAY].hub
    manifest = reading.show(hana, handoff).packets[0].hash
    shutil.copytree(live.settings.data, tmp_path / "hub", ignore=shutil.ignore_patterns("*.sqlite*", "serving.lock"))
    url = make_url(live.settings.database_url).database
    with closing(sqlite3.connect(url)) as source, closing(sqlite3.connect(tmp_path / "hub" / Path(url).name)) as copy:
        source.backup(copy)
    assert (tmp_path / "hub" / "header-keys" / manifest).exists()
    withdrawal.withdraw(amina, basis)
    settle(place)
    shutil.copytree(live.settings.data / "destroyed", tmp_path / "hub" / "destroyed", dirs_exist_ok=True)
    restored = open_hub(Settings(data=tmp_path / "hub", private_peers=True), clock=place.clock)
    try:
        assert not (tmp_path / "hub" / "header-keys" / manifest).exists()
        assert not (tmp_path / "hub" / "payloads" / manifest).exists()
        with restored.database.read() as connection, pytest.raises(NotFound):
            PacketStore(connection).get(manifest)
    finally:
        restored.database.close()


def test_the_sender_cannot_answer_for_the_holder(place, amina, hana, daher):
    basis, handoff = sent(place, amina, hana)
    opening.open_handoff(hana, handoff, why="new referral")
    withdrawal.withdraw(amina, basis)
    settle(place)
    with pytest.raises(Forbidden):
        withdrawal.answer(amina, handoff, "erased")
    with pytest.raises(NotFound):
        withdrawal.answer(daher, handoff, "erased")


def test_a_file_that_cannot_be_deleted_is_never_said_to_be_erased(place, amina, hana, tmp_path, monkeypatch):
    basis, handoff = sent(place, amina, hana)
    opening.open_handoff(hana, handoff, into=tmp_path, why="new referral")
    withdrawal.withdraw(amina, basis)
    settle(place)

    @contextmanager
    def stuck():
        def refuse(self, **_):
            raise PermissionError(self)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", refuse)
            yield

    with stuck(), pytest.raises(Conflict):
        withdrawal.answer(hana, handoff, "erased")
    assert withdrawal.custody(reading.show(hana, handoff)).answer is None
    assert withdrawal.answer(hana, handoff, "erased").deleted
