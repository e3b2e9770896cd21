"""Whole hubs on loopback with agencies and members who enrolled through the client library, as people would.

The clock stands where it is put. Argon2 at its floor costs 80 ms a member, so a world is built once for a module. Hubs
answer from threads of the test, which does their jobs; or from processes of their own, which do them themselves.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server

from hub.app import build_app, open_hub
from hub.auth import accounts
from hub.auth.store import AccountStore
from hub.client import around, enrol, founding, training
from hub.client import basis as bases
from hub.client.enrol import Desk, Invitation
from hub.client.founding import AgencyFacts
from hub.federation.jobs import deliver, pull
from hub.federation.pull import add_peer
from hub.freeze.jobs import freeze_packets
from hub.handofflog.store import HandoffLog
from hub.ids import agency_id
from hub.keys.certificates import certify, fingerprint
from hub.packets.encoding import b64u
from hub.referrals.jobs import sweep
from hub.settings import Settings
from hub.transfer.jobs import raise_alarms
from hub.web.identity import Identity
from tests.support import consents
from tests.support.apart import apart, settled
from tests.support.factories import CERTIFIER_KEYS, CERTIFIERS, some_hash
from tests.support.remembered import Remembered, bear

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from hub.client.member import Member
    from hub.clock import SetClock
    from hub.context import Hub
    from tests.support.apart import PutClock

_known: dict[tuple[object, ...], Remembered] = {}
PASSPHRASE = "correct horse battery staple"
FOUNDER = frozenset({"caseworker", "supervisor", "agency_admin", "coordinator", "data_officer"})
SECTIONS = {"minimal_contact": {"name": "SYN Hagos"}, "needs_risk": {"risk": "high"}}


@dataclass
class Served:
    """One hub that answers on loopback."""

    hub: Hub
    url: str
    plain: bool = False

    @property
    def log_size(self) -> int:
        with self.hub.database.read() as connection:
            return HandoffLog(connection, self.hub.origin).head().size

    def invite(self, name: str, roles: frozenset[str] = FOUNDER) -> Invitation:
        agency = agency_id(name, self.hub.origin)
        with self.hub.database.write() as connection:
            code = accounts.invite(AccountStore(connection), agency, roles, None, self.hub.wire.now())
        key = self.hub.signer.public_key
        return Invitation(self.url, self.hub.origin, key, agency, roles, CERTIFIER_KEYS, code)


@dataclass
class Mailing(Served):
    """A hub whose invitations name an address for mail."""

    def invite(self, name: str, roles: frozenset[str] = FOUNDER) -> Invitation:
        made = Served.invite(self, name, roles)
        with self.hub.database.write() as connection:
            agency, now = agency_id(name, self.hub.origin), self.hub.wire.now()
            code = accounts.invite(AccountStore(connection), agency, roles, f"{name}@example.org", now)
        return replace(made, code=code)


def in_turn(hubs: Collection[Hub]) -> None:
    """Do what is due at each of these hubs, here and now."""
    for _ in range(3):
        for hub in hubs:
            freeze_packets(hub)
            deliver(hub)
    if sum([raise_alarms(hub) + sweep(hub) for hub in hubs]):
        for hub in hubs:
            deliver(hub)


@dataclass
class World:
    """Hubs by host and members by login."""

    folder: Path
    clock: SetClock | PutClock
    work: Callable[[Collection[Hub]], None] = in_turn
    hubs: dict[str, Served] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    """What browsers sent to these hubs, with where."""

    @property
    def untouched(self) -> bool:
        """Whether these are hubs of threads, on SQLite, with settings as they come, that logged themselves alone."""
        return (
            not self.members
            and all(type(one) is Served and one.plain for one in self.hubs.values())
            and all(one.log_size == 1 for one in self.hubs.values())
        )

    def desk(self, login: str) -> Desk:
        return Desk(self.folder / login, login, PASSPHRASE, self.clock)

    def found(
        self, host: str, name: str, kind: str, country: str, login: str, roles: frozenset[str] = FOUNDER, **more: object
    ) -> Member:
        """Found an agency with its two certifications; its founder is `login`."""
        invitation = self.hubs[host].invite(name, roles)
        facts = AgencyFacts(kind, country, f"operator of {host}", duty=("+253 00 00 00",), **more)
        identity, _ = founding.begin(self.desk(login), invitation, facts)
        certs = [certify(identity, certifier, self.clock.now()) for certifier in CERTIFIERS]
        member = founding.finish(self.desk(login), certs)
        self.members[login] = member
        last = (today(self.clock) + timedelta(days=700)).isoformat()
        around.attest(member, last, last)
        if "data_officer" in roles:
            around.put_protocol(member, protocol(self.clock))
        return member

    def train(self, who: Member, by: Member) -> None:
        """Record that somebody was trained to ask for consent."""
        training.record(by, who.id, {"consent"}, today(self.clock) + timedelta(days=700))

    def join(self, admin: Member, login: str, roles: set[str]) -> Member:
        """Enrol a colleague: invitation, digits compared, certificate, grants."""
        member, _ = enrol.enrol(self.desk(login), enrol.invite(admin, roles))
        digits = enrol.this_device(member, roles).fingerprint
        enrol.certify_pending(admin, login, digits, roles)
        if admin.secrets.epochs:
            enrol.grant_missing(admin)
        self.members[login] = member
        return member

    def befriend(self) -> None:
        """Make every two hubs peers of one another and let them pull."""
        for mine in self.hubs.values():
            for other in self.hubs.values():
                if other is not mine:
                    add_peer(mine.hub, other.url, fingerprint(other.hub.signer.public_key))
        self.run()

    def run(self) -> None:
        """Let every hub do what is due."""
        for served in self.hubs.values():
            pull(served.hub)
        self.work([served.hub for served in self.hubs.values()])
        for member in self.members.values():
            member.trust.forget()


@contextmanager
def world(
    folder: Path,
    clock: SetClock,
    *hosts: str,
    database: str = "",
    databases: Mapping[str, str] | None = None,
    **more: Any,
) -> Iterator[World]:
    """Yield hubs at `hosts`, each served by a thread, without agencies; `more` are settings of all of them."""
    made = World(folder, clock)
    with ExitStack() as stack:
        for host in hosts:
            given = {"database": (databases or {}).get(host, database), **more}
            made.hubs[host] = stack.enter_context(_served(folder / f"hub-{host}", host, clock, given))
        yield made


@contextmanager
def world_apart(
    folder: Path, clock: PutClock, *hosts: str, databases: Mapping[str, str] | None = None, **more: Any
) -> Iterator[World]:
    """Yield hubs at `hosts`, each in a process of its own that reads the same clock; `more` are their settings."""
    made = World(folder, clock, settled)
    with ExitStack() as stack:
        for host in hosts:
            given = {**({"database": databases[host]} if databases and host in databases else {}), **more}
            hub = stack.enter_context(apart(folder / f"hub-{host}", _identity(host), clock, given))
            made.hubs[host] = Served(hub, hub.settings.url)
        yield made


def populated(made: World, home: str, away: str) -> World:
    """Fill a world: shelter and authority in Djibouti, transit centre and community coalition in Ethiopia.

    People of an untouched world on SQLite are those of the first such world of this process.
    """
    known = (home, away, tuple(made.hubs), made.clock.now())
    if not made.untouched:
        return _peopled(made, home, away)
    if known in _known:
        hubs = {host: (served.hub, served.url) for host, served in made.hubs.items()}
        made.members.update(_known[known].put(made.folder, hubs, made.clock))
    else:
        _peopled(made, home, away)
        _known[known] = Remembered.of(
            made.folder, {host: served.hub for host, served in made.hubs.items()}, made.members
        )
    return made


def _peopled(made: World, home: str, away: str) -> World:
    made.found(home, "shelter", "shelter", "DJ", "amina")
    made.found(home, "authority", "authority", "DJ", "daher")
    made.found(away, "addis", "io", "ET", "hana")
    for login, trainer in (("amina", "trainer-dj"), ("hana", "trainer-et")):
        made.train(made.members[login], made.join(made.members[login], trainer, {"agency_admin"}))
    made.found(
        away,
        "coalition",
        "community_structure",
        "ET",
        "tesfaye",
        frozenset({"focal_point", "caseworker", "agency_admin"}),
    )
    if home != away:
        made.befriend()
    return made


def today(clock: SetClock) -> date:
    return datetime.fromtimestamp(clock.now(), UTC).date()


def consent(clock: SetClock, *grants: dict[str, object], **changes: object) -> dict[str, object]:
    """A guardian's consent, given today, as a caseworker drafts it."""
    day = today(clock)
    order = consents.order(**{"from": day.isoformat(), "until": (day + timedelta(days=365)).isoformat()})
    known = {"giver": {"capacity": "guardian", "order": order}, "expression": {"on": day.isoformat()}}
    return consents.draft(*grants, **{**known, **changes})


def grant(
    clock: SetClock, to: str, *, categories: set[str], purpose: str, country: str = "ET", **more: object
) -> dict[str, object]:
    day = today(clock)
    span = {"from": day.isoformat(), "until": (day + timedelta(days=90)).isoformat()}
    return consents.grant(to, *sorted(categories), purpose=purpose, **{**span, "country": country, **more})


def protocol(clock: SetClock, *categories: str) -> dict[str, object]:
    """A sharing protocol between Djibouti and Ethiopia."""
    span = {"from": today(clock).isoformat(), "until": (today(clock) + timedelta(days=700)).isoformat()}
    return {"label": "DJ-ET", **consents.protocol(*categories), **span}


def reception(member: Member, clock: SetClock, to: str, country: str = "ET", **changes: object) -> bases.Held:
    """A consent for reception at one agency, kept as an own record."""
    scope = grant(clock, to, categories=set(SECTIONS), purpose="reception", country=country)
    return bases.draft(member, consent(clock, scope, **changes), "reception")


def protection(member: Member, clock: SetClock, to: str) -> bases.Held:
    """The duty to tell the child-protection authority."""
    day = today(clock)
    last = (day + timedelta(days=30)).isoformat()
    told = {"recipients": [to], "assent": "agreed", "given": day.isoformat(), "until": last}
    basis = {"v": 1, "kind": "mandatory_protection", **told, "expression": some_hash("note")}
    return bases.draft(member, basis, "duty")


def emergency(member: Member, clock: SetClock, to: str, supervisor: str) -> bases.Held:
    """A supervisor's note that life cannot wait."""
    now = clock.now()
    note = {"supervisor": supervisor, "reason": "Fever, needs a clinic tonight.", "made": now}
    basis = {"v": 1, "kind": "vital_interest", "recipients": [to], **note, "review_by": now + 72 * 3600}
    return bases.draft(member, basis, "emergency")


def _identity(host: str) -> Identity:
    certifiers = tuple(b64u(key) for key in sorted(CERTIFIER_KEYS))
    return Identity(host, f"operator of {host}", "ngo", "DJ", "http://127.0.0.1", certifiers)


@contextmanager
def _served(folder: Path, host: str, clock: SetClock, given: Mapping[str, Any]) -> Iterator[Served]:
    settings = Settings(data=folder, private_peers=True, **given)
    with ExitStack() as stack:
        bear(settings, _identity(host), clock)
        server, url = _server(stack)
        hub = open_hub(replace(settings, url=url), clock=clock)
        hub.wire = clock
        stack.callback(hub.database.close)
        server.app = build_app(hub)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        yield Served(hub, url, plain=not any(given.values()))


class _Quiet(WSGIRequestHandler):
    """Says nothing of requests."""

    def log(self, *_: object) -> None:
        pass


def _server(stack: ExitStack) -> tuple[object, str]:
    """Take a free port first: the hub's own address stands in its settings."""
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True, request_handler=_Quiet)
    stack.callback(server.server_close)
    return server, f"http://127.0.0.1:{server.port}"
