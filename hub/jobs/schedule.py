"""Tick: run each job when its time has come, in this process. APScheduler is the clock and nothing more.

Memory store, one instance of a job at a time, a missed run made good once. A job that fails is recorded with the name
of its error, not the text, which may hold content, and runs again at its next time.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from hub.web.store import JobRuns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from apscheduler.events import JobExecutionEvent

    from hub.context import Hub
    from hub.jobs.registry import Job

RECORD_EVERY = 30
_log = logging.getLogger("hub.jobs")


class JobFailed(Exception):
    """A job raised; says which and what kind of error, and no more."""


class Schedule:
    """The jobs of one hub in one process."""

    def __init__(self, hub: Hub, jobs: Iterable[Job]) -> None:
        self._hub = hub
        self._recorded: dict[str, tuple[int, str | None]] = {}
        self._scheduler = BackgroundScheduler(timezone="UTC", executors={"default": ThreadPoolExecutor(4)})
        self._scheduler.add_listener(self._failed, EVENT_JOB_ERROR)
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # it would log what our own listener leaves out
        for job in jobs:
            self._add(job)

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking, after the jobs that are running have ended."""
        self._scheduler.shutdown(wait=True)

    def run(self, job: Job) -> int:
        """Run one job now and record it; return how many things it did.

        Raises:
            JobFailed: it raised.
        """
        try:
            did = job.run(self._hub)
        except Exception as error:  # noqa: BLE001  # whatever it was, the next tick comes
            kind = type(error).__name__
            self._record(job.name, 0, kind)
            raise JobFailed(f"{job.name}: {kind}") from None
        self._record(job.name, did, None)
        return did

    def _add(self, job: Job) -> None:
        seconds = max(0.2, job.every / self._hub.settings.hurry)
        rules = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler.add_job(self.run, "interval", args=[job], seconds=seconds, id=job.name, **rules)

    def _record(self, name: str, did: int, error: str | None) -> None:
        """Write the run down, at most every half minute where nothing changed: idle ticks cost no commit."""
        now = self._hub.clock.now()
        before, was = self._recorded.get(name, (0, None))
        if did == 0 and was == error and before <= now < before + RECORD_EVERY:
            return
        with self._hub.database.write() as connection:
            JobRuns(connection).record(name, at=now, did=did, error=error)
        self._recorded[name] = (now, error)

    def _failed(self, event: JobExecutionEvent) -> None:
        _log.error("job failed: %s", event.exception)
