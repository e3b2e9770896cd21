"""`hub account`: sessions, a new passphrase, and an authenticator app, at the terminal."""

from __future__ import annotations

import json
from dataclasses import replace

import pyotp
import pytest

from hub.client import access_codes, recovery
from hub.client.member import unlock
from hub.clock import FileClock, SetClock
from hub.errors import SignedOut, TotpRequired
from tests.conftest import NOW
from tests.support import terminal
from tests.support.world import PASSPHRASE, world

HOST = "hub.example"
NEW = "another long passphrase"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        (made.folder / "new").write_text(NEW)
        made.found(HOST, "shelter", "shelter", "DJ", "amina")
        for login in (
            "omar",
            "hodan",
            "yusuf",
            "farah",
            "saba",
        ):  # a person a test: what one sets up, another would find
            made.join(made.members["amina"], login, {"caseworker"})
        yield made


@pytest.fixture
def says(place):
    def say(login, *words, code=0, passphrase="passphrase"):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / passphrase)
        around = {"HUB_CLOCK_FILE": str(place.folder / "clock"), "HUB_NEW_PASSPHRASE_FILE": str(place.folder / "new")}
        return terminal.hub(*given, "account", *words, code=code, **around)

    return say


def set_up(place, says, login):
    made = json.loads(says(login, "totp", "on", "--json"))
    app = pyotp.TOTP(made["secret"])
    says(login, "totp", "on", "--code", app.at(place.clock.now()))
    place.clock.forward(60)
    return app


def test_a_session_with_a_code_is_kept_sealed_for_the_commands_after_it(place, says):
    app = set_up(place, says, "omar")
    assert "Six digits" not in says("omar", "totp", "show", code=8)
    says("omar", "sign-in", code=8)
    code = app.at(place.clock.now())
    says("omar", "sign-in", "--code", code)
    assert "yes" in says("omar", "totp", "show")
    kept = (place.folder / "omar" / "session.sealed").read_bytes()
    token = unlock(place.folder / "omar", PASSPHRASE, clock=place.clock).load_sealed("session.sealed")["token"]
    assert token.encode() not in kept
    assert code not in says("omar", "history")
    place.clock.forward(30)
    says("omar", "totp", "off", "--code", app.at(place.clock.now()))
    assert "turned off" in says("omar", "history")


def test_an_admin_resets_what_a_colleague_lost(place, says):
    set_up(place, says, "hodan")
    says("hodan", "history", code=8)
    says("omar", "totp", "reset", "hodan", code=5)
    says("amina", "totp", "reset", "hodan")
    assert json.loads(says("hodan", "history", "--json").splitlines()[0])["by"] == place.members["amina"].id
    says("amina", "totp", "reset", "hodan", code=7)


def test_the_operator_resets_what_the_only_admin_lost(place, says):
    hub = place.hubs[HOST].hub
    set_up(place, says, "amina")
    says("amina", "history", code=8)
    terminal.hub("totp-reset", "amina", "--data", hub.settings.data)
    assert json.loads(says("amina", "history", "--json").splitlines()[0])["by"] == "operator"
    terminal.hub("totp-reset", "nobody", "--data", hub.settings.data, code=7)


def test_sessions_are_listed_and_ended_and_a_client_does_not_begin_another(place, says):
    other = unlock(place.folder / "farah", PASSPHRASE, clock=place.clock)
    assert other.roles()
    me = unlock(place.folder / "farah", PASSPHRASE, clock=place.clock)
    others = [row["id"] for row in access_codes.sessions(me) if not row["current"]]
    for named in others[1:]:
        access_codes.end_session(me, named)
    says("farah", "sessions", "--end", others[0])
    with pytest.raises(SignedOut):
        other.hub.get("/api/v1/me")
    assert "Signed out everywhere" in says("farah", "sessions", "--everywhere")
    with pytest.raises(SignedOut):
        access_codes.history(me)


def test_a_new_passphrase_brings_a_new_sheet_and_ends_the_old_one(place, says):
    before = unlock(place.folder / "yusuf", PASSPHRASE, clock=place.clock)
    old = recovery.new_sheet(before)
    said = json.loads(says("yusuf", "passphrase", "--json"))
    assert said["device"] == old.device
    assert said["recovery"] != old.recovery
    says("yusuf", "history", code=8)
    after = unlock(place.folder / "yusuf", NEW, clock=place.clock)
    assert recovery.test_sheet(after, said["recovery"], said["device"]) == place.clock.now()
    with pytest.raises(SignedOut):
        access_codes.history(before)
    assert "the passphrase was changed" in says("yusuf", "history", passphrase="new")


def test_a_hub_that_demands_codes_says_what_to_do(place, says):
    hub = place.hubs[HOST].hub
    hub.settings = replace(hub.settings, totp=True)
    try:
        assert "hub account totp on" in says("saba", "history", code=5)
        app = set_up(place, says, "saba")
        member = unlock(place.folder / "saba", PASSPHRASE, clock=place.clock)
        with pytest.raises(TotpRequired):
            member.sign_in()
        member.ask_code = lambda: app.at(place.clock.now())
        member.sign_in()
    finally:
        hub.settings = replace(hub.settings, totp=False)
