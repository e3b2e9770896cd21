"""`hub directory search` and `merge` as people use them, against a served hub."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import delete

from hub.clock import FileClock, SetClock
from hub.directory.duplicates.store import map_pairs
from tests.support import maps, terminal
from tests.support.world import PASSPHRASE, world

TWICE = "The Hill Clinic (THC)"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(maps.NOW), maps.HOST) as made:
        FileClock(made.folder / "clock").put(maps.NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        made.found(maps.HOST, "keeper", "authority", "DJ", "amina")
        made.found(maps.HOST, "other", "authority", "DJ", "daher")
        with made.hubs[maps.HOST].hub.database.write() as connection:
            maps.populated(connection)
            maps.put(connection, maps.provider(TWICE))
        yield made


@pytest.fixture
def says(place):
    """`says("amina", "search", ...)`: what the command says to her."""

    def say(login, *words, code=0):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase", "directory")
        environment = {"HUB_CLOCK_FILE": str(place.folder / "clock"), "COLUMNS": "200"}
        return terminal.hub(*given, *words, code=code, **environment)

    return say


@pytest.fixture
def unpaired(place):
    """Nobody has proposed yet that two records may be one."""
    with place.hubs[maps.HOST].hub.database.write() as connection:
        connection.execute(delete(map_pairs))


def test_a_search_says_what_it_found_and_why(says):
    told = says("daher", "search", "doctor", "hill")
    assert "Child health" in told
    assert "doctor: health" in told
    assert "1 found." in told
    assert "Nothing meets every word" in says("daher", "search", "zebra", "lessons")
    assert "0 found." in says("daher", "search", "doctor", "--area", "XA2")


def test_a_machine_gets_the_whole_answer(says):
    answer = json.loads(says("daher", "search", "lessons", "--json"))
    assert answer["found"][0]["listing"]["needs"] == ["education"]
    assert answer["facets"]["kind"] == {"school": 1}


def test_there_is_no_option_for_a_person_and_what_looks_like_one_is_not_sent(says):
    for option in ("--age", "--sex", "--name"):
        assert "no such option" in says("daher", "search", "doctor", f"{option}=14", code=2)


def test_two_records_become_one_and_two_again(says, unpaired):
    assert "1 new pairs" in says("amina", "merge", "propose")
    (row,) = [json.loads(line) for line in says("amina", "merge", "list", "--json").splitlines()]
    told = says("amina", "merge", "list")
    assert "same name +75" in told
    assert "likely" in told
    keep = maps.provider()["id"]
    assert "keeps neither" in says("daher", "merge", "accept", row["id"], "--keep", keep, code=5)
    assert "merged" in says("amina", "merge", "accept", row["id"], "--keep", keep)
    assert "Hill Clinic" in says("daher", "show", maps.provider(TWICE)["id"])
    assert "Nothing here" in says("amina", "merge", "list")
    says("amina", "merge", "undo", row["id"])
    assert "not same" in says("amina", "merge", "refuse", row["id"])
    assert "0 new pairs" in says("amina", "merge", "propose")


def test_two_records_are_named_by_hand(says, unpaired):
    pair = json.loads(says("amina", "merge", "propose", maps.site()["id"], maps.site("Shore House")["id"], "--json"))
    assert pair["strength"] == "by_hand"
    assert "Name two records" in says("amina", "merge", "propose", maps.site()["id"], code=2)


def test_a_list_of_names_may_come_along(says, unpaired, tmp_path):
    names = tmp_path / "names.csv"
    names.write_text("written,meant,acronym\nShore School,Ecole du rivage,EDR\n")
    assert "new pairs" in says("amina", "merge", "propose", "--names", names)
    names.write_text("one\ncolumn\n")
    says("amina", "merge", "propose", "--names", names, code=2)
