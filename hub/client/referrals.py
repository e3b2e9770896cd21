"""Referrals from a worker's desk: send on a lawful basis, and every step of the state table as a signed statement.

The table (`hub.referrals.domain`) says who may take a step in which role; the hub decides whether it is possible now.
What is said about a child travels in sealed parts: to the recipient under the basis, back as a reply to what was sent.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from consent.basis import VitalInterest
from hub.client import basis as bases
from hub.client import cosigning, evidence, reading, records
from hub.client.basis import Asked, Held
from hub.client.member import DAY, workspace
from hub.client.opening import REPLY, REQUEST
from hub.errors import Forbidden, IllegalTransition, InvalidRequest, NotFound, WrongRecipient
from hub.ids import random_id
from hub.packets import seal
from hub.packets.encoding import b64u, canonical
from hub.referrals.domain import TRANSITIONS, Side, Transition
from hub.statements.grammar import Grade, MemberActor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hub.client.member import Member, Sealed
    from hub.client.reading import Shown

_LATEST_ANSWER = 30 * DAY
"""The due time of a submission that names none: the hub's policy is earlier, and counts."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a worker wants to send to one agency."""

    to: str
    sections: Mapping[str, Any] = field(repr=False)
    basis: Held
    purpose: str
    urgency: str = "routine"
    service: str | None = None
    person: str | None = None
    inbox: str | None = None
    attachments: Sequence[Path] = ()
    due: int | None = None
    needed_from: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A referral that went out, or, with `cosign`, one that waits in that own record for its second signature."""

    handoff: str
    cosign: str | None = None


def send(member: Member, out: Outgoing) -> Sent:
    """Seal and submit a referral, if its basis permits.

    Raises:
        ConsentMissing: it does not; nothing was sealed.
        WrongRecipient: no such inbox or person, or a recipient whose keys are not to be used.
    """
    agency = member.trust.agency(out.to)
    packet, handoff = random_id(), random_id()
    asked = Asked(agency, out.purpose, bases.categories(out.sections), out.service, out.person)
    permitted = bases.decide_for(out.basis, asked, packet, member.clock.now())
    by = _signers(member, out.basis)
    target = member.target(agency, person=out.person, inbox=out.inbox)
    with workspace() as folder:
        sections = {**out.sections, REQUEST: {"v": 1, "purpose": out.purpose, "service": out.service}}
        part = member.seal(folder, target, sections, packet=packet, basis=permitted.basis, attachments=out.attachments)
        body = _submission(out, permitted.verdict(by), member.clock.now())
        said = member.statement("referral.submit", handoff, body, by=by, part=part)
        copy = _copy(out, handoff, part)
        if len(by) > 1:
            return Sent(handoff, cosigning.hold(member, said, part, copy))
        records.keep_copy(member, copy)
        evidence.send(member, "/api/v1/handoffs", said, part)
    member.keep_pins()
    return Sent(handoff)


# Steps. Each is the statement of that name; what the table does not allow, the hub refuses.


def acknowledge(member: Member, handoff: str) -> dict[str, Any]:
    """Say: opened, by a person."""
    return _step(member, "referral.acknowledge", handoff)


def accept(member: Member, handoff: str, first_contact: str) -> dict[str, Any]:
    """Say: yes, with the day of the first contact."""
    return _step(member, "referral.accept", handoff, {"first_contact": first_contact})


def decline(member: Member, handoff: str, code: str, text: str = "") -> dict[str, Any]:
    """Say: no, with a coded reason, sealed."""
    return _step(member, "referral.decline", handoff, reply={"code": code, "text": text})


def ask(member: Member, handoff: str, text: str) -> dict[str, Any]:
    """Ask the sender for more."""
    return _step(member, "referral.ask", handoff, reply={"text": text})


def answer(
    member: Member, handoff: str, sections: Mapping[str, Any], attachments: Sequence[Path] = ()
) -> dict[str, Any]:
    """Answer the recipient, within the basis on which the referral was sent.

    Raises:
        ConsentMissing: the basis does not cover these sections.
    """
    copy = records.sent_copy(member, handoff)
    held = bases.load(member, copy["basis"])
    agency = member.trust.agency(copy["to"])
    asked = Asked(agency, copy["purpose"], bases.categories(sections), copy["service"], copy["person"])
    packet = random_id()
    permitted = bases.decide_for(held, asked, packet, member.clock.now())
    target = member.target(agency, person=copy["person"], inbox=copy["inbox"])
    with workspace() as folder:
        whole = {**sections, REQUEST: {"v": 1, "purpose": copy["purpose"], "service": copy["service"]}}
        part = member.seal(folder, target, whole, packet=packet, basis=permitted.basis, attachments=attachments)
        return _say(member, "referral.answer", reading.show(member, handoff), {}, part)


def start(member: Member, handoff: str, contact: str) -> dict[str, Any]:
    """Say: work has begun, with the day of the first contact."""
    return _step(member, "referral.start", handoff, {"contact": contact})


def waitlist(member: Member, handoff: str, review: str, text: str = "") -> dict[str, Any]:
    """Say: no place yet; looked at again on a day."""
    return _step(member, "referral.waitlist", handoff, {"review": review}, reply={"text": text} if text else None)


def pause(member: Member, handoff: str, review: str, text: str) -> dict[str, Any]:
    """Say: paused, why, and looked at again on a day."""
    return _step(member, "referral.pause", handoff, {"review": review}, reply={"text": text})


def resume(member: Member, handoff: str) -> dict[str, Any]:
    """Say: work goes on."""
    return _step(member, "referral.resume", handoff)


def cannot_deliver(member: Member, handoff: str, code: str, text: str = "") -> dict[str, Any]:
    """Say: accepted, but not possible after all, with a coded reason, sealed."""
    return _step(member, "referral.cannot_deliver", handoff, reply={"code": code, "text": text})


def report_outcome(
    member: Member, handoff: str, got_help: str, services: Sequence[str] = (), text: str = ""
) -> dict[str, Any]:
    """Say what came of it: whether the child got help (yes, partial, no), and which services.

    Raises:
        InvalidRequest: none of the three.
    """
    if got_help not in {"yes", "partial", "no"}:
        raise InvalidRequest("An outcome says whether the child got help: yes, partial or no.")
    reply = {"got_help": got_help, "services": list(services), "text": text}
    return _step(member, "referral.report_outcome", handoff, reply=reply)


def close(member: Member, handoff: str) -> dict[str, Any]:
    """Close the loop: the child or caregiver was asked."""
    return _step(member, "referral.close", handoff)


def dispute(member: Member, handoff: str) -> dict[str, Any]:
    """Say: the child says that no help was received."""
    return _step(member, "referral.dispute", handoff)


def resolve(member: Member, handoff: str) -> dict[str, Any]:
    """Say: what was declined, expired or not completed was followed by a new referral or a recorded unmet need."""
    return _step(member, "referral.resolve", handoff)


def cancel(member: Member, handoff: str) -> dict[str, Any]:
    """Take a referral back before work begins."""
    return _step(member, "referral.cancel", handoff)


def mark_error(member: Member, handoff: str) -> dict[str, Any]:
    """Say: sent by mistake, and not opened."""
    return _step(member, "referral.mark_error", handoff)


def ask_to_stop(member: Member, handoff: str) -> dict[str, Any]:
    """Ask a recipient who has begun to stop."""
    return _step(member, "referral.ask_to_stop", handoff)


def agree_to_stop(member: Member, handoff: str) -> dict[str, Any]:
    """Agree to stop."""
    return _step(member, "referral.agree_to_stop", handoff)


def refuse_to_stop(member: Member, handoff: str, text: str) -> dict[str, Any]:
    """Refuse to stop, and say why."""
    return _step(member, "referral.refuse_to_stop", handoff, reply={"text": text})


def late_answer(member: Member, handoff: str, text: str) -> dict[str, Any]:
    """Answer after all was over; it changes no state."""
    return _step(member, "referral.late_answer", handoff, reply={"text": text})


def pause_clock(member: Member, handoff: str, due: int, reason: str) -> dict[str, Any]:
    """Give the recipient until `due`; the reason stays in a record of the own agency."""
    shown = reading.show(member, handoff)
    with workspace() as folder:
        part = records.seal(member, folder, "note", {"handoff": handoff, "reason": reason})
        return _say(member, "referral.pause_clock", shown, {"due": due}, part)


def report(
    member: Member, handoff: str, kind: str, via: str, words: str, body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Report the recipient's step `kind` that came by phone, SMS or paper; `words` are the evidence, kept sealed."""
    noted = _noted(member, {"handoff": handoff, "type": kind, "via": via, "words": words})
    said = {**(body or {}), "via": via, "evidence": noted}
    return _say(member, kind, reading.show(member, handoff), said, None, Grade.REPORTED)


def withdraw_consent(member: Member, basis: str) -> list[str]:
    """Write down that a consent was withdrawn, and tell every agency that was sent something on it; return handoffs."""
    held = bases.withdraw(member, basis)
    fanned = [row.value["handoff"] for row in records.listing(member, "fanout") if row.value["basis"] == held.handoff]
    noted = _noted(member, {"basis": basis, "withdrawn": True})
    told = []
    for handoff in fanned:
        with suppress(NotFound, IllegalTransition):  # it never went out, or is over without anything left to lock
            _say(member, "consent.withdraw", reading.show(member, handoff), {"evidence": noted}, None)
            told.append(handoff)
    return told


def _step(
    member: Member,
    kind: str,
    handoff: str,
    body: Mapping[str, Any] | None = None,
    *,
    reply: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    shown = reading.show(member, handoff)
    if reply is None:
        return _say(member, kind, shown, body or {}, None)
    with _reply(member, shown, reply) as part:
        return _say(member, kind, shown, body or {}, part)


def _say(
    member: Member,
    kind: str,
    shown: Shown,
    body: Mapping[str, Any],
    part: Sealed | None,
    grade: Grade = Grade.SIGNED,
) -> dict[str, Any]:
    side = Side.SENDER if member.agency == shown.from_agency else Side.RECIPIENT
    by = [member.me(_roles_for(kind, side, grade, shown.state))]
    said = member.statement(kind, shown.id, body, by=by, heads=shown.heads, grade=grade, part=part)
    return evidence.send(member, f"/api/v1/handoffs/{shown.id}/statements", said, part)


def _roles_for(kind: str, side: Side, grade: Grade, state: str | None) -> frozenset[str] | None:
    """Return the roles in which a side takes a step, None for any: those of the present state, if the table has it."""
    rows: list[Transition] = [t for t in TRANSITIONS if t.type == kind and t.side in {side, Side.EITHER}]
    rows = [t for t in rows if grade in t.grades]
    if not rows:
        raise Forbidden("This step is the other side's.", todo="Report it instead, if it came by phone, SMS or paper.")
    rows = [t for t in rows if t.source == state] or rows
    return None if any(not t.roles for t in rows) else frozenset().union(*(t.roles for t in rows))


@contextmanager
def _reply(member: Member, shown: Shown, value: Mapping[str, Any]) -> Iterator[Sealed]:
    """Yield a sealed part back to the sender of a referral. Its basis is that it answers what was sent."""
    if member.agency != shown.to_agency:
        raise Forbidden("This step is the other side's.", todo="Report it instead, if it came by phone, SMS or paper.")
    first = next(p for p in shown.packets if p.hash == shown.submission.statement.manifest)
    if first.manifest.grant is None:
        raise WrongRecipient("There is nobody to answer.")
    sender = member.trust.agency(shown.from_agency)
    excerpt = {"v": 1, "basis": REPLY, "to": shown.from_agency, "in_reply_to": first.hash, "categories": [REPLY]}
    basis = seal.Basis(secrets.token_bytes(32), excerpt, sender.entry.country, first.manifest.grant.until)
    person = shown.submission.statement.by[0]
    single = not sender.entry.enc and isinstance(person, MemberActor)
    target = member.target(sender, person=person.member if single and isinstance(person, MemberActor) else None)
    with workspace() as folder:
        yield member.seal(folder, target, {REPLY: {"v": 1, **value}}, basis=basis)


def _signers(member: Member, held: Held) -> list[MemberActor]:
    """Return who must sign a submission on this basis: a supervisor too, where life or health cannot wait."""
    first = member.me(frozenset({"caseworker"}))
    if not isinstance(held.basis, VitalInterest):
        return [first]
    supervisor = held.basis.supervisor
    certs = member.home().devices(supervisor, member.clock.now())
    if supervisor == member.id or not any("supervisor" in cert.roles for cert in certs):
        raise Forbidden("A vital interest needs the signature of another member, who is a supervisor.", rule="R01")
    return [first, MemberActor(member.agency, supervisor, "supervisor")]


def _submission(out: Outgoing, verdict: dict[str, Any], now: int) -> dict[str, Any]:
    return {
        "kind": "referral",
        "urgency": out.urgency,
        "due": out.due or now + _LATEST_ANSWER,
        "needed_from": out.needed_from,
        "verdict": verdict,
        "leg": None,
    }


def _copy(out: Outgoing, handoff: str, part: Sealed) -> dict[str, Any]:
    named = {name: getattr(out, name) for name in ("to", "purpose", "urgency", "service", "person", "inbox")}
    sealed = {"handoff": handoff, "packet": part.packet, "manifest": part.hash}
    return {**named, **sealed, "basis": out.basis.handoff, "sections": dict(out.sections)}


def _noted(member: Member, evidence_value: dict[str, Any]) -> str:
    """Keep evidence in an own record under a random key, and return its keyed hash (docs/protocol.md §7.2)."""
    key = secrets.token_bytes(32)
    records.put(member, "note", {"key": b64u(key), "evidence": evidence_value})
    return b64u(hashlib.blake2b(canonical(evidence_value), digest_size=32, key=key).digest())
