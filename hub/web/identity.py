"""A hub's own identity on disk: the key that signs its receipts and checkpoints, and what it says of itself.

`hub.key` holds 32 bytes of seed as base64url, readable by its owner alone; `hub.json` the host, the operator and the
certifiers whose word this hub takes. Neither is ever replaced by `create`.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from hub.errors import Conflict, HubError, InvalidRequest, Unavailable
from hub.packets.dsse import Signer, check_public_key
from hub.packets.encoding import b64u, from_b64u

if TYPE_CHECKING:
    from pathlib import Path

KEY_FILE = "hub.key"
IDENTITY_FILE = "hub.json"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a hub says of itself. `certifiers` are Ed25519 public keys as base64url."""

    host: str
    operator: str
    kind: str
    country: str
    url: str
    certifiers: tuple[str, ...] = ()

    def certifier_keys(self) -> frozenset[bytes]:
        """The certifiers' keys."""
        return frozenset(from_b64u(key, 32) for key in self.certifiers)


def create(data: Path, identity: Identity) -> Signer:
    """Write a new key and the identity below `data` and return the key.

    Raises:
        Conflict: a hub lives there already.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    seed = secrets.token_bytes(32)
    try:
        _write_new(data / KEY_FILE, b64u(seed))
    except FileExistsError as error:
        raise Conflict("A hub lives in this folder already.", todo="Choose an empty folder.") from error
    _save(data, identity)
    return Signer(seed)


def load(data: Path) -> tuple[Identity, Signer]:
    """Return who the hub in `data` is, and its key.

    Raises:
        Unavailable: no hub lives there, or its files cannot be read.
    """
    try:
        values = json.loads((data / IDENTITY_FILE).read_text())
        identity = Identity(**{**values, "certifiers": tuple(values["certifiers"])})
        return identity, Signer(from_b64u((data / KEY_FILE).read_text().strip(), 32))
    except (OSError, ValueError, TypeError, KeyError, HubError) as error:
        raise Unavailable("No hub can be read in this folder.", todo="Run `hub init` first.") from error


def trust_certifier(data: Path, public_key: str) -> Identity:
    """Add a certifier whose certificates of agencies this hub believes.

    Raises:
        InvalidRequest: not an Ed25519 public key.
    """
    try:
        check_public_key(from_b64u(public_key, 32))
    except HubError as error:
        raise InvalidRequest("A certifier is named by an Ed25519 public key in base64url.") from error
    identity, _signer = load(data)
    changed = replace(identity, certifiers=tuple(dict.fromkeys((*identity.certifiers, public_key))))
    _save(data, changed)
    return changed


def _save(data: Path, identity: Identity) -> None:
    path = data / f"{IDENTITY_FILE}.new"
    path.write_text(json.dumps(asdict(identity), indent=1) + "\n")
    path.replace(data / IDENTITY_FILE)


def _write_new(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
