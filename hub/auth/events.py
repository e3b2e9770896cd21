"""What happened to an account and who did it, for its member and their agency's admins. SQL only; no content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, Column, Integer, String, Table, delete, insert, select

from hub.db import Store, metadata

if TYPE_CHECKING:
    from hub.auth.store import Account

KEPT: Final = 400 * 86_400
KINDS: Final = ("passphrase", "signed_out", "totp_off", "totp_on", "totp_reset")
_MOST: Final = 100

account_events = Table(
    "account_events",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("agency", String(400), nullable=False),
    Column("member", String(22), nullable=False),
    Column("what", String(16), nullable=False),
    Column("by", String(22), nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
)


class AccountEvents(Store):
    """Rows of what happened."""

    def put(self, account: Account, what: str, by: str, now: int) -> None:
        """Write down that member `by` did this to an account."""
        whose = {"agency": account.agency, "member": account.member}
        self._run(insert(account_events).values(**whose, what=what, by=by, at=now))

    def listing(self, agency: str, member: str | None = None) -> list[dict[str, Any]]:
        """Return what happened in an agency, or to one member of it, the newest first."""
        c = account_events.c
        where = (c.agency == agency) if member is None else (c.agency == agency) & (c.member == member)
        rows = self._all(select(account_events).where(where).order_by(c.seq.desc()).limit(_MOST))
        return [{name: row[name] for name in ("member", "what", "by", "at")} for row in rows]

    def purge(self, now: int) -> int:
        """Delete what is older than is kept."""
        return self._run(delete(account_events).where(account_events.c.at + KEPT <= now))
