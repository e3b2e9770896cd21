"""Two hubs on disk that are peers, with two agencies that know one another: what processes of a test are started on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from hub.app import create_hub, open_hub
from hub.federation.store import Peer, Peers
from hub.handofflog.auditor import audit
from hub.handofflog.store import HandoffLog
from hub.handoffs.store import handoffs
from hub.keys.store import KeyStore
from hub.packets.dsse import kid
from hub.packets.encoding import b64u
from hub.settings import Settings
from hub.web.identity import Identity
from tests.support.desks import Desk, People, introduce
from tests.support.factories import CERTIFIERS
from tests.support.processes import HubProcess, free_port

if TYPE_CHECKING:
    from pathlib import Path

    from hub.clock import Clock
    from hub.context import Hub

HOME, AWAY = "dj.example", "et.example"


@dataclass
class Founded:
    """A hub in a folder, opened by the test too, and the address at which its processes serve."""

    hub: Hub
    port: int
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def desk(self) -> Desk:
        return Desk(self.hub)

    def process(self, verb: str = "serve", **environment: str) -> HubProcess:
        return HubProcess(self.hub.settings.data, self.port, {**self.environment, **environment}, verb)

    def arrived(self) -> int:
        """How many handoffs this hub knows."""
        with self.hub.database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(handoffs)).scalar_one())

    def findings(self) -> tuple[Any, ...]:
        """What an audit of the log has to say."""
        with self.hub.database.read() as connection:
            return audit(HandoffLog(connection, self.hub.origin).export()).findings


def found(folder: Path, host: str, country: str, *, database: str = "", clock: Clock | None = None) -> Founded:
    """Create a hub in an empty folder; `database` is an empty database, or one without tables."""
    port = free_port()
    settings = Settings(data=folder / host, database=database, url=f"http://127.0.0.1:{port}", private_peers=True)
    certifiers = tuple(b64u(c.public_key) for c in CERTIFIERS)
    about = Identity(host, f"operator of {host}", "ngo", country, settings.url, certifiers)
    create_hub(settings, about, clock=clock)
    environment = {"HUB_HURRY": "10", "HUB_DATABASE": database}
    return Founded(open_hub(settings, clock=clock), port, environment)


def befriend(one: Founded, other: Founded) -> None:
    """Make two hubs peers, as their operators do with `hub peer add`."""
    for mine, theirs in ((one, other), (other, one)):
        peer = theirs.hub
        with peer.database.read() as connection:
            entry = KeyStore(connection).hub_entry(peer.origin)
        row = Peer(peer.origin, theirs.url, entry.sign, kid(entry.sign), entry.operator)
        with mine.hub.database.write() as connection:
            Peers(connection).add(row)


def populate(home: Founded, away: Founded) -> People:
    """Found a shelter at one hub and a transit centre at the other; each hub knows both."""
    people = People.invented(home.hub.clock, home.hub.origin, away.hub.origin)
    home.desk.know(people.shelter)
    away.desk.know(people.centre)
    introduce(home.desk, away.desk)
    return people


def submitted(home: Founded, people: People, count: int, **changes: Any) -> list[str]:
    """Let the shelter submit `count` referrals at its own hub; return their ids."""
    made = []
    for _ in range(count):
        handoff, statement, packet = people.submit(**changes)
        home.desk.post(statement, packet, people.shelter.agency)
        made.append(handoff)
    return made
