"""Quiet hours are wall-clock times: they stay where they are when the clocks change, and they always end."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidRequest
from hub.notify.choices import Channel, Choice
from hub.notify.numbers import checked_number

ZONES = ("UTC", "Africa/Djibouti", "Asia/Kathmandu", "America/El_Salvador", "Europe/Paris", "Pacific/Kiritimati")
MINUTES = st.integers(0, 1439)


def at(zone, *when):
    return int(datetime(*when, tzinfo=ZoneInfo(zone)).timestamp())


def shown(second, zone):
    return datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(zone)).strftime("%d %H:%M")


@pytest.mark.parametrize(
    ("quiet", "when", "until"),
    [
        ((1260, 360), (2026, 11, 22, 22, 30), "23 06:00"),
        ((1260, 360), (2026, 11, 23, 5, 59), "23 06:00"),
        ((1260, 360), (2026, 11, 23, 6, 0), None),
        ((1260, 360), (2026, 11, 22, 20, 59), None),
        ((780, 840), (2026, 11, 22, 13, 30), "22 14:00"),
        ((780, 840), (2026, 11, 22, 14, 0), None),
    ],
)
def test_quiet_hours_end_the_next_morning_or_the_same_day(quiet, when, until):
    zone = "Asia/Kathmandu"
    end = Choice(quiet=quiet, zone=zone).quiet_until(at(zone, *when))
    assert (None if end is None else shown(end, zone)) == until


@pytest.mark.parametrize(("year", "month", "day"), [(2026, 3, 28), (2026, 10, 24)])
def test_quiet_hours_stay_where_they_are_when_the_clocks_change(year, month, day):
    zone = "Europe/Paris"
    end = Choice(quiet=(1320, 390), zone=zone).quiet_until(at(zone, year, month, day, 23, 0))
    assert shown(end, zone) == f"{day + 1:02} 06:30"


def test_quiet_hours_that_would_end_in_the_hour_that_is_left_out_end_at_once_or_later():
    zone = "Europe/Paris"
    night = at(zone, 2026, 3, 29, 1, 59)
    end = Choice(quiet=(1320, 150), zone=zone).quiet_until(night)
    assert night < end <= night + 3600


def test_without_quiet_hours_it_is_never_quiet():
    assert Choice().quiet_until(0) is None


@given(now=st.integers(1_600_000_000, 2_000_000_000), begin=MINUTES, end=MINUTES, zone=st.sampled_from(ZONES))
def test_quiet_hours_always_end_within_a_day_and_an_hour(now, begin, end, zone):
    choice = Choice(quiet=(begin, end), zone=zone)
    until = choice.quiet_until(now)
    if begin != end and until is not None:
        assert now < until <= now + 25 * 3600
        assert choice.quiet_until(until) is None or until == now + 1


def test_channels_are_tried_in_their_order_each_once():
    choice = Choice(channels=(Channel.SMS, Channel.MAIL))
    assert [choice.after(passed) for passed in ("", "sms", "sms mail", "mail")] == ["sms", "mail", None, "sms"]


@given(st.text(max_size=30))
def test_a_number_is_in_international_form_or_refused(text):
    try:
        number = checked_number(text)
    except InvalidRequest:
        return
    assert number[0] == "+"
    assert number[1:].isascii()
    assert 7 <= len(number[1:]) <= 15
    assert checked_number(number) == number
