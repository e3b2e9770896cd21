"""Requests that no honest client sends: hostile multiparts, wrong types, other people's packets, ended sessions."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from hub.auth.accounts import SESSION_SECONDS, invite, secret_hash
from hub.auth.store import Account, AccountStore, Session, accounts
from hub.errors import InvalidRequest
from hub.ids import random_id
from hub.keys.certificates import Revocation
from hub.keys.keyring import Keyring
from hub.keys.vault import login_verifier
from hub.notify.jobs import send_notices
from hub.notify.store import Notices, notices
from hub.packets.encoding import b64u, canonical
from tests.conftest import NOW
from tests.support.apps import running_hub
from tests.support.desks import Desk, People
from tests.support.factories import CERTIFIER_KEYS, register
from tests.support.smtp import mail_server

HOST = "hub.example"


class Scene:
    """A hub with two agencies, each with members who are signed in."""

    def __init__(self, hub, app, clock):
        self.hub, self.clock = hub, clock
        self.client = app.test_client()
        self.people = People.invented(clock, HOST, HOST)
        self.desk = Desk(hub)

    def sign_in(self, member, login):
        """Give a member an account and a session; return its headers."""
        kdf = canonical({"alg": "argon2id13", "mem": 67108864, "ops": 3, "salt": b64u(bytes(16))}).decode()
        account = Account(
            login,
            member.agency,
            member.member,
            frozenset(),
            None,
            login_verifier(bytes(32)),
            kdf,
            b"v",
            1,
            None,
            b64u(member.signer.public_key),
            member.keys.recipient,
            self.clock.now(),
        )
        token = secret_hash(login)
        with self.hub.database.write() as connection:
            store = AccountStore(connection)
            store.add(account)
            now = self.clock.now()
            store.open_session(Session(secret_hash(token), login, random_id(), now, now, now + SESSION_SECONDS))
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def scene(tmp_path, clock):
    with running_hub(tmp_path / "hub", clock) as (hub, app):
        made = Scene(hub, app, clock)
        hub.certifiers = CERTIFIER_KEYS
        with hub.database.write() as connection:
            register(connection, made.people.shelter, made.people.centre, origin=HOST)
        yield made


def parts(statement, packet):
    given = {"statement": (io.BytesIO(statement), "s"), "manifest": (io.BytesIO(packet.manifest()), "m")}
    for name in packet.names():
        data = packet.stream(name).read()
        given[name.replace("/", "-")] = (io.BytesIO(data), name)
    return given


@pytest.fixture
def amina(scene):
    return scene.sign_in(scene.people.shelter.members["case"], "amina")


def submitted(scene, headers, **changes):
    handoff, statement, packet = scene.people.submit(**changes)
    answer = scene.client.post("/api/v1/handoffs", data=parts(statement, packet), headers=headers)
    assert answer.status_code == 201, answer.text
    return handoff, scene.client.get(f"/api/v1/handoffs/{handoff}", headers=headers).json["packets"][0]["manifest"]


def test_only_the_recipient_fetches_and_only_in_a_role_that_opens_cases(scene, amina):
    _, manifest = submitted(scene, amina)
    path = f"/api/v1/packets/{manifest}/files/body"
    hana = scene.sign_in(scene.people.centre.members["desk"], "hana")
    auditor = scene.people.centre.member("audit", "auditor")
    with scene.hub.database.write() as connection:
        register(connection, scene.people.centre, origin=HOST)
    assert scene.client.get(path, headers=hana).status_code == 200
    assert scene.client.get(path, headers=amina).status_code == 404
    assert scene.client.get(path, headers=scene.sign_in(auditor, "auditor")).status_code == 403
    assert scene.client.get(path).status_code == 401


def test_what_is_sealed_to_one_person_is_given_to_that_person_alone(scene, amina):
    person, colleague = scene.people.centre.members["case"], scene.people.centre.members["desk"]
    _, manifest = submitted(scene, amina, epoch=None, member=person.member, recipients=[person.keys.identity.recipient])
    path = f"/api/v1/packets/{manifest}/files/body"
    assert scene.client.get(path, headers=scene.sign_in(person, "tesfaye")).status_code == 200
    answer = scene.client.get(path, headers=scene.sign_in(colleague, "other"))
    assert (answer.status_code, answer.json["code"]) == (403, "wrong_recipient")


def test_an_agency_that_has_become_police_gets_nothing_that_was_sent_before(scene, amina, monkeypatch):
    _, manifest = submitted(scene, amina)
    hana = scene.sign_in(scene.people.centre.members["case"], "hana")
    monkeypatch.setattr("hub.handoffs.checks.NEVER_RECEIVE", frozenset({"io"}))
    answer = scene.client.get(f"/api/v1/packets/{manifest}/files/body", headers=hana)
    assert (answer.status_code, answer.json["rule"]) == (403, "R07")


@pytest.mark.parametrize("path", ["//api/v1/me", "/api/v1//me", "/log//checkpoint", "/api/v1/me/", "//evil.example/.."])
def test_nobody_is_redirected_anywhere(scene, path):
    answer = scene.client.get(path, headers={"Host": "evil.example"})
    assert answer.status_code in {401, 404}
    assert "Location" not in answer.headers


def test_a_clock_that_jumped_is_seen_from_outside(scene):
    scene.desk.sweep()
    assert scene.client.get("/healthz").json["expiry_suspended_since"] is None
    scene.clock.forward(27 * 3600)
    scene.desk.sweep()
    assert scene.client.get("/healthz").json["expiry_suspended_since"] == scene.clock.now()


def test_a_payload_that_was_destroyed_is_not_found_before_a_byte_is_sent(scene, amina):
    _, manifest = submitted(scene, amina)
    scene.hub.intake.blobs.destroy(manifest)
    hana = scene.sign_in(scene.people.centre.members["case"], "hana")
    answer = scene.client.get(f"/api/v1/packets/{manifest}/files/body", headers=hana)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_a_member_who_is_removed_is_nobody_from_the_next_request_on(scene, amina):
    member = scene.people.shelter.members["case"]
    with scene.hub.database.write() as connection:
        word = scene.people.shelter.revocation(member).to_bytes()
        Keyring(connection, HOST, CERTIFIER_KEYS).publish(Revocation, word, now=NOW, agency=member.agency)
    for path in ("/api/v1/handoffs", "/api/v1/me", "/api/v1/grants", "/api/v1/vault"):
        assert scene.client.get(path, headers=amina).status_code == 401


def multipart(*rows, end=b"--b--\r\n"):
    return b"".join(b"--b\r\n" + row + b"\r\n" for row in rows) + end


def field(name, data, extra=b""):
    return b'Content-Disposition: form-data; name="' + name + b'"' + extra + b"\r\n\r\n" + data


BODIES = {
    "nothing": b"",
    "no boundary in it": b"x" * 100,
    "cut short": multipart(field(b"statement", b"{}"), end=b""),
    "many parts": multipart(*[field(b"p%d" % n, b"x", b'; filename="f"') for n in range(200)]),
    "a huge name": multipart(field(b"n" * 400_000, b"x")),
    "a huge header": multipart(b"X-A: " + b"a" * 400_000 + b"\r\n" + field(b"statement", b"{}")),
    "a huge field": multipart(field(b"statement", b"x" * 2_000_000)),
    "a huge statement": multipart(field(b"statement", b"x" * 2_000_000, b'; filename="s"')),
    "no name": multipart(b"Content-Disposition: form-data\r\n\r\nx"),
    "no disposition": multipart(b"Content-Type: text/plain\r\n\r\nx"),
    "bad utf-8": multipart(field(b"statement", b"\xff\xfe{}")),
    "deep json": multipart(field(b"statement", b"[" * 50_000 + b"]" * 50_000)),
    "traversal": multipart(
        field(b"statement", b"{}"), field(b"manifest", b"{}"), field(b"att-../../../x", b"x", b'; filename="../../x"')
    ),
    "a charset": multipart(
        field(b"statement", b"{}").replace(b"\r\n\r\n", b"\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n")
    ),
}


@pytest.mark.filterwarnings("ignore:Exception ignored")  # the parser drops a temporary file without closing it
@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("path", ["/api/v1/handoffs", f"/api/v1/handoffs/{'A' * 22}/statements"])
def test_a_hostile_multipart_is_a_fault_of_its_sender_and_leaves_nothing(scene, amina, path, name):
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = scene.client.post(path, data=BODIES[name], headers={**amina, **kind})
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.content_type == "application/problem+json"
    assert list((scene.hub.settings.data / "spool").iterdir()) == []


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", "application/json", "x", ""])
def test_a_submission_of_another_content_type_is_refused(scene, amina, kind):
    answer = scene.client.post("/api/v1/handoffs", data=b"--b--", headers={**amina, "Content-Type": kind})
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("length", ["-1", "99999999999999999999", "abc", "1.5", "0"])
def test_a_content_length_that_lies_is_no_500(scene, amina, length):
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = scene.client.post(
        "/api/v1/handoffs",
        data=BODIES["cut short"],
        headers={**amina, **kind},
        environ_overrides={"CONTENT_LENGTH": length},
    )
    assert 400 <= answer.status_code < 500


WRONG = [None, True, 0, -1, 2**64, 1.5, "", "\x00", "\ud800", [], {}, [[]], [None], {"": {}}, "x" * 5000]


@pytest.mark.parametrize(
    ("method", "path", "members"),
    [
        ("POST", "/api/v1/sessions", ["login", "auth"]),
        ("PUT", "/api/v1/vault", ["version", "vault", "recovery", "auth", "kdf", "current"]),
        ("POST", "/api/v1/members", ["certificate", "revocation"]),
        ("PUT", "/api/v1/grants", ["grants", "current"]),
        ("POST", f"/api/v1/agencies/urn:rcp:agency:shelter@{HOST}/entries", ["entry"]),
        ("POST", "/api/v1/invitations", ["roles", "mail"]),
    ],
)
def test_wrong_types_are_a_fault_of_their_sender(scene, amina, method, path, members):
    bodies = [*WRONG, *({name: wrong} for name in members for wrong in WRONG)]
    bodies += [
        {name: {"payload": wrong, "payloadType": wrong, "signatures": [wrong]} for name in members} for wrong in WRONG
    ]
    for body in bodies:
        data = json.dumps(body)
        answer = scene.client.open(
            path, method=method, data=data, headers={**amina, "Content-Type": "application/json"}
        )
        assert 400 <= answer.status_code < 500, (body, answer.text)


@pytest.mark.parametrize("data", [b'{"login": "a", "login": "b"}', b"{", b"\xff", b"[" * 100_000, b"1e999", b"NaN"])
def test_json_that_is_not_strict_is_refused(scene, data):
    answer = scene.client.post("/api/v1/sessions", data=data, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500


def test_a_statement_signed_for_one_handoff_is_not_taken_at_anothers_address(scene, amina):
    handoff, _ = submitted(scene, amina)
    said = scene.people.sign("referral.cancel", handoff, scene.people.shelter.members["case"])
    path = f"/api/v1/handoffs/{random_id()}/statements"
    answer = scene.client.post(path, data={"statement": (io.BytesIO(said), "s")}, headers=amina)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "mail",
    [
        ":;@x.example",
        "a,b@x.example",
        "a b@x.example",
        "a\r\nBcc: c@x.example",
        '"@x.example',
        ".a@x.example",
        "a@",
        "<a@x.example>",
        "a" * 65 + "@x.example",
    ],
)
def test_nobody_is_invited_under_an_address_that_no_mail_can_have(scene, mail):
    with scene.hub.database.write() as connection, pytest.raises(InvalidRequest):
        invite(AccountStore(connection), "urn:rcp:agency:shelter@" + HOST, frozenset({"caseworker"}), mail, NOW)


def test_a_notice_that_cannot_be_written_stops_no_other_and_does_not_come_back(scene):
    member = scene.people.shelter.members["case"]
    scene.sign_in(member, "amina")
    with scene.hub.database.write() as connection:
        connection.execute(accounts.update().values(mail="amina@mail.example"))
        for key, template in (("1", "no such template"), ("2", "waits")):
            Notices(connection).put(
                key=key, to_agency=member.agency, to_member=member.member, template=template, now=NOW
            )
    with mail_server() as box:
        scene.hub.settings = replace(scene.hub.settings, smtp=box.address)
        assert send_notices(scene.hub) == 1
        assert send_notices(scene.hub) == 0
    with scene.hub.database.read() as connection:
        rows = connection.execute(notices.select().where(notices.c.key.in_(["1", "2"])).order_by(notices.c.key)).all()
    assert [(row.failed, row.next_try) for row in rows] == [("refused", None), (None, None)]
