"""Closing a case, looking in afterwards, archiving, opening it again, keeping it, and destroying it at the hub.

One member recommends, a supervisor who is another one authorises; both are own records, and their authors are read from
the signatures. Closing ends nothing at the hub by itself: what a leg says of it is the transfer's. Destroying is said
to the own hub for each record and each handoff of the case; who was responsible when stays in statements and the log,
and a record of the destruction stays here. A legal hold counts whoever wrote it. Only a data officer lifts it, and
names the law where a case goes before its time; data officers open no case, so a supervisor destroys it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from hub.aftercare import closing
from hub.aftercare.closing import Hindrance, Proposal, Reason, Standing
from hub.aftercare.deadlines import rules
from hub.client import aftercare, cases, copies, due, reading, records, timers
from hub.client.careforms import FORMS, KIND, OFFICER, REMARK, RETENTION, STAYS, SUPERVISOR
from hub.errors import Conflict, Forbidden, IllegalTransition, NotFound
from hub.timers.domain import KIND as TIMER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.client.aftercare import Followed, Row
    from hub.client.member import Member
    from hub.client.records import Record

_OF_A_HANDOFF: Final = ("sent", "fanout", "outcome", "task", "unmet", "note")
"""Kinds of own records that say in `handoff` or `about` what they are about; others name a case, a scan its meeting."""
_OF_A_CASE: Final = (cases.PAPER, KIND, REMARK, "handover", "scan", "programme", "disagreement")


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What was destroyed at the hub, and what is left because somebody still has to act there."""

    record: str
    records: tuple[str, ...]
    handoffs: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A closed case and until when it is kept: longer while it is not archived, or a legal hold stands."""

    case: str
    until: date
    archived: bool
    hold: bool


# Closing


def hindrances(member: Member, case: str, said: Proposal) -> list[Hindrance]:
    """Return what stands in the way of closing a case today (R43)."""
    held = aftercare.read(member, case)
    found = Standing(
        begins=aftercare.first_day(held),
        today=held.today,
        risk=held.plan.risk,
        open_referrals=len(_open_referrals(member, held)),
        open_alerts=sum(t.urgency == "emergency" for t in timers.listing(member, case=case)),
        review_overdue=held.review_due < held.today,
    )
    return closing.to_closing(said, found)


def recommend(
    member: Member,
    case: str,
    reason: str,
    parts: Collection[str],
    *,
    besides: Collection[str] = (),
    early: str | None = None,
    panel: bool = False,
) -> Row:
    """Recommend that a case is closed; a supervisor who is somebody else authorises it.

    Raises:
        IllegalTransition: it is closed. Conflict: something stands in the way; its facts name what.
    """
    if aftercare.read(member, case).closure is not None:
        raise IllegalTransition("This case is closed.", state="closed", possible=["reopen"])
    said = Proposal(Reason(reason), frozenset(parts), frozenset(besides), early or "", panel)
    _stop(hindrances(member, case, said))
    value = {"reason": reason, "parts": sorted(said.parts), "besides": sorted(said.besides), "panel": panel}
    return _put(member, "recommended", case, value, early)


def authorise(member: Member, case: str) -> Row:
    """Close a case as its supervisor recommends; everything is looked at again.

    Raises:
        Forbidden: the member recommended it, or is no supervisor. NotFound: nobody recommended it.
        Conflict: something stands in the way by now.
    """
    held = aftercare.read(member, case)
    if held.closure is not None:
        return held.closure
    used = {row.value["recommendation"] for row in held.of("authorised")}
    asked = [row for row in held.of("recommended") if row.record not in used]
    if not asked:
        raise NotFound("Nobody recommended to close this case.", todo="See `hub aftercare recommend`.")
    by_others = [row for row in asked if not closing.apart(row.by, member.id)]
    if not by_others:
        raise Forbidden("Another person must authorise this closure.", todo="Ask another supervisor.", rule="R43")
    value, why = by_others[-1].value, aftercare.said(member, by_others[-1])
    parts, besides = frozenset(value["parts"]), frozenset(value["besides"])
    _stop(hindrances(member, case, Proposal(Reason(value["reason"]), parts, besides, why, value["panel"])))
    row = _put(
        member,
        "authorised",
        case,
        {"recommendation": by_others[-1].record, "reason": value["reason"]},
    )
    due.chase(member, aftercare.read(member, case))
    return row


def archive(member: Member, case: str) -> Row:
    """Archive a closed case once the visits after it were made.

    Raises:
        IllegalTransition: it is not closed. Conflict: visits are left.
    """
    held = aftercare.read(member, case)
    if held.archived is not None:
        return held.archived
    if held.closure is None:
        raise IllegalTransition("This case is not closed.", state="open", possible=["recommend"])
    reason = Reason(held.closure.value["reason"])
    _stop(closing.to_archiving(held.closure.on, reason, held.visits, held.today))
    row = _put(member, "archived", case, {"closure": held.closure.record})
    due.chase(member, aftercare.read(member, case))
    return row


def reopen(member: Member, case: str, words: str, risk: str, benchmark: str = "standard") -> Followed:
    """Open a closed case again, with all of its history: an assessment of best interests and a fresh consent are due.

    Raises:
        IllegalTransition: it is not closed. InvalidRequest: nobody said why.
    """
    held = aftercare.read(member, case)
    if held.closure is None:
        raise IllegalTransition("This case is open.", state="open", possible=[])
    member.role(SUPERVISOR)
    why = aftercare.reason(words)
    names = ("lead", "country", "corridor", "exploited", "discretion")
    facts: dict[str, Any] = {name: held.facts[name] for name in names}
    facts["born"] = date.fromisoformat(held.facts["born"]) if held.facts["born"] else None
    aftercare.follow(member, case, held.today, risk, benchmark, **facts)
    running = {one.about.label for one in timers.listing(member, case=case) if one.about}
    due_by = timers.term(member, member.clock.now(), days=int(rules()["after_reopening"]["days"]))
    for label in {"best interests to be assessed again", "consent to be asked again"} - running:
        timers.set_timer(member, timers.About(label, case, "reopened"), due_by, owner=held.facts["lead"])
    _put(member, "reopened", case, {"closure": held.closure.record}, why)
    again = aftercare.read(member, case)
    due.chase(member, again)
    return again


# Keeping and destroying


def put_retention(member: Member, years: int, after_majority_years: int, country: str | None = None) -> str:
    """Say how long the agency keeps closed cases, of children of one country or all; return the record.

    Raises:
        Forbidden: the member is no data officer.
    """
    value = {"what": "retention", "country": country, "years": years, "after_majority_years": after_majority_years}
    aftercare.check(RETENTION, value)
    return records.put(member, KIND, value, roles=OFFICER)


def kept_until(member: Member, held: Followed) -> date | None:
    """Return until when a closed case is kept, or None while it is open."""
    return None if held.closure is None else _until(held, held.closure.on, terms(member))


def terms(member: Member) -> dict[str | None, Mapping[str, Any]]:
    """Return how long the agency keeps closed cases, by the children's country; None: of all others."""
    own: dict[str | None, Mapping[str, Any]] = {}
    for row in records.listing(member, KIND):
        if records.of_form(row, RETENTION) and row.by.role in OFFICER:
            own.setdefault(row.value["country"], row.value)
    return own


def kept(member: Member) -> list[Kept]:
    """Return the closed cases that are kept here, what goes first first (B7)."""
    own, held_back = terms(member), {row.value["case"] for row in _standing(member)}
    found = [
        Kept(held.case, _until(held, held.closure.on, own), held.archived is not None, held.case in held_back)
        for held in aftercare.followed(member)
        if held.closure is not None
    ]
    return sorted(found, key=lambda row: (row.until, row.case))


def _until(held: Followed, closed: date, own: Mapping[str | None, Mapping[str, Any]]) -> date:
    born = date.fromisoformat(held.facts["born"]) if held.facts["born"] else None
    return closing.kept_until(closed, born, own.get(held.facts["country"]) or own.get(None))


def hold(member: Member, case: str, words: str, until: date | None = None) -> Row:
    """Put a legal hold on a case: nothing of it is destroyed while it stands.

    Raises:
        InvalidRequest: nobody said why.
    """
    return _put(member, "held", case, {"until": until.isoformat() if until else None}, aftercare.reason(words))


def lift(member: Member, case: str, held: str, words: str) -> Row:
    """Lift a legal hold, as a data officer, who need not be able to open the case.

    Raises:
        InvalidRequest: nobody said why. Forbidden: the member is no data officer.
    """
    return _put(member, "lifted", case, {"hold": held}, aftercare.reason(words))


def allow(member: Member, case: str, law: str) -> Row:
    """Say, as a data officer, by which law a case may be destroyed before its time (R45).

    Raises:
        Forbidden: the member is no data officer.
    """
    return _put(member, "allowed", case, {"law": law})


def holds(member: Member, case: str) -> list[Row]:
    """Return the legal holds that stand on a case, whoever changed their records since."""
    return [row for row in _standing(member) if row.value["case"] == case]


def _standing(member: Member) -> list[Row]:
    rows = records.listing(member, KIND)
    lifted = {
        (row.value["case"], row.value["hold"])
        for row in rows
        if records.of_form(row, FORMS["lifted"]) and {one.role for one in row.authors} <= OFFICER
    }
    today = aftercare.today(member).isoformat()
    found = [row for row in rows if records.of_form(row, FORMS["held"])]
    found = [row for row in found if (row.value["case"], row.handoff) not in lifted]
    return [aftercare.as_row(row) for row in found if (row.value["until"] or today) >= today]


def destroy(member: Member, case: str) -> Destroyed:
    """Have the hub destroy what the agency keeps of a case, and write down that it was done; run again it goes on.

    Before its time it needs a data officer who named the law (`allow`).

    Raises:
        IllegalTransition: the case is open. Conflict: it is kept longer, is not archived, or a legal hold stands.
        Forbidden: the member is no supervisor.
    """
    member.role(SUPERVISOR)
    held = aftercare.read(member, case)
    until = kept_until(member, held)
    if held.closure is None or until is None:
        raise IllegalTransition("This case is not closed.", state="open", possible=["recommend"])
    allowed = next((row for row in held.of("allowed") if row.entered >= held.closure.entered), None)
    archived, stands = held.archived is not None, bool(holds(member, case))
    _stop(closing.to_destroying(until, held.today, held=stands, archived=archived, legal_basis=allowed is not None))
    handoffs = _handoffs(member, held)
    mine = [*_of_case(member, case), *_about(member, handoffs), *sorted(_bases(held)), *_timers(member, case)]
    gone, left = _each(member, [*handoffs, *mine, case])
    if not left:  # the plan says until when a case is kept: it goes last
        gone |= _each(member, [row.record for row in held.of("plan")])[0]
    names = {"records": sorted(gone - set(handoffs)), "handoffs": sorted(gone & set(handoffs)), "left": left}
    row = _put(member, "destroyed", case, {**names, "allowed": allowed.record if allowed else None})
    return Destroyed(row.record, tuple(names["records"]), tuple(names["handoffs"]), tuple(left))


def _each(member: Member, names: Collection[str]) -> tuple[set[str], list[str]]:
    """Destroy each of these, here too; return those of which it was done, and those where somebody still has to act."""
    done, left = set[str](), list[str]()
    for name in names:
        with suppress(NotFound):
            try:
                records.destroy(member, name)
                copies.remove(member, name)
                done.add(name)
            except IllegalTransition:
                left.append(name)
    return done, left


def _of_case(member: Member, case: str) -> list[str]:
    """Return the own records that name a case, and what hangs on them."""
    rows = records.listing(member, *_OF_A_CASE)
    mine = {row.handoff for row in rows if row.value.get("case") == case and not _stays(row)}
    return sorted(mine | {row.handoff for row in rows if row.value.get("handover") in mine})


def _about(member: Member, handoffs: Collection[str]) -> list[str]:
    """Return the own records about some handoffs: copies, fan-out, outcomes, what was to do."""
    rows = records.listing(member, *_OF_A_HANDOFF)
    return sorted(row.handoff for row in rows if {row.value.get("handoff"), row.value.get("about")} & set(handoffs))


def _timers(member: Member, case: str) -> list[str]:
    """Return the timers of a case, running or over."""
    rows = [timers.read(member, row["id"])[0] for row in reading.pages(member, TIMER, "out")]
    return [one.handoff for one in rows if one.about is not None and one.about.case == case]


def _stays(row: Record) -> bool:
    return row.kind == KIND and row.value.get("what") in STAYS | {"plan"}


def _handoffs(member: Member, held: Followed) -> list[str]:
    """Return the handoffs of a case: its legs, and what went out on its consents."""
    legs = next((file.legs for file in cases.listing(member) if file.record == held.case), ())
    return [*dict.fromkeys([*legs, *_sent(member, held)])]


def _sent(member: Member, held: Followed) -> list[str]:
    bases = _bases(held)
    return [row.value["handoff"] for row in records.listing(member, "fanout") if row.value["basis"] in bases]


def _bases(held: Followed) -> set[str]:
    """Return the consents under which others were asked about a child, before a re-opening too."""
    return {str(base) for row in held.of("plan") for base in row.value["bases"]}


def _open_referrals(member: Member, held: Followed) -> list[str]:
    """Return the referrals on the consents of a case in which somebody has to act."""
    sent, rows = set(_sent(member, held)), reading.pages(member, "referral", "out")
    return [row["id"] for row in rows if row["id"] in sent and row["ball"] is not None]


def _put(member: Member, what: str, case: str, value: Mapping[str, Any], words: str | None = None) -> Row:
    return aftercare.put(member, what, case, aftercare.today(member), value, words)


def _stop(found: list[Hindrance]) -> None:
    if found:
        raise Conflict(
            " ".join(one.text for one in found),
            todo="Settle what is listed first.",
            rule=found[0].rule,
            hindrances=[{"code": one.code, "rule": one.rule, "about": one.about} for one in found],
        )
