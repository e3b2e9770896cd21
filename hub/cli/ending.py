"""Commands that end a loop, and what is left to do: close, dispute, the unmet need, tasks, arrivals.

What the child or caregiver said, and what became of a need, stay in the agency's own records.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from hub.cli import words
from hub.cli.common import Session, command, read_text, why, with_reason
from hub.cli.work import handoff, say
from hub.client import arrivals as expected
from hub.client import outcomes, tasks, telling, timers, unmet
from hub.client.basis import today
from hub.client.outcomes import Asked
from hub.directory.records.vocabulary import NEEDS, codes
from hub.referrals import reasons

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hub.client.member import Member

top = click.Group("ending")
_day = click.DateTime(["%Y-%m-%d"])


def _asking(*answers: str) -> tuple[Callable[[Any], Any], ...]:
    """Return the options that say who was asked whether help came, when, how, and what they answered."""
    return (
        click.option("--asked", "who", required=True, type=click.Choice(reasons.WHO), help="Who was asked."),
        click.option("--how", required=True, type=click.Choice(reasons.HOW)),
        click.option("--on", type=_day, help="The day; today where none is named."),
        click.option("--answer", type=click.Choice(answers), help="Whether help came."),
        click.option("--not-reached", multiple=True, type=_day, help="A day on which you tried. Repeatable."),
        click.option("--text", help="A file with their words; - for stdin. It stays in your agency's records."),
        why,
    )


@command(top, handoff, *_asking("yes", "partial"))
def close(session: Session, handoff: str, why: str | None, **given: Any) -> None:
    """Close the loop: the child or caregiver was asked whether help came, or could not be reached on two days.

    Where no help came, or not enough: hub dispute.
    """
    member = session.member()
    asked = _asked(member, given)
    say(session, member, with_reason(lambda reason: outcomes.close(member, handoff, asked, reason), why))


@command(top, handoff, *_asking("no", "partial"))
def dispute(session: Session, handoff: str, why: str | None, **given: Any) -> None:
    """Say that no help came, or not all of it. Then refer again: hub send --supersedes HANDOFF."""
    member = session.member()
    asked = _asked(member, given)
    say(session, member, with_reason(lambda reason: outcomes.dispute(member, handoff, asked, reason), why))


@command(
    top,
    click.argument("handoff", required=False),
    click.option("--need", type=click.Choice(list(NEEDS)), metavar="NEED", help="What nobody gave."),
    click.option("--area", help="The code of the area where it was needed."),
    click.option("--age-band", type=click.Choice(unmet.AGE_BANDS)),
    click.option("--sex", type=click.Choice(codes("sexes"))),
    click.option("--reason", type=click.Choice(reasons.REASONS), metavar="CODE", help=", ".join(reasons.REASONS)),
    click.option("--barrier", "barriers", multiple=True, type=click.Choice(reasons.BARRIERS), metavar="CODE"),
    why,
)
def unmet_need(session: Session, handoff: str | None, why: str | None, **given: Any) -> None:
    """Write down a need that nobody met. With HANDOFF the referral that came back is resolved by it."""
    member = session.member()
    value = {**given, "barriers": list(given["barriers"])}
    if handoff is None:
        record = unmet.note(member, {name: item for name, item in value.items() if item})
        session.tell({"record": record}, f"Written down: {record}")
        return
    say(session, member, with_reason(lambda reason: unmet.resolve(member, handoff, value, reason), why))


@command(
    top,
    click.argument("about", required=False),
    click.option("--done", type=click.Choice([found.value for found in tasks.Found]), help="How it was done."),
    name="tasks",
)
def list_tasks(session: Session, about: str | None, done: str | None) -> None:
    """List what is left to do beside referrals: what was not accepted or did not help, reviews, what to tell a child.

    With ABOUT and --done, say how one was done.
    """
    if (about is None) != (done is None):
        raise click.UsageError("Name what it is about, and how it was done with --done.")
    member = session.member()
    found = tasks.listing(member) if about is None else [tasks.finish(member, about, str(done))]
    rows = [
        {"about": t.about, "what": t.what.value, "needs": list(t.needs), "due": t.due, "handoffs": list(t.handoffs)}
        for t in found
    ]
    rows += [
        {"about": t.record, "what": "tell", "needs": [t.decision], "due": t.due, "handoffs": [t.leg], "by": list(t.by)}
        for t in (telling.listing(member) if about is None else ())
    ]
    rows.sort(key=lambda row: row["due"])
    columns = {"about": "About", "what": "What", "needs": "Needs, rules or what to tell", "due": "By when"}
    session.table(
        rows,
        columns,
        what=lambda row: _WHAT[row["what"]],
        due=lambda row: words.by_when(row["due"], member.clock.now()),
    )
    if not session.as_json and (dates := timers.waiting(member)):
        session.tell({}, f"Dates of cases that you answer for, within a week: {dates}. See hub timers list --mine.")


@command(top, click.option("--days", default=7, type=click.IntRange(0, 366), help="How far ahead; a week."))
def arrivals(session: Session, days: int) -> None:
    """List what is needed from a day within the week and not yet confirmed: nobody has said yes."""
    member = session.member()
    rows = [
        {"needed_from": one.needed_from, "handoff": one.handoff, "to": one.to, "state": one.state, "due": one.due}
        for one in expected.unconfirmed(member, date.fromisoformat(today(member)), days)
    ]
    columns = {"needed_from": "Needed from", "handoff": "Handoff", "to": "To", "state": "State", "due": "By when"}
    session.table(
        rows,
        columns,
        state=lambda row: words.state(row["state"]),
        due=lambda row: words.by_when(row["due"], member.clock.now()),
    )


_WHAT = {
    "rest": "place the rest",
    "again": "no help came: refer again",
    "review": "review the emergency",
    "tell": "tell the child: hub case told RECORD DECISION",
    "lifted": "review the rules that were lifted: hub consent show RECORD",
}


def _asked(member: Member, given: dict[str, Any]) -> list[Asked]:
    """Return whom somebody asked: each day without an answer, then the one with it."""
    who, how = given["who"], given["how"]
    tried: list[datetime] = list(given["not_reached"])
    found = [Asked(who, how, day.date().isoformat()) for day in tried]
    if given["answer"] is None and tried:
        return found
    day = given["on"].date().isoformat() if given["on"] else today(member)
    said = read_text(given["text"]).strip() if given["text"] else ""
    return [*found, Asked(who, how, day, given["answer"], said)]
