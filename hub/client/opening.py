"""Opening what others sent: verify first, ask the basis again, quarantine what it does not cover, write the rest.

The receiver's client runs the sender's own rules (`consent.decide`) on the excerpt inside the packet, at the time
that it was made. A section beyond it is not shown; the caller is told which, to tell the sender and the data officer.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from consent import record
from consent.basis import CONSENT, VITAL, BasisError, check
from consent.decide import Deny, Recipient, Request, decide, until_month
from hub.client import access, approvals, copies, gates, handover, judging, noticeform, reading, routing
from hub.client.basis import Held, categories, told
from hub.client.member import workspace
from hub.client.profile import write_private
from hub.errors import BadSignature, InvalidRequest, Malformed, NotFound, NotPermitted
from hub.ids import host_of
from hub.inquiries import domain as inquiry
from hub.statements.grammar import NOTICE, MemberActor, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hub.client.member import Member
    from hub.client.reading import Packet, Shown
    from hub.packets.verify import VerifiedPacket
    from hub.statements.grammar import Statement

_SKEW = 600
INQUIRES = "transfer.inquire"
SEARCH, ACCEPT = "transfer.search", "transfer.accept"
INQUIRIES = frozenset({inquiry.ASK, INQUIRES})
"""What asks about a place, and holds a question about nobody."""
_ABOUT_NOBODY = INQUIRIES | {inquiry.ANSWER, "transfer.answer_inquiry"}
REPLY = "reply"
REQUEST = "request"
ATTACHMENTS = "attachments"
"""What is held back where a packet has nothing else: no section, so nothing that a basis could cover."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A packet's content that the basis covers; `quarantined` names the sections that it does not, with the reasons."""

    packet: str
    from_agency: str
    author: str
    sections: Mapping[str, Any] = field(repr=False)
    attachments: Mapping[str, int]
    quarantined: Mapping[str, list[dict[str, Any]]]
    written: tuple[Path, ...] = ()

    def refuse_quarantined(self) -> None:
        """Return if everything may be seen.

        Raises:
            NotPermitted: something was held back; `sections` in the facts names it.
        """
        if self.quarantined:
            raise NotPermitted(
                "A part of this packet is not covered by the basis that it names; it was held back.",
                sections=sorted(self.quarantined),
                reasons=[row for rows in self.quarantined.values() for row in rows],
            )


def open_handoff(
    member: Member, handoff: str, *, into: Path | None = None, packet: str | None = None, why: str | None = None
) -> list[Opened]:
    """Open what was sent to the member's agency in a handoff: one packet, or all; write it below `into` where given.

    Raises:
        InvalidRequest: the handoff is not assigned to the member, who did not say `why` (R46).
        PacketError: a packet does not verify. Nothing of it is shown.
    """
    shown = reading.show(member, handoff)
    mine = [p for p in _given(member, shown) if packet in {None, p.hash}]
    if mine:
        access.log(member, access.before_open(member, shown, why))
    found = [_open(member, shown, p, into) for p in mine]
    copies.note(member, handoff, (path for item in found for path in item.written))
    return found


def look(member: Member, shown: Shown, manifest: str) -> Opened:
    """Open one packet of a handoff that is about nobody, so that no opening is logged: an inquiry, or its answer.

    Raises:
        NotFound: it is no longer here; InvalidRequest: the handoff is about somebody.
    """
    if _said(shown, manifest).type not in _ABOUT_NOBODY:
        raise InvalidRequest("This is about somebody; open it.")
    return _open(member, shown, shown.packet(manifest), None)


def _open(member: Member, shown: Shown, packet: Packet, into: Path | None) -> Opened:
    with workspace() as folder:
        verified = reading.fetch(member, shown, packet, folder)
        held_back = _check(member, shown, verified)
        sections = {name: value for name, value in verified.sections.items() if name not in held_back}
        whole, author = not held_back, verified.signed.member
        written = () if into is None else _write(verified, sections, into, whole=whole)
        attachments = verified.attachments if whole else {}
        return Opened(packet.hash, verified.manifest.sender, author, sections, attachments, held_back, written)


def _given(member: Member, shown: Shown) -> list[Packet]:
    """Return the packets that the agency is given: by which a child is searched for, once it has accepted the case."""
    said = {line.statement.type for line in shown.lines if line.position is not None}
    closed = {line.statement.manifest for line in shown.lines if line.statement.type == SEARCH and ACCEPT not in said}
    mine = (p for p in shown.packets if p.manifest.to == member.agency and not p.destroyed)
    return [p for p in mine if p.hash not in closed]


def received(member: Member, handoff: str) -> Held:
    """Return the consent on which a packet came, to pass its content on to whom the giver named (R15).

    Raises:
        InvalidRequest: it came on no consent, so it goes no further.
        NotFound: it is gone, because consent was withdrawn.
    """
    shown = reading.show(member, handoff)
    mine = _given(member, shown)
    if not mine:
        raise NotFound("Nothing is here to be passed on.")
    with workspace() as folder:
        excerpt = reading.fetch(member, shown, mine[-1], folder).excerpt  # what the giver said last
    try:
        record.read_excerpt(excerpt)
    except BasisError as error:
        raise InvalidRequest("This came on no consent: nothing of it may be passed on.", rule="R15") from error
    return Held(handoff, "", dict(excerpt or {}), secrets.token_bytes(32), came_by=handoff)


def _check(member: Member, shown: Shown, packet: VerifiedPacket) -> dict[str, list[dict[str, Any]]]:
    """Return the sections that the packet's basis does not cover, with the reasons."""
    manifest, excerpt = packet.manifest, packet.excerpt
    if manifest.own_record or excerpt is None or manifest.grant is None:
        return {}
    said = _said(shown, packet.signed.hash)
    if said.type in _ALONE:
        return _check_alone(member, packet, excerpt, _ALONE[said.type])
    if excerpt.get("basis") == REPLY:
        _check_reply(member, shown, packet, excerpt)
        return {name: [] for name in packet.sections if name != REPLY}
    if excerpt.get("kind") == VITAL and not _supervised(said, excerpt):
        raise BadSignature("A vital interest was not signed by the supervisor whom it names.")
    entry = member.home().entry
    if manifest.grant.country != entry.country:
        raise BadSignature("The packet's grant is for another country than this agency's.")
    request = packet.sections.get(REQUEST)
    purpose, service = _asked(request)
    recipient = Recipient(entry.agency, entry.kind, entry.country, manifest.files[0].member)
    facts = _facts(excerpt)
    holder = None if _direct(facts, entry.agency) else manifest.sender
    facts = _proven(member, shown, packet, facts, None if holder else manifest.sender)
    held_back: dict[str, list[dict[str, Any]]] = {name: [] for name in _misshapen(packet.sections, said)}
    for name in sorted(categories(packet.sections)):
        answer = decide(facts, Request(recipient, frozenset({name}), purpose, service, holder), manifest.created)
        if isinstance(answer, Deny):
            held_back[name] = told(answer.reasons)
    asked = Request(recipient, categories(packet.sections), purpose, service, holder)
    whole = decide(facts, asked, manifest.created)
    if isinstance(whole, Deny):
        return held_back or dict.fromkeys(packet.sections or (ATTACHMENTS,), told(whole.reasons))
    if until_month(whole.until) < manifest.grant.until:
        raise BadSignature("The packet's grant says a later end than its basis.")
    return held_back


def _facts(excerpt: Mapping[str, Any]) -> Any:
    """Return what an excerpt says, its parts checked against the head of the record; one that is none says nothing."""
    try:
        return record.read_excerpt(dict(excerpt)) if excerpt.get("kind") == CONSENT else check(dict(excerpt))
    except BasisError:
        return {}


def _proven(member: Member, shown: Shown, packet: VerifiedPacket, facts: Any, agency: str | None) -> Any:
    """Return facts with the approvals that `agency` gave, by those who might when the packet was sent."""
    if not facts.get("overrides"):
        return facts
    manifest, head = packet.manifest, (packet.excerpt or {})["head"]
    place = reading.placed(shown, packet.signed.hash, host_of(manifest.sender))
    return approvals.proven(member, facts, approvals.Use(head["record"], manifest.created, agency, place))


def _direct(facts: Mapping[str, Any], agency: str) -> bool:
    """Whether the giver named this agency as a recipient; else it may only have been passed on by one (R15)."""
    return "grants" not in facts or any(row.get("recipient") == agency for row in facts["grants"])


def _supervised(said: Statement, excerpt: Mapping[str, Any]) -> bool:
    """Whether the supervisor in a vital interest signed the submission, as another member than its caseworker (R01).

    What was made after that signature was not signed: no later packet brings another 72 hours.
    """
    if excerpt.get("made", 0) > said.at + _SKEW:
        return False
    signers = [actor for actor in said.by if isinstance(actor, MemberActor)]
    return len(signers) > 1 and any(
        actor.member == excerpt.get("supervisor") and actor.role == Role.SUPERVISOR for actor in signers
    )


def reply_excerpt(shown: Shown) -> dict[str, Any]:
    """Return what a reply says of its basis: that it answers what was sent in this handoff."""
    answered = shown.submission.statement.manifest
    return {"v": 1, "basis": REPLY, "to": shown.from_agency, "in_reply_to": answered, "categories": [REPLY]}


def _check_reply(member: Member, shown: Shown, packet: VerifiedPacket, excerpt: Mapping[str, Any]) -> None:
    fits = reply_excerpt(shown)
    if dict(excerpt) != fits or shown.from_agency != member.agency or packet.manifest.sender != shown.to_agency:
        raise BadSignature("A reply answers no packet that this agency sent.")


def _check_alone(
    member: Member, packet: VerifiedPacket, excerpt: Mapping[str, Any], alone: _Alone
) -> dict[str, list[dict[str, Any]]]:
    """Return the sections of a packet that rests on no basis: all, if there is more than one section of its form."""
    section, form, wanted = alone
    if dict(excerpt) != wanted(member.agency):
        raise BadSignature("An inquiry or a notice rests on no basis, and says so.")
    more = packet.sections.keys() != {section} or bool(packet.attachments)
    more = more or not _is_of(form, packet.sections.get(section))
    return {name: [] for name in packet.sections or (ATTACHMENTS,)} if more else {}


_Alone = tuple[str, "Callable[[object], object]", "Callable[[str], dict[str, Any]]"]
_QUESTION: _Alone = (inquiry.SECTION, inquiry.question, inquiry.excerpt)
_ALONE: dict[str, _Alone] = {
    **dict.fromkeys(INQUIRIES, _QUESTION),
    NOTICE: (noticeform.SECTION, noticeform.notice, noticeform.excerpt),
}
"""The statements beside which one section stands alone, without a basis: its name, its form, what says so."""


def _misshapen(sections: Mapping[str, Any], said: Statement) -> list[str]:
    """Return the sections that no basis covers and that are not of their closed forms: they could say anything."""
    forms = {
        judging.JOURNEY: judging.check_journey,
        gates.SECTION: lambda value: gates.check_document(value, said.body),
        handover.SECTION: handover.check,
    }
    wrong = [name for name, form in forms.items() if name in sections and not _is_of(form, sections[name])]
    asked = sections.get(REQUEST)
    return wrong if asked is None or routing.read(asked) is not None else [REQUEST, *wrong]


def _is_of(form: Callable[[Any], object], value: object) -> bool:
    try:
        form(value)
    except (Malformed, BadSignature):
        return False
    return True


def _said(shown: Shown, manifest: str) -> Statement:
    """Return the statement beside which a packet came."""
    return next(line.statement for line in shown.lines if line.statement.manifest == manifest)


def _asked(request: object) -> tuple[str, str | None]:
    """Return purpose and service of the section `request`, which holds nothing else but codes and no free text."""
    found = routing.read(request)
    return ("", None) if found is None else (found["purpose"], found["service"])


def _write(packet: VerifiedPacket, sections: Mapping[str, Any], into: Path, *, whole: bool) -> tuple[Path, ...]:
    """Write sections as JSON and, if nothing was held back, the attachments, each packet in a folder of its own."""
    folder = into / datetime.fromtimestamp(packet.manifest.created, UTC).strftime(f"%Y-%m-%d-{packet.signed.hash[:8]}")
    for name in ("sections", "attachments"):
        (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    written = {folder / "sections" / f"{name}.json": value for name, value in sections.items()}
    for path, value in written.items():
        write_private(path, json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n")
    return (*written, *(reading.write_attachments(packet, folder / "attachments") if whole else ()))
