"""The clocks as rows: claiming, leases, fencing and the index that keeps a sweep cheap, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import event, text

from hub.db import Database
from hub.followup.domain import after_rung, due_rung, start
from hub.followup.guard import Sweep
from hub.followup.store import FollowUps, SweepState

NOW = 1_795_290_000
HOUR = 3600
DUE = NOW + 5 * HOUR


def handoff(n: int) -> str:
    return f"{n:021d}A"


def put(database: Database, count: int, **more) -> None:
    with database.write() as connection:
        for n in range(count):
            FollowUps(connection).replace(handoff(n), start(handoff(n), "delivered", "emergency", NOW + n, **more))


def claim(database: Database, now: int = DUE, **more):
    with database.write() as connection:
        return FollowUps(connection).claim_due(now, **more)


def test_a_clock_is_kept_as_it_was_started(database):
    put(database, 2)
    with database.read() as connection:
        clocks = FollowUps(connection)
        assert clocks.get(handoff(1)) == start(handoff(1), "delivered", "emergency", NOW + 1)
        assert set(clocks.many([handoff(0), handoff(1), handoff(7)])) == {handoff(0), handoff(1)}
        assert clocks.get(handoff(9)) is None
        assert clocks.many([]) == {}


def test_a_new_clock_takes_the_place_of_the_old_one_and_none_ends_it(database):
    put(database, 1)
    with database.write() as connection:
        FollowUps(connection).replace(handoff(0), start(handoff(0), "accepted", "high", NOW))
        assert FollowUps(connection).get(handoff(0)).clock == "first_contact"
        FollowUps(connection).replace(handoff(0), None)
        assert FollowUps(connection).get(handoff(0)) is None


def test_what_is_due_is_claimed_longest_overdue_first_and_only_once(database):
    put(database, 5)
    assert claim(database, NOW + 4 * HOUR - 1) == []
    first = claim(database, limit=3)
    assert [found.handoff for found in first] == [handoff(0), handoff(1), handoff(2)]
    assert [found.handoff for found in claim(database)] == [handoff(3), handoff(4)]
    assert claim(database) == []


def test_a_mirrored_clock_is_shown_and_never_claimed(database):
    with database.write() as connection:
        FollowUps(connection).replace(handoff(0), start(handoff(0), "delivered", "emergency", NOW).mirrored())
        assert FollowUps(connection).get(handoff(0)).due_at == NOW + 4 * HOUR
    assert claim(database, NOW + 9_999 * HOUR) == []


def test_what_a_dead_worker_claimed_comes_back_after_the_lease(database):
    put(database, 2)
    assert len(claim(database, lease=60)) == 2
    assert claim(database, DUE + 59) == []
    assert len(claim(database, DUE + 60)) == 2


def test_a_claim_that_was_rolled_back_is_no_claim(database):
    put(database, 1)

    def dies() -> None:
        with database.write() as connection:
            assert FollowUps(connection).claim_due(DUE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        dies()
    assert len(claim(database)) == 1


def test_of_two_workers_that_think_they_have_it_one_changes_nothing(database):
    put(database, 1)
    slow, fast = claim(database, DUE, lease=1)[0], claim(database, DUE + 1)[0]
    assert slow == fast
    with database.write() as connection:
        assert FollowUps(connection).advance(fast, after_rung(fast, DUE + 1))
    with database.write() as connection:
        assert not FollowUps(connection).advance(slow, after_rung(slow, DUE + 2))
        assert not FollowUps(connection).defer(slow, DUE + 9)
    with database.read() as connection:
        now = FollowUps(connection).get(handoff(0))
    assert (now.next_rung, now.told_at) == (2, DUE + 1)


def test_a_claim_on_a_clock_that_changed_meanwhile_is_worth_nothing(database):
    put(database, 1)
    claimed = claim(database)[0]
    with database.write() as connection:
        FollowUps(connection).replace(handoff(0), start(handoff(0), "acknowledged", "emergency", DUE))
        assert not FollowUps(connection).advance(claimed, after_rung(claimed, DUE))
        assert FollowUps(connection).get(handoff(0)).state == "acknowledged"


def test_a_deferred_clock_waits_and_a_released_one_does_not(database):
    put(database, 1)
    claimed = claim(database)[0]
    with database.write() as connection:
        assert FollowUps(connection).defer(claimed, DUE + 600)
    assert claim(database, DUE + 599) == []
    with database.write() as connection:
        assert FollowUps(connection).defer(claimed, 0)
    assert claim(database) == [claimed]


def test_a_day_of_downtime_tells_each_late_referral_once(database):
    put(database, 20)
    back = NOW + 24 * HOUR
    told = []
    for now in range(back, back + 3 * HOUR, 600):
        for found in claim(database, now):
            rung = due_rung(found, now)
            told.append((found.handoff, rung.number))
            assert not rung.expires
            with database.write() as connection:
                assert FollowUps(connection).advance(found, after_rung(found, now))
    assert sorted(told) == [(handoff(n), 4) for n in range(20)]


def test_confirming_the_time_takes_back_what_a_wrong_clock_left_behind(database):
    put(database, 2)
    future = NOW + 9_999 * HOUR
    for found in claim(database, future):
        with database.write() as connection:
            assert FollowUps(connection).advance(found, after_rung(found, future))
    put_right = NOW + 30 * HOUR
    assert claim(database, put_right) == []
    with database.write() as connection:
        assert FollowUps(connection).rebase(put_right) == 2
        assert FollowUps(connection).rebase(put_right) == 0
    assert {found.next_at for found in claim(database, put_right + 4 * HOUR)} == {put_right + 4 * HOUR}


def test_claims_from_the_future_end_when_the_time_is_confirmed(database):
    put(database, 1)
    assert claim(database, NOW + 9_999 * HOUR)
    assert claim(database) == []
    with database.write() as connection:
        FollowUps(connection).rebase(DUE)
    assert len(claim(database)) == 1


def test_the_sweep_remembers_one_row(database):
    with database.write() as connection:
        state = SweepState(connection)
        assert state.get() is None
        state.put(Sweep(NOW))
        state.put(Sweep(NOW + 1, NOW))
        assert state.get() == Sweep(NOW + 1, NOW)


def test_many_claimers_at_once_never_get_the_same_clock(database):
    put(database, 120)
    workers = 6
    together = Barrier(workers)

    def work(_n: int) -> list[str]:
        together.wait()
        mine: list[str] = []
        while found := claim(database, limit=7):
            mine += [clock.handoff for clock in found]
        return mine

    with ThreadPoolExecutor(workers) as pool:
        everything = [one for mine in pool.map(work, range(workers)) for one in mine]
    assert sorted(everything) == [handoff(n) for n in range(120)]


@pytest.mark.postgres
def test_a_claimer_does_not_wait_for_another_ones_open_transaction(postgres_url):
    database = Database(postgres_url)
    put(database, 4)
    with database.write() as one, database.write() as other:
        first = FollowUps(one).claim_due(DUE, limit=2)
        second = FollowUps(other).claim_due(DUE, limit=9)
        assert len(first) == len(second) == 2
        assert not {found.handoff for found in first} & {found.handoff for found in second}
    database.close()


@pytest.mark.postgres
def test_rows_of_a_claimer_that_was_killed_in_its_transaction_are_free_at_once(postgres_url):
    database, killer = Database(postgres_url), Database(postgres_url)
    put(database, 3)
    with database.engine.connect() as dying:
        begun = dying.begin()
        assert len(FollowUps(dying).claim_due(DUE)) == 3
        pid = dying.exec_driver_sql("select pg_backend_pid()").scalar_one()
        with killer.write() as connection:
            connection.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        assert len(claim(killer)) == 3
        dying.invalidate()
        begun.close()
    database.close()
    killer.close()


def test_a_claim_reads_indexes_and_never_the_table(sqlite_url):
    database, said = Database(sqlite_url), []
    put(database, 3)
    event.listen(database.engine, "before_cursor_execute", lambda *call: said.append(call[2:4]))
    assert len(claim(database)) == 3
    asked = [(words, values) for words, values in said if "follow_ups" in words]
    with database.read() as connection:
        plans = [
            [row[-1] for row in connection.exec_driver_sql(f"explain query plan {words}", values)]
            for words, values in asked
        ]
    assert len(plans) == 2
    assert not [step for plan in plans for step in plan if step.startswith("SCAN follow_ups")]
    assert any("ix_follow_ups_next_at" in step for step in plans[0])
    database.close()


def test_a_followup_of_another_state_is_not_overwritten_by_a_stale_one(database):
    put(database, 1)
    with database.write() as connection:
        clocks = FollowUps(connection)
        stale = replace(clocks.get(handoff(0)), state="acknowledged")
        assert not clocks.advance(stale, stale)
