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
from hub.followup.store import FollowUps
from hub.referrals.domain import ball
from hub.referrals.store import ReferralStore
from tests.support.desks import AWAY, HOME, Desk, People, carry, introduce, settle
from tests.support.factories import NOW, some_hash

BODIES = {
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
]
SENDER = ["answer", "cancel", "ask_to_stop", "close", "dispute", "resolve"]
WITH_PACKET = {"decline", "ask", "report_outcome", "cannot_deliver", "answer"}


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

    def step(self, desk, agency, other, name):
        kind = name if "." in name else f"referral.{name}"
        member = agency.members["case"]
        packet = self.people.packet(agency, other, member)[1] if name in WITH_PACKET else None
        body = BODIES.get(kind, {})
        try:
            desk.post(self.people.sign(kind, self.handoff, member, body=body, packet=packet), packet, agency.agency)
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
        if ball(referral.state) is None:
            assert clock is None
        else:
            assert clock is not None
            assert clock.next_at is not None
            assert clock.state == referral.state

    def teardown(self):
        if not hasattr(self, "handoff"):
            return
        self.the_line_is_up()
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
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
