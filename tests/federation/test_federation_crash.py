"""Either side is killed again and again in mid-flight: each word arrives once, each receipt comes back."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hub.db import metadata
from hub.federation.store import Peer, Peers
from hub.handofflog.store import HandoffLog
from hub.outbox.store import Outbox
from hub.packets.encoding import canonical
from hub.statements.verify import sign_statement
from tests.support.crash_hub import open_hub
from tests.support.factories import NOW, Agency, register, signer, some_hash, statement
from tests.support.logs import root_at

HERE, THERE = "here.example", "there.example"
WORDS, KILLS = 100, 5
ROOT = Path(__file__).resolve().parents[2]


def start(*words):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.crash_hub", *map(str, words)], cwd=ROOT, env=environment
    )


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def documents(hub, kind):
    with hub.database.read() as connection:
        found = [entry.document for entry in HandoffLog(connection, hub.origin).entries()]
    return [document for document in found if document and kind in document]


def introduce(hub, other, url):
    key = signer(f"hub {other}")
    from hub.packets.dsse import kid

    with hub.database.write() as connection:
        Peers(connection).add(Peer(other, url, key.public_key, kid(key.public_key), "o"))


def promise(hub, member, number):
    said = statement("referral.acknowledge", member.actor(), heads=(some_hash(str(number)),))
    envelope = sign_statement(said, [member.signer])
    with hub.database.write() as connection:
        receipt = hub.intake.receipt(connection, envelope)
        Outbox(connection).put(THERE, envelope.hash, NOW)
    value = {"statement": envelope.to_bytes().decode(), "receipt": receipt.decode()}
    (hub.intake.folder / envelope.hash).write_bytes(canonical(value))
    return envelope.hash


def wait_until(hub, most, pause):
    """Wait until at most so many words are left to send."""
    for _ in range(6000):
        with hub.database.read() as connection:
            if Outbox(connection).waiting(THERE) <= most:
                return
        pause.wait(0.01)
    pytest.fail("the queue does not move")


@pytest.mark.slow
def test_killing_either_side_loses_and_doubles_nothing(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    hubs = []
    home = Agency("shelter", HERE)
    member = home.member("amina")
    for host in (HERE, THERE):
        data = tmp_path / host
        (data / "outgoing").mkdir(parents=True)
        made = open_hub(data, host)
        with made.database.write() as connection:
            metadata.create_all(connection)
            register(connection, home, origin=host)
        hubs.append(made)
    sender, receiver = hubs
    introduce(sender, THERE, f"http://127.0.0.1:{port}")
    introduce(receiver, HERE, "http://127.0.0.1:1")
    for number in range(WORDS):
        promise(sender, member, number)
    before = {hub.origin: len(documents(hub, b"")) for hub in hubs}
    commands = {"send": ("send", tmp_path / HERE, HERE), "serve": ("serve", tmp_path / THERE, THERE, port)}
    running = {name: start(*words) for name, words in commands.items()}
    pause, dice = threading.Event(), random.Random(7)
    try:
        for number in range(KILLS):
            wait_until(sender, WORDS - (number + 1) * WORDS // (KILLS + 1), pause)
            name = dice.choice(sorted(running))
            kill(running[name])
            running[name] = start(*commands[name])
        wait_until(sender, 0, pause)
    finally:
        for process in running.values():
            kill(process)
    arrived = documents(receiver, b"")[before[THERE] :]
    answered = documents(sender, b"")[before[HERE] :]
    assert len(arrived) == len(set(arrived)) == WORDS
    assert len(answered) == len(set(answered)) == WORDS
    with receiver.database.read() as connection:
        log = HandoffLog(connection, THERE)
        assert root_at(log, log.head().size) == log.head().root
    for hub in hubs:
        hub.database.close()
