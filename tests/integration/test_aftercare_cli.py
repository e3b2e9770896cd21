"""`hub aftercare` as people and machines use it: words from files, days in plain words, closing by two."""

import json
from datetime import UTC, datetime

import pypdfium2
import pytest

from hub.client import cases, timers
from hub.clock import FileClock, SetClock
from tests.conftest import NOW
from tests.support import terminal
from tests.support.world import populated, world

HERE, DAY = "dj.example", 86_400
PARTS = [
    word
    for part in ("notes_reviewed", "child_and_family_asked", "providers_asked", "risk_assessed")
    for word in ("--done", part)
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("aftercare"), SetClock(NOW), HERE) as made:
        populated(made, HERE, HERE)
        made.join(made.members["amina"], "omar", {"caseworker"})
        yield made


@pytest.fixture
def omar(place):
    return place.members["omar"]


@pytest.fixture
def case(omar):
    sections = {
        "identity": {"v": 1, "born": {"year": 2012}, "names": {"given": "Selam-Syn"}},
        "monitoring_plan": {"v": 1, "risk": "medium", "low_visibility": {"caller_name": "Alem"}},
    }
    return cases.new(omar, sections).record


def hub(member, *words, code=0):
    passphrase = member.profile.folder.parent / "passphrase"
    passphrase.write_text("correct horse battery staple")
    where = ("--profile", member.profile.folder, "--passphrase-file", passphrase)
    clock = passphrase.with_name("clock")
    FileClock(clock).put(member.clock.now(), factor=0)
    return terminal.hub(*where, "aftercare", *words, code=code, COLUMNS="160", HUB_CLOCK_FILE=str(clock), TZ="UTC")


def note(tmp_path, text):
    found = tmp_path / "note"
    found.write_text(text)
    return found


def day(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def test_a_case_is_followed_by_what_its_file_says(omar, case, tmp_path):
    made = json.loads(hub(omar, "plan", case, "--from", day(NOW), "--json"))
    assert (made["risk"], made["state"]) == ("medium", "open")
    assert {"what": "prepare_for_18", "day": "2029-07-01"}.items() <= made["due"][-2].items()
    told = hub(omar, "due", case)
    assert "(in 7 days)" in told
    assert "Alem" in hub(omar, "text", case, "visit")
    omar.clock.forward(1)  # within one second nobody could tell which plan is the newer one
    cases.update(omar, case, "monitoring_plan", {"low_visibility": {"caller_name": "Selam-Syn's friend"}})
    hub(omar, "plan", case, "--from", day(NOW))
    assert "would show" in hub(omar, "text", case, "visit", code=2)
    themes = tmp_path / "themes.json"
    themes.write_text('{"safe": "good", "school": "mixed"}')
    at = datetime.fromtimestamp(NOW, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    told = hub(omar, "visit", case, "--at", at, "--themes", themes, "--note", note(tmp_path, "She likes it."))
    assert "next: contact" in told
    assert hub(omar, "visit", case, "--at", at).split()[-1:] == told.split()[-1:]
    assert "She likes it" not in hub(omar, "show", case)
    hub(omar, "report", case, "--since", day(NOW), "--out", tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["progress"]["themes"]["school"] == "mixed"
    assert json.loads(hub(omar, "met", "--json").splitlines()[0])["owed"] == 0


def test_an_observers_sheet_and_sign(omar, case, tmp_path):
    mark = json.loads(hub(omar, "plan", case, "--from", day(NOW), "--benchmarks", "long_distance", "--json"))["mark"]
    sheet = tmp_path / "sheet.pdf"
    hub(omar, "observer-form", case, "--out", sheet)
    document = pypdfium2.PdfDocument(sheet)
    words = document[0].get_textpage().get_text_bounded()
    document.close()
    assert mark in words
    assert not {"shelter", "omar", "child", "dj.example"} & set(words.lower().split())
    told = hub(omar, "sign", f"{mark} 2", "--at", day(NOW))
    assert "Visit of" in told
    alerts = [one.about.label for one in timers.listing(omar, case=case) if one.alert]
    assert alerts == ["the observer is worried"]


def test_reviews_terms_and_risk(place, omar, case, tmp_path):
    why, amina = note(tmp_path, "Because of floods."), place.members["amina"]
    hub(omar, "plan", case, "--from", day(NOW), "--country", "IN")
    told = hub(omar, "event", case, "produced", "--on", day(NOW))
    assert "Event" in told
    assert "final order" in hub(omar, "show", case)
    assert "consent_taken_again" in hub(omar, "event", case, "produecd", "--on", day(NOW), code=2)
    assert "1 to 14 days" in hub(amina, "extend", case, "--until", day(NOW + 180 * DAY), "--why", why, code=2)
    hub(omar, "review", case, "--present", "child", "--present", "worker", "--present", "supervisor")
    assert "medium" in hub(omar, "risk", case, "--risk", "high", "--note", why).replace("high risk", "medium")
    later = day(NOW + 10 * DAY)
    assert "Excuse" in hub(omar, "put-off", case, "contact", "--until", later, "--why", why)


def test_closing_says_what_stands_in_the_way_and_takes_two(place, omar, case, tmp_path):
    why, amina = note(tmp_path, "Gone to an aunt."), place.members["amina"]
    hub(omar, "plan", case, "--from", day(NOW))
    told = hub(omar, "recommend", case, "--reason", "plan_complete", code=6)
    assert "This part is not done: notes reviewed." in told
    assert "The 24 months run to" in told
    moved = ("--reason", "moved_on", *PARTS, "--besides", "receiver_or_missing_report", "--early", why)
    hub(amina, "recommend", case, *moved)
    assert "Another person must authorise this closure." in hub(amina, "authorise", case, code=5)
    hub(omar, "recommend", case, *moved)
    hub(amina, "authorise", case)
    assert f"{case}  until " in hub(amina, "kept")
    assert "closed" in hub(omar, "show", case)
    assert "Post-closure visits run to" in hub(amina, "archive", case, code=6)
    hub(amina, "hold", case, "--why", why)
    assert "A legal hold stands." in hub(amina, "destroy", case, "--yes", code=6)
    (standing,) = json.loads(hub(amina, "show", case, "--json"))["holds"]
    assert "Lifted" in hub(amina, "lift", case, standing, "--why", why)
    assert "Kept until" in hub(amina, "destroy", case, "--yes", code=6)
    hub(amina, "allow", case, "--law", "Law 7")
    assert "Destroyed" in hub(amina, "destroy", case, "--yes")


def test_an_agency_keeps_its_own_terms_and_benchmarks(place, tmp_path):
    amina, own = place.members["amina"], tmp_path / "own.json"
    own.write_text('{"title": "t", "source": "protocol", "like": "standard"}')
    assert "Adopted" in hub(amina, "benchmarks", "corridor", own)
    assert "Written down" in hub(amina, "keep", "--years", "5", "--after-18", "2")
