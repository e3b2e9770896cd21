"""Forms of sections, completeness and key considerations, on the case files of the scenarios."""

from __future__ import annotations

import json
import re
from datetime import date
from string import ascii_lowercase

import jsonschema_rs
import pytest

from consent.familycopy import Reader, family_copy
from consent.policy import TABLES
from consent.protect import protect_location
from consent.words import LANGUAGES
from hub.casefile.sections import considerations, forms
from hub.casefile.sections.completeness import WANTED, Gap, completeness
from hub.casefile.sections.data import load
from hub.casefile.sections.situation import Child, Phase, Situation, child_of
from hub.client import telling
from hub.errors import InvalidRequest, NotFound
from hub.packets.encoding import canonical
from hub.statements.bodies import KINDS
from tests.support.case_files import FILES, days_from, hagos, meron, part

DAY = days_from(date(2025, 3, 3))
SCHEMAS = [*forms.NAMES]


def test_every_section_that_a_consent_can_name_has_a_form_but_the_two_that_nobody_fills_in():
    assert set(TABLES["categories"]["tiers"]) - set(forms.NAMES) == {"hiv", "sogi"}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_form_is_a_valid_schema_that_needs_no_other_file(name):
    form = forms.schema(name)
    assert form["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert form["$id"] == f"urn:rcp:section:{name}:1"
    jsonschema_rs.meta.validate(form)
    text = json.dumps(form)
    assert set(re.findall(r'"\$ref": "([^"]+)"', text)) <= {f"#/$defs/{part}" for part in form["$defs"]}
    assert all("title" in member or "$ref" in member for member in form["properties"].values())


@pytest.mark.parametrize("name", SCHEMAS)
def test_no_form_asks_for_more_than_its_version_and_none_forbids_what_it_does_not_name(name):
    form = forms.schema(name)
    assert form["required"] == ["v"]
    assert "additionalProperties" not in json.dumps({**form, "$defs": {}})
    assert forms.check(name, {"v": 1, "something": {"new": [1]}}) == []


def test_each_decision_that_a_child_is_told_of_is_a_statement_of_its_own_and_a_code_of_the_form():
    decisions = telling.rules()["decisions"]
    assert decisions.keys() <= KINDS.keys()
    told = forms.schema("child_views")["properties"]["told"]["items"]["properties"]
    assert set(told["decision"]["enum"]) == set(decisions.values())


@pytest.mark.parametrize("reference", FILES)
def test_the_file_of_a_scenario_is_of_its_forms_and_can_be_sealed(reference):
    file = FILES[reference](DAY)
    assert [row for name, document in file.items() for row in forms.check(name, document)] == []
    assert canonical(file)
    assert file["minimal_contact"]["reference"] == reference


@pytest.mark.parametrize("reference", FILES)
def test_a_file_whose_places_were_taken_out_is_still_of_its_forms(reference):
    kept, _removed = protect_location(FILES[reference](DAY))
    found = {name: forms.check(name, document) for name, document in kept.items()}
    assert {name: rows for name, rows in found.items() if rows} == {}


# What cannot be written down


@pytest.mark.parametrize(
    ("section", "change", "pointer"),
    [
        ("bia_bid", {"bid": {"outcome": "compel", "on": "2025-03-03"}}, "/bid/outcome"),
        ("bia_bid", {"return_mode": "forced", "bid": {"outcome": "return", "on": "2025-03-03"}}, "/bid/outcome"),
        (
            "child_views",
            {"views": [{"words": "no", "on": "2025-03-03"}, {"words": "no", "on": "2025-03-03", "weight": "little"}]},
            "/views/1/reason",
        ),
        ("plan", {"copies": [{"to": "family", "given": False}]}, "/copies/0/reason"),
        ("documents", {"items": [{"id": "d", "type": "passport", "state": "obtained", "attachment": "a"}]}, None),
        ("bia_bid", {"exception": {"mode": "bid_in_origin", "reason": "x"}}, "/exception/supervisor"),
        ("travel_arrival", {"departs_on": "2025-02-30"}, "/departs_on"),
        ("travel_arrival", {"latest_at": 12}, "/latest_at"),
        ("family_links", {"contacts": [{"type": "wedding", "on": "2025-03-03"}]}, "/contacts/0/type"),
        ("health", {"treatment_needed": "perhaps"}, "/treatment_needed"),
    ],
)
def test_what_nobody_may_write_down_is_refused_by_its_place(section, change, pointer):
    with pytest.raises(InvalidRequest) as refused:
        forms.changed(section, None, change)
    assert refused.value.facts["fields"]
    if pointer:
        assert pointer in refused.value.facts["fields"]


def test_a_forced_return_may_have_a_determination_made_in_origin():
    assert forms.check("bia_bid", meron(DAY)["bia_bid"]) == []


def test_no_outcome_compels_anybody():
    outcomes = forms.schema("bia_bid")["$defs"]["bid"]["properties"]["outcome"]["enum"]
    assert not [word for word in outcomes if re.search("compel|force|deport|remov", word)]


def test_an_error_names_the_place_and_not_what_stood_there():
    secret = "SYN-secret-" + ascii_lowercase
    for section, change in (
        ("needs_risk", {"risk": secret}),
        ("bia_bid", {"bia": [{"on": secret, "trigger": secret}]}),
    ):
        with pytest.raises(InvalidRequest) as refused:
            forms.changed(section, None, change)
        assert secret not in f"{refused.value} {refused.value.todo} {refused.value.facts}"


@pytest.mark.parametrize("document", [None, [], "x", {}, {"v": True}, {"v": 0}, {"v": "1"}])
def test_what_is_no_section_is_none(document):
    assert [row.code for row in forms.check("identity", document)] == ["unknown_version"]


@pytest.mark.parametrize("value", [1.5, "\ud800", 2**60])
def test_what_cannot_be_sealed_is_no_section_even_in_a_member_that_nobody_knows(value):
    assert [row.code for row in forms.check("identity", {"v": 1, "new": value})] == ["not_canonical"]


def test_a_section_has_a_largest_size():
    assert [row.code for row in forms.check("identity", {"v": 1, "new": "x" * (1 << 20)})] == ["too_large"]


def test_a_section_that_nobody_knows_is_not_begun_here():
    assert [row.code for row in forms.check("shoe_size", {"v": 1})] == ["unknown_section"]
    assert forms.check("hiv", {"v": 1, "anything": True}) == []
    with pytest.raises(NotFound):
        forms.schema("hiv")


# Changes


def test_a_change_says_what_is_different_and_null_takes_away():
    kept = {"v": 1, "names": {"full": "A", "given": "B"}, "sex": "male", "clan": "of a form of theirs"}
    change = {"names": {"given": None, "family": "C"}, "sex": "female"}
    assert forms.changed("identity", kept, change) == {
        "v": 1,
        "names": {"full": "A", "family": "C"},
        "sex": "female",
        "clan": "of a form of theirs",
    }
    assert kept["names"] == {"full": "A", "given": "B"}


def test_a_list_is_said_whole_and_its_rows_keep_what_the_change_does_not_name():
    kept = {"v": 1, "needs": [{"id": "a", "need": "food", "theirs": 1}, {"id": "b", "need": "water"}]}
    change = {"needs": [{"id": "c", "need": "cash"}, {"id": "a", "need": "health"}]}
    assert forms.changed("needs_risk", kept, change)["needs"] == [
        {"id": "c", "need": "cash"},
        {"id": "a", "need": "health", "theirs": 1},
    ]


def test_a_section_of_a_newer_release_is_not_changed():
    assert forms.is_newer({"v": 2, "x": 1})
    with pytest.raises(InvalidRequest, match="newer"):
        forms.changed("identity", {"v": 2, "x": 1}, {"sex": "male"})


# Completeness


def test_what_a_file_lacks_is_said_by_place_and_in_four_languages():
    found = completeness({}, Situation())
    assert found.score == 0
    assert {gap.section for gap in found.gaps} >= {"identity", "bia_bid", "family_links"}
    for language in LANGUAGES:
        assert all(gap.words(language) for gap in found.gaps)
    with pytest.raises(InvalidRequest):
        found.gaps[0].words("tlh")


def test_the_whole_file_of_hagos_lacks_little_before_the_return():
    file = hagos(DAY)
    assert child_of(file) is Child.UNACCOMPANIED
    found = completeness(file, Situation(child_of(file), Phase.RETURN))
    assert found.score >= 80
    assert {gap.key for gap in found.gaps} >= {"mhpss.level", "legal.agreement"}
    assert "bia_bid.bid" not in {gap.key for gap in found.gaps}


def test_a_packet_is_measured_by_its_own_sections():
    packet = part(hagos(DAY), "identity", "child_views")
    assert completeness(packet, Situation(), only=packet).score == 100
    assert completeness(packet, Situation()).score < 40


def test_a_child_in_the_family_is_not_asked_for_a_guardian_nor_for_tracing():
    wanted = {gap.key for gap in completeness({}, Situation(Child.IN_FAMILY, Phase.REINTEGRATION)).gaps}
    assert not {"care_guardianship.guardians", "family_links.tracing"} & wanted
    separated = {gap.key for gap in completeness({}, Situation(Child.SEPARATED)).gaps}
    assert {"care_guardianship.guardians", "family_links.tracing"} <= separated


def test_one_safety_contact_is_not_two_and_eight_harms_are_not_nine():
    file = hagos(DAY)
    file["safety_plan"]["contacts"] = file["safety_plan"]["contacts"][:1]
    del file["bia_bid"]["refoulement"]["harms"]["reprisals"]
    missing = {gap.key for gap in completeness(file, Situation(phase=Phase.RETURN)).gaps}
    assert {"safety_plan.contacts", "bia_bid.screen"} <= missing


def test_an_answer_no_counts_as_said_and_an_empty_text_does_not():
    def lacks(document):
        return "health.treatment_needed" in {gap.key for gap in completeness({"health": document}, Situation()).gaps}

    assert not lacks({"v": 1, "treatment_needed": False})
    assert lacks({"v": 1, "treatment_needed": ""})
    assert lacks({"v": 1})
    assert lacks("not an object")


def test_a_section_of_a_newer_release_is_named():
    assert completeness({"identity": {"v": 9}}, Situation()).newer == ("identity",)


def test_each_place_that_is_wanted_stands_in_its_form():
    for row in WANTED:
        form = forms.schema(row.section)
        for at in row.at:
            place = form
            for step in at.split("/")[1:]:
                place = place["items"] if step == "*" else place["properties"][step]
                while "$ref" in place:
                    place = form["$defs"][place["$ref"].rpartition("/")[2]]


def test_words_are_there_for_all_that_is_wanted_and_asked_and_for_nothing_else():
    for language in LANGUAGES:
        said = load(f"words/{language}.json")
        assert set(said["gaps"]) == {row.key for row in WANTED}
        assert set(said["considerations"]) == set(considerations.QUESTIONS)
    assert Gap("identity", "/names/full", "identity.names", 3).words("ar")


def _named(form, members, codes):
    for value in form if isinstance(form, list) else form.values() if isinstance(form, dict) else ():
        _named(value, members, codes)
    if isinstance(form, dict):
        members |= set(form.get("properties", {}))
        codes |= set(form.get("enum", ()))
    return members, codes


def test_each_member_and_code_of_the_forms_has_a_label_in_every_language():
    members, codes = _named([forms.schema(name) for name in forms.NAMES], set(), set())
    first = load("words/en.json")
    for language in LANGUAGES:
        said = load(f"words/{language}.json")
        assert set(said["sections"]) == forms.KNOWN & set(said["sections"]) >= set(forms.NAMES)
        assert {name for name in said["members"] if "." not in name} == members
        assert set(said["codes"]) == codes
        assert set(said["members"]) == set(first["members"])


# Key considerations


def test_each_question_has_level_phase_and_a_section_that_has_a_form():
    rows = considerations.QUESTIONS.values()
    assert {row.level for row in rows} == {"individual", "community", "structural"}
    assert {row.applies_to for row in rows} == {"unaccompanied", "in_family", "both"}
    assert {row.phase for row in rows} == set(Phase)
    assert {row.feeds for row in rows} <= set(forms.NAMES)
    assert len(rows) >= 40


def test_questions_of_earlier_phases_stay_until_somebody_answers():
    first = considerations.unanswered({}, Situation(phase=Phase.PRE_RETURN))
    later = considerations.unanswered({}, Situation(phase=Phase.REINTEGRATION))
    assert set(first) < set(later)


def test_an_answer_is_found_again_after_a_handover_in_the_section_it_went_with():
    section, change = considerations.answer("child_wish", "to be a nurse", "2025-03-03", "m")
    document = forms.changed(section, None, change)
    assert forms.check(section, document) == []
    handed_over = {section: document}
    assert considerations.answers(handed_over)["child_wish"]["answer"] == "to be a nurse"
    assert "child_wish" not in {row.id for row in considerations.unanswered(handed_over, Situation())}
    assert considerations.answers({}) == {}


def test_what_is_no_answer_counts_for_nothing():
    for said in ("yes", {}, {"answer": ""}, None):
        assert considerations.answers({"child_views": {"v": 1, "considerations": {"child_wish": said}}}) == {}
    assert considerations.answers({"child_views": {"v": 1, "considerations": []}, "bia_bid": None}) == {}


def test_there_is_no_answer_to_a_question_that_nobody_asks():
    with pytest.raises(NotFound):
        considerations.answer("shoe_size", "44", "2025-03-03", "m")


def test_an_adult_is_asked_for_no_guardian():
    assert child_of({"care_guardianship": {"v": 1, "situation": "adult"}}) is Child.ADULT
    assert child_of({"care_guardianship": {"v": 1, "situation": "of a newer list"}}) is Child.UNACCOMPANIED
    wanted = {gap.key for gap in completeness({}, Situation(Child.ADULT)).gaps}
    assert "care_guardianship.guardians" not in wanted


def test_what_an_honest_answer_says_of_the_family_is_not_in_the_familys_copy():
    section, change = considerations.answer("danger_at_home", "the uncle drinks", "2025-03-03", "m")
    file = {**hagos(DAY), section: forms.changed(section, hagos(DAY)[section], change)}
    kept, _removed = family_copy(file, Reader.FAMILY)
    assert "uncle" not in json.dumps(kept)
    assert "considerations" not in json.dumps(kept)
    assert kept["plan"]["actions"]
