"""Links for providers without an account: made here, handed over by a person, known to no hub (docs/protocol.md §7.8).

The secret stands behind `#` of the address, which no browser sends. It is shown once and kept nowhere: who loses it
makes another link, which revokes the one before. Seals nothing itself: `hub.client.referrals` does, to the link's key.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hub.client import reading, records, referrals
from hub.client.member import DAY, PACKET_LIFE
from hub.errors import InvalidRequest
from hub.ids import host_of, random_id
from hub.packets.age import Identity
from hub.packets.dsse import Signer
from hub.packets.encoding import b64u, hkdf
from hub.referrals.domain import LOCK_LINK
from hub.statements.grammar import MemberActor
from hub.statements.links import UNLINK, Link, code_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hub.client.member import Member
    from hub.client.reading import Shown

LIFE = 30 * DAY
_SIZE = 32
_MAY_UNLINK = frozenset({"caseworker", "supervisor"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Standing(StrEnum):
    """How the newest link of a handoff stands, by what was signed."""

    OPEN = "open"
    BOUND = "bound"
    LOCKED = "locked"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class LinkKeys:
    """What the secret of a link gives: the key that signs, and the one to which its packet is sealed."""

    signer: Signer
    identity: Identity = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> LinkKeys:
        """Return the keys of a secret."""
        return cls(Signer(hkdf(secret, b"rcp/1/link/sign")), Identity(hkdf(secret, b"rcp/1/link/enc")))


@dataclass(frozen=True, slots=True)
class Issued:
    """A new link: what is signed about it, and the address and spoken code that are shown once."""

    link: Link
    url: str = field(repr=False)
    code: str | None = field(repr=False)


def proof_of(secret: bytes, code: str) -> bytes:
    """Return what proves a spoken code to the hub, which cannot tell the code from it."""
    key = hkdf(secret, b"rcp/1/link/code")
    return hashlib.blake2b(code.encode("ascii"), digest_size=_SIZE, key=key, person=b"rcp/1/link").digest()


def issue(member: Member, to: str, *, spoken: bool = True, until: int | None = None) -> Issued:
    """Make a link for an agency; its code is `spoken`, or else sent to the number that the service map has verified.

    Raises:
        InvalidRequest: it would last longer than its packet, or be over at once.
    """
    now = member.clock.now()
    last = until or now + LIFE
    if not now < last <= now + PACKET_LIFE:
        raise InvalidRequest("A link lasts 60 days at most.", todo="Choose an earlier day.")
    secret, code = secrets.token_bytes(_SIZE), f"{secrets.randbelow(10**6):06d}" if spoken else None
    keys = LinkKeys.of(secret)
    link = Link(
        random_id(),
        keys.signer.public_key,
        str(keys.identity.recipient),
        last,
        None if code is None else code_of(proof_of(secret, code)),
    )
    return Issued(link, f"{_base(member, host_of(to))}/l/{link.id}#{b64u(secret)}", code)


def reissue(
    member: Member,
    handoff: str,
    *,
    spoken: bool = True,
    until: int | None = None,
    attachments: Sequence[Path] = (),
    why: str | None = None,
) -> tuple[Issued, dict[str, Any]]:
    """Seal what was sent anew to a new link, which revokes the one before; return both link and handoff.

    Attachments are in no record: those that are to be in the new packet are given again.

    Raises:
        NotFound: this agency keeps no copy of what was sent.
        ConsentMissing: the basis does not cover it any more.
    """
    issued = issue(member, records.sent_copy(member, handoff)["to"], spoken=spoken, until=until)
    return issued, referrals.link(member, handoff, issued.link, attachments, why)


def unlink(member: Member, handoff: str) -> dict[str, Any]:
    """Revoke the link of a handoff: at once, whoever has it."""
    return referrals.say(member, UNLINK, reading.show(member, handoff), {})


def revoke_of(member: Member, gone: str) -> list[str]:
    """Revoke the links of open referrals that a colleague who left made, and nobody has opened; return those handoffs.

    Hubs let nobody open them from the revocation on; this says so to both sides, so that another one is made.
    """
    if not member.roles() & _MAY_UNLINK:
        return []
    rows = [row["id"] for row in reading.pages(member, "referral", "out") if row["ball"] is not None]
    found = [shown for shown in (reading.show(member, row) for row in rows) if _made_by(shown) == gone]
    live = [shown for shown in found if standing(shown, member.clock.now()) in {Standing.OPEN, Standing.LOCKED}]
    for shown in live:
        referrals.say(member, UNLINK, shown, {})
    return [shown.id for shown in live]


def _made_by(shown: Shown) -> str | None:
    """Return who made the newest link of a handoff."""
    newest = shown.chain.newest
    made = (line.statement for line in shown.lines if newest and Link.of(line.statement) == newest)
    return next((actor.member for said in made for actor in said.by if isinstance(actor, MemberActor)), None)


def standing(shown: Shown, now: int) -> Standing | None:
    """Return how the newest link of a handoff stands, or None where it has none."""
    chain = shown.chain
    newest = chain.newest
    if newest is None:
        return None
    if chain.revoked:
        return Standing.REVOKED
    if chain.device(newest.id) is None and any(
        line.statement.type == LOCK_LINK and line.statement.body["link"] == newest.id for line in shown.lines
    ):
        return Standing.LOCKED
    if now > newest.until:
        return Standing.EXPIRED
    return Standing.OPEN if chain.device(newest.id) is None else Standing.BOUND


def _base(member: Member, host: str) -> str:
    """Return where the recipient's hub is, by its name in the agency's address: that stands in what its root signed.

    Only a hub of this machine says where another one of this machine is.
    """
    known = member.trust.url(host) if _is_here(member.hub.url) else member.hub.url
    return known if _is_here(known) else f"https://{host}"


def _is_here(url: str) -> bool:
    return urlsplit(url).hostname in _LOOPBACK
