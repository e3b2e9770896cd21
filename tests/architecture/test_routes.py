"""Every route says who may call it, and those that anybody may are on this list."""

from __future__ import annotations

import pytest

from hub.auth.permissions import permission_of
from hub.statements.bodies import Role
from tests.support.apps import running_hub

PUBLIC = {
    "GET /healthz",
    "GET /errors",
    "GET /api/v1/openapi.json",
    "GET /schemas/sections/<string:name>-v1.json",
    "POST /api/v1/sessions",
    "POST /api/v1/agencies/<string:agency>/recoveries",
    "GET /log/checkpoint",
    "GET /log/entries",
    "GET /log/proof",
    "GET /log/consistency",
    "GET /federation/v1/hub",
    "GET /map/feed",
    "GET /update/<string:token>",
    "POST /update/<string:token>",
    "GET /l/<string:link>",
    "GET /l/assets/<string:name>",
    "GET /app/",
    "GET /app/<string:name>",
    "GET /app/assets/<string:name>",
    "GET /api/v1/release",
    "GET /hsds/",
    "GET /hsds/openapi.json",
    "GET /hsds/profile",
    "GET /hsds/profile/<string:name>.json",
    "GET /hsds/schema/<string:name>.json",
    "GET /hsds/services",
    "POST /hsds/services",
    "GET /hsds/services/<string:service>",
    "GET /hsds/organizations",
    "POST /hsds/organizations",
    "GET /hsds/organizations/<string:organization>",
    "GET /hsds/service_at_locations",
    "POST /hsds/service_at_locations",
    "GET /hsds/service_at_locations/<string:place>",
    "GET /hsds/taxonomies",
    "POST /hsds/taxonomies",
    "GET /hsds/taxonomies/<string:taxonomy>",
    "GET /hsds/taxonomy_terms",
    "POST /hsds/taxonomy_terms",
    "GET /hsds/taxonomy_terms/<string:term>",
}


@pytest.fixture
def app(tmp_path, clock):
    with running_hub(tmp_path / "hub", clock) as (_hub, app):
        yield app


def routes(app):
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield f"{method} {rule.rule}", app.view_functions[rule.endpoint], method


def test_every_route_declares_who_may_call_it(app):
    found = {name: permission_of(view, method) for name, view, method in routes(app)}
    assert [name for name, declared in found.items() if declared is None] == []
    assert {name for name, declared in found.items() if declared.kind == "public"} == PUBLIC


def test_roles_that_routes_ask_for_exist(app):
    asked = set().union(*(permission_of(view, method).roles for _name, view, method in routes(app)))
    assert asked <= {role.value for role in Role}


def test_nobody_gets_past_the_hook_without_saying_who_they_are(app):
    client = app.test_client()
    for name, _view, method in routes(app):
        if name not in PUBLIC:
            path = name.partition(" ")[2].replace("<string:", "<").replace("<path:", "<")
            for part in ("agency", "handoff", "manifest", "name"):
                path = path.replace(f"<{part}>", "x")
            refused = (
                {400, 401, 403} if "/federation/" in name else {401, 403}
            )  # 400: no length, before any key is asked
            assert client.open(path, method=method).status_code in refused, name


def test_a_route_that_was_forgotten_is_closed(app):
    app.add_url_rule("/forgotten", view_func=lambda: "open")
    assert app.test_client().get("/forgotten").status_code == 403


def test_no_route_answers_options_by_itself(app):
    assert app.test_client().options("/api/v1/me").status_code == 405


def test_a_method_that_a_route_does_not_have_is_told_which_it_has(app):
    answer = app.test_client().delete("/api/v1/vault")
    assert answer.status_code == 405
    assert {"GET", "PUT"} <= set(answer.headers["Allow"].replace(" ", "").split(","))
