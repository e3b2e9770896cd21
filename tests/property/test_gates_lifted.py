"""The gates of a transfer under random journeys: nobody lifts what nobody may, and nothing worse opens anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from hub.casefile.gates import ask, verdict
from hub.casefile.gates.policy import ADVISORY, ALL, BY_ID, GATES, STEPS
from hub.client.gates import judged
from hub.errors import GateClosed
from tests.support.twin import Twin
from tests.vectors import gates

NEVER = frozenset(gate.id for gate in ALL if gate.override is None)
STOPPING = tuple(step for step in STEPS if step not in ADVISORY)
APART = {
    "journey.situation",
    "journey.final",
    "journey.crosses_border",
    "case.exploitation",
    "journey.return_mode",
    "journey.holder",
}
"""What changes which gates apply, or answers one: not simply worse."""
WORSE = [
    (base, change, blocked)
    for _, base, _, change, blocked, _ in gates.CASES
    if blocked and base in {"return", "home"} and not change.keys() & {*APART, "approvals"} and len(blocked) < 10
]
"""Changes of journeys that may go on, each of which blocks something."""
steps = st.sampled_from(STOPPING)
names = st.text("SYN-ABC", min_size=1, max_size=6)
days = st.sampled_from(["2026-11-01", "2026-11-20", "2026-11-22", "2026-11-29", "2026-12-06", "2030-01-01"])
approvals = st.builds(
    ask.Approval,
    gate=st.sampled_from([*GATES, "R07", ""]),
    leg=st.sampled_from([gates.LEG, gates.OTHER_LEG]),
    begins=days,
    ends=days,
    reason=st.sampled_from(["A reason that is long enough for anybody.", "short"]),
    by=st.lists(st.tuples(names, st.sampled_from(["supervisor", "caseworker", "focal_point"])), max_size=4).map(tuple),
    mode=st.sampled_from([None, "forced", "spontaneous", "bid_in_origin"]),
    bia_due=st.none() | days,
    bid_due=st.none() | days,
    plan=st.sampled_from(["", "A plan that is long enough for anybody."]),
    people=st.lists(st.tuples(st.sampled_from(["panel", "witness", "clinician"]), names), max_size=6).map(tuple),
)


def found(facts: dict[str, Any]) -> dict[str, str]:
    return {row.gate: str(row.found) for row in ask.judge(facts).outcomes}


def blocked(facts: dict[str, Any]) -> set[str]:
    return {gate for gate, word in found(facts).items() if word == "blocked"}


def _apart(one: dict[str, Any], other: dict[str, Any]) -> bool:
    ways = [(f"{a}.", f"{b}.") for a in one for b in other]
    return not any(a.startswith(b) or b.startswith(a) for a, b in ways)


@given(st.sampled_from(WORSE), steps, st.lists(approvals, max_size=5))
@settings(max_examples=400)
def test_no_approvals_open_a_gate_that_nobody_lifts(worse, step, rows):
    base, change, _ = worse
    before = blocked(gates.question(base, step, change))
    with_rows = blocked(gates.question(base, step, {**change, "approvals": [row.facts() for row in rows]}))
    event(f"never: {sorted(before & NEVER)}")
    assert before & NEVER <= with_rows


def test_these_gates_are_lifted_by_nobody():
    assert {"R23", "R25", "R26", "R29", "R36", "R38"} <= NEVER
    assert NEVER - {"R23", "R25", "R26", "R29", "R36", "R38"} == {"R31", "R32"}


@given(st.sampled_from(sorted(gates.BASES)), steps, st.lists(approvals, min_size=1, max_size=5))
@settings(max_examples=400)
def test_a_gate_opens_only_for_an_approval_of_this_leg_today_with_a_reason(base, step, rows):
    facts = gates.question(base, step, {"case": {}, "approvals": [row.facts() for row in rows]})
    for row in ask.judge(facts).outcomes:
        if row.found == "overridden":
            event(row.gate)
            fits = [
                one
                for one in rows
                if one.gate == BY_ID[row.gate].lifted_by
                and (one.leg, one.begins <= "2026-11-22" <= one.ends, len(one.reason) > 20) == (gates.LEG, True, True)
            ]
            assert fits
            assert facts["journey"]["purpose"] == "return" or row.gate not in {"R21", "R22", "R24"}


@given(st.data(), st.sampled_from(["return", "home"]), steps)
@settings(max_examples=300)
def test_what_is_worse_never_opens_anything(data, base, step):
    choices = [change for of, change, _ in WORSE if of == base]
    worse: dict[str, Any] = {}
    for change in data.draw(st.lists(st.sampled_from(choices), max_size=4)):
        if _apart(worse, change):
            before = blocked(gates.question(base, step, worse))
            worse |= change
            assert before <= blocked(gates.question(base, step, worse))


@given(st.data(), st.sampled_from(["return", "home"]), steps)
@settings(max_examples=300)
def test_a_section_that_is_taken_away_opens_nothing(data, base, step):
    choices = [change for of, change, _ in WORSE if of == base]
    change = data.draw(st.sampled_from(choices))
    facts = gates.question(base, step, change)
    before = blocked(facts)
    del facts["case"][data.draw(st.sampled_from(sorted(facts["case"])))]
    assert before <= blocked(facts)


@given(st.sampled_from(WORSE), st.sampled_from(STEPS), st.lists(approvals, max_size=3))
@settings(max_examples=200)
def test_every_verdict_looks_alike_to_a_hub(worse, step, rows):
    base, change, _ = worse
    facts = gates.question(base, step, {**change, "approvals": [row.facts() for row in rows]})
    result = ask.judge(facts)
    assert [gate for gate, _ in verdict.findings(result)] == list(GATES)
    try:
        left = judged(result)
    except GateClosed:
        return
    assert [(row["id"], len(row["commit"]), sorted(row)) for row in left.gates] == [
        (gate, 43, ["commit", "id"]) for gate in GATES
    ]
    assert not {row["commit"] for row in left.gates} & {row["commit"] for row in judged(result).gates}


@given(st.sampled_from(sorted(gates.BASES)), st.text(max_size=12).filter(lambda step: step not in STEPS))
def test_a_step_that_is_none_opens_nothing(base, step):
    assert blocked(gates.question(base, step, {})) == set(GATES)


# Both languages

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 400)
    | st.sampled_from(["yes", "no", "forced", "real_risk", "in_family", "2026-11-22", "2026-11-25", "2026-02-30", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["on", "until", "from", "outcome", "id", "role", "name"]), inner, max_size=4)
    ),
    max_leaves=8,
)
PATHS = [(base, path) for base, path in gates.members() if path.startswith(("case.", "journey."))]


@st.composite
def questions(draw):
    base = draw(st.sampled_from(sorted(gates.BASES)))
    paths = [path for of, path in PATHS if of == base]
    chosen = draw(st.lists(st.sampled_from(paths), max_size=4, unique=True))
    change: dict[str, Any] = {}
    for path in chosen:
        if _apart(change, {path: None}):
            change[path] = draw(values)
    rows = draw(st.lists(approvals, max_size=3))
    return gates.question(base, draw(st.sampled_from(STEPS)), {**change, "approvals": [row.facts() for row in rows]})


@pytest.fixture(scope="module")
def twin():
    with Twin() as started:
        yield started


@given(st.lists(questions(), min_size=1, max_size=10))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_both_languages_find_alike(twin, asked):
    ours = [gates.judged(facts) for facts in asked]
    theirs = twin.ask([{"step": facts["step"], "facts": facts} for facts in asked])
    assert theirs == json.loads(json.dumps(ours))
