"""The release that this hub serves: its files as they were built, and its name in the hub's log (protocol.md §8).

A hub that begins to serve another release logs it first, signed by the hub key; so whoever keeps the log has every
release that was ever served under it, in its order. What others make of that is in `hub.keys.releases`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hub.errors import NotFound, Unavailable
from hub.handofflog.guard import ForkGuard
from hub.handofflog.note import parse_checkpoint
from hub.handofflog.store import HandoffLog
from hub.keys.certificates import HubEntry, Release
from hub.keys.keyring import Keyring, proven_documents
from hub.keys.releases import MANIFEST, ReleaseList
from hub.keys.store import KeyStore
from hub.packets.dsse import Envelope
from hub.packets.encoding import b64u, canonical, parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.context import Hub
    from hub.keys.releases import File

DIST: Final = Path(__file__).with_name("static") / "dist"


@dataclass(frozen=True, slots=True)
class Served:
    """A release on disk."""

    hash: str
    policy: str
    files: Mapping[str, File]

    def etag(self, path: str) -> str:
        """Return what changes when the bytes at a path do."""
        return self.files[path].sha256 if path in self.files else self.hash


@cache
def current() -> Served:
    """Return the release that was built into this installation.

    Raises:
        Unavailable: there is none.
    """
    try:
        data = (DIST / "app" / MANIFEST).read_bytes()
    except FileNotFoundError as error:
        raise Unavailable(
            "This hub was installed without its pages.", todo="Install a release, or run dev.py once."
        ) from error
    found = ReleaseList.from_bytes(data)
    return Served(found.hash, found.policy, {file.path: file for file in found.files})


def read(path: str, ending: str) -> tuple[bytes, bool]:
    """Return a file of the release, compressed where it was built so, and whether it is.

    Raises:
        NotFound: it is not there any more.
    """
    coded = DIST / f"{path}{ending}"
    compressed = bool(ending) and coded.exists()
    try:
        return (coded if compressed else DIST / path).read_bytes(), compressed
    except FileNotFoundError as error:  # an upgrade that this process has not seen yet
        raise NotFound("There is no such file any more.", todo="Load the page again.") from error


def log_release(hub: Hub) -> bool:
    """Log the release that this installation serves, unless it is what was logged last; return whether it is new.

    An installation without pages serves none. Any number of processes may ask: one of them logs.
    """
    try:
        name = current().hash
    except Unavailable:
        return False
    with hub.database.write() as connection:
        HandoffLog(connection, hub.origin).lock()
        known = KeyStore(connection).release(hub.origin)
        if known is not None and known.release == name:
            return False
        seq = 0 if known is None else known.seq + 1
        said = Release(host=hub.origin, release=name, seq=seq, at=hub.clock.now()).to_envelope(hub.signer)
        Keyring(connection, hub.origin, hub.certifiers).publish(Release, said.to_bytes(), now=hub.clock.now())
    ForkGuard(hub.database, hub.origin, hub.settings.data).publish(hub.signer)
    return True


def proven(hub: Hub, release: str | None, seen: int) -> dict[str, Any]:
    """Return the hub's word on a release with its place in the published log, and how that log grew since `seen`.

    Raises:
        NotFound: it is not in the published log.
    """
    note = ForkGuard(hub.database, hub.origin, hub.settings.data).last_note()
    if note is None:
        raise NotFound("No checkpoint has been published yet.", todo="Ask again in a minute.")
    with hub.database.read() as connection:
        log, size = HandoffLog(connection, hub.origin), parse_checkpoint(note).size
        found = proven_documents(connection, hub.origin, note, hub.origin, Release)["entries"]
        rows = [row for row in found if release in {None, _name(row["document"])}]
        if not rows:
            raise NotFound("This hub has logged no such release.")
        entry = KeyStore(connection).documents(hub.origin, hub.origin, HubEntry)[-1]["envelope"]
        grown = log.consistency(seen, size) if 0 < seen <= size else ()
    said = {"hub": parse_json(entry), "checkpoint": note, "release": rows[-1]}
    return {**said, "grown": [b64u(node) for node in grown]}


def _name(document: dict[str, Any]) -> str:
    return Release.from_envelope(Envelope.from_bytes(canonical(document), Release.TYPE)).release
