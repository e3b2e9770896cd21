"""Steps that are seldom taken, typed at a terminal: more time, a stop, a late answer, an assessment, a visit after all.

What each step means is told elsewhere; here a person types it, reads what it says, and sees that it was taken.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from hub.aftercare.closing import PARTS
from hub.client import aftercare, cases, closing, referrals
from hub.clock import FileClock, SetClock
from tests.conftest import NOW
from tests.support import terminal
from tests.support.legs import DAY, HOUR, People
from tests.support.world import PASSPHRASE, SECTIONS, populated, reception, today, world

HOME, AWAY = "dj.example", "et.example"


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        (made.folder / "passphrase").write_text(PASSPHRASE)
        populated(made, HOME, HOME)
        made.join(made.members["amina"], "omar", {"supervisor"})
        made.join(made.members["hana"], "bekele", {"supervisor"})
        made.found(AWAY, "frail", "ngo", "ET", "frail", successor=f"urn:rcp:agency:authority@{HOME}")
        made.join(made.members["frail"], "frail-boss", {"supervisor"})
        made.befriend()
        yield People(made, *(made.members[name] for name in ("amina", "omar", "hana", "bekele")))


@pytest.fixture
def says(people):
    folder = people.world.folder

    def say(login, *words, code=0):
        given = ("--profile", folder / login, "--passphrase-file", folder / "passphrase")
        FileClock(folder / "clock").put(people.clock.now(), factor=0)
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(folder / "clock"))

    return say


@pytest.fixture
def value(says):
    return lambda login, *words, code=0: json.loads(says(login, *words, "--json", code=code))


@pytest.fixture
def sent(people):
    """A referral that lies at addis."""
    held = reception(people.worker, people.clock, people.receiver.agency)
    out = referrals.Outgoing(people.receiver.agency, SECTIONS, held, "reception", "urgent")
    handoff = referrals.send(people.worker, out).handoff
    people.run()
    return handoff


@pytest.fixture
def text(tmp_path):
    """Write words into a file of their own, as they come from a person."""
    made = iter(range(9))

    def write(words):
        path = tmp_path / f"words-{next(made)}.txt"
        path.write_text(words)
        return path

    return write


def at(seconds, form="%Y-%m-%dT%H:%M:%S"):
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime(form)


def test_more_time_and_another_urgency_move_the_due_time(people, says, value, sent, text):
    says("hana", "acknowledge", sent)
    people.run()
    urgent = value("amina", "change-urgency", sent, "--to", "emergency")["due"]
    assert urgent <= NOW + 4 * HOUR
    until = NOW + 2 * DAY
    paused = value("amina", "pause-clock", sent, "--until", at(until), "--text", text("She is ill until Monday."))
    assert paused["due"] == until
    people.run()
    assert value("hana", "show", sent)["due"] == until
    assert "She is ill" not in says("hana", "show", sent), "why stays with the sender"
    said = says("amina", "change-urgency", sent, "--to", "high", "--due", at(NOW + 3 * DAY, "%Y-%m-%d %H:%M"))
    assert f"{sent} is now high" in said
    refused = value("hana", "change-urgency", sent, "--to", "routine", code=5)
    assert refused["detail"] == "This step is the other side's."


def test_what_turns_out_not_to_be_possible_goes_back_with_a_reason_and_who_might_help(people, says, value, sent, text):
    says("hana", "accept", sent, "--first-contact", people.day(1))
    told = ("--code", "no_capacity", "--instead", "shelter", "--text", text("The only bed burnt."))
    assert value("hana", "cannot-deliver", sent, *told)["ball"] == "sender"
    people.run()
    assert "The only bed burnt." in says("amina", "open", sent)


def test_a_stop_is_asked_for_refused_asked_for_again_and_agreed_and_a_word_may_come_late(
    people, says, value, sent, text
):
    says("hana", "accept", sent, "--first-contact", people.day())
    says("hana", "start", sent, "--contact", people.day())
    says("amina", "ask-to-stop", sent, "--text", text("The family came for her."))
    people.run()
    assert value("hana", "refuse-to-stop", sent, "--text", text("She is in surgery."))["state"] == "in_progress"
    people.run()
    assert "She is in surgery." in says("amina", "open", sent)
    says("amina", "ask-to-stop", sent, "--text", text("Surgery is over."))
    people.run()
    ended = value("hana", "agree-to-stop", sent)["state"]
    people.run()
    late = value("hana", "late-answer", sent, "--text", text("The wound has healed."))
    assert late["state"] == ended
    people.run()
    assert "The wound has healed." in says("amina", "open", sent)
    assert "She is in surgery." not in says("amina", "show", sent)


def test_an_assessment_is_asked_for_returned_and_kept_with_who_said_it(people, says, value, tmp_path):
    asked = ("--to", "addis", "--need", "family_tracing", "--age-band", "15-17", "--from", people.day(3))
    leg = value("amina", "transfer", "inquire", *asked)["id"]
    says("hana", "transfer", "answer-inquiry", leg, "--answer", "capacity")
    held = people.hagos(names={"full": "Nardos Syn"})
    about = ("--section", "identity", "--consent-purpose", "family_tracing", "--purpose", "return")
    needed = ("--need", "family_tracing", "--due", at(NOW + 9 * DAY))
    words = (leg, held.record, "--basis", people.tracing().handoff, *about, *needed)
    assert value("amina", "transfer", "ask-assessment", *words)["ball"] == "recipient"
    answer = tmp_path / "answer" / "sections"
    answer.mkdir(parents=True)
    (answer / "coo_home_study.json").write_text(json.dumps({"v": 1, "safe": "yes"}))
    assert value("hana", "transfer", "return-assessment", leg, answer.parent)["state"] == "assessment_returned"
    record = value("amina", "transfer", "keep-assessment", leg)["record"]
    kept = value("amina", "case", "show", record, "coo_home_study")["sections"]["coo_home_study"]
    assert (kept["safe"], kept["said_by"]["agency"]) == ("yes", people.receiver.agency)


def test_another_time_of_travel_is_seen_by_the_other_side(people, says, value, text):
    _, leg = people.accepted(held=people.hagos(names={"full": "Yonas Syn"}))
    leaves = NOW + 5 * DAY
    times = ("--depart", at(leaves), "--from", at(leaves + 6 * HOUR), "--until", at(leaves + 12 * HOUR))
    says("amina", "transfer", "change", leg, *times, "--text", text("The road is closed."))
    people.run()
    assert "acknowledge-change" in says("hana", "transfer", "show", leg)
    says("hana", "transfer", "acknowledge-change", leg)
    people.run()
    assert "acknowledge-change" not in says("hana", "transfer", "show", leg)
    assert value("hana", "transfer", "acknowledge-change", leg, code=7)["todo"]


def test_a_release_is_taken_back_before_anybody_has_taken_the_case(people, says, value):
    _, leg = people.released(held=people.hagos(names={"full": "Rahwa Syn"}))
    assert value("omar", "transfer", "unrelease", leg)["state"] == "arrived"
    people.run()
    assert "transfer take" not in says("bekele", "transfer", "show", leg)


def test_somebody_looks_in_after_the_closure_and_the_case_is_opened_again(people, says, value, text):
    _, leg = people.handed_over(held=people.hagos(names={"full": "Saba Syn"}))
    says("hana", "transfer", "first-contact", leg, "--day", people.day(), "--next", people.day(30))
    case = cases.of_leg(people.receiver, leg).record
    aftercare.follow(people.receiver, case, today(people.clock), "low")
    early = {"besides": ["receiver_or_missing_report"], "early": "Gone to an aunt."}
    closing.recommend(people.receiver, case, "moved_on", PARTS, **early)
    closing.authorise(people.chief, case)
    assert value("bekele", "transfer", "close", leg, "--why", text("I supervise"))["state"] == "closed"
    seen = ("--day", people.day(), "--text", text("She is well at her aunt's."))
    assert value("hana", "transfer", "post-closure-visit", leg, *seen)["state"] == "closed"
    assert "hub aftercare reopen" in value("bekele", "transfer", "reopen", leg, "--text", text("Back."), code=6)["todo"]
    closing.reopen(people.chief, case, "She came back.", "high")
    assert value("bekele", "transfer", "reopen", leg, "--text", text("She came back."))["state"] == "monitoring"
    assert "well at her aunt" not in says("amina", "transfer", "show", leg)


def test_a_successor_assumes_the_case_of_an_agency_that_has_fallen_silent_with_a_file_that_two_sign(
    people, says, value, tmp_path
):
    world = people.world
    frail = People(world, people.worker, people.boss, world.members["frail"], world.members["frail-boss"])
    held, _ = frail.handed_over(held=people.hagos(names={"full": "Luwam Syn"}))
    proof, begun, signed = (tmp_path / name for name in ("proof.json", "begun.json", "signed.json"))
    says("amina", "transfer", "who-holds", held.record, "--proof", proof)
    third = ("--with", "addis", "--coordinator", people.receiver.id)
    says("daher", "transfer", "assume", proof, *third, "--out", begun)
    says("hana", "transfer", "cosign-file", begun, "--out", signed, "--json")
    assert value("hana", "transfer", "send-file", signed, code=5)["code"] == "forbidden"
    assert "the holder's hub has to confirm it" in says("daher", "transfer", "send-file", signed)
