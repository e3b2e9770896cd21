"""Clocks and ladders: for every open state of a referral, by when somebody has to act, who, and whom to tell if not.

Pure: no storage, no mail, no log. It knows states by name only; which statement leads where is `hub.referrals`'. The
numbers stand in `policy.json`, each with its source (issue of the policy: `POLICY["policy"]`).

Rules: each rung comes once. Of several rungs that passed while nobody looked, only the highest is told. Expiry never
comes without a rung told before it, never in the same sweep, and at least one gap of the ladder after it. A state that
cannot expire is never let go: when its ladder is used up, the last rung comes again every week under a new number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date as Date  # noqa: N812 - `date` is the field's word for an argument
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hub.followup.calendar import DAY, POLICY, Calendar

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR = 3_600
WARNING = "warning"
"""The rung before the due time, of a clock whose day people have set: nobody is late yet."""
AREA_RUNG = "focal_point"
"""The rung that the focal points of the recipient's area hear of, who are neither sender nor recipient."""
STATE, PARKED, CUSTODY, CHANGE = "state", "parked", "custody", "change"
"""The clocks that a handoff can have side by side: of its state; of whoever asked and waits for the answer; and of
what becomes of what was given; and of a change of plans that the other side has to hear of."""
MAX_RUNG = 99
"""docs/protocol.md §7.2 has `rung` as a small number."""
TRANSPORT_SILENCE = int(POLICY["transport_silence"]["hours"]) * HOUR
"""A peer that has not taken a word for so long is away: what its people do not answer is no silence of theirs."""
_LONGEST = int(POLICY["longest_date_days"]["days"]) * DAY
_SHORTEST = HOUR // 2
"""No own due time makes a ladder whose rungs come faster than people can act."""
_STANDING = int(POLICY["standing_days"]["days"]) * DAY


class Urgency(StrEnum):
    """How long the first answer may take."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    HIGH = "high"
    ROUTINE = "routine"


class Owner(StrEnum):
    """The side that has the ball."""

    SENDER = "sender"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True)
class Tell:
    """Members of one side in one role, who are told of a rung by their own hub."""

    side: Owner
    role: str


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder. `expires` is the statement type that the ordering hub signs instead of a reminder."""

    number: int
    name: str
    percent: int
    tell: tuple[Tell, ...]
    proposes: str | None = None
    expires: str | None = None

    @property
    def roles(self) -> list[str]:
        """The roles of all sides, sorted, for the body of `referral.overdue`."""
        return sorted({tell.role for tell in self.tell})

    def roles_of(self, side: Owner) -> frozenset[str]:
        """Return the roles that one side's hub tells."""
        return frozenset(tell.role for tell in self.tell if tell.side is side)


@dataclass(frozen=True, slots=True)
class ClockRule:
    """What the policy says of one open state."""

    state: str
    clock: str
    owner: Owner
    days: int | None
    """A limit of its own in days; None means the limit of the urgency class."""
    date: str | None
    """The member of a statement's body that holds the promised day."""
    expires: str | None
    first_answer: bool
    """Whether the submission's own due time counts."""
    ladder: tuple[Rung, ...]
    says: str
    """The statement type by which the ordering hub tells a rung."""
    standing: int
    """Seconds between two reminders once the ladder is used up."""

    @property
    def dated(self) -> bool:
        """Whether its ladder begins before the due time, which is a day that people have set."""
        return self.ladder[0].name == WARNING


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A running clock of one handoff. `times` has the second of each rung; `next_at` None: another hub acts on it."""

    handoff: str
    state: str
    clock: str
    owner: Owner
    started_at: int
    due_at: int
    times: tuple[int, ...]
    next_rung: int
    next_at: int | None
    told_at: int | None = None
    track: str = STATE
    paused: bool = False
    """Whether its owner has put it off since it started."""

    @property
    def rule(self) -> ClockRule:
        """What the policy says of this clock's state, or of what runs beside any state."""
        return BESIDE[self.state] if self.state in BESIDE else CLOCKS[self.state]

    def mirrored(self) -> FollowUp:
        """Return the same clock as a hub shows it that does not order the handoff, and so never acts on it."""
        return replace(self, next_at=None)

    def reckoned(self) -> FollowUp:
        """Return a mirrored clock with the time at which the other hub will tell the next rung of its ladder."""
        return replace(self, next_at=self.times[self.next_rung - 1]) if self.next_rung <= len(self.times) else self


def owner_of(state: str) -> Owner | None:
    """Return who has the ball in a state, or None in one that is over (or not begun)."""
    rule = CLOCKS.get(state)
    return None if rule is None else rule.owner


def rung_of(clock: str, number: int) -> Rung | None:
    """Return a rung by the name of its clock, as `referral.overdue` names it; None where this release knows none."""
    rule = next((rule for rule in (*CLOCKS.values(), *BESIDE.values()) if rule.clock == clock), None)
    return None if rule is None or not 1 <= number <= MAX_RUNG else _rung(rule, number)


def promised_day(state: str, body: dict[str, Any]) -> str | None:
    """Return the day that a statement's body promises for the state it leads to, if that state has one."""
    rule = CLOCKS.get(state)
    return None if rule is None or rule.date is None else body.get(rule.date)


def start(
    handoff: str,
    state: str,
    urgency: Urgency | str,
    now: int,
    *,
    calendar: Calendar | None = None,
    due: int | None = None,
    date: str | None = None,
) -> FollowUp | None:
    """Return the clock of a state that a handoff enters at `now`, or None for a state that is over.

    Args:
        handoff: the handoff's id.
        state: the state that is entered.
        urgency: the class of the submission.
        now: Unix seconds; a change of urgency starts again from the original time, so the caller says which.
        calendar: the recipient's; UTC with Saturday and Sunday off where it is not known.
        due: an own due time: the submission's for the first answer, the owner's when the clock was paused.
        date: the day promised by the statement that led here (first contact, review).
    """
    rule = CLOCKS.get(state)
    if rule is None:
        return None
    place = calendar or Calendar()
    policy = _times(rule, Urgency(urgency), now, place)
    if date is not None and rule.date is not None:
        times = _from(min(place.end_of(Date.fromisoformat(date)), now + _LONGEST), policy, now)
    elif due is not None and rule.first_answer and due < policy[0]:
        times = _own(due, policy, now)
    else:
        times = policy
    return _follow_up(handoff, rule, now, times)


def start_dated(
    handoff: str, state: str, urgency: Urgency, now: int, *, due: int, warn: int | None, calendar: Calendar
) -> FollowUp:
    """Return the clock of a date that an agency keeps for itself, however far away: a warning, then what follows it.

    The rungs after the date come as far apart as those of the urgency class. `warn` None: nothing is said before it.
    """
    rule, late = CLOCKS[state], max(due, now)
    times = (late - (warn or 0), late, *_times(rule, urgency, late, calendar)[2:])
    rung = 2 if warn is None else 1
    running = _follow_up(handoff, rule, now, times)
    return replace(running, due_at=due, next_rung=rung, next_at=times[rung - 1])


def start_beside(handoff: str, name: str, now: int, track: str = CUSTODY) -> FollowUp:
    """Return a clock of the policy's that runs beside that of the state, from `now`."""
    rule = BESIDE[name]
    return replace(_follow_up(handoff, rule, now, _times(rule, Urgency.ROUTINE, now, Calendar())), track=track)


def pause(followup: FollowUp, due: int, now: int) -> FollowUp:
    """Return the clock put to another due time by its owner, at most three months ahead; its ladder starts again."""
    times = _from(min(due, now + _LONGEST), followup.times, now)
    paused = replace(followup, due_at=times[0], times=times, next_rung=1, paused=True)
    return paused if followup.next_at is None else replace(paused, next_at=times[0])


def park(followup: FollowUp, urgency: Urgency) -> FollowUp:
    """Return the clock of whoever asks, put aside until the answer: it stops for routine only and else runs on.

    Source: the clocks of referral-standards.md D, "clock of the recipient stops, sender's runs; never for high".
    """
    aside = replace(followup, track=PARKED)
    return aside.mirrored() if urgency is Urgency.ROUTINE else aside


def unpark(followup: FollowUp, stopped_at: int | None, now: int) -> FollowUp:
    """Return the clock that `park` put aside, back in its place; one that stopped goes on with the time it had left."""
    back = replace(followup, track=STATE)
    if stopped_at is None:
        return back
    moved = _moved(back, max(0, now - stopped_at))
    return replace(moved, next_at=_next_at(moved))


def hurry(followup: FollowUp, urgency: Urgency, calendar: Calendar, due: int | None) -> FollowUp:
    """Return the clock as if it had run in another urgency from its start; rungs that were told stay told.

    Source: referral-standards.md D, "changes of risk restart nothing, they recompute the deadline".
    """
    rule, since = followup.rule, followup.started_at
    times = _times(rule, urgency, since, calendar)
    if rule.date is not None:
        times = _from(followup.due_at, times, since)
    elif due is not None and rule.first_answer and due < times[0]:
        times = _own(due, times, since)
    changed = replace(followup, due_at=times[0], times=times)
    return changed if followup.next_at is None else replace(changed, next_at=_next_at(changed))


def hold(followup: FollowUp) -> FollowUp:
    """Return the clock stopped while the recipient can open nothing; only the first answer's stops, the others run."""
    return followup.mirrored() if followup.rule.first_answer else followup


def go_on(followup: FollowUp, stopped_at: int, now: int) -> FollowUp:
    """Return a clock that `hold` stopped, running again: later by the time for which it, or its beginning, was held."""
    if not followup.rule.first_answer:
        return followup
    moved = _moved(followup, max(0, now - max(stopped_at, followup.started_at)))
    return replace(moved, next_at=_next_at(moved))


def due_rung(followup: FollowUp, now: int) -> Rung | None:
    """Return the one rung to act on now: the highest that has passed, and expiry only when it is the next."""
    if followup.next_at is None or now < followup.next_at:
        return None
    rule, number = followup.rule, followup.next_rung
    if number < len(followup.times):
        last = len(followup.times) - (1 if rule.expires else 0)
        passed = [n for n in range(number, last + 1) if followup.times[n - 1] <= now]
        number = max([number, *passed])
    return _rung(rule, number)


def after_rung(followup: FollowUp, now: int) -> FollowUp:
    """Return the clock after `due_rung(followup, now)` was told and logged at `now`."""
    rung = due_rung(followup, now)
    if rung is None or rung.expires:
        return followup
    number = min(rung.number + 1, MAX_RUNG)
    told = replace(followup, next_rung=number, told_at=now)
    return replace(told, next_at=_next_at(told))


def put_off(followup: FollowUp, now: int) -> FollowUp | None:
    """Return the clock whose expiry waits because the line is silent, its last rung told now; None: not yet this week.

    What may not expire is not let go either: the sender hears every week that it still waits, and whom to phone.
    """
    if now < (followup.told_at or followup.times[-1]) + followup.rule.standing:
        return None
    told = replace(followup, told_at=now)
    return replace(told, next_at=_next_at(told))


def heard(followup: FollowUp, clock: str, number: int, at: int) -> FollowUp:
    """Return a clock as it is shown after the hub that acts on it told a rung; another clock's rung changes nothing."""
    if followup.clock != clock:
        return followup
    return replace(followup, next_rung=min(number + 1, MAX_RUNG), told_at=at)


def rebase(followup: FollowUp, now: int) -> FollowUp:
    """Return the clock without times from a future that never came: for after a wrong clock was set right.

    A date stays the date that was set; of its rungs those that lie ahead again come again.
    """
    moved = _moved(followup, -max(0, followup.started_at - now))
    if followup.rule.dated:
        passed = 1 + sum(at <= now for at in followup.times)
        rung, since = min(followup.next_rung, passed), min(followup.started_at, now)
        moved = replace(followup, started_at=since, next_rung=rung)
    found = replace(moved, told_at=None if followup.told_at is None else min(followup.told_at, now))
    return found if followup.next_at is None else replace(found, next_at=_next_at(found))


def _moved(followup: FollowUp, seconds: int) -> FollowUp:
    return replace(
        followup,
        started_at=followup.started_at + seconds,
        due_at=followup.due_at + seconds,
        times=tuple(at + seconds for at in followup.times),
        told_at=None if followup.told_at is None else followup.told_at + seconds,
    )


def _next_at(followup: FollowUp) -> int:
    number, times = followup.next_rung, followup.times
    if number > len(times):
        return (followup.told_at or times[-1]) + max(followup.rule.standing, _gap(times))
    if number == len(times) and followup.rule.expires and followup.told_at is not None:
        return max(times[-1], followup.told_at + _gap(times))
    return times[number - 1]


def _gap(times: tuple[int, ...]) -> int:
    return times[-1] - times[-2]


def _follow_up(handoff: str, rule: ClockRule, now: int, times: tuple[int, ...]) -> FollowUp:
    return FollowUp(
        handoff=handoff,
        state=rule.state,
        clock=rule.clock,
        owner=rule.owner,
        started_at=now,
        due_at=times[0],
        times=times,
        next_rung=1,
        next_at=times[0],
    )


def _times(rule: ClockRule, urgency: Urgency, now: int, calendar: Calendar) -> tuple[int, ...]:
    limit = POLICY["urgencies"][urgency]
    if rule.days is None and "working_days" in limit:
        half = 2 * int(limit["working_days"]) * calendar.slower
        return tuple(
            min(calendar.add_working_days(now, half * rung.percent // 100), now + _LONGEST * rung.percent // 100)
            for rung in rule.ladder
        )
    unit = rule.days * DAY if rule.days is not None else int(limit["hours"]) * HOUR * calendar.slower
    return tuple(now + unit * rung.percent // 100 for rung in rule.ladder)


def _from(due: int, policy: tuple[int, ...], now: int) -> tuple[int, ...]:
    """Move a ladder to another due time, which is never in the past: late promises are reminded of at once."""
    first = max(due, now)
    return tuple(first + at - policy[0] for at in policy)


def _own(due: int, policy: tuple[int, ...], now: int) -> tuple[int, ...]:
    """Shorten the whole ladder with an own due time; one that has passed already keeps the policy's gaps."""
    if due <= now:
        return _from(due, policy, now)
    unit = max(due - now, _SHORTEST)
    return tuple(due + unit * (rung.percent - 100) // 100 for rung in LADDER)


def _rung(rule: ClockRule, number: int) -> Rung:
    last = rule.ladder[-1]
    return rule.ladder[number - 1] if number <= len(rule.ladder) else replace(last, number=number, name="standing")


# The policy


def _tell(word: str, owner: Owner) -> Tell:
    side, _, role = word.partition(".")
    other = Owner.SENDER if owner is Owner.RECIPIENT else Owner.RECIPIENT
    return Tell({"owner": owner, "other": other}.get(side) or Owner(side), role)


def _ladder(owner: Owner, expires: str | None, also: Sequence[str] = (), rungs: str = "rungs") -> tuple[Rung, ...]:
    rows = POLICY[rungs]
    return tuple(
        Rung(
            number=n,
            name=row["name"],
            percent=row["percent"],
            tell=tuple(_tell(word, owner) for word in (*row["tell"], *also)),
            proposes=row["proposes"],
            expires=expires if n == len(rows) else None,
        )
        for n, row in enumerate(rows, 1)
    )


def _clock(state: str, row: dict[str, Any]) -> ClockRule:
    owner = Owner(row["owner"])
    return ClockRule(
        state=state,
        clock=row["clock"],
        owner=owner,
        days=None if row["limit"] == "urgency" else int(row["limit"]["days"]),
        date=row.get("date"),
        expires=row["expires"],
        first_answer=row["answer"],
        ladder=_ladder(owner, row["expires"], row.get("also", ()), row.get("ladder", "rungs")),
        says=row.get("says", "referral.overdue"),
        standing=int(row["standing"]["days"]) * DAY if "standing" in row else _STANDING,
    )


LADDER = _ladder(Owner.RECIPIENT, None)
CLOCKS: dict[str, ClockRule] = {state: _clock(state, row) for state, row in POLICY["clocks"].items()}
"""The clock of every open state. A state that is not here is over."""
BESIDE: dict[str, ClockRule] = {name: _clock(name, row) for name, row in POLICY["beside_states"].items()}
"""The clocks that run beside a state."""
