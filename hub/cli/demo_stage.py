"""The stage: two hubs as two processes on loopback, a mail server, agencies with people, a clock that can be hurried.

Everything is real but the people. Private keys are only in the profiles below `people/`.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any

import requests
from aiosmtpd.controller import Controller

from hub.app import create_hub
from hub.cli import demo_story as story
from hub.cli.operator import invitation, opened
from hub.client import around, enrol, founding, training
from hub.client.founding import AgencyFacts
from hub.clock import FileClock, SystemClock
from hub.directory.areas.store import Areas
from hub.errors import Unavailable
from hub.federation.jobs import pull
from hub.federation.pull import add_peer
from hub.keys.certificates import NEVER_RECEIVE, certify, fingerprint
from hub.packets.dsse import Signer
from hub.packets.encoding import b64u
from hub.referrals.jobs import confirm_time
from hub.settings import Settings
from hub.web.identity import Identity

if TYPE_CHECKING:
    from pathlib import Path

    from hub.client.member import Member

_HURRY = "10"
_PATIENCE = 60.0
_HOUR, _DAY = 3_600, 86_400
_STORY = 30
"""Days that the story takes: it began so long ago and ends now, so that a browser, whose clock is real, can go on."""


class _Mail:
    """What the mail server does with a mail: keeps it as a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep a mail."""
        number = sum(1 for _ in self.folder.iterdir()) + 1
        (self.folder / f"{number:03}.eml").write_bytes(envelope.content)
        return "250 kept"

    def subjects(self) -> list[str]:
        """Return the subjects of all mails, in the order in which they came."""
        return [str(BytesParser().parsebytes(p.read_bytes())["Subject"]) for p in sorted(self.folder.iterdir())]


@dataclass
class RunningHub:
    """One hub: its settings, its process, its log file."""

    host: str
    country: str
    operator: str
    settings: Settings
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return self.settings.url

    def start(self, environment: dict[str, str]) -> None:
        """Start `hub serve` and wait until it answers.

        Raises:
            Unavailable: it does not.
        """
        words = ["serve", "--data", str(self.settings.data), "--port", self.url.rpartition(":")[2]]
        given = {"HUB_URL": self.url, "HUB_PRIVATE_PEERS": "1", "HUB_HURRY": _HURRY, **environment}
        with (self.settings.data / "hub.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "hub.cli.main", *words], env={**os.environ, **given}, stdout=log, stderr=log
            )
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if requests.get(f"{self.url}/healthz", timeout=1).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
        raise Unavailable("A hub of the demonstration did not start.", todo=f"Read {self.settings.data / 'hub.log'}.")

    def stop(self) -> None:
        """End the process."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)


@dataclass
class Stage:
    """Hubs, people, mail and time. Everything stands below `root`."""

    root: Path
    passphrase: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)
    hubs: dict[str, RunningHub] = field(default_factory=dict)
    people: dict[str, Member] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = FileClock(self.root / "clock.json")
        self.began = SystemClock().now() - _STORY * _DAY
        self.clock.put(self.began, factor=1)
        self.mail = _Mail(self.root / "mail")
        self._smtp = Controller(self.mail, hostname="127.0.0.1", port=_free_port())
        self._certifiers = (Signer(secrets.token_bytes(32)), Signer(secrets.token_bytes(32)))

    def open(self) -> None:
        """Create both hubs, start them, and make them peers by fingerprint."""
        self._smtp.start()
        for host, country, operator in (
            ("dj.handover.example", "DJ", "Djibouti inter-agency group"),
            ("et.handover.example", "ET", "Ethiopia inter-agency group"),
        ):
            settings = Settings(
                data=self.root / host.partition(".")[0],
                url=f"http://127.0.0.1:{_free_port()}",
                private_peers=True,
                clock_file=str(self.root / "clock.json"),
            )
            certifiers = tuple(b64u(signer.public_key) for signer in self._certifiers)
            create_hub(settings, Identity(host, operator, "ngo", country, settings.url, certifiers), clock=self.clock)
            self.hubs[country] = RunningHub(host, country, operator, settings)
        for hub in self.hubs.values():
            hub.start({"HUB_CLOCK_FILE": str(self.root / "clock.json"), "HUB_SMTP": self._address()})
        self._introduce()

    def agency(self, name: str, country: str, kind: str, *people: tuple[str, str]) -> str:
        """Found an agency with its people, (login, role) each; the first is its founder. Return its address."""
        (founder, role), hub = people[0], self.hubs[country]
        with opened(hub.settings) as home:
            given = {"agency_admin", role} | (set() if kind in NEVER_RECEIVE else {"data_officer"})
            invited = invitation(home, name, frozenset(given), f"{founder}@{name}.example")
        identity, _ = founding.begin(self._desk(founder), invited, AgencyFacts(kind, country, hub.operator))
        certs = [certify(identity, certifier, self.clock.now()) for certifier in self._certifiers]
        admin = founding.finish(self._desk(founder), certs)
        self.people[founder] = admin
        if kind in NEVER_RECEIVE:  # it has no inbox, and so no records of its own
            return identity.agency
        today = story.today(self.clock.now())
        around.attest(admin, *[(today + timedelta(days=365)).isoformat()] * 2)
        if kind != "community_structure":
            around.put_protocol(admin, story.sharing_protocol(self.clock.now()))
        for login, other in people[1:]:
            invited = enrol.invite(admin, {other}, mail=f"{login}@{name}.example")
            self.people[login], _ = enrol.enrol(self._desk(login), invited)
            waiting = next(row for row in enrol.pending(admin) if row.login == login)
            enrol.certify_pending(admin, login, waiting.fingerprint, {other})
        if kind != "community_structure":
            enrol.grant_missing(admin)
        return identity.agency

    def train(self, who: str, by: str) -> None:
        """Record for a year that somebody was trained to ask for consent."""
        until = story.today(self.clock.now()) + timedelta(days=365)
        training.record(self.people[by], self.people[who].id, {"consent"}, until)

    def pull(self) -> None:
        """Let each hub fetch the other's keys now instead of at the next tick."""
        for hub in self.hubs.values():
            with opened(hub.settings) as home:
                pull(home)

    def know_areas(self, *countries: str) -> None:
        """Load the areas of countries, which come with the hub, at both hubs."""
        for hub in self.hubs.values():
            with opened(hub.settings) as home, home.database.write() as connection:
                for country in countries:
                    Areas(connection).ensure(country)

    def wait(self, true: Any, what: str) -> None:
        """Wait until `true()` holds.

        Raises:
            Unavailable: it does not within a minute.
        """
        end = time.monotonic() + _PATIENCE
        while not true():
            if time.monotonic() > end:
                raise Unavailable(f"Waited in vain: {what}.")
            time.sleep(0.1)

    def hurry(self, factor: int) -> None:
        """Let time run `factor` times as fast from now on."""
        self.clock.put(self.clock.now(), factor=factor)

    @property
    def today(self) -> int:
        """Return how many days have gone by."""
        return (self.clock.now() - self.began) // _DAY

    def go_to(self, day: int, *, hours: int = 0) -> None:
        """Let time pass until a day; an operator says at each hub that the clock is right."""
        self.clock.put(max(self.clock.now(), self.began + day * _DAY + hours * _HOUR), factor=1)
        for hub in self.hubs.values():
            with opened(hub.settings) as home:
                confirm_time(home)

    def catch_up(self) -> None:
        """Let the story's time become the machine's, and run with it."""
        self.go_to(_STORY)

    def close(self) -> None:
        """Stop everything."""
        for hub in self.hubs.values():
            hub.stop()
        self._smtp.stop()

    def _introduce(self) -> None:
        hubs = list(self.hubs.values())
        for hub, other in zip(hubs, reversed(hubs), strict=True):
            with opened(hub.settings) as home, opened(other.settings) as peer:
                add_peer(home, other.url, fingerprint(peer.signer.public_key))

    def _desk(self, login: str) -> enrol.Desk:
        return enrol.Desk(self.root / "people" / login, login, self.passphrase, self.clock)

    def _address(self) -> str:
        return f"127.0.0.1:{self._smtp.port}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
