"""Caseless search of the service map: words in every script, needs they mean, areas they name, counts beside the list.

Knows age bands and nothing about any person. Works on derived rows alone, the same on both databases; opens a listing
only of what is shown. Each typed word must be met: by a word, by the beginning of one if it is the last, by a need or
an area that it means; only a word that meets nothing is taken as mistyped. If nothing meets all, what meets most is
shown. What nobody said (hours, ages, languages) leaves a service in, after those where it is known.

Rules: what a viewer may not see adds to no count and decides nothing, not even whether a word was mistyped.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Select, Text, and_, case, cast, func, literal, or_, select, union_all
from sqlalchemy.dialects.postgresql import JSONB

from hub.directory.areas.store import Areas
from hub.directory.records import hours as opening
from hub.directory.records.freshness import day_of
from hub.directory.records.visibility import PARTNERS, PUBLIC
from hub.directory.records.vocabulary import AGE_GROUPS
from hub.directory.servicemap.store import map_records, map_views, map_words
from hub.directory.text.needs import Meant, meant
from hub.directory.text.normalise import near, words
from hub.directory.text.store import AREA, NEED, map_facets
from hub.packets.encoding import canonical, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import CTE, ColumnElement, Connection, Engine
    from sqlalchemy.sql.base import ReadOnlyColumnCollection

    from hub.directory.servicemap.viewer import Viewer

MOST_WORDS: Final = 12
_AGES: Final = (1 << len(AGE_GROUPS)) - 1
_END: Final = "\U0010ffff"
_EXACT, _START, _MEANT = 4, 3, 2
_TYPOS: Final = 5
_COUNTED: Final = ("kind", "free", "needs", "areas", "languages", "access", "capacity")
_PAGE: Final = "page"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: words, and what must be so. A list that is empty asks nothing; of a list one must be met."""

    text: str = ""
    needs: Sequence[str] = ()
    areas: Sequence[str] = ()
    languages: Sequence[str] = ()
    kinds: Sequence[str] = ()
    access: Sequence[str] = ()
    capacity: Sequence[str] = ()
    age_bands: Sequence[str] = ()
    free: bool = False
    open_now: bool = False
    include_stale: bool = False
    limit: int = 20
    after: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """One service as its viewer sees it, why it is here, whether it is open, and whether it is past its limit."""

    listing: dict[str, Any]
    why: list[dict[str, str]]
    open: bool | None
    stale: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of services, how many there are, counts by facet, and how the text was read.

    `every_word` is false where nothing met all that was typed. `after` is where the next page begins.
    """

    found: list[Found]
    total: int
    facets: dict[str, dict[str, int]]
    needs: dict[str, str]
    every_word: bool
    after: int | None


@dataclass(slots=True)
class _Asked:
    """One typed word and what meets it."""

    typed: str
    needs: dict[str, str]
    areas: list[str] = field(default_factory=list)
    typos: list[str] = field(default_factory=list)
    last: bool = False

    @property
    def terms(self) -> list[str]:
        return [f"{NEED}{need}" for need in self.needs] + [f"{AREA}{code}" for code in self.areas]


def search(connection: Connection, question: Question, viewer: Viewer, now: int) -> Answer:
    """Return the services that a question finds for a viewer."""
    return _Search(connection, question, viewer, now).answer()


@dataclass(slots=True)
class _Search:
    connection: Connection
    question: Question
    viewer: Viewer
    now: int

    @property
    def today(self) -> str:
        return day_of(self.now)

    def answer(self) -> Answer:
        said = meant(self.question.text)[:MOST_WORDS]
        asked = self._asked(said)
        every, (facets, page) = True, self._counted(self._rows(asked, len(asked)))
        if not facets["kind"] and len(asked) > 1:
            every, (facets, page) = False, self._counted(self._rows(asked, 1))
        total = sum(facets["kind"].values())  # a service has one kind of provider
        needs = {need: phrase for one in said for need, phrase in one.needs.items()}
        seen = self.question.after + len(page)
        after = seen if seen < total else None
        return Answer(self._found(page, asked), total, facets, needs, every, after)

    # What was typed

    def _asked(self, said: Sequence[Meant]) -> list[_Asked]:
        asked = [_Asked(word, one.needs) for one in said for word in one.typed][:MOST_WORDS]
        if not asked:
            return []
        asked[-1].last = len(asked[-1].typed) > 1 or not asked[-1].typed.isascii()
        self._name_areas(asked)
        for one in asked:
            if not one.terms and not self._is_met(one):
                one.typos = [word for word, _ in near(one.typed, self._vocabulary())[:_TYPOS]]
        return asked

    def _name_areas(self, asked: Sequence[_Asked]) -> None:
        """Let words that name an area, alone or two together, be met by it."""
        spans = {(at, length) for length in (1, 2) for at in range(len(asked) - length + 1)}
        texts = {span: " ".join(one.typed for one in asked[span[0] : sum(span)]) for span in spans}
        named = Areas(self.connection).named(set(texts.values()))
        for (at, length), text in sorted(texts.items()):
            for one in asked[at : at + length]:
                one.areas += named.get(text, [])

    def _is_met(self, one: _Asked) -> bool:
        return any(self.connection.execute(part.limit(1)).first() for part in self._hits(0, one))

    def _vocabulary(self) -> list[str]:
        level = PARTNERS if self.viewer.agency else PUBLIC
        return _words_of(self.connection, level, self.now)

    # Rows

    def _hits(self, number: int, one: _Asked) -> Iterator[Select[Any]]:
        """Return the services that meet one typed word, with how well: as it stands, by what it means, by its start."""
        w = map_words.c
        whole = [one.typed, *one.terms, *one.typos]
        well = case((w.word == one.typed, _EXACT), else_=_MEANT)
        met = select(w.id.label("service"), literal(number).label("number"))
        seen = self.viewer.may(w.level, w.id)
        yield met.add_columns((w.weight * well).label("score")).where(w.word.in_(whole), seen)
        if one.last:
            start = (w.word > one.typed, w.word < one.typed + _END)
            yield met.add_columns((w.weight * _START).label("score")).where(*start, seen)

    def _matched(self, asked: Sequence[_Asked], least: int) -> Any:
        """Return the services that meet at least so many typed words: how many, and how well."""
        hits = union_all(*(part for number, one in enumerate(asked) for part in self._hits(number, one))).subquery()
        score = func.max(hits.c.score).label("score")
        best = select(hits.c.service, hits.c.number, score).group_by(hits.c.service, hits.c.number).subquery()
        met, total = func.count().label("met"), func.sum(best.c.score).label("score")
        return select(best.c.service, met, total).group_by(best.c.service).having(met >= least).subquery()

    def _rows(self, asked: Sequence[_Asked], least: int) -> CTE:
        """Return all services that are found, with what they are counted and ordered by."""
        f = map_facets.c
        counted = [self._capacity().label(name) if name == "capacity" else f[name] for name in _COUNTED]
        columns = [*counted, f.service, f.shown_until, self._unknown().label("unknown")]
        reach = self.viewer.reach(f.steward, f.agency, f.home)
        seen = and_(f.level <= reach, reach < f.below, *self._asks())
        if self.question.open_now:
            seen = and_(seen, or_(f.hours.is_(None), f.hours.not_in(self._among(self._hours(), state=False))))
        if not asked:
            return select(*columns, literal(0).label("met"), literal(0).label("score")).where(seen).cte("found")
        matched = self._matched(asked, least)
        joined = map_facets.join(matched, matched.c.service == f.service)
        return select(*columns, matched.c.met, matched.c.score).select_from(joined).where(seen).cte("found")

    def _hours(self) -> dict[str, bool | None]:
        """Return whether it is open now by each of the hours that some service has."""
        f = map_facets.c
        said = self.connection.scalars(select(f.hours).where(f.hours.is_not(None)).distinct())
        return {hours: _open_at(hours, self.now - self.now % 60) for hours in said}

    def _among(self, hours: Mapping[str, bool | None], *, state: bool | None) -> Select[Any]:
        """Return the hours of one state as one value, however many there are."""
        kept = json.dumps([each for each, opens in hours.items() if opens is state])
        if self.connection.dialect.name == "sqlite":
            return select(func.json_each(kept).table_valued("value").c.value)
        return select(func.jsonb_array_elements_text(cast(literal(kept, Text), JSONB)).column_valued("value"))

    def _asks(self) -> Iterator[ColumnElement[bool]]:
        """Return the conditions that the question sets, beside its words."""
        f, q = map_facets.c, self.question
        if not q.include_stale:
            yield f.shown_until >= self.today
        if q.free:
            yield f.free == "yes"
        if q.kinds:
            yield f.kind.in_(q.kinds)
        areas = [Areas(self.connection).canonical(code) for code in q.areas]
        for column, codes in ((f.needs, q.needs), (f.areas, areas), (f.access, q.access)):
            if codes:
                yield or_(*(column.contains(f",{code},", autoescape=True) for code in codes))
        if q.languages:
            spoken = (f.languages.contains(f",{code},", autoescape=True) for code in q.languages)
            yield or_(f.languages == "", *spoken)
        if q.age_bands:
            yield or_(f.groups.op("&")(_AGES) == 0, f.groups.op("&")(_bits(q.age_bands)) != 0)
        if q.capacity:
            yield self._capacity().in_(q.capacity)

    def _capacity(self) -> ColumnElement[str]:
        f = map_facets.c
        counts = and_(f.capacity != "", f.capacity_until >= self.today)
        return case((counts, f.capacity), else_=UNKNOWN)

    # Counts and the page

    def _counted(self, rows: CTE) -> tuple[dict[str, dict[str, int]], list[str]]:
        """Return counts by facet, and the services of the page, with one look at what is found."""
        counted = [select(literal(name), rows.c[name], func.count()).group_by(rows.c[name]) for name in _COUNTED]
        counts: dict[str, Counter[str]] = {name: Counter() for name in _COUNTED}
        page: dict[int, str] = {}
        for name, value, number in self.connection.execute(union_all(*counted, self._page(rows))):
            if name == _PAGE:
                page[number] = value
                continue
            for code in value.strip(",").split(","):
                counts[name][code or UNKNOWN] += number
        facets = {
            name: dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))) for name, found in counts.items()
        }
        return facets, [page[number] for number in sorted(page)]

    def _page(self, rows: CTE) -> Select[Any]:
        """Return a page by number: what meets more before what meets less, then the known, then the fresh."""
        first = select(rows).order_by(*_order(rows.c)).limit(self.question.limit).offset(self.question.after).subquery()
        return select(literal(_PAGE), first.c.service, func.row_number().over(order_by=_order(first.c)))

    def _unknown(self) -> ColumnElement[int]:
        """Return how much of what was asked is not known of a service."""
        f, q = map_facets.c, self.question
        found: ColumnElement[int] = literal(0)
        if q.open_now:
            unread = f.hours.in_(self._among(self._hours(), state=None))
            found += case((or_(f.hours.is_(None), unread), 1), else_=0)
        if q.age_bands:
            found += case((f.groups.op("&")(_AGES) == 0, 1), else_=0)
        if q.languages:
            found += case((f.languages == "", 1), else_=0)
        return found

    def _open(self, hours: str | None) -> bool | None:
        return _open_at(hours, self.now - self.now % 60)

    def _found(self, page: Sequence[str], asked: Sequence[_Asked]) -> list[Found]:
        query = select(map_views.c.id, self.viewer.view().label("view"))
        some = query.where(map_views.c.id.in_(page))
        views = {row.id: parse_json(bytes(row.view)) for row in self.connection.execute(some) if row.view is not None}
        return [self._one(views[service], asked) for service in page if service in views]

    def _one(self, view: dict[str, Any], asked: Sequence[_Asked]) -> Found:
        why = [reason for one in asked for reason in _why(one, view)]
        hours = None if view.get("hours") is None else canonical(view["hours"]).decode()
        return Found(view, why, self._open(hours), view.get("shown_until", "") < self.today)


def _order(c: ReadOnlyColumnCollection[str, Any]) -> Sequence[ColumnElement[Any]]:
    return c.met.desc(), c.unknown, c.score.desc(), c.shown_until.desc(), c.service


def _bits(bands: Iterable[str]) -> int:
    return sum(1 << AGE_GROUPS.index(band) for band in set(bands))


@lru_cache(maxsize=4096)
def _open_at(hours: str | None, minute: int) -> bool | None:
    said = None if hours is None else parse_json(hours.encode())
    if said is None or not said.get("zone"):
        return None
    day, _, local_minute = opening.local(minute, said["zone"])
    return opening.open_at(said, day, local_minute)


def _why(one: _Asked, view: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Say by what a typed word is met in a listing: best first, one reason of each kind."""
    texts = dict(_texts(view))
    for how, meets in (("word", {one.typed}), ("start", None), ("typo", set(one.typos))):
        for name, text in texts.items():
            hit = next(
                (w for w in words(text) if (w in meets if meets is not None else one.last and w.startswith(one.typed))),
                None,
            )
            if hit:
                yield {"typed": one.typed, "how": how, "field": name, "met": hit}
                return
    for need, phrase in one.needs.items():
        if need in view.get("needs", ()):
            yield {"typed": one.typed, "how": "need", "field": "needs", "met": need, "phrase": phrase}
            return
    codes = {code for place in view.get("places", ()) for code in place.get("path", ())} | set(view.get("covers", ()))
    for code in one.areas:
        if code in codes:
            yield {"typed": one.typed, "how": "area", "field": "places", "met": code}
            return


def _texts(view: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((name, view[name]) for name in ("name", "description") if view.get(name))
    provider = view.get("provider", {})
    yield from ((f"provider.{name}", provider[name]) for name in ("name", "acronym") if provider.get(name))
    for language, fields in (view.get("translations") or {}).items():
        yield from ((f"translations.{language}.{name}", said["text"]) for name, said in fields.items())


# The words that there are, for typing errors

_KNOWN: WeakKeyDictionary[Engine, dict[int, tuple[int, list[str]]]] = WeakKeyDictionary()


def _words_of(connection: Connection, level: int, now: int) -> list[str]:
    """Return all words that everybody at a level sees; read again once anything has changed."""
    changed = connection.scalar(select(func.max(map_records.c.moved_at))) or 0
    kept = _KNOWN.setdefault(connection.engine, {})
    stamp, known = kept.get(level, (-1, []))
    if stamp == changed:
        return known
    found = _distinct(connection, level)
    if changed < now:
        kept[level] = (changed, found)
    return found


def _distinct(connection: Connection, level: int) -> list[str]:
    """Return the different words by one look into the index for each."""
    w = map_words.c
    least = select(func.min(w.word).label("word")).where(w.level <= level)
    step = least.cte("step", recursive=True)
    following = select(func.min(w.word)).where(w.level <= level, w.word > step.c.word).scalar_subquery()
    step = step.union_all(select(following).where(step.c.word.is_not(None)))
    rows = connection.scalars(select(step.c.word).where(step.c.word.is_not(None)))
    return [word for word in rows if ":" not in word]
