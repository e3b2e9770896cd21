"""Rows of proposed changes to the service map, and of the links by which a provider without an account proposes one.

SQL only. A change that waits (`held`) and one that a coordinator is to decide on (`proposed`) are rows of one table, so
there is one list to look at. No row holds what opens a link: that is made of its id and the hub's key.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, func, insert, or_, select, update

from hub.db import Store, batches, metadata
from hub.directory.servicemap.store import AGENCY, ID, map_due, map_records
from hub.errors import StaleVersion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import RowMapping

MEMBER: Final = 22
_JSON: Final = ("changes", "old", "groups", "taken")

map_requests = Table(
    "map_requests",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("record", String(ID), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("steward", String(AGENCY), nullable=False),
    Column("state", String(16), nullable=False),
    Column("base", Integer, nullable=False),
    Column("changes", Text, nullable=False),
    Column("old", Text, nullable=False),
    Column("groups", Text, nullable=False),
    Column("agency", String(AGENCY), nullable=False),
    Column("member", String(MEMBER), nullable=False),
    Column("how", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("link", String(22)),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, index=True),
    Column("taken", Text, nullable=False),
    Column("decided_at", BigInteger),
    Column("decided_agency", String(AGENCY)),
    Column("decided_member", String(MEMBER)),
    Column("reason", Text, nullable=False),
    Index(None, "steward", "state", "at"),
)

map_links = Table(
    "map_links",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("record", String(ID), nullable=False, index=True),
    Column("purpose", String(8), nullable=False),
    Column("language", String(3), nullable=False),
    Column("agency", String(AGENCY), nullable=False),
    Column("member", String(MEMBER), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used", BigInteger),
    Column("revoked", BigInteger),
)


class State(StrEnum):
    """Where a change request stands."""

    PROPOSED = "proposed"
    HELD = "held"
    APPROVED = "approved"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


class Purpose(StrEnum):
    """What a link is for: to say what is right, or to object to other contact details."""

    UPDATE = "update"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Request:
    """A proposed change of one record: the members to change, what they were, and the groups said to be still right."""

    id: str
    record: str
    kind: str
    steward: str
    state: State
    base: int
    changes: dict[str, Any]
    old: dict[str, Any]
    groups: list[str]
    agency: str
    member: str
    how: str
    note: str
    at: int
    link: str | None = None
    until: int | None = None
    taken: list[str] = field(default_factory=list)
    decided_at: int | None = None
    decided_agency: str | None = None
    decided_member: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A single-use link about one record."""

    id: str
    record: str
    purpose: Purpose
    language: str
    agency: str
    member: str
    at: int
    expires: int
    used: int | None = None
    revoked: int | None = None

    def open_at(self, now: int) -> bool:
        """Return whether it still opens something."""
        return self.used is None and self.revoked is None and self.at <= now < self.expires


class Requests(Store):
    """Proposed changes, in the caller's transaction."""

    def add(self, request: Request) -> None:
        """Keep a new request."""
        self._run(insert(map_requests).values(_columns(request)))

    def get(self, request: str) -> Request | None:
        """Return a request, or None."""
        row = self._one(select(map_requests).where(map_requests.c.id == request))
        return None if row is None else _request(row)

    def of_record(self, records: Iterable[str], *states: State) -> list[Request]:
        """Return the requests about some records in some states, oldest first."""
        c, asked = map_requests.c, list(records)
        found: list[RowMapping] = []
        for some in batches(asked):
            here = c.record.in_(some) & c.state.in_(states)
            found += self._all(select(map_requests).where(here).order_by(c.at, c.id))
        return [_request(row) for row in found]

    def listing(
        self,
        agency: str,
        *,
        steward: bool,
        states: Collection[str],
        record: str | None = None,
        after: str = "",
        limit: int,
    ) -> list[Request]:
        """Return the requests that an agency made, or those about its records too, in the order of their ids."""
        c = map_requests.c
        mine = or_(c.agency == agency, c.steward == agency) if steward else c.agency == agency
        asked = [mine, c.state.in_(states), c.id > after] + ([] if record is None else [c.record == record])
        query = select(map_requests).where(*asked).order_by(c.id).limit(limit)
        return [_request(row) for row in self._all(query)]

    def over(self, now: int, limit: int = 100) -> list[Request]:
        """Return changes whose time of waiting is over, for this worker alone until its transaction ends."""
        c = map_requests.c
        query = select(map_requests).where(c.state == State.HELD, c.until <= now).order_by(c.until, c.id).limit(limit)
        return [_request(row) for row in self._all(query.with_for_update(skip_locked=True))]

    def move(self, request: Request, state: State, **values: Any) -> None:
        """Bring a request from the state it is in to another.

        Raises:
            StaleVersion: somebody was faster.
        """
        here = (map_requests.c.id == request.id) & (map_requests.c.state == request.state)
        if self._run(update(map_requests).where(here).values(state=state, **_texts(values))) != 1:
            raise StaleVersion("Somebody else decided on this change before.")


class Links(Store):
    """Links, in the caller's transaction."""

    def add(self, link: Link) -> None:
        """Keep a new link."""
        self._run(insert(map_links).values(asdict(link)))

    def get(self, link: str) -> Link | None:
        """Return a link, or None."""
        row = self._one(select(map_links).where(map_links.c.id == link))
        return None if row is None else Link(**{**row, "purpose": Purpose(row["purpose"])})

    def open_of(self, record: str, purpose: Purpose, now: int) -> bool:
        """Return whether a record has a link for this that opens something at a time."""
        c = map_links.c
        query = select(map_links).where(c.record == record, c.purpose == purpose, c.expires > now)
        return any(Link(**row).open_at(now) for row in self._all(query))

    def use(self, link: str, now: int) -> bool:
        """Use a link up; return whether it was open."""
        c = map_links.c
        open_now = (c.id == link) & c.used.is_(None) & c.revoked.is_(None) & (c.at <= now) & (c.expires > now)
        return self._run(update(map_links).where(open_now).values(used=now)) == 1

    def revoke(self, now: int, **which: str) -> int:
        """Let open links open nothing any more; return how many there were."""
        c = map_links.c
        mine = [c[name] == value for name, value in which.items()]
        return self._run(update(map_links).where(*mine, c.used.is_(None), c.revoked.is_(None)).values(revoked=now))


class DueList(Store):
    """What of the map is due to be checked; the rows are derived where a record is written."""

    def of_agency(
        self,
        agency: str,
        today: str,
        *,
        filters: Mapping[str, Any],
        after: tuple[str, str, str] | None,
        limit: int,
    ) -> Sequence[RowMapping]:
        """Return what is due of the records that an agency maintains or offers, the longest due first."""
        d, c = map_due.c, map_records.c
        asked = [*_due(agency, today, filters)]
        if after is not None:
            day, record, group = after
            later = (d.due == day) & ((d.id > record) | ((d.id == record) & (d.grp > group)))
            asked.append((d.due > day) | later)
        joined = map_due.join(map_records, d.id == c.id)
        return self._all(select(map_due).select_from(joined).where(*asked).order_by(d.due, d.id, d.grp).limit(limit))

    def records(self, agency: str, today: str, *, filters: Mapping[str, Any]) -> list[str]:
        """Return the ids of all records of which something is due."""
        joined = map_due.join(map_records, map_due.c.id == map_records.c.id)
        query = select(map_due.c.id).distinct().select_from(joined).where(*_due(agency, today, filters))
        return sorted(self._connection.scalars(query))

    def count(self, agency: str, today: str, *, filters: Mapping[str, Any]) -> int:
        """Return of how many records something is due."""
        joined = map_due.join(map_records, map_due.c.id == map_records.c.id)
        query = select(func.count(map_due.c.id.distinct())).select_from(joined).where(*_due(agency, today, filters))
        return int(self._connection.execute(query).scalar_one())

    def to_tell(
        self, host: str, today: str, waited: Sequence[int], after: tuple[str, str], limit: int
    ) -> Sequence[RowMapping]:
        """Return what is due at a hub and to be told on its next rung, after a row, in the order of record and group.

        `waited`: for each rung but the first, the second before which the rung below must have been told.
        """
        d, c = map_due.c, map_records.c
        joined = map_due.join(map_records, d.id == c.id)
        ready = [(d.rung == rung) & (d.told_at <= before) for rung, before in enumerate(waited, 1)]
        last = (d.rung == len(waited) + 1) & (d.limit_day <= today)
        here = [c.host == host, d.due <= today, or_(d.rung == 0, last, *ready)]
        here.append((d.id > after[0]) | ((d.id == after[0]) & (d.grp > after[1])))
        query = select(map_due).select_from(joined).where(*here).order_by(d.id, d.grp).limit(limit)
        return self._all(query.with_for_update(skip_locked=True, of=map_due))

    def told(self, row: RowMapping, rung: int, now: int) -> bool:
        """Remember up to which rung somebody was told; False where another worker was faster."""
        d = map_due.c
        same = (d.id == row["id"]) & (d.grp == row["grp"]) & (d.rung == row["rung"]) & (d.due == row["due"])
        return self._run(update(map_due).where(same).values(rung=rung, told_at=now)) == 1


def _due(agency: str, today: str, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    d, c = map_due.c, map_records.c
    asked = [d.due <= today, or_(c.steward == agency, c.agency == agency)]
    if filters.get("groups"):
        asked.append(d.grp.in_(filters["groups"]))
    if filters.get("kinds"):
        asked.append(c.kind.in_(filters["kinds"]))
    if filters.get("provider"):
        asked.append(or_(c.provider == filters["provider"], c.id == filters["provider"]))
    if path := filters.get("home"):
        asked.append(or_(c.home == path, c.home.startswith(f"{path}/", autoescape=True)))
    return asked


def _columns(request: Request) -> dict[str, Any]:
    return _texts(asdict(request))


def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(value, ensure_ascii=False) if name in _JSON else value for name, value in values.items()}


def _request(row: RowMapping) -> Request:
    values = {name: json.loads(row[name]) if name in _JSON else row[name] for name in Request.__slots__}
    return Request(**{**values, "state": State(values["state"])})
