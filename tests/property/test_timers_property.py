"""Whatever people do with a date and whenever anybody looks, it is chased until it is done, and nobody hides it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Forbidden, IllegalTransition
from hub.followup.calendar import QUARTER, Calendar, due_after, whole
from hub.followup.domain import MAX_RUNG, Urgency, after_rung, due_rung, start, start_dated
from hub.statements.grammar import HubActor, MemberActor
from hub.timers.domain import ACKNOWLEDGE, DONE, ESCALATED, MOVE, OVERDUE, SET, State, begin
from tests.support.factories import NOW, some_id, statement

HERE, HOST = "urn:rcp:agency:home@in.example", "in.example"
HOUR, DAY, WEEK = 3_600, 86_400, 7 * 86_400
PEOPLE = {name: some_id(name) for name in ("raiser", "owner", "boss")}
ROLES = {"raiser": "caseworker", "owner": "caseworker", "boss": "supervisor"}
acts = st.one_of(
    st.tuples(st.just("wait"), st.integers(0, 30 * 24)),
    st.tuples(st.sampled_from([MOVE, DONE, ACKNOWLEDGE]), st.sampled_from(list(PEOPLE)), st.integers(-40, 40)),
)


def clock_of(known, now):
    if known.state is State.DONE:
        return None
    if known.state is State.ALERT:
        return start(known.id, known.state.value, known.urgency, now, due=known.due)
    return start_dated(
        known.id, known.state.value, Urgency(known.urgency), now, due=known.due, warn=known.warn, calendar=Calendar()
    )


@given(
    st.sampled_from(list(Urgency)), st.none() | st.integers(1, 90), st.integers(-30, 400), st.lists(acts, max_size=12)
)
def test_a_date_is_chased_until_it_is_done_and_only_a_supervisor_puts_off_what_supervisors_heard_of(
    urgency, warn, days, done
):
    now, due = NOW, whole(NOW + days * DAY)
    body = {
        "kind": "timer",
        "due": due,
        "warn": warn and warn * DAY,
        "urgency": urgency.value,
        "owner": PEOPLE["owner"],
    }
    known = begin(statement(SET, MemberActor(HERE, PEOPLE["raiser"], "caseworker"), body=body), NOW)
    clock = clock_of(known, now)
    for act in done:
        if act[0] == "wait":
            now += act[1] * HOUR
            while clock is not None and (rung := due_rung(clock, now)) is not None:
                assert rung.expires is None
                assert rung.tell
                told = {"clock": clock.clock, "rung": rung.number, "tell": rung.roles}
                known = known.apply(statement(OVERDUE, HubActor(HOST), body=told), told=rung.number, hub=HOST)
                clock = after_rung(clock, now)
        else:
            known, clock = acted(known, clock, act, now)
        if known.state is State.DONE:
            assert clock is None
        else:
            assert clock.next_at is not None
            assert now < clock.next_at or clock.told_at is None
            assert clock.next_at <= max(now, known.due, *clock.times) + WEEK + DAY
            assert 1 <= clock.next_rung <= MAX_RUNG


def acted(known, clock, act, now):
    kind, name, days = act
    told = clock.next_rung - 1 if clock else 0
    body = {"due": whole(now + days * DAY), "owner": PEOPLE[name]} if kind == MOVE else {}
    said = statement(kind, MemberActor(HERE, PEOPLE[name], ROLES[name]), body=body)
    try:
        after = known.apply(said, told=told, hub=HOST)
    except (Forbidden, IllegalTransition):
        return known, clock
    assert after is known or after.position == known.position + 1
    if after.due > known.due and known.state is State.RUNS:
        assert told < ESCALATED or ROLES[name] == "supervisor"
    if (known.state, after.state) == (State.ALERT, State.RUNS):
        assert name != "raiser"
    changed = (known.state, known.due) != (after.state, after.due)
    return after, clock_of(after, now) if changed else clock


@given(st.integers(0, 4_000_000_000), st.integers(0, 400), st.integers(0, 48))
def test_a_longer_term_never_ends_sooner_and_every_end_is_a_whole_quarter_of_an_hour(since, days, months):
    for length, more in (({"days": days}, {"days": days + 1}), ({"months": months}, {"months": months + 1})):
        ends, later = due_after(Calendar(), since, **length), due_after(Calendar(), since, **more)
        assert since < ends < later
        assert (ends % QUARTER, later % QUARTER) == (0, 0)
    assert 0 <= whole(since) - since < QUARTER
