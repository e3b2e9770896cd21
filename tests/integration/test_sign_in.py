"""Signing in when somebody guesses, loses a phone, left a browser open elsewhere, or comes from another origin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

import hub.auth.routes
import hub.web.totp_routes
from hub.auth.access import register_access
from hub.auth.accounts import invite
from hub.auth.store import AccountStore
from hub.auth.totp_store import totp_secrets
from hub.auth.tries import LONGEST, OF_ADDRESS, OF_LOGIN, lock_seconds
from hub.context import EXTENSION, Hub
from hub.ids import random_id
from hub.keys.certificates import MemberCert
from hub.keys.store import KeyStore
from hub.keys.vault import KdfParameters
from hub.notify.store import notices
from hub.packets.age import Identity
from hub.packets.dsse import Signer
from hub.packets.encoding import b64u
from hub.settings import Settings
from hub.web.frame import frame

AGENCY = "urn:rcp:agency:shelter@hub.example"
ROOT = Signer(bytes([7]) * 32)
RECIPIENT = str(Identity.generate().recipient)
RIGHT, WRONG = bytes(32), b"x" * 32
APP = "https://app.example"


@pytest.fixture
def hub_(database, clock, tmp_path):
    settings = Settings(data=tmp_path, url="https://hub.example", app_origins=f"{APP} https://other.example")
    return Hub(settings, database, clock, Signer(bytes([9]) * 32), "hub.example", wire=clock)


def served(hub_, **changes):
    hub_.settings = replace(hub_.settings, **changes)
    app = Flask("test", static_folder=None)
    app.extensions[EXTENSION] = hub_
    api = frame(app, hub_.settings)
    register_access(app)
    for blueprint in (hub.auth.routes.blueprint, hub.web.totp_routes.blueprint):
        api.register_blueprint(blueprint)
    return app.test_client()


@pytest.fixture
def client(hub_):
    return served(hub_)


def enrol(client, hub_, login="amina", roles=("caseworker",)):
    with hub_.database.write() as connection:
        code = invite(AccountStore(connection), AGENCY, frozenset(roles), None, hub_.clock.now())
    keys = {"sign": b64u(Signer(login.encode().ljust(32)).public_key), "recipient": RECIPIENT}
    given = {"login": login, "member": random_id(), "auth": b64u(RIGHT), "vault": b64u(b"sealed"), **keys}
    given["kdf"] = KdfParameters(bytes(16)).to_value()
    member = client.post("/api/v1/enrolments", json=given, headers={"Authorization": f"Invitation {code}"}).json
    now, sign = hub_.clock.now(), Signer(login.encode().ljust(32)).public_key
    cert = MemberCert(
        AGENCY, member["member"], frozenset(roles), sign, RECIPIENT, valid_from=now - 10, until=now + 10**6
    )
    with hub_.database.write() as connection:
        KeyStore(connection).put(cert.to_envelope(ROOT), len(login))
    return member["member"]


def answered(client, login="amina", auth=RIGHT, code=None, known=None, **how):
    more = {name: value for name, value in (("code", code), ("known", known)) if value}
    given = {"login": login, "auth": b64u(auth), **more}
    return client.post("/api/v1/sessions", json=given, **how)


def sign_in(client, login="amina", **given):
    return {"Authorization": f"Bearer {answered(client, login, **given).json['token']}"}


def from_address(address):
    return {"environ_base": {"REMOTE_ADDR": address}}


def has_codes(client, hub_, headers):
    """Set up an authenticator app for who is signed in; return it."""
    made = client.post("/api/v1/totp", headers=headers).json
    app = pyotp.TOTP(made["secret"])
    given = {"code": app.at(hub_.wire.now()), "active": True, "current": b64u(RIGHT)}
    assert client.put("/api/v1/totp", json=given, headers=headers).status_code == 204
    return app


def promised(hub_):
    with hub_.database.read() as connection:
        return [tuple(row) for row in connection.execute(select(notices.c.to_member, notices.c.template))]


# Guessing


def test_locks_grow_and_are_never_longer_than_a_shift():
    locks = [lock_seconds(failures, OF_LOGIN) for failures in range(41)]
    assert {failures: seconds // 60 for failures, seconds in enumerate(locks) if seconds} == {
        10: 15,
        15: 30,
        20: 60,
        25: 120,
        30: 240,
        35: 240,
        40: 240,
    }
    assert lock_seconds(10**6, OF_LOGIN) == LONGEST


def test_the_second_lock_comes_sooner_and_lasts_longer(client, hub_, clock):
    enrol(client, hub_)
    for _ in range(10):
        answered(client, auth=WRONG)
    clock.forward(15 * 60)
    for _ in range(5):
        answered(client, auth=WRONG)
    clock.forward(15 * 60)
    assert answered(client).status_code == 401
    clock.forward(15 * 60)
    assert answered(client).status_code == 201


def test_knocking_on_does_not_make_a_lock_longer(client, hub_, clock):
    enrol(client, hub_)
    for _ in range(60):
        answered(client, auth=WRONG)
    clock.forward(15 * 60)
    assert answered(client).status_code == 201


def test_a_day_without_failures_forgets_them(client, hub_, clock):
    enrol(client, hub_)
    for _ in range(9):
        answered(client, auth=WRONG)
    clock.forward(24 * 3600)
    answered(client, auth=WRONG)
    answered(client, auth=WRONG)
    assert answered(client).status_code == 201


def test_a_network_that_guesses_at_many_logins_is_locked_and_others_are_not(client, hub_, clock):
    enrol(client, hub_)
    for number in range(OF_ADDRESS):
        answered(client, f"login-{number}", WRONG, **from_address("8.8.8.8"))
    assert answered(client, **from_address("8.8.8.8")).status_code == 401
    assert answered(client, **from_address("9.9.9.9")).status_code == 201
    clock.forward(15 * 60)
    assert answered(client, **from_address("8.8.8.8")).status_code == 201


def test_addresses_of_one_ipv6_network_count_together(client, hub_):
    enrol(client, hub_)
    for number in range(OF_ADDRESS):
        answered(client, f"login-{number}", WRONG, **from_address(f"2001:4860:1:2::{number:x}"))
    assert answered(client, **from_address("2001:4860:1:2:3::9")).status_code == 401
    assert answered(client, **from_address("2001:4860:1:3::9")).status_code == 201


def test_a_proxy_that_nobody_set_locks_nobody_out_and_its_header_is_not_believed(client, hub_):
    enrol(client, hub_)
    for number in range(OF_ADDRESS + 1):
        answered(client, f"login-{number}", WRONG, headers={"X-Forwarded-For": "203.0.113.9"})
    assert answered(client, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 201


def test_behind_a_proxy_the_address_is_what_it_added(hub_):
    client = served(hub_, proxies=1)
    enrol(client, hub_)
    for number in range(OF_ADDRESS):
        forged = {"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.9"}
        answered(client, f"login-{number}", WRONG, headers=forged)
    assert answered(client, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401
    assert answered(client, headers={"X-Forwarded-For": "203.0.113.8"}).status_code == 201
    for header in ({}, {"X-Forwarded-For": "nonsense"}):
        assert answered(client, headers=header).status_code == 201


def test_many_at_once_are_all_counted(client, hub_):
    enrol(client, hub_)

    def guess(_number):
        return answered(client.application.test_client(), auth=WRONG).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(guess, range(OF_LOGIN))) == {401}
    assert answered(client).status_code == 401


def test_who_knows_a_login_locks_out_strangers_and_not_its_members_own_device(client, hub_):
    enrol(client, hub_)
    mark = answered(client).json["known"]
    for _ in range(OF_LOGIN):
        answered(client, auth=WRONG)
    assert answered(client).status_code == 401
    again = answered(client, known=mark)
    assert (again.status_code, again.json["known"]) == (201, mark)
    assert answered(client).status_code == 401


def test_a_mark_is_of_one_login_and_counted_by_itself(client, hub_, clock):
    enrol(client, hub_)
    enrol(client, hub_, "omar")
    mark, other = (answered(client, login).json["known"] for login in ("amina", "omar"))
    for _ in range(OF_LOGIN):
        answered(client, auth=WRONG, known=mark)
    assert answered(client, known=mark).status_code == 401
    assert answered(client).status_code == 201
    for _ in range(OF_LOGIN):
        answered(client, auth=WRONG, known=other)
    for forged in (other, mark[:-1] + ("A" if mark[-1] != "A" else "B"), "A" * 65):
        assert answered(client, known=forged).status_code == 401
    clock.forward(15 * 60)
    assert answered(client, known=mark).status_code == 201


# Codes of an authenticator app


def test_a_login_with_codes_takes_one_each_time_and_each_once(client, hub_, clock):
    enrol(client, hub_)
    app = has_codes(client, hub_, sign_in(client))
    asked = answered(client)
    assert (asked.status_code, asked.json["code"]) == (401, "totp_required")
    now = app.at(clock.now())
    assert answered(client, code=now).json["code"] == "totp_required"  # it confirmed the app
    clock.forward(30)
    code = app.at(clock.now())
    assert answered(client, code=code).status_code == 201
    assert answered(client, code=code).json["code"] == "totp_required"
    assert answered(client, code=app.at(clock.now() + 30)).status_code == 201
    assert answered(client, code=app.at(clock.now() + 3600)).status_code == 401


def test_a_code_counts_a_step_early_and_a_step_late(client, hub_, clock):
    enrol(client, hub_)
    app = has_codes(client, hub_, sign_in(client))
    for late in (90, 0, -60):
        clock.forward(3600)
        assert answered(client, code=app.at(clock.now() - late)).status_code == (201 if late == 0 else 401)


def test_who_knows_no_secret_is_not_told_of_codes(client, hub_):
    enrol(client, hub_)
    has_codes(client, hub_, sign_in(client))
    wrong, unknown = answered(client, auth=WRONG), answered(client, "nobody-here", WRONG)
    assert wrong.data == unknown.data


def test_wrong_codes_are_counted_and_a_try_without_one_does_not_clear_them(client, hub_, clock):
    enrol(client, hub_)
    app = has_codes(client, hub_, sign_in(client))
    clock.forward(60)
    for _ in range(10):
        answered(client, code="000000")
        answered(client)
    assert answered(client, code=app.at(clock.now())).json["code"] == "unauthenticated"
    clock.forward(15 * 60)
    assert answered(client, code=app.at(clock.now())).status_code == 201


def test_codes_are_not_guessed_away_with_a_session(client, hub_, clock):
    enrol(client, hub_)
    headers = sign_in(client)
    app = has_codes(client, hub_, headers)
    clock.forward(60)
    off = {"code": "000000", "active": False, "current": b64u(RIGHT)}
    for _ in range(10):
        assert client.put("/api/v1/totp", json=off, headers=headers).status_code == 403
    right = {"code": app.at(clock.now()), "active": False, "current": b64u(RIGHT)}
    assert client.put("/api/v1/totp", json=right, headers=headers).status_code == 403
    clock.forward(15 * 60)
    right["code"] = app.at(clock.now())
    assert client.put("/api/v1/totp", json=right, headers=headers).status_code == 204
    assert answered(client).status_code == 201
    assert [template for _, template in promised(hub_)] == ["codes_off"]


def test_a_stolen_session_turns_no_codes_on(client, hub_, clock):
    enrol(client, hub_)
    headers = sign_in(client)
    app = pyotp.TOTP(client.post("/api/v1/totp", headers=headers).json["secret"])
    for more, status in (({}, 422), ({"current": b64u(b"x" * 32)}, 403)):
        given = {"code": app.at(clock.now()), "active": True, **more}
        assert client.put("/api/v1/totp", json=given, headers=headers).status_code == status
    assert answered(client).status_code == 201


def test_a_secret_that_was_not_confirmed_asks_for_nothing_and_one_in_use_is_not_replaced(client, hub_):
    enrol(client, hub_)
    headers = sign_in(client)
    first = client.post("/api/v1/totp", headers=headers).json
    assert first["uri"].startswith("otpauth://totp/hub.example:amina?")
    assert answered(client).status_code == 201
    has_codes(client, hub_, headers)
    assert client.post("/api/v1/totp", headers=headers).status_code == 409


def test_codes_end_every_other_session(client, hub_):
    enrol(client, hub_)
    mine, other = sign_in(client), sign_in(client)
    has_codes(client, hub_, mine)
    assert client.get("/api/v1/me", headers=mine).status_code == 200
    assert client.get("/api/v1/me", headers=other).json["code"] == "signed_out"


def test_where_a_hub_demands_codes_nothing_goes_on_without(hub_):
    client = served(hub_, totp=True)
    enrol(client, hub_)
    headers = sign_in(client)
    for path in ("/api/v1/me", "/api/v1/vault", "/api/v1/totp"):
        assert client.get(path, headers=headers).status_code == 200
    for method, path in (("GET", "/api/v1/sessions"), ("PUT", "/api/v1/vault"), ("GET", "/api/v1/me/events")):
        refused = client.open(path, method=method, headers=headers, json={})
        assert (refused.status_code, refused.json["code"]) == (403, "totp_setup")
    has_codes(client, hub_, headers)
    assert client.get("/api/v1/sessions", headers=headers).status_code == 200


def test_an_admin_resets_the_codes_of_who_lost_the_phone_and_it_is_written_down(client, hub_, clock):
    member = enrol(client, hub_)
    headers = sign_in(client)
    has_codes(client, hub_, headers)
    admin = enrol(client, hub_, "boss", ("agency_admin",))
    boss = sign_in(client, "boss")
    path = f"/api/v1/accounts/{member}/totp"
    assert client.delete(path, headers=headers).status_code == 403
    assert client.delete(f"/api/v1/accounts/{admin}/totp", headers=boss).status_code == 403
    assert client.delete(f"/api/v1/accounts/{random_id()}/totp", headers=boss).status_code == 404
    assert promised(hub_) == []
    assert client.delete(path, headers=boss).status_code == 204
    assert client.delete(path, headers=boss).status_code == 404
    assert promised(hub_) == [(member, "codes_off")]  # in case it was not they who asked
    assert client.get("/api/v1/me", headers=headers).json["code"] == "signed_out"
    events = client.get("/api/v1/me/events", headers=sign_in(client)).json
    assert [(row["what"], row["by"]) for row in events] == [("totp_reset", admin), ("totp_on", member)]
    assert client.get("/api/v1/accounts/events", headers=boss).json == events


def test_the_secret_stands_in_no_row(client, hub_):
    enrol(client, hub_)
    app = has_codes(client, hub_, sign_in(client))
    with hub_.database.read() as connection:
        (row,) = connection.execute(select(totp_secrets)).all()
    assert app.secret.encode() not in row.secret


def test_a_database_with_another_key_lets_no_code_in(client, hub_, clock):
    enrol(client, hub_)
    app = has_codes(client, hub_, sign_in(client))
    clock.forward(60)
    hub_.signer = Signer(bytes([8]) * 32)
    assert answered(client, code=app.at(clock.now())).json["code"] == "totp_required"


# Sessions


def test_a_member_lists_and_ends_their_sessions(client, hub_, clock):
    enrol(client, hub_)
    first = sign_in(client)
    clock.forward(600)
    second = sign_in(client)
    rows = client.get("/api/v1/sessions", headers=second).json
    assert [row["current"] for row in rows] == [True, False]
    assert "token" not in rows[0]
    old = f"/api/v1/sessions/{rows[1]['id']}"
    enrol(client, hub_, "omar")
    assert client.delete(old, headers=sign_in(client, "omar")).status_code == 404
    assert client.delete(old, headers=second).status_code == 204
    assert client.delete(old, headers=second).status_code == 404
    ended = client.get("/api/v1/me", headers=first)
    assert (ended.status_code, ended.json["code"]) == (401, "signed_out")
    assert ended.headers["WWW-Authenticate"] == "Bearer"
    assert len(client.get("/api/v1/sessions", headers=second).json) == 1


def test_signing_out_everywhere_ends_all(client, hub_):
    enrol(client, hub_)
    rows = [sign_in(client) for _ in range(3)]
    assert client.delete("/api/v1/sessions", headers=rows[0]).status_code == 204
    assert {client.get("/api/v1/me", headers=row).json["code"] for row in rows} == {"signed_out"}
    assert client.get("/api/v1/me/events", headers=sign_in(client)).json[0]["what"] == "signed_out"


# Another origin


def asks(client, path="/api/v1/me", origin=APP, **more):
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET", **more}
    return client.open(path, method="OPTIONS", headers=headers)


def test_an_app_of_another_origin_may_ask_with_a_token_and_never_with_credentials(client, hub_):
    allowed = asks(client)
    assert allowed.status_code == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == APP
    assert "Authorization" in allowed.headers["Access-Control-Allow-Headers"]
    enrol(client, hub_)
    answer = client.get("/api/v1/me", headers={**sign_in(client), "Origin": APP})
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    refused = client.get("/api/v1/me", headers={"Origin": APP})
    assert refused.headers["Access-Control-Allow-Origin"] == APP  # or the app could not read why
    for one in (allowed, answer, refused):
        assert "Access-Control-Allow-Credentials" not in one.headers
        assert "Origin" in one.headers["Vary"]


@pytest.mark.parametrize(
    "origin", ["https://app.example.evil", "http://app.example", "null", "https://APP.example", ""]
)
def test_no_other_origin_may(client, origin):
    for answer in (asks(client, origin=origin), client.get("/api/v1/me", headers={"Origin": origin})):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.status_code in {401, 405}


def test_pages_are_opened_to_no_origin(client):
    answer = asks(client, "/l/anything")
    assert answer.status_code in {404, 405}
    assert "Access-Control-Allow-Origin" not in answer.headers
