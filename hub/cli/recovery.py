"""`hub recovery`: a member's printed sheet, tested before it counts, and an agency's two of three papers."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from hub.cli import words
from hub.cli.common import FILE, FOLDER, Session, command, read_text, secret_line
from hub.client import recovery as recovering
from hub.client.enrol import Desk, Invitation

if TYPE_CHECKING:
    from pathlib import Path

_LANGUAGES = ("en", "fr", "es", "ar")
_lang = click.option("--lang", type=click.Choice(_LANGUAGES), default="en", help="The language of the paper.")


@click.group()
def recovery() -> None:
    """Getting back in when a passphrase, a device or all of an agency's devices are lost."""


@command(recovery, _lang, click.option("--out", type=FILE, required=True, help="Write the PDF to this file."))
def sheet(session: Session, lang: str, out: Path) -> None:
    """Print a new recovery sheet; the one before opens nothing any more."""
    from hub.client.paper import recovery as paper
    from hub.client.profile import write_private

    member = session.member()
    made = recovering.new_sheet(member)
    write_private(out, paper.member_sheet(lang, words.plain(member.agency), member.account.login, made))
    session.tell(
        {"file": str(out), "tested": None},
        f"Written to {escape(str(out))}. Print it, delete the file, and type the sheet back: `hub recovery test`.",
    )


@command(recovery, click.option("--sheet", "named", help="A file with code and device secret, a line each."))
def test(session: Session, named: str | None) -> None:
    """Type your recovery sheet back, so that it counts."""
    member = session.member()
    lines = read_text(named).split("\n") if named else []
    code = lines[0] if lines else secret_line("Recovery code", None)
    device = lines[1] if len(lines) > 1 else secret_line("Device secret", None)
    at = recovering.test_sheet(member, code.strip(), device.strip())
    session.tell({"tested": at}, f"It opens your vault: tested on {words.when(at)}. Keep it apart from this machine.")


@command(
    recovery,
    click.option("--held", "held", multiple=True, required=True, help="The body that holds a paper. Three times."),
    click.option("--out", type=FOLDER, required=True, help="Write the three papers into this folder."),
    _lang,
)
def split(session: Session, held: tuple[str, ...], out: Path, lang: str) -> None:
    """Make your agency's three recovery papers; older ones end."""
    from hub.client.paper import recovery as paper
    from hub.client.profile import write_private

    member = session.member()
    shares = recovering.split(member, held)
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = []
    for number, (body, line) in enumerate(zip(held, shares.lines, strict=True), 1):
        files.append(out / f"paper-{number}.pdf")
        write_private(files[-1], paper.share(lang, words.plain(member.agency), number, body, line, shares.where))
    session.tell(
        {"files": [str(path) for path in files], "held": list(held)},
        f"Three papers are in {escape(str(out))}. Print each for its holder, then delete the files.",
    )


@command(
    recovery,
    click.option("--paper", "papers", multiple=True, required=True, help="A file with a paper's words. Twice."),
    click.option("--where", required=True, help="A file with the line that says which agency, from any paper."),
    click.option("--login", required=True, help="The name to sign in with."),
)
def join(session: Session, papers: tuple[str, ...], where: str, login: str) -> None:
    """Recover your agency with two of its papers; every member is told."""
    lines = [read_text(name) for name in papers]
    desk = Desk(session.profile, login, session.passphrase(new=True), session.clock)
    member, made = recovering.join(desk, Invitation.from_text(read_text(where)), lines)
    value: dict[str, Any] = {"agency": member.agency, "member": member.id, **asdict(made)}
    session.tell(
        value,
        f"You hold the root of {escape(member.agency)} again, and everybody of it is told.",
        f"  Recovery code  {made.recovery}",
        f"  Device secret  {made.device}",
        "Now remove each device that was lost (`hub member remove`), and make new papers (`hub recovery split`).",
    )
