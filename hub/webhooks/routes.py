"""Routes of webhooks: register an address, see how far it has come, ask for events again, remove it."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.notify.events import Events, Webhook
from hub.webhooks import schemas
from hub.webhooks.address import checked_address

blueprint = Blueprint("webhooks", __name__, url_prefix="/api/v1/webhooks", description="Events for agencies' systems")
_ADMIN = {"agency_admin"}


@blueprint.route("")
@blueprint.response(200, schemas.WebhookList)
@permission("member", roles=_ADMIN)
def get_webhooks() -> dict[str, list[Webhook]]:
    """The agency's webhooks."""
    with current_hub().database.read() as connection:
        return {"items": Events(connection).of(caller().agency)}


@blueprint.route("", methods=["POST"])
@blueprint.arguments(schemas.NewWebhook)
@blueprint.response(201, schemas.WebhookShown)
@permission("member", roles=_ADMIN)
def post_webhook(given: dict[str, str]) -> Webhook:
    """Register an address: what happens to the agency's handoffs from now on is told there, without content."""
    hub = current_hub()
    url = checked_address(given["url"], private=hub.settings.private_peers)
    with hub.database.write() as connection:
        return Events(connection).register(caller().agency, url, hub.clock.now())


@blueprint.route("/<string:webhook>", methods=["DELETE"])
@blueprint.response(204)
@permission("member", roles=_ADMIN)
def delete_webhook(webhook: str) -> None:
    """Remove an address and its events."""
    with current_hub().database.write() as connection:
        Events(connection).remove(caller().agency, webhook)


@blueprint.route("/<string:webhook>/events")
@blueprint.arguments(schemas.EventsQuery, location="query")
@blueprint.response(200, schemas.EventPage)
@permission("member")
def get_events(query: dict[str, int], webhook: str) -> dict[str, Any]:
    """Events after a number, to fill a gap."""
    with current_hub().database.read() as connection:
        events = Events(connection)
        found = events.get(caller().agency, webhook)
        return {
            "webhook": found.id,
            "last": found.seq,
            "events": events.after(found.id, query["after"], query["limit"]),
        }
