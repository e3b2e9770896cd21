"""Becoming an agency and a member: invitation, keys made here, certificates by the root, epoch grants, recovery.

Private keys are made on this machine and leave it only inside the vault. Who holds the root certifies a device after
two people compared six words or sixty digits of both of its keys: a hub cannot slip in a device or swap one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.client.member import DAY, Member
from hub.client.profile import Account, Profile, Secrets, Unlocked
from hub.client.transport import HubSession, well_formed
from hub.clock import Clock, SystemClock
from hub.errors import BadSignature, Forbidden, InvalidRequest, Malformed, NotFound
from hub.ids import random_id
from hub.keys.certificates import (
    CASE_ROLES,
    MAX_EPOCHS,
    PERSON_ONLY,
    Epoch,
    KeyEntry,
    MemberCert,
    Revocation,
    fingerprint,
    next_entry,
)
from hub.keys.devices import DeviceKeys, EpochSecret, RootKey
from hub.keys.pins import Pins
from hub.keys.vault import DeviceSecret, KdfParameters, RecoveryCode, VaultKeys, derive, wrap_for_recovery
from hub.keys.words import six_words
from hub.packets import shapes as a
from hub.packets.age import Recipient
from hub.packets.encoding import b64u, canonical, from_b64u, parse_json
from hub.statements.bodies import Role

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    import requests

    from hub.packets.dsse import Envelope, Signer

CERTIFICATE_LIFE = 730 * DAY
_INVITATION = a.object_of(
    {
        "v": a.integer(1, 1),
        "url": a.text,
        "host": a.host,
        "hub_key": a.hash_,
        "agency": a.agency,
        "roles": a.list_of(a.one_of(*Role), 9),
        "code": a.text,
        "member": a.null_or(a.identifier),
        "certifiers": a.list_of(a.hash_, 100),
    }
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a new member gets from their admin, or a new agency from the operator, by a way that both trust."""

    url: str
    host: str
    hub_key: bytes
    agency: str
    roles: frozenset[str]
    certifiers: frozenset[bytes]
    code: str = field(repr=False)
    member: str | None = None
    """Who comes back with a new device; None for somebody new."""

    def to_text(self) -> str:
        """Return one line of text to hand over."""
        plain = {"v": 1, "url": self.url, "host": self.host, "agency": self.agency, "code": self.code}
        plain["member"] = self.member
        lists = {"roles": sorted(self.roles), "certifiers": sorted(b64u(key) for key in self.certifiers)}
        return b64u(canonical({**plain, **lists, "hub_key": b64u(self.hub_key)}))

    @classmethod
    def from_text(cls, text: str) -> Invitation:
        """Return the invitation in a line of text.

        Raises:
            Malformed: it is none, or a part of it is missing.
        """
        try:
            value: Any = parse_json(from_b64u("".join(text.split())))
            _INVITATION(value)
        except Malformed as error:
            raise Malformed("This is not an invitation.", todo="Ask for it again and copy all of it.") from error
        certifiers = frozenset(from_b64u(key, 32) for key in value["certifiers"])
        key, roles = from_b64u(value["hub_key"], 32), frozenset(value["roles"])
        who = value["agency"], roles, certifiers, value["code"], value["member"]
        return cls(value["url"], value["host"], key, *who)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where somebody enrols: a folder for the profile, a login, a passphrase."""

    folder: Path
    login: str
    passphrase: str = field(repr=False)
    clock: Clock = field(default_factory=SystemClock)
    http: requests.Session | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is printed once: the recovery code, and the device secret for a new device."""

    recovery: str = field(repr=False)
    device: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pending:
    """Somebody who enrolled and waits for a certificate; `fingerprint` covers both keys of the device."""

    member: str
    login: str
    roles: frozenset[str]
    sign: bytes
    recipient: str

    @property
    def fingerprint(self) -> str:
        """The digits that two people compare."""
        return device_fingerprint(self.sign, self.recipient)

    @property
    def words(self) -> str:
        """The six words that they compare instead."""
        return six_words(_device_key(self.sign, self.recipient))

    def is_called(self, said: str) -> bool:
        """Return whether what a person read out is this device's: its six words, or its sixty digits."""
        if "".join(said.split()).isdecimal():
            return "".join(said.split()) == "".join(self.fingerprint.split())
        return said.lower().split() == self.words.split()


def device_fingerprint(sign: bytes, recipient: str) -> str:
    """Return the sixty digits of a device: of its signing and its encryption key together."""
    return fingerprint(_device_key(sign, recipient))


def _device_key(sign: bytes, recipient: str) -> bytes:
    return sign + bytes(Recipient.parse(recipient).public_key)


def invite(member: Member, roles: Collection[str], mail: str | None = None, returning: str | None = None) -> Invitation:
    """Return an invitation into the member's own agency, or for the member `returning` who has lost their device."""
    given: dict[str, Any] = {"roles": sorted(roles)} | ({"mail": mail} if mail else {})
    given |= {"member": returning} if returning else {}
    code = member.hub.post("/api/v1/invitations", given)["code"]
    account, pins = member.account, member.trust.pins
    key = pins.hubs[account.host]
    return Invitation(account.url, account.host, key, member.agency, frozenset(roles), pins.certifiers, code, returning)


def enrol(desk: Desk, invitation: Invitation) -> tuple[Member, Sheet]:
    """Make keys and a vault on this machine, and enrol with an invitation; return the member and what to print.

    Raises:
        Conflict: the login is taken, or the folder holds a profile.
        Unauthenticated: the invitation was used or has expired.
    """
    member, sheet = prepare(desk, invitation)
    try:
        register(member, invitation)
    except BaseException:
        member.profile.discard()
        raise
    return member, sheet


def prepare(
    desk: Desk, invitation: Invitation, *, root: RootKey | None = None, epoch: EpochSecret | None = None
) -> tuple[Member, Sheet]:
    """Make a profile with new keys in its vault; no hub has heard of it yet.

    Raises:
        Conflict: the folder holds a profile.
    """
    device, code = DeviceSecret.generate(), RecoveryCode.generate()
    kdf = KdfParameters.of(device)
    keys = derive(desk.passphrase, device, kdf)
    pins = Pins(invitation.certifiers).trust_hub(invitation.host, invitation.hub_key, fingerprint(invitation.hub_key))
    epochs = {} if epoch is None else {epoch.epoch: epoch}
    secrets = Secrets(DeviceKeys.generate(), root, keys.auth, pins.to_value(), epochs)
    account = Account(invitation.url, invitation.host, desk.login, invitation.agency, invitation.member or random_id())
    hub = HubSession(invitation.url, http=desk.http)
    profile = Profile.create(desk.folder, account, device)
    profile.keep(profile.seal(secrets, keys, kdf, 1, wrap_for_recovery(keys.kek, code, login=desk.login)))
    member = Member(profile, Unlocked(secrets, keys, 1, kdf), hub, desk.clock)
    return member, Sheet(code.text(), b64u(device.value))


def register(member: Member, invitation: Invitation) -> None:
    """Enrol a prepared profile at its hub."""
    account, device, vault = member.account, member.secrets.device, member.profile.vault()
    who = {"login": account.login, "member": account.member, "auth": b64u(member.secrets.auth)}
    sealed = {name: vault[name] for name in ("kdf", "vault", "recovery")}
    public = {"sign": b64u(device.signer().public_key), "recipient": device.recipient}
    member.hub.post("/api/v1/enrolments", {**who, **sealed, **public}, invitation=invitation.code)


def pending(member: Member) -> list[Pending]:
    """Return who waits for a certificate of the member's agency."""
    with well_formed():
        return [
            Pending(row["member"], row["login"], frozenset(row["roles"]), from_b64u(row["sign"], 32), row["recipient"])
            for row in member.hub.get("/api/v1/enrolments")
        ]


def this_device(member: Member, roles: Collection[str]) -> Pending:
    """Return the member's own device as somebody who waits for a certificate."""
    device = member.secrets.device
    return Pending(member.id, member.account.login, frozenset(roles), device.signer().public_key, device.recipient)


def certify_pending(member: Member, login: str, said: str, roles: Collection[str]) -> MemberCert:
    """Certify the device of somebody who enrolled, by what they read out of it: six words, or sixty digits.

    Raises:
        NotFound: nobody of that login waits.
        BadSignature: these are not the keys that the other person sees.
    """
    found = next((row for row in pending(member) if row.login == login), None)
    if found is None:
        raise NotFound("Nobody of that login waits for a certificate.")
    if not found.is_called(said):
        raise BadSignature(
            "They differ: the hub shows other keys than that device has.",
            todo="Compare again by phone. If they still differ, certify nobody and tell the operator.",
        )
    return certify_member(member, found, roles)


def certify_member(member: Member, row: Pending, roles: Collection[str]) -> MemberCert:
    """Sign a device's certificate with the agency's root and publish it.

    Raises:
        Forbidden: this device does not hold the root key.
    """
    now = member.clock.now()
    span = (now, now + CERTIFICATE_LIFE)
    cert = MemberCert(member.agency, row.member, frozenset(roles), row.sign, row.recipient, *span)
    _publish(member, "/api/v1/members", certificate=cert.to_envelope(_root(member)))
    return cert


def remove_member(member: Member, named: str) -> str:
    """Revoke every device of a colleague, named by login or member id, with the agency's root; return the member id.

    What they sign from here on counts nowhere, and what they held goes to the deputy. Epoch keys that they hold stay
    good until the next epoch is published (`hub.client.epochs`). Run again, it does what is left to do.

    Raises:
        NotFound: nobody of that name was ever certified.
        Forbidden: this device does not hold the root key, or it is the last one that does.
    """
    gone, certs = _revocable(member, named)
    _revoke(member, certs)
    member.hub.post("/api/v1/members", {"leaves": gone})
    return gone


def lose_device(member: Member, named: str) -> Invitation:
    """Revoke a colleague's device that is lost, and return the invitation with which they come back on a new one.

    They stay the same member and keep what they hold; the roles are those that they had.

    Raises:
        NotFound: nobody of that name was ever certified.
        Forbidden: this device does not hold the root key, or it is the last one that does.
    """
    gone, certs = _revocable(member, named)
    _revoke(member, certs)
    theirs = [device.roles for device in member.home().devices if device.member == gone]
    return invite(member, theirs[-1], returning=gone)


def name_deputy(member: Member, named: str) -> KeyEntry:
    """Name who takes over what a colleague held who leaves, in the agency's next key entry.

    Raises:
        NotFound: nobody of that name is certified now.
        Forbidden: this device does not hold the root key.
    """
    member.trust.forget()
    deputy = colleague(member, named)[0].member
    return _publish_entry(member, deputy=deputy)


def colleague(member: Member, named: str) -> tuple[MemberCert, ...]:
    """Return the certificates of a colleague, named by login or member id.

    Raises:
        NotFound: nobody of that name is certified now.
    """
    found = _id_of(member, named)
    certs = tuple(cert for cert in member.home().members(member.clock.now()) if cert.member == found)
    if not certs:
        raise NotFound("Nobody of that name is certified here.", todo="See `hub member list`.")
    return certs


def _id_of(member: Member, named: str) -> str:
    rows = member.hub.get("/api/v1/members")
    found = {str(row["member"]) for row in rows if named in {row["member"], row["login"]}}
    if len(found) != 1:
        raise NotFound("Nobody of that name is certified here.", todo="See `hub member list`.")
    return found.pop()


def _revocable(member: Member, named: str) -> tuple[str, tuple[MemberCert, ...]]:
    member.trust.forget()
    gone = _id_of(member, named)
    if gone == member.id:
        raise Forbidden("You cannot remove yourself: nobody else holds the agency's root key.")
    _root(member)
    return gone, tuple(
        device.cert for device in member.home().devices if device.member == gone and not device.revoked_at
    )


def _revoke(member: Member, certs: Iterable[MemberCert]) -> None:
    for cert in certs:
        word = Revocation(member.agency, cert.member, cert.sign, member.clock.now())
        _publish(member, "/api/v1/members", revocation=word.to_envelope(_root(member)))


def start_epoch(member: Member) -> Epoch:
    """Make the next epoch's key on this device and keep it in the vault; whoever holds the root publishes it.

    Raises:
        Forbidden: the member has no role that opens cases, or the agency has no epochs.
    """
    member.trust.forget()
    entry = member.home().entry
    if not member.roles() & CASE_ROLES or entry.kind == PERSON_ONLY:
        raise Forbidden("Only members who work on cases may start an epoch, and a committee has none.")
    number = entry.enc[-1].epoch + 1 if entry.enc else 1
    begun = member.secrets.epochs.get(number)  # by a run that was interrupted, or whose file waits for the root
    secret = begun or EpochSecret.generate(number)
    member.keep(epochs={**member.secrets.epochs, secret.epoch: secret})
    return secret.public()


def publish_epoch(member: Member, epoch: Epoch) -> KeyEntry:
    """Publish an epoch in the agency's next key entry, signed by its root.

    Raises:
        InvalidRequest: not the epoch that follows.
    """
    member.trust.forget()
    entry = member.home().entry
    if epoch.epoch != (entry.enc[-1].epoch + 1 if entry.enc else 1):
        raise InvalidRequest("This is not the epoch that follows.")
    if len(entry.enc) >= MAX_EPOCHS:
        left = member.hub.get("/api/v1/rewraps")
        if left["left"] or left["frozen"]:
            raise InvalidRequest(
                "The oldest epoch would go, and packets may be sealed to it.", todo="Run `hub agency renew` first."
            )
    return _publish_entry(member, enc=(*entry.enc, epoch)[-MAX_EPOCHS:])


def grant_missing(member: Member) -> list[str]:
    """Seal the epoch secrets that this device holds to every certified device that may hold them; return member ids.

    A grant that is there already is replaced by an equal one. Certificates are verified against the root first. Among
    them is its own key: where the member works with another copy of the vault, that one opens them too.
    """
    member.trust.forget()
    listed = {epoch.epoch for epoch in member.home().entry.enc}
    held = {number: secret for number, secret in member.epochs().items() if number in listed}
    if not held:
        raise Forbidden("This device holds no epoch of the agency.", todo="Ask a colleague who can open cases.")
    granted = []
    for cert in member.home().members(member.clock.now()):
        if not cert.roles & CASE_ROLES:
            continue
        grants = [secret.grant(cert).to_value() for secret in held.values()]
        member.hub.put("/api/v1/grants", {"grants": grants, "current": b64u(member.secrets.auth)})
        if cert.recipient != member.secrets.device.recipient:
            granted.append(cert.member)
    return granted


def recover(desk: Desk, code: str) -> Member:
    """Open the vault with the recovery code and give it the desk's passphrase, here and at the hub.

    Raises:
        Malformed: the code is mistyped.
        BadSignature: it is another member's.
    """
    profile = Profile(desk.folder)
    opened = profile.unlock_by_recovery(code)
    member = Member(profile, opened, HubSession(profile.account.url, http=desk.http), desk.clock)
    kdf = KdfParameters.of(profile.device)
    keys: VaultKeys = derive(desk.passphrase, profile.device, kdf)
    wrap = wrap_for_recovery(keys.kek, RecoveryCode.parse(code), login=profile.account.login)
    member.keep(recovery=wrap, lock=(keys, kdf))
    return member


def _publish_entry(member: Member, **changes: Any) -> KeyEntry:
    changed = next_entry(member.home().entry, **changes)
    _publish(member, f"/api/v1/agencies/{member.agency}/entries", entry=changed.to_envelope(_root(member)))
    return member.home().entry


def _publish(member: Member, path: str, **documents: Envelope) -> None:
    member.hub.post(path, {name: parse_json(envelope.to_bytes()) for name, envelope in documents.items()})
    member.trust.forget()


def _root(member: Member) -> Signer:
    if member.secrets.root is None:
        raise Forbidden("This device does not hold the agency's root key.", todo="Ask whoever created the agency.")
    return member.secrets.root.signer()
