from __future__ import annotations

import logging
import re

import pytest
from flask import Flask, abort, request
from marshmallow import Schema, fields
from werkzeug.exceptions import RequestEntityTooLarge

from hub import errors
from hub.web.problems import register_problems, status_of

SECRET = "Hodan Warsame"


class Thing(Schema):
    name = fields.Integer(required=True)
    numbers = fields.List(fields.Integer())


@pytest.fixture
def app():
    app = Flask("test", static_folder=None)
    register_problems(app)

    @app.post("/things/<thing>")
    def things(thing):
        Thing().load(request.get_json())
        return thing

    @app.get("/raise/<kind>")
    def fail(kind):
        if kind == "bug":
            raise KeyError(SECRET)
        if kind == "big":
            raise RequestEntityTooLarge
        if kind == "teapot":
            abort(500)
        raise getattr(errors, kind)("Said safely.", possible={"a", "b"}, code="spoofed")

    return app


def test_an_error_of_ours_becomes_a_problem_document(app):
    answer = app.test_client().get("/raise/IllegalTransition")
    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "/errors#illegal_transition",
        "title": "Illegal transition",
        "status": 409,
        "code": "illegal_transition",
        "detail": "Said safely.",
        "todo": "Choose one of the steps that are possible now.",
        "instance": "/raise/<kind>",
        "possible": ["a", "b"],
    }


def test_somebody_unknown_is_told_how_to_say_who_they_are(app):
    answer = app.test_client().get("/raise/Unauthenticated")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_an_unforeseen_error_says_a_reference_and_nothing_else(app, caplog):
    with caplog.at_level(logging.INFO):
        answer = app.test_client().get("/raise/bug")
    assert (answer.status_code, answer.json["code"]) == (500, "internal")
    assert answer.json["reference"] in caplog.text
    assert "KeyError" in caplog.text
    assert SECRET not in caplog.text
    assert SECRET not in answer.text


def test_an_aborted_request_of_500_looks_like_any_unforeseen_error(app):
    answer = app.test_client().get("/raise/teapot")
    assert re.fullmatch(r"[0-9a-f]{16}", answer.json["reference"])


def test_a_wrong_method_keeps_the_list_of_right_ones(app):
    answer = app.test_client().get("/things/1")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert answer.json["code"] == "invalid_request"


def test_an_unknown_address_is_not_repeated(app):
    answer = app.test_client().get(f"/{SECRET}")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert SECRET.split(maxsplit=1)[0] not in answer.text


def test_what_is_too_large_says_so(app):
    answer = app.test_client().get("/raise/big")
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


@pytest.mark.parametrize("body", [{"name": SECRET}, {SECRET: 1, "name": 1}, {"numbers": [1, SECRET], "name": 1}, {}])
def test_a_field_that_is_not_valid_is_named_and_its_value_is_not_repeated(app, body):
    answer = app.test_client().post("/things/1", json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert set(answer.json["fields"]) <= {"name", "numbers", "unknown member"}
    assert answer.json["fields"]
    assert SECRET not in answer.text


@pytest.mark.parametrize("kind", errors.HubError.__subclasses__())
def test_every_class_of_error_has_a_status(kind):
    assert 400 <= status_of(kind) <= 503


def test_a_class_without_a_status_of_its_own_has_its_parents():
    assert status_of(errors.StaleVersion) == status_of(errors.Conflict)
    assert status_of(errors.BadSignature) == status_of(errors.PacketError)


def test_faults_of_packets_that_no_repetition_mends_stop_a_queue():
    stopping = {400, 401, 403, 409, 413, 415}
    kinds = [errors.PacketError, *errors.PacketError.__subclasses__(), errors.TooLarge]
    assert {status_of(kind) for kind in kinds} <= stopping
