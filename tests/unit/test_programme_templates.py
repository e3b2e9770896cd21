"""Templates of programmes as data: those of the release are whole, and bad ones are refused row by row."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from consent.words import LANGUAGES
from hub.errors import InvalidRequest
from hub.keys.certificates import KINDS, NEVER_RECEIVE
from hub.packets.encoding import canonical, parse_json
from hub.programmes import words
from hub.programmes.progress import Mark, Said, State, progress, refusal
from hub.programmes.template import faults, read_template, schema, shipped
from tests.support.web_modules import WebModules

SCRIPT = Path(__file__).resolve().parents[1] / "support" / "web_care.mjs"
EIGHT = shipped()["west-africa-eight-steps@2026-12"]
TODAY = date(2025, 4, 7)


@pytest.fixture(scope="module")
def web():
    with WebModules(SCRIPT) as running:
        yield running


def mark(step, said="done", on="2025-03-03", *, at=1_741_000_000, evidence=None, template=EIGHT):
    wanted = next((row.evidence for row in template.steps if row.id == step), ())
    who = ("urn:rcp:agency:focal-dakar@sn.example", "B" * 21 + "A", "caseworker")
    return Mark(at, "A" * 22, template.hash, step, said, on, wanted if evidence is None else evidence, *who)


def state(*marks, step, template=EIGHT, today=TODAY):
    return progress(template, marks, today).row(step)


@pytest.mark.parametrize("name", shipped())
def test_a_template_of_the_release_says_everything_in_four_languages(name):
    found = shipped()[name]
    rows = (found.title, *(row.words for row in (*found.steps, *found.facts)))
    assert all(set(row) == set(LANGUAGES) for row in rows)
    assert read_template(parse_json(canonical(found.document))).hash == found.hash


def test_the_procedures_of_the_scenarios_have_their_steps():
    assert {row.id: len(row.steps) for row in shipped().values()} == {
        "west-africa-eight-steps": 8,
        "ethiopia-case-management": 6,
        "india-restoration": 6,
        "long-distance-return": 8,
    }


def test_kinds_of_agencies_are_those_that_may_receive():
    kinds = schema()["$defs"]["step"]["properties"]["by"]["items"]["enum"]
    assert set(kinds) == KINDS - NEVER_RECEIVE


@pytest.mark.parametrize(
    ("change", "at"),
    [
        (lambda t: t.pop("title"), ""),
        (lambda t: t.update(extra=1), ""),
        (lambda t: t["steps"][2].update(by=["police"]), "steps.3.by.1"),
        (lambda t: t["steps"][2].update(gates=["R99"]), "steps.3.gates.1"),
        (lambda t: t["steps"][2].update(due={"after": "start"}), "steps.3.due"),
        (lambda t: t["steps"][2].update(requires=["family_study"]), "steps.3"),
        (lambda t: t["steps"][2].update(requires=["nothing"]), "steps.3"),
        (lambda t: t["steps"][5].update(requires=["returned"]), "steps.6"),
        (lambda t: t["steps"][2].update(evidence=["gossip"]), "steps.3"),
        (lambda t: t["steps"][2].update(id="start"), "steps.3"),
        (lambda t: t["steps"][2].update(id="agreed"), "facts.1"),
        (lambda t: t["steps"][2].update(due={"after": "nothing", "days": 1}), "steps.3"),
        (lambda t: t["facts"][1].update(step="nothing"), "facts.2"),
        (lambda t: t["steps"][2]["words"].update(en="left\u202eright"), "steps.3"),
        (lambda t: t["steps"][2].update(due={"after": "start", "days": 1.5}), ""),
    ],
)
def test_what_is_wrong_with_a_template_is_said_of_its_row_and_refused_in_browsers(web, change, at):
    value = copy.deepcopy(dict(EIGHT.document))
    change(value)
    assert at in {row.at for row in faults(value)}
    with pytest.raises(InvalidRequest):
        read_template(value)
    assert web.ask("template", rows=[value])["ok"] == [{"refused": "malformed"}]


def test_browsers_know_the_same_templates_by_the_same_hashes(web):
    found = web.ask("template", rows=[row.document for row in shipped().values()])["ok"]
    assert found == [row.hash for row in shipped().values()]
    assert sorted(web.ask("shipped")["ok"]) == sorted([row.name, row.hash] for row in shipped().values())


def test_step_six_waits_while_step_four_is_empty_and_says_so_in_each_language():
    done = (mark("start"), mark("identification"), mark("personal_study"))
    row = refusal(EIGHT, done, mark("reintegration", "begun"), TODAY)
    assert row.waits_for == ("family_study",)
    for language in LANGUAGES:
        assert f"4. {EIGHT.words('family_study', language)}" in words.why_not(row, EIGHT, language)
    done += (mark("agreed"), mark("family_study"))
    assert refusal(EIGHT, done, mark("reintegration", "begun"), TODAY) is None


def test_a_step_lacks_its_parts_and_its_sections_until_they_are_there():
    before = [mark(step) for step in ("identification", "agreed", "personal_study", "family_study")]
    row = state(*before, mark("reintegration", evidence=("plan",)), step="reintegration")
    assert (row.state, row.lacks, row.sections) == (State.BEGUN, ("best_interests", "returned"), ("bia_bid",))
    parts = [mark("best_interests"), mark("returned")]
    assert state(*before, *parts, mark("reintegration"), step="reintegration").state is State.DONE


def test_only_an_optional_step_is_not_needed():
    found = mark("identification")
    assert state(found, mark("alternative_care", "not_needed"), step="alternative_care").state is State.NOT_NEEDED
    assert refusal(EIGHT, [found], mark("personal_study", "not_needed"), TODAY).state is State.OPEN
    assert refusal(EIGHT, [], mark("agreed", "begun"), TODAY) is not None


def test_a_mark_is_taken_back_by_a_later_one_and_what_followed_waits_again():
    done = [mark(step) for step in ("identification", "agreed", "family_study", "family_support")]
    assert state(*done, step="family_support").state is State.DONE
    back = mark("family_study", "open", at=1_741_000_009)
    assert refusal(EIGHT, done, back, TODAY) is None
    assert state(*done, back, step="family_support").state is State.BLOCKED


def test_months_of_follow_up_are_counted_from_the_arrival():
    found = state(mark("returned", on="2025-04-07"), step="follow_up")
    assert [part.due for part in found.parts] == [date(2026, 4, 7), date(2027, 4, 7)]
    assert state(step="follow_up").due is None
    late = state(mark("start", on="2025-03-01"), step="identification")
    assert late.due == date(2025, 3, 2)
    assert late.late


def test_the_term_of_the_final_order_runs_from_the_production():
    india = shipped()["india-restoration@2026-12"]
    shown = mark("production", on="2025-10-31", template=india)
    ordered = mark("first_order", on="2025-11-01", template=india)
    assert state(shown, ordered, step="inquiry", template=india).due == date(2025, 11, 16)
    assert state(shown, ordered, step="final_order", template=india).due == date(2026, 2, 28)


def test_marks_of_another_template_or_of_no_step_are_passed_over():
    other = mark("identification", template=shipped()["ethiopia-case-management@2026-12"])
    found = progress(EIGHT, [other, mark("nothing")], TODAY)
    assert found.settled == 0
    assert found.started is None
    assert refusal(EIGHT, [], mark("nothing"), TODAY) is None


def test_a_mark_reads_as_it_was_written():
    for said in Said:
        found = mark("identification", said)
        assert Mark.from_value(found.to_value()) == found


def test_words_are_there_for_every_state_and_for_four_languages_alone():
    for language in LANGUAGES:
        row = state(mark("start", on="2025-03-01"), step="identification")
        assert words.state(row, language) not in {"", words.state(replace(row, late=False), language)}
    with pytest.raises(InvalidRequest):
        words.state(row, "de")
