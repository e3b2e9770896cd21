"""The web client's vault and Python's are one: what either seals the other opens, and both refuse the same lies."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict

import pytest
from nacl.bindings import crypto_core_ed25519_add

from hub.errors import HubError, Malformed
from hub.keys import vault
from hub.packets.dsse import Signer, check_public_key, verify_signature
from hub.packets.encoding import b64u, from_b64u
from tests.support.factories import seed
from tests.support.web_modules import CLIENT, WebModules, text
from tests.vectors import generate_vaults
from tests.vectors.generate import FOLDER

LOGIN, PASSPHRASE = "amina", "Jāmais deux sans trois"
KDF = vault.KdfParameters(seed("salt", 16))
DEVICE = vault.DeviceSecret(seed("device", 16))
KEYS = vault.derive(PASSPHRASE, DEVICE, KDF)
CONTENT = {"v": 1, "seed": "of a device", "name": "أمينة"}
CODE = vault.RecoveryCode(seed("code", 20))
ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.fixture(scope="module")
def web():
    with WebModules(CLIENT) as running:
        yield running


VECTORS = sorted((FOLDER / "vaults").glob("*.json"))


def as_text(keys):
    return {name: text(value) for name, value in asdict(keys).items()}


def stored(sealed=None, **changes):
    sealed = sealed or vault.seal_vault(CONTENT, KEYS, login=LOGIN, version=3, kdf=KDF)
    row = {"version": sealed.version, "kdf": sealed.kdf.to_value(), "vault": b64u(sealed.data), "recovery": None}
    return {**row, **changes}


def opened(web, row=None, keys=KEYS, login=LOGIN, seen=0):
    return web.ask("open_vault", stored=row or stored(), keys=as_text(keys), login=login, seen=seen)


def test_the_generator_makes_these_very_vectors(tmp_path):
    generate_vaults.write(tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {p.name: p.read_bytes() for p in VECTORS}


def _python(case):
    row, login = case["stored"], case["login"]
    kdf = vault.KdfParameters.from_value(row["kdf"])
    keys = vault.derive(case["passphrase"], vault.DeviceSecret(from_b64u(case["device"], 16)), kdf)
    sealed = vault.SealedVault(row["version"], kdf, from_b64u(row["vault"]))
    assert vault.open_vault(sealed, keys, login=login, seen=case["seen"]).content == case["content"]
    assert b64u(keys.auth) == case["auth"]
    code = vault.RecoveryCode.parse(case["code"])
    assert vault.recover(from_b64u(row["recovery"]), code, login=login).kek == keys.kek


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_each_vector_of_vaults_ends_as_it_says_in_both_clients(web, path):
    case = json.loads(path.read_text())
    try:
        _python(case)
        found = "ok"
    except HubError as error:
        found = error.code
    answer = web.ask("vault_vector", **case)
    assert (found, answer.get("refused", "ok")) == (case["expect"], case["expect"])
    if found == "ok":
        assert answer["ok"] == {"content": case["content"], "auth": case["auth"], "recovered": True}


def test_two_secrets_give_the_same_keys(web):
    for passphrase in (PASSPHRASE, "Ja\u0304mais deux sans trois"):
        asked = {"passphrase": passphrase, "device": text(DEVICE.value), "kdf": KDF.to_value()}
        assert web.ask("derive", **asked) == {"ok": as_text(KEYS)}


def test_a_device_secret_alone_gives_the_salt(web):
    for device in (DEVICE, vault.DeviceSecret(seed("another device", 16))):
        assert web.ask("kdf", device=text(device.value)) == {"ok": vault.KdfParameters.of(device).to_value()}
    assert vault.KdfParameters.of(DEVICE) != vault.KdfParameters.of(device)


def test_a_vault_that_python_sealed_opens_in_the_browser(web):
    assert opened(web, seen=3) == {"ok": CONTENT}


def test_a_vault_that_the_browser_sealed_opens_in_python(web):
    asked = {"content": CONTENT, "keys": as_text(KEYS), "login": LOGIN, "version": 4, "kdf": KDF.to_value()}
    data = base64.b64decode(web.ask("seal_vault", **asked)["ok"])
    assert vault.open_vault(vault.SealedVault(4, KDF, data), KEYS, login=LOGIN, seen=3).content == CONTENT
    assert base64.b64decode(web.ask("seal_vault", **asked)["ok"]) != data


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ({"seen": 4}, "bad_signature"),
        ({"row": stored(version=4)}, "bad_signature"),
        ({"login": "omar"}, "bad_signature"),
        ({"keys": vault.VaultKeys(KEYS.auth, bytes(32))}, "bad_signature"),
        ({"row": stored(vault="")}, "bad_signature"),
        ({"row": stored(vault=b64u(bytes(80)))}, "bad_signature"),
        ({"row": stored(kdf={**KDF.to_value(), "salt": b64u(bytes(16))})}, "bad_signature"),
        ({"row": stored(kdf={**KDF.to_value(), "ops": 4})}, "bad_signature"),
        ({"row": stored(kdf={**KDF.to_value(), "mem": 2**26 - 1})}, "unsupported_version"),
    ],
    ids=["rolled back", "version", "login", "key", "empty", "bytes", "salt", "passes", "below the floor"],
)
def test_a_hub_can_neither_change_a_vault_nor_serve_an_old_one(web, given, expect):
    assert opened(web, **given) == {"refused": expect}


@pytest.mark.parametrize(
    "change",
    [
        {"mem": 2**26 - 1},
        {"mem": 2**30 + 1},
        {"ops": 2},
        {"ops": 17},
        {"alg": "argon2i13"},
        {"alg": "scrypt"},
        {"mem": "67108864"},
        {"ops": True},
        {"salt": b64u(bytes(15))},
        {"p": 1},
        {"mem": None},
    ],
    ids=str,
)
def test_parameters_that_are_too_weak_or_odd_are_refused_alike(web, change):
    value = {**KDF.to_value(), **change}
    with pytest.raises(HubError) as error:
        vault.KdfParameters.from_value(value)
    asked = {"passphrase": PASSPHRASE, "device": text(DEVICE.value), "kdf": value}
    assert web.ask("derive", **asked) == {"refused": error.value.code}


def test_a_recovery_code_is_printed_and_read_alike(web):
    printed = CODE.text()
    assert web.ask("printed", code=text(CODE.secret)) == {"ok": printed}
    for typed in (printed, printed.lower().replace("-", " "), printed.replace("O", "0").replace("I", "1")):
        assert web.ask("code", typed=typed) == {"ok": text(CODE.secret)}


@pytest.mark.parametrize("typed", ["", CODE.text()[:-1], CODE.text() + "A", "A" + CODE.text()[1:], "ß" * 20, "=" * 40])
def test_a_mistyped_code_is_refused_alike(web, typed):
    with pytest.raises(Malformed):
        vault.RecoveryCode.parse(typed)
    assert web.ask("code", typed=typed) == {"refused": "malformed"}


def test_a_recovery_code_opens_what_either_wrapped(web):
    wrapped = text(vault.wrap_for_recovery(KEYS.kek, CODE, login=LOGIN))
    asked = {"code": text(CODE.secret), "login": LOGIN}
    assert web.ask("recover", wrapped=wrapped, **asked)["ok"]["kek"] == text(KEYS.kek)
    assert web.ask("recover", wrapped=wrapped, **{**asked, "login": "omar"}) == {"refused": "bad_signature"}
    assert web.ask("recover", wrapped=wrapped, **{**asked, "code": text(bytes(20))}) == {"refused": "bad_signature"}
    theirs = base64.b64decode(web.ask("wrap", keys=as_text(KEYS), **asked)["ok"])
    assert vault.recover(theirs, CODE, login=LOGIN).kek == KEYS.kek


def test_what_a_machine_keeps_is_sealed_alike(web):
    asked = {"keys": as_text(KEYS), "login": LOGIN, "name": "records.sealed"}
    kept = vault.seal_local(b"SYN Hagos", KEYS, login=LOGIN, name="records.sealed")
    assert web.ask("open_local", sealed=text(kept), **asked) == {"ok": text(b"SYN Hagos")}
    assert web.ask("open_local", sealed=text(kept), **{**asked, "name": "x"}) == {"refused": "bad_signature"}
    theirs = base64.b64decode(web.ask("seal_local", data=text(b"SYN Hagos"), **asked)["ok"])
    assert vault.open_local(theirs, KEYS, login=LOGIN, name="records.sealed") == b"SYN Hagos"


def _signatures():
    signer, low = Signer(seed("attack")), bytes([0xEC, *[0xFF] * 30, 0x7F])
    good = signer.sign(b"message")
    late = (int.from_bytes(good[32:], "little") + ORDER).to_bytes(32, "little")
    yield "good", signer.public_key, b"message", good
    yield "other message", signer.public_key, b"massage", good
    yield "S not reduced", signer.public_key, b"message", good[:32] + late
    yield "mixed order", crypto_core_ed25519_add(signer.public_key, low), b"message", good
    yield "key not canonical", bytes([0xF0, *[0xFF] * 30, 0x7F]), b"message", good
    yield "zeros", bytes(32), b"message", bytes(64)
    yield "small order", low, b"message", low + bytes(32)
    yield "small R", signer.public_key, b"message", low + good[32:]
    yield "short key", signer.public_key[:31], b"message", good
    yield "short signature", signer.public_key, b"message", good[:63]


@pytest.mark.parametrize(("what", "key", "message", "signature"), list(_signatures()))
def test_libsodium_gives_one_verdict_in_both_clients(web, what, key, message, signature):
    def refused(call, *given):
        try:
            return call(*given) and None
        except HubError as error:
            return error.code

    expect = refused(verify_signature, key, message, signature)
    found = web.ask("signature", key=text(key), message=text(message), signature=text(signature))
    assert found == ({"refused": expect} if expect else {"ok": True})
    expect = refused(check_public_key, key)
    assert web.ask("key", key=text(key)) == ({"refused": expect} if expect else {"ok": text(key)})
