"""Bech32 (BIP 173) without its length limit, as age writes its keys: `age1…` and `AGE-SECRET-KEY-1…`.

Knows no key type; `hub.packets.age` does.
"""

from __future__ import annotations

from hub.errors import Malformed

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM = 6


def encode(prefix: str, data: bytes) -> str:
    """Return `data` under a lower-case prefix."""
    values = _regroup(data, 8, 5, pad=True)
    checksum = _polymod([*_expand(prefix), *values, *[0] * _CHECKSUM]) ^ 1
    values += [(checksum >> 5 * (5 - i)) & 31 for i in range(_CHECKSUM)]
    return f"{prefix}1{''.join(_ALPHABET[v] for v in values)}"


def decode(text: str, prefix: str) -> bytes:
    """Return the bytes of a string that has the lower-case `prefix`.

    Raises:
        Malformed: another prefix, mixed case, a wrong character, checksum or padding.
    """
    lower = text.lower()
    found, _, rest = lower.rpartition("1")
    if text not in {lower, text.upper()} or found != prefix or len(rest) < _CHECKSUM or set(rest) - set(_ALPHABET):
        raise Malformed("This is not a key of the kind that is expected here.")
    values = [_ALPHABET.index(c) for c in rest]
    if _polymod([*_expand(prefix), *values]) != 1:
        raise Malformed("A key has a typing error: its checksum does not fit.")
    return bytes(_regroup(values[:-_CHECKSUM], 5, 8, pad=False))


def _expand(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, term in enumerate(_GENERATOR):
            check ^= term if (top >> i) & 1 else 0
    return check


def _regroup(values: bytes | list[int], size: int, new: int, *, pad: bool) -> list[int]:
    held, bits, out = 0, 0, []
    for value in values:
        held, bits = (held << size) | value, bits + size
        while bits >= new:
            bits -= new
            out.append((held >> bits) & ((1 << new) - 1))
        held &= (1 << bits) - 1
    if pad and bits:
        out.append((held << (new - bits)) & ((1 << new) - 1))
    elif not pad and (bits >= size or held):
        raise Malformed("A key has stray bits at its end.")
    return out
