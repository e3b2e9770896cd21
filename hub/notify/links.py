"""Addresses that open something for whoever has them: made of an id and the hub's key when a mail goes out.

So no row, and no copy of the database, holds one. Whether an address still opens anything is for whoever keeps the row
of that id. Knows nothing of what it opens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from itsdangerous import BadData, URLSafeSerializer

from hub.errors import NotFound

if TYPE_CHECKING:
    from hub.packets.dsse import Signer

PATH: Final = "/update/"
_KEY: Final = b"rcp/1/link-key"
_MOST: Final = 200


def token_of(signer: Signer, identifier: str) -> str:
    """Return what opens the thing with this id; the same each time."""
    return str(_serializer(signer).dumps(identifier))


def opened_by(signer: Signer, token: str) -> str:
    """Return the id that a token was made of.

    Raises:
        NotFound: this hub did not make it.
    """
    try:
        found = _serializer(signer).loads(token[:_MOST])
    except BadData as error:
        raise NotFound("This link opens nothing.", todo="Ask for a new one.") from error
    return str(found)


def link_url(signer: Signer, url: str, identifier: str) -> str:
    """Return the whole address, at the hub whose address is `url`."""
    return f"{url}{PATH}{token_of(signer, identifier)}"


def _serializer(signer: Signer) -> URLSafeSerializer:
    return URLSafeSerializer(signer.sign(_KEY), salt="link")
