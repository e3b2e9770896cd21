"""Commands of everyday work: send, list, show, open, every step of a referral, reports, co-signing, consent."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from consent.policy import PURPOSES, SERVICES
from hub.cli import words
from hub.cli.common import Session, read_text, with_session
from hub.cli.people import resolve
from hub.client import basis as bases
from hub.client import cosigning, evidence, opening, reading, referrals
from hub.client.referrals import Outgoing
from hub.errors import InvalidRequest
from hub.packets.encoding import parse_json
from hub.statements.bodies import REPORTABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.client.member import Member
    from hub.client.opening import Opened
    from hub.client.reading import Line, Shown

_DIR = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_REPORTS = sorted(name.removeprefix("referral.").replace("_", "-") for name in REPORTABLE)
_day = click.DateTime(["%Y-%m-%d"])
_handoff = click.argument("handoff")


@click.command()
@click.argument("packet", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--to", required=True, help="The agency: name@host, or its name where that is enough.")
@click.option("--basis", required=True, help="The record of the lawful basis; see hub consent list.")
@click.option("--purpose", required=True, type=click.Choice(sorted(PURPOSES)))
@click.option("--service", type=click.Choice(sorted(SERVICES)), help="The type of service that is asked.")
@click.option("--person", help="The member to seal to, where it goes to one person.")
@click.option("--urgency", default="routine", type=click.Choice(["emergency", "urgent", "high", "routine"]))
@click.option("--due", type=click.DateTime(), help="The latest time of the first answer, in this machine's zone.")
@click.option("--needed-from", type=_day)
@click.option("--check", is_flag=True, help="Only say whether the basis permits it, and show what would be seen.")
@with_session
def send(session: Session, packet: Path, to: str, basis: str, *, check: bool, **given: Any) -> None:
    """Send the folder PACKET (sections/*.json, attachments/*) to an agency, if the lawful basis permits."""
    member = session.member()
    sections, attachments = read_packet(packet)
    held, agency = bases.load(member, basis), resolve(member, to)
    due, needed = given.pop("due"), given.pop("needed_from")
    if check:
        _check(session, member, held, agency, sections, given)
        return
    moment = None if due is None else int(due.astimezone().timestamp())
    day = None if needed is None else needed.date().isoformat()
    out = Outgoing(agency, sections, held, attachments=attachments, due=moment, needed_from=day, **given)
    sent = referrals.send(member, out)
    line = f"Sent to {words.short(agency)}: {sent.handoff}"
    if sent.cosign:
        line = f"Waits for its second signature: hub cosign {sent.cosign}"
    session.tell({"handoff": sent.handoff, "cosign": sent.cosign}, escape(line))


@click.command("list")
@click.option("--out", "box", flag_value="out", help="What your agency sent.")
@click.option("--in", "box", flag_value="in", default="in", help="What was sent to your agency (the default).")
@with_session
def list_handoffs(session: Session, box: str) -> None:
    """List referrals: state, who has the ball, by when. The list is the hub's; `show` verifies."""
    member = session.member()
    rows = list(reading.pages(member, "referral", box))
    columns = {"id": "Handoff", "other": "With", "state": "State", "ball": "Ball", "due": "By when", "grade": "Grade"}
    session.table(rows, columns, lambda row: _row(row, box, member))


@click.command()
@_handoff
@with_session
def show(session: Session, handoff: str) -> None:
    """Show a handoff, with every signature, receipt and proof verified on this machine."""
    member = session.member()
    shown = reading.show(member, handoff)
    now = member.clock.now()
    member.keep_pins()
    session.tell(
        as_value(shown),
        f"[bold]{shown.id}[/]  {escape(words.short(shown.from_agency))} -> {escape(words.short(shown.to_agency))}",
        f"  {words.state(shown.state)}; {words.grade(shown.grade)}"
        + ("; sent, being confirmed" if shown.being_confirmed else ""),
        f"  ball: {_ball(shown.ball, shown)}  {words.by_when(shown.due, now)}",
        *(f"  {words.when(line.statement.at)}  {_line(line)}" for line in shown.lines),
        f"  you can: {', '.join(step.rpartition('.')[2] for step in shown.possible) or 'nothing now'}",
        "  All signatures, receipts and log proofs shown here were verified.",
    )


@click.command("open")
@_handoff
@click.option("--into", type=_DIR, help="Write sections and attachments below this folder.")
@click.option("--packet", help="Only the packet whose manifest has this hash.")
@with_session
def open_sealed(session: Session, handoff: str, into: Path | None, packet: str | None) -> None:
    """Open what was sent to your agency in a handoff: verified first, and checked against its lawful basis."""
    member = session.member()
    found = opening.open_handoff(member, handoff, into=into, packet=packet)
    session.tell({"packets": [_opened(item) for item in found]}, *(text for item in found for text in _told(item)))
    for item in found:
        item.refuse_quarantined()


@click.command()
@click.argument("step", type=click.Choice(_REPORTS))
@_handoff
@click.option("--via", required=True, type=click.Choice(["phone", "sms", "paper"]))
@click.option("--evidence", "words_file", required=True, help="A file with who said what and when; - for stdin.")
@click.option("--date", "day", type=_day, help="The day of the first contact, for accept and start.")
@with_session
def report(session: Session, step: str, handoff: str, via: str, words_file: str, day: datetime | None) -> None:
    """Report the recipient's STEP that came by phone, SMS or paper. It slows the chase and never stops it."""
    kind = f"referral.{step.replace('-', '_')}"
    named = {"referral.accept": "first_contact", "referral.start": "contact"}.get(kind)
    if (named is None) != (day is None):
        raise InvalidRequest("A reported acceptance or start has the day of the first contact; other steps have none.")
    body = {named: day.date().isoformat()} if named and day else {}
    member = session.member()
    _say(session, referrals.report(member, handoff, kind, via, read_text(words_file), body))


@click.command()
@click.argument("record", required=False)
@with_session
def cosign(session: Session, record: str | None) -> None:
    """Sign second what a colleague prepared, and send it; without RECORD, list what waits."""
    member = session.member()
    if record is not None:
        handoff = cosigning.cosign(member, record)
        session.tell({"handoff": handoff}, f"Signed and sent: {handoff}")
        return
    rows = [
        {
            "record": item.record,
            "to": item.copy["to"],
            "purpose": item.copy["purpose"],
            "mine": item.second == member.id,
        }
        for item in cosigning.waiting(member)
    ]
    columns = {"record": "Record", "to": "To", "purpose": "Purpose", "mine": "Yours to sign"}
    session.table(
        rows, columns, lambda r: [r["record"], words.short(r["to"]), r["purpose"], "yes" if r["mine"] else ""]
    )


@click.command()
@click.argument("statement", required=False)
@with_session
def prove(session: Session, statement: str | None) -> None:
    """Prove a STATEMENT again from the receipt that is kept here; without one, list what is kept."""
    member = session.member()
    if statement is None:
        session.tell({"kept": evidence.kept(member)}, *evidence.kept(member))
        return
    found = evidence.prove(member, statement)
    log, index = found.receipt.log, found.receipt.index
    value = {"statement": found.hash, "type": found.type, "handoff": found.handoff, "log": log.origin, "index": index}
    session.tell(value, f"{found.type} of {found.handoff} stands at {index} of the log of {log.origin}. It verifies.")


@click.group()
def consent() -> None:
    """Lawful bases: consents, duties to protect, supervisors' notes."""


@consent.command()
@click.argument("file", type=_FILE)
@click.option("--label", required=True, help="Your own word for it; stays in your agency's sealed records.")
@click.option("--attach", "attachments", multiple=True, type=_FILE, help="The signed form or recording. Repeatable.")
@with_session
def new(session: Session, file: Path, label: str, attachments: tuple[Path, ...]) -> None:
    """Keep the basis in FILE (JSON, see docs/cli.md) as a sealed record of your agency."""
    basis = bases.parse(parse_json(read_text(str(file)).encode()))
    held = bases.keep(session.member(), basis, label, attachments)
    session.tell({"record": held.handoff, "kind": held.basis.kind}, f"Kept as {held.handoff}.")


@consent.command("list")
@with_session
def list_consents(session: Session) -> None:
    """List your agency's lawful bases."""
    rows = [
        {"record": held.handoff, "label": held.label, "kind": held.basis.kind, "live": held.live}
        for held in bases.listing(session.member())
    ]
    columns = {"record": "Record", "label": "Label", "kind": "Kind", "live": "Live"}
    session.table(rows, columns, lambda r: [r["record"], r["label"], r["kind"], "yes" if r["live"] else "withdrawn"])


@consent.command()
@click.argument("record")
@with_session
def withdraw(session: Session, record: str) -> None:
    """Write down that a consent was withdrawn, and tell everybody who was sent something on it."""
    told = referrals.withdraw_consent(session.member(), record)
    session.tell({"record": record, "told": told}, f"Withdrawn; {len(told)} recipients are told.")


def _step(name: str, about: str, *options: Callable[[Any], Any]) -> click.Command:
    """Return the command for a step of the same name in `hub.client.referrals`."""
    take = getattr(referrals, name)

    def command(session: Session, handoff: str, **given: Any) -> None:
        plain = {
            key: value.date().isoformat() if isinstance(value, datetime) else value for key, value in given.items()
        }
        _say(session, take(session.member(), handoff, **plain))

    for decorate in (*reversed(options), _handoff):
        command = decorate(command)
    return click.command(name.replace("_", "-"), help=about)(with_session(command))


def _date(option: str, name: str, about: str) -> Callable[[Any], Any]:
    return click.option(option, name, required=True, type=_day, help=about)


def _text(*, required: bool) -> Callable[[Any], Any]:
    """Text about a child comes from a file or a prompt, so that it stays out of the list of processes."""

    def read(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
        if value is not None:
            return read_text(value).strip()
        return str(click.prompt("Text", err=True)) if required else ""

    return click.option("--text", callback=read, help="A file with the text; - for stdin. It is sealed.")


_code = click.option("--code", required=True, help="The coded reason, such as no_capacity. It is sealed.")
acknowledge = _step("acknowledge", "Say: opened, by a person.")
ask = _step("ask", "Ask the sender for more.", _text(required=True))
accept = _step("accept", "Say yes.", _date("--first-contact", "first_contact", "The day of the first contact."))
decline = _step("decline", "Say no.", _code, _text(required=False))
waitlist = _step(
    "waitlist", "Put on a waiting list.", _date("--review", "review", "Looked at again on."), _text(required=False)
)
pause = _step("pause", "Pause.", _date("--review", "review", "Looked at again on."), _text(required=True))
resume = _step("resume", "Go on after a pause.")
start = _step("start", "Say that work has begun.", _date("--contact", "contact", "The day of the first contact."))
cannot_deliver = _step("cannot_deliver", "Say: not possible after all.", _code, _text(required=False))
close = _step("close", "Close the loop: the child or caregiver was asked.")
dispute = _step("dispute", "Say: the child says that no help was received.")
resolve_ = _step("resolve", "Say: a decline or expiry was followed by a new referral or a recorded unmet need.")
cancel = _step("cancel", "Take a referral back before work begins.")
mark_error = _step("mark_error", "Say: sent by mistake, and not opened.")
ask_to_stop = _step("ask_to_stop", "Ask a recipient who has begun to stop.")
agree_to_stop = _step("agree_to_stop", "Agree to stop.")
refuse_to_stop = _step("refuse_to_stop", "Refuse to stop, and say why.", _text(required=True))
late_answer = _step("late_answer", "Answer after all was over; changes no state.", _text(required=True))


@click.command()
@_handoff
@click.option("--got-help", required=True, type=click.Choice(["yes", "partial", "no"]))
@click.option("--service", "services", multiple=True, help="A service that was given. Repeatable.")
@_text(required=False)
@with_session
def outcome(session: Session, handoff: str, got_help: str, services: tuple[str, ...], text: str) -> None:
    """Say what came of it."""
    _say(session, referrals.report_outcome(session.member(), handoff, got_help, services, text))


@click.command()
@_handoff
@click.argument("packet", type=click.Path(path_type=Path, file_okay=False, exists=True))
@with_session
def answer(session: Session, handoff: str, packet: Path) -> None:
    """Answer the recipient with the folder PACKET, within the basis on which the referral was sent."""
    sections, attachments = read_packet(packet)
    _say(session, referrals.answer(session.member(), handoff, sections, attachments))


@click.command("pause-clock")
@_handoff
@click.option("--until", required=True, type=click.DateTime(), help="The new due time, in this machine's zone.")
@_text(required=True)
@with_session
def pause_clock(session: Session, handoff: str, until: datetime, text: str) -> None:
    """Give the recipient more time; the reason stays in your agency's records."""
    due = int(until.astimezone().timestamp())
    _say(session, referrals.pause_clock(session.member(), handoff, due, text))


def read_packet(folder: Path) -> tuple[dict[str, Any], list[Path]]:
    """Return the sections and attachments in a folder.

    Raises:
        InvalidRequest: there are none.
    """
    found = sorted((folder / "sections").glob("*.json"))
    sections = {path.stem: parse_json(read_text(str(path)).encode()) for path in found}
    attachments = sorted(path for path in (folder / "attachments").glob("*") if path.is_file())
    if not sections:
        raise InvalidRequest("The folder has no sections/*.json.", todo="Put one file there for each section.")
    return sections, attachments


def as_value(shown: Shown) -> dict[str, Any]:
    """Return a verified handoff for machines."""
    names = (
        "id",
        "kind",
        "from_agency",
        "to_agency",
        "state",
        "grade",
        "urgency",
        "ball",
        "due",
        "next_rung",
        "next_at",
    )
    value = {name: getattr(shown, name) for name in (*names, "being_confirmed")}
    return {**value, "possible": list(shown.possible), "statements": [_line_value(line) for line in shown.lines]}


def _line_value(line: Line) -> dict[str, Any]:
    said = line.statement
    receipts = [
        {"host": w.host, "index": w.receipt.index, "position": w.receipt.position} for w in line.words if w.receipt
    ]
    facts = {"hash": line.hash, "type": said.type, "at": said.at, "grade": said.grade.value, "standing": line.standing}
    return {**facts, "by": [actor.to_value() for actor in said.by], "state": line.state, "receipts": receipts}


def _row(row: dict[str, Any], box: str, member: Member) -> list[str]:
    other = row["to_agency"] if box == "out" else row["from_agency"]
    sides = {"sender": row["from_agency"], "recipient": row["to_agency"], None: None}
    holder = sides[row.get("ball")]
    ball = "nobody" if holder is None else "you" if holder == member.agency else words.short(holder)
    due = words.by_when(row.get("due"), member.clock.now())
    return [row["id"], words.short(other), words.state(row.get("state")), ball, due, words.grade(row.get("grade"))]


def _ball(side: str | None, shown: Shown) -> str:
    return "nobody" if side is None else escape(words.short(shown.agency_of(side)))


def _line(line: Line) -> str:
    said = line.statement
    who = said.hub or " and ".join(sorted(said.roles)) + f" of {words.short(str(said.agency))}"
    grade = "" if said.grade.value in {"signed", "hub"} else f" ({words.grade(said.grade.value)})"
    standing = "" if line.standing == "effective" else f" [{line.standing}]"
    return escape(f"{said.type.rpartition('.')[2].replace('_', ' ')}, {who}{grade}{standing}")


def _say(session: Session, handoff: dict[str, Any]) -> None:
    waits = " Sent, being confirmed." if handoff.get("being_confirmed") else ""
    session.tell(handoff, f"{handoff['id']}: {words.state(handoff.get('state'))}.{waits}")


def _opened(item: Opened) -> dict[str, Any]:
    return {
        "packet": item.packet,
        "from": item.from_agency,
        "author": item.author,
        "sections": dict(item.sections),
        "attachments": dict(item.attachments),
        "quarantined": dict(item.quarantined),
        "written": [str(path) for path in item.written],
    }


def _told(item: Opened) -> list[str]:
    lines = [f"[bold]From {escape(words.short(item.from_agency))}[/]"]
    for name, value in item.sections.items():
        lines += [f"  {name.replace('_', ' ')}:", *_plain(value)]
    lines += [f"  attachment: {escape(name)} ({size} bytes)" for name, size in item.attachments.items()]
    return [*lines, *(f"  held back: {name}" for name in item.quarantined)]


def _plain(value: Any) -> list[str]:
    rows = value.items() if isinstance(value, dict) else [("", value)]
    told = ((key, text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)) for key, text in rows)
    return [escape(f"    {key}: {text}" if key else f"    {text}") for key, text in told if key != "v"]


def _check(
    session: Session, member: Member, held: bases.Held, agency: str, sections: dict[str, Any], given: dict[str, Any]
) -> None:
    found = member.trust.agency(agency)
    categories = bases.categories(sections)
    asked = bases.Asked(found, given["purpose"], categories, given["service"], given["person"])
    until, reasons = bases.preview(held, asked, member.clock.now())
    value = {"permitted": until is not None, "until": until.isoformat() if until else None, "reasons": reasons}
    seen = f"{words.short(agency)} ({words.HOW[found.how.value]}) would see: {', '.join(sorted(categories))}."
    verdict = f"Permitted until {until}." if until else "Not permitted:"
    told = [f"  {row['rule']}  {row['section']}  {row['message']}" for row in reasons]
    session.tell(value, escape(seen), verdict, *map(escape, told))
