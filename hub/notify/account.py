"""A word to a member whose login takes no code of an authenticator app any more, whoever saw to it. Sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.notify.store import Notices
from hub.notify.templates import CODES_OFF

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.auth.store import Account


def tell_codes_off(connection: Connection, account: Account, now: int) -> bool:
    """Promise a notice to the member whose account it is; return whether it is new."""
    key = f"codes-off:{account.member}:{now}"
    return Notices(connection).put(
        key=key, to_agency=account.agency, to_member=account.member, template=CODES_OFF, now=now
    )
