"""A word to every member of an agency: its keys changed in a way that each of them should know of. Sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.keys.store import KeyStore
from hub.notify.store import Notices
from hub.notify.templates import KEYS

if TYPE_CHECKING:
    from sqlalchemy import Connection


def tell_all(connection: Connection, agency: str, key: str, now: int) -> int:
    """Promise a notice to every certified member of an agency at home here, once for each `key`; return how many."""
    members = {device.member for device in KeyStore(connection).devices(agency) if device.active(now)}
    rows = Notices(connection)
    return sum(
        rows.put(key=f"{key}:{member}", to_agency=agency, to_member=member, template=KEYS, now=now)
        for member in sorted(members)
    )
