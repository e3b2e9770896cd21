"""Draws the gap table of one need as a map: outlines, hatching, numbers and words, as one SVG that loads nothing. Pure.

Colour says nothing that hatching and words do not; no red and no green, which read as danger and as safety. Each area
has a number on the map and a line in the list, areas without an outline have their line alone. Names may be of any
script: the list stands on the right edge for those that are written from right to left.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from shapely.geometry import shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WIDTH: Final = 640.0
_TALLEST: Final = 900.0
_LIST: Final = 440
_LINE: Final = 24
_HALF: Final = 180.0
_TOP: Final = 88
_RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ps", "ur", "ku", "sd", "ug", "yi", "dv"})
_INK: Final = "#1b2a41"
_STYLE: Final = (
    "text{font-family:'IBM Plex Sans','IBM Plex Sans Arabic','Noto Sans',sans-serif;fill:#1b2a41;font-size:14px}"
    ".title{font-size:20px;font-weight:600}.small{font-size:12px}"
    ".key{font-weight:600;paint-order:stroke;stroke:#fff;stroke-width:4px;text-anchor:middle}"
)
_PATTERNS: Final = (
    '<pattern id="none" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="6" height="6" fill="#fff"/><path d="M0 0V6M3 0V6" stroke="{_INK}" stroke-width="1.4"/></pattern>'
    '<pattern id="far" width="10" height="10" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">'
    f'<rect width="10" height="10" fill="#fff"/><path d="M0 0V10" stroke="{_INK}" stroke-width="1.2"/></pattern>'
    '<pattern id="doubt" width="9" height="9" patternUnits="userSpaceOnUse"><rect width="9" height="9" fill="#eef2f8"/>'
    f'<circle cx="4.5" cy="4.5" r="1.3" fill="{_INK}"/></pattern>'
)
_FILLS: Final = {"none": "url(#none)", "far": "url(#far)", "doubt": "url(#doubt)", "usable": "#b9cbe4"}
KINDS: Final = tuple(_FILLS)
"""What an area may be, the worst first."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One area of a map: what its layers and its unmet need say, and its outline where it has one."""

    name: str
    cell: Mapping[str, Any]
    geometry: Mapping[str, Any] | None

    @property
    def kind(self) -> str:
        """Which of the four kinds it is, the worst first."""
        if self.cell["usable"]:
            return "usable"
        if self.cell["here"]:
            return "doubt"
        return "far" if self.cell["covers"] else "none"

    def numbers(self, words: Mapping[str, str]) -> str:
        """Return its numbers in words."""
        said = [words["numbers"].format_map(self.cell)]
        count, hidden = self.cell["unmet"], self.cell["hidden"]
        if count is not None:
            said.append(words["more" if hidden else "unmet"].format(count=count))
        elif hidden:
            said.append(words["few"])
        return ("، " if words is _words("ar") else ", ").join(said)


@cache
def _words(language: str) -> Mapping[str, str]:
    text = resources.files("hub.directory.gaps").joinpath("words.json").read_text(encoding="utf-8")
    known: dict[str, dict[str, str]] = json.loads(text)
    return known.get(language, known["en"])


def everybody(language: str) -> str:
    """Return how a language calls all groups together."""
    return _words(language)["all"]


def draw(title: str, language: str, rows: Sequence[Drawn]) -> str:
    """Return the map of some areas as SVG; a language that we have no words of gets English ones."""
    words, backwards = _words(language), language in _RIGHT_TO_LEFT
    paths, height = _map(rows, words)
    listed = [line for number, row in enumerate(rows, 1) for line in _listed(number, row, words, backwards=backwards)]
    tall = max(height, _LINE * 2 * len(rows)) + _TOP + _LINE * (len(KINDS) + 1)
    width = int(_WIDTH) + _LIST
    legend = _legend(max(height, 40) + _TOP + _LINE, words)
    counted = {kind: sum(row.kind == kind for row in rows) for kind in KINDS}
    told = "; ".join(
        words["areas"].format(kind=words[kind], count=count, all=len(rows)) for kind, count in counted.items()
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {tall:.0f}" width="{width}" height="{tall:.0f}" '
        f'role="img" aria-labelledby="map-title map-desc" lang="{escape(language)}">'
    )
    about = f'<title id="map-title">{escape(title)}</title><desc id="map-desc">{escape(told)}</desc>'
    edge = f'x="{width - 16}" text-anchor="end"' if backwards else 'x="16"'
    shown = f'<text class="title" {edge} y="36">{escape(title)}</text>'
    note = f'<text class="small" {edge} y="60">{escape(words["borders"])}</text>'
    body = "".join([*paths, *listed, *legend])
    return f"{head}{about}<style>{_STYLE}</style><defs>{_PATTERNS}</defs>{shown}{note}{body}</svg>\n"


def _map(rows: Sequence[Drawn], words: Mapping[str, str]) -> tuple[list[str], float]:
    """Return the outlines with their numbers, and how high they are together."""
    shapes = {number: shape(row.geometry) for number, row in enumerate(rows, 1) if row.geometry}
    if not shapes:
        return [], 0.0
    boxes = [part.bounds for form in shapes.values() for part in getattr(form, "geoms", [form])]
    south, north = min(box[1] for box in boxes), max(box[3] for box in boxes)
    across = max(box[2] for box in boxes) - min(box[0] for box in boxes) > _HALF

    def along(x: float) -> float:
        return x + 2 * _HALF if across and x < 0 else x  # a country on both sides of the date line is drawn in one

    west, east = min(along(box[0]) for box in boxes), max(along(box[2]) for box in boxes)
    squeeze = max(math.cos(math.radians((south + north) / 2)), 0.1)
    room = _WIDTH - 32
    scale = min(room / max((east - west) * squeeze, 0.01), _TALLEST / max(north - south, 0.01))

    def place(x: float, y: float) -> tuple[float, float]:
        return 16 + (along(x) - west) * squeeze * scale, _TOP + (north - y) * scale

    drawn = [_outline(rows[number - 1], form, place, words) for number, form in shapes.items()]
    keys = [_key(number, form, place) for number, form in shapes.items()]
    return [*drawn, *keys], (north - south) * scale


def _outline(row: Drawn, form: Any, place: Any, words: Mapping[str, str]) -> str:
    rings = [ring for part in getattr(form, "geoms", [form]) for ring in (part.exterior, *part.interiors)]
    path = "".join(_ring([place(x, y) for x, y in ring.coords]) for ring in rings)
    said = escape(f"{row.name}: {words[row.kind]} ({row.numbers(words)})")
    look = f'fill="{_FILLS[row.kind]}" fill-rule="evenodd" stroke="{_INK}" stroke-width="1"'
    return f'<path d="{path}" {look}><title>{said}</title></path>'


def _ring(points: Iterable[tuple[float, float]]) -> str:
    """Return one ring; points that fall on the same spot of the picture are drawn once."""
    seen = list(dict.fromkeys(f"{x:.1f} {y:.1f}" for x, y in points))
    return f"M{'L'.join(seen)}Z"


def _key(number: int, form: Any, place: Any) -> str:
    largest = max(getattr(form, "geoms", [form]), key=lambda part: part.area)
    point = largest.representative_point()
    x, y = place(point.x, point.y)
    return f'<text class="key" x="{x:.1f}" y="{y + 5:.1f}">{number}</text>'


def _listed(number: int, row: Drawn, words: Mapping[str, str], *, backwards: bool) -> list[str]:
    """Return the line of one area; backwards from the right edge, by anchors alone, which every program draws alike."""
    y = _TOP + _LINE * 2 * (number - 1)
    edge, way, anchor = (_WIDTH + _LIST - 16, -1, "end") if backwards else (_WIDTH + 8, 1, "start")
    box_x = edge - 20 if backwards else edge
    at, x = edge + way * 30, edge + way * 60
    missing = "" if row.geometry else f" ({words['no_outline']})"
    return [
        f'<rect x="{box_x:.0f}" y="{y}" width="20" height="20" fill="{_FILLS[row.kind]}" stroke="{_INK}"/>',
        f'<text x="{at:.0f}" y="{y + 14}" text-anchor="{anchor}">{number}</text>',
        f'<text x="{x:.0f}" y="{y + 14}" text-anchor="{anchor}">{escape(row.name + missing)}</text>',
        f'<text class="small" x="{x:.0f}" y="{y + 31}" text-anchor="{anchor}">{escape(row.numbers(words))}</text>',
    ]


def _legend(top: float, words: Mapping[str, str]) -> list[str]:
    lines = []
    for place, kind in enumerate(KINDS):
        y = top + _LINE * place
        box = f'<rect x="16" y="{y:.0f}" width="20" height="16" fill="{_FILLS[kind]}" stroke="{_INK}"/>'
        lines.append(f'{box}<text class="small" x="46" y="{y + 13:.0f}">{escape(words[kind])}</text>')
    return lines
