"""The end of the demonstration: each child's way as a timeline, in the terminal and as a page to keep or print."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli import timeline
from hub.client import timeline_page

if TYPE_CHECKING:
    from rich.console import Console

    from hub.cli.demo_play import Play


def draw_journeys(play: Play, console: Console, keep: Path | None, *beside: str) -> None:
    """Draw both ways; `beside` are the referrals of the first child. The pages outlive the demonstration."""
    folder = keep.resolve() if keep else Path(tempfile.mkdtemp(prefix="handover-journey-"))
    console.rule("[bold]8. The whole way")
    pages = []
    for way in play.ways:
        first = way is play.ways[0]
        made = play.timeline(way, *(beside if first else ()))
        if first:
            timeline.draw(console, made)
        page = folder / f"journey-{way.child.reference}.html"
        title = f"The way of {way.child.reference}, from Djibouti to the Kebele"
        page.write_text(timeline_page.draw(made, title=title), encoding="utf-8")
        pages.append(page)
    for page in pages:
        console.print(f" [bold]page[/bold]  {page.as_uri()}", soft_wrap=True)
