"""The vectors of gates: both languages find what they say, and each gate is seen to stop and to let pass."""

from __future__ import annotations

import json

import pytest

from hub.casefile.gates.policy import ALL, GATES
from hub.casefile.sections import forms
from tests.support.twin import Twin
from tests.vectors import gates
from tests.vectors.generate_rules import FOLDER

VECTORS = json.loads((FOLDER / "gates.json").read_text())["cases"]


def _question(case):
    return gates.question(case["base"], case["step"], {**case["set"], **dict.fromkeys(case["out"], ...)})


def _is(case, given):
    said = gates.brief(given)
    if "answer" in case:
        return said == case["answer"]
    return gates.changes(said, case["base"], case["step"]) == case["changes"]


def _otherwise(answers):
    return [case["name"] for case, given in zip(VECTORS, answers, strict=True) if not _is(case, given)]


def test_python_finds_what_the_vectors_say():
    assert _otherwise(gates.judged(_question(case)) for case in VECTORS) == []


def test_javascript_finds_what_the_vectors_say():
    asked = [_question(case) for case in VECTORS]
    with Twin() as twin:
        assert _otherwise(twin.ask([{"step": facts.pop("step"), "facts": facts} for facts in asked])) == []


@pytest.mark.parametrize("gate", GATES)
def test_each_gate_stops_somebody_and_lets_somebody_pass(gate):
    found = {
        case["answer"].split(" ")[GATES.index(gate)].removeprefix(gate)[:1] for case in VECTORS if "answer" in case
    }
    assert {"-", "."} <= found
    assert "+" in found or gate == "R24", "an exception is never clear: it is lifted, or it is none"


def test_each_check_stops_somebody_on_its_own():
    written = [case["answer"].split(" ")[n] for case in VECTORS if "answer" in case for n in range(len(GATES))]
    alone = {word.split("(")[0].rstrip("?").replace("~", "-") for word in written}
    assert {f"{gate.id}-{check.id}" for gate in ALL for check in gate.checks} <= alone


def test_the_journeys_are_of_the_published_forms():
    documents = [(name, doc) for facts in gates.BASES.values() for name, doc in facts["case"].items()]
    assert [(name, forms.check(name, doc)) for name, doc in documents if forms.check(name, doc)] == []
