"""Commands that ask for a place before a referral, about nobody, and answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from hub.cli import words
from hub.cli.common import Session, command, read_text
from hub.cli.people import resolve
from hub.client import inquiries as capacity
from hub.directory.records.vocabulary import NEEDS, codes
from hub.errors import InvalidRequest
from hub.inquiries import domain
from hub.referrals import reasons

if TYPE_CHECKING:
    from datetime import datetime

    from hub.client.member import Member

top = click.Group("inquiries")
_day = click.DateTime(["%Y-%m-%d"])


@command(
    top,
    click.option("--to", "agencies", required=True, multiple=True, help="The agency: name@host. Repeatable."),
    click.option("--need", required=True, type=click.Choice(list(NEEDS)), metavar="NEED"),
    click.option("--service-id", help="A service of the map."),
    click.option("--age-band", required=True, type=click.Choice(domain.AGE_BANDS)),
    click.option("--sex", type=click.Choice(codes("sexes"))),
    click.option("--from", "day", required=True, type=_day, help="The day from which a place is needed."),
    click.option("--how-many", default=1, type=click.IntRange(1, domain.MOST)),
    click.option("--urgency", default="routine", type=click.Choice(["emergency", "urgent", "high", "routine"])),
)
def ask_capacity(session: Session, agencies: tuple[str, ...], day: datetime, urgency: str, **given: Any) -> None:
    """Ask agencies whether they have a place for somebody like this. Nothing in it is about anybody."""
    member = session.member()
    question = {"service": given.pop("service_id"), "from": day.date().isoformat(), **given}
    rows = [capacity.ask(member, resolve(member, name), question, urgency) for name in agencies]
    _table(session, member, rows)


@command(
    top,
    click.argument("inquiry"),
    click.option("--answer", required=True, type=click.Choice(domain.CAPACITY)),
    click.option("--from", "day", type=_day, help="From which day."),
    click.option("--places", type=click.IntRange(0, domain.MOST), help="How many."),
    click.option(
        "--exception-to",
        "criteria",
        multiple=True,
        type=click.Choice(domain.ELIGIBLE),
        metavar="CRITERION",
        help="You take somebody like this against this limit of the service. Repeatable.",
    ),
    click.option("--exception-until", type=_day, help="The last day of the exception."),
    click.option("--reason", help="A file with one line that says why the exception; - for stdin."),
)
def answer_capacity(session: Session, inquiry: str, answer: str, day: datetime | None, **given: Any) -> None:
    """Answer INQUIRY. The answer is sealed. An exception is your signed word: the asker may refer on it (R19)."""
    member, starting = session.member(), day.date().isoformat() if day else None
    made = _exception(given)
    _table(session, member, [capacity.answer(member, inquiry, answer, starting, given["places"], made)])


@command(top, click.argument("inquiry", required=False))
def inquiries(session: Session, inquiry: str | None) -> None:
    """List the inquiries that your agency asked or was asked; with INQUIRY, read it and its answer."""
    member = session.member()
    if inquiry is None:
        _table(session, member, capacity.listing(member))
        return
    found = capacity.read(member, inquiry)
    asked, said = dict(found.question), dict(found.answer or {})
    lines = [f"{found.from_agency} -> {found.to_agency}: {words.state(found.state)}"]
    lines += [f"  {line}" for line in words.outline({name: item for name, item in asked.items() if name != "v"})]
    lines += [f"  {reasons.word(said['capacity'], part='capacity')}"] if said else []
    lines += [f"  {name}: {said[name]}" for name in ("from", "places") if said.get(name) is not None]
    if made := said.get("exception"):
        lines.append(f"  exception to {', '.join(made['criteria'])}, until {made['until']}: {escape(made['reason'])}")
        lines.append(f"  refer on it: hub send … --service-id {made['service']} --exception {inquiry}")
    session.tell({"inquiry": inquiry, "state": found.state, "question": asked, "answer": said or None}, *lines)


def _exception(given: dict[str, Any]) -> dict[str, Any] | None:
    criteria, until, reason = (given[name] for name in ("criteria", "exception_until", "reason"))
    if not (criteria or until or reason):
        return None
    if not (criteria and until and reason):
        raise InvalidRequest(
            "An exception says to what, until when and why.",
            todo="Give --exception-to, --exception-until and --reason.",
        )
    return {"criteria": sorted(set(criteria)), "until": until.date().isoformat(), "reason": read_text(reason).strip()}


def _table(session: Session, member: Member, rows: list[dict[str, Any]]) -> None:
    columns = {"id": "Inquiry", "other": "With", "state": "State", "due": "By when"}
    session.table(
        rows,
        columns,
        other=lambda r: f"to {r['to_agency']}" if r["from_agency"] == member.agency else f"from {r['from_agency']}",
        state=lambda row: (
            words.state(row["state"]) + ("; your word is on its way" if row.get("being_confirmed") else "")
        ),
        due=lambda row: words.by_when(row.get("due"), member.clock.now()),
    )
