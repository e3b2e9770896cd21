"""No changed byte of a statement or a key document ever passes; no input makes a parser fail otherwise than by name."""

from __future__ import annotations

import json
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from hub.errors import HubError, PacketError
from hub.keys import certificates as certs
from hub.keys.vault import KdfParameters, RecoveryCode
from hub.statements.grammar import Statement
from hub.statements.verify import sign_statement, verify_statement
from tests.support.factories import CERTIFIER_KEYS, NOW, World, statement, submission

WORLD = World()
ADDIS = WORLD.agency("addis")
HANA, SAMUEL = ADDIS.member("hana", "caseworker"), ADDIS.member("samuel", "supervisor")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@cache
def signed():
    said = statement("referral.submit", HANA.actor(), SAMUEL.actor(), body=submission())
    return sign_statement(said, [HANA.signer, SAMUEL.signer]).to_bytes()


@given(st.data())
def test_a_statement_with_a_changed_byte_never_verifies(data):
    original = signed()
    place = data.draw(st.integers(0, len(original) - 1))
    changed = bytearray(original)
    changed[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != original[place]))
    try:
        verify_statement(bytes(changed), WORLD, now=NOW)
    except PacketError:
        return
    raise AssertionError("a changed statement was accepted")


@given(st.data())
def test_a_truncated_statement_never_verifies(data):
    cut = data.draw(st.integers(0, len(signed()) - 1))
    try:
        verify_statement(signed()[:cut], WORLD, now=NOW)
    except PacketError:
        return
    raise AssertionError("a truncated statement was accepted")


@given(st.data())
def test_a_key_entry_with_a_changed_byte_never_verifies(data):
    original = ADDIS.envelope().to_bytes()
    place = data.draw(st.integers(0, len(original) - 1))
    changed = bytearray(original)
    changed[place] ^= data.draw(st.integers(1, 255))
    try:
        certs.verify_key_entry(certs.read_envelope(bytes(changed)), None, CERTIFIER_KEYS)
    except PacketError:
        return
    raise AssertionError("a changed key entry was accepted")


@given(JSON)
def test_any_value_is_a_statement_or_malformed(value):
    try:
        found = Statement.from_value(value)
    except PacketError:
        return
    assert found.to_value() == value


@given(st.sampled_from(sorted(statement("referral.submit", HANA.actor(), body=submission()).to_value())), JSON)
def test_any_value_of_any_member_is_taken_as_it_is_or_refused(member, value):
    said = statement("referral.submit", HANA.actor(), body=submission()).to_value() | {member: value}
    try:
        assert Statement.from_value(said).to_value() == said
    except PacketError:
        return


@given(st.sampled_from(sorted(submission())), JSON)
def test_any_value_in_a_body_is_taken_as_it_is_or_refused(member, value):
    said = statement("referral.submit", HANA.actor(), body=submission() | {member: value})
    try:
        assert Statement.from_value(said.to_value()) == said
    except PacketError:
        return


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")))
def test_any_bytes_are_refused_by_name(data):
    for read in (certs.read_envelope, lambda given: verify_statement(given, WORLD, now=NOW)):
        try:
            read(data)
        except HubError:
            continue
        raise AssertionError("arbitrary bytes were accepted")


@given(JSON, st.text())
def test_derivation_parameters_and_codes_are_total(value, text):
    for read, given_ in (
        (KdfParameters.from_value, value),
        (RecoveryCode.parse, text),
        (certs.EpochGrant.from_value, value),
    ):
        try:
            read(given_)
        except PacketError:
            continue
        raise AssertionError("an arbitrary value was accepted")
