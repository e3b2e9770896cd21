"""What a client trusts, and how it comes to trust more (docs/protocol.md §6). Client side and pure.

Does not fetch: a caller hands in what a hub served. Every change gives new `Pins`, which the client keeps in its vault.
Rules: no key without a place in a log whose checkpoint the home hub signed; no chain with a hole; nothing older than
was seen; two certifiers or a fingerprint for a first contact and for every change of identity.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hub.errors import BadSignature, Malformed, UnknownSigner
from hub.handofflog.merkle import extends, includes, leaf_of
from hub.handofflog.note import verify_checkpoint
from hub.ids import MemberId, host_of
from hub.keys import certificates as certs
from hub.keys.epochs import old_key_holders
from hub.packets import shapes as a
from hub.packets.checkpoint import Checkpoint
from hub.packets.dsse import kid
from hub.packets.encoding import b64u, canonical, from_b64u, sha256
from hub.packets.manifest import SenderKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.keys.certificates import Device, Document, KeyEntry, MemberCert, RecoveryKey


PROVEN = a.object_of(
    {"index": a.integer(), "salt": a.hash_, "proof": a.list_of(a.hash_, 64), "document": a.at_least({})}
)
"""The shape of a key document as a hub serves it."""


class How(StrEnum):
    """Why an agency's keys are believed; the screen says it."""

    PINNED = "pinned"
    CERTIFIED = "certified"
    FINGERPRINT = "fingerprint"
    FIRST_SEEN = "first_seen"
    """Not believed yet: shown, so that somebody can compare the fingerprint; nothing is sealed to it."""


@dataclass(frozen=True, slots=True)
class Pin:
    """The newest key entry of an agency that this client accepted, and all key documents that it has seen."""

    root: bytes
    seq: int
    hash: str
    how: How
    newest: int
    """The place in its home log of the newest of them."""
    documents: str
    """One hash over all of them."""


@dataclass(frozen=True, slots=True)
class Pins:
    """What a client trusts: certifiers, hub keys by host, agencies, and the newest checkpoint seen of each log."""

    certifiers: frozenset[bytes] = frozenset()
    hubs: Mapping[str, bytes] = field(default_factory=dict)
    agencies: Mapping[str, Pin] = field(default_factory=dict)
    checkpoints: Mapping[str, Checkpoint] = field(default_factory=dict)

    def trust_hub(self, host: str, key: bytes, fingerprint: str) -> Pins:
        """Return pins with a hub's key, whose fingerprint a person compared.

        Raises:
            BadSignature: another fingerprint, or another key than is pinned.
        """
        if certs.fingerprint(key).split() != fingerprint.split() or self.hubs.get(host, key) != key:
            raise BadSignature("This is not the key of that hub.")
        return replace(self, hubs={**self.hubs, host: key})

    def see_checkpoint(self, note: str, host: str, proof: Sequence[bytes] = ()) -> tuple[Checkpoint, Pins]:
        """Return the checkpoint in a note and the pins that have seen it; `proof` shows that the log only grew.

        Raises:
            UnknownSigner: no key of this hub is pinned.
            BadSignature: not signed by it, smaller than was seen, or of another history: a rollback or a fork.
        """
        key = self.hubs.get(host)
        if key is None:
            raise UnknownSigner("No key of this hub is pinned.")
        head, seen = verify_checkpoint(note, host, key), self.checkpoints.get(host)
        if seen is not None and not extends(seen.size, seen.root, head.size, head.root, proof):
            raise BadSignature("The hub's log does not go on from what was seen of it: it was rolled back or forked.")
        return head, replace(self, checkpoints={**self.checkpoints, host: head})

    def joined(self, other: Pins) -> Pins:
        """Return these pins with what another device of the member saw: of each the later, compared before others."""
        agencies, heads = dict(self.agencies), dict(self.checkpoints)
        for name, pin in other.agencies.items():
            known = agencies.get(name, pin)
            later = known if known.newest > pin.newest else pin
            compared = known.seq == pin.seq and How.FINGERPRINT in {known.how, pin.how}
            agencies[name] = replace(later, how=How.FINGERPRINT) if compared else later
        for host, head in other.checkpoints.items():
            if host not in heads or heads[host].size < head.size:
                heads[host] = head
        return Pins(self.certifiers | other.certifiers, {**other.hubs, **self.hubs}, agencies, heads)

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object that the vault keeps."""
        agencies = {
            name: {**asdict(pin), "root": b64u(pin.root), "how": pin.how.value} for name, pin in self.agencies.items()
        }
        return {
            "certifiers": sorted(b64u(key) for key in self.certifiers),
            "hubs": {host: b64u(key) for host, key in self.hubs.items()},
            "agencies": agencies,
            "checkpoints": {host: head.value for host, head in self.checkpoints.items()},
        }

    @classmethod
    def from_value(cls, value: Any) -> Pins:
        """Return the pins out of a vault.

        Raises:
            Malformed: not of the form that `to_value` writes.
        """
        try:
            agencies = {
                name: Pin(**{**row, "root": from_b64u(row["root"], 32), "how": How(row["how"])})
                for name, row in value["agencies"].items()
            }
            return cls(
                frozenset(from_b64u(key, 32) for key in value["certifiers"]),
                {host: from_b64u(key, 32) for host, key in value["hubs"].items()},
                agencies,
                {host: Checkpoint.from_value(head) for host, head in value["checkpoints"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Malformed("The pins are not of their form.") from error


@dataclass(frozen=True, slots=True)
class ProvenDocument:
    """A key document as a hub serves it: with its place in the log and the proof."""

    document: bytes
    index: int
    salt: bytes
    proof: tuple[bytes, ...]

    @classmethod
    def from_value(cls, value: object) -> ProvenDocument:
        """Return the document in a JSON object `{"document", "index", "salt", "proof"}`.

        Raises:
            Malformed: not of the grammar.
        """
        PROVEN(value)
        row: Any = value
        proof = tuple(from_b64u(node) for node in row["proof"])
        return cls(canonical(row["document"]), row["index"], from_b64u(row["salt"]), proof)

    def check(self, head: Checkpoint) -> None:
        """Return if the document stands in the log of `head`.

        Raises:
            BadSignature: the proof does not show that.
        """
        if not includes(leaf_of(self.salt, self.document), self.index, head.size, self.proof, head.root):
            raise BadSignature("A key document does not stand in the log that is said to hold it.")


@dataclass(frozen=True, slots=True)
class TrustedAgency:
    """An agency as its own log shows it, and why it is believed."""

    entry: KeyEntry
    how: How
    devices: tuple[Device, ...]
    documents: tuple[tuple[int, Document], ...] = ()
    """All of its key documents with their places in its home log."""

    @property
    def old_key(self) -> tuple[MemberCert, ...]:
        """Devices that lost their case roles since the newest epoch: their old key is still alive."""
        return old_key_holders(document for _, document in self.documents)

    @property
    def recovery(self) -> RecoveryKey | None:
        """Which paper shares count."""
        return next((one for _, one in reversed(self.documents) if isinstance(one, certs.RecoveryKey)), None)

    @property
    def accepted(self) -> bool:
        """Whether anything may be sealed to it."""
        return self.how is not How.FIRST_SEEN

    def members(self, now: int) -> tuple[MemberCert, ...]:
        """Return the certificates that are good now."""
        return tuple(device.cert for device in self.devices if device.active(now))


def accept_agency(
    pins: Pins, agency: str, documents: Iterable[ProvenDocument], head: Checkpoint, *, fingerprint: str = ""
) -> tuple[TrustedAgency, Pins]:
    """Return an agency out of the key documents that its home hub serves, and the pins afterwards.

    `head` is a checkpoint that `see_checkpoint` gave; `fingerprint` the digits of the root key that a person compared.

    Raises:
        BadSignature: a document that the log does not hold or its root did not sign, a chain with a hole or older than
            the pin, other documents than were seen before, or a changed identity that nobody vouches for.
        Malformed: not of the grammar.
    """
    if head.origin != host_of(agency) or pins.checkpoints.get(head.origin) != head:
        raise BadSignature("This checkpoint is not the newest that was seen of the agency's home log.")
    entries: list[KeyEntry] = []
    devices: dict[str, Device] = {}
    read: list[tuple[int, Document]] = []
    for proven in sorted(documents, key=lambda document: document.index):
        proven.check(head)
        read.append((proven.index, _read(proven, agency, entries, devices)))
    if not entries:
        raise BadSignature("The hub served no key entry of this agency.")
    pin = pins.agencies.get(agency)
    if pin is not None and pin.newest < head.size and _sum(read, pin.newest) != pin.documents:
        raise BadSignature("The hub left out or added key documents of this agency since they were last seen.")
    how = _how(pins, entries, pin, fingerprint)
    found = TrustedAgency(entries[-1], how, tuple(devices.values()), tuple(read))
    if not found.accepted:
        return found, pins
    kept = pin.how if pin and how is How.PINNED else how
    last = read[-1][0]
    newest = Pin(found.entry.root, found.entry.seq, found.entry.hash, kept, last, _sum(read, last))
    return found, replace(pins, agencies={**pins.agencies, agency: newest})


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """Accepted agencies and pinned hubs as `Signers` of statements and `Senders` of packets, for a client."""

    agencies: Mapping[str, TrustedAgency]
    hubs: Mapping[str, bytes]
    standing: tuple[str, int] | None = None

    def standing_at(self, host: str, index: int) -> TrustedKeys:
        """Return the keys as they were for a document at `index` of the log of `host`."""
        return replace(self, standing=(host, index))

    def member_key(self, agency: str, member: str, role: str, keyid: str, at: int) -> bytes:
        """Return a member's device key; see `hub.statements.verify.Signers`."""
        cert = self._cert(agency, keyid)
        if cert.member != member or role not in cert.roles or not cert.valid_from <= at <= cert.until:
            raise BadSignature("The certificate does not give this member this role at that time.")
        return cert.sign

    def sender_key(self, agency: str, keyid: str) -> SenderKey:
        """Return whose device key signs a manifest; see `hub.packets.manifest.Senders`."""
        cert = self._cert(agency, keyid)
        return SenderKey(MemberId(cert.member), cert.sign)

    def hub_key(self, host: str, keyid: str) -> bytes:
        """Return the pinned key of a hub; see `hub.statements.verify.Signers`."""
        key = self.hubs.get(host)
        if key is None or kid(key) != keyid:
            raise UnknownSigner("The key of this hub is not pinned.")
        return key

    def _cert(self, agency: str, keyid: str) -> MemberCert:
        known = self.agencies.get(agency)
        devices = known.devices if known is not None and known.accepted else ()
        found = next((device for device in devices if device.cert.keyid == keyid), None)
        if found is None:
            raise UnknownSigner("No certificate of this signer is known here.")
        host, index = self.standing or ("", 0)
        revoked = found.revoked_index
        if revoked is not None and not (host == host_of(agency) and found.index < index < revoked):
            raise BadSignature("The signer's key was revoked.")
        return found.cert


def _read(proven: ProvenDocument, agency: str, entries: list[KeyEntry], devices: dict[str, Device]) -> Document:
    envelope = certs.read_envelope(proven.document)
    if envelope.payload_type == certs.KEY_ENTRY_TYPE:
        entry = certs.verify_chain(envelope, entries[-1] if entries else None)
        if entry.agency != agency:
            raise BadSignature("The hub served another agency's key entry.")
        entries.append(entry)
        return entry
    if not entries:
        raise BadSignature("The hub served a certificate before the agency's key entry.")
    if envelope.payload_type == certs.MEMBER_CERT_TYPE:
        cert = certs.verify_by_root(certs.MemberCert, envelope, entries[-1])
        devices[cert.keyid] = _newer(devices.get(cert.keyid), certs.Device(cert, proven.index))
        return cert
    if envelope.payload_type == certs.REVOCATION_TYPE:
        word = certs.verify_by_root(certs.Revocation, envelope, entries[-1])
        device = devices.get(word.keyid)
        if device is not None and device.revoked_at is None:
            devices[word.keyid] = replace(device, revoked_index=proven.index, revoked_at=word.at)
        return word
    if envelope.payload_type == certs.RECOVERY_KEY_TYPE:
        return certs.verify_by_root(certs.RecoveryKey, envelope, entries[-1])
    found = certs.read_document(envelope)
    if isinstance(found, certs.RecoveryUse):
        envelope.verified_by([found.sign])
    return found


def _sum(read: Iterable[tuple[int, Document]], last: int) -> str:
    """Return one hash over the key documents up to a place in the log."""
    return b64u(sha256(b"".join(from_b64u(document.hash, 32) for index, document in read if index <= last)))


def _newer(known: Device | None, device: Device) -> Device:
    if known is not None and (known.revoked_at is not None or known.cert.member != device.cert.member):
        raise BadSignature("A key was certified again after it was revoked, or for another member.")
    return device


def _how(pins: Pins, entries: Sequence[KeyEntry], pin: Pin | None, fingerprint: str) -> How:
    newest = entries[-1]
    compared = bool(fingerprint) and fingerprint.split() == certs.fingerprint(newest.root).split()
    if pin is not None:
        known = next((entry for entry in entries if (entry.seq, entry.hash) == (pin.seq, pin.hash)), None)
        if known is None:
            raise BadSignature("The hub served older or other key entries than this client has accepted.")
        if known.identity == newest.identity:
            return How.FINGERPRINT if compared else How.PINNED
    host = host_of(newest.agency)
    barred = (pins.hubs[host],) if host in pins.hubs else ()
    certified = len(newest.certified_by(pins.certifiers, barred)) >= certs.CERTIFIERS_NEEDED
    if compared:
        return How.FINGERPRINT
    if certified:
        return How.CERTIFIED
    if pin is not None:
        raise BadSignature("The agency's identity has changed and nobody whom this client trusts vouches for it.")
    return How.FIRST_SEEN
