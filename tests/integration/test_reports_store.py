"""What was published stays, and the questions of statistics are answered alike, on both databases."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import insert

from hub.directory.gaps.store import GapStore
from hub.followup.domain import Urgency, start
from hub.followup.store import FollowUps
from hub.handoffs.store import handoffs, statements
from hub.packets.dsse import Signer, sign_envelope
from hub.packets.encoding import b64u, sha256
from hub.referrals.domain import Maker, Referral, State
from hub.referrals.store import ReferralStore
from hub.reports.document import COUNTS_TYPE
from hub.reports.store import ReportStore
from hub.statements.grammar import STATEMENT_TYPE, Grade

NOW, HOUR = 1_795_290_000, 3600
SHELTER, CLINIC, SCHOOL = (f"urn:rcp:agency:{name}@hub.example" for name in ("shelter", "clinic", "school"))
HUB = Signer(bytes([3]) * 32)


def document(n):
    return sign_envelope(COUNTS_TYPE, {"n": n}, [HUB])


def refer(connection, n, to=CLINIC, *, at=NOW, state=State.DELIVERED, sender=SHELTER):
    name = f"{n:021d}A"
    hosts = {"from_host": "hub.example", "to_host": "hub.example"}
    sides = {"from_agency": sender, "to_agency": to}
    connection.execute(insert(handoffs).values(id=name, kind="referral", created=at, touched=at, **sides, **hosts))
    made = Maker("referral.submit", sender)
    facts = {"submitted_at": at, "due": at + HOUR, "needed_from": None, "grade": Grade.SIGNED, "made_by": made}
    ReferralStore(connection).add(Referral(name, sender, to, urgency=Urgency.EMERGENCY, state=state, **facts))
    FollowUps(connection).replace(name, start(name, "delivered", "emergency", at))
    return name


def say(connection, handoff, kind, at, standing="effective", **body):
    value = {"type": kind, "handoff": handoff, "body": body, "at": at}
    envelope = sign_envelope(STATEMENT_TYPE, value, [HUB])
    row = {"agency": CLINIC, "grade": "signed", "received": at, "standing": standing, "answer": b""}
    index = at * 100 + len(body)
    names = {"hash": b64u(sha256(envelope.to_bytes())), "handoff": handoff, "type": kind, "at": at, "log_index": index}
    connection.execute(insert(statements).values(**names, **row, envelope=envelope.to_bytes()))


def test_a_month_is_kept_once_and_only_its_own_bytes_come_again(database):
    with database.write() as connection:
        store = ReportStore(connection)
        assert store.publish(SHELTER, "2026-05", document(1), NOW)
        assert store.publish(SHELTER, "2026-05", document(1), NOW + 1)
        assert not store.publish(SHELTER, "2026-05", document(2), NOW)
        assert store.publish(CLINIC, "2026-05", document(3), NOW)
        assert store.publish(CLINIC, "2026-04", document(4), NOW)
    with database.read() as connection:
        store = ReportStore(connection)
        assert store.published(SHELTER, "2026-05") == document(1).to_bytes()
        assert len(store.of_month("2026-05")) == 2
        assert [row.month for row in store.of_host("hub.example", "2026-04")] == ["2026-04", "2026-05", "2026-05"]
        assert store.of_host("hub.example", "2026-06") == store.of_host("other.example", "2026-01") == []
        assert store.by_hash(document(3).hash, "hub.example") == document(3).to_bytes()
        assert store.by_hash(document(3).hash, "other.example") is None


def test_unmet_need_of_a_month_is_said_one_way(database):
    with database.write() as connection:
        store = GapStore(connection)
        assert store.say_once(SHELTER, "2026-05", "one")
        assert store.say_once(SHELTER, "2026-05", "one")
        assert not store.say_once(SHELTER, "2026-05", "other")
        assert store.say_once(SHELTER, "2026-06", "other")


def test_the_course_of_a_referral_is_read_from_what_took_effect(database):
    with database.write() as connection:
        one = refer(connection, 1)
        say(connection, one, "referral.deliver", NOW + 10)
        say(connection, one, "referral.acknowledge", NOW + 100, standing="refused")
        say(connection, one, "referral.overdue", NOW + 200, clock="first_answer", rung=0, tell=[])
        say(connection, one, "referral.acknowledge", NOW + 300)
        say(connection, one, "referral.accept", NOW + 400)
        say(connection, one, "referral.overdue", NOW + 500, clock="first_contact", rung=0, tell=[])
        refer(connection, 2, sender=CLINIC, to=SHELTER)
        refer(connection, 3, sender=CLINIC, to=SCHOOL)
        refer(connection, 4, at=NOW + 40 * 86_400)
    with database.read() as connection:
        store = ReportStore(connection)
        found = store.courses(SHELTER, (NOW, NOW + 86_400), {SHELTER: "DJ", CLINIC: "ET"}.__getitem__)
    first, second = sorted(found, key=lambda course: not course.sent)
    assert first.corridor == ("DJ", "ET")
    assert first.first == {"delivery": 10, "answer": 300, "decision": 400}
    assert (dict(first.rungs), first.late) == ({0: 2}, True)
    assert (second.sent, second.corridor, second.first, second.late) == (False, ("ET", "DJ"), {}, False)


def test_the_board_counts_what_is_past_due_since_a_day_by_agency(database):
    with database.write() as connection:
        for n in range(3):
            refer(connection, n)
        refer(connection, 3, SCHOOL)
        old = refer(connection, 4, SCHOOL, at=NOW - 90 * 86_400)
        clocks = FollowUps(connection)
        clocks.replace(old, replace(clocks.get(old), due_at=NOW))
    with database.read() as connection:
        store = ReportStore(connection)
        assert store.waiting(NOW, NOW + HOUR) == {}
        assert store.waiting(NOW, NOW + 5 * HOUR) == {CLINIC: 3, SCHOOL: 1}
        assert store.waiting(NOW - 100 * 86_400, NOW + 5 * HOUR) == {CLINIC: 3, SCHOOL: 2}
