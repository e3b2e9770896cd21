"""A capacity inquiry: the closed form, the states, who answers."""

from __future__ import annotations

import pytest

from hub.errors import Forbidden, IllegalTransition, Malformed
from hub.followup.domain import CLOCKS, due_rung, start
from hub.ids import host_of
from hub.inquiries.domain import ANSWER, ASK, EXPIRE, OVERDUE, State, answer, ask, band_of, question
from hub.statements.grammar import HubActor, MemberActor
from tests.support.factories import NOW, some_id, statement

ASKER, ASKED, OTHER = (f"urn:rcp:agency:{name}" for name in ("a@dj.example", "b@et.example", "c@et.example"))
QUESTION = {"v": 1, "need": "housing", "service": None, "age_band": "12-14", "sex": None}
QUESTION |= {"from": "2026-12-01", "how_many": 2}


def by(agency, role="caseworker"):
    return MemberActor(agency, some_id(agency), role)


def asked(role="caseworker"):
    said = statement(ASK, by(ASKER, role), body={"kind": "inquiry", "urgency": "urgent"})
    return ask(said, ASKED, NOW)


def overdue(hub, kind=OVERDUE):
    body = {"clock": "capacity", **({"rung": 1, "tell": []} if kind == OVERDUE else {})}
    return statement(kind, HubActor(hub), body=body)


def test_a_question_says_need_age_band_day_and_number():
    assert question(QUESTION) == QUESTION


@pytest.mark.parametrize(
    "slip",
    [
        {"name": "SYN Hagos"},
        {"need": "a bed for Hagos"},
        {"age_band": "14"},
        {"sex": "she"},
        {"service": "SYN Hagos"},
        {"how_many": 0},
        {"how_many": True},
        {"from": "tomorrow, he has fever"},
        {"v": 2},
    ],
)
def test_a_question_that_says_anything_else_is_none(slip):
    with pytest.raises(Malformed):
        question({**QUESTION, **slip})


@pytest.mark.parametrize("missing", QUESTION)
def test_a_question_with_a_gap_is_none(missing):
    with pytest.raises(Malformed):
        question({name: value for name, value in QUESTION.items() if name != missing})


@pytest.mark.parametrize("value", [None, [], "housing", 7])
def test_what_is_no_object_is_no_question(value):
    with pytest.raises(Malformed):
        question(value)


def test_an_answer_is_one_of_four_words():
    said = {"v": 1, "capacity": "waitlist", "from": "2026-12-01", "places": None, "exception": None}
    assert answer(said) == said
    for slip in ({"capacity": "maybe"}, {"places": -1}, {"text": "bring Hagos"}):
        with pytest.raises(Malformed):
            answer({**said, **slip})


def test_the_agency_that_was_asked_answers_once():
    answered = asked().apply(statement(ANSWER, by(ASKED)))
    assert (answered.state, answered.position) == (State.ANSWERED, 1)
    assert answered.apply(statement(ANSWER, by(ASKED))) is answered
    assert answered.possible(ASKED) == ()


@pytest.mark.parametrize("who", [by(ASKER), by(OTHER), by(ASKED, "auditor"), by(ASKED, "agency_admin")])
def test_nobody_else_answers(who):
    with pytest.raises(IllegalTransition):
        asked().apply(statement(ANSWER, who))


def test_only_who_works_with_cases_asks():
    with pytest.raises(Forbidden):
        asked("auditor")


def test_silence_is_told_and_ends_and_a_late_answer_still_counts():
    home = host_of(ASKER)
    told = asked().apply(overdue(home))
    assert told.state is State.ASKED
    over = told.apply(overdue(home, EXPIRE))
    assert (over.state, over.possible(ASKED)) == (State.UNANSWERED, (ANSWER,))
    assert over.apply(statement(ANSWER, by(ASKED))).state is State.ANSWERED
    for hub in (home, host_of(ASKED)):
        with pytest.raises(IllegalTransition):
            over.apply(overdue(hub, EXPIRE))
    with pytest.raises(IllegalTransition):
        asked().apply(overdue(host_of(ASKED)))


def test_the_clock_of_whoever_was_asked_climbs_and_ends():
    clock = start("h" * 22, State.ASKED.value, "urgent", NOW)
    assert (clock.owner, clock.due_at) == ("recipient", NOW + 24 * 3600)
    assert due_rung(clock, clock.due_at).name == "reminder"
    assert CLOCKS[State.ASKED.value].expires == EXPIRE
    assert not {State.ANSWERED.value, State.UNANSWERED.value} & CLOCKS.keys()


EXCEPTION = {"service": "2966a4ba-ec2b-598f-9a1b-94019815f9e9", "age_band": "12-14", "sex": None}
EXCEPTION |= {"criteria": ["age"], "until": "2026-12-31", "reason": "SYN room for two more"}


@pytest.mark.parametrize(
    "slip",
    [
        *({"criteria": [name]} for name in ("labour", "hunger")),
        *({"criteria": []}, {"criteria": ["age", "age"]}, {"service": None}, {"reason": ""}, {"until": None}),
        {"name": "SYN Hagos"},
    ],
)
def test_an_exception_says_to_what_limit_until_when_and_why_and_never_lets_a_child_work(slip):
    said = {"v": 1, "capacity": "capacity", "from": None, "places": None, "exception": EXCEPTION}
    assert answer(said) == said
    with pytest.raises(Malformed):
        answer({**said, "exception": {**EXCEPTION, **slip}})


@pytest.mark.parametrize(
    ("years", "band"), [(0, "0-5"), (5, "0-5"), (6, "6-11"), (14, "12-14"), (15, "15-17"), (60, "18+")]
)
def test_an_age_is_in_one_band(years, band):
    assert {band_of(12 * years), band_of(12 * years + 11)} == {band}
