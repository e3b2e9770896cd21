"""The gates in force, as data: `gates.json` compiled once. Decides nothing (`hub.casefile.gates.ask` does).

A gate is a list of checks, each an expression of `consent.evaluate` over the sections of the case file (`$case`), the
journey (`$journey`), the day (`$now`), the tables (`$policy`) and, where somebody lifts it, one approval (`$approval`).
The sections that a check reads are found in its expression, so that a client that was not given a section can tell
"not shown" from "not so". `web/rules/gates.js` reads the same file.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from consent.evaluate import RuleError, compiled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from consent.evaluate import Ask

_SECTION = re.compile(r"\$case\.([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be true where `when` says so. `firm`: whoever lifts the gate does not lift this."""

    id: str
    firm: bool
    reads: frozenset[str]
    when: Ask = field(repr=False)
    must: Ask = field(repr=False)


@dataclass(frozen=True, slots=True)
class Due:
    """What has to be done by a day because of how a gate was passed."""

    task: str
    day: Ask = field(repr=False)


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate: at which steps it is asked, when it applies, what it checks, and who may lift it.

    `lifted_by` is the gate whose approvals lift it, itself where nothing else is said; `override` is None where nobody
    may. `tells` are the facts of its message.
    """

    id: str
    source: str
    at: frozenset[str]
    when: Ask = field(repr=False)
    checks: tuple[Check, ...]
    lifted_by: str
    override: Ask | None = field(repr=False)
    dues: tuple[Due, ...] = ()
    tells: Mapping[str, Ask] = field(default_factory=dict, repr=False)


def _read() -> dict[str, Any]:
    text = resources.files("hub.casefile.gates").joinpath("gates.json").read_text(encoding="utf-8")
    value: dict[str, Any] = json.loads(text)
    return value


def sections_read(expression: Any, named: Mapping[str, Any]) -> frozenset[str]:
    """Return the sections of the case that an expression looks at."""
    return frozenset(_sections(expression, named))


def _sections(expression: Any, named: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(expression, str):
        found = _SECTION.match(expression)
        if found:
            yield found[1]
    elif isinstance(expression, list):
        for item in expression:
            yield from _sections(item, named)
    elif isinstance(expression, dict):
        for name, arguments in expression.items():
            yield from _sections(named[arguments] if name == "use" else arguments, named)


def gate_of(row: Mapping[str, Any], named: Mapping[str, Any]) -> Gate:
    """Return the gate that a row of the file is.

    Raises:
        RuleError: an expression is none, or a gate that nobody may lift says who may.
    """
    lifted = row.get("override")
    if (lifted is not None) == row.get("never", False):
        raise RuleError("A gate says who may lift it, or that nobody may.")
    return Gate(
        id=row["id"],
        source=row["source"],
        at=frozenset(row["at"]),
        when=compiled(row.get("when", True), named),
        checks=tuple(_check(check, named) for check in row["checks"]),
        lifted_by=row.get("lifted_by", row["id"]),
        override=None if lifted is None else compiled(lifted, named),
        dues=tuple(Due(due["task"], compiled(due["day"], named)) for due in row.get("dues", ())),
        tells={name: compiled(asked, named) for name, asked in row.get("tells", {}).items()},
    )


def _check(row: Mapping[str, Any], named: Mapping[str, Any]) -> Check:
    return Check(
        id=row["id"],
        firm=row.get("firm", False),
        reads=sections_read(row["must"], named),
        when=compiled(row.get("when", True), named),
        must=compiled(row["must"], named),
    )


_FILE: Final = _read()
POLICY_VERSION: Final = str(_FILE["policy"])
TABLES: Final[dict[str, Any]] = _FILE["tables"]
ALL: Final = tuple(gate_of(row, _FILE["named"]) for row in _FILE["gates"])
GATES: Final = tuple(gate.id for gate in ALL)
"""The gates of a transfer's verdict, in their order, whatever applied (docs/protocol.md §7)."""
BY_ID: Final = {gate.id: gate for gate in ALL}
STEPS: Final = tuple(TABLES["steps"]["all"])
PURPOSES: Final = tuple(TABLES["purposes"]["all"])
ADVISORY: Final = frozenset(TABLES["steps"]["advisory"])
"""Steps at which gates tell and do not stop: a child who has arrived is always received."""
