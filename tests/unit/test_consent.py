"""What may be shared with whom: the rules as a child-protection lawyer would check them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from consent import policy
from consent.basis import BasisError, Consent, Denial, Giver, Grant, MandatoryProtection, VitalInterest, from_value
from consent.decide import Deny, Permit, Recipient, Request, decide
from consent.excerpt import check_excerpt, excerpt_for, until_month, verdict

TODAY = date(2026, 11, 22)
NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
DAY = 86_400
ADDIS = Recipient("urn:rcp:agency:transit-centre@et.example", "io", "ET", service="reception")
SCHOOL = Recipient("urn:rcp:agency:school@et.example", "school", "ET")
CLINIC = Recipient("urn:rcp:agency:clinic@et.example", "health", "ET")
COALITION = Recipient("urn:rcp:agency:ccc@et.example", "community_structure", "ET", person="m" * 22)
AUTHORITY = Recipient("urn:rcp:agency:desk@dj.example", "authority", "DJ")
HASH = "h" * 42 + "A"


def grant(recipient: Recipient, *categories: str, purpose: str = "reception", **more) -> Grant:
    facts = {"countries": frozenset({recipient.country}), "start": date(2026, 11, 1), "until": date(2027, 2, 10)}
    return Grant(frozenset(categories), frozenset({recipient.agency}), frozenset({purpose}), **{**facts, **more})


def consent(*grants: Grant, **more) -> Consent:
    facts = {
        "situation": "unaccompanied",
        "giver": Giver("guardian", date(2027, 6, 30)),
        "assent": "agreed",
        "explained_in": "ti",
        "given": date(2026, 11, 1),
        "expression": HASH,
        "grants": grants,
    }
    return Consent(**{**facts, **more})


def asks(recipient: Recipient, *categories: str, purpose: str = "reception", **more) -> Request:
    return Request(recipient, frozenset(categories), purpose, **more)


def rules(answer: Permit | Deny) -> set[str]:
    assert isinstance(answer, Deny), answer
    return {reason.rule for reason in answer.reasons}


IDENTITY = consent(grant(ADDIS, "identity", "minimal_contact"))


def test_what_the_guardian_granted_is_permitted_until_the_last_day_of_the_grant():
    answer = decide(IDENTITY, asks(ADDIS, "identity", "minimal_contact"), NOW)
    assert isinstance(answer, Permit)
    assert answer.until == date(2027, 2, 10)
    assert answer.rules == ("R01", "R02", "R03", "R04", "R05", "R06", "R07", "R08", "R11", "R12")


@pytest.mark.parametrize(
    "request_",
    [
        asks(ADDIS, "identity", "health"),
        asks(ADDIS, "identity", purpose="transfer"),
        asks(replace(ADDIS, agency="urn:rcp:agency:other@et.example"), "identity"),
        asks(replace(ADDIS, country="DJ"), "identity"),
        asks(replace(ADDIS, country="et"), "identity"),
        asks(replace(ADDIS, country="ZZZ"), "identity"),
        asks(ADDIS, "shoe_size"),
        asks(ADDIS),
    ],
    ids=["category", "purpose", "recipient", "country", "no country", "no such country", "no such category", "nothing"],
)
def test_whatever_was_not_granted_is_denied(request_):
    assert rules(decide(IDENTITY, request_, NOW)) == {"R01"}


def test_a_denial_says_what_is_missing_and_whom_to_ask_for_each_section():
    answer = decide(IDENTITY, asks(ADDIS, "identity", "health", "legal"), NOW)
    assert [(reason.section, reason.ask) for reason in answer.reasons] == [("health", "giver"), ("legal", "giver")]
    assert answer.reasons[0].message == (
        "Consent does not cover sending health to urn:rcp:agency:transit-centre@et.example for reception. "
        "Ask guardian first."
    )


def test_no_message_repeats_what_the_policy_does_not_know():
    evil = Recipient("<b>Hagos</b>", "io", "{section}", service="Hagos")
    answer = decide(IDENTITY, Request(evil, frozenset({"Hagos", "identity"}), "reception"), NOW)
    assert isinstance(answer, Deny)
    assert "Hagos" not in str(answer)
    assert "{" not in str([reason.message for reason in answer.reasons])


@pytest.mark.parametrize("kind", sorted(policy.NEVER_RECEIVE | {"airline", "", "Police", "authority "}))
@pytest.mark.parametrize("basis", ["consent", "mandatory", "vital"])
def test_the_firewall_has_no_key(kind, basis):
    barred = replace(ADDIS, kind=kind)
    bases = {
        "consent": consent(grant(barred, "identity", purpose="protection")),
        "mandatory": mandatory(barred),
        "vital": vital(barred),
    }
    for purpose in ("protection", "readmission"):
        assert rules(decide(bases[basis], asks(barred, "identity", purpose=purpose), NOW)) == {"R07"}


@pytest.mark.parametrize("purpose", ["readmission", "border_control", "", "Reception", "investigation"])
def test_purposes_come_from_a_closed_list(purpose):
    generous = consent(grant(ADDIS, "identity", purpose=purpose))
    assert rules(decide(generous, asks(ADDIS, "identity", purpose=purpose), NOW)) == {"R08"}


def test_a_denial_wins_over_every_grant():
    for denial in (
        Denial(categories=frozenset({"identity"})),
        Denial(recipients=frozenset({ADDIS.agency})),
        Denial(purposes=frozenset({"reception"})),
        Denial(),
    ):
        assert rules(decide(replace(IDENTITY, denials=(denial,)), asks(ADDIS, "identity"), NOW)) == {"R01"}
    elsewhere = Denial(frozenset({"identity"}), frozenset({SCHOOL.agency}))
    assert isinstance(decide(replace(IDENTITY, denials=(elsewhere,)), asks(ADDIS, "identity"), NOW), Permit)


def at(day: date, hour: int = 0) -> int:
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp())


def test_a_grant_begins_and_ends_with_its_days():
    wanted = asks(ADDIS, "identity")
    short = consent(grant(ADDIS, "identity", start=date(2026, 11, 20), until=date(2026, 11, 22)))
    assert isinstance(decide(short, wanted, at(date(2026, 11, 22), 23)), Permit)
    assert rules(decide(short, wanted, at(date(2026, 11, 23)))) == {"R04"}
    assert rules(decide(short, wanted, at(date(2026, 11, 19), 23))) == {"R04"}
    assert isinstance(decide(short, wanted, at(date(2026, 11, 20))), Permit)


@pytest.mark.parametrize("day", [date(2026, 11, 2), date(2099, 1, 1)])
def test_a_withdrawal_ends_everything_whatever_day_it_bears(day):
    answer = decide(replace(IDENTITY, withdrawn=day), asks(ADDIS, "identity"), NOW)
    assert rules(answer) == {"R04"}
    assert str(day) in answer.reasons[0].message


def test_a_consent_that_is_dated_tomorrow_is_none():
    assert rules(decide(replace(IDENTITY, given=date(2026, 11, 23)), asks(ADDIS, "identity"), NOW)) == {"R04"}


@pytest.mark.parametrize("now", [0, -1, 2**70, True, None, "now", 1.5])
def test_a_clock_that_cannot_be_right_permits_nothing(now):
    assert isinstance(decide(IDENTITY, asks(ADDIS, "identity"), now), Deny)


@pytest.mark.parametrize(
    ("situation", "capacity", "valid"),
    [
        ("unaccompanied", "guardian", True),
        ("separated", "interim_authority", True),
        ("in_family", "parent", True),
        ("in_family", "caregiver", True),
        ("adult", "self", True),
        ("unaccompanied", "parent", False),
        ("unaccompanied", "self", False),
        ("in_family", "guardian", False),
        ("unknown", "guardian", False),
    ],
)
def test_who_may_consent_depends_on_the_childs_situation(situation, capacity, valid):
    record = replace(IDENTITY, situation=situation, giver=Giver(capacity, date(2026, 11, 10)), given=date(2026, 11, 1))
    answer = decide(replace(record, giver=Giver(capacity, TODAY)) if valid else record, asks(ADDIS, "identity"), NOW)
    if capacity == "interim_authority":
        answer = decide(
            replace(record, given=date(2026, 11, 15), giver=Giver(capacity, date(2026, 11, 29))),
            asks(ADDIS, "identity"),
            NOW,
        )
    assert isinstance(answer, Permit) if valid else "R02" in rules(answer)


def test_a_guardians_appointment_must_be_recorded_in_date_and_bounds_the_grant():
    for order in (None, date(2026, 11, 21)):
        record = replace(IDENTITY, giver=Giver("guardian", order))
        assert rules(decide(record, asks(ADDIS, "identity"), NOW)) == {"R05"}
    soon = decide(replace(IDENTITY, giver=Giver("guardian", date(2026, 12, 1))), asks(ADDIS, "identity"), NOW)
    assert soon.until == date(2026, 12, 1)


def test_an_interim_guardians_order_lasts_fourteen_days_at_most():
    record = replace(IDENTITY, given=TODAY, giver=Giver("interim_authority", date(2026, 12, 6)))
    assert isinstance(decide(record, asks(ADDIS, "identity"), NOW), Permit)
    longer = replace(record, giver=Giver("interim_authority", date(2026, 12, 7)))
    assert rules(decide(longer, asks(ADDIS, "identity"), NOW)) == {"R05"}


def test_a_childs_no_stops_the_guardians_yes():
    assert rules(decide(replace(IDENTITY, assent="refused"), asks(ADDIS, "identity"), NOW)) == {"R03"}
    assert isinstance(decide(replace(IDENTITY, assent="too_young"), asks(ADDIS, "identity"), NOW), Permit)
    assert rules(decide(replace(IDENTITY, assent=""), asks(ADDIS, "identity"), NOW)) == {"R03"}


def test_the_limits_of_confidentiality_were_explained_in_a_language():
    assert rules(decide(replace(IDENTITY, explained_in=""), asks(ADDIS, "identity"), NOW)) == {"R06"}


@pytest.mark.parametrize("section", ["status", "mhpss", "exploitation"])
def test_the_most_dangerous_sections_are_off_until_a_grant_turns_them_on(section):
    assert rules(decide(consent(grant(ADDIS, section)), asks(ADDIS, section), NOW)) == {"R12"}
    turned_on = consent(grant(ADDIS, section, turned_on=frozenset({section})))
    assert isinstance(decide(turned_on, asks(ADDIS, section), NOW), Permit)
    only_another = consent(grant(ADDIS, section), grant(SCHOOL, section, turned_on=frozenset({section})))
    assert rules(decide(only_another, asks(ADDIS, section), NOW)) == {"R12"}


@pytest.mark.parametrize(
    ("recipient", "section"),
    [
        (SCHOOL, "health"),
        (CLINIC, "economic"),
        (replace(ADDIS, kind="ngo", service="livelihood"), "health"),
        (replace(ADDIS, kind="legal", service=None), "needs_risk"),
        (replace(ADDIS, service="school"), "identity"),
        (replace(ADDIS, service="no_such_service"), "minimal_contact"),
        (replace(SCHOOL, service="case_management"), "health"),
        (replace(COALITION, service="case_management"), "needs_risk"),
    ],
)
def test_a_service_gets_no_more_than_it_needs_whatever_was_granted(recipient, section):
    assert "R11" in rules(decide(consent(grant(recipient, section)), asks(recipient, section), NOW))


def test_a_community_body_gets_a_named_person_minimal_contact_and_one_need():
    record = consent(grant(COALITION, "minimal_contact", "economic", "health", purpose="livelihood"))
    one = asks(COALITION, "minimal_contact", "economic", purpose="livelihood")
    assert isinstance(decide(record, one, NOW), Permit)
    assert rules(decide(record, replace(one, recipient=replace(COALITION, person=None)), NOW)) == {"R16"}
    two = asks(COALITION, "minimal_contact", "economic", "health", purpose="livelihood")
    assert rules(decide(record, two, NOW)) == {"R16"}


@pytest.mark.parametrize("section", ["exploitation", "status"])
def test_s01_the_coalition_never_sees_exploitation_or_status(section):
    record = consent(grant(COALITION, "minimal_contact", section, turned_on=frozenset({section})))
    assert "R11" in rules(decide(record, asks(COALITION, "minimal_contact", section), NOW))


def test_a_holder_passes_on_only_to_whom_consent_names():
    third = replace(ADDIS, agency="urn:rcp:agency:third@gw.example")
    assert rules(decide(IDENTITY, asks(third, "identity", onward=True), NOW)) == {"R15"}
    answer = decide(IDENTITY, asks(ADDIS, "identity", onward=True), NOW)
    assert "R15" in answer.rules


def mandatory(recipient: Recipient = AUTHORITY, **more) -> MandatoryProtection:
    facts = {"assent": "agreed", "given": TODAY, "until": date(2026, 12, 6), "expression": HASH}
    return MandatoryProtection(frozenset({recipient.agency}), **{**facts, **more})


def protects(recipient: Recipient = AUTHORITY, *categories: str, purpose: str = "protection") -> Request:
    return asks(recipient, *(categories or ("minimal_contact", "needs_risk")), purpose=purpose)


def test_before_any_guardian_exists_an_authority_may_be_told_what_it_needs():
    answer = decide(mandatory(), protects(), NOW)
    assert isinstance(answer, Permit)
    assert answer.until == date(2026, 12, 6)
    assert {"R02", "R05"}.isdisjoint(answer.rules)
    assert "R39" in answer.rules


def test_mandatory_protection_reaches_no_further_than_that():
    ngo = replace(AUTHORITY, kind="ngo")
    assert rules(decide(mandatory(), protects(ngo), NOW)) == {"R39"}
    assert rules(decide(mandatory(), protects(AUTHORITY, "identity"), NOW)) == {"R39"}
    assert rules(decide(mandatory(), protects(purpose="education"), NOW)) == {"R39"}
    assert rules(decide(mandatory(assent="refused"), protects(), NOW)) == {"R03"}
    assert rules(decide(mandatory(), protects(replace(AUTHORITY, agency="urn:rcp:agency:x@y")), NOW)) == {"R01"}
    assert rules(decide(mandatory(), protects(), at(date(2026, 12, 7)))) == {"R04"}


def vital(recipient: Recipient = CLINIC, **more) -> VitalInterest:
    facts = {"supervisor": "s" * 22, "reason": "fever, no papers", "made": NOW - 60, "review_by": NOW + 2 * DAY}
    return VitalInterest(frozenset({recipient.agency}), **{**facts, **more})


def emergency(recipient: Recipient = CLINIC, *categories: str) -> Request:
    return asks(recipient, *(categories or ("minimal_contact", "health")), purpose="emergency")


def test_when_life_cannot_wait_a_supervisors_note_is_enough_for_three_days():
    assert isinstance(decide(vital(), emergency(), NOW), Permit)
    assert rules(decide(vital(), emergency(), NOW + 2 * DAY + 1)) == {"R04"}
    assert rules(decide(vital(review_by=NOW - 60 + 3 * DAY + 1), emergency(), NOW)) == {"R04"}
    assert rules(decide(vital(made=NOW + 700), emergency(), NOW)) == {"R04"}
    assert rules(decide(vital(supervisor=""), emergency(), NOW)) == {"R01"}
    assert rules(decide(vital(reason=""), emergency(), NOW)) == {"R01"}


def test_vital_interest_opens_nothing_else():
    assert "R01" in rules(decide(vital(), emergency(CLINIC, "identity"), NOW))
    assert "R01" in rules(decide(vital(SCHOOL), emergency(SCHOOL, "minimal_contact"), NOW))
    assert "R01" in rules(decide(vital(), replace(emergency(), purpose="education"), NOW))


# Excerpts

FAMILY = consent(
    grant(ADDIS, "identity"),
    grant(CLINIC, "health", purpose="medical_care"),
    replace(
        grant(SCHOOL, "education_skills", purpose="education"),
        recipients=frozenset({SCHOOL.agency, CLINIC.agency}),
        countries=frozenset({"ET", "DJ"}),
    ),
    denials=(Denial(frozenset({"mhpss"})), Denial(frozenset({"identity"}), frozenset({CLINIC.agency, SCHOOL.agency}))),
)


def test_a_school_does_not_learn_that_a_clinic_was_named():
    text = json.dumps(excerpt_for(FAMILY, SCHOOL))
    assert CLINIC.agency not in text
    assert ADDIS.agency not in text
    assert '"health"' not in text
    assert '"DJ"' not in text
    assert SCHOOL.agency in text
    assert "guardian" in text


def test_the_recipients_check_of_its_excerpt_is_the_senders_own():
    excerpt = json.loads(json.dumps(excerpt_for(FAMILY, CLINIC)))
    fine = asks(CLINIC, "health", purpose="medical_care")
    assert check_excerpt(excerpt, fine, NOW) == decide(FAMILY, fine, NOW)
    more = asks(CLINIC, "health", "minimal_contact", purpose="medical_care")
    assert rules(check_excerpt(excerpt, more, NOW)) == {"R01"}
    assert rules(check_excerpt(excerpt, asks(SCHOOL, "education_skills", purpose="education"), NOW)) == {"R01"}


@pytest.mark.parametrize("basis", [mandatory(), vital()])
def test_the_other_bases_have_excerpts_too(basis):
    shared = replace(basis, recipients=basis.recipients | {"urn:rcp:agency:other@x.example"})
    recipient = AUTHORITY if isinstance(basis, MandatoryProtection) else CLINIC
    request = protects() if isinstance(basis, MandatoryProtection) else emergency()
    excerpt = excerpt_for(shared, recipient)
    assert excerpt["recipients"] == [recipient.agency]
    assert check_excerpt(excerpt, request, NOW) == decide(shared, request, NOW)


@pytest.mark.parametrize("excerpt", [None, {}, [], "consent", {"kind": "consent"}, {"kind": ["consent"]}])
def test_an_excerpt_that_is_none_permits_nothing(excerpt):
    assert rules(check_excerpt(excerpt, asks(ADDIS, "identity"), NOW)) == {"R01"}


def test_a_verdict_has_the_same_shape_whatever_was_found():
    fine = verdict(IDENTITY, asks(ADDIS, "identity"), NOW)
    blocked = verdict(IDENTITY, asks(replace(ADDIS, kind="police"), "health", purpose="x"), NOW)
    for found in (fine, blocked, verdict(mandatory(), protects(), NOW)):
        assert tuple(gate for gate, _ in found) == policy.GATES
        assert all(set(finding) == {"gate", "found"} for _, finding in found)
    assert dict(blocked)["R07"]["found"] == "blocked"
    assert {finding["found"] for _, finding in fine} == {"met", "not_applicable"}


def test_a_hub_learns_the_month_in_which_a_basis_ends():
    assert until_month(date(2027, 2, 10)) == "2027-02"
    assert until_month(date(2026, 12, 31)) == "2026-12"


# Records


@pytest.mark.parametrize("basis", [FAMILY, mandatory(), vital(), replace(IDENTITY, withdrawn=TODAY)])
def test_a_basis_survives_being_written_down(basis):
    assert from_value(json.loads(json.dumps(basis.to_value()))) == basis


def broken(**changes):
    value = json.loads(json.dumps(FAMILY.to_value()))
    for path, new in changes.items():
        *way, last = path.split("__")
        inner = value
        for step in way:
            inner = inner[int(step) if step.isdigit() else step]
        if new is ...:
            del inner[last]
        else:
            inner[last] = new
    return value


@pytest.mark.parametrize(
    "value",
    [
        broken(extra=1),
        broken(assent=...),
        broken(v=2),
        broken(v=True),
        broken(kind="mandatory_protection"),
        broken(assent="yes"),
        broken(given="2026-02-30"),
        broken(given="2026-2-3"),
        broken(given=20261101),
        broken(expression="short"),
        broken(explained_in=""),
        broken(explained_in="ti\n"),
        broken(situation=None),
        broken(grants={}),
        broken(grants=[{}]),
        broken(grants__0__categories="identity"),
        broken(grants__0__categories=["identity", "identity"]),
        broken(grants__0__categories=[1]),
        broken(grants__0__countries=["et"]),
        broken(grants__0__until=None),
        broken(grants=[broken()["grants"][0]] * 1001),
        broken(giver=["guardian"]),
        broken(denials__0__categories=7),
        broken(withdrawn=""),
        {**vital().to_value(), "made": True},
        {**vital().to_value(), "review_by": -1},
        {**vital().to_value(), "reason": "x" * 10_001},
        {"kind": "presumed"},
        None,
    ],
)
def test_a_record_that_we_half_understand_is_refused(value):
    with pytest.raises(BasisError):
        from_value(value)


def test_the_policy_file_says_where_everything_comes_from():
    data = policy._DATA
    assert all(gate["source"] and gate["message"] and gate["ask"] for gate in data["gates"])
    for block in ("categories", "purposes", "kinds", "ceilings", "community", "mandatory_protection", "vital_interest"):
        assert data[block]["source"], block
    listed = {name for row in data["ceilings"]["by_service"].values() if row != "all" for name in row}
    listed |= {name for row in data["ceilings"]["by_kind"].values() for name in row}
    assert listed <= policy.CATEGORIES
    assert policy.MAY_RECEIVE.isdisjoint(policy.NEVER_RECEIVE)
    assert policy.MANDATORY_PROTECTION.sections.isdisjoint(policy.TIER_3)
    assert policy.VITAL_INTEREST.sections.isdisjoint(policy.TIER_3)


def test_the_firewall_of_consent_is_the_firewall_of_the_hub():
    certificates = pytest.importorskip("hub.keys.certificates")
    assert policy.NEVER_RECEIVE == certificates.NEVER_RECEIVE
    assert set(certificates.KINDS) == policy.MAY_RECEIVE | policy.NEVER_RECEIVE


@pytest.mark.parametrize("basis", [None, "consent", FAMILY.to_value(), Giver("guardian")])
def test_what_is_no_basis_permits_nothing_however_fine_the_request(basis):
    assert rules(decide(basis, asks(ADDIS, "identity"), NOW)) == {"R01"}
