"""The processes of a hub as an operator runs them: they answer, tick, and end in order when told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from hub.db import Database
from hub.web.store import JobRuns
from tests.support.apps import running_hub
from tests.support.processes import free_port, until

ROOT = Path(__file__).parents[2]
SERVE = (
    "from hub.worker import serve; from hub.settings import Settings; serve(Settings.from_environment(), port={port})"
)
WORK = "from hub.worker import run_worker; from hub.settings import Settings; run_worker(Settings.from_environment())"


def started(code, data, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), "HUB_DATA": str(data), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=20) as answer:
            return json.load(answer)
    except OSError:
        return None


def end(process, number=signal.SIGTERM):
    process.send_signal(number)
    _out, errors = process.communicate(timeout=30)
    return process.returncode, errors


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_process_on_sqlite_serves_ticks_and_ends_in_order(tmp_path, clock, number):
    with running_hub(tmp_path, clock):
        pass
    port = free_port()
    process = started(SERVE.format(port=port), tmp_path)
    until(lambda: (health := answers(port)) and any(run["name"] == "deliver" for run in health["jobs"]), "a tick")
    code, errors = end(process, number)
    assert code == 0, errors
    assert '"route": "/healthz"' in errors
    assert "Traceback" not in errors
    assert answers(port) is None


@pytest.mark.slow
@pytest.mark.postgres
def test_on_postgresql_the_server_does_not_tick_and_workers_do(tmp_path, clock, postgres_server):
    with postgres_server.database() as url:
        with running_hub(tmp_path, clock, url):
            pass
        port = free_port()
        server = started(SERVE.format(port=port), tmp_path, HUB_DATABASE=url)
        until(lambda: answers(port), "an answer")
        assert answers(port)["jobs"] == []
        workers = [started(WORK, tmp_path, HUB_DATABASE=url) for _ in range(2)]
        database = Database(url)
        until(lambda: "sweep" in ran(database), "a sweep")
        assert answers(port)["last_sweep"]
        for process in (server, *workers):
            code, errors = end(process)
            assert code == 0, errors
            assert "Traceback" not in errors
        database.close()


def ran(database):
    with database.read() as connection:
        return {run["name"] for run in JobRuns(connection).all()}


@pytest.mark.slow
def test_a_process_that_finds_no_hub_says_so_and_ends(tmp_path):
    process = started(SERVE.format(port=free_port()), tmp_path)
    _out, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "No hub can be read in this folder." in errors


@pytest.mark.slow
def test_a_second_process_on_one_sqlite_database_is_refused(tmp_path, clock):
    with running_hub(tmp_path, clock):
        pass
    port = free_port()
    first = started(SERVE.format(port=port), tmp_path)
    until(lambda: answers(port), "an answer")
    second = started(SERVE.format(port=free_port()), tmp_path)
    _out, errors = second.communicate(timeout=30)
    assert second.returncode != 0
    assert "Another process serves this hub already." in errors
    assert answers(port)
    assert end(first)[0] == 0
