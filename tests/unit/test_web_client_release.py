"""A service worker and Python come to one verdict on what a hub says it serves, and refuse the same lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import PacketError
from hub.handofflog import merkle
from hub.handofflog.note import sign_checkpoint
from hub.keys.certificates import Release
from hub.keys.releases import ReleaseList, judge, key_of
from hub.packets.checkpoint import Checkpoint
from hub.packets.encoding import b64u, canonical, from_b64u, parse_json
from tests.support import web_modules
from tests.support.factories import NOW, hub_entry, signer, some_hash
from tests.support.peer_simulator import SimulatedLog
from tests.support.web_modules import WebModules, text

SCRIPT = Path(web_modules.__file__).with_name("web_release.mjs")
HOST = "hub.example"
FILE = {"path": "app/index.html", "size": 12, "sha256": some_hash("page"), "shell": True}


@pytest.fixture(scope="module")
def web():
    with WebModules(SCRIPT) as running:
        yield running


class Log:
    """A hub's log with its entry and releases, out of which it answers, truthfully or not."""

    def __init__(self):
        self.key = signer(f"hub {HOST}")
        self.log = SimulatedLog(HOST)
        self.log.append(hub_entry(HOST).to_bytes())

    def add(self, release, host=HOST, key=None):
        said = Release(host=host, release=some_hash(release), seq=len(self.log.leaves), at=NOW).to_envelope(
            key or self.key
        )
        return self.log.append(said.to_bytes())

    def answer(self, index, seen=0, **changes):
        size = len(self.log.leaves)
        salt, document = self.log.entries[index]
        proven = {"document": parse_json(document), "index": index, "salt": b64u(salt), "proof": self.log.proof(index)}
        grown = merkle.consistency(seen, size, self.log.at) if 0 < seen <= size else ()
        return {
            "hub": parse_json(self.log.entries[0][1]),
            "checkpoint": sign_checkpoint(self.log.head(), self.key),
            "release": proven,
            "grown": [b64u(node) for node in grown],
            **changes,
        }


def python(answer, seen):
    if seen is None:
        return judge(answer, *key_of(answer))
    head = Checkpoint.from_value(seen["head"])
    return judge(answer, seen["host"], from_b64u(seen["key"]), seen=head, since=seen["index"])


def both(web, answer, seen=None):
    """Return what both found, which is the same: what is known now, or the code of what was refused."""
    found, mine = web.ask("judge", answer=answer, seen=seen), verdict(python, answer, seen)
    if not isinstance(mine, str):
        value = {"host": mine.host, "key": b64u(mine.key), "index": mine.index, "release": mine.release}
        mine = {**value, "head": mine.head.value}
    assert found == {"refused" if isinstance(mine, str) else "ok": mine}
    return mine


def verdict(judging, *given):
    try:
        return judging(*given)
    except PacketError as error:
        return error.code


def test_a_first_release_and_the_next_are_taken(web):
    log = Log()
    first = both(web, log.answer(log.add("one")))
    assert first["release"] == some_hash("one")
    log.log.append(b"somebody's word")
    second = both(web, log.answer(log.add("two"), seen=2), first)
    assert (second["release"], second["index"], second["head"]["size"]) == (some_hash("two"), 3, 4)
    assert both(web, log.answer(3, seen=4), second) == second


def test_what_the_log_does_not_show_is_refused(web):
    log, other = Log(), Log()
    index = log.add("one")
    seen = both(web, log.answer(index))
    unlogged = parse_json(Release(host=HOST, release=some_hash("two"), seq=1, at=NOW).to_envelope(log.key).to_bytes())
    answer = log.answer(index, seen=2)
    assert both(web, {**answer, "release": {**answer["release"], "document": unlogged}}, seen) == "bad_signature"
    wrong = log.add("two", key=signer("somebody"))
    assert both(web, log.answer(wrong, seen=2), seen) == "bad_signature"
    stranger = log.add("two", host="other.example")
    assert both(web, log.answer(stranger, seen=2), seen) == "bad_signature"
    assert both(web, log.answer(0, seen=2), seen) == "malformed"
    other.add("another")
    other.add("two")
    assert both(web, other.answer(2, seen=2), seen) == "bad_signature"


def test_a_log_that_was_rolled_back_and_an_old_release_are_refused(web):
    log = Log()
    old, new = log.add("old"), log.add("new")
    seen = both(web, log.answer(new))
    assert both(web, log.answer(old, seen=3), seen) == "bad_signature"
    shorter = Log()
    shorter.add("old")
    assert both(web, shorter.answer(1), seen) == "bad_signature"
    again = log.add("old")
    assert both(web, log.answer(again, seen=3), seen)["release"] == some_hash("old")


def test_another_key_or_host_is_refused(web):
    log = Log()
    answer = log.answer(log.add("one"))
    seen = both(web, answer)
    assert both(web, answer, {**seen, "key": b64u(signer("else").public_key)}) == "bad_signature"
    assert both(web, answer, {**seen, "host": "other.example"}) == "bad_signature"
    forged = sign_checkpoint(log.log.head(), signer("else"))
    assert both(web, {**answer, "checkpoint": forged}) == "bad_signature"
    assert both(web, {**answer, "extra": 1}) == "malformed"


def listed(web, value):
    data = value if isinstance(value, bytes) else canonical(value)
    found, mine = web.ask("list", data=text(data)), verdict(ReleaseList.from_bytes, data)
    if isinstance(mine, str):
        assert found == {"refused": mine}
        return mine
    assert found == {"ok": mine.hash}
    return "ok"


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "ok"),
        ({"files": [FILE, FILE]}, "malformed"),
        ({"files": []}, "malformed"),
        ({"files": [{**FILE, "path": "app/../secret"}]}, "malformed"),
        ({"files": [{**FILE, "path": "api/v1/me"}]}, "malformed"),
        ({"files": [{**FILE, "path": "app/a/b/c.js"}]}, "malformed"),
        ({"files": [{**FILE, "size": -1}]}, "malformed"),
        ({"v": 2}, "malformed"),
    ],
)
def test_a_list_of_files_has_one_form(web, change, verdict):
    assert listed(web, {"v": 1, "policy": "default-src 'none'", "files": [FILE], **change}) == verdict


def test_a_list_that_is_spaced_is_refused(web):
    spaced = canonical({"v": 1, "policy": "", "files": [FILE]}).replace(b",", b", ")
    assert listed(web, spaced) == "bad_signature"
