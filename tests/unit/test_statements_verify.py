"""Signing and verifying statements, and what an attacker tries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import BadSignature, Expired, Malformed, TooLarge, UnknownSigner
from hub.packets.checkpoint import Checkpoint
from hub.packets.dsse import Envelope, add_signature, sign_envelope
from hub.packets.encoding import b64u
from hub.statements.grammar import STATEMENT_TYPE, HubActor
from hub.statements.receipts import Channel, Receipt, read_receipt, receipt_value
from hub.statements.verify import AHEAD, OLDEST, VerifiedStatement, co_sign, sign_statement, verify_statement
from tests.support.factories import HOST, NOW, World, hub_signer, seed, signer, some_hash, statement

WORLD = World()
ADDIS = WORLD.agency("addis")
HANA = ADDIS.member("hana", "caseworker")
SAMUEL = ADDIS.member("samuel", "supervisor")
ADMIN = ADDIS.member("admin", "agency_admin")


def close(*by, **changes):
    return statement("referral.close", *(by or (HANA.actor(),)), **changes)


def verify(envelope, now=NOW, **given):
    return verify_statement(envelope.to_bytes(), WORLD, now=now, **given)


def test_a_signed_statement_verifies():
    found = verify(sign_statement(close(), [HANA.signer]))
    assert found.statement == close()
    assert found.hash == found.envelope.hash
    assert Envelope.from_bytes(found.document, STATEMENT_TYPE) == found.envelope


def test_a_hub_signs_for_itself():
    assert WORLD.verified(statement("referral.expire", HubActor(HOST), body={"clock": "first_answer"})).statement.hub


def test_two_members_sign_one_after_the_other():
    asked = sign_statement(close(HANA.actor(), SAMUEL.actor()), [HANA.signer])
    with pytest.raises(BadSignature):
        verify(asked)
    both = co_sign(asked, SAMUEL.signer)
    assert verify(both).statement.roles == {"caseworker", "supervisor"}
    assert both.hash == asked.hash
    with pytest.raises(Malformed):
        co_sign(both, signer("third"))


def test_two_signatures_of_one_member_are_not_two_members():
    twice = close(HANA.actor(), replace(SAMUEL.actor(), role="supervisor"))
    with pytest.raises(BadSignature):
        verify(sign_statement(twice, [HANA.signer, HANA.signer]))


def test_signatures_stand_in_the_order_of_their_signers():
    with pytest.raises(BadSignature):
        verify(sign_statement(close(HANA.actor(), SAMUEL.actor()), [SAMUEL.signer, HANA.signer]))


def test_a_signature_too_many_is_refused():
    with pytest.raises(BadSignature):
        verify(add_signature(sign_statement(close(), [HANA.signer]), SAMUEL.signer))


def test_a_role_that_the_certificate_does_not_give_is_refused():
    with pytest.raises(BadSignature):
        verify(sign_statement(close(HANA.actor("supervisor")), [HANA.signer]))


def test_a_key_that_nobody_certified_is_unknown():
    with pytest.raises(UnknownSigner):
        verify(sign_statement(close(), [signer("injected device")]))


def test_a_hub_cannot_sign_for_a_member():
    with pytest.raises(UnknownSigner):
        verify(sign_statement(close(), [hub_signer()]))


def test_another_member_cannot_sign_in_ones_name():
    with pytest.raises(BadSignature):
        verify(sign_statement(close(HANA.actor("supervisor")), [SAMUEL.signer]))


def test_a_document_of_another_type_is_no_statement():
    value = close().to_value()
    other = sign_envelope("application/vnd.rcp.packet+json;v=1", value, [HANA.signer])
    with pytest.raises(Malformed):
        verify(other)
    relabelled = replace(other, payload_type=STATEMENT_TYPE)
    with pytest.raises(BadSignature):
        verify(relabelled)


def test_what_was_changed_after_signing_is_refused():
    envelope = sign_statement(close(), [HANA.signer])
    changed = replace(envelope, payload=envelope.payload.replace(b"referral.close", b"referral.resume"))
    with pytest.raises((BadSignature, Malformed)):
        verify(changed)


def test_a_statement_may_be_ten_minutes_ahead_and_400_days_old():
    verify(sign_statement(close(at=NOW + AHEAD), [HANA.signer]))
    with pytest.raises(Expired):
        verify(sign_statement(close(at=NOW + AHEAD + 1), [HANA.signer]))
    old = sign_statement(close(), [HANA.signer])
    verify(old, now=NOW + OLDEST)
    with pytest.raises(Expired):
        verify(old, now=NOW + OLDEST + 1)
    assert verify(old, now=NOW + OLDEST + 1, first=False)


def test_a_certificate_must_have_been_valid_when_the_statement_was_signed():
    late = ADDIS.member("late", "caseworker", until=NOW - 10)
    with pytest.raises(BadSignature):
        verify(sign_statement(close(late.actor()), [late.signer]))


def test_too_large_a_document_is_not_even_parsed():
    with pytest.raises(TooLarge):
        verify_statement(b"{" + b" " * 300_000, WORLD, now=NOW)


def test_only_verification_makes_a_verified_statement():
    envelope = sign_statement(close(), [HANA.signer])
    with pytest.raises(TypeError):
        VerifiedStatement(close(), envelope, envelope.hash, object())


def test_a_statement_that_would_not_verify_is_not_signed():
    with pytest.raises(Malformed):
        sign_statement(close(heads=()), [HANA.signer])
    with pytest.raises(Malformed):
        sign_statement(close(), [HANA.signer, SAMUEL.signer])
    with pytest.raises(Malformed):
        sign_statement(close(), [])


# -- receipts


def receipt_for(about, host=HOST, **changes):
    made = Receipt(about.hash, Checkpoint(HOST, 5, seed("root")), 4, seed("salt"), (seed("node"),), 3, "accepted")
    body = receipt_value(replace(made, **changes))
    return WORLD.verified(statement("hub.receipt", HubActor(host), body=body, heads=(about.hash,)))


def holds(leaf, index, size, proof, root):
    return (index, size, root) == (4, 5, seed("root"))


def test_a_receipt_reads_back_and_its_proof_is_asked_for():
    about = verify(sign_statement(close(), [HANA.signer]))
    seen = []

    def includes(*given):
        seen.append(given)
        return holds(*given)

    chan = Channel(ADDIS.agency, 7)
    found = read_receipt(receipt_for(about, chan=chan), about, includes)
    assert (found.position, found.state, found.chan) == (3, "accepted", chan)
    from hub.handofflog.merkle import leaf_of

    assert seen[0][0] == leaf_of(seed("salt"), about.document)


def test_a_receipt_that_proves_nothing_is_refused():
    about = verify(sign_statement(close(), [HANA.signer]))
    with pytest.raises(BadSignature):
        read_receipt(receipt_for(about), about, lambda *_given: False)


def test_a_receipt_for_another_statement_or_of_another_log_is_refused():
    about = verify(sign_statement(close(), [HANA.signer]))
    other = verify(sign_statement(close(at=NOW - 1), [HANA.signer]))
    with pytest.raises(BadSignature):
        read_receipt(receipt_for(other), about, holds)
    with pytest.raises(BadSignature):
        read_receipt(receipt_for(about, host="elsewhere.example"), about, holds)
    refusal = {"statement": about.hash, "state": "accepted", "position": 1}
    with pytest.raises(BadSignature):
        read_receipt(WORLD.verified(statement("hub.refused", HubActor(HOST), body=refusal)), about, holds)
    assert b64u(seed("root")) == some_hash("root")
