"""A whole hub in a folder, with its application, for tests of what is served."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hub.app import build_app, open_hub
from hub.settings import Settings
from hub.web.identity import Identity
from tests.support.remembered import bear

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from hub.clock import Clock
    from hub.context import Hub

ABOUT = Identity("hub.example", "Ministry of Women and Family", "authority", "DJ", "https://hub.example")


@contextmanager
def running_hub(folder: Path, clock: Clock, database: str = "") -> Iterator[tuple[Hub, Flask]]:
    """Create a hub in `folder`, open it, and build its application."""
    settings = Settings(data=folder, database=database)
    bear(settings, ABOUT, clock)
    hub = open_hub(settings, clock=clock)
    hub.wire = clock
    try:
        yield hub, build_app(hub)
    finally:
        hub.database.close()
