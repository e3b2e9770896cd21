"""Any order of sending, serving, withdrawing, erasing and answering over two hubs ends with both of one mind.

The invariant behind "certain": nobody is told so who could be wrong. If a header was ever given to the recipient, no
view of either hub says certain; and once all words were carried, hubs agree and hold neither key nor payload.
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
from hub.errors import ConsentMissing, HubError, IllegalTransition, NotFound
from hub.followup.domain import CUSTODY
from hub.followup.store import FollowUps
from hub.outbox.store import Outbox
from tests.support.custody import answer, custody, erase, fetch, left, withdraw
from tests.support.desks import AWAY, HOME, Desk, People, carry, introduce, settle
from tests.support.factories import NOW


class Custodians(RuleBasedStateMachine):
    template: Path

    @initialize(before=st.sampled_from(["sent", "delivered", "opened", "opened and withdrawn"]))
    def open_hubs(self, before):
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
        self.manifest = self.home.shown(self.handoff, self.people.shelter.agency)["packets"][0]["manifest"]
        self.given = self.withdrawn = False
        if before != "sent":
            settle(self.home, self.away)
        if before.startswith("opened"):
            self.the_recipient_opens_it()
        if before.endswith("withdrawn"):
            self.consent_is_withdrawn(there=False)

    def seen(self):
        found = []
        for desk, agency in ((self.home, self.people.shelter), (self.away, self.people.centre)):
            try:
                found.append(custody(desk, self.handoff, agency))
            except NotFound:
                found.append(None)
        return found

    @rule(out=st.booleans(), times=st.integers(1, 2), heard=st.booleans())
    def the_line_carries(self, out, times, heard):
        pair = (self.home, self.away) if out else (self.away, self.home)
        self.take(*pair, times=times, answer=heard)

    def take(self, one, other, **how):
        with one.hub.database.write() as connection:
            outbox = Outbox(connection)
            claim = outbox.claim(other.hub.origin, self.clock.now(), 0)
            if claim is None:
                return False
            if one.intake.message(connection, claim.statement) is None:
                outbox.drop(claim.id, self.clock.now())
                return True
        return carry(one, other, **how)

    @rule()
    def the_recipient_opens_it(self):
        try:
            fetch(self.away, self.manifest)
        except (NotFound, ConsentMissing):
            return
        assert not (self.withdrawn and self.knows())
        self.given = True

    def knows(self):
        """Whether the recipient's hub has taken the withdrawal in."""
        return self.seen()[1] is not None

    @rule(there=st.booleans())
    def consent_is_withdrawn(self, there):
        desk, agency = (self.away, self.people.centre) if there else (self.home, self.people.shelter)
        try:
            withdraw(desk, self.people, self.handoff, agency)
        except HubError:
            return
        self.withdrawn = True

    @rule(said=st.sampled_from(["erased", "locked", "cannot"]))
    def the_holder_answers(self, said):
        try:
            answer(self.away, self.people, self.handoff, said)
        except (IllegalTransition, NotFound):
            return

    @rule()
    def the_recipient_acknowledges(self):
        said = self.people.sign("referral.acknowledge", self.handoff, self.people.centre.members["case"])
        try:
            self.away.post(said, None, self.people.centre.agency)
        except (IllegalTransition, NotFound):
            return

    @rule(there=st.booleans())
    def a_hub_erases(self, there):
        erase(self.away if there else self.home)

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours):
        self.clock.forward(hours * 3600)
        self.home.sweep()

    @invariant()
    def certain_is_never_wrong(self):
        if hasattr(self, "given") and self.given:
            assert all(seen is None or seen["recall"] != "certain" for seen in self.seen())

    def teardown(self):
        if not hasattr(self, "given"):
            return
        for _ in range(3):
            while self.take(self.home, self.away) or self.take(self.away, self.home):
                pass
            erase(self.home, self.away)
        here, there = self.seen()
        if self.withdrawn and here is not None:
            holds = here["holder"] is not None and here["holder"]["answer"] != "erased"
            assert here["recall"] == ("request" if self.given or holds else "certain")
            packets = self.home.shown(self.handoff, self.people.shelter.agency)["packets"]
            kept = {packet["manifest"] for packet in packets if not packet["destroyed"]}
            assert set(left(self.home)) | set(left(self.away)) <= kept
            with self.home.hub.database.read() as connection:
                running = FollowUps(connection).get(self.handoff, CUSTODY)
            assert (running is not None) == (here["recall"] == "request" and here["holder"] is None)
            if there is not None:
                assert {**here, "due": None} == {**there, "due": None}
                assert (here["due"] is None) == (there["due"] is None)
                shown = self.away.shown(self.handoff, self.people.centre.agency)
                assert "consent.holder_answer" in shown["possible"]
        assert self.home.audited().findings == self.away.audited().findings == ()
        for database in self.databases:
            database.close()
        shutil.rmtree(self.folder)


@pytest.mark.slow
def test_certain_is_never_wrong_and_both_hubs_agree_at_the_end(sqlite_template):
    Custodians.template = sqlite_template
    run_state_machine_as_test(
        Custodians,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
