"""The steps beside the gates, by real clients at two hubs: who may, what is sealed for whom, who is responsible."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.aftercare.closing import PARTS
from hub.client import (
    aftercare,
    around,
    cases,
    checking,
    closing,
    findings,
    gates,
    inquiries,
    intake,
    opening,
    proof,
    reading,
    records,
    register,
    timers,
    transfer_steps,
    transfers,
    withdrawal,
)
from hub.client import basis as bases
from hub.clock import SetClock
from hub.errors import Conflict, ConsentMissing, GateClosed, IllegalTransition, InvalidRequest, NotFound
from hub.ids import random_id
from tests.conftest import NOW
from tests.support.legs import DAY, RETURN, SHOWN, People
from tests.support.world import consent, grant, populated, protocol, today, world

HOME, AWAY = "dj.example", "et.example"


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        made.join(made.members["amina"], "omar", {"supervisor"})
        made.join(made.members["hana"], "bekele", {"supervisor"})
        made.found(AWAY, "bureau", "authority", "ET", "sara")
        made.found(AWAY, "nairobi", "authority", "KE", "mary")
        made.run()
        yield People(made, *(made.members[name] for name in ("amina", "omar", "hana", "bekele")))


def test_a_case_is_followed_from_its_opening_to_the_first_contact(people):
    held, leg = people.handed_over()
    who = register.who_holds(people.worker, held.record)
    assert (who.holder, who.acting, who.release) == (people.receiver.agency, (people.receiver.agency,), None)
    assert [link.type for link in who.chain] == ["case.open", "case.leg", "transfer.release", "transfer.take"]
    theirs = register.who_holds(people.receiver, leg)
    assert (theirs.holder, theirs.case is None) == (people.receiver.agency, False)
    assert [link.type for link in theirs.chain] == ["transfer.release", "transfer.take", "case.hold"]
    for member, name in ((people.worker, held.record), (people.receiver, leg)):
        made = proof.make(member, name)
        found = proof.check(people.boss if member is people.receiver else people.chief, made)
        assert (found.holder, found.unilateral) == (people.receiver.agency, False)
    transfer_steps.take(people.receiver, leg, "first_contact", day=people.day(), next=people.day(30), text="Well.")
    people.run()
    transfer_steps.follow_up(people.receiver, leg, people.day(), people.day(60))
    people.run()
    assert reading.show(people.worker, leg).state == "monitoring"


def test_a_place_is_asked_for_an_assessment_comes_back_and_the_offer_follows_on_the_same_leg(people):
    leg, held = random_id(), people.hagos()
    question = {"need": "reception", "age_band": "15-17", "from": people.day(5), "how_many": 1}
    inquiries.ask(people.worker, people.receiver.agency, question, leg=leg)
    people.run()
    assert inquiries.read(people.receiver, leg).question["need"] == "reception"
    inquiries.answer(people.receiver, leg, "capacity", people.day(6), 2)
    people.run()
    assert inquiries.read(people.worker, leg).answer["places"] == 2
    given = people.tracing()
    asked = findings.Asked(
        held.record,
        people.receiver.agency,
        ("identity",),
        given,
        "family_tracing",
        RETURN,
        ("family_tracing",),
        leg=leg,
    )
    findings.request_assessment(people.worker, asked)
    people.run()
    assert opening.open_handoff(people.receiver, leg, why="we were asked to trace")[-1].sections["identity"]
    findings.return_assessment(people.receiver, leg, {"coo_home_study": {"v": 1, "safe": "yes"}})
    people.run()
    kept = findings.keep_assessment(people.worker, leg)
    assert kept.sections["coo_home_study"]["said_by"]["agency"] == people.receiver.agency
    assert people.offered(held=held, leg=leg, new_leg=None)[1] == leg
    assert reading.show(people.receiver, leg).state == "delivered"
    assert "identity" in records.sent_copy(people.worker, leg)["sections"]
    assert "status" in records.sent_copy(people.worker, leg)["sections"]


def test_what_is_verified_after_arrival_corrects_both_files(people):
    held, leg = people.arrived()
    born = {"on": "2010-04-02"}
    found = [findings.Item("identity", "names", "verified"), findings.Item("identity", "born", "corrected", born)]
    findings.verify(people.receiver, leg, found)
    people.run()
    said = {(one.section, one.item): one.found for one in findings.items(people.receiver, leg)}
    assert (said["identity", "names"], said["identity", "born"], said["identity", "sex"]) == (
        "verified",
        "corrected",
        "",
    )
    (changed,) = findings.apply_corrections(people.worker, leg)
    assert changed.item.value == born
    assert cases.load(people.worker, held.record).sections["identity"]["born"]["on"] == "2010-04-02"
    assert findings.apply_corrections(people.worker, leg) == []


def test_nothing_is_verified_that_did_not_come(people):
    _held, leg = people.arrived()
    with pytest.raises(InvalidRequest):
        findings.verify(people.receiver, leg, [findings.Item("identity", "shoe_size", "verified")])
    with pytest.raises(InvalidRequest):
        findings.verify(people.receiver, leg, [findings.Item("identity", "born", "corrected")])
    with pytest.raises(NotFound):
        findings.verify(people.worker, leg, [findings.Item("identity", "born", "verified")])


def test_an_alarm_ends_by_seen_in_person_and_the_other_side_s_signature(people):
    _held, leg = people.accepted()
    transfers.depart(people.worker, leg, people.plan())
    people.run()
    people.clock.forward(5 * DAY)
    people.run()
    assert reading.show(people.receiver, leg).state == "missing_on_arrival"
    transfer_steps.arrive(people.receiver, leg, people.clock.now(), "She came by another bus.")
    people.run()
    assert reading.show(people.worker, leg).state == "missing_on_arrival"
    assert transfer_steps.claim(people.receiver, leg) is None
    assert transfer_steps.claim(people.boss, leg).statement.type == "transfer.arrive"
    transfer_steps.cosign(people.boss, leg)
    people.run()
    assert reading.show(people.receiver, leg).state == "arrived"
    with pytest.raises(NotFound):
        transfer_steps.cosign(people.boss, leg)


def test_a_change_is_acknowledged_by_the_other_side_once(people):
    _held, leg = people.accepted()
    transfer_steps.change(people.worker, leg, people.plan(4), "The bus goes a day later.")
    people.run()
    with pytest.raises(NotFound):
        transfer_steps.acknowledge_change(people.worker, leg)
    transfer_steps.acknowledge_change(people.receiver, leg)
    people.run()
    with pytest.raises(NotFound):
        transfer_steps.acknowledge_change(people.receiver, leg)


def test_a_freeze_is_lifted_with_a_decision_and_words_of_the_sender_stay_at_home(people):
    _held, leg = people.accepted()
    transfer_steps.take(people.boss, leg, "freeze", text="An appeal was filed.")
    people.run()
    shown = reading.show(people.receiver, leg)
    assert shown.state == "frozen"
    note = next(line.statement.manifest for line in shown.lines if line.statement.type == "transfer.freeze")
    assert shown.packet(note).manifest.to == people.worker.agency
    assert note not in {one.packet for one in opening.open_handoff(people.receiver, leg)}
    with pytest.raises(InvalidRequest):
        transfer_steps.take(people.boss, leg, "unfreeze")
    transfer_steps.take(people.boss, leg, "unfreeze", text="The appeal was withdrawn by the guardian.")
    people.run()
    assert reading.show(people.receiver, leg).state == "accepted"


def test_a_no_has_a_reason_for_the_sender_who_keeps_the_child(people):
    held, leg = people.offered()
    transfer_steps.take(people.receiver, leg, "acknowledge")
    people.run()
    transfer_steps.take(people.receiver, leg, "ask", text="Does she need a wheelchair?")
    people.run()
    transfer_steps.answer(people.worker, leg, {"health": {"v": 1, "conditions": []}})
    people.run()
    transfer_steps.take(people.chief, leg, "decline", code="no_capacity", text="Full until spring.")
    people.run()
    ((_line, said),) = transfer_steps.replies(people.worker, leg, "transfer.decline")
    assert (said["code"], said["text"]) == ("no_capacity", "Full until spring.")
    transfer_steps.take(people.boss, leg, "resolve")
    assert register.who_holds(people.worker, held.record).holder == people.worker.agency


def test_a_halt_stops_every_leg_of_the_consent_and_asks_for_another_plan(people):
    given = people.basis()
    held, leg = people.offered(basis=given)
    told = transfer_steps.halt(people.boss, leg, "Not in her best interests.", "my team")
    people.run()
    assert told == {leg: "halted"}
    assert reading.show(people.receiver, leg).state == "cancelled"
    (timer,) = timers.listing(people.boss, case=held.record)
    assert timer.about.rule == transfer_steps.OTHERWISE
    assert transfer_steps.halt(people.boss, leg, "Not in her best interests.", "my team") == {leg: "halted"}
    assert len(timers.listing(people.boss, case=held.record)) == 1


def test_a_release_can_be_taken_back_until_it_is_taken(people):
    held, leg = people.released()
    assert register.who_holds(people.worker, leg).release is not None
    transfer_steps.take(people.boss, leg, "unrelease")
    who = register.who_holds(people.worker, held.record)
    assert (who.holder, who.release) == (people.worker.agency, None)
    people.run()
    with pytest.raises(Conflict):
        people.taken(leg)


def test_nobody_was_seen_tomorrow(people):
    _held, leg = people.accepted()
    with pytest.raises(InvalidRequest):
        transfer_steps.take(people.receiver, leg, "arrive", seen=people.clock.now() + DAY)


def test_a_take_on_its_way_leaves_nobody_without_somebody_who_acts(people):
    _held, leg = people.released()
    people.taken(leg)
    who = register.who_holds(people.receiver, leg)
    assert (who.holder, who.acting) == (people.worker.agency, (people.worker.agency, people.receiver.agency))
    assert who.being_confirmed
    people.run()
    assert register.who_holds(people.receiver, leg).acting == (people.receiver.agency,)


def test_what_an_exception_put_off_is_due_at_the_receiver_after_arrival(people):
    _held, leg = people.arrived()
    mine = cases.of_leg(people.receiver, leg)
    due = {one.about.facts["task"] for one in timers.listing(people.receiver, case=mine.record)}
    assert due == {"bia", "bid"}


def onward(people, *, named, to="sara"):
    """A case that came to the receiver, and the consent that lets it go on to the bureau, or does not."""
    bureau = people.world.members[to]
    to = people.receiver.agency
    more = {"onward": [bureau.agency]} if named else {}
    given = grant(people.clock, to, categories=set(SHOWN), purpose="transfer", turned_on=["status"], **more)
    held = bases.draft(people.worker, consent(people.clock, given), "transfer")
    return bureau, people.handed_over(basis=held)[1]


def going_on(people, bureau, leg):
    """What the receiver would offer the bureau of a case that came to it, with what it approves."""
    held = transfers.held_by_leg(people.receiver, leg)
    for name, section in people.hagos().sections.items():
        if name not in held.sections:
            cases.update(people.receiver, held.record, name, section)
    out = transfers.Offer(
        case=held.record,
        to=bureau.agency,
        sections=("family_links", "identity"),
        basis=opening.received(people.receiver, leg),
        purpose=RETURN,
        second=people.chief.id,
        plan=people.plan(),
        new_leg=random_id(),
    )
    said = {"gate": "R24", "leg": out.new_leg, "mode": "bid_in_origin", "begins": people.day(), "ends": people.day(9)}
    said |= {"bia_due": people.day(7), "bid_due": people.day(14), "reason": "the panel meets after the journey"}
    gates.approve(people.chief, held.record, said)
    return out


def test_a_case_goes_on_only_to_whom_the_consent_names(people):
    bureau, leg = onward(people, named=True)
    out = going_on(people, bureau, leg)
    transfers.cosign(people.chief, transfers.offer(people.receiver, out).cosign)
    people.run()
    (opened,) = opening.open_handoff(bureau, out.new_leg)
    assert {"family_links", "identity"} <= set(opened.sections)
    assert opened.quarantined == {}
    bureau, leg = onward(people, named=False)
    with pytest.raises(ConsentMissing):
        transfers.offer(people.receiver, going_on(people, bureau, leg))


def test_to_a_third_country_a_case_goes_on_a_consent_of_its_own_once_the_two_countries_have_agreed(people):
    bureau, leg = onward(people, named=True, to="mary")
    out = going_on(people, bureau, leg)
    given = grant(people.clock, bureau.agency, categories=set(SHOWN), purpose="transfer", country="KE")
    anew = replace(out, basis=bases.draft(people.receiver, consent(people.clock, given), "onward"))
    assert refused_by(people, anew) == {"R10"}
    agreed = {**protocol(people.clock), "label": "ET-KE", "countries": ["ET", "KE"]}
    for member in (people.receiver, bureau):
        around.put_protocol(member, agreed)
    assert refused_by(people, out) == {"R15"}
    transfers.cosign(people.chief, transfers.offer(people.receiver, anew).cosign)
    people.run()
    assert reading.show(bureau, out.new_leg).state == "delivered"


def refused_by(people, out):
    with pytest.raises(ConsentMissing) as refused:
        transfers.offer(people.receiver, out)
    return {row["rule"] for row in refused.value.facts["reasons"]}


def test_the_sender_is_told_how_the_child_is_only_where_the_consent_says_so(people):
    progress = {"monitoring_plan": {"v": 1, "progress": {"contacts": 2}}}
    _held, leg = people.handed_over()
    transfer_steps.take(people.receiver, leg, "first_contact", day=people.day(), next=people.day(30))
    people.run()
    with pytest.raises(ConsentMissing) as refused:
        transfer_steps.follow_up(people.receiver, leg, people.day(), None, progress)
    assert "without a report" in refused.value.todo


def test_a_freeze_can_be_decided_after_consent_was_withdrawn(people):
    given = people.basis()
    _held, leg = people.arrived(basis=given)
    transfer_steps.take(people.boss, leg, "freeze", text="The child does not want to stay there.")
    people.run()
    withdrawal.withdraw(people.worker, given.handoff)
    people.run()
    transfer_steps.take(people.boss, leg, "unfreeze", text="The child was heard, and stays.")
    people.run()
    assert reading.show(people.receiver, leg).state == "arrived"


def test_a_leg_is_closed_once_two_people_closed_the_case_and_what_an_exception_promised_was_done(people):
    _held, leg = people.handed_over()
    transfer_steps.take(people.receiver, leg, "first_contact", day=people.day(), next=people.day(30))
    people.run()
    case = cases.of_leg(people.receiver, leg).record
    with pytest.raises(Conflict, match="not decided"):
        transfer_steps.take(people.chief, leg, "move_on")
    with pytest.raises(NotFound, match="Nobody follows this case yet"):
        transfer_steps.close(people.chief, leg, why="I supervise")
    aftercare.follow(people.receiver, case, today(people.clock), "low")
    asked = {"besides": ["receiver_or_missing_report"], "early": "Gone to an aunt."}
    closing.recommend(people.receiver, case, "moved_on", PARTS, **asked)
    with pytest.raises(Conflict, match="not decided"):
        transfer_steps.close(people.chief, leg, why="I supervise")
    closing.authorise(people.chief, case)
    promised = {"mode": "bid_in_origin", "reason": "no panel there", "supervisor": "Omar", "on": people.day(-3)}
    promised |= {"bia_due": people.day(7), "bid_due": people.day(14)}
    cases.update(people.receiver, case, "bia_bid", {"v": 1, "exception": promised})
    with pytest.raises(GateClosed) as refused:
        transfer_steps.close(people.chief, leg, why="I supervise")
    assert "R24" in refused.value.facts["gates"]
    assert any("that the exception promised" in row for row in refused.value.facts["rows"])
    assert reading.show(people.receiver, leg).state == "monitoring"


def test_a_closed_leg_is_opened_again_once_the_case_is(people):
    _held, leg = people.handed_over()
    transfer_steps.take(people.receiver, leg, "first_contact", day=people.day(), next=people.day(30))
    people.run()
    case = cases.of_leg(people.receiver, leg).record
    aftercare.follow(people.receiver, case, today(people.clock), "low")
    asked = {"besides": ["receiver_or_missing_report"], "early": "Gone to an aunt."}
    closing.recommend(people.receiver, case, "moved_on", PARTS, **asked)
    closing.authorise(people.chief, case)
    transfer_steps.close(people.chief, leg, why="I supervise")
    people.run()
    assert reading.show(people.worker, leg).state == "closed"
    transfer_steps.take(people.receiver, leg, "post_closure_visit", day=people.day(), text="Well.")
    with pytest.raises(Conflict, match="not decided"):
        transfer_steps.take(people.chief, leg, "reopen", text="She came back.")
    closing.reopen(people.chief, case, "She came back.", "high")
    transfer_steps.take(people.chief, leg, "reopen", text="She came back.")
    people.run()
    assert reading.show(people.worker, leg).state == "monitoring"


def test_a_child_who_came_without_a_packet_is_let_go_by_the_same_gates(people):
    sections = dict(people.hagos().sections)
    sections["bia_bid"] = {name: said for name, said in sections["bia_bid"].items() if name != "exception"}
    case = cases.new(people.receiver, sections).record
    days = {"next": people.day(2), "bia_due": people.day(7), "bid_due": people.day(14)}
    begun = intake.intake(people.receiver, intake.Arrival(case, "spontaneous", second=people.chief.id, **days))
    transfers.cosign(people.chief, begun.cosign)
    people.run()
    aftercare.follow(people.receiver, case, today(people.clock), "low")
    asked = {"besides": ["receiver_or_missing_report"], "early": "Gone to an aunt."}
    closing.recommend(people.receiver, case, "moved_on", PARTS, **asked)
    closing.authorise(people.chief, case)
    found = checking.before(people.chief, begun.leg, "close", why="I supervise")
    assert [row.gate for row in found.blocked] == []
    assert transfer_steps.close(people.chief, begun.leg, why="I supervise")["state"] == "closed"


def test_a_dispute_ends_with_the_sender_once_both_supervisors_signed(people):
    held, leg = people.arrived()
    transfer_steps.take(people.chief, leg, "dispute", text="We have no guardian for her.")
    people.run()
    transfer_steps.take(people.boss, leg, "return", text="She comes back to us.")
    people.run()
    assert reading.show(people.receiver, leg).state == "disputed"
    transfer_steps.cosign(people.chief, leg)
    people.run()
    assert reading.show(people.worker, leg).state == "cancelled"
    assert register.who_holds(people.worker, held.record).holder == people.worker.agency


def test_between_acceptance_and_handover_both_sides_can_tell_each_other_more(people):
    _, leg = people.accepted()
    transfer_steps.ask_more(people.receiver, leg, "Does SYN Hagos eat meat?")
    people.run()
    told = opening.open_handoff(people.worker, leg, why="the receiver wrote")[-1]
    assert told.sections["reply"]["text"] == "Does SYN Hagos eat meat?"
    transfer_steps.tell(people.worker, leg, {"needs_risk": {"v": 1, "risk": "low", "note": "No meat in Lent."}})
    people.run()
    answered = opening.open_handoff(people.receiver, leg, why="they answered")[-1]
    assert answered.sections["needs_risk"]["note"] == "No meat in Lent."
    assert reading.show(people.worker, leg).state == reading.show(people.receiver, leg).state == "accepted"
    with pytest.raises(ConsentMissing):
        transfer_steps.tell(people.worker, leg, {"exploitation": {"v": 1, "suspected": "yes"}})


def test_before_the_acceptance_there_is_the_question_and_no_message(people):
    _, leg = people.offered()
    with pytest.raises(IllegalTransition):
        transfer_steps.ask_more(people.receiver, leg, "When?")
