"""Who asks by a link: a signature in the Authorization header, by the link's own key or by the device that claimed it.

`Link key=…,at=…,nonce=…,sig=…` over method, path, time, nonce, content type and body (docs/protocol.md §7.8). There is
no cookie and no session, so a page of somebody else has nothing that it could send along. Each nonce counts once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import g, request

from hub.auth.permissions import Caller, register_verifier
from hub.context import current_hub
from hub.errors import Forbidden, NotFound, PacketError, Unauthenticated
from hub.handoffs.links import chain_at
from hub.links.store import LinkStore
from hub.packets.dsse import check_public_key, verify_signature
from hub.packets.encoding import b64u, from_b64u, sha256

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Connection

    from hub.links.store import Opened
    from hub.statements.links import Chain, Link

SKEW = 300
"""Seconds by which a request's clock may differ from ours."""
KEEP = 2 * SKEW
"""Seconds for which a nonce is kept: as long as its request could come again."""
_DOMAIN = "rcp/1/link-request"
_B32, _B16, _B64 = r"[A-Za-z0-9_-]{43}", r"[A-Za-z0-9_-]{22}", r"[A-Za-z0-9_-]{86}"
_HEADER = re.compile(rf"Link key=({_B32}),at=([0-9]{{1,12}}),nonce=({_B16}),sig=({_B64})")


def register_links(app: Flask) -> None:
    """Let links in on the routes that are theirs."""
    register_verifier(app, "link", _verify)


def by_device() -> bool:
    """Return whether the device asks that claimed the link, and not the link's own key."""
    return bool(g.by_device)


def check_device() -> None:
    """Return if it is the link's device.

    Raises:
        Forbidden: the link's own key opens, and does nothing else.
    """
    if not by_device():
        raise Forbidden("Only the device that opened the link is given anything.", todo="Open the link first.")


def look_up(connection: Connection, identifier: str, *, lock: bool = False) -> tuple[Link, Opened, Chain]:
    """Return a link with what is known of it here.

    Raises:
        NotFound: there is none of this id at this hub.
    """
    opened = LinkStore(connection).get(identifier, lock=lock)
    chain = chain_at(connection, opened.handoff)
    return next(link for link in chain.links if link.id == identifier), opened, chain


def signed_bytes(method: str, path: str, at: int | str, nonce: str, body: bytes) -> bytes:
    """Return what a request's signature covers."""
    kind = "-" if method == "GET" else "application/json"
    return "\n".join((_DOMAIN, method, path, str(at), nonce, kind, b64u(sha256(body)))).encode()


def _verify() -> Caller:
    hub = current_hub()
    now = hub.clock.now()
    key, nonce = _signer(now)
    with hub.database.write() as connection:
        try:
            link, opened, chain = look_up(connection, str((request.view_args or {})["link"]))
        except NotFound as error:  # as for a wrong signature: nobody learns which ids are links
            raise _refused(now) from error
        if key not in {b64u(link.sign), opened.device} or not LinkStore(connection).use_nonce(key, nonce, now, KEEP):
            raise _refused(now)
    g.by_device = key == opened.device
    return Caller(agency=chain.recipient, member=link.id)


def _signer(now: int) -> tuple[str, str]:
    """Return key and nonce of a request that is signed by that key and is not too old."""
    found = _HEADER.fullmatch(request.headers.get("Authorization", ""))
    kind = request.headers.get("Content-Type", "") if request.method != "GET" else "application/json"
    if found is None or kind != "application/json" or abs(int(found[2]) - now) > SKEW:
        raise _refused(now)
    key, at, nonce, sig = found.groups()
    message = signed_bytes(request.method, request.path, at, nonce, request.get_data(cache=True))
    try:
        verify_signature(check_public_key(from_b64u(key, 32)), message, from_b64u(sig, 64))
    except PacketError as error:
        raise _refused(now) from error
    return key, nonce


def _refused(now: int) -> Unauthenticated:
    return Unauthenticated("The request is not signed by this link.", todo="Open the whole link again.", now=now)
