"""A consent at a desk in a browser: recorded step by step, asked, printed, withdrawn; and a receipt that is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from consent.words import words
from hub.client import around, freezing, reading, referrals, training, withdrawal
from hub.client import basis as bases
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from tests.conftest import NOW
from tests.support.browsing import NARROW, blind, browser, signed_in
from tests.support.world import SECTIONS, populated, reception, today, world

pytestmark = pytest.mark.slow
HOME, AWAY = "dj.example", "et.example"
ROOM = Path(__file__).parents[2] / "web" / "src" / "app" / "screens" / "consent" / "words"
EN, AR = (json.loads((ROOM / f"{lang}.json").read_text(encoding="utf-8")) for lang in ("en", "ar"))
LAST = "2027-01-31"
TOLD = "SYN told in trust"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with (
        world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made,
        blind(made, "Hagos, reception", "SYN court", "2026/118", TOLD),
    ):
        yield populated(made, HOME, AWAY)


@pytest.fixture(scope="module")
def chromium():
    with browser() as one:
        yield one


@pytest.fixture(scope="module")
def at_shelter(place, chromium):
    with signed_in(chromium, place, "amina") as desk:
        yield desk


@pytest.fixture(scope="module")
def at_centre(place, chromium):
    with signed_in(chromium, place, "hana") as desk:
        yield desk


def tick(desk, *names):
    for name in names:
        desk.page.get_by_label(name, exact=True).first.check()


def go_on(desk, *pages):
    for page in pages:
        desk.press("Next")
        expect(desk.page.locator("form > h2").first).to_have_text(EN[f"page.{page}"])


def the_child(desk):
    desk.fill("Code of the person", "c-7f3a").fill("Day of birth", "2010-05-04")
    tick(desk, "A child alone", "Tigrinya")


def the_guardian(desk, day):
    tick(desk, "the appointed guardian")
    desk.fill("Court or authority", "SYN court").fill("Number of the order", "2026/118")
    desk.fill("Valid from", day).fill("Valid until", "2027-06-30")


def what_was_explained(desk):
    desk.page.get_by_label(EN["informed_in"]).select_option("ti")
    for box in desk.page.get_by_role("group", name=EN["explained"]).get_by_role("checkbox").all():
        box.check()
    tick(desk, "said it back in their own words")
    desk.fill("Who explained it", "the social worker")


def the_paper(desk):
    tick(desk, "Thumbprint on paper")
    desk.page.get_by_role("textbox", name="Witness").fill("the night nurse")
    desk.page.get_by_role("group", name=EN["protect"]).get_by_label("No").check()
    scan = {"name": "form.jpg", "mimeType": "image/jpeg", "buffer": b"SYN a photo of the form"}
    desk.page.locator("input[type=file]").set_input_files(scan)


def test_a_consent_is_recorded_step_by_step_and_says_what_may_be_sent(place, at_shelter):
    amina, hana, desk = place.members["amina"], place.members["hana"], at_shelter.go("consent")
    desk.page.get_by_role("link", name="Record a consent").click()
    desk.settled()
    go_on(desk, "child")
    desk.press("Next")
    expect(desk.page.get_by_text(EN["incomplete"])).to_be_visible()
    assert desk.axe() == []
    the_child(desk)
    go_on(desk, "giver")
    the_guardian(desk, today(place.clock).isoformat())
    go_on(desk, "told")
    what_was_explained(desk)
    go_on(desk, "answer")
    tick(desk, "I agree.")
    desk.fill("Who asked", "the social worker")
    go_on(desk, "sharing")
    desk.fill("Last day", LAST)
    tick(desk, words("en").categories["needs_risk"])
    desk.page.get_by_label("To whom").select_option(hana.agency)
    expect(desk.page.get_by_text("Works in Ethiopia.")).to_be_visible()
    go_on(desk, "form")
    desk.go("inbox").go("consent/new")
    expect(desk.page.get_by_text(EN["restored"])).to_be_visible()
    go_on(desk, "child", "giver", "told", "answer", "sharing", "form")
    the_paper(desk)
    go_on(desk, "check")
    desk.fill("What you call it", "Hagos, reception").press("Keep it")
    expect(desk.page.get_by_text("It is kept.")).to_be_visible()
    held = kept(amina, hana)
    desk.go(f"consent/{held.handoff}/ask").button("Ask").click()
    expect(desk.page.get_by_text("Yes, until 31 Jan 2027.")).to_be_visible()
    desk.go(f"consent/{held.handoff}/receipt")
    expect(desk.page.get_by_text(held.token)).to_be_visible()
    desk.calm()


def kept(amina, hana):
    """What the form made is what Python reads, and it lets go out what was ticked, until the day that was typed."""
    (held,) = [one for one in bases.listing(amina) if one.label == "Hagos, reception"]
    assert held.basis["expression"]["method"] == "thumbprint"
    assert held.basis["subject"]["age_band"] == "15-17"
    assert [row["until"] for row in held.basis["grants"]] == [LAST]
    asked = bases.Asked(amina.trust.agency(hana.agency), "reception", frozenset(SECTIONS))
    assert bases.preview(amina, held, asked).permitted
    return held


def test_a_change_is_a_new_version_and_renews_nothing_by_itself(place, at_shelter):
    amina, hana = place.members["amina"], place.members["hana"]
    before = reception(amina, place.clock, hana.agency, denials=[{"categories": ["hiv"], "because": "not_agreed"}])
    desk = at_shelter.go(f"consent/{before.handoff}/change")
    desk.page.locator("input[type=date]").first.fill(LAST)
    go_on(desk, "form", "check")
    desk.press(EN["keep"])
    expect(desk.page.get_by_text(EN["kept"])).to_be_visible()
    desk.calm()
    after = bases.load(amina, before.handoff)
    assert after.basis["revision"] == 2
    assert [row["until"] for row in after.basis["grants"]] == [LAST]
    same = ("expression", "giver", "assent", "informing", "denials", "safety", "status", "reconfirm_by")
    assert {name: after.basis[name] for name in same} == {name: before.basis[name] for name in same}


def test_a_no_is_explained_and_a_withdrawal_reaches_who_was_sent_something(place, chromium):
    amina, hana = place.members["amina"], place.members["hana"]
    held = reception(amina, place.clock, hana.agency)
    handoff = referrals.send(amina, Outgoing(hana.agency, SECTIONS, held, "reception")).handoff
    place.run()
    with signed_in(chromium, place, "amina", f"consent/{held.handoff}/ask", lang="ar", size=NARROW) as desk:
        tick(desk, words("ar").categories["health"])
        desk.button(AR["may_button"]).click()
        expect(desk.page.get_by_text(AR["may_no"])).to_be_visible()
        desk.go(f"consent/{held.handoff}/withdraw")
        tick(desk, AR["by.child"])
        desk.button(AR["withdraw_now"]).click()
        desk.page.get_by_role("dialog").get_by_role("button", name=AR["withdraw_now"]).click()
        expect(desk.page.get_by_text(AR["recall.pending"]).first).to_be_visible()
        assert desk.axe() == []
        assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
        desk.calm()
    (holder,) = withdrawal.status(amina, held.handoff)
    assert (holder.handoff, holder.custody.withdrawn is not None) == (handoff, True)
    assert bases.load(amina, held.handoff).basis["withdrawal"]["events"][0]["by"] == "child"


def test_a_receipt_that_is_shown_stops_what_was_sent_and_what_a_device_kept_of_it(place, at_centre):
    amina, hana, desk = place.members["amina"], place.members["hana"], at_centre
    held = reception(amina, place.clock, hana.agency)
    sections = {**SECTIONS, "needs_risk": {"risk": TOLD}}
    handoff = referrals.send(amina, Outgoing(hana.agency, sections, held, "reception")).handoff
    place.run()
    desk.go(f"handoff/{handoff}").press("Open and read")
    expect(desk.page.get_by_text(TOLD).first).to_be_visible()
    desk.go("consent/receipts").fill(EN["stop_code"], held.token[:-1]).press(EN["stop_button"])
    expect(desk.page.get_by_text(EN["stop_code_wrong"])).to_be_visible()
    desk.fill(EN["stop_code"], held.token.lower())
    desk.page.get_by_label(EN["stop_agency"]).select_option(amina.agency)
    desk.press(EN["stop_button"])
    expect(desk.page.get_by_text(EN["stopped"])).to_be_visible()
    place.run()
    assert reading.show(amina, handoff).frozen
    assert [row.by for row in freezing.requests(amina) if row.open] == [hana.agency]
    opens_no_more(desk, handoff)
    withdrawal.withdraw(amina, held.handoff)
    place.run()
    opens_no_more(desk, handoff)


def opens_no_more(desk, handoff):
    """What the device kept for bad lines does not open what the hub would not give out."""
    desk.go("consent").go(f"handoff/{handoff}")
    assert TOLD not in desk.text
    if desk.button("Open and read").count():
        desk.press("Open and read")
        expect(desk.page.get_by_role("alert").first).to_be_visible()
    assert TOLD not in desk.text


def test_what_has_to_stand_before_anything_is_sent_is_recorded_on_one_page(place, at_shelter):
    amina, desk = place.members["amina"], at_shelter.go("consent/ground")
    colleague, last = place.members["trainer-dj"], "2027-11-01"
    trained, declared, agreed = (desk.page.locator(".card").nth(n) for n in range(3))
    trained.locator("select").select_option(colleague.id)
    trained.locator("input[type=date]").fill(last)
    trained.locator("button").click()
    expect(trained.locator("li").filter(has_text="trainer-dj")).to_be_visible()
    declared.locator("input[type=date]").fill(last)
    declared.locator("button").click()
    expect(declared.get_by_text(EN["declared_until"].format(date="1 Nov 2027"))).to_be_visible()
    agreed.locator("summary").click()
    agreed.locator("input[type=text]").fill("DJ-KE")
    for name in ("Djibouti", "Kenya"):
        agreed.get_by_label(name, exact=True).check()
    agreed.locator("button").click()
    expect(agreed.locator("li").filter(has_text="DJ-KE")).to_be_visible()
    desk.calm()
    assert colleague.id in {row.member for row in training.listing(amina)}
    assert around.attestation(amina, amina.home()).safeguarding_until == last
    assert ["DJ", "KE"] in [row["countries"] for row in around.protocols(amina)]
