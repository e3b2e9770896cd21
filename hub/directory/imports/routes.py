"""Routes of imports and exports: send a file, see how far it is and what became of each row, apply it, fetch a file."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import ValidationError

from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.directory.formats.items import Origin
from hub.directory.formats.registry import format_of
from hub.directory.imports import schemas
from hub.directory.imports.export import export
from hub.directory.imports.store import Import, Imports, Sources, State
from hub.directory.records.freshness import day_of
from hub.directory.servicemap.rights import EDITORS, PROPOSERS
from hub.directory.servicemap.routes import viewer
from hub.errors import Conflict, Forbidden, InvalidRequest, Malformed, TooLarge
from hub.ids import random_id
from hub.packets.encoding import parse_json

if TYPE_CHECKING:
    from collections.abc import Collection

blueprint = Blueprint("imports", __name__, url_prefix="/api/v1/directory", description="Files in and out")
MAX_FILE: Final = 128 * 1024 * 1024
MAX_ABOUT: Final = 16 * 1024
_PARTS: Final = {
    "about": {"type": "string", "description": "JSON: format, source, dry_run, whole"},
    "file": {"type": "string", "format": "binary"},
}
_MULTIPART: Final = {
    "required": True,
    "content": {"multipart/form-data": {"schema": {"type": "object", "properties": _PARTS, "required": list(_PARTS)}}},
}


@blueprint.route("/imports", methods=["POST"])
@blueprint.response(202, schemas.Import)
@blueprint.doc(requestBody=_MULTIPART)
@permission("member", roles=PROPOSERS)
def post_import() -> dict[str, Any]:
    """Send a file: multipart parts about (JSON) and file. A dry run comes first unless the sender says otherwise."""
    hub, who, about, file = current_hub(), caller(), _about(), _file()
    form, now = format_of(about["format"]), hub.clock.now()
    _check_source(form.name, who.roles)
    source = about["source"]
    day = source.pop("day")
    origin = Origin(**source, day=day.isoformat() if day else day_of(now))
    if origin.day > day_of(now):
        raise InvalidRequest("A file describes no day that is still to come.", field="source.day")
    said = {name: value for name, value in asdict(origin).items() if name not in {"locate", "current"}}
    whole = form.whole if about["whole"] is None else about["whole"]
    state = State.CHECK if about["dry_run"] else State.APPLY
    one = Import(random_id(), who.agency, who.member, who.roles, now, form.name, said, whole, state, 0, 0, {}, None)
    with hub.database.write() as connection:
        _check_order(Sources(connection), one)
        Imports(connection).add(one, file)
    return _shown(one)


@blueprint.route("/imports")
@blueprint.response(200, schemas.ImportPage)
@permission("member", roles=PROPOSERS)
def get_imports() -> dict[str, Any]:
    """List the imports of the own agency, the newest first."""
    with current_hub().database.read() as connection:
        return {"items": [_shown(one) for one in Imports(connection).of(caller().agency)]}


@blueprint.route("/imports/<string:identity>")
@blueprint.response(200, schemas.Import)
@permission("member", roles=PROPOSERS)
def get_import(identity: str) -> dict[str, Any]:
    """Say how far an import is."""
    with current_hub().database.read() as connection:
        return _shown(Imports(connection).get(identity, caller().agency))


@blueprint.route("/imports/<string:identity>/rows")
@blueprint.arguments(schemas.LineQuery, location="query")
@blueprint.response(200, schemas.LinePage)
@permission("member", roles=PROPOSERS)
def get_rows(query: dict[str, Any], identity: str) -> dict[str, Any]:
    """Report row by row what became, or would become, of a file."""
    with current_hub().database.read() as connection:
        store = Imports(connection)
        store.get(identity, caller().agency)
        lines = store.lines(identity, query["after"], query["limit"], notable=not query["all"])
    none: dict[str, Any] = {"fields": [], "kept": [], "held": [], "problems": []}
    items = [
        {**none, **line.more, "n": n, "kind": line.kind, "row": line.row, "record": line.record, "what": line.what}
        for n, line in lines
    ]
    return {"items": items, "after": items[-1]["n"] if len(items) == query["limit"] else None}


@blueprint.route("/imports/<string:identity>/apply", methods=["POST"])
@blueprint.response(202, schemas.Import)
@permission("member", roles=PROPOSERS)
def post_apply(identity: str) -> dict[str, Any]:
    """Take a file in after its dry run; its report begins anew."""
    who = caller()
    with current_hub().database.write() as connection:
        store = Imports(connection)
        one = store.get(identity, who.agency)
        if one.state in {State.APPLY, State.DONE}:
            return _shown(one)
        if one.state is not State.CHECKED:
            raise Conflict("The dry run has not ended well.", todo="Wait for it, or send the file again.")
        if one.member != who.member:
            raise Forbidden("Who sent a file takes it in.", todo="Ask them, or send the file yourself.")
        _check_source(one.format, who.roles)
        _check_order(Sources(connection), one)
        store.restart(identity)
        store.change(identity, state=State.APPLY, lease=0, tries=0, roles=sorted(one.roles & who.roles))
        return _shown(store.get(identity, who.agency))


@blueprint.route("/export", methods=["POST"])
@blueprint.arguments(schemas.Export)
@blueprint.response(200, content_type="application/octet-stream")
@permission("member")
def post_export(given: dict[str, Any]) -> Response:
    """Fetch the map as the caller may see it, as a file."""
    form = format_of(given["format"])
    with current_hub().database.read() as connection:
        data = b"".join(export(connection, form.name, viewer(connection), mine=given["mine"]))
    name = f"service-map.{form.suffix}"
    return Response(data, mimetype=form.media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _check_source(form: str, roles: Collection[str]) -> None:
    """Return if somebody may take in a file of a form, with the roles that they have now."""
    if not format_of(form).edits and not EDITORS & set(roles):
        raise Forbidden("Coordinators import sources.", todo="Send a spreadsheet; what it changes is then proposed.")


def _check_order(sources: Sources, one: Import) -> None:
    """Return unless the source was read on a later day already: old words would undo newer ones."""
    if not format_of(one.format).edits and sources.newest(one.sayer) > one.origin["day"]:
        raise Conflict(
            "A newer file of this source was taken in already.", todo="Name the day of the file, or leave it."
        )


def _about() -> dict[str, Any]:
    file = request.files.get("about")
    data = file.stream.read(MAX_ABOUT + 1) if file else request.form.get("about", "").encode()
    if len(data) > MAX_ABOUT:
        raise TooLarge("The part about is too long.")
    try:
        value = parse_json(data)
        if not isinstance(value, dict):
            raise InvalidRequest("The part about is a JSON object.")
        found: dict[str, Any] = schemas.About().load(value)
    except Malformed as error:
        raise InvalidRequest("The part about is a JSON object.") from error
    except ValidationError as error:
        raise InvalidRequest(
            "The part about is not of its form.", fields=sorted(map(str, error.messages_dict))
        ) from error
    return found


def _file() -> bytes:
    file = request.files.get("file")
    data = file.stream.read(MAX_FILE + 1) if file else b""
    if not data:
        raise InvalidRequest("The request has no part 'file'.")
    if len(data) > MAX_FILE:
        raise TooLarge("The file is longer than this hub takes.", todo="Send it in parts.")
    return data


def _shown(one: Import) -> dict[str, Any]:
    return {**{name: getattr(one, name) for name in Import.__slots__}, "source": one.origin, "state": one.state.value}
