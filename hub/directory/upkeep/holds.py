"""Contact details change late: what leads a caller to somebody else waits for a call to the old number, or three days.

Pure: takes a change apart into what holds at once and what waits. Rules: it matters not who asks, a coordinator or an
import as little as anybody; to take a detail away is to change it; a first detail of its kind holds at once; what is
inside a service's places counts as much as what stands in front.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

WAYS: Final[tuple[tuple[str, ...], ...]] = (
    ("phones", "email", "contacts"),
    ("website", "url", "additional_urls", "additional_websites"),
    ("focal_point",),
    ("inbox",),
    ("organization_id",),
    ("agency",),
    ("service_at_locations",),
    ("pathway",),
)
"""Members that lead to somebody; a detail is the first of its kind while all members of its row are empty.

Whose a service is, and which agency that is, decide who gets a referral.
"""
CONTACT: Final = frozenset(member for way in WAYS for member in way)
_PLACES: Final = "service_at_locations"
_WAY_IN: Final = "pathway"
"""Of which only the address of the form leads to somebody."""
_INSIDE: Final = ("phones", "contacts")


def split(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what may be written of `new` now, and the members of it that wait, with their new values (None: none).

    Args:
        old: the document that holds now; None for a record that is made, of which nothing waits.
        new: the document that somebody wants.
    """
    if old is None:
        return dict(new), {}
    held = {member: new.get(member) for way in WAYS if _known(old, way) for member in way if _differs(member, old, new)}
    return with_members(new, {member: old.get(member) for member in held}), held


def with_members(document: Mapping[str, Any], members: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with other values of some members; None takes a member away."""
    changed = {**document, **members}
    return {name: value for name, value in changed.items() if value is not None or name not in members}


def _known(document: Mapping[str, Any], way: tuple[str, ...]) -> bool:
    """Return whether a row has a detail; a number inside a place stands in a row with those in front."""
    return any(_leads(member, document) for member in (*way, *(WAYS[0] if _PLACES in way else ())))


def _differs(member: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    before, after = _leads(member, old), _leads(member, new)
    if member == _PLACES and before is None and after:  # a new place may come with its number, a known one may not
        return bool({str(row.get("location_id")) for row in old.get(_PLACES) or ()} & after.keys())
    return bool(before != after)


def _leads(member: str, document: Mapping[str, Any]) -> Any:
    """Return what of a member leads to somebody; empty values are alike."""
    value = document.get(member) or None
    if member == _WAY_IN:
        return (value or {}).get("form") or None
    if member != _PLACES or not value:
        return value
    rows = {str(row.get("location_id")): {name: row[name] for name in _INSIDE if row.get(name)} for row in value}
    return {place: found for place, found in rows.items() if found} or None
