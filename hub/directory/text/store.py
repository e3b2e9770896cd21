"""What is counted of services when they are searched: one narrow row for each way in which a service looks. SQL only.

A row holds for viewers from `level` up to, without, `below`; most services have one. Written where everything derived
is (`hub.directory.servicemap.derive`), from the listings of the four levels alone. Lists are kept as `,a,b,`. The terms
`need:…` and `area:…` stand among the words, so that whoever types what means a need or names an area finds it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, Column, Integer, String, Table, Text

from hub.db import metadata
from hub.packets.encoding import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_DAY: Final = 10

map_facets = Table(
    "map_facets",
    metadata,
    Column("service", String(36), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("below", Integer, nullable=False),
    Column("steward", String(400), nullable=False),
    Column("agency", String(400), nullable=False),
    Column("home", String(700), nullable=False),
    Column("shown_until", String(_DAY), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("free", String(3), nullable=False),
    Column("claimed", Boolean, nullable=False),
    Column("groups", Integer, nullable=False),
    Column("capacity", String(24), nullable=False),
    Column("capacity_until", String(_DAY), nullable=False),
    Column("needs", Text, nullable=False),
    Column("areas", Text, nullable=False),
    Column("languages", Text, nullable=False),
    Column("access", Text, nullable=False),
    Column("hours", Text),
)

NEED: Final = "need:"
AREA: Final = "area:"
NEED_WEIGHT: Final = 4
AREA_WEIGHT: Final = 3


def facet_rows(
    about: Mapping[str, str], seen: Sequence[Mapping[str, Any] | None], groups: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """Return the rows of a service: `about` whose it is, its listing and age groups at each of the levels."""
    found: list[dict[str, Any]] = []
    for level, view in enumerate(seen):
        row = {} if view is None else {**about, **_facets(view), "groups": groups[level]}
        if found and row.items() <= found[-1].items():
            found[-1]["below"] = level + 1
        elif row:
            found.append({**row, "level": level, "below": level + 1})
    yield from found


def terms(view: Mapping[str, Any]) -> dict[str, int]:
    """Return the terms by which a service is found beside its words, with their weights."""
    needs = {f"{NEED}{need}": NEED_WEIGHT for need in view.get("needs", ())}
    return needs | {f"{AREA}{code}": AREA_WEIGHT for code in _areas(view)}


def _facets(view: Mapping[str, Any]) -> dict[str, Any]:
    capacity = view.get("capacity", {})
    hours = view.get("hours")
    return {
        "service": view["id"],
        "shown_until": view.get("shown_until", ""),
        "kind": view["provider"].get("kind", ""),
        "free": {True: "yes", False: "no"}.get(view.get("free", ""), ""),
        "claimed": bool(view.get("claimed")),
        "capacity": capacity.get("state", ""),
        "capacity_until": capacity.get("until", ""),
        "needs": joined(view.get("needs", ())),
        "areas": joined(_areas(view)),
        "languages": joined(view.get("languages", ())),
        "access": joined(sorted({code for place in view["places"] for code in place.get("access", ())})),
        "hours": None if hours is None else canonical(hours).decode(),
    }


def _areas(view: Mapping[str, Any]) -> list[str]:
    return sorted({code for place in view["places"] for code in place.get("path", ())} | set(view.get("covers", ())))


def joined(codes: Iterable[str]) -> str:
    """Return a list as it is kept: empty, or `,a,b,`."""
    said = ",".join(codes)
    return f",{said}," if said else ""
