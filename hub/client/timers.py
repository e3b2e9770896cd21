"""An agency's own dates about its cases: set, move, end, and say by when with what they are about.

What a timer is about is sealed to the own epoch in the statement that sets it, and stands nowhere else; the hub chases
whoever answers for it. Due times and owners that are shown are those that members signed; that a timer runs, and which
of its rungs were told, is what the hub lists.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hub.aftercare import deadlines
from hub.client import reading, records
from hub.client.member import DAY, workspace
from hub.client.transport import well_formed
from hub.errors import BadSignature, Conflict, InvalidRequest, Malformed, NotFound
from hub.followup.calendar import calendar_for, due_after, whole
from hub.ids import random_id
from hub.keys.certificates import CASE_ROLES
from hub.packets import shapes as a
from hub.statements.grammar import MemberActor, Role
from hub.timers.domain import ACKNOWLEDGE, DONE, KIND, MOVE, SET, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.client.member import Member
    from hub.client.reading import Line, Shown
    from hub.followup.calendar import Calendar

SOON: Final = 7 * DAY
"""How far ahead a desk looks at what is due."""
_PATH, _INDEX = "/api/v1/timers", "timers.sealed"
_RULE = a.matches(re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,47}"))
_ABOUT = a.object_of(
    {"label": a.text, "case": a.null_or(a.identifier), "rule": a.null_or(_RULE), "facts": a.at_least({})}
)
_NOTE = a.object_of({"note": a.null_or(a.string)})
_FORMS = {SET: _ABOUT, MOVE: _NOTE, DONE: _NOTE}


@dataclass(frozen=True, slots=True)
class About:
    """What a timer is about, sealed: a line for people, the case file's record, which rule or schedule asks for it."""

    label: str
    case: str | None = None
    rule: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else a rule needs to know again, such as which visit it is."""


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer. `about` None: it was sealed to another member alone. `rung`: the highest that the hub says it told."""

    handoff: str
    about: About | None
    state: str
    urgency: str
    due: int
    owner: str
    set_by: str
    set_at: int
    rung: int

    @property
    def alert(self) -> bool:
        """Whether it is an alert that nobody has acknowledged yet."""
        return self.state == State.ALERT


@dataclass(frozen=True, slots=True)
class Said:
    """What a member did with a timer, and the sealed note on it."""

    what: str
    at: int
    by: str
    due: int | None
    note: str | None


def set_timer(
    member: Member,
    about: About,
    due: int,
    *,
    warn: int | None = None,
    urgency: str = "routine",
    owner: str | None = None,
) -> str:
    """Set a timer that `owner`, else the member, answers for; return its handoff. `emergency` raises an alert.

    Args:
        member: who sets it.
        about: what it is about.
        due: by when; rounded up to a quarter of an hour.
        warn: how many seconds before, in whole hours, the owner is told that it is coming.
        urgency: how fast the ladder climbs once it is due.
        owner: a member of the agency who works with cases.

    Raises:
        InvalidRequest: the owner works with no cases here, or a value is not of its form.
    """
    sealed = asdict(about)
    _check(_ABOUT, sealed)
    body = {"kind": KIND, "due": whole(due), "warn": warn, "urgency": urgency, "owner": owner or member.id}
    handoff = random_id()
    _say(member, SET, handoff, body, sealed)
    return handoff


def alert(member: Member, about: About, owner: str | None = None) -> str:
    """Raise an alert: its owner and the supervisors hear of it at once, and somebody else acknowledges it (H5).

    What warns of the same facts while it runs is the same. Return the timer.
    """
    for one in listing(member, case=about.case) if about.facts else ():
        if one.about is not None and (one.about.rule, one.about.facts) == (about.rule, about.facts):
            return one.handoff
    due = member.clock.now() + int(deadlines.rules()["alert"]["acknowledge_hours"]) * 3_600
    return set_timer(member, about, due, urgency="emergency", owner=owner)


def move(member: Member, handoff: str, due: int, note: str, owner: str | None = None) -> None:
    """Put a timer to another time, or into other hands, and say why.

    Raises:
        Forbidden: supervisors were told of it, so that one of them puts it off.
        Conflict: it is over, or is an alert that nobody has acknowledged.
    """
    shown = _shown(member, handoff, MOVE)
    body = {"due": whole(due), "owner": owner or _signed(shown)["owner"]}
    _say(member, MOVE, handoff, body, {"note": note}, shown)


def done(member: Member, handoff: str, note: str | None = None) -> None:
    """Say that what a timer reminded of is done, or is no longer needed.

    Raises:
        Conflict: it is over already.
    """
    _say(member, DONE, handoff, {}, {"note": note}, _shown(member, handoff, DONE))


def acknowledge(member: Member, handoff: str) -> None:
    """Say that an alert was seen and is acted on; it goes on until it is done.

    Raises:
        Conflict: it was acknowledged, or is none.
        IllegalTransition: the member raised it.
    """
    _say(member, ACKNOWLEDGE, handoff, {}, None, _shown(member, handoff, ACKNOWLEDGE))


def listing(member: Member, *, mine: bool = False, escalated: bool = False, case: str | None = None) -> list[Timer]:
    """Return the agency's timers that run, alerts first, then what is due first.

    Args:
        member: who asks.
        mine: only those that the member answers for.
        escalated: only alerts that nobody has acknowledged, and dates of which supervisors were told.
        case: only those of this case file's record.
    """
    index = member.load_sealed(_INDEX)
    found, read = [], False
    for row in _rows(member, mine=mine, escalated=escalated):
        kept = index.get(row["id"])
        if kept is None or kept["latest"] != row["latest"]:
            shown = reading.show(member, row["id"])
            about = kept["about"] if kept else _opened(member, shown, shown.submission)
            index[row["id"]], read = {"latest": row["latest"], "about": about, **_signed(shown)}, True
        found.append(_timer(row["id"], index[row["id"]], row["state"], row["rung"]))
    if read:
        member.save_sealed(_INDEX, index)
    asked = [one for one in found if case is None or (one.about is not None and one.about.case == case)]
    return sorted(asked, key=lambda one: (not one.alert, one.due))


def read(member: Member, handoff: str) -> tuple[Timer, list[Said]]:
    """Return a timer, running or over, and what members did with it, with their sealed notes.

    Raises:
        NotFound: there is none.
    """
    shown = reading.show(member, handoff)
    if shown.kind != KIND:
        raise NotFound("There is no such timer.")
    signed, told = _signed(shown), [line.statement for line in shown.lines if line.statement.type == "referral.overdue"]
    kept = {"about": _opened(member, shown, shown.submission), **signed}
    timer = _timer(handoff, kept, str(shown.state), max((one.body["rung"] for one in told), default=0))
    return timer, [_said(member, shown, line) for line in _effective(shown)]


def waiting(member: Member, *, escalated: bool = False) -> int:
    """Return how many timers of the member's are due within a week, or how many supervisors look into; opens none."""
    until, found = member.clock.now() + SOON, 0
    for row in _rows(member, mine=not escalated, escalated=escalated):
        if not escalated and row["due"] > until:
            break
        found += 1
    return found


def calendar(member: Member) -> Calendar:
    """Return the calendar of the member's agency: its own zone as the hub lists it, else its country's."""
    with well_formed():
        rows = member.hub.get("/api/v1/directory")["agencies"]
        zone = next((row.get("zone") for row in rows if row["agency"] == member.agency), None)
    return calendar_for(member.home().entry.country, zone=zone)


def term(member: Member, since: int, **length: int) -> int:
    """Return by when a term of `days`, `months` or `hours` from `since` ends, by the agency's own calendar.

    Raises:
        InvalidRequest: not exactly one of the three.
    """
    return due_after(calendar(member), since, **length)


def _say(
    member: Member,
    kind: str,
    handoff: str,
    body: Mapping[str, Any],
    sealed: Mapping[str, Any] | None,
    shown: Shown | None = None,
) -> None:
    weighty = member.roles() & {Role.SUPERVISOR}  # who has that role puts off what others may not
    by, heads = [member.me(frozenset(weighty) or CASE_ROLES)], shown.heads if shown else ()
    path = f"/api/v1/handoffs/{handoff}/statements" if shown else "/api/v1/handoffs"
    with workspace() as folder:
        part = None if sealed is None else records.seal(member, folder, KIND, sealed)
        said = member.statement(kind, handoff, body, by=by, heads=heads, part=part)
        records.send(member, path, said, part.source if part else None)


def _shown(member: Member, handoff: str, step: str) -> Shown:
    shown = reading.show(member, handoff)
    if shown.kind != KIND:
        raise NotFound("There is no such timer.")
    if step not in shown.possible:
        raise Conflict("This timer takes no such step now.", possible=list(shown.possible))
    return shown


def _rows(member: Member, *, mine: bool, escalated: bool) -> Iterator[dict[str, Any]]:
    """Yield the rows of timers that run, what is due first first, each once, as the hub lists them."""
    after, seen = None, set[str]()
    while True:
        page = member.hub.get(_PATH, mine=mine, escalated=escalated, **({"after": after} if after else {}))
        with well_formed():
            rows, after = [dict(row) for row in page["items"] if row["id"] not in seen], page["next"]
            seen |= {row["id"] for row in rows}
        yield from rows
        if after is None:
            return


def _effective(shown: Shown) -> list[Line]:
    """Return what members said about a timer and what took effect, in its order."""
    said = [line for line in shown.lines if line.statement.agency is not None and line.position is not None]
    return sorted(said, key=lambda line: line.position or 0)


def _signed(shown: Shown) -> dict[str, Any]:
    """Return what members signed of a timer: by when, who answers for it, who set it and when."""
    begun = shown.submission.statement
    moved = [line.statement.body for line in _effective(shown) if line.statement.type == MOVE]
    now = moved[-1] if moved else begun.body
    facts = {"due": now["due"], "owner": now["owner"], "urgency": begun.body["urgency"]}
    return {**facts, "set_by": _member(shown.submission), "set_at": begun.at}


def _member(line: Line) -> str:
    return next(actor.member for actor in line.statement.by if isinstance(actor, MemberActor))


def _said(member: Member, shown: Shown, line: Line) -> Said:
    said = line.statement
    opened = _opened(member, shown, line) if said.type in {MOVE, DONE} else None
    note = opened["note"] if opened else None
    return Said(said.type, said.at, _member(line), said.body.get("due"), note)


def _opened(member: Member, shown: Shown, line: Line) -> dict[str, Any] | None:
    """Return what was sealed beside a statement; None where it was destroyed, or is for another's eyes, or of no form.

    Raises:
        BadSignature: it was sealed by somebody who did not sign the statement.
    """
    with workspace() as folder, suppress(Malformed, NotFound, KeyError, TypeError):
        packet = shown.packet(str(line.statement.manifest))
        if packet.manifest.files[0].member not in {None, member.id}:
            return None
        opened = reading.fetch(member, shown, packet, folder)
        if opened.signed.member != _member(line):
            raise BadSignature("A timer's note was sealed by another member than the one who signed.")
        value: Any = opened.sections[records.SECTION]["value"]
        _FORMS[line.statement.type](value)
        return dict(value)
    return None


def _timer(handoff: str, kept: Mapping[str, Any], state: str, rung: int) -> Timer:
    about = None if kept["about"] is None else About(**kept["about"])
    facts = {name: kept[name] for name in ("urgency", "due", "owner", "set_by", "set_at")}
    return Timer(handoff, about, state, rung=rung, **facts)


def _check(form: a.Check, value: object) -> None:
    try:
        form(value)
    except Malformed as error:
        raise InvalidRequest(
            "A timer has one short line on what it is about, a case file's record and a rule's name."
        ) from error
