"""What a client takes from a hub and what it sends: bodies, problem documents, sessions that end."""

from __future__ import annotations

import io
import threading

import pytest
from werkzeug.formparser import parse_form_data
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from hub.client.transport import HubSession, problem
from hub.errors import (
    Forbidden,
    HubError,
    IllegalTransition,
    InvalidRequest,
    PeerMisbehaved,
    PeerUnreachable,
    TooLarge,
    Unauthenticated,
)
from hub.packets.multipart import Body


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


@pytest.fixture
def served():
    """A hub that answers what `answers` holds, and remembers what it was asked."""
    asked, answers = [], []

    @Request.application
    def app(request):
        asked.append((request.method, request.path, dict(request.headers), request.get_data()))
        return answers.pop(0)

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield HubSession(f"http://127.0.0.1:{server.port}"), asked, answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_body_is_as_long_as_it_says_and_reads_back(tmp_path):
    file = tmp_path / "body"
    file.write_bytes(bytes(range(256)) * 3000)
    body = Body("A" * 22)
    body.add("statement", b"{}")
    body.add("body", file)
    data = b"".join(body)
    assert len(data) == len(body)
    assert b"".join(body) == data
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": body.content_type, "CONTENT_LENGTH": str(len(body))}
    _, form, files = parse_form_data({**environ, "wsgi.input": io.BytesIO(data)})
    assert not form
    read = {}
    for name, part in files.items():
        read[name] = part.read()
        part.close()
    assert read == {"statement": b"{}", "body": file.read_bytes()}


def test_a_problem_becomes_the_error_of_its_code_with_its_facts():
    error = problem(409, b'{"code":"illegal_transition","detail":"No.","todo":"Choose.","possible":["a"],"status":409}')
    assert isinstance(error, IllegalTransition)
    assert (error.detail, error.todo, error.facts) == ("No.", "Choose.", {"possible": ["a"]})
    assert type(problem(500, b'{"code":"unheard_of","detail":"x"}')) is HubError


def test_a_fact_cannot_be_named_like_an_argument():
    error = problem(403, b'{"code":"forbidden","detail":"No.","self":1}')
    assert isinstance(error, Forbidden)
    assert error.facts == {}


@pytest.mark.parametrize(("status", "kind"), [(502, PeerUnreachable), (404, PeerMisbehaved)])
def test_an_answer_that_is_no_problem_document_is_still_an_error_of_ours(status, kind):
    assert isinstance(problem(status, b"<html>"), kind)


def test_an_ended_session_is_renewed_once(served):
    hub, asked, answers = served
    ended = Response('{"code":"unauthenticated","detail":"Ended."}', status=401)
    answers += [ended, Response('{"ok": 1}')]
    hub.use("old")
    hub.sign_in = lambda: "new"
    assert hub.get("/api/v1/me") == {"ok": 1}
    assert [row[2]["Authorization"] for row in asked] == ["Bearer old", "Bearer new"]
    answers += [Response('{"code":"unauthenticated","detail":"Ended."}', status=401)] * 2
    with pytest.raises(Unauthenticated):
        hub.get("/api/v1/me")
    assert len(asked) == 4


def test_a_download_that_is_too_long_is_cut_off(served):
    hub, _, answers = served
    answers.append(Response(b"x" * 100))
    with pytest.raises(TooLarge):
        hub.download("/file", io.BytesIO(), 99)


def test_a_redirect_is_not_followed(served):
    hub, asked, answers = served
    answers.append(Response(status=302, headers={"Location": "http://127.0.0.1:1/"}))
    with pytest.raises(PeerMisbehaved):
        hub.get("/api/v1/me")
    assert len(asked) == 1


def test_an_answer_that_is_not_json_is_refused(served):
    hub, _, answers = served
    answers.append(Response("hello"))
    with pytest.raises(PeerMisbehaved):
        hub.get("/api/v1/me")


def test_a_hub_that_is_away_is_unreachable():
    with pytest.raises(PeerUnreachable):
        HubSession("http://127.0.0.1:1").get("/")


@pytest.mark.parametrize(
    "url", ["http://hub.example", "ftp://hub.example", "https://a:b@hub.example", "https://hub.example?x=1", "hub"]
)
def test_only_a_safe_address_is_called(url):
    with pytest.raises(InvalidRequest):
        HubSession(url)
