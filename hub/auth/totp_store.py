"""Rows of the secrets of authenticator apps, sealed; one for each login. SQL only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, delete, select, update

from hub.db import Store, metadata

totp_secrets = Table(
    "totp_secrets",
    metadata,
    Column("login", String(64), primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("confirmed", BigInteger),
    Column("used", BigInteger, nullable=False),
)


class TotpSecrets(Store):
    """Secrets, and the newest step of each that was used."""

    def put(self, login: str, secret: bytes, now: int) -> None:
        """Keep a new secret in the place of one that was not confirmed."""
        self._put(totp_secrets, login=login, secret=secret, created=now, confirmed=None, used=0)

    def secret(self, login: str) -> bytes | None:
        """Return the sealed secret of `login`."""
        return self._connection.scalar(select(totp_secrets.c.secret).where(totp_secrets.c.login == login))

    def active(self, login: str) -> bool:
        """Return whether signing in with `login` takes a code."""
        c = totp_secrets.c
        return self._one(select(c.login).where((c.login == login) & c.confirmed.is_not(None))) is not None

    def confirm(self, login: str, now: int) -> bool:
        """Let the secret count; return whether it did not before."""
        c = totp_secrets.c
        return (
            self._run(update(totp_secrets).where((c.login == login) & c.confirmed.is_(None)).values(confirmed=now)) == 1
        )

    def use(self, login: str, step: int) -> bool:
        """Use a step up; return False if it, or one after it, was used before."""
        c = totp_secrets.c
        return self._run(update(totp_secrets).where((c.login == login) & (c.used < step)).values(used=step)) == 1

    def remove(self, login: str) -> bool:
        """Forget a secret; return whether there was one."""
        return self._run(delete(totp_secrets).where(totp_secrets.c.login == login)) == 1
