"""Approvals that lift a rule: signed by each member who gives one, kept in the consent record, verified at both ends.

A rule's `override` in the policy says who may lift it. Here it is made sure that they did: an approval counts for as
many members of one agency, the one whose record it is, as signed exactly what it says and still may when it is used. A
reason stays in the record; the recipient is shown who approved what.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.errors import HubError
from hub.packets import shapes as a
from hub.packets.dsse import Envelope, sign_envelope
from hub.packets.encoding import canonical, parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.client.member import Member

APPROVAL_TYPE = "application/vnd.rcp.approval+json;v=1"
_SKEW = 600
SAID = ("rule", "categories", "recipient", "from", "until", "code", "child_told", "child_agreed")


@dataclass(frozen=True, slots=True)
class Form:
    """What a kind of approvals says: the type of its signed payload, and the members that are signed."""

    type: str
    said: tuple[str, ...]


OVERRIDE = Form(APPROVAL_TYPE, SAID)
"""An approval in a consent record; those of the gates of a transfer are `hub.client.gates`'."""
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


@dataclass(frozen=True, slots=True)
class Use:
    """Where approvals are used: in which record, and when.

    `agency` is whose record it is, where that is known; `place` where the statement that used them stands in a log.
    """

    record: str
    at: int
    agency: str | None = None
    place: tuple[str, int] | None = None


def proven(member: Member, facts: Mapping[str, Any], use: Use) -> dict[str, Any]:
    """Return the facts of a consent with those approvals only that their members signed."""
    rows = [_proven(member, row, use) for row in facts.get("overrides", ()) if isinstance(row, dict)]
    return {**facts, "overrides": [row for row in rows if row["members"]]}


def signers(member: Member, row: Mapping[str, Any], use: Use, form: Form = OVERRIDE) -> list[tuple[str, str]]:
    """Return members and roles of the one agency that signed a row as it stands."""
    found = sorted({who for proof in row["proof"] if (who := _read(member, proof, row, use, form)) is not None})
    agency = use.agency or next((agency for agency, *_ in found), None)
    return [(who, role) for name, who, role in found if name == agency]


def _proven(member: Member, row: Mapping[str, Any], use: Use) -> dict[str, Any]:
    own = signers(member, row, use)
    return {**row, "members": len({who for who, _ in own}), "roles": sorted({role for _, role in own})}


def _read(member: Member, proof: Any, row: Mapping[str, Any], use: Use, form: Form) -> tuple[str, str, str] | None:
    """Return agency, member and role of who signed a row as it stands, if the agency's certificate says so."""
    try:
        envelope = Envelope.from_bytes(canonical(proof), form.type)
        value = envelope.value
        _SHAPE(value)
        who: tuple[str, str, str] = (value["agency"], value["member"], value["role"])
        if value["record"] != use.record or value["said"] != {name: row.get(name) for name in form.said}:
            return None
        keys = member.trust.keys(who[0])
        keys = keys.standing_at(*use.place) if use.place else keys
        (signature,) = envelope.signatures
        keys.member_key(*who, signature.keyid, use.at)
        envelope.verified_by([keys.member_key(*who, signature.keyid, value["at"])])
    except (HubError, ValueError):
        return None
    return who if value["at"] <= use.at + _SKEW else None


def signed(member: Member, record: str, row: Mapping[str, Any], role: str, form: Form = OVERRIDE) -> Any:
    """Return the member's signature below an approval, of a rule's override in a record or of another form."""
    who = {"record": record, "agency": member.agency, "member": member.id, "role": role, "at": member.clock.now()}
    value = {"v": 1, **who, "said": {name: row[name] for name in form.said}}
    return parse_json(sign_envelope(form.type, value, [member.signer]).to_bytes())
