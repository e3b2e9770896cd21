"""Routes of the service map: ask for a slice, read a record, keep one. Every question travels in a body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response
from flask_smorest import Blueprint

from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.directory.areas.store import Areas
from hub.directory.records import record
from hub.directory.records.freshness import day_of, verified
from hub.directory.records.groups import groups_of
from hub.directory.records.visibility import FOCAL
from hub.directory.records.vocabulary import LEVELS
from hub.directory.servicemap import schemas, slices
from hub.directory.servicemap.rights import EDITORS, PROPOSERS, check_edit, may_edit, ways
from hub.directory.servicemap.showing import shown, shown_all
from hub.directory.servicemap.store import ServiceMap, map_records
from hub.directory.servicemap.viewer import Viewer
from hub.directory.servicemap.write import Actor, Draft, apply, edited
from hub.errors import Conflict, Forbidden, InvalidRequest, NotFound

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.directory.servicemap.store import Row
    from hub.directory.servicemap.write import Outcome

blueprint = Blueprint("servicemap", __name__, url_prefix="/api/v1/directory", description="The service map")


def viewer(connection: Connection) -> Viewer:
    """Return the caller as one who looks at the map."""
    who = caller()
    return Viewer(who.agency, who.roles, Areas(connection).assigned(who.agency) if who.agency else frozenset())


@blueprint.route("/slice", methods=["POST"])
@blueprint.arguments(schemas.SliceQuery)
@blueprint.response(200, schemas.Slice)
@permission("member")
def post_slice(given: dict[str, Any]) -> Response:
    """The services that may help with a need at a place, signed by this hub; the client alone knows for whom."""
    hub = current_hub()
    now = hub.clock.now()
    point = slices.Point(**given["point"]) if "point" in given else None
    asked = {name: given[name] for name in ("need", "area", "language", "after") if name in given}
    query = slices.Query(day=given.get("date", day_of(now)), point=point, stale=given["stale"], **asked)
    with hub.database.read() as connection:
        page = slices.candidates(connection, query, viewer(connection))
        areas = slices.areas_named(connection, page, query)
    signed = slices.sign_slice(page, slices.said(query), areas, hub.origin, hub.signer, now)
    return Response(b'{"slice":%s}' % signed, mimetype="application/json")


@blueprint.route("/records/list", methods=["POST"])
@blueprint.arguments(schemas.ListQuery)
@blueprint.response(200, schemas.RecordPage)
@permission("member")
def post_list(given: dict[str, Any]) -> dict[str, Any]:
    """Records as the caller may see them, page by page."""
    with current_hub().database.read() as connection:
        looking, limit = viewer(connection), given["limit"]
        where = [looking.may_know(), *([map_records.c.steward == caller().agency] if given["mine"] else [])]
        rows = ServiceMap(connection).records(given.get("kind"), where=where, after=given["after"], limit=limit)
        seen = shown_all(ServiceMap(connection), looking, rows)
        items = [_shown(row, looking, seen[row.id]) for row in rows if row.id in seen]
    return {"items": items, "after": rows[-1].id if len(rows) == limit else None}


@blueprint.route("/records/<string:record_id>")
@blueprint.response(200, schemas.RecordView)
@permission("member")
def get_record(record_id: str) -> dict[str, Any]:
    """A record as the caller may see it; the id of a merged one leads to the one that was kept."""
    with current_hub().database.read() as connection:
        return _seen(connection, record_id)[1]


@blueprint.route("/records/<string:record_id>/history")
@blueprint.response(200, schemas.History)
@permission("member")
def get_history(record_id: str) -> dict[str, Any]:
    """What was changed in a record, when, by whom; for those who may see all of it."""
    with current_hub().database.read() as connection:
        row, _shown_as = _seen(connection, record_id)
        if viewer(connection).level(row.steward, row.agency, row.home) < FOCAL:
            raise Forbidden("Only the agency that keeps a record, or offers it, sees its history.")
        return {"items": ServiceMap(connection).history(record_id)}


@blueprint.route("/records", methods=["POST"])
@blueprint.arguments(schemas.NewRecord)
@blueprint.response(201, schemas.RecordOutcome)
@permission("member", roles=EDITORS)
def post_record(given: dict[str, Any]) -> dict[str, Any]:
    """Make a record; the caller's agency keeps it. Without an `id` it gets one."""
    hub, who = current_hub(), caller()
    document = {"id": record.new_id(), **edited({}, given["document"])}
    if "id" in given["document"]:
        document["id"] = given["document"]["id"]
    with hub.database.write() as connection:
        placed = _checked(given, Areas(connection).placed(document), groups_of(given["kind"], document))
        draft = Draft(given["kind"], placed, steward=who.agency)
        if isinstance(document["id"], str) and ServiceMap(connection).get(document["id"]) is not None:
            raise Conflict("There is a record of this id.", todo="Change that one.")
        _check_agency(document.get("agency"), who.agency)
        return told(apply(connection, [draft], _actor(), host=hub.origin, now=hub.clock.now())[0])


@blueprint.route("/records/<string:record_id>", methods=["PATCH"])
@blueprint.arguments(schemas.RecordEdit)
@blueprint.response(200, schemas.RecordOutcome)
@permission("member", roles=EDITORS)
def patch_record(given: dict[str, Any], record_id: str) -> dict[str, Any]:
    """Change members of a record that the caller's agency keeps."""
    hub = current_hub()
    with hub.database.write() as connection:
        row, _shown_as = _seen(connection, record_id)
        check_edit(caller(), row, hub.origin)
        document = Areas(connection).placed(edited(row.document, given["changes"]))
        if document.get("agency") != row.document.get("agency"):
            _check_agency(document.get("agency"), caller().agency)
        document = _checked(given, document, groups_of(row.kind, given["changes"]))
        draft = Draft(row.kind, document, base_version=given["base_version"])
        return told(apply(connection, [draft], _actor(), host=hub.origin, now=hub.clock.now())[0])


def told(outcome: Outcome) -> dict[str, Any]:
    """Return what became of a draft, as a route answers."""
    return {
        "id": outcome.id,
        "what": outcome.what,
        "version": outcome.version,
        "fields": list(outcome.fields),
        "held": list(outcome.held),
    }


def _actor() -> Actor:
    return Actor(caller().agency, caller().member, "coordinator")


def _checked(given: dict[str, Any], document: dict[str, Any], groups: list[str]) -> dict[str, Any]:
    """Return a document whose groups count as checked today, if the caller says how they know."""
    if "how" not in given:
        return document
    return verified(document, groups, on=day_of(current_hub().clock.now()), how=given["how"], by=caller().agency)


def _check_agency(agency: object, own: str) -> None:
    """Return if a provider may be said to be this agency: nobody speaks for another one."""
    if agency not in {None, own}:
        raise InvalidRequest(
            "A provider that is an agency in Handover is named by that agency itself.",
            todo="Leave the field `agency` out; the agency adds it.",
        )


def _seen(connection: Connection, record_id: str) -> tuple[Row, dict[str, Any]]:
    store, looking = ServiceMap(connection), viewer(connection)
    row = store.get(record_id)
    seen = None if row is None else shown(store, looking, row)
    if row is None or seen is None:
        raise NotFound("There is no such record, or it is not for you to see.")
    return row, _shown(row, looking, seen)


def _shown(row: Row, looking: Viewer, document: dict[str, Any]) -> dict[str, Any]:
    level = looking.level(row.steward, row.agency, row.home)
    who, origin = caller(), current_hub().origin
    may = ["propose"] if who.roles & PROPOSERS and row.host == origin else []
    return {
        "id": row.id,
        "kind": row.kind,
        "host": row.host,
        "steward": row.steward,
        "version": row.version,
        "changed_at": row.changed_at,
        "level": LEVELS[level],
        "may": ["edit", *may] if may_edit(who, row, origin) else may,
        "still_right": ways(who, row, origin),
        "document": document,
    }
