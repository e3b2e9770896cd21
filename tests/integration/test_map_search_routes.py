"""Search and duplicates over HTTP: who may, what is refused, and what nobody overhears."""

from __future__ import annotations

import logging

import pytest

from hub.auth.permissions import Caller, register_verifier
from tests.support import maps
from tests.support.apps import running_hub

OTHER = f"urn:rcp:agency:other@{maps.HOST}"
API = "/api/v1/directory"


class Desk:
    """The application, asked by one member after another."""

    def __init__(self, hub, app):
        self.hub, self.client = hub, app.test_client()
        self.be(maps.KEEPER, "coordinator")
        register_verifier(app, "member", lambda: self.who)

    def be(self, agency, *roles):
        self.who = Caller(agency, "m" * 22, frozenset(roles))
        return self

    def post(self, path, **body):
        return self.client.post(API + path, json=body)

    def put(self, *documents, **more):
        with self.hub.database.write() as connection:
            maps.put(connection, *documents, **more)

    def pair(self, one, other):
        return self.post("/pairs", first=one["id"], second=other["id"])


@pytest.fixture
def desk(tmp_path, clock):
    clock.at = maps.NOW
    with running_hub(tmp_path, clock) as (hub, app):
        with hub.database.write() as connection:
            maps.populated(connection)
        yield Desk(hub, app)


@pytest.fixture
def pair(desk):
    desk.put(maps.provider("The Hill Clinic (THC)"))
    return desk.pair(maps.provider(), maps.provider("The Hill Clinic (THC)")).json["id"]


def test_a_search_is_asked_for_in_a_body(desk):
    answer = desk.post("/search", text="doctor north hill").json
    assert [row["listing"]["name"] for row in answer["found"]] == ["Child health"]
    assert answer["found"][0]["why"][0] == {
        "typed": "doctor",
        "how": "need",
        "field": "needs",
        "met": "health",
        "phrase": "doctor",
    }
    assert (answer["total"], answer["after"], answer["needs"]) == (1, None, {"health": "doctor"})
    assert desk.client.get(f"{API}/search?text=doctor").status_code == 405


@pytest.mark.parametrize(
    "body",
    [
        {"age": 14},
        {"sex": "female"},
        {"name": "Amina"},
        {"case": "a"},
        {"vulnerabilities": ["uasc"]},
        {"status": "refugee"},
        {"birth_date": "2012-01-01"},
        {"age_bands": ["14"]},
        {"needs": ["toys"]},
        {"areas": ["XA'; DROP"]},
        {"limit": 100000},
        {"limit": "5"},
        {"after": -1},
        {"free": "yes"},
        {"text": "x" * 201},
        {"text": 3},
    ],
)
def test_a_question_about_a_person_is_refused_and_not_repeated(desk, body):
    answer = desk.post("/search", **body)
    assert answer.status_code == 422
    assert "Amina" not in answer.text


def test_what_was_typed_is_in_no_log(desk, caplog):
    with caplog.at_level(logging.DEBUG):
        desk.post("/search", text="SYNZAYNAB clinic")
        desk.post("/search", text="SYNZAYNAB", age=14)
    assert "SYNZAYNAB" not in caplog.text.upper()


def test_only_coordinators_look_for_duplicates_and_decide(desk, pair):
    desk.be(maps.KEEPER, "caseworker", "agency_admin", "focal_point")
    for path, body in (
        ("/pairs/propose", {}),
        ("/pairs/list", {}),
        ("/pairs", {"first": maps.some_id("a"), "second": maps.some_id("b")}),
        (f"/pairs/{pair}/decision", {"decision": "not_same"}),
    ):
        assert desk.post(path, **body).status_code == 403


def test_a_merge_is_proposed_agreed_and_undone(desk):
    desk.put(maps.provider("The Hill Clinic (THC)"))
    assert desk.post("/pairs/propose").json == {"new": 1}
    (found,) = desk.post("/pairs/list").json["items"]
    assert (found["strength"], found["state"]) == ("likely", "open")
    assert {half["name"] for half in found["records"]} == {"Hill Clinic", "The Hill Clinic (THC)"}
    assert "same_name" in {reason["code"] for reason in found["reasons"]}
    keep, gone = maps.provider()["id"], maps.provider("The Hill Clinic (THC)")["id"]
    decision = f"/pairs/{found['id']}/decision"
    assert desk.post(decision, decision="merge", keep=keep).json == {"state": "merged"}
    assert desk.client.get(f"{API}/records/{gone}").json["id"] == keep
    assert desk.post("/pairs/list").json["items"] == []
    (kept,) = desk.post("/pairs/list", states=["merged"]).json["items"]
    assert (kept["kept"], kept["agency"], kept["said"]) == (keep, maps.KEEPER, [maps.KEEPER])
    assert desk.post(decision, decision="undo").json == {"state": "open"}
    assert desk.client.get(f"{API}/records/{gone}").json["id"] == gone


def test_a_list_of_names_is_taken_with_the_proposal(desk):
    desk.put(maps.provider("Doctors of the World"), maps.provider("Médecins du Monde"))
    assert desk.post("/pairs/propose").json == {"new": 0}
    names = [{"written": "Doctors of the World", "meant": "Médecins du Monde", "acronym": "MDM"}]
    assert desk.post("/pairs/propose", names=names).json == {"new": 1}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"decision": "merge"}, 400),
        ({"decision": "undo", "keep": maps.some_id("x")}, 400),
        ({"decision": "merge", "keep": maps.some_id("somebody else")}, 400),
        ({"decision": "merge", "keep": "../x"}, 422),
        ({"decision": "maybe"}, 422),
        ({"decision": "undo"}, 409),
        ({"decision": "not_same", "force": True}, 422),
    ],
)
def test_a_decision_that_is_none_changes_nothing(desk, pair, body, status):
    assert desk.post(f"/pairs/{pair}/decision", **body).status_code == status
    assert desk.post("/pairs/list").json["items"][0]["state"] == "open"


def test_another_agencys_coordinator_decides_nothing_about_our_records(desk, pair):
    desk.be(OTHER, "coordinator")
    keep = maps.provider()["id"]
    for body in ({"decision": "merge", "keep": keep}, {"decision": "not_same"}, {"decision": "later"}):
        assert desk.post(f"/pairs/{pair}/decision", **body).status_code == 403


def test_a_hidden_record_makes_no_pair_for_who_may_not_see_it(desk):
    hidden = maps.provider("Hidden Clinic", visibility={"*": "focal"})
    desk.put(hidden)
    pair = desk.pair(maps.provider(), hidden).json["id"]
    desk.be(OTHER, "coordinator")
    nothing = desk.pair(maps.provider(), {"id": maps.some_id("nothing")})
    refused = desk.pair(maps.provider(), hidden)
    assert (refused.status_code, refused.json["detail"]) == (nothing.status_code, nothing.json["detail"])
    assert desk.post("/pairs/list").json["items"] == []
    assert desk.post(f"/pairs/{pair}/decision", decision="later").status_code == 404
    assert desk.post(f"/pairs/{'x' * 22}/decision", decision="later").status_code == 404
