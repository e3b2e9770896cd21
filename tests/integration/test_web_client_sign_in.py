"""Sheets, passphrases, codes and sessions in a browser's client, beside Python's: what one makes the other takes."""

from __future__ import annotations

from pathlib import Path

import pyotp
import pytest

from hub.client import access_codes, recovery
from hub.client.enrol import this_device
from hub.client.member import unlock
from hub.clock import SetClock
from hub.errors import BadSignature, Unauthenticated
from tests.conftest import NOW
from tests.support.web_modules import WebModules, text
from tests.support.world import PASSPHRASE, world

HOST = "hub.example"
NEW, NEWER = "quiet river carries nine lanterns", "seven kettles under the acacia"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        made.found(HOST, "shelter", "shelter", "DJ", "amina")
        for login in ("omar", "hodan", "yusuf", "farah", "idil"):
            made.join(made.members["amina"], login, {"caseworker"})
        yield made


@pytest.fixture(scope="module")
def node():
    with WebModules(Path(__file__).parents[1] / "support" / "web_sign_in.mjs") as running:
        yield running


class Browser:
    """A member's browser."""

    def __init__(self, node, place, login):
        self.node, self.member, self.login, self.now = node, place.members[login], login, place.clock.now()
        self.url = self.member.account.url

    def ask(self, question, **given):
        return self.node.ask(question, name=self.login, **given)

    def done(self, question, **given):
        found = self.ask(question, **given)
        assert "ok" in found, found
        return found["ok"]

    def signed_in(self, passphrase=PASSPHRASE):
        device = text(self.member.profile.device.value)
        self.done("sign_in", url=self.url, login=self.login, passphrase=passphrase, device=device, now=self.now)
        return self


def test_a_sheet_that_a_browser_made_opens_and_is_tested_by_both(place, node):
    browser = Browser(node, place, "omar").signed_in()
    sheet = browser.done("new_sheet")
    assert recovery.test_sheet(browser.member, sheet["recovery"], sheet["device"]) == place.clock.now()
    assert browser.done("test_sheet", code=sheet["recovery"].lower(), device=sheet["device"])
    assert browser.ask("test_sheet", code=sheet["recovery"], device="A" * 22) == {"refused": "bad_signature"}
    assert browser.ask("test_sheet", code=sheet["recovery"][:-1], device=sheet["device"]) == {"refused": "malformed"}
    with pytest.raises(BadSignature):
        recovery.test_sheet(browser.member, sheet["recovery"], "A" * 22)


def test_a_sheet_that_python_made_is_tested_in_a_browser_and_the_one_before_is_not(place, node):
    browser = Browser(node, place, "hodan").signed_in()
    old = browser.done("new_sheet")
    fresh = unlock(browser.member.profile.folder, PASSPHRASE, clock=place.clock)
    fresh.profile.keep({**fresh.hub.get("/api/v1/vault")})
    made = recovery.new_sheet(unlock(browser.member.profile.folder, PASSPHRASE, clock=place.clock))
    assert browser.done("test_sheet", code=made.recovery, device=made.device)
    assert browser.ask("test_sheet", code=old["recovery"], device=old["device"]) == {"refused": "bad_signature"}


def test_python_goes_on_from_the_vault_as_a_browser_left_it(place, node):
    browser, python = Browser(node, place, "idil").signed_in(), place.members["idil"]
    before = python.hub.get("/api/v1/vault")["version"]
    browser.done("keep")
    python.keep()
    assert python.hub.get("/api/v1/vault")["version"] == before + 2
    assert unlock(python.profile.folder, PASSPHRASE, clock=place.clock).secrets.to_value() == python.secrets.to_value()
    assert browser.ask("keep") == {"refused": "stale_version"}


def test_a_passphrase_changed_in_a_browser_is_pythons_too_and_what_was_kept_here_stays(place, node):
    browser = Browser(node, place, "yusuf").signed_in()
    kept = browser.done("local", data=text(b"a draft"))
    assert browser.ask("change", old="guessed", passphrase=NEW) == {"refused": "bad_signature"}
    assert browser.ask("change", old=PASSPHRASE, passphrase="short") == {"refused": "malformed"}
    sheet = browser.done("change", old=PASSPHRASE, passphrase=NEW)
    assert browser.done("open_local", sealed=kept) == text(b"a draft")
    profile = browser.member.profile
    with pytest.raises(Unauthenticated):
        unlock(profile.folder, NEW)
    browser.done("recover", url=browser.url, code=sheet["recovery"], passphrase=NEWER, now=browser.now)
    assert browser.done("open_local", sealed=kept) == text(b"a draft")
    browser.signed_in(NEWER)
    assert browser.done("test_sheet", code=sheet["recovery"], device=sheet["device"])
    device = this_device(browser.member, {"caseworker"})
    assert browser.done("fingerprint") == device.fingerprint


def test_a_client_asks_for_a_code_when_it_needs_one_and_again_when_it_does_not_fit(place, node):
    browser = Browser(node, place, "farah").signed_in()
    member = unlock(browser.member.profile.folder, PASSPHRASE, clock=place.clock)
    app = pyotp.TOTP(access_codes.begin_totp(member)["secret"])
    access_codes.switch_totp(member, app.at(place.clock.now()), active=True)
    assert browser.ask("me") == {"refused": "signed_out"}
    place.clock.forward(60)
    code = app.at(place.clock.now())
    browser.done("codes", rows=["000000", code])
    assert browser.done("me") == browser.member.id
    browser.done("codes", rows=[code])
    assert browser.ask("me") == {"refused": "totp_required"}
    assert browser.done("ended") == []


def test_a_session_that_somebody_ended_is_not_begun_again(place, node):
    browser = Browser(node, place, "hodan").signed_in()
    browser.done("codes", rows=[])
    assert browser.done("me")
    access_codes.end_all(unlock(browser.member.profile.folder, PASSPHRASE, clock=place.clock))
    assert browser.ask("me") == {"refused": "signed_out"}
    assert browser.done("ended") == ["signed_out"]


def test_a_passkeys_wrap_opens_under_what_it_derives_alone(node, place):
    keys = {"auth": text(bytes(32)), "kek": text(b"k" * 32)}
    secret = text(b"s" * 32)
    sealed = node.ask("seal_keys", keys=keys, secret=secret, login="amina")["ok"]
    assert node.ask("open_keys", sealed=sealed, secret=secret, login="amina")["ok"] == keys
    for wrong in ({"secret": text(b"t" * 32)}, {"login": "omar"}):
        given = {"sealed": sealed, "secret": secret, "login": "amina", **wrong}
        assert node.ask("open_keys", **given) == {"refused": "bad_signature"}
    browser = Browser(node, place, "amina").signed_in()
    known = {"auth": text(bytes(32)), "kek": text(bytes(32))}
    assert browser.ask("unlock_with", url=browser.url, keys=known, now=browser.now) == {"refused": "bad_signature"}
