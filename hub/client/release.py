"""What a hub serves to browsers, held against its log by anybody: no account, no hub of one's own."""

from __future__ import annotations

import hmac
from io import BytesIO
from typing import TYPE_CHECKING

from hub.errors import BadSignature, NotFound
from hub.keys import releases
from hub.keys.certificates import fingerprint

if TYPE_CHECKING:
    from hub.client.transport import HubSession

_ASK = "/api/v1/release"


def check_release(hub: HubSession, digits: str) -> tuple[releases.Seen, releases.Finding]:
    """Return what a hub says to serve, and how what it serves compares; `digits` are its fingerprint, however spaced.

    Raises:
        BadSignature: another hub than the fingerprint's, or its log does not show what it says.
        PeerUnreachable: it does not answer.
    """
    answer = hub.get(_ASK)
    host, key = releases.key_of(answer)
    if not hmac.compare_digest("".join(fingerprint(key).split()), "".join(digits.split())):
        raise BadSignature(
            "The hub at this address has another key than the fingerprint says.",
            todo="Compare the fingerprint again by phone.",
        )
    said = releases.judge(answer, host, key)

    def fetch(path: str, limit: int) -> bytes:
        sink = BytesIO()
        try:
            hub.download(path, sink, limit)
        except NotFound:
            return b""
        return sink.getvalue()

    return said, releases.compare(said.release, fetch)
