"""What a sweep costs with few and with many open referrals when 100 are due: it must not grow with what is open."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import insert

from hub.db import Database, metadata
from hub.followup.domain import after_rung, start
from hub.followup.store import FollowUps, follow_ups
from tests.support.postgres import NoPostgres, running

NOW = 1_795_290_000
DUE = 100
ROUNDS = 12
FEW, MANY = 1_000, 100_000


def _rows(count: int) -> list[dict[str, object]]:
    rows = []
    for n in range(count):
        began = NOW - 5 * 3_600 if n < DUE else NOW + n
        clock = start(f"{n:022d}", "delivered", "emergency", began)
        rows.append({**asdict(clock), "times": list(clock.times)})
    return rows


def _fill(database: Database, count: int) -> None:
    with database.write() as connection:
        follow_ups.drop(connection, checkfirst=True)
        metadata.create_all(connection, tables=[follow_ups])
        rows = _rows(count)
        for at in range(0, count, 5_000):
            connection.execute(insert(follow_ups), rows[at : at + 5_000])
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("vacuum analyze follow_ups")


def _sweep(database: Database) -> float:
    """Claim and advance all that is due, then put it back as it was; return seconds of the sweep alone."""
    began = time.perf_counter()
    with database.write() as connection:
        claimed = FollowUps(connection).claim_due(NOW, 2 * DUE)
    with database.write() as connection:
        for clock in claimed:
            FollowUps(connection).advance(clock, after_rung(clock, NOW))
    took = time.perf_counter() - began
    assert len(claimed) == DUE, len(claimed)
    with database.write() as connection:
        for clock in claimed:
            FollowUps(connection).replace(clock.handoff, clock)
    return took


def measure(url: str) -> float:
    """Print and return the cost with many open clocks divided by the cost with few."""
    database = Database(url)
    best = [float("inf")] * 2
    for n, count in [*enumerate((FEW, MANY))] * 2:  # twice, so that one busy moment of the machine decides nothing
        _fill(database, count)
        best[n] = min(best[n], *(_sweep(database) for _ in range(ROUNDS)))
    with database.write() as connection:
        follow_ups.drop(connection)
    database.close()
    ratio = best[1] / best[0]
    name = "SQLite" if url.startswith("sqlite") else "PostgreSQL"
    print(
        f"sweep, {DUE} due, {name}: {FEW:,} open {best[0] * 1000:.1f} ms, {MANY:,} open {best[1] * 1000:.1f} ms, "
        f"ratio {ratio:.2f}"
    )
    return ratio


def main() -> None:
    """Measure on SQLite and, where there is one, on PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        measure(f"sqlite:///{Path(folder) / 'sweep.sqlite'}")
    try:
        with running(fsync=True) as server, server.database() as url:
            measure(url)
    except NoPostgres as error:
        print(f"PostgreSQL: left out, {error}")


if __name__ == "__main__":
    main()
