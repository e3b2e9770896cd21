"""Rows of handoffs, statements, receipts, packets and channels.

SQL only: no rule is decided here. Timestamps are Unix seconds; hashes and ids unpadded base64url.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)

from hub.db import Store, metadata
from hub.errors import NotFound, Replayed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import ColumnElement

    from hub.packets.manifest import Manifest, SignedManifest
    from hub.statements.verify import VerifiedStatement

Row: TypeAlias = "Mapping[Any, Any]"
"""A row as it was read, by column name."""
_Found = TypeVar("_Found")
WAITING = "waiting"
"""The standing of a statement that the ordering hub has not given its position yet."""

handoffs = Table(
    "handoffs",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("from_agency", String(400), nullable=False),
    Column("to_agency", String(400), nullable=False),
    Column("from_host", String(260), nullable=False),
    Column("to_host", String(260), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("touched", BigInteger, nullable=False),
    Index(None, "from_agency", "touched"),
    Index(None, "to_agency", "touched"),
)

statements = Table(
    "statements",
    metadata,
    Column("hash", String(43), primary_key=True),
    Column("handoff", String(22), ForeignKey("handoffs.id"), nullable=False, index=True),
    Column("type", String(40), nullable=False),
    Column("agency", String(400)),
    Column("member", String(22)),
    Column("host", String(260)),
    Column("at", BigInteger, nullable=False),
    Column("grade", String(16), nullable=False),
    Column("manifest", String(43)),
    Column("envelope", LargeBinary, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("log_index", BigInteger, nullable=False, unique=True),
    Column("standing", String(16), nullable=False),
    Column("position", Integer),
    Column("state", String(32)),
    Column("answer", LargeBinary, nullable=False),
)

receipts = Table(
    "receipts",
    metadata,
    Column("statement", String(43), primary_key=True),
    Column("host", String(260), primary_key=True),
    Column("envelope", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)

packets = Table(
    "packets",
    metadata,
    Column("manifest", String(43), primary_key=True),
    Column("packet", String(22), nullable=False),
    Column("from_agency", String(400), nullable=False),
    Column("to_agency", String(400), nullable=False),
    Column("handoff", String(22), ForeignKey("handoffs.id"), nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("epoch", Integer),
    Column("sent", BigInteger),
    Column("served", BigInteger),
    Column("frozen", BigInteger),
    Column("destroyed", BigInteger),
    Column("discarded", BigInteger),
    Column("erased", BigInteger),
    UniqueConstraint("packet", "from_agency"),
    Index(None, "to_agency", "epoch"),
)

packet_files = Table(
    "packet_files",
    metadata,
    Column("manifest", String(43), ForeignKey("packets.manifest"), primary_key=True),
    Column("n", String(8), primary_key=True),
    Column("psha256", String(43), nullable=False),
    Column("plen", BigInteger, nullable=False),
    Column("header", LargeBinary, nullable=False),
)

_DOOMED = packets.c.destroyed.is_not(None) & packets.c.erased.is_(None)
Index("ix_packets_doomed", packets.c.handoff, sqlite_where=_DOOMED, postgresql_where=_DOOMED)

channels = Table(
    "channels",
    metadata,
    Column("from_agency", String(400), primary_key=True),
    Column("to_agency", String(400), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Handoff:
    """Who hands something to whom; `from_host` orders its statements (docs/protocol.md §7.5)."""

    id: str
    kind: str
    from_agency: str
    to_agency: str
    from_host: str
    to_host: str
    created: int

    def other_host(self, host: str) -> str | None:
        """The hub at the other side of `host`, or None when both sides are at home there."""
        other = self.to_host if host == self.from_host else self.from_host
        return None if other == host else other

    def has_party(self, agency: str) -> bool:
        """Whether `agency` sent or receives it."""
        return agency in {self.from_agency, self.to_agency}


class HandoffStore(Store):
    """Handoffs and their statements, through one connection; the caller owns the transaction."""

    def add(self, handoff: Handoff) -> bool:
        """Store a new handoff; return False, having changed nothing, when another writer has just used its id."""
        row = {name: getattr(handoff, name) for name in Handoff.__slots__}
        return self._add(handoffs, **row, touched=handoff.created)

    def find(self, handoff: str, *, lock: bool = False) -> Handoff | None:
        """Return a handoff; `lock` keeps other writers off it until the transaction ends."""
        query = select(handoffs).where(handoffs.c.id == handoff)
        row = self._one(query.with_for_update() if lock else query)
        return None if row is None else handoff_of(row)

    def row(self, handoff: str) -> Row:
        """Return a handoff with its times.

        Raises:
            NotFound: there is none of this id.
        """
        return _found(self._one(select(handoffs).where(handoffs.c.id == handoff)))

    def get(self, handoff: str, *, lock: bool = False) -> Handoff:
        """Return a handoff.

        Raises:
            NotFound: there is none of this id.
        """
        return _found(self.find(handoff, lock=lock))

    def touch(self, handoff: str, now: int) -> None:
        """Note that something happened to a handoff."""
        self._run(update(handoffs).where(handoffs.c.id == handoff).values(touched=now))

    def listed(self, agency: str, *, kind: str, box: str, before: tuple[int, str] | None, limit: int) -> Sequence[Row]:
        """Return handoffs of an agency, newest first; `box` is `in` or `out`, `before` the last seen."""
        side = handoffs.c.to_agency if box == "in" else handoffs.c.from_agency
        query = select(handoffs).where(side == agency, handoffs.c.kind == kind)
        if before is not None:
            query = query.where(
                (handoffs.c.touched < before[0]) | ((handoffs.c.touched == before[0]) & (handoffs.c.id < before[1]))
            )
        return self._all(query.order_by(handoffs.c.touched.desc(), handoffs.c.id.desc()).limit(limit))

    def add_statement(self, verified: VerifiedStatement, **columns: Any) -> None:
        """Store a verified statement with its log index, standing, position, state and our signed answer."""
        statement = verified.statement
        first = statement.by[0]
        self._run(
            insert(statements).values(
                hash=verified.hash,
                handoff=statement.handoff,
                type=statement.type,
                agency=statement.agency,
                member=getattr(first, "member", None),
                host=statement.hub,
                at=statement.at,
                grade=str(statement.grade),
                manifest=statement.manifest,
                envelope=verified.envelope.to_bytes(),
                **columns,
            )
        )

    def statement(self, statement: str) -> Row | None:
        """Return the row of a statement by its hash."""
        return self._one(select(statements).where(statements.c.hash == statement))

    def statements(self, handoff: str, types: Collection[str] | None = None) -> Sequence[Row]:
        """Return the statements of a handoff in the order of this hub's log, all or those of some types."""
        query = select(statements).where(statements.c.handoff == handoff)
        query = query if types is None else query.where(statements.c.type.in_(sorted(types)))
        return self._all(query.order_by(statements.c.log_index))

    def latest(self, *handoffs: str) -> dict[str, str]:
        """Return the hash of the newest statement of each of these handoffs in this hub's log."""
        c = statements.c
        newest = select(func.max(c.log_index)).where(c.handoff.in_(handoffs)).group_by(c.handoff)
        return dict(self._connection.execute(select(c.handoff, c.hash).where(c.log_index.in_(newest))).all())

    def submissions(self, handoff: str, types: Collection[str]) -> Sequence[str]:
        """Return the hashes of the statements of a handoff that are of these types."""
        return [row["hash"] for row in self.statements(handoff, types)]

    def parts(self, handoff: str, types: Collection[str]) -> Sequence[str]:
        """Return the manifests of the packets that came beside statements of these types."""
        return [row["manifest"] for row in self.statements(handoff, types) if row["manifest"] is not None]

    def waiting(self, handoff: str) -> Sequence[Row]:
        """Return the statements of a handoff that wait for the ordering hub's word, in the order of this hub's log."""
        here = (statements.c.handoff == handoff) & (statements.c.standing == WAITING)
        return self._all(select(statements).where(here).order_by(statements.c.log_index))

    def has_waiting(self, handoff: str) -> bool:
        """Return whether a statement waits for the ordering hub's word."""
        return bool(self.waiting_among([handoff]))

    def waiting_among(self, handoffs: Collection[str], *types: str) -> set[str]:
        """Return those of these handoffs of which a statement, of one of these types, waits for the ordering hub."""
        here = [statements.c.handoff.in_(handoffs), statements.c.standing == WAITING]
        here += [statements.c.type.in_(types)] if types else []
        return set(self._connection.scalars(select(statements.c.handoff).where(*here)))

    def is_waiting(self, handoff: str, kind: str) -> bool:
        """Return whether a statement of this type waits for the ordering hub's word."""
        return bool(self.waiting_among([handoff], kind))

    def settle(self, statement: str, *, standing: str, position: int | None, state: str | None) -> None:
        """Write down what the ordering hub made of a statement."""
        row = update(statements).where(statements.c.hash == statement)
        self._run(row.values(standing=standing, position=position, state=state))

    def keep_receipt(self, statement: str, host: str, envelope: bytes, now: int) -> None:
        """Keep another hub's signed word on a statement, once."""
        self._add(receipts, statement=statement, host=host, envelope=envelope, at=now)

    def receipts(self, statement_hashes: Sequence[str]) -> Sequence[Row]:
        """Return other hubs' answers to these statements."""
        return self._all(select(receipts).where(receipts.c.statement.in_(statement_hashes)))

    def next_in_channel(self, from_agency: str, to_agency: str) -> int:
        """Return the next number of the channel from one agency to another, beginning with 1."""
        where = (channels.c.from_agency == from_agency) & (channels.c.to_agency == to_agency)
        seq = self._connection.execute(
            update(channels).where(where).values(seq=channels.c.seq + 1).returning(channels.c.seq)
        ).scalar()
        if seq is None:
            seq = 1
            self._run(insert(channels).values(from_agency=from_agency, to_agency=to_agency, seq=seq))
        return int(seq)


class PacketStore(Store):
    """Manifests and wrapped headers of packets; payloads are in `hub.handoffs.blobs`."""

    def check_new(self, manifest: Manifest) -> None:
        """Return unless the sender used the packet's id before.

        Raises:
            Replayed: it did, with this manifest or another.
        """
        query = select(packets.c.manifest).where(
            packets.c.packet == manifest.packet, packets.c.from_agency == manifest.sender
        )
        if self._one(query) is not None:
            raise Replayed("This packet id was used before with another manifest.")

    def add(self, handoff: str, signed: SignedManifest, headers: dict[str, bytes]) -> None:
        """Store a manifest with its encrypted headers; `check_new` comes before."""
        manifest = signed.manifest
        self._run(
            insert(packets).values(
                manifest=signed.hash,
                packet=manifest.packet,
                from_agency=manifest.sender,
                to_agency=manifest.to,
                handoff=handoff,
                created=manifest.created,
                expires=manifest.expires,
                envelope=signed.envelope.to_bytes(),
                epoch=manifest.oldest_epoch,
            )
        )
        rows = [
            {"manifest": signed.hash, "n": f.n, "psha256": f.psha256, "plen": f.plen, "header": headers[f.n]}
            for f in manifest.files
        ]
        self._run(insert(packet_files).values(rows))

    def find(self, manifest: str) -> Row | None:
        """Return a packet's row, whatever became of the packet, or None."""
        return self._one(select(packets).where(packets.c.manifest == manifest))

    def get(self, manifest: str) -> Row:
        """Return a packet's row.

        Raises:
            NotFound: there is none, or its keys were destroyed.
        """
        row = self.find(manifest)
        if row is None or row["destroyed"] is not None:
            raise NotFound("There is no such packet here.")
        return row

    def of_handoff(self, handoff: str) -> Sequence[Row]:
        """Return the packets of a handoff, oldest first."""
        query = select(packets).where(packets.c.handoff == handoff)
        return self._all(query.order_by(packets.c.created, packets.c.manifest))

    def sealed_before(self, agency: str, epoch: int, after: tuple[str, str], limit: int) -> Sequence[Row]:
        """Return packets for an agency that are sealed to an epoch before `epoch`, by handoff, from `after` on."""
        c, (handoff, manifest) = packets.c, after
        later = (c.handoff > handoff) | ((c.handoff == handoff) & (c.manifest > manifest))
        query = select(c.manifest, c.handoff).where(_sealed_before(agency, epoch), c.frozen.is_(None), later)
        return self._all(query.order_by(c.handoff, c.manifest).limit(limit))

    def count_sealed_before(self, agency: str, epoch: int, *, frozen: bool) -> int:
        """Return how many there are: frozen ones, or the others."""
        state = packets.c.frozen.is_not(None) if frozen else packets.c.frozen.is_(None)
        query = select(func.count()).select_from(packets).where(_sealed_before(agency, epoch), state)
        return int(self._connection.scalar(query) or 0)

    def rewrap(self, manifest: str, headers: Mapping[str, bytes], epoch: int) -> None:
        """Put new headers in the place of those that a packet has, sealed to this epoch."""
        for name, header in headers.items():
            where = (packet_files.c.manifest == manifest) & (packet_files.c.n == name)
            self._run(update(packet_files).where(where).values(header=header))
        self._run(update(packets).where(packets.c.manifest == manifest).values(epoch=epoch))

    def files(self, manifest: str) -> Sequence[Row]:
        """Return the files of a packet, the body first."""
        rows = self._all(select(packet_files).where(packet_files.c.manifest == manifest))
        return sorted(rows, key=lambda row: -1 if row["n"] == "body" else int(row["n"].partition("/")[2]))

    def served(self, manifest: str, now: int) -> None:
        """Note that the header goes to its recipient: from then on a recall is only a request."""
        self._run(update(packets).where(packets.c.manifest == manifest, packets.c.served.is_(None)).values(served=now))

    def left(self, handoff: str) -> bool:
        """Return whether a packet of a handoff was ever on its way to the peer."""
        query = select(packets.c.manifest).where(packets.c.handoff == handoff, packets.c.sent.is_not(None))
        return self._connection.scalar(query.limit(1)) is not None

    def sent(self, manifest: str, now: int) -> None:
        """Note that the packet is on its way to the peer, who may have it from now on, whatever it answers."""
        self._run(update(packets).where(packets.c.manifest == manifest, packets.c.sent.is_(None)).values(sent=now))

    def freeze(self, handoff: str, now: int) -> None:
        """Stop the packets of a handoff for the moment."""
        live = (packets.c.handoff == handoff) & packets.c.frozen.is_(None) & packets.c.destroyed.is_(None)
        self._run(update(packets).where(live).values(frozen=now))

    def unfreeze(self, handoff: str) -> None:
        """Let the packets of a handoff move again."""
        self._run(update(packets).where(packets.c.handoff == handoff).values(frozen=None))

    def frozen(self, handoff: str) -> int | None:
        """Return since when packets of a handoff are frozen."""
        query = select(func.min(packets.c.frozen)).where(packets.c.handoff == handoff)
        since: int | None = self._connection.scalar(query)
        return since

    def mark_destroyed(self, handoff: str, spared: Collection[str], now: int) -> None:
        """Give up the packets of a handoff: wrapped headers go now, keys and payloads when `doomed` is worked off."""
        here = (packets.c.handoff == handoff) & packets.c.manifest.not_in(spared) & packets.c.destroyed.is_(None)
        hashes = select(packets.c.manifest).where(here)
        self._run(update(packet_files).where(packet_files.c.manifest.in_(hashes)).values(header=b""))
        self._run(update(packets).where(here).values(destroyed=now))
        untold = (packets.c.handoff == handoff) & packets.c.discarded.is_not(None)
        self._run(update(packets).where(untold).values(discarded=None, erased=None))

    def given_up(self, handoff: str) -> bool:
        """Return whether packets of a handoff were given up before their time."""
        gone = packets.c.destroyed.is_not(None) & packets.c.discarded.is_(None)
        query = select(packets.c.manifest).where(packets.c.handoff == handoff, gone)
        return self._connection.scalar(query.limit(1)) is not None

    def doomed(self, handoff: str | None = None) -> Sequence[Row]:
        """Return the packets that were given up and not yet erased, of one handoff or of all."""
        query = select(packets).where(_DOOMED).order_by(packets.c.handoff, packets.c.manifest)
        return self._all(query if handoff is None else query.where(packets.c.handoff == handoff))

    def erased(self, manifest: str, now: int) -> None:
        """Note that key and payload of a packet are gone, whatever the row said before."""
        here = packets.c.manifest == manifest
        self._run(update(packets).where(here, packets.c.destroyed.is_(None)).values(destroyed=now))
        self._run(update(packets).where(here, packets.c.erased.is_(None)).values(erased=now))

    def still_live(self, manifests: Sequence[str]) -> Sequence[str]:
        """Return those of these packets that the rows take for live: a restored backup has forgotten their end."""
        known = packets.c.manifest.in_(manifests) & packets.c.destroyed.is_(None)
        return self._connection.scalars(select(packets.c.manifest).where(known)).all()

    def ids(self) -> Sequence[str]:
        """Return the manifests of all packets that still have their content."""
        return self._connection.scalars(select(packets.c.manifest).where(packets.c.destroyed.is_(None))).all()


GONE = "gone"
"""The kind of a handoff of which only its withdrawal came: what is sent for it later is not taken."""


def handoff_of(row: Row) -> Handoff:
    """Return the handoff that a row of it is."""
    return Handoff(*(row[name] for name in Handoff.__slots__))


def _sealed_before(agency: str, epoch: int) -> ColumnElement[bool]:
    """Return which packets an agency can re-wrap: those to one person have no epoch, those given up no header."""
    return (packets.c.to_agency == agency) & (packets.c.epoch < epoch) & packets.c.destroyed.is_(None)


def _found(what: _Found | None) -> _Found:
    if what is None:
        raise NotFound("There is no such handoff here.")
    return what
