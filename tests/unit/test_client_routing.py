"""What a recipient is told about why it was chosen, and that it is told nothing about the person by it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from hub.client import routing
from hub.directory.matching.match import CRITERIA, DOES_NOT, MEETS, UNKNOWN
from hub.directory.matching.reasons import words

SERVICE = "2966a4ba-ec2b-598f-9a1b-94019815f9e9"
OF_THE_PERSON = {"age", "sex", "situation", "residence", "open_to", "vulnerability", "nationality", "status"}
OF_THE_PERSON |= {"documents", "exclusion", "labour", "access"}


def said(name, how=MEETS, since=None):
    return SimpleNamespace(id=name, said=how, since=since, code="SYN trafficking")


def ranked(*rows, **answers):
    return SimpleNamespace(listing={"id": SERVICE}, criteria=rows, answers=answers)


def outgoing(why, **more):
    known = {"purpose": "reception", "service": "housing", "needs": ("housing",), "to": "urn:rcp:agency:a@et.example"}
    basis = SimpleNamespace(basis={"overrides": more.pop("overrides", [])})
    return SimpleNamespace(routing=why, basis=basis, **{"exception": None, **known, **more})


def test_every_criterion_is_either_of_the_service_or_stays_here():
    assert {criterion.id for criterion in CRITERIA} == {*routing.TOLD} | OF_THE_PERSON


def test_that_a_service_fits_tells_nothing_of_what_the_person_lived_through():
    """A trafficked girl is matched with a service for survivors; the referral to it must not say so by itself."""
    rows = [said(name) for name in (*routing.TOLD, *sorted(OF_THE_PERSON))]
    near = [ranked(vulnerability=False, status=False, area=False)]
    why = routing.chosen(ranked(*rows), near)
    told = json.dumps(routing.request(outgoing(why)))
    assert not any(f'"{name}"' in told for name in OF_THE_PERSON)
    assert "trafficking" not in told
    assert (why["near_misses"], why["missed_for"]) == (1, ["area"])


def test_a_request_is_read_only_in_its_form():
    why = routing.chosen(ranked(said("area", since="2026-11-01"), said("capacity", UNKNOWN)), None)
    value = routing.request(outgoing(why))
    assert routing.read(value) == value
    assert value["why"]["near_misses"] is None
    for slip in (
        {"purpose": "readmission"},
        {"needs": ["a bed"]},
        {"needs": ["housing", "housing"]},
        {"note": "SYN Hagos"},
        {"v": 2},
        {"why": {**value["why"], "note": "SYN Hagos"}},
        {"why": {**value["why"], "called": "this morning"}},
        {"why": {**value["why"], "exception": {"on": "2026-11-21", "inquiry": None, "to": "age"}}},
        {"why": {**value["why"], "criteria": [{"id": "status", "said": MEETS, "since": None}]}},
        {"why": {**value["why"], "missed_for": ["vulnerability"]}},
    ):
        assert routing.read({**value, **slip}) is None, slip
    assert routing.read(None) is None


def test_a_call_and_an_exception_are_told_by_their_day_alone():
    rows = [
        {"rule": "R18", "recipient": None, "from": "2026-11-20", "code": "called", "reason": "SYN the boy is waiting"},
        {"rule": "R19", "recipient": "urn:rcp:agency:a@et.example", "from": "2026-11-21", "code": "x", "reason": "SYN"},
        {"rule": "R19", "recipient": "urn:rcp:agency:b@et.example", "from": "2026-11-22", "code": "x", "reason": "SYN"},
    ]
    value = routing.request(outgoing(routing.chosen(ranked(), []), overrides=rows))
    reported = {"on": "2026-11-21", "inquiry": None}
    assert (value["why"]["called"], value["why"]["exception"]) == ("2026-11-20", reported)
    assert "SYN" not in json.dumps(value)


def test_the_recipient_reads_why_it_was_chosen():
    why = routing.chosen(ranked(said("area"), said("capacity", UNKNOWN), said("cost", DOES_NOT)), [ranked(area=False)])
    value = {**routing.request(outgoing(why))}
    lines = list(routing.why_you(value, words("en")["criteria"]))
    assert lines[0].startswith("why you: ")
    assert any("nearly fitted: 1" in line for line in lines)
    assert list(routing.why_you({"why": None}, {})) == []


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
def test_each_criterion_that_is_told_has_a_name(language):
    assert {*routing.TOLD} <= words(language)["criteria"].keys()
