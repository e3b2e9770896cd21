"""A queue is read page by page while others work in it: nothing is lost, and nothing that stood still comes twice."""

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from hub.db import Database
from hub.followup.domain import Urgency
from hub.followup.store import follow_ups
from hub.handoffs.store import handoffs
from hub.queues.domain import Desk, Order, Wanted, read_mark
from hub.queues.store import QueueStore
from hub.referrals.domain import State
from hub.referrals.store import ReferralStore, referrals
from tests.support.factories import NOW
from tests.support.queues import CASE, DAYS, SHELTER, move, put

TIMES = st.integers(NOW - 5, NOW + 5)
URGENCIES = st.sampled_from(["emergency", "urgent", "high", "routine"])
ROWS = st.lists(st.tuples(TIMES, TIMES, URGENCIES), max_size=12)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("comes"), st.just(0), TIMES, URGENCIES),
        st.tuples(st.just("moves"), st.integers(0, 11), TIMES, URGENCIES),
        st.tuples(st.just("leaves"), st.integers(0, 11), TIMES, URGENCIES),
    ),
    max_size=4,
)
PLENTY = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request, tmp_path_factory):
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        found = Database(f"sqlite:///{shutil.copy(template, tmp_path_factory.mktemp('queue') / 'hub.sqlite')}")
        yield found
        found.close()
        return
    server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
    with server.database(template) as url:
        found = Database(url)
        yield found
        found.close()


class Reader:
    """Reads one queue page by page, by the mark that the hub gave as text."""

    def __init__(self, database, order, size):
        self.database, self.size, self.after, self.done = database, size, None, False
        self.wanted = Wanted(Desk.OWNER, "unacknowledged", SHELTER, CASE, order=order)
        self.read = []

    def turn(self):
        after = self.after and read_mark(self.after)
        with self.database.read() as connection:
            page = QueueStore(connection).page(self.wanted, after, self.size, now=NOW, days=DAYS)
            stands = {row["id"]: ReferralStore(connection).get(row["id"]).version for row in page[0]}
        self.read += [(row["id"], stands[row["id"]]) for row in page[0]]
        self.after, self.done = page[1] and str(page[1]), page[1] is None

    def all(self):
        while not self.done:
            self.turn()


def fill(database, rows):
    with database.write() as connection:
        for table in (follow_ups, referrals, handoffs):
            connection.execute(delete(table))
        return [
            put(connection, n, due=due, submitted_at=sent, urgency=urgency)
            for n, (due, sent, urgency) in enumerate(rows)
        ]


class Others:
    """Who works in the same queue: referrals come, change their place, and are acknowledged."""

    def __init__(self, database, there):
        self.database, self.there, self.changed, self.came = database, there, set(), []

    def work(self, steps):
        for kind, number, due, urgency in steps:
            with self.database.write() as connection:
                if kind == "comes":
                    name = f"later {len(self.came)}"
                    self.came.append(put(connection, name, due=due, urgency=urgency, submitted_at=due))
                elif number < len(self.there):
                    moved, state = self.there[number], State.DELIVERED if kind == "moves" else State.ACKNOWLEDGED
                    move(connection, moved, due=due, urgency=Urgency(urgency), state=state)
                    self.changed.add(moved)


@PLENTY
@given(
    rows=ROWS,
    between=st.lists(STEPS, min_size=1, max_size=5),
    order=st.sampled_from(list(Order)),
    size=st.integers(1, 4),
)
def test_nothing_is_lost_and_what_stands_still_comes_once_in_order(database, rows, between, order, size):
    others = Others(database, fill(database, rows))
    at_first, reader = Reader(database, order, 50), Reader(database, order, size)
    at_first.all()
    for steps in between:
        reader.turn()
        if reader.done:
            break
        others.work(steps)
    reader.all()
    seen = [handoff for handoff, _version in reader.read]
    still = [handoff for handoff, _version in at_first.read if handoff not in others.changed]
    assert [handoff for handoff in seen if handoff in still] == still
    with database.read() as connection:
        stands = ReferralStore(connection).many([*others.there, *others.came])
    now = {one.id: one.version for one in stands.values() if one.state is State.DELIVERED}
    latest = dict(reader.read)
    assert {handoff: latest.get(handoff) for handoff in now} == now
