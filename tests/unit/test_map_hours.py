"""Opening hours: what sources say, what is open when, and what stays unknown."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.directory.records import hours as opening
from hub.directory.records.record import check
from hub.errors import InvalidRequest
from tests.support import maps

WORK = ["MO", "TU", "WE", "TH", "FR"]
MONDAY, FRIDAY, SATURDAY, SUNDAY = "2026-11-23", "2026-11-27", "2026-11-28", "2026-11-29"


def at(hours, day, clock):
    return opening.open_at(opening.read(hours), day, int(clock[:2]) * 60 + int(clock[3:]))


def rows(*entries, zone="Asia/Amman", **more):
    return {"zone": zone, "week": [{"days": d, "opens": o, "closes": c} for d, o, c in entries], **more}


def test_the_ends_of_an_interval_are_its_first_minute_and_the_one_after_its_last():
    hours = rows((WORK, "08:30", "17:00"))
    assert [at(hours, MONDAY, t) for t in ("08:29", "08:30", "16:59", "17:00")] == [False, True, True, False]
    assert at(hours, SATURDAY, "10:00") is False


def test_a_lunch_break_is_two_intervals():
    hours = rows((WORK, "08:00", "12:00"), (WORK, "13:00", "17:00"))
    assert [at(hours, MONDAY, t) for t in ("11:59", "12:30", "13:00")] == [True, False, True]


def test_what_crosses_midnight_belongs_to_the_day_it_begins():
    hours = rows((["FR"], "20:00", "02:00"), (["SU"], "22:00", "06:00"))
    assert at(hours, FRIDAY, "01:00") is False
    assert [at(hours, SATURDAY, t) for t in ("01:59", "02:00")] == [True, False]
    assert at(hours, MONDAY, "05:59") is True
    week = opening.read(hours)["week"]
    assert {"day": 5, "from": 0, "to": 120} in week
    assert {"day": 0, "from": 0, "to": 360} in week


@pytest.mark.parametrize("closes", ["24:00", "23:59", "00:00"])
def test_the_end_of_the_day_has_three_spellings(closes):
    hours = rows((["MO"], "00:00", closes))
    assert opening.read(hours)["week"] == [{"day": 0, "from": 0, "to": 1440}]


def test_the_first_friday_of_the_month_and_the_last():
    hours = {"zone": "Asia/Beirut", "week": [{"days": ["FR"], "opens": "09:00", "closes": "12:00", "nth": [1, -1]}]}
    days = [f"2026-11-{day:02}" for day in range(1, 31)]
    assert [day for day in days if at(hours, day, "10:00")] == ["2026-11-06", FRIDAY]
    with pytest.raises(InvalidRequest):
        opening.read({"zone": None, "week": [{"days": ["FR"], "opens": "22:00", "closes": "02:00", "nth": [1]}]})


def test_in_ramadan_other_hours_hold_and_its_last_night_runs_into_the_day_after():
    ramadan = {
        "from": "2026-02-18",
        "to": "2026-03-19",
        "week": [{"days": list(opening.DAYS), "opens": "20:00", "closes": "01:00"}],
    }
    hours = rows((list(opening.DAYS), "09:00", "15:00"), exceptions=[ramadan])
    assert at(hours, "2026-02-18", "00:30") is False
    assert [at(hours, "2026-02-18", t) for t in ("10:00", "21:00")] == [False, True]
    assert at(hours, "2026-02-19", "00:30") is True
    assert [at(hours, "2026-03-20", t) for t in ("00:30", "10:00")] == [True, True]
    assert at(hours, "2026-03-21", "00:30") is False


def test_a_holiday_inside_ramadan_counts_before_it():
    hours = rows(
        (WORK, "09:00", "15:00"),
        exceptions=[
            {"from": "2026-02-18", "to": "2026-03-19", "week": [{"days": WORK, "opens": "10:00", "closes": "14:00"}]},
            {"from": "2026-03-02", "to": "2026-03-02", "closed": True},
        ],
    )
    assert [at(hours, day, "11:00") for day in ("2026-03-02", "2026-03-03")] == [False, True]


def test_always_open_but_for_a_closed_day():
    hours = {"zone": "Africa/Nairobi", "always": True, "exceptions": [{"from": MONDAY, "to": MONDAY, "closed": True}]}
    assert [at(hours, day, "03:00") for day in (SUNDAY, MONDAY)] == [True, False]
    assert opening.next_open(opening.read(hours), MONDAY, 180) == ("2026-11-24", 0)


@pytest.mark.parametrize(
    ("zone", "when", "day", "minute"),
    [
        ("Asia/Beirut", datetime(2026, 3, 28, 21, 59, tzinfo=UTC), "2026-03-28", 23 * 60 + 59),
        ("Asia/Beirut", datetime(2026, 3, 28, 22, 0, tzinfo=UTC), "2026-03-29", 60),  # 00:00 to 01:00 does not exist
        ("Asia/Beirut", datetime(2026, 10, 24, 20, 30, tzinfo=UTC), "2026-10-24", 23 * 60 + 30),
        ("Asia/Beirut", datetime(2026, 10, 24, 21, 30, tzinfo=UTC), "2026-10-24", 23 * 60 + 30),  # the hour comes twice
        ("Asia/Amman", datetime(2026, 7, 1, 21, 0, tzinfo=UTC), "2026-07-02", 0),  # +03 all year since 2022
        ("Asia/Amman", datetime(2021, 12, 1, 21, 0, tzinfo=UTC), "2021-12-01", 23 * 60),
        ("Africa/Nairobi", datetime(2026, 3, 29, 21, 0, tzinfo=UTC), "2026-03-30", 0),
    ],
)
def test_the_wall_clock_of_the_place_decides_on_days_of_summer_time_too(zone, when, day, minute):
    found = opening.local(int(when.timestamp()), zone)
    assert (found[0], found[2]) == (day, minute)
    assert found[1] == datetime.fromisoformat(day).weekday()


@pytest.mark.parametrize(
    ("text", "minute"),
    [("8:30am", 510), ("5pm", 1020), ("08:30:00", 510), ("09:00-05:00", 540), ("09:00Z", 540), ("24:00", 1440)],
)
def test_a_clock_time_is_read(text, minute):
    assert opening.minute_of(text) == minute


@pytest.mark.parametrize(
    "text", ["13:00pm", "24 hours", "12:00am", "12:00pm", "0:30am", "25:00", "8", "", "noon", "08:60"]
)
def test_a_clock_time_that_is_not_certain_is_none(text):
    assert opening.minute_of(text) is None


@pytest.mark.parametrize(
    "bad",
    [
        {"zone": "Mars/Base", "week": []},
        {"zone": None},
        {"week": [{"days": ["XX"], "opens": "8:00", "closes": "9:00"}]},
        {"week": [{"days": ["MO"], "opens": "13:00pm", "closes": "17:00"}]},
        {"week": 3},
        {"week": [], "exceptions": [{"from": "x"}]},
        {"week": [], "exceptions": [{"from": "2026-02-02", "to": "2026-02-01", "closed": True}]},
    ],
)
def test_hours_not_of_their_form_are_refused_without_an_echo(bad):
    with pytest.raises(InvalidRequest) as caught:
        opening.read(bad)
    assert "13:00" not in caught.value.detail
    assert "Mars" not in caught.value.detail


@pytest.mark.parametrize(
    "hours",
    [
        {"zone": "Asia/Amman"},
        {"zone": "Asia/Amman", "week": [{"days": ["FR"], "opens": "22:00", "closes": "02:00", "nth": [1]}]},
        {"zone": "Asia/Amman", "week": [{"days": ["FR"], "opens": "24:00", "closes": "02:00"}]},
        {"zone": "Asia/Amman", "week": [], "exceptions": [{"from": "2026-02-20", "to": "2026-02-21"}]},
        {"zone": "Nowhere", "week": []},
    ],
)
def test_no_record_has_hours_that_cannot_be_read(hours):
    (problem,) = check("service", maps.service(hours=hours))
    assert problem.field.startswith("hours")


def test_unknown_hours_are_neither_open_nor_closed():
    assert opening.open_at(None, MONDAY, 600) is None
    assert opening.next_open(None, MONDAY, 600) is None


def weekly(days, opens, closes, **more):
    return {"freq": "WEEKLY", "byday": days, "opens_at": opens, "closes_at": closes, **more}


def test_schedules_of_hsds_are_read_with_exceptions_and_offsets():
    found, problems = opening.from_schedules(
        [
            weekly("MO,TU,WE,TH,FR", "09:00+03:00", "17:00+03:00"),
            weekly("MO,TU,WE,TH,FR", "10:00", "14:00", valid_from="2026-02-18", valid_to="2026-03-19"),
            {"freq": "MONTHLY", "byday": "1SA,-1SA", "opens_at": "09:00", "closes_at": "12:00"},
        ]
    )
    assert problems == []
    hours = opening.read(found)
    assert hours["zone"] == "Etc/GMT-3"
    assert [opening.open_at(hours, day, 540) for day in (MONDAY, "2026-03-02", SATURDAY, "2026-11-21")] == [
        True,
        False,
        True,
        False,
    ]
    assert (
        opening.from_schedules([weekly("MO", "09:00-05:00", "10:00")], "America/Bogota")[0]["zone"] == "America/Bogota"
    )
    assert opening.from_schedules([weekly("MO", "09:00", "10:00", timezone=-3)])[0]["zone"] == "Etc/GMT+3"


def test_all_day_in_hsds_is_midnight_to_one_minute_before():
    found, _ = opening.from_schedules([weekly("MO,TU,WE,TH,FR,SA,SU", "00:00", "23:59")])
    assert all((row["from"], row["to"]) == (0, 1440) for row in opening.read(found)["week"])


def test_past_valid_to_is_unknown_and_past_until_is_closed():
    valid, _ = opening.from_schedules([weekly("MO", "09:00", "12:00", valid_from="2026-01-01", valid_to="2026-06-30")])
    ended, _ = opening.from_schedules([weekly("MO", "09:00", "12:00", until="2026-06-30")])
    assert [opening.open_at(opening.read(one), MONDAY, 600) for one in (valid, ended)] == [None, False]
    assert [opening.open_at(opening.read(one), "2026-06-29", 600) for one in (valid, ended)] == [True, True]


@pytest.mark.parametrize(
    "schedule",
    [
        weekly("MO", "13:00pm", "17:00"),
        weekly("MO", "24 hours", ""),
        weekly("2MO", "09:00", "17:00"),
        weekly("", "09:00", "17:00"),
        weekly("MO", "09:00", "17:00", interval=2),
        weekly("MO", "09:00", "17:00", bymonthday="2"),
        weekly("MO", "09:00", "17:00", valid_from="soon"),
        weekly("MO", "09:00", "17:00", valid_from="2026-02-02", valid_to="2026-02-01"),
        {"freq": "DAILY", "byday": "MO", "opens_at": "09:00", "closes_at": "17:00"},
        {"byday": "MO", "opens_at": "09:00", "closes_at": "17:00"},
        {"valid_from": "2026-01-01", "valid_to": "2026-01-02", "description": "We may be away."},
        {},
    ],
)
def test_one_schedule_that_cannot_be_read_makes_all_unknown_and_is_reported(schedule):
    found, problems = opening.from_schedules([weekly("TU", "09:00", "17:00"), schedule])
    assert found is None
    assert problems
    assert all(line.startswith("schedules/1/") for line in problems)
    assert "13:00pm" not in str(problems)


@pytest.mark.parametrize("offsets", [("09:00+03:00", "17:00+02:00"), ("09:00+05:30", "17:00")])
def test_offsets_that_no_zone_stands_for_are_reported(offsets):
    found, problems = opening.from_schedules([weekly("MO", *offsets)])
    assert found is None
    assert problems


TIMES = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
WEEKS = st.lists(
    st.builds(
        lambda days, opens, closes: {"days": sorted(days), "opens": opens, "closes": closes},
        st.sets(st.sampled_from(opening.DAYS), min_size=1),
        TIMES,
        TIMES,
    ).filter(lambda row: row["opens"] != row["closes"]),
    min_size=1,
    max_size=4,
)


@given(WEEKS, WEEKS)
def test_hours_survive_the_way_through_schedules(week, other):
    hours = {
        "zone": "Asia/Amman",
        "week": week,
        "exceptions": [
            {"from": "2026-02-18", "to": "2026-03-19", "week": other},
            {"from": "2026-12-25", "to": "2026-12-26", "closed": True},
        ],
    }
    found, problems = opening.from_schedules(opening.to_schedules(hours), "Asia/Amman")
    assert problems == []
    assert opening.read(found) == opening.read(hours)


@given(WEEKS, WEEKS, st.dates(date(2026, 2, 16), date(2026, 3, 22)), st.integers(0, 1439))
def test_open_at_equals_a_search_of_all_intervals_by_the_day_they_begin(week, other, day, minute):
    hours = {"zone": None, "week": week, "exceptions": [{"from": "2026-02-18", "to": "2026-03-19", "week": other}]}
    opened = False
    for back in (0, 1):
        begun = day.fromordinal(day.toordinal() - back)
        inside = "2026-02-18" <= begun.isoformat() <= "2026-03-19"
        for row in other if inside else week:
            if opening.DAYS[begun.weekday()] in row["days"]:
                start, end = opening.minute_of(row["opens"]), opening.minute_of(row["closes"])
                end = end if end > start else end + 1440
                opened |= start <= minute + 1440 * back < end
    assert opening.open_at(opening.read(hours), day.isoformat(), minute) is opened


@given(WEEKS, st.integers(0, 1439))
def test_it_is_open_when_it_opens_next_and_not_before(week, minute):
    hours = opening.read({"zone": None, "week": week})
    day, start = opening.next_open(hours, MONDAY, minute)
    assert opening.open_at(hours, day, start)
    if day == MONDAY and start > minute:
        assert not any(opening.open_at(hours, day, between) for between in range(minute, start))
