"""What agencies published of their months, between hubs: a list, and each document by its hash (docs/protocol.md §9).

A peer's word counts for nothing: each document is verified by its agency's certificates and checked as at home. One
that is not good is left out, and spoils nothing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from hub.errors import HubError, NotFound, PacketError, PeerUnreachable
from hub.federation.line import MAX_ANSWER, Line
from hub.federation.pull import from_every_peer
from hub.ids import host_of
from hub.packets import shapes as a
from hub.packets.encoding import canonical, parse_json
from hub.reports.document import MONTH, stated
from hub.reports.domain import month_of
from hub.reports.store import ReportStore
from hub.reports.taking import take

if TYPE_CHECKING:
    from hub.context import Hub
    from hub.federation.store import Peer

COUNTS: Final = "/federation/v1/counts"
_BACK: Final = 400 * 86_400
"""How far back months are told: a document comes three months after its month, and a peer may have been away."""
_MOST: Final = 4000
_LIST: Final = a.object_of(
    {"counts": a.list_of(a.object_of({"agency": a.agency, "month": MONTH, "hash": a.hash_}), _MOST)}
)
_log = logging.getLogger("hub.federation")


def told_counts(hub: Hub) -> bytes:
    """Return what our agencies published in the last year, for peers: agency, month and hash."""
    with hub.database.read() as connection:
        found = ReportStore(connection).of_host(hub.origin, month_of(hub.clock.now() - _BACK))
    rows = [{"agency": one.agency, "month": one.month, "hash": one.hash} for one in found]
    return canonical({"counts": rows[-_MOST:]})


def told_document(hub: Hub, document: str) -> bytes:
    """Return a document of one of our agencies.

    Raises:
        NotFound: there is none of this hash.
    """
    with hub.database.read() as connection:
        found = ReportStore(connection).by_hash(document, hub.origin)
    if found is None:
        raise NotFound("No counts of this hash were published here.")
    return found


def pull_counts(hub: Hub) -> int:
    """Fetch from every peer what its agencies published; return how many documents are new."""
    return from_every_peer(hub, _pull, "counts")


def _pull(hub: Hub, peer: Peer) -> int:
    taken = 0
    with Line(peer.url, hub.signer, hub.wire, private=hub.settings.private_peers) as line:
        for row in _list(line, peer):
            with hub.database.read() as connection:
                known = ReportStore(connection).published(row["agency"], row["month"])
            if known is None:
                taken += _take(hub, peer, row, line.get(f"{COUNTS}/{row['hash']}", MAX_ANSWER))
    return taken


def _list(line: Line, peer: Peer) -> list[dict[str, Any]]:
    try:
        value = parse_json(line.get(COUNTS, MAX_ANSWER * 2))
        _LIST(value)
    except PacketError as error:
        raise PeerUnreachable("The peer's answer is not a list of counts.") from error
    return [row for row in value["counts"] if host_of(row["agency"]) == peer.host]


def _take(hub: Hub, peer: Peer, row: dict[str, Any], data: bytes) -> bool:
    try:
        said = stated(data)
        if (said.agency, said.month) != (row["agency"], row["month"]):
            return False
        take(hub.database, data, hub.clock.now())
    except HubError as error:
        _log.info("counts of %s are not trusted here: %s", peer.host, error.code)
        return False
    return True
