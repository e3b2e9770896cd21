"""Transfers at the level of statements: agencies at any number of hubs, a case, its legs, and who signs what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from consent.policy import POLICY_VERSION
from hub.handoffs.checks import gates_of
from hub.handoffs.outgoing import SUBMISSIONS
from hub.ids import random_id
from hub.packets.dsse import Envelope
from hub.packets.manifest import MANIFEST_TYPE
from hub.statements.bodies import KINDS, Part
from hub.statements.grammar import STATEMENT_TYPE, Grade, Statement
from hub.statements.verify import sign_statement
from tests.support.desks import Desk, People, carry
from tests.support.factories import some_hash

if TYPE_CHECKING:
    from tests.support.factories import Agency, Member

HOUR, DAY = 3_600, 86_400


@dataclass
class Journey:
    """The people of a transfer and their hubs: `desks` by host, `people` for packets."""

    people: People
    desks: dict[str, Desk]
    names: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> int:
        return self.people.clock.now()

    def desk(self, agency: Agency) -> Desk:
        return self.desks[agency.agency.rpartition("@")[2]]

    def of(self, member: Member) -> Agency:
        """The agency of a member."""
        return self.people.world.agencies[member.agency]

    def say(
        self,
        kind: str,
        handoff: str,
        *by: tuple[Member, str],
        body: dict[str, Any] | None = None,
        to: Agency | None = None,
        at: Agency | None = None,
    ) -> str:
        """Sign a statement by these members in these roles, post it at the first one's hub; return its hash."""
        first = by[0][0]
        agency = self.of(first)
        data, packet = self.signed(kind, handoff, *by, body=body, to=to)
        self.desk(at or agency).post(data, packet, agency.agency)
        return Envelope.from_bytes(data, STATEMENT_TYPE).hash

    def signed(
        self,
        kind: str,
        handoff: str,
        *by: tuple[Member, str],
        body: dict[str, Any] | None = None,
        to: Agency | None = None,
    ) -> tuple[bytes, Any]:
        first, rules = by[0][0], KINDS[kind]
        packet, parts, said = None, (), dict(body or {})
        if "verdict" in rules.body:
            signers: dict[str, int] = {}
            for _member, role in by:
                signers[role] = signers.get(role, 0) + 1
            said["verdict"] = {
                "policy": POLICY_VERSION,
                "gates": [{"id": gate, "commit": some_hash(gate)} for gate in gates_of(kind)],
                "signers": [{"role": role, "n": n} for role, n in signers.items()],
            }
        if "freeze" in rules.body:
            said["freeze"] = some_hash(f"freeze {handoff}")
        if rules.part is Part.REQUIRED:
            _manifest, packet = self.people.packet(self.of(first), to or self.of(first), first)
            parts = (Envelope.from_bytes(packet.manifest(), MANIFEST_TYPE).hash,)
        heads = () if kind in SUBMISSIONS else (some_hash(handoff),)
        actors = tuple(member.actor(role) for member, role in by)
        made = Statement(kind, handoff, heads, actors, self.now, Grade.SIGNED, said, parts)
        return sign_statement(made, [member.signer for member, _role in by]).to_bytes(), packet

    def settle(self) -> None:
        """Carry between all hubs until nothing is promised any more."""
        moved = True
        while moved:
            hubs = list(self.desks.values())
            moved = any(carry(one, other) for one in hubs for other in hubs if one is not other)

    def plan(self, days: int = 3) -> dict[str, int]:
        start = self.now + days * DAY
        return {"depart": start, "from": start + 6 * HOUR, "until": start + 12 * HOUR}

    # -- the steps of a leg, as everybody takes them when all goes well

    def open(self, agency: Agency) -> str:
        case = random_id()
        self.say("case.open", case, worker(agency), body={"kind": "case", "to": agency.agency})
        return case

    def leg(self, case: str, sender: Agency, to: Agency) -> str:
        """Name a leg in the case, offer it, and send what is needed to search for the child."""
        leg = random_id()
        self.say("case.leg", case, worker(sender), body={"leg": leg})
        self.offer(leg, sender, to)
        return leg

    def offer(self, leg: str, sender: Agency, to: Agency) -> None:
        body = {"kind": "transfer_leg", "urgency": "high", "due": None, "plan": self.plan()}
        self.say("transfer.offer", leg, worker(sender), boss(sender), body=body, to=to)
        self.say("transfer.search", leg, worker(sender), to=to)
        self.settle()

    def accept(self, leg: str, sender: Agency, to: Agency) -> None:
        self.say("transfer.acknowledge", leg, worker(to))
        named = to.members["case"].member
        body = {"plan": self.plan(), "worker": named, "duty": [named]}
        self.say("transfer.accept", leg, worker(to), boss(to), body=body, to=sender)
        self.settle()

    def travel(self, leg: str, sender: Agency, to: Agency) -> None:
        self.say("transfer.depart", leg, worker(sender), body={"plan": self.plan()})
        self.settle()
        self.say("transfer.arrive", leg, worker(to), body={"seen": self.now})
        self.settle()

    def release(self, leg: str, sender: Agency) -> str:
        return self.say("transfer.release", leg, boss(sender))

    def take(self, leg: str, to: Agency, release: str) -> str:
        body = {"release": release, "first_contact": "2026-12-20"}
        return self.say("transfer.take", leg, boss(to), body=body)

    def arrived(self, case: str, sender: Agency, to: Agency) -> str:
        leg = self.leg(case, sender, to)
        self.accept(leg, sender, to)
        self.travel(leg, sender, to)
        return leg

    def handed_over(self, case: str, sender: Agency, to: Agency) -> str:
        leg = self.arrived(case, sender, to)
        release = self.release(leg, sender)
        self.settle()
        self.take(leg, to, release)
        self.settle()
        return leg

    def state(self, leg: str, agency: Agency) -> str:
        return self.desk(agency).shown(leg, agency.agency)["state"]


def worker(agency: Agency) -> tuple[Member, str]:
    return agency.members["case"], "caseworker"


def boss(agency: Agency) -> tuple[Member, str]:
    return agency.members["boss"], "supervisor"
