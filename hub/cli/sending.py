"""Commands that send: to one agency or several, for one person or a household, again, instead, linked.

What belongs together is tied in the sender's own records alone (`hub.client.groups`).
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from consent.policy import CATEGORIES, PURPOSES, SERVICES
from consent.protect import protect_location
from hub.cli import links, words
from hub.cli.common import FOLDER, FORBIDDEN, Session, command, read_packet, why, with_reason
from hub.cli.map_match import target_of
from hub.cli.work import handoff, standing
from hub.client import basis as bases
from hub.client import groups, opening, reading, referrals
from hub.client.clocks import WINDOWS, special
from hub.client.groups import Again, How
from hub.client.referrals import PROTECT, Outgoing
from hub.directory.records.vocabulary import NEEDS, codes
from hub.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from hub.client.basis import Held
    from hub.client.links import Issued
    from hub.client.member import Member
    from hub.client.referrals import Sent

top = click.Group("sending")
_day = click.DateTime(["%Y-%m-%d"])
_AIM = (
    click.option("--service-id", help="A service of the map; it says agency, inbox and type of service."),
    click.option("--exception", help="The inquiry in whose answer the provider signed an exception to its limits."),
    click.option("--about", help="A file with what that service must know of the person, JSON; it stays here."),
    click.option(
        "--need", "needs", multiple=True, type=click.Choice(list(NEEDS)), metavar="NEED", help="Asked for. Repeatable."
    ),
    click.option("--area", help="The code of the area where help is needed: other services there are looked at, too."),
    click.option("--service", type=click.Choice(sorted(SERVICES)), help="The type of service that is asked."),
    click.option("--person", help="The member to seal to, where it goes to one person; see hub agency show."),
)
_PACKET = (
    click.option(
        "--passing-on", "came_by", help="Instead: the handoff it came in, where its consent names this agency."
    ),
    click.option("--purpose", required=True, type=click.Choice(sorted(PURPOSES))),
    click.option("--sex", type=click.Choice(codes("sexes")), help="Of the person, for your own counts."),
    click.option("--urgency", default="routine", type=click.Choice(["emergency", "urgent", "high", "routine"])),
    click.option("--due", type=click.DateTime(), help="The latest time of the first answer, in this machine's zone."),
    click.option("--window", type=click.Choice(list(WINDOWS)), help="A medical window: sets urgency and due time."),
    click.option("--event", type=click.DateTime(), help="When it happened, in this machine's zone; stays here."),
    click.option("--needed-from", type=_day, help="The day from which help is needed, such as the arrival."),
    click.option("--before-registration", "unnamed", is_flag=True, help="An emergency: nothing may name the person."),
)


@command(
    top,
    click.argument("packet", type=FOLDER),
    click.option("--to", multiple=True, help="The agency: name@host, or its name where that is enough. Repeatable."),
    *_AIM,
    click.option("--basis", help="The record of the lawful basis; see hub consent list."),
    *_PACKET,
    click.option(
        "--with",
        "others",
        nargs=2,
        multiple=True,
        metavar="PACKET BASIS",
        help="Another person of the household: their packet, their own basis. Repeatable.",
    ),
    click.option("--supersedes", help="The handoff that this one takes the place of, such as a disputed one."),
    click.option("--linked", help="A handoff that this one belongs together with."),
    *links.OPTIONS,
    click.option("--check", is_flag=True, help="Only say whether the basis permits it, and show what would be seen."),
    why,
)
def send(session: Session, packet: Path, *, check: bool, **given: Any) -> int:
    """Send the folder PACKET (sections/*.json, attachments/*) to an agency, if the lawful basis permits.

    With --to named more than once the same is asked of each; `hub choose` keeps one.
    """
    member = session.member()
    others, after = given.pop("others"), {how: given.pop(name) for how, name in _AFTER.items()}
    by_link = links.asked(given)
    outs, told = _outs(member, packet, others, given)
    for line in () if session.as_json else told:
        click.echo(words.plain(line), err=True)
    outs, issued = links.with_links(member, outs, by_link)
    if check:
        return max(_check(session, member, out) for out in outs)
    went = _send(member, outs, household=bool(others), after=after)
    handed = [_handed(member, sent, issued[n], by_link, n) for n, sent in enumerate(went)]
    _tell(session, member, outs, went, handed)
    if after[How.SUPERSEDES] and not session.as_json:
        session.tell({}, *_still_open(member, after[How.SUPERSEDES]))
    return 0


@command(
    top,
    handoff,
    click.argument("packet", type=FOLDER, required=False),
    click.option("--to", help="The agency: name@host, or its name where that is enough."),
    *_AIM,
    click.option("--basis", required=True, help="A consent that names the new agency."),
    click.option("--yes", is_flag=True, help="Take it back from an agency that has said yes, without being asked."),
    *links.OPTIONS,
    why,
)
def reroute(
    session: Session, handoff: str, packet: Path | None, basis: str, why: str | None, *, yes: bool, **given: Any
) -> None:
    """Refer HANDOFF to another agency: it came back, or nobody has begun. PACKET, where not the same goes again."""
    member, by_link = session.member(), links.asked(given)
    if not yes:
        _ask_first(member, handoff)
    sections, attachments = (None, []) if packet is None else read_packet(packet)
    held = _basis(member, basis, None, why)
    target, told = target_of(member, given)
    for line in () if session.as_json else told:
        click.echo(words.plain(line), err=True)
    more = {name: item for name, item in {**given, **target, "attachments": attachments}.items() if item}
    again, issued = Again(more.pop("to"), held, sections, more), None
    if by_link["link"]:
        issued = links.issue(member, again.to, by_link)
        again = replace(again, more={**more, "link": issued.link})
    sent = with_reason(lambda reason: groups.reroute(member, handoff, again, reason), why)
    _tell(session, member, [again], [sent], [_handed(member, sent, issued, by_link)])


def _ask_first(member: Member, handoff: str) -> None:
    """Ask before a referral is taken back from an agency that has said yes."""
    shown = reading.show(member, handoff)
    if shown.state in groups.CONFIRMED and shown.from_agency == member.agency:
        said = f"{shown.to_agency} has said yes ({words.state(shown.state)}). Take it back and refer to another one?"
        click.confirm(words.plain(said), abort=True, err=True)


@command(top, handoff, why)
def choose(session: Session, handoff: str, why: str | None) -> None:
    """Keep HANDOFF of several providers that were asked; the others are told, and need not answer."""
    member = session.member()
    done = with_reason(lambda reason: groups.choose(member, handoff, reason), why)
    session.tell({"chosen": handoff, "others": done}, f"Chosen: {handoff}", *(f"  {o}: {s}" for o, s in done.items()))


def _still_open(member: Member, first: str) -> list[str]:
    """Return what ends a referral that another one has taken the place of; nothing where it is over."""
    possible = reading.show(member, first).possible
    ends = [step for step in ("referral.cancel", "referral.ask_to_stop", "referral.resolve") if step in possible]
    how = " or ".join(f"hub {one} {first}" for one in words.steps(ends[:1]))
    return [f"The one before is not over, and is chased on. To end it: {how}"] if how else []


_AFTER = {How.SUPERSEDES: "supersedes", How.LINKED: "linked"}


def _send(member: Member, outs: Sequence[Outgoing], *, household: bool, after: dict[How, str | None]) -> list[Sent]:
    named = [(how, old) for how, old in after.items() if old]
    if len(named) + (len(outs) > 1) > 1:
        raise InvalidRequest("Send it to one agency, for one person, after one handoff.", todo="Leave the rest out.")
    if named:
        how, old = named[0]
        return [groups.follow(member, old, outs[0], how)]
    if household:
        return groups.send_household(member, outs)
    return groups.send_to_several(member, outs) if len(outs) > 1 else [referrals.send(member, outs[0])]


def _outs(
    member: Member, packet: Path, others: Iterable[tuple[str, str]], given: dict[str, Any]
) -> tuple[list[Outgoing], list[str]]:
    """Return what is to be sent: the same to each agency, or to one agency for each person of a household."""
    from pathlib import Path

    basis, came_by, why = (given.pop(name) for name in ("basis", "came_by", "why"))
    due, needed = given.pop("due"), given.pop("needed_from")
    given["due"] = None if due is None else int(due.astimezone().timestamp())
    given |= _window(member, given.pop("window"), given.pop("event"))
    given["needed_from"] = None if needed is None else needed.date().isoformat()
    tos = given.pop("to") or (None,)
    if others and len(tos) > 1:
        raise InvalidRequest("A household goes to one agency.", todo="Name one --to.")
    people = [(packet, _basis(member, basis, came_by, why))]
    people += [(Path(folder), _basis(member, named, None, why)) for folder, named in others]
    outs, told = [], []
    for to in tos:
        asked = {**given, "to": to}
        target, lines = target_of(member, asked)
        told += lines
        outs += [_out(folder, held, {**asked, **target}) for folder, held in people]
    return outs, told


def _window(member: Member, window: str | None, event: datetime | None) -> dict[str, Any]:
    """Return what a medical window sets. The hub never sees which one it was, nor when it happened."""
    if (window is None) != (event is None):
        raise InvalidRequest("A window opens with an event.", todo="Say --window and --event, or neither.")
    if window is None or event is None:
        return {}
    found = special(window, int(event.astimezone().timestamp()), member.clock.now())
    return {"urgency": found.urgency, "due": found.due}


def _out(folder: Path, held: Held, given: dict[str, Any]) -> Outgoing:
    sections, attachments = read_packet(folder)
    if unknown := bases.categories(sections) - CATEGORIES:
        raise InvalidRequest(
            f"There is no category {', '.join(sorted(unknown))}.", todo=f"Name the files {words.either(CATEGORIES)}."
        )
    return Outgoing(sections=sections, basis=held, attachments=attachments, **given)


def _handed(
    member: Member, sent: Sent, issued: Issued | None, by_link: dict[str, Any], n: int = 0
) -> tuple[dict[str, Any], list[str]] | None:
    """Return how a link is shown, for machines and for people; none where it was sent before, with another one."""
    if issued is None or (sent.shown is None and sent.cosign is None):
        return None
    return links.as_value(issued), links.told(member, issued, by_link, n)


def _tell(
    session: Session,
    member: Member,
    outs: Sequence[Outgoing | Again],
    went: Sequence[Sent],
    handed: Sequence[tuple[dict[str, Any], list[str]] | None] = (None,),
) -> None:
    rows = [
        {"handoff": sent.handoff, "cosign": sent.cosign, "removed": [asdict(row) for row in sent.removed]}
        | ({"link": made[0]} if made else {})
        for sent, made in zip(went, handed, strict=True)
    ]
    lines: list[str] = []
    for out, sent, made in zip(outs, went, handed, strict=True):
        lines += [f"{words.OBLIGED[PROTECT]} Taken out: {len(sent.removed)}; see --check."] if sent.removed else []
        if sent.cosign is not None:
            lines.append(f"Not sent yet. It waits for its second signature: hub cosign {sent.cosign}")
        elif sent.shown is None:
            lines.append(f"Sent before: {sent.handoff}")
        else:
            lines += [f"Sent to {escape(out.to)}: {sent.handoff}", *standing(sent.shown, member)]
        lines += [escape(line) for line in made[1]] if made else []
    session.tell(rows[0] if len(rows) == 1 else {"sent": rows}, *lines)


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
