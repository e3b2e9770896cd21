"""The app in a real browser, as somebody of a `World` would use it: signed in, looked at, listened to.

Everything that a page asks, prints or throws is kept, so that each test can end with `calm`: no error on the console,
no request to anybody else, nothing of a child's in what was sent in the clear.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect, sync_playwright

from hub.packets.encoding import b64u
from tests.support.chromium import launched
from tests.support.searching import found_in, kept_by, overheard
from tests.support.world import PASSPHRASE
from web import build

if TYPE_CHECKING:
    from collections.abc import Iterator

DESK, PHONE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}, {"width": 320, "height": 640}
_AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
_ROOM_FOR_ARGON = 30_000
_APP = build.WEB / "src" / "app"
_TO = """(path) => new Promise((done) => {
  const before = location.href;
  location.hash = `#/${path}`;
  if (location.href === before) done();
  else addEventListener("hashchange", () => done(), { once: true });
})"""
_STILL = """async (frames) => {
  for (let still = 0; still < 3; still++) {
    if (!frames--) return false;
    const moving = "html[data-busy], .waiting, main [aria-busy=true], main [role=status] progress";
    if (document.querySelector(moving) || !document.querySelector("main h1")?.checkVisibility()) still = -1;
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  }
  return true;
}"""
_PRESSED = """() => [...document.querySelectorAll("header, nav, [role=tablist], button, .button, input, select")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length)
  .map((one) => one.outerHTML.slice(0, 120))"""
"""What was drawn begins to load more a frame later: nothing moves only when nothing does for some frames."""


@contextmanager
def browser(*words: str):
    """Yield a browser, with the pages of the app built."""
    build.build()
    with sync_playwright() as playwright:
        chromium = launched(playwright, *words)
        yield chromium
        chromium.close()


@dataclass
class Desk:
    """A page of the app in a context of its own: one person's device."""

    page: object
    url: str
    root: str = "/app/"
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    """Each request whole: its address, its headers and its body, with where."""

    def go(self, path: str) -> Desk:
        """Open a screen and wait until it is there."""
        self.page.evaluate(_TO, path)
        return self.settled()

    def settled(self) -> Desk:
        """Wait until nothing on the page says that it takes a moment."""
        assert self.page.evaluate(_STILL, 60 * _ROOM_FOR_ARGON // 1000), "it takes longer than anybody waits"
        return self

    def speak(self, lang: str) -> Desk:
        """Choose a language where the app offers it: in the menu, and before anybody signed in."""
        self.page.locator("#menu select, main.front select").select_option(lang)
        expect(self.page.locator("html")).to_have_attribute("lang", lang)
        return self.settled()

    def asks(self, one) -> None:
        body = one.post_data_buffer or b""
        self.asked.append((one.method, one.url, body))
        self.sent.append((f"{one.method} {urlsplit(one.url).path}", f"{one.url}\n{one.headers}\n".encode() + body))

    def button(self, name):
        return self.page.get_by_role("button", name=name)

    def press(self, name) -> Desk:
        """Press a button, once it stands still: one that moves away between down and up was not pressed."""
        self.page.evaluate(_STILL, 60)
        self.button(name).first.click()
        return self

    def hurry(self, name) -> Desk:
        """Press a button unless the app, by itself and faster, already does what it is there for."""
        self.button(name).evaluate_all("found => found[0]?.click()")
        return self

    def fill(self, label, value) -> Desk:
        self.page.get_by_label(label).first.fill(value)
        return self

    @property
    def text(self) -> str:
        return self.page.locator("main").inner_text()

    def axe(self, *without: str) -> list[str]:
        """What stands against WCAG 2.2 AA on the page as it is, with where; `without` are rules that are left out."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        options = {**_AXE, "rules": {rule: {"enabled": False} for rule in without}}
        found = self.page.evaluate("options => axe.run(options).then(({ violations }) => violations)", options)
        return [f"{one['id']}: {one['nodes'][0]['target']} {one['nodes'][0]['html'][:120]}" for one in found]

    def on_paper(self) -> str:
        """Return what the page says when it is printed; nothing that is pressed is on paper."""
        self.page.emulate_media(media="print")
        said = self.page.locator("body").inner_text()
        pressed = self.page.evaluate(_PRESSED)
        self.page.emulate_media(media="screen")
        assert pressed == []
        return said

    def calm(self) -> None:
        """Nothing was thrown or refused by the page's own policy, and nobody else was asked anything."""
        assert self.said == []
        own = urlsplit(self.url).netloc
        assert {urlsplit(url).netloc for _, url, _ in self.asked if not url.startswith(("data:", "blob:"))} <= {own}


@contextmanager
def device(
    chromium, url: str, clock, *, lang: str = "en", size: dict[str, int] = DESK, root: str = "/app/", **more
) -> Iterator[Desk]:
    """Yield the app on somebody's device, with nobody signed in; its clock is the world's."""
    context = chromium.new_context(locale=lang, viewport=size, **more)
    page = context.new_page()
    page.clock.set_fixed_time(clock.now())
    desk = Desk(page, url, root)
    page.on("request", desk.asks)
    page.on("pageerror", lambda error: desk.said.append(str(error)))
    page.on("console", lambda one: desk.said.append(one.text) if one.type == "error" and _ours(one.text) else None)
    page.goto(f"{url}{root}")
    yield desk
    context.close()


@contextmanager
def signed_in(chromium, place, login: str, path: str = "inbox", *, url: str = "", **more) -> Iterator[Desk]:
    """Yield the app with a member of the world signed in, at a screen; `url` is another way to their hub."""
    member = place.members[login]
    with device(chromium, url or member.hub.url, place.clock, **more) as desk:
        enter(desk, login, b64u(member.profile.device.value))
        desk.go(path)
        yield desk
        place.sent += desk.sent


def enter(desk: Desk, login: str, secret: str, passphrase: str = PASSPHRASE) -> Desk:
    """Sign in on a new device, by the address that a printed sheet has."""
    desk.page.goto(f"{desk.url}{desk.root}#/sign-in?login={quote(login)}&device={quote(secret)}")
    desk.page.wait_for_function("() => !location.hash")  # the form was made anew with what the address said
    desk.page.locator("input[type=password]").first.fill(passphrase)
    desk.page.locator("button[type=submit]").first.click()
    expect(desk.page.locator(".frame")).to_be_visible(timeout=_ROOM_FOR_ARGON)
    return desk.settled()


def words(room: str, lang: str) -> dict[str, str]:
    """Return what a screen, or the app around it, says in a language, by key."""
    folder = _APP if room == "app" else _APP / "screens" / room
    said: dict[str, str] = json.loads((folder / "words" / f"{lang}.json").read_text(encoding="utf-8"))
    return said


def _ours(text: str) -> bool:
    """Browsers write each answer above 399 to the console: what it means is the page's business, and shown there."""
    return not text.startswith("Failed to load resource")


@contextmanager
def blind(place, *words: str) -> Iterator[None]:
    """No hub of a world learns a word that is typed into the app or read there while this lasts.

    It is in nothing that members' browsers send, and in no database, file or log of a hub, however it is written.
    """
    with overheard() as logged:
        yield
    kept = [row for served in place.hubs.values() for row in kept_by(served.hub)]
    known = found_in([*kept, *logged, *place.sent], [word.encode() for word in words])
    assert known == set(), known


def refusing(desk: Desk, taken: int) -> None:
    """Let the hub take so many referrals from a page, and refuse what it sends after those."""

    def answer(route):
        said = [
            b64decode(found + b"==") for found in re.findall(rb'"payload":"([^"]+)"', route.request.post_data_buffer)
        ]
        seen.extend(one for one in said if b'"referral.submit"' in one)
        full = len(seen) > taken and b'"referral.submit"' in b"".join(said)
        return route.fulfill(status=409, body='{"code": "conflict"}') if full else route.fallback()

    seen = []
    desk.page.route("**/api/v1/handoffs", answer)
