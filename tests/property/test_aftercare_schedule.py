"""The schedule after arrival, over invented plans and visits: gaps, tapering, order, reviews."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.aftercare.benchmarks import By, Risk, published
from hub.aftercare.deadlines import Extension, extend, review_due
from hub.aftercare.schedule import FACE_TO_FACE, Plan, Visit, calendar, missing_face_to_face, next_contacts, share
from hub.errors import HubError
from hub.followup.calendar import months_after

D0 = date(2025, 3, 3)
_FOLLOWED = st.sampled_from(sorted(set(published()) - {"after_closure"}))
_DAYS = st.integers(0, 400).map(lambda n: D0 + timedelta(days=n))
_VISITS = st.lists(
    st.builds(Visit, _DAYS, st.sampled_from(By), st.booleans(), st.booleans(), st.sampled_from([None, "survey"])),
    max_size=30,
)
_LEVELS = st.lists(st.tuples(_DAYS, st.sampled_from(Risk)), max_size=4, unique_by=lambda row: row[0])


@st.composite
def _plans(draw: st.DrawFn) -> Plan:
    return Plan(D0, published()[draw(_FOLLOWED)], ((D0, draw(st.sampled_from(Risk))), *draw(_LEVELS)))


def _longest(plan: Plan, stream: str) -> int:
    """Return the longest gap that any level of the set allows in a stream, in days."""
    rows = [s for streams in plan.benchmarks.streams.values() for s in streams if s.name == stream and s.steps]
    spans = [span for row in rows for span in [row.first, *(step.every for step in row.steps)]]
    return max(span.days + 31 * span.months for span in spans)


@given(_plans(), _DAYS)
def test_who_is_seen_when_it_is_due_never_waits_longer_than_the_benchmark(plan: Plan, today: date) -> None:
    found = calendar(plan, (), D0, today)
    for name in {contact.stream for contact in found}:
        if any(s.at for s in plan.benchmarks.streams[plan.risk] if s.name == name):
            continue
        days = [contact.due for contact in found if contact.stream == name]
        assert days[0] - D0 <= timedelta(days=max(_longest(plan, name), (max(d for d, _ in plan.risks) - D0).days + 62))
        assert all(later - day <= timedelta(days=_longest(plan, name)) for day, later in pairwise(days))


@given(_FOLLOWED, st.sampled_from(Risk))
def test_visits_become_fewer_with_time_and_never_more(name: str, risk: Risk) -> None:
    plan = Plan(D0, published()[name], ((D0, risk),))
    for stream in published()[name].streams[risk]:
        days = [c.due for c in calendar(plan, (), D0, months_after(D0, 24)) if c.stream == stream.name]
        assert days, stream.name
        gaps = [(later - day).days for day, later in pairwise(days)]
        tolerance = 3 if any(step.every.months for step in stream.steps) else 0  # February
        assert all(later >= gap - tolerance for gap, later in pairwise(gaps)) or stream.at


@given(_plans(), _VISITS, _DAYS, st.randoms())
def test_visits_entered_late_twice_or_in_any_order_give_the_same_schedule(plan, visits, today, chance) -> None:
    again = [*visits, *visits[: len(visits) // 2]]
    chance.shuffle(again)
    assert next_contacts(plan, again, today) == next_contacts(plan, visits, today)
    assert share(plan, again, today) == share(plan, visits, today)


@given(_plans(), _VISITS, _DAYS)
def test_calls_and_attempts_never_take_the_place_of_a_meeting(plan: Plan, visits: list[Visit], today: date) -> None:
    calls = [Visit(v.day, v.by, in_person=False, met=v.met) for v in visits]
    tried = [Visit(v.day, v.by, v.in_person, met=False) for v in visits]
    nobody = missing_face_to_face(plan, (), today)
    assert missing_face_to_face(plan, calls, today) == missing_face_to_face(plan, tried, today) == nobody


@given(_plans(), _VISITS, _DAYS, _DAYS)
def test_one_more_visit_never_makes_anything_due_sooner(plan: Plan, visits, day: date, today: date) -> None:
    before = {c.stream: c.due for c in next_contacts(plan, visits, today)}
    after = {c.stream: c.due for c in next_contacts(plan, [*visits, Visit(day)], today)}
    if day <= today and visits and day >= max(v.day for v in visits):
        assert all(after.get(name, date.max) >= due for name, due in before.items())


@given(_plans(), _VISITS, _DAYS)
def test_a_share_is_between_nothing_and_all(plan: Plan, visits: list[Visit], today: date) -> None:
    found = share(plan, visits, today)
    assert 0 <= found.met <= found.owed
    assert found.percent is None or (found.percent == 100) == (found.met == found.owed)


@given(st.lists(_DAYS, max_size=6), st.lists(st.tuples(_DAYS, st.integers(-5, 40)), max_size=4))
def test_no_review_is_later_than_three_months_and_fourteen_days(reviews: list[date], asked) -> None:
    known: list[Extension] = []
    for _, days in asked:
        due = review_due(D0, reviews, known)
        try:
            known.append(extend(due, due + timedelta(days=days), known))
        except HubError:
            assert not 1 <= days <= 14 or known
    last = max([D0, *reviews])
    due = review_due(D0, reviews, [*known, Extension(months_after(last, 3), date(2030, 1, 1))])
    assert months_after(last, 3) <= due <= months_after(last, 3) + timedelta(days=14)
    assert review_due(D0, reviews, known) <= due


@pytest.mark.parametrize("name", sorted(published()))
def test_each_level_of_each_set_asks_for_meetings_or_signs(name: str) -> None:
    for streams in published()[name].streams.values():
        assert {s.name for s in streams} & {FACE_TO_FACE, "sign_of_observer", "after_closure"}
