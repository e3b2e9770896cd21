"""Rows of key documents, and what follows from them: who may sign, who is certified, who holds which epoch.

SQL only: documents are verified before they come here (`hub.keys.keyring`). The signed documents are all that is kept
of agencies, members and hubs. Rules: a document is kept once, with its place in its home hub's log; the newest
certificate of a key is the one that counts, and the first revocation; a signature is good if no
revocation of its key stands before the signed document in that log (docs/protocol.md §6).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
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

from hub.db import Store, metadata
from hub.errors import BadSignature, Conflict, NotFound, UnknownSigner
from hub.ids import MemberId, host_of
from hub.keys.certificates import (
    KEY_ENTRY_TYPE,
    MEMBER_CERT_TYPE,
    REVOCATION_TYPE,
    AnyDocument,
    Device,
    Document,
    EpochGrant,
    HubEntry,
    KeyEntry,
    MemberCert,
    RecoveryKey,
    Release,
    Revocation,
    device_kid,
    read_document,
    read_envelope,
)
from hub.keys.epochs import old_key_holders
from hub.packets.dsse import Envelope, kid
from hub.packets.manifest import SenderKey

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.engine import RowMapping

_AGENCY, _HOST, _HASH, _KEYID = String(400), String(260), String(43), String(22)

key_documents = Table(
    "key_documents",
    metadata,
    Column("hash", _HASH, primary_key=True),
    Column("type", String(80), nullable=False),
    Column("host", _HOST, nullable=False),
    Column("subject", _AGENCY, nullable=False, index=True),
    Column("member", _KEYID),
    Column("keyid", _KEYID, index=True),
    Column("log_index", BigInteger, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    UniqueConstraint("host", "log_index"),
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

recovery_parts = Table(
    "recovery_parts",
    metadata,
    Column("agency", _AGENCY, primary_key=True),
    Column("part", String(8), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

key_answers = Table(
    "key_answers",
    metadata,
    Column("host", _HOST, primary_key=True),
    Column("answer", LargeBinary, nullable=False),
)


class KeyStore(Store):
    """The key documents that this hub knows. Fulfils `Signers` of statements and `Senders` of packets."""

    def __init__(self, connection: Connection, *, standing: tuple[str, int] | None = None) -> None:
        super().__init__(connection)
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
        cert = self._signer(agency, keyid)
        if cert.member != member or role not in cert.roles:
            raise BadSignature("The certificate does not give this member this role.")
        if not cert.valid_from <= at <= cert.until:
            raise BadSignature("The certificate was not valid when this was signed.")
        return cert.sign

    def sender_key(self, agency: str, keyid: str) -> SenderKey:
        """Return whose device key signs a manifest.

        Raises:
            UnknownSigner: no such certificate is known.
            BadSignature: it is revoked.
        """
        cert = self._signer(agency, keyid)
        return SenderKey(MemberId(cert.member), cert.sign)

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

    def put(self, envelope: Envelope, index: int) -> None:
        """Keep a verified document with its place in its home hub's log; a revoked key loses its epoch grants.

        Raises:
            Conflict: another document stands at this place.
        """
        document, c = read_document(envelope), key_documents.c
        host = host_of(document.subject)
        if self._one(select(c.hash).where(c.host == host, c.log_index == index)) is not None:
            raise Conflict("Another key document stands at this place of that log.")
        device = document if isinstance(document, MemberCert | Revocation) else None
        row = {
            "hash": envelope.hash,
            "type": envelope.payload_type,
            "host": host,
            "subject": document.subject,
            "member": device and device.member,
            "keyid": device and device.keyid,
            "log_index": index,
            "envelope": envelope.to_bytes(),
        }
        self._run(insert(key_documents).values(row))
        if isinstance(document, Revocation):
            self._drop_grants(document)

    def knows(self, document_hash: str) -> bool:
        """Return whether this document is kept already."""
        return self._one(select(key_documents.c.host).where(key_documents.c.hash == document_hash)) is not None

    def documents(
        self, host: str, subject: str | None = None, kind: type[Document] | None = None
    ) -> Sequence[RowMapping]:
        """Return place and bytes of the key documents in the log of `host`, in its order: what others verify.

        With a `subject` (an agency, or the host for its own entries) only those about it, with a `kind` those of it.
        """
        c = key_documents.c
        query = select(c.log_index, c.envelope).where(c.host == host).order_by(c.log_index)
        query = query if kind is None else query.where(c.type == kind.TYPE)
        return self._all(query if subject is None else query.where(c.subject == subject))

    def put_answer(self, host: str, answer: bytes) -> None:
        """Keep what the hub at `host` answered to the last pull: our clients check its proofs themselves."""
        self._put(key_answers, host=host, answer=answer)

    def answer(self, host: str) -> bytes | None:
        """Return what the hub at `host` answered to the last pull, or None."""
        row = self._one(select(key_answers.c.answer).where(key_answers.c.host == host))
        return None if row is None else bytes(row["answer"])

    # -- agencies, hubs, members

    def agency(self, agency: str) -> KeyEntry:
        """Return an agency's newest key entry.

        Raises:
            NotFound: it is not known here.
        """
        found = self.find_agency(agency)
        if found is None:
            raise NotFound("This agency is not known here.")
        return found

    def find_agency(self, agency: str) -> KeyEntry | None:
        """Return an agency's newest key entry, or None."""
        return self._newest(KeyEntry, agency)

    def agencies(self) -> tuple[KeyEntry, ...]:
        """Return the newest key entries of all agencies that are known, by address."""
        c = key_documents.c
        query = select(c.subject).where(c.type == KEY_ENTRY_TYPE).distinct().order_by(c.subject)
        return tuple(self.agency(agency) for agency in self._connection.scalars(query))

    def hub_entry(self, host: str) -> HubEntry | None:
        """Return the newest entry of the hub at `host`, or None."""
        return self._newest(HubEntry, host)

    def release(self, host: str) -> Release | None:
        """Return the newest release that the hub at `host` has logged, or None."""
        return self._newest(Release, host)

    def recovery_key(self, agency: str) -> RecoveryKey | None:
        """Return the recovery key of an agency that counts now, or None."""
        return self._newest(RecoveryKey, agency)

    def devices(self, agency: str, **which: str) -> tuple[Device, ...]:
        """Return the device keys of an agency's members, each as its newest certificate says, the newest first.

        `which` may name one `member` or one `keyid`.
        """
        found: dict[str, Device] = {}
        for device in self._devices(agency, **which):
            found.setdefault(device.cert.keyid, device)
        return tuple(found.values())

    def member(self, agency: str, member: str) -> Device | None:
        """Return a member by the newest certificate that is not revoked, else by the newest, or None."""
        devices = self.devices(agency, member=member)
        return next((device for device in devices if device.revoked_at is None), devices[0] if devices else None)

    def members_with_roles(self, agency: str, roles: Collection[str], now: int) -> tuple[Device, ...]:
        """Return the device keys that are good now and have one of `roles`."""
        return tuple(row for row in self.devices(agency) if row.active(now) and row.roles & set(roles))

    def old_key_alive(self, agency: str) -> bool:
        """Return whether a device that lost its case roles still holds the agency's newest epoch."""
        rows = self.documents(host_of(agency), agency)
        return bool(old_key_holders(_document(row["envelope"]) for row in rows))

    # -- epoch grants

    def put_grant(self, agency: str, grant: EpochGrant) -> None:
        """Keep a sealed epoch secret for one device; a newer one replaces it."""
        self._put(epoch_grants, agency=agency, **{name: getattr(grant, name) for name in EpochGrant.__slots__})

    def grants_for(self, agency: str, member: str) -> tuple[EpochGrant, ...]:
        """Return what a member's devices were granted, by epoch."""
        c = epoch_grants.c
        query = select(c.epoch, c.member, c.kid, c.wrapped).where(c.agency == agency, c.member == member)
        return tuple(EpochGrant(**row) for row in self._all(query.order_by(c.epoch)))

    # -- recovery

    def put_recovery(self, agency: str, **parts: bytes) -> None:
        """Keep an agency's `root` or `epochs`, sealed to its recovery key, in the place of what was kept."""
        for part, sealed in parts.items():
            self._put(recovery_parts, agency=agency, part=part, sealed=sealed)

    def recovery(self, agency: str) -> dict[str, bytes]:
        """Return the parts that are kept for an agency."""
        c = recovery_parts.c
        return {
            row["part"]: bytes(row["sealed"]) for row in self._all(select(recovery_parts).where(c.agency == agency))
        }

    # -- rows

    def _signer(self, agency: str, keyid: str) -> MemberCert:
        host, before = self._standing or ("", 0)
        bounded = host == host_of(agency)
        found = [device for device in self._devices(agency, keyid=keyid) if not bounded or device.index < before]
        if not found:
            raise UnknownSigner("No certificate of this signer is known here.")
        revoked = found[0].revoked_index
        if revoked is not None and not (bounded and revoked > before):
            raise BadSignature("The signer's key was revoked.")
        return found[0].cert

    def _devices(self, agency: str, **which: str) -> list[Device]:
        """Return what every certificate says, the newest first."""
        c = key_documents.c
        about = [c[name] == value for name, value in which.items()]
        query = select(c.log_index, c.envelope).where(c.subject == agency, *about).order_by(c.log_index.desc())
        rows = self._all(query.where(c.type.in_((MEMBER_CERT_TYPE, REVOCATION_TYPE))))
        found = [(row["log_index"], _document(row["envelope"])) for row in rows]
        ended = {word.keyid: (index, word.at) for index, word in found if isinstance(word, Revocation)}
        return [
            Device(cert, index, *ended.get(cert.keyid, (None, None)))
            for index, cert in found
            if isinstance(cert, MemberCert)
        ]

    def _drop_grants(self, revoked: Revocation) -> None:
        kids = {device_kid(device.recipient) for device in self._devices(revoked.agency, keyid=revoked.keyid)}
        c = epoch_grants.c
        self._run(delete(epoch_grants).where(c.agency == revoked.agency, c.kid.in_(kids)))

    def _newest(self, kind: type[AnyDocument], subject: str) -> AnyDocument | None:
        c = key_documents.c
        query = select(c.envelope).where(c.type == kind.TYPE, c.subject == subject).order_by(c.log_index.desc())
        row = self._one(query.limit(1))
        found = None if row is None else _document(row["envelope"])
        return found if isinstance(found, kind) else None


@lru_cache(maxsize=4096)
def _document(envelope: bytes) -> Document:
    return read_document(read_envelope(envelope))
