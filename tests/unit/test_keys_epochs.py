"""Whose old key is still alive, out of the documents in the order of the log."""

from __future__ import annotations

import pytest

from hub.keys.certificates import KeyEntry, MemberCert, Revocation
from hub.keys.epochs import old_key_holders
from tests.support.factories import NOW, Agency


@pytest.fixture
def agency():
    made = Agency("addis")
    for name, role in (("hana", "caseworker"), ("biruk", "provider"), ("meron", "agency_admin")):
        made.member(name, role)
    return made


def cert(agency, name):
    return MemberCert.from_envelope(agency.members[name].envelope)


def gone(agency, name):
    return Revocation.from_envelope(agency.revocation(agency.members[name]))


def entry(agency, *epochs):
    return KeyEntry.from_envelope(agency.envelope(enc=tuple(agency.epoch(n).public() for n in epochs)))


def holders(*documents):
    return [found.member for found in old_key_holders(documents)]


def test_nobody_has_left(agency):
    assert holders(entry(agency, 1), cert(agency, "hana"), cert(agency, "meron")) == []


def test_who_left_holds_it_until_a_further_epoch(agency):
    hana = cert(agency, "hana")
    before = (entry(agency, 1), hana, cert(agency, "biruk"), gone(agency, "hana"))
    assert holders(*before) == [hana.member]
    assert holders(*before, entry(agency, 1)) == [hana.member]  # another deputy is no other key
    assert holders(*before, entry(agency, 1, 2)) == []


def test_who_never_opened_cases_holds_none(agency):
    assert holders(entry(agency, 1), cert(agency, "meron"), gone(agency, "meron")) == []


def test_who_loses_the_role_holds_it_and_who_gets_it_back_is_no_risk(agency):
    hana = cert(agency, "hana")
    less = MemberCert(hana.agency, hana.member, frozenset({"auditor"}), hana.sign, hana.recipient, NOW, NOW + 9)
    assert holders(entry(agency, 1), hana, less) == [hana.member]
    assert holders(entry(agency, 1), hana, less, hana) == []


def test_who_left_before_the_epoch_never_had_it(agency):
    hana = cert(agency, "hana")
    assert holders(entry(agency), hana, gone(agency, "hana"), entry(agency, 1)) == []


def test_a_committee_has_no_key_that_could_be_alive(agency):
    assert holders(entry(agency), cert(agency, "hana"), gone(agency, "hana")) == []
