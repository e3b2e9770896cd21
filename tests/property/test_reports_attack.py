"""Nobody works a hidden count out of all that is published: places, rows, columns, splits, months, hubs together."""

from __future__ import annotations

import random

import pytest

from hub.reports.domain import SPLITS, bounds, settled, unsettled_since
from hub.reports.join import as_rows, join
from hub.reports.suppression import suppress
from tests.support.attack import Attack
from tests.support.counting import AREAS, SERVICES, careless, facts, plain

NESTED = ("ending", "reason.declined", "reason.not_completed")


def some(cells, many=25):
    names = sorted(cells, key=str)
    return {name: cells[name] for name in random.Random(1).sample(names, min(many, len(names)))}


def table(*documents):
    """Return all lines that a hub shows of these documents together."""
    found = join(documents)
    return [{**line, "split": split} for split in (None, *SPLITS) for line in as_rows(found, split)]


def attack(*agencies, **more):
    return Attack(agencies, SERVICES, AREAS, **more)


@pytest.mark.parametrize(("seed", "many"), [(1, 25), (2, 70), (3, 200), (4, 400), (5, 1200)])
def test_one_document_tells_no_hidden_count(seed, many):
    found = facts(seed, many)
    rows = suppress(found)
    solver = attack("a")
    solver.read("a", rows)
    assert solver.narrow(some(solver.hidden("a", rows, found))) == {}


@pytest.mark.parametrize(("seed", "many"), [(6, 150), (7, 900)])
def test_reasons_of_some_endings_tell_no_hidden_count(seed, many):
    found = facts(seed, many)
    rows = suppress(found)
    solver = attack("a", splits=NESTED)
    solver.read("a", rows)
    assert solver.narrow(some(solver.hidden("a", rows, found))) == {}


def test_two_agencies_and_what_two_hubs_make_of_them_tell_no_hidden_count():
    found = {"a": facts(8, 300), "b": facts(9, 120)}
    documents = {name: suppress(rows) for name, rows in found.items()}
    solver = attack(*documents, splits=("ending", "grade", "unmet"))
    for name, rows in documents.items():
        solver.read(name, rows)
        solver.read_together(table(rows), [name])  # a hub whose peer was away
    solver.read_together(table(*documents.values()))
    for name, rows in documents.items():
        assert solver.narrow(some(solver.hidden(name, rows, found[name]), 15)) == {}


def test_each_line_has_grades_hidden_ones_too_and_says_of_which_place():
    lines = table(suppress(facts(2, 1200)), suppress(facts(3, 1500)))
    hidden = [line for line in lines if line["count"] is None]
    assert hidden
    assert all(line["grades"] for line in lines)
    for line in lines:
        path = _place(line)
        assert line["grades_of"] <= len(path)
        told = next(row for row in lines if row["split"] is None and _place(row) == path[: line["grades_of"]])
        assert (told["grades"], told["grades_of"]) == (line["grades"], line["grades_of"])
    few = as_rows(join([suppress(facts(12, 40))]))
    assert {(line["grades_of"], len(line["grades"])) for line in few} == {(None, 0)}


def _place(line):
    return tuple(line[name] for name in ("service", "area", "age_band", "sex") if line[name] is not None)


def test_who_takes_part_and_knows_its_own_cases_learns_no_hidden_count_of_another():
    own, found = facts(10, 200), facts(11, 150)
    other = suppress(found)
    solver = attack("own", "other", splits=("ending", "again"))
    solver.know("own", own)
    solver.read_together(table(suppress(own), other))
    assert solver.narrow(some(solver.hidden("other", other, found), 15)) == {}


def test_two_months_have_nothing_in_common_and_the_board_counts_in_neither():
    found = {month: facts(seed, 150, month) for seed, month in ((12, "2026-04"), (13, "2026-05"))}
    documents = {month: suppress(rows) for month, rows in found.items()}
    solver = attack(*documents, splits=("ending", "again"))
    for month, rows in documents.items():
        solver.read(month, rows)
    for month, rows in documents.items():
        assert solver.narrow(some(solver.hidden(month, rows, found[month]), 15)) == {}
        now = bounds(month)[1] + 92 * 86_400
        assert settled(month, now)
        assert unsettled_since(now) >= bounds(month)[1]


@pytest.mark.parametrize("rows", [False, True])
def test_the_attack_finds_what_a_careless_suppression_tells(rows):
    found = [
        *plain(ending="yes", many=30),
        *plain(ending="no", many=20),
        *plain(ending="declined", many=4),
        *plain(ending="expired", many=3),
        *plain(area="ET.OR", ending="yes", many=40),
        *plain(area="ET.OR", ending="no", many=15),
        *plain(area="ET.OR", ending="declined", many=25),
        *plain(area="ET.OR", ending="expired", many=12),
    ]
    told = careless(found, rows=rows)
    solver = attack("a", splits=("ending",))
    solver.read("a", told)
    narrow = solver.narrow({(): solver.cell(["a"], ("health", "ET.AA"), "ending", "declined")})
    assert narrow[()] == pytest.approx((4, 4))
    safe = suppress(found)
    solver = attack("a", splits=("ending",))
    solver.read("a", safe)
    assert solver.narrow(some(solver.hidden("a", safe, found))) == {}
