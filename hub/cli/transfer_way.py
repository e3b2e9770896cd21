"""`hub transfer`, the steps in words: questions, answers, changes, arrival, what was verified, disputes, monitoring.

Which step is possible is the table's business (`hub.transfer.table`). Words about a child come from files or standard
input; a receiver's go sealed to the sender, a sender's stay with its agency.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from consent.policy import PURPOSES
from hub.cli import words
from hub.cli.common import FILE, FOLDER, Session, command, read_json, read_packet, read_text, why, with_reason
from hub.cli.people import resolve
from hub.cli.transfer import LEG_PURPOSES, PLAN, leg, plan_of, record
from hub.cli.work import say
from hub.client import basis as bases
from hub.client import due, findings, inquiries, reading, transfer_steps
from hub.client.judging import Purpose
from hub.client.transfer_steps import STEPS
from hub.directory.records.vocabulary import NEEDS, codes
from hub.errors import InvalidRequest
from hub.ids import random_id
from hub.inquiries import domain
from hub.referrals import reasons
from hub.statements.bodies import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hub.client.member import Member

top = click.Group("transfer_way")
_day = click.DateTime(["%Y-%m-%d"])
_need = click.Choice(list(NEEDS))
_APART = frozenset({"arrive", "close", "follow_up"})
"""Steps that have a command of their own below, because they say or do more."""


def _text(*, required: bool = False) -> Callable[[Any], Any]:
    def read(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
        if value is not None:
            return read_text(value).strip()
        return str(click.prompt("Text", err=True)) if required else ""

    return click.option("--text", callback=read, help="A file with the text; - for stdin. It is sealed.")


_WORDS = {
    "day": click.option("--day", required=True, type=_day, help="The day on which it was."),
    "next": click.option("--next", "next", type=_day, help="The day of the next one."),
    "code": click.option("--code", required=True, type=click.Choice(reasons.REASONS), metavar="CODE"),
    "redirect": click.option("--instead", "redirect", help="An agency that might help instead. A proposal, sealed."),
}


# Before the offer


@command(
    top,
    click.option("--to", required=True, help="The agency: name@host, or its name where that is enough."),
    click.option("--need", required=True, type=_need, metavar="NEED"),
    click.option("--age-band", required=True, type=click.Choice(domain.AGE_BANDS)),
    click.option("--sex", type=click.Choice(codes("sexes"))),
    click.option("--from", "day", required=True, type=_day, help="The day from which a place is needed."),
    click.option("--how-many", default=1, type=click.IntRange(1, domain.MOST)),
    click.option("--urgency", default="routine", type=click.Choice(["emergency", "urgent", "high", "routine"])),
)
def inquire(session: Session, to: str, day: datetime, urgency: str, **given: Any) -> None:
    """Ask whether there is a place, about nobody. An assessment or an offer may follow on the same leg."""
    member, question = session.member(), {**given, "from": day.date().isoformat()}
    say(session, member, inquiries.ask(member, resolve(member, to), question, urgency, leg=random_id()))


@command(
    top,
    leg,
    click.option("--answer", required=True, type=click.Choice(domain.CAPACITY)),
    click.option("--from", "day", type=_day, help="From which day."),
    click.option("--places", type=click.IntRange(0, domain.MOST), help="How many."),
)
def answer_inquiry(session: Session, leg: str, answer: str, day: datetime | None, places: int | None) -> None:
    """Answer whether there is a place. The answer is sealed."""
    member, starting = session.member(), day.date().isoformat() if day else None
    say(session, member, inquiries.answer(member, leg, answer, starting, places))


@command(top, leg)
def inquiry(session: Session, leg: str) -> None:
    """Read what was asked before the offer, and the answer."""
    found = inquiries.read(session.member(), leg)
    said = {"question": dict(found.question), "answer": dict(found.answer) if found.answer else None}
    session.tell({"leg": leg, "state": found.state, **said}, *words.outline(said))


@command(
    top,
    leg,
    record,
    click.option("--basis", required=True, help="The record of a consent for this."),
    click.option("--section", "sections", multiple=True, required=True, help="A section to send. Repeatable."),
    click.option(
        "--consent-purpose", required=True, type=click.Choice(sorted(PURPOSES)), help="As the consent has it."
    ),
    click.option("--purpose", required=True, type=click.Choice([*LEG_PURPOSES]), help="What the leg is for."),
    click.option("--need", "needs", multiple=True, type=_need, metavar="NEED", help="What is asked. Repeatable."),
    click.option("--due", type=click.DateTime(), help="The latest time of the report."),
    why,
)
def ask_assessment(session: Session, leg: str, record: str, **given: Any) -> None:
    """Ask for tracing, a home study or what is known of the country, with the least of the case file RECORD."""
    member, due = session.member(), given["due"]
    to = reading.show(member, leg).to_agency

    def ask(reason: str | None) -> dict[str, Any]:
        asked = findings.Asked(
            case=record,
            to=to,
            sections=given["sections"],
            basis=bases.load(member, given["basis"], reason),
            purpose=given["consent_purpose"],
            journey=Purpose(given["purpose"]),
            needs=given["needs"],
            due=int(due.astimezone().timestamp()) if due else None,
            leg=leg,
        )
        return findings.request_assessment(member, asked, reason)

    say(session, member, with_reason(ask, given["why"]))


@command(top, leg, click.argument("packet", type=FOLDER))
def return_assessment(session: Session, leg: str, packet: Path) -> None:
    """Answer with an assessment: the folder PACKET with sections/*.json. It is sealed."""
    member = session.member()
    say(session, member, findings.return_assessment(member, leg, read_packet(packet)[0]))


@command(top, leg, why)
def keep_assessment(session: Session, leg: str, why: str | None) -> None:
    """Put an assessment that came back into the case file, with who said it."""
    member = session.member()
    held = with_reason(lambda reason: findings.keep_assessment(member, leg, reason), why)
    session.tell({"record": held.record}, f"Kept in case file {held.record}.")


@command(top, leg, click.argument("packet", type=FOLDER), why)
def answer(session: Session, leg: str, packet: Path, why: str | None) -> None:
    """Answer the receiver with the folder PACKET, within the basis on which the offer went."""
    sections, attachments = read_packet(packet)
    member = session.member()
    say(
        session,
        member,
        with_reason(lambda reason: transfer_steps.answer(member, leg, sections, attachments, reason), why),
    )


@command(top, leg, click.argument("packet", type=FOLDER, required=False), _text(), why)
def message(session: Session, leg: str, packet: Path | None, text: str, why: str | None) -> None:
    """Tell the other side something between acceptance and handover: PACKET from the sender, --text to it."""
    if (packet is None) == (not text):
        raise InvalidRequest("A message has words.", todo="The sender gives PACKET, the receiver --text.")
    member = session.member()
    if packet is None:
        say(session, member, transfer_steps.ask_more(member, leg, text))
        return
    sections, attachments = read_packet(packet)
    told = with_reason(lambda reason: transfer_steps.tell(member, leg, sections, attachments, reason), why)
    say(session, member, told)


# On the way


@command(top, leg, *PLAN, _text())
def change(session: Session, leg: str, text: str, **given: Any) -> None:
    """Say that the child leaves or arrives at another time. The other side has to acknowledge it."""
    member, plan = session.member(), plan_of(given)
    if plan is None:
        raise InvalidRequest("A change says the new times.", todo="Give --depart, --from and --until.")
    say(session, member, transfer_steps.change(member, leg, plan, text or None))


@command(top, leg)
def acknowledge_change(session: Session, leg: str) -> None:
    """Say that the newest change of the other side was seen."""
    member = session.member()
    say(session, member, transfer_steps.acknowledge_change(member, leg))


@command(
    top,
    leg,
    click.option("--seen", type=click.DateTime(), help="When you saw the child; now where nothing is said."),
    _text(),
    why,
)
def arrive(session: Session, leg: str, seen: datetime | None, text: str, why: str | None) -> None:
    """Say: the child was seen, in person, by you. After an alarm the other side signs as well: hub transfer confirm."""
    member = session.member()
    at = int(seen.astimezone().timestamp()) if seen else member.clock.now()
    act = lambda reason: transfer_steps.arrive(member, leg, at, text or None, reason)  # noqa: E731 - as elsewhere
    say(session, member, with_reason(act, why))


@command(top, leg, click.option("--yes", is_flag=True, help="Sign without being asked."))
def confirm(session: Session, leg: str, *, yes: bool) -> None:
    """Sign what the other side claims: that a missing child was seen, or that the case goes back to the sender."""
    member = session.member()
    line = transfer_steps.claim(member, leg)
    if line is not None and not yes:
        click.echo(words.plain(f"{words.step(line.statement.type)}, signed by {line.statement.agency}."), err=True)
        click.confirm("Have you made sure yourself that this is so, and sign it?", abort=True, err=True)
    say(session, member, transfer_steps.cosign(member, leg))


@command(top, leg, _text(required=True), why)
def halt(session: Session, leg: str, text: str, why: str | None) -> None:
    """Stop a transfer that is not in the child's best interests, and all else that was asked on the same consent."""
    member = session.member()
    told = with_reason(lambda reason: transfer_steps.halt(member, leg, text, reason), why)
    session.tell(told, *(f"{handoff}  {said}" for handoff, said in told.items()))


# After arrival


@command(top, leg, why)
def items(session: Session, leg: str, why: str | None) -> None:
    """List the items of what came, and what was found of each."""
    member = session.member()
    found = with_reason(lambda reason: findings.items(member, leg, reason), why)
    rows = [{"section": one.section, "item": one.item, "found": one.found} for one in found]
    session.table(rows, {"section": "Section", "item": "Item", "found": "Found"})


@command(top, leg, click.argument("file", type=FILE), why)
def verify(session: Session, leg: str, file: Path, why: str | None) -> None:
    """Say of items whether they are true: FILE is a list of {section, item, found, value}. Corrections go back."""
    member, said = session.member(), read_json(file)
    wanted = {"section", "item", "found"}
    if not isinstance(said, list) or not all(
        isinstance(one, dict) and wanted <= {*one} <= {*wanted, "value"} for one in said
    ):
        raise InvalidRequest(f"The file is a list of items, each found {', '.join(findings.FOUND)}.")
    rows = [findings.Item(**one) for one in said]
    say(session, member, with_reason(lambda reason: findings.verify(member, leg, rows, reason), why))


@command(top, leg, click.option("--apply", is_flag=True, help="Put them into your case file."), why)
def corrections(session: Session, leg: str, why: str | None, *, apply: bool) -> None:
    """List what the receiver found of each item; with --apply put its corrections into your own case file."""
    member = session.member()
    if apply:
        with_reason(lambda reason: findings.apply_corrections(member, leg, reason), why)
    rows = [{**asdict(one.item), "by": one.by, "at": one.at} for one in findings.corrections(member, leg)]
    columns = {"section": "Section", "item": "Item", "found": "Found", "value": "What is true", "by": "By"}
    session.table(rows, columns, value=lambda row: words.inline(row["value"]) if row["value"] is not None else "")


@command(
    top,
    leg,
    _WORDS["day"],
    _WORDS["next"],
    click.option(
        "--report-since", type=_day, help="Also tell the sender how the child is since then, where consented."
    ),
)
def follow_up(session: Session, leg: str, **given: Any) -> None:
    """Say that a follow-up visit took place; with --report-since with a sealed report to the sender."""
    member, since = session.member(), given["report_since"]
    day, later = given["day"].date().isoformat(), given["next"].date().isoformat() if given["next"] else None
    progress = None
    if since is not None:
        held = findings.received_case(member, leg)
        progress = due.progress_report(member, held.record, since.date())
    say(session, member, transfer_steps.follow_up(member, leg, day, later, progress))


@command(top, leg, _text(), why)
def close(session: Session, leg: str, text: str, why: str | None) -> None:
    """Close the case on this leg: monitoring is done, and two people have closed it with hub aftercare."""
    member = session.member()
    say(session, member, with_reason(lambda reason: transfer_steps.close(member, leg, text or None, reason), why))


def _redirect(member: Member, named: str) -> dict[str, str | None]:
    return {"agency": resolve(member, named), "service": None}


def _add_step(name: str) -> None:
    """Add the command for a step of `hub.client.transfer_steps`: one option for each word that it says."""
    row, kind = STEPS[name], f"transfer.{name}"
    options = [_WORDS[word] for word in (*KINDS[kind].body, *row.needs, *row.may) if word != "text"]
    options += [_text(required="text" in row.needs)] if "text" in {*row.needs, *row.may} else []

    def run(session: Session, leg: str, **given: Any) -> None:
        said = {key: day.date().isoformat() if isinstance(day, datetime) else day for key, day in given.items()}
        member = session.member()
        if said.get("redirect"):
            said["redirect"] = _redirect(member, said["redirect"])
        say(session, member, transfer_steps.take(member, leg, name, **said))

    run.__doc__ = row.about
    command(top, leg, *options, name=words.step(kind))(run)


for _name in STEPS:
    if _name not in _APART:
        _add_step(_name)
