"""Caseless search of the service map: words in every script, needs they mean, areas they name, counts beside the list.

Knows age bands and nothing about any person. Works on derived rows alone, the same on both databases; opens a listing
only of what is shown. Each typed word must be met: by a word, by the beginning of one if it is the last, by a need or
an area that it means; only a word that meets nothing is taken as mistyped. If nothing meets all, what meets most is
shown. What nobody said (hours, ages, languages) leaves a service in, after those where it is known.

Rules: what a viewer may not see adds to no count and decides nothing, not even whether a word was mistyped.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Select, and_, case, func, literal, or_, select, union_all

from hub.directory.areas.store import Areas
from hub.directory.records import hours as opening
from hub.directory.records.freshness import day_of
from hub.directory.records.vocabulary import AGE_GROUPS
from hub.directory.servicemap.store import map_records, map_views, map_words
from hub.directory.text.needs import Meant, meant
from hub.directory.text.normalise import near, words
from hub.directory.text.store import AREA, NEED, map_facets
from hub.packets.encoding import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine, Row

    from hub.directory.servicemap.viewer import Viewer

MOST_WORDS: Final = 12
_AGES: Final = (1 << len(AGE_GROUPS)) - 1
_PARTNERS: Final = 1
_END: Final = "\U0010ffff"
_EXACT, _START, _TYPO = 4, 3, 2
_TYPOS: Final = 5
_COUNTED: Final = ("kind", "free", "needs", "areas", "languages", "access", "capacity")
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
        every, counted = True, self._counts(asked, len(asked))
        if not counted and len(asked) > 1:
            every, counted = False, self._counts(asked, 1)
        total = sum(row.number for row in counted)
        found = self._page(asked, len(asked) if every else 1)
        needs = {need: phrase for one in said for need, phrase in one.needs.items()}
        seen = self.question.after + len(found)
        return Answer(found, total, self._facets(counted), needs, every, seen if seen < total else None)

    # What was typed

    def _asked(self, said: Sequence[Meant]) -> list[_Asked]:
        asked = [_Asked(word, one.needs) for one in said for word in one.typed][:MOST_WORDS]
        if not asked:
            return []
        asked[-1].last = True
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
        query = self._hits(0, one).limit(1)
        return self.connection.execute(query).first() is not None

    def _vocabulary(self) -> list[str]:
        level = _PARTNERS if self.viewer.agency else 0
        return _words_of(self.connection, level, self.now)

    # Rows

    def _seen(self) -> ColumnElement[bool]:
        """The condition that a row of facets is how this viewer sees the service."""
        f = map_facets.c
        reach = self._reach()
        return and_(f.level <= reach, reach < f.below)

    def _reach(self) -> ColumnElement[int]:
        f = map_facets.c
        return self.viewer.reach(f.steward, f.agency, f.home)

    def _hits(self, number: int, one: _Asked) -> Select[Any]:
        """Return the services that meet one typed word, with how well."""
        w = map_words.c
        plain = w.word == one.typed
        start = and_(w.word >= one.typed, w.word < one.typed + _END) if one.last else plain
        meets = or_(start, w.word.in_([*one.terms, *one.typos]))
        well = case((plain, _EXACT), (start, _START), else_=_TYPO)
        joined = map_words.join(map_facets, map_facets.c.service == w.id)
        best = func.max(w.weight * well).label("score")
        return (
            select(w.id.label("service"), literal(number).label("number"), best)
            .select_from(joined)
            .where(meets, w.level <= self._reach(), self._seen(), *self._asks())
            .group_by(w.id)
        )

    def _matched(self, asked: Sequence[_Asked], least: int) -> Any:
        if not asked:
            return None
        parts = [self._hits(number, one) for number, one in enumerate(asked)]
        hits = (union_all(*parts) if len(parts) > 1 else parts[0]).subquery()
        met, score = func.count().label("met"), func.sum(hits.c.score).label("score")
        return select(hits.c.service, met, score).group_by(hits.c.service).having(func.count() >= least).subquery()

    def _asks(self) -> Iterator[ColumnElement[bool]]:
        """Return the conditions that the question sets, beside its words."""
        f, q = map_facets.c, self.question
        if not q.include_stale:
            yield f.shown_until >= self.today
        if q.free:
            yield f.free == "yes"
        if q.kinds:
            yield f.kind.in_(q.kinds)
        for column, codes in ((f.needs, q.needs), (f.areas, q.areas), (f.access, q.access)):
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

    def _rows(self, asked: Sequence[_Asked], least: int, *columns: Any) -> tuple[Select[Any], Any]:
        matched = self._matched(asked, least)
        query = select(*columns).select_from(map_facets)
        if matched is None:
            return query.where(self._seen(), *self._asks()), None
        return query.join(matched, matched.c.service == map_facets.c.service).where(self._seen()), matched

    # Counts

    def _counts(self, asked: Sequence[_Asked], least: int) -> list[Any]:
        """Return how many services look alike in everything that is counted."""
        f = map_facets.c
        shown = [self._capacity() if name == "capacity" else f[name] for name in _COUNTED]
        columns = [column.label(f"c{number}") for number, column in enumerate(shown)]
        hours = [f.hours.label("hours")] if self.question.open_now else []
        query, _ = self._rows(asked, least, *columns, *hours, func.count().label("number"))
        rows = self.connection.execute(query.group_by(*columns, *hours))
        return [row for row in rows if not hours or self._open(row.hours) is not False]

    def _facets(self, rows: Iterable[Any]) -> dict[str, dict[str, int]]:
        counts: dict[str, Counter[str]] = {name: Counter() for name in _COUNTED}
        for row in rows:
            for name, value in zip(_COUNTED, row, strict=False):
                for code in value.strip(",").split(","):
                    counts[name][code or UNKNOWN] += row.number
        return {
            name: dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))) for name, found in counts.items()
        }

    # The page

    def _page(self, asked: Sequence[_Asked], least: int) -> list[Found]:
        f, q = map_facets.c, self.question
        query, matched = self._rows(asked, least, f.service, f.hours, f.shown_until)
        order = [] if matched is None else [matched.c.met.desc(), matched.c.score.desc()]
        query = query.order_by(*order, *self._known_first(), f.shown_until.desc(), f.service)
        if not q.open_now:
            chosen = list(self.connection.execute(query.offset(q.after).limit(q.limit)))
        else:
            chosen = self._open_ones(self.connection.execute(query))
        views = self._views([row.service for row in chosen])
        return [self._found(row, views[row.service], asked) for row in chosen if row.service in views]

    def _known_first(self) -> Iterator[ColumnElement[int]]:
        f, q = map_facets.c, self.question
        if q.age_bands:
            yield case((f.groups.op("&")(_AGES) == 0, 1), else_=0)
        if q.languages:
            yield case((f.languages == "", 1), else_=0)

    def _open_ones(self, rows: Iterable[Row[Any]]) -> list[Any]:
        states = [(row, self._open(row.hours)) for row in rows]
        known = [row for row, state in states if state]
        return (known + [row for row, state in states if state is None])[self.question.after :][: self.question.limit]

    def _open(self, hours: str | None) -> bool | None:
        return _open_at(hours, self.now - self.now % 60)

    def _views(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        query = select(map_views.c.id, self.viewer.view().label("view")).where(map_views.c.id.in_(ids))
        rows = self.connection.execute(query)
        return {row.id: parse_json(bytes(row.view)) for row in rows if row.view is not None}

    def _found(self, row: Any, view: dict[str, Any], asked: Sequence[_Asked]) -> Found:
        why = [reason for one in asked for reason in _why(one, view)]
        return Found(view, why, self._open(row.hours), row.shown_until < self.today)


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
