"""A member's profile on this machine: where the hub is, who they are, the device secret, the sealed vault.

The folder is for its owner alone (0700, files 0600). It holds no key in the clear: those are in the vault, which needs
passphrase and device secret together. Unlocking needs no network. Does not ask for a passphrase: the caller does.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from hub.errors import BadSignature, Conflict, Malformed, NotFound, Unauthenticated
from hub.keys.devices import DeviceKeys, EpochSecret, RootKey
from hub.keys.vault import (
    DeviceSecret,
    KdfParameters,
    RecoveryCode,
    SealedVault,
    VaultKeys,
    derive,
    open_vault,
    recover,
    seal_vault,
)
from hub.packets.age import Identity
from hub.packets.encoding import b64u, from_b64u, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_PROFILE, _DEVICE, _VAULT, _SEEN = "profile.json", "device.secret", "vault.json", "seen.json"
_CONTENT = frozenset({"v", "device", "root", "auth", "pins", "epochs"})


@dataclass(frozen=True, slots=True)
class Account:
    """Who this profile belongs to, and at which hub."""

    url: str
    host: str
    login: str
    agency: str
    member: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the vault keeps. `root` is the agency's root key, on the device of whoever holds it."""

    device: DeviceKeys
    root: RootKey | None
    auth: bytes = field(repr=False)
    pins: dict[str, Any]
    epochs: Mapping[int, EpochSecret] = field(default_factory=dict)
    """Epochs that this device started; those that it was granted stand at the hub, sealed to it."""

    def to_value(self) -> dict[str, Any]:
        """Return the vault's content."""
        root = None if self.root is None else b64u(self.root.seed)
        epochs = {str(number): b64u(secret.identity.secret) for number, secret in self.epochs.items()}
        keys = {"device": self.device.to_value(), "root": root, "auth": b64u(self.auth), "epochs": epochs}
        return {"v": 1, **keys, "pins": self.pins}

    @classmethod
    def from_value(cls, value: dict[str, Any]) -> Secrets:
        """Return the secrets in an opened vault.

        Raises:
            Malformed: the vault is of another client's making.
        """
        if set(value) != _CONTENT or value["v"] != 1 or not isinstance(value["pins"], dict):
            raise Malformed("The vault's content is not of this client's form.")
        root = None if value["root"] is None else RootKey(from_b64u(value["root"], 32))
        epochs = {int(n): EpochSecret(int(n), Identity(from_b64u(s, 32))) for n, s in value["epochs"].items()}
        return cls(DeviceKeys.from_value(value["device"]), root, from_b64u(value["auth"], 32), value["pins"], epochs)


@dataclass(frozen=True, slots=True)
class Unlocked:
    """An opened vault with what seals it again."""

    secrets: Secrets
    keys: VaultKeys
    version: int
    kdf: KdfParameters


class Profile:
    """One member's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, folder: Path, account: Account, device: DeviceSecret) -> Profile:
        """Make a folder for a new member.

        Raises:
            Conflict: there is a profile in it already.
        """
        profile = cls(folder)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        if profile.exists:
            raise Conflict("This folder holds a profile already.", todo="Choose another folder with --profile.")
        write_private(folder / _DEVICE, (b64u(device.value) + "\n").encode())
        profile.save_json(_PROFILE, asdict(account))
        return profile

    @property
    def exists(self) -> bool:
        """Whether the folder holds a profile."""
        return (self.folder / _PROFILE).exists()

    @property
    def account(self) -> Account:
        """Who this profile belongs to.

        Raises:
            NotFound: there is no profile here.
        """
        try:
            return Account(**self.load_json(_PROFILE))
        except TypeError as error:
            raise Malformed("The profile is of another form.", todo="Enrol again.") from error

    @property
    def device(self) -> DeviceSecret:
        """The device secret."""
        return DeviceSecret(from_b64u(self._read(_DEVICE).decode("ascii", "replace").strip(), 16))

    def seal(
        self, secrets: Secrets, keys: VaultKeys, kdf: KdfParameters, version: int, recovery: bytes | None = None
    ) -> dict[str, Any]:
        """Return the vault as the hub gets it, with the wrap that the recovery code opens: `recovery`, or as before."""
        vault = seal_vault(secrets.to_value(), keys, login=self.account.login, version=version, kdf=kdf)
        wrap = b64u(recovery) if recovery is not None else self.vault()["recovery"]
        return {"version": version, "kdf": kdf.to_value(), "vault": b64u(vault.data), "recovery": wrap}

    def keep(self, vault: dict[str, Any]) -> None:
        """Keep a sealed vault here, once the hub has it."""
        self.save_json(_VAULT, vault)

    def vault(self) -> dict[str, Any]:
        """Return the sealed vault as it is kept here."""
        return self.load_json(_VAULT)

    def discard(self) -> None:
        """Remove what `create` wrote, when the hub would not have it."""
        for name in (_PROFILE, _DEVICE, _VAULT, _SEEN):
            (self.folder / name).unlink(missing_ok=True)

    def unlock(self, passphrase: str) -> Unlocked:
        """Open the vault with a passphrase and this device's secret.

        Raises:
            Unauthenticated: wrong passphrase, or the vault was changed.
        """
        keys = derive(passphrase, self.device, KdfParameters.from_value(self.vault()["kdf"]))
        try:
            return self._open(keys)
        except BadSignature as error:
            raise Unauthenticated("The passphrase does not open this vault.", todo="Try again.") from error

    def unlock_by_recovery(self, code: str) -> Unlocked:
        """Open the vault with the recovery code alone.

        Raises:
            BadSignature: another member's code.
        """
        return self._open(
            recover(from_b64u(self.vault()["recovery"]), RecoveryCode.parse(code), login=self.account.login)
        )

    def load_json(self, name: str, default: Callable[[], dict[str, Any]] | None = None) -> dict[str, Any]:
        """Return an object kept in the folder."""
        if default is not None and not (self.folder / name).exists():
            return default()
        value = parse_json(self._read(name))
        if not isinstance(value, dict):
            raise Malformed("A file of the profile is not of its form.")
        return value

    def save_json(self, name: str, value: dict[str, Any]) -> None:
        """Keep an object in the folder, whole or not at all."""
        write_private(self.folder / name, json.dumps(value, indent=1, ensure_ascii=False).encode())

    def opened(self, vault: Mapping[str, Any], keys: VaultKeys) -> Unlocked:
        """Open the vault as the hub has it by now, with the keys that opened it here.

        Raises:
            Unauthenticated: it has a new passphrase, or the hub gives an older one.
        """
        try:
            return self._open(keys, vault)
        except BadSignature as error:
            raise Unauthenticated(
                "Another device gave this vault a new passphrase.", todo="Sign in again: `hub account sign-in`."
            ) from error

    def _open(self, keys: VaultKeys, given: Mapping[str, Any] | None = None) -> Unlocked:
        value, seen = given or self.vault(), self.load_json(_SEEN, dict).get("vault", 0)
        kdf = KdfParameters.from_value(value["kdf"])
        vault = SealedVault(value["version"], kdf, from_b64u(value["vault"]))
        opened = open_vault(vault, keys, login=self.account.login, seen=seen)
        if opened.version > seen:
            self.save_json(_SEEN, {"vault": opened.version})
        return Unlocked(Secrets.from_value(opened.content), keys, opened.version, kdf)

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise NotFound("There is no profile in this folder.", todo="Enrol first, or name it with --profile.") from (
                error
            )

    def __repr__(self) -> str:
        return f"Profile({self.folder})"


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as sink:
        sink.write(data)
        sink.flush()
        os.fsync(sink.fileno())
    part.replace(path)
