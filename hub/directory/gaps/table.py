"""The gap table of a country, read out of its summary: layers by area and need, unmet need beside them, as CSV too.

Rules: only what partners may see was counted. A hidden count of unmet need stays hidden: a sum is of the known ones,
and says how many were not (`hidden`). An area without a row has what its nearest area above covers.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from hub.directory.areas.domain import parts
from hub.directory.areas.store import Areas
from hub.directory.gaps import counting
from hub.directory.gaps.counting import LAYERS, UNSAID
from hub.directory.gaps.store import GapStore
from hub.directory.records.vocabulary import NEEDS, codes
from hub.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from hub.directory.areas.domain import Area
    from hub.directory.gaps.unmet import Unmet

_FIRST: Final = 20
_LAYERS: Final = (*LAYERS, "returnees_only", "unmet", "hidden")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def table(
    connection: Connection,
    country: str,
    *,
    needs: Sequence[str] = (),
    group: str = "all",
    level: int = 1,
    month: str | None = None,
) -> dict[str, Any]:
    """Return the gap table of a country down to a level, for a group of persons.

    Raises:
        NotFound: a country of which this hub has no areas.
    """
    tree, store = Areas(connection), GapStore(connection)
    listed = [area for area in tree.listing(country) if area.level <= level]
    if not listed:
        raise NotFound("This hub has no areas of this country.", todo="hub directory areas seed, or import them.")
    wanted = list(needs) or list(NEEDS)
    known = _filled(listed, wanted, store.rows(country, wanted, level))
    month, counted = store.unmet(country, group, month)
    unmet = _rolled(counted, {area.code for area in listed}, tree)
    rows = [_area(area, wanted, group, known, unmet) for area in listed if area.level == level]
    about = {"country": country, "level": level, "group": group, "month": month, "needs": wanted}
    return {**about, "areas": rows, "first": _first(rows), "grid": _grid(listed[0].code, wanted, known)}


def as_csv(found: Mapping[str, Any], language: str) -> str:
    """Return a gap table as CSV, a line for each area and need; no cell is read as a formula."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["area", "name", "need", "group", "month", *_LAYERS])
    for row in found["areas"]:
        name = _name(row["names"], language) or row["code"]
        for need, cell in row["cells"].items():
            plain = f"'{name}" if name.startswith(_FORMULA) else name
            about = [row["code"], plain, need, found["group"], found["month"] or ""]
            lines.writerow([*about, *("" if cell[layer] is None else cell[layer] for layer in _LAYERS)])
    return text.getvalue()


def _filled(
    listed: Iterable[Area], needs: Iterable[str], rows: Mapping[tuple[str, str], dict[str, Any]]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Return a row for each area and need of which anything is known, there or of an area above."""
    found = dict(rows)
    wanted = list(needs)
    for area in listed:
        for need in wanted if area.parent else ():
            above = found.get((str(area.parent), need))
            if (area.code, need) not in found and above is not None:
                found[area.code, need] = counting.below(above)
    return found


def _area(
    area: Area,
    needs: Sequence[str],
    group: str,
    known: Mapping[tuple[str, str], dict[str, Any]],
    unmet: Mapping[tuple[str, str], list[int | None]],
) -> dict[str, Any]:
    cells = {}
    for need in needs:
        row = known.get((area.code, need))
        counts = unmet.get((area.code, need), [])
        known_counts = [count for count in counts if count is not None]
        cells[need] = {
            **counting.layers(row, group),
            "returnees_only": row["returnees_only"] if row else 0,
            "unmet": sum(known_counts) if known_counts else None,
            "hidden": len(counts) - len(known_counts),
        }
    return {
        "code": area.code,
        "path": parts(area.path),
        "names": dict(area.names),
        "cells": cells,
        "grid": _grid(area.code, needs, known),
    }


def _rolled(counted: Iterable[Unmet], listed: set[str], tree: Areas) -> dict[tuple[str, str], list[int | None]]:
    """Return the counts of each area that is listed, those of areas in it among them."""
    found: dict[tuple[str, str], list[int | None]] = defaultdict(list)
    for row in counted:
        for code in listed & set(tree.path(row.area)):
            found[code, row.need].append(row.count)
    return found


def _first(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return where most have an unmet need and nothing is usable (D14), the most first; hidden counts come last."""
    found = [
        {"area": row["code"], "need": need, "unmet": cell["unmet"], "hidden": cell["hidden"]}
        for row in rows
        for need, cell in row["cells"].items()
        if cell["usable"] == 0 and (cell["unmet"] or cell["hidden"])
    ]
    return sorted(found, key=lambda one: (-(one["unmet"] or 0), -one["hidden"], one["area"], one["need"]))[:_FIRST]


def _grid(
    code: str, needs: Iterable[str], known: Mapping[tuple[str, str], Mapping[str, Any]]
) -> dict[str, dict[str, int]]:
    """Return how many offers stand in each cell of dimension and level of an area; an empty cell is 0 (D4)."""
    levels = (*codes("levels"), UNSAID)
    grid = {dimension: dict.fromkeys(levels, 0) for dimension in codes("dimensions")}
    for need in needs:
        row = known.get((code, need))
        for cell, count in row["grid"].items() if row else ():
            dimension, _, level = cell.partition("/")
            grid[dimension][level] += count
    return grid


def _name(names: Mapping[str, str], language: str) -> str:
    return names.get(language) or names.get("en") or next(iter(names.values()), "")
