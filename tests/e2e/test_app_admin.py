"""Admin and newcomer in two browsers: an agency founded, a colleague let in by six words and removed, keys compared."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect
from pyotp import TOTP

from hub.client import records
from hub.client.founding import identity_from_value
from hub.clock import SetClock
from hub.keys.certificates import certify, fingerprint
from tests.conftest import NOW
from tests.support.browsing import NARROW, PHONE, browser, device, enter, signed_in
from tests.support.camera import DETECTOR, film, read_square
from tests.support.factories import CERTIFIERS
from tests.support.world import FOUNDER, PASSPHRASE, world

HOST = "hub.example"
SLOW = 30_000
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
REGISTER = re.compile("^Enregistrer l.o")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        amina = made.found(HOST, "shelter", "shelter", "DJ", "amina")
        made.found(HOST, "authority", "authority", "DJ", "daher")
        made.join(amina, "omar", {"caseworker"})
        yield made


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the camera of the browser is held before, once there is such a file."""
    return tmp_path_factory.mktemp("camera") / "square.y4m"


@pytest.fixture(scope="module")
def chromium(seen):
    with browser(*CAMERA, f"--use-file-for-fake-video-capture={seen}") as one:
        yield one


def modules(square, rim=0):
    """The lines of a square on the page, as those who read it see them."""
    size = int(square.get_attribute("viewBox").split()[-1])
    dark = re.findall(r"M(\d+) (\d+)", square.locator(".qr-dark").get_attribute("d"))
    inside = range(rim, size - rim)
    return ["".join("01"[(str(x), str(y)) in dark] for x in inside) for y in inside]


def makes_keys(desk, login):
    """Choose a login and a passphrase, and type the recovery sheet back; return code and device secret."""
    desk.fill(re.compile("^Login|^Identifiant"), login)
    desk.fill(re.compile("^New passphrase|^Nouvelle phrase"), PASSPHRASE)
    desk.page.locator("input[type=password]").last.fill(PASSPHRASE)
    desk.page.locator("button[type=submit]").click()
    expect(desk.page.locator(".paper .copy")).to_have_count(2, timeout=SLOW)
    assert desk.axe() == []
    code, secret = desk.page.locator(".paper .copy").all_inner_texts()
    square = read_square(modules(desk.page.locator(".paper svg.qr"), rim=2))
    assert square == f"handover:#/sign-in?login={login}&device={secret}"  # no address: browsers keep those
    *groups, tail = desk.page.locator("form input").all()
    for field in groups:
        number = int(re.search(r"\d+", field.evaluate("one => one.labels[0].innerText"))[0])
        field.fill(code.split("-")[number - 1].lower())
    tail.fill("wrong")
    desk.page.locator("button[type=submit]").click()
    expect(desk.page.locator(".field.wrong")).to_have_count(1)
    tail.fill(secret[-5:])
    desk.page.locator("button[type=submit]").click()
    return code, secret


def names_deputy_and_duty(desk, amina):
    """Let amina be her own deputy, and on duty for a day."""
    desk.go("admin/agency").page.get_by_label("Deputy").select_option(label="amina")
    desk.press("Save")
    expect(desk.page.get_by_text("Saved, and published")).to_be_visible()
    desk.page.get_by_label("Colleague").select_option(label="amina")
    desk.fill("From", "2026-11-25T08:00").fill("Until", "2026-11-24T08:00").press("Add the turn")
    expect(desk.page.get_by_text("A turn ends after it begins")).to_be_visible()
    desk.fill("Until", "2026-11-26T08:00").press("Add the turn")
    expect(desk.button("Remove the turn of amina")).to_be_visible()
    assert desk.axe() == []
    (turn,) = amina.hub.get("/api/v1/directory/duty")["turns"]
    assert (turn["member"], turn["until"] - turn["since"]) == (amina.id, 86_400)
    hours = desk.page.locator("form").filter(has_text="Time zone")
    closed = hours.get_by_role("group", name="Days on which you are closed")
    closed.get_by_label("Day 1").fill("2026-12-24")
    closed.get_by_label("Day 2").fill("2026-12-23")
    hours.get_by_label("Name").fill("SYN Shelter")
    hours.get_by_role("button", name="Save").click()
    expect(hours.get_by_text("Saved, and published")).to_be_visible()
    (known,) = [row for row in amina.hub.get("/api/v1/directory")["agencies"] if row["agency"] == amina.agency]
    assert (known["closed"], known["worked"]) == (["2026-12-23", "2026-12-24"], [])


def is_invited(desk, new, login):
    """Invite somebody, who makes their keys on a new device."""
    desk.page.get_by_role("tab", name="Invite").click()
    desk.press("Make the invitation")
    line = desk.page.locator(".copy")
    line.wait_for(state="attached")
    assert desk.axe() == []
    new.page.goto(line.text_content())
    expect(new.page.get_by_text("shelter@hub.example")).to_be_visible()
    expect(new.page).not_to_have_url(re.compile("invitation"))
    assert new.axe() == []
    new.press("Go on")
    makes_keys(new, login)


def test_a_colleague_is_let_in_by_the_square_that_their_device_shows_the_camera(place, chromium, seen):
    with (
        signed_in(chromium, place, "amina", "admin", permissions=["camera"]) as desk,
        device(chromium, desk.url, place.clock, size=PHONE) as new,
    ):
        desk.page.expose_function("readSquare", read_square)
        desk.page.evaluate(DETECTOR)
        is_invited(desk, new, "selam")
        new.page.locator("details > summary").click()
        square = new.page.locator("svg.qr")
        film(seen, modules(square))
        desk.go("keys").go("admin")
        card = desk.page.get_by_role("region", name="Certify selam")
        card.get_by_role("button", name="Scan their screen").click()
        expect(desk.page.get_by_text("selam is certified, and can open")).to_be_visible(timeout=SLOW)
        new.hurry("Am I let in?")  # the page looks by itself, too, every twenty seconds
        expect(new.page.locator(".frame")).to_be_visible(timeout=SLOW)
        desk.calm()
        new.calm()


def test_a_colleague_is_let_in_by_six_words_and_removed(place, chromium):
    amina = place.members["amina"]
    note = records.put(amina, "note", {"text": "SYN"})
    with (
        signed_in(chromium, place, "amina", "admin") as desk,
        device(chromium, desk.url, place.clock, size=PHONE) as new,
    ):
        is_invited(desk, new, "fatouma")
        expect(new.page.locator(".six-words li")).to_have_count(6, timeout=SLOW)
        assert new.axe() == []
        words = " ".join(new.page.locator(".six-words li").all_inner_texts())
        new.page.reload()  # whoever comes back later unlocks, and goes on from here
        new.page.locator("input[type=password]").fill(PASSPHRASE)
        new.page.locator("button[type=submit]").click()
        expect(new.page.locator(".six-words li")).to_have_count(6, timeout=SLOW)
        desk.go("keys").go("admin")
        for said, error in (
            ("abacus", "Six words, or sixty digits"),
            (words.replace(words.split()[0], "xyzzy"), "“xyzzy” is not one of the words"),
            (" ".join(reversed(words.split())), "These are not the words"),
        ):
            desk.fill("The six words that they read out", said).press("Certify fatouma")
            expect(desk.page.get_by_text(error).first).to_be_visible(timeout=SLOW)
        assert desk.axe() == []
        desk.fill("The six words that they read out", words.upper()).press("Certify fatouma")
        expect(desk.page.get_by_text("fatouma is certified, and can open")).to_be_visible(timeout=SLOW)
        new.hurry("Am I let in?")  # the page looks by itself, too, every twenty seconds
        expect(new.page.locator(".frame")).to_be_visible(timeout=SLOW)
        assert new.settled().axe() == []
        names_deputy_and_duty(desk, amina)
        desk.go("admin").press("Remove omar")
        assert desk.axe() == []
        desk.page.get_by_role("dialog").get_by_role("button", name="Remove omar").click()
        expect(desk.page.get_by_text("omar is removed.")).to_be_visible(timeout=SLOW)
        expect(desk.page.get_by_role("region", name="omar")).to_have_count(0)
        amina.trust.forget()
        assert (len(amina.home().entry.enc), amina.home().old_key) == (2, ())
        assert amina.home().entry.deputy == amina.id
        desk.page.get_by_text("No longer here").click()
        desk.press("Hand what omar was working on over to the deputy")
        expect(desk.page.get_by_text("Handed over.")).to_be_visible()
        assert records.get(amina, note).value == {"text": "SYN"}
        sent = b"".join(data for _, _, data in new.asked)
        assert PASSPHRASE.encode() not in sent
        assert not any("invitation=" in url.partition("#")[0] for _, url, _ in new.asked)
        desk.calm()
        new.calm()


def test_an_agency_is_founded_on_a_phone_and_gets_its_papers(place, chromium):
    invitation = place.hubs[HOST].invite("addis", FOUNDER)
    with device(chromium, invitation.url, place.clock, lang="fr", size=NARROW) as desk:
        desk.go("join").page.get_by_label("Invitation").fill(invitation.to_text())
        desk.press("Continuer")
        expect(desk.page.locator(".field.wrong")).to_have_count(1)
        desk.page.get_by_label("Non, je le crée ici").check()
        desk.press("Continuer").settled()
        desk.page.get_by_label(re.compile("^Type d")).select_option("io")
        desk.fill("Pays", "ET").fill("Dépend de", "SYN operator").fill(re.compile("^Numéros d"), "+251 1\n+251 2")
        assert desk.axe() == []
        _, secret = makes_keys(desk, "hana")
        expect(desk.page.get_by_role("button", name="Enregistrer la demande")).to_be_visible(timeout=SLOW)
        desk.page.goto(f"{desk.url}/app/#/join")
        desk.page.reload()
        desk.page.locator("input[type=password]").fill(PASSPHRASE)
        desk.page.locator("button[type=submit]").first.click()
        with desk.page.expect_download(timeout=SLOW) as saved:
            desk.press("Enregistrer la demande")
        assert desk.axe() == []
        identity = identity_from_value(json.loads(saved.value.path().read_text()))
        assert fingerprint(identity.root) in desk.text
        certs = [json.dumps(certify(identity, certifier, NOW).to_value()) for certifier in CERTIFIERS]
        desk.fill("Certification 1", certs[0]).fill("Certification 2", certs[0]).press(REGISTER)
        expect(desk.page.locator("p.error")).to_be_visible(timeout=SLOW)
        desk.fill("Certification 2", certs[1]).press(REGISTER)
        expect(desk.page.get_by_role("tab", name="Papiers de secours")).to_be_visible(timeout=SLOW)
        expect(desk.page.get_by_role("link", name="Formation, déclaration, protocoles")).to_be_visible()
        desk.page.get_by_role("tab", name="Papiers de secours").click()
        for number, body in enumerate(("SYN A", "SYN B", "SYN B"), 1):
            desk.fill(f"Organisation qui garde le papier {number}", body)
        desk.press("Créer trois papiers")
        expect(desk.page.locator(".share-words")).to_have_count(3, timeout=SLOW)
        assert desk.axe() == []
        papers = [" ".join(one.locator("li").all_inner_texts()) for one in desk.page.locator(".share-words").all()]
        where = desk.page.locator(".small").first.inner_text()
        desk.calm()
    entry = place.members["amina"].trust.agency(invitation.agency).entry
    assert (entry.kind, entry.country, entry.duty) == ("io", "ET", ("+251 1", "+251 2"))
    with device(chromium, invitation.url, place.clock) as back:
        enter(back, "hana", secret)
        assert back.go("keys").axe() == []
    with device(chromium, invitation.url, place.clock) as again:
        again.go("join/recover")
        for number, words in enumerate(papers[1:], 1):
            again.fill(f"Words of a paper: {number} of 2", words)
        again.fill("Which agency, and where", where)
        assert again.axe() == []
        makes_keys(again, "biruk")
        expect(again.page.get_by_role("region", name="biruk")).to_be_visible(timeout=SLOW)
        again.calm()


def test_a_hub_that_wants_codes_gets_them_on_the_way_in(tmp_path, chromium):
    with world(tmp_path, SetClock(NOW), HOST, totp=True) as made:
        invitation = made.hubs[HOST].invite("addis", FOUNDER)
        with device(chromium, invitation.url, made.clock) as desk:
            desk.go("join").page.get_by_label("Invitation").fill(invitation.to_text())
            desk.page.get_by_label("No, I am starting it here").check()
            desk.press("Go on").settled()
            desk.page.get_by_label("Kind of agency").select_option("io")
            desk.fill("Country", "ET").fill("Belongs to", "SYN operator")
            makes_keys(desk, "hana")
            with desk.page.expect_download(timeout=SLOW) as saved:
                desk.press("Save the request")
            identity = identity_from_value(json.loads(saved.value.path().read_text()))
            for number, certifier in enumerate(CERTIFIERS, 1):
                desk.fill(f"Certification {number}", json.dumps(certify(identity, certifier, NOW).to_value()))
            desk.press("Register the agency")
            secret = desk.page.locator(".copy").inner_text(timeout=SLOW).replace(" ", "")
            assert desk.axe() == []
            desk.fill("Six digits", TOTP(secret).at(NOW)).press("Turn it on")
            expect(desk.page.get_by_role("region", name="hana")).to_be_visible(timeout=SLOW)
            desk.calm()


def test_a_key_is_compared_by_phone_and_counts_as_verified(place, chromium):
    daher = place.members["daher"]
    digits = fingerprint(daher.home().entry.root)
    with signed_in(chromium, place, "amina", "keys", size=NARROW) as desk:
        row = desk.page.locator("details.card", has_text="authority@hub.example")
        row.locator("summary").first.click()
        expect(row.get_by_text("2 certifiers whom your agency trusts vouch for it")).to_be_visible()
        expect(row.locator(".state")).to_have_text("certified")
        row.get_by_text("Compare by phone").click()
        for said, answer in (("12345", "there are 5 so far"), (digits.replace("1", "7"), "These digits are not those")):
            row.get_by_label("The sixty digits that they read out").fill(said)
            row.get_by_role("button", name="Compare").click()
            expect(row.get_by_text(answer)).to_be_visible()
        assert desk.axe() == []
        row.get_by_label("The sixty digits that they read out").fill(digits)
        row.get_by_role("button", name="Compare").click()
        expect(row.get_by_text("verified by phone")).to_be_visible(timeout=SLOW)
        desk.calm()
    daher.trust.pins = replace(daher.trust.pins, certifiers=frozenset())
    daher.keep_pins()
    with signed_in(chromium, place, "daher", "keys") as desk:
        row = desk.page.locator("details.card", has_text="Djibouti")  # another test may have named it
        expect(row.locator(".state")).to_have_text("not looked at yet")
        row.locator("summary").first.click()
        expect(row.get_by_text("Nothing is sealed to it until you have compared")).to_be_visible()
        expect(row.locator(".state")).to_have_text("first seen: not verified")
        desk.calm()
    with signed_in(chromium, place, "amina", "keys", lang="ar", size=NARROW) as desk:
        row = desk.page.locator("details.card", has_text="authority@hub.example")
        expect(row.locator(".state")).to_have_text("تم التحقق منه بالهاتف")
        assert desk.axe() == []
        assert desk.go("admin").axe() == []
