"""The lawful basis at the sender's desk: kept sealed, asked before anything is sealed, shown to each recipient in part.

`consent` decides; this turns its answers into what a packet and a submission carry, and refuses where it denies. The
secret of a basis stays in the agency's own record, so that no two commitments can be joined (docs/protocol.md §4.3).
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from consent import policy
from consent.basis import Basis, BasisError, Consent, from_value
from consent.decide import Deny, Recipient, Request, decide
from consent.excerpt import excerpt_for, until_month, verdict
from consent.token import new_token
from hub.client import access, records
from hub.errors import ConsentMissing, InvalidRequest, Malformed
from hub.packets import seal
from hub.packets.encoding import b64u, from_b64u

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from hub.client.member import Member
    from hub.client.reading import Shown
    from hub.keys.pins import TrustedAgency
    from hub.statements.grammar import MemberActor

KIND = "consent"


@dataclass(frozen=True, slots=True)
class Held:
    """A basis in the agency's own records. `handoff` is the record's; `label` is the worker's own word for it."""

    handoff: str
    label: str
    basis: Basis
    secret: bytes = field(repr=False)
    token: str | None = field(repr=False)
    """What stands on the giver's receipt; only a consent has one."""

    @property
    def live(self) -> bool:
        """Whether it was not withdrawn."""
        return not (isinstance(self.basis, Consent) and self.basis.withdrawn is not None)


@dataclass(frozen=True, slots=True)
class Asked:
    """What would be sent: to whom, for what, which sections."""

    to: TrustedAgency
    purpose: str
    categories: frozenset[str]
    service: str | None = None
    person: str | None = None

    def request(self) -> Request:
        """Return the question in the words of `consent`."""
        entry = self.to.entry
        recipient = Recipient(entry.agency, entry.kind, entry.country, self.service, self.person)
        return Request(recipient, self.categories, self.purpose)


@dataclass(frozen=True, slots=True)
class Permitted:
    """What a packet carries of its basis, and what its submission says that the gates found."""

    packet: str
    basis: seal.Basis
    gates: tuple[dict[str, str], ...]

    def verdict(self, by: Sequence[MemberActor]) -> dict[str, Any]:
        """Return the verdict of a submission that these members sign."""
        counted = Counter(actor.role for actor in by)
        signers = [{"role": role, "n": n} for role, n in sorted(counted.items())]
        return {"policy": policy.POLICY_VERSION, "gates": list(self.gates), "signers": signers}


def keep(member: Member, basis: Basis, label: str, attachments: Sequence[Path] = ()) -> Held:
    """Keep a basis as an own record, with the signed form or recording beside it; return it."""
    secret = secrets.token_bytes(32)
    token = new_token() if isinstance(basis, Consent) else None
    handoff = records.put(member, KIND, _value(basis, label, secret, token), attachments=attachments)
    return Held(handoff, label, basis, secret, token)


def load(member: Member, handoff: str, why: str | None = None, through: Shown | None = None) -> Held:
    """Return a basis from the agency's own records; `through` is a handoff that was sent on it.

    Raises:
        InvalidRequest: a colleague recorded it, and the member did not say `why` (R46).
    """
    return _held(access.open_record(member, records.get(member, handoff, KIND), why, through))


def listing(member: Member) -> list[Held]:
    """Return all bases that the agency holds, newest first."""
    return [_held(record) for record in records.listing(member, KIND)]


def withdraw(member: Member, handoff: str) -> Held:
    """Write down that a consent was withdrawn today. What was sent on it is `withdrawal.withdraw`'s.

    Raises:
        InvalidRequest: not a consent; only a consent can be withdrawn.
    """
    held = _held(records.get(member, handoff, KIND))  # whoever is told of a withdrawal writes it down at once
    if not isinstance(held.basis, Consent):
        raise InvalidRequest("Only a consent can be withdrawn.", todo="A duty or a supervisor's note ends by its date.")
    if not held.live:
        return held
    basis = replace(held.basis, withdrawn=datetime.fromtimestamp(member.clock.now(), UTC).date())
    records.put(member, KIND, _value(basis, held.label, held.secret, held.token), handoff=handoff)
    return replace(held, basis=basis)


def decide_for(held: Held, asked: Asked, packet: str, now: int) -> Permitted:
    """Return what lets `packet` be sealed.

    Raises:
        ConsentMissing: it may not; `reasons` in its facts say which rule, why, and whom to ask.
    """
    request = asked.request()
    answer = decide(held.basis, request, now)
    if isinstance(answer, Deny):
        raise denied(answer)
    excerpt = excerpt_for(held.basis, request.recipient)
    key = seal.basis_key(held.secret, packet, request.recipient.agency)
    found = verdict(held.basis, request, now)
    gates = tuple({"id": gate, "commit": seal.gate_commitment(finding, key, gate)} for gate, finding in found)
    return Permitted(packet, seal.Basis(key, excerpt, request.recipient.country, until_month(answer.until)), gates)


def preview(held: Held, asked: Asked, now: int) -> tuple[date | None, list[dict[str, str]]]:
    """Return until when the basis permits this, or why it does not, without sealing anything."""
    answer = decide(held.basis, asked.request(), now)
    return (None, _reasons(answer)) if isinstance(answer, Deny) else (answer.until, [])


def denied(answer: Deny) -> ConsentMissing:
    """Return the error that tells a denial."""
    reasons = _reasons(answer)
    return ConsentMissing(reasons[0]["message"], reasons=reasons)


def parse(value: object) -> Basis:
    """Return the basis that a JSON object is.

    Raises:
        InvalidRequest: it is none.
    """
    try:
        return from_value(value)
    except BasisError as error:
        raise InvalidRequest(str(error), todo="Correct the record of the basis.") from error


def categories(sections: Collection[str]) -> frozenset[str]:
    """Return the categories of sections; `request` says what is asked and is none."""
    return frozenset(sections) - {"request"}


def _reasons(answer: Deny) -> list[dict[str, str]]:
    return [asdict(reason) for reason in answer.reasons]


def _value(basis: Basis, label: str, secret: bytes, token: str | None) -> dict[str, Any]:
    return {"label": label, "basis": basis.to_value(), "secret": b64u(secret), "token": token}


def _held(record: records.Record) -> Held:
    value = record.value
    if set(value) != {"label", "basis", "secret", "token"}:
        raise Malformed("The record of a basis is not of its form.")
    token = None if value["token"] is None else str(value["token"])
    return Held(record.handoff, str(value["label"]), parse(value["basis"]), from_b64u(value["secret"], 32), token)
