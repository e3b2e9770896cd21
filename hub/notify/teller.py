"""Who of an agency is told: its members in certain roles, by their own hub alone. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.ids import host_of
from hub.keys.store import KeyStore
from hub.notify.store import Notices

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Teller:
    """Promises notices to the members at home at `origin`, in the caller's transaction."""

    connection: Connection
    origin: str

    def tell(self, agency: str, roles: Collection[str], template: str, *, about: str, key: str, now: int) -> None:
        """Promise a notice to each member of `agency` in one of `roles`, once for each `key`."""
        if host_of(agency) != self.origin or not roles:
            return
        members = {row.member for row in KeyStore(self.connection).members_with_roles(agency, roles, now)}
        notices = Notices(self.connection)
        for member in sorted(members):
            notices.put(
                key=f"{key}:{member}", to_agency=agency, to_member=member, template=template, now=now, handoff=about
            )
