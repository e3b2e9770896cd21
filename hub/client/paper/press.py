"""Sets blocks as PDF with Typst: tagged (PDF/UA-1), fonts from packages only, the same bytes for the same words.

Reads no file but the template and the letter type, asks no network, knows no record: `forms` says what stands on the
paper. No time is written into a document, so that two prints of a form do not differ.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, cast
from unicodedata import bidirectional

import segno
import typst

from hub.errors import InvalidRequest

Block = dict[str, Any]
_STRONG: Final = {"L": "ltr", "R": "rtl", "AL": "rtl"}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document: its title, language and direction, its blocks, and what stands at the foot of each page."""

    title: str
    language: str
    direction: str
    blocks: tuple[Block, ...]
    foot: tuple[Any, ...] = ()
    page: str = ""
    large: bool = False
    card: bool = False


def press(sheet: Sheet) -> bytes:
    """Return the PDF of a document.

    Raises:
        InvalidRequest: a text has letters that the letter type lacks; nothing is printed with holes in it.
    """
    source = resources.files("hub.client.paper").joinpath("paper.typ").read_bytes()
    paper = {name: getattr(sheet, name) for name in Sheet.__slots__}
    with resources.as_file(resources.files("fontpkg_ibm_plex_sans_arabic").joinpath("files")) as folder:
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])
        try:
            made = typst.Compiler(source, font_paths=fonts, sys_inputs={"paper": json.dumps(paper)}).compile(
                format="pdf", pdf_standards=["ua-1"]
            )
        except typst.TypstError as error:
            raise InvalidRequest(
                "A text has letters that cannot be printed here.", todo="Print the form empty and write them by hand."
            ) from error
    return cast("bytes", made)  # one file; pages come apart for pictures only


def code(value: str, *, breaks: bool = False) -> Block:
    """Return a date, code, address or number, which keeps its order; `breaks`: over several lines where it is long."""
    return {"code": value, "way": "ltr", "breaks": breaks}


def own(text: str) -> Block:
    """Return somebody's own words, set in the direction of their first letter."""
    strong = next((way for way in map(bidirectional, text) if way in _STRONG), "L")
    return {"code": text, "way": _STRONG[strong], "breaks": False}


def qr_svg(text: str) -> str:
    """Return a QR code as SVG, with the quiet zone that its standard asks for."""
    sink = io.BytesIO()
    segno.make_qr(text, error="m").save(sink, kind="svg", xmldecl=False, svgns=True, border=4)
    return sink.getvalue().decode()
