"""Reminders of the map: each rung once, nobody flooded; and contact details that wait, whatever the clock does."""

from __future__ import annotations

from itertools import count

import pytest
from sqlalchemy import select, update

from hub.context import Hub
from hub.directory.records.freshness import day_after
from hub.directory.records.vocabulary import CONTACT_HOLD, GROUPS
from hub.directory.servicemap.store import ServiceMap, map_due, map_records
from hub.directory.upkeep import links
from hub.directory.upkeep.ladder import RUNGS, release, remind
from hub.directory.upkeep.store import Requests, State, map_links, map_requests
from hub.followup.guard import Sweep, confirmed
from hub.followup.store import SweepState
from hub.keys.certificates import MemberCert
from hub.keys.store import KeyStore
from hub.notify.jobs import send_notices
from hub.notify.store import notices
from hub.packets.age import Identity
from hub.packets.dsse import Signer
from hub.settings import Settings
from tests.support import maps
from tests.support.smtp import mail_server

NOW, HOST, KEEPER = maps.NOW, maps.HOST, maps.KEEPER
NGO = f"urn:rcp:agency:ngo@{HOST}"
DAY = 24 * 3600
_INDEX = count(1)
CHECKED = maps.TODAY
FOCAL, DEPUTY, KEEPERS = "F" * 21 + "A", "D" * 21 + "A", "C" * 21 + "A"
PERSON = {"title": "Head nurse", "deputy": {"title": "Nurse", "agency": NGO, "member": DEPUTY}}


@pytest.fixture
def hub(database, clock, tmp_path):
    clock.at = NOW
    with database.write() as connection:
        maps.populated(connection)
        for agency, member, roles in ((NGO, FOCAL, {"focal_point"}), (KEEPER, KEEPERS, {"coordinator"})):
            join(connection, agency, member, roles)
        join(connection, NGO, DEPUTY, {"caseworker"})
    settings = Settings(data=tmp_path, url="https://hub.example")
    return Hub(settings, database, clock, Signer(bytes(32)), HOST)


def join(connection, agency, member, roles):
    device, recipient = Signer((member + agency).encode()[:16] * 2), str(Identity.generate().recipient)
    cert = MemberCert(agency, member, frozenset(roles), device.public_key, recipient, NOW - 1, NOW + 10**8)
    KeyStore(connection).put(cert.to_envelope(Signer(b"r" * 32)), next(_INDEX))


def put(hub, *documents):
    with hub.database.write() as connection:
        return maps.put(connection, *documents)


def only(hub, *groups):
    """Let nothing be due but some groups of the clinic."""
    with hub.database.write() as connection:
        keep = (map_due.c.id == maps.service()["id"]) & map_due.c.grp.in_(groups)
        connection.execute(update(map_due).where(~keep).values(rung=RUNGS))


def told(hub):
    with hub.database.read() as connection:
        rows = connection.execute(select(notices).order_by(notices.c.created, notices.c.key)).mappings()
        return [(row["template"], row["to_member"] or row["address"]) for row in rows]


def climb(hub, days):
    """Run the job every hour of some days."""
    for _ in range(days * 24):
        hub.clock.forward(3600)
        remind(hub)


def test_the_focal_point_then_the_deputy_then_the_coordinator_each_once(hub):
    put(hub, maps.provider(agency=NGO), maps.service(focal_point=PERSON))
    only(hub, "capacity", "focal_point")
    assert remind(hub) == 0, "nothing is due yet"
    with hub.database.write() as connection:
        due = {"due": day_after(CHECKED, 3), "limit_day": day_after(CHECKED, 10), "grp": "hours"}
        connection.execute(map_due.insert().values(id=maps.service()["id"], rung=0, told_at=None, **due))
    climb(hub, 2)
    assert told(hub) == []
    climb(hub, 1)
    assert told(hub) == [("map_due", FOCAL)]
    climb(hub, 6)
    assert told(hub) == [("map_due", FOCAL)]
    climb(hub, 1)
    assert told(hub) == [("map_due", FOCAL), ("map_due", DEPUTY)]
    climb(hub, 7)
    assert told(hub) == [("map_due", FOCAL), ("map_due", DEPUTY), ("map_due", KEEPERS)]
    climb(hub, 9)
    assert len(told(hub)) == 3


def test_after_a_month_of_downtime_the_rungs_still_come_one_by_one(hub):
    put(hub, maps.provider(agency=NGO), maps.service(focal_point=PERSON))
    only(hub, "offer")
    hub.clock.forward((GROUPS["offer"].cadence + 40) * DAY)
    remind(hub)
    assert told(hub) == [("map_due", FOCAL)]
    climb(hub, 8)
    assert told(hub) == [("map_due", FOCAL), ("map_due", DEPUTY)]


def test_with_nobody_on_a_rung_the_next_is_told_at_once(hub):
    only(hub, "offer")
    hub.clock.forward(GROUPS["offer"].cadence * DAY)
    remind(hub)
    assert told(hub) == [("map_due", KEEPERS)]


def test_past_its_limit_the_coordinator_learns_that_nobody_finds_it_any_more(hub):
    only(hub, "offer")
    hub.clock.forward(GROUPS["offer"].cadence * DAY)
    remind(hub)
    hub.clock.forward((GROUPS["offer"].limit - GROUPS["offer"].cadence - 1) * DAY)
    remind(hub)
    assert told(hub) == [("map_due", KEEPERS)]
    hub.clock.forward(DAY)
    remind(hub)
    remind(hub)
    assert told(hub) == [("map_due", KEEPERS), ("map_past", KEEPERS)]


def test_a_check_ends_the_ladder_and_the_next_one_begins_at_its_foot(hub):
    put(hub, maps.provider(agency=NGO), maps.service(focal_point=PERSON))
    only(hub, "offer")
    hub.clock.forward(GROUPS["offer"].cadence * DAY)
    remind(hub)
    today = day_after(CHECKED, GROUPS["offer"].cadence)
    put(hub, maps.service(focal_point=PERSON, verified=maps.checked(on=today)))
    only(hub, "offer")
    climb(hub, 30)
    assert told(hub) == [("map_due", FOCAL)]
    hub.clock.forward((GROUPS["offer"].cadence - 30) * DAY)
    remind(hub)
    assert told(hub) == [("map_due", FOCAL)] * 2


def test_a_thousand_things_due_are_one_mail_a_day(hub):
    services = [maps.service(f"Service {number}", verified={}) for number in range(300)]
    put(hub, *services)
    assert remind(hub) >= 300
    assert told(hub) == [("map_due", KEEPERS)]
    assert remind(hub) == 0


def test_a_focal_point_without_an_account_gets_a_link_and_no_second_one_while_it_is_open(hub):
    put(hub, maps.service(focal_point={"title": "Chief", "email": "chief@example.org"}))
    only(hub, "offer", "hours")
    hub.clock.forward(GROUPS["hours"].cadence * DAY)
    remind(hub)
    climb(hub, 2)
    assert told(hub) == [("map_link", "chief@example.org")]
    with mail_server() as box:
        hub.settings = Settings(data=hub.settings.data, smtp=box.address, url="https://hub.example")
        assert send_notices(hub) == 1
        text = box.mails[0].get_content()
    with hub.database.read() as connection:
        (link,) = connection.scalars(select(map_links.c.id))
        assert links.look(connection, link, hub.clock.now())
    assert "https://hub.example/update/" in text
    for secret in ("Chief@", "Child health", "Hill House", "North Hill"):
        assert secret not in text


def test_an_address_that_would_add_a_header_is_no_address(hub):
    put(hub, maps.service(focal_point={"email": "chief@example.org\nBcc: all@example.org"}))
    only(hub, "offer")
    hub.clock.forward(GROUPS["offer"].cadence * DAY)
    remind(hub)
    assert told(hub) == [("map_due", KEEPERS)]


def test_another_hubs_records_are_that_hubs_to_chase(hub):
    with hub.database.write() as connection:
        connection.execute(update(map_records).values(host="other.example"))
    hub.clock.forward(400 * DAY)
    assert remind(hub) == 0


def test_money_that_ends_is_told_two_months_before(hub):
    put(hub, maps.service(funded_until=day_after(CHECKED, 70)))
    only(hub, "funded")
    climb(hub, 9)
    assert told(hub) == []
    climb(hub, 2)
    assert told(hub) == [("map_due", KEEPERS)]


# Contact details


@pytest.fixture
def held(hub):
    put(hub, maps.service(phones=[{"number": "1"}]))
    put(hub, maps.service(phones=[{"number": "2"}]))
    sweep(hub)
    return hub


def sweep(hub):
    with hub.database.write() as connection:
        SweepState(connection).put(confirmed(hub.clock.now()))


def number(hub):
    with hub.database.read() as connection:
        return ServiceMap(connection).get(maps.service()["id"]).document["phones"][0]["number"]


def test_after_three_days_the_new_number_holds(held):
    for _ in range(71):
        held.clock.forward(3600)
        sweep(held)
        assert release(held) == 0
    held.clock.forward(3600)
    assert release(held) == 1
    assert number(held) == "2"
    with held.database.read() as connection:
        (state,) = connection.scalars(select(map_requests.c.state))
        assert state == State.DONE
        said = ServiceMap(connection).get(maps.service()["id"]).document["verified"]["contact"]
    assert said["on"] == CHECKED, "time is no check"
    assert release(held) == 0


@pytest.mark.parametrize("jump", [CONTACT_HOLD + 1, 400 * DAY, -DAY])
def test_attack_a_clock_that_jumps_lets_nothing_through(held, jump):
    held.clock.forward(jump)
    assert release(held) == 0
    assert number(held) == "1"


def test_attack_a_clock_put_back_after_the_change_makes_the_wait_longer_and_not_shorter(held):
    held.clock.forward(-2 * DAY)
    sweep(held)
    held.clock.forward(CONTACT_HOLD)
    sweep(held)
    assert release(held) == 0
    held.clock.forward(2 * DAY)
    sweep(held)
    assert release(held) == 1


def test_what_cannot_be_written_any_more_is_refused_and_holds_no_other_back(held):
    put(held, maps.service("Letters", phones=[{"number": "1"}]))
    put(held, maps.service("Letters", phones=[{"number": "2"}]))
    with held.database.write() as connection:
        broken = Requests(connection).of_record([maps.service()["id"]], State.HELD)[0]
        connection.execute(
            update(map_requests).where(map_requests.c.id == broken.id).values(changes='{"phones": [{"no": 1}]}')
        )
    held.clock.forward(CONTACT_HOLD)
    sweep(held)
    assert release(held) == 1
    assert number(held) == "1"
    with held.database.read() as connection:
        assert Requests(connection).get(broken.id).state is State.REFUSED


def test_suspended_time_waits_for_a_person(held):
    with held.database.write() as connection:
        SweepState(connection).put(Sweep(NOW + CONTACT_HOLD, suspended_since=NOW))
    held.clock.forward(CONTACT_HOLD)
    assert release(held) == 0
    sweep(held)
    assert release(held) == 1
