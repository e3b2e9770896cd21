"""Finding, merging and parting records of the map. A person decides; both ids lead to one record from then on.

What points at the record that goes is changed by the path of every change (`write.apply`), so each says who and when.
The record that goes stays as it was, out of every search. Undo gives each member that was changed its old value, unless
somebody changed it since in another way; then only what the merge brought is taken out again.

Rules: each agency that keeps one of the records must agree; a copy of another hub's record is not merged away here, and
not changed; what was merged later is undone first.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from hub.directory.areas.domain import parts
from hub.directory.areas.store import areas
from hub.directory.duplicates.pairs import candidates
from hub.directory.duplicates.parties import party
from hub.directory.duplicates.store import UNDECIDED, PairRow, PairStore, State
from hub.directory.records.record import PROVIDER, SERVICE, SITE
from hub.directory.records.visibility import PARTNERS, level_of
from hub.directory.records.vocabulary import CONTACT_HOLD
from hub.directory.servicemap import store as t
from hub.directory.servicemap.derive import forget
from hub.directory.servicemap.store import ServiceMap
from hub.directory.servicemap.write import Actor, Draft, apply, rederive
from hub.directory.upkeep.holds import CONTACT, split
from hub.errors import Conflict, Forbidden, InvalidRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from hub.directory.duplicates.names import Patterns
    from hub.directory.duplicates.pairs import Party
    from hub.directory.servicemap.store import Row

_PAGE: Final = 500
_BROUGHT: Final = ("names", "organization_identifiers")
Change = dict[str, Any]
"""One member of one record: `id`, `member`, and its value `before` and `after`."""


def propose(connection: Connection, kind: str, patterns: Patterns | None = None) -> int:
    """Look for records of a kind that may be one; return how many pairs are new."""
    return PairStore(connection).propose(kind, candidates(list(_parties(connection, kind, patterns))))


def pair_of(connection: Connection, one: str, other: str) -> PairRow:
    """Return the pair of two records, made by hand if nobody proposed it.

    Raises:
        NotFound: one of them does not exist.
        Conflict: they are of two kinds, or one already.
    """
    first, second = _both(connection, one, other)
    store, ids = PairStore(connection), sorted((first.id, second.id))
    found = store.of(*ids)
    if found is None:
        store.put(first.kind, ids[0], ids[1], 0, "[]")
        found = store.of(*ids)
    if found is None:
        raise Conflict("Somebody else made this pair.")
    return found


def agree(connection: Connection, pair: PairRow, keep: str, by: Actor, *, host: str, now: int) -> State:
    """Agree that two records are one and which is kept; merge them once every keeper has agreed to the same.

    Raises:
        Forbidden: the agency keeps neither record.
        Conflict: it was decided before, or the record that would go is a copy of another hub's.
    """
    first, second = _both(connection, pair.first, pair.second)
    if pair.state not in UNDECIDED:
        raise Conflict("This pair was decided.", todo="Undo the decision first.")
    keep = ServiceMap(connection).resolve(keep)
    if keep not in {first.id, second.id}:
        raise InvalidRequest("The record that is kept is one of the two.")
    kept, gone = (first, second) if keep == first.id else (second, first)
    if gone.host != host:
        raise Conflict("A copy of another hub's record is not merged away here.", todo="Keep that one.")
    keepers = _keepers(kept, gone, host)
    _check_keeper(by.agency, keepers)
    if gone.level > kept.level:  # what belongs to it would be open with the other
        raise Conflict("The record that goes is hidden from more people.", todo="Keep that one, or hide the other.")
    if kept.host == host:
        _check_contact(connection, kept, gone, now)
    said = {by.agency, *(pair.said if pair.kept == keep else ())}
    store, who = PairStore(connection), (by.agency, by.member)
    if not keepers <= said:
        store.decide(pair.id, State.AGREED, who, now, kept=keep, said=sorted(said))
        return State.AGREED
    undo = _merge(connection, kept, gone, by, host, now)
    store.decide(pair.id, State.MERGED, who, now, kept=keep, said=sorted(said), undo=undo)
    return State.MERGED


def refuse(connection: Connection, pair: PairRow, by: Actor, *, host: str, now: int, later: bool = False) -> State:
    """Say that two records are not one, or that it is to be decided later.

    Raises:
        Forbidden: the agency keeps neither record.
        Conflict: they are merged.
    """
    first, second = _both(connection, pair.first, pair.second)
    _check_keeper(by.agency, _keepers(first, second, host))
    state = State.LATER if later else State.NOT_SAME
    PairStore(connection).decide(pair.id, state, (by.agency, by.member), now)
    return state


def undo(connection: Connection, pair: PairRow, by: Actor, *, host: str, now: int) -> State:
    """Part two records that were merged, as they were; a refusal is taken back.

    Raises:
        Forbidden: the agency keeps neither record.
        Conflict: nothing was decided, or one of them was merged again since.
    """
    rows = _as_they_are(connection, [pair.first, pair.second])
    _check_keeper(by.agency, _keepers(*rows, host=host))
    if pair.state is State.MERGED:
        _part(connection, pair, by, host, now)
    elif pair.state in {State.OPEN, State.AGREED}:
        raise Conflict("Nothing was decided about this pair.")
    PairStore(connection).decide(pair.id, State.OPEN, (by.agency, by.member), now)
    return State.OPEN


# What is compared


def _parties(connection: Connection, kind: str, patterns: Patterns | None) -> Iterator[Party]:
    store, after = ServiceMap(connection), ""
    served = _areas_of_providers(connection) if kind == PROVIDER else {}
    while rows := store.records(kind, after=after, limit=_PAGE):
        after = rows[-1].id
        for row in rows:
            seen = row.seen(PARTNERS)
            if seen is not None:
                own = {seen["area"]} if seen.get("area") else set[str]()
                country = parts(row.home)[0] if row.home else ""
                yield party(kind, seen, own | served.get(row.id, set()), patterns, country)


def _areas_of_providers(connection: Connection) -> dict[str, set[str]]:
    """Return the deepest areas in which partners see each provider's services."""
    c, p = t.map_records.c, t.map_postings.c
    query = select(c.provider, p.place).join(t.map_postings, p.service == c.id)
    found: dict[str, set[str]] = {}
    for row in connection.execute(query.where(c.kind == SERVICE, p.place != "", p.level <= PARTNERS).distinct()):
        found.setdefault(row.provider, set()).add(row.place)
    known = _paths(connection)
    return {provider: _deepest(codes, known) for provider, codes in found.items()}


def _paths(connection: Connection) -> dict[str, str]:
    return {
        row.code: row.path
        for row in connection.execute(select(areas.c.code, areas.c.path).where(areas.c.valid_to == ""))
    }


def _deepest(codes: set[str], paths: dict[str, str]) -> set[str]:
    above = {code for one in codes for code in parts(paths.get(one, ""))[:-1]}
    return codes - above


# Who may


def _both(connection: Connection, one: str, other: str) -> tuple[Row, Row]:
    found = ServiceMap(connection).many([one, other])
    if len(found) < len({one, other}):
        raise NotFound("One of the records does not exist.")
    if found[one].id == found[other].id:
        raise Conflict("They are one record already.")
    if found[one].kind != found[other].kind:
        raise Conflict("They are of two kinds.")
    return found[one], found[other]


def _as_they_are(connection: Connection, ids: list[str]) -> tuple[Row, Row]:
    """Return records by their own ids, merged ones too."""
    found = ServiceMap(connection).unmerged(ids)
    if len(found) < len(ids):
        raise NotFound("One of the records does not exist.")
    return found[ids[0]], found[ids[1]]


def _keepers(one: Row, other: Row, host: str) -> set[str]:
    return {row.steward for row in (one, other) if row.host == host}


def _check_contact(connection: Connection, kept: Row, gone: Row, now: int) -> None:
    """Let no merge lead at once elsewhere whoever knows the record that goes: a change of it would have waited, too."""
    young, old = (_reached_since(connection, row) > now - CONTACT_HOLD for row in (kept, gone))
    if young and not old and split(gone.document, {**kept.document, "id": gone.id})[1]:
        raise Conflict(
            "The record that would be kept is reached otherwise, and only since a short time.",
            todo="Keep the other one, or wait three days.",
        )


def _reached_since(connection: Connection, row: Row) -> int:
    """Return when somebody said last how a record is reached."""
    history = ServiceMap(connection).history(row.id)
    return max((change.at for change in history if change.version == 1 or CONTACT & change.fields.keys()), default=0)


def _check_keeper(agency: str, keepers: set[str]) -> None:
    if agency not in keepers:
        raise Forbidden("Your agency keeps neither of the records.", todo="Ask a coordinator of one that does.")


# Merging and parting


def _merge(connection: Connection, kept: Row, gone: Row, by: Actor, host: str, now: int) -> dict[str, Any]:
    changes = [*_pointing(connection, kept, gone), *(_brought(kept, gone) if kept.host == host else ())]
    c = t.map_aliases.c
    chain = list(connection.scalars(select(c.id).where(c.kept == gone.id)))
    connection.execute(update(t.map_aliases).where(c.kept == gone.id).values(kept=kept.id))
    connection.execute(insert(t.map_aliases).values(id=gone.id, kept=kept.id))
    _write(connection, [(change, change["after"]) for change in changes], by, host, now)
    rederive(connection, [gone.id], now)
    forget(connection, [gone.id])
    connection.execute(delete(t.map_due).where(t.map_due.c.id == gone.id))
    return {"gone": gone.id, "chain": chain, "changes": changes}


def _part(connection: Connection, pair: PairRow, by: Actor, host: str, now: int) -> None:
    done, c = pair.undo or {}, t.map_aliases.c
    gone = str(done["gone"])
    if connection.scalar(select(c.kept).where(c.id == gone)) != pair.kept:
        raise Conflict("One of the records was merged again since.", todo="Undo that merge first.")
    connection.execute(delete(t.map_aliases).where(c.id == gone))
    for one in done["chain"]:
        connection.execute(update(t.map_aliases).where(c.id == one, c.kept == pair.kept).values(kept=gone))
    rows = ServiceMap(connection).many([change["id"] for change in done["changes"]])
    back = [
        (change, _undone(change, rows[change["id"]].document.get(change["member"])))
        for change in done["changes"]
        if change["id"] in rows
    ]
    _write(connection, back, by, host, now)
    rederive(connection, [gone], now)
    rederive(connection, [str(pair.kept)], now)


def _write(connection: Connection, values: list[tuple[Change, Any]], by: Actor, host: str, now: int) -> None:
    """Give members of records new values, where there is one, by the path of every change."""
    rows = ServiceMap(connection).many([change["id"] for change, _ in values])
    documents: dict[str, dict[str, Any]] = {}
    for change, value in values:
        row = rows[change["id"]]
        document = documents.setdefault(row.id, dict(row.document))
        document.pop(change["member"], None)
        if value is not None:
            document[change["member"]] = value
    kinds = {row.id: row.kind for row in rows.values()}
    drafts = [Draft(kinds[one], document, settled=True) for one, document in documents.items()]
    apply(connection, drafts, Actor(by.agency, by.member, "merge", by.note), host=host, now=now)


def _change(row: Row, member: str, after: Any) -> Change:
    return {"id": row.id, "member": member, "before": row.document.get(member), "after": after}


def _pointing(connection: Connection, kept: Row, gone: Row) -> Iterator[Change]:
    """Return what is to be changed so that nothing points at the record that goes."""
    store = ServiceMap(connection)
    if gone.kind == SITE:
        for row in store.many(store.services_at([gone.id])).values():
            places = [
                {**place, "location_id": kept.id} if place.get("location_id") == gone.id else place
                for place in row.document["service_at_locations"]
            ]
            yield _change(row, "service_at_locations", places)
    if gone.kind == PROVIDER:
        for row in store.naming(gone.id):
            if row.document.get("organization_id") == gone.id:
                yield _change(row, "organization_id", kept.id)
            if row.document.get("parent_organization_id") == gone.id and row.id != kept.id:
                yield _change(row, "parent_organization_id", kept.id)
            if any(one.get("provider") == gone.id for one in row.document.get("counterparts") or ()):
                pairs = [
                    {**one, "provider": kept.id} if one.get("provider") == gone.id else one
                    for one in row.document["counterparts"]
                ]
                yield _change(row, "counterparts", pairs)


def _brought(kept: Row, gone: Row) -> Iterator[Change]:
    """Return what a provider that is kept takes from the other: its names, and the numbers by which others know it."""
    if gone.kind != PROVIDER:
        return
    own, other = kept.document, _open_where(kept, gone)
    said = [other.get("name"), other.get("alternate_name"), other.get("acronym"), *other.get("names", ())]
    known = {own["name"], *own.get("names", ()), None, ""}
    names = [name for name in dict.fromkeys(said) if name not in known]
    if names:
        yield _change(kept, "names", [*own.get("names", ()), *names])
    numbers = [row for row in other.get("organization_identifiers") or () if row not in (own.get(_BROUGHT[1]) or ())]
    if numbers:
        yield _change(kept, _BROUGHT[1], [*(own.get(_BROUGHT[1]) or ()), *numbers])


def _open_where(kept: Row, gone: Row) -> dict[str, Any]:
    """Return what the record that goes says to everybody who will see it in the one that is kept."""
    least = {name: level_of(PROVIDER, kept.document, name) for name in _BROUGHT}
    return {
        name: value
        for name, value in gone.document.items()
        if level_of(PROVIDER, gone.document, name) <= least.get(name, least["names"])
    }


def _undone(change: Change, value: Any) -> Any:
    """Return the value that a member has after undo: the old one, or what others made of it without what was merged."""
    before, after = change["before"], change["after"]
    if value == after:
        return before
    if not isinstance(value, list):
        return value
    if change["member"] in _BROUGHT:
        added = [one for one in after if one not in (before or ())]
        return [one for one in value if one not in added] or None
    old = dict(zip(map(_key, after), before, strict=False))
    return [_pointed_back(one, old.get(_key(one))) for one in value]


def _key(row: dict[str, Any]) -> str:
    return str(row.get("id") or json.dumps(row, sort_keys=True))


def _pointed_back(row: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
    names = ("location_id", "provider")
    return row if old is None else {**row, **{name: old[name] for name in names if name in row and name in old}}
