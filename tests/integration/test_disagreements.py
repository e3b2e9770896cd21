"""The child says no: a disagreement is opened, stops everything, and only a supervisor says how it ended."""

from __future__ import annotations

import pytest

from hub.client import basis as bases
from hub.client import disagreements, records, referrals
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.errors import Conflict, ConsentMissing, Forbidden, InvalidRequest
from tests.conftest import NOW
from tests.support.world import SECTIONS, populated, reception, world

HOST = "dj.example"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        populated(made, HOST, HOST)
        made.join(made.members["amina"], "omar", {"caseworker"})
        yield made


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def refused(place, amina):
    return reception(amina, place.clock, place.members["hana"].agency, assent={"answer": "refused"})


def about(member, held):
    return [row for row in disagreements.listing(member) if row.consent == held.handoff]


def test_a_no_opens_one_disagreement_and_nothing_is_sent(place, amina, refused):
    with pytest.raises(ConsentMissing) as refusal:
        referrals.send(amina, Outgoing(place.members["hana"].agency, SECTIONS, refused, "reception"))
    assert "R03" in {row["rule"] for row in refusal.value.facts["reasons"]}
    bases.revise(amina, refused, {"reconfirm_by": "2027-01-01"})
    (row,) = about(amina, refused)
    assert row.outcome is None


def test_it_ends_by_a_supervisor_once_and_in_words(place, amina, refused):
    omar = place.members["omar"]
    (row,) = about(omar, refused)
    with pytest.raises(Forbidden):
        disagreements.end(omar, row.record, "no_stands", "I say so.")
    for outcome, said in (("whatever", "words"), ("no_stands", "  ")):
        with pytest.raises(InvalidRequest):
            disagreements.end(amina, row.record, outcome, said)
    disagreements.end(amina, row.record, "no_stands", "He stays; nothing is shared.")
    assert about(omar, refused)[0].outcome == "no_stands"
    with pytest.raises(Conflict):
        disagreements.end(amina, row.record, "child_agrees", "Again.")


def test_an_end_that_no_supervisor_signed_counts_for_nothing(place, refused):
    omar = place.members["omar"]
    (row,) = about(omar, refused)
    value = {"consent": refused.handoff, "outcome": "best_interests", "said": "It is best."}
    records.put(omar, disagreements.KIND, value, handoff=row.record)
    assert about(omar, refused)[0].outcome is None


def test_the_end_of_a_disagreement_lifts_nothing(place, amina, refused):
    (row,) = about(amina, refused)
    disagreements.end(amina, row.record, "child_agrees", "He said yes today.")
    with pytest.raises(ConsentMissing):
        referrals.send(amina, Outgoing(place.members["hana"].agency, SECTIONS, refused, "reception"))
    agreed = bases.revise(amina, refused, {"assent": {**refused.basis["assent"], "answer": "agreed"}})
    assert referrals.send(amina, Outgoing(place.members["hana"].agency, SECTIONS, agreed, "reception")).handoff
