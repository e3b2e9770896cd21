"""S6: a boy of 13 and two children with their mother return to El Salvador, where the migration directorate waits.

Consent, the firewall, an office that keeps silent, and help that did not come. The determination, the danger in the
father's barrio and the arrival come later; where the scenario hands a case over, a referral carries the packet.
"""

from __future__ import annotations

import pytest

from consent import record
from hub.client import basis as bases
from hub.errors import ConsentMissing, InvalidRequest, NotFound
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
IN_PROCESSES = True

MATEO = Person(
    "SYN-SV-050",
    "Mateo Rivas-Syn",
    "unaccompanied",
    "12-14",
    "es",
    "US",
    {
        "minimal_contact": {"first_name": "Mateo Rivas-Syn"},
        "identity": {"name": "Mateo Rivas-Syn", "years": 13},
        "family_links": {"grandmother": "Tomasa Rivas-Syn, by the market"},
        "needs_risk": {"risk": "a gang asks for him in San Martin-Syn"},
        "child_views": {"wants": "to live with his grandmother-Syn"},
        "education_skills": {"level": "reads well, missed two years-Syn"},
        "health": {"note": "wears glasses, minus two-Syn"},
        "status": {"removal": "was ordered removed in Laredo-Syn"},
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
HIS = ("identity", "family_links", "needs_risk", "child_views")
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


@pytest.fixture(scope="module")
def proposed(scene, agreed):
    """D1: what CONNA is sent."""
    scene.on_day(1)
    return scene.send("texas", agreed, MATEO.part(*HIS), to="conna", purpose="transfer")


@pytest.fixture(scope="module")
def extended(scene):
    """D15: the guardian whom CONNA designated agrees anew; then to the flexible school too."""
    scene.on_day(15)
    first = scene.consent("conna", MATEO, DESIGNATED, agrees("Yes."), TO_THE_TOWN)
    school = grant("flexible-school", "education", "education_skills")
    rows = [{**row, "id": f"g{n}"} for n, row in enumerate(scene.grants(TO_THE_TOWN, school), 1)]
    return bases.revise(scene.member("conna"), first, {"grants": rows, "expression": first.basis["expression"]})


def test_conna_sees_what_the_court_appointed_guardian_and_mateo_named(scene, proposed):
    assert scene.opens("conna", proposed) == MATEO.part(*HIS)


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
