"""Takes the next rows of a file into the map, or says what would become of them: one transaction for each chunk.

Rows of a source are settled member by member with what stands here; rows of a spreadsheet are edits: at once where the
sender keeps the record, else change requests. A row that cannot be taken is reported and holds up no other.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from hub.auth.permissions import Caller
from hub.directory.areas.store import Areas
from hub.directory.formats.items import Item, Origin, Problem, merged
from hub.directory.imports.settle import Seen, checks, digest, marked, said, settle, vanished
from hub.directory.imports.store import Import, Line, Said, Sources
from hub.directory.records import record
from hub.directory.records.record import KINDS, PROVIDER, SERVICE, SITE, SYSTEM
from hub.directory.records.visibility import FOCAL
from hub.directory.servicemap.rights import EDITORS, may_edit
from hub.directory.servicemap.store import Row, ServiceMap
from hub.directory.servicemap.viewer import Viewer
from hub.directory.servicemap.write import NEW, UNCHANGED, Actor, Draft, Outcome, apply, plan
from hub.directory.upkeep.requests import Proposal, propose
from hub.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

PROBLEM: Final = "problem"
DUPLICATE: Final = "duplicate"
PROPOSED: Final = "proposed"
VANISHED: Final = "vanished"
SPREADSHEET: Final = "spreadsheet"
_LONGEST_KEY: Final = 200
_REPEATED: Final = "repeated"
_POLE: Final = 90
_DATE_LINE: Final = 180


@dataclass(frozen=True, slots=True)
class Run:
    """One going through of a file: whose it is, what it says of itself, whether it writes.

    `used`: ids met so far; `good`: those of records that can be taken.
    """

    one: Import
    origin: Origin
    host: str
    now: int
    writes: bool
    verifies: bool
    edits: bool
    used: set[str] = field(default_factory=set)
    good: set[str] = field(default_factory=set)
    areas: frozenset[str] = frozenset()
    """Paths of the areas that are assigned to the sender's agency."""

    def seen(self, row: Row) -> dict[str, Any] | None:
        """Return a record as who sent the file sees it."""
        return row.seen(self.level(row))

    def level(self, row: Row) -> int:
        """Return the level at which who sent the file sees a record."""
        return Viewer(self.one.agency, self.one.roles, self.areas).level(row.steward, row.agency, row.home)

    @property
    def who(self) -> Caller:
        """Return who sent the file."""
        return Caller(self.one.agency, self.one.member, self.one.roles)


@dataclass(slots=True)
class _Row:
    """A row on its way: the record that is here, the record that shall be, and what is said of it."""

    item: Item
    key: str
    whole: str = ""
    row: Row | None = None
    document: dict[str, Any] | None = None
    kept: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    direct: bool = True
    outcome: Outcome | None = None
    what: str = ""

    def refuse(self, name: str, code: str, message: str) -> None:
        self.what = DUPLICATE if code == _REPEATED else PROBLEM
        self.problems.append(Problem(name, code, message))


def take(connection: Connection, run: Run, items: Sequence[Item]) -> list[Line]:
    """Take some rows in, or plan to, and say what became of each, in their order."""
    rows = [_begin(run, item) for item in items]
    source = Sources(connection)
    before = {} if run.edits else source.said(run.one.sayer, [row.key for row in rows])
    for row in rows:
        if not row.what and _says_the_same(run, row, before.get(row.key)):
            row.what = UNCHANGED
    _load(connection, run, rows)
    for row in _open(rows):
        _edit(run, row) if run.edits else _settle(run, row, before.get(row.key))
    _place(connection, run, rows)
    _check(connection, run, rows)
    _write(connection, run, rows)
    if run.writes and not run.edits:
        met = [row for row in rows if row.outcome is not None]
        source.put(run.one.sayer, [_said(run, row) for row in met])
    return [_line(row) for row in rows]


def key_of(item: Item) -> str:
    """Return the key by which a source's record is known; words in another language are apart from the record."""
    return f"{'words ' if item.patch else ''}{item.kind}:{_short(item.key)}"


def _short(key: str) -> str:
    """Return a key that any database keeps; one that is none is known by its digest."""
    return key if len(key) <= _LONGEST_KEY and key.isprintable() else digest(key.encode("utf-8", "replace").decode())


def by_family(items: Sequence[Item]) -> list[Item]:
    """Return items in an order in which a provider, its places and its services stand together, the provider first.

    What is searched of a service is derived from all three: together they are derived once.
    """
    family: dict[str, str] = {}
    for item in items:
        document = item.document or {}
        if item.kind == SERVICE:
            owner = str(document.get("organization_id") or "")
            places = document.get("service_at_locations") or []
            rows = [place for place in places if isinstance(place, dict)] if isinstance(places, list) else []
            named = [row.get("location_id") for row in rows]
            for one in (document.get("id"), *named):
                family.setdefault(str(one), owner)
    order: dict[str, int] = {}
    place = {PROVIDER: 0, SITE: 1}

    def rank(item: Item) -> tuple[int, int]:
        identity = str((item.document or {}).get("id"))
        owner = family.get(identity, identity)
        return order.setdefault(owner, len(order)), place.get(item.kind, 2)

    return sorted(items, key=rank)


def count(counts: dict[str, dict[str, int]], lines: Iterable[Line]) -> dict[str, dict[str, int]]:
    """Return counts by kind and result, and by problem, with some lines added."""
    found = {name: Counter(values) for name, values in counts.items()}
    for line in lines:
        found.setdefault(line.kind or "other", Counter())[line.what] += 1
        for problem in line.more.get("problems", ()):
            found.setdefault("problems", Counter())[problem["code"]] += 1
        for name in ("kept", "held"):
            if line.more.get(name):
                found.setdefault(name, Counter())[line.kind] += 1
    return {name: dict(values) for name, values in found.items()}


def vanish(connection: Connection, run: Run, items: Iterable[Item]) -> list[Line]:
    """Mark what the source said before and no longer says as not seen since; nothing is deleted."""
    now_said = {key_of(item) for item in items}
    gone = [
        (key, identity)
        for key, identity in Sources(connection).unseen(run.one.sayer, run.origin.day)
        if key not in now_said and key.partition(":")[0] in KINDS
    ]
    rows = ServiceMap(connection).many(identity for _key, identity in gone)
    lost = [row for _key, identity in gone if (row := rows.get(identity)) and _still_said(run, row)]
    drafts = [Draft(row.kind, vanished(row.document, run.origin.day)) for row in lost]
    if drafts and run.writes:
        apply(connection, drafts, _actor(run), host=run.host, now=run.now)
    return [Line(row.kind, "", row.id, VANISHED, {}) for row in lost]


def _still_said(run: Run, row: Row) -> bool:
    source = row.document.get("source") or {}
    return source.get("name") == run.origin.name and not source.get("vanished") and may_edit(run.who, row, run.host)


def _begin(run: Run, item: Item) -> _Row:
    item = item if run.edits else _on_earth(item)
    row = _Row(item, key_of(item), problems=list(item.problems))
    if item.document is None:
        row.what = DUPLICATE if any(one.code == _REPEATED for one in item.problems) else PROBLEM
    elif item.kind not in KINDS:
        row.refuse("", "not_kept", "This is no provider, service or site; it is not kept.")
    elif str(item.document["id"]) in run.used:
        row.refuse("id", _REPEATED, "An earlier row is the same record.")
    else:
        run.used.add(str(item.document["id"]))
        _sign(row)
    return row


def _on_earth(item: Item) -> Item:
    """Return a site without a position that no place has: all else that its source says of it counts."""
    document = item.document or {}
    lat, lon = document.get("latitude"), document.get("longitude")
    if item.kind != SITE or not isinstance(lat, int | float) or not isinstance(lon, int | float):
        return item
    if abs(lat) <= _POLE and abs(lon) <= _DATE_LINE:
        return item
    left = {name: value for name, value in document.items() if name not in {"latitude", "longitude"}}
    said = Problem("latitude", "no_such_place", "No place on earth has this position; it is left out.")
    return replace(item, document=left, problems=(*item.problems, said))


def _sign(row: _Row) -> None:
    try:
        row.whole = digest(_plain(row.item))
    except (ValueError, TypeError, RecursionError):
        row.refuse("", "invalid", "The row holds a value that cannot be kept.")


def _open(rows: Iterable[_Row]) -> list[_Row]:
    return [row for row in rows if not row.what]


def _says_the_same(run: Run, row: _Row, before: Said | None) -> bool:
    """Whether a source says of a record what it said on the same day: then nothing need be read."""
    return before is not None and before.day == run.origin.day and before.whole == row.whole


def _plain(item: Item) -> dict[str, Any]:
    """Return what a row says of a record, without what only we may say."""
    ours = SYSTEM - {"id"}
    return {name: value for name, value in (item.document or {}).items() if name not in ours}


def _load(connection: Connection, run: Run, rows: Sequence[_Row]) -> None:
    found = ServiceMap(connection).many(str((row.item.document or {})["id"]) for row in _open(rows))
    for row in _open(rows):
        row.row = found.get(str((row.item.document or {})["id"]))
        if row.row is None:
            row.direct = bool(run.one.roles & EDITORS)
            if row.item.patch:
                row.refuse("id", "no_record", "There is no such record here.")
        elif row.row.kind != row.item.kind:
            row.refuse("id", "other_kind", "A record of another kind has this id.")
        elif not may_edit(run.who, row.row, run.host):
            row.direct = False
            if not run.edits or row.row.host != run.host:
                row.refuse("id", "not_ours", "Another agency keeps this record.")
            elif run.seen(row.row) is None:
                row.refuse("id", "no_record", "There is no such record here.")


def _settle(run: Run, row: _Row, before: Said | None) -> None:
    """Join what a source says with the record that is here."""
    new, current = _plain(row.item), None if row.row is None else row.row.document
    if row.item.patch:
        row.document = merged(current or {}, new)
        return
    ours = bool(current) and (current or {}).get("source", {}).get("name") == run.origin.name
    settled = settle(new, current, before.members if before else {}, ours=ours)
    seen = Seen(run.origin.name, run.origin.licence, _short(row.item.key), run.origin.day, run.verifies)
    members = [name for name in new if name not in settled.kept]
    row.document, row.kept = marked(row.item.kind, settled.document, seen, members), settled.kept


def _place(connection: Connection, run: Run, rows: Sequence[_Row]) -> None:
    """Give places with a position their area, where nobody said it."""
    areas = Areas(connection)
    for row in _open(rows):
        document = row.document or {}
        lat, lon = document.get("latitude"), document.get("longitude")
        if row.item.kind != SITE or "area" in document:
            continue
        if not isinstance(lat, int | float) or not isinstance(lon, int | float):
            continue
        if area := (areas.locate if run.writes else areas.at)(lat, lon, run.origin.country):
            row.document = {**document, "area": area}


def _edit(run: Run, row: _Row) -> None:
    """Join the cells of a spreadsheet with the record that is here; what they change was checked by whoever sent it."""
    new = _plain(row.item)
    current = {} if row.row is None else run.seen(row.row) or {}
    document = merged(current, new) if row.item.patch else new
    changed = [name for name in document.keys() | current.keys() if document.get(name) != current.get(name)]
    if row.direct and changed:
        checked = checks(row.item.kind, document, changed, on=run.origin.day, how=SPREADSHEET, by=run.one.agency)
        document = {**document, "verified": checked}
    row.document = document
    if row.row is not None and not changed:
        row.what = UNCHANGED  # of what they see: a right guess of what is hidden is proposed like a wrong one


def _check(connection: Connection, run: Run, rows: Sequence[_Row]) -> None:
    """Report what is no record of its kind, speaks for another agency, or belongs to nobody."""
    named = {str(row.document.get("organization_id")) for row in _open(rows) if row.document}
    there = ServiceMap(connection).many(named)
    for row in _open(rows):
        document = row.document or {}
        for problem in record.check(row.item.kind, document):
            row.refuse(problem.field, problem.code, problem.message)
        if not row.what:
            _check_owner(run, row, there)
        if not row.what and row.direct:
            run.good.add(str(document["id"]))


def _check_owner(run: Run, row: _Row, there: Mapping[str, Row]) -> None:
    document, before = row.document or {}, {} if row.row is None else row.row.document
    if row.item.kind == PROVIDER and document.get("agency") not in {None, before.get("agency"), run.one.agency}:
        row.refuse("agency", "not_ours", "An agency says itself which provider it is.")
    owner = document.get("organization_id")
    if row.item.kind == PROVIDER or owner in run.good or (owner is None and row.item.kind == SITE):
        return
    by, keeper = there.get(str(owner)), row.row.steward if row.row else run.one.agency
    if by is None or by.kind != PROVIDER or run.seen(by) is None:
        row.refuse("organization_id", "no_provider", "The provider of this record is neither here nor in the file.")
    elif row.direct and owner != before.get("organization_id") and keeper not in {by.steward, by.agency}:
        row.refuse("organization_id", "not_ours", "Another agency keeps this provider.")


def _write(connection: Connection, run: Run, rows: Sequence[_Row]) -> None:
    """Write what the sender may write and propose the rest; or only say what would happen."""
    direct = [row for row in _open(rows) if row.direct]
    drafts = [Draft(row.item.kind, row.document or {}, steward=run.one.agency) for row in direct]
    if run.writes:
        outcomes = apply(connection, drafts, _actor(run), host=run.host, now=run.now) if drafts else []
    else:
        outcomes = plan(connection, drafts)
    for row, outcome in zip(direct, outcomes, strict=True):
        row.outcome = outcome
        row.what = outcome.what if outcome.what == NEW or _told(outcome.fields) or outcome.held else UNCHANGED
    for row in [row for row in _open(rows) if not row.direct]:
        row.what = PROPOSED
        if run.writes:
            _propose(connection, run, row)


def _propose(connection: Connection, run: Run, row: _Row) -> None:
    current: Mapping[str, Any] = {} if row.row is None else run.seen(row.row) or {}
    document = row.document or {}
    names = (document.keys() | current.keys()) - SYSTEM
    changes = {name: document.get(name) for name in sorted(names) if document.get(name) != current.get(name)}
    level = FOCAL if row.row is None else run.level(row.row)
    identity, base = (None, None) if row.row is None else (row.row.id, row.row.version)
    wanted = Proposal(row.item.kind, identity, changes, base=base)
    try:
        with connection.begin_nested():
            propose(connection, wanted, _actor(run), host=run.host, now=run.now, level=level)
    except HubError as error:
        row.refuse("", error.code, error.detail)


def _actor(run: Run) -> Actor:
    how = SPREADSHEET if run.edits else "import"
    return Actor(run.one.agency, run.one.member, how, run.origin.name)


def _told(fields: Iterable[str]) -> list[str]:
    """Return the changed members that are worth a line; that it was seen again is not."""
    return [name for name in fields if name not in SYSTEM]


def _said(run: Run, row: _Row) -> Said:
    identity = row.outcome.id if row.outcome else ""
    return Said(row.key, identity, run.origin.day, row.whole, said(_plain(row.item)))


def _line(row: _Row) -> Line:
    more: dict[str, Any] = {}
    if row.outcome is not None:
        fields = _told(row.outcome.fields) if row.what != NEW else []
        more = {"fields": fields, "held": list(row.outcome.held)}
    more |= {"kept": list(row.kept)}
    more["problems"] = [{"field": one.field, "code": one.code, "message": one.message} for one in row.problems]
    identity = row.outcome.id if row.outcome else (row.item.document or {}).get("id")
    return Line(row.item.kind, row.item.row, identity, row.what, {name: value for name, value in more.items() if value})
