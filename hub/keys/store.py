"""Rows of key documents, and what follows from them: who may sign, who is certified, who holds which epoch.

SQL only: documents are verified before they come here (`hub.keys.service`). Rules: a document is kept once, with its
place in its home hub's log; the newest certificate of a key is the one that counts; a signature is good if no
revocation of its key stands before the signed document in that log (docs/protocol.md §6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    delete,
    insert,
    select,
)

from hub.db import metadata
from hub.errors import BadSignature, Conflict, NotFound, UnknownSigner
from hub.ids import MemberId, host_of
from hub.keys.certificates import (
    HUB_ENTRY_TYPE,
    KEY_ENTRY_TYPE,
    EpochGrant,
    HubEntry,
    KeyEntry,
    MemberCert,
    Revocation,
    device_kid,
)
from hub.packets.dsse import Envelope, kid
from hub.packets.manifest import SenderKey

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import RowMapping

_AGENCY, _HOST, _HASH, _KEYID = String(400), String(260), String(43), String(22)

key_documents = Table(
    "key_documents",
    metadata,
    Column("hash", _HASH, primary_key=True),
    Column("type", String(80), nullable=False),
    Column("host", _HOST, nullable=False),
    Column("subject", _AGENCY, nullable=False, index=True),
    Column("log_index", BigInteger, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    UniqueConstraint("host", "log_index"),
)

agencies = Table(
    "agencies",
    metadata,
    Column("agency", _AGENCY, primary_key=True),
    Column("host", _HOST, nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("country", String(2), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("entry", _HASH, nullable=False),
    Column("local", Boolean, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("cert", _HASH, primary_key=True),
    Column("agency", _AGENCY, nullable=False),
    Column("member", _KEYID, nullable=False),
    Column("keyid", _KEYID, nullable=False, index=True),
    Column("roles", String(200), nullable=False),
    Column("sign", LargeBinary, nullable=False),
    Column("recipient", String(80), nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_until", BigInteger, nullable=False),
    Column("log_index", BigInteger, nullable=False),
)

revocations = Table(
    "revocations",
    metadata,
    Column("agency", _AGENCY, primary_key=True),
    Column("keyid", _KEYID, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("log_index", BigInteger, nullable=False),
)

hub_keys = Table(
    "hub_keys",
    metadata,
    Column("host", _HOST, primary_key=True),
    Column("keyid", _KEYID, nullable=False),
    Column("entry", _HASH, nullable=False),
)

epoch_grants = Table(
    "epoch_grants",
    metadata,
    Column("agency", _AGENCY, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("kid", _KEYID, primary_key=True),
    Column("member", _KEYID, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)

key_answers = Table(
    "key_answers",
    metadata,
    Column("host", _HOST, primary_key=True),
    Column("answer", LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """An agency as its newest key entry says it is."""

    agency: str
    host: str
    local: bool
    entry: KeyEntry

    @property
    def kind(self) -> str:
        """The certified kind."""
        return self.entry.kind


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A certified device key of a member; `revoked_at` is when it ended before its time."""

    agency: str
    member: str
    keyid: str
    roles: frozenset[str]
    sign: bytes
    recipient: str
    valid_from: int
    valid_until: int
    log_index: int
    revoked_at: int | None
    revoked_index: int | None
    """Where the revocation stands in the log of the agency's hub."""

    def active(self, now: int) -> bool:
        """Return whether the key is good at `now`."""
        return self.revoked_at is None and self.valid_from <= now <= self.valid_until


@dataclass(frozen=True, slots=True)
class KeyDocument:
    """A signed key document and its place in its home hub's log."""

    type: str
    host: str
    log_index: int
    envelope: bytes


class KeyStore:
    """The key documents that this hub knows. Fulfils `Signers` of statements and `Senders` of packets."""

    def __init__(self, connection: Connection, *, standing: tuple[str, int] | None = None) -> None:
        self._connection = connection
        self._standing = standing

    def standing_at(self, host: str, index: int) -> KeyStore:
        """Return the store as it was for a document at `index` of the log of `host`: later revocations do not count."""
        return KeyStore(self._connection, standing=(host, index))

    # -- who may sign

    def member_key(self, agency: str, member: str, role: str, keyid: str, at: int) -> bytes:
        """Return a member's device key for a statement signed at `at` in `role`.

        Raises:
            UnknownSigner: no such certificate is known.
            BadSignature: it does not give the role, is outside its period, or is revoked.
        """
        row = self._signer(agency, keyid)
        if row.member != member or role not in row.roles:
            raise BadSignature("The certificate does not give this member this role.")
        if not row.valid_from <= at <= row.valid_until:
            raise BadSignature("The certificate was not valid when this was signed.")
        return row.sign

    def sender_key(self, agency: str, keyid: str) -> SenderKey:
        """Return whose device key signs a manifest.

        Raises:
            UnknownSigner: no such certificate is known.
            BadSignature: it is revoked.
        """
        row = self._signer(agency, keyid)
        return SenderKey(MemberId(row.member), row.sign)

    def hub_key(self, host: str, keyid: str) -> bytes:
        """Return the key of the hub at `host`.

        Raises:
            UnknownSigner: no such hub, or another key than it has now.
        """
        entry = self.hub_entry(host)
        if entry is None or kid(entry.sign) != keyid:
            raise UnknownSigner("The key of this hub is not known here.")
        return entry.sign

    # -- documents

    def put_key_entry(self, envelope: Envelope, index: int, *, local: bool) -> KeyEntry:
        """Keep a verified key entry; it becomes the agency's newest."""
        entry = KeyEntry.from_envelope(envelope)
        host = host_of(entry.agency)
        if self._put(envelope, host, entry.agency, index):
            self._connection.execute(delete(agencies).where(agencies.c.agency == entry.agency))
            self._insert(
                agencies,
                agency=entry.agency,
                host=host,
                kind=entry.kind,
                country=entry.country,
                seq=entry.seq,
                entry=entry.hash,
                local=local,
            )
        return entry

    def put_member_cert(self, envelope: Envelope, index: int) -> MemberCert:
        """Keep a verified member certificate."""
        cert = MemberCert.from_envelope(envelope)
        if self._put(envelope, host_of(cert.agency), cert.agency, index):
            self._insert(
                members,
                cert=cert.hash,
                agency=cert.agency,
                member=cert.member,
                keyid=cert.keyid,
                roles=" ".join(sorted(cert.roles)),
                sign=cert.sign,
                recipient=cert.recipient,
                valid_from=cert.valid_from,
                valid_until=cert.until,
                log_index=index,
            )
        return cert

    def put_revocation(self, envelope: Envelope, index: int) -> Revocation:
        """Keep a verified revocation and drop the key's epoch grants; the first one of a key counts."""
        word = Revocation.from_envelope(envelope)
        keyid = kid(word.sign)
        if self._put(envelope, host_of(word.agency), word.agency, index) and not self._revocation(word.agency, keyid):
            self._insert(revocations, agency=word.agency, keyid=keyid, at=word.at, log_index=index)
            self._drop_grants(word.agency, keyid)
        return word

    def put_hub_entry(self, envelope: Envelope, index: int) -> HubEntry:
        """Keep a verified hub entry; it becomes the newest of its host."""
        entry = HubEntry.from_envelope(envelope)
        if self._put(envelope, entry.host, entry.host, index):
            self._connection.execute(delete(hub_keys).where(hub_keys.c.host == entry.host))
            self._insert(hub_keys, host=entry.host, keyid=kid(entry.sign), entry=entry.hash)
        return entry

    def knows(self, document_hash: str) -> bool:
        """Return whether this document is kept already."""
        return self._envelope(document_hash) is not None

    def documents(self, host: str, subject: str | None = None) -> tuple[KeyDocument, ...]:
        """Return the key documents in the log of `host`, in its order: what a peer or client verifies by itself.

        With a `subject` (an agency, or the host for its own entries) only those about it.
        """
        c = key_documents.c
        query = select(c.type, c.host, c.log_index, c.envelope).where(c.host == host).order_by(c.log_index)
        rows = self._connection.execute(query if subject is None else query.where(c.subject == subject))
        return tuple(KeyDocument(*row) for row in rows)

    def put_answer(self, host: str, answer: bytes) -> None:
        """Keep what the hub at `host` answered to the last pull: our clients check its proofs themselves."""
        self._connection.execute(delete(key_answers).where(key_answers.c.host == host))
        self._insert(key_answers, host=host, answer=answer)

    def answer(self, host: str) -> bytes | None:
        """Return what the hub at `host` answered to the last pull, or None."""
        row = self._one(select(key_answers.c.answer).where(key_answers.c.host == host))
        return None if row is None else bytes(row["answer"])

    # -- agencies, hubs, members

    def agency(self, agency: str) -> AgencyRow:
        """Return an agency.

        Raises:
            NotFound: it is not known here.
        """
        found = self.find_agency(agency)
        if found is None:
            raise NotFound("This agency is not known here.")
        return found

    def find_agency(self, agency: str) -> AgencyRow | None:
        """Return an agency, or None."""
        row = self._one(_AGENCIES.where(agencies.c.agency == agency))
        return None if row is None else _agency(row)

    def agencies(self) -> tuple[AgencyRow, ...]:
        """Return all agencies that are known, by address."""
        rows = self._connection.execute(_AGENCIES.order_by(agencies.c.agency)).mappings()
        return tuple(_agency(row) for row in rows)

    def hub_entry(self, host: str) -> HubEntry | None:
        """Return the newest entry of the hub at `host`, or None."""
        row = self._one(_HUB_ENTRIES.where(hub_keys.c.host == host))
        return None if row is None else HubEntry.from_envelope(Envelope.from_bytes(row["envelope"], HUB_ENTRY_TYPE))

    def devices(self, agency: str) -> tuple[MemberRow, ...]:
        """Return the device keys of an agency's members, each as its newest certificate says, the newest first."""
        found: dict[str, MemberRow] = {}
        for row in self._members(agency):
            found.setdefault(row.keyid, row)
        return tuple(found.values())

    def member(self, agency: str, member: str) -> MemberRow | None:
        """Return a member by the newest certificate that is not revoked, else by the newest, or None."""
        rows = [row for row in self.devices(agency) if row.member == member]
        return next((row for row in rows if row.revoked_at is None), rows[0] if rows else None)

    def members_with_roles(self, agency: str, roles: Collection[str], now: int) -> tuple[MemberRow, ...]:
        """Return the device keys that are good now and have one of `roles`."""
        return tuple(row for row in self.devices(agency) if row.active(now) and row.roles & set(roles))

    # -- epoch grants

    def put_grant(self, agency: str, grant: EpochGrant) -> None:
        """Keep a sealed epoch secret for one device; a newer one replaces it."""
        c = epoch_grants.c
        same = (c.agency == agency, c.epoch == grant.epoch, c.kid == grant.kid)
        self._connection.execute(delete(epoch_grants).where(*same))
        self._insert(
            epoch_grants,
            agency=agency,
            epoch=grant.epoch,
            kid=grant.kid,
            member=grant.member,
            wrapped=grant.wrapped,
        )

    def grants_for(self, agency: str, member: str) -> tuple[EpochGrant, ...]:
        """Return what a member's devices were granted, by epoch."""
        c = epoch_grants.c
        rows = self._connection.execute(
            select(c.epoch, c.member, c.kid, c.wrapped).where(c.agency == agency, c.member == member).order_by(c.epoch)
        )
        return tuple(EpochGrant(*row) for row in rows)

    # -- rows

    def _signer(self, agency: str, keyid: str) -> MemberRow:
        host, before = self._standing or ("", 0)
        bounded = host == host_of(agency)
        rows = [row for row in self._members(agency, keyid) if not bounded or row.log_index < before]
        if not rows:
            raise UnknownSigner("No certificate of this signer is known here.")
        revoked = rows[0].revoked_index
        if revoked is not None and not (bounded and revoked > before):
            raise BadSignature("The signer's key was revoked.")
        return rows[0]

    def _members(self, agency: str, keyid: str | None = None) -> list[MemberRow]:
        m, r = members.c, revocations.c
        joined = members.outerjoin(revocations, (m.agency == r.agency) & (m.keyid == r.keyid))
        query = (
            select(members, r.at, r.log_index.label("revoked_index"))
            .select_from(joined)
            .where(m.agency == agency)
            .order_by(m.log_index.desc())
        )
        rows = self._connection.execute(query if keyid is None else query.where(m.keyid == keyid)).mappings()
        return [_member(row) for row in rows]

    def _revocation(self, agency: str, keyid: str) -> RowMapping | None:
        c = revocations.c
        return self._one(select(c.at, c.log_index).where(c.agency == agency, c.keyid == keyid))

    def _drop_grants(self, agency: str, keyid: str) -> None:
        kids = {device_kid(row.recipient) for row in self._members(agency, keyid)}
        c = epoch_grants.c
        self._connection.execute(delete(epoch_grants).where(c.agency == agency, c.kid.in_(kids)))

    def _envelope(self, document_hash: str) -> bytes | None:
        row = self._one(select(key_documents.c.envelope).where(key_documents.c.hash == document_hash))
        return None if row is None else bytes(row["envelope"])

    def _put(self, envelope: Envelope, host: str, subject: str, index: int) -> bool:
        """Keep a document unless it is kept already; return whether it is new."""
        if self.knows(envelope.hash):
            return False
        c = key_documents.c
        if self._one(select(c.hash).where(c.host == host, c.log_index == index)) is not None:
            raise Conflict("Another key document stands at this place of that log.")
        row = {"hash": envelope.hash, "type": envelope.payload_type, "host": host, "subject": subject}
        self._insert(key_documents, **row, log_index=index, envelope=envelope.to_bytes())
        return True

    def _insert(self, table: Table, **values: Any) -> None:
        self._connection.execute(insert(table).values(**values))

    def _one(self, query: Any) -> RowMapping | None:
        return self._connection.execute(query).mappings().one_or_none()


_AGENCIES = select(agencies, key_documents.c.envelope).join(key_documents, key_documents.c.hash == agencies.c.entry)
_HUB_ENTRIES = select(key_documents.c.envelope).join(hub_keys, key_documents.c.hash == hub_keys.c.entry)


def _agency(row: RowMapping) -> AgencyRow:
    envelope = Envelope.from_bytes(row["envelope"], KEY_ENTRY_TYPE)
    return AgencyRow(row["agency"], row["host"], row["local"], KeyEntry.from_envelope(envelope))


def _member(row: RowMapping) -> MemberRow:
    return MemberRow(
        agency=row["agency"],
        member=row["member"],
        keyid=row["keyid"],
        roles=frozenset(row["roles"].split()),
        sign=bytes(row["sign"]),
        recipient=row["recipient"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        log_index=row["log_index"],
        revoked_at=row["at"],
        revoked_index=row["revoked_index"],
    )
