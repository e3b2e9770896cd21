"""The pages that run in a browser, as `web/build.py` made them: static, the same bytes whoever asks and whatever for.

Knows nothing of links: an address that opens something and one that opens nothing get the same page. What is secret in
an address stands behind `#`, which no browser sends.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from flask import Response, request
from flask_smorest import Blueprint

from hub.auth.permissions import permission
from hub.errors import NotFound, Unavailable

blueprint = Blueprint("pages", __name__, description="Pages for people without an account")
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_DIST: Final = Path(__file__).with_name("static") / "dist"
_PAGE: Final = "link.html"
_TYPES: Final = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
_ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_TEXT: Final = {"type": "string"}


@blueprint.route("/l/<string:link>")
@blueprint.response(200, _TEXT, content_type="text/html")
@permission("public")
def get_link_page(link: str) -> Response:  # noqa: ARG001 - the page is the same for every link, and for none
    """The page that a provider's link opens. It asks nothing of the hub before a person presses a button."""
    answer = _served(_PAGE)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer


@blueprint.route("/l/assets/<string:name>")
@blueprint.response(200, _TEXT, content_type="text/javascript")
@permission("public")
def get_page_asset(name: str) -> Response:
    """A script or style of a page; its name changes with its content."""
    if name == _PAGE or name not in _files():
        raise NotFound("There is no such file.")
    answer = _served(name)
    answer.headers["Cache-Control"] = _FOR_EVER
    return answer


@cache
def _files() -> frozenset[str]:
    return frozenset(path.name for path in _DIST.glob("*") if path.suffix in _TYPES)


def _served(name: str) -> Response:
    if name not in _files():
        raise Unavailable("This hub was installed without its pages.", todo="Install a release, or run dev.py once.")
    coding = next((coding for coding in _ENCODINGS if request.accept_encodings[coding]), None)
    data = (_DIST / f"{name}{_ENCODINGS[coding] if coding else ''}").read_bytes()
    answer = Response(data, mimetype=_TYPES[Path(name).suffix])
    answer.headers["Vary"] = "Accept-Encoding"
    if coding:
        answer.headers["Content-Encoding"] = coding
    return answer
