"""`hub directory areas`, `gaps` and `unmet` as people use them, against a served hub."""

from __future__ import annotations

import json

import pytest

from hub.clock import FileClock, SetClock
from hub.directory.gaps.summary import count_gaps
from tests.conftest import NOW
from tests.support import maps, terminal
from tests.support.areas import HEAD
from tests.support.world import PASSPHRASE, world

HOST = "dj.example"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        made.found(HOST, "shelter", "shelter", "DJ", "amina")
        made.found(HOST, "authority", "authority", "DJ", "daher")
        hub = made.hubs[HOST].hub
        with hub.database.write() as connection:
            maps.populated(connection)
        count_gaps(hub)
        yield made


@pytest.fixture
def says(place):
    """`says("amina", "gaps", ...)`: what the command says to her."""

    def say(login, *words, code=0):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase", "directory")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

    return say


def test_gaps_are_a_table_a_csv_and_a_map(says, tmp_path):
    told = says("amina", "gaps", "--country", "XA", "--need", "health")
    assert "North" in told
    assert "South" in told
    file, drawn = tmp_path / "gaps.csv", tmp_path / "gaps.svg"
    says("amina", "gaps", "--country", "XA", "--need", "health", "--csv", file, "--map", drawn)
    assert file.read_text().splitlines()[0].startswith("area,name,need,group,month,here,covers,open,usable,claimed")
    assert drawn.read_text().startswith("<svg")
    assert "A map shows one need" in says("amina", "gaps", "--country", "XA", "--map", drawn, code=2)
    found = json.loads(says("amina", "gaps", "--country", "XA", "--need", "health", "--json"))
    assert found["areas"][0]["cells"]["health"]["here"] == 1


def test_small_counts_of_unmet_need_never_leave_the_machine(says, place, tmp_path):
    file = tmp_path / "unmet.csv"
    lines = ["2026-02,XA11,health,all,30", "2026-02,XA11,health,female,26", "2026-02,XA11,health,male,4"]
    file.write_text("\n".join(["month,area,need,group,count", *lines, "2026-02,XA12,health,all,3"]) + "\n")
    assert "4 counts sent, 3 of them suppressed" in says("amina", "unmet", file)
    found = json.loads(says("amina", "gaps", "--country", "XA", "--need", "health", "--json"))
    cell = found["areas"][0]["cells"]["health"]
    assert (cell["unmet"], cell["hidden"], found["month"]) == (30, 1, "2026-02")
    assert "First: health in XA1, 30" in says("amina", "gaps", "--country", "XA", "--need", "health")


@pytest.mark.parametrize(
    "line", ["2026-2,XA11,health,all,30", "2026-02,XA11,toys,all,30", "2026-02,XA11,health,all,-3"]
)
def test_a_line_that_is_not_of_its_form_is_named_by_its_number(says, tmp_path, line):
    file = tmp_path / "unmet.csv"
    file.write_text(f"month,area,need,group,count\n{line}\n")
    assert "Line 2" in says("amina", "unmet", file, code=2)
    file.write_text("what\n1\n")
    assert "first line" in says("amina", "unmet", file, code=2)


def test_areas_are_imported_found_and_given_to_another_agency(says, tmp_path):
    file = tmp_path / "areas.csv"
    file.write_text(f"{HEAD}XAX,1,XA3,East,XA,\nXAX,2,XA31,Dune,XA3,\nXAX,2,XA99,Lost,XA9,\n")
    dry = says("amina", "areas", "import", file, "--country", "XA")
    assert "Dry run: 2 new, 1 problem" in dry
    assert "Its parent is not there" in dry
    assert "Nothing here" in says("amina", "areas", "find", "Dune")
    assert "Done: 2 new, 1 problem" in says("amina", "areas", "import", file, "--country", "XA", "--apply")
    assert "XA31" in says("amina", "areas", "find", "dune")
    assert "XA31" in says("amina", "areas", "list", "--country", "XA", "--level", "2")
    told = says("amina", "areas", "assign", "XA3", f"authority@{HOST}", "--lead")
    assert f"authority@{HOST} leads" in told
    assert "Another agency" in says("amina", "areas", "assign", "XA3", f"urn:rcp:agency:shelter@{HOST}", code=5)
    assert "authority" in says("daher", "areas", "show", "XA31")
    assert says("amina", "areas", "import", file, "--country", "XA", "--column", "parent", code=2)


def test_an_operator_loads_what_comes_with_the_release(place):
    data = place.hubs[HOST].hub.settings.data
    assert "countries are here" in terminal.hub("directory", "areas", "seed", "--data", data, "--country", "DJ")
    terminal.hub("directory", "areas", "seed", "--data", data, "--country", "QQ", code=2)
