"""A case handed over between two agencies at two hubs, by their own clients: gates asked, packets sealed, both sign."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.client import basis as bases
from hub.client import cases, cosigning, disagreements, gates, handover, meetings, reading, records, transfers
from hub.client.judging import Plan, Purpose
from hub.clock import SetClock
from hub.errors import Conflict, Forbidden, GateClosed
from hub.ids import random_id
from tests.conftest import NOW
from tests.support.case_files import FILES, days_from
from tests.support.handovers import SAID
from tests.support.world import consent, grant, populated, today, world

HOME, AWAY = "dj.example", "et.example"
DAY, HOUR = 86_400, 3_600
SHOWN = ("identity", "status", "family_links", "needs_risk", "health", "child_views", "documents", "travel_arrival")


@pytest.fixture(scope="module")
def two_hubs(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        made.join(made.members["amina"], "omar", {"supervisor"})
        made.join(made.members["hana"], "bekele", {"supervisor"})
        yield made


@pytest.fixture
def people(two_hubs):
    return [two_hubs.members[name] for name in ("amina", "omar", "hana", "bekele")]


def plan(member, days=3):
    leaves = member.clock.now() + days * DAY
    return Plan(leaves, leaves + 6 * HOUR, leaves + 12 * HOUR)


def hagos(member, began=-2):
    """Hagos' file, as it is `-began` days after the scenario began."""
    day = days_from(today(member.clock) + timedelta(days=began))
    sections = FILES["SYN-ET-001"](day)
    sections["care_guardianship"]["situation"] = "unaccompanied"
    del sections["bia_bid"]["bid"]
    return cases.new(member, sections)


def on_basis(two_hubs, amina, hana):
    given = grant(two_hubs.clock, hana.agency, categories=set(SHOWN), purpose="transfer", turned_on=["status"])
    return bases.draft(amina, consent(two_hubs.clock, given), "transfer")


def excepted(amina, omar, case, leg):
    day = today(amina.clock)
    said = {"gate": "R24", "leg": leg, "mode": "bid_in_origin", "begins": day.isoformat()}
    said |= {"ends": (day + timedelta(days=10)).isoformat(), "bia_due": (day + timedelta(days=7)).isoformat()}
    said |= {
        "bid_due": (day + timedelta(days=14)).isoformat(),
        "reason": "the host has no panel before the border closes",
    }
    gates.approve(omar, case, said)


def says(member, leg, kind, **body):
    heads = reading.show(member, leg).heads
    said = member.statement(kind, leg, body, by=[member.me(frozenset({"caseworker"}))], heads=heads)
    records.send(member, f"/api/v1/handoffs/{leg}/statements", said)


RETURN = Purpose("return", final=False, return_mode="assisted_voluntary")


def offered(two_hubs, people, **changes):
    amina, omar, hana, _bekele = people
    held = transfers.open_case(amina, hagos(amina).record)
    leg = random_id()
    excepted(amina, omar, held.record, leg)
    out = transfers.Offer(
        **{
            "case": held.record,
            "to": hana.agency,
            "sections": SHOWN,
            "basis": on_basis(two_hubs, amina, hana),
            "purpose": RETURN,
            "second": omar.id,
            "plan": plan(amina),
            "new_leg": leg,
            **changes,
        }
    )
    waits = transfers.offer(amina, out)
    transfers.cosign(omar, waits.cosign)
    two_hubs.run()
    return held, leg


def test_hagos_goes_from_the_shelter_to_the_transit_centre_and_exactly_one_agency_is_responsible(two_hubs, people):
    amina, omar, hana, bekele = people
    _held, leg = offered(two_hubs, people)
    assert reading.show(hana, leg).state == "delivered"
    says(hana, leg, "transfer.acknowledge")
    waits = transfers.accept(hana, leg, transfers.Reception(plan(hana), [hana.id], bekele.id, {"bed": "a bed"}))
    transfers.cosign(bekele, waits.cosign)
    two_hubs.run()
    transfers.depart(amina, leg, plan(amina))
    two_hubs.run()
    says(hana, leg, "transfer.arrive", seen=hana.clock.now())
    two_hubs.run()
    assert reading.show(amina, leg).state == "arrived"
    mine = meetings.begin(amina, handover.Side.SENDER, SAID, leg=leg)
    meetings.tick(amina, mine, handover.CHECKLIST)
    transfers.release(omar, leg)
    two_hubs.run()
    theirs = transfers.opened_release(bekele, leg)
    meetings.tick(hana, theirs, handover.CHECKLIST)
    transfers.take(bekele, leg, (today(hana.clock) + timedelta(days=2)).isoformat())
    two_hubs.run()
    assert reading.show(amina, leg).state == reading.show(hana, leg).state == "responsibility_transferred"
    assert transfers.held_by_leg(hana, leg).case is not None


def test_nothing_is_offered_that_a_gate_stops(two_hubs, people):
    amina, omar, hana, _bekele = people
    held = transfers.open_case(amina, hagos(amina).record)
    out = transfers.Offer(held.record, hana.agency, SHOWN, on_basis(two_hubs, amina, hana), RETURN, omar.id)
    with pytest.raises(GateClosed) as refused:
        transfers.offer(amina, out)
    assert "R21" in refused.value.facts["gates"]


def test_nothing_is_offered_on_a_consent_to_which_the_child_said_no_until_that_is_settled(two_hubs, people):
    amina, omar, hana, _bekele = people
    held, leg, basis = transfers.open_case(amina, hagos(amina).record), random_id(), on_basis(two_hubs, amina, hana)
    excepted(amina, omar, held.record, leg)
    no = disagreements.open_for(amina, basis.handoff)
    out = transfers.Offer(held.record, hana.agency, SHOWN, basis, RETURN, omar.id, plan(amina), new_leg=leg)
    with pytest.raises(GateClosed) as refused:
        transfers.offer(amina, out)
    assert refused.value.facts["gates"] == ["R26"]
    disagreements.end(omar, no, "child_agrees", "Asked again, he wants to go.")
    assert transfers.offer(amina, out).leg == leg


def test_a_case_is_opened_once(two_hubs, people):
    amina = people[0]
    held = transfers.open_case(amina, hagos(amina).record)
    with pytest.raises(Conflict):
        transfers.open_case(amina, held.record)


def test_nobody_signs_an_offer_twice(two_hubs, people):
    amina = people[0]
    with pytest.raises(Forbidden):
        offered(two_hubs, people, second=amina.id)


def test_an_offer_waits_for_the_named_supervisor(two_hubs, people):
    amina, omar, hana, _bekele = people
    held = transfers.open_case(amina, hagos(amina).record)
    leg = random_id()
    excepted(amina, omar, held.record, leg)
    basis = on_basis(two_hubs, amina, hana)
    waits = transfers.offer(
        amina, transfers.Offer(held.record, hana.agency, SHOWN, basis, RETURN, omar.id, new_leg=leg)
    )
    assert [row.handoff for row in cosigning.waiting(omar)].count(leg) == 1
    with pytest.raises(Forbidden):
        transfers.cosign(amina, waits.cosign)
