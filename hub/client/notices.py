"""Notices of arrivals by a body that may send and never receive: one way, sealed, about who comes when (R08).

Nothing goes back, not even that it was read. What may be said is one closed form; whoever opens it holds back anything
else. A notice rests on the sender's duty and on no consent, so it gives no right to pass anything on.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from hub.client import opening, reading, records
from hub.client.member import workspace
from hub.client.noticeform import SECTION, excerpt, notice
from hub.errors import InvalidRequest, Malformed, NotPermitted
from hub.ids import random_id
from hub.packets import seal
from hub.statements.grammar import NOTICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.client.member import Member

KIND: Final = "notice"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that came: from whom, when it was signed, and what it says."""

    handoff: str
    from_agency: str
    at: int
    says: Mapping[str, Any] = field(repr=False)


def send(member: Member, to: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Give notice of an arrival to an agency; return it as the hub shows it.

    Raises:
        InvalidRequest: it says anything but day, place, how they travel, and of each person band, sex and reference.
        Forbidden: the own agency is no body that only gives notices (R08).
    """
    try:
        whole = notice({"v": 1, **said})
    except Malformed as error:
        raise InvalidRequest("A notice says day, place and who comes, in its form.", todo="See docs/cli.md.") from error
    agency = member.trust.agency(to)
    month = datetime.fromtimestamp(member.clock.now(), UTC).strftime("%Y-%m")
    basis = seal.Basis(secrets.token_bytes(32), excerpt(to), agency.entry.country, month)
    with workspace() as folder:
        part = member.seal(folder, member.target(agency), {SECTION: whole}, basis=basis)
        envelope = member.statement(NOTICE, random_id(), {"kind": KIND}, by=[member.me()], part=part)
        return records.send(member, "/api/v1/handoffs", envelope, part.source)


def listing(member: Member) -> list[dict[str, Any]]:
    """Return the rows of the notices that came to this agency, newest first: the hub's list."""
    return list(reading.pages(member, KIND, "in"))


def read(member: Member, handoff: str, why: str | None = None) -> Notice:
    """Return a notice that came; opening it is logged, because it is about somebody.

    Raises:
        NotPermitted: it says more than one may; nothing of it is shown.
    """
    (opened,) = opening.open_handoff(member, handoff, why=why)
    if opened.quarantined:
        raise NotPermitted("This notice says more than one may; it was held back.", sections=[SECTION])
    said = reading.show(member, handoff).submission.statement
    return Notice(handoff, opened.from_agency, said.at, notice(opened.sections[SECTION]))
