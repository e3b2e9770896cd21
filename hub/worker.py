"""The processes of a hub: one that serves and ticks (SQLite), or servers and workers apart (PostgreSQL). Holds no rule.

Both end in order on SIGTERM and SIGINT: the server answers what it has begun, running jobs finish, connections close.
"""

from __future__ import annotations

import logging
import signal
import threading
from typing import IO, TYPE_CHECKING, Any

from waitress.server import create_server

from hub.app import build_app, open_hub
from hub.errors import Unavailable
from hub.jobs.registry import JOBS
from hub.jobs.schedule import Schedule
from hub.outbox.store import Outbox
from hub.web.release import log_release

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.context import Hub
    from hub.settings import Settings

THREADS = 8
SPOOL_ABOVE = 256 * 1024


def serve(
    settings: Settings, *, host: str = "127.0.0.1", port: int = 8080, ready: Callable[[], None] | None = None
) -> None:
    """Serve until told to end. On SQLite this process ticks too; on PostgreSQL `run_worker` does, elsewhere.

    Raises:
        Unavailable: the hub cannot be opened.
    """
    _log_to_stderr()
    hub = open_hub(settings)
    alone = _alone(hub) if hub.database.is_sqlite else None
    log_release(hub)
    server = create_server(build_app(hub), host=host, port=port, **_limits(settings))
    schedule = Schedule(hub, JOBS) if hub.database.is_sqlite else None
    _on_signals(_leave)
    try:
        if schedule:
            _take_over(hub)
            schedule.start()
        if ready:
            ready()
        server.run()
    finally:
        server.close()
        _close(hub, schedule)
        if alone:
            alone.close()


def run_worker(settings: Settings) -> None:
    """Run the jobs until told to end; serves nothing. Any number of workers may run on one PostgreSQL.

    Raises:
        Unavailable: the hub cannot be opened.
    """
    _log_to_stderr()
    hub = open_hub(settings)
    schedule, end = Schedule(hub, JOBS), threading.Event()
    _on_signals(lambda *_signal: end.set())
    schedule.start()
    try:
        end.wait()
    finally:
        _close(hub, schedule)


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("hub").setLevel(logging.INFO)


def _alone(hub: Hub) -> IO[bytes]:
    """Keep other processes from serving this data folder for as long as the returned file is open.

    Raises:
        Unavailable: another one does.
    """
    lock = (hub.settings.data / "serving.lock").open("wb")
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows: the operator sees to it
        return lock
    except OSError as error:
        lock.close()
        hub.database.close()
        raise Unavailable(
            "Another process serves this hub already.", todo="One process serves a SQLite database; stop the other one."
        ) from error
    return lock


def _take_over(hub: Hub) -> None:
    """Give back what a process that died held: on SQLite there is one process, so nobody else can hold anything."""
    with hub.database.write() as connection:
        Outbox(connection).free_claims()


def _limits(settings: Settings) -> dict[str, Any]:
    return {
        "threads": THREADS,
        "ident": None,
        "max_request_body_size": settings.max_packet + SPOOL_ABOVE,
        "inbuf_overflow": SPOOL_ABOVE,
        "channel_timeout": 120,
        "clear_untrusted_proxy_headers": True,
    }


def _on_signals(handler: Callable[..., None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def _leave(*_signal: object) -> None:
    raise SystemExit(0)


def _close(hub: Hub, schedule: Schedule | None) -> None:
    if schedule:
        schedule.stop()
    hub.database.close()
