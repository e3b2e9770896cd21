"""Taking an agency's counts: verified, checked again, kept once; by its own hub and by the peers that pull them.

What a document tells of unmet need stands in the gap table from then on. A hub takes it from nowhere else for that
month: two ways of telling the same cases would tell together what each of them hides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.directory.gaps.counting import GROUPS
from hub.directory.gaps.store import GapStore
from hub.directory.gaps.unmet import Unmet
from hub.errors import Conflict
from hub.keys.store import KeyStore
from hub.packets.dsse import Envelope
from hub.reports.document import COUNTS_TYPE, read_counts, stated
from hub.reports.domain import SAID
from hub.reports.store import Published, ReportStore, counter_keys

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.db import Database
    from hub.reports.document import Counts
    from hub.reports.suppression import Told

_AREA, _BAND = 2, 3


def take(database: Database, data: bytes, now: int) -> Published:
    """Keep a document; the same one again is taken as it was.

    Raises:
        PacketError: not of the grammar, or signed by nobody who may.
        InvalidRequest: not settled, or they tell a count that is below ten.
        Conflict: other counts of this agency and month are kept, or its unmet need was told otherwise.
    """
    said, envelope = stated(data), Envelope.from_bytes(data, COUNTS_TYPE)
    with database.read() as connection:
        keys = counter_keys(KeyStore(connection), said.agency, said.at)
    counts = read_counts(data, keys, now=now)  # may take seconds, in which others write
    with database.write() as connection:
        if not ReportStore(connection).publish(counts.agency, counts.month, envelope, now):
            raise Conflict(
                "Other counts of this month are published.", todo="They stay as they are; see `hub counts show`."
            )
        _tell_gaps(connection, counts, envelope.hash, now)
    return Published(counts.agency, counts.month, envelope.hash)


def _tell_gaps(connection: Connection, counts: Counts, document: str, now: int) -> None:
    store, rows = GapStore(connection), unmet(counts.rows)
    if store.say_once(counts.agency, counts.month, document):
        store.put_unmet(counts.agency, counts.month, rows, now)
    elif any("unmet" in row.told for row in counts.rows.values()):
        raise Conflict(
            "The unmet need of this month was sent as a file already.", todo="Count again with `--without unmet`."
        )


def unmet(rows: Told) -> list[Unmet]:
    """Return the unmet need of areas that a document tells, of all and by age: sought in vain, and nobody to ask."""
    found = []
    for path, row in rows.items():
        parts = row.told.get("unmet", {}).get(SAID), row.told.get("ending", {}).get("nowhere")
        group = path[-1] if len(path) == _BAND else "all"
        if None not in parts and len(path) in {_AREA, _BAND} and group in GROUPS:
            found.append(Unmet(path[1], path[0], group, sum(part or 0 for part in parts)))
    return found
