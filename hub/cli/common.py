"""What all commands share: how they are declared, passphrases, output for people and for machines, exit codes.

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

from consent.reasons import Reason
from hub import errors
from hub.cli import words
from hub.clock import Clock, FileClock, SystemClock
from hub.packets.encoding import parse_json
from hub.statements.links import UNLINK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hub.client.member import Member

_Done = TypeVar("_Done")
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
FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)
data = click.option("--data", type=FOLDER, default=Path("handover-data"), envvar="HUB_DATA", help="The data folder.")
why = click.option("--why", help="A file with the reason, where the record is not yours; - for stdin. It is sealed.")
out = click.option("--out", type=FILE, help="Write it to this file.")


@dataclass(slots=True)
class Session:
    """What the options of one call say."""

    profile: Path = field(default_factory=lambda: Path.home() / ".config" / "handover")
    passphrase_file: str | None = None
    as_json: bool = False
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True, emoji=False))

    @property
    def clock(self) -> Clock:
        """What says what time it is: the machine, or the file that a demonstration shares with its hubs."""
        named = os.environ.get("HUB_CLOCK_FILE")
        return FileClock(Path(named)) if named else SystemClock()

    def passphrase(self, *, new: bool = False) -> str:
        """Return the passphrase, asked for or read from the file that was named."""
        named = self.passphrase_file or os.environ.get("HUB_PASSPHRASE_FILE")
        if named:
            text = read_text(named).rstrip("\r\n")
        else:
            text = str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=new, err=True))
        return _long_enough(text) if new else text

    def new_passphrase(self) -> str:
        """Return the passphrase that is to be: asked for, or from the file of `$HUB_NEW_PASSPHRASE_FILE`."""
        named = os.environ.get("HUB_NEW_PASSPHRASE_FILE")
        if named:
            text = read_text(named).rstrip("\r\n")
        else:
            text = str(click.prompt("New passphrase", hide_input=True, confirmation_prompt=True, err=True))
        return _long_enough(text)

    def code(self) -> str:
        """Return the six digits of an authenticator app, asked for."""
        return str(click.prompt("Six digits of your authenticator app", err=True)).strip()

    def member(self) -> Member:
        """Return the member of the profile, unlocked."""
        from hub.client.member import unlock

        found = unlock(self.profile, self.passphrase(), clock=self.clock)
        found.ask_code = None if sys.stdin.closed or not sys.stdin.isatty() else self.code
        return found

    def tell(self, value: dict[str, Any], *lines: str) -> None:
        """Print lines for people, or the value for machines."""
        if self.as_json:
            click.echo(json.dumps(value, ensure_ascii=False))
        for line in () if self.as_json else lines:
            self.console.print(words.plain(line))

    def facts(self, value: dict[str, Any]) -> None:
        """Print an object: a line for each member for people, or as it is for machines."""
        width = max(map(len, value))
        self.tell(value, *(escape(f"{name.replace('_', ' '):{width}}  {_cell(item)}") for name, item in value.items()))

    def table(
        self, rows: Sequence[dict[str, Any]], columns: dict[str, str], **cells: Callable[[dict[str, Any]], str]
    ) -> None:
        """Print rows as a table for people, or as one JSON object per line for machines; `cells` are of whole rows."""
        for row in rows if self.as_json else ():
            click.echo(json.dumps(row, ensure_ascii=False))
        if self.as_json:
            return
        texts = [[words.plain(cells[n](row) if n in cells else _cell(row[n])) for n in columns] for row in rows]
        self.console.print(_table(list(columns.values()), texts, self.console.width) if rows else "Nothing here.")

    def hand_over(self, value: dict[str, Any], text: str, out: Path | None) -> None:
        """Print what goes to somebody else, or write it to a file of its owner's."""
        if out is None:
            click.echo(json.dumps({**value, "text": text}, ensure_ascii=False) if self.as_json else text)
            return
        from hub.client.profile import write_private

        write_private(out, text.encode() + b"\n")
        self.tell({**value, "file": str(out)}, f"Written to {escape(str(out))}.")

    def complain(self, error: errors.HubError) -> int:
        """Print an error, what to do next and its facts; return the exit code."""
        if self.as_json:
            value = {"code": error.code, "detail": error.detail, "todo": error.todo, **error.facts}
            click.echo(json.dumps(value, ensure_ascii=False, default=str))
        else:
            detail = "Not permitted." if error.facts.get("reasons") else error.detail  # each reason says its own
            for line in (f"{detail} {error.todo}", *(f"  {fact}" for fact in _facts(error))):
                click.echo(words.plain(line), err=True)
        return exit_code(error)


def _long_enough(text: str) -> str:
    if len(text) < SHORTEST_PASSPHRASE:
        raise errors.InvalidRequest(f"A passphrase has at least {SHORTEST_PASSPHRASE} characters.")
    return text


def exit_code(error: errors.HubError) -> int:
    """Return the exit code of an error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), INTERNAL)


def command(group: click.Group, *options: Callable[[Any], Any], name: str | None = None) -> Callable[[Any], Any]:
    """Declare a command of `group`: it gets its `Session` first, then what the options say; --json is always there."""

    def declare(function: Callable[..., Any]) -> Any:
        flag = click.option("--json", is_flag=True, expose_value=False, callback=_set_json, help="Answer with JSON.")
        wrapped = flag(click.pass_obj(function))
        for option in reversed(options):
            wrapped = option(wrapped)
        dashes = {"ignore_unknown_options": True}  # an identifier may begin with a dash
        return group.command(name, context_settings=dashes)(wrapped)

    return declare


def pages(member: Member, path: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the items of all pages of a list that is asked for by POST."""
    rows: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        page = member.hub.post(path, {**asked, "after": after})
        rows += page["items"]
        after = page["after"]
    return rows


def read_text(name: str | Path) -> str:
    """Return a text file, or standard input for `-`.

    Raises:
        InvalidRequest: it is no text, or far too long.
    """
    try:
        with sys.stdin.buffer if name == "-" else Path(name).open("rb") as source:
            found = source.read(MAX_FILE + 1)
        if len(found) > MAX_FILE:
            raise errors.TooLarge("This file is too long.")
        return found.decode()
    except UnicodeError as error:
        raise errors.InvalidRequest("This file is no text.") from error


def read_json(name: str | Path) -> Any:
    """Return what a JSON file says.

    Raises:
        InvalidRequest: it is none; the error names the file.
    """
    try:
        return parse_json(read_text(name).encode())
    except errors.Malformed as error:
        raise errors.InvalidRequest(f"{Path(name).name} is not JSON.", todo="Correct the file.") from error


def with_reason(act: Callable[[str | None], _Done], named: str | None) -> _Done:
    """Do what may need a reason (R46): out of a file, or asked for at a terminal once it turns out to be needed."""
    if named is not None:
        return act(read_text(named))
    try:
        return act(None)
    except errors.InvalidRequest as error:
        if error.facts.get("rule") != "R46" or not sys.stdin.isatty():
            raise
        return act(str(click.prompt(error.detail, err=True)))


def read_packet(folder: Path) -> tuple[dict[str, Any], list[Path]]:
    """Return the sections and attachments in a folder.

    Raises:
        InvalidRequest: there are no sections, or one is no JSON.
    """
    sections = {path.stem: read_json(path) for path in sorted((folder / "sections").glob("*.json"))}
    if not sections:
        raise errors.InvalidRequest("The folder has no sections/*.json.", todo="Put one file there for each section.")
    return sections, sorted(path for path in (folder / "attachments").glob("*") if path.is_file())


def secret_line(label: str, named: str | None) -> str:
    """Return a secret line out of a file, or asked for."""
    return (read_text(named) if named else str(click.prompt(label, hide_input=True, err=True))).strip()


def _set_json(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's own form
    if value:
        context.find_object(Session).as_json = True  # type: ignore[union-attr]  # main() puts it there


def _table(titles: list[str], texts: list[list[str]], width: int) -> Table | str:
    """Return a table; where it is too narrow for whole words, which people copy, some lines for each row."""
    least = [
        max(len(word) for text in column for word in [*text.split(), ""]) for column in zip(titles, *texts, strict=True)
    ]
    if sum(least) + 2 * len(titles) > width:
        longest = max(map(len, titles))
        rows = [[f"  {t:{longest}}  {text}" for t, text in zip(titles, line, strict=True) if text] for line in texts]
        return escape("\n".join("\n".join([line[0], *row[1:]]) for line, row in zip(texts, rows, strict=True)))
    table = Table(box=None, pad_edge=False, header_style="bold")
    whole = [max(map(len, column)) for column in zip(titles, *texts, strict=True)]
    for title, wide in zip(titles, _widths(least, whole, width - 2 * len(titles)), strict=True):
        table.add_column(title, overflow="fold", width=wide)
    for line in texts:
        table.add_row(*map(escape, line))
    return table


def _widths(least: list[int], whole: list[int], room: int) -> list[int]:
    """Return how wide columns are: what is left beside their longest words goes to whichever lacks most."""
    widths = list(least)
    while sum(widths) < room and widths != whole:
        lacks = [all_of_it - wide for all_of_it, wide in zip(whole, widths, strict=True)]
        widths[lacks.index(max(lacks))] += 1
    return widths


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {item}" for name, item in value.items())
    return "yes" if value is True else "" if value is None or value is False else str(value)


def _facts(error: errors.HubError) -> Iterable[str]:
    reasons = error.facts.get("reasons")
    yield from words.why((row["section"], Reason(**row)) for row in (reasons if isinstance(reasons, list) else ()))
    possible = error.facts.get("possible")
    if isinstance(possible, list):
        yield "Possible now: " + (", ".join(words.steps(name for name in possible if name != UNLINK)) or "nothing")
    rows = error.facts.get("rows")
    yield from map(str, rows if isinstance(rows, list) else ())
    for name in ("sent", "to", "state", "rule", "field", "fields", "sections", "file", "reference"):
        if name in error.facts:
            value = error.facts[name]
            yield f"{name}: {words.state(str(value)) if name == 'state' else _cell(value)}"
