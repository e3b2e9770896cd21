"""After arrival, in the figures of the scenarios: visits, reviews, terms, closing, the observer's form."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from hub.aftercare import closing, observer, visits
from hub.aftercare.benchmarks import By, Risk, named, published, read_set
from hub.aftercare.closing import Proposal, Reason, Standing
from hub.aftercare.deadlines import Extension, extend, review_due, rules, target, terms, turning
from hub.aftercare.schedule import Excuse, Plan, Visit, calendar, missing_face_to_face, next_contacts, share
from hub.errors import Conflict, InvalidRequest, NotFound

D0 = date(2025, 3, 3)


def day(number: int) -> date:
    return D0 + timedelta(days=number)


def plan(risk: Risk, name: str = "standard", begins: int = 20) -> Plan:
    return Plan(day(begins), published()[name], ((day(begins), risk),))


def test_medium_risk_is_weekly_in_the_first_month_then_every_two_weeks() -> None:
    found = [c.due for c in calendar(plan(Risk.MEDIUM), (), day(20), day(90)) if c.stream == "contact"]
    assert found == [day(n) for n in (27, 34, 41, 48, 55, 69, 83)]


def test_high_risk_is_daily_in_the_first_week_then_weekly_to_the_third_month() -> None:
    found = [c.due for c in calendar(plan(Risk.HIGH, begins=26), (), day(26), day(54)) if c.stream == "contact"]
    assert found == [*(day(26 + n) for n in range(1, 8)), *(day(26 + n) for n in (14, 21, 28))]


def test_a_month_of_calls_lacks_a_meeting_face_to_face() -> None:
    calls = [Visit(day(20 + 7 * n), in_person=False) for n in range(1, 9)]
    assert missing_face_to_face(plan(Risk.MEDIUM), calls, day(70)) == day(27)
    met = [*calls, Visit(day(27))]
    assert missing_face_to_face(plan(Risk.MEDIUM), met, day(50)) is None
    assert missing_face_to_face(plan(Risk.MEDIUM), met, day(70)) == date(2025, 4, 30)


def test_a_rise_of_risk_begins_anew_and_a_fall_keeps_what_was_due() -> None:
    rises = replace(plan(Risk.LOW), risks=((day(20), Risk.LOW), (day(60), Risk.HIGH)))
    seen = [Visit(day(55))]
    assert next(c.due for c in next_contacts(rises, seen, day(60)) if c.stream == "contact") == day(61)
    falls = replace(plan(Risk.HIGH), risks=((day(20), Risk.HIGH), (day(22), Risk.LOW)))
    assert next(c.due for c in next_contacts(falls, [Visit(day(21))], day(22)) if c.stream == "contact") == day(22)
    later = [Visit(day(21)), Visit(day(22))]
    assert next(c.due for c in next_contacts(falls, later, day(22)) if c.stream == "contact") == day(36)


def test_a_village_days_away_sees_the_worker_in_its_months_and_the_observer_each_month() -> None:
    far = plan(Risk.MEDIUM, "long_distance", begins=100)
    found = calendar(far, (), day(100), target(day(100)))
    worker = [c.due for c in found if c.stream == "face_to_face"]
    assert worker == [date(2025, m, 11) for m in (7, 9, 12)] + [date(2026, 6, 11), date(2027, 6, 11)]
    early = [Visit(date(2025, 7, 1))]
    assert next(c.due for c in next_contacts(far, early, date(2025, 7, 20)) if c.stream == "face_to_face") == worker[1]


def test_thirty_days_without_a_sign_are_an_alert_until_one_comes_even_late() -> None:
    far = plan(Risk.MEDIUM, "long_distance", begins=100)
    (silent,) = [c for c in next_contacts(far, (), day(131)) if c.alert]
    assert (silent.due, silent.overdue, silent.missed) == (day(130), True, 1)
    late = [Visit(day(125), By.OBSERVER)]
    (heard,) = [c for c in next_contacts(far, late, day(131)) if c.alert]
    assert (heard.due, heard.overdue) == (day(155), False)


def test_a_contact_is_put_off_once_with_a_reason() -> None:
    put_off = replace(plan(Risk.MEDIUM), excuses=(Excuse("contact", day(25), day(30)),))
    assert next(c.due for c in next_contacts(put_off, (), day(28)) if c.stream == "contact") == day(30)
    assert next(c.due for c in next_contacts(put_off, [Visit(day(29))], day(30)) if c.stream == "contact") == day(36)


def test_the_share_met_of_cases_adds_up() -> None:
    whole = share(plan(Risk.MEDIUM), [Visit(day(20 + 7 * n)) for n in range(1, 5)], day(49))
    none = share(plan(Risk.MEDIUM), (), day(49))
    assert whole.percent == 100
    assert none.percent == 0
    assert (whole + none).percent == 50
    assert share(plan(Risk.MEDIUM), (), day(20)).percent is None


def test_a_set_that_becomes_more_frequent_is_none() -> None:
    stream = {"by": ["worker"], "steps": [{"until": {"months": 1}, "every": {"days": 14}}, {"every": {"days": 7}}]}
    value = {"title": "t", "source": "s", **{risk.value: {"contact": stream} for risk in Risk}}
    with pytest.raises(InvalidRequest):
        read_set("own", value)
    with pytest.raises(InvalidRequest):
        read_set("own", {"title": "t", "source": "s", "high": {}})


def test_an_agency_has_sets_of_its_own() -> None:
    own = {"corridor": {"title": "t", "source": "protocol 7", "like": "long_distance"}}
    assert named("corridor", own).streams == published()["long_distance"].streams
    with pytest.raises(NotFound):
        named("corridor")


def test_the_plan_is_reviewed_within_three_calendar_months() -> None:
    assert review_due(day(20), ()) == day(112)
    assert review_due(day(24), ()) == day(116)
    assert review_due(date(2025, 11, 30), ()) == date(2026, 2, 28)
    assert review_due(day(20), [day(90), day(40)]) == date(2025, 9, 1)


def test_a_review_is_put_off_once_by_fourteen_days_at_most() -> None:
    due = review_due(day(20), ())
    put_off = extend(due, due + timedelta(days=14), ())
    assert review_due(day(20), (), [put_off]) == due + timedelta(days=14)
    with pytest.raises(Conflict):
        extend(review_due(day(20), (), [put_off]), due + timedelta(days=20), [put_off])
    with pytest.raises(InvalidRequest):
        extend(due, due + timedelta(days=15), ())
    assert review_due(day(20), (), [Extension(due, date(2026, 1, 1))]) == due + timedelta(days=14)


def test_indian_terms_run_from_what_the_committee_did() -> None:
    found = terms("IN", {"produced": day(0), "ordered": day(1)})
    assert [(t.id, t.due) for t in found] == [
        ("social_investigation_report", day(16)),
        ("final_order", date(2025, 7, 3)),
    ]
    assert terms("IN", {"produced": date(2025, 10, 31)})[0].due == date(2026, 2, 28)
    assert terms("ET", {"produced": day(0)}) == []


def test_the_eighteenth_birthday_is_prepared_six_months_before() -> None:
    found = turning(date(2008, 2, 29))
    assert (found.warn, found.on) == (date(2025, 8, 28), date(2026, 2, 28))


def test_the_first_six_visits_of_an_exploited_child_ask_for_safety_supervision_mobility_and_food_first() -> None:
    assert visits.prompts(6, exploited=True)[:4] == ("safe", "supervision", "mobility", "nutrition")
    assert sorted(visits.prompts(1, exploited=True)) == sorted(visits.THEMES)
    assert visits.prompts(7, exploited=True) == visits.prompts(1, exploited=False) == visits.THEMES


def test_a_report_has_the_worst_of_each_theme() -> None:
    found = visits.worst([{"safe": "good", "school": "mixed"}, {"safe": "bad", "school": "good"}])
    assert (found["safe"], found["school"], found["health"]) == ("bad", "mixed", "not_asked")
    assert visits.alarming(found)


STANDING = Standing(day(20), date(2027, 4, 1), Risk.LOW)
WHOLE = Proposal(Reason.PLAN_COMPLETE, frozenset(closing.PARTS))


def codes(said: Proposal, case: Standing = STANDING) -> list[str]:
    return [h.code for h in closing.to_closing(said, case)]


def test_a_case_is_closed_when_all_four_parts_are_done_and_nothing_is_open() -> None:
    assert codes(WHOLE) == []
    assert codes(replace(WHOLE, parts=frozenset())) == ["part_missing"] * 4
    assert codes(WHOLE, replace(STANDING, open_referrals=1, open_alerts=2)) == ["open_referrals", "open_alerts"]
    assert codes(WHOLE, replace(STANDING, risk=Risk.HIGH)) == ["risk_too_high"]
    assert codes(WHOLE, replace(STANDING, review_overdue=True)) == ["review_overdue"]


def test_before_24_months_closing_needs_a_reason_or_a_panel() -> None:
    early = replace(STANDING, today=day(300))
    assert codes(WHOLE, early) == ["before_24_months"]
    assert codes(replace(WHOLE, early="  "), early) == ["before_24_months"]
    assert codes(replace(WHOLE, early="The plan is done and the family is well."), early) == []
    assert codes(replace(WHOLE, panel=True), early) == []


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_its_own_checks_and_none_spares_open_alerts(reason: Reason) -> None:
    row = rules()["closure"]["reasons"][reason]
    said = Proposal(reason, frozenset(closing.PARTS), frozenset(row["needs"]), early="why")
    assert codes(said) == []
    assert codes(replace(said, panel=True), replace(STANDING, open_alerts=1)) == ["open_alerts"]
    assert codes(replace(said, besides=frozenset())) == ["needed_for_reason"] * len(row["needs"])


def test_nobody_recommends_and_authorises() -> None:
    assert [h.code for h in closing.apart("m1", "m1")] == ["same_member"]
    assert closing.apart("m1", "m2") == []


def test_visits_go_on_for_three_months_before_a_case_is_archived_but_not_after_a_death() -> None:
    closed = date(2027, 4, 1)
    visits = [Visit(closed + timedelta(days=30 * n)) for n in (1, 2, 3)]
    assert closing.to_archiving(closed, Reason.PLAN_COMPLETE, visits, date(2027, 7, 1)) == []
    soon = closing.to_archiving(closed, Reason.PLAN_COMPLETE, visits[:2], date(2027, 6, 30))
    assert [(h.code, h.about) for h in soon] == [("visits_run_to", "2027-07-01"), ("visits_missing", "1")]
    assert closing.to_archiving(closed, Reason.DEATH, (), closed) == []
    assert closing.after_closure(closed, Risk.LOW, Reason.DEATH) is None
    after = closing.after_closure(closed, Risk.LOW, Reason.MOVED_ON)
    assert after is not None
    assert next_contacts(after, (), closed)[0].due == closed + timedelta(days=30)


def test_a_case_is_kept_for_both_terms_and_a_legal_hold_stops_everything() -> None:
    closed, born = date(2027, 4, 1), date(2020, 5, 5)
    assert closing.kept_until(closed, None) == date(2037, 4, 1)
    assert closing.kept_until(closed, born) == date(2041, 5, 5)
    assert closing.kept_until(closed, born, {"years": 1}) == date(2038, 5, 5)
    until = date(2037, 4, 1)

    def left(today: date, **given: bool) -> list[str]:
        facts = {"held": False, "archived": True, "legal_basis": False, **given}
        return [h.code for h in closing.to_destroying(until, today, **facts)]

    assert left(until) == ["kept_until"]
    assert left(until + timedelta(days=1)) == []
    assert left(until, legal_basis=True) == []
    assert left(until + timedelta(days=1), held=True, legal_basis=True) == ["legal_hold"]
    assert left(until + timedelta(days=1), archived=False) == ["not_archived"]


@pytest.mark.parametrize("text", ["KXQT 1", "kxqt1", " KXQT-1. ", "kxqt: \u0661", "KXQT  1"])
def test_an_observers_text_is_read_as_people_write_it(text: str) -> None:
    assert observer.read(text) == observer.Signal("KXQT", observer.Sign.FINE)


@pytest.mark.parametrize("text", ["KXQT 4", "KXQT", "1", "KXQ 1", "Hagos is fine 1", "KXQT 12", ""])
def test_what_is_no_code_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        observer.read(text)
    assert not text or text not in str(refusal.value.detail)


def test_concern_and_call_me_are_alerts() -> None:
    assert [observer.read(f"KXQT {n}").alert for n in "123"] == [False, True, True]


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
def test_forms_and_texts_name_no_child_agency_or_service(language: str) -> None:
    form = observer.form(language)
    discreet = observer.Discretion(caller="Alem")
    told = [observer.text(language, kind, discreet) for kind in ("call_back", "visit", "remind")]
    words = " ".join([form.title, form.how, *form.answers, *form.columns, form.foot, *told])
    assert observer.reveals(words, ["Hagos", "Red Cross", "Kebele social work office", "child", "enfant", "niño"]) == ()
    assert all("Alem" in text for text in told)
    with pytest.raises(InvalidRequest):
        observer.text(language, "visit", observer.Discretion(caller="Red Cross"), ["red-cross", "Hagos"])


def test_a_text_that_shows_a_name_is_found_however_it_is_written() -> None:
    assert observer.reveals("Salut, ici la CROIX-rouge.", ["Croix Rouge"]) == ("croix", "croix rouge", "rouge")
    assert observer.reveals("Hello, is SÉLAM there?", ["Selam"]) == ("selam",)
    with pytest.raises(InvalidRequest):
        observer.text("en", "visit", observer.Discretion(texts=False))
    with pytest.raises(NotFound):
        observer.form("xx")
