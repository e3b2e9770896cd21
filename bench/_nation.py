"""An invented country for `bench.national`: its agencies, referrals that are open already, and what people do.

One hub, at which all agencies are at home: what they say is sealed and signed as in life. What was open before the day
stands as rows with a clock as old as it would be, one signed statement and its place in the log; all later steps of
it, and everything about new ones, take the true path. No figure is made here.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from hub.auth.store import accounts
from hub.directory.areas.domain import Area
from hub.directory.areas.store import Areas
from hub.followup.calendar import calendar_for
from hub.followup.days_off import DaysOff
from hub.followup.domain import after_rung, due_rung, start
from hub.followup.store import follow_ups
from hub.handofflog.store import HandoffLog
from hub.handoffs.store import Handoff, handoffs, statements
from hub.referrals.store import _columns, referrals
from hub.statements.grammar import Grade, Statement
from hub.statements.verify import sign_statement
from tests.support.desks import People
from tests.support.factories import Agency, Member, World, some_hash, submission
from tests.support.queues import handoff_for, referral

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from hub.clock import SetClock
    from hub.followup.domain import FollowUp
    from tests.support.packets import MemoryPacket
    from tests.support.pairs import Founded

BEGIN = 1_795_392_000
"""Monday 23 November 2026, 00:00 UTC."""
HOST, COUNTRY, PROVINCES = "hub.example", "DJ", 10
HOUR, DAY = 3_600, 86_400
CALENDAR = calendar_for(COUNTRY, holidays=DaysOff(COUNTRY))
_URGENCIES = {"emergency": (2, 0.3), "urgent": (18, 1.5), "high": (30, 3.0), "routine": (50, 5.0)}
"""How often of a hundred, and after how many hours on average somebody takes the next step."""
_STATES = {
    "in_progress": (40, ("report_outcome", "close")),
    "accepted": (15, ("start", "report_outcome", "close")),
    "delivered": (11, ("acknowledge", "accept", "start")),
    "acknowledged": (10, ("accept", "start")),
    "outcome_reported": (10, ("close",)),
    "waitlisted": (5, ("start",)),
    "info_needed": (3, ("answer", "accept")),
    "on_hold": (2, ("resume", "report_outcome")),
    "declined": (2, ("resolve",)),
    "expired": (2, ("resolve",)),
}
"""In which states what is open stands, of a hundred, and what comes next."""
_STORIES = {
    ("acknowledge", "accept", "start", "report_outcome", "close"): 40,
    ("acknowledge", "ask", "answer", "accept", "start"): 15,
    ("report_accept", "accept", "start", "report_outcome", "close"): 10,
    ("acknowledge", "decline", "resolve"): 10,
    ("acknowledge", "accept", "waitlist", "start"): 5,
    (): 20,
}
"""What becomes of new ones, of a hundred: the last is silence."""
_SENDERS = frozenset({"answer", "report_accept", "close", "resolve"})
_SEALED = frozenset({"ask", "answer", "decline", "report_outcome"})


@dataclass
class Case:
    """One referral: whose it is, and the steps that people have yet to take."""

    people: People
    urgency: str
    steps: list[str]
    handoff: str = ""
    began: FollowUp | None = None
    """Its clock at the beginning of the day; of a new one, when it came in."""
    touched: bool = False

    def next(self, clock: SetClock) -> tuple[str, bytes, MemoryPacket | None]:
        """Return who takes the next step, the signed statement, and the packet beside it."""
        step, self.touched = self.steps.pop(0), True
        if step == "submit":
            self.handoff, said, packet = self.people.submit(urgency=self.urgency, due=30 * DAY)
            self.began = start(self.handoff, "delivered", self.urgency, clock.now(), calendar=CALENDAR)
            self.touched = False
            return self.people.shelter.agency, said, packet
        mine, other = self.people.shelter, self.people.centre
        by = mine.members["case"] if step in _SENDERS else other.members["desk"]
        if by.agency == other.agency:
            mine, other = other, mine
        packet = self.people.packet(mine, other, by)[1] if step in _SEALED else None
        grade = Grade.REPORTED if step.startswith("report_") and step in _SENDERS else Grade.SIGNED
        kind = "referral." + (step.removeprefix("report_") if grade is Grade.REPORTED else step)
        return (
            by.agency,
            self.people.sign(kind, self.handoff, by, body=_body(step, clock.now()), packet=packet, grade=grade),
            packet,
        )


@dataclass
class Nation:
    """Agencies, each with a caseworker, a supervisor, a deputy and a provider; one in each province leads there."""

    clock: SetClock
    count: int
    dice: random.Random = field(default_factory=lambda: random.Random(5))
    world: World = field(default_factory=World)
    agencies: list[Agency] = field(default_factory=list)

    def __post_init__(self) -> None:
        for n in range(self.count):
            agency = self.world.agency(f"agency-{n}", HOST, country=COUNTRY)
            for name, role in (
                ("case", "caseworker"),
                ("boss", "supervisor"),
                ("deputy", "deputy"),
                ("desk", "provider"),
            ):
                agency.member(name, role)
            if n < PROVINCES:
                agency.member("chair", "focal_point")
            self.agencies.append(agency)

    def settle(self, founded: Founded) -> None:
        """Let the hub know everybody: keys, accounts with an address for mail, provinces."""
        founded.desk.know(*self.agencies)
        members = [member for agency in self.agencies for member in agency.members.values()]
        with founded.hub.database.write() as connection:
            connection.execute(insert(accounts), [_account(member) for member in members])
            self._provinces(connection)

    def _provinces(self, connection: Connection) -> None:
        areas, codes = Areas(connection), [f"{COUNTRY}{n:02}" for n in range(PROVINCES)]
        areas.put([Area(COUNTRY, "own", 0, None, COUNTRY, COUNTRY)])
        areas.put([Area(code, "own", 1, COUNTRY, f"{COUNTRY}/{code}", COUNTRY) for code in codes])
        for n, agency in enumerate(self.agencies):
            boss = self.agencies[n - 1].members["boss"]
            by = boss.agency, boss.member
            areas.assign(codes[n % PROVINCES], agency.agency, by=by, now=BEGIN, lead=n < PROVINCES)

    def new(self, count: int) -> list[Case]:
        """Return referrals that will be made, with what will become of them."""
        stories = self.dice.choices(list(_STORIES), list(_STORIES.values()), k=count)
        return [Case(self._pair(), self._urgency(), ["submit", *story]) for story in stories]

    def open(self, connection: Connection, count: int) -> list[Case]:
        """Keep referrals that are open already; return them with what would come next."""
        made = [self._old(n) for n in range(count)]
        connection.execute(insert(handoffs), [row[1] for row in made])
        connection.execute(insert(referrals), [row[2] for row in made])
        connection.execute(insert(follow_ups), [_clock_row(case.began) for case, *_ in made if case.began])
        log = HandoffLog(connection, HOST)
        connection.execute(insert(statements), [_statement_row(log, case) for case, *_ in made])
        return [case for case, *_ in made]

    def pause(self, urgency: str) -> int:
        """Return the seconds until somebody takes the next step."""
        return 60 + int(HOUR * self.dice.expovariate(1 / _URGENCIES[urgency][1]))

    def _old(self, n: int) -> tuple[Case, dict[str, Any], dict[str, Any]]:
        [state] = self.dice.choices(list(_STATES), [share for share, _ in _STATES.values()])
        people, urgency = self._pair(), self._urgency()
        one = referral(
            f"open {n}",
            state,
            urgency=urgency,
            from_agency=people.shelter.agency,
            to_agency=people.centre.agency,
            sent_by=people.shelter.members["case"].member,
            owner=None if state == "delivered" else people.centre.members["desk"].member,
            delivered=True,
        )
        clock = self._running(one.id, state, urgency)
        one = type(one)(**{**_members(one), "submitted_at": clock.started_at, "position": 1})
        parties = {name: getattr(handoff_for(one), name) for name in Handoff.__slots__}
        case = Case(people, urgency, list(_STATES[state][1]), one.id, clock)
        return case, {**parties, "touched": one.submitted_at}, {"id": one.id, "turn": n + 1, **_columns(one)}

    def _running(self, handoff: str, state: str, urgency: str) -> FollowUp:
        """Return a clock that started long enough ago, with the rungs told that are past; none of them is the last."""
        begun = start(handoff, state, urgency, BEGIN, calendar=CALENDAR)
        assert begun is not None
        span = begun.times[-1] - BEGIN
        while True:
            clock = start(handoff, state, urgency, BEGIN - int(span * self.dice.uniform(0, 1.2)), calendar=CALENDAR)
            assert clock is not None
            clock = _on(clock)
            if (clock.next_at or 0) >= BEGIN:
                return clock

    def _pair(self) -> People:
        return People(self.world, *self.dice.sample(self.agencies, 2), self.clock)

    def _urgency(self) -> str:
        return self.dice.choices(list(_URGENCIES), [share for share, _ in _URGENCIES.values()])[0]


def ladder(clock: FollowUp, urgency: str, end: int, every: int) -> Iterator[tuple[str, int | None, int]]:
    """Yield clock, rung and due time of all that a hub has to say of a clock that nobody touches."""
    while clock.next_at is not None and clock.next_at <= end:
        due = clock.next_at
        swept = due + (BEGIN - due) % every
        rung = due_rung(clock, swept)
        assert rung is not None
        yield clock.clock, None if rung.expires else rung.number, due
        if rung.expires:
            after = start(clock.handoff, "expired", urgency, swept, calendar=CALENDAR)
            assert after is not None
            clock = after
        else:
            clock = after_rung(clock, swept)


def _on(clock: FollowUp) -> FollowUp:
    while clock.next_at is not None and clock.next_at < BEGIN:
        rung = due_rung(clock, clock.next_at)
        if rung is None or rung.expires:
            break
        clock = after_rung(clock, clock.next_at)
    return clock


def _body(step: str, now: int) -> dict[str, Any]:
    def day(days: int) -> str:
        return datetime.fromtimestamp(now + days * DAY, UTC).date().isoformat()

    said = {"accept": {"first_contact": day(3)}, "start": {"contact": day(0)}, "waitlist": {"review": day(14)}}
    if step == "report_accept":
        return {**said["accept"], "via": "phone", "evidence": some_hash("call"), "ask": False}
    return said.get(step, {})


def _members(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in type(one).__slots__}


def _account(member: Member) -> dict[str, Any]:
    return {
        "login": f"{member.member}",
        "agency": member.agency,
        "member": member.member,
        "roles": " ".join(member.roles),
        "mail": f"{member.member.strip('-_')}@example.org",
        "verifier": b"-",
        "kdf": "{}",
        "vault": b"-",
        "vault_version": 1,
        "sign": some_hash(),
        "recipient": member.keys.recipient,
        "created": BEGIN - 100 * DAY,
    }


def _clock_row(clock: FollowUp) -> dict[str, Any]:
    return {**asdict(clock), "owner": clock.owner.value, "times": list(clock.times)}


def _statement_row(log: HandoffLog, case: Case) -> dict[str, Any]:
    by, at = case.people.shelter.members["case"], case.began.started_at if case.began else BEGIN
    part = some_hash(f"packet {case.handoff}")
    body = submission(urgency=case.urgency, due=at + 30 * DAY)
    said = Statement("referral.submit", case.handoff, (), (by.actor(),), at, Grade.SIGNED, body, (part,))  # type: ignore[arg-type]  # an id as text
    envelope = sign_statement(said, [by.signer])
    entry = log.append(envelope.to_bytes(), now=at)
    return {
        "hash": envelope.hash,
        "handoff": case.handoff,
        "type": said.type,
        "agency": by.agency,
        "member": by.member,
        "at": at,
        "grade": "signed",
        "manifest": part,
        "envelope": envelope.to_bytes(),
        "received": at,
        "log_index": entry.index,
        "standing": "effective",
        "position": 1,
        "state": "submitted",
        "answer": b"{}",
    }
