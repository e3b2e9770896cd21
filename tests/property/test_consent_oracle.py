"""`decide` against a brute-force oracle that lists every permitted tuple, and against arbitrary input."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from consent import policy
from consent.basis import Consent, Denial, Giver, Grant, MandatoryProtection, VitalInterest, from_value
from consent.decide import Deny, Permit, Recipient, Request, decide
from consent.excerpt import check_excerpt, excerpt_for, verdict

START = date(2026, 11, 1)
CATEGORIES = ["identity", "health", "minimal_contact", "status"]
AGENCIES = [f"urn:rcp:agency:{name}@x.example" for name in "abc"]
PURPOSES = ["transfer", "reception"]
COUNTRIES = ["ET", "DJ"]


def some(values, **more):
    return st.frozensets(st.sampled_from(values), **more)


days = st.integers(0, 12).map(lambda n: START + timedelta(days=n))
grants = st.builds(
    Grant,
    categories=some(CATEGORIES),
    recipients=some(AGENCIES),
    purposes=some(PURPOSES),
    countries=some(COUNTRIES),
    start=days,
    until=days,
    turned_on=some(CATEGORIES),
)
denials = st.builds(
    Denial,
    categories=st.none() | some(CATEGORIES),
    recipients=st.none() | some(AGENCIES),
    purposes=st.none() | some(PURPOSES),
)
records = st.builds(
    Consent,
    situation=st.just("in_family"),
    giver=st.just(Giver("caregiver")),
    assent=st.sampled_from(["agreed", "agreed", "agreed", "too_young", "refused"]),
    explained_in=st.just("fr"),
    given=st.just(START),
    expression=st.just("h" * 42 + "A"),
    grants=st.lists(grants, max_size=5).map(tuple),
    denials=st.lists(denials, max_size=1).map(tuple),
    withdrawn=st.sampled_from([None, None, None, START]),
)
requests = st.builds(
    Request,
    recipient=st.builds(
        Recipient,
        agency=st.sampled_from(AGENCIES),
        kind=st.sampled_from(["ngo", "io", "police"]),
        country=st.sampled_from(COUNTRIES),
    ),
    categories=some(CATEGORIES, min_size=1),
    purpose=st.sampled_from([*PURPOSES, "readmission"]),
)


def allowed(record: Consent, today: date) -> set[tuple[str, str, str, str]]:
    """List all that is permitted today, the slow way."""
    found = set()
    if record.withdrawn or record.assent == "refused":
        return found
    for grant in record.grants:
        for row in product(grant.categories, grant.recipients, grant.purposes, grant.countries):
            off = row[0] == "status" and "status" not in grant.turned_on
            if grant.start <= today and today <= grant.until and not off:
                found.add(row)
    for denial in record.denials:
        for row in list(found):
            hits = [
                denial.categories is None or row[0] in denial.categories,
                denial.recipients is None or row[1] in denial.recipients,
                denial.purposes is None or row[2] in denial.purposes,
            ]
            if all(hits):
                found.discard(row)
    return found


def at(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 13, tzinfo=UTC).timestamp())


@given(records, requests, days)
@settings(max_examples=600)
def test_decide_permits_exactly_what_the_oracle_lists(record, request, today):
    answer = decide(record, request, at(today))
    wanted = {
        (category, request.recipient.agency, request.purpose, request.recipient.country)
        for category in request.categories
    }
    permitted = wanted <= allowed(record, today) and request.recipient.kind != "police"
    assert isinstance(answer, Permit) == permitted
    if permitted:
        assert wanted <= allowed(record, answer.until)
        assert not wanted <= allowed(record, answer.until + timedelta(days=1))


@given(records, requests, days)
@settings(max_examples=300)
def test_an_excerpt_decides_as_the_whole_record_does(record, request, today):
    excerpt = excerpt_for(record, request.recipient)
    assert check_excerpt(excerpt, request, at(today)) == decide(record, request, at(today))
    others = set(AGENCIES) - {request.recipient.agency}
    assert not any(other in str(excerpt) for other in others)


@given(records)
def test_a_record_survives_being_written_down(record):
    assert from_value(record.to_value()) == record


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.binary(max_size=4) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.frozensets(st.text(max_size=3)) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
words = junk | st.sampled_from([*CATEGORIES, *AGENCIES, *PURPOSES, *COUNTRIES, "ngo", "guardian", "agreed"])
wild_request = st.builds(Request, st.builds(Recipient, words, words, words, words, words), words, words, words) | junk
wild_basis = (
    st.builds(Consent, words, words, words, words, words, words, words, words, words)
    | st.builds(MandatoryProtection, words, words, words, words, words)
    | st.builds(VitalInterest, words, words, words, words, words)
    | records
    | junk
)


@given(wild_basis, wild_request, st.just(at(START)) | junk)
@settings(max_examples=800)
def test_decide_never_raises_and_never_permits_what_is_not_a_record(basis, request, now):
    answer = decide(basis, request, now)
    assert isinstance(answer, Permit | Deny)
    if isinstance(answer, Deny):
        assert answer.reasons
    else:
        assert request.recipient.kind in policy.MAY_RECEIVE
        assert request.categories <= policy.CATEGORIES


@given(junk, requests)
def test_no_junk_is_an_excerpt(excerpt, request):
    assert isinstance(check_excerpt(excerpt, request, at(START)), Deny)


@given(records, requests, days, st.sampled_from(sorted(policy.NEVER_RECEIVE)))
def test_no_consent_opens_the_firewall(record, request, today, kind):
    barred = replace(request, recipient=replace(request.recipient, kind=kind))
    answer = decide(record, barred, at(today))
    assert [reason.rule for reason in answer.reasons] == ["R07"]
    assert len(verdict(record, barred, at(today))) == len(policy.GATES)
