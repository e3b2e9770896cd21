"""Reminders that something of the map is due: the focal point, then the deputy, then the coordinator. And time's end.

Costs what is due. Rules: a rung is told once, and only after the rung before it had its days, however long the hub was
down; a rung on which there is nobody is passed at once; somebody gets one mail a day, whatever is due. A focal point
without an account gets a link. Contact details that have waited long enough are let through, unless the clock jumped.
"""

from __future__ import annotations

import logging
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from hub.auth.accounts import is_mail_address
from hub.directory.records.freshness import day_of
from hub.directory.records.vocabulary import GROUPS, LADDER_DAYS
from hub.directory.servicemap.store import ServiceMap
from hub.directory.servicemap.write import Actor
from hub.directory.upkeep import links, requests
from hub.directory.upkeep.store import DueList, Links, Purpose, Requests, State
from hub.directory.upkeep.waiting import DECIDERS, LANGUAGE
from hub.errors import HubError
from hub.followup.guard import next_sweep
from hub.followup.store import SweepState
from hub.ids import host_of
from hub.keys.store import KeyStore
from hub.notify.store import Notices
from hub.notify.templates import MAP_DUE, MAP_LINK, MAP_PAST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.engine import RowMapping

    from hub.context import Hub
    from hub.directory.servicemap.store import Row
    from hub.directory.upkeep.store import Request

RUNGS: Final = len(LADDER_DAYS) + 1
"""The last one says that a service left the default results."""
PROVIDERS: Final = frozenset({"focal_point", "provider"})
_DAY: Final = 24 * 3600
_BATCH: Final = 200
_log = logging.getLogger(__name__)


def remind(hub: Hub) -> int:
    """Tell each rung that is due; return how many rungs were told."""
    now, told, after = hub.clock.now(), 0, ("", "")
    waited = [now - (later - day) * _DAY for day, later in pairwise(LADDER_DAYS)]
    while True:
        with hub.database.write() as connection:
            rows = DueList(connection).to_tell(hub.origin, day_of(now), waited, after, _BATCH)
            told += _Ladder(connection, hub.origin, now).climb(rows)
        if len(rows) < _BATCH:
            return told
        after = (rows[-1]["id"], rows[-1]["grp"])


def release(hub: Hub) -> int:
    """Let contact details through that have waited; return how many. A clock that jumped lets nothing through."""
    done = 0
    with hub.database.write() as connection:
        last, now = SweepState(connection).get(), hub.clock.now()
        if not next_sweep(last, now).may_expire:
            _log.error("clock jumped: no contact details are let through until an operator confirms the time")
            return 0
        for request in Requests(connection).over(now):
            done += _let_through(connection, request, now)
    return done


def _let_through(connection: Connection, request: Request, now: int) -> int:
    """Let one request through; what cannot be written any more is refused and holds no other back."""
    try:
        requests.let_through(connection, request, None, called=False, now=now)
    except HubError as error:
        Requests(connection).move(request, State.REFUSED, decided_at=now, reason=error.code)
        return 0
    return 1


class _Ladder:
    """One climb: who is there is asked once for each agency."""

    def __init__(self, connection: Connection, origin: str, now: int) -> None:
        self._connection, self._origin, self._now, self._today = connection, origin, now, day_of(now)
        self._members: dict[tuple[str, frozenset[str]], list[str]] = {}
        self._asked: set[str] = set()

    def climb(self, due: Sequence[RowMapping]) -> int:
        """Tell what is due of some rows; return how many rungs."""
        records = ServiceMap(self._connection).many(row["id"] for row in due)
        store = DueList(self._connection)
        told = 0
        for row in due:
            rung = self._next(row, records[row["id"]]) if row["id"] in records else row["rung"]
            if rung != row["rung"]:
                told += store.told(row, rung, self._now)
        return told

    def _next(self, due: RowMapping, record: Row) -> int:
        """Return the rung up to which is told now."""
        rung = due["rung"]
        while rung < len(LADDER_DAYS) and self._waited(due, rung):
            rung += 1
            if self._tell(rung, record):
                break
        return self._past(due, record, rung)

    def _waited(self, due: RowMapping, rung: int) -> bool:
        if rung == due["rung"] and due["told_at"] is not None:
            days = LADDER_DAYS[rung] - LADDER_DAYS[rung - 1]
            return bool(self._now >= due["told_at"] + days * _DAY)
        return True

    def _past(self, due: RowMapping, record: Row, rung: int) -> int:
        hides = due["grp"] in GROUPS and GROUPS[due["grp"]].past == "hide" and record.kind == "service"
        if rung != len(LADDER_DAYS) or (hides and due["limit_day"] and self._today < due["limit_day"]):
            return rung
        if hides and due["limit_day"]:
            self._notify(record.steward, self._with(record.steward, DECIDERS), MAP_PAST)
        return RUNGS

    def _tell(self, rung: int, record: Row) -> bool:
        """Tell whoever stands on a rung; return whether anybody does."""
        person: Mapping[str, Any] = record.document.get("focal_point") or {}
        if rung == 1:
            found = self._with(record.agency, PROVIDERS)
            return self._notify(record.agency, found, MAP_DUE) or self._mail(record, person.get("email"))
        if rung == len(LADDER_DAYS):
            return self._notify(record.steward, self._with(record.steward, DECIDERS), MAP_DUE)
        deputy: Mapping[str, Any] = person.get("deputy") or {}
        agency = deputy.get("agency") or record.agency
        known = [one for one in self._with(agency, None) if one == deputy.get("member")]
        return self._notify(agency, known, MAP_DUE) or self._mail(record, deputy.get("email"))

    def _with(self, agency: str | None, roles: frozenset[str] | None) -> list[str]:
        """Return the members of an agency at home here that have one of some roles, or any."""
        if not agency or host_of(agency) != self._origin:
            return []
        key = (agency, roles or frozenset())
        if key not in self._members:
            devices = KeyStore(self._connection).devices(agency)
            good = (row for row in devices if row.active(self._now) and (roles is None or row.roles & roles))
            self._members[key] = sorted({row.member for row in good})
        return self._members[key]

    def _notify(self, agency: str | None, members: Iterable[str], template: str) -> bool:
        told = False
        for member in members:
            key = f"{template}:{self._today}:{agency}:{member}"
            if key not in self._asked:
                self._asked.add(key)
                Notices(self._connection).put(
                    key=key, to_agency=str(agency), to_member=member, template=template, now=self._now
                )
            told = True
        return told

    def _mail(self, record: Row, address: object) -> bool:
        """Send a link to somebody without an account, unless the record has one that is open."""
        if not isinstance(address, str) or not is_mail_address(address):
            return False
        if Links(self._connection).open_of(record.id, Purpose.UPDATE, self._now):
            return True
        link = links.new(record, Actor(record.steward, "", "link"), LANGUAGE, self._now)
        key = f"{MAP_LINK}:{self._today}:{record.id}"
        if Notices(self._connection).put_outside(
            key, address, MAP_LINK, agency=record.steward, link=link.id, now=self._now
        ):
            Links(self._connection).add(link)
        return True
