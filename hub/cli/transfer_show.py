"""`hub transfer`, what is shown and proven: the journey as a timeline, who holds a case, notices, successions."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from consent.words import LANGUAGES
from hub.cli import words
from hub.cli.common import FILE, Session, command, out, read_json, read_text, why, with_reason
from hub.cli.people import resolve
from hub.cli.timeline import draw
from hub.cli.transfer import leg
from hub.cli.work import as_value, standing
from hub.client import cases, families, notices, proof, reading, register, succession, timeline_page
from hub.client.inquiries import LEG
from hub.client.profile import write_private
from hub.client.timeline import timeline
from hub.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.client.member import Member
    from hub.client.reading import Shown
    from hub.client.register import Holding

top = click.Group("transfer_show")


@command(top, name="list")
def list_legs(session: Session) -> None:
    """List the legs of transfers that your agency has a part in, newest first: who has to act, by when."""
    member = session.member()
    rows = {row["id"]: row for box in ("in", "out") for row in reading.pages(member, LEG, box)}
    columns = {"id": "Leg", "other": "With", "state": "State", "ball": "Ball", "due": "By when"}
    session.table(
        sorted(rows.values(), key=lambda row: row["touched"], reverse=True),
        columns,
        other=lambda row: (
            f"to {row['to_agency']}" if row["from_agency"] == member.agency else f"from {row['from_agency']}"
        ),
        state=lambda row: words.state(row["state"]),
        ball=lambda row: {"sender": row["from_agency"], "recipient": row["to_agency"]}.get(
            row.get("ball") or "", "nobody"
        ),
        due=lambda row: words.by_when(row.get("due"), member.clock.now()),
    )


@command(
    top,
    leg,
    click.option("--lang", type=click.Choice(LANGUAGES), default="en", help="The language."),
    click.option("--html", "file", type=FILE, help="Write the journey to this file as a page, to print or to send on."),
)
def show(session: Session, leg: str, lang: str, file: Path | None) -> None:
    """Draw the journey of a child as a timeline, with LEG and the other legs of its case that your agency knows.

    Every signature, receipt and proof that is shown was verified on this machine.
    """
    member = session.member()
    shown = reading.show(member, leg)
    member.keep_pins()
    held, others = register.who_holds(member, leg), families.siblings(member, leg)
    session.tell(
        {**as_value(shown), "holding": asdict(held), "siblings": others},
        f"[bold]{leg}[/]  {escape(shown.from_agency)} -> {escape(shown.to_agency)}",
        *(f"  {line}" for line in standing(as_value(shown), member)),
        *(f"  {line}" for line in _held(held)),
        *(f"  travels with {other}" for other in others),
        f"  you can: {', '.join(words.steps(shown.possible)) or 'nothing now'}",
    )
    made = timeline([shown, *_others(member, leg)])
    if file is not None:
        write_private(file, timeline_page.draw(made, language=lang).encode())
    if not session.as_json:
        draw(session.console, made, lang)


def _others(member: Member, leg: str) -> Iterator[Shown]:
    """Yield the other legs of a case that have begun."""
    known = cases.of_leg(member, leg)
    for name in known.legs if known else ():
        with suppress(NotFound):
            if name != leg:
                yield reading.show(member, name)


@command(top, click.argument("name"), click.option("--proof", "file", type=FILE, help="Write the proof to this file."))
def who_holds(session: Session, name: str, file: Path | None) -> None:
    """Say who is responsible: NAME is a case file's record, a case's reference, or a leg. The chain is verified."""
    member = session.member()
    held = register.who_holds(member, name)
    lines = [*_held(held), *(f"  {_link(link)}" for link in held.chain)]
    if file is not None:
        write_private(file, json.dumps(proof.make(member, name)).encode() + b"\n")
        lines.append(f"Proof written to {file}. Check it anywhere: hub transfer verify-proof {file}")
    member.keep_pins()
    session.tell({**asdict(held), "proof": str(file) if file else None}, *map(escape, lines))


@command(top, click.argument("file", type=FILE))
def verify_proof(session: Session, file: Path) -> None:
    """Check a proof of who holds a case without any hub, by the keys that your profile trusts."""
    found = proof.check(session.member(), read_json(file))
    alone = " on the successor's word alone" if found.unilateral else ""
    lines = [f"Held by {found.holder}{alone}, by these signed words; a later one would not stand in this file:"]
    lines += [
        f"  {words.when(one.at)}  {words.step(one.type).replace('-', ' ')}, {one.by}: entry {one.index} of {one.origin}"
        for one in found.steps
    ]
    lines += ["A release is open: it can still be taken, or taken back."] if found.release else []
    session.tell(asdict(found), *map(escape, lines))


# Notices of arrivals


@command(top, click.argument("to"), click.argument("file", type=FILE))
def notice(session: Session, to: str, file: Path) -> None:
    """Give notice of an arrival, one way, as a body that may never receive anything; FILE says who comes when."""
    member = session.member()
    sent = notices.send(member, resolve(member, to), read_json(file))
    session.tell(sent, f"Notice {sent['id']} was given. Nothing comes back.")


@command(top, click.argument("name", required=False, metavar="NOTICE"), why, name="notices")
def list_notices(session: Session, name: str | None, why: str | None) -> None:
    """List the notices of arrivals that came; with NOTICE, open it."""
    member = session.member()
    if name is None:
        columns = {"id": "Notice", "from_agency": "From", "touched": "When"}
        session.table(notices.listing(member), columns, touched=lambda row: words.when(row["touched"]))
        return
    found = with_reason(lambda reason: notices.read(member, name, reason), why)
    session.tell(
        asdict(found), f"From {escape(found.from_agency)}, {words.when(found.at)}", *words.outline(dict(found.says))
    )


# When a holder has fallen silent


@command(
    top,
    click.argument("file", type=FILE),
    click.option("--with", "agency", required=True, help="The third agency whose coordinator signs as well."),
    click.option("--coordinator", required=True, help="That coordinator's member id; see hub agency show."),
    out,
)
def assume(session: Session, file: Path, agency: str, coordinator: str, out: Path | None) -> None:
    """Prepare to assume a case of an agency that has died, whose successor yours is; FILE proves that it holds it."""
    member = session.member()
    text = succession.prepare(member, read_json(file), resolve(member, agency), coordinator)
    session.hand_over(succession.read(text), text, out)


@command(top, click.argument("file", type=FILE), out, name="cosign-file")
def cosign_file(session: Session, file: Path, out: Path | None) -> None:
    """Read what a successor prepared in FILE, and sign it as the coordinator of a third agency."""
    text = read_text(file)
    said = succession.read(text)
    if not session.as_json:
        click.echo(words.plain(f"{said['by']} assumes a case of {said['of']}, which has fallen silent."), err=True)
        click.confirm("Have you made sure that nobody is there any more, and sign this?", abort=True, err=True)
    session.hand_over(said, succession.sign(session.member(), text), out)


@command(top, click.argument("file", type=FILE), name="send-file")
def send_file(session: Session, file: Path) -> None:
    """Send a succession that both have signed. From now on your agency acts as responsible, on its own word."""
    shown = succession.send(session.member(), read_text(file))
    state = "confirmed" if shown.state == "assumed" else "the holder's hub has to confirm it"
    session.tell({"handoff": shown.id, "state": shown.state}, f"Sent: {shown.id}; {state}.")


# In words


def _held(held: Holding) -> Iterator[str]:
    yield f"responsible: {held.holder}" + (" (on the successor's word alone)" if held.unilateral else "")
    others = [agency for agency in held.acting if agency != held.holder]
    if others:
        yield f"acts as responsible too, until the register has its word: {', '.join(others)}"
    if held.release:
        yield "a release is open: the receiver can take the case, the sender can take the release back"


def _link(link: Any) -> str:
    place = "on its way" if link.position is None else f"{link.host} {link.position}"
    return f"{words.when(link.at)}  {words.step(link.type).replace('-', ' ')}, {link.by} [{place}]"
