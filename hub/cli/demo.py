"""`hub demo`: two real hubs on this machine, two children handed over across a border, told step by step, proven."""

from __future__ import annotations

import signal
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import click
from rich.console import Console

from hub.cli.common import FOLDER, read_packet
from hub.errors import Conflict
from hub.packets.encoding import b64u

if TYPE_CHECKING:
    from hub.cli.demo_stage import Stage

_PEOPLE: Final = {
    "amina": "caseworker of the shelter in Djibouti",
    "meseret": "social worker in Tigray, who is responsible now",
    "gebre": "provider: a person of the care coalition",
    "liya": "coordinator of the service map in Ethiopia",
}


@click.command()
@click.option(
    "--serve", is_flag=True, help="Leave the two hubs running and print how to sign in; so at a terminal, too."
)
@click.option("--packet", type=FOLDER, help="Send your own DIR/sections/*.json and DIR/attachments/* over the border.")
@click.option("--keep", type=FOLDER, help="Keep everything in this new folder afterwards.")
def demo(packet: Path | None, keep: Path | None, *, serve: bool) -> None:
    """Play the main job with invented people: sealed, answered or chased, handed over, proven, drawn as a timeline."""
    from hub.cli.demo_page import draw_journeys
    from hub.cli.demo_play import Play
    from hub.cli.demo_proof import prove
    from hub.cli.demo_stage import Stage

    console, own = Console(), read_packet(packet) if packet else None
    with ExitStack() as stack:
        stage = Stage(_folder(stack, keep))
        stack.callback(stage.close)
        play = Play(stage, console, own)
        play.set_up()
        told = play.to_the_authority()
        play.find_a_service()
        play.own_packet()
        play.to_addis()
        play.in_addis()
        play.to_the_kebele()
        loan = play.to_the_community()
        whole = prove(stage, play, console)
        draw_journeys(play, console, keep, told, loan)
        if serve or sys.stdin.isatty():
            _serve(stage, console)
        else:
            console.print(
                " At a terminal, or with `--serve`, the hubs stay up, and four sign-ins to the web app stand here."
            )
    if not whole:
        raise click.ClickException("A promise did not hold; the lines above say which.")


def _folder(stack: ExitStack, keep: Path | None) -> Path:
    if keep is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="handover-demo-")))
    if keep.exists() and any(keep.iterdir()):
        raise Conflict("The folder to keep everything in must be new or empty.", todo="Choose another one.")
    keep.mkdir(parents=True, exist_ok=True, mode=0o700)
    return keep.resolve()


def _serve(stage: Stage, console: Console) -> None:
    stage.catch_up()
    console.rule("[bold]Left running")
    _sign_ins(stage, console)
    console.print(
        f" In a terminal: [bold]export HUB_CLOCK_FILE={stage.root / 'clock.json'}[/bold], then", soft_wrap=True
    )
    for login, member in stage.people.items():
        agency = member.agency.split(":")[-1]
        console.print(f" {login:>10} of {agency}: [bold]hub --profile {stage.root / 'people' / login} list[/bold]")
    for country, hub in stage.hubs.items():
        console.print(f" hub {country}: {hub.url}/healthz · data {hub.settings.data}")
    console.print(" Ctrl-C ends the demonstration.")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_signal: ended.set())
    ended.wait()


def _sign_ins(stage: Stage, console: Console) -> None:
    """Say where four kinds of people open the app. A device's secret stands behind `#`, which no browser sends."""
    console.print(" Open one of these in a browser: the keys are made and kept there, and no hub has them.")
    console.print(f" passphrase of all invented people: [bold]{stage.passphrase}[/bold]")
    for login, who in _PEOPLE.items():
        member = stage.people[login]
        port = member.hub.url.rpartition(":")[2]
        given = urlencode({"login": login, "device": b64u(member.profile.device.value)})
        console.print(
            f" {login:>10}, {who}:\n            http://localhost:{port}/app/#/sign-in?{given}", soft_wrap=True
        )
