"""What a page of a queue costs with 20,000 open referrals: in a fair share of them, and where one agency has them all.

Against a bare SELECT of as many rows by their primary keys, which is the least that any page costs.
"""

from __future__ import annotations

import tempfile
import time
from itertools import product
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from hub.db import Database
from hub.followup.store import follow_ups
from hub.handoffs.store import handoffs
from hub.ids import agency_id
from hub.migrations.run import all_metadata
from hub.queues.domain import QUEUES, Desk, Order, Wanted
from hub.queues.store import QueueStore, parties
from hub.referrals.machine import ReferralMachine
from hub.referrals.store import referrals
from tests.support.postgres import NoPostgres, running
from tests.support.queues import AWAY, CASE, DAYS, HOME, NOW, SHELTER, put_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from sqlalchemy import Connection

OPEN, AGENCIES, PAGE, ROUNDS = 20_000, 200, 50, 5
SHARED, ALONE = "one of 200 agencies", "one agency has all"
_STATES = ("delivered", "acknowledged", "accepted", "in_progress", "waitlisted", "declined", "outcome_reported")
_URGENCIES = ("emergency", "urgent", "high", "routine")


def _facts(agencies: int) -> Iterator[dict[str, Any]]:
    for n in range(OPEN):
        yield {
            "state": _STATES[n % len(_STATES)],
            "urgency": _URGENCIES[n // 7 % 4],
            "submitted_at": NOW - n * 97 % (60 * 86_400),
            "from_agency": SHELTER if n % agencies == 0 else agency_id(f"agency-{n % agencies}", HOME),
            "to_agency": SHELTER if n % agencies == 1 else agency_id(f"other-{n // 3 % agencies}", AWAY),
        }


def _fill(database: Database, agencies: int) -> None:
    with database.write() as connection:
        for table in (follow_ups, referrals, handoffs):
            connection.execute(delete(table))
        put_many(connection, OPEN, _facts(agencies))
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("vacuum analyze")


def _page(connection: Connection, desk: Desk, queue: str, order: Order) -> list[str]:
    wanted = Wanted(desk, queue, SHELTER, CASE, order=order)
    rows, _mark = QueueStore(connection).page(wanted, None, PAGE, now=NOW, days=DAYS)
    ReferralMachine(HOME).views(connection, parties(rows), SHELTER, NOW)
    return [row["id"] for row in rows]


def _took(database: Database, act: Callable[[Connection], object]) -> float:
    began = time.perf_counter()
    with database.read() as connection:
        act(connection)
    return 1000 * (time.perf_counter() - began)


def _p95(took: list[float]) -> float:
    return quantiles(took, n=20)[18]


def _measure_one(database: Database, name: str, share: str) -> tuple[float, float]:
    with database.read() as connection:
        ids = _page(connection, Desk.OWNER, "open", Order.DUE)
    query = select(referrals).where(referrals.c.id.in_(ids))
    pages, bare = [], []
    for _ in range(ROUNDS):
        for desk, order in product(Desk, Order):
            for queue in QUEUES[desk]:
                pages.append(_took(database, lambda c, d=desk, q=queue, o=order: _page(c, d, q, o)))  # type: ignore[misc]
                bare.append(_took(database, lambda c: c.execute(query).all()))
    worst, least = _p95(pages), _p95(bare)
    print(
        f"queues, {OPEN:,} open, {share}, {name}: a page p95 {worst:.1f} ms, median {median(pages):.1f} ms, "
        f"bare SELECT of a page p95 {least:.1f} ms, median {median(bare):.1f} ms, ratio of medians "
        f"{median(pages) / median(bare):.1f}"
    )
    return worst, median(pages) / median(bare)


def measure(url: str) -> dict[str, tuple[float, float]]:
    """Print and return for both shares the p95 of pages in milliseconds, and their median against a bare page's."""
    database = Database(url)
    name = "SQLite" if database.is_sqlite else "PostgreSQL"
    with database.write() as connection:
        all_metadata().create_all(connection)
    found = {}
    for share, agencies in ((SHARED, AGENCIES), (ALONE, 1)):
        _fill(database, agencies)
        found[share] = _measure_one(database, name, share)
    database.close()
    return found


def main() -> None:
    """Measure on SQLite and, where there is one, on PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        measure(f"sqlite:///{Path(folder) / 'queues.sqlite'}")
    try:
        with running(fsync=True) as server, server.database() as url:
            measure(url)
    except NoPostgres as error:
        print(f"PostgreSQL: left out, {error}")


if __name__ == "__main__":
    main()
