"""The route for one service of the map, signed as in a slice: to refer to it, or to print it for a family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import select

from hub.auth.permissions import permission
from hub.context import current_hub
from hub.directory.matching import schemas
from hub.directory.records.freshness import day_of
from hub.directory.servicemap import slices
from hub.directory.servicemap.routes import viewer
from hub.directory.servicemap.schemas import Slice
from hub.directory.servicemap.store import ServiceMap, map_views
from hub.directory.servicemap.viewer import EVERYBODY
from hub.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.directory.servicemap.viewer import Viewer

blueprint = Blueprint("matching", __name__, url_prefix="/api/v1/directory", description="One service of the map")


@blueprint.route("/service", methods=["POST"])
@blueprint.arguments(schemas.OneService)
@blueprint.response(200, Slice)
@permission("member")
def post_service(given: dict[str, Any]) -> Response:
    """One service as the caller may see it, or as everybody may; the id of a merged one leads to the one kept."""
    hub = current_hub()
    now = hub.clock.now()
    with hub.database.read() as connection:
        page = _page(connection, given["service"], EVERYBODY if given["public"] else viewer(connection))
        areas = slices.areas_named(connection, page, slices.Query("", day_of(now)))
    signed = slices.sign_slice(page, given, areas, hub.origin, hub.signer, now)
    return Response(b'{"slice":%s}' % signed, mimetype="application/json")


def _page(connection: Connection, service: str, looking: Viewer) -> slices.Page:
    found = ServiceMap(connection).resolve(service)
    rows = select(looking.view().label("data")).where(map_views.c.id == found)
    data = connection.execute(rows).scalar()
    if data is None:
        raise NotFound("There is no such service, or it is not for you to see.")
    return slices.Page([bytes(data)], 1, None)
