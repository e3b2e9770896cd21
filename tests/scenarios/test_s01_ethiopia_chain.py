"""S1: two children from Tigray are stopped in Djibouti, return home by way of Addis Ababa, and are helped there.

Consent, referrals, and a committee that answers by telephone. What moves responsibility (transfer, arrival, the
determination before reunification) is not told here: where the scenario hands a case over, a referral carries the
packet.
"""

from __future__ import annotations

import pytest

from hub.client import basis as bases
from hub.errors import HubError, NotFound
from tests.support.scenario import THEMSELVES, Person, agrees, grant, guardian, parent
from tests.support.sentences import A_PERSON, AUTHORITY_ONLY, CHILD_SAID_NO, FIREWALL, not_covered, not_needed, turn_on

AGENCIES = {
    "shelter": ("shelter", "DJ"),
    "desk": ("authority", "DJ"),
    "iom-djibouti": ("io", "DJ"),
    "border-police": ("border_police", "DJ"),
    "addis": ("io", "ET"),
    "bureau": ("authority", "ET"),
    "kebele": ("local_government", "ET"),
    "coalition": ("community_structure", "ET"),
    "clinic": ("health", "ET"),
}
RECORD = ("shelter", "addis", "kebele")
AGREEMENTS = ()  # every agency keeps the one between Djibouti and Ethiopia

HAGOS = Person(
    "SYN-ET-001",
    "Hagos Tesfay-Syn",
    "unaccompanied",
    "15-17",
    "ti",
    "DJ",
    {
        "minimal_contact": {"first_name": "Hagos Tesfay-Syn", "reach": "by the shelter in Obock-Syn"},
        "identity": {"name": "Hagos Tesfay-Syn", "years": 16, "from": "Adi Keyih-Syn"},
        "status": {"stay": "stopped before sailing to Aden-Syn"},
        "family_links": {"mother": "Letebrhan Syn-Hagos"},
        "needs_risk": {"risk": "wants to try the boat again-Syn"},
        "health": {"note": "malaria last autumn-Syn"},
        "child_views": {"wants": "to be home before the rains-Syn"},
        "documents": {"school_card": "copy, sixth grade-Syn"},
        "travel_arrival": {"wish": "to travel with Selam-Syn"},
        "plan": {"aim": "a kiosk with his mother-Syn"},
        "safety_plan": {"call": "the priest of Adi Keyih-Syn"},
        "monitoring_plan": {"visits": "weekly in the first month-Syn"},
        "economic": {"loan": "a kiosk, for his mother-Syn"},
        "exploitation": {"debt": "owes a smuggler at Obock-Syn"},
    },
)
SELAM = Person(
    "SYN-ET-002",
    "Selam Berhe-Syn",
    "unaccompanied",
    "15-17",
    "ti",
    "DJ",
    {
        "minimal_contact": {"first_name": "Selam Berhe-Syn", "reach": "by the women's house-Syn"},
        "identity": {"name": "Selam Berhe-Syn", "years": 15, "from": "Zalambessa-Syn"},
        "status": {"stay": "no papers since Galafi-Syn"},
        "family_links": {"father": "Berhe Syn-Selam"},
        "needs_risk": {"risk": "sleeps badly since Galafi-Syn"},
        "health": {"note": "anaemia, needs iron-Syn"},
        "child_views": {"wants": "to go back to school-Syn"},
        "documents": {"church_letter": "baptism at Zalambessa-Syn"},
        "travel_arrival": {"wish": "a woman as escort-Syn"},
        "economic": {"loan": "two goats, for her father-Syn"},
    },
)
LETEBRHAN = Person(
    "SYN-ET-003",
    "Letebrhan Gebre-Syn",
    "adult",
    "18+",
    "ti",
    "ET",
    {
        "minimal_contact": {"first_name": "Letebrhan Gebre-Syn"},
        "economic": {"loan": "a kiosk beside the church-Syn"},
    },
)
CHILDREN = (HAGOS, SELAM)
BORROWERS = (LETEBRHAN, SELAM)
LOAN = ("minimal_contact", "economic")
COMMITTEE = "+251911000077"
NAMED = ("identity", "family_links", "needs_risk", "health", "child_views", "documents", "travel_arrival")
PLANS = ("plan", "safety_plan", "monitoring_plan")
FIRST_GUARDIAN = guardian("SYN-GD-11", "child-protection desk Djibouti")
SECOND_GUARDIAN = guardian("SYN-GD-12", "Bureau of Women, Children and Youth")
WAY_HOME = (
    grant("iom-djibouti", "registration", *NAMED, turned_on=("status",)),
    grant("addis", "transfer", *NAMED, turned_on=("status",)),
)


@pytest.fixture(scope="module")
def agreed(scene):
    """D2: each child has a record of its own; the guardian and the child agree to the way home."""
    scene.on_day(2)
    return {child: scene.consent("shelter", child, FIRST_GUARDIAN, agrees("Home."), *WAY_HOME) for child in CHILDREN}


@pytest.fixture(scope="module")
def arrived(scene, agreed):
    """D3: what Addis is sent of each child."""
    scene.on_day(3)
    part = (*NAMED, "status")
    return {
        child: scene.send("shelter", agreed[child], child.part(*part), to="addis", purpose="transfer")
        for child in CHILDREN
    }


@pytest.fixture(scope="module")
def at_home(scene):
    """D25: the children live with their families. Hagos's mother asks for herself, Selam's father for his daughter."""
    scene.on_day(25)
    loan = grant("coalition", "livelihood", *LOAN)
    return {
        LETEBRHAN: scene.consent("kebele", LETEBRHAN, THEMSELVES, agrees("A good plan."), loan),
        SELAM: scene.consent("kebele", SELAM.in_family("ET"), parent("father"), agrees("Goats!"), loan),
    }


@pytest.fixture(scope="module")
def loans(scene, at_home):
    """D25: the Kebele's social worker refers each to the coalition's focal point, by name of that person."""
    asked = {"to": "coalition", "purpose": "livelihood", "person": "coalition", "needs": ("microfinance",)}
    return {one: scene.send("kebele", at_home[one], one.part(*LOAN), **asked) for one in BORROWERS}


@pytest.fixture(scope="module")
def acknowledged(scene, loans):
    """D29: the focal point is reached by phone, says yes to both, and reads six digits back for the goats."""
    scene.on_day(29)
    scene.has_number("coalition", COMMITTEE, known_to="kebele")
    scene.reports("kebele", loans[LETEBRHAN], "acknowledge", "phone", "Tesfaye, 9 o'clock: the committee has it-Syn")
    code = scene.digits_read_back("kebele", loans[SELAM], COMMITTEE)
    scene.reports("kebele", loans[SELAM], "acknowledge", "phone", "Tesfaye read the digits out-Syn", code=code)
    return loans


@pytest.fixture(scope="module")
def begun(scene, acknowledged):
    """D32 and D46: the committee accepts the kiosk, and pays it out; again by phone."""
    kiosk = acknowledged[LETEBRHAN]
    scene.on_day(32)
    scene.reports("kebele", kiosk, "accept", "phone", "Tesfaye: yes, after the feast-Syn", first_contact=scene.day(46))
    scene.on_day(46)
    scene.reports("kebele", kiosk, "start", "phone", "Tesfaye: the money is paid out-Syn", contact=scene.day(46))
    return kiosk


def test_before_there_is_a_guardian_the_duty_to_protect_reaches_the_authority_alone(scene):
    scene.on_day(1)
    duty = scene.duty_to_protect("shelter", tell="desk", child="agreed")
    needed = HAGOS.part("minimal_contact", "needs_risk", "child_views")
    sent = scene.send("shelter", duty, needed, to="desk", purpose="protection")
    assert scene.opens("desk", sent) == needed
    scene.take("desk", sent, "acknowledge")
    assert scene.ledger("shelter", sent) == ["referral.sent", "packet.delivered", "referral.acknowledged"]


def test_the_duty_to_protect_tells_no_more_than_the_authority_needs_and_nobody_else(scene):
    duty = scene.duty_to_protect("shelter", tell="desk", child="agreed")
    too_much = HAGOS.part("needs_risk", "identity")
    assert scene.refused("shelter", duty, too_much, to="desk", purpose="protection") == [AUTHORITY_ONLY]
    elsewhere = scene.duty_to_protect("shelter", tell="addis", child="agreed")
    needed = HAGOS.part("needs_risk")
    assert scene.refused("shelter", elsewhere, needed, to="addis", purpose="protection") == [AUTHORITY_ONLY]


def test_a_child_who_says_no_to_the_authority_stops_even_the_duty_to_protect(scene):
    duty = scene.duty_to_protect("shelter", tell="desk", child="refused")
    assert scene.refused("shelter", duty, HAGOS.part("needs_risk"), to="desk", purpose="protection") == [CHILD_SAID_NO]


def test_addis_sees_exactly_the_sections_that_guardian_and_child_named(scene, arrived):
    for child in CHILDREN:
        assert scene.opens("addis", arrived[child]) == child.part(*NAMED, "status")
        assert scene.openings("addis", arrived[child]) == 1


def test_iom_djibouti_is_sent_the_same_for_registration_and_for_nothing_else(scene, agreed):
    sent = scene.send("shelter", agreed[HAGOS], HAGOS.part(*NAMED), to="iom-djibouti", purpose="registration")
    assert scene.opens("iom-djibouti", sent) == HAGOS.part(*NAMED)
    assert scene.refused("shelter", agreed[HAGOS], HAGOS.part("health"), to="iom-djibouti", purpose="transfer") == [
        not_covered("health", "iom-djibouti@dj.example", "taking over the case"),
    ]


def test_what_was_not_named_is_not_sent_even_to_an_agency_that_was(scene, agreed):
    assert scene.refused("shelter", agreed[HAGOS], HAGOS.part("exploitation"), to="addis", purpose="transfer") == [
        not_covered("exploitation or trafficking", "addis@et.example", "taking over the case"),
        turn_on("exploitation or trafficking"),
    ]


def test_the_border_police_never_receives_whoever_agreed(scene):
    held = scene.consent(
        "shelter", HAGOS, FIRST_GUARDIAN, agrees("They asked."), grant("border-police", "registration", "identity")
    )
    assert scene.refused("shelter", held, HAGOS.part("identity"), to="border-police", purpose="registration") == [
        FIREWALL
    ]


def test_each_child_has_a_record_of_its_own(scene, agreed, arrived):
    assert [scene.consents_for("shelter", child) > 0 for child in CHILDREN] == [True, True]
    hagos, selam = (agreed[child] for child in CHILDREN)
    assert hagos.basis["subject"]["pseudonym"] == "SYN-ET-001"
    assert selam.basis["subject"]["pseudonym"] == "SYN-ET-002"
    assert hagos.token != selam.token
    assert "Selam" not in str(scene.opens("addis", arrived[HAGOS])["identity"])


def test_an_agency_that_nobody_named_finds_nothing_and_has_no_key(scene, arrived):
    for outsider in ("kebele", "coalition", "clinic", "desk"):
        with pytest.raises(NotFound):
            scene.opens(outsider, arrived[SELAM])
        assert scene.sees_nothing_of(outsider, arrived[SELAM])
        assert scene.cannot_decrypt(outsider, arrived[SELAM], stolen_from="addis")
    assert not scene.cannot_decrypt("addis", arrived[SELAM], stolen_from="addis")


def test_in_ethiopia_a_new_guardian_and_the_child_agree_anew_to_the_plans(scene):
    scene.on_day(18)
    held = scene.consent(
        "addis", HAGOS, SECOND_GUARDIAN, agrees("With my mother."), grant("kebele", "reintegration_follow_up", *PLANS)
    )
    sent = scene.send("addis", held, HAGOS.part(*PLANS), to="kebele", purpose="reintegration_follow_up")
    assert scene.opens("kebele", sent) == HAGOS.part(*PLANS)
    assert scene.refused("addis", held, HAGOS.part("plan"), to="bureau", purpose="reintegration_follow_up") == [
        not_covered("plan of help", "bureau@et.example", "visits after the return home"),
    ]


def test_the_coalition_is_one_named_person_who_sees_a_first_name_and_one_need(scene, at_home, loans):
    asked = {"to": "coalition", "purpose": "livelihood"}
    assert scene.refused("kebele", at_home[LETEBRHAN], LETEBRHAN.part(*LOAN), **asked) == [A_PERSON]
    assert scene.opens("coalition", loans[LETEBRHAN]) == LETEBRHAN.part(*LOAN)
    told = scene.plaintext("coalition", loans[LETEBRHAN])
    assert not any(word in told for word in ("Hagos", "SYN-ET-001")), "the loan is his mother's, and he is not in it"


def test_the_goats_are_referred_on_selams_own_consent(scene, loans):
    assert scene.opens("coalition", loans[SELAM]) == SELAM.part(*LOAN)


@pytest.mark.parametrize("section", ["exploitation", "status"])
def test_the_coalition_is_never_told_of_exploitation_or_status_even_if_somebody_agreed(scene, section):
    scene.on_day(26)
    asked = grant("coalition", "livelihood", "minimal_contact", turned_on=(section,))
    held = scene.consent("kebele", HAGOS.in_family("ET"), parent("mother"), agrees("If it must be."), asked)
    too_much = HAGOS.part("minimal_contact", section)
    plain = {"exploitation": "exploitation or trafficking", "status": "residence or return status"}[section]
    to = {"to": "coalition", "purpose": "livelihood", "person": "coalition"}
    blocked = scene.refused("kebele", held, too_much, **to)
    assert blocked == [not_needed(plain)]
    lifted = lift(scene, held, "R11", section)
    assert scene.refused("kebele", lifted, too_much, **to) == blocked, "nobody lifts a community's ceiling"


def lift(scene, held, rule, section):
    """Two members of the Kebele approve that a rule is lifted for one section."""
    span = {"from": scene.today(), "until": scene.day(60)}
    said = {"rule": rule, "categories": [section], "recipient": scene.address("coalition"), **span}
    said |= {"code": "best_interests", "reason": "The committee asks-Syn.", "child_told": True, "child_agreed": True}
    once = bases.approve(scene.member("kebele"), held.handoff, said)
    second = scene.colleague("kebele", "kebele-supervisor", "supervisor")
    return bases.approve(second, once.handoff, said, "second signature")


def test_selams_clinic_reads_about_her_health_only_and_she_is_asked_if_help_came(scene):
    scene.on_day(26)
    wide = grant("clinic", "medical_care", "minimal_contact", "health", "economic")
    held = scene.consent("kebele", SELAM.in_family("ET"), parent("father"), agrees("I am tired."), wide)
    seen = scene.preview(
        "kebele", held, SELAM.part("minimal_contact", "health", "economic"), to="clinic", purpose="medical_care"
    )
    assert seen.seen == ("health", "minimal_contact")
    assert [reason.rule for reason in seen.missing["economic"]] == ["R11"]
    sent = scene.send("kebele", held, SELAM.part("minimal_contact", "health"), to="clinic", purpose="medical_care")
    assert scene.opens("clinic", sent) == SELAM.part("minimal_contact", "health")
    scene.take("clinic", sent, "accept", first_contact=scene.day(27))
    scene.take("clinic", sent, "report_outcome", got_help="yes", text="Iron tablets for three months-Syn")
    scene.closes("kebele", sent, "child", "yes", "She has eaten, and is less tired-Syn")
    assert scene.ledger("kebele", sent) == [
        "referral.sent",
        "packet.delivered",
        "referral.accepted",
        "referral.completed",
        "referral.closed",
    ]


def test_the_focal_point_answers_by_phone_and_the_social_worker_keys_it_in_with_evidence(scene, acknowledged):
    kiosk, goats = (acknowledged[one] for one in BORROWERS)
    for handoff, grade in ((kiosk, "reported"), (goats, "code_verified")):
        sent = ["referral.sent", "packet.delivered"]
        assert scene.ledger("coalition", handoff) == [*sent, f"referral.acknowledged ({grade})"]
    assert "Tesfaye, 9 o'clock" in scene.evidence("kebele", kiosk)["words"]
    asked = [text for text in scene.texts_to(COMMITTEE) if "1 yes, 2 no" in text]
    assert len(asked) == 1, "only what was reported without a code is asked about"
    scene.texts_back("kebele", COMMITTEE, "1")
    assert scene.ledger("kebele", kiosk)[-1] == "number.answered"


def test_the_loan_is_accepted_on_day_32_and_started_on_day_46(scene, begun):
    said = [word for word in scene.ledger("kebele", begun) if word.startswith("referral.")]
    assert said == [
        "referral.sent",
        "referral.acknowledged (reported)",
        "referral.accepted (reported)",
        "referral.started (reported)",
    ]
    assert begun in scene.queue("kebele", "owner", "no_outcome")


def test_whoever_keyed_in_the_outcome_does_not_close_the_loop_alone(scene, begun):
    scene.on_day(60)
    scene.reports("kebele", begun, "report_outcome", "phone", "Tesfaye: she has opened the kiosk-Syn")
    with pytest.raises(HubError):
        scene.closes("kebele", begun, "caregiver", "yes", "She sells salt and matches-Syn")
    scene.colleague("kebele", "kebele-colleague", "caseworker")
    scene.closes("kebele-colleague", begun, "adult", "yes", "She sells salt and matches-Syn")
    assert scene.ledger("kebele", begun)[-2:] == ["referral.completed (reported)", "referral.closed"]


def test_no_hub_learned_a_name_nothing_joins_and_the_logs_verify(scene):
    scene.hubs_know_nothing_of(*CHILDREN, LETEBRHAN)
    scene.nothing_joins(*scene.handoffs)
    scene.logs_verify()
