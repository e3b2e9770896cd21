"""Consents at a desk in the browser, beside colleagues with Python's client over two hubs; and senders that lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.client import access, breach, disagreements, opening, reading, records, referrals, withdrawal
from hub.client import basis as bases
from hub.client.basis import Asked
from hub.client.referrals import Outgoing
from hub.clock import SetClock
from tests.conftest import NOW
from tests.integration.test_client_approvals import best_interests
from tests.integration.test_client_withdrawal import settle
from tests.integration.test_consent_attacks import asked, sealed_by_hand
from tests.support.factories import some_id
from tests.support.web_modules import WebModules, text
from tests.support.world import PASSPHRASE, SECTIONS, consent, emergency, grant, populated, reception, world

HOME, AWAY = "dj.example", "et.example"
SCRIPT = Path(__file__).parents[1] / "support" / "web_consent.mjs"


@pytest.fixture(scope="module")
def two_hubs(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        made.join(made.members["amina"], "omar", {"supervisor"})
        made.join(made.members["hana"], "sara", {"caseworker"})
        yield made


@pytest.fixture(scope="module")
def node():
    with WebModules(SCRIPT) as running:
        yield running


@pytest.fixture
def browsers(two_hubs, node):
    """Return what asks a member's browser, signed in when it is first asked."""
    signed_in = set()

    def browser(login):
        def ask(question, **given):
            return node.ask(question, name=login, **given)

        if login not in signed_in:
            member = two_hubs.members[login]
            known = {"url": member.account.url, "login": login, "passphrase": PASSPHRASE, "now": two_hubs.clock.now()}
            assert "ok" in ask("sign_in", device=text(member.profile.device.value), **known)
            signed_in.add(login)
        return ask

    return browser


def done(answer):
    assert "ok" in answer, answer
    return answer["ok"]


def referred(two_hubs, held, to):
    amina = two_hubs.members["amina"]
    handoff = referrals.send(amina, Outgoing(to.agency, SECTIONS, held, "reception")).handoff
    two_hubs.run()
    return handoff


def wanted(to, *categories, **more):
    return {"to": to.agency, "purpose": "reception", "categories": sorted(categories or SECTIONS), **more}


def test_a_consent_that_is_kept_in_the_browser_is_python_s_and_the_other_way_round(two_hubs, browsers):
    amina, hana, ask = two_hubs.members["amina"], two_hubs.members["hana"], browsers("amina")
    value = consent(two_hubs.clock, grant(two_hubs.clock, hana.agency, categories=set(SECTIONS), purpose="reception"))
    mine = done(ask("draft", value=value, label="from a browser"))
    held = bases.load(amina, mine["handoff"])
    assert held.basis == mine["basis"]
    assert held.token == mine["token"]
    assert bases.revise(amina, held, {"frozen": None}).basis["revision"] == 2
    after = done(ask("revise_held", handoff=mine["handoff"], changes={"grants": []}))
    assert after["basis"]["revision"] == 3
    assert bases.load(amina, mine["handoff"]).basis == after["basis"]
    theirs = reception(amina, two_hubs.clock, hana.agency)
    assert done(ask("load", handoff=theirs.handoff))["basis"] == theirs.basis
    assert [theirs.handoff, True] in done(ask("every"))


def test_a_desk_in_the_browser_asks_and_refuses_as_python_does(two_hubs, browsers):
    amina, hana, ask = two_hubs.members["amina"], two_hubs.members["hana"], browsers("amina")
    held = reception(amina, two_hubs.clock, hana.agency)
    found = done(ask("preview", handoff=held.handoff, asked=wanted(hana, *SECTIONS, "health")))
    agency = amina.trust.agency(hana.agency)
    expected = bases.preview(amina, held, Asked(agency, "reception", frozenset({*SECTIONS, "health"})))
    assert (found["seen"], found["permitted"]) == ([*expected.seen], expected.permitted)
    assert found["until"] == (expected.until and expected.until.isoformat())
    told = {name: [row["rule"] for row in rows] for name, rows in found["missing"].items()}
    assert told == {name: [row.rule for row in rows] for name, rows in expected.missing.items()}
    packet = some_id("packet")
    permitted = done(ask("decide_for", handoff=held.handoff, asked=wanted(hana), packet=packet))
    theirs = bases.decide_for(amina, held, Asked(agency, "reception", frozenset(SECTIONS)), packet)
    assert permitted["excerpt"] == theirs.basis.excerpt
    assert (permitted["until"], permitted["gates"]) == (theirs.basis.until, len(theirs.gates))
    refused = ask("decide_for", handoff=held.handoff, asked=wanted(hana, "health"), packet=packet)
    assert refused == {"refused": "consent_missing"}


def test_a_record_that_somebody_changed_permits_nothing_and_spoils_nothing(two_hubs, browsers):
    amina, hana, ask = two_hubs.members["amina"], two_hubs.members["hana"], browsers("amina")
    held = reception(amina, two_hubs.clock, hana.agency)
    kept = records.get(amina, held.handoff, "consent").value
    for changes in (
        {"basis": {**kept["basis"], "grants": []}},
        {"heads": []},
        {"basis": {"kind": "wish"}},
        {"more": 1},
    ):
        records.put(amina, "consent", {**kept, **changes}, handoff=held.handoff)
        assert bases.unreadable(amina) == [held.handoff]
        rows = done(ask("every"))
        assert [row for row in rows if not row[1]] == [[held.handoff, False]]
        assert "refused" in ask("load", handoff=held.handoff)
    records.put(amina, "consent", kept, handoff=held.handoff)
    assert [held.handoff, True] in done(ask("every"))


def test_nobody_records_a_consent_without_training(two_hubs, browsers):
    hana, ask = two_hubs.members["hana"], browsers("omar")
    scope = grant(two_hubs.clock, hana.agency, categories=set(SECTIONS), purpose="reception")
    assert ask("draft", value=consent(two_hubs.clock, scope), label="x") == {"refused": "consent_missing"}


def test_what_a_basis_covers_is_opened_and_its_opening_is_logged(two_hubs, browsers):
    amina, hana, ask = two_hubs.members["amina"], two_hubs.members["hana"], browsers("hana")
    handoff = referred(two_hubs, reception(amina, two_hubs.clock, hana.agency), hana)
    (opened,) = done(ask("open_and_report", handoff=handoff))
    assert opened["quarantined"] == {}
    assert {name: opened["sections"][name] for name in SECTIONS} == SECTIONS
    (entry,) = [row for row in access.listing(hana) if row.handoff == handoff]
    assert (entry.kind, entry.member, entry.times) == ("first_look", hana.id, 1)
    done(ask("open_and_report", handoff=handoff))
    (entry,) = [row for row in access.listing(hana) if row.handoff == handoff]
    assert entry.times == 2
    sara = browsers("sara")
    assert sara("open_and_report", handoff=handoff) == {"refused": "invalid_request"}
    done(sara("open_and_report", handoff=handoff, why="SYN the night duty"))
    (late,) = [row for row in access.listing(hana, unreviewed=True) if row.handoff == handoff]
    done(ask("review", record=late.record, said="ok"))
    assert [row for row in done(ask("openings", unreviewed=True)) if row["handoff"] == handoff] == []
    done(ask("assign", handoff=handoff, who=[two_hubs.members["sara"].id]))
    assert "ok" in sara("open_and_report", handoff=handoff)


def test_what_came_beyond_its_basis_is_held_back_and_told_to_the_sender(two_hubs, browsers):
    amina, hana, ask = two_hubs.members["amina"], two_hubs.members["hana"], browsers("hana")
    shown = reception(amina, two_hubs.clock, hana.agency).excerpt(hana.agency)
    sections = {
        **SECTIONS,
        "health": {"SYN": "nobody agreed"},
        "request": {**asked()["request"], "needs": [], "why": None},
    }
    handoff = sealed_by_hand(amina, hana, shown, sections)
    two_hubs.run()
    (opened,) = done(ask("open_and_report", handoff=handoff))
    assert set(opened["quarantined"]) == {"health"}
    assert [row["rule"] for row in opened["quarantined"]["health"]]
    assert "health" not in opened["sections"]
    two_hubs.run()
    (reply,) = opening.open_handoff(amina, handoff)
    assert set(reply.sections["reply"]["held_back"]) == {"health"}
    (theirs,) = breach.open_and_report(hana, handoff)
    assert {name: [row["rule"] for row in rows] for name, rows in theirs.quarantined.items()} == {
        name: [row["rule"] for row in rows] for name, rows in opened["quarantined"].items()
    }
    said = [line.statement.type for line in reading.show(hana, handoff).lines]
    assert said.count("consent.report") == 1


def test_a_request_that_says_more_than_codes_is_held_back(two_hubs, browsers):
    amina, hana, ask = two_hubs.members["amina"], two_hubs.members["hana"], browsers("hana")
    shown = reception(amina, two_hubs.clock, hana.agency).excerpt(hana.agency)
    handoff = sealed_by_hand(amina, hana, shown, {**SECTIONS, "request": {"purpose": "reception", "SYN": "a story"}})
    two_hubs.run()
    (opened,) = done(ask("open_and_report", handoff=handoff))
    assert set(opened["quarantined"]) == {"request", *SECTIONS}


def test_an_excerpt_of_no_form_permits_nothing(two_hubs, browsers):
    amina, hana, ask = two_hubs.members["amina"], two_hubs.members["hana"], browsers("hana")
    shown = reception(amina, two_hubs.clock, hana.agency).excerpt(hana.agency)
    spoilt = [{**shown, "parts": shown["parts"][1:]}, {**shown, "v": 3}, {"kind": "consent"}, {"v": 1, "basis": "wish"}]
    for excerpt in spoilt:
        handoff = sealed_by_hand(amina, hana, excerpt, SECTIONS)
        two_hubs.run()
        (opened,) = done(ask("open_and_report", handoff=handoff))
        assert set(opened["quarantined"]) >= set(SECTIONS)
        assert opened["sections"] == {}
    lies = {"v": 1, "basis": "reply", "to": hana.agency, "in_reply_to": None, "categories": ["reply"]}
    handoff = sealed_by_hand(amina, hana, lies, {"reply": {"v": 1, "text": "SYN"}})
    two_hubs.run()
    assert ask("open_and_report", handoff=handoff) == {"refused": "bad_signature"}


def test_a_vital_interest_without_its_supervisor_is_not_opened(two_hubs, browsers):
    amina, hana, ask = two_hubs.members["amina"], two_hubs.members["hana"], browsers("hana")
    note = emergency(amina, two_hubs.clock, hana.agency, two_hubs.members["omar"].id).excerpt(hana.agency)
    handoff = sealed_by_hand(amina, hana, note, SECTIONS)
    two_hubs.run()
    assert ask("open_and_report", handoff=handoff) == {"refused": "bad_signature"}


def test_two_members_lift_a_childs_no_one_in_each_client(two_hubs, browsers):
    amina, hana = two_hubs.members["amina"], two_hubs.members["hana"]
    held = reception(amina, two_hubs.clock, hana.agency, assent={"answer": "refused"})
    assert [row.consent for row in disagreements.listing(amina) if row.outcome is None] == [held.handoff]
    said = best_interests(two_hubs.clock)
    bases.approve(two_hubs.members["omar"], held.handoff, said, "SYN reason")
    ask = browsers("amina")
    packet = some_id("packet")
    refused = ask("decide_for", handoff=held.handoff, asked=wanted(hana), packet=packet)
    assert refused == {"refused": "consent_missing"}
    after = done(ask("approve", handoff=held.handoff, said=said))
    assert len(after["basis"]["overrides"][0]["by"]) == 2
    assert "ok" in ask("decide_for", handoff=held.handoff, asked=wanted(hana), packet=packet)
    assert ask("approve", handoff=held.handoff, said=said) == {"refused": "conflict"}
    handoff = referred(two_hubs, bases.load(amina, held.handoff), hana)
    (opened,) = done(browsers("hana")("open_and_report", handoff=handoff))
    assert opened["quarantined"] == {}


def test_a_withdrawal_in_the_browser_reaches_every_holder(two_hubs, browsers):
    amina, hana, ask = two_hubs.members["amina"], two_hubs.members["hana"], browsers("amina")
    held = reception(amina, two_hubs.clock, hana.agency)
    unopened, opened = referred(two_hubs, held, hana), referred(two_hubs, held, hana)
    done(browsers("hana")("open_and_report", handoff=opened))
    assert {row["to"] for row in done(ask("status", basis=held.handoff))} == {hana.agency}
    assert set(done(ask("withdraw", basis=held.handoff, by="child"))) == {unopened, opened}
    settle(two_hubs)
    rows = {row["handoff"]: row["custody"]["recall"] for row in done(ask("status", basis=held.handoff))}
    assert rows == {unopened: "certain", opened: "request"}
    assert rows == {row.handoff: row.custody.recall for row in withdrawal.status(amina, held.handoff)}
    done(browsers("hana")("answer", handoff=opened, said="cannot", ground="SYN the law keeps files ten years"))
    two_hubs.run()
    (answered,) = [row for row in withdrawal.status(amina, held.handoff) if row.handoff == opened]
    assert (answered.custody.answer[0], answered.ground) == ("cannot", "SYN the law keeps files ten years")
    (mine,) = [row for row in done(ask("status", basis=held.handoff)) if row["handoff"] == opened]
    assert (mine["custody"]["answer"]["said"], mine["ground"]) == ("cannot", answered.ground)
    assert done(ask("withdraw", basis=held.handoff)) == done(ask("withdraw", basis=held.handoff))


def test_a_receipt_stops_what_was_sent_until_a_supervisor_decides(two_hubs, browsers):
    amina, hana, ask = two_hubs.members["amina"], two_hubs.members["hana"], browsers("amina")
    held = reception(amina, two_hubs.clock, hana.agency)
    handoff = referred(two_hubs, held, hana)
    freeze = done(browsers("hana")("freeze", token=held.token.lower(), agency=amina.agency))
    two_hubs.run()
    assert reading.show(amina, handoff).frozen
    (request,) = [row for row in done(ask("freezes")) if row["handoff"] == freeze]
    assert (request["by"], request["open"]) == (hana.agency, True)
    decided = done(ask("decide_freeze", freeze=freeze, decision="kept"))
    assert (decided["basis"], decided["handoffs"]) == (held.handoff, [handoff])
    two_hubs.run()
    assert not reading.show(amina, handoff).frozen
    wrong = browsers("hana")("freeze", token=held.token[:-1] + "?", agency=amina.agency)
    assert wrong == {"refused": "invalid_request"}
