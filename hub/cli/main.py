"""`hub`: the command line. Commands are found by name and loaded when they are called, so that `hub --help` is quick.

Errors are one sentence and what to do next, never a traceback; exit codes are in `hub.cli.common` and docs/cli.md.
"""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from hub.cli.common import INTERNAL, NO_FILE, Session
from hub.errors import HubError

_OPERATOR, _PEOPLE, _WORK = "hub.cli.operator", "hub.cli.people", "hub.cli.work"
_COMMANDS = {
    **dict.fromkeys(("init", "serve", "worker", "upgrade", "peer", "invite-agency", "certifier", "certify"), _OPERATOR),
    **dict.fromkeys(("agency", "member", "enrol", "unlock", "whoami", "service"), _PEOPLE),
    **dict.fromkeys(("send", "list", "show", "open", "report", "cosign", "prove", "consent"), _WORK),
    **dict.fromkeys(("acknowledge", "ask", "answer", "accept", "decline", "waitlist", "pause", "resume"), _WORK),
    **dict.fromkeys(("start", "cannot-deliver", "outcome", "close", "dispute", "resolve", "cancel"), _WORK),
    **dict.fromkeys(("ask-to-stop", "agree-to-stop", "refuse-to-stop", "late-answer", "pause-clock"), _WORK),
    "mark-error": _WORK,
    "packet": "hub.cli.packet",
    "log": "hub.cli.log",
    "demo": "hub.cli.demo",
}
_NAMES = {"list": "list_handoffs", "open": "open_sealed", "resolve": "resolve_"}


class _Lazy(click.Group):
    """Loads the module of a command when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own form
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name])
        command: click.Command = getattr(module, _NAMES.get(cmd_name, cmd_name.replace("-", "_")))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        for title, module in (("Operators", _OPERATOR), ("People", _PEOPLE), ("Work", _WORK)):
            names = sorted(name for name, found in _COMMANDS.items() if found == module)
            with formatter.section(title):
                formatter.write_text(", ".join(names))
        with formatter.section("Also"):
            formatter.write_text("packet, log, demo. `hub NAME --help` says more of each.")


def _version() -> str:
    """Return the version that is installed; a checkout that is not installed has none."""
    try:
        return version("handover-hub")
    except PackageNotFoundError:
        return "(not installed: a checkout)"


@click.group(cls=_Lazy)
@click.version_option(_version(), message="%(prog)s %(version)s")
@click.option(
    "--profile",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="HUB_PROFILE",
    help="Your profile folder; ~/.config/handover where none is named.",
)
@click.option("--passphrase-file", help="Read the passphrase from this file; - is standard input.")
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")
@click.pass_obj
def cli(session: Session, profile: Path | None, passphrase_file: str | None, *, as_json: bool) -> None:
    """Handover: sealed referrals between agencies, answered and provable."""
    session.profile = profile or session.profile
    session.passphrase_file = passphrase_file
    session.as_json = session.as_json or as_json


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
        click.echo(f"A file or address cannot be used: {error.strerror or 'no reason was given'}.", err=True)
        return NO_FILE
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
