"""What a sender knows besides the lawful basis: sharing protocols, declarations of agencies, live keys, training.

Facts for the rules of `consent`; decides nothing. What others signed is verified here: a declaration with its agency's
certificates, an own record by the role of who put it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from consent.decide import Recipient
from consent.policy import CATEGORIES
from hub.client import records
from hub.client.transport import well_formed
from hub.directory.attestation import ATTESTERS, Attestation, read_attestation, sign_attestation
from hub.errors import InvalidRequest, PacketError
from hub.keys.certificates import CASE_ROLES
from hub.packets import shapes as a
from hub.packets.encoding import canonical, parse_json
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.client.member import Member
    from hub.keys.pins import TrustedAgency

PROTOCOL = "protocol"
_OFFICERS = frozenset({Role.DATA_OFFICER.value})
_FORM = a.object_of(
    {
        "label": a.text,
        "countries": a.list_of(a.country, 50, 2),
        "agencies": a.null_or(a.list_of(a.agency, 200, 2)),
        "categories": a.list_of(a.one_of(*CATEGORIES), len(CATEGORIES), 1),
        "from": a.date,
        "until": a.date,
    }
)


def sender(member: Member) -> dict[str, Any]:
    """Return the facts around a sending agency."""
    entry = member.home().entry
    return {"sender": {"agency": entry.agency, "country": entry.country}, "protocols": protocols(member)}


def recipient(member: Member, to: TrustedAgency, person: str | None, *, by_link: bool = False) -> Recipient:
    """Return a recipient as its key entry, its certificates and its declaration describe it.

    A link's key is alive because it was made for this packet, whoever works at the agency.
    """
    now, entry = member.clock.now(), to.entry
    working = [cert for cert in to.members(now) if cert.roles & CASE_ROLES and person in {None, cert.member}]
    declared = attestation(member, to)
    return Recipient(
        entry.agency,
        entry.kind,
        entry.country,
        person,
        active=by_link or bool(working),
        firewall_until=declared.firewall_until if declared else None,
        safeguarding_until=declared.safeguarding_until if declared else None,
    )


# Declarations


def attest(member: Member, firewall_until: str, safeguarding_until: str) -> dict[str, Any]:
    """Sign and publish the own agency's declaration; return what it says.

    Raises:
        Forbidden: the member is neither admin nor data officer.
        InvalidRequest: it would hold longer than two years.
    """
    member.role(ATTESTERS)
    said = Attestation(member.agency, firewall_until, safeguarding_until, member.clock.now())
    signed = sign_attestation(said, member.signer)
    member.hub.put("/api/v1/directory/attestation", {"attestation": parse_json(signed.to_bytes())})
    return asdict(said)


def attestation(member: Member, agency: TrustedAgency) -> Attestation | None:
    """Return what an agency declared, if one of its admins or data officers signed it; else None."""
    name, now = agency.entry.agency, member.clock.now()
    with well_formed():
        found = member.hub.get(f"/api/v1/directory/attestations/{quote(name, safe=':@')}")["attestation"]
    if found is None:
        return None
    keys = [cert.sign for cert in agency.members(now) if cert.roles & ATTESTERS]
    try:
        return read_attestation(canonical(found), name, keys, now=now)
    except PacketError:
        return None


# Sharing protocols


def put_protocol(member: Member, value: Mapping[str, Any]) -> str:
    """Keep a sharing protocol: which countries or agencies may share which categories, from when until when (R10).

    Raises:
        InvalidRequest: it is none; Forbidden: the member is no data officer.
    """
    row = {"agencies": None, **value}
    try:
        _FORM(row)
    except PacketError as error:
        raise InvalidRequest(
            "A sharing protocol says label, countries, categories, from and until, and agencies where it names any.",
            todo="Correct the file; see docs/cli.md.",
        ) from error
    return records.put(member, PROTOCOL, row, roles=_OFFICERS)


def protocols(member: Member) -> list[dict[str, Any]]:
    """Return the sharing protocols that a data officer of the own agency keeps."""
    found = records.listing(member, PROTOCOL)
    return [dict(row.value) for row in found if row.by.role in _OFFICERS and records.of_form(row, _FORM)]
