"""Referrals as rows. SQL only; `update … where version` lets no stale writer through.

Each change of a referral takes the next `turn` of this hub, in the order in which changes are committed: whoever pages
through a list while rows move sees by it what has changed since the first page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    func,
    insert,
    select,
    update,
)

from hub.db import metadata
from hub.errors import NotFound, StaleVersion
from hub.followup.domain import Owner, Urgency
from hub.followup.store import follow_ups
from hub.handofflog.store import log_head
from hub.referrals.domain import OPEN, Maker, Referral, State
from hub.statements.grammar import Grade

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ScalarSelect
    from sqlalchemy.engine import RowMapping

referrals = Table(
    "referrals",
    metadata,
    Column("id", String(22), ForeignKey("handoffs.id"), primary_key=True),
    Column("from_agency", String(400), nullable=False),
    Column("to_agency", String(400), nullable=False),
    Column("urgency", String(12), nullable=False),
    Column("submitted_at", BigInteger, nullable=False),
    Column("due", BigInteger),
    Column("needed_from", String(10)),
    Column("state", String(24), nullable=False),
    Column("grade", String(16), nullable=False),
    Column("made_by_type", String(40), nullable=False),
    Column("made_by_party", String(400), nullable=False),
    Column("position", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("delivered", Boolean, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("owner", String(22)),
    Column("sent_by", String(22)),
    Column("reported_by", String(22)),
    Column("promised", String(10)),
    Column("locked", Boolean, nullable=False),
    Column("frozen", BigInteger),
    Column("turn", BigInteger, nullable=False),
    Index("ix_referrals_sent", "from_agency", "state", "turn", "id", "submitted_at", "urgency"),
    Index("ix_referrals_came", "to_agency", "state", "turn", "id", "submitted_at", "urgency"),
    Index(None, "turn"),
)
"""The first two indexes have all by which a queue is put in order, so that sorting many reads no row."""
_FROZEN = referrals.c.frozen.is_not(None)
Index("ix_referrals_frozen", referrals.c.id, sqlite_where=_FROZEN, postgresql_where=_FROZEN)


class ReferralStore:
    """Referrals, through one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, referral: Referral) -> None:
        """Store a new referral."""
        self._connection.execute(insert(referrals).values(id=referral.id, turn=self._turn(), **_columns(referral)))

    def find(self, referral: str) -> Referral | None:
        """Return a referral, or None."""
        row = self._connection.execute(select(referrals).where(referrals.c.id == referral)).mappings().first()
        return None if row is None else _referral(row)

    def many(self, handoffs: Collection[str]) -> dict[str, Referral]:
        """Return several referrals by their ids, for a list on a screen."""
        query = select(referrals).where(referrals.c.id.in_(handoffs))
        return {row["id"]: _referral(row) for row in self._connection.execute(query).mappings()}

    def held_by(self, agency: str, member: str) -> list[Referral]:
        """Return the open referrals that a member of an agency owns, on either side, by id."""
        c = referrals.c
        received = (c.to_agency == agency) & (c.owner == member)
        sent = (c.from_agency == agency) & (c.sent_by == member)
        query = select(referrals).where(received | sent, c.state.in_(OPEN)).order_by(c.id)
        return [_referral(row) for row in self._connection.execute(query).mappings()]

    def get(self, referral: str) -> Referral:
        """Return a referral.

        Raises:
            NotFound: there is none of this id.
        """
        found = self.find(referral)
        if found is None:
            raise NotFound("There is no such referral here.")
        return found

    def save(self, referral: Referral, *, was: int) -> None:
        """Store what became of a referral whose version was `was`.

        Raises:
            StaleVersion: another writer was faster.
        """
        done = self._connection.execute(
            update(referrals)
            .where(referrals.c.id == referral.id, referrals.c.version == was)
            .values(turn=self._turn(), **_columns(referral))
        )
        if done.rowcount != 1:
            raise StaleVersion("This referral has changed meanwhile.")

    def _turn(self) -> ScalarSelect[int]:
        """Return the next turn; nobody else takes one before this transaction ends, nor appends to the log."""
        self._connection.execute(select(log_head.c.one).with_for_update())
        last = referrals.alias("last")
        return select(func.coalesce(func.max(last.c.turn), 0) + 1).scalar_subquery()

    def past_due(self, agency: str, now: int) -> int:
        """Return how many referrals wait for an agency past their due time."""
        waiting = referrals.join(follow_ups, follow_ups.c.handoff == referrals.c.id)
        query = select(func.count(referrals.c.id.distinct())).select_from(waiting)
        late = (follow_ups.c.owner == Owner.RECIPIENT.value) & (follow_ups.c.due_at <= now)
        return int(self._connection.execute(query.where(referrals.c.to_agency == agency, late)).scalar_one())


def _columns(referral: Referral) -> dict[str, object]:
    return {
        "from_agency": referral.from_agency,
        "to_agency": referral.to_agency,
        "urgency": referral.urgency.value,
        "submitted_at": referral.submitted_at,
        "due": referral.due,
        "needed_from": referral.needed_from,
        "state": referral.state.value,
        "grade": referral.grade.value,
        "made_by_type": referral.made_by.type,
        "made_by_party": referral.made_by.party,
        "position": referral.position,
        "version": referral.version,
        "delivered": referral.delivered,
        "asked": referral.asked,
        "owner": referral.owner,
        "sent_by": referral.sent_by,
        "reported_by": referral.reported_by,
        "promised": referral.promised,
        "locked": referral.locked,
        "frozen": referral.frozen,
    }


def _referral(row: RowMapping) -> Referral:
    values = {name: value for name, value in row.items() if name != "turn"}
    made_by = Maker(values.pop("made_by_type"), values.pop("made_by_party"))
    for name, kind in (("urgency", Urgency), ("state", State), ("grade", Grade)):
        values[name] = kind(values[name])
    return Referral(**values, made_by=made_by)
