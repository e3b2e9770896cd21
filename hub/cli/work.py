"""Commands of everyday work: send, list, show, open, every step of a referral, reports, co-signing.

Whatever changes a referral answers with its state, who has the ball, and by when.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from consent.policy import CATEGORIES, PURPOSES, SERVICES
from consent.protect import protect_location
from hub.cli import withdrawal, words
from hub.cli.common import FOLDER, FORBIDDEN, Session, command, read_packet, read_text, why, with_reason
from hub.cli.map_match import target_of
from hub.client import basis as bases
from hub.client import breach, cosigning, opening, reading, records, referrals
from hub.client.referrals import GOT_HELP, PROTECT, STEPS, Outgoing
from hub.directory.records.vocabulary import NEEDS
from hub.errors import InvalidRequest, NotFound
from hub.referrals.domain import TRANSITIONS, Side
from hub.statements.bodies import KINDS, REPORTABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hub.client.basis import Held
    from hub.client.member import Member
    from hub.client.opening import Opened
    from hub.client.reading import Line, Shown

top = click.Group("work")
_day = click.DateTime(["%Y-%m-%d"])
_handoff = click.argument("handoff")
_FROZEN = "  Stopped for the moment at the giver's wish: nothing of it opens before the sender has asked the giver."
_REPORTS = {words.step(name): name for name in sorted(REPORTABLE)}
_CODE = re.compile(r"[a-z][a-z0-9_-]{1,47}")


@command(
    top,
    click.argument("packet", type=FOLDER),
    click.option("--to", help="The agency: name@host, or its name where that is enough."),
    click.option("--service-id", help="Instead: a service of the map; it says agency, inbox and type of service."),
    click.option("--about", help="A file with what that service must know of the person, JSON; it stays here."),
    click.option("--need", type=click.Choice(list(NEEDS)), help="The need, where that service is for several."),
    click.option("--basis", help="The record of the lawful basis; see hub consent list."),
    click.option(
        "--passing-on", "came_by", help="Instead: the handoff it came in, where its consent names this agency."
    ),
    click.option("--purpose", required=True, type=click.Choice(sorted(PURPOSES))),
    click.option("--service", type=click.Choice(sorted(SERVICES)), help="The type of service that is asked."),
    click.option("--person", help="The member to seal to, where it goes to one person; see hub agency show."),
    click.option("--urgency", default="routine", type=click.Choice(["emergency", "urgent", "high", "routine"])),
    click.option("--due", type=click.DateTime(), help="The latest time of the first answer, in this machine's zone."),
    click.option("--needed-from", type=_day),
    click.option("--check", is_flag=True, help="Only say whether the basis permits it, and show what would be seen."),
    why,
)
def send(
    session: Session,
    packet: Path,
    basis: str | None,
    came_by: str | None,
    *,
    check: bool,
    why: str | None,
    **given: Any,
) -> int:
    """Send the folder PACKET (sections/*.json, attachments/*) to an agency, if the lawful basis permits."""
    member = session.member()
    sections, attachments = read_packet(packet)
    if unknown := bases.categories(sections) - CATEGORIES:
        raise InvalidRequest(
            f"There is no category {', '.join(sorted(unknown))}.", todo=f"Name the files {words.either(CATEGORIES)}."
        )
    held = _basis(member, basis, came_by, why)
    due, needed = given.pop("due"), given.pop("needed_from")
    target, told = target_of(member, given)
    moment = None if due is None else int(due.astimezone().timestamp())
    day = None if needed is None else needed.date().isoformat()
    out = Outgoing(
        sections=sections, basis=held, attachments=attachments, due=moment, needed_from=day, **given, **target
    )
    for line in () if session.as_json else told:
        click.echo(words.plain(line), err=True)
    if check:
        return _check(session, member, out)
    sent = referrals.send(member, out)
    value = {"handoff": sent.handoff, "cosign": sent.cosign, "removed": [asdict(row) for row in sent.removed]}
    went = [f"{words.OBLIGED[PROTECT]} Taken out: {len(sent.removed)}; see --check."] if sent.removed else []
    if sent.shown is None:
        session.tell(value, *went, f"Not sent yet. It waits for its second signature: hub cosign {sent.cosign}")
    else:
        session.tell(value, *went, f"Sent to {escape(out.to)}: {sent.handoff}", *_now(sent.shown, member))
    return 0


@command(
    top,
    click.option("--out", "box", flag_value="out", help="Only what your agency sent."),
    click.option("--in", "box", flag_value="in", help="Only what was sent to your agency."),
    name="list",
)
def list_handoffs(session: Session, box: str | None) -> None:
    """List referrals: state, who has the ball, by when. The list is the hub's; `show` verifies."""
    member = session.member()
    boxes = [box] if box else ["in", "out"]
    found = {row["id"]: row for name in boxes for row in reading.pages(member, "referral", name)}
    rows = sorted(found.values(), key=lambda row: row["touched"], reverse=True)
    columns = {"id": "Handoff", "other": "With", "state": "State", "ball": "Ball", "due": "By when", "grade": "Grade"}
    session.table(
        rows,
        columns,
        other=lambda r: f"to {r['to_agency']}" if r["from_agency"] == member.agency else f"from {r['from_agency']}",
        state=lambda row: words.state(row.get("state")) + (", frozen" if _custody(row).get("frozen") else ""),
        ball=lambda row: _ball(row, member),
        due=lambda row: words.by_when(_due(row), member.clock.now()),
        grade=lambda row: words.grade(row.get("grade")),
    )


@command(top, _handoff)
def show(session: Session, handoff: str) -> None:
    """Show a handoff, with every signature, receipt and proof verified on this machine."""
    member = session.member()
    shown = reading.show(member, handoff)
    member.keep_pins()
    mine, report = _possible(shown, member)
    next_at = words.by_when(shown.next_at, member.clock.now())
    session.tell(
        as_value(shown),
        f"[bold]{shown.id}[/]  {escape(shown.from_agency)} -> {escape(shown.to_agency)}",
        *(f"  {line}" for line in _now(as_value(shown), member)),
        *([_FROZEN] if shown.frozen else []),
        *(f"  {line}" for line in withdrawal.asked(shown, member)),
        *([f"  if nobody answers: {_told_next(shown.next_rung)}, {next_at}"] if next_at else []),
        *(f"  {words.when(line.statement.at)}  {_line(line)}" for line in shown.lines),
        f"  you can: {', '.join(mine) or 'nothing now'}",
        *([f"  you can report, if it came by phone, SMS or paper: {', '.join(report)}"] if report else []),
        "  All signatures, receipts and log proofs shown here were verified.",
    )


@command(
    top,
    _handoff,
    click.option("--into", type=FOLDER, help="Write sections and attachments below this folder."),
    click.option("--packet", help="Only the packet whose manifest has this hash."),
    why,
    name="open",
)
def open_sealed(session: Session, handoff: str, into: Path | None, packet: str | None, why: str | None) -> None:
    """Open what was sent to your agency in a handoff: verified first, and checked against its lawful basis."""
    member = session.member()
    found = with_reason(
        lambda reason: breach.open_and_report(member, handoff, into=into, packet=packet, why=reason), why
    )
    lines = [text for item in found for text in _told(item)]
    nothing = "Nothing here is for your agency to open: nothing was sent to it, or consent was withdrawn."
    asked = [] if found else withdrawal.asked(reading.show(member, handoff), member)
    session.tell({"packets": [_opened(item) for item in found]}, *(lines or asked or [nothing]))
    for item in found:
        item.refuse_quarantined()


@command(
    top,
    click.argument("step", type=click.Choice(list(_REPORTS))),
    _handoff,
    click.option("--via", required=True, type=click.Choice(["phone", "sms", "paper"])),
    click.option("--evidence", "words_file", required=True, help="A file with who said what and when; - for stdin."),
    click.option("--date", "day", type=_day, help="The day of the first contact, for accept and start."),
)
def report(session: Session, step: str, handoff: str, via: str, words_file: str, day: datetime | None) -> None:
    """Report the recipient's STEP that came by phone, SMS or paper. It slows the chase and never stops it."""
    kind = _REPORTS[step]
    named = list(KINDS[kind].body)
    if bool(named) != bool(day):
        raise InvalidRequest("accept and start take --date, the day of the first contact; other steps do not.")
    body = dict.fromkeys(named, day.date().isoformat() if day else None)
    member, evidence = session.member(), read_text(words_file)
    _say(session, member, referrals.report(member, handoff, kind.rpartition(".")[2], via, evidence, body))


@command(
    top, click.argument("record", required=False), click.option("--yes", is_flag=True, help="Sign without being asked.")
)
def cosign(session: Session, record: str | None, *, yes: bool) -> None:
    """Read what a colleague prepared, sign it second and send it; without RECORD, list what waits."""
    member = session.member()
    waiting = cosigning.waiting(member)
    if record is None:
        rows = [
            {"record": w.record, "to": w.copy["to"], "purpose": w.copy["purpose"], "mine": w.second == member.id}
            for w in waiting
        ]
        session.table(rows, {"record": "Record", "to": "To", "purpose": "Purpose", "mine": "Yours to sign"})
        return
    item = next((item for item in waiting if item.record == record and item.second == member.id), None)
    if item is not None and not yes:
        lines = (f"To {item.copy['to']} for {item.copy['purpose'].replace('_', ' ')}, {item.copy['urgency']}:",)
        for line in (*lines, *_sections(item.copy["sections"])):
            click.echo(words.plain(line), err=True)
        click.confirm("Sign and send this?", abort=True, err=True)
    handoff = cosigning.cosign(member, record)
    session.tell({"handoff": handoff["id"]}, f"Signed and sent: {handoff['id']}", *_now(handoff, member))


@command(top, click.argument("statement", required=False))
def prove(session: Session, statement: str | None) -> None:
    """Prove a STATEMENT again from the receipt that is kept here, without the hub; without one, list what is kept."""
    member = session.member()
    found = [records.prove(member, name) for name in (records.kept(member) if statement is None else [statement])]
    rows = [
        {
            "statement": p.hash,
            "type": p.type,
            "handoff": p.handoff,
            "log": p.receipt.log.origin,
            "index": p.receipt.index,
        }
        for p in found
    ]
    if statement is None:
        columns = {"statement": "Statement", "type": "What", "handoff": "Handoff", "log": "Log", "index": "Entry"}
        session.table(rows, columns)
        return
    row = rows[0]
    line = f"{row['type']} of {row['handoff']} stands at {row['index']} of the log of {row['log']}. It verifies."
    session.tell(row, line)


@command(top, _handoff, click.argument("packet", type=FOLDER), why)
def answer(session: Session, handoff: str, packet: Path, why: str | None) -> None:
    """Answer the recipient with the folder PACKET, within the basis on which the referral was sent."""
    sections, attachments = read_packet(packet)
    member = session.member()
    _say(
        session,
        member,
        with_reason(lambda reason: referrals.answer(member, handoff, sections, attachments, reason), why),
    )


def _text(*, required: bool) -> Callable[[Any], Any]:
    """Text about a child comes from a file or a prompt, so that it stays out of the list of processes."""

    def read(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
        if value is not None:
            return read_text(value).strip()
        return str(click.prompt("Text", err=True)) if required else ""

    return click.option("--text", callback=read, help="A file with the text; - for stdin. It is sealed.")


def _coded(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not _CODE.fullmatch(value):
        raise click.BadParameter("a code is one word, such as no_capacity; say more in --text")
    return value


@command(
    top,
    _handoff,
    click.option("--until", required=True, type=click.DateTime(), help="The new due time, in this machine's zone."),
    _text(required=True),
)
def pause_clock(session: Session, handoff: str, until: datetime, text: str) -> None:
    """Give the recipient more time; the reason stays in your agency's records."""
    member, due = session.member(), int(until.astimezone().timestamp())
    _say(session, member, referrals.pause_clock(member, handoff, due, text))


def _date(name: str, about: str) -> Callable[[Any], Any]:
    return click.option(f"--{name.replace('_', '-')}", name, required=True, type=_day, help=about)


_WORDS = {
    "first_contact": _date("first_contact", "The day of the first contact."),
    "contact": _date("contact", "The day of the first contact."),
    "review": _date("review", "Looked at again on."),
    "code": click.option(
        "--code", required=True, callback=_coded, help="The reason, such as no_capacity. It is sealed."
    ),
    "got_help": click.option("--got-help", required=True, type=click.Choice(GOT_HELP)),
    "services": click.option("--service", "services", multiple=True, help="A service that was given. Repeatable."),
}


def _add_step(name: str) -> None:
    """Add the command for a step of `hub.client.referrals`: one option for each word that it says."""
    row, kind = STEPS[name], f"referral.{name}"
    options = [_WORDS[word] for word in (*KINDS[kind].body, *row.needs, *row.may) if word != "text"]
    options += [_text(required=True)] if "text" in row.needs else [_text(required=False)] if "text" in row.may else []

    def run(session: Session, handoff: str, **given: Any) -> None:
        said = {key: day.date().isoformat() if isinstance(day, datetime) else day for key, day in given.items()}
        member = session.member()
        _say(session, member, referrals.take(member, handoff, name, **said))

    run.__doc__ = row.about
    command(top, _handoff, *options, name=words.step(kind))(run)


for _name in STEPS:
    _add_step(_name)


def as_value(shown: Shown) -> dict[str, Any]:
    """Return a verified handoff for machines."""
    names = "id kind from_agency to_agency state grade urgency ball due next_rung next_at being_confirmed"
    value = {name: getattr(shown, name) for name in names.split()}
    return {**value, "possible": list(shown.possible), "statements": [_line_value(line) for line in shown.lines]}


def _line_value(line: Line) -> dict[str, Any]:
    said = line.statement
    receipts = [
        {"host": w.host, "index": w.receipt.index, "position": w.receipt.position} for w in line.words if w.receipt
    ]
    facts = {"hash": line.hash, "type": said.type, "at": said.at, "grade": said.grade.value, "standing": line.standing}
    return {**facts, "by": [actor.to_value() for actor in said.by], "state": line.state, "receipts": receipts}


def _custody(row: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = row.get("custody") or {}
    return found


def _due(row: Mapping[str, Any]) -> int | None:
    """Return by when somebody has to act: a holder who is asked what became of its copy goes first."""
    asked, due = _custody(row).get("due"), row.get("due")
    return asked if asked is not None else due


def _ball(row: Mapping[str, Any], member: Member) -> str:
    holder = {"sender": row["from_agency"], "recipient": row["to_agency"]}.get(str(row.get("ball")))
    if _custody(row).get("due") is not None:
        holder = row["to_agency"]
    return "nobody" if holder is None else "you" if holder == member.agency else str(holder)


def _now(row: Mapping[str, Any], member: Member) -> list[str]:
    """Return where a handoff stands, who has the ball, and by when."""
    due = words.by_when(_due(row), member.clock.now())
    waits = (
        "signed and sent; it counts once the sender's hub confirms it. Until then: " if row["being_confirmed"] else ""
    )
    grade = words.grade(row.get("grade"))
    return [
        f"{waits}{words.state(row.get('state'))} ({grade})",
        f"ball: {_ball(row, member)}{', by ' + due if due else ''}",
    ]


def _say(session: Session, member: Member, handoff: dict[str, Any]) -> None:
    session.tell(handoff, str(handoff["id"]), *(f"  {escape(line)}" for line in _now(handoff, member)))


def _possible(shown: Shown, member: Member) -> tuple[list[str], list[str]]:
    """Return the commands by which a member's side can go on, and the steps that it can report for the other side."""
    sides = {Side.SENDER: shown.from_agency, Side.RECIPIENT: shown.to_agency}
    mine = {side for side, agency in sides.items() if agency == member.agency}
    rows = [t for t in TRANSITIONS if t.type in shown.possible and t.source == shown.state and t.side in mine]
    own, other = ({t.type for t in rows if t.reported is reported} for reported in (False, True))
    return sorted(words.steps(own)), sorted(words.steps(other))


def _told_next(rung: str | None) -> str:
    return (rung or "the next reminder").replace("_", " ")


def _line(line: Line) -> str:
    said = line.statement
    who = said.hub or " and ".join(sorted(said.roles)) + f" of {said.agency}"
    grade = "" if said.grade.value in {"signed", "hub"} else f" ({words.grade(said.grade.value)})"
    standing = "" if line.standing == "effective" else f" [{line.standing}]"
    return escape(f"{words.step(said.type).replace('-', ' ')}, {who}{grade}{standing}")


def _opened(item: Opened) -> dict[str, Any]:
    names = "packet author sections attachments quarantined"
    value = {name: getattr(item, name) for name in names.split()}
    return {**value, "from": item.from_agency, "written": [str(path) for path in item.written]}


def _told(item: Opened) -> list[str]:
    lines = [f"[bold]From {escape(item.from_agency)}[/]", *map(escape, _sections(item.sections))]
    lines += [f"  attachment: {escape(name)} ({size} bytes)" for name, size in item.attachments.items()]
    return [*lines, *(f"  held back: {name}" for name in item.quarantined)]


def _sections(sections: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, value in sections.items():
        said = {key: item for key, item in value.items() if key != "v"} if isinstance(value, dict) else value
        if name == "record" and said.get("kind") == bases.KIND:  # its secret and token are for nobody's screen
            said = {"kind": "consent", "to read it": "hub consent show RECORD"}
        lines += [f"  {name.replace('_', ' ')}:", *words.outline(said, 2)]
    return lines


def _basis(member: Member, basis: str | None, came_by: str | None, why: str | None) -> Held:
    if (basis is None) == (came_by is None):
        raise InvalidRequest("Say either --basis RECORD or --passing-on HANDOFF.")
    try:
        if came_by is not None:
            return opening.received(member, came_by)
        return with_reason(lambda reason: bases.load(member, str(basis), reason), why)
    except NotFound as error:
        raise NotFound("There is no such lawful basis.", todo="See `hub consent list`.") from error


def _check(session: Session, member: Member, out: Outgoing) -> int:
    found = member.trust.agency(out.to)
    shown = bases.preview(member, out.basis, out.asked(found))
    removed = protect_location(out.sections)[1] if PROTECT in shown.obligations else ()
    missing = [row for rows in shown.missing.values() for row in rows]
    value = {
        "permitted": shown.permitted,
        "until": shown.until.isoformat() if shown.until else None,
        "seen": list(shown.seen),
        "reasons": bases.told((*missing, *shown.together)),
        "obligations": list(shown.obligations),
        "removed": [asdict(row) for row in removed],
    }
    seen = f"{out.to} ({words.HOW[found.how.value]}) would see: {', '.join(shown.seen) or 'nothing'}."
    lines = [f"  not {line}" for line in words.why((name, row) for name, rows in shown.missing.items() for row in rows)]
    lines += [f"  not all of it together: {line}" for line in words.why((row.section, row) for row in shown.together)]
    lines += [f"  {words.OBLIGED[name]}" for name in shown.obligations]
    lines += [f"    taken out: {row.section}{row.path} ({row.why})" for row in removed]
    session.tell(
        value, escape(seen), *map(escape, lines), f"Permitted until {shown.until}." if shown.permitted else "Not sent."
    )
    return 0 if shown.permitted else FORBIDDEN
