"""Rows of notices: promised in the transaction of the step that they tell of, sent later.

SQL only. A notice is put under a key, and a key is taken once, so a step that runs twice tells once. Two workers never
send the same notice at the same time: a claim moves its next try into the future.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, delete, func, select, update

from hub.db import Store, metadata
from hub.ids import random_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import RowMapping

LEASE = 120

notices = Table(
    "notices",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("to_agency", String(400), nullable=False),
    Column("to_member", String(22), nullable=False),
    Column("address", String(254)),
    Column("template", String(32), nullable=False),
    Column("facts", Text, nullable=False),
    Column("handoff", String(22)),
    Column("created", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try", BigInteger),
    Column("sent_at", BigInteger),
    Column("failed", String(32)),
    Index(None, "next_try"),
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One word to one member, or to an address outside. `handoff` is for the hub's own accounts and never leaves it."""

    id: str
    to_agency: str
    to_member: str
    template: str
    facts: dict[str, str | int]
    tries: int
    address: str | None


class Notices(Store):
    """Notices that wait, were sent, or could not be."""

    def put(
        self,
        *,
        key: str,
        to_agency: str,
        to_member: str,
        template: str,
        now: int,
        handoff: str | None = None,
        facts: Mapping[str, str | int] | None = None,
    ) -> bool:
        """Promise a notice, unless one was promised under `key`; return whether it is new."""
        return self._add(
            notices,
            id=random_id(),
            key=key,
            to_agency=to_agency,
            to_member=to_member,
            template=template,
            facts=json.dumps(dict(facts or {})),
            handoff=handoff,
            created=now,
            tries=0,
            next_try=now,
        )

    def put_outside(self, key: str, address: str, template: str, *, agency: str, link: str, now: int) -> bool:
        """Promise a notice with a link, on an agency's behalf, to an address of somebody who has no account here."""
        return self._add(
            notices,
            id=random_id(),
            key=key,
            to_agency=agency,
            to_member="",
            address=address,
            template=template,
            facts=json.dumps({"link": link}),
            handoff=None,
            created=now,
            tries=0,
            next_try=now,
        )

    def claim(self, now: int, most: int = 50) -> Sequence[Notice]:
        """Return notices that are due, oldest first; nobody else gets them before the lease ends."""
        due = select(notices).where(notices.c.next_try <= now).order_by(notices.c.next_try, notices.c.id).limit(most)
        rows = self._all(due.with_for_update(skip_locked=True))
        claimed = update(notices).where(notices.c.id.in_(row["id"] for row in rows))
        self._run(claimed.values(next_try=now + LEASE, tries=notices.c.tries + 1))
        return [_notice(row) for row in rows]

    def sent(self, notice: str, now: int) -> None:
        """Record that the mail server took it."""
        self._change(notice, next_try=None, sent_at=now)

    def later(self, notice: str, next_try: int) -> None:
        """Try again at `next_try`."""
        self._change(notice, next_try=next_try)

    def give_up(self, notice: str, reason: str) -> None:
        """Stop trying; `reason` is one of our own words."""
        self._change(notice, next_try=None, failed=reason)

    def waiting(self) -> int:
        """Return how many are to be sent."""
        return self._count(notices.c.next_try.is_not(None))

    def failures(self) -> int:
        """Return how many could not be sent."""
        return self._count(notices.c.failed.is_not(None))

    def purge(self, before: int) -> int:
        """Delete what was promised before `before` and is done with."""
        return self._run(delete(notices).where((notices.c.created < before) & notices.c.next_try.is_(None)))

    def _change(self, notice: str, **values: object) -> None:
        self._run(update(notices).where(notices.c.id == notice).values(**values))

    def _count(self, where: ColumnElement[bool]) -> int:
        return int(self._connection.scalar(select(func.count()).select_from(notices).where(where)) or 0)


def _notice(row: RowMapping) -> Notice:
    return Notice(**{name: row[name] for name in Notice.__slots__} | {"facts": json.loads(row["facts"])})
