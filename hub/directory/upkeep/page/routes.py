"""The page that a link opens, for people without an account: look as often as you like, answer once.

Whoever has the address has the link, so no log has it, nothing is stored in a browser, and no other site learns it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response, request
from flask_smorest import Blueprint

from hub.auth.permissions import permission
from hub.context import current_hub
from hub.directory.upkeep import links
from hub.directory.upkeep.page import form
from hub.directory.upkeep.store import Purpose
from hub.errors import Conflict, HubError, InvalidRequest, NotFound
from hub.notify.links import PATH, opened_by

if TYPE_CHECKING:
    from hub.context import Hub

blueprint = Blueprint("update", __name__, description="A page for providers without an account")
_HTML = {"type": "string"}


@blueprint.route(f"{PATH}<string:token>")
@blueprint.response(200, _HTML, content_type="text/html")
@blueprint.alt_response(404, schema=_HTML, content_type="text/html")
@blueprint.alt_response(409, schema=_HTML, content_type="text/html")
@permission("public")
def get_page(token: str) -> Response:
    """What the map says, to be checked by whoever has the link. Changes nothing, however often it is asked for."""
    hub = current_hub()
    try:
        with hub.database.read() as connection:
            link, row = links.look(connection, opened_by(hub.signer, token), hub.clock.now())
    except (NotFound, Conflict) as error:
        return _gone(error)
    language = _language(link.language)
    return _page(form.objection(language) if link.purpose is Purpose.OBJECT else form.update(row, language))


@blueprint.route(f"{PATH}<string:token>", methods=["POST"])
@blueprint.response(200, _HTML, content_type="text/html")
@blueprint.alt_response(400, schema=_HTML, content_type="text/html")
@blueprint.alt_response(404, schema=_HTML, content_type="text/html")
@blueprint.alt_response(409, schema=_HTML, content_type="text/html")
@permission("public")
def post_page(token: str) -> Response:
    """Answer, once; a second answer is told kindly that it came before."""
    given = request.form.to_dict()
    try:
        return _answer(current_hub(), token, given)
    except (NotFound, Conflict) as error:
        return _gone(error)


def _answer(hub: Hub, token: str, given: dict[str, str]) -> Response:
    now, row, language = hub.clock.now(), None, "en"
    try:
        with hub.database.write() as connection:
            link, row = links.look(connection, opened_by(hub.signer, token), now)
            language = _language(link.language)
            if link.purpose is Purpose.OBJECT:
                stopped = links.object_to(connection, link, note=given.get("note", "")[:2000], now=now)
                return _page(form.message(language, "thanks", "object_done" if stopped else "object_late"))
            changes, groups, note = form.read(row, given)
            links.answer(connection, link, row, changes=changes, groups=groups, note=note, now=now)
    except InvalidRequest as error:
        if row is None:
            raise
        word = str(error.facts.get("word", "invalid"))
        return _page(form.update(row, language, given, word), HTTPStatus.BAD_REQUEST)
    return _page(form.message(language, "thanks", "thanks_text"))


def _gone(error: HubError) -> Response:
    status = HTTPStatus.CONFLICT if isinstance(error, Conflict) else HTTPStatus.NOT_FOUND
    return _page(form.message(_language("en"), "gone", "gone_text"), status)


def _language(of_link: str) -> str:
    """Return the language that was asked for on the page, or that of the link."""
    asked = request.args.get("l", "")
    return asked if asked in links.LANGUAGES else of_link


def _page(text: str, status: int = HTTPStatus.OK) -> Response:
    answer = Response(text, status=status, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = form.policy()
    return answer
