"""The tree of the log: RFC 6962 hashing, roots, inclusion and consistency proofs (docs/protocol.md §8).

Pure: knows no database, no note, no document's meaning. What is stored are the hashes of *perfect* subtrees alone:
(level, index) covers the leaves from index * 2^level on, and never changes once it is full. Every range that a root or
a proof needs is a few of them side by side, fetched through `hash_at(level, index)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.packets.encoding import sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    HashAt = Callable[[int, int], bytes]

EMPTY_ROOT = sha256()
HASH_SIZE = 32


def leaf_of(salt: bytes, document: bytes) -> bytes:
    """Return the leaf hash (RFC 6962 §2.1) of an entry: without the salt nothing of its document can be guessed."""
    return sha256(b"\x00", sha256(b"\x52", salt, document))


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two neighbours (RFC 6962 §2.1)."""
    return sha256(b"\x01", left, right)


def grow(frontier: list[bytes], size: int, leaf: bytes) -> list[tuple[int, int, bytes]]:
    """Add leaf number `size` to the frontier in place; return the (level, index, hash) of subtrees that it filled.

    The frontier of a tree is its full subtrees, largest first: one for each bit that is set in its size.
    """
    filled = []
    level, carry = 0, leaf
    while size >> level & 1:
        carry = node_hash(frontier.pop(), carry)
        level += 1
        filled.append((level, size >> level, carry))
    frontier.append(carry)
    return filled


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the hash over neighbouring subtrees, largest first; of none, the root of the empty tree."""
    if not hashes:
        return EMPTY_ROOT
    total = hashes[-1]
    for left in reversed(hashes[:-1]):
        total = node_hash(left, total)
    return total


def root(size: int, hash_at: HashAt) -> bytes:
    """Return the root of the first `size` leaves."""
    return _range(0, size, hash_at)


def inclusion(index: int, size: int, hash_at: HashAt) -> tuple[bytes, ...]:
    """Return the proof that leaf `index` stands in the tree of `size` (RFC 6962 §2.1.1), its sibling first."""
    low, high = 0, size
    path = []
    while high - low > 1:
        middle = _split(low, high)
        if index < middle:
            path.append(_range(middle, high, hash_at))
            high = middle
        else:
            path.append(_range(low, middle, hash_at))
            low = middle
    return tuple(reversed(path))


def consistency(old: int, new: int, hash_at: HashAt) -> tuple[bytes, ...]:
    """Return the proof that the tree of `old` leaves is the beginning of that of `new` ones (RFC 6962 §2.1.2)."""
    if old == 0:
        return ()
    low, high = 0, new
    path = []
    while old < high:
        middle = _split(low, high)
        if old <= middle:
            path.append(_range(middle, high, hash_at))
            high = middle
        else:
            path.append(_range(low, middle, hash_at))
            low = middle
    if low:
        path.append(_range(low, high, hash_at))
    return tuple(reversed(path))


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether `proof` shows that `leaf` is number `index` of the tree of `size` leaves with this root."""
    if not 0 <= index < size:
        return False
    place, last, total = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            total = node_hash(sibling, total)
            place, last = _climb(place, last)
        else:
            total = node_hash(total, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and total == root


def extends(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether `proof` shows that nothing of the tree of `old` leaves was changed in that of `new` ones."""
    if old == new:
        return old >= 0 and not proof and old_root == new_root
    if old == 0:
        return new > 0 and not proof and old_root == EMPTY_ROOT
    if not 0 < old < new:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    steps = list(proof) if place else [old_root, *proof]
    if not steps:
        return False
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(step, before), node_hash(step, after)
            place, last = _climb(place, last)
        else:
            after = node_hash(after, step)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _climb(place: int, last: int) -> tuple[int, int]:
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _split(low: int, high: int) -> int:
    """Return where RFC 6962 splits a range: after the largest power of two below its length."""
    return low + (1 << (high - low - 1).bit_length() - 1)


def _range(low: int, high: int, hash_at: HashAt) -> bytes:
    parts = []
    while low < high:
        level = (high - low).bit_length() - 1
        parts.append(hash_at(level, low >> level))
        low += 1 << level
    return fold(parts)
