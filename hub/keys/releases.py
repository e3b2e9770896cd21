"""Releases: which programs a hub serves to browsers, how its log says so, and how others find out whether it lies.

A release is a list of files, and its name the hash of that list. A hub logs the name before it serves the files;
whoever gets them (a browser's service worker, a peer, an auditor) asks for the place in the log and compares. Pure:
fetching is the caller's. The twin of `web/src/client/release.ts`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.errors import BadSignature, PacketError
from hub.handofflog.merkle import extends
from hub.handofflog.note import verify_checkpoint
from hub.keys.certificates import HUB_ENTRY_TYPE, RELEASE_TYPE, verify_hub_entry, verify_release
from hub.keys.pins import PROVEN, ProvenDocument
from hub.packets import shapes as a
from hub.packets.dsse import Envelope
from hub.packets.encoding import b64u, canonical, from_b64u, parse_json, sha256

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.packets.checkpoint import Checkpoint

MANIFEST: Final = "release.json"
MAX_MANIFEST: Final = 256 * 1024
MAX_FILE: Final = 8 * 1024 * 1024
MAX_ANSWER: Final = 512 * 1024
_MAX_FILES: Final = 1000
_NOTE: Final = a.matches(re.compile(r"(?s).{1,131072}"))
_PATH: Final = a.matches(re.compile(r"(app|l)/([a-z0-9_-]+/)?[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}"))
_FILE: Final = a.object_of(
    {"path": _PATH, "size": a.integer(0, MAX_FILE), "sha256": a.hash_, "shell": a.flag},
)
_LIST: Final = a.object_of(
    {"v": a.integer(1, 1), "policy": a.string, "files": a.distinct(a.list_of(_FILE, _MAX_FILES, 1), "path")}
)
_ANSWER: Final = a.object_of(
    {"hub": a.at_least({}), "checkpoint": _NOTE, "release": PROVEN, "grown": a.list_of(a.hash_, 64)}
)


@dataclass(frozen=True, slots=True)
class File:
    """A file of a release: its path at a hub, and what its bytes are. `shell`: needed before anybody signed in."""

    path: str
    size: int
    sha256: str
    shell: bool

    def is_of(self, data: bytes) -> bool:
        """Return whether these are the bytes."""
        return len(data) == self.size and b64u(sha256(data)) == self.sha256


@dataclass(frozen=True, slots=True)
class ReleaseList:
    """The files of a release, the policy that the app's page is served under, and the release's name."""

    hash: str
    policy: str
    files: tuple[File, ...]

    @classmethod
    def from_bytes(cls, data: bytes) -> ReleaseList:
        """Return the list that these bytes are, in canonical form.

        Raises:
            PacketError: not of the grammar.
        """
        value: Any = parse_json(data)
        _LIST(value)
        if canonical(value) != data:
            raise BadSignature("The list of a release is not in its one form.")
        return cls(b64u(sha256(data)), value["policy"], tuple(File(**row) for row in value["files"]))


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody knows of a hub's log and of the release that it says to serve."""

    host: str
    key: bytes
    head: Checkpoint
    index: int
    release: str


def judge(answer: Any, host: str, key: bytes, *, seen: Checkpoint | None = None, since: int = -1) -> Seen:
    """Return what a hub's answer shows: a release that the hub of `key` signed, at its place in the hub's log.

    The log must go on from `seen`; the place must not stand before `since`, where the release stood that was known.

    Raises:
        PacketError: it shows no such thing.
    """
    _ANSWER(answer)
    entry = verify_hub_entry(Envelope.from_bytes(canonical(answer["hub"]), HUB_ENTRY_TYPE), None)
    if (entry.host, entry.sign) != (host, key):
        raise BadSignature("The answer is of another hub, or by another key than is known.")
    head = verify_checkpoint(answer["checkpoint"], host, key)
    grown = [from_b64u(node) for node in answer["grown"]]
    if seen is not None and not extends(seen.size, seen.root, head.size, head.root, grown):
        raise BadSignature("The hub's log does not go on from what was seen of it: it was rolled back or forked.")
    proven = ProvenDocument.from_value(answer["release"])
    proven.check(head)
    release = verify_release(Envelope.from_bytes(proven.document, RELEASE_TYPE), entry)
    if proven.index < since:
        raise BadSignature("The hub goes back to an older release without logging it anew.")
    return Seen(host, key, head, proven.index, release.release)


def key_of(answer: Any) -> tuple[str, bytes]:
    """Return host and key of the hub that answers, by its own word: for a first meeting.

    Raises:
        PacketError: not of the grammar, or not signed by that key.
    """
    _ANSWER(answer)
    entry = verify_hub_entry(Envelope.from_bytes(canonical(answer["hub"]), HUB_ENTRY_TYPE), None)
    return entry.host, entry.sign


SAME: Final = "same"
OTHER: Final = "other_release"
"""The list that is served is not the one that was logged."""
CHANGED: Final = "changed"
"""A file is not what the list says, or is not there."""
UNPROVEN: Final = "unproven"
"""What the hub shows of its log does not hold, or another history was shown before."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a comparison found, and of which file."""

    finding: str
    path: str = ""


def compare(release: str, fetch: Callable[[str, int], bytes]) -> Finding:
    """Return how what is served compares to the release that was logged; `fetch` gives at most so many bytes of a path.

    A file that cannot be had raises what `fetch` raises: a line that breaks is no lie.
    """
    try:
        served = ReleaseList.from_bytes(fetch(f"/app/{MANIFEST}", MAX_MANIFEST))
    except PacketError:
        return Finding(OTHER, MANIFEST)
    if served.hash != release:
        return Finding(OTHER, MANIFEST)
    changed = (file.path for file in served.files if not file.is_of(fetch(f"/{file.path}", MAX_FILE)))
    found = next(changed, None)
    return Finding(SAME) if found is None else Finding(CHANGED, found)
