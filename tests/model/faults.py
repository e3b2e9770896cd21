"""What hubs must not do: each class does one thing wrongly, so that the checker can be seen to find it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hub.ids import host_of
from hub.transfer.register import RELEASE, TAKE, UNRELEASE, Standing, opened
from tests.model.register import EFFECTIVE, IN_MEMORY, REFUSED, WAITING, Hubs, Row, Said, World, came_by

if TYPE_CHECKING:
    from hub.transfer.domain import Leg
    from hub.transfer.register import Case


class OpensEarly(Hubs):
    """The taker's hub opens the register when its member signs, and does not wait for the answer."""

    def sign(self, world: World, said: Said) -> World:
        world = super().sign(world, said)
        return self.goes_on(world, said) if said.kind == TAKE else world


class OpensForEachTake(Hubs):
    """The taker's hub opens a register for each take that was found good, also where two members signed one."""

    def goes_on(self, world: World, said: Said) -> World:
        case = opened(f"by {said.name}", said.by, 0, came_by(said))
        return world._replace(cases=world.cases | {case})


class LateUnrelease(Hubs):
    """A release can be taken back after it was taken."""

    def append(self, world: World, said: Said) -> tuple[World, str]:
        if said.kind == UNRELEASE:
            for case in world.cases:
                if case.standing is Standing.MOVED and case.leg == said.leg:
                    back = replace(case, standing=Standing.HELD, moved_by=None, moved_to=None)
                    return world._replace(cases=world.cases - {case} | {back}), EFFECTIVE
        return super().append(world, said)


class NamesNoRelease(Hubs):
    """A take counts for whatever release is open on its leg, and not for the one that it names."""

    def append(self, world: World, said: Said) -> tuple[World, str]:
        leg = next(leg for leg, _ in world.legs if leg.id == said.leg)
        if said.kind != TAKE or leg.release is None:
            return super().append(world, said)
        world, standing = super().append(world, said._replace(names=leg.release))
        cases = {replace(c, moved_by=said.name) if c.moved_by == said.name else c for c in world.cases}
        return world._replace(cases=frozenset(cases)), standing


class TwoReleases(Hubs):
    """A second release opens while another one is open."""

    def case_after(self, case: Case, leg: Leg, said: Said) -> Case:
        if said.kind == RELEASE and case.standing is Standing.RELEASE_OPEN:
            return replace(case, leg=leg.id, release=said.name)
        return super().case_after(case, leg, said)


class SenderLetsGo(Hubs):
    """The sender stops acting as soon as it has released."""

    def acting(self, world: World) -> set[str]:
        held = {case.holder for case in world.cases if case.standing is Standing.HELD}
        return held | {row.said.by for row in world.rows if row.home == WAITING}


class TakerWaits(Hubs):
    """The taker acts only when its take was answered."""

    def acting(self, world: World) -> set[str]:
        return {case.holder for case in world.cases if case.standing is not Standing.MOVED}


class IgnoresRefusals(Hubs):
    """Whoever was refused goes on acting."""

    def answer(self, world: World, row: Row) -> World:
        return world if row.there == REFUSED else super().answer(world, row)


class NeverOpens(Hubs):
    """The taker's hub hears that the take took effect and opens no register."""

    def goes_on(self, world: World, said: Said) -> World:
        return world


class JudgesAgain(Hubs):
    """A hub judges what it has judged before once more, and the last word counts."""

    def carry(self, world: World, row: Row) -> World:
        if self.orders(row.said) == host_of(row.said.by):
            return super().carry(world, row)
        world, standing = self.append(world, row.said)
        return self.stored(world, row._replace(there=standing), row)


class PassesOnFirst(Hubs):
    """A hub passes a take on before it has stored it, and a crash between the two loses it."""

    def sign(self, world: World, said: Said) -> World:
        if said.kind == TAKE and self.other(said):
            return self.stored(world, Row(said, IN_MEMORY))
        return super().sign(world, said)


class AssumesAnything(Hubs):
    """A successor has the case though it has moved on."""

    def ended(self, case: Case, said: Said) -> Case:
        return replace(case, standing=Standing.MOVED, leg=None, release=None, moved_by=said.name, moved_to=said.by)


FAULTS: tuple[type[Hubs], ...] = (
    OpensEarly,
    OpensForEachTake,
    LateUnrelease,
    NamesNoRelease,
    TwoReleases,
    SenderLetsGo,
    TakerWaits,
    IgnoresRefusals,
    NeverOpens,
    JudgesAgain,
    PassesOnFirst,
    AssumesAnything,
)
