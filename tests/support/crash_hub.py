"""One hub as a process that can be killed: `serve DATA PORT` takes messages, `send DATA` delivers until it is killed.

Started by tests/federation/test_federation_crash.py with `python -m`. What is to be sent lies in DATA/outgoing.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from hub.app import build_app
from hub.clock import SetClock
from hub.context import Hub
from hub.db import Database
from hub.federation.deliver import deliver_all
from hub.handofflog.store import HandoffLog
from hub.outbox.store import Outbox
from hub.packets.encoding import parse_json
from hub.settings import Settings
from tests.federation.conftest import Outgoing, PlainIntake
from tests.support.factories import CERTIFIER_KEYS, NOW, signer
from tests.support.peer_simulator import Quiet


class FastClock:
    """Fifty seconds in one, the same in every process, so that back-off takes no time."""

    def now(self) -> int:
        return int(NOW + (time.time() - NOW) * 50)


class KeptIntake(PlainIntake):
    """Reads what is to be sent from disk, and logs the answers, so that a killed process forgets nothing."""

    folder: Path

    def message(self, connection: Any, statement_hash: str) -> Outgoing:
        value = parse_json((self.folder / statement_hash).read_bytes())
        return Outgoing(value["statement"].encode(), value["receipt"].encode())

    def answered(self, connection: Any, *, statement_hash: str, peer: str, answer: Any) -> None:
        HandoffLog(connection, self.origin).append(answer.document, now=NOW)


def open_hub(data: Path, host: str, url: str = "") -> Hub:
    key = signer(f"hub {host}")
    settings = Settings(data=data, private_peers=True, url=url)
    made = Hub(settings, Database(settings.database_url), SetClock(NOW), key, host, CERTIFIER_KEYS, wire=FastClock())
    made.intake = KeptIntake(key, None, origin=host)
    made.intake.folder = data / "outgoing"
    return made


def main(role: str, data: str, host: str, port: str = "0") -> None:
    opened = open_hub(Path(data), host, f"http://127.0.0.1:{port}")
    if role == "serve":
        make_server("127.0.0.1", int(port), build_app(opened), threaded=True, request_handler=Quiet).serve_forever()
    with opened.database.write() as connection:
        Outbox(connection).free_claims()
    while True:
        deliver_all(opened, patience=5)
        threading.Event().wait(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
