"""Keeps the summary of the gap table true: counts again what was touched, and what time alone has changed.

A need in a country is counted as a whole, because what covers the country reaches each of its areas. Reading is
`hub.directory.gaps.table`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hub.directory.areas.domain import parts
from hub.directory.areas.store import Areas
from hub.directory.gaps import counting
from hub.directory.gaps.counting import UNSAID, Offer
from hub.directory.gaps.store import GapStore
from hub.directory.records.freshness import day_of
from hub.directory.records.vocabulary import NEEDS
from hub.directory.servicemap.derive import groups_of, usable_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from hub.context import Hub

_GONE = frozenset({"inactive", "defunct"})


def count_gaps(hub: Hub) -> int:
    """Count again what waits for it, a need of a country at a time; return how many."""
    today = day_of(hub.clock.now())
    with hub.database.read() as connection:
        found = _grouped(connection, GapStore(connection).waiting(today))
    for pairs in found.values():
        with hub.database.write() as connection:
            GapStore(connection).claim(pairs)
            recompute(connection, pairs, today)
    return len(found)


def recompute(connection: Connection, pairs: Iterable[tuple[str, str]], today: str) -> int:
    """Count (need, place) again, as of a day; return how many needs of countries that were."""
    tree, store = Areas(connection), GapStore(connection)
    todo = sorted((country, need) for country, need in _grouped(connection, pairs) if country)
    known = {country: tree.listing(country) for country in {country for country, _ in todo}}
    for country, need in todo:
        offers = _offers(store, country, need)
        paths = {area.code: parts(area.path) for area in known[country]}
        levels = {area.code: area.level for area in known[country]}
        rows = counting.rows(offers, paths, today)
        store.replace(country, need, rows, levels, counting.until(offers, today))
    return len(todo)


def _grouped(connection: Connection, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Return (need, place) by country and need; those of places that nobody knows by no country."""
    tree, found = Areas(connection), defaultdict[tuple[str, str], list[tuple[str, str]]](list)
    for need, place in pairs:
        found["".join(tree.path(place)[:1]), need].append((need, place))
    return found


def _offers(store: GapStore, country: str, need: str) -> list[Offer]:
    where = store.where(country, need)
    views = store.views(where)
    return [_offer(views[service], need, *places) for service, places in where.items() if _stands(views.get(service))]


def _stands(view: Mapping[str, Any] | None) -> bool:
    return view is not None and view.get("status") not in _GONE


def _offer(view: Mapping[str, Any], need: str, here: set[str], covers: set[str]) -> Offer:
    dimensions = view.get("dimensions") or [NEEDS[need].dimension]
    return Offer(
        groups_of(view),
        view.get("shown_until", ""),
        usable_until(view),
        bool(view.get("claimed")),
        tuple(f"{dimension}/{level}" for dimension in dimensions for level in view.get("levels") or [UNSAID]),
        view.get("open_to") == "returnees",
        here,
        covers,
    )
