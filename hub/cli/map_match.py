"""`hub directory match` and `hub directory sheet`: services for one person, ranked with reasons; a sheet for a family.

Who the service is for stays in this process: the hub is asked for a need and a place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from consent.words import LANGUAGES
from hub.cli.common import FILE, Session, command, read_json
from hub.cli.people import resolve
from hub.client import inquiries, services
from hub.client.basis import today
from hub.directory.matching import reasons
from hub.directory.matching.asking import person_of, where_of
from hub.directory.matching.match import DOES_NOT, DUE, RANK, UNKNOWN, Question
from hub.directory.matching.places import Where
from hub.directory.records import vocabulary as v
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from hub.client.member import Member
    from hub.client.services import Chosen, Found
    from hub.directory.matching.match import Ranked

top = click.Group("match")
lang = click.option("--lang", default="en", type=click.Choice(LANGUAGES), help="The language of words.")
_MOMENT = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])
_KILOMETRE = 1000
_NOT_SAID = "not_said"


def _some(flag: str, name: str, text: str, codes: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    kind = click.Choice(codes) if codes else None
    return click.option(flag, name, multiple=True, type=kind, metavar=None if codes else "CODE", help=text)


_PERSON = (
    click.option("--age", help="In years: 14, 13-15 or 0.5."),
    click.option("--born", help="The day of birth, YYYY-MM-DD, instead of an age."),
    click.option("--sex", type=click.Choice(v.codes("sexes")), help="Of the person."),
    click.option("--situation", type=click.Choice(v.codes("situations")), help="With whom the person lives."),
    _some("--language", "languages", "A language that the person speaks. Repeatable."),
    _some("--nationality", "nationalities", "A nationality, two letters. Repeatable."),
    _some("--status", "statuses", "A legal status. Repeatable.", v.codes("statuses")),
    _some("--document", "documents", "A paper that the person has. Repeatable.", v.codes("documents")),
    click.option("--no-documents", is_flag=True, help="The person has no papers."),
    _some(
        "--vulnerability", "vulnerabilities", "What the person lived through. Repeatable.", v.codes("vulnerabilities")
    ),
    click.option("--residence", help="The code of the area where the person lives."),
    _some("--access", "access", "What the person needs to get in. Repeatable.", v.codes("access")),
    click.option("--free", is_flag=True, help="Only a service without fees will do."),
)


@command(
    top,
    click.argument("need", type=click.Choice(list(v.NEEDS)), metavar="NEED"),
    click.option("--area", help="The code of the area; see hub directory areas find."),
    click.option("--near", help="A place: LAT,LON or LAT,LON,KM in degrees and kilometres."),
    *_PERSON,
    click.option("--when", type=_MOMENT, help="Open then; in this machine's zone."),
    click.option("--stale", is_flag=True, help="Also services past their last day."),
    click.option("--limit", default=10, type=click.IntRange(1, 1000), help="At most so many of each kind."),
    click.option("--all-reasons", is_flag=True, help="Say what fits, too."),
    lang,
)
def match(session: Session, need: str, area: str | None, near: str | None, **given: Any) -> None:
    """Find services for NEED, ranked for a person, with the reasons. Nothing of the person leaves this machine."""
    member = session.member()
    moment: datetime | None = given.pop("when")
    shown = {name: given.pop(name) for name in ("limit", "all_reasons", "lang")}
    stale = given.pop("stale")
    person = person_of(_said(given), today(member))
    asked = Question(
        need, person, where_of(area, near), None if moment is None else int(moment.astimezone().timestamp())
    )
    found = services.find(member, asked, stale=stale)
    session.tell(_value(found, shown["lang"]), *_lines(found, **shown))


@command(
    top,
    click.argument("service"),
    lang,
    click.option("--out", required=True, type=FILE, help="Write the PDF to this file."),
    click.option("--large", is_flag=True, help="Large print."),
    click.option("--even-if-stale", is_flag=True, help="Also past its last day; the sheet then says so."),
)
def sheet(session: Session, service: str, lang: str, out: Path, *, large: bool, even_if_stale: bool) -> None:
    """Print a sheet about SERVICE for a family: what everybody may know of it, and when it was checked."""
    from hub.client.paper.sheet import family_sheet
    from hub.client.profile import write_private

    member = session.member()
    listing, found = services.look_up(member, service, public=True)
    data = family_sheet(lang, listing, found.areas, member.clock.now(), stale=even_if_stale, large=large)
    write_private(out, data)
    session.tell({"file": str(out), "bytes": len(data)}, f"Written to {escape(str(out))}.")


def target_of(member: Member, given: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Take whom a referral goes to out of the options of `hub send`; return that, and what to read before it goes.

    Raises:
        InvalidRequest: neither an agency nor a service, or the map says that the service is of another type (R11).
    """
    to, service, about, excepted = (given.pop(name) for name in ("to", "service_id", "about", "exception"))
    if (to is None) == (service is None):
        raise InvalidRequest("Name the agency, or a service of the map.", todo="Give --to or --service-id.")
    if service is None and excepted is not None:
        raise InvalidRequest("An exception is to the limits of a service of the map.", todo="Give --service-id.")
    if service is None:
        return {"to": resolve(member, to)}, []
    person = person_of(read_json(about) if about else {}, today(member))
    need, where = next(iter(given["needs"]), None), Where(area=given["area"])
    chosen = services.choose(member, service, person, need=need, where=where)
    if given.pop("service") not in {None, chosen.service}:
        raise InvalidRequest("The map says that it is of another type.", todo="Leave --service out.", rule="R11")
    target = chosen.outgoing()
    named = {name: given.pop(name, None) or target[name] for name in ("person", "inbox")}
    made = None if excepted is None else inquiries.exception(member, excepted)
    return {**target, **named, "exception": made}, _chosen_lines(chosen)


def _chosen_lines(chosen: Chosen, language: str = "en") -> list[str]:
    marks = reasons.words(language)["marks"]
    name = f"{chosen.ranked.listing.get('name')}: {_marks(chosen.ranked, language)}"
    return [name, *(f"  {text}" for text in (*_why(chosen.ranked, language), *map(marks.get, chosen.warnings)))]


def _said(given: dict[str, Any]) -> dict[str, Any]:
    if given.pop("no_documents"):
        if given["documents"]:
            raise InvalidRequest("Either papers or none.", field="documents")
        given["documents"] = []
    home = given["residence"]
    return {**given, "residence": None if home is None else [home], "free": given["free"] or None}


def _lines(found: Found, *, limit: int, all_reasons: bool, lang: str) -> Iterable[str]:
    marks = reasons.words(lang)["marks"]
    for rows, title in ((found.fitting, ""), (found.near_misses, marks["near_miss"])):
        yield from [f"[bold]{escape(title)}[/]"] if title and rows else []
        for number, row in enumerate(rows[:limit], 1):
            listing, by = row.listing, row.listing.get("provider") or {}
            yield f"{number:3}. [bold]{escape(_name(row, lang))}[/]  {escape(str(by.get('name', '')))}  {listing['id']}"
            yield f"     {escape(_marks(row, lang))}"
            yield from [f"     {escape(reach)}"] if (reach := _reach(row, found.slice.areas, lang)) else []
            yield from (f"     {escape(text)}" for text in _why(row, lang, everything=all_reasons))
        if len(rows) > limit:
            yield f"     … {len(rows) - limit} more; see --limit."
    if not found.ranked:
        yield "No service was found there. Record the need that is not met, or look farther."
    if not found.slice.whole:
        yield "There are more than were looked at: choose a smaller area."


def _marks(row: Ranked, language: str) -> str:
    marks, stale = reasons.words(language)["marks"], row.rank[RANK.index("stale")]
    checked = (row.listing.get("verified") or {}).get("offer")
    said = [marks["sure" if row.sure else "ask" if row.fits else "near_miss"]]
    if row.near.metres is not None:
        said.append(
            f"{marks['approximate'] + ' ' if row.near.approximate else ''}{row.near.metres / _KILOMETRE:.1f} km"
        )
    said += [marks["informal"]] * row.informal + [marks["support"]] * (row.listing.get("role") == "support")
    said.append(marks["checked"].format(date=checked) if checked else marks["never_checked"])
    said += [marks["past"]] if row.overdue and checked else [marks["due"]] if stale == DUE else []
    return "; ".join(said)


def _reach(row: Ranked, areas: Mapping[str, Any], language: str) -> str:
    """Return where the nearest place is and how to call, as far as this member may know."""
    site = row.near.site or {}
    numbers = [str(phone.get("number") or "") for phone in row.listing.get("phones") or ()]
    area = str(site.get("area") or "")
    called = (areas.get(area) or {}).get("names") or {}
    name = called.get(language) or called.get("en")
    placed = f"{name} ({area})" if name else area
    said = [str(site.get("name") or ""), str(site.get("address") or ""), placed, *numbers]
    return ", ".join(text for text in said if text)


def _why(row: Ranked, language: str, *, everything: bool = False) -> Iterable[str]:
    words = reasons.words(language)
    silent = [said for said in row.criteria if said.said == UNKNOWN and said.code == _NOT_SAID]
    for said in row.criteria:
        if said in silent[1:]:
            continue
        if everything or said.said in {DOES_NOT, UNKNOWN}:
            since = f" ({words['marks']['checked'].format(date=said.since)})" if said.since and everything else ""
            label = ", ".join(words["criteria"][each.id] for each in (silent if said in silent else [said]))
            yield f"{words['verdicts'][said.said]:4} {label}: {reasons.sentence(said, language)}{since}"


def _name(row: Ranked, language: str) -> str:
    said = ((row.listing.get("translations") or {}).get(language) or {}).get("name") or {}
    return str(said.get("text") or row.listing.get("name") or "")


def _value(found: Found, language: str) -> dict[str, Any]:
    rows = [
        {
            **row.value(),
            "name": _name(row, language),
            "provider": row.listing.get("provider"),
            "reasons": {said.id: reasons.sentence(said, language) for said in row.criteria},
        }
        for row in found.ranked
    ]
    return {"at": found.slice.at, "whole": found.slice.whole, "services": rows}
