"""Who signs by a link, out of the statements of a handoff that this hub has taken (docs/protocol.md §7.8).

Reads rows and decides nothing: the chain is `hub.statements.links`, what a link may do now is its machine's business.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hub.handoffs.store import HandoffStore
from hub.keys.store import KeyStore
from hub.packets.dsse import Envelope
from hub.statements.grammar import BIND, STATEMENT_TYPE, Grade, Statement
from hub.statements.links import NAMES, UNLINK, Chain, Link, chain_of
from hub.statements.verify import verify_statement

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.handoffs.store import Row
    from hub.packets.manifest import Senders
    from hub.statements.verify import VerifiedStatement

_ABOUT = NAMES | {UNLINK, BIND}


def chain_at(connection: Connection, handoff: str) -> Chain:
    """Return the links of a handoff as this hub knows them; none of one that it does not know.

    In the order that the ordering hub gave: a new link waits while a freeze lasts, and its revocation overtakes it.
    """
    store = HandoffStore(connection)
    found = store.find(handoff)
    rows = sorted(store.statements(handoff, _ABOUT) if found else [], key=_place)
    said = ((_stored(row["envelope"]), row["standing"] == "refused") for row in rows)
    return chain_of(found.to_agency if found else "", said)


def maker_left(connection: Connection, handoff: str, link: str) -> bool:
    """Return whether every key was revoked of the member who made a link: they know its address and its digits."""
    store = HandoffStore(connection)
    rows = store.statements(handoff, NAMES)
    made = next((row for row in rows if (named := Link.of(_stored(row["envelope"]))) and named.id == link), None)
    if made is None:
        return False
    devices = KeyStore(connection).devices(store.get(handoff).from_agency, member=made["member"])
    return bool(devices) and all(device.revoked_at is not None for device in devices)


def verify_here(connection: Connection, data: bytes, keys: KeyStore, now: int) -> VerifiedStatement:
    """Return a statement whose signatures were verified, a link's by the handoff's own chain."""
    return verify_statement(data, keys, now=now, links=partial(chain_at, connection))


def senders_of(connection: Connection, statement: Statement, keys: KeyStore) -> Senders:
    """Return who may have sealed the packet beside a statement: certified members, or the device of its link."""
    return chain_at(connection, statement.handoff) if statement.grade is Grade.LINK else keys


def _place(row: Row) -> tuple[bool, int]:
    return row["position"] is None, row["position"] or 0


def _stored(envelope: bytes) -> Statement:
    return Statement.from_value(Envelope.from_bytes(envelope, STATEMENT_TYPE).value)
