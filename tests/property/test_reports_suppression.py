"""Whatever is counted: nothing small is told, what is told is true, and whoever takes it finds nothing that tells."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.directory.records.vocabulary import AGE_GROUPS
from hub.errors import InvalidRequest
from hub.reports.domain import ENDINGS, GRADES, LEAST, SPLITS, Fact
from hub.reports.join import join
from hub.reports.suppression import Row, check, suppress
from tests.support.counting import MONTH, careless, facts, plain

ONE = st.builds(
    Fact,
    st.just(MONTH),
    st.sampled_from(["health", "education"]),
    st.sampled_from(["ET.AA", "ET.OR"]),
    st.sampled_from(AGE_GROUPS[:2]),
    st.sampled_from(["female", "male", "other"]),
    st.sampled_from(ENDINGS[:4]),
    reason=st.sampled_from([None, "no_capacity", "cost"]),
    again=st.booleans(),
    grade=st.sampled_from(GRADES[:2]),
)
HEAPS = st.lists(st.tuples(ONE, st.integers(1, 30)), max_size=14).map(
    lambda rows: [f for f, n in rows for _ in range(n)]
)


def number(found, path, split=None, one=None):
    inside = [fact for fact in found if fact.path[: len(path)] == path]
    return len(inside) if split is None else sum(SPLITS[split].of_fact(fact) == one for fact in inside)


@settings(max_examples=60)
@given(HEAPS)
def test_what_is_told_is_true_not_small_and_passes_the_check(found):
    rows = suppress(found)
    check(rows)
    for path, row in rows.items():
        assert row.sought == number(found, path) >= LEAST
        for split, told in row.told.items():
            for one, count in told.items():
                assert count == number(found, path, split, one) >= LEAST


@settings(max_examples=25)
@given(st.lists(HEAPS, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_sums_over_agencies_pass_the_check_in_any_order(heaps, rng):
    documents = [suppress(found) for found in heaps]
    joined = join(documents)
    check({path: one.row for path, one in joined.items()}, joined=True)
    rng.shuffle(documents)
    assert join(documents) == joined
    for path, one in joined.items():
        assert one.row.sought == sum(rows[path].sought for rows in documents if path in rows)


@settings(max_examples=25)
@given(HEAPS)
def test_counting_again_hides_the_same(found):
    assert suppress(found) == suppress(sorted(found, key=str))


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_check_refuses_what_a_careless_suppression_tells(seed, rows):
    with pytest.raises(InvalidRequest):
        check(careless(facts(seed, 300), rows=rows))


@settings(max_examples=25)
@given(HEAPS, st.randoms(use_true_random=False))
def test_a_small_count_that_is_told_after_all_is_refused(found, rng):
    rows = suppress(found)
    small = [(p, e) for p in rows for e in ENDINGS if number(found, p, "ending", e) < LEAST]
    for path, one in rng.sample(small, min(2, len(small))):
        told = {**rows[path].told.get("ending", {}), one: number(found, path, "ending", one)}
        with pytest.raises(InvalidRequest):
            check({**rows, path: Row(rows[path].sought, {**rows[path].told, "ending": told})})


def test_a_large_count_that_tells_a_small_one_is_refused():
    found = [*plain(many=30), *plain(ending="no", many=25), *plain(ending="partial", many=20), *plain(ending="open")]
    rows = suppress(found)
    whole = {"yes": 30, "no": 25, "partial": 20}
    for path, row in rows.items():
        rows[path] = Row(row.sought, {**row.told, "ending": whole})
    with pytest.raises(InvalidRequest):
        check(rows)


def test_a_number_of_needs_that_tells_a_small_place_is_refused():
    with pytest.raises(InvalidRequest):
        check({(): Row(35), ("health",): Row(30)})
    with pytest.raises(InvalidRequest):
        check({(): Row(9)})
    with pytest.raises(InvalidRequest):
        check({(): Row(50), ("health", "ET.AA"): Row(30)})
    with pytest.raises(InvalidRequest):
        check({(): Row(30), ("health",): Row(30), ("health", "ET.AA"): Row(30), ("health", "ET.AA", "6-11"): Row(30)})
    check({(): Row(30), ("health",): Row(30), ("health", "ET.AA"): Row(30)})
    check({(): Row(50), ("health",): Row(30)})


def test_a_split_of_some_is_refused_where_their_number_is_not_told():
    told = {"reason.declined": {"cost": 12}}
    with pytest.raises(InvalidRequest):
        check({(): Row(100, told)})
    ending = {"declined": 25}
    check({(): Row(100, {"ending": ending, "reason.declined": {"cost": 12}})})
    with pytest.raises(InvalidRequest):
        check({(): Row(100, {"ending": ending, "reason.declined": {"cost": 12, "other": 12}})})


def test_a_rest_holds_two_places_at_least():
    elsewhere = [
        fact
        for service, area, band in (
            ("health", "ET.AA", "12-14"),
            ("health", "ET.OR", "6-11"),
            ("legal", "ET.AA", "6-11"),
        )
        for fact in plain(service, area, band, many=6)
    ] * 2
    found = [*elsewhere, *plain(sex="female", many=40), *plain(sex="male", many=9)]
    here = "health", "ET.AA", "6-11"
    rows = suppress(found)
    assert here in rows
    assert (*here, "female") not in rows
    rows = suppress([*found, *plain(sex="male", many=3)])
    assert (rows[*here, "female"].sought, rows[*here, "others"].sought) == (40, 12)
