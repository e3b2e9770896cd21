"""The pages that run in a browser, as `web/build.py` made them: static, the same bytes whoever asks and whatever for.

Knows nothing of links: an address that opens something and one that opens nothing get the same page. What is secret in
an address stands behind `#`, which no browser sends. Nothing is served but what the release lists (`hub.web.release`),
and that list.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Final

from flask import Response, request
from flask_smorest import Blueprint

from hub.auth.permissions import permission
from hub.context import current_hub
from hub.errors import NotFound
from hub.keys.releases import MANIFEST
from hub.web import release, schemas

blueprint = Blueprint("pages", __name__, description="Pages for people without an account")
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".txt": "text/plain",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".wasm": "application/wasm",
}
_ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"
_TEXT: Final = {"type": "string"}
_WORKER: Final = "sw.js"


@blueprint.route("/l/<string:link>")
@blueprint.response(200, _TEXT, content_type="text/html")
@permission("public")
def get_link_page(link: str) -> Response:  # noqa: ARG001 - the page is the same for every link, and for none
    """The page that a provider's link opens. It asks nothing of the hub before a person presses a button."""
    answer = _served("l/link.html", None)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer


@blueprint.route("/l/assets/<string:name>")
@blueprint.response(200, _TEXT, content_type="text/javascript")
@permission("public")
def get_page_asset(name: str) -> Response:
    """A script or style of a page; its name changes with its content."""
    return _served(f"l/assets/{name}", _FOR_EVER)


@blueprint.route("/app/")
@blueprint.response(200, _TEXT, content_type="text/html")
@permission("public")
def get_app() -> Response:
    """The web app. Which screen and which case stands behind `#`, so no address tells."""
    return _app("index.html")


@blueprint.route("/app/<string:name>")
@blueprint.response(200, _TEXT, content_type="text/html")
@permission("public")
def get_app_file(name: str) -> Response:
    """A file of the app that keeps its name: the page, its service worker, icons, and the list of the release."""
    return _app(name)


@blueprint.route("/app/assets/<string:name>")
@blueprint.response(200, _TEXT, content_type="text/javascript")
@permission("public")
def get_app_asset(name: str) -> Response:
    """A file of the app; its name changes with its content."""
    return _served(f"app/assets/{name}", _FOR_EVER)


@blueprint.route("/api/v1/release")
@blueprint.arguments(schemas.ReleaseQuery, location="query")
@blueprint.response(200, schemas.ReleaseProof)
@permission("public")
def get_release(query: dict[str, Any]) -> dict[str, Any]:
    """Where in this hub's log it stands that it serves a release: the newest one, or the one that is named."""
    return release.proven(current_hub(), query["release"], query["seen"])


def _app(name: str) -> Response:
    answer = _served(f"app/{name}", _ASK_AGAIN)
    if name.endswith((".html", ".js")):  # a worker has the policy that its script came with
        answer.headers["Content-Security-Policy"] = release.current().policy
        answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    if name == _WORKER:  # it watches over every page of this origin
        answer.headers["Service-Worker-Allowed"] = "/"
    return answer


def _served(path: str, caching: str | None) -> Response:
    found = release.current()
    if path != f"app/{MANIFEST}" and path not in found.files:
        raise NotFound("There is no such file.")
    coding = next((coding for coding in _ENCODINGS if request.accept_encodings[coding]), None)
    data, coded = release.read(path, _ENCODINGS[coding] if coding else "")
    answer = Response(data, mimetype=_TYPES[PurePosixPath(path).suffix])
    answer.headers["Vary"] = "Accept-Encoding"
    if coding and coded:
        answer.headers["Content-Encoding"] = coding
    if caching:
        answer.headers["Cache-Control"] = caching
    if caching == _ASK_AGAIN:
        answer.set_etag(f"{found.etag(path)}{'-' + coding if coding and coded else ''}")
        answer.make_conditional(request)
    return answer
