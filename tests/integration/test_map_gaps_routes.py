"""Areas and gaps over HTTP and from the command line: who may, what is refused, and what leaves a machine."""

from __future__ import annotations

import io
import json
import logging
from xml.etree import ElementTree as ET

import pytest
from flask import Flask

import hub.directory.areas.routes
import hub.directory.gaps.routes
from hub.auth.permissions import Caller, register_verifier
from hub.context import EXTENSION, Hub
from hub.directory.areas.store import Areas
from hub.directory.gaps.summary import count_gaps
from hub.keys.store import KeyStore
from hub.packets.dsse import Signer
from hub.settings import Settings
from hub.web.frame import frame
from tests.support import maps
from tests.support.areas import HEAD

OTHER, THIRD = (f"urn:rcp:agency:{name}@{maps.HOST}" for name in ("other", "third"))
API = "/api/v1/directory"
EVERY = frozenset({"coordinator", "agency_admin", "caseworker"})


class Desk:
    """The application, asked by one member after another."""

    def __init__(self, hub, app):
        self.hub, self.client, self.who = hub, app.test_client(), Caller(maps.KEEPER, "keeper", EVERY)
        register_verifier(app, "member", lambda: self.who)

    def be(self, agency, *roles):
        self.who = Caller(agency, "somebody", frozenset(roles))
        return self

    def post(self, path, **body):
        return self.client.post(API + path, json=body)

    def put(self, path, **body):
        return self.client.put(API + path, json=body)

    def send(self, data, **options):
        parts = {"file": (io.BytesIO(data), "file"), "options": (io.BytesIO(json.dumps(options).encode()), "options")}
        return self.client.post(f"{API}/areas/import", data=parts)


@pytest.fixture
def desk(database, tmp_path, clock, monkeypatch):
    clock.at = maps.NOW
    monkeypatch.setattr(KeyStore, "agency", lambda self, agency: agency)  # who is known is tested with keys
    settings = Settings(data=tmp_path, url="https://hub.example")
    opened = Hub(settings, database, clock, Signer(bytes([9]) * 32), maps.HOST)
    app = Flask("test", static_folder=None)
    app.extensions[EXTENSION] = opened
    api = frame(app, settings)
    for blueprint in (hub.directory.areas.routes.blueprint, hub.directory.gaps.routes.blueprint):
        api.register_blueprint(blueprint)
    with database.write() as connection:
        maps.populated(connection)
    count_gaps(opened)
    return Desk(opened, app)


def test_the_table_is_asked_for_in_a_body(desk):
    answer = desk.post("/gaps", country="XA", needs=["health"])
    assert answer.status_code == 200
    north = answer.json["areas"][0]
    assert (north["code"], north["cells"]["health"]["here"], north["names"]["en"]) == ("XA1", 1, "North")
    assert desk.post("/gaps", country="ZZ").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"country": "XA", "age": 14},
        {"country": "XA", "name": "Amina"},
        {"country": "XA", "needs": ["toys"]},
        {"country": "XA", "group": "boys called Ali"},
        {"country": "XA", "level": 9},
        {"country": "XA'; DROP"},
        {"country": "XA", "month": "2026-13"},
    ],
)
def test_a_question_about_a_person_is_refused(desk, body):
    assert desk.post("/gaps", **body).status_code == 422


def test_the_csv_and_the_map_say_the_same(desk):
    text = desk.post("/gaps/csv", country="XA", needs=["health"]).json["text"]
    assert text.splitlines()[1].startswith("XA1,North,health,all,,1,0,1,0,0")
    drawn = desk.post("/gaps/map", country="XA", needs=["health"], language="ar").json["text"]
    assert ET.fromstring(drawn)[0].text == "أرلاند: الرعاية الصحية (الجميع)"
    assert "North (بلا حدود مرسومة)" in drawn
    assert desk.post("/gaps/map", country="XA", needs=[]).status_code == 422


def test_outlines_are_served_for_a_map_of_the_page(desk):
    with desk.hub.database.write() as connection:
        Areas(connection).ensure("JO")
    answer = desk.post("/areas/outlines", country="JO")
    assert answer.mimetype == "application/geo+json"
    assert {feature["id"] for feature in json.loads(answer.data)["features"]} >= {"JO-IR", "JO-AM"}


def test_an_area_shows_its_agencies_and_is_found(desk):
    assert desk.put("/areas/XA1/agencies", agency=OTHER, lead=True).status_code == 200
    found = desk.client.get(f"{API}/areas/XA11").json
    assert [(row["area"], row["agency"], row["lead"]) for row in found["agencies"]] == [("XA1", OTHER, True)]
    assert [row["code"] for row in desk.post("/areas/find", text="north hill").json["areas"]] == ["XA11"]
    assert len(desk.post("/areas/list", country="XA", level=2).json["areas"]) == 2
    assert desk.client.get(f"{API}/areas/nowhere").status_code == 404


def test_no_agency_lets_itself_into_an_area(desk):
    assert desk.put("/areas/XA1/agencies", agency=maps.KEEPER).status_code == 403
    desk.be(OTHER, "caseworker", "agency_admin")
    assert desk.put("/areas/XA1/agencies", agency=THIRD).status_code == 403


def test_an_agency_is_taken_out_of_an_area(desk):
    desk.put("/areas/XA1/agencies", agency=OTHER)
    assert desk.put("/areas/XA1/agencies", agency=OTHER, remove=True).json["agencies"] == []


def test_an_import_is_a_dry_run_until_it_is_told_otherwise(desk):
    data = f"{HEAD}XAX,1,XA3,East,XA,\n".encode()
    dry = desk.send(data, country="XA").json
    assert (dry["applied"], dry["counts"]) == (False, {"new": 1})
    assert desk.client.get(f"{API}/areas/XA3").status_code == 404
    assert desk.send(data, country="XA", apply=True).json["applied"] is True
    assert desk.client.get(f"{API}/areas/XA3").json["path"] == ["XA", "XA3"]


def test_only_the_agency_that_leads_a_country_changes_its_tree(desk):
    data = f"{HEAD}XAX,2,XA11,North Hill,XA2,\n".encode()
    desk.put("/areas/XA/agencies", agency=OTHER, lead=True)
    assert desk.send(data, country="XA", scheme="own", apply=True).status_code == 403
    desk.be(OTHER, "caseworker")
    assert desk.send(data, country="XA", scheme="own", apply=True).status_code == 403
    desk.be(OTHER, "coordinator")
    assert desk.send(data, country="XA", scheme="own", apply=True).json["counts"] == {"changed": 1}
    moved = desk.client.get(f"{API}/areas/XA11").json
    assert moved["path"] == ["XA", "XA2", "XA11"]
    count_gaps(desk.hub)
    rows = desk.post("/gaps", country="XA", needs=["health"]).json["areas"]
    assert {row["code"]: row["cells"]["health"]["here"] for row in rows} == {"XA1": 0, "XA2": 1}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"country": "XA", "person": "x"},
        {"country": "XA", "columns": {"sex": "f"}},
        {"country": "XA", "same": {"/": "/"}},
    ],
)
def test_an_import_with_other_options_is_refused(desk, options):
    assert desk.send(b"code\n", **options).status_code in {400, 422}


def test_an_import_without_a_file_is_refused(desk):
    assert desk.client.post(f"{API}/areas/import", data={"options": '{"country": "XA"}'}).status_code in {400, 422}
    assert desk.client.post(f"{API}/areas/import", json={"country": "XA"}).status_code in {400, 415, 422}


def month(desk, *counts, of="2026-02", area="XA1"):
    rows = [{"area": area, "need": "health", "group": group, "count": count} for group, count in counts]
    return desk.put("/unmet", month=of, rows=rows)


def test_unmet_need_is_shown_beside_the_layers(desk):
    assert month(desk, ("all", 25)).json == {"month": "2026-02", "rows": 1}
    cell = desk.post("/gaps", country="XA", needs=["health"]).json["areas"][0]["cells"]["health"]
    assert (cell["unmet"], cell["hidden"]) == (25, 0)


@pytest.mark.parametrize("counts", [[("all", 9)], [("all", 1)], [("all", 30), ("female", 25), ("male", None)]])
def test_a_small_number_is_refused_and_nothing_is_kept(desk, counts):
    assert month(desk, *counts).status_code == 400
    cell = desk.post("/gaps", country="XA", needs=["health"]).json["areas"][0]["cells"]["health"]
    assert (cell["unmet"], cell["hidden"]) == (None, 0)


def test_a_month_that_has_not_begun_and_an_area_that_is_not_there_are_refused(desk):
    assert month(desk, ("all", 25), of="2026-04").status_code == 400
    assert month(desk, ("all", 25), area="XA99").status_code == 400
    desk.be(OTHER, "caseworker")
    assert month(desk, ("all", 25)).status_code == 403


def test_a_month_of_unmet_need_is_told_once(desk):
    assert month(desk, ("all", 25)).status_code == 200
    assert month(desk, ("all", 25)).status_code == 200
    assert month(desk, ("all", 26)).status_code == 409
    cell = desk.post("/gaps", country="XA", needs=["health"]).json["areas"][0]["cells"]["health"]
    assert cell["unmet"] == 25


def test_no_question_is_in_the_log(desk, caplog):
    with caplog.at_level(logging.INFO):
        desk.post("/gaps", country="XA", needs=["gbv_trafficking"])
        desk.post("/areas/find", text="SYN Street")
    assert "gbv_trafficking" not in caplog.text
    assert "SYN Street" not in caplog.text
