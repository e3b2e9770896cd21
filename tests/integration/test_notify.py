"""Notices on both databases, by a real mail server: each one once, none lost, and nothing about anybody."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hub.auth.store import Account, AccountStore
from hub.context import Hub
from hub.errors import InvalidRequest
from hub.notify.jobs import MOST_TRIES, purge_notices, send_notices, wait_after
from hub.notify.smtp import TIMEOUT, compose
from hub.notify.smtp import mail_server as connect
from hub.notify.store import LEASE, Notices, notices
from hub.notify.templates import AREA, TEMPLATES, WAITS, words
from hub.packets.dsse import Signer
from hub.settings import Settings
from tests.support.smtp import free_port, mail_server

AGENCY = "urn:rcp:agency:shelter@hub.example:8443"
AMINA, BILAL = "A" * 22, "B" * 21 + "A"


@pytest.fixture
def mailbox():
    with mail_server() as found:
        yield found


@pytest.fixture
def hub(database, clock, mailbox, tmp_path):
    with database.write() as connection:
        for login, member, mail in (("amina", AMINA, "amina@example.org"), ("bilal", BILAL, None)):
            AccountStore(connection).add(
                Account(login, AGENCY, member, frozenset(), mail, b"", "{}", b"", 1, None, "", "", 0)
            )
    return make_hub(database, clock, mailbox.address, tmp_path)


def make_hub(database, clock, smtp, folder):
    settings = Settings(data=folder, smtp=smtp, url="https://hub.example:8443", mail_from="handover@hub.example")
    return Hub(settings, database, clock, Signer(bytes(32)), "hub.example:8443")


def put(hub, key="k1", member=AMINA, template=WAITS, **more):
    with hub.database.write() as connection:
        return Notices(connection).put(
            key=key, to_agency=AGENCY, to_member=member, template=template, now=hub.clock.now(), **more
        )


def row(hub, key="k1"):
    with hub.database.read() as connection:
        return connection.execute(select(notices).where(notices.c.key == key)).mappings().one()


def test_a_notice_says_that_something_waits_and_never_what(hub, mailbox):
    handoff = "hhhhhhhhhhhhhhhhhhhhhA"
    put(hub, key=f"{handoff}:first-answer:1", handoff=handoff)
    assert send_notices(hub) == 1
    (mail,) = mailbox.mails
    assert mail["To"] == "amina@example.org"
    assert mail["From"] == "handover@hub.example"
    assert mail.get_content().replace("\r\n", "\n") == (
        "Something at hub.example:8443 waits for your answer.\nSign in: https://hub.example:8443\n"
    )
    assert handoff not in mail.as_string()
    assert AMINA not in mail.as_string()
    assert "shelter" not in mail.as_string()


def test_a_notice_is_promised_once_under_one_key_and_sent_once(hub, mailbox):
    assert put(hub) is True
    assert put(hub) is False
    assert send_notices(hub) == 1
    assert send_notices(hub) == 0
    assert put(hub) is False
    assert len(mailbox.mails) == 1
    assert row(hub)["sent_at"] == hub.clock.now()


def test_a_notice_of_a_step_that_was_rolled_back_was_never_promised(hub, mailbox):
    def step(connection):
        Notices(connection).put(key="k", to_agency=AGENCY, to_member=AMINA, template=WAITS, now=1)
        raise RuntimeError

    with pytest.raises(RuntimeError), hub.database.write() as connection:
        step(connection)
    assert send_notices(hub) == 0


def test_each_of_many_waiting_notices_is_sent_once_after_a_day_of_downtime(hub, mailbox, clock):
    for number in range(60):
        put(hub, key=f"late-{number}")
    clock.forward(24 * 3600)
    while send_notices(hub):
        pass
    assert len(mailbox.mails) == 60
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 60


def test_the_area_focal_point_learns_a_number_and_whom_to_phone(hub, mailbox):
    put(hub, template=AREA, facts={"recipient": "Clinic", "n": 3, "duty": "+253 00 00 00"})
    send_notices(hub)
    assert mailbox.mails[0].get_content().strip() == "Clinic: 3 unanswered past due; duty number +253 00 00 00"


def test_a_member_without_an_address_is_not_written_to_and_it_shows(hub, mailbox):
    put(hub, member=BILAL)
    put(hub, key="k2", member="C" * 21 + "A")
    assert send_notices(hub) == 0
    assert row(hub)["failed"] == "no_address"
    with hub.database.read() as connection:
        assert (Notices(connection).waiting(), Notices(connection).failures()) == (0, 2)


def test_a_mail_server_that_is_away_delays_a_notice_and_loses_none(hub, database, clock, mailbox, tmp_path):
    put(hub)
    away = make_hub(database, clock, f"127.0.0.1:{free_port()}", tmp_path)
    assert send_notices(away) == 0
    assert row(hub)["next_try"] == clock.now() + wait_after(0)
    assert send_notices(hub) == 0, "not before its next try"
    clock.forward(wait_after(0))
    assert send_notices(hub) == 1


def test_without_a_mail_server_notices_wait(hub, database, clock, tmp_path):
    put(hub)
    assert send_notices(make_hub(database, clock, "", tmp_path)) == 0
    assert row(hub)["tries"] == 0


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:x", "", ":", "127.0.0.1:99999"])
def test_an_address_that_is_none_is_a_server_that_is_away(address):
    with connect(address, timeout=1) as server:
        assert server is None


def test_an_address_that_the_server_refuses_for_ever_is_given_up(hub, mailbox):
    mailbox.answers["amina@example.org"] = "550 no such user"
    put(hub)
    assert send_notices(hub) == 0
    assert row(hub)["failed"] == "refused"


def test_an_address_that_is_refused_for_now_is_tried_again(hub, mailbox, clock):
    mailbox.answers["amina@example.org"] = "451 later"
    put(hub)
    assert send_notices(hub) == 0
    mailbox.answers.clear()
    clock.forward(wait_after(0))
    assert send_notices(hub) == 1


def test_tries_end(hub, mailbox, clock):
    mailbox.answers["amina@example.org"] = "451 later"
    put(hub)
    begun = clock.now()
    for _ in range(MOST_TRIES):
        send_notices(hub)
        clock.forward(wait_after(MOST_TRIES))
    assert row(hub)["failed"] == "too_many_tries"
    assert sum(map(wait_after, range(MOST_TRIES))) > 24 * 3600
    assert clock.now() > begun


def test_a_claim_that_nobody_finished_comes_back(hub, mailbox, clock):
    put(hub)
    with hub.database.write() as connection:
        assert len(Notices(connection).claim(clock.now())) == 1
    assert send_notices(hub) == 0
    clock.forward(LEASE)
    assert send_notices(hub) == 1


def test_what_is_done_with_is_purged_after_three_months(hub, mailbox, clock):
    put(hub)
    send_notices(hub)
    assert purge_notices(hub) == 0
    clock.forward(91 * 24 * 3600)
    put(hub, key="k2")
    assert purge_notices(hub) == 1
    assert row(hub, "k2")["next_try"]


def test_a_template_outside_the_list_or_without_its_facts_is_refused():
    with pytest.raises(InvalidRequest):
        words("child", {})
    with pytest.raises(InvalidRequest):
        words(AREA, {"recipient": "Clinic"})


def test_no_fact_can_add_a_line_or_a_header():
    _subject, text = words(AREA, {"recipient": "Clinic\r\nBcc: x@example.org", "n": 1, "duty": "1\n2"})
    assert text.count("\n") == 1
    with pytest.raises(ValueError, match="Header"):
        compose(sender="a@b", to="x@y\nBcc: z@y", subject="s", text="t", message_id="<1@b>")


def test_no_template_has_room_for_a_child_a_service_or_a_handoff():
    facts = dict.fromkeys(("hub", "url", "recipient", "n", "duty", "link", "host", "when"), "x")
    for template in TEMPLATES:
        words(template, facts)
    assert TIMEOUT < LEASE
