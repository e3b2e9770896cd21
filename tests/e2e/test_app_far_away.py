"""What each of them is here for: from right to left, on a small phone, at 50 kbit/s with an answer a second away."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from hub.client import basis as bases
from hub.client import cosigning, reading, records, transfer_steps, transfers
from hub.clock import SetClock
from hub.packets.encoding import b64u
from hub.web.release import log_release
from tests.conftest import NOW
from tests.support.browsing import NARROW, blind, browser, signed_in, words
from tests.support.furnished import CANARY, HOSTILE
from tests.support.legs import People
from tests.support.searching import found_in
from tests.support.slow_proxy import far_line
from tests.support.world import consent, grant, populated, world
from web import build

pytestmark = pytest.mark.slow
HOME, AWAY = "dj.example", "et.example"
AR = {room: words(room, "ar") for room in ("app", "compose", "consent", "handoff", "services", "transfer")}
KEEP = "(names) => Promise.all(names.map((name) => fetch(name)))"
FAR = 120_000
LOANS, BANK = "SYN Small loans", {"name": "SYN Bank", "kind": "io", "country": "ET"}
PLANTED = "SYN nobody's business, Ötzi"
TELL = """([plain, hidden]) => Promise.all([
  fetch(`/api/v1/address?said=${encodeURIComponent(plain)}`, { method: "POST" }),
  fetch("/api/v1/header", { method: "POST", headers: { "X-Said": hidden } }),
  fetch("/api/v1/body", { method: "POST", body: `{"said":"${hidden}"}` }),
])"""
DIRECTORY = "/api/v1/directory/records"


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        amina, hana = made.members["amina"], made.members["hana"]
        omar, bekele = made.join(amina, "omar", {"supervisor"}), made.join(hana, "bekele", {"supervisor"})
        made.join(hana, "gebre", {"provider"})
        made.join(hana, "liya", {"coordinator"})
        for served in made.hubs.values():
            log_release(served.hub)
        made.run()
        with blind(made, CANARY):
            yield People(made, amina, omar, hana, bekele)


@pytest.fixture(scope="module")
def chromium():
    with browser() as one:
        yield one


@contextmanager
def far_away(chromium, people, login, path, *pressed):
    """Somebody who has used the app before, at a screen; from then on their line is slow, and hubs are far away."""
    place = people.world
    with (
        far_line(place.members[login].hub.url, bits=10**9, latency=0) as line,
        signed_in(chromium, place, login, path, url=line.url, lang="ar", size=NARROW) as desk,
    ):
        desk.page.set_default_timeout(FAR)
        desk.page.wait_for_function("() => navigator.serviceWorker.controller !== null")
        desk.page.evaluate(KEEP, files())
        for one in pressed:
            desk.press(one).settled()
        for way in (line.up, line.down):
            way.rate, way.delay = 50_000 / 8, 0.5
        yield desk
        assert (desk.axe(), desk.page.title() != "taken") == ([], True)
        assert b"POST /api/v1/" in line.up.said
        place.sent += [("up the line", bytes(line.up.said)), ("down the line", bytes(line.down.said))]
        desk.calm()


def files():
    """What an Arabic reader's app is made of."""
    made = (file.name for file in (build.DIST / "app" / "assets").glob("*.js"))
    return [f"assets/{name}" for name in made if not name.startswith(("en-", "es-", "fr-"))]


def reads(desk, text):
    expect(desk.page.get_by_text(text).first).to_be_visible(timeout=FAR)


def presses(desk, text):
    """Reach a button with the keyboard alone, and press it."""
    expect(desk.page.get_by_role("button", name=text, exact=True).first).to_be_enabled(timeout=FAR)
    for _ in range(80):
        desk.page.keyboard.press("Tab")
        if desk.page.evaluate("document.activeElement.textContent").strip() == text:
            desk.page.keyboard.press("Enter")
            return
    raise AssertionError(text)


def test_a_caseworker_refers_and_a_provider_with_a_keyboard_says_yes(chromium, people):
    amina, hana, said, go_on = people.worker, people.receiver, AR["compose"], AR["app"]["next"]
    scope = grant(people.clock, hana.agency, categories={"minimal_contact"}, purpose="medical_care")
    held = bases.draft(amina, consent(people.clock, scope), "SYN clinic")
    before = {row.value["handoff"] for row in records.listing(amina, "fanout")}
    with far_away(chromium, people, "amina", "compose") as desk:
        desk.fill(said["first_name"], HOSTILE).press(go_on)
        desk.page.get_by_label(said["need"]).select_option("health")
        desk.press(go_on).page.get_by_label(said["agency"], exact=True).select_option(hana.agency)
        desk.page.get_by_label(said["kind"]).select_option("clinic")
        desk.press(go_on).page.get_by_label(said["basis"]).select_option(held.handoff)
        reads(desk, AR["consent"]["see_all"].partition("{")[0].strip())
        desk.press(go_on).press(said["seal_and_send"])
        reads(desk, said["sent"])
    people.run()
    (sent,) = {row.value["handoff"] for row in records.listing(amina, "fanout")} - before
    with far_away(chromium, people, "gebre", f"handoff/{sent}") as desk:
        presses(desk, AR["handoff"]["open"])
        reads(desk, CANARY)
        presses(desk, AR["handoff"]["step.accept"])
        desk.page.locator("form button.main").wait_for()
        presses(desk, AR["handoff"]["step.accept"])
        reads(desk, AR["handoff"]["signed_and_sent"])
    people.run()
    assert reading.show(amina, sent).state == "accepted"


def test_a_social_worker_accepts_a_child(chromium, people):
    _, leg = people.offered()
    transfer_steps.take(people.receiver, leg, "acknowledge")
    people.run()
    said = AR["transfer"]
    with far_away(chromium, people, "hana", f"transfer/{leg}/accept", said["open_what_came"]) as desk:
        desk.page.locator(".packet").first.wait_for()
        desk.fill(said["reception.sleeps"], HOSTILE).press(said["prepare"])
        reads(desk, said["prepared"])
    (waits,) = [one for one in cosigning.waiting(people.chief) if one.handoff == leg]
    transfers.cosign(people.chief, waits.record)
    people.run()
    assert reading.show(people.worker, leg).state == "accepted"


def test_a_coordinator_says_what_is_still_right(chromium, people):
    liya = people.world.members["liya"]
    bank = liya.hub.post(DIRECTORY, {"kind": "provider", "document": BANK})["id"]
    service = {"name": LOANS, "status": "active", "needs": ["microfinance"], "organization_id": bank}
    made = liya.hub.post(DIRECTORY, {"kind": "service", "document": service})["id"]
    with far_away(chromium, people, "liya", "due") as desk:
        row = desk.page.locator(".results > .card").filter(has=desk.page.get_by_text(LOANS, exact=True))
        row.get_by_role("button", name=AR["services"]["still_call"]).click()
        row.wait_for(state="detached")
    assert liya.hub.get(f"{DIRECTORY}/{made}")["document"]["verified"]["offer"]["how"] == "call"


def test_the_search_finds_what_a_browser_tells_and_what_a_hub_keeps(chromium, people):
    place = people.world
    with far_away(chromium, people, "gebre", "inbox") as desk:
        desk.page.evaluate(TELL, [PLANTED, b64u(f"he said: {PLANTED}".encode())])
    told = {where for where, _ in found_in(place.sent, [PLANTED.encode()])}
    assert told == {"up the line", *(f"POST /api/v1/{part}" for part in ("address", "header", "body"))}
    with pytest.raises(AssertionError, match="sqlite"), blind(place, LOANS):
        place.members["liya"].hub.post(DIRECTORY, {"kind": "provider", "document": {**BANK, "name": f"{LOANS} Ltd"}})
    with pytest.raises(AssertionError, match=r"log of hub\.planted"), blind(place, PLANTED):
        logging.getLogger("hub.planted").debug("%s", quote(PLANTED))
