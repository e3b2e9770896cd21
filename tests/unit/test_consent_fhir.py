"""Consents as FHIR R4 has them: what we write, what we read, and that nothing foreign or spoilt ever permits more."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import policy, record
from consent.basis import BasisError, schema
from consent.decide import Permit, decide
from consent.formats.fhir import BASE, TERMS, to_fhir, url
from consent.formats.fhir_import import from_fhir
from consent.formats.imported import Imported, Item
from tests.support import consents as c

SHARED = Path(record.__file__).parents[2] / "shared" / "data" / "fhir"
THEN = int(datetime(2022, 7, 1, 12, tzinfo=UTC).timestamp())
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
LABEL = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CATEGORIES = ("health", "needs_risk", "mhpss", "hiv", "status")
PURPOSES = ("medical_care", "emergency", "protection", "research")
NAMES = {"org": "Organization/ex-organization", "doctor": "Practitioner/ex-practitioner"} | {
    "group": "Group/ex-privilegedUsers",
    "researcher": "Organization/ex-org-researcher",
}
AROUND = c.around(protocols=[c.protocol(**{"from": "2020-01-01"})])


def context(**more: Any) -> dict[str, Any]:
    """What a worker knows of a foreign consent: an adult gave it, it was explained, and who is who."""
    base = {"recipients": [NAMES["org"]], "categories": ["health", "needs_risk"], "until": "2023-06-01"}
    examples = "http://example.org/policies"
    uris = [f"{examples}/{name}PrivacyConsentPolicy.txt" for name in ("base", "research")]
    uris.append("https://profiles.ihe.net/ITI/PCF/Policy-basic-normal")
    return {
        "patient": "Patient/ex-patient",
        "performer": "Patient/ex-patient",
        "subject": {"situation": "adult", "age_band": "18+", "languages": ["en"], "law": "DJ"},
        "giver": {"capacity": "self", "years": 45},
        "assent": {"answer": "agreed"},
        "informing": c.informed(language="en"),
        "expression": {"method": "written", "place": "DJ"},
        "safety": {"location_protected": False},
        "agencies": {ref: [{"agency": c.agency(name), "country": "ET"}] for name, ref in NAMES.items()},
        "policies": dict.fromkeys(uris, base),
        "labels": {LABEL: {"N": ["health"], "R": ["hiv"]}},
        **more,
    }


def foreign(provision: Any, **more: Any) -> dict[str, Any]:
    """A consent as another system would send it."""
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": TERMS["scope"].split("|")[0], "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": "Patient/ex-patient"},
        "dateTime": "2022-06-13",
        "performer": [{"reference": "Patient/ex-patient"}],
        "policy": [{"uri": "http://example.org/policies/basePrivacyConsentPolicy.txt"}],
        "provision": provision,
        **more,
    }


def purpose(*codes: str) -> list[dict[str, str]]:
    return [{"system": REASON, "code": code} for code in codes]


def label(*codes: str) -> list[dict[str, str]]:
    return [{"system": LABEL, "code": code} for code in codes]


def actor(name: str, role: str = "IRCP") -> list[dict[str, Any]]:
    system = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
    return [{"role": {"coding": [{"system": system, "code": role}]}, "reference": {"reference": NAMES.get(name, name)}}]


def permits(found: Imported, now: int = THEN) -> set[tuple[str, str, str]]:
    """Return all that the rules in force would let go on what was imported: recipient, category, purpose."""
    if found.draft is None or not found.draft["grants"]:
        return set()
    kept = record.begin(found.draft, record="r" * 22, agency=c.OWN, member=c.MEMBER, at=THEN, token="T")
    asked = [(name, section, why) for name in NAMES for section in CATEGORIES for why in PURPOSES]
    return {
        (name, section, why)
        for name, section, why in asked
        if isinstance(decide(kept, c.asks(c.recipient(name), section, purpose=why), now, AROUND), Permit)
    }


TREAT = {("org", "health", "medical_care"), ("org", "needs_risk", "medical_care")}
NORMAL = {("org", "health", "medical_care")}
PCF: dict[str, set[tuple[str, str, str]]] = {
    "basic-treat": TREAT,
    "basic-ink": TREAT,
    "basic-reject": set(),
    "basic-research": set(),
    "expired-treat": TREAT,
    "intermediate-authoredby": TREAT,
    "intermediate-data": TREAT,
    "intermediate-encounter": TREAT,
    "intermediate-not-data": TREAT,
    "intermediate-not-encounter": TREAT,
    "intermediate-purpose": set(),
    "intermediate-timeframe": TREAT,
    "advanced-normal": NORMAL,
    "advanced-normal-restricted": NORMAL | {("org", "hiv", "medical_care")},
    "advanced-normal-focused-psy": NORMAL | {("doctor", "mhpss", "medical_care")},
    "advanced-normal-focused-restricted": NORMAL | {("doctor", "hiv", "medical_care")},
    "advanced-normal-break-glass-restricted": NORMAL | {("group", "hiv", "emergency")},
}


def published(name: str) -> dict[str, Any]:
    path = SHARED / name
    if not path.exists():
        pytest.skip("the published examples are not beside this copy of the project")
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value


def pcf(name: str) -> dict[str, Any]:
    return published(f"ihe-pcf/Consent-ex-consent-{name}.json")


@pytest.mark.parametrize("name", PCF)
def test_a_published_consent_permits_what_its_name_says_and_nothing_else(name: str) -> None:
    assert permits(from_fhir(pcf(name), context())) == PCF[name]


@pytest.mark.parametrize("name", PCF)
def test_a_published_consent_without_a_context_permits_nothing(name: str) -> None:
    found = from_fhir(pcf(name), {})
    assert found.draft is None
    assert {"patient", "giver", "assent", "informing", "policy"} <= set(found.incomplete)


@pytest.mark.parametrize("left_out", ["giver", "assent", "informing", "expression", "subject", "safety", "policies"])
def test_what_the_context_leaves_open_makes_a_consent_incomplete(left_out: str) -> None:
    known = context()
    del known[left_out]
    assert from_fhir(foreign({"type": "permit", "purpose": purpose("TREAT")}), known).draft is None


@pytest.mark.parametrize("name", ["until", "recipients", "categories"])
def test_a_permit_without_end_recipient_or_category_is_incomplete(name: str) -> None:
    known = deepcopy(context())
    for row in known["policies"].values():
        row.pop(name, None)
    found = from_fhir(foreign({"type": "permit", "purpose": purpose("TREAT")}), known)
    assert found.draft is None
    assert any(row.startswith("provision") for row in found.incomplete)


def test_an_expired_consent_permits_nothing_after_its_last_day() -> None:
    found = from_fhir(pcf("expired-treat"), context())
    last, after = (int(datetime(*day, 23, tzinfo=UTC).timestamp()) for day in ((2022, 12, 31), (2023, 1, 1)))
    assert permits(found, last) == TREAT
    assert permits(found, after) == set()


def test_research_is_left_out_and_the_import_says_why() -> None:
    found = from_fhir(pcf("basic-research"), context())
    assert found.draft is not None
    assert any("R08" in row for row in found.left_out)


def test_a_foreign_purpose_for_a_researcher_is_left_out() -> None:
    found = from_fhir(pcf("intermediate-purpose"), context())
    assert found.draft is not None
    assert found.draft["grants"] == []


WEIGHT, ALCOHOL = Item("Observation/ex-weight"), Item("Observation/ex-alcoholUse")
AT_VISIT = Item("Observation/7", related=frozenset({"Encounter/ex-encounter"}))
BY_DOCTOR = Item("Observation/8", author="Practitioner/ex-practitioner")
OF_2022, OF_2023 = Item("Observation/9", on="2022-06-01"), Item("Observation/9", on="2023-01-01")
ITEMS = (WEIGHT, ALCOHOL, AT_VISIT, BY_DOCTOR, OF_2022, OF_2023)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("basic-treat", ITEMS),
        ("intermediate-data", (WEIGHT, ALCOHOL)),
        ("intermediate-not-data", tuple(item for item in ITEMS if item is not ALCOHOL)),
        ("intermediate-encounter", (AT_VISIT,)),
        ("intermediate-not-encounter", tuple(item for item in ITEMS if item is not AT_VISIT)),
        ("intermediate-authoredby", (BY_DOCTOR,)),
        ("intermediate-timeframe", (OF_2022,)),
    ],
)
def test_a_consent_about_single_items_lets_only_those_into_a_section(name: str, allowed: tuple[Item, ...]) -> None:
    limits = from_fhir(pcf(name), context()).limits
    assert tuple(item for item in ITEMS if limits.allows(item)) == allowed
    assert bool(limits) is (name != "basic-treat")


def test_a_consent_that_is_only_a_pdf_permits_nothing_in_every_context() -> None:
    value = published("sdohcc/Consent-SDOHCC-ConsentInformationDisclosureExample.json")
    hipaa = "http://terminology.hl7.org/CodeSystem/consentpolicycodes|hipaa-auth"
    base = next(iter(context()["policies"].values())) | {"purposes": ["medical_care"]}
    for known in ({}, context(), context(patient="Patient/pat-53234", policies={hipaa: base})):
        found = from_fhir(value, known)
        assert found.draft is None
        assert "provision" in found.incomplete
    assert found.incomplete == ("provision",)


# Semantics, on consents of our own making


def test_an_exception_narrows_a_period_and_takes_over_what_it_leaves_open() -> None:
    nested = {"type": "permit", "securityLabel": label("R"), "period": {"start": "2022-01-01", "end": "2030-01-01"}}
    root = {"type": "permit", "purpose": purpose("TREAT"), "securityLabel": label("N"), "provision": [nested]}
    found = from_fhir(foreign({**root, "period": {"end": "2022-09-30"}}), context())
    assert found.draft is not None
    assert [row["until"] for row in found.draft["grants"]] == ["2022-09-30", "2022-09-30"]
    assert [row["categories"] for row in found.draft["grants"]] == [["health"], ["hiv"]]
    assert [row["turned_on"] for row in found.draft["grants"]] == [[], ["hiv"]]


def test_a_wide_policy_never_turns_a_tier_3_category_on() -> None:
    known = context()
    known["policies"] = {name: {**row, "categories": ["health", "hiv"]} for name, row in known["policies"].items()}
    found = from_fhir(foreign({"type": "permit", "purpose": purpose("TREAT")}), known)
    assert permits(found) == NORMAL


def test_deny_wins_over_permit() -> None:
    root = {"type": "permit", "purpose": purpose("TREAT"), "securityLabel": label("N", "R")}
    deny = {"type": "deny", "securityLabel": label("R"), "actor": actor("org")}
    assert permits(from_fhir(foreign({**root, "provision": [deny]}), context())) == NORMAL


@pytest.mark.parametrize(
    "part",
    [
        {"securityLabel": [*label("R"), {"system": LABEL, "code": "V"}]},
        {"securityLabel": label("R")[0]},
        {"purpose": purpose("NEW")},
        {"actor": actor("RelatedPerson/father")},
        {"actor": actor("org", role="CST")},
        {"data": [{"meaning": "instance"}], "dataPeriod": {"start": "2022"}},
        {"class": [{"code": "x"}]},
        {"provision": [{"type": "permit"}]},
        {"period": {"end": "2000-01-01"}},
    ],
)
def test_a_denial_that_is_understood_in_part_denies_more(part: dict[str, Any]) -> None:
    root = {"type": "permit", "purpose": purpose("TREAT"), "securityLabel": label("N")}
    whole = {**root, "provision": [{"type": "deny", **part}]}
    kept = from_fhir(foreign(whole), context())
    assert permits(kept) <= (NORMAL if part.get("securityLabel") == label("R") else set())


@pytest.mark.parametrize("meaning", ["dependents", "junk", None, 7, ["instance"]])
def test_a_meaning_that_is_not_read_leaves_every_item_out(meaning: Any) -> None:
    data = [{"meaning": meaning, "reference": {"reference": WEIGHT.reference}}]
    for root in ({"data": data}, {"provision": [{"type": "deny", "data": data}]}):
        found = from_fhir(foreign({"type": "permit", "purpose": purpose("TREAT"), **root}), context())
        assert not any(found.limits.allows(item) for item in ITEMS)


@pytest.mark.parametrize(
    "part",
    [
        {"class": [{"code": "x"}]},
        {"code": [{"text": "x"}]},
        {"dataPeriod": {"end": "2022-01-01"}},
        {"data": [{"meaning": "instance", "reference": {"reference": "Observation/1"}}]},
        {"provision": [{"type": "deny"}]},
        {"extension": [{"url": "https://other.example/only-on-mondays", "valueBoolean": True}]},
        {"action": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": "use"}]}]},
        {"period": {"end": "2022"}},
        {"period": {"end": "2022-12-31T10:00:00"}},
        {"securityLabel": []},
        {"purpose": [None]},
        {"junk": 1},
    ],
)
def test_a_condition_that_is_not_read_takes_the_exception_away(part: dict[str, Any]) -> None:
    nested = {"type": "permit", "securityLabel": label("R"), "actor": actor("doctor"), **part}
    root = {"type": "permit", "purpose": purpose("TREAT"), "securityLabel": label("N"), "provision": [nested]}
    assert permits(from_fhir(foreign(root), context())) <= NORMAL


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ({"modifierExtension": [{"url": "x"}]}, "an element that could restrict"),
        ({"organization": [{"modifierExtension": []}]}, "an element that could restrict"),
        ({"implicitRules": "x"}, "an element that could restrict"),
        ({"status": "inactive"}, "status"),
        ({"status": "entered-in-error"}, "status"),
        ({"scope": {"coding": [{"code": "research"}]}}, "scope"),
        ({"category": [{"coding": [{"system": "http://loinc.org", "code": "57016-8"}]}]}, "category"),
        ({"patient": {"reference": "Patient/other"}}, "patient"),
        ({"performer": [{"reference": "RelatedPerson/other"}]}, "performer"),
        ({"verification": [{"verified": False}]}, "verification"),
        ({"dateTime": "2022"}, "dateTime"),
        ({"dateTime": "2022-06-13Tnoon"}, "dateTime"),
        ({"policy": [{"uri": "http://example.org/unknown"}]}, "policy"),
        ({"policyRule": {"text": "as we said"}}, "policy"),
        ({"extension": [{"url": url("junk"), "valueCode": "x"}]}, "extension"),
        ({"extension": [{"url": url("child-assent"), "valueCode": "x"}]}, "extension child-assent"),
    ],
)
def test_what_could_change_the_meaning_of_all_makes_it_incomplete(part: dict[str, Any], what: str) -> None:
    whole = foreign({"type": "permit", "purpose": purpose("TREAT")})
    assert from_fhir(whole, context()).draft is not None
    found = from_fhir({**whole, **part}, context())
    assert found.draft is None
    assert what in found.incomplete


def test_an_extension_that_says_a_thing_twice_is_not_read() -> None:
    twice = [{"url": "answer", "valueCode": word} for word in ("refused", "agreed")]
    said = {"url": url("child-assent"), "extension": twice}
    found = from_fhir(foreign({"type": "permit", "purpose": purpose("TREAT")}, extension=[said]), context())
    assert "extension child-assent" in found.incomplete


def test_the_child_s_no_in_the_document_goes_before_a_yes_in_the_context() -> None:
    said = {"url": url("child-assent"), "extension": [{"url": "answer", "valueCode": "refused"}]}
    found = from_fhir(foreign({"type": "permit", "purpose": purpose("TREAT")}, extension=[said]), context())
    assert found.draft is not None
    assert permits(found) == set()


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ({"start": "2022-07-01", "end": "2022-08-01"}, "2022-07-01", "2022-08-01"),
        ({"start": "2022-07-01T10:00:00Z", "end": "2022-08-01T10:00:00Z"}, "2022-07-02", "2022-07-31"),
        ({"start": "2022-07-01T00:00:00Z", "end": "2022-08-01T23:59:59Z"}, "2022-07-01", "2022-08-01"),
        ({"start": "2022-07-01T23:00:00-05:00", "end": "2022-08-01"}, "2022-07-03", "2022-08-01"),
        ({"end": "2022-08-01"}, "2022-06-13", "2022-08-01"),
    ],
)
def test_a_period_gives_whole_days_only(period: dict[str, str], first: str, last: str) -> None:
    found = from_fhir(foreign({"type": "permit", "purpose": purpose("TREAT"), "period": period}), context())
    assert found.draft is not None
    assert {(row["from"], row["until"]) for row in found.draft["grants"]} == {(first, last)}


@pytest.mark.parametrize("value", [None, [], "Consent", {}, {"resourceType": "Patient"}])
def test_what_is_no_consent_is_refused(value: Any) -> None:
    with pytest.raises(BasisError):
        from_fhir(value, {})


def test_a_resource_nested_without_end_is_refused() -> None:
    deep: Any = {}
    for _ in range(100):
        deep = {"contained": [deep]}
    with pytest.raises(BasisError):
        from_fhir(foreign(deep), context())


def test_a_context_that_is_not_of_its_form_is_refused() -> None:
    wrong: list[Any] = [[], {"agencies": []}, {"giver": "me"}]
    for known in wrong:
        with pytest.raises(BasisError):
            from_fhir(foreign({}), known)


# Our own records


def ours(**more: Any) -> dict[str, Any]:
    rows = (
        c.grant(c.ADDIS, "identity", "mhpss", id="a", turned_on=["mhpss"], onward=[c.SCHOOL.agency]),
        c.grant(c.CLINIC, "health", id="b", purpose="medical_care"),
    )
    denials = [{"categories": ["health"], "recipient": c.SCHOOL.agency, "purpose": "education"}]
    denials += [{"party": "the father", "because": "safety"}]
    known = {"denials": denials, "refused": [{"categories": ["legal"]}], "safety": {"location_protected": True}}
    return c.consent(*rows, **{**known, **more})


SILENT = {"giver": {"order": {"body": "Court of Obock", "reference": "SYN-7"}}, "informing": {"by": "SYN worker"}}
"""What our own projection does not tell others: who appointed the guardian, and who explained."""


def again(value: dict[str, Any]) -> dict[str, Any]:
    found = from_fhir(value, SILENT)
    assert found.incomplete == ()
    assert found.draft is not None
    return record.begin(found.draft, record="r" * 21 + "A", agency=c.OWN, member=c.MEMBER, at=c.NOW, token="TOKEN")


@pytest.mark.parametrize("scope", [None, ["reception", "medical_care"]])
def test_what_we_wrote_we_read_back(scope: list[str] | None) -> None:
    made = ours(giver={"order": c.order(scope=scope)}, assent={"asked_by": None})
    assert again(to_fhir(made)) == made


def test_the_projection_keeps_names_notes_reasons_and_words() -> None:
    made = ours(
        giver={"party": "SECRET aunt", "reason": "SECRET", "relationship": "SECRET"},
        assent={"words": "SECRET", "asked_by": "SECRET"},
        safety={"note": "SECRET", "location_protected": True},
        overrides=[c.override("R03", reason="SECRET, because it is so")],
        expression={"witness": {"ref": "SECRET", "independent": True}},
    )
    text = json.dumps(to_fhir(made))
    assert "SECRET" not in text
    assert made["receipt"]["token"] not in text
    assert c.MEMBER not in text


def test_the_projection_has_what_r4_requires() -> None:
    value = to_fhir(ours())
    assert {"resourceType", "status", "scope", "category", "policy"} <= set(value)
    assert value["provision"]["type"] == "deny"
    for row in value["provision"]["provision"]:
        assert row["type"] in {"permit", "deny"}
        assert all({"role", "reference"} <= set(one) for one in row.get("actor", ()))
    permit = value["provision"]["provision"][0]
    assert permit["period"] == {"start": "2026-11-01", "end": "2027-02-10"}
    assert permit["actor"][0]["reference"]["identifier"] == {"system": f"{BASE}/agency", "value": c.ADDIS.agency}
    assert [row["code"] for row in permit["securityLabel"]] == ["identity", "mhpss"]
    names = [row["url"].rsplit("/", 1)[1] for row in permit["extension"]]
    assert names == ["country", "onward", "tier-3"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "active"),
        ({"assent": {"answer": "refused"}}, "rejected"),
        (
            {"withdrawal": {"how": ["worker"], "events": [{"on": "2026-11-20", "by": "child", "reason": None}]}},
            "inactive",
        ),
        ({"frozen": "2026-11-20"}, "inactive"),
    ],
)
def test_only_a_consent_in_force_is_active_and_comes_back(changes: dict[str, Any], status: str) -> None:
    value = to_fhir(ours(**changes))
    assert value["status"] == status
    assert (from_fhir(value, SILENT).draft is not None) is (status == "active")


def test_every_status_of_ours_has_one_of_r4() -> None:
    known = schema()["$defs"]["consent"]["properties"]["status"]["enum"]
    assert set(TERMS["status"]) == set(known)
    active = {name for name, found in TERMS["status"].items() if found == "active"}
    assert active == set(policy.TABLES["statuses"]["valid"])


def test_an_approval_of_an_exception_is_never_imported() -> None:
    value = to_fhir(ours(assent={"answer": "refused"}, overrides=[c.override("R03")]))
    assert value["status"] == "active"
    found = again(value)
    assert found["overrides"] == []
    assert found["status"] == "ConsentRefused"


# Attacks: a document that was spoilt, by accident or on purpose

_JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    "",
    "junk",
    [],
    {},
    [None],
    {"url": "junk"},
    "0001-01-01",
    "9999-12-31",
    "\ud800",
    1.5,
]
JUNK = st.sampled_from(_JUNK).map(deepcopy)


def sends(found: Imported) -> set[tuple[Any, ...]]:
    if found.draft is None or not found.draft["grants"]:
        return set()
    made = record.begin(found.draft, record="r" * 22, agency=c.OWN, member=c.MEMBER, at=c.NOW, token="T")
    asked = [
        (to, section, why)
        for to in (c.ADDIS, c.SCHOOL, c.CLINIC)
        for section in ("identity", "mhpss", "health", "legal", "minimal_contact")
        for why in ("reception", "medical_care", "education")
    ]
    answers = {row: decide(made, c.asks(row[0], row[1], purpose=row[2]), c.NOW, c.around()) for row in asked}
    return {
        (*row, answer.until >= c.TODAY, "protect_location" in answer.obligations)
        for row, answer in answers.items()
        if isinstance(answer, Permit)
    }


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, row in inner for found in places(row, (*path, name)))]


@st.composite
def spoilt(draw: st.DrawFn, value: dict[str, Any]) -> dict[str, Any]:
    """A document with one to three places dropped, changed or added to."""
    found = deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([row for row in places(found) if row]))
        at: Any = found
        for name in path[:-1]:
            at = at[name]
        act = draw(st.sampled_from(["drop", "change", "add"]))
        if act == "add":
            into = at[path[-1]]
            if isinstance(into, list):
                into.append(draw(JUNK))
            elif isinstance(into, dict):
                into[draw(st.sampled_from(["junk", "class", "modifierExtension", "data", "period", "type"]))] = draw(
                    JUNK
                )
        elif act == "change":
            at[path[-1]] = draw(JUNK)
        else:
            del at[path[-1]]
    return found


OWN = to_fhir(ours())
OWN["provision"]["provision"] = [row for row in OWN["provision"]["provision"] if row["type"] == "permit"]
"""Grants alone: to drop a denial is to permit what it denied, and then nothing could be said."""


@settings(max_examples=150, deadline=None)
@given(spoilt(OWN))
def test_a_spoilt_consent_of_ours_never_permits_more(value: dict[str, Any]) -> None:
    before = sends(from_fhir(OWN, SILENT))
    assert before
    try:
        assert sends(from_fhir(value, SILENT)) <= before
    except BasisError:
        return


TREATED = foreign(
    {
        "type": "permit",
        "purpose": purpose("TREAT", "HPAYMT"),
        "securityLabel": label("N"),
        "period": {"end": "2022-12-31"},
        "provision": [
            {"type": "permit", "securityLabel": label("R"), "actor": actor("doctor")},
            {"type": "deny", "actor": actor("researcher"), "securityLabel": label("R")},
            {"type": "deny", "data": [{"meaning": "instance", "reference": {"reference": ALCOHOL.reference}}]},
        ],
    }
)


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """A foreign consent with one to three values changed to junk: nothing is dropped, which would lift a condition."""
    found = deepcopy(TREATED)
    for _ in range(draw(st.integers(1, 3))):
        leaves = [path for path in places(found) if path]
        path = draw(st.sampled_from(leaves))
        at: Any = found
        for name in path[:-1]:
            at = at[name]
        at[path[-1]] = draw(JUNK.filter(lambda junk: junk not in (None, [], "9999-12-31")))
    return found


@settings(max_examples=150, deadline=None)
@given(changed())
def test_a_spoilt_foreign_consent_never_permits_more(value: dict[str, Any]) -> None:
    before = from_fhir(TREATED, context())
    try:
        after = from_fhir(value, context())
    except BasisError:
        return
    assert permits(after) <= permits(before)
    assert (
        after.draft is None
        or {i for i in ITEMS if after.limits.allows(i)} <= {i for i in ITEMS if before.limits.allows(i)}
        or permits(after) == set()
    )
