"""Base64, JSON and hashes as docs/protocol.md §2 has them: strict in, canonical out.

Does no I/O and knows no message. Every parser here is total: it returns a value or raises `Malformed`, never a
low-level exception. Limits: integers within ±(2^53-1), no floats, no duplicate keys, nesting at most 16.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math
import re
from typing import TYPE_CHECKING, Any, NoReturn

import rfc8785

from hub.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 16
_B64U = re.compile(r"[A-Za-z0-9_-]*")
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")
_ARRAYS = (list, tuple)
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":"))


def b64u(data: bytes) -> str:
    """Return unpadded base64url."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def from_b64u(text: object, size: int | None = None) -> bytes:
    """Return the bytes of canonical unpadded base64url, `size` of them where given.

    Raises:
        Malformed: not a string, padding, another alphabet, non-zero trailing bits, or another length.
    """
    if not isinstance(text, str) or not _B64U.fullmatch(text):
        raise Malformed("A field is not unpadded base64url.")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise Malformed("A field is not unpadded base64url.") from error
    if b64u(data) != text or (size is not None and len(data) != size):
        raise Malformed("A base64url field is not canonical or not of its length.")
    return data


def b64(data: bytes) -> str:
    """Return standard padded base64, as DSSE has it."""
    return base64.b64encode(data).decode()


def from_b64(text: object) -> bytes:
    """Return the bytes of canonical standard base64.

    Raises:
        Malformed: not a string, another alphabet, missing padding or non-zero trailing bits.
    """
    if not isinstance(text, str):
        raise Malformed("A field is not base64.")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("A field is not base64.") from error
    if b64(data) != text:
        raise Malformed("A base64 field is not canonical.")
    return data


def canonical(value: object) -> bytes:
    """Return the RFC 8785 (JCS) form of a JSON value without floats.

    Raises:
        Malformed: the value has a float, an integer out of range, a lone surrogate, or is no JSON value.
    """
    try:
        _check(value, 0)
        return _canonical(value)
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError) as error:
        raise Malformed("The value has no canonical form.") from error


def parse_json(data: bytes, *, decimals: bool = False) -> Any:
    """Return the value of strict JSON: UTF-8, no duplicate keys, no floats, no NaN, bounded integers and depth.

    `decimals`: floats too, for records of HSDS, which have degrees and amounts and are never signed as they are.

    Raises:
        Malformed: anything else.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_no_duplicates,
            parse_float=_decimal if decimals else _refuse,
            parse_constant=_refuse,
            parse_int=_integer,
        )
    except (ValueError, RecursionError) as error:
        raise Malformed("The JSON is not strict JSON.") from error
    _check(value, 0, decimals=decimals)
    return value


def parse_canonical(data: bytes) -> dict[str, Any]:
    """Return the object whose JCS form `data` is, byte for byte.

    Raises:
        Malformed: not strict JSON, not an object, or not in canonical form.
    """
    value = parse_json(data)
    if not isinstance(value, dict) or _canonical(value) != data:
        raise Malformed("The JSON is not an object in canonical form (RFC 8785).")
    return value


def sha256(*parts: bytes) -> bytes:
    """Return the SHA-256 of the parts joined."""
    return hashlib.sha256(b"".join(parts)).digest()


def hkdf(secret: bytes, info: bytes, *, salt: bytes = b"", size: int = 32) -> bytes:
    """Return `size` bytes of HKDF-SHA256 (RFC 5869)."""
    key = hmac.digest(salt or bytes(32), secret, "sha256")
    block, out = b"", b""
    for counter in range(1, -(-size // 32) + 1):
        block = hmac.digest(key, block + info + bytes([counter]), "sha256")
        out += block
    return out[:size]


def _canonical(value: Any) -> bytes:
    """Return the JCS form of a value that was checked.

    Without floats the standard library's encoder makes the same bytes, many times as fast, unless keys are to be sorted
    that hold characters beyond the BMP: JCS orders by UTF-16 units.
    """
    text = _ENCODER.encode(value)
    return rfc8785.dumps(value) if _BEYOND_BMP.search(text) else text.encode()


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("A JSON object names a key twice.")
    return found


def _refuse(_text: str) -> NoReturn:
    raise Malformed("The JSON has a number that is not an integer.")


def _decimal(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise Malformed("The JSON has a number out of range.")
    return found


def _integer(text: str) -> int:
    if len(text) > 17 or text == "-0":  # noqa: PLR2004 - digits of 2^53-1 and a sign
        raise Malformed("The JSON has an integer out of range.")
    return int(text)


def _check(value: object, depth: int, *, decimals: bool = False) -> None:
    inside: Iterable[object]
    if isinstance(value, dict):
        for key in value:
            _check_text(key)
        inside = value.values()
    elif isinstance(value, _ARRAYS):
        inside = value
    elif isinstance(value, str):
        return _check_text(value)
    else:
        return None if decimals and isinstance(value, float) else _check_scalar(value)
    if value and depth >= MAX_DEPTH:
        raise Malformed("The JSON is nested too deeply.")
    for item in inside:
        if not (type(item) is str and item.isascii()):  # most are: a call for each would be most of the time
            _check(item, depth + 1, decimals=decimals)
    return None


def _check_scalar(value: object) -> None:
    if isinstance(value, float) or (isinstance(value, int) and abs(value) > MAX_INTEGER):
        raise Malformed("The JSON has a number that is no integer, or one out of range.")
    if value is not None and not isinstance(value, int):
        raise Malformed("The value is not JSON.")


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise Malformed("The value is not JSON.")
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeError as error:
        raise Malformed("The JSON has a lone surrogate.") from error
