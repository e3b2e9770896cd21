from __future__ import annotations

import pytest
from flask import Flask
from flask.views import MethodView

from hub.auth.permissions import Caller, caller, guard, permission, register_verifier
from hub.errors import Unauthenticated
from hub.web.problems import register_problems


@pytest.fixture
def app():
    app = Flask("test", static_folder=None)
    register_problems(app)
    guard(app)

    @app.get("/forgotten")
    def forgotten():
        return "open to all by mistake"

    @app.get("/public")
    @permission("public")
    def public():
        return "hello"

    @app.get("/own")
    @permission("member", roles={"agency_admin"})
    def own():
        return caller().agency

    @app.get("/waiting")
    @permission("member", pending=True)
    def waiting():
        return "wait"

    @app.get("/peers")
    @permission("peer")
    def peers():
        return "peer"

    class View(MethodView):
        @permission("public")
        def get(self):
            return "got"

        def post(self):
            return "posted"

    app.add_url_rule("/view", view_func=View.as_view("view"))
    return app


def sign_in(app, who):
    register_verifier(app, "member", lambda: who)


def test_a_route_without_a_declaration_is_refused(app):
    assert app.test_client().get("/forgotten").status_code == 403


def test_each_method_of_a_view_declares_for_itself(app):
    client = app.test_client()
    assert client.get("/view").text == "got"
    assert client.head("/view").status_code == 200
    assert client.post("/view").status_code == 403


def test_a_public_route_asks_nothing(app):
    assert app.test_client().get("/public").text == "hello"


def test_a_kind_of_caller_that_nobody_can_verify_is_refused(app):
    assert app.test_client().get("/peers").status_code == 403
    assert app.test_client().get("/own").status_code == 403


def test_a_member_needs_one_of_the_roles(app):
    sign_in(app, Caller("urn:rcp:agency:a@h", "m", frozenset({"caseworker"})))
    assert app.test_client().get("/own").status_code == 403
    sign_in(app, Caller("urn:rcp:agency:a@h", "m", frozenset({"caseworker", "agency_admin"})))
    assert app.test_client().get("/own").text == "urn:rcp:agency:a@h"


def test_a_member_who_waits_for_a_certificate_gets_no_further_than_that(app):
    sign_in(app, Caller("urn:rcp:agency:a@h", "m", frozenset({"agency_admin"}), pending=True))
    assert app.test_client().get("/own").status_code == 403
    assert app.test_client().get("/waiting").text == "wait"


def test_who_the_verifier_does_not_know_is_told_to_sign_in(app):
    def nobody():
        raise Unauthenticated("Nobody.")

    register_verifier(app, "member", nobody)
    assert app.test_client().get("/own").status_code == 401


def test_a_kind_that_does_not_exist_is_a_mistake_of_the_programmer():
    with pytest.raises(ValueError, match="no such kind"):
        permission("everybody")
