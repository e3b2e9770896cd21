"""Services Advisor, both forms of it, and the real snapshots of Jordan."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from hub.directory.formats.advisor import read_advisor
from hub.directory.formats.items import Origin
from hub.directory.records.record import PROVIDER, SERVICE, SITE, check
from hub.errors import InvalidRequest
from tests.support.files import feature
from tests.support.shared import shared_data

JORDAN = Origin(
    "UNHCR Jordan", "MIT", "JO", "Asia/Amman", "2015-03-22", locate=lambda _lat, _lon: ["JO", "JO-IR", "JO-IR-1"]
)


def read(*features, origin=JORDAN):
    return list(read_advisor(json.dumps(features).encode(), origin))


def service(*features, origin=JORDAN):
    return [item for item in read(*features, origin=origin) if item.kind == SERVICE][-1]


def chosen(*answers):
    return dict.fromkeys(answers, True)


def codes(item):
    return [(problem.field, problem.code) for problem in item.problems]


def real(name, **origin):
    data = shared_data(f"directory/unhcr-jordan/services_{name}.json").read_bytes()
    return list(read_advisor(data, Origin("UNHCR Jordan", "MIT", "JO", "Asia/Amman", name[:10], **origin)))


def test_a_feature_is_a_service_of_a_provider_at_an_approximate_place():
    provider, site, one = read(feature())
    assert [item.kind for item in (provider, site, one)] == [PROVIDER, SITE, SERVICE]
    assert site.document["precision"] == "approximate"
    assert one.document["needs"] == ["health"]
    assert one.document["description"] == "Primary healthcare"
    assert one.document["ends"] == "2015-12-31"
    assert one.document["service_at_locations"][0]["location_id"] == site.document["id"]
    assert [check(item.kind, item.document) for item in (provider, site, one)] == [[], [], []]


def test_the_feature_as_it_came_stands_in_the_record():
    came = feature(**{"99. A new question": chosen("a new answer")})
    assert json.loads(service(came).document["attributes"][0]["value"]) == came


def test_coded_answers_have_our_codes():
    one = service(
        feature(
            **{
                "1. Registration Type Requirement": chosen("Valid UNHCR ASC and MOI card"),
                "2. Nationality": chosen("Syrians only"),
                "3. Intake Criteria": chosen("SGBV", "Child at risk"),
                "4. Accessibility": chosen("Outreach Information hotline"),
                "5. Coverage": chosen("Governorate where the service is located"),
                "10. Referral Method": chosen("Email on a per case basis"),
                "11. Immediate Next step  response after referal": chosen("Call to arrange  home visit"),
                "12. Response delay after referrals": chosen("One week"),
                "13. Feedback Mechanism": chosen("Event entered in RAIS"),
                "14. Feedback delay": chosen("Delay One day"),
            }
        )
    )
    assert one.problems == ()
    assert one.document["eligibility"] == {
        "vulnerabilities": ["survivor_gbv", "child_at_risk"],
        "nationalities": ["SY"],
        "documents": ["unhcr_registration_valid", "authority_registration"],
    }
    assert one.document["coverage"] == {"extent": "area", "areas": ["JO-IR"]}
    assert one.document["pathway"] == {
        "methods": ["email"],
        "intake": ["outreach", "hotline"],
        "feedback": ["shared_system"],
        "next_step": "home_visit_call",
        "response_time": "one_week",
        "feedback_time": "one_day",
    }


def test_criteria_that_are_not_understood_whole_shut_nobody_out():
    one = service(feature(**{"3. Intake Criteria": chosen("Disability", "Family unity")}))
    assert "eligibility" not in one.document
    assert one.document["specialisms"] == ["disability"]
    assert codes(one) == [("criteria", "unmapped")]


def test_open_to_all_is_said():
    one = service(feature(**{"3. Intake Criteria": chosen("Open to all")}))
    assert one.document["eligibility"] == {"vulnerabilities": "any"}


def hours(opens, closes, days="Sun-Thurs", frequency="Every Day", origin=JORDAN):
    said = {"8. Office Open at": chosen(*opens), "9. Office close at": chosen(*closes)}
    said |= {"7. Availability Day": chosen(days), "6. Availability": chosen(frequency)}
    return service(feature(**said), origin=origin)


def test_hours_that_are_certain_are_read():
    one = hours(["8:30am"], ["Close at 3:00pm"])
    week = [{"days": ["SU", "MO", "TU", "WE", "TH"], "opens": "08:30", "closes": "15:00"}]
    assert one.document["hours"] == {"zone": "Asia/Amman", "week": week}
    assert hours(["Always open"], ["Never closed"]).document["hours"] == {"zone": "Asia/Amman", "always": True}


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        (["13:00pm"], ["Close at 5:00pm"]),
        (["12:00am"], ["Close at 5:00pm"]),
        (["8:30am"], ["Close at 17:00pm"]),
        (["8:30am", "13:00pm"], ["Close at 5:00pm"]),
        (["24 hours"], ["24 hours"]),
        (["8:30am"], []),
        (["Always open"], ["Close at 5:00pm"]),
    ],
)
def test_hours_that_are_not_certain_are_reported_and_unknown(opens, closes):
    one = hours(opens, closes)
    assert "hours" not in one.document
    assert ("hours", "unreadable_hours") in codes(one)


def test_hours_of_some_weeks_or_of_no_zone_are_unknown():
    assert ("hours", "not_every_week") in codes(hours(["8:30am"], ["Close at 3:00pm"], frequency="Once a month"))
    assert ("hours", "no_zone") in codes(hours(["8:30am"], ["Close at 3:00pm"], origin=Origin("x", country="JO")))


@pytest.mark.parametrize(
    ("words", "coverage"),
    [
        ("Countrywide", {"extent": "country", "areas": ["JO"]}),
        ("City where the service is located", {"extent": "site"}),
        ("District where the service is located", {"extent": "area", "areas": ["JO-IR-1"]}),
        ("North", {"extent": "area", "areas": ["JO-IR", "JO-AJ", "JO-JA", "JO-MA"]}),
    ],
)
def test_coverage_is_apart_from_the_place(words, coverage):
    assert service(feature(**{"5. Coverage": chosen(words)})).document["coverage"] == coverage


def test_what_covers_neighbours_too_says_that_they_are_not_named():
    one = service(feature(**{"5. Coverage": chosen("Governorate & Adjacent Governorates")}))
    assert codes(one) == [("coverage", "partial")]


def test_two_services_with_one_id_are_both_kept_and_reported():
    first, second = [
        item for item in read(feature(), feature(activity=8, activityName="Water access")) if item.kind == SERVICE
    ]
    assert (first.key, second.key) == ("1", "1/8")
    assert first.document["id"] != second.document["id"]
    assert codes(second) == [("id", "duplicate_id")]


def test_a_place_that_is_the_whole_country_has_no_point():
    _provider, site, _service = read(feature(locationName="Country Wide"))
    assert "latitude" not in site.document
    assert (site.document["precision"], site.document["area"]) == ("area", "JO")


RELEASE_3 = {
    "id": 5,
    "organization": {"name": "A House"},
    "category": {"name": "Health Services"},
    "endDate": "2018-12-31",
    "location": {"type": "Feature", "geometry": {"type": "Point", "coordinates": [32.97, 39.92]}},
    "nationality": "All nationalities",
    "intakeCriteria": "Child at risk, Disability",
    "accessibility": "Visits by outreach staff and volunteers, Walk-in",
    "coverage": "Province where the service is located",
    "referralMethod": "Referral is not required",
    "hotlinePhone": "+90 1",
    "infoLink": "https://house.example",
    "publicAddress": "1 Easy Street",
    "additionalDetails": "Mornings",
    "officeHours": [{"name": "Monday", "time": "09:00-12:00, 13:00-17:00"}, {"name": "Friday", "time": ""}],
}


def test_release_3_is_read_by_the_same_table():
    provider, site, one = read(RELEASE_3)
    assert (provider.document["name"], site.document["name"]) == ("A House", "1 Easy Street")
    document = one.document
    assert document["eligibility"] == {"nationalities": "any", "vulnerabilities": ["child_at_risk", "disability"]}
    assert document["pathway"] == {"methods": ["not_required"], "intake": ["outreach", "walk_in"]}
    assert (document["phones"], document["url"]) == ([{"number": "+90 1"}], "https://house.example")
    assert [(row["opens"], row["closes"]) for row in document["hours"]["week"]] == [
        ("09:00", "12:00"),
        ("13:00", "17:00"),
    ]
    assert check(SERVICE, document) == []


@pytest.mark.parametrize("time", ["9-17", "09:00", "13:00pm-14:00", "24 hours"])
def test_an_office_hour_that_cannot_be_read_makes_all_unknown(time):
    one = service(
        {**RELEASE_3, "officeHours": [{"name": "Monday", "time": "09:00-12:00"}, {"name": "Friday", "time": time}]}
    )
    assert "hours" not in one.document
    assert ("hours", "unreadable_hours") in codes(one)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[1]", b'{"features": 3}', b'[{"properties": {}}]', b"[" * 100_000, b"\xff\xfe", b'[{"id": 1}]'],
)
def test_what_is_no_such_file_is_refused_in_words(data):
    with pytest.raises(InvalidRequest):
        list(read_advisor(data, JORDAN))


def test_the_snapshot_of_march_2015_has_562_services_and_13_second_ids():
    items = real("2015-03-22_en")
    services = [item for item in items if item.kind == SERVICE]
    assert len(services) == len({item.key for item in services}) == 562
    assert Counter(code for item in items for _field, code in codes(item))["duplicate_id"] == 13
    assert Counter(item.kind for item in items) == {SERVICE: 562, SITE: 82, PROVIDER: 44}
    assert [item.row for item in items if check(item.kind, item.document)] == []
    assert all(item.document["needs"] for item in services)


def test_of_them_454_have_ended_and_108_have_not():
    ends = [item.document["ends"] for item in real("2015-03-22_en") if item.kind == SERVICE]
    assert Counter(end >= "2015-03-22" for end in ends) == {False: 454, True: 108}


def test_the_arabic_file_holds_words_for_the_same_services():
    english = [item for item in real("2015-03-22_en") if item.kind == SERVICE]
    arabic = real("2015-03-22_ar", language="ar")
    assert [item.document["id"] for item in arabic] == [item.document["id"] for item in english]
    assert all(item.patch for item in arabic)
    assert arabic[0].document["translations"]["ar"]["name"] == {"text": "فرص التعليم", "state": "human"}
