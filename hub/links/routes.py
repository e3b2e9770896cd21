"""Routes below `/api/v1/links/`: for the page that a provider's link opens, and for nobody else.

Who asks is known by a signature (`hub.links.access`); what a link may do is `hub.links.opening`'s.
"""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

from flask import Response  # noqa: TC002 - flask-smorest reads it
from flask.views import MethodView
from flask_smorest import Blueprint

from hub.auth.permissions import permission
from hub.context import current_hub
from hub.errors import Forbidden, InvalidRequest
from hub.handoffs.jobs import erase_packets
from hub.handoffs.routes import packet_file
from hub.links import opening, schemas, showing
from hub.links.access import by_device, check_device
from hub.packets.encoding import from_b64u

if TYPE_CHECKING:
    from hub.handoffs.blobs import ReceivedPacket

blueprint = Blueprint(
    "links", __name__, url_prefix="/api/v1/links", description="What a link opens, for people without an account"
)


@blueprint.route("/<string:link>")
class OneLink(MethodView):
    """A link."""

    @permission("link")
    @blueprint.response(200, schemas.LinkShown)
    def get(self, link: str) -> dict[str, Any]:
        """Say how a link stands. Changes nothing, however often it is asked."""
        return opening.show_link(current_hub(), link)


@blueprint.route("/<string:link>/code")
class Code(MethodView):
    """Six digits by text."""

    @permission("link")
    @blueprint.arguments(schemas.CodeAsked)
    @blueprint.response(202, schemas.CodeSent)
    def post(self, _given: dict[str, Any], link: str) -> dict[str, Any]:
        """Send six digits to the number of the provider that the service map has verified."""
        return opening.send_code(current_hub(), link)


@blueprint.route("/<string:link>/open")
class Opening(MethodView):
    """The first device."""

    @permission("link")
    @blueprint.arguments(schemas.LinkOpening)
    @blueprint.response(200, schemas.LinkClaimed)
    def post(self, given: dict[str, Any], link: str) -> dict[str, Any]:
        """Let the first device with the right code have the link."""
        if by_device():
            raise Forbidden("The link's own key opens it.", todo="Open the whole link again.")
        return opening.open_link(current_hub(), link, given["device"], proof=given["proof"], code=given["code"])


@blueprint.route("/<string:link>/statements")
class LinkStatements(MethodView):
    """What the device signs."""

    @permission("link")
    @blueprint.arguments(schemas.LinkStatement)
    @blueprint.response(201, schemas.LinkTaken)
    def post(self, given: dict[str, Any], link: str) -> dict[str, Any]:
        """Take `referral.bind`, and after it what the bound device signs."""
        check_device()
        hub, packet = current_hub(), _packet(given)
        try:
            receipt, view = opening.take(hub, link, given["statement"].encode(), packet)
        finally:
            if packet is not None:
                packet.close()
        if view is not None:
            erase_packets(hub, view["id"])
        return {"receipt": json.loads(receipt), "handoff": view}


@blueprint.route("/<string:link>/handoff")
class LinkedHandoff(MethodView):
    """What the link is for."""

    @permission("link")
    @blueprint.response(200, schemas.LinkHandoff)
    def get(self, link: str) -> dict[str, Any]:
        """Show the handoff to the bound device, with all that it needs to verify it."""
        check_device()
        return showing.handoff(current_hub(), link)


@blueprint.route("/<string:link>/packets/<string:manifest>/files/<path:name>")
class LinkFile(MethodView):
    """A file of a packet that is sealed to the link."""

    @permission("link")
    @blueprint.response(200, content_type="application/octet-stream")
    def get(self, link: str, manifest: str, name: str) -> Response:
        """Fetch an age file, header first; from now on a recall of it is a request."""
        check_device()
        hub = current_hub()
        return packet_file(manifest, name, lambda connection, row: showing.check_file(connection, row, link, hub))


def _packet(given: dict[str, Any]) -> ReceivedPacket | None:
    if (given["manifest"] is None) != (given["body"] is None):
        raise InvalidRequest("A manifest and its body come together.", fields=["manifest", "body"])
    if given["manifest"] is None:
        return None
    staged: ReceivedPacket = current_hub().intake.stage(
        given["manifest"].encode(), [("body", BytesIO(from_b64u(given["body"])))]
    )
    return staged
