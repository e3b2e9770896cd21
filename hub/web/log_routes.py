"""The log for everybody: checkpoint, leaf hashes, proofs (docs/protocol.md §8). Serves no document."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from hub.auth.permissions import permission
from hub.context import Hub, current_hub
from hub.errors import NotFound
from hub.handofflog.guard import ForkGuard
from hub.handofflog.note import Proof, parse_checkpoint
from hub.handofflog.store import HandoffLog
from hub.packets.encoding import b64u
from hub.web import schemas

blueprint = Blueprint("log", __name__, url_prefix="/log", description="Checkpoints and proofs of the handoff log")
_TEXT = "text/plain"


@blueprint.route("/checkpoint")
@blueprint.response(200, {"type": "string"}, content_type=_TEXT)
@permission("public")
def get_checkpoint() -> Response:
    """The newest checkpoint, a C2SP signed note."""
    return Response(_published(current_hub()), mimetype=_TEXT)


@blueprint.route("/entries")
@blueprint.arguments(schemas.Page, location="query")
@blueprint.response(200, schemas.Leaves)
@permission("public")
def get_entries(page: dict[str, int]) -> dict[str, Any]:
    """Leaf hashes in their order."""
    hub, start = current_hub(), page["start"]
    with hub.database.read() as connection:
        log = HandoffLog(connection, hub.origin)
        stop = min(start + page["count"], log.head().size)
        return {"start": start, "leaves": [b64u(entry.leaf) for entry in log.entries(start, stop)]}


@blueprint.route("/proof")
@blueprint.arguments(schemas.ProofQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type=_TEXT)
@permission("public")
def get_proof(query: dict[str, int]) -> Response:
    """A C2SP tlog-proof that an entry stands in the log of the newest checkpoint."""
    hub = current_hub()
    note = _published(hub)
    with hub.database.read() as connection:
        path = HandoffLog(connection, hub.origin).inclusion(query["index"], parse_checkpoint(note).size)
    return Response(Proof(query["index"], path, note).text, mimetype=_TEXT)


@blueprint.route("/consistency")
@blueprint.arguments(schemas.ConsistencyQuery, location="query")
@blueprint.response(200, schemas.Consistency)
@permission("public")
def get_consistency(query: dict[str, Any]) -> dict[str, Any]:
    """The proof that nothing before was changed between two sizes."""
    hub, old = current_hub(), query["old"]
    with hub.database.read() as connection:
        log = HandoffLog(connection, hub.origin)
        new = log.head().size if query["new"] is None else query["new"]
        return {"old": old, "new": new, "proof": [b64u(part) for part in log.consistency(old, new)]}


def _published(hub: Hub) -> str:
    """Return the checkpoint that was published last; asking publishes nothing, so nobody makes the hub sign at will."""
    note = ForkGuard(hub.database, hub.origin, hub.settings.data).last_note()
    if note is None:
        raise NotFound("No checkpoint has been published yet.", todo="Ask again in a minute.")
    return note
