"""Hubs and people as an earlier test of this process made them, put in place once more: the same keys and the same log.

To create a hub takes a tenth of a second, to enrol five agencies two. What is put in place is byte for byte what the
product made; addresses alone are new. A world counts as untouched as long as nobody has enrolled in it and its hubs
have logged nothing but themselves.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import update

from hub.app import create_hub
from hub.client.member import Member
from hub.client.profile import Profile
from hub.client.transport import HubSession
from hub.federation.store import peers

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from pathlib import Path

    from hub.client.profile import Unlocked
    from hub.clock import Clock
    from hub.context import Hub
    from hub.db import Database
    from hub.settings import Settings
    from hub.web.identity import Identity

_BASE = "hub.sqlite"
_ACCOUNT = "profile.json"
_born: dict[Hashable, dict[str, bytes]] = {}


def bear(settings: Settings, about: Identity, clock: Clock) -> None:
    """Create a hub in the folder of `settings`, on a database of its own there, or put the one of an earlier test."""
    born = (about, clock.now())
    if settings.database:
        create_hub(settings, about, clock=clock)
    elif born in _born:
        _put(settings.data, _born[born])
    else:
        create_hub(settings, about, clock=clock)
        _born[born] = _files(settings.data)


@dataclass(frozen=True, slots=True)
class Remembered:
    """Hubs by host, with their databases apart, and members by login."""

    hubs: dict[str, tuple[dict[str, bytes], bytes]]
    members: dict[str, tuple[dict[str, bytes], Unlocked]]

    @classmethod
    def of(cls, folder: Path, hubs: Mapping[str, Hub], members: Mapping[str, Member]) -> Remembered:
        """Return these hubs and the members whose profiles are in `folder`."""
        return cls(
            {host: (_files(hub.settings.data), _dumped(hub.database)) for host, hub in hubs.items()},
            {login: (_files(folder / login), deepcopy(member._unlocked)) for login, member in members.items()},
        )

    def put(self, folder: Path, hubs: Mapping[str, tuple[Hub, str]], clock: Clock) -> dict[str, Member]:
        """Put all into untouched hubs, given with their addresses, and return the members by login."""
        for host, (files, base) in self.hubs.items():
            hub = hubs[host][0]
            _put(hub.settings.data, files)
            _load(hub.database, base)
            with hub.database.write() as connection:
                for other, (_, url) in hubs.items():
                    connection.execute(update(peers).where(peers.c.host == other).values(url=url))
        return {login: self._member(login, folder / login, hubs, clock) for login in self.members}

    def _member(self, login: str, folder: Path, hubs: Mapping[str, tuple[Hub, str]], clock: Clock) -> Member:
        files, unlocked = self.members[login]
        account = json.loads(files[_ACCOUNT])
        url = hubs[account["host"]][1]
        _put(folder, {**files, _ACCOUNT: json.dumps({**account, "url": url}).encode()})
        return Member(Profile(folder), deepcopy(unlocked), HubSession(url), clock)


def _files(folder: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.endswith(("-wal", "-shm"))}


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if name != _BASE or not path.exists():
            path.write_bytes(data)
            path.chmod(0o600)


def _dumped(database: Database) -> bytes:
    with closing(sqlite3.connect(":memory:")) as copy, database.engine.connect() as connection:
        connection.connection.driver_connection.backup(copy)
        data = bytearray(copy.serialize())
    data[18:20] = b"\1\1"  # a database in memory has no write-ahead log; where it is put it has one again
    return bytes(data)


def _load(database: Database, base: bytes) -> None:
    with closing(sqlite3.connect(":memory:")) as copy, database.engine.connect() as connection:
        copy.deserialize(base)
        copy.backup(connection.connection.driver_connection)
