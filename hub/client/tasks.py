"""What is left to do for the sender beside its referrals, each with a day: what was not accepted, disputes, reviews.

Reviews are of emergencies that went out without consent, and of rules that were lifted on one, by somebody who did not
sign for it.

A referral has its clock at the hub. These have theirs here alone, because a hub may not know which needs were asked,
what follows a referral that was disputed, nor that a packet went out before anybody could consent. Not here: what a
referral's state asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from consent.basis import CONSENT, VITAL
from hub.client import basis as bases
from hub.client import groups, outcomes, reading, records
from hub.client.opening import REPLY
from hub.errors import Forbidden, InvalidRequest, NotFound
from hub.followup.domain import start
from hub.packets import shapes as a
from hub.referrals.domain import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.client.member import Member
    from hub.client.opening import Opened

KIND = "task"


class What(StrEnum):
    """What has to be done."""

    REST = "rest"
    """Find somebody for the needs that a recipient did not accept."""
    AGAIN = "again"
    """Refer again after help did not come, whatever was reported: no clock of a hub runs for a disputed loop."""
    REVIEW = "review"
    """Look again at what went out without consent because life or health could not wait (R01)."""
    LIFTED = "lifted"
    """Look again at rules that were lifted on a consent: R11, R12 and the others that an approval lifts."""


class Found(StrEnum):
    """How it was done."""

    REFERRED = "referred"
    UNMET = "unmet"
    CONSENT = "consent"
    STOPPED = "stopped"
    STANDS = "stands"


_PLACED = (Found.REFERRED, Found.UNMET)
_REVIEWED = (Found.STOPPED, Found.STANDS)
DONE = {
    What.REST: _PLACED,
    What.AGAIN: _PLACED,
    What.REVIEW: (Found.CONSENT, *_REVIEWED),
    What.LIFTED: _REVIEWED,
}
REVIEWERS = frozenset({"supervisor", "focal_point"})
"""Who reviews what was lifted: a data officer's device opens no case."""
_REVIEW_WITHIN = 7
_FORM = a.object_of(
    {
        "what": a.one_of(*What),
        "about": a.identifier,
        "needs": a.list_of(a.name, 20),
        "due": a.seconds,
        "done": a.one_of(None, *Found),
    }
)


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do by `due`; `about` is a handoff, or for a review the record of the basis.

    `needs` are those asked for, or the rules that were lifted.
    """

    what: What
    about: str
    needs: tuple[str, ...]
    due: int
    done: str | None
    record: str | None
    handoffs: tuple[str, ...]
    signed: frozenset[str] = frozenset()
    """Who lifted what is reviewed."""


def listing(member: Member, *, done: bool = False) -> list[Task]:
    """Return what is to be done, the most urgent first; with `done` what was done as well."""
    rows = [row for row in records.listing(member, KIND) if records.of_form(row, _FORM)]
    owed = (*_reviews(member), *_lifted(member), *_disputed(member))
    signed = {_key(task): task.signed for task in owed}
    kept = [_task(row) for row in rows if _by_whom(row, signed.get(_key(_task(row)), frozenset()))]
    known = {_key(task) for task in kept}
    found = [*kept, *(task for task in owed if _key(task) not in known)]
    return sorted((task for task in found if done or task.done is None), key=lambda task: task.due)


def note_rest(member: Member, handoff: str, opened: Iterable[Opened]) -> Task | None:
    """Keep as a task what a recipient did not accept of what was asked, once; None where nothing is left."""
    replies = [item.sections.get(REPLY) for item in opened]
    accepted = next((row.get("needs") for row in replies if isinstance(row, dict) and row.get("needs")), None)
    if not isinstance(accepted, list):
        return None
    shown = reading.show(member, handoff)
    rest = [need for need in _asked(member, handoff) if need not in accepted]
    known = next(
        (task for task in listing(member, done=True) if task.what is What.REST and task.about == handoff), None
    )
    if not rest or known is not None or shown.from_agency != member.agency:
        return known
    due = _due(handoff, str(shown.urgency), member.clock.now())
    value = {"what": What.REST.value, "about": handoff, "needs": rest, "due": due, "done": None}
    record = records.put(member, KIND, value)
    return _task(records.get(member, record, KIND))


def finish(member: Member, about: str, found: str) -> Task:
    """Say how a task was done.

    Raises:
        NotFound: there is no such task; InvalidRequest: it is not done that way.
        Forbidden: the member lifted a rule, and reviews it, or is neither supervisor nor focal point.
    """
    task = next((task for task in listing(member) if task.about == about), None)
    if task is None:
        raise NotFound("There is nothing to do about this.", todo="See `hub tasks`.")
    if found not in DONE[task.what]:
        raise InvalidRequest(f"This is done as: {', '.join(DONE[task.what])}.")
    if task.what is What.LIFTED and member.id in task.signed:
        raise Forbidden("You signed for this yourself.", todo="Ask another supervisor or a focal point.")
    value = {"what": task.what.value, "about": about, "needs": list(task.needs), "due": task.due, "done": found}
    roles = REVIEWERS if task.what is What.LIFTED else None
    record = records.put(member, KIND, value, handoff=task.record, roles=roles)
    return _task(records.get(member, record, KIND))


def _reviews(member: Member) -> Iterable[Task]:
    """Yield the reviews that are owed: of each note of vital interest on which something went out."""
    sent: dict[str, list[str]] = {}
    for row in records.listing(member, "fanout"):
        sent.setdefault(row.value["basis"], []).append(row.value["handoff"])
    for held in bases.listing(member):
        if held.kind == VITAL and held.handoff in sent:
            due = int(held.basis["review_by"])
            yield Task(What.REVIEW, held.handoff, (), due, None, None, tuple(sent[held.handoff]))


def _lifted(member: Member) -> Iterable[Task]:
    """Yield the reviews of rules that were lifted on consents, those of one day together."""
    for held in bases.listing(member):
        rows = held.basis["overrides"] if held.kind == CONSENT and held.live else ()
        for due in sorted({_review_by(row) for row in rows}):
            mine = [row for row in rows if _review_by(row) == due]
            rules = tuple(sorted({str(row["rule"]).lower() for row in mine}))
            signed = frozenset(signer["member"] for row in mine for signer in row["by"])
            yield Task(What.LIFTED, held.handoff, rules, due, None, None, (), signed)


def _review_by(row: Mapping[str, Any]) -> int:
    """Return by when an approval is to be reviewed: within a week, and before its own last day is over."""
    first, last = (date.fromisoformat(row[name]) for name in ("from", "until"))
    day = min(last, first + timedelta(days=_REVIEW_WITHIN))
    return int(datetime.combine(day, time.max, UTC).timestamp())


def _key(task: Task) -> tuple[Any, ...]:
    """Return what tells a task from others: of lifted rules each review, else one for what it is about."""
    return (task.what, task.about, *((task.needs, task.due) if task.what is What.LIFTED else ()))


def _by_whom(row: records.Record, signed: frozenset[str]) -> bool:
    """Whether a task was kept by who may: a review of lifted rules counts by a reviewer who lifted none of them."""
    return row.value["what"] != What.LIFTED or (row.by.role in REVIEWERS and row.by.member not in signed)


def _disputed(member: Member) -> Iterable[Task]:
    """Yield what was disputed and has not gone out again."""
    sent = {row.value["handoff"] for row in records.listing(member, "fanout")}
    after = [group.handoffs for group in groups.every(member) if group.how is groups.How.SUPERSEDES]
    followed = {first for first, *later in after if sent & set(later)}
    for handoff, at in outcomes.disputed(member).items():
        if handoff in sent and handoff not in followed:
            copy = records.sent_copy(member, handoff)
            due = _due(handoff, copy["urgency"], at)
            yield Task(What.AGAIN, handoff, tuple(copy["needs"]), due, None, None, (handoff,))


def _due(handoff: str, urgency: str, since: int) -> int:
    """Return by when a need has to be placed again: as after a decline."""
    clock = start(handoff, State.DECLINED, urgency, since)
    return clock.due_at if clock else 0


def _asked(member: Member, handoff: str) -> list[str]:
    rows = [row.value for row in records.listing(member, "fanout") if row.value["handoff"] == handoff]
    return [str(need) for need in rows[0].get("needs") or ()] if rows else []


def _task(row: records.Record) -> Task:
    value: dict[str, Any] = row.value
    what, about = What(value["what"]), value["about"]
    return Task(what, about, tuple(value["needs"]), value["due"], value["done"], row.handoff, (about,))
