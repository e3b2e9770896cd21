"""What a link's bound device is shown: its handoff, the packets that are sealed to it, and the keys to verify them.

Decides no step; each look asks anew whether the link has ended. What is sealed to the agency or to somebody else is not
for a link, though it be of the same handoff.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.directory.store import Directory
from hub.errors import NotFound
from hub.handofflog.guard import ForkGuard
from hub.handoffs import views
from hub.handoffs.store import HandoffStore, PacketStore
from hub.ids import host_of
from hub.keys.keyring import documents_of
from hub.keys.store import KeyStore
from hub.links.opening import Here
from hub.packets.encoding import b64u
from hub.packets.manifest import read_manifest
from hub.statements.grammar import Grade

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.context import Hub
    from hub.handoffs.store import Row


def handoff(hub: Hub, identifier: str) -> dict[str, Any]:
    """Return a handoff as the bound device of its link is shown it.

    Raises:
        Forbidden: the device is not in the log yet, or the link has ended.
    """
    note = ForkGuard(hub.database, hub.origin, hub.settings.data).last_note()
    with hub.database.read() as connection:
        here = Here.of(connection, hub, identifier, lock=False)
        here.check_bound()
        recipient = here.chain.recipient
        shown = views.detail(connection, hub.intake, here.opened.handoff, recipient, here.now)
        mine = _mine(connection, here)
        shown["packets"] = [packet for packet in shown["packets"] if packet["manifest"] in mine]
        parties = (shown["from_agency"], recipient)
        return {
            **shown,
            "now": here.now,
            "until": here.link.until,
            "keys": {agency: documents_of(connection, hub.origin, note, agency) for agency in parties},
            "hubs": dict(_hub_key(connection, agency) for agency in parties),
            "names": {agency: _name(connection, agency) for agency in parties},
        }


def check_file(connection: Connection, packet: Row, identifier: str, hub: Hub) -> str:
    """Return the agency for which a packet is, if it is sealed to this link and its bound device may have it now.

    Raises:
        NotFound: it is not sealed to this link.
        Forbidden: the device is not in the log yet, or the link has ended.
    """
    here = Here.of(connection, hub, identifier)
    here.check_bound()
    if packet["handoff"] != here.opened.handoff or not _sealed(packet, identifier):
        raise NotFound("There is no such packet here.")
    return here.chain.recipient


def _mine(connection: Connection, here: Here) -> set[str]:
    """Return the manifests of what is sealed to the link, and of what its device answered."""
    rows = PacketStore(connection).of_handoff(here.opened.handoff)
    said = HandoffStore(connection).statements(here.opened.handoff)
    answers = {row["manifest"] for row in said if row["grade"] == Grade.LINK and row["member"] == here.link.id}
    return {row["manifest"] for row in rows if _sealed(row, here.link.id) or row["manifest"] in answers}


def _sealed(packet: Row, identifier: str) -> bool:
    return all(file.member == identifier for file in read_manifest(packet["envelope"])[0].files)


def _hub_key(connection: Connection, agency: str) -> tuple[str, str]:
    entry = KeyStore(connection).hub_entry(host_of(agency))
    if entry is None:
        raise NotFound("The key of that hub is not known here yet.", todo="Try again in a minute.")
    return entry.host, b64u(entry.sign)


def _name(connection: Connection, agency: str) -> str:
    profile = Directory(connection).profile(agency)
    return profile.name if profile else agency.removeprefix("urn:rcp:agency:")
