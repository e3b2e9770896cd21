"""What a signed slice costs beside the bare SQL of the same filter, and beside the query shapes of two directories.

Limit: twice the bare SQL and 2 ms, at 100,000 and at 1,000,000 services (`SLICES=1000000`), on both databases. Services
stand where towns are: few places hold most of them. The shapes: Ohana API (words, box, distance, rank) and ORServices
(ILIKE; distance over all rows), their SQL on the same services, on PostgreSQL; the programs themselves are not run.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import insert

from hub.db import Database
from hub.directory.areas.domain import Area
from hub.directory.areas.store import Areas
from hub.directory.records.vocabulary import NEEDS
from hub.directory.servicemap import slices
from hub.directory.servicemap import store as t
from hub.directory.servicemap.derive import Around, of_service
from hub.directory.servicemap.slices import Point, Query
from hub.directory.servicemap.store import Row
from hub.directory.servicemap.viewer import Viewer
from hub.migrations.run import all_metadata
from hub.packets.dsse import Signer
from tests.support import maps
from tests.support.postgres import NoPostgres, running

SIZES = [int(size) for size in os.environ.get("SLICES", "100000").split(",")]
COUNTRIES, REGIONS, DISTRICTS = 8, 12, 12
QUESTIONS, ROUNDS, BATCH, TEMPLATES = 60, 10, 5_000, 300
WORKER = Viewer("urn:rcp:agency:other@hub.example", frozenset({"caseworker"}))
SIGNER = Signer(bytes(32))
_WORDS = ("care", "school", "legal", "help", "food", "house", "child", "family", "girls", "clinic", "work", "cash")


def areas() -> list[Area]:
    dice, found = random.Random(1), []
    for number in range(COUNTRIES):
        country = f"X{chr(65 + number)}"
        middle = (dice.uniform(-30, 40), dice.uniform(-20, 60))
        found.append(Area(country, "own", 0, None, country, country, lat=middle[0], lon=middle[1]))
        for one in range(REGIONS):
            region = f"{country}{one:02}"
            found.append(Area(region, "own", 1, country, f"{country}/{region}", country))
            for other in range(DISTRICTS):
                code = f"{region}{other:02}"
                lat, lon = middle[0] + dice.uniform(-4, 4), middle[1] + dice.uniform(-4, 4)
                found.append(Area(code, "own", 2, region, f"{country}/{region}/{code}", country, lat=lat, lon=lon))
    return found


def square(area: Area) -> dict:
    west, south, east, north = area.lon - 0.2, area.lat - 0.2, area.lon + 0.2, area.lat + 0.2
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def rows(count: int, tree: list[Area], known: Areas):
    """Yield batches of derived rows of `count` services: some templates derived as a hub would, then many of each."""
    yield from ([copied(*one) for one in batch] for batch in named(count, tree, known))


def named(count: int, tree: list[Area], known: Areas):
    """Yield batches of ids, each with the derived rows of one of some templates and the town to put them in."""
    dice = random.Random(2)
    places = [area for area in tree if area.level == 2]
    weights = [1 / (rank + 1) for rank in range(len(places))]
    dice.shuffle(places)
    by = maps.provider()
    made = []
    for number in range(TEMPLATES):
        town = dice.choices(places, weights)[0]
        site = maps.site(
            f"T{number}", town.code, town.lat + dice.uniform(-0.1, 0.1), town.lon + dice.uniform(-0.1, 0.1)
        )
        coverage = dice.choice([{}, {}, {"areas": [town.parent]}, {"areas": [town.country]}])
        needs = dice.sample(list(NEEDS), dice.choice([1, 1, 2]))
        spoken = [{"code": code} for code in dice.sample(["ar", "en", "fr", "so"], 2)]
        text = " ".join(dice.choices(_WORDS, k=12))
        document = maps.service(
            f"{text} {number}", by, (site,), needs=needs, coverage=coverage, languages=spoken, description=text
        )
        around = {by["id"]: row("provider", by), site["id"]: row("site", site)}
        made.append(of_service(row("service", document), Around(around, known)))
    for first in range(0, count, BATCH):
        batch = [
            (f"{number:08x}-0000-4000-8000-{number:012x}", made[dice.randrange(TEMPLATES)])
            for number in range(first, first + BATCH)
        ]
        yield [(name, one, dice.choices(places, weights)[0]) for name, one in batch]


def row(kind: str, document: dict) -> Row:
    return Row(document["id"], kind, maps.HOST, maps.KEEPER, None, None, 0, "", 1, 0, 0, None, None, document)


def copied(name: str, one, town: Area):
    """Return a template's rows under another id, in another town."""
    old = one.view["id"].encode()
    dice = random.Random(name)
    lat, lon = town.lat + dice.uniform(-0.1, 0.1), town.lon + dice.uniform(-0.1, 0.1)
    view = {
        key: value.replace(old, name.encode()) if isinstance(value, bytes) else value for key, value in one.view.items()
    }
    path = town.path.split("/")
    postings = [
        {**posting, "service": name, "place": code, "here": 0, "covers": posting["covers"] if depth < 2 else t.NEVER}
        for posting in {row["need"]: row for row in one.postings}.values()
        for depth, code in enumerate(path)
    ]
    points = [{**point, "service": name, "lat": lat, "lon": lon} for point in one.points]
    return {**view, "id": name}, postings, points, (name, lat, lon)


def fill(database: Database, count: int) -> list[Area]:
    tree = areas()
    with database.write() as connection:
        all_metadata().create_all(connection)
        Areas(connection).put(tree)
        Areas(connection).put_outlines({area.code: square(area) for area in tree if area.level == 2})
        known = Areas(connection)
        flat = "create table flat (id text, name text, description text, need text, lat float, lon float)"
        connection.exec_driver_sql(flat)
        for batch in rows(count, tree, known):
            connection.execute(insert(t.map_views), [one[0] for one in batch])
            connection.execute(insert(t.map_postings), [posting for one in batch for posting in one[1]])
            connection.execute(insert(t.map_points), [point for one in batch for point in one[2]])
            if not database.is_sqlite:
                copy_flat(connection, batch)
    settle(database)
    return tree


def settle(database: Database) -> None:
    """Let the database look at what was put in, and index the flat table of the shapes."""
    if database.is_sqlite:
        with database.write() as connection:
            connection.exec_driver_sql("analyze")
    else:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("alter table flat add tsv tsvector")
            connection.exec_driver_sql("update flat set tsv = to_tsvector('english', name || ' ' || description)")
            connection.exec_driver_sql("create index on flat using gin (tsv)")
            connection.exec_driver_sql("vacuum analyze")


def copy_flat(connection, batch) -> None:
    values = []
    for view, postings, _points, (name, lat, lon) in batch:
        data = bytes(view["focal"]).decode()
        text = data.partition('"description":"')[2].partition('"')[0]
        values.append((name, text[:40], text, postings[0]["need"], lat, lon))
    with connection.connection.cursor() as cursor:
        cursor.executemany("insert into flat values (%s, %s, %s, %s, %s, %s)", values)


def questions(tree: list[Area]) -> list[Query]:
    dice = random.Random(3)
    towns = [area for area in tree if area.level == 2]
    found = []
    for number in range(QUESTIONS):
        town, need = dice.choice(towns), dice.choice(list(NEEDS))
        language = dice.choice([None, "ar"])
        if number % 3:
            code = dice.choice([town.code, town.code, town.parent, town.country])
            found.append(Query(need, maps.TODAY, code, language=language))
        else:
            found.append(Query(need, maps.TODAY, point=Point(town.lat, town.lon, 50), language=language))
    return found


def answer(database: Database, query: Query) -> int:
    """Answer as the route does, all but the HTTP."""
    with database.read() as connection:
        page = slices.candidates(connection, query, WORKER)
        named = slices.areas_named(connection, page, query)
    slices.sign_slice(page, slices.said(query), named, maps.HOST, SIGNER, maps.NOW)
    return len(page.listings)


def bare(database: Database, query: Query, paths: dict[str, list[str]]) -> int:
    """The same filter as one plain statement of the driver, which it may prepare as it does for us."""
    mark = "?" if database.is_sqlite else "%s"
    words, values = "", []
    if query.language:
        words, values = f" and (p.languages is null or p.languages like {mark})", [f"%,{query.language},%"]
    if query.point is None:
        codes = paths[query.area][::-1]
        inside = f"p.place = {mark}" + "".join(f" or (p.place = {mark} and p.covers <= 1)" for _ in codes[1:])
        table, where, given = "map_postings", f"({inside})", codes
    else:
        high = query.point.km / 111.195
        wide = high / 0.7
        table, where = "map_points", f"p.lat between {mark} and {mark} and p.lon between {mark} and {mark}"
        given = [query.point.lat - high, query.point.lat + high, query.point.lon - wide, query.point.lon + wide]
    statement = (
        f"select p.service, v.partners from {table} p join map_views v on v.id = p.service where p.need = {mark}"
        f" and {where} and p.shown_until >= {mark} and p.level <= 1{words} limit 101"
    )
    raw = database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute(statement, [query.need, *given, query.day, *values])
        found = len(cursor.fetchall())
        raw.commit()
        return found
    finally:
        raw.close()


def timed(work, *given) -> float:
    began = time.perf_counter()
    work(*given)
    return (time.perf_counter() - began) * 1000


def measure(url: str, count: int) -> None:
    database = Database(url)
    name = "SQLite" if database.is_sqlite else "PostgreSQL"
    tree = fill(database, count)
    paths = {area.code: area.path.split("/") for area in tree}
    asked = questions(tree)
    ours, plain, worst = [], [], 0.0
    sizes = [answer(database, query) for query in asked]  # so that every kind of question was asked before
    for query in asked:
        mine = min(timed(answer, database, query) for _ in range(ROUNDS))
        its = min(timed(bare, database, query, paths) for _ in range(ROUNDS))
        ours.append(mine)
        plain.append(its)
        worst = max(worst, mine / (2 * its + 2))
    high = sorted(ours)[int(len(ours) * 0.95)]
    limit = 2 * statistics.median(plain) + 2
    middle, its = statistics.median(ours), statistics.median(plain)
    listed = statistics.median(sizes)
    print(f"{name}, {count:,} services, {listed:.0f} listings: signed slice p50 {middle:.2f} ms, p95 {high:.2f} ms")
    print(f"   bare SQL p50 {its:.2f} ms: p50 at {middle / limit:.2f} of the limit, the worst question at {worst:.2f}")
    if not database.is_sqlite:
        shapes(database, asked)
    database.close()


def shapes(database: Database, asked: list[Query]) -> None:
    """Ohana's and ORServices' queries, as their code forms them, on the same services."""
    half = "sin(radians(lat - %s) / 2) ^ 2 + cos(radians(%s)) * cos(radians(lat)) * sin(radians(lon - %s) / 2) ^ 2"
    distance, query_of = f"6371 * 2 * asin(sqrt({half}))", "plainto_tsquery('english', %s)"
    ohana = (
        f"select id, {distance} d, ts_rank(tsv, {query_of}) r from flat where tsv @@ {query_of}"
        " and lat between %s and %s and lon between %s and %s order by r desc, d limit 30"
    )
    like = "select * from flat where name ilike %s or description ilike %s limit 30"
    near = f"select * from (select *, {distance} d from flat) x where d <= 50 order by d limit 30"
    took: dict[str, list[float]] = {"Ohana": [], "ORServices words": [], "ORServices distance": []}
    raw = database.engine.raw_connection()
    cursor = raw.cursor()
    for query in asked[::6]:
        lat, lon = (query.point.lat, query.point.lon) if query.point else (0.0, 0.0)
        word = random.Random(query.need).choice(_WORDS)
        place = (lat, lat, lon)
        calls = {
            "Ohana": (ohana, (*place, word, word, lat - 0.45, lat + 0.45, lon - 0.6, lon + 0.6)),
            "ORServices words": (like, (f"%{word}%", f"%{word}%")),
            "ORServices distance": (near, place),
        }
        for name, (statement, given) in calls.items():
            took[name].append(timed(lambda s=statement, g=given: (cursor.execute(s, g), cursor.fetchall())))
    raw.close()
    print(
        "   shapes beside it: " + ", ".join(f"{name} p50 {statistics.median(ms):.1f} ms" for name, ms in took.items())
    )


def main() -> None:
    """Measure on SQLite and, where there is one, on PostgreSQL."""
    for count in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            measure(f"sqlite:///{Path(folder) / 'map.sqlite'}", count)
        try:
            with running() as server, server.database() as url:
                measure(url, count)
        except NoPostgres as error:
            print(f"PostgreSQL: left out, {error}")


if __name__ == "__main__":
    main()
