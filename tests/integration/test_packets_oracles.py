"""Other implementations of age open our files, and we open theirs: pyrage, typage, and `age` where it is installed.

Also: a packet opens with plain `age` and `tar`, and with Python's tarfile.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile

import pyrage
import pytest

from hub.packets.age import Identity
from tests.support import node
from tests.support.packets import decrypt, encrypt
from tests.vectors.generate import IDENTITY, Draft

ME = Identity(bytes(range(32)))
SIZES = [0, 1, 65535, 65536, 65537, 16 * 65536, 16 * 65536 + 1, 32 * 65536, 2_500_000]
TYPAGE = """
import * as age from "age-encryption";
import { readFileSync, writeFileSync } from "node:fs";
const [verb, key, from, to] = process.argv.slice(2);
const input = readFileSync(from);
if (verb === "encrypt") {
  const machine = new age.Encrypter();
  machine.addRecipient(key);
  writeFileSync(to, await machine.encrypt(input));
} else {
  const machine = new age.Decrypter();
  machine.addIdentity(key);
  writeFileSync(to, await machine.decrypt(input));
}
"""


def _ours(plain: bytes) -> bytes:
    sink = io.BytesIO()
    encrypt([ME.recipient], io.BytesIO(plain), sink)
    return sink.getvalue()


def _open(file: bytes) -> bytes:
    sink = io.BytesIO()
    decrypt([ME], io.BytesIO(file), sink)
    return sink.getvalue()


def _plain(size: int) -> bytes:
    return bytes(range(251)) * (size // 251) + bytes(size % 251)


@pytest.mark.parametrize("size", SIZES)
def test_pyrage_opens_ours_and_we_open_its(size):
    plain = _plain(size)
    assert pyrage.decrypt(_ours(plain), [pyrage.x25519.Identity.from_str(ME.text())]) == plain
    assert _open(pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(str(ME.recipient))])) == plain


def test_keys_are_written_as_pyrage_writes_them():
    theirs = pyrage.x25519.Identity.generate()
    assert Identity.parse(str(theirs)).text() == str(theirs)
    assert str(Identity.parse(str(theirs)).recipient) == str(theirs.to_public())


@pytest.mark.parametrize("size", [0, 65536, 200_000])
def test_typage_opens_ours_and_we_open_its(size, tmp_path):
    plain = _plain(size)
    (tmp_path / "plain").write_bytes(plain)
    (tmp_path / "ours").write_bytes(_ours(plain))
    node.run(TYPAGE, "decrypt", ME.text(), str(tmp_path / "ours"), str(tmp_path / "opened"))
    assert (tmp_path / "opened").read_bytes() == plain
    node.run(TYPAGE, "encrypt", str(ME.recipient), str(tmp_path / "plain"), str(tmp_path / "theirs"))
    assert _open((tmp_path / "theirs").read_bytes()) == plain


@pytest.mark.skipif(not shutil.which("age"), reason="the age command is not installed")
@pytest.mark.parametrize("size", SIZES)
def test_the_age_command_opens_ours_and_we_open_its(size, tmp_path):
    plain = _plain(size)
    (tmp_path / "key").write_text(ME.text())
    done = subprocess.run(["age", "-d", "-i", tmp_path / "key"], input=_ours(plain), capture_output=True, check=True)
    assert done.stdout == plain
    done = subprocess.run(["age", "-r", str(ME.recipient)], input=plain, capture_output=True, check=True)
    assert _open(done.stdout) == plain


def test_a_packet_opens_with_plain_age_and_tar(tmp_path):
    body = Draft("good").files()["body"]
    if shutil.which("age"):
        (tmp_path / "key").write_text(IDENTITY.text())
        plain = subprocess.run(
            ["age", "-d", "-i", tmp_path / "key"], input=body, capture_output=True, check=True
        ).stdout
    else:
        plain = pyrage.decrypt(body, [pyrage.x25519.Identity.from_str(IDENTITY.text())])
    tar = shutil.which("tar")
    assert tar
    done = subprocess.run([tar, "x", "-C", tmp_path], input=plain, capture_output=True, check=True)
    assert not done.stderr
    assert (tmp_path / "attachments" / "note.txt").read_text() == "She asked for her aunt.\n"
    assert (tmp_path / "sections" / "identity.json").exists()


def test_an_archive_has_the_headers_that_tarfile_writes():
    plain = pyrage.decrypt(Draft("good").files()["body"], [pyrage.x25519.Identity.from_str(IDENTITY.text())])
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        for member in tar:
            fresh = tarfile.TarInfo(member.name)
            fresh.size, fresh.mode = member.size, 0o600
            assert plain[member.offset : member.offset + 512] == fresh.tobuf(tarfile.USTAR_FORMAT)
