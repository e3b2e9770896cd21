"""Every (state, statement, side, role, grade) is decided, as an independent reading of the table decides it."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hub.referrals
from hub.errors import IllegalTransition
from hub.referrals.domain import Maker, Referral, Side, State, ball, possible
from hub.statements.grammar import Grade, HubActor, MemberActor, Role, Statement

NOW = 1_795_290_000
PARTIES = {"sender": "urn:rcp:agency:a@one.example", "recipient": "urn:rcp:agency:b@two.example"}
HUBS = {"ordering hub": "one.example", "recipient's home hub": "two.example"}
ROWS = list(csv.DictReader((Path(hub.referrals.__file__).parent / "referral-states.csv").read_text().splitlines()))
AFTER = {
    "from": "|".join(state.value for state in State if state is not State.DRAFT),
    "to": "(same)",
    "event": "",
    "guard": "consent was withdrawn",
}
ROWS += [
    {**AFTER, "statement": kind, "who": who}
    for kind, who in (
        ("consent.holder_answer", "recipient caseworker|provider|supervisor|focal_point|data_officer"),
        ("packet.destroy", "ordering hub"),
        ("packet.destroy", "recipient's home hub"),
        ("referral.overdue", "ordering hub"),
    )
]
ROWS.append(
    {
        **AFTER,
        "statement": "consent.report",
        "who": "recipient caseworker|provider|supervisor|focal_point|data_officer",
        "guard": "consent was not withdrawn",
    }
)
"""The steps after a withdrawal (protocol §7.7) lead to no other state, and so stand in no table of states."""
OVER = {"loop_closed", "consent_withdrawn", "cancelled", "entered_in_error"}
OPEN = {**AFTER, "guard": "consent was not withdrawn"} | {
    "from": "|".join(s for s in AFTER["from"].split("|") if s not in OVER and not s.startswith("closed_"))
}
ROWS += [
    {**OPEN, "statement": "referral.change_urgency", "who": "sender caseworker|supervisor"},
    {**OPEN, "statement": "referral.link", "who": "sender caseworker"},
    {**OPEN, "statement": "referral.bind", "who": "recipient provider (link)"},
    {**AFTER, "statement": "referral.unlink", "who": "sender caseworker|supervisor", "guard": ""},
    {**AFTER, "statement": "referral.asked_back", "who": "ordering hub", "guard": ""},
]
TYPES = sorted({row["statement"] for row in ROWS} | {"packet.rewrap"})
BODY = {"due": NOW + 5, "urgency": "high", "manifest": "m", "first_contact": "2026-12-01"}
MEMBER = "m" * 22
BESIDE = {"referral.pause_clock", "referral.change_urgency", "referral.link", "referral.unlink", "consent.withdraw"}


def a_referral(state: State, grade: Grade, *, delivered: bool, locked: bool) -> Referral:
    return Referral(
        id="h" * 22,
        from_agency=PARTIES["sender"],
        to_agency=PARTIES["recipient"],
        urgency="urgent",
        submitted_at=NOW,
        due=None,
        needed_from=None,
        state=state,
        grade=grade,
        made_by=Maker("something.else", "somebody"),
        delivered=delivered,
        locked=locked,
        promised=BODY["first_contact"],
    )


def expected(referral: Referral, kind: str, side: str, role: str | None, grade: Grade) -> State | None:
    """Read the table again, by its words, with none of the code under test."""
    for row in ROWS:
        if row["statement"] != kind or referral.state.value not in row["from"].split("|"):
            continue
        who = row["who"]
        proxy = who.endswith("(proxy)")
        if side in HUBS:
            allowed = who == side and grade == "hub"
        elif who == "any member of sender or recipient":
            allowed = grade == "signed"
        else:
            words = who.replace(" (proxy)", "").replace(" (named)", "").replace(" (link)", "").split(" ", 1)
            grades = ["reported", "code_verified"] if proxy else ["link"] if "(link)" in who else ["signed"]
            grades += ["link"] if side == "recipient" else []
            allowed = words[0] == side and role in words[1].split("|") and grade in grades
            allowed = allowed and (grade != "link" or role == "provider")
        if "present grade is not signed" in row["guard"] and referral.grade == "signed":
            allowed = False
        if row["event"] == "delivered after a reported answer" and referral.delivered:
            allowed = False
        if row["guard"] in {"consent was withdrawn", "consent was not withdrawn"}:
            allowed = allowed and referral.locked == (row["guard"] == "consent was withdrawn")
        if kind == "consent.withdraw" and referral.locked:
            allowed = False
        if allowed:
            return referral.state if row["to"].startswith("(same") else State(row["to"])
    return None


def by_whom(side: str, role: str | None) -> tuple[object, ...]:
    return (HubActor(HUBS[side]),) if side in HUBS else (MemberActor(PARTIES[side], MEMBER, role),)


SIDES = [*((hub, None) for hub in HUBS), *product(PARTIES, Role)]


@pytest.mark.parametrize("state", State)
def test_every_step_from_this_state_is_decided_as_the_table_says(state):
    signed, by_phone = Grade.SIGNED, Grade.REPORTED
    kinds = [(True, False, signed), (True, True, by_phone), (False, False, by_phone), (False, True, signed)]
    for delivered, locked, present in kinds:
        referral = a_referral(state, present, delivered=delivered, locked=locked)
        for kind, (side, role), grade in product(TYPES, SIDES, Grade):
            statement = Statement(kind, referral.id, ("x",), by_whom(side, role), NOW, grade, BODY)
            wanted = expected(referral, kind, side, role, grade)
            try:
                applied = referral.apply(statement, NOW)
            except IllegalTransition:
                assert wanted is None, (state, kind, side, role, grade)
            else:
                assert applied.moved == (wanted is not None), (state, kind, side, role, grade)
                assert applied.referral.state is (wanted or state)
                assert not applied.changed_state or not applied.referral.apply(statement, NOW).moved


def test_every_open_state_has_a_way_on_for_whoever_has_the_ball():
    everybody = frozenset(role.value for role in Role)
    for state in State:
        side = ball(state)
        if side is not None:
            referral = a_referral(state, Grade.SIGNED, delivered=True, locked=False)
            steps = set(possible(referral, side, everybody)) - BESIDE
            assert steps, state


@st.composite
def walks(draw):
    who = st.sampled_from(SIDES)
    return draw(st.lists(st.tuples(st.sampled_from(TYPES), who, st.sampled_from(Grade)), max_size=60))


@given(walks())
@settings(max_examples=200)
def test_any_walk_keeps_positions_without_gaps_and_never_unlocks(walk):
    referral = a_referral(State.SUBMITTED, Grade.SIGNED, delivered=False, locked=False)
    for kind, (side, role), grade in walk:
        statement = Statement(kind, referral.id, ("x",), by_whom(side, role), NOW, grade, BODY)
        try:
            applied = referral.apply(statement, NOW)
        except IllegalTransition:
            continue
        assert applied.referral.position == referral.position + applied.moved
        assert applied.referral.version == referral.version + applied.moved
        assert applied.referral.locked or not referral.locked
        same = replace(applied.referral, position=referral.position, version=referral.version)
        assert applied.moved or same == referral
        referral = applied.referral


def test_side_names_are_those_of_the_table():
    assert {side.value for side in Side} == {"sender", "recipient", "ordering_hub", "recipient_hub", "either"}
