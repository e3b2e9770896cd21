"""Which address an agency may register for its events. Resolves no name: that is the line's, each time it connects."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from hub.errors import InvalidRequest
from hub.federation.line import may_call

LONGEST = 300


def checked_address(url: str, *, private: bool) -> str:
    """Return an address that events may go to.

    Raises:
        InvalidRequest: not https (http only where private addresses are allowed), a login or a fragment in it, too
            long, or a host of this machine or of a private network.
    """
    schemes = {"https", "http"} if private else {"https"}
    try:
        parts = urlsplit(url)
        plain = parts.hostname and parts.port != 0 and "@" not in parts.netloc and not parts.fragment
    except ValueError as error:
        raise InvalidRequest("This is not an address for events.") from error
    printed = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST
    if parts.scheme not in schemes or not plain or not printed:
        raise InvalidRequest("An address for events is https://, a host name and a path.")
    if not private and _is_private(parts.hostname or ""):
        raise InvalidRequest("Events do not go to private addresses.", todo="Name a host that the hub may call.")
    return url


def _is_private(host: str) -> bool:
    try:
        return not may_call(str(ipaddress.ip_address(host)))
    except ValueError:
        return host == "localhost" or "." not in host or host.endswith((".localhost", ".local", ".internal"))
