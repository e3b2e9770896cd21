"""Both sides tick, in whatever order and however often: a handover is complete if and only if each item is settled."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.client.handover import CHECKLIST, Side, change, check, draft, merge, missing, tick
from tests.conftest import NOW
from tests.support.handovers import SAID

steps = st.lists(
    st.tuples(st.sampled_from(Side), st.sampled_from(CHECKLIST), st.sampled_from([None, "It was not there."])),
    max_size=60,
)


def played(done):
    documents = {Side.SENDER: change(draft(Side.SENDER), SAID)}
    documents[Side.RECEIVER] = draft(Side.RECEIVER, documents[Side.SENDER]["meeting"])
    for side, item, reason in done:
        documents[side] = tick(documents[side], [item], side.value, NOW, reason)
    return documents


def settled(done):
    """What stands in the end: the last word of each side on each item."""
    last = {(side, item): reason for side, item, reason in done}
    return {
        item
        for item in CHECKLIST
        if any(last.get((side, item)) for side in Side) or all((side, item) in last for side in Side)
    }


@given(steps)
def test_an_item_is_settled_by_both_ticks_or_a_reason(done):
    documents = played(done)
    merged = merge(*documents.values())
    assert {row.split("/")[1] for row in missing(merged.document)} == set(CHECKLIST) - settled(done)


@given(st.permutations([(side, item) for side in Side for item in CHECKLIST]), st.integers(0, 2 * len(CHECKLIST)))
def test_a_handover_is_complete_with_the_last_tick_and_not_before(order, stop):
    done = [(side, item, None) for side, item in order[:stop]]
    documents = played(done)
    assert (missing(merge(*documents.values()).document) == []) is (stop == len(order))


@given(steps)
def test_both_sides_see_the_same_ticks_and_what_goes_back_and_forth_changes_none(done):
    documents = played(done)
    mine, theirs = documents.values()
    one, other = merge(mine, theirs).document, merge(theirs, mine).document
    assert one["checklist"] == other["checklist"]
    assert (
        merge(one, other).document["checklist"] == merge(check(one), theirs).document["checklist"] == one["checklist"]
    )
