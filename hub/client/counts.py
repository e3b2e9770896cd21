"""What an agency counts of its own work, by month, out of its sealed records: suppressed here, signed, sent once.

Facts are in codes and name nobody. The document is kept as an own record before it goes out, and the same bytes go out
again if it has to be sent again: a month is never counted twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.client import outcomes, reading, records, unmet
from hub.directory.records.vocabulary import NEEDS
from hub.errors import InvalidRequest
from hub.packets import shapes as a
from hub.packets.encoding import canonical, parse_json
from hub.referrals.domain import State
from hub.reports.document import CODE, COUNTERS, MONTH, Counts, sign_counts, stated
from hub.reports.domain import ENDINGS, UNSAID, Fact, month_of, settled
from hub.reports.suppression import Row, suppress

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hub.client.member import Member
    from hub.packets.dsse import Envelope
    from hub.reports.suppression import Told

KIND: Final = "counts"
_PATH: Final = "/api/v1/reports/counts"
_FORM: Final = a.object_of({"month": MONTH, "document": a.at_least({})})
_OVER: Final[Mapping[str, str | None]] = {
    State.DECLINED: "declined",
    State.CLOSED_DECLINED: "declined",
    State.EXPIRED: "expired",
    State.CLOSED_EXPIRED: "expired",
    State.NOT_COMPLETED: "not_completed",
    State.CLOSED_UNMET: "not_completed",
    State.CANCELLED: "stopped",
    State.CONSENT_WITHDRAWN: "stopped",
    State.ENTERED_IN_ERROR: None,
}
"""How a referral ended of which no record says more; all other states are open, and a mistake counts for nothing."""


def facts(member: Member, month: str) -> list[Fact]:
    """Return what the agency's records say of the needs for which it sought help in a month."""
    rows = {row["id"]: row for row in reading.pages(member, "referral", "out")}
    ended = {fact.handoff: fact for fact in outcomes.facts(member)}
    vain = unmet.records(member)
    without = {one.handoff for one in vain if one.handoff}
    found = [
        fact
        for sent in records.listing(member, "fanout")
        if month_of(sent.began) == month and sent.value["handoff"] in rows
        for fact in _sent(month, sent.value, rows[sent.value["handoff"]], ended.get(sent.value["handoff"]), without)
    ]
    return found + [_in_vain(one) for one in vain if one.handoff is None and one.month == month]


def publish(member: Member, month: str, but: Iterable[str] = ()) -> dict[str, Any]:
    """Count a month, unless it was counted before, and send the signed document; return what is published.

    `but` names splits to leave out; of what the hub did not take they are taken away, so that nothing is counted anew.

    Raises:
        InvalidRequest: the month is not settled.
        Forbidden: the member may not publish counts; Conflict: other counts of this month are published.
    """
    member.role(COUNTERS)
    now = member.clock.now()
    if not settled(month, now):
        raise InvalidRequest("This month is not settled yet.", todo="Publish it three months after its end.")
    kept, names = _kept(member, month), frozenset(but)
    document = kept.value["document"] if kept else None
    if kept is None or (names and together(member, month)["own"] is None):
        rows = _without(document, names) if kept else suppress(facts(member, month), but=names)
        document = _value(sign_counts(Counts(member.agency, month, now, rows), member.signer))
        before = kept.handoff if kept else None
        records.put(member, KIND, {"month": month, "document": document}, handoff=before, roles=COUNTERS)
    return dict(member.hub.put(_PATH, {"counts": document}))


def together(member: Member, month: str, split: str | None = None) -> dict[str, Any]:
    """Return what all agencies published of a month, as the hub adds it up, by a split; and the own document."""
    return dict(member.hub.get(_PATH, month=month, **({"split": split} if split else {})))


def _kept(member: Member, month: str) -> records.Record | None:
    """Return the first document of a month that a member who may publish one kept, or None."""
    kept = [
        row
        for row in records.listing(member, KIND)
        if records.of_form(row, _FORM) and row.value["month"] == month and row.by.role in COUNTERS
    ]
    return min(kept, key=lambda row: (row.began, row.handoff), default=None)


def _without(document: Any, names: Collection[str]) -> Told:
    """Return what a document tells without some splits."""
    rows = stated(canonical(document)).rows
    return {
        path: Row(row.sought, {name: told for name, told in row.told.items() if name not in names})
        for path, row in rows.items()
    }


def _value(document: Envelope) -> dict[str, Any]:
    value: dict[str, Any] = parse_json(document.to_bytes())
    return value


def _sent(
    month: str, sent: Mapping[str, Any], row: Mapping[str, Any], ended: outcomes.Fact | None, without: set[str]
) -> Iterable[Fact]:
    ending = ended.outcome if ended else _OVER.get(row["state"], "open")
    if ending is None:
        return
    yield Fact(
        month,
        *_place(next(iter(sent.get("needs") or ()), None), sent),
        ending=ending if ending in ENDINGS else "open",
        reason=ended.reason if ended else None,
        barriers=frozenset(ended.barriers if ended else ()),
        again=sent.get("again_for") is not None,
        unmet=sent["handoff"] in without,
        grade=ended.grade if ended else row.get("grade"),
    )


def _in_vain(one: unmet.Unmet) -> Fact:
    place = {"area": one.area, "age_band": one.age_band, "sex": one.sex}
    return Fact(one.month, *_place(one.need, place), ending="nowhere", barriers=frozenset(one.barriers), unmet=True)


def _place(need: str | None, said: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return service, area, age band and sex; an area in words instead of a code is not said."""
    area = said.get("area")
    service = need if need is not None and need in NEEDS else UNSAID
    known = area if isinstance(area, str) and CODE.fullmatch(area) else UNSAID
    return service, known, said.get("age_band") or UNSAID, said.get("sex") or UNSAID
