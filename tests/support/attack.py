"""Somebody who has all that was published, and a solver: what may each hidden count be, at least and at most?

Knows the hierarchy and the splits, and nothing of how counts are hidden. Every need stands at one lowest place and in
one class of each split; what is published are sums of these, and the solver looks for all that fits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

from hub.reports.domain import CLOSED, ENDINGS, SPLITS

WIDTH = 10 - 1e-6


@dataclass
class Attack:
    """All that was published by `agencies`, over these services and areas, as one system."""

    agencies: tuple[str, ...]
    services: tuple[str, ...]
    areas: tuple[str, ...]
    splits: tuple[str, ...] = ("ending", "grade", "unmet", "again", "barrier.cost")
    equal: list[tuple[dict[int, float], float]] = field(default_factory=list)
    at_least: list[tuple[dict[int, float], float]] = field(default_factory=list)

    def __post_init__(self):
        levels = (self.services, self.areas, CLOSED[2], CLOSED[3])
        self.places = tuple(product(*levels))
        names = [
            (agency, place, split, one)
            for agency in self.agencies
            for place in self.places
            for split in self.splits
            for one in SPLITS[split].classes
        ]
        self.number = {name: n for n, name in enumerate(names)}
        for agency in self.agencies:
            for place in self.places:
                for split in self.splits[1:]:
                    whole = dict.fromkeys(self._of(agency, place, split, SPLITS[split].classes), 1.0)
                    parts = self._of(agency, place, "ending", SPLITS[split].of)
                    self.equal.append((whole | dict.fromkeys(parts, -1.0), 0.0))

    def read(self, agency, rows):
        """Take in what an agency published."""
        for path, row in rows.items():
            self._equals(self.cell([agency], path), row.sought)
            for split, told in row.told.items():
                for one, count in told.items() if split in self.splits else ():
                    self._equals(self.cell([agency], path, split, one), count)

    def read_together(self, lines, agencies=None):
        """Take in the lines of a hub's joined table."""
        for line in lines:
            path = tuple(line[name] for name in ("service", "area", "age_band", "sex") if line[name] is not None)
            if line["split"] not in {None, *self.splits}:
                continue
            where = self.cell(agencies or self.agencies, path, line["split"], line["class"])
            self.at_least.append((where, line["least"]))
            whole = line["agencies"] == len(agencies or self.agencies)
            if line["count"] is not None and whole:
                self._equals(where, line["count"])
            self._read_grades(line, agencies or self.agencies, path, whole=whole)

    def _read_grades(self, line, agencies, path, *, whole):
        """Take in the grades beside a line: those of its place, or of the nearest above that tells them."""
        for grade, count in line["grades"].items() if "grade" in self.splits else ():
            where = self.cell(agencies, path[: line["grades_of"]], "grade", grade)
            self.at_least.append((where, count))
            if whole:
                self._equals(where, count)

    def know(self, agency, facts):
        """Take in an agency's own facts, whole: who takes part knows its own cases."""
        counts = {}
        for fact in facts:
            for split in self.splits:
                one = SPLITS[split].of_fact(fact)
                if one is not None:
                    name = agency, fact.path, split, one
                    counts[name] = counts.get(name, 0) + 1
        for name, n in self.number.items():
            if name[0] == agency:
                self._equals({n: 1.0}, counts.get(name, 0))

    def cell(self, agencies, path, split=None, one=None):
        """Return a count as a sum of what is unknown."""
        classes = ENDINGS if split is None else (one,)
        found = {}
        for agency in agencies:
            for place in self.places:
                if place[: len(path)] == path:
                    found |= dict.fromkeys(self._of(agency, place, split or "ending", classes), 1.0)
        return found

    def range(self, cell):
        """Return the least and the most that a count may be."""
        cost = np.zeros(len(self.number))
        for n, weight in cell.items():
            cost[n] = weight
        equal, known = self._matrix(self.equal)
        least, bound = self._matrix(self.at_least)
        more = {"A_ub": -least, "b_ub": -bound} if self.at_least else {}
        found = []
        for sign in (1, -1):
            done = linprog(sign * cost, A_eq=equal, b_eq=known, method="highs", **more)
            assert done.status in {0, 3}, done.message  # solved, or without an end
            found.append(float("inf") if done.status == 3 else sign * done.fun)
        return tuple(found)

    def narrow(self, cells):
        """Return those of some counts, by name, that are known closer than they should be."""
        found = {}
        for name, cell in cells.items():
            low, high = self.range(cell)
            if high - low < WIDTH:
                found[name] = low, high
        return found

    def hidden(self, agency, rows, facts):
        """Return all counts that are not told at told places and at the places right below them, by name.

        A service or an area in which nobody sought help is no place; an age band or a sex of which there is nobody is.
        """
        found = {}
        open_levels = {fact.path[:depth] for fact in facts for depth in range(min(CLOSED) + 1)}
        below = {path[: len(up) + 1] for path in self.places for up in rows if path[: len(up)] == up}
        below = {path for path in below if path[: min(CLOSED)] in open_levels}
        for path in {*rows, *below}:
            row = rows.get(path)
            if row is None:
                found[path] = self.cell([agency], path)
            for split in self.splits:
                told = row.told.get(split, {}) if row else {}
                for one in SPLITS[split].classes:
                    if one not in told:
                        found[path, split, one] = self.cell([agency], path, split, one)
        return found

    def _of(self, agency, place, split, classes):
        return [self.number[agency, place, split, one] for one in classes]

    def _equals(self, cell, count):
        self.equal.append((cell, float(count)))

    def _matrix(self, rows):
        places = [(r, n, w) for r, (cell, _) in enumerate(rows) for n, w in cell.items()]
        at, of, weight = zip(*places, strict=True) if places else ((), (), ())
        matrix = coo_matrix((weight, (at, of)), shape=(len(rows), len(self.number))).tocsr()
        return matrix, np.array([known for _, known in rows])
