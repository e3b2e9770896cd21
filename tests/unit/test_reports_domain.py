"""Months, bands, shares, times, and documents of counts."""

from __future__ import annotations

import pytest

from hub.errors import BadSignature, Expired, InvalidRequest, Malformed
from hub.packets.dsse import Signer, sign_envelope
from hub.referrals.domain import State
from hub.reports.document import COUNTS_TYPE, Counts, read_counts, rows_value, sign_counts, stated
from hub.reports.domain import ENDING, SPLITS, Fact, band, bounds, month_of, percent, settled, unsettled_since
from hub.reports.suppression import Row, suppress
from hub.reports.timeliness import Course, by_corridor
from tests.support.counting import MONTH, careless, facts
from tests.support.factories import NOW

AGENCY = "urn:rcp:agency:shelter@hub.example"
MEMBER, STRANGER = Signer(bytes([1]) * 32), Signer(bytes([2]) * 32)
DAY = 86_400


def signed(told, **changed):
    value = {"v": 1, "agency": AGENCY, "month": MONTH, "policy": "2026-11", "at": NOW, "rows": rows_value(told)}
    return sign_envelope(COUNTS_TYPE, {**value, **changed}, [MEMBER]).to_bytes()


def read(data, now=NOW):
    return read_counts(data, [STRANGER.public_key, MEMBER.public_key], now=now)


def test_a_month_is_settled_three_months_after_its_end():
    after = bounds(MONTH)[1]
    assert month_of(after - 1) == MONTH
    assert not settled(MONTH, after + 92 * DAY - 1)
    assert settled(MONTH, after + 92 * DAY)


@pytest.mark.parametrize("now", range(NOW, NOW + 400 * DAY, 7 * DAY + 3601))
def test_the_board_begins_where_settled_months_end(now):
    since = unsettled_since(now)
    assert bounds(month_of(since))[0] == since
    assert settled(month_of(since - 1), now)
    assert not settled(month_of(since), now)


def test_bands_do_not_tell_whether_there_is_any():
    assert [band(n) for n in (0, 10, 11, 50, 51, 9999)] == ["few", "few", "some", "some", "many", "many"]


def test_shares_go_by_fives():
    assert [percent(n, 40) for n in (10, 11, 13, 39, 40)] == [25, 30, 35, 100, 100]
    assert {percent(n, 997) % 5 for n in range(998)} == {0}
    assert percent(0, 0) == 0


def test_each_need_stands_in_one_class_of_a_split_that_is_of_it():
    for fact in facts(1, 200):
        for split in SPLITS.values():
            one = split.of_fact(fact)
            assert (one in split.classes) == (fact.ending in split.of)


def test_what_a_newer_client_says_is_counted_under_what_is_known():
    fact = Fact(MONTH, "health", "ET.AA", "99+", "unknown", "declined", reason="new_word", grade="new_grade")
    assert fact.path == ("health", "ET.AA", "unsaid", "others")
    assert SPLITS["reason.declined"].of_fact(fact) == "other"
    assert SPLITS["grade"].of_fact(fact) == "reported"
    assert ENDING.of_fact(fact) == "declined"


def test_a_document_says_what_was_signed():
    rows = suppress(facts(2, 300))
    counts = Counts(AGENCY, MONTH, NOW, rows)
    data = sign_counts(counts, MEMBER).to_bytes()
    assert read(data) == stated(data) == counts
    assert read(sign_counts(Counts(AGENCY, MONTH, NOW, {}), MEMBER).to_bytes()).rows == {}


def test_who_may_not_sign_is_refused():
    with pytest.raises(BadSignature):
        read_counts(signed({}), [STRANGER.public_key], now=NOW)
    with pytest.raises(BadSignature):
        read_counts(signed({}), [], now=NOW)


def test_a_month_that_is_not_settled_is_neither_signed_nor_taken():
    with pytest.raises(InvalidRequest):
        sign_counts(Counts(AGENCY, "2026-10", NOW, {}), MEMBER)
    with pytest.raises(InvalidRequest):
        read(signed({}, month="2026-10"))
    with pytest.raises(Expired):
        read(signed({}, month="2026-08", at=NOW + 30 * DAY))


def test_counts_that_tell_a_small_one_are_neither_signed_nor_taken():
    rows = careless(facts(3, 200))
    with pytest.raises(InvalidRequest):
        sign_counts(Counts(AGENCY, MONTH, NOW, rows), MEMBER)
    with pytest.raises(InvalidRequest):
        read(signed(rows))


@pytest.mark.parametrize(
    "row",
    [
        {"at": ["the health post in SYN Street"], "sought": 20, "told": {}},
        {"at": ["toys"], "sought": 20, "told": {}},
        {"at": [], "sought": -1, "told": {}},
        {"at": [], "sought": 20, "told": {"name": {"SYN Hagos": 20}}},
        {"at": [], "sought": 20, "told": {"ending": {"SYN Hagos": 20}}},
        {"at": [], "sought": 20, "told": {"ending": {}}},
        {"at": [], "sought": 20, "told": {}, "note": "SYN Hagos"},
    ],
)
def test_nothing_but_codes_and_numbers_fits_into_a_document(row):
    data = sign_envelope(
        COUNTS_TYPE,
        {"v": 1, "agency": AGENCY, "month": MONTH, "policy": "2026-11", "at": NOW, "rows": [row]},
        [MEMBER],
    ).to_bytes()
    with pytest.raises(Malformed):
        read(data)


def test_a_place_stands_once():
    with pytest.raises(Malformed):
        read(signed({}, rows=rows_value({(): Row(20)}) * 2))


def test_a_document_that_is_too_long_goes_without_the_lowest_level():
    rows = {(): Row(22_000), ("health",): Row(22_000)}
    for area in range(1100):
        rows["health", f"ET.{area}"] = Row(20)
    for area in range(900):
        rows["health", f"ET.{area}", "6-11"] = Row(10)
    signed_rows = stated(sign_counts(Counts(AGENCY, MONTH, NOW, rows), MEMBER).to_bytes()).rows
    assert len(signed_rows) == 1102


def course(*, sent=True, state="accepted", to="ET", late=False, rungs=None, grade="signed", **first):
    return Course(sent, ("DJ", to), State(state), grade, first, rungs or {}, late)


def test_figures_stand_by_direction_and_corridor_with_what_is_open_beside():
    found = by_corridor(
        [
            course(delivery=60, answer=100, decision=400),
            course(delivery=80, answer=300, decision=300, late=True, rungs={0: 1, 1: 1}),
            course(state="expired", delivery=70, late=True, rungs={0: 1}, grade="hub"),
            course(state="loop_closed", delivery=50, answer=200, outcome=900, grade="reported"),
            course(to="SO", state="submitted"),
            course(sent=False, delivery=10),
        ]
    )
    assert [(row["direction"], row["from"], row["to"]) for row in found] == [
        ("sent", "DJ", "ET"),
        ("sent", "DJ", "SO"),
        ("received", "DJ", "ET"),
    ]
    row = found[0]
    assert (row["referrals"], row["delivered"], row["answered"], row["answered_in_time"]) == (4, 4, 3, 2)
    assert (row["expired"], row["open"]) == (1, 3)
    assert row["times"]["delivery"] == {"count": 4, "median": 60, "p90": 80}
    assert row["times"]["answer"] == {"count": 3, "median": 200, "p90": 300}
    assert row["times"]["first_contact"] == {"count": 0, "median": None, "p90": None}
    assert row["rungs"] == {"0": 2, "1": 1}
    assert row["grades"] == {"hub": 1, "reported": 1, "signed": 2}
