"""The referral state machine, in the words of the people who use it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import Forbidden, IllegalTransition
from hub.referrals import domain
from hub.referrals.domain import Referral, Side, State, ball, possible, submit
from hub.statements.grammar import Grade, HubActor, MemberActor, Statement

NOW = 1_795_290_000
SENDER = "urn:rcp:agency:shelter@dj.example"
RECIPIENT = "urn:rcp:agency:transit-centre@et.example"
HANDOFF = "A" * 22
ANA, BEN = "a" * 21 + "A", "b" * 21 + "A"
HASH = "h" * 42 + "A"


def said(kind: str, agency: str = RECIPIENT, *roles: str, grade: Grade = Grade.SIGNED, member: str = ANA, **body):
    by = tuple(MemberActor(agency, member, role) for role in roles or ("caseworker",))
    return Statement(f"referral.{kind}", HANDOFF, (HASH,), by, NOW, grade, body)


def hub_said(kind: str, host: str = "dj.example", **body) -> Statement:
    return Statement(f"referral.{kind}", HANDOFF, (HASH,), (HubActor(host),), NOW, Grade.HUB, body)


def withdrawn(agency: str = SENDER, role: str = "data_officer") -> Statement:
    by = (MemberActor(agency, ANA, role),)
    return Statement("consent.withdraw", HANDOFF, (HASH,), by, NOW, Grade.SIGNED, {"evidence": HASH})


def reported(kind: str, member: str = ANA, **body) -> Statement:
    return said(kind, SENDER, grade=Grade.REPORTED, member=member, via="phone", evidence=HASH, ask=False, **body)


def submission(**changed) -> Statement:
    body = {
        "kind": "referral",
        "urgency": "urgent",
        "due": NOW + 60,
        "needed_from": None,
        "verdict": {},
        "leg": None,
        "freeze": "",
        "link": None,
    }
    return replace(said("submit", SENDER), body=body, **changed)


@pytest.fixture
def referral() -> Referral:
    return submit(submission(), to_agency=RECIPIENT, now=NOW)


def after(referral: Referral, *statements: Statement) -> Referral:
    for statement in statements:
        referral = referral.apply(statement, NOW).referral
    return referral


DELIVERED = hub_said("deliver", "et.example", manifest=HASH)


def test_the_whole_way_from_submission_to_a_closed_loop(referral):
    assert (referral.state, referral.position, ball(referral.state)) == (State.SUBMITTED, 0, Side.SENDER)
    done = after(
        referral,
        DELIVERED,
        said("acknowledge"),
        said("ask"),
        said("answer", SENDER),
        said("accept", first_contact="2026-11-30"),
        said("start", contact="2026-11-30"),
        said("report_outcome"),
        said("close", SENDER),
    )
    assert done.state is State.LOOP_CLOSED
    assert (done.position, done.version, done.asked, done.owner, done.delivered) == (8, 9, 1, ANA, True)
    assert ball(done.state) is None


def test_a_referral_is_submitted_by_a_caseworkers_own_signature_only():
    for statement in (
        replace(submission(), by=(MemberActor(SENDER, ANA, "coordinator"),)),
        submission(grade=Grade.REPORTED),
        said("accept", SENDER),
    ):
        with pytest.raises(IllegalTransition):
            submit(statement, to_agency=RECIPIENT, now=NOW)


def test_a_double_click_moves_nothing(referral):
    acknowledged = after(referral, DELIVERED, said("acknowledge"))
    again = acknowledged.apply(said("acknowledge"), NOW)
    assert not again.moved
    assert not again.changed_state
    assert again.referral is acknowledged


def test_a_step_that_somebody_else_already_took_is_not_the_same_step_again(referral):
    acknowledged = after(referral, DELIVERED, said("acknowledge"))
    with pytest.raises(IllegalTransition):
        acknowledged.apply(reported("acknowledge"), NOW)


def test_an_impossible_step_says_what_is_possible(referral):
    with pytest.raises(IllegalTransition) as caught:
        after(referral, DELIVERED).apply(said("report_outcome"), NOW)
    assert caught.value.facts == {
        "state": "delivered",
        "possible": [
            "consent.report",
            "consent.withdraw",
            "referral.accept",
            "referral.acknowledge",
            "referral.decline",
        ],
    }


@pytest.mark.parametrize("role", ["coordinator", "auditor", "agency_admin", "data_officer", "supervisor"])
def test_a_role_that_the_table_does_not_name_cannot_acknowledge(referral, role):
    with pytest.raises(IllegalTransition):
        after(referral, DELIVERED).apply(said("acknowledge", RECIPIENT, role), NOW)


def test_a_stranger_takes_no_step_at_all(referral):
    for statement in (said("acknowledge", "urn:rcp:agency:other@et.example"), hub_said("deliver", "evil.example")):
        with pytest.raises(Forbidden):
            referral.apply(statement, NOW)


def test_the_recipients_hub_cannot_expire_and_the_senders_hub_cannot_deliver(referral):
    with pytest.raises(IllegalTransition):
        after(referral, DELIVERED).apply(hub_said("expire", "et.example", clock="first_answer"), NOW)
    with pytest.raises(IllegalTransition):
        referral.apply(hub_said("deliver", "dj.example", manifest=HASH), NOW)


def test_one_hub_may_be_home_to_both_agencies():
    neighbour = "urn:rcp:agency:clinic@dj.example"
    delivered = after(submit(submission(), to_agency=neighbour, now=NOW), hub_said("deliver", manifest=HASH))
    assert delivered.apply(hub_said("expire", clock="first_answer"), NOW).referral.state is State.EXPIRED


def test_the_sender_cannot_sign_the_recipients_answer_as_if_it_were_its_own(referral):
    delivered = after(referral, DELIVERED)
    for grade in (Grade.SIGNED, Grade.LINK):
        with pytest.raises(IllegalTransition):
            delivered.apply(said("acknowledge", SENDER, grade=grade), NOW)
    with pytest.raises(IllegalTransition):
        delivered.apply(said("acknowledge", RECIPIENT, grade=Grade.REPORTED), NOW)


def test_a_phone_call_is_shown_as_reported_until_the_recipient_confirms_it(referral):
    by_phone = after(referral, reported("accept", first_contact="2026-11-30"))
    assert (by_phone.state, by_phone.grade, by_phone.owner) == (State.ACCEPTED, Grade.REPORTED, None)
    late = by_phone.apply(DELIVERED, NOW)
    assert (late.moved, late.changed_state, late.referral.grade) == (True, False, Grade.REPORTED)
    assert not late.referral.apply(DELIVERED, NOW).moved
    confirmed = late.referral.apply(said("accept", first_contact="2026-11-30"), NOW)
    assert (confirmed.moved, confirmed.changed_state, confirmed.referral.grade) == (True, False, Grade.SIGNED)
    assert confirmed.referral.owner == ANA


def test_a_recipient_corrects_the_day_that_it_promised_and_nobody_else_does(referral):
    promised = after(referral, DELIVERED, said("accept", first_contact="2026-11-30"))
    assert not promised.apply(said("accept", first_contact="2026-11-30"), NOW).moved
    again = promised.apply(said("accept", first_contact="2026-12-03"), NOW)
    assert (again.moved, again.changed_state, again.referral.promised) == (True, False, "2026-12-03")
    assert not again.referral.apply(said("accept", first_contact="2026-12-03"), NOW).moved
    with pytest.raises(IllegalTransition):
        promised.apply(reported("accept", first_contact="2026-12-03"), NOW)
    begun = after(promised, said("start", contact="2026-11-29"))
    with pytest.raises(IllegalTransition):
        begun.apply(said("accept", first_contact="2026-12-03"), NOW)


def test_a_recipient_corrects_what_was_reported_in_its_name(referral):
    said_yes = after(referral, DELIVERED, reported("accept", first_contact="2026-11-30"))
    assert after(said_yes, said("decline")).state is State.DECLINED
    said_no = after(referral, DELIVERED, reported("decline"))
    assert after(said_no, said("accept", first_contact="2026-11-30")).state is State.ACCEPTED
    signed = after(said_yes, said("accept", first_contact="2026-11-30"))
    with pytest.raises(IllegalTransition):
        signed.apply(said("decline"), NOW)


def test_whoever_reported_the_outcome_cannot_close_alone(referral):
    told = after(referral, reported("accept", first_contact="2026-11-30"), reported("report_outcome", member=ANA))
    with pytest.raises(IllegalTransition):
        told.apply(said("close", SENDER, member=ANA), NOW)
    both = replace(
        said("close", SENDER), by=(MemberActor(SENDER, ANA, "caseworker"), MemberActor(SENDER, BEN, "auditor"))
    )
    with pytest.raises(IllegalTransition):
        told.apply(both, NOW)
    assert after(told, said("close", SENDER, member=BEN)).state is State.LOOP_CLOSED
    signed = after(referral, DELIVERED, said("accept", first_contact="2026-11-30"), said("report_outcome"))
    assert after(signed, said("close", SENDER, member=ANA)).state is State.LOOP_CLOSED


def test_a_provider_with_a_link_acts_as_a_provider_and_as_nobody_else(referral):
    delivered = after(referral, DELIVERED)
    linked = after(delivered, said("acknowledge", RECIPIENT, "provider", grade=Grade.LINK))
    assert (linked.state, linked.grade) == (State.ACKNOWLEDGED, Grade.LINK)
    with pytest.raises(IllegalTransition):
        delivered.apply(said("acknowledge", RECIPIENT, "caseworker", grade=Grade.LINK), NOW)


def test_withdrawal_stops_an_open_referral_and_locks_a_finished_one(referral):
    stopped = after(referral, DELIVERED, withdrawn(RECIPIENT, "auditor"))
    assert (stopped.state, stopped.locked, ball(stopped.state)) == (State.CONSENT_WITHDRAWN, True, None)
    assert not stopped.apply(withdrawn(SENDER), NOW).moved
    told = after(referral, DELIVERED, said("accept", first_contact="2026-11-30"), said("report_outcome"))
    locked = told.apply(withdrawn(), NOW)
    assert (locked.moved, locked.changed_state, locked.referral.locked) == (True, False, True)
    assert locked.referral.state is State.OUTCOME_REPORTED
    assert not locked.referral.apply(withdrawn(RECIPIENT), NOW).moved
    assert after(locked.referral, said("close", SENDER)).locked


def test_a_late_answer_and_a_rung_change_no_state(referral):
    expired = after(referral, DELIVERED, hub_said("expire", clock="first_answer"))
    late = expired.apply(said("late_answer"), NOW)
    assert (late.moved, late.changed_state, late.referral.state) == (True, False, State.EXPIRED)
    rung = late.referral.apply(hub_said("overdue", clock="after_expiry", rung=1, tell=[]), NOW)
    assert (rung.referral.state, rung.referral.position) == (State.EXPIRED, late.referral.position + 1)
    assert rung.referral.made_by == expired.made_by


def test_the_owner_pauses_the_clock_and_never_into_the_past(referral):
    delivered = after(referral, DELIVERED)
    assert after(delivered, said("pause_clock", SENDER, due=NOW + 9)).due == NOW + 9
    assert after(delivered, said("pause_clock", SENDER, due=NOW - 9)).due == NOW
    with pytest.raises(IllegalTransition):
        delivered.apply(said("pause_clock", RECIPIENT, due=NOW + 9), NOW)


def test_statements_that_are_no_step_of_a_referral_are_refused(referral):
    other = Statement(
        "packet.rewrap", HANDOFF, (HASH,), (MemberActor(RECIPIENT, ANA, "caseworker"),), NOW, "signed", {}
    )
    with pytest.raises(IllegalTransition):
        referral.apply(other, NOW)


def test_possible_steps_leave_out_what_a_guard_forbids(referral):
    delivered = after(referral, DELIVERED)
    assert possible(delivered, Side.RECIPIENT_HUB, frozenset()) == ("referral.lock_link",)
    assert possible(delivered, Side.ORDERING_HUB, frozenset()) == (
        "consent.freeze",
        "referral.asked_back",
        "referral.expire",
        "referral.overdue",
    )
    acknowledged = after(delivered, said("acknowledge"))
    assert "referral.acknowledge" not in possible(acknowledged, Side.RECIPIENT, frozenset({"caseworker"}))
    by_phone = after(delivered, reported("acknowledge"))
    assert "referral.acknowledge" in possible(by_phone, Side.RECIPIENT, frozenset({"caseworker"}))
    assert "referral.accept" in possible(by_phone, Side.SENDER, frozenset({"caseworker"}))
    assert possible(by_phone, Side.SENDER, frozenset({"auditor"})) == ("consent.withdraw",)


def test_the_shipped_table_is_the_shared_one():
    shared = Path(domain.__file__).parents[3] / "shared" / "domain" / "referral-states.csv"
    if not shared.exists():
        pytest.skip("the shared table is not beside this copy of the project")
    assert (Path(domain.__file__).parent / "referral-states.csv").read_bytes() == shared.read_bytes()


def test_an_unknown_word_in_the_table_stops_the_hub_from_starting():
    with pytest.raises(AssertionError):
        domain._side("somebody")


def test_a_link_pressed_twice_moves_once_and_a_signature_after_it_still_counts(referral):
    pressed = said("acknowledge", RECIPIENT, "provider", grade=Grade.LINK)
    linked = after(referral, DELIVERED, pressed)
    assert not linked.apply(pressed, NOW).moved
    assert after(linked, said("acknowledge")).grade is Grade.SIGNED
