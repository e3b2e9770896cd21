"""What is left to do for the sender beside its referrals, each with a day: what was not accepted, disputes, reviews.

A referral has its clock at the hub. These have theirs here alone, because a hub may not know which needs were asked,
what follows a referral that was disputed, nor that a packet went out before anybody could consent. Not here: what a
referral's state asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from consent.basis import VITAL
from hub.client import basis as bases
from hub.client import groups, outcomes, reading, records
from hub.client.opening import REPLY
from hub.errors import InvalidRequest, NotFound
from hub.followup.domain import start
from hub.packets import shapes as a
from hub.referrals.domain import State

if TYPE_CHECKING:
    from collections.abc import Iterable

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


class Found(StrEnum):
    """How it was done."""

    REFERRED = "referred"
    UNMET = "unmet"
    CONSENT = "consent"
    STOPPED = "stopped"
    STANDS = "stands"


_PLACED = (Found.REFERRED, Found.UNMET)
DONE = {What.REST: _PLACED, What.AGAIN: _PLACED, What.REVIEW: (Found.CONSENT, Found.STOPPED, Found.STANDS)}
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
    """Something to do by `due`; `about` is a handoff, or for a review the record of the basis."""

    what: What
    about: str
    needs: tuple[str, ...]
    due: int
    done: str | None
    record: str | None
    handoffs: tuple[str, ...]


def listing(member: Member, *, done: bool = False) -> list[Task]:
    """Return what is to be done, the most urgent first; with `done` what was done as well."""
    kept = [_task(row) for row in records.listing(member, KIND) if records.of_form(row, _FORM)]
    known = {(task.what, task.about) for task in kept}
    owed = (*_reviews(member), *_disputed(member))
    found = [*kept, *(task for task in owed if (task.what, task.about) not in known)]
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
    """
    task = next((task for task in listing(member) if task.about == about), None)
    if task is None:
        raise NotFound("There is nothing to do about this.", todo="See `hub tasks`.")
    if found not in DONE[task.what]:
        raise InvalidRequest(f"This is done as: {', '.join(DONE[task.what])}.")
    value = {"what": task.what.value, "about": about, "needs": list(task.needs), "due": task.due, "done": found}
    record = records.put(member, KIND, value, handoff=task.record)
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
