"""What the tests of withdrawal do at a desk: fetch a header as the route does, withdraw, answer, erase, look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.handoffs.jobs import erase_packets
from hub.handoffs.store import PacketStore
from tests.support.factories import some_hash

if TYPE_CHECKING:
    from tests.support.desks import Desk, People
    from tests.support.factories import Agency

WITHDRAWN = {"evidence": some_hash("paper")}


def fetch(desk: Desk, manifest: str) -> bytes:
    """The header of a packet's body, as its recipient is served it."""
    with desk.hub.database.write() as connection:
        packets = PacketStore(connection)
        return desk.intake.serve(connection, packets.get(manifest), packets.files(manifest)[0])


def manifest_of(desk: Desk, handoff: str, agency: Agency) -> str:
    return str(desk.shown(handoff, agency.agency)["packets"][0]["manifest"])


def withdraw(desk: Desk, people: People, handoff: str, agency: Agency | None = None) -> None:
    agency = agency or people.shelter
    said = people.sign("consent.withdraw", handoff, agency.members["case"], body=WITHDRAWN)
    desk.post(said, None, agency.agency)


def answer(desk: Desk, people: People, handoff: str, said: str, agency: Agency | None = None, **signed: Any) -> None:
    """The holder's answer; `cannot` with a sealed ground to the sender."""
    agency = agency or people.centre
    author = agency.members[signed.pop("member", "case")]
    packet = people.packet(agency, people.shelter, author)[1] if said == "cannot" else None
    body = {"answer": said}
    desk.post(
        people.sign("consent.holder_answer", handoff, author, body=body, packet=packet, **signed),
        packet,
        agency.agency,
    )


def custody(desk: Desk, handoff: str, agency: Agency) -> dict[str, Any]:
    return desk.shown(handoff, agency.agency)["custody"]


def erase(*desks: Desk) -> int:
    return sum(erase_packets(desk.hub) for desk in desks)


def left(desk: Desk) -> list[str]:
    """Keys and payloads that a hub still has."""
    folder = desk.hub.settings.data / desk.hub.origin
    return [path.name for name in ("header-keys", "payloads") for path in (folder / name).iterdir()]
