"""Routes of upkeep: what is due, still right, change requests, links. Every question travels in a body."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from flask_smorest import Blueprint

from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.directory.records.freshness import day_of
from hub.directory.records.visibility import FOCAL
from hub.directory.servicemap.rights import CHECKERS, EDITORS, PROPOSERS, check_edit, ways
from hub.directory.servicemap.routes import told, viewer
from hub.directory.servicemap.schemas import RecordOutcome
from hub.directory.servicemap.showing import shown
from hub.directory.servicemap.store import ServiceMap
from hub.directory.servicemap.write import Actor
from hub.directory.upkeep import checks, links, requests, schemas
from hub.directory.upkeep.store import Links, Requests
from hub.errors import NotFound
from hub.notify.links import link_url

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.directory.servicemap.store import Row
    from hub.directory.upkeep.store import Request

blueprint = Blueprint("upkeep", __name__, url_prefix="/api/v1/directory", description="Keeping the service map true")


@blueprint.route("/due", methods=["POST"])
@blueprint.arguments(schemas.DueQuery)
@blueprint.response(200, schemas.DuePage)
@permission("member", roles=CHECKERS)
def post_due(given: dict[str, Any]) -> dict[str, Any]:
    """What is due to be checked of the records that the caller's agency keeps or offers."""
    hub = current_hub()
    with hub.database.read() as connection:
        filters = checks.filters_of(connection, given)
        today, page = day_of(hub.clock.now()), {"after": given["after"], "limit": given["limit"]}
        found = checks.due_page(connection, caller().agency, today, filters, **page)
        rows = ServiceMap(connection).many(item["record"] for item in found["items"])
    told_of = [{**item, "still_right": ways(caller(), rows[item["record"]], hub.origin)} for item in found["items"]]
    return {**found, "items": told_of}


@blueprint.route("/records/<string:record_id>/verify", methods=["POST"])
@blueprint.arguments(schemas.StillRight)
@blueprint.response(200, RecordOutcome)
@permission("member", roles=CHECKERS)
def post_verify(given: dict[str, Any], record_id: str) -> dict[str, Any]:
    """Say that a record is still right."""
    hub = current_hub()
    with hub.database.write() as connection:
        row = _row(connection, record_id)
        checks.check_checker(caller(), row, given["how"], hub.origin)
        by = _actor(given["how"], given["note"])
        return told(checks.verify(connection, row, given["groups"], by, hub.clock.now()))


@blueprint.route("/renew", methods=["POST"])
@blueprint.arguments(schemas.Renewal)
@blueprint.response(200, schemas.Renewed)
@permission("member", roles=EDITORS)
def post_renew(given: dict[str, Any]) -> dict[str, Any]:
    """Say of many records of the own agency that they are still right; first see what would become of them."""
    hub, by, write = current_hub(), _actor(given["how"], given["note"]), not given["dry_run"]
    with hub.database.write() as connection:
        filters = checks.filters_of(connection, given["choice"])
        renewal = checks.Renewal(given["groups"], given["records"], filters, given.get("ends"))
        done = checks.renew(connection, renewal, by, host=hub.origin, now=hub.clock.now(), write=write)
        rows = ServiceMap(connection).many(outcome.id for outcome in done)
    return {"items": [{**told(each), "name": str(rows[each.id].document.get("name") or "")} for each in done]}


@blueprint.route("/requests", methods=["POST"])
@blueprint.arguments(schemas.ChangeRequest)
@blueprint.response(201, schemas.ChangeRequestView)
@permission("member", roles=PROPOSERS)
def post_request(given: dict[str, Any]) -> dict[str, Any]:
    """Propose a change of a record, or a new one; a coordinator of the agency that keeps it decides."""
    hub, proposal = current_hub(), _proposal(given)
    with hub.database.write() as connection:
        row = None if proposal.record is None else _row(connection, proposal.record)
        if isinstance(owner := proposal.changes.get("organization_id"), str):
            _row(connection, owner)  # whose keeper will be named
        how = "provider" if row is not None and row.agency == caller().agency else "coordinator"
        by = _actor(how, given["note"])
        level = FOCAL if row is None else _level(connection, row)
        request = requests.propose(connection, proposal, by, host=hub.origin, now=hub.clock.now(), level=level)
        return _shown(connection, request)


@blueprint.route("/requests/list", methods=["POST"])
@blueprint.arguments(schemas.ChangeRequestsQuery)
@blueprint.response(200, schemas.ChangeRequestPage)
@permission("member", roles=PROPOSERS)
def post_requests(given: dict[str, Any]) -> dict[str, Any]:
    """Change requests: those about the own agency's records for who decides, and those that the agency made."""
    who, limit = caller(), given["limit"]
    with current_hub().database.read() as connection:
        found = Requests(connection).listing(
            who.agency,
            steward=bool(who.roles & EDITORS),
            states=given["states"],
            record=given.get("record"),
            after=given["after"],
            limit=limit,
        )
        items = [_shown(connection, request) for request in found]
    return {"items": items, "after": found[-1].id if len(found) == limit else None}


@blueprint.route("/requests/<string:request_id>/approve", methods=["POST"])
@blueprint.arguments(schemas.Approval)
@blueprint.response(200, RecordOutcome)
@permission("member", roles=EDITORS)
def post_approve(given: dict[str, Any], request_id: str) -> dict[str, Any]:
    """Write what was proposed, whole or by member."""
    hub = current_hub()
    with hub.database.write() as connection:
        request = _request(connection, request_id)
        seen = requests.Decision(given["version"], given.get("members"))
        by, now = _actor("coordinator"), hub.clock.now()
        return told(requests.approve(connection, request, by, seen, host=hub.origin, now=now))


@blueprint.route("/requests/<string:request_id>/refuse", methods=["POST"])
@blueprint.arguments(schemas.Refusal)
@blueprint.response(204)
@permission("member", roles=EDITORS)
def post_refuse(given: dict[str, Any], request_id: str) -> None:
    """Refuse a request, or stop contact details that wait."""
    hub = current_hub()
    with hub.database.write() as connection:
        request, by = _request(connection, request_id), _actor("coordinator")
        requests.refuse(connection, request, by, reason=given["reason"], now=hub.clock.now())


@blueprint.route("/requests/<string:request_id>/withdraw", methods=["POST"])
@blueprint.response(204)
@permission("member", roles=PROPOSERS)
def post_withdraw(request_id: str) -> None:
    """Take one's own request back."""
    hub = current_hub()
    with hub.database.write() as connection:
        request = Requests(connection).get(request_id)
        if request is None or request.agency != caller().agency:
            raise _none()
        requests.withdraw(connection, request, _actor("coordinator"), now=hub.clock.now())


@blueprint.route("/requests/<string:request_id>/called", methods=["POST"])
@blueprint.arguments(schemas.OldNumberCalled)
@blueprint.response(200, RecordOutcome)
@permission("member", roles={"coordinator"})
def post_called(given: dict[str, Any], request_id: str) -> dict[str, Any]:
    """Let contact details through, because the old number was called and said so."""
    hub = current_hub()
    with hub.database.write() as connection:
        request, by = _request(connection, request_id), _actor("call", given["note"])
        return told(requests.confirm(connection, request, by, now=hub.clock.now()))


@blueprint.route("/links", methods=["POST"])
@blueprint.arguments(schemas.NewUpdateLink)
@blueprint.response(201, schemas.UpdateLink)
@permission("member", roles=EDITORS)
def post_link(given: dict[str, Any]) -> dict[str, Any]:
    """Make a link for a provider without an account, in place of those before."""
    hub = current_hub()
    now = hub.clock.now()
    with hub.database.write() as connection:
        row = _row(connection, given["record"])
        check_edit(caller(), row, hub.origin)
        link = links.issue(connection, row, _actor("link"), given["language"], now)
        if given["by"] == "mail":
            links.send(connection, row, link, now)
    url = link_url(hub.signer, hub.settings.url, link.id) if given["by"] == "hand" else None
    return {"id": link.id, "expires": link.expires, "url": url}


@blueprint.route("/links/<string:link_id>", methods=["DELETE"])
@blueprint.response(204)
@permission("member", roles=EDITORS)
def delete_link(link_id: str) -> None:
    """Revoke a link that the own agency made."""
    hub = current_hub()
    with hub.database.write() as connection:
        if not Links(connection).revoke(hub.clock.now(), id=link_id, agency=caller().agency):
            raise NotFound("There is no such open link of your agency.")


def _actor(how: str, note: str = "") -> Actor:
    return Actor(caller().agency, caller().member, how, note)


def _proposal(given: dict[str, Any]) -> requests.Proposal:
    return requests.Proposal(
        given["kind"], given.get("record"), given["changes"], given["groups"], given.get("base_version")
    )


def _row(connection: Connection, record_id: str) -> Row:
    """Return a record that the caller may see."""
    row = ServiceMap(connection).get(record_id)
    if row is None or row.seen(_level(connection, row)) is None:
        raise NotFound("There is no such record, or it is not for you to see.")
    return row


def _level(connection: Connection, row: Row) -> int:
    return viewer(connection).level(row.steward, row.agency, row.home)


def _request(connection: Connection, request_id: str) -> Request:
    request = Requests(connection).get(request_id)
    if request is None or request.steward != caller().agency:
        raise _none()
    return request


def _none() -> NotFound:
    return NotFound("There is no such request, or it is not for you to decide.")


def _shown(connection: Connection, request: Request) -> dict[str, Any]:
    """Return a request as the caller may see it: of what they may not see in the record, only what they said."""
    row = ServiceMap(connection).get(request.record)
    seen = {} if row is None else shown(ServiceMap(connection), viewer(connection), row) or {}
    mine = request.steward == caller().agency and (row is None or row.id == request.record)
    told_of = {
        name: pair if mine else {"new": pair["new"], **({"now": seen[name]} if name in seen else {})}
        for name, pair in requests.differences(row, request).items()
    }
    name = str(seen.get("name") or request.changes.get("name") or "")
    facts = {"name": name, "version": 0 if row is None else row.version, "differences": told_of}
    return {**asdict(request), **facts}
