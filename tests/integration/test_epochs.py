"""People come and go: the next key after somebody left, put on every packet, whatever was interrupted on the way."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pytest

from hub.client import enrol, epochs, freezing, opening, reading, records, referrals
from hub.client.enrol import Desk, Invitation
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.errors import (
    BadSignature,
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    Unauthenticated,
    WrongRecipient,
)
from hub.handoffs.jobs import purge_payloads
from hub.handoffs.store import PacketStore
from hub.ids import random_id
from hub.packets.age import Header, unwrap
from hub.packets.encoding import from_b64u
from hub.referrals.store import ReferralStore
from tests.conftest import NOW
from tests.support.world import PASSPHRASE, SECTIONS, populated, reception, world

HOST = "hub.example"
CASE = {"caseworker"}


on_both = pytest.mark.parametrize(
    "shelter", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
def shelter(request, tmp_path):
    with ExitStack() as stack:
        url = ""
        if getattr(request, "param", "sqlite") == "postgres":
            url = stack.enter_context(request.getfixturevalue("postgres_server").database())
        made = populated(stack.enter_context(world(tmp_path, SetClock(NOW), HOST, database=url)), HOST, HOST)
        made.join(made.members["hana"], "biruk", CASE)
        made.join(made.members["hana"], "selam", CASE)
        yield made


def refer(made, **changes):
    amina, hana = made.members["amina"], made.members["hana"]
    held = reception(amina, made.clock, hana.agency)
    given = {"to": hana.agency, "sections": SECTIONS, "basis": held, "purpose": "reception", "urgency": "urgent"}
    return referrals.send(amina, Outgoing(**{**given, **changes})).handoff


def opens(member, handoff):
    (found,) = opening.open_handoff(member, handoff, why="to see")
    return {name: found.sections[name] for name in SECTIONS} == SECTIONS


@on_both
def test_who_left_cannot_open_what_is_served_and_all_others_can(shelter):
    hana, biruk, selam = (shelter.members[login] for login in ("hana", "biruk", "selam"))
    handoff = refer(shelter)
    note = records.put(hana, "note", {"text": "SYN of the agency"})
    old = selam.epochs()[1]
    enrol.remove_member(hana, "selam")
    assert [cert.member for cert in epochs.old_key(hana)] == [selam.id]
    told = []
    renewed = epochs.renew(hana, lambda done, left: told.append((done, left)))
    assert (renewed.epoch, renewed.closed, renewed.frozen) == (2, (), 0)
    assert renewed.done >= 2
    assert told[-1] == (renewed.done, 0)
    assert epochs.old_key(hana) == ()
    for member in (hana, biruk):
        member.trust.forget()
        assert opens(member, handoff)
        assert records.get(member, note).value == {"text": "SYN of the agency"}
    packet = reading.show(hana, handoff).packets[0]
    served = hana.hub.get(f"/api/v1/packets/{packet.hash}/headers")["headers"]["body"]
    with pytest.raises(WrongRecipient):
        unwrap(Header.from_bytes(from_b64u(served)), [old.identity])
    with pytest.raises(Unauthenticated):
        selam.hub.get(f"/api/v1/packets/{packet.hash}/headers")


def owners(made, handoff):
    with made.hubs[HOST].hub.database.read() as connection:
        found = ReferralStore(connection).get(handoff)
    return found.sent_by, found.owner


@on_both
def test_what_somebody_held_who_leaves_is_the_deputys(shelter):
    hana, biruk, selam = (shelter.members[login] for login in ("hana", "biruk", "selam"))
    amina = shelter.members["amina"]
    handoff = refer(shelter)
    referrals.take(selam, handoff, "acknowledge")
    enrol.name_deputy(hana, "biruk")
    enrol.remove_member(hana, "selam")
    assert owners(shelter, handoff) == (amina.id, biruk.id)
    epochs.renew(hana)
    biruk.trust.forget()
    assert opening.open_handoff(biruk, handoff)[0].sections["needs_risk"] == SECTIONS["needs_risk"]
    enrol.remove_member(hana, "selam")  # again, after a crash perhaps
    assert owners(shelter, handoff) == (amina.id, biruk.id)


def test_without_a_deputy_it_stays_until_one_is_named(shelter):
    hana, biruk, selam = (shelter.members[login] for login in ("hana", "biruk", "selam"))
    handoff = refer(shelter)
    referrals.take(selam, handoff, "acknowledge")
    enrol.remove_member(hana, "selam")
    assert owners(shelter, handoff)[1] == selam.id
    enrol.name_deputy(hana, "biruk")
    enrol.remove_member(hana, "selam")
    assert owners(shelter, handoff)[1] == biruk.id


def test_nobody_is_made_to_leave_while_their_key_is_good(shelter):
    hana, selam = shelter.members["hana"], shelter.members["selam"]
    with pytest.raises(Conflict):
        hana.hub.post("/api/v1/members", {"leaves": selam.id})
    with pytest.raises(Conflict):  # a link's id, say: what its device holds is nobody's to give away
        hana.hub.post("/api/v1/members", {"leaves": random_id()})
    with pytest.raises(NotFound):
        enrol.remove_member(hana, "nobody")
    with pytest.raises(Forbidden):
        enrol.remove_member(hana, "hana")


def test_a_word_signed_before_the_revocation_and_brought_after_it_is_refused(shelter):
    hana, selam = shelter.members["hana"], shelter.members["selam"]
    handoff = refer(shelter)
    shown = reading.show(selam, handoff)
    said = selam.statement("referral.acknowledge", handoff, {}, by=[selam.me()], heads=shown.heads)
    enrol.remove_member(hana, "selam")
    with pytest.raises(Unauthenticated):
        selam.send(f"/api/v1/handoffs/{handoff}/statements", said)
    with pytest.raises(BadSignature):
        hana.send(f"/api/v1/handoffs/{handoff}/statements", said)
    assert reading.show(hana, handoff).state == "delivered"


def test_a_frozen_packet_waits_for_the_end_of_the_freeze(shelter):
    amina, hana = shelter.members["amina"], shelter.members["hana"]
    held = reception(amina, shelter.clock, hana.agency)
    given = Outgoing(to=hana.agency, sections=SECTIONS, basis=held, purpose="reception", urgency="urgent")
    handoff = referrals.send(amina, given).handoff
    freeze = freezing.ask(hana, held.token, amina.agency)["id"]
    shelter.run()
    enrol.remove_member(hana, "selam")
    assert epochs.renew(hana).frozen == 1
    freezing.decide(amina, freeze, "kept")
    shelter.run()
    renewed = epochs.renew(hana)
    assert (renewed.done, renewed.frozen) == (1, 0)
    assert opens(hana, handoff)


class TestALostPhone:
    """The same person comes back on a new device; whoever has the old one has nothing that counts."""

    def lose(self, made):
        hana, selam = made.members["hana"], made.members["selam"]
        invitation = enrol.lose_device(hana, "selam")
        desk = made.desk("selam-again")
        again, _ = enrol.enrol(Desk(desk.folder, "selam", PASSPHRASE, made.clock), invitation)
        return hana, selam, again

    @on_both
    def test_they_are_the_same_member_and_open_what_they_opened(self, shelter):
        handoff = refer(shelter)
        referrals.take(shelter.members["selam"], handoff, "acknowledge")
        hana, selam, again = self.lose(shelter)
        assert again.id == selam.id
        (waiting,) = enrol.pending(hana)
        assert waiting.login == "selam"
        digits = enrol.this_device(again, CASE).fingerprint
        enrol.certify_pending(hana, "selam", digits, CASE)
        assert epochs.old_key(hana)
        epochs.renew(hana)
        assert not epochs.old_key(hana)
        again.trust.forget()
        assert opens(again, handoff)
        assert owners(shelter, handoff)[1] == again.id
        referrals.take(again, handoff, "accept", first_contact="2026-11-25")

    def test_any_colleague_who_works_on_cases_grants_what_the_new_device_needs(self, shelter):
        handoff = refer(shelter)
        hana, _, again = self.lose(shelter)
        enrol.certify_pending(hana, "selam", enrol.this_device(again, CASE).fingerprint, CASE)
        with pytest.raises(WrongRecipient):
            opens(again, handoff)
        enrol.grant_missing(shelter.members["biruk"])
        assert opens(again, handoff)

    def test_the_old_device_is_nobody_before_and_after(self, shelter):
        hana, selam, again = self.lose(shelter)
        for _ in range(2):
            with pytest.raises(Unauthenticated):
                selam.hub.get("/api/v1/me")
            selam.hub.use(None)
        enrol.certify_pending(hana, "selam", enrol.this_device(again, CASE).fingerprint, CASE)
        with pytest.raises(Unauthenticated):
            selam.hub.get("/api/v1/grants")
        assert again.roles() == CASE

    def test_the_new_device_can_do_nothing_before_it_is_certified(self, shelter):
        _, _, again = self.lose(shelter)
        assert again.roles() == frozenset()
        with pytest.raises(Forbidden):
            again.hub.get("/api/v1/handoffs", box="in", kind="referral", limit=10)
        with pytest.raises(Forbidden):
            again.hub.post("/api/v1/members", {"leaves": again.id})

    def test_nobody_takes_over_a_member_whose_device_is_good(self, shelter):
        hana, selam = shelter.members["hana"], shelter.members["selam"]
        with pytest.raises(Conflict):
            enrol.invite(hana, CASE, returning=selam.id)
        with pytest.raises(Conflict):
            enrol.invite(hana, CASE, returning=random_id())

    def test_an_invitation_to_come_back_is_for_that_member_alone(self, shelter):
        hana = shelter.members["hana"]
        invitation = enrol.lose_device(hana, "selam")
        thief = replace(invitation, member=None)
        with pytest.raises(InvalidRequest):
            enrol.enrol(shelter.desk("thief"), thief)
        assert Invitation.from_text(invitation.to_text()) == invitation


class TestInterruptedHalfway:
    """Whatever was done when it stopped, everything still opens for those who remain, and the next run ends it."""

    def left(self, made):
        return made.members["hana"].hub.get("/api/v1/rewraps")["left"]

    def test_between_the_vault_and_the_log(self, shelter):
        hana = shelter.members["hana"]
        handoff = refer(shelter)
        enrol.remove_member(hana, "selam")
        first = enrol.start_epoch(hana)
        assert opens(shelter.members["biruk"], handoff)
        assert epochs.renew(hana).epoch == first.epoch
        assert hana.epochs()[first.epoch].public() == first

    def test_between_the_log_and_the_grants(self, shelter):
        hana, biruk = shelter.members["hana"], shelter.members["biruk"]
        enrol.remove_member(hana, "selam")
        enrol.publish_epoch(hana, enrol.start_epoch(hana))
        assert not epochs.old_key(hana)
        handoff = refer(shelter)
        assert biruk.id in epochs.renew(hana).granted
        assert opens(biruk, handoff)

    def test_between_two_packets(self, shelter):
        hana, biruk = shelter.members["hana"], shelter.members["biruk"]
        handoffs = [refer(shelter) for _ in range(3)]
        enrol.remove_member(hana, "selam")

        def stops(done, _left):
            if done:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            epochs.renew(hana, stops)
        assert self.left(shelter) > 0
        for member in (hana, biruk):
            member.trust.forget()
            assert all(opens(member, handoff) for handoff in handoffs)
        enrol.grant_missing(hana)
        epochs.renew(biruk)
        assert self.left(shelter) == 0
        for member in (hana, biruk):
            assert all(opens(member, handoff) for handoff in handoffs)

    def test_a_header_key_that_a_crash_left_is_forgotten_later(self, shelter):
        hana, hub = shelter.members["hana"], shelter.hubs[HOST].hub
        handoff = refer(shelter)
        packet = reading.show(hana, handoff).packets[0].hash
        keys = hub.intake.header_keys
        with hub.database.read() as connection:
            (file,) = PacketStore(connection).files(packet)
        keys.renew(packet, {"body": b"never committed"})
        assert opens(hana, handoff)
        hub.wire = SetClock(2**32)
        purge_payloads(hub)
        assert keys.unsettled(2**32) == []
        assert keys.open(packet, "body", file["header"])
        assert opens(hana, handoff)
