"""Gates as people meet them: words in every language, and a receiver that does not simply believe the sender."""

from __future__ import annotations

from dataclasses import replace
from string import Formatter

import pytest

from consent.policy import POLICY_VERSION as CONSENT_POLICY
from consent.words import LANGUAGES
from hub.casefile.gates import ask, policy, verdict, words
from hub.casefile.gates.policy import ALL, BY_ID, GATES, STEPS, gate_of
from hub.casefile.sections.forms import NAMES
from hub.client import gates as desk
from hub.errors import BadSignature, GateClosed, InvalidRequest, Malformed
from tests.vectors import gates

SECTIONS, LEG = gates.SECTIONS, gates.LEG


def asks(step, sections=SECTIONS, approvals=(), **journey):
    return ask.evaluate(step, sections, gates.journey(**journey), approvals, now=gates.NOW)


def without(*names):
    return {name: section for name, section in SECTIONS.items() if name not in names}


def real_risk():
    screen = SECTIONS["bia_bid"]["refoulement"]
    harms = {**screen["harms"], "trafficking": "real_risk"}
    return {**SECTIONS, "bia_bid": {**SECTIONS["bia_bid"], "refoulement": {**screen, "harms": harms}}}


def findings(result):
    return [finding for _, finding in verdict.findings(result)]


# The file


def test_the_gates_are_of_the_consents_policy_because_one_verdict_names_one():
    assert policy.POLICY_VERSION == CONSENT_POLICY


def test_the_gates_are_r21_to_r38_in_order():
    assert tuple(f"R{n}" for n in range(21, 39)) == GATES


def test_every_gate_reads_published_sections_at_known_steps():
    assert {name for gate in ALL for check in gate.checks for name in check.reads} <= set(NAMES)
    assert {step for gate in ALL for step in gate.at} == set(STEPS)
    assert {gate.lifted_by for gate in ALL} <= set(GATES)


@pytest.mark.parametrize("row", [{"never": True, "override": True}, {}])
def test_a_gate_says_either_who_lifts_it_or_that_nobody_does(row):
    with pytest.raises(ValueError):
        gate_of({"id": "R99", "source": "J", "at": [], "checks": [], **row}, {})


# Words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_gate_check_and_step_has_words(language):
    said = words.words(language)
    assert tuple(said["messages"]) == GATES
    assert {gate: set(rows) for gate, rows in said["checks"].items()} == {
        gate.id: {check.id for check in gate.checks} for gate in ALL
    }
    assert set(said["lifts"]) == {gate.id for gate in ALL if gate.override is not None}
    assert set(said["steps"]) == set(STEPS)
    assert set(said["states"]) == set(ask.Found)
    assert set(said["tasks"]) == {due.task for gate in ALL for due in gate.dues}
    for gate, sentence in said["messages"].items():
        assert {name for _, name, _, _ in Formatter().parse(sentence) if name} == set(BY_ID[gate].tells)
        assert set(BY_ID[gate].tells) <= set(said["instead"])


def test_no_two_languages_say_the_same():
    for part in ("messages", "lifts"):
        said = [tuple(words.words(language)[part].values()) for language in LANGUAGES]
        assert len(set(said)) == len(LANGUAGES)


def test_there_are_no_words_of_another_language():
    with pytest.raises(InvalidRequest):
        words.words("xx")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_checklist_says_why_what_next_and_who_may_lift(language):
    lines = {line.gate: line for line in words.checklist(asks("depart", real_risk(), accepted=False), language)}
    assert tuple(lines) == GATES
    assert lines["R23"].who == words.words(language)["never"]
    assert lines["R23"].todo == (words.words(language)["checks"]["R23"]["no_real_risk"],)
    assert "transit@et.example" in lines["R34"].why
    assert (lines["R21"].why, lines["R21"].todo, lines["R21"].who) == ("", (), "")


def test_a_checklist_names_the_day_of_an_appeal_and_says_so_where_none_is_known():
    def why(**appeal):
        case = {**SECTIONS["bia_bid"], "appeal": {"filed": "2026-11-12", "body": "x", **appeal}}
        return words.checklist(asks("depart", {**SECTIONS, "bia_bid": case}))[GATES.index("R26")].why

    assert "2026-12-12" in why(until="2026-12-12")
    assert "not known" in why()


def test_no_message_repeats_what_somebody_typed():
    typed = "SYN Hagos, by the mosque"
    case = {**SECTIONS["bia_bid"], "appeal": {"filed": "2026-11-12", "body": typed, "until": typed}}
    result = asks(
        "depart", {**without("coo_home_study"), "bia_bid": case}, receiver=typed, country=typed, accepted=False
    )
    assert {"R22", "R26", "R34"} <= {row.gate for row in result.blocked}
    assert typed not in str([row.told for row in result.outcomes])
    assert not any(typed in line.why for line in words.checklist(result))


def test_an_approval_does_not_show_its_reason_where_it_is_printed():
    assert "Written down" not in repr(gates.exception("forced", plan="Written down too, at some length."))


# Steps


@pytest.mark.parametrize("step", ["arrive", "monitoring"])
def test_a_child_who_is_there_is_received_whatever_the_gates_say(step):
    result = asks(step, {}, holder="sender", return_mode="forced")
    assert result.blocked
    assert result.permitted


def test_an_exception_leaves_its_promises_as_tasks():
    result = ask.judge(gates.question("exception", "offer", {}))
    assert [(row.task, row.due) for row in result.tasks] == [("bia", "2026-11-29"), ("bid", "2026-12-06")]


def test_who_takes_over_has_to_do_what_the_exception_promised_also_after_its_last_day():
    rows = [gates.exception("bid_in_origin", begins="2026-11-10", ends="2026-11-20").facts()]
    result = ask.judge(gates.question("exception", "take", {"approvals": rows}))
    assert result.permitted
    assert [(row.task, row.due) for row in result.tasks] == [("bia", "2026-11-29"), ("bid", "2026-12-06")]


def test_an_exception_that_blocks_leaves_none():
    facts = gates.question("exception", "offer", {"approvals": [gates.exception("forced").facts()]})
    assert not ask.judge(facts).tasks


def test_one_who_signs_twice_is_one():
    by = (("SYN-M1", "supervisor"), ("SYN-M1", "caseworker"))
    assert gates.approval("R27", by=by).facts()["members"] == 1


# The other side


def test_the_receiver_finds_the_same():
    ours = asks("offer")
    rechecked = verdict.recheck(findings(ours), ours)
    assert rechecked.permitted
    assert {row.agreed for row in rechecked.rows} == {"same"}


def test_what_was_not_shown_goes_by_the_senders_word():
    told = findings(asks("offer"))
    rechecked = verdict.recheck(told, asks("accept", without("bia_bid", "coo_home_study")))
    assert rechecked.permitted
    assert "R23" in {row.gate for row in rechecked.rows if row.agreed == "on_word"}


def test_what_was_shown_does_not():
    told = findings(asks("offer"))
    rechecked = verdict.recheck(told, asks("accept", real_risk()))
    assert not rechecked.permitted
    assert [row.gate for row in rechecked.disagreements] == ["R23"]


def test_a_sender_that_says_lifted_shows_who_lifted_it():
    sections = {**SECTIONS, "bia_bid": {name: item for name, item in SECTIONS["bia_bid"].items() if name != "bid"}}
    rows = (gates.exception("bid_in_origin"),)
    told = findings(asks("offer", sections, rows))
    assert not verdict.recheck(told, asks("accept", sections)).permitted
    assert verdict.recheck(told, asks("accept", sections, rows)).permitted


def test_a_sender_whose_own_gate_blocks_is_not_followed():
    assert not verdict.recheck(findings(asks("offer", real_risk())), asks("accept")).permitted


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: told[:-1],
        lambda told: told[::-1],
        lambda told: [*told[:-1], told[0]],
        lambda told: [{**told[0], "found": "fine"}, *told[1:]],
        lambda told: [{**told[0], "reason": "x"}, *told[1:]],
        lambda told: None,
    ],
)
def test_findings_that_are_not_one_for_each_gate_are_refused(spoil):
    ours = asks("offer")
    with pytest.raises(Malformed):
        verdict.recheck(spoil(findings(ours)), ours)


# What leaves the desk


def body(left):
    return {"verdict": left.verdict([])}


def test_findings_are_opened_as_they_were_committed_to():
    result = asks("offer")
    left = desk.judged(result)
    assert list(desk.opened(left.document, body(left))) == findings(result)
    assert desk.recheck(left.document, body(left), asks("accept")).permitted


def test_findings_that_were_changed_after_the_commitment_are_refused():
    left = desk.judged(asks("offer"))
    told = [{**row, "found": "clear"} for row in left.document["findings"]]
    for changed in ({"findings": told}, {"key": desk.judged(asks("offer")).document["key"]}, {"findings": told[1:]}):
        with pytest.raises(BadSignature):
            desk.opened({**left.document, **changed}, body(left))


def test_a_hub_that_guesses_findings_finds_none():
    result = asks("offer")
    one, other = desk.judged(result), desk.judged(result)
    assert not {row["commit"] for row in one.gates} & {row["commit"] for row in other.gates}
    assert replace(one, document={}).gates == one.gates, "the key stands in the document alone"


def test_what_a_gate_blocks_does_not_leave():
    with pytest.raises(GateClosed) as refusal:
        desk.judged(asks("offer", real_risk()))
    assert refusal.value.facts["gates"] == ["R23"]


@pytest.mark.parametrize(
    "document", [None, {}, {"v": 2}, {"v": 1, "step": "offer", "key": "x", "findings": [], "approvals": []}]
)
def test_a_document_of_another_form_is_refused(document):
    left = desk.judged(asks("offer"))
    with pytest.raises(Malformed):
        desk.opened(document, body(left))
