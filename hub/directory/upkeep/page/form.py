"""The page that a link opens: what is known now, a choice for each group, fields to correct. Plain HTML, no script.

Renders and reads a form; decides nothing and keeps nothing. It shows what partners may see and the focal point, never a
hidden place: whoever holds a forwarded link learns no more than that.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, StrictUndefined

from hub.auth.accounts import is_mail_address
from hub.directory.records.freshness import groups_in
from hub.directory.records.groups import group_of
from hub.directory.records.record import SERVICE
from hub.directory.records.visibility import PARTNERS, level_of
from hub.directory.records.vocabulary import codes
from hub.directory.upkeep.links import LANGUAGES
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jinja2 import Template

    from hub.directory.servicemap.store import Row

STATUSES: Final = ("active", "temporarily closed", "inactive", "defunct")
_HERE: Final = resources.files("hub.directory.upkeep.page")
_TEXT: Final = {"phone": "tel", "email": "email", "website": "url"}
_OF_SERVICE: Final = {"status": "status", "ends": "date", "state": "state", "available": "number"}
_CONTACT_OF: Final = {"provider": ("phone", "email", "website"), SERVICE: ("phone", "email"), "site": ("phone",)}
_PROSE: Final = frozenset({"name", "alternate_name", "description", "fees_description", "application_process"})
_UNSAID: Final = frozenset({"id", "key", "member", "agency", "attributes", "metadata"})
_LISTS: Final = (
    *("needs", "situations", "sexes", "statuses", "documents", "vulnerabilities", "referral_methods", "intake"),
    *("next_steps", "response_times", "feedback", "access"),
)
"""Lists of the vocabulary whose codes stand on the page."""
_ISOLATE: Final = "\u2068{}\u2069"
"""A date or a number inside a sentence of the other direction keeps its own (Unicode, first strong isolate)."""
_LONGEST: Final = 2000
_MOST_PLACES: Final = 100_000


@dataclass(frozen=True, slots=True)
class Input:
    """One field to correct."""

    name: str
    label: str
    type: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One group of fields, with what is known in it."""

    code: str
    facts: tuple[tuple[str, tuple[str, ...]], ...]


def words(language: str) -> dict[str, Any]:
    """Return the words of a language; English for one that there is not."""
    found: dict[str, Any] = _words()[language if language in LANGUAGES else "en"]
    return found


def _codes(language: str) -> dict[str, str]:
    text = resources.files("hub.directory.records").joinpath("words", f"{language}.json").read_text(encoding="utf-8")
    known = json.loads(text)
    return {code: label for name in _LISTS for code, label in known[name].items()}


def policy() -> str:
    """Return the page's content security policy: its own style by its hash, its own form, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


def update(row: Row, language: str, given: Mapping[str, str] | None = None, problem: str = "") -> str:
    """Return the page on which a provider says what is right; `given`: what they had filled in."""
    w, said = words(language), given or {}
    return _render(
        language,
        heading=w["title"],
        text=w["intro"],
        form="update",
        problem=w[problem] if problem else "",
        name=str(row.document.get("name") or ""),
        groups=[Part(group, tuple(_facts(row, group, w))) for group in groups_in(row.kind, row.document)],
        chosen={name.removeprefix("group-"): value for name, value in said.items() if name.startswith("group-")},
        inputs=list(_inputs(row, w)),
        given=said,
    )


def objection(language: str) -> str:
    """Return the page on which somebody objects to other contact details."""
    w = words(language)
    return _render(language, heading=w["object_title"], text=w["object_text"], form="object")


def message(language: str, heading: str, text: str) -> str:
    """Return a page that only says something; both are names of words."""
    w = words(language)
    return _render(language, heading=w[heading], text=w[text])


def read(row: Row, given: Mapping[str, str]) -> tuple[dict[str, Any], list[str], str]:
    """Return what a form says: members to change, groups that are still right, and the note.

    Raises:
        InvalidRequest: a date, number or code that is none.
    """
    said = {name: value.strip()[:_LONGEST] for name, value in given.items() if value.strip()}
    has = groups_in(row.kind, row.document)
    still = [group for group in has if said.get(f"group-{group}") == "still"]
    wrong = [group for group in has if said.get(f"group-{group}") == "wrong"]
    note = said.get("note", "") + (f" [not right: {', '.join(wrong)}]" if wrong else "")
    changes = dict(_changes(row, said))
    named = {group_of(row.kind, name) for name in changes}
    if not (changes or still or note):
        raise InvalidRequest("Nothing was said.", word="required")
    return changes, [group for group in still if group not in named], note.strip()


def _changes(row: Row, said: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    if "phone" in said:
        rest = list(row.document.get("phones") or [])[1:]
        first = {**next(iter(row.document.get("phones") or []), {}), "number": said["phone"]}
        yield "phones", [first, *rest]
    if "email" in said and not is_mail_address(said["email"]):
        raise InvalidRequest("This is not a mail address.")
    for name in ("email", "website", "description"):
        if name in said:
            yield name, said[name]
    if row.kind != SERVICE:
        return
    if "status" in said:
        yield "status", _code(said["status"], STATUSES)
    if "ends" in said:
        yield "ends", said["ends"]
    if "state" in said or "available" in said:
        yield "capacity", _capacity(row.document.get("capacity") or {}, said)


def _capacity(known: Mapping[str, Any], said: Mapping[str, str]) -> dict[str, Any]:
    found = {name: value for name, value in known.items() if name != "as_of"}
    if "state" in said:
        found["state"] = _code(said["state"], codes("capacity_states"))
    if "available" in said:
        if not said["available"].isascii() or not said["available"].isdigit():
            raise InvalidRequest("A number of places is a number.")
        found["available"] = min(int(said["available"]), _MOST_PLACES)
    return found


def _code(value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise InvalidRequest("This is no code of the list.")
    return value


def _inputs(row: Row, w: Mapping[str, Any]) -> Iterator[Input]:
    for name in _CONTACT_OF[row.kind]:
        yield Input(name, w["fields"][name], _TEXT[name])
    if row.kind == SERVICE:
        options = {"status": STATUSES, "state": codes("capacity_states")}
        for name, kind in _OF_SERVICE.items():
            listed = tuple((code, w["codes"].get(code, code)) for code in options.get(name, ()))
            yield Input(name, w["fields"][name], kind, listed)
    yield Input("description", w["fields"]["description"], "long")
    yield Input("note", w["note_label"], "long")


def _facts(row: Row, group: str, w: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for member, value in row.document.items():
        if member not in w["fields"] or group_of(row.kind, member) != group:
            continue
        if level_of(row.kind, row.document, member) > PARTNERS and member != "focal_point":
            continue
        labels = {} if member in _PROSE else w["codes"]
        if lines := tuple(line[:_LONGEST] for line in _lines(value, w["parts"], labels) if line):
            yield w["fields"][member], lines


def _lines(value: Any, parts: Mapping[str, str], labels: Mapping[str, str]) -> Iterator[str]:
    """Return a value as lines that can be read out: one for each row of a list."""
    if isinstance(value, list) and any(isinstance(row, dict) for row in value):
        for row in value:
            yield from _lines(row, parts, labels)
    elif isinstance(value, dict) and "opens" in value:
        days = " ".join(labels.get(day, day) for day in value.get("days", ()))
        yield f"{days} {value['opens']} - {value.get('closes', '')}".strip()
    elif isinstance(value, dict):
        nested = [name for name, item in value.items() if isinstance(item, dict) or _rows(item)]
        plain = {name: item for name, item in value.items() if name not in nested and name not in _UNSAID}
        yield ", ".join(said for name, item in plain.items() if (said := _said(name, item, parts, labels)))
        for name in nested:
            yield from _lines(value[name], parts, labels)
    else:
        yield _text(value, labels)


def _said(name: str, value: Any, parts: Mapping[str, str], labels: Mapping[str, str]) -> str:
    text = _text(value, labels)
    return f"{parts[name]}: {_ISOLATE.format(text)}" if text and name in parts else text


def _text(value: Any, labels: Mapping[str, str]) -> str:
    if isinstance(value, list):
        return ", ".join(_text(item, labels) for item in value)
    if value is None or value is False or value is True:
        return ""
    return labels.get(value, value) if isinstance(value, str) else str(value)


def _rows(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _render(language: str, **values: Any) -> str:
    language = language if language in LANGUAGES else "en"
    named = [(code, _words()[code]["language"]) for code in LANGUAGES]
    frame = {"form": "", "problem": "", "language": language, "languages": named, "w": words(language)}
    return _template().render({**frame, **values, "style": _style()})


@cache
def _words() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_HERE.joinpath("words.json").read_text(encoding="utf-8"))
    for language in LANGUAGES:
        found[language]["codes"] = _codes(language) | found[language]["codes"]
    return found


@cache
def _style() -> str:
    return _HERE.joinpath("page.css").read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_HERE.joinpath("page.html").read_text(encoding="utf-8"))
