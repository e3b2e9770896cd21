"""Texts by a gateway: the interface that adapters fulfil, and the one that the settings choose.

Knows no template and no row. A new gateway is a class with `send`, `fate` and `close`, and a line in `_ADAPTERS`.
Whatever a gateway does that its documentation does not say (another answer, none, one that is too long, a redirect)
means "try later": no text is lost by it, and one may come twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from hub.errors import Unavailable
from hub.notify.africastalking import AfricasTalking
from hub.notify.rapidpro import RapidPro

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hub.notify.outcome import Fate, Handed
    from hub.settings import Settings

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Gateway(Protocol):
    """Whatever can send a text."""

    @property
    def ask_after(self) -> tuple[int, ...]:
        """Seconds after sending at which to ask for a text's fate; empty where the gateway calls and tells."""
        ...

    def send(self, number: str, text: str, identifier: str) -> Handed:
        """Hand one text over, which we call `identifier`."""
        ...

    def fate(self, reference: str) -> Fate | None:
        """Return what became of a text, or None while nothing is known."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


_ADAPTERS: Final[Mapping[str, Callable[[Settings], Gateway]]] = {"rapidpro": RapidPro, "africastalking": AfricasTalking}


def gateway_of(settings: Settings) -> Gateway | None:
    """Return the gateway that the settings choose, or None: then texts wait.

    Raises:
        Unavailable: they name one that does not exist, or say too little of it.
    """
    check_gateway(settings)
    return _ADAPTERS[settings.sms](settings) if settings.sms else None


def check_gateway(settings: Settings) -> None:
    """Return if the settings choose no gateway, or say enough of one.

    Raises:
        Unavailable: they name one that does not exist, say too little of it, or would show it our key in clear on a
            public network.
    """
    parts = urlsplit(settings.sms_url)
    inside = settings.private_peers or parts.hostname in _LOOPBACK
    reached = parts.hostname is not None and parts.scheme in ({"https", "http"} if inside else {"https"})
    if settings.sms and not (settings.sms in _ADAPTERS and settings.sms_secret and reached):
        raise Unavailable(
            "The gateway for texts is not set up.",
            todo=f"HUB_SMS is {' or '.join(_ADAPTERS)}; HUB_SMS_URL (https) and HUB_SMS_SECRET go with it.",
        )
