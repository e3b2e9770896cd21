"""The register of one case over real hubs, step by step as the model (`tests.model.register`) names them.

What stands in the databases is read back as a world of the model, so that the same laws are asked of both. Lines are
the test's: a word is carried when it says so, again or out of turn, and a crash ends a transaction in the middle.
"""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from hub.followup.store import FollowUps
from hub.handoffs.store import HandoffStore
from hub.ids import host_of, random_id
from hub.keys.store import KeyStore
from hub.outbox.store import Delivery, Outbox, outbox
from hub.packets.dsse import Envelope
from hub.statements.grammar import STATEMENT_TYPE
from hub.statements.verify import verify_statement
from hub.transfer.register import ASSUME, RELEASE, TAKE, Case
from hub.transfer.store import CaseStore, cases
from tests.model.register import EFFECTIVE, GENESIS, REPEATED, Hubs, Row, Said, World
from tests.support.desks import Desk, People, introduce
from tests.support.factories import Agency
from tests.support.journeys import Journey, boss, worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hub.clock import SetClock
    from hub.db import Database
    from tests.model.register import Setting, Step

SIGNERS = 5
"""Supervisors of each agency, so that different members can take one release."""


class Crashed(Exception):
    """The process ended before its commit."""


@dataclass
class Registers:
    """Real hubs, on which the case is open and no leg has begun."""

    setting: Setting
    journey: Journey
    case: str
    agencies: dict[str, Agency]
    coordinator: Agency
    model: Hubs
    legs: dict[str, str] = field(default_factory=dict)
    """The handoff of each leg that was prepared."""
    said: dict[Said, tuple[str, str]] = field(default_factory=dict)
    """The handoff and the hash of each statement that a hub took."""
    answers: dict[Said, bytes] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)

    @classmethod
    def over(cls, setting: Setting, databases: Mapping[str, Database], clock: SetClock, folder: Path) -> Registers:
        """Open the hubs of a setting over these databases, with their agencies, and the case."""
        people = People.invented(clock)
        succeeded = setting.agencies.get(setting.successor or "")
        agencies = {}
        for name, agency in [*setting.agencies.items(), ("network", f"urn:rcp:agency:network@{setting.hosts[0]}")]:
            made = Agency(name.partition("@")[0], host_of(agency), successor=succeeded if agency != succeeded else None)
            people.world.agencies[made.agency] = agencies[made.agency] = made
            made.member("case", "caseworker")
            for n in range(SIGNERS):
                made.member(f"boss {n}" if n else "boss", "supervisor", "coordinator")
        desks = {host: Desk.open(host, database, clock, folder) for host, database in databases.items()}
        for host, desk in desks.items():
            desk.know(*(agency for agency in agencies.values() if agency.host == host))
        hosts = sorted(desks)
        for n, host in enumerate(hosts):
            for other in hosts[n + 1 :]:
                introduce(desks[host], desks[other])
        journey = Journey(people, desks)
        coordinator = agencies.pop(f"urn:rcp:agency:network@{hosts[0]}")
        first = agencies[setting.agencies[next(iter(setting.legs.values()))[0]]]
        return cls(setting, journey, journey.open(first), agencies, coordinator, Hubs(setting))

    # -- steps

    def take(self, step: Step) -> None:
        """Do a step of the model."""
        self.journey.people.clock.forward(1)  # or the same words by the same member would be the same statement
        if isinstance(step.what, Said):
            {"sign": self.sign, "carry": self.carry, "answer": self.answer}[step.verb](step.what)
        else:
            {"silence": self.silent.add, "speak": self.silent.discard}[step.verb](step.what)
            self._mark_silence()

    def sign(self, said: Said, *, crash: bool = False) -> None:
        """Let members sign, and post it at their home hub; prepare the leg first if it has not begun."""
        if said.kind == RELEASE and said.leg not in self.legs:
            self.prepare(said)
        handoff = random_id() if said.kind == ASSUME else self.legs[said.leg]
        data, packet = self._signed(said, handoff)
        agency = self.agencies[said.by]
        desk = self.journey.desk(agency)
        self._mark_silence()
        with suppress(Crashed), desk.hub.database.write() as connection:
            desk.intake.accept(connection, data, desk.stage(packet), agency=agency.agency)
            if crash:
                raise Crashed
        if not crash:
            self.said[said] = handoff, Envelope.from_bytes(data, STATEMENT_TYPE).hash

    def carry(self, said: Said, *, crash: bool = False) -> None:
        """Carry a statement to the other hub, whatever else is in the queue."""
        sender, receiver = self._hubs(said)
        with sender.hub.database.write() as connection:
            message = sender.intake.message(connection, self.said[said][1])
        assert message is not None
        self._mark_silence()
        with suppress(Crashed), receiver.hub.database.write() as connection:
            answer = receiver.intake.receive(
                connection,
                peer=sender.hub.origin,
                statement=message.statement,
                receipt=message.receipt,
                packet=None,
            )
            if crash:
                raise Crashed
            self.answers[said] = answer

    def answer(self, said: Said, *, crash: bool = False) -> None:
        """Bring the answer back."""
        sender, receiver = self._hubs(said)
        with suppress(Crashed), sender.hub.database.write() as connection:
            answer = verify_statement(self.answers[said], KeyStore(connection), now=self.journey.now)
            name = self.said[said][1]
            sender.intake.answered(connection, statement_hash=name, peer=receiver.hub.origin, answer=answer)
            if crash:
                raise Crashed

    def prepare(self, said: Said) -> None:
        """Bring a leg of the register that a release names to where the child has arrived, if that agency holds it."""
        sender, to = (self.agencies[one] for one in self.model.parties[said.leg])
        case = self.reference(str(said.names))
        leg = random_id()
        say, carry = self.journey.say, self._bring
        named, plan = to.members["case"].member, self.journey.plan()
        say("case.leg", case, worker(sender), body={"leg": leg})
        offer = {"kind": "transfer_leg", "urgency": "high", "due": None, "plan": plan}
        say("transfer.offer", leg, worker(sender), boss(sender), body=offer, to=to)
        say("transfer.search", leg, worker(sender), to=to)
        carry(leg)
        say("transfer.acknowledge", leg, worker(to))
        accept = {"plan": plan, "worker": named, "duty": [named]}
        say("transfer.accept", leg, worker(to), boss(to), body=accept, to=sender)
        carry(leg)
        say("transfer.depart", leg, worker(sender), body={"plan": plan})
        carry(leg)
        say("transfer.arrive", leg, worker(to), body={"seen": self.journey.now})
        carry(leg)
        self.legs[said.leg] = leg

    # -- what stands there

    def world(self) -> World:
        """Return what stands in the databases, as the model has it."""
        rows = frozenset(self._row(said) for said in self.said)
        return World(rows, frozenset(self._cases()), ())

    def reference(self, name: str) -> str:
        """Return the reference of the register that the model calls so."""
        return next(case for case, called in self._called().items() if called == name)

    def acting(self) -> set[str]:
        """Return who acts as responsible by what each agency is shown of its legs at its own hub."""
        found = set()
        for name, leg in self.legs.items():
            for agency in self.model.parties[name]:
                desk = self.journey.desk(self.agencies[agency])
                with suppress(LookupError):
                    shown = desk.shown(leg, agency)["responsible"]
                    found |= {agency} & set(shown["acting"])
        return found

    def _row(self, said: Said) -> Row:
        home, there = (self._standing(desk, said) for desk in self._hubs(said))
        return Row(said, str(home), there if self.model.other(said) else None)

    def _standing(self, desk: Desk, said: Said) -> str | None:
        with desk.hub.database.read() as connection:
            row = HandoffStore(connection).statement(self.said[said][1])
        return None if row is None else str(row["standing"])

    def _cases(self) -> Iterable[Case]:
        names = {name: said.name for said, (_, name) in self.said.items()}
        legs = {leg: name for name, leg in self.legs.items()}
        legs |= {handoff: said.name for said, (handoff, _) in self.said.items() if said.kind == ASSUME}
        called = self._called()
        for desk in self.journey.desks.values():
            for case in self._stored(desk):
                yield replace(
                    case,
                    id=called[case.id],
                    opened_at=0,
                    came_by=case.came_by and legs[case.came_by],
                    leg=case.leg and legs[case.leg],
                    release=case.release and names[case.release],
                    moved_by=case.moved_by and names[case.moved_by],
                )

    def _called(self) -> dict[str, str]:
        """Return what the model calls each register, by its reference."""
        names = {name: said.name for said, (_, name) in self.said.items()}
        found = {self.case: GENESIS}
        for desk in self.journey.desks.values():
            with desk.hub.database.read() as connection:
                for case in self._stored(desk):
                    for row in HandoffStore(connection).statements(case.id, {"case.hold"}):
                        take = Envelope.from_bytes(row["envelope"], STATEMENT_TYPE).value["body"]["take"]
                        found[case.id] = f"by {names[take]}"
        return found

    def _stored(self, desk: Desk) -> list[Case]:
        with desk.hub.database.read() as connection:
            store = CaseStore(connection)
            return [store.get(case) for case in connection.scalars(select(cases.c.id))]

    # -- how

    def _hubs(self, said: Said) -> tuple[Desk, Desk]:
        """Return the hub where a statement was signed, and the other one."""
        desks, home = self.journey.desks, host_of(said.by)
        return desks[home], desks[self.model.other(said) or home]

    def _signed(self, said: Said, handoff: str) -> tuple[bytes, object]:
        agency = self.agencies[said.by]
        signer = (agency.members["boss" if said.n == 1 else f"boss {said.n - 1}"], "supervisor")
        if said.kind != ASSUME:
            body = {"release": self._hash(said), "first_contact": "2026-12-20"} if said.kind == TAKE else {}
            return self.journey.signed(said.kind, handoff, signer, body=body)
        third = (self.coordinator.members["boss"], "coordinator")
        of = self.model.parties[said.leg][1]
        body = {"kind": "succession", "of": of, "leg": self.legs[said.leg], "take": self._hash(said)}
        return self.journey.signed(said.kind, handoff, signer, third, body=body)

    def _hash(self, said: Said) -> str:
        """Return the hash of the statement that another one names."""
        return next(name for other, (_, name) in self.said.items() if other.name == said.names)

    def _bring(self, leg: str) -> None:
        """Carry what is promised of one leg, until nothing is."""
        desks = self.journey.desks.values()
        pairs = [(one, other) for one in desks for other in desks if one is not other]
        while any(self._bring_next(*pair, leg) for pair in pairs):
            pass

    def _bring_next(self, sender: Desk, receiver: Desk, leg: str) -> bool:
        peer, now = receiver.hub.origin, self.journey.now
        with sender.hub.database.write() as connection:
            store = HandoffStore(connection)
            here = (outbox.c.peer == peer) & (outbox.c.state == Delivery.WAITING)
            promised = connection.execute(select(outbox.c.id, outbox.c.statement).where(here).order_by(outbox.c.seq))
            found = next((row for row in promised if store.statement(row.statement)["handoff"] == leg), None)
            message = found and sender.intake.message(connection, found.statement)
        if not found or not message:
            return False
        files = [(n, _together(header, path)) for n, header, path in message.files]
        staged = receiver.intake.stage(message.manifest, files) if message.manifest else None
        with receiver.hub.database.write() as connection:
            said = receiver.intake.receive(
                connection, peer=sender.hub.origin, statement=message.statement, receipt=message.receipt, packet=staged
            )
        with sender.hub.database.write() as connection:
            answer = verify_statement(said, KeyStore(connection), now=now)
            sender.intake.answered(connection, statement_hash=found.statement, peer=peer, answer=answer)
            Outbox(connection).sent(found.id, now)
        return True

    def _mark_silence(self) -> None:
        """Let the ladder of each silent holder be used up at its home hub, and of nobody else."""
        for desk in self.journey.desks.values():
            for case in self._stored(desk):
                with desk.hub.database.write() as connection:
                    clocks = FollowUps(connection)
                    clock = clocks.get(case.came_by) if case.came_by else None
                    if clock is not None:
                        rung = len(clock.rule.ladder) + 1 if case.holder in self.silent else 1
                        times = tuple(min(one, self.journey.now) for one in clock.times)
                        clocks.replace(case.came_by, replace(clock, next_rung=rung, times=times))


def _together(header: bytes, path: Path) -> io.BytesIO:
    return io.BytesIO(header + path.read_bytes())


def same(real: World, model: World) -> bool:
    """Whether hubs have what the model has; a repeated statement's signer is told that it took effect."""
    rows = {row._replace(home=EFFECTIVE) if row.home == row.there == REPEATED else row for row in model.rows}
    return real.cases == model.cases and real.rows == rows
