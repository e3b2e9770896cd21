"""`hub demo`: two real hubs on this machine, one child's packet over a border, told step by step, then proven."""

from __future__ import annotations

import signal
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from hub.errors import HubError

if TYPE_CHECKING:
    from hub.cli.demo_play import Play
    from hub.cli.demo_stage import Stage


@click.command()
@click.option("--serve", is_flag=True, help="Leave the two hubs running and print how to sign in.")
@click.option(
    "--packet",
    "own",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Send your own DIR/sections/*.json and DIR/attachments/* over the border instead of the invented ones.",
)
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep everything in this new folder afterwards."
)
def demo(own: Path | None, keep: Path | None, *, serve: bool) -> None:
    """Play the main job with invented people: sealed, answered or chased, proven."""
    from hub.cli.demo_play import Play
    from hub.cli.demo_stage import Stage

    console = Console()
    _check_own(own)
    with ExitStack() as stack:
        root = _folder(stack, keep)
        stage = Stage(root)
        stack.callback(stage.close)
        play = Play(stage, console, own)
        play.set_up()
        play.to_the_authority()
        play.across_the_border()
        play.to_the_community()
        whole = _prove(stage, play, console, own)
        if serve:
            _serve(stage, console)
    if not whole:
        raise click.ClickException("A promise did not hold; the lines above say which.")


def _check_own(own: Path | None) -> None:
    """Read the caller's own packet before anything is started."""
    from hub.cli.demo_story import own_sections

    if own is not None:
        try:
            own_sections(own)
        except HubError as error:
            raise click.UsageError(f"{error.detail} {error.todo}") from error


def _folder(stack: ExitStack, keep: Path | None) -> Path:
    if keep is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="handover-demo-")))
    if keep.exists() and any(keep.iterdir()):
        raise click.UsageError("The folder to keep everything in must be new or empty.")
    keep.mkdir(parents=True, exist_ok=True, mode=0o700)
    return keep.resolve()


def _prove(stage: Stage, play: Play, console: Console, own: Path | None) -> bool:
    from hub.cli import demo_proof, demo_story

    console.rule("[bold]4. Proof")
    whole = True
    for country, hub in stage.hubs.items():
        report = demo_proof.audited(hub.settings)
        wrong = "; ".join(map(str, report.findings))
        whole = whole and not wrong
        console.print(
            f" [bold]log of hub {country}[/bold]  {report.size} entries, {wrong or 'whole, in order, unedited'}"
        )
    sent = demo_story.own_sections(own)[0] if own else demo_story.CASE_SECTIONS
    words = demo_proof.canaries([sent, demo_story.EMERGENCY_SECTIONS, demo_story.COMMUNITY_SECTIONS])
    control = play.readable_by_clients(words)
    console.print(
        f" [bold]search[/bold]  {len(words)} words of the packets; {control} of them stand in what clients opened"
    )
    whole = whole and control > 0
    places = [("mail", stage.mail.folder), *((f"hub {c}", hub.settings.data) for c, hub in stage.hubs.items())]
    for name, folder in places:
        seen = demo_proof.search(name, folder, words)
        whole = whole and not seen.found
        found = f"[red]FOUND {', '.join(seen.found)}[/red]" if seen.found else "[green]found nowhere[/green]"
        console.print(
            f" [bold]{name}[/bold]  {seen.files} files, {seen.size:,} bytes (database, log file, payloads): {found}"
        )
    subjects = sorted(set(stage.mail.subjects()))
    console.print(f" [bold]mail[/bold]  {len(stage.mail.subjects())} mails, saying only: {', '.join(subjects)}")
    return whole


def _serve(stage: Stage, console: Console) -> None:
    console.rule("[bold]Left running")
    for country, hub in stage.hubs.items():
        console.print(f" hub {country}: {hub.url}/healthz · data {hub.settings.data}")
    console.print(f" passphrase of all invented people: [bold]{stage.passphrase}[/bold]")
    for login, member in stage.people.items():
        agency = member.agency.split(":")[-1]
        console.print(f" {login:>10} of {agency}: [bold]hub --profile {stage.root / 'people' / login} list[/bold]")
    console.print(" Ctrl-C ends the demonstration.")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_signal: ended.set())
    ended.wait()
