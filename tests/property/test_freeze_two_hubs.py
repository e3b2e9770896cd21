"""Whatever the order of receipts, deliveries, answers, withdrawals and decisions, two hubs end of one mind.

Once the line is up both hubs agree on state, position and whether the handoff stands still; a clock of the first answer
runs if, and only if, it does not; and nothing stays parked that may go.
"""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import select

from hub.clock import SetClock
from hub.db import Database
from hub.errors import ConsentMissing, IllegalTransition, NotFound
from hub.followup.store import FollowUps
from hub.handoffs.custody import Halt, halted
from hub.ids import random_id
from hub.outbox.store import Delivery, outbox
from hub.packets.encoding import b64u
from hub.referrals.store import ReferralStore
from tests.support.desks import AWAY, HOME, Desk, People, carry, introduce, settle
from tests.support.factories import NOW, some_hash

KEY = bytes(32)
BODIES = {"consent.withdraw": {"evidence": some_hash("paper")}}
SENDER = ["referral.answer", "referral.cancel", "consent.unfreeze", "consent.unfreeze", "consent.withdraw"]
RECIPIENT = ["referral.acknowledge", "referral.ask", "referral.decline"]
WITH_PACKET = {"referral.answer", "referral.ask", "referral.decline"}


class Receipts(RuleBasedStateMachine):
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
        self.handoff, statement, packet = self.people.submit(key=KEY)
        self.home.post(statement, packet, self.people.shelter.agency)

    @rule()
    def a_receipt_is_shown_abroad(self):
        body = {"kind": "freeze", "to": self.people.shelter.agency, "key": b64u(KEY)}
        author = self.people.centre.members["desk"]
        said = self.people.sign("freeze.request", random_id(), author, body=body)
        self.away.post(said, None, self.people.centre.agency)

    @rule()
    def the_job_runs(self):
        self.home.look()

    @rule(kind=st.sampled_from(SENDER))
    def the_sender_acts(self, kind):
        self.say(self.home, self.people.shelter, self.people.centre, kind)

    @rule(kind=st.sampled_from(RECIPIENT))
    def the_recipient_acts(self, kind):
        self.say(self.away, self.people.centre, self.people.shelter, kind)

    def say(self, desk, agency, other, kind):
        author = agency.members["boss" if kind == "consent.unfreeze" else "case"]
        packet = self.people.packet(agency, other, author)[1] if kind in WITH_PACKET else None
        said = self.people.sign(kind, self.handoff, author, body=BODIES.get(kind, {}), packet=packet)
        try:
            desk.post(said, packet, agency.agency)
        except (IllegalTransition, ConsentMissing, NotFound):
            return

    @rule(out=st.booleans(), times=st.integers(1, 2), answer=st.booleans())
    def the_line_carries(self, out, times, answer):
        pair = (self.home, self.away) if out else (self.away, self.home)
        carry(*pair, times=times, answer=answer)

    @rule(hours=st.integers(1, 12))
    def time_passes(self, hours):
        self.clock.forward(hours * 3600)
        self.home.sweep()
        self.away.sweep()

    @rule()
    def the_line_is_up(self):
        settle(self.home, self.away)
        with self.home.hub.database.read() as connection:
            referral = ReferralStore(connection).get(self.handoff)
            clock = FollowUps(connection).get(self.handoff)
            stands = halted(connection, self.handoff)
            parked = connection.execute(select(outbox).where(outbox.c.state == Delivery.PARKED)).all()
        assert (referral.frozen is not None) == (stands is Halt.FROZEN)
        assert stands is Halt.FROZEN or not parked
        if clock is not None and clock.rule.first_answer:
            assert (clock.next_at is None) == (stands is Halt.FROZEN)
        with self.away.hub.database.read() as connection:
            mirrored = ReferralStore(connection).find(self.handoff)
            if mirrored is not None:
                assert (mirrored.state, mirrored.position) == (referral.state, referral.position)
                assert halted(connection, self.handoff) is stands

    def teardown(self):
        if not hasattr(self, "handoff"):
            return
        self.the_line_is_up()
        assert self.home.audited().findings == self.away.audited().findings == ()
        for database in self.databases:
            database.close()
        shutil.rmtree(self.folder)


@pytest.mark.slow
def test_two_hubs_are_of_one_mind_about_what_stands_still(sqlite_template):
    Receipts.template = sqlite_template
    run_state_machine_as_test(
        Receipts,
        settings=settings(
            max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
