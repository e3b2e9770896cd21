"""Commands that print: the form to sign, the receipt or card, the notice to read out. Part of `hub consent`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from consent.words import LANGUAGES, NOTICES
from hub.cli import words
from hub.cli.common import FILE, Session, command, why, with_reason
from hub.client import basis as bases
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from pathlib import Path

    from hub.client.basis import Held
    from hub.client.member import Member
    from hub.client.paper.forms import Desk

top = click.Group("paper")
lang = click.option("--lang", type=click.Choice(LANGUAGES), default="en", help="The language.")
pdf = click.option("--out", type=FILE, required=True, help="Write the PDF to this file.")
large = click.option("--large", is_flag=True, help="Large print.")
phone = click.option("--phone", help="The number to call; else the agency's first duty number.")
name = click.option("--agency", "agency", default="", help="The agency's name as people know it.")


@command(
    top,
    lang,
    pdf,
    large,
    phone,
    name,
    click.option("--for", "record", help="Fill it in from this record; else it is empty, to be filled in by hand."),
    click.option("--transfer", is_flag=True, help="For a transfer of the case; else for a referral."),
    click.option("--complaints", default="", help="Where to complain: another person than the worker."),
    why,
)
def form(session: Session, lang: str, out: Path, record: str | None, *, transfer: bool, **given: Any) -> None:
    """Print the form to sign, with the notices for the giver and for the child."""
    from hub.client.paper import forms

    purpose, value, desk = "transfer" if transfer else "referral", None, _desk(None, given)
    if record is not None:
        member = session.member()
        held = with_reason(lambda reason: bases.load(member, str(record), reason), given["why"])
        value, desk = _consent(held), _desk(member, given)
    _write(session, out, forms.consent_form(lang, purpose, desk, value, large=given["large"]))


@command(
    top,
    click.argument("record"),
    lang,
    pdf,
    large,
    phone,
    name,
    click.option(
        "--code-only", is_flag=True, help="A card with the code and a number only, where a paper is dangerous."
    ),
    why,
)
def receipt(session: Session, record: str, lang: str, out: Path, *, code_only: bool, **given: Any) -> None:
    """Print the giver's receipt: what was agreed, until when, and how to stop it."""
    from hub.client.paper import forms

    member = session.member()
    held = with_reason(lambda reason: bases.load(member, record, reason), given["why"])
    desk, value, token = _desk(member, given), _consent(held), held.token or ""
    if not held.live:
        raise InvalidRequest("This consent was withdrawn.", todo="There is nothing that a receipt could say.")
    if value["receipt"]["given_as"] == "code_only" and not code_only:
        raise InvalidRequest("The record says: a card only.", todo="Print it with --code-only, or revise the record.")
    if code_only:
        _write(session, out, forms.code_card(value, token, desk.phone))
    else:
        _write(session, out, forms.receipt(lang, desk, value, token, large=given["large"]))


@command(top, click.argument("name", type=click.Choice(NOTICES)), lang)
def notice(session: Session, name: str, lang: str) -> None:
    """Show a notice to be read out; its version and hash go into the record of the consent."""
    from consent.words import notice as told

    found = told(name, lang)
    paragraphs = (line for p in found.paragraphs for line in ("", f"[bold]{escape(p.heading)}[/bold]", escape(p.text)))
    facts = ("", f"{found.id}  version {found.version}  {found.language}  {found.sha256}")
    session.tell(asdict(found), f"[bold]{escape(found.title)}[/bold]", *paragraphs, *facts)


def _consent(held: Held) -> dict[str, Any]:
    if held.kind != bases.KIND:
        raise InvalidRequest("There is no form or receipt for this basis.", todo="Name the record of a consent.")
    return dict(held.basis)


def _desk(member: Member | None, given: dict[str, Any]) -> Desk:
    from hub.client.paper.forms import Desk

    address, duty = "", ""
    if member is not None:
        address, duty = words.plain(member.agency), next(iter(member.home().entry.duty), "")
    return Desk(given["agency"] or address, address, given["phone"] or duty, given.get("complaints") or "")


def _write(session: Session, out: Path, data: bytes) -> None:
    from hub.client.profile import write_private

    write_private(out, data)
    session.tell({"file": str(out), "bytes": len(data)}, f"Written to {escape(str(out))}.")
