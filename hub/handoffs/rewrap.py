"""New headers for packets whose agency has started another epoch (docs/protocol.md §4.5).

Housekeeping of the holder at its own hub: it takes no position, changes no state, goes to no peer, and is news in no
list. The payload stays as it is. Opens nothing: whether a header holds the same file key only its holder can tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.errors import Conflict, Forbidden, InvalidRequest, NotFound, WrongRecipient
from hub.handoffs.checks import may_receive
from hub.handoffs.store import PacketStore
from hub.keys.certificates import CASE_ROLES, device_kid
from hub.keys.store import KeyStore
from hub.packets.manifest import Rewrap, read_manifest
from hub.packets.verify import check_headers

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.handoffs.blobs import ReceivedPacket
    from hub.handoffs.store import Handoff
    from hub.keys.certificates import KeyEntry
    from hub.keys.headerbox import HeaderKeys
    from hub.statements.grammar import Statement

PAGE = 100


def take_headers(
    connection: Connection, handoff: Handoff, statement: Statement, given: ReceivedPacket | None, keys: HeaderKeys
) -> None:
    """Put the headers beside a `packet.rewrap` in the place of those that the packet has; the caller locks the handoff.

    Raises:
        NotFound: no such packet of this handoff for the signer's agency, or it was destroyed.
        Forbidden: the signer's role opens no cases.
        Conflict: it is sealed to this epoch already: a colleague was faster.
        WrongRecipient: it is sealed to one person, or the header is for another key than the agency's newest.
        PacketError: a header is not the one that the statement names, or not one that packets have.
    """
    packets, manifest = PacketStore(connection), statement.body["manifest"]
    row = packets.get(manifest)
    if (row["handoff"], row["to_agency"]) != (handoff.id, statement.agency):
        raise NotFound("There is no such packet here.")
    if not statement.roles & CASE_ROLES:
        raise Forbidden("Only members who work on cases re-wrap packets.")
    if given is None:
        raise InvalidRequest("The new headers come beside the statement.")
    rewraps = [Rewrap.from_value(file) for file in statement.body["files"]]
    epoch = _check_epoch(rewraps, row["epoch"], may_receive(connection, str(statement.agency)))
    found, _envelope = read_manifest(row["envelope"])
    if [entry.n for entry in found.files] != [rewrap.n for rewrap in rewraps]:
        raise InvalidRequest("A re-wrap names every file of its packet, in their order.")
    headers = check_headers(found.rewrapped(rewraps), given)
    packets.rewrap(manifest, keys.renew(manifest, {name: given.header(name) for name in headers}), epoch)


def outstanding(connection: Connection, agency: str, after: str | None) -> dict[str, Any]:
    """Return what an agency's newest epoch still lacks: packets to re-wrap, and whether a removed device can open.

    `after` is the last one that was seen, `handoff.manifest`.

    A frozen packet waits until the freeze ends: nothing of it is served, so that nobody can re-wrap it.
    """
    keys, packets = KeyStore(connection), PacketStore(connection)
    entry = keys.agency(agency)
    if not entry.enc:
        return {"epoch": None, "old_key_alive": False, "left": 0, "frozen": 0, "items": []}
    epoch = entry.enc[-1].epoch
    handoff, _, manifest = (after or "").partition(".")
    return {
        "epoch": epoch,
        "old_key_alive": keys.old_key_alive(agency),
        "left": packets.count_sealed_before(agency, epoch, frozen=False),
        "frozen": packets.count_sealed_before(agency, epoch, frozen=True),
        "items": packets.sealed_before(agency, epoch, (handoff, manifest), PAGE),
    }


def _check_epoch(rewraps: list[Rewrap], now: int | None, entry: KeyEntry) -> int:
    newest = entry.newest_epoch()
    if now is None:
        raise WrongRecipient("A packet to one person stays sealed to that person.")
    if now >= newest.epoch:
        raise Conflict("This packet is sealed to the newest epoch already.", todo="Nothing is left to do.")
    kids = (device_kid(newest.recipient),)
    if any((rewrap.epoch, rewrap.kids) != (newest.epoch, kids) for rewrap in rewraps):
        raise WrongRecipient("A packet is re-wrapped for the agency's newest epoch and nothing else.")
    return newest.epoch
