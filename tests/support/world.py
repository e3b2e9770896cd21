"""Whole hubs on loopback with agencies and members who enrolled through the client library, as people would.

The clock stands where it is put. Argon2 at its floor costs 80 ms a member, so a world is built once for a module.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

from consent.basis import Consent, Giver, Grant, MandatoryProtection, VitalInterest
from hub.app import build_app, create_hub, open_hub
from hub.auth import accounts
from hub.auth.store import AccountStore
from hub.client import basis as bases
from hub.client import enrol, founding
from hub.client.enrol import Desk, Invitation
from hub.client.founding import AgencyFacts
from hub.federation.jobs import deliver, pull
from hub.federation.pull import add_peer
from hub.freeze.jobs import freeze_packets
from hub.ids import agency_id
from hub.keys.certificates import certify, fingerprint
from hub.packets.encoding import b64u
from hub.referrals.jobs import sweep
from hub.settings import Settings
from hub.web.identity import Identity
from tests.support.factories import CERTIFIER_KEYS, CERTIFIERS, some_hash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.client.member import Member
    from hub.clock import SetClock
    from hub.context import Hub

PASSPHRASE = "correct horse battery staple"
FOUNDER = frozenset({"caseworker", "supervisor", "agency_admin", "coordinator"})
SECTIONS = {"minimal_contact": {"name": "SYN Hagos"}, "needs_risk": {"risk": "high"}}


@dataclass
class Served:
    """One hub that answers on loopback."""

    hub: Hub
    url: str

    def invite(self, name: str, roles: frozenset[str] = FOUNDER) -> Invitation:
        agency = agency_id(name, self.hub.origin)
        with self.hub.database.write() as connection:
            code = accounts.invite(AccountStore(connection), agency, roles, None, self.hub.clock.now())
        key = self.hub.signer.public_key
        return Invitation(self.url, self.hub.origin, key, agency, roles, CERTIFIER_KEYS, code)


@dataclass
class World:
    """Hubs by host and members by login."""

    folder: Path
    clock: SetClock
    hubs: dict[str, Served] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)

    def desk(self, login: str) -> Desk:
        return Desk(self.folder / login, login, PASSPHRASE, self.clock)

    def found(
        self, host: str, name: str, kind: str, country: str, login: str, roles: frozenset[str] = FOUNDER
    ) -> Member:
        """Found an agency with its two certifications; its founder is `login`."""
        invitation = self.hubs[host].invite(name, roles)
        facts = AgencyFacts(kind, country, f"operator of {host}", duty=("+253 00 00 00",))
        identity, _ = founding.begin(self.desk(login), invitation, facts)
        certs = [certify(identity, certifier, self.clock.now()) for certifier in CERTIFIERS]
        member = founding.finish(self.desk(login), certs)
        self.members[login] = member
        return member

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
        for _ in range(3):
            for served in self.hubs.values():
                freeze_packets(served.hub)
                deliver(served.hub)
        for served in self.hubs.values():
            sweep(served.hub)
        for member in self.members.values():
            member.trust.forget()


@contextmanager
def world(folder: Path, clock: SetClock, *hosts: str, database: str = "") -> Iterator[World]:
    """Yield hubs at `hosts`, each served by a thread, without agencies."""
    made = World(folder, clock)
    with ExitStack() as stack:
        for host in hosts:
            made.hubs[host] = stack.enter_context(_served(folder / f"hub-{host}", host, clock, database))
        yield made


def populated(made: World, home: str, away: str) -> World:
    """Fill a world: shelter and authority in Djibouti, transit centre and community coalition in Ethiopia."""
    made.found(home, "shelter", "shelter", "DJ", "amina")
    made.found(home, "authority", "authority", "DJ", "daher")
    made.found(away, "addis", "io", "ET", "hana")
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


def consent(clock: SetClock, *grants: Grant, **changes: object) -> Consent:
    """A guardian's consent, given today."""
    day = today(clock)
    values = {
        "situation": "unaccompanied",
        "giver": Giver("guardian", day + timedelta(days=365)),
        "assent": "agreed",
        "explained_in": "ti",
        "given": day,
        "expression": some_hash("form"),
        "grants": grants,
    }
    return Consent(**{**values, **changes})


def grant(clock: SetClock, *recipients: str, categories: set[str], purposes: set[str], country: str) -> Grant:
    day = today(clock)
    return Grant(
        frozenset(categories),
        frozenset(recipients),
        frozenset(purposes),
        frozenset({country}),
        day,
        day + timedelta(days=90),
    )


def reception(member: Member, clock: SetClock, to: str, country: str = "ET", **changes: object) -> bases.Held:
    """A consent for reception and tracing at one agency, kept as an own record."""
    scope = grant(clock, to, categories=set(SECTIONS), purposes={"reception"}, country=country)
    return bases.keep(member, consent(clock, scope, **changes), "reception")


def protection(member: Member, clock: SetClock, to: str) -> bases.Held:
    """The duty to tell the child-protection authority."""
    day = today(clock)
    basis = MandatoryProtection(frozenset({to}), "agreed", day, day + timedelta(days=30), some_hash("note"))
    return bases.keep(member, basis, "duty")


def emergency(member: Member, clock: SetClock, to: str, supervisor: str) -> bases.Held:
    """A supervisor's note that life cannot wait."""
    now = clock.now()
    basis = VitalInterest(frozenset({to}), supervisor, "Fever, needs a clinic tonight.", now, now + 72 * 3600)
    return bases.keep(member, basis, "emergency")


@contextmanager
def _served(folder: Path, host: str, clock: SetClock, database: str) -> Iterator[Served]:
    certifiers = tuple(b64u(key) for key in sorted(CERTIFIER_KEYS))
    settings = Settings(data=folder, database=database, private_peers=True)
    with ExitStack() as stack:
        create_hub(
            settings, Identity(host, f"operator of {host}", "ngo", "DJ", "http://127.0.0.1", certifiers), clock=clock
        )
        server, url = _server(stack)
        hub = open_hub(Settings(data=folder, database=database, private_peers=True, url=url), clock=clock)
        hub.wire = clock
        stack.callback(hub.database.close)
        server.app = build_app(hub)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        yield Served(hub, url)


class _Quiet(WSGIRequestHandler):
    """Says nothing of requests."""

    def log(self, *_: object) -> None:
        pass


def _server(stack: ExitStack) -> tuple[object, str]:
    """Take a free port first: the hub's own address stands in its settings."""
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True, request_handler=_Quiet)
    stack.callback(server.server_close)
    return server, f"http://127.0.0.1:{server.port}"
