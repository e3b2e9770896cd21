"""Key documents coming in: verified, logged where they are at home here, stored. One transaction of the caller's.

A document of a peer stands in the peer's log: `take` stores it with its index there, and the caller has checked the
proof. Rule R07: a hub whose operator is of a kind that never receives is no hub of this network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.errors import BadSignature, Conflict, Forbidden, NotFound
from hub.handofflog.note import parse_checkpoint
from hub.handofflog.store import HandoffLog
from hub.ids import host_of
from hub.keys import certificates as certs
from hub.keys.store import KeyStore
from hub.packets.dsse import Envelope
from hub.packets.encoding import b64u, canonical, parse_json

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from hub.keys.certificates import AnyDocument, EpochGrant


@dataclass(frozen=True, slots=True)
class Keyring:
    """The key documents of this hub, `origin`, in one transaction; `certifiers` are those it believes."""

    connection: Connection
    origin: str
    certifiers: Collection[bytes]

    @property
    def store(self) -> KeyStore:
        """The rows."""
        return KeyStore(self.connection)

    def publish(self, kind: type[AnyDocument], data: bytes, *, now: int, agency: str | None = None) -> AnyDocument:
        """Log and keep a document of this hub's own or of an agency at home here; with `agency`, of that one only.

        One that does not verify raises, and its place in the log is rolled back with it.

        Raises:
            Forbidden: another agency's, or one that is not at home here.
            PacketError: not of the grammar, wrongly signed, not certified twice, of a revoked or another member's key.
            Conflict: not the agency's next key entry: another was faster, or its first one exists.
        """
        envelope = Envelope.from_bytes(data, kind.TYPE)
        document = kind.from_envelope(envelope)
        if agency not in {None, document.subject}:
            raise Forbidden("This document is of another agency.")
        if self.store.knows(envelope.hash):
            return document
        if isinstance(document, certs.KeyEntry):
            self._check_next(document)
        if host_of(document.subject) != self.origin:
            raise Forbidden("This agency is not at home here.")
        entry = HandoffLog(self.connection, self.origin).append(envelope.to_bytes(), now=now)
        self._keep(envelope, entry.index, self.origin)
        return document

    def grant(self, agency: str, grant: EpochGrant, *, now: int) -> None:
        """Keep a sealed epoch secret for a device.

        Raises:
            Forbidden: no active device of that name, or its member may not open cases (docs/protocol.md §5).
            Conflict: the agency has published no such epoch.
        """
        devices = self.store.members_with_roles(agency, certs.CASE_ROLES, now)
        if not any((d.member, certs.device_kid(d.recipient)) == (grant.member, grant.kid) for d in devices):
            raise Forbidden("Only devices of members who work on cases may hold an agency's epoch key.")
        if grant.epoch not in {epoch.epoch for epoch in self.store.agency(agency).enc}:
            raise Conflict("The agency has published no such epoch.")
        self.store.put_grant(agency, grant)

    def take(self, document: bytes, index: int, *, host: str) -> bool:
        """Verify and keep a document at `index` of the log of `host`; return whether it is new here.

        Raises:
            PacketError: not of the grammar, wrongly signed, not certified twice, not the one that follows.
            Forbidden: of a hub that R07 bars.
        """
        envelope = certs.read_envelope(document)
        if self.store.knows(envelope.hash):
            return False
        self._keep(envelope, index, host)
        return True

    def _check_next(self, entry: certs.KeyEntry) -> None:
        known = self.store.find_agency(entry.agency)
        if entry.seq != (known.seq + 1 if known else 0):
            raise Conflict("This is not the agency's next key entry.", seq=known.seq if known else None)

    def _keep(self, envelope: Envelope, index: int, host: str) -> None:
        document = certs.read_document(envelope)
        if host_of(document.subject) != host:
            raise BadSignature("A hub speaks of an agency that is not at home there, or for another host.")
        match document:
            case certs.HubEntry():
                self._check_hub_entry(envelope, host)
            case certs.KeyEntry():
                known, hub = self.store.find_agency(document.agency), self.store.hub_entry(host)
                barred = () if hub is None else (hub.sign,)
                certs.verify_key_entry(envelope, known, self.certifiers, barred=barred)
            case certs.MemberCert():
                self._check_member_cert(document, envelope)
            case certs.Revocation():
                certs.verify_by_root(certs.Revocation, envelope, self.store.agency(document.agency))
            case certs.RecoveryKey():
                self._check_recovery_key(document, envelope, host)
            case certs.RecoveryUse():
                self.check_recovery_use(document, envelope)
            case certs.Release():
                self._check_release(envelope, host)
        self.store.put(envelope, index)

    def _check_member_cert(self, cert: certs.MemberCert, envelope: Envelope) -> None:
        certs.verify_by_root(certs.MemberCert, envelope, self.store.agency(cert.agency))
        for device in self.store.devices(cert.agency, keyid=cert.keyid):
            if device.member != cert.member or device.revoked_at is not None:
                raise BadSignature("This key is revoked, or another member's.")

    def _check_recovery_key(self, key: certs.RecoveryKey, envelope: Envelope, host: str) -> None:
        certs.verify_by_root(certs.RecoveryKey, envelope, self.store.agency(key.agency))
        hub = self.store.hub_entry(host)
        if hub is not None and key.held_by(hub.operator):
            raise Forbidden("The hub's operator keeps what the shares open, and holds none of them.")

    def check_recovery_use(self, use: certs.RecoveryUse, envelope: Envelope) -> None:
        """Return if the shares that count for an agency now signed this use.

        Raises:
            BadSignature: they did not.
        """
        known = self.store.recovery_key(use.agency)
        if known is None or known.sign != use.sign:
            raise BadSignature("These are not the shares that count for this agency now.")
        envelope.verified_by([use.sign])

    def _check_release(self, envelope: Envelope, host: str) -> None:
        hub = self.store.hub_entry(host)
        if hub is None:
            raise BadSignature("A release is of a hub whose entry is not known here.")
        certs.verify_release(envelope, hub)

    def _check_hub_entry(self, envelope: Envelope, host: str) -> None:
        entry = certs.verify_hub_entry(envelope, self.store.hub_entry(host))
        if entry.kind in certs.NEVER_RECEIVE:
            raise Forbidden("A body that works in migration enforcement runs no hub of this network.", rule="R07")


def proven_documents(
    connection: Connection,
    origin: str,
    note: str,
    subject: str | None = None,
    kind: type[certs.Document] | None = None,
) -> dict[str, Any]:
    """Return the key documents in this hub's published log, each with its proof under `note`.

    With a `subject` those about it alone, with a `kind` those of it.

    What is newer than the note is left out: it can be proven once the next checkpoint is published.
    """
    log, size = HandoffLog(connection, origin), parse_checkpoint(note).size
    entries = [
        {
            "document": parse_json(row["envelope"]),
            "index": row["log_index"],
            "salt": b64u(log.entry(row["log_index"]).salt or b""),
            "proof": [b64u(node) for node in log.inclusion(row["log_index"], size)],
        }
        for row in KeyStore(connection).documents(origin, subject, kind)
        if row["log_index"] < size
    ]
    return {"checkpoint": note, "entries": entries}


def pulled_documents(connection: Connection, host: str, subject: str) -> dict[str, Any]:
    """Return the same for an agency at home at another hub, out of what that hub answered to the last pull.

    Raises:
        NotFound: nothing was pulled yet.
    """
    answer = KeyStore(connection).answer(host)
    if answer is None:
        raise NotFound("The keys of that hub were not fetched yet.")
    value = parse_json(answer)
    entries = [row for row in value["entries"] if _subject(row["document"]) == subject]
    return {"checkpoint": value["checkpoint"], "entries": entries}


def documents_of(connection: Connection, origin: str, note: str | None, agency: str) -> dict[str, Any]:
    """Return an agency's key documents with proofs under the newest checkpoint of its home hub that is known here.

    Raises:
        NotFound: the agency is not known here, or there is no checkpoint yet.
    """
    home = KeyStore(connection).agency(agency).hub
    if home != origin:
        return pulled_documents(connection, home, agency)
    if note is None:
        raise NotFound("No checkpoint has been published yet.", todo="Ask again in a minute.")
    return proven_documents(connection, origin, note, agency)


def _subject(document: dict[str, Any]) -> object:
    return certs.read_envelope(canonical(document)).value.get("agency")
