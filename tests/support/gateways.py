"""Two gateways for texts as their documentation has them, and a system for events, over real HTTP; all can lie.

`RapidProServer`: API v2 with its token, its error bodies and its throttle. `AfricasTalkingServer`: form in, one row for
each recipient out. Both keep what they were asked for. `says` puts an answer in the place of the next ones.
"""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class Gateway:
    """What both have: an address, what arrived, and answers that a test puts in the place of true ones."""

    secret: ClassVar[str] = "k" * 40

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.texts: list[tuple[str, str]] = []
        self.lies: deque[tuple[int, dict[str, str], bytes]] = deque()
        self.hold = threading.Event()
        self.hold.set()

    def says(self, status: int, body: Any, **headers: str) -> None:
        """Answer the next request so, whatever it is."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.lies.append((status, {"Content-Type": "application/json", **headers}, raw))

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Return what a true gateway, or a test, says."""
        self.asked.append((method, path, headers, body))
        self.hold.wait(10)
        if self.lies:
            return self.lies.popleft()
        status, value = self.truth(method, path, headers, body)
        plain = isinstance(value, str)
        raw = value.encode() if plain else json.dumps(value).encode()
        return status, {"Content-Type": "text/plain" if plain else "application/json"}, raw

    def truth(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        raise NotImplementedError


class RapidProServer(Gateway):
    """RapidPro's API v2, as far as broadcasts and their messages go."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: dict[int, str] = {}
        self.numbers: dict[int, str] = {}

    def truth(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        if headers.get("authorization") != f"Token {self.secret}":
            return 403, {"detail": "Invalid token"}
        parts = urlsplit(path)
        match method, parts.path:
            case "POST", "/api/v2/broadcasts.json":
                return self._broadcast(json.loads(body))
            case "GET", "/api/v2/messages.json":
                return self._messages(int(parse_qs(parts.query)["broadcast"][0]))
            case _:
                return 404, {"detail": "Not found."}

    def _broadcast(self, given: dict[str, Any]) -> tuple[int, Any]:
        urns, text = given.get("urns") or [], given.get("text")
        wrong = [urn for urn in urns if not E164.fullmatch(urn.removeprefix("tel:"))]
        if wrong:
            said = f"Invalid URN: {wrong[0]}. Ensure phone numbers contain country codes."
            return 400, {"urns": {"0": [said]}}
        if not text:
            return 400, {"non_field_errors": ["Must provide either text or attachments."]}
        number = len(self.texts) + 1001
        self.texts.append((urns[0].removeprefix("tel:"), _evaluated(text)))
        self.statuses[number], self.numbers[number] = "queued", urns[0]
        made = {"id": number, "urns": urns, "contacts": [], "groups": [], "text": {"eng": text}, "status": "queued"}
        return 201, {**made, "attachments": {}, "base_language": "eng", "created_on": "2026-12-01T08:00:00.000000Z"}

    def _messages(self, broadcast: int) -> tuple[int, Any]:
        row = {"id": broadcast * 7, "broadcast": broadcast, "direction": "out", "type": "text"}
        found = self.statuses.get(broadcast)
        rows = [row | {"status": found, "urn": self.numbers[broadcast]}] if found else []
        return 200, {"next": None, "previous": None, "results": rows}


class AfricasTalkingServer(Gateway):
    """Africa's Talking's bulk messaging; `codes` says what becomes of a number."""

    username: ClassVar[str] = "handover"

    def __init__(self) -> None:
        super().__init__()
        self.codes: dict[str, tuple[int, str]] = {}

    def truth(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        if (method, path) != ("POST", "/version1/messaging"):
            return 404, "The resource you requested was not found"
        given = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        if headers.get("apikey") != self.secret or given.get("username") != self.username:
            return 401, "The supplied authentication is invalid"
        if not given.get("to") or not given.get("message"):
            return 400, "Request is missing required form field"
        code, status = self.codes.get(given["to"], (101, "Success"))
        if not E164.fullmatch(given["to"]):
            code, status = 403, "InvalidPhoneNumber"
        taken = code < 200
        if taken:
            self.texts.append((given["to"], given["message"]))
        reference = f"ATXid_{len(self.texts)}" if taken else "None"
        row = {
            "statusCode": code,
            "number": given["to"],
            "status": status,
            "cost": "KES 0.8000",
            "messageId": reference,
        }
        said = f"Sent to {int(taken)}/1 Total Cost: KES 0.8000"
        return 201, {"SMSMessageData": {"Message": said, "Recipients": [row]}}


class SystemServer(Gateway):
    """An agency's own system that takes events: `batches` are the bodies that it took, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[dict[str, Any]] = []

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events that it took."""
        return [event for batch in self.batches for event in batch["events"]]

    def truth(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        self.batches.append(json.loads(body))
        return 202, {}


@contextmanager
def serving(gateway: Gateway) -> Iterator[Gateway]:
    """Run a gateway on a free port of the loopback address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_words: Any) -> None: ...

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, fields, raw = gateway.answer(self.command, self.path, headers, body)
            self.send_response(status)
            for name, value in {**fields, "Content-Length": str(len(raw))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = _do  # noqa: N815 - the base class's names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    gateway.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield gateway
    finally:
        gateway.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _evaluated(text: str) -> str:
    """Return a text as RapidPro sends it: `@@` is an at-sign, and what follows a single one is an expression."""
    return re.sub(r"@@|@\([^)]*\)|@[a-z][a-z.]*", lambda found: "@" if found[0] == "@@" else "EVALUATED", text)
