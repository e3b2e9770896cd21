"""Which records may be the same, how likely, and why. Pure: proposes, decides nothing.

Rules: only records that share something rare are compared (`keys`); every point of a score has its reason; there is no
certainty to be had here, so the strongest word is `likely`. One name in two towns is never `likely` by its name.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from hub.directory.duplicates.names import GENERIC
from hub.directory.text.normalise import near

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hub.directory.duplicates.names import Name

LIKELY: Final = 75
POSSIBLE: Final = 55
_MOST_IN_BLOCK: Final = 60
_RAREST: Final = 3
_ALIKE: Final = 0.6
_GENERIC_WEIGHT: Final = 0.25
_SHORTEST_ACRONYM: Final = 3
_LONG: Final = 5
_EVERYWHERE: Final = frozenset({"ngo", "io", "government", "private", "diaspora"})
"""Kinds that work in many places: one in two towns may well be one."""


@dataclass(frozen=True, slots=True)
class Party:
    """What is compared of a record. `within`: what must be the same, as the provider of a service."""

    id: str
    names: tuple[Name, ...]
    acronyms: frozenset[str] = frozenset()
    kind: str = ""
    country: str = ""
    within: str = ""
    identifiers: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two records may, or may not, be the same: a code and the points that it is worth."""

    code: str
    points: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that may be the same; `first` is the smaller id."""

    first: str
    second: str
    score: int
    reasons: tuple[Reason, ...]

    @property
    def strength(self) -> str:
        """`likely` or `possible`; nothing here is sure."""
        return "likely" if self.score >= LIKELY else "possible"


def candidates(parties: Sequence[Party]) -> list[Pair]:
    """Return the pairs that somebody should look at, the likeliest first."""
    rarity = _rarity(parties)
    by_id = {party.id: party for party in parties}
    pairs = (compare(by_id[one], by_id[other], rarity) for one, other in sorted(_meetings(parties, rarity)))
    found = [pair for pair in pairs if pair is not None]
    return sorted(found, key=lambda pair: (-pair.score, pair.first, pair.second))


def compare(one: Party, other: Party, rarity: Mapping[str, float]) -> Pair | None:
    """Return what speaks for and against two records being the same, or None where too little speaks for it."""
    if one.within != other.within:
        return None
    reasons = [*_likeness(one, other, rarity), *_shared(one, other)]
    if not reasons:
        return None
    reasons += _against(one, other, reasons)
    score = max(0, min(100, sum(reason.points for reason in reasons)))
    named = not (one.areas and other.areas and not one.areas & other.areas) or _evidence(reasons)
    score = score if named else min(score, LIKELY - 1)
    if score < POSSIBLE:
        return None
    first, second = sorted((one.id, other.id))
    return Pair(first, second, score, tuple(reasons))


def _evidence(reasons: Iterable[Reason]) -> bool:
    return any(reason.code in {"same_identifier", "same_phone"} for reason in reasons)


def _rarity(parties: Sequence[Party]) -> dict[str, float]:
    """Return how much each word says: the fewer records have it, the more."""
    seen = Counter(word for party in parties for word in {word for name in party.names for word in name.words})
    total = len(parties) + 1
    return {
        word: math.log(1 + total / number) * (_GENERIC_WEIGHT if word in GENERIC else 1)
        for word, number in seen.items()
    }


def _meetings(parties: Sequence[Party], rarity: Mapping[str, float]) -> set[tuple[str, str]]:
    blocks: dict[str, list[str]] = defaultdict(list)
    for party in parties:
        for key in set(_keys(party, rarity)):
            blocks[key].append(party.id)
    small = (block for block in blocks.values() if 1 < len(block) <= _MOST_IN_BLOCK)
    return {pair for block in small for pair in combinations(sorted(block), 2)}


def _keys(party: Party, rarity: Mapping[str, float]) -> Iterator[str]:
    for name in party.names:
        yield "name " + " ".join(sorted(name.words))
        rarest = sorted(set(name.words), key=lambda word: (-rarity[word], word))[:_RAREST]
        yield from (f"word {word}" for word in rarest)
        yield from (f"start {word[:4]} {len(name.words)}" for word in rarest[:1] if len(word) >= _LONG)
        yield from (f"acronym {word}" for word in name.initials | name.acronyms if len(word) >= _SHORTEST_ACRONYM)
    yield from (f"acronym {word}" for word in party.acronyms if len(word) >= _SHORTEST_ACRONYM)
    for kind, values in (("id", party.identifiers), ("phone", party.phones), ("domain", party.domains)):
        yield from (f"{kind} {value}" for value in values)


def _likeness(one: Party, other: Party, rarity: Mapping[str, float]) -> Iterator[Reason]:
    if any(a.words == b.words for a in one.names for b in other.names):
        alike = 1.0
        yield Reason("same_name", 75)
    else:
        alike = max((_alike(a.words, b.words, rarity) for a in one.names for b in other.names), default=0.0)
        if alike >= _ALIKE:
            yield Reason("alike_name", round(70 * alike))
    mine, theirs = _short(one), _short(other)
    if any(len(word) >= _SHORTEST_ACRONYM for word in mine & theirs):
        yield Reason("same_acronym", 15 if alike >= _ALIKE else 60)
    elif mine & _initials(other) or theirs & _initials(one):
        alone = any(len(name.words) == 1 and name.words[0] in name.acronyms for name in (*one.names, *other.names))
        yield Reason("acronym_of_name", 60 if alone and alike < _ALIKE else 15)
    elif alike >= _ALIKE and _almost(mine, theirs):
        yield Reason("alike_acronym", 10)


def _short(party: Party) -> frozenset[str]:
    return party.acronyms.union(*(name.acronyms for name in party.names))


def _initials(party: Party) -> frozenset[str]:
    found = frozenset[str]().union(*(name.initials for name in party.names))
    return frozenset(word for word in found if len(word) >= _SHORTEST_ACRONYM)


def _alike(one: Sequence[str], other: Sequence[str], rarity: Mapping[str, float]) -> float:
    """Return which part of what two names say is the same, rare words counting more, mistyped ones as well."""
    left = list(dict.fromkeys(other))
    same = whole = 0.0
    for word in dict.fromkeys(one):
        weight = rarity.get(word, 1.0)
        whole += weight
        hit = word if word in left else next((match for match, _ in near(word, left) if len(word) >= _LONG), None)
        if hit is not None:
            left.remove(hit)
            same += weight
    whole += sum(rarity.get(word, 1.0) for word in left)
    return same / whole if whole else 0.0


def _shared(one: Party, other: Party) -> Iterator[Reason]:
    shares = (
        ("same_identifier", one.identifiers & other.identifiers, 90),
        ("same_phone", one.phones & other.phones, 40),
        ("same_domain", one.domains & other.domains, 20),
    )
    yield from (Reason(code, points) for code, values, points in shares if values)


def _against(one: Party, other: Party, reasons: Sequence[Reason]) -> Iterator[Reason]:
    """Return what is said of both and agrees or differs; alone it says nothing."""
    many = {one.kind, other.kind} <= _EVERYWHERE
    if one.areas and other.areas:
        near_by = bool(one.areas & other.areas)
        yield Reason("same_area", 5) if near_by else Reason("other_area", -5 if many else -20)
    if one.needs & other.needs:
        yield Reason("same_need", 3)
    if one.country and other.country and one.country != other.country:
        yield Reason("other_country", -5 if many else -25)
    mine, theirs = _short(one), _short(other)
    codes = {reason.code for reason in reasons}
    if mine and theirs and not codes & {"same_acronym", "acronym_of_name", "alike_acronym"}:
        yield Reason("other_acronym", -10)
    if one.kind and other.kind and one.kind != other.kind:
        yield Reason("other_kind", -10)


def _almost(mine: Iterable[str], theirs: Iterable[str]) -> bool:
    known = list(theirs)
    return any(near(word, known) for word in mine)
