"""What a link opens: six digits, one device, then statements by that device; each in one transaction.

Rules (docs/protocol.md §7.8): nothing of a packet is given before the log has the device; at most five wrong codes in
all, and only of whoever holds the link; the first device with the right code is the only one; a link ends with its
handoff, its last second, its revocation, and stands still while its packet does. Why a link opens nothing is asked anew
inside each transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hub.directory.verified import verified_number
from hub.errors import (
    Forbidden,
    InvalidRequest,
    LinkExpired,
    LinkLocked,
    LinkOtherDevice,
    LinkOver,
    LinkRevoked,
    NoVerifiedNumber,
    RateLimited,
    Unavailable,
    WrongCode,
)
from hub.handoffs import views
from hub.handoffs.custody import halted
from hub.handoffs.links import maker_left
from hub.handoffs.store import HandoffStore
from hub.links.access import look_up
from hub.links.store import LinkStore
from hub.notify.codes import new_code
from hub.notify.store import Notices
from hub.notify.templates import CODE
from hub.packets.dsse import Envelope, check_public_key
from hub.packets.encoding import from_b64u
from hub.statements.grammar import BIND, STATEMENT_TYPE, Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from hub.context import Hub
    from hub.handoffs.blobs import ReceivedPacket
    from hub.links.store import Opened
    from hub.notify.codes import Code
    from hub.statements.links import Chain, Link

LOCK = "referral.lock_link"
CODE_LIFE = 900
DAY = 86_400
MOST_CODES = 3


class Standing(StrEnum):
    """What a link is good for now."""

    OPEN = "open"
    CLAIMED = "claimed"
    LOCKED = "locked"
    REVOKED = "revoked"
    EXPIRED = "expired"
    OVER = "over"


_ENDED = {
    Standing.REVOKED: LinkRevoked("The sender took this link back, or made another one."),
    Standing.EXPIRED: LinkExpired("The last day of this link is past."),
    Standing.OVER: LinkOver("What this link was for is over, was taken back, or stands still."),
}


@dataclass(frozen=True, slots=True)
class Here:
    """A link inside one transaction."""

    connection: Connection
    hub: Hub
    link: Link
    opened: Opened
    chain: Chain
    now: int

    @classmethod
    def of(cls, connection: Connection, hub: Hub, identifier: str, *, lock: bool = True) -> Here:
        """Return the link of this id, which nobody else changes meanwhile."""
        link, opened, chain = look_up(connection, identifier, lock=lock)
        return cls(connection, hub, link, opened, chain, hub.clock.now())

    @property
    def standing(self) -> Standing:
        """What it is good for."""
        live = self.chain.live
        if live is None or live.id != self.link.id:
            return Standing.REVOKED
        if self.chain.device(live.id) is None and maker_left(self.connection, self.opened.handoff, live.id):
            return Standing.REVOKED
        if self.now > self.link.until:
            return Standing.EXPIRED
        if self._over():
            return Standing.OVER
        if self.opened.device is not None:
            return Standing.CLAIMED
        return Standing.LOCKED if self.opened.locked else Standing.OPEN

    def check(self) -> None:
        """Return if the link has not ended.

        Raises:
            LinkRevoked: its sender revoked it.
            LinkExpired: its last second is past.
            LinkOver: its handoff is over, withdrawn or frozen.
        """
        if (why := _ENDED.get(self.standing)) is not None:
            raise type(why)(why.detail)

    def check_bound(self) -> None:
        """Return if the link has not ended and the log has its device.

        Raises:
            Forbidden: the device that opened it has not signed for it yet.
        """
        self.check()
        if self.chain.device(self.link.id) != from_b64u(self.opened.device or ""):
            raise Forbidden("The log does not have this device yet.", todo="Bind the device first.")

    def _over(self) -> bool:
        handoff = HandoffStore(self.connection).get(self.opened.handoff)
        machine = self.hub.intake.machines[handoff.kind]
        view = machine.view(self.connection, handoff, handoff.to_agency, self.now)
        return view["ball"] is None or halted(self.connection, handoff.id) is not None


def show_link(hub: Hub, identifier: str) -> dict[str, Any]:
    """Return how a link stands, without a word about who sent it or to whom."""
    with hub.database.read() as connection:
        here = Here.of(connection, hub, identifier, lock=False)
        code = "sms" if here.link.code is None else "voice"
        return {"now": here.now, "state": here.standing.value, "code": code, "left": here.opened.left}


def send_code(hub: Hub, identifier: str) -> dict[str, Any]:
    """Promise a text with six digits to the recipient's verified number; return its last two.

    Raises:
        InvalidRequest: this link's code is told by voice.
        RateLimited: three were sent in the last day.
        NoVerifiedNumber: the service map has none.
        Unavailable: this hub sends no texts.
    """
    with hub.database.write() as connection:
        here = Here.of(connection, hub, identifier)
        _check_openable(here, None)
        if here.link.code is not None:
            raise InvalidRequest("The code of this link was told by voice.")
        store, agency = LinkStore(connection), here.chain.recipient
        if len(store.sent(identifier, here.now - DAY)) >= MOST_CODES:
            raise RateLimited("Three codes were sent today.", todo="Use the newest, or wait until tomorrow.")
        sender = HandoffStore(connection).get(here.opened.handoff).from_agency
        number = verified_number(connection, agency, here.now, besides=sender)
        if number is None:
            raise NoVerifiedNumber("The service map has no verified number of this provider.")
        if not hub.settings.sms:
            raise Unavailable("This hub sends no texts.", todo="Ask the sender for a link with a spoken code.")
        digits, kept = new_code()
        n = store.put_code(identifier, kept, here.now)
        Notices(connection).put_text(
            key=f"link:{identifier}:{n}",
            number=number,
            template=CODE,
            facts={"code": digits},
            now=here.now,
            agency=agency,
            handoff=here.opened.handoff,
        )
        return {"ends": number[-2:]}


def open_link(hub: Hub, identifier: str, device: str, *, proof: str | None, code: str | None) -> dict[str, Any]:
    """Let the first device with the right code have the link; the same one may ask again.

    Raises:
        InvalidRequest: a code of the other way.
        LinkOtherDevice: another device has it.
        LinkLocked: too many wrong codes.
        WrongCode: this is none; it was counted before this is said.
    """
    check_public_key(from_b64u(device, 32))
    with hub.database.write() as connection:
        here = Here.of(connection, hub, identifier)
        if (code if here.link.code is None else proof) is None:
            raise InvalidRequest("This link's code comes in another way.", fields=["code", "proof"])
        _check_openable(here, device)
        if here.opened.device == device:
            return _claimed(here)
        store = LinkStore(connection)
        live = store.sent(identifier, here.now - CODE_LIFE)[:1]
        if _right(here.link, live, proof, code):
            store.claim(identifier, device)
            return _claimed(here)
        left = here.opened.left if here.link.code is None and not live else _miss(here)
    raise WrongCode("These are not the right six digits.", left=left)


def take(
    hub: Hub, identifier: str, statement: bytes, packet: ReceivedPacket | None
) -> tuple[bytes, dict[str, Any] | None]:
    """Take a statement of the device that claimed a link; return the receipt and the handoff as it now stands.

    Where the link has ended, what was taken before gets its receipt again, and nothing else.

    Raises:
        Forbidden: the device is not bound yet, or a bind is for another one.
        InvalidRequest: about another handoff.
    """
    envelope = Envelope.from_bytes(statement, STATEMENT_TYPE)
    said = Statement.from_value(envelope.value)
    with hub.database.write() as connection:
        here, store = Here.of(connection, hub, identifier), HandoffStore(connection)
        if said.handoff != here.opened.handoff:
            raise InvalidRequest("The statement is about another handoff than the link.")
        receipt = _known(here, said, envelope.hash)
        if receipt is None:
            receipt = hub.intake.accept(connection, statement, packet, agency=here.chain.recipient, by_link=True)
        elif here.standing in _ENDED:
            return receipt, None
        row = store.row(said.handoff)
        return receipt, views.handoff(connection, hub.intake, row, here.chain.recipient, here.now)


def _known(here: Here, said: Statement, name: str) -> bytes | None:
    """Return the receipt of what is in the log already, of a bind of this device too, or None if it may be taken."""
    known = HandoffStore(here.connection).statement(name)
    if known is not None and known["member"] == here.link.id:
        return bytes(known["answer"])
    device = from_b64u(here.opened.device or "")
    if said.type != BIND:
        here.check_bound()
        return None
    here.check()
    if from_b64u(said.body["sign"]) != device:
        raise Forbidden("Only the device that gave the code can be bound.")
    if here.chain.device(here.link.id) != device:
        return None
    rows = HandoffStore(here.connection).statements(said.handoff)
    mine = (row for row in rows if row["type"] == BIND and row["member"] == here.link.id)
    return next(bytes(row["answer"]) for row in mine if row["standing"] != "refused")


def _check_openable(here: Here, device: str | None) -> None:
    here.check()
    if here.opened.device not in {None, device}:
        raise LinkOtherDevice("Another device opened this link first.")
    if here.opened.locked:
        raise LinkLocked("Five wrong codes were given.")


def _right(link: Link, live: Sequence[Code], proof: str | None, code: str | None) -> bool:
    if link.code is not None:
        return link.proves(from_b64u(proof, 32))
    return any(sent.is_of(str(code)) for sent in live)


def _miss(here: Here) -> int:
    """Count a wrong code; with the last one the log says that the link is locked, so that its owner learns of it."""
    LinkStore(here.connection).tried(here.link.id)
    left = here.opened.left - 1
    if left == 0:
        here.hub.intake.issue(here.connection, LOCK, here.opened.handoff, {"link": here.link.id})
    return left


def _claimed(here: Here) -> dict[str, Any]:
    latest = HandoffStore(here.connection).latest(here.opened.handoff).get(here.opened.handoff)
    return {"now": here.now, "handoff": here.opened.handoff, "agency": here.chain.recipient, "heads": [latest]}
