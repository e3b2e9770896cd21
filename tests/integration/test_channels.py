"""How members choose to be told, and what gateways tell the hub: as people, machines and liars use it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import requests
from sqlalchemy import select

from hub.clock import FileClock, SetClock
from hub.ids import random_id
from hub.notify.events import Events
from hub.notify.inbound import Inbound, InboundTexts, inbound_texts, understood
from hub.notify.jobs import purge_notices, send_notices
from hub.notify.store import Notices, notices
from hub.notify.templates import ASK_BACK
from hub.webhooks.jobs import send_events
from tests.conftest import NOW
from tests.support import terminal
from tests.support.gateways import AfricasTalkingServer, SystemServer, serving
from tests.support.world import PASSPHRASE, world

HOST = "dj.example"
SECRET = "s" * 40
PHONE = "+25377000001"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        FileClock(made.folder / "clock").put(NOW, factor=0)
        (made.folder / "passphrase").write_text(PASSPHRASE)
        made.found(HOST, "shelter", "shelter", "DJ", "amina")
        made.found(HOST, "clinic", "ngo", "DJ", "daher")
        made.join(made.members["amina"], "omar", {"caseworker"})
        yield made


@pytest.fixture
def hub(place):
    found = place.hubs[HOST].hub
    before = found.settings
    yield found
    found.settings = before


@pytest.fixture
def says(place):
    def say(login, *words, code=0):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

    return say


@pytest.fixture
def called(place, hub):
    """Call the hub as a gateway does; `sms` is the one that it uses."""

    def call(path, *, sms="africastalking", callback=SECRET, headers=None, **given):
        hub.settings = replace(hub.settings, sms=sms, sms_callback=callback)
        with requests.Session() as session:
            session.trust_env = False
            return session.post(place.hubs[HOST].url + path, headers=headers, timeout=20, **given).status_code

    return call


def answers(hub, number=PHONE, since=0):
    with hub.database.read() as connection:
        return [(one.body, one.at) for one in InboundTexts(connection).answers_from(number, since)]


def text(number=PHONE, said="1", **more):
    return {"id": random_id(), "from": number, "to": "8080", "text": said, "date": "2026-11-22", "linkId": "x", **more}


# -- choices


def test_a_member_is_told_by_mail_in_english_until_they_choose(says):
    shown = json.loads(says("omar", "account", "notices", "--json"))
    assert (shown["language"], shown["channels"], shown["phone"], shown["quiet"]) == ("en", "mail", None, "none")


def test_a_member_chooses_language_channels_and_quiet_hours_a_few_at_a_time(says, hub):
    hub.settings = replace(hub.settings, sms="rapidpro")
    says("amina", "account", "notices", "--language", "fr", "--phone", "+253 77 00 00 01", "--channel", "sms")
    said = says("amina", "account", "notices", "--quiet", "21:00-06:30", "--zone", "Africa/Djibouti")
    for word in ("fr", "sms", PHONE, "21:00-06:30 Africa/Djibouti"):
        assert word in said
    assert "none" in says("amina", "account", "notices", "--quiet", "none")
    says("amina", "account", "notices", "--phone", "none", code=2)
    says("amina", "account", "notices", "--channel", "mail", "--phone", "none")


@pytest.mark.parametrize(
    "words",
    [
        ("--quiet", "25:00-06:00"),
        ("--quiet", "22:00-22:00"),
        ("--phone", "0612345678"),
        ("--zone", "../../etc/passwd"),
        ("--zone", "Mars/Olympus"),
        ("--channel", "sms"),
        ("--channel", "mail", "--channel", "mail"),
    ],
)
def test_what_could_not_be_obeyed_is_refused(says, hub, words):
    hub.settings = replace(hub.settings, sms="rapidpro")
    says("omar", "account", "notices", *words, code=2)


def test_texts_cannot_be_chosen_where_the_hub_sends_none(says):
    says("omar", "account", "notices", "--phone", PHONE, "--channel", "sms", code=2)


# -- what gateways say


def test_a_text_is_kept_once_however_often_the_gateway_brings_it(called, hub):
    number, form = "+25377000011", text("+25377000011", "1 yes")
    path = f"/sms/africastalking/{SECRET}/inbound"
    assert [called(path, data=form) for _ in range(3)] == [204] * 3
    assert answers(hub, number) == [("1", NOW)]
    assert answers(hub, number, since=NOW + 1) == []


def test_nothing_of_a_text_is_kept_that_is_not_of_the_grammar(called, hub):
    said = "The girl Meron in room 4 says 1"
    assert called(f"/sms/africastalking/{SECRET}/inbound", data=text("+25377000012", said)) == 204
    assert answers(hub, "+25377000012") == [("", NOW)]
    with hub.database.read() as connection:
        assert all("Meron" not in str(row) for row in connection.execute(select(inbound_texts)))


def test_a_flow_of_rapidpro_brings_texts(called, hub):
    body = {"id": random_id(), "from": "tel:+25377000013", "content": "لا"}
    headers = {"Authorization": f"Token {SECRET}"}
    assert called("/sms/rapidpro/inbound", sms="rapidpro", headers=headers, json=body) == 204
    assert answers(hub, "+25377000013") == [("2", NOW)]


@pytest.mark.parametrize("given", [{"id": "x", "from": "8080", "content": "1"}, {"id": "x"}, {"a": 1}, []])
def test_what_no_flow_would_send_is_refused(called, given):
    headers = {"Authorization": f"Token {SECRET}"}
    assert called("/sms/rapidpro/inbound", sms="rapidpro", headers=headers, json=given) in {400, 422}


@pytest.mark.parametrize("shown", ["t" * 40, SECRET[:-1], SECRET + "s", "%00", "é"])
def test_whoever_does_not_know_the_secret_brings_nothing(called, hub, shown):
    number = "+25377000014"
    assert called(f"/sms/africastalking/{shown}/inbound", data=text(number)) == 401
    assert called(f"/sms/africastalking/{shown}/reports", data={"id": "1", "status": "Failed"}) == 401
    headers = {"Authorization": f"Token {shown}".encode()}
    body = {"id": "x", "from": number, "content": "1"}
    assert called("/sms/rapidpro/inbound", sms="rapidpro", headers=headers, json=body) == 401
    assert answers(hub, number) == []


def test_a_gateway_that_the_hub_does_not_use_brings_nothing_though_it_knows_the_secret(called):
    assert called(f"/sms/africastalking/{SECRET}/inbound", sms="rapidpro", data=text()) == 401
    assert called(f"/sms/africastalking/{SECRET}/inbound", sms="", data=text()) == 401
    headers = {"Authorization": f"Token {SECRET}"}
    assert called("/sms/rapidpro/inbound", headers=headers, json={"id": "x", "from": PHONE, "content": "1"}) == 401


def test_without_a_secret_nobody_is_a_gateway(called):
    assert called("/sms/rapidpro/inbound", sms="rapidpro", callback="", headers={"Authorization": "Token "}) == 401


def test_a_report_tells_what_became_of_a_text(called, hub):
    with serving(AfricasTalkingServer()) as gateway:
        hub.settings = replace(
            hub.settings, sms="africastalking", sms_url=gateway.url, sms_user="handover", sms_secret=gateway.secret
        )
        with hub.database.write() as connection:
            Notices(connection).put_text(
                key="asked",
                number=PHONE,
                template=ASK_BACK,
                facts={"agency": "Shelter", "date": "2026-11-22"},
                agency=f"urn:rcp:agency:shelter@{HOST}",
                now=hub.clock.now(),
            )
        assert send_notices(hub) == 1
    path = f"/sms/africastalking/{SECRET}/reports"
    reference = one(hub)["reference"]
    assert called(path, data={"id": reference, "status": "Buffered", "phoneNumber": PHONE}) == 204
    assert one(hub)["failed"] is None
    for status in ("Failed", "Failed", "Success"):
        assert called(path, data={"id": reference, "status": status, "failureReason": "UserIsInactive"}) == 204
    assert (one(hub)["failed"], one(hub)["delivered_at"]) == ("not_delivered", None)
    assert called(path, data={"id": "never-heard-of", "status": "Failed"}) == 204


def one(hub):
    with hub.database.read() as connection:
        return connection.execute(select(notices).where(notices.c.key == "asked")).mappings().one()


def test_texts_that_came_are_forgotten_after_three_months(called, hub, place):
    called(f"/sms/africastalking/{SECRET}/inbound", data=text("+25377000015"))
    place.clock.forward(91 * 86_400)
    try:
        purge_notices(hub)
        assert answers(hub, "+25377000015") == []
    finally:
        place.clock.forward(-91 * 86_400)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("1", "1"),
        (" 2. ", "2"),
        ("YES", "1"),
        ("Oui!", "1"),
        ("Sí", "1"),
        ("نعم", "1"),
        ("أيوه", "1"),
        ("no, nobody came", "2"),
        ("لا", "2"),
        ("٢", "2"),
        ("\u06f1", "1"),
        ("482913", "482913"),
        ("1234567", ""),
        ("+25377000001", ""),
        ("12a", ""),
        ("ok1", ""),
        ("maybe", ""),
        ("", ""),
        ("\u200f\u202a1\u202c", "1"),
        ("1" * 400 + "secret", ""),
        (" " * 500 + "1", ""),
    ],
)
def test_what_is_understood_is_digits_yes_or_no_in_four_languages(said, kept):
    assert understood(said) == kept


def test_what_came_has_no_more_members_than_it_needs():
    assert Inbound.__slots__ == ("id", "number", "body", "at")


# -- the agency's own systems


def test_an_admin_registers_a_system_which_is_told_of_the_next_step(says, hub, place):
    with serving(SystemServer()) as system:
        hub.settings = replace(hub.settings, private_peers=True)
        made = json.loads(says("amina", "webhook", "add", f"{system.url}/in", "--json"))
        with hub.database.write() as connection:
            agency = f"urn:rcp:agency:shelter@{HOST}"
            Events(connection).put({agency}, kind="referral.accept", handoff="h" * 22, state="accepted", now=NOW)
        assert send_events(hub) == 1
        assert [event["state"] for event in system.events] == ["accepted"]
    assert f"{system.url}/in" in says("amina", "webhook", "list")
    assert "accepted" in says("omar", "webhook", "events", made["id"])
    assert "Nothing here" in says("omar", "webhook", "events", made["id"], "--after", "1")
    says("daher", "webhook", "events", made["id"], code=7)
    says("daher", "webhook", "remove", made["id"], code=7)
    says("omar", "webhook", "remove", made["id"], code=5)
    says("amina", "webhook", "remove", made["id"])
    assert "Nothing here" in says("amina", "webhook", "list")


def test_a_system_at_a_private_address_is_not_registered(says, hub):
    hub.settings = replace(hub.settings, private_peers=False)
    says("amina", "webhook", "add", "https://127.0.0.1/in", code=2)
