"""Enrolment, sign-in and vaults: the use cases of an account (docs/protocol.md §5).

The hub learns a login secret's hash and a sealed vault, never a passphrase or a key. Rules: an unknown login answers
like a known one with a wrong secret, in the same steps, with a salt that is always the same for it; after ten failures
nothing signs in for a quarter of an hour, and nobody is told; tokens and codes are kept as hashes.
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import TYPE_CHECKING, Any

from hub.auth.store import Account, AccountStore, Invitation, Session
from hub.errors import Conflict, InvalidRequest
from hub.keys.vault import ALGORITHM, MEMORY_FLOOR, OPS_FLOOR, login_verifier
from hub.packets.age import Recipient
from hub.packets.dsse import check_public_key
from hub.packets.encoding import b64u, canonical, parse_json, sha256
from hub.statements.bodies import Role

if TYPE_CHECKING:
    from hub.keys.store import KeyStore
    from hub.packets.dsse import Signer

SESSION_SECONDS = 12 * 3600
INVITATION_SECONDS = 7 * 24 * 3600
ROLES = frozenset(role.value for role in Role)
KDF_FLOOR = {"alg": ALGORITHM, "mem": MEMORY_FLOOR, "ops": OPS_FLOOR}
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_MAIL = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9][A-Za-z0-9.-]{{0,188}}")
_NOBODY = bytes(32)


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


def enrol(store: AccountStore, invitation: Invitation, given: dict[str, Any], now: int) -> Account:
    """Return the account made of an invitation, which is used up. The member waits for its agency's certificate.

    Raises:
        InvalidRequest: the invitation is for a member who comes back, and this is another one.
    """
    if invitation.member not in {None, given["member"]}:
        raise InvalidRequest("This invitation is for another member.", todo="Ask for one of your own.")
    old = store.of_member(invitation.agency, given["member"]) if invitation.member else None
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


def kdf_of(store: AccountStore, login: str, signer: Signer) -> dict[str, Any]:
    """Return the parameters with which `login` derives its keys; those of an unknown login look the same each time."""
    account = store.by_login(login)
    salt = hmac.digest(signer.sign(b"rcp/1/unknown-login"), login.encode(), "sha256")[:16]
    invented = {**KDF_FLOOR, "salt": b64u(salt)}
    known: dict[str, Any] = parse_json(account.kdf.encode() if account else canonical(invented))
    return known


def sign_in(store: AccountStore, login: str, auth: bytes, now: int) -> tuple[str, Session] | None:
    """Return a new session's token and the session, or None for whatever reason: the caller is told nothing more."""
    account, counted = store.by_login(login), secret_hash(login)
    fits = hmac.compare_digest(login_verifier(auth), account.verifier if account else _NOBODY)
    if store.locked(counted, now) or not fits or account is None:
        store.failed(counted, now)
        return None
    store.succeeded(counted)
    token = b64u(secrets.token_bytes(32))
    session = Session(secret_hash(token), login, now, now + SESSION_SECONDS)
    store.open_session(session)
    return token, session


def replace_vault(store: AccountStore, session: Session, version: int, given: dict[str, Any]) -> None:
    """Keep another vault. With a new login secret come its parameters, and every other session ends.

    Raises:
        StaleVersion: the version does not rise by one.
        InvalidRequest: a login secret without parameters, or the reverse.
    """
    values: dict[str, Any] = {name: given[name] for name in ("vault", "recovery") if name in given}
    if ("auth" in given) != ("kdf" in given):
        raise InvalidRequest("A new login secret and its parameters come together.")
    if "auth" in given:
        values |= {"verifier": login_verifier(given["auth"]), "kdf": canonical(given["kdf"]).decode()}
        store.close_sessions(session.login, but=session.token)
    store.replace_vault(session.login, values, version)
