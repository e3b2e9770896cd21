"""`hub`: the command line.

Errors are one sentence and what to do next, never a traceback; exit codes are in `hub.cli.common` and docs/cli.md.
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from hub.cli import (
    account,
    duty,
    ending,
    inquiries,
    links,
    operator,
    oversight,
    people,
    queue,
    reports,
    sending,
    steps,
    timers,
    transfer_show,
    transfer_way,
    work,
)
from hub.cli.aftercare import aftercare
from hub.cli.cases import case
from hub.cli.common import FOLDER, INTERNAL, Session
from hub.cli.consent import consent, protocol
from hub.cli.demo import demo
from hub.cli.directory import directory
from hub.cli.gates import gates
from hub.cli.handover import handover
from hub.cli.log import log
from hub.cli.networks import network
from hub.cli.packet import packet
from hub.cli.programmes import programme
from hub.cli.release import app, release
from hub.cli.transfer import transfer
from hub.errors import HubError, Unavailable

_SECTIONS = {"Operators": operator.top, "People": people.top, "Work": work.top, "Oversight": oversight.top}


for _group in (sending.top, steps.top, links.top, ending.top, inquiries.top, duty.top, queue.top, timers.top):
    for _command in _group.commands.values():
        work.top.add_command(_command)
work.top.add_command(aftercare)
work.top.add_command(case)
work.top.add_command(gates)
work.top.add_command(programme)
for _command in (*transfer_way.top.commands.values(), *transfer_show.top.commands.values()):
    transfer.add_command(_command)
work.top.add_command(transfer)
people.top.add_command(network)
operator.top.add_command(account.totp_reset)
for _command in reports.top.commands.values():
    oversight.top.add_command(_command)


class _Sections(click.Group):
    """Lists commands by who uses them."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's own form
        for title, group in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_text(", ".join(sorted(group.commands)))
        with formatter.section("Also"):
            formatter.write_text(
                "consent, protocol, directory, handover, packet, log, release, app, demo. "
                "`hub NAME --help` says more of each."
            )


def _version() -> str:
    """Return the version that is installed; a checkout that is not installed has none."""
    try:
        return version("handover-hub")
    except PackageNotFoundError:
        return "(not installed: a checkout)"


@click.group(cls=_Sections)
@click.version_option(_version(), message="%(prog)s %(version)s")
@click.option(
    "--profile", type=FOLDER, envvar="HUB_PROFILE", help="Your profile folder; ~/.config/handover where none is named."
)
@click.option("--passphrase-file", help="Read the passphrase from this file; - is standard input.")
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")
@click.pass_obj
def cli(session: Session, profile: Path | None, passphrase_file: str | None, *, as_json: bool) -> None:
    """Handover: sealed referrals between agencies, answered and provable."""
    session.profile = profile or session.profile
    session.passphrase_file = passphrase_file
    session.as_json = session.as_json or as_json


for _command in (
    *(found for group in _SECTIONS.values() for found in group.commands.values()),
    consent,
    protocol,
    directory,
    handover,
    packet,
    log,
    release,
    app,
    demo,
):
    cli.add_command(_command)


def main(words: list[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    sys.exit(run(sys.argv[1:] if words is None else words))


def run(words: list[str]) -> int:
    """Run one command; return its exit code."""
    session = Session()
    try:
        done: Any = cli.main(words, prog_name="hub", obj=session, standalone_mode=False)
        return done if isinstance(done, int) else 0
    except HubError as error:
        return session.complain(error)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return INTERNAL
    except OSError as error:
        why = error.strerror or "no reason was given"
        return session.complain(Unavailable(f"A file cannot be used: {why}.", todo=f"Look at {error.filename}."))
    except Exception as error:  # noqa: BLE001 - the last resort: a sentence instead of a traceback
        return _unforeseen(error)


def _unforeseen(error: Exception) -> int:
    """Say that something is wrong with us: the error's class and place, not its text, which may be content."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "nowhere"
    click.echo(f"Something went wrong in this program ({type(error).__name__}, {where}). Please report it.", err=True)
    return INTERNAL


if __name__ == "__main__":
    main()
