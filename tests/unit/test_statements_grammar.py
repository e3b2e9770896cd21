"""The grammar of statements: the closed list, strict bodies, who signs what."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from hub.errors import Malformed, UnsupportedVersion
from hub.statements.bodies import KINDS, REPORTABLE
from hub.statements.grammar import Grade, HubActor, MemberActor, Statement
from tests.support.factories import HOST, NOW, World, link, own_record, some_hash, some_id, statement, submission

ROOMS = Path(__file__).parents[2] / "hub"
TABLES = {
    name: ROOMS / room / f"{name}-states.csv"
    for name, room in (("referral", "referrals"), ("transfer", "transfer"), ("register", "transfer"))
}
WORLD = World()
ADDIS = WORLD.agency("addis")
HANA = ADDIS.member("hana", "caseworker", "supervisor")
SAMUEL = ADDIS.member("samuel", "supervisor")
HUB = HubActor(HOST)
DATE = "2026-12-01"
OTHER = WORLD.agency("unicef").member("ines", "coordinator")
PLAN = {"depart": NOW, "from": NOW + 60, "until": NOW + 120}
ENTRUSTED = {"due": None, "verdict": submission()["verdict"], "freeze": some_hash("freeze")}
JUDGED = {"verdict": submission()["verdict"]}
RUNG = {"clock": "departure", "rung": 1, "tell": ["caseworker"]}
RECEIPT = {
    "statement": some_hash(),
    "log": {"origin": HOST, "size": 3, "root": some_hash("root")},
    "index": 2,
    "salt": some_hash("salt"),
    "proof": [some_hash("a")],
    "position": None,
    "state": None,
    "chan": None,
}
BODIES = {
    "referral.accept": {"first_contact": DATE},
    "referral.start": {"contact": DATE},
    "referral.waitlist": {"review": DATE},
    "referral.pause": {"review": DATE},
    "referral.pause_clock": {"due": NOW + 60},
    "referral.change_urgency": {"urgency": "urgent", "due": None},
    "referral.link": {"link": link()},
    "referral.bind": {"sign": some_hash("device")},
    "referral.lock_link": {"link": some_id("link")},
    "referral.asked_back": {"statement": some_hash("reported"), "said": "no"},
    "referral.submit": submission(),
    "record.put": own_record(),
    "record.destroy": {},
    "consent.withdraw": {"evidence": some_hash()},
    "consent.holder_answer": {"answer": "erased"},
    "consent.report": {"manifest": some_hash("packet")},
    "freeze.request": {"kind": "freeze", "to": ADDIS.agency, "key": some_hash("key")},
    "capacity.ask": {"kind": "inquiry", "urgency": "routine"},
    "timer.set": {"kind": "timer", "due": NOW // 900 * 900, "warn": None, "urgency": "routine", "owner": some_id("a")},
    "timer.move": {"due": NOW // 900 * 900, "owner": some_id("a")},
    "freeze.decide": {"decision": "kept"},
    "packet.rewrap": {
        "manifest": some_hash(),
        "files": [{"n": "body", "hsha256": some_hash(), "kids": [some_id()], "epoch": 2}],
    },
    "packet.destroy": {"packets": [{"manifest": some_hash(), "served": True}]},
    "referral.deliver": {"manifest": some_hash()},
    "referral.overdue": {"clock": "first_answer", "rung": 1, "tell": ["caseworker"]},
    "referral.expire": {"clock": "first_answer"},
    "referral.fail_delivery": {"clock": "first_answer"},
    "case.open": {"kind": "case", "to": ADDIS.agency},
    "case.leg": {"leg": some_id("leg")},
    "case.hold": {
        "kind": "case",
        "to": ADDIS.agency,
        "leg": some_id("leg"),
        "take": some_hash("take"),
        "log": {"origin": HOST, "index": 2, "size": 3, "root": some_hash("root")},
        "receipt": some_hash("receipt"),
    },
    "transfer.inquire": {"kind": "transfer_leg", "urgency": "high"},
    "transfer.offer": {"kind": "transfer_leg", "urgency": "high", **ENTRUSTED, "plan": PLAN},
    "transfer.request_assessment": ENTRUSTED,
    "transfer.intake": {"kind": "transfer_leg", "case": some_id("case"), "next": DATE},
    "transfer.notice": {"kind": "notice"},
    "transfer.assume": {
        "kind": "succession",
        "of": ADDIS.agency,
        "leg": some_id("leg"),
        "take": some_hash("take"),
    },
    "transfer.accept": {"plan": PLAN, "worker": some_id("worker"), "duty": [some_id("duty")], **JUDGED},
    "transfer.depart": {"plan": PLAN, **JUDGED},
    "transfer.change": {"plan": PLAN},
    "transfer.acknowledge_change": {"statement": some_hash("change")},
    "transfer.cosign": {"statement": some_hash("arrive")},
    "transfer.arrive": {"seen": NOW},
    "transfer.release": JUDGED,
    "transfer.take": {"release": some_hash("release"), "first_contact": DATE, **JUDGED},
    "transfer.first_contact": {"day": DATE, "next": None},
    "transfer.follow_up": {"day": DATE, "next": None},
    "transfer.post_closure_visit": {"day": DATE},
    "transfer.deliver": {"manifest": some_hash()},
    "transfer.expire": {"clock": "home_study"},
    "transfer.not_departed": RUNG,
    "transfer.report_missing": {"until": NOW},
    "transfer.succeeded": {"by": ADDIS.agency, "assume": some_hash("assume")},
    "hub.receipt": RECEIPT,
    "hub.refused": {"statement": some_hash(), "state": "accepted", "position": 4},
}


def example(kind: str, **changes):
    rules = KINDS[kind]
    made = statement(kind, HUB if rules.by_hub else HANA.actor(), body=BODIES.get(kind, {}))
    parts = (some_hash("manifest"),) if rules.part == "required" else ()
    if kind == "referral.bind":
        changes = {"grade": Grade.LINK, "by": (HANA.actor("provider"),)} | changes
    if kind == "transfer.assume":
        changes = {"by": (HANA.actor("supervisor"), OTHER.actor())} | changes
    return Statement(
        **{name: getattr(made, name) for name in ("type", "handoff", "heads", "by", "at", "grade", "body")}
        | {"parts": parts}
        | changes
    )


def refused(value, error=Malformed):
    with pytest.raises(error) as caught:
        Statement.from_value(value)
    return caught.value


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_type_of_the_list_has_a_statement_that_reads_back(kind):
    made = example(kind)
    assert Statement.from_value(made.to_value()) == made


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_unknown_member_of_a_body_is_refused(kind):
    made = example(kind)
    refused(made.to_value() | {"body": {**made.body, "name": "of a child"}})


@pytest.mark.parametrize("kind", sorted(kind for kind in KINDS if BODIES.get(kind)))
def test_every_member_of_a_body_is_needed_and_typed(kind):
    made = example(kind)
    for member in made.body:
        refused(made.to_value() | {"body": {k: v for k, v in made.body.items() if k != member}})
        for wrong in (True, -1, "\u0000", {}, [None]):
            refused(made.to_value() | {"body": {**made.body, member: wrong}})


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_hubs_and_members_cannot_sign_for_one_another(kind):
    by_hub = KINDS[kind].by_hub
    refused(example(kind, by=(HANA.actor() if by_hub else HUB,)).to_value())
    refused(example(kind, grade=Grade.SIGNED if by_hub else Grade.HUB).to_value())


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_type_of_the_tables_is_on_the_closed_list(name):
    with TABLES[name].open(encoding="utf-8") as source:
        assert {row["statement"] for row in csv.DictReader(source)} <= set(KINDS)


def test_what_may_be_reported_is_what_the_referral_table_says_and_that_a_transfer_was_seen():
    with TABLES["referral"].open(encoding="utf-8") as source:
        proxies = {row["statement"] for row in csv.DictReader(source) if "(proxy)" in row["who"]}
    assert proxies | {"transfer.acknowledge"} == REPORTABLE


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"transfer.assume"}))
def test_two_agencies_sign_nothing_together_but_a_succession(kind):
    if not KINDS[kind].by_hub:
        refused(example(kind, by=(HANA.actor(), OTHER.actor())).to_value())


def test_a_succession_is_never_signed_by_one_agency_alone():
    refused(example("transfer.assume", by=(HANA.actor(), SAMUEL.actor())).to_value())


def test_a_child_leaves_before_it_arrives():
    refused(example("transfer.change").to_value() | {"body": {"plan": PLAN | {"depart": NOW + 90}}})


@pytest.mark.parametrize("kind", sorted(REPORTABLE))
def test_a_reported_answer_names_how_it_came_and_its_evidence(kind):
    body = {**BODIES.get(kind, {}), "via": "phone", "evidence": some_hash("note"), "ask": True}
    for parts in ((), (some_hash("own record"),)):
        said = example(kind, grade=Grade.REPORTED, body=body, parts=parts)
        assert Statement.from_value(said.to_value()) == said
    refused(example(kind, grade=Grade.REPORTED).to_value())
    refused(example(kind, body=body).to_value())
    refused(example(kind, grade=Grade.REPORTED, body=body | {"via": "rumour"}).to_value())


def test_whoever_reports_an_answer_reports_it_alone_so_that_a_colleague_is_another_member():
    body = {"via": "phone", "evidence": some_hash("note"), "ask": True}
    alone = example("referral.report_outcome", grade=Grade.REPORTED, body=body)
    boss = replace(alone.by[0], member=some_id("boss"), role="supervisor")
    refused({**alone.to_value(), "by": [actor.to_value() for actor in (*alone.by, boss)]})


def test_only_a_recipients_answers_can_be_reported():
    body = {"via": "phone", "evidence": some_hash(), "ask": False}
    refused(example("referral.close", grade=Grade.REPORTED, body=body).to_value())


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": None},
    ],
)
def test_another_version_is_unsupported(changes):
    refused(example("referral.close").to_value() | changes, UnsupportedVersion)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": True},
        {"type": "referral.invent"},
        {"type": 5},
        {"type": ["referral.close"]},
        {"handoff": "short"},
        {"handoff": some_hash()},
        {"heads": []},
        {"heads": [some_hash("b"), some_hash("b")]},
        {"heads": sorted(some_hash(str(n)) for n in range(17))},
        {"heads": None},
        {"by": []},
        {"by": [{"agency": "urn:x", "member": some_id(), "role": "caseworker"}]},
        {"by": [{"agency": ADDIS.agency, "member": some_id(), "role": "boss"}]},
        {"by": [{"agency": ADDIS.agency, "member": some_id(), "role": "caseworker", "name": "Hana"}]},
        {"by": [{"hub": HOST}]},
        {"by": [{"hub": "Not A Host"}]},
        {"at": 1_500_000_000},
        {"at": 4_102_444_801},
        {"at": True},
        {"at": "1795290000"},
        {"grade": "sworn"},
        {"body": []},
        {"body": None},
        {"parts": [some_hash()]},
        {"parts": [some_hash(), some_hash("b")]},
        {"note": "extra"},
    ],
)
def test_what_is_not_of_the_grammar_is_malformed(changes):
    error = refused(example("referral.close").to_value() | changes)
    assert error.code == "malformed"


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_a_statement_is_an_object(value):
    refused(value)


def test_heads_stand_sorted():
    heads = sorted([some_hash("a"), some_hash("b")])
    assert Statement.from_value(example("referral.close", heads=tuple(heads)).to_value())
    refused(example("referral.close", heads=tuple(reversed(heads))).to_value())


def test_a_required_packet_is_missed_and_a_needless_one_refused():
    refused(example("referral.ask", parts=()).to_value())
    refused(example("referral.start", parts=(some_hash(),)).to_value())
    assert example("referral.ask").manifest == some_hash("manifest")
    assert example("referral.start").manifest is None


def test_a_device_is_bound_by_a_link_alone_and_one_provider_signs_for_it():
    refused(example("referral.bind", grade=Grade.SIGNED).to_value())
    refused(example("referral.bind", by=(HANA.actor("caseworker"),)).to_value())
    assert Statement.from_value(example("referral.accept", grade=Grade.LINK, by=(HANA.actor("provider"),)).to_value())
    refused(example("referral.accept", grade=Grade.LINK).to_value())


def test_a_code_read_back_names_the_code_and_a_report_whether_its_number_may_be_asked():
    body = {"first_contact": DATE, "via": "phone", "evidence": some_hash()}
    code = {"code": some_id("code")}
    made = example("referral.accept", grade=Grade.CODE_VERIFIED, body=body | code)
    assert Statement.from_value(made.to_value()) == made
    refused(example("referral.accept", grade=Grade.CODE_VERIFIED, body=body | {"ask": True}).to_value())
    refused(example("referral.accept", grade=Grade.REPORTED, body=body | code).to_value())


@pytest.mark.parametrize(
    "day", ["2026-02-30", "2019-12-31", "2100-01-02", "2026-1-1", "20260101", "\u0662026-01-01", None]
)
def test_a_day_is_a_day_of_the_calendar_between_2020_and_2100(day):
    refused(example("referral.accept", body={"first_contact": day}).to_value())


def test_an_own_record_says_nothing_of_urgency_or_dates():
    for leak in (
        {"urgency": "emergency"},
        {"due": NOW},
        {"needed_from": DATE},
        {"leg": some_id()},
        {"freeze": some_hash()},
    ):
        refused(example("record.put", body=own_record() | leak).to_value())


def test_a_verdict_names_each_gate_once():
    verdict = submission()["verdict"]
    twice = verdict | {"gates": verdict["gates"] * 2}
    refused(example("referral.submit", body=submission(verdict=twice)).to_value())
    refused(example("referral.submit", body=submission(verdict=verdict | {"gates": []})).to_value())


def test_a_receipt_cannot_stand_beyond_its_log():
    refused(example("hub.receipt", body=RECEIPT | {"index": 3}).to_value())


def test_two_signers_are_two_members_of_one_agency():
    both = example("referral.close", by=(HANA.actor(), SAMUEL.actor()))
    assert {actor.member for actor in Statement.from_value(both.to_value()).by} == {HANA.member, SAMUEL.member}
    assert both.roles == {"caseworker", "supervisor"}
    refused(example("referral.close", by=(HANA.actor(), HANA.actor("supervisor"))).to_value())
    other = WORLD.agency("shelter").member("omar")
    refused(example("referral.close", by=(HANA.actor(), other.actor())).to_value())


def test_a_statement_says_whose_it_is():
    assert (example("referral.close").agency, example("referral.close").hub) == (ADDIS.agency, None)
    assert (example("referral.expire").agency, example("referral.expire").hub) == (None, HOST)
    assert isinstance(example("referral.close").by[0], MemberActor)
    assert len({example("referral.close"), example("referral.close")}) == 1
