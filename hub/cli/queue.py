"""`hub queue`: what waits for whom, and by when, for owners, providers and supervisors; counts for coordinators.

Without the name of a queue a desk shows how much stands in each; with one, its rows. The list is the hub's word.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from hub.cli import words
from hub.cli.common import Session, command
from hub.cli.oversight import logins_of
from hub.cli.people import resolve
from hub.cli.work import ball_of, due_of
from hub.client import access, inquiries, queues, tasks, timers
from hub.keys.certificates import CASE_ROLES
from hub.queues.domain import QUEUES, URGENCIES, Desk, Order
from hub.referrals.domain import BEGUN

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hub.client.member import Member

top = click.Group("queues")


@top.group()
def queue() -> None:
    """What waits for whom, and by when."""


_CHOICE = (
    click.option("--state", "states", multiple=True, type=click.Choice([s.value for s in BEGUN]), metavar="STATE"),
    click.option("--urgency", "urgencies", multiple=True, type=click.Choice([u.value for u in URGENCIES])),
    click.option("--with", "other", help="Only with this agency: name@host, or its name where that is enough."),
    click.option("--mine", is_flag=True, help="Only what you are named for."),
    click.option("--due-before", type=click.DateTime(), help="Only what is due before, in this machine's zone."),
    click.option("--arrivals", is_flag=True, help="Only who is awaited within the week, and nobody has confirmed."),
    click.option("--order", default=Order.DUE.value, type=click.Choice([order.value for order in Order])),
    click.option("--most", default=100, type=click.IntRange(1, 5000), help="How many rows at most."),
)
_ABOUT = {
    Desk.OWNER: "Show what your agency sent and what it waits for; with QUEUE, its rows.",
    Desk.PROVIDER: "Show what your agency was sent and what it has to do; with QUEUE, its rows.",
    Desk.SUPERVISOR: "Show what supervisors look into; with QUEUE, its rows.",
}


@command(queue)
def coordinator(session: Session) -> None:
    """Show how much waits for each provider: your agency exactly, others as few, some or many. No case is shown."""
    columns = {"agency": "Provider", "open": "Open", "past_due": "Past due", "median_days": "Half is open for"}
    session.table(
        queues.loads(session.member()),
        columns,
        median_days=lambda row: "" if row["median_days"] is None else f"{row['median_days']} d or more",
    )


def _add_desk(desk: Desk) -> None:
    def run(session: Session, queue: str | None, **given: Any) -> None:
        member = session.member()
        choice = _chosen(member, given)
        if queue is None:
            _overview(session, member, desk, choice)
        else:
            _rows(session, member, queues.rows(member, desk, queue, **choice, order=given["order"], most=given["most"]))

    run.__doc__ = _ABOUT[desk]
    name = click.argument("queue", required=False, type=click.Choice(QUEUES[desk]), metavar="[QUEUE]")
    command(queue, name, *_CHOICE, name=desk.value)(run)


for _desk in Desk:
    _add_desk(_desk)


def _chosen(member: Member, given: dict[str, Any]) -> dict[str, Any]:
    chosen: dict[str, Any] = {name: given[name] for name in ("mine", "arrivals") if given[name]}
    chosen |= {name: sorted(given[name]) for name in ("states", "urgencies") if given[name]}
    if given["other"]:
        chosen["agency"] = resolve(member, given["other"])
    before: datetime | None = given["due_before"]
    return chosen if before is None else {**chosen, "due_before": int(before.astimezone().timestamp())}


def _overview(session: Session, member: Member, desk: Desk, choice: dict[str, Any]) -> None:
    counts = queues.counts(member, desk, **choice)
    found = [{"queue": name, "count": counts[name]} for name in QUEUES[desk] if name in counts]
    found += [{"queue": name, "count": count} for name, count in _own(member, desk).items()]
    columns = {"queue": "Queue", "count": "How many", "what": "What it is"}
    session.table(found, columns, what=lambda row: words.QUEUES[row["queue"]])


def _own(member: Member, desk: Desk) -> dict[str, int]:
    """Return what waits at a desk that is no queue of referrals: sealed records, inquiries, and dates of cases."""
    if desk is Desk.PROVIDER:
        return {"inquiries": inquiries.waiting(member, "in")}
    owed = Counter(task.what for task in tasks.listing(member))
    if desk is Desk.OWNER:
        beside = owed[tasks.What.REST] + owed[tasks.What.AGAIN]
        return {"beside": beside, "inquiries": inquiries.waiting(member, "out"), "timers": timers.waiting(member)}
    openings, escalated = access.listing(member, unreviewed=True), timers.waiting(member, escalated=True)
    reviews = {"emergencies": owed[tasks.What.REVIEW], "lifted": owed[tasks.What.LIFTED]}
    return {**reviews, "openings": len(openings), "dates": escalated}


def _rows(session: Session, member: Member, found: queues.Listing) -> None:
    login = logins_of(member)
    columns = {"id": "Handoff", "with": "With", "state": "Where it stands", "ball": "Who acts, by when"}
    cells: dict[str, Callable[[dict[str, Any]], str]] = {
        "with": lambda row: _other(row, member, login),
        "state": lambda row: "; ".join(_standing(row)),
        "ball": lambda row: "; ".join(_acting(row, member)),
    }
    session.table(found.rows, columns, **cells)
    if found.more and not session.as_json:
        session.tell({}, "There is more: see --most, or ask for less.")


def _other(row: dict[str, Any], member: Member, login: Callable[[str], str]) -> str:
    sent = row["from_agency"] == member.agency
    here, there = (row["sent_by"], row["owner"]) if sent else (row["owner"], row["sent_by"])
    said = [f"to {row['to_agency']}" if sent else f"from {row['from_agency']}"]
    said += [f"ours: {login(here)}"] if here else []
    other = row["to_agency"] if sent else row["from_agency"]
    return "; ".join([*said, *([f"theirs: {role_of(member, other, there)}"] if there else [])])


def role_of(member: Member, agency: str, who: str) -> str:
    """Return what a member of another agency is: names stand in no log, roles do."""
    known = member.trust.agency(agency, fresh=False).devices
    roles = sorted({role for device in known if device.member == who for role in device.roles & CASE_ROLES})
    return " and ".join(role.replace("_", " ") for role in roles) or "a colleague"


def _standing(row: dict[str, Any]) -> list[str]:
    """Return the state, how good the evidence is, and what else people must know of a row."""
    custody = row.get("custody") or {}
    said = [f"{words.state(row['state'])} ({words.grade(row['grade'])})", row["urgency"]]
    said += [f"needed from {row['needed_from']}"] if row["needed_from"] else []
    said += ["frozen"] if custody.get("frozen") else []
    said += ["withdrawn"] if custody.get("withdrawn") else []
    said += ["its hub is away"] if row["silence"] == "transport" else []
    said += ["somebody could not be told"] if row["untold"] else []
    return [*said, *(["not confirmed yet"] if row["being_confirmed"] else [])]


def _acting(row: dict[str, Any], member: Member) -> list[str]:
    now = member.clock.now()
    said = [ball_of(row, member), words.by_when(due_of(row), now)]
    said += ["put off"] if row["paused"] else []
    if row["next_rung"] and row["next_at"]:
        said.append(f"then {row['next_rung'].replace('_', ' ')}, {words.by_when(row['next_at'], now)}")
    return [text for text in said if text]
