"""The sheet with a link, for a provider without an account: address, square, how to open it. Decides nothing.

Says nothing of whom it is about, of what is asked, or of who sends it beyond a number to call. It never has the code,
which goes another way, so whoever finds it can open nothing with it alone.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from consent.words import words as consent_words
from hub.client.paper.press import Block, Sheet, code, press, qr_svg

if TYPE_CHECKING:
    from hub.client.links import Issued


def link_sheet(language: str, issued: Issued, phone: str, *, large: bool = False) -> bytes:
    """Return the sheet of a link, which `phone` is called about.

    Raises:
        KeyError: there are no words in this language.
    """
    said = _words()[language]
    last = datetime.fromtimestamp(issued.link.until, UTC).strftime("%Y-%m-%d %H:%M UTC")
    address, _, secret = issued.url.partition("#")
    numbers = [[said["call"], code(phone)]] if phone else []
    blocks: tuple[Block, ...] = (
        {"kind": "title", "text": said["title"]},
        *({"kind": "text", "text": [f"{n}.", step]} for n, step in enumerate(said["steps"], 1)),
        {"kind": "code", "code": code(urlsplit(address).netloc), "qr": qr_svg(issued.url), "alt": said["qr"]},
        *({"kind": "text", "text": [line]} for line in (said["address"], code(f"{address}#"), code(secret))),
        {"kind": "fields", "columns": 2, "fields": [[said["until"], code(last)], *numbers]},
    )
    direction = consent_words(language).direction
    return press(Sheet(said["title"], language, direction, blocks, (), said["page"], large=large))


@cache
def _words() -> dict[str, Any]:
    text = resources.files("hub.client.paper").joinpath("link.json").read_text(encoding="utf-8")
    return dict(json.loads(text))
