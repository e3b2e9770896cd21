"""The one path by which the service map changes: forms, checks, imports, requests, merges and feeds all end here.

Check, compare, keep the old value, write, derive: one call, in the caller's transaction. What is the same changes
nothing, so everything may come twice; contact details wait (`hub.directory.upkeep`). Who may change what is decided
before (`hub.directory.servicemap.rights`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, insert, update

from hub.db import batches
from hub.directory.areas.store import Areas
from hub.directory.feed.store import changed as tell_peers
from hub.directory.records import record
from hub.directory.records.groups import groups_of
from hub.directory.records.record import PROVIDER, SERVICE, SITE
from hub.directory.records.visibility import whole_level
from hub.directory.servicemap import store as t
from hub.directory.servicemap.derive import derive, derive_due, home_of, site_ids
from hub.directory.servicemap.store import Row, ServiceMap
from hub.directory.upkeep.holds import split
from hub.directory.upkeep.waiting import keep, waiting
from hub.errors import Conflict, Forbidden, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

NEW: Final = "new"
CHANGED: Final = "changed"
UNCHANGED: Final = "unchanged"
_POINTERS: Final = ("organization_id", "parent_organization_id")
_POINTING_ROWS: Final = (("service_at_locations", "location_id"), ("counterparts", "provider"))
_BESIDE: Final = frozenset({"verified", "source", "metadata"})
"""What no service shows of its provider and its sites: that a source was read again changes no listing but theirs."""
_TRANSLATED: Final = frozenset({"human", "machine"})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes, and how it is known: a code of `proofs` in vocabulary.json, or `import`, `merge`, `feed`."""

    agency: str
    member: str
    how: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A record as it shall be, whole. `base_version`: the version that was read, where another change must not be lost.

    `steward` is the agency that maintains it: said once, when it is new; else it stays. `host`: the hub it comes from.
    """

    kind: str
    document: Mapping[str, Any]
    base_version: int | None = None
    steward: str | None = None
    host: str | None = None
    settled: bool = False
    """Whether contact details in it have waited already; those of another hub have, there."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a draft: `new`, `changed` (and which members), or `unchanged`."""

    id: str
    kind: str
    what: str
    version: int
    fields: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    """Members that wait, because they lead to somebody (`hub.directory.upkeep.holds`)."""


@dataclass(frozen=True, slots=True)
class _Step:
    outcome: Outcome
    draft: Draft
    document: dict[str, Any]
    old: Row | None
    held: dict[str, Any]


def edited(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with some members changed; None takes one away. System members stay as they are."""
    new = {**document, **{name: value for name, value in changes.items() if name not in record.SYSTEM}}
    return {name: value for name, value in new.items() if value is not None or name not in changes}


def plan(connection: Connection, drafts: Sequence[Draft]) -> list[Outcome]:
    """Return what would become of some drafts; writes nothing.

    Raises:
        InvalidRequest: one is no record of its kind; `facts["problems"]` says where.
        Conflict: one was changed since it was read.
    """
    return [step.outcome for step in _steps(connection, drafts)]


def apply(connection: Connection, drafts: Sequence[Draft], by: Actor, *, host: str, now: int) -> list[Outcome]:
    """Write some drafts, all or none, and everything that is derived of them; return what became of each, in order.

    `host` is the hub at which records are at home whose draft names none.

    Raises:
        InvalidRequest: one is no record of its kind; `facts["problems"]` says where.
        Conflict: one was changed since it was read.
        Forbidden: it belongs to a provider that another agency keeps, or is at home at another hub.
    """
    steps = _steps(connection, drafts)
    made = [step for step in steps if step.outcome.what == NEW or step.outcome.fields]
    _check_home(made, host)
    _check_belonging(connection, steps, by)
    if made:
        _write(connection, made, by, host, now)
        shown = [step.outcome.id for step in made if step.old is None or not _BESIDE.issuperset(step.outcome.fields)]
        rederive(connection, [step.outcome.id for step in made], now, shown=shown)
    _let_wait(connection, [step for step in steps if step.outcome.what != UNCHANGED and step.held], by, now)
    return [step.outcome for step in steps]


def _check_home(steps: Sequence[_Step], host: str) -> None:
    """Let a copy of another hub's record change by the word of that hub alone."""
    if any(step.old is not None and step.old.host != (step.draft.host or host) for step in steps):
        raise Forbidden("This record is kept at another hub.", todo="Ask the agency that keeps it.")


def _check_belonging(connection: Connection, steps: Sequence[_Step], by: Actor) -> None:
    """Let nobody hang a service, with a telephone of their own, under the name of somebody else's provider.

    Nor under one that is still to come: its id may be known before.
    """
    if by.how in {"feed", "merge"}:
        return
    named = [(step, owner) for step in steps if (owner := _new_owner(step)) is not None]
    rows = ServiceMap(connection).many(sorted({owner for _step, owner in named}))
    rows |= {step.outcome.id: _row(step, "", 0) for step in steps if step.draft.kind == PROVIDER}
    for step, owner in named:
        row = rows.get(owner)
        if row is None or row.kind != PROVIDER:
            raise InvalidRequest("There is no such provider.", fields=["organization_id"])
        if _row(step, "", 0).steward not in {row.steward, row.agency}:
            raise Forbidden(
                "A service or a site of a provider is kept by the agency that keeps the provider, or is it.",
                todo="Propose it to that agency.",
            )


def _new_owner(step: _Step) -> str | None:
    """Return the provider under which a record comes to hang, now or after waiting."""
    if step.held.get("organization_id"):
        return str(step.held["organization_id"])
    said = step.document.get("organization_id") if "organization_id" in step.outcome.fields else None
    return str(said) if said else None


def rederive(connection: Connection, changed: Sequence[str], now: int, *, shown: Sequence[str] | None = None) -> None:
    """Derive anew what is searched of some records and of every service that shows them.

    `shown` are those of them of which something changed that services show, all where not given.
    """
    found = ServiceMap(connection)
    rows = found.many(changed)
    derive_due(connection, rows.values())
    services = {row.id for row in rows.values() if row.kind == SERVICE}
    seen = set(rows if shown is None else shown)
    beside = [row for row in rows.values() if row.id in seen]
    providers = [row.id for row in beside if row.kind == PROVIDER]
    services |= set(found.services_of(providers))
    sites = {row.id for row in beside if row.kind == SITE} | set(found.sites_of(providers))
    _hide_sites(connection, found, sorted(sites), now)
    services |= set(found.services_at(sites))
    tell_peers(connection, changed)
    _derive_services(connection, found, sorted(services), now)


def _hide_sites(connection: Connection, found: ServiceMap, sites: Sequence[str], now: int) -> None:
    """Say of sites from which level on they are seen, as they and their providers now say."""
    rows = found.many(sites)
    by = found.many(sorted({row.provider for row in rows.values() if row.provider}))
    c = t.map_records.c
    for row in rows.values():
        level = max(whole_level(row.document), whole_level(by[row.provider].document) if row.provider in by else 0)
        if level != row.level:
            connection.execute(update(t.map_records).where(c.id == row.id).values(level=level, moved_at=now))


def _derive_services(connection: Connection, found: ServiceMap, services: Sequence[str], now: int) -> None:
    for some in batches(services):
        rows = [row for row in found.many(some).values() if row.kind == SERVICE]
        named = {row.document["organization_id"] for row in rows} | {
            site for row in rows for site in site_ids(row.document)
        }
        around = found.many(sorted(named))
        derive(connection, _placed(connection, rows, around, now), around)


def _placed(connection: Connection, rows: Sequence[Row], around: Mapping[str, Row], now: int) -> list[Row]:
    """Say of services which agency offers them and to which area they belong, as their provider and sites now say."""
    areas, c = Areas(connection), t.map_records.c
    placed = []
    for row in rows:
        provider = around.get(row.document["organization_id"])
        sites = [around[site].beside(row.steward) for site in site_ids(row.document) if site in around]
        codes = [site.get("area") for site in sites if site]
        codes += list(row.document.get("coverage", {}).get("areas", ()))
        placed.append(
            replace(
                row,
                agency=provider.document.get("agency") if provider else None,
                home=home_of(areas.path(code) or [code] for code in codes if code),
                level=max(whole_level(row.document), whole_level(provider.document) if provider else 0),
                moved_at=max(now, row.moved_at),
            )
        )
    names = ("agency", "home", "level", "moved_at")
    values: dict[str, Any] = {name: bindparam(f"said_{name}") for name in names}
    said = [{"key": row.id, **{f"said_{name}": getattr(row, name) for name in names}} for row in placed]
    connection.execute(update(t.map_records).where(c.id == bindparam("key")).values(values), said)
    return placed


def _steps(connection: Connection, drafts: Sequence[Draft]) -> list[_Step]:
    problems = [
        {"at": at, "field": problem.field, "code": problem.code, "message": problem.message}
        for at, draft in enumerate(drafts)
        for problem in record.check(draft.kind, draft.document)
    ]
    if problems:
        first = problems[0]["message"]
        raise InvalidRequest(f"A record is not of its form. {first}", problems=problems[:100])
    known = ServiceMap(connection).many([str(draft.document["id"]) for draft in drafts])
    newest: dict[str, Row] = dict(known)
    steps = []
    for draft in _pointed_on(connection, drafts):
        step = _step(draft, newest.get(str(draft.document["id"])))
        newest[str(draft.document["id"])] = _row(step, "", 0)
        steps.append(step)
    return _waiting(connection, steps)


def _pointed_on(connection: Connection, drafts: Sequence[Draft]) -> list[Draft]:
    """Let drafts name the records that were kept where they name merged ones; copies stay as their hub has them."""
    named = {one for draft in drafts if draft.host is None for one in _named(draft.document)}
    merged = ServiceMap(connection).merged(named) if named else {}
    if not merged:
        return list(drafts)
    return [draft if draft.host else replace(draft, document=_renamed(draft.document, merged)) for draft in drafts]


def _named(document: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(document[name]) for name in _POINTERS if document.get(name))
    for member, name in _POINTING_ROWS:
        yield from (str(row[name]) for row in document.get(member) or () if row.get(name))


def _renamed(document: Mapping[str, Any], merged: Mapping[str, str]) -> dict[str, Any]:
    new = {**document, **{name: merged[document[name]] for name in _POINTERS if document.get(name) in merged}}
    for member, name in _POINTING_ROWS:
        if document.get(member):
            new[member] = [{**row, name: merged[row[name]]} if row.get(name) in merged else row for row in new[member]]
    return new


def _waiting(connection: Connection, steps: Sequence[_Step]) -> list[_Step]:
    """Take out of steps what waits already just as they want it: asked for again, it changes nothing."""
    asked = [step.outcome.id for step in steps if step.held]
    waits = waiting(connection, asked) if asked else {}
    return [_without(step, waits.get(step.outcome.id, {})) if step.held else step for step in steps]


def _without(step: _Step, waits: Mapping[str, Any]) -> _Step:
    held = {name: value for name, value in step.held.items() if name not in waits or waits[name] != value}
    changed = step.outcome.fields or held
    return replace(step, held=held, outcome=replace(step.outcome, what=CHANGED if changed else UNCHANGED))


def _let_wait(connection: Connection, steps: Sequence[_Step], by: Actor, now: int) -> None:
    rows = ServiceMap(connection).many([step.outcome.id for step in steps])
    for step in steps:
        keep(connection, rows[step.outcome.id], step.held, by, now=now)


def _step(draft: Draft, old: Row | None) -> _Step:
    document = dict(draft.document)
    if old is None:
        return _Step(Outcome(document["id"], draft.kind, NEW, 1, tuple(sorted(document))), draft, document, None, {})
    if old.kind != draft.kind:
        raise Conflict("A record of another kind has this id.")
    if old.id != document["id"]:  # it was merged into another, which its source knows nothing of
        return _Step(Outcome(old.id, old.kind, UNCHANGED, old.version), draft, old.document, old, {})
    if draft.base_version not in {None, old.version}:
        raise Conflict(
            "The record was changed since it was read.", todo="Read it again and compare.", version=old.version
        )
    document, held = _apart(draft, old, _outdated({**document, "id": old.id}, old.document))
    fields = tuple(
        sorted(name for name in document.keys() | old.document.keys() if _differs(document, old.document, name))
    )
    what, version = (CHANGED, old.version + 1) if fields else (UNCHANGED, old.version)
    return _Step(Outcome(old.id, old.kind, what, version, fields, tuple(sorted(held))), draft, document, old, held)


def _apart(draft: Draft, old: Row, document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what holds at once, and the members that wait; what waits was not checked either."""
    if draft.settled or draft.host is not None:
        return document, {}
    now, held = split(old.document, document)
    groups = {"contact", "focal_point"} & set(groups_of(old.kind, held))
    said = {name: value for name, value in document.get("verified", {}).items() if name not in groups}
    kept = {name: value for name, value in old.document.get("verified", {}).items() if name in groups}
    return {**now, **({"verified": {**said, **kept}} if "verified" in now else {})}, held


def _differs(one: Mapping[str, Any], other: Mapping[str, Any], name: str) -> bool:
    return (name in one) != (name in other) or json.dumps(one.get(name), sort_keys=True) != json.dumps(
        other.get(name), sort_keys=True
    )


def _outdated(document: dict[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """Mark translations whose original changed while they did not."""
    said = document.get("translations")
    if not said:
        return document
    marked = {
        language: {
            name: {**value, "state": "outdated"}
            if value["state"] in _TRANSLATED
            and document.get(name) != old.get(name)
            and value == old.get("translations", {}).get(language, {}).get(name)
            else value
            for name, value in fields.items()
        }
        for language, fields in said.items()
    }
    return {**document, "translations": marked}


def _row(step: _Step, host: str, now: int) -> Row:
    draft, document, old = step.draft, step.document, step.old
    source = document.get("source", {})
    return Row(
        step.outcome.id,
        draft.kind,
        draft.host or (old.host if old else host),
        (old.steward if old else "") or draft.steward or "",
        document.get("organization_id") if draft.kind != PROVIDER else None,
        document.get("agency") if draft.kind == PROVIDER else (old.agency if old else None),
        whole_level(document),
        old.home if old else "",
        step.outcome.version,
        now,
        now,
        source.get("name"),
        source.get("key"),
        document,
    )


def _write(connection: Connection, steps: Sequence[_Step], by: Actor, host: str, now: int) -> None:
    areas = Areas(connection)
    rows = {}
    history = []
    for step in steps:
        row = _row(step, host, now)
        rows[row.id] = {**_columns(row), "home": row.home if row.kind == SERVICE else _home(areas, row)}
        old = step.old.document if step.old else {}
        change = {name: [old.get(name), step.document.get(name)] for name in step.outcome.fields if step.old}
        history.append(
            {
                "id": row.id,
                "version": row.version,
                "at": now,
                "agency": by.agency,
                "member": by.member,
                "how": by.how,
                "note": by.note,
                "change": json.dumps(change, ensure_ascii=False),
            }
        )
    known = [step.outcome.id for step in steps if step.old is not None]
    for some in batches(known):
        connection.execute(delete(t.map_records).where(t.map_records.c.id.in_(some)))
    connection.execute(insert(t.map_records), list(rows.values()))
    connection.execute(insert(t.map_history), history)


def _home(areas: Areas, row: Row) -> str:
    code = row.document.get("area") if row.kind == SITE else row.document.get("country")
    return "/".join(areas.path(code) or [code]) if code else ""


def _columns(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "host": row.host,
        "steward": row.steward,
        "provider": row.provider,
        "agency": row.agency,
        "level": row.level,
        "version": row.version,
        "changed_at": row.changed_at,
        "moved_at": row.moved_at,
        "source": row.source,
        "source_key": row.source_key,
        "document": json.dumps(row.document, ensure_ascii=False, sort_keys=True),
    }
