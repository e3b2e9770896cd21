"""Commands about a withdrawal: tell every holder, see how far it has come, answer as one. Part of `hub consent`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from hub.cli import words
from hub.cli.common import Session, command, read_text
from hub.client import withdrawal
from hub.handoffs.domain import Recall

if TYPE_CHECKING:
    from hub.client.member import Member
    from hub.client.reading import Shown
    from hub.client.withdrawal import Holder

top = click.Group("withdrawal")
_RECALLS = {
    Recall.CERTAIN: "Recalled for certain: nobody opened it.",
    Recall.REQUEST: "It was opened. This is a request: the holder says what it did with its copy.",
    Recall.PENDING: "Stopped. Not every hub has said yet that its copy is destroyed.",
}
_ANSWERS = {
    "erased": "erased its copy",
    "locked": "locked its copy: kept, and not used",
    "cannot": "cannot erase its copy",
    withdrawal.NEVER_OPENED: "never opened it",
    None: "has not answered yet",
}
_PEOPLE = "Now do by hand: printed and forwarded copies, photos, notes, files moved elsewhere, colleagues' machines."


@command(top, click.argument("record"))
def withdraw(session: Session, record: str) -> None:
    """Write down that a consent was withdrawn, and tell everybody who was sent something on it. Run again to resume."""
    told = withdrawal.withdraw(session.member(), record)
    then = f"See what they answer: hub consent status {record}"
    session.tell({"record": record, "told": told}, f"Withdrawn. Referrals whose recipient is told: {len(told)}.", then)


@command(top, click.argument("record"))
def status(session: Session, record: str) -> None:
    """Show who was sent something on a consent, and how far its withdrawal has come there."""
    member = session.member()
    holders = withdrawal.status(member, record)
    lines = [line for holder in holders for line in _told(holder, member)]
    session.tell(
        {"record": record, "holders": [_value(holder) for holder in holders]}, *(lines or ["Nobody was sent it."])
    )


@command(
    top,
    click.argument("handoff"),
    click.option(
        "--answer", "said", required=True, type=click.Choice(withdrawal.ANSWERS), help="What you did with it."
    ),
    click.option("--ground", help="For cannot: a file with the legal ground; - for stdin. It is sealed to the sender."),
)
def answer(session: Session, handoff: str, said: str, ground: str | None) -> None:
    """Say what became of your copy of HANDOFF after consent was withdrawn. You may answer again."""
    member = session.member()
    done = withdrawal.answer(member, handoff, said, read_text(ground).strip() if ground else None)
    lines = [f"Answered: {_ANSWERS[said]}."]
    lines += [f"  files deleted on this machine: {done.deleted}", f"  {_PEOPLE}"] if said == "erased" else []
    lines += [f"  {line}" for line in _onward(done.onward)]
    value = {"handoff": handoff, "answer": said, "deleted": done.deleted, "onward": list(done.onward)}
    session.tell(value, *map(escape, lines))


def asked(shown: Shown, member: Member) -> list[str]:
    """Return what a party reads of a withdrawal above a handoff: since when, how far, and what a holder has to do."""
    known = withdrawal.custody(shown)
    if known.withdrawn is None:
        return []
    why = "It was sent by mistake, and called back" if shown.state == "entered_in_error" else "Consent was withdrawn"
    since = f"{why} on {words.when(known.withdrawn)}"
    if member.agency == shown.from_agency:
        return [f"{since}. {_RECALLS[known.recall or Recall.PENDING]}"]
    if known.answer is not None:
        return [f"{since}. Your agency {_ANSWERS[known.answer[0]]}."]
    if known.recall is Recall.CERTAIN:
        return [f"{since}. Nobody of your agency had opened it: there is nothing to do."]
    due = words.by_when((shown.custody or {}).get("due"), member.clock.now())
    command_line = f"hub consent answer {shown.id} --answer {'|'.join(withdrawal.ANSWERS)}"
    return [f"{since}: answer what you did with your copy{', by ' + due if due else ''}:", f"  {command_line}"]


def _told(holder: Holder, member: Member) -> list[str]:
    lines, known = [f"[bold]{escape(holder.to)}[/]  {holder.handoff}"], holder.custody
    if known is None or known.recall is None:
        return [*lines, "  No withdrawal was said there: it never went out, or consent stands."]
    lines.append(f"  {_RECALLS[known.recall]}")
    for copy in known.hubs:
        reached = f"reached {copy.host}, destroyed {words.when(copy.destroyed)}"
        pending = f"{copy.host} pending since {words.when(copy.since)}"
        lines.append(
            f"  {pending if copy.destroyed is None else reached}{', after it was opened' if copy.served else ''}"
        )
    if known.recall is Recall.REQUEST:
        lines.append(f"  the holder {_ANSWERS[known.answer[0] if known.answer else None]}")
    if holder.ground:
        lines.append(f"  because: {escape(holder.ground)}")
    if holder.due and known.answer is None:
        lines.append(f"  its answer is due {words.by_when(holder.due, member.clock.now())}")
    return [*lines, *(f"  {escape(line)}" for line in _onward(holder.onward))]


def _onward(rows: Any) -> list[str]:
    return [f"passed on to {row['to']}, asked {words.when(row['asked'])}: {_ANSWERS[row['answer']]}" for row in rows]


def _value(holder: Holder) -> dict[str, Any]:
    known = None if holder.custody is None else holder.custody.to_value(holder.due)
    return {
        "handoff": holder.handoff,
        "to": holder.to,
        "custody": known,
        "ground": holder.ground,
        "onward": [dict(row) for row in holder.onward],
    }
