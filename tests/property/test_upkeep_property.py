"""Whatever somebody changes: contact details that were known stay, nothing of it is lost, and time only wears."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.directory.records.freshness import State, day_after, due_of, rank
from hub.directory.records.vocabulary import GROUPS
from hub.directory.upkeep.holds import CONTACT, WAYS, split, with_members

_phones = st.none() | st.lists(st.fixed_dictionaries({"number": st.sampled_from("123")}), max_size=2)
_words = st.none() | st.sampled_from(["", "a", "b"])
_places = st.none() | st.lists(
    st.fixed_dictionaries({"location_id": st.sampled_from("xy")}, optional={"phones": _phones}),
    max_size=2,
    unique_by=lambda row: row["location_id"],
)
_documents = st.fixed_dictionaries(
    {"id": st.just("x")},
    optional={
        **dict.fromkeys(("phones", "contacts"), _phones),
        **dict.fromkeys(("email", "website", "url", "inbox", "name", "description"), _words),
        "focal_point": st.none() | st.fixed_dictionaries({"title": _words}),
        "service_at_locations": _places,
    },
)


@given(old=_documents, new=_documents)
def test_what_holds_now_and_what_waits_are_together_what_was_asked(old, new):
    now, held = split(old, new)
    assert set(held) <= CONTACT
    both = with_members(now, held)
    assert {name: value for name, value in both.items() if value is not None} == {
        name: value for name, value in new.items() if value is not None
    }


@given(old=_documents, new=_documents)
def test_no_way_that_was_known_leads_elsewhere_at_once(old, new):
    now, _held = split(old, new)
    for way in WAYS[:-2]:
        if any(old.get(member) for member in way):
            assert [now.get(member) or None for member in way] == [old.get(member) or None for member in way]
    assert split(old, now)[1] == {}, "what holds now has nothing left that would have to wait"


@given(old=_documents, steps=st.lists(_documents, max_size=4))
def test_no_number_of_small_steps_gets_a_known_way_elsewhere(old, steps):
    document = old
    for step in steps:
        document, _held = split(document, step)
    assert all(
        [document.get(member) or None for member in way] == [old.get(member) or None for member in way]
        for way in WAYS[:-2]
        if any(old.get(member) for member in way)
    )


@given(group=st.sampled_from(sorted(GROUPS)), on=st.dates().map(str), ages=st.lists(st.integers(0, 800), min_size=2))
def test_time_only_wears(group, on, ages):
    document = {"verified": {group: {"on": on}, "offer": {"on": on}}}
    order = [State.FRESH, State.DUE, State.PAST]
    days = sorted(day_after(on, age) for age in ages)
    states = [order.index(due_of(document, group).state(day)) for day in days]
    ranks = [rank("service", document, day) for day in days]
    assert states == sorted(states)
    assert ranks == sorted(ranks, reverse=True)
