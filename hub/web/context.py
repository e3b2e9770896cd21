"""The running hub, for the rooms above: see `hub.context`, which stands lower so that every room's edge may read it."""

from hub.context import EXTENSION, Hub, current_hub

__all__ = ["EXTENSION", "Hub", "current_hub"]
