"""Case files, visits and handovers in a browser: filled in, kept without a line, seen, closed by two; and looked at."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from hub.client import aftercare, cases, closing, handover, meetings, programmes, timers, visits
from hub.clock import SetClock
from tests.conftest import NOW
from tests.support.browsing import NARROW, blind, browser, signed_in
from tests.support.processes import until
from tests.support.world import world

HOME, DAY = "dj.example", 86_400
pytestmark = pytest.mark.slow
CANARY = "Kanariya"
HOSTILE = f'{CANARY} <img src=x onerror="document.title=`taken`">'
UNSAID = re.compile(r"\b(?:app|[a-z_]+)\.[a-z]+_[a-z_]+\b")
DRAGGED = """([name, text]) => {
  const held = new DataTransfer();
  held.items.add(new File([text], name));
  return held;
}"""
DONE = {"reason": "moved_on", "parts": closing.closing.PARTS, "besides": ["receiver_or_missing_report"], "early": "SYN"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME) as made:
        amina = made.found(HOME, "shelter", "shelter", "DJ", "amina")
        made.join(amina, "sofia", {"supervisor"})
        with blind(made, CANARY):
            yield made


@pytest.fixture(scope="module")
def chromium():
    with browser() as one:
        yield one


def shown(desk, text):
    expect(desk.page.locator("main")).to_contain_text(text)


def here(desk, pattern):
    """Wait until the address is another one, and return what the pattern finds in it."""
    desk.page.wait_for_url(re.compile(pattern))
    desk.settled()
    return re.search(pattern, desk.page.url)[1]


def test_a_caseworker_keeps_a_case_on_a_bad_line(place, chromium, tmp_path):
    amina = place.members["amina"]
    paper = tmp_path / "SYN birth.pdf"
    paper.write_bytes(b"SYN birth certificate" * 20_000)
    with signed_in(chromium, place, "amina", "cases/new") as desk:
        desk.press("Begin the file")
        shown(desk, "Please fill this in.")
        desk.fill("Reference", "DJ-17").fill("Given name", HOSTILE).press("Begin the file")
        record = here(desk, r"cases/([A-Za-z0-9_-]{22})$")
        shown(desk, "What is missing most")
        desk.go(f"cases/{record}/section/identity")
        desk.fill("Full name", HOSTILE).press("Add to: Nationality")
        desk.page.get_by_label("Nationality 1", exact=True).select_option(label="Ethiopia")
        desk.go("cases").go(f"cases/{record}/section/identity")
        shown(desk, "What you typed before and did not save is here again.")
        expect(desk.page.get_by_label("Full name")).to_have_value(HOSTILE)
        desk.page.context.set_offline(True)
        desk.fill("Year", "3000").press("Save")
        shown(desk, "This is missing, or not as it should be.")
        desk.fill("Year", "2011").press("Save")
        here(desk, rf"cases/({record})$")
        expect(desk.page.locator(".frame")).to_contain_text("wait")
        desk.page.context.set_offline(False)
        expect(desk.button("Send now")).to_have_count(0, timeout=30_000)
        identity = cases.load(amina, record).sections["identity"]
        assert identity == {"v": 1, "names": {"full": HOSTILE}, "nationality": ["ET"], "born": {"year": 2011}}
        desk.go(f"cases/{record}?tab=papers")
        dragged = desk.page.evaluate_handle(DRAGGED, [paper.name, paper.read_text()])
        desk.page.locator(".drop").first.dispatch_event("drop", {"dataTransfer": dragged})
        desk.fill("What it is", "birth certificate")
        _sealed(desk)
        shown(desk, "Fingerprint of the file")
        (tmp_path / "out").mkdir()
        (kept,) = cases.papers(amina, cases.load(amina, record), tmp_path / "out")
        assert kept.read_bytes() == paper.read_bytes()
        with desk.page.expect_download() as saved:
            desk.press("Save to this device: birth certificate")
        assert saved.value.path().read_bytes() == paper.read_bytes()
        desk.go(f"cases/{record}?tab=questions")
        question = desk.page.locator("details.question").first
        question.locator("summary").click()
        question.get_by_label("Answer").fill("SYN he wants to see his mother")
        question.get_by_role("button").click()
        shown(desk, "1 of ")
        _follows(desk, amina, record)
        assert desk.page.title() != "taken"
        assert not [url for _, url, body in desk.asked if CANARY in url or CANARY.encode() in body]
        desk.calm()


def _sealed(desk):
    """The page says how far it is while a large paper is sealed, and while it goes piece by piece."""
    held, free = [], []
    desk.page.route(
        "**/api/v1/uploads/**", lambda one: one.continue_() if free or "at=0&" in one.request.url else held.append(one)
    )
    desk.press("Seal and keep")
    for name in ("Sealing and sending paper 1 of 1", "Sending"):
        expect(desk.page.get_by_role("progressbar", name=name, exact=True)).to_be_visible()
    until(lambda: desk.page.wait_for_timeout(20) or held, "the next piece to be on its way")
    free.append(True)
    held[0].continue_()


def _follows(desk, amina, record):
    """The case follows a programme, and what cannot be marked yet is not offered."""
    desk.go(f"programme/{record}")
    desk.page.get_by_label("Which programme").select_option(label="Ethiopia: six steps of national case management")
    desk.press("Follow a programme")
    shown(desk, "0 of 6 steps")
    desk.press("Mark: Identify and register the child").press("Sign the mark")
    shown(desk, "1 of 6 steps")
    expect(desk.button("Mark: Assess needs, risks and the child's best interests")).to_have_count(0)
    (followed,) = programmes.listing(amina, record)
    assert followed.progress(NOW).settled == 1
    assert desk.axe() == []


def test_visits_are_entered_in_few_taps_and_a_case_is_closed_by_two(place, chromium, kept):
    amina, sofia = place.members["amina"], place.members["sofia"]
    record = cases.new(amina, {"minimal_contact": {"reference": "DJ-18"}}).record
    with signed_in(chromium, place, "amina", f"visits/{record}/plan", size=NARROW) as desk:
        desk.press("Keep this plan")
        here(desk, rf"visits/({record})$")
        desk.page.get_by_role("link", name="Record a visit").click()
        expect(desk.button("Save the visit")).to_be_visible()
        desk.page.context.set_offline(True)
        desk.press("Save the visit")
        here(desk, rf"visits/({record})$")
        shown(desk, "The child was seen or spoken to")
        desk.page.context.set_offline(False)
        expect(desk.button("Send now")).to_have_count(0, timeout=30_000)
        (row,) = aftercare.read(amina, record).of("visit")
        assert (row.value["method"], row.value["met"]) == ("visit", True)
        desk.go("visits").page.get_by_role("tab", name="Week").click()
        for view in ("Month", "Week"):
            desk.page.get_by_role("tab", name=view).click()
            today = desk.page.locator(
                ".month > li", has=desk.page.locator(f"time[datetime='{aftercare.today(amina)}']")
            )
            expect(today).to_contain_text("DJ-18 was seen")
            desk.page.get_by_role("link", name="Later").click()
            expect(desk.page.get_by_text("DJ-18 was seen")).to_have_count(0)
        desk.go(f"visits/{record}/record")
        desk.page.get_by_text("What was found").click()
        desk.page.get_by_label("Safe", exact=True).select_option("bad")
        shown(desk, "an alert goes out")
        desk.page.get_by_label("Call", exact=True).check()
        desk.press("Save the visit")
        here(desk, rf"visits/({record})$")
        (alert,) = [one for one in timers.listing(sofia, case=record) if one.alert]
        desk.go(f"visits/{record}/close").press("Recommend to close")
        shown(desk, "Alerts are open: 1")
        desk.go("keeping").fill("Years after closing", "7").press("Sign and keep")
        shown(desk, "It counts from now on")
        desk.calm()
    timers.acknowledge(sofia, alert.handoff)
    timers.done(sofia, alert.handoff)
    closing.recommend(amina, record, **DONE)
    with signed_in(chromium, place, "sofia", "inbox") as desk:
        _moves(desk, amina, kept[0])
        desk.go(f"visits/{record}/close")
        shown(desk, "This closure waits for a second person")
        desk.press("Close the case")
        why = desk.page.get_by_label("Reason")
        expect(why.or_(desk.page.get_by_text("Visits go on for three months"))).to_be_visible()
        assert aftercare.read(amina, record).closure is not None
        _keeps(desk.go(f"visits/{record}/close"))
        desk.calm()
    (stands,) = closing.holds(amina, record)
    assert aftercare.said(amina, stands) == "SYN the court asks for it"


def _moves(desk, amina, record):
    """A supervisor puts a review off, once; and what a term runs from is entered, and that it was done."""
    due = aftercare.read(amina, record).review_due
    desk.go(f"visits/{record}/extend").fill("It is made by", (due + timedelta(days=3)).isoformat())
    desk.fill("Why", "SYN a holiday").press("Put it off")
    here(desk, rf"visits/({record})$")
    assert aftercare.read(amina, record).review_due == due + timedelta(days=3)
    desk.fill("Reason", "SYN a review").press("Open")
    shown(desk, "Review of the plan")
    desk.go(f"visits/{record}/extend")
    shown(desk, "put off once already")
    desk.go(f"visits/{record}/event")
    desk.page.get_by_label("The child was brought before the committee").check()
    desk.press("Save")
    here(desk, rf"visits/({record})$")
    desk.page.get_by_role("link", name="Say that it was done: Final order").click()
    expect(desk.page.get_by_label("The final order was made")).to_be_checked()
    assert desk.axe() == []
    desk.press("Save")
    here(desk, rf"visits/({record})$")
    shown(desk, "Review of the plan")
    expect(desk.page.locator("main")).not_to_contain_text("Final order")


def _keeps(desk):
    """A legal hold is put on a closed case, and nobody destroys it then."""
    card = desk.page.locator(".card").filter(has_text="Keeping and destroying")
    card.locator("summary", has_text="Put a legal hold").click()
    card.get_by_label("Why").fill("SYN the court asks for it")
    card.locator("details button").click()
    expect(card).to_contain_text("A legal hold stands since")
    card.get_by_role("button", name="Destroy for good").click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Yes, destroy it").click()
    expect(dialog).to_contain_text("A legal hold stands.")
    assert desk.axe() == []
    desk.go("keeping")
    shown(desk, "7 years after closing")
    shown(desk, "A legal hold stands")


def test_a_handover_is_ticked_at_the_desk(place, chromium):
    amina = place.members["amina"]
    record = meetings.begin(amina, handover.Side.SENDER, {"where": HOSTILE}).record
    with signed_in(chromium, place, "amina", f"handover/{record}") as desk:
        for n in range(2):
            desk.page.get_by_label("Handed over").nth(n).check()
        desk.press("Keep 2 ticks")
        expect(desk.page.get_by_text("ticked (amina")).to_have_count(2)
        desk.press("Say: Who came with the child").press("Add to: Who came with the child")
        desk.fill("Name", "SYN Asha").press("Save")
        shown(desk, "Something is missing here.")
        desk.fill("Role", "aunt").press("Save")
        shown(desk, "SYN Asha")
        document = meetings.load(amina, record).document
        assert document["accompanied_by"] == [{"name": "SYN Asha", "role": "aunt"}]
        assert [row["sender"]["by"] for row in document["checklist"][:2]] == [amina.id] * 2
        desk.go(f"handover/{record}/print")
        assert "SYN Asha" in desk.on_paper()
        desk.page.get_by_label("Sheet for a local observer").check()
        desk.fill("The four letters", "SYN")
        shown(desk, "These are not the four letters.")
        desk.fill("The four letters", "kxqt")
        shown(desk, "KXQT")
        assert desk.axe() == []
        desk.page.get_by_label("Card with numbers for the child").check()
        shown(desk, "A card needs two numbers")
        desk.calm()


@pytest.fixture(scope="module")
def kept(place):
    """A case with something on every page about it, all of it hostile."""
    amina = place.members["amina"]
    contact = {"given_name": HOSTILE, "reference": "DJ-19"}
    record = cases.new(amina, {"minimal_contact": contact, "identity": {"names": {"others": [HOSTILE]}}}).record
    cases.answer(amina, record, "why_left", HOSTILE)
    begins = aftercare.today(amina) - timedelta(days=20)
    hidden = {"caller": HOSTILE, "texts": False, "note": HOSTILE}
    aftercare.follow(amina, record, begins, "high", country="IN", born=date(2011, 3, 3), discretion=hidden)
    visits.visit(amina, record, NOW - 3 * DAY, words=HOSTILE, themes={"safe": "bad"}, who=["child_alone"])
    timers.set_timer(amina, timers.About(HOSTILE, record), NOW + DAY)
    meeting = meetings.begin(
        amina, handover.Side.SENDER, {"where": HOSTILE, "official": {"reason": HOSTILE}}, case=record
    )
    return record, meeting.record


def test_each_page_of_a_case_is_whole_from_right_to_left_on_a_small_phone(place, chromium, kept):
    record, meeting = kept
    about = ("record", "review", "delay", "plan", "close")
    paths = [f"cases/{record}?tab={tab}" for tab in ("questions", "papers", "dates")]
    paths += [f"cases/{record}/section/plan", f"cases/{record}/print", "visits/sign", "visits?view=month"]
    paths += [f"visits/{record}", *(f"visits/{record}/{one}" for one in about), f"handover/{meeting}/print"]
    wrong = []
    with signed_in(chromium, place, "amina", lang="ar", size=NARROW) as desk:
        for path in paths:
            desk.go(path)
            for folded in desk.page.locator("main details").all():
                folded.evaluate("one => { one.open = true }")
            if path.endswith("/print"):
                assert CANARY in desk.on_paper()
            found = desk.axe() + sorted(set(UNSAID.findall(desk.text)))
            if desk.page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
                found.append("wider than the page")
            wrong += [f"{path}: {one}" for one in found]
        desk.go("timers").page.locator("main li", has_text="DJ-19").first.wait_for(timeout=30_000)
        assert desk.page.title() != "taken"
        desk.calm()
    assert wrong == []
