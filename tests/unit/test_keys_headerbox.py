"""Keys of headers on the disk: whatever a crash leaves opens, and what was replaced or destroyed opens nothing."""

from __future__ import annotations

import pytest

from hub.errors import ConsentMissing, NotFound
from hub.keys.headerbox import HeaderKeys
from tests.support.factories import some_hash

MANIFEST = some_hash("manifest")
LATER = 2**32


@pytest.fixture
def keys(tmp_path):
    return HeaderKeys(tmp_path / "header-keys")


def test_before_the_commit_both_headers_open_and_after_it_the_new_one_alone(keys):
    old = keys.seal(MANIFEST, {"body": b"old"})["body"]
    new = keys.renew(MANIFEST, {"body": b"new"})["body"]
    assert (keys.open(MANIFEST, "body", old), keys.open(MANIFEST, "body", new)) == (b"old", b"new")
    assert keys.unsettled(LATER) == [MANIFEST]
    assert keys.unsettled(0) == []
    assert keys.settle(MANIFEST, "body", new)
    assert keys.open(MANIFEST, "body", new) == b"new"
    with pytest.raises(NotFound):
        keys.open(MANIFEST, "body", old)
    assert keys.unsettled(LATER) == []
    assert not keys.settle(MANIFEST, "body", new)


def test_what_was_rolled_back_leaves_the_old_header(keys):
    old = keys.seal(MANIFEST, {"body": b"old"})["body"]
    for _ in range(3):
        keys.renew(MANIFEST, {"body": b"new"})
    assert keys.settle(MANIFEST, "body", old)
    assert keys.open(MANIFEST, "body", old) == b"old"


def test_nothing_is_forgotten_for_a_header_that_no_key_opens(keys):
    old = keys.seal(MANIFEST, {"body": b"old"})["body"]
    keys.renew(MANIFEST, {"body": b"new"})
    assert not keys.settle(MANIFEST, "body", b"")
    assert keys.open(MANIFEST, "body", old) == b"old"


def test_destruction_reaches_every_key_of_a_packet_and_none_is_made_again(keys, tmp_path):
    old = keys.seal(MANIFEST, {"body": b"old"})["body"]
    new = keys.renew(MANIFEST, {"body": b"new"})["body"]
    (tmp_path / "header-keys" / f"{MANIFEST}.part").write_bytes(bytes(64))
    assert keys.destroy(MANIFEST)
    assert list((tmp_path / "header-keys").iterdir()) == []
    for sealed in (old, new):
        with pytest.raises(NotFound):
            keys.open(MANIFEST, "body", sealed)
    with pytest.raises(ConsentMissing):
        keys.seal(MANIFEST, {"body": b"again"})


def test_a_file_that_a_crash_left_half_written_is_no_key(keys, tmp_path):
    sealed = keys.seal(MANIFEST, {"body": b"old"})["body"]
    (tmp_path / "header-keys" / f"{MANIFEST}.part").write_bytes(bytes(64))
    assert keys.unsettled(LATER) == []
    assert keys.open(MANIFEST, "body", sealed) == b"old"
