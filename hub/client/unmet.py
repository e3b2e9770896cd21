"""Needs that nobody met: written down by the caseworker, in codes, as an own record of the agency.

It ends a referral that came back, or stands alone where there was nobody to refer to. No hub ever holds one; counts of
many go out suppressed (`hub.directory.gaps.unmet`, and the monthly counts of outcomes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consent.policy import TABLES
from hub.client import outcomes, reading
from hub.client import records as own
from hub.directory.records.vocabulary import NEEDS, codes
from hub.errors import InvalidRequest, Malformed
from hub.packets import shapes as a
from hub.referrals import reasons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.client.member import Member
    from hub.client.records import Record

KIND = "unmet"
AGE_BANDS = ("unknown", *TABLES["age_bands"]["begin"])
_FORM = a.object_of(
    {
        "handoff": a.null_or(a.identifier),
        "need": a.one_of(*NEEDS),
        "area": a.null_or(a.text),
        "age_band": a.one_of(*AGE_BANDS),
        "sex": a.one_of(None, *codes("sexes")),
        "reason": a.one_of(*reasons.REASONS),
        "barriers": a.list_of(a.one_of(*reasons.BARRIERS), len(reasons.BARRIERS)),
    }
)


@dataclass(frozen=True, slots=True)
class Unmet:
    """A need that nobody met. `service` is its type; `month` that in which it was written down, in UTC."""

    record: str
    handoff: str | None
    need: str
    service: str
    area: str | None
    age_band: str
    sex: str | None
    reason: str
    barriers: tuple[str, ...]
    month: str


def note(member: Member, value: Mapping[str, Any]) -> str:
    """Keep an unmet need, {handoff, need, area, age_band, sex, reason, barriers}; return its record.

    Raises:
        InvalidRequest: it is none, in the words of the lists.
    """
    row = {"handoff": None, "area": None, "sex": None, "barriers": [], **value}
    try:
        _FORM(row)
    except Malformed as error:
        raise InvalidRequest("An unmet need says need, age band and reason, each a word of its list.") from error
    before = next((one for one in own.listing(member, KIND) if _same(one, row)), None)
    return own.put(member, KIND, row, handoff=before.handoff if before else None)


def resolve(
    member: Member, handoff: str, value: Mapping[str, Any] | None = None, why: str | None = None
) -> dict[str, Any]:
    """Record the need of a referral that came back as unmet, and resolve the referral.

    What `value` does not say is taken from what was sent, and the reason from what the recipient said.

    Raises:
        InvalidRequest: the referral did not say the need, or its reason is not known; IllegalTransition: not now.
    """
    sent = next((row.value for row in own.listing(member, "fanout") if row.value["handoff"] == handoff), {})
    said = outcomes.told(member, reading.show(member, handoff), why)
    row: dict[str, Any] = {name: sent.get(name) for name in ("area", "sex")}
    row |= {"age_band": sent.get("age_band") or "unknown", "need": next(iter(sent.get("needs") or ()), None)}
    row |= {"reason": reasons.reason(said.get("code")) or "unreachable_organisation"}
    row |= {"barriers": [*reasons.barriers(said.get("barriers"))]}
    row |= {name: item for name, item in (value or {}).items() if item}
    record = note(member, {**row, "handoff": handoff})
    return outcomes.resolve(member, handoff, record, row["reason"], row["barriers"], why)


def records(member: Member) -> list[Unmet]:
    """Return the unmet needs that the agency wrote down, newest first."""
    rows = [row for row in own.listing(member, KIND) if own.of_form(row, _FORM)]
    return [_unmet(row) for row in rows]


def _unmet(row: Record) -> Unmet:
    value = row.value
    named = {name: value[name] for name in ("handoff", "need", "area", "age_band", "sex", "reason")}
    service, month = NEEDS[value["need"]].service, outcomes.month_of(row.began)
    return Unmet(record=row.handoff, service=service, barriers=tuple(value["barriers"]), month=month, **named)


def _same(row: Record, value: Mapping[str, Any]) -> bool:
    """Whether a record is about the same need of the same referral: told twice it is counted once."""
    return value["handoff"] is not None and all(row.value.get(name) == value[name] for name in ("handoff", "need"))
