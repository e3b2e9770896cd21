"""The ways into the app, in a real browser: passphrase, passkey, recovery code, an authenticator app; and out again."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace

import pyotp
import pytest
from playwright.sync_api import expect

from hub.clock import SetClock
from hub.keys.vault import DeviceSecret, KdfParameters, SealedVault, derive, open_vault
from hub.packets.encoding import b64u, from_b64u
from hub.web.release import log_release
from tests.conftest import NOW
from tests.support import browsing
from tests.support.world import PASSPHRASE, world

HOME = "dj.example"
NEW = "quiet river carries nine lanterns"
NEWER = "seven kettles under the acacia tree"
AUTHENTICATOR = {"protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": True}
_EVERYTHING = """async () => {
  const open = indexedDB.open("handover");
  const base = await new Promise(done => { open.onsuccess = () => done(open.result) });
  const plain = value => value instanceof Uint8Array ? [...value].map(code => String.fromCharCode(code)).join("")
    : value && typeof value === "object" ? Object.values(value).map(plain).join(" ") : String(value);
  let text = "";
  for (const store of base.objectStoreNames) {
    const rows = base.transaction(store).objectStore(store).getAll();
    text += await new Promise(done => { rows.onsuccess = () => done(plain(rows.result)) });
  }
  base.close();
  return text + JSON.stringify({ ...localStorage, ...sessionStorage }) + document.body.innerText + location.href;
}"""


@pytest.fixture(scope="module")
def chromium():
    with browsing.browser() as found:
        yield found


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME) as made:
        made.found(HOME, "shelter", "shelter", "DJ", "amina")
        for login in ("omar", "daher", "hodan"):
            made.join(made.members["amina"], login, {"caseworker"})
        log_release(made.hubs[HOME].hub)
        made.run()
        yield made


def address(place) -> str:
    """Browsers make passkeys for names, not for addresses."""
    return place.hubs[HOME].url.replace("127.0.0.1", "localhost")


def secret(place, login) -> str:
    return b64u(place.members[login].profile.device.value)


def unlock(desk, passphrase):
    desk.fill("Passphrase", passphrase)
    desk.page.get_by_role("button", name="Unlock", exact=True).click()


def inside(desk):
    expect(desk.page.locator(".frame")).to_be_visible(timeout=30_000)


def outside(desk):
    expect(desk.page.get_by_role("heading", name="Unlock Handover")).to_be_visible(timeout=30_000)


def type_code(desk, code, go="Go on"):
    desk.page.get_by_label("Six digits").fill(code)
    desk.page.get_by_role("button", name=go, exact=True).click()


def test_a_passkey_opens_the_vault_here_and_the_passphrase_without_a_line(chromium, place):
    with browsing.device(chromium, address(place), place.clock) as desk:
        cdp = desk.page.context.new_cdp_session(desk.page)
        cdp.send("WebAuthn.enable")
        how = {**AUTHENTICATOR, "hasUserVerification": True, "isUserVerified": True, "hasPrf": True}
        cdp.send("WebAuthn.addVirtualAuthenticator", {"options": how})
        browsing.enter(desk, "amina", secret(place, "amina"))
        assert secret(place, "amina") not in desk.page.url
        desk.go("settings/ways").press("Add a passkey")
        expect(desk.page.get_by_text("The passkey opens this login here")).to_be_visible()
        assert desk.axe() == []
        desk.press("Lock")
        outside(desk)
        assert desk.axe() == []
        kept = desk.page.evaluate(_EVERYTHING)
        for readable in (PASSPHRASE, json.dumps(place.members["amina"].trust.pins.to_value())[:40], "caseworker"):
            assert readable not in kept
        desk.press("Unlock with a passkey")
        inside(desk)
        desk.press("Lock")
        desk.page.wait_for_function("() => navigator.serviceWorker.controller !== null")
        unlock(desk, "guessed wrongly by somebody")
        expect(desk.page.get_by_text("This passphrase does not open it")).to_be_visible(timeout=30_000)
        desk.page.context.set_offline(offline=True)
        desk.page.reload()  # the phone was off in between
        unlock(desk, PASSPHRASE)
        inside(desk)
        desk.page.context.set_offline(offline=False)
        desk.go("settings/ways").page.get_by_role("button", name="Remove the passkey").click()
        tab = browsing.Desk(desk.page.context.new_page(), desk.url)
        tab.page.goto(f"{desk.url}/app/")
        expect(tab.button("Unlock with a passkey")).to_have_count(0)
        unlock(tab, PASSPHRASE)
        inside(tab)
        desk.page.get_by_role("button", name="Lock", exact=True).click()
        outside(desk)
        outside(tab)
        unlock(tab, PASSPHRASE)
        inside(tab)
        tab.page.clock.set_fixed_time(place.clock.now() + 11 * 60)
        tab.page.mouse.click(600, 600)  # the device slept, and somebody wakes it
        outside(tab)
        desk.calm()


def test_codes_are_set_up_asked_for_and_everybody_is_signed_out_everywhere(chromium, place):
    with browsing.device(chromium, address(place), place.clock) as desk:
        browsing.enter(desk, "omar", secret(place, "omar"))
        desk.go("settings/ways").press("Set up an app")
        app = pyotp.TOTP(desk.page.locator(".copy").inner_text().replace(" ", ""))
        assert desk.axe() == []
        type_code(desk, "000000" if app.at(NOW) != "000000" else "000001", "Turn it on")
        expect(desk.page.get_by_text("This code does not fit")).to_be_visible()
        type_code(desk, app.at(place.clock.now()), "Turn it on")
        expect(desk.page.get_by_text("It is on.")).to_be_visible()
        place.clock.forward(60)
        with browsing.device(chromium, address(place), place.clock, size=browsing.NARROW) as phone:
            phone.page.goto(f"{phone.url}/app/#/sign-in?login=omar&device={secret(place, 'omar')}")
            phone.fill("Passphrase", PASSPHRASE).press("Sign in")
            expect(phone.page.get_by_role("dialog")).to_be_visible(timeout=30_000)
            assert phone.axe() == []
            type_code(phone, app.at(place.clock.now()))
            inside(phone)
            desk.go("settings/sessions").press("Sign out everywhere")
            desk.page.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
            outside(desk)
            phone.go("settings/sessions")
            outside(phone)
            assert "signed out from another device" in phone.text
            phone.calm()
        place.clock.forward(30)
        unlock(desk, PASSPHRASE)
        type_code(desk, app.at(place.clock.now()))
        inside(desk)
        desk.go("settings/sessions")
        expect(desk.page.get_by_text("Signed out everywhere.")).to_be_visible()
        desk.calm()


def test_a_new_passphrase_a_tested_sheet_and_its_code(chromium, place):
    daher = place.members["daher"]
    with ExitStack() as stack:
        desk = stack.enter_context(browsing.device(chromium, address(place), place.clock))
        browsing.enter(desk, "daher", secret(place, "daher"))
        phone = stack.enter_context(browsing.device(chromium, address(place), place.clock, size=browsing.PHONE))
        browsing.enter(phone, "daher", secret(place, "daher"))
        tab = browsing.Desk(desk.page.context.new_page(), desk.url)
        tab.page.goto(f"{desk.url}/app/")
        unlock(tab, PASSPHRASE)
        inside(tab)
        desk.go("settings/ways").press("Change the passphrase")
        desk.fill("Passphrase as it is now", PASSPHRASE)
        desk.fill("New passphrase", NEW).fill("The same again", NEW).press("Change the passphrase")
        expect(desk.page.get_by_text("Your passphrase is changed")).to_be_visible(timeout=30_000)
        expect(desk.page.locator(".paper .copy")).to_have_count(2)
        code, device = desk.page.locator(".paper .copy").all_inner_texts()
        assert (device, {code, device} - set(desk.on_paper().split())) == (secret(place, "daher"), set())
        outside(tab)
        tab.page.close()
        assert desk.axe() == []
        phone.go("settings/sessions")
        outside(phone)
        unlock(phone, NEW)
        inside(phone)
        desk.page.get_by_text("Test the sheet", exact=True).click()
        form = desk.page.locator("form", has=desk.button("Test it"))
        form.get_by_label("Device secret").fill(device)
        for typed, said in ((code.replace("A", "B")[::-1], "mistyped"), (code.lower(), "It opens your vault")):
            form.get_by_label("Recovery code").fill(typed)
            desk.press("Test it")
            expect(form.get_by_text(said)).to_be_visible(timeout=30_000)
        desk.press("Lock").press("I forgot the passphrase")
        desk.fill("Recovery code", code).fill("New passphrase", NEWER).fill("The same again", NEWER)
        assert desk.axe() == []
        desk.press("Set the passphrase and unlock")
        inside(desk)
        desk.press("Lock")
        unlock(desk, NEWER)
        inside(desk)
        desk.go("settings/sessions")
        expect(desk.page.get_by_text("The passphrase was changed.")).to_have_count(2)
        for one in (desk, phone):
            sent = " ".join(f"{url.partition('#')[0]} {body.decode(errors='replace')}" for _, url, body in one.asked)
            assert not [said for said in (PASSPHRASE, NEW, NEWER, code, device) if said in sent]
            one.calm()
    held = DeviceSecret(from_b64u(device, 16))
    kdf = KdfParameters.of(held)
    keys = derive(NEWER, held, kdf)
    daher.hub.use(daher.hub.post("/api/v1/sessions", {"login": "daher", "auth": b64u(keys.auth)})["token"])
    stored = daher.hub.get("/api/v1/vault")
    opened = open_vault(
        SealedVault(stored["version"], kdf, from_b64u(stored["vault"])),
        keys,
        login="daher",
        seen=daher.profile.vault()["version"],
    )
    assert opened.content["device"] == daher.secrets.device.to_value()


def test_a_hub_that_asks_everybody_for_codes_says_how_at_the_door(chromium, place):
    hub = place.hubs[HOME].hub
    with browsing.device(chromium, address(place), place.clock, size=browsing.PHONE, lang="ar") as desk:
        hub.settings = replace(hub.settings, totp=True)
        try:
            desk.page.goto(f"{desk.url}/app/#/sign-in?login=hodan&device={secret(place, 'hodan')}")
            desk.page.locator("input[type=password]").first.fill(PASSPHRASE)
            desk.page.locator("button[type=submit]").first.click()
            expect(desk.page.locator(".copy")).to_be_visible(timeout=30_000)
            assert desk.axe() == []
            app = pyotp.TOTP(desk.page.locator(".copy").inner_text().replace(" ", ""))
            desk.page.get_by_label("ستة أرقام").fill(_eastern(app.at(place.clock.now())))
            desk.page.locator("button[type=submit]").click()
            inside(desk)
            desk.calm()
        finally:
            hub.settings = replace(hub.settings, totp=False)


def _eastern(digits: str) -> str:
    return digits.translate({ord("0") + value: 0x660 + value for value in range(10)})
