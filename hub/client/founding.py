"""A new agency: its root key, the identity that two certifiers sign, its first key entry, its founder.

Two stages, because certifiers are other people elsewhere: `begin` makes the root and keeps it sealed on this machine,
`finish` registers the agency with what they sent back. The root certifies and signs nothing else.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from hub.client import enrol
from hub.client.enrol import Desk, Invitation, Sheet
from hub.client.member import unlock
from hub.client.profile import Profile, write_private
from hub.client.transport import HubSession
from hub.errors import Conflict, InvalidRequest, Malformed, NotFound
from hub.ids import agency_id, random_id
from hub.keys.certificates import CASE_ROLES, PERSON_ONLY, AgencyIdentity, Certification, KeyEntry, certify
from hub.keys.devices import EpochSecret, RootKey
from hub.keys.vault import DeviceSecret, KdfParameters, SealedVault, derive, open_vault, seal_vault
from hub.packets.age import Identity
from hub.packets.encoding import b64u, canonical, from_b64u, parse_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.client.member import Member
    from hub.packets.dsse import Signer

_FILE = "founding.json"
_LOGIN = "founding"


@dataclass(frozen=True, slots=True)
class AgencyFacts:
    """What an agency says of itself beyond its address."""

    kind: str
    country: str
    operator: str
    parent: str | None = None
    deputy: str | None = None
    duty: tuple[str, ...] = ()
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """What the first key entry publishes beside the identity; kept by `begin`, so that `finish` can be tried again."""

    inbox: str
    epoch: EpochSecret


def new_root(invitation: Invitation, facts: AgencyFacts) -> tuple[RootKey, AgencyIdentity]:
    """Return a new agency's root key and the identity that two certifiers are to sign."""
    root = RootKey.generate()
    return root, _identity(invitation, root, facts)


def begin(desk: Desk, invitation: Invitation, facts: AgencyFacts) -> AgencyIdentity:
    """Make the root of a new agency and keep it sealed in the desk's folder until its certifiers have answered.

    Raises:
        Conflict: the folder is taken.
    """
    if desk.folder.exists() and any(desk.folder.iterdir()):
        raise Conflict("This folder is not empty.", todo="Choose another folder with --profile.")
    root, identity = new_root(invitation, facts)
    device, kdf = DeviceSecret.generate(), KdfParameters.fresh()
    said = {**asdict(facts), "duty": list(facts.duty)}
    start = {"inbox": random_id(), "epoch": b64u(EpochSecret.generate(1).identity.secret)}
    given = {"invitation": invitation.to_text(), "facts": said, "login": desk.login}
    content = {"root": b64u(root.seed), **given, **start}
    keys = derive(desk.passphrase, device, kdf)
    vault = seal_vault(content, keys, login=_LOGIN, version=1, kdf=kdf)
    desk.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    value = {"device": b64u(device.value), "kdf": kdf.to_value(), "vault": b64u(vault.data)}
    write_private(desk.folder / _FILE, canonical(value))
    return identity


def finish(desk: Desk, certs: Sequence[Certification]) -> tuple[Member, Sheet]:
    """Register the agency that `begin` prepared, with its certifications; see `create_agency`.

    Raises:
        NotFound: nothing was begun in this folder.
        BadSignature: another passphrase.
    """
    try:
        value = parse_json((desk.folder / _FILE).read_bytes())
    except OSError as error:
        raise NotFound("No agency was begun in this folder.", todo="Run `hub agency request` first.") from error
    kdf = KdfParameters.from_value(value["kdf"])
    keys = derive(desk.passphrase, DeviceSecret(from_b64u(value["device"], 16)), kdf)
    content = open_vault(SealedVault(1, kdf, from_b64u(value["vault"])), keys, login=_LOGIN, seen=0).content
    facts = AgencyFacts(**{**content["facts"], "duty": tuple(content["facts"]["duty"])})
    invitation, root = Invitation.from_text(content["invitation"]), RootKey(from_b64u(content["root"], 32))
    start = Start(content["inbox"], EpochSecret(1, Identity(from_b64u(content["epoch"], 32))))
    desk = replace(desk, login=content["login"])
    made = _resume(desk, invitation) or create_agency(desk, invitation, root, facts, certs, start=start)
    (desk.folder / _FILE).unlink()
    return made


def identity_from_value(value: object) -> AgencyIdentity:
    """Return the identity in a request for certification.

    Raises:
        Malformed: not of its form.
    """
    names = {"v", "agency", "kind", "country", "parent", "operator", "root"}
    if not isinstance(value, dict) or set(value) != names or value["v"] != 1:
        raise Malformed("This is not a request for the certification of an agency.")
    if not all(isinstance(value[name], str) for name in names - {"v", "parent"}):
        raise Malformed("This is not a request for the certification of an agency.")
    return AgencyIdentity(**{name: value[name] for name in names - {"v", "root"}}, root=from_b64u(value["root"], 32))


def certify_agency(identity: AgencyIdentity, certifier: Signer, now: int) -> dict[str, Any]:
    """Return a certifier's certification, to be handed back to the agency."""
    return certify(identity, certifier, now).to_value()


def certification_from_value(value: object) -> Certification:
    """Return the certification in a file.

    Raises:
        Malformed: not of its form.
    """
    if not isinstance(value, dict) or set(value) != {"certifier", "at", "sig"} or type(value["at"]) is not int:
        raise Malformed("This is not a certification.")
    return Certification(from_b64u(value["certifier"], 32), value["at"], from_b64u(value["sig"], 64))


def create_agency(
    desk: Desk,
    invitation: Invitation,
    root: RootKey,
    facts: AgencyFacts,
    certs: Sequence[Certification],
    *,
    start: Start | None = None,
) -> tuple[Member, Sheet]:
    """Register an agency with its certifications, enrol its founder, certify their device; return them.

    The founder's device starts epoch 1 if a role of theirs may open cases; else the first such member's does.
    """
    start = start or Start(random_id(), EpochSecret.generate(1))
    epoch = start.epoch if invitation.roles & CASE_ROLES and facts.kind != PERSON_ONLY else None
    entry = KeyEntry(
        _identity(invitation, root, facts),
        seq=0,
        prev=None,
        enc=(epoch.public(),) if epoch else (),
        inboxes=(start.inbox,),
        deputy=facts.deputy,
        duty=facts.duty,
        successor=facts.successor,
        certs=tuple(certs),
    )
    hub = HubSession(invitation.url, http=desk.http)
    document = parse_json(entry.to_envelope(root.signer()).to_bytes())
    hub.post("/api/v1/agencies", {"entry": document}, invitation=invitation.code)
    member, sheet = enrol.enrol(desk, invitation, root=root, epoch=epoch)
    enrol.certify_member(member, enrol.this_device(member, invitation.roles), invitation.roles)
    if epoch is not None:
        enrol.grant_missing(member)
    return member, sheet


def _resume(desk: Desk, invitation: Invitation) -> tuple[Member, Sheet] | None:
    """Return the founder who enrolled in an earlier try that was cut off before their certificate, or None."""
    if not Profile(desk.folder).exists:
        return None
    member = unlock(desk.folder, desk.passphrase, clock=desk.clock, http=desk.http)
    enrol.certify_member(member, enrol.this_device(member, invitation.roles), invitation.roles)
    return member, Sheet(member.renew_recovery().text(), b64u(member.profile.device.value))


def agency_address(name: str, host: str) -> str:
    """Return the address of an agency.

    Raises:
        InvalidRequest: a name that an address cannot have.
    """
    try:
        return agency_id(name, host)
    except ValueError as error:
        raise InvalidRequest("An agency is named by lower-case letters, digits and hyphens.") from error


def _identity(invitation: Invitation, root: RootKey, facts: AgencyFacts) -> AgencyIdentity:
    public = root.signer().public_key
    return AgencyIdentity(invitation.agency, facts.kind, facts.country, facts.parent, facts.operator, public)
