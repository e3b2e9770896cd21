"""Invented records of a service map, with everything that a test does not speak of filled in."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.directory.areas.domain import Area
from hub.directory.areas.store import Areas
from hub.directory.records.record import PROVIDER, SERVICE, SITE, id_from
from hub.directory.servicemap.write import Actor, Draft, apply

HOST = "hub.example"
KEEPER = f"urn:rcp:agency:keeper@{HOST}"
TODAY = "2026-03-02"
NOW = int(datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp())
BY = Actor(KEEPER, "member-of-keeper", "coordinator")
GROUPS = ("offer", "contact", "focal_point", "capacity", "eligibility", "hours", "pathway")
AREAS = (
    Area("XA", "own", 0, None, "XA", "XA", {"en": "Arland", "ar": "أرلاند"}, lat=0.0, lon=30.0),
    Area("XA1", "own", 1, "XA", "XA/XA1", "XA", {"en": "North"}, lat=1.0, lon=30.0),
    Area("XA2", "own", 1, "XA", "XA/XA2", "XA", {"en": "South"}, lat=-1.0, lon=30.0),
    Area("XA11", "own", 2, "XA1", "XA/XA1/XA11", "XA", {"en": "North Hill"}, lat=1.2, lon=30.0),
    Area("XA12", "own", 2, "XA1", "XA/XA1/XA12", "XA", {"en": "North Shore"}, lat=0.8, lon=30.0),
)


def some_id(name: str) -> str:
    """The same id for the same name, always."""
    return id_from("tests", name)


def checked(*groups: str, on: str = TODAY) -> dict:
    return {group: {"on": on, "how": "call"} for group in groups or GROUPS}


def provider(name: str = "Hill Clinic", **members) -> dict:
    made = {"id": some_id(f"provider {name}"), "name": name, "description": "", "kind": "ngo", "formal": True}
    return {**made, "country": "XA", "verified": checked("offer", "contact"), **members}


def site(
    name: str = "Hill House", area: str = "XA11", lat: float | None = 1.2, lon: float | None = 30.0, **members
) -> dict:
    made = {
        "id": some_id(f"site {name}"),
        "name": name,
        "location_type": "physical",
        "area": area,
        "precision": "exact",
    }
    point = {} if lat is None else {"latitude": lat, "longitude": lon}
    return {**made, **point, "verified": checked("place"), **members}


def service(name: str = "Child health", by: dict | None = None, at: tuple[dict, ...] | None = None, **members) -> dict:
    where = (site(),) if at is None else at
    return {
        "id": some_id(f"service {name}"),
        "name": name,
        "status": "active",
        "organization_id": (by or provider())["id"],
        "needs": ["health"],
        "role": "deliver",
        "service_at_locations": [{"id": some_id(f"{name} at {one['id']}"), "location_id": one["id"]} for one in where],
        "eligibility": {
            "bands": [{"age_from": 0, "age_to": 17, "sexes": "any", "situations": "any"}],
            "open_to": "all",
        },
        "verified": checked(),
        **members,
    }


def put(connection, *documents: dict, by: Actor = BY, steward: str = KEEPER, now: int = NOW):
    """Apply documents, whatever their kind."""
    drafts = [Draft(kind_of(document), document, steward=steward) for document in documents]
    return apply(connection, drafts, by, host=HOST, now=now)


def kind_of(document: dict) -> str:
    if "location_type" in document:
        return SITE
    return SERVICE if "organization_id" in document else PROVIDER


def populated(connection) -> None:
    """A country of two regions, a clinic on the hill and a school on the shore."""
    Areas(connection).put(AREAS)
    shore = site("Shore House", "XA12", 0.8, 30.0)
    school = provider("Shore School", kind="school")
    put(connection, provider(), school, site(), shore)
    lessons = service("Lessons", school, (shore,), needs=["education"], coverage={"areas": ["XA1"], "extent": "area"})
    put(connection, service(), lessons)
