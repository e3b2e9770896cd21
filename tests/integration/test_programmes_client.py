"""A case follows a programme at one agency and goes on with it at the next: the same eight steps, who marked what."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import pytest

from hub.client import basis as bases
from hub.client import opening, programmes, records, referrals
from hub.client.enrol import remove_member
from hub.client.referrals import Outgoing
from hub.clock import FileClock, SetClock
from hub.errors import Conflict, Forbidden, InvalidRequest, NotFound
from hub.packets.encoding import parse_json
from hub.programmes.progress import State
from tests.conftest import NOW
from tests.support import terminal
from tests.support.factories import some_id
from tests.support.searching import found_in, kept_by
from tests.support.world import PASSPHRASE, SECTIONS, consent, grant, populated, reception, world

DJ, ET = "dj.example", "et.example"
EIGHT = "west-africa-eight-steps"
CASE = {"v": 1, "case": None, "sections": {}, "legs": []}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), DJ, ET) as made:
        populated(made, DJ, ET)
        made.join(made.members["amina"], "omar", {"caseworker"})
        yield made


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def hana(place):
    return place.members["hana"]


def case_file(member, **sections):
    return records.put(member, "case", {**CASE, "sections": sections})


@pytest.fixture
def tracker(amina):
    case = case_file(amina, minimal_contact={"v": 1, "first_name": "Syn"})
    return programmes.start(amina, case, EIGHT).id


def stands(member, tracker, step):
    held = programmes.get(member, tracker)
    return held.progress(member.clock.now()).row(step).state


def test_a_step_is_done_once_the_case_file_holds_what_belongs_to_it(amina, tracker):
    programmes.mark(amina, tracker, "identification")
    assert stands(amina, tracker, "identification") is State.DONE
    with pytest.raises(Conflict) as missing:
        programmes.mark(amina, tracker, "personal_study")
    assert "Still missing" in missing.value.detail
    programmes.mark(amina, tracker, "personal_study", evidence=["needs_risk", "child_views"])
    assert stands(amina, tracker, "personal_study") is State.DONE


def test_step_six_waits_while_step_four_is_empty(amina, tracker):
    programmes.mark(amina, tracker, "identification")
    programmes.mark(amina, tracker, "personal_study", evidence=["needs_risk", "child_views"])
    with pytest.raises(Conflict, match=r"6\. .*Before it comes: 4\. "):
        programmes.mark(amina, tracker, "reintegration", "begun")
    programmes.mark(amina, tracker, "agreed")
    programmes.mark(amina, tracker, "family_study", evidence=["family_links", "coo_home_study"])
    programmes.mark(amina, tracker, "reintegration", "begun")
    assert stands(amina, tracker, "reintegration") is State.BEGUN


def test_marking_twice_or_starting_twice_writes_nothing_new(amina, tracker):
    for _ in range(2):
        held = programmes.mark(amina, tracker, "identification")
    assert len(held.signed) == 2
    assert programmes.start(amina, held.case, EIGHT).id == tracker


def test_two_colleagues_mark_without_writing_over_one_another(place, amina, tracker):
    omar = place.members["omar"]
    programmes.mark(omar, tracker, "agreed")
    programmes.mark(amina, tracker, "identification")
    assert stands(omar, tracker, "agreed") is State.DONE
    assert stands(omar, tracker, "identification") is State.DONE


def test_nothing_is_marked_for_a_day_to_come_nor_a_step_that_there_is_not(amina, tracker):
    with pytest.raises(InvalidRequest):
        programmes.mark(amina, tracker, "agreed", on="2099-01-01")
    for step, evidence in (("ninth", ()), ("identification", ("gossip",))):
        with pytest.raises(NotFound):
            programmes.mark(amina, tracker, step, evidence=evidence)
    with pytest.raises(NotFound):
        programmes.start(amina, tracker, EIGHT)


def handed_over(member, tracker):
    plan = programmes.into_plan(programmes.get(member, tracker), {"v": 1, "actions": []})
    return programmes.out_of({"plan": plan})


def test_the_next_agency_sees_the_same_steps_and_who_marked_them(amina, hana, tracker):
    programmes.mark(amina, tracker, "identification")
    programmes.mark(amina, tracker, "agreed")
    document = handed_over(amina, tracker)
    here = programmes.look(hana, document)
    case = case_file(hana)
    taken = programmes.take(hana, case, document)
    assert taken.marks == here.marks == programmes.get(amina, tracker).marks
    assert {mark.agency for mark in taken.marks} == {amina.agency}
    programmes.mark(hana, tracker, "emergency_care")
    back = programmes.take(amina, programmes.get(amina, tracker).case, handed_over(hana, tracker))
    assert {mark.step: mark.agency for mark in back.marks}["emergency_care"] == hana.agency
    again = programmes.take(amina, back.case, handed_over(hana, tracker))
    assert again == back


def test_a_mark_that_nobody_of_that_agency_signed_counts_for_nothing(amina, hana, tracker):
    document = copy.deepcopy(handed_over(amina, tracker))
    held = programmes.get(amina, tracker)
    forged = programmes._sign(hana, held.template, tracker, "identification", "done", "2025-01-01", ["minimal_contact"])
    said = programmes.Mark.from_value(programmes._value(forged))
    lie = replace(said, agency=amina.agency, member=amina.id)
    signed = programmes.sign_envelope(programmes.MARK_TYPE, lie.to_value(), [hana.signer])
    document["marks"].append(parse_json(signed.to_bytes()))
    shown = programmes.look(hana, document)
    assert shown.progress(NOW).row("identification").state is State.OPEN
    assert shown.unproven == {amina.agency: 1}


def test_a_mark_of_another_case_does_not_count_here(amina, hana, tracker):
    other = programmes.start(amina, case_file(amina, minimal_contact={"v": 1}), EIGHT)
    programmes.mark(amina, other.id, "identification")
    document = copy.deepcopy(handed_over(amina, tracker))
    document["marks"] += handed_over(amina, other.id)["marks"]
    assert programmes.look(hana, document).progress(NOW).row("identification").state is State.OPEN


def test_a_known_name_with_other_steps_is_refused(amina, hana, tracker):
    document = copy.deepcopy(handed_over(amina, tracker))
    document["template"]["steps"][5].pop("requires")
    for act in (lambda: programmes.look(hana, document), lambda: programmes.take(hana, case_file(hana), document)):
        with pytest.raises(Conflict):
            act()
    for broken in ({}, {**document, "template": None}, {**document, "more": 1}, {**document, "marks": [1]}):
        with pytest.raises(InvalidRequest):
            programmes.look(hana, broken)


def test_what_somebody_marked_stands_after_they_have_left(place, amina, tracker):
    leaving = place.join(amina, "leila", {"caseworker"})
    programmes.mark(leaving, tracker, "agreed")
    place.clock.at += 60
    remove_member(amina, "leila")
    amina.trust.forget()
    assert stands(amina, tracker, "agreed") is State.DONE
    fresh = programmes.look(amina, handed_over(amina, tracker))
    assert fresh.unproven == {amina.agency: 1}, "who lost a key may have signed anything since"


OWN = {
    "v": 1,
    "id": "town-plan",
    "version": "1",
    "title": {"en": "Our town"},
    "source": "Our own procedure",
    "countries": [],
    "steps": [{"id": "hello", "words": {"en": "Say hello"}, "by": ["ngo"]}],
}


def test_an_own_template_is_loaded_once_and_never_changed_under_its_name(place, amina):
    omar = place.members["omar"]
    with pytest.raises(Forbidden):
        programmes.load(omar, OWN)
    programmes.load(amina, OWN)
    programmes.load(amina, OWN)
    kept = [row for row in records.listing(amina, "template") if row.value["id"] == OWN["id"]]
    assert len(kept) == 1
    with pytest.raises(Conflict):
        programmes.load(amina, {**OWN, "title": {"en": "Another town"}})
    held = programmes.start(omar, case_file(omar), "town-plan")
    programmes.mark(omar, held.id, "hello")
    assert stands(amina, held.id, "hello") is State.DONE


def test_a_template_that_no_supervisor_or_coordinator_kept_is_not_used(place, amina):
    omar = place.members["omar"]
    records.put(omar, "template", {**OWN, "id": "sly"}, roles=frozenset({"caseworker"}))
    with pytest.raises(NotFound):
        programmes.template(amina, "sly")


@pytest.fixture
def hub(place, amina, tmp_path):
    """The command line of amina."""
    FileClock(tmp_path / "clock").put(place.clock.now(), factor=0)
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    given = ("--profile", amina.profile.folder, "--passphrase-file", tmp_path / "passphrase")

    def call(*words, code=0):
        return terminal.hub(*given, "programme", *words, code=code, HUB_CLOCK_FILE=str(tmp_path / "clock"))

    return call


def test_the_commands_draw_the_steps_and_say_what_comes_first(amina, hub):
    assert EIGHT in hub("list")
    assert "4. Étudier la famille" in hub("show", EIGHT, "--lang", "fr")
    case = case_file(amina, minimal_contact={"v": 1})
    started = hub("start", case, EIGHT)
    assert "○──·──·──·──·──·──·──·  0/8" in started
    assert "●──○──○──·──○──·──·──·  1/8" in hub("mark", case, "identification")
    assert "Before it comes: 3." in hub("mark", case, "reintegration", "--said", "begun", code=6)
    assert case in hub("progress")


def test_the_programme_is_put_into_the_plan_of_a_packet(amina, hub, tracker, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text('{"v": 1, "actions": []}')
    hub("progress", tracker, "--into", plan)
    document = json.loads(plan.read_text())
    assert document["actions"] == []
    assert document["programme"]["tracker"] == tracker


def test_each_wrong_row_of_a_template_is_named(hub, tmp_path):
    file = tmp_path / "own.json"
    rows = [
        {"id": "a", "words": {"en": "A"}, "by": ["ngo"], "requires": ["b"]},
        {"id": "a", "words": {}, "by": ["ngo"]},
    ]
    file.write_text(json.dumps({**OWN, "id": "wrong", "steps": rows}))
    assert "steps.2.words" in hub("load", file, code=2)
    rows[1]["words"] = {"en": "A"}
    file.write_text(json.dumps({**OWN, "id": "wrong", "steps": rows}))
    said = hub("load", file, code=2)
    assert "steps.1: waits for something" in said
    assert "steps.2: has the name" in said


def test_it_travels_sealed_in_the_plan_and_the_next_agency_goes_on_with_it(place, amina, hana, tracker, tmp_path):
    programmes.mark(amina, tracker, "identification")
    plan = programmes.into_plan(programmes.get(amina, tracker), {"v": 1})
    scope = grant(place.clock, hana.agency, categories={"plan"}, purpose="transfer")
    held = bases.draft(amina, consent(place.clock, scope), "to the centre")
    sent = referrals.send(amina, Outgoing(hana.agency, {"plan": plan}, held, "transfer"))
    place.run()
    FileClock(tmp_path / "clock").put(place.clock.now(), factor=0)
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    given = ("--profile", hana.profile.folder, "--passphrase-file", tmp_path / "passphrase", "--json", "programme")
    clock = {"HUB_CLOCK_FILE": str(tmp_path / "clock")}
    shown = json.loads(terminal.hub(*given, "progress", "--from", sent.handoff, **clock))
    assert (shown["tracker"], shown["unproven"]) == (tracker, {})
    case = case_file(hana)
    taken = json.loads(terminal.hub(*given, "start", case, "--from", sent.handoff, **clock))
    assert taken["drawn"] == shown["drawn"] == "●──○──○──·──○──·──·──·  1/8"
    by = {row["step"]: row["by"] for row in taken["steps"]}["identification"]
    assert by.startswith("shelter@dj.example")
    said = terminal.hub(*given, "start", case, code=2, **clock)
    assert "invalid_request" in said
    kept = [row for served in place.hubs.values() for row in kept_by(served.hub)]
    assert found_in(kept, [tracker.encode(), b"personal_study", b"family_study"]) == set(), "no hub knows the steps"


def test_a_handoff_without_a_programme_says_so(place, amina, hana, tmp_path):
    held = reception(amina, place.clock, hana.agency)
    sent = referrals.send(amina, Outgoing(hana.agency, SECTIONS, held, "reception"))
    place.run()
    (opened,) = opening.open_handoff(hana, sent.handoff)
    assert programmes.out_of(opened.sections) is None


def test_a_programme_belongs_to_one_case_and_what_is_twice_or_no_mark_counts_once_or_not_at_all(amina, hana, tracker):
    document = copy.deepcopy(handed_over(amina, tracker))
    document["marks"] += [*document["marks"], {"no": "mark"}]
    taken = programmes.take(hana, case_file(hana), document)
    assert taken.marks == programmes.get(amina, tracker).marks
    with pytest.raises(Conflict):
        programmes.take(hana, case_file(hana), document)
    with pytest.raises(InvalidRequest):
        programmes.mark(amina, tracker, "agreed", "perhaps")
    with pytest.raises(NotFound):
        programmes.get(amina, taken.case)


def test_marks_without_the_programme_that_they_belong_to_are_not_shown(amina):
    orphan = {"v": 1, "case": case_file(amina), "tracker": some_id("orphan"), "template": None, "marks": []}
    records.put(amina, "programme", orphan)
    assert orphan["tracker"] not in {row.id for row in programmes.listing(amina)}
