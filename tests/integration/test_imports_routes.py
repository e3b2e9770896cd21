"""Imports and exports over HTTP and from the command line: who may, in which order, and what a file may not be."""

from __future__ import annotations

import csv
import io
import json
import threading

import openpyxl
import pytest

from hub.cli.map_import import FORMATS_IN, FORMATS_OUT
from hub.clock import FileClock, SetClock
from hub.directory.formats.registry import READABLE, WRITABLE
from hub.directory.imports import routes
from hub.directory.imports.jobs import run_imports
from hub.errors import Conflict, Forbidden, InvalidRequest, NotFound, TooLarge
from hub.ids import random_id
from hub.packets.multipart import Body
from tests.conftest import NOW
from tests.support import maps, terminal
from tests.support.files import feature, workbook
from tests.support.world import PASSPHRASE, populated, world

HOST = "hub.example"
IMPORTS, EXPORT = "/api/v1/directory/imports", "/api/v1/directory/export"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        populated(made, HOST, HOST)
        made.join(made.members["amina"], "omar", {"caseworker"})
        with made.hubs[HOST].hub.database.write() as connection:
            maps.populated(connection)
        yield made


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def daher(place):
    return place.members["daher"]


@pytest.fixture
def omar(place):
    return place.members["omar"]


def features(*given):
    return json.dumps(given).encode()


def parcel(data, about):
    body = Body(random_id())
    body.add("about", json.dumps(about).encode())
    body.add("file", data)
    return body


def send(member, data, form="services-advisor", *, source="A source", day=None, **more):
    said = {"name": source, "country": "JO", "zone": "Asia/Amman", **({"day": day} if day else {})}
    return member.hub.submit(IMPORTS, parcel(data, {"format": form, "source": said, **more}))


def work(place):
    while run_imports(place.hubs[HOST].hub):
        pass


def test_a_file_is_tried_then_taken_in_and_each_row_reported(place, amina):
    sent = send(amina, features(feature(101), feature(101, activity=9, activityName="Water access")), source="Tried")
    assert (sent["state"], sent["total"], sent["whole"]) == ("check", 0, True)
    with pytest.raises(Conflict):
        amina.hub.post(f"{IMPORTS}/{sent['id']}/apply", {})
    work(place)
    tried = amina.hub.get(f"{IMPORTS}/{sent['id']}")
    assert (tried["state"], tried["done"], tried["total"]) == ("checked", 4, 4)
    assert tried["counts"]["service"] == {"new": 2}
    assert amina.hub.post(f"{IMPORTS}/{sent['id']}/apply", {})["state"] == "apply"
    work(place)
    done = amina.hub.get(f"{IMPORTS}/{sent['id']}")
    assert done["state"] == "done"
    assert amina.hub.post(f"{IMPORTS}/{sent['id']}/apply", {})["state"] == "done"
    page = amina.hub.get(f"{IMPORTS}/{sent['id']}/rows", limit=3)
    rest = amina.hub.get(f"{IMPORTS}/{sent['id']}/rows", limit=3, after=page["after"])
    lines = page["items"] + rest["items"]
    assert [line["what"] for line in lines] == ["new"] * 4
    assert [line["row"] for line in lines if line["problems"]] == ["feature 2"]
    assert rest["after"] is None


def test_unchanged_rows_are_shown_to_those_who_ask_for_all(place, amina):
    for _ in range(2):
        sent = send(amina, features(feature(102)), source="Twice", dry_run=False)
        work(place)
    assert amina.hub.get(f"{IMPORTS}/{sent['id']}/rows")["items"] == []
    assert len(amina.hub.get(f"{IMPORTS}/{sent['id']}/rows", all="true")["items"]) == 3


def test_another_agency_sees_neither_the_import_nor_its_rows(amina, daher):
    sent = send(amina, features(feature(103)), source="Ours")
    for path in ("", "/rows"):
        with pytest.raises(NotFound):
            daher.hub.get(f"{IMPORTS}/{sent['id']}{path}")
    with pytest.raises(NotFound):
        daher.hub.post(f"{IMPORTS}/{sent['id']}/apply", {})
    assert sent["id"] not in {row["id"] for row in daher.hub.get(IMPORTS)["items"]}
    assert sent["id"] in {row["id"] for row in amina.hub.get(IMPORTS)["items"]}


def test_a_caseworker_imports_no_source_and_may_send_a_spreadsheet(place, omar, amina):
    with pytest.raises(Forbidden):
        send(omar, features(feature()))
    one = maps.service()["id"]
    sent = send(omar, workbook(services=[["id", "alert"], [one, "Moved"]]), "xlsx", source="sheet", dry_run=False)
    work(place)
    (line,) = omar.hub.get(f"{IMPORTS}/{sent['id']}/rows")["items"]
    assert line["what"] == "proposed"
    assert "alert" not in amina.hub.get(f"/api/v1/directory/records/{one}")["document"]


def test_who_sent_a_file_takes_it_in(place, amina, omar):
    sent = send(omar, workbook(services=[["id", "alert"], [maps.service()["id"], "x"]]), "xlsx", source="sheet")
    work(place)
    with pytest.raises(Forbidden):
        amina.hub.post(f"{IMPORTS}/{sent['id']}/apply", {})


def test_an_older_file_after_a_newer_one_is_refused(place, amina):
    send(amina, features(feature(104)), source="Ordered", day="2026-02-02", dry_run=False)
    work(place)
    with pytest.raises(Conflict):
        send(amina, features(feature(104)), source="Ordered", day="2026-02-01")


@pytest.mark.parametrize(
    "about",
    [
        {"format": "magic"},
        {"format": "xlsx", "source": {"name": ""}},
        {"source": {"name": "x", "country": "Jordan"}},
        {"source": {"name": "x", "zone": "Mars/Base"}},
        {"source": {"name": "x", "day": "2999-01-01"}},
        {"source": {"name": "x", "child": "y"}},
        {"dry_run": "no"},
        {"steward": "urn:rcp:agency:other@hub.example"},
    ],
)
def test_a_file_with_a_wrong_word_about_it_is_refused(amina, about):
    said = {"format": "services-advisor", "source": {"name": "x"}, **about}
    with pytest.raises(InvalidRequest):
        amina.hub.submit(IMPORTS, parcel(b"[]", said))


def test_a_request_without_its_parts_is_refused(amina):
    for part in ("about", "file"):
        body = Body(random_id())
        body.add(part, b"{}")
        with pytest.raises(InvalidRequest):
            amina.hub.submit(IMPORTS, body)
    with pytest.raises(InvalidRequest):
        amina.hub.submit(IMPORTS, parcel(b"x", ["no object"]))


def test_a_file_that_is_too_long_is_refused(amina, monkeypatch):
    monkeypatch.setattr(routes, "MAX_FILE", 1000)
    with pytest.raises(TooLarge):
        send(amina, b"x" * 1001)


def test_an_export_is_what_the_asker_may_see(amina, daher):
    document = {
        "name": "Hidden Aid",
        "kind": "ngo",
        "description": "SYN secret",
        "visibility": {"description": "focal"},
    }
    made = amina.hub.post("/api/v1/directory/records", {"kind": "provider", "document": document})["id"]
    for member, sees in ((amina, True), (daher, False)):
        sink = io.BytesIO()
        member.hub.download(EXPORT, sink, 10_000_000, value={"format": "xlsx"})
        sheet = openpyxl.load_workbook(sink)["providers"]
        row = next(row for row in sheet.iter_rows(values_only=True) if row[0] == made)
        assert ("SYN secret" in row) == sees


def test_of_ones_own_records_only_those_and_what_they_name(daher, amina):
    made = amina.hub.post("/api/v1/directory/records", {"kind": "provider", "document": {"name": "Own", "kind": "ngo"}})
    for member, sees in ((amina, True), (daher, False)):
        sink = io.BytesIO()
        member.hub.download(EXPORT, sink, 10_000_000, value={"format": "hsds-ndjson", "mine": True})
        assert (made["id"].encode() in sink.getvalue()) == sees


@pytest.mark.parametrize("value", [{"format": "services-advisor"}, {"format": "xlsx", "mine": "yes"}, {}])
def test_an_export_that_is_none_is_refused(amina, value):
    with pytest.raises(InvalidRequest):
        amina.hub.download(EXPORT, io.BytesIO(), 1000, value=value)


# From the command line


@pytest.fixture
def says(place):
    def say(*words, code=0):
        given = ("--profile", place.folder / "amina", "--passphrase-file", place.folder / "passphrase")
        return terminal.hub(*given, "directory", *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

    return say


def test_the_commands_know_the_formats():
    assert (FORMATS_IN, FORMATS_OUT) == (READABLE, WRITABLE)


def test_a_file_is_imported_from_the_command_line(place, says, tmp_path):
    file, report = tmp_path / "services.json", tmp_path / "report.csv"
    file.write_bytes(features(feature(201), feature(202, **{"2. Nationality": {"Other nationalities only": True}})))
    words = ("import", file, "--format", "services-advisor", "--source", "CLI", "--country", "JO", "--no-wait")
    sent = json.loads(says(*words, "--json"))["id"]
    assert sent in says("imports")
    work(place)
    said = says("imports", sent, "--report", report)
    assert "A dry run: nothing was changed." in said
    assert "1 x unmapped" in said
    rows = list(csv.DictReader(io.StringIO(report.read_text("utf-8-sig"))))
    assert [row["result"] for row in rows] == ["new"] * 4
    assert json.loads(says("imports", sent, "--apply", "--no-wait", "--json"))["state"] == "apply"
    work(place)
    assert "Taken in." in says("imports", sent)


@pytest.fixture
def ticking(place):
    """The hub's job, as it runs by the clock."""
    ended = threading.Event()

    def tick():
        while not ended.wait(0.05):
            work(place)

    thread = threading.Thread(target=tick)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.mark.usefixtures("ticking")
def test_with_apply_the_dry_run_and_the_file_follow_one_another(says, tmp_path):
    file = tmp_path / "services.json"
    file.write_bytes(features(feature(301), feature(302)))
    words = ("import", file, "--format", "services-advisor", "--source", "Waits", "--country", "JO", "--part")
    found = json.loads(says(*words, "--apply", "--json"))
    assert (found["state"], found["whole"], found["counts"]["service"]) == ("done", False, {"new": 2})
    assert json.loads(says(*words, "--json"))["state"] == "checked"


def test_a_file_that_cannot_be_read_says_why(place, says, tmp_path):
    file = tmp_path / "services.json"
    file.write_text("{")
    words = ("import", file, "--format", "services-advisor", "--source", "CLI", "--no-wait", "--json")
    sent = json.loads(says(*words))["id"]
    work(place)
    assert "Nothing was taken in. The file is not the JSON of Services Advisor." in says("imports", sent)


@pytest.mark.usefixtures("ticking")
def test_whoever_waits_for_a_file_of_the_wrong_form_is_told_so_by_the_exit_code_too(says, tmp_path):
    file = tmp_path / "services.json"
    file.write_text("{")
    assert "Nothing was taken in" in says("import", file, "--format", "hsds-json", "--source", "CLI", code=2)


@pytest.mark.parametrize("form", sorted(WRITABLE))
def test_every_format_is_exported_from_the_command_line(says, tmp_path, form):
    file = tmp_path / "out"
    assert "Written" in says("export", file, "--format", form)
    assert file.stat().st_size > 100
