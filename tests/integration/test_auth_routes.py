"""Accounts over HTTP, on both databases: enrol, sign in, keep a vault; and those who should not."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select

import hub.auth.routes
from hub.auth.access import register_access
from hub.auth.accounts import invite
from hub.auth.store import IDLE_SECONDS, SESSION_SECONDS, AccountStore, accounts, invitations, sessions
from hub.auth.tries import FORGOTTEN, OF_INVITATION, Tries
from hub.context import EXTENSION, Hub
from hub.errors import InvalidRequest
from hub.ids import random_id
from hub.keys.certificates import MemberCert, Revocation
from hub.keys.store import KeyStore
from hub.keys.vault import KdfParameters
from hub.packets.age import Identity
from hub.packets.dsse import Signer
from hub.packets.encoding import b64u
from hub.settings import Settings
from hub.web.frame import frame

AGENCY = "urn:rcp:agency:shelter@hub.example"
OTHER = "urn:rcp:agency:clinic@hub.example"
ROOT = Signer(bytes([7]) * 32)
RECIPIENT = str(Identity.generate().recipient)
KDF = KdfParameters(bytes(16)).to_value()


@pytest.fixture
def hub_(database, clock, tmp_path):
    settings = Settings(data=tmp_path, url="https://hub.example")
    return Hub(settings, database, clock, Signer(bytes([9]) * 32), "hub.example", wire=clock)


@pytest.fixture
def client(hub_):
    app = Flask("test", static_folder=None)
    app.extensions[EXTENSION] = hub_
    api = frame(app, hub_.settings)
    register_access(app)
    api.register_blueprint(hub.auth.routes.blueprint)
    return app.test_client()


def new_code(hub_, agency=AGENCY, roles=("caseworker",), mail=None):
    with hub_.database.write() as connection:
        return invite(AccountStore(connection), agency, frozenset(roles), mail, hub_.clock.now())


def enrolment(login="amina", auth=bytes(32), **more):
    return {
        "login": login,
        "member": random_id(),
        "auth": b64u(auth),
        "kdf": KDF,
        "vault": b64u(b"sealed"),
        "sign": b64u(Signer(login.encode().ljust(32)).public_key),
        "recipient": RECIPIENT,
        **more,
    }


def enrol(client, hub_, login="amina", agency=AGENCY, roles=("caseworker",)):
    code = new_code(hub_, agency, roles)
    return client.post("/api/v1/enrolments", json=enrolment(login), headers={"Authorization": f"Invitation {code}"})


def sign_in(client, login="amina", auth=bytes(32)):
    answer = client.post("/api/v1/sessions", json={"login": login, "auth": b64u(auth)})
    if answer.status_code == 201:
        return {"Authorization": f"Bearer {answer.json['token']}"}
    return answer


def certificate(member, now, roles=("caseworker",)):
    sign = Signer(member["login"].encode().ljust(32)).public_key
    return MemberCert(
        AGENCY, member["member"], frozenset(roles), sign, member["recipient"], valid_from=now - 10, until=now + 10**6
    )


def certify(hub_, member, roles=("caseworker",), index=1):
    now = hub_.clock.now()
    with hub_.database.write() as connection:
        KeyStore(connection).put(certificate(member, now, roles).to_envelope(ROOT), index)


def test_a_member_enrols_waits_is_certified_and_works(client, hub_):
    enrolled = enrol(client, hub_)
    assert enrolled.status_code == 201
    headers = sign_in(client)
    me = client.get("/api/v1/me", headers=headers).json
    assert (me["pending"], me["roles"], me["agency"]) == (True, [], AGENCY)
    assert client.post("/api/v1/invitations", json={"roles": ["auditor"]}, headers=headers).status_code == 403
    certify(hub_, enrolled.json, roles=("agency_admin", "caseworker"))
    me = client.get("/api/v1/me", headers=headers).json
    assert (me["pending"], me["roles"]) == (False, ["agency_admin", "caseworker"])
    invited = client.post("/api/v1/invitations", json={"roles": ["auditor"]}, headers=headers)
    assert invited.status_code == 201
    used = {"Authorization": f"Invitation {invited.json['code']}"}
    second = client.post("/api/v1/enrolments", json=enrolment("bilal"), headers=used)
    assert second.json["roles"] == ["auditor"]
    waiting = client.get("/api/v1/enrolments", headers=headers).json
    assert [row["login"] for row in waiting] == ["bilal"]


def test_an_admin_does_not_see_who_waits_at_another_agency(client, hub_):
    certify(hub_, enrol(client, hub_).json, roles=("agency_admin",))
    enrol(client, hub_, "clinician", OTHER)
    assert client.get("/api/v1/enrolments", headers=sign_in(client)).json == []


def test_a_caseworker_cannot_invite(client, hub_):
    certify(hub_, enrol(client, hub_).json)
    answer = client.post("/api/v1/invitations", json={"roles": ["agency_admin"]}, headers=sign_in(client))
    assert answer.status_code == 403


def test_an_invitation_is_used_once(client, hub_):
    headers = {"Authorization": f"Invitation {new_code(hub_)}"}
    assert client.post("/api/v1/enrolments", json=enrolment("one"), headers=headers).status_code == 201
    assert client.post("/api/v1/enrolments", json=enrolment("two"), headers=headers).status_code == 401


def test_an_invitation_used_twice_at_once_lets_one_in(client, hub_):
    headers = {"Authorization": f"Invitation {new_code(hub_)}"}

    def use(login):
        return client.application.test_client().post("/api/v1/enrolments", json=enrolment(login), headers=headers)

    with ThreadPoolExecutor(4) as pool:
        codes = [answer.status_code for answer in pool.map(use, ["one", "two", "three", "four"])]
    assert codes.count(201) == 1
    assert set(codes) <= {201, 401, 403}


def test_a_failed_enrolment_does_not_use_the_invitation_up(client, hub_):
    enrol(client, hub_, "amina")
    headers = {"Authorization": f"Invitation {new_code(hub_)}"}
    assert client.post("/api/v1/enrolments", json=enrolment("amina"), headers=headers).status_code == 409
    assert client.post("/api/v1/enrolments", json=enrolment("bilal"), headers=headers).status_code == 201


def test_an_invitation_finds_out_a_few_logins_and_ends(client, hub_):
    for login in ("amina", "bilal"):
        enrol(client, hub_, login)
    headers = {"Authorization": f"Invitation {new_code(hub_, OTHER)}"}

    def asked(login):
        return client.post("/api/v1/enrolments", json=enrolment(login), headers=headers).status_code

    logins = [("amina", "bilal")[turn % 2] for turn in range(OF_INVITATION)]
    assert [asked(login) for login in logins] == [409] * OF_INVITATION
    assert [asked("amina"), asked("nobody-has-this")] == [401, 401]


def test_an_old_invitation_does_not_hold(client, hub_, clock):
    code = new_code(hub_)
    clock.forward(8 * 24 * 3600)
    headers = {"Authorization": f"Invitation {code}"}
    assert client.post("/api/v1/enrolments", json=enrolment(), headers=headers).status_code == 401


def test_a_session_token_is_no_invitation_and_the_reverse(client, hub_):
    enrol(client, hub_)
    token = sign_in(client)["Authorization"].removeprefix("Bearer ")
    code = new_code(hub_)
    headers = {"Authorization": f"Invitation {token}"}
    assert client.post("/api/v1/enrolments", json=enrolment("b"), headers=headers).status_code == 401
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {code}"}).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer " + "A" * 65, "bearer " + "A" * 43])
def test_a_header_that_is_no_session_is_nobody(client, header):
    assert client.get("/api/v1/me", headers={"Authorization": header}).status_code == 401


def test_a_session_ends_by_itself_and_when_told_to(client, hub_, clock):
    enrol(client, hub_)
    first, second = sign_in(client), sign_in(client)
    assert client.delete("/api/v1/sessions/current", headers=first).status_code == 204
    assert client.get("/api/v1/me", headers=first).status_code == 401
    for _ in range(SESSION_SECONDS // 3600 - 1):
        clock.forward(3600)
        assert client.get("/api/v1/me", headers=second).status_code == 200
    clock.forward(3599)
    assert client.get("/api/v1/me", headers=second).status_code == 200
    clock.forward(1)
    assert client.get("/api/v1/me", headers=second).status_code == 401


def test_a_session_that_is_not_used_ends_sooner(client, hub_, clock):
    enrol(client, hub_)
    headers = sign_in(client)
    clock.forward(IDLE_SECONDS - 1)
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    clock.forward(IDLE_SECONDS - 1)
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    clock.forward(IDLE_SECONDS)
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_a_revoked_member_with_an_old_session_is_nobody(client, hub_, clock):
    member = enrol(client, hub_).json
    certify(hub_, member)
    headers = sign_in(client)
    assert client.get("/api/v1/vault", headers=headers).status_code == 200
    cert = certificate(member, clock.now())
    revocation = Revocation(AGENCY, member["member"], cert.sign, clock.now()).to_envelope(ROOT)
    with hub_.database.write() as connection:
        KeyStore(connection).put(revocation, 2)
    assert client.get("/api/v1/vault", headers=headers).status_code == 401


def test_a_wrong_secret_and_an_unknown_login_answer_alike(client, hub_):
    enrol(client, hub_)
    wrong = sign_in(client, "amina", b"x" * 32)
    unknown = sign_in(client, "nobody-here", b"x" * 32)
    assert (wrong.status_code, wrong.data) == (unknown.status_code, unknown.data)
    assert wrong.status_code == 401


def test_ten_wrong_tries_lock_a_login_without_saying_so_and_a_quarter_of_an_hour_opens_it(client, hub_, clock):
    enrol(client, hub_)
    for _ in range(10):
        wrong = sign_in(client, "amina", b"x" * 32)
    right = sign_in(client)
    assert (right.status_code, right.data) == (wrong.status_code, wrong.data)
    clock.forward(14 * 60)
    assert sign_in(client).status_code == 401
    clock.forward(61)
    assert isinstance(sign_in(client), dict)


def test_the_right_secret_clears_the_count(client, hub_):
    enrol(client, hub_)
    for _ in range(3):
        for _ in range(9):
            sign_in(client, "amina", b"x" * 32)
        assert isinstance(sign_in(client), dict)


def test_tries_at_an_unknown_login_do_the_same_work_and_are_purged(client, hub_, clock):
    for _ in range(12):
        sign_in(client, "nobody-here", b"x" * 32)
    clock.forward(FORGOTTEN)
    with hub_.database.write() as connection:
        assert Tries(connection).purge(clock.now()) == 1


def test_purging_keeps_what_still_holds(client, hub_, clock):
    enrol(client, hub_)
    headers = sign_in(client)
    code = new_code(hub_)
    with hub_.database.write() as connection:
        AccountStore(connection).purge(clock.now())
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    used = {"Authorization": f"Invitation {code}"}
    assert client.post("/api/v1/enrolments", json=enrolment("b-b"), headers=used).status_code == 201


def test_a_vault_rises_by_one_version(client, hub_):
    enrol(client, hub_)
    headers = sign_in(client)
    stored = client.get("/api/v1/vault", headers=headers).json
    assert stored == {"version": 1, "vault": b64u(b"sealed"), "recovery": None, "kdf": KDF}
    for version, vault, status in (
        (1, b"next", 409),
        (3, b"next", 409),
        (2, b"next", 204),
        (2, b"next", 204),  # the answer to the first was lost
        (2, b"other", 409),
    ):
        body = {"version": version, "vault": b64u(vault), "current": b64u(bytes(32))}
        assert client.put("/api/v1/vault", json=body, headers=headers).status_code == status
    assert client.get("/api/v1/vault", headers=headers).json["vault"] == b64u(b"next")


def test_a_stolen_session_spoils_no_vault(client, hub_):
    enrol(client, hub_)
    headers = sign_in(client)
    spoilt = {"version": 2, "vault": b64u(b"spoilt")}
    for stolen, status in (({}, 422), ({"current": b64u(b"x" * 32)}, 403)):
        assert client.put("/api/v1/vault", json={**spoilt, **stolen}, headers=headers).status_code == status
    assert client.get("/api/v1/vault", headers=headers).json["version"] == 1


def test_a_new_passphrase_ends_every_other_session(client, hub_):
    enrol(client, hub_)
    mine, other = sign_in(client), sign_in(client)
    kdf = {**KDF, "salt": b64u(b"s" * 16)}
    half = {"version": 2, "vault": b64u(b"next"), "auth": b64u(b"n" * 32)}
    current = {"current": b64u(bytes(32))}
    assert client.put("/api/v1/vault", json={**half, **current}, headers=mine).status_code == 400
    stolen = {"current": b64u(b"x" * 32)}  # whoever has a session alone takes nothing over
    assert client.put("/api/v1/vault", json={**half, "kdf": kdf, **stolen}, headers=mine).status_code == 403
    for _ in range(2):  # the second time its answer was lost
        assert client.put("/api/v1/vault", json={**half, "kdf": kdf, **current}, headers=mine).status_code == 204
    assert client.get("/api/v1/me", headers=mine).status_code == 200
    assert client.get("/api/v1/me", headers=other).json["code"] == "signed_out"
    assert sign_in(client).status_code == 401
    assert isinstance(sign_in(client, auth=b"n" * 32), dict)


@pytest.mark.parametrize(
    "change",
    [
        {"login": "Amina"},
        {"login": "a"},
        {"login": "amina\n"},
        {"auth": "AAAA"},
        {"auth": b64u(bytes(32)) + "="},
        {"kdf": {**KDF, "mem": 65536}},
        {"kdf": {**KDF, "ops": 1}},
        {"kdf": {**KDF, "ops": True}},
        {"kdf": {**KDF, "alg": "argon2i"}},
        {"vault": ""},
        {"vault": b64u(bytes(256 * 1024 + 1))},
        {"sign": b64u(bytes(32))},
        {"recipient": "age1pq1x"},
        {"recipient": "age1" + "q" * 58},
        {"member": "me"},
        {"roles": ["agency_admin"]},
        {"login": 1},
        {"vault": 1.5},
    ],
)
def test_an_enrolment_that_is_not_of_the_form_changes_nothing(client, hub_, change):
    headers = {"Authorization": f"Invitation {new_code(hub_)}"}
    answer = client.post("/api/v1/enrolments", json={**enrolment(), **change}, headers=headers)
    assert answer.status_code in {400, 422}
    with hub_.database.read() as connection:
        assert connection.execute(select(accounts)).first() is None
    assert client.post("/api/v1/enrolments", json=enrolment(), headers=headers).status_code == 201


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff", b'{"login":"amina","login":"bilal","auth":""}', b'{"login":1e3}', b"[" * 40 + b"]" * 40, b"NaN"],
)
def test_json_that_is_not_strict_is_malformed(client, body):
    answer = client.post("/api/v1/sessions", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (400, "malformed")


def test_a_body_over_a_mebibyte_is_too_large(client):
    body = json.dumps({"login": "a" * 1024 * 1024})
    answer = client.post("/api/v1/sessions", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


def test_neither_token_nor_code_nor_secret_stands_in_the_database(client, hub_):
    secret = b"\x01\x02\x03secret" + bytes(23)
    code = new_code(hub_)
    headers = {"Authorization": f"Invitation {code}"}
    client.post("/api/v1/enrolments", json=enrolment(auth=secret), headers=headers)
    token = sign_in(client, auth=secret)["Authorization"].removeprefix("Bearer ")
    with hub_.database.read() as connection:
        rows = [
            str(tuple(row)) for table in (accounts, sessions, invitations) for row in connection.execute(select(table))
        ]
    dump = "".join(rows)
    assert token not in dump
    assert code not in dump
    assert str(secret)[2:-1] not in dump


def test_nobody_is_invited_to_a_role_that_does_not_exist(hub_):
    for roles in ((), ("root",)):
        with pytest.raises(InvalidRequest):
            new_code(hub_, roles=roles)


@pytest.mark.parametrize("mail", ["", "amina", "a b@example.org", "a@example.org\nBcc: x@example.org", "a@b@c"])
def test_nobody_is_invited_at_an_address_that_is_none(hub_, mail):
    with pytest.raises(InvalidRequest):
        new_code(hub_, mail=mail)


def test_every_answer_has_the_headers_that_keep_browsers_careful(client):
    answer = client.get("/api/v1/me")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Strict-Transport-Security"]


def test_the_access_log_has_templates_and_no_query(client, caplog):
    with caplog.at_level("INFO", logger="hub.access"):
        client.get("/api/v1/me?login=amina")
    assert [json.loads(record.message) for record in caplog.records] == [
        {"method": "GET", "route": "/api/v1/me", "status": 401}
    ]
