"""The only place that asks what time it is.

Times are integer Unix seconds, UTC. Calendars and zones live in `hub.followup`.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class Clock(Protocol):
    """Whatever can say what time it is."""

    def now(self) -> int:
        """Return Unix seconds, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Return Unix seconds, UTC."""
        return int(time.time())


@dataclass
class SetClock:
    """A clock that stands where it is put: for tests."""

    at: int

    def now(self) -> int:
        """Return the second at which the clock was put."""
        return self.at

    def forward(self, seconds: int) -> None:
        """Move the clock by `seconds`, which may be negative."""
        self.at += seconds


class FileClock:
    """A clock that several processes read from one file, and that the owner of the file sets and speeds up.

    For demonstrations and for tests over real processes. The file is JSON: `at` Unix seconds at the machine's second
    `since`, from then on `factor` seconds a second; a factor of 0 holds it still.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> int:
        """Return the time that the file gives.

        Raises:
            OSError: there is no such file.
        """
        said = json.loads(self._path.read_text(encoding="utf-8"))
        return int(said["at"] + max(0.0, time.time() - said["since"]) * said["factor"])

    def put(self, at: int, *, factor: int = 0) -> None:
        """Set the clock to `at`, running at `factor`; readers see the old file or the new one."""
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps({"at": at, "since": time.time(), "factor": factor}), encoding="utf-8")
        part.replace(self._path)
