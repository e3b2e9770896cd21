"""Any order of people, words out of turn, repeats, lost answers and crashes over three real hubs keeps one holder.

The laws are the model's (`tests.model.explore`), asked of what stands in the databases after each step; the model
itself does not say here what may happen next.
"""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hub.clock import SetClock
from hub.db import Database
from hub.errors import IllegalTransition
from hub.transfer.register import ASSUME, RELEASE, TAKE, UNRELEASE
from tests.model.explore import ALWAYS, ONCE_QUIET, holder
from tests.model.register import REPEATED, WAITING, Said, Setting, Step
from tests.support.desks import carry
from tests.support.factories import NOW
from tests.support.registers import SIGNERS, Registers

SHELTER, CENTRE, COALITION = "shelter@one.example", "centre@two.example", "coalition@three.example"
SETTING = Setting(
    {
        "first": (SHELTER, CENTRE),
        "rival": (SHELTER, COALITION),
        "onward": (CENTRE, COALITION),
        "beside": (SHELTER, "authority@one.example"),
    },
    successor="ministry@three.example",
    mortal=(CENTRE,),
)
PICK = st.integers(0, 99)
RARELY = st.sampled_from([False, False, False, True])
DEAD = SETTING.agencies[CENTRE]


class ThreeHubs(RuleBasedStateMachine):
    template: Path

    @initialize()
    def open_hubs(self):
        self.folder = Path(tempfile.mkdtemp())
        self.databases = {
            host: Database(f"sqlite:///{shutil.copy(self.template, self.folder / f'{host}.sqlite')}")
            for host in SETTING.hosts
        }
        self.hubs = Registers.over(SETTING, self.databases, SetClock(NOW), self.folder)

    # -- people

    def can_be_signed(self):
        """What members may think of, most of it possible somewhere: (type, by, leg, what it names)."""
        cases, parties = self.hubs.world().cases, self.hubs.model.parties
        found = []
        for leg, (sender, _) in parties.items():
            held = sorted(case.id for case in cases if case.holder == sender and case.leg != leg)
            found += [(RELEASE, sender, leg, case) for case in held]
            found += [(UNRELEASE, sender, leg, case.release) for case in cases if case.release and case.leg == leg]
        takes = [said for said in self.hubs.said if said.kind == TAKE and said.by == DEAD]
        released = [said for said in self.hubs.said if said.kind == RELEASE]
        found += [(TAKE, parties[said.leg][1], said.leg, said.name) for said in released]
        return found + [(ASSUME, SETTING.agencies[SETTING.successor], take.leg, take.name) for take in takes]

    @rule(pick=PICK, crash=RARELY)
    def somebody_signs(self, pick, crash):
        """Sign and post; what is not possible is refused to the signer's face and leaves nothing."""
        possible = self.can_be_signed()
        kind, by, leg, names = possible[pick % len(possible)]
        n = 1 + sum((said.kind, said.leg) == (kind, leg) for said in self.hubs.said)
        if n <= SIGNERS:
            self.hubs.journey.people.clock.forward(1)
            with suppress(IllegalTransition):
                self.hubs.sign(Said(kind, by, leg, n, names), crash=crash)

    @precondition(lambda self: hasattr(self, "hubs") and any(said.by == DEAD for said in self.hubs.said))
    @rule()
    def the_centre_goes_silent_or_answers_again(self):
        self.hubs.take(Step("speak" if DEAD in self.hubs.silent else "silence", DEAD))

    # -- lines

    def waiting(self):
        """What a line has to do: words that the other hub has not heard, and answers that have not come back."""
        rows = sorted(row for row in self.hubs.world().rows if self.hubs.model.other(row.said))
        words = [("carry", row.said) for row in rows if row.there is None and row.home != REPEATED]
        return words + [("answer", row.said) for row in rows if row.home == WAITING and row.said in self.hubs.answers]

    @precondition(lambda self: hasattr(self, "hubs") and self.waiting())
    @rule(pick=PICK, times=st.integers(1, 2), crash=RARELY)
    def the_line_does_something_out_of_turn(self, pick, times, crash):
        ahead = self.waiting()
        verb, said = ahead[pick % len(ahead)]
        for _ in range(times):
            getattr(self.hubs, verb)(said, crash=crash)

    @precondition(lambda self: hasattr(self, "hubs") and self.hubs.answers)
    @rule(pick=PICK)
    def what_was_said_before_comes_again(self, pick):
        before = sorted(self.hubs.answers)
        said = before[pick % len(before)]
        self.hubs.carry(said)
        self.hubs.answer(said)

    def queues(self):
        """The pairs of hubs between which words are promised."""
        desks = self.hubs.journey.desks.values()
        pairs = [(one, other) for one in desks for other in desks if one is not other]
        return [(one, other) for one, other in pairs if one.outgoing(other.hub.origin)]

    @precondition(lambda self: hasattr(self, "hubs") and self.queues())
    @rule(pick=PICK, times=st.integers(1, 2), answer=st.booleans())
    def a_queue_moves_on(self, pick, times, answer):
        queues = self.queues()
        carry(*queues[pick % len(queues)], times=times, answer=answer)

    # -- what holds

    @invariant()
    def one_holds_the_case_and_somebody_acts(self):
        if not hasattr(self, "hubs"):
            return
        world = self.hubs.world()
        for law in ALWAYS:
            assert law(self.hubs.model, world), law.__doc__
        shown = self.hubs.acting()
        assert {row.said.by for row in world.rows if row.home == WAITING and row.said.kind == TAKE} <= shown
        held = holder(world)
        assert held in shown or not any(held in self.hubs.model.parties[leg] for leg in self.hubs.legs)

    def teardown(self):
        if not hasattr(self, "hubs"):
            return
        self.hubs.journey.settle()
        world = self.hubs.world()
        for law in ALWAYS + ONCE_QUIET:
            assert law(self.hubs.model, world), law.__doc__
        for leg, handoff in self.hubs.legs.items():
            parties = [self.hubs.agencies[one] for one in self.hubs.model.parties[leg]]
            shown = [self.hubs.journey.desk(one).shown(handoff, one.agency) for one in parties]
            assert shown[0]["state"] == shown[1]["state"]
            assert shown[0]["position"] == shown[1]["position"]
        for database in self.databases.values():
            database.close()
        shutil.rmtree(self.folder)


@pytest.mark.slow
def test_three_hubs_keep_one_holder_whatever_the_order(sqlite_template):
    ThreeHubs.template = sqlite_template
    run_state_machine_as_test(
        ThreeHubs,
        settings=settings(
            max_examples=10, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
