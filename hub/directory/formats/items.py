"""What all formats share: what a reader gives for each row of a file, what a writer is given. Pure.

A reader says everything that it met: what it could not read is a problem with its row, never a row less. It decides
nothing about what the map holds already; that is the import's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.directory.records.record import Problem
from hub.errors import InvalidRequest

__all__ = ["Format", "Item", "Origin", "Problem", "Reader", "Records", "Writer", "merged", "unreadable"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What the person who imports a file says of it. `day` is the day that the file describes.

    `locate` names the areas in which a point lies, root first, where the hub knows them. `current` is a record as who
    sends the file sees it, for forms that say changes.
    """

    name: str
    licence: str = ""
    country: str = ""
    zone: str = ""
    day: str = ""
    language: str = "en"
    locate: Callable[[float, float], Sequence[str]] | None = None
    current: Callable[[str], Mapping[str, Any] | None] | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One record that a file says, or one row that says none.

    `key` is what the source calls the record; `document` is the record with its `id`, or None where the row could not
    be read. `row` says where in the file, as `feature 17` or `services row 4`. With `patch`, the document holds only
    what changes in the record of that `id`, or of that key (RFC 7386: null removes).
    """

    kind: str
    key: str
    document: dict[str, Any] | None
    row: str
    problems: tuple[Problem, ...] = ()
    patch: bool = False


@dataclass(frozen=True, slots=True)
class Records:
    """Documents to write, by id, as the reader of the file may see them. `path`: codes and names down to an area."""

    providers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    services: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sites: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    path: Callable[[str], Sequence[tuple[str, str]]] | None = None


Reader = Callable[[bytes, Origin], Iterable[Item]]
Writer = Callable[[Records], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Format:
    """A foreign form. A reader raises InvalidRequest where the file as a whole is not of the form.

    `whole`: a file says all that its source has, so what it no longer says has vanished from there. `verifies`: what it
    says counts as checked on the day of the file. `edits`: it is an edit by whoever sends it, not a source.
    """

    name: str
    suffix: str
    media_type: str
    read: Reader | None = None
    write: Writer | None = None
    whole: bool = False
    verifies: bool = True
    edits: bool = False


def unreadable(what: str) -> InvalidRequest:
    """Return the error for a file that is not of its form at all."""
    return InvalidRequest(f"The file is not {what}.", todo="Choose the format that the file has, or save it again.")


def merged(document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document after a merge patch (RFC 7386); what becomes empty of itself goes with it."""
    found = dict(document)
    for name, value in patch.items():
        if isinstance(value, dict):
            old = found.get(name)
            found[name] = merged(old if isinstance(old, dict) else {}, value)
        elif value is None:
            found.pop(name, None)
        else:
            found[name] = value
        if found.get(name) == {}:
            del found[name]
    return found
