"""Who asks for a freeze, who decides it, and what it does to the clock of the first answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import Forbidden, IllegalTransition
from hub.followup.domain import CLOCKS, due_rung, go_on, hold, start
from hub.freeze.domain import Freeze, State, ask
from hub.statements.bodies import Role
from hub.statements.grammar import Grade, HubActor, MemberActor, Statement

NOW = 1_795_290_000
HOUR = 3_600
SHOWN, RESPONSIBLE, OTHER = (f"urn:rcp:agency:{n}@{h}.example" for n, h in (("a", "one"), ("b", "two"), ("c", "one")))
ASKED = Freeze("h" * 22, SHOWN, RESPONSIBLE, NOW)
OVERDUE = {"clock": "freeze_decision", "rung": 1, "tell": []}
FIRST_ANSWERS = ("submitted", "delivered", "transfer.offered", "transfer.delivered")


def by(agency, role="supervisor"):
    return (MemberActor(agency, "m" * 22, role),)


def said(kind, who, **body):
    grade = Grade.HUB if isinstance(who[0], HubActor) else Grade.SIGNED
    return Statement(kind, ASKED.id, ("x",), who, NOW, grade, body)


@pytest.mark.parametrize("role", [role.value for role in Role if role is not Role.AUDITOR])
def test_any_member_but_an_auditor_may_show_a_receipt(role):
    assert ask(said("freeze.request", by(SHOWN, role), to=RESPONSIBLE), NOW) == ASKED


def test_an_auditor_may_not():
    with pytest.raises(Forbidden):
        ask(said("freeze.request", by(SHOWN, "auditor"), to=RESPONSIBLE), NOW)


@pytest.mark.parametrize("decision", ["kept", "withdrawn"])
def test_a_supervisor_of_the_responsible_agency_decides_once(decision):
    word = said("freeze.decide", by(RESPONSIBLE), decision=decision)
    decided = ASKED.apply(word)
    assert (decided.state.value, decided.position) == (decision, 1)
    assert decided.apply(word) is decided
    assert decided.possible(RESPONSIBLE) == ()
    other = said("freeze.decide", by(RESPONSIBLE), decision="kept" if decision == "withdrawn" else "withdrawn")
    with pytest.raises(IllegalTransition) as refusal:
        decided.apply(other)
    assert refusal.value.facts == {"state": decision, "possible": [], "position": 1}


@pytest.mark.parametrize("role", [role.value for role in Role if role is not Role.SUPERVISOR])
def test_nobody_else_there_decides(role):
    with pytest.raises(IllegalTransition):
        ASKED.apply(said("freeze.decide", by(RESPONSIBLE, role), decision="kept"))


@pytest.mark.parametrize("agency", [SHOWN, OTHER])
def test_no_other_agency_decides(agency):
    with pytest.raises(IllegalTransition):
        ASKED.apply(said("freeze.decide", by(agency), decision="kept"))


def test_time_is_told_by_the_hub_that_orders_and_ends_nothing():
    late = ASKED.apply(said("referral.overdue", (HubActor("one.example"),), **OVERDUE))
    assert (late.state, late.position) == (State.ASKED, 1)
    with pytest.raises(IllegalTransition):
        ASKED.apply(said("referral.overdue", (HubActor("two.example"),), **OVERDUE))
    with pytest.raises(IllegalTransition):
        replace(ASKED, state=State.KEPT).apply(said("referral.overdue", (HubActor("one.example"),), **OVERDUE))


def test_the_decision_is_due_in_24_hours_and_never_expires():
    clock = start(ASKED.id, State.ASKED.value, "routine", NOW)
    assert clock.due_at == NOW + 24 * HOUR
    assert CLOCKS[State.ASKED.value].expires is None
    assert {tell.role for rung in clock.rule.ladder for tell in rung.tell} >= {"supervisor", "deputy", "focal_point"}


@pytest.mark.parametrize("state", FIRST_ANSWERS)
def test_the_clock_of_the_first_answer_stands_still_and_goes_on_where_it_was(state):
    clock = start("h" * 22, state, "urgent", NOW)
    held = hold(clock)
    assert due_rung(held, NOW + 1000 * HOUR) is None
    later = go_on(held, NOW + 5 * HOUR, NOW + 55 * HOUR)
    assert (later.due_at, later.next_at) == (clock.due_at + 50 * HOUR,) * 2
    assert [after - before for before, after in zip(clock.times, later.times, strict=True)] == [50 * HOUR] * 5


def test_a_clock_that_began_while_all_stood_still_begins_when_it_goes_on():
    held = hold(start("h" * 22, "delivered", "urgent", NOW + 10 * HOUR))
    assert go_on(held, NOW, NOW + 40 * HOUR) == start("h" * 22, "delivered", "urgent", NOW + 40 * HOUR)


@pytest.mark.parametrize("state", sorted(set(CLOCKS) - {*FIRST_ANSWERS, "alert_raised"}))
def test_every_other_clock_runs_on(state):
    clock = start("h" * 22, state, "urgent", NOW)
    assert go_on(hold(clock), NOW, NOW + HOUR) == hold(clock) == clock
