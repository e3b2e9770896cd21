"""What every route and job needs of the hub that it runs in: one value, built once by `hub.app`.

Holds no rule and opens nothing. It stands low in the layers so that each room's edge can read it; only routes and jobs
do, the rules themselves take what they need as parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from flask import current_app

from hub.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.clock import Clock
    from hub.db import Database
    from hub.packets.dsse import Signer
    from hub.settings import Settings

EXTENSION = "hub"


@dataclass(slots=True)
class Hub:
    """One running hub. `origin` is its host: the name in its log, its agencies' addresses and its receipts."""

    settings: Settings
    database: Database
    clock: Clock
    signer: Signer = field(repr=False)
    origin: str
    certifiers: Collection[bytes] = ()
    """Public keys whose certificates of agencies this hub believes (docs/protocol.md §6)."""
    intake: Any = None
    """What takes in statements and packets from peers; set by the composition root, typed by whoever uses it."""
    wire: Clock = field(default_factory=SystemClock)
    """The machine's clock, for signed requests, leases and back-off: `clock` may run faster in a demonstration."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What the running process knows of itself, for instance when its last sweep was; shown by /healthz."""


def current_hub() -> Hub:
    """Return the hub whose request this is."""
    return cast("Hub", current_app.extensions[EXTENSION])
