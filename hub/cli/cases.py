"""`hub case`: a child's case file, section by section; what is missing in it, and what is still to be asked.

What is said about a child comes from files or standard input, never from arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from consent import words as texts
from hub.casefile.sections import considerations, forms
from hub.casefile.sections.completeness import completeness as completeness_of
from hub.casefile.sections.data import load
from hub.casefile.sections.situation import Phase, Situation, child_of
from hub.cli import words
from hub.cli.common import FILE, FOLDER, Session, command, out, read_json, read_packet, read_text, why, with_reason
from hub.client import cases, telling
from hub.client.basis import today
from hub.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hub.client.cases import CaseFile

_record = click.argument("record")
_lang = click.option("--lang", type=click.Choice(texts.LANGUAGES), default="en", help="The language.")
_phase = click.option(
    "--phase",
    type=click.Choice([phase.value for phase in Phase]),
    default=Phase.PRE_RETURN.value,
    help="Where the journey stands.",
)
_told = forms.schema("child_views")["properties"]["told"]["items"]["properties"]
_NEWER = "written by a newer release: shown, not changed"


@click.group()
def case() -> None:
    """Case files: what your agency keeps of a child's case."""


@command(case, click.option("--from", "folder", type=FOLDER, help="A folder with sections/*.json to begin with."))
def new(session: Session, folder: Path | None) -> None:
    """Begin a case file."""
    sections = read_packet(folder)[0] if folder else {}
    held = cases.new(session.member(), sections)
    session.tell({"record": held.record}, f"Case file {held.record}.", "Next: hub case section RECORD NAME FILE")


@command(case, name="list")
def list_files(session: Session) -> None:
    """List case files by record and reference, those changed last first."""
    rows = [
        {"record": held.record, "reference": held.reference, "sections": len(held.sections), "legs": len(held.legs)}
        | {"case": held.case, "at": held.at, "by": held.by}
        for held in cases.listing(session.member())
    ]
    titles = {"record": "Record", "reference": "Reference", "sections": "Sections", "legs": "Legs", "at": "Changed"}
    session.table(rows, titles, at=lambda row: words.when(row["at"]))


@command(
    case,
    _record,
    click.argument("section", required=False),
    click.option("--version", help="An older version, as --history names it."),
    click.option("--history", is_flag=True, help="Who changed the file when."),
    click.option("--papers", "into", type=FOLDER, help="Write the papers into this folder, once their hashes fit."),
    out,
    why,
)
def show(session: Session, record: str, section: str | None, why: str | None, **given: Any) -> None:
    """Show a case file or one SECTION of it."""
    member = session.member()
    if given["history"]:
        versions = [
            {"version": row.manifest, "at": row.at, "by": row.by.member} for row in cases.history(member, record)
        ]
        titles = {"version": "Version", "at": "When", "by": "Who"}
        session.table(versions, titles, at=lambda row: words.when(row["at"]))
        return
    held = with_reason(lambda said: cases.load(member, record, said, given["version"]), why)
    if section is not None and section not in held.sections:
        raise NotFound("This case file has no such section.", todo="See `hub case show RECORD`.")
    shown = held.sections if section is None else {section: held.sections[section]}
    written = [str(path) for path in cases.papers(member, held, given["into"])] if given["into"] else []
    value = {"record": record, "case": held.case, "legs": list(held.legs), "sections": shown, "papers": written}
    session.hand_over(value, "\n".join(_lines(held, shown)), given["out"])


@command(case, _record, click.argument("name"), click.argument("file", type=FILE), why, name="section")
def change_section(session: Session, record: str, name: str, file: Path, why: str | None) -> None:
    """Change the section NAME by what FILE says: members that are different, null for those that go."""
    change = read_json(file)
    if not isinstance(change, dict):
        raise InvalidRequest("The file holds an object: the members that change.")
    member = session.member()
    held = with_reason(lambda said: cases.update(member, record, name, change, said), why)
    _tell(session, held, name)


@command(
    case,
    _record,
    click.argument("file", type=FILE),
    click.option("--type", "type_", required=True, help="What paper it is, as the service map calls it: passport."),
    click.option("--facts", type=FILE, help="A file with more of it, JSON: issuer, copy, translations."),
    why,
)
def attach(session: Session, record: str, file: Path, type_: str, facts: Path | None, why: str | None) -> None:
    """Keep a paper with a case file, and name it in the section documents with its hash."""
    more = read_json(facts) if facts else {}
    if not isinstance(more, dict):
        raise InvalidRequest("The file holds an object: what is known of the paper.")
    member = session.member()
    held = with_reason(lambda said: cases.attach(member, record, file, {**more, "type": type_}, said), why)
    _tell(session, held, "documents")


@command(case, _record, _phase, _lang, why)
def completeness(session: Session, record: str, phase: str, lang: str, why: str | None) -> None:
    """Say how complete a case file is, and what is missing."""
    member = session.member()
    held = with_reason(lambda said: cases.load(member, record, said), why)
    found = completeness_of(held.sections, _situation(held, phase))
    gaps = [{"at": f"/{gap.section}{gap.pointer}", "missing": gap.words(lang)} for gap in found.gaps]
    value = {"score": found.score, "sections": dict(found.sections), "gaps": gaps, "newer": list(found.newer)}
    rows: dict[str, list[str]] = {}
    for gap in found.gaps:
        rows.setdefault(gap.section, []).append(gap.words(lang))
    called = texts.words(lang).categories
    lines = [f"{called[name]} ({found.sections[name]}): {'; '.join(row)}" for name, row in rows.items()]
    session.tell(value, f"{found.score} of 100", *map(escape, lines), *(f"{name}: {_NEWER}" for name in found.newer))


@command(case, _record, _phase, _lang, click.option("--all", "every", is_flag=True, help="Those answered too."), why)
def questions(session: Session, record: str, phase: str, lang: str, why: str | None, *, every: bool) -> None:
    """List the key considerations that nobody has answered."""
    member = session.member()
    held = with_reason(lambda said: cases.load(member, record, said), why)
    situation, known = _situation(held, phase), considerations.answers(held.sections)
    asked = considerations.asked(situation) if every else considerations.unanswered(held.sections, situation)
    rows = [
        {"id": row.id, "question": row.words(lang), "level": row.level, "phase": row.phase, "section": row.feeds}
        | {"answer": known.get(row.id, {}).get("answer")}
        for row in asked
    ]
    lines = []
    for row in rows:
        lines.append(f"{row['id']} ({row['level']}, {row['section']}): {row['question']}")
        lines += [f"  {escape(str(row['answer']))}"] if row["answer"] else []
    session.tell({"questions": rows}, *lines or ["Nothing is left to ask."])


@command(case, _record, click.argument("question"), click.argument("file"), why)
def answer(session: Session, record: str, question: str, file: str, why: str | None) -> None:
    """Answer a QUESTION with the text in FILE; - for stdin."""
    text = read_text(file).strip()
    if not text:
        raise InvalidRequest("The file with the answer is empty.")
    member = session.member()
    held = with_reason(lambda said: cases.answer(member, record, question, text, said), why)
    _tell(session, held, considerations.QUESTIONS[question].feeds)


@command(
    case,
    _record,
    click.argument("decision", type=click.Choice(_told["decision"]["enum"]), metavar="DECISION"),
    click.option("--language", required=True, help="In which language, such as ti."),
    click.option("--format", "how", required=True, type=click.Choice(_told["format"]["enum"]), help="How."),
    click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day; today where none is named."),
    _lang,
    why,
)
def told(session: Session, record: str, decision: str, lang: str, why: str | None, **given: Any) -> None:
    """Write down that the child was told of a DECISION, as `hub tasks` names it."""
    member = session.member()
    on = given["on"].date().isoformat() if given["on"] else today(member)
    row = {"stage": load(f"words/{lang}.json")["codes"][decision], "decision": decision, "on": on}
    row |= {"language": given["language"], "format": given["how"]}
    _tell(session, with_reason(lambda said: telling.note(member, record, row, said), why), "child_views")


@command(case, click.argument("name", required=False), out)
def schema(session: Session, name: str | None, out: Path | None) -> None:
    """Print the form of a section as JSON Schema; without NAME, list the sections."""
    if name is not None:
        form = forms.schema(name)
        session.hand_over(form, words.inline(form), out)
        return
    rows = [{"name": each, "title": forms.schema(each)["title"], "version": forms.VERSION} for each in forms.NAMES]
    session.table(rows, {"name": "Section", "title": "", "version": "Version"})


def _situation(held: CaseFile, phase: str) -> Situation:
    return Situation(child_of(held.sections), Phase(phase))


def _tell(session: Session, held: CaseFile, section: str) -> None:
    value = {"record": held.record, "section": section, "version": held.manifest}
    session.tell(value, f"{section} is kept, version {held.manifest}.")


def _lines(held: CaseFile, shown: Mapping[str, Any]) -> list[str]:
    lines = [f"Case file {held.record}, in the register {held.case or 'not yet'}, legs: {len(held.legs)}"]
    for name, document in shown.items():
        said = document if isinstance(document, dict) else {"": document}
        lines += ["", f"{name} ({_NEWER})" if forms.is_newer(document) else name]
        lines += [f"  {line}" for line in words.outline({key: item for key, item in said.items() if key != "v"})]
    return lines
