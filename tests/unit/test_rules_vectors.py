"""The vectors of rules: the generator makes them, and both evaluators answer as they say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from consent.evaluate import _JOINS, _LOOPS, _OPS
from consent.policy import RULES
from tests.support.twin import Twin, answer, decision, for_javascript, matched
from tests.vectors import matches
from tests.vectors.decisions import question
from tests.vectors.generate_rules import FOLDER, brief, write

if TYPE_CHECKING:
    from pathlib import Path

EXPRESSIONS = json.loads((FOLDER / "expressions.json").read_text())
QUESTIONS = [{"named": EXPRESSIONS["named"], "facts": EXPRESSIONS["facts"], **case} for case in EXPRESSIONS["cases"]]

DECISIONS = json.loads((FOLDER / "decisions.json").read_text())["cases"]

MATCHES = json.loads((FOLDER / "matches.json").read_text())["cases"]


def test_the_generator_makes_these_very_vectors(tmp_path: Path):
    write(tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {p.name: p.read_bytes() for p in FOLDER.iterdir()}


def _wrong(answers):
    """Return the cases whose answer is another; `True == 1` must not hide one."""
    return [
        (case["name"], given)
        for case, given in zip(QUESTIONS, answers, strict=True)
        if given.get("refused", False) != case.get("refused", False)
        or json.dumps(given.get("answer")) != json.dumps(case.get("answer"))
    ]


def test_python_answers_every_expression_as_the_vector_says():
    assert _wrong(map(answer, QUESTIONS)) == []


def test_javascript_answers_every_expression_as_the_vector_says():
    with Twin() as twin:
        assert _wrong(twin.ask(QUESTIONS)) == []


def _otherwise(answers):
    """Return the cases that were decided otherwise than the vector says, in whatever detail."""
    return [
        case["name"]
        for case, given in zip(DECISIONS, answers, strict=True)
        if {**given, "findings": brief(given["findings"])} != {name: case[name] for name in given}
    ]


def test_python_decides_as_the_vector_says():
    assert _otherwise([decision(question(case)) for case in DECISIONS]) == []


def test_javascript_decides_as_the_vector_says():
    with Twin() as twin:
        assert _otherwise(twin.ask([question(case) for case in DECISIONS])) == []


def test_python_matches_as_the_vector_says():
    given = [matched(matches.question(case["listings"], case["asked"])) for case in MATCHES]
    assert [case["name"] for case, one in zip(MATCHES, given, strict=True) if one != case["answer"]] == []


def test_javascript_matches_as_the_vector_says():
    with Twin() as twin:
        given = twin.ask([for_javascript(matches.question(case["listings"], case["asked"])) for case in MATCHES])
    assert [case["name"] for case, one in zip(MATCHES, given, strict=True) if one != case["answer"]] == []


def test_a_decision_names_every_rule_that_blocks():
    assert len({case["name"] for case in DECISIONS}) == len(DECISIONS) >= 200
    blocked = {why["rule"] for case in DECISIONS if not case["permit"] for why in case["reasons"]}
    assert blocked == {rule.id for rule in RULES if rule.act == "send"} - {"R13"}, "R13 obliges and never blocks"


def test_what_is_taken_out_permits_no_longer_than_the_whole():
    whole = {
        case["base"]: case["until"] for case in DECISIONS if not case["set"] and not case["out"] and case["permit"]
    }
    taken = [case for case in DECISIONS if case["out"] and case["permit"]]
    longer = [case["name"] for case in taken if case["until"] > whole[case["base"]]]
    assert longer == ["clinic without listing"], "only what the directory does not list is not asked to be fresh (R18)"


def test_the_vectors_are_many_and_have_each_operation():
    assert len({case["name"] for case in QUESTIONS}) == len(QUESTIONS) >= 150
    text = json.dumps(EXPRESSIONS["cases"])
    for name in [*_JOINS, *_LOOPS, *_OPS, "use"]:
        assert f'"{name}": ' in text
