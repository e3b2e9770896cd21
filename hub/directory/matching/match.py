"""Which services fit a person: every criterion of `criteria.json` asked of every listing, then ranked. Pure.

Runs in clients alone, because only there is anything known of the person; a hub gives the listings and learns nothing.
The criteria are expressions of `consent.evaluate`, compiled once. An answer is true, false or unknown: unknown is never
a yes, ranks below what is certain and hides nothing, because somebody can ask. Who does not meet a criterion that
counts is a near miss, shown after the others with the reason, the fewest reasons first. `web/rules/match.js` is the
same in JavaScript; `tests/vectors/rules/matches.json` and a random test hold both together.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from consent.evaluate import Ask, compiled
from hub.directory.matching import places
from hub.directory.matching.places import Near, Where
from hub.directory.records import hours
from hub.directory.records.freshness import day_after, day_of
from hub.directory.records.vocabulary import GROUPS
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MEETS, DOES_NOT, UNKNOWN = "meets", "does_not", "unknown"
_WORDS: Final = {True: MEETS, False: DOES_NOT}
MUST: Final = "must"
RANK: Final = ("misses", "asks", "area", "lacks", "stale", "special", "support", "metres")
"""What services are ranked by, in this order, each the smaller the better; the id decides between equals."""
FRESH, DUE, PAST = 0, 1, 2
_YEAR: Final = 12


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """What a service must know of a person to be matched; None is not said. It never leaves the client.

    `months_from` and `months_to` are the first and last month of age that may be true: often only years are known.
    `attributes` has the values of other protected attributes by which a service may exclude, such as `religion`.
    """

    months_from: int | None = None
    months_to: int | None = None
    sex: str | None = None
    situation: str | None = None
    languages: tuple[str, ...] | None = None
    nationalities: tuple[str, ...] | None = None
    statuses: tuple[str, ...] | None = None
    documents: tuple[str, ...] | None = None
    vulnerabilities: tuple[str, ...] | None = None
    residence: tuple[str, ...] | None = None
    """The codes from the country down to the area where the person lives."""
    access: tuple[str, ...] | None = None
    free: bool | None = None
    """Whether only a service without fees will do."""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return the person as facts: JSON, with `age` in words of digits and `has` by protected attribute."""
        said = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        del said["attributes"]
        has = {
            "sex": None if self.sex is None else [self.sex],
            "nationality": said["nationalities"],
            "status": said["statuses"],
            "language": said["languages"],
            **{name: self._has(name) for name in ("disability", "hiv")},
        }
        return {
            **said,
            "age": self._age(),
            "has": {**has, **{name: list(row) for name, row in self.attributes.items()}},
        }

    def __repr__(self) -> str:
        return "Person()"

    def _has(self, code: str) -> list[str] | None:
        return None if self.vulnerabilities is None else sorted({code} & set(self.vulnerabilities))

    def _age(self) -> str | None:
        if self.months_from is None or self.months_to is None:
            return None
        first, last = self.months_from // _YEAR, self.months_to // _YEAR
        return str(first) if first == last else f"{first}-{last}"


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: the need, who for, where, and when it must be open (None: at whatever time)."""

    need: str
    person: Person = field(default_factory=Person)
    where: Where = field(default_factory=Where)
    when: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What one criterion answers: `code` says why, `since` the day of the check that it rests on."""

    id: str
    said: str
    code: str
    since: str | None
    tells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Criterion:
    id: str
    must: Ask
    asked: Ask
    when: Ask | None
    weight: str
    of: str | None
    group: str | None
    since: str | None
    why: Mapping[str, Sequence[tuple[str, Ask]]]
    tells: Mapping[str, Ask]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A service for a person: whether it fits, how it ranks (`RANK`), and, on demand, why."""

    listing: Mapping[str, Any]
    near: Near
    rank: tuple[int, ...]
    answers: Mapping[str, bool | None]
    _scope: Mapping[str, Any] = field(repr=False)

    @property
    def fits(self) -> bool:
        """Whether nothing that counts speaks against it; what is unknown has to be asked."""
        return self.rank[0] == 0

    @property
    def sure(self) -> bool:
        """Whether all that counts is known and fits."""
        return self.rank[:2] == (0, 0)

    @property
    def overdue(self) -> bool:
        """Whether its last check counts no longer, or there was none."""
        last: str = (self.listing.get("until") or {}).get("offer", "")
        today: str = self._scope["now"]["day"]
        return last < today

    @property
    def informal(self) -> bool:
        """Whether a community body or another informal provider offers it (D2)."""
        return _provider(self.listing).get("formal") is False

    @property
    def criteria(self) -> tuple[Said, ...]:
        """What each criterion answers and why, those that speak against it first."""
        said = [_said(_BY_ID[name], answer, self._scope) for name, answer in self.answers.items()]
        return tuple(sorted(said, key=lambda row: (DOES_NOT, UNKNOWN, MEETS).index(row.said)))

    def value(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "id": self.listing["id"],
            "fits": self.fits,
            "sure": self.sure,
            "informal": self.informal,
            "rank": dict(zip(RANK, self.rank, strict=True)),
            "area": self.near.area,
            "metres": self.near.metres,
            "approximate": self.near.approximate,
            "site": None if self.near.site is None else self.near.site.get("site"),
            "criteria": [{**asdict(row), "tells": dict(row.tells)} for row in self.criteria],
        }


def match(listings: Iterable[Mapping[str, Any]], asked: Question, areas: Mapping[str, Any], now: int) -> list[Ranked]:
    """Return the services of a slice, the best first and the near misses last.

    Args:
        listings: the candidates of a verified slice.
        asked: what is looked for.
        areas: of each area code `{path, lat, lon}`, as slices carry them; positions in millionths of a degree.
        now: Unix seconds.
    """
    base = scope_of(asked, now)
    active = [criterion for criterion in CRITERIA if criterion.asked(base) is not False]
    due = (base["now"]["day"], day_after(base["now"]["day"], -GROUPS["offer"].cadence))
    clocks: dict[str, tuple[str, int] | None] = {}
    known: dict[tuple[str, str], Any] = {}
    found = []
    for listing in listings:
        lies = places.near(listing, asked.where, areas)
        scope = {**base, "listing": listing, "near": {"fits": lies.fits, "area": lies.area}}
        scope["open"] = None if asked.when is None else _open(listing.get("hours"), asked.when, clocks)
        found.append(_rank(listing, lies, _answers(active, scope, due[0], known), scope, due))
    return sorted(found, key=lambda row: (row.rank, row.listing["id"]))


def scope_of(asked: Question, now: int) -> dict[str, Any]:
    """Return the facts that are the same for all listings."""
    where = asked.where
    return {
        "person": asked.person.facts(),
        "where": {"need": asked.need, "asked": where.area is not None or where.km is not None},
        "when": {"asked": asked.when is not None, "at": asked.when, "day": day_of(asked.when or now)},
        "now": {"day": day_of(now)},
    }


def _answers(
    active: Sequence[_Criterion], scope: dict[str, Any], today: str, known: dict[tuple[str, str], Any]
) -> dict[str, bool | None]:
    """Return what each criterion answers. `known` keeps the answers about members that many listings have alike."""
    listing = scope["listing"]
    past = {group for group, last in (listing.get("until") or {}).items() if last < today and group in _DECAYING}
    alike: dict[str, dict[str, Any]] = {}
    for part, members in _ALIKE.items():
        key = (part, repr([listing.get(name) for name in members]))
        if key not in known:
            known[key] = {one.id: one.must(scope) for one in active if one.of == part}
        alike[part] = known[key]
    found: dict[str, bool | None] = {}
    for criterion in active:
        if criterion.when is not None and criterion.when(scope) is False:
            continue
        if criterion.group in past:
            found[criterion.id] = None
        else:
            found[criterion.id] = criterion.must(scope) if criterion.of is None else alike[criterion.of][criterion.id]
    return found


def _rank(
    listing: Mapping[str, Any], lies: Near, answers: dict[str, bool | None], scope: dict[str, Any], due: tuple[str, str]
) -> Ranked:
    open_ones = [name for name, answer in answers.items() if answer is not True]
    musts = [answers[name] for name in open_ones if name in _MUSTS]
    misses = musts.count(False)
    wanted = scope["person"]["vulnerabilities"]
    special = not wanted or not set(wanted).isdisjoint(listing.get("specialisms") or ())
    rank = (
        misses,
        len(musts) - misses,
        places.ORDER.get(lies.area, 2),
        len(open_ones) - len(musts),
        stale(listing, *due),
        int(not special),
        int(listing.get("role") == "support"),
        lies.ranking,
    )
    return Ranked(listing, lies, rank, answers, scope)


def stale(listing: Mapping[str, Any], today: str, due: str) -> int:
    """Return how fresh the offer is: `FRESH`, `DUE` to be checked, or `PAST` the last day on which it counts.

    `due` is the day on or before which a check is so old that the next one is due.
    """
    if listing.get("shown_until", "") < today:
        return PAST
    return DUE if (listing.get("verified") or {}).get("offer", "") <= due else FRESH


def _open(said: Any, when: int, clocks: dict[str, tuple[str, int] | None]) -> bool | None:
    at = _clock(said, when, clocks)
    return None if at is None else hours.open_at(said, *at)


def _clock(said: Any, when: int, clocks: dict[str, tuple[str, int] | None]) -> tuple[str, int] | None:
    """Return the local day and minute of a listing's hours; None where their zone is not known."""
    zone = said.get("zone") if isinstance(said, dict) else None
    if not zone:
        return None
    if zone not in clocks:
        try:
            day, _weekday, minute = hours.local(when, zone)
        except InvalidRequest:
            clocks[zone] = None
        else:
            clocks[zone] = (day, minute)
    return clocks[zone]


# Why


def _said(criterion: _Criterion, answer: bool | None, scope: Mapping[str, Any]) -> Said:  # noqa: FBT001 - three-valued
    said, listing = UNKNOWN if answer is None else _WORDS[answer], scope["listing"]
    since = (listing.get("verified") or {}).get(criterion.group or criterion.since)
    last = (listing.get("until") or {}).get(criterion.group or "", "9999-12-31")
    more = {**scope, "group": limits(listing), "opens": None}
    if criterion.id == "open" and answer is False:
        more["opens"] = _opens(listing["hours"], scope["when"]["at"])
    code = "stale" if criterion.group in _DECAYING and last < scope["now"]["day"] else _code(criterion, said, more)
    told = {name: ask(more) for name, ask in criterion.tells.items()}
    return Said(criterion.id, said, code, since, {name: value for name, value in told.items() if value is not None})


def _code(criterion: _Criterion, said: str, scope: dict[str, Any]) -> str:
    return next((code for code, ask in criterion.why.get(said, ()) if ask(scope) is True), said)


def limits(listing: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the youngest and the oldest age, in years, that any group of a service takes; None: no limit."""
    bands = listing.get("bands") or []
    first = min((band.get("from") or 0 for band in bands), default=0)
    below = None if any(band.get("below") is None for band in bands) else max((b["below"] for b in bands), default=None)
    labour = listing.get("labour_from")
    return {
        "from": _tenths(first * 10 // _YEAR),
        "to": None if below is None else _tenths(_last(below)),
        "labour": None if labour is None else _tenths(labour * 10 // _YEAR),
    }


def _last(below: int) -> int:
    """Return tenths of years: a limit of whole years lasts until the next birthday."""
    return (below // _YEAR - 1) * 10 if below % _YEAR == 0 else (below - 1) * 10 // _YEAR


def _tenths(years: int) -> str:
    whole, tenth = divmod(years, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)


def _opens(said: Mapping[str, Any], when: int) -> str | None:
    at = _clock(said, when, {})
    found = None if at is None else hours.next_open(said, *at)
    return None if found is None else f"{found[0]} {found[1] // 60:02}:{found[1] % 60:02}"


# The criteria


def _provider(listing: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = listing.get("provider") or {}
    return found


def load() -> dict[str, Any]:
    """Return `criteria.json` as it stands."""
    text = resources.files("hub.directory.matching").joinpath("criteria.json").read_text(encoding="utf-8")
    value: dict[str, Any] = json.loads(text)
    return value


def _criterion(row: Mapping[str, Any], named: Mapping[str, Any]) -> _Criterion:
    def each(expression: Any) -> Ask:
        return compiled(expression, named)

    return _Criterion(
        id=row["id"],
        must=each(row["must"]),
        asked=each(row.get("asked", True)),
        when=each(row["when"]) if "when" in row else None,
        weight=row["weight"],
        of=row.get("of"),
        group=row.get("group"),
        since=row.get("since"),
        why={said: [(code, each(condition)) for code, condition in rows] for said, rows in row.get("why", {}).items()},
        tells={name: each(expression) for name, expression in row.get("tells", {}).items()},
    )


_LOADED: Final = load()
CRITERIA: Final = tuple(_criterion(row, _LOADED["named"]) for row in _LOADED["criteria"])
_BY_ID: Final = {criterion.id: criterion for criterion in CRITERIA}
_MUSTS: Final = frozenset(criterion.id for criterion in CRITERIA if criterion.weight == MUST)
_ALIKE: Final[Mapping[str, list[str]]] = _LOADED["alike"]
_DECAYING: Final = frozenset(code for code, group in GROUPS.items() if group.past == UNKNOWN)
