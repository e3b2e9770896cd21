"""Referrals from a worker's desk: send on a lawful basis, and every step of the state table as a signed statement.

The table (`hub.referrals.domain`) says who may take a step in which role; the hub decides whether it is possible now.
What is said about a child travels in sealed parts: to the recipient under the basis, back as a reply to what was sent.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from consent.basis import VITAL
from consent.protect import protect_location
from hub.client import basis as bases
from hub.client import cosigning, reading, records, routing
from hub.client.basis import Asked, Held, Permitted
from hub.client.cleaning import clean_attachment
from hub.client.member import DAY, workspace
from hub.client.opening import REPLY, REQUEST, received, reply_excerpt
from hub.client.trust import devices_of
from hub.errors import Forbidden, InvalidRequest, WrongRecipient
from hub.ids import random_id
from hub.packets import seal
from hub.packets.encoding import b64u, canonical
from hub.referrals import reasons
from hub.referrals.domain import TRANSITIONS, Side, Transition
from hub.statements.bodies import KINDS
from hub.statements.grammar import Grade, MemberActor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from consent.protect import Removed
    from hub.client.member import Member, Sealed
    from hub.client.reading import Shown
    from hub.inquiries.domain import Excepted
    from hub.keys.pins import TrustedAgency
    from hub.statements.links import Link

PROTECT = "protect_location"
"""The obligation of R13."""
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
    came_by: str | None = None
    """The handoff by which this agency got what it passes on here: a withdrawal there goes on to this recipient."""
    listing: Mapping[str, Any] | None = None
    about: Mapping[str, Any] = field(default_factory=dict, repr=False)
    exception: Excepted | None = None
    """What the provider signed, where it takes the person against its own limits (R19)."""
    needs: tuple[str, ...] = ()
    """The needs for which help is asked, so that a recipient can accept some of them."""
    routing: Mapping[str, Any] | None = None
    """Why this service was chosen, as its provider is told (`hub.client.routing`)."""
    area: str | None = None
    sex: str | None = None
    again_for: str | None = None
    """The handoff after which the same need is referred again."""
    link: Link | None = None
    """The link to which the packet is sealed, where the provider has no account."""
    unnamed: bool = False
    """Whether the person is not registered yet, so that nothing may name them (E2)."""

    def asked(self, agency: TrustedAgency) -> Asked:
        """Return the question that the basis is asked."""
        wanted = bases.categories(self.sections)
        person, by_link = (self.link.id, True) if self.link else (self.person, False)
        of_service = (self.listing, self.about, self.exception)
        return Asked(agency, self.purpose, wanted, self.service, person, by_link, *of_service)


@dataclass(frozen=True, slots=True)
class Sent:
    """A referral that went out, as the hub shows it; or with `cosign` the record in which it waits to be co-signed."""

    handoff: str
    shown: Mapping[str, Any] | None = None
    cosign: str | None = None
    removed: tuple[Removed, ...] = ()
    """What was taken out because the child's location is protected (R13)."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A sealed packet, what lets it be sealed, and what it holds after what the basis obliges to."""

    part: Sealed
    permitted: Permitted
    sections: Mapping[str, Any] = field(repr=False)
    removed: tuple[Removed, ...]


def send(member: Member, out: Outgoing, handoff: str | None = None) -> Sent:
    """Seal and submit a referral, if its basis permits; `handoff` where its id was written down before.

    Raises:
        ConsentMissing: it does not; nothing was sealed.
        InvalidRequest: it would name somebody who is not registered yet, or asks for an unknown need.
        WrongRecipient: no such inbox or person, or a recipient whose keys are not to be used.
    """
    by, handoff = _signers(member, out.basis), handoff or random_id()
    routing.check(out)
    with sealed(member, out) as ready:
        part = ready.part
        body = {
            "kind": "referral",
            "urgency": out.urgency,
            "due": out.due or member.clock.now() + _LATEST_ANSWER,
            "needed_from": out.needed_from,
            "verdict": ready.permitted.verdict(by),
            "leg": None,
            "freeze": freeze_handle(out.basis, part.packet),
            "link": out.link and out.link.to_value(),
        }
        said = member.statement("referral.submit", handoff, body, by=by, part=part)
        copy = copy_of(out, handoff, ready)
        if len(by) > 1:
            return Sent(handoff, None, cosigning.hold(member, said, part, copy), ready.removed)
        records.keep_copy(member, copy)
        shown = records.send(member, "/api/v1/handoffs", said, part.source)
    member.keep_pins()
    return Sent(handoff, shown, removed=ready.removed)


# Steps


@dataclass(frozen=True, slots=True)
class Step:
    """What a step says beyond its statement's body: sealed words for the other side, those in `may` only if given.

    What it `keeps` is sealed to the own agency: whoever sent something says nothing new about a child without a basis.
    """

    about: str
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()


STEPS = {
    "acknowledge": Step("Say: opened, by a person."),
    "ask": Step("Ask the sender for more.", needs=("text",)),
    "accept": Step("Say yes, to all that was asked or to some of it.", may=("needs", "text")),
    "decline": Step("Say no, and who might help instead.", needs=("code",), may=("redirect", "text")),
    "waitlist": Step("Put on a waiting list.", may=("text",)),
    "pause": Step("Pause.", needs=("text",)),
    "resume": Step("Go on after a pause."),
    "start": Step("Say that work has begun."),
    "cannot_deliver": Step("Say: not possible after all.", needs=("code",), may=("redirect", "barriers", "text")),
    "report_outcome": Step("Say what came of it.", needs=("got_help",), may=("services", "barriers", "text")),
    "cancel": Step("Take a referral back before work begins.", keeps=("text",)),
    "mark_error": Step("Say: sent by mistake, and not opened."),
    "ask_to_stop": Step("Ask a recipient who has begun to stop. Tell them why by phone.", keeps=("text",)),
    "agree_to_stop": Step("Agree to stop."),
    "refuse_to_stop": Step("Refuse to stop, and say why.", needs=("text",)),
    "late_answer": Step("Answer after all was over; changes no state.", needs=("text",)),
}
"""The steps that need nothing but words, by the name of their statement; `KINDS` has what stands in its body.

How a loop ends is `hub.client.outcomes`': that needs a record of who was asked, or of what was done instead.
"""


def take(member: Member, handoff: str, step: str, **said: Any) -> dict[str, Any]:
    """Take a step of `STEPS` on a referral; return the referral as the hub now shows it. The hub may refuse the step.

    Raises:
        InvalidRequest: a word is missing, or is none of this step's.
    """
    kind, row = f"referral.{step}", STEPS[step]
    body = {name: said.pop(name, None) for name in KINDS[kind].body}
    words = {name: value for name, value in said.items() if value}
    missing = [name for name in (*body, *row.needs) if {**body, **words}.get(name) is None]
    strange = sorted(words.keys() - {*row.needs, *row.may, *row.keeps})
    if missing or strange:
        wrong = f"is missing {', '.join(missing)}" if missing else f"has no {', '.join(strange)}"
        known = ", ".join((*body, *row.needs, *row.may, *row.keeps)) or "nothing more"
        raise InvalidRequest(f"This step {wrong}.", todo=f"It says: {known}.")
    reasons.check(words)
    shown = reading.show(member, handoff)
    if not words:
        return say(member, kind, shown, body)
    if row.keeps:
        return _say_noted(member, kind, shown, body, words)
    with reply(member, shown, words) as part:
        return say(member, kind, shown, body, part)


def answer(
    member: Member,
    handoff: str,
    sections: Mapping[str, Any],
    attachments: Sequence[Path] = (),
    why: str | None = None,
) -> dict[str, Any]:
    """Answer the recipient, within the basis on which the referral was sent.

    Raises:
        InvalidRequest: neither the referral nor its basis is the member's, who did not say `why` (R46).
        ConsentMissing: the basis does not cover these sections.
    """
    shown = reading.show(member, handoff)
    link = shown.chain.live
    if link is None and shown.chain.links:
        raise InvalidRequest("The link was revoked: nobody could open this.", todo="Make another one with `hub link`.")
    return _add(member, "referral.answer", shown, sections, attachments, why, link=link)


def link(
    member: Member, handoff: str, link: Link, attachments: Sequence[Path] = (), why: str | None = None
) -> dict[str, Any]:
    """Seal what was sent anew to another link, which revokes the one before.

    Raises:
        InvalidRequest: neither the referral nor its basis is the member's, who did not say `why` (R46).
        ConsentMissing: the basis does not cover it any more.
    """
    shown, sections = reading.show(member, handoff), records.sent_copy(member, handoff)["sections"]
    body = {"link": link.to_value()}
    return _add(member, "referral.link", shown, sections, attachments, why, link=link, body=body)


def _add(  # noqa: PLR0913 - what is added, and to what
    member: Member,
    kind: str,
    shown: Shown,
    sections: Mapping[str, Any],
    attachments: Sequence[Path],
    why: str | None,
    *,
    link: Link | None,
    body: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Send a further packet to the recipient, within the basis on which the referral was sent."""
    copy = records.sent_copy(member, shown.id)
    came_by = copy["came_by"]
    held = received(member, came_by) if came_by == copy["basis"] else bases.load(member, copy["basis"], why, shown)
    named = {name: copy[name] for name in ("to", "purpose", "service", "person", "inbox")}
    needs = tuple(copy["needs"])
    out = Outgoing(sections=sections, basis=held, attachments=attachments, needs=needs, link=link, **named)
    with sealed(member, out) as ready:
        return say(member, kind, shown, body or {}, ready.part)


def pause_clock(member: Member, handoff: str, due: int, reason: str) -> dict[str, Any]:
    """Give the recipient until `due`; the reason stays in a record of the own agency."""
    return _say_noted(member, "referral.pause_clock", reading.show(member, handoff), {"due": due}, {"text": reason})


def _say_noted(
    member: Member, kind: str, shown: Shown, body: Mapping[str, Any], words: Mapping[str, Any]
) -> dict[str, Any]:
    """Take a step of which the reason stays in a sealed note of the own agency."""
    with workspace() as folder:
        part = records.seal(member, folder, "note", {"handoff": shown.id, "reason": words["text"]})
        return say(member, kind, shown, body, part)


def say(
    member: Member,
    kind: str,
    shown: Shown,
    body: Mapping[str, Any],
    part: Sealed | None = None,
    grade: Grade = Grade.SIGNED,
) -> dict[str, Any]:
    """Sign and send a step in a role that may take it; return the handoff as the hub now shows it."""
    side = Side.SENDER if member.agency == shown.from_agency else Side.RECIPIENT
    by = [member.me(_roles_for(kind, side, grade, shown.state))]
    said = member.statement(kind, shown.id, body, by=by, heads=shown.heads, grade=grade, part=part)
    return records.send(member, f"/api/v1/handoffs/{shown.id}/statements", said, part.source if part else None)


def _roles_for(kind: str, side: Side, grade: Grade, state: str | None) -> frozenset[str] | None:
    """Return the roles in which a side takes a step, None for any: those of the present state, if the table has it."""
    rows: list[Transition] = [t for t in TRANSITIONS if t.type == kind and t.side in {side, Side.EITHER}]
    rows = [t for t in rows if grade in t.grades]
    if not rows:
        raise Forbidden("This step is the other side's.", todo="Report it instead, if it came by phone, SMS or paper.")
    rows = [t for t in rows if t.source == state] or rows
    return None if any(not t.roles for t in rows) else frozenset().union(*(t.roles for t in rows))


@contextmanager
def sealed(member: Member, out: Outgoing, beside: Mapping[str, Any] | None = None) -> Iterator[Ready]:
    """Yield the packet of `out`, sealed if its basis permits, after what the basis obliges to.

    `beside` are sections that no basis has to cover (`bases.BESIDE`).
    """
    agency, packet = member.trust.agency(out.to), random_id()
    permitted = bases.decide_for(member, out.basis, out.asked(agency), packet)
    target = member.target(agency, person=out.person, inbox=out.inbox, link=out.link)
    with workspace() as folder, workspace() as clean:
        kept, removed, attachments = _obliged(out, permitted, clean)
        sections = {**kept, **(beside or {}), REQUEST: routing.request(out)}
        part = member.seal(folder, target, sections, packet=packet, basis=permitted.basis, attachments=attachments)
        yield Ready(part, permitted, kept, removed)


def _obliged(
    out: Outgoing, permitted: Permitted, folder: Path
) -> tuple[Mapping[str, Any], tuple[Removed, ...], Sequence[Path]]:
    """Return the sections and attachments after what the basis obliges to, and what was taken out."""
    if PROTECT not in permitted.obligations:
        return out.sections, (), out.attachments
    kept, removed = protect_location(out.sections)
    return kept, removed, [clean_attachment(path, folder) for path in out.attachments]


@contextmanager
def reply(member: Member, shown: Shown, value: Mapping[str, Any]) -> Iterator[Sealed]:
    """Yield a sealed part back to the sender of a referral. Its basis is that it answers what was sent."""
    if member.agency != shown.to_agency:
        raise Forbidden("This step is the other side's.", todo="Report it instead, if it came by phone, SMS or paper.")
    first = next(p for p in shown.packets if p.hash == shown.submission.statement.manifest)
    if first.manifest.grant is None:
        raise WrongRecipient("There is nobody to answer.")
    sender = member.trust.agency(shown.from_agency)
    basis = seal.Basis(secrets.token_bytes(32), reply_excerpt(shown), sender.entry.country, first.manifest.grant.until)
    person = shown.submission.statement.by[0]
    single = not sender.entry.enc and isinstance(person, MemberActor)
    target = member.target(sender, person=person.member if single and isinstance(person, MemberActor) else None)
    with workspace() as folder:
        yield member.seal(folder, target, {REPLY: {"v": 1, **value}}, basis=basis)


def _signers(member: Member, held: Held) -> list[MemberActor]:
    """Return who must sign a submission on this basis: a supervisor too, where life or health cannot wait."""
    first = member.me(frozenset({"caseworker"}))
    if held.kind != VITAL:
        return [first]
    supervisor = str(held.basis["supervisor"])
    certs = devices_of(member.home(), supervisor, member.clock.now())
    if supervisor == member.id or not any("supervisor" in cert.roles for cert in certs):
        raise Forbidden("A vital interest needs the signature of another member, who is a supervisor.", rule="R01")
    return [first, MemberActor(member.agency, supervisor, "supervisor")]


def freeze_handle(held: Held, packet: str) -> str:
    """Return what lets the giver's receipt stop this packet, or where there is none what looks the same to a hub."""
    return seal.freeze_handle(seal.freeze_key(held.token) if held.token else secrets.token_bytes(32), packet)


def copy_of(out: Outgoing, handoff: str, ready: Ready) -> dict[str, Any]:
    """Return what the sender keeps of what went out."""
    named = {name: getattr(out, name) for name in ("to", "purpose", "urgency", "service", "person", "inbox")}
    sealed = {"handoff": handoff, "packet": ready.part.packet, "manifest": ready.part.hash}
    basis = {"basis": out.basis.handoff, "came_by": out.came_by or out.basis.came_by}
    return {**named, **sealed, **basis, **routing.counted(out), "sections": dict(ready.sections)}


def noted(member: Member, evidence_value: dict[str, Any]) -> str:
    """Keep evidence in an own record under a random key, and return its keyed hash (docs/protocol.md §7.2)."""
    key = secrets.token_bytes(32)
    records.put(member, "note", {"key": b64u(key), "evidence": evidence_value})
    return b64u(hashlib.blake2b(canonical(evidence_value), digest_size=32, key=key).digest())
