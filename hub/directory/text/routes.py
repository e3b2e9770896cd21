"""The route of the caseless search. The question travels in a body, and stands in no log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_smorest import Blueprint

from hub.auth.permissions import permission
from hub.context import current_hub
from hub.directory.servicemap.routes import viewer
from hub.directory.text import schemas
from hub.directory.text.search import Question, search

if TYPE_CHECKING:
    from hub.directory.text.search import Answer

blueprint = Blueprint("map_search", __name__, url_prefix="/api/v1/directory", description="Search of the service map")


@blueprint.route("/search", methods=["POST"])
@blueprint.arguments(schemas.Search)
@blueprint.response(200, schemas.Results)
@permission("member")
def post_search(given: dict[str, Any]) -> Answer:
    """Services by words, needs, areas and more, with the reason for each; nothing about any person is asked."""
    hub = current_hub()
    with hub.database.read() as connection:
        return search(connection, Question(**given), viewer(connection), hub.clock.now())
