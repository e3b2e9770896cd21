"""The tree against a naive reading of RFC 6962, for every small size and for random ones."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.handofflog import merkle

LEAVES = [hashlib.sha256(b"\0%d" % number).digest() for number in range(300)]
SIZES = 70


def _h(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(count):
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def oracle_root(leaves):
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return _h(oracle_root(leaves[:k]), oracle_root(leaves[k:]))


def oracle_path(index, leaves):
    if len(leaves) == 1:
        return ()
    k = _split(len(leaves))
    if index < k:
        return (*oracle_path(index, leaves[:k]), oracle_root(leaves[k:]))
    return (*oracle_path(index - k, leaves[k:]), oracle_root(leaves[:k]))


def oracle_consistency(old, leaves, whole=True):
    if old == len(leaves):
        return () if whole else (oracle_root(leaves),)
    k = _split(len(leaves))
    if old <= k:
        return (*oracle_consistency(old, leaves[:k], whole), oracle_root(leaves[k:]))
    return (*oracle_consistency(old - k, leaves[k:], False), oracle_root(leaves[:k]))


def grown(size):
    """Grow a tree leaf by leaf; return what a store would keep, and its frontier."""
    frontier, stored = [], {}
    for number, leaf in enumerate(LEAVES[:size]):
        stored[0, number] = leaf
        stored.update({(level, index): value for level, index, value in merkle.grow(frontier, number, leaf)})
    return (lambda level, index: stored[level, index]), frontier


@pytest.mark.parametrize("size", range(SIZES + 1))
def test_every_inclusion_proof_is_rfc_6962s_and_proves_its_leaf_alone(size):
    hash_at, frontier = grown(size)
    root = oracle_root(LEAVES[:size])
    assert merkle.root(size, hash_at) == merkle.fold(frontier) == root
    for index in range(size):
        proof = merkle.inclusion(index, size, hash_at)
        assert proof == oracle_path(index, LEAVES[:size])
        assert merkle.includes(LEAVES[index], index, size, proof, root)
        assert not merkle.includes(LEAVES[index + 1], index, size, proof, root)
        for other in set(range(size)) - {index}:
            assert not merkle.includes(LEAVES[index], other, size, proof, root)


@pytest.mark.parametrize("new", range(SIZES + 1))
def test_every_consistency_proof_is_rfc_6962s_and_proves_its_two_sizes_alone(new):
    hash_at, _ = grown(new)
    roots = [oracle_root(LEAVES[:size]) for size in range(SIZES + 2)]
    for old in range(new + 1):
        proof = merkle.consistency(old, new, hash_at)
        assert proof == (oracle_consistency(old, LEAVES[:new]) if old else ())
        assert merkle.extends(old, roots[old], new, roots[new], proof)
        assert not merkle.extends(old, roots[old + 1], new, roots[new], proof)
        if old:
            assert not merkle.extends(old, roots[old], new, roots[new + 1], proof)


@st.composite
def _places(draw):
    size = draw(st.integers(1, len(LEAVES)))
    return draw(st.integers(0, size - 1)), size


@given(_places(), st.data())
def test_a_proof_with_a_bit_flipped_or_a_hash_more_or_less_proves_nothing(place, data):
    index, size = place
    hash_at, _ = grown(size)
    root = merkle.root(size, hash_at)
    proof = list(merkle.inclusion(index, size, hash_at))
    assert not merkle.includes(LEAVES[index], index, size, [*proof, root], root)
    if proof:
        assert not merkle.includes(LEAVES[index], index, size, proof[:-1], root)
        spot = data.draw(st.integers(0, len(proof) - 1))
        proof[spot] = _flipped(proof[spot], data.draw(st.integers(0, 255)))
        assert not merkle.includes(LEAVES[index], index, size, proof, root)


@given(_places(), st.data())
def test_a_consistency_proof_with_a_bit_flipped_or_a_hash_more_or_less_proves_nothing(place, data):
    old, new = place
    hash_at, _ = grown(new)
    before, after = merkle.root(old, hash_at), merkle.root(new, hash_at)
    proof = list(merkle.consistency(old, new, hash_at))
    assert not merkle.extends(old, before, new, after, [*proof, after])
    if proof:
        assert not merkle.extends(old, before, new, after, proof[:-1])
        spot = data.draw(st.integers(0, len(proof) - 1))
        proof[spot] = _flipped(proof[spot], data.draw(st.integers(0, 255)))
        assert not merkle.extends(old, before, new, after, proof)


@given(st.integers(-2, 5), st.integers(-2, 5), st.lists(st.just(LEAVES[0]), max_size=4))
def test_sizes_and_indexes_that_cannot_be_prove_nothing_and_raise_nothing(first, second, proof):
    if not 0 <= first < second:
        assert not merkle.includes(LEAVES[0], first, second, proof, LEAVES[0])
    if not 0 <= first <= second:
        assert not merkle.extends(first, LEAVES[0], second, LEAVES[0], proof)


def test_no_proof_at_all_is_no_proof_of_consistency():
    assert not merkle.extends(3, oracle_root(LEAVES[:3]), 5, oracle_root(LEAVES[:5]), ())


def test_a_longer_log_cannot_stem_from_an_empty_one_with_an_invented_root():
    assert not merkle.extends(0, LEAVES[0], 1, LEAVES[0], ())


def test_leaf_hashes_are_those_of_the_specification():
    salt, document = bytes(range(32)), b"{}"
    entry = hashlib.sha256(b"R" + salt + document).digest()
    assert merkle.leaf_of(salt, document) == hashlib.sha256(b"\0" + entry).digest()


def _flipped(value, bit):
    return (int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(32, "big")
