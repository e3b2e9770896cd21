"""Links: how somebody without an account signs, and the chain by which everybody can check it (docs/protocol.md §7.8).

Pure: reads verified statements of one handoff in the order in which they were taken. A sender's member names a link;
the link's key signs `referral.bind`, which names a device; the device's key signs what follows. Whether a step is
possible is the state machine's, and whether the time of a link is over is asked of `Chain.lets`.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hub.errors import UnknownSigner
from hub.ids import MemberId
from hub.packets.dsse import kid
from hub.packets.encoding import b64u, from_b64u
from hub.packets.manifest import SenderKey
from hub.statements.grammar import BIND, Grade, MemberActor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.statements.grammar import Statement

NAMES = frozenset({"referral.submit", "referral.link"})
"""The statements that may name a link; each new one revokes the link before."""
UNLINK = "referral.unlink"
_CODE = b"rcp/1/linkcode"


@dataclass(frozen=True, slots=True)
class Link:
    """What a sender says of a link: its keys, its last second, and what proves the code that is told by voice."""

    id: str
    sign: bytes
    recipient: str
    until: int
    code: str | None

    @classmethod
    def of(cls, statement: Statement) -> Link | None:
        """Return the link that a statement names, or None."""
        value = statement.body.get("link") if statement.type in NAMES else None
        return None if value is None else cls(**{**value, "sign": from_b64u(value["sign"])})

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object that is signed."""
        plain = {name: getattr(self, name) for name in ("id", "recipient", "until", "code")}
        return {**plain, "sign": b64u(self.sign)}

    def proves(self, proof: bytes) -> bool:
        """Whether a proof is that of the code that the sender told by voice; compared in constant time."""
        return self.code is not None and hmac.compare_digest(code_of(proof), self.code)


@dataclass(frozen=True, slots=True)
class Bind:
    """A device that a link has named. `stands`: the statement was not refused."""

    link: str
    device: bytes
    stands: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """The links of one handoff and their devices. Fulfils `Senders` for what a link's device sealed.

    Refused binds stay in it: what such a device signed afterwards is still well signed, and is refused in writing.
    """

    recipient: str
    """The agency for which links are: nobody signs for another one with a link."""
    links: tuple[Link, ...] = ()
    binds: tuple[Bind, ...] = ()
    revoked: bool = False

    @property
    def newest(self) -> Link | None:
        """The last link that was named."""
        return self.links[-1] if self.links else None

    @property
    def live(self) -> Link | None:
        """The link that was not revoked; its time may be over."""
        return None if self.revoked else self.newest

    def device(self, link: str) -> bytes | None:
        """Return the key of the device that a link bound: the first one that was not refused."""
        return next((bind.device for bind in self.binds if bind.link == link and bind.stands), None)

    def after(self, statement: Statement, *, refused: bool = False) -> Chain:
        """Return the chain after a verified statement; only the sender's members name links, and end them."""
        link = Link.of(statement) if statement.agency != self.recipient else None
        if statement.type == BIND:
            bind = Bind(_member(statement).member, from_b64u(statement.body["sign"]), not refused)
            return replace(self, binds=(*self.binds, bind))
        if link is not None and not refused:
            return replace(self, links=(*self.links, link), revoked=False)
        ends = statement.type == UNLINK and not refused and statement.agency != self.recipient
        return replace(self, revoked=True) if ends else self

    def link_key(self, statement: Statement, keyid: str) -> bytes:
        """Return the key that signs a statement of grade `link`: the link's own for a bind, else a bound device's.

        Raises:
            UnknownSigner: no such link or device of this handoff, or another agency's name.
        """
        actor = _member(statement)
        if statement.type == BIND:
            keys = [link.sign for link in self.links if link.id == actor.member]
        else:
            keys = [bind.device for bind in self.binds if bind.link == actor.member]
        found = next((key for key in keys if kid(key) == keyid), None)
        if found is None or actor.agency != self.recipient:
            raise UnknownSigner("No link of this handoff has bound the device that signs.")
        return found

    def sender_key(self, agency: str, keyid: str) -> SenderKey:
        """Return whose device sealed a packet; see `hub.packets.manifest.Senders`."""
        found = next((bind for bind in self.binds if kid(bind.device) == keyid), None)
        if found is None or agency != self.recipient:
            raise UnknownSigner("No link of this handoff has bound the device that signs.")
        return SenderKey(MemberId(found.link), found.device)

    def lets(self, statement: Statement) -> bool:
        """Whether a well-signed statement of grade `link` may count now: its link is live, and its device the first."""
        link, actor = self.live, _member(statement)
        if link is None or link.id != actor.member or statement.at > link.until:
            return False
        device = self.device(link.id)
        if statement.type == BIND:
            return device is None
        return device is not None and statement.grade is Grade.LINK


def chain_of(recipient: str, statements: Iterable[tuple[Statement, bool]]) -> Chain:
    """Return the chain out of statements in the order in which they were taken, each with whether it was refused."""
    chain = Chain(recipient)
    for statement, refused in statements:
        chain = chain.after(statement, refused=refused)
    return chain


def code_of(proof: bytes) -> str:
    """Return what a LINK says of a voice code, out of its proof."""
    return b64u(hashlib.blake2b(proof, digest_size=32, person=_CODE).digest())


def _member(statement: Statement) -> MemberActor:
    actor = statement.by[0]
    if not isinstance(actor, MemberActor):
        raise UnknownSigner("A hub signs with its own key.")
    return actor
