"""A service map with a clinic of an agency's, one for small children alone, and what elders advise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.directory.areas.store import Areas
from tests.support import maps

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.client.member import Member

_GROUPS = ("offer", "contact", "focal_point", "capacity", "eligibility", "hours", "pathway")
_ANYONE = ("nationalities", "statuses", "documents", "residence", "vulnerabilities")


def clinics(connection: Connection, nurse: Member, day: str, now: int) -> None:
    """Fill a map: `nurse` answers for the clinics, which were checked on `day`."""
    Areas(connection).put(maps.AREAS)
    checked = maps.checked(*_GROUPS, on=day)
    clinic = maps.provider("Hill Clinic", agency=nurse.agency, kind="health_facility", verified=checked)
    elders = maps.provider("Elders", kind="traditional_leader", formal=False, verified=checked)
    hill = maps.site()
    every = {"open_to": "all", **dict.fromkeys(_ANYONE, "any")}
    band = {"age_from": 0, "sexes": "any", "situations": "any"}
    known = {"verified": checked, "focal_point": {"title": "Nurse", "member": nurse.id}}
    maps.put(
        connection,
        *(clinic, elders, hill),
        maps.service("Clinic", clinic, (hill,), eligibility={"bands": [{**band, "age_to": 17}], **every}, **known),
        maps.service("Small", clinic, (hill,), eligibility={"bands": [{**band, "age_to": 12}], **every}, **known),
        maps.service("Silent", elders, (hill,), verified=checked, eligibility={}, role="support"),
        now=now,
    )
