"""Invented hubs, agencies, members and statements that sign for real, for tests of every room.

Everything is derived from names, so the same name gives the same keys and ids. `World` is a set of agencies with two
certifiers; it fulfils `Signers` and `Senders` itself, so that pure tests need no database.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from hub.errors import BadSignature, UnknownSigner
from hub.ids import MemberId, agency_id, host_of
from hub.keys.certificates import (
    NEVER_RECEIVE,
    PERSON_ONLY,
    AgencyIdentity,
    EpochGrant,
    HubEntry,
    KeyEntry,
    MemberCert,
    Revocation,
    certify,
    next_entry,
    read_document,
)
from hub.keys.devices import DeviceKeys, EpochSecret
from hub.keys.keyring import Keyring
from hub.packets.age import Identity
from hub.packets.dsse import Envelope, Signer
from hub.packets.encoding import b64u
from hub.statements.grammar import Grade, HubActor, MemberActor, Statement
from hub.statements.verify import VerifiedStatement, sign_statement, verify_statement

NOW = 1_795_290_000
HOST = "hub.example"
YEAR = 365 * 86_400


def seed(name: str, size: int = 32) -> bytes:
    """Bytes that only depend on a name."""
    return hashlib.sha256(name.encode()).digest()[:size]


def signer(name: str) -> Signer:
    return Signer(seed(f"signer {name}"))


def some_hash(name: str = "hash") -> str:
    return b64u(seed(name))


def some_id(name: str = "id") -> str:
    return b64u(seed(name, 16))


CERTIFIERS = (signer("first certifier"), signer("second certifier"))
CERTIFIER_KEYS = frozenset(c.public_key for c in CERTIFIERS)


@dataclass(slots=True)
class Member:
    """A member with one device, and the certificate that the agency gave."""

    agency: str
    member: str
    keys: DeviceKeys
    roles: tuple[str, ...]
    cert: MemberCert
    envelope: Envelope

    @property
    def signer(self) -> Signer:
        return self.keys.signer()

    def actor(self, role: str | None = None) -> MemberActor:
        return MemberActor(self.agency, self.member, role or self.roles[0])


@dataclass(slots=True)
class Agency:
    """An agency with its root, epoch 1 (where its kind has one), one inbox, and members by name."""

    name: str
    host: str = HOST
    kind: str = "ngo"
    country: str = "ET"
    certifiers: tuple[Signer, ...] = CERTIFIERS
    members: dict[str, Member] = field(default_factory=dict)
    successor: str | None = None

    @property
    def agency(self) -> str:
        return agency_id(self.name, self.host)

    @property
    def root(self) -> Signer:
        return signer(f"root {self.agency}")

    @property
    def identity(self) -> AgencyIdentity:
        return AgencyIdentity(
            self.agency, self.kind, self.country, None, f"operator of {self.host}", self.root.public_key
        )

    @property
    def inbox(self) -> str:
        return some_id(f"inbox {self.agency}")

    def epoch(self, number: int = 1) -> EpochSecret:
        return EpochSecret(number, Identity(seed(f"epoch {number} {self.agency}")))

    def entry(self, **changes: Any) -> KeyEntry:
        """The first key entry."""
        closed = self.kind in NEVER_RECEIVE | {PERSON_ONLY}
        entry = KeyEntry(
            identity=self.identity,
            seq=0,
            prev=None,
            enc=() if closed else (self.epoch().public(),),
            inboxes=() if self.kind in NEVER_RECEIVE else (self.inbox,),
            deputy=None,
            duty=("+251 900 000 000",),
            successor=self.successor,
            certs=tuple(certify(self.identity, c, NOW - YEAR) for c in self.certifiers),
        )
        return replace(entry, **changes)

    def envelope(self, **changes: Any) -> Envelope:
        return self.entry(**changes).to_envelope(self.root)

    def published(self) -> KeyEntry:
        """The first key entry as a reader has it, with its hash."""
        return KeyEntry.from_envelope(self.envelope())

    def next(self, **changes: Any) -> Envelope:
        return next_entry(self.published(), **changes).to_envelope(self.root)

    def member(self, name: str, *roles: str, root: Signer | None = None, **changes: Any) -> Member:
        """A member; the same name is the same device."""
        made = DeviceKeys(seed(f"device {name} {self.agency}"), Identity(seed(f"box {name} {self.agency}")))
        roles = roles or ("caseworker",)
        cert = MemberCert(
            agency=self.agency,
            member=some_id(f"member {name} {self.agency}"),
            roles=frozenset(roles),
            sign=made.signer().public_key,
            recipient=made.recipient,
            valid_from=NOW - YEAR,
            until=NOW + YEAR,
        )
        envelope = replace(cert, **changes).to_envelope(root or self.root)
        found = Member(self.agency, cert.member, made, roles, MemberCert.from_envelope(envelope), envelope)
        self.members[name] = found
        return found

    def revocation(self, member: Member, at: int = NOW) -> Envelope:
        return Revocation(self.agency, member.member, member.cert.sign, at).to_envelope(self.root)

    def grant(self, member: Member) -> EpochGrant:
        return self.epoch().grant(member.cert)


def hub_signer(host: str = HOST) -> Signer:
    return signer(f"hub {host}")


def hub_entry(host: str = HOST, kind: str = "ngo") -> Envelope:
    key = hub_signer(host)
    return HubEntry(host, f"operator of {host}", kind, "DJ", key.public_key).to_envelope(key)


@dataclass(slots=True)
class World:
    """Agencies that know one another: `Signers` and `Senders` without a database."""

    agencies: dict[str, Agency] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)

    def agency(self, name: str, host: str = HOST, **facts: Any) -> Agency:
        found = Agency(name, host, **facts)
        self.agencies[found.agency] = found
        return found

    def member_key(self, agency: str, member: str, role: str, keyid: str, at: int) -> bytes:
        found = self._device(agency, keyid)
        if found.member != member or role not in found.cert.roles or keyid in self.revoked:
            raise BadSignature("The certificate does not give this member this role.")
        if not found.cert.valid_from <= at <= found.cert.until:
            raise BadSignature("The certificate was not valid when this was signed.")
        return found.cert.sign

    def sender_key(self, agency: str, keyid: str) -> Any:
        from hub.packets.manifest import SenderKey

        found = self._device(agency, keyid)
        return SenderKey(MemberId(found.member), found.cert.sign)

    def hub_key(self, host: str, keyid: str) -> bytes:
        key = hub_signer(host)
        if key.kid != keyid:
            raise UnknownSigner("The key of this hub is not known here.")
        return key.public_key

    def verified(self, statement: Statement, *signers: Signer, now: int = NOW) -> VerifiedStatement:
        """The statement, signed by `signers` (the hub's own key for a hub's statement) and verified."""
        keys = signers or (hub_signer(statement.hub or HOST),)
        return verify_statement(sign_statement(statement, keys).to_bytes(), self, now=now)

    def _device(self, agency: str, keyid: str) -> Member:
        for member in self.agencies[agency].members.values() if agency in self.agencies else ():
            if member.cert.keyid == keyid:
                return member
        raise UnknownSigner("No certificate of this signer is known here.")


def submission(**changes: Any) -> dict[str, Any]:
    """The body of a referral.submit."""
    return {
        "kind": "referral",
        "urgency": "urgent",
        "due": NOW + 86_400,
        "needed_from": None,
        "verdict": {
            "policy": "2026-11",
            "gates": [{"id": "R01", "commit": some_hash("R01")}],
            "signers": [{"role": "caseworker", "n": 1}],
        },
        "leg": None,
        "freeze": some_hash("handle"),
        "link": None,
    } | changes


def link(name: str = "link", **changes: Any) -> dict[str, Any]:
    """What a submission says of a link by which somebody without an account opens its packet."""
    keys = DeviceKeys(seed(f"device {name}"), Identity(seed(f"box {name}")))
    public = {"sign": b64u(keys.signer().public_key), "recipient": keys.recipient}
    return {"id": some_id(name), **public, "until": NOW + 86_400, "code": some_hash("code")} | changes


def own_record() -> dict[str, Any]:
    """The body of a record.put."""
    return submission(kind="own_record", urgency="routine", due=None, verdict=None, freeze=None)


def statement(kind: str, *by: MemberActor | HubActor, body: dict[str, Any] | None = None, **changes: Any) -> Statement:
    """A statement of one kind; `heads` and `parts` are what the kind needs unless given."""
    hub = isinstance(by[0], HubActor)
    made = Statement(
        type=kind,
        handoff=some_id("handoff"),
        heads=() if kind in {"referral.submit", "record.put"} else (some_hash("head"),),
        by=by,
        at=NOW,
        grade=Grade.HUB if hub else Grade.SIGNED,
        body={} if body is None else body,
        parts=(some_hash("manifest"),) if kind in {"referral.submit", "record.put"} else (),
    )
    return replace(made, **changes)


def register(connection: Any, *agencies: Agency, origin: str = HOST, now: int = NOW) -> Keyring:
    """Put agencies with their members into a database: at home here, or taken from their own hub's log."""
    keyring = Keyring(connection, origin, CERTIFIER_KEYS)
    index = 10_000
    for agency in agencies:
        for envelope in (hub_entry(agency.host), agency.envelope(), *(m.envelope for m in agency.members.values())):
            hub = envelope.payload_type.endswith("hub-entry+json;v=1")
            if keyring.store.knows(envelope.hash) or (hub and keyring.store.hub_entry(agency.host)):
                continue
            if host_of(agency.agency) != origin:
                index += 1
                keyring.take(envelope.to_bytes(), index, host=agency.host)
            else:
                keyring.publish(type(read_document(envelope)), envelope.to_bytes(), now=now)
    return keyring
