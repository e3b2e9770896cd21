"""Two (or one) hubs' intakes without HTTP: real databases, signatures and packets, and a carrier driven by the test.

The carrier may be slow, repeat, or be cut off; it never invents. Lies are `peer_simulator`'s business.
"""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from consent.policy import GATES, POLICY_VERSION
from hub.context import Hub
from hub.freeze.jobs import freeze_packets
from hub.freeze.machine import FreezeMachine
from hub.handofflog.auditor import audit
from hub.handofflog.store import HandoffLog
from hub.handoffs.blobs import Blobs
from hub.handoffs.intake import Intake
from hub.handoffs.outgoing import SUBMISSIONS
from hub.handoffs.views import detail
from hub.ids import MemberId, PacketId, random_id
from hub.inquiries.machine import InquiryMachine
from hub.keys.headerbox import HeaderKeys
from hub.keys.keyring import Keyring
from hub.keys.store import KeyStore
from hub.outbox.store import Outbox
from hub.packets.checkpoint import Checkpoint
from hub.packets.dsse import Envelope
from hub.packets.manifest import MANIFEST_TYPE, Manifest
from hub.packets.seal import Basis, Plan, freeze_handle, seal
from hub.referrals.jobs import sweep
from hub.referrals.machine import ReferralMachine
from hub.settings import Settings
from hub.statements.grammar import Grade, HubActor, Statement
from hub.statements.verify import sign_statement, verify_statement
from hub.timers.machine import TimerMachine
from hub.transfer.cases import CaseMachine, NoticeMachine, SuccessionMachine
from hub.transfer.machine import TransferMachine
from tests.support.factories import CERTIFIER_KEYS, Agency, Member, World, hub_signer, register, some_hash
from tests.support.packets import MemoryPacket

if TYPE_CHECKING:
    from pathlib import Path

    from hub.clock import SetClock
    from hub.db import Database

HOME, AWAY = "dj.example", "et.example"
EMPTY_LOG = Checkpoint("none.example", 0, bytes(32))


@dataclass
class Desk:
    """One hub's intake with its database."""

    hub: Hub

    @classmethod
    def open(cls, host: str, database: Database, clock: SetClock, folder: Path) -> Desk:
        hub = Hub(Settings(data=folder), database, clock, hub_signer(host), host)
        kinds = (ReferralMachine, FreezeMachine, InquiryMachine, TimerMachine)
        beside = (TransferMachine, CaseMachine, NoticeMachine, SuccessionMachine)
        machines = [kind(host) for kind in (*kinds, *beside)]
        hub.intake = Intake(
            origin=host,
            signer=hub.signer,
            clock=clock,
            blobs=Blobs(folder / host),
            header_keys=HeaderKeys(folder / host / "header-keys"),
            machines={machine.kind: machine for machine in machines},
        )
        return cls(hub)

    @property
    def intake(self) -> Intake:
        return self.hub.intake

    def know(self, *agencies: Agency) -> None:
        with self.hub.database.write() as connection:
            register(connection, *agencies, origin=self.hub.origin)

    def post(self, statement: bytes, packet: MemoryPacket | None, agency: str) -> bytes:
        staged = self.stage(packet)
        try:
            with self.hub.database.write() as connection:
                return self.intake.accept(connection, statement, staged, agency=agency)
        finally:
            if staged:
                staged.close()

    def stage(self, packet: MemoryPacket | None) -> Any:
        if packet is None:
            return None
        names = sorted(packet.names(), key=lambda n: (n != "body", n))
        files = [(n, io.BytesIO(packet.stream(n).read())) for n in names]
        return self.intake.stage(packet.manifest(), files)

    def shown(self, handoff: str, agency: str) -> dict[str, Any]:
        with self.hub.database.read() as connection:
            return detail(connection, self.intake, handoff, agency, self.hub.clock.now())

    def outgoing(self, peer: str) -> int:
        with self.hub.database.read() as connection:
            return Outbox(connection).waiting(peer)

    def sweep(self) -> int:
        return sweep(self.hub)

    def look(self) -> int:
        return freeze_packets(self.hub)

    def audited(self) -> Any:
        with self.hub.database.read() as connection:
            return audit(HandoffLog(connection, self.hub.origin).export())

    def rows(self) -> int:
        with self.hub.database.read() as connection:
            return HandoffLog(connection, self.hub.origin).head().size


def carry(sender: Desk, receiver: Desk, *, times: int = 1, answer: bool = True) -> bool:
    """Take the oldest promised word from one hub to the other, perhaps more than once, perhaps losing the answer."""
    peer, now = receiver.hub.origin, sender.hub.clock.now()
    with sender.hub.database.write() as connection:
        claim = Outbox(connection).claim(peer, now, 0)
        if claim and sender.intake.parked(connection, claim.statement):
            Outbox(connection).park(claim)
            return True
        message = sender.intake.message(connection, claim.statement) if claim else None
        if claim and message is None:
            Outbox(connection).drop(claim.id, now)
            return True
    if claim is None:
        return False
    said = b""
    for _ in range(times):
        files = [(n, io.BytesIO(header + path.read_bytes())) for n, header, path in message.files]
        staged = receiver.intake.stage(message.manifest, files) if message.manifest else None
        with receiver.hub.database.write() as connection:
            said = receiver.intake.receive(
                connection,
                peer=sender.hub.origin,
                statement=message.statement,
                receipt=message.receipt,
                packet=staged,
            )
        if staged:
            staged.close()
    if answer:
        with sender.hub.database.write() as connection:
            verified = verify_statement(said, KeyStore(connection), now=now)
            sender.intake.answered(connection, statement_hash=claim.statement, peer=peer, answer=verified)
            Outbox(connection).sent(claim.id, now)
    return True


def introduce(one: Desk, other: Desk) -> None:
    """Let each hub know the other's key documents, with their true places in the other's log."""
    for teller, listener in ((one, other), (other, one)):
        with teller.hub.database.read() as connection:
            documents = KeyStore(connection).documents(teller.hub.origin)
        with listener.hub.database.write() as connection:
            ring = Keyring(connection, listener.hub.origin, CERTIFIER_KEYS)
            for document in documents:
                ring.take(document["envelope"], document["log_index"], host=teller.hub.origin)


def settle(one: Desk, other: Desk) -> None:
    """Carry until nothing is promised any more."""
    while carry(one, other) or carry(other, one):
        pass


@dataclass
class People:
    """Two agencies with their members, and the statements that they sign."""

    world: World
    shelter: Agency
    centre: Agency
    clock: SetClock
    heads: dict[str, str] = field(default_factory=dict)

    @classmethod
    def invented(cls, clock: SetClock, home: str = HOME, away: str = AWAY) -> People:
        world = World()
        shelter = world.agency("shelter", home, kind="shelter", country="DJ")
        centre = world.agency("centre", away, kind="io", country="ET")
        for agency in (shelter, centre):
            for name, role in (("case", "caseworker"), ("boss", "supervisor"), ("deputy", "deputy")):
                agency.member(name, role)
        centre.member("desk", "provider")
        return cls(world, shelter, centre, clock)

    def packet(self, sender: Agency, to: Agency, author: Member, **changes: Any) -> tuple[Manifest, MemoryPacket]:
        now = self.clock.now()
        sink = MemoryPacket()
        own = sender is to
        facts: dict[str, Any] = {
            "packet": PacketId(random_id()),
            "sender": sender.agency,
            "to": to.agency,
            "inbox": to.inbox,
            "created": now,
            "expires": now + 30 * 86_400,
            "log": EMPTY_LOG,
            "basis": None if own else Basis(bytes(32), {"v": 1, "basis": "consent"}, to.country, "2030-01"),
            "author": MemberId(author.member),
            "recipients": [to.epoch().identity.recipient],
            "epoch": 1,
            "sections": {"identity": {"name": "SYN-ET-001 Hagos"}},
        }
        manifest = seal(Plan(**{**facts, **changes}), author.signer, sink)
        return manifest, sink

    def submit(
        self,
        *,
        urgency: str = "urgent",
        due: int = 86_400,
        key: bytes | None = None,
        link: dict[str, Any] | None = None,
        **changes: Any,
    ) -> tuple[str, bytes, MemoryPacket]:
        """A signed submission: (handoff, statement, packet). `changes` go into the packet's plan."""
        author = self.shelter.members["case"]
        manifest, packet = self.packet(self.shelter, self.centre, author, **changes)
        body = {
            "kind": "referral",
            "urgency": urgency,
            "due": self.clock.now() + due,
            "needed_from": None,
            "verdict": {
                "policy": POLICY_VERSION,
                "gates": [{"id": gate, "commit": some_hash(gate)} for gate in GATES],
                "signers": [{"role": "caseworker", "n": 1}],
            },
            "leg": None,
            "freeze": freeze_handle(key or secrets.token_bytes(32), manifest.packet),
            "link": link,
        }
        handoff = random_id()
        return handoff, self.sign("referral.submit", handoff, author, body=body, packet=packet), packet

    def sign(
        self,
        kind: str,
        handoff: str,
        member: Member,
        *,
        body: dict[str, Any] | None = None,
        packet: MemoryPacket | None = None,
        role: str | None = None,
        grade: Grade = Grade.SIGNED,
        at: int | None = None,
    ) -> bytes:
        part = (Envelope.from_bytes(packet.manifest(), MANIFEST_TYPE).hash,) if packet else ()
        heads = () if kind in SUBMISSIONS else (some_hash(handoff),)
        now = self.clock.now() if at is None else at
        by = (member.actor(role),)
        made = Statement(kind, handoff, heads, by, now, grade, body or {}, part)
        return sign_statement(made, [member.signer]).to_bytes()


def hub_statement(kind: str, host: str, handoff: str, body: dict[str, Any], at: int) -> bytes:
    made = Statement(kind, handoff, (some_hash(handoff),), (HubActor(host),), at, Grade.HUB, body, ())
    return sign_statement(made, [hub_signer(host)]).to_bytes()
