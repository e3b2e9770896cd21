"""Whoever changes how an account signs in shows its login secret: a session that was stolen does not do."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from hub.errors import Forbidden
from hub.keys.vault import login_verifier

if TYPE_CHECKING:
    from hub.auth.store import Account


def check_owner(account: Account, auth: bytes | None) -> None:
    """Return if `auth` is the account's login secret.

    Raises:
        Forbidden: it is not.
    """
    if auth is None or not hmac.compare_digest(login_verifier(auth), account.verifier):
        raise Forbidden("This takes the login secret that counts now.", todo="Sign in again, with the passphrase.")
