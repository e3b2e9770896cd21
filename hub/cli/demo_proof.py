"""The proof at the end of the demonstration: both logs audited from files alone, and everything searched for the child.

The search is shown to work first: the same words are looked for, and found, in what a client opened.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent import policy
from hub.app import open_hub
from hub.handofflog.auditor import audit
from hub.handofflog.guard import ForkGuard
from hub.handofflog.note import verify_checkpoint
from hub.handofflog.store import HandoffLog
from hub.keys.certificates import KINDS
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from hub.handofflog.auditor import Report
    from hub.settings import Settings

_BLOCK = 1 << 20
_SHORTEST = 5
_EVERYBODYS = KINDS | policy.PURPOSES | policy.CATEGORIES | policy.SERVICES | {role.value for role in Role}


@dataclass(frozen=True, slots=True)
class Searched:
    """Where was searched, how much, and what was found."""

    place: str
    files: int
    size: int
    found: tuple[str, ...]


def canaries(sections: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the words of sections that would betray a child: every text of five characters and more.

    Words that everybody uses (kinds of agencies, roles, purposes, categories) betray nobody and are left out.
    """
    words: set[str] = set()
    _collect(list(sections), words)
    return tuple(sorted(words - _EVERYBODYS))


def search(place: str, folder: Path, words: Iterable[str]) -> Searched:
    """Search every file below `folder` for `words`, as text and as JSON writes it."""
    wanted = {form for word in words for form in (word.encode(), json.dumps(word)[1:-1].encode())}
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    found = {word.decode() for path in files for word in _found(path, wanted)}
    return Searched(place, len(files), sum(path.stat().st_size for path in files), tuple(sorted(found)))


def audited(settings: Settings) -> Report:
    """Publish a hub's checkpoint, export its log, and audit the export with nothing but that checkpoint."""
    hub = open_hub(settings)
    try:
        note = ForkGuard(hub.database, hub.origin, settings.data).publish(hub.signer)
        checkpoint = verify_checkpoint(note, hub.origin, hub.signer.public_key)
        with hub.database.read() as connection:
            return audit(HandoffLog(connection, hub.origin).export(), [checkpoint])
    finally:
        hub.database.close()


def _collect(value: Any, words: set[str]) -> None:
    if isinstance(value, dict):
        for item in value.values():
            _collect(item, words)
    elif isinstance(value, list):
        for item in value:
            _collect(item, words)
    elif isinstance(value, str) and len(value) >= _SHORTEST:
        words.add(value)


def _found(path: Path, wanted: set[bytes]) -> set[bytes]:
    longest = max(map(len, wanted), default=1)
    found: set[bytes] = set()
    with path.open("rb") as source:
        tail = b""
        while block := source.read(_BLOCK):
            data = tail + block
            found |= {word for word in wanted if word in data}
            tail = data[-longest:]
    return found
