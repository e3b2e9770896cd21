"""The description of the interface is OpenAPI 3.1, and what is served keeps to it whatever is sent."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from hub.auth.accounts import SESSION_SECONDS, secret_hash
from hub.auth.store import Account, AccountStore, Session
from hub.clock import SetClock
from hub.keys.certificates import MemberCert
from hub.keys.store import KeyStore
from hub.packets.age import Identity
from hub.packets.dsse import Signer
from hub.packets.encoding import b64u, canonical
from hub.statements.bodies import Role
from tests.support.apps import running_hub

NOW = 1_795_290_000
AGENCY, MEMBER = "urn:rcp:agency:shelter@hub.example", "A" * 22
TOKEN = "t" * 43


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("contract") / "hub", SetClock(NOW)) as (hub, app):
        with hub.database.write() as connection:
            _member_of_everything(connection)
        yield app


def _member_of_everything(connection):
    """Store a signed-in member with every role, so that requests get past the door."""
    device, recipient = Signer(b"d" * 32), str(Identity.generate().recipient)
    cert = MemberCert(AGENCY, MEMBER, frozenset(Role), device.public_key, recipient, NOW - 1, NOW + 10**7)
    KeyStore(connection).put(cert.to_envelope(Signer(b"r" * 32)), 1)
    kdf = canonical({"alg": "argon2id13", "mem": 67108864, "ops": 3, "salt": b64u(bytes(16))}).decode()
    public = b64u(device.public_key)
    account = Account("amina", AGENCY, MEMBER, frozenset(), None, bytes(32), kdf, b"v", 1, None, public, recipient, NOW)
    AccountStore(connection).add(account)
    session = Session(secret_hash(TOKEN), "amina", MEMBER, NOW, NOW, NOW + SESSION_SECONDS)
    AccountStore(connection).open_session(session)


@pytest.fixture(scope="module")
def document(app):
    return app.test_client().get("/api/v1/openapi.json").json


def test_the_description_is_valid_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")
    OPENAPI_31_VALIDATOR.validate(document)


def test_every_route_is_described(app, document):
    served = {rule.rule for rule in app.url_map.iter_rules()}
    served = {rule.replace("<string:", "{").replace("<path:", "{").replace(">", "}") for rule in served}
    assert served == set(document["paths"])


@pytest.mark.parametrize("headers", [{}, {"Authorization": f"Bearer {TOKEN}"}], ids=["nobody", "member"])
def test_whatever_is_sent_is_answered_as_described_and_never_with_500(app, document, headers):
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    checks = [not_a_server_error, response_schema_conformance]
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= len(document["paths"])
    for operation in operations:
        if (operation.method, operation.path) != ("delete", "/api/v1/sessions/current"):

            @settings(
                max_examples=10,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def smoke(case):
                case.call_and_validate(headers=headers, checks=checks)

            smoke()


def test_errors_are_problem_documents(app):
    for path in ("/nowhere", "/api/v1/me", "/log/proof?index=9", "/log/entries?start=x"):
        answer = app.test_client().get(path)
        assert answer.content_type == "application/problem+json"
        assert {"type", "title", "status", "code", "detail", "todo", "instance"} <= set(answer.json)
        assert answer.json["status"] == answer.status_code


def test_every_type_of_error_leads_to_its_section(app):
    client = app.test_client()
    code = client.get("/api/v1/me").json["type"].partition("#")[2]
    assert f"## {code}" in client.get("/errors").text
