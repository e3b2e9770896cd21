"""Rows of notices: promised in the transaction of the step that they tell of, sent later.

SQL only. A notice is put under a key, and a key is taken once, so a step that runs twice tells once. Two workers never
send the same notice at the same time: a claim moves its next try into the future. What a text to somebody without an
account says (a code, for instance) is forgotten as soon as it went out or was given up.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    delete,
    func,
    select,
    update,
)

from hub.db import Store, metadata
from hub.ids import random_id
from hub.notify.choices import Channel, Choices
from hub.notify.numbers import checked_number

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

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
    Column("channel", String(8), nullable=False),
    Column("passed", String(32), nullable=False),
    Column("address", String(254)),
    Column("language", String(2)),
    Column("template", String(32), nullable=False),
    Column("facts", Text, nullable=False),
    Column("handoff", String(22)),
    Column("emergency", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try", BigInteger),
    Column("sent_at", BigInteger),
    Column("reference", String(100)),
    Column("ask_at", BigInteger),
    Column("delivered_at", BigInteger),
    Column("failed", String(32)),
    Index(None, "next_try"),
    Index(None, "reference"),
    Index(None, "ask_at"),
    Index(None, "handoff", "to_agency"),
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One word to a member, or to somebody outside. `handoff` is for the hub's own accounts and never leaves it."""

    id: str
    key: str
    to_agency: str
    """Whose member is told; of a word outside, on whose behalf."""
    to_member: str
    """Empty where it goes outside."""
    channel: Channel
    """By what it goes now."""
    passed: str
    """By what it could not be delivered."""
    address: str | None
    language: str | None
    template: str
    facts: dict[str, str | int]
    handoff: str | None
    emergency: bool
    tries: int
    sent_at: int | None
    reference: str | None
    """What the gateway calls it."""


class Notices(Store):
    """Notices that wait, were sent, or could not be."""

    def put(  # noqa: PLR0913 - each is a column
        self,
        *,
        key: str,
        to_agency: str,
        to_member: str,
        template: str,
        now: int,
        handoff: str | None = None,
        facts: Mapping[str, str | int] | None = None,
        emergency: bool = False,
    ) -> bool:
        """Promise a notice to a member, by the channel they want first; return whether it is new.

        An emergency is told in quiet hours too.
        """
        wants = Choices(self._connection).of(to_agency, to_member)
        return self._promise(
            key,
            now,
            to_agency=to_agency,
            to_member=to_member,
            channel=wants.channels[0],
            template=template,
            facts=dict(facts or {}),
            handoff=handoff,
            emergency=emergency,
        )

    def put_outside(self, key: str, address: str, template: str, *, agency: str, link: str, now: int) -> bool:
        """Promise a mail with a link, on an agency's behalf, to an address of somebody who has no account here."""
        return self._promise(
            key, now, to_agency=agency, address=address, template=template, facts={"link": link}, channel=Channel.MAIL
        )

    def put_text(  # noqa: PLR0913 - each is a column
        self,
        *,
        key: str,
        number: str,
        template: str,
        facts: Mapping[str, str | int],
        now: int,
        agency: str,
        handoff: str | None = None,
        language: str | None = None,
    ) -> bool:
        """Promise a text to a number of somebody without an account, on behalf of `agency`, which is told if it fails.

        The number is one that the service map verified and whose owner may be texted: the caller has seen to it.
        Without a language the text is in all four.

        Raises:
            InvalidRequest: not a number in international form.
        """
        return self._promise(
            key,
            now,
            to_agency=agency,
            address=checked_number(number),
            language=language,
            template=template,
            facts=dict(facts),
            handoff=handoff,
            channel=Channel.SMS,
        )

    def claim(self, now: int, channels: Collection[Channel] = (Channel.MAIL,), most: int = 50) -> Sequence[Notice]:
        """Return notices that are due by these channels, oldest first; nobody else gets them before the lease ends."""
        due = select(notices).where(notices.c.next_try <= now, notices.c.channel.in_(sorted(channels)))
        due = due.order_by(notices.c.next_try, notices.c.id).limit(most)
        rows = self._all(due.with_for_update(skip_locked=True))
        claimed = update(notices).where(notices.c.id.in_(row["id"] for row in rows))
        self._run(claimed.values(next_try=now + LEASE, tries=notices.c.tries + 1))
        return [_notice(row) for row in rows]

    def sent(self, notice: Notice, now: int, *, reference: str | None = None, ask_at: int | None = None) -> None:
        """Record that the mail server or the gateway took it; what became of it is asked at `ask_at`."""
        self._change(notice.id, next_try=None, sent_at=now, reference=reference, ask_at=ask_at, facts=_kept(notice))

    def later(self, notice: str, next_try: int) -> None:
        """Try again at `next_try`."""
        self._change(notice, next_try=next_try)

    def rest(self, notice: Notice, until: int) -> None:
        """Leave it alone `until` quiet hours end; that was no try."""
        self._change(notice.id, next_try=until, tries=notice.tries)

    def turn_to(self, notice: Notice, channel: Channel, now: int) -> None:
        """Go on by another channel, from the first try."""
        passed = f"{notice.passed} {notice.channel}".strip()
        self._change(
            notice.id, channel=channel, passed=passed, tries=0, next_try=now, sent_at=None, reference=None, ask_at=None
        )

    def give_up(self, notice: Notice, reason: str) -> None:
        """Stop trying; `reason` is one of our own words."""
        self._change(notice.id, next_try=None, ask_at=None, failed=reason, facts=_kept(notice))

    def delivered(self, notice: Notice, now: int) -> None:
        """Record that it reached the phone."""
        self._change(notice.id, delivered_at=now, ask_at=None)

    def referred(self, reference: str, *, lock: bool = False) -> Notice | None:
        """Return the text that the gateway calls so and of whose fate nothing is known yet."""
        open_ = notices.c.delivered_at.is_(None) & notices.c.failed.is_(None) & notices.c.sent_at.is_not(None)
        query = select(notices).where((notices.c.reference == reference) & open_).limit(1)
        row = self._one(query.with_for_update() if lock else query)
        return None if row is None else _notice(row)

    def to_ask_about(self, now: int, most: int = 50) -> Sequence[Notice]:
        """Return texts whose fate is to be asked for now; nobody else gets them before the lease ends."""
        due = select(notices).where(notices.c.ask_at <= now).order_by(notices.c.ask_at, notices.c.id).limit(most)
        rows = self._all(due.with_for_update(skip_locked=True))
        self._run(update(notices).where(notices.c.id.in_(row["id"] for row in rows)).values(ask_at=now + LEASE))
        return [_notice(row) for row in rows]

    def ask_again(self, notice: Notice, ask_at: int | None) -> None:
        """Ask for its fate again at `ask_at`, or never: then nothing more is known than that it was sent."""
        self._change(notice.id, ask_at=ask_at)

    def waiting(self) -> int:
        """Return how many are to be sent."""
        return self._count(notices.c.next_try.is_not(None))

    def failures(self) -> int:
        """Return how many could not be sent."""
        return self._count(notices.c.failed.is_not(None))

    def untold(self, handoff: str, agency: str) -> int:
        """Return how many words about a handoff, to members of an agency or on its behalf, could not be delivered."""
        failed = notices.c.failed.is_not(None)
        return self._count((notices.c.handoff == handoff) & (notices.c.to_agency == agency) & failed)

    def untold_among(self, handoffs: Collection[str], agency: str) -> dict[str, int]:
        """Return the same for several handoffs: those of which a word could not be delivered."""
        here = notices.c.handoff.in_(handoffs) & (notices.c.to_agency == agency) & notices.c.failed.is_not(None)
        query = select(notices.c.handoff, func.count()).where(here).group_by(notices.c.handoff)
        return {handoff: int(count) for handoff, count in self._connection.execute(query)}

    def purge(self, before: int) -> int:
        """Delete what was promised before `before` and is done with."""
        return self._run(delete(notices).where((notices.c.created < before) & notices.c.next_try.is_(None)))

    def _promise(self, key: str, now: int, **values: Any) -> bool:
        row = {"to_member": "", "address": None, "language": None, "handoff": None, "emergency": False} | values
        facts = json.dumps(row.pop("facts"))
        return self._add(
            notices, id=random_id(), key=key, facts=facts, passed="", created=now, tries=0, next_try=now, **row
        )

    def _change(self, notice: str, **values: object) -> None:
        self._run(update(notices).where(notices.c.id == notice).values(**values))

    def _count(self, where: ColumnElement[bool]) -> int:
        return int(self._connection.scalar(select(func.count()).select_from(notices).where(where)) or 0)


def _kept(notice: Notice) -> str:
    """Return the facts that stay: none of a text outside that is done with."""
    outside = not notice.to_member and notice.channel is Channel.SMS
    return "{}" if outside else json.dumps(notice.facts)


def _notice(row: RowMapping) -> Notice:
    values = {name: row[name] for name in Notice.__slots__}
    return Notice(**values | {"facts": json.loads(row["facts"]), "channel": Channel(row["channel"])})
