"""Problem documents (RFC 9457): the only place that turns an error into HTTP.

Does not decide whose fault anything is: the error's class has said so. Rules: a document never repeats what was sent;
an error that nobody foresaw is a 500 with a random reference and nothing else, and the log has the reference with the
error's class and place, not its text, which may hold content; a peer's error is shown as ours. 400, 401, 403, 409, 413
and 415 stop a peer's queue (docs/protocol.md §9), so a fault that no repetition mends has one of those.
"""

from __future__ import annotations

import json
import logging
import secrets
import traceback
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from marshmallow import INCLUDE, Schema, ValidationError, fields
from werkzeug.exceptions import HTTPException

from hub.errors import HubError, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Iterable

MEDIA_TYPE = "application/problem+json"
STATUS = {
    "internal": 500,
    "invalid_request": 400,
    "too_large": 413,
    "unauthenticated": 401,
    "forbidden": 403,
    "consent_missing": 403,
    "not_found": 404,
    "conflict": 409,
    "rate_limited": 429,
    "unavailable": 503,
    "packet_invalid": 400,
    "wrong_recipient": 403,
    "replayed": 409,
    "unsupported_version": 415,
    "not_permitted": 403,
    "peer_error": 502,
}
"""Status of each code; a code that is not here has the status of its class's parent."""

_CODES = {401: "unauthenticated", 403: "forbidden", 404: "not_found", 409: "conflict", 413: "too_large"}
_CODES |= {429: "rate_limited", 503: "unavailable"}
_KEPT_HEADERS = ("Allow", "Retry-After")
_OWN_MEMBERS = frozenset({"type", "title", "status", "code", "detail", "todo", "instance"})
_MAX_FIELDS = 20
_log = logging.getLogger("hub.problems")


class Problem(Schema):
    """A problem document, for the description of the interface; some have further members."""

    class Meta:
        """Facts stand beside the members that all have."""

        unknown = INCLUDE

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    todo = fields.String(required=True)
    instance = fields.String(required=True)


def register_problems(app: Flask) -> None:
    """Make every error of `app` leave it as a problem document."""
    app.register_error_handler(HubError, _from_hub_error)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(ValidationError, _from_validation)
    app.register_error_handler(Exception, _from_unknown)


def status_of(error: type[HubError]) -> int:
    """Return the HTTP status of an error's class: its code's, or that of the nearest ancestor whose code has one."""
    return next(STATUS[kind.code] for kind in error.__mro__ if issubclass(kind, HubError) and kind.code in STATUS)


def title_of(code: str) -> str:
    """Return a code as words, the same each time, as RFC 9457 wants a title."""
    return code.replace("_", " ").capitalize()


def problem(status: int, code: str, detail: str, todo: str, /, **facts: object) -> Response:
    """Return a problem document; `facts` never replace its own members."""
    document = {key: value for key, value in facts.items() if key not in _OWN_MEMBERS}
    document |= {"type": f"/errors#{code}", "title": title_of(code), "status": status, "code": code}
    document |= {"detail": detail, "todo": todo, "instance": instance()}
    return Response(json.dumps(document, default=sorted), status=status, mimetype=MEDIA_TYPE)


def instance() -> str:
    """Return the template of the route that was asked; ids in a path are not repeated."""
    return request.url_rule.rule if request.url_rule is not None else "about:blank"


def _from_hub_error(error: HubError) -> Response:
    response = problem(status_of(type(error)), error.code, error.detail, error.todo, **error.facts)
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _from_http(error: HTTPException) -> Response:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _CODES:
        return _from_unknown(error)
    names = _field_names(getattr(error, "data", {}).get("messages", {}))
    if names:
        return _invalid(status, names)
    todo = "Check the address and the method." if status in {404, 405} else "Correct the request and send it again."
    response = problem(status, _CODES.get(status, "invalid_request"), f"{HTTPStatus(status).phrase}.", todo)
    for name, value in error.get_headers():
        if name in _KEPT_HEADERS:
            response.headers[name] = value
    return response


def _from_validation(error: ValidationError) -> Response:
    return _invalid(HTTPStatus.UNPROCESSABLE_ENTITY, _field_names(error.messages))


def _invalid(status: int, names: list[str]) -> Response:
    detail = f"The request is not valid ({', '.join(names)})."
    return problem(status, "invalid_request", detail, "Correct the request and send it again.", fields=names)


def _from_unknown(error: Exception) -> Response:
    reference = secrets.token_hex(8)
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    place = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
    _log.error("internal error %s: %s at %s on %s", reference, type(error).__name__, place, instance())
    detail = "Something went wrong in the hub."
    return problem(500, "internal", detail, HubError.todo, reference=reference)


def _field_names(messages: object) -> list[str]:
    """Return the names of the fields that were not valid; names that the caller made up are not repeated."""
    return sorted(set(_known(_leaves(messages))))[:_MAX_FIELDS]


def _leaves(messages: object, above: str = "") -> Iterable[tuple[str, str]]:
    if isinstance(messages, dict):
        for key, value in messages.items():
            yield from _leaves(value, key if isinstance(key, str) else above)
    elif above:
        yield above, str(messages)


def _known(leaves: Iterable[tuple[str, str]]) -> Iterable[str]:
    for name, message in leaves:
        yield "unknown member" if "Unknown field" in message else name
