"""Rows of job runs: when each job last ran, so that /healthz can speak of a worker in another process. SQL only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Connection, String, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from hub.db import metadata

if TYPE_CHECKING:
    from sqlalchemy.engine import RowMapping

job_runs = Table(
    "job_runs",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("did", BigInteger, nullable=False),
    Column("error", String(80)),
)


class JobRuns:
    """The last run of each job."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, name: str, *, at: int, did: int, error: str | None) -> None:
        """Keep the newest run of a job."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        values: dict[str, Any] = {"at": at, "did": did, "error": error}
        made = dialect.insert(job_runs).values(name=name, **values)
        self._connection.execute(made.on_conflict_do_update(index_elements=["name"], set_=values))

    def all(self) -> list[RowMapping]:
        """Return every job's last run."""
        return list(self._connection.execute(select(job_runs).order_by(job_runs.c.name)).mappings())
