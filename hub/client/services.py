"""Services from a worker's desk: ask the hub for a slice, verify it, match it with the person here, choose one.

A question to the hub names a need, a place and a day, and nothing about any person; who the service is for, and what
was found, stays in this process. The answer counts only if the home hub signed it now and answers what was asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from hub.client import routing
from hub.client.transport import well_formed
from hub.directory.matching.match import DOES_NOT, Person, Question, Ranked, match
from hub.directory.matching.places import KM, Where
from hub.directory.records.freshness import day_of
from hub.directory.records.listing import MICRO
from hub.directory.records.slices import read_slice
from hub.directory.records.vocabulary import NEEDS, codes
from hub.errors import BadSignature, InvalidRequest, NotFound, PeerMisbehaved, UnknownSigner
from hub.inquiries.domain import ELIGIBLE
from hub.keys.certificates import CASE_ROLES, PERSON_ONLY
from hub.packets.encoding import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.client.member import Member
    from hub.keys.pins import TrustedAgency

MOST: Final = 1000
"""More candidates are not fetched: a smaller area or circle finds the same best ones."""
_FRESH: Final = 600
_PROTECTED: Final = frozenset(codes("protected_attributes"))
_EXCLUDING: Final = frozenset({"nationality", "status", "documents", "exclusion"})


@dataclass(frozen=True, slots=True)
class Slice:
    """What the home hub said in answer to a question; `whole` unless there were more than `MOST`."""

    at: int
    candidates: tuple[Mapping[str, Any], ...]
    areas: Mapping[str, Any]
    whole: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The services of a slice for one person, the best first and the near misses last."""

    slice: Slice
    ranked: tuple[Ranked, ...]

    @property
    def fitting(self) -> tuple[Ranked, ...]:
        """Those against which nothing speaks."""
        return tuple(row for row in self.ranked if row.fits)

    @property
    def near_misses(self) -> tuple[Ranked, ...]:
        """The others, the fewest reasons against them first."""
        return tuple(row for row in self.ranked if not row.fits)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A service of the map to which a referral goes: what the referral needs to know of it."""

    ranked: Ranked
    to: str
    inbox: str | None
    service: str
    person: str | None
    listing: Mapping[str, Any]
    about: Mapping[str, Any] = field(repr=False)
    warnings: tuple[str, ...]
    routing: Mapping[str, Any]
    """Why it was chosen, in codes about the service alone."""

    def outgoing(self) -> dict[str, Any]:
        """Return the members of `hub.client.referrals.Outgoing` that the map decides."""
        named = ("to", "inbox", "service", "person", "listing", "about", "routing")
        return {name: getattr(self, name) for name in named}


# Asking


def find(member: Member, asked: Question, *, language: str | None = None, stale: bool = False) -> Found:
    """Return the services for a need, ranked for the person.

    Args:
        member: who asks; the hub answers what this member may see.
        asked: what is looked for; of it the hub learns need, place and day alone.
        language: where given, the hub leaves out services that are known not to speak it.
        stale: whether services past their last day are shown too.

    Raises:
        InvalidRequest: neither an area nor a point was named.
        NotFound: there is no area of this code.
        PeerMisbehaved, BadSignature: the answer is not the home hub's, not of now, or to another question.
    """
    found = fetch(member, asked.need, asked.where, when=asked.when, language=language, stale=stale)
    question = replace(asked, where=_placed(asked.where, found), person=_living(asked.person, found.areas))
    with well_formed():
        return Found(found, tuple(match(found.candidates, question, found.areas, member.clock.now())))


def fetch(
    member: Member,
    need: str,
    where: Where,
    *,
    when: int | None = None,
    language: str | None = None,
    stale: bool = False,
) -> Slice:
    """Return all candidates for a need at a place, each page of them verified."""
    now = member.clock.now()
    point = None if where.point is None else (*where.point, KM if where.km is None else where.km)
    said = {"need": need, "area": where.area, "language": language, "date": day_of(when or now), "stale": stale}
    query: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    asked = dict(query)
    if point is not None:
        query["point"] = {"lat": point[0] / MICRO, "lon": point[1] / MICRO, "km": point[2]}
        asked["point"] = {"lat": point[0], "lon": point[1], "m": round(point[2] * 1000)}
    if where.area is None and point is None:
        raise InvalidRequest("A question for services names an area or a point.", todo="Give --area or --near.")
    candidates: dict[str, Mapping[str, Any]] = {}
    areas: dict[str, Any] = {}
    after: str | None = None
    while True:
        page = {} if after is None else {"after": after}
        value = _verified(member, "/api/v1/directory/slice", {**query, **page}, {**asked, **page})
        with well_formed():
            candidates |= {str(row["id"]): row for row in value["candidates"]}
            areas |= value["areas"]
            went, after = after, value["after"]
        if after is None or len(candidates) >= MOST or after == went:
            return Slice(int(value["at"]), tuple(candidates.values())[:MOST], areas, after is None)


def look_up(member: Member, service: str, *, public: bool = False) -> tuple[Mapping[str, Any], Slice]:
    """Return one service of the map as the home hub signs it now; `public`: as everybody may see it.

    Raises:
        NotFound: there is no such service, or none that this member, or everybody, may see.
    """
    query = {"service": service, "public": public}
    value = _verified(member, "/api/v1/directory/service", query, query)
    with well_formed():
        (listing,) = value["candidates"]
        return listing, Slice(int(value["at"]), (listing,), dict(value["areas"]), whole=True)


# Choosing


def choose(
    member: Member, service: str, person: Person, *, need: str | None = None, where: Where | None = None
) -> Chosen:
    """Return a service of the map as the recipient of a referral for a person, and why it and not another one.

    With an area in `where` the hub is asked for all services there, as `find` asks; else others are not looked at.

    Raises:
        InvalidRequest: it is for several needs of different types and none was named, or its provider is no agency.
    """
    listing, found = look_up(member, service)
    wanted = _need(listing, need)
    place = where or Where()
    question = Question(wanted, _living(person, found.areas), replace(place, path=_path(found.areas, place.area)))
    with well_formed():
        (ranked,) = match([listing], question, found.areas, member.clock.now())
        agency = (listing.get("provider") or {}).get("agency")
    if not agency:
        raise InvalidRequest(
            "The provider of this service is no agency here.", todo="Refer as its pathway says: hub directory sheet."
        )
    to = member.trust.agency(str(agency))
    answered, named, warnings = answering(listing, to, member.clock.now())
    kind = NEEDS[wanted].service
    whom = named if to.entry.kind == PERSON_ONLY else None
    said = {**facts(ranked, answered=answered), "service": kind}
    others = None if place.area is None else find(member, Question(wanted, person, place)).near_misses
    why = routing.chosen(ranked, others and [row for row in others if row.listing["id"] != service])
    return Chosen(ranked, str(agency), listing.get("inbox"), kind, whom, said, person.facts(), warnings, why)


def facts(ranked: Ranked, *, answered: bool) -> dict[str, Any]:
    """Return what the rules are told of a service that was matched (R17 to R20)."""
    listing = ranked.listing
    fails = [name for name in ELIGIBLE if ranked.answers.get(name) is False]
    excludes = listing.get("exclusions") or [] if _EXCLUDING & set(fails) else []
    return {
        "id": listing["id"],
        "verified": (listing.get("verified") or {}).get("offer"),
        "answered": answered,
        "fails": fails,
        "labour_from": listing.get("labour_from"),
        "excludes": [row for row in excludes if row.get("attribute") in _PROTECTED],
    }


def answering(listing: Mapping[str, Any], agency: TrustedAgency, now: int) -> tuple[bool, str | None, tuple[str, ...]]:
    """Return whether somebody with a live key answers for a service, who of the two, and what to warn of (D3, R17)."""
    today = day_of(now)
    focal, last = listing.get("focal_point"), (listing.get("until") or {}).get("focal_point", "")
    if not isinstance(focal, dict) or last < today:
        return False, None, ("no_focal_point",)
    live = {cert.member for cert in agency.members(now) if cert.roles & CASE_ROLES}
    away = str(focal.get("away_until") or "") >= today
    first, second = focal.get("member"), (focal.get("deputy") or {}).get("member")
    here = not away and (first in live if first else bool(live))
    stands_in = second in live
    warnings = () if stands_in else ("no_deputy",)
    named = first if here else second if stands_in else None
    return here or stands_in, named, warnings if here else (*warnings, "use_deputy")


def against(ranked: Ranked) -> tuple[str, ...]:
    """Return the criteria that speak against a service."""
    return tuple(row.id for row in ranked.criteria if row.said == DOES_NOT)


def _need(listing: Mapping[str, Any], need: str | None) -> str:
    named = [code for code in listing.get("needs") or () if code in NEEDS]
    if need is not None and need not in named:
        raise InvalidRequest("This service is not for that need.", todo="See hub directory sheet.")
    kinds = {NEEDS[code].service for code in named}
    if need is None and len(kinds) != 1:
        raise InvalidRequest("This service is for several needs.", todo="Say which with --need.")
    return need or named[0]


# What the hub says


def _verified(member: Member, path: str, query: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    host, now = member.account.host, member.clock.now()
    with well_formed():
        answer = member.hub.post(path, query)["slice"]
    key = member.trust.pins.hubs.get(host)
    if key is None:
        raise UnknownSigner("No key of this hub is pinned.")
    value = read_slice(canonical(answer), host, key)
    if value.get("asked") != asked:
        raise PeerMisbehaved("The hub answered another question than was asked.")
    with well_formed():
        if abs(int(value["at"]) - now) > _FRESH:
            raise BadSignature("The hub's answer about services is not of now.", todo="Compare the clocks.")
    return value


def _placed(where: Where, found: Slice) -> Where:
    """Return where help is wanted, by the code under which the map keeps that area."""
    if where.area is None:
        return where
    if where.area not in found.areas and not found.candidates:
        raise NotFound("There is no area of this code.", todo="Look for it with hub directory areas find.")
    path = _path(found.areas, where.area)
    return replace(where, area=path[-1], path=path)


def _living(person: Person, areas: Mapping[str, Any]) -> Person:
    """Return the person with the areas in which they live; unknown where no service names one of them.

    The hub is never asked where somebody lives, so a place inside an area that a service names cannot be told.
    """
    if not person.residence:
        return person
    code = person.residence[-1]
    return replace(person, residence=_path(areas, code) if code in areas else None)


def _path(areas: Mapping[str, Any], code: str | None) -> tuple[str, ...]:
    if code is None:
        return ()
    with well_formed():
        return tuple((areas.get(code) or {}).get("path") or (code,))
