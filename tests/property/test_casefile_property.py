"""For any document: what a program does not know survives, more is never worth less, and no error repeats content."""

from __future__ import annotations

from copy import deepcopy
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hub.casefile.sections import considerations, forms
from hub.casefile.sections.completeness import WANTED, completeness
from hub.casefile.sections.situation import Child, Phase, Situation
from hub.errors import InvalidRequest
from hub.packets.encoding import canonical, parse_json
from tests.support.case_files import FILES, days_from

DAY = days_from(date(2025, 3, 3))
CASES = [FILES[reference](DAY) for reference in FILES]
PARTS = sorted({(n, name) for n, file in enumerate(CASES) for name in file})
MEMBERS = {name: set(forms.schema(name)["properties"]) for name in forms.NAMES}

unknown_names = st.text("qwxyz_", min_size=6, max_size=12).map("zz_".__add__)
scalars = st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text("aé漢ع0 ", max_size=20)
said = st.booleans() | st.integers(-(2**50), 2**50) | st.text("aé漢ع0 ", max_size=20)
values = st.recursive(
    said, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(unknown_names, inner, max_size=3), max_leaves=8
)
situations = st.builds(Situation, st.sampled_from(Child), st.sampled_from(Phase))
sections = st.sampled_from(PARTS).map(lambda at: (at[1], deepcopy(CASES[at[0]][at[1]])))


def places(value, path=()):
    """Every object in a document, by its path."""
    if isinstance(value, dict):
        yield path, value
        for name, item in value.items():
            yield from places(item, (*path, name))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from places(item, (*path, n))


@st.composite
def documents_with_something_unknown(draw):
    name, document = draw(sections)
    found = [(path, place) for path, place in places(document) if "considerations" not in path]
    path, place = draw(st.sampled_from(found))
    key, value = draw(unknown_names), draw(values)
    assume(key not in place)
    place[key] = value
    return name, document, path, key, value


def at(document, path):
    for step in path:
        document = document[step]
    return document


@given(documents_with_something_unknown())
def test_what_no_form_names_survives_sealing_and_reading(drawn):
    name, document, path, key, value = drawn
    assert forms.check(name, document) == []
    assert at(parse_json(canonical(document)), path)[key] == value


@given(documents_with_something_unknown(), st.data())
def test_what_no_form_names_survives_every_change_of_another_member(drawn, data):
    name, document, path, key, value = drawn
    other = data.draw(sections.filter(lambda row: row[0] == name) | st.just((name, document)))[1]
    members = sorted(set(other) & MEMBERS[name] - {"v", *path[:1]})
    chosen = data.draw(st.lists(st.sampled_from(members), unique=True)) if members else []
    change = {member: data.draw(st.just(other[member]) | st.none()) for member in chosen}
    try:
        done = forms.changed(name, document, change)
    except InvalidRequest:
        return  # such as an attachment whose hash was taken away
    assert at(done, path)[key] == value
    assert at(document, path)[key] == value


@given(documents_with_something_unknown())
def test_a_program_that_says_a_section_whole_in_its_own_words_drops_nothing(drawn):
    """A row with an `id`, or any object, keeps what the writer did not know; a row without one is the writer's own."""
    name, document, path, key, value = drawn
    rows = [at(document, path[: n + 1]) for n, step in enumerate(path) if isinstance(step, int)]
    assume(all("id" in row for row in rows))
    known = deepcopy(document)
    del at(known, path)[key]
    assert at(forms.changed(name, document, known), path)[key] == value


@given(sections)
def test_a_section_changed_by_itself_is_itself(drawn):
    name, document = drawn
    assert forms.changed(name, document, document) == document
    assert forms.changed(name, document, {}) == document
    assert forms.changed(name, None, document) == document


@given(st.sampled_from(forms.NAMES), scalars | values | st.dictionaries(st.text(max_size=4), values, max_size=4))
def test_the_check_is_total_and_says_no_content(name, value):
    document = {**value, "v": 1} if isinstance(value, dict) else value
    for problem in forms.check(name, document):
        assert problem.code in {"invalid", "missing", "unknown_version", "not_canonical"}
        assert "é漢ع" not in problem.message


@given(st.sampled_from(CASES), situations, st.data())
def test_more_in_a_file_never_lowers_its_score(file, situation, data):
    less = deepcopy(file)
    for _ in range(data.draw(st.integers(1, 6))):
        _path, place = data.draw(st.sampled_from([row for row in places(less) if len(row[1]) > 1]))
        del place[data.draw(st.sampled_from(sorted(place)))]
    before, after = completeness(less, situation), completeness(file, situation)
    assert before.score <= after.score
    assert {gap.key for gap in after.gaps} <= {gap.key for gap in before.gaps}
    assert all(before.sections[name] <= after.sections[name] for name in before.sections)


@given(st.dictionaries(st.sampled_from([*forms.NAMES, "hiv"]), scalars | values, max_size=6), situations)
def test_a_score_is_a_score_for_any_file(file, situation):
    found = completeness(file, situation)
    assert 0 <= found.score <= 100
    assert (found.score == 100) == (not found.gaps)
    assert {gap.key for gap in found.gaps} <= {row.key for row in WANTED}
    assert considerations.unanswered(file, situation) is not None


@given(situations, st.sets(st.sampled_from(sorted(considerations.QUESTIONS))))
def test_each_answer_takes_one_question_off_the_list_and_no_other(situation, chosen):
    file = {}
    for question in sorted(chosen):
        section, change = considerations.answer(question, "said", "2025-03-03", "m")
        file[section] = forms.changed(section, file.get(section), change)
    asked = {row.id for row in considerations.asked(situation)}
    assert {row.id for row in considerations.unanswered(file, situation)} == asked - chosen
    assert set(considerations.answers(file)) == chosen


@pytest.mark.parametrize("child", Child)
def test_later_phases_ask_for_no_less(child):
    wanted = [{gap.key for gap in completeness({}, Situation(child, phase)).gaps} for phase in Phase]
    assert wanted[0] < wanted[1] < wanted[2]
