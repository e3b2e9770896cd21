"""Who a request comes from: sessions and invitations in the Authorization header.

`Bearer <token>` is a session, `Invitation <code>` an invitation. A member's roles are those of the certificate that is
valid now, not those of the account: who is revoked is nobody from the next request on, whatever session is left.
Sessions and invitations end by the machine's clock, certificates by the hub's, which a demonstration may accelerate.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import g, request

from hub.auth.accounts import secret_hash
from hub.auth.permissions import Caller, register_verifier
from hub.auth.store import AccountStore
from hub.context import current_hub
from hub.errors import Unauthenticated
from hub.keys.store import KeyStore
from hub.packets.dsse import kid
from hub.packets.encoding import from_b64u

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Connection

    from hub.auth.store import Account

_SECRET = re.compile(r"(Bearer|Invitation) ([A-Za-z0-9_-]{20,64})")


def register_access(app: Flask) -> None:
    """Let members and invitations in on the routes that are theirs."""
    register_verifier(app, "member", member_caller)
    register_verifier(app, "invitation", invitation_caller)


def member_caller() -> Caller:
    """Return the member whose session the request carries.

    Raises:
        Unauthenticated: no session, an ended one, or that of a member who was revoked.
    """
    hub, token = current_hub(), _credential("Bearer")
    with hub.database.read() as connection:
        found = AccountStore(connection).session(token, hub.wire.now())
        if found is None:
            raise Unauthenticated("This session has ended.")
        g.session, g.account = found
        roles = _certified(connection, g.account, hub.clock.now())
    return Caller(g.account.agency, g.account.member, roles, pending=not roles, credential=token)


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


def _credential(scheme: str) -> str:
    found = _SECRET.fullmatch(request.headers.get("Authorization", ""))
    if found is None or found[1] != scheme:
        raise Unauthenticated("Nobody is signed in.")
    return secret_hash(found[2])


def waits(keys: KeyStore, account: Account) -> bool:
    """Return whether an account's device waits for its first certificate: a new member's, or a lost one's successor."""
    certified = keys.member(account.agency, account.member)
    revoked = certified is not None and certified.revoked_at is not None
    own = revoked and keys.devices(account.agency, keyid=kid(from_b64u(account.sign, 32)))
    return certified is None or (revoked and not own)


def _certified(connection: Connection, account: Account, now: int) -> frozenset[str]:
    keys = KeyStore(connection)
    certified = keys.member(account.agency, account.member)
    if certified is None or waits(keys, account):
        return frozenset()
    if certified.revoked_at is not None:
        raise Unauthenticated("This session has ended.")
    return certified.roles if certified.active(now) else frozenset()
