"""Programmes of a case: which one it follows, what was marked and by whom, and the same steps at every agency.

Own records of kind `programme` name the case file and hold marks that their members signed, each in a record of its
own, so that two colleagues never write over one another. On a further leg the programme travels in the sealed section
`plan`, as its member `programme`. Gates are not asked here: a step names them, and they are evaluated elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from consent.policy import CATEGORIES
from hub.client import records
from hub.directory.records.freshness import day_of
from hub.errors import Conflict, HubError, InvalidRequest, Malformed, NotFound
from hub.ids import random_id
from hub.keys.certificates import CASE_ROLES
from hub.packets import shapes as a
from hub.packets.dsse import Envelope, sign_envelope
from hub.packets.encoding import canonical, parse_json
from hub.programmes import words
from hub.programmes.progress import Mark, Progress, Said, progress, refusal
from hub.programmes.template import START, Template, read_template, shipped
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from hub.client.member import Member
    from hub.client.records import Record

KIND, TEMPLATE, CASE = "programme", "template", "case"
SECTION, MEMBER = "plan", "programme"
"""Where a programme travels: in the plan, whose consent covers it."""
MARK_TYPE: Final = "application/vnd.rcp.programme-mark+json;v=1"
MOST: Final = 2000
"""Marks of one programme of one case."""
_KEEPERS = frozenset({Role.SUPERVISOR.value, Role.COORDINATOR.value})
_AHEAD = 600
_DOCUMENT = {
    "v": a.integer(1, 1),
    "tracker": a.identifier,
    "template": a.null_or(a.at_least({})),
    "marks": a.list_of(a.at_least({}), MOST),
}
_FORM = a.object_of({"case": a.identifier, **_DOCUMENT})
_HANDED = a.object_of(_DOCUMENT)


@dataclass(frozen=True, slots=True)
class Tracker:
    """A programme that a case follows: the marks that count, and how many were never proven here, by agency."""

    id: str
    case: str
    template: Template
    marks: frozenset[Mark]
    unproven: Mapping[str, int]
    signed: tuple[Mapping[str, Any], ...]
    """All marks as they were signed, to be handed on."""

    def progress(self, now: int) -> Progress:
        """Return how far the case has come."""
        return progress(self.template, self.marks, _today(now))


# Templates


def templates(member: Member) -> dict[str, Template]:
    """Return the templates by name: those of the release, and those that the own agency loaded."""
    loaded: dict[str, Template] = {}
    rows = sorted(records.listing(member, TEMPLATE), key=lambda row: (row.began, row.handoff))
    for row in rows:
        if row.by.role in _KEEPERS and (found := _template(row.value)) is not None:
            loaded.setdefault(found.name, found)
    return {**loaded, **shipped()}


def template(member: Member, name: str) -> Template:
    """Return a template by `id@version`, or by its id: then the newest version.

    Raises:
        NotFound: there is none of this name.
    """
    known = templates(member)
    found = [known[one] for one in sorted(known) if name in {one, known[one].id}]
    if not found:
        raise NotFound("There is no such programme.", todo="See `hub programme list`.")
    return found[-1]


def load(member: Member, value: object) -> Template:
    """Keep a template of the agency's own; loading it again changes nothing.

    Raises:
        InvalidRequest: it is none; each row that is wrong is named.
        Conflict: another one of the same id and version is known.
        Forbidden: the member is neither supervisor nor coordinator.
    """
    found = read_template(value)
    if not _known(member, found):
        records.put(member, TEMPLATE, found.document, roles=_KEEPERS)
    return found


# Following one


def start(member: Member, case: str, name: str, on: str | None = None) -> Tracker:
    """Let a case follow a programme from a day on; one that it follows already goes on.

    Raises:
        NotFound: no such case file or programme.
    """
    chosen = template(member, name)
    records.get(member, case, CASE)
    same = next((row for row in listing(member, case) if row.template.hash == chosen.hash), None)
    if same is not None:
        return same
    tracker = random_id()
    begun = _sign(member, chosen, tracker, START, Said.DONE, _day(member, on), ())
    value = {"v": 1, "tracker": tracker, "template": chosen.document, "marks": [begun]}
    records.put(member, KIND, {"case": case, **value}, roles=CASE_ROLES)
    return get(member, tracker)


def mark(
    member: Member,
    tracker: str,
    step: str,
    said: str = Said.DONE,
    on: str | None = None,
    evidence: Collection[str] = (),
) -> Tracker:
    """Mark a step or fact; sections that the case file holds are its evidence, `evidence` are those kept elsewhere.

    Raises:
        NotFound: no such programme, step or fact.
        Conflict: it waits for another step, or something that belongs to it is not there.
        InvalidRequest: the day has not come, or there is no such section.
    """
    held = get(member, tracker)
    if step not in held.template or not set(evidence) <= CATEGORIES:
        raise NotFound("There is no such step, fact or section.", todo="See `hub programme show`.")
    named = sorted({*evidence, *_sections(member, held.case)} & _wanted(held.template, step))
    signed = _sign(member, held.template, held.id, step, said, _day(member, on), named)
    new = Mark.from_value(_value(signed))
    known = held.progress(member.clock.now()).row(step)
    if known is not None and known.mark is not None and _same(known.mark, new):
        return held
    stands = refusal(held.template, held.marks, new, _today(member.clock.now()))
    if stands is not None:
        raise Conflict(words.why_not(stands, held.template), todo="Do that first, or see `hub programme progress`.")
    value = {"case": held.case, "v": 1, "tracker": held.id, "template": None, "marks": [signed]}
    records.put(member, KIND, value, roles=CASE_ROLES)
    return get(member, held.id)


def listing(member: Member, case: str | None = None) -> list[Tracker]:
    """Return the programmes that cases follow, those begun last first; of one case where it is named."""
    rows = [row for row in records.listing(member, KIND) if records.of_form(row, _FORM)]
    rows.sort(key=lambda row: (row.began, row.handoff))
    kept: dict[str, list[Record]] = {}
    for row in rows:
        kept.setdefault(row.value["tracker"], []).append(row)
    found = [made for rows in kept.values() if (made := _tracker(member, rows)) is not None]
    return [row for row in reversed(found) if case in {None, row.case}]


def get(member: Member, tracker: str) -> Tracker:
    """Return a programme that a case follows, by its own id or, where the case follows one alone, by the case's.

    Raises:
        NotFound: there is none, or more than one.
    """
    found = [row for row in listing(member) if tracker in {row.id, row.case}]
    if len(found) != 1:
        raise NotFound("No case follows such a programme, or it follows several.", todo="See `hub programme list`.")
    return found[0]


# From one agency to the next


def into_plan(held: Tracker, plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return the section `plan` with the programme in it, as the next agency gets it."""
    document = {"v": 1, "tracker": held.id, "template": held.template.document, "marks": list(held.signed)}
    return {**plan, MEMBER: document}


def out_of(sections: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the programme that came in the sections of a packet, or None."""
    plan = sections.get(SECTION)
    found = plan.get(MEMBER) if isinstance(plan, dict) else None
    return found if isinstance(found, dict) else None


def take(member: Member, case: str, document: Mapping[str, Any]) -> Tracker:
    """Go on with a programme that another agency handed over; taking it again adds only what is new.

    Raises:
        InvalidRequest: it is none.
        Conflict: its template has the name of another one that is known here, or another case follows it.
        NotFound: no such case file.
    """
    handed = _handed(document)
    chosen = read_template(handed["template"])
    _known(member, chosen)
    records.get(member, case, CASE)
    held = next((row for row in listing(member) if row.id == handed["tracker"]), None)
    if held is not None and (held.case != case or held.template.hash != chosen.hash):
        raise Conflict("Another case follows this programme, or it was another one.", todo="See `hub programme list`.")
    known = {canonical(row) for row in held.signed} if held is not None else set()
    new = [row for row in handed["marks"] if canonical(row) not in known]
    if new or held is None:
        kept = {"v": 1, "tracker": handed["tracker"], "template": chosen.document, "marks": new}
        records.put(member, KIND, {"case": case, **kept}, roles=CASE_ROLES)
    return get(member, handed["tracker"])


def look(member: Member, document: Mapping[str, Any]) -> Tracker:
    """Return a programme that another agency handed over as it would be shown, without keeping it.

    Raises:
        InvalidRequest: it is none.
        Conflict: its template has the name of another one that is known here.
    """
    handed = _handed(document)
    chosen, now = read_template(handed["template"]), member.clock.now()
    _known(member, chosen)
    return _made(member, handed["tracker"], "", chosen, [(row, now) for row in handed["marks"]])


# Inside


def _handed(document: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        _HANDED(document)
    except Malformed as error:
        raise InvalidRequest("What was handed over is no programme of a case.") from error
    return document


def _known(member: Member, given: Template) -> bool:
    """Return whether a template is known; refuse one that says something else under a known name."""
    known = templates(member).get(given.name)
    if known is not None and known.hash != given.hash:
        raise Conflict("Another template of this id and version is known here.", todo="Give it another version.")
    return known is not None


def _template(value: object) -> Template | None:
    try:
        return read_template(value)
    except InvalidRequest:
        return None


def _tracker(member: Member, rows: Iterable[Record]) -> Tracker | None:
    """Return a programme out of its records, oldest first: the first says which template and which case."""
    rows = list(rows)
    chosen = next((found for row in rows if (found := _template(row.value["template"])) is not None), None)
    if chosen is None:
        return None
    signed = [(one, row.at) for row in rows for one in row.value["marks"]]
    first = rows[0]
    return _made(member, first.value["tracker"], first.value["case"], chosen, signed)


def _made(
    member: Member, tracker: str, case: str, chosen: Template, signed: Iterable[tuple[Mapping[str, Any], int]]
) -> Tracker:
    """Return a programme with the marks that are proven; `signed` are marks and since when they are kept here."""
    kept: dict[bytes, Mapping[str, Any]] = {}
    counts: set[Mark] = set()
    unproven: dict[str, int] = {}
    for row, since in signed:
        if kept.setdefault(canonical(row), row) is not row:
            continue
        found = _read(row)
        if found is None or (found.tracker, found.template) != (tracker, chosen.hash):
            continue
        if _proven(member, row, found, since):
            counts.add(found)
        else:
            unproven[found.agency] = unproven.get(found.agency, 0) + 1
    return Tracker(tracker, case, chosen, frozenset(counts), unproven, tuple(kept.values()))


def _read(row: Mapping[str, Any]) -> Mark | None:
    try:
        return Mark.from_value(_value(row))
    except HubError:
        return None


def _value(row: Mapping[str, Any]) -> dict[str, Any]:
    return Envelope.from_bytes(canonical(row), MARK_TYPE).value


def _proven(member: Member, row: Mapping[str, Any], said: Mark, since: int) -> bool:
    """Whether the agency's certificates gave this member this role then, and the key was not lost before it was kept.

    Who has left meanwhile has marked all the same what is kept here since before.
    """
    try:
        envelope = Envelope.from_bytes(canonical(row), MARK_TYPE)
        (signature,) = envelope.signatures
        devices = member.trust.agency(said.agency, fresh=False).devices
        device = next(one for one in devices if one.cert.keyid == signature.keyid)
        cert = device.cert
        envelope.verified_by([cert.sign])
    except (HubError, ValueError, StopIteration):
        return False
    alive = device.revoked_at is None or since < device.revoked_at
    named = cert.member == said.member and said.role in cert.roles & CASE_ROLES
    return alive and named and cert.valid_from <= said.at <= cert.until and said.at <= since + _AHEAD


def _sign(
    member: Member, chosen: Template, tracker: str, step: str, said: str, on: str, evidence: Iterable[str]
) -> dict[str, Any]:
    me, at = member.me(CASE_ROLES), member.clock.now()
    if said not in set(Said):
        raise InvalidRequest(f"A step is marked {', '.join(Said)}.")
    made = Mark(at, tracker, chosen.hash, step, said, on, tuple(evidence), me.agency, me.member, me.role)
    row: dict[str, Any] = parse_json(sign_envelope(MARK_TYPE, made.to_value(), [member.signer]).to_bytes())
    return row


def _same(one: Mark, other: Mark) -> bool:
    return (one.said, one.on, one.evidence) == (other.said, other.on, other.evidence)


def _wanted(chosen: Template, step: str) -> frozenset[str]:
    return frozenset(name for row in chosen.steps if row.id == step for name in row.evidence)


def _sections(member: Member, case: str) -> Iterator[str]:
    """Yield the sections of a case file that hold something."""
    sections = records.get(member, case, CASE).value.get("sections")
    yield from (name for name, item in (sections.items() if isinstance(sections, dict) else ()) if item)


def _day(member: Member, on: str | None) -> str:
    today = day_of(member.clock.now())
    if on is not None and on > today:
        raise InvalidRequest("A step is marked for a day that has come.", todo="Mark it when it is so.")
    return on or today


def _today(now: int) -> date:
    return date.fromisoformat(day_of(now))
