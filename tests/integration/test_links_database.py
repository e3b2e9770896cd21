"""Links at one hub, on both databases: rows, races and refusals, without HTTP."""

from __future__ import annotations

import threading

import pytest

from hub.errors import (
    ConsentMissing,
    Forbidden,
    HubError,
    IllegalTransition,
    LinkLocked,
    LinkOtherDevice,
    LinkOver,
    LinkRevoked,
    NotFound,
    WrongCode,
    WrongRecipient,
)
from hub.handoffs.store import HandoffStore, PacketStore
from hub.ids import HandoffId
from hub.keys.devices import DeviceKeys
from hub.links import opening, showing
from hub.links.opening import LOCK
from hub.links.store import LinkStore
from hub.packets.age import Identity
from hub.packets.dsse import Signer
from hub.packets.encoding import b64u
from hub.statements.grammar import Grade, MemberActor, Statement
from hub.statements.links import code_of
from hub.statements.verify import sign_statement
from tests.support.desks import HOME, Desk, People
from tests.support.factories import link, seed

PROOF, WRONG = b64u(seed("proof")), b64u(seed("other proof"))
KEYS = DeviceKeys(seed("device link"), Identity(seed("box link")))
PHONE, TABLET = Signer(seed("phone")), Signer(seed("tablet"))
LINK = link("link", code=code_of(seed("proof")))
ID = LINK["id"]


@pytest.fixture
def people(clock):
    return People.invented(clock, HOME, HOME)


@pytest.fixture
def desk(database, clock, tmp_path, people):
    made = Desk.open(HOME, database, clock, tmp_path)
    made.know(people.shelter, people.centre)
    return made


def sealed(**changes):
    return {"recipients": [KEYS.identity.recipient], "epoch": None, "member": ID, **changes}


@pytest.fixture
def submit(desk, people, clock):
    def run(named=LINK, **changes):
        until = {"until": clock.now() + 30 * 86_400}
        handoff, statement, packet = people.submit(link={**named, **until}, **sealed(**changes))
        desk.post(statement, packet, people.shelter.agency)
        return handoff

    return run


@pytest.fixture
def says(desk, people, clock):
    def run(handoff, kind, body=None, by=PHONE):
        with desk.hub.database.read() as connection:
            heads = (HandoffStore(connection).latest(handoff)[handoff],)
        actor = (MemberActor(people.centre.agency, ID, "provider"),)
        said = Statement(kind, HandoffId(handoff), heads, actor, clock.now(), Grade.LINK, body or {}, ())
        return opening.take(desk.hub, ID, sign_statement(said, [by]).to_bytes(), None)

    return run


@pytest.fixture
def bound(desk, submit, says):
    handoff = submit()
    claim(desk)
    says(handoff, "referral.bind", {"sign": b64u(PHONE.public_key)}, KEYS.signer())
    return handoff


def claim(desk, device=PHONE, proof=PROOF):
    return opening.open_link(desk.hub, ID, b64u(device.public_key), proof=proof, code=None)


def kinds(desk, handoff):
    with desk.hub.database.read() as connection:
        return [row["type"] for row in HandoffStore(connection).statements(handoff)]


def file_of(desk, handoff):
    with desk.hub.database.write() as connection:
        packets = PacketStore(connection)
        packet = packets.of_handoff(handoff)[0]
        showing.check_file(connection, packet, ID, desk.hub)
        return desk.intake.serve(connection, packet, packets.files(packet["manifest"])[0])


def at_once(number, act):
    found, ready = [], threading.Barrier(number)

    def run():
        ready.wait()
        try:
            found.append(type(act()))
        except HubError as error:
            found.append(type(error))

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_a_bound_device_is_served_and_answers(desk, bound, says):
    assert file_of(desk, bound).startswith(b"age-encryption.org/v1")
    _receipt, view = says(bound, "referral.acknowledge")
    assert (view["state"], view["grade"]) == ("acknowledged", "link")


def test_nothing_before_the_bind(desk, submit, says):
    handoff = submit()
    claim(desk)
    with pytest.raises(Forbidden):
        file_of(desk, handoff)
    with pytest.raises(Forbidden):
        says(handoff, "referral.acknowledge")


def test_wrong_codes_at_once_are_five_together(desk, submit):
    handoff = submit()
    found = at_once(9, lambda: claim(desk, proof=WRONG))
    assert (found.count(WrongCode), found.count(LinkLocked)) == (5, 4)
    assert kinds(desk, handoff).count(LOCK) == 1


def test_devices_at_once_are_one(desk, submit):
    submit()
    devices = iter([Signer(seed(f"device {n}")) for n in range(6)])
    lock = threading.Lock()

    def one():
        with lock:
            device = next(devices)
        return claim(desk, device)

    found = at_once(6, one)
    assert (found.count(dict), found.count(LinkOtherDevice)) == (1, 5)


def test_a_freeze_stops_a_link_and_its_end_lets_it_go_on(desk, bound, says):
    with desk.hub.database.write() as connection:
        PacketStore(connection).freeze(bound, desk.hub.clock.now())
    for tried in (lambda: file_of(desk, bound), lambda: says(bound, "referral.acknowledge")):
        with pytest.raises((LinkOver, ConsentMissing)):
            tried()
    with desk.hub.database.write() as connection:
        PacketStore(connection).unfreeze(bound)
    assert says(bound, "referral.acknowledge")[1]["state"] == "acknowledged"


def test_an_unlinked_device_is_refused_by_the_intake_itself(desk, people, bound, says):
    desk.post(people.sign("referral.unlink", bound, people.shelter.members["case"]), None, people.shelter.agency)
    with pytest.raises(LinkRevoked):
        says(bound, "referral.acknowledge")
    said = Statement(
        "referral.acknowledge",
        HandoffId(bound),
        ("A" * 43,),
        (MemberActor(people.centre.agency, ID, "provider"),),
        desk.hub.clock.now(),
        Grade.LINK,
    )
    data = sign_statement(said, [PHONE]).to_bytes()
    with desk.hub.database.write() as connection, pytest.raises(IllegalTransition):
        desk.intake.accept(connection, data, None, agency=people.centre.agency, by_link=True)


def test_the_intake_takes_no_bind_but_the_first(desk, people, bound):
    body = {"sign": b64u(TABLET.public_key)}
    actor = (MemberActor(people.centre.agency, ID, "provider"),)
    said = Statement("referral.bind", HandoffId(bound), ("A" * 43,), actor, desk.hub.clock.now(), Grade.LINK, body)
    data = sign_statement(said, [KEYS.signer()]).to_bytes()
    with desk.hub.database.write() as connection, pytest.raises(IllegalTransition):
        desk.intake.accept(connection, data, None, agency=people.centre.agency, by_link=True)


@pytest.mark.parametrize(
    "other",
    [
        {"member": "B" * 21 + "A"},
        {"recipients": [Identity(seed("elsewhere")).recipient]},
        {"recipients": [KEYS.identity.recipient, Identity(seed("elsewhere")).recipient]},
        {"epoch": 1, "member": None},
    ],
)
def test_a_packet_that_is_not_sealed_to_its_link_is_refused(submit, other):
    with pytest.raises(WrongRecipient):
        submit(**other)


def test_a_link_of_this_id_is_known_only_after_its_statement(desk, submit):
    with desk.hub.database.read() as connection, pytest.raises(NotFound):
        LinkStore(connection).get(ID)
    handoff = submit()
    with desk.hub.database.read() as connection:
        assert LinkStore(connection).get(ID).handoff == handoff
