"""The register over several hubs as a model: what hubs have on disk, and what people, lines and crashes can do next.

What a hub decides is decided by the product's own pure functions, in `hub.transfer.register` and `hub.transfer.domain`;
the model adds what lies between hubs. The line is as bad as can be: what a hub has promised may be carried at any time,
in any order, any number of times, or never, and so may each answer. That holds every loss, repeat, delay and partition
of the real queues. A step is one commit: a crash forgets what was in memory, and nothing else.

Who may sign, keys and packets are not part of it. A member may sign what the other side has long made impossible.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from hub.errors import IllegalTransition
from hub.followup.domain import Urgency
from hub.ids import agency_id, host_of
from hub.statements.grammar import Grade, MemberActor, Statement
from hub.transfer.domain import Leg
from hub.transfer.register import ASSUME, RELEASE, TAKE, UNRELEASE, Case, Standing, opened
from hub.transfer.table import State as LegState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GENESIS = "genesis"
WAITING, EFFECTIVE, REPEATED, REFUSED = "waiting", "effective", "repeated", "refused"
IN_MEMORY, FORGOTTEN = "in memory", "forgotten"
"""Standings that no right hub has: passed on before it was stored, and lost by a crash since."""
TOOK_EFFECT = frozenset({EFFECTIVE, REPEATED})
ENDS = (TAKE, ASSUME)
"""What ends a register here, so that it goes on elsewhere."""


class Said(NamedTuple):
    """A signed statement: the `n`-th of its kind on a leg, which names another statement, or a case."""

    kind: str
    by: str
    leg: str
    n: int
    names: str | None = None

    @property
    def name(self) -> str:
        """What stands for its hash."""
        return f"{self.kind.partition('.')[2]} {self.n} on {self.leg}"


class Row(NamedTuple):
    """A statement as the hubs have it: its standing at its signer's home hub, and at the other hub, if it is there."""

    said: Said
    home: str
    there: str | None = None


class World(NamedTuple):
    """Everything that is on the disks of all hubs, and which agencies have gone silent."""

    rows: frozenset[Row]
    cases: frozenset[Case]
    legs: tuple[tuple[Leg, str | None], ...]
    """Each leg as its ordering hub has it, with the register that it is bound to from its first release on."""
    silent: frozenset[str] = frozenset()


class Step(NamedTuple):
    """What may happen next: `verb` of the model, and what it is done to."""

    verb: str
    what: Said | str

    @property
    def by_the_line(self) -> bool:
        """Whether it happens of itself once the lines are up and the hubs run."""
        return self.verb in {"carry", "answer", "store"}

    def __str__(self) -> str:
        return SENTENCES[self.verb].format(self.what, what=self.what, short=_short(self.what))


SENTENCES = {
    "sign": "{short} is signed and posted to the signer's home hub.",
    "carry": "{short} is carried to the other hub.",
    "answer": "The answer to {short} comes back to the signer's home hub.",
    "store": "The hub stores {short}, which it had passed on.",
    "crash": "The hub at {what} crashes and starts again.",
    "silence": "{short} answers nobody any more; its ladder is exhausted.",
    "speak": "{short} answers again.",
}


def _short(what: Said | str) -> str:
    if isinstance(what, str):
        return what.removeprefix("urn:rcp:agency:")
    return f"{what.name} by {what.by.removeprefix('urn:rcp:agency:')}"


@dataclass(frozen=True)
class Setting:
    """Which agencies and legs there are, and how often people sign: the bounds of one search."""

    legs: dict[str, tuple[str, str]]
    """Each leg with its sender and its receiver, `name@host`."""
    releases: int = 1
    """On one leg, at most."""
    takes: int = 1
    """Of one release, by different members, at most."""
    successor: str | None = None
    assumes: int = 0
    mortal: tuple[str, ...] = ()
    """Who may go silent."""
    told: bool = True
    """Whether a receiver learns of releases from its hub alone, and not by telephone at once."""
    agencies: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        names = {one for pair in self.legs.values() for one in pair} | {self.successor} - {None}
        object.__setattr__(self, "agencies", {one: agency_id(*one.split("@")) for one in sorted(names)})

    @property
    def hosts(self) -> list[str]:
        """The hubs."""
        return sorted({host_of(agency) for agency in self.agencies.values()})

    def start(self) -> World:
        """Return the world in which the first leg's sender has opened the case, and all legs have arrived."""
        holder = self.agencies[next(iter(self.legs.values()))[0]]
        legs = tuple(
            (
                Leg(name, self.agencies[a], self.agencies[b], Urgency.HIGH, 0, LegState.ARRIVED, "", delivered=True),
                None,
            )
            for name, (a, b) in self.legs.items()
        )
        return World(frozenset(), frozenset({opened(GENESIS, holder, 0)}), legs)


class Hubs:
    """What the hubs do. A fault to be found is a subclass that does one thing otherwise."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.parties = {name: (setting.agencies[a], setting.agencies[b]) for name, (a, b) in setting.legs.items()}

    # -- where things are

    def orders(self, said: Said) -> str:
        """Return the hub that orders a statement: the home of the leg's sender, or of whoever is to be succeeded."""
        if said.kind == ASSUME:
            return host_of(self.parties[said.leg][1])
        return host_of(self.parties[said.leg][0])

    def other(self, said: Said) -> str | None:
        """Return the other hub that is to have a statement, if there is one."""
        home, orders = host_of(said.by), self.orders(said)
        if home != orders:
            return orders
        there = host_of(self.parties[said.leg][1])
        return there if self.setting.told and there != home and said.kind in {RELEASE, UNRELEASE} else None

    # -- what a hub does, each in one commit

    def sign(self, world: World, said: Said) -> World:
        """Take a statement from a member at home here.

        Raises:
            IllegalTransition: this hub orders it, and it is not possible: the member is told at once.
        """
        if host_of(said.by) != self.orders(said):
            return self.stored(world, Row(said, WAITING))
        world, standing = self.append(world, said)
        if standing == REFUSED:
            raise IllegalTransition("Not possible now.")
        world = self.stored(world, Row(said, standing))
        return self.goes_on(world, said) if said.kind in ENDS else world

    def carry(self, world: World, row: Row) -> World:
        """Take a statement that the signer's hub brings, for the first time or again; it keeps what changed nothing."""
        if row.there is not None or row.home == REPEATED:
            return world
        if self.orders(row.said) == host_of(row.said.by):
            return self.stored(world, row._replace(there=row.home), row)
        world, standing = self.append(world, row.said)
        return self.stored(world, row._replace(there=standing), row)

    def answer(self, world: World, row: Row) -> World:
        """Take the other hub's answer, for the first time or again: the register goes on here, or it was in vain."""
        if row.home != WAITING or row.there is None:
            return world
        world = self.stored(world, row._replace(home=row.there), row)
        return self.goes_on(world, row.said) if row.there in TOOK_EFFECT else world

    def append(self, world: World, said: Said) -> tuple[World, str]:
        """Judge a statement where it is ordered: the leg's machine, then the register's."""
        if said.kind == ASSUME:
            return self.assumed(world, said)
        leg, bound = next(pair for pair in world.legs if pair[0].id == said.leg)
        bound = bound or said.names  # `case.leg`: a leg is of one case for good
        try:
            after, moved = leg_after(leg, said)
            if not moved:
                return world, REPEATED
            case = next((one for one in world.cases if one.id == bound), None)
            if case is None or case.holder != leg.from_agency:
                return world, REFUSED
            ended = self.case_after(case, leg, said)
        except IllegalTransition:
            return world, REFUSED
        legs = tuple((after, bound) if pair[0].id == leg.id else pair for pair in world.legs)
        return world._replace(legs=legs, cases=world.cases - {case} | {ended}), EFFECTIVE

    def assumed(self, world: World, said: Said) -> tuple[World, str]:
        """Judge an assumption at the home of the holder that it says is silent."""
        holder = self.parties[said.leg][1]
        case = next((one for one in world.cases if (one.came_by, one.holder) == (said.leg, holder)), None)
        if case is None or holder not in world.silent:
            return world, REFUSED
        try:
            return world._replace(cases=world.cases - {case} | {self.ended(case, said)}), EFFECTIVE
        except IllegalTransition:
            return world, REFUSED

    def ended(self, case: Case, said: Said) -> Case:
        """Return the register as an assumption ends it."""
        return case.assumed(said.name, said.by)

    def case_after(self, case: Case, leg: Leg, said: Said) -> Case:
        """Return what becomes of the register by a step that the leg allows."""
        if said.kind == RELEASE:
            return case.released(leg.id, said.name)
        if said.kind == UNRELEASE:
            return case.unreleased(leg.id)
        return case.taken(leg.id, str(said.names), said.name, said.by)

    def goes_on(self, world: World, said: Said) -> World:
        """Let the register go on at the signer's home hub, once."""
        if any(one.came_by == came_by(said) for one in world.cases):
            return world
        return world._replace(cases=world.cases | {opened(f"by {said.name}", said.by, 0, came_by(said))})

    def stored(self, world: World, row: Row, old: Row | None = None) -> World:
        """Write a row."""
        return world._replace(rows=world.rows - {old} | {row})

    def crash(self, world: World, host: str) -> World:
        """Forget what a hub has in memory alone."""
        lost = {row for row in world.rows if row.home == IN_MEMORY and host_of(row.said.by) == host}
        return world._replace(rows=world.rows - lost | {row._replace(home=FORGOTTEN) for row in lost})

    def acting(self, world: World) -> set[str]:
        """Return who acts as responsible: by what is known at home, whatever holds elsewhere."""
        held = {one.holder for one in world.cases if one.standing is not Standing.MOVED}
        return held | {row.said.by for row in world.rows if row.home in {WAITING, IN_MEMORY}}

    # -- what may happen

    def steps(self, world: World) -> Iterator[tuple[Step, World]]:
        """Yield all that may happen next, with the world after it; what changes nothing is tried as well."""
        for said in self.signable(world):
            step = Step("sign", said)
            try:
                yield step, self.sign(world, said)
            except IllegalTransition:
                yield step, world
        for row in world.rows:
            if row.home == IN_MEMORY:
                yield Step("store", row.said), self.stored(world, row._replace(home=WAITING), row)
            if self.other(row.said):
                yield Step("carry", row.said), self.carry(world, row)
                yield Step("answer", row.said), self.answer(world, row)
        for host in self.setting.hosts:
            yield Step("crash", host), self.crash(world, host)
        for name in self.setting.mortal:
            agency = self.setting.agencies[name]
            after = world._replace(silent=world.silent ^ {agency})
            yield Step("speak" if agency in world.silent else "silence", agency), after

    def signable(self, world: World) -> Iterator[Said]:
        """Yield what members could sign, most of it in vain."""
        for leg, bound in world.legs:
            if leg.from_agency not in world.silent:
                yield from self._by_sender(world, leg, bound)
            if leg.to_agency not in world.silent:
                yield from self._by_receiver(world, leg)
        successor = self.setting.agencies.get(self.setting.successor or "")
        n = 1 + _count(world.rows, ASSUME)
        if successor and n <= self.setting.assumes:
            takes = [row.said for row in world.rows if row.said.kind == TAKE and row.said.by != successor]
            yield from (Said(ASSUME, successor, take.leg, n, take.name) for take in takes)

    def _by_sender(self, world: World, leg: Leg, bound: str | None) -> Iterator[Said]:
        n = 1 + _count(world.rows, RELEASE, leg.id)
        if n <= self.setting.releases:
            held = [bound] if bound else [case.id for case in world.cases if case.holder == leg.from_agency]
            yield from (Said(RELEASE, leg.from_agency, leg.id, n, case) for case in held)
        n = 1 + _count(world.rows, UNRELEASE, leg.id)
        if n <= self.setting.releases:
            yield Said(UNRELEASE, leg.from_agency, leg.id, n, leg.release)

    def _by_receiver(self, world: World, leg: Leg) -> Iterator[Said]:
        near = host_of(leg.from_agency) == host_of(leg.to_agency)
        known = [
            row for row in world.rows if row.said.kind == RELEASE and row.home == EFFECTIVE and row.said.leg == leg.id
        ]
        n = 1 + _count(world.rows, TAKE, leg.id)
        for row in known:
            times = sum(other.said.kind == TAKE and other.said.names == row.said.name for other in world.rows)
            if (near or row.there or not self.setting.told) and times < self.setting.takes:
                yield Said(TAKE, leg.to_agency, leg.id, n, row.said.name)


def came_by(said: Said) -> str:
    """Return what a register says that it came by: the leg, or the succession."""
    return said.leg if said.kind == TAKE else said.name


def _count(rows: Iterable[Row], kind: str, leg: str | None = None) -> int:
    return sum(row.said.kind == kind and leg in {None, row.said.leg} for row in rows)


@cache
def leg_after(leg: Leg, said: Said) -> tuple[Leg, bool]:
    """Return a leg after a step, and whether it moved, by the product's own machine."""
    body = {"release": said.names, "first_contact": "2026-12-01"} if said.kind == TAKE else {}
    actor = MemberActor(said.by, f"supervisor {said.n} of {said.by}", "supervisor")
    applied = leg.apply(Statement(said.kind, leg.id, (), (actor,), 0, Grade.SIGNED, body), said.name, 0)
    return replace(applied.leg, version=0), applied.moved
