"""Commands about the chase itself: how urgent a referral is, and who is on duty when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from hub.cli import words
from hub.cli.common import Session, command
from hub.cli.oversight import logins_of
from hub.client import enrol as enrolling
from hub.client import reading, referrals
from hub.client.transport import well_formed
from hub.followup.domain import Urgency

if TYPE_CHECKING:
    from datetime import datetime

    from hub.client.member import Member

top = click.Group("duty-and-urgency")
_MOMENT = click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"])
_ROTA = "/api/v1/directory/duty"


@command(
    top,
    click.argument("handoff"),
    click.option("--to", "urgency", required=True, type=click.Choice([one.value for one in Urgency])),
    click.option("--due", type=_MOMENT, help="The latest time of the first answer, in this machine's zone."),
)
def change_urgency(session: Session, handoff: str, urgency: str, due: datetime | None) -> None:
    """Change how urgent a referral is. Its clock is reckoned anew from its own start; nobody is told twice."""
    member = session.member()
    body = {"urgency": urgency, "due": int(due.astimezone().timestamp()) if due else None}
    row = referrals.say(member, "referral.change_urgency", reading.show(member, handoff), body)
    by = words.by_when(row.get("due"), member.clock.now())
    session.tell(row, f"{escape(handoff)} is now {urgency}: to be answered by {by}.")


@top.group()
def duty() -> None:
    """Who of your agency is on duty when: they are told beside the deputy when nobody answers."""


@command(duty, name="list")
def list_turns(session: Session) -> None:
    """List the turns that are not over, the next one first."""
    member = session.member()
    login = logins_of(member)
    rows = [
        {"login": login(turn["member"]), "since": words.when(turn["since"]), "until": words.when(turn["until"])}
        for turn in _turns(member)
    ]
    session.table(rows, {"login": "Who", "since": "From", "until": "Until"})


@command(
    duty,
    click.argument("login"),
    click.option("--from", "since", required=True, type=_MOMENT, help="In this machine's zone."),
    click.option("--until", required=True, type=_MOMENT, help="In this machine's zone."),
)
def add(session: Session, login: str, since: datetime, until: datetime) -> None:
    """Put a colleague on duty. Supervisors and agency admins."""
    member = session.member()
    who = enrolling.colleague(member, login)[0].member
    turn: dict[str, Any] = {
        "member": who,
        "since": int(since.astimezone().timestamp()),
        "until": int(until.astimezone().timestamp()),
    }
    put = member.hub.put(_ROTA, {"turns": [*_turns(member), turn]})
    session.tell(put, f"{escape(login)} is on duty until {words.when(turn['until'])}.")


@command(duty, click.argument("login"))
def remove(session: Session, login: str) -> None:
    """Take all turns of a colleague out of the rota."""
    member = session.member()
    who = enrolling.colleague(member, login)[0].member
    put = member.hub.put(_ROTA, {"turns": [turn for turn in _turns(member) if turn["member"] != who]})
    session.tell(put, f"{escape(login)} has no more turns.")


def _turns(member: Member) -> list[dict[str, Any]]:
    with well_formed():
        return [{name: row[name] for name in ("member", "since", "until")} for row in member.hub.get(_ROTA)["turns"]]
