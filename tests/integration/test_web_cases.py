"""Case files, visits, dates and handovers at a desk in the browser, beside colleagues with Python's client."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from hub.client import (
    aftercare,
    cases,
    closing,
    due,
    groups,
    handover,
    meetings,
    programmes,
    protection,
    records,
    timers,
    visits,
)
from hub.client.handover import Side
from hub.clock import SetClock
from hub.packets.encoding import b64u, sha256
from tests.conftest import NOW
from tests.support.factories import some_id
from tests.support.web_modules import WebModules, text
from tests.support.world import PASSPHRASE, world

HOME = "dj.example"
SCRIPT = Path(__file__).parents[1] / "support" / "web_cases.mjs"
DAY = 86_400
LATER = -(-(NOW + 5 * DAY) // 900) * 900
WHOLE = {
    "reason": "moved_on",
    "parts": ["notes_reviewed", "child_and_family_asked", "providers_asked", "risk_assessed"],
}
PROPOSAL = {**WHOLE, "besides": ["receiver_or_missing_report"], "early": "SYN moved", "panel": False}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME) as made:
        amina = made.found(HOME, "shelter", "shelter", "DJ", "amina")
        made.join(amina, "sofia", {"supervisor", "caseworker"})
        made.join(amina, "omar", {"caseworker"})
        yield made


@pytest.fixture(scope="module")
def node():
    with WebModules(SCRIPT) as running:
        yield running


@pytest.fixture
def browser(place, node):
    """Return what asks a member's browser, and says what it answered, or with which code it refused."""
    signed_in = set()

    def ask(login, question, **given):
        if login not in signed_in:
            member = place.members[login]
            known = {"url": member.account.url, "login": login, "passphrase": PASSPHRASE, "now": place.clock.now()}
            assert "ok" in node.ask("sign_in", name=login, device=text(member.profile.device.value), **known)
            signed_in.add(login)
        answer = node.ask(question, name=login, **given)
        return answer["ok"] if "ok" in answer else answer["refused"]

    node.ask("faults", rows=[])
    return ask


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def sofia(place):
    return place.members["sofia"]


def test_a_file_is_written_by_either_client_and_read_by_the_other(browser, amina):
    made = browser("amina", "begin", sections={"minimal_contact": {"reference": "DJ-17"}})
    record = made["record"]
    assert cases.load(amina, record).sections == made["sections"] == {"minimal_contact": {"v": 1, "reference": "DJ-17"}}
    cases.update(amina, record, "identity", {"names": {"full": "SYN Hodan"}, "later": {"kept": True}})
    changed = browser(
        "amina", "update", record=record, section="identity", change={"sex": "female", "names": {"given": "SYN"}}
    )
    assert changed["sections"] == dict(cases.load(amina, record).sections)
    assert changed["sections"]["identity"]["names"] == {"full": "SYN Hodan", "given": "SYN"}
    assert changed["sections"]["identity"]["later"] == {"kept": True}
    assert browser("amina", "update", record=record, section="identity", change={"sex": 7}) == "invalid_request"
    assert browser("amina", "load", record=some_id("none")) == "not_found"
    assert record in browser("amina", "cases")
    before = len(browser("amina", "versions", record=record))
    browser("amina", "update", record=record, section="identity", change={"sex": "female"})
    assert len(browser("amina", "versions", record=record)) == before == len(cases.history(amina, record))
    answered = browser("amina", "answer", record=record, id="why_left", words="SYN drought")
    said = answered["sections"]["bia_bid"]["considerations"]["why_left"]
    assert said == cases.load(amina, record).sections["bia_bid"]["considerations"]["why_left"]
    assert (said["answer"], said["by"], said["not_for"]) == ("SYN drought", amina.id, ["family"])


def test_two_desks_that_change_different_sections_lose_nothing(browser, amina):
    record = cases.new(amina).record
    pairs = {"first": ["identity", {"sex": "male"}], "second": ["status", {"country_of_origin": "ET"}]}
    found = browser("amina", "both_update", record=record, **pairs)
    assert set(found["sections"]) == set(cases.load(amina, record).sections) == {"identity", "status"}


def test_a_colleague_says_why_in_the_browser(browser, amina, sofia):
    record = cases.new(amina).record
    assert browser("omar", "load", record=record) == "invalid_request"
    assert browser("omar", "load", record=record, why="the night shift")["record"] == record


def test_what_came_by_a_leg_is_kept_and_what_was_found_here_is_not_written_over(browser, amina):
    leg = some_id("leg")
    first = [["p1", {"identity": {"v": 1, "sex": "male"}, "status": {"v": 1}, "odd": "as it came"}]]
    held = browser("amina", "receive", leg=leg, came=first)
    browser("amina", "update", record=held["record"], section="status", change={"country_of_origin": "ET"})
    later = [*first, ["p2", {"identity": {"v": 1, "sex": "female"}, "status": {"v": 1, "country_of_origin": "SO"}}]]
    again = browser("amina", "receive", leg=leg, came=later)
    assert again["record"] == held["record"]
    assert again["sections"]["identity"] == {"v": 1, "sex": "female"}
    assert again["sections"]["status"]["country_of_origin"] == "ET"
    assert cases.of_leg(amina, leg).sections == again["sections"]
    assert browser("amina", "receive", leg=leg, came=later) == again
    known = browser("amina", "link", record=held["record"], case=some_id("register"))
    assert (known["case"], known["legs"]) == (some_id("register"), [leg])


def test_a_paper_is_kept_by_either_client_and_one_that_was_exchanged_is_refused(browser, amina, tmp_path):
    record, scan = cases.new(amina).record, bytes(range(256)) * 40
    given = {"record": record, "called": "SYN Hodan's birth.PDF", "data": text(scan)}
    held = browser("amina", "attach", **given, facts={"type": "birth certificate", "issuer": "SYN office"})
    (row,) = held["sections"]["documents"]["items"]
    assert (row["issuer"], row["sha256"], row["state"]) == ("SYN office", b64u(sha256(scan)), "obtained")
    assert row["attachment"].startswith("paper-")
    assert row["attachment"].endswith(".pdf")
    again = browser("amina", "attach", **given, facts={"type": "birth certificate", "copy": "original"})
    assert [one["id"] for one in again["sections"]["documents"]["items"]] == [row["id"]]
    (path,) = cases.papers(amina, cases.load(amina, record), tmp_path)
    assert (path.name, path.read_bytes()) == (row["attachment"], scan)
    other = tmp_path / "report.txt"
    other.write_bytes(b"SYN report")
    cases.attach(amina, record, other, {"type": "report"})
    assert sorted(browser("amina", "papers", record=record).values()) == sorted([text(scan), text(b"SYN report")])
    cases.update(amina, record, "documents", {"items": [{**row, "sha256": b64u(sha256(b"another"))}]})
    assert browser("amina", "papers", record=record) == "bad_signature"
    wrong = {**given, "facts": {"type": 7}}
    assert browser("amina", "attach", **wrong) == "invalid_request"


def test_dates_are_set_moved_and_ended_by_either_client(browser, amina, sofia):
    record = cases.new(amina).record
    about = {"label": "SYN court hearing", "case": record}
    mine = browser("amina", "set_timer", about=about, due=NOW + 3 * DAY + 5, owner=sofia.id, warn=DAY)
    theirs = timers.set_timer(amina, timers.About("SYN school", record), NOW + 2 * DAY)
    found = browser("amina", "timers", which={"case": record})
    assert [row["handoff"] for row in found] == [theirs, mine]
    assert [row.handoff for row in timers.listing(sofia, case=record)] == [theirs, mine]
    timer, _ = timers.read(sofia, mine)
    shown = browser("amina", "timer", timer=mine)["timer"]
    assert (timer.about.label, timer.due, timer.owner) == (shown["about"]["label"], shown["due"], shown["owner"])
    assert shown["due"] % 900 == 0
    browser("amina", "move", timer=mine, due=LATER, note="SYN postponed")
    timers.done(amina, theirs, "SYN went")
    (left,) = browser("amina", "timers", which={"case": record})
    assert (left["handoff"], left["due"]) == (mine, LATER)
    browser("amina", "done", timer=mine, note="SYN held")
    assert [said.note for said in timers.read(amina, mine)[1]] == [None, "SYN postponed", "SYN held"]
    assert [one["note"] for one in browser("amina", "timer", timer=mine)["told"]] == [None, "SYN postponed", "SYN held"]
    assert browser("amina", "done", timer=mine, note=None) == "conflict"
    assert browser("amina", "set_timer", about={"label": "x" * 201}, due=NOW + DAY) == "invalid_request"


@pytest.fixture
def followed(place, browser, amina):
    record = cases.new(amina).record
    begins = aftercare.today(amina) - timedelta(days=10)
    facts = {"born": "2011-03-03", "country": "IN", "discretion": {"caller": "SYN aunt"}}
    browser("amina", "follow", record=record, begins=begins.isoformat(), risk="high", benchmark="standard", facts=facts)
    return record


def reckoned(member, case):
    held = aftercare.read(member, case)
    return {
        "risk": held.plan.risk.value,
        "review": held.review_due.isoformat(),
        "due": [[row.what, row.day.isoformat(), row.overdue] for row in due.due(held)],
        "closed": held.closure and held.closure.record,
        "archived": held.archived and held.archived.record,
    }


def test_visits_entered_by_either_client_give_both_the_same_days(place, browser, amina, followed):
    found = browser("amina", "followed", record=followed)
    assert {name: found[name] for name in reckoned(amina, followed)} == reckoned(amina, followed)
    assert found["unseen"] is not None
    said = {"themes": {"safe": "good"}, "who": ["child_alone"], "place": "home", "words": "SYN is well"}
    row = browser("amina", "visit", record=followed, happened=NOW - DAY, said=said)
    assert browser("amina", "visit", record=followed, happened=NOW - DAY, said=said) == row
    assert browser("amina", "visit", record=followed, happened=NOW + DAY, said={}) == "invalid_request"
    assert browser("amina", "visit", record=followed, happened=NOW, said={"method": "letter"}) == "invalid_request"
    (kept,) = aftercare.read(amina, followed).of("visit")
    assert (kept.record, aftercare.said(amina, kept), kept.value["themes"]["school"]) == (
        row,
        "SYN is well",
        "not_asked",
    )
    visits.visit(amina, followed, NOW - 2 * DAY, method="call", words="SYN by phone")
    found = browser("amina", "followed", record=followed)
    assert {name: found[name] for name in reckoned(amina, followed)} == reckoned(amina, followed)
    assert found["unseen"] is None
    calls = [one.record for one in aftercare.read(amina, followed).of("visit") if one.value["method"] == "call"]
    assert browser("amina", "said", record=calls[0]) == "SYN by phone"
    since = (aftercare.today(amina) - timedelta(days=30)).isoformat()
    ours = due.progress_report(amina, followed, date.fromisoformat(since), "SYN words")
    assert browser("amina", "report", record=followed, since=since, words="SYN words") == ours
    assert followed in browser("amina", "all_followed")


def test_an_observers_sign_and_what_is_not_safe_raise_one_alert(browser, amina, sofia, followed):
    mark = aftercare.read(amina, followed).facts["mark"]
    for _ in range(2):
        browser("amina", "signal", text=f"{mark.lower()} 2", happened=NOW)
        browser("amina", "visit", record=followed, happened=NOW - 60, said={"themes": {"safe": "bad"}})
    alerts = [one for one in timers.listing(sofia, case=followed) if one.alert]
    assert sorted(one.about.label for one in alerts) == ["not safe", "the observer is worried"]
    assert {one.owner for one in alerts} == {amina.id}
    assert browser("amina", "acknowledge", timer=alerts[0].handoff) == "illegal_transition"
    browser("sofia", "acknowledge", timer=alerts[0].handoff)
    assert timers.read(amina, alerts[0].handoff)[0].alert is False
    assert browser("amina", "signal", text="ZZZZ 1", happened=NOW) == "not_found"
    assert browser("amina", "signal", text="no code", happened=NOW) == "invalid_request"


def test_a_place_where_no_child_may_be_is_one_alert_whichever_client_writes_it_down(browser, amina, sofia):
    """C20: sofia, who supervises, hears of each such place once; history and what was known raise nothing."""
    day = aftercare.today(amina).isoformat()
    over = {"kind": "detention", "from": "2026-01-01", "until": "2026-02-01"}
    cell, mixed = {"kind": "detention", "from": day}, {"kind": "shelter", "from": day, "with_adult_migrants": True}
    alone = {"care_guardianship": {"placements": [over, cell]}}
    first = browser("amina", "begin", sections=alone)["record"]
    second = cases.new(amina, {"care_guardianship": {"placements": [over]}}).record
    assert timers.listing(sofia, case=second) == []
    for rows in ([over, mixed], [over, mixed, cell]):
        cases.update(amina, second, "care_guardianship", {"placements": rows})
        for record in (first, second):
            browser("amina", "update", record=record, section="care_guardianship", change={"placements": rows})
    for record in (first, second):
        alerts = [one for one in timers.listing(sofia, case=record) if one.alert]
        assert sorted(one.about.label for one in alerts) == sorted(protection.LABELS.values())
    at_home = {"situation": "in_family", "placements": [mixed]}
    third = cases.new(amina, {"care_guardianship": at_home}).record
    browser("amina", "update", record=third, section="care_guardianship", change={"placements": [mixed, over]})
    assert timers.listing(sofia, case=third) == []


def test_what_is_due_is_chased_once_whichever_client_does_it(browser, amina, followed):
    assert browser("amina", "chase", record=followed) == len(due.due(aftercare.read(amina, followed)))
    assert due.chase(amina, aftercare.read(amina, followed)) == []
    about = timers.About("first visit", followed, "r32", {"task": "first_visit"})
    gate = timers.set_timer(amina, about, NOW + 2 * DAY)
    browser("amina", "visit", record=followed, happened=NOW - 60, said={"method": "call"})
    visits.visit(amina, followed, NOW - 30 * DAY)  # with the family, before the child came
    browser("amina", "chase", record=followed)
    assert timers.read(amina, gate)[0].state == timers.State.RUNS
    browser("amina", "visit", record=followed, happened=NOW, said={})
    made = due.chase(amina, aftercare.read(amina, followed))
    assert made
    assert timers.read(amina, gate)[0].state == timers.State.DONE
    other = timers.set_timer(amina, about, NOW + 2 * DAY)
    assert browser("amina", "chase", record=followed) == 0
    assert timers.read(amina, other)[0].state == timers.State.DONE


def test_a_contact_is_put_off_and_a_review_held_by_the_same_rules(browser, amina, followed):
    today = aftercare.today(amina)
    soon, late = (today + timedelta(days=7)).isoformat(), (today + timedelta(days=40)).isoformat()
    given = {"record": followed, "stream": "face_to_face", "words": "SYN road is cut"}
    assert browser("amina", "excuse", until=late, **given) == "invalid_request"
    assert browser("amina", "excuse", until=soon, **{**given, "words": " "}) == "invalid_request"
    browser("amina", "excuse", until=soon, **given)
    assert ("face_to_face", soon) in [
        (row.what, row.day.isoformat()) for row in due.due(aftercare.read(amina, followed))
    ]
    held = {"record": followed, "on": today.isoformat(), "changed": True}
    assert browser("amina", "review", present=["worker", "child"], **held) == "invalid_request"
    browser("amina", "review", present=["worker", "caregiver", "supervisor"], **held)
    review = aftercare.read(amina, followed).review_due
    assert (
        browser("omar", "extend", record=followed, until=(review + timedelta(days=3)).isoformat(), words="x")
        == "forbidden"
    )
    browser("sofia", "extend", record=followed, until=(review + timedelta(days=3)).isoformat(), words="SYN holiday")
    assert aftercare.read(amina, followed).review_due == review + timedelta(days=3)
    assert browser("amina", "assess", record=followed, risk="low", words=None)["risk"] == "low"
    assert aftercare.read(amina, followed).plan.risk == "low"


def test_a_case_is_closed_by_two_and_opened_again(browser, amina, sofia, followed):
    found = browser("amina", "hindrances", record=followed, proposal={**PROPOSAL, "parts": [], "besides": []})
    assert [one["code"] for one in found] == ["part_missing"] * 4 + ["needed_for_reason"]
    assert browser("sofia", "authorise", record=followed) == "not_found"
    browser("sofia", "recommend", record=followed, proposal=PROPOSAL)
    assert browser("sofia", "authorise", record=followed) == "forbidden"
    assert browser("omar", "authorise", record=followed) == "forbidden"
    browser("amina", "recommend", record=followed, proposal=PROPOSAL)
    row = browser("sofia", "authorise", record=followed)
    assert aftercare.read(amina, followed).closure.record == row
    assert browser("amina", "recommend", record=followed, proposal=PROPOSAL) == "illegal_transition"
    assert browser("sofia", "archive", record=followed) == "conflict"
    until = closing.kept_until(amina, aftercare.read(amina, followed)).isoformat()
    assert browser("amina", "kept_until", record=followed) == until
    assert browser("omar", "reopen", record=followed, words="SYN asked for help", risk="high") == "forbidden"
    assert browser("sofia", "reopen", record=followed, words="SYN asked for help", risk="high")["closed"] is None
    held = aftercare.read(amina, followed)
    assert (held.closure, held.plan.risk) == (None, "high")


def test_a_closed_case_is_destroyed_by_a_supervisor_once_its_time_has_come(place, browser, amina, sofia):
    record = cases.new(amina, {"identity": {"names": {"full": "SYN Hodan"}}}).record
    aftercare.follow(amina, record, aftercare.today(amina), "low")
    closing.recommend(amina, record, "moved_on", PROPOSAL["parts"], besides=PROPOSAL["besides"], early="SYN")
    closing.authorise(sofia, record)
    assert browser("omar", "destroy", record=record) == "forbidden"
    assert browser("sofia", "destroy", record=record) == "conflict"
    browser("sofia", "hold", record=record, words="SYN court")
    (stands,) = closing.holds(amina, record)
    closing.put_retention(amina, 9, 0)
    assert browser("sofia", "put_retention", years=3, grown=2, country="DJ") == "forbidden"
    browser("amina", "put_retention", years=3, grown=2, country="DJ")
    told = {row["country"]: row["years"] for row in browser("sofia", "terms")}
    assert told == {None: 9, "DJ": 3} == {country: row["years"] for country, row in closing.terms(sofia).items()}
    ours = [[row.case, row.until.isoformat(), row.hold] for row in closing.kept(sofia)]
    assert browser("sofia", "kept") == ours
    assert (record, True) in {(row[0], row[2]) for row in ours}
    closing.allow(amina, record, "SYN law")
    assert browser("sofia", "destroy", record=record) == "conflict"
    closing.lift(amina, record, stands.record, "SYN decided")
    for running in timers.listing(sofia, case=record):
        timers.done(sofia, running.handoff)
    browser("sofia", "unlock", phone=True, url=sofia.account.url, passphrase=PASSPHRASE, now=NOW)
    browser("sofia", "type", rows=[[f"review/{record}", "SYN"], ["review/other", "SYN"]])
    found = browser("sofia", "destroy", record=record)
    assert browser("sofia", "typed") == ["review/other"]
    assert (found["left"], record in found["records"]) == ([], True)
    assert browser("amina", "load", record=record) == "not_found"
    assert [row.handoff for row in records.listing(amina, "case") if row.handoff == record] == []


def test_both_sides_tick_a_handover_whichever_clients_they_have(browser, amina):
    leg, record = some_id("leg"), cases.new(amina).record
    person = {"name": "SYN Asha", "role": "aunt"}
    mine = browser(
        "amina", "begin_meeting", side="sender", facts={"where": "SYN gate"}, of={"case": record, "leg": leg}
    )
    browser("amina", "tick", record=mine["record"], items=["plan", "contacts"])
    browser("amina", "tick", record=mine["record"], items=["medicines"], reason="SYN none needed")
    ours = browser("amina", "say_facts", record=mine["record"], facts={"accompanied_by": [person]})
    assert meetings.load(amina, mine["record"]).document == ours["document"]
    assert browser("amina", "say_facts", record=mine["record"], facts={"child": 1}) == "invalid_request"
    assert browser("amina", "tick", record=mine["record"], items=["nothing"]) == "not_found"
    theirs = handover.tick(handover.draft(Side.RECEIVER, ours["document"]["meeting"]), ["plan"], "SYN", NOW)
    theirs = handover.change(theirs, {"where": "SYN office"})
    both = browser("amina", "receive_meeting", document=theirs, of={"leg": leg})
    assert both["record"] == mine["record"]
    assert both["differences"] == ["where"] == list(meetings.of_leg(amina, leg).merged.differences)
    assert browser("amina", "receive_meeting", document={"v": 1}, of={}) == "malformed"
    assert browser("amina", "receive_meeting", document={**theirs, "side": "sender"}, of={}) == "conflict"


def test_a_signed_paper_that_was_exchanged_is_found_out(browser, amina):
    mine = browser("amina", "begin_meeting", side="receiver", facts={}, of={})
    number = handover.new_form()
    given = {"record": mine["record"], "source": text(b"SYN photo"), "pages": {"page-1.jpg": text(b"SYN cleaned")}}
    scan = browser("amina", "scan", form=number, typed=number.lower().replace("-", " "), **given)
    assert scan["files"] == [b64u(sha256(b"SYN cleaned"))]
    meeting = meetings.load(amina, mine["record"])
    assert [(one.form, one.source) for one in meetings.scans(meeting)] == [(number, b64u(sha256(b"SYN photo")))]
    assert list(browser("amina", "pages", record=mine["record"]).values()) == [text(b"SYN cleaned")]
    value = records.get(amina, scan["record"], "scan").value
    records.put(amina, "scan", {**value, "files": ["other.jpg"]}, handoff=scan["record"])
    assert browser("amina", "pages", record=mine["record"]) == "bad_signature"


def test_what_belongs_together_is_known_to_both(browser, amina):
    rows = [some_id("one"), some_id("two")]
    browser("amina", "tie", how="household", handoffs=rows)
    assert [(one.how.value, list(one.handoffs)) for one in groups.of(amina, rows[0])] == [("household", rows)]
    groups.tie(amina, groups.How.LINKED, [rows[1], some_id("three")])
    assert {one["how"] for one in browser("amina", "groups", handoff=rows[1])} == {"household", "linked"}


def test_a_case_follows_a_programme_in_either_client_and_goes_on_with_it_where_it_was_handed_over(browser, amina):
    record = cases.new(amina, {"minimal_contact": {"reference": "DJ-31"}}).record
    begun = browser("amina", "follow_programme", record=record, programme="west-africa-eight-steps@2026-12")
    assert browser("amina", "follow_programme", record=record, programme=begun["template"])["id"] == begun["id"]
    told = browser("amina", "mark_step", record=record, step="identification")
    assert told["steps"]["identification"] == "done"
    assert browser("amina", "mark_step", record=record, step="personal_study") == "conflict"
    assert browser("amina", "mark_step", record=record, step="nothing") == "not_found"
    later = {"on": "2099-01-01"}
    assert browser("amina", "mark_step", record=record, step="agreed", how=later) == "invalid_request"
    programmes.mark(amina, begun["id"], "personal_study", evidence=["needs_risk", "child_views"])
    (found,) = browser("amina", "programmes", record=record)
    held = programmes.get(amina, begun["id"])
    assert found["steps"] == {row.id: row.state for row in held.progress(NOW).steps}
    assert (found["steps"]["personal_study"], found["unproven"]) == ("done", {})
    plan = browser("amina", "programme_into_plan", record=record)["sections"]["plan"]
    assert programmes.look(amina, programmes.out_of({"plan": plan})).marks == held.marks
    other = cases.new(amina, {"plan": plan}).record
    assert browser("amina", "programme_out_of_plan", record=other) == "conflict"
    forged = {**plan["programme"], "tracker": some_id("another")}
    third = cases.new(amina, {"plan": {**plan, "programme": forged}}).record
    taken = browser("amina", "programme_out_of_plan", record=third)
    assert set(taken["steps"].values()) <= {"open", "blocked"}
