"""Six digits on the phone, through client, routes and a gateway; and the review of a reported answer."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from hub.client import proxies, reading, referrals
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from hub.directory.records.record import PROVIDER
from hub.directory.servicemap.write import Actor, Draft, apply
from hub.errors import Forbidden, InvalidRequest, NotFound, NoVerifiedNumber, RateLimited
from hub.notify.jobs import send_notices
from hub.notify.store import notices
from hub.proxies.domain import Review, Why
from hub.proxies.routes import MOST_TRIES
from hub.proxies.service import CODE_LIFE
from hub.proxies.store import Reviews
from tests.conftest import NOW
from tests.support import maps
from tests.support.gateways import RapidProServer, serving
from tests.support.world import SECTIONS, populated, reception, today, world

HOME, AWAY = "dj.example", "et.example"
NUMBER = "+251911000001"


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with serving(RapidProServer()) as gateway, world(tmp_path_factory.mktemp("w"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        hub = made.hubs[HOME].hub
        texts = {"sms": "rapidpro", "sms_url": gateway.url, "sms_secret": gateway.secret}
        hub.settings = replace(hub.settings, **texts)
        yield made, gateway


@pytest.fixture
def amina(scene):
    return scene[0].members["amina"]


@pytest.fixture
def hub(scene):
    return scene[0].hubs[HOME].hub


@pytest.fixture
def verified(scene, hub):
    made, hana = scene[0], scene[0].members["hana"]
    on = today(made.clock).isoformat()
    record = maps.provider("Centre", agency=hana.agency, phones=[{"number": NUMBER}], country="ET")
    record["verified"] = maps.checked("offer", "contact", on=on)
    with hub.database.write() as connection:
        by = Actor(hana.agency, hana.id, "coordinator")
        apply(connection, [Draft(PROVIDER, record, steward=by.agency)], by, host=hub.origin, now=made.clock.now())


@pytest.fixture
def handoff(scene, amina):
    made, hana = scene[0], scene[0].members["hana"]
    held = reception(amina, made.clock, hana.agency)
    sent = referrals.send(amina, Outgoing(hana.agency, SECTIONS, held, "reception", "urgent")).handoff
    made.run()
    return sent


def digits_that_came(gateway, hub):
    before = len(gateway.texts)
    send_notices(hub)
    ((number, text),) = gateway.texts[before:]
    assert number == NUMBER
    assert "child" not in text.lower()
    return re.findall(r"[0-9]{6}", text)[0]


def test_a_code_goes_to_the_verified_number_is_read_back_and_counts(scene, amina, hub, verified, handoff):
    sent = proxies.send_code(amina, handoff)
    assert sent["number_ends"] == NUMBER[-2:]
    digits = digits_that_came(scene[1], hub)
    proxies.read_back(amina, handoff, sent["code"], f"{digits[:3]} {digits[3:]}")
    row = proxies.report(amina, handoff, "acknowledge", "phone", "Hana read the digits out.", code=sent["code"])
    assert (row["state"], row["grade"]) == ("acknowledged", "code_verified")
    assert reading.show(amina, handoff).grade == "code_verified"


def test_a_wrong_code_is_counted_and_the_fifth_ends_it(scene, amina, hub, verified, handoff):
    sent = proxies.send_code(amina, handoff)
    digits = digits_that_came(scene[1], hub)
    wrong = f"{(int(digits) + 1) % 10**6:06d}"
    for _ in range(MOST_TRIES):
        with pytest.raises(InvalidRequest):
            proxies.read_back(amina, handoff, sent["code"], wrong)
    with pytest.raises(Forbidden):
        proxies.read_back(amina, handoff, sent["code"], digits)


def test_what_is_not_six_digits_is_no_try(amina, hub, verified, handoff, scene):
    sent = proxies.send_code(amina, handoff)
    for nothing in ("", "12345", "abcdef", "1234567"):
        with pytest.raises(InvalidRequest):
            proxies.read_back(amina, handoff, sent["code"], nothing)
    proxies.read_back(amina, handoff, sent["code"], digits_that_came(scene[1], hub))


def test_a_code_is_over_after_a_quarter_of_an_hour_and_three_a_day_are_enough(scene, amina, hub, verified, handoff):
    sent = proxies.send_code(amina, handoff)
    digits = digits_that_came(scene[1], hub)
    scene[0].clock.at += CODE_LIFE + 1
    with pytest.raises(Forbidden):
        proxies.read_back(amina, handoff, sent["code"], digits)
    for _ in range(2):
        proxies.send_code(amina, handoff)
    with pytest.raises(RateLimited):
        proxies.send_code(amina, handoff)
    send_notices(hub)


def test_without_a_verified_number_no_code_is_sent(amina, hub, handoff, scene):
    with hub.database.write() as connection:
        for table in ("map_history", "map_records"):
            connection.exec_driver_sql(f"delete from {table}")
    with pytest.raises(NoVerifiedNumber):
        proxies.send_code(amina, handoff)


def test_the_recipient_cannot_have_a_code_sent_to_itself(scene, handoff):
    with pytest.raises(NotFound):
        proxies.send_code(scene[0].members["hana"], handoff)


def test_the_digits_stand_in_no_row_once_they_are_sent(scene, amina, hub, verified, handoff):
    sent = proxies.send_code(amina, handoff)
    digits = digits_that_came(scene[1], hub)
    with hub.database.read() as connection:
        facts = connection.scalars(select(notices.c.facts).where(notices.c.sent_at.is_not(None))).all()
    assert all(digits not in json.dumps(row) for row in facts)
    assert sent["code"]


def test_a_supervisor_sees_the_evidence_and_nobody_reviews_the_own_report(scene, amina, hub, handoff):
    proxies.report(amina, handoff, "acknowledge", "phone", "Hana said on the phone: seen.")
    line = reading.show(amina, handoff).lines[-1]
    with hub.database.write() as connection:
        Reviews(connection).put(Review(line.hash, handoff, amina.agency, amina.id, Why.TENTH, scene[0].clock.now()))
    with pytest.raises(Forbidden):
        proxies.found(amina, line.hash, "holds")
    boss = scene[0].members.get("amina-boss") or scene[0].join(amina, "amina-boss", {"supervisor"})
    assert line.hash in [row.statement for row in proxies.reviews(boss)]  # chance may have chosen others too
    assert proxies.evidence_of(boss, line.hash, handoff)["words"] == "Hana said on the phone: seen."
    proxies.found(boss, line.hash, "doubted")
    assert line.hash not in [row.statement for row in proxies.reviews(boss)]
    rows = {row["id"]: row for row in reading.pages(amina, "referral", "out")}
    assert rows[handoff]["doubted"] is True


def test_a_basis_that_prohibits_the_telephone_lets_nobody_be_asked(scene, amina):
    made, hana = scene[0], scene[0].members["hana"]
    safety = {"location_protected": False, "prohibited": ["sms"]}
    held = reception(amina, made.clock, hana.agency, safety=safety)
    sent = referrals.send(amina, Outgoing(hana.agency, SECTIONS, held, "reception", "urgent")).handoff
    made.run()
    proxies.report(amina, sent, "acknowledge", "paper", "A note came.")
    assert reading.show(amina, sent).lines[-1].statement.body["ask"] is False
