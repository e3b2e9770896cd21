"""A timeline in a terminal: day by day, who signed what, and who is responsible from there on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from hub.client.timeline import label, name_of, notices, what, who, words

if TYPE_CHECKING:
    from rich.console import Console

    from hub.client.timeline import Entry, Timeline

_WIDE = 150


def draw(console: Console, made: Timeline, language: str = "en") -> None:
    """Print a timeline; where there is room, with the places in the logs of the hubs."""
    said = words(language)["page"]
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for day, entries in made.days:
        date = datetime.fromtimestamp(day, UTC).date().isoformat()
        grid.add_row(f"[bold]{date}[/bold]", "", f"[bold]{said['day'].format(n=made.day(day))}[/bold]")
        for entry in entries:
            grid.add_row(_when(entry), _where(entry, language), _told(entry, language, console.width >= _WIDE))
            if entry.holder:
                grid.add_row("", "", f"[bold reverse] {said['from_here'].format(agency=name_of(entry.holder))} [/]")
    console.print(grid, highlight=False)


def _when(entry: Entry) -> str:
    return f"[dim]{datetime.fromtimestamp(entry.at, UTC):%H:%M}[/dim]"


def _where(entry: Entry, language: str) -> str:
    return f"[cyan]{label(entry.stretch, language)}[/cyan]" if entry.stretch else ""


def _told(entry: Entry, language: str, wide: bool) -> str:  # noqa: FBT001 - one caller
    happened = escape(what(entry, language))
    places = [f"{host} {n}" for host, n in entry.places] if wide else []
    signed = escape(" · ".join([*who(entry, language), *notices(entry, language), *places]))
    return f"{happened}  [dim]{signed}[/dim]"
