"""What the command line says when people leave, or lose a device or everything: old key, papers, a sheet typed back."""

from __future__ import annotations

import json

import pytest

from hub.client import enrol, recovery
from hub.client.paper import recovery as paper
from hub.clock import FileClock, SetClock
from hub.errors import InvalidRequest
from tests.conftest import NOW
from tests.support import terminal
from tests.support.world import PASSPHRASE, populated, world

HOST = "hub.example"
ALIVE = "Old key still alive"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        populated(made, HOST, HOST)
        hana = made.members["hana"]
        for login in ("biruk", "selam", "tadese"):
            made.join(hana, login, {"caseworker"})
        made.join(hana, "meron", {"agency_admin"})
        yield made


@pytest.fixture
def says(place):
    def say(login, *words, code=0):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

    return say


def test_the_old_key_is_alive_until_the_next_one_stands_in_the_log(place, says):
    hana = place.members["hana"]
    says("hana", "agency", "deputy", "biruk")
    enrol.remove_member(hana, "selam")
    for words in (("whoami",), ("member", "list")):
        assert ALIVE in says("biruk", *words)
    assert "needs the agency's root" in says("biruk", "agency", "renew", code=5)
    said = json.loads(says("hana", "member", "remove", "selam", "--json"))
    assert (said["old_key_alive"], said["frozen"], said["closed"]) == (False, 0, [])
    assert ALIVE not in says("biruk", "whoami")
    assert "new headers: 0" in says("biruk", "agency", "renew")


def test_a_lost_phone_is_revoked_and_its_owner_invited_back(place, says, tmp_path):
    says("hana", "member", "lost", "tadese", "--out", tmp_path / "back")
    says("tadese", "whoami", code=8)
    back = ("enrol", "--invitation", tmp_path / "back", "--login", "tadese", "--json")
    again = json.loads(says("tadese-again", *back))
    assert again["member"] == place.members["tadese"].id
    says("hana", "member", "certify", "tadese", "--fingerprint", again["fingerprint"], "--role", "caseworker")
    assert ALIVE in says("tadese-again", "whoami")
    says("hana", "agency", "renew")
    assert "not tested" in says("tadese-again", "whoami")


def test_what_changed_in_the_agencys_keys_is_seen_by_each_client(says):
    first = says("meron", "agency", "watch", "--json").splitlines()
    assert {"device certified", "key entry"} <= {json.loads(line)["what"] for line in first}
    assert says("meron", "agency", "watch", "--json") == ""
    says("hana", "agency", "deputy", "meron")
    assert "not seen: 1" in says("meron", "whoami")
    assert json.loads(says("meron", "agency", "watch", "--json"))["what"] == "key entry"


def test_a_sheet_is_printed_and_counts_once_it_is_typed_back(place, says, tmp_path):
    says("hana", "recovery", "sheet", "--lang", "ar", "--out", tmp_path / "sheet.pdf")
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")
    assert "not tested" in says("hana", "whoami")
    (tmp_path / "typed").write_text("AAAA\nBBBB\n")
    says("hana", "recovery", "test", "--sheet", tmp_path / "typed", code=3)


def test_two_papers_recover_the_agency(place, says, tmp_path):
    held = [word for body in ("SYN one", "SYN two", "SYN two") for word in ("--held", body)]
    says("meron", "recovery", "split", *held, "--out", tmp_path / "no", code=5)
    said = json.loads(says("amina", "recovery", "split", *held, "--out", tmp_path / "papers", "--json"))
    assert len(said["files"]) == 3
    shares = recovery.split(place.members["amina"], ("SYN one", "SYN two", "SYN two"))
    (tmp_path / "where").write_text(shares.where.to_text())
    for number, line in enumerate(shares.lines):
        (tmp_path / f"paper{number}").write_text(line.upper().replace(" ", "\n"))
    papers = ("--paper", tmp_path / "paper0", "--paper", tmp_path / "paper2")
    join = ("recovery", "join", "--where", tmp_path / "where", "--login", "heir")
    says("nobody", *join, "--paper", tmp_path / "paper0", code=3)
    assert "everybody of it is told" in says("heir", *join, *papers)
    assert "agency_admin, supervisor" in says("heir", "whoami")
    assert "recovery papers used" in says("amina", "agency", "watch")


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
def test_a_paper_says_its_words_in_the_language_of_its_holder(place, language):
    where = recovery.split(place.members["amina"], ("SYN one", "SYN two", "SYN two")).where
    made = [paper.share(language, "shelter@hub.example", n, "SYN one", "acid " * 33, where) for n in (1, 2)]
    assert made[0] != made[1]
    assert made[0].startswith(b"%PDF")


def test_there_is_no_paper_in_another_language(place):
    with pytest.raises(InvalidRequest):
        paper.member_sheet("xx", "shelter", "amina", enrol.Sheet("A", "B"))
