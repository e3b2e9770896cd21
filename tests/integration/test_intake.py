"""What two hubs make of members' statements, over real databases and with a carrier that the test drives."""

import base64
import json

import pytest
from sqlalchemy import select

from hub.clock import SetClock
from hub.errors import (
    BadSignature,
    Conflict,
    ConsentMissing,
    Forbidden,
    IllegalTransition,
    InvalidRequest,
    NotFound,
    PacketError,
    Replayed,
    WrongRecipient,
)
from hub.handoffs.jobs import erase_packets, purge_payloads
from hub.handoffs.store import HandoffStore
from hub.ids import random_id
from hub.keys.certificates import Revocation
from hub.keys.keyring import Keyring
from hub.keys.store import KeyStore
from hub.notify.store import notices
from hub.notify.templates import words
from hub.packets.seal import Basis
from hub.statements.verify import verify_statement
from tests.support.desks import AWAY, HOME, carry, hub_statement, settle
from tests.support.factories import CERTIFIER_KEYS, some_hash


def said_in(statement):
    return json.loads(base64.b64decode(json.loads(statement)["payload"]))


def state(desk, handoff, agency):
    return desk.shown(handoff, agency)["state"]


def test_a_referral_is_submitted_delivered_and_both_hubs_agree(delivered, home, away, people):
    ours = home.shown(delivered, people.shelter.agency)
    theirs = away.shown(delivered, people.centre.agency)
    assert ours["state"] == theirs["state"] == "delivered"
    assert ours["position"] == theirs["position"] == 1
    assert ours["ball"] == "recipient"
    assert ours["due"] == theirs["due"]
    assert not theirs["being_confirmed"]
    assert home.audited().findings == away.audited().findings == ()


def test_the_same_bytes_again_get_the_same_receipt_and_write_nothing(home, away, people):
    _, statement, packet = people.submit()
    first = home.post(statement, packet, people.shelter.agency)
    size = home.rows()
    assert home.post(statement, packet, people.shelter.agency) == first
    assert home.rows() == size


def test_a_whole_loop_from_acknowledgement_to_closure(delivered, home, away, people):
    worker, sender = people.centre.members["case"], people.shelter.members["case"]
    for kind, body in (
        ("referral.acknowledge", {}),
        ("referral.accept", {"first_contact": "2026-11-25"}),
        ("referral.start", {"contact": "2026-11-25"}),
    ):
        away.post(people.sign(kind, delivered, worker, body=body), None, people.centre.agency)
        assert away.shown(delivered, people.centre.agency)["being_confirmed"]
        settle(home, away)
    _, outcome = people.packet(people.centre, people.shelter, worker)
    away.post(people.sign("referral.report_outcome", delivered, worker, packet=outcome), outcome, people.centre.agency)
    settle(home, away)
    home.post(people.sign("referral.close", delivered, sender), None, people.shelter.agency)
    settle(home, away)
    assert state(home, delivered, people.shelter.agency) == "loop_closed"
    assert state(away, delivered, people.centre.agency) == "loop_closed"
    assert home.shown(delivered, people.shelter.agency)["ball"] is None


def test_an_impossible_step_of_an_own_member_is_a_conflict_that_says_what_is_possible(delivered, home, people):
    size = home.rows()
    with pytest.raises(IllegalTransition) as refused:
        home.post(people.sign("referral.close", delivered, people.shelter.members["case"]), None, people.shelter.agency)
    assert "referral.cancel" in refused.value.facts["possible"]
    assert home.rows() == size


def test_an_impossible_step_of_a_peers_member_is_refused_in_writing_and_blocks_nothing(delivered, home, away, people):
    worker, sender = people.centre.members["case"], people.shelter.members["case"]
    away.post(people.sign("referral.acknowledge", delivered, worker), None, people.centre.agency)
    home.post(people.sign("referral.cancel", delivered, sender), None, people.shelter.agency)
    settle(home, away)
    late = away.shown(delivered, people.centre.agency)["statements"]
    refused = next(s for s in late if s["type"] == "referral.acknowledge")
    assert refused["standing"] == "refused"
    assert refused["state"] == "cancelled"
    assert state(away, delivered, people.centre.agency) == "cancelled"
    away.post(people.sign("referral.late_answer", delivered, worker), None, people.centre.agency)
    settle(home, away)
    assert state(home, delivered, people.shelter.agency) == "cancelled"


def test_the_same_step_again_by_the_same_party_returns_the_present_state(delivered, home, away, people, clock):
    worker = people.centre.members["case"]
    for _ in range(2):
        away.post(people.sign("referral.acknowledge", delivered, worker), None, people.centre.agency)
        settle(home, away)
        clock.forward(60)
    shown = home.shown(delivered, people.shelter.agency)
    assert (shown["state"], shown["position"]) == ("acknowledged", 2)


def test_a_repeated_delivery_takes_effect_once_and_a_lost_answer_is_asked_for_again(sent, home, away, people):
    assert carry(home, away, times=3, answer=False)
    assert carry(home, away, times=1)
    settle(home, away)
    assert state(home, sent, people.shelter.agency) == "delivered"
    kinds = [s["type"] for s in away.shown(sent, people.centre.agency)["statements"]]
    assert kinds.count("referral.submit") == 1
    assert kinds.count("referral.deliver") == 1


def test_the_recipient_fetches_what_was_sealed_byte_for_byte(home, away, people):
    handoff, statement, packet = people.submit()
    home.post(statement, packet, people.shelter.agency)
    settle(home, away)
    with away.hub.database.read() as connection:
        row = next(r for r in HandoffStore(connection).statements(handoff) if r["type"] == "referral.submit")
        message = away.intake.message(connection, row["hash"])
    name, header, path = message.files[0]
    assert name == "body"
    assert header + path.read_bytes() == packet.stream("body").read()


def test_silence_climbs_the_ladder_once_a_rung_and_ends_in_a_task_for_the_sender(delivered, home, away, people, clock):
    told = []
    for _ in range(16):
        clock.forward(8 * 3600)
        home.sweep()
        home.sweep()
        settle(home, away)
    rows = home.shown(delivered, people.shelter.agency)["statements"]
    told = [s["type"] for s in rows if s["type"] in {"referral.overdue", "referral.expire"}]
    before = told.index("referral.expire")
    assert told[:before] == ["referral.overdue"] * 4
    assert state(home, delivered, people.shelter.agency) == "expired"
    assert home.shown(delivered, people.shelter.agency)["ball"] == "sender"
    assert state(away, delivered, people.centre.agency) == "expired"
    assert home.audited().findings == ()


def test_after_a_day_of_downtime_a_late_referral_gets_one_notice(delivered, home, clock):
    home.sweep()
    clock.forward(25 * 3600 + 1800)
    assert home.sweep() == 1
    assert home.sweep() == 0


def test_a_withdrawal_destroys_the_packet_on_both_hubs(delivered, home, away, people):
    sender = people.shelter.members["case"]
    said = people.sign("consent.withdraw", delivered, sender, body={"evidence": some_hash("paper")})
    home.post(said, None, people.shelter.agency)
    settle(home, away)
    for desk, agency in ((home, people.shelter), (away, people.centre)):
        shown = desk.shown(delivered, agency.agency)
        assert shown["state"] == "consent_withdrawn"
        assert all(p["destroyed"] for p in shown["packets"])
        assert erase_packets(desk.hub) == 1
        assert erase_packets(desk.hub) == 0
        assert not list((desk.hub.settings.data / desk.hub.origin / "payloads").iterdir())
        assert not list((desk.hub.settings.data / desk.hub.origin / "header-keys").iterdir())


def test_a_payload_without_a_row_is_swept_away_after_a_day(delivered, home):
    payloads = home.hub.settings.data / home.hub.origin / "payloads"
    known = {path.name for path in payloads.iterdir()}
    (payloads / "left-by-a-crash").mkdir()
    assert purge_payloads(home.hub) == 0
    home.hub.wire = SetClock(int((payloads / "left-by-a-crash").stat().st_mtime) + 2 * 86_400)
    assert purge_payloads(home.hub) == 1
    assert {path.name for path in payloads.iterdir()} == known


@pytest.mark.usefixtures("away")
class TestWhatAHubRefuses:
    def refused(self, home, people, error, statement, packet, agency=None):
        size = home.rows()
        with pytest.raises(error):
            home.post(statement, packet, agency or people.shelter.agency)
        assert home.rows() == size

    def test_a_submission_for_another_agency_than_the_callers(self, home, people):
        _, statement, packet = people.submit()
        self.refused(home, people, Forbidden, statement, packet, people.centre.agency)

    def test_a_submission_without_its_packet(self, home, people):
        _, statement, _ = people.submit()
        self.refused(home, people, InvalidRequest, statement, None)

    def test_another_packet_than_the_statement_names(self, home, people):
        _, statement, _ = people.submit()
        _, _, other = people.submit()
        self.refused(home, people, InvalidRequest, statement, other)

    def test_a_payload_with_one_flipped_bit(self, home, people):
        _, statement, packet = people.submit()
        data = bytearray(packet.files["body"])
        data[-1] ^= 1
        packet.files["body"] = bytes(data)
        self.refused(home, people, BadSignature, statement, packet)

    def test_a_basis_for_another_country(self, home, people):
        basis = Basis(bytes(32), {"v": 1}, "YE", "2030-01")
        _, statement, packet = people.submit(basis=basis)
        self.refused(home, people, ConsentMissing, statement, packet)

    def test_a_basis_that_has_ended(self, home, people):
        basis = Basis(bytes(32), {"v": 1}, "ET", "2026-10")
        _, statement, packet = people.submit(basis=basis)
        self.refused(home, people, ConsentMissing, statement, packet)

    def test_an_epoch_that_the_recipient_never_published(self, home, people):
        _, statement, packet = people.submit(epoch=2)
        self.refused(home, people, WrongRecipient, statement, packet)

    def test_an_inbox_that_the_recipient_does_not_have(self, home, people):
        _, statement, packet = people.submit(inbox=random_id())
        self.refused(home, people, WrongRecipient, statement, packet)

    def test_police_as_a_recipient_whatever_the_basis_says(self, home, people):
        police = people.world.agency("police", "et.example", kind="police", country="ET")
        home.know(police)
        author = people.shelter.members["case"]
        _, packet = people.packet(people.shelter, police, author)
        handoff, template, _ = people.submit()
        body = said_in(template)["body"]
        statement = people.sign("referral.submit", handoff, author, body=body, packet=packet)
        with pytest.raises(Forbidden) as refused:
            home.post(statement, packet, people.shelter.agency)
        assert refused.value.facts["rule"] == "R07"

    def test_a_packet_id_used_before_with_another_manifest(self, home, people):
        packet_id = random_id()
        _, first, packet = people.submit(packet=packet_id)
        home.post(first, packet, people.shelter.agency)
        _, second, other = people.submit(packet=packet_id)
        self.refused(home, people, Replayed, second, other)

    def test_a_handoff_id_used_before(self, home, sent, people):
        author = people.shelter.members["case"]
        _, packet = people.packet(people.shelter, people.centre, author)
        _, template, _ = people.submit()
        body = said_in(template)["body"]
        self.refused(
            home, people, Conflict, people.sign("referral.submit", sent, author, body=body, packet=packet), packet
        )

    def test_a_statement_about_somebody_elses_referral(self, home, sent, people):
        other = people.world.agency("stranger", "dj.example", kind="ngo", country="DJ")
        spy = other.member("spy", "caseworker")
        home.know(other)
        self.refused(home, people, NotFound, people.sign("referral.cancel", sent, spy), None, other.agency)

    def test_a_submission_by_a_coordinator(self, home, people):
        author = people.shelter.member("coord", "coordinator")
        home.know(people.shelter)
        handoff, _, _packet = people.submit()
        said = people.sign("referral.acknowledge", handoff, author)
        self.refused(home, people, NotFound, said, None)

    def test_a_revoked_member(self, home, people):
        member = people.shelter.members["case"]
        _handoff, statement, packet = people.submit()
        with home.hub.database.write() as connection:
            ring = Keyring(connection, HOME, CERTIFIER_KEYS)
            ring.publish(Revocation, people.shelter.revocation(member).to_bytes(), now=home.hub.clock.now())
        self.refused(home, people, BadSignature, statement, packet)


class TestWhatAPeerMayNotBring:
    def test_a_statement_of_another_hubs_member(self, home, away, delivered, people):
        said = people.sign("referral.cancel", delivered, people.shelter.members["case"])
        receipt = next(s for s in away.shown(delivered, people.centre.agency)["statements"])["answer"]
        size = home.rows()
        with pytest.raises(BadSignature), home.hub.database.write() as connection:
            home.intake.receive(
                connection, peer=AWAY, statement=said, receipt=json.dumps(receipt).encode(), packet=None
            )
        assert home.rows() == size

    def test_a_receipt_for_another_statement(self, home, away, delivered, people):
        worker = people.centre.members["case"]
        rows = away.shown(delivered, people.centre.agency)["statements"]
        mine = next(s for s in rows if s["type"] == "referral.deliver")["answer"]
        said = people.sign("referral.acknowledge", delivered, worker)
        with pytest.raises(BadSignature), home.hub.database.write() as connection:
            home.intake.receive(connection, peer=AWAY, statement=said, receipt=json.dumps(mine).encode(), packet=None)
        assert state(home, delivered, people.shelter.agency) == "delivered"

    def test_an_expiry_that_only_the_ordering_hub_may_sign(self, home, away, delivered, people, clock):
        said = hub_statement("referral.expire", AWAY, delivered, {"clock": "first_answer"}, clock.now())
        with away.hub.database.write() as connection:
            verified = verify_statement(said, KeyStore(connection), now=clock.now())
            away.intake._take(connection, verified, None, None, KeyStore(connection))
        settle(home, away)
        assert state(home, delivered, people.shelter.agency) == "delivered"
        assert state(away, delivered, people.centre.agency) == "delivered"


def test_the_focal_points_of_the_area_learn_a_count_and_a_duty_number_and_nothing_else(
    delivered, home, away, people, clock
):
    network = people.world.agency("network", AWAY, kind="ngo", country="ET")
    network.member("map", "coordinator")
    abroad = people.world.agency("abroad", HOME, kind="ngo", country="DJ")
    abroad.member("map", "coordinator")
    away.know(network)
    home.know(abroad)
    for _ in range(10):
        clock.forward(8 * 3600)
        home.sweep()
        settle(home, away)
    with away.hub.database.read() as connection:
        rows = [dict(row) for row in connection.execute(select(notices)).mappings() if row["template"] == "area"]
    with home.hub.database.read() as connection:
        ours = [row for row in connection.execute(select(notices)).mappings() if row["template"] == "area"]
    assert [row["to_agency"] for row in rows] == [network.agency]
    assert json.loads(rows[0]["facts"]) == {"recipient": "centre@et.example", "n": 1, "duty": "+251 900 000 000"}
    assert words("area", json.loads(rows[0]["facts"]))[1] == (
        "centre@et.example: 1 unanswered past due; duty number +251 900 000 000\n"
    )
    assert not ours


def test_a_file_without_an_age_header_is_refused_before_anything_is_kept_of_it(home, people):
    _, statement, packet = people.submit()
    packet.files["body"] = b"no age file at all"
    with pytest.raises(PacketError):
        home.post(statement, packet, people.shelter.agency)
    folder = home.hub.settings.data / home.hub.origin
    assert not list((folder / "spool").iterdir())
    assert not list((folder / "payloads").iterdir())
