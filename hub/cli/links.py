"""Commands for links: how a provider without an account opens a packet. Shown once, kept nowhere.

Address and code go two ways: whoever hands both over together gives them to whoever reads along.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
import segno
from rich.markup import escape

from consent.words import LANGUAGES
from hub.cli import words
from hub.cli.common import FILE, Session, command, why, with_reason
from hub.cli.work import handoff, say, standing
from hub.client import links
from hub.errors import InvalidRequest
from hub.keys.certificates import NEVER_RECEIVE, PERSON_ONLY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from hub.client.links import Issued
    from hub.client.member import Member
    from hub.client.referrals import Outgoing

top = click.Group("links")
_SHOWN: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--code-by-text", is_flag=True, help="The six digits go to the provider's verified number; else you say them."
    ),
    click.option("--link-until", type=click.DateTime(["%Y-%m-%d"]), help="Opens until this day; else 30 days."),
    click.option("--qr", is_flag=True, help="Show the address as a square for a camera, too."),
    click.option("--print", "paper", type=FILE, help="Write a sheet with the address, without the code, to this PDF."),
    click.option("--lang", type=click.Choice(LANGUAGES), default="en", help="The sheet's language."),
)
OPTIONS = (click.option("--link", is_flag=True, help="By link: the provider has no account."), *_SHOWN)
"""What `hub send` asks about a link."""


@command(
    top,
    handoff,
    *_SHOWN,
    click.option("--attach", multiple=True, type=FILE, help="An attachment to seal again. Repeatable."),
    why,
)
def link(session: Session, handoff: str, attach: tuple[Path, ...], why: str | None, **given: Any) -> None:
    """Make another link for HANDOFF: what was sent is sealed to it anew, and the link before opens nothing."""
    member, asked = session.member(), _asked(given)
    issued, view = with_reason(
        lambda reason: links.reissue(member, handoff, attachments=attach, why=reason, **asked), why
    )
    lines = told(member, issued, given)
    session.tell(
        {**view, "link": as_value(issued)},
        handoff,
        *(f"  {row}" for row in standing(view, member)),
        *map(escape, lines),
    )


@command(top, handoff)
def unlink(session: Session, handoff: str) -> None:
    """Revoke the link of HANDOFF: from now on it opens nothing, whoever has it."""
    member = session.member()
    say(session, member, links.unlink(member, handoff))


def asked(given: dict[str, Any]) -> dict[str, Any]:
    """Take out of the options of a command those about a link."""
    return {name: given.pop(name) for name in ("link", "code_by_text", "link_until", "qr", "paper", "lang")}


def with_links(
    member: Member, outs: Sequence[Outgoing], given: dict[str, Any]
) -> tuple[list[Outgoing], list[Issued | None]]:
    """Return what is to be sent, each with a link of its own if links were asked for.

    Raises:
        InvalidRequest: none was, and somebody can open it by link alone.
    """
    if not given["link"]:
        for out in outs:
            _check_accounts(member, out)
        return list(outs), [None] * len(outs)
    issued = [issue(member, out.to, given) for out in outs]
    return [replace(out, link=made.link) for out, made in zip(outs, issued, strict=True)], list(issued)


def _check_accounts(member: Member, out: Outgoing) -> None:
    entry = member.trust.agency(out.to).entry
    if not entry.enc and entry.kind not in {PERSON_ONLY, *NEVER_RECEIVE}:
        raise InvalidRequest("Nobody of this agency has an account.", todo="Send it by link: add --link.", to=out.to)


def issue(member: Member, to: str, given: dict[str, Any]) -> Issued:
    """Return a new link for an agency, as the options ask."""
    return links.issue(member, to, **_asked(given))


def as_value(issued: Issued) -> dict[str, Any]:
    """Return a link for machines."""
    return {"id": issued.link.id, "url": issued.url, "code": issued.code, "until": issued.link.until}


def told(member: Member, issued: Issued, given: dict[str, Any], n: int = 0) -> list[str]:
    """Return the lines that hand a link over; its sheet is printed where one was asked for, the `n`th of several."""
    lines = ["This is shown once. Give the address and the digits to the provider, each by another way:"]
    lines.append(f"  {issued.url}")
    lines.append(f"  digits: {issued.code or 'a text brings them, to the number in the service map'}")
    lines.append(f"  opens until {words.when(issued.link.until)}, on the first device that has the digits")
    if given["qr"]:
        sink = io.StringIO()
        segno.make_qr(issued.url, error="m").terminal(out=sink, border=2, compact=True)
        lines += sink.getvalue().splitlines()
    if given["paper"] is not None:
        lines.append(f"Written to {_print(member, issued, given, n)}.")
    return lines


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    day: datetime | None = given["link_until"]
    return {
        "spoken": not given["code_by_text"],
        "until": None if day is None else int(day.replace(hour=23, minute=59).astimezone().timestamp()),
    }


def _print(member: Member, issued: Issued, given: dict[str, Any], n: int) -> str:
    from hub.client.paper.link import link_sheet
    from hub.client.profile import write_private

    paper: Path = given["paper"]
    path = paper.with_stem(f"{paper.stem}-{n + 1}") if n else paper
    write_private(path, link_sheet(given["lang"], issued, next(iter(member.home().entry.duty), "")))
    return str(path)
