"""Makes the vectors of vaults and grants: what a client opens, and what it refuses (docs/protocol.md §5).

Run `python -m tests.vectors.generate_vaults FOLDER`. Nonces are fixed, so a second run gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nacl.secret import Aead

from hub.keys import vault
from hub.packets.encoding import b64u, canonical, from_b64u, hkdf
from tests.vectors.generate import FOLDER, fixed

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGIN, PASSPHRASE = "amina", "Jāmais deux sans trois"
DEVICE, KDF = fixed("device secret", 16), vault.KdfParameters(fixed("salt", 16))
KEYS = vault.derive(PASSPHRASE, vault.DeviceSecret(DEVICE), KDF)
CODE = vault.RecoveryCode(fixed("recovery code", 20))
CONTENT = {"v": 1, "name": "أمينة", "pins": {"hubs": {}}}
VERSION = 3


def _sealed(key: bytes, plain: bytes, aad: dict[str, Any], label: str) -> str:
    return b64u(bytes(Aead(key).encrypt(plain, canonical(aad), fixed(label, 24))))


def good() -> dict[str, Any]:
    """Return the vault that opens."""
    kdf = KDF.to_value()
    data = _sealed(KEYS.kek, canonical(CONTENT), {"kdf": kdf, "user": LOGIN, "version": VERSION}, "vault nonce")
    key = hkdf(CODE.secret, b"rcp/1/recovery")
    return {
        "about": "A vault of version 3.",
        "login": LOGIN,
        "passphrase": PASSPHRASE,
        "device": b64u(DEVICE),
        "auth": b64u(KEYS.auth),
        "code": CODE.text(),
        "seen": VERSION,
        "stored": {
            "version": VERSION,
            "kdf": kdf,
            "vault": data,
            "recovery": _sealed(key, KEYS.kek, {"user": LOGIN}, "recovery nonce"),
        },
        "content": CONTENT,
        "expect": "ok",
    }


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all vectors by name."""
    made = good()
    yield "00-good", made
    yield "00-good-decomposed", {**made, "about": "The passphrase in Unicode form NFD.", "passphrase": _NFD}
    forged = b64u(from_b64u(made["stored"]["vault"])[:-1] + b"x")
    for name, about, expect, changes in (
        ("01-less-memory", "Argon2id with less memory than the floor.", "unsupported_version", {"mem": 2**26 - 1}),
        ("01-fewer-passes", "Two passes.", "unsupported_version", {"ops": 2}),
        ("01-endless", "More memory than a client should be asked for.", "unsupported_version", {"mem": 2**31}),
        ("01-other-algorithm", "Another derivation.", "unsupported_version", {"alg": "scrypt"}),
        ("02-other-salt", "The hub has swapped the salt.", "bad_signature", {"salt": b64u(bytes(16))}),
        ("02-more-passes", "The hub has changed the passes.", "bad_signature", {"ops": 4}),
    ):
        stored = {**made["stored"], "kdf": {**made["stored"]["kdf"], **changes}}
        yield name, {**made, "about": about, "expect": expect, "stored": stored}
    for name, about, changes in (
        ("03-rolled-back", "Version 3, where 4 was seen.", {"seen": 4}),
        ("03-called-newer", "Version 3 that the hub calls 4.", {"stored": {**made["stored"], "version": 4}}),
        ("04-other-login", "Another member's vault.", {"login": "omar"}),
        ("04-other-passphrase", "One secret alone.", {"passphrase": "guessed"}),
        ("04-other-device", "The other secret alone.", {"device": b64u(bytes(16))}),
        ("05-changed", "A byte of the tag.", {"stored": {**made["stored"], "vault": forged}}),
        ("05-empty", "Nothing.", {"stored": {**made["stored"], "vault": ""}}),
    ):
        yield name, {**made, "about": about, "expect": "bad_signature", **changes}


_NFD = "Ja\u0304mais deux sans trois"


def write(folder: Path) -> None:
    """Write all vectors into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, case in cases():
        (folder / f"{name}.json").write_text(json.dumps(case, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / "vaults")
