"""Decides what a row of a file makes of a record, member by member. Pure.

Rule: a source's value counts where the source itself changed it since it was last read; where it says what it said
before, what stands here stays, whoever changed it, and the report says so. So a file may come any number of times. What
a source says of checks and sources is not taken over: the import says both itself.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.directory.records.groups import groups_of
from hub.directory.records.record import SYSTEM
from hub.packets.encoding import b64u

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_OURS: Final = frozenset({"verified", "source"})
_BYTES: Final = 9


@dataclass(frozen=True, slots=True)
class Settled:
    """A record as it shall be, and the members that were kept as they stand although the source says otherwise."""

    document: dict[str, Any]
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """Who says it, and on which day: what an import writes into every record that it meets."""

    name: str
    licence: str
    key: str
    day: str
    verifies: bool


def said(document: Mapping[str, Any]) -> dict[str, str]:
    """Return a short digest of each member, by which a later import knows what the source changed."""
    return {name: digest(value) for name, value in document.items() if name not in SYSTEM}


def digest(value: Any) -> str:
    """Return a short digest of a value, whatever the order of its members.

    Raises:
        ValueError: it holds half a character, which no database keeps.
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return b64u(hashlib.blake2b(text.encode(), digest_size=_BYTES).digest())


def settle(
    new: Mapping[str, Any], current: Mapping[str, Any] | None, before: Mapping[str, str], *, ours: bool
) -> Settled:
    """Return what becomes of a record.

    Args:
        new: what the source says now.
        current: what stands here; None where there is no such record.
        before: digests of what the source said the last time; empty where it never did.
        ours: whether the record came from this source, so that its first words were the source's.
    """
    if current is None:
        return Settled({name: value for name, value in new.items() if name not in _OURS})
    now = said(new)
    document, kept = dict(current), []
    for name in sorted(now.keys() | before.keys()):
        if name in current and digest(current[name]) == now.get(name):
            continue
        same = now.get(name) == before.get(name) if before else not ours and name in current
        if same:
            kept.append(name)
        elif name in new:
            document[name] = new[name]
        else:
            document.pop(name, None)
    return Settled(document, tuple(name for name in kept if name in current or name in new))


def marked(kind: str, document: Mapping[str, Any], seen: Seen, members: Iterable[str]) -> dict[str, Any]:
    """Return a record with its source, seen on the day, and its groups checked on that day unless later already."""
    source = {"name": seen.name, "licence": seen.licence, "key": seen.key, "seen": seen.day, "vanished": None}
    found = {**document, "source": {name: value for name, value in source.items() if value != ""}}
    if seen.verifies:
        checked = checks(kind, document, members, on=seen.day, how="source", by=seen.name)
        found |= {"verified": checked} if checked else {}
    return found


def checks(
    kind: str, document: Mapping[str, Any], members: Iterable[str], *, on: str, how: str, by: str
) -> dict[str, Any]:
    """Return the checks of a record after those of some members; a later one stays."""
    found = dict(document.get("verified") or {})
    for group in groups_of(kind, members):
        if str((found.get(group) or {}).get("on", "")) < on:
            found[group] = {"on": on, "how": how, "by": by}
    return found


def vanished(document: Mapping[str, Any], day: str) -> dict[str, Any]:
    """Return a record that its source no longer says; nothing else of it changes."""
    return {**document, "source": {**document["source"], "vanished": day}}
