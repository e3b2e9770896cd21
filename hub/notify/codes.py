"""Six digits that are sent to a number and typed in again: made by chance, kept only as a slow hash."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

_DIGITS: Final = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True)
class Code:
    """What a database keeps of six digits."""

    salt: bytes
    hash: bytes = field(repr=False)

    def is_of(self, digits: str) -> bool:
        """Say whether these are the digits."""
        return hmac.compare_digest(_slow(digits, self.salt), self.hash)


def new_code() -> tuple[str, Code]:
    """Return six digits, and what to keep of them."""
    digits, salt = f"{secrets.randbelow(10**6):06d}", secrets.token_bytes(16)
    return digits, Code(salt, _slow(digits, salt))


def well_formed(digits: str) -> bool:
    """Say whether a text is six digits: nothing else is a try."""
    return bool(_DIGITS.fullmatch(digits))


def _slow(digits: str, salt: bytes) -> bytes:
    return hashlib.scrypt(digits.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
