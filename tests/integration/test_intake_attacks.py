"""What somebody could make of the intake who signs well but means ill, comes late, or comes twice at once."""

import logging
from threading import Barrier, Thread

import pytest

from hub.errors import (
    BadSignature,
    Conflict,
    ConsentMissing,
    HubError,
    IllegalTransition,
    Malformed,
    NotFound,
    PacketError,
    WrongRecipient,
)
from hub.handofflog.store import HandoffLog
from hub.handoffs.jobs import erase_packets
from hub.handoffs.store import HandoffStore, PacketStore
from hub.ids import random_id
from hub.keys.store import KeyStore
from hub.outbox.store import Outbox
from hub.packets.checkpoint import Checkpoint
from hub.packets.seal import Basis
from hub.statements.receipts import Receipt, receipt_value
from hub.statements.verify import verify_statement
from tests.support.desks import AWAY, HOME, Desk, People, carry, hub_statement, settle
from tests.support.factories import some_hash

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
WITHDRAWN = {"evidence": some_hash("paper")}


@pytest.fixture
def alone(database, clock, tmp_path):
    """One hub that is home to both agencies, and its people."""
    people = People.invented(clock, HOME, HOME)
    desk = Desk.open(HOME, database, clock, tmp_path)
    desk.know(people.shelter, people.centre)
    return desk, people


def sends(people, agency, to, kind, handoff, *, body=None, member="case", **changes):
    author = agency.members[member]
    _, packet = people.packet(agency, to, author, **changes)
    return people.sign(kind, handoff, author, body=body, packet=packet), packet, agency.agency


def own_record(desk, people):
    handoff = random_id()
    desk.post(*sends(people, people.shelter, people.shelter, "record.put", handoff, body=OWN))
    return handoff


def shown(desk, handoff, agency):
    return desk.shown(handoff, agency.agency)


def refuses(desk, error, *post):
    size = desk.rows()
    with pytest.raises(error) as refused:
        desk.post(*post)
    assert desk.rows() == size
    return refused.value


def together(number, work):
    """Run `work(n)` in many threads at the same moment; return what each returned or raised."""
    barrier, found = Barrier(number), []

    def run(n):
        barrier.wait()
        try:
            found.append(work(n))
        except Exception as error:  # noqa: BLE001 - what it was is judged below
            found.append(error)

    threads = [Thread(target=run, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class TestAPacketBesideAStepGoesToTheOtherParty:
    def test_police_on_the_same_hub_get_nothing_through_an_answer(self, alone):
        desk, people = alone
        police = people.world.agency("police", HOME, kind="police", country="DJ")
        desk.know(police)
        handoff, said, packet = people.submit()
        desk.post(said, packet, people.shelter.agency)
        post = sends(people, people.centre, police, "referral.decline", handoff)
        refuses(desk, WrongRecipient, *post)

    def test_a_third_agency_gets_nothing_through_a_later_version_of_an_own_record(self, alone):
        desk, people = alone
        handoff = own_record(desk, people)
        refuses(desk, HubError, *sends(people, people.shelter, people.centre, "record.put", handoff, body=OWN))

    def test_a_recipient_that_has_become_police_gets_no_answer(self, alone, monkeypatch):
        desk, people = alone
        handoff, said, packet = people.submit()
        desk.post(said, packet, people.shelter.agency)
        monkeypatch.setattr("hub.handoffs.checks.NEVER_RECEIVE", frozenset({"shelter"}))
        post = sends(people, people.centre, people.shelter, "referral.decline", handoff)
        assert refuses(desk, HubError, *post).facts["rule"] == "R07"

    def test_an_epoch_that_was_never_published_is_refused_in_an_answer_too(self, delivered, away, people):
        refuses(
            away, WrongRecipient, *sends(people, people.centre, people.shelter, "referral.decline", delivered, epoch=2)
        )

    def test_a_file_sealed_to_somebody_elses_key_is_refused(self, home, away, people):
        _, said, packet = people.submit(recipients=[people.shelter.epoch().identity.recipient])
        refuses(home, WrongRecipient, said, packet, people.shelter.agency)

    def test_the_packet_of_another_handoff_is_not_taken_twice(self, delivered, home, away, people):
        handoff, said, packet = people.submit()
        home.post(said, packet, people.shelter.agency)
        again = people.sign(
            "referral.pause_clock",
            delivered,
            people.shelter.members["case"],
            body={"due": people.clock.now() + 86_400},
            packet=packet,
        )
        refuses(home, PacketError, again, packet, people.shelter.agency)
        assert [p["manifest"] for p in shown(home, handoff, people.shelter)["packets"]]


class TestWhatAnOwnRecordTakes:
    @pytest.mark.parametrize(
        ("kind", "body"), [("consent.withdraw", WITHDRAWN), ("referral.acknowledge", {}), ("referral.cancel", {})]
    )
    def test_nothing_but_its_next_version(self, home, people, kind, body):
        handoff = own_record(home, people)
        said = people.sign(kind, handoff, people.shelter.members["case"], body=body)
        refused = refuses(home, IllegalTransition, said, None, people.shelter.agency)
        assert refused.facts["possible"] == ["record.put"]
        assert not any(p["destroyed"] for p in shown(home, handoff, people.shelter)["packets"])

    def test_nobody_elses_next_version(self, alone):
        desk, people = alone
        handoff = own_record(desk, people)
        refuses(desk, Conflict, *sends(people, people.centre, people.centre, "record.put", handoff, body=OWN))


class TestAtOnce:
    def test_the_same_submission_in_many_threads_gets_one_receipt(self, home, away, people):
        handoff, said, packet = people.submit()
        found = together(8, lambda _n: home.post(said, packet, people.shelter.agency))
        assert len(set(map(bytes, found))) == 1
        assert len(shown(home, handoff, people.shelter)["statements"]) == 1

    def test_the_same_step_in_many_threads_gets_one_receipt(self, delivered, home, people):
        said = people.sign("referral.cancel", delivered, people.shelter.members["case"])
        found = together(8, lambda _n: home.post(said, None, people.shelter.agency))
        assert len(set(map(bytes, found))) == 1

    def test_two_submissions_of_one_handoff_id_leave_one(self, home, away, people):
        posts = []
        handoff, said, packet = people.submit()
        posts.append((said, packet))
        body = verify_body(home, said)
        for _ in range(3):
            more, other, _agency = sends(people, people.shelter, people.centre, "referral.submit", handoff, body=body)
            posts.append((more, other))
        found = together(4, lambda n: home.post(*posts[n], people.shelter.agency))
        assert sorted(isinstance(one, Conflict) for one in found) == [False, True, True, True]
        assert home.audited().findings == ()

    def test_steps_clocks_withdrawals_and_downloads_of_many_never_meet_in_a_deadlock(self, alone, clock):
        desk, people = alone
        made = [people.submit() for _ in range(8)]
        for _handoff, said, packet in made:
            desk.post(said, packet, people.shelter.agency)
        clock.forward(2 * 86_400)
        worker, sender = people.centre.members["case"], people.shelter.members["case"]

        def work(n):
            handoff = made[n % 8][0]
            match n // 8:
                case 0:
                    return desk.post(people.sign("referral.acknowledge", handoff, worker), None, people.centre.agency)
                case 1:
                    said = people.sign("consent.withdraw", handoff, sender, body=WITHDRAWN)
                    return desk.post(said, None, people.shelter.agency)
                case 2:
                    return desk.sweep()
                case _:
                    return shown(desk, handoff, people.centre)

        for one in together(32, work):
            assert not isinstance(one, Exception) or isinstance(one, (IllegalTransition, Conflict)), repr(one)
        for handoff, _said, _packet in made:
            assert shown(desk, handoff, people.shelter)["state"] == "consent_withdrawn"
        assert desk.audited().findings == ()


def verify_body(desk, said):
    with desk.hub.database.read() as connection:
        return verify_statement(said, KeyStore(connection), now=desk.hub.clock.now()).statement.body


class TestAQueueIsNeverBlocked:
    def test_by_a_packet_that_was_withdrawn_before_it_went_out(self, sent, home, away, people):
        said = people.sign("consent.withdraw", sent, people.shelter.members["case"], body=WITHDRAWN)
        home.post(said, None, people.shelter.agency)
        other, statement, packet = people.submit()
        home.post(statement, packet, people.shelter.agency)
        deliver(home, away)
        settle(home, away)
        assert home.outgoing(AWAY) == 0
        assert shown(away, other, people.centre)["state"] == "delivered"
        with pytest.raises(NotFound):
            shown(away, sent, people.centre)

    def test_by_a_word_on_a_handoff_that_the_peer_does_not_know(self, sent, home, away, people):
        with home.hub.database.write() as connection:
            outbox = Outbox(connection)
            outbox.drop(outbox.claim(AWAY, 0, 0).id, 0)
            row = HandoffStore(connection).statements(sent)[0]
            HandoffStore(connection).keep_receipt(row["hash"], AWAY, row["answer"], 0)
        home.post(people.sign("referral.cancel", sent, people.shelter.members["case"]), None, people.shelter.agency)
        size = away.rows()
        settle(home, away)
        assert home.outgoing(AWAY) == 0
        assert away.rows() == size + 1
        word = shown(home, sent, people.shelter)["statements"][-1]["words"][0]["envelope"]
        assert word

    @pytest.mark.parametrize("later", [31 * 86_400, 365 * 86_400])
    def test_by_a_packet_whose_time_ended_while_the_line_was_down(self, sent, home, away, people, clock, later):
        clock.forward(later)
        settle(home, away)
        assert home.outgoing(AWAY) == 0
        with pytest.raises(NotFound):
            shown(away, sent, people.centre)
        assert home.audited().findings == away.audited().findings == ()

    def test_by_an_agency_that_became_barred_at_the_other_hub(self, sent, home, away, people, monkeypatch):
        monkeypatch.setattr("hub.handoffs.checks.NEVER_RECEIVE", frozenset({"io"}))
        settle(home, away)
        assert home.outgoing(AWAY) == 0
        with pytest.raises(NotFound):
            shown(away, sent, people.centre)

    def test_by_a_hub_that_has_another_policy_already(self, sent, home, away, people, monkeypatch):
        monkeypatch.setattr("hub.handoffs.checks.POLICY_VERSION", "2099-01")
        settle(home, away)
        assert home.outgoing(AWAY) == 0

    def test_by_a_question_whose_packet_was_withdrawn_before_it_went_out(self, delivered, home, away, people):
        worker, sender = people.centre.members["case"], people.shelter.members["case"]
        away.post(people.sign("referral.acknowledge", delivered, worker), None, people.centre.agency)
        settle(home, away)
        away.post(*sends(people, people.centre, people.shelter, "referral.ask", delivered))
        home.post(people.sign("consent.withdraw", delivered, sender, body=WITHDRAWN), None, people.shelter.agency)
        assert carry(home, away)
        deliver(away, home)
        view = shown(away, delivered, people.centre)
        assert not view["being_confirmed"]
        assert view["state"] == "consent_withdrawn"


def deliver(one, other):
    """Carry as delivery does: a word that was erased meanwhile is dropped."""
    peer = other.hub.origin
    while True:
        with one.hub.database.write() as connection:
            outbox = Outbox(connection)
            claim = outbox.claim(peer, one.hub.clock.now(), 0)
            if claim is None:
                return
            if one.intake.message(connection, claim.statement) is None:
                outbox.drop(claim.id, one.hub.clock.now())
                continue
        carry(one, other)


class TestWithdrawal:
    def test_by_the_recipients_member_destroys_the_packets_there_too(self, delivered, home, away, people):
        said = people.sign("consent.withdraw", delivered, people.centre.members["case"], body=WITHDRAWN)
        away.post(said, None, people.centre.agency)
        settle(home, away)
        for desk, agency in ((home, people.shelter), (away, people.centre)):
            assert shown(desk, delivered, agency)["state"] == "consent_withdrawn"
            assert all(p["destroyed"] for p in shown(desk, delivered, agency)["packets"])

    def test_nothing_more_about_the_child_is_taken_after_it(self, delivered, home, away, people):
        worker, sender = people.centre.members["case"], people.shelter.members["case"]
        home.post(people.sign("referral.cancel", delivered, sender), None, people.shelter.agency)
        settle(home, away)
        home.post(people.sign("consent.withdraw", delivered, sender, body=WITHDRAWN), None, people.shelter.agency)
        settle(home, away)
        late = sends(people, people.centre, people.shelter, "referral.late_answer", delivered)
        refuses(away, ConsentMissing, *late)
        away.post(people.sign("referral.late_answer", delivered, worker), None, people.centre.agency)
        settle(home, away)
        assert all(p["destroyed"] for p in shown(home, delivered, people.shelter)["packets"])

    def test_a_question_that_crosses_it_leaves_no_packet(self, delivered, home, away, people):
        worker, sender = people.centre.members["case"], people.shelter.members["case"]
        away.post(people.sign("referral.acknowledge", delivered, worker), None, people.centre.agency)
        settle(home, away)
        away.post(*sends(people, people.centre, people.shelter, "referral.ask", delivered))
        home.post(people.sign("consent.withdraw", delivered, sender, body=WITHDRAWN), None, people.shelter.agency)
        assert carry(away, home)
        assert all(p["destroyed"] for p in shown(home, delivered, people.shelter)["packets"])

    def test_destroys_no_packet_of_another_sender_with_the_same_id(self, alone):
        desk, people = alone
        packet_id = random_id()
        first, said, packet = people.submit(packet=packet_id)
        desk.post(said, packet, people.shelter.agency)
        record = sends(people, people.centre, people.centre, "record.put", random_id(), body=OWN, packet=packet_id)
        desk.post(*record)
        said = people.sign("consent.withdraw", first, people.shelter.members["case"], body=WITHDRAWN)
        desk.post(said, None, people.shelter.agency)
        erase_packets(desk.hub)
        with desk.hub.database.read() as connection:
            (manifest,) = PacketStore(connection).ids()
            file = PacketStore(connection).files(manifest)[0]
            assert b"".join(desk.intake.blobs.read(manifest, file["psha256"]))


class TestAPeerThatLies:
    def word(self, away, said, **lies):
        """The peer's receipt for a statement that it has just logged, with lies in it."""
        now = away.hub.clock.now()
        with away.hub.database.write() as connection:
            verified = verify_statement(said, KeyStore(connection), now=now)
            log = HandoffLog(connection, AWAY)
            entry = log.append(verified.document, now=now)
            head = log.head()
            receipt = Receipt(
                verified.hash,
                Checkpoint(AWAY, head.size, head.root),
                entry.index,
                entry.salt,
                log.inclusion(entry.index),
            )
        body = {**receipt_value(receipt), **lies}
        return hub_statement("hub.receipt", AWAY, verified.statement.handoff, body, now)

    def brings(self, home, away, said, packet=None, **lies):
        receipt = self.word(away, said, **lies)
        staged = home.stage(packet)
        with home.hub.database.write() as connection:
            return home.intake.receive(connection, peer=AWAY, statement=said, receipt=receipt, packet=staged)

    def from_there(self, people, to=None):
        author = people.centre.members["case"]
        _, packet = people.packet(people.centre, to or people.shelter, author)
        handoff, template, _ = people.submit()
        return handoff, author, packet, template

    @pytest.mark.parametrize("lies", [{"state": "banana", "position": 0}, {"state": "delivered", "position": 2**40}])
    def test_about_a_state_or_a_position_is_refused_as_malformed(self, home, away, people, lies):
        handoff, author, packet, template = self.from_there(people)
        said = people.sign("referral.submit", handoff, author, body=verify_body(home, template), packet=packet)
        size = home.rows()
        with pytest.raises(Malformed):
            self.brings(home, away, said, packet, **lies)
        assert home.rows() == size

    def test_about_who_is_at_home_with_it_is_refused(self, home, away, people):
        _, said, packet = people.submit()
        with pytest.raises(BadSignature):
            self.brings(home, away, said, packet)

    def test_about_a_handoff_of_two_others_is_told_nothing(self, alone_and_peer, people):
        home, away, local, handoff = alone_and_peer
        said = people.sign("referral.cancel", handoff, people.centre.members["case"])
        answer = self.brings(home, away, said)
        with home.hub.database.read() as connection:
            body = verify_statement(answer, KeyStore(connection), now=home.hub.clock.now()).statement
        assert body.type == "hub.refused"
        assert body.body["state"] == "unknown"
        assert shown(home, handoff, local.shelter)["state"] == "delivered"

    @pytest.mark.parametrize("kind", ["hub.receipt", "hub.refused"])
    def test_that_an_answer_is_a_step_is_refused(self, delivered, home, away, people, kind, clock):
        body = {"statement": some_hash("s"), "state": "expired", "position": 9}
        if kind == "hub.receipt":
            body = {**receipt_value(Receipt(some_hash("s"), Checkpoint(AWAY, 1, bytes(32)), 0, bytes(32), ()))}
        said = hub_statement(kind, AWAY, delivered, body, clock.now())
        answer = self.brings(home, away, said)
        with home.hub.database.read() as connection:
            word = verify_statement(answer, KeyStore(connection), now=clock.now()).statement
        assert (word.type, word.body["state"], word.body["position"]) == ("hub.refused", "delivered", 1)
        assert [row["type"] for row in shown(home, delivered, people.shelter)["statements"]].count(kind) == 0


@pytest.fixture
def alone_and_peer(home, away, people, clock):
    local = People.invented(clock, HOME, HOME)
    near = local.world.agency("near", HOME, kind="ngo", country="DJ")
    near.member("case", "caseworker")
    home.know(near)
    people_here = People(people.world, people.shelter, near, clock)
    handoff, said, packet = people_here.submit()
    home.post(said, packet, people.shelter.agency)
    return home, away, people_here, handoff


def test_a_poison_clock_stops_no_other_and_does_not_come_back_at_once(alone, clock, caplog):
    desk, people = alone
    made = [people.submit() for _ in range(3)]
    for _handoff, said, packet in made:
        desk.post(said, packet, people.shelter.agency)
    clock.forward(25 * 3600)
    poison, issue = made[0][0], desk.intake.issue

    class Poisoned:
        def __init__(self, intake):
            self.calls = []
            self._intake = intake

        def __getattr__(self, name):
            return getattr(self._intake, name)

        def issue(self, connection, kind, handoff, body):
            self.calls.append(handoff)
            if handoff == poison:
                raise RuntimeError("secret of a child")
            return issue(connection, kind, handoff, body)

    desk.hub.intake = Poisoned(desk.intake)
    with caplog.at_level(logging.ERROR):
        assert desk.sweep() == 2
    assert "secret" not in caplog.text
    assert "RuntimeError" in caplog.text
    clock.forward(90)
    assert desk.sweep() == 0
    assert desk.hub.intake.calls.count(poison) == 1
    clock.forward(3600)
    desk.sweep()
    assert desk.hub.intake.calls.count(poison) == 2


def test_a_basis_that_has_ended_still_lets_the_outcome_come_back(delivered, home, away, people, clock):
    worker = people.centre.members["case"]
    for kind, body in (("acknowledge", {}), ("accept", {"first_contact": "2026-11-25"})):
        away.post(people.sign(f"referral.{kind}", delivered, worker, body=body), None, people.centre.agency)
        settle(home, away)
    ended = Basis(bytes(32), {"v": 1}, "DJ", "2026-10")
    away.post(*sends(people, people.centre, people.shelter, "referral.report_outcome", delivered, basis=ended))
    settle(home, away)
    assert shown(home, delivered, people.shelter)["state"] == "outcome_reported"
