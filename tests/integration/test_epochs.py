"""People come and go: the next key after somebody left, put on every packet, whatever was interrupted on the way."""

from __future__ import annotations

import pytest

from hub.client import basis as bases
from hub.client import enrol, epochs, opening, reading, records, referrals
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.errors import BadSignature, Conflict, Forbidden, NotFound, Unauthenticated, WrongRecipient
from hub.packets.age import Header, unwrap
from hub.packets.encoding import from_b64u
from tests.conftest import NOW
from tests.support.world import SECTIONS, populated, reception, world

HOST = "hub.example"
CASE = {"caseworker"}


@pytest.fixture
def shelter(tmp_path):
    with world(tmp_path, SetClock(NOW), HOST) as made:
        populated(made, HOST, HOST)
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
