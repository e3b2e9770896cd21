"""What is due to be checked, and saying that it is still right: of one record, or of many at once.

Who checks how: the agency that maintains a record after a call or a visit, the agency that offers it as itself. Writes
through the one write path; a check is a change like any other, with its history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.directory.areas.store import Areas
from hub.directory.records.freshness import WORDS, Due, day_of, groups_in
from hub.directory.records.record import SERVICE
from hub.directory.servicemap.rights import ways
from hub.directory.servicemap.store import ServiceMap
from hub.directory.servicemap.write import Draft, apply, plan
from hub.directory.upkeep.requests import still_right
from hub.directory.upkeep.store import DueList
from hub.errors import Forbidden, InvalidRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.engine import RowMapping

    from hub.auth.permissions import Caller
    from hub.directory.servicemap.store import Row
    from hub.directory.servicemap.write import Actor, Outcome

MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Renewal:
    """Many records that are still right: those named with the versions that were looked at, or all that fit.

    `groups`: what is still right of each; None: all of it. `ends`: the new last day of services that have one.
    """

    groups: Sequence[str] | None
    versions: Mapping[str, int | None]
    filters: Mapping[str, Any]
    ends: str | None = None


def filters_of(connection: Connection, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what narrows a due list, with the path of the area that is named.

    Raises:
        NotFound: no such area.
    """
    found = {name: given[name] for name in ("groups", "kinds", "provider") if given.get(name)}
    if given.get("area"):
        found["home"] = Areas(connection).need(given["area"]).path
    return found


def due_page(
    connection: Connection, agency: str, today: str, filters: Mapping[str, Any], *, after: str, limit: int
) -> dict[str, Any]:
    """Return what is due of the records that an agency maintains or offers: the longest due first, page by page."""
    store = DueList(connection)
    rows = store.of_agency(agency, today, filters=filters, after=_cursor(after), limit=limit)
    records = ServiceMap(connection).many(row["id"] for row in rows)
    last = rows[-1] if len(rows) == limit else None
    return {
        "items": [_item(row, records[row["id"]], today) for row in rows if row["id"] in records],
        "records": store.count(agency, today, filters=filters),
        "after": None if last is None else f"{last['due']}|{last['id']}|{last['grp']}",
    }


def check_checker(who: Caller, row: Row, how: str, host: str) -> None:
    """Return if somebody may say that a record is still right, known in this way.

    Raises:
        Forbidden: another hub's or agency's record, or a way that is not theirs.
    """
    if how in ways(who, row, host):
        return
    raise Forbidden(
        "The agency that keeps a record says so after a call or a visit, the one that offers it as the provider."
    )


def verify(connection: Connection, row: Row, groups: Sequence[str], by: Actor, now: int) -> Outcome:
    """Say that groups of a record, or all that it has something in, are still right.

    Raises:
        InvalidRequest: a group that records of the kind do not have.
    """
    document = _checked(row, groups, by, now)
    return apply(connection, [Draft(row.kind, document, base_version=row.version)], by, host=row.host, now=now)[0]


def renew(connection: Connection, renewal: Renewal, by: Actor, *, host: str, now: int, write: bool) -> list[Outcome]:
    """Say of many records of the own agency that they are still right; without `write` only what would become of them.

    Raises:
        InvalidRequest: more than a thousand records, or none; or nothing is said of them.
        Conflict: one was changed since it was looked at.
        NotFound: one is not there, or another agency's.
    """
    if renewal.groups is not None and not renewal.groups and renewal.ends is None:
        raise InvalidRequest("Nothing is said of these records.", todo="Name what is still right, or a new last day.")
    wanted = list(renewal.versions) or DueList(connection).records(by.agency, day_of(now), filters=renewal.filters)
    if not 0 < len(wanted) <= MOST:
        raise InvalidRequest(f"Between one and {MOST} records are renewed at once.", todo="Narrow the choice.")
    rows = ServiceMap(connection).many(wanted)
    mine = {asked: row for asked, row in rows.items() if row.steward == by.agency and row.host == host}
    if renewal.versions and set(mine) != set(wanted):
        raise NotFound("One of the records is not there, or another agency's.")
    drafts = [_draft(row, renewal, by, now, renewal.versions.get(asked)) for asked, row in mine.items()]
    return apply(connection, drafts, by, host=host, now=now) if write else plan(connection, drafts)


def _draft(row: Row, renewal: Renewal, by: Actor, now: int, version: int | None) -> Draft:
    has = groups_in(row.kind, row.document)
    groups = has if renewal.groups is None else [group for group in renewal.groups if group in has]
    document = _checked(row, groups, by, now) if groups else row.document
    if renewal.ends is not None and row.kind == SERVICE and row.document.get("ends"):
        document = {**document, "ends": renewal.ends}
    return Draft(row.kind, document, base_version=version)


def _checked(row: Row, groups: Sequence[str], by: Actor, now: int) -> dict[str, Any]:
    has = groups_in(row.kind, row.document)
    if not set(groups) <= set(has):
        raise InvalidRequest("The record has nothing in one of these groups.", fields=["groups"])
    return still_right(row.document, groups or has, on=day_of(now), how=by.how, by=by.agency)


def _item(due: RowMapping, row: Row, today: str) -> dict[str, Any]:
    said = Due(due["grp"], due["due"], due["limit_day"])
    return {
        "record": row.id,
        "kind": row.kind,
        "name": row.document.get("name") or "",
        "home": row.home,
        "version": row.version,
        "group": due["grp"],
        "due": due["due"],
        "limit": due["limit_day"],
        "state": said.state(today).value,
        "rung": due["rung"],
        "told_at": due["told_at"],
    }


def _cursor(after: str) -> tuple[str, str, str] | None:
    if not after:
        return None
    day, _, rest = after.partition("|")
    record, _, group = rest.partition("|")
    if group not in WORDS:
        raise InvalidRequest("The cursor is not one that this list gave.", fields=["after"])
    return day, record, group
