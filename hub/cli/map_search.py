"""`hub directory search`: services by words, for questions about nobody in particular."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hub.cli.common import Session, command
from hub.directory.records import vocabulary as v
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable

top = click.Group("search")
_OPEN = {True: "yes", False: "no", None: "unknown"}
_HOW = {
    "word": "{met}",
    "start": "{met}",
    "typo": "{met} (for {typed})",
    "need": "{typed}: {met}",
    "area": "{typed}: {met}",
}


def _many(flag: str, name: str, text: str, codes: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    kind = click.Choice(codes) if codes else None
    return click.option(flag, name, multiple=True, type=kind, metavar=None if codes else "CODE", help=text)


@command(
    top,
    click.argument("text", nargs=-1),
    _many("--need", "needs", "Only services for this need.", tuple(v.NEEDS)),
    _many("--area", "areas", "Only services in this area, or that cover it."),
    _many("--language", "languages", "Only services in this language, or that do not say."),
    _many("--kind", "kinds", "Only providers of this kind.", v.PROVIDER_KINDS),
    _many("--access", "access", "Only places with this.", v.codes("access")),
    _many("--capacity", "capacity", "Only services in this state.", (*v.codes("capacity_states"), "unknown")),
    _many("--age-band", "age_bands", "Only services for these ages, or that do not say.", v.AGE_GROUPS),
    click.option("--free", is_flag=True, help="Only services that cost nothing."),
    click.option("--open-now", is_flag=True, help="Not those that are closed now."),
    click.option("--include-stale", is_flag=True, help="Also what nobody has checked in time."),
    click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="How many."),
    click.option("--after", type=click.IntRange(0), default=0, help="How many to pass over."),
)
def search(session: Session, text: tuple[str, ...], **asked: Any) -> None:
    """Find services by words in any language and script. Never type anything about a person."""
    if any(word.startswith("--") for word in text):
        raise InvalidRequest("There is no such option, and none for a person.", todo="Use hub directory match.")
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in asked.items()}
    answer = session.member().hub.post("/api/v1/directory/search", {"text": " ".join(text), **given})
    if session.as_json:
        session.tell(answer)
        return
    rows = [_row(found) for found in answer["found"]]
    columns = {"name": "Service", "provider": "Provider", "area": "Area", "open": "Open", "checked": "Checked"}
    session.table(rows, {**columns, **({"why": "Why"} if text else {})})
    if not answer["every_word"] and rows:
        session.tell({}, "Nothing meets every word; these meet some.")
    needs = "; ".join(f"{need} ({number})" for need, number in list(answer["facets"]["needs"].items())[:6])
    session.tell({}, f"{answer['total']} found." + (f" By need: {needs}." if needs else ""))
    if not rows and not asked["include_stale"]:
        session.tell({}, "What nobody has checked in time is left out: --include-stale shows it too.")


def _row(found: dict[str, Any]) -> dict[str, Any]:
    listing = found["listing"]
    areas = [place["area"] for place in listing.get("places", ()) if "area" in place] or listing.get("covers", [])
    checked = listing.get("verified", {}).get("offer", "never")
    return {
        "name": listing.get("name", ""),
        "provider": listing.get("provider", {}).get("name", ""),
        "area": ", ".join(dict.fromkeys(areas)),
        "open": _OPEN[found["open"]],
        "checked": f"{checked}, past its limit" if found["stale"] else checked,
        "why": ", ".join(_HOW[reason["how"]].format(**reason) for reason in found["why"]),
    }
