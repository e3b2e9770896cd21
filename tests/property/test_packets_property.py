"""Properties of packets: what goes in comes out, and nothing that was touched verifies."""

from __future__ import annotations

import io
import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import HubError, InvalidRequest, Malformed, PacketError, TooLarge, UnsupportedVersion
from hub.packets.age import Header, Identity, Stanza, make_header
from hub.packets.container import ZipPacket
from hub.packets.encoding import from_b64
from hub.packets.manifest import Manifest
from hub.packets.tar import TarReader, padded
from hub.packets.verify import verify
from tests.support.packets import MemoryPacket, decrypt, encrypt
from tests.vectors.generate import FOLDER, IDENTITY, NOW, RECIPIENT, OneSender, Plain, archive

ROW = json.loads((FOLDER / "packets" / "00-good.json").read_text())
MANIFEST = from_b64(ROW["manifest"])
BODY = from_b64(ROW["files"]["body"])
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}", fullmatch=True)
VCHAR = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=70)


def opened(manifest: bytes, body: bytes):
    return verify(
        MemoryPacket(manifest, {"body": body}),
        identities=[IDENTITY],
        me=RECIPIENT,
        senders=OneSender(),
        replay=lambda _: None,
        now=NOW,
    )


@given(at=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_of_a_file_never_verifies(at, bit):
    spoilt = bytearray(BODY)
    spoilt[at] ^= 1 << bit
    with pytest.raises(PacketError):
        opened(MANIFEST, bytes(spoilt))


@given(at=st.integers(0, len(MANIFEST) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_of_a_manifest_never_verifies(at, bit):
    spoilt = bytearray(MANIFEST)
    spoilt[at] ^= 1 << bit
    with pytest.raises(HubError) as found:
        opened(bytes(spoilt), BODY)
    assert isinstance(found.value, PacketError)


@given(size=st.integers(0, len(BODY) - 1))
def test_a_cut_file_never_verifies(size):
    with pytest.raises(PacketError):
        opened(MANIFEST, BODY[:size])


@given(size=st.integers(0, len(MANIFEST) - 1))
def test_a_cut_manifest_never_verifies(size):
    with pytest.raises((PacketError, InvalidRequest)):
        opened(MANIFEST[:size], BODY)


def test_a_manifest_parses_back_to_itself():
    value = json.loads(from_b64(json.loads(MANIFEST)["payload"]))
    assert Manifest.from_value(value).to_value() == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    st.sampled_from(["v", "suite", "packet", "from", "to", "inbox", "created", "expires", "log", "grant", "files"]),
)
def test_any_value_anywhere_in_a_manifest_is_taken_or_refused_by_name(junk, member):
    value = json.loads(from_b64(json.loads(MANIFEST)["payload"]))
    value[member] = junk
    with suppress(Malformed, TooLarge, UnsupportedVersion):
        assert Manifest.from_value(value).to_value() == value


@given(st.lists(st.tuples(VCHAR, st.lists(VCHAR, max_size=3), st.binary(max_size=200)), min_size=1, max_size=4))
def test_a_header_parses_back_to_itself(rows):
    header = Header(tuple(Stanza(kind, tuple(args), body) for kind, args, body in rows), bytes(32))
    assert Header.from_bytes(header.to_bytes()) == header


@given(st.binary(max_size=400))
def test_any_bytes_are_a_header_or_refused_by_name(junk):
    for data in (
        junk,
        b"age-encryption.org/v1\n" + junk,
        make_header([IDENTITY.recipient], bytes(16)).to_bytes() + junk,
    ):
        with suppress(Malformed, TooLarge, UnsupportedVersion):
            assert Header.from_bytes(data).to_bytes() == data


@settings(max_examples=30)
@given(st.integers(0, 40 * 65536), st.integers(0, 255))
def test_age_files_of_any_length_come_back(size, fill):
    plain, me = bytes([fill]) * size, Identity.generate()
    file, back = io.BytesIO(), io.BytesIO()
    encrypt([me.recipient], io.BytesIO(plain), file)
    decrypt([me], io.BytesIO(file.getvalue()), back)
    assert back.getvalue() == plain


@given(st.dictionaries(NAMES, st.binary(max_size=2000), max_size=6))
def test_an_archive_reads_back_to_its_entries(files):
    data = archive(files.items())
    assert len(data) == padded(len(data))
    tar = TarReader(Plain(data), len(data))
    assert {entry.name: tar.read() for entry in tar} == files


@given(at=st.integers(0, 10_239), bit=st.integers(0, 7))
def test_an_archive_has_no_byte_to_hide_in(at, bit):
    plain = bytearray(archive([("a.txt", b"hello")]))
    plain[at] ^= 1 << bit
    if 512 <= at < 517:
        return
    with pytest.raises(PacketError):
        for _ in TarReader(Plain(bytes(plain)), len(plain)):
            pass


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_a_zip_by_name(tmp_path_factory, junk):
    path = tmp_path_factory.mktemp("zip") / "packet.zip"
    for data in (junk, junk + b"PK\x05\x06" + bytes(4) + b"\1\0\1\0" + len(junk).to_bytes(4, "little") + bytes(6)):
        path.write_bytes(data)
        with pytest.raises(PacketError):
            ZipPacket(path)
