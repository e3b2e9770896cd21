"""Routes of administrative areas: look them up, import them, say which agency works where."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import ValidationError

from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.directory.areas import codab, schemas
from hub.directory.areas.domain import parts
from hub.directory.areas.imports import follow, import_areas
from hub.directory.areas.store import Areas
from hub.errors import Forbidden, InvalidRequest, TooLarge
from hub.keys.store import KeyStore
from hub.packets.encoding import parse_json

if TYPE_CHECKING:
    from hub.directory.areas.domain import Area

blueprint = Blueprint("areas", __name__, url_prefix="/api/v1/directory/areas", description="Administrative areas")
EDITORS = frozenset({"coordinator", "agency_admin"})
_MULTIPART = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file", "options"],
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "CSV, GeoJSON or zipped shapefile"},
                    "options": {"type": "string", "description": "JSON: country, level, columns, same, apply, ..."},
                },
            }
        }
    },
}


@blueprint.route("/list", methods=["POST"])
@blueprint.arguments(schemas.AreaListing)
@blueprint.response(200, schemas.AreaList)
@permission("member")
def post_list(asked: dict[str, Any]) -> dict[str, Any]:
    """The areas of a country, in the order of their paths."""
    with current_hub().database.read() as connection:
        return {"areas": [_shown(area) for area in Areas(connection).listing(asked["country"], asked.get("level"))]}


@blueprint.route("/find", methods=["POST"])
@blueprint.arguments(schemas.AreaSearch)
@blueprint.response(200, schemas.AreaList)
@permission("member")
def post_find(asked: dict[str, Any]) -> dict[str, Any]:
    """Areas by a code of any scheme or by name in any language."""
    with current_hub().database.read() as connection:
        return {"areas": [_shown(area) for area in Areas(connection).find(asked["text"], asked.get("country"))]}


@blueprint.route("/outlines", methods=["POST"])
@blueprint.arguments(schemas.AreaListing)
@blueprint.response(200, {"type": "object"}, content_type="application/geo+json")
@permission("member")
def post_outlines(asked: dict[str, Any]) -> Response:
    """The outlines of a country's areas as GeoJSON, for a map that loads nothing from elsewhere."""
    with current_hub().database.read() as connection:
        tree = Areas(connection)
        listed = tree.listing(asked["country"], asked.get("level", 1))
        found = tree.outlines(area.code for area in listed)
    features = [
        {"type": "Feature", "id": area.code, "properties": {"names": dict(area.names)}, "geometry": found[area.code]}
        for area in listed
        if area.code in found
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    return Response(text, mimetype="application/geo+json")


@blueprint.route("/<string:code>")
@blueprint.response(200, schemas.AreaDetail)
@permission("member")
def get_area(code: str) -> dict[str, Any]:
    """One area: its other codes, which agencies work there and which one leads, what its code has meant."""
    with current_hub().database.read() as connection:
        return _detail(Areas(connection), code)


@blueprint.route("/<string:code>/agencies", methods=["PUT"])
@blueprint.arguments(schemas.AreaAssignment)
@blueprint.response(200, schemas.AreaDetail)
@permission("member", roles={"coordinator"})
def put_agency(given: dict[str, Any], code: str) -> dict[str, Any]:
    """Say that another agency's case workers belong to an area, or that they no longer do; never of the own agency."""
    hub, who = current_hub(), caller()
    with hub.database.write() as connection:
        tree = Areas(connection)
        if given["remove"]:
            tree.unassign(code, given["agency"])
        else:
            KeyStore(connection).agency(given["agency"])
            by, now = (who.agency, who.member), hub.clock.now()
            tree.assign(code, given["agency"], by=by, now=now, lead=given["lead"])
        return _detail(tree, code)


@blueprint.route("/import", methods=["POST"])
@blueprint.response(200, schemas.AreaImportReport)
@blueprint.doc(requestBody=_MULTIPART)
@permission("member", roles=EDITORS)
def post_import() -> dict[str, Any]:
    """Join a file of areas (p-code CSV, GeoJSON, zipped shapefile) to a country's; a dry run unless `apply`."""
    hub, options = current_hub(), _options()
    asked = {name: options[name] for name in ("level", "columns", "language", "location") if name in options}
    file = codab.read(_file(), **asked)
    with hub.database.write() as connection:
        tree, apply = Areas(connection), options["apply"]
        leads = _leads(tree, options["country"], caller().agency)
        how = {"scheme": options["scheme"], "same": options["same"], "write": apply}
        report = import_areas(tree, file, options["country"], **how, moves=leads)
        if apply:
            follow(connection, report.touched, hub.clock.now())
    told = {"counts": dict(report.counts), "rows": report.rows, "unseen": report.unseen, "elsewhere": report.elsewhere}
    return {"applied": apply, **told}


def _leads(tree: Areas, country: str, agency: str) -> bool:
    """Return whether an agency leads in a country, on whose tree hangs who sees what is open to an area.

    Where nobody leads, others may add to it, and move nothing.

    Raises:
        Forbidden: another agency leads the country.
    """
    leading = {row["agency"] for row in tree.agencies(country) if row["lead"]}
    if leading and agency not in leading:
        raise Forbidden("The agency that leads in this country imports its areas.", todo="Ask its coordinator.")
    return bool(leading)


def _options() -> dict[str, Any]:
    try:
        found: dict[str, Any] = schemas.AreaImport().load(
            parse_json(request.form.get("options", "").encode() or _part("options"))
        )
    except ValidationError as error:
        raise InvalidRequest("The options of this import are not of their form.", fields=error.messages_dict) from error
    return found


def _file() -> bytes:
    return _part("file")


def _part(name: str) -> bytes:
    file = request.files.get(name)
    if file is None:
        raise InvalidRequest(f"The request has no part '{name}'.")
    data = file.stream.read(codab.MOST_BYTES + 1)
    if len(data) > codab.MOST_BYTES:
        raise TooLarge("A file of areas has at most 32 MiB.", todo="Simplify its outlines, or send a level at a time.")
    return data


def _detail(tree: Areas, code: str) -> dict[str, Any]:
    area = tree.need(code)
    return {
        **_shown(area),
        "aliases": tree.aliases(area.code),
        "agencies": tree.agencies(area.code),
        "history": [_shown(one) for one in tree.history(area.code)],
        "children": [_shown(one) for one in tree.children(area.code)],
    }


def _shown(area: Area) -> dict[str, Any]:
    return {**asdict(area), "names": dict(area.names), "path": parts(area.path)}
