"""Which fields of a record are checked together (policy.json, `groups`). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.directory.records.record import PROVIDER, SERVICE, SITE

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMED: Final[dict[str, tuple[str, ...]]] = {
    "contact": ("phones", "email", "website", "url", "additional_urls", "additional_websites", "contacts"),
    "focal_point": ("focal_point", "inbox", "agency"),
    "capacity": ("capacity", "capacities"),
    "eligibility": ("eligibility", "minimum_age", "maximum_age", "required_documents", "labour_from"),
    "hours": ("hours", "schedules"),
    "pathway": ("pathway", "application_process"),
    "place": (
        "latitude",
        "longitude",
        "addresses",
        "area",
        "access_point",
        "coverage",
        "service_areas",
        "transportation",
    ),
}
_GROUP: Final = {field: group for group, fields in _NAMED.items() for field in fields}
OF_KIND: Final = {
    PROVIDER: ("offer", "contact"),
    SERVICE: ("offer", "contact", "focal_point", "capacity", "eligibility", "hours", "pathway"),
    SITE: ("place",),
}
"""The groups that a record of a kind has; each is due in its own time."""


def group_of(kind: str, field: str) -> str:
    """Return the group that a top-level member of a record belongs to."""
    found = _GROUP.get(field, "offer")
    return found if found in OF_KIND[kind] else OF_KIND[kind][0]


def groups_of(kind: str, fields: Iterable[str]) -> list[str]:
    """Return the groups that some fields belong to, in the order of the kind's groups."""
    named = {group_of(kind, field) for field in fields}
    return [group for group in OF_KIND[kind] if group in named]
