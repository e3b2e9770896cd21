"""Send events to agencies' own systems: in order, signed, again and again until they are taken.

One request has the events after the last that was taken, as many as fit. Any answer of 200 to 299 takes them all. No
transaction is open meanwhile. A system that has been away for a day is told of to the agency's admins, once for each
time it goes away; the tries go on every six hours, and what is older than 90 days is no longer sent.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from hub.errors import HubError, PeerRefused
from hub.federation.line import Line
from hub.ids import random_id
from hub.notify.events import Events
from hub.notify.jobs import wait_after
from hub.notify.teller import Teller
from hub.notify.templates import UNTOLD
from hub.packets.encoding import sha256
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.context import Hub
    from hub.notify.events import Event, Webhook

TAG = "rcp-event-1"
"""What the signature is for: a peer takes none of these for a message between hubs."""
_PATIENCE = 20.0
_DAY = 86_400
_KEEP = 90 * _DAY


def send_events(hub: Hub) -> int:
    """Send what is due; return how many events were taken."""
    with hub.database.write() as connection:
        claimed = Events(connection).claim(hub.clock.now())
    return sum(_send(hub, webhook) for webhook in claimed)


def purge_events(hub: Hub) -> int:
    """Forget events of three months ago."""
    with hub.database.write() as connection:
        return Events(connection).purge(hub.clock.now() - _KEEP)


def body_of(hub: Hub, webhook: Webhook, events: Sequence[Event]) -> bytes:
    """Return what is sent: events without content, and whose they are."""
    rows = [{name: getattr(event, name) for name in type(event).__slots__} for event in events]
    return json.dumps({"v": 1, "host": hub.origin, "webhook": webhook.id, "events": rows}).encode()


def _send(hub: Hub, webhook: Webhook) -> int:
    with hub.database.read() as connection:
        events = Events(connection).after(webhook.id, webhook.sent)
    last = events[-1].seq if events else webhook.seq
    taken = not events or _post(hub, webhook.url, body_of(hub, webhook, events))
    now = hub.clock.now()
    with hub.database.write() as connection:
        if taken:
            Events(connection).took(webhook, last, now)
            return len(events)
        Events(connection).failed(webhook, now, now + wait_after(webhook.tries))
        since = webhook.failing_since or now
        if now - since >= _DAY:
            teller, key = Teller(connection, hub.origin), f"webhook:{webhook.id}:{since}"
            teller.tell(webhook.agency, {Role.AGENCY_ADMIN}, UNTOLD, about="", key=key, now=now)
    return 0


def _post(hub: Hub, url: str, data: bytes) -> bool:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    line = _EventLine(
        f"{parts.scheme}://{parts.netloc}", hub.signer, hub.wire, private=hub.settings.private_peers, answer=_PATIENCE
    )
    try:
        with line:
            line.post(path, random_id(), _Json(data), lambda: None)
    except HubError:
        return False
    return True


class _EventLine(Line):
    """A line to a system that is no hub: what it answers is not read."""

    tag: ClassVar[str] = TAG

    def _ask(self, method: str, url: str, headers: dict[str, str], data: Any, _limit: int) -> bytes:
        with self._session.request(
            method, url, headers=headers, data=data, timeout=(_PATIENCE, _PATIENCE), stream=True, allow_redirects=False
        ) as answer:
            if not HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
                raise PeerRefused("The events were not taken.")
            return b""


class _Json:
    """A body of JSON, as a line takes it."""

    def __init__(self, data: bytes) -> None:
        self.content_type = "application/json"
        self._data = data

    def digest(self) -> bytes:
        return sha256(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[bytes]:
        yield self._data
