"""Answers that the sender brings: asked back at the verified number, looked into by chance, or proven by a code."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from hub.directory.records.record import PROVIDER
from hub.directory.servicemap.write import Actor, Draft, apply
from hub.directory.verified import verified_number
from hub.errors import Forbidden
from hub.ids import random_id
from hub.notify.codes import new_code
from hub.notify.inbound import InboundTexts
from hub.notify.store import notices
from hub.proxies.domain import Finding
from hub.proxies.jobs import WAIT, ask_back
from hub.proxies.service import USE_WITHIN
from hub.proxies.store import Codes, Questions, Reviews
from hub.referrals.machine import ReferralMachine
from hub.statements.grammar import Grade
from tests.support import maps
from tests.support.desks import settle
from tests.support.factories import some_hash

NUMBER = "+251911000001"
DATE = "2026-12-01"


@pytest.fixture
def numbered(home, people, clock):
    """Put the centre's provider record into the map of the shelter's hub, kept by `steward`."""

    def run(steward=None, phones=({"number": NUMBER},), checked=True):
        today = datetime.fromtimestamp(clock.now(), UTC).date().isoformat()
        record = maps.provider("Centre", agency=people.centre.agency, phones=list(phones), country="ET")
        record["verified"] = maps.checked("offer", "contact", on=today) if checked else {}
        by = Actor(steward or people.centre.agency, "m" * 22, "coordinator")
        with home.hub.database.write() as connection:
            draft = Draft(PROVIDER, record, steward=by.agency)
            apply(connection, [draft], by, host=home.hub.origin, now=clock.now())

    home.hub.settings = replace(home.hub.settings, sms="rapidpro")
    return run


@pytest.fixture
def report(home, away, people, delivered):
    """Let the shelter bring the centre's answer."""

    def run(kind="acknowledge", *, handoff=delivered, ask=True, grade=Grade.REPORTED, code=None, **body):
        more = {"ask": ask} if code is None else {"code": code}
        said = {**body, "via": "phone", "evidence": some_hash("note"), **more}
        statement = people.sign(f"referral.{kind}", handoff, people.shelter.members["case"], body=said, grade=grade)
        home.post(statement, None, people.shelter.agency)
        settle(home, away)
        return statement

    return run


def chance(home, answer):
    home.intake.machines["referral"] = ReferralMachine(home.hub.origin, draw=lambda _: answer)


def texts(home):
    with home.hub.database.read() as connection:
        rows = connection.execute(select(notices).where(notices.c.channel == "sms")).mappings().all()
    return [(row["address"], row["template"], row["facts"]) for row in rows]


def told(home, template):
    with home.hub.database.read() as connection:
        return connection.scalars(select(notices.c.to_member).where(notices.c.template == template)).all()


def answers(home, body, clock, number=NUMBER):
    with home.hub.database.write() as connection:
        InboundTexts(connection).put(random_id(), number, body, clock.now())


def reviews(home, people):
    with home.hub.database.read() as connection:
        return Reviews(connection).open(people.shelter.agency)


def said_back(home, people, handoff):
    rows = home.shown(handoff, people.shelter.agency)["statements"]
    return [row for row in rows if row["type"] == "referral.asked_back"]


def test_the_number_is_asked_about_a_reported_answer_and_a_yes_is_written_down(
    home, away, people, clock, numbered, report, delivered
):
    numbered()
    chance(home, 1)
    report()
    assert ask_back(home.hub) == 1
    ((number, template, facts),) = texts(home)
    assert (number, template) == (NUMBER, "ask_back")
    assert "shelter" in facts
    assert "Hagos" not in facts
    answers(home, "1", clock)
    assert ask_back(home.hub) == 1
    assert len(said_back(home, people, delivered)) == 1
    settle(home, away)
    shown = away.shown(delivered, people.centre.agency)
    assert [row["type"] for row in shown["statements"]].count("referral.asked_back") == 1
    assert (shown["state"], shown["grade"]) == ("acknowledged", "reported")
    assert not reviews(home, people)
    assert ask_back(home.hub) == 0


def test_a_no_goes_to_the_senders_supervisors_and_shows_as_doubt(home, people, clock, numbered, report, delivered):
    numbered()
    chance(home, 1)
    report()
    ask_back(home.hub)
    answers(home, "2", clock)
    ask_back(home.hub)
    ((review),) = reviews(home, people)
    assert (review.why, review.member) == ("said_no", people.shelter.members["case"].member)
    assert told(home, "said_no") == [people.shelter.members["boss"].member]
    assert home.shown(delivered, people.shelter.agency)["doubted"] is True
    assert home.shown(delivered, people.centre.agency)["doubted"] is False


@pytest.mark.parametrize("finding", list(Finding))
def test_a_supervisor_ends_a_review(home, people, clock, numbered, report, delivered, finding):
    numbered()
    chance(home, 0)
    report()
    ((review),) = reviews(home, people)
    assert review.why == "tenth"
    assert home.shown(delivered, people.shelter.agency)["doubted"] is False
    with home.hub.database.write() as connection:
        Reviews(connection).found(review.statement, finding, "boss", clock.now())
    assert reviews(home, people) == []
    assert home.shown(delivered, people.shelter.agency)["doubted"] is (finding is Finding.DOUBTED)


def test_a_number_that_denies_opens_a_review_again_that_chance_had_asked_for(
    home, people, clock, numbered, report, delivered
):
    numbered()
    chance(home, 0)
    report()
    ((review),) = reviews(home, people)
    with home.hub.database.write() as connection:
        Reviews(connection).found(review.statement, Finding.HOLDS, "boss", clock.now())
    ask_back(home.hub)
    answers(home, "no", clock)
    ask_back(home.hub)
    assert [row.why for row in reviews(home, people)] == ["said_no"]
    assert home.shown(delivered, people.shelter.agency)["doubted"] is True


def test_one_in_ten_is_by_chance_and_nobody_can_tell_which(home, people, numbered, report):
    drawn = []
    home.intake.machines["referral"] = ReferralMachine(home.hub.origin, draw=lambda n: drawn.append(n) or 1)
    report()
    assert drawn == [10]
    assert not reviews(home, people)


def test_nobody_is_asked_where_it_is_not_safe_or_where_no_number_is_verified(home, people, numbered, report):
    numbered()
    chance(home, 1)
    report(ask=False)
    assert ask_back(home.hub) == 0
    assert texts(home) == []


def test_a_number_that_the_sender_keeps_itself_does_not_count(home, people, clock, numbered):
    numbered(steward=people.shelter.agency)
    with home.hub.database.read() as connection:
        ask = {"besides": people.shelter.agency}
        assert verified_number(connection, people.centre.agency, clock.now(), **ask) is None
        assert verified_number(connection, people.centre.agency, clock.now()) == NUMBER


@pytest.mark.parametrize(
    ("phones", "checked"),
    [
        ([{"number": NUMBER}], False),
        ([{"number": NUMBER, "type": "voice"}], True),
        ([{"number": NUMBER, "type": "do_not_text"}], True),
        ([{"number": "ask the guard"}], True),
        ([], True),
    ],
)
def test_a_number_that_is_not_verified_or_not_for_texts_is_none(home, people, clock, numbered, phones, checked):
    numbered(phones=phones, checked=checked)
    with home.hub.database.read() as connection:
        assert verified_number(connection, people.centre.agency, clock.now()) is None


def test_a_number_as_it_is_written_at_home_is_found(home, away, people, clock, numbered):
    numbered(phones=[{"number": "0911 000 001"}])
    with home.hub.database.read() as connection:
        assert verified_number(connection, people.centre.agency, clock.now()) == NUMBER


def test_a_number_is_asked_one_question_at_a_time_and_silence_ends_one_after_a_week(
    home, away, people, clock, numbered, report, delivered
):
    numbered()
    chance(home, 1)
    other, statement, packet = people.submit()
    home.post(statement, packet, people.shelter.agency)
    settle(home, away)
    report()
    clock.at += 1
    report(handoff=other)
    assert ask_back(home.hub) == 1
    assert ask_back(home.hub) == 0
    assert len(texts(home)) == 1
    clock.at += WAIT
    assert ask_back(home.hub) == 2, "the first ends, the second is asked"
    assert len(texts(home)) == 2
    answers(home, "2", clock)
    ask_back(home.hub)
    assert [row.handoff for row in reviews(home, people)] == [other]
    with home.hub.database.read() as connection:
        assert Questions(connection).asked() == []


def test_one_answer_is_none_to_the_question_that_is_asked_in_the_same_second(
    home, away, people, clock, numbered, report, delivered
):
    numbered()
    chance(home, 1)
    other, statement, packet = people.submit()
    home.post(statement, packet, people.shelter.agency)
    settle(home, away)
    report()
    clock.at += 1
    report(handoff=other)
    ask_back(home.hub)
    answers(home, "2", clock)
    for _ in range(3):
        ask_back(home.hub)
    clock.at += 1
    ask_back(home.hub)
    assert len(texts(home)) == 2
    assert [row.handoff for row in reviews(home, people)] == [delivered]


@pytest.mark.parametrize("number", ["+4912", "+12", "+811234567890123456"])
def test_a_number_that_no_gateway_texts_holds_back_neither_the_report_nor_other_numbers(
    home, people, clock, numbered, report, number
):
    numbered(phones=({"number": number},))
    report()
    assert ask_back(home.hub) == 0
    with home.hub.database.read() as connection:
        assert verified_number(connection, people.centre.agency, clock.now()) is None


def test_an_answer_from_before_the_question_is_none(home, people, clock, numbered, report):
    numbered()
    chance(home, 1)
    answers(home, "2", clock)
    clock.at += 60
    report()
    ask_back(home.hub)
    assert ask_back(home.hub) == 0
    assert not reviews(home, people)


def code(home, handoff, clock, *, read=True):
    identifier, (_digits, kept) = random_id(), new_code()
    with home.hub.database.write() as connection:
        Codes(connection).put(identifier, handoff, kept, clock.now())
        if read:
            Codes(connection).read_back(identifier, clock.now())
    return identifier


def test_a_code_that_was_read_back_makes_the_answer_code_verified(home, away, people, clock, report, delivered):
    report("accept", grade=Grade.CODE_VERIFIED, code=code(home, delivered, clock), first_contact=DATE)
    for desk, agency in ((home, people.shelter), (away, people.centre)):
        shown = desk.shown(delivered, agency.agency)
        assert (shown["state"], shown["grade"]) == ("accepted", "code_verified")
    assert not reviews(home, people)


def test_a_code_counts_once_for_its_own_referral_after_it_was_read_back_and_not_for_long(
    home, away, people, clock, report, delivered
):
    other, statement, packet = people.submit()
    home.post(statement, packet, people.shelter.agency)
    settle(home, away)
    proven = {"grade": Grade.CODE_VERIFIED}
    for wrong in (random_id(), code(home, other, clock), code(home, delivered, clock, read=False)):
        with pytest.raises(Forbidden):
            report(code=wrong, **proven)
    late = code(home, delivered, clock)
    clock.at += USE_WITHIN + 1
    with pytest.raises(Forbidden):
        report(code=late, **proven)
    once = code(home, delivered, clock)
    report(code=once, **proven)
    with pytest.raises(Forbidden):
        report("accept", code=once, first_contact=DATE, **proven)
    assert home.shown(delivered, people.shelter.agency)["state"] == "acknowledged"
