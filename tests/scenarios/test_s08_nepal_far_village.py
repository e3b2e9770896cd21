"""S8: a girl of 12 goes home from a sham children's home in Kathmandu to a village four days away, partly on foot.

Who may know of the trafficking; a school so far away that it has twice the time; an answer on paper that takes three
days to come down; a health post with one phone and no account. Stays and visits come later.
"""

from __future__ import annotations

import pytest

from hub.client import arrivals, proxies, reading
from hub.errors import InvalidRequest
from tests.support.scenario import Person, agrees, grant, guardian
from tests.support.sentences import not_covered, not_needed

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


@pytest.fixture(scope="module")
def agreed(scene):
    """D0: the guardian and Asmita agree that the partner in Kathmandu is told all, the trafficking too."""
    scene.on_day(0)
    return scene.consent("ingo", ASMITA, HER_GUARDIAN, agrees("Find my mother."), TO_THE_PARTNER)


@pytest.fixture(scope="module")
def before_the_way_home(scene):
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


def test_the_teacher_sees_that_she_is_well_and_says_so_by_sms_without_ever_having_had_a_file(scene, accepted):
    scene.on_day(101)
    scene.reports("ingo", accepted, "start", "sms", "Seen OK-Syn", contact=scene.day(100))
    assert scene.ledger("ingo", accepted)[-1] == "referral.started (reported)"
    assert len(scene.texts_to(TEACHER)) == 1, "nobody asked by text whether that was true"


def test_no_hub_learned_a_name_nothing_joins_and_the_logs_verify(scene):
    scene.hubs_know_nothing_of(ASMITA)
    scene.nothing_joins(*scene.handoffs)
    scene.logs_verify()
