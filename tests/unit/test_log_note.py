"""Checkpoints and proofs as C2SP texts, and what is refused."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadSignature, HubError, Malformed, PacketError, TooLarge
from hub.handofflog import note
from hub.handofflog.note import Proof
from hub.packets.checkpoint import Checkpoint
from hub.packets.dsse import Signer

HUB = Signer(b"h" * 32)
STRANGER = Signer(b"s" * 32)
ORIGIN = "hub.example"
HEAD = Checkpoint(ORIGIN, 1, hashlib.sha256(b"leaf").digest())
NOTE = note.sign_checkpoint(HEAD, HUB)


def signed_too(text, name, signer):
    """Return a note with one more signature, as a witness would add it."""
    body = text.rpartition("\n\n")[0] + "\n"
    signature = note.key_id(name, signer.public_key) + signer.sign(body.encode())
    return f"{text}— {name} {base64.b64encode(signature).decode()}\n"


def test_a_signed_checkpoint_reads_as_the_formats_say():
    body, signature = NOTE.split("\n\n")
    root = base64.b64encode(HEAD.root).decode()
    identifier = hashlib.sha256(b"hub.example\n\x01" + HUB.public_key).digest()[:4]
    signed = base64.b64encode(identifier + HUB.sign(f"{body}\n".encode())).decode()
    assert body == f"hub.example\n1\n{root}"
    assert signature == f"— hub.example {signed}\n"


def test_the_checkpoint_of_its_log_and_key_is_believed():
    assert note.verify_checkpoint(NOTE, ORIGIN, HUB.public_key) == HEAD
    assert note.parse_checkpoint(NOTE) == HEAD


def test_a_witness_adds_a_signature_and_takes_none_away():
    witnessed = signed_too(NOTE, "witness.example", STRANGER)
    assert witnessed.startswith(NOTE)
    assert note.verify_checkpoint(witnessed, ORIGIN, HUB.public_key) == HEAD


def test_a_stranger_cannot_sign_under_the_name_of_the_log():
    for forged in (note.sign_checkpoint(HEAD, STRANGER), signed_too(f"{HEAD.text}\n", "other", HUB)):
        with pytest.raises(BadSignature):
            note.verify_checkpoint(forged, ORIGIN, HUB.public_key)


def test_a_good_signature_does_not_excuse_a_bad_one_of_the_same_key():
    bad = base64.b64encode(note.key_id(ORIGIN, HUB.public_key) + bytes(64)).decode()
    with pytest.raises(BadSignature):
        note.verify_checkpoint(f"{NOTE}— {ORIGIN} {bad}\n", ORIGIN, HUB.public_key)


def test_the_checkpoint_of_another_log_is_refused_even_when_the_key_is_right():
    other = note.sign_checkpoint(Checkpoint("other.example", 1, HEAD.root), HUB)
    with pytest.raises(BadSignature):
        note.verify_checkpoint(other, ORIGIN, HUB.public_key)


def test_extension_lines_are_signed_and_otherwise_ignored():
    text = f"{HEAD.text}extra line\n\n"
    assert note.verify_checkpoint(signed_too(text, ORIGIN, HUB), ORIGIN, HUB.public_key) == HEAD


ROOT = base64.b64encode(HEAD.root).decode()


@pytest.mark.parametrize(
    "body",
    [
        "hub.example\n1\n",
        f"\n1\n{ROOT}\n",
        f"hub.example\n01\n{ROOT}\n",
        f"hub.example\n+1\n{ROOT}\n",
        f"hub.example\n-1\n{ROOT}\n",
        f"hub.example\n\u0661\n{ROOT}\n",
        f"hub.example\n9007199254740992\n{ROOT}\n",
        f"hub.example\n1\n{ROOT[:-1]}\n",
        f"hub.example\n1\n{base64.b64encode(bytes(31)).decode()}\n",
        f"hub.example\n1\n{'_' * 42}8=\n",
        f"hub.example\r\n1\n{ROOT}\n",
        f"hub.example\n1\n{ROOT}\n\nx\n",
        "",
    ],
)
def test_a_checkpoint_of_another_form_is_malformed_whoever_signed_it(body):
    signed = signed_too(f"{body}\n", ORIGIN, HUB)
    with pytest.raises(Malformed):
        note.verify_checkpoint(signed, ORIGIN, HUB.public_key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        HEAD.text,
        HEAD.text + "\n",
        NOTE.rstrip("\n"),
        NOTE + "\n",
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—  "),
        NOTE + "— hub.example AAAA\n",
        NOTE + "— hub.example !\n",
        NOTE + "— a+b AAAAAAAA\n",
        NOTE + "\ud800",
        NOTE + "\x00",
    ],
)
def test_a_text_that_is_no_note_is_malformed(text):
    with pytest.raises(Malformed):
        note.parse_checkpoint(text)


def test_a_note_without_end_is_too_large():
    with pytest.raises(TooLarge):
        note.parse_checkpoint(NOTE + "— w AAAAAAAA\n" * 20_000)


@given(st.integers(0, len(NOTE) - 1), st.characters())
def test_a_character_changed_anywhere_is_noticed(place, character):
    changed = NOTE[:place] + character + NOTE[place + 1 :]
    if changed == NOTE:
        return
    with pytest.raises(PacketError):
        note.verify_checkpoint(changed, ORIGIN, HUB.public_key)


@given(st.text())
def test_no_text_makes_a_parser_fail_otherwise_than_by_name(text):
    for parse in (note.parse_checkpoint, note.parse_verifier_key):
        with pytest.raises(HubError):
            parse(text)


def test_the_value_in_a_receipt_is_the_checkpoint():
    assert Checkpoint.from_value(HEAD.value) == HEAD
    assert Checkpoint.from_value(Checkpoint.empty(ORIGIN).value).size == 0


@pytest.mark.parametrize(
    "change",
    [
        {"size": -1},
        {"size": True},
        {"size": "1"},
        {"size": 2**53},
        {"origin": ""},
        {"origin": "a b"},
        {"origin": 1},
        {"root": "AA"},
        {"root": None},
        {"more": 1},
    ],
)
def test_a_checkpoint_value_of_another_form_is_malformed(change):
    with pytest.raises(Malformed):
        Checkpoint.from_value({**HEAD.value, **change})


def test_a_verifier_key_is_read_back_and_a_changed_one_refused():
    text = note.verifier_key(ORIGIN, HUB.public_key)
    assert note.parse_verifier_key(text) == (ORIGIN, HUB.public_key)
    for changed in (text.replace("hub", "bub"), text[:-4], f"+{text}", text.replace("+", "-")):
        with pytest.raises(Malformed):
            note.parse_verifier_key(changed)


def test_a_proof_reads_as_the_format_says():
    text = Proof(3, (HEAD.root, HEAD.root), NOTE).text
    root = base64.b64encode(HEAD.root).decode()
    assert text == f"c2sp.org/tlog-proof@v1\nindex 3\n{root}\n{root}\n\n{NOTE}"
