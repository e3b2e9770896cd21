"""Rows of reports: published counts, kept for good; and the questions that statistics ask of other rooms' rows.

SQL only. A month of an agency is put once; nothing here is ever changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, func, or_, select

from hub.db import Store, metadata
from hub.followup.domain import Owner
from hub.followup.store import follow_ups
from hub.handoffs.store import statements
from hub.ids import host_of
from hub.packets.dsse import Envelope
from hub.referrals.domain import OVERDUE, State
from hub.referrals.store import referrals
from hub.reports.document import COUNTERS
from hub.reports.timeliness import FIRST_ANSWER, STEPS, Course
from hub.statements.grammar import STATEMENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import RowMapping

    from hub.keys.store import KeyStore

report_counts = Table(
    "report_counts",
    metadata,
    Column("agency", String(400), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("host", String(260), nullable=False),
    Column("hash", String(43), nullable=False, unique=True),
    Column("envelope", LargeBinary, nullable=False),
    Column("taken", BigInteger, nullable=False),
    Index(None, "month"),
)
_EFFECTIVE = "effective"


@dataclass(frozen=True, slots=True)
class Published:
    """A document that was taken: whose, of which month, and its hash."""

    agency: str
    month: str
    hash: str


class ReportStore(Store):
    """What is counted and published, inside the caller's transaction."""

    def publish(self, agency: str, month: str, envelope: Envelope, now: int) -> bool:
        """Keep an agency's counts of a month unless there are some; return whether these are the ones that stand."""
        data = envelope.to_bytes()
        row = {"agency": agency, "month": month, "host": host_of(agency), "hash": envelope.hash}
        if self._add(report_counts, **row, envelope=data, taken=now):
            return True
        return self.published(agency, month) == data

    def published(self, agency: str, month: str) -> bytes | None:
        """Return the document that an agency published of a month, or None."""
        c = report_counts.c
        found = self._one(select(c.envelope).where(c.agency == agency, c.month == month))
        return None if found is None else bytes(found["envelope"])

    def by_hash(self, document: str, host: str) -> bytes | None:
        """Return a document of an agency of a hub by its hash, or None."""
        c = report_counts.c
        found = self._one(select(c.envelope).where(c.hash == document, c.host == host))
        return None if found is None else bytes(found["envelope"])

    def of_month(self, month: str) -> list[bytes]:
        """Return what all agencies published of a month."""
        c = report_counts.c
        return [bytes(row["envelope"]) for row in self._all(select(c.envelope).where(c.month == month))]

    def of_host(self, host: str, since: str) -> list[Published]:
        """Return what the agencies of a hub published of the months from `since` on."""
        c = report_counts.c
        rows = self._all(select(c.agency, c.month, c.hash).where(c.host == host, c.month >= since))
        return [Published(**row) for row in sorted(rows, key=lambda row: (row["month"], row["agency"]))]

    def courses(self, agency: str, period: tuple[int, int], country: Callable[[str], str]) -> list[Course]:
        """Return the referrals that an agency sent or received in a period; `country` says where an agency is."""
        c, s = referrals.c, statements.c
        inside = (c.submitted_at >= period[0]) & (c.submitted_at < period[1])
        mine = inside & or_(c.from_agency == agency, c.to_agency == agency)
        kinds = frozenset({OVERDUE}).union(*STEPS.values())
        steps: dict[str, list[RowMapping]] = defaultdict(list)
        told = select(s.handoff, s.type, s.received, s.envelope).join(referrals, c.id == s.handoff)
        for row in self._all(told.where(mine, s.standing == _EFFECTIVE, s.type.in_(kinds)).order_by(s.log_index)):
            steps[row["handoff"]].append(row)
        wanted = select(c.id, c.from_agency, c.to_agency, c.submitted_at, c.state, c.grade).where(mine)
        return [_course(row, steps[row["id"]], agency, country) for row in self._all(wanted)]

    def waiting(self, since: int, now: int) -> dict[str, int]:
        """Return how many referrals sent since then wait for each agency past their due time."""
        late = (follow_ups.c.owner == Owner.RECIPIENT.value) & (follow_ups.c.due_at <= now)
        query = select(referrals.c.to_agency, func.count(referrals.c.id.distinct()).label("n"))
        joined = query.join(follow_ups, follow_ups.c.handoff == referrals.c.id)
        rows = self._all(joined.where(late, referrals.c.submitted_at >= since).group_by(referrals.c.to_agency))
        return {row["to_agency"]: int(row["n"]) for row in rows}


def counter_keys(keys: KeyStore, agency: str, at: int) -> list[bytes]:
    """Return the keys of an agency's members who could publish its counts at a time."""
    return [
        device.cert.sign
        for device in keys.devices(agency)
        if device.roles & COUNTERS
        and device.cert.valid_from <= at <= device.cert.until
        and (device.revoked_at is None or at < device.revoked_at)
    ]


def _course(row: RowMapping, steps: Iterable[RowMapping], agency: str, country: Callable[[str], str]) -> Course:
    began, first, rungs, late = row["submitted_at"], dict[str, int](), Counter[int](), False
    for step in steps:
        if step["type"] == OVERDUE:
            body: dict[str, Any] = Envelope.from_bytes(step["envelope"], STATEMENT_TYPE).value["body"]
            rungs[body["rung"]] += 1
            late |= body["clock"] == FIRST_ANSWER and "answer" not in first
        for name, types in STEPS.items():
            if step["type"] in types:
                first.setdefault(name, max(0, step["received"] - began))
    corridor = (country(row["from_agency"]), country(row["to_agency"]))
    return Course(row["from_agency"] == agency, corridor, State(row["state"]), row["grade"], first, rungs, late)
