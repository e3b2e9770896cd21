"""How a document of a network comes in: from a member of its agency, or from the hub where that agency is at home.

One that is older than what is kept changes nothing, so that no hub can bring back a list that was taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.directory.networks.document import SIGNERS, read_document, read_unverified
from hub.directory.networks.store import Networks
from hub.errors import BadSignature, Conflict, Forbidden, RateLimited
from hub.ids import host_of
from hub.keys.store import KeyStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

MOST = 500
"""Documents of one agency: networks that it runs, and countries for which it is named."""


def publish(connection: Connection, document: Mapping[str, Any], agency: str, now: int) -> None:
    """Keep what an agency at home here signed; the same again changes nothing.

    Raises:
        Forbidden: it is another agency's word.
        PacketError: it is not of the grammar, or signed by nobody who may.
        Conflict: a newer one is kept.
        RateLimited: it has signed too many.
    """
    said, rows = read_unverified(document), Networks(connection)
    if said.by != agency:
        raise Forbidden("Nobody signs for another agency.")
    if not rows.newest(said) and rows.of_agency(agency) >= MOST:
        raise RateLimited("This agency has signed more for networks than a hub keeps.")
    if not _keep(connection, document, now):
        raise Conflict("A newer document of this network is kept.", todo="Sign it again.")


def take(connection: Connection, document: Mapping[str, Any], host: str, now: int) -> None:
    """Keep what a peer tells of its own agencies, unless a newer one is kept.

    Raises:
        PacketError: it is not of its agencies, not of the grammar, or signed by nobody who may.
    """
    if host_of(read_unverified(document).by) != host:
        raise BadSignature("A hub tells of an agency that is not at home there.")
    _keep(connection, document, now)


def _keep(connection: Connection, document: Mapping[str, Any], now: int) -> bool:
    keys = KeyStore(connection)
    by = read_unverified(document).by
    signers = [device.cert.sign for device in keys.members_with_roles(by, SIGNERS, now)]
    said, rows = read_document(document, signers, now=now), Networks(connection)
    if said.at < rows.newest(said):
        return False
    rows.put(said, document)
    return True
