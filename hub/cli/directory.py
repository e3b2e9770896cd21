"""`hub directory`: the service map. Each feature has its commands in a module of its own; here they are joined."""

from __future__ import annotations

import click


@click.group()
def directory() -> None:
    """The service map: who helps with what, where, for whom, and whether that is still true."""
