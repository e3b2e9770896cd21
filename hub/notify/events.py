"""What happens to handoffs, told to an agency's own systems: numbered rows for each address that the agency registered.

An event says which handoff, which type of statement, which state, when; there is nothing else it could say. It is
written in the transaction of the step that it tells of, so a number stands for something that happened, and none is
left out: whoever misses one sees the gap and asks for it again (the pattern is FHIR's Subscriptions Backport). Does not
send: that is `hub.webhooks`. Events are kept for 90 days, so that gaps of that age can still be filled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from hub.db import Store, metadata
from hub.errors import Conflict, NotFound
from hub.ids import random_id

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.engine import RowMapping

LEASE: Final = 120
MOST: Final = 10
"""Addresses that one agency may have."""
BATCH: Final = 100

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("agency", String(400), nullable=False, index=True),
    Column("url", String(300), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("sent", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try", BigInteger),
    Column("failing_since", BigInteger),
    Index(None, "next_try"),
)

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("webhook", String(22), ForeignKey("webhooks.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("type", String(40), nullable=False),
    Column("handoff", String(22), nullable=False),
    Column("state", String(32)),
    Column("at", BigInteger, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address of an agency's own system. `seq` is the newest event's number, `sent` that of the newest it took."""

    id: str
    agency: str
    url: str
    created: int
    seq: int
    sent: int
    tries: int
    failing_since: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    seq: int
    type: str
    handoff: str
    state: str | None
    at: int


class Events(Store):
    """Webhooks and their events, in the caller's transaction."""

    def put(self, agencies: Collection[str], *, kind: str, handoff: str, state: str | None, now: int) -> None:
        """Number an event for every webhook of these agencies."""
        here = select(webhooks.c.id, webhooks.c.seq).where(webhooks.c.agency.in_(sorted(set(agencies))))
        for webhook, seq in self._connection.execute(here.order_by(webhooks.c.id).with_for_update()).all():
            row = {"webhook": webhook, "seq": seq + 1, "type": kind, "handoff": handoff, "state": state, "at": now}
            self._run(insert(webhook_events).values(row))
            due = func.coalesce(webhooks.c.next_try, now)
            self._run(update(webhooks).where(webhooks.c.id == webhook).values(seq=seq + 1, next_try=due))

    def register(self, agency: str, url: str, now: int) -> Webhook:
        """Keep an address; what happens from now on is told there.

        Raises:
            Conflict: the agency has as many as it may have, or this one.
        """
        known = self.of(agency)
        if len(known) >= MOST or url in {webhook.url for webhook in known}:
            raise Conflict("This address is registered, or there are too many.", todo="Remove one first.")
        made = Webhook(random_id(), agency, url, now, seq=0, sent=0, tries=0, failing_since=None)
        self._run(insert(webhooks).values({name: getattr(made, name) for name in Webhook.__slots__}))
        return made

    def remove(self, agency: str, webhook: str) -> None:
        """Forget an address and its events.

        Raises:
            NotFound: the agency has no such one.
        """
        self.get(agency, webhook)
        self._run(delete(webhook_events).where(webhook_events.c.webhook == webhook))
        self._run(delete(webhooks).where(webhooks.c.id == webhook))

    def of(self, agency: str) -> list[Webhook]:
        """Return an agency's webhooks, oldest first."""
        query = select(webhooks).where(webhooks.c.agency == agency)
        return [_webhook(row) for row in self._all(query.order_by(webhooks.c.created, webhooks.c.id))]

    def get(self, agency: str, webhook: str) -> Webhook:
        """Return one of an agency's webhooks.

        Raises:
            NotFound: it has no such one.
        """
        row = self._one(select(webhooks).where((webhooks.c.id == webhook) & (webhooks.c.agency == agency)))
        if row is None:
            raise NotFound("Your agency has no such webhook.")
        return _webhook(row)

    def after(self, webhook: str, seq: int, most: int = BATCH) -> list[Event]:
        """Return the events of a webhook after a number, in their order."""
        here = (webhook_events.c.webhook == webhook) & (webhook_events.c.seq > seq)
        rows = self._all(select(webhook_events).where(here).order_by(webhook_events.c.seq).limit(most))
        return [Event(**{name: row[name] for name in Event.__slots__}) for row in rows]

    def claim(self, now: int, most: int = 20) -> Sequence[Webhook]:
        """Return webhooks that have something to send and are due; nobody else gets them before the lease ends."""
        due = select(webhooks).where(webhooks.c.next_try <= now).order_by(webhooks.c.next_try, webhooks.c.id)
        rows = self._all(due.limit(most).with_for_update(skip_locked=True))
        self._run(update(webhooks).where(webhooks.c.id.in_(row["id"] for row in rows)).values(next_try=now + LEASE))
        return [_webhook(row) for row in rows]

    def took(self, webhook: Webhook, seq: int, now: int) -> None:
        """Record that everything up to `seq` arrived; what is left is due at once."""
        still = self._mine(webhook)
        again = select(webhooks.c.seq > seq).where(webhooks.c.id == webhook.id)
        more = self._connection.scalar(again.with_for_update())
        values: dict[str, Any] = {"sent": seq, "tries": 0, "failing_since": None}
        self._run(update(webhooks).where(still).values(next_try=now if more else None, **values))

    def failed(self, webhook: Webhook, now: int, next_try: int) -> None:
        """Try again at `next_try`."""
        since = webhook.failing_since or now
        changed = update(webhooks).where(self._mine(webhook))
        self._run(changed.values(tries=webhook.tries + 1, next_try=next_try, failing_since=since))

    def purge(self, before: int) -> int:
        """Forget events from before a second, taken or not; return how many."""
        return self._run(delete(webhook_events).where(webhook_events.c.at < before))

    def _mine(self, webhook: Webhook) -> Any:
        """Return the row as it was claimed: of two that send the same events one counts."""
        return (webhooks.c.id == webhook.id) & (webhooks.c.sent == webhook.sent)


def _webhook(row: RowMapping) -> Webhook:
    return Webhook(**{name: row[name] for name in Webhook.__slots__})
