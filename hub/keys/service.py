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
    from collections.abc import Callable, Collection

    from sqlalchemy import Connection

    from hub.keys.certificates import EpochGrant, KeyEntry


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

    def register_agency(self, data: bytes, *, now: int, agency: str | None = None) -> KeyEntry:
        """Log and keep a key entry of an agency that is at home here: the first, or the next.

        With `agency`, only an entry of that agency.

        Raises:
            PacketError: not of the grammar, not certified twice, or not the entry that follows.
            Conflict: another entry of this agency was faster, or its first one exists.
        """
        envelope = Envelope.from_bytes(data, certs.KEY_ENTRY_TYPE)
        entry = certs.KeyEntry.from_envelope(envelope)
        if agency not in {None, entry.agency}:
            raise Forbidden("This key entry is of another agency.")
        if not self.store.knows(entry.hash):
            known = self.store.find_agency(entry.agency)
            if entry.seq != (known.entry.seq + 1 if known else 0):
                raise Conflict("This is not the agency's next key entry.", seq=known.entry.seq if known else None)
            self._own(envelope, entry.agency, now)
        return entry

    def certify_member(self, data: bytes, *, now: int, agency: str) -> certs.MemberCert:
        """Log and keep a certificate that the root of `agency` signed.

        Raises:
            Forbidden: another agency's.
            PacketError: not of the grammar or not signed by the root; or the key is revoked or another member's.
        """
        envelope = Envelope.from_bytes(data, certs.MEMBER_CERT_TYPE)
        cert = certs.MemberCert.from_envelope(envelope)
        if cert.agency != agency:
            raise Forbidden("This certificate is of another agency.")
        if not self.store.knows(cert.hash):
            self._own(envelope, agency, now)
        return cert

    def revoke_member(self, data: bytes, *, now: int, agency: str) -> certs.Revocation:
        """Log and keep a revocation that the root of `agency` signed: what the key signs from here on is refused.

        Raises:
            Forbidden: another agency's.
            PacketError: not of the grammar or not signed by the root.
        """
        envelope = Envelope.from_bytes(data, certs.REVOCATION_TYPE)
        word = certs.Revocation.from_envelope(envelope)
        if word.agency != agency:
            raise Forbidden("This revocation is of another agency.")
        if not self.store.knows(envelope.hash):
            self._own(envelope, agency, now)
        return word

    def publish_hub(self, envelope: Envelope, *, now: int) -> certs.HubEntry:
        """Log and keep this hub's own entry."""
        entry = certs.HubEntry.from_envelope(envelope)
        if not self.store.knows(entry.hash):
            self._own(envelope, entry.host, now)
        return entry

    def grant(self, agency: str, grant: EpochGrant, *, now: int) -> None:
        """Keep a sealed epoch secret for a device.

        Raises:
            Forbidden: no active device of that name, or its member may not open cases (docs/protocol.md §5).
            Conflict: the agency has published no such epoch.
        """
        devices = self.store.members_with_roles(agency, certs.CASE_ROLES, now)
        if not any((d.member, certs.device_kid(d.recipient)) == (grant.member, grant.kid) for d in devices):
            raise Forbidden("Only devices of members who work on cases may hold an agency's epoch key.")
        if grant.epoch not in {epoch.epoch for epoch in self.store.agency(agency).entry.enc}:
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
        _TAKERS[envelope.payload_type](self, envelope, index, host)
        return True

    def _own(self, envelope: Envelope, subject: str, now: int) -> None:
        """Log and keep a document of this hub's own: one that does not verify raises, and both are rolled back."""
        if self.origin not in {subject, host_of(subject)}:
            raise Forbidden("This agency is not at home here.")
        document = envelope.to_bytes()
        entry = HandoffLog(self.connection, self.origin).append(document, now=now)
        self.take(document, entry.index, host=self.origin)

    def _entry_of(self, agency: str, host: str) -> KeyEntry:
        if host_of(agency) != host:
            raise BadSignature("A hub speaks of an agency that is not at home there.")
        return self.store.agency(agency).entry

    def _take_key_entry(self, envelope: Envelope, index: int, host: str) -> None:
        entry = certs.KeyEntry.from_envelope(envelope)
        if host_of(entry.agency) != host:
            raise BadSignature("A hub speaks of an agency that is not at home there.")
        known, hub = self.store.find_agency(entry.agency), self.store.hub_entry(host)
        barred = () if hub is None else (hub.sign,)
        certs.verify_key_entry(envelope, known.entry if known else None, self.certifiers, barred=barred)
        self.store.put_key_entry(envelope, index, local=host == self.origin)

    def _take_member_cert(self, envelope: Envelope, index: int, host: str) -> None:
        agency = certs.MemberCert.from_envelope(envelope).agency
        cert = certs.verify_by_root(certs.MemberCert, envelope, self._entry_of(agency, host))
        for device in self.store.devices(agency):
            if device.keyid == cert.keyid and (device.member != cert.member or device.revoked_at is not None):
                raise BadSignature("This key is revoked, or another member's.")
        self.store.put_member_cert(envelope, index)

    def _take_revocation(self, envelope: Envelope, index: int, host: str) -> None:
        agency = certs.Revocation.from_envelope(envelope).agency
        certs.verify_by_root(certs.Revocation, envelope, self._entry_of(agency, host))
        self.store.put_revocation(envelope, index)

    def _take_hub_entry(self, envelope: Envelope, index: int, host: str) -> None:
        entry = certs.verify_hub_entry(envelope, self.store.hub_entry(host))
        if entry.host != host:
            raise BadSignature("A hub speaks for another host.")
        if entry.kind in certs.NEVER_RECEIVE:
            raise Forbidden("A body that works in migration enforcement runs no hub of this network.", rule="R07")
        self.store.put_hub_entry(envelope, index)


_TAKERS: dict[str, Callable[[Keyring, Envelope, int, str], None]] = {
    certs.KEY_ENTRY_TYPE: Keyring._take_key_entry,  # noqa: SLF001 - the table of this class's own methods
    certs.MEMBER_CERT_TYPE: Keyring._take_member_cert,  # noqa: SLF001 - the same
    certs.REVOCATION_TYPE: Keyring._take_revocation,  # noqa: SLF001 - the same
    certs.HUB_ENTRY_TYPE: Keyring._take_hub_entry,  # noqa: SLF001 - the same
}


def proven_documents(connection: Connection, origin: str, note: str, subject: str) -> dict[str, Any]:
    """Return the key documents about `subject` in this hub's published log, each with its proof under `note`.

    What is newer than the note is left out: it can be proven once the next checkpoint is published.
    """
    log, size = HandoffLog(connection, origin), parse_checkpoint(note).size
    documents = [d for d in KeyStore(connection).documents(origin, subject) if d.log_index < size]
    entries = [
        {
            "document": parse_json(document.envelope),
            "index": document.log_index,
            "salt": b64u(log.entry(document.log_index).salt or b""),
            "proof": [b64u(node) for node in log.inclusion(document.log_index, size)],
        }
        for document in documents
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


def _subject(document: dict[str, Any]) -> object:
    return certs.read_envelope(canonical(document)).value.get("agency")
