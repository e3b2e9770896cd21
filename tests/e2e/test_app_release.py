"""The service worker in a browser: what it keeps, what it lets in and what it refuses, whatever its hub says."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from hub.app import build_app
from hub.clock import SetClock, SystemClock
from hub.packets.encoding import b64u
from hub.web.elsewhere import application
from hub.web.release import log_release
from tests.conftest import NOW
from tests.support import releases
from tests.support.apps import running_hub
from tests.support.browsing import browser, device, enter
from tests.support.factories import some_id
from tests.support.peer_simulator import serving
from tests.support.processes import until
from tests.support.slow_proxy import far_line
from tests.support.world import populated, world

pytestmark = pytest.mark.slow
FIRST_LOAD, LATER_LOAD = 260 * 1024, 20 * 1024
SCRIPT = "caches.keys().then((all) => { document.title = all.length })"
PLAIN = f"<!doctype html><title>still</title><script>{SCRIPT}</script>"
READY = """() => new Promise((done) => {
  navigator.serviceWorker.addEventListener("message", ({ data }) => data.ready && done(data.warning));
  navigator.serviceWorker.controller.postMessage({ type: "check" });
  navigator.serviceWorker.controller.postMessage({ type: "state" });
})"""
OLD_WORKER = """async () => {
  const { installing } = await navigator.serviceWorker.register("/app/sw.js", { scope: "/app/" });
  await new Promise((done) => { installing.onstatechange = () => installing.state === "activated" && done(); });
}"""
KEPT = """async () => {
  const names = performance.getEntriesByType("resource").map(({ name }) => name);
  const assets = names.filter((name) => name.includes("/assets/"));
  return (await Promise.all(assets.map((name) => caches.match(name)))).every(Boolean);
}"""
SCOPES = "async () => (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => new URL(scope).pathname)"


@pytest.fixture(scope="module")
def chromium():
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def two_hubs(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), "dj.example", "et.example") as made:
        log_release(made.hubs["dj.example"].hub)
        yield populated(made, "dj.example", "et.example")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A hub that serves its own copy of the pages, and counts what it answers."""
    with releases.pages(tmp_path / "dist", monkeypatch) as pages, running_hub(tmp_path / "hub", SystemClock()) as found:
        hub, app = found
        meter = releases.Meter(app)
        with serving(meter) as url:
            yield hub, pages, meter, url


def titled(page, name):
    page.wait_for_function("name => document.title.startsWith(name)", arg=name)


def kept(page):
    """Wait until the worker serves this page, and keeps what it loaded."""
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    until(lambda: page.evaluate(KEPT), "the worker to keep what the page loaded")


def marked(page):
    """Which release's page this is: its title before the app sets one of its own."""
    return page.evaluate("async () => /<title>(.*)<\\/title>/.exec(await (await fetch('./')).text())[1]")


def opened_for(page, host, key):
    """Tell the worker which hub a vault knows, as the page does once somebody has signed in."""
    said = {"type": "hub", "host": host, "key": b64u(key)}
    page.evaluate("said => navigator.serviceWorker.controller.postMessage(said)", said)


def test_a_release_is_kept_replaced_when_asked_for_and_refused_when_unlogged(chromium, place):
    hub, pages, meter, url = place
    assert log_release(hub)
    with device(chromium, url, SystemClock()) as desk:
        page = desk.page
        kept(page)
        wrong = page.context.new_cdp_session(page).send("Page.getInstallabilityErrors")["installabilityErrors"]
        assert {one["errorId"] for one in wrong} <= {"in-incognito"}
        mark = len(meter.answers)
        page.reload()
        expect(page.locator("main h1")).to_be_visible()
        page.wait_for_timeout(300)
        later = meter.since(mark)
        assert sum(later.values()) < LATER_LOAD
        assert not [path for path in later if path.startswith("/app/assets/")]

        page.context.set_offline(True)
        page.reload()
        expect(page.locator("main h1")).to_be_visible()
        page.context.set_offline(False)

        pages.change(releases.PAGE, "<title>Handover", "<title>Second")
        second = pages.release()
        assert log_release(hub)
        opened_for(page, "else.example", bytes(32))
        warning = page.get_by_text("came from another hub than the one")
        expect(warning).to_be_visible()
        assert page.evaluate(READY) == "other_hub"
        page.reload()
        expect(warning).to_be_visible()
        opened_for(page, hub.origin, hub.signer.public_key)
        expect(warning).to_have_count(0)
        expect(page.get_by_role("button", name="Begin anew with the new version")).to_be_visible()
        assert marked(page) == "Handover"
        with page.expect_event("load"):
            page.get_by_role("button", name="Begin anew with the new version").click()
        assert marked(page) == "Second"
        expect(page.locator("main h1")).to_be_visible()
        expect(page.get_by_role("button", name="Begin anew")).to_have_count(0)

        pages.change(releases.PAGE, "<title>Second", "<title>Unlogged")
        assert pages.release() != second
        page.reload()
        expect(page.get_by_text("does not stand in its public log")).to_be_visible()
        assert marked(page) == "Second"
        assert desk.axe() == []

        assert log_release(hub)
        page.reload()
        expect(page.get_by_role("button", name="Begin anew with the new version")).to_be_visible()

        pages.change("app/licences.txt", "MIT", "mine")
        assert page.evaluate("() => fetch('licences.txt').then(() => 'taken', () => 'refused')") == "refused"
        expect(page.get_by_text("came from this hub altered")).to_be_visible()
        desk.calm()


def lying(app, *paths):
    """A hub that shows a page of its own under these addresses."""

    def application(environ, start):
        if environ["PATH_INFO"] not in paths:
            return app(environ, start)
        start("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [PLAIN.encode()]

    return application


def test_no_other_page_of_its_hub_gets_at_what_the_app_keeps(chromium, place):
    hub, _, meter, url = place
    assert log_release(hub)
    honest, meter.app = meter.app, lying(meter.app, "/", "/app", "/plain", f"/l/{some_id('link')}")
    with device(chromium, url, SystemClock(), root="/plain") as desk:
        page = desk.page
        titled(page, "0")
        page.evaluate(OLD_WORKER)
        page.goto(f"{url}/app/")
        kept(page)
        until(lambda: page.evaluate(SCOPES) == ["/"], "the old worker to go")

        for path in ("/", "/app"):
            page.goto(f"{url}{path}#/join")
            assert urlsplit(page.url)[2:] == ("/app/", "", "/join")
            expect(page.get_by_role("heading", name="Join Handover")).to_be_visible()
        page.goto(f"{url}/plain")
        assert (page.title(), page.evaluate("origin")) == ("still", "null")
        page.goto(f"{url}/l/{some_id('link')}")
        assert page.title() == "still"
        page.goto(f"{url}/app/")
        expect(page.get_by_text("came from this hub altered")).to_be_visible()

        meter.app = honest
        page.goto(f"{url}/l/{some_id('link')}")
        expect(page.locator("main h1")).to_be_visible()
        assert page.evaluate("origin") == url
        assert page.goto(f"{url}/healthz").status == 200


def named_later(apps, place):
    """Two applications that each have to know where the other is served."""

    def application(environ, start):
        return apps[place](environ, start)

    return application


def test_the_app_works_from_an_origin_that_its_hub_does_not_run(chromium, two_hubs):
    member, hub = two_hubs.members["amina"], two_hubs.hubs["dj.example"].hub
    apps: list = []
    with serving(named_later(apps, 0)) as url, serving(named_later(apps, 1)) as elsewhere:
        opened = replace(hub, settings=replace(hub.settings, app_origins=elsewhere))
        apps += [build_app(opened), application(url)]
        with device(chromium, elsewhere, two_hubs.clock, root="/") as desk:
            kept(desk.page)
            enter(desk, "amina", b64u(member.profile.device.value)).go("inbox")
            asked = {urlsplit(address).netloc for _, address, _ in desk.asked if address.startswith("http")}
            assert asked == {urlsplit(url).netloc, urlsplit(elsewhere).netloc}
            assert desk.said == []


def test_a_first_visit_is_light_and_a_later_one_works_at_fifty_kilobits(chromium, two_hubs):
    member = two_hubs.members["amina"]
    with (
        far_line(two_hubs.hubs["dj.example"].url, bits=10**9, latency=0) as line,
        device(chromium, line.url, two_hubs.clock) as desk,
    ):
        expect(desk.page.locator("main h1")).to_be_visible()
        kept(desk.page)
        assert line.down.carried < FIRST_LOAD
        enter(desk, "amina", b64u(member.profile.device.value)).go("inbox")
        kept(desk.page)
        desk.page.reload()
        for way in (line.up, line.down):
            way.rate, way.delay, way.carried = 50_000 / 8, 0.5, 0
        enter(desk, "amina", b64u(member.profile.device.value)).go("inbox")
        assert line.down.carried < LATER_LOAD
        desk.calm()
