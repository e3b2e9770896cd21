"""A peer hub in a thread on loopback, with its own key and log, that tells the truth until it is told to lie.

Answers messages, keys and consistency like a hub, or as its `mood` says; sends messages, right or tampered with. It
shares no code with the hub's own federation but the signatures, so that the two ends check one another.
"""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests
from werkzeug.formparser import parse_form_data
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request as Incoming
from werkzeug.wrappers import Response

from hub.directory.document import sign_directory
from hub.federation import signing
from hub.handofflog import merkle
from hub.handofflog.note import sign_checkpoint
from hub.ids import random_id
from hub.packets.checkpoint import Checkpoint
from hub.packets.dsse import Envelope, sign_envelope
from hub.packets.encoding import b64u, canonical, parse_json, sha256
from hub.statements.grammar import STATEMENT_TYPE, Grade, HubActor, Statement
from hub.statements.verify import sign_statement
from tests.support.factories import NOW, hub_entry, seed, signer, some_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hub.packets.dsse import Signer

HONEST = "honest"


class Quiet(WSGIRequestHandler):
    """Says nothing on the terminal."""

    def log(self, *_words: object) -> None:
        pass


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve a WSGI application on loopback; yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class SimulatedLog:
    """A log in memory."""

    origin: str
    leaves: list[bytes] = field(default_factory=list)
    entries: list[tuple[bytes, bytes]] = field(default_factory=list)

    def append(self, document: bytes) -> int:
        salt = seed(f"salt {len(self.leaves)}")
        self.entries.append((salt, document))
        self.leaves.append(merkle.leaf_of(salt, document))
        return len(self.leaves) - 1

    def at(self, level: int, index: int) -> bytes:
        if level == 0:
            return self.leaves[index]
        return merkle.node_hash(self.at(level - 1, 2 * index), self.at(level - 1, 2 * index + 1))

    def head(self, size: int | None = None) -> Checkpoint:
        size = len(self.leaves) if size is None else size
        return Checkpoint(self.origin, size, merkle.root(size, self.at))

    def proof(self, index: int, size: int | None = None) -> list[str]:
        return [b64u(n) for n in merkle.inclusion(index, len(self.leaves) if size is None else size, self.at)]


@dataclass
class PeerSimulator:
    """The other hub."""

    host: str
    mood: str = HONEST
    url: str = ""
    key: Signer = field(init=False)
    log: SimulatedLog = field(init=False)
    received: list[tuple[str, str, str]] = field(default_factory=list)
    """(message id, SHA-256 of the whole body, statement hash) in the order of arrival."""
    parts: list[dict[str, bytes]] = field(default_factory=list)
    answers: dict[str, bytes] = field(default_factory=dict)
    published: list[int] = field(default_factory=list)
    directory: list[dict[str, Any]] = field(default_factory=list)
    networks: list[dict[str, Any]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    """Records and what is gone, as a feed tells them, each with its `seq`."""
    edit_map: Callable[[dict[str, Any]], None] | None = None
    map_key: Signer | None = None
    asked: list[int] = field(default_factory=list)
    """After which numbers pages of the map were asked for."""
    files: dict[str, bytes] = field(default_factory=dict)
    """What is answered at other paths."""
    edit_keys: Callable[[dict[str, Any]], None] | None = None
    page_size: int = 100
    patience: threading.Event = field(default_factory=threading.Event)
    pulled: int = 0

    def __post_init__(self) -> None:
        self.key = signer(f"hub {self.host}")
        self.log = SimulatedLog(self.host)
        self.publish(hub_entry(self.host))

    def publish(self, *documents: Envelope) -> None:
        """Put key documents into the log and on the list of what is pulled."""
        self.published += [self.log.append(document.to_bytes()) for document in documents]

    # -- as a server

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Incoming(environ)
        routes = {
            "/federation/v1/messages": self._message,
            "/federation/v1/keys": self._keys,
            "/federation/v1/hub": self._hub,
            "/federation/v1/map": self._map,
            "/log/consistency": self._consistency,
        }
        if request.path in self.files:
            return Response(self.files[request.path], mimetype="application/json")(environ, start_response)
        return routes[request.path](request)(environ, start_response)

    def _hub(self, _request: Incoming) -> Response:
        return Response(self.log.entries[0][1], mimetype="application/json")

    def _keys(self, _request: Incoming) -> Response:
        self.pulled += 1
        size = len(self.log.leaves)
        entries = []
        for index in self.published:
            salt, document = self.log.entries[index]
            row = {"document": parse_json(document), "index": index, "salt": b64u(salt)}
            entries.append({**row, "proof": self.log.proof(index, size)})
        directory = sign_directory(self.host, self.directory, [], self.key, NOW)
        value = {"checkpoint": sign_checkpoint(self.log.head(), self.key), "entries": entries}
        value |= {"directory": parse_json(directory.to_bytes()), "networks": self.networks}
        if self.edit_keys:
            self.edit_keys(value)
        return Response(json.dumps(value), mimetype="application/json")

    # -- its part of the service map

    def tell(self, kind: str, document: dict[str, Any], steward: str) -> None:
        """Tell of a record, in place of what was told of it before."""
        text = json.dumps(document, sort_keys=True)
        self._tell({"id": document["id"], "kind": kind, "steward": steward, "document": text})

    def take_back(self, record: str, kept: str | None = None) -> None:
        self._tell({"id": record, "kept": kept})

    def _tell(self, row: dict[str, Any]) -> None:
        seq = max((known["seq"] for known in self.told), default=0) + 1
        self.told = [known for known in self.told if known["id"] != row["id"]] + [{**row, "seq": seq}]

    def _map(self, request: Incoming) -> Response:
        after = int(request.args["after"])
        self.asked.append(after)
        rows = [row for row in self.told if row["seq"] > after][: self.page_size]
        last = max((row["seq"] for row in self.told), default=0)
        to = rows[-1]["seq"] if rows else last
        value = {"v": 1, "part": "partners", "host": self.host, "at": NOW, "after": after, "to": to, "more": to < last}
        value["records"] = [row for row in rows if "document" in row]
        value["gone"] = [row for row in rows if "document" not in row]
        value["digest"] = None if to < last else self._digest()
        if self.edit_map:
            self.edit_map(value)
        signed = sign_envelope("application/vnd.rcp.map+json;v=1", value, [self.map_key or self.key])
        return Response(signed.to_bytes(), mimetype="application/json")

    def _digest(self) -> str:
        total = 0
        for row in self.told:
            if "document" in row:
                value = {name: row[name] for name in ("id", "kind", "steward", "document")}
                total += int.from_bytes(sha256(f"{row['id']}\0{b64u(sha256(canonical(value)))}".encode()))
        return b64u((total % 2**256).to_bytes(32))

    def _consistency(self, request: Incoming) -> Response:
        old, new = int(request.args["old"]), int(request.args["new"])
        proof = [b64u(n) for n in merkle.consistency(old, new, self.log.at)]
        return Response(json.dumps({"old": old, "new": new, "proof": proof}), mimetype="application/json")

    def _message(self, request: Incoming) -> Response:
        body = request.get_data(cache=True)
        message_id = request.headers["Idempotency-Key"]
        _, _, files = parse_form_data({**request.environ, "wsgi.input": _stream(body)})
        parts = {}
        for name, file in files.items():
            parts[name] = file.stream.read()
            file.close()
        message = parse_json(parts["message"])
        statement = canonical(message["statement"])
        envelope = Envelope.from_bytes(statement, STATEMENT_TYPE)
        self.received.append((message_id, hashlib.sha256(body).hexdigest(), envelope.hash))
        self.parts.append(parts)
        if message_id not in self.answers or self.mood != HONEST:
            answer = self._answer(statement, envelope)
            if isinstance(answer, Response):
                return answer
            self.answers[message_id] = answer
        return Response(self.answers[message_id], mimetype="application/json")

    def _answer(  # noqa: C901, PLR0911, PLR0912 - a list of moods
        self, statement: bytes, envelope: Envelope
    ) -> bytes | Response:
        kind, _, detail = self.mood.partition(" ")
        match kind:
            case "status":
                return Response(b"{}", status=int(detail), headers={"Location": detail and self.url + "/elsewhere"})
            case "silent":
                self.patience.wait(30)
                return Response(b"late")
            case "html":
                return Response("<html>maintenance</html>")
            case "huge":
                return Response(iter([b"x" * 65536] * 64), headers={"Content-Length": str(65536 * 64)})
            case "refused":
                return self.word(envelope, "hub.refused", {"state": "expired", "position": 3})
            case "statement":
                return self.receipt(statement, envelope, statement=some_hash("another"))
            case "handoff":
                return self.receipt(statement, envelope, handoff=random_id())
            case "forged":
                return self.receipt(statement, envelope, key=signer("somebody else"))
            case "proof":
                return self.receipt(statement, envelope, salt=some_hash("another salt"))
            case "origin":
                return self.receipt(statement, envelope, origin="other.example")
            case "fork":
                self.log.leaves = [sha256(b"\0", leaf) for leaf in self.log.leaves][:-1]
                self.log.entries.pop()
                return self.receipt(statement, envelope)
            case "acknowledge":
                return self.word(envelope, "referral.deliver", {"manifest": envelope.hash})
            case _:
                return self.receipt(statement, envelope)

    # -- words

    def receipt(self, document: bytes, envelope: Envelope, *, key: Signer | None = None, **lies: Any) -> bytes:
        index = self.log.append(document)
        head = self.log.head()
        body = {
            "statement": lies.get("statement", envelope.hash),
            "log": {**head.value, "origin": lies.get("origin", self.host)},
            "index": index,
            "salt": lies.get("salt", b64u(self.log.entries[index][0])),
            "proof": self.log.proof(index),
            "position": None,
            "state": None,
            "chan": None,
        }
        return self.word(envelope, "hub.receipt", body, key=key, handoff=lies.get("handoff"))

    def word(
        self, about: Envelope, kind: str, body: dict[str, Any], *, key: Signer | None = None, handoff: str | None = None
    ) -> bytes:
        named = {} if kind == "referral.deliver" else {"statement": about.hash}
        handoff = handoff or about.value["handoff"]
        by = (HubActor(self.host),)
        said = Statement(kind, handoff, (about.hash,), by, NOW, Grade.HUB, {**named, **body}, ())
        return sign_statement(said, [key or self.key]).to_bytes()

    # -- as a client

    def message(self, statement: Envelope, *, seen: Any = None, receipt: bytes | None = None, **changes: Any) -> bytes:
        word = receipt or self.receipt(statement.to_bytes(), statement)
        value = {"v": 1, "id": random_id(), "statement": parse_json(statement.to_bytes())}
        return canonical({**value, "receipt": parse_json(word), "seen": seen, **changes})

    def request(
        self,
        url: str,
        message: bytes,
        parts: dict[str, bytes] | None = None,
        *,
        now: int = NOW,
        key: Signer | None = None,
    ) -> requests.PreparedRequest:
        """Return a signed request, ready to be sent or tampered with."""
        boundary = f"sim-{sha256(message).hex()[:16]}"
        body = b""
        for name, data in {"message": message, **(parts or {})}.items():
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'
            body += head.encode() + data + b"\r\n"
        body += f"--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        prepared = requests.Request("POST", f"{url}/federation/v1/messages", data=body, headers=headers).prepare()
        prepared.headers["Content-Digest"] = signing.content_digest(sha256(body))
        prepared.headers["Idempotency-Key"] = parse_json(message)["id"]
        self.sign(prepared, now=now, key=key)
        return prepared

    def sign(self, prepared: requests.PreparedRequest, *, now: int = NOW, key: Signer | None = None) -> None:
        signing.sign_request(
            signing.Request(str(prepared.method), str(prepared.url), prepared.headers), key or self.key, now
        )

    @staticmethod
    def send(prepared: requests.PreparedRequest) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.send(prepared, timeout=20)


def _stream(body: bytes) -> Any:
    import io

    return io.BytesIO(body)
