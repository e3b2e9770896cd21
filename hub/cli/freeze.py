"""Commands about the giver's receipt: show it, list what other agencies were shown, decide. Part of `hub consent`."""

from __future__ import annotations

import click
from rich.markup import escape

from hub.cli import words
from hub.cli.common import Session, command, secret_line
from hub.cli.people import resolve
from hub.client import freezing

top = click.Group("freeze")


@command(
    top,
    click.option("--agency", required=True, help="The agency on the receipt: name@host."),
    click.option("--token", "token_file", help="A file with the receipt's token; - for stdin. Else it is asked for."),
)
def freeze(session: Session, agency: str, token_file: str | None) -> None:
    """Stop what was sent on the consent of a receipt that you are shown, until the agency on it has decided."""
    member = session.member()
    asked = freezing.ask(member, secret_line("Token", token_file), named := resolve(member, agency))
    due = words.by_when(asked.get("due"), member.clock.now())
    session.tell(
        {"freeze": asked["id"], "state": asked["state"], "due": asked.get("due")},
        f"Asked: {asked['id']}",
        f"  {escape(named)} decides by {due}. Until then whatever it sent on this receipt stands still.",
        "  For the giver: nobody outside that agency is told which packets these are, or whether there are any.",
    )


@command(top)
def freezes(session: Session) -> None:
    """List the requests to freeze that were made of your agency, with by when a supervisor has to decide."""
    member = session.member()
    rows = [
        {"freeze": r.handoff, "by": r.by, "state": r.state, "due": r.due, "found": r.found, "open": r.open}
        for r in freezing.requests(member)
    ]
    columns = {"freeze": "Freeze", "by": "Shown to", "state": "State", "due": "By when", "found": "Packets"}
    session.table(
        rows,
        columns,
        state=lambda row: words.state(row["state"]),
        due=lambda row: words.by_when(row["due"], member.clock.now()),
        found=lambda row: _FOUND[row["found"]] if row["due"] else "",
    )


@command(
    top,
    click.argument("freeze"),
    click.option("--kept", "decision", flag_value="kept", help="The giver keeps the consent: let everything go on."),
    click.option("--withdrawn", "decision", flag_value="withdrawn", help="The giver withdraws: destroy and recall."),
)
def decide(session: Session, freeze: str, decision: str | None) -> None:
    """Decide a request to freeze, after you have asked the giver."""
    if decision is None:
        raise click.UsageError("Say --kept or --withdrawn.")
    done = freezing.decide(session.member(), freeze, decision)
    line = f"Decided: {decision}. Referrals of this receipt that {_DONE[decision]}: {len(done.handoffs)}."
    more = f"They stand still: {done.still_open} more requests on the same receipt are to be decided."
    value = {"freeze": freeze, "decision": decision, "basis": done.basis, "handoffs": list(done.handoffs)}
    session.tell(value, line, *([more] if done.still_open and decision == "kept" else []))


_FOUND = {True: "stand still", False: "no packet of this receipt is here any more", None: "being looked for"}
_DONE = {"kept": "go on", "withdrawn": "are recalled"}
