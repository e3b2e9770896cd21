"""No open state without a due time, an owner and a ladder: generated from the state table, not from the policy."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from hub.followup.calendar import POLICY
from hub.followup.domain import CLOCKS, Owner, Urgency, due_rung, start
from hub.freeze.domain import State as Asked
from hub.inquiries.domain import State as Inquired
from hub.notify.roles import DUTY, NAMED
from hub.referrals.domain import HUB_SIDES, TRANSITIONS, Side, State, ball
from hub.statements.bodies import KINDS, Role
from hub.timers.domain import State as Timed
from hub.transfer import domain as transfers
from hub.transfer.service import ANSWERED
from hub.transfer.table import TRANSITIONS as LEG_STEPS
from hub.transfer.table import Side as LegSide
from hub.transfer.table import State as LegState

NOW = 1_795_290_000
_NO_WAY_ON = {"referral.overdue", "referral.late_answer", "consent.withdraw", "referral.pause_clock"}
OPEN = sorted(
    {
        step.source
        for step in TRANSITIONS
        if step.source is not State.DRAFT and step.target is not step.source and step.type not in _NO_WAY_ON
    }
)
LEG_OPEN = sorted(
    {
        step.source
        for step in LEG_STEPS
        if step.source is not LegState.DRAFT
        and step.type
        in {
            *(
                f"transfer.{name}"
                for name in [
                    "deliver",
                    "acknowledge",
                    "answer",
                    "accept",
                    "depart",
                    "arrive",
                    "release",
                    "take",
                    "first_contact",
                ]
            ),
            *(
                "transfer.follow_up",
                "transfer.resolve",
                "transfer.unfreeze",
                "transfer.answer_inquiry",
                "transfer.offer",
            ),
            "transfer.return_assessment",
        }
    }
)
"""The states of a leg in which somebody has to act; the rest are over."""
OVER = sorted(set(State) - set(OPEN) - {State.DRAFT})


@pytest.mark.parametrize("urgency", Urgency)
@pytest.mark.parametrize("state", OPEN)
def test_an_open_state_has_a_due_time_an_owner_and_a_ladder(state, urgency):
    clock = start("h" * 22, state.value, urgency, NOW)
    assert clock is not None
    assert NOW < clock.due_at <= NOW + 92 * 86_400
    assert ball(state) in {Side.SENDER, Side.RECIPIENT}
    assert list(clock.times) == sorted(set(clock.times))
    assert len(clock.times) == len(clock.rule.ladder) == 5
    assert due_rung(clock, clock.due_at).number == 1
    owner = Owner.SENDER if ball(state) is Side.SENDER else Owner.RECIPIENT
    assert all(rung.tell for rung in clock.rule.ladder)
    assert clock.rule.ladder[0].roles_of(owner)


@pytest.mark.parametrize("state", OVER)
def test_a_state_that_is_over_has_none(state):
    assert state.value not in CLOCKS
    assert ball(state) is None


@pytest.mark.parametrize("state", OPEN)
def test_whoever_has_the_ball_can_move_it_or_answer_is_with_a_hub(state):
    movers = {step.side for step in TRANSITIONS if step.source is state and step.target is not state}
    assert ball(state) in movers or movers & HUB_SIDES


@pytest.mark.parametrize("state", OPEN)
def test_a_ladder_ends_in_a_statement_that_the_table_has_or_goes_on(state):
    expiring = {
        step.type
        for step in TRANSITIONS
        if step.source is state and step.target is State.EXPIRED is not state and step.side is Side.ORDERING_HUB
    }
    assert {CLOCKS[state.value].expires} == (expiring or {None})


@pytest.mark.parametrize("state", OPEN)
def test_the_table_lets_the_ordering_hub_log_every_rung(state):
    assert any(step.source is state and step.type == "referral.overdue" for step in TRANSITIONS)


def test_the_policy_names_clocks_for_states_of_the_table_only_and_each_once():
    assert set(CLOCKS) == {state.value for state in OPEN} | {
        *(Asked.ASKED.value, Inquired.ASKED.value),
        *(Timed.RUNS.value, Timed.ALERT.value),
        *(f"transfer.{state.value}" for state in LEG_OPEN),
        f"transfer.{ANSWERED}",
    }
    assert len({rule.clock for rule in CLOCKS.values()}) == len(CLOCKS)


def test_ladders_tell_roles_that_certificates_give_and_only_those_whom_they_concern():
    told = {tell.role for rule in CLOCKS.values() for rung in rule.ladder for tell in rung.tell}
    assert told <= set(Role) - {Role.AUDITOR, Role.DATA_OFFICER, Role.AGENCY_ADMIN} | {NAMED, DUTY}


def test_promised_days_are_members_of_the_bodies_that_lead_there():
    for state, rule in CLOCKS.items():
        steps = [(step.type, step.source.value, step.target.value) for step in TRANSITIONS]
        steps += [(f"{step.type}", "", f"transfer.{step.target}") for step in LEG_STEPS]
        leading = {kind for kind, source, target in steps if target == state and source != target}
        if rule.date is not None:
            assert any(rule.date in KINDS[kind].body for kind in leading), state


def _numbers(value: object, path: str = "") -> list[tuple[str, dict]]:
    if not isinstance(value, dict):
        return []
    own = [(path, value)] if {"hours", "working_days", "days"} & set(value) else []
    return own + [row for name, inner in value.items() for row in _numbers(inner, f"{path}/{name}")]


@pytest.mark.parametrize("row", _numbers(POLICY), ids=lambda row: row[0])
def test_every_number_of_the_policy_has_a_source_and_a_grade(row):
    _, number = row
    assert number["source"]
    assert number["grade"] in {"F", "M", "J"}
    shared = Path(__file__).parents[3] / "shared" / "domain" / "time-standards.csv"
    known = (
        {line["id"] for line in csv.DictReader(shared.read_text().splitlines())}
        if shared.exists()
        else set(number["beside"])
    )
    assert number["beside"]
    assert set(number["beside"]) <= known


def leg_in(state):
    return transfers.Leg(
        "h" * 22, "urn:rcp:agency:a@a.example", "urn:rcp:agency:b@b.example", Urgency.HIGH, NOW, state, "x"
    )


@pytest.mark.parametrize("state", [state for state in LegState if state is not LegState.DRAFT])
def test_a_leg_has_a_clock_exactly_while_somebody_has_the_ball(state):
    side = transfers.ball(leg_in(state))
    assert (f"transfer.{state.value}" in CLOCKS) == (side is not None) == (state in LEG_OPEN)
    if side is not None:
        owner = Owner.SENDER if side is LegSide.SENDER else Owner.RECIPIENT
        assert CLOCKS[f"transfer.{state.value}"].owner is owner


@pytest.mark.parametrize("state", LEG_OPEN)
def test_the_ladder_of_a_leg_ends_in_a_step_of_its_table_or_goes_on(state):
    expires = CLOCKS[f"transfer.{state.value}"].expires
    listed = {s.type for s in LEG_STEPS if s.source is state and s.target is LegState.EXPIRED is not state}
    assert {expires} == (listed or {None})


@pytest.mark.parametrize("state", LEG_OPEN)
def test_the_ordering_hub_may_log_every_rung_of_a_leg(state):
    rungs = {"referral.overdue", CLOCKS[f"transfer.{state.value}"].says}
    assert all(any(s.source is state and s.type == rung for s in LEG_STEPS) for rung in rungs)
