"""A small explicit-state checker: every world that can come about, what must hold, and the shortest way to a breach.

Two more things are asked of every step: whatever the line repeats changes nothing, and whatever it does first brings
the hubs nearer to the end, so that it ends. So each world in which the line has nothing left to do is looked at as the
one in which people find themselves once the lines are up.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from hub.transfer.register import ASSUME, RELEASE, TAKE, UNRELEASE, Standing
from tests.model.register import EFFECTIVE, ENDS, GENESIS, IN_MEMORY, REPEATED, TOOK_EFFECT, WAITING, came_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.transfer.register import Case
    from tests.model.register import Hubs, Row, Step, World


class Broken(AssertionError):
    """Something does not hold; the text is the shortest way there, in sentences."""


@dataclass(frozen=True)
class Searched:
    """What a search saw; `steps` are those tried, of which `changes` led to another world."""

    worlds: int
    steps: int
    changes: int
    depth: int
    quiet: int
    """Worlds in which the line has nothing left to do."""

    def __str__(self) -> str:
        return (
            f"{self.worlds} worlds ({self.quiet} quiet), {self.steps} steps, {self.changes} changes, depth {self.depth}"
        )


def search(hubs: Hubs, visit: Callable[[World, Step, World], None] | None = None) -> Searched:
    """Look at every world that can come about; tell `visit` of each step that changes something.

    Raises:
        Broken: something does not hold in one of them.
    """
    start = hubs.setting.start()
    came: dict[World, tuple[World, Step] | None] = {start: None}
    depth, steps, changes, quiet = {start: 0}, 0, 0, 0
    ahead = deque([start])
    while ahead:
        world = ahead.popleft()
        still = True
        for step, after in hubs.steps(world):
            steps += 1
            if after == world:
                continue
            changes += 1
            if step.by_the_line:
                still = False
                if progress(after) <= progress(world):
                    raise _broken("What the line repeats changes nothing.", came, world, step)
            if visit is not None:
                visit(world, step, after)
            if after not in came:
                came[after], depth[after] = (world, step), depth[world] + 1
                ahead.append(after)
        quiet += still
        for holds in ALWAYS + (ONCE_QUIET if still else ()):
            if not holds(hubs, world):
                raise _broken(str(holds.__doc__), came, world)
    return Searched(len(came), steps, changes, max(depth.values()), quiet)


def progress(world: World) -> int:
    """Return how far the hubs have come: nothing that the line does lowers it."""
    return sum(
        (row.home not in {WAITING, IN_MEMORY}) + (row.home != IN_MEMORY) + (row.there is not None) for row in world.rows
    )


# -- what must hold


def chain(world: World) -> list[Case]:
    """Return the registers of the case in their order, as whoever follows them from the genesis finds them."""
    by = {case.came_by: case for case in world.cases}
    found = [by[None]]
    while (last := found[-1]).standing is Standing.MOVED and (ended := _ended_by(world, last)) in by:
        found.append(by[ended])
    return found


def holder(world: World) -> str:
    """Return the agency that is responsible by the register."""
    last = chain(world)[-1]
    return str(last.moved_to) if last.standing is Standing.MOVED else last.holder


def _ended_by(world: World, case: Case) -> str:
    said = next(row.said for row in world.rows if row.said.name == case.moved_by)
    return came_by(said)


def one_holder(hubs: Hubs, world: World) -> bool:
    """Exactly one register of the case is at its end, and nobody is responsible by another."""
    found = chain(world)
    if not (found[0].id == GENESIS and set(found) == world.cases and len(found) == len(world.cases)):
        return False
    return all(one.moved_to == other.holder for one, other in pairwise(found))


def somebody_acts(hubs: Hubs, world: World) -> bool:
    """At least one agency acts as responsible."""
    return bool(hubs.acting(world))


def nobody_acts_for_ever(hubs: Hubs, world: World) -> bool:
    """Whoever acts and is not the holder has signed a take or an assumption that was not answered yet."""
    unanswered = {row.said.by for row in world.rows if row.home in {WAITING, IN_MEMORY} and row.said.kind in ENDS}
    return hubs.acting(world) - {holder(world)} <= unanswered


def first_wins(hubs: Hubs, world: World) -> bool:
    """Of what ends a release, at most one takes effect."""
    ended = [row.said.names for row in world.rows if row.said.kind in {TAKE, UNRELEASE} and _effective(row)]
    return len(ended) == len(set(ended))


def one_release(hubs: Hubs, world: World) -> bool:
    """No release is open while another one is."""
    open_at = [case for case in world.cases if case.standing is Standing.RELEASE_OPEN]
    said = {row.said.name for row in world.rows if row.said.kind == RELEASE and _effective(row)}
    ended = {row.said.names for row in world.rows if row.said.kind in {TAKE, UNRELEASE} and _effective(row)}
    moved = any(row.said.kind == ASSUME and _effective(row) for row in world.rows)
    return len(open_at) <= 1 and (moved or len(said - ended) <= 1)


def of_one_mind(hubs: Hubs, world: World) -> bool:
    """Once the lines are up, all have the same word on each statement, and the holder alone acts, at its own hub."""
    settled = all(_agreed(row) for row in world.rows if hubs.other(row.said))
    last = chain(world)[-1]
    return settled and last.standing is not Standing.MOVED and hubs.acting(world) == {last.holder}


ALWAYS: tuple[Callable[[Hubs, World], bool], ...] = (
    one_holder,
    somebody_acts,
    nobody_acts_for_ever,
    first_wins,
    one_release,
)
ONCE_QUIET: tuple[Callable[[Hubs, World], bool], ...] = (of_one_mind,)


def _agreed(row: Row) -> bool:
    """Whether both hubs say the same: in vain or not. What changed nothing at the ordering hub goes no further."""
    return (row.home == REPEATED and not row.there) or row.home == row.there or {row.home, row.there} <= TOOK_EFFECT


def _effective(row: Row) -> bool:
    return (row.there or row.home) == EFFECTIVE


def _broken(law: str, came: dict[World, tuple[World, Step] | None], world: World, last: Step | None = None) -> Broken:
    way = [] if last is None else [last]
    while (before := came[world]) is not None:
        world, step = before
        way.append(step)
    told = "\n".join(f"{n}. {step}" for n, step in enumerate(reversed(way), 1))
    return Broken(f"This does not hold: {law}\n{told}")
