"""Programmes: marks are a set, a step never runs ahead of what it waits for, and templates come back as they went."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.packets.encoding import canonical, parse_json
from hub.programmes.progress import SETTLED, Mark, Said, progress, refusal
from hub.programmes.template import START, faults, read_template, shipped
from tests.support.web_modules import WebModules

SCRIPT = Path(__file__).resolve().parents[1] / "support" / "web_care.mjs"
TODAY = date(2025, 4, 7)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name != START)


@pytest.fixture(scope="module")
def web():
    with WebModules(SCRIPT) as running:
        yield running


def marks_of(template):
    names = [START, *(row.id for row in (*template.steps, *template.facts))]
    sections = sorted({name for row in template.steps for name in row.evidence})

    def build(step, said, day, evidence, second, whole):
        wanted = next((row.evidence for row in template.steps if row.id == step), ())
        named = wanted if whole else tuple(evidence)
        who = ("urn:rcp:agency:focal@sn.example", "B" * 21 + "A", "caseworker")
        on = f"2025-03-{day:02}"
        return Mark(1_741_000_000 + second, "A" * 22, template.hash, step, said, on, named, *who)

    said = st.sampled_from([*Said, Said.DONE, Said.DONE])
    evidence = st.lists(st.sampled_from(sections), unique=True, max_size=3) if sections else st.just([])
    one = st.builds(
        build, st.sampled_from(names), said, st.integers(1, 28), evidence, st.integers(0, 20), st.booleans()
    )
    return st.lists(one, max_size=40)


@st.composite
def templates(draw):
    """Any template whose steps wait for facts and earlier steps."""
    names = draw(st.lists(NAMES, min_size=2, max_size=10, unique=True))
    cut = draw(st.integers(0, len(names) - 1))
    facts, steps = names[:cut], names[cut:]
    words = st.dictionaries(st.sampled_from(["en", "fr", "ar"]), st.just("words"), min_size=1)
    due = st.one_of(
        st.none(),
        st.builds(lambda after, days: {"after": after, "days": days}, st.just(START), st.integers(0, 99)),
    )
    rows = []
    for place, name in enumerate(steps):
        known = [*facts, *steps[:place]]
        requires = draw(st.lists(st.sampled_from(known), unique=True, max_size=3)) if known else []
        more = {"requires": requires, "due": draw(due), "optional": draw(st.booleans()), "evidence": ["plan"]}
        rows.append({"id": name, "words": draw(words), "by": ["ngo"], **more})
    alone = [{"id": name, "words": draw(words), "due": draw(due)} for name in facts]
    head = {"v": 1, "id": "some", "version": "1", "title": draw(words), "source": "x", "countries": ["SN"]}
    return {**head, "facts": alone, "steps": rows}


@pytest.mark.parametrize("name", shipped())
@given(data=st.data())
def test_marks_in_any_order_and_twice_say_the_same(name, data):
    template = shipped()[name]
    marks = data.draw(marks_of(template))
    again = marks + data.draw(st.lists(st.sampled_from(marks), max_size=9)) if marks else []
    random.Random(data.draw(st.integers())).shuffle(again)
    assert progress(template, marks, TODAY) == progress(template, again, TODAY)


@given(value=templates(), data=st.data())
def test_a_step_is_never_done_while_a_required_one_is_not(value, data):
    template = read_template(value)
    found = progress(template, data.draw(marks_of(template)), TODAY)
    for step in template.steps:
        missing = [name for name in step.requires if found.row(name).state not in SETTLED]
        row = found.row(step.id)
        assert list(row.waits_for) == missing
        assert not (missing and row.state in {*SETTLED, "begun"})
        assert not (row.state == "done" and not set(step.evidence) <= set(row.mark.evidence))


@given(value=templates(), data=st.data())
def test_whoever_only_marks_what_is_not_refused_is_never_overruled(value, data):
    template = read_template(value)
    kept = []
    for place, one in enumerate(data.draw(marks_of(template))):
        new = Mark.from_value({**one.to_value(), "at": one.at + 100 * place})
        if refusal(template, kept, new, TODAY) is None:
            kept.append(new)
            row = progress(template, kept, TODAY).row(new.step)
            assert row is None or new.said in {Said.OPEN, row.state}


@given(value=templates(), data=st.data())
def test_a_browser_reckons_the_same(web, value, data):
    template = read_template(value)
    marks = data.draw(marks_of(template))
    found = progress(template, marks, TODAY)
    no = refusal(template, marks[1:], marks[0], TODAY) if marks else None
    expected = {
        "started": found.started and found.started.isoformat(),
        "steps": [_told(row) for row in found.steps],
        "facts": [_told(row) for row in found.facts],
        "refused": no and _told(no),
    }
    asked = {"document": value, "marks": [one.to_value() for one in marks], "today": TODAY.isoformat()}
    assert web.ask("progress", rows=[asked])["ok"] == [expected]


def _told(row):
    """A row as the browser tells it."""
    lists = {"waits_for": list(row.waits_for), "lacks": list(row.lacks), "sections": list(row.sections)}
    mark = row.mark and [row.mark.at, row.mark.said, row.mark.on, list(row.mark.evidence)]
    due = {"due": row.due and row.due.isoformat(), "late": row.late}
    return {"id": row.id, "state": row.state, **lists, **due, "mark": mark, "parts": [_told(one) for one in row.parts]}


@given(value=templates())
def test_a_template_comes_back_as_it_went(value):
    assert faults(value) == []
    template = read_template(value)
    assert read_template(parse_json(canonical(template.document))) == template
