"""`hub directory`: the service map. Each feature has its commands in a module of its own; here they are joined."""

from __future__ import annotations

import click

from hub.cli import map_areas, map_feed, map_gaps, map_import, map_match, map_merge, map_records, map_search, map_upkeep


@click.group()
def directory() -> None:
    """The service map: who helps with what, where, for whom, and whether that is still true."""


for _part in (
    map_feed.top,
    map_gaps.top,
    map_import.top,
    map_merge.top,
    map_match.top,
    map_records.top,
    map_search.top,
    map_upkeep.top,
):
    for _command in _part.commands.values():
        directory.add_command(_command)
directory.add_command(map_areas.top)
