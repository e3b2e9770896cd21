"""What a hub knows of the packets of a withdrawn or frozen handoff, out of its rows; `domain` says what it means."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hub.handoffs.domain import ABOUT, GIVES_UP, UNKNOWN, Custody, Said, custody_of, nothing_had
from hub.handoffs.outgoing import SUBMISSIONS
from hub.handoffs.store import HandoffStore, PacketStore
from hub.packets.dsse import Envelope
from hub.statements.grammar import STATEMENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from hub.handoffs.domain import Copy
    from hub.handoffs.ports import Party
    from hub.handoffs.store import Row


def custody(connection: Connection, handoff: Party, origin: str) -> Custody | None:
    """Return what the hub at `origin` knows, or None where packets of a handoff move as they should."""
    store, packets = HandoffStore(connection), PacketStore(connection)
    rows = [row for row in store.statements(handoff.id) if row["type"] in ABOUT and row["standing"] != "refused"]
    hosts = {handoff.from_host: None}
    if origin == handoff.to_host or packets.left(handoff.id):
        hosts[handoff.to_host] = None
    sent = [row for row in packets.of_handoff(handoff.id) if row["to_agency"] == handoff.to_agency]
    names = {row["manifest"] for row in sent}
    first = store.parts(handoff.id, SUBMISSIONS)
    said = [*(_said(row) for row in rows), *_never_had(store, rows, first)]
    found = custody_of(said, tuple(hosts), names, first)
    if found.withdrawn is None:
        frozen = packets.frozen(handoff.id)
        return None if frozen is None else Custody(None, frozen)
    served = any(row["served"] is not None for row in sent)
    return replace(found, hubs=tuple(_own(copy, served) if copy.host == origin else copy for copy in found.hubs))


def _never_had(store: HandoffStore, rows: Sequence[Row], first: Sequence[str]) -> list[Said]:
    """Return the words of hubs that know of no handoff whose withdrawal they were told: they have nothing of it."""
    told = [row["hash"] for row in rows if row["type"] in GIVES_UP]
    words = [Envelope.from_bytes(word["envelope"], STATEMENT_TYPE).value for word in store.receipts(told)]
    refused = [word for word in words if word["type"] == "hub.refused" and word["body"]["state"] == UNKNOWN]
    return [nothing_had(word["by"][0]["hub"], word["at"], first) for word in refused]


def _own(copy: Copy, served: bool) -> Copy:  # noqa: FBT001 - what this hub knows of itself before it has signed it
    return copy if copy.served else replace(copy, served=served)


def _said(row: Row) -> Said:
    body = Envelope.from_bytes(row["envelope"], STATEMENT_TYPE).value["body"]
    return Said(row["type"], row["host"], row["at"], row["position"], body)
