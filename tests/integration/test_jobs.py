from __future__ import annotations

import logging
import threading

import pytest

from hub.context import Hub
from hub.jobs.registry import JOBS, Job
from hub.jobs.schedule import RECORD_EVERY, JobFailed, Schedule
from hub.packets.dsse import Signer
from hub.settings import Settings
from hub.web.store import JobRuns

SECRET = "Hodan Warsame"


@pytest.fixture
def hub(database, clock, tmp_path):
    return Hub(Settings(data=tmp_path), database, clock, Signer(bytes(32)), "hub.example")


def runs(hub):
    with hub.database.read() as connection:
        return {run["name"]: (run["at"], run["did"], run["error"]) for run in JobRuns(connection).all()}


def fail(_hub):
    raise KeyError(SECRET)


def test_a_run_is_written_down(hub, clock):
    assert Schedule(hub, []).run(Job("sweep", 5, lambda _hub: 3)) == 3
    assert runs(hub) == {"sweep": (clock.now(), 3, None)}


def test_a_failed_run_is_written_down_without_its_text(hub, clock, caplog):
    with caplog.at_level(logging.DEBUG), pytest.raises(JobFailed) as raised:
        Schedule(hub, []).run(Job("sweep", 5, fail))
    assert runs(hub) == {"sweep": (clock.now(), 0, "KeyError")}
    assert SECRET not in str(raised.value) + caplog.text
    assert raised.value.__suppress_context__


def test_idle_runs_cost_a_commit_every_half_minute_at_most(hub, clock):
    schedule, job, begun = Schedule(hub, []), Job("sweep", 5, lambda _hub: 0), clock.now()
    schedule.run(job)
    clock.forward(RECORD_EVERY - 1)
    schedule.run(job)
    assert runs(hub)["sweep"][0] == begun
    clock.forward(1)
    schedule.run(job)
    assert runs(hub)["sweep"][0] == begun + RECORD_EVERY


def test_a_job_that_recovers_says_so_at_once(hub, clock):
    schedule = Schedule(hub, [])
    with pytest.raises(JobFailed):
        schedule.run(Job("sweep", 5, fail))
    schedule.run(Job("sweep", 5, lambda _hub: 0))
    assert runs(hub)["sweep"][2] is None


def test_a_clock_that_went_back_does_not_silence_the_record(hub, clock):
    schedule, job = Schedule(hub, []), Job("sweep", 5, lambda _hub: 0)
    schedule.run(job)
    clock.forward(-3600)
    schedule.run(job)
    assert runs(hub)["sweep"][0] == clock.now()


def test_jobs_tick_fail_and_go_on(hub, caplog):
    done = threading.Event()
    tries = []

    def second_time_lucky(_hub):
        tries.append(1)
        if len(tries) == 1:
            raise KeyError(SECRET)
        done.set()
        return 1

    schedule = Schedule(hub, [Job("lucky", 1, second_time_lucky)])
    with caplog.at_level(logging.DEBUG):
        schedule.start()
        assert done.wait(10)
        schedule.stop()
    assert "lucky: KeyError" in caplog.text
    assert SECRET not in caplog.text


def test_stopping_waits_for_the_job_that_runs(hub):
    began, finish, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(_hub):
        began.set()
        finish.wait(10)
        ended.set()
        return 0

    schedule = Schedule(hub, [Job("slow", 1, slow)])
    schedule.start()
    assert began.wait(10)
    threading.Timer(0.05, finish.set).start()
    schedule.stop()
    assert ended.is_set()


def test_every_job_has_a_name_of_its_own_and_a_pace():
    assert len({job.name for job in JOBS}) == len(JOBS)
    assert all(job.every >= 1 for job in JOBS)
