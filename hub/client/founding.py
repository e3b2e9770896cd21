"""A new agency: its root key, the identity that two certifiers sign, its first key entry, its founder.

Two stages, because certifiers are other people elsewhere: `begin` makes the founder's profile with the root in its
vault, `finish` registers the agency with what they sent back, and may be tried again. The root certifies and signs
nothing else.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hub.client import enrol
from hub.client.enrol import Desk, Invitation, Sheet
from hub.client.member import unlock
from hub.errors import InvalidRequest, NotFound, Unauthenticated
from hub.ids import agency_id, random_id
from hub.keys.certificates import CASE_ROLES, NEVER_RECEIVE, PERSON_ONLY, AgencyIdentity, Certification, KeyEntry
from hub.keys.devices import EpochSecret, RootKey
from hub.packets import shapes as a
from hub.packets.encoding import parse_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.client.member import Member

_FILE = "founding.json"


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
    no_account: bool = False
    """Whether its providers have no account, so that packets go by link alone; its parent sponsors it."""


def begin(desk: Desk, invitation: Invitation, facts: AgencyFacts) -> tuple[AgencyIdentity, Sheet]:
    """Make the founder's profile with the agency's root; return the identity for two certifiers, and what to print.

    The founder's device starts epoch 1 if a role of theirs may open cases; else the first such member's does. An agency
    whose kind never receives has neither epoch nor inbox; one without accounts has no epoch.

    Raises:
        Conflict: the folder is taken.
        InvalidRequest: nobody is named who sponsors an agency without accounts.
    """
    if facts.no_account and not facts.parent:
        raise InvalidRequest("An agency without accounts has a sponsor.", todo="Name it with --parent.")
    root, closed = RootKey.generate(), facts.no_account or facts.kind in {PERSON_ONLY, *NEVER_RECEIVE}
    opens = invitation.roles & CASE_ROLES and not closed
    identity = _identity(invitation.agency, facts, root)
    member, sheet = enrol.prepare(desk, invitation, root=root, epoch=EpochSecret.generate(1) if opens else None)
    said = {**asdict(facts), "duty": list(facts.duty)}
    member.profile.save_json(_FILE, {"invitation": invitation.to_text(), "facts": said, "inbox": random_id()})
    return identity, sheet


def finish(desk: Desk, certs: Sequence[Certification]) -> Member:
    """Register the agency that `begin` prepared, enrol its founder and certify their device; return them.

    Raises:
        NotFound: nothing was begun in this folder.
        Unauthenticated: another passphrase, or the invitation was used or has expired.
    """
    if not (desk.folder / _FILE).exists():
        raise NotFound("No agency was begun in this folder.", todo="Run `hub agency request` first.")
    member = unlock(desk.folder, desk.passphrase, clock=desk.clock, http=desk.http)
    begun = member.profile.load_json(_FILE)
    invitation = Invitation.from_text(begun["invitation"])
    try:
        member.hub.get("/api/v1/me")
    except Unauthenticated:
        _register(member, invitation, begun, certs)
    enrol.certify_member(member, enrol.this_device(member, invitation.roles), invitation.roles)
    (desk.folder / _FILE).unlink()
    return member


def _register(member: Member, invitation: Invitation, begun: dict[str, Any], certs: Sequence[Certification]) -> None:
    facts = AgencyFacts(**{**begun["facts"], "duty": tuple(begun["facts"]["duty"])})
    root: Any = member.secrets.root
    entry = KeyEntry(
        _identity(member.agency, facts, root),
        seq=0,
        prev=None,
        enc=tuple(secret.public() for secret in member.secrets.epochs.values()),
        inboxes=() if facts.kind in NEVER_RECEIVE else (begun["inbox"],),
        deputy=facts.deputy,
        duty=facts.duty,
        successor=facts.successor,
        certs=tuple(certs),
    )
    document = parse_json(entry.to_envelope(root.signer()).to_bytes())
    member.hub.post("/api/v1/agencies", {"entry": document}, invitation=invitation.code)
    enrol.register(member, invitation)


def identity_from_value(value: Any) -> AgencyIdentity:
    """Return the identity in a request for certification.

    Raises:
        Malformed: not of its form.
    """
    a.object_of(AgencyIdentity.SHAPE)(value)
    return AgencyIdentity.from_value(value)


def certification_from_value(value: Any) -> Certification:
    """Return the certification in a file.

    Raises:
        Malformed: not of its form.
    """
    a.object_of(Certification.SHAPE)(value)
    return Certification.from_value(value)


def agency_address(name: str, host: str) -> str:
    """Return the address of an agency.

    Raises:
        InvalidRequest: a name that an address cannot have.
    """
    try:
        return agency_id(name, host)
    except ValueError as error:
        raise InvalidRequest("An agency is named by lower-case letters, digits and hyphens.") from error


def _identity(agency: str, facts: AgencyFacts, root: RootKey) -> AgencyIdentity:
    public = root.signer().public_key
    return AgencyIdentity(agency, facts.kind, facts.country, facts.parent, facts.operator, public)
