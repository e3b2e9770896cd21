"""Routes of networks of focal points: what their secretariats and their agencies signed."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.directory.networks import schemas
from hub.directory.networks.document import SIGNERS
from hub.directory.networks.store import Networks
from hub.directory.networks.taking import publish

blueprint = Blueprint("networks", __name__, url_prefix="/api/v1/directory/networks", description="Networks")


@blueprint.route("")
class NetworkList(MethodView):
    """What networks and their agencies signed."""

    @permission("member")
    @blueprint.response(200, schemas.NetworkDocuments)
    def get(self) -> dict[str, Any]:
        """All lists and confirmations of this hub's agencies and of its peers'; the client verifies them."""
        with current_hub().database.read() as connection:
            return {"documents": Networks(connection).documents()}

    @permission("member", roles=SIGNERS)
    @blueprint.arguments(schemas.NetworkDocument)
    @blueprint.response(200, schemas.NetworkDocument)
    def put(self, given: dict[str, Any]) -> dict[str, Any]:
        """Publish a list as the network's secretariat, or confirm what a network calls the own agency."""
        with current_hub().database.write() as connection:
            publish(connection, given["document"], caller().agency, current_hub().clock.now())
        return given
