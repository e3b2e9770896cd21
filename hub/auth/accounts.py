"""Enrolment, sign-in and vaults: the use cases of an account (docs/protocol.md §5).

The hub learns a login secret's hash and a sealed vault, never a passphrase or a key. Rules: an unknown login answers
like a known one with a wrong secret, in the same steps; after too many failures of a login, or from an address, nothing
signs in for a while (`hub.auth.tries`), and nobody is told; an invitation that asks for one taken login after another
ends; tokens and codes are kept as hashes.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.auth import totp
from hub.auth.events import AccountEvents
from hub.auth.owner import check_owner
from hub.auth.store import SESSION_SECONDS, Account, AccountStore, Invitation, Session, taken
from hub.auth.totp_store import TotpSecrets
from hub.auth.tries import OF_ADDRESS, OF_INVITATION, OF_LOGIN, Counted, Tries, mark_of, name_of
from hub.errors import Conflict, HubError, InvalidRequest, Unauthenticated
from hub.ids import random_id
from hub.keys.vault import login_verifier
from hub.packets.age import Recipient
from hub.packets.dsse import check_public_key
from hub.packets.encoding import b64u, canonical, sha256
from hub.statements.bodies import Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.keys.store import KeyStore
    from hub.packets.dsse import Signer

INVITATION_SECONDS = 7 * 24 * 3600
ROLES = frozenset(role.value for role in Role)
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_MAIL = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9][A-Za-z0-9.-]{{0,188}}")
_NOBODY = bytes(32)
NONCE = 22


def secret_hash(secret: str) -> str:
    """Return what is kept of a token, a code or a login that failed."""
    return b64u(sha256(b"rcp/1/kept\x00", secret.encode()))


def is_mail_address(text: str) -> bool:
    """Return whether mail can be sent to what is said to be an address."""
    return _MAIL.fullmatch(text) is not None


def invite(
    store: AccountStore, agency: str, roles: frozenset[str], mail: str | None, now: int, member: str | None = None
) -> str:
    """Return a new code with which one person becomes a member of `agency`; only its hash is kept.

    With `member`, one who is a member already comes back with a new device: the caller has seen that no old is good.

    Raises:
        InvalidRequest: no role, one that does not exist, or an address to which no mail can be sent.
    """
    if not roles or not roles <= ROLES:
        raise InvalidRequest("An invitation names at least one role, and only roles that exist.")
    if mail is not None and not is_mail_address(mail):
        raise InvalidRequest("This is not a mail address.")
    code = b64u(secrets.token_bytes(20))
    store.invite(Invitation(secret_hash(code), agency, roles, mail, now + INVITATION_SECONDS, None, member))
    return code


def enrol(
    connection: Connection, invitation: Invitation, given: dict[str, Any], signer: Signer, now: int
) -> Account | HubError:
    """Return the account made of an invitation, which is used up. The member waits for its agency's certificate.

    Or what the caller is told whose login is taken: returned and not raised, since that is counted. An invitation tells
    it of a few logins and then ends.

    Raises:
        InvalidRequest: the invitation is for a member who comes back, and this is another one.
    """
    if invitation.member not in {None, given["member"]}:
        raise InvalidRequest("This invitation is for another member.", todo="Ask for one of your own.")
    store = AccountStore(connection)
    holder = store.by_login(given["login"])
    if holder is not None and (holder.agency, holder.member) != (invitation.agency, invitation.member):
        tries, counted = Tries(connection), [Counted(name_of(signer, "taken", invitation.code), OF_INVITATION)]
        tries.failed(counted, now)
        if tries.locked(counted, now):
            store.redeem(invitation.code, now)
        return taken()
    old = store.of_member(invitation.agency, given["member"]) if invitation.member else None
    if old is not None:
        TotpSecrets(connection).remove(old.login)
    account = Account(
        login=given["login"],
        agency=invitation.agency,
        member=given["member"],
        roles=invitation.roles,
        mail=invitation.mail or (old.mail if old else None),
        verifier=login_verifier(given["auth"]),
        kdf=canonical(given["kdf"]).decode(),
        vault=given["vault"],
        vault_version=1,
        recovery=given["recovery"],
        sign=b64u(check_public_key(given["sign"])),
        recipient=str(Recipient.parse(given["recipient"])),
        created=now,
    )
    store.redeem(invitation.code, now)
    (store.replace if invitation.member else store.add)(account)
    return account


def check_gone(keys: KeyStore, agency: str, member: str, now: int) -> None:
    """Return if a member of an agency has had devices and none of them is good any more.

    Raises:
        Conflict: one is good, or there was none: whoever enrols would take over what it may do.
    """
    devices = keys.devices(agency, member=member)
    if not devices or any(device.active(now) for device in devices):
        raise Conflict("This member has a device that is good, or never had one.", todo="Revoke the lost one first.")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody signs in with, and from where; no `address` where a proxy hides it."""

    login: str
    auth: bytes
    code: str | None
    address: str | None
    known: str | None = None
    """The mark of a client that has signed in before, if it shows one."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session, with its token and the mark of the client."""

    token: str
    session: Session
    known: str


def sign_in(connection: Connection, attempt: Attempt, signer: Signer, now: int) -> Opened | HubError:
    """Return a new session, or what the caller is told: returned and not raised, since the count is kept."""
    store, tries, login = AccountStore(connection), Tries(connection), attempt.login
    mark = _mark(attempt, signer)
    account, counted = store.by_login(login), _counted(attempt, mark, signer)
    fits = hmac.compare_digest(login_verifier(attempt.auth), account.verifier if account else _NOBODY)
    if tries.locked(counted, now) or not fits or account is None:
        tries.failed(counted, now)
        return Unauthenticated(
            "The login or its secret is wrong.", todo="Check login, passphrase and device, then try again."
        )
    secrets_ = TotpSecrets(connection)
    if secrets_.active(login) and not (attempt.code and totp.fits(secrets_, login, attempt.code, signer, now)):
        if attempt.code:
            tries.failed(counted, now)
        return totp.refused(attempt.code)
    tries.succeeded(counted[0])
    token = b64u(secrets.token_bytes(32))
    session = Session(secret_hash(token), login, random_id(), now, now, now + SESSION_SECONDS)
    store.open_session(session)
    return Opened(token, session, mark or mark_of(signer, login, random_id()))


def _mark(attempt: Attempt, signer: Signer) -> str | None:
    """Return the client's mark if this hub gave it to somebody who had signed in with this login."""
    shown = attempt.known or ""
    return shown if hmac.compare_digest(shown, mark_of(signer, attempt.login, shown[:NONCE])) else None


def _counted(attempt: Attempt, mark: str | None, signer: Signer) -> list[Counted]:
    """Return what a failure is counted under: the client by itself, or the login and the network where it is known."""
    if mark is not None:
        return [Counted(name_of(signer, "client", mark), OF_LOGIN)]
    named = [("login", attempt.login, OF_LOGIN), ("address", attempt.address, OF_ADDRESS)]
    return [Counted(name_of(signer, kind, who), limit) for kind, who, limit in named if who]


def end_everywhere(connection: Connection, account: Account, now: int) -> None:
    """End every session of an account: devices that are signed in lock themselves when they ask the hub next."""
    AccountStore(connection).end_sessions(account.login)
    AccountEvents(connection).put(account, "signed_out", account.member, now)


def replace_vault(
    connection: Connection, who: tuple[Account, Session], version: int, given: dict[str, Any], now: int
) -> None:
    """Keep another vault. With a new login secret come its parameters, and every other session ends.

    The same vault again changes nothing: an answer may have been lost.

    Raises:
        StaleVersion: the version does not rise by one.
        InvalidRequest: a login secret without parameters, or the reverse.
        Forbidden: not the present login secret: whoever has a session alone spoils no vault.
    """
    store, (account, session) = AccountStore(connection), who
    values: dict[str, Any] = {name: given[name] for name in ("vault", "recovery") if name in given}
    if ("auth" in given) != ("kdf" in given):
        raise InvalidRequest("A new login secret and its parameters come together.")
    if (account.vault_version, account.vault) == (version, given["vault"]):
        return
    check_owner(account, given["current"])
    if "auth" in given:
        values |= {"verifier": login_verifier(given["auth"]), "kdf": canonical(given["kdf"]).decode()}
        store.end_sessions(account.login, but=session.token)
        AccountEvents(connection).put(account, "passphrase", account.member, now)
    store.replace_vault(account.login, values, version)
