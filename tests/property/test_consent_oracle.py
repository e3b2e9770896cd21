"""`decide` against a brute-force oracle that lists every permitted tuple, and against arbitrary input."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from consent import policy, record
from consent.basis import BasisError
from consent.decide import Deny, Permit, Recipient, Request, allowed, decide, gates
from tests.support.consents import MEMBER, SECOND, SECRET, around, at, consent, mandatory, recipient, vital

START = date(2026, 11, 1)
CATEGORIES = ["identity", "health", "minimal_contact", "status"]
AGENCIES = [recipient(name).agency for name in "abc"]
PURPOSES = ["transfer", "reception"]
COUNTRIES = ["ET", "KE"]
PROTOCOL = {"countries": ["DJ", "ET", "KE"], "agencies": None, "categories": CATEGORIES}
KNOWN = around(protocols=[{**PROTOCOL, "from": "2026-01-01", "until": "2027-12-31"}])


def some(values, **more):
    return st.lists(st.sampled_from(values), unique=True, **more)


days = st.integers(0, 12).map(lambda n: (START + timedelta(days=n)).isoformat())
periods = st.tuples(days, days).map(sorted).map(lambda both: {"from": both[0], "until": both[1]})
grants = st.builds(
    lambda period, **row: {**row, **period},
    periods,
    categories=some(CATEGORIES, min_size=1),
    recipient=st.sampled_from(AGENCIES),
    purpose=st.sampled_from(PURPOSES),
    country=st.sampled_from(COUNTRIES),
    onward=some(AGENCIES, max_size=1),
    turned_on=some(["status", "health"], max_size=1),
)
denials = st.fixed_dictionaries(
    {
        "categories": st.none() | some(CATEGORIES, min_size=1, max_size=2),
        "recipient": st.sampled_from([None, *AGENCIES]),
        "purpose": st.sampled_from([None, *PURPOSES]),
        "party": st.sampled_from([None, None, "SYN stepfather"]),
    }
)
signers = some([(MEMBER, "supervisor"), (MEMBER, "caseworker"), (SECOND, "caseworker")], min_size=1).map(
    lambda rows: [{"member": member, "role": role} for member, role in rows]
)
overrides = st.builds(
    lambda period, **row: {
        **row,
        **period,
        "code": "x",
        "reason": "SYN, said at some length",
        "child_agreed": True,
        "proof": [],
    },
    periods,
    rule=st.sampled_from(["R03", "R11", "R12"]),
    categories=st.none() | some(CATEGORIES, min_size=1),
    recipient=st.sampled_from([None, *AGENCIES]),
    child_told=st.booleans(),
    by=signers,
)


@dataclass(frozen=True)
class Written:
    """A consent as plain data, from which both the record and the oracle's list are made."""

    grants: list
    denials: list
    overrides: list
    assent: str
    withdrawn: bool
    again: str

    def record(self):
        events = [{"on": "2026-11-02", "by": "child", "reason": None}] if self.withdrawn else []
        numbered = [{**row, "id": f"g{n}"} for n, row in enumerate(self.grants)]
        return consent(
            *numbered,
            at=at(START),
            denials=self.denials,
            overrides=self.overrides,
            subject={"situation": "in_family"},
            giver={"capacity": "caregiver", "order": None},
            assent={"answer": self.assent},
            withdrawal={"how": ["worker"], "events": events},
            reconfirm_by=self.again,
        )


written = st.builds(
    Written,
    grants=st.lists(grants, max_size=5),
    denials=st.just([]) | st.lists(denials, max_size=2, unique_by=lambda row: json.dumps(row, sort_keys=True)),
    overrides=st.just([]) | st.lists(overrides, max_size=4),
    assent=st.sampled_from(["agreed", "agreed", "agreed", "refused"]),
    withdrawn=st.sampled_from([False] * 7 + [True]),
    again=st.sampled_from(["2027-06-01", "2027-06-01", "2026-11-07"]),
)
recipients = st.builds(
    recipient,
    st.sampled_from("abc"),
    st.sampled_from(["ngo", "ngo", "ngo", "school", "police"]),
    st.sampled_from(COUNTRIES),
)
requests = st.builds(
    Request,
    recipient=recipients,
    categories=some(CATEGORIES, min_size=1, max_size=2).map(frozenset),
    purpose=st.sampled_from([*PURPOSES, *PURPOSES, "readmission"]),
    service=st.sampled_from([None, None, "clinic"]),
)


@st.composite
def likely(draw, onward=False):
    """A consent, a request that is mostly for something that one of its grants is about, and mostly in its days."""
    kept, wanted, today = draw(written), draw(requests), draw(days)
    rows = [row for row in kept.grants if not onward or set(row["onward"]) - {row["recipient"]}]
    if rows and draw(st.integers(0, 5)):
        row = draw(st.sampled_from(rows))
        to = replace(wanted.recipient, agency=row["recipient"], country=row["country"])
        holder = None
        if onward:
            to, holder = replace(to, agency=min(row["onward"])), row["recipient"]
        sections = frozenset(draw(some(row["categories"], min_size=1, max_size=2)))
        wanted = replace(wanted, recipient=to, categories=sections, purpose=row["purpose"], holder=holder)
        if draw(st.integers(0, 3)):
            today = draw(st.sampled_from([row["from"], row["until"]]))
    return kept, wanted, today


# The oracle


def permitted(kept, kind, service, today):
    """List all (category, agency, purpose, country) that a kind of agency may have today, the slow way."""
    today = str(today)
    if kind == "police" or kept.withdrawn or today > kept.again:
        return set()
    found = set()
    for row in kept.grants:
        if row["from"] <= today <= row["until"]:
            for category in row["categories"]:
                found.add((category, row["recipient"], row["purpose"], row["country"]))
    fits = {(None, "ngo"): CATEGORIES, (None, "school"): ["minimal_contact"]}
    ceiling = fits.get((service, kind), ["minimal_contact", "health"])
    for category, agency, purpose, country in sorted(found):
        lifted = {rule: lifters(kept, rule, category, agency, today) for rule in ("R03", "R11", "R12")}
        on = any(
            "status" in row["turned_on"]
            for row in kept.grants
            if (row["recipient"], row["purpose"], row["country"]) == (agency, purpose, country)
            and row["from"] <= today <= row["until"]
            and "status" in row["categories"]
        )
        two = 2 if category == "status" else 1
        no = [
            category not in ceiling and max(lifted["R11"], default=0) < two,
            category == "status" and not on and max(lifted["R12"], default=0) < 2,
            any(denies(row, category, agency, purpose) for row in kept.denials),
        ]
        if any(no):
            found.discard((category, agency, purpose, country))
    return found


def lifters(kept, rule, category, agency, today):
    """Return how many members made each override of a rule that fits here and has a supervisor."""
    return [
        len({who["member"] for who in row["by"]})
        for row in kept.overrides
        if row["rule"] == rule
        and row["from"] <= today <= row["until"]
        and (row["recipient"] is None or row["recipient"] == agency)
        and (row["categories"] is None or category in row["categories"])
        and any(who["role"] == "supervisor" for who in row["by"])
        and (rule != "R03" or row["child_told"])
    ]


def denies(row, category, agency, purpose):
    return (
        (row["party"] is None or row["recipient"] is not None)
        and (row["categories"] is None or category in row["categories"])
        and (row["recipient"] is None or row["recipient"] == agency)
        and (row["purpose"] is None or row["purpose"] == purpose)
    )


def may_go(kept, request, today):
    to = request.recipient
    wanted = {(name, to.agency, request.purpose, to.country) for name in request.categories}
    if kept.assent == "refused" and not any(
        count > 1
        and set(request.categories) <= (set(CATEGORIES) if row["categories"] is None else set(row["categories"]))
        for row in kept.overrides
        for count in lifters(replace(kept, overrides=[row]), "R03", min(request.categories), to.agency, str(today))
    ):
        return False
    return wanted <= permitted(kept, to.kind, request.service, today)


@given(likely())
@settings(max_examples=500)
def test_decide_permits_exactly_what_the_oracle_lists_until_the_day_that_it_ends(both):
    kept, request, today = both
    basis, now = kept.record(), at(today, 13)
    answer = decide(basis, request, now, KNOWN)
    assert isinstance(answer, Permit) == may_go(kept, request, today)
    event(f"{type(answer).__name__}")
    shown = record.read_excerpt(json.loads(json.dumps(record.excerpt_for(basis, SECRET, request.recipient.agency))))
    received = decide(shown, request, now)
    assert isinstance(received, Permit) == isinstance(answer, Permit)
    if isinstance(answer, Permit):
        last = date.fromisoformat(today)
        while may_go(kept, request, last + timedelta(days=1)):
            last += timedelta(days=1)
        assert (answer.until, received.until) == (last, last)


@given(written, days)
@settings(max_examples=30)
def test_every_tuple_is_decided_as_the_oracle_lists_it(kept, today):
    basis = kept.record()
    for category, agency, purpose, country in product(CATEGORIES, AGENCIES, PURPOSES, COUNTRIES):
        to = replace(recipient("a", "ngo", country), agency=agency)
        request = Request(to, frozenset({category}), purpose)
        assert isinstance(decide(basis, request, at(today), KNOWN), Permit) == may_go(kept, request, today)


@given(likely(onward=True))
@settings(max_examples=200)
def test_passing_on_is_decided_as_the_oracle_lists_it(both):
    kept, request, today = both
    third, holder = request.recipient.agency, request.holder or AGENCIES[0]
    assume(third != holder)
    named = [
        {**row, "recipient": third} for row in kept.grants if row["recipient"] == holder and third in row["onward"]
    ]
    basis = kept.record()
    held = record.excerpt_for(basis, SECRET, holder)
    passed = replace(request, holder=holder)
    # what is only for the holder does not carry; what is only for the third agency the holder was not shown
    carried = [row for row in kept.overrides if row["recipient"] is None]
    expected = may_go(replace(kept, grants=named, overrides=carried), request, today)
    answer = decide(record.read_excerpt(held), passed, at(today), KNOWN)
    event(f"{type(answer).__name__}")
    assert isinstance(answer, Permit) == expected
    assert (
        isinstance(decide(record.read_excerpt(record.onward_excerpt(held, third)), passed, at(today)), Permit)
        == expected
    )


@given(likely(), st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_order_and_saying_it_twice_mean_nothing(both, random):
    kept, request, today = both
    shuffled = [random.sample(rows, len(rows)) for rows in (kept.grants, kept.denials, kept.overrides)]
    again = [rows + rows[:1] for rows in (shuffled[0], [], shuffled[2])]
    other = replace(kept, grants=again[0], denials=shuffled[1], overrides=again[2])
    one, two = (decide(row.record(), request, at(today), KNOWN) for row in (kept, other))
    assert type(one) is type(two)
    assert gates(one) == gates(two)
    if isinstance(one, Permit):
        assert one.until == two.until


@given(likely(), denials)
@settings(max_examples=100)
def test_a_denial_never_permits_more(both, denial):
    kept, request, today = both
    assume(denial not in kept.denials)
    before = decide(kept.record(), request, at(today), KNOWN)
    after = decide(replace(kept, denials=[*kept.denials, denial]).record(), request, at(today), KNOWN)
    assert isinstance(after, Deny) or (isinstance(before, Permit) and after.until == before.until)


@given(likely(), grants)
@settings(max_examples=100)
def test_a_grant_never_permits_less_and_for_others_changes_nothing(both, row):
    kept, request, today = both
    before = decide(kept.record(), request, at(today), KNOWN)
    after = decide(replace(kept, grants=[*kept.grants, row]).record(), request, at(today), KNOWN)
    if isinstance(before, Permit):
        assert isinstance(after, Permit)
        assert after.until >= before.until
    if row["recipient"] != request.recipient.agency:
        assert after == before


# Excerpts


@given(written, st.sampled_from(AGENCIES))
@settings(max_examples=100)
def test_an_excerpt_names_no_other_recipient_and_hides_how_many_there_are(kept, agency):
    rows = [{**row, "onward": []} for row in kept.grants]
    basis = replace(kept, grants=rows).record()
    shown = record.excerpt_for(basis, SECRET, agency)
    assert not any(other in json.dumps(shown) for other in set(AGENCIES) - {agency})
    assert len(shown["head"]["digests"]) == 32
    assert record.read_excerpt(shown) == record.facts(basis, agency)


@given(written, st.sampled_from(AGENCIES), st.data())
@settings(max_examples=100)
def test_a_part_with_one_letter_changed_does_not_stand_in_the_record(kept, agency, data):
    shown = json.loads(json.dumps(record.excerpt_for(kept.record(), SECRET, agency)))
    row = data.draw(st.sampled_from(shown["parts"]))
    text = json.dumps(row["value"])
    n = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from('0123456789abct"{}[],:'))
    try:
        changed = json.loads(text[:n] + letter + text[n + 1 :])
    except ValueError:
        changed = None
    assume(changed != row["value"])
    row["value"] = changed
    try:
        record.read_excerpt(shown)
    except BasisError:
        return
    raise AssertionError("A changed part was taken.")


# Anything at all

texts = st.text(max_size=8) | st.sampled_from([*CATEGORIES, *AGENCIES, *PURPOSES, "ET", "ngo", "consent", "2026-11-03"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
objects = values | st.binary(max_size=4) | st.dates() | st.frozensets(texts) | st.builds(object) | st.just(Request)
wild_requests = (
    requests
    | st.builds(Request, st.builds(Recipient, *[objects] * 7) | objects, objects, objects, objects, objects)
    | objects
)


@st.composite
def damaged(draw):
    """A basis or the facts of an excerpt, with something replaced, added or lost anywhere."""
    kept = draw(written).record()
    value = draw(st.sampled_from([kept, record.facts(kept, AGENCIES[0]), mandatory(), vital()]))
    value = json.loads(json.dumps(value))
    inner, turns = value, draw(st.integers(0, 4))
    for _ in range(turns):
        steps = sorted(inner) if isinstance(inner, dict) else list(range(len(inner)))
        step = draw(st.sampled_from(steps)) if steps else None
        if step is None or not isinstance(inner[step], dict | list):
            break
        inner = inner[step]
    name = draw(st.sampled_from(sorted(inner))) if isinstance(inner, dict) and inner else "more"
    if isinstance(inner, list):
        inner.append(draw(objects))
    elif draw(st.booleans()):
        inner[name] = draw(objects)
    else:
        inner.pop(name, None)
    return value


@given(damaged() | objects, wild_requests, st.just(at("2026-11-03")) | values, st.just(KNOWN) | st.none() | values)
@settings(max_examples=400)
def test_decide_never_raises_and_never_opens_the_firewall(basis, request, now, known):
    answer = decide(basis, request, now, known)
    assert isinstance(answer, Permit | Deny)
    assert len(gates(answer)) == len(policy.GATES)
    if isinstance(answer, Deny):
        assert answer.reasons
        assert all(reason.message for reason in answer.reasons)
    else:
        assert request.recipient.kind in policy.MAY_RECEIVE
        assert request.purpose in policy.PURPOSES
        assert request.categories <= policy.CATEGORIES


@given(objects, likely(), st.just(KNOWN) | st.none())
@settings(max_examples=100)
def test_what_is_no_basis_permits_nothing(basis, both, known):
    assert isinstance(decide(basis, both[1], at(START), known), Deny)


@given(values)
@settings(max_examples=100)
def test_no_junk_is_an_excerpt_and_none_makes_reading_fail_otherwise(value):
    for junk in (value, {"v": 2, "kind": "consent", "head": value, "parts": value}):
        try:
            record.read_excerpt(junk)
        except BasisError:
            continue
        raise AssertionError("Junk was taken.")


@given(st.dictionaries(st.sampled_from(["subject", "giver", "assent", "grants", "storage", "born", "x"]), values))
@settings(max_examples=100)
def test_no_junk_is_a_form_and_none_makes_beginning_fail_otherwise(more):
    try:
        made = consent(at=at(START), **{name: row for name, row in more.items() if not isinstance(row, dict)})
    except BasisError:
        return
    assert made["revision"] == 1


@given(likely(), st.sampled_from(sorted(policy.NEVER_RECEIVE)), st.booleans())
@settings(max_examples=100)
def test_no_consent_opens_the_firewall(both, kind, passing):
    kept, request, today = both
    barred = replace(request, recipient=replace(request.recipient, kind=kind), holder=AGENCIES[0] if passing else None)
    for known in (KNOWN, None):
        answer = decide(kept.record(), barred, at(today), known)
        assert answer.reasons[0].rule == "R07"
        assert {reason.rule for reason in answer.reasons} <= {"R07", "R08"}


@given(st.sampled_from(["record", "copy", "publish"]), st.dictionaries(texts, values, max_size=3), values)
@settings(max_examples=200)
def test_what_else_may_be_done_is_denied_whenever_the_clock_is_unknown(act, scope, now):
    if not isinstance(now, int) or isinstance(now, bool) or not at("2020-01-01") <= now <= at("2100-01-01"):
        assert isinstance(allowed(act, scope, now), Deny)
    assert isinstance(allowed("publish", scope, at(START)), Deny)
