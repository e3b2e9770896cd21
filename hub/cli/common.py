"""What all commands share: options, passphrases, output for people and for machines, exit codes.

A passphrase comes from a prompt or a file (`--passphrase-file`, which may be /dev/fd/N or - for standard input, or
HUB_PASSPHRASE_FILE); never from an argument. docs/cli.md lists the exit codes.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hub import errors
from hub.client.member import Member, unlock
from hub.clock import Clock, FileClock, SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hub.errors import HubError

_F = TypeVar("_F", bound="Callable[..., Any]")
INTERNAL, USAGE, REFUSED, NO_FILE, FORBIDDEN, CONFLICT, NOT_FOUND, SIGN_IN = 1, 2, 3, 4, 5, 6, 7, 8
_CODES: tuple[tuple[type[errors.HubError], int], ...] = (
    (errors.NotPermitted, FORBIDDEN),
    (errors.PacketError, REFUSED),
    (errors.ConsentMissing, FORBIDDEN),
    (errors.Forbidden, FORBIDDEN),
    (errors.Conflict, CONFLICT),
    (errors.RateLimited, CONFLICT),
    (errors.NotFound, NOT_FOUND),
    (errors.Unauthenticated, SIGN_IN),
    (errors.InvalidRequest, USAGE),
    (errors.PeerMisbehaved, REFUSED),
    (errors.PeerError, NO_FILE),
    (errors.Unavailable, NO_FILE),
)
SHORTEST_PASSPHRASE = 12
MAX_FILE = 16 * 1024 * 1024
_FROM_FILE = "HUB_PASSPHRASE_FILE"


@dataclass(slots=True)
class Session:
    """What the options of one call say."""

    profile: Path = field(default_factory=lambda: Path.home() / ".config" / "handover")
    passphrase_file: str | None = None
    as_json: bool = False
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))

    @property
    def clock(self) -> Clock:
        """What says what time it is: the machine, or the file that a demonstration shares with its hubs."""
        named = os.environ.get("HUB_CLOCK_FILE")
        return FileClock(Path(named)) if named else SystemClock()

    def passphrase(self, *, new: bool = False) -> str:
        """Return the passphrase, asked for or read from the file that was named."""
        named = self.passphrase_file or os.environ.get(_FROM_FILE)
        if named:
            text = read_text(named).rstrip("\r\n")
        else:
            text = str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=new, err=True))
        if new and len(text) < SHORTEST_PASSPHRASE:
            raise errors.InvalidRequest(f"A passphrase has at least {SHORTEST_PASSPHRASE} characters.")
        return text

    def member(self) -> Member:
        """Return the member of the profile, unlocked."""
        return unlock(self.profile, self.passphrase(), clock=self.clock)

    def tell(self, value: dict[str, Any], *lines: str) -> None:
        """Print lines for people, or the value for machines."""
        if self.as_json:
            click.echo(json.dumps(value, ensure_ascii=False))
        for line in () if self.as_json else lines:
            self.console.print(line)

    def table(
        self, rows: Sequence[dict[str, Any]], columns: dict[str, str], cells: Callable[[Any], Iterable[str]]
    ) -> None:
        """Print rows as a table for people, or as one JSON object per line for machines."""
        if self.as_json:
            for row in rows:
                click.echo(json.dumps(row, ensure_ascii=False))
            return
        table = Table(*columns.values(), box=None, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*(escape(cell) for cell in cells(row)))
        self.console.print(table if rows else "Nothing here.")

    def complain(self, error: HubError) -> int:
        """Print an error, what to do next and its facts; return the exit code."""
        if self.as_json:
            value = {"code": error.code, "detail": error.detail, "todo": error.todo, **error.facts}
            click.echo(json.dumps(value, ensure_ascii=False, default=str))
            return exit_code(error)
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(f"{escape(error.detail)} {escape(error.todo)}")
        for line in _facts(error):
            console.print(f"  {escape(line)}")
        return exit_code(error)


def exit_code(error: HubError) -> int:
    """Return the exit code of an error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), INTERNAL)


def with_session(command: _F) -> _F:
    """Give a command its `Session` as the first argument, and the option --json."""
    flag = click.option("--json", is_flag=True, expose_value=False, callback=_set_json, help="Answer with JSON.")
    return flag(click.pass_obj(command))  # type: ignore[return-value]  # click's decorators keep the function


def read_text(name: str) -> str:
    """Return a text file, or standard input for `-`.

    Raises:
        InvalidRequest: it is no text, or far too long.
    """
    try:
        data = sys.stdin.buffer.read(MAX_FILE + 1) if name == "-" else _read(Path(name))
        if len(data) > MAX_FILE:
            raise errors.TooLarge("This file is too long.")
        return data.decode()
    except UnicodeError as error:
        raise errors.InvalidRequest("This file is no text.") from error


def secret_line(label: str, named: str | None) -> str:
    """Return a secret line out of a file, or asked for."""
    return (read_text(named) if named else str(click.prompt(label, hide_input=True, err=True))).strip()


def _read(path: Path) -> bytes:
    with path.open("rb") as source:
        return source.read(MAX_FILE + 1)


def _set_json(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's own form
    if value:
        context.find_object(Session).as_json = True  # type: ignore[union-attr]  # main() puts it there


def _facts(error: HubError) -> Iterable[str]:
    reasons = error.facts.get("reasons")
    for reason in reasons if isinstance(reasons, list) else ():
        section = f"{reason['section']}: " if reason["section"] else ""
        yield f"{reason['rule']}  {section}{reason['message']} (ask: {str(reason['ask']).replace('_', ' ')})"
    possible = error.facts.get("possible")
    if isinstance(possible, list):
        yield "Possible now: " + (", ".join(str(step).rpartition(".")[2] for step in possible) or "nothing")
    for name in ("state", "rule", "fields", "sections", "reference"):
        if name in error.facts:
            value = error.facts[name]
            yield f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
