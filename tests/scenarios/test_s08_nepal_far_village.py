"""S8: a girl of 12 goes home from a sham children's home in Kathmandu to a village four days away, partly on foot.

Who may know of the trafficking; a letter, a call, a meeting and two stays before she goes; a school so far away that it
has twice the time; an answer on paper that takes three days to come down; a health post with one phone and no account;
a village where the worker comes four times a year, and a teacher who sends four letters and a number each month.
"""

from __future__ import annotations

import pytest

from hub.aftercare import observer
from hub.casefile.gates import words
from hub.casefile.gates.ask import Found, Journey
from hub.client import aftercare, arrivals, due, gates, proxies, reading, register, timers, visits
from hub.client.judging import Purpose
from hub.errors import IllegalTransition, InvalidRequest
from hub.ids import random_id
from tests.support import case_files as forms
from tests.support.chronicle import chronicle
from tests.support.scenario import Person, agrees, grant, guardian
from tests.support.sentences import not_covered, not_needed
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
    reads,
    says,
    second,
    takes,
    travel,
    writes,
)

AGENCIES = {
    "ingo": ("ngo", "NP"),
    "partner": ("ngo", "NP"),
    "village-school": ("school", "NP"),
    "health-post": ("health", "NP"),
}
NO_ACCOUNT = {"health-post": "partner"}
RECORD = ("ingo",)
AGREEMENTS = ()

ASMITA = Person(
    "SYN-NP-070",
    "Asmita Tamang-Syn",
    "separated",
    "12-14",
    "ne",
    "NP",
    {
        "minimal_contact": {"first_name": "Asmita Tamang-Syn"},
        "identity": {"name": "Asmita Tamang-Syn", "years": 12},
        "family_links": {"parents": "Pasang and Dolma-Syn, above the second bridge"},
        "health": {"note": "worms, treated in June-Syn"},
        "education_skills": {"level": "reads Nepali, has forgotten Tamang-Syn"},
        "needs_risk": {"risk": "the man who took her knows the village-Syn"},
        "exploitation": {"home": "was shown to donors as an orphan-Syn"},
        "plan": {"aim": "cook with her mother, school at the new year-Syn"},
    },
)
HER_GUARDIAN = guardian("SYN-GD-91", "District child welfare committee")
NO_TEXTS = {"safety": {"location_protected": False, "prohibited": ["sms"]}}
TO_THE_PARTNER = grant(
    "partner", "transfer", "identity", "family_links", "needs_risk", "plan", turned_on=("exploitation",)
)
SCHOOLING = {"to": "village-school", "purpose": "education", "urgency": "high"}
CARE = {"to": "health-post", "purpose": "medical_care", "urgency": "high"}
TEACHER, NURSE = "+9779800000001", "+9779800000002"
HOME = Purpose("reunification", final=True)
TOLD = (
    "identity",
    "family_links",
    "needs_risk",
    "plan",
    "child_views",
    "safety_plan",
    "monitoring_plan",
    "care_guardianship",
)
TO_THE_END = grant("partner", "transfer", *TOLD, turned_on=("exploitation",))


def before_contact(scene):
    """Her file on D0: nobody knows where her parents are."""
    told = file_of(scene, ASMITA)
    day = scene.day(0)
    sections = {
        "minimal_contact": told["minimal_contact"],
        "identity": forms.identity(ASMITA.name, 2012, "female", "NP", "ne"),
        "care_guardianship": told["care_guardianship"],
        "exploitation": {
            "v": 1,
            "kinds": ["trafficking"],
            "proximity": {"state": "unknown", "resolved": False, "on": day},
        },
        "needs_risk": forms.needs("medium", "education"),
        "health": {"v": 1, "treatment_needed": False},
        "bia_bid": {"v": 1, "bia": [forms.bia("bia1", "registration", day)]},
        "child_views": {
            **forms.views("Find my mother-Syn", day, "ne", "home"),
            "wants_family": {"answer": "yes", "on": day},
        },
    }
    keeps_quiet(scene, sections)
    return sections


def way_home(leg, **facts):
    """What the gates are told of her way."""
    said = {"situation": "unaccompanied", "final": True, "crosses_border": False, "holder": "sender"}
    return Journey(leg=leg, purpose="reunification", **said, disagreement=False, **facts)


def contacts(scene, until):
    """The contacts with her family that had taken place by a day, as they stand in her file."""
    rows = file_of(scene, ASMITA)["family_links"]["contacts"]
    return [row for row in rows if row["on"] <= scene.day(until)]


@pytest.fixture(scope="module")
def agreed(scene):
    """D0: the guardian and Asmita agree that the partner in Kathmandu is told all, the trafficking too."""
    scene.on_day(0)
    return scene.consent("ingo", ASMITA, HER_GUARDIAN, agrees("Find my mother."), TO_THE_PARTNER)


@pytest.fixture(scope="module")
def opened(scene, agreed):
    """D0: the INGO opens her case; from now on it is responsible."""
    return opens_case(scene, "ingo", before_contact(scene))


@pytest.fixture(scope="module")
def traced(scene, opened):
    """D10: her parents are found; it is verified that they are hers."""
    scene.on_day(10)
    links = file_of(scene, ASMITA)["family_links"]
    known = {name: links[name] for name in ("members", "relationship")}
    writes(scene, "ingo", opened, "family_links", **known, tracing=[{**links["tracing"][0], "on": scene.day(10)}])
    return opened


@pytest.fixture(scope="module")
def they_met(scene, traced):
    """D20 a letter, D30 a call, D45 her parents travel to Kathmandu; before that she learns to cook."""
    member = scene.member("ingo")
    about = timers.About("A day with a cook who speaks as they do-Syn", traced.record, "prepare")
    task = timers.set_timer(member, about, timers.calendar(member).end_of(scene.date(44)))
    for day in (20, 30, 45):
        scene.on_day(day)
        if day == 45:
            timers.done(member, task, "She remembered the words for salt and fire-Syn")
        writes(scene, "ingo", traced, "family_links", contacts=contacts(scene, day))
    return traced


@pytest.fixture(scope="module")
def too_early(scene, they_met):
    """D60: an uncle took her for a night; nobody was with them, before any stay with somebody there."""
    scene.on_day(60)
    night = {
        "id": "c9",
        "type": "unsupervised_stay",
        "on": scene.day(58),
        "outcome": "mixed",
        "reason": "the uncle came-Syn",
    }
    writes(scene, "ingo", they_met, "family_links", contacts=[*contacts(scene, 60), night])
    return night


@pytest.fixture(scope="module")
def they_lived_together(scene, they_met, too_early):
    """D70: a stay in the village with the worker there; D85: one without."""

    def stay(day):
        scene.on_day(day)
        writes(scene, "ingo", they_met, "family_links", contacts=[*contacts(scene, day), too_early])

    stay(70)
    return stay


@pytest.fixture(scope="module")
def before_the_way_home(scene, they_lived_together):
    """D80: they agree to school and health post; nobody near the family is to be sent a text about her."""
    scene.on_day(80)
    schooling = grant("village-school", "education", "education_skills", "plan")
    care = grant("health-post", "medical_care", "minimal_contact", "health")
    return scene.consent("ingo", ASMITA, HER_GUARDIAN, agrees("Not the whole story."), schooling, care, **NO_TEXTS)


@pytest.fixture(scope="module")
def school_asked(scene, before_the_way_home):
    """D80: the school above the second bridge is asked, twenty days before she comes; it is far from everything."""
    scene.works("village-school", "Asia/Kathmandu", [5], remote=True)
    what = ASMITA.part("education_skills")
    return scene.send("ingo", before_the_way_home, what, **SCHOOLING, needed_from=scene.day(100))


@pytest.fixture(scope="module")
def post_asked(scene, before_the_way_home):
    """D80: the nurse of the health post has a phone and no account, so she is handed a link and told its digits."""
    what = ASMITA.part("minimal_contact", "health")
    handoff, phone = scene.send_link("ingo", before_the_way_home, what, **CARE, needed_from=scene.day(100))
    read = phone.read()
    phone.say("acknowledge")
    phone.say("accept", {"first_contact": scene.day(101)})
    scene.deliver()
    return handoff, read


def test_the_trafficking_is_told_to_the_partner_and_to_nobody_else(scene, agreed):
    what = ASMITA.part("identity", "family_links", "needs_risk", "exploitation")
    sent = scene.send("ingo", agreed, what, to="partner", purpose="transfer")
    assert scene.opens("partner", sent) == what
    for to in ("village-school", "health-post"):
        blocked = scene.refused("ingo", agreed, ASMITA.part("exploitation"), to=to, purpose="transfer")
        assert not_needed("exploitation or trafficking") in blocked
        assert not_covered("exploitation or trafficking", f"{to}@np.example", "taking over the case") in blocked
    assert scene.cannot_decrypt("village-school", sent, stolen_from="partner")


def test_nobody_takes_her_to_her_parents_before_they_were_found_and_met(scene, opened, traced):
    """D10: found is not met, and no panel has asked what is best for her."""
    found = gates.check(scene.member("ingo"), opened.record, "reunification", way_home(random_id()))
    stops = {row.gate for row in found.blocked}
    assert {"R21", "R22", "R27", "R28", "R30", "R31", "R32", "R33"} <= stops


def test_a_letter_a_call_and_a_meeting_are_what_comes_before_a_stay(scene, they_met):
    found = gates.check(scene.member("ingo"), they_met.record, "reunification", way_home(random_id()))
    assert "R30" not in {row.gate for row in found.blocked}


def test_a_night_alone_before_a_supervised_stay_is_warned_of_and_goes_on_only_with_a_reason(scene, they_met, too_early):
    ingo, leg = scene.member("ingo"), random_id()
    found = gates.check(ingo, they_met.record, "reunification", way_home(leg))
    line = next(row for row in words.checklist(found) if row.gate == "R30")
    assert line.why == "Unsupervised stay comes after a good supervised one."
    assert line.who == "A worker, with a reason."
    said = {"gate": "R30", "leg": leg, "begins": scene.day(60), "ends": scene.day(90)}
    with pytest.raises(InvalidRequest):
        gates.approve(ingo, they_met.record, {**said, "reason": "He came"})
    gates.approve(ingo, they_met.record, {**said, "reason": "The uncle came unasked; she was well the day after-Syn"})
    (row,) = (r for r in gates.check(ingo, they_met.record, "reunification", way_home(leg)).outcomes if r.gate == "R30")
    assert row.found == Found.OVERRIDDEN


def test_the_school_is_told_of_her_schooling_and_the_teacher_who_looks_after_her_gets_no_file(
    scene, before_the_way_home, school_asked
):
    assert scene.opens("village-school", school_asked) == ASMITA.part("education_skills")
    asked = {"to": "village-school", "purpose": "education"}
    assert scene.refused("ingo", before_the_way_home, ASMITA.part("plan"), **asked) == [not_needed("plan of help")]


def test_the_nurse_opens_the_link_on_her_one_phone_and_answers_in_her_own_name(scene, post_asked):
    handoff, read = post_asked
    assert {name: read[name] for name in read if name != "request"} == ASMITA.part("minimal_contact", "health")
    by_link = ["link.opened (link)", "referral.acknowledged (link)", "referral.accepted (link)"]
    assert scene.ledger("ingo", handoff)[-3:] == by_link
    assert scene.sees_nothing_of("village-school", handoff)


def test_whoever_is_far_from_everything_has_twice_the_time(scene, school_asked):
    """Three days for a referral of high risk; here six."""
    assert scene.due("ingo", school_asked) == scene.moment(86)
    scene.on_day(84)
    assert scene.ledger("ingo", school_asked) == ["referral.sent", "packet.delivered"]
    scene.on_day(86)
    assert scene.ledger("ingo", school_asked)[-1] == "followup.reminder"


@pytest.fixture(scope="module")
def on_paper(scene, school_asked):
    """D87: the head teacher's note of D84 has come down with the bus, and is keyed in."""
    scene.on_day(87)
    scene.has_number("village-school", TEACHER, known_to="ingo")
    note = "The head teacher writes: she can come to class four-Syn"
    scene.reports("ingo", school_asked, "acknowledge", "paper", note, on=scene.day(84))
    return school_asked


def test_a_note_on_paper_keeps_the_day_on_which_it_was_written_and_the_day_on_which_it_was_keyed_in(scene, on_paper):
    assert scene.ledger("ingo", on_paper)[-1] == "referral.acknowledged (reported)"
    kept = scene.evidence("ingo", on_paper)
    assert (kept["via"], kept["on"]) == ("paper", scene.day(84))
    assert reading.show(scene.member("ingo"), on_paper).lines[-1].statement.at == scene.moment(87)


def test_nobody_keys_in_an_answer_of_tomorrow(scene, on_paper):
    said = {"first_contact": scene.day(100)}
    with pytest.raises(InvalidRequest):
        proxies.report(scene.member("ingo"), on_paper, "accept", "paper", "A note.", said, on=scene.day(88))


def test_where_texts_are_not_safe_nobody_is_asked_by_text_if_it_is_true(scene, on_paper):
    assert scene.texts_to(TEACHER) == []


@pytest.fixture(scope="module")
def accepted(scene, on_paper):
    """D88: the head teacher stands on the hill where the phone works, and reads six digits back."""
    scene.on_day(88)
    code = scene.digits_read_back("ingo", on_paper, TEACHER)
    said = "The head teacher read the digits out: class four, from day 100-Syn"
    scene.reports("ingo", on_paper, "accept", "phone", said, code=code, first_contact=scene.day(100))
    return on_paper


def test_six_digits_on_a_phone_name_no_agency(scene, accepted):
    """Low visibility: whoever finds the phone reads digits and nothing else."""
    assert scene.ledger("ingo", accepted)[-1] == "referral.accepted (code_verified)"
    (text,) = scene.texts_to(TEACHER)
    assert not any(name in text.lower() for name in (*AGENCIES, "example", "hub", "child", "school"))


def test_before_she_travels_school_and_health_post_have_both_said_yes(scene, post_asked, accepted):
    scene.on_day(95)
    assert [scene.state("ingo", handoff) for handoff in (accepted, post_asked[0])] == ["accepted", "accepted"]
    assert arrivals.unconfirmed(scene.member("ingo"), scene.date(95)) == []


@pytest.fixture(scope="module")
def offered(scene, they_met, they_lived_together, too_early, accepted):
    """D95: the panel has decided; guardian and Asmita agree anew; the INGO offers her case to the partner."""
    scene.on_day(95)
    day = scene.day(94)
    rows = [*contacts(scene, 95), too_early]
    later = {
        "family_links": {"contacts": rows},
        "bia_bid": {"bid": forms.bid("bid1", "family_reunification", day, "NP", home_studies=["home1"])},
        "coo_home_study": {"v": 1, "home_studies": [forms.study("home1", scene.day(86), "parents")]},
        "exploitation": {"proximity": {"state": "far", "resolved": True, "on": scene.day(60), "custody": "free"}},
        "plan": forms.plan(day, scene.day(185), scene.day(130)),
        "safety_plan": forms.safety(scene.day(95)),
        "monitoring_plan": file_of(scene, ASMITA)["monitoring_plan"] | {"benchmark": "long_distance"},
    }
    for section, change in later.items():
        writes(scene, "ingo", they_met, section, **change)
    leg = random_id()
    said = {"gate": "R30", "leg": leg, "begins": scene.day(95), "ends": scene.day(110)}
    reason = "A night with an uncle came first; the stays after it went well-Syn"
    gates.approve(scene.member("ingo"), they_met.record, {**said, "reason": reason})
    held = scene.consent("ingo", ASMITA, HER_GUARDIAN, agrees("Home."), TO_THE_END, **NO_TEXTS)
    asked = {
        "to": "partner",
        "on": held,
        "sections": (*TOLD, "exploitation"),
        "purpose": HOME,
        "plan": travel(scene, 100),
    }
    return proposes(scene, "ingo", they_met, **asked, new_leg=leg)


@pytest.fixture(scope="module")
def at_home(scene, offered, they_met):
    """D96 they leave by bus, then on foot; D100 her mother makes her mark, and the partner takes over."""
    accepts(scene, "partner", offered, travel(scene, 100))
    scene.on_day(96)
    departs(scene, "ingo", offered, travel(scene, 100))
    scene.on_day(100, 18)
    arrives(scene, "partner", offered)
    mark = {**file_of(scene, ASMITA)["family_links"]["willingness"], "on": scene.day(100)}
    assert "R28" in blocked(lambda: hands_over(scene, "ingo", "partner", offered, scene.day(130)))
    writes(scene, "ingo", they_met, "family_links", willingness=mark)
    hands_over(scene, "ingo", "partner", offered, scene.day(130))
    return has_case(scene, "partner", offered)


def test_the_partner_reads_what_she_and_her_guardian_agreed_to(scene, offered):
    says(scene, "partner", offered, "transfer.acknowledge")
    told = reads(scene, "partner", offered)
    assert {*TOLD, "exploitation"} >= told.keys() >= {"identity", "exploitation", "safety_plan"}
    assert scene.sees_nothing_of("village-school", offered)


def test_when_her_mother_has_made_her_mark_before_a_witness_the_partner_is_responsible(
    scene, at_home, offered, they_met
):
    for agency, record in (("ingo", they_met.record), ("partner", at_home.record)):
        held = register.who_holds(scene.member(agency), record)
        assert (held.holder, held.acting) == (scene.address("partner"), (scene.address("partner"),))
    assert scene.cannot_decrypt("village-school", offered, stolen_from="partner")
    for agency in ("ingo", "partner"):
        told = [word for word in scene.ledger(agency, offered) if not word.startswith("followup.")]
        assert sorted(told[:3]) == ["packet.delivered", "search.sealed", "transfer.proposed"]
        assert told[3:] == [
            "transfer.acknowledged",
            "transfer.accepted",
            "transfer.departed",
            "transfer.arrived",
            "transfer.handed_over",
            "transfer.confirmed",
        ]


def test_the_teacher_sees_that_she_is_well_and_says_so_by_sms_without_ever_having_had_a_file(scene, accepted, at_home):
    scene.on_day(101)
    scene.reports("ingo", accepted, "start", "sms", "Seen OK-Syn", contact=scene.day(100))
    assert scene.ledger("ingo", accepted)[-1] == "referral.started (reported)"
    assert len(scene.texts_to(TEACHER)) == 1, "nobody asked by text whether that was true"


@pytest.fixture(scope="module")
def followed(scene, at_home):
    """From D100: the worker comes after 1, 3, 6 and 12 months; the teacher sends a sign each month."""
    partner = scene.member("partner")
    known = aftercare.planned(at_home.sections)
    held = aftercare.follow(partner, at_home.record, scene.date(100), **known)
    due.chase(partner, held)
    return held


def test_the_worker_comes_after_one_three_six_and_twelve_months_and_somebody_near_each_month(scene, followed):
    until = scene.date(100 + 370)
    days = {"face_to_face": [], "sign_of_observer": []}
    for row in due.due(followed, until):
        days.get(row.what, []).append((row.day - scene.date(100)).days)
    assert [round(day / 30) for day in days["face_to_face"]] == [1, 3, 6, 12]
    assert days["sign_of_observer"][:3] == [30, 60, 90]


def test_nothing_that_is_sent_to_the_village_names_her_or_an_agency_and_to_her_family_nothing_is_sent(scene, followed):
    with pytest.raises(InvalidRequest):
        observer.text("en", "visit", followed.discretion)
    names = [*AGENCIES, ASMITA.name, "child protection", "transfer"]
    assert observer.reveals(observer.text("en", "remind", observer.Discretion()), names) == ()


@pytest.fixture(scope="module")
def came_late(scene, followed, offered):
    """D140: the valley had no network. The teacher's sign of D128 is typed in first, then the visit of D126."""
    scene.on_day(140)
    partner, mark = scene.member("partner"), followed.facts["mark"]
    sign = visits.signal(partner, f"{mark.lower()} 1", scene.moment(128))
    themes = {"safe": "good", "school": "good", "belonging": "mixed"}
    said = {
        "themes": themes,
        "place": "home",
        "who": ["child_alone", "caregiver"],
        "words": "She cooks with her mother-Syn",
    }
    scene.said.add(said["words"])
    visit = visits.visit(partner, followed.case, scene.moment(126), **said)
    takes(scene, "partner", offered, "first_contact", day=scene.day(126), next=scene.day(190))
    return sign, visit, said


def test_what_was_written_down_without_a_network_keeps_its_day_and_the_day_on_which_it_was_entered(
    scene, followed, offered, came_late
):
    assert scene.state("ingo", offered) == scene.state("partner", offered) == "monitoring"
    sign, visit, said = came_late
    assert (visit.on, visit.entered) == (scene.date(126), scene.moment(140))
    assert visit.value["happened"] == scene.moment(126)
    assert sign.on > visit.on
    assert sign.entered <= visit.entered
    again = visits.visit(scene.member("partner"), followed.case, scene.moment(126), **said)
    assert again.record == visit.record, "synchronised twice is once"


def test_a_month_without_a_sign_is_an_alert_until_somebody_else_has_looked_into_it(scene, followed, came_late):
    partner, boss = scene.member("partner"), second(scene, "partner")
    scene.on_day(157)
    due.chase(partner, aftercare.read(partner, followed.case))
    assert not any(one.alert for one in timers.listing(partner, case=followed.case))
    scene.on_day(159)
    for _ in range(2):
        due.chase(partner, aftercare.read(partner, followed.case))
    (alert,) = (one for one in timers.listing(boss, case=followed.case) if one.alert)
    with pytest.raises(IllegalTransition):
        says(scene, "partner", alert.handoff, "timer.acknowledge")
    timers.acknowledge(boss, alert.handoff)
    visits.signal(partner, f"{followed.facts['mark']} 1", scene.moment(158))
    timers.done(boss, alert.handoff, "The teacher was ill; the girl is well-Syn")
    _timer, said = timers.read(partner, alert.handoff)
    assert [one.what for one in said] == ["timer.set", "timer.acknowledge", "timer.done"]
    due.chase(partner, aftercare.read(partner, followed.case))
    assert not any(one.alert for one in timers.listing(partner, case=followed.case))


def test_her_whole_ledger_stands_at_the_two_desks_in_its_order(scene, opened, offered, at_home, accepted, came_late):
    told = chronicle(scene, ASMITA, ("ingo", opened), ("ingo", accepted), ("ingo", offered), ("partner", at_home))
    chain = ["consent.granted", "referral.sent", "referral.acknowledged (reported)", "bid.recorded", "plan.signed"]
    chain += ["transfer.proposed", "transfer.accepted", "transfer.departed", "transfer.arrived", "transfer.handed_over"]
    chain += ["transfer.confirmed", "referral.started (reported)", "visit.logged", "visit.logged"]
    rest = iter(told)
    assert all(word in rest for word in chain), told


def test_no_hub_learned_a_name_nothing_joins_and_the_logs_verify(scene):
    scene.hubs_know_nothing_of(ASMITA)
    scene.nothing_joins(*scene.handoffs)
    scene.logs_verify()
