"""S6: a boy of 13 and two children with their mother return to El Salvador, where the migration directorate waits.

A danger in the father's barrio stops the first plan; the second is his grandmother's house. The directorate says that
they have come and learns nothing; whoever helps them is told what they need for it, and an office keeps silent.
"""

from __future__ import annotations

from datetime import date

import pytest

from consent import record
from hub.casefile.gates import ask
from hub.client import basis as bases
from hub.client import cases, findings, gates, inquiries, notices, reading, register, transfers
from hub.client.findings import Item
from hub.client.judging import Purpose
from hub.errors import ConsentMissing, Forbidden, IllegalTransition, InvalidRequest, NotFound
from tests.support import case_files
from tests.support import transfers as legs
from tests.support.chronicle import chronicle
from tests.support.scenario import Person, agrees, grant, guardian, parent
from tests.support.sentences import FIREWALL, NO_ORDER, NOT_HERE, not_covered, not_needed, turn_on

AGENCIES = {
    "texas": ("ngo", "US"),
    "dgme": ("migration_authority", "SV"),
    "conna": ("authority", "SV"),
    "zacatecoluca": ("municipality", "SV"),
    "cmpv": ("ngo", "SV"),
    "flexible-school": ("school", "SV"),
    "casa-clara": ("ngo", "SV"),
}
RECORD = ("texas", "conna")
AGREEMENTS = (("texas", "SV", "US"),)

DAY = case_files.days_from(date(2025, 3, 3))
FILE = case_files.FILES["SYN-SV-050"](DAY)
BARRIO = {**case_files.coo("coo0", DAY(0), "SV", "barrio of the father-Syn"), "sources": ["a report from abroad-Syn"]}
GANG = {"id": "r1", "kind": "gang", "note": "a gang asks for him in San Martin-Syn"}
MATEO = Person(
    "SYN-SV-050",
    "Mateo Rivas-Syn",
    "unaccompanied",
    "12-14",
    "es",
    "US",
    {
        **FILE,
        "minimal_contact": case_files.contact("SYN-SV-050", "Mateo Rivas-Syn", "12-14", "male", "es"),
        "identity": case_files.identity("Mateo Rivas-Syn", 2012, "male", "SV", "es"),
        "family_links": case_files.kin("father", "father", DAY(0)),
        "child_views": case_files.views("Home, if it is quiet there-Syn", DAY(0), "es"),
        "bia_bid": {
            "v": 1,
            "bid": case_files.bid("bid1", "return", DAY(0), "US", coo=["coo0"]),
            "refoulement": case_files.screen(DAY(0)),
            "return_mode": "assisted_voluntary",
        },
        "coo_home_study": {"v": 1, "home_studies": [case_files.study("home0", DAY(0), "father")], "coo": [BARRIO]},
        "care_guardianship": case_files.care(
            "unaccompanied",
            {**case_files.guardian("SYN-GD-61", DAY(0), "Probate court, Webb County-Syn"), "until": DAY(14)},
            next_placement={"kind": "reception_centre", "from": DAY(14), "accepted": True},
        ),
        "health": {"v": 1, "treatment_needed": False, "note": "wears glasses, minus two-Syn"},
        "education_skills": {"v": 1, "note": "reads well, missed two years-Syn"},
        "status": {"v": 1, "note": "was ordered removed in Laredo-Syn"},
    },
)
INES = Person(
    "SYN-SV-051",
    "Ines Portillo-Syn",
    "in_family",
    "6-11",
    "es",
    "SV",
    {
        "minimal_contact": {"first_name": "Ines Portillo-Syn"},
        "education_skills": {"likes": "draws horses all day-Syn"},
    },
)
LUCAS = Person(
    "SYN-SV-052",
    "Lucas Portillo-Syn",
    "in_family",
    "6-11",
    "es",
    "SV",
    {
        "minimal_contact": {"first_name": "Lucas Portillo-Syn"},
        "needs_risk": {"need": "somebody to talk to, with his mother-Syn"},
        "mhpss": {"note": "saw what was done at home-Syn"},
    },
)
MOTHER = Person(
    "SYN-SV-053",
    "Alba Portillo-Syn",
    "adult",
    "18+",
    "es",
    "SV",
    {
        "minimal_contact": {"name": "Alba Portillo-Syn"},
        "needs_risk": {"need": "has not slept since the journey-Syn"},
        "mhpss": {"note": "was beaten by a man she left-Syn"},
    },
)
HERSELF = {"capacity": "self", "years": 31, "order": None}
HIS = (
    *("minimal_contact", "identity", "family_links", "needs_risk", "child_views", "bia_bid", "coo_home_study"),
    *("care_guardianship", "travel_arrival", "health"),
)
SEEN = ("minimal_contact", "needs_risk")
HELP = {"purpose": "psychosocial_support", "service": "mhpss", "urgency": "high"}
COURT = guardian("SYN-GD-61", "Probate court, Webb County", until="2025-03-17")
DESIGNATED = guardian("SYN-GD-62", "CONNA")
TO_THE_TOWN = grant("zacatecoluca", "reintegration_follow_up", "minimal_contact", "needs_risk")


@pytest.fixture(scope="module")
def agreed(scene):
    """D0: the guardian whom a court in Texas appointed until D14, and Mateo."""
    scene.on_day(0)
    return scene.consent(
        "texas", MATEO, COURT, agrees("To my grandmother."), grant("conna", "transfer", *HIS), TO_THE_TOWN
    )


BY_AIR = {
    "at": None,
    "place": "airport",
    "how": "air",
    "people": [{"age_band": "12-14", "sex": None, "reference": None}],
}
NEW = ("family_links", "child_views", "bia_bid", "coo_home_study")
RETURN = Purpose("return", final=False, return_mode="assisted_voluntary")
"""To where CONNA receives him; from there he goes to who cares for him once that was looked into there too."""


@pytest.fixture(scope="module")
def case(scene, agreed):
    """D0: the NGO in Texas opens his case, and is responsible for him."""
    return legs.opens_case(scene, "texas", MATEO.file)


@pytest.fixture(scope="module")
def proposed(scene, agreed, case):
    """D1: by a report from abroad the father's barrio is quiet; worker and supervisor propose his return to CONNA."""
    scene.on_day(1)
    return legs.proposes(
        scene, "texas", case, to="conna", on=agreed, sections=HIS, purpose=RETURN, plan=legs.travel(scene, 14)
    )


@pytest.fixture(scope="module")
def extended(scene):
    """D15: the guardian whom CONNA designated agrees anew; then to the flexible school too."""
    scene.on_day(15)
    first = scene.consent("conna", MATEO, DESIGNATED, agrees("Yes."), TO_THE_TOWN)
    school = grant("flexible-school", "education", "education_skills")
    rows = [{**row, "id": f"g{n}"} for n, row in enumerate(scene.grants(TO_THE_TOWN, school), 1)]
    return bases.revise(scene.member("conna"), first, {"grants": rows, "expression": first.basis["expression"]})


def test_conna_sees_what_the_court_appointed_guardian_and_mateo_named(scene, proposed):
    assert legs.reads(scene, "conna", proposed) == MATEO.part(*HIS)
    assert sorted(scene.ledger("texas", proposed)) == ["packet.delivered", "search.sealed", "transfer.proposed"]


def test_what_he_would_be_searched_by_is_given_out_to_nobody_before_somebody_has_accepted_him(scene, proposed):
    assert [kind for kind, _ in legs.packets(scene, "conna", proposed)] == ["transfer.offer"]


@pytest.fixture(scope="module")
def looked_into(scene, proposed):
    """D2: CONNA asks in the barrio itself: a gang there waits for him. It writes down a real risk, and asks Texas."""
    scene.on_day(2)
    legs.takes(scene, "conna", proposed, "acknowledge")
    held = legs.keeps(scene, "conna", proposed)
    told = {"on": DAY(2), "harms": {**case_files.screen(DAY(2))["harms"], "recruitment": "real_risk"}}
    legs.writes(scene, "conna", held, "bia_bid", refoulement=told)
    return held


def test_a_real_risk_stops_conna_and_nobody_there_may_lift_it(scene, proposed, looked_into):
    reception = transfers.Reception(legs.travel(scene, 14), [scene.member("conna").id], legs.second(scene, "conna").id)
    assert legs.blocked(lambda: transfers.accept(scene.member("conna"), proposed, reception)) == ["R23"]
    span = {"begins": scene.today(), "ends": scene.day(14)}
    lift = {"gate": "R23", "leg": proposed, "reason": "The flight is booked and paid for-Syn.", **span}
    for nobody in (scene.member("conna"), legs.second(scene, "conna")):
        with pytest.raises(InvalidRequest):
            gates.approve(nobody, looked_into.record, lift)
    assert scene.state("conna", proposed) == "acknowledged"


def test_texas_is_told_by_conna_and_is_stopped_as_well(scene, agreed, proposed, case, looked_into):
    legs.takes(scene, "conna", proposed, "ask", text="A gang in that barrio asks for him by name-Syn")
    assert "asks for him by name-Syn" in scene.plaintext("texas", proposed)
    assert scene.ledger("conna", proposed)[-2:] == ["transfer.acknowledged", "question.asked"]
    gang = {**BARRIO, "id": "coo1", "on": DAY(2), "security": "a gang waits for him-Syn", "safe_for_child": "no"}
    legs.writes(scene, "texas", case, "coo_home_study", coo=[BARRIO, gang])
    legs.writes(scene, "texas", case, "bia_bid", refoulement=case_files.screen(DAY(2), recruitment="real_risk"))
    assert "R23" in legs.blocked(lambda: transfers.depart(scene.member("texas"), proposed, legs.travel(scene, 14)))
    again = legs.offer(scene, "texas", case, to="conna", on=agreed, sections=HIS, purpose=RETURN, plan=None)
    assert "R23" in legs.blocked(lambda: transfers.offer(scene.member("texas"), again))
    assert cases.load(scene.member("texas"), case.record).legs == (proposed,), "no second way was begun"


@pytest.fixture(scope="module")
def second_determination(scene, proposed, case):
    """D9: the panel decides anew, for the grandmother in the centre of Zacatecoluca, whose home is safe."""
    scene.on_day(9)
    for name in ("family_links", "child_views", "bia_bid"):
        legs.writes(scene, "texas", case, name, **FILE[name])
    both = [BARRIO, *FILE["coo_home_study"]["coo"]]
    legs.writes(scene, "texas", case, "coo_home_study", **{**FILE["coo_home_study"], "coo": both})
    held = cases.load(scene.member("texas"), case.record)
    legs.answers(scene, "texas", proposed, case_files.part(held.sections, *NEW))
    return held


def test_the_second_determination_names_what_the_first_one_said_and_his_own_wish(scene, proposed, second_determination):
    decided = legs.reads(scene, "conna", proposed)["bia_bid"]
    assert decided["bid"]["outcome"] == "kin_care"
    assert [row["outcome"] for row in decided["earlier_bids"]] == ["return"]
    assert scene.ledger("conna", proposed)[-1] == "question.answered"


@pytest.fixture(scope="module")
def accepted(scene, proposed, second_determination):
    """D10: CONNA looks into the centre itself, finds no danger, and accepts; it names who waits for him."""
    scene.on_day(10)
    held = legs.keeps(scene, "conna", proposed)
    legs.writes(scene, "conna", held, "bia_bid", **FILE["bia_bid"])
    legs.accepts(scene, "conna", proposed, legs.travel(scene, 14), {"bed": "a bed by the window-Syn"})
    return proposed


def test_what_conna_found_itself_is_not_written_over_by_what_comes_from_texas(scene, proposed, second_determination):
    held = legs.keeps(scene, "conna", proposed)
    assert held.sections["coo_home_study"] == second_determination.sections["coo_home_study"]
    assert held.sections["bia_bid"]["refoulement"]["harms"]["recruitment"] == "real_risk"


def test_conna_accepts_once_the_danger_is_out_of_the_plan(scene, accepted):
    assert scene.state("texas", accepted) == scene.state("conna", accepted) == "accepted"
    assert "by the window-Syn" in scene.plaintext("texas", accepted)
    searched = dict(legs.packets(scene, "conna", accepted))["transfer.search"]
    assert searched.keys() - bases.BESIDE == {*transfers.SEARCHED}, "no more than what he is searched by"


@pytest.fixture(scope="module")
def arrived(scene, accepted):
    """D14: he leaves in the morning; in the evening somebody of CONNA sees him, and checks what was said of him."""
    scene.on_day(14, 7)
    legs.departs(scene, "texas", accepted, legs.travel(scene, 14))
    scene.on_day(14, 16)
    legs.arrives(scene, "conna", accepted)
    return accepted


@pytest.fixture(scope="module")
def handed_over(scene, arrived):
    """D14: Texas lets go, CONNA takes: from now on it is responsible for him."""
    return legs.takes_over(scene, "texas", "conna", arrived, scene.day(15))


@pytest.fixture(scope="module")
def noticed(scene, arrived):
    """D14: the directorate's counter at the airport says who has come: him, and the two with their mother."""
    people = [{"age_band": one.age_band, "sex": None, "reference": one.code} for one in (MATEO, INES, LUCAS)]
    said = {"on": scene.day(14), "at": None, "place": "arrivals hall, counter 3-Syn", "how": "air", "people": people}
    legs.keeps_quiet(scene, said)
    sent = notices.send(scene.member("dgme"), scene.address("conna"), said)
    scene.deliver()
    return sent["id"]


def test_the_directorate_says_who_has_come_and_conna_reads_it(scene, noticed):
    assert [row["id"] for row in notices.listing(scene.member("conna"))] == [noticed]
    read = notices.read(scene.member("conna"), noticed)
    assert read.from_agency == scene.address("dgme")
    assert {one["reference"] for one in read.says["people"]} == {MATEO.code, INES.code, LUCAS.code}


def test_nothing_goes_back_to_the_directorate_not_even_that_its_notice_was_read(scene, noticed):
    before = reading.show(scene.member("dgme"), noticed)
    notices.read(scene.member("conna"), noticed)
    scene.deliver()
    after = reading.show(scene.member("dgme"), noticed)
    assert (after.state, after.possible, after.lines) == ("noticed", (), before.lines)
    for kind in ("transfer.acknowledge", "referral.acknowledge"):
        with pytest.raises((Forbidden, IllegalTransition, InvalidRequest)):
            legs.says(scene, "conna", noticed, kind)


def test_the_directorate_can_do_nothing_else_and_a_notice_says_nothing_else(scene, arrived, case):
    dgme, conna = scene.member("dgme"), scene.address("conna")
    with pytest.raises(Forbidden):
        inquiries.ask(dgme, conna, {"need": "housing", "age_band": "12-14", "from": scene.day(14), "how_many": 1})
    with pytest.raises(InvalidRequest):
        notices.send(dgme, conna, {"on": scene.day(14), "question": "where does he live-Syn"})
    with pytest.raises(Forbidden):
        notices.send(scene.member("zacatecoluca"), conna, BY_AIR | {"on": scene.day(14)})
    for known in (arrived, case.case):
        assert scene.sees_nothing_of("dgme", known)


def test_conna_checks_each_thing_and_what_was_wrong_goes_back_to_texas(scene, arrived, case):
    right = Item("identity", "sex", "verified")
    wrong = Item("identity", "languages", "corrected", ["es", "nah"])
    findings.verify(scene.member("conna"), arrived, [right, wrong, Item("health", "note", "unknown")])
    scene.deliver()
    texas = scene.member("texas")
    assert [one.item for one in findings.apply_corrections(texas, arrived)] == [wrong]
    assert cases.load(texas, case.record).sections["identity"]["languages"] == ["es", "nah"]
    assert scene.ledger("texas", arrived)[-1] == "arrival.verified"


def test_texas_is_responsible_until_conna_has_taken_him(scene, arrived):
    assert scene.state("texas", arrived) == scene.state("conna", arrived) == "arrived"
    for side in ("texas", "conna"):
        holding = register.who_holds(scene.member(side), arrived)
        assert (holding.holder, holding.acting) == (scene.address("texas"), (scene.address("texas"),))


def test_after_the_handover_both_sides_can_prove_that_conna_is_responsible(scene, arrived, handed_over):
    for side in ("texas", "conna"):
        holding = register.who_holds(scene.member(side), arrived)
        assert (holding.holder, holding.unilateral) == (scene.address("conna"), False)
    ledger = ["transfer.accepted", "transfer.departed", "transfer.arrived"]
    ends = ["arrival.verified", "transfer.handed_over", "transfer.confirmed"]
    for side in ("texas", "conna"):
        said = [entry for entry in scene.ledger(side, arrived) if not entry.startswith("followup")]
        assert said[said.index("transfer.accepted") :] == [*ledger, *ends]


def test_the_whole_of_it_is_told_at_the_desks_and_a_hub_has_its_steps_alone(scene, case, arrived, handed_over):
    texas = [word for word in chronicle(scene, MATEO, ("texas", case), ("texas", arrived)) if "followup" not in word]
    assert texas[:3] == ["consent.granted", "bid.recorded", "transfer.proposed"]
    assert "policy.overridden" not in " ".join(texas)
    versions = cases.history(scene.member("texas"), case.record)
    files = [cases.load(scene.member("texas"), case.record, version=one.manifest).sections for one in versions]
    assert dict.fromkeys(file["bia_bid"]["bid"]["outcome"] for file in files) == {"return": None, "kin_care": None}
    for outsider in ("zacatecoluca", "cmpv", "flexible-school"):
        assert scene.sees_nothing_of(outsider, arrived)
        assert scene.cannot_decrypt(outsider, arrived, stolen_from="conna")


HOME = ask.Journey(leg="home", purpose="reunification", situation="unaccompanied", final=True, crosses_border=False)


def test_he_is_not_brought_to_his_grandmother_before_visits_and_two_people_to_call_are_agreed(scene, handed_over):
    """D15: the grandmother is willing and her home is safe; that is not all."""
    scene.on_day(15)
    conna, record = scene.member("conna"), handed_over.record
    stopped = gates.check(conna, record, "reunification", HOME)
    assert {"R31", "R32", "R33", "R38"} <= {row.gate for row in stopped.blocked}
    later = {**case_files.guardian("SYN-GD-62", DAY(15), "CONNA-Syn")}
    before = handed_over.sections["care_guardianship"]["guardians"]
    legs.writes(scene, "conna", handed_over, "care_guardianship", guardians=[*before, later])
    legs.writes(scene, "conna", handed_over, "safety_plan", **case_files.safety(DAY(15)))
    legs.writes(scene, "conna", handed_over, "plan", **case_files.plan(DAY(15), DAY(100), DAY(60)))
    legs.writes(scene, "conna", handed_over, "monitoring_plan", **case_files.monitoring(DAY(17), "high"))
    assert gates.check(conna, record, "reunification", HOME).blocked == ()


def test_the_migration_directorate_cannot_be_chosen_by_anybody(scene, agreed, extended):
    for sender, held in (("texas", agreed), ("conna", extended)):
        for purpose in ("registration", "reception", "protection"):
            assert scene.refused(sender, held, MATEO.part("identity"), to="dgme", purpose=purpose) == [FIREWALL]


def test_not_even_a_consent_that_names_the_directorate_opens_the_firewall(scene):
    held = scene.consent("conna", MATEO, DESIGNATED, agrees("They insist."), grant("dgme", "registration", "identity"))
    asked = {"to": "dgme", "purpose": "registration"}
    assert scene.refused("conna", held, MATEO.part("identity"), **asked) == [FIREWALL]
    duty = scene.duty_to_protect("conna", tell="dgme", child="agreed")
    assert scene.refused("conna", duty, MATEO.part("needs_risk"), to="dgme", purpose="protection") == [FIREWALL]


def test_nobody_may_lift_the_firewall(scene, extended):
    span = {"from": scene.today(), "until": scene.day(60)}
    said = {"rule": "R07", "categories": None, "recipient": scene.address("dgme"), **span, "code": "best_interests"}
    with pytest.raises(InvalidRequest):
        bases.approve(scene.member("conna"), extended.handoff, {**said, "reason": "Asked for-Syn."})
    assert scene.refused("conna", extended, MATEO.part("identity"), to="dgme", purpose="reception") == [FIREWALL]


def test_the_directorate_asks_for_the_case_and_learns_not_even_that_there_is_one(scene, proposed):
    with pytest.raises(NotFound):
        scene.state("dgme", proposed)
    assert scene.cannot_decrypt("dgme", proposed, stolen_from="conna")


def test_readmission_is_no_purpose(scene, agreed):
    for purpose in ("readmission", "return_enforcement", "case_status"):
        assert scene.refused("texas", agreed, MATEO.part("identity"), to="zacatecoluca", purpose=purpose) == [NOT_HERE]


def test_when_the_courts_order_has_ended_its_guardian_agrees_to_nothing_more(scene, agreed, extended):
    asked = {"to": "conna", "purpose": "transfer"}
    assert scene.refused("texas", agreed, MATEO.part(*HIS), **asked) == [NO_ORDER]


def test_the_new_guardians_consent_is_a_record_of_its_own_and_the_extension_its_next_revision(scene, agreed, extended):
    assert extended.basis["record"] != agreed.basis["record"]
    assert (extended.basis["revision"], extended.basis["status"]) == (2, "RenewedConsentGiven")
    assert extended.basis["prev"] == record.head_hash(extended.heads[0])
    assert [row["purpose"] for row in extended.basis["grants"]] == ["reintegration_follow_up", "education"]
    assert bases.load(scene.member("conna"), extended.handoff).heads == extended.heads


def test_the_town_is_told_what_mateo_needs_and_the_school_of_his_schooling_only(scene, extended):
    needs = MATEO.part("minimal_contact", "needs_risk")
    sent = scene.send("conna", extended, needs, to="zacatecoluca", purpose="reintegration_follow_up", urgency="high")
    assert scene.opens("zacatecoluca", sent) == needs
    schooling = MATEO.part("education_skills")
    sent = scene.send("conna", extended, schooling, to="flexible-school", purpose="education")
    assert scene.opens("flexible-school", sent) == schooling
    assert scene.refused("conna", extended, MATEO.part("health"), to="flexible-school", purpose="education") == [
        not_covered("health", "flexible-school@sv.example", "school or training"),
        not_needed("health"),
    ]


def test_the_town_says_that_help_came_and_mateo_says_no_so_it_is_disputed_and_asked_for_anew(scene, extended):
    needs = MATEO.part("minimal_contact", "needs_risk")
    asked = {"to": "zacatecoluca", "purpose": "reintegration_follow_up", "urgency": "high"}
    sent = scene.send("conna", extended, needs, **asked)
    scene.take("zacatecoluca", sent, "accept", first_contact=scene.day(15))
    scene.take("zacatecoluca", sent, "start", contact=scene.day(15))
    scene.take("zacatecoluca", sent, "report_outcome", got_help="yes", text="Was visited at his grandmother's-Syn")
    with pytest.raises(InvalidRequest):
        scene.closes("conna", sent, "child", "no", "Nobody came-Syn")
    scene.disputes("conna", sent, "child", "Nobody came-Syn")
    assert scene.ledger("conna", sent)[-2:] == ["referral.completed", "referral.disputed"]
    again = scene.supersedes("conna", sent, extended, needs, **asked)
    assert scene.ledger("zacatecoluca", again) == ["referral.sent", "packet.delivered"]
    scene.nothing_joins(sent, again)


def test_nobody_was_asked_about_his_status_so_it_is_told_to_nobody(scene, extended):
    asked = {"to": "zacatecoluca", "purpose": "reintegration_follow_up"}
    assert scene.refused("conna", extended, MATEO.part("status"), **asked) == [
        not_covered("residence or return status", "zacatecoluca@sv.example", "visits after the return home"),
        turn_on("residence or return status"),
    ]


def test_the_mother_agrees_for_each_child_and_lucas_is_helped_with_what_he_saw(scene):
    scene.on_day(15)
    help_him = grant("cmpv", "psychosocial_support", "minimal_contact", "needs_risk", turned_on=("mhpss",))
    lucas = scene.consent("conna", LUCAS, parent("mother"), agrees("With Mama."), help_him)
    classes = grant("cmpv", "education", "minimal_contact", "education_skills")
    ines = scene.consent("conna", INES, parent("mother"), agrees("Horses!"), classes)
    asked = {"to": "cmpv", "purpose": "psychosocial_support", "service": "mhpss", "urgency": "high"}
    told = LUCAS.part("minimal_contact", "needs_risk", "mhpss")
    sent = scene.send("conna", lucas, told, **asked)
    assert scene.opens("cmpv", sent) == told
    drawing = INES.part("minimal_contact", "education_skills")
    sent = scene.send("conna", ines, drawing, to="cmpv", purpose="education", service="training")
    assert scene.opens("cmpv", sent) == drawing
    assert scene.sees_nothing_of("zacatecoluca", sent)


def test_what_a_child_saw_is_off_until_somebody_turns_it_on(scene):
    usual = grant("cmpv", "psychosocial_support", "minimal_contact", "mhpss")
    held = scene.consent("conna", LUCAS, parent("mother"), agrees("Yes."), usual)
    asked = {"to": "cmpv", "purpose": "psychosocial_support", "service": "mhpss"}
    assert scene.refused("conna", held, LUCAS.part("mhpss"), **asked) == [turn_on("feelings and mental health")]


def helped_by(scene, agency, *people):
    """The mother's consents, for Lucas and for herself, that name this agency."""
    who = {LUCAS: (parent("mother"), agrees("With Mama.")), MOTHER: (HERSELF, agrees("Yes."))}
    grants = grant(agency, "psychosocial_support", *SEEN, turned_on=("mhpss",))
    return {person: scene.consent("conna", person, *who[person], grants) for person in people}


@pytest.fixture(scope="module")
def silent(scene):
    """D15: Lucas and his mother are referred to the victim office together, each in a packet of their own."""
    scene.on_day(15)
    held = helped_by(scene, "cmpv", LUCAS, MOTHER)
    packets = [(on, person.part(*SEEN, "mhpss")) for person, on in held.items()]
    return scene.send_household("conna", packets, to="cmpv", **HELP)


def test_mother_and_son_are_referred_together_and_neither_packet_tells_of_the_other(scene, silent):
    for one, other, handoff in ((LUCAS, MOTHER, silent[0]), (MOTHER, LUCAS, silent[1])):
        packet = scene.plaintext("cmpv", handoff)
        assert one.name in packet
        assert not any(word in packet for word in (other.name, other.code, other.name.split()[0]))
    scene.nothing_joins(*silent)


def test_the_victim_office_stays_silent_and_the_chase_climbs(scene, silent):
    """It looked into the packets, and nobody said so: opening is no answer."""
    for day, hour in ((18, 9), (19, 21), (21, 9)):
        scene.on_day(day, hour)
    for handoff in silent:
        said = [entry for entry in scene.ledger("conna", handoff) if entry.startswith("followup")]
        assert said == ["followup.reminder", "followup.deputy", "followup.escalated"]
        assert scene.ledger("cmpv", handoff) == scene.ledger("conna", handoff)
    for side in ("conna", "cmpv"):
        assert set(silent) <= set(scene.queue(side, "supervisor", "escalated"))


def test_after_the_silence_lucas_goes_elsewhere_once_his_mother_has_agreed_to_that_too(scene, silent):
    old = helped_by(scene, "cmpv", LUCAS)[LUCAS]
    with pytest.raises(ConsentMissing):
        scene.reroute("conna", silent[0], to="casa-clara", on=old)
    fresh = helped_by(scene, "casa-clara", LUCAS)[LUCAS]
    sent = scene.reroute("conna", silent[0], to="casa-clara", on=fresh)
    assert scene.opens("casa-clara", sent) == LUCAS.part(*SEEN, "mhpss")
    assert (scene.state("cmpv", silent[0]), scene.state("conna", sent)) == ("cancelled", "delivered")
    scene.take("casa-clara", sent, "accept", first_contact=scene.day(23))


def test_a_late_answer_of_the_first_is_heard_and_changes_nothing(scene, silent):
    scene.take("cmpv", silent[0], "late_answer", text="We were moving house-Syn.")
    assert scene.state("conna", silent[0]) == "cancelled"
    assert scene.ledger("conna", silent[0])[-2:] == ["referral.cancelled", "referral.answered_late"]


def test_no_hub_learned_a_name_nothing_joins_and_the_logs_verify(scene):
    scene.hubs_know_nothing_of(MATEO, INES, LUCAS, MOTHER)
    scene.nothing_joins(*scene.handoffs)
    scene.logs_verify()
