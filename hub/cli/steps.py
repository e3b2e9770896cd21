"""Commands that change a referral: each step of the table, answers, more time, what came by phone or paper.

How a loop ends is in `hub.cli.ending`. Words about a child are sealed; codes are words of one list.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from hub.cli import words
from hub.cli.common import FOLDER, Session, command, read_packet, read_text, secret_line, why, with_reason
from hub.cli.oversight import logins_of
from hub.cli.people import resolve
from hub.cli.work import asked_often, handoff, say
from hub.client import proxies, reading, referrals
from hub.client.referrals import STEPS
from hub.directory.records.record import UUID
from hub.directory.records.vocabulary import NEEDS
from hub.errors import InvalidRequest
from hub.referrals import reasons
from hub.statements.bodies import KINDS, REPORTABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hub.client.member import Member

top = click.Group("steps")
_day = click.DateTime(["%Y-%m-%d"])
_REPORTS = {words.step(name): name for name in sorted(REPORTABLE)}
_SEALED = "The reason, sealed:"
_REASONS = f"{', '.join(reasons.REASONS)}."
_BARRIERS = f"What stood in the way: {', '.join(reasons.BARRIERS)}. Repeatable."
_ONLY = "Only for this one of the needs that were asked. Repeatable."
_INSTEAD = "Who might help instead: an agency, or the id of a service. A proposal, sealed."


@command(
    top,
    click.argument("step", type=click.Choice(list(_REPORTS))),
    handoff,
    click.option("--via", required=True, type=click.Choice(["phone", "sms", "paper"])),
    click.option("--evidence", "words_file", required=True, help="A file with who said what and when; - for stdin."),
    click.option("--date", "day", type=_day, help="The day of the first contact, for accept and start."),
    click.option("--said-on", type=_day, help="The day on which they said so; today where none is named."),
    click.option("--code", help="The id of a code that was read back: see hub code."),
    click.option("--do-not-ask", is_flag=True, help="The provider's number must not be asked whether it is true."),
)
def report(  # noqa: PLR0913 - options of one command
    session: Session,
    step: str,
    handoff: str,
    via: str,
    words_file: str,
    *,
    day: datetime | None,
    said_on: datetime | None,
    code: str | None,
    do_not_ask: bool,
) -> None:
    """Report the recipient's STEP that came by phone, SMS or paper. It slows the chase and never stops it."""
    kind = _REPORTS[step]
    named = list(KINDS[kind].body)
    if bool(named) != bool(day):
        more = "Add --date, the day of the first contact." if named else "Leave --date out."
        raise InvalidRequest("accept and start say the day of the first contact; other steps do not.", todo=more)
    body = dict.fromkeys(named, day.date().isoformat() if day else None)
    member, evidence = session.member(), read_text(words_file)
    name, ask = kind.rpartition(".")[2], not do_not_ask
    on = said_on.date().isoformat() if said_on else None
    say(session, member, proxies.report(member, handoff, name, via, evidence, body, code=code, ask=ask, on=on))


@command(top, handoff, click.option("--digits", "digits_file", help="A file with the digits; - for stdin."))
def code(session: Session, handoff: str, digits_file: str | None) -> None:
    """Send six digits to the provider's verified number, and compare what they read out on the phone."""
    member = session.member()
    sent = proxies.send_code(member, handoff)
    click.echo(f"Six digits went to the number that ends with {sent['number_ends']}. Ask for them.", err=True)
    proxies.read_back(member, handoff, sent["code"], secret_line("Digits", digits_file))
    session.tell(sent, f"They are right. Within a day: hub report STEP {handoff} --code {sent['code']} …")


@top.group()
def review() -> None:
    """Answers that colleagues reported, for supervisors to look into: a number said no, or chance chose them."""


@command(review, name="list")
def list_reviews(session: Session) -> None:
    """List what waits, the oldest first."""
    member = session.member()
    login = logins_of(member)
    rows = [
        {**asdict(row), "member": login(row.member), "since": words.when(row.since)} for row in proxies.reviews(member)
    ]
    columns = {"statement": "Statement", "handoff": "Handoff", "why": "Why", "member": "Reported by", "since": "Since"}
    session.table(rows, columns)


@command(review, click.argument("statement"), handoff)
def evidence(session: Session, statement: str, handoff: str) -> None:
    """Show the evidence behind a reported STATEMENT of HANDOFF, checked against what was signed."""
    value = proxies.evidence_of(session.member(), statement, handoff)
    session.tell(value, *words.outline(value, 0))


@command(review, click.argument("statement"), click.argument("finding", type=click.Choice(["holds", "doubted"])))
def done(session: Session, statement: str, finding: str) -> None:
    """Say what came of it: the answer holds, or is doubted. Doubt is shown beside the state to your agency."""
    found = proxies.found(session.member(), statement, finding)
    session.tell(found, "Kept. Phone the provider, and report or re-route anew." if finding == "doubted" else "Kept.")


@command(top, handoff, click.argument("packet", type=FOLDER), why)
def answer(session: Session, handoff: str, packet: Path, why: str | None) -> None:
    """Answer the recipient with the folder PACKET, within the basis on which the referral was sent."""
    sections, attachments = read_packet(packet)
    member = session.member()
    say(
        session,
        member,
        with_reason(lambda reason: referrals.answer(member, handoff, sections, attachments, reason), why),
    )


def _text(*, required: bool, ours: bool = False) -> Callable[[Any], Any]:
    """Text about a child comes from a file or a prompt, so that it stays out of the list of processes."""

    def read(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
        if value is not None:
            return read_text(value).strip()
        return str(click.prompt("Text", err=True)) if required else ""

    told = "It stays in your agency's records." if ours else "It is sealed."
    return click.option("--text", callback=read, help=f"A file with the text; - for stdin. {told}")


def _proposed(member: Member, named: str) -> dict[str, str | None]:
    """Return whom a recipient proposes instead: a service of the map by its id, or an agency."""
    if UUID.fullmatch(named):
        return {"agency": None, "service": named}
    return {"agency": resolve(member, named), "service": None}


@command(
    top,
    handoff,
    click.option("--until", required=True, type=click.DateTime(), help="The new due time, in this machine's zone."),
    _text(required=True, ours=True),
)
def pause_clock(session: Session, handoff: str, until: datetime, text: str) -> None:
    """Give the recipient more time; the reason stays in your agency's records."""
    member, due = session.member(), int(until.astimezone().timestamp())
    say(session, member, referrals.pause_clock(member, handoff, due, text))


def _date(name: str, about: str) -> Callable[[Any], Any]:
    return click.option(f"--{name.replace('_', '-')}", name, required=True, type=_day, help=about)


_WORDS = {
    "first_contact": _date("first_contact", "The day of the first contact."),
    "contact": _date("contact", "The day of the first contact."),
    "review": _date("review", "Looked at again on."),
    "code": click.option(
        "--code", required=True, type=click.Choice(reasons.REASONS), metavar="CODE", help=f"{_SEALED} {_REASONS}"
    ),
    "got_help": click.option("--got-help", required=True, type=click.Choice(reasons.GOT_HELP)),
    "needs": click.option("--only", "needs", multiple=True, type=click.Choice(list(NEEDS)), metavar="NEED", help=_ONLY),
    "barriers": click.option(
        "--barrier", "barriers", multiple=True, type=click.Choice(reasons.BARRIERS), metavar="CODE", help=_BARRIERS
    ),
    "redirect": click.option("--instead", "redirect", help=_INSTEAD),
    "services": click.option("--service", "services", multiple=True, help="A service that was given. Repeatable."),
}


def _check_days(member: Member, given: Mapping[str, Any]) -> None:
    """Refuse a slip of the pen: a promise for a day that is past is overdue at once, and cannot be said anew."""
    today = datetime.fromtimestamp(member.clock.now(), UTC).astimezone().date()
    for name, day in given.items():
        if not isinstance(day, datetime) or day.date() == today:
            continue
        if (day.date() > today) is (name == "contact"):
            wrong, right = ("still to come", "when it was") if name == "contact" else ("past", "today or a later one")
            raise InvalidRequest(f"The day {day.date()} is {wrong}.", todo=f"Name the day: {right}.")


def _add_step(name: str) -> None:
    """Add the command for a step of `hub.client.referrals`: one option for each word that it says."""
    row, kind = STEPS[name], f"referral.{name}"
    options = [_WORDS[word] for word in (*KINDS[kind].body, *row.needs, *row.may) if word != "text"]
    options += [_text(required=True)] if "text" in row.needs else [_text(required=False)] if "text" in row.may else []
    options += [_text(required=False, ours=True)] if "text" in row.keeps else []

    def run(session: Session, handoff: str, **given: Any) -> None:
        said = {key: day.date().isoformat() if isinstance(day, datetime) else day for key, day in given.items()}
        member = session.member()
        _check_days(member, given)
        if said.get("redirect"):
            said["redirect"] = _proposed(member, said["redirect"])
        said = {key: list(value) if isinstance(value, tuple) else value for key, value in said.items()}
        done = referrals.take(member, handoff, name, **said)
        say(session, member, done, *(asked_often(reading.show(member, handoff)) if name == "ask" else ()))

    run.__doc__ = row.about
    command(top, handoff, *options, name=words.step(kind))(run)


for _name in STEPS:
    _add_step(_name)
