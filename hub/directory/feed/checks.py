"""What a record of a peer must be before it may stand in our map.

Nothing of a peer may stand in the place of another hub's record, name another hub's agency, provider or site as its
own, carry a level that no feed tells, or be dated in the future.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from hub.directory.feed.document import Told, parse_document
from hub.directory.feed.publish import names_of
from hub.directory.records import record
from hub.directory.records.freshness import day_after, day_of
from hub.directory.records.record import SERVICE
from hub.directory.records.visibility import PARTNERS
from hub.directory.records.vocabulary import LEVELS
from hub.directory.servicemap.store import ServiceMap, map_records
from hub.directory.servicemap.write import Draft
from hub.errors import InvalidRequest
from hub.ids import host_of
from hub.keys.store import KeyStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from hub.directory.servicemap.store import Row
    from hub.keys.certificates import KeyEntry

_TELLS: Final = frozenset(LEVELS[: PARTNERS + 1])


class Checks:
    """The checks of one kind of records of one peer; what others name must be in the map already."""

    def __init__(self, connection: Connection, host: str, now: int) -> None:
        self._connection, self._host = connection, host
        self._found, self._keys = ServiceMap(connection), KeyStore(connection)
        self._last = day_after(day_of(now), 1)
        self._rows: dict[str, Row | None] = {}
        self._agencies: dict[str, KeyEntry | None] = {}

    def draft(self, told: Told) -> Draft:
        """Return a record as a draft.

        Raises:
            HubError: it may not stand here; the fact `why` is the reason.
        """
        document = parse_document(told.document)
        _must(document.get("id") == told.id and not record.check(told.kind, document), "invalid")
        self._check_id(told.id)
        _must(all(self._entry(agency) is not None for agency in (told.steward, *_agencies(document))), "agency")
        _must(set((document.get("visibility") or {}).values()) <= _TELLS, "level")
        _must(all(day <= self._last for day in _days(document)), "future")
        around = [self._row(name) for name in names_of(told.kind, document)]
        _must(all(row is not None and row.host == self._host for row in around), "not_known")
        if told.kind == SERVICE and document.get("inbox"):
            by = around[0].document.get("agency") if around[0] is not None else None
            entry = self._entry(by) if by else None
            _must(entry is not None and document["inbox"] in entry.inboxes, "inbox")
        return Draft(told.kind, document, steward=told.steward, host=self._host)

    def _check_id(self, record_id: str) -> None:
        """Return if an id is free, the peer's own, or of a record that the peer had merged into one of its own."""
        known = self._found.get(record_id)
        _must(known is None or known.host == self._host, "not_theirs")
        own = self._connection.execute(select(map_records.c.host).where(map_records.c.id == record_id)).scalar()
        _must(own in {None, self._host} and (known is None or known.id == record_id or own is None), "not_theirs")

    def _row(self, name: str) -> Row | None:
        if name not in self._rows:
            self._rows[name] = self._found.get(name)
        return self._rows[name]

    def _entry(self, agency: str) -> KeyEntry | None:
        """Return the key entry of an agency that is at home at the peer, and known here."""
        if agency not in self._agencies:
            theirs = host_of(agency) == self._host
            self._agencies[agency] = self._keys.find_agency(agency) if theirs else None
        return self._agencies[agency]


def _must(right: bool, why: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not right:
        raise InvalidRequest("A record of a feed may not stand here.", why=why)


def _agencies(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the agencies that a record names as its own, or as whom to write to."""
    if "agency" in document:
        yield document["agency"]
    person = document.get("focal_point")
    while person:
        yield from [person["agency"]] if "agency" in person else []
        person = person.get("deputy")


def _days(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the days on which a record says that something was so."""
    yield from (row["on"] for row in document.get("verified", {}).values())
    yield from [document["capacity"]["as_of"]] if document.get("capacity", {}).get("as_of") else []
    yield from (str(row["updated"])[:10] for row in document.get("capacities") or [] if row.get("updated"))
