"""The blocks that papers are put together from, as `paper.typ` sets them. Knows no words, no record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.client.paper.press import Block, code, own, qr_svg

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BOX, CROSS = "□", "☒"
"""A box to tick by hand, and one that is ticked already, as cells of a table."""


def heading(words: str) -> Block:
    """Return a heading."""
    return {"kind": "heading", "text": words}


def text(*parts: Any) -> Block:
    """Return a paragraph."""
    return {"kind": "text", "text": list(parts)}


def fields(*named: tuple[str, Any], columns: int = 2) -> Block:
    """Return lines to write on, each under its name, filled in as far as a value is given."""
    return {"kind": "fields", "columns": columns, "fields": [list(field) for field in named]}


def room(height: int, *rooms: tuple[str, Any]) -> Block:
    """Return frames side by side, for a signature or a thumbprint."""
    return {"kind": "room", "height": height, "rooms": [list(one) for one in rooms]}


def ticks(label: str, *options: tuple[str, bool]) -> Block:
    """Return boxes in a line, some of them ticked."""
    return {"kind": "ticks", "label": label, "options": [list(option) for option in options]}


def table(head: Sequence[str], widths: Sequence[float], rows: Iterable[Sequence[Any]]) -> Block:
    """Return a table; a column of width 0 is as wide as its words."""
    return {"kind": "table", "head": list(head), "widths": list(widths), "rows": [list(row) for row in rows]}


def number_block(number: str, alt: str) -> Block:
    """Return a number in large letters with its QR code."""
    return {"kind": "code", "code": code(number), "qr": qr_svg(number), "alt": alt}


def code_or_blank(value: object) -> Block | str:
    """Return a date, code or address, or room to write one by hand."""
    return code(value) if isinstance(value, str) and value else ""


def own_or_blank(value: object) -> Block | str:
    """Return somebody's own words, or room to write them by hand."""
    return own(value) if isinstance(value, str) and value else ""
