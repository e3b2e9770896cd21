"""The page that a provider's link opens, in a real browser at a real hub: a scanner, a thief and a hub that lies."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from hub.app import build_app
from hub.casefile.sections import data
from hub.client import links, opening, reading
from hub.client.referrals import Outgoing, answer, send
from hub.clock import SetClock
from hub.packets.encoding import b64u, from_b64u
from tests.conftest import NOW
from tests.support.chromium import launched
from tests.support.world import populated, reception, world
from web import build

HOME, AWAY = "dj.example", "et.example"
CLINIC = f"urn:rcp:agency:addis@{AWAY}"
HOSTILE = '<img src="https://evil.example/1" onerror="document.title=1"><script>document.title=2</script>'
SECTIONS = {
    "minimal_contact": {
        "name": f"SYN Hagos {HOSTILE}",
        "phones": ["+253 77 00 00 01"],
        "others": [{"full": "mark", "country_of_origin": "ET", "since": "2026-11-25"}],
    },
    "needs_risk": {"risk": "high", "notes": "\u202eA bed from Monday.", "pregnant": False, "note": "open"},
}
NARROW = {"width": 320, "height": 640}
MOST = 60 * 1024
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    build.build()
    clock = SetClock(NOW)
    with world(tmp_path_factory.mktemp("world"), clock, HOME, AWAY) as made:
        yield populated(made, HOME, AWAY)


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()


class Given:
    """A referral by link: what the sender has, and what a human hands over."""

    def __init__(self, place, to=CLINIC, country="ET", **changes):
        self.place, self.amina = place, place.members["amina"]
        issued = links.issue(self.amina, to)
        basis = reception(self.amina, place.clock, to, country)
        out = Outgoing(
            **{
                "to": to,
                "sections": SECTIONS,
                "basis": basis,
                "purpose": "reception",
                "urgency": "urgent",
                **changes,
            }
        )
        self.handoff = send(self.amina, replace(out, link=issued.link)).handoff
        self.hand_over(issued)

    def hand_over(self, issued):
        self.url, self.code, self.secret = issued.url, issued.code, urlsplit(issued.url).fragment
        self.place.run()

    def shown(self):
        """The referral as the sender's client verifies it, after both hubs did what was due."""
        self.place.run()
        return reading.show(self.amina, self.handoff)

    @property
    def wrong(self):
        return f"{(int(self.code) + 1) % 10**6:06d}"


@pytest.fixture
def given(place):
    return Given(place)


class Phone:
    """A browser of its own, and what it asked of whom."""

    def __init__(self, context):
        self.context, self.asked, self.faults = context, [], []
        self.page = context.new_page()
        context.on("request", lambda request: self.asked.append((request.method, request.url)))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self._heard(message.text))

    def _heard(self, text):
        if "Failed to load resource" not in text:
            self.faults.append(text)

    def visit(self, url):
        self.page.goto("about:blank")
        self.page.goto(url)
        return self

    def press(self, name):
        self.page.get_by_role("button", name=name).first.click()
        return self

    def type_code(self, code):
        self.page.get_by_label("Six digits").fill(code)
        return self.press("Open")

    def opens(self, given):
        self.visit(given.url).press("Start").type_code(given.code)
        self.sees("A bed from Monday.")
        return self

    def sees(self, text):
        expect(self.page.get_by_text(text).first).to_be_visible()
        return self

    def text(self):
        return self.page.inner_text("body")

    def api(self):
        return [
            (method, re.sub(r"/api/v1/links/[^/]+", "", urlsplit(url).path))
            for method, url in self.asked
            if "/api/" in url
        ]


@pytest.fixture
def phones(chromium):
    made = []

    @contextmanager
    def phone(**options):
        context = chromium.new_context(**{"viewport": NARROW, "locale": "en", **options})
        made.append(Phone(context))
        yield made[-1]
        context.close()
        assert made[-1].faults == []

    return phone


@pytest.fixture
def phone(phones):
    with phones() as made:
        yield made


def test_a_provider_opens_reads_and_says_yes(place, given, phone):
    phone.opens(given).sees("SYN Hagos").sees("reception on arrival").sees("Urgent")
    phone.press("Yes, we help")
    day = (datetime.fromtimestamp(NOW, UTC) + timedelta(days=3)).date().isoformat()
    phone.page.get_by_label("First meeting on").fill(day)
    phone.press("Send").sees("Sent, and confirmed in writing.").sees("You said")
    shown = given.shown()
    assert (shown.state, shown.grade) == ("accepted", "link")
    assert shown.lines[-1].statement.body == {"first_contact": day}
    for step in ("We have begun", "Report what came of it"):
        phone.visit(given.url).press("Start").press(step)
        if step != "We have begun":
            phone.page.get_by_label("Yes", exact=True).check()
            phone.page.get_by_text("What was given").first.click()
            phone.page.get_by_label("reception", exact=True).check()
        phone.press("Send").sees("Sent, and confirmed in writing.")
        shown = given.shown()
    assert shown.state == "outcome_reported"
    told = opening.open_handoff(given.amina, given.handoff)[-1].sections["reply"]
    assert told == {"v": 1, "got_help": "yes", "services": ["reception"]}


@pytest.mark.parametrize("to", [CLINIC, f"urn:rcp:agency:authority@{HOME}"])
def test_a_yes_with_a_waiting_list_is_one_answer(place, phone, to):
    given = Given(place, to, "ET" if to == CLINIC else "DJ")
    phone.opens(given).press("Yes, on our waiting list")
    phone.page.get_by_label("Looked at again on").fill("2026-11-25")
    phone.press("Send").sees("Sent, and confirmed in writing.").sees("You said")
    shown = given.shown()
    assert (shown.state, shown.grade) == ("waitlisted", "link")
    yes, waits = (line.statement.body for line in shown.lines[-2:])
    assert yes["first_contact"] == waits["review"] == "2026-11-25"


def test_a_provider_may_say_yes_to_a_part(place, phone):
    given = Given(place, needs=("housing", "food"))
    phone.opens(given).sees("a place to live, food").press("Yes, we help")
    phone.page.get_by_label("First meeting on").fill("2026-11-25")
    phone.page.get_by_label("food").uncheck()
    phone.press("Send").sees("Sent, and confirmed in writing.")
    assert given.shown().state == "accepted"
    [reply] = opening.open_handoff(given.amina, given.handoff)
    assert reply.sections == {"reply": {"v": 1, "needs": ["housing"]}}


def test_the_day_of_arrival_is_shown_and_no_answer_is_said_to_be_on_its_way(place, phone):
    phone.opens(Given(place, needed_from="2026-11-28")).sees("Needed from").sees("November 28, 2026")
    assert "Your last answer" not in phone.text()


def test_one_hub_for_both_sides_is_enough(place, phone):
    given = Given(place, f"urn:rcp:agency:authority@{HOME}", "DJ")
    phone.opens(given).press("I have seen it").press("Send").sees("seen by you")
    assert given.shown().state == "acknowledged"


def test_a_question_and_its_answer_are_read_by_the_two_alone(place, given, phone):
    phone.opens(given).press("I have seen it").press("Send").sees("Sent")
    given.shown()
    phone.visit(given.url).press("Start").press("Ask a question")
    phone.page.get_by_label("In your words").fill("ما عمرها؟")
    phone.press("Send").sees("Sent")
    assert given.shown().state == "info_needed"
    answer(given.amina, given.handoff, {"minimal_contact": {"age": "about twelve"}})
    place.run()
    phone.visit(given.url).press("Start").sees("What the sender answered").sees("about twelve")


def test_a_new_link_opens_what_the_old_one_no_longer_does(given, phones):
    old = given.url
    issued, _ = links.reissue(given.amina, given.handoff)
    given.hand_over(issued)
    with phones() as phone:
        phone.visit(old).press("Start").sees("This link was taken back.")
        phone.opens(given).press("No, we cannot")
        phone.page.get_by_label("It would not be safe").check()
        phone.press("Send").sees("Sent")
    assert given.shown().state == "declined"
    [reply] = opening.open_handoff(given.amina, given.handoff)
    assert reply.sections["reply"]["code"] == "safety_concern"


def test_a_code_by_text_is_asked_for_with_a_press(given, phone):
    sent = []

    def sms(route):
        sent.append(
            (route.request.method, urlsplit(route.request.url).path.rpartition("/")[2], route.request.post_data)
        )
        if sent[-1][1] == "open":
            route.fulfill(status=403, json={"code": "wrong_code", "left": 4})
        else:
            route.fulfill(json={"state": "open", "code": "sms", "left": 5, "ends": "12"})

    phone.page.route("**/api/v1/links/**", sms)
    phone.visit(given.url).press("Start").press("Send me the code").sees("the number that ends in 12")
    phone.type_code("123 456").sees("You have 4 tries left.")
    assert [name for _, name, _ in sent[1:]] == ["code", "open"]
    assert json.loads(sent[-1][2])["code"] == "123456"


def test_nothing_is_fetched_before_the_log_has_the_device(given, phone):
    phone.opens(given)
    asked = phone.api()
    assert [path.split("/")[-1] for _, path in asked[-4:]] == ["open", "statements", "handoff", "body"]
    types = [line.statement.type for line in given.shown().lines]
    assert types.index("referral.bind") > types.index("referral.submit")


def test_a_refusal_and_its_reason_reach_the_sender_alone(place, given, phone):
    phone.opens(given).press("No, we cannot")
    phone.page.get_by_label("No place free").check()
    phone.page.get_by_label("In your words").fill("Full until January.")
    phone.press("Send").sees("Sent, and confirmed in writing.")
    assert given.shown().state == "declined"
    [reply] = opening.open_handoff(given.amina, given.handoff)
    assert reply.sections == {"reply": {"v": 1, "code": "no_capacity", "text": "Full until January."}}
    for served in place.hubs.values():
        files = [path.read_bytes() for path in served.hub.settings.data.rglob("*") if path.is_file()]
        assert not any(b"Full until" in data or given.secret.encode() in data for data in files)


def test_what_is_missing_is_asked_for_before_anything_is_sent(given, phone):
    phone.opens(given).press("No, we cannot")
    before = len(phone.asked)
    phone.press("Send").sees("Something is missing.")
    assert len(phone.asked) == before


def test_a_scanner_that_opens_and_runs_the_link_asks_nothing_and_locks_nobody_out(given, phones):
    for url in (given.url, given.url.split("#")[0], given.url.replace("#", "%23"), given.url.replace("#", "?k=")):
        with phones() as scanner:
            scanner.visit(url)
            scanner.page.wait_for_timeout(100)
            assert scanner.api() == []
            assert given.secret not in scanner.page.url
            assert "SYN" not in scanner.text()
    with phones() as scanner:
        scanner.visit(given.url).press("Start").sees("Six digits")
        scanner.press("Open").sees("Please type the six digits.")
        assert scanner.api()[-1] == ("GET", "")
    with phones() as phone:
        phone.opens(given)


@pytest.mark.parametrize("damage", ["", "#", "#short", "#" + "A" * 44])
def test_a_damaged_link_is_said_to_be_damaged(place, phone, damage):
    phone.visit(f"{place.hubs[AWAY].url}/l/{'A' * 22}{damage}").sees("This link is damaged")
    assert phone.api() == []


def test_a_secret_in_the_wrong_place_leaves_the_address_too(given, phone):
    phone.visit(given.url.replace("#", "%23")).sees("This link is damaged")
    assert given.secret not in phone.page.url


def test_a_wrong_code_costs_a_try_and_the_fifth_locks(given, phone):
    phone.visit(given.url).press("Start")
    for left in (4, 3, 2, 1):
        phone.type_code(given.wrong).sees(f"You have {left} tries left.")
    phone.type_code(given.wrong).sees("This link is locked")
    phone.visit(given.url).press("Start").sees("This link is locked")
    assert "SYN" not in phone.text()


def test_the_same_device_comes_back_without_a_code_and_another_does_not(given, phones):
    with phones() as phone:
        phone.opens(given)
        phone.visit(given.url).press("Start").sees("A bed from Monday.")
        with phones() as thief:
            thief.visit(given.url).press("Start").sees("opened on another device already")
            assert "SYN" not in thief.text()
        phone.visit(given.url.split("#")[0]).sees("This link is damaged")


def test_the_browser_keeps_no_secret_and_nothing_of_the_case(given, phone):
    phone.opens(given)
    kept = phone.page.evaluate(
        """async () => {
          const told = (request) => new Promise((done) => { request.onsuccess = () => done(request.result); });
          const database = await told(indexedDB.open("handover-links"));
          const rows = await told(database.transaction("links").objectStore("links").getAll());
          const others = [localStorage.length, sessionStorage.length, document.cookie, history.state];
          return [rows.map((box) => [...box]), ...others];
        }"""
    )
    [box], *others = kept
    assert others == [0, 0, "", None]
    data = bytes(box)
    assert b"seed" not in data
    assert from_b64u(given.secret) not in data
    assert b"SYN" not in data
    assert given.secret not in phone.page.url


def test_a_locked_page_shows_nothing_until_the_link_is_opened_again(given, phone):
    phone.opens(given).press("Lock this page").sees("Locked")
    assert "SYN" not in phone.page.content()
    phone.visit(given.url).press("Start").sees("SYN Hagos")


def test_what_others_wrote_is_text_and_asks_no_other_origin(place, given, phone):
    phone.opens(given).sees('<img src="https://evil.example/1"')
    assert phone.page.title() == "A request for you"
    own = place.hubs[AWAY].url
    assert {"{0.scheme}://{0.netloc}".format(urlsplit(url)) for _, url in phone.asked if url.startswith("http")} == {
        own
    }
    assert phone.page.locator("main img, main script, main a").count() == 0


def test_a_lost_answer_costs_no_second_code_and_binds_once(given, phone):
    lost = []

    def lose(route):
        if not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    phone.page.route("**/statements", lose)
    phone.visit(given.url).press("Start").type_code(given.code).sees("No connection.")
    phone.press("Try again").sees("A bed from Monday.")
    assert lost == [201]
    assert [line.statement.type for line in given.shown().lines].count("referral.bind") == 1


def test_an_answer_that_got_lost_is_sent_again_as_it_was(given, phone):
    phone.opens(given).press("I have seen it")
    sent = []

    def lose(route):
        sent.append(route.request.post_data)
        if len(sent) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    phone.page.route("**/statements", lose)
    phone.press("Send").sees("No connection.")
    phone.press("Send").sees("Sent, and confirmed in writing.")
    assert sent[0] == sent[1]
    assert given.shown().state == "acknowledged"


# A hub that lies: every answer goes through somebody who may change it.


def _flip(data):
    return data[:-1] + bytes([data[-1] ^ 1])


def _altered(change):
    def alter(route):
        answer = route.fetch()
        value = answer.json()
        change(value)
        route.fulfill(response=answer, json=value)

    return alter


def _other_key(value):
    value["hubs"] = dict.fromkeys(value["hubs"], b64u(bytes(range(32))))


def _no_receipt(value):
    row = value["statements"][0]
    row["words"] = [word for word in row["words"] if word["host"] != HOME]


def _other_link(value):
    value["statements"] = [row for row in value["statements"] if row["type"] != "referral.submit"]


def _no_bind(value):
    value["statements"] = [row for row in value["statements"] if row["type"] != "referral.bind"]


def _state(value):
    value["state"] = "accepted"


def _swapped_manifest(value):
    value["packets"][0]["envelope"]["signatures"][0]["sig"] = value["statements"][0]["envelope"]["signatures"][0]["sig"]


def _other_root(value):
    keys = value["keys"]
    own = next(name for name in keys if name.endswith(HOME))
    keys[own]["entries"] = [row for row in keys[own]["entries"] if row["document"]["payloadType"].count("key-entry")]


LIES = [_other_key, _no_receipt, _other_link, _no_bind, _state, _swapped_manifest, _other_root]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__.strip("_"))
def test_a_hub_that_lies_about_the_handoff_gets_nothing_shown(given, phone, lie):
    phone.page.route("**/handoff", _altered(lie))
    phone.visit(given.url).press("Start").type_code(given.code).sees("does not verify")
    assert "SYN" not in phone.page.content()


def test_a_packet_that_was_changed_is_not_shown(given, phone):
    def alter(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=_flip(answer.body()))

    phone.page.route("**/files/body", alter)
    phone.visit(given.url).press("Start").type_code(given.code).sees("does not verify")
    assert "SYN" not in phone.page.content()


def test_a_link_that_was_taken_back_opens_nothing(place, given, phone):
    phone.opens(given)
    links.unlink(given.amina, given.handoff)
    place.run()
    phone.visit(given.url).press("Start").sees("This link was taken back.")
    assert "SYN" not in phone.text()


# For everybody: four languages, a narrow screen, a keyboard.


@pytest.mark.parametrize(
    ("language", "name", "member"),
    [("fr", "Commencer", "Nom"), ("es", "Empezar", "Nombre"), ("ar", "ابدأ", "الاسم")],
)
def test_the_page_speaks_the_reader_s_language(given, phones, language, name, member):
    with phones(locale=language) as phone:
        phone.visit(given.url).press(name)
        phone.page.get_by_role("textbox").fill("".join(chr(0x660 + int(digit)) for digit in given.code))
        phone.page.locator("button[type=submit]").click()
        phone.sees("SYN Hagos")
        named = set(phone.page.locator("dt").all_text_contents())
        assert member in named
        assert not {"full", "others", "country of origin"} & named
        codes = data.load(f"words/{language}.json")["codes"]
        said = set(phone.page.locator("dd").all_text_contents())
        assert {codes["high"], codes["no"], "mark", "open"} <= said
        assert not {"high", "ET", "2026-11-25"} & said
        html = phone.page.locator("html")
        assert html.get_attribute("lang") == language
        assert html.get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
        assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_browser_that_cannot_is_told_so(place, phones):
    with phones(java_script_enabled=False) as phone:
        phone.visit(f"{place.hubs[AWAY].url}/l/{'A' * 22}").sees("this browser is too old")


def test_the_page_works_with_a_keyboard_alone(given, phone):
    phone.visit(given.url)

    def reach(name):
        for _ in range(40):
            phone.page.keyboard.press("Tab")
            if name in phone.page.evaluate("[document.activeElement.textContent, document.activeElement.id].join()"):
                return
        raise AssertionError(name)

    reach("Start")
    phone.page.keyboard.press("Enter")
    phone.sees("Six digits")
    reach(",code")
    phone.page.keyboard.type(given.code)
    phone.page.keyboard.press("Enter")
    phone.sees("A bed from Monday.")
    reach("I have seen it")
    phone.page.keyboard.press("Enter")
    reach("Send")
    phone.page.keyboard.press("Enter")
    phone.sees("Sent, and confirmed in writing.")
    assert given.shown().state == "acknowledged"


def test_each_screen_can_be_heard(given, phone):
    """Axe finds nothing, every field has a label, and each new screen begins with its heading."""
    phone.visit(given.url)
    screens = (
        lambda: phone.sees("A request for you"),
        lambda: phone.press("Start").sees("Your code"),
        lambda: phone.type_code(given.code).sees("SYN Hagos"),
        lambda: phone.press("No, we cannot").sees("Reason"),
    )
    for go in screens:
        go()
        assert phone.page.evaluate("document.activeElement.tagName") == "H1"
        found = Axe().run(phone.page)
        assert found.violations_count == 0, found.generate_report()


# What the hub serves.


def test_the_page_is_the_same_for_every_link_and_may_do_little(place):
    client = build_app(place.hubs[AWAY].hub).test_client()
    pages = [client.get(path) for path in ("/l/AAAAAAAAAAAAAAAAAAAAAA", "/l/-", "/l/x%23y")]
    assert len({page.data for page in pages}) == 1
    head = pages[0].headers
    policy = head["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert (head["Cache-Control"], head["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "noindex" in head["X-Robots-Tag"]
    assert "Set-Cookie" not in head
    assert client.head("/l/AAAAAAAAAAAAAAAAAAAAAA").status_code == 200
    assert client.get("/l/assets/..%2Fstamp").status_code == 404
    assert client.get("/l/assets/stamp").status_code == 404


def test_the_page_is_light_on_a_slow_line(place):
    client = build_app(place.hubs[AWAY].hub).test_client()
    page = client.get("/l/-").get_data(as_text=True)
    names = re.findall(r"/l/assets/[a-z0-9.-]+", page)
    answers = [client.get(name, headers={"Accept-Encoding": "br"}) for name in (*names, "/l/-")]
    assert {answer.headers["Content-Encoding"] for answer in answers} == {"br"}
    assert sum(len(answer.data) for answer in answers) < MOST
    assert all("immutable" in answer.headers["Cache-Control"] for answer in answers[:-1])


def test_all_languages_have_all_words():
    files = sorted((build.WEB / "src" / "link" / "words").glob("*.json"))
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in files}
    assert sorted(found) == ["ar", "en", "es", "fr"]
    shapes = {name: json.dumps(_shape(words), sort_keys=True) for name, words in found.items()}
    assert len(set(shapes.values())) == 1


def _shape(value):
    if isinstance(value, dict):
        return {name: _shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shape(item) for item in value]
    return sorted(re.findall(r"\{\w+\}", value))
