"""Which records the HSDS interface lists: ids and numbers of them, by its parameters, as everybody may see them.

Reads the tables of the service map and owns none. Only what is public is asked for, in the query itself, so that
totals, pages and filters say nothing of the rest. A mere claim that somebody is present is no service.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, exists, false, func, or_, select, tuple_

from hub.db import Store
from hub.directory.formats.hsds_derive import with_derived
from hub.directory.records.globe import kilometres
from hub.directory.records.record import PROVIDER, SERVICE, SITE
from hub.directory.records.visibility import PUBLIC, visible
from hub.directory.records.vocabulary import NEEDS
from hub.directory.servicemap.slices import Point, box
from hub.directory.servicemap.store import (
    map_aliases,
    map_points,
    map_postings,
    map_records,
    map_sites,
    map_views,
    map_words,
)
from hub.directory.text.normalise import words
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Select

MOST_FOUND: Final = 10_000
"""Ids that one question may find before the page is cut; both databases bind so many."""
_WORD_END: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is narrowed by; all of it together. `terms`: one of these taxonomy terms, by id and code."""

    search: str = ""
    organization: str | None = None
    modified_after: float | None = None
    terms: tuple[tuple[str, str], ...] | None = None
    point: Point | None = None


class Published(Store):
    """The public part of the service map, inside the caller's transaction."""

    def services(self, asked: Asked, start: int, size: int) -> tuple[int, list[str]]:
        """Return how many services there are, and the ids of some in the order of their ids."""
        return self._page(self._services(asked), map_records.c.id, start, size)

    def places(self, asked: Asked, start: int, size: int) -> tuple[int, list[tuple[str, str]]]:
        """Return how many pairs of a service and a public site there are, and some, in the order of their ids."""
        query = self._places(asked)
        total = self._count(query)
        order = (map_sites.c.service, map_sites.c.site)
        rows = self._connection.execute(query.order_by(*order).offset(start).limit(size))
        return total, [(row.service, row.site) for row in rows]

    def organizations(self, asked: Asked, start: int, size: int) -> tuple[int, list[str]]:
        """Return how many organizations there are, and the ids of some in the order of their ids."""
        c = map_records.c
        query = select(c.id).where(c.kind == PROVIDER, c.level <= PUBLIC, self._kept())
        if asked.terms is not None:
            query = query.where(c.id.in_(self._services(Asked(terms=asked.terms)).with_only_columns(c.provider)))
        if not asked.search:
            return self._page(query, c.id, start, size)
        rows = self._connection.execute(query.add_columns(c.document).order_by(c.id))
        wanted = set(words(asked.search))
        found = [row.id for row in rows if wanted <= _names(json.loads(row.document))]
        return len(found), found[start : start + size]

    def sites_of(self, organization: Sequence[str]) -> list[str]:
        """Return the ids of the locations that organizations say are theirs."""
        c = map_records.c
        query = select(c.id).where(c.kind == SITE, c.provider.in_(organization), c.level <= PUBLIC)
        return list(self._connection.scalars(query.order_by(c.id)))

    def holding(self, text: str) -> list[str]:
        """Return the ids of the public services whose documents hold a text as a whole value."""
        c = map_records.c
        query = self._services(Asked()).where(_holds(f'"{text}"'))
        return list(self._connection.scalars(query.order_by(c.id)))

    def is_service(self, service: str) -> bool:
        """Return whether a service is public."""
        return self._count(self._services(Asked()).where(map_records.c.id == service)) > 0

    def tagged(self, *, since: int) -> list[str]:
        """Return the ids of the public records that hold a taxonomy term and changed at a moment or after."""
        c = map_records.c
        query = select(c.id).where(c.moved_at >= since, c.level <= PUBLIC, self._kept())
        return list(self._connection.scalars(query.where(_holds('"taxonomy_term": {')).order_by(c.id)))

    def stamp(self) -> tuple[int, int, int]:
        """Return what changes whenever a record does: the last moment of change, and what changed in it."""
        c = map_records.c
        last = select(func.max(c.moved_at)).scalar_subquery()
        query = select(func.max(c.moved_at), func.count(), func.sum(c.version)).where(c.moved_at == last)
        row = self._connection.execute(query).one()
        return int(row[0] or 0), int(row[1]), int(row[2] or 0)

    def _page(self, query: Select[Any], key: Any, start: int, size: int) -> tuple[int, list[str]]:
        rows = self._connection.scalars(query.order_by(key).offset(start).limit(size))
        return self._count(query), list(rows)

    def _count(self, query: Select[Any]) -> int:
        return int(self._connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())

    def _services(self, asked: Asked) -> Select[Any]:
        c, v, p = map_records.c, map_views.c, map_postings.c
        claimed = exists().where(p.service == c.id, p.claimed)
        query = select(c.id).join(map_views, v.id == c.id)
        return query.where(c.kind == SERVICE, v.public.is_not(None), self._kept(), ~claimed, *self._narrowed(asked))

    def _places(self, asked: Asked) -> Select[Any]:
        site = map_records.alias()
        pairs = self._services(asked).join(map_sites, map_sites.c.service == map_records.c.id)
        pairs = pairs.join(site, site.c.id == map_sites.c.site).where(site.c.level <= PUBLIC)
        pairs = pairs.where(~_holds('"service_at_locations": "'))  # a word in place of rows: the mark that hides them
        if asked.point is not None:
            found = self._near(asked.point)
            pairs = pairs.where(tuple_(map_sites.c.service, map_sites.c.site).in_(sorted(found)))
        return pairs.with_only_columns(map_sites.c.service, map_sites.c.site)

    def _narrowed(self, asked: Asked) -> list[ColumnElement[bool]]:
        c = map_records.c
        found: list[ColumnElement[bool]] = [c.id.in_(self._worded(word)) for word in words(asked.search)]
        if asked.organization is not None:
            found.append(c.provider == asked.organization)
        if asked.modified_after is not None:
            found.append(c.moved_at >= asked.modified_after)
        if asked.terms is not None:
            found.append(or_(false(), *(self._has(term, code) for term, code in asked.terms)))
        if asked.point is not None:
            found.append(c.id.in_({service for service, _site in self._near(asked.point)}))
        return found

    def _worded(self, word: str) -> Select[Any]:
        """Return the services that have a word that begins so."""
        w = map_words.c
        return select(w.id).where(w.word >= word, w.word < word + _WORD_END, w.level <= PUBLIC)

    def _has(self, term: str, code: str) -> ColumnElement[bool]:
        """Return the condition that a service is tagged: by a need, or by an attribute that everybody may see.

        Of records that hide something, and of our own codes, each document is looked at; else the text says it.
        """
        c, p = map_records.c, map_postings.c
        if code in NEEDS:
            return exists().where(p.service == c.id, p.need == code, p.level <= PUBLIC)
        query = select(c.id, c.document).where(c.kind == SERVICE, _holds(f'"{code or term}"'))
        marked = _holds('"visibility": {')
        rows = self._connection.execute(query if code else query.where(marked))
        looked = [row.id for row in rows if term in terms_of(SERVICE, json.loads(row.document))]
        found = c.id.in_(_few(looked))
        return found if code else or_(found, and_(_holds(f'"id": "{term}"'), ~marked))

    def _near(self, point: Point) -> set[tuple[str, str]]:
        """Return the services, each with a site in the circle, by the position of it that everybody may see."""
        p = map_points.c
        query = select(p.service, p.site, p.lat, p.lon).where(p.level <= PUBLIC, *box(point)).distinct()
        rows = self._connection.execute(query)
        found = {
            (row.service, row.site) for row in rows if kilometres(point.lat, point.lon, row.lat, row.lon) <= point.km
        }
        return set(_few(sorted(found)))

    def _kept(self) -> ColumnElement[bool]:
        return map_records.c.id.not_in(select(map_aliases.c.id))


def terms_of(kind: str, document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the taxonomy terms that everybody may see on a record, by id."""
    seen = visible(kind, document, PUBLIC) or {}
    made = with_derived(kind, seen).get("attributes") if seen else ()
    found = [row.get("taxonomy_term") for row in made or () if isinstance(row, dict)]
    return {str(term["id"]): term for term in found if isinstance(term, dict) and "id" in term}


def _holds(text: str) -> ColumnElement[bool]:
    return map_records.c.document.contains(text, autoescape=True)


def _names(provider: Mapping[str, Any]) -> set[str]:
    seen = visible(PROVIDER, provider, PUBLIC) or {}
    texts = [seen.get(name) or "" for name in ("name", "alternate_name", "acronym", "description")]
    return {word for text in (*texts, *seen.get("names", ())) for word in words(text)}


def _few(found: list[Any]) -> list[Any]:
    if len(found) > MOST_FOUND:
        raise InvalidRequest("This finds too much at once.", todo="Choose a smaller circle, or a narrower term.")
    return found
