"""Texts on both databases, by faithful gateways: each one once, to whom wants them, and nothing about anybody."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from hub.auth.store import Account, AccountStore
from hub.context import Hub
from hub.errors import InvalidRequest, Unavailable
from hub.notify.api import SILENT, Api
from hub.notify.choices import Channel, Choice, Choices
from hub.notify.jobs import ask_gateway, purge_notices, send_notices, wait_after
from hub.notify.outcome import Fate
from hub.notify.sms import check_gateway
from hub.notify.store import Notices, notices
from hub.notify.templates import ASK_BACK, CODE, LANGUAGES, OVERDUE, TEMPLATES, UNTOLD, WAITS, short_words, words
from hub.notify.undelivered import take_report
from hub.packets.dsse import Signer
from hub.settings import Settings
from tests.support.factories import Agency, register
from tests.support.gateways import AfricasTalkingServer, RapidProServer, serving
from tests.support.smtp import free_port, mail_server

SHELTER = Agency("shelter", host="hub.example:8443")
AGENCY = SHELTER.agency
PEOPLE = {"amina": "caseworker", "bilal": "supervisor", "sara": "supervisor", "admin": "agency_admin"}
AMINA, BILAL, SARA, ADMIN = (SHELTER.member(name, role).member for name, role in PEOPLE.items())
HANDOFF = "hhhhhhhhhhhhhhhhhhhhhA"
PHONE, CLINIC = "+25377000001", "+25377000002"
MORNING = 1_795_510_800  # a Tuesday, 09:00 UTC
BOTH = (Channel.SMS, Channel.MAIL)


@pytest.fixture
def mailbox():
    with mail_server() as found:
        yield found


@pytest.fixture(params=[RapidProServer, AfricasTalkingServer])
def gateway(request):
    with serving(request.param()) as found:
        yield found


@pytest.fixture
def hub(database, clock, mailbox, gateway, tmp_path):
    return make_hub(database, clock, gateway, tmp_path, mailbox.address)


@pytest.fixture
def rapidpro(database, clock, mailbox, tmp_path):
    with serving(RapidProServer()) as found:
        yield found, make_hub(database, clock, found, tmp_path, mailbox.address)


def settings_of(gateway, folder, **more):
    name = "rapidpro" if isinstance(gateway, RapidProServer) else "africastalking"
    given = {"sms": name, "sms_url": gateway.url, "sms_user": "handover", "sms_secret": gateway.secret, **more}
    return Settings(data=folder, url="https://hub.example:8443", mail_from="handover@hub.example", **given)


def make_hub(database, clock, gateway, folder, smtp=""):
    clock.at = MORNING
    with database.write() as connection:
        register(connection, SHELTER, origin=SHELTER.host, now=MORNING)
        for login in PEOPLE:
            member, mail = SHELTER.members[login].member, f"{login}@example.org"
            AccountStore(connection).add(
                Account(login, AGENCY, member, frozenset(), mail, b"", "{}", b"", 1, None, "", "", 0)
            )
    settings = settings_of(gateway, folder, smtp=smtp)
    return Hub(settings, database, clock, Signer(bytes(32)), "hub.example:8443")


def choose(hub, member=AMINA, **more):
    with hub.database.write() as connection:
        Choices(connection).put(AGENCY, member, Choice(**{"channels": (Channel.SMS,), "phone": PHONE, **more}))


def put(hub, key="k1", template=WAITS, **more):
    with hub.database.write() as connection:
        given = {"to_agency": AGENCY, "to_member": AMINA, "template": template, "now": hub.clock.now(), **more}
        return Notices(connection).put(key=key, **given)


def put_text(hub, key="t1", template=CODE, number=CLINIC, **more):
    given = {"facts": {"code": "123456"}, "agency": AGENCY, "handoff": HANDOFF, "now": hub.clock.now(), **more}
    with hub.database.write() as connection:
        return Notices(connection).put_text(key=key, number=number, template=template, **given)


def row(hub, key="k1"):
    with hub.database.read() as connection:
        return connection.execute(select(notices).where(notices.c.key == key)).mappings().one()


def told(hub, template=UNTOLD):
    with hub.database.read() as connection:
        found = connection.execute(select(notices).where(notices.c.template == template)).mappings().all()
    return sorted(one["to_member"] for one in found)


def report(hub, reference, fate):
    with hub.database.write() as connection:
        take_report(connection, hub.origin, reference, fate, hub.clock.now())


def test_whoever_looks_at_a_members_phone_learns_nothing(hub, gateway):
    choose(hub, language="fr")
    put(hub, template=OVERDUE, handoff=HANDOFF)
    assert send_notices(hub) == 1
    assert gateway.texts == [(PHONE, "Un délai est dépassé. Veuillez vous connecter.")]
    assert all(word not in str(gateway.asked) for word in ("shelter", "hub.example", HANDOFF, AMINA))


def test_no_text_to_a_member_names_an_agency_or_a_hub_in_any_language():
    facts = {"recipient": "ZZZ", "host": "ZZZ", "when": "ZZZ", "duty": "ZZZ", "n": "ZZZ", "url": "ZZZ", "hub": "ZZZ"}
    for template in TEMPLATES:
        assert "ZZZ" not in short_words(template, facts, None)


def test_every_template_is_in_every_language_with_the_same_facts():
    facts = {name: f"<{name}>" for name in ("hub", "url", "recipient", "n", "duty", "link", "host", "when")}
    for template in TEMPLATES:
        said = {language: words(template, facts, language) for language in LANGUAGES}
        assert len({text for _subject, text in said.values()}) == len(LANGUAGES)
        assert len({frozenset(re.findall(r"<\w+>", text)) for _subject, text in said.values()}) == 1


def test_somebody_without_an_account_is_asked_in_their_language_or_in_all_four(hub, gateway):
    facts = {"agency": "Shelter", "date": "2026-11-22"}
    put_text(hub, template=ASK_BACK, facts=facts, language="es")
    put_text(hub, key="t2", template=ASK_BACK, facts=facts)
    assert send_notices(hub) == 2
    first, second = sorted((text for _number, text in gateway.texts), key=len)
    assert first == "Shelter dice que usted confirmó el 2026-11-22: 1 sí, 2 no"
    assert len(second.splitlines()) == len(LANGUAGES)
    assert first in second


def test_a_code_is_forgotten_as_soon_as_it_went_out(hub, gateway):
    put_text(hub, language="en")
    assert "123456" in row(hub, "t1")["facts"]
    send_notices(hub)
    assert gateway.texts == [(CLINIC, "Code: 123456")]
    assert row(hub, "t1")["facts"] == "{}"


def test_a_text_is_promised_once_under_one_key_and_sent_once(hub, gateway):
    assert put_text(hub) is True
    assert put_text(hub) is False
    assert (send_notices(hub), send_notices(hub)) == (1, 0)
    assert len(gateway.texts) == 1


@pytest.mark.parametrize("number", ["77000002", "+0123456789", "+2537700000212345", "tel:+25377000002", "", "+25 x"])
def test_a_number_without_a_country_is_refused_before_anything_is_promised(hub, number):
    with pytest.raises(InvalidRequest):
        put_text(hub, number=number)


@pytest.mark.parametrize(
    "lie",
    [
        (429, {"detail": "Request was throttled. Expected available in 12 seconds."}),
        (500, b"Server Error. Site administrators have been notified."),
        (403, {"detail": "Invalid token"}),
        (401, b"The supplied authentication is invalid"),
        (302, b""),
        (201, b"<html>"),
        (201, {"id": True}),
        (201, {"id": "9"}),
        (201, []),
        (201, {"SMSMessageData": {"Message": "Sent", "Recipients": []}}),
        (201, {"SMSMessageData": {"Recipients": [{"statusCode": 101, "number": "+1999", "messageId": "x"}]}}),
        (201, {"SMSMessageData": {"Recipients": [{"statusCode": 405, "number": CLINIC, "status": "NoBalance"}]}}),
        (201, {"SMSMessageData": {"Recipients": [{"statusCode": 101, "number": CLINIC, "messageId": "x" * 101}]}}),
        (201, b'{"id": 1' + b" " * 300_000 + b"}"),
        (400, {"text": ["This field may not be blank."]}),
    ],
)
def test_what_a_gateway_should_not_say_delays_a_text_and_loses_none(hub, gateway, clock, lie):
    put_text(hub)
    gateway.says(*lie, Location="http://127.0.0.1:1/")
    assert send_notices(hub) == 0
    assert row(hub, "t1")["next_try"] == clock.now() + wait_after(0)
    clock.forward(wait_after(0))
    assert send_notices(hub) == 1
    assert len(gateway.texts) == 1


def test_a_gateway_that_is_full_or_away_is_not_asked_again_for_the_rest_of_a_batch(hub, gateway):
    for number in range(20):
        put_text(hub, key=f"t{number}")
    gateway.says(429, {"detail": "Request was throttled."})
    assert send_notices(hub) == 0
    assert len(gateway.asked) == 1


def test_a_gateway_that_hangs_costs_one_time_out():
    with serving(RapidProServer()) as slow:
        slow.hold.clear()
        api = Api(slow.url, {}, timeout=(0.1, 0.1))
        assert [api.post("/x", json={}) for _ in range(50)] == [SILENT] * 50
        api.close()
    assert len(slow.asked) == 1


def test_a_gateway_that_is_away_delays(hub, gateway, clock, tmp_path):
    put_text(hub)
    hub.settings = settings_of(gateway, tmp_path, sms_url=f"http://127.0.0.1:{free_port()}")
    assert send_notices(hub) == 0
    hub.settings = settings_of(gateway, tmp_path)
    clock.forward(wait_after(0))
    assert send_notices(hub) == 1


def test_a_wrong_key_is_no_reason_to_give_a_text_up(hub, gateway, tmp_path):
    put_text(hub)
    hub.settings = settings_of(gateway, tmp_path, sms_secret="wrong")
    assert send_notices(hub) == 0
    assert row(hub, "t1")["failed"] is None


def test_an_agency_called_like_an_expression_is_not_evaluated(hub, gateway):
    put_text(hub, template=ASK_BACK, facts={"agency": "@(contact.name) @contact x@y.z", "date": "d"}, language="en")
    send_notices(hub)
    assert gateway.texts[0][1].startswith("@(contact.name) @contact x@y.z says")


def test_a_member_who_chose_nothing_is_mailed_and_never_texted(hub, gateway, mailbox):
    put(hub)
    assert send_notices(hub) == 1
    assert (len(mailbox.mails), gateway.asked) == (1, [])


def test_whoever_takes_texts_back_is_not_texted_though_one_was_promised(hub, gateway, mailbox):
    choose(hub, channels=BOTH)
    put(hub)
    choose(hub, channels=(Channel.MAIL,))
    assert send_notices(hub) == 0
    assert send_notices(hub) == 1
    assert (len(mailbox.mails), gateway.asked) == (1, [])


def test_quiet_hours_hold_texts_back_until_they_end_but_not_an_emergency(hub, gateway, clock):
    choose(hub, quiet=(21 * 60, 6 * 60), zone="Africa/Djibouti")
    clock.at = MORNING + 10 * 3600  # 22:00 there
    put(hub)
    put(hub, key="k2", emergency=True)
    assert send_notices(hub) == 1
    assert row(hub)["tries"] == 0
    assert row(hub)["next_try"] == MORNING + 18 * 3600  # 06:00 there
    clock.at = MORNING + 18 * 3600
    assert send_notices(hub) == 1


def test_a_refused_number_goes_on_by_mail(hub, gateway, mailbox):
    choose(hub, channels=BOTH, phone=PHONE)
    if isinstance(gateway, AfricasTalkingServer):
        gateway.codes[PHONE] = (406, "UserInBlacklist")
    else:
        gateway.says(400, {"urns": {"0": ["Invalid URN: x. Ensure phone numbers contain country codes."]}})
    put(hub)
    assert send_notices(hub) == 0
    assert send_notices(hub) == 1
    assert [mail["To"] for mail in mailbox.mails] == ["amina@example.org"]
    assert told(hub) == []


def test_when_every_channel_has_failed_once_the_next_person_is_told(hub, gateway, mailbox):
    choose(hub, channels=BOTH)
    put(hub)
    send_notices(hub)
    report(hub, row(hub)["reference"], Fate.FAILED)
    mailbox.answers["amina@example.org"] = "550 no such user"
    for _ in range(5):
        send_notices(hub)
    assert (row(hub)["failed"], row(hub)["passed"]) == ("refused", "sms")
    assert len(gateway.texts) == 1
    assert told(hub) == sorted([BILAL, SARA])


def test_a_text_that_never_arrived_goes_on_by_mail_once_however_often_that_is_said(hub, gateway, mailbox):
    choose(hub, channels=BOTH)
    put(hub)
    send_notices(hub)
    reference = row(hub)["reference"]
    for _ in range(3):
        report(hub, reference, Fate.FAILED)
    report(hub, "never-heard-of", Fate.FAILED)
    assert send_notices(hub) == 1
    assert len(mailbox.mails) == 1
    report(hub, reference, Fate.FAILED)
    assert told(hub) == []


def test_who_cannot_be_told_is_told_of_to_the_supervisors_and_then_to_the_admin(hub, gateway, mailbox):
    choose(hub, phone=None)
    mailbox.answers |= {f"{name}@example.org": "550 no such user" for name in ("bilal", "sara")}
    put(hub, handoff=HANDOFF)
    put(hub, key="k2", handoff=HANDOFF)
    send_notices(hub)
    assert row(hub)["failed"] == "no_address"
    assert told(hub) == sorted([BILAL, SARA])
    send_notices(hub)
    assert told(hub) == sorted([BILAL, SARA, ADMIN])
    mailbox.answers["admin@example.org"] = "550 no such user"
    send_notices(hub)
    assert send_notices(hub) == 0
    assert len(told(hub)) == 3
    with hub.database.read() as connection:
        assert Notices(connection).untold(HANDOFF, AGENCY) == 5


def test_a_supervisor_who_cannot_be_told_is_not_told_so_themselves(hub):
    choose(hub, member=BILAL, phone=None)
    put(hub, to_member=BILAL)
    send_notices(hub)
    assert told(hub) == [SARA]


def test_a_text_outside_that_fails_is_told_to_those_on_whose_behalf_it_went(hub, gateway):
    put_text(hub)
    send_notices(hub)
    report(hub, row(hub, "t1")["reference"], Fate.FAILED)
    assert row(hub, "t1")["failed"] == "not_delivered"
    assert told(hub) == sorted([BILAL, SARA])


def test_a_text_that_arrived_stays_so_whatever_is_said_later(hub):
    put_text(hub)
    send_notices(hub)
    reference = row(hub, "t1")["reference"]
    report(hub, reference, Fate.DELIVERED)
    report(hub, reference, Fate.FAILED)
    assert row(hub, "t1")["delivered_at"] == MORNING
    assert told(hub) == []


def test_rapidpro_is_asked_what_became_of_texts_until_it_knows(rapidpro, clock):
    gateway, hub = rapidpro
    put_text(hub)
    put_text(hub, key="t2")
    send_notices(hub)
    assert ask_gateway(hub) == 0, "not before five minutes"
    first, second = sorted(gateway.statuses)
    gateway.statuses |= {first: "delivered", second: "wired"}
    clock.forward(300)
    assert ask_gateway(hub) == 1
    gateway.statuses[second] = "failed"
    clock.forward(600)
    assert ask_gateway(hub) == 0
    clock.forward(900)
    assert ask_gateway(hub) == 1
    keys = {row(hub, key)["reference"]: row(hub, key) for key in ("t1", "t2")}
    assert keys[str(first)]["delivered_at"]
    assert keys[str(second)]["failed"] == "not_delivered"
    assert told(hub) == sorted([BILAL, SARA])


def test_a_gateway_that_calls_by_itself_is_not_asked(database, clock, tmp_path):
    with serving(AfricasTalkingServer()) as gateway:
        hub = make_hub(database, clock, gateway, tmp_path)
        put_text(hub)
        send_notices(hub)
        clock.forward(86_400)
        assert ask_gateway(hub) == 0
        assert len(gateway.asked) == 1


def test_a_text_that_cannot_be_written_holds_no_other_back(hub, gateway):
    put_text(hub, template=ASK_BACK, facts={"agency": "Shelter"})
    put_text(hub, key="t2")
    assert send_notices(hub) == 1
    assert row(hub, "t1")["failed"] == "refused"


def test_rapidpro_that_speaks_of_another_broadcast_is_not_believed(rapidpro, clock):
    gateway, hub = rapidpro
    put_text(hub)
    send_notices(hub)
    clock.forward(300)
    gateway.says(200, {"results": [{"broadcast": 7, "direction": "out", "status": "failed"}]})
    assert ask_gateway(hub) == 0
    assert row(hub, "t1")["failed"] is None


def test_a_text_of_which_nothing_is_ever_heard_is_asked_about_five_times(rapidpro, clock):
    gateway, hub = rapidpro
    put_text(hub)
    send_notices(hub)
    before = len(gateway.asked)
    for _ in range(200):
        clock.forward(900)
        ask_gateway(hub)
    assert len(gateway.asked) - before == 5
    assert row(hub, "t1")["failed"] is None


def test_without_a_gateway_texts_wait_and_mails_go(hub, mailbox, database, clock, tmp_path):
    put_text(hub)
    put(hub, to_member=BILAL)
    hub.settings = Settings(data=tmp_path, smtp=mailbox.address, url="https://hub.example:8443")
    assert send_notices(hub) == 1
    assert ask_gateway(hub) == 0
    assert row(hub, "t1")["tries"] == 0


WHOLE = {"sms": "rapidpro", "sms_url": "https://rapidpro.example", "sms_secret": "k"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"sms": "pigeon"},
        {"sms_url": ""},
        {"sms_secret": ""},
        {"sms_url": "rapidpro.example"},
        {"sms_url": "http://x.y"},
    ],
)
def test_a_gateway_that_is_half_set_up_or_in_clear_is_said_at_the_start(wrong):
    with pytest.raises(Unavailable):
        check_gateway(Settings(**(WHOLE | wrong)))


@pytest.mark.parametrize(
    "more", [{}, {"sms_url": "http://localhost:8000"}, {"sms_url": "http://x", "private_peers": True}]
)
def test_a_gateway_is_reached_by_tls_or_on_this_machine_or_in_a_closed_network(more):
    check_gateway(Settings(**(WHOLE | more)))


def test_no_secret_of_a_gateway_is_in_what_the_settings_show():
    assert "hush" not in repr(Settings(sms_secret="hush", sms_callback="hush"))


def test_notices_about_texts_are_purged_with_the_rest(hub, clock):
    put_text(hub)
    send_notices(hub)
    clock.forward(91 * 24 * 3600)
    assert purge_notices(hub) == 1
