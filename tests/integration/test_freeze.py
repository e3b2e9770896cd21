"""The giver's receipt over two hubs: whoever is shown it stops the packets; the responsible agency lets them go."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest

from hub.errors import ConsentMissing, Forbidden, IllegalTransition, NotFound, RateLimited
from hub.followup.store import FollowUps
from hub.freeze.domain import MOST_A_DAY
from hub.handoffs.store import PacketStore
from hub.ids import random_id
from hub.packets.encoding import b64u
from hub.packets.seal import freeze_key
from tests.support.desks import carry, introduce, settle
from tests.support.factories import some_hash

TOKEN = "9XX-ZWZ-CNN-R90-TS9-HB9-A3N"
KEY = freeze_key(TOKEN)
DAY = 86_400


@pytest.fixture
def clinic(people, home, away):
    """A third agency, at home where the recipient is."""
    found = people.world.agency("clinic", away.hub.origin, kind="health", country="ET")
    found.member("nurse", "provider")
    found.member("watch", "auditor")
    away.know(found)
    introduce(home, away)
    return found


@pytest.fixture
def sent(home, away, people):
    handoff, statement, packet = people.submit(key=KEY)
    home.post(statement, packet, people.shelter.agency)
    return handoff


def show(people, away, clinic, *, key=KEY, member="nurse", to=None):
    """The clinic is shown a receipt of the shelter's."""
    asked = random_id()
    body = {"kind": "freeze", "to": to or people.shelter.agency, "key": b64u(key)}
    said = people.sign("freeze.request", asked, clinic.members[member], body=body)
    away.post(said, None, clinic.agency)
    return asked


def frozen(people, home, away, clinic, **how):
    asked = show(people, away, clinic, **how)
    settle(home, away)
    home.look()
    settle(home, away)
    return asked


def header(desk, handoff):
    with desk.hub.database.write() as connection:
        packets = PacketStore(connection)
        row = packets.of_handoff(handoff)[0]
        return desk.intake.serve(connection, row, packets.files(row["manifest"])[0])


def say(desk, people, agency, kind, handoff, member="boss", **body):
    said = people.sign(kind, handoff, agency.members[member], body=body)
    return desk.post(said, None, agency.agency)


def types(desk, handoff, agency):
    return [row["type"] for row in desk.shown(handoff, agency.agency)["statements"]]


def test_a_receipt_shown_anywhere_stops_the_packet_at_both_hubs(people, home, away, clinic, delivered):
    assert header(away, delivered)
    asked = frozen(people, home, away, clinic)
    for desk in (home, away):
        with pytest.raises(ConsentMissing, match="giver's wish"):
            header(desk, delivered)
    assert home.shown(asked, people.shelter.agency)["found"] is True
    assert away.shown(asked, clinic.agency)["found"] is None
    assert away.shown(asked, clinic.agency)["state"] == "freeze_asked"
    assert types(away, delivered, people.centre)[-1] == "consent.freeze"


def test_kept_lets_everything_go_on_where_it_stood(people, home, away, clinic, delivered):
    asked = frozen(people, home, away, clinic)
    say(home, people, people.shelter, "consent.unfreeze", delivered)
    say(home, people, people.shelter, "freeze.decide", asked, decision="kept")
    settle(home, away)
    assert header(away, delivered)
    assert away.shown(asked, clinic.agency)["state"] == home.shown(asked, people.shelter.agency)["state"] == "kept"
    assert home.look() == 0
    with home.hub.database.read() as connection:
        assert FollowUps(connection).get(delivered).next_at is not None
    with away.hub.database.read() as connection:
        assert FollowUps(connection).get(asked) is None


def test_a_receipt_that_stops_nothing_is_answered_alike(people, home, away, clinic, delivered):
    hit, miss = show(people, away, clinic), show(people, away, clinic, key=freeze_key("another"))
    settle(home, away)
    home.look()
    settle(home, away)
    seen = [away.shown(asked, clinic.agency) for asked in (hit, miss)]
    hidden = {"id", "statements"}
    assert {k: v for k, v in seen[0].items() if k not in hidden} == {
        k: v for k, v in seen[1].items() if k not in hidden
    }
    assert home.shown(miss, people.shelter.agency)["found"] is False
    assert home.shown(delivered, people.shelter.agency)["statements"][-1]["type"] == "consent.freeze"


def test_a_packet_that_did_not_go_yet_waits_and_holds_nobody_back(people, home, away, clinic, sent):
    other, statement, packet = people.submit()
    home.post(statement, packet, people.shelter.agency)
    asked = show(people, away, clinic)
    while carry(away, home):
        pass
    home.look()
    settle(home, away)
    with pytest.raises(NotFound):
        away.shown(sent, people.centre.agency)
    assert away.shown(other, people.centre.agency)["state"] == "delivered"
    assert home.outgoing(away.hub.origin) == 0
    say(home, people, people.shelter, "consent.unfreeze", sent)
    say(home, people, people.shelter, "freeze.decide", asked, decision="kept")
    settle(home, away)
    assert away.shown(sent, people.centre.agency)["state"] == "delivered"
    assert types(away, sent, people.centre)[:3] == ["referral.submit", "referral.deliver", "consent.freeze"]
    assert header(away, sent)


def test_a_freeze_that_crosses_the_delivery_stops_it_there(people, home, away, clinic, sent):
    show(people, away, clinic)
    while carry(away, home):
        pass
    carry(home, away, answer=False)
    home.look()
    settle(home, away)
    assert home.shown(sent, people.shelter.agency)["state"] == "delivered"
    for desk in (home, away):
        with pytest.raises(ConsentMissing):
            header(desk, sent)
    with home.hub.database.read() as connection:
        assert FollowUps(connection).get(sent).next_at is None


def test_the_first_answer_is_due_later_by_the_time_frozen(people, home, away, clinic, delivered, clock):
    with home.hub.database.read() as connection:
        before = FollowUps(connection).get(delivered)
    clock.forward(600)
    frozen(people, home, away, clinic)
    clock.forward(3 * DAY)
    for _ in range(3):
        home.sweep()
        away.sweep()
    settle(home, away)
    shown = home.shown(delivered, people.shelter.agency)
    assert shown["state"] == "delivered"
    assert "referral.overdue" not in types(home, delivered, people.shelter)
    say(home, people, people.shelter, "consent.unfreeze", delivered)
    settle(home, away)
    with home.hub.database.read() as connection:
        after = FollowUps(connection).get(delivered)
    assert after.due_at == after.next_at == before.due_at + 3 * DAY
    assert away.shown(delivered, people.centre.agency)["due"] == after.due_at


def test_the_decision_has_a_clock_of_24_hours_where_the_receipt_was_shown(people, home, away, clinic, delivered, clock):
    asked = frozen(people, home, away, clinic)
    shown = away.shown(asked, clinic.agency)
    assert (shown["ball"], shown["due"]) == ("recipient", clock.now() + DAY)
    clock.forward(30 * DAY)
    assert home.sweep() == 0
    for _ in range(6):
        away.sweep()
        clock.forward(8 * DAY)
    settle(home, away)
    shown = home.shown(asked, people.shelter.agency)
    assert shown["state"] == "freeze_asked"
    assert types(home, asked, people.shelter).count("referral.overdue") >= 5
    with pytest.raises(ConsentMissing):
        header(home, delivered)


def test_what_is_sent_on_the_same_consent_meanwhile_is_frozen_too(people, home, away, clinic, delivered):
    asked = frozen(people, home, away, clinic)
    later, statement, packet = people.submit(key=KEY)
    home.post(statement, packet, people.shelter.agency)
    assert home.look() == 1
    with pytest.raises(ConsentMissing):
        header(home, later)
    say(home, people, people.shelter, "freeze.decide", asked, decision="kept")  # not confirmed yet
    after, statement, packet = people.submit(key=KEY)
    home.post(statement, packet, people.shelter.agency)
    assert home.look() == 0
    assert header(home, after)


def test_while_frozen_the_sender_adds_nothing_and_the_recipient_may_answer(people, home, away, clinic, delivered):
    say(away, people, people.centre, "referral.acknowledge", delivered, member="case")
    _, question = people.packet(people.centre, people.shelter, people.centre.members["case"])
    ask = people.sign("referral.ask", delivered, people.centre.members["case"], packet=question)
    away.post(ask, question, people.centre.agency)
    settle(home, away)
    frozen(people, home, away, clinic)
    _, more = people.packet(people.shelter, people.centre, people.shelter.members["case"])
    answer = people.sign("referral.answer", delivered, people.shelter.members["case"], packet=more)
    with pytest.raises(ConsentMissing, match="giver's wish"):
        home.post(answer, more, people.shelter.agency)
    _, no = people.packet(people.centre, people.shelter, people.centre.members["case"])
    decline = people.sign("referral.decline", delivered, people.centre.members["case"], packet=no)
    away.post(decline, no, people.centre.agency)
    settle(home, away)
    assert home.shown(delivered, people.shelter.agency)["state"] == "declined"


def test_an_answer_on_its_way_is_parked_and_arrives_afterwards(people, home, away, clinic, delivered):
    say(away, people, people.centre, "referral.acknowledge", delivered, member="case")
    _, question = people.packet(people.centre, people.shelter, people.centre.members["case"])
    ask = people.sign("referral.ask", delivered, people.centre.members["case"], packet=question)
    away.post(ask, question, people.centre.agency)
    settle(home, away)
    _, more = people.packet(people.shelter, people.centre, people.shelter.members["case"])
    home.post(
        people.sign("referral.answer", delivered, people.shelter.members["case"], packet=more),
        more,
        people.shelter.agency,
    )
    show(people, away, clinic)
    while carry(away, home):
        pass
    home.look()
    settle(home, away)
    assert "referral.answer" not in types(away, delivered, people.centre)
    assert [
        desk.shown(delivered, a.agency)["state"] for desk, a in ((home, people.shelter), (away, people.centre))
    ] == ["acknowledged"] * 2
    say(home, people, people.shelter, "consent.unfreeze", delivered)
    settle(home, away)
    assert "referral.answer" in types(away, delivered, people.centre)
    assert len(away.shown(delivered, people.centre.agency)["packets"]) == 3


@pytest.mark.parametrize("first", [True, False])
def test_a_withdrawal_goes_before_a_freeze_and_ends_it(people, home, away, clinic, delivered, first):
    if not first:
        frozen(people, home, away, clinic)
    say(home, people, people.shelter, "consent.withdraw", delivered, member="case", evidence=some_hash("paper"))
    settle(home, away)
    if first:
        frozen(people, home, away, clinic)
    assert home.shown(delivered, people.shelter.agency)["state"] == "consent_withdrawn"
    assert ("consent.freeze" in types(home, delivered, people.shelter)) is not first
    for desk in (home, away):
        with pytest.raises(NotFound):
            header(desk, delivered)
    say(home, people, people.shelter, "consent.unfreeze", delivered)
    with pytest.raises(NotFound):
        header(home, delivered)
    assert home.outgoing(away.hub.origin) == 0


def test_a_withdrawal_of_what_never_left_leaves_nothing_parked(people, home, away, clinic, sent):
    show(people, away, clinic)
    while carry(away, home):
        pass
    home.look()
    settle(home, away)
    say(home, people, people.shelter, "consent.withdraw", sent, member="case", evidence=some_hash("paper"))
    settle(home, away)
    assert home.outgoing(away.hub.origin) == 0
    with pytest.raises(NotFound):
        header(home, sent)


# Attacks


def test_only_a_supervisor_of_the_sender_lets_packets_go(people, home, away, clinic, delivered):
    frozen(people, home, away, clinic)
    with pytest.raises(IllegalTransition):
        say(home, people, people.shelter, "consent.unfreeze", delivered, member="case")
    with pytest.raises(IllegalTransition):
        say(away, people, people.centre, "consent.unfreeze", delivered)
    with pytest.raises(NotFound):
        say(away, people, clinic, "consent.unfreeze", delivered, member="nurse")
    with pytest.raises(ConsentMissing):
        header(away, delivered)


def test_only_a_supervisor_of_the_responsible_agency_decides_and_once(people, home, away, clinic, delivered):
    asked = frozen(people, home, away, clinic)
    with pytest.raises(IllegalTransition):
        say(home, people, people.shelter, "freeze.decide", asked, member="case", decision="kept")
    with pytest.raises(IllegalTransition):
        say(away, people, clinic, "freeze.decide", asked, member="nurse", decision="kept")
    with pytest.raises(NotFound):
        say(away, people, people.centre, "freeze.decide", asked, decision="kept")
    for _ in range(2):
        say(home, people, people.shelter, "freeze.decide", asked, decision="withdrawn")
        settle(home, away)
    with pytest.raises(IllegalTransition):
        say(home, people, people.shelter, "freeze.decide", asked, decision="kept")


def test_a_forged_key_freezes_nothing(people, home, away, clinic, delivered):
    frozen(people, home, away, clinic, key=bytes(32))
    assert header(away, delivered)


def test_a_key_stops_only_what_the_named_agency_sent(people, home, away, clinic, delivered):
    frozen(people, home, away, clinic, to=people.centre.agency)
    away.look()
    settle(home, away)
    assert header(away, delivered)


def test_the_same_request_again_is_the_same_request(people, home, away, clinic, delivered):
    body = {"kind": "freeze", "to": people.shelter.agency, "key": b64u(KEY)}
    said = people.sign("freeze.request", random_id(), clinic.members["nurse"], body=body)
    assert away.post(said, None, clinic.agency) == away.post(said, None, clinic.agency)
    carry(away, home, times=2, answer=False)
    carry(away, home)
    assert (home.look(), home.look()) == (1, 0)
    settle(home, away)
    show(people, away, clinic)  # a second receipt of the same consent
    settle(home, away)
    assert home.look() == 0
    assert types(home, delivered, people.shelter).count("consent.freeze") == 1


def test_an_auditor_stops_nothing_and_nobody_stops_too_much(people, away, home, clinic):
    with pytest.raises(Forbidden):
        show(people, away, clinic, member="watch")
    for _ in range(MOST_A_DAY):
        show(people, away, clinic)
    with pytest.raises(RateLimited):
        show(people, away, clinic)


def test_a_request_takes_no_step_of_a_referral(people, home, away, clinic, delivered):
    asked = frozen(people, home, away, clinic)
    for kind, body in (
        ("referral.close", {}),
        ("consent.withdraw", {"evidence": some_hash("x")}),
        ("consent.unfreeze", {}),
    ):
        with pytest.raises(IllegalTransition):
            say(home, people, people.shelter, kind, asked, **body)


def test_what_a_machine_spares_is_served_and_sent_although_all_else_stands_still(people, home, away, clinic, sent):
    """The port for an alarm about a missing child: no kind of handoff has one yet but in this test."""
    show(people, away, clinic)
    while carry(away, home):
        pass
    home.look()
    for desk in (home, away):
        machine = desk.intake.machines["referral"]
        desk.intake.machines = {**desk.intake.machines, "referral": Sparing(machine)}
    settle(home, away)
    assert away.shown(sent, people.centre.agency)["state"] == "delivered"
    assert header(home, sent) == header(away, sent)


class Sparing:
    """A machine that spares every packet."""

    def __init__(self, machine):
        self.machine = machine

    def __getattr__(self, name):
        return getattr(self.machine, name)

    def spared(self, connection, handoff):
        return {row["manifest"] for row in PacketStore(connection).of_handoff(handoff.id)}


def test_of_workers_and_downloads_at_once_one_freezes_and_nobody_is_served_after_it(
    people, home, away, clinic, delivered
):
    show(people, away, clinic)
    settle(home, away)
    served, late, done, ready = [], [], [], Barrier(16)

    def work(n):
        ready.wait()
        if n % 2:
            done.append(home.look())
            return
        over = any(done)
        try:
            header(home, delivered)
            (late if over else served).append(n)
        except ConsentMissing:
            pass

    threads = [Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 1
    assert late == []
    assert types(home, delivered, people.shelter).count("consent.freeze") == 1
    assert home.audited().findings == ()
