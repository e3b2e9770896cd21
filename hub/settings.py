"""What an operator can set: read once, from environment variables, checked at start.

Each setting is a field of `Settings`; its variable is `HUB_` and the name in capitals (docs/operations.md lists them).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRUE = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Settings:
    """A hub's settings. `data` holds the hub key, blobs, header keys, last checkpoint and, by default, the database."""

    data: Path = Path("handover-data")
    database: str = ""
    """SQLAlchemy URL; empty means SQLite in `data`."""
    url: str = ""
    """The address at which peers and clients reach this hub."""
    smtp: str = ""
    """`host:port` of the mail server; empty means that notices wait."""
    mail_from: str = "handover@localhost"
    sms: str = ""
    """The gateway for texts: `rapidpro` or `africastalking`; empty means that there are none."""
    sms_url: str = ""
    """The gateway's address."""
    sms_user: str = ""
    """Our name at the gateway, where it asks for one."""
    sms_secret: str = field(default="", repr=False)
    """Our key or token at the gateway."""
    sms_from: str = ""
    """The sender's name or number on a phone, where the gateway lets us choose. It names nobody."""
    sms_callback: str = field(default="", repr=False)
    """What the gateway shows when it calls us; empty means that it may not."""
    totp: bool = False
    """Whether everybody signs in with a code of an authenticator app, too."""
    app_origins: str = ""
    """Origins beside our own from which the web app may be served, with spaces between."""
    proxies: int = 0
    """How many of our own proxies stand in front and write `X-Forwarded-For`."""
    private_peers: bool = False
    """Whether peers and webhooks at private and loopback addresses are allowed."""
    max_packet: int = 1024 * 1024 * 1024
    """Bytes of one packet, at most."""
    clock_file: str = ""
    """A file that gives the time instead of the machine's clock: demonstrations and tests only."""
    hurry: int = 1
    """How many times as often jobs run as they need to: demonstrations and tests only."""

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL that is used."""
        return self.database or f"sqlite:///{self.data / 'hub.sqlite'}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **given: object) -> Settings:
        """Return the settings of the environment, those `given` first.

        Raises:
            ValueError: a variable that should be a number is not.
        """
        source = os.environ if environment is None else environment
        values: dict[str, object] = {}
        for found in fields(cls):
            text = source.get(f"HUB_{found.name.upper()}")
            if text is not None:
                values[found.name] = _typed(found.type, text)
        return cls(**{**values, **given})  # type: ignore[arg-type]  # each value has its field's type


def _typed(kind: object, text: str) -> object:
    match kind:
        case "Path":
            return Path(text)
        case "int":
            return int(text)
        case "bool":
            return text.lower() in _TRUE
        case _:
            return text
