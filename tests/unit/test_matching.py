"""Services for a person: what a worker says of a person, what is never a yes, and what a referral is told."""

from __future__ import annotations

import json

import pytest

from consent.evaluate import compiled
from hub.client.services import facts
from hub.directory.matching import match as matching
from hub.directory.matching.asking import person_of, where_of
from hub.directory.matching.match import CRITERIA, Person, Question, load, match
from hub.directory.matching.places import Where, kilometres, near
from hub.directory.records.ages import months_below, months_from
from hub.errors import InvalidRequest
from tests.vectors import matches

TODAY = "2026-11-22"
WHERE = Where("JO-IR", ("JO", "JO-IR"))


def ranked(person=None, where=WHERE, when=None, **change):
    question = Question("peer_group", person or Person(), where, when)
    (found,) = match([matches.listing(change)], question, matches.AREAS, matches.NOW)
    return found


# What a worker says


@pytest.mark.parametrize(
    ("said", "months"),
    [
        ({"age": "14"}, (168, 179)),
        ({"age": "13-15"}, (156, 191)),
        ({"age": "0"}, (0, 11)),
        ({"age": "0.5"}, (6, 6)),
        ({"age": 14}, (168, 179)),
        ({"born": "2012-11-22"}, (168, 168)),
        ({"born": "2012-11-23"}, (167, 167)),
        ({"born": "2024-02-29"}, (32, 32)),
        ({"born": TODAY}, (0, 0)),
        ({}, (None, None)),
    ],
)
def test_an_age_is_the_months_that_may_be_true(said, months):
    found = person_of(said, TODAY)
    assert (found.months_from, found.months_to) == months


@pytest.mark.parametrize(
    ("age", "first", "below"),
    [(14, 168, 180), (0, 0, 12), (0.5, 6, 7), (17.99, 216, 216), (2.25, 27, 28), (None, 0, None)],
)
def test_a_whole_limit_of_age_names_a_year_and_a_decimal_one_a_month(age, first, below):
    assert (months_from(age), months_below(age)) == (first, below)


@pytest.mark.parametrize(
    "said",
    [
        {"age": "old"},
        {"age": "15-13"},
        {"age": "-1"},
        {"age": "121"},
        {"age": "1.5-2"},
        {"age": "14\n"},
        {"age": []},
        {"born": "2026-11-23"},
        {"born": "2012-02-30"},
        {"born": 2012},
        {"sex": "canary"},
        {"sex": ["female"]},
        {"situation": "canary"},
        {"languages": "so"},
        {"languages": ["<b>"]},
        {"nationalities": [1]},
        {"documents": ["canary"]},
        {"vulnerabilities": "uasc"},
        {"free": "yes"},
        {"attributes": {"canary": []}},
        {"attributes": ["religion"]},
        {"months_from": 3},
        {"canary-name": "x"},
        ["canary"],
        "canary",
    ],
)
def test_what_is_not_of_its_form_is_refused_and_not_repeated(said):
    with pytest.raises(InvalidRequest) as refused:
        person_of(said, TODAY)
    assert "canary" not in json.dumps([refused.value.detail, refused.value.facts])


def test_a_person_without_papers_is_not_one_of_whom_nothing_is_said():
    assert person_of({"documents": []}, TODAY).documents == ()
    assert person_of({}, TODAY).documents is None


@pytest.mark.parametrize("text", ["0,0", "-90,180", "90,-180,0", "-1.28, 36.8,50"])
def test_a_place_may_lie_on_every_edge_of_the_globe(text):
    assert where_of(None, text).point is not None


@pytest.mark.parametrize("text", ["", "1", "91,0", "0,181", "nan,0", "0,inf", "1,2,3,4", "0,0,-1", "a,b", "0,0,2001"])
def test_what_is_no_place_is_refused(text):
    with pytest.raises(InvalidRequest):
        where_of(None, text)


# Never a yes, never hidden


def test_of_whom_nothing_is_known_nothing_is_sure_and_nothing_is_hidden():
    found = ranked()
    assert found.fits
    assert not found.sure
    assert "unknown" in {row.said for row in found.criteria}


def test_a_service_that_says_nothing_is_asked_and_never_hidden():
    bare = {"id": "x", "needs": ["peer_group"], "name": "SYN"}
    person = person_of({"age": "14", "sex": "female"}, TODAY)
    (found,) = match([bare], Question("peer_group", person, WHERE), {}, matches.NOW)
    assert found.fits
    assert not found.sure
    assert {row.said for row in found.criteria if row.id in {"age", "sex", "running", "area"}} == {"unknown"}


@pytest.mark.parametrize("attribute", ["nationality", "status", "documents"])
def test_no_protected_attribute_excludes_without_a_review(attribute):
    field = {"nationality": "nationalities", "status": "statuses", "documents": "documents"}[attribute]
    person = Person(nationalities=("SY",), statuses=("refugee",), documents=())
    change = {field: ["other"]}
    assert ranked(person, **change).answers[attribute] is None
    row = {"attribute": attribute, "values": [], "legal_reason": "SYN", "review_by": TODAY}
    for spoilt in ({"legal_reason": None}, {"legal_reason": ""}, {"review_by": "2026-11-21"}, {"review_by": "never"}):
        assert ranked(person, **change, exclusions=[{**row, **spoilt}]).answers[attribute] is None
    assert ranked(person, **change, exclusions=[row]).answers[attribute] is False


def test_an_unreviewed_exclusion_excludes_nobody_and_says_so():
    found = ranked(Person(nationalities=("SY",)), exclusions=[{"attribute": "nationality", "values": ["SY"]}])
    (said,) = [row for row in found.criteria if row.id == "exclusion"]
    assert (said.said, said.code) == ("unknown", "needs_review")
    assert found.fits


@pytest.mark.parametrize("bad", [7, "any", [1], [{}], {"from": 1}, [{"from": "x", "below": []}], [None]])
def test_bands_of_a_strange_form_are_unknown(bad):
    person = Person(months_from=168, months_to=168, sex="female", situation="in_family")
    assert ranked(person, bands=bad).answers["sex"] is not True


# Places


def test_what_has_no_position_is_listed_under_its_area_and_not_first():
    here = matches.PLACE
    pointless = {name: value for name, value in here.items() if name not in {"lat", "lon"}}
    far = {**here, "lat": here["lat"] + 400_000}
    rows = [matches.listing({"id": "a", "places": [pointless]}), matches.listing({"id": "b", "places": [far]})]
    where = Where("JO-IR", ("JO", "JO-IR"), (here["lat"], here["lon"]))
    found = match(rows, Question("peer_group", Person(), where), matches.AREAS, matches.NOW)
    assert [row.listing["id"] for row in found] == ["b", "a"]
    assert [row.near.area for row in found] == ["here", "here"]


def test_the_same_point_is_no_distance_at_all():
    for point in ((0, 0), (90_000_000, 12), (-90_000_000, -7), (1, 180_000_000)):
        assert kilometres(point, point) == 0.0


def test_distance_goes_the_short_way_round():
    assert kilometres((0, 179_900_000), (0, -179_900_000)) == pytest.approx(22.24, abs=0.01)
    assert kilometres((0, 0), (0, 180_000_000)) == pytest.approx(20015.1, abs=0.1)


def test_a_mobile_team_is_as_far_as_its_area_and_only_roughly():
    van = {**matches.PLACE, "mobile": True, "lat": 0, "lon": 0}
    found = near(matches.listing({"places": [van]}), Where(None, (), (32_550_000, 35_850_000)), matches.AREAS)
    assert (found.metres, found.approximate) == (0, True)


# Criteria


def test_what_a_criterion_says_it_reads_is_all_that_it_reads():
    loaded = load()
    for row in loaded["criteria"]:
        if "of" in row:
            assert _read(row["must"], loaded["named"]) <= {*loaded["alike"][row["of"]]}


def _read(expression, named):
    if isinstance(expression, str):
        way = expression.split(".")
        assert way[0] not in {"$near", "$open"}
        return {way[1]} if way[0] == "$listing" else set()
    if isinstance(expression, dict):
        if "use" in expression:
            return _read(named[expression["use"]], named)
        expression = list(expression.values())
    return set().union(*(_read(item, named) for item in expression)) if isinstance(expression, list) else set()


def test_asking_alike_listings_once_changes_no_answer(monkeypatch):
    rows = [matches.listing({"id": str(n), "bands": [{"from": n % 3}]}) for n in range(30)]
    question = Question("peer_group", Person(months_from=1, months_to=1), WHERE)
    before = [row.value() for row in match(rows, question, matches.AREAS, matches.NOW)]
    monkeypatch.setattr(matching, "_ALIKE", {})
    plain = tuple(_without(row) for row in CRITERIA)
    monkeypatch.setattr(matching, "CRITERIA", plain)
    assert [row.value() for row in match(rows, question, matches.AREAS, matches.NOW)] == before


def _without(row):
    named = load()["named"]
    found = next(one for one in load()["criteria"] if one["id"] == row.id)
    return matching._criterion({name: value for name, value in found.items() if name != "of"}, named)


def test_every_criterion_names_its_source_and_compiles():
    loaded = load()
    for row in loaded["criteria"]:
        assert row["source"]
        compiled(row["must"], loaded["named"])


# What a referral is told


def test_a_referral_is_told_what_speaks_against_it_and_what_excluded():
    row = {"attribute": "nationality", "values": ["SY"], "legal_reason": "SYN", "review_by": "2027-01-01"}
    person = Person(months_from=220, months_to=220, nationalities=("SY",))
    told = facts(ranked(person, exclusions=[row], labour_from=180), answered=True)
    assert told == {
        "id": "a",
        "verified": "2026-11-01",
        "answered": True,
        "fails": ["age", "exclusion"],
        "labour_from": 180,
        "excludes": [row],
    }


def test_what_is_only_unknown_stops_no_referral():
    assert facts(ranked(), answered=True)["fails"] == []


def test_matching_a_person_prints_nothing_of_them():
    person = Person(nationalities=("canary",))
    assert "canary" not in repr([person, ranked(person), Question("peer_group", person)])
