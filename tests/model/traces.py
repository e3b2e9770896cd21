"""Ways through the model that together take every kind of step it has, for real hubs to go along (`tests/property`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.errors import IllegalTransition
from hub.ids import host_of
from hub.transfer.register import RELEASE, TAKE, UNRELEASE
from tests.model.explore import search
from tests.model.register import EFFECTIVE, TOOK_EFFECT, Hubs, Row, Said, Setting, Step, World

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

Trace = tuple[tuple[Step, World], ...]
"""Steps from the start, each with the world after it."""


class Polite(Hubs):
    """Hubs as they are between members and queues: a leg's words come in order, and no take is posted in vain.

    The model lets members sign what their own hub knows to be impossible; a real hub tells them so at once.
    """

    def sign(self, world: World, said: Said) -> World:
        """Refuse a take that the signer's hub knows to be too late."""
        if said.kind == TAKE and self.other(said) and not self._expected(world, said):
            raise IllegalTransition("Not possible now.")
        return super().sign(world, said)

    def carry(self, world: World, row: Row) -> World:
        """Carry what the ordering hub tells of a leg in the order of its positions."""
        if self.orders(row.said) == host_of(row.said.by) and self._next(world, row.said.leg) != row:
            return world
        return super().carry(world, row)

    def _expected(self, world: World, said: Said) -> bool:
        rows = [row for row in world.rows if row.said.leg == said.leg]
        if any(row.said.kind == TAKE and row.home in TOOK_EFFECT for row in rows):
            return True
        heard = sorted((row for row in rows if row.there and self._tells(row)), key=_place)
        return bool(heard) and heard[-1].said.kind == RELEASE and heard[-1].said.name == said.names

    def _next(self, world: World, leg: str) -> Row | None:
        """Return what the other hub is to hear next of a leg."""
        ahead = (row for row in world.rows if row.said.leg == leg and self._tells(row) and not row.there)
        return min(ahead, key=_place, default=None)

    def _tells(self, row: Row) -> bool:
        return row.said.kind in {RELEASE, UNRELEASE} and row.home == EFFECTIVE


def _place(row: Row) -> tuple[int, bool]:
    """Return the order of releases and of what takes them back: an unrelease names its release."""
    said = row.said
    named = said.name if said.kind == RELEASE else str(said.names)
    return int(named.split()[1]), said.kind == UNRELEASE


def traces(setting: Setting) -> list[Trace]:
    """Return ways from the start that together take every kind of step, the longest first."""
    start = setting.start()
    came: dict[World, tuple[World, Step] | None] = {start: None}
    first: dict[Any, tuple[World, Step, World]] = {}

    def visit(world: World, step: Step, after: World) -> None:
        came.setdefault(after, (world, step))
        first.setdefault(_sort(world, step, after), (world, step, after))

    search(Polite(setting), visit)
    ways = sorted((_way(came, *edge) for edge in first.values()), key=len, reverse=True)
    return _covering(ways, start)


def _covering(ways: Sequence[Trace], start: World) -> list[Trace]:
    covered: set[Any] = set()
    chosen = []
    for way in ways:
        worlds = [start, *(world for _, world in way)]
        sorts = {_sort(before, step, after) for before, (step, after) in zip(worlds, way, strict=False)}
        if not sorts <= covered:
            covered |= sorts
            chosen.append(way)
    return chosen


def _way(came: dict[World, tuple[World, Step] | None], world: World, step: Step, after: World) -> Trace:
    way = [(step, after)]
    while (before := came[world]) is not None:
        way.append((before[1], world))
        world = before[0]
    return tuple(reversed(way))


def _sort(world: World, step: Step, after: World) -> Any:
    """Return what kind of step it is: verb, statement, where it stood and stands, what it did to registers."""
    what = step.what
    if not isinstance(what, Said):
        return step.verb
    gone, come = world.cases - after.cases, after.cases - world.cases
    return (
        step.verb,
        what.kind,
        *((row.home, row.there) for row in sorted(world.rows ^ after.rows, key=str) if row.said == what),
        tuple(sorted(case.standing for case in gone)),
        tuple(sorted(case.standing for case in come)),
    )


def walk(setting: Setting, chance: Random, length: int) -> Trace:
    """Return a way of steps by chance, each of which changes something."""
    hubs, world, way = Polite(setting), setting.start(), []
    for _ in range(length):
        possible = sorted(((step, after) for step, after in hubs.steps(world) if after != world), key=_by_name)
        if not possible:
            break
        step, world = chance.choice(possible)
        way.append((step, world))
    return tuple(way)


def _by_name(pair: tuple[Step, World]) -> str:
    return str(pair[0])
