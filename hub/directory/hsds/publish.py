"""Answers of the HSDS interface: pages and single objects, made of records as everybody may see them.

Public only: members ask the map itself, where they see more. `last_modified` is when anything that is shown with a
record changed. An id that was merged leads to the record that was kept, under the id of that one. Services past the
limit of their verification stay: this is a publication, and each says when it was last checked (`assured_date`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from hub.db import batches
from hub.directory.areas.store import Areas
from hub.directory.formats.hsds import page
from hub.directory.formats.hsds_derive import taxonomies, terms
from hub.directory.formats.hsds_write import HsdsWriter
from hub.directory.formats.items import Records
from hub.directory.hsds.store import Asked, Published, terms_of
from hub.directory.records.record import SERVICE
from hub.directory.records.visibility import PUBLIC
from hub.directory.servicemap.slices import Point
from hub.directory.servicemap.store import ServiceMap
from hub.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection

    from hub.directory.servicemap.store import Row

AT_ONCE: Final = 200
EVERYTHING: Final = 2**31
_LOST_PLUS: Final = re.compile(r"(?<=:[0-9]{2}) ([0-9]{2}:[0-9]{2})\Z")
"""An offset whose plus sign an address turned into a space."""
Object = dict[str, Any]


@dataclass(slots=True)
class Publisher:
    """The public map through one connection. `facts`: what the running process keeps until a record changes."""

    connection: Connection
    facts: dict[str, Any]
    areas: Areas = field(init=False)

    def __post_init__(self) -> None:
        self.areas = Areas(self.connection)

    @property
    def published(self) -> Published:
        """Which records there are."""
        return Published(self.connection)

    def services(self, asked: Mapping[str, Any]) -> Object:
        """Return a page of services."""
        total, ids = self.published.services(self.asked(asked), *_window(asked))
        return page(self.service_rows(ids, asked), total, asked["page"], asked["per_page"])

    def service_rows(self, ids: list[str], asked: Mapping[str, Any]) -> list[Object]:
        """Return services as a list shows them: in full, or only their dates, where that was asked for."""
        writer = self._writer(ids, full=bool(asked.get("full")))
        if asked.get("minimal"):
            return [{name: writer.records.services[one][name] for name in ("id", "last_modified")} for one in ids]
        return [writer.service(one) if asked.get("full") else writer.listed_service(one) for one in ids]

    def service(self, key: str) -> Object:
        """Return a service with all that belongs to it."""
        kept = ServiceMap(self.connection).resolve(key.lower())
        if not self.published.is_service(kept):
            raise NotFound("There is no such service.")
        return self._writer([kept], full=True).service(kept)

    def organizations(self, asked: Mapping[str, Any]) -> Object:
        """Return a page of organizations."""
        total, ids = self.published.organizations(self.asked(asked), *_window(asked))
        return page(self.organization_rows(ids, asked), total, asked["page"], asked["per_page"])

    def organization_rows(self, ids: list[str], asked: Mapping[str, Any]) -> list[Object]:
        """Return organizations as a list shows them."""
        writer = self._writer(self._services_of(ids) if asked.get("full_service") else [], ids, full=True)
        if asked.get("full") or asked.get("full_service"):
            return [writer.organization(one, services=bool(asked.get("full_service"))) for one in ids]
        return [writer.listed_organization(one) for one in ids]

    def organization(self, key: str, *, services: bool) -> Object:
        """Return an organization with all that belongs to it."""
        kept = ServiceMap(self.connection).resolve(key.lower())
        writer = self._writer(self._services_of([kept]) if services else [], [kept], full=True)
        if kept not in writer.records.providers:
            raise NotFound("There is no such organization.")
        return writer.organization(kept, services=services)

    def service_at_locations(self, asked: Mapping[str, Any]) -> Object:
        """Return a page of services at locations."""
        total, pairs = self.published.places(self.asked(asked), *_window(asked))
        return page(self.place_rows(pairs, asked), total, asked["page"], asked["per_page"])

    def place_rows(self, pairs: list[tuple[str, str]], asked: Mapping[str, Any]) -> list[Object]:
        """Return services at locations as a list shows them; of two at one site of a service, the first."""
        full = bool(asked.get("full"))
        writer = self._writer(sorted({service for service, _site in pairs}), full=full)
        known = {
            (one, made["location"]["id"]): made
            for one in writer.records.services
            for made in reversed(_held(writer, one, full=full))
        }
        kept = {
            site: row.id for site, row in ServiceMap(self.connection).many(site for _service, site in pairs).items()
        }
        return [known[pair] for service, site in pairs if (pair := (service, kept.get(site, site))) in known]

    def service_at_location(self, key: str) -> Object:
        """Return a service at a location, in full."""
        key = key.lower()
        ids = self.published.holding(key)
        writer = self._writer(ids, full=True)
        found = (made for one in ids for made in _held(writer, one, full=True) if made.get("id") == key)
        made = next(found, None)
        if made is None:
            raise NotFound("There is no such service at a location.")
        return made

    def taxonomies(self) -> list[Object]:
        """Return our taxonomies, then those that records bring along."""
        details = [
            term["taxonomy_detail"] for term in self._imported() if isinstance(term.get("taxonomy_detail"), dict)
        ]
        found = {one["id"]: one for one in (*taxonomies(), *(one for one in details if one.get("id")))}
        return list(found.values())

    def taxonomy_terms(self, asked: Mapping[str, Any]) -> list[Object]:
        """Return the terms of our taxonomies, then those that records bring along."""
        own = [term for one in taxonomies() for term in terms(one["name"])]
        found = list({term["id"]: term for term in (*self._imported(), *own)}.values())
        found.sort(key=lambda term: (str(term.get("taxonomy")), str(term.get("name")), term["id"]))
        if asked.get("taxonomy_id"):
            found = [term for term in found if asked["taxonomy_id"].lower() in _taxonomy_of(term)]
        if asked.get("top_only"):
            found = [term for term in found if not term.get("parent_id")]
        if asked.get("parent_id"):
            found = [term for term in found if term.get("parent_id") == asked["parent_id"]]
        return found

    def asked(self, given: Mapping[str, Any]) -> Asked:
        """Return what a list is narrowed by, out of the parameters of a request."""
        if given.get("postcode"):
            raise InvalidRequest(
                "This hub does not know where postcodes are.", todo="Give lat, lon and proximity in place of postcode."
            )
        organization = given.get("organization_id")
        return Asked(
            search=given.get("search", ""),
            organization=ServiceMap(self.connection).resolve(organization.lower()) if organization else None,
            modified_after=_seconds(given["modified_after"]) if given.get("modified_after") else None,
            terms=self._terms(given),
            point=_point(given),
        )

    def everything(self, kind: str, asked: Mapping[str, Any]) -> Iterator[Object]:
        """Yield all that a list has, unpaged, a bounded number of records at a time."""
        rows: dict[str, Any] = {
            "services": (self.published.services, self.service_rows),
            "organizations": (self.published.organizations, self.organization_rows),
            "service_at_locations": (self.published.places, self.place_rows),
        }
        ids, shown = rows[kind]
        for some in batches(ids(self.asked(asked), 0, EVERYTHING)[1], AT_ONCE):
            yield from shown(some, asked)

    def _terms(self, given: Mapping[str, Any]) -> tuple[tuple[str, str], ...] | None:
        """Return the terms that a request names, alone or as those of a taxonomy; None where it names none."""
        if not given.get("taxonomy_term_id") and not given.get("taxonomy_id"):
            return None
        known = {term["id"]: term for term in self.taxonomy_terms({"taxonomy_id": given.get("taxonomy_id")})}
        one = str(given["taxonomy_term_id"]).lower() if given.get("taxonomy_term_id") else None
        found = known.values() if one is None else [known[one]] if one in known else []
        own = {term["id"]: term["code"] for name in taxonomies() for term in terms(name["name"])}
        return tuple((term["id"], own.get(term["id"], "")) for term in found)

    def _imported(self) -> list[Object]:
        """Return the terms that public records bring along; what was met before is read again only where it changed.

        A term that no record has any more stays until the process ends: it is a word of some list, about nobody.
        """
        stamp = self.published.stamp()
        held, found = self.facts.get("hsds_terms", ((-1, 0, 0), {}))
        if held != stamp:
            found = dict(found)
            for some in batches(self.published.tagged(since=held[0]), AT_ONCE):
                for row in ServiceMap(self.connection).many(some).values():
                    found |= terms_of(row.kind, row.document)
            self.facts["hsds_terms"] = (stamp, found)
        return list(found.values())

    def _services_of(self, organizations: list[str]) -> list[str]:
        return [
            made for one in organizations for made in self.published.services(Asked(organization=one), 0, EVERYTHING)[1]
        ]

    def _writer(self, services: Iterable[str], providers: Iterable[str] = (), *, full: bool) -> HsdsWriter:
        """Return a writer of some services and organizations, and of all records that they show."""
        store = ServiceMap(self.connection)
        offers = {made: seen for made, row in store.many(services).items() if (seen := _seen(row)) is not None}
        named = {str(one.get("organization_id")) for one in offers.values()} | set(providers)
        bodies = {row.id: (made, row) for made, row in store.many(sorted(named)).items()}
        organizations = {kept: seen for kept, (_made, row) in bodies.items() if (seen := _seen(row)) is not None}
        kept = {made: kept for kept, (made, _row) in bodies.items()}
        wanted = {str(at.get("location_id")) for one in offers.values() for at in one.get("service_at_locations") or ()}
        own = self.published.sites_of(sorted(organizations)) if full else []
        places = store.many(sorted(wanted | set(own)))
        sites = {row.id: seen for row in places.values() if (seen := _seen(row)) is not None}
        moved = {made: row.id for made, row in places.items()}
        for one in (*offers.values(), *sites.values()):
            if one.get("organization_id") in kept:
                one["organization_id"] = kept[one["organization_id"]]
        for one in offers.values():
            _known_places(one, moved, sites)
        return HsdsWriter(Records(organizations, offers, sites, self._path))

    def _path(self, code: str) -> list[tuple[str, str]]:
        """Return the code and the name of an area; nothing of one that nobody knows."""
        area = self.areas.get(code)
        return [] if area is None else [(code, area.name("en"))]


def _seen(row: Row) -> Object | None:
    """Return a record as everybody may see it, or None; a service says when anything it shows changed."""
    seen = row.seen(PUBLIC)
    if seen is None:
        return None
    made = {name: value for name, value in seen.items() if name != "visibility"}
    return made | ({"last_modified": _moment(row.moved_at)} if row.kind == SERVICE else {})


def _known_places(service: Object, moved: Mapping[str, str], sites: Mapping[str, Any]) -> None:
    """Leave of a service's locations those that everybody may know of, under the ids that they are kept by."""
    if isinstance(service.get("service_at_locations"), list):
        service["service_at_locations"] = [
            {**at, "location_id": moved[at["location_id"]]} if at.get("location_id") else at
            for at in service["service_at_locations"]
            if not at.get("location_id") or moved.get(at["location_id"]) in sites
        ]


def _held(writer: HsdsWriter, service: str, *, full: bool) -> list[Object]:
    return [made for made in writer.service_at_locations(service, full=full) if "location" in made]


def _window(asked: Mapping[str, Any]) -> tuple[int, int]:
    return (asked["page"] - 1) * asked["per_page"], asked["per_page"]


def _taxonomy_of(term: Object) -> set[str]:
    detail = term.get("taxonomy_detail")
    return {str(term.get("taxonomy_id")), str(detail.get("id")) if isinstance(detail, dict) else ""}


def _point(given: Mapping[str, Any]) -> Point | None:
    named = [name for name in ("lat", "lon", "proximity") if given.get(name) is not None]
    if not named:
        return None
    if len(named) < 3:  # noqa: PLR2004  # the three make one circle
        raise InvalidRequest("lat, lon and proximity go together: a circle has a middle and a radius in metres.")
    return Point(given["lat"], given["lon"], given["proximity"] / 1000)


def _seconds(text: str) -> float:
    try:
        moment = datetime.fromisoformat(_LOST_PLUS.sub(r"+\1", text.strip()))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise InvalidRequest("modified_after is a day or a moment in the form of ISO 8601.") from error


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
