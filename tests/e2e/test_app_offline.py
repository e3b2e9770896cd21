"""The app on a bad line: what was read stays readable, what is done is sent once, locked nothing is readable."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from hub.client import reading
from hub.client.referrals import Outgoing, send
from hub.clock import SetClock
from tests.conftest import NOW
from tests.support.browsing import NARROW, Desk, browser, signed_in
from tests.support.world import PASSPHRASE, populated, reception, world

HOME, AWAY = "dj.example", "et.example"
CANARY, DRAFT = "Kanariya", "Yetebeqe"
SECTIONS = {"minimal_contact": {"name": f"SYN {CANARY}"}, "needs_risk": {"risk": "high", "notes": "A bed."}}
KEPT = """async () => {
  const done = (asked) => new Promise((take) => { asked.onsuccess = () => take(asked.result); });
  const plain = (_, one) => one instanceof Uint8Array ? new TextDecoder("latin1").decode(one) : one;
  const found = [JSON.stringify(localStorage), document.documentElement.outerHTML];
  for (const { name } of await indexedDB.databases()) {
    const db = await done(indexedDB.open(name));
    for (const store of db.objectStoreNames) {
      const rows = await done(db.transaction(store).objectStore(store).getAll());
      found.push(...rows.map((row) => JSON.stringify(row, plain)));
    }
    db.close();
  }
  return found;
}"""
LOOSE = """(() => {
  const read = new WeakSet();
  const { get, put } = IDBObjectStore.prototype;
  globalThis.changed = { together: 0, apart: 0 };
  IDBObjectStore.prototype.get = function (...asked) {
    read.add(this.transaction);
    return get.apply(this, asked);
  };
  IDBObjectStore.prototype.put = function (...asked) {
    if (this.name === "accounts") changed[read.has(this.transaction) ? "together" : "apart"]++;
    return put.apply(this, asked);
  };
})()"""
FULL = """() => {
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
  globalThis.room = () => { IDBObjectStore.prototype.put = put; };
}"""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        yield populated(made, HOME, AWAY)


@pytest.fixture(scope="module")
def chromium():
    with browser() as one:
        yield one


def test_somebody_reads_and_answers_without_a_line_and_it_is_sent_once(chromium, place):
    amina, hana = place.members["amina"], place.members["hana"]
    basis = reception(amina, place.clock, hana.agency)
    sent = send(amina, Outgoing(hana.agency, SECTIONS, basis, "reception", urgency="urgent")).handoff
    place.run()
    with signed_in(chromium, place, "hana", size=NARROW) as desk:
        desk.go(f"handoff/{sent}").press("Open and read")
        expect(desk.page.get_by_text(CANARY).first).to_be_visible()
        _begins(desk)
        desk.go(f"handoff/{sent}").page.context.set_offline(True)
        expect(desk.page.get_by_text("No connection").first).to_be_visible()  # before anything is asked of the hub
        desk.go("inbox").go(f"handoff/{sent}")
        expect(desk.page.get_by_text("You see what this device read").first).to_be_visible()
        desk.press("Open and read")
        expect(desk.page.get_by_text(CANARY).first).to_be_visible()
        desk.press("I have seen it")
        expect(desk.page.get_by_text("2 messages wait")).to_be_visible(timeout=30_000)
        assert [line.statement.type for line in reading.show(hana, sent).lines][-1] == "referral.deliver"
        assert CANARY in desk.page.evaluate(KEPT)[1]
        desk.page.clock.set_fixed_time(place.clock.now() + 11 * 60)  # and nobody touches the phone
        expect(desk.page.locator("input[type=password]")).to_be_visible(timeout=30_000)
        kept = desk.page.evaluate(KEPT)
        assert len(kept) > 5
        assert not [row for row in kept if CANARY in row or DRAFT in row or sent in row]
        desk.page.clock.set_fixed_time(place.clock.now())
        desk.page.locator("input[type=password]").fill("correct horse battery staple")
        desk.page.locator("button[type=submit]").first.click()
        expect(desk.page.get_by_text("2 messages wait")).to_be_visible(timeout=30_000)
        desk.page.context.set_offline(False)
        expect(desk.page.get_by_text("2 messages wait")).to_have_count(0, timeout=30_000)
        place.run()
        said = [line.statement.type for line in reading.show(hana, sent).lines]
        assert said.count("referral.acknowledge") == 1
        assert reading.show(amina, sent).state == "acknowledged"
        desk.press("Menu").press("Sign out")
        expect(desk.page.locator("input[type=password]")).to_be_visible()
        assert not [row for row in desk.page.evaluate(KEPT) if CANARY in row or DRAFT in row or sent in row]
        for word in (CANARY, DRAFT):
            assert not [url for _, url, body in desk.asked if word.encode() in body or word in url]


def _begins(desk):
    """A referral is begun, and kept both for the agency and on the device."""
    desk.go("compose").fill("First name", f"SYN {DRAFT}").press("Keep as a draft of the agency")
    expect(desk.page.get_by_text("Kept, sealed.")).to_be_visible(timeout=30_000)
    desk.go("inbox").go("compose").press("Go on with what I typed here last")
    expect(desk.page.get_by_label("First name")).to_have_value(f"SYN {DRAFT}")


def test_a_screen_that_was_never_opened_opens_without_a_line(chromium, place):
    with signed_in(chromium, place, "hana") as desk:
        desk.page.wait_for_function("() => document.documentElement.hasAttribute('data-ahead')", timeout=120_000)
        slow, held = [True], []
        desk.page.route("**/api/v1/**", lambda route: held.append(route) if slow else route.continue_())
        desk.page.evaluate("location.hash = '#/board'")
        expect(desk.page.get_by_text("the line is slow").first).to_be_visible()
        slow.clear()
        [route.continue_() for route in held]
        desk.settled()
        expect(desk.page.get_by_text("the line is slow")).to_have_count(0)
        desk.page.context.set_offline(True)
        desk.go("visits")
        expect(desk.page.locator("h1")).to_have_text("Visits after arrival")
        assert "not on this device" not in desk.text


def test_two_tabs_send_what_waits_once_and_change_an_account_in_one_go(chromium, place):
    amina, hana = place.members["amina"], place.members["hana"]
    basis = reception(amina, place.clock, hana.agency)
    sent = send(amina, Outgoing(hana.agency, SECTIONS, basis, "reception", urgency="urgent")).handoff
    place.run()
    with signed_in(chromium, place, "hana") as desk:
        context = desk.page.context
        context.add_init_script(LOOSE)
        other = Desk(context.new_page(), desk.url)
        other.page.clock.set_fixed_time(place.clock.now())
        other.page.goto(f"{desk.url}/app/")
        other.page.locator("input[type=password]").fill(PASSPHRASE)
        other.page.locator("button[type=submit]").first.click()
        other.settled()
        for one in (desk, other):
            one.go(f"handoff/{sent}").press("Open and read")
            expect(one.page.get_by_text(CANARY).first).to_be_visible()
        place.run()
        context.set_offline(True)
        desk.press("I have seen it")
        waits = desk.page.get_by_text("on this device to be sent")
        expect(waits).to_be_visible()
        posted = []
        context.on("request", lambda one: one.method == "POST" and posted.append(one.url))
        context.set_offline(False)
        expect(waits).to_have_count(0, timeout=30_000)
        assert len([url for url in posted if url.endswith("/statements")]) == 1
        changed = other.page.evaluate("changed")
        assert changed["together"]
        assert not changed["apart"]


def test_a_full_device_reads_on_and_says_that_it_keeps_nothing(chromium, place):
    amina, hana = place.members["amina"], place.members["hana"]
    out = Outgoing(hana.agency, SECTIONS, reception(amina, place.clock, hana.agency), "reception", urgency="urgent")
    read, answered = send(amina, out).handoff, send(amina, out).handoff
    place.run()
    with signed_in(chromium, place, "hana") as desk:
        for handoff, before in ((answered, "() => null"), (read, FULL)):
            desk.page.evaluate(before)
            desk.go(f"handoff/{handoff}").press("Open and read")
            expect(desk.page.get_by_text(CANARY).first).to_be_visible()
        full = desk.page.get_by_text("This device is full")
        first, anew = desk.page.get_by_label("First name"), desk.button("Begin anew")
        expect(desk.go("compose").page.locator("main").get_by_text("First name").or_(anew).first).to_be_visible()
        if anew.count():  # another test began one
            anew.click()
        first.fill("SYN Awate")
        expect(full).to_be_visible()
        desk.page.context.set_offline(True)
        desk.go(f"handoff/{answered}").press("I have seen it")
        expect(desk.page.locator("main").get_by_text("This device is full")).to_be_visible()
        desk.page.evaluate("room()")
        desk.press("I have seen it")
        expect(desk.page.get_by_text("on this device to be sent")).to_be_visible()
        expect(full).to_have_count(0)
        assert desk.axe() == []
