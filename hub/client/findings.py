"""What is found out around a journey, sealed: assessments before it, and what was verified of each item after arrival.

An assessment is asked for on a consent of its own with the least that is needed, and comes back as sections of the case
file, kept with who said it. After arrival each item of what came is verified, corrected or unknown; corrections go back
to the sender, whose client puts them into its own file. Who is told what stands in sealed replies alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hub.casefile.sections import forms
from hub.client import cases, gates, judging, reading, records, referrals, transfer_steps
from hub.client.judging import JOURNEY, Purpose, day_of
from hub.client.member import DAY
from hub.errors import InvalidRequest, NotFound
from hub.packets import shapes as a
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.client.basis import Held
    from hub.client.cases import CaseFile
    from hub.client.member import Member
    from hub.client.reading import Line

REQUEST, RETURN, VERIFY = "transfer.request_assessment", "transfer.return_assessment", "transfer.verify"
ASSESSED: Final = "assessment"
"""The member of a reply in which an assessment stands, section by section."""
VERIFIED: Final = "verified"
FOUND: Final = ("verified", "corrected", "unknown")
_LATEST = 30 * DAY
_WORKERS = frozenset({Role.CASEWORKER.value})
_ITEM = {"section": a.name, "item": a.text, "found": a.one_of(*FOUND)}
_ITEMS = a.list_of(a.object_of({**_ITEM, "value": lambda _value: None}), 500, 1)
_NOTE = a.object_of({"handoff": a.identifier, VERIFIED: a.list_of(a.object_of(_ITEM), 500)})


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked to be assessed, of whom, with what about the child, on which basis."""

    case: str
    """The record of the case file."""
    to: str
    sections: Sequence[str]
    basis: Held = field(repr=False)
    purpose: str
    """What the consent is asked: `family_tracing`, `best_interests` or another of its purposes."""
    journey: Purpose
    needs: tuple[str, ...] = ()
    due: int | None = None
    leg: str = ""
    """The leg that an inquiry began."""


@dataclass(frozen=True, slots=True)
class Item:
    """What was found of one item of a section; `value` is what is true instead, where it was corrected."""

    section: str
    item: str
    found: str
    value: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Correction:
    """An item that the receiver looked at, with who said so when."""

    item: Item
    by: str
    at: int
    statement: str


# Before the journey


def request_assessment(member: Member, asked: Asked, why: str | None = None) -> dict[str, Any]:
    """Ask for tracing, a home study or what is known of the country of origin, with the least about the child.

    No child moves by it: as while monitoring, the gates tell and stop nothing.

    Raises:
        ConsentMissing: the basis does not cover it; nothing was sealed.
    """
    held, shown = cases.load(member, asked.case, why), reading.show(member, asked.leg)
    told = asked.journey.to_value(judging.situation(held))
    known = judging.journey(member, told, asked.leg, asked.to, shown)
    _result, found = judging.judge(member, "monitoring", held.sections, known, held.record)
    sections = {name: held.sections[name] for name in asked.sections if name in held.sections}
    if not sections:
        raise InvalidRequest("The case file has none of these sections.", todo="See `hub case show`.")
    out = referrals.Outgoing(
        to=asked.to, sections=sections, basis=asked.basis, purpose=asked.purpose, needs=asked.needs
    )
    with referrals.sealed(member, out, {JOURNEY: told, gates.SECTION: found.document}) as ready:
        by = [member.me(_WORKERS)]
        body = {
            "due": asked.due or member.clock.now() + _LATEST,
            "verdict": found.verdict(by, ready.permitted.gates),
            "freeze": referrals.freeze_handle(asked.basis, ready.part.packet),
        }
        said = member.statement(REQUEST, asked.leg, body, by=by, heads=shown.heads, part=ready.part)
        records.fan_out(member, referrals.copy_of(out, asked.leg, ready))
        answer = records.send(member, f"/api/v1/handoffs/{asked.leg}/statements", said, ready.part.source)
    cases.link(member, held.record, leg=asked.leg, why=why)
    return answer


def return_assessment(member: Member, leg: str, sections: Mapping[str, Any]) -> dict[str, Any]:
    """Answer with an assessment, section by section: `coo_home_study`, `family_links` and whatever else was found.

    Raises:
        InvalidRequest: a section is not of its form.
    """
    said = {name: forms.changed(name, None, document) for name, document in sections.items()}
    shown = reading.show(member, leg)
    return transfer_steps.say_with(member, RETURN, shown, {}, {ASSESSED: said})


def keep_assessment(member: Member, leg: str, why: str | None = None) -> CaseFile:
    """Put an assessment that came back into the case file, each section with who said it and when.

    Raises:
        NotFound: none came back. InvalidRequest: a section of it is not of its form; then none is kept.
    """
    found, held = transfer_steps.replies(member, leg, RETURN), cases.of_leg(member, leg)
    if not found or held is None:
        raise NotFound("No assessment of a case of yours has come back on this leg.")
    line, said = found[-1]
    given = said.get(ASSESSED)
    for name, document in _sections(given).items():
        source = {"agency": line.statement.agency, "on": day_of(line.statement.at), "statement": line.hash}
        held = cases.update(member, held.record, name, {**document, "said_by": source}, why)
    return held


def _sections(given: object) -> dict[str, dict[str, Any]]:
    """Return the sections of an assessment, each checked on its own."""
    if not isinstance(given, dict):
        raise InvalidRequest("The assessment that came holds no sections.", todo="Ask for it again.")
    return {name: forms.changed(name, None, document) for name, document in given.items()}


# After arrival


def verify(member: Member, leg: str, items: Sequence[Item], why: str | None = None) -> dict[str, Any]:
    """Say of each item whether it was found true; what is corrected changes the own file, and goes to the sender.

    Raises:
        InvalidRequest: the case file has no such item, or what is true instead is not said or not of its form.
        NotFound: no case came by this leg.
    """
    held = received_case(member, leg)
    held = cases.load(member, held.record, why)
    for one in items:
        section = held.sections.get(one.section)
        if one.found not in FOUND or not isinstance(section, dict) or one.item not in section:
            raise InvalidRequest(f"There is no item {one.item} in {one.section}.", todo="See `hub transfer items`.")
        if (one.found == "corrected") is (one.value is None):
            raise InvalidRequest("What was corrected says what is true instead; nothing else does.")
    for one in items:
        if one.found == "corrected":
            held = cases.update(member, held.record, one.section, {one.item: one.value}, why)
    rows = [{"section": one.section, "item": one.item, "found": one.found, "value": one.value} for one in items]
    answer = transfer_steps.say_with(member, VERIFY, reading.show(member, leg), {}, {VERIFIED: rows})
    told = [{name: row[name] for name in _ITEM} for row in rows]
    records.put(member, "note", {"handoff": leg, VERIFIED: told})
    return answer


def items(member: Member, leg: str, why: str | None = None) -> list[Item]:
    """Return the items of what came, each as it was found last; `found` is empty where nobody has looked yet."""
    held = cases.load(member, received_case(member, leg).record, why)
    rows = [row for row in records.listing(member, "note") if records.of_form(row, _NOTE)]
    said: dict[tuple[str, str], str] = {}
    for row in sorted((row for row in rows if row.value["handoff"] == leg), key=lambda row: row.began):
        said |= {(one["section"], one["item"]): one["found"] for one in row.value[VERIFIED]}
    every = [(name, item) for name, section in held.sections.items() for item in section if item != "v"]
    return [Item(name, item, said.get((name, item), "")) for name, item in every]


def corrections(member: Member, leg: str) -> list[Correction]:
    """Return what the receiver found of each item that it looked at, for the sender; the last word on each."""
    last: dict[tuple[str, str], Correction] = {}
    for line, said in transfer_steps.replies(member, leg, VERIFY):
        for one in _items(line, said.get(VERIFIED)):
            last[one.item.section, one.item.item] = one
    return list(last.values())


def apply_corrections(member: Member, leg: str, why: str | None = None) -> list[Correction]:
    """Put what the receiver corrected into the own case file; return what changed it. Twice is once.

    Raises:
        NotFound: no case of this agency goes by this leg. InvalidRequest: a correction is not of its section's form.
    """
    held = cases.of_leg(member, leg)
    if held is None:
        raise NotFound("No case file of your agency goes by this leg.")
    changed = []
    for one in corrections(member, leg):
        before, item = held, one.item
        if item.found == "corrected" and item.section in held.sections:
            held = cases.update(member, held.record, item.section, {item.item: item.value}, why)
        if held.manifest != before.manifest:
            changed.append(one)
    return changed


def received_case(member: Member, leg: str) -> CaseFile:
    """Return the case file of what came to this agency by a leg; nothing of it is shown yet.

    Raises:
        NotFound: nothing came by it.
    """
    held = cases.of_leg(member, leg)
    if held is None or reading.show(member, leg).to_agency != member.agency:
        raise NotFound("No case came to your agency by this leg.", todo="See `hub transfer list`.")
    return held


def _items(line: Line, said: object) -> list[Correction]:
    _ITEMS(said)
    rows: Any = said
    by, at = str(line.statement.agency), line.statement.at
    return [Correction(Item(**row), by, at, line.hash) for row in rows]
