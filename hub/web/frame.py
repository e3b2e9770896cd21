"""What every request passes, whatever it asks: limits, strict JSON, headers, one line of log.

Knows no feature. The access log has the route's template and never a query, a body or an id; bodies are bounded before
they are read; JSON is as strict here as in signed documents (no duplicate keys, bounded depth, and no floats but in
what is about the service map, whose records have degrees and amounts).
"""

from __future__ import annotations

import json
import logging
import threading
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from flask_smorest import Api

from hub.auth.permissions import guard
from hub.context import current_hub
from hub.packets.encoding import parse_json
from hub.web.origins import register_origins
from hub.web.problems import Problem, instance, register_problems

if TYPE_CHECKING:
    from flask_smorest import Blueprint

    from hub.settings import Settings

MAX_JSON = 1024 * 1024
MAX_PARTS = 80
_RECORDS = ("/api/v1/directory/", "/hsds/")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_log = logging.getLogger("hub.access")


class HubApi(Api):  # type: ignore[misc]  # the base class has no types
    """flask-smorest, with our problem documents in place of its own, and described when somebody asks.

    To describe all routes takes three times as long as to register them, at every start of a hub.
    """

    ERROR_SCHEMA = Problem

    def __init__(self, app: Flask) -> None:
        self._undescribed: list[Blueprint] = []
        self._describing = threading.Lock()
        super().__init__(app)

    def register_blueprint(self, blp: Blueprint) -> None:
        """Register a blueprint; `description` will hold its routes."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp)
        self._undescribed.append(blp)

    def description(self) -> dict[str, Any]:
        """Return the whole interface as OpenAPI 3.1."""
        with self._describing:
            while self._undescribed:
                blp = self._undescribed.pop(0)
                blp.register_views_in_doc(self, self._app, self.spec, name=blp.name, parameters=None)
                self.spec.tag({"name": blp.name, "description": blp.description})
            return dict(self.spec.to_dict())

    def _register_error_handlers(self) -> None:
        register_problems(self._app)


def frame(app: Flask, settings: Settings) -> HubApi:
    """Put the frame round `app` and return what blueprints are registered on."""
    app.config.update(_configuration(settings))
    api = HubApi(app)
    bearer = {"type": "http", "scheme": "bearer"}
    api.spec.components.security_scheme("session", bearer)
    register_origins(app, settings)
    app.before_request(_limit)
    guard(app)
    app.before_request(_strict_json)
    app.after_request(_headers)
    app.after_request(_access)
    return api


def _configuration(settings: Settings) -> dict[str, Any]:
    return {
        "API_TITLE": "Handover hub",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "PROVIDE_AUTOMATIC_OPTIONS": False,
        "MAX_CONTENT_LENGTH": settings.max_packet + MAX_JSON,
        "MAX_FORM_MEMORY_SIZE": MAX_JSON,
        "MAX_FORM_PARTS": MAX_PARTS,
    }


def _limit() -> None:
    if request.mimetype != "multipart/form-data":
        request.max_content_length = MAX_JSON


def _strict_json() -> None:
    if request.routing_exception is None and request.is_json and (body := request.get_data(cache=True)):
        parse_json(body, decimals=request.path.startswith(_RECORDS))


def _headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if current_hub().settings.url.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def _access(response: Response) -> Response:
    _log.info(json.dumps({"method": request.method, "route": instance(), "status": response.status_code}))
    return response
