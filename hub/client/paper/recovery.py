"""Two papers that get people back in: a member's recovery sheet, and one of an agency's three recovery papers.

Says what the paper is for, how to keep it and how to use it, in the holder's language; the words of a share are the
same in every language. Makes no secret and keeps none: what is printed is handed in and forgotten.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from hub.client.paper.press import Block, Sheet, code, own, press, qr_svg
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.client.enrol import Invitation
    from hub.client.enrol import Sheet as Secrets

_CHUNK = 8


def member_sheet(language: str, agency: str, login: str, secrets: Secrets) -> bytes:
    """Return the recovery sheet of a member as a PDF.

    Raises:
        InvalidRequest: no such language.
    """
    said = _words(language)
    blocks = [
        {"kind": "title", "text": said["sheet"]},
        _fields([said["agency"], code(agency, breaks=True)], [said["login"], code(login)]),
        _text(said["sheet_what"]),
        _text(said["sheet_keep"]),
        {"kind": "heading", "text": said["code"]},
        _code(code(secrets.recovery, breaks=True), secrets.recovery, said),
        {"kind": "heading", "text": said["device"]},
        _code(code(secrets.device, breaks=True), secrets.device, said),
        _text(said["sheet_test"]),
        _text(said["sheet_use"]),
    ]
    return _press(language, said["sheet"], blocks)


def share(language: str, agency: str, number: int, held: str, line: str, where: Invitation) -> bytes:
    """Return one of an agency's three recovery papers as a PDF: `line` are its words, in their order.

    Raises:
        InvalidRequest: no such language, or a name has letters that cannot be printed.
    """
    said, place = _words(language), where.to_text()
    title = said["share"].format(n=number)
    listed = [[str(nth), code(word)] for nth, word in enumerate(line.split(), 1)]
    chunks = [place[i : i + _CHUNK] for i in range(0, len(place), _CHUNK)]
    rows = [code(" ".join(chunks[i : i + _CHUNK])) for i in range(0, len(chunks), _CHUNK)]
    blocks = [
        {"kind": "title", "text": title},
        _fields([said["agency"], code(agency, breaks=True)], [said["held"], own(held)]),
        *(_text(said[name]) for name in ("share_what", "share_keep", "share_use", "share_after")),
        {"kind": "heading", "text": said["words"]},
        {"kind": "fields", "columns": 4, "fields": listed},
        _code(code(f"{number} / 3"), line, said),
        {"kind": "heading", "text": said["where"]},
        *({"kind": "text", "text": [row]} for row in rows),
        _code(code(agency, breaks=True), place, said),
    ]
    return _press(language, title, blocks)


def _press(language: str, title: str, blocks: Iterable[Block]) -> bytes:
    said = _words(language)
    return press(Sheet(title, language, said["direction"], tuple(blocks), (title,), said["page"]))


def _fields(*rows: list[Any]) -> Block:
    return {"kind": "fields", "columns": len(rows), "fields": list(rows)}


def _text(words: str) -> Block:
    return {"kind": "text", "text": [words]}


def _code(shown: Block, value: str, said: dict[str, str]) -> Block:
    return {"kind": "code", "code": shown, "qr": qr_svg(value), "alt": said["alt"]}


def _words(language: str) -> dict[str, str]:
    found: dict[str, str] | None = _all().get(language)
    if found is None:
        raise InvalidRequest("There is no such language for this paper.")
    return found


@cache
def _all() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(
        resources.files("hub.client.paper").joinpath("recovery.json").read_text(encoding="utf-8")
    )
    return loaded
