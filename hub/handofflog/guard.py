"""The fork guard: never sign a checkpoint that contradicts one that was signed before (docs/protocol.md §8).

The last published checkpoint lies in a file outside the database, because a database that is restored from a backup has
forgotten what was published after it, and would give the same index to something else. When the two do not fit, the log
takes no more entries, in any process, until the right database is back. Does not repair anything.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hub.disk import sync_folder
from hub.errors import Malformed, PacketError, Unavailable
from hub.handofflog.merkle import extends
from hub.handofflog.note import parse_checkpoint, sign_checkpoint
from hub.handofflog.store import HandoffLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.db import Database
    from hub.packets.checkpoint import Checkpoint
    from hub.packets.dsse import Signer

FILE_NAME = "checkpoint"


class ForkGuard:
    """Publishes the log `origin` in `database`; `folder` is the hub's data folder. Call it outside any transaction."""

    def __init__(self, database: Database, origin: str, folder: Path) -> None:
        self._database = database
        self._origin = origin
        self._path = folder / FILE_NAME

    def publish(self, signer: Signer) -> str:
        """Return the newest checkpoint as a signed note, proven to extend the last one, which it replaces.

        Raises:
            Unavailable: the log does not fit what was published and is now halted, or the file cannot be written.
        """
        try:
            with self._held() as (_, head):
                note = sign_checkpoint(head, signer)
                if note != self.last_note():
                    _replace(self._path, note)  # while we hold the lock, so that no older one overwrites it
                return note
        except OSError as error:
            raise Unavailable("The last checkpoint cannot be written, so nothing was published.") from error

    def check(self) -> Checkpoint:
        """Return the head of a log that fits what was published, and let it take entries again; for the start of a hub.

        Raises:
            Unavailable: it does not fit; it takes no entries.
        """
        with self._held() as (log, head):
            log.halt(None)
            return head

    def last_note(self) -> str | None:
        """Return the note that was published last, or None before the first."""
        try:
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeError) as error:
            raise Unavailable("The file of the last checkpoint cannot be read.") from error

    @contextmanager
    def _held(self) -> Iterator[tuple[HandoffLog, Checkpoint]]:
        """Lock the log and hand it out with its head, which fits what was published; else the log is halted."""
        try:
            with self._database.write() as connection:
                log = HandoffLog(connection, self._origin)
                log.lock()
                yield log, self._fitting(log)
        except Unavailable as error:
            with self._database.write() as connection:
                HandoffLog(connection, self._origin).halt(error.detail)
            raise

    def _fitting(self, log: HandoffLog) -> Checkpoint:
        note = self.last_note()
        if note is None:
            return log.head()
        try:
            published = parse_checkpoint(note)
        except PacketError as error:
            raise Unavailable("The file of the last checkpoint is damaged.") from error
        return compare_seen(log, published)


def compare_seen(log: HandoffLog, seen: Checkpoint) -> Checkpoint:
    """Return the head of the log, which extends the checkpoint that somebody has seen of it.

    A checkpoint that nobody signed proves nothing against us: then this is an alarm and no reason to stop.

    Raises:
        Malformed: the checkpoint is of another log.
        Unavailable: they contradict one another: the log was rolled back, rewritten or forked.
    """
    if seen.origin != log.origin:
        raise Malformed("The checkpoint is of another log.")
    head = log.head()
    if seen.size == 0:
        return head
    if seen.size > head.size:
        raise Unavailable("The log is shorter than it was when its checkpoint was published: it was rolled back.")
    if not extends(seen.size, seen.root, head.size, head.root, log.consistency(seen.size)):
        raise Unavailable("The log is not the one whose checkpoint was published: it was rewritten or forked.")
    return head


def _replace(path: Path, text: str) -> None:
    """Write so that after a power cut either the old note or the new one is there, whole."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)
