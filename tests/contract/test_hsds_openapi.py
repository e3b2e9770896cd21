"""The HSDS interface describes itself: OpenAPI 3.1 with nothing elsewhere, and it answers as it says."""

from __future__ import annotations

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from hub.clock import SetClock
from tests.support import maps
from tests.support.apps import running_hub


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("hsds") / "hub", SetClock(maps.NOW)) as (hub, app):
        with hub.database.write() as connection:
            maps.populated(connection)
        yield app


@pytest.fixture(scope="module")
def document(app):
    return app.test_client().get("/hsds/openapi.json").json


def test_the_description_is_valid_and_refers_to_nothing_elsewhere(document):
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()
    assert {leads.split("/")[0] for leads in _references(document)} == {"#"}


def _references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def test_each_operation_has_an_id_of_its_own_and_says_whether_it_is_required(document):
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations) == 16
    required = {path for path, methods in document["paths"].items() if "required" in methods["get"]["tags"]}
    assert required == {"/", "/services", "/services/{id}"}


def test_every_path_that_is_described_is_served(app, document):
    served = {rule.rule.replace("<string:", "{").replace(">", "}") for rule in app.url_map.iter_rules()}
    for path in document["paths"]:
        shapes = {"/".join("{id}" if part.startswith("{") else part for part in rule.split("/")) for rule in served}
        assert f"/hsds{path}" in shapes


def test_whatever_is_asked_is_answered_as_described_and_never_with_500(app):
    schema = schemathesis.openapi.from_wsgi("/hsds/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 16
    for operation in operations:

        @settings(
            max_examples=15,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def smoke(case):
            case.call_and_validate(checks=[not_a_server_error, response_schema_conformance])

        smoke()


def test_what_is_served_keeps_to_the_schemas_of_the_description(app, document):

    client = app.test_client()
    for name, one in (
        ("services", "service"),
        ("organizations", "organization"),
        ("service_at_locations", "service_at_location"),
    ):
        page = client.get(f"/hsds/{name}").json
        rows = [client.get(f"/hsds/{name}/{row['id']}").json for row in page["contents"]]
        assert rows
        for value, schema in ((page, f"page_of_{name}"), *((row, one) for row in rows)):
            whole = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
            assert [error.message for error in jsonschema_rs.Draft202012Validator(whole).iter_errors(value)] == []
