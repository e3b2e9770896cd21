"""A session with a gateway's HTTP interface: time limits, no redirects, answers of bounded size, JSON or nothing.

Knows no gateway. After `429`, or silence, it asks nothing more: whoever has a batch left tries later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import requests
from urllib3.exceptions import HTTPError

from hub.errors import PacketError
from hub.packets.encoding import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT: Final = (10.0, 15.0)
"""Seconds to connect, and between two bytes."""
_LARGEST = 256 * 1024
_FULL = 429


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `value` is None where it was not JSON."""

    status: int
    value: Any


SILENT: Final = Answer(0, None)
"""No answer, or one that cannot be read."""


class Api:
    """One session; not shared between threads."""

    def __init__(self, url: str, headers: Mapping[str, str], *, timeout: tuple[float, float] = TIMEOUT) -> None:
        self._url, self._resting, self._timeout = url.rstrip("/"), False, timeout
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update({"Accept": "application/json", **headers})

    def post(self, path: str, *, json: Any = None, form: Mapping[str, str] | None = None) -> Answer:
        """Send JSON or a form."""
        return self._ask("POST", path, json=json, data=form)

    def get(self, path: str, query: Mapping[str, str]) -> Answer:
        """Fetch something."""
        return self._ask("GET", path, params=query)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _ask(self, method: str, path: str, **given: Any) -> Answer:
        if self._resting:
            return SILENT
        try:
            with self._session.request(
                method, self._url + path, timeout=self._timeout, allow_redirects=False, stream=True, **given
            ) as found:
                body = found.raw.read(_LARGEST + 1, decode_content=True)
                self._resting = found.status_code == _FULL
        except (requests.RequestException, HTTPError, OSError, ValueError):
            self._resting = True
            return SILENT
        return Answer(found.status_code, _json(body) if len(body) <= _LARGEST else None)


def _json(body: bytes) -> Any:
    try:
        return parse_json(body, decimals=True)
    except PacketError:
        return None
