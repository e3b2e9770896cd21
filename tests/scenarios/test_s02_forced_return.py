"""S2: a girl of 14 is sent back from Yemen by night, with a fever and no papers; nobody in Addis Ababa knows her.

Consent, an emergency by night, and a partner over the sea who keeps silent. Tracing, the determination and the
placement with her aunt come later; where the scenario hands the case over, a referral carries the packet.
"""

from __future__ import annotations

import pytest

from hub.client import arrivals, cosigning, tasks
from hub.errors import Forbidden, InvalidRequest
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
IN_PROCESSES = True

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
def guarded(scene):
    """D2: her guardian and Meron agree; she will not have the work in Aden told to anybody."""
    scene.on_day(2)
    return scene.consent(
        "addis",
        MERON,
        HER_GUARDIAN,
        agrees("Not about the house in Aden."),
        grant("aden", "family_tracing", "identity", "family_links"),
        grant("woreda", "transfer", *FULL, turned_on=("exploitation",)),
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


def test_aden_has_been_silent_for_72_hours_and_the_chase_climbs_on_both_sides_of_the_sea(scene, history_asked):
    """It looked into the packet, and nobody said so: opening is no answer."""
    for day, hour in ((5, 9), (6, 21), (8, 9)):
        scene.on_day(day, hour)
    climbed = ["followup.reminder", "followup.deputy", "followup.escalated"]
    for side in ("addis", "aden"):
        assert scene.ledger(side, history_asked) == ["referral.sent", "packet.delivered", *climbed]
        assert history_asked in scene.queue(side, "supervisor", "escalated")


def test_on_the_ninth_day_aden_answers_and_only_addis_reads_it(scene, history_asked):
    scene.on_day(9)
    scene.take("aden", history_asked, "accept", first_contact=scene.day(9))
    history = "She was with us for three nights in January, and has a scar from a burn-Syn"
    scene.take("aden", history_asked, "report_outcome", got_help="yes", text=history)
    assert history in scene.plaintext("addis", history_asked)
    scene.closes("addis", history_asked, "child", "yes", "She remembers the women there-Syn")
    ends = ["referral.accepted", "referral.completed", "referral.closed"]
    assert scene.ledger("addis", history_asked)[-3:] == scene.ledger("aden", history_asked)[-3:] == ends


def test_school_and_somebody_to_talk_to_are_asked_before_she_arrives(scene):
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


def test_the_woreda_gets_the_whole_packet_but_for_what_she_did_not_agree_to_share(scene, guarded):
    scene.on_day(26)
    asked = {"to": "woreda", "purpose": "transfer"}
    seen = scene.preview("addis", guarded, MERON.part(*FULL, "exploitation"), **asked)
    assert seen.seen == tuple(sorted(FULL))
    assert [reason.rule for reason in seen.missing["exploitation"]] == ["R01"]
    assert scene.refused("addis", guarded, MERON.part(*FULL, "exploitation"), **asked) == [
        not_covered("exploitation or trafficking", "woreda@et.example", "taking over the case")
    ]
    sent = scene.send("addis", guarded, MERON.part(*FULL), **asked)
    assert scene.opens("woreda", sent) == MERON.part(*FULL)


def test_no_hub_learned_a_name_nothing_joins_and_the_logs_verify(scene):
    scene.hubs_know_nothing_of(MERON)
    scene.nothing_joins(*scene.handoffs)
    scene.logs_verify()
