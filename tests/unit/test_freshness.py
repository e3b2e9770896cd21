"""How long what the map says counts, on the days where that changes."""

from __future__ import annotations

import pytest

from hub.directory.records import freshness
from hub.directory.records.freshness import State, day_after, due_rows
from hub.directory.records.groups import OF_KIND
from hub.directory.records.vocabulary import GROUPS

TODAY = "2026-11-22"


def checked(days_ago, group="offer", **members):
    document = {"name": "Drop-in", "verified": {group: {"on": day_after(TODAY, -days_ago), "how": "call"}}}
    return document | members


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_a_group_is_fresh_then_due_then_past_on_its_own_days(group):
    policy = GROUPS[group]
    ages = {0: "fresh", policy.cadence - 1: "fresh", policy.cadence: "due", policy.limit - 1: "due"}
    ages |= {policy.limit: "past", policy.limit + 400: "past"}
    for age, state in ages.items():
        found = freshness.due_of(checked(age, group), group)
        assert found.state(TODAY) == state, age
        assert (found.until >= TODAY) == (state != "past")


def test_what_nobody_ever_checked_is_neither_fresh_nor_shown():
    document = {"name": "Drop-in"}
    assert freshness.due_of(document, "offer").state(TODAY) is State.NEVER
    assert freshness.shown_until(document) == ""
    assert freshness.rank("service", document, TODAY) == 0
    assert [row.due for row in due_rows("service", document)] == [""]


def test_the_rank_falls_from_a_hundred_to_nothing_and_never_rises_again():
    limit = GROUPS["offer"].limit
    ranks = [freshness.rank("service", checked(age), TODAY) for age in range(limit + 2)]
    assert ranks[0] == 100
    assert ranks[limit - 1] == 0
    assert ranks == sorted(ranks, reverse=True)
    assert freshness.rank("service", checked(-5), TODAY) == 100, "a clock that is ahead buys nothing"


def test_a_service_that_ended_is_past_however_lately_somebody_called():
    gone, last_day = checked(0, ends=day_after(TODAY, -1)), checked(0, ends=TODAY)
    assert freshness.badge("service", gone, TODAY) is State.PAST
    assert freshness.rank("service", gone, TODAY) == 0
    assert freshness.badge("service", last_day, TODAY) is State.FRESH
    assert freshness.shown_until(last_day) == TODAY
    ends = {row.group: row.state(TODAY) for row in due_rows("service", gone)}
    assert ends == {"offer": State.FRESH, "ends": State.PAST}


def test_an_old_number_of_places_is_not_made_new_by_a_call_about_it_or_by_a_date_of_its_own():
    told, dated = (
        checked(1, "capacity", capacity={"as_of": day_after(TODAY, -30)}),
        {"capacity": {"as_of": "2099-01-01"}},
    )
    assert freshness.due_of(told, "capacity").state(TODAY) is State.PAST
    assert freshness.due_of(dated, "capacity").state(TODAY) is State.NEVER
    hsds = checked(0, "capacity", capacities=[{"updated": "2020-01-01T00:00:00Z"}, {"updated": f"{TODAY}T08:00:00Z"}])
    assert freshness.due_of(hsds, "capacity").state(TODAY) is State.FRESH


def test_money_is_warned_about_sixty_days_before_it_ends():
    (row,) = [
        row for row in due_rows("service", checked(0, funded_until=day_after(TODAY, 60))) if row.group == "funded"
    ]
    assert row.state(TODAY) is State.DUE
    assert row.state(day_after(TODAY, -1)) is State.FRESH
    assert row.state(day_after(TODAY, 61)) is State.PAST


def test_what_its_source_no_longer_has_is_due_until_somebody_else_checked_it():
    gone = {"name": "LSESD", "vanished": day_after(TODAY, -3)}
    assert "source" in {row.group for row in due_rows("service", checked(10, source=gone))}
    assert "source" not in {row.group for row in due_rows("service", checked(1, source=gone))}


def test_only_groups_that_a_record_has_something_in_come_due():
    document = {"name": "Clinic", "phones": [{"number": "1"}], "hours": {}, "capacity": None}
    assert [row.group for row in due_rows("service", document)] == ["offer", "contact"]
    assert [row.group for row in due_rows("site", {"name": "Hall"})] == ["place"]


def test_what_limits_say_is_the_last_day_that_counts():
    document = checked(3, "contact", phones=[{"number": "1"}])
    assert freshness.limits("service", document) == {"contact": day_after(TODAY, GROUPS["contact"].limit - 4)}
    assert {group for groups in OF_KIND.values() for group in groups} == set(GROUPS)


def test_a_day_at_the_end_of_the_calendar_is_a_day_like_any_other():
    rows = due_rows("service", checked(0, ends="9999-12-31", funded_until="0001-01-01"))
    assert {row.group: row.state(TODAY) for row in rows} == {"offer": "fresh", "ends": "fresh", "funded": "past"}
