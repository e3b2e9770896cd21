"""One engine, two databases, one way to write.

SQLite (WAL, FULL): one process, one write lock held in Python, every write transaction `BEGIN IMMEDIATE`, because a
deferred transaction that reads and then writes fails at once when another writer was faster. PostgreSQL: any number of
processes. Rules: `write()` is one transaction, committed when its block ends and rolled back when it raises; nobody
talks to the network inside it. Tables are declared by the `store` module of the room that owns them, on `metadata`.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite

from hub.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Executable, Table
    from sqlalchemy.engine import RowMapping

_T = TypeVar("_T")
MOST_AT_ONCE: Final = 500
"""Values in one IN list: both databases take it, and plans stay the same."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Database:
    """The hub's database. `url` is an SQLAlchemy URL: `sqlite:///path` or `postgresql+psycopg://…`."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writing = threading.RLock() if self.is_sqlite else None
        self._closed = False
        event.listen(self.engine, "checkin", self._checked_in)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection with one consistent view, in which nothing is written.

        On PostgreSQL it ends with a commit: at a rollback the driver forgets every statement that it has prepared, and
        to plan a question costs more than to answer it.

        Raises:
            Unavailable: the database was closed.
        """
        self._check_open()
        with self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection
            if not self.is_sqlite:
                connection.commit()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection inside one transaction: all of it is kept, or none.

        Raises:
            Unavailable: the database was closed.
        """
        self._check_open()
        if self._writing is None:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._writing, self.engine.connect() as connection:
            connection.execution_options(hub_writes=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give all connections back, for good; those that a thread still uses end when it lets go of them."""
        self._closed = True
        self.engine.dispose()

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("The hub is closing.")

    def _checked_in(self, connection: Any, _record: object) -> None:
        if self._closed and connection is not None:
            connection.close()


class Store:
    """The rows of one room, inside the caller's transaction: what every store says to both databases alike."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _one(self, query: Executable) -> RowMapping | None:
        """Return the only row of a query, or None."""
        return self._connection.execute(query).mappings().one_or_none()

    def _all(self, query: Executable) -> Sequence[RowMapping]:
        """Return the rows of a query."""
        return self._connection.execute(query).mappings().all()

    def _run(self, statement: Any) -> int:
        """Change rows; return how many."""
        return int(self._connection.execute(statement).rowcount)

    def _add(self, table: Table, **values: Any) -> bool:
        """Insert a row unless one of its keys is taken; return whether it is new."""
        row = self._insert(table, values).on_conflict_do_nothing().returning(*table.primary_key)
        return self._connection.execute(row).first() is not None

    def _put(self, table: Table, **values: Any) -> None:
        """Insert a row, or change the one that has its primary key."""
        self._run(self._insert(table, values).on_conflict_do_update(index_elements=table.primary_key, set_=values))

    def _insert(self, table: Table, values: dict[str, Any]) -> Any:
        dialect = sqlite if self._connection.dialect.name == "sqlite" else postgresql
        return dialect.insert(table).values(values)


def batches(values: Sequence[_T], size: int = MOST_AT_ONCE) -> Iterator[Sequence[_T]]:
    """Return some values in order, no more at once than one statement takes."""
    return (values[start : start + size] for start in range(0, len(values), size))


def padded(values: Sequence[_T]) -> list[_T]:
    """Return values with the last one repeated until they are a power of two.

    An IN list of each length is a statement of its own to PostgreSQL; of few lengths, it plans each once.
    """
    found = list(values)
    return found + found[-1:] * ((1 << (len(found) - 1).bit_length()) - len(found)) if found else found


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 5, "check_same_thread": False})
    event.listen(engine, "connect", _sqlite_settings)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_settings(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; the driver's own BEGIN comes too late and is deferred
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("hub_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")
