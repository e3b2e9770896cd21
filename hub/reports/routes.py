"""Routes of statistics: the own agency's times, who is waited for, and what agencies counted and suppressed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from flask_smorest import Blueprint

from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.errors import Forbidden
from hub.keys.store import KeyStore
from hub.packets.encoding import canonical, parse_json
from hub.reports import schemas
from hub.reports.document import COUNTERS, stated
from hub.reports.domain import band, bounds, unsettled_since
from hub.reports.join import as_rows, join
from hub.reports.store import ReportStore
from hub.reports.taking import take
from hub.reports.timeliness import by_corridor

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

blueprint = Blueprint("reports", __name__, url_prefix="/api/v1/reports", description="Statistics without children")
READERS = COUNTERS | {"focal_point", "auditor"}


@blueprint.route("/timeliness")
@blueprint.arguments(schemas.ReportMonth, location="query")
@blueprint.response(200, schemas.TimelinessReport)
@permission("member", roles=READERS)
def get_timeliness(given: dict[str, str]) -> dict[str, Any]:
    """How fast the own agency's referrals of a month went, by corridor: transport, answers, rungs, grades."""
    agency, month = caller().agency, given["month"]
    with current_hub().database.read() as connection:
        courses = ReportStore(connection).courses(agency, bounds(month), _countries(connection))
    return {"month": month, "agency": agency, "corridors": by_corridor(courses)}


@blueprint.route("/chase-board")
@blueprint.response(200, schemas.ChaseBoard)
@permission("member")
def get_chase_board() -> dict[str, Any]:
    """Who is waited for past the due time: the own agency exactly, others as few, some or many."""
    now, own = current_hub().clock.now(), caller().agency
    since = unsettled_since(now)
    with current_hub().database.read() as connection:
        waiting = ReportStore(connection).waiting(since, now)
        names = [entry.agency for entry in KeyStore(connection).agencies()]
    rows = [
        {"agency": name, "band": band(waiting.get(name, 0)), "waiting": waiting.get(name, 0) if name == own else None}
        for name in names
    ]
    return {"since": since, "agencies": sorted(rows, key=lambda row: ("many", "some", "few").index(row["band"]))}


@blueprint.route("/counts", methods=["PUT"])
@blueprint.arguments(schemas.SignedCounts)
@blueprint.response(200, schemas.PublishedMonth)
@permission("member", roles=COUNTERS)
def put_counts(given: dict[str, Any]) -> dict[str, str]:
    """Publish the own agency's counts of a month, for good: other bytes for the same month are refused."""
    hub, data = current_hub(), canonical(given["counts"])
    if stated(data).agency != caller().agency:
        raise Forbidden("Counts are published by the agency that they are of.")
    published = take(hub.database, data, hub.clock.now())
    return {"agency": published.agency, "month": published.month, "hash": published.hash}


@blueprint.route("/counts")
@blueprint.arguments(schemas.CountsQuestion, location="query")
@blueprint.response(200, schemas.MonthTogether)
@permission("member", roles=READERS)
def get_counts(given: dict[str, Any]) -> dict[str, Any]:
    """What agencies published of a month, together: nothing that their documents do not tell."""
    month = given["month"]
    with current_hub().database.read() as connection:
        store = ReportStore(connection)
        documents, own = store.of_month(month), store.published(caller().agency, month)
    rows = as_rows(join(stated(data).rows for data in documents), given["split"])
    return {
        "month": month,
        "agencies": len(documents),
        "own": None if own is None else parse_json(own),
        "rows": rows,
    }


def _countries(connection: Connection) -> Callable[[str], str]:
    keys = KeyStore(connection)

    @cache
    def country(agency: str) -> str:
        entry = keys.find_agency(agency)
        return "" if entry is None else entry.country

    return country
