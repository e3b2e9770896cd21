"""typage, another implementation of age for browsers, opens what the web client seals, and the other way round."""

from __future__ import annotations

import base64

import pytest

from hub.packets.age import Identity
from tests.support import node
from tests.support.web_modules import CLIENT, WebModules, text

ME = Identity(bytes(range(32)))
SEAL = """
import { Encrypter } from "age-encryption";
const [recipient, size] = process.argv.slice(2);
const machine = new Encrypter();
machine.addRecipient(recipient);
const file = await machine.encrypt(new Uint8Array(Number(size)).fill(7));
process.stdout.write(Buffer.from(file).toString("base64"));
"""
OPEN = """
import { Decrypter } from "age-encryption";
import { readFileSync } from "node:fs";
const [identity, path] = process.argv.slice(2);
const machine = new Decrypter();
machine.addIdentity(identity);
process.stdout.write(Buffer.from(await machine.decrypt(readFileSync(path))).toString("base64"));
"""


@pytest.fixture(scope="module")
def web():
    with WebModules(CLIENT) as running:
        yield running


@pytest.mark.parametrize("size", [0, 1, 65_536, 200_000])
def test_typage_opens_what_the_browser_seals_and_the_other_way_round(web, size, tmp_path):
    plain = bytes([7]) * size
    sealed = web.ask("seal_age", recipient=str(ME.recipient), plain=text(plain))["ok"]
    (tmp_path / "sealed.age").write_bytes(base64.b64decode(sealed))
    assert base64.b64decode(node.run(OPEN, ME.text(), str(tmp_path / "sealed.age"))) == plain
    theirs = node.run(SEAL, str(ME.recipient), str(size)).decode()
    assert web.ask("open_age", identity=ME.text(), file=theirs) == {"ok": text(plain)}
