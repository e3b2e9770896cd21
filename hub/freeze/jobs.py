"""Looks for what a request is to freeze: compares the responsible agency's submissions with the key of the receipt.

Apart from the transaction that takes the request in, so that the answer is the same whether anything is found, and so
that no two handoffs are locked at a time. Goes on until somebody decides: what is sent on that consent meanwhile is
frozen too. Issues `consent.freeze` by the one path of every statement; no rule is decided here.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from hub.errors import IllegalTransition
from hub.freeze.store import FreezeStore
from hub.handofflog.store import HandoffLog
from hub.handoffs.custody import FREEZE, halted
from hub.handoffs.store import HandoffStore
from hub.packets.dsse import Envelope
from hub.packets.encoding import from_b64u
from hub.packets.seal import freeze_handle
from hub.statements.grammar import STATEMENT_TYPE

if TYPE_CHECKING:
    from typing import Any

    from hub.context import Hub
    from hub.handoffs.store import Row

_SPAN = 5_000
"""Log entries whose submissions are compared at a time: memory does not grow with the log."""


def freeze_packets(hub: Hub) -> int:
    """Freeze what open requests are about; return how many handoffs."""
    with hub.database.read() as connection:
        size = HandoffLog(connection, hub.origin).head().size
        rows = FreezeStore(connection).open(size)
    spans = ((row, start) for row in rows for start in range(row["looked"], size, _SPAN))
    return sum(_look(hub, row, start, min(start + _SPAN, size)) for row, start in spans)


def _look(hub: Hub, row: Row, start: int, end: int) -> int:
    with hub.database.read() as connection:
        if HandoffStore(connection).has_waiting(row["id"]):  # decided here, and not confirmed yet
            return 0
        found = _matches(connection, row, start, end)
    done = sum(_freeze(hub, handoff) for handoff in found)
    with hub.database.write() as connection:
        FreezeStore(connection).looked(row["id"], end, found=bool(found))
    return done


def _matches(connection: Any, row: Row, start: int, end: int) -> list[str]:
    """Return the handoffs of which the handle is made with the key, among those submitted between two log entries."""
    request = HandoffStore(connection).statements(row["id"])[0]
    key = from_b64u(_body(request["envelope"])["key"], 32)
    sent = FreezeStore(connection).submissions(row["to_agency"], start, end)
    return [one["handoff"] for one in sent if _body(one["envelope"])["freeze"] == freeze_handle(key, one["packet"])]


def _freeze(hub: Hub, handoff: str) -> bool:
    """Freeze one handoff, unless it stands still already; return whether it was done."""
    with suppress(IllegalTransition), hub.database.write() as connection:
        HandoffStore(connection).get(handoff, lock=True)
        if halted(connection, handoff) is None:
            hub.intake.issue(connection, FREEZE, handoff, {})
            return True
    return False


def _body(envelope: bytes) -> dict[str, Any]:
    body: dict[str, Any] = Envelope.from_bytes(envelope, STATEMENT_TYPE).value["body"]
    return body
