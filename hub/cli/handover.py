"""`hub handover`: the handover meeting, its checklist, its papers, and the signed papers that come back.

What is said about a child comes from files, never from arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from consent.familycopy import Reader
from consent.words import LANGUAGES
from hub.cli import words
from hub.cli.common import FILE, FOLDER, Session, command, read_json, read_text, why, with_reason
from hub.client import cases, meetings, reading
from hub.client import handover as domain
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hub.client.cases import CaseFile
    from hub.client.meetings import Meeting
    from hub.client.member import Member
    from hub.client.paper.handover import Leg

_STANDS = "effective"
_record = click.argument("record")
_lang = click.option("--lang", type=click.Choice(LANGUAGES), default="en", help="The language.")


@click.group()
def handover() -> None:
    """Handover meetings: who came, what was handed over, the papers that were signed."""


@command(
    handover,
    click.argument("record", required=False),
    click.option("--facts", type=FILE, help="A file with what is said, JSON: see docs/cli.md."),
    click.option("--side", type=click.Choice([*domain.Side]), default=domain.Side.SENDER, help="Which side you are."),
    click.option("--case", help="The record of the case file."),
    click.option("--leg", help="The leg of the transfer."),
    why,
)
def draft(session: Session, record: str | None, facts: Path | None, why: str | None, **given: Any) -> None:
    """Begin the record of a meeting; with RECORD, say more of it, or something else."""
    said, member = _object(facts), session.member()
    if record is None:
        kept = meetings.begin(member, domain.Side(given["side"]), said, case=given["case"], leg=given["leg"])
    else:
        kept = meetings.change(member, _load(member, record, why), said)
    _tell(session, kept, "en")


@command(
    handover,
    _record,
    click.argument("items", nargs=-1, required=True),
    click.option("--reason", type=FILE, help="A file with the reason why these were not handed over: one line."),
    why,
)
def tick(session: Session, record: str, items: tuple[str, ...], reason: Path | None, why: str | None) -> None:
    """Tick ITEMS of the checklist for your side, or say why not. Nobody ticks for the other side."""
    text = read_text(reason).strip() if reason else None
    if text == "":
        raise InvalidRequest("The file with the reason is empty.")
    member = session.member()
    _tell(session, meetings.tick(member, _load(member, record, why), items, text), "en")


@command(
    handover,
    click.argument("record", required=False),
    _lang,
    click.option("--into", type=FOLDER, help="Write the scans of signed papers here, once their hashes fit."),
    why,
)
def show(session: Session, record: str | None, lang: str, into: Path | None, why: str | None) -> None:
    """Show what both sides say, where they differ, and what is missing; without RECORD, list the meetings."""
    member = session.member()
    if record is None:
        _list(session, meetings.listing(member))
        return
    meeting = _load(member, record, why)
    written = meetings.pages(member, meeting, into) if into else []
    _tell(session, meeting, lang, [str(path) for path in written])


@command(
    handover,
    _record,
    click.argument("form", type=click.Choice(domain.FORMS)),
    _lang,
    click.option("--out", type=FILE, required=True, help="Write the PDF to this file."),
    click.option("--large", is_flag=True, help="Large print."),
    click.option(
        "--phone", default="", help="The number to call about the plan; else your agency's first duty number."
    ),
    click.option("--for", "reader", type=click.Choice([*Reader]), default=Reader.FAMILY, help="Whose plan it is."),
    click.option("--mark", default="", help="The four letters by which an observer names the child."),
    why,
    name="print",
)
def print_form(session: Session, record: str, form: str, out: Path, why: str | None, **given: Any) -> None:
    """Print a paper of the meeting: its record, the family's agreement, plan, receipt, visits, card."""
    from hub.client.profile import write_private

    member = session.member()
    meeting = _load(member, record, why)
    number = None if form in domain.UNSIGNED else domain.new_form()
    made = _paper(member, meeting, form, number or "", why, given)
    if number:
        meetings.add_form(member, meeting, form, given["lang"], number)
    write_private(out, made)
    lines = [f"Written to {escape(str(out))}."]
    lines += [f"When it is signed: hub handover scan FILE --form {number}"] if number else []
    session.tell({"file": str(out), "bytes": len(made), "form": number}, *lines)


@command(
    handover,
    click.argument("file", type=FILE),
    click.option("--form", required=True, help="The number at the foot of the paper."),
    click.option("--check", is_flag=True, help="Only say whether FILE is what was kept before, to the last byte."),
)
def scan(session: Session, file: Path, form: str, *, check: bool) -> None:
    """Keep a signed paper, FILE, a photo or a PDF from a scanner, without what is hidden in it."""
    member = session.member()
    found = meetings.verify_file(member, form, file) if check else meetings.scan(member, form, file)
    value = {"form": found.form, "kind": found.kind, "source": found.source, "files": list(found.files)}
    done = "This is the paper that was kept." if check else "Kept. Whoever changes it is found out."
    session.tell({**value, "record": found.record}, done, f"  {found.form}, pages: {len(found.files)}")


def _load(member: Member, record: str, why: str | None) -> Meeting:
    return with_reason(lambda reason: meetings.load(member, record, reason), why)


def _object(path: Path | None) -> dict[str, Any]:
    value = read_json(path) if path else {}
    if not isinstance(value, dict):
        raise InvalidRequest("The file is no JSON object.", todo="Correct the file.")
    return value


def _paper(member: Member, meeting: Meeting, form: str, number: str, why: str | None, given: dict[str, Any]) -> bytes:
    from hub.client.paper import handover as papers

    lang, large, leg = given["lang"], given["large"], _leg(member, meeting)
    if form == "meeting":
        return papers.meeting_form(lang, number, meeting.document, leg, large=large)
    if form == "willingness":
        return papers.willingness_form(lang, number, meeting.document, large=large)
    if form == "observer":
        return papers.observer_form(lang, number, given["mark"], large=large)
    if form == "card":
        case = _case(member, meeting, why)
        return papers.safety_card(lang, _section(case, "safety_plan"), _hidden(member, case))
    if form == "plan":
        phone = given["phone"] or next(iter(member.home().entry.duty), "")
        plan = _section(_case(member, meeting, why), "plan")
        return papers.plan_copy(lang, number, plan, phone, Reader(given["reader"]), large=large)
    if leg is None:
        raise InvalidRequest("This record names no leg of a transfer.", todo="Begin one with --leg HANDOFF.")
    return papers.receipt_form(lang, number, leg, large=large)


def _leg(member: Member, meeting: Meeting) -> Leg | None:
    """Return the leg of a meeting, with the steps that took effect."""
    from hub.client.paper.handover import Leg, Step

    if meeting.leg is None:
        return None
    shown = reading.show(member, meeting.leg)
    lines = ((line.statement, line.hash) for line in shown.lines if line.standing == _STANDS)
    steps = (Step(said.type, said.at, said.agency, proof) for said, proof in lines if said.agency)
    return Leg(shown.id, shown.from_agency, shown.to_agency, tuple(steps))


def _case(member: Member, meeting: Meeting, why: str | None) -> CaseFile:
    if meeting.case is None:
        raise InvalidRequest("This record names no case file.", todo="Begin one with --case RECORD.")
    return with_reason(lambda reason: cases.load(member, str(meeting.case), reason), why)


def _section(case: CaseFile, name: str) -> Mapping[str, Any]:
    section = case.sections.get(name)
    if not isinstance(section, dict):
        raise InvalidRequest("The case file has no such section yet.", todo="Fill it in first.", sections=[name])
    return section


def _hidden(member: Member, case: CaseFile) -> list[str]:
    """Return the names of agencies and services that no card may show: the own one, and those of the plan."""
    plan = case.sections.get("plan")
    actions = (plan.get("actions") or ()) if isinstance(plan, dict) else ()
    named = [str(row[name]) for row in actions for name in ("provider", "agency") if row.get(name)]
    return [words.plain(name).partition("@")[0] for name in (member.agency, *named)]


def _list(session: Session, found: Iterable[Meeting]) -> None:
    rows = [
        {
            "record": row.record,
            "side": row.side.value,
            "leg": row.leg,
            "missing": len(domain.missing(row.document)),
            "differences": len(row.merged.differences),
        }
        for row in found
    ]
    titles = {"record": "Record", "side": "Side", "leg": "Leg", "missing": "Missing", "differences": "Different"}
    session.table(rows, titles)


def _tell(session: Session, meeting: Meeting, lang: str, written: Iterable[str] = ()) -> None:
    merged, said = meeting.merged, domain.WORDS[lang]
    lacking, document = domain.missing(merged.document), merged.document
    value = {
        "record": meeting.record,
        "document": document,
        "missing": lacking,
        "differences": list(merged.differences),
        "forms": list(meeting.value["forms"]),
        "files": list(written),
    }
    session.tell(
        value,
        f"{meeting.record}: {'complete' if not lacking else f'{len(lacking)} to be said yet'}",
        *(escape(line) for name in domain.FACTS for line in _fact(said, name, document[name])),
        f"[bold]{escape(said['labels']['checklist'])}[/bold]",
        *(escape(_row(said, row)) for row in document["checklist"]),
        *(escape(f"! the two sides differ: {name}") for name in merged.differences),
        *(escape(f"  {row['form']}  {said['forms'][row['kind']]}") for row in meeting.value["forms"]),
        *(escape(f"  written: {path}") for path in value["files"]),
    )


def _fact(said: Any, name: str, value: Any) -> Iterable[str]:
    label, inner = said["facts"][name], words.outline(value) if isinstance(value, dict | list) else []
    yield f"{label}: {words.when(value) if name == 'when' and value else '' if inner else value or '-'}".rstrip()
    yield from (f"  {line}" for line in inner)


def _row(said: Any, row: dict[str, Any]) -> str:
    marks = [row[side] for side in domain.Side]
    boxes = " ".join("[x]" if mark and not mark["reason"] else "[ ]" for mark in marks)
    reasons = "; ".join(mark["reason"] for mark in marks if mark and mark["reason"])
    label = said["items"].get(row["item"], row["item"])
    return f"  {boxes} {row['item']}: {label}" + (f" ({reasons})" if reasons else "")
