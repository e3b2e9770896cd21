"""Files taken into a service map, without a server: sent, gone through, and what became of each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.context import Hub
from hub.directory.formats.registry import format_of
from hub.directory.imports.jobs import run_imports
from hub.directory.imports.store import Import, Imports, Line, State
from hub.directory.servicemap.store import ServiceMap
from hub.ids import random_id
from hub.packets.dsse import Signer
from hub.settings import Settings
from tests.support import maps

if TYPE_CHECKING:
    from pathlib import Path

    from hub.clock import SetClock
    from hub.db import Database

COORDINATOR = frozenset({"coordinator"})


@dataclass(frozen=True, slots=True)
class Taken:
    """An import that ended, and its report."""

    one: Import
    lines: list[Line]

    def of(self, what: str, kind: str = "service") -> list[Line]:
        return [line for line in self.lines if line.what == what and line.kind == kind]


@dataclass(slots=True)
class Desk:
    """A hub whose agency imports files."""

    hub: Hub

    @classmethod
    def open(cls, database: Database, clock: SetClock, folder: Path) -> Desk:
        hub = Hub(Settings(data=folder), database, clock, Signer(bytes(32)), maps.HOST)
        hub.wire = clock
        return cls(hub)

    def send(
        self,
        data: bytes,
        form: str,
        day: str,
        *,
        source: str = "A source",
        agency: str = maps.KEEPER,
        roles: frozenset[str] = COORDINATOR,
        state: State = State.APPLY,
        whole: bool | None = None,
        **origin: str,
    ) -> str:
        said = {"licence": "", "country": "", "zone": "", "language": "en", **origin, "name": source, "day": day}
        whole = format_of(form).whole if whole is None else whole
        at = self.hub.clock.now()
        one = Import(random_id(), agency, "m" * 22, roles, at, form, said, whole, state, 0, 0, {}, None)
        with self.hub.database.write() as connection:
            Imports(connection).add(one, data)
        return one.id

    def taken(self, identity: str, agency: str = maps.KEEPER) -> Taken:
        with self.hub.database.read() as connection:
            store = Imports(connection)
            return Taken(store.get(identity, agency), [line for _n, line in store.lines(identity, 0, 100_000)])

    def take(self, data: bytes, form: str, day: str = maps.TODAY, **more) -> Taken:
        identity = self.send(data, form, day, **more)
        run_imports(self.hub)
        return self.taken(identity, more.get("agency", maps.KEEPER))

    def document(self, record: str) -> dict:
        with self.hub.database.read() as connection:
            return ServiceMap(connection).get(record).document
