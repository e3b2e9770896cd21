"""Which counts may be told: none below ten, and none from which such a one can be worked out (rule R46). Pure.

**Places.** From the top down: a place with fewer than ten needs is not told, zero among them. What is left of the
place above after all that are told below it (its *rest*) is at least ten again and holds at least two places; else the
smallest that is told is taken back. So each hidden place may hold anything from nothing to the whole rest. Only of
services and areas there may be no rest: that an agency works in one area is no count of anybody.

**Classes.** Of each split the counts of the told places form a tree for each class, and the trees meet at the leaves:
a leaf's needs are known in number. That is a network. A class flows down its own tree, and what one leaf counts
there counts in no other class. A hidden count is an edge on which more or less may flow, and the most and the least
that it can be is the most flow back round it. Wherever that leaves a hidden count fewer than ten above its least, the
cheapest way round through told counts is hidden as well. As only what stands in a cycle can hide, rows and columns
are looked after at once; and as what is hidden can only widen what others may be, one pass is enough.

Each split keeps the number of needs of each told place, so no split says anything about another; a split of only
some of them stands in the places alone where their number can be told. Months have nothing in common.

Classical tools (tau-argus, sdcTable) name these steps primary and secondary suppression, and solve the latter by linear
programmes, by hypercubes, or as flows as here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from hub.errors import InvalidRequest
from hub.reports.domain import CLOSED, DEPTH, ENDING, LEAST, SPLITS, Fact, Path, Split

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

_REST: Final = ""
"""The last step of the path of a rest; no code is empty."""
_PLENTY: Final = 1 << 40
Told = dict[Path, "Row"]


@dataclass(slots=True)
class Row:
    """A place that is told: for how many needs help was sought, and of each split the classes that may be told."""

    sought: int
    told: dict[str, dict[str, int]] = field(default_factory=dict)


def suppress(facts: Iterable[Fact], *, but: Iterable[str] = ()) -> Told:
    """Return what may be told of an agency's facts of one month, by place; `but` names splits that are left out."""
    found = list(facts)
    sizes = Counter(fact.path[:depth] for fact in found for depth in range(DEPTH + 1))
    rows = {path: Row(sizes[path]) for path in _places(sizes)}
    for split in SPLITS.values():
        if split.name not in but:
            _tell(split, rows, found)
    return rows


def check(rows: Told, *, joined: bool = False) -> None:
    """Return if no count below ten can be worked out from these rows, one agency's or those of several `joined`.

    Raises:
        InvalidRequest: one can, or the numbers do not add up.
    """
    _check_places(rows, joined=joined)
    if any(count < LEAST for row in rows.values() for told in row.told.values() for count in told.values()):
        raise InvalidRequest("A count is below ten.")
    for split in SPLITS.values():
        table = _Table(split, rows)
        if any(split.name in row.told and path not in table.sizes for path, row in rows.items()):
            raise InvalidRequest("A split of some is told where their number is not.")
        for cell in table.cells:
            told = {} if cell.rest else rows[cell.path].told.get(split.name, {})
            cell.hidden, cell.count = cell.of not in told, told.get(cell.of, 0)
        if table.tells_nothing:
            continue
        table.fill()
        if any(cell.hidden and table.protect(cell, paid=False) is None for cell in table.cells):
            raise InvalidRequest("These counts tell one that is below ten.", todo="Count again with this release.")


# Places


def _places(sizes: Mapping[Path, int]) -> list[Path]:
    """Return the places that are told, those above first."""
    below: dict[Path, list[Path]] = defaultdict(list)
    for path in sizes:
        if path:
            below[path[:-1]].append(path)
    told: list[Path] = [()] if sizes.get((), 0) >= LEAST else []
    for place in told:  # grows while it is read
        large = sorted((p for p in below[place] if sizes[p] >= LEAST), key=lambda p: (sizes[p], p), reverse=True)
        while large and not _rest_is_safe(place, sizes[place] - sum(sizes[p] for p in large), len(large)):
            large.pop()
        told.extend(sorted(large))
    return told


def _rest_is_safe(place: Path, rest: int, told: int) -> bool:
    if len(place) not in CLOSED:
        return rest == 0 or rest >= LEAST
    hidden = len(CLOSED[len(place)]) - told
    return (hidden == 0 and rest == 0) or (hidden > 1 and rest >= LEAST)


def _check_places(rows: Told, *, joined: bool) -> None:
    below: dict[Path, list[Path]] = defaultdict(list)
    for path in rows:
        if path and path[:-1] not in rows:
            raise InvalidRequest("A place is told without the one above it.")
        if path:
            below[path[:-1]].append(path)
    for path, row in rows.items():
        rest = row.sought - sum(rows[one].sought for one in below[path])
        whole = len(below[path]) if not joined or not rest else 0  # each agency's own rest holds two places or more
        if row.sought < LEAST or (below[path] and not _rest_is_safe(path, rest, whole)):
            raise InvalidRequest("A number of needs tells one that is below ten.")
        if any(one[-1] not in CLOSED.get(len(path), one) for one in below[path]):
            raise InvalidRequest("A place is not of the hierarchy.")


# Classes


@dataclass(slots=True, eq=False)
class _Cell:
    """A count, as an edge from the class above to the class here, or to the leaf."""

    path: Path
    of: str
    source: int
    target: int
    count: int = 0
    hidden: bool = True

    @property
    def rest(self) -> bool:
        """Whether it counts what is left of the place above. That is no place of its own, and never told."""
        return self.path[-1:] == (_REST,)


_Moved = dict[_Cell, int]
_Came = dict[int, tuple[_Cell, int, int] | None]
"""How each node was reached: the cell, whether it grows or shrinks, and the node before."""
_Side = tuple[int, int, _Moved, int]
"""From where to where, what was moved there already, and how much more may be."""


@dataclass(frozen=True, slots=True)
class _Way:
    """A way through the network: which cells grow on it and which shrink."""

    steps: tuple[tuple[_Cell, int], ...]

    def room(self, moved: _Moved) -> int:
        """Return how much may be moved along it."""
        return min((cell.count + moved.get(cell, 0) for cell, sign in self.steps if sign < 0), default=_PLENTY)


class _Table:
    """The counts of one split at the told places, and their rests, as a network."""

    def __init__(self, split: Split, rows: Told) -> None:
        self.split = split
        self.sizes = {path: n for path in rows if (n := _size(split, rows[path])) is not None}
        self.above = {path: next((up for up in _up(path) if up in self.sizes), None) for path in self.sizes}
        self.cells: list[_Cell] = []
        self._supply: Counter[int] = Counter()
        self._nodes: dict[object, int] = {}
        self._around: dict[int, list[_Cell]] = defaultdict(list)
        self._lay()

    @property
    def tells_nothing(self) -> bool:
        """Whether all of it is hidden: then any ten of a leaf's needs may be of any class."""
        return all(cell.hidden for cell in self.cells)

    def place_of(self, path: Path) -> Path:
        """Return where a fact is counted last: its lowest place of this table, or the rest of it."""
        place = next((up for up in (path, *_up(path)) if up in self.sizes), None)
        if place is None:
            return (*path, _REST)
        return (*place, _REST) if self._inner(place) else place

    def fill(self) -> None:
        """Give the hidden cells counts with which all add up, whichever.

        Raises:
            InvalidRequest: there are none.
        """
        lack = Counter(self._supply)
        for cell in self.cells:
            lack[cell.source] -= cell.count
            lack[cell.target] += cell.count
        for node in [node for node, much in lack.items() if much > 0]:
            while lack[node] > 0:
                way = self._shortest(node, [n for n, much in lack.items() if much < 0], {}, None)
                if way is None:
                    raise InvalidRequest("These counts do not add up.")
                last, sign = way.steps[-1]
                end = last.target if sign > 0 else last.source
                step = min(lack[node], -lack[end], way.room({}))
                for cell, sign in way.steps:
                    cell.count += sign * step
                lack[node] -= step
                lack[end] += step
        if any(lack.values()):
            raise InvalidRequest("These counts do not add up.")

    def protect(self, cell: _Cell, *, paid: bool = True) -> Collection[_Cell] | None:
        """Return which told cells have to be hidden, so that a hidden one may be any of enough numbers, in one order.

        With `paid` False none is hidden, and the answer is None where that is not enough. A rest is no count that is
        hidden from anybody; but the places in it share it, so it must be able to be ten.
        """
        used: dict[_Cell, None] = {}
        more: dict[_Cell, int] = {}
        less: dict[_Cell, int] = {}
        left, lowest = (LEAST - cell.count, 0) if cell.rest else (LEAST, cell.count)
        while left > 0:
            sides = [(cell.target, cell.source, more, left)]
            sides += [(cell.source, cell.target, less, min(lowest, left))] if lowest else []
            found = self._free(sides, cell) or (self._paid(sides, cell) if paid else None)
            if found is None:
                return None
            way, moved, most = found
            step = min(most, way.room(moved))
            for edge, sign in way.steps:
                moved[edge] = moved.get(edge, 0) + sign * step
                if not edge.hidden:
                    used[edge] = None
            left -= step
            lowest -= step if moved is less else 0
        return used

    def _free(self, sides: Iterable[_Side], cell: _Cell) -> tuple[_Way, _Moved, int] | None:
        """Return the first way round a cell through hidden cells, what was moved on its side, and how much may be."""
        for start, end, moved, most in sides:
            way = self._shortest(start, [end], moved, cell)
            if way is not None:
                return way, moved, most
        return None

    def _paid(self, sides: Iterable[_Side], cell: _Cell) -> tuple[_Way, _Moved, int] | None:
        """Return the same for the way that tells least, through told cells as well."""
        ways = [(self._cheapest(start, end, moved, cell), moved, most) for start, end, moved, most in sides]
        open_ways = [(found[0], found[1], moved, most) for found, moved, most in ways if found is not None]
        return min(open_ways, key=lambda one: one[0])[1:] if open_ways else None

    def _shortest(self, start: int, ends: Iterable[int], moved: _Moved, but: _Cell | None) -> _Way | None:
        """Return a shortest way through hidden cells, looked for from both ends at once."""
        ahead: _Came = {start: None}
        behind: _Came = dict.fromkeys(ends)
        here, there = [start], list(behind)
        while here and there:
            forward = len(here) <= len(there)
            came, other, edge = (ahead, behind, here) if forward else (behind, ahead, there)
            reached = []
            for node in edge:
                for cell, sign, following in self._steps(node, moved, forward=forward):
                    if not cell.hidden or cell is but or following in came:
                        continue
                    came[following] = cell, sign, node
                    if following in other:
                        first = tuple(_back(ahead, following))[::-1]
                        return _Way((*first, *_back(behind, following)))
                    reached.append(following)
            here, there = (reached, there) if forward else (here, reached)
        return None

    def _cheapest(self, start: int, end: int, moved: _Moved, but: _Cell) -> tuple[int, _Way] | None:
        """Return the way on which told cells tell least, and how much they tell; hidden cells cost nothing."""
        queue: list[tuple[int, int, int]] = [(0, 0, start)]
        best: dict[int, int] = {start: 0}
        came: _Came = {start: None}
        done: set[int] = set()
        while queue:
            cost, _, node = heappop(queue)
            if node == end:
                return cost, _Way(tuple(_back(came, end))[::-1])
            if node in done:
                continue
            done.add(node)
            for cell, sign, following in self._steps(node, moved, forward=True):
                price = cost + (0 if cell.hidden or cell in moved else cell.count + 1)
                if cell is not but and price < best.get(following, price + 1):
                    best[following], came[following] = price, (cell, sign, node)
                    heappush(queue, (price, len(best), following))
        return None

    def _steps(self, node: int, moved: _Moved, *, forward: bool) -> Iterator[tuple[_Cell, int, int]]:
        """Yield what may grow or shrink on the way from a node, or else to it, and the node at the other end."""
        for cell in self._around[node]:
            if (cell.source == node) == forward:
                yield cell, 1, cell.target if forward else cell.source
            elif cell.count + moved.get(cell, 0) > 0:
                yield cell, -1, cell.source if forward else cell.target

    def _lay(self) -> None:
        inner = {up for up in self.above.values() if up is not None}
        rest = Counter({path: self.sizes[path] for path in inner})
        for path, up in self.above.items():
            if up is not None:
                rest[up] -= self.sizes[path]
        for path, up in self.above.items():
            self._row(path, up, self.sizes[path], inner=path in inner)
        for path in sorted(inner):
            if rest[path] < 0:
                raise InvalidRequest("These counts do not add up.")
            if rest[path]:
                self._row((*path, _REST), path, rest[path], inner=False)

    def _row(self, path: Path, up: Path | None, size: int, *, inner: bool) -> None:
        if up is None:
            self._supply[self._node(("from", path))] += size
        if not inner:
            self._supply[self._node(("to", path))] -= size
        for name in self.split.classes:
            source = self._node(("from", path) if up is None else (up, name))
            target = self._node((path, name) if inner else ("to", path))
            cell = _Cell(path, name, source, target)
            self.cells.append(cell)
            self._around[source].append(cell)
            self._around[target].append(cell)

    def _inner(self, path: Path) -> bool:
        return (path, self.split.classes[0]) in self._nodes

    def _node(self, name: object) -> int:
        return self._nodes.setdefault(name, len(self._nodes))


def _tell(split: Split, rows: Told, facts: Sequence[Fact]) -> None:
    """Write into the rows what a split may tell."""
    table = _Table(split, rows)
    counts: Counter[tuple[Path, str]] = Counter()
    for fact in facts:
        name = split.of_fact(fact)
        if name is not None:
            place = table.place_of(fact.path)
            ends = place[:-1] if place[-1:] == (_REST,) else place
            counts.update((path, name) for path in {place, *(up for up in (ends, *_up(ends)) if up in table.sizes)})
    for cell in table.cells:
        cell.count = counts[cell.path, cell.of]
        cell.hidden = cell.rest or cell.count < LEAST
    waiting = [] if table.tells_nothing else [cell for cell in table.cells if cell.hidden]
    for cell in waiting:  # grows while it is read
        for other in table.protect(cell) or ():
            other.hidden = True
            waiting.append(other)
    for cell in table.cells:
        if not cell.hidden:
            rows[cell.path].told.setdefault(split.name, {})[cell.of] = cell.count


def _size(split: Split, row: Row) -> int | None:
    """Return how many needs of a place a split is of, where that can be told, else None."""
    told = row.told.get(ENDING.name, {})
    others = set(ENDING.classes) - split.of
    if not others:
        return row.sought
    if split.of <= told.keys():
        return sum(told[name] for name in split.of)
    return row.sought - sum(told[name] for name in others) if others <= told.keys() else None


def _up(path: Path) -> Iterator[Path]:
    """Yield the places above one, the nearest first."""
    return (path[:depth] for depth in range(len(path) - 1, -1, -1))


def _back(came: _Came, node: int) -> Iterator[tuple[_Cell, int]]:
    while (step := came[node]) is not None:
        cell, sign, node = step
        yield cell, sign
