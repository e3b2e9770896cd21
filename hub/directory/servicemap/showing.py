"""A record as somebody sees it, with nothing left in it that names what they may not know of.

That a service is given at a hidden site says as much as the site: such places are left out of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.directory.records.record import SERVICE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hub.directory.servicemap.store import Row, ServiceMap
    from hub.directory.servicemap.viewer import Viewer


def shown(store: ServiceMap, viewer: Viewer, row: Row) -> dict[str, Any] | None:
    """Return a record as a viewer sees it, or None where it is not there for them."""
    return shown_all(store, viewer, [row]).get(row.id)


def shown_all(store: ServiceMap, viewer: Viewer, rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """Return those of some records that a viewer sees, as they see them, by their ids."""
    found = {row.id: (row.kind, seen) for row in rows if (seen := seen_by(viewer, row)) is not None}
    named = {site for kind, seen in found.values() if kind == SERVICE for site in _sites(seen)}
    known = {name for name, row in store.many(sorted(named)).items() if seen_by(viewer, row) is not None}
    return {key: placed(seen, known) if kind == SERVICE else seen for key, (kind, seen) in found.items()}


def seen_by(viewer: Viewer, row: Row) -> dict[str, Any] | None:
    """Return what a viewer sees of a row alone."""
    return row.seen(viewer.level(row.steward, row.agency, row.home))


def placed(service: dict[str, Any], known: Collection[str]) -> dict[str, Any]:
    """Return a service at those of its sites that are known."""
    if not isinstance(service.get("service_at_locations"), list):
        return service
    rows = service["service_at_locations"]
    kept = [row for row in rows if row.get("location_id") is None or row["location_id"] in known]
    return {**service, "service_at_locations": kept}


def _sites(service: dict[str, Any]) -> list[str]:
    return [str(row["location_id"]) for row in service.get("service_at_locations") or () if row.get("location_id")]
