"""Somebody leaves: what they held goes to the deputy whom the agency's key entry names, and the queue shows it.

Decides nothing about keys: the revocation that stands in the log comes first. Run twice, it moves nothing twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hub.errors import Conflict
from hub.keys.certificates import CASE_ROLES
from hub.keys.store import KeyStore
from hub.notify.roles import NAMED
from hub.notify.teller import Teller
from hub.notify.templates import TASK
from hub.referrals.store import ReferralStore

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.referrals.domain import Referral


def succeed(connection: Connection, origin: str, agency: str, member: str, now: int) -> int:
    """Give the referrals that a member owned, on either side, to the deputy; return how many.

    Without a deputy who works on cases they stay as they are, and the whole team is told of what waits (`Teller`).

    Raises:
        Conflict: a key of the member is still good, or this is no member: what a link holds is not given away.
    """
    keys, store = KeyStore(connection), ReferralStore(connection)
    devices = keys.devices(agency, member=member)
    if not devices or any(device.active(now) for device in devices):
        raise Conflict("A key of this member is still good, or there never was one.", todo="Revoke it first.")
    deputy = keys.agency(agency).deputy
    here = {device.member for device in keys.members_with_roles(agency, CASE_ROLES, now)}
    if deputy is None or deputy not in here:
        return 0
    held = store.held_by(agency, member)
    for referral in held:
        after = _passed_on(referral, agency, member, deputy)
        store.save(after, was=referral.version)
    if held:
        teller, key = Teller(connection, origin), f"left:{member}:{deputy}"
        teller.tell(agency, {NAMED}, TASK, about=held[0].id, key=key, now=now, named=deputy)
    return len(held)


def _passed_on(referral: Referral, agency: str, member: str, deputy: str) -> Referral:
    owner = deputy if (referral.to_agency, referral.owner) == (agency, member) else referral.owner
    sent_by = deputy if (referral.from_agency, referral.sent_by) == (agency, member) else referral.sent_by
    return replace(referral, owner=owner, sent_by=sent_by, version=referral.version + 1)
