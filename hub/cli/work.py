"""Commands of everyday work: list, show, open, co-sign, prove. What changes a referral is in the modules beside.

Whatever changes a referral answers with its state, who has the ball, and by when (`say`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from hub.cli import withdrawal, words
from hub.cli.common import FOLDER, Session, command, why, with_reason
from hub.client import basis as bases
from hub.client import breach, cosigning, groups, links, opening, reading, records, routing, tasks, transfers
from hub.directory.matching import reasons as labels
from hub.referrals.domain import LOOPS, TRANSITIONS, Side

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hub.client.cosigning import Waiting
    from hub.client.member import Member
    from hub.client.opening import Opened
    from hub.client.reading import Line, Shown

top = click.Group("work")
handoff = click.argument("handoff")
_FROZEN = "  Stopped for the moment at the giver's wish: nothing of it opens before the sender has asked the giver."


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
        ball=lambda row: ball_of(row, member),
        due=lambda row: words.by_when(due_of(row), member.clock.now()),
        grade=lambda row: words.grade(row.get("grade")),
    )


@command(top, handoff)
def show(session: Session, handoff: str) -> None:
    """Show a handoff, with every signature, receipt and proof verified on this machine."""
    member = session.member()
    shown = reading.show(member, handoff)
    member.keep_pins()
    linked = links.standing(shown, member.clock.now())
    mine, report = _possible(shown, member, linked)
    next_at = words.by_when(shown.next_at, member.clock.now())
    session.tell(
        {**as_value(shown), "link": linked},
        f"[bold]{shown.id}[/]  {escape(shown.from_agency)} -> {escape(shown.to_agency)}",
        *(f"  {line}" for line in standing(as_value(shown), member)),
        *([_FROZEN] if shown.frozen else []),
        *(f"  {line}" for line in asked_often(shown)),
        *(f"  {line}" for line in _linked(member, shown)),
        *([f"  link: {words.LINKS[linked.value]}"] if linked else []),
        *(f"  {line}" for line in withdrawal.asked(shown, member)),
        *([f"  if nobody answers: {_told_next(shown.next_rung)}, {next_at}"] if next_at else []),
        *(f"  {words.when(line.statement.at)}  {_line(line)}" for line in shown.lines),
        *([f"  sealed words for you: hub open {shown.id}"] if _sealed_for(member, shown) else []),
        f"  you can: {', '.join(mine) or 'nothing now'}",
        *([f"  you can report, if it came by phone, SMS or paper: {', '.join(report)}"] if report else []),
        "  All signatures, receipts and log proofs shown here were verified.",
    )


@command(
    top,
    handoff,
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
    rest = tasks.note_rest(member, handoff, found)
    lines = [text for item in found for text in _told(item)]
    lines += [] if rest is None else [f"  not accepted: {', '.join(rest.needs)}; yours to place, see hub tasks"]
    nothing = "Nothing here is for your agency to open: nothing was sent to it, or consent was withdrawn."
    asked = [] if found else withdrawal.asked(reading.show(member, handoff), member)
    session.tell({"packets": [_opened(item) for item in found]}, *(lines or asked or [nothing]))
    for item in found:
        item.refuse_quarantined()


@command(
    top, click.argument("record", required=False), click.option("--yes", is_flag=True, help="Sign without being asked.")
)
def cosign(session: Session, record: str | None, *, yes: bool) -> None:
    """Read what a colleague prepared, sign it second and send it; without RECORD, list what waits."""
    member = session.member()
    waiting = cosigning.waiting(member)
    if record is None:
        rows = [
            {"record": w.record, "what": words.step(w.type), "handoff": w.handoff, "mine": w.second == member.id}
            | {name: w.copy.get(name, "") for name in ("to", "purpose")}
            for w in waiting
        ]
        titles = {"record": "Record", "what": "What", "to": "To", "purpose": "Purpose", "mine": "Yours to sign"}
        session.table(rows, titles)
        return
    item = next((item for item in waiting if item.record == record and item.second == member.id), None)
    if item is not None and not yes:
        for line in _prepared(item):
            click.echo(words.plain(line), err=True)
        click.confirm("Sign and send this?", abort=True, err=True)
    handoff = transfers.cosign(member, record)
    session.tell({"handoff": handoff["id"]}, f"Signed and sent: {handoff['id']}", *standing(handoff, member))


def _prepared(item: Waiting) -> list[str]:
    """Return what the second signer signs: what goes to whom, or what stands in the open of another step."""
    copy = item.copy
    if "sections" in copy:
        aim = f"To {copy['to']} for {copy['purpose'].replace('_', ' ')}, {copy['urgency']}:"
        files = [f"  attachment: {name}" for name in copy.get("attachments", ())]
        return [aim, *_sections(copy["sections"]), *files]
    said = {name: value for name, value in item.body.items() if name not in {"verdict", "kind"}}
    said |= {"reception": copy["reception"]} if copy.get("reception") else {}
    return [f"{words.step(item.type)} of {item.handoff}:", *words.outline(said, 1)]


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


def due_of(row: Mapping[str, Any]) -> int | None:
    """Return by when somebody has to act: a holder who is asked what became of its copy goes first."""
    asked, due = _custody(row).get("due"), row.get("due")
    return asked if asked is not None else due


def ball_of(row: Mapping[str, Any], member: Member) -> str:
    """Return who has to act next, as the member reads it."""
    holder = {"sender": row["from_agency"], "recipient": row["to_agency"]}.get(str(row.get("ball")))
    if _custody(row).get("due") is not None:
        holder = row["to_agency"]
    if holder == member.agency:
        return "the sender's hub, which has your word to confirm" if row.get("being_confirmed") else "you"
    return "nobody" if holder is None else str(holder)


def standing(row: Mapping[str, Any], member: Member) -> list[str]:
    """Return where a handoff stands, who has the ball, and by when."""
    due = words.by_when(due_of(row), member.clock.now())
    sent = "signed and sent; it counts once the sender's hub confirms it. Until then: "
    waits = sent if row["being_confirmed"] else ""
    grade = words.grade(row.get("grade"))
    return [
        f"{waits}{words.state(row.get('state'))} ({grade})",
        f"ball: {ball_of(row, member)}{', by ' + due if due else ''}",
    ]


def say(session: Session, member: Member, handoff: dict[str, Any], *more: str) -> None:
    """Tell where a handoff stands after a step."""
    lines = (f"  {escape(line)}" for line in (*standing(handoff, member), *more))
    session.tell(handoff, str(handoff["id"]), *lines)


def _sealed_for(member: Member, shown: Shown) -> bool:
    """Return whether something lies there that the member can open: sealed by the other side, to all or to them."""
    stands_still = shown.frozen or (shown.custody or {}).get("withdrawn")
    mine = [p for p in shown.packets if p.manifest.to == member.agency != p.manifest.sender and not p.destroyed]
    return not stands_still and any(p.manifest.files[0].member in {None, member.id} for p in mine)


def _possible(shown: Shown, member: Member, linked: links.Standing | None) -> tuple[list[str], list[str]]:
    """Return the commands by which a member's side can go on, and the steps that it can report for the other side."""
    sides = {Side.SENDER: shown.from_agency, Side.RECIPIENT: shown.to_agency}
    mine = {side for side, agency in sides.items() if agency == member.agency}
    rows = [t for t in TRANSITIONS if t.type in shown.possible and t.source == shown.state and t.side in mine]
    own, other = ({t.type for t in rows if t.reported is reported} for reported in (False, True))
    if linked not in _LIVE:
        own.discard("referral.unlink")
    return sorted(words.steps(own)), sorted(words.steps(other))


_LIVE = frozenset({links.Standing.OPEN, links.Standing.BOUND, links.Standing.LOCKED})


def asked_often(shown: Shown) -> list[str]:
    """Return that the recipient has asked so often that supervisors were told."""
    asked = [line for line in shown.lines if line.statement.type == "referral.ask" and line.standing != "refused"]
    return [f"asked {len(asked)} times: the supervisors of both sides are told"] if len(asked) >= LOOPS else []


def _linked(member: Member, shown: Shown) -> list[str]:
    """Return what this handoff belongs together with, as only its sender knows."""
    if shown.from_agency != member.agency:
        return []
    found = groups.of(member, shown.id)
    ties = ((_TIES[row.how][row.handoffs[0] != shown.id], row.handoffs) for row in found)
    return [f"{tie}: {', '.join(one for one in handoffs if one != shown.id)}" for tie, handoffs in ties]


_TIES = {
    groups.How.HOUSEHOLD: ("of the same household", "of the same household"),
    groups.How.CHOICE: ("asked of others, too", "asked of others, too"),
    groups.How.REROUTED: ("referred again as", "referred again, after"),
    groups.How.SUPERSEDES: ("superseded by", "takes the place of"),
    groups.How.LINKED: ("linked with", "linked with"),
}
"""What is said of the first of a group, and of the others."""


def _told_next(rung: str | None) -> str:
    return (rung or "the next reminder").replace("_", " ")


def _line(line: Line) -> str:
    said = line.statement
    who = said.hub or " and ".join(sorted(said.roles)) + f" of {said.agency}"
    grade = "" if said.grade.value in {"signed", "hub"} else f" ({words.grade(said.grade.value)})"
    standing = "" if line.standing == "effective" else f" [{line.standing}]"
    facts = "".join(f", {fact}" for fact in _facts(said.body))
    return escape(f"{words.step(said.type).replace('-', ' ')}, {who}{grade}{facts}{standing}")


def _facts(body: Mapping[str, Any]) -> list[str]:
    """Return what a step says in the open: days, and of a reminder which one it was and who was told."""
    said = [f"{text} {body[name]}" for name, text in _DAYS.items() if body.get(name)]
    if body.get("due") and "kind" not in body:
        said.append(f"until {words.when(body['due'])}")
    if "rung" in body:
        told = ", ".join(role.replace("_", " ") for role in body["tell"])
        said.append(f"rung {body['rung']} of {body['clock'].replace('_', ' ')}: told {told or 'nobody'}")
    return said


_DAYS = {
    "first_contact": "first contact on",
    "contact": "on",
    "review": "to look at again on",
    "needed_from": "needed from",
    "urgency": "urgency",
    "said": "the number says",
}


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
        if name == opening.REQUEST and (found := routing.read(value)):
            said = {key: item for key, item in said.items() if key != "why"}
            lines += [f"  {line}" for line in routing.why_you(found, labels.words("en")["criteria"])]
        if name == "record" and said.get("kind") == bases.KIND:  # its secret and token are for nobody's screen
            said = {"kind": "consent", "to read it": "hub consent show RECORD"}
        lines += [f"  {name.replace('_', ' ')}:", *words.outline(said, 2)]
    return lines
