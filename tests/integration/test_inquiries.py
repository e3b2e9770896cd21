"""Capacity inquiries at the hubs, on both databases: repeated, lost and forged words, and who may not be asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import Forbidden, IllegalTransition
from hub.ids import random_id
from tests.support.desks import carry, settle
from tests.support.factories import some_hash

QUESTION = {"v": 1, "need": "housing", "service": None, "age_band": "12-14", "sex": None, "from": "2026-12-01"}
DAY = 86_400


def asks(people, home, to=None, by="case", **changes):
    """The shelter asks for a place; return the inquiry, the statement and its packet."""
    author = people.shelter.members[by]
    sections = {"inquiry": {**QUESTION, "how_many": 1}}
    _, packet = people.packet(people.shelter, to or people.centre, author, sections=sections, **changes)
    inquiry = random_id()
    body = {"kind": "inquiry", "urgency": "urgent"}
    said = people.sign("capacity.ask", inquiry, author, body=body, packet=packet)
    home.post(said, packet, people.shelter.agency)
    return inquiry, said, packet


def answers(people, away, inquiry, by="desk"):
    author = people.centre.members[by]
    _, packet = people.packet(people.centre, people.shelter, author, sections={"reply": {"v": 1}})
    said = people.sign("capacity.answer", inquiry, author, packet=packet)
    away.post(said, packet, people.centre.agency)
    return said, packet


def state(desk, inquiry, agency):
    return desk.shown(inquiry, agency)["state"]


def test_a_question_and_its_answer_arrive_once_however_often_they_come(home, away, people):
    inquiry, said, packet = asks(people, home)
    home.post(said, packet, people.shelter.agency)
    assert carry(home, away, times=3, answer=False)
    people.clock.at += 3600  # the peer's receipt was lost, so it comes again
    settle(home, away)
    shown = away.shown(inquiry, people.centre.agency)
    assert (shown["state"], shown["ball"], shown["possible"]) == ("capacity_asked", "recipient", ["capacity.answer"])
    assert shown["due"] == home.shown(inquiry, people.shelter.agency)["due"]
    answers(people, away, inquiry)
    assert away.shown(inquiry, people.centre.agency)["being_confirmed"]
    settle(home, away)
    for desk, agency in ((home, people.shelter), (away, people.centre)):
        shown = desk.shown(inquiry, agency.agency)
        assert (shown["state"], shown["ball"], shown["due"]) == ("capacity_answered", None, None)
        assert len(shown["statements"]) == 2
        assert desk.audited().findings == ()


def test_a_second_answer_changes_nothing(home, away, people):
    inquiry, _, _ = asks(people, home)
    settle(home, away)
    answers(people, away, inquiry)
    answers(people, away, inquiry, by="case")
    settle(home, away)
    assert state(home, inquiry, people.shelter.agency) == "capacity_answered"
    assert home.shown(inquiry, people.shelter.agency)["position"] == 1


def test_an_inquiry_takes_no_step_of_a_referral_and_a_referral_no_answer_about_capacity(home, away, people, delivered):
    inquiry, _, _ = asks(people, home)
    settle(home, away)
    for kind in ("referral.acknowledge", "consent.withdraw"):
        body = {"evidence": some_hash("evidence")} if kind == "consent.withdraw" else {}
        said = people.sign(kind, inquiry, people.centre.members["case"], body=body)
        with pytest.raises(IllegalTransition):
            away.post(said, None, people.centre.agency)
    _, packet = people.packet(people.centre, people.shelter, people.centre.members["case"])
    said = people.sign("capacity.answer", delivered, people.centre.members["case"], packet=packet)
    with pytest.raises(IllegalTransition):
        away.post(said, packet, people.centre.agency)


def test_the_asker_does_not_answer_itself(home, away, people):
    inquiry, _, _ = asks(people, home)
    settle(home, away)
    author = people.shelter.members["case"]
    _, packet = people.packet(people.shelter, people.centre, author)
    said = people.sign("capacity.answer", inquiry, author, packet=packet)
    with pytest.raises(IllegalTransition):
        home.post(said, packet, people.shelter.agency)


def test_nobody_asks_the_police_for_a_place_nor_the_own_agency(home, people):
    police = people.world.agency("police", home.hub.origin, kind="police", country="DJ")
    home.know(police)
    with pytest.raises(Forbidden):
        asks(people, home, to=replace(people.centre, name="police", host=home.hub.origin))
    with pytest.raises(Forbidden):
        asks(people, home, to=people.shelter)


def test_silence_climbs_and_ends_at_the_hub_that_orders(home, away, people):
    inquiry, _, _ = asks(people, home)
    settle(home, away)
    for days in (1.1, 0.5, 0.5, 1, 1, 1.1):
        people.clock.at += int(days * DAY)
        assert away.sweep() == 0, "only the sender's hub acts on the clock"
        home.sweep()
        settle(home, away)
    assert state(home, inquiry, people.shelter.agency) == "capacity_unanswered"
    assert state(away, inquiry, people.centre.agency) == "capacity_unanswered"
    kinds = [row["type"] for row in home.shown(inquiry, people.shelter.agency)["statements"]]
    assert kinds[0] == "capacity.ask"
    assert kinds[-1] == "referral.expire"
    assert kinds.count("referral.overdue") >= 3
    answers(people, away, inquiry)
    settle(home, away)
    assert state(home, inquiry, people.shelter.agency) == "capacity_answered"
