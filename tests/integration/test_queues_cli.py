"""Queues at people's desks: two hubs, real clients, and the command line as it is read on a narrow screen."""

import json
from types import SimpleNamespace

import pytest

from hub.client import queues, reading, referrals
from hub.client.referrals import Outgoing
from hub.clock import FileClock, SetClock
from hub.errors import Forbidden, InvalidRequest
from hub.queues.domain import QUEUES, Desk
from tests.conftest import NOW
from tests.support import terminal
from tests.support.world import SECTIONS, populated, reception, world

HOME, AWAY = "dj.example", "et.example"
ROLES = {
    "omar": "caseworker",
    "sada": "supervisor",
    "clerk": "coordinator",
    "rita": "auditor",
    "dora": "data_officer",
    "aden": "agency_admin",
    "desk": "provider",
    "fatuma": "focal_point",
    "deputy": "deputy",
}
READ = {
    "owner": {"omar", "sada", "fatuma", "deputy"},
    "provider": {"omar", "sada", "fatuma", "deputy", "desk"},
    "supervisor": {"sada"},
    "coordinator": {"clerk"},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("queues"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        for login, role in ROLES.items():
            made.join(made.members["amina"], login, {role})
        made.join(made.members["hana"], "kidane", {"provider"})
        yield made


@pytest.fixture
def people(place):
    place.clock.at += 60
    return place.members


def refer(place, urgency="urgent", **more):
    amina, to = place.members["amina"], place.members["hana"].agency
    held = reception(amina, place.clock, to)
    handoff = referrals.send(amina, Outgoing(to, SECTIONS, held, "reception", urgency, **more)).handoff
    place.run()
    return handoff


def hub(member, *words, code=0, **more):
    passphrase = member.profile.folder.parent / "passphrase"
    passphrase.write_text("correct horse battery staple")
    where = ("--profile", member.profile.folder, "--passphrase-file", passphrase)
    clock = passphrase.with_name("clock")
    FileClock(clock).put(member.clock.now(), factor=0)
    return terminal.hub(*where, *words, code=code, COLUMNS="80", HUB_CLOCK_FILE=str(clock), **more)


def ids(member, desk, queue, **choice):
    return [row["id"] for row in queues.rows(member, Desk(desk), queue, **choice).rows]


def with_nothing(ask):
    with pytest.raises(Forbidden):
        ask()


@pytest.mark.parametrize("login", ROLES)
def test_each_desk_is_read_by_its_roles_and_a_coordinator_or_auditor_reads_no_case(place, people, login):
    refer(place)
    member = people[login]
    for desk in Desk:
        for ask in (lambda d=desk: queues.counts(member, d), lambda d=desk: ids(member, d, QUEUES[d][0])):
            if login in READ[desk]:
                ask()
            else:
                with_nothing(ask)
    if login not in READ["coordinator"]:
        with_nothing(lambda: queues.loads(member))


def test_a_coordinator_learns_numbers_of_the_own_agency_and_of_others_a_band(place, people):
    handoff = refer(place)
    found = queues.loads(people["clerk"])
    assert handoff not in json.dumps(found)
    assert all(set(row) == {"agency", "open", "past_due", "median_days"} for row in found)
    own = people["clerk"].agency
    assert (found[0]["agency"], found[0]["open"]) == (own, "0")
    others = [row for row in found if row["agency"] != own]
    assert all(row["median_days"] is None and row["open"] in {"few", "some"} for row in others)
    assert people["daher"].agency in {row["agency"] for row in others}  # to whom nothing was sent: few, as all


def test_a_referral_goes_through_the_queues_of_both_sides(place, people):
    amina, kidane = people["amina"], people["kidane"]
    handoff = refer(place, needed_from="2026-12-10")
    assert handoff in ids(amina, "owner", "unacknowledged")
    assert handoff in ids(kidane, "provider", "new")
    referrals.take(kidane, handoff, "acknowledge")
    place.run()
    assert handoff in ids(amina, "owner", "undecided")
    assert handoff in ids(kidane, "provider", "undecided")
    referrals.take(kidane, handoff, "accept", first_contact="2026-12-09")
    place.run()
    assert handoff in ids(amina, "owner", "not_started")
    assert handoff in ids(kidane, "provider", "to_start", mine=True)
    row = next(row for row in queues.rows(amina, Desk.OWNER, "not_started", mine=True).rows if row["id"] == handoff)
    assert (row["sent_by"], row["owner"], row["ball"]) == (amina.id, kidane.id, "recipient")
    assert row["state"] == reading.show(amina, handoff).state


def test_rungs_are_seen_by_the_supervisors_of_both_sides_whichever_hub_told_them(place, people):
    handoff = refer(place)
    for _ in range(3):
        place.clock.at += 86_400
        place.run()
    place.run()
    assert handoff in ids(people["sada"], "supervisor", "escalated")
    assert handoff in ids(people["hana"], "supervisor", "escalated")
    (there,) = [row for row in queues.rows(people["hana"], Desk.PROVIDER).rows if row["id"] == handoff]
    (here,) = [row for row in queues.rows(people["amina"], Desk.OWNER).rows if row["id"] == handoff]
    assert there["rung"] == here["rung"] >= 3
    assert (there["next_rung"], there["next_at"]) == (here["next_rung"], here["next_at"])


def test_a_long_queue_is_read_to_its_end_and_no_further_than_was_asked(place, people, monkeypatch):
    sent = {refer(place) for _ in range(5)}
    monkeypatch.setattr(queues, "_PAGE", 2)
    assert sent <= set(ids(people["amina"], "owner", "open"))
    few = queues.rows(people["amina"], Desk.OWNER, most=3)
    assert (len(few.rows), few.more) == (3, True)


def test_a_hub_is_asked_for_nothing_that_is_not_on_its_lists(people):
    with pytest.raises(InvalidRequest):
        queues.rows(people["amina"], Desk.OWNER, "everything")
    with pytest.raises(InvalidRequest):
        queues.rows(people["amina"], Desk.OWNER, after="1 or 1=1")


def test_the_table_fits_a_narrow_screen_and_breaks_nothing_that_is_copied(place, people):
    handoff = refer(place, "emergency", needed_from="2026-12-12")
    only = ("--urgency", "emergency", "--with", f"addis@{AWAY}")
    said = hub(people["amina"], "queue", "owner", "unacknowledged", *only)
    assert max(map(len, said.splitlines())) <= 80
    assert handoff in said
    for word in ("Who acts, by when", f"addis@{AWAY}", "amina", "emergency", "reminder", "2026-12-12", "delivered"):
        assert word in said
    found = _json(people["amina"], "owner", "unacknowledged", "--mine")
    (row,) = [json.loads(line) for line in found if handoff in line]
    assert (row["id"], row["urgency"], row["ball"]) == (handoff, "emergency", "recipient")


def test_without_a_queue_a_desk_shows_how_much_stands_where(place, people):
    refer(place)
    said = hub(people["amina"], "queue", "owner")
    assert "back with you" in said
    assert [line.split()[0] for line in said.splitlines() if line[:1].islower()] == [
        *QUEUES[Desk.OWNER],
        *("beside", "inquiries", "timers"),
    ]
    assert max(map(len, said.splitlines())) <= 80
    rows = {row["queue"]: row["count"] for row in map(json.loads, _json(people["sada"], "supervisor"))}
    assert {*QUEUES[Desk.SUPERVISOR], "emergencies", "lifted", "openings", "dates"} == set(rows)
    for desk, logins in (("owner", ("omar", "fatuma", "deputy")), ("provider", ("desk", "kidane"))):
        for login in logins:
            assert {"queue": "inquiries", "count": 0} in map(json.loads, _json(people[login], desk))
    said = hub(people["clerk"], "queue", "coordinator")
    assert "few" in said
    hub(people["rita"], "queue", "owner", code=5)


def _json(member, *words):
    return hub(member, "queue", *words, "--json").splitlines()


def test_a_hub_that_never_ends_its_pages_holds_no_client_for_ever():
    liar = _Endless()
    found = queues.rows(SimpleNamespace(hub=liar), Desk.OWNER, most=5)
    assert (len(found.rows), found.more, liar.asked < 50) == (5, True, True)


class _Endless:
    asked = 0

    def post(self, _path, asked):
        self.asked += 1
        rows = [{"id": f"{self.asked}-{n}"} for n in range(asked["limit"])]
        return {"items": rows, "next": "1"}
