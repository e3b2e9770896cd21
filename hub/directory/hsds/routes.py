"""The read interface of HSDS 3.2 over the public part of the map, with the profile and the schemas that describe it.

Each list has a POST twin: what somebody looks for then stands in no address and no log. Everybody may ask, and nobody
sees more for being signed in.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from flask import Response, stream_with_context
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE

from hub.auth.permissions import permission
from hub.context import current_hub
from hub.directory.formats.hsds import page
from hub.directory.formats.hsds_objects import PROFILED, VERSION, objects, profile, schema
from hub.directory.hsds import schemas
from hub.directory.hsds.openapi import describe
from hub.directory.hsds.publish import Publisher
from hub.directory.text.normalise import words
from hub.errors import NotFound
from hub.keys.store import KeyStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

blueprint = Blueprint("hsds", __name__, url_prefix="/hsds", description="The public map in the form of HSDS")
LINES_AT_ONCE = 50
NDJSON = "application/x-ndjson"
Answer = dict[str, Any] | Response


@blueprint.route("/")
@blueprint.response(200)
@permission("public")
def get_about() -> dict[str, Any]:
    """Which version and profile of HSDS this is, and who publishes it."""
    hub = current_hub()
    with hub.database.read() as connection:
        entry = KeyStore(connection).hub_entry(hub.origin)
    publisher = {"name": entry.operator if entry else hub.origin, "website": _address("")}
    return {
        "version": VERSION,
        "profile": _address("/hsds/profile"),
        "openapi_url": _address("/hsds/openapi.json"),
        "description": "Services of the service map that everybody may know of.",
        "publisher": publisher,
    }


@blueprint.route("/services")
class Services(MethodView):
    """Services."""

    @permission("public")
    @blueprint.arguments(schemas.ServiceQuery, location="query", unknown=RAISE)
    @blueprint.response(200, schemas.Page)
    def get(self, asked: dict[str, Any]) -> Answer:
        """List services."""
        return _listed("services", asked)

    @permission("public")
    @blueprint.arguments(schemas.ServiceQuery)
    @blueprint.response(200, schemas.Page)
    def post(self, asked: dict[str, Any]) -> Answer:
        """List services, with the question in the body."""
        return _listed("services", asked)


@blueprint.route("/services/<string:service>")
@blueprint.response(200)
@permission("public")
def get_service(service: str) -> dict[str, Any]:
    """One service, with all that belongs to it."""
    with current_hub().database.read() as connection:
        return Publisher(connection, current_hub().facts).service(service)


@blueprint.route("/organizations")
class Organizations(MethodView):
    """Organizations."""

    @permission("public")
    @blueprint.arguments(schemas.OrganizationQuery, location="query", unknown=RAISE)
    @blueprint.response(200, schemas.Page)
    def get(self, asked: dict[str, Any]) -> Answer:
        """List organizations."""
        return _listed("organizations", asked)

    @permission("public")
    @blueprint.arguments(schemas.OrganizationQuery)
    @blueprint.response(200, schemas.Page)
    def post(self, asked: dict[str, Any]) -> Answer:
        """List organizations, with the question in the body."""
        return _listed("organizations", asked)


@blueprint.route("/organizations/<string:organization>")
@blueprint.arguments(schemas.OneOrganization, location="query", unknown=RAISE)
@blueprint.response(200)
@permission("public")
def get_organization(asked: dict[str, Any], organization: str) -> dict[str, Any]:
    """One organization, with what it offers."""
    with current_hub().database.read() as connection:
        return Publisher(connection, current_hub().facts).organization(organization, services=asked["full_service"])


@blueprint.route("/service_at_locations")
class ServiceAtLocations(MethodView):
    """Services at locations."""

    @permission("public")
    @blueprint.arguments(schemas.PlaceQuery, location="query", unknown=RAISE)
    @blueprint.response(200, schemas.Page)
    def get(self, asked: dict[str, Any]) -> Answer:
        """List services at locations."""
        return _listed("service_at_locations", asked)

    @permission("public")
    @blueprint.arguments(schemas.PlaceQuery)
    @blueprint.response(200, schemas.Page)
    def post(self, asked: dict[str, Any]) -> Answer:
        """List services at locations, with the question in the body."""
        return _listed("service_at_locations", asked)


@blueprint.route("/service_at_locations/<string:place>")
@blueprint.response(200)
@permission("public")
def get_service_at_location(place: str) -> dict[str, Any]:
    """One service at one location, with both."""
    with current_hub().database.read() as connection:
        return Publisher(connection, current_hub().facts).service_at_location(place)


@blueprint.route("/taxonomies")
class Taxonomies(MethodView):
    """Taxonomies."""

    @permission("public")
    @blueprint.arguments(schemas.TaxonomyQuery, location="query", unknown=RAISE)
    @blueprint.response(200, schemas.Page)
    def get(self, asked: dict[str, Any]) -> Answer:
        """List taxonomies."""
        return _codes("taxonomies", asked)

    @permission("public")
    @blueprint.arguments(schemas.TaxonomyQuery)
    @blueprint.response(200, schemas.Page)
    def post(self, asked: dict[str, Any]) -> Answer:
        """List taxonomies, with the question in the body."""
        return _codes("taxonomies", asked)


@blueprint.route("/taxonomies/<string:taxonomy>")
@blueprint.response(200)
@permission("public")
def get_taxonomy(taxonomy: str) -> dict[str, Any]:
    """One taxonomy."""
    return _code("taxonomies", taxonomy)


@blueprint.route("/taxonomy_terms")
class TaxonomyTerms(MethodView):
    """Terms of taxonomies."""

    @permission("public")
    @blueprint.arguments(schemas.TermQuery, location="query", unknown=RAISE)
    @blueprint.response(200, schemas.Page)
    def get(self, asked: dict[str, Any]) -> Answer:
        """List terms."""
        return _codes("taxonomy_terms", asked)

    @permission("public")
    @blueprint.arguments(schemas.TermQuery)
    @blueprint.response(200, schemas.Page)
    def post(self, asked: dict[str, Any]) -> Answer:
        """List terms, with the question in the body."""
        return _codes("taxonomy_terms", asked)


@blueprint.route("/taxonomy_terms/<string:term>")
@blueprint.response(200)
@permission("public")
def get_taxonomy_term(term: str) -> dict[str, Any]:
    """One term."""
    return _code("taxonomy_terms", term)


@blueprint.route("/profile")
@blueprint.response(200)
@permission("public")
def get_profile() -> dict[str, Any]:
    """What our profile changes: the address of a merge patch (RFC 7386) for each schema."""
    return {"hsds": "3.1.3", "patches": {name: _address(f"/hsds/profile/{name}.json") for name in PROFILED}}


@blueprint.route("/profile/<string:name>.json")
@blueprint.response(200)
@permission("public")
def get_patch(name: str) -> dict[str, Any]:
    """The merge patch of one schema."""
    if name not in PROFILED:
        raise NotFound("Our profile changes no such schema.")
    return profile(name)


@blueprint.route("/schema/<string:name>.json")
@blueprint.response(200)
@permission("public")
def get_schema(name: str) -> dict[str, Any]:
    """The schema of an object, with our profile merged in."""
    if name not in objects():
        raise NotFound("HSDS has no such object.")
    return {"$id": _address(f"/hsds/schema/{name}.json"), **schema(name)}


@blueprint.route("/openapi.json")
@blueprint.response(200)
@permission("public")
def get_openapi() -> dict[str, Any]:
    """The description of this interface alone, with nothing that lies elsewhere."""
    return describe(_address("/hsds"))


def _address(path: str) -> str:
    return current_hub().settings.url.rstrip("/") + path


def _listed(kind: str, asked: Mapping[str, Any]) -> Answer:
    hub = current_hub()
    if asked["format"] == "ndjson":
        with hub.database.read() as connection:
            Publisher(connection, hub.facts).asked(asked)  # a question that is wrong is refused before the first line

        def rows() -> Iterator[dict[str, Any]]:
            with hub.database.read() as connection:
                yield from Publisher(connection, hub.facts).everything(kind, asked)

        return _lines(rows())
    with hub.database.read() as connection:
        answer: dict[str, Any] = getattr(Publisher(connection, hub.facts), kind)(asked)
        return answer


def _codes(kind: str, asked: Mapping[str, Any]) -> Answer:
    found = _named(kind, asked)
    if wanted := set(words(asked.get("search", ""))):
        found = [one for one in found if wanted <= set(words(f"{one.get('name')} {one.get('description')}"))]
    if asked["format"] == "ndjson":
        return _lines(iter(found))
    start = (asked["page"] - 1) * asked["per_page"]
    return page(found[start : start + asked["per_page"]], len(found), asked["page"], asked["per_page"])


def _code(kind: str, key: str) -> dict[str, Any]:
    for one in _named(kind, {}):
        if one["id"] == key.lower():
            return one
    raise NotFound("There is no such term, and no such taxonomy.")


def _named(kind: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    with current_hub().database.read() as connection:
        publisher = Publisher(connection, current_hub().facts)
        return publisher.taxonomies() if kind == "taxonomies" else publisher.taxonomy_terms(asked)


def _lines(rows: Iterator[dict[str, Any]]) -> Response:
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    sent = iter(lambda: "".join(islice(lines, LINES_AT_ONCE)), "")
    return Response(stream_with_context(sent), mimetype=NDJSON)
