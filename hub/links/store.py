"""Rows of links at the recipient's home hub: tries, the device that claimed each, codes that were sent, used nonces.

SQL only. What a link is and whether it is live stands in the statements of its handoff; here is what only this hub
knows. No row has anything that is secret: of a code a slow hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table, delete, func, select, update

from hub.db import Store, metadata
from hub.errors import Conflict, NotFound
from hub.notify.codes import Code

if TYPE_CHECKING:
    from collections.abc import Sequence

TRIES = 5
"""Wrong codes of a link, in all, whatever way its code came."""

links = Table(
    "links",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("handoff", String(22), ForeignKey("handoffs.id"), nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    Column("device", String(43)),
)

link_codes = Table(
    "link_codes",
    metadata,
    Column("link", String(22), ForeignKey("links.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)

link_nonces = Table(
    "link_nonces",
    metadata,
    Column("key", String(43), primary_key=True),
    Column("nonce", String(22), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What this hub knows of a link: wrong codes so far, and the key of the device that gave the right one."""

    id: str
    handoff: str
    tries: int
    device: str | None

    @property
    def left(self) -> int:
        """How many tries there are yet."""
        return TRIES - self.tries

    @property
    def locked(self) -> bool:
        """Whether it was tried too often before any device had it."""
        return self.device is None and self.left <= 0


class LinkStore(Store):
    """Links of handoffs to agencies at home here, in the caller's transaction."""

    def add(self, link: str, handoff: str) -> None:
        """Keep a link that a statement names.

        Raises:
            Conflict: another statement named one of this id.
        """
        if not self._add(links, id=link, handoff=handoff, tries=0, device=None):
            raise Conflict("This link's id was used before.", todo="Make a new link.")

    def get(self, link: str, *, lock: bool = False) -> Opened:
        """Return what is known of a link; `lock` keeps other tries off it until the transaction ends.

        Raises:
            NotFound: there is none of this id here.
        """
        query = select(links).where(links.c.id == link)
        row = self._one(query.with_for_update() if lock else query)
        if row is None:
            raise NotFound("There is no such link here.")
        return Opened(**row)

    def claim(self, link: str, device: str) -> None:
        """Note the device that gave the right code first; the codes that were sent are forgotten."""
        self._run(update(links).where(links.c.id == link, links.c.device.is_(None)).values(device=device))
        self._run(delete(link_codes).where(link_codes.c.link == link))

    def tried(self, link: str) -> None:
        """Count a wrong code."""
        self._run(update(links).where(links.c.id == link).values(tries=links.c.tries + 1))

    def sent(self, link: str, since: int) -> Sequence[Code]:
        """Return the codes that were sent for a link since then, the newest first."""
        c = link_codes.c
        rows = self._all(select(c.salt, c.hash).where(c.link == link, c.at > since).order_by(c.n.desc()))
        return [Code(**row) for row in rows]

    def put_code(self, link: str, code: Code, now: int) -> int:
        """Keep what is kept of a code that is being sent; return its number among those of the link."""
        last = self._connection.scalar(select(func.max(link_codes.c.n)).where(link_codes.c.link == link))
        n = (last or 0) + 1
        self._add(link_codes, link=link, n=n, salt=code.salt, hash=code.hash, at=now)
        return n

    def use_nonce(self, key: str, nonce: str, now: int, keep: int) -> bool:
        """Note a nonce of a signed request; return whether it is new. Older ones than `keep` seconds are forgotten."""
        self._run(delete(link_nonces).where(link_nonces.c.at < now - keep))
        return self._add(link_nonces, key=key, nonce=nonce, at=now)
