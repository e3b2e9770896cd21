"""A hub with its real routes and a plain intake, and a simulated peer that it knows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from hub.app import build_app
from hub.clock import SetClock
from hub.context import Hub
from hub.federation.deliver import deliver_queue
from hub.federation.pull import add_peer
from hub.federation.store import Peers
from hub.handofflog.merkle import includes
from hub.handofflog.store import HandoffLog
from hub.handoffs.blobs import Blobs
from hub.keys.certificates import fingerprint
from hub.keys.store import KeyStore
from hub.outbox.store import Outbox
from hub.packets.encoding import b64u
from hub.settings import Settings
from hub.statements.grammar import Grade, HubActor, Statement
from hub.statements.receipts import read_receipt
from hub.statements.verify import sign_statement, verify_statement
from tests.support.factories import CERTIFIER_KEYS, NOW, Agency, Member, register, signer, some_hash, statement
from tests.support.peer_simulator import PeerSimulator, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.db import Database
    from hub.handoffs.blobs import ReceivedPacket
    from hub.packets.dsse import Envelope, Signer

HERE, THERE = "here.example", "there.example"


@dataclass(frozen=True)
class Outgoing:
    statement: bytes
    receipt: bytes
    manifest: bytes | None = None
    files: tuple[tuple[str, bytes, Path], ...] = ()


@dataclass
class PlainIntake:
    """Logs what comes, signs a true receipt, remembers answers; knows no state machine."""

    key: Signer
    blobs: Blobs
    outgoing: dict[str, Outgoing | None] = field(default_factory=dict)
    answers: list[tuple[str, str]] = field(default_factory=list)
    packets: list[dict[str, bytes]] = field(default_factory=list)
    fail: Exception | None = None
    origin: str = HERE

    def stage(self, manifest: bytes, files: Any) -> ReceivedPacket:
        return self.blobs.stage(manifest, files)

    def receive(
        self, connection: Any, *, peer: str, statement: bytes, receipt: bytes, packet: ReceivedPacket | None
    ) -> bytes:
        if self.fail:
            raise self.fail
        keys = KeyStore(connection)
        verified = verify_statement(statement, keys, now=NOW)
        read_receipt(verify_statement(receipt, keys, now=NOW), verified, includes)
        if packet is not None:
            self.packets.append({name: header + path.read_bytes() for name, (header, path) in packet.files.items()})
        return self.receipt(connection, verified.envelope)

    def receipt(self, connection: Any, envelope: Envelope) -> bytes:
        log = HandoffLog(connection, self.origin)
        entry = log.append(envelope.to_bytes(), now=NOW)
        body = {
            "statement": envelope.hash,
            "log": log.head().value,
            "index": entry.index,
            "salt": b64u(entry.salt),
            "proof": [b64u(node) for node in log.inclusion(entry.index)],
            "position": None,
            "state": None,
            "chan": None,
        }
        by = (HubActor(self.origin),)
        said = Statement("hub.receipt", envelope.value["handoff"], (envelope.hash,), by, NOW, Grade.HUB, body, ())
        return sign_statement(said, [self.key]).to_bytes()

    def parked(self, connection: Any, statement_hash: str) -> bool:
        return False

    def message(self, connection: Any, statement_hash: str) -> Outgoing | None:
        return self.outgoing[statement_hash]

    def answered(self, connection: Any, *, statement_hash: str, peer: str, answer: Any) -> None:
        self.answers.append((statement_hash, answer.statement.type))


@dataclass
class Scene:
    """One hub of ours, one peer, and an agency with a caseworker at each."""

    hub: Hub
    peer: PeerSimulator
    ours: Member
    theirs: Member
    their_agency: Agency

    @property
    def intake(self) -> PlainIntake:
        return self.hub.intake

    def promise(self, name: str = "first", **extra: Any) -> str:
        """Put a statement of our member into the outbox; return its hash."""
        said = statement("referral.acknowledge", self.ours.actor(), heads=(some_hash(name),))
        envelope = sign_statement(said, [self.ours.signer])
        with self.hub.database.write() as connection:
            receipt = self.intake.receipt(connection, envelope)
            Outbox(connection).put(THERE, envelope.hash, NOW)
        self.intake.outgoing[envelope.hash] = Outgoing(envelope.to_bytes(), receipt, **extra)
        return envelope.hash

    def their_word(self, name: str = "first") -> Envelope:
        """A statement that a member of theirs has signed."""
        said = statement("referral.acknowledge", self.theirs.actor(), heads=(some_hash(name),))
        return sign_statement(said, [self.theirs.signer])

    def deliver(self) -> int:
        with self.hub.database.read() as connection:
            peer = Peers(connection).get(THERE)
        return deliver_queue(self.hub, peer)

    def log_size(self) -> int:
        with self.hub.database.read() as connection:
            return HandoffLog(connection, HERE).head().size

    def rows(self, table: Any) -> list[Any]:
        with self.hub.database.read() as connection:
            return connection.execute(table.select()).all()


@pytest.fixture
def hub(database: Database, tmp_path: Path) -> Hub:
    key = signer(f"hub {HERE}")
    settings = Settings(data=tmp_path, private_peers=True, url="http://127.0.0.1:1")
    made = Hub(settings, database, SetClock(NOW), key, HERE, CERTIFIER_KEYS, wire=SetClock(NOW))
    made.intake = PlainIntake(key, Blobs(tmp_path / "blobs"))
    return made


@pytest.fixture
def peer() -> Iterator[PeerSimulator]:
    simulated = PeerSimulator(THERE)
    with serving(simulated) as url:
        simulated.url = url
        yield simulated
        simulated.patience.set()


@pytest.fixture
def scene(hub: Hub, peer: PeerSimulator) -> Iterator[Scene]:
    home, abroad = Agency("shelter", HERE), Agency("transit", THERE)
    ours, theirs = home.member("amina"), abroad.member("bekele")
    with hub.database.write() as connection:
        register(connection, home, origin=HERE)
    peer.publish(abroad.envelope(), theirs.envelope)
    with serving(build_app(hub)) as url:
        hub.settings = replace(hub.settings, url=url)
        add_peer(hub, peer.url, fingerprint(peer.key.public_key))
        yield Scene(hub, peer, ours, theirs, abroad)
