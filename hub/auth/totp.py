"""The second step of a sign-in: six digits of an authenticator app (RFC 6238), where a hub or a member wants it.

The secret is made here and shown once. It counts from the first code that fits; a code counts once; the one before and
the one after now count too, for phones whose clock is a little off. Rules: whoever turns it off shows a code; an agency
admin can reset a colleague's, whose sessions end. Each of these is written down (`hub.auth.events`).
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

import pyotp

from hub.auth.events import AccountEvents
from hub.auth.owner import check_owner
from hub.auth.store import AccountStore
from hub.auth.totp_store import TotpSecrets
from hub.auth.tries import OF_LOGIN, Counted, Tries, name_of
from hub.errors import BadSignature, Conflict, Forbidden, NotFound, TotpRequired
from hub.keys.atrest import open_at_rest, seal_at_rest

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.auth.store import Account, Session
    from hub.packets.dsse import Signer

STEP = 30
_WRONG = "This code does not fit, or was used already."


def begin(connection: Connection, account: Account, signer: Signer, host: str, now: int) -> dict[str, str]:
    """Return a new secret, as text and as the address that an authenticator app reads; nothing is demanded yet.

    Raises:
        Conflict: there is one in use.
    """
    rows = TotpSecrets(connection)
    if rows.active(account.login):
        raise Conflict("Codes are in use for this login already.", todo="Turn them off with a code first.")
    secret = pyotp.random_base32()
    rows.put(account.login, seal_at_rest(signer, secret.encode(), _name(account.login)), now)
    return {"secret": secret, "uri": pyotp.TOTP(secret).provisioning_uri(name=account.login, issuer_name=host)}


def switch(
    connection: Connection, who: tuple[Account, Session], signer: Signer, given: dict[str, Any], now: int
) -> bool:
    """Turn codes on or off with one that fits; return whether it did. Turned on, every other session ends.

    Tries are counted beside those of signing in: a session that was stolen guesses no code away.
    """
    account, session = who
    check_owner(account, given["current"])
    rows, tries, counted = TotpSecrets(connection), Tries(connection), [of_codes(account.login, signer)]
    if tries.locked(counted, now) or not fits(rows, account.login, given["code"], signer, now):
        tries.failed(counted, now)
        return False
    if given["active"]:
        if rows.confirm(account.login, now):
            AccountStore(connection).end_sessions(account.login, but=session.token)
            AccountEvents(connection).put(account, "totp_on", account.member, now)
    else:
        rows.remove(account.login)
        AccountEvents(connection).put(account, "totp_off", account.member, now)
    return True


def reset(connection: Connection, account: Account, by: str, now: int) -> None:
    """Forget the secret of somebody whose phone is lost, and end their sessions.

    Raises:
        NotFound: no codes are in use.
    """
    if not TotpSecrets(connection).remove(account.login):
        raise NotFound("This member uses no codes.")
    AccountStore(connection).end_sessions(account.login)
    AccountEvents(connection).put(account, "totp_reset", by, now)


def fits(rows: TotpSecrets, login: str, code: str, signer: Signer, now: int) -> bool:
    """Return whether a code is one of now that was not used, and use it up."""
    sealed = rows.secret(login)
    if sealed is None:
        return False
    try:
        totp = pyotp.TOTP(open_at_rest(signer, sealed, _name(login)).decode())
    except BadSignature:
        return False
    steps = (now // STEP + near for near in (0, -1, 1))
    found = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)]
    return bool(found) and rows.use(login, found[0])


def refused(code: str | None) -> TotpRequired:
    """Return what a client is told that gave no code at a sign-in, or one that does not fit."""
    return TotpRequired(_WRONG if code else "This login needs a code of your authenticator app, too.")


def wrong() -> Forbidden:
    """Return what a member is told who is signed in and shows a code that does not fit."""
    return Forbidden(_WRONG, todo="Wait until the app shows the next code, and type that one.")


def of_codes(login: str, signer: Signer) -> Counted:
    """Return what wrong codes of somebody who is signed in are counted under."""
    return Counted(name_of(signer, "code", login), OF_LOGIN)


def _name(login: str) -> str:
    return f"totp {login}"
