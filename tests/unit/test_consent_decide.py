"""What may be shared with whom: each rule as a child-protection lawyer would check it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date

import pytest

from consent import policy, record
from consent.decide import (
    BLOCKED,
    MET,
    NOT_APPLICABLE,
    OVERRIDDEN,
    Deny,
    Permit,
    Recipient,
    Request,
    allowed,
    decide,
    gates,
    until_month,
)
from tests.support.consents import (
    ADDIS,
    AUTHORITY,
    CLINIC,
    COALITION,
    MEMBER,
    NOW,
    OWN,
    SCHOOL,
    SECOND,
    SECRET,
    TODAY,
    agency,
    around,
    asks,
    at,
    blocked,
    consent,
    day,
    found,
    grant,
    informed,
    mandatory,
    order,
    override,
    protocol,
    recipient,
    sends,
    vital,
)

IDENTITY = consent(grant(ADDIS, "identity", "minimal_contact"))
WANTED = asks(ADDIS, "identity")
ELSEWHERE = {"countries": ["DJ", "KE"]}
SUPERVISOR = {"member": MEMBER, "role": "supervisor"}
OFFICER = {"member": MEMBER, "role": "data_officer"}
WORKER = {"member": SECOND, "role": "caseworker"}


def agreed(*grants, **more):
    return consent(*(grants or [grant(ADDIS, "identity", "minimal_contact")]), **more)


def permits(answer):
    return isinstance(answer, Permit)


# What was agreed to


def test_what_the_guardian_granted_is_permitted_until_the_last_day_of_the_grant():
    answer = sends(IDENTITY, asks(ADDIS, "identity", "minimal_contact"))
    assert answer.until == date(2027, 2, 10)
    assert answer.rules == ("R07", "R08", "R01", "R02", "R03", "R04", "R05", "R06", "R09", "R10", "R11", "R17")


@pytest.mark.parametrize(
    "request_",
    [
        asks(ADDIS, "identity", "health"),
        asks(ADDIS, "identity", purpose="transfer"),
        asks(replace(ADDIS, agency=agency("other")), "identity"),
        asks(replace(ADDIS, country="DJ"), "identity"),
        asks(replace(ADDIS, country="et"), "identity"),
        asks(replace(ADDIS, country=None), "identity"),
        asks(ADDIS, "shoe_size"),
        asks(ADDIS),
    ],
    ids=["category", "purpose", "recipient", "country", "no country", "country unknown", "no such category", "nothing"],
)
def test_whatever_was_not_granted_is_denied(request_):
    assert "R01" in blocked(sends(IDENTITY, request_))


def test_a_denial_says_what_is_missing_and_whom_to_ask_for_each_section():
    answer = sends(IDENTITY, asks(ADDIS, "identity", "health", "legal"))
    assert [(reason.rule, reason.section, reason.ask) for reason in answer.reasons] == [
        ("R01", "health", "giver"),
        ("R01", "legal", "giver"),
    ]
    assert "addis@et.example" in answer.reasons[0].message


def test_no_message_repeats_what_the_policy_does_not_know():
    evil = recipient(kind="io", country="{section}")
    evil = replace(evil, agency="<b>Hagos</b>", person="Hagos", firewall_until="Hagos")
    wanted = Request(evil, frozenset({"Hagos", "identity"}), "reception", service="Hagos")
    answer = sends(IDENTITY, wanted, listing={"verified": "Hagos"}, person={"months_from": "Hagos"})
    said = str([reason.message for reason in answer.reasons])
    assert {"R01", "R09", "R11", "R18"} <= blocked(answer)
    assert "Hagos" not in said
    assert "{" not in said


@pytest.mark.parametrize(
    "denial",
    [
        {"categories": ["identity"]},
        {"recipient": ADDIS.agency},
        {"purpose": "reception"},
        {"categories": ["identity", "health"], "recipient": ADDIS.agency, "purpose": "reception"},
        {},
    ],
)
@pytest.mark.parametrize("where", ["denials", "refused"])
def test_a_denial_wins_over_every_grant(denial, where):
    assert blocked(sends(agreed(**{where: [denial]}), WANTED)) == {"R01"}


@pytest.mark.parametrize(
    "denial",
    [
        {"categories": ["identity"], "recipient": SCHOOL.agency},
        {"categories": ["health"]},
        {"purpose": "education"},
        {"recipient": SCHOOL.agency},
    ],
)
def test_a_denial_about_something_else_blocks_nothing(denial):
    assert permits(sends(agreed(denials=[denial]), WANTED))


def test_a_person_who_must_not_know_is_told_to_every_recipient_but_stops_no_agency():
    kept = agreed(grant(ADDIS, "identity"), grant(SCHOOL, "education_skills"), denials=[{"party": "SYN stepfather"}])
    assert permits(sends(kept, WANTED))
    for to in (ADDIS, SCHOOL):
        assert record.facts(kept, to.agency)["denials"][0]["party"] == "SYN stepfather"


def test_grants_and_denials_mean_the_same_in_any_order_and_said_twice():
    rows = [grant(ADDIS, "identity"), grant(ADDIS, "health", id="g7")]
    one = agreed(*rows, grant(ADDIS, "identity", id="g9"), denials=[{"categories": ["legal"]}, {"party": "SYN"}])
    two = agreed(*reversed(rows), denials=[{"party": "SYN"}, {"categories": ["legal"]}])
    for sections in (("identity",), ("identity", "health"), ("legal",)):
        assert sends(one, asks(ADDIS, *sections)) == sends(two, asks(ADDIS, *sections))


def test_a_section_that_the_policy_does_not_know_cannot_be_granted():
    assert "R01" in blocked(sends(agreed(grant(ADDIS, "shoe_size")), asks(ADDIS, "shoe_size")))


def test_two_grants_together_do_not_cover_what_neither_does():
    crossed = agreed(grant(ADDIS, "identity", purpose="transfer"), grant(ADDIS, "health"))
    assert "R01" in blocked(sends(crossed, WANTED))


# R07, R08: the firewall


EVERY_OVERRIDE = [override(rule.id) for rule in policy.RULES]


@pytest.mark.parametrize("kind", [*sorted(policy.NEVER_RECEIVE | {"airline", "", "Police", "authority "}), None, 7])
@pytest.mark.parametrize("basis", ["consent", "mandatory", "vital"])
@pytest.mark.parametrize("purpose", ["protection", "readmission"])
def test_the_firewall_has_no_key(kind, basis, purpose):
    barred = replace(ADDIS, kind=kind, active=False)
    bases = {
        "consent": agreed(grant(barred, "identity", purpose="protection"), overrides=EVERY_OVERRIDE),
        "mandatory": mandatory(barred),
        "vital": vital(barred),
    }
    answer = sends(bases[basis], asks(barred, "identity", purpose=purpose))
    assert blocked(answer) == ({"R07"} if purpose == "protection" else {"R07", "R08"})
    assert answer.reasons[0].rule == "R07"
    assert answer.reasons[0].ask == "nobody"


@pytest.mark.parametrize("purpose", ["readmission", "border_control", "", "Reception", "investigation", None])
def test_purposes_come_from_a_closed_list_and_nobody_adds_one(purpose):
    generous = agreed(grant(ADDIS, "identity", purpose="readmission"), overrides=EVERY_OVERRIDE)
    assert blocked(sends(generous, asks(ADDIS, "identity", purpose=purpose))) == {"R08"}


def test_neither_firewall_rule_has_an_override():
    assert {rule.id for rule in policy.RULES if rule.never} == {"R07", "R08"}
    assert all(rule.override is None for rule in policy.RULES if rule.never)


# R02: who may consent

SITUATIONS = {
    "unaccompanied": {"guardian", "interim_authority"},
    "separated": {"guardian", "interim_authority"},
    "in_family": {"parent", "caregiver"},
    "adult": {"self"},
}
CAPACITIES = ["guardian", "interim_authority", "parent", "caregiver", "self", "authority", "court"]


def given_by(capacity, situation="unaccompanied", band="15-17", years=None, instead=None, law="DJ", **more):
    short = order(**{"from": day(-1), "until": day(5)})
    return agreed(
        subject={"situation": situation, "age_band": band, "law": law},
        giver={"capacity": capacity, "years": years, "instead_of": instead, "order": short},
        **more,
    )


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("capacity", CAPACITIES)
@pytest.mark.parametrize("band", ["0-5", "6-11", "12-14", "15-17", "unknown", "18+"])
@pytest.mark.parametrize("instead", [None, "unavailable", "danger"])
def test_who_may_consent_depends_on_the_childs_situation_and_age(situation, capacity, band, instead):
    adult = band == "18+"
    if instead is None:
        fits = capacity in SITUATIONS[situation] and adult == (capacity == "self")
    else:
        fits = capacity in {"authority", "interim_authority", "court"} and not adult
    answer = sends(given_by(capacity, situation, band, instead=instead), WANTED)
    assert (MET if fits else BLOCKED) in found(answer, "R02")
    assert permits(answer) == fits


@pytest.mark.parametrize(
    ("law", "years", "band", "valid"),
    [
        ("ZZ", 16, "15-17", True),
        ("ZZ", 17, "15-17", True),
        ("ZZ", 15, "15-17", False),
        ("ZZ", None, "15-17", False),
        ("DJ", 17, "15-17", False),
        ("XX", 17, "15-17", False),
        ("ZZ", 18, "18+", False),
    ],
)
def test_a_mature_minor_decides_alone_only_where_the_law_of_the_country_says_so(law, years, band, valid):
    answer = sends(given_by("self", "unaccompanied", band, years, law=law), WANTED)
    assert permits(answer) if valid else blocked(answer) == {"R02"}


def test_years_make_nobody_but_the_child_a_mature_minor():
    facts = record.facts(given_by("parent", law="ZZ"), ADDIS.agency)
    assert blocked(decide({**facts, "giver": {**facts["giver"], "years": 17}}, WANTED, NOW)) == {"R02"}


def test_a_supervisor_cannot_make_somebody_a_guardian():
    kept = given_by("parent", overrides=[override("R02"), override("R05")])
    assert blocked(sends(kept, WANTED)) == {"R02"}


# R03: the child's own answer

NO = {"answer": "refused", "words": "SYN no"}


def test_a_childs_no_stops_the_guardians_yes():
    assert blocked(sends(agreed(assent=NO), WANTED)) == {"R03"}


@pytest.mark.parametrize(
    ("band", "because", "valid"),
    [
        ("0-5", "too_young", True),
        ("6-11", "too_young", False),
        ("unknown", "too_young", False),
        ("15-17", "not_able", True),
        ("0-5", None, False),
        ("15-17", None, False),
    ],
)
def test_a_child_who_was_not_asked_was_too_young_or_not_able(band, because, valid):
    kept = agreed(subject={"age_band": band}, assent={"answer": "not_asked", "because": because})
    answer = sends(kept, WANTED)
    assert permits(answer) if valid else blocked(answer) == {"R03"}


@pytest.mark.parametrize(("band", "because"), [("0-5", "too_young"), ("15-17", "not_able")])
def test_a_no_counts_however_young_or_unable_somebody_calls_the_child(band, because):
    kept = agreed(subject={"age_band": band}, assent={"answer": "refused", "because": because})
    assert blocked(sends(kept, WANTED)) == {"R03"}


def test_a_panel_that_tells_the_child_may_go_on_for_its_best_interests():
    answer = sends(agreed(assent=NO, overrides=[override("R03")]), WANTED)
    assert answer.until == date(2026, 12, 31)
    assert found(answer, "R03") == {OVERRIDDEN}
    over = {**agreed(assent=NO, overrides=[override("R03")]), "status": "ConsentExpired"}
    assert blocked(sends(over, WANTED)) == {"R04"}
    limited = agreed(assent=NO, overrides=[override("R03", "identity")])
    assert permits(sends(limited, WANTED))
    assert blocked(sends(limited, asks(ADDIS, "identity", "minimal_contact"))) == {"R03"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"child_told": False},
        {"by": [SUPERVISOR]},
        {"by": [SUPERVISOR, {"member": MEMBER, "role": "caseworker"}]},
        {"by": [{"member": MEMBER, "role": "caseworker"}, WORKER]},
    ],
    ids=["child not told", "one member", "one member twice", "no supervisor"],
)
def test_the_childs_no_is_not_lifted_by_fewer_or_by_others_or_behind_its_back(wrong):
    assert blocked(sends(agreed(assent=NO, overrides=[override("R03", **wrong)]), WANTED)) == {"R03"}


def test_best_interests_reach_no_further_than_what_was_granted():
    kept = agreed(assent=NO, overrides=EVERY_OVERRIDE)
    assert blocked(sends(kept, asks(ADDIS, "identity", "legal"))) == {"R01"}
    assert blocked(sends(kept, asks(recipient("other"), "identity"))) == {"R01"}
    assert blocked(sends(agreed(assent=NO, overrides=EVERY_OVERRIDE, denials=[{}]), WANTED)) == {"R01"}


# R04: days


def test_a_grant_begins_and_ends_with_its_days():
    short = agreed(grant(ADDIS, "identity", **{"from": "2026-11-20", "until": "2026-11-22"}))
    assert permits(sends(short, WANTED, at("2026-11-20")))
    assert permits(sends(short, WANTED, at("2026-11-22", 23)))
    assert blocked(sends(short, WANTED, at("2026-11-23"))) == {"R04"}
    assert blocked(sends(short, WANTED, at("2026-11-19", 23))) == {"R04"}


@pytest.mark.parametrize("by", ["giver", "child", "guardian", "agency", "court"])
@pytest.mark.parametrize("days", [-3, 0, 40])
def test_a_withdrawal_ends_everything_whatever_day_it_bears(by, days):
    kept = agreed(withdrawal={"how": ["worker"], "events": [{"on": day(days), "by": by, "reason": None}]})
    answer = sends(kept, WANTED)
    assert blocked(answer) == {"R04"}
    assert day(days) in answer.reasons[0].message
    assert blocked(decide({**kept, "status": "ConsentGiven"}, WANTED, NOW)) == {"R04"}


def test_a_frozen_consent_sends_nothing():
    assert blocked(sends(agreed(frozen=day(-1)), WANTED)) == {"R04"}


def test_a_consent_that_is_dated_tomorrow_is_none():
    assert blocked(sends(agreed(expression={"on": day(1)}), WANTED)) == {"R04"}


def test_after_the_day_to_ask_again_nothing_is_sent():
    kept = agreed(reconfirm_by=day(3))
    assert sends(kept, WANTED).until == date.fromisoformat(day(3))
    assert blocked(sends(kept, WANTED, at(day(4)))) == {"R04"}


VALID = {"ConsentGiven", "RenewedConsentGiven"}


@pytest.mark.parametrize(
    "status",
    [
        "Unknown",
        "ConsentRequested",
        "ConsentRequestDeferred",
        "ConsentRefused",
        *sorted(VALID),
        "ConsentWithdrawn",
        "ConsentExpired",
        "ConsentInvalidated",
        "ConsentTerminated",
    ],
)
def test_only_a_consent_that_was_given_counts(status):
    answer = sends({**IDENTITY, "status": status}, WANTED)
    assert permits(answer) if status in VALID else blocked(answer) == {"R04"}


@pytest.mark.parametrize("now", [0, -1, 2**70, True, None, "now", 1.5, float("nan"), at("2101-01-01")])
def test_a_clock_that_cannot_be_right_permits_nothing(now):
    assert "R04" in blocked(decide(IDENTITY, WANTED, now, around()))
    assert isinstance(allowed("copy", {}, now), Deny)


# R05: orders


def test_a_guardians_appointment_must_be_recorded_in_date_and_bounds_the_answer():
    for wrong in (None, order(until=day(-1)), order(**{"from": day(1)}), order(scope=["education"]), order(scope=[])):
        assert blocked(sends(agreed(giver={"order": wrong}), WANTED)) == {"R05"}
    assert sends(agreed(giver={"order": order(until="2026-12-01")}), WANTED).until == date(2026, 12, 1)
    assert permits(sends(agreed(giver={"order": order(scope=["education", "reception"])}), WANTED))


@pytest.mark.parametrize(("law", "longest"), [("DJ", 14), ("XX", 14), ("ZZ", 7)])
def test_an_interim_order_lasts_no_longer_than_the_country_says(law, longest):
    for days, valid in ((longest, True), (longest + 1, False)):
        giver = {"capacity": "interim_authority", "order": order(**{"from": day(0), "until": day(days)})}
        answer = sends(agreed(giver=giver, subject={"law": law}), WANTED)
        assert permits(answer) if valid else blocked(answer) == {"R05"}


@pytest.mark.parametrize("capacity", ["authority", "interim_authority", "court"])
def test_who_consents_instead_of_a_guardian_needs_an_order_too(capacity):
    giver = {"capacity": capacity, "instead_of": "danger", "order": None}
    assert blocked(sends(agreed(giver=giver, overrides=[override("R05")]), WANTED)) == {"R05"}


def test_a_parent_needs_no_order():
    kept = agreed(subject={"situation": "in_family"}, giver={"capacity": "parent", "order": None})
    assert found(sends(kept, WANTED), "R05") == {NOT_APPLICABLE}


# R06: informing


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": None},
        {"language": None},
        {"language": "fr"},
        {"explained": list(policy.TOPICS[1:])},
        {"explained": []},
        {"understanding": "not_checked"},
    ],
)
def test_the_limits_were_explained_by_somebody_in_a_language_that_is_understood(wrong):
    kept = agreed(informing=informed(**wrong))
    assert blocked(sends(kept, WANTED)) == {"R06"}
    assert permits(sends(agreed(informing=informed(**wrong), overrides=[override("R06", by=[SUPERVISOR])]), WANTED))
    assert blocked(sends(agreed(informing=informed(**wrong), overrides=[override("R06", by=[WORKER])]), WANTED)) == {
        "R06"
    }


def test_with_an_interpreter_another_language_will_do():
    used = {"used": True, "kind": "phone", "ref": "SYN-9", "confidentiality_signed": True}
    assert permits(sends(agreed(informing=informed(language="fr", interpreter=used)), WANTED))
    assert blocked(sends(agreed(informing=informed(language=None, interpreter=used)), WANTED)) == {"R06"}


def test_the_receiver_is_not_shown_how_somebody_was_informed_and_does_not_ask():
    shown = record.read_excerpt(record.excerpt_for(agreed(informing={"understanding": "asked"}), SECRET, ADDIS.agency))
    assert "informing" not in shown
    assert found(decide(shown, WANTED, NOW), "R06") == set()


# R09, R17: the agency


@pytest.mark.parametrize("name", ["firewall_until", "safeguarding_until"])
@pytest.mark.parametrize("until", [day(-1), None, "", "soon"])
def test_both_declarations_of_the_recipient_must_run(name, until):
    kept = agreed(overrides=[override("R09")])
    assert blocked(sends(kept, asks(replace(ADDIS, **{name: until}), "identity"))) == {"R09"}
    assert sends(kept, asks(replace(ADDIS, **{name: day(2)}), "identity")).until == date.fromisoformat(day(2))


@pytest.mark.parametrize("active", [False, None, 1, "yes"])
def test_somebody_there_must_have_a_live_key(active):
    kept = agreed(overrides=[override("R17")])
    assert blocked(sends(kept, asks(replace(ADDIS, active=active), "identity"))) == {"R17"}


def test_the_receiver_asks_neither_declarations_nor_keys_nor_protocols_of_itself():
    unknown = Recipient(ADDIS.agency, ADDIS.kind, ADDIS.country)
    assert permits(decide(IDENTITY, asks(unknown, "identity"), NOW))


# R10: across a border


@pytest.mark.parametrize(
    "protocols",
    [
        [],
        [protocol(**ELSEWHERE)],
        [protocol(countries=["ET", "KE"])],
        [protocol("health")],
        [protocol(until=day(-1))],
        [protocol(**{"from": day(1)})],
        [protocol(agencies=[OWN])],
        [protocol(agencies=[ADDIS.agency, agency("other")])],
        [protocol("health"), protocol(**ELSEWHERE)],
        [{}],
        None,
    ],
)
def test_a_border_is_crossed_only_under_a_sharing_protocol(protocols):
    assert blocked(sends(IDENTITY, WANTED, protocols=protocols)) == {"R10"}


def test_a_protocol_may_name_both_agencies_and_bounds_the_answer():
    named = protocol("identity", agencies=[OWN, ADDIS.agency], until=day(9))
    assert sends(IDENTITY, WANTED, protocols=[named]).until == date.fromisoformat(day(9))


def test_inside_a_country_no_protocol_is_asked_and_an_unknown_country_is_a_border():
    home = replace(ADDIS, country="DJ")
    assert permits(sends(agreed(grant(home, "identity")), asks(home, "identity"), protocols=[]))
    assert blocked(sends(IDENTITY, WANTED, sender={"agency": OWN}, protocols=[])) == {"R10"}


def test_no_consent_is_good_for_longer_than_a_year_whatever_it_says():
    facts = {**record.facts(IDENTITY, ADDIS.agency), **record.own_facts(IDENTITY)}
    facts["dates"] = {**facts["dates"], "given": "2025-06-01", "reconfirm_by": "2027-01-01"}
    assert blocked(sends(facts, WANTED)) == {"R04"}
    assert blocked(decide(facts, WANTED, NOW)) == {"R04"}


def test_a_duty_to_tell_ends_within_a_month():
    wanted = asks(AUTHORITY, "needs_risk", purpose="protection")
    assert permits(sends(mandatory(until=day(31)), wanted))
    assert blocked(sends(mandatory(until=day(32)), wanted)) == {"R04"}


def test_life_does_not_wait_for_a_protocol():
    assert permits(sends(vital(), asks(CLINIC, "health", purpose="emergency"), protocols=[]))


@pytest.mark.parametrize(
    ("by", "valid"),
    [
        ([OFFICER, {"member": SECOND, "role": "data_officer"}], True),
        ([OFFICER], False),
        ([OFFICER, {**SUPERVISOR, "role": "supervisor"}], False),
        ([SUPERVISOR, WORKER], False),
    ],
)
def test_without_a_protocol_a_data_officer_and_another_member_sign_once(by, valid):
    kept = agreed(overrides=[override("R10", "identity", by=by)])
    answer = sends(kept, WANTED, protocols=[])
    assert permits(answer) if valid else blocked(answer) == {"R10"}


# R11, R12, R16: no more than the service needs


@pytest.mark.parametrize(
    ("to", "service", "section"),
    [
        (SCHOOL, None, "health"),
        (CLINIC, None, "economic"),
        (replace(ADDIS, kind="ngo"), "livelihood", "health"),
        (replace(ADDIS, kind="legal"), None, "needs_risk"),
        (ADDIS, "school", "identity"),
        (ADDIS, "no_such_service", "minimal_contact"),
        (ADDIS, "", "minimal_contact"),
        (SCHOOL, "case_management", "health"),
        (COALITION, "case_management", "needs_risk"),
        (COALITION, "clinic", "hiv"),
    ],
)
def test_a_service_gets_no_more_than_it_needs_whatever_was_granted(to, service, section):
    kept = agreed(grant(to, section, turned_on=[section]))
    assert blocked(sends(kept, asks(to, section, service=service))) == {"R11"}


@pytest.mark.parametrize("service", sorted(policy.TABLES["ceilings"]["by_service"]))
@pytest.mark.parametrize("section", sorted(policy.CATEGORIES))
def test_a_service_gets_what_stands_under_its_ceiling(service, section):
    kept = agreed(grant(ADDIS, section, turned_on=[section]))
    fits = section in policy.TABLES["ceilings"]["by_service"][service]
    assert permits(sends(kept, asks(ADDIS, section, service=service))) == fits


@pytest.mark.parametrize("service", [None, *policy.TABLES["ceilings"]["whole_case"]])
def test_who_takes_a_whole_case_has_no_ceiling(service):
    kept = agreed(grant(ADDIS, *sorted(policy.CATEGORIES), turned_on=sorted(policy.TIER_3)))
    assert permits(sends(kept, asks(ADDIS, *policy.CATEGORIES, service=service)))


@pytest.mark.parametrize(
    ("section", "by", "valid"),
    [
        ("legal", [SUPERVISOR], True),
        ("legal", [WORKER], False),
        ("exploitation", [SUPERVISOR, WORKER], True),
        ("exploitation", [SUPERVISOR], False),
        ("exploitation", [SUPERVISOR, {"member": MEMBER, "role": "caseworker"}], False),
    ],
)
def test_a_supervisor_may_lift_a_ceiling_and_two_for_what_is_most_dangerous(section, by, valid):
    kept = agreed(grant(SCHOOL, section, turned_on=[section]), overrides=[override("R11", section, by=by)])
    answer = sends(kept, asks(SCHOOL, section))
    assert permits(answer) if valid else blocked(answer) == {"R11"}


@pytest.mark.parametrize("section", ["economic", "status", "exploitation", "needs_risk"])
def test_s01_nobody_lifts_the_ceiling_of_a_community_body(section):
    kept = agreed(grant(COALITION, "minimal_contact", section, turned_on=[section]), overrides=EVERY_OVERRIDE)
    answer = sends(kept, asks(COALITION, "minimal_contact", section))
    assert permits(answer) if section == "economic" else blocked(answer) == {"R11"}


@pytest.mark.parametrize("section", ["status", "mhpss", "exploitation", "hiv", "sogi"])
def test_the_most_dangerous_sections_are_off_until_a_grant_turns_them_on(section):
    assert section in policy.TIER_3
    assert blocked(sends(agreed(grant(ADDIS, section)), asks(ADDIS, section))) == {"R12"}
    assert permits(sends(agreed(grant(ADDIS, section, turned_on=[section])), asks(ADDIS, section)))
    others = agreed(
        grant(ADDIS, section),
        grant(SCHOOL, section, turned_on=[section]),
        grant(ADDIS, section, purpose="transfer", turned_on=[section]),
        grant(ADDIS, section, turned_on=[section], **{"from": day(-9), "until": day(-1)}),
    )
    assert blocked(sends(others, asks(ADDIS, section))) == {"R12"}


@pytest.mark.parametrize(
    ("by", "valid"),
    [
        ([SUPERVISOR, WORKER], True),
        ([SUPERVISOR], False),
        ([{"member": MEMBER, "role": "caseworker"}, WORKER], False),
    ],
)
def test_two_may_turn_a_section_on_but_not_without_a_grant(by, valid):
    lifted = [override("R12", "status", by=by)]
    answer = sends(agreed(grant(ADDIS, "status"), overrides=lifted), asks(ADDIS, "status"))
    assert permits(answer) if valid else blocked(answer) == {"R12"}
    assert "R01" in blocked(sends(agreed(overrides=lifted), asks(ADDIS, "status")))


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": day(-1)},
        {"from": day(1)},
        {"recipient": SCHOOL.agency},
        {"categories": ["mhpss"]},
        {"rule": "R11"},
    ],
    ids=["over", "not begun", "another recipient", "another section", "another rule"],
)
def test_an_override_holds_for_its_days_recipient_sections_and_rule_alone(wrong):
    right = override("R12", "status", to=ADDIS)
    assert permits(sends(agreed(grant(ADDIS, "status"), overrides=[right]), asks(ADDIS, "status")))
    kept = agreed(grant(ADDIS, "status"), overrides=[{**right, **wrong}])
    assert blocked(sends(kept, asks(ADDIS, "status"))) == {"R12"}


def test_an_override_for_one_section_does_not_carry_the_next():
    kept = agreed(grant(ADDIS, "status", "mhpss"), overrides=[override("R12", "status")])
    assert [(r.rule, r.section) for r in sends(kept, asks(ADDIS, "status", "mhpss")).reasons] == [("R12", "mhpss")]


def test_a_community_body_gets_a_named_person_minimal_contact_and_one_need():
    kept = agreed(
        grant(COALITION, "minimal_contact", "economic", "health", purpose="livelihood"), overrides=EVERY_OVERRIDE
    )
    one = asks(COALITION, "minimal_contact", "economic", purpose="livelihood")
    assert permits(sends(kept, one))
    assert blocked(sends(kept, replace(one, recipient=replace(COALITION, person=None)))) == {"R16"}
    two = asks(COALITION, "minimal_contact", "economic", "health", purpose="livelihood")
    assert blocked(sends(kept, two)) == {"R16"}
    assert blocked(decide(kept, two, NOW)) == {"R16"}


# R13, R14, R46: what is done to what is sent, copied, recorded


def test_a_protected_location_is_taken_out_before_sending():
    kept = agreed(safety={"location_protected": True})
    assert sends(kept, WANTED).obligations == ("protect_location",)
    assert sends(IDENTITY, WANTED).obligations == ()


def test_a_panel_may_send_a_protected_location_and_nobody_less():
    def told(**more):
        rows = [override("R13", **more)]
        return sends(agreed(safety={"location_protected": True}, overrides=rows), WANTED)

    assert told().obligations == ()
    assert found(told(), "R13") == {OVERRIDDEN}
    workers = [{"member": MEMBER, "role": "caseworker"}, WORKER]
    for wrong in ({"by": [SUPERVISOR]}, {"by": workers}, {"until": day(-1)}, {"recipient": SCHOOL.agency}):
        assert told(**wrong).obligations == ("protect_location",)


def test_where_nobody_knows_about_the_location_it_is_protected():
    unknown = {**record.facts(IDENTITY, ADDIS.agency), **record.own_facts(IDENTITY), "safety": None}
    assert sends(unknown, WANTED).obligations == ("protect_location",)
    assert sends(vital(), asks(CLINIC, "health", purpose="emergency")).obligations == ()


@pytest.mark.parametrize(
    ("wrong", "lifted"),
    [
        ({}, True),
        ({"child_agreed": False}, False),
        ({"members": 1, "roles": ["caseworker"]}, False),
        ({"until": day(-1)}, False),
    ],
)
def test_a_family_copy_leaves_out_what_is_not_for_the_family_unless_the_child_agrees(wrong, lifted):
    row = {**override("R14", by=[SUPERVISOR]), "members": 1, "roles": ["supervisor"], **wrong}
    answer = allowed("copy", {"overrides": [row]}, NOW)
    assert answer.obligations == (() if lifted else ("leave_out_not_for_reader",))
    assert allowed("copy", {}, NOW).obligations == ("leave_out_not_for_reader",)


@pytest.mark.parametrize(("until", "valid"), [(day(0), True), (day(-1), False), (None, False), ("always", False)])
def test_who_records_a_consent_was_trained_to(until, valid):
    lifted = [{**override("R46"), "members": 2, "roles": ["supervisor"]}]
    answer = allowed("record", {"actor": {"training": {"consent": until}}, "overrides": lifted}, NOW)
    assert permits(answer) if valid else blocked(answer) == {"R46"}
    assert blocked(allowed("record", {}, NOW)) == {"R46"}


def test_what_no_rule_is_about_is_not_allowed():
    assert isinstance(allowed("publish", {}, NOW), Deny)
    assert {rule.id for rule in policy.RULES} - set(policy.GATES) == {"R14", "R46"}


# R15: passing on

THIRD = recipient("third", "ngo")
PASSED = asks(THIRD, "identity", holder=ADDIS.agency)


def held(*grants, by=ADDIS, **more):
    """The facts that a holder has of a consent that somebody else keeps."""
    return record.read_excerpt(record.excerpt_for(agreed(*grants, **more), SECRET, by.agency))


NAMED = held(grant(ADDIS, "identity", onward=[THIRD.agency]), grant(THIRD, "legal"))


def test_a_holder_passes_on_only_what_it_was_given_and_to_whom_consent_names():
    assert "R15" in sends(NAMED, PASSED).rules
    assert blocked(sends(held(grant(ADDIS, "identity"), grant(THIRD, "identity")), PASSED)) == {"R15"}
    assert "R15" in blocked(sends(NAMED, replace(PASSED, holder=SCHOOL.agency)))
    assert "R15" in blocked(sends(NAMED, replace(PASSED, purpose="education")))
    assert "R15" in blocked(sends(NAMED, asks(replace(THIRD, country="KE"), "identity", holder=ADDIS.agency)))
    assert "R15" in blocked(sends(NAMED, asks(THIRD, "identity", "legal", holder=ADDIS.agency)))
    strange = held(grant(ADDIS, "shoe_size", onward=[THIRD.agency]))
    assert "R15" in blocked(sends(strange, asks(THIRD, "shoe_size", holder=ADDIS.agency)))


def test_who_is_named_for_what_is_passed_on_is_not_thereby_a_recipient_of_the_first_sender():
    assert blocked(sends(agreed(grant(ADDIS, "identity", onward=[THIRD.agency])), asks(THIRD, "identity"))) == {"R01"}
    assert blocked(decide(NAMED, asks(THIRD, "identity"), NOW)) == {"R01"}


def test_who_is_a_recipient_is_not_thereby_named_for_what_others_pass_on():
    assert blocked(decide(agreed(grant(THIRD, "identity")), PASSED, NOW)) == {"R15"}


def test_passing_on_has_no_override_and_every_other_rule():
    assert blocked(sends(held(grant(ADDIS, "identity"), overrides=EVERY_OVERRIDE), PASSED)) == {"R15"}
    school = asks(replace(THIRD, kind="school"), "identity", holder=ADDIS.agency)
    assert blocked(sends(NAMED, school)) == {"R11"}
    assert blocked(sends(NAMED, replace(PASSED, recipient=replace(THIRD, kind="police")))) == {"R07"}
    off = held(grant(ADDIS, "status", onward=[THIRD.agency]))
    assert blocked(sends(off, asks(THIRD, "status", holder=ADDIS.agency))) == {"R12"}
    assert blocked(sends(mandatory(), asks(AUTHORITY, "needs_risk", purpose="protection", holder=OWN))) == {"R15"}


def test_an_override_for_the_holder_is_none_for_whom_it_passes_on_to():
    def lifted(to):
        rows = [override("R12", "status", to=to)]
        facts = held(grant(ADDIS, "status", onward=[THIRD.agency]), overrides=rows)
        return sends(facts, asks(THIRD, "status", holder=ADDIS.agency))

    assert permits(lifted(None))
    assert blocked(lifted(ADDIS)) == {"R12"}


@pytest.mark.parametrize(
    "denial", [{"recipient": THIRD.agency}, {"categories": ["identity"]}, {"purpose": "reception"}]
)
def test_a_denial_wins_over_passing_on_at_the_holder_and_at_the_third_agency_too(denial):
    kept = agreed(grant(ADDIS, "identity", onward=[THIRD.agency]), denials=[denial])
    excerpt = record.excerpt_for(kept, SECRET, ADDIS.agency)
    assert permits(decide(record.read_excerpt(excerpt), WANTED, NOW)) == ("recipient" in denial)
    for shown in (excerpt, record.onward_excerpt(excerpt, THIRD.agency)):
        assert "R15" in blocked(decide(record.read_excerpt(shown), PASSED, NOW))


def test_the_third_agency_finds_what_the_holder_found():
    kept = agreed(grant(ADDIS, "identity", onward=[THIRD.agency]), grant(ADDIS, "health"))
    third = record.read_excerpt(record.onward_excerpt(record.excerpt_for(kept, SECRET, ADDIS.agency), THIRD.agency))
    assert permits(decide(third, PASSED, NOW))
    assert [row["categories"] for row in third["grants"]] == [["identity"]]


# R18, R19, R20: the service map

LISTING = {"verified": day(-10), "answered": True, "fails": [], "labour_from": 180, "excludes": []}


def listed(*overrides, months=192, **more):
    listing = {name: value for name, value in {**LISTING, **more}.items() if value is not ...}
    return sends(agreed(overrides=list(overrides)), WANTED, listing=listing, person={"months_from": months})


def test_a_service_of_the_map_that_fits_is_chosen():
    assert {"R18", "R19", "R20"} <= set(listed().rules)
    assert {"R18", "R19", "R20"}.isdisjoint(sends(IDENTITY, WANTED).rules)


def test_an_entry_is_checked_every_ninety_days_or_somebody_calls():
    assert listed(verified=day(-90)).until == TODAY
    for old in (day(-91), None, "never", ...):
        assert blocked(listed(verified=old)) == {"R18"}
        assert permits(listed(override("R18", by=[WORKER]), verified=old))
    assert day(-91) in listed(verified=day(-91)).reasons[0].message


@pytest.mark.parametrize("fails", [["age"], ["sex", "capacity"], None, ..., "age"])
def test_who_does_not_fit_a_service_needs_its_exception(fails):
    assert blocked(listed(fails=fails)) == {"R19"}
    assert permits(listed(override("R19", by=[WORKER]), fails=fails))


@pytest.mark.parametrize("answered", [False, None, ...])
def test_a_service_for_which_nobody_with_a_live_key_answers_receives_nothing(answered):
    assert blocked(listed(answered=answered)) == {"R17"}
    assert blocked(listed(override("R17"), answered=answered)) == {"R17"}


@pytest.mark.parametrize(("rule", "listing"), [("R18", {"verified": day(-99)}), ("R19", {"fails": ["capacity"]})])
def test_an_override_that_nobody_signed_lifts_nothing(rule, listing):
    facts = record.facts(IDENTITY, ADDIS.agency) | record.own_facts(IDENTITY)
    unsigned = {**override(rule), "members": 0, "roles": []}
    answer = sends(
        {**facts, "overrides": [unsigned]}, WANTED, listing={**LISTING, **listing}, person={"months_from": 192}
    )
    assert blocked(answer) == {rule}


def test_no_exception_lets_a_child_work_too_young():
    assert permits(listed(override("R19"), months=180, fails=["age"]))
    for months in (179, None):
        assert blocked(listed(override("R19"), months=months)) == {"R19"}
    assert permits(listed(override("R19"), months=179, fails=["age"], labour_from=...))


@pytest.mark.parametrize(
    ("criterion", "valid"),
    [
        ({"legal_reason": "SYN law", "review_by": day(1)}, True),
        ({"legal_reason": "SYN law", "review_by": day(-1)}, False),
        ({"legal_reason": None, "review_by": day(1)}, False),
        ({"legal_reason": "SYN law"}, False),
        (None, False),
    ],
)
def test_a_service_may_exclude_only_by_a_reviewed_criterion(criterion, valid):
    answer = listed(override("R20"), excludes=[{"legal_reason": "SYN", "review_by": day(9)}, criterion])
    assert permits(answer) if valid else blocked(answer) == {"R20"}


# R39 and R01: before any guardian, and when life cannot wait


def protects(to=AUTHORITY, *categories, purpose="protection"):
    return asks(to, *(categories or ("minimal_contact", "needs_risk")), purpose=purpose)


def test_before_any_guardian_exists_an_authority_may_be_told_what_it_needs():
    answer = sends(mandatory(), protects())
    assert answer.until == date(2026, 12, 6)
    assert {"R02", "R05", "R06"}.isdisjoint(answer.rules)
    assert "R39" in answer.rules


def test_mandatory_protection_reaches_no_further_than_that():
    assert blocked(sends(mandatory(), protects(replace(AUTHORITY, kind="ngo")))) == {"R39"}
    assert blocked(sends(mandatory(), protects(AUTHORITY, "identity"))) == {"R39"}
    assert blocked(sends(mandatory(), protects(purpose="education"))) == {"R39"}
    assert blocked(sends(mandatory(), protects(AUTHORITY, "status"))) == {"R12", "R39"}
    assert blocked(sends(mandatory(), protects(replace(AUTHORITY, agency=agency("x"))))) == {"R01"}
    assert blocked(sends(mandatory(), protects(), at("2026-12-07"))) == {"R04"}
    assert blocked(sends(mandatory(given=day(1)), protects())) == {"R04"}


def test_nothing_goes_to_an_agency_whose_country_is_unknown():
    assert blocked(decide(mandatory(), protects(replace(AUTHORITY, country=None)), NOW)) == {"R01"}
    assert blocked(decide(vital(), replace(EMERGENCY, recipient=replace(CLINIC, country=None)), NOW)) == {"R01"}


def test_even_then_the_child_is_asked():
    assert permits(sends(mandatory(assent="too_young"), protects()))
    for answer in ("refused", "", None, "yes"):
        assert blocked(sends(mandatory(assent=answer), protects())) == {"R03"}


EMERGENCY = asks(CLINIC, "minimal_contact", "health", purpose="emergency")


def test_when_life_cannot_wait_a_supervisors_note_is_enough_for_three_days():
    answer = sends(vital(), EMERGENCY)
    assert answer.until == date(2026, 11, 24)
    assert found(answer, "R03") == {NOT_APPLICABLE}
    late = vital()["review_by"]
    assert permits(sends(vital(), EMERGENCY, late))
    assert blocked(sends(vital(), EMERGENCY, late + 1)) == {"R04"}
    assert blocked(sends(vital(review_by=NOW - 60 + 3 * 86_400 + 1), EMERGENCY)) == {"R04"}
    assert permits(sends(vital(review_by=NOW - 60 + 3 * 86_400), EMERGENCY))
    assert blocked(sends(vital(made=NOW + 601), EMERGENCY)) == {"R04"}
    assert blocked(sends(vital(supervisor=None), EMERGENCY)) == {"R01"}
    assert blocked(sends(vital(reason=None), EMERGENCY)) == {"R01"}


def test_vital_interest_opens_nothing_else():
    assert "R01" in blocked(sends(vital(), asks(CLINIC, "identity", purpose="emergency")))
    assert "R01" in blocked(sends(vital(), asks(CLINIC, "hiv", purpose="emergency")))
    assert "R01" in blocked(sends(vital(SCHOOL), asks(SCHOOL, "minimal_contact", purpose="emergency")))
    assert "R01" in blocked(sends(vital(), replace(EMERGENCY, purpose="education")))
    assert "R01" in blocked(sends(vital(), asks(recipient("x", "health"), "health", purpose="emergency")))


# What is unknown


def paths(value, way=()):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*way, name)
            yield from paths(inner, (*way, name))


MATTERS = {
    ("child",): {"R02"},
    ("child", "situation"): {"R02"},
    ("child", "age_band"): {"R02"},
    ("giver",): {"R02", "R05"},
    ("giver", "capacity"): {"R02"},
    ("giver", "order"): {"R05"},
    ("giver", "order", "from"): {"R05"},
    ("giver", "order", "until"): {"R05"},
    ("assent",): {"R03"},
    ("assent", "answer"): {"R03"},
    ("dates",): {"R04"},
    ("dates", "status"): {"R04"},
    ("dates", "given"): {"R04"},
    ("dates", "reconfirm_by"): {"R04"},
    ("basis",): {"R01", "R02", "R04"},
    ("basis", "kind"): {"R01", "R04"},
}


@pytest.mark.parametrize("way", sorted(paths(record.facts(IDENTITY, ADDIS.agency))))
@pytest.mark.parametrize("left", ["missing", None, 7, [], "word"])
def test_whatever_is_missing_or_strange_in_the_facts_never_helps(way, left):
    facts = deepcopy(record.facts(IDENTITY, ADDIS.agency))
    inner = facts
    for name in way[:-1]:
        inner = inner[name]
    if left == "missing":
        del inner[way[-1]]
    else:
        inner[way[-1]] = left
    answer = decide(facts, WANTED, NOW)
    if way in MATTERS:
        assert isinstance(answer, Deny)
    if way in MATTERS and left == "missing" and way != ("basis",):
        assert MATTERS[way] <= blocked(answer)


@pytest.mark.parametrize(
    "basis", [None, "consent", "basis", [], {}, {"kind": "presumed"}, {"basis": {"kind": "consent"}}, 7]
)
def test_what_is_no_basis_permits_nothing_however_fine_the_request(basis):
    assert "R01" in blocked(decide(basis, WANTED, NOW, around()))


@pytest.mark.parametrize(
    "request_", [None, "all", {}, Request(None, frozenset({"identity"}), "reception"), replace(WANTED, categories=None)]
)
def test_what_is_no_request_is_denied(request_):
    assert isinstance(decide(IDENTITY, request_, NOW, around()), Deny)


# Until when


@pytest.mark.parametrize(
    ("periods", "last"),
    [
        ([(-5, 3)], 3),
        ([(-5, 3), (4, 9)], 9),
        ([(-5, 3), (5, 9)], 3),
        ([(-5, 3), (2, 9), (10, 11)], 11),
        ([(4, 9), (-5, 3), (10, 10), (12, 20)], 10),
        ([(-5, 0)], 0),
    ],
)
def test_an_answer_lasts_as_long_as_grants_touch(periods, last):
    rows = [
        grant(ADDIS, "identity", id=f"g{n}", **{"from": day(a), "until": day(b)}) for n, (a, b) in enumerate(periods)
    ]
    assert sends(agreed(*rows), WANTED).until == date.fromisoformat(day(last))


def test_an_answer_lasts_no_longer_than_the_shortest_of_its_sections():
    kept = agreed(grant(ADDIS, "identity", until=day(5)), grant(ADDIS, "health", until=day(3)))
    assert sends(kept, asks(ADDIS, "identity", "health")).until == date.fromisoformat(day(3))


def test_a_lifted_rule_lasts_as_long_as_the_overrides_that_touch():
    rows = [override("R12", "status", until=day(3)), override("R12", "status", **{"from": day(4), "until": day(6)})]
    kept = agreed(grant(ADDIS, "status"), overrides=rows)
    assert sends(kept, asks(ADDIS, "status")).until == date.fromisoformat(day(6))


# What hubs learn


def test_a_verdict_has_the_same_shape_whatever_was_found():
    fine = gates(sends(IDENTITY, WANTED))
    barred = gates(sends(IDENTITY, asks(replace(ADDIS, kind="police"), "health", purpose="x")))
    nothing = gates(decide(None, None, None))
    lifted = gates(sends(agreed(grant(ADDIS, "status"), overrides=[override("R12")]), asks(ADDIS, "status")))
    for shown in (fine, barred, nothing, lifted, gates(sends(mandatory(), protects()))):
        assert tuple(gate for gate, _ in shown) == policy.GATES
        assert all(row == {"gate": gate, "found": row["found"]} for gate, row in shown)
    assert dict(barred)["R07"]["found"] == BLOCKED
    assert dict(lifted)["R12"]["found"] == OVERRIDDEN
    assert {row["found"] for _, row in fine} == {MET, NOT_APPLICABLE}


def test_a_gate_shows_the_worst_of_its_sections():
    assert dict(gates(sends(IDENTITY, asks(ADDIS, "identity", "health"))))["R01"]["found"] == BLOCKED


def test_a_hub_learns_the_month_in_which_a_basis_ends():
    assert until_month(date(2027, 2, 10)) == "2027-02"
    assert until_month(date(2026, 12, 31)) == "2026-12"


# The policy


def test_the_policy_says_where_everything_comes_from():
    assert all(rule.source and rule.ask for rule in policy.RULES)
    for name, block in policy.TABLES.items():
        assert name in {"policy", "note"} or block["source"], name
    ceilings = policy.TABLES["ceilings"]
    listed_ = {name for table in ("by_service", "by_kind") for row in ceilings[table].values() for name in row}
    assert listed_ <= policy.CATEGORIES
    assert policy.MAY_RECEIVE.isdisjoint(policy.NEVER_RECEIVE)
    for block in ("mandatory_protection", "vital_interest"):
        assert policy.TIER_3.isdisjoint(policy.TABLES[block]["sections"])
        assert policy.MAY_RECEIVE.issuperset(policy.TABLES[block]["kinds"])
        assert policy.PURPOSES.issuperset(policy.TABLES[block]["purposes"])
    assert policy.MAY_RECEIVE.issuperset(ceilings["whole_case_kinds"])


def test_the_firewall_of_consent_is_the_firewall_of_the_hub():
    certificates = pytest.importorskip("hub.keys.certificates")
    assert certificates.NEVER_RECEIVE == policy.NEVER_RECEIVE
    assert set(certificates.KINDS) == policy.MAY_RECEIVE | policy.NEVER_RECEIVE


MET_BY = {
    "R10": lambda: sends(IDENTITY, WANTED),
    "R12": lambda: sends(agreed(grant(ADDIS, "status", turned_on=["status"])), asks(ADDIS, "status")),
    "R13": lambda: sends(agreed(safety={"location_protected": True}), WANTED),
    "R14": lambda: allowed("copy", {}, NOW),
    "R15": lambda: sends(NAMED, PASSED),
    "R16": lambda: sends(agreed(grant(COALITION, "economic")), asks(COALITION, "economic")),
    "R18": listed,
    "R19": listed,
    "R20": listed,
    "R39": lambda: sends(mandatory(), protects()),
    "R46": lambda: allowed("record", {"actor": {"training": {"consent": day(1)}}}, NOW),
}


@pytest.mark.parametrize("rule", [rule.id for rule in policy.RULES])
def test_every_rule_can_be_met(rule):
    answer = MET_BY.get(rule, lambda: sends(IDENTITY, WANTED))()
    assert permits(answer)
    assert found(answer, rule) == {MET}
