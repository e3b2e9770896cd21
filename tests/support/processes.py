"""Real hub processes for end-to-end tests: started, asked, killed, started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BEAT = threading.Event()  # never set: waiting on it is how a test waits for another process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(true, what: str, seconds: float = 240) -> None:
    """Wait until another process has made `true()` hold."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        _BEAT.wait(0.05)


@dataclass
class HubProcess:
    """`hub serve` (and, on PostgreSQL, `hub worker`) over one data folder."""

    data: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    verb: str = "serve"
    process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> HubProcess:
        words = [self.verb, "--data", str(self.data)]
        if self.verb == "serve":
            words += ["--port", str(self.port)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "HUB_URL": self.url, "HUB_PRIVATE_PEERS": "1"}
        with (self.data / f"{self.verb}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hub.cli.main", *words],
                env={**environment, **self.environment},
                stdout=log,
                stderr=log,
                cwd=self.data,
            )
        if self.verb == "serve":
            until(self.answers, f"{self.data.name} to serve")
        return self

    def answers(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"hub ended with {self.process.returncode}: {self.logged()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return bool(json.load(answer))
        except (OSError, urllib.error.URLError):
            return False

    def kill(self) -> None:
        """SIGKILL: no word of farewell."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> int:
        """SIGTERM, and wait."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode

    def logged(self) -> str:
        return (self.data / f"{self.verb}.log").read_text(errors="replace")
