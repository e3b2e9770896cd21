"""Failed sign-ins, counted per login and per network address: too many lock it for a while, and longer each time.

SQL and one rule. Counts stand under keyed hashes and are of logins that exist and of those that do not, so that neither
answer nor work tells which do. Tries during a lock are not counted. A client that has signed in before shows so, and is
counted by itself: who knows a login can lock out strangers to it, not its member's own devices.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import BigInteger, Column, Integer, String, Table, case, delete, select, update

from hub.db import Store, metadata
from hub.packets.encoding import b64u

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.packets.dsse import Signer

LOCKED: Final = 15 * 60
LONGEST: Final = 4 * 3600
FORGOTTEN: Final = 24 * 3600
"""After so long without a failure a count begins anew."""
OF_LOGIN: Final = 10
OF_INVITATION: Final = 5
"""So many taken logins may an invitation ask for."""
OF_ADDRESS: Final = 100
"""A whole office, or a whole network, may be behind one address."""

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("who", String(43), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since", BigInteger, nullable=False, index=True),
    Column("until", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What failures are counted under, and how many lock it."""

    who: str
    limit: int


def lock_seconds(failures: int, limit: int) -> int:
    """Return for how long this failure locks: at the limit, then after each half as many, twice as long."""
    over, step = failures - limit, limit // 2
    return 0 if over < 0 or over % step else min(LOCKED << min(over // step, 10), LONGEST)


def name_of(signer: Signer, kind: str, who: str) -> str:
    """Return the name under which failures are counted: it says nothing without the hub's key."""
    return b64u(hmac.digest(signer.sign(b"rcp/1/failures"), f"{kind} {who}".encode(), "sha256"))


def mark_of(signer: Signer, login: str, nonce: str) -> str:
    """Return what a client shows that has signed in with this login before; `nonce` is its own."""
    return nonce + name_of(signer, "known", f"{nonce} {login}")


class Tries(Store):
    """Counts of failures."""

    def locked(self, counted: Sequence[Counted], now: int) -> bool:
        """Return whether one of these is locked."""
        c = sign_in_failures.c
        return bool(self._all(select(c.who).where(c.who.in_([one.who for one in counted]) & (c.until > now))))

    def failed(self, counted: Sequence[Counted], now: int) -> None:
        """Count one more failure for each that is not locked."""
        for one in sorted(counted, key=lambda one: one.who):
            self._count(one, now)

    def succeeded(self, one: Counted) -> None:
        """Forget the failures of one."""
        self._run(delete(sign_in_failures).where(sign_in_failures.c.who == one.who))

    def purge(self, now: int) -> int:
        """Delete counts that are forgotten."""
        c = sign_in_failures.c
        return self._run(delete(sign_in_failures).where((c.since + FORGOTTEN <= now) & (c.until <= now)))

    def _count(self, one: Counted, now: int) -> None:
        c = sign_in_failures.c
        changes = {
            "failures": case((c.until > now, c.failures), (c.since + FORGOTTEN <= now, 1), else_=c.failures + 1),
            "since": case((c.until > now, c.since), else_=now),
        }
        first = self._insert(sign_in_failures, {"who": one.who, "failures": 1, "since": now, "until": 0})
        counting = first.on_conflict_do_update(index_elements=["who"], set_=changes).returning(c.failures)
        failures = self._connection.execute(counting).scalar_one()
        if seconds := lock_seconds(failures, one.limit):
            here = (c.who == one.who) & (c.until <= now)
            self._run(update(sign_in_failures).where(here).values(until=now + seconds))
