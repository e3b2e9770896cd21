"""What a caseless search of the service map costs with all counts, few results and many, beside two other shapes.

Limit: none is promised; 100 ms is what a person does not notice. `SEARCH=100000` services, on both databases; the words
of names are spread as words are: few are in most, most are in few. The shapes are those of `bench.slices`.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert

from bench import slices
from hub.db import Database
from hub.directory.areas.store import Areas
from hub.directory.servicemap import store as t
from hub.directory.servicemap.viewer import EVERYBODY
from hub.directory.text.search import Question, search
from hub.directory.text.store import map_facets
from hub.migrations.run import all_metadata
from tests.support import maps
from tests.support.postgres import NoPostgres, running

if TYPE_CHECKING:
    from hub.directory.areas.domain import Area

SERVICES = int(os.environ.get("SEARCH", "100000"))
VOCABULARY, ROUNDS, LIMIT = 20_000, 5, 100
ASKED = {
    "a rare word": Question("wabc"),
    "two words, one rare": Question("clinic wabc"),
    "a word of most": Question("clinic"),
    "the beginning of a word": Question("cl"),
    "two broad words": Question("school clinic"),
    "a need by a word": Question("vaccination"),
    "no word, a need": Question(needs=("health",)),
    "everything": Question(),
    "everything, open now": Question(open_now=True),
    "everything, page 50": Question(after=1_000),
}


def word(number: int) -> str:
    """Return a word for a number: letters alone."""
    return "w" + "".join(chr(97 + number // 26**place % 26) for place in range(3))


def searched(name: str, one, town: Area, dice: random.Random):
    """Return what is searched of a template's rows under another id, in another town, with two words of its own."""
    view = slices.copied(name, one, town)[0]
    words = {row["word"] for row in one.words if not row["word"].startswith("area:")}
    words |= {word(int(VOCABULARY ** dice.random())) for _ in range(2)}
    words |= {f"area:{code}" for code in town.path.split("/")}
    facet = {**one.facets[0], "service": name, "areas": f",{','.join(sorted(town.path.split('/')))},"}
    facet["capacity"], facet["free"] = dice.choice(("capacity", "no_capacity", "")), dice.choice(("yes", "no", ""))
    return view, [{"word": each, "id": name, "weight": 5, "level": 0} for each in words], facet


def fill(database: Database) -> None:
    dice = random.Random(1)
    tree = slices.areas()
    with database.write() as connection:
        all_metadata().create_all(connection)
        Areas(connection).put(tree)
        flat = "create table flat (id text, name text, description text, need text, lat float, lon float)"
        connection.exec_driver_sql(flat)
        for batch in slices.named(SERVICES, tree, Areas(connection)):
            made = [searched(*one, dice) for one in batch]
            connection.execute(insert(t.map_views), [one[0] for one in made])
            connection.execute(insert(t.map_words), [row for one in made for row in one[1]])
            connection.execute(insert(map_facets), [one[2] for one in made])
            if not database.is_sqlite:
                slices.copy_flat(connection, [slices.copied(*one) for one in batch])
    slices.settle(database)


def timed(database: Database, question: Question) -> tuple[float, int]:
    with database.read() as connection:
        start = time.perf_counter()
        answer = search(connection, question, EVERYBODY, maps.NOW)
        return (time.perf_counter() - start) * 1000, answer.total


def measure(url: str) -> None:
    database = Database(url)
    fill(database)
    print(f"{'SQLite' if database.is_sqlite else 'PostgreSQL'}, {SERVICES:,} services, load {os.getloadavg()[0]:.1f}")
    for name, question in ASKED.items():
        took, totals = zip(*(timed(database, question) for _ in range(ROUNDS)), strict=True)
        middle = statistics.median(took)
        print(f"   {name:24} {totals[0]:>7,} found: {middle:6.1f} ms, {middle / LIMIT:.2f} of what is noticed")
    if not database.is_sqlite:
        slices.shapes(database, slices.questions(slices.areas()))
    database.close()


def main() -> None:
    """Measure on SQLite and, where there is one, on PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        measure(f"sqlite:///{Path(folder) / 'map.sqlite'}")
    try:
        with running() as server, server.database() as url:
            measure(url)
    except NoPostgres as error:
        print(f"PostgreSQL: left out, {error}")


if __name__ == "__main__":
    main()
