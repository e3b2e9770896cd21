"""The lawful basis at the sender's desk: kept sealed, asked before anything is sealed, shown to each recipient in part.

`consent` decides; this turns its answers into what a packet and a submission carry, and refuses where it denies. The
secret of a basis stays in the agency's own record, so that no two commitments can be joined (docs/protocol.md §4.3).
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from consent import decide as rules
from consent import policy, record
from consent.basis import CONSENT, KINDS, BasisError, check
from consent.decide import Deny, Permit, Request
from consent.token import new_token
from hub.client import access, approvals, around, disagreements, records, training
from hub.errors import ConsentMissing, InvalidRequest, Malformed
from hub.ids import random_id
from hub.packets import seal
from hub.packets.encoding import b64u, from_b64u

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from consent.basis import Basis
    from consent.reasons import Reason
    from hub.client.member import Member
    from hub.client.reading import Shown
    from hub.inquiries.domain import Excepted
    from hub.keys.pins import TrustedAgency
    from hub.statements.grammar import MemberActor

KIND = "consent"
_EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Held:
    """A basis in the agency's own records. `handoff` is the record's; `label` is the worker's own word for it.

    `heads` are the heads of a consent's revisions, first one first. `came_by` is the handoff in which somebody else's
    excerpt came, for what is passed on.
    """

    handoff: str
    label: str
    basis: Basis
    secret: bytes = field(repr=False)
    heads: tuple[Mapping[str, Any], ...] = ()
    came_by: str | None = None

    @property
    def kind(self) -> str:
        """Which of the three kinds it is."""
        return str(self.basis["kind"])

    @property
    def live(self) -> bool:
        """Whether it was not withdrawn."""
        return self.kind != CONSENT or self.came_by is not None or not self.basis["withdrawal"]["events"]

    @property
    def token(self) -> str | None:
        """What stands on the giver's receipt and stops every packet on this basis."""
        receipt: Mapping[str, Any] = self.basis.get("receipt", _EMPTY)
        return receipt.get("token")

    def excerpt(self, agency: str) -> dict[str, Any]:
        """Return what a recipient is shown of it."""
        if self.came_by is not None:
            return record.onward_excerpt(self.basis, agency)
        if self.kind == CONSENT:
            return record.excerpt_for(self.basis, self.secret, agency)
        return {**self.basis, "recipients": sorted({agency} & set(self.basis["recipients"]))}


@dataclass(frozen=True, slots=True)
class Asked:
    """What would be sent: to whom, for what, which sections."""

    to: TrustedAgency
    purpose: str
    categories: frozenset[str]
    service: str | None = None
    person: str | None = None
    by_link: bool = False
    """Whether `person` is whoever holds a link of this id."""
    listing: Mapping[str, Any] | None = None
    """What the service map says of the service, where one of it was chosen (`services.facts`; R17 to R20)."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What the service must know of the person to be matched: `months_from`. Never leaves the client."""
    exception: Excepted | None = None
    """What the provider signed, where it takes the person against its own limits (R19)."""

    @property
    def excepted(self) -> Excepted | None:
        """The provider's exception, if it is one to all that speaks against this person."""
        made, to = self.exception, self.to.entry.agency
        return made if made is not None and made.covers(to, self.listing or _EMPTY, self.about) else None

    def request(self, member: Member, held: Held) -> Request:
        """Return the question in the words of `consent`.

        Raises:
            InvalidRequest: a service of the map was chosen, which is of another type than is asked for (R11).
        """
        if self.listing is not None and self.listing.get("service") != self.service:
            raise InvalidRequest(
                "The service map says that this service is of another type.",
                todo="Leave the type out; the map knows it.",
                rule="R11",
            )
        to = around.recipient(member, self.to, self.person, by_link=self.by_link)
        holder = member.agency if held.came_by is not None else None
        return Request(to, self.categories, self.purpose, self.service, holder)


@dataclass(frozen=True, slots=True)
class Permitted:
    """What a packet carries of its basis, what its submission says that the gates found, and what to do to it first."""

    packet: str
    basis: seal.Basis
    gates: tuple[dict[str, str], ...]
    obligations: tuple[str, ...] = ()

    def verdict(self, by: Sequence[MemberActor]) -> dict[str, Any]:
        """Return the verdict of a submission that these members sign."""
        counted = Counter(actor.role for actor in by)
        signers = [{"role": role, "n": n} for role, n in sorted(counted.items())]
        return {"policy": policy.POLICY_VERSION, "gates": list(self.gates), "signers": signers}


@dataclass(frozen=True, slots=True)
class Preview:
    """What the recipient would see, and why not the rest."""

    to: str
    until: date | None
    seen: tuple[str, ...]
    missing: Mapping[str, tuple[Reason, ...]]
    together: tuple[Reason, ...]
    """Why the sections that may go one by one may not go together."""
    obligations: tuple[str, ...]

    @property
    def permitted(self) -> bool:
        """Whether everything that was asked may be sent."""
        return not self.missing and not self.together


# Keeping


def draft(member: Member, value: object, label: str, attachments: Sequence[Path] = ()) -> Held:
    """Keep what a worker wrote down: a consent record as its form has it, or another basis whole.

    Raises:
        InvalidRequest: a field is missing or wrong; `field` in the facts names it.
        ConsentMissing: the member's training to record consents is not recorded (R46).
    """
    if not isinstance(value, dict) or value.get("kind", CONSENT) != CONSENT:
        return keep(member, parse(value), label, attachments)
    given = {name: row for name, row in value.items() if name != "kind"}
    given.setdefault("controllers", [_controller(member)])
    made = _checked(
        lambda: record.begin(
            given, record=random_id(), agency=member.agency, member=member.id, at=member.clock.now(), token=new_token()
        )
    )
    return keep(member, made, label, attachments)


def keep(member: Member, basis: Basis, label: str, attachments: Sequence[Path] = ()) -> Held:
    """Keep a basis as an own record, with the signed form or recording beside it; return it.

    Raises:
        ConsentMissing: it is a consent, and the member's training to record one is not recorded (R46).
    """
    secret, heads = secrets.token_bytes(32), []
    if basis["kind"] == CONSENT:
        _trained(member)
        heads = [record.head(basis, secret)]
    handoff = records.put(member, KIND, _value(basis, label, secret, heads), attachments=attachments)
    held = Held(handoff, label, basis, secret, tuple(heads))
    _disagree(member, held)
    return held


def revise(member: Member, held: Held, changes: Mapping[str, Any]) -> Held:
    """Keep the next revision of a consent; the chain of heads grows by one.

    Raises:
        InvalidRequest: not a consent, or the result is none.
        ConsentMissing: the member's training to record consents is not recorded (R46).
    """
    if held.kind != CONSENT or held.came_by is not None:
        raise InvalidRequest("Only a consent of the own agency has revisions.")
    _trained(member)
    return _revised(member, held, changes)


def _revised(member: Member, held: Held, changes: Mapping[str, Any]) -> Held:
    now = max(member.clock.now(), int(held.basis["at"]))
    made = _checked(lambda: record.revise(held.basis, held.secret, changes, member=member.id, at=now))
    return _next(member, held, made)


def load(member: Member, handoff: str, why: str | None = None, through: Shown | None = None) -> Held:
    """Return a basis from the agency's own records; `through` is a handoff that was sent on it.

    Raises:
        InvalidRequest: a colleague recorded it, and the member did not say `why` (R46).
    """
    return _held(access.open_record(member, records.get(member, handoff, KIND), why, through))


def listing(member: Member) -> list[Held]:
    """Return all bases that the agency holds and that can be read, newest first."""
    return [held for _, held in every(member) if held is not None]


def unreadable(member: Member) -> list[str]:
    """Return the records of bases that were changed or are of another form: they permit nothing, and spoil nothing."""
    return [handoff for handoff, held in every(member) if held is None]


def every(member: Member) -> list[tuple[str, Held | None]]:
    """Return the records of all bases, newest first, each with the basis that it is, or None where it is unreadable."""
    found: list[tuple[str, Held | None]] = []
    for row in records.listing(member, KIND):
        try:
            found.append((row.handoff, _held(row)))
        except (InvalidRequest, Malformed):
            found.append((row.handoff, None))
    return found


def withdraw(member: Member, handoff: str, by: str = "giver") -> Held:
    """Write down that a consent was withdrawn today. What was sent on it is `withdrawal.withdraw`'s.

    Raises:
        InvalidRequest: not a consent; only a consent can be withdrawn.
    """
    held = _held(records.get(member, handoff, KIND))  # whoever is told of a withdrawal writes it down at once
    if held.kind != CONSENT:
        raise InvalidRequest("Only a consent can be withdrawn.", todo="A duty or a supervisor's note ends by its date.")
    if not held.live:
        return held
    now = max(member.clock.now(), int(held.basis["at"]))
    return _next(member, held, record.withdraw(held.basis, held.secret, by=by, member=member.id, at=now))


def approve(member: Member, handoff: str, said: Mapping[str, Any], why: str | None = None) -> Held:
    """Approve that a rule is lifted, or sign what a colleague approved already; return the next revision.

    `said` has rule, categories or None, recipient or None, from, until, code, reason, child_told and child_agreed. The
    same words as an approval that waits make it one of two members.

    Raises:
        InvalidRequest: nobody may lift this rule, or the member approved the same already.
    """
    held = load(member, handoff, why)
    if held.kind != CONSENT or said["rule"] not in {rule.id for rule in policy.RULES if rule.override is not None}:
        raise InvalidRequest("Nobody may lift this rule, or this is no consent.", todo="See docs/consent.md.")
    rows = [dict(row) for row in held.basis["overrides"]]
    same = next(
        (row for row in rows if all(row[name] == said[name] for name in approvals.SAID if name != "from")), None
    )
    if same is None:
        same = {**said, "by": [], "proof": []}
        rows.append(same)
    if any(signer["member"] == member.id for signer in same["by"]):
        raise InvalidRequest(
            "You approved this already, in the same words.", todo="Where two must sign, ask another member."
        )
    actor = member.me(frozenset({"supervisor", "data_officer", "caseworker", "focal_point"}))
    same["by"] = [*same["by"], {"member": member.id, "role": actor.role}]
    same["proof"] = [*same["proof"], approvals.signed(member, str(held.basis["record"]), same, actor.role)]
    return _revised(member, held, {"overrides": rows})


# Asking


def decide_for(member: Member, held: Held, asked: Asked, packet: str) -> Permitted:
    """Return what lets `packet` be sealed.

    Raises:
        ConsentMissing: it may not; `reasons` in its facts say which rule, why, and whom to ask.
    """
    request = asked.request(member, held)
    answer = _asking(member, held, asked)(request)
    if isinstance(answer, Deny):
        raise denied(answer)
    key = seal.basis_key(held.secret, packet, request.recipient.agency)
    gates = tuple({"id": gate, "commit": seal.gate_commitment(found, key, gate)} for gate, found in rules.gates(answer))
    shown, country = held.excerpt(request.recipient.agency), request.recipient.country
    return Permitted(
        packet, seal.Basis(key, shown, country, rules.until_month(answer.until)), gates, answer.obligations
    )


def preview(member: Member, held: Held, asked: Asked) -> Preview:
    """Return what a recipient would see on a basis, section by section, without sealing anything."""
    request, ask = asked.request(member, held), _asking(member, held, asked)
    missing: dict[str, tuple[Reason, ...]] = {}
    for section in sorted(asked.categories):
        one = Request(request.recipient, frozenset({section}), request.purpose, request.service, request.holder)
        answer = ask(one)
        if isinstance(answer, Deny):
            missing[section] = answer.reasons
    seen = tuple(sorted(asked.categories - missing.keys()))
    whole = ask(request)
    together = whole.reasons if isinstance(whole, Deny) and not missing else ()
    until, obliged = (whole.until, whole.obligations) if isinstance(whole, Permit) else (None, ())
    return Preview(request.recipient.agency, until, seen, missing, together, obliged)


def explain(member: Member, held: Held, asked: Asked) -> Permit | Deny:
    """Return the decision itself, with what each rule found."""
    return _asking(member, held, asked)(asked.request(member, held))


def denied(answer: Deny) -> ConsentMissing:
    """Return the error that tells a denial."""
    reasons = told(answer.reasons)
    return ConsentMissing(reasons[0]["message"], reasons=reasons)


def told(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Return reasons as JSON."""
    return [asdict(row) for row in reasons]


def parse(value: object) -> Basis:
    """Return the basis that a JSON object is.

    Raises:
        InvalidRequest: it is none.
    """
    if isinstance(value, dict) and value.get("kind") not in KINDS:
        raise InvalidRequest(f"A lawful basis is of the kind {' or '.join(sorted(KINDS))}.", field="kind")
    checked: Basis = _checked(lambda: check(value))
    return checked


def today(member: Member) -> str:
    """Return the day, in UTC, by which rules are judged."""
    return datetime.fromtimestamp(member.clock.now(), UTC).date().isoformat()


BESIDE: Final = frozenset({"request", "journey", "gates", "handover"})
"""Sections of closed forms that are about what is asked, found and done, and that no basis has to cover."""


def categories(sections: Collection[str]) -> frozenset[str]:
    """Return the categories of sections; those of `BESIDE` are none."""
    return frozenset(sections) - BESIDE


def _asking(member: Member, held: Held, asked: Asked) -> Callable[[Request], Permit | Deny]:
    """Return what decides about requests to one agency: what it has to know is looked up and verified once."""
    known = {**around.sender(member), "person": dict(asked.about)}
    if asked.listing is not None:
        known["listing"] = dict(asked.listing)
    facts, now = _facts(member, held, asked.to.entry.agency), member.clock.now()
    if asked.excepted is not None:
        known["overrides"] = [*facts.get("overrides", ()), asked.excepted.override()]
        facts = {name: row for name, row in facts.items() if name != "overrides"}
    return lambda request: rules.decide(facts, request, now, known)


def _facts(member: Member, held: Held, agency: str) -> Any:
    """Return the facts of a basis with the approvals that were signed; what is no consent is its own facts."""
    if held.kind != CONSENT:
        return held.basis
    if held.came_by is not None:
        use = approvals.Use(held.basis["head"]["record"], member.clock.now())
        return approvals.proven(member, record.read_excerpt(held.basis), use)
    found = record.facts(held.basis, agency) | record.own_facts(held.basis)
    return approvals.proven(member, found, approvals.Use(held.basis["record"], member.clock.now(), member.agency))


def _trained(member: Member) -> None:
    answer = rules.allowed("record", {"actor": training.facts(member, member.clock.now())}, member.clock.now())
    if isinstance(answer, Deny):
        raise ConsentMissing(
            "Recording a consent needs recorded training.",
            todo="Ask a supervisor: hub training record LOGIN --topic consent --until DATE.",
            rule="R46",
        )


def _disagree(member: Member, held: Held) -> None:
    """Open a disagreement where the child said no, and nobody has decided about it."""
    if held.kind != CONSENT or not held.live or held.basis["assent"]["answer"] != "refused":
        return
    if not any(row["rule"] == "R03" for row in held.basis["overrides"]):
        disagreements.open_for(member, held.handoff)


def _controller(member: Member) -> dict[str, Any]:
    entry = member.home().entry
    name, contact = entry.agency.removeprefix("urn:rcp:agency:"), ", ".join(entry.duty) or "unknown"
    return {"agency": entry.agency, "name": name, "contact": contact, "address": None, "jurisdiction": entry.country}


def _next(member: Member, held: Held, made: Basis) -> Held:
    heads = (*held.heads, record.head(made, held.secret))
    records.put(member, KIND, _value(made, held.label, held.secret, heads), handoff=held.handoff)
    after = Held(held.handoff, held.label, made, held.secret, heads)
    _disagree(member, after)
    return after


def _checked(make: Any) -> Any:
    try:
        return make()
    except BasisError as error:
        raise InvalidRequest(str(error), todo="Correct the record of the basis.", field=error.field) from error


def _value(basis: Basis, label: str, secret: bytes, heads: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"label": label, "basis": dict(basis), "secret": b64u(secret), "heads": list(heads)}


def _held(row: records.Record) -> Held:
    value = row.value
    if set(value) != {"label", "basis", "secret", "heads"}:
        raise Malformed("The record of a basis is not of its form.")
    basis, secret, heads = parse(value["basis"]), from_b64u(value["secret"], 32), tuple(value["heads"])
    if basis["kind"] == CONSENT:
        _checked(lambda: record.check_chain(heads))
        if heads[-1:] != (record.head(basis, secret),):
            raise Malformed("The record of a consent does not end its own history.")
    return Held(row.handoff, str(value["label"]), basis, secret, heads)
