"""S3: a household and a boy return from Agadez to Côte d'Ivoire: who agrees for whom, and what each helper may read.

One journey, and for each child a case, a consent, a packet and a leg of its own; seven referrals that end differently;
a boy who waits in a shelter until his father is found; joint visits, and a review when the rent ends.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from hub.casefile.gates.ask import Journey
from hub.client import (
    aftercare,
    due,
    families,
    findings,
    gates,
    inquiries,
    opening,
    reading,
    register,
    timers,
    transfer_steps,
    transfers,
    unmet,
    visits,
)
from hub.client.findings import Item
from hub.client.judging import Plan, Purpose
from tests.support import case_files
from tests.support import transfers as moves
from tests.support.scenario import THEMSELVES, TOO_YOUNG, Person, agrees, grant, guardian, parent, says_no
from tests.support.sentences import (
    CHILD_SAID_NO,
    WRONG_GIVER,
    no_agreement,
    not_covered,
    not_needed,
    not_onward,
)

AGENCIES = {
    "agadez": ("shelter", "NE"),
    "iom-abidjan": ("io", "CI"),
    "clinic": ("health", "CI"),
    "uasc-shelter": ("shelter", "CI"),
    "housing": ("ngo", "CI"),
    "primary-school": ("school", "CI"),
    "mechanics": ("livelihood", "CI"),
    "mhpss-group": ("ngo", "CI"),
    "art-group": ("ngo", "CI"),
    "clinic-treichville": ("health", "CI"),
    "creche": ("ngo", "CI"),
    "creche-cocody": ("ngo", "CI"),
}
RECORD = ("agadez", "iom-abidjan")
AGREEMENTS = (("agadez", "NE", "CI"), ("iom-abidjan", "NE", "CI"))

AWA = Person(
    "SYN-CI-020",
    "Awa Kone-Syn",
    "in_family",
    "0-5",
    "fr",
    "NE",
    {
        "minimal_contact": {"first_name": "Awa Kone-Syn"},
        "identity": {"name": "Awa Kone-Syn", "months": 18},
        "health": {"note": "not yet vaccinated against measles-Syn"},
        "needs_risk": {"need": "a place in a creche-Syn"},
        "economic": {"household": "lives from what the mother sews-Syn"},
    },
)
YAO = Person(
    "SYN-CI-022",
    "Yao Kone-Syn",
    "in_family",
    "6-11",
    "fr",
    "NE",
    {
        "minimal_contact": {"first_name": "Yao Kone-Syn"},
        "identity": {"name": "Yao Kone-Syn", "years": 7},
        "health": {"note": "coughs at night-Syn"},
        "education_skills": {"school": "never in school, counts to forty-Syn"},
        "economic": {"household": "carries water for neighbours-Syn"},
    },
)
MOTHER = Person(
    "SYN-CI-023",
    "Mariam Kone-Syn",
    "adult",
    "18+",
    "fr",
    "NE",
    {
        "minimal_contact": {"first_name": "Mariam Kone-Syn"},
        "identity": {"name": "Mariam Kone-Syn", "years": 27},
        "health": {"note": "pregnant, sixth month-Syn"},
        "economic": {"rent": "needs deposit and three months-Syn"},
    },
)
KOUADIO = Person(
    "SYN-CI-021",
    "Kouadio Brou-Syn",
    "unaccompanied",
    "15-17",
    "fr",
    "NE",
    {
        "minimal_contact": {"first_name": "Kouadio Brou-Syn"},
        "identity": {"name": "Kouadio Brou-Syn", "years": 16},
        "family_links": {"father": "Brou Kouassi-Syn, Bouake"},
        "child_views": {"wants": "to earn, not to go to school-Syn"},
        "education_skills": {"skill": "has repaired mopeds for a year-Syn"},
        "needs_risk": {"risk": "father does not answer his phone-Syn"},
        "mhpss": {"note": "dreams of the desert-Syn"},
    },
)
HOUSEHOLD = (AWA, YAO, MOTHER)
SAME = ("minimal_contact", "identity", "health", "education_skills", "economic")
HIS = ("identity", "family_links", "child_views", "education_skills", "needs_risk", "minimal_contact")
CHILDREN = (AWA, YAO)
WAY = ("minimal_contact", "identity", "family_links", "travel_arrival", "plan", "safety_plan", "monitoring_plan")
HOME = Purpose("return", final=True, return_mode="assisted_voluntary")
TO_ABIDJAN = Purpose("return", final=False, return_mode="assisted_voluntary")
THEIR_HELPERS = ("clinic", "clinic-treichville", "housing", "primary-school", "creche", "creche-cocody")
HELPERS = ("uasc-shelter", "mechanics", "mhpss-group", "art-group")


@pytest.fixture(scope="module")
def household(scene):
    """D2: the mother agrees for Awa, for Yao, who is asked, and once more for herself."""
    scene.on_day(2)
    home = grant("iom-abidjan", "reception", *SAME, onward=THEIR_HELPERS)
    way = grant("iom-abidjan", "transfer", *WAY)
    return {
        AWA: scene.consent("agadez", AWA, parent("mother"), TOO_YOUNG, home, way),
        YAO: scene.consent("agadez", YAO, parent("mother"), agrees("With Mama."), home, way),
        MOTHER: scene.consent("agadez", MOTHER, THEMSELVES, agrees("Yes."), home),
    }


@pytest.fixture(scope="module")
def kouadio(scene, household):
    """D2: his guardian and Kouadio agree to Abidjan, and to those who will help him there."""
    asked = grant("iom-abidjan", "reception", *HIS, onward=HELPERS, turned_on=("mhpss",))
    order = guardian("SYN-GD-31", "Juge des mineurs, Agadez")
    way = grant("iom-abidjan", "transfer", *HIS, "travel_arrival")
    return scene.consent("agadez", KOUADIO, order, agrees("I want to earn."), asked, way)


@pytest.fixture(scope="module")
def received(scene, household, kouadio):
    """D4: IOM Abidjan is sent each one's own packet."""
    scene.on_day(4)
    asked = {"to": "iom-abidjan", "purpose": "reception"}
    return {one: scene.send("agadez", household[one], one.part(*_of(one)), **asked) for one in HOUSEHOLD}


@pytest.fixture(scope="module")
def his_packet(scene, kouadio, received):
    """D4: what IOM Abidjan is sent of Kouadio."""
    return scene.send("agadez", kouadio, KOUADIO.part(*HIS, "mhpss"), to="iom-abidjan", purpose="reception")


def by_night(scene):
    """Leave on the evening of D9 and arrive before eight on D10."""
    return Plan(scene.moment(9, hour=20), scene.moment(10, hour=2), scene.moment(10, hour=8))


def on_the_way(scene, child):
    """The case file of somebody before the journey: best interests are determined in Niger, by a panel."""
    whole = moves.file_of(scene, child)
    outcome = "family_reunification" if child is KOUADIO else "return"
    decided = case_files.bid("bid1", outcome, scene.day(0), "NE", coo=["coo1"])
    named = {"full": child.name}
    who = case_files.identity(child.name, 2009, "male", "CI", "fr")
    coo = [case_files.coo("coo1", scene.day(0), "CI", "Abidjan-Syn")]
    return {
        "needs_risk": case_files.needs("medium", "education"),
        "child_views": case_files.views("Home, with the others-Syn", scene.day(1), "fr"),
        "health": {"v": 1, "treatment_needed": False},
        **whole,
        "identity": {**who, "names": named},
        "bia_bid": {
            "v": 1,
            "bid": decided,
            "refoulement": case_files.screen(scene.day(0)),
            "return_mode": "assisted_voluntary",
        },
        "coo_home_study": {"v": 1, "coo": coo},
        "safety_plan": case_files.safety(scene.day(2)),
        "monitoring_plan": case_files.monitoring(scene.day(12)),
        "travel_arrival": case_files.travel(
            scene.day(9), scene.moment(10, hour=2), scene.moment(10, hour=8), "Abidjan-Syn", "Aya-Syn"
        ),
    }


@pytest.fixture(scope="module")
def files(scene, household, kouadio):
    """D2: the shelter in Agadez keeps a case for each child, and answers for each."""
    sections = {child: on_the_way(scene, child) for child in (*CHILDREN, KOUADIO)}
    traced = {"id": "t1", "of": "parents", "person": "father", "asked": scene.day(0), "outcome": "found"}
    sections[KOUADIO]["family_links"] = {
        "v": 1,
        "members": sections[KOUADIO]["family_links"]["members"],
        "tracing": [{**traced, "on": scene.day(1)}],
    }
    shelter = {"kind": "shelter", "from": scene.day(10), "carer": "a shelter in Abidjan-Syn", "accepted": True}
    sections[KOUADIO]["care_guardianship"]["next_placement"] = shelter
    return {child: moves.opens_case(scene, "agadez", whole) for child, whole in sections.items()}


def offer_of(scene, files, child, on):
    """What is offered of a child who travels with the mother."""
    asked = {"to": "iom-abidjan", "on": on, "sections": WAY, "purpose": HOME, "plan": by_night(scene)}
    return moves.offer(scene, "agadez", files[child], **asked)


@pytest.fixture(scope="module")
def legs(scene, household, kouadio, files, his_packet):
    """D4: brother and sister are offered together, Kouadio alone; Abidjan accepts all three."""
    offers = [offer_of(scene, files, child, household[child]) for child in CHILDREN]
    made = families.offer(scene.member("agadez"), offers)
    for one in made:
        transfers.cosign(moves.second(scene, "agadez"), one.prepared.cosign)
        scene.handoffs.append(one.leg)
    scene.deliver()
    found = dict(zip(CHILDREN, (one.leg for one in made), strict=True))
    his = {"to": "iom-abidjan", "on": kouadio, "sections": (*HIS, "travel_arrival"), "purpose": TO_ABIDJAN}
    found[KOUADIO] = moves.proposes(scene, "agadez", files[KOUADIO], **his, plan=by_night(scene))
    for leg in found.values():
        moves.says(scene, "iom-abidjan", leg, "transfer.acknowledge")
        moves.accepts(scene, "iom-abidjan", leg, by_night(scene))
    return found


@pytest.fixture(scope="module")
def home(scene, legs):
    """D9 and D10: one journey by night; each is seen in Abidjan, and each case is handed over on its own."""
    scene.on_day(9, hour=19)
    for leg in legs.values():
        moves.departs(scene, "agadez", leg, by_night(scene))
    scene.on_day(10, hour=7)
    for child, leg in legs.items():
        transfer_steps.arrive(scene.member("iom-abidjan"), leg, scene.world.clock.now())
        scene.deliver()
        findings.verify(scene.member("iom-abidjan"), leg, [Item("identity", "names", "verified")])
        scene.deliver()
        if child is KOUADIO:
            moves.takes_over(scene, "agadez", "iom-abidjan", leg, scene.day(17))
        else:
            moves.hands_over(scene, "agadez", "iom-abidjan", leg, scene.day(17))
    return {child: moves.has_case(scene, "iom-abidjan", leg) for child, leg in legs.items()}


@pytest.fixture(scope="module")
def seven(scene, received, his_packet, home):
    """D10: everybody whom the household and Kouadio need is asked, each for one thing."""
    scene.on_day(10)
    asked = (
        ("uasc-shelter", KOUADIO, "alternative_care", "urgent", ("minimal_contact", "needs_risk", "family_links")),
        ("mechanics", KOUADIO, "training", "routine", ("minimal_contact", "education_skills")),
        ("mhpss-group", KOUADIO, "mhpss", "high", ("minimal_contact", "mhpss")),
        ("clinic", AWA, "clinic", "urgent", ("minimal_contact", "health")),
        ("creche", AWA, "school", "routine", ("minimal_contact",)),
        ("primary-school", YAO, "school", "routine", ("minimal_contact", "education_skills")),
        ("housing", MOTHER, "housing", "high", ("minimal_contact", "economic")),
    )
    sent = {}
    for to, one, service, urgency, sections in asked:
        on = scene.passes_on("iom-abidjan", his_packet if one is KOUADIO else received[one])
        about = {"purpose": "reception", "service": service, "urgency": urgency}
        sent[to] = scene.send("iom-abidjan", on, one.part(*sections), to=to, **about)
    return sent


def _of(one):
    return tuple(section for section in SAME if section in one.file)


def test_mother_and_children_have_a_record_each(scene, household):
    assert [scene.consents_for("agadez", one) for one in HOUSEHOLD] == [1, 1, 1]
    givers = [household[one].basis["giver"]["capacity"] for one in HOUSEHOLD]
    answers = [household[one].basis["assent"]["answer"] for one in HOUSEHOLD]
    assert givers == ["parent", "parent", "self"]
    assert answers == ["not_asked", "agreed", "agreed"]
    assert len({household[one].token for one in HOUSEHOLD}) == 3


def test_abidjan_sees_of_each_one_what_was_agreed_for_that_one(scene, received):
    for one in HOUSEHOLD:
        assert scene.opens("iom-abidjan", received[one]) == one.part(*_of(one))


def test_for_another_reason_the_mother_is_asked_again(scene, household):
    assert scene.refused("agadez", household[MOTHER], MOTHER.part("health"), to="iom-abidjan", purpose="education") == [
        not_covered("health", "iom-abidjan@ci.example", "school or training", "the person themselves")
    ]


def test_a_child_of_seven_must_be_asked_and_may_say_no(scene):
    asked = {"to": "iom-abidjan", "purpose": "reception"}
    home = grant("iom-abidjan", "reception", "identity")
    for answer in (TOO_YOUNG, says_no("Not the cough.")):
        held = scene.consent("agadez", YAO, parent("mother"), answer, home)
        assert scene.refused("agadez", held, YAO.part("identity"), **asked) == [CHILD_SAID_NO]


def test_the_mother_cannot_agree_for_the_boy_who_travels_with_them(scene):
    home = grant("iom-abidjan", "reception", "identity")
    held = scene.consent("agadez", KOUADIO, parent("a mother, not his"), agrees("Yes."), home)
    assert scene.refused("agadez", held, KOUADIO.part("identity"), to="iom-abidjan", purpose="reception") == [
        WRONG_GIVER
    ]


def test_the_boy_cannot_agree_alone_at_sixteen(scene):
    home = grant("iom-abidjan", "reception", "identity")
    alone = {"capacity": "self", "years": 16, "order": None}
    held = scene.consent("agadez", KOUADIO, alone, agrees("I am a man."), home)
    assert scene.refused("agadez", held, KOUADIO.part("identity"), to="iom-abidjan", purpose="reception") == [
        WRONG_GIVER
    ]


def test_kouadios_guardian_and_he_agree_and_abidjan_sees_what_they_named(scene, his_packet):
    assert scene.opens("iom-abidjan", his_packet) == KOUADIO.part(*HIS, "mhpss")


def test_his_helpers_get_their_part_because_the_consent_names_them(scene, his_packet):
    on = scene.passes_on("iom-abidjan", his_packet)
    for to, service, sections in (
        ("uasc-shelter", None, ("minimal_contact", "needs_risk", "family_links")),
        ("mechanics", "training", ("minimal_contact", "education_skills")),
        ("mhpss-group", "mhpss", ("minimal_contact", "mhpss")),
    ):
        what = KOUADIO.part(*sections)
        sent = scene.send("iom-abidjan", on, what, to=to, purpose="reception", service=service)
        assert scene.opens(to, sent) == what


def test_the_art_group_for_children_of_3_to_12_turns_him_away_with_the_reason(scene, his_packet):
    on = scene.passes_on("iom-abidjan", his_packet)
    asked = {"to": "art-group", "purpose": "reception", "needs": ("recreation",), "sex": "male", "area": "CI01"}
    handoff = scene.send("iom-abidjan", on, KOUADIO.part("minimal_contact"), **asked)
    scene.take("art-group", handoff, "decline", code="not_eligible", text="age 16 > 12")
    (said,) = opening.open_handoff(scene.member("iom-abidjan"), handoff)
    assert (said.sections["reply"]["code"], said.sections["reply"]["text"]) == ("not_eligible", "age 16 > 12")
    assert scene.ledger("iom-abidjan", handoff)[-1] == "referral.declined"


def test_the_art_group_itself_makes_an_exception_and_signs_it_where_none_is_told_on_the_phone(scene, his_packet):
    on = scene.passes_on("iom-abidjan", his_packet)
    group = "8f0b1a52-2f3e-5c53-9d9c-0a5a3d1c7b11"
    listing = {"id": group, "verified": scene.today(), "answered": True, "fails": ["age"], "excludes": []}
    boy = {"months_from": 16 * 12, "sex": "male"}
    asked = {"to": "art-group", "purpose": "reception", "listing": {**listing, "service": None}, "about": boy}
    refused = scene.refused("iom-abidjan", on, KOUADIO.part("minimal_contact"), **asked)
    assert [reason.split()[0] for reason in refused] == ["R19"]
    about_nobody = {"need": "recreation", "service": group, "age_band": "15-17", "sex": "male", "from": scene.day(20)}
    inquiry = scene.asks_for_a_place("iom-abidjan", "art-group", **about_nobody)
    made = {"criteria": ["age"], "until": scene.day(60), "reason": "An older boy may help the little ones."}
    scene.answers_about_a_place("art-group", inquiry, "capacity", exception=made)
    signed = inquiries.exception(scene.member("iom-abidjan"), inquiry)
    assert scene.send("iom-abidjan", on, KOUADIO.part("minimal_contact"), **asked, exception=signed)


def test_what_nobody_gives_him_is_written_down_where_no_hub_reads_it(scene, his_packet):
    worker = scene.member("iom-abidjan")
    (declined,) = [row["id"] for row in reading.pages(worker, "referral", "out") if row["state"] == "declined"]
    unmet.resolve(worker, declined)
    scene.deliver()
    assert scene.state("art-group", declined) == "closed_declined"
    (need,) = unmet.records(worker)
    assert (need.need, need.reason, need.area, need.sex) == ("recreation", "not_eligible", "CI01", "male")


def test_his_age_limits_work_and_no_exception_lifts_that(scene, his_packet):
    """A workshop takes trainees from 18; the limit of child labour has no override (R19)."""
    on = scene.passes_on("iom-abidjan", his_packet)
    listing = {
        "id": "2966a4ba-ec2b-598f-9a1b-94019815f9e9",
        "service": "training",
        "verified": scene.today(),
        "answered": True,
    }
    listing |= {"fails": [], "labour_from": 18 * 12, "excludes": []}
    asked = {"to": "mechanics", "purpose": "reception", "service": "training"}
    told = KOUADIO.part("minimal_contact", "education_skills")
    refused = scene.refused("iom-abidjan", on, told, **asked, listing=listing, about={"months_from": 16 * 12})
    assert [reason.split()[0] for reason in refused] == ["R19"]


def test_the_mechanics_read_of_his_skill_and_not_of_his_father(scene, his_packet):
    on = scene.passes_on("iom-abidjan", his_packet)
    asked = {"to": "mechanics", "purpose": "reception", "service": "training"}
    assert scene.refused("iom-abidjan", on, KOUADIO.part("family_links"), **asked) == [
        not_needed("family and relatives", "A training place")
    ]


def test_the_school_is_not_told_of_the_boy_because_nobody_agreed_to_it(scene, his_packet):
    on = scene.passes_on("iom-abidjan", his_packet)
    asked = {"to": "primary-school", "purpose": "reception", "service": "school"}
    assert scene.refused("iom-abidjan", on, KOUADIO.part("education_skills"), **asked) == [
        not_onward("primary-school@ci.example")
    ]


def test_the_clinic_reads_about_health_and_never_about_money(scene, received):
    for one in HOUSEHOLD:
        on = scene.passes_on("iom-abidjan", received[one])
        asked = {"to": "clinic", "purpose": "reception", "service": "clinic"}
        wanted = one.part("minimal_contact", "health", "economic")
        seen = scene.preview("iom-abidjan", on, wanted, **asked)
        assert seen.seen == ("health", "minimal_contact")
        assert [reason.rule for reason in seen.missing["economic"]] == ["R11"]
        assert scene.refused("iom-abidjan", on, wanted, **asked) == [
            not_needed("work and money of the family", "A clinic")
        ]
        sent = scene.send("iom-abidjan", on, one.part("minimal_contact", "health"), **asked)
        assert scene.opens("clinic", sent) == one.part("minimal_contact", "health")


def test_for_housing_only_the_mothers_own_money_is_told(scene, received):
    on = scene.passes_on("iom-abidjan", received[MOTHER])
    asked = {"to": "housing", "purpose": "reception", "service": "housing"}
    sent = scene.send("iom-abidjan", on, MOTHER.part("minimal_contact", "economic"), **asked)
    assert scene.opens("housing", sent) == MOTHER.part("minimal_contact", "economic")
    assert scene.refused("iom-abidjan", on, MOTHER.part("health"), **asked) == [not_needed("health", "Housing")]


def test_nothing_crosses_a_border_without_an_agreement_between_the_two_countries(scene, received):
    """The clinic keeps no sharing agreement with Niger, so nothing may go back there."""
    scene.world.train(scene.member("clinic"), scene.colleague("clinic", "clinic-trainer", "agency_admin"))
    back = grant("agadez", "medical_care", "health")
    held = scene.consent("clinic", YAO, parent("mother"), agrees("Yes."), back)
    assert scene.refused("clinic", held, YAO.part("health"), to="agadez", purpose="medical_care") == [
        no_agreement("health", "agadez@ne.example")
    ]


def test_a_boy_who_says_no_stays_and_somebody_asks_whether_his_sister_should_go(scene, household, files, his_packet):
    no = scene.consent(
        "agadez", YAO, parent("mother"), says_no("Not without my dog."), grant("iom-abidjan", "transfer", *WAY)
    )
    offers = [offer_of(scene, files, AWA, household[AWA]), offer_of(scene, files, YAO, no)]
    awa, yao = families.offer(scene.member("agadez"), offers)
    assert awa.prepared is not None
    assert yao.prepared is None
    assert yao.refused.facts["gates"] == ["R26"], "his no stands until it is settled"
    asked = [row.about for row in timers.listing(scene.member("agadez"), case=files[AWA].record)]
    assert [(about.rule, about.facts["leg"]) for about in asked] == [(families.RULE, awa.leg)]
    assert scene.sees_nothing_of("iom-abidjan", yao.leg)


def test_sister_and_brother_travel_together_and_no_hub_knows_that_they_belong_together(scene, legs):
    assert families.siblings(scene.member("agadez"), legs[AWA]) == [legs[YAO]]
    scene.nothing_joins(*legs.values())
    for child in CHILDREN:
        seen = moves.reads(scene, "iom-abidjan", legs[child])
        assert set(seen) == set(WAY)
        other = next(one for one in CHILDREN if one is not child)
        assert other.name not in str(seen)


def test_each_child_has_one_holder_before_and_after_the_night(scene, legs, home):
    for child, leg in legs.items():
        for side in ("agadez", "iom-abidjan"):
            held = register.who_holds(scene.member(side), leg)
            assert (held.holder, held.acting) == (scene.address("iom-abidjan"), (scene.address("iom-abidjan"),))
        assert scene.ledger("agadez", leg) == scene.ledger("iom-abidjan", leg)
        said = [word for word in scene.ledger("agadez", leg) if not word.startswith("followup.")]
        assert set(said[:3]) == {"transfer.proposed", "packet.delivered", "search.sealed"}
        assert said[3:] == [
            *("transfer.acknowledged", "transfer.accepted", "transfer.departed", "transfer.arrived"),
            *("arrival.verified", "transfer.handed_over", "transfer.confirmed"),
        ]
        assert scene.cannot_decrypt("clinic", leg, stolen_from="iom-abidjan"), child.code


def test_before_the_workshop_is_asked_for_kouadio_it_is_asked_for_a_place_for_nobody(scene, his_packet):
    asked = {"need": "skills", "age_band": "15-17", "sex": "male", "from": scene.day(20)}
    inquiry = scene.asks_for_a_place("iom-abidjan", "mechanics", **asked)
    question = scene.inquiry("mechanics", inquiry).question
    assert {name: question[name] for name in asked} == asked
    scene.answers_about_a_place("mechanics", inquiry, "capacity", starting=scene.day(20), places=2)
    assert scene.inquiry("iom-abidjan", inquiry).answer["places"] == 2


def test_two_clinics_are_asked_for_the_mother_and_the_other_is_told_once_one_has_said_yes(scene, received):
    scene.on_day(10)
    on = scene.passes_on("iom-abidjan", received[MOTHER])
    asked = {"purpose": "reception", "service": "clinic", "urgency": "high"}
    clinics = ("clinic", "clinic-treichville")
    one, other = scene.send_to_several("iom-abidjan", on, MOTHER.part("minimal_contact", "health"), clinics, **asked)
    scene.take("clinic-treichville", other, "accept", first_contact=scene.day(12))
    scene.chooses("iom-abidjan", other)
    assert scene.ledger("clinic", one) == ["referral.sent", "packet.delivered", "referral.cancelled"]
    assert one not in scene.queue("clinic", "provider"), "it need not answer"
    assert scene.state("iom-abidjan", other) == "accepted"
    scene.nothing_joins(one, other)


def test_agencies_that_nobody_named_find_nothing_and_have_no_key(scene, received, his_packet):
    for outsider in ("primary-school", "uasc-shelter", "mhpss-group"):
        assert scene.sees_nothing_of(outsider, received[MOTHER])
        assert scene.cannot_decrypt(outsider, received[MOTHER], stolen_from="iom-abidjan")
    assert scene.cannot_decrypt("clinic", his_packet, stolen_from="iom-abidjan")


def test_seven_are_asked_each_for_one_thing_and_no_two_can_be_joined(scene, seven):
    assert len(seven) == 7
    for handoff in seven.values():
        assert scene.ledger("iom-abidjan", handoff) == ["referral.sent", "packet.delivered"]
    scene.nothing_joins(*seven.values())
    assert scene.opens("creche", seven["creche"]) == AWA.part("minimal_contact")


def test_the_creche_is_full_and_awa_goes_to_another_one_that_her_mother_had_named(scene, received, seven):
    full = seven["creche"]
    scene.take("creche", full, "decline", code="no_capacity", text="No place before the summer-Syn")
    again = scene.reroute("iom-abidjan", full, to="creche-cocody", on=scene.passes_on("iom-abidjan", received[AWA]))
    assert scene.ledger("iom-abidjan", full)[-2:] == ["referral.declined", "referral.rerouted"]
    assert scene.opens("creche-cocody", again) == AWA.part("minimal_contact")
    scene.take("creche-cocody", again, "accept", first_contact=scene.day(14))
    assert scene.ledger("iom-abidjan", again) == ["referral.sent", "packet.delivered", "referral.accepted"]
    assert not any(name in scene.plaintext("creche-cocody", again) for name in ("Yao", "Mariam", "Kouadio"))
    assert scene.sees_nothing_of("creche", again)


def test_kouadio_is_sheltered_from_day_10_until_his_father_is_found_on_day_17(scene, seven):
    shelter = seven["uasc-shelter"]
    scene.take("uasc-shelter", shelter, "accept", first_contact=scene.day(10))
    scene.take("uasc-shelter", shelter, "start", contact=scene.day(10))
    scene.on_day(17)
    scene.take("uasc-shelter", shelter, "report_outcome", got_help="yes", text="His father came himself-Syn")
    scene.closes("iom-abidjan", shelter, "child", "yes", "He wants to see the workshop-Syn")
    assert scene.ledger("iom-abidjan", shelter)[-4:] == [
        "referral.accepted",
        "referral.started",
        "referral.completed",
        "referral.closed",
    ]


def test_kouadio_goes_to_his_father_once_he_has_said_yes_in_writing(scene, home, seven):
    """D17: the home was looked at, and his father has come; before he signs, no gate opens."""
    scene.on_day(17)
    case, worker = home[KOUADIO], scene.member("iom-abidjan")
    found = moves.file_of(scene, KOUADIO, "family_links", "plan")
    willing = found["family_links"].pop("willingness")
    tracing = [
        {"id": "t1", "of": "parents", "person": "father", "asked": scene.day(0), "outcome": "found", "on": scene.day(1)}
    ]
    moves.writes(scene, "iom-abidjan", case, "family_links", **{**found["family_links"], "tracing": tracing})
    moves.writes(scene, "iom-abidjan", case, "plan", **{**found["plan"], "agreed_on": scene.day(17)})
    study = [case_files.study("home1", scene.day(16), "father")]
    moves.writes(scene, "iom-abidjan", case, "coo_home_study", home_studies=study)
    decided = case_files.bid("bid2", "family_reunification", scene.day(17), "CI", home_studies=["home1"])
    moves.writes(scene, "iom-abidjan", case, "bia_bid", bid=decided, refoulement=case_files.screen(scene.day(0)))
    order = case_files.guardian("SYN-GD-32", scene.day(10), "judge in Abidjan-Syn")
    moves.writes(scene, "iom-abidjan", case, "care_guardianship", **case_files.care("unaccompanied", order))
    moves.writes(scene, "iom-abidjan", case, "safety_plan", **case_files.safety(scene.day(17)))
    moves.writes(scene, "iom-abidjan", case, "monitoring_plan", **case_files.monitoring(scene.day(20)))
    moves.writes(scene, "iom-abidjan", case, "health", v=1, treatment_needed=False)
    told = {"situation": "unaccompanied", "final": True, "crosses_border": False, "disagreement": False}
    journey = Journey(leg="A" * 22, purpose="reunification", return_mode="assisted_voluntary", **told)
    before = gates.check(worker, case.record, "reunification", journey)
    assert [row.gate for row in before.blocked] == ["R28"]
    moves.writes(scene, "iom-abidjan", case, "family_links", willingness=willing)
    assert gates.check(worker, case.record, "reunification", journey).permitted


def test_a_joint_team_visits_the_household_every_two_weeks_and_asks_at_three_nine_and_eighteen_months(
    scene, home, legs
):
    worker = scene.member("iom-abidjan")
    for child, case in home.items():
        moves.says(scene, "iom-abidjan", legs[child], "transfer.first_contact", day=scene.day(17), next=scene.day(46))
        aftercare.follow(worker, case.record, scene.date(10), "medium", "household", country="CI")
        visits.visit(worker, case.record, scene.world.clock.now(), themes={"safe": "good"})
    held = aftercare.read(worker, home[AWA].record)
    days = [row.day for row in due.due(held, scene.date(70)) if row.what == "face_to_face"]
    assert {(later - sooner).days for sooner, later in pairwise(days)} == {14}
    surveys = [row.day for row in due.due(held, scene.date(10 + 560)) if row.what == "survey"]
    assert [(day.year * 12 + day.month) - (2025 * 12 + 3) for day in surveys] == [3, 9, 18]
    assert held.review_due <= scene.date(10 + 92)


def test_a_fortnight_before_the_rent_ends_somebody_is_told(scene, home):
    worker = scene.member("iom-abidjan")
    about = timers.About("The rent ends on day 106-Syn", home[AWA].record, "rent", {"until": scene.day(106)})
    alarm = timers.set_timer(worker, about, scene.moment(92, hour=0))
    (kept,) = (row for row in timers.listing(worker, case=home[AWA].record) if row.handoff == alarm)
    assert kept.due == scene.moment(92, hour=0)
    scene.said.add("The rent ends on day 106-Syn")


def test_the_rent_is_paid_for_three_months_and_the_mother_is_asked_when_they_are_over(scene, seven):
    """A review would be due within a month; the owner gives the housing partner time until the rent ends."""
    rent = seven["housing"]
    scene.on_day(18)
    scene.take("housing", rent, "accept", first_contact=scene.day(18))
    scene.take("housing", rent, "start", contact=scene.day(18))
    scene.pauses_clock("iom-abidjan", rent, until=scene.moment(106), reason="Rent is paid until June-Syn")
    scene.on_day(60)
    assert not any(word.startswith("followup.") for word in scene.ledger("iom-abidjan", rent)[4:])
    scene.on_day(106)
    scene.take("housing", rent, "report_outcome", got_help="yes", text="Three months were paid to the landlady-Syn")
    scene.closes("iom-abidjan", rent, "adult", "yes", "They may stay; she pays the fourth herself-Syn")
    assert scene.ledger("iom-abidjan", rent)[-2:] == ["referral.completed", "referral.closed"]


def test_when_the_rent_ends_the_plan_of_the_household_is_another_one(scene, home, seven):
    scene.on_day(106)
    present, words = ("child", "caregiver", "worker", "supervisor"), "She pays the rent from what she sews-Syn"
    scene.said.add(words)
    for child in CHILDREN:
        case = home[child].record
        visits.review(scene.member("iom-abidjan"), case, scene.date(106), present, changed=True, words=words)
        held = aftercare.read(scene.member("iom-abidjan"), case)
        assert held.of("review")[-1].value["changed"] is True
        assert held.review_due > scene.date(190)


def test_no_hub_learned_a_name_nothing_joins_and_the_logs_verify(scene):
    scene.hubs_know_nothing_of(*HOUSEHOLD, KOUADIO)
    scene.nothing_joins(*scene.handoffs)
    scene.logs_verify()
