"""Queues without a database: who reads them, marks, and clocks as another hub shows them."""

from dataclasses import replace

import pytest

from hub.cli import words
from hub.followup.domain import HOUR, after_rung, due_rung, heard, pause, start
from hub.queues.domain import COUNTERS, ESCALATED, QUEUES, READERS, UNCONFIRMED, Desk, Mark, median_days, read_mark
from hub.referrals.domain import OPEN
from hub.statements.bodies import Role
from tests.support.factories import NOW, some_id


def clock(state="delivered"):
    return start(some_id(), state, "urgent", NOW)


def test_coordinators_and_auditors_have_no_desk():
    for desk in Desk:
        assert not READERS[desk] & {Role.COORDINATOR, Role.AUDITOR, Role.AGENCY_ADMIN, Role.DATA_OFFICER}
    assert {Role.COORDINATOR} == COUNTERS


def test_every_queue_has_plain_words():
    queues = {queue for desk in Desk for queue in QUEUES[desk]}
    beside = {"emergencies", "openings", "lifted", "beside", "dates", "timers", "inquiries"}
    assert queues | beside == set(words.QUEUES)


def test_only_what_is_open_can_be_unconfirmed():
    assert set(OPEN) > UNCONFIRMED


@pytest.mark.parametrize("changed", [False, True])
def test_a_mark_comes_back_as_it_was_given(changed):
    mark = Mark(NOW, 7, changed, (NOW + 5, 3, some_id()))
    assert read_mark(str(mark)) == mark


def test_half_of_an_odd_and_an_even_number_is_told_in_whole_days():
    days = [NOW - 86_400 * n for n in (1, 4, 30)]
    assert median_days(days, NOW) == 4
    assert median_days([*days, NOW], NOW) == 2
    assert median_days([NOW + 5], NOW) == 0


def test_a_rung_that_the_other_hub_told_is_remembered_where_it_is_heard():
    acting = shown = clock()
    shown = shown.mirrored()
    for _ in range(ESCALATED):
        at = acting.next_at
        rung = due_rung(acting, at)
        acting, shown = after_rung(acting, at), heard(shown, acting.clock, rung.number, at)
    assert (shown.next_rung, shown.told_at, shown.next_at) == (acting.next_rung, acting.told_at, None)
    assert shown.reckoned() == acting


def test_a_rung_of_another_clock_changes_nothing():
    shown = clock().mirrored()
    assert heard(shown, "holder_answer", 3, NOW) is shown


def test_what_comes_behind_the_last_rung_is_not_reckoned_elsewhere():
    shown = replace(clock("accepted").mirrored(), next_rung=6)
    assert shown.reckoned().next_at is None


def test_a_clock_that_was_put_off_says_so_until_the_next_state():
    assert pause(clock(), NOW + 90 * HOUR, NOW).paused
    assert not clock("acknowledged").paused
