"""S7: a boy of 11 goes home from Dakar to Guinea-Bissau by the eight steps of the West Africa Network.

Who is asked in which language, to whom a packet may be passed on, and how long a focal point may keep silent. The
markers of the eight steps, the determination and the transfer come later.
"""

from __future__ import annotations

import pytest

from hub.errors import InvalidRequest
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
IN_PROCESSES = True

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
BISSAU = "+245955000001"


@pytest.fixture(scope="module")
def agreed(scene):
    """D3: the guardian and Idrissa agree, told in French and put into Kriol: focal point, and the NGO in Gabú."""
    scene.on_day(3)
    return scene.consent("focal-dakar", IDRISSA, HIS_GUARDIAN, agrees("My mother!"), TO_GABU, **IN_KRIOL)


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
    assert scene.refused("focal-bissau", on, learnt, to="gabu", purpose="education") == [not_onward("gabu@gw.example")]
    assert scene.refused("focal-bissau", on, IDRISSA.part("needs_risk"), to="gabu", **ASKED) == [
        not_onward("gabu@gw.example")
    ]


def test_dakar_itself_cannot_go_round_the_focal_point(scene, agreed):
    assert scene.refused("focal-dakar", agreed, IDRISSA.part("family_links"), to="gabu", **ASKED) == [
        not_covered("family and relatives", "gabu@gw.example", "looking for family")
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


def test_the_bridge_school_learns_of_his_schooling_on_a_new_consent(scene):
    scene.on_day(35)
    wide = grant("bridge-school", "education", "education_skills", "family_links")
    held = scene.consent("focal-dakar", IDRISSA, HIS_GUARDIAN, agrees("A school."), wide, **IN_KRIOL)
    asked = {"to": "bridge-school", "purpose": "education"}
    sent = scene.send("focal-dakar", held, IDRISSA.part("education_skills"), **asked)
    assert scene.opens("bridge-school", sent) == IDRISSA.part("education_skills")
    assert scene.refused("focal-dakar", held, IDRISSA.part("family_links"), **asked) == [
        not_needed("family and relatives")
    ]


def test_no_hub_learned_a_name_nothing_joins_and_the_logs_verify(scene):
    scene.hubs_know_nothing_of(IDRISSA)
    scene.nothing_joins(*scene.handoffs)
    scene.logs_verify()
