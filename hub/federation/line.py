"""The line to a peer: signed requests with time limits, to addresses that may be called, answers of bounded size.

Knows no message and no queue. A name is resolved once for each connection, and the address that was checked is the one
that is called, so a name that changes its mind in between gains nothing. Redirects are never followed.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Protocol, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util.connection import create_connection

from hub.errors import InvalidRequest, PeerRefused, PeerUnreachable
from hub.federation.signing import TAG, Request, content_digest, sign_request
from hub.ids import random_id
from hub.packets.encoding import sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hub.clock import Clock
    from hub.packets.dsse import Signer

CONNECT, SILENT, ANSWER = 30, 45, 60
"""Seconds to connect or to get one chunk out, between two bytes, and from our last byte to the end of the answer."""
STOPPING = frozenset({400, 401, 403, 409, 413, 415})
"""Answers after which trying again would only repeat the fault (docs/protocol.md §9)."""
MAX_ANSWER = 512 * 1024
_OK = 200
_CHUNK = 64 * 1024
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def may_call(address: str) -> bool:
    """Whether an address is public: not loopback, private, link-local, multicast, reserved, or such in disguise."""
    found: Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            found = inner
    return found.is_global and not found.is_multicast


def check_url(url: str, *, private: bool) -> str:
    """Return a peer's address without its last slash, and nothing else than scheme, host and port.

    Raises:
        InvalidRequest: not https (http only where private peers are allowed), or a path, a query or a login in it.
    """
    schemes = {"https", "http"} if private else {"https"}
    try:
        parts = urlsplit(url)
        plain = f"{parts.scheme}://{parts.netloc}"
        bare = parts.hostname and parts.port != 0 and "@" not in parts.netloc and url.rstrip("/") == plain
    except ValueError as error:
        raise InvalidRequest("This is not a peer's address.") from error
    if parts.scheme not in schemes or not bare or not url.isascii():
        raise InvalidRequest(
            "A peer's address is https:// and a host name, with a port at most.",
            todo="Correct it; hubs of one machine or a closed network also need HUB_PRIVATE_PEERS.",
        )
    return plain


class Sendable(Protocol):
    """A body that can be read any number of times, and whose size is known."""

    @property
    def content_type(self) -> str:
        """What it is."""
        ...

    def digest(self) -> bytes:
        """Return the SHA-256 of all of it."""
        ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...


class Line:
    """A session with one peer. Not shared between threads."""

    tag: ClassVar[str] = TAG
    """What the signatures of its requests are for."""

    def __init__(self, url: str, signer: Signer, clock: Clock, *, private: bool, answer: float = ANSWER) -> None:
        self._url, self._signer, self._clock, self._answer = url, signer, clock, answer
        self._session = requests.Session()
        self._session.trust_env = False
        self._opened: list[HTTPConnection] = []
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(self._opened, private=private))

    def post(self, path: str, message_id: str, body: Sendable, progress: Callable[[], None]) -> bytes:
        """Send a message; `progress` is called for each chunk that went out."""
        headers = {"Content-Type": body.content_type, "Content-Digest": content_digest(body.digest())}
        return self._send(
            "POST", path, {**headers, "Idempotency-Key": message_id}, _Watched(body, progress), MAX_ANSWER
        )

    def get(self, path: str, limit: int, *, signed: bool = True) -> bytes:
        """Fetch a document of at most `limit` bytes."""
        headers: dict[str, str] = {}
        if signed:
            empty = content_digest(sha256(b""))
            headers = {"Content-Type": "text/plain", "Content-Digest": empty, "Idempotency-Key": random_id()}
        return self._send("GET", path, headers, None, limit)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _send(self, method: str, path: str, headers: dict[str, str], data: _Watched | None, limit: int) -> bytes:
        url = self._url + path
        if headers:
            sign_request(Request(method, url, headers), self._signer, self._clock.now(), tag=self.tag)
        headers["Accept-Encoding"] = "identity"
        watch = threading.Timer(self._answer, self._cut)
        watch.daemon = True
        if data is None:
            watch.start()
        else:
            data.done = watch.start
        try:
            return self._ask(method, url, headers, data, limit)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise PeerUnreachable("The peer did not answer.") from error
        finally:
            watch.cancel()

    def _ask(self, method: str, url: str, headers: dict[str, str], data: _Watched | None, limit: int) -> bytes:
        times = (min(CONNECT, self._answer), min(SILENT, self._answer))
        with self._session.request(
            method, url, headers=headers, data=data, timeout=times, stream=True, allow_redirects=False
        ) as answer:
            if answer.status_code != _OK:
                _give_up(answer.status_code)
            if "Content-Length" not in answer.headers and "Transfer-Encoding" not in answer.headers:
                raise PeerUnreachable("The peer's answer does not say where it ends.")
            return _read(answer, limit)

    def _cut(self) -> None:
        for connection in self._opened:
            with suppress(OSError):
                if connection.sock is not None:
                    connection.sock.shutdown(socket.SHUT_RDWR)


def _read(answer: requests.Response, limit: int) -> bytes:
    found = bytearray()
    while chunk := answer.raw.read1(_CHUNK, decode_content=False):
        found += chunk
        if len(found) > limit:
            raise PeerUnreachable("The peer's answer is larger than any answer can be.")
    return bytes(found)


def _give_up(status: int) -> NoReturn:
    if status in STOPPING:
        raise PeerRefused("The peer refused the message.", status=status)
    raise PeerUnreachable("The peer cannot take the message now.", status=status)


class _Watched:
    """A body that tells how it is getting on."""

    def __init__(self, body: Sendable, progress: Callable[[], None]) -> None:
        self._body, self._progress = body, progress
        self.done: Callable[[], None] = progress

    def __len__(self) -> int:
        return len(self._body)

    def __iter__(self) -> Any:
        for chunk in self._body:
            self._progress()
            yield chunk
        self.done()


class _Checked:
    """A connection to an address that was checked: mixed into urllib3's, which call `_new_conn` to get a socket."""

    private: bool
    opened: list[HTTPConnection]

    def _new_conn(self: Any) -> socket.socket:
        try:
            rows = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
            addresses = [str(row[4][0]) for row in rows]
            if not addresses or not (self.private or all(may_call(address) for address in addresses)):
                raise NewConnectionError(self, "the peer's address may not be called")
            found = create_connection((addresses[0], self.port), self.timeout, socket_options=self.socket_options)
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, "no connection to the peer") from error
        self.opened[:] = [self]
        return found


class _Adapter(HTTPAdapter):
    def __init__(self, opened: list[HTTPConnection], *, private: bool) -> None:
        self._facts = {"opened": opened, "private": private}
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *words: Any, **named: Any) -> None:
        super().init_poolmanager(*words, **named)
        plain = type("Plain", (_Checked, HTTPConnection), self._facts)
        tls = type("Tls", (_Checked, HTTPSConnection), self._facts)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }
