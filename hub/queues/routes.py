"""Routes of queues: pages and counts of a desk, each for its roles; counts by provider. Questions travel in bodies."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask_smorest import Blueprint

from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.directory.calendars import calendar_of
from hub.handoffs import views
from hub.keys.store import KeyStore
from hub.queues import schemas
from hub.queues.domain import ARRIVALS_DAYS, COUNTERS, OPEN, READERS, Desk, Load, Order, Wanted, median_days, read_mark
from hub.queues.store import QueueStore, parties
from hub.referrals.machine import ReferralMachine
from hub.reports.domain import band

if TYPE_CHECKING:
    from sqlalchemy import Connection

blueprint = Blueprint("queues", __name__, url_prefix="/api/v1/queues", description="Who has to act, and by when")


@blueprint.route("/owner", methods=["POST"])
@blueprint.arguments(schemas.OwnerQueue)
@blueprint.response(200, schemas.QueuePage)
@permission("member", roles=READERS[Desk.OWNER])
def post_owner(given: dict[str, Any]) -> dict[str, Any]:
    """What the own agency sent, by what it waits for; `tasks`, `info_asked` and `to_close` wait for the owner."""
    return _page(Desk.OWNER, given)


@blueprint.route("/provider", methods=["POST"])
@blueprint.arguments(schemas.ProviderQueue)
@blueprint.response(200, schemas.QueuePage)
@permission("member", roles=READERS[Desk.PROVIDER])
def post_provider(given: dict[str, Any]) -> dict[str, Any]:
    """What the own agency was sent; `due_today` and `overdue` by its own calendar."""
    return _page(Desk.PROVIDER, given)


@blueprint.route("/supervisor", methods=["POST"])
@blueprint.arguments(schemas.SupervisorQueue)
@blueprint.response(200, schemas.QueuePage)
@permission("member", roles=READERS[Desk.SUPERVISOR])
def post_supervisor(given: dict[str, Any]) -> dict[str, Any]:
    """What supervisors of either side look into: escalated, paused, asked thrice, doubted, frozen or withdrawn."""
    return _page(Desk.SUPERVISOR, given)


@blueprint.route("/owner/counts", methods=["POST"])
@blueprint.arguments(schemas.QueueChoice)
@blueprint.response(200, schemas.QueueCounts)
@permission("member", roles=READERS[Desk.OWNER])
def post_owner_counts(given: dict[str, Any]) -> dict[str, Any]:
    """How much stands in each queue of the owner."""
    return _counts(Desk.OWNER, given)


@blueprint.route("/provider/counts", methods=["POST"])
@blueprint.arguments(schemas.QueueChoice)
@blueprint.response(200, schemas.QueueCounts)
@permission("member", roles=READERS[Desk.PROVIDER])
def post_provider_counts(given: dict[str, Any]) -> dict[str, Any]:
    """How much stands in each queue of the provider."""
    return _counts(Desk.PROVIDER, given)


@blueprint.route("/supervisor/counts", methods=["POST"])
@blueprint.arguments(schemas.QueueChoice)
@blueprint.response(200, schemas.QueueCounts)
@permission("member", roles=READERS[Desk.SUPERVISOR])
def post_supervisor_counts(given: dict[str, Any]) -> dict[str, Any]:
    """How much stands in each queue of the supervisor."""
    return _counts(Desk.SUPERVISOR, given)


@blueprint.route("/coordinator")
@blueprint.response(200, schemas.ProviderLoads)
@permission("member", roles=COUNTERS)
def get_coordinator() -> dict[str, Any]:
    """How much waits for each provider: no case, and other agencies than the own one only as few, some or many."""
    hub, own = current_hub(), caller().agency
    now = hub.clock.now()
    with hub.database.read() as connection:
        store = QueueStore(connection)
        loads = {load.agency: load for load in store.loads(now)}
        names = [entry.agency for entry in KeyStore(connection).agencies()]
        days = median_days(store.sent(own), now)
    rows = [_load(loads.get(name) or Load(name, 0, 0), own, days) for name in names]
    return {"providers": sorted(rows, key=lambda row: (row["agency"] != own, row["agency"]))}


def _load(load: Load, own: str, days: int | None) -> dict[str, Any]:
    if load.agency == own:
        return {"agency": own, "open": str(load.open), "past_due": str(load.past_due), "median_days": days}
    banded = {"open": band(load.open), "past_due": band(load.past_due), "median_days": None}
    return {"agency": load.agency, **banded}


def _page(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    hub, agency, now = current_hub(), caller().agency, current_hub().clock.now()
    after = None if given["after"] is None else read_mark(given["after"])
    first = after.at if after else now
    with hub.database.read() as connection:
        days = _days(connection, agency, first)
        wanted = _wanted(desk, given)
        rows, mark = QueueStore(connection).page(wanted, after, given["limit"], now=first, days=days)
        shown = ReferralMachine(hub.origin).views(connection, parties(rows), agency, now)
        items = [views.listed(row, shown[row["id"]]) for row in rows]
    return {"items": items, "next": None if mark is None else str(mark)}


def _counts(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    hub, agency = current_hub(), caller().agency
    now = hub.clock.now()
    with hub.database.read() as connection:
        days = _days(connection, agency, now)
        return {"queues": QueueStore(connection).counts(_wanted(desk, given), now=now, days=days)}


def _wanted(desk: Desk, given: dict[str, Any]) -> Wanted:
    who = caller()
    return Wanted(
        desk,
        given.get("queue", OPEN),
        who.agency,
        who.member,
        order=Order(given.get("order", Order.DUE)),
        states=frozenset(given["states"]),
        urgencies=frozenset(given["urgencies"]),
        other=given["agency"],
        mine=given["mine"],
        due_before=given["due_before"],
        arrivals=given["arrivals"],
    )


def _days(connection: Connection, agency: str, now: int) -> tuple[int, str]:
    """Return the end of the agency's own day, and the last day on which arrivals are close."""
    calendar = calendar_of(connection, agency)
    today = calendar.local(now).date()
    return calendar.end_of(today), (today + timedelta(days=ARRIVALS_DAYS)).isoformat()
