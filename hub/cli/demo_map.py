"""The service map of the demonstration: invented services in Addis Ababa, as a coordinator there keeps them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hub.cli import demo_story as story

if TYPE_CHECKING:
    from hub.client.member import Member

AREA = "ET-AA"
_RECORDS = "/api/v1/directory/records"
_WEEK = [{"days": ["MO", "TU", "WE", "TH", "FR"], "opens": "08:30", "closes": "17:00"}]
_HOURS = {"zone": "Africa/Addis_Ababa", "week": _WEEK}


def put_map(keeper: Member, now: int) -> int:
    """Put the invented services into the map as records that the keeper's agency keeps; return how many services.

    Four ways to be found or not: one fits, one has an age limit, one is informal and supports, one is no longer funded.
    """
    inbox = keeper.home().entry.inboxes[0]
    own = _put(keeper, "provider", name="SYN Transit Centre Addis", kind="io", country="ET", agency=keeper.agency)
    other = _put(keeper, "provider", name="SYN Lideta Youth House", kind="ngo", country="ET")
    coalition = _put(
        keeper, "provider", name="SYN Care Coalition, Kebele 01", kind="community_structure", formal=False, country="ET"
    )
    site = _put(
        keeper,
        "site",
        name="SYN Transit Centre",
        location_type="physical",
        area=AREA,
        latitude=9.0123,
        longitude=38.7512,
        visibility={"addresses": "focal", "latitude": "focal"},
        access_point={"description": "SYN Bole reception desk, hall 2", "latitude": 8.98, "longitude": 38.79},
    )
    funded = (story.today(now) - timedelta(days=20)).isoformat()
    services: tuple[dict[str, Any], ...] = (
        {
            "name": "Reception of children who return alone",
            "organization_id": own,
            "service_at_locations": [{"location_id": site}],
            "eligibility": _for(0, 17),
            "hours": {"zone": "Africa/Addis_Ababa", "always": True},
            "capacity": {"state": "capacity", "available": 6, "as_of": story.today(now).isoformat()},
            "languages": [{"code": "am"}, {"code": "ti"}],
            "free": True,
            "inbox": inbox,
            "focal_point": {"title": "Duty desk", "agency": keeper.agency},
        },
        {"name": "Night shelter for the youngest", "organization_id": other, "eligibility": _for(0, 12)},
        {"name": "Families that take somebody in", "organization_id": coalition, "role": "support"},
        {"name": "Youth hostel", "organization_id": other, "eligibility": _for(15, 24), "ends": funded},
    )
    for given in services:
        made = {"status": "active", "needs": ["reception"], "hours": _HOURS, "coverage": {"areas": [AREA]}, **given}
        _put(keeper, "service", **made)
    return len(services)


def _for(youngest: int, oldest: int) -> dict[str, Any]:
    return {
        "bands": [{"age_from": youngest, "age_to": oldest, "sexes": "any", "situations": "any"}],
        "nationalities": "any",
        "statuses": "any",
        "documents": "any",
        "vulnerabilities": "any",
        "residence": "any",
        "open_to": "all",
    }


def _put(keeper: Member, record: str, **document: Any) -> str:
    return str(keeper.hub.post(_RECORDS, {"kind": record, "document": document, "how": "visit"})["id"])
