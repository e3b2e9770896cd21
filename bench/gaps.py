"""What the gap table of a country costs: read from its summary, and counted again after a change.

Limit: 100 ms to read all needs of a country from the summary, on both databases. The country has 12 provinces with 12
districts each, and `GAPS` services (100,000) that stand mostly in a few of them, as real ones do. Beside it, in the
same run: the same counts from the postings by bare SQL, which is what a table without a summary would do.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import insert, text

from hub.db import Database
from hub.directory.areas.domain import Area
from hub.directory.areas.store import Areas
from hub.directory.gaps.summary import recompute
from hub.directory.gaps.table import table
from hub.directory.records.vocabulary import NEEDS
from hub.directory.servicemap import store as t
from hub.migrations.run import all_metadata
from hub.packets.encoding import canonical
from tests.support.postgres import NoPostgres, running

SERVICES = int(os.environ.get("GAPS", "100000"))
LIMIT = 100
BATCH, ROUNDS = 5_000, 15
TODAY = "2026-03-02"
BARE = text(
    "select p.place, p.need, count(*), sum(case when p.shown_until >= :day then 1 else 0 end),"
    " sum(case when p.usable_until >= :day then 1 else 0 end) from map_postings p"
    " join areas a on a.code = p.place and a.valid_to = '' and a.country = 'XA' and a.level = 1"
    " where p.level <= 1 and p.here <= 1 group by p.place, p.need"
)


def areas() -> list[Area]:
    found = [Area("XA", "own", 0, None, "XA", "XA")]
    for one in range(12):
        found.append(Area(f"XA{one:02}", "own", 1, "XA", f"XA/XA{one:02}", "XA"))
        found += [
            Area(f"XA{one:02}{n:02}", "own", 2, f"XA{one:02}", f"XA/XA{one:02}/XA{one:02}{n:02}", "XA")
            for n in range(12)
        ]
    return found


def fill(database: Database) -> None:
    dice = random.Random(1)
    tree = areas()
    towns = [area for area in tree if area.level == 2]
    dice.shuffle(towns)
    weights = [1 / (rank + 1) for rank in range(len(towns))]
    with database.write() as connection:
        all_metadata().create_all(connection)
        Areas(connection).put(tree)
        for first in range(0, SERVICES, BATCH):
            made = [service(dice, number, towns, weights) for number in range(first, first + BATCH)]
            connection.execute(insert(t.map_views), [one[0] for one in made])
            connection.execute(insert(t.map_postings), [row for one in made for row in one[1]])
        if database.is_sqlite:
            connection.exec_driver_sql("analyze")


def service(dice: random.Random, number: int, towns: list[Area], weights: list[float]):
    name = f"{number:08x}-0000-4000-8000-{number:012x}"
    shown, usable = dice.choice(["2026-09-01", "2026-01-01"]), dice.choice(["2026-03-10", "", "2026-02-01"])
    capacity = {"state": "capacity", "until": usable} if usable else {"state": "no_capacity"}
    listing = {"id": name, "status": "active", "shown_until": shown, "capacity": capacity, "levels": ["individual"]}
    data = canonical({**listing, "bands": [{"from": 0, "below": 216, "sexes": "any"}]})
    view = {"id": name, "steward": "", "agency": "", "home": "", "public": data, "partners": data, "focal": data}
    wide = dice.random() < 0.1
    path = dice.choices(towns, weights)[0].path.split("/")
    about = {"service": name, "level": 0, "shown_until": shown, "usable_until": usable, "groups": 127, "claimed": False}
    need = dice.choice(list(NEEDS))
    rows = [
        {**about, "need": need, "place": code, "here": 0, "covers": 0 if wide and not depth else t.NEVER}
        for depth, code in enumerate(path)
    ]
    return view, rows


def timed(act) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


def measure(name: str, database: Database) -> bool:
    fill(database)
    with database.write() as connection:
        counted = timed(lambda: recompute(connection, [(need, "XA") for need in NEEDS], TODAY))
        again = timed(lambda: recompute(connection, [("health", "XA0000")], TODAY))
    with database.read() as connection:
        read = [timed(lambda: table(connection, "XA")) for _ in range(ROUNDS)]
        deep = [timed(lambda: table(connection, "XA", level=2)) for _ in range(ROUNDS)]
        bare = [timed(lambda: connection.execute(BARE, {"day": TODAY}).all()) for _ in range(3)]
    median = statistics.median(read)
    print(
        f"{name:10} {SERVICES:>9,} services: table {median:.1f} ms (limit {LIMIT}), 144 districts"
        f" {statistics.median(deep):.1f} ms, bare SQL without summary {statistics.median(bare):.0f} ms;"
        f" all 33 needs counted in {counted / 1000:.1f} s, one in {again:.0f} ms"
    )
    return median <= LIMIT


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'gaps.sqlite'}")
        good = measure("SQLite", database)
        database.close()
    try:
        with running() as server, server.database() as url:
            database = Database(url)
            good = measure("PostgreSQL", database) and good
            database.close()
    except NoPostgres as error:
        print(f"PostgreSQL: {error}")
    if not good:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
