"""New headers as a hub takes them: from the holder, for its newest epoch, once; and what a liar gets."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from hub.client import enrol, epochs, opening, reading, records, referrals, withdrawal
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.errors import BadSignature, Conflict, Forbidden, HubError, InvalidRequest, NotFound, WrongRecipient
from hub.handoffs.jobs import settle_headers
from hub.handoffs.store import HandoffStore, PacketStore
from hub.packets.age import Header, Identity, Recipient, make_header, unwrap
from hub.packets.dsse import Envelope
from hub.packets.encoding import b64u, from_b64u, sha256
from hub.packets.multipart import Body
from hub.statements.grammar import STATEMENT_TYPE
from tests.conftest import NOW
from tests.support.world import SECTIONS, populated, reception, world

HOME, AWAY = "dj.example", "et.example"


on_both = pytest.mark.parametrize(
    "one_hub", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
def one_hub(request, tmp_path):
    with ExitStack() as stack:
        url = ""
        if getattr(request, "param", "sqlite") == "postgres":
            url = stack.enter_context(request.getfixturevalue("postgres_server").database())
        yield populated(stack.enter_context(world(tmp_path, SetClock(NOW), HOME, database=url)), HOME, HOME)


@pytest.fixture
def two_hubs(tmp_path):
    with world(tmp_path, SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        made.join(made.members["hana"], "biruk", {"caseworker"})
        made.run()
        yield made


def refer(made, **changes):
    amina, hana = made.members["amina"], made.members["hana"]
    held = reception(amina, made.clock, hana.agency)
    given = {"to": hana.agency, "sections": SECTIONS, "basis": held, "purpose": "reception", "urgency": "urgent"}
    handoff = referrals.send(amina, Outgoing(**{**given, **changes})).handoff
    made.run()
    return handoff, held


def next_epoch(member):
    return enrol.publish_epoch(member, enrol.start_epoch(member)).enc[-1]


class Rewrapping:
    """A re-wrap that is made by hand, so that each part of it can be wrong."""

    def __init__(self, member, handoff, epoch):
        self.member, self.handoff = member, handoff
        shown = reading.show(member, handoff)
        self.packet, self.heads = shown.packets[0], shown.heads
        given = member.hub.get(f"/api/v1/packets/{self.packet.hash}/headers")["headers"]["body"]
        self.file_key = unwrap(Header.from_bytes(from_b64u(given)), member.identities([1]))
        self.recipient, self.epoch = Recipient.parse(epoch.recipient), epoch.epoch

    def send(self, by=None, header=None, **changes):
        by = by or self.member
        made = header or make_header([self.recipient], self.file_key).to_bytes()
        file = {"n": "body", "hsha256": b64u(sha256(made)), "kids": [self.recipient.kid], "epoch": self.epoch}
        body = {"manifest": changes.pop("manifest", self.packet.hash), "files": [{**file, **changes}]}
        said = by.statement("packet.rewrap", self.handoff, body, by=[by.me()], heads=self.heads)
        return self.post(by, said, made)

    def post(self, by, said, made):
        parts = Body("0" * 22)
        parts.add("statement", said.to_bytes())
        if made is not None:
            parts.add("body", made)
        return by.hub.submit(f"/api/v1/handoffs/{self.handoff}/statements", parts)


@on_both
def test_the_hub_serves_the_new_header_and_forgets_the_old_one_with_the_backups(one_hub):
    hana, hub = one_hub.members["hana"], one_hub.hubs[HOME].hub
    handoff, _ = refer(one_hub)
    rewrapping = Rewrapping(hana, handoff, next_epoch(hana))
    with hub.database.read() as connection:
        (old,) = PacketStore(connection).files(rewrapping.packet.hash)
    answer = rewrapping.send()
    assert answer["handoff"]["state"] == "delivered"
    with hub.database.read() as connection:
        (new,) = PacketStore(connection).files(rewrapping.packet.hash)
        said = HandoffStore(connection).statements(handoff)[-1]
    assert (said["type"], said["position"], said["standing"]) == ("packet.rewrap", None, "effective")
    header = hub.intake.header(new)
    assert unwrap(Header.from_bytes(header), [hana.epochs()[2].identity]) == rewrapping.file_key
    assert opening.open_handoff(hana, handoff)
    assert hub.intake.header(old)  # a backup of the database that is put back still opens
    hub.wire = SetClock(2**32)
    assert settle_headers(hub) == 1
    with pytest.raises(NotFound):
        hub.intake.header(old)
    assert hub.intake.header(new) == header


@on_both
def test_a_colleague_who_comes_second_changes_nothing(one_hub):
    hana = one_hub.members["hana"]
    handoff, _ = refer(one_hub)
    rewrapping = Rewrapping(hana, handoff, next_epoch(hana))
    rewrapping.send()
    with pytest.raises(Conflict):
        rewrapping.send()
    assert opening.open_handoff(hana, handoff)


@on_both
def test_the_same_rewrap_again_gets_the_same_answer(one_hub):
    hana = one_hub.members["hana"]
    handoff, _ = refer(one_hub)
    rewrapping = Rewrapping(hana, handoff, next_epoch(hana))
    made = make_header([rewrapping.recipient], rewrapping.file_key).to_bytes()
    file = {"n": "body", "hsha256": b64u(sha256(made)), "kids": [rewrapping.recipient.kid], "epoch": 2}
    body = {"manifest": rewrapping.packet.hash, "files": [file]}
    said = hana.statement("packet.rewrap", handoff, body, by=[hana.me()], heads=rewrapping.heads)
    first, again = (rewrapping.post(hana, said, made)["receipt"] for _ in range(2))
    assert first == again


def test_nobody_else_puts_a_header_on_a_packet(one_hub):
    amina, hana = one_hub.members["amina"], one_hub.members["hana"]
    handoff, _ = refer(one_hub)
    rewrapping = Rewrapping(hana, handoff, next_epoch(hana))
    with pytest.raises(NotFound):  # the sender
        rewrapping.send(by=amina)
    with pytest.raises(NotFound):  # a third agency
        rewrapping.send(by=one_hub.members["daher"])
    with pytest.raises(Forbidden):  # a member who opens no cases
        rewrapping.send(by=one_hub.members["trainer-et"])
    with pytest.raises(NotFound):
        amina.hub.get(f"/api/v1/packets/{rewrapping.packet.hash}/headers")
    assert opening.open_handoff(hana, handoff)


def test_a_header_is_for_the_newest_epoch_and_the_one_that_was_signed(one_hub):
    hana = one_hub.members["hana"]
    handoff, _ = refer(one_hub)
    rewrapping = Rewrapping(hana, handoff, next_epoch(hana))
    stranger = Identity.generate().recipient
    two = make_header([rewrapping.recipient, stranger], rewrapping.file_key).to_bytes()
    for changes, error in (
        ({"kids": [stranger.kid]}, WrongRecipient),
        ({"kids": [rewrapping.recipient.kid, stranger.kid], "header": two}, WrongRecipient),
        ({"header": two}, HubError),
        ({"epoch": 1}, WrongRecipient),
        ({"epoch": 3}, WrongRecipient),
        ({"hsha256": b64u(bytes(32))}, BadSignature),
        ({"n": "att/1"}, InvalidRequest),
        ({"manifest": b64u(bytes(32))}, NotFound),
    ):
        with pytest.raises(error):
            rewrapping.send(**changes)
    file = {"n": "body", "hsha256": b64u(bytes(32)), "kids": [rewrapping.recipient.kid], "epoch": 2}
    body = {"manifest": rewrapping.packet.hash, "files": [file]}
    said = hana.statement("packet.rewrap", handoff, body, by=[hana.me()], heads=rewrapping.heads)
    with pytest.raises(InvalidRequest):  # the header is missing
        rewrapping.post(hana, said, None)
    assert opening.open_handoff(hana, handoff)


def test_a_header_that_does_not_open_is_found_out_by_whoever_opens(one_hub):
    hana = one_hub.members["hana"]
    handoff, _ = refer(one_hub)
    rewrapping = Rewrapping(hana, handoff, next_epoch(hana))
    rewrapping.send(header=make_header([rewrapping.recipient], bytes(16)).to_bytes())
    with pytest.raises(BadSignature):
        opening.open_handoff(hana, handoff)


@on_both
def test_a_withdrawn_packet_gets_no_new_header_and_comes_back_by_none(one_hub):
    amina, hana = one_hub.members["amina"], one_hub.members["hana"]
    handoff, held = refer(one_hub)
    rewrapping = Rewrapping(hana, handoff, next_epoch(hana))
    withdrawal.withdraw(amina, held.handoff)
    with pytest.raises(NotFound):
        rewrapping.send()
    assert epochs.renew(hana).closed == ()


def test_an_own_record_keeps_its_author_and_its_later_versions(one_hub):
    hana = one_hub.members["hana"]
    note = records.put(hana, "note", {"text": "SYN one"})
    next_epoch(hana)
    epochs.renew(hana)
    again = records.get(hana, note)
    assert (again.value, again.by.member, again.at) == ({"text": "SYN one"}, hana.id, NOW)
    records.put(hana, "note", {"text": "SYN two"}, handoff=note)
    assert records.get(hana, note).value == {"text": "SYN two"}
    assert [row.value["text"] for row in records.listing(hana, "note")] == ["SYN two"]


def test_the_other_hub_hears_nothing_of_it_and_the_referral_goes_on(two_hubs):
    amina, hana = two_hubs.members["amina"], two_hubs.members["hana"]
    handoff, _ = refer(two_hubs)
    enrol.remove_member(hana, "biruk")
    assert epochs.renew(hana).done >= 1
    two_hubs.run()
    types = [line.statement.type for line in reading.show(amina, handoff).lines]
    assert "packet.rewrap" not in types
    assert "packet.rewrap" in [line.statement.type for line in reading.show(hana, handoff).lines]
    referrals.take(hana, handoff, "acknowledge")
    two_hubs.run()
    assert reading.show(amina, handoff).state == "acknowledged"
    later, _ = refer(two_hubs)
    assert reading.show(hana, later).packets[0].manifest.files[0].epoch == 2
    assert opening.open_handoff(hana, later)


def test_what_is_sealed_to_the_old_key_on_the_way_is_taken_and_rewrapped(two_hubs):
    amina, hana = two_hubs.members["amina"], two_hubs.members["hana"]
    held = reception(amina, two_hubs.clock, hana.agency)
    given = Outgoing(to=hana.agency, sections=SECTIONS, basis=held, purpose="reception", urgency="urgent")
    handoff = referrals.send(amina, given).handoff
    enrol.remove_member(hana, "biruk")
    epochs.renew(hana)
    two_hubs.run()
    assert hana.hub.get("/api/v1/rewraps")["left"] == 1
    assert epochs.renew(hana).done == 1
    assert opening.open_handoff(hana, handoff)


def test_a_peer_brings_no_new_header(two_hubs):
    hana = two_hubs.members["hana"]
    handoff, _ = refer(two_hubs)
    rewrapping = Rewrapping(hana, handoff, next_epoch(hana))
    rewrapping.send()
    said = reading.show(hana, handoff).lines[-1]
    home, away = two_hubs.hubs[HOME].hub, two_hubs.hubs[AWAY].hub
    with away.database.read() as connection:
        row = HandoffStore(connection).statement(said.hash)
    with home.database.write() as connection:
        answer = home.intake.receive(
            connection, peer=AWAY, statement=row["envelope"], receipt=row["answer"], packet=None
        )
    assert Envelope.from_bytes(answer, STATEMENT_TYPE).value["type"] == "hub.refused"


def test_sixteen_epochs_are_listed_and_an_older_one_goes_when_nothing_is_sealed_to_it(one_hub):
    hana = one_hub.members["hana"]
    handoff, _ = refer(one_hub)
    for _ in range(15):
        next_epoch(hana)
    assert len(hana.home().entry.enc) == 16
    with pytest.raises(InvalidRequest):
        next_epoch(hana)
    epochs.renew(hana)
    assert next_epoch(hana).epoch == 17
    assert [epoch.epoch for epoch in hana.home().entry.enc] == list(range(2, 18))
    epochs.renew(hana)
    assert opening.open_handoff(hana, handoff)
    one_hub.join(hana, "later", {"caseworker"})
    assert opening.open_handoff(one_hub.members["later"], handoff, why="to see")


def test_a_member_who_was_granted_an_epoch_that_is_listed_no_more_still_opens(one_hub):
    hana, biruk = one_hub.members["hana"], one_hub.join(one_hub.members["hana"], "biruk", {"caseworker"})
    handoff, _ = refer(one_hub)
    for _ in range(15):
        next_epoch(hana)
    epochs.renew(hana)
    next_epoch(hana)
    epochs.renew(hana)
    biruk.trust.forget()
    assert opening.open_handoff(biruk, handoff, why="to see")
