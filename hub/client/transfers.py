"""Transfers from a worker's desk: open the case, offer it, accept it, travel, hand over. The rest is `transfer_steps`.

Before each of these steps the gates are asked about the case file (`hub.client.gates`); what blocks is said and nothing
is sealed. What goes to the other side stands in sealed sections; hubs get dates, member ids and a verdict of constant
shape. An offer and an acceptance wait for the second signature as own records (`hub.client.cosigning`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hub.client import basis as bases
from hub.client import cases, cosigning, disagreements, gates, handover, meetings, reading, records, referrals
from hub.client.judging import JOURNEY, Plan, Purpose, Theirs, journey, judge, planned, situation
from hub.client.member import DAY
from hub.client.opening import ACCEPT, REPLY, SEARCH, open_handoff, received
from hub.client.register import LEG, placed
from hub.client.trust import devices_of
from hub.errors import Conflict, Forbidden, InvalidRequest, NotFound
from hub.ids import random_id
from hub.statements.bodies import Role
from hub.statements.grammar import MemberActor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hub.casefile.gates.ask import Result
    from hub.client.basis import Held
    from hub.client.cases import CaseFile
    from hub.client.cosigning import Waiting
    from hub.client.gates import Judged
    from hub.client.meetings import Meeting
    from hub.client.member import Member
    from hub.client.reading import Shown

OFFER = "transfer.offer"
PURPOSE: Final = "transfer"
SEARCHED: Final = ("minimal_contact", "identity", "travel_arrival")
"""What duty officers need to search for a child, sealed before anybody travels."""
_WORKERS, _SUPERVISORS = frozenset({Role.CASEWORKER}), frozenset({Role.SUPERVISOR})
_EITHER = _WORKERS | _SUPERVISORS
_LATEST_ANSWER = 30 * DAY


@dataclass(frozen=True, slots=True)
class Offer:
    """What a worker offers to one agency: sections of a case file, on a basis; `second` is the supervisor who signs."""

    case: str
    """The record of the case file."""
    to: str
    sections: Sequence[str]
    basis: Held = field(repr=False)
    purpose: Purpose
    second: str
    plan: Plan | None = None
    urgency: str = "high"
    person: str | None = None
    due: int | None = None
    attachments: Sequence[Path] = ()
    leg: str | None = None
    """The leg that an inquiry began."""
    new_leg: str | None = None
    """The id of a new leg, where approvals name it already."""
    about: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement that waits for its second signature in the record `cosign`; `gates` is what they found."""

    leg: str
    cosign: str
    gates: Result


# The case


def open_case(member: Member, record: str, why: str | None = None) -> CaseFile:
    """Begin the register of a case at the own hub: from now on this agency is responsible for the child.

    Raises:
        Conflict: this case file has a register already; one child has one.
    """
    held = cases.load(member, record, why)
    if held.case is not None:
        raise Conflict("This case was opened before; one child has one register.", todo="See `hub transfer who-holds`.")
    case = random_id()
    said = member.statement("case.open", case, {"kind": "case", "to": member.agency}, by=[member.me(_EITHER)])
    records.send(member, "/api/v1/handoffs", said)
    return cases.link(member, record, case=case, why=why)


def name_leg(member: Member, held: CaseFile, leg: str, why: str | None = None) -> CaseFile:
    """Say in the register that the case may be passed on by a leg, and in the case file that this leg moves it.

    Raises:
        NotFound: the case was not opened.
    """
    if held.case is None:
        raise NotFound("This case was not opened here.", todo="Open it: `hub transfer open`.")
    known, heads = _register(member, held)
    if leg not in known:
        said = member.statement("case.leg", held.case, {"leg": leg}, by=[member.me(_EITHER)], heads=heads)
        records.send(member, f"/api/v1/handoffs/{held.case}/statements", said)
    return cases.link(member, held.record, leg=leg, why=why)


def _register(member: Member, held: CaseFile) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return by which legs the case may go, and the heads of its register: the intake's where that began it."""
    try:
        shown = reading.show(member, str(held.case))
    except NotFound:
        began = reading.show(member, held.legs[0])
        return frozenset(), began.heads
    return frozenset(line.statement.body["leg"] for line in placed(shown, LEG)), shown.heads


# The offer


def offer(member: Member, out: Offer, why: str | None = None) -> Prepared:
    """Seal an offer, if gates and basis permit it, and keep it for the second signature.

    Raises:
        GateClosed: a gate of the transfer blocks.
        ConsentMissing: the basis does not cover it; nothing was sealed.
        NotFound: the case was not opened.
    """
    held, leg = cases.load(member, out.case, why), out.leg or out.new_leg or random_id()
    heads = reading.show(member, leg).heads if out.leg else ()
    told = out.purpose.to_value(situation(held))
    disputed = disagreements.is_open(member, out.basis.handoff)
    known = journey(member, told, leg, out.to, holder="sender", disagreement=disputed, **planned(out.plan))
    result, found = judge(member, "offer", held.sections, known, held.record)
    name_leg(member, held, leg, why)
    sections = {name: held.sections[name] for name in out.sections if name in held.sections}
    going = outgoing(out, sections)
    with referrals.sealed(member, going, {JOURNEY: told, gates.SECTION: found.document}) as ready:
        by = [member.me(_WORKERS), second_signer(member, out.second)]
        body = {
            "kind": "transfer_leg",
            "urgency": out.urgency,
            "due": out.due or member.clock.now() + _LATEST_ANSWER,
            "plan": None if out.plan is None else out.plan.to_value(),
            "verdict": found.verdict(by, ready.permitted.gates),
            "freeze": referrals.freeze_handle(out.basis, ready.part.packet),
        }
        said = member.statement(OFFER, leg, body, by=by, heads=heads, part=ready.part)
        sent = {**referrals.copy_of(going, leg, ready), "attachments": [path.name for path in out.attachments]}
        copy = {**sent, "begins": out.leg is None, "case": held.record, JOURNEY: told}
        waits = cosigning.hold(member, said, ready.part, copy)
    member.keep_pins()
    return Prepared(leg, waits, result)


def cosign(member: Member, record: str) -> dict[str, Any]:
    """Sign second and send; after an offer the sections by which a missing child is searched for follow at once."""
    handoff = cosigning.cosign(member, record)
    item: Waiting = cosigning.read(member, record)
    return search(member, item.handoff, item.copy) if item.type == OFFER else handoff


def search(member: Member, leg: str, copy: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Send the sections by which a missing child is searched for; the receiver is given them from the acceptance on."""
    sent, shown = copy or records.sent_copy(member, leg), reading.show(member, leg)
    sections = {name: sent["sections"][name] for name in SEARCHED if name in sent["sections"]}
    with referrals.sealed(member, again(member, sent, sections), {JOURNEY: sent[JOURNEY]}) as ready:
        said = member.statement(SEARCH, leg, {}, by=[member.me(_EITHER)], heads=shown.heads, part=ready.part)
        return records.send(member, f"/api/v1/handoffs/{leg}/statements", said, ready.part.source)


# Acceptance


@dataclass(frozen=True, slots=True)
class Reception:
    """How a child is received: sealed for the sender, but for the days and the members on duty."""

    plan: Plan
    duty: Sequence[str]
    second: str
    words: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Where, by whom, where the child sleeps: of the receiver's own words."""


def accept(member: Member, leg: str, reception: Reception, why: str | None = None) -> Prepared:
    """Accept a transfer with a plan of reception, if the gates permit it here too; keep it for the second signature.

    Raises:
        GateClosed: a gate blocks on what was sent.
        NotPermitted: a part of what was sent is not covered by its basis.
    """
    shown, held, told, theirs = taken_in(member, leg, OFFER, why)
    plan, by = reception.plan, [member.me(_WORKERS), second_signer(member, reception.second)]
    facts = {**planned(plan), "duty_receiver": next(iter(reception.duty), None), "disagreement": False}
    known = journey(member, told, leg, member.agency, shown, **facts)
    result, found = judge(member, "accept", held.sections, known, held.record, theirs)
    body = {
        "plan": plan.to_value(),
        "worker": member.id,
        "duty": list(reception.duty),
        "verdict": found.verdict(by),
    }
    with referrals.reply(member, shown, {"reception": dict(reception.words), "gates": dict(found.document)}) as part:
        said = member.statement(ACCEPT, leg, body, by=by, heads=shown.heads, part=part)
        return Prepared(
            leg,
            cosigning.hold(member, said, part, {"begins": False, "leg": leg, "reception": dict(reception.words)}),
            result,
        )


def taken_in(
    member: Member, leg: str, step: str, why: str | None = None
) -> tuple[Shown, CaseFile, dict[str, Any], Theirs | None]:
    """Open what was sent, keep it as a case file; return leg, file, purpose and what the sender found at `step`.

    Raises:
        NotPermitted: a part of it is not covered by its basis. NotFound: nothing of it is here.
    """
    shown = reading.show(member, leg)
    sections: dict[str, Any] = {}
    came: list[tuple[str, dict[str, Any]]] = []
    theirs = None
    for one in open_handoff(member, leg, why=why):
        if one.from_agency != shown.from_agency:
            continue
        one.refuse_quarantined()
        line = next(line for line in shown.lines if line.statement.manifest == one.packet)
        if line.statement.type == step and gates.SECTION in one.sections:
            said = line.statement
            theirs = Theirs(one.sections[gates.SECTION], said.body, shown.from_agency, said.at)
        sections |= one.sections
        kept = {name: value for name, value in one.sections.items() if name not in bases.BESIDE | {REPLY}}
        came.append((one.packet, kept))
    if not came and cases.of_leg(member, leg) is None:
        raise NotFound("Nothing of this case is here.", todo="Ask the sender to offer it again.")
    told = dict(sections.get(JOURNEY, {}))
    if handover.SECTION in sections:
        meetings.receive(member, sections[handover.SECTION], leg=leg)
    return shown, cases.receive(member, leg, came), told, theirs


def opened_release(member: Member, leg: str, why: str | None = None) -> Meeting:
    """Open what came with a release, and return the record of the meeting, for the own side to tick.

    Raises:
        NotFound: none came.
    """
    taken_in(member, leg, "transfer.release", why)
    meeting = meetings.of_leg(member, leg)
    if meeting is None:
        raise NotFound("No record of a handover meeting came with this leg.")
    return meeting


# The way, and the handover


def depart(member: Member, leg: str, plan: Plan, why: str | None = None) -> dict[str, Any]:
    """Say that the child leaves, if the gates permit it; the travel section goes to the receiver."""
    facts = planned(plan)
    return _by_sender(member, leg, "depart", {"plan": plan.to_value()}, ("travel_arrival",), why, **facts)


def release(member: Member, leg: str, why: str | None = None) -> dict[str, Any]:
    """Let go of the case for the receiver, with the record of the meeting; until the take this agency is responsible.

    Raises:
        GateClosed: safety plan, monitoring plan, handover record or guardian are not as they must be.
    """
    return _by_sender(member, leg, "release", {}, (), why)


def take(member: Member, leg: str, first_contact: str, why: str | None = None) -> dict[str, Any]:
    """Take a released case: from the moment the own hub has this, this agency acts as responsible.

    Raises:
        Conflict: it is not released.
    """
    shown, held, told, theirs = taken_in(member, leg, "transfer.release", why)
    opened = next((line.hash for line in reversed(shown.lines) if line.statement.type == "transfer.release"), None)
    if opened is None or shown.state != "released":
        raise Conflict("The sender has not released this case.", todo="Ask its supervisor to release it.")
    by = [member.me(_SUPERVISORS)]
    known = journey(member, told, leg, member.agency, shown, disagreement=False)
    result, found = judge(member, "take", held.sections, known, held.record, theirs)
    body = {"release": opened, "first_contact": first_contact, "verdict": found.verdict(by)}
    words = {"gates": dict(found.document), "handover": known.handover and dict(known.handover)}
    with referrals.reply(member, shown, words) as part:
        said = member.statement("transfer.take", leg, body, by=by, heads=shown.heads, part=part)
        answer = records.send(member, f"/api/v1/handoffs/{leg}/statements", said, part.source)
    gates.follow_up(member, held.record, result)
    return answer


def held_by_leg(member: Member, leg: str, why: str | None = None) -> CaseFile:
    """Say in the case file by which reference the own register has the case that came by a leg.

    Raises:
        NotFound: the take has not been confirmed yet.
    """
    held = cases.of_leg(member, leg)
    for row in reading.pages(member, "case", "in"):
        if (row.get("case") or {}).get("came_by") == leg and held is not None:
            return cases.link(member, held.record, case=row["id"], why=why)
    raise NotFound("This case is not in the own register yet.", todo="Wait until the other hub has confirmed the take.")


def _by_sender(
    member: Member,
    leg: str,
    step: str,
    body: Mapping[str, Any],
    names: Sequence[str],
    why: str | None,
    **facts: Any,
) -> dict[str, Any]:
    """Take a step of the sender that the gates judge; these sections go along, and those changed since the offer."""
    shown, sent = reading.show(member, leg), records.sent_copy(member, leg)
    held = cases.load(member, sent["case"], why, through=shown)
    facts["disagreement"] = disagreements.is_open(member, sent["basis"])
    known = journey(member, sent[JOURNEY], leg, shown.to_agency, shown, **facts)
    _result, found = judge(member, step, held.sections, known, held.record)
    by = [member.me(_WORKERS if step == "depart" else _SUPERVISORS)]
    said = {**body, "verdict": found.verdict(by)}
    beside: dict[str, Any] = {gates.SECTION: found.document, JOURNEY: sent[JOURNEY]}
    if step == "release" and known.handover:
        beside[handover.SECTION] = known.handover
    now = {name: value for name, value in held.sections.items() if name in sent["sections"]}
    sections = {name: value for name, value in now.items() if name in names or value != sent["sections"][name]}
    if _withdrawn(shown):
        return _unsealed(member, shown, step, said, by, found)
    if not sections:  # a packet is of some section: the least of those that went
        least = next(name for name in (*SEARCHED, *sent["sections"]) if name in sent["sections"])
        sections = {least: held.sections.get(least, sent["sections"][least])}
    with referrals.sealed(member, again(member, sent, sections), beside) as ready:
        statement = member.statement(f"transfer.{step}", leg, said, by=by, heads=shown.heads, part=ready.part)
        return records.send(member, f"/api/v1/handoffs/{leg}/statements", statement, ready.part.source)


def _unsealed(
    member: Member, shown: Shown, step: str, body: Mapping[str, Any], by: Sequence[MemberActor], found: Judged
) -> dict[str, Any]:
    """Take a step after consent was withdrawn on the way: nothing more is disclosed, what was found stays here."""
    records.put(member, "note", {"handoff": shown.id, "reason": f"gates at {step}", "gates": dict(found.document)})
    said = member.statement(f"transfer.{step}", shown.id, dict(body), by=list(by), heads=shown.heads)
    return records.send(member, f"/api/v1/handoffs/{shown.id}/statements", said)


def _withdrawn(shown: Shown) -> bool:
    return any(line.statement.type == "consent.withdraw" and not line.refused for line in shown.lines)


# What these have in common


def second_signer(member: Member, second: str) -> MemberActor:
    """Return the supervisor who signs second.

    Raises:
        Forbidden: it is the same member, or no supervisor.
    """
    certs = devices_of(member.home(), second, member.clock.now())
    if second == member.id or not any(Role.SUPERVISOR.value in cert.roles for cert in certs):
        raise Forbidden("A worker and a supervisor sign this: name another member, who is a supervisor.")
    return MemberActor(member.agency, second, Role.SUPERVISOR.value)


def outgoing(out: Offer, sections: Mapping[str, Any]) -> referrals.Outgoing:
    """Return what goes to the other agency, as consent is asked about it.

    Raises:
        InvalidRequest: nothing would go.
    """
    if not sections:
        raise InvalidRequest("The case file has none of these sections.", todo="See `hub case show`.")
    return referrals.Outgoing(
        to=out.to,
        sections=sections,
        basis=out.basis,
        purpose=PURPOSE,
        urgency=out.urgency,
        person=out.person,
        attachments=out.attachments,
        about=out.about,
    )


def again(member: Member, sent: Mapping[str, Any], sections: Mapping[str, Any]) -> referrals.Outgoing:
    """Return a further packet of a leg, on the basis on which the offer went."""
    came_by = sent["came_by"]
    shown = reading.show(member, sent["handoff"])
    held = received(member, came_by) if came_by == sent["basis"] else bases.load(member, sent["basis"], None, shown)
    named = {name: sent[name] for name in ("to", "purpose", "service", "person", "inbox")}
    return referrals.Outgoing(sections=sections, basis=held, **named)
