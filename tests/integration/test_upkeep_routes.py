"""Keeping the map true over HTTP: who may ask and decide what, and the page for whoever has no account."""

from __future__ import annotations

import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from hub.clock import SetClock
from hub.directory.upkeep.links import LANGUAGES
from hub.directory.upkeep.page import form
from hub.errors import Conflict, Forbidden, IllegalTransition, InvalidRequest, NotFound
from hub.notify.links import token_of
from hub.packets.dsse import Signer
from tests.conftest import NOW
from tests.support import maps
from tests.support.world import populated, world

HOST = "hub.example"
API, RECORDS = "/api/v1/directory", "/api/v1/directory/records"
OLD, NEW = [{"number": "+251 1"}], [{"number": "+251 2"}]
SCRIPT = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        populated(made, HOST, HOST)
        made.join(made.members["amina"], "omar", {"coordinator"})
        made.join(made.members["amina"], "hawa", {"caseworker"})
        with made.hubs[HOST].hub.database.write() as connection:
            maps.populated(connection)
        yield made


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def omar(place):
    return place.members["omar"]


@pytest.fixture
def daher(place):
    return place.members["daher"]


@pytest.fixture
def clinic(amina):
    """A service that amina's agency keeps."""
    by = amina.hub.post(RECORDS, {"kind": "provider", "document": {"name": "Clinic", "kind": "ngo", "country": "XA"}})
    document = {"name": f"Care {SCRIPT}", "status": "active", "organization_id": by["id"], "needs": ["health"]}
    document |= {"phones": OLD, "email": "desk@example.org", "capacity": {"state": "capacity", "available": 4}}
    return amina.hub.post(RECORDS, {"kind": "service", "document": document})["id"]


def propose(member, record, note="", groups=(), **changes):
    given = {"kind": "service", "record": record, "changes": changes, "note": note, "groups": list(groups)}
    return member.hub.post(f"{API}/requests", given)


def approve(member, request, **more):
    given = {"version": request["version"], **more}
    return member.hub.post(f"{API}/requests/{request['id']}/approve", given)


def listed(member, **asked):
    return {row["id"]: row for row in member.hub.post(f"{API}/requests/list", asked)["items"]}


def seen(member, record):
    return member.hub.get(f"{RECORDS}/{record}")


def link(member, record, **more):
    return member.hub.post(f"{API}/links", {"record": record, "by": "hand", **more})


def local(place, made):
    """The link's address, at the port where the hub of the test listens."""
    return place.hubs[HOST].url + made["url"][made["url"].index("/update/") :]


# Members


def test_another_agencys_worker_proposes_and_the_keepers_coordinator_compares_and_approves(amina, daher, clinic):
    request = propose(daher, clinic, description="For all.", phones=NEW)
    assert request["differences"] == {
        "description": {"new": "For all."},
        "phones": {"now": OLD, "new": NEW},
    }
    found = listed(amina)[request["id"]]
    assert found["differences"]["phones"] == {"was": OLD, "now": OLD, "new": NEW}
    done = approve(amina, found)
    assert (done["fields"], done["held"]) == (["description", "verified"], ["phones"])
    assert seen(amina, clinic)["document"]["phones"] == OLD
    with pytest.raises(IllegalTransition):
        approve(amina, {**found, "version": done["version"]})


def test_the_proposer_decides_nothing_and_sees_their_own_request(daher, amina, clinic):
    request = propose(daher, clinic, description="For all.")
    assert request["id"] in listed(daher)
    for path, given in (("approve", {"version": 1}), ("refuse", {"reason": "x"}), ("called", {"note": "x"})):
        with pytest.raises(NotFound):
            daher.hub.post(f"{API}/requests/{request['id']}/{path}", given)
    daher.hub.post(f"{API}/requests/{request['id']}/withdraw", {})
    assert request["id"] not in listed(amina)
    assert listed(amina, states=["withdrawn"])[request["id"]]["state"] == "withdrawn"


def test_a_caseworker_proposes_and_does_not_decide(place, amina, clinic):
    hawa = place.members["hawa"]
    request = propose(hawa, clinic, note="A mother told me.", groups=["offer"])
    with pytest.raises(Forbidden):
        approve(hawa, request)
    for path in ("due", "renew", "links"):
        with pytest.raises((Forbidden, InvalidRequest)):
            hawa.hub.post(
                f"{API}/{path}", {"groups": ["offer"], "how": "call", "dry_run": True} if path == "renew" else {}
            )
    amina.hub.post(f"{API}/requests/{request['id']}/refuse", {"reason": "No."})


def test_what_is_hidden_from_the_proposer_stays_so_in_the_request(amina, daher, clinic):
    edit = {"base_version": 1, "changes": {"visibility": {"phones": "focal"}, "description": "One"}}
    amina.hub.patch(f"{RECORDS}/{clinic}", edit)
    request = propose(daher, clinic, phones=NEW, description="Two")
    assert request["differences"] == {"phones": {"new": NEW}, "description": {"now": "One", "new": "Two"}}
    again = listed(daher)[request["id"]]
    assert "+251 1" not in json.dumps(again)


def test_a_hidden_record_cannot_be_proposed_to_linked_or_checked_by_others(amina, daher, clinic):
    amina.hub.patch(f"{RECORDS}/{clinic}", {"base_version": 1, "changes": {"visibility": {"*": "focal"}}})
    with pytest.raises(NotFound):
        propose(daher, clinic, description="x")
    with pytest.raises(NotFound):
        link(daher, clinic)
    with pytest.raises(NotFound):
        daher.hub.post(f"{RECORDS}/{clinic}/verify", {"how": "call"})
    assert "Care" not in json.dumps(daher.hub.post(f"{API}/due", {}))


def test_a_changed_number_is_let_through_by_a_colleague_who_called(amina, omar, clinic):
    assert amina.hub.patch(f"{RECORDS}/{clinic}", {"base_version": 1, "changes": {"phones": NEW}})["held"] == ["phones"]
    (request,) = listed(amina, record=clinic, states=["held"]).values()
    path = f"{API}/requests/{request['id']}/called"
    with pytest.raises(Forbidden):
        amina.hub.post(path, {"note": "I asked myself."})
    omar.hub.post(path, {"note": "The nurse on the old number says so."})
    assert seen(amina, clinic)["document"]["phones"] == NEW


def test_one_click_and_many_at_once(amina, daher, clinic):
    done = amina.hub.post(f"{RECORDS}/{clinic}/verify", {"how": "visit", "note": "Was there."})
    assert done["fields"] == ["capacity", "verified"]
    with pytest.raises(Forbidden):
        amina.hub.post(f"{RECORDS}/{clinic}/verify", {"how": "provider"})
    with pytest.raises(Forbidden):
        daher.hub.post(f"{RECORDS}/{clinic}/verify", {"how": "call"})
    given = {"records": {clinic: done["version"]}, "groups": ["offer"], "how": "call"}
    preview = amina.hub.post(f"{API}/renew", {**given, "dry_run": True})
    assert [row["what"] for row in preview["items"]] == ["changed"]
    assert seen(amina, clinic)["version"] == done["version"]
    amina.hub.post(f"{API}/renew", {**given, "dry_run": False})
    with pytest.raises(Conflict):
        amina.hub.post(f"{API}/renew", {**given, "dry_run": False})


def test_the_due_list_has_what_was_never_checked(amina, clinic):
    rows = amina.hub.post(f"{API}/due", {"groups": ["offer"], "kinds": ["service"], "limit": 500})["items"]
    (mine,) = [row for row in rows if row["record"] == clinic]
    assert (mine["due"], mine["state"]) == ("", "never")
    for after in ("x", "2026-01-01|x|nothing"):
        with pytest.raises(InvalidRequest):
            amina.hub.post(f"{API}/due", {"after": after})


# The page


def test_the_page_shows_what_is_known_and_looking_at_it_changes_nothing(place, amina, clinic):
    url = local(place, link(amina, clinic))
    answers = [requests.get(url, timeout=20) for _ in range(4)]
    assert {answer.status_code for answer in answers} == {200}
    text = answers[0].text
    assert "+251 1" in text
    assert "desk@example.org" in text
    assert SCRIPT not in text
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert seen(amina, clinic)["version"] == 1


def test_the_page_asks_nobody_else_and_is_kept_nowhere(place, amina, clinic):
    answer = requests.get(local(place, link(amina, clinic)), timeout=20)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert re.findall(r"(?:src|href|action)=\"([^\"]*)\"", answer.text) == [
        *(f"?l={code}" for code in LANGUAGES if code != "en"),
        "?l=en",
    ]


def test_an_answer_lands_as_a_request_graded_link_and_a_second_one_is_told_kindly(place, amina, clinic):
    url = local(place, link(amina, clinic))
    said = {
        "group-offer": "still",
        "group-capacity": "still",
        "phone": "+251 9",
        "available": "0",
        "note": "Hello.",
    }
    first, second = requests.post(url, data=said, timeout=20), requests.post(url, data=said, timeout=20)
    assert (first.status_code, second.status_code) == (200, 409)
    assert "Thank you" in first.text
    assert "already answered" in second.text
    assert requests.get(url, timeout=20).status_code == 409
    (request,) = listed(amina, record=clinic).values()
    assert (request["how"], request["groups"], request["note"]) == ("link", ["offer"], "Hello.")
    assert request["differences"]["phones"]["new"] == [{"number": "+251 9"}]
    assert request["differences"]["capacity"]["new"] == {"state": "capacity", "available": 0}
    done = approve(amina, request)
    assert done["held"] == ["phones"]
    document = seen(amina, clinic)["document"]
    assert document["verified"]["offer"]["how"] == "link"
    assert document["phones"] == OLD


def test_of_many_answers_at_the_same_time_one_is_taken(place, amina, clinic):
    url = local(place, link(amina, clinic))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: requests.post(url, data={"note": f"{n}"}, timeout=20).status_code, range(8)))
    assert sorted(answers) == [200] + [409] * 7
    assert len(listed(amina, record=clinic)) == 1


@pytest.mark.parametrize(
    "said",
    [{}, {"available": "-1"}, {"available": "٣"}, {"status": "open"}, {"state": "x"}, {"ends": "soon"}, {"email": "x"}],
)
def test_a_form_that_cannot_be_read_is_shown_again_and_the_link_stays_good(place, amina, clinic, said):
    url = local(place, link(amina, clinic))
    answer = requests.post(url, data={**said, "description": "Kept words."} if said else {}, timeout=20)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert ("Kept words." in answer.text) == bool(said)
    assert requests.get(url, timeout=20).status_code == 200


def test_the_page_speaks_four_languages_and_arabic_from_right_to_left(place, amina, clinic):
    url = local(place, link(amina, clinic, language="ar"))
    answer = requests.get(url, timeout=20).text
    assert '<html lang="ar" dir="rtl">' in answer
    for code in LANGUAGES:
        assert form.words(code)["title"] in requests.get(f"{url}?l={code}", timeout=20).text


def test_every_word_of_the_page_is_there_in_four_languages():
    def shape(value):
        return {name: shape(item) for name, item in value.items()} if isinstance(value, dict) else bool(value)

    shapes = [shape(form.words(code)) for code in LANGUAGES]
    assert all(one == shapes[0] for one in shapes)


def test_what_is_hidden_from_partners_is_not_on_the_page(place, amina, clinic):
    house = {"name": "SYN House", "location_type": "physical", "area": "XA11", "transportation": "SYN Bus 7"}
    made = amina.hub.post(RECORDS, {"kind": "site", "document": {**house, "visibility": {"addresses": "focal"}}})
    text = requests.get(local(place, link(amina, made["id"])), timeout=20).text
    assert "SYN House" in text
    assert "Bus 7" not in text
    amina.hub.patch(f"{RECORDS}/{clinic}", {"base_version": 1, "changes": {"visibility": {"email": "focal"}}})
    text = requests.get(local(place, link(amina, clinic)), timeout=20).text
    assert "desk@example.org" not in text


@pytest.mark.parametrize("token", ["x", "x.y", "a" * 300, "..%2F..", "%00", SCRIPT])
def test_a_link_that_nobody_made_opens_nothing(place, token):
    answer = requests.get(f"{place.hubs[HOST].url}/update/{token}", timeout=20)
    assert answer.status_code in {400, 404}
    assert "alert(" not in answer.text
    assert requests.post(f"{place.hubs[HOST].url}/update/{token}", data={}, timeout=20).status_code in {400, 404}


def test_a_token_of_another_hub_or_for_another_id_opens_nothing(place, amina, clinic):
    made = link(amina, clinic)
    url = local(place, made)
    flipped = url[:-2] + ("A" if url[-2] != "A" else "B") + url[-1]  # the last character has bits that say nothing
    assert requests.get(flipped, timeout=20).status_code == 404
    other = token_of(Signer(b"s" * 32), made["id"])
    assert requests.get(url.rpartition("/")[0] + "/" + other, timeout=20).status_code == 404


def test_a_revoked_link_opens_nothing_and_only_its_agency_revokes_it(place, amina, daher, clinic):
    made = link(amina, clinic)
    with pytest.raises(NotFound):
        _delete(daher, f"{API}/links/{made['id']}")
    _delete(amina, f"{API}/links/{made['id']}")
    assert requests.get(local(place, made), timeout=20).status_code == 409


def test_no_log_has_the_link_or_what_was_said(place, amina, clinic, caplog):
    made = link(amina, clinic)
    url = local(place, made)
    with caplog.at_level(logging.DEBUG):
        requests.get(url, timeout=20)
        requests.post(url, data={"note": "SYN Canary", "group-offer": "wrong"}, timeout=20)
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("hub"))
    assert "/update/<string:token>" in ours
    for secret in (url.rpartition("/")[2], made["id"], "Canary", clinic):
        assert secret not in ours


def test_a_link_by_mail_is_never_shown_to_the_coordinator(amina, clinic):
    assert link(amina, clinic, by="mail")["url"] is None


def _delete(member, path):
    return member.hub._json(member.hub._ask("DELETE", path))
