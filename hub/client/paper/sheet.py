"""The family sheet: one service of the map in plain words, with the day on which it was checked. Decides nothing.

Says what everybody may know of the service and nothing of whom it is for, so that a sheet that is found says nothing of
a child. What the entry does not say stands there as a question to ask.
"""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Any

from consent.words import words as consent_words
from hub.client.paper.press import Block, Sheet, code, own, press
from hub.directory.matching.match import limits
from hub.directory.matching.reasons import label, words
from hub.directory.records.freshness import day_of
from hub.directory.records.hours import clock
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Listing = Mapping[str, Any]


def family_sheet(
    language: str, listing: Listing, areas: Mapping[str, Any], now: int, *, stale: bool = False, large: bool = False
) -> bytes:
    """Return the sheet of a service as everybody may see it. `stale`: also past its last day, which it then says.

    Raises:
        InvalidRequest: the entry is past its last day, or has letters that cannot be printed, or no such language.
    """
    said, checked = words(language)["sheet"], (listing.get("verified") or {}).get("offer", "")
    past = listing.get("shown_until", "") < day_of(now)
    if past and not stale:
        raise InvalidRequest(
            "This entry was not checked for too long, or has ended: a family must not be sent there.",
            todo="Call first and have it checked; or print it with --even-if-stale, and say so.",
            rule="R18",
        )
    warned = [_dated(said["stale"], date=checked or "?")] if past else []
    name, translated = _words_of(listing, "name", language)
    about, also = _words_of(listing, "description", language) if listing.get("description") else ("", None)
    remarks = dict.fromkeys(remark for remark in (translated, also) if remark)
    blocks = [
        {"kind": "title", "text": name},
        _text(*_own(str((listing.get("provider") or {}).get("name", "")))),
        *warned,
        *_section(said["what"], [*_needs(listing, language), *([_text(*_own(about))] if about else [])]),
        *(_text(said[remark]) for remark in remarks),
        *_section(said["who"], [_text(line) for line in _who(listing, said, language)]),
        *_section(said["where"], [_text(*parts) for parts in _where(listing, areas, said, language)]),
        *_section(said["when"], _when(listing, said, language, day_of(now))),
        *_section(said["how"], [_text(line) for line in _how(listing, language)]),
        *_contact(listing, said, language),
        *_section(said["cost"], [_text(said["free"] if listing.get("free") is True else said["ask_cost"])]),
        *([] if past else [_dated(said["checked"], date=checked)]),
    ]
    direction = consent_words(language).direction
    return press(Sheet(name, language, direction, tuple(blocks), (said["title"],), said["page"], large=large))


def _words_of(listing: Listing, field: str, language: str) -> tuple[str, str | None]:
    """Return a text in the language, and a remark where nobody, or a machine, translated it."""
    found = ((listing.get("translations") or {}).get(language) or {}).get(field) or {}
    if found.get("text") and found.get("state") != "outdated":
        return str(found["text"]), "machine" if found.get("state") == "machine" else None
    return str(listing.get(field) or ""), None if language == "en" else "not_translated"


def _needs(listing: Listing, language: str) -> list[Block]:
    named = [label("needs", need, language) for need in listing.get("needs") or ()]
    return [_text(_joined(named, language))] if named else []


def _who(listing: Listing, said: Mapping[str, str], language: str) -> Iterable[str]:
    bands = listing.get("bands")
    if not bands:
        yield said["ask_who"]
    for band in bands or ():
        ages = limits({"bands": [band]})
        whole = said["ages"] if ages["to"] else said["any_age"] if ages["from"] == "0" else said["from_age"]
        sexes, situations = band.get("sexes"), band.get("situations")
        named = [label("sexes", one, language) for one in (sexes if isinstance(sexes, list) else ())]
        named += [label("situations", one, language) for one in (situations if isinstance(situations, list) else ())]
        yield _joined([_filled(whole, **{"from": ages["from"], "to": ages["to"]}), *named], language)
    needed = listing.get("documents")
    if isinstance(needed, list) and needed:
        yield f"{said['bring']}: {_joined([label('documents', one, language) for one in needed], language)}"
    yield said["without_papers"]


def _where(
    listing: Listing, areas: Mapping[str, Any], said: Mapping[str, str], language: str
) -> Iterable[tuple[Any, ...]]:
    places = listing.get("places") or []
    if not places:
        yield (said["ask_place"],)
    for place in places:
        names = (areas.get(place.get("area") or "") or {}).get("names") or {}
        area = str(names.get(language) or names.get("en") or next(iter(names.values()), place.get("area") or ""))
        texts = [str(text) for text in (place.get("name"), place.get("address"), area) if text]
        yield from (((part,) for text in texts for part in _own(text)) if texts else [(said["ask_place"],)])
        access = [label("access", one, language) for one in place.get("access") or ()]
        if access:
            yield (_joined(access, language),)


def _when(listing: Listing, said: Mapping[str, str], language: str, today: str) -> list[Block]:
    hours = listing.get("hours")
    if not hours:
        return [_text(said["ask_hours"])]
    blocks = [_text(said["always"])] if hours.get("always") else [_week(hours["week"], said, language)]
    for row in (one for one in hours.get("exceptions") or () if one["to"] >= today):
        days = {"from": row["from"], "to": row["to"]}
        blocks.append(_dated(said["other_hours"] if row["week"] else said["closed"], **days))
        blocks += [_week(row["week"], said, language)] if row["week"] else []
    return blocks


def _week(week: Iterable[Mapping[str, Any]], said: Mapping[str, str], language: str) -> Block:
    days, fields = words(language)["days"], []
    for row in sorted(week, key=lambda row: (row["day"], row["from"])):
        nth = [said["last"] if number == -1 else str(number) for number in row.get("nth") or ()]
        only = [_filled(said["nth"], nth=_joined(nth, language))] if nth else []
        hours = code(f"{clock(row['from'])}-{clock(row['to'])}")
        fields.append([_joined([days[str(row["day"])], *only], language), hours])
    return {"kind": "fields", "columns": 3, "fields": fields}


def _how(listing: Listing, language: str) -> Iterable[str]:
    pathway = listing.get("pathway") or {}
    for part, name in (("intake", "intake"), ("referral_methods", "methods")):
        named = [label(part, one, language) for one in pathway.get(name) or ()]
        if named:
            yield _joined(named, language)
    if pathway.get("response_time"):
        yield label("response_times", str(pathway["response_time"]), language)


def _contact(listing: Listing, said: Mapping[str, str], language: str) -> list[Block]:
    numbers = [str(row["number"]) for row in listing.get("phones") or () if row.get("number")]
    spoken = _joined([label("languages", one, language) for one in listing.get("languages") or ()], language)
    fields: list[list[Any]] = [[said["call"], code(number)] for number in numbers]
    fields += [[said["languages"], spoken]] if spoken else []
    return [{"kind": "fields", "columns": 2, "fields": fields}] if fields else []


def _section(title: str, blocks: list[Block]) -> list[Block]:
    return [{"kind": "heading", "text": title}, *blocks] if blocks else []


def _text(*parts: Any) -> Block:
    return {"kind": "text", "text": list(parts)}


def _own(text: str) -> list[Block]:
    """Return somebody's words line by line; each keeps its own direction."""
    return [own(line) for line in text.splitlines() if line.strip()]


def _joined(texts: list[str], language: str) -> str:
    return ("، " if language == "ar" else ", ").join(texts)


def _dated(text: str, **days: str) -> Block:
    """Return a sentence whose days keep their own order between words of any direction."""
    parts: list[Any] = []
    for before, name, _, _ in Formatter().parse(text):
        parts += [before.strip()] if before.strip() else []
        parts += [code(days[name])] if name else []
    return _text(*parts)


def _filled(text: str, **values: str | None) -> str:
    return text.format_map(values)
