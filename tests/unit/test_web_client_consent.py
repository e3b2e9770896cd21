"""Consents in the browser: the same records, excerpts, decisions and words as Python's, and the same refusals."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from consent import decide, policy, protect, record, token
from consent import words as spoken
from consent.basis import BasisError, check
from consent.familycopy import Reader, family_copy
from consent.reasons import message
from tests.support import consents
from tests.support.consents import ADDIS, CLINIC, NOW, SCHOOL, SECRET, grant
from tests.support.twin import decision
from tests.support.web_modules import WebModules, text

FOLDER = Path(__file__).parents[1] / "vectors" / "consent"
VECTORS, FAMILY = (json.loads((FOLDER / f"{name}.json").read_text("utf-8")) for name in ("protect", "family"))
MADE = {"record": "r" * 21 + "A", "agency": consents.OWN, "member": consents.MEMBER, "at": NOW, "token": "TOKEN"}
LATER = {"member": consents.SECOND, "at": NOW + 60}


@pytest.fixture(scope="module")
def node():
    with WebModules(Path(__file__).parents[1] / "support" / "web_consent.mjs") as running:
        yield running


def drafts():
    """What workers write down, right and wrong."""
    rows = [grant(ADDIS, "identity", "health", onward=[CLINIC.agency]), grant(SCHOOL, "education_skills")]
    denied = {"denials": [{"party": "the uncle", "because": "safety"}, {"categories": ["hiv"]}]}
    yield consents.draft(*rows, **denied)
    yield consents.draft(*rows, assent={"answer": "refused"}, receipt={"given_as": "code_only"})
    yield {**consents.draft(*rows), "born": "2010-02-28", "reconfirm_by": None}
    yield {**consents.draft(*rows), "born": "2008-02-29"}
    yield {**consents.draft(*rows), "overrides": [consents.override("R03")]}
    adult = {"subject": {"situation": "adult", "age_band": "18+", "languages": ["fr"], "law": "FR"}}
    yield consents.draft(*rows, **adult, giver={"capacity": "self", "order": None})
    yield {**consents.draft(*rows), "born": "2030-01-01"}
    yield {name: row for name, row in consents.draft(*rows).items() if name != "reconfirm_by"}
    yield {**consents.draft(*rows), "surprise": 1}
    yield consents.draft(*rows, assent={"answer": "not_asked", "because": "not_able", "maturity": None})
    yield consents.draft(*rows, receipt={"given_as": "not_given"})
    yield consents.draft(*rows, giver={"capacity": "authority", "instead_of": "danger", "reason": None})
    yield consents.draft(grant(ADDIS, "identity", until="2026-10-01"))
    yield consents.draft(grant(ADDIS, "identity", until="2027-02-30"))
    yield consents.draft(grant(ADDIS, "identity", purpose="x" * 65))
    yield consents.draft(*rows, expression={"on": "yesterday"})
    yield {**consents.draft(*rows), "reconfirm_by": "2028-01-01"}
    yield {"subject": "SYN"}


def python(make):
    """Return what Python makes, or None where it refuses."""
    try:
        return make()
    except BasisError:
        return None


@pytest.mark.parametrize("draft", list(drafts()))
def test_a_draft_makes_the_same_record_or_none(node, draft):
    made = python(lambda: record.begin(draft, **MADE))
    answer = node.ask("begin", draft=draft, made=MADE)
    assert answer == ({"refused": "invalid_request"} if made is None else {"ok": made})


def whole(*more):
    return consents.consent(
        grant(ADDIS, "identity", "health", onward=[CLINIC.agency, SCHOOL.agency]),
        grant(CLINIC, "health", purpose="medical_care"),
        *more,
        denials=[
            {"categories": ["hiv"], "because": "not_agreed"},
            {"recipient": SCHOOL.agency, "categories": None, "because": "safety"},
            {"party": "the uncle", "because": "safety"},
        ],
        overrides=[consents.override("R11", "health", to=CLINIC)],
    )


def test_heads_parts_and_excerpts_are_the_same_bytes(node):
    for made in (whole(), whole(*(grant(f"urn:rcp:agency:a{n}@et.example", "identity") for n in range(40)))):
        assert node.ask("head", value=made, secret=text(SECRET))["ok"] == record.head(made, SECRET)
        for to in (ADDIS, CLINIC, SCHOOL, consents.COALITION):
            shown = record.excerpt_for(made, SECRET, to.agency)
            assert node.ask("excerpt", value=made, secret=text(SECRET), agency=to.agency)["ok"] == shown
            assert node.ask("read_excerpt", value=shown)["ok"] == record.read_excerpt(shown)
            facts = record.facts(made, to.agency) | record.own_facts(made)
            assert node.ask("facts", value=made, agency=to.agency)["ok"] == facts
            onward = record.onward_excerpt(shown, SCHOOL.agency)
            assert node.ask("onward", excerpt=shown, agency=SCHOOL.agency)["ok"] == onward


def test_an_excerpt_that_somebody_changed_is_refused_by_both(node):
    shown = record.excerpt_for(whole(), SECRET, ADDIS.agency)
    part = next(row for row in shown["parts"] if row["name"] == "grant")
    without = [row for row in shown["parts"] if row["name"] != "assent"]
    spoilt = [
        {**shown, "parts": [*shown["parts"], {**part, "value": {**part["value"], "until": "2099-01-01"}}]},
        {**shown, "parts": without},
        {**shown, "parts": [*shown["parts"], shown["parts"][0]]},
        {**shown, "v": 1},
        {**shown, "more": None},
        {**shown, "head": {**shown["head"], "digests": []}},
        {**shown, "parts": [{**row, "salt": row["salt"][::-1]} for row in shown["parts"]]},
        [],
        None,
    ]
    for value in spoilt:
        assert python(lambda value=value: record.read_excerpt(value)) is None
        assert node.ask("read_excerpt", value=value) == {"refused": "invalid_request"}


@pytest.mark.parametrize(
    "changes",
    [
        {"frozen": "2026-11-22"},
        {"grants": []},
        {"grants": [{**grant(ADDIS, "identity"), "id": "g1", "onward": [], "turned_on": []}]},
        {"grants": [{**grant(ADDIS, "identity", "hiv"), "id": "g1", "onward": [], "turned_on": []}]},
        {"denials": []},
        {"safety": {"location_protected": "no"}},
        {"reconfirm_by": "2027-12-31"},
        {"expression": {**whole()["expression"], "on": "2026-10-01"}},
        {"expression": {**whole()["expression"], "on": "2026-11-20"}, "denials": []},
        {"receipt": {**whole()["receipt"], "token": "OTHER"}},
        {"withdrawal": {"how": ["worker"], "events": []}},
    ],
)
def test_a_revision_is_the_same_or_refused_by_both(node, changes):
    made = python(lambda: record.revise(whole(), SECRET, changes, **LATER))
    answer = node.ask("revise", value=whole(), secret=text(SECRET), changes=changes, by=LATER)
    assert answer == ({"refused": "invalid_request"} if made is None else {"ok": made})


def test_a_withdrawal_is_the_same_revision_and_stays(node):
    made = record.withdraw(whole(), SECRET, by="child", **LATER)
    assert node.ask("withdrawn", value=whole(), secret=text(SECRET), who="child", by=LATER)["ok"] == made
    back = {"withdrawal": {"how": ["worker"], "events": []}}
    assert node.ask("revise", value=made, secret=text(SECRET), changes=back, by=LATER)["refused"] == "invalid_request"
    heads = [record.head(whole(), SECRET), record.head(made, SECRET)]
    assert node.ask("chain", heads=heads) == {"ok": True}
    for spoilt in (heads[1:], heads[::-1], [heads[0], heads[0]], [heads[0], {**heads[1], "prev": None}]):
        assert node.ask("chain", heads=spoilt) == {"refused": "invalid_request"}


def test_other_bases_are_checked_alike(node):
    good = [consents.mandatory(), consents.vital()]
    bad = [{**row, "more": 1} for row in good] + [{"kind": "consent"}, {"kind": "wish"}, {}, [], None, 7]
    bad += [{**good[0], "recipients": []}, {**good[0], "until": "2026-13-01"}, {**good[1], "made": True}]
    for value in (*good, *bad):
        answer = node.ask("check", value=value)
        assert ("ok" in answer) is (python(lambda value=value: check(value)) is not None)


def test_questions_about_a_basis_are_answered_alike(node):
    made, adult = whole(), consents.agency("nobody")
    asked = [
        (made, consents.asks(ADDIS, "identity", "health")),
        (made, consents.asks(ADDIS, "identity", "hiv")),
        (made, consents.asks(CLINIC, "health", purpose="medical_care", service="clinic")),
        (made, consents.asks(SCHOOL, "health")),
        (made, consents.asks(consents.recipient("x", "police"), "identity")),
        (consents.mandatory(), consents.asks(consents.AUTHORITY, "minimal_contact", purpose="protection")),
        (consents.vital(), consents.asks(CLINIC, "health", purpose="emergency")),
        (record.read_excerpt(record.excerpt_for(made, SECRET, ADDIS.agency)), consents.asks(ADDIS, "identity")),
        (record.read_excerpt(record.excerpt_for(made, SECRET, adult)), consents.asks(ADDIS, "identity")),
        ({"kind": "wish"}, consents.asks(ADDIS, "identity")),
        ({}, consents.asks(ADDIS, "identity")),
    ]
    for basis, request in asked:
        told = {**asdict(request), "categories": sorted(request.categories)}
        for around in (consents.around(), None):
            found = node.ask("decide", basis=basis, request=told, now=NOW, around=around)["ok"]
            expected = decide.decide(basis, request, NOW, around)
            assert found["permit"] is isinstance(expected, decide.Permit)
            if "grants" in basis or basis.get("kind") in {"mandatory_protection", "vital_interest"}:
                facts = decide.facts(basis, request, around)
                end = "receiver" if around is None else "sender"
                assert found == decision({"facts": facts, "now": NOW, "end": end})


def test_places_are_taken_out_alike(node):
    texts = [*VECTORS["stays"], *(row[0] for row in VECTORS["goes"])]
    values = [{"note": said, f"so {said} so": 1} for said in texts] + VECTORS["harmless"]
    values += [{name: "Bole Road 12", "given_name": "Hagos"} for name in (*VECTORS["places"], *VECTORS["contacts"])]
    values += [{"address": held, "words": said, "country": "Ethiopia"} for held, said, _ in VECTORS["repeated"]]
    values += [{"n": 251911223344, "at": 1741000000, "rows": [{"system": "phone", "value": "55 12"}, None, []]}]
    sections = {f"part {n}": value for n, value in enumerate(values)}
    kept, removed = protect.protect_location(sections)
    found = node.ask("protect", sections=sections)["ok"]
    assert found["kept"] == kept
    rows = {(row["section"], row["path"], row["why"]) for row in found["removed"]}
    assert rows == {(row.section, row.path, row.why) for row in removed}


def test_a_familys_and_a_childs_copy_leave_out_the_same(node):
    values = [{"steps": [{"text": "school"}, {"text": "tell the aunt", **flag}]} for flag in FAMILY["marked"]]
    values += [{"text": "tell the aunt", **flag} for flag in FAMILY["unmarked"]]
    values += [{"given_name": "Selam", **member} for member in FAMILY["default"]]
    values += [{"note": said} for said in FAMILY["stays"]]
    values += [
        {"items": [{"id": "N-1", "text": "uncle", "not_for": ["family"]}, {"id": "N-2", "text": "shoes"}]},
        {"steps": [{"about": "N-1", "do": "talk"}, {"N-1": {"id": "S-9"}}, {"see": ["S-9"]}, "After n-1, rest."]},
        {"ref": 17, "age": 17, "told": [{"id": 17, "not_for": ["family"]}], "words": "N-12 and N-1x"},
        {"a": [{"not_for": ["family"], "x": 1}], "b": {"c": {"d": "abuse"}}, "e": [], "f": {}},
        {"notes": [{"text": "b", "not_for": ["child"]}, {"id": "a/b~c", "not_for": ["child", "family"]}]},
    ]
    sections = {f"part {n}": value for n, value in enumerate(values)} | {"status": {"text": "a"}, "mhpss": {}}
    for reader in Reader:
        kept, removed = family_copy(sections, reader)
        found = node.ask("family_copy", sections=sections, reader=reader)["ok"]
        assert found["kept"] == kept
        rows = [(row["section"], row["path"], row["why"]) for row in found["removed"]]
        assert rows == [(row.section, row.path, row.why) for row in removed]


def test_tokens_are_the_same_letters(node):
    for _ in range(5):
        mine, theirs = token.new_token(), node.ask("new_token")["ok"]
        assert token.parse_token(theirs.lower().replace("-", " ")) == theirs
        assert node.ask("token", text=mine.lower().replace("0", "o"))["ok"] == mine
        wrong = mine[:-1] + ("0" if mine[-1] != "0" else "1")
        assert node.ask("token", text=wrong)["ok"] is None
    assert node.ask("token", text="")["ok"] is None


@pytest.mark.parametrize("lang", spoken.LANGUAGES)
def test_rules_are_told_in_the_same_words(node, lang):
    facts = {"section": "health", "agency": ADDIS.agency, "purpose": "reception", "service": "clinic"}
    facts |= {"giver": "guardian", "date": "2026-12-01"}
    for rule in (row.id for row in policy.RULES):
        for told in (facts, {}, {"section": "health,hiv"}):
            assert node.ask("message", lang=lang, rule=rule, facts=told)["ok"] == message(rule, told, lang)
    for name in spoken.NOTICES:
        assert node.ask("notice", lang=lang, id=name)["ok"] == spoken.notice(name, lang).sha256
