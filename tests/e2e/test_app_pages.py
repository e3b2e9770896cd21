"""Every page of the app in every language: for a screen reader, on a small phone, with markup in every field."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from hub.client import access, opening, referrals, withdrawal
from hub.client import basis as bases
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.proxies.domain import Finding, Review, Why
from hub.proxies.store import Reviews
from tests.conftest import NOW
from tests.support.browsing import DESK, NARROW, Desk, blind, browser, signed_in, words
from tests.support.factories import some_hash
from tests.support.furnished import BELOW, CANARY, HOME, TOUR, furnished
from tests.support.world import SECTIONS, consent, grant, reception

pytestmark = pytest.mark.slow
UNSAID = re.compile(r"\b(?:app|[a-z_]+)\.[a-z]+_[a-z_]+\b")
"""A key of the app's words, where its words are missing."""
LIGHT = {"color_scheme": "light", "contrast": "no-preference", "reduced_motion": "no-preference"}
LOOKS = {
    "en": (DESK, LIGHT),
    "fr": (NARROW, {**LIGHT, "contrast": "more"}),
    "es": (NARROW, {**LIGHT, "reduced_motion": "reduce"}),
    "ar": (DESK, {**LIGHT, "color_scheme": "dark"}),
}
"""Each language on a screen and in a look of its own. Colours do not go by language: each theme's are measured once."""
OPENING = {"handoff": ("open", "open_replies", "look_at_sent"), "transfer": ("open_what_came",)}
"""What is pressed to read what is sealed."""
PRESS = """(names) => {
  const wanted = [...document.querySelectorAll("main button")].filter((one) => names.includes(one.textContent.trim()));
  wanted.forEach((one) => one.click());
  return wanted.length;
}"""
READ = {
    "amina": {
        *(
            "compose",
            "handoff/{answered}",
            "handoff/{linked}",
            "transfer/{arrived}",
            "transfer/offer",
            "transfer/intake",
        ),
        *("cases", "cases/{case}", "cases/{case}/print", *(f"cases/{{case}}?tab={tab}" for tab in ("papers", "dates"))),
        *("handover", "handover/new", "handover/{meeting}", "handover/{meeting}/print"),
    },
    "omar": {"supervisor/dates"},
    "bekele": {"supervisor/openings"},
    "hana": {
        *("handoff/{referral}", "transfer/{offered}", "transfer/{offered}/accept", "transfer/{taken}", "cases/{kept}"),
        *("tasks", "timers", "visits", "visits/{kept}", "visits?view=month"),
    },
}
"""Where hostile words are read, at least."""
FRONT = ("sign-in", "join", "join/recover")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with furnished(tmp_path_factory.mktemp("world"), SetClock(NOW)) as made, blind(made.world, CANARY):
        yield made


@pytest.fixture(scope="module")
def chromium():
    with browser() as one:
        yield one


@pytest.mark.parametrize("login", TOUR)
def test_every_page_is_whole_for(login, chromium, place):
    wrong, paths = [], (*TOUR[login], *BELOW.get(login, ()))
    with signed_in(chromium, place.world, login) as desk:
        for lang in LOOKS:
            looks(desk, lang)
            for path in paths:
                alerts = desk.go(place.path(path)).page.locator("main [role=alert]").all_inner_texts()
                if login in READ:  # who opens a referral first has it, and others are asked why
                    opened(desk, lang)
                unread = ["nothing hostile to read"] if path in READ.get(login, ()) and CANARY not in desk.text else []
                wrong += [f"{lang} {path}: {found}" for found in (*alerts, *unread, *faults(desk, lang))]
        assert desk.page.title() != "taken"
        assert wrong == []
        desk.calm()


def test_the_pages_before_somebody_signed_in_are_whole(chromium, place):
    wrong = []
    with signed_in(chromium, place.world, "gebre") as desk:
        desk.press(words("app", "en")["lock"]).settled()
        for lang in LOOKS:
            looks(desk, lang)
            wrong += [f"{lang} locked: {found}" for found in faults(desk, lang)]
        desk.press(words("sign_in", "ar")["other"])
        for lang in LOOKS:
            looks(desk.go("sign-in"), lang)
            for path in FRONT:
                wrong += [f"{lang} {path}: {found}" for found in faults(desk.go(path), lang)]
        assert wrong == []
        desk.calm()


def looks(desk, lang):
    """From now on the app is in this language and in its look."""
    size, look = LOOKS[lang]
    desk.page.set_viewport_size(DESK)
    desk.speak(lang).page.emulate_media(**look)
    desk.page.set_viewport_size(size)


def opened(desk, lang):
    """Read what is sealed on this page."""
    names = [words(room, lang)[name] for room, several in OPENING.items() for name in several]
    if desk.page.evaluate(PRESS, names):
        desk.settled()


def faults(desk, lang):
    """What is wrong with a page in this language's look, and on a small phone."""
    size, _ = LOOKS[lang]
    found = desk.axe(*(["color-contrast"] if size == NARROW else ())) + sorted(set(UNSAID.findall(desk.text)))
    desk.page.set_viewport_size(NARROW)
    if desk.page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
        found.append("wider than a small phone")
    desk.page.set_viewport_size(size)
    return found


def test_what_does_not_exist_is_said_under_a_heading_on_every_screen(chromium, place):
    with signed_in(chromium, place.world, "amina") as desk:
        for path in ("handoff", "transfer", "cases", "consent", "handover", "services"):
            desk.go(f"{path}/AAAAAAAAAAAAAAAAAAAAAA")
            expect(desk.page.locator("main [role=alert]"), path).to_have_count(1)
            assert desk.axe() == [], path


def test_a_screen_that_nobody_knows_is_the_inbox(chromium, place):
    with signed_in(chromium, place.world, "gebre") as desk:
        desk.go("nowhere/<b>")
        expect(desk.page.locator("h1")).to_have_text("Inbox")


def test_a_keyboard_is_enough_where_the_system_chooses_the_colours(chromium, place):
    """From the menu to what was sent: the focus is always somewhere, and always seen."""
    people, said = place.people, words("compose", "en")
    to, may = people.receiver.agency, {"categories": {"minimal_contact"}, "purpose": "medical_care"}
    held = bases.draft(people.worker, consent(people.clock, grant(people.clock, to, **may)), "SYN clinic")
    with signed_in(chromium, place.world, "amina", forced_colors="active", color_scheme="dark") as desk:
        keys = Keys(desk)
        keys.presses(words("app", "en")["nav_compose"], "Shift+Tab")
        keys.reaches(said["first_name"]).page.keyboard.type("SYN Ayub")
        keys.goes_on().chooses(said["need"], "health")
        keys.goes_on().chooses(said["agency"], to)
        keys.chooses(said["kind"], "clinic")
        keys.goes_on().chooses(said["basis"], held.handoff)
        shown = words("consent", "en")["see_all"].partition("{")[0]
        expect(desk.page.get_by_text(shown).first).to_be_visible()
        keys.goes_on().presses(said["seal_and_send"])
        expect(desk.page.get_by_text(said["sent"])).to_be_visible()
        drawn = desk.go(place.path("transfer/{arrived}")).page.locator(".swatch.sender")
        expect(drawn).not_to_have_css("background-color", "rgb(0, 0, 0)")
        expect(drawn).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
        desk.calm()


NOW_AT = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  const told = at.matches("h1, h2, main, [role=alert]"); // what is read out, and not pressed
  const inside = !at.matches(":focus"); // the calendar of a date has a ring of the browser's
  const seen = told || inside || (style.outlineStyle === "solid" && at.checkVisibility());
  const name = at === document.body ? "" : (at.labels?.[0] ?? at).textContent.trim() || at.tagName;
  return { name, told, seen, value: at.value ?? null, steps: at.options?.length ?? 0 };
}"""
"""What has the focus, and whether somebody who looks can tell."""


@dataclass
class Keys:
    """Somebody at a desk who has no mouse, and looks where they are after each key."""

    desk: Desk

    @property
    def page(self):
        return self.desk.page

    def now(self):
        at = self.page.evaluate(NOW_AT)
        assert at["name"], "nothing has the focus"
        assert at["seen"], f"nobody sees that {at['name']} has the focus"
        return at

    def reaches(self, name, key="Tab"):
        met = []
        while (at := self.now())["told"] or name not in at["name"].partition("\n")[0]:
            met.append(at["name"])
            assert len(met) < 60, f"{name} is not among {met}"
            self.page.keyboard.press(key)
        return self

    def presses(self, name, key="Tab"):
        self.reaches(name, key).page.keyboard.press("Enter")
        self.desk.settled()
        self.now()
        return self

    def goes_on(self):
        return self.presses(words("app", "en")["next"])

    def chooses(self, name, value):
        self.reaches(name).page.keyboard.press("Home")
        for _ in range(self.now()["steps"]):
            if self.desk.settled() and self.now()["value"] == value:
                return self
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} is no choice of {name}")


@pytest.fixture(scope="module")
def looked_into(place):
    """Two referrals whose consent was withdrawn, each opened by somebody who was not on it, for a reason."""
    people, saba = place.people, place.world.members["saba"]
    basis = reception(people.worker, people.clock, people.receiver.agency)
    out = Outgoing(people.receiver.agency, SECTIONS, basis, "reception")
    found = [referrals.send(people.worker, out).handoff for _ in range(2)]
    people.run()
    for handoff, why in zip(found, ("Her shift is over.", "I was curious."), strict=True):
        referrals.take(people.receiver, handoff, "acknowledge")
        opening.open_handoff(saba, handoff, why=f"SYN {why}")
    with place.world.hubs[HOME].hub.database.write() as connection:
        for why in Why:
            review = (some_hash(f"new {why}"), found[0], people.worker.agency, people.worker.id, why)
            Reviews(connection).put(Review(*review, people.clock.now()))
    withdrawal.withdraw(people.worker, basis.handoff)
    people.run()
    return found


def test_supervisors_find_in_each_queue_what_waits_and_say_what_they_think_of_it(chromium, place, looked_into):
    bekele = place.world.members["bekele"]
    with signed_in(chromium, place.world, "bekele", "supervisor") as desk:
        for tab, handoff in (("Escalated", place.ids["late"]), ("Stands still", looked_into[0])):
            desk.page.get_by_role("tab", name=tab).click()
            expect(desk.page.locator(f"main a[href='#/handoff/{handoff}']").first).to_be_visible()
        desk.page.get_by_role("tab", name="Openings").click()
        for why, press in (("SYN Her shift is over.", "The reason holds"), ("SYN I was curious.", "This worries me")):
            card = desk.page.locator(".card", has_text=why)
            card.get_by_role("button", name=press).focus()
            desk.page.keyboard.press("Enter")
            expect(card).to_have_count(0)
            expect(desk.page.locator("main :focus"), "whoever works by keys goes on from there").to_have_count(1)
        desk.page.get_by_role("tab", name="To close").click()
        desk.page.get_by_role("link", name="Look at the case first").click()
        expect(desk.page.get_by_text("This closure waits for a second person")).to_be_visible()
        desk.calm()
    said = {row.handoff: row.review for row in access.listing(bekele)}
    assert [said[handoff] for handoff in looked_into] == ["ok", "concern"]
    with signed_in(chromium, place.world, "omar", "supervisor") as desk:
        desk.page.get_by_role("tab", name="Reported answers").click()
        ours = desk.page.locator(".card", has=desk.page.locator(f"a[href='#/handoff/{looked_into[0]}']"))
        for what, press in (("The number was asked back", "I doubt it"), ("Each tenth", "It is right")):
            card = ours.filter(has_text=what)
            card.get_by_role("button", name=press).click()
            expect(card).to_have_count(0)
        desk.calm()
    with place.world.hubs[HOME].hub.database.read() as connection:
        found = {why: Reviews(connection).find(some_hash(f"new {why}")).finding for why in Why}
    assert found == {Why.SAID_NO: Finding.DOUBTED, Why.TENTH: Finding.HOLDS}
