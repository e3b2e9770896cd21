"""S2: a girl of 14 is sent back from Yemen by night, with a fever and no papers; nobody in Addis Ababa knows her.

The case begins where she arrives, with two signatures and without a packet. An emergency by night, a partner over the
sea who keeps silent, an aunt who is found; and a determination that is made in Ethiopia alone, because nobody who was
sent back by force was sent back in her best interests.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from hub.casefile.gates.ask import Journey
from hub.client import (
    aftercare,
    arrivals,
    cases,
    cosigning,
    due,
    findings,
    gates,
    register,
    tasks,
    timers,
    transfer_steps,
    visits,
)
from hub.client.findings import Item
from hub.client.intake import Arrival, intake
from hub.client.judging import Purpose
from hub.errors import Forbidden, InvalidRequest
from tests.support import case_files
from tests.support import transfers as moves
from tests.support.chronicle import chronicle
from tests.support.scenario import Person, agrees, grant, guardian
from tests.support.sentences import (
    AUTHORITY_ONLY,
    NO_ORDER,
    NOT_EXPLAINED,
    WRONG_GIVER,
    no_agreement,
    not_covered,
)

AGENCIES = {
    "addis": ("io", "ET"),
    "bureau": ("authority", "ET"),
    "hospital": ("health", "ET"),
    "woreda": ("local_government", "ET"),
    "aden": ("ngo", "YE"),
    "sanaa": ("ngo", "YE"),
    "school": ("school", "ET"),
    "listeners": ("ngo", "ET"),
}
RECORD = ("addis",)
AGREEMENTS = (("addis", "ET", "YE"), ("aden", "ET", "YE"))

MERON = Person(
    "SYN-ET-010",
    "Meron Ali-Syn",
    "unaccompanied",
    "12-14",
    "aa",
    "ET",
    {
        "minimal_contact": {"age_band": "12-14", "language": "Afar"},
        "identity": {"name": "Meron Ali-Syn", "from": "Semera-Syn"},
        "family_links": {"aunt": "Fatuma Ali-Syn in Logiya"},
        "health": {"symptom": "fever since Djibouti-Syn"},
        "needs_risk": {"risk": "was locked in a house in Aden-Syn"},
        "child_views": {"wants": "to live with her aunt-Syn"},
        "coo_home_study": {"aunt": "two rooms, dry, near a school-Syn"},
        "bia_bid": {"outcome": "kin care with the aunt-Syn"},
        "plan": {"aim": "school after the fasting month-Syn"},
        "education_skills": {"level": "fourth class in Afar-Syn"},
        "exploitation": {"work": "worked without pay in Aden-Syn"},
    },
)
TONIGHT = {"minimal_contact": MERON.file["minimal_contact"], "health": MERON.file["health"]}
FULL = ("identity", "family_links", "health", "needs_risk", "child_views", "coo_home_study", "bia_bid", "plan")
WHOLE = (*FULL, "safety_plan", "monitoring_plan")
TO_HER_AUNT = Purpose("reunification", final=True, return_mode="forced", returned="2025-03-03")
HISTORY = "She was with us for three nights in January, and has a scar from a burn-Syn"
HER_GUARDIAN = guardian("SYN-GD-21", "Bureau of Women, Children and Youth")
INTERPRETER = {"used": True, "kind": "phone", "ref": "SYN-INT-4", "confidentiality_signed": True}
IN_AMHARIC = {"informing": {"language": "am"}}
INTERPRETED = {"informing": {"language": "am", "interpreter": INTERPRETER}}
CARE = {"to": "hospital", "purpose": "medical_care", "urgency": "emergency"}
UNNAMED = {**CARE, "unnamed": True}


@pytest.fixture(scope="module")
def supervisor(scene):
    return scene.colleague("addis", "almaz", "supervisor")


@pytest.fixture(scope="module")
def emergency(scene, supervisor):
    """D0, ten at night: a supervisor notes that Meron's health cannot wait."""
    scene.on_day(0, hour=22)
    return scene.vital_interest("addis", to="hospital", supervisor=supervisor)


@pytest.fixture(scope="module")
def begun(scene, supervisor, emergency):
    """D0, ten at night: her case begins here, by worker and supervisor; nothing but what she says is known."""
    member = scene.member("addis")
    stub = {**moves.file_of(scene, MERON, "minimal_contact"), "bia_bid": {"v": 1, "return_mode": "forced"}}
    held = cases.new(member, stub)
    said = Arrival(held.record, "forced", scene.day(7), scene.day(10), scene.day(40), supervisor.id)
    waits = intake(member, said)
    cosigning.cosign(supervisor, waits.cosign)
    scene.deliver()
    assert emergency.handoff
    return waits


@pytest.fixture(scope="module")
def hers(scene, begun):
    """Her case file at the transit centre."""
    return cases.of_leg(scene.member("addis"), begun.leg)


@pytest.fixture(scope="module")
def assessed(scene, begun, hers, guarded):
    """D2: her best interests are assessed: sent back by force, and to whom, nobody knows yet."""
    moves.writes(scene, "addis", hers, "bia_bid", bia=[case_files.bia("bia1", "arrival", scene.day(2))])
    _done(scene, hers, "bia")
    return hers


def _done(scene, case, task):
    """Say that what had to be done after her arrival is done."""
    member = scene.member("addis")
    (one,) = (
        row for row in timers.listing(member, case=case.record) if row.about and row.about.facts == {"task": task}
    )
    timers.done(member, one.handoff)


@pytest.fixture(scope="module")
def silent(scene, history_asked):
    """D5 to D8: Aden says nothing; somebody looks into what it was sent."""
    for day, hour in ((5, 9), (6, 21), (8, 9)):
        scene.on_day(day, hour)
    return history_asked


@pytest.fixture(scope="module")
def answered(scene, silent):
    """D9: Aden tells what it knows of her, and she is asked whether it is right."""
    scene.on_day(9)
    scene.take("aden", silent, "accept", first_contact=scene.day(9))
    scene.take("aden", silent, "report_outcome", got_help="yes", text=HISTORY)
    scene.closes("addis", silent, "child", "yes", "She remembers the women there-Syn")
    return silent


@pytest.fixture(scope="module")
def traced(scene, begun, assessed, answered):
    """D3 to D14: no parent can be found; an aunt is, on D12. Her home has not been looked at yet."""
    scene.on_day(14)
    whole = moves.file_of(scene, MERON)
    kept = ("identity", "family_links", "child_views", "needs_risk", "care_guardianship", "exploitation")
    for name in kept:
        moves.writes(scene, "addis", assessed, name, **whole[name])
    moves.writes(scene, "addis", assessed, "health", v=1, symptom="fever", treatment_needed=False)
    moves.writes(scene, "addis", assessed, "bia_bid", refoulement=whole["bia_bid"]["refoulement"])
    transfer_steps.follow_up(scene.member("addis"), begun.leg, scene.day(14), scene.day(21))
    return assessed


@pytest.fixture(scope="module")
def decided(scene, begun, traced):
    """D18 her aunt's home is looked at, D21 a panel determines: with her aunt."""
    scene.on_day(21)
    whole = moves.file_of(scene, MERON, "coo_home_study", "bia_bid")
    moves.writes(scene, "addis", traced, "coo_home_study", **whole["coo_home_study"])
    moves.writes(scene, "addis", traced, "bia_bid", bid=whole["bia_bid"]["bid"])
    _done(scene, traced, "bid")
    transfer_steps.follow_up(scene.member("addis"), begun.leg, scene.day(21), scene.day(26))
    return traced


@pytest.fixture(scope="module")
def offered(scene, guarded, decided):
    """D24: a plan is made with her and her aunt; her case is offered to the worker in her aunt's woreda."""
    scene.on_day(24)
    for name, document in moves.file_of(scene, MERON, "plan", "safety_plan", "monitoring_plan").items():
        moves.writes(scene, "addis", decided, name, **document)
    asked = {"to": "woreda", "on": guarded, "sections": WHOLE, "purpose": TO_HER_AUNT}
    return moves.proposes(scene, "addis", decided, **asked, plan=moves.travel(scene, 26))


@pytest.fixture(scope="module")
def with_her_aunt(scene, begun, offered):
    """D25 and D26: the woreda accepts; she travels, is seen, and is handed over to it and to her aunt."""
    scene.on_day(25)
    moves.says(scene, "woreda", offered, "transfer.acknowledge")
    moves.accepts(scene, "woreda", offered, moves.travel(scene, 26), {"bed": "with her aunt-Syn"})
    scene.on_day(26, hour=7)
    moves.departs(scene, "addis", offered, moves.travel(scene, 26))
    scene.on_day(26, hour=13)
    transfer_steps.arrive(scene.member("woreda"), offered, scene.world.clock.now())
    scene.deliver()
    seen = [Item("identity", "names", "verified"), Item("family_links", "relationship", "verified")]
    findings.verify(scene.member("woreda"), offered, seen)
    scene.on_day(26, hour=15)
    moves.hands_over(scene, "addis", "woreda", offered, scene.day(27))
    scene.on_day(26, hour=16)
    moves.signs(scene, moves.second(scene, "addis"), begun.leg, "transfer.move_on", "supervisor")
    return moves.has_case(scene, "woreda", offered)


@pytest.fixture(scope="module")
def visited(scene, offered, with_her_aunt):
    """D27 and D28: the woreda's worker looks in every day."""
    worker, case = scene.member("woreda"), with_her_aunt.record
    scene.on_day(27)
    moves.says(scene, "woreda", offered, "transfer.first_contact", day=scene.day(27), next=scene.day(34))
    aftercare.follow(worker, case, scene.date(24), "high", country="ET")
    for n in (27, 28):
        scene.on_day(n)
        scene.said.add("She has slept well-Syn")
        visits.visit(worker, case, scene.world.clock.now(), words="She has slept well-Syn", themes={"safe": "good"})
    return with_her_aunt


@pytest.fixture(scope="module")
def guarded(scene):
    """D2: her guardian and Meron agree; she will not have the work in Aden told to anybody."""
    scene.on_day(2)
    return scene.consent(
        "addis",
        MERON,
        HER_GUARDIAN,
        agrees("Not about the house in Aden."),
        grant("aden", "family_tracing", "identity", "family_links"),
        grant("woreda", "transfer", *WHOLE, turned_on=("exploitation",)),
        refused=[{"categories": ["exploitation"], "because": "not_said"}],
        **INTERPRETED,
    )


@pytest.fixture(scope="module")
def history_asked(scene, guarded):
    """D2: the partner in Aden is asked what it knows of her, with what it needs to find it."""
    named = MERON.part("identity", "family_links")
    return scene.send("addis", guarded, named, to="aden", purpose="family_tracing", urgency="high")


def test_at_night_the_hospital_is_sent_nothing_before_a_supervisor_has_signed_too(scene, emergency, supervisor):
    handoff, waiting = scene.prepare("addis", emergency, TONIGHT, **UNNAMED)
    assert scene.sees_nothing_of("hospital", handoff)
    assert scene.cosign(supervisor, waiting) == handoff
    assert scene.due("addis", handoff) == scene.moment(1, hour=2), "an emergency has four hours, by night too"
    assert scene.opens("hospital", handoff) == TONIGHT
    scene.take("hospital", handoff, "acknowledge")
    assert scene.ledger("addis", handoff) == ["referral.sent", "packet.delivered", "referral.acknowledged"]
    assert cosigning.waiting(supervisor) == []


def test_the_stub_has_no_room_for_a_name(scene, emergency):
    """Age band, symptom and language; whoever writes more is told to leave it out, and nothing is sealed."""
    for section, slip in (("minimal_contact", {"first_name": "Meron"}), ("health", {"note": "Meron has a fever"})):
        with pytest.raises(InvalidRequest) as refusal:
            scene.prepare("addis", emergency, {**TONIGHT, section: slip}, **UNNAMED)
        assert refusal.value.facts["field"] == section


def test_what_went_out_without_consent_is_to_be_reviewed_within_72_hours(scene, emergency):
    (owed,) = tasks.listing(scene.member("addis"))
    assert (owed.what, owed.about) == ("review", emergency.handoff)
    assert owed.due == scene.moment(3, hour=22)


def test_nobody_is_their_own_supervisor(scene, emergency):
    alone = scene.vital_interest("addis", to="hospital", supervisor=scene.member("addis"))
    with pytest.raises(Forbidden):
        scene.prepare("addis", alone, TONIGHT, **CARE)


def test_the_hospital_is_not_told_her_name_or_her_story(scene, emergency):
    for section, plain in (("identity", "name, age and origin"), ("family_links", "family and relatives")):
        blocked = scene.refused("addis", emergency, MERON.part(section), **CARE)
        assert not_covered(plain, "hospital@et.example", "medical care", "the giver") in blocked


def test_the_emergency_reaches_nobody_but_the_hospital_and_serves_nothing_else(scene, emergency):
    asked = {"to": "bureau", "purpose": "protection"}
    assert scene.refused("addis", emergency, MERON.part("health"), **asked) == [
        not_covered("health", "bureau@et.example", "protection", "the giver")
    ]
    asked = {"to": "hospital", "purpose": "registration"}
    assert scene.refused("addis", emergency, MERON.part("health"), **asked) == [
        not_covered("health", "hospital@et.example", "registration", "the giver")
    ]


def test_her_case_begins_where_she_arrives_and_addis_is_responsible_from_that_hour(scene, begun, hers):
    assert scene.ledger("addis", begun.leg) == ["case.received"]
    held = register.who_holds(scene.member("addis"), hers.record)
    assert (held.holder, held.acting) == (scene.address("addis"), (scene.address("addis"),))
    due_dates = {
        row.about.facts["task"] for row in timers.listing(scene.member("addis"), case=hers.record) if row.about
    }
    assert due_dates == {"bia", "bid"}


def test_on_the_first_day_the_authority_is_told_so_that_a_guardian_is_appointed(scene):
    scene.on_day(1)
    duty = scene.duty_to_protect("addis", tell="bureau", child="agreed")
    needed = MERON.part("minimal_contact", "needs_risk", "child_views")
    sent = scene.send("addis", duty, needed, to="bureau", purpose="protection")
    assert scene.opens("bureau", sent) == needed
    assert scene.refused("addis", duty, MERON.part("exploitation"), to="bureau", purpose="protection") != []
    assert scene.refused("addis", duty, MERON.part("needs_risk"), to="bureau", purpose="registration") == [
        AUTHORITY_ONLY
    ]


def test_before_the_order_nobody_else_can_consent_for_her(scene):
    grants = grant("aden", "family_tracing", "identity")
    asked = {"to": "aden", "purpose": "family_tracing"}
    aunt = {"capacity": "caregiver", "relationship": "aunt", "order": None}
    held = scene.consent("addis", MERON, aunt, agrees("Yes."), grants, **INTERPRETED)
    assert scene.refused("addis", held, MERON.part("identity"), **asked) == [WRONG_GIVER]
    unsigned = {"capacity": "guardian", "order": None}
    held = scene.consent("addis", MERON, unsigned, agrees("Yes."), grants, **INTERPRETED)
    assert scene.refused("addis", held, MERON.part("identity"), **asked) == [NO_ORDER]


def test_what_is_explained_in_a_language_she_does_not_speak_needs_an_interpreter(scene):
    scene.on_day(2)
    grants = grant("aden", "family_tracing", "identity")
    held = scene.consent("addis", MERON, HER_GUARDIAN, agrees("Yes."), grants, **IN_AMHARIC)
    asked = {"to": "aden", "purpose": "family_tracing"}
    assert scene.refused("addis", held, MERON.part("identity"), **asked) == [NOT_EXPLAINED]


def test_the_partner_in_aden_is_asked_for_her_history_with_what_it_needs_to_find_it(scene, history_asked):
    assert scene.opens("aden", history_asked) == MERON.part("identity", "family_links")
    for outsider in ("sanaa", "woreda", "hospital"):
        assert scene.sees_nothing_of(outsider, history_asked)
        assert scene.cannot_decrypt(outsider, history_asked, stolen_from="aden")


def test_another_agency_in_yemen_is_not_asked_because_the_consent_names_aden(scene, guarded):
    asked = {"to": "sanaa", "purpose": "family_tracing"}
    assert scene.refused("addis", guarded, MERON.part("identity"), **asked) == [
        not_covered("name, age and origin", "sanaa@ye.example", "looking for family")
    ]


def test_without_an_agreement_between_two_countries_nothing_crosses_the_border(scene):
    """Only the one in Addis Ababa keeps an agreement with Djibouti in its records besides: the bureau has none here."""
    scene.world.train(scene.member("bureau"), scene.colleague("bureau", "bureau-trainer", "agency_admin"))
    held = scene.consent("bureau", MERON, HER_GUARDIAN, agrees("Yes."), grant("aden", "family_tracing", "identity"))
    asked = {"to": "aden", "purpose": "family_tracing"}
    assert scene.refused("bureau", held, MERON.part("identity"), **asked) == [
        no_agreement("name, age and origin", "aden@ye.example")
    ]


def test_after_72_hours_the_emergency_is_over_unless_it_was_reviewed(scene, emergency, supervisor):
    scene.on_day(3, hour=22)
    at_the_last_moment = MERON.part("health")
    assert scene.preview("addis", emergency, at_the_last_moment, to="hospital", purpose="medical_care").permitted
    scene.on_day(4)
    (over,) = scene.refused("addis", emergency, TONIGHT, **CARE)
    assert over.startswith("R04 Consent was withdrawn, has ended or has not begun")
    tasks.finish(scene.member("addis"), emergency.handoff, "consent")
    assert tasks.listing(scene.member("addis")) == []
    reviewed = scene.vital_interest("addis", to="hospital", supervisor=supervisor)
    assert scene.preview("addis", reviewed, at_the_last_moment, to="hospital", purpose="medical_care").permitted


def test_aden_has_been_silent_for_72_hours_and_the_chase_climbs_on_both_sides_of_the_sea(scene, silent):
    """It looked into the packet, and nobody said so: opening is no answer."""
    climbed = ["followup.reminder", "followup.deputy", "followup.escalated"]
    for side in ("addis", "aden"):
        assert scene.ledger(side, silent) == ["referral.sent", "packet.delivered", *climbed]
        assert silent in scene.queue(side, "supervisor", "escalated")


def test_on_the_ninth_day_aden_answers_and_only_addis_reads_it(scene, answered):
    assert HISTORY in scene.plaintext("addis", answered)
    ends = ["referral.accepted", "referral.completed", "referral.closed"]
    assert scene.ledger("addis", answered)[-3:] == scene.ledger("aden", answered)[-3:] == ends


def test_before_her_aunts_home_was_looked_at_she_is_not_given_to_her(scene, guarded, traced):
    scene.on_day(15)
    asked = {"to": "woreda", "on": guarded, "sections": ("identity",), "purpose": TO_HER_AUNT}
    stopped = moves.blocked(lambda: moves.proposes(scene, "addis", traced, **asked))
    assert {"R21", "R22", "R27"} <= set(stopped)


def test_nobody_who_was_sent_back_by_force_was_sent_back_in_her_best_interests(scene, traced):
    """A determination `return`, dated before she came, cannot be written down here."""
    scene.on_day(15)
    told = case_files.bid("bid0", "return", scene.day(-1), "YE")
    with pytest.raises(InvalidRequest) as refused:
        moves.writes(scene, "addis", traced, "bia_bid", bid=told)
    assert refused.value.facts["fields"] == ["/bid/outcome"]


def test_a_file_that_says_so_stops_every_step_and_nobody_lifts_that(scene, traced):
    told = case_files.bid("bid0", "return", scene.day(-1), "YE")
    came = cases.keep(scene.member("addis"), {"bia_bid": {"v": 1, "return_mode": "forced", "bid": told}})
    facts = {"situation": "unaccompanied", "returned": scene.day(0), "crosses_border": False, "holder": "sender"}
    journey = Journey(leg="A" * 22, purpose="reunification", return_mode="forced", **facts)
    for step in ("offer", "placement", "reunification", "close"):
        found = gates.check(scene.member("addis"), came.record, step, journey)
        assert "R25" in {row.gate for row in found.blocked}
    lifted = {"gate": "R25", "leg": journey.leg, "begins": scene.day(15), "ends": scene.day(20)}
    with pytest.raises(InvalidRequest):
        gates.approve(scene.member("almaz"), came.record, {**lifted, "reason": "It was such a long time ago-Syn."})


def test_school_and_somebody_to_talk_to_are_asked_before_she_arrives(scene, decided):
    scene.on_day(24)
    schooling = grant("school", "education", "education_skills")
    talks = grant("listeners", "psychosocial_support", "minimal_contact", "needs_risk")
    held = scene.consent("addis", MERON, HER_GUARDIAN, agrees("School, yes."), schooling, talks, **INTERPRETED)
    soon = {"urgency": "high", "needed_from": scene.day(26)}
    class_five = scene.send("addis", held, MERON.part("education_skills"), to="school", purpose="education", **soon)
    what, help_her = (
        MERON.part("minimal_contact", "needs_risk"),
        {"purpose": "psychosocial_support", "service": "mhpss"},
    )
    talk = scene.send("addis", held, what, to="listeners", **help_her, **soon)
    missing = arrivals.unconfirmed(scene.member("addis"), scene.date(24))
    assert {row.handoff for row in missing} == {class_five, talk}
    scene.take("school", class_five, "accept", first_contact=scene.day(26))
    scene.take("listeners", talk, "accept", first_contact=scene.day(27))
    assert arrivals.unconfirmed(scene.member("addis"), scene.date(24)) == []


def test_the_woreda_gets_the_whole_packet_but_for_what_she_did_not_agree_to_share(scene, guarded, offered):
    asked = {"to": "woreda", "purpose": "transfer"}
    seen = scene.preview("addis", guarded, MERON.part(*FULL, "exploitation"), **asked)
    assert seen.seen == tuple(sorted(FULL))
    assert [reason.rule for reason in seen.missing["exploitation"]] == ["R01"]
    assert scene.refused("addis", guarded, MERON.part(*FULL, "exploitation"), **asked) == [
        not_covered("exploitation or trafficking", "woreda@et.example", "taking over the case")
    ]
    assert set(moves.reads(scene, "woreda", offered)) == set(WHOLE)


def test_no_determination_of_yemen_is_shown_because_there_was_none(scene, offered):
    shown = moves.reads(scene, "woreda", offered)["bia_bid"]
    assert (shown["bid"]["country"], shown["bid"]["outcome"], shown["return_mode"]) == ("ET", "kin_care", "forced")
    assert "earlier_bids" not in shown


def test_the_woreda_is_responsible_and_addis_has_let_go(scene, begun, offered, with_her_aunt):
    for side, name in (("woreda", with_her_aunt.record), ("addis", offered)):
        held = register.who_holds(scene.member(side), name)
        assert (held.holder, held.acting) == (scene.address("woreda"), (scene.address("woreda"),))
    assert scene.ledger("addis", offered) == scene.ledger("woreda", offered)
    assert scene.state("addis", begun.leg) == "onward"
    for outsider in ("aden", "hospital", "bureau"):
        assert scene.sees_nothing_of(outsider, offered)
        assert scene.cannot_decrypt(outsider, offered, stolen_from="woreda")


def test_she_is_seen_every_day_in_the_first_week_then_every_week_and_the_plan_is_reviewed_by_day_116(scene, visited):
    held = aftercare.read(scene.member("woreda"), visited.record)
    days = [scene.date(28), *(row.day for row in due.due(held, scene.date(60)) if row.what == "contact")]
    gaps = [(later - sooner).days for sooner, later in pairwise(days)]
    assert (gaps[0], set(gaps[5:])) == (1, {7})
    assert held.review_due == date(2025, 6, 27) == scene.date(116)
    days_of = {row.what: row.day for row in due.due(held)}
    assert days_of["target_24_months"] == date(2027, 3, 27), "twenty-four months"


def test_her_ledger_is_the_one_of_the_scenario(scene, begun, hers, offered, answered, visited):
    parts = (("addis", begun.leg), ("addis", answered), ("addis", hers), ("woreda", offered), ("woreda", visited))
    said = chronicle(scene, MERON, *parts)
    chase = [word for word in said if word.startswith("followup.")]
    assert [word for word in chase if word != "followup.reminder"] == ["followup.deputy", "followup.escalated"]
    known = [word for word in said if not word.startswith(("followup.", "consent.", "packet.opened"))]
    assert known == [
        *("case.received", "referral.sent", "packet.delivered", "referral.accepted"),
        *("referral.completed", "referral.closed", "visit.logged", "visit.logged"),
        *("bid.recorded", "plan.signed", "transfer.proposed", "packet.delivered", "search.sealed"),
        *("transfer.acknowledged", "transfer.accepted", "transfer.departed", "transfer.arrived"),
        *("arrival.verified", "transfer.handed_over", "transfer.confirmed", "transfer.moved_on"),
        *("visit.logged", "visit.logged", "visit.logged"),
    ]
    assert {"consent.granted", "packet.opened"} <= set(said)


def test_no_hub_learned_a_name_nothing_joins_and_the_logs_verify(scene):
    scene.hubs_know_nothing_of(MERON)
    scene.nothing_joins(*scene.handoffs)  # and the leg is among them
    scene.logs_verify()
