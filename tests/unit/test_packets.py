"""Packets: what is sealed is what is opened, what shows outside, and attacks on containers, keys and memory."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hub.errors import BadSignature, InvalidRequest, Malformed, TooLarge, UnsupportedVersion, WrongRecipient
from hub.packets import bech32
from hub.packets.age import Header, Identity, Recipient, make_header, read_header, unwrap
from hub.packets.checkpoint import Checkpoint
from hub.packets.container import FolderPacket, ZipPacket, ZipSink, open_packet_at
from hub.packets.dsse import Envelope, add_signature
from hub.packets.encoding import b64u, canonical, sha256
from hub.packets.manifest import MANIFEST_TYPE, Manifest, Rewrap, check_manifest, sign_manifest
from hub.packets.seal import Attachment, Basis, Plan, basis_key, commitment, gate_commitment, seal
from hub.packets.stream import plain_size
from hub.packets.tar import TarReader, padded
from hub.packets.verify import VerifiedPacket, check_ciphertext, verify
from tests.support.packets import MemoryPacket, decrypt, encrypt
from tests.vectors.generate import (
    DAY,
    EXCERPT,
    IDENTITY,
    KEY,
    MEMBER,
    NEXT_IDENTITY,
    NOW,
    PACKET,
    RECIPIENT,
    SENDER,
    SIGNER,
    STRANGER,
    Draft,
    OneSender,
    Plain,
    archive,
    basis_value,
    fixed,
)

ROOT = Path(__file__).resolve().parents[2]


def plan(**changes):
    row = {
        "packet": PACKET,
        "sender": SENDER,
        "to": RECIPIENT,
        "inbox": b64u(bytes(16)),
        "created": NOW,
        "expires": NOW + 30 * DAY,
        "log": Checkpoint("dj.example", 0, bytes(32)),
        "basis": Basis(KEY, EXCERPT, "ET", "2027-02"),
        "author": MEMBER,
        "recipients": [IDENTITY.recipient],
        "epoch": 7,
        "sections": {"identity": {"name": "Amina Example"}},
    }
    return Plan(**(row | changes))


def opened(source, identity=IDENTITY, **changes):
    row = {"identities": [identity], "me": RECIPIENT, "senders": OneSender(), "replay": lambda _: None, "now": NOW}
    return verify(source, **(row | changes))


def sealed(**changes):
    packet = MemoryPacket()
    seal(plan(**changes), SIGNER, packet)
    return packet


def content(packet, name):
    sink = io.BytesIO()
    packet.copy_attachment(name, sink)
    return sink.getvalue()


def attachment(name, size):
    return Attachment(name, io.BytesIO(b"x" * size), size)


def test_what_is_sealed_is_what_is_opened():
    big = [attachment(f"scan{i}.jpg", 2**20 + i * 65536) for i in range(1, 3)]
    packet = opened(sealed(attachments=[attachment("note.txt", 5), *big]))
    assert packet.sections == {"identity": {"name": "Amina Example"}}
    assert packet.excerpt == EXCERPT
    assert packet.basis_key == KEY
    assert [entry.n for entry in packet.manifest.files] == ["body", "att/1", "att/2"]
    for name, size in packet.attachments.items():
        assert content(packet, name) == b"x" * size
    assert packet.signed.member == MEMBER


def test_an_attachment_of_exactly_one_mebibyte_stays_in_the_body():
    packet = opened(sealed(attachments=[attachment("a", 2**20)]))
    assert len(packet.manifest.files) == 1
    assert content(packet, "a") == b"x" * 2**20


def test_an_own_record_has_no_basis_and_a_packet_for_one_member_names_them():
    own = sealed(to=SENDER, basis=None)
    assert opened(own, me=SENDER).excerpt is None
    mine = opened(sealed(epoch=None, member=MEMBER))
    assert mine.manifest.files[0].member == MEMBER


def test_every_recipient_opens_the_same_packet():
    packet = sealed(recipients=[NEXT_IDENTITY.recipient, IDENTITY.recipient])
    for identity in (IDENTITY, NEXT_IDENTITY):
        assert opened(packet, identity).sections


def test_only_verify_makes_a_verified_packet():
    with pytest.raises(TypeError):
        VerifiedPacket(None, {}, None, None, {}, MemoryPacket(), {}, {}, object())


def test_a_packet_does_not_show_what_is_in_it_when_printed():
    packet = opened(sealed())
    assert "Amina" not in repr(packet)
    assert "Amina" not in repr(plan())
    assert b64u(KEY) not in repr(packet)


def test_there_is_no_attachment_of_a_name_that_is_not_there():
    with pytest.raises(Malformed):
        content(opened(sealed()), "../note.txt")


def test_stored_bytes_that_change_after_verify_are_noticed():
    source = sealed(attachments=[attachment("a", 100)])
    packet = opened(source)
    source.files["body"] = source.files["body"][:-10_000] + bytes(10_000)
    with pytest.raises(BadSignature):
        content(packet, "a")


@pytest.mark.parametrize("change", [{"sections": {}}, {"attachments": [attachment("a", 1), attachment("a", 1)]}])
def test_seal_refuses_an_empty_packet_and_a_name_twice(change):
    with pytest.raises(InvalidRequest):
        sealed(**change)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "../a", "/a", "a b", "-a", "é", "a" * 81, "a\n", "a\0b", "a\\b"]
)
def test_seal_refuses_names_outside_the_grammar(name):
    with pytest.raises(Malformed):
        sealed(attachments=[attachment(name, 1)])
    with pytest.raises(Malformed):
        sealed(sections={f"{name}/x": {}})


@pytest.mark.parametrize("size", [0, 9, 11])
def test_seal_refuses_an_attachment_that_is_not_of_its_size(size):
    with pytest.raises(Malformed):
        sealed(attachments=[Attachment("a", io.BytesIO(bytes(10)), size)])


@pytest.mark.parametrize(
    "change",
    [
        {"basis": None},
        {"expires": NOW},
        {"expires": NOW + 401 * DAY},
        {"created": 0},
        {"inbox": "x"},
        {"member": MEMBER},
        {"epoch": None},
        {"epoch": 0},
        {"recipients": []},
        {"recipients": [IDENTITY.recipient] * 2},
        {"basis": Basis(KEY, EXCERPT, "et", "2027-02")},
        {"basis": Basis(KEY, EXCERPT, "ET", "2027-13")},
        {"sections": {"identity": {"n": 1.5}}},
        {"log": Checkpoint("dj.example", 0, bytes(31))},
        {"to": "clinic"},
    ],
)
def test_seal_signs_nothing_that_a_reader_would_refuse(change):
    with pytest.raises(Malformed):
        sealed(**change)


def test_seal_keeps_to_the_limits():
    with pytest.raises(TooLarge):
        sealed(sections={"notes": "x" * (4 * 2**20)})
    with pytest.raises(TooLarge):
        sealed(attachments=[Attachment(f"a{i}", io.BytesIO(), 2**20 + 1) for i in range(65)])
    with pytest.raises(TooLarge):
        sealed(attachments=[Attachment("a", io.BytesIO(), 2**30 + 1)])


def test_the_size_does_not_tell_the_category():
    lengths = set()
    for name, value in {"identity": {"name": "A"}, "health": {"text": "x" * 4000}, "protection": {}}.items():
        lengths.add(opened(sealed(sections={name: value})).manifest.files[0].plen)
    assert len(lengths) == 1
    assert len(opened(sealed(sections={n: {} for n in ("a", "b", "c")})).manifest.files) == 1


def test_padding_costs_at_most_an_eighth():
    for length in [1, 10_240, 10_752, 65_536, 1_000_448, 50 * 2**20 + 512]:
        assert length <= padded(length)
        assert padded(length) <= max(10_240, length * 1.12)
        assert padded(padded(length)) == padded(length)


def test_commitments_of_one_basis_cannot_be_joined():
    keys = {basis_key(fixed("basis secret"), p, to) for p in (PACKET, b64u(bytes(16))) for to in (RECIPIENT, SENDER)}
    assert len({commitment(EXCERPT, key) for key in keys}) == 4
    assert len({gate_commitment({"ok": True}, KEY, gate) for gate in ("R01", "R02")}) == 2


def test_a_hub_checks_ciphertext_without_a_key():
    packet = sealed(attachments=[attachment("a", 2**20 + 1)])
    manifest = check_manifest(packet.manifest(), OneSender(), now=NOW).manifest
    check_ciphertext(manifest, packet)
    for change in (lambda d: d[:-1], lambda d: d + b"\0", lambda d: d[:-1] + bytes([d[-1] ^ 1])):
        spoilt = MemoryPacket(packet.manifest(), {**packet.files, "att/1": change(packet.files["att/1"])})
        with pytest.raises(BadSignature):
            check_ciphertext(manifest, spoilt)


def test_a_new_epoch_opens_a_rewrapped_packet_and_the_old_one_does_not():
    packet = sealed()
    old = packet.header("body")
    new = make_header([NEXT_IDENTITY.recipient], unwrap(Header.from_bytes(old), [IDENTITY])).to_bytes()
    packet.files["body"] = new + packet.files["body"][len(old) :]
    change = Rewrap("body", b64u(sha256(new)), (NEXT_IDENTITY.recipient.kid,), 8)
    assert Rewrap.from_value(change.to_value()) == change
    assert opened(packet, NEXT_IDENTITY, rewraps=[change]).sections
    with pytest.raises(WrongRecipient):
        opened(packet, IDENTITY, rewraps=[change])
    with pytest.raises(BadSignature):
        opened(packet, NEXT_IDENTITY)


def test_zip_folder_and_memory_hold_the_same_packet(tmp_path):
    path, folder = tmp_path / "packet.zip", FolderPacket(tmp_path / "parts")
    with ZipSink(path) as sink:
        seal(plan(attachments=[attachment("a", 2**20 + 1)]), SIGNER, sink)
    seal(plan(attachments=[attachment("a", 2**20 + 1)]), SIGNER, folder)
    for source in (open_packet_at(path), open_packet_at(tmp_path / "parts")):
        assert content(opened(source), "a") == b"x" * (2**20 + 1)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {"manifest.dsse.json", "body.age", "att/1.age"}


def test_a_packet_that_was_not_finished_leaves_no_file(tmp_path):
    with pytest.raises(Malformed), ZipSink(tmp_path / "packet.zip") as sink:
        seal(plan(attachments=[Attachment("a", io.BytesIO(), 10)]), SIGNER, sink)
    assert not list(tmp_path.iterdir())


def zipped(tmp_path, entries, **options):
    path = tmp_path / "packet.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, **options)
    return path


@pytest.mark.parametrize(
    "names",
    [
        ["body.age"],
        ["manifest.dsse.json", "body.age", "readme.txt"],
        ["manifest.dsse.json", "body.age", "../evil.age"],
        ["manifest.dsse.json", "body.age", "/etc/passwd"],
        ["manifest.dsse.json", "body.age", "att/2.age"],
        ["manifest.dsse.json", "body.age", "att/01.age"],
        ["manifest.dsse.json", "att/1.age"],
        ["manifest.dsse.json", "body.age", *[f"att/{i}.age" for i in range(1, 66)]],
    ],
)
def test_a_zip_with_other_names_is_no_packet(names, tmp_path):
    with pytest.raises(Malformed):
        ZipPacket(zipped(tmp_path, [(name, b"x") for name in names]))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_with_a_name_twice_is_no_packet(tmp_path):
    with pytest.raises(Malformed):
        ZipPacket(zipped(tmp_path, [("manifest.dsse.json", b""), ("body.age", b"a"), ("body.age", b"b")]))


def test_a_zip_bomb_is_no_packet(tmp_path):
    bomb = [("manifest.dsse.json", b""), ("body.age", bytes(10**7))]
    with pytest.raises(Malformed):
        ZipPacket(zipped(tmp_path, bomb, compress_type=zipfile.ZIP_DEFLATED))


def test_a_zip_whose_parts_lie_upon_each_other_is_no_packet(tmp_path):
    path = zipped(tmp_path, [("manifest.dsse.json", b"{}"), ("body.age", b"x" * 100), ("att/1.age", b"y" * 100)])
    data = bytearray(path.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    start = struct.unpack_from("<I", data, end + 16)[0]
    second = data.index(b"PK\x01\x02", start + 4)
    for at, what in ((second + 42, "offset"), (second + 20, "size")):
        bad = bytearray(data)
        struct.pack_into("<I", bad, at, 0 if what == "offset" else 120)
        if what == "size":
            struct.pack_into("<I", bad, at + 4, 120)
        path.write_bytes(bad)
        with pytest.raises(Malformed):
            ZipPacket(path)


@pytest.mark.parametrize("data", [b"", b"PK", b"x" * 100, b"PK\x05\x06" + bytes(18), b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_zip_is_no_packet(data, tmp_path):
    (tmp_path / "packet.zip").write_bytes(data)
    with pytest.raises(Malformed):
        ZipPacket(tmp_path / "packet.zip")


def test_a_folder_with_something_else_in_it_is_no_packet(tmp_path):
    seal(plan(), SIGNER, FolderPacket(tmp_path))
    (tmp_path / "extra").write_bytes(b"")
    with pytest.raises(Malformed):
        opened(FolderPacket(tmp_path))


def test_a_huge_manifest_is_not_read_to_its_end(tmp_path):
    seal(plan(), SIGNER, FolderPacket(tmp_path))
    (tmp_path / "manifest.dsse.json").write_bytes(b" " * 10**6)
    with pytest.raises(TooLarge):
        opened(FolderPacket(tmp_path))


def test_a_secret_key_is_not_shown_when_printed():
    assert IDENTITY.text() not in repr(IDENTITY)
    assert str(IDENTITY.recipient) in repr(IDENTITY.recipient)
    assert Identity.parse(IDENTITY.text()).recipient == IDENTITY.recipient
    assert Recipient.parse(str(IDENTITY.recipient)) == IDENTITY.recipient
    assert len({IDENTITY.recipient, Recipient(IDENTITY.recipient.public_key)}) == 1


@pytest.mark.parametrize(
    "spoil", [str.upper, str.title, lambda s: s[:-1] + "q", lambda s: s[:-1], lambda s: "", lambda s: s + "é"]
)
def test_a_key_with_a_typing_error_is_refused(spoil):
    with pytest.raises(Malformed):
        Recipient.parse(spoil(str(IDENTITY.recipient)))
    with pytest.raises(Malformed):
        Identity.parse(spoil(IDENTITY.text().lower()) if spoil is not str.upper else IDENTITY.text().lower())


def test_stray_bits_at_the_end_of_a_key_are_refused():
    good = bech32._regroup(list(bytes(32)), 8, 5, pad=True)
    for values in ([*good[:-1], good[-1] | 1], [*good, 0]):
        checksum = bech32._polymod([*bech32._expand("age"), *values, *[0] * 6]) ^ 1
        text = "age1" + "".join(
            bech32._ALPHABET[v] for v in [*values, *[(checksum >> 5 * (5 - i)) & 31 for i in range(6)]]
        )
        with pytest.raises(Malformed):
            Recipient.parse(text)


def test_a_recipient_of_low_order_is_refused():
    with pytest.raises(Malformed):
        make_header([Recipient(bytes(32))], bytes(16))


def test_a_header_keeps_to_its_limits():
    many = [Identity.generate().recipient for _ in range(33)]
    with pytest.raises(Malformed):
        make_header(many, bytes(16))
    endless = b"age-encryption.org/v1\n" + b"-> x\n\n" * 10_000
    for read in (lambda d: read_header(io.BytesIO(d)), Header.from_bytes):
        with pytest.raises(TooLarge):
            read(endless)
    with pytest.raises(UnsupportedVersion):
        read_header(io.BytesIO(b"-----BEGIN AGE ENCRYPTED FILE-----\n"))


def test_sizes_of_payloads_and_plaintexts_fit():
    for plain in (0, 1, 65536, 65537, 10**7):
        chunks = max(1, -(-plain // 65536))
        assert plain_size(16 + plain + 16 * chunks) == plain


MEMORY = """
import sys
from pathlib import Path
from tests.unit.test_packets import FolderPacket, Attachment, SIGNER, opened, plan, seal
class Nowhere:
    def write(self, data): pass
def peak():
    # Not getrusage: its peak begins with that of the process that started this one.
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
base = peak()
folder = Path(sys.argv[1])
seal(plan(attachments=[Attachment.of(folder / "big.bin")]), SIGNER, FolderPacket(folder / "parts"))
packet = opened(FolderPacket(folder / "parts"))
packet.copy_attachment("big.bin", Nowhere())
print((peak() - base) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's own peak")
def test_fifty_mebibytes_need_little_memory(tmp_path):
    with (tmp_path / "big.bin").open("wb") as stream:
        stream.truncate(50 * 2**20)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, tmp_path],
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert not done.returncode, done.stderr
    assert 0 < int(done.stdout) < 64


def signed_value(**changes):
    manifest = check_manifest(sealed().manifest(), OneSender(), now=NOW).manifest
    return manifest.to_value() | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"log": {"origin": "dj.example", "size": 0, "root": b64u(b"\1" * 32)}},
        {"log": {"origin": "dj.example", "size": -1, "root": b64u(bytes(32))}},
        {"created": 2**52},
        {"suite": 1},
        {"v": True},
        {"v": None},
        {"files": None},
        {"inbox": None},
        {"from": "urn:rcp:agency:Shelter@dj.example"},
        {"grant": {"country": "ET", "until": "2027-00", "commit": b64u(bytes(32))}},
    ],
)
def test_a_manifest_outside_the_grammar_is_malformed(changes):
    with pytest.raises(Malformed):
        Manifest.from_value(signed_value(**changes))


@pytest.mark.parametrize("kids", [None, [], [b64u(bytes(16))] * 2, [b64u(bytes(15))], [1], ["A" * 22] * 33])
def test_kids_outside_the_grammar_are_malformed(kids):
    for name in ("body", 1):
        with pytest.raises(Malformed):
            Rewrap.from_value({"n": name, "hsha256": b64u(bytes(32)), "kids": kids, "epoch": 8})
    with pytest.raises(Malformed):
        Rewrap.from_value({"n": 1, "hsha256": b64u(bytes(32)), "kids": ["A" * 22], "epoch": 8})


def test_more_than_64_attachment_files_are_too_large():
    value = signed_value()
    with pytest.raises(TooLarge):
        Manifest.from_value(value | {"files": value["files"] * 66})


def test_a_manifest_has_one_signature():
    twice = add_signature(Envelope.from_bytes(sealed().manifest(), MANIFEST_TYPE), STRANGER)
    with pytest.raises(Malformed):
        check_manifest(twice.to_bytes(), OneSender(), now=NOW)


def test_many_attachments_for_many_recipients_do_not_fit_into_a_manifest():
    value = signed_value()
    kids = [b64u(fixed(str(i), 16)) for i in range(32)]
    files = [{**value["files"][0], "n": f"att/{i}" if i else "body", "kids": kids} for i in range(65)]
    with pytest.raises(TooLarge):
        sign_manifest(Manifest.from_value(value | {"files": files}), SIGNER)


def with_entry(name, content):
    draft = Draft("x")
    draft.replace(name, content)
    files = draft.files()
    return MemoryPacket(draft.sign(), files)


@pytest.mark.parametrize("change", [{"v": 2}, {"v": True}, {"excerpt": []}, {"key": "x"}, {"more": 1}])
def test_a_basis_outside_the_grammar_is_malformed(change):
    with pytest.raises(Malformed):
        opened(with_entry("basis.json", canonical(basis_value() | change)))


def test_endless_text_is_not_kept_in_memory():
    with pytest.raises(TooLarge):
        opened(with_entry("sections/identity.json", b" " * (4 * 2**20)))


@pytest.mark.parametrize("length", [0, 300, 512, 600, 2048, 2500, 9_000])
def test_an_archive_that_is_cut_off_is_malformed(length):
    plain = archive(Draft("x").entries["body"])[:length]
    with pytest.raises(Malformed):
        for _ in TarReader(Plain(plain), len(plain)):
            pass
    with pytest.raises(Malformed):
        for _ in TarReader(Plain(plain), 10_240):
            pass


class Dribble(io.BytesIO):
    """A stream that gives a little at a time, as sockets do."""

    def read(self, size=-1):
        return super().read(min(size, 1000) if size >= 0 else 1000)


def test_a_slow_source_is_read_to_its_end():
    plain, file, back = bytes(300_000), io.BytesIO(), io.BytesIO()
    encrypt([IDENTITY.recipient], Dribble(plain), file)
    decrypt([IDENTITY], Dribble(file.getvalue()), back)
    assert back.getvalue() == plain


def test_the_wrong_kind_of_file_in_a_zip_is_malformed(tmp_path):
    path = zipped(tmp_path, [("manifest.dsse.json", b"{}"), ("body.age", b"hello\n")])
    packet = ZipPacket(path)
    with pytest.raises(Malformed), packet.payload("body"):
        pass
    with pytest.raises(Malformed):
        packet.header("att/1")


def test_a_zip_over_a_gibibyte_is_too_large(tmp_path):
    with (tmp_path / "packet.zip").open("wb") as stream:
        stream.truncate(2**30 + 2**21)
    with pytest.raises(TooLarge):
        ZipPacket(tmp_path / "packet.zip")


def test_an_empty_folder_is_no_packet(tmp_path):
    with pytest.raises(Malformed):
        opened(FolderPacket(tmp_path))
