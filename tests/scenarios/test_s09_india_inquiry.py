"""S9: a girl of 15 is brought before the Child Welfare Committee after she was trafficked; her uncle is out on bail.

Who is told what, the police that asks and never receives, the social investigation report and the final order with
their days; the danger next door, for which nobody may give her back; the grandparents, and how she is looked after.
"""

from __future__ import annotations

import pytest

from hub.aftercare import visits as rules
from hub.casefile.gates import words
from hub.casefile.gates.ask import Journey
from hub.client import aftercare, due, gates, register, timers, visits
from hub.client import basis as bases
from hub.client.judging import Purpose
from hub.errors import Conflict, IllegalTransition, InvalidRequest, NotFound
from hub.ids import random_id
from tests.support import case_files as forms
from tests.support.chronicle import chronicle
from tests.support.scenario import Person, agrees, grant, guardian
from tests.support.sentences import AUTHORITY_ONLY, FIREWALL, not_covered, not_needed, turn_on
from tests.support.transfers import (
    accepts,
    arrives,
    blocked,
    departs,
    file_of,
    hands_over,
    has_case,
    keeps_quiet,
    opens_case,
    proposes,
    says,
    second,
    takes,
    travel,
    writes,
)

AGENCIES = {
    "childline": ("helpline", "IN"),
    "cwc": ("court_panel", "IN"),
    "childrens-home": ("child_home", "IN"),
    "caseworkers": ("ngo", "IN"),
    "counsellor": ("ngo", "IN"),
    "legal-aid": ("legal", "IN"),
    "police": ("police", "IN"),
}
RECORD = ("childline", "cwc", "caseworkers", "childrens-home")
AGREEMENTS = ()

POOJA = Person(
    "SYN-IN-080",
    "Pooja Kumari-Syn",
    "separated",
    "15-17",
    "hi",
    "IN",
    {
        "minimal_contact": {"first_name": "Pooja Kumari-Syn"},
        "identity": {"name": "Pooja Kumari-Syn", "years": 15},
        "needs_risk": {"risk": "her uncle is out on bail next door-Syn"},
        "child_views": {"wants": "to live with her grandmother-Syn"},
        "family_links": {"grandmother": "Savitri Devi-Syn in Gaya"},
        "documents": {"paper": "school leaving certificate number 4-Syn"},
        "legal": {"case": "statement before the magistrate-Syn"},
        "exploitation": {"what": "was sold to a dance troupe-Syn"},
        "mhpss": {"note": "does not sleep with the door closed-Syn"},
        "bia_bid": {"outcome": "kin care with the grandparents-Syn"},
        "coo_home_study": {"home": "two rooms, a well, a school-Syn"},
    },
)
STATUTORY = ("bia_bid", "coo_home_study", "legal")
HER_GUARDIAN = guardian("SYN-GD-95", "Child Welfare Committee, Gaya")
ORDER = {"to": "caseworkers", "purpose": "best_interests", "urgency": "urgent"}
COUNSEL = {"to": "counsellor", "purpose": "psychosocial_support", "service": "mhpss"}
BACK = Purpose("reunification", final=True)
PLANS = ("plan", "safety_plan", "monitoring_plan", "care_guardianship")
RESTORED = ("identity", "family_links", "needs_risk", "child_views", "bia_bid", "coo_home_study", *PLANS)
TO_WHO_VISITS = grant("caseworkers", "transfer", *RESTORED, turned_on=("exploitation",))
REPORT = "The uncle lives next door and is on bail; the grandparents are well and willing-Syn"


def as_produced(scene):
    """Her file on D0 in the children's home where the Committee lets her stay."""
    told, day = file_of(scene, POOJA), scene.day(0)
    sections = {
        "minimal_contact": told["minimal_contact"],
        "identity": forms.identity(POOJA.name, 2009, "female", "IN", "hi"),
        "needs_risk": {**forms.needs("high", "mhpss_basic", "legal"), "vulnerabilities": ["trafficked"]},
        "health": {"v": 1, "treatment_needed": False},
        "care_guardianship": told["care_guardianship"],
        "bia_bid": {"v": 1, "bia": told["bia_bid"]["bia"]},
        "child_views": {
            **forms.views("To my grandmother-Syn", day, "hi"),
            "wants_family": {"answer": "yes", "on": day},
        },
    }
    keeps_quiet(scene, sections)
    return sections


def to(person, leg):
    """What the gates are told of a way to somebody of her family."""
    said = {"situation": "separated", "final": True, "crosses_border": False, "holder": "sender"}
    return Journey(leg=leg, purpose="reunification", receiver=person, **said, disagreement=False)


@pytest.fixture(scope="module")
def opened(scene):
    """D0: the children's home, where she sleeps, opens her case."""
    scene.on_day(0)
    return opens_case(scene, "childrens-home", as_produced(scene))


@pytest.fixture(scope="module")
def terms(scene, opened, ordered):
    """D1: produced on D0, inquiry ordered on D1: the terms of the law run. In a second file nobody inquires."""
    home = scene.member("childrens-home")
    other = opens_case(scene, "childrens-home", as_produced(scene))
    for case in (opened, other):
        said = {"country": "IN", "exploited": True}
        aftercare.follow(home, case.record, scene.date(0), "high", **said)
        visits.happened(home, case.record, "produced", scene.date(0))
        visits.happened(home, case.record, "ordered", scene.date(1))
        due.chase(home, aftercare.read(home, case.record))
    return other


def chased(scene, case):
    """The days of a case that the hub runs after, by what they are for."""
    running = timers.listing(scene.member("childrens-home"), case=case.record)
    return {str(one.about.facts.get("what")): one for one in running}


@pytest.fixture(scope="module")
def agreed(scene):
    """D0: the guardian whom the Committee designated and Pooja agree: Committee, counsellor, legal aid."""
    scene.on_day(0)
    return scene.consent(
        "caseworkers",
        POOJA,
        HER_GUARDIAN,
        agrees("Not to the police again."),
        grant("cwc", "best_interests", *STATUTORY, turned_on=("exploitation",)),
        grant("counsellor", "psychosocial_support", turned_on=("mhpss",)),
        grant("legal-aid", "legal_aid", "minimal_contact", "documents", "legal"),
    )


@pytest.fixture(scope="module")
def ordered(scene):
    """D1: the Committee orders the social investigation report until D16, and once more for the variant."""
    scene.on_day(1)
    who = grant("caseworkers", "best_interests", "identity", "needs_risk")
    held = scene.consent("cwc", POOJA, HER_GUARDIAN, agrees("Yes."), who)
    orders = [scene.send("cwc", held, POOJA.part("identity", "needs_risk"), **ORDER) for _ in range(2)]
    for order in orders:
        scene.take("caseworkers", order, "accept", first_contact=scene.day(16))
    return orders


def test_childline_brings_her_and_tells_the_committee_no_more_than_it_must(scene):
    scene.on_day(0)
    duty = scene.duty_to_protect("childline", tell="cwc", child="agreed")
    needed = POOJA.part("minimal_contact", "needs_risk", "child_views")
    sent = scene.send("childline", duty, needed, to="cwc", purpose="protection", urgency="urgent")
    assert scene.opens("cwc", sent) == needed
    scene.take("cwc", sent, "acknowledge")
    assert scene.ledger("childline", sent) == ["referral.sent", "packet.delivered", "referral.acknowledged"]
    home = scene.duty_to_protect("childline", tell="childrens-home", child="agreed")
    asked = {"to": "childrens-home", "purpose": "protection"}
    assert scene.refused("childline", home, POOJA.part("needs_risk"), **asked) == [AUTHORITY_ONLY]


def test_the_home_where_she_sleeps_is_responsible_for_her(scene, opened):
    held = register.who_holds(scene.member("childrens-home"), opened.record)
    assert (held.holder, held.acting) == (scene.address("childrens-home"), (scene.address("childrens-home"),))


def test_the_committee_reads_what_the_law_lets_it_ask_for(scene, agreed):
    what = POOJA.part(*STATUTORY, "exploitation")
    sent = scene.send("caseworkers", agreed, what, to="cwc", purpose="best_interests")
    assert scene.opens("cwc", sent) == what
    for outsider in ("childrens-home", "counsellor", "legal-aid", "police"):
        assert scene.sees_nothing_of(outsider, sent)
        assert scene.cannot_decrypt(outsider, sent, stolen_from="cwc")


def test_the_counsellor_is_told_how_she_feels_and_nothing_else(scene, agreed):
    sent = scene.send("caseworkers", agreed, POOJA.part("mhpss"), **COUNSEL)
    assert scene.opens("counsellor", sent) == POOJA.part("mhpss")
    assert scene.refused("caseworkers", agreed, POOJA.part("exploitation"), **COUNSEL) == [
        not_covered("exploitation or trafficking", "counsellor@in.example", "support for feelings and mental health"),
        not_needed("exploitation or trafficking", "Mental health support"),
        turn_on("exploitation or trafficking"),
    ]


def test_legal_aid_reads_papers_and_the_case_and_not_her_nights(scene, agreed):
    asked = {"to": "legal-aid", "purpose": "legal_aid"}
    what = POOJA.part("minimal_contact", "documents", "legal")
    sent = scene.send("caseworkers", agreed, what, **asked)
    assert scene.opens("legal-aid", sent) == what
    assert not_needed("feelings and mental health") in scene.refused(
        "caseworkers", agreed, POOJA.part("mhpss"), **asked
    )


def test_the_police_asks_and_gives_and_never_receives_whoever_agreed(scene):
    held = scene.consent(
        "caseworkers", POOJA, HER_GUARDIAN, agrees("They asked."), grant("police", "protection", "identity")
    )
    asked = {"to": "police", "purpose": "protection"}
    assert scene.refused("caseworkers", held, POOJA.part("identity"), **asked) == [FIREWALL]
    span = {"from": scene.today(), "until": scene.day(60)}
    said = {"rule": "R07", "categories": None, "recipient": scene.address("police"), **span, "code": "best_interests"}
    with pytest.raises(InvalidRequest):
        bases.approve(scene.member("caseworkers"), held.handoff, {**said, "reason": "The investigation-Syn."})
    duty = scene.duty_to_protect("childline", tell="police", child="agreed")
    assert FIREWALL in scene.refused("childline", duty, POOJA.part("needs_risk"), **asked)


def test_the_investigating_officer_asks_for_the_case_and_learns_not_even_that_there_is_one(scene, ordered):
    with pytest.raises(NotFound):
        scene.state("police", ordered[0])
    assert set(scene.queue("caseworkers", "provider", "to_start")) == set(ordered)


def test_the_law_gives_fifteen_days_for_the_report_and_four_calendar_months_for_the_order(scene, opened, terms):
    found = {row.what: row.day for row in due.due(aftercare.read(scene.member("childrens-home"), opened.record))}
    assert found["social_investigation_report"] == scene.date(16)
    assert found["final_order"].isoformat() == "2025-07-03", "four months after the third of March"
    assert {"social_investigation_report", "final_order"} <= chased(scene, opened).keys()


@pytest.fixture(scope="module")
def told_apart(scene, opened, terms):
    """D13: the report is read out; in her file stand the claim of her parents (D4) and who lives next door to them."""
    scene.on_day(13)
    home, told = scene.member("childrens-home"), file_of(scene, POOJA)
    claim = {"kind": "custody", "body": "CWC", "state": "open", "next": scene.day(70), "id": "p1"}
    writes(scene, "childrens-home", opened, "legal", orders=told["legal"]["orders"], proceedings=[claim])
    writes(scene, "childrens-home", opened, "exploitation", **told["exploitation"])
    scene.said.add(REPORT)
    said = {"about": "report", "who": ["child_alone"], "place": "office", "words": REPORT}
    visits.visit(home, opened.record, scene.moment(13), **said)
    visits.happened(home, opened.record, "done_social_investigation_report", scene.date(13))
    due.chase(home, aftercare.read(home, opened.record))
    return opened


def test_the_report_comes_on_the_thirteenth_day_and_nobody_had_to_be_reminded(scene, ordered, told_apart):
    order = ordered[0]
    scene.take("caseworkers", order, "start", contact=scene.day(13))
    scene.take("caseworkers", order, "report_outcome", got_help="yes", text=REPORT)
    assert REPORT in scene.plaintext("cwc", order)
    scene.closes("cwc", order, "child", "yes", "She heard it read out, and agrees-Syn")
    assert scene.ledger("cwc", order) == [
        "referral.sent",
        "packet.delivered",
        "referral.accepted",
        "referral.started",
        "referral.completed",
        "referral.closed",
    ]


def test_where_there_is_no_report_by_the_sixteenth_day_it_climbs_to_the_supervisors(scene, ordered):
    """The variant: the fifteen days of the inquiry are over, and nobody has begun."""
    order = ordered[1]
    scene.on_day(16)
    assert not any(word.startswith("followup") for word in scene.ledger("cwc", order))
    for day, hour in ((16, 20), (17, 8), (17, 20)):
        scene.on_day(day, hour)
    assert scene.ledger("cwc", order)[-3:] == ["followup.reminder", "followup.deputy", "followup.escalated"]
    for side in ("cwc", "caseworkers"):
        assert order in scene.queue(side, "supervisor", "escalated")


def test_nobody_gives_her_back_to_her_parents_while_her_uncle_lives_next_door(scene, told_apart):
    """D20: the parents ask again. No offer is sealed, and neither one member nor a panel of one lifts that."""
    scene.on_day(20)
    home, leg = scene.member("childrens-home"), random_id()
    held = scene.consent("childrens-home", POOJA, HER_GUARDIAN, agrees("They ask."), TO_WHO_VISITS)
    asked = {"to": "caseworkers", "on": held, "sections": RESTORED, "purpose": BACK}
    assert {"R21", "R22", "R27"} <= set(
        blocked(lambda: proposes(scene, "childrens-home", told_apart, **asked, new_leg=leg))
    )
    found = gates.check(home, told_apart.record, "reunification", to("parents", leg))
    line = next(row for row in words.checklist(found) if row.gate == "R27")
    assert "Find out where the trafficker is, and check bail." in line.todo
    assert line.who == "A panel of three with a mitigation plan, signed by two members, one a supervisor."
    said = {"gate": "R27", "leg": leg, "begins": scene.day(20), "ends": scene.day(30), "plan": ""}
    people = [{"role": "panel", "name": "the magistrate-Syn"}]
    said |= {"people": people, "reason": "Her parents have waited for so long-Syn"}
    gates.approve(home, told_apart.record, said)
    gates.approve(second(scene, "childrens-home"), told_apart.record, said)
    again = gates.check(home, told_apart.record, "reunification", to("parents", leg))
    assert "R27" in {row.gate for row in again.blocked}


def test_the_term_of_a_report_that_came_ends_and_that_of_one_that_did_not_climbs_to_the_supervisors(
    scene, told_apart, terms
):
    assert "social_investigation_report" not in chased(scene, told_apart)
    late = chased(scene, terms)["social_investigation_report"]
    scene.on_day(23)
    looked_into = timers.listing(second(scene, "childrens-home"), escalated=True)
    assert late.handoff in {one.handoff for one in looked_into}
    with pytest.raises((Conflict, IllegalTransition)):
        timers.acknowledge(second(scene, "childrens-home"), late.handoff)  # it is no alert to be waved through


@pytest.fixture(scope="module")
def found_kin(scene, told_apart):
    """D30: her mother's parents are found, assessed and willing; D45: their home is safe, and far from the uncle."""
    scene.on_day(30)
    links = file_of(scene, POOJA)["family_links"]
    links["tracing"][0] |= {"of": "extended_family", "on": scene.day(30)}
    writes(scene, "childrens-home", told_apart, "family_links", **links)
    scene.on_day(45)
    study = file_of(scene, POOJA)["coo_home_study"]
    writes(scene, "childrens-home", told_apart, "coo_home_study", **study)
    far = {"state": "far", "resolved": True, "on": scene.day(45)}
    writes(scene, "childrens-home", told_apart, "exploitation", proximity=far)
    return told_apart


def test_family_counselling_is_referred_on_a_consent_of_its_own(scene, found_kin):
    scene.on_day(50)
    talks = grant("counsellor", "psychosocial_support", "minimal_contact", "needs_risk")
    held = scene.consent("caseworkers", POOJA, HER_GUARDIAN, agrees("With my grandmother."), talks)
    sent = scene.send("caseworkers", held, POOJA.part("minimal_contact", "needs_risk"), **COUNSEL, needs=("parenting",))
    scene.take("counsellor", sent, "accept", first_contact=scene.day(52))
    scene.on_day(52)
    scene.take("counsellor", sent, "start", contact=scene.day(52))
    assert scene.ledger("caseworkers", sent)[2:] == ["referral.accepted", "referral.started"]


@pytest.fixture(scope="module")
def final_order(scene, found_kin):
    """D70: the Committee orders that she lives with her grandparents; the plan is made with them."""
    scene.on_day(70)
    day = scene.day(69)
    bid = forms.bid("bid1", "kin_care", day, "IN", home_studies=["home1"])
    bid["panel"].append({"role": "child_protection_authority", "present": True})
    later = {
        "bia_bid": {"bid": bid},
        "legal": {"orders": [{"kind": "final order of the committee", "by": "CWC", "on": scene.day(70)}]},
        "plan": forms.plan(day, scene.day(160), scene.day(110)),
        "safety_plan": forms.safety(day),
        "monitoring_plan": {**forms.monitoring(scene.day(77), "standard"), "risk": "high"},
    }
    for section, change in later.items():
        writes(scene, "childrens-home", found_kin, section, **change)
    home = scene.member("childrens-home")
    visits.happened(home, found_kin.record, "done_final_order", scene.date(70))
    due.chase(home, aftercare.read(home, found_kin.record))
    return found_kin


@pytest.fixture(scope="module")
def restored(scene, final_order):
    """D75: she is restored to her grandparents; the caseworkers, who will visit, take over from the home."""
    scene.on_day(71)
    held = scene.consent("childrens-home", POOJA, HER_GUARDIAN, agrees("To my grandmother."), TO_WHO_VISITS)
    asked = {"to": "caseworkers", "on": held, "sections": (*RESTORED, "exploitation"), "purpose": BACK}
    asked |= {"plan": travel(scene, 75)}
    unchecked = blocked(lambda: proposes(scene, "childrens-home", final_order, **asked))
    bail = {"state": "granted", "next": scene.day(101), "checked": scene.day(71)}
    writes(scene, "childrens-home", final_order, "exploitation", proximity={"bail": bail})
    leg = proposes(scene, "childrens-home", final_order, **asked)
    says(scene, "caseworkers", leg, "transfer.acknowledge")
    accepts(scene, "caseworkers", leg, travel(scene, 75))
    scene.on_day(75)
    departs(scene, "childrens-home", leg, travel(scene, 75))
    scene.on_day(75, 16)
    arrives(scene, "caseworkers", leg)
    hands_over(scene, "childrens-home", "caseworkers", leg, scene.day(77))
    return unchecked, leg, has_case(scene, "caseworkers", leg)


def test_the_final_order_came_in_its_time_and_its_term_ends(scene, final_order):
    assert not {"final_order", "social_investigation_report"} & chased(scene, final_order).keys()


def test_as_long_as_nobody_has_looked_whether_bail_still_stands_she_does_not_go(restored):
    assert restored[0] == ["R27"]


def test_on_the_day_of_her_restoration_the_caseworkers_become_responsible(scene, restored, final_order):
    _unchecked, leg, case = restored
    for agency, record in (("childrens-home", final_order.record), ("caseworkers", case.record)):
        held = register.who_holds(scene.member(agency), record)
        assert (held.holder, held.acting) == (scene.address("caseworkers"), (scene.address("caseworkers"),))
    told = [word for word in scene.ledger("childrens-home", leg) if not word.startswith("followup.")]
    assert told[-6:] == [
        "transfer.acknowledged",
        "transfer.accepted",
        "transfer.departed",
        "transfer.arrived",
        "transfer.handed_over",
        "transfer.confirmed",
    ]
    for outsider in ("police", "cwc", "counsellor", "legal-aid", "childline"):
        assert scene.sees_nothing_of(outsider, leg)
        assert scene.cannot_decrypt(outsider, leg, stolen_from="caseworkers")


@pytest.fixture(scope="module")
def followed(scene, restored):
    """D77: the first visit; the caseworkers ask after supervision, mobility and food first."""
    _unchecked, leg, case = restored
    scene.on_day(77)
    member = scene.member("caseworkers")
    held = aftercare.follow(member, case.record, scene.date(75), **aftercare.planned(case.sections))
    themes = {"safe": "good", "supervision": "good", "mobility": "good", "nutrition": "mixed"}
    visits.visit(member, case.record, scene.moment(77), place="home", who=["child_alone", "caregiver"], themes=themes)
    takes(scene, "caseworkers", leg, "first_contact", day=scene.day(77), next=scene.day(84))
    return held


def test_the_first_six_visits_ask_after_supervision_mobility_and_food_before_all_else(scene, followed):
    assert followed.facts["exploited"]
    for number in range(1, 7):
        asked = rules.prompts(number, exploited=followed.facts["exploited"])
        assert set(asked[:4]) == {"safe", "supervision", "mobility", "nutrition"}
    assert rules.prompts(7, exploited=True)[:4] == rules.prompts(1, exploited=False)[:4]


def test_each_month_somebody_looks_whether_her_uncle_is_still_out_and_his_release_is_an_alert(
    scene, followed, restored
):
    """D101: bail is looked after and put to the next month; D104: he is free, and the supervisor is told at once."""
    case, worker, boss = restored[2], scene.member("caseworkers"), second(scene, "caseworkers")
    calendar = timers.calendar(worker)
    about = timers.About("Bail of who is near", case.record, "bail")
    monthly = timers.set_timer(worker, about, calendar.end_of(scene.date(101)))
    scene.on_day(101)
    timers.move(worker, monthly, calendar.end_of(scene.date(132)), "Bail stands-Syn")
    bail = {"state": "granted", "next": scene.day(132), "checked": scene.day(101)}
    writes(scene, "caseworkers", case, "exploitation", proximity={"bail": bail})
    assert timers.read(worker, monthly)[0].due == calendar.end_of(scene.date(132))
    scene.on_day(104)
    writes(
        scene, "caseworkers", case, "exploitation", proximity={"custody": "free", "state": "unknown", "resolved": False}
    )
    alert = visits.alert(worker, case.record, "Who did it is free-Syn", {"day": scene.day(104)})
    assert alert in {one.handoff for one in timers.listing(boss, escalated=True) if one.alert}
    with pytest.raises((Conflict, IllegalTransition)):
        timers.acknowledge(worker, alert)
    timers.acknowledge(boss, alert)
    timers.done(boss, alert, "Her grandfather was told; the police station of Gaya too-Syn")
    assert alert not in {one.handoff for one in timers.listing(boss, case=case.record)}


def test_her_whole_ledger_stands_at_the_desks_in_its_order(scene, opened, restored, followed):
    _unchecked, leg, case = restored
    told = chronicle(scene, POOJA, ("childrens-home", opened), ("childrens-home", leg), ("caseworkers", case))
    chain = ["visit.logged", "bid.recorded", "plan.signed", "consent.granted", "transfer.proposed", "transfer.accepted"]
    chain += ["transfer.departed", "transfer.arrived", "transfer.handed_over", "transfer.confirmed", "visit.logged"]
    rest = iter(told)
    assert all(word in rest for word in chain), told


def test_no_hub_learned_a_name_nothing_joins_and_the_logs_verify(scene):
    scene.hubs_know_nothing_of(POOJA)
    scene.nothing_joins(*scene.handoffs)
    scene.logs_verify()
