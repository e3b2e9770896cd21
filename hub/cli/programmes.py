"""`hub programme`: the steps that a procedure lays down for a case, and how far the case has come."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click
from rich.markup import escape

from consent.words import LANGUAGES
from hub.cli import words
from hub.cli.common import FILE, Session, command, read_json, with_reason
from hub.cli.common import why as why_option
from hub.client import opening, programmes
from hub.client.profile import write_private
from hub.errors import InvalidRequest, NotFound
from hub.programmes import words as say
from hub.programmes.progress import SETTLED, Said, State
from hub.programmes.template import said

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from hub.client.member import Member
    from hub.client.programmes import Tracker
    from hub.programmes.progress import Mark, Progress, Row
    from hub.programmes.template import Template

programme = click.Group("programme", help="Procedures with their steps, and how far a case has come with them.")
DRAWN: Final = {
    State.DONE: "●",
    State.NOT_NEEDED: "◌",
    State.BEGUN: "◐",
    State.OPEN: "○",
    State.BLOCKED: "·",
}
_language = click.option(
    "--lang", "language", type=click.Choice(LANGUAGES), default="en", help="The language of words."
)
_day = click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day on which it was so; else today.")
_from = click.option("--from", "handoff", help="The handoff in whose plan another agency handed the programme over.")
_STEPS = {"step": "Step", "words": "What", "by": "Done by", "requires": "After", "evidence": "Leaves", "gates": "Rules"}
_PROGRESS = {
    "mark": "",
    "step": "Step",
    "words": "What",
    "state": "State",
    "due": "Due",
    "by": "Marked by",
    "why": "Why",
}


@command(programme, _language, name="list")
def list_(session: Session, language: str) -> None:
    """List the programmes that a case can follow."""
    found = programmes.templates(session.member()).values()
    rows = [{"name": row.name, "title": said(row.title, language), "countries": list(row.countries)} for row in found]
    session.table(rows, {"name": "Programme", "title": "What it is", "countries": "For"})


@command(programme, click.argument("name"), _language)
def show(session: Session, name: str, language: str) -> None:
    """Show the steps of the programme NAME: what each waits for, and what it leaves in the case file."""
    found = programmes.template(session.member(), name)
    if not session.as_json:
        session.tell({}, *map(escape, (f"{said(found.title, language)} ({found.name})", found.source)))
    session.table([_step(found, place, language) for place in range(len(found.steps))], _STEPS)


@command(programme, click.argument("file", type=FILE))
def load(session: Session, file: Path) -> None:
    """Load a programme of your agency's own from FILE; each row that is wrong is named."""
    found = programmes.load(session.member(), read_json(file))
    session.tell({"name": found.name, "hash": found.hash}, f"Loaded: {found.name}, {len(found.steps)} steps.")


@command(programme, click.argument("case"), click.argument("name", required=False), _day, _from, why_option, _language)
def start(
    session: Session,
    case: str,
    name: str | None,
    day: datetime | None,
    handoff: str | None,
    why: str | None,
    language: str,
) -> None:
    """Let the case file CASE follow the programme NAME, or go on with the one that came in a handoff."""
    if (name is None) == (handoff is None):
        raise InvalidRequest("Name the programme, or the handoff in which it came.", todo="Use NAME or --from.")
    member = session.member()
    if handoff is not None:
        held = programmes.take(member, case, _came(member, handoff, why))
    else:
        held = programmes.start(member, case, str(name), _on(day))
    _tell(session, member, held, language)


@command(
    programme,
    click.argument("tracker"),
    click.argument("step"),
    click.option(
        "--said", type=click.Choice([one.value for one in Said]), default="done", help="How it stands now; else done."
    ),
    _day,
    click.option("--evidence", multiple=True, metavar="SECTION", help="A section that is kept elsewhere. Repeatable."),
    _language,
)
def mark(
    session: Session,
    tracker: str,
    step: str,
    said: str,
    day: datetime | None,
    evidence: tuple[str, ...],
    language: str,
) -> None:
    """Mark STEP, a step or a fact, of what a case follows; TRACKER is the id that `start` told, or the case file."""
    member = session.member()
    _tell(session, member, programmes.mark(member, tracker, step, said, _on(day), evidence), language)


@command(
    programme,
    click.argument("tracker", required=False),
    _from,
    click.option("--into", type=FILE, help="Put the programme into this plan.json of a packet, for the next agency."),
    why_option,
    _language,
)
def progress(
    session: Session, tracker: str | None, handoff: str | None, into: Path | None, why: str | None, language: str
) -> None:
    """Draw how far TRACKER has come, or what came in a handoff; without either, all that cases follow."""
    member = session.member()
    if tracker is None and handoff is None:
        rows = [_line(held, member.clock.now(), language) for held in programmes.listing(member)]
        session.table(rows, {"tracker": "Tracker", "case": "Case file", "title": "Programme", "drawn": "How far"})
        return
    if handoff is not None:
        held = programmes.look(member, _came(member, handoff, why))
    else:
        held = programmes.get(member, str(tracker))
    if into is not None:
        plan = read_json(into) if into.exists() else {"v": 1}
        if not isinstance(plan, dict):
            raise InvalidRequest("That file is no plan.", todo="Name sections/plan.json of the packet.")
        write_private(into, json.dumps(programmes.into_plan(held, plan), ensure_ascii=False, indent=1).encode())
    _tell(session, member, held, language)


def drawn(found: Progress) -> str:
    """Return the steps as a line: done, begun, open, waiting."""
    line = "──".join(DRAWN[row.state] for row in found.steps)
    return f"{line}  {found.settled}/{len(found.steps)}"


def _came(member: Member, handoff: str, why: str | None) -> Any:
    opened = with_reason(lambda reason: opening.open_handoff(member, handoff, why=reason), why)
    found = next((document for item in reversed(opened) if (document := programmes.out_of(item.sections))), None)
    if found is None:
        raise NotFound("No programme came in the plan of this handoff.")
    return found


def _on(day: datetime | None) -> str | None:
    return day.date().isoformat() if day is not None else None


def _step(found: Template, place: int, language: str) -> dict[str, Any]:
    step = found.steps[place]
    after = [found.words(name, language) for name in step.requires]
    lists = {"by": list(step.by), "requires": after, "evidence": list(step.evidence), "gates": list(step.gates)}
    return {"step": step.id, "words": f"{place + 1}. {found.words(step.id, language)}", **lists}


def _line(held: Tracker, now: int, language: str) -> dict[str, Any]:
    title = said(held.template.title, language)
    return {"tracker": held.id, "case": held.case, "title": title, "drawn": drawn(held.progress(now))}


def _tell(session: Session, member: Member, held: Tracker, language: str) -> None:
    found = held.progress(member.clock.now())
    rows = list(_rows(held.template, found, member, language))
    if session.as_json:
        value = {**_line(held, member.clock.now(), language), "unproven": dict(held.unproven), "steps": rows}
        session.tell({**value, "started": found.started and found.started.isoformat()})
        return
    session.tell({}, escape(f"{said(held.template.title, language)}: {held.id}"), drawn(found))
    session.table(rows, _PROGRESS)
    for agency, count in held.unproven.items():
        session.tell({}, f"{count} of the marks of {words.plain(agency)} could not be proven here and do not count.")


def _rows(template: Template, found: Progress, member: Member, language: str) -> Any:
    for place, step in enumerate(found.steps, 1):
        yield _row(template, step, f"{place}. ", member, language)
        for part in step.parts:
            yield _row(template, part, "   ", member, language)
    for fact in found.facts:
        yield _row(template, fact, "", member, language)


def _row(template: Template, row: Row, number: str, member: Member, language: str) -> dict[str, Any]:
    waits = row.waits_for or (row.mark is not None and row.state not in SETTLED and (row.lacks or row.sections))
    return {
        "mark": DRAWN[row.state],
        "step": row.id,
        "words": number + template.words(row.id, language),
        "state": say.state(row, language),
        "due": row.due.isoformat() if row.due and row.state not in SETTLED else "",
        "by": "" if row.mark is None else _by(row.mark, member),
        "why": say.why_not(row, template, language) if waits else "",
    }


def _by(mark: Mark, member: Member) -> str:
    who = "your agency" if mark.agency == member.agency else words.plain(mark.agency)
    return f"{who}, {mark.on}"
