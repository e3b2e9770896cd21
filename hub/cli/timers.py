"""`hub timers`: an agency's own dates about its cases, chased by its hub, which does not know what they are about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from hub.cli import words
from hub.cli.common import Session, command, read_text
from hub.cli.oversight import logins_of
from hub.client import enrol
from hub.client import timers as dates
from hub.client.timers import About
from hub.followup.calendar import whole
from hub.followup.domain import Urgency

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.client.member import Member
    from hub.client.timers import Said, Timer

top = click.Group("dates")
_HOUR = 3_600
_timer = click.argument("timer")
_owner = click.option("--owner", help="The colleague who answers for it, by login; you where none is named.")


def _due_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare how a command is told by when: a moment, or a term."""
    for option in (
        click.option("--hours", type=click.IntRange(0, 10_000), help="Or so many hours from now."),
        click.option("--months", type=click.IntRange(0, 120), help="Or so many months, to the end of the last day."),
        click.option("--days", type=click.IntRange(0, 5_000), help="Or so many days, to the end of the last day."),
        click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="Where a term begins; today."),
        click.option("--due", type=click.DateTime(), help="By when, in this machine's zone."),
    ):
        function = option(function)
    return function


@top.group("timers")
def timers() -> None:
    """Dates of your agency's own about its cases. What they are about is sealed."""


@command(
    timers,
    click.argument("timer", required=False),
    click.option("--mine", is_flag=True, help="Only what you answer for."),
    click.option("--escalated", is_flag=True, help="Only alerts not acknowledged, and dates that went to supervisors."),
    click.option("--case", help="Only those of this case file."),
    name="list",
)
def list_timers(session: Session, timer: str | None, case: str | None, *, mine: bool, escalated: bool) -> None:
    """List what is due and when, alerts first; with TIMER, what became of one, and why."""
    member = session.member()
    if timer is not None:
        _one(session, member, *dates.read(member, timer))
        return
    _table(session, member, dates.listing(member, mine=mine, escalated=escalated, case=case))


@command(
    timers,
    click.option("--about", help="A file with one line on what it is about; - for stdin. Else it is asked for."),
    click.option("--case", help="The case file that it belongs to."),
    click.option("--rule", help="The rule or schedule that asks for it, such as sir."),
    _due_options,
    click.option("--warn-days", type=click.IntRange(1, 92), help="How many days before you are told that it comes."),
    click.option(
        "--urgency",
        default="routine",
        type=click.Choice([one.value for one in Urgency]),
        help="emergency raises an alert.",
    ),
    _owner,
    name="set",
)
def set_timer(
    session: Session, about: str | None, warn_days: int | None, urgency: str, owner: str | None, **given: Any
) -> None:
    """Set a date, or with --urgency emergency raise an alert that another member has to acknowledge."""
    member = session.member()
    due = _due(member, given)
    label = read_text(about).strip() if about else str(click.prompt("About", err=True)).strip()
    timer = dates.set_timer(
        member,
        About(label, given["case"], given["rule"]),
        due,
        warn=None if warn_days is None else warn_days * 24 * _HOUR,
        urgency=urgency,
        owner=_colleague(member, owner),
    )
    session.tell({"timer": timer, "due": whole(due)}, f"Set: {timer}, {_by_when(member, whole(due))}")


@command(
    timers,
    _timer,
    _due_options,
    click.option("--why", "reason", required=True, help="A file with the reason; - for stdin. It is sealed."),
    _owner,
)
def move(session: Session, timer: str, reason: str, owner: str | None, **given: Any) -> None:
    """Put TIMER to another time, or with --owner alone into other hands. Say why."""
    member = session.member()
    found, _ = dates.read(member, timer)
    due = found.due if owner is not None and not _is_given(given) else _due(member, given)
    dates.move(member, timer, due, read_text(reason).strip(), _colleague(member, owner))
    session.tell({"timer": timer, "due": whole(due)}, f"Moved: {_by_when(member, whole(due))}")


@command(timers, _timer, click.option("--note", help="A file with what was done; - for stdin. It is sealed."))
def done(session: Session, timer: str, note: str | None) -> None:
    """Say that what TIMER reminds of is done."""
    dates.done(session.member(), timer, None if note is None else read_text(note).strip())
    session.tell({"timer": timer, "state": "timer_done"}, "Done.")


@command(timers, _timer)
def acknowledge(session: Session, timer: str) -> None:
    """Say that you have seen the alert TIMER and act on it. Whoever raised it cannot."""
    dates.acknowledge(session.member(), timer)
    session.tell({"timer": timer}, "Acknowledged. It goes on until it is done.")


def _table(session: Session, member: Member, found: list[Timer]) -> None:
    login = logins_of(member)
    columns = {"timer": "Timer", "about": "About", "due": "By when", "owner": "Who answers", "state": "Where it stands"}
    session.table(
        [_value(one) for one in found],
        columns,
        about=lambda row: row["about"] or "sealed to a colleague",
        due=lambda row: _by_when(member, row["due"]),
        owner=lambda row: login(row["owner"]),
        state=lambda row: words.state(row["state"]) + (f"; rung {row['rung']} told" if row["rung"] else ""),
    )


def _one(session: Session, member: Member, timer: Timer, said: list[Said]) -> None:
    login = logins_of(member)
    value = {**_value(timer), "said": [{"what": s.what, "at": s.at, "by": s.by, "note": s.note} for s in said]}
    lines = [f"{value['about'] or 'sealed to a colleague'}: {words.state(timer.state)}"]
    lines += [f"  {_by_when(member, timer.due)}; {login(timer.owner)} answers for it"]
    lines += [
        f"  {words.when(one.at)} {words.step(one.what)} by {login(one.by)}" + (f": {one.note}" if one.note else "")
        for one in said
    ]
    session.tell(value, *map(escape, lines))


def _value(timer: Timer) -> dict[str, Any]:
    about = timer.about or About("")
    names = ("state", "urgency", "due", "owner", "set_by", "set_at", "rung")
    told = {"timer": timer.handoff, "about": about.label, "case": about.case, "rule": about.rule}
    return {**told, **{name: getattr(timer, name) for name in names}}


def _by_when(member: Member, due: int) -> str:
    return words.by_when(due, member.clock.now())


def _is_given(given: dict[str, Any]) -> bool:
    return any(given[name] is not None for name in ("due", "days", "months", "hours"))


def _due(member: Member, given: dict[str, Any]) -> int:
    """Return by when, out of what one of the options says."""
    length = {name: given[name] for name in ("days", "months", "hours") if given[name] is not None}
    due: datetime | None = given["due"]
    if (due is None) == (not length) or len(length) > 1:
        raise click.UsageError("Say by when: one of --due, --days, --months and --hours.")
    if due is not None:
        return int(due.astimezone().timestamp())
    since: datetime | None = given["since"]
    if since is None or "hours" in length:
        return dates.term(member, member.clock.now(), **length)
    place = dates.calendar(member).zone or UTC
    return dates.term(member, int(since.replace(tzinfo=place).timestamp()), **length)


def _colleague(member: Member, login: str | None) -> str | None:
    return None if login is None else enrol.colleague(member, login)[0].member
