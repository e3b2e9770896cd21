"""Durable appends per second, against the commits that the same database reaches from bare SQLAlchemy in the same run.

Each figure is the median of some interleaved rounds, because a machine's speed drifts; compare ratios and not digits.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from sqlalchemy import Column, Integer, LargeBinary, Table, insert

from hub.db import Database, metadata
from hub.handofflog.store import HandoffLog
from hub.packets.dsse import Signer, sign_envelope
from tests.support.postgres import NoPostgres, running

ROUNDS = 5
ONE_BY_ONE = 300
BATCH = 100
BATCHES = 20
PROOFS = 300
ORIGIN = "hub.example"
NOW = 1_795_290_000

_plain = Table("bench_plain", metadata, Column("n", Integer, primary_key=True), Column("document", LargeBinary))


def main() -> None:
    """Measure both databases."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-")))
        _measure("SQLite", f"sqlite:///{folder / 'hub.sqlite'}")
        try:
            server = stack.enter_context(running(fsync=True))
        except NoPostgres as error:
            print(f"PostgreSQL: left out, {error}")
            return
        _measure("PostgreSQL", stack.enter_context(server.database()))


def _measure(name: str, url: str) -> None:
    database = Database(url)
    with database.write() as connection:
        metadata.create_all(connection)
    documents = _documents(max(ONE_BY_ONE, BATCH))
    runs = {"bare insert + commit": _bare, "append one by one": _appends, f"append {BATCH} a commit": _batches}
    rates: dict[str, list[float]] = {title: [] for title in runs}
    for _ in range(ROUNDS):
        for title, run in runs.items():
            start = time.perf_counter()
            count = run(database, documents)
            rates[title].append(count / (time.perf_counter() - start))
    bare = median(rates["bare insert + commit"])
    for title, each in rates.items():
        print(f"{name:10} {title:22} {median(each):9,.0f}/s  {median(each) / bare:6.2f}x of bare commits")
    _proofs(name, database)
    database.close()


def _documents(count: int) -> list[bytes]:
    signer = Signer(b"b" * 32)
    text = "x" * 600  # about the size of a statement
    return [sign_envelope("application/x", {"n": n, "text": text}, [signer]).to_bytes() for n in range(count)]


def _bare(database: Database, documents: list[bytes]) -> int:
    for document in documents[:ONE_BY_ONE]:
        with database.write() as connection:
            connection.execute(insert(_plain), {"document": document})
    return ONE_BY_ONE


def _appends(database: Database, documents: list[bytes]) -> int:
    for document in documents[:ONE_BY_ONE]:
        with database.write() as connection:
            HandoffLog(connection, ORIGIN).append(document, now=NOW)
    return ONE_BY_ONE


def _batches(database: Database, documents: list[bytes]) -> int:
    for _ in range(BATCHES):
        with database.write() as connection:
            for document in documents[:BATCH]:
                HandoffLog(connection, ORIGIN).append(document, now=NOW)
    return BATCH * BATCHES


def _proofs(name: str, database: Database) -> None:
    with database.read() as connection:
        log = HandoffLog(connection, ORIGIN)
        size = log.head().size
        start = time.perf_counter()
        for number in range(PROOFS):
            log.inclusion(number * 7919 % size)
        each = (time.perf_counter() - start) / PROOFS
    print(f"{name:10} {'inclusion proof':22} {each * 1000:9.2f} ms  in a log of {size:,}")
