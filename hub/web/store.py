"""Rows of job runs: when each job last ran, so that /healthz can speak of a worker in another process. SQL only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, String, Table, select

from hub.db import Store, metadata

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import RowMapping

job_runs = Table(
    "job_runs",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("did", BigInteger, nullable=False),
    Column("error", String(80)),
)


class JobRuns(Store):
    """The last run of each job."""

    def record(self, name: str, *, at: int, did: int, error: str | None) -> None:
        """Keep the newest run of a job."""
        self._put(job_runs, name=name, at=at, did=did, error=error)

    def all(self) -> Sequence[RowMapping]:
        """Return every job's last run."""
        return self._all(select(job_runs).order_by(job_runs.c.name))
