"""S7: a boy of 11 goes home from Dakar to Guinea-Bissau by the eight steps of the West Africa Network.

Who is asked in which language, to whom a packet may be passed on, and how long a focal point may keep silent; then the
study, the determination and the way home over three hubs: Dakar, the focal point in Bissau, and the NGO in Gabú.
"""

from __future__ import annotations

import pytest

from hub.client import (
    findings,
    inquiries,
    networks,
    programmes,
    reading,
    register,
    transfers,
)
from hub.client.judging import Purpose
from hub.errors import Conflict, ConsentMissing, InvalidRequest
from hub.ids import random_id
from tests.support import case_files
from tests.support import transfers as legs
from tests.support.chronicle import chronicle
from tests.support.scenario import Person, agrees, grant, guardian
from tests.support.sentences import CHILD_SAID_NO, NOT_EXPLAINED, not_covered, not_needed, not_onward

AGENCIES = {
    "focal-dakar": ("authority", "SN"),
    "shelter-dakar": ("shelter", "SN"),
    "iss": ("io", "SN"),
    "focal-bissau": ("authority", "GW"),
    "gabu": ("ngo", "GW"),
    "bafata": ("ngo", "GW"),
    "registry": ("legal", "GW"),
    "bridge-school": ("school", "GW"),
}
RECORD = ("focal-dakar",)
AGREEMENTS = (("focal-dakar", "GW", "SN"),)
HOMES = {"gabu": "gabu.example"}

IDRISSA = Person(
    "SYN-GW-060",
    "Idrissa Balde-Syn",
    "separated",
    "6-11",
    "pov",
    "SN",
    {
        "minimal_contact": {"first_name": "Idrissa Balde-Syn"},
        "identity": {"name": "Idrissa Balde-Syn", "years": 11},
        "family_links": {"mother": "Cadi Balde-Syn, sells rice in Gabu"},
        "child_views": {"wants": "to see his mother before the feast-Syn"},
        "coo_home_study": {"asked": "is there a bed and a school-Syn"},
        "education_skills": {"learnt": "knows half the Koran by heart-Syn"},
        "documents": {"birth": "Assento de nascimento numero 7-Syn", "translator": "SYN-TR-3, from Portuguese"},
        "needs_risk": {"risk": "his teacher looks for him-Syn"},
    },
)
STUDY = ("minimal_contact", "family_links", "child_views", "coo_home_study", "documents", "education_skills")
HIS_GUARDIAN = guardian("SYN-GD-71", "Tribunal de Dakar")
INTERPRETER = {"used": True, "kind": "in_person", "ref": "SYN-INT-9", "confidentiality_signed": True}
IN_KRIOL = {"informing": {"language": "fr", "interpreter": INTERPRETER}}
TO_GABU = grant("focal-bissau", "family_tracing", *STUDY, onward=("gabu",))
ASKED = {"purpose": "family_tracing"}
LOOK = ("minimal_contact", "family_links", "child_views")
WHOLE = (
    *(
        "minimal_contact",
        "identity",
        "family_links",
        "child_views",
        "bia_bid",
        "coo_home_study",
        "needs_risk",
        "health",
    ),
    *("documents", "education_skills", "care_guardianship", "safety_plan", "plan", "travel_arrival", "monitoring_plan"),
)
HOME = grant("focal-bissau", "transfer", *WHOLE, onward=("gabu",))
ENTRIES = {"GW": "focal-bissau", "SN": "focal-dakar"}
WHO_TOOK = {"identification": "focal-dakar", "returned": "focal-bissau", "family_support": "gabu"}
LEDGER = (
    *("consent.granted", "place.asked", "assessment.requested", "assessment.returned", "bid.recorded", "plan.signed"),
    *("transfer.proposed", "transfer.acknowledged (reported)", "transfer.accepted", "transfer.departed"),
    *("transfer.arrived", "arrival.verified", "transfer.handed_over", "transfer.confirmed", "visit.logged"),
)
EIGHT = "west-africa-eight-steps"
RETURN = Purpose("return", final=False, return_mode="assisted_voluntary")
"""To the entry point of his country, which passes him on to whoever lives near his mother."""
BISSAU = "+245955000001"


@pytest.fixture(scope="module")
def agreed(scene):
    """D3: the guardian and Idrissa agree, told in French and put into Kriol: focal point, and the NGO in Gabú."""
    scene.on_day(3)
    return scene.consent("focal-dakar", IDRISSA, HIS_GUARDIAN, agrees("My mother!"), TO_GABU, HOME, **IN_KRIOL)


@pytest.fixture(scope="module")
def study_asked(scene, agreed):
    """D6: Dakar asks the focal point in Bissau for a study of family and surroundings, with its papers translated."""
    scene.on_day(6)
    return scene.send("focal-dakar", agreed, IDRISSA.part(*STUDY), to="focal-bissau", **ASKED)


@pytest.fixture(scope="module")
def forwarded(scene, study_asked):
    """What the focal point passes on to the NGO in Gabú."""
    on = scene.passes_on("focal-bissau", study_asked)
    return scene.send("focal-bissau", on, IDRISSA.part(*STUDY), to="gabu", **ASKED)


def test_what_was_said_in_french_counts_only_with_an_interpreter(scene):
    scene.on_day(3)
    in_french = {"informing": {"language": "fr"}}
    held = scene.consent("focal-dakar", IDRISSA, HIS_GUARDIAN, agrees("Oui."), TO_GABU, **in_french)
    assert scene.refused("focal-dakar", held, IDRISSA.part("child_views"), to="focal-bissau", **ASKED) == [
        NOT_EXPLAINED
    ]
    held = scene.consent("focal-dakar", IDRISSA, HIS_GUARDIAN, agrees("Sin."), TO_GABU, **IN_KRIOL)
    assert scene.preview("focal-dakar", held, IDRISSA.part("child_views"), to="focal-bissau", **ASKED).permitted


def test_the_limits_of_confidentiality_must_have_been_explained(scene):
    half = {**IN_KRIOL["informing"], "explained": ["what", "who", "why"]}
    held = scene.consent("focal-dakar", IDRISSA, HIS_GUARDIAN, agrees("Sin."), TO_GABU, informing=half)
    assert scene.refused("focal-dakar", held, IDRISSA.part("child_views"), to="focal-bissau", **ASKED) == [
        NOT_EXPLAINED
    ]


def test_at_eleven_he_is_asked_and_without_his_answer_nothing_goes(scene):
    silent = {"answer": "not_asked", "because": "too_young"}
    held = scene.consent("focal-dakar", IDRISSA, HIS_GUARDIAN, silent, TO_GABU, **IN_KRIOL)
    assert scene.refused("focal-dakar", held, IDRISSA.part("child_views"), to="focal-bissau", **ASKED) == [
        CHILD_SAID_NO
    ]


@pytest.fixture(scope="module")
def case(scene, agreed):
    """D3: Dakar is responsible for him: he was found, cared for, and his guardian asked what may be shared."""
    dakar = scene.member("focal-dakar")
    known = legs.file_of(scene, IDRISSA, "minimal_contact", "identity", "documents", "education_skills", "child_views")
    cared = case_files.care("separated", case_files.guardian("SYN-GD-71", scene.day(3), "Tribunal de Dakar-Syn"))
    mother = {"id": "mother", "name": "mother-Syn", "relationship": "mother"}
    more = {"care_guardianship": cared, "family_links": {"v": 1, "members": [mother]}}
    held = legs.opens_case(scene, "focal-dakar", {**known, **more})
    tracker = programmes.start(dakar, held.record, EIGHT, on=scene.day(0)).id
    for step, day in (("identification", 0), ("emergency_care", 0), ("agreed", 3)):
        programmes.mark(dakar, tracker, step, on=scene.day(day))
    return held


def steps(scene, agency, case):
    """How the eight steps stand, as an agency that has the case sees them."""
    member = scene.member(agency)
    return [row.state.value for row in programmes.get(member, case.record).progress(member.clock.now()).steps]


def test_he_was_found_and_cared_for_on_the_first_day_and_step_six_waits_for_three_and_four(scene, case):
    dakar = scene.member("focal-dakar")
    assert steps(scene, "focal-dakar", case)[:2] == ["done", "done"]
    with pytest.raises(Conflict, match=r"Before it comes: 3\..*4\."):
        programmes.mark(dakar, case.record, "reintegration", "begun")


@pytest.fixture(scope="module")
def studied(scene, case):
    """D5: his own situation and wishes are written down, and he lives in other care in Dakar."""
    scene.on_day(5)
    dakar = scene.member("focal-dakar")
    legs.writes(scene, "focal-dakar", case, "needs_risk", **case_files.needs("high", "education"))
    for step in ("personal_study", "alternative_care"):
        programmes.mark(dakar, case.record, step)
    return case


def test_step_six_does_not_begin_while_step_four_is_empty(scene, studied):
    assert steps(scene, "focal-dakar", studied) == [
        "done",
        "done",
        "done",
        "open",
        "done",
        "blocked",
        "blocked",
        "blocked",
    ]
    with pytest.raises(Conflict, match=r"Before it comes: 4\."):
        programmes.mark(scene.member("focal-dakar"), studied.record, "reintegration", "begun")


@pytest.fixture(scope="module")
def network(scene, studied):
    """D5: the network says who is the entry point of each country, and each entry point says so itself."""
    entries = [{"country": land, "agency": scene.address(name)} for land, name in ENTRIES.items()]
    networks.publish(scene.member("iss"), "wan", "West Africa Network", entries, scene.day(300))
    scene.deliver()
    for name in ENTRIES.values():
        member = scene.member(name)
        networks.confirm(member, networks.Known(member).network("wan"))
    scene.deliver()


def test_the_network_names_the_entry_point_of_his_country_which_says_so_itself(scene, network):
    (point,) = networks.Known(scene.member("focal-dakar")).entry_points("GW")
    assert (point.to, point.confirmed) == (scene.address("focal-bissau"), True)
    assert networks.Known(scene.member("gabu")).entry_points("SN")[0].to == scene.address("focal-dakar")


@pytest.fixture(scope="module")
def way(scene, agreed, studied, network):
    """D6: Dakar asks the entry point whether there is a place, and for the study of family and surroundings."""
    scene.on_day(6)
    dakar, bissau, leg = scene.member("focal-dakar"), scene.address("focal-bissau"), random_id()
    nobody = {"need": "family_tracing", "age_band": "6-11", "from": scene.day(35), "how_many": 1}
    inquiries.ask(dakar, bissau, nobody, leg=leg)
    asked = findings.Asked(studied.record, bissau, LOOK, agreed, "family_tracing", RETURN, leg=leg)
    findings.request_assessment(dakar, asked)
    scene.handoffs.append(leg)
    scene.deliver()
    return leg


def test_the_study_is_asked_through_the_focal_point_with_the_least_about_him(scene, way):
    assert scene.ledger("focal-dakar", way) == ["place.asked", "assessment.requested"]
    assert scene.ledger("focal-bissau", way) == scene.ledger("focal-dakar", way)
    assert legs.reads(scene, "focal-bissau", way).keys() - {"inquiry"} == {*LOOK}
    for outsider in ("gabu", "bafata", "iss", "shelter-dakar"):
        assert scene.sees_nothing_of(outsider, way)


def test_the_focal_point_in_bissau_sees_what_was_agreed_with_the_translator_named(scene, study_asked):
    assert scene.opens("focal-bissau", study_asked) == IDRISSA.part(*STUDY)


def test_the_focal_point_passes_it_on_to_the_ngo_in_gabu_because_the_consent_names_it(scene, forwarded):
    assert scene.opens("gabu", forwarded) == IDRISSA.part(*STUDY)


def test_a_third_ngo_is_not_named_and_gets_nothing(scene, study_asked):
    on = scene.passes_on("focal-bissau", study_asked)
    assert scene.refused("focal-bissau", on, IDRISSA.part("child_views"), to="bafata", **ASKED) == [
        not_onward("bafata@gw.example")
    ]


def test_gabu_may_not_pass_it_on_in_turn(scene, forwarded):
    on = scene.passes_on("gabu", forwarded)
    for to in ("bafata", "bridge-school"):
        blocked = scene.refused("gabu", on, IDRISSA.part("education_skills"), to=to, **ASKED)
        assert blocked == [not_onward(f"{to}@gw.example")]


def test_passing_on_gives_neither_another_purpose_nor_another_section(scene, study_asked):
    on = scene.passes_on("focal-bissau", study_asked)
    learnt = IDRISSA.part("education_skills")
    assert scene.refused("focal-bissau", on, learnt, to="gabu", purpose="education") == [
        not_onward("gabu@gabu.example")
    ]
    assert scene.refused("focal-bissau", on, IDRISSA.part("needs_risk"), to="gabu", **ASKED) == [
        not_onward("gabu@gabu.example")
    ]


def test_dakar_itself_cannot_go_round_the_focal_point(scene, agreed):
    assert scene.refused("focal-dakar", agreed, IDRISSA.part("family_links"), to="gabu", **ASKED) == [
        not_covered("family and relatives", "gabu@gabu.example", "looking for family")
    ]


def test_those_whom_nobody_named_find_nothing_and_have_no_key(scene, study_asked, forwarded):
    for outsider in ("bafata", "registry", "iss", "shelter-dakar", "bridge-school"):
        for handoff, holder in ((study_asked, "focal-bissau"), (forwarded, "gabu")):
            assert scene.sees_nothing_of(outsider, handoff)
            assert scene.cannot_decrypt(outsider, handoff, stolen_from=holder)
    assert scene.sees_nothing_of("focal-dakar", forwarded)


def test_what_came_on_a_duty_to_protect_is_passed_on_to_nobody(scene):
    duty = scene.duty_to_protect("focal-dakar", tell="focal-bissau", child="agreed")
    sent = scene.send("focal-dakar", duty, IDRISSA.part("needs_risk"), to="focal-bissau", purpose="protection")
    assert scene.opens("focal-bissau", sent) == IDRISSA.part("needs_risk")
    with pytest.raises(InvalidRequest):
        scene.passes_on("focal-bissau", sent)


def test_seven_working_days_of_silence_are_waited_for_and_then_the_focal_point_is_reminded(scene, study_asked):
    """That it opened the packet is no answer; a person gives one."""
    scene.on_day(14)
    assert scene.ledger("focal-dakar", study_asked) == ["referral.sent", "packet.delivered"]
    assert study_asked in scene.queue("focal-dakar", "owner", "unacknowledged")
    scene.on_day(16)
    reminded = ["referral.sent", "packet.delivered", "followup.reminder"]
    assert scene.ledger("focal-dakar", study_asked) == scene.ledger("focal-bissau", study_asked) == reminded


@pytest.fixture(scope="module")
def acknowledged(scene, study_asked):
    """D17: the focal point has no line for data; what its SMS says is keyed in with evidence in Dakar."""
    scene.on_day(17)
    scene.has_number("focal-bissau", BISSAU, known_to="focal-dakar")
    scene.reports("focal-dakar", study_asked, "acknowledge", "sms", "Fatumata, 20 March: received, we go on Monday-Syn")
    return study_asked


def test_its_sms_is_keyed_in_and_the_number_itself_is_asked_if_that_is_true(scene, acknowledged):
    assert scene.ledger("focal-bissau", acknowledged)[-1] == "referral.acknowledged (reported)"
    assert scene.evidence("focal-dakar", acknowledged)["words"].startswith("Fatumata, 20 March")
    (question,) = scene.texts_to(BISSAU)
    assert "1 yes, 2 no" in question
    scene.texts_back("focal-dakar", BISSAU, "1")
    assert scene.ledger("focal-dakar", acknowledged)[-1] == "number.answered"


def test_the_study_comes_on_the_twentieth_day_and_the_boy_is_asked_before_it_is_closed(scene, acknowledged):
    scene.on_day(20)
    scene.take("focal-bissau", acknowledged, "accept", first_contact=scene.day(20))
    scene.take("focal-bissau", acknowledged, "start", contact=scene.day(20))
    found = "His mother has a bed for him and a place in a school-Syn"
    scene.take("focal-bissau", acknowledged, "report_outcome", got_help="yes", text=found)
    assert found in scene.plaintext("focal-dakar", acknowledged)
    scene.closes("focal-dakar", acknowledged, "child", "yes", "He laughed for the first time-Syn")
    ends = ["referral.accepted", "referral.started", "referral.completed", "referral.closed"]
    assert scene.ledger("focal-dakar", acknowledged)[-4:] == ends
    assert scene.ledger("focal-dakar", acknowledged) == scene.ledger("focal-bissau", acknowledged)


@pytest.fixture(scope="module")
def returned(scene, case, way):
    """D20: what the NGO found in Gabú comes back through the focal point, and Dakar keeps who said it."""
    scene.on_day(20)
    dakar = scene.member("focal-dakar")
    found = {
        "family_links": case_files.kin("mother", "mother", scene.day(20)),
        "coo_home_study": {
            "v": 1,
            "home_studies": [case_files.study("home1", scene.day(19), "mother")],
            "coo": [case_files.coo("coo1", scene.day(19), "GW", "Gabu-Syn")],
        },
    }
    legs.keeps_quiet(scene, found)
    findings.return_assessment(scene.member("focal-bissau"), way, found)
    scene.deliver()
    held = findings.keep_assessment(dakar, way)
    programmes.mark(dakar, case.record, "family_study")
    return held


def test_the_study_stands_in_his_file_with_who_said_it_and_step_four_is_done(scene, case, way, returned):
    assert returned.sections["coo_home_study"]["said_by"]["agency"] == scene.address("focal-bissau")
    assert scene.ledger("focal-bissau", way)[-1] == "assessment.returned"
    assert steps(scene, "focal-dakar", case)[3:6] == ["done", "done", "open"]


def plan_of(scene, day):
    return case_files.plan(scene.day(day), scene.day(100), scene.day(60))


@pytest.fixture(scope="module")
def decided(scene, case, returned):
    """D26: the panel decides that he goes home to his mother; school, and learning a craft, are agreed."""
    scene.on_day(26)
    dakar, day, at = scene.member("focal-dakar"), scene.day, scene.moment
    bid = case_files.bid("bid1", "family_reunification", day(26), "SN", coo=["coo1"], home_studies=["home1"])
    screened = {"refoulement": case_files.screen(day(26)), "return_mode": "assisted_voluntary"}
    legs.writes(scene, "focal-dakar", case, "bia_bid", v=1, bid=bid, **screened)
    programmes.mark(dakar, case.record, "best_interests")
    programmes.mark(dakar, case.record, "reintegration", "begun", evidence=["plan"])
    tracker = programmes.get(dakar, case.record)
    told = {
        "health": {"v": 1, "treatment_needed": False},
        "safety_plan": case_files.safety(day(26)),
        "plan": programmes.into_plan(tracker, plan_of(scene, 26)),
        "monitoring_plan": case_files.monitoring(day(37)),
        "travel_arrival": case_files.travel(day(35), at(35), at(35, 20), "Bissau-Syn", "Fatumata-Syn"),
    }
    for name, section in told.items():
        legs.writes(scene, "focal-dakar", case, name, **section)
    return case


@pytest.fixture(scope="module")
def offered(scene, agreed, way, decided):
    """D26: worker and supervisor in Dakar offer him to the focal point, on the same leg."""
    asked = {"to": "focal-bissau", "on": agreed, "sections": WHOLE, "purpose": RETURN}
    return legs.proposes(scene, "focal-dakar", decided, plan=legs.travel(scene, 35), leg=way, **asked)


def test_the_determination_and_the_eight_steps_go_with_him(scene, offered, decided):
    read = legs.reads(scene, "focal-bissau", offered)
    assert read["bia_bid"]["bid"]["outcome"] == "family_reunification"
    here = programmes.look(scene.member("focal-bissau"), programmes.out_of(read))
    assert here.marks == programmes.get(scene.member("focal-dakar"), decided.record).marks
    assert read["documents"]["items"][0]["translations"][0]["translator"] == "N. Sow-Syn"


@pytest.fixture(scope="module")
def heard(scene, offered):
    """D27: the line to Bissau is down; the focal point sends an SMS, and Dakar keys it in with what it says."""
    scene.on_day(27)
    scene.reports("focal-dakar", offered, "acknowledge", "sms", "Fatumata, 30 March: received, we meet him-Syn")
    return offered


def test_the_offer_is_acknowledged_by_sms_with_evidence_and_shown_as_no_signature_of_bissau(scene, heard):
    assert scene.ledger("focal-dakar", heard)[-1] == "transfer.acknowledged (reported)"
    assert scene.ledger("focal-bissau", heard) == scene.ledger("focal-dakar", heard)
    assert scene.evidence("focal-dakar", heard)["words"].startswith("Fatumata, 30 March")
    shown = reading.show(scene.member("focal-dakar"), heard)
    assert (shown.state, shown.grade) == ("acknowledged", "reported")
    assert len(scene.texts_to(BISSAU)) == 2, "its own number is asked whether that is true"
    scene.texts_back("focal-dakar", BISSAU, "1")
    assert scene.ledger("focal-dakar", heard)[-1] == "number.answered"


@pytest.fixture(scope="module")
def home(scene, heard):
    """D28 to D35: the focal point accepts; he travels, is seen, and it takes over from Dakar."""
    scene.on_day(28)
    legs.accepts(scene, "focal-bissau", heard, legs.travel(scene, 35))
    scene.on_day(35, 7)
    legs.departs(scene, "focal-dakar", heard, legs.travel(scene, 35))
    scene.on_day(35, 16)
    legs.arrives(scene, "focal-bissau", heard)
    findings.verify(scene.member("focal-bissau"), heard, [findings.Item("identity", "sex", "verified")])
    scene.deliver()
    held = legs.takes_over(scene, "focal-dakar", "focal-bissau", heard, scene.day(36))
    bissau = scene.member("focal-bissau")
    programmes.take(bissau, held.record, programmes.out_of(held.sections))
    programmes.mark(bissau, held.record, "returned")
    return held


@pytest.fixture(scope="module")
def onward(scene, heard, home):
    """D35: the focal point passes him on to the NGO near his mother, on the consent that names it."""
    on = scene.passes_on("focal-bissau", heard)
    final = Purpose("reunification", final=True, returned=scene.day(35))
    tracker = programmes.get(scene.member("focal-bissau"), home.record)
    legs.writes(scene, "focal-bissau", home, "plan", **programmes.into_plan(tracker, plan_of(scene, 26)))
    asked = {"on": on, "sections": WHOLE, "purpose": final, "plan": legs.travel(scene, 36)}
    third = legs.offer(scene, "focal-bissau", home, to="bafata", **asked)
    with pytest.raises(ConsentMissing) as refused:
        transfers.offer(scene.member("focal-bissau"), third)
    assert {row["rule"] for row in refused.value.facts["reasons"]} == {"R15"}
    return legs.proposes(scene, "focal-bissau", home, to="gabu", **asked)


def test_the_focal_point_passes_him_on_to_nobody_but_the_ngo_that_was_named(scene, onward):
    assert scene.state("gabu", onward) == "delivered"
    for outsider in ("bafata", "focal-dakar", "iss"):
        assert scene.sees_nothing_of(outsider, onward)


@pytest.fixture(scope="module")
def at_home(scene, onward):
    """D36: the NGO takes him to his mother; both sides meet there, and from then on it is responsible."""
    legs.takes(scene, "gabu", onward, "acknowledge")
    legs.accepts(scene, "gabu", onward, legs.travel(scene, 36))
    scene.on_day(36, 7)
    legs.departs(scene, "focal-bissau", onward, legs.travel(scene, 36))
    scene.on_day(36, 16)
    legs.arrives(scene, "gabu", onward)
    legs.hands_over(scene, "focal-bissau", "gabu", onward, scene.day(37))
    return legs.has_case(scene, "gabu", onward)


def hashes(scene, agency, handoff):
    """What an agency's hub holds of a handoff, as its log has it."""
    return {line.hash for line in reading.show(scene.member(agency), handoff).lines if line.standing == "effective"}


def test_three_hubs_agree_on_each_leg_and_on_who_is_responsible(scene, heard, onward, at_home):
    for leg, sides in ((heard, ("focal-dakar", "focal-bissau")), (onward, ("focal-bissau", "gabu"))):
        assert hashes(scene, sides[0], leg) == hashes(scene, sides[1], leg)
        assert scene.ledger(sides[0], leg) == scene.ledger(sides[1], leg)
        assert scene.ledger(sides[0], leg)[-1] == "transfer.confirmed"
    for outsider in ("bafata", "focal-dakar", "iss"):
        assert scene.cannot_decrypt(outsider, onward, stolen_from="gabu")
    gabu = register.who_holds(scene.member("gabu"), at_home.record)
    assert (gabu.holder, gabu.acting) == (scene.address("gabu"), (scene.address("gabu"),))
    assert register.who_holds(scene.member("focal-dakar"), heard).holder == scene.address("focal-bissau")
    assert register.who_holds(scene.member("focal-bissau"), onward).holder == scene.address("gabu")


def test_the_ngo_goes_on_with_the_eight_steps_and_sees_who_took_each(scene, at_home):
    gabu = scene.member("gabu")
    programmes.take(gabu, at_home.record, programmes.out_of(at_home.sections))
    programmes.mark(gabu, at_home.record, "reintegration")
    programmes.mark(gabu, at_home.record, "follow_up", "begun")
    programmes.mark(gabu, at_home.record, "family_support", evidence=["economic"])
    assert steps(scene, "gabu", at_home) == ["done"] * 6 + ["begun", "done"]
    rows = programmes.get(gabu, at_home.record).progress(gabu.clock.now())
    by = {name: rows.row(name).mark.agency for name in ("identification", "returned", "family_support")}
    assert by == {name: scene.address(agency) for name, agency in WHO_TOOK.items()}
    assert [rows.row(name).due.isoformat() for name in ("month_12", "month_24")] == ["2026-04-07", "2027-04-07"]


def test_the_bridge_school_learns_of_his_schooling_on_a_new_consent(scene):
    wide = grant("bridge-school", "education", "education_skills", "family_links")
    held = scene.consent("focal-dakar", IDRISSA, HIS_GUARDIAN, agrees("A school."), wide, **IN_KRIOL)
    asked = {"to": "bridge-school", "purpose": "education"}
    sent = scene.send("focal-dakar", held, IDRISSA.part("education_skills"), **asked)
    assert scene.opens("bridge-school", sent) == IDRISSA.part("education_skills")
    assert scene.refused("focal-dakar", held, IDRISSA.part("family_links"), **asked) == [
        not_needed("family and relatives")
    ]


def test_a_visit_in_the_first_days_is_counted_and_the_whole_of_it_stands_at_the_desks(
    scene, case, heard, onward, at_home
):
    scene.on_day(37)
    legs.takes(scene, "gabu", onward, "first_contact", day=scene.day(37), next=scene.day(66))
    assert scene.state("gabu", onward) == scene.state("focal-bissau", onward) == "monitoring"
    told = chronicle(scene, IDRISSA, ("focal-dakar", case), ("focal-dakar", heard), ("gabu", onward))
    assert tuple(dict.fromkeys(word for word in told if word in LEDGER)) == LEDGER


def test_no_hub_learned_a_name_nothing_joins_and_the_logs_verify(scene, heard, onward):
    scene.hubs_know_nothing_of(IDRISSA)
    scene.nothing_joins(*scene.handoffs, journeys=[(heard, onward)])
    scene.logs_verify()
