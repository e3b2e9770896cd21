"""Approvals that lift a rule: signed by each member who gives one, kept in the consent record, verified at both ends.

A rule's `override` in the policy says who may lift it. Here it is made sure that they did: an approval counts for as
many members as signed exactly what it says. A reason stays in the record; the recipient is shown who approved what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.errors import HubError
from hub.packets import shapes as a
from hub.packets.dsse import Envelope, sign_envelope
from hub.packets.encoding import canonical, parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.client.member import Member

APPROVAL_TYPE = "application/vnd.rcp.approval+json;v=1"
SAID = ("rule", "categories", "recipient", "from", "until", "code", "child_told", "child_agreed")
_SHAPE = a.object_of(
    {
        "v": a.integer(1, 1),
        "record": a.identifier,
        "agency": a.agency,
        "member": a.identifier,
        "role": a.name,
        "at": a.seconds,
        "said": a.at_least({}),
    }
)


def proven(member: Member, facts: Mapping[str, Any], record: str) -> dict[str, Any]:
    """Return the facts of a consent with those approvals only that their members signed."""
    rows = [_proven(member, row, record) for row in facts.get("overrides", ()) if isinstance(row, dict)]
    return {**facts, "overrides": [row for row in rows if row["members"]]}


def _proven(member: Member, row: Mapping[str, Any], record: str) -> dict[str, Any]:
    by = set()
    for proof in row.get("proof") or ():
        found = _read(member, proof, record, row)
        if found is not None:
            by.add(found)
    return {**row, "members": len({who for _, who, _ in by}), "roles": sorted({role for *_, role in by})}


def _read(member: Member, proof: Any, record: str, row: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Return agency, member and role of who signed a row as it stands, if the agency's certificate says so."""
    try:
        envelope = Envelope.from_bytes(canonical(proof), APPROVAL_TYPE)
        value = envelope.value
        _SHAPE(value)
        if value["record"] != record or value["said"] != {name: row.get(name) for name in SAID}:
            return None
        certs = member.trust.agency(value["agency"], fresh=False).members(value["at"])
        own = [cert for cert in certs if cert.member == value["member"] and value["role"] in cert.roles]
        keyids = {signature.keyid for signature in envelope.signatures}
        envelope.verified_by([cert.sign for cert in own if cert.keyid in keyids])
    except HubError:
        return None
    return value["agency"], value["member"], value["role"]


def signed(member: Member, record: str, row: Mapping[str, Any], role: str) -> Any:
    """Return the member's signature below an approval of a rule's override in a record."""
    who = {"record": record, "agency": member.agency, "member": member.id, "role": role, "at": member.clock.now()}
    value = {"v": 1, **who, "said": {name: row[name] for name in SAID}}
    return parse_json(sign_envelope(APPROVAL_TYPE, value, [member.signer]).to_bytes())
