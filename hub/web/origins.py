"""The web app served from another origin than the hub's own: which origins a browser may ask from (`HUB_APP_ORIGINS`).

Sessions are tokens in a header and there are no cookies, so credentials are never allowed, and what another site may
read is what anybody without a token may. Only the interface is opened, never a page. The log is for everybody: a
browser may check any hub's from anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, request

if TYPE_CHECKING:
    from hub.settings import Settings

_OPENED, _FOR_ALL = ("/api/", "/federation/v1/peers"), "/log/"
"""Of what stands between hubs, members are told of their hub's peers."""
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "DELETE, GET, HEAD, PATCH, POST, PUT",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "7200",
}


def register_origins(app: Flask, settings: Settings) -> None:
    """Let browsers ask the interface from the origins in the settings."""
    allowed = frozenset(settings.app_origins.split())

    def origin() -> str | None:
        named = request.headers.get("Origin")
        return named if named in allowed and request.path.startswith(_OPENED) else None

    def preflight() -> Response | None:
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        return Response(status=204, headers=_PREFLIGHT) if asks and origin() else None

    def named(response: Response) -> Response:
        if request.path.startswith(_FOR_ALL):
            response.headers["Access-Control-Allow-Origin"] = "*"
        if allowed and request.path.startswith(_OPENED):
            response.vary.add("Origin")
            if found := origin():
                response.headers["Access-Control-Allow-Origin"] = found
        return response

    app.before_request(preflight)
    app.after_request(named)
