"""Templates of programmes: what steps a procedure has, what each waits for and by when it is due. Data, checked.

Pure. A template is a JSON file against `template.schema.json`; those in `templates/` come with the release, others are
loaded by their users. It says nothing about any case and decides nothing: gates are evaluated where they are kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

from consent.policy import CATEGORIES
from hub.errors import InvalidRequest, Malformed
from hub.packets.encoding import b64u, canonical, sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

START: Final = "start"
"""What every programme begins with; no step or fact may be called so."""


@dataclass(frozen=True, slots=True)
class Due:
    """So many days, or calendar months, after the day of something."""

    after: str
    days: int
    months: int


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is so or not yet; with `step` a part of that step."""

    id: str
    words: Mapping[str, str]
    step: str | None
    due: Due | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step: which kinds of agencies do it, what it waits for, and which sections of the case file it leaves."""

    id: str
    words: Mapping[str, str]
    by: tuple[str, ...]
    requires: tuple[str, ...]
    evidence: tuple[str, ...]
    due: Due | None
    gates: tuple[str, ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A programme. `hash` is over the canonical form of `document`: marks name it, so that nobody changes it later."""

    id: str
    version: str
    title: Mapping[str, str]
    source: str
    countries: tuple[str, ...]
    facts: tuple[Fact, ...]
    steps: tuple[Step, ...]
    hash: str
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Id and version, as people type them."""
        return f"{self.id}@{self.version}"

    def words(self, name: str, language: str) -> str:
        """Return a step or fact in words of a language."""
        found = self._all().get(name)
        return name if found is None else said(found.words, language)

    def __contains__(self, name: object) -> bool:
        return name in self._all()

    def _all(self) -> dict[str, Step | Fact]:
        rows: tuple[Step | Fact, ...] = (*self.steps, *self.facts)
        return {one.id: one for one in rows}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a template, and in which of its rows."""

    at: str
    says: str


def read_template(value: object) -> Template:
    """Return the template that a JSON value is.

    Raises:
        InvalidRequest: it is none; the error lists each row that is wrong, and why.
    """
    found = faults(value)
    if found or not isinstance(value, dict):
        rows = [f"{row.at or 'the file'}: {row.says}" for row in found]
        raise InvalidRequest("This is no template of a programme.", todo="Correct the rows that are named.", rows=rows)
    return Template(
        value["id"],
        value["version"],
        value["title"],
        value["source"],
        tuple(value["countries"]),
        tuple(_fact(row) for row in value.get("facts", ())),
        tuple(_step(row) for row in value["steps"]),
        b64u(sha256(canonical(value))),
        value,
    )


def faults(value: object) -> list[Fault]:
    """Return what is wrong with a template; nothing if it is one."""
    try:
        canonical(value)
    except Malformed:
        return [Fault("", "has a fraction, or a character that no signed document can hold")]
    found = [_fault(error) for error in _validator().iter_errors(value)]
    return found or list(_meaning(value))


def said(words: Mapping[str, str], language: str) -> str:
    """Return a text in a language; where it has none of it, in English, else in the first that it has."""
    return words.get(language) or words.get("en") or next(iter(words.values()))


@cache
def shipped() -> Mapping[str, Template]:
    """Return the templates that come with the release, by name."""
    folder = resources.files("hub.programmes").joinpath("templates")
    files = sorted((row for row in folder.iterdir() if row.name.endswith(".json")), key=lambda row: row.name)
    rows = [read_template(json.loads(row.read_text(encoding="utf-8"))) for row in files]
    return {row.name: row for row in rows}


def _due(row: Mapping[str, Any] | None) -> Due | None:
    return None if row is None else Due(row["after"], row.get("days", 0), row.get("months", 0))


def _fact(row: Mapping[str, Any]) -> Fact:
    return Fact(row["id"], row["words"], row.get("step"), _due(row.get("due")))


def _step(row: Mapping[str, Any]) -> Step:
    by, requires, evidence, gates = (tuple(row.get(name, ())) for name in ("by", "requires", "evidence", "gates"))
    due, optional = _due(row.get("due")), row.get("optional", False)
    return Step(row["id"], row["words"], by, requires, evidence, due, gates, optional)


def _fault(error: jsonschema_rs.ValidationError) -> Fault:
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in error.instance_path)
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required):
        return Fault(where, f"{error.kind.property} is missing")
    return Fault(where, "is unknown, missing or not of its form")


def _meaning(value: Any) -> Iterator[Fault]:
    """Yield what a schema cannot see: names twice, names of nothing, and steps that wait for later ones."""
    facts, steps = value.get("facts", []), value["steps"]
    ids = [row["id"] for row in (*facts, *steps)]
    for at, row in (*_rows("facts", facts), *_rows("steps", steps)):
        if row["id"] == START or ids.count(row["id"]) > 1:
            yield Fault(at, "has the name of another step or fact, or of the start")
        due = row.get("due")
        if due is not None and due["after"] not in {START, *ids} - {row["id"]}:
            yield Fault(at, "is due after something that there is not")
    for at, row in _rows("facts", facts):
        if row.get("step") not in {None, *(step["id"] for step in steps)}:
            yield Fault(at, "is a part of a step that there is not")
    before = {row["id"] for row in facts}
    for at, row in _rows("steps", steps):
        own = {fact["id"] for fact in facts if fact.get("step") == row["id"]}
        if not set(row.get("requires", ())) <= before - own:
            yield Fault(at, "waits for something that is neither a fact nor an earlier step, or for a part of itself")
        if not set(row.get("evidence", ())) <= CATEGORIES:
            yield Fault(at, "names a section that a case file does not have")
        before.add(row["id"])
    yield from _unreadable(value)


def _rows(name: str, rows: list[Any]) -> list[tuple[str, Any]]:
    return [(f"{name}.{place}", row) for place, row in enumerate(rows, 1)]


def _unreadable(value: Any) -> Iterator[Fault]:
    rows = [("title", value["title"]), ("source", {"": value["source"]})]
    rows += [(at, row["words"]) for name in ("facts", "steps") for at, row in _rows(name, value.get(name, []))]
    for at, words in rows:
        if not all(text.isprintable() for text in words.values()):
            yield Fault(at, "has characters that nobody can see")


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema())


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of templates."""
    text = resources.files("hub.programmes").joinpath("template.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
