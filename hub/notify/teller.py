"""Who of an agency is told: its members in certain roles, by their own hub alone. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.ids import host_of
from hub.keys.certificates import CASE_ROLES
from hub.keys.store import KeyStore
from hub.notify.roles import DUTY, NAMED, TEAM
from hub.notify.rota import Rota
from hub.notify.store import Notices

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Teller:
    """Promises notices to the members at home at `origin`, in the caller's transaction."""

    connection: Connection
    origin: str

    def tell(  # noqa: PLR0913 - whom, what, about what
        self,
        agency: str,
        roles: Collection[str],
        template: str,
        *,
        about: str,
        key: str,
        now: int,
        named: str | None = None,
        facts: Mapping[str, str | int] | None = None,
        emergency: bool = False,
    ) -> None:
        """Promise a notice to each member of `agency` in one of `roles`, once for each `key`.

        The role `NAMED` is the member `named` while they are certified, and else the team. An emergency is told in
        quiet hours too.
        """
        if roles and host_of(agency) == self.origin:
            members = self._members(agency, set(roles), named, now)
            self.tell_members(
                agency, members, template, about=about, key=key, now=now, facts=facts, emergency=emergency
            )

    def tell_members(  # noqa: PLR0913 - whom, what, about what
        self,
        agency: str,
        members: Collection[str],
        template: str,
        *,
        about: str,
        key: str,
        now: int,
        facts: Mapping[str, str | int] | None = None,
        emergency: bool = False,
    ) -> int:
        """Promise a notice to these members of `agency`, once for each `key`; return how many are new."""
        if host_of(agency) != self.origin:
            return 0
        rows = Notices(self.connection)
        return sum(
            rows.put(
                key=f"{key}:{member}",
                to_agency=agency,
                to_member=member,
                template=template,
                now=now,
                handoff=about,
                facts=facts,
                emergency=emergency,
            )
            for member in sorted(set(members))
        )

    def _members(self, agency: str, roles: set[str], named: str | None, now: int) -> set[str]:
        keys, found = KeyStore(self.connection), set[str]()
        if NAMED in roles:
            here = {row.member for row in keys.members_with_roles(agency, CASE_ROLES, now)}
            found |= here & {named}
            roles |= set() if found else TEAM
        if DUTY in roles:
            found |= Rota(self.connection).on_duty(agency, now)
        return found | {row.member for row in keys.members_with_roles(agency, roles - {NAMED, DUTY}, now)}
