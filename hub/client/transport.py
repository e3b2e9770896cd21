"""Talking to a hub: JSON, packets streamed from and to files, problem documents turned back into errors.

Knows no key and no plaintext. Rules: a timeout always, no redirect, no secret and no person's id in an address; memory
does not grow with a packet; a session that is over is renewed once and the request sent again, one that somebody ended
is not.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from hub.errors import HubError, InvalidRequest, Malformed, PeerMisbehaved, PeerUnreachable, SignedOut, TooLarge
from hub.packets.encoding import parse_json
from hub.packets.multipart import Body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TIMEOUT = (10, 120)
CHUNK = 256 * 1024
MAX_ANSWER = 16 * 1024 * 1024
_OWN_MEMBERS = frozenset({"self", "type", "title", "status", "code", "detail", "todo", "instance"})
_SERVER_FAULT = 500
_UNAUTHENTICATED = 401
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class HubSession:
    """One client's conversation with its hub. `sign_in` returns a new session token when the old one has ended."""

    def __init__(self, url: str, *, http: requests.Session | None = None) -> None:
        self.url = _checked(url)
        self.sign_in: Callable[[], str] | None = None
        self._http = http or requests.Session()
        self._token: str | None = None

    def get(self, path: str, **query: str | int) -> Any:
        """Return the JSON answer to a GET."""
        return self._json(self._ask("GET", path, params=query))

    def text(self, path: str) -> str:
        """Return the answer to a GET as text.

        Raises:
            PeerMisbehaved: it is none.
        """
        with well_formed():
            return self._read(self._ask("GET", path)).decode()

    def post(self, path: str, value: Any, *, invitation: str | None = None) -> Any:
        """Return the JSON answer to a POST; with an invitation's code instead of a session where given."""
        return self._json(self._ask("POST", path, invitation=invitation, json=value))

    def open(self, given: dict[str, str]) -> dict[str, str]:
        """Return a new session's token and the client's mark; what is wrong with `given` no other session mends."""
        renew, self.sign_in = self.sign_in, None
        try:
            answer = self.post("/api/v1/sessions", given)
        finally:
            self.sign_in = renew
        with well_formed():
            return {"token": str(answer["token"]), "known": str(answer["known"])}

    def put(self, path: str, value: Any) -> Any:
        """Return the JSON answer to a PUT."""
        return self._json(self._ask("PUT", path, json=value))

    def patch(self, path: str, value: Any) -> Any:
        """Return the JSON answer to a PATCH."""
        return self._json(self._ask("PATCH", path, json=value))

    def delete(self, path: str) -> None:
        """Remove something."""
        self._ask("DELETE", path)

    def submit(self, path: str, parts: Body) -> Any:
        """Send a multipart body; return the JSON answer."""
        return self._json(self._ask("POST", path, data=parts))

    def download(self, path: str, sink: IO[bytes], size: int, *, value: Any = None) -> None:
        """Stream an answer of at most `size` bytes into `sink`; the answer to a POST where there is a `value` to send.

        Raises:
            TooLarge: the hub sends more than was announced.
        """
        left = size
        answer = self._ask("GET", path) if value is None else self._ask("POST", path, json=value)
        for chunk in self._chunks(answer):
            left -= len(chunk)
            if left < 0:
                raise TooLarge("The hub sends more than the packet's manifest says.")
            sink.write(chunk)

    def use(self, token: str | None) -> None:
        """Use a session's token from now on."""
        self._token = token

    def __repr__(self) -> str:
        return f"HubSession({self.url})"

    def _ask(self, method: str, path: str, *, invitation: str | None = None, **given: Any) -> requests.Response:
        answer = self._once(method, path, invitation, given)
        if answer.status_code == _UNAUTHENTICATED and invitation is None and self.sign_in is not None:
            error = problem(answer.status_code, self._read(answer))
            if isinstance(error, SignedOut):  # by somebody, on purpose: not for a client to mend
                raise error
            self._token = self.sign_in()
            answer = self._once(method, path, invitation, given)
        if not answer.ok or answer.is_redirect:
            raise problem(answer.status_code, self._read(answer))
        return answer

    def _once(self, method: str, path: str, invitation: str | None, given: dict[str, Any]) -> requests.Response:
        sent = {"Accept": "application/json"}
        if isinstance(given.get("data"), Body):
            sent["Content-Type"] = given["data"].content_type
        if invitation or self._token:
            sent["Authorization"] = f"Invitation {invitation}" if invitation else f"Bearer {self._token}"
        ours: dict[str, Any] = {"headers": sent, "timeout": TIMEOUT, "allow_redirects": False, "stream": True}
        try:
            return self._http.request(method, self.url + path, **ours, **given)
        except requests.RequestException as error:
            raise _unreachable() from error

    def _json(self, answer: requests.Response) -> Any:
        data = self._read(answer)
        try:
            return parse_json(data, decimals=True) if data else None
        except Malformed as error:
            raise PeerMisbehaved("The hub's answer is not JSON.", todo="Check the hub's address.") from error

    def _read(self, answer: requests.Response) -> bytes:
        data = bytearray()
        for chunk in self._chunks(answer):
            data += chunk
            if len(data) > MAX_ANSWER:
                raise PeerMisbehaved("The hub's answer is longer than any answer should be.")
        return bytes(data)

    @staticmethod
    def _chunks(answer: requests.Response) -> Iterator[bytes]:
        try:
            with answer:
                yield from answer.iter_content(CHUNK)
        except requests.RequestException as error:
            raise _unreachable() from error


@contextmanager
def well_formed() -> Iterator[None]:
    """Turn what goes wrong while an answer is taken apart into an error about the hub.

    Raises:
        PeerMisbehaved: a member of the answer is missing or of another type.
    """
    try:
        yield
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise PeerMisbehaved("The hub's answer is not of its form.", todo="Check the hub's address.") from error


def problem(status: int, data: bytes) -> HubError:
    """Return the error that a problem document tells of: its class by its code, its extra members as facts."""
    try:
        value = parse_json(data)
    except Malformed:
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("code"), str):
        return _unreachable() if status >= _SERVER_FAULT else PeerMisbehaved(f"The hub answered {status}.")
    kind = _classes().get(value["code"], HubError)
    facts = {name: fact for name, fact in value.items() if name not in _OWN_MEMBERS}
    return kind(str(value.get("detail", "")), todo=str(value.get("todo", "")) or None, **facts)


def _classes(kind: type[HubError] = HubError) -> dict[str, type[HubError]]:
    below = (_classes(child) for child in kind.__subclasses__())
    return {code: found for row in below for code, found in row.items()} | {kind.code: kind}


def _unreachable() -> PeerUnreachable:
    return PeerUnreachable("The hub cannot be reached.", todo="Check the connection and try again; nothing was lost.")


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
        raise InvalidRequest("A hub's address begins with https; http is for this machine alone.")
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        raise InvalidRequest("A hub's address is a scheme, a host and perhaps a port.")
    return url.rstrip("/")
