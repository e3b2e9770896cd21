"""Routes by which coordinators find records that may be one, and decide.

Nobody hears of records that they may not see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_smorest import Blueprint

from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.directory.duplicates import merge, schemas
from hub.directory.duplicates.names import Patterns
from hub.directory.duplicates.pairs import LIKELY, POSSIBLE
from hub.directory.duplicates.store import PairStore, State
from hub.directory.servicemap.routes import viewer
from hub.directory.servicemap.store import ServiceMap
from hub.directory.servicemap.write import Actor
from hub.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.directory.duplicates.store import PairRow

blueprint = Blueprint(
    "duplicates", __name__, url_prefix="/api/v1/directory/pairs", description="Records that may be one"
)
COORDINATOR = frozenset({"coordinator"})


@blueprint.route("/propose", methods=["POST"])
@blueprint.arguments(schemas.ProposePairs)
@blueprint.response(200, schemas.Proposed)
@permission("member", roles=COORDINATOR)
def post_propose(given: dict[str, Any]) -> dict[str, int]:
    """Compare all records of a kind; what was decided stays decided."""
    patterns = Patterns.of((row["written"], row["meant"], row["acronym"]) for row in given["names"])
    with current_hub().database.write() as connection:
        return {"new": merge.propose(connection, given["kind"], patterns)}


@blueprint.route("/list", methods=["POST"])
@blueprint.arguments(schemas.PairQuery)
@blueprint.response(200, schemas.PairPage)
@permission("member", roles=COORDINATOR)
def post_list(given: dict[str, Any]) -> dict[str, Any]:
    """Pairs, the likeliest first, with what speaks for and against."""
    states = [State(state) for state in given["states"]]
    with current_hub().database.read() as connection:
        rows = PairStore(connection).listing(states, given.get("kind"), given["after"], given["limit"])
        shown = [_shown(connection, row) for row in rows]
    after = given["after"] + len(rows) if len(rows) == given["limit"] else None
    return {"items": [one for one in shown if one is not None], "after": after}


@blueprint.route("", methods=["POST"])
@blueprint.arguments(schemas.Two)
@blueprint.response(200, schemas.PairView)
@permission("member", roles=COORDINATOR)
def post_pair(given: dict[str, Any]) -> dict[str, Any]:
    """Say that two records may be one, where nobody proposed it."""
    with current_hub().database.write() as connection:
        _check_seen(connection, given["first"], given["second"])
        return _seen(connection, merge.pair_of(connection, given["first"], given["second"]))


@blueprint.route("/<string:pair_id>/decision", methods=["POST"])
@blueprint.arguments(schemas.Decision)
@blueprint.response(200, schemas.Decided)
@permission("member", roles=COORDINATOR)
def post_decision(given: dict[str, Any], pair_id: str) -> dict[str, str]:
    """Merge two records, say that they are not one, leave it for later, or take a decision back."""
    hub, who = current_hub(), caller()
    by, host, now = Actor(who.agency, who.member, "merge", pair_id), hub.origin, hub.clock.now()
    decision = given["decision"]
    if (decision == schemas.MERGE) != ("keep" in given):
        raise InvalidRequest("A merge, and only a merge, says which record is kept.", field="keep")
    with hub.database.write() as connection:
        pair = PairStore(connection).get(pair_id)
        if pair is None:
            raise NotFound("There is no such pair.")
        _check_seen(connection, pair.first, pair.second)
        if decision == schemas.MERGE:
            return {"state": merge.agree(connection, pair, given["keep"], by, host=host, now=now)}
        if decision == schemas.UNDO:
            return {"state": merge.undo(connection, pair, by, host=host, now=now)}
        return {"state": merge.refuse(connection, pair, by, host=host, now=now, later=decision == schemas.LATER)}


def _check_seen(connection: Connection, *records: str) -> None:
    if len(_halves(connection, records)) < len(set(records)):
        raise NotFound("There is no such record.")


def _halves(connection: Connection, records: tuple[str, ...]) -> list[dict[str, str]]:
    """Return what the caller may see of some records."""
    looking, found = viewer(connection), ServiceMap(connection).unmerged(records)
    return [
        {"id": row.id, "name": seen["name"], "steward": row.steward, "host": row.host}
        for row in (found[one] for one in records if one in found)
        if (seen := row.seen(looking.level(row.steward, row.agency, row.home))) is not None
    ]


def _shown(connection: Connection, row: PairRow) -> dict[str, Any] | None:
    """Return a pair, unless the caller may not see one of its records, or they have become one another way."""
    halves, found = _halves(connection, (row.first, row.second)), ServiceMap(connection)
    joined = row.state is not State.MERGED and found.resolve(row.first) == found.resolve(row.second)
    return None if len(halves) < len((row.first, row.second)) or joined else _view(row, halves)


def _seen(connection: Connection, row: PairRow) -> dict[str, Any]:
    return _view(row, _halves(connection, (row.first, row.second)))


def _view(row: PairRow, halves: list[dict[str, str]]) -> dict[str, Any]:
    strength = "likely" if row.score >= LIKELY else "possible" if row.score >= POSSIBLE else "by_hand"
    plain = ("id", "kind", "score", "kept", "said", "agency", "member", "decided_at")
    return {
        **{name: getattr(row, name) for name in plain},
        "state": row.state.value,
        "strength": strength,
        "reasons": [{"code": code, "points": points} for code, points in row.reasons],
        "records": halves,
    }
