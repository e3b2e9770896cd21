"""Commands by which colleagues look after one another's work: training, openings, samples, disagreements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hub.cli import words
from hub.cli.common import Session, command, read_text
from hub.cli.consent import consent
from hub.client import access as openings
from hub.client import disagreements, sampling
from hub.client import enrol as enrolling
from hub.client import training as trainings

if TYPE_CHECKING:
    from datetime import datetime

    from hub.client.member import Member

top = click.Group("oversight")
_RESULTS = {"matches": "matches", "differs": "differs", "missing": "paper_missing"}


@top.group()
def training() -> None:
    """Who is trained to record consents."""


@command(
    training,
    click.argument("login_or_id"),
    click.option("--topic", "topics", multiple=True, required=True, type=click.Choice(trainings.TOPICS)),
    click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The last day it is good for."),
)
def record(session: Session, login_or_id: str, topics: tuple[str, ...], until: datetime) -> None:
    """Record that a colleague was trained; the newest record counts. Supervisors and admins, not about themselves."""
    me = session.member()
    who = enrolling.colleague(me, login_or_id)[0].member
    kept = trainings.record(me, who, topics, until.date())
    said = f"Recorded: {login_or_id} is trained in {', '.join(topics)} until {until.date()}."
    session.tell({"record": kept, "member": who}, said)


@command(training, name="list")
def list_trainings(session: Session) -> None:
    """List recorded trainings, the newest first."""
    me = session.member()
    found = trainings.listing(me)
    logins = logins_of(me)
    rows = [
        {
            "record": row.record,
            "member": row.member,
            "topics": list(row.topics),
            "until": row.until.isoformat(),
            "by": row.by,
        }
        for row in found
    ]
    columns = {"member": "Member", "topics": "Topics", "until": "Until", "by": "Recorded by"}
    session.table(rows, columns, member=lambda row: logins(row["member"]), by=lambda row: logins(row["by"]))


@command(top, click.argument("handoff"), click.argument("login_or_id"))
def assign(session: Session, handoff: str, login_or_id: str) -> None:
    """Name a colleague who works on a handoff or record from now on and need not say why."""
    me = session.member()
    who = enrolling.colleague(me, login_or_id)[0].member
    kept = openings.assign(me, handoff, [who])
    session.tell({"record": kept, "member": who}, f"Assigned to {login_or_id}.")


@top.group()
def access() -> None:
    """Who opened what, and why."""


@command(access, click.option("--unreviewed", is_flag=True, help="Only what waits for a review."), name="list")
def list_openings(session: Session, *, unreviewed: bool) -> None:
    """List who opened what: what waits for a review first, the longest overdue before all."""
    me = session.member()
    now, found = me.clock.now(), openings.listing(me, unreviewed=unreviewed)
    logins = logins_of(me)
    rows = [
        {
            "record": row.record,
            "member": row.member,
            "handoff": row.handoff,
            "at": row.at,
            "times": row.times,
            "kind": row.kind,
            "why": list(row.why),
            "review": row.review,
            "due": row.due,
        }
        for row in found
    ]
    columns = {"record": "Record", "member": "Who", "handoff": "Opened", "at": "When", "kind": "As", "why": "Why"}
    session.table(
        rows,
        {**columns, "review": "Review"},
        member=lambda row: logins(row["member"]),
        at=lambda row: words.when(row["at"]),
        kind=lambda row: row["kind"].replace("_", " "),
        review=lambda row: row["review"] or words.by_when(row["due"], now),
    )


@command(
    access,
    click.argument("record"),
    click.option("--ok", "verdict", flag_value="ok", required=True, help="The reason holds."),
    click.option("--concern", "verdict", flag_value="concern", required=True, help="It does not, or needs a talk."),
)
def review(session: Session, record: str, verdict: str) -> None:
    """Say whether the reason of an opening holds. Supervisors, not about their own."""
    openings.review(session.member(), record, ok=verdict == "ok")
    session.tell({"record": record, "review": verdict}, "Reviewed.")


@command(consent, click.option("--list", "only_list", is_flag=True, help="Draw nothing; list all that was drawn."))
def sample(session: Session, *, only_list: bool) -> None:
    """Draw consents to compare with the paper, one in ten and at least one a week, and list what waits for it."""
    me = session.member()
    if not only_list:
        sampling.draw(me, me.clock.now())
    found = [row for row in sampling.listing(me) if only_list or row.result is None]
    rows = [{"sample": row.id, "record": row.record, "at": row.at, "result": row.result} for row in found]
    columns = {"sample": "Sample", "record": "Consent", "at": "Drawn", "result": "Result"}
    session.table(
        rows,
        columns,
        at=lambda row: words.when(row["at"]),
        result=lambda row: (row["result"] or "to be compared").replace("_", " "),
    )


@command(
    consent,
    click.argument("sample"),
    *(click.option(f"--{flag}", "result", flag_value=value, required=True) for flag, value in _RESULTS.items()),
    click.option("--note", help="A file with what differs; - for stdin. It is sealed."),
)
def sampled(session: Session, sample: str, result: str, note: str | None) -> None:
    """Say what the comparison of a SAMPLE with its paper found. Supervisors, not about consents they recorded."""
    text = read_text(note).strip() if note else ""
    sampling.compared(session.member(), sample, result, text)
    session.tell({"sample": sample, "result": result}, f"Kept: {result.replace('_', ' ')}.")


@top.group()
def disagreement() -> None:
    """Where a child said no: opened with the record, ended by a supervisor."""


@command(disagreement, name="list")
def list_disagreements(session: Session) -> None:
    """List disagreements, those that are open first."""
    rows = [
        {"record": row.record, "consent": row.consent, "since": row.since, "outcome": row.outcome}
        for row in disagreements.listing(session.member())
    ]
    columns = {"record": "Record", "consent": "Consent", "since": "Since", "outcome": "How it ended"}
    session.table(
        rows,
        columns,
        since=lambda row: words.when(row["since"]),
        outcome=lambda row: (row["outcome"] or "open").replace("_", " "),
    )


@command(
    disagreement,
    click.argument("record"),
    click.option("--outcome", required=True, type=click.Choice(disagreements.OUTCOMES)),
    click.option("--text", "words_file", required=True, help="A file that says how it came to that; - for stdin."),
)
def end(session: Session, record: str, outcome: str, words_file: str) -> None:
    """Say how a disagreement ended. It lifts nothing: see hub consent revise, and hub consent approve --rule R03."""
    disagreements.end(session.member(), record, outcome, read_text(words_file))
    session.tell({"record": record, "outcome": outcome}, "Kept.")


def logins_of(me: Member) -> Any:
    """Return what shows a member by login, as the hub has it, where it knows one."""
    known = {row["member"]: row["login"] for row in me.hub.get("/api/v1/members")}
    return lambda member: known.get(member) or member
