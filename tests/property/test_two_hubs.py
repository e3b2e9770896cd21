"""Any order of people, clocks, repeats, lost answers and cut lines over two hubs ends with both of one mind.

The invariant behind "answered": whatever happened, at the ordering hub somebody has the ball and a clock runs, or the
referral is over; and after the line is up again both hubs show the same state at the same position.
"""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hub.clock import SetClock
from hub.db import Database
from hub.errors import Forbidden, IllegalTransition
from hub.followup.domain import PARKED
from hub.followup.store import FollowUps
from hub.referrals.domain import ball
from hub.referrals.store import ReferralStore
from hub.statements.grammar import Grade
from tests.support.desks import AWAY, HOME, Desk, People, carry, introduce, settle
from tests.support.factories import NOW, some_hash

DAY = 86_400
BODIES = {
    "referral.pause": {"review": "2026-12-01"},
    "referral.pause_clock": {"due": NOW + 5 * DAY},
    "referral.accept": {"first_contact": "2026-11-25"},
    "referral.start": {"contact": "2026-11-25"},
    "referral.waitlist": {"review": "2026-12-01"},
    "consent.withdraw": {"evidence": some_hash("paper")},
}
RECIPIENT = [
    "acknowledge",
    "accept",
    "decline",
    "ask",
    "start",
    "waitlist",
    "report_outcome",
    "cannot_deliver",
    "agree_to_stop",
    "refuse_to_stop",
    "late_answer",
    "pause",
    "resume",
]
SENDER = ["answer", "cancel", "ask_to_stop", "close", "dispute", "resolve", "pause_clock", "unlink"]
REPORTED = ["acknowledge", "accept", "decline", "start", "report_outcome", "cannot_deliver"]
WITH_PACKET = {"decline", "ask", "report_outcome", "cannot_deliver", "answer", "pause", "pause_clock"}
WAIT = 31 * DAY
"""No clock that runs leaves people alone for longer: the slowest one, of work that has begun, runs for 28 days."""


class TwoHubs(RuleBasedStateMachine):
    template: Path

    @initialize()
    def open_hubs(self):
        self.folder = Path(tempfile.mkdtemp())
        self.clock = SetClock(NOW)
        self.people = People.invented(self.clock)
        self.databases = [
            Database(f"sqlite:///{shutil.copy(self.template, self.folder / f'{host}.sqlite')}") for host in (HOME, AWAY)
        ]
        self.home = Desk.open(HOME, self.databases[0], self.clock, self.folder)
        self.away = Desk.open(AWAY, self.databases[1], self.clock, self.folder)
        self.home.know(self.people.shelter)
        self.away.know(self.people.centre)
        introduce(self.home, self.away)
        self.handoff, statement, packet = self.people.submit()
        self.home.post(statement, packet, self.people.shelter.agency)

    def step(self, desk, agency, other, name, *, grade=Grade.SIGNED, **more):
        kind = name if "." in name else f"referral.{name}"
        member = agency.members["case"]
        sealed = name in WITH_PACKET and grade is Grade.SIGNED
        packet = self.people.packet(agency, other, member)[1] if sealed else None
        body = {**BODIES.get(kind, {}), **more}
        said = self.people.sign(kind, self.handoff, member, body=body, packet=packet, grade=grade)
        try:
            desk.post(said, packet, agency.agency)
        except (IllegalTransition, Forbidden):
            return

    @rule(name=st.sampled_from(RECIPIENT))
    def recipient_acts(self, name):
        with self.away.hub.database.read() as connection:
            known = ReferralStore(connection).find(self.handoff)
        if known is not None:
            self.step(self.away, self.people.centre, self.people.shelter, name)

    @rule(name=st.sampled_from(SENDER))
    def sender_acts(self, name):
        self.step(self.home, self.people.shelter, self.people.centre, name)

    @rule(name=st.sampled_from(REPORTED), via=st.sampled_from(["phone", "sms", "paper"]))
    def sender_reports(self, name, via):
        evidence = {"via": via, "evidence": some_hash("note"), "ask": True}
        self.step(self.home, self.people.shelter, self.people.centre, name, grade=Grade.REPORTED, **evidence)

    @rule(urgency=st.sampled_from(["emergency", "urgent", "high", "routine"]))
    def risk_changes(self, urgency):
        self.step(self.home, self.people.shelter, self.people.centre, "change_urgency", urgency=urgency, due=None)

    @rule()
    def a_worker_dies_in_its_sweep(self):
        with self.home.hub.database.write() as connection:
            FollowUps(connection).claim_due(self.clock.now())

    @rule(out=st.booleans(), times=st.integers(1, 2), answer=st.booleans())
    def the_line_carries(self, out, times, answer):
        pair = (self.home, self.away) if out else (self.away, self.home)
        carry(*pair, times=times, answer=answer)

    @rule(hours=st.integers(1, 25))
    def time_passes(self, hours):
        self.clock.forward(hours * 3600)
        self.home.sweep()
        self.away.sweep()

    @rule()
    def the_line_is_up(self):
        settle(self.home, self.away)
        shown = [
            desk.shown(self.handoff, agency.agency)
            for desk, agency in ((self.home, self.people.shelter), (self.away, self.people.centre))
        ]
        assert shown[0]["state"] == shown[1]["state"]
        assert shown[0]["position"] == shown[1]["position"]
        assert not any(one["being_confirmed"] for one in shown)

    @invariant()
    def somebody_has_the_ball_or_it_is_over(self):
        if not hasattr(self, "handoff"):
            return
        with self.home.hub.database.read() as connection:
            referral = ReferralStore(connection).get(self.handoff)
            clock = FollowUps(connection).get(self.handoff)
            aside = FollowUps(connection).get(self.handoff, PARKED)
        assert aside is None or "info_needed" in referral.state
        if ball(referral.state) is None:
            assert clock is None
        else:
            assert clock is not None
            assert clock.next_at is not None
            assert clock.state == referral.state

    def nobody_does_anything_for_weeks(self):
        """It never goes quiet: it is over, or somebody has the ball, was told, and is told again within days."""
        for _ in range(45):
            self.clock.forward(DAY)
            self.home.sweep()
            settle(self.home, self.away)
        with self.home.hub.database.read() as connection:
            referral = ReferralStore(connection).get(self.handoff)
            clock = FollowUps(connection).get(self.handoff)
        if ball(referral.state) is not None:
            began = clock.started_at > self.clock.now() - 45 * DAY  # in these weeks: what was routine took its time
            assert began or clock.told_at is not None
            assert clock.next_at - self.clock.now() <= WAIT

    def teardown(self):
        if not hasattr(self, "handoff"):
            return
        self.the_line_is_up()
        self.nobody_does_anything_for_weeks()
        assert self.home.audited().findings == self.away.audited().findings == ()
        for database in self.databases:
            database.close()
        shutil.rmtree(self.folder)


@pytest.mark.slow
def test_two_hubs_are_of_one_mind_whatever_the_order(sqlite_template):
    TwoHubs.template = sqlite_template
    run_state_machine_as_test(
        TwoHubs,
        settings=settings(
            max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
