"""The list of an agency's timers that run. Setting, moving and ending one are statements, as of any handoff."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.handoffs import views
from hub.keys.certificates import CASE_ROLES
from hub.timers import schemas
from hub.timers.store import TimerStore

blueprint = Blueprint("timers", __name__, url_prefix="/api/v1/timers", description="Dates that an agency keeps")


@blueprint.route("")
@blueprint.arguments(schemas.TimerQuery, location="query")
@blueprint.response(200, schemas.TimerPage)
@permission("member", roles=CASE_ROLES)
def get_timers(query: dict[str, Any]) -> dict[str, Any]:
    """List the own agency's timers that run, what is due first first. What they are about is sealed."""
    hub, who, limit = current_hub(), caller(), query["limit"]
    with hub.database.read() as connection:
        rows = TimerStore(connection).running(
            who.agency,
            owner=who.member if query["mine"] else None,
            escalated=query["escalated"],
            after=_place(query["after"]),
            limit=limit,
        )
        items = [views.handoff(connection, hub.intake, row, who.agency, hub.clock.now()) for row in rows]
    return {"items": items, "next": f"{rows[-1]['due_at']}.{rows[-1]['id']}" if len(rows) == limit else None}


def _place(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    due, _, timer = text.partition(".")
    return int(due), timer
