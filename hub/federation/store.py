"""Rows of peers and of the nonces that their requests used.

A peer is another hub that an operator added by its fingerprint; its key here is the pin that everything of it is held
against. Back-off stands here and not in the queue, so that any authenticated word of the peer ends it at once.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, delete, select, update

from hub.db import Store, metadata
from hub.errors import BadSignature, NotFound, PeerMisbehaved, Replayed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import RowMapping

FIRST_WAIT, LONGEST_WAIT = 5, 3600
"""Seconds before the second try, and the most between two tries."""

peers = Table(
    "peers",
    metadata,
    Column("host", String(261), primary_key=True),
    Column("url", String(300), nullable=False),
    Column("sign", LargeBinary, nullable=False),
    Column("keyid", String(22), nullable=False, unique=True),
    Column("operator", String(400), nullable=False),
    Column("seen_size", BigInteger, nullable=False, default=0),
    Column("seen_root", String(43), nullable=True),
    Column("back_off_until", BigInteger, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
)

peer_nonces = Table(
    "peer_nonces",
    metadata,
    Column("peer", String(261), primary_key=True),
    Column("nonce", String(22), primary_key=True),
    Column("until", BigInteger, nullable=False, index=True),
)

peer_releases = Table(
    "peer_releases",
    metadata,
    Column("peer", String(261), primary_key=True),
    Column("release", String(43), primary_key=True),
    Column("finding", String(16), primary_key=True),
    Column("path", String(200), nullable=False),
    Column("log_index", BigInteger, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Peer:
    """Another hub: its pinned key, and the newest checkpoint that it gave us."""

    host: str
    url: str
    sign: bytes
    keyid: str
    operator: str
    seen_size: int = 0
    seen_root: str | None = None

    @property
    def seen(self) -> dict[str, Any] | None:
        """The newest checkpoint of the peer that we have, as messages carry it."""
        return {"origin": self.host, "size": self.seen_size, "root": self.seen_root} if self.seen_root else None

    def member_key(self, agency: str, member: str, role: str, keyid: str, at: int) -> bytes:  # noqa: ARG002 - Signers
        """Refuse: a peer's own word is not signed by members."""
        raise BadSignature("A hub's statement is signed by a member.")

    def hub_key(self, host: str, keyid: str) -> bytes:
        """Return the pinned key, if it is asked for by its name.

        Raises:
            BadSignature: another host or another key.
        """
        if (host, keyid) != (self.host, self.keyid):
            raise BadSignature("A hub's statement is not by the peer that sent it.")
        return self.sign


class Peers(Store):
    """The peers of this hub, inside the caller's transaction."""

    def add(self, peer: Peer) -> bool:
        """Add a peer, or renew the address of one whose key is the same; return whether it is new.

        Raises:
            PeerMisbehaved: the host is known with another key.
        """
        known = self.find(peer.host)
        if known is not None and known.sign != peer.sign:
            raise PeerMisbehaved("This host is a peer already, with another key.")
        self._put(peers, host=peer.host, url=peer.url, sign=peer.sign, keyid=peer.keyid, operator=peer.operator)
        return known is None

    def remove(self, host: str) -> None:
        """Let a hub be no peer any more: nothing is sent to it, fetched from it or taken from it.

        Raises:
            NotFound: it is none of ours.
        """
        self.get(host)
        self._run(delete(peers).where(peers.c.host == host))

    def all(self) -> list[Peer]:
        """Return every peer."""
        return self._rows(peers.c.host.is_not(None))

    def find(self, host: str) -> Peer | None:
        """Return the peer at a host, or None."""
        return next(iter(self._rows(peers.c.host == host)), None)

    def get(self, host: str) -> Peer:
        """Return the peer at a host.

        Raises:
            NotFound: it is none of ours.
        """
        found = self.find(host)
        if found is None:
            raise NotFound("No such peer is known here.")
        return found

    def lock(self, host: str) -> None:
        """Keep other transactions that take in a word of this peer waiting until this one ends."""
        self._connection.execute(select(peers.c.host).where(peers.c.host == host).with_for_update())

    def use_nonce(self, host: str, nonce: str, *, until: int) -> None:
        """Use up a nonce, which is kept until `until`.

        Raises:
            Replayed: it was used before.
        """
        if not self._add(peer_nonces, peer=host, nonce=nonce, until=until):
            raise Replayed("This request was sent before.")

    def purge_nonces(self, now: int) -> int:
        """Forget nonces that cannot come again; return how many."""
        return self._run(delete(peer_nonces).where(peer_nonces.c.until < now))

    def heard(self, host: str) -> None:
        """End a back-off: the peer has just proven that it is there."""
        waiting = (peers.c.host == host) & (peers.c.failures > 0)
        self._change(waiting, back_off_until=0, failures=0)

    def back_off(self, host: str, now: int) -> int:
        """Wait longer than the last time, by chance between half and all of it; return until when."""
        failures = int(self._connection.scalar(select(peers.c.failures).where(peers.c.host == host)) or 0)
        longest = min(LONGEST_WAIT, FIRST_WAIT << min(failures, 20))
        until = now + longest - int(random.random() * longest / 2)  # noqa: S311 - spreads tries, guards nothing
        self._change(peers.c.host == host, back_off_until=until, failures=failures + 1)
        return until

    def backing_off(self, now: int) -> set[str]:
        """Return the peers that are not to be tried yet."""
        return set(self._connection.scalars(select(peers.c.host).where(peers.c.back_off_until > now)))

    def saw(self, host: str, size: int, root: str) -> None:
        """Remember a checkpoint that a peer signed, if it is newer than the last.

        Raises:
            PeerMisbehaved: the peer has shown another root for the same size.
        """
        known = self.get(host)
        if size == known.seen_size and known.seen_root not in {None, root}:
            raise PeerMisbehaved("The peer has shown two different logs of the same size.")
        older = (peers.c.host == host) & (peers.c.seen_size < size)
        self._change(older, seen_size=size, seen_root=root)

    def _rows(self, which: ColumnElement[bool]) -> list[Peer]:
        columns = [peers.c[name] for name in Peer.__slots__]
        return [Peer(*row) for row in self._connection.execute(select(*columns).where(which).order_by(peers.c.host))]

    def _change(self, which: ColumnElement[bool], **values: object) -> None:
        self._run(update(peers).where(which).values(**values))


class ReleaseFindings(Store):
    """What peers were found to serve to browsers, by what they logged. Kept: a lie that ended was one."""

    def put(self, host: str, release: str, index: int, finding: str, path: str, now: int) -> bool:
        """Keep a finding, or that it was found again; return whether it is new."""
        c = peer_releases.c
        this = (c.peer == host) & (c.release == release) & (c.finding == finding)
        if self._run(update(peer_releases).where(this).values(last_at=now, path=path, log_index=index)):
            return False
        row = {"peer": host, "release": release, "finding": finding, "path": path, "log_index": index}
        return self._add(peer_releases, **row, first_at=now, last_at=now)

    def newest(self, host: str) -> RowMapping | None:
        """Return the finding about the newest release of a hub, or None."""
        return next((row for row in self.all() if row["peer"] == host), None)

    def all(self) -> Sequence[RowMapping]:
        """Return every finding, by hub, the newest release first, of one release what was found last."""
        c = peer_releases.c
        return self._all(select(peer_releases).order_by(c.peer, c.log_index.desc(), c.last_at.desc()))
