"""Key documents: what agencies, members and hubs are, and who says so (docs/protocol.md §6). Pure values and rules.

Does not store, fetch or log. Unknown members of these documents are kept in `extra` and signed again unchanged. The
rules of acceptance are here, so that a hub, a peer and a client judge alike; a client's pins are in `hub.keys.pins`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from nacl.hashlib import blake2b

from hub.errors import BadSignature, Malformed, UnsupportedVersion
from hub.ids import host_of
from hub.packets import shapes as a
from hub.packets.age import Recipient
from hub.packets.dsse import Envelope, Signer, check_public_key, kid, pae, sign_envelope, verify_signature
from hub.packets.encoding import b64u, canonical, from_b64u, parse_json
from hub.statements.bodies import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

KEY_ENTRY_TYPE = "application/vnd.rcp.key-entry+json;v=1"
IDENTITY_TYPE = "application/vnd.rcp.agency-identity+json;v=1"
MEMBER_CERT_TYPE = "application/vnd.rcp.member-cert+json;v=1"
REVOCATION_TYPE = "application/vnd.rcp.revocation+json;v=1"
HUB_ENTRY_TYPE = "application/vnd.rcp.hub-entry+json;v=1"
RECOVERY_KEY_TYPE = "application/vnd.rcp.recovery-key+json;v=1"
RECOVERY_USE_TYPE = "application/vnd.rcp.recovery-use+json;v=1"
RELEASE_TYPE = "application/vnd.rcp.release+json;v=1"
SUITE = "age1+ed25519"

NEVER_RECEIVE = frozenset({"migration_authority", "immigration_enforcement", "border_police", "detention", "police"})
"""Kinds that never receive anything, whatever anybody consents to (R07)."""
INBOUND_ONLY = frozenset({"migration_authority"})
"""Of these the kinds that may say that children arrive, and learn nothing for it (requirement B2, scenario S6)."""
PERSON_ONLY = "community_structure"
"""The kind without epochs: its packets are sealed to one named member (R16)."""
KINDS = NEVER_RECEIVE | {
    *("shelter", "ngo", "io", "authority", "local_government", "municipality", "health", "school", "livelihood"),
    *("legal", "helpline", "court_panel", "child_home", PERSON_ONLY),
}
CASE_ROLES = frozenset({Role.CASEWORKER, Role.PROVIDER, Role.SUPERVISOR, Role.FOCAL_POINT, Role.DEPUTY})
"""Roles whose devices may hold an epoch secret (§5); coordinators, data officers, admins and auditors never."""

CERTIFIERS_NEEDED = 2
MAX_EPOCHS = 16
"""What a key entry lists: older epochs go when nothing is sealed to them any more."""


def _recipient(value: object) -> None:
    if not isinstance(value, str) or not value.startswith("age1"):
        raise Malformed("A field is not an age recipient.")
    Recipient.parse(value)


def _roles(value: object) -> None:
    a.list_of(a.one_of(*Role), len(Role), 1)(value)
    if isinstance(value, list) and len(set(value)) != len(value):
        raise Malformed("A certificate has a role twice.")


_COUNTRY = a.matches(re.compile(r"[A-Z]{2}"))
_VERSION = {"v": a.integer(1, 1)}
_IDENTITY = {
    **_VERSION,
    "agency": a.agency,
    "kind": a.one_of(*KINDS),
    "country": _COUNTRY,
    "parent": a.null_or(a.text),
    "operator": a.text,
    "root": a.hash_,
}
_EPOCH = {"epoch": a.integer(1), "suite": a.text, "recipient": _recipient}
_CERTIFICATION = {"certifier": a.hash_, "at": a.seconds, "sig": a.random_bytes(64)}
_KEY_ENTRY = {
    **_IDENTITY,
    "seq": a.integer(),
    "prev": a.null_or(a.hash_),
    "enc": a.list_of(a.at_least(_EPOCH), MAX_EPOCHS),
    "inboxes": a.list_of(a.identifier, 16),
    "deputy": a.null_or(a.text),
    "duty": a.list_of(a.text, 8),
    "successor": a.null_or(a.text),
    "hub": a.host,
    "certs": a.distinct(a.list_of(a.at_least(_CERTIFICATION), 8), "certifier"),
}
_MEMBER_CERT = {
    **_VERSION,
    "agency": a.agency,
    "member": a.identifier,
    "roles": _roles,
    "sign": a.hash_,
    "recipient": _recipient,
    "from": a.seconds,
    "until": a.seconds,
}
_REVOCATION = {**_VERSION, "agency": a.agency, "member": a.identifier, "sign": a.hash_, "at": a.seconds}
_HUB_ENTRY = {
    **_VERSION,
    "host": a.host,
    "operator": a.text,
    "kind": a.one_of(*KINDS),
    "country": _COUNTRY,
    "sign": a.hash_,
    "seq": a.integer(),
    "prev": a.null_or(a.hash_),
}


_RECOVERY_KEY = {
    **_VERSION,
    "agency": a.agency,
    "sign": a.hash_,
    "recipient": _recipient,
    "held": a.list_of(a.text, 3, 3),
    "at": a.seconds,
}
_RECOVERY_USE = {**_VERSION, "agency": a.agency, "sign": a.hash_, "member": a.identifier, "at": a.seconds}
_RELEASE = {**_VERSION, "host": a.host, "release": a.hash_, "seq": a.integer(), "at": a.seconds}


def fingerprint(public_key: bytes) -> str:
    """Return the sixty digits that two people compare by phone (§2)."""
    digest = blake2b(public_key, digest_size=64, person=b"rcp/1/fpr").digest()
    return " ".join(f"{int.from_bytes(digest[i : i + 5], 'big') % 100_000:05d}" for i in range(0, 60, 5))


def device_kid(recipient: str) -> str:
    """Return the name of a device's encryption key, as grants and stanzas have it."""
    return Recipient.parse(recipient).kid


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    """An object of a key document: `SHAPE` names its members; unknown ones are kept in `extra` (§2)."""

    SHAPE: ClassVar[dict[str, a.Check]]
    v: ClassVar[int] = 1
    extra: dict[str, Any] = field(default_factory=dict, hash=False)

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object, unknown members included."""
        return {**self.extra, **_written(self, self.SHAPE)}

    @classmethod
    def from_value(cls, value: dict[str, Any]) -> Self:
        """Return the object out of JSON that has its shape."""
        extra = {name: item for name, item in value.items() if name not in cls.SHAPE}
        return cls(**cls.fields_of(value), extra=extra)

    @classmethod
    def fields_of(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Return the fields out of the members that `SHAPE` names."""
        return _read(value, cls.SHAPE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(_Object):
    """A signed key document of payload type `TYPE`. `hash` is set when it was read out of an envelope."""

    TYPE: ClassVar[str]
    ABOUT: ClassVar[str] = "agency"
    hash: str = field(default="", compare=False)

    def to_envelope(self, *signers: Signer) -> Envelope:
        """Return the document signed by the agency's root; a hub's by its key and, when that changes, the old one."""
        return sign_envelope(self.TYPE, self.to_value(), signers)

    @classmethod
    def from_envelope(cls, envelope: Envelope) -> Self:
        """Return the document in an envelope; no signature is verified, but its keys and grammar are.

        Raises:
            Malformed: another type, not of the grammar, or a key that cannot be registered.
            UnsupportedVersion: another version.
        """
        if envelope.payload_type != cls.TYPE:
            raise Malformed("A key document is of another type than was expected here.")
        value = envelope.value
        if value.get("v") != 1:
            raise UnsupportedVersion("This release takes key documents of version 1.")
        a.at_least(cls.SHAPE)(value)
        found = replace(cls.from_value(value), hash=envelope.hash)
        found.check()
        return found

    @property
    def subject(self) -> str:
        """The agency, or the host of the hub, that the document is about."""
        return str(getattr(self, self.ABOUT))

    def check(self) -> None:
        """Return if the members go together, else raise Malformed."""


@dataclass(frozen=True, slots=True)
class AgencyIdentity(_Object):
    """What certifiers certify: a change of any member needs two of them again."""

    SHAPE = _IDENTITY

    agency: str
    kind: str
    country: str
    parent: str | None
    operator: str
    root: bytes

    def message(self) -> bytes:
        """Return the bytes that each certifier signs."""
        return pae(IDENTITY_TYPE, canonical(self.to_value()))


@dataclass(frozen=True, slots=True)
class Epoch(_Object):
    """An agency's encryption key of one period."""

    SHAPE = _EPOCH

    epoch: int
    recipient: str
    suite: str = SUITE


@dataclass(frozen=True, slots=True)
class Certification(_Object):
    """One certifier's signature over an agency identity."""

    SHAPE = _CERTIFICATION

    certifier: bytes
    at: int
    sig: bytes


def certify(identity: AgencyIdentity, certifier: Signer, at: int) -> Certification:
    """Return the certification of `identity`, for the agency to put into its key entry."""
    return Certification(certifier.public_key, at, certifier.sign(identity.message()))


@dataclass(frozen=True, slots=True)
class KeyEntry(Document):
    """An agency's published keys and contacts."""

    TYPE, SHAPE = KEY_ENTRY_TYPE, _KEY_ENTRY

    identity: AgencyIdentity
    seq: int
    prev: str | None
    enc: tuple[Epoch, ...]
    inboxes: tuple[str, ...]
    deputy: str | None
    duty: tuple[str, ...]
    successor: str | None
    certs: tuple[Certification, ...]

    @property
    def agency(self) -> str:
        """The agency's address."""
        return self.identity.agency

    @property
    def kind(self) -> str:
        """The agency's certified kind."""
        return self.identity.kind

    @property
    def country(self) -> str:
        """The country in which the agency is certified to work."""
        return self.identity.country

    @property
    def root(self) -> bytes:
        """The key that certifies this agency's members."""
        return self.identity.root

    @property
    def hub(self) -> str:
        """The host of the agency's home hub."""
        return host_of(self.agency)

    def newest_epoch(self) -> Epoch:
        """Return the epoch to seal to.

        Raises:
            Malformed: this agency has none.
            UnsupportedVersion: of a suite that this release does not know.
        """
        if not self.enc:
            raise Malformed("This agency has no epoch: choose a person.")
        if self.enc[-1].suite != SUITE:
            raise UnsupportedVersion("This agency has published a newer suite: upgrade first.")
        return self.enc[-1]

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object that the root signs, unknown members included."""
        return {**self.extra, **self.identity.to_value(), **_written(self, _KEY_ENTRY.keys() - _IDENTITY.keys())}

    @classmethod
    def fields_of(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Return the fields out of the members, those of the identity as one."""
        if value["hub"] != host_of(value["agency"]):
            raise Malformed("A key entry names another home hub than the agency's address.")
        own = _read(value, _KEY_ENTRY.keys() - _IDENTITY.keys() - {"hub"})
        return {"identity": AgencyIdentity(**_read(value, _IDENTITY)), **own}

    def check(self) -> None:
        """Return if the epochs rise, and are no more than the kind can have."""
        numbers = [e.epoch for e in self.enc]
        if numbers != sorted(set(numbers)):
            raise Malformed("The epochs of a key entry do not rise.")
        if self.kind == PERSON_ONLY and self.enc:
            raise Malformed("A community structure has no epoch: its packets are sealed to one member.")
        if self.kind in NEVER_RECEIVE and (self.enc or self.inboxes):
            raise Malformed("A body of this kind never receives and publishes no epoch and no inbox.")

    def certified_by(self, certifiers: Collection[bytes], barred: Collection[bytes] = ()) -> frozenset[bytes]:
        """Return which of the trusted `certifiers` certified this identity; the root and `barred` keys never count.

        Raises:
            BadSignature: one of the certifications is wrong, whoever made it.
        """
        message = self.identity.message()
        for cert in self.certs:
            verify_signature(cert.certifier, message, cert.sig)
        return frozenset(c.certifier for c in self.certs) & set(certifiers) - {self.root, *barred}


def verify_chain(envelope: Envelope, previous: KeyEntry | None) -> KeyEntry:
    """Return the key entry in an envelope if its root signed it and it follows `previous`.

    Raises:
        Malformed: not of the grammar.
        BadSignature: not signed by its root, or not the entry that follows.
    """
    entry = KeyEntry.from_envelope(envelope)
    envelope.verified_by([entry.root])
    if previous is None:
        follows = entry.seq == 0 and entry.prev is None
    else:
        follows = (entry.agency, entry.seq, entry.prev) == (previous.agency, previous.seq + 1, previous.hash)
    if not follows:
        raise BadSignature("A key entry does not follow the one that is known.")
    return entry


def verify_key_entry(
    envelope: Envelope, previous: KeyEntry | None, certifiers: Collection[bytes], *, barred: Collection[bytes] = ()
) -> KeyEntry:
    """Return the key entry in an envelope if it follows `previous` and two trusted certifiers certified it.

    The certifications are over the identity alone: an entry that changes only epochs carries the old ones, one that
    changes the kind, country, parent, operator or root has no valid one until both have signed again. `barred` holds
    the key of the hub's operator.

    Raises:
        Malformed: not of the grammar.
        BadSignature: not signed by its root, not the entry that follows, or not certified twice.
    """
    entry = verify_chain(envelope, previous)
    if len(entry.certified_by(certifiers, barred)) < CERTIFIERS_NEEDED:
        raise BadSignature("Two certifiers that are trusted here have not certified this agency as it is.")
    return entry


@dataclass(frozen=True, slots=True)
class MemberCert(Document):
    """A device key of a member, with the roles that the agency gives."""

    TYPE, SHAPE = MEMBER_CERT_TYPE, _MEMBER_CERT

    agency: str
    member: str
    roles: frozenset[str]
    sign: bytes
    recipient: str
    valid_from: int
    until: int

    @property
    def keyid(self) -> str:
        """The name of the signing key."""
        return kid(self.sign)

    def check(self) -> None:
        """Return if the certificate has a period."""
        if self.valid_from >= self.until:
            raise Malformed("A certificate has no period.")


@dataclass(frozen=True, slots=True)
class Revocation(Document):
    """The end of a device key."""

    TYPE, SHAPE = REVOCATION_TYPE, _REVOCATION

    agency: str
    member: str
    sign: bytes
    at: int

    @property
    def keyid(self) -> str:
        """The name of the signing key."""
        return kid(self.sign)


@dataclass(frozen=True, slots=True)
class Device:
    """A certified device key of a member: where its certificate and its revocation stand in the home hub's log."""

    cert: MemberCert
    index: int
    revoked_index: int | None = None
    revoked_at: int | None = None

    @property
    def member(self) -> str:
        """Whose it is."""
        return self.cert.member

    @property
    def roles(self) -> frozenset[str]:
        """What the agency lets its member do."""
        return self.cert.roles

    @property
    def recipient(self) -> str:
        """The string to which this device's packets and grants are sealed."""
        return self.cert.recipient

    def active(self, now: int) -> bool:
        """Return whether the key is good at `now`."""
        return self.revoked_at is None and self.cert.valid_from <= now <= self.cert.until


@dataclass(frozen=True, slots=True)
class RecoveryKey(Document):
    """The key that two of three paper shares give back, and which bodies hold the shares; the newest one counts."""

    TYPE, SHAPE = RECOVERY_KEY_TYPE, _RECOVERY_KEY

    agency: str
    sign: bytes
    recipient: str
    held: tuple[str, ...]
    at: int

    def check(self) -> None:
        """Return if the shares are with at least two bodies: no body recovers an agency alone."""
        if len({_body(name) for name in self.held}) < 2:  # noqa: PLR2004 - two organisations
            raise Malformed("The three shares are held by people of at least two organisations.")

    def held_by(self, operator: str) -> bool:
        """Return whether a share is with the hub's operator, who keeps what the shares open."""
        return _body(operator) in {_body(name) for name in self.held}


@dataclass(frozen=True, slots=True)
class RecoveryUse(Document):
    """Somebody has put two shares together: logged, and told to everybody, before anything is given out."""

    TYPE, SHAPE = RECOVERY_USE_TYPE, _RECOVERY_USE

    agency: str
    sign: bytes
    member: str
    at: int


OfAgency = TypeVar("OfAgency", MemberCert, Revocation, RecoveryKey)


def verify_by_root(kind: type[OfAgency], envelope: Envelope, entry: KeyEntry) -> OfAgency:
    """Return the certificate, revocation or recovery key in an envelope if the root of this agency signed it.

    Raises:
        Malformed: not of the grammar.
        BadSignature: another root, or another agency's.
    """
    document = kind.from_envelope(envelope)
    if document.agency != entry.agency:
        raise BadSignature("A key document is of another agency than the root that should have signed it.")
    envelope.verified_by([entry.root])
    return document


@dataclass(frozen=True, slots=True)
class HubEntry(Document):
    """A hub's own key, and who runs it."""

    TYPE, SHAPE, ABOUT = HUB_ENTRY_TYPE, _HUB_ENTRY, "host"

    host: str
    operator: str
    kind: str
    country: str
    sign: bytes
    seq: int = 0
    prev: str | None = None


def verify_hub_entry(envelope: Envelope, previous: HubEntry | None) -> HubEntry:
    """Return the hub entry in an envelope if it is signed by its key and follows `previous`.

    A new key is signed for by the old one too, so that only a fingerprint or the old key can bring one in.

    Raises:
        Malformed: not of the grammar.
        BadSignature: wrongly signed, or not the entry that follows.
    """
    entry = HubEntry.from_envelope(envelope)
    keys = [entry.sign]
    if previous is not None:
        if (entry.host, entry.seq, entry.prev) != (previous.host, previous.seq + 1, previous.hash):
            raise BadSignature("A hub entry does not follow the one that is known.")
        keys += [previous.sign] if previous.sign != entry.sign else []
    envelope.verified_by(keys)
    return entry


@dataclass(frozen=True, slots=True)
class Release(Document):
    """Which programs a hub serves to browsers from now on: the hash of their list (`hub.keys.releases`)."""

    TYPE, SHAPE, ABOUT = RELEASE_TYPE, _RELEASE, "host"

    host: str
    release: str
    seq: int
    at: int


def verify_release(envelope: Envelope, entry: HubEntry) -> Release:
    """Return the release in an envelope if the hub of this entry signed it for itself.

    Raises:
        Malformed: not of the grammar.
        BadSignature: wrongly signed, or of another host.
    """
    release = Release.from_envelope(envelope)
    if release.host != entry.host:
        raise BadSignature("A hub speaks of what another one serves.")
    envelope.verified_by([entry.sign])
    return release


@dataclass(frozen=True, slots=True)
class EpochGrant:
    """An epoch secret, sealed to one device: the server keeps it and cannot open it."""

    epoch: int
    member: str
    kid: str
    wrapped: bytes

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"epoch": self.epoch, "member": self.member, "kid": self.kid, "wrapped": b64u(self.wrapped)}

    @classmethod
    def from_value(cls, value: object) -> EpochGrant:
        """Return the grant that a JSON object is.

        Raises:
            Malformed: not of the grammar.
        """
        shape = {"epoch": a.integer(1), "member": a.identifier, "kid": a.identifier, "wrapped": a.random_bytes(80)}
        a.object_of(shape)(value)
        row: Any = value
        return cls(row["epoch"], row["member"], row["kid"], from_b64u(row["wrapped"]))


AnyDocument = TypeVar("AnyDocument", bound=Document)
_ALL: tuple[type[Document], ...] = (KeyEntry, MemberCert, Revocation, HubEntry, RecoveryKey, RecoveryUse, Release)
_KINDS: dict[str, type[Document]] = {kind.TYPE: kind for kind in _ALL}


def read_document(envelope: Envelope) -> Document:
    """Return the key document in an envelope of one of the seven types; no signature is verified."""
    return _KINDS[envelope.payload_type].from_envelope(envelope)


def read_envelope(document: bytes) -> Envelope:
    """Return the envelope of a key document of any type: the type it names decides which rules it must pass.

    Raises:
        Malformed: no key document.
    """
    value = parse_json(document)
    kind = value.get("payloadType") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise Malformed("This is no key document.")
    return Envelope.from_bytes(document, kind)


def next_entry(entry: KeyEntry, **changes: Any) -> KeyEntry:
    """Return the entry that follows `entry`, with these members changed."""
    return replace(entry, seq=entry.seq + 1, prev=entry.hash, hash="", **changes)


def _body(name: str) -> str:
    return " ".join(name.casefold().split())


def _key(text: str) -> bytes:
    return check_public_key(from_b64u(text))


def _each(kind: type[_Object]) -> Callable[[Any], object]:
    return lambda rows: tuple(kind.from_value(row) for row in rows)


def _as_it_is(item: Any) -> object:
    return item


_FIELDS = {"from": "valid_from"}
_READERS: dict[str, Callable[[Any], object]] = {
    "root": _key,
    "sign": _key,
    "certifier": from_b64u,
    "sig": from_b64u,
    "roles": frozenset,
    "inboxes": tuple,
    "duty": tuple,
    "held": tuple,
    "enc": _each(Epoch),
    "certs": _each(Certification),
}
"""How members become fields, whichever document they stand in; the others are taken as they are."""


def _read(value: dict[str, Any], members: Collection[str]) -> dict[str, Any]:
    names = (name for name in members if name != "v")
    return {_FIELDS.get(name, name): _READERS.get(name, _as_it_is)(value[name]) for name in names}


def _written(source: _Object, members: Collection[str]) -> dict[str, Any]:
    return {name: _json(getattr(source, _FIELDS.get(name, name))) for name in members}


def _json(item: object) -> object:
    match item:
        case bytes():
            return b64u(item)
        case tuple():
            return [_json(one) for one in item]
        case frozenset():
            return sorted(item)
        case _Object():
            return item.to_value()
    return item
