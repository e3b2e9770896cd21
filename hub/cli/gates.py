"""`hub gates`: what must be known before a child moves, what is missing, and who lifts what.

What is said about a child comes from files or standard input, never from arguments.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from consent import words as texts
from hub.casefile.gates import policy, words
from hub.casefile.gates.ask import Found
from hub.cli.common import FILE, Session, command, read_json, why, with_reason
from hub.client import gates as desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.casefile.gates.ask import Result

_record = click.argument("record")
_file = click.argument("file", type=FILE)


@click.group()
def gates() -> None:
    """Gates of a transfer: what must be known before a child moves, and who lifts what."""


@command(
    gates,
    _record,
    click.argument("step", type=click.Choice(policy.STEPS)),
    _file,
    click.option("--lang", type=click.Choice(texts.LANGUAGES), default="en", help="The language."),
    why,
)
def check(session: Session, record: str, step: str, file: Path, **given: Any) -> None:
    """Say what the gates find of the case file RECORD before STEP; FILE says what is known of the journey."""
    member, journey = session.member(), desk.journey_of(read_json(file))
    found = with_reason(lambda reason: desk.check(member, record, step, journey, reason), given["why"])
    value = {"step": step, "permitted": found.permitted, "tasks": [asdict(row) for row in found.tasks]}
    lines = [asdict(line) for line in words.checklist(found, given["lang"])]
    session.tell({**value, "gates": lines}, *told_of(found, given["lang"]))


@command(gates, _record, _file)
def approve(session: Session, record: str, file: Path) -> None:
    """Sign the approval in FILE, which lifts a gate for one leg of the case RECORD; two who sign say the same words."""
    kept = desk.approve(session.member(), record, read_json(file))
    signed = len(kept.row["proof"])
    session.tell({"record": kept.record, "signatures": signed}, f"Approval {kept.record}, signed by {signed}.")


@command(gates, click.argument("record", required=False), name="list")
def list_approvals(session: Session, record: str | None) -> None:
    """List the approvals that your agency keeps, or those of one case file."""
    rows = [
        {name: kept.row[name] for name in ("gate", "leg", "begins", "ends", "mode")}
        | {"record": kept.record, "case": kept.case, "signatures": len(kept.row["proof"])}
        for kept in desk.listing(session.member(), record)
    ]
    titles = {"gate": "Gate", "leg": "Leg", "begins": "From", "ends": "Until", "mode": "Mode", "signatures": "Signed"}
    session.table(rows, titles)


def told_of(found: Result, language: str) -> Iterator[str]:
    """Yield a checklist for people: every gate on a line, and below one that stops what to do next."""
    for line in words.checklist(found, language):
        yield f"{line.gate}  {line.state}" + (f": {line.why}" if line.why else "")
        if line.found == Found.BLOCKED:
            yield from (f"     - {todo}" for todo in line.todo)
            yield f"     {line.who}"
    yield from (f"{row.due}  {words.task(row.task, language)} ({row.gate})" for row in found.tasks)
