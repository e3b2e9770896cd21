"""Approvals of a transfer's gates: signed word for word for one leg, and counted for those who might."""

from __future__ import annotations

import pytest

from hub.casefile.gates import ask
from hub.client import cases, gates, records, timers
from hub.client.timers import calendar
from hub.clock import SetClock
from hub.errors import Forbidden, InvalidRequest
from hub.ids import random_id
from tests.conftest import NOW
from tests.support.world import populated, world

HOST = "hub.example"
DAY = 86_400


@pytest.fixture(scope="module")
def one_hub(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        populated(made, HOST, HOST)
        amina = made.members["amina"]
        made.join(amina, "omar", {"supervisor"})
        made.join(amina, "fatou", {"caseworker"})
        made.join(amina, "dina", {"data_officer"})
        yield made


@pytest.fixture
def amina(one_hub):
    return one_hub.members["amina"]


@pytest.fixture
def omar(one_hub):
    return one_hub.members["omar"]


@pytest.fixture
def fatou(one_hub):
    return one_hub.members["fatou"]


@pytest.fixture
def case(amina):
    return cases.new(amina).record


def day(member, later=0):
    return calendar(member).local(member.clock.now() + later * DAY).date().isoformat()


def exception(member, leg, **changes):
    known = {"gate": "R24", "leg": leg, "begins": day(member), "ends": day(member, 10), "mode": "bid_in_origin"}
    dates = {"bia_due": day(member, 7), "bid_due": day(member, 14)}
    return {**known, **dates, "reason": "SYN: the host has no panel this month", **changes}


def trafficker(member, leg, **changes):
    known = {"gate": "R27", "leg": leg, "begins": day(member), "ends": day(member, 10)}
    people = [{"role": "panel", "name": f"SYN-P{n}"} for n in range(3)]
    plan = "SYN: the uncle's bail bars the village"
    return {**known, "reason": "SYN: weighed against the shelter", "plan": plan, "people": people, **changes}


def proven(member, row, **changes):
    return gates.proven(member, [{**row, **changes}], member.agency, member.clock.now())


def found(member, leg, approvals, sections):
    way = {"purpose": "return", "return_mode": "assisted_voluntary", "final": False, "arrives": day(member, 3)}
    result = ask.evaluate("offer", sections, ask.Journey(leg=leg, **way), approvals, now=member.clock.now())
    return {row.gate: str(row.found) for row in result.outcomes}, result


def test_a_supervisor_signs_an_exception_for_one_leg(amina, omar, case):
    leg = random_id()
    kept = gates.approve(omar, case, exception(omar, leg))
    (approval,) = gates.proven(amina, [one.row for one in gates.listing(amina, leg=leg)], amina.agency, NOW)
    assert approval.by == ((omar.id, "supervisor"),)
    sections = {"bia_bid": {"v": 1}, "care_guardianship": {"v": 1}}
    assert found(amina, leg, [approval], sections)[0]["R21"] == "overridden"
    assert found(amina, random_id(), [approval], sections)[0]["R21"] == "blocked"
    assert kept.case == case


def test_two_sign_the_same_words(omar, fatou, case):
    leg = random_id()
    gates.approve(fatou, case, trafficker(fatou, leg))
    kept = gates.approve(omar, case, trafficker(omar, leg))
    assert len(gates.listing(omar, case, leg)) == 1
    (approval,) = proven(omar, kept.row)
    assert {role for _, role in approval.by} == {"supervisor", "caseworker"}


def test_other_words_are_another_approval(omar, fatou, case):
    leg = random_id()
    gates.approve(fatou, case, trafficker(fatou, leg))
    gates.approve(omar, case, trafficker(omar, leg, plan="SYN: another plan altogether"))
    assert [len(one.row["proof"]) for one in gates.listing(omar, leg=leg)] == [1, 1]


def test_nobody_signs_twice(omar, case):
    said = exception(omar, random_id())
    gates.approve(omar, case, said)
    with pytest.raises(InvalidRequest):
        gates.approve(omar, case, said)


@pytest.mark.parametrize("gate", ["R23", "R25", "R26", "R29", "R31", "R32", "R36", "R38", "R21", "R01", None])
def test_nobody_approves_what_nobody_may_lift(omar, case, gate):
    with pytest.raises(InvalidRequest):
        gates.approve(omar, case, exception(omar, random_id(), gate=gate))


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "because"},
        {"ends": "2026-01-01"},
        {"leg": "x"},
        {"mode": "always"},
        {"people": [{"role": "boss", "name": "x"}]},
    ],
)
def test_an_approval_that_is_not_of_its_form_is_not_signed(omar, case, change):
    with pytest.raises(InvalidRequest):
        gates.approve(omar, case, {**exception(omar, random_id()), **change})


def test_a_data_officer_approves_none(one_hub, case):
    dina = one_hub.members["dina"]
    with pytest.raises(Forbidden):
        gates.approve(dina, case, exception(dina, random_id()))


class TestAnApprovalCountsForNothing:
    """Where its words, its leg or its signer are not what was signed."""

    @pytest.fixture
    def row(self, omar, case):
        return gates.approve(omar, case, exception(omar, random_id())).row

    def test_with_other_words(self, omar, row):
        for change in ({"mode": "forced"}, {"reason": "SYN: something else, at length"}, {"ends": day(omar, 300)}):
            assert not proven(omar, row, **change)

    def test_for_another_leg(self, omar, row):
        assert not proven(omar, row, leg=random_id())

    def test_of_another_agency(self, one_hub, omar, row):
        assert not gates.proven(omar, [row], one_hub.members["hana"].agency, NOW)

    def test_before_it_was_signed(self, omar, row):
        assert not gates.proven(omar, [row], omar.agency, NOW - 30 * DAY)

    def test_with_a_signature_of_another_kind_of_approval(self, omar, row):
        override = {**row["proof"][0], "payloadType": "application/vnd.rcp.approval+json;v=1"}
        assert not proven(omar, row, proof=[override])

    def test_with_a_proof_that_is_none(self, omar, row):
        assert not proven(omar, row, proof=[{}, {"payload": "x"}])

    def test_written_into_the_records_by_hand(self, amina, case):
        leg = random_id()
        row = {**gates._NOTHING, **exception(amina, leg), "proof": []}
        records.put(amina, "approval", {"case": case, "row": row})
        assert not gates.proven(amina, [one.row for one in gates.listing(amina, leg=leg)], amina.agency, NOW)


def test_what_an_exception_promises_is_chased(amina, omar, case):
    leg = random_id()
    row = gates.approve(omar, case, exception(omar, leg)).row
    _, result = found(amina, leg, proven(amina, row), {"bia_bid": {"v": 1}})
    gates.follow_up(amina, case, result)
    running = timers.listing(amina, case=case)
    assert sorted((timer.about.rule, timer.about.facts["task"]) for timer in running) == [
        ("r24", "bia"),
        ("r24", "bid"),
    ]
    assert max(timer.due for timer in running) == calendar(amina).end_of(calendar(amina).local(NOW + 14 * DAY).date())


def test_no_word_of_an_approval_reaches_the_hub(one_hub, omar, case):
    gates.approve(omar, case, exception(omar, random_id(), reason="SYN canary-in-the-reason, at length"))
    kept = [path for path in one_hub.hubs[HOST].hub.settings.data.rglob("*") if path.is_file()]
    assert kept
    assert not [path.name for path in kept if b"canary-in-the-reason" in path.read_bytes()]
