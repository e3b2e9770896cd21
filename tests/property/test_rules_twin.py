"""Random expressions about random facts: Python and JavaScript answer the same, or both refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from consent.evaluate import MAX_INTEGER
from tests.support.twin import Twin, answer, decision
from tests.vectors.decisions import BASES, NOW, members, question

NAMES = ["a", "b", "row", "constructor", "__proto__", "length"]
DAYS = ["2026-11-30", "2026-12-01", "2028-02-29", "2027-02-29", "0001-01-01", "9999-12-31", "0000-01-01", "2026-1-5"]
numbers = (
    st.integers(-3, 3)
    | st.sampled_from([MAX_INTEGER, MAX_INTEGER + 1, -MAX_INTEGER, -MAX_INTEGER - 1, 2**63, 10**30, 366, 3_652_058])
    | st.sampled_from([0.0, -0.0, 1.0, 2.0, 0.5, 1e300, 9007199254740991.0, 9007199254740992.0, 1e15])
    | st.floats(allow_nan=False, allow_infinity=False)
)
texts = (
    st.sampled_from(
        [*NAMES, *DAYS, "", "0", "1", "true", "null", "\u00e9", "e\u0301", "\U0001f600", "\ud83d", "\0days"]
    )
    | st.dates().map(str)
    | st.text(max_size=3)
)
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | texts, inner, max_size=4),
    max_leaves=12,
)
facts = st.dictionaries(st.sampled_from(NAMES) | texts, values, max_size=6)
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(lambda names: "$" + ".".join(names))
ARITY = {"not": 1, "eq": 2, "in": 2, "subset": 2, "common": 2, "size": 1, "le": 2, "lt": 2, "days": 2, "at": 2}
ARITY |= {"known": 1, "first": 2}


def _operations(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    plain = [
        st.tuples(*[inner] * count).map(lambda arguments, name=name: {name: list(arguments)})
        for name, count in ARITY.items()
    ]
    joins = st.builds(lambda name, items: {name: items}, st.sampled_from(["all", "any"]), st.lists(inner, max_size=4))
    loops = st.builds(
        lambda name, rows, each, condition: {name: [rows, each, condition]},
        st.sampled_from(["some", "every"]),
        inner,
        st.sampled_from(NAMES),
        inner,
    )
    wrong = st.dictionaries(st.sampled_from([*ARITY, *NAMES, "use", "all"]), inner | st.lists(inner, max_size=3))
    mostly_good = st.one_of(*plain * 2, joins, joins, loops, loops, st.lists(inner, max_size=3))
    return st.integers(0, 40).flatmap(lambda n: wrong if n == 40 else mostly_good)


expressions = st.recursive(paths | scalars | st.just([]), _operations, max_leaves=10)
questions = st.builds(
    lambda expression, facts, named: {"expression": expression, "facts": json.dumps(facts), "named": named},
    expressions,
    facts,
    st.dictionaries(st.sampled_from(NAMES), expressions, max_size=2),
)


@pytest.fixture(scope="module")
def twin():
    with Twin() as started:
        yield started


def _as_javascript(value: Any) -> Any:
    """Return an answer with every number as the other language has it."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) + 0.0
    if isinstance(value, list):
        return [_as_javascript(item) for item in value]
    if isinstance(value, dict):
        return {name: _as_javascript(item) for name, item in value.items()}
    return value


def _shape(answers: list[Any]) -> list[str]:
    return [json.dumps(_as_javascript(given), sort_keys=True) for given in answers]


@given(st.lists(questions, min_size=1, max_size=25))
@settings(max_examples=400)
def test_both_languages_answer_alike(twin: Twin, asked: list[dict[str, Any]]):
    ours = [answer(question) for question in asked]
    for given_answer in ours:
        event(f"answer: {type(given_answer.get('answer', ...)).__name__}")
    assert _shape(twin.ask(asked)) == _shape(ours)


@given(facts, st.sampled_from(["$a", "$__proto__", "$constructor"]))
@settings(max_examples=50)
def test_asking_touches_no_object_that_others_inherit_from(twin: Twin, known: dict[str, Any], path: str):
    loop = {"some": [[path], "__proto__", {"known": ["$__proto__.polluted"]}]}
    probe = {"expression": ["$polluted", "$a.polluted", {"at": ["$a", "polluted"]}], "facts": '{"a": {}}'}
    known["__proto__"] = {"polluted": True}
    answers = twin.ask([{"expression": loop, "facts": json.dumps(known)}, probe])
    assert answers[1]["answer"] == [None, None, None]


KNOWN = [
    "consent",
    "vital_interest",
    "supervisor",
    "panel",
    "guardian",
    "self",
    "R01",
    "R10",
    "ET",
    "ZZ",
    "health",
    "hiv",
]
changes = st.dictionaries(
    st.sampled_from(range(200)), values | texts | st.sampled_from([*KNOWN, [], [KNOWN], [{"rule": "R10"}]]), max_size=4
)


def _changed(base: str, change: dict[int, Any], now: Any, end: str) -> dict[str, Any]:
    """Return whole facts of which some members, wherever they are, have become something else."""
    paths = [path for known, path in members() if known == base and path not in {"request", "request.sections"}]
    chosen = {paths[n % len(paths)]: value for n, value in change.items()}
    top = {path: value for path, value in chosen.items() if not any(path.startswith(f"{way}.") for way in chosen)}
    return question({"base": base, "set": top, "out": [], "now": now, "end": end})


decisions = st.builds(
    _changed,
    st.sampled_from(sorted(BASES)),
    changes,
    st.just(NOW) | st.integers(NOW - 86_400 * 400, NOW + 86_400 * 400) | st.integers(),
    st.sampled_from(["sender", "receiver"]),
)


@given(st.lists(decisions, min_size=1, max_size=10))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_both_languages_decide_alike(twin: Twin, asked: list[dict[str, Any]]):
    ours = [decision(each) for each in asked]
    for found in ours:
        event("permit" if found["permit"] else "deny")
    assert twin.ask(asked) == json.loads(json.dumps(ours))


def test_a_long_list_is_walked_in_both(twin: Twin):
    rows = [{"n": n} for n in range(50_000)]
    question = {"expression": {"some": ["$a", "row", {"eq": ["$row.n", 49_999]}]}, "facts": json.dumps({"a": rows})}
    assert twin.ask([question]) == [answer(question)] == [{"answer": True, "days": []}]


def test_facts_nested_deeply_are_read_in_both(twin: Twin):
    deep: Any = "x"
    for _ in range(300):
        deep = {"a": deep}
    question = {"expression": "$" + ".".join(["a"] * 300), "facts": json.dumps(deep)}
    assert twin.ask([question]) == [answer(question)] == [{"answer": "x", "days": []}]
