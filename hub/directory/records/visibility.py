"""Who sees which field of a record: four levels, from everybody to the focal point. Pure; the one place that decides.

0 `public`; 1 `partners`: any member of an agency; 2 `area`: case workers and coordinators of agencies that another
agency's coordinator assigned to the record's area; 3 `focal`: the agency that maintains the record, or offers it.

A place is hidden as a whole: who may not see the position or the address sees neither, nor what describes the way;
in their stead stands the access point, if there is one. Once anything of a record is hidden from somebody, members that
this release does not know, and changes of old values, are hidden too: nobody has said what is in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.directory.records.record import SITE
from hub.directory.records.vocabulary import LEVELS

if TYPE_CHECKING:
    from collections.abc import Mapping

PUBLIC, PARTNERS, AREA, FOCAL = range(4)
WHOLE: Final = "*"
_PLACE: Final = frozenset(
    {
        "latitude",
        "longitude",
        "addresses",
        "transportation",
        "description",
        "alternate_name",
        "external_identifier",
        "url",
    }
)
_PLACED: Final = ("latitude", "longitude", "addresses")
_DEFAULT: Final = {"focal_point": PARTNERS}
_OPEN_ENDED: Final = frozenset({"metadata", "attributes", "translations"})
_PLAIN: Final = frozenset(
    {
        *("id", "name", "status", "organization_id", "location_type", "kind", "formal", "country", "tier", "agency"),
        *(
            "needs",
            "specialisms",
            "dimensions",
            "levels",
            "role",
            "claimed",
            "coverage",
            "eligibility",
            "hours",
            "capacity",
        ),
        *("pathway", "inbox", "free", "labour_from", "funded_until", "ends", "verified", "source", "area", "precision"),
        *("mobile", "access", "access_point", "assurance", "counterparts", "names", "acronym", "alternate_name"),
        *("description", "email", "website", "url", "phones", "contacts", "schedules", "languages", "capacities"),
        *("minimum_age", "maximum_age", "cost_options", "service_areas", "required_documents", "service_at_locations"),
        *("latitude", "longitude", "addresses", "accessibility", "transportation", "focal_point", "agreements"),
    }
)


def level_of(kind: str, document: Mapping[str, Any], member: str) -> int:
    """Return from which level on a top-level member is seen."""
    said = document.get("visibility") or {}
    least = max(_said(said, member), whole_level(document))
    if kind == SITE and member in _PLACE:
        least = max(least, *(_said(said, name) for name in _PLACED))
    return least


def whole_level(document: Mapping[str, Any]) -> int:
    """Return from which level on a record is seen at all; a service whose provider is hidden, is hidden itself."""
    said = document.get("visibility") or {}
    held = ("id", "name") if "location_type" in document else ("id", "name", "organization_id")
    return max(_said(said, name) for name in (WHOLE, *held))


def steps_of(kind: str, document: Mapping[str, Any]) -> frozenset[int]:
    """Return the levels at which more is seen of a record than one level below."""
    said = {LEVELS.index(word) for word in (document.get("visibility") or {}).values()}
    return frozenset(said | {level for name, level in _DEFAULT.items() if name in document and kind != SITE})


def visible(kind: str, document: Mapping[str, Any], level: int) -> dict[str, Any] | None:
    """Return what somebody at a level sees of a record, or None where it is not there for them."""
    if whole_level(document) > level:
        return None
    if level >= FOCAL:
        return dict(document)
    said = document.get("visibility") or {}
    hidden = {name for name in (*said, *_DEFAULT) if _said(said, name) > level}
    place = _PLACE if kind == SITE and not hidden.isdisjoint(_PLACED) else frozenset()
    closed, hides = hidden | place | {"visibility"}, not hidden.isdisjoint(said)
    return {name: value for name, value in document.items() if name not in closed and not (hides and _unknown(name))}


def _said(visibility: Mapping[str, str], member: str) -> int:
    word = visibility.get(member)
    return _DEFAULT.get(member, PUBLIC) if word is None else LEVELS.index(word)


def _unknown(member: str) -> bool:
    return member in _OPEN_ENDED or member not in _PLAIN
