"""After arrival at an agency's desk: visits entered late, alerts, reviews, closing by two, archive, destruction."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from hub.aftercare import closing as rules
from hub.casefile.gates.ask import Result, Task
from hub.casefile.sections import forms
from hub.client import aftercare, cases, closing, due, gates, reading, records, referrals, timers, visits
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.errors import Conflict, Forbidden, IllegalTransition, InvalidRequest, NotFound
from hub.handoffs.jobs import erase_packets
from tests.conftest import NOW
from tests.support.world import SECTIONS, populated, reception, world

HOME, DAY, DAYS = "dj.example", 86_400, timedelta(days=5)
ALL = list(rules.PARTS)


@pytest.fixture(scope="module")
def clock():
    return SetClock(NOW)


@pytest.fixture(scope="module")
def place(tmp_path_factory, clock):
    with world(tmp_path_factory.mktemp("world"), clock, HOME) as made:
        populated(made, HOME, HOME)
        made.join(made.members["amina"], "boss", {"supervisor"})
        made.join(made.members["amina"], "worker", {"caseworker"})
        made.join(made.members["amina"], "dora", {"data_officer"})
        yield made


@pytest.fixture
def worker(place):
    return place.members["worker"]


@pytest.fixture
def boss(place):
    return place.members["boss"]


@pytest.fixture
def officer(place):
    return place.members["dora"]


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def case(worker):
    return cases.new(worker).record


def today(clock):
    return datetime.fromtimestamp(clock.now(), UTC).date()


@pytest.fixture
def held(worker, case, clock):
    return aftercare.follow(worker, case, today(clock), "medium", born=date(2012, 5, 5), country="ET")


def whats(member, case):
    return {row.what: row.day for row in due.due(aftercare.read(member, case))}


def closed(worker, boss, case):
    closing.recommend(worker, case, "moved_on", ALL, besides=["receiver_or_missing_report"], early="Gone to an aunt.")
    return closing.authorise(boss, case)


def months(place, clock, worker, case, number):
    """Let months pass in which somebody looks in each month."""
    for _ in range(number):
        clock.forward(31 * DAY)
        visits.visit(worker, case, clock.now())


class TestVisits:
    def test_are_planned_by_risk_and_chased_by_the_hub_without_words(self, held, worker, case, clock):
        due.chase(worker, held)
        first = timers.listing(worker, case=case)
        assert due.chase(worker, aftercare.read(worker, case)) == []
        assert {t.about.facts["what"] for t in first} == set(whats(worker, case))
        assert whats(worker, case)["contact"] == today(clock) + timedelta(days=7)
        assert whats(worker, case)["prepare_for_18"] == date(2029, 11, 5)

    def test_end_their_timer_and_set_the_next(self, held, worker, case, clock):
        due.chase(worker, held)
        visits.visit(worker, case, clock.now())
        due.chase(worker, aftercare.read(worker, case))
        days = {t.about.facts["what"]: t.about.facts["day"] for t in timers.listing(worker, case=case)}
        assert days["contact"] == (today(clock) + timedelta(days=7)).isoformat()
        assert days["face_to_face"] > (today(clock) + timedelta(days=27)).isoformat()

    def test_end_the_date_of_a_gate_for_the_first_once_somebody_met_the_child(self, held, worker, case, clock):
        """R32: what was done is no longer chased; a call, or a knock at a closed door, was no visit."""
        task = Task("R32", "first_visit", (today(clock) + timedelta(days=3)).isoformat())
        [gate] = gates.follow_up(worker, case, Result("take", (), (task,)))
        visits.visit(worker, case, clock.now() - 2 * DAY)  # with the family, before the child came
        for said in ({"method": "call"}, {"met": False}, {}):
            assert timers.read(worker, gate)[0].state == timers.State.RUNS
            clock.forward(60)
            visits.visit(worker, case, clock.now(), **said)
            due.chase(worker, aftercare.read(worker, case))
        assert timers.read(worker, gate)[0].state == timers.State.DONE

    def test_keep_the_true_time_and_that_of_the_entry_in_any_order(self, held, worker, case, clock):
        began = clock.now()
        clock.forward(20 * DAY)
        later = visits.visit(worker, case, began + 14 * DAY, themes={"school": "good"}, who=["child_alone"])
        earlier = visits.visit(worker, case, began + 7 * DAY, words="Asmita is well.")
        assert (earlier.value["happened"], earlier.entered) == (began + 7 * DAY, clock.now())
        assert visits.visit(worker, case, began + 7 * DAY).record == earlier.record
        assert later.on > earlier.on
        assert whats(worker, case)["contact"] == earlier.on + timedelta(days=14)
        assert aftercare.said(worker, earlier) == "Asmita is well."

    def test_in_the_future_are_none(self, held, worker, case, clock):
        with pytest.raises(InvalidRequest):
            visits.visit(worker, case, clock.now() + DAY)
        with pytest.raises(InvalidRequest):
            visits.visit(worker, case, clock.now(), themes={"school": "the child said no"})

    def test_of_a_child_that_is_not_safe_raise_an_alert_that_another_acknowledges(
        self, held, worker, boss, case, clock
    ):
        visits.visit(worker, case, clock.now(), themes={"safe": "bad"})
        (alert,) = [t for t in timers.listing(boss, case=case) if t.alert]
        with pytest.raises((Conflict, IllegalTransition)):
            timers.acknowledge(worker, alert.handoff)
        timers.acknowledge(boss, alert.handoff)

    def test_words_of_people_stand_in_no_index_on_the_machine(self, held, worker, case, clock):
        visits.visit(worker, case, clock.now(), words="SYN-ET-001 said so")
        records.listing(worker, "aftercare", "remark")
        assert "SYN-ET-001" not in str(worker.load_sealed("records.sealed"))


class TestTheObserver:
    def test_sends_a_code_and_the_schedule_knows_it_by_its_true_day(self, worker, case, clock):
        began = clock.now()
        held = aftercare.follow(worker, case, today(clock), "medium", "long_distance")
        clock.forward(31 * DAY)
        (silent,) = [row for row in due.due(aftercare.read(worker, case)) if row.alert]
        assert silent.what == "sign_of_observer"
        text = f"{held.facts['mark'].lower()} 1"
        row = visits.signal(worker, text, began + 25 * DAY)
        assert visits.signal(worker, text, began + 25 * DAY).record == row.record
        assert not [row for row in due.due(aftercare.read(worker, case)) if row.alert]
        assert [t for t in timers.listing(worker, case=case) if t.alert] == []

    def test_who_is_silent_too_long_is_an_alert_once(self, worker, boss, case, clock):
        aftercare.follow(worker, case, today(clock), "medium", "long_distance")
        clock.forward(31 * DAY)
        for _ in range(2):
            due.chase(worker, aftercare.read(worker, case))
        (alert,) = [t for t in timers.listing(boss, case=case) if t.alert]
        timers.done(boss, alert.handoff, "called")
        due.chase(worker, aftercare.read(worker, case))
        assert [t for t in timers.listing(boss, case=case) if t.alert] == []

    def test_who_asks_for_a_call_raises_an_alert_once(self, worker, case, clock):
        held = aftercare.follow(worker, case, today(clock), "medium", "long_distance")
        for _ in range(2):
            visits.signal(worker, f"{held.facts['mark']} 3", clock.now())
        assert len([t for t in timers.listing(worker, case=case) if t.alert]) == 1

    def test_letters_that_no_case_has_are_refused(self, held, worker, clock):
        with pytest.raises(NotFound):
            visits.signal(worker, "QQQQ 1" if held.facts["mark"] != "QQQQ" else "AAAA 1", clock.now())


class TestPuttingOff:
    def test_has_a_reason_an_end_and_a_supervisor_who_looks_at_it(self, held, worker, boss, amina, case, clock):
        due_on = whats(worker, case)["contact"]
        for until, words in ((due_on + timedelta(days=40), "flood"), (due_on, "flood"), (due_on + DAYS, " ")):
            with pytest.raises(InvalidRequest):
                visits.excuse(worker, case, "contact", until, words)
        visits.excuse(worker, case, "contact", due_on + DAYS, "flood")
        assert whats(worker, case)["contact"] == due_on + DAYS
        (told,) = [t for t in timers.listing(boss, case=case) if t.about.rule == "put_off"]
        assert told.owner in {boss.id, amina.id}


class TestReviews:
    def test_are_put_off_once_by_a_supervisor(self, held, worker, boss, case):
        before = held.review_due
        with pytest.raises(Forbidden):
            visits.extend(worker, case, before + timedelta(days=7), "flood")
        visits.extend(boss, case, before + timedelta(days=7), "flood")
        assert aftercare.read(boss, case).review_due == before + timedelta(days=7)
        with pytest.raises(Conflict):
            visits.extend(boss, case, before + timedelta(days=10), "flood")

    def test_are_held_with_the_child_the_worker_and_a_supervisor(self, held, worker, case, clock):
        with pytest.raises(InvalidRequest):
            visits.review(worker, case, today(clock), ["worker", "supervisor"], changed=False)
        visits.review(worker, case, today(clock), ["caregiver", "worker", "supervisor"], changed=True)
        assert aftercare.read(worker, case).review_due > held.review_due - timedelta(days=1)


class TestClosing:
    def test_needs_two_people(self, held, worker, boss, amina, case):
        with pytest.raises(Conflict) as refusal:
            closing.recommend(worker, case, "plan_complete", ALL[:3])
        codes = [row["code"] for row in refusal.value.facts["hindrances"]]
        assert codes == ["part_missing", "risk_too_high", "before_24_months"]
        closing.recommend(boss, case, "moved_on", ALL, besides=["receiver_or_missing_report"], early="Gone to an aunt.")
        with pytest.raises(Forbidden):
            closing.authorise(boss, case)
        with pytest.raises(Forbidden):
            closing.authorise(worker, case)
        assert closing.authorise(amina, case).by == amina.id
        assert aftercare.read(worker, case).closure is not None

    def test_an_open_alert_stops_it_even_after_it_was_recommended(self, held, worker, boss, case):
        closing.recommend(worker, case, "moved_on", ALL, besides=["receiver_or_missing_report"], early="why")
        visits.alert(worker, case, "seen at the border")
        with pytest.raises(Conflict) as refusal:
            closing.authorise(boss, case)
        assert [row["code"] for row in refusal.value.facts["hindrances"]] == ["open_alerts"]

    def test_a_forged_authorisation_closes_nothing(self, held, worker, boss, case, clock):
        row = closing.recommend(worker, case, "moved_on", ALL, besides=["receiver_or_missing_report"], early="why")
        value = {"recommendation": row.record, "reason": "moved_on", "words": None, "what": "authorised"}
        forged = records.put(worker, "aftercare", {**value, "case": case, "on": today(clock).isoformat()})
        assert aftercare.read(boss, case).closure is None
        own = closing.recommend(boss, case, "moved_on", ALL, besides=["receiver_or_missing_report"], early="why")
        value |= {"case": case, "on": today(clock).isoformat(), "recommendation": own.record}
        records.put(boss, "aftercare", value, roles=frozenset({"supervisor"}))
        assert aftercare.read(boss, case).closure is None
        records.put(boss, "aftercare", {**value, "recommendation": row.record}, handoff=forged)
        assert aftercare.read(boss, case).closure is None

    def test_visits_go_on_for_three_months_before_the_archive(self, place, held, worker, boss, case, clock):
        closed(worker, boss, case)
        assert set(whats(worker, case)) == {"after_closure", "prepare_for_18", "consent_again_at_18"}
        with pytest.raises(Conflict):
            closing.archive(boss, case)
        months(place, clock, worker, case, 3)
        closing.archive(boss, case)
        assert due.due(aftercare.read(worker, case)) == []
        assert timers.listing(worker, case=case) == []

    def test_a_case_opens_again_with_its_history(self, held, worker, boss, case, clock):
        visits.visit(worker, case, clock.now())
        closed(worker, boss, case)
        clock.forward(40 * DAY)
        again = closing.reopen(boss, case, "Separated again.", "high")
        assert again.closure is None
        assert len(again.of("plan")) == 2
        assert len(again.visits) == 1
        assert aftercare.first_day(again) == held.plan.begins
        labels = {t.about.label for t in timers.listing(worker, case=case)}
        assert {"best interests to be assessed again", "consent to be asked again"} <= labels
        with pytest.raises(NotFound):
            closing.authorise(boss, case)


class TestDestroying:
    def test_waits_for_term_and_legal_hold_then_leaves_no_content_and_a_record(
        self, place, held, worker, boss, officer, case, clock
    ):
        visits.visit(worker, case, clock.now(), words="Her name is SYN-ET-001.")
        closed(worker, boss, case)
        months(place, clock, worker, case, 3)
        closing.archive(boss, case)
        assert stopped(boss, case) == ["kept_until"]
        with pytest.raises(Forbidden):
            closing.destroy(worker, case)
        with pytest.raises(Forbidden):
            closing.allow(boss, case, "Law 7")
        closing.allow(officer, case, "Law 7")
        row = closing.hold(boss, case, "court order")
        records.put(worker, "aftercare", row.value, handoff=row.record)
        assert stopped(boss, case) == ["legal_hold"]
        with pytest.raises(Forbidden):
            closing.lift(boss, case, row.record, "I say so")
        closing.lift(officer, case, row.record, "order ended")

        before = {row.handoff for row in records.listing(worker, "remark") if row.value["case"] == case}
        done = closing.destroy(boss, case)
        erase_packets(place.hubs[HOME].hub)
        assert before | {case} <= set(done.records)
        assert done.left == ()
        for name in done.records:
            shown = reading.show(boss, name)
            assert all(packet.destroyed for packet in shown.packets)
            assert {"record.put", "timer.set"} & {line.statement.type for line in shown.lines}
        assert not [row for row in records.listing(worker, "remark") if row.value["case"] == case]
        with pytest.raises(NotFound):
            cases.load(worker, case)
        (told,) = [row for row in aftercare.rows_of(worker, case) if row.what == "destroyed"]
        assert told.by == boss.id
        assert told.value["allowed"]
        stays = {"recommended", "authorised", "archived", "held", "lifted", "allowed", "destroyed"}
        assert {row.what for row in aftercare.rows_of(worker, case)} <= stays

    def test_takes_what_was_sent_and_the_consent_and_leaves_what_is_open(self, place, amina, boss, officer, clock):
        hana = place.members["hana"]
        held = reception(amina, clock, hana.agency)
        basis = held.handoff
        facts = {"to": hana.agency, "sections": SECTIONS, "basis": held, "purpose": "reception", "urgency": "urgent"}
        handoff = referrals.send(amina, Outgoing(**facts)).handoff
        case = cases.new(amina).record
        aftercare.follow(amina, case, today(clock), "low", bases=[basis])
        given = {"besides": ["review_notice"], "early": "why"}
        with pytest.raises(Conflict) as refusal:
            closing.recommend(amina, case, "death", ALL, **given)
        assert [row["code"] for row in refusal.value.facts["hindrances"]] == ["open_referrals"]
        referrals.take(amina, handoff, "cancel")
        closing.recommend(amina, case, "death", ALL, **given)
        closing.authorise(boss, case)
        assert whats(amina, case).keys() == set()
        closing.archive(boss, case)
        closing.allow(officer, case, "Law 7")
        done = closing.destroy(boss, case)
        assert done.handoffs == (handoff,)
        assert basis in done.records
        with pytest.raises(NotFound):
            records.sent_copy(amina, handoff)
        with pytest.raises(NotFound):
            records.get(amina, basis)
        assert [line.statement.type for line in reading.show(hana, handoff).lines][-1] == "record.destroy"
        assert not any(packet.destroyed for packet in reading.show(hana, handoff).packets)

    def test_an_agencys_own_term_goes_before(self, held, officer, worker, boss, case, clock):
        closed(worker, boss, case)
        with pytest.raises(Forbidden):
            closing.put_retention(worker, 0, 0)
        closing.put_retention(officer, 1, 0, country="ET")
        assert closing.kept_until(boss, aftercare.read(boss, case)) == date(2030, 5, 5)


def stopped(member, case):
    with pytest.raises(Conflict) as refusal:
        closing.destroy(member, case)
    return [row["code"] for row in refusal.value.facts["hindrances"]]


def test_a_report_to_the_sender_has_codes_and_no_visit_of_its_own(held, worker, case, clock):
    visits.visit(worker, case, clock.now(), themes={"school": "good", "health": "bad"}, words="secret words")
    report = due.progress_report(worker, case, today(clock), words="She goes to school.")
    progress = report["monitoring_plan"]["progress"]
    assert (progress["contacts"], progress["themes"]["health"]) == (1, "bad")
    assert "secret" not in str(report)
    assert forms.changed("monitoring_plan", None, report["monitoring_plan"]) == report["monitoring_plan"]


def test_shares_add_up_by_agency_and_corridor(worker, case, clock):
    aftercare.follow(worker, case, today(clock), "medium", corridor="DJ-ET")
    other = cases.new(worker).record
    aftercare.follow(worker, other, today(clock), "medium", corridor="DJ-ET")
    clock.forward(8 * DAY)
    visits.visit(worker, other, clock.now() - 2 * DAY)
    assert due.shares(worker, "corridor")["DJ-ET"].percent == 50
    assert due.shares(worker)[other].percent == 100
    assert due.shares(worker, "agency").keys() == {worker.agency}


def test_an_agency_adopts_benchmarks_of_a_corridor(worker, boss, case, clock):
    value = {"title": "t", "source": "protocol 7", "like": "long_distance"}
    with pytest.raises(Forbidden):
        aftercare.adopt(worker, "corridor", value)
    aftercare.adopt(boss, "corridor", value)
    held = aftercare.follow(worker, case, today(clock), "medium", "corridor")
    assert held.plan.benchmarks.source == "protocol 7"
