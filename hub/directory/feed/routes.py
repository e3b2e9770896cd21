"""Routes of the feed: its public part, and who works with whom across a border."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response
from flask_smorest import Blueprint

from hub.auth.permissions import permission
from hub.context import current_hub
from hub.directory.feed import schemas
from hub.directory.feed.counterparts import Known, counterparts
from hub.directory.feed.publish import page
from hub.directory.feed.store import with_counterparts
from hub.directory.records.freshness import day_of
from hub.directory.records.record import PROVIDER
from hub.directory.records.visibility import PUBLIC
from hub.directory.servicemap.routes import viewer
from hub.directory.servicemap.store import ServiceMap

if TYPE_CHECKING:
    from sqlalchemy import Connection

blueprint = Blueprint("feed", __name__, description="The service map between hubs")


@blueprint.route("/map/feed")
@blueprint.arguments(schemas.FeedPlace, location="query")
@blueprint.response(200, {"type": "object"})
@permission("public")
def get_feed(given: dict[str, int]) -> Response:
    """What has changed in the public part of this hub's service map since a number: one signed page, for anybody."""
    return Response(page(current_hub(), PUBLIC, given["after"]), mimetype="application/json")


@blueprint.route("/api/v1/directory/counterparts", methods=["POST"])
@blueprint.arguments(schemas.CounterpartQuery)
@blueprint.response(200, schemas.CounterpartList)
@permission("member")
def post_counterparts(given: dict[str, Any]) -> dict[str, Any]:
    """Which providers across a border may receive transfers, under which agreement, and whether both sides say so."""
    hub = current_hub()
    day = given["day"].isoformat() if "day" in given else day_of(hub.clock.now())
    one, other = given["countries"] if "countries" in given else given["corridor"].split("-")
    ways = [f"{one}-{other}", f"{other}-{one}"] if "countries" in given else [given["corridor"]]
    with hub.database.read() as connection:
        providers = _providers(connection)
    return {"day": day, "counterparts": [row for way in ways for row in counterparts(providers, way, day)]}


def _providers(connection: Connection) -> dict[str, Known]:
    """Return the providers that have or are counterparts, as the caller may see them, by the ids they are named by."""
    found, looking = ServiceMap(connection), viewer(connection)
    rows = found.many(with_counterparts(connection))
    named = {entry["provider"] for row in rows.values() for entry in row.document.get("counterparts", ())}
    rows |= found.many(sorted(named))
    seen = {
        name: (row.seen(looking.level(row.steward, row.agency, row.home)), row.host)
        for name, row in rows.items()
        if row.kind == PROVIDER
    }
    return {name: Known(document, host) for name, (document, host) in seen.items() if document is not None}
