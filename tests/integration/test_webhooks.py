"""Events for agencies' own systems, on both databases: numbered, in order, signed, without content, never lost."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from hub.errors import Conflict, HubError, InvalidRequest, NotFound
from hub.federation.line import Line
from hub.federation.signing import Request, verify_request
from hub.notify.events import BATCH, MOST, Events, webhook_events
from hub.notify.jobs import wait_after
from hub.notify.store import notices
from hub.notify.templates import UNTOLD
from hub.packets.encoding import b64u, sha256
from hub.webhooks.address import checked_address
from hub.webhooks.jobs import TAG, purge_events, send_events
from tests.support.desks import settle
from tests.support.factories import hub_signer
from tests.support.gateways import SystemServer, serving

MEMBERS = {"seq", "type", "handoff", "state", "at"}


@pytest.fixture
def system():
    with serving(SystemServer()) as found:
        yield found


@pytest.fixture
def hooked(home, people, system):
    home.hub.settings = replace(home.hub.settings, private_peers=True)
    home.hub.wire = home.hub.clock
    return register(home.hub, people.shelter.agency, f"{system.url}/handover?from=hub")


def register(hub, agency, url):
    with hub.database.write() as connection:
        return Events(connection).register(agency, url, hub.clock.now())


def shown(hub, hook):
    with hub.database.read() as connection:
        return Events(connection).get(hook.agency, hook.id)


def put(hub, agency, times=1):
    with hub.database.write() as connection:
        for _ in range(times):
            Events(connection).put({agency}, kind="referral.accept", handoff="h" * 22, state="accepted", now=1)


def test_each_step_of_a_referral_is_told_once_in_its_order_and_says_nothing_else(hooked, delivered, home, system):
    assert send_events(home.hub) == 2
    assert send_events(home.hub) == 0
    assert [(event["seq"], event["type"], event["state"]) for event in system.events] == [
        (1, "referral.submit", "submitted"),
        (2, "referral.deliver", "delivered"),
    ]
    assert all(set(event) == MEMBERS for event in system.events)
    assert {event["handoff"] for event in system.events} == {delivered}
    assert "Hagos" not in str(system.asked)


def test_the_recipients_system_is_told_what_took_effect_when_the_ordering_hub_said_so(
    delivered, home, away, people, system
):
    away.hub.settings = replace(away.hub.settings, private_peers=True)
    register(away.hub, people.centre.agency, system.url)
    step = people.sign("referral.acknowledge", delivered, people.centre.members["desk"])
    away.post(step, None, people.centre.agency)
    assert send_events(away.hub) == 0, "the sender's hub has not said yet that it took effect"
    settle(home, away)
    send_events(away.hub)
    assert [(event["type"], event["state"]) for event in system.events] == [("referral.acknowledge", "acknowledged")]


def test_a_step_that_was_rolled_back_leaves_no_number(hooked, home, people):
    def step(connection):
        Events(connection).put({people.shelter.agency}, kind="x", handoff="h", state=None, now=1)
        raise RuntimeError

    with pytest.raises(RuntimeError), home.hub.database.write() as connection:
        step(connection)
    assert shown(home.hub, hooked).seq == 0


def test_steps_at_the_same_time_get_numbers_without_gaps_and_do_not_wait_for_one_another_for_ever(home, people):
    agencies = [people.shelter.agency, people.centre.agency]
    hooks = [register(home.hub, agency, f"https://system.example/{n}") for agency in agencies for n in range(2)]

    def step(number):
        with home.hub.database.write() as connection:
            Events(connection).put(agencies, kind="x", handoff=f"h{number}", state=None, now=1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(step, range(40)))
    with home.hub.database.read() as connection:
        told = [Events(connection).after(hook.id, 0) for hook in hooks]
    assert [[event.seq for event in events] for events in told] == [list(range(1, 41))] * len(hooks)
    assert len({tuple(event.handoff for event in events) for events in told}) == 1


def test_nobody_is_told_of_other_agencies_handoffs(hooked, home, people, system):
    put(home.hub, people.centre.agency)
    assert send_events(home.hub) == 0
    assert system.asked == []


def test_an_event_is_signed_for_events_and_for_nothing_else(hooked, delivered, home, system):
    send_events(home.hub)
    method, path, headers, body = system.asked[0]
    request = Request(method, system.url + path, headers)
    key = hub_signer(home.hub.origin)

    def keys(keyid):
        return key.public_key if keyid == key.kid else None

    now = home.hub.clock.now()
    signed = verify_request(request, keys, now=now, size=len(body), tag=TAG)
    assert signed.digest == b64u(sha256(body))
    with pytest.raises(HubError):
        verify_request(request, keys, now=now, size=len(body))


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 302])
def test_what_is_not_taken_is_sent_again_until_it_is(hooked, delivered, home, system, status):
    clock = home.hub.clock
    system.says(status, b"", Location=f"{system.url}/elsewhere")
    assert send_events(home.hub) == 0
    assert shown(home.hub, hooked).tries == 1
    assert send_events(home.hub) == 0, "not before its next try"
    clock.forward(wait_after(0))
    assert send_events(home.hub) == 2
    assert [event["seq"] for event in system.events] == [1, 2]
    assert (shown(home.hub, hooked).tries, shown(home.hub, hooked).failing_since) == (0, None)


def test_many_events_come_in_order_a_batch_at_a_time(hooked, home, people, system):
    put(home.hub, people.shelter.agency, times=BATCH + 5)
    assert (send_events(home.hub), send_events(home.hub), send_events(home.hub)) == (BATCH, 5, 0)
    assert [event["seq"] for event in system.events] == list(range(1, BATCH + 6))


def test_a_claim_that_nobody_finished_comes_back(hooked, delivered, home, clock):
    with home.hub.database.write() as connection:
        assert len(Events(connection).claim(clock.now())) == 1
    assert send_events(home.hub) == 0
    clock.forward(120)
    assert send_events(home.hub) == 2


def test_of_two_workers_that_sent_the_same_one_counts(hooked, home, people, clock):
    put(home.hub, people.shelter.agency, times=3)
    with home.hub.database.write() as connection:
        (stale,) = Events(connection).claim(clock.now())
        Events(connection).took(stale, 3, clock.now())
        Events(connection).took(replace(stale, sent=1), 1, clock.now())
        Events(connection).failed(replace(stale, sent=1), clock.now(), clock.now())
    assert (shown(home.hub, hooked).sent, shown(home.hub, hooked).tries) == (3, 0)


def test_a_system_that_is_away_for_a_day_is_told_of_once(hooked, delivered, home, people, system, clock):
    people.shelter.member("admin", "agency_admin")
    home.know(people.shelter)
    for _ in range(30):
        system.says(503, b"")
        send_events(home.hub)
        clock.forward(6 * 3600)
    with home.hub.database.read() as connection:
        told = connection.scalars(select(notices.c.to_agency).where(notices.c.template == UNTOLD)).all()
    assert told == [people.shelter.agency]


def test_a_system_at_a_private_address_is_never_called(hooked, delivered, home, system):
    home.hub.settings = replace(home.hub.settings, private_peers=False)
    assert send_events(home.hub) == 0
    assert system.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://system.example/x",
        "https://user:secret@system.example/x",
        "https://127.0.0.1/x",
        "https://10.0.0.7/x",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.7]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/x",
        "https://printer.local/x",
        "https://intranet/x",
        "https://system.example/x#part",
        "https://système.example/x",
        "https://system.example/a b",
        "https://system.example:0/x",
        "https:///x",
        "https://[x",
        "file:///etc/passwd",
        "https://system.example/" + "x" * 300,
    ],
)
def test_an_address_that_the_hub_should_not_call_is_refused(url):
    with pytest.raises(InvalidRequest):
        checked_address(url, private=False)


def test_an_address_may_have_a_path_and_a_query():
    assert checked_address("https://system.example:8443/in?k=1", private=False) == "https://system.example:8443/in?k=1"


def test_an_agency_has_a_few_addresses_each_once_and_only_its_own(hooked, home, people):
    agency = people.shelter.agency
    with pytest.raises(Conflict):
        register(home.hub, agency, hooked.url)
    for number in range(MOST - 1):
        register(home.hub, agency, f"https://system.example/{number}")
    with pytest.raises(Conflict):
        register(home.hub, agency, "https://system.example/more")
    with home.hub.database.write() as connection, pytest.raises(NotFound):
        Events(connection).remove(people.centre.agency, hooked.id)


def test_a_gap_can_be_asked_for_again_until_three_months_are_over(hooked, delivered, home, clock, system):
    send_events(home.hub)
    with home.hub.database.read() as connection:
        assert [event.seq for event in Events(connection).after(hooked.id, 1)] == [2]
    assert purge_events(home.hub) == 0
    clock.forward(91 * 86_400)
    assert purge_events(home.hub) == 2


def test_removing_an_address_forgets_its_events(hooked, delivered, home):
    with home.hub.database.write() as connection:
        Events(connection).remove(hooked.agency, hooked.id)
        assert connection.scalar(select(func.count()).select_from(webhook_events)) == 0
    assert send_events(home.hub) == 0


def test_a_line_to_a_peer_signs_for_peers():
    assert Line.tag == "rcp-fed-1" != TAG


def test_what_is_sent_is_json_that_names_its_hub(hooked, delivered, home, system):
    send_events(home.hub)
    (batch,) = system.batches
    assert set(batch) == {"v", "host", "webhook", "events"}
    assert (batch["host"], batch["webhook"]) == (home.hub.origin, hooked.id)
    assert json.loads(system.asked[0][3]) == batch
