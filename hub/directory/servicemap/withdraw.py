"""Taking records of another hub out of the map, with all that was kept of them: it no longer shows them to us.

Only for copies. A record that is at home here is never deleted: it ends, is hidden or is merged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from hub.db import batches
from hub.directory.servicemap import store as t
from hub.directory.servicemap.derive import forget
from hub.directory.servicemap.store import ServiceMap
from hub.directory.servicemap.write import rederive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


def withdraw(connection: Connection, records: Sequence[str], *, host: str, now: int) -> int:
    """Delete those of some records that are copies of `host`'s, and derive anew what showed them; return how many."""
    gone, around = 0, set[str]()
    for some in batches(records):
        c = t.map_records.c
        ids = sorted(connection.scalars(select(c.id).where(c.id.in_(some), c.host == host)))
        around |= _around(connection, ids)
        forget(connection, ids)
        tables = (c.id, t.map_history.c.id, t.map_due.c.id, t.map_aliases.c.id, t.map_aliases.c.kept)
        for column in tables:
            connection.execute(delete(column.table).where(column.in_(ids)))
        gone += len(ids)
    rederive(connection, sorted(around), now)
    return gone


def _around(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Return the services that show some records, and the records that were merged into them."""
    found, c = ServiceMap(connection), t.map_aliases.c
    merged = connection.scalars(select(c.id).where(c.kept.in_(ids)))
    return {*found.services_of(ids), *found.services_at(ids), *merged}


def forget_history(connection: Connection, records: Sequence[str]) -> None:
    """Keep of the versions of copies that there were some, and not what stood in them: that is told at their home."""
    c = t.map_history.c
    for some in batches(records):
        connection.execute(update(t.map_history).where(c.id.in_(some)).values(change="{}"))
