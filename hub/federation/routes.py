"""Routes between hubs: messages, keys, and who we are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, g, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from hub.auth.permissions import Caller, permission, register_verifier
from hub.context import current_hub
from hub.directory.feed.publish import page, publish_feed
from hub.directory.feed.schemas import FeedPlace
from hub.directory.records.visibility import PARTNERS
from hub.federation.counts import told_counts, told_document
from hub.federation.pull import own_entry, peer_log, public_documents
from hub.federation.receive import authenticate, take_message
from hub.federation.signing import Request
from hub.federation.store import Peers
from hub.packets.encoding import b64u

if TYPE_CHECKING:
    from flask import Flask

blueprint = Blueprint("federation", __name__, url_prefix="/federation/v1", description="Between hubs")
PeerList = Schema.from_dict({"peers": fields.List(fields.Dict(), required=True)}, name="PeerList")
_SIZE = fields.Integer(required=True, validate=validate.Range(0, 2**53 - 1))
LogSizes = Schema.from_dict({"old": _SIZE, "new": _SIZE}, name="LogSizes")


def register_peers(app: Flask) -> None:
    """Let peers in on routes of theirs."""
    register_verifier(app, "peer", _verify)


@blueprint.route("/messages", methods=["POST"])
@blueprint.response(200, {"type": "object"})
@permission("peer")
def post_message() -> Response:
    """Take a statement, and its packet, from a peer; the answer is a signed receipt or refusal."""
    return _json(take_message(current_hub(), g.peer, g.signed, request.environ))


@blueprint.route("/keys")
@blueprint.response(200, {"type": "object"})
@permission("peer")
def get_keys() -> Response:
    """The key documents of agencies at home here, each with its proof, and our directory."""
    return _json(public_documents(current_hub()))


@blueprint.route("/map")
@blueprint.arguments(FeedPlace, location="query")
@blueprint.response(200, {"type": "object"})
@permission("peer")
def get_map(given: dict[str, int]) -> Response:
    """What has changed in our part of the service map since a number, for peers: one signed page."""
    publish_feed(current_hub())
    return _json(page(current_hub(), PARTNERS, given["after"]))


@blueprint.route("/counts")
@blueprint.response(200, {"type": "object"})
@permission("peer")
def get_counts() -> Response:
    """What our agencies published of their months: agency, month and hash."""
    return _json(told_counts(current_hub()))


@blueprint.route("/counts/<string:document>")
@blueprint.response(200, {"type": "object"})
@permission("peer")
def get_counts_document(document: str) -> Response:
    """The counts of a month as an agency signed them."""
    return _json(told_document(current_hub(), document))


@blueprint.route("/hub")
@blueprint.response(200, {"type": "object"})
@permission("public")
def get_hub() -> Response:
    """Our own entry, to be compared by fingerprint."""
    return _json(own_entry(current_hub()))


@blueprint.route("/peers")
@blueprint.response(200, PeerList)
@permission("member")
def get_peers() -> dict[str, list[dict[str, str]]]:
    """Our peers for our members' clients: addresses, and the keys whose fingerprints our operator compared."""
    with current_hub().database.read() as connection:
        found = Peers(connection).all()
    return {"peers": [{"host": peer.host, "url": peer.url, "sign": b64u(peer.sign)} for peer in found]}


@blueprint.route("/peers/<string:host>/checkpoint")
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
@permission("member")
def get_peer_checkpoint(host: str) -> Response:
    """A peer's newest checkpoint as it says it now: browsers ask nobody but their own hub."""
    return Response(peer_log(current_hub(), host, "checkpoint"), mimetype="text/plain; charset=utf-8")


@blueprint.route("/peers/<string:host>/consistency")
@blueprint.arguments(LogSizes, location="query")
@blueprint.response(200, {"type": "object"})
@permission("member")
def get_peer_consistency(query: dict[str, int], host: str) -> Response:
    """A peer's own proof that its log only grew between two sizes, as it came; the client verifies it."""
    return _json(peer_log(current_hub(), host, f"consistency?old={query['old']}&new={query['new']}"))


def _verify() -> Caller:
    """Return the peer that signed the request, for the address at which our peers know us, whatever `Host` says."""
    hub = current_hub()
    query = request.environ.get("QUERY_STRING", "")
    url = hub.settings.url.rstrip("/") + request.path + (f"?{query}" if query else "")
    g.peer, g.signed = authenticate(hub, Request(request.method, url, request.headers), request.environ)
    return Caller(peer=g.peer.host)


def _json(data: bytes) -> Response:
    return Response(data, mimetype="application/json")
