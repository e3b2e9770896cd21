"""What peers send us takes effect once, and only if it is theirs, whole and true."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from hub.errors import Conflict, Malformed, UnknownSigner
from hub.federation import signing
from hub.federation.jobs import purge_messages
from hub.federation.store import peer_nonces
from hub.handofflog.store import HandoffLog
from hub.ids import random_id
from hub.inbox.store import inbox
from hub.packets.dsse import Envelope
from hub.packets.encoding import b64u, canonical, parse_json, sha256
from hub.statements.grammar import STATEMENT_TYPE
from tests.support.factories import NOW, signer, some_hash

COVERED = signing.COVERED

AGE = b"age-encryption.org/v1\n--- mac\n"
"""The shortest header that a file can begin with."""


def post(scene, message, parts=None, *, tamper=None, sign_again=False, **signed):
    """Send a message; `tamper` may change the signed request; return (status, code or answer)."""
    prepared = scene.peer.request(scene.hub.settings.url, message, parts, **signed)
    if tamper:
        tamper(prepared)
    if sign_again:
        scene.peer.sign(prepared, **signed)
    answer = scene.peer.send(prepared)
    return answer.status_code, answer.content if answer.status_code == 200 else answer.json()["code"]


def refused(scene, status, code, *words, **options):
    """Assert that a message is refused and leaves nothing behind."""
    size = scene.log_size()
    assert post(scene, *words, **options) == (status, code)
    assert scene.log_size() == size
    assert scene.rows(inbox) == []


@pytest.fixture
def word(scene):
    return scene.peer.message(scene.their_word())


def test_a_peers_word_is_logged_and_answered_with_a_receipt(scene, word):
    size = scene.log_size()
    status, answer = post(scene, word)
    assert status == 200
    receipt = Envelope.from_bytes(answer, STATEMENT_TYPE).value
    assert receipt["type"] == "hub.receipt"
    assert receipt["body"]["statement"] == scene.their_word().hash
    assert scene.log_size() == size + 1


def test_a_packet_is_on_disk_before_the_statement_is_taken(scene, word):
    parts = {"manifest": b"{}", "body": AGE + b"age" * 300_000, "att-1": AGE + b"more"}
    assert post(scene, word, parts)[0] == 200
    assert scene.intake.packets == [{"body": AGE + b"age" * 300_000, "att/1": AGE + b"more"}]
    assert list((scene.hub.settings.data / "blobs" / "spool").iterdir()) == []


def test_the_same_message_again_gets_the_same_answer_and_does_nothing(scene, word):
    first = post(scene, word)
    size = scene.log_size()
    assert [post(scene, word, now=NOW + n) for n in range(3)] == [first] * 3
    assert scene.log_size() == size


def test_the_same_id_with_other_bytes_is_a_conflict_and_an_alarm(scene, word, caplog):
    assert post(scene, word)[0] == 200
    other = scene.peer.message(scene.their_word("other"), id=parse_json(word)["id"])
    size = scene.log_size()
    assert post(scene, other) == (409, "replayed")
    assert "ALARM" in caplog.text
    assert scene.log_size() == size


def test_the_very_same_request_is_not_taken_twice(scene, word):
    prepared = scene.peer.request(scene.hub.settings.url, word)
    assert scene.peer.send(prepared).status_code == 200
    again = scene.peer.send(prepared)
    assert (again.status_code, again.json()["code"]) == (409, "replayed")


def test_nonces_are_forgotten_when_their_requests_are_too_old_anyway(scene, word):
    post(scene, word)
    before = {row.nonce for row in scene.rows(peer_nonces)}
    assert purge_messages(scene.hub) == 0
    scene.hub.wire.forward(1000)
    post(scene, word, now=NOW + 1000)
    assert purge_messages(scene.hub) == len(before)
    assert not before & {row.nonce for row in scene.rows(peer_nonces)}


def test_answers_are_kept_for_400_days(scene, word):
    first = post(scene, word)
    scene.hub.clock.forward(400 * 86_400)
    purge_messages(scene.hub)
    assert post(scene, word) == first
    scene.hub.clock.forward(1)
    assert purge_messages(scene.hub) == 1
    assert scene.rows(inbox) == []


@pytest.mark.parametrize("missing", COVERED)
def test_a_signature_that_does_not_cover_everything_is_refused(scene, word, missing, monkeypatch):
    monkeypatch.setattr("tests.support.peer_simulator.signing.COVERED", tuple(c for c in COVERED if c != missing))
    prepared = scene.peer.request(scene.hub.settings.url, word)
    monkeypatch.setattr("tests.support.peer_simulator.signing.COVERED", COVERED)
    answer = scene.peer.send(prepared)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def _header(name, value):
    return lambda request: request.headers.update({name: value})


def _without(name):
    return lambda request: request.headers.pop(name)


def _other_path(request):
    request.url = request.url.replace("/messages", "/messages?x=1")


def _swap_body(request):
    request.body = request.body.replace(b'"seen":null', b'"seen":   0')


@pytest.mark.parametrize(
    "tamper",
    [
        _without("Signature"),
        _without("Signature-Input"),
        _without("Content-Digest"),
        _without("Idempotency-Key"),
        _header("Idempotency-Key", random_id()),
        _header("Content-Digest", signing.content_digest(sha256(b"other"))),
        _header("Content-Type", "multipart/form-data; boundary=other"),
        _header("Signature", "rcp=:AAAA:"),
        _header("Signature", "garbage"),
        _header("Signature-Input", 'rcp=("@method")'),
        _other_path,
    ],
)
def test_a_request_that_was_changed_on_its_way_is_refused(scene, word, tamper):
    refused(scene, 401, "unauthenticated", word, tamper=tamper)


def test_a_request_without_a_tag_of_ours_is_refused(scene, word):
    def signed_for_something_else(request):
        about = signing.Request(str(request.method), str(request.url), request.headers)
        signing.sign_request(about, scene.peer.key, NOW, tag="rcp-event-1")

    refused(scene, 401, "unauthenticated", word, tamper=signed_for_something_else)


def test_a_body_that_was_swapped_is_refused(scene, word):
    refused(scene, 400, "bad_signature", word, tamper=_swap_body)


def test_a_request_signed_for_another_hub_is_refused(scene, word):
    def signed_elsewhere(request):
        here, request.url = request.url, request.url.replace("127.0.0.1", "elsewhere.example")
        scene.peer.sign(request)
        request.url = here
        request.headers["Host"] = "elsewhere.example"

    refused(scene, 401, "unauthenticated", word, tamper=signed_elsewhere)


def test_a_hub_that_is_no_peer_is_refused(scene, word):
    refused(scene, 401, "unauthenticated", word, key=signer("stranger"))


@pytest.mark.parametrize("shift", [-400, -361, 61, 4000])
def test_an_old_or_future_request_is_refused(scene, word, shift):
    refused(scene, 401, "unauthenticated", word, now=NOW + shift)


@pytest.mark.parametrize("shift", [-359, -60, 59])
def test_clocks_of_two_machines_may_differ_a_little(scene, word, shift):
    assert post(scene, word, now=NOW + shift)[0] == 200


def test_a_signature_that_is_valid_for_too_long_is_refused(scene, word, monkeypatch):
    monkeypatch.setattr(signing, "LIFETIME", 301)
    prepared = scene.peer.request(scene.hub.settings.url, word)
    monkeypatch.undo()
    assert scene.peer.send(prepared).status_code == 401


def test_a_message_id_that_is_not_the_signed_one_is_refused(scene, word):
    refused(scene, 400, "malformed", word, tamper=_header("Idempotency-Key", random_id()), sign_again=True)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"id": "short"},
        {"extra": 1},
        {"statement": {}},
        {"statement": []},
        {"receipt": None},
        {"seen": {"origin": "here.example"}},
        {"seen": {"origin": "other.example", "size": 1, "root": some_hash()}},
    ],
)
def test_a_message_that_is_not_of_the_grammar_is_refused(scene, change):
    message = canonical(parse_json(scene.peer.message(scene.their_word())) | change)
    refused(scene, 400, "malformed", message, tamper=_header("Idempotency-Key", random_id()), sign_again=True)


@pytest.mark.parametrize("parts", [{"body": b"x"}, {"att-1": b"x"}])
def test_a_packet_without_its_manifest_is_refused(scene, word, parts):
    refused(scene, 400, "invalid_request", word, parts)


def _raw(body, kind="multipart/form-data; boundary=b"):
    def tamper(request):
        request.body = body
        request.headers["Content-Type"] = kind
        request.headers["Content-Length"] = str(len(body))
        request.headers["Content-Digest"] = signing.content_digest(sha256(body))

    return tamper


@pytest.mark.parametrize(
    "tamper",
    [
        _raw(b""),
        _raw(b"{}", "application/octet-stream"),
        _raw(b"no parts at all"),
        _raw(b"--b\r\nContent-Disposition: form-data; name=message; filename=m\r\n\r\n{}"),
        _raw(b"--b\r\nContent-Disposition: form-data; name=message\r\n\r\n{}\r\n--b--\r\n"),
        _raw(
            b"--b\r\nContent-Disposition: form-data; name=message; filename=m\r\n\r\n{}\r\n"
            b"--b\r\nContent-Disposition: form-data; name=message; filename=m\r\n\r\n{}\r\n--b--\r\n"
        ),
        _raw(b"--b\r\nContent-Disposition: form-data; name=body; filename=m\r\n\r\n{}\r\n--b--\r\n"),
        _raw(
            b"".join(
                b"--b\r\nContent-Disposition: form-data; name=n%d; filename=m\r\n\r\n{}\r\n" % n for n in range(70)
            )
            + b"--b--\r\n"
        ),
    ],
)
def test_a_body_that_is_not_made_of_its_parts_is_refused(scene, word, tamper):
    refused(scene, 400, "invalid_request", word, tamper=tamper, sign_again=True)


def test_a_message_that_is_too_large_is_refused_before_it_is_read(scene, word):
    scene.hub.settings = replace(scene.hub.settings, max_packet=0)
    refused(scene, 413, "too_large", word, {"manifest": b"{}", "body": b"x" * (1024 * 1024 + 1)})


def test_a_message_part_that_is_too_large_is_refused(scene, word):
    refused(scene, 413, "too_large", word + b" " * 800_000)


@pytest.mark.parametrize(
    "lie",
    [
        {"key": signer("somebody else")},
        {"statement": some_hash("another")},
        {"salt": some_hash("another")},
        {"origin": "other.example"},
        {"handoff": random_id()},
    ],
)
def test_a_forged_receipt_is_refused(scene, lie):
    said = scene.their_word()
    receipt = scene.peer.receipt(said.to_bytes(), said, **lie)
    refused(scene, 400, "bad_signature", scene.peer.message(said, receipt=receipt))


def test_a_refusal_in_place_of_a_receipt_is_refused(scene):
    said = scene.their_word()
    receipt = scene.peer.word(said, "hub.refused", {"state": "expired", "position": 1})
    refused(scene, 400, "bad_signature", scene.peer.message(said, receipt=receipt))


def test_a_peer_that_shows_us_two_logs_is_refused(scene, word, caplog):
    assert post(scene, word)[0] == 200
    said = scene.their_word("second")
    scene.peer.log.leaves[-1] = sha256(b"rewritten")
    scene.peer.log.leaves.pop()
    scene.peer.log.entries.pop()
    assert post(scene, scene.peer.message(said)) == (403, "forbidden")
    assert "ALARM" in caplog.text


def test_what_the_peer_has_seen_of_our_log_is_held_against_it(scene):
    with scene.hub.database.read() as connection:
        head = HandoffLog(connection, "here.example").head()
    assert post(scene, scene.peer.message(scene.their_word("one"), seen=head.value))[0] == 200
    assert post(scene, scene.peer.message(scene.their_word("two"), seen=head.value))[0] == 200


@pytest.mark.parametrize("size", [1, 2, 99])
def test_a_log_of_ours_that_was_rolled_back_or_rewritten_is_noticed(scene, size, caplog):
    seen = {"origin": "here.example", "size": size, "root": b64u(sha256(b"what it was"))}
    refused(scene, 503, "unavailable", scene.peer.message(scene.their_word(), seen=seen))
    assert "ALARM" in caplog.text


def test_a_signer_that_is_not_known_is_looked_up_at_the_peer_once(scene, word):
    assert scene.peer.pulled == 0
    assert post(scene, word)[0] == 200
    assert scene.peer.pulled == 1
    assert post(scene, scene.peer.message(scene.their_word("second")))[0] == 200
    assert scene.peer.pulled == 1


def test_a_signer_that_the_peer_does_not_know_either_is_refused(scene):
    stranger = scene.their_agency.member("stranger")
    said = replace_signer(scene, stranger)
    refused(scene, 400, "unknown_signer", scene.peer.message(said))
    assert scene.peer.pulled == 1


def replace_signer(scene, member):
    scene.theirs = member
    return scene.their_word("stranger")


def test_a_peer_that_answers_no_pull_makes_the_message_wait(scene, word, monkeypatch):
    monkeypatch.setattr(scene.peer, "_keys", lambda request: scene.peer._answer(b"", None))
    scene.peer.mood = "status 500"
    refused(scene, 502, "peer_unreachable", word)


@pytest.mark.parametrize("error", [Malformed("no"), Conflict("no"), UnknownSigner("no")])
def test_what_the_intake_refuses_leaves_nothing_behind(scene, word, error):
    scene.intake.fail = error
    size = scene.log_size()
    _status, code = post(scene, word, {"manifest": b"{}", "body": AGE})
    assert code == error.code
    assert scene.log_size() == size
    assert scene.rows(inbox) == []
    assert list((scene.hub.settings.data / "blobs" / "spool").iterdir()) == []
    scene.intake.fail = None
    assert post(scene, word, {"manifest": b"{}", "body": AGE})[0] == 200


def test_the_same_message_in_many_requests_at_once_takes_effect_once(scene, word):
    post(scene, scene.peer.message(scene.their_word("before")))
    size = scene.log_size()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(post(scene, word))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert len(set(answers)) == 1
    assert answers[0][0] == 200
    assert scene.log_size() == size + 1


@pytest.mark.parametrize("path", ["/federation/v1/keys", "/federation/v1/messages"])
def test_nobody_but_a_peer_gets_in(scene, path):
    import requests

    assert requests.request(
        "GET" if "keys" in path else "POST", scene.hub.settings.url + path, timeout=5
    ).status_code in {400, 401}
