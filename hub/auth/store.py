"""Rows of accounts, sessions and invitations.

SQL only. Nothing here opens anything: tokens and codes are kept as hashes, login secrets as verifiers, vaults sealed.
A session that somebody ended is kept until it would have ended by itself: a device that was signed out is told so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from hub.db import Store, metadata
from hub.errors import Conflict, Forbidden, StaleVersion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import RowMapping

SESSION_SECONDS = 12 * 3600
IDLE_SECONDS = 2 * 3600

accounts = Table(
    "accounts",
    metadata,
    Column("login", String(64), primary_key=True),
    Column("agency", String(400), nullable=False),
    Column("member", String(22), nullable=False),
    Column("roles", Text, nullable=False),
    Column("mail", String(254)),
    Column("verifier", LargeBinary, nullable=False),
    Column("kdf", Text, nullable=False),
    Column("vault", LargeBinary, nullable=False),
    Column("vault_version", Integer, nullable=False),
    Column("recovery", LargeBinary),
    Column("sign", String(43), nullable=False),
    Column("recipient", String(100), nullable=False),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("agency", "member"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token", String(43), primary_key=True),
    Column("login", String(64), ForeignKey("accounts.login"), nullable=False, index=True),
    Column("id", String(22), nullable=False, unique=True),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("ended", Boolean, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("code", String(43), primary_key=True),
    Column("agency", String(400), nullable=False),
    Column("roles", Text, nullable=False),
    Column("mail", String(254)),
    Column("expires", BigInteger, nullable=False),
    Column("used", BigInteger),
    Column("member", String(22)),
)


@dataclass(frozen=True, slots=True)
class Account:
    """One member's account. `roles` are those invited for; the certificate says which the member has."""

    login: str
    agency: str
    member: str
    roles: frozenset[str]
    mail: str | None
    verifier: bytes
    kdf: str
    vault: bytes
    vault_version: int
    recovery: bytes | None
    sign: str
    recipient: str
    created: int


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in member's session; `token` is the hash of what the client holds, `id` what a list shows."""

    token: str
    login: str
    id: str
    created: int
    seen: int
    expires: int
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code that lets one member of `agency` enrol; `code` is its hash. With `member` it lets that one come back."""

    code: str
    agency: str
    roles: frozenset[str]
    mail: str | None
    expires: int
    used: int | None
    member: str | None = None


class AccountStore(Store):
    """Accounts and what lets people into them."""

    def add(self, account: Account) -> None:
        """Keep a new account.

        Raises:
            Conflict: the login is taken, or the member has an account.
        """
        if not self._add(accounts, **asdict(account) | {"roles": _joined(account.roles)}):
            raise taken()

    def replace(self, account: Account) -> None:
        """Keep a member's new account in the place of the old one, whose vault, secret and sessions end.

        Raises:
            Conflict: the login is another member's.
        """
        here = (accounts.c.agency == account.agency) & (accounts.c.member == account.member)
        for old in self._connection.scalars(select(accounts.c.login).where(here)).all():
            self._run(delete(sessions).where(sessions.c.login == old))
        self._run(delete(accounts).where(here))
        self.add(account)

    def by_login(self, login: str) -> Account | None:
        """Return the account of `login`."""
        return self._account(accounts.c.login == login)

    def of_member(self, agency: str, member: str) -> Account | None:
        """Return the account of a member."""
        return self._account((accounts.c.agency == agency) & (accounts.c.member == member))

    def of_agency(self, agency: str) -> list[Account]:
        """Return all accounts of an agency, oldest first."""
        query = select(accounts).where(accounts.c.agency == agency).order_by(accounts.c.created, accounts.c.login)
        return [_account(row) for row in self._all(query)]

    def replace_vault(self, login: str, values: dict[str, Any], version: int) -> None:
        """Put another vault, whose version must be one above the one that is kept.

        Raises:
            StaleVersion: it is not.
        """
        where = (accounts.c.login == login) & (accounts.c.vault_version == version - 1)
        if self._run(update(accounts).where(where).values(vault_version=version, **values)) != 1:
            raise StaleVersion("The vault that is kept has another version than the one before yours.")

    def open_session(self, session: Session) -> None:
        """Keep a session."""
        self._run(insert(sessions).values(asdict(session)))

    def session(self, token: str, now: int) -> tuple[Session, Account] | None:
        """Return the session whose token has this hash, with its account, unless it is over or long unused."""
        row = self._one(select(sessions).where((sessions.c.token == token) & _lives(now)))
        account = self.by_login(row["login"]) if row else None
        return (Session(**row), account) if row and account else None

    def close_session(self, token: str) -> None:
        """End one session."""
        self._run(delete(sessions).where(sessions.c.token == token))

    def sessions_of(self, login: str, now: int) -> list[Session]:
        """Return the sessions of an account, the newest first."""
        mine = (sessions.c.login == login) & _lives(now) & sessions.c.ended.is_(False)
        return [Session(**row) for row in self._all(select(sessions).where(mine).order_by(sessions.c.created.desc()))]

    def end_session(self, login: str, named: str) -> bool:
        """End one session of an account, by its id; return whether there was one."""
        mine = (sessions.c.login == login) & (sessions.c.id == named) & sessions.c.ended.is_(False)
        return self._run(update(sessions).where(mine).values(ended=True)) == 1

    def end_sessions(self, login: str, but: str = "") -> None:
        """End all sessions of an account, `but` the one with this token."""
        self._run(update(sessions).where((sessions.c.login == login) & (sessions.c.token != but)).values(ended=True))

    def touch(self, token: str, now: int) -> None:
        """Remember that a session was used."""
        self._run(update(sessions).where(sessions.c.token == token).values(seen=now))

    def invite(self, invitation: Invitation) -> None:
        """Keep an invitation."""
        self._run(insert(invitations).values(asdict(invitation) | {"roles": _joined(invitation.roles)}))

    def invitation(self, code: str, now: int) -> Invitation | None:
        """Return the invitation whose code has this hash, unless it was used or has expired."""
        row = self._one(select(invitations).where(_open(code, now)))
        return None if row is None else Invitation(**{**row, "roles": _split(row["roles"])})

    def redeem(self, code: str, now: int) -> None:
        """Use an invitation up.

        Raises:
            Forbidden: somebody was faster, or it has expired.
        """
        if self._run(update(invitations).where(_open(code, now)).values(used=now)) != 1:
            raise Forbidden("This invitation was used already or has expired.", todo="Ask for a new one.")

    def purge(self, now: int) -> int:
        """Delete what is over: sessions and invitations."""
        ended: Sequence[Any] = (
            delete(sessions).where(sessions.c.expires <= now),
            delete(invitations).where((invitations.c.expires <= now) | invitations.c.used.is_not(None)),
        )
        return sum(self._run(statement) for statement in ended)

    def _account(self, where: Any) -> Account | None:
        row = self._one(select(accounts).where(where))
        return None if row is None else _account(row)


def taken() -> Conflict:
    """Return what somebody is told whose login another account has."""
    return Conflict("This login is taken.", todo="Choose another login; after a few such tries an invitation ends.")


def _lives(now: int) -> ColumnElement[bool]:
    return (sessions.c.expires > now) & (sessions.c.seen + IDLE_SECONDS > now)


def _open(code: str, now: int) -> ColumnElement[bool]:
    c = invitations.c
    return (c.code == code) & (c.expires > now) & c.used.is_(None)


def _account(row: RowMapping) -> Account:
    return Account(**{**row, "roles": _split(row["roles"])})


def _joined(roles: frozenset[str]) -> str:
    return " ".join(sorted(roles))


def _split(roles: str) -> frozenset[str]:
    return frozenset(roles.split())
