"""Links from a worker's desk: shown once, handed over on paper without the digits, made anew, revoked."""

from __future__ import annotations

import json

import pytest

from hub.client import reading
from hub.clock import FileClock, SetClock
from tests.conftest import NOW
from tests.support import terminal
from tests.support.provider import Provider
from tests.support.world import PASSPHRASE, SECTIONS, populated, reception, world

HOST = "hub.example"
SPONSOR = frozenset({"agency_admin", "data_officer"})


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        populated(made, HOST, HOST)
        sponsor = made.members["hana"].agency
        made.found(HOST, "mother-house", "shelter", "ET", "sponsor", SPONSOR, parent=sponsor, no_account=True)
        yield made


@pytest.fixture
def says(place):
    def say(*words, code=0):
        given = ("--profile", place.folder / "amina", "--passphrase-file", place.folder / "passphrase")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

    return say


@pytest.fixture
def asked(place, tmp_path):
    mothers = place.members["sponsor"].agency
    held = reception(place.members["amina"], place.clock, mothers)
    for name, value in SECTIONS.items():
        path = tmp_path / "packet" / "sections" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    return ("send", tmp_path / "packet", "--to", mothers, "--basis", held.handoff, "--purpose", "reception")


def test_a_link_is_shown_once_and_opens_with_its_digits(place, says, asked, tmp_path):
    sent = json.loads(says(*asked, "--link", "--json"))
    link = sent["link"]
    assert link["url"].startswith(place.hubs[HOST].url)
    provider = Provider(link["url"], place.clock, tmp_path).enter(link["code"])
    assert provider.read()["needs_risk"] == SECTIONS["needs_risk"]
    shown = says("show", sent["handoff"])
    assert "link: opened by one device" in shown
    assert "bind, provider of" in shown
    secret = link["url"].rpartition("#")[2]
    for kept in (shown, says("show", sent["handoff"], "--json"), says("list", "--json")):
        assert secret not in kept
        assert link["code"] not in kept


def test_address_and_digits_are_told_in_words_with_a_square(says, asked):
    told = says(*asked, "--link", "--qr")
    assert "This is shown once" in told
    assert "digits: " in told
    assert any(set(line.strip()) <= set("█▀▄ ") and line.strip() for line in told.splitlines())
    assert "a text brings them" in says(*asked, "--link", "--code-by-text")


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
def test_a_sheet_is_printed_in_each_language(says, asked, tmp_path, language):
    says(*asked, "--link", "--print", tmp_path / "sheet.pdf", "--lang", language)
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")


def test_who_has_no_account_is_sent_nothing_but_links(says, asked):
    for more in ((), ("--check",)):
        assert "add --link" in says(*asked, *more, code=2)


def test_a_link_is_made_anew_and_revoked(place, says, asked, tmp_path):
    sent = json.loads(says(*asked, "--link", "--json"))
    again = json.loads(says("link", sent["handoff"], "--json"))["link"]
    assert again["id"] != sent["link"]["id"]
    assert Provider(again["url"], place.clock, tmp_path).enter(again["code"]).read()
    says("unlink", sent["handoff"])
    assert "link: revoked" in says("show", sent["handoff"])
    kinds = [line.statement.type for line in reading.show(place.members["amina"], sent["handoff"]).lines]
    assert kinds[-3:] == ["referral.link", "referral.bind", "referral.unlink"]


def test_what_would_be_seen_is_shown_before_anything_is_sealed(says, asked):
    assert "would see" in says(*asked, "--link", "--check")


def test_a_link_lasts_no_longer_than_its_packet(says, asked):
    says(*asked, "--link", "--link-until", "2027-12-31", code=2)


def test_what_came_back_goes_by_link_to_somebody_without_an_account(place, says, asked, tmp_path):
    amina, hana = place.members["amina"], place.members["hana"]
    held = reception(amina, place.clock, hana.agency)
    first = json.loads(says(*asked[:2], "--to", hana.agency, "--basis", held.handoff, *asked[-2:], "--json"))
    again = ("reroute", first["handoff"], "--to", asked[3], "--basis", asked[5], "--link", "--json")
    made = json.loads(says(*again))
    assert Provider(made["link"]["url"], place.clock, tmp_path).enter(made["link"]["code"]).read()
    assert "link" not in json.loads(says(*again)), "it was sent before, with the link that was shown"
