"""Whatever becomes of mail servers, gateways and workers: each notice arrives, or the next person hears of it.

Hypothesis plays people who change their minds, servers that refuse, are away or full, gateways that report late, twice
and falsely, and workers that die between sending and writing down.
"""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from hub.auth.store import Account, AccountStore
from hub.clock import SetClock
from hub.context import Hub
from hub.db import Database
from hub.notify.choices import Channel, Choice, Choices
from hub.notify.jobs import MOST_TRIES, send_notices, wait_after
from hub.notify.outcome import Fate
from hub.notify.store import LEASE, Notices, notices
from hub.notify.templates import UNTOLD, WAITS
from hub.notify.undelivered import take_report
from hub.packets.dsse import Signer
from hub.settings import Settings
from tests.support.factories import NOW, Agency, register
from tests.support.gateways import AfricasTalkingServer, serving
from tests.support.smtp import mail_server

SHELTER = Agency("shelter", host="hub.example")
PEOPLE = {"amina": "caseworker", "omar": "caseworker", "bilal": "supervisor", "admin": "agency_admin"}
MEMBERS = {name: SHELTER.member(name, role).member for name, role in PEOPLE.items()}
PHONES = {name: f"+2537700000{number}" for number, name in enumerate(PEOPLE)}
NAMES = st.sampled_from(sorted(PEOPLE))
CHANNELS = st.sampled_from([(Channel.MAIL,), (Channel.SMS,), (Channel.SMS, Channel.MAIL), (Channel.MAIL, Channel.SMS)])


class Telling(RuleBasedStateMachine):
    template: Path
    mailbox: object
    gateway: AfricasTalkingServer

    @initialize()
    def open_hub(self):
        self.folder, self.clock, self.number = Path(tempfile.mkdtemp()), SetClock(NOW), 0
        self.database = Database(f"sqlite:///{shutil.copy(self.template, self.folder / 'hub.sqlite')}")
        self.mailbox.answers.clear()
        self.gateway.codes.clear()
        self.gateway.lies.clear()
        with self.database.write() as connection:
            register(connection, SHELTER, origin=SHELTER.host)
            for name, member in MEMBERS.items():
                row = (name, SHELTER.agency, member, frozenset(), f"{name}@example.org", b"", "{}", b"", 1)
                AccountStore(connection).add(Account(*row, None, "", "", 0))
        given = {"sms": "africastalking", "sms_url": self.gateway.url, "sms_user": "handover"}
        given |= {"sms_secret": self.gateway.secret, "smtp": self.mailbox.address, "url": "https://hub.example"}
        self.hub = Hub(Settings(data=self.folder, **given), self.database, self.clock, Signer(bytes(32)), SHELTER.host)

    def rows(self):
        with self.database.read() as connection:
            return connection.execute(select(notices)).mappings().all()

    @rule(name=NAMES, emergency=st.booleans())
    def something_waits(self, name, emergency):
        self.number += 1
        with self.database.write() as connection:
            given = {"to_agency": SHELTER.agency, "to_member": MEMBERS[name], "template": WAITS}
            key = f"step {self.number}"
            Notices(connection).put(key=key, now=self.clock.now(), handoff="h" * 22, emergency=emergency, **given)

    @rule(name=NAMES, channels=CHANNELS, quiet=st.sampled_from([None, (0, 720), (1200, 300)]))
    def somebody_chooses(self, name, channels, quiet):
        with self.database.write() as connection:
            choice = Choice(channels=channels, phone=PHONES[name], quiet=quiet, zone="Africa/Djibouti")
            Choices(connection).put(SHELTER.agency, MEMBERS[name], choice)

    @rule(name=NAMES, answer=st.sampled_from(["550 no such user", "451 later", None]))
    def a_mailbox_changes(self, name, answer):
        self.mailbox.answers.pop(f"{name}@example.org", None)
        if answer:
            self.mailbox.answers[f"{name}@example.org"] = answer

    @rule(name=NAMES, code=st.sampled_from([(403, "InvalidPhoneNumber"), (500, "InternalServerError"), None]))
    def a_number_changes(self, name, code):
        self.gateway.codes.pop(PHONES[name], None)
        if code:
            self.gateway.codes[PHONES[name]] = code

    @rule(lie=st.sampled_from([(429, {}), (500, b"no"), (201, []), (201, {"SMSMessageData": {"Recipients": [{}]}})]))
    def the_gateway_answers_wrongly(self, lie):
        self.gateway.lies.clear()
        self.gateway.says(*lie)

    @rule()
    def a_worker_sends(self):
        send_notices(self.hub)

    @rule()
    def a_worker_dies_with_what_it_claimed(self):
        with self.database.write() as connection:
            Notices(connection).claim(self.clock.now(), list(Channel))

    @rule(pick=st.integers(0, 20), fate=st.sampled_from(Fate), times=st.integers(1, 2))
    def the_gateway_reports(self, pick, fate, times):
        known = [row["reference"] for row in self.rows() if row["reference"]]
        for _ in range(times if known else 0):
            with self.database.write() as connection:
                take_report(connection, self.hub.origin, known[pick % len(known)], fate, self.clock.now())

    @rule(seconds=st.sampled_from([1, LEASE, 3600, 12 * 3600]))
    def time_passes(self, seconds):
        self.clock.forward(seconds)

    @invariant()
    def each_notice_waits_or_went_or_was_given_up(self):
        for row in self.rows():
            passed = row["passed"].split()
            assert len(passed) == len(set(passed)) <= len(Channel)
            assert (row["next_try"] is not None) + (row["sent_at"] is not None) + (row["failed"] is not None) >= 1
            assert not (row["next_try"] is not None and row["failed"] is not None)

    def teardown(self):
        if not hasattr(self, "database"):
            return
        self.gateway.lies.clear()
        for _ in range(40 * MOST_TRIES):
            if not any(row["next_try"] is not None for row in self.rows()):
                break
            self.clock.forward(wait_after(MOST_TRIES))
            send_notices(self.hub)
        rows = self.rows()
        assert all(row["next_try"] is None for row in rows), "nothing waits for ever"
        told = {row["key"] for row in rows if row["template"] == UNTOLD}
        for row in rows:
            if row["failed"] and row["template"] != UNTOLD:
                assert any(f":{row['to_member']}:" in key for key in told), "somebody hears of it"
        self.database.close()
        shutil.rmtree(self.folder)


@pytest.mark.slow
def test_each_notice_arrives_or_the_next_person_hears_of_it(sqlite_template):
    Telling.template = Path(sqlite_template)
    with mail_server() as Telling.mailbox, serving(AfricasTalkingServer()) as Telling.gateway:
        run_state_machine_as_test(
            Telling,
            settings=settings(
                max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
