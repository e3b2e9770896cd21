"""Who works with whom across a border: which providers may receive transfers, under which agreement. Pure.

Each side says it of the other in its own record (`counterparts`), and the hubs of both sides need not agree. So an
answer has three values: both say so, only one side does, or nobody any more. A transfer is possible by the record
(`yes`) only where both sides say so today; one side alone makes it `unknown`, and a side that says no makes it `no`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """A provider as somebody may see it, and the hub at which it is at home."""

    document: Mapping[str, Any]
    host: str


def counterparts(providers: Mapping[str, Known], corridor: str, day: str) -> list[Document]:
    """Return the pairs of one way of a corridor, `DJ-ET`, as of a day.

    `providers`: by every id that leads to them. An entry without a corridor speaks of both ways.
    """
    start, _, end = corridor.partition("-")
    pairs: dict[tuple[str, str], list[Document]] = {}
    for sender, receiver, side, entry in _said(providers, start, end, corridor):
        pairs.setdefault((sender, receiver), []).append(_agreement(side, entry, day))
    found = [_pair(providers, corridor, pair, rows) for pair, rows in pairs.items()]
    order = {"yes": 0, "unknown": 1, "no": 2}
    found.sort(key=lambda row: (order[row["may_receive"]], row["receiver"]["name"] or "", row["receiver"]["id"]))
    return found


def _said(
    providers: Mapping[str, Known], start: str, end: str, corridor: str
) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """Yield (sender, receiver, which of them says so, what it says)."""
    for known in {known.document["id"]: known for known in providers.values()}.values():
        own, country = known.document["id"], known.document.get("country")
        for entry in known.document.get("counterparts", ()):
            other = providers.get(entry["provider"])
            there = entry.get("country") if other is None else other.document.get("country")
            name = entry["provider"] if other is None else other.document["id"]
            if entry.get("corridor") not in {None, corridor}:
                continue
            if (country, there) == (start, end):
                yield own, name, "sender", entry
            elif (there, country) == (start, end):
                yield name, own, "receiver", entry


def _agreement(side: str, entry: Mapping[str, Any], day: str) -> Document:
    named = {name: entry.get(name) for name in ("agreement", "basis", "may_receive_transfers", "until")}
    return {"side": side, **named, "expired": bool(entry.get("until")) and entry["until"] < day}


def _pair(providers: Mapping[str, Known], corridor: str, pair: tuple[str, str], rows: Sequence[Document]) -> Document:
    live = [row for row in rows if not row["expired"]]
    sides = sorted({row["side"] for row in live})
    countries = dict(zip(pair, corridor.split("-"), strict=True))
    ends = [row["until"] for row in live if row["until"]]
    return {
        "corridor": corridor,
        **{
            role: _side(providers.get(one), one, countries[one])
            for role, one in zip(("sender", "receiver"), pair, strict=True)
        },
        "said": "both" if len(sides) > 1 else sides[0] if sides else "nobody",
        "may_receive": _may_receive(live, both=len(sides) > 1),
        "until": min(ends, default=None),
        "agreements": sorted(rows, key=lambda row: (row["side"], row["until"] or "")),
    }


def _may_receive(live: Sequence[Document], *, both: bool) -> str:
    said = [row["may_receive_transfers"] for row in live]
    if False in said:
        return "no"
    sides = {row["side"] for row in live if row["may_receive_transfers"]}
    return "yes" if both and sides == {"sender", "receiver"} else "unknown"


def _side(known: Known | None, one: str, country: str) -> Document:
    document = {} if known is None else known.document
    named = {name: document.get(name) for name in ("name", "agency")}
    return {"id": one, **named, "country": country, "host": None if known is None else known.host}
