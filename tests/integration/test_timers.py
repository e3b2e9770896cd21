"""Timers at a hub, on both databases: repeated and forged words, who is told, what rows a hub has of them."""

from __future__ import annotations

import json
from base64 import b64decode
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from hub.errors import (
    Conflict,
    Forbidden,
    HubError,
    IllegalTransition,
    InvalidRequest,
    Malformed,
    NotFound,
    WrongRecipient,
)
from hub.followup.calendar import whole
from hub.followup.store import FollowUps
from hub.handofflog.store import HandoffLog
from hub.ids import random_id
from hub.keys.store import KeyStore
from hub.notify.rota import Duty, Rota
from hub.notify.store import notices
from hub.packets.checkpoint import Checkpoint
from hub.statements.receipts import Receipt, receipt_value
from hub.statements.verify import verify_statement
from hub.timers.domain import Timer
from hub.timers.store import TimerStore, timers
from tests.conftest import NOW
from tests.support.desks import AWAY, hub_statement, introduce, settle
from tests.support.factories import own_record, some_hash

HOUR, DAY = 3_600, 86_400


def puts(people, home, by="case", **changes):
    """A member of the shelter sets a timer; return it, the statement and its packet."""
    author = people.shelter.members[by]
    own = changes.pop("packet", None) or people.packet(people.shelter, people.shelter, author)[1]
    body = {"kind": "timer", "due": whole(people.clock.now() + 15 * DAY), "warn": 2 * DAY, "urgency": "high"}
    body |= {"owner": people.shelter.members["case"].member, **changes}
    timer = random_id()
    said = people.sign("timer.set", timer, author, body=body, packet=own)
    home.post(said, own, people.shelter.agency)
    return timer, said, own


def says(people, home, kind, timer, by="case", *, at=None, **body):
    author = people.shelter.members[by]
    own = None if kind == "acknowledge" else people.packet(people.shelter, people.shelter, author)[1]
    said = people.sign(f"timer.{kind}", timer, author, body=body, packet=own, at=at)
    home.post(said, own, people.shelter.agency)
    return said, own


def told(desk):
    """Who was told what so far, in order: (name of the template, whether it goes out in quiet hours, members)."""
    with desk.hub.database.read() as connection:
        rows = connection.execute(select(notices).order_by(notices.c.created, notices.c.key)).mappings().all()
    found = {}
    for row in rows:
        key = row["key"].rpartition(":")[0]
        found.setdefault((key, row["template"], bool(row["emergency"])), set()).add(row["to_member"])
    return [(template, urgent, members) for (_, template, urgent), members in found.items()]


def clock(desk, timer):
    with desk.hub.database.read() as connection:
        return FollowUps(connection).get(timer)


def shown(desk, timer, people):
    return desk.shown(timer, people.shelter.agency)


def pass_to(desk, people, at):
    people.clock.at = at
    return desk.sweep()


def members(people, *names):
    return {people.shelter.members[name].member for name in names}


def test_a_date_is_warned_of_told_and_climbs_until_it_is_done(home, people):
    timer, _, _ = puts(people, home)
    due = shown(home, timer, people)["due"]
    with home.hub.database.write() as connection:
        turn = Duty(people.shelter.members["deputy"].member, due, due + 30 * DAY)
        Rota(connection).replace(people.shelter.agency, [turn])
    assert told(home) == []
    for at in (due - 2 * DAY, due, due + 36 * HOUR, due + 72 * HOUR, due + 72 * HOUR + 7 * DAY):
        assert pass_to(home, people, at) == 1
        assert pass_to(home, people, at) == 0
    assert told(home) == [
        ("soon", False, members(people, "case")),
        ("overdue", False, members(people, "case")),
        ("overdue", False, members(people, "case", "deputy")),
        ("overdue", False, members(people, "case", "boss")),
        ("overdue", False, members(people, "case", "boss")),
    ]
    says(people, home, "done", timer)
    assert clock(home, timer) is None
    assert pass_to(home, people, due + 400 * DAY) == 0
    assert home.audited().findings == ()


def test_an_alert_is_told_to_owner_and_supervisors_at_once_and_day_by_day_until_it_is_seen(home, people):
    timer, _, _ = puts(people, home, by="deputy", urgency="emergency", warn=None)
    assert told(home) == [("waits", True, members(people, "case", "boss"))]
    began = people.clock.now()
    for hours in (4, 6, 8, 12, 16, 40, 64):
        assert pass_to(home, people, began + hours * HOUR) == 1
    assert {row["clock"] for row in rungs(home, timer, people)} == {"alert"}
    assert all(members(people, "boss") <= who for _, _, who in told(home))
    with pytest.raises(IllegalTransition):
        says(people, home, "acknowledge", timer, by="deputy")
    says(people, home, "acknowledge", timer, by="boss")
    assert (shown(home, timer, people)["state"], clock(home, timer).clock) == ("timer_runs", "timer")
    assert pass_to(home, people, shown(home, timer, people)["due"]) == 1
    assert rungs(home, timer, people)[-1] == {"clock": "timer", "rung": 2, "tell": ["named"]}


def rungs(desk, timer, people):
    rows = [row for row in shown(desk, timer, people)["statements"] if row["type"] == "referral.overdue"]
    return [json.loads(b64decode(row["envelope"]["payload"]))["body"] for row in rows]


def test_the_same_word_again_does_nothing_and_another_one_on_its_id_is_refused(home, people):
    timer, said, own = puts(people, home)
    before = home.rows()
    assert home.post(said, own, people.shelter.agency) == home.post(said, own, people.shelter.agency)
    assert home.rows() == before
    author = people.shelter.members["boss"]
    body = {"kind": "timer", "due": whole(people.clock.now()), "warn": None, "urgency": "high", "owner": author.member}
    other = people.packet(people.shelter, people.shelter, author)[1]
    for kind, given in (("timer.set", body), ("record.put", None)):
        word = people.sign(kind, timer, author, body=given or own_record(), packet=other)
        with pytest.raises(Conflict):
            home.post(word, other, people.shelter.agency)
    says(people, home, "done", timer)
    says(people, home, "done", timer, by="boss")
    assert shown(home, timer, people)["position"] == 1


def test_a_date_that_moves_begins_its_ladder_anew_and_a_new_owner_hears_of_it(home, people):
    timer, _, _ = puts(people, home)
    due = shown(home, timer, people)["due"]
    pass_to(home, people, due + HOUR)
    later = due + 7 * DAY
    says(people, home, "move", timer, due=later, owner=people.shelter.members["case"].member)
    assert (clock(home, timer).due_at, clock(home, timer).next_rung) == (later, 1)
    says(people, home, "move", timer, due=later, owner=people.shelter.members["deputy"].member)
    assert told(home)[-1] == ("waits", False, members(people, "deputy"))
    before = clock(home, timer)
    pass_to(home, people, later - 2 * DAY)
    assert told(home)[-1] == ("soon", False, members(people, "deputy"))
    assert clock(home, timer).times == before.times


def test_supervisors_who_were_told_put_it_off_and_nobody_else(home, people):
    timer, _, _ = puts(people, home)
    due, case = shown(home, timer, people)["due"], people.shelter.members["case"].member
    pass_to(home, people, due + 73 * HOUR)
    assert clock(home, timer).next_rung == 5
    with pytest.raises(Forbidden):
        says(people, home, "move", timer, due=due + 9 * DAY, owner=case)
    assert shown(home, timer, people)["position"] == 1
    says(people, home, "move", timer, by="boss", due=due + 9 * DAY, owner=case)
    assert clock(home, timer).due_at == due + 9 * DAY


def test_nobody_answers_for_a_date_who_works_with_no_cases_here(home, people):
    stranger = people.centre.members["case"].member
    for owner in (stranger, random_id()):
        with pytest.raises(InvalidRequest):
            puts(people, home, owner=owner)
    timer, _, _ = puts(people, home)
    before = home.rows()
    with pytest.raises(InvalidRequest):
        says(people, home, "move", timer, due=shown(home, timer, people)["due"], owner=stranger)
    assert home.rows() == before


def test_a_date_goes_to_the_own_agency_and_nowhere_else(home, away, people):
    author = people.shelter.members["case"]
    _, packet = people.packet(people.shelter, people.centre, author)
    with pytest.raises(Forbidden):
        puts(people, home, packet=packet)
    timer, _, _ = puts(people, home)
    settle(home, away)
    assert home.outgoing(away.hub.origin) == 0
    with pytest.raises(NotFound):
        away.shown(timer, people.shelter.agency)
    with pytest.raises(NotFound):
        home.shown(timer, people.centre.agency)


def test_another_agencys_word_on_a_date_is_of_no_effect_whoever_brings_it(home, away, people):
    timer, _, _ = puts(people, home)
    author = people.centre.members["case"]
    introduce(home, away)
    own = people.packet(people.centre, people.centre, author)[1]
    said = people.sign("timer.done", timer, author, packet=own)
    for desk in (home, away):
        with pytest.raises((NotFound, WrongRecipient, Forbidden)):
            desk.post(said, own, people.centre.agency)
    assert shown(home, timer, people)["state"] == "timer_runs"


def brings(home, away, said, packet=None):
    """Let the peer bring a word with a receipt of its own; return what this hub answers."""
    now = away.hub.clock.now()
    with away.hub.database.write() as connection:
        verified = verify_statement(said, KeyStore(connection), now=now)
        log = HandoffLog(connection, AWAY)
        entry, head = log.append(verified.document, now=now), log.head()
        place = Checkpoint(AWAY, head.size, head.root)
        body = receipt_value(Receipt(verified.hash, place, entry.index, entry.salt, log.inclusion(entry.index)))
    receipt = hub_statement("hub.receipt", AWAY, verified.statement.handoff, body, now)
    staged = home.stage(packet)
    with home.hub.database.write() as connection:
        answer = home.intake.receive(connection, peer=AWAY, statement=said, receipt=receipt, packet=staged)
        return verify_statement(answer, KeyStore(connection), now=now).statement


def test_a_peer_neither_brings_a_date_nor_a_rung_of_one(home, away, people):
    timer, _, _ = puts(people, home)
    author = people.centre.members["case"]
    own = people.packet(people.centre, people.centre, author)[1]
    body = {"kind": "timer", "due": whole(people.clock.now()), "warn": None, "urgency": "high", "owner": author.member}
    lies = (
        (people.sign("timer.set", random_id(), author, body=body, packet=own), own),
        (people.sign("timer.acknowledge", timer, author), None),
        (hub_statement("referral.overdue", AWAY, timer, {"clock": "timer", "rung": 2, "tell": []}, NOW), None),
    )
    for said, packet in lies:
        word = brings(home, away, said, packet)
        assert (word.type, word.body["state"], word.body["position"]) == ("hub.refused", "unknown", 0)
    found = shown(home, timer, people)
    assert (found["state"], found["position"], len(found["statements"])) == ("timer_runs", 0, 1)
    with home.hub.database.read() as connection:
        assert [row.id for row in connection.execute(select(timers))] == [timer]


def test_a_date_takes_no_step_of_another_kind_and_nothing_else_takes_a_dates(home, away, people, delivered):
    timer, _, _ = puts(people, home)
    for kind, body in (("referral.acknowledge", {}), ("consent.withdraw", {"evidence": some_hash("evidence")})):
        said = people.sign(kind, timer, people.shelter.members["case"], body=body)
        with pytest.raises(IllegalTransition):
            home.post(said, None, people.shelter.agency)
    with pytest.raises(HubError):
        says(people, home, "done", delivered)


def test_a_time_to_the_second_is_not_taken(home, people):
    with pytest.raises(Malformed):
        puts(people, home, due=people.clock.now())
    with pytest.raises(Malformed):
        puts(people, home, warn=HOUR + 1)


def test_two_colleagues_who_end_a_date_in_the_same_moment_end_it_once(home, people):
    timer, _, _ = puts(people, home)
    gate, failed = Barrier(2), []

    def run(name):
        gate.wait()
        try:
            says(people, home, "done", timer, by=name)
        except HubError as error:
            failed.append(error)

    threads = [Thread(target=run, args=(name,)) for name in ("case", "boss")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert shown(home, timer, people)["position"] == 1


def test_the_list_shows_what_runs_with_what_is_due_first_first_in_pages(home, people):
    made = [puts(people, home, due=whole(people.clock.now() + days * DAY))[0] for days in (9, 3, 20, 3)]
    mine = people.shelter.members["case"].member
    over = made.pop(2)
    says(people, home, "done", over)
    with home.hub.database.read() as connection:
        store, asked, after = TimerStore(connection), [], None
        while rows := store.running(people.shelter.agency, owner=mine, escalated=False, after=after, limit=1):
            asked += [row["id"] for row in rows]
            after = (rows[-1]["due_at"], rows[-1]["id"])
        boss = people.shelter.members["boss"].member
        assert store.running(people.shelter.agency, owner=boss, escalated=False, after=None, limit=9) == []
        assert store.running(people.centre.agency, owner=None, escalated=False, after=None, limit=9) == []
        assert store.running(people.shelter.agency, owner=None, escalated=True, after=None, limit=9) == []
    assert asked == [*sorted((made[1], made[2])), made[0]]


def test_no_value_of_a_row_joins_two_dates_but_those_that_the_agency_has_of_all_of_them(home, people):
    """Two dates of one child, set by one hand: what they share, they share with any other child's."""
    first, second, other = (puts(people, home)[0] for _ in range(3))
    with home.hub.database.read() as connection:
        rows = {row["id"]: dict(row) for row in connection.execute(select(timers)).mappings()}
    for name in Timer.__slots__:
        same = rows[first][name] == rows[second][name]
        assert same == (rows[first][name] == rows[other][name]), name
    sizes = {
        file["size"]
        for one in rows
        for part in home.shown(one, people.shelter.agency)["packets"]
        for file in part["files"]
    }
    assert len(sizes) == 1
