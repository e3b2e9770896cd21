"""What a hub says of itself to anybody: health, the description of its interface, the meaning of its errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Response, current_app
from flask_smorest import Blueprint

from hub.auth.permissions import permission
from hub.casefile.sections import forms
from hub.context import current_hub
from hub.followup.store import SweepState
from hub.handofflog.store import HandoffLog
from hub.notify.store import Notices
from hub.web import schemas
from hub.web.store import JobRuns

blueprint = Blueprint("hub", __name__, description="The hub itself")
_A_DAY = "public, max-age=86400"
_ERRORS = (Path(__file__).with_name("errors.md"), Path(__file__).parents[2] / "docs" / "errors.md")


@blueprint.route("/healthz")
@blueprint.response(200, schemas.Health)
@permission("public")
def get_health() -> dict[str, Any]:
    """Whether the database answers, how long the log is, and when each job last ran."""
    hub = current_hub()
    with hub.database.read() as connection:
        runs, notices, sweep = JobRuns(connection).all(), Notices(connection), SweepState(connection).get()
        return {
            "now": hub.clock.now(),
            "log_size": HandoffLog(connection, hub.origin).head().size,
            "expiry_suspended_since": sweep.suspended_since if sweep else None,
            "last_sweep": next((run["at"] for run in runs if run["name"] == "sweep"), None),
            "notices_waiting": notices.waiting(),
            "notices_failed": notices.failures(),
            "jobs": runs,
        }


@blueprint.route("/errors")
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
@permission("public")
def get_errors() -> Response:
    """What each error code means and what to do."""
    page = next(path for path in _ERRORS if path.exists())
    return Response(page.read_text(encoding="utf-8"), mimetype="text/plain")


@blueprint.route(f"/schemas/sections/<string:name>-v{forms.VERSION}.json")
@blueprint.response(200, {"type": "object"}, content_type="application/schema+json")
@permission("public")
def get_section_form(name: str) -> Response:
    """The form of a section of case files, as JSON Schema: the same at every hub of this release."""
    answer = Response(json.dumps(forms.schema(name), ensure_ascii=False), mimetype="application/schema+json")
    answer.headers["Cache-Control"] = _A_DAY
    return answer


@blueprint.route("/api/v1/openapi.json")
@blueprint.response(200, {"type": "object"})
@permission("public")
def get_openapi() -> Response:
    """This interface, as OpenAPI 3.1."""
    api = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    return Response(json.dumps(api.description()), mimetype="application/json")
