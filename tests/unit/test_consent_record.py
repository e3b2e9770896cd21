"""The consent record: its revisions are a chain, its parts are salted apart, and each recipient is shown its own."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime

import pytest

from consent import policy, record
from consent.basis import BasisError, check
from consent.decide import Permit, decide
from tests.support.consents import (
    ADDIS,
    AUTHORITY,
    CLINIC,
    HASH,
    MEMBER,
    NOW,
    OWN,
    SCHOOL,
    SECOND,
    SECRET,
    agency,
    asks,
    at,
    blocked,
    consent,
    day,
    draft,
    grant,
    order,
    override,
    recipient,
)

RECORD = "r" * 21 + "A"
THIRD, FOURTH = recipient("third", "ngo"), recipient("fourth", "ngo")
FAMILY = consent(
    grant(ADDIS, "identity", onward=[THIRD.agency]),
    grant(CLINIC, "health", purpose="medical_care"),
    grant(SCHOOL, "education_skills", purpose="education"),
    denials=[
        {"categories": ["mhpss"]},
        {"categories": ["identity"], "recipient": CLINIC.agency},
        {"party": "SYN stepfather"},
    ],
    refused=[{"categories": ["legal"], "recipient": SCHOOL.agency}],
    overrides=[
        override("R03", to=CLINIC, reason="SYN why only the clinic may"),
        override("R06", reason="SYN why it is so for all"),
    ],
    giver={"relationship": "SYN aunt", "reason": "SYN reason"},
    assent={"words": "SYN words of the child"},
    safety={"note": "SYN call after six"},
)


def begin(value, when=NOW):
    return record.begin(value, record=RECORD, agency=OWN, member=MEMBER, at=when, token="TOKEN")


def excerpt(to, value=FAMILY, secret=SECRET):
    return json.loads(json.dumps(record.excerpt_for(value, secret, to.agency)))


def names(shown):
    return [row["name"] for row in shown["parts"]]


# The first revision


def test_what_the_form_leaves_open_is_filled_in():
    made = begin({name: row for name, row in draft(grant(ADDIS, "identity")).items() if name != "informing"})
    assert (made["revision"], made["prev"], made["at"], made["status"]) == (1, None, NOW, "ConsentGiven")
    assert made["recorded_by"] == {"agency": OWN, "member": MEMBER}
    assert made["informing"]["understanding"] == "not_checked"
    assert made["safety"]["location_protected"] is False
    assert made["grants"][0]["id"] == "g1"
    assert made["receipt"] == {"id": RECORD, "token": "TOKEN", "given_as": "paper", "because": None}
    assert made["storage"]["locations"] == ["DJ", "ET"]
    assert made["reconfirm_by"] == "2027-11-02"
    assert check(made) == made


def test_a_grant_begins_today_if_nobody_said_and_a_denial_denies_everything():
    bare = {name: row for name, row in grant(ADDIS, "identity").items() if name != "from"}
    made = consent(bare, denials=[{}])
    assert made["grants"][0]["from"] == "2026-11-22"
    assert made["denials"] == [
        {"categories": None, "recipient": None, "party": None, "purpose": None, "because": "not_said"}
    ]


def test_a_form_does_not_say_who_recorded_it_or_that_it_is_valid():
    said = {"recorded_by": None, "status": "RenewedConsentGiven", "revision": 9, "prev": HASH, "record": "x"}
    made = begin({**draft(grant(ADDIS, "identity")), **said, "receipt": {"token": "MINE", "given_as": "paper"}})
    assert {name: made[name] for name in said} == {
        "recorded_by": {"agency": OWN, "member": MEMBER},
        "status": "ConsentGiven",
        "revision": 1,
        "prev": None,
        "record": RECORD,
    }
    assert made["receipt"]["token"] == "TOKEN"


def test_the_form_is_not_changed_and_no_two_records_share_what_was_filled_in():
    value = draft(grant(ADDIS, "identity"))
    before = deepcopy(value)
    one, two = begin(value), begin(value)
    one["safety"]["allowed"] = ["phone"]
    one["receipt"]["given_as"] = "code_only"
    assert value == before
    assert two["safety"]["allowed"] == []
    assert two["receipt"]["given_as"] == "paper"


@pytest.mark.parametrize(
    ("assent", "overrides", "status"),
    [
        ("agreed", [], "ConsentGiven"),
        ("refused", [], "ConsentRefused"),
        ("refused", [override("R03")], "ConsentGiven"),
    ],
)
def test_a_childs_no_is_a_refusal_until_a_panel_says_otherwise(assent, overrides, status):
    made = consent(grant(ADDIS, "identity"), assent={"answer": assent}, overrides=overrides)
    assert made["status"] == status


# A day of birth


@pytest.mark.parametrize(
    ("born", "today", "band", "again"),
    [
        ("2026-11-21", "2026-11-22", "0-5", "2027-11-23"),
        ("2021-01-10", "2026-11-22", "0-5", "2027-01-09"),
        ("2020-11-22", "2026-11-22", "6-11", "2027-11-23"),
        ("2014-11-23", "2026-11-22", "6-11", "2026-11-22"),
        ("2011-12-01", "2026-11-22", "12-14", "2026-11-30"),
        ("2009-03-05", "2026-11-22", "15-17", "2027-03-04"),
        ("2008-11-23", "2026-11-22", "15-17", "2026-11-22"),
        ("2008-11-22", "2026-11-22", "18+", "2027-11-23"),
        ("2008-02-29", "2026-02-28", "15-17", "2026-02-28"),
        ("2008-02-29", "2026-03-01", "18+", "2027-03-02"),
        ("2012-02-29", "2027-02-27", "12-14", "2027-02-28"),
        ("2012-02-29", "2027-03-01", "15-17", "2028-03-01"),
    ],
)
def test_a_day_of_birth_gives_the_age_band_and_the_day_before_the_next(born, today, band, again):
    form = {name: row for name, row in draft(grant(ADDIS, "identity")).items() if name != "reconfirm_by"}
    made = begin({**form, "born": born, "expression": {**form["expression"], "on": today}}, at(today, 12))
    assert (made["subject"]["age_band"], made["reconfirm_by"]) == (band, again)
    assert "born" not in made
    assert born not in json.dumps(made)


def test_on_the_eighteenth_birthday_the_guardians_consent_has_ended():
    made = begin({**draft(grant(ADDIS, "identity")), "born": "2008-12-24"})
    answer = decide(made, asks(ADDIS, "identity"), NOW)
    assert isinstance(answer, Permit)
    assert answer.until.isoformat() == "2026-12-23"
    assert blocked(decide(made, asks(ADDIS, "identity"), at("2026-12-24"))) == {"R04"}


def test_an_earlier_day_to_ask_again_stands():
    assert begin({**draft(), "born": "2009-03-05", "reconfirm_by": day(3)})["reconfirm_by"] == day(3)
    assert begin({**draft(), "born": "2009-03-05", "reconfirm_by": "2027-06-01"})["reconfirm_by"] == "2027-03-04"


@pytest.mark.parametrize("capacity", ["self", "guardian"])
def test_years_are_kept_only_of_who_decides_alone(capacity):
    made = begin({**draft(giver={"capacity": capacity}), "born": "2009-03-05"})
    assert made["giver"]["years"] == (17 if capacity == "self" else None)


@pytest.mark.parametrize("born", ["2026-11-23", "2026-02-30", "Hagos", 2009, "", "2009-3-5", []])
def test_a_day_of_birth_is_a_day_in_the_past(born):
    with pytest.raises(BasisError) as caught:
        begin({**draft(), "born": born})
    assert caught.value.field == "born"
    assert "Hagos" not in str(caught.value)


# What is wrong in a form


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"subject": None}, "subject"),
        ({"giver": "Hagos"}, "giver"),
        ({"assent": []}, "assent"),
        ({"expression": {"method": "Hagos"}}, "expression"),
        ({"grants": "Hagos"}, "grants"),
        ({"grants": ["Hagos"]}, "grants.0"),
        ({"grants": [{"Hagos": 1}]}, "grants.0"),
        ({"denials": None}, "denials"),
        ({"overrides": [{}]}, "overrides.0"),
        ({"storage": None}, "storage"),
        ({"storage": {}}, "storage"),
        ({"storage": ["Hagos"]}, "storage"),
        ({"withdrawal": "Hagos"}, "withdrawal"),
        ({"reconfirm_by": "Hagos"}, "reconfirm_by"),
        ({"reconfirm_by": None, "born": "2009-03-05"}, None),
        ({"receipt": "Hagos"}, "receipt"),
        ({"safety": 7}, "safety"),
        ({"Hagos": "Hagos"}, ""),
    ],
)
def test_what_is_wrong_in_a_form_is_named_and_not_repeated(wrong, field):
    if field is None:
        assert begin({**draft(), **wrong})["reconfirm_by"] == "2027-03-04"
        return
    with pytest.raises(BasisError) as caught:
        begin({**draft(), **wrong})
    assert caught.value.field.startswith(field)
    assert "Hagos" not in f"{caught.value} {caught.value.field}"


@pytest.mark.parametrize("name", ["subject", "giver", "assent", "expression"])
def test_a_form_says_at_least_whom_it_is_about_who_gave_it_what_the_child_said_and_how(name):
    with pytest.raises(BasisError) as caught:
        begin({key: row for key, row in draft().items() if key != name})
    assert caught.value.field == name


# When to ask again


@pytest.mark.parametrize(
    ("more", "due"),
    [
        ({}, "2027-01-27"),
        ({"giver": {"order": order(until="2026-12-31")}}, "2026-12-17"),
        ({"reconfirm_by": "2027-01-20"}, "2027-01-06"),
        ({"reconfirm_by": "2026-11-05"}, "2026-11-01"),
    ],
)
def test_it_is_asked_again_two_weeks_before_the_first_end_and_not_before_it_was_given(more, due):
    assert consent(grant(ADDIS, "identity"), grant(SCHOOL, "identity", until="2027-05-01"), **more)["review_due"] == due


# Revisions


def history(*steps):
    rows = [FAMILY]
    for n, changes in enumerate(steps, 1):
        rows.append(record.revise(rows[-1], SECRET, changes, member=SECOND, at=NOW + n))
    return rows


LONGER = {"grants": [grant(ADDIS, "identity", id="g1", onward=[], turned_on=[], until="2027-08-01")]}
RENEWED = {**LONGER, "expression": {**FAMILY["expression"], "on": "2026-11-20"}}


def test_each_revision_names_the_one_before():
    rows = history(RENEWED, {"frozen": day(0)}, {"frozen": None})
    heads = [record.head(row, SECRET) for row in rows]
    assert [row["revision"] for row in rows] == [1, 2, 3, 4]
    assert rows[1]["prev"] == record.head_hash(heads[0])
    assert rows[1]["recorded_by"] == {"agency": OWN, "member": SECOND}
    assert rows[1]["status"] == "RenewedConsentGiven"
    assert rows[1]["review_due"] == "2027-06-16"
    record.check_chain(heads)
    record.check_chain(heads[:1])


@pytest.mark.parametrize("break_", ["gap", "first", "order", "twice", "changed", "other record", "older", "no link"])
def test_a_history_with_a_gap_or_a_change_is_found_out(break_):
    heads = [record.head(row, SECRET) for row in history(RENEWED, {"frozen": day(0)}, {"frozen": None})]
    one, two, three, four = heads
    wrong = {
        "gap": [one, three, four],
        "first": [two, three, four],
        "order": [one, three, two, four],
        "twice": [one, two, two, three],
        "changed": [one, {**two, "digests": sorted([HASH, *two["digests"][1:]])}, three, four],
        "other record": [one, {**two, "record": "q" * 21 + "A"}],
        "older": [one, {**two, "at": NOW - 1}],
        "no link": [one, {**two, "prev": None}],
    }
    with pytest.raises(BasisError) as caught:
        record.check_chain(wrong[break_])
    assert caught.value.field == "prev"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"grants": None}, "grants"),
        ({"giver": None}, "giver"),
        ({"withdrawal": None}, "withdrawal"),
        ({"Hagos": 1}, ""),
        ({"grants": [grant(ADDIS, "identity")]}, "grants.0"),
    ],
)
def test_a_revision_is_a_whole_record_too(changes, field):
    with pytest.raises(BasisError) as caught:
        record.revise(FAMILY, SECRET, changes, member=MEMBER, at=NOW)
    assert caught.value.field.startswith(field)


def test_a_revision_is_of_the_same_record_and_not_older():
    changes = {"record": "q" * 21 + "A", "schema": "x", "kind": "x", "revision": 7, "prev": None, "status": "Unknown"}
    made = record.revise(FAMILY, SECRET, {**changes, "recorded_by": None, "at": 0}, member=SECOND, at=NOW)
    record.check_chain([record.head(row, SECRET) for row in (FAMILY, made)])
    with pytest.raises(BasisError) as caught:
        record.revise(FAMILY, SECRET, {}, member=SECOND, at=NOW - 1)
    assert caught.value.field == "at"


def test_a_childs_change_of_mind_changes_the_status_both_ways():
    said_no = {**FAMILY, "overrides": []}["assent"] | {"answer": "refused"}
    refused = record.revise(FAMILY, SECRET, {"assent": said_no, "overrides": []}, member=MEMBER, at=NOW)
    again = record.revise(refused, SECRET, {"assent": FAMILY["assent"]}, member=MEMBER, at=NOW)
    assert (refused["status"], again["status"]) == ("ConsentRefused", "ConsentGiven")


@pytest.mark.parametrize(
    "changes",
    [
        LONGER,
        {"denials": []},
        {"giver": {**FAMILY["giver"], "capacity": "court"}},
        {"grants": [{**FAMILY["grants"][0], "onward": [FOURTH.agency]}]},
        {"grants": [{**FAMILY["grants"][0], "categories": ["identity", "hiv"]}]},
        {**LONGER, "expression": {**FAMILY["expression"], "on": "2026-10-31"}, "reconfirm_by": "2027-01-01"},
    ],
)
def test_nothing_more_is_permitted_unless_somebody_gave_it_anew(changes):
    with pytest.raises(BasisError) as caught:
        record.revise(FAMILY, SECRET, changes, member=SECOND, at=NOW)
    assert caught.value.field == "expression"


def test_a_consent_is_not_prolonged_by_itself_or_beyond_a_year():
    short = record.revise(FAMILY, SECRET, {"reconfirm_by": "2026-12-01"}, member=SECOND, at=NOW)
    for last, field in (("2027-01-01", "expression"), ("2027-11-03", "reconfirm_by")):
        with pytest.raises(BasisError) as caught:
            record.revise(short, SECRET, {"reconfirm_by": last}, member=SECOND, at=NOW)
        assert caught.value.field == field
    with pytest.raises(BasisError) as caught:
        begin({**draft(), "reconfirm_by": "2098-12-31"})
    assert caught.value.field == "reconfirm_by"


def test_less_may_be_written_down_at_any_time_and_renews_nothing():
    first = FAMILY["grants"][0]
    less = {"grants": [{**first, "onward": [], "until": first["from"]}], "reconfirm_by": "2026-12-01"}
    made = record.revise(FAMILY, SECRET, less, member=SECOND, at=NOW)
    assert made["status"] == FAMILY["status"] == "ConsentGiven"


@pytest.mark.parametrize(("group", "name"), [("subject", "pseudonym"), ("receipt", "token"), ("receipt", "id")])
def test_a_record_cannot_become_another_childs_or_lose_its_token(group, name):
    other = {group: {**FAMILY[group], name: "q" * 21 + "A"}}
    with pytest.raises(BasisError) as caught:
        record.revise(FAMILY, SECRET, {**other, **RENEWED}, member=SECOND, at=NOW)
    assert caught.value.field == f"{group}.{name}"


# Withdrawal


@pytest.mark.parametrize("by", ["giver", "child", "guardian", "agency", "court"])
def test_a_withdrawal_is_a_revision_and_happens_once(by):
    ended = record.withdraw(FAMILY, SECRET, by=by, member=SECOND, at=NOW)
    assert ended["status"] == "ConsentWithdrawn"
    assert ended["withdrawal"]["events"] == [{"on": "2026-11-22", "by": by, "reason": None}]
    assert record.withdraw(ended, SECRET, by="court", member=MEMBER, at=NOW + 9) == ended
    record.check_chain([record.head(row, SECRET) for row in (FAMILY, ended)])
    assert blocked(decide(ended, asks(ADDIS, "identity"), NOW)) == {"R04"}


def test_a_withdrawal_by_nobody_known_is_refused():
    with pytest.raises(BasisError):
        record.withdraw(FAMILY, SECRET, by="neighbour", member=MEMBER, at=NOW)


@pytest.mark.parametrize("events", [[], [{"on": "2026-11-22", "by": "agency", "reason": None}]])
def test_nothing_brings_a_withdrawn_consent_back(events):
    ended = record.withdraw(FAMILY, SECRET, by="giver", member=SECOND, at=NOW)
    undone = {"withdrawal": {**ended["withdrawal"], "events": events}, "status": "ConsentGiven"}
    with pytest.raises(BasisError) as caught:
        record.revise(ended, SECRET, undone, member=SECOND, at=NOW + 1)
    assert caught.value.field == "withdrawal.events"
    later = record.revise(ended, SECRET, RENEWED, member=SECOND, at=NOW + 1)
    assert later["status"] == "ConsentWithdrawn"


# Parts and their hashes


def test_every_word_of_a_record_stands_in_its_parts():
    def leaves(value):
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return {str(value)} if inner is None else set().union(*(leaves(row) for row in inner))

    kept = set().union(*(leaves(part.value) for part in record.parts(FAMILY)))
    whole = {name: row for name, row in FAMILY.items() if name not in {"schema", "kind", "record", "revision", "at"}}
    assert leaves(whole) <= kept
    assert {part.to for part in record.parts(FAMILY)} == {"*", "", ADDIS.agency, CLINIC.agency, SCHOOL.agency}


@pytest.mark.parametrize(("grants", "digests"), [(0, 32), (1, 32), (12, 32), (25, 64), (60, 128), (1000, 1024)])
def test_how_many_parts_there_are_is_hidden(grants, digests):
    rows = [grant(recipient(f"a{n}"), "identity") for n in range(grants)]
    found = record.head(consent(*rows), SECRET)["digests"]
    assert len(found) == digests
    assert len(found) == len(set(found))
    assert found == sorted(found)


def test_a_consent_names_no_more_agencies_than_an_excerpt_can_show():
    onward = [agency(f"b{n}") for n in range(50)]
    rows = [grant(recipient(f"a{n}"), "identity", onward=onward) for n in range(78)]
    assert len(record.head(consent(*rows), SECRET)["digests"]) == 4096
    with pytest.raises(BasisError) as caught:
        consent(*rows, grant(SCHOOL, "identity", onward=onward))
    assert caught.value.field.startswith("grants")


def test_a_decoy_looks_like_a_part_and_nobody_else_can_make_either():
    mine, theirs = (record.head(FAMILY, secret)["digests"] for secret in (SECRET, b"t" * 32))
    assert {len(value) for value in mine} == {43}
    assert set(mine).isdisjoint(theirs)
    assert record.head(FAMILY, SECRET) == record.head(deepcopy(FAMILY), SECRET)


def test_two_revisions_share_no_hash_and_no_salt():
    later = record.revise(FAMILY, SECRET, {}, member=MEMBER, at=NOW)
    assert set(record.head(FAMILY, SECRET)["digests"]).isdisjoint(record.head(later, SECRET)["digests"])
    salts = [{row["salt"] for row in excerpt(ADDIS, value)["parts"]} for value in (FAMILY, later)]
    assert salts[0].isdisjoint(salts[1])


def test_what_is_true_cannot_be_guessed_without_the_salt():
    shown = excerpt(SCHOOL)
    hidden = next(part for part in record.parts(FAMILY) if part.to == CLINIC.agency)
    known = set(shown["head"]["digests"])
    for row in shown["parts"]:
        assert record.digest({"salt": row["salt"], "name": hidden.name, "value": hidden.value}) not in known
        assert record.digest(row) in known


# Excerpts


def test_a_school_does_not_learn_that_a_clinic_was_named():
    text = json.dumps(excerpt(SCHOOL))
    for secret in (CLINIC.agency, ADDIS.agency, THIRD.agency, '"health"', "medical_care", "SYN why", "R03"):
        assert secret not in text
    for shown in (SCHOOL.agency, "guardian", '"legal"', "R06"):
        assert shown in text


def test_nobody_is_shown_words_names_or_reasons_that_the_rules_do_not_need():
    private = ("SYN aunt", "SYN reason", "SYN words", "SYN call", "SYN worker", "TOKEN", "Court of Obock", "SYN-7")
    for to in (ADDIS, CLINIC, SCHOOL, AUTHORITY):
        text = json.dumps(excerpt(to))
        assert [secret for secret in private if secret in text] == []


def test_two_recipients_share_no_part_that_names_either():
    shown = {to.agency: {record.digest(row) for row in excerpt(to)["parts"]} for to in (ADDIS, CLINIC, SCHOOL)}
    rows = {record.digest(row): json.dumps(row) for to in (ADDIS, CLINIC, SCHOOL) for row in excerpt(to)["parts"]}
    for one, theirs in shown.items():
        for other in shown.keys() - {one}:
            common = theirs & shown[other]
            assert common
            assert not any(one in rows[name] or other in rows[name] for name in common)


def test_an_agency_that_nobody_named_is_shown_no_grant():
    assert "grant" not in names(excerpt(AUTHORITY))
    assert blocked(decide(record.read_excerpt(excerpt(AUTHORITY)), asks(AUTHORITY, "identity"), NOW)) == {"R01"}


@pytest.mark.parametrize(
    ("to", "section", "purpose"), [(ADDIS, "identity", "reception"), (CLINIC, "health", "medical_care")]
)
def test_the_recipients_check_of_its_excerpt_is_the_senders_own(to, section, purpose):
    facts = record.read_excerpt(excerpt(to))
    assert facts == record.facts(FAMILY, to.agency)
    for sections in ((section,), (section, "legal"), ("education_skills",)):
        wanted = asks(to, *sections, purpose=purpose)
        assert decide(facts, wanted, NOW) == decide(FAMILY, wanted, NOW)


def test_one_member_who_signs_twice_is_one_member_at_both_ends():
    by = [{"member": MEMBER, "role": "supervisor"}, {"member": MEMBER, "role": "caseworker"}]
    kept = consent(grant(ADDIS, "identity"), overrides=[override("R03", by=by)])
    for facts in (record.facts(kept, ADDIS.agency), record.read_excerpt(excerpt(ADDIS, kept))):
        assert facts["overrides"][0]["members"] == 1
        assert facts["overrides"][0]["roles"] == ["caseworker", "supervisor"]


def test_an_override_cannot_say_by_itself_how_many_made_it():
    kept = {**FAMILY, "overrides": [{**override("R03"), "by": [], "members": 9, "roles": ["supervisor"]}]}
    assert record.facts(kept, ADDIS.agency)["overrides"][0]["members"] == 0


def swapped(shown, name, **changes):
    rows = [{**row, "value": {**row["value"], **changes}} if row["name"] == name else row for row in shown["parts"]]
    return {**shown, "parts": rows}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("grant", {"categories": ["identity", "health"]}),
        ("grant", {"until": "2029-01-01"}),
        ("assent", {"answer": "agreed", "because": "not_able"}),
        ("dates", {"withdrawn": day(0)}),
        ("giver", {"capacity": "parent"}),
        ("safety", {"location_protected": True}),
        ("child", {"extra": 1}),
    ],
)
def test_a_part_that_was_changed_is_found_out(name, changes):
    with pytest.raises(BasisError) as caught:
        record.read_excerpt(swapped(excerpt(ADDIS), name, **changes))
    assert caught.value.field == "parts"


@pytest.mark.parametrize(
    "other",
    [
        {**FAMILY, "record": "q" * 21 + "A"},
        record.revise(FAMILY, SECRET, {}, member=MEMBER, at=NOW),
    ],
    ids=["another record", "another revision"],
)
def test_a_part_that_was_moved_from_elsewhere_is_found_out(other):
    mine, theirs = excerpt(ADDIS), excerpt(ADDIS, other)
    for n in range(len(mine["parts"])):
        moved = [*mine["parts"][:n], theirs["parts"][n], *mine["parts"][n + 1 :]]
        with pytest.raises(BasisError):
            record.read_excerpt({**mine, "parts": moved})


def test_a_part_under_another_name_or_salt_is_found_out():
    mine = excerpt(ADDIS)
    first, *rest = mine["parts"]
    for wrong in ({**first, "name": "grant"}, {**first, "salt": "A" * 22}, {**first, "value": None}):
        with pytest.raises(BasisError):
            record.read_excerpt({**mine, "parts": [wrong, *rest]})


@pytest.mark.parametrize("name", ["child", "giver", "assent", "expression", "dates", "safety"])
def test_what_the_rules_need_is_shown_once(name):
    mine = excerpt(ADDIS)
    without = [row for row in mine["parts"] if row["name"] != name]
    twice = [*mine["parts"], *(row for row in mine["parts"] if row["name"] == name)]
    for wrong in (without, twice, []):
        with pytest.raises(BasisError):
            record.read_excerpt({**mine, "parts": wrong})


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        [],
        "consent",
        {"kind": "consent"},
        {"kind": ["consent"]},
        FAMILY,
        {**excerpt(ADDIS), "v": 1},
        {**excerpt(ADDIS), "head": {}},
        {**excerpt(ADDIS), "more": 1},
        {**excerpt(ADDIS), "head": {**excerpt(ADDIS)["head"], "digests": ["short"]}},
        {**excerpt(ADDIS), "head": {**excerpt(ADDIS)["head"], "revision": 2**60}},
        {**excerpt(ADDIS), "parts": [{"salt": "a" * 22, "name": "grant", "value": {"n": 2**53}}]},
        {**excerpt(ADDIS), "parts": [{"salt": "a" * 22, "name": "grant", "value": {"n": 0.5}}]},
        {**excerpt(ADDIS), "parts": [{"salt": "a" * 22, "name": "grant", "value": "\udc00"}]},
    ],
)
def test_what_is_no_excerpt_is_refused(value):
    with pytest.raises(BasisError):
        record.read_excerpt(value)


def test_a_holder_shows_to_whom_it_passes_on_nothing_about_others():
    kept = consent(
        grant(ADDIS, "identity", onward=[THIRD.agency]),
        grant(ADDIS, "health", onward=[FOURTH.agency]),
        grant(ADDIS, "legal"),
        denials=[
            {"recipient": THIRD.agency, "categories": ["documents"]},
            {"recipient": FOURTH.agency, "purpose": "care"},
        ],
        overrides=[override("R11", to=ADDIS), override("R12")],
    )
    held = excerpt(ADDIS, kept)
    passed = record.onward_excerpt(held, THIRD.agency)
    text = json.dumps(passed)
    assert (names(held).count("grant"), names(held).count("denial"), names(held).count("override")) == (5, 2, 2)
    assert (names(passed).count("grant"), names(passed).count("denial"), names(passed).count("override")) == (1, 1, 1)
    assert FOURTH.agency not in text
    assert "R11" not in text
    assert record.read_excerpt(passed)["grants"][0]["categories"] == ["identity"]
    assert "grant" not in names(record.onward_excerpt(held, agency("stranger")))


def test_who_is_passed_something_learns_of_nobody_else_to_whom_it_may_go():
    kept = consent(grant(ADDIS, "identity", onward=[THIRD.agency, FOURTH.agency]))
    passed = json.dumps(record.onward_excerpt(excerpt(ADDIS, kept), THIRD.agency))
    assert FOURTH.agency not in passed
    assert record.facts(kept, ADDIS.agency)["grants"][0]["onward"] == []


def test_a_recipient_cannot_count_the_grants_by_their_names():
    kept = consent(*(grant(recipient(f"a{n}"), "identity") for n in range(5)), grant(SCHOOL, "education_skills"))
    assert [row["id"] for row in kept["grants"]][-1] == "g6"
    assert not any("g6" in json.dumps(row["value"]) for row in excerpt(SCHOOL, kept)["parts"])


@pytest.mark.parametrize(
    ("denial", "shown"),
    [
        ({"categories": ["exploitation"]}, False),
        ({"categories": ["exploitation"], "party": "SYN uncle"}, False),
        ({"purpose": "medical_care"}, False),
        ({"categories": ["exploitation", "education_skills"]}, True),
        ({"party": "SYN uncle"}, True),
        ({"categories": ["exploitation"], "recipient": SCHOOL.agency}, True),
    ],
)
def test_a_school_is_not_told_what_was_denied_of_what_it_never_gets(denial, shown):
    given = [grant(SCHOOL, "education_skills", purpose="education"), grant(ADDIS, "exploitation")]
    kept = consent(*given, denials=[denial])
    assert ("denial" in names(excerpt(SCHOOL, kept))) == shown
    assert ("denial" in names(excerpt(ADDIS, kept))) == (denial.get("recipient") is None and "purpose" not in denial)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("grant", "all of it"),
        ("grant", {"recipient": SCHOOL.agency}),
        ("denial", None),
        ("denial", []),
        ("override", {"rule": "R03", "proof": 5}),
    ],
)
def test_a_row_that_is_none_is_refused_though_it_stands_in_the_record(name, value):
    shown = excerpt(SCHOOL)
    row = {"salt": "a" * 22, "name": name, "value": value}
    shown["parts"].append(row)
    shown["head"]["digests"].append(record.digest(row))
    with pytest.raises(BasisError):
        record.read_excerpt(shown)


def test_an_auditor_who_is_given_the_whole_record_can_check_what_each_was_shown():
    whole = json.loads(json.dumps(FAMILY))
    for to in (ADDIS, CLINIC, SCHOOL):
        assert excerpt(to)["head"] == record.head(whole, SECRET)
        assert excerpt(to) == record.excerpt_for(whole, SECRET, to.agency)


def test_a_minors_consent_says_when_the_age_band_ends_and_an_adults_need_not():
    form = {name: row for name, row in draft(grant(ADDIS, "identity")).items() if name != "reconfirm_by"}
    with pytest.raises(BasisError) as refusal:
        begin(form)
    assert refusal.value.field == "reconfirm_by"
    grown = {"situation": "adult", "age_band": "18+", "languages": ["ti"], "law": "DJ"}
    assert begin({**form, "subject": grown, "giver": {"capacity": "self"}})["reconfirm_by"] == "2027-11-02"


def test_the_clock_of_a_record_is_a_day_of_utc():
    late = int(datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC).timestamp())
    assert (
        consent(at=late)["storage"]["until"]
        == consent(at=late - 80_000)["storage"]["until"]
        != consent(at=late + 1)["storage"]["until"]
    )
    assert policy.REVIEW_LONGEST_DAYS == 366


def test_a_worker_says_whether_the_location_is_protected_and_no_revision_takes_that_back():
    silent = {name: row for name, row in draft(grant(ADDIS, "identity")).items() if name != "safety"}
    with pytest.raises(BasisError) as refusal:
        begin(silent)
    assert refusal.value.field == "safety.location_protected"
    protected = consent(grant(ADDIS, "identity"), safety={"location_protected": True})
    open_again = {"safety": {**protected["safety"], "location_protected": False}}
    with pytest.raises(BasisError) as refusal:
        record.revise(protected, SECRET, open_again, member=MEMBER, at=NOW + 1)
    assert refusal.value.field == "safety.location_protected"
