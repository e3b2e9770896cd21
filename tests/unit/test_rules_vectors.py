"""The vectors of rules: the generator makes them, and both evaluators answer as they say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from consent.evaluate import _JOINS, _LOOPS, _OPS
from tests.support.twin import Twin, answer
from tests.vectors.generate_rules import FOLDER, write

if TYPE_CHECKING:
    from pathlib import Path

EXPRESSIONS = json.loads((FOLDER / "expressions.json").read_text())
QUESTIONS = [{"named": EXPRESSIONS["named"], "facts": EXPRESSIONS["facts"], **case} for case in EXPRESSIONS["cases"]]


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


def test_the_vectors_are_many_and_have_each_operation():
    assert len({case["name"] for case in QUESTIONS}) == len(QUESTIONS) >= 150
    text = json.dumps(EXPRESSIONS["cases"])
    for name in [*_JOINS, *_LOOPS, *_OPS, "use"]:
        assert f'"{name}": ' in text
