"""Who a request comes from: sessions and invitations in the Authorization header.

`Bearer <token>` is a session, `Invitation <code>` an invitation; never a cookie, so no other site can make a browser
act. A session ends after some hours, and sooner when it is not used. A member's roles are those of the certificate that
is valid now, not those of the account: who is revoked is nobody from the next request on, whatever session is left.
Sessions and invitations end by the machine's clock, certificates by the hub's, which a demonstration may accelerate.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from flask import g, request

from hub.auth.accounts import secret_hash
from hub.auth.permissions import Caller, register_verifier
from hub.auth.store import AccountStore
from hub.auth.totp_store import TotpSecrets
from hub.context import current_hub
from hub.errors import SignedOut, Unauthenticated
from hub.keys.store import KeyStore
from hub.packets.dsse import kid
from hub.packets.encoding import from_b64u

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Connection

    from hub.auth.store import Account
    from hub.keys.certificates import Device

TOUCHED = 5 * 60
"""How exactly the hub knows when a session was used last."""
_SECRET = re.compile(r"(Bearer|Invitation) ([A-Za-z0-9_-]{20,64})")


def register_access(app: Flask) -> None:
    """Let members and invitations in on the routes that are theirs."""
    register_verifier(app, "member", member_caller)
    register_verifier(app, "invitation", invitation_caller)


def member_caller() -> Caller:
    """Return the member whose session the request carries.

    Raises:
        Unauthenticated: no session, one that is over, or that of a member who was revoked.
        SignedOut: somebody ended it.
    """
    hub, token = current_hub(), _credential("Bearer")
    now = hub.wire.now()
    with hub.database.read() as connection:
        found = AccountStore(connection).session(token, now)
        if found is None:
            raise Unauthenticated("This session has ended.")
        g.session, g.account = found
        if g.session.ended:
            raise SignedOut("This session was ended from another device, or by an agency admin.")
        roles = _certified(connection, g.account, hub.clock.now())
        codeless = hub.settings.totp and not TotpSecrets(connection).active(g.account.login)
    if g.session.seen + TOUCHED <= now:
        with hub.database.write() as connection:
            AccountStore(connection).touch(token, now)
    who = g.account.agency, g.account.member, roles
    return Caller(*who, pending=not roles, credential=token, codeless=codeless)


def invitation_caller() -> Caller:
    """Return the invitation that the request carries, with the agency and the roles that it is for.

    Raises:
        Unauthenticated: none, a used one, or one that has expired.
    """
    hub, code = current_hub(), _credential("Invitation")
    with hub.database.read() as connection:
        invitation = AccountStore(connection).invitation(code, hub.wire.now())
    if invitation is None:
        raise Unauthenticated("This invitation does not hold.", todo="Ask for a new one.")
    g.invitation = invitation
    return Caller(invitation.agency, roles=invitation.roles, credential=code)


def network_address() -> str | None:
    """Return the network that a request comes from, IPv6 by its first half, where that is known.

    Without proxies in the settings, a private address may be that of one that everybody comes through: it is None.
    """
    hops, proxies = request.headers.get("X-Forwarded-For", "").split(","), current_hub().settings.proxies
    named = hops[-proxies].strip() if 0 < proxies <= len(hops) else "" if proxies else request.remote_addr or ""
    try:
        found = ipaddress.ip_address(named)
    except ValueError:
        return None
    if not proxies and not found.is_global:
        return None
    return str(ipaddress.ip_network((found, 64), strict=False) if found.version == 6 else found)  # noqa: PLR2004


def _credential(scheme: str) -> str:
    found = _SECRET.fullmatch(request.headers.get("Authorization", ""))
    if found is None or found[1] != scheme:
        raise Unauthenticated("Nobody is signed in.")
    return secret_hash(found[2])


def waits(keys: KeyStore, account: Account) -> bool:
    """Return whether an account's device waits for its first certificate: a new member's, or a lost one's successor."""
    return _awaited(keys, account, keys.member(account.agency, account.member))


def _awaited(keys: KeyStore, account: Account, certified: Device | None) -> bool:
    if certified is None or certified.revoked_at is None:
        return certified is None
    return not keys.devices(account.agency, keyid=kid(from_b64u(account.sign, 32)))


def _certified(connection: Connection, account: Account, now: int) -> frozenset[str]:
    keys = KeyStore(connection)
    certified = keys.member(account.agency, account.member)
    if certified is None or _awaited(keys, account, certified):
        return frozenset()
    if certified.revoked_at is not None:
        raise Unauthenticated("This session has ended.")
    return certified.roles if certified.active(now) else frozenset()
