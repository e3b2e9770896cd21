"""Vaults and device keys: both secrets are needed, and a server can weaken nothing."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from hub.errors import BadSignature, Forbidden, Malformed, UnsupportedVersion
from hub.keys import vault
from hub.keys.certificates import CASE_ROLES
from hub.keys.devices import DeviceKeys, EpochSecret, RootKey, open_grant
from hub.statements.grammar import Role
from tests.support.factories import Agency, seed

LOGIN, PASSPHRASE = "amina", "correct horse"
KDF = vault.KdfParameters(seed("salt", 16))
DEVICE = vault.DeviceSecret(seed("device", 16))
KEYS = vault.derive(PASSPHRASE, DEVICE, KDF)
CONTENT = {"seed": "of a device", "pins": {"hub.example": "key"}}
SEALED = vault.seal_vault(CONTENT, KEYS, login=LOGIN, version=3, kdf=KDF)


def opened(sealed=SEALED, keys=KEYS, login=LOGIN, seen=0):
    return vault.open_vault(sealed, keys, login=login, seen=seen)


def test_a_vault_opens_with_both_secrets():
    assert opened().content == CONTENT
    assert opened(keys=vault.derive(PASSPHRASE, DEVICE, KDF)).version == 3


@pytest.mark.parametrize(
    ("passphrase", "device"),
    [("correct hors", DEVICE), (PASSPHRASE, vault.DeviceSecret(bytes(16)))],
    ids=["wrong passphrase", "wrong device secret"],
)
def test_one_secret_is_not_enough(passphrase, device):
    keys = vault.derive(passphrase, device, KDF)
    with pytest.raises(BadSignature):
        opened(keys=keys)
    assert keys.auth != KEYS.auth


@pytest.mark.parametrize(
    "changes",
    [
        {"keys": vault.derive("another one", DEVICE, KDF)},
        {"login": "omar"},
        {"name": "other.sealed"},
        {"sealed": b""},
        {"sealed": bytes(80)},
    ],
    ids=["another passphrase", "another login", "another file", "empty", "changed"],
)
def test_what_is_kept_on_this_machine_opens_with_its_vault_under_its_name_only(changes):
    kept = vault.seal_local(b"SYN Hagos", KEYS, login=LOGIN, name="records.sealed")
    assert b"SYN" not in kept
    given = {"sealed": kept, "keys": KEYS, "login": LOGIN, "name": "records.sealed"}
    assert vault.open_local(**given) == b"SYN Hagos"
    with pytest.raises(BadSignature):
        vault.open_local(**{**given, **changes})
    with pytest.raises(BadSignature):  # one key, but never the vault's own
        vault.open_vault(vault.SealedVault(1, KDF, kept), KEYS, login=LOGIN, seen=0)


def test_the_login_secret_does_not_open_the_vault():
    with pytest.raises(BadSignature):
        opened(keys=vault.VaultKeys(KEYS.auth, KEYS.auth))
    assert vault.login_verifier(KEYS.auth) != KEYS.auth
    assert len(vault.login_verifier(KEYS.auth)) == 32


@pytest.mark.parametrize(
    "asked",
    [
        {"mem": vault.MEMORY_FLOOR - 1},
        {"ops": 2},
        {"ops": 0},
        {"mem": 8192},
        {"alg": "scrypt"},
        {"mem": 2**40},
        {"ops": 99},
    ],
)
def test_a_server_cannot_ask_for_a_weaker_derivation(asked):
    with pytest.raises(UnsupportedVersion):
        vault.KdfParameters.from_value(KDF.to_value() | asked)


def test_the_floor_holds_where_the_key_is_made():
    with pytest.raises(UnsupportedVersion):
        vault.derive(PASSPHRASE, DEVICE, replace(KDF, ops=1))


@pytest.mark.parametrize("asked", [{"mem": "1"}, {"mem": True}, {"salt": "AA"}, {"more": 1}, {"ops": None}])
def test_parameters_are_of_their_form(asked):
    with pytest.raises(Malformed):
        vault.KdfParameters.from_value(KDF.to_value() | asked)
    with pytest.raises(Malformed):
        vault.KdfParameters.from_value([])


def test_a_swapped_salt_or_stronger_parameters_do_not_open_the_vault():
    for kdf in (replace(KDF, salt=bytes(16)), replace(KDF, ops=4)):
        with pytest.raises(BadSignature):
            opened(replace(SEALED, kdf=kdf))


def test_a_vault_of_another_user_or_version_does_not_open():
    with pytest.raises(BadSignature):
        opened(login="omar")
    with pytest.raises(BadSignature):
        opened(replace(SEALED, version=4))


def test_an_older_vault_than_was_seen_is_refused():
    assert opened(seen=3)
    with pytest.raises(BadSignature):
        opened(seen=4)


def test_every_byte_of_a_vault_is_bound():
    for place in range(0, len(SEALED.data), 7):
        changed = bytearray(SEALED.data)
        changed[place] ^= 1
        with pytest.raises(BadSignature):
            opened(replace(SEALED, data=bytes(changed)))
    for size in (0, 10, 30):
        with pytest.raises(BadSignature):
            opened(replace(SEALED, data=SEALED.data[:size]))


def test_secrets_hide_when_printed():
    root = RootKey(seed("root"))
    for secret in (KEYS, DEVICE, vault.RecoveryCode(seed("code", 20)), root, SEALED, opened(), DeviceKeys.generate()):
        shown = repr(secret)
        for raw in (KEYS.kek, KEYS.auth, DEVICE.value, root.seed):
            assert repr(raw) not in shown
        assert "of a device" not in shown
        assert "SECRET" not in shown.upper().replace("DEVICESECRET", "")


# -- recovery


def test_a_recovery_code_opens_the_vault_alone():
    code = vault.RecoveryCode.generate()
    wrapped = vault.wrap_for_recovery(KEYS.kek, code, login=LOGIN)
    typed = vault.RecoveryCode.parse(code.text().lower().replace("-", " ").replace("o", "0"))
    assert typed == code
    assert opened(keys=vault.recover(wrapped, typed, login=LOGIN)).content == CONTENT


def test_a_recovery_code_is_ten_groups_of_four():
    text = vault.RecoveryCode(seed("code", 20)).text()
    assert [len(group) for group in text.split("-")] == [4] * 10


def test_a_mistyped_recovery_code_is_noticed():
    text = vault.RecoveryCode(seed("code", 20)).text()
    for place, letter in enumerate(text):
        if letter != "-":
            wrong = "A" if letter != "A" else "C"
            with pytest.raises(Malformed):
                vault.RecoveryCode.parse(text[:place] + wrong + text[place + 1 :])
    for wrong in ("", "ABCD", text + "AAAAAAAA", "é" * 40, base64.b32encode(bytes(30)).decode()):
        with pytest.raises(Malformed):
            vault.RecoveryCode.parse(wrong)


def test_another_code_or_login_recovers_nothing():
    wrapped = vault.wrap_for_recovery(KEYS.kek, vault.RecoveryCode(bytes(20)), login=LOGIN)
    with pytest.raises(BadSignature):
        vault.recover(wrapped, vault.RecoveryCode(seed("other", 20)), login=LOGIN)
    with pytest.raises(BadSignature):
        vault.recover(wrapped, vault.RecoveryCode(bytes(20)), login="omar")
    with pytest.raises(BadSignature):
        vault.recover(b"", vault.RecoveryCode(bytes(20)), login=LOGIN)


# -- devices and epochs

ADDIS = Agency("addis")
PUBLISHED = (ADDIS.epoch().public(),)


def test_device_keys_live_in_the_vault():
    keys = DeviceKeys.generate()
    again = DeviceKeys.from_value(keys.to_value())
    assert (again.signer().public_key, again.recipient) == (keys.signer().public_key, keys.recipient)
    for wrong in ({}, [], {"seed": "AA", "identity": "AA"}):
        with pytest.raises(Malformed):
            DeviceKeys.from_value(wrong)


@pytest.mark.parametrize("role", sorted(Role))
def test_an_epoch_is_granted_only_to_those_who_may_open_cases(role):
    member = ADDIS.member(f"a {role}", role)
    if role not in CASE_ROLES:
        with pytest.raises(Forbidden):
            ADDIS.grant(member)
        return
    secret = open_grant(ADDIS.grant(member), member.keys, PUBLISHED)
    assert secret.identity.secret == ADDIS.epoch().identity.secret


def test_a_grant_opens_on_its_device_only():
    hana, omar = ADDIS.member("hana"), ADDIS.member("omar")
    with pytest.raises(BadSignature):
        open_grant(ADDIS.grant(hana), omar.keys, PUBLISHED)
    with pytest.raises(BadSignature):
        open_grant(replace(ADDIS.grant(hana), wrapped=bytes(80)), hana.keys, PUBLISHED)


def test_a_hub_cannot_slip_in_an_epoch_of_its_own():
    hana = ADDIS.member("hana")
    slipped = EpochSecret.generate(1).grant(hana.cert)
    with pytest.raises(BadSignature):
        open_grant(slipped, hana.keys, PUBLISHED)
    with pytest.raises(BadSignature):
        open_grant(replace(ADDIS.grant(hana), epoch=2), hana.keys, PUBLISHED)
