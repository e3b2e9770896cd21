"""S9: a girl of 15 is brought before the Child Welfare Committee after she was trafficked; her uncle is out on bail.

Who is told what, the police that asks and never receives, and the social investigation report with its day. The orders,
the danger next door and the restoration come later.
"""

from __future__ import annotations

import pytest

from hub.client import basis as bases
from hub.errors import InvalidRequest, NotFound
from tests.support.scenario import Person, agrees, grant, guardian
from tests.support.sentences import AUTHORITY_ONLY, FIREWALL, not_covered, not_needed, turn_on

AGENCIES = {
    "childline": ("helpline", "IN"),
    "cwc": ("court_panel", "IN"),
    "childrens-home": ("child_home", "IN"),
    "caseworkers": ("ngo", "IN"),
    "counsellor": ("ngo", "IN"),
    "legal-aid": ("legal", "IN"),
    "police": ("police", "IN"),
}
RECORD = ("childline", "cwc", "caseworkers")
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
REPORT = "The uncle lives next door and is on bail; the grandparents are well and willing-Syn"


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


def test_the_report_comes_on_the_thirteenth_day_and_nobody_had_to_be_reminded(scene, ordered):
    scene.on_day(13)
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


def test_family_counselling_is_referred_on_a_consent_of_its_own(scene):
    scene.on_day(50)
    talks = grant("counsellor", "psychosocial_support", "minimal_contact", "needs_risk")
    held = scene.consent("caseworkers", POOJA, HER_GUARDIAN, agrees("With my grandmother."), talks)
    sent = scene.send("caseworkers", held, POOJA.part("minimal_contact", "needs_risk"), **COUNSEL, needs=("parenting",))
    scene.take("counsellor", sent, "accept", first_contact=scene.day(52))
    scene.on_day(52)
    scene.take("counsellor", sent, "start", contact=scene.day(52))
    assert scene.ledger("caseworkers", sent)[2:] == ["referral.accepted", "referral.started"]


def test_no_hub_learned_a_name_nothing_joins_and_the_logs_verify(scene):
    scene.hubs_know_nothing_of(POOJA)
    scene.nothing_joins(*scene.handoffs)
    scene.logs_verify()
