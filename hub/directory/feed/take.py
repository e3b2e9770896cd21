"""Taking what a peer tells of its records: what is its own and of its form goes into the map, the rest is refused.

A record that is refused spoils nothing else; it is counted, said in the report of the pull, and asked for again once a
day, because what it lacked may have come meanwhile. Copies are changed by their own hub alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert
from sqlalchemy.exc import DBAPIError

from hub.db import batches
from hub.directory.feed.checks import Checks
from hub.directory.feed.document import Told, mix
from hub.directory.feed.store import Entry, FeedStore, Head
from hub.directory.records.record import PROVIDER, SERVICE, SITE
from hub.directory.records.visibility import PARTNERS
from hub.directory.servicemap.store import ServiceMap, map_aliases
from hub.directory.servicemap.withdraw import forget_history, withdraw
from hub.directory.servicemap.write import CHANGED, NEW, Actor, Draft, apply
from hub.errors import HubError, PeerMisbehaved, Replayed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

MOST: Final = 250_000
"""Records of one peer."""
RETRY: Final = 86_400
KINDS: Final = (PROVIDER, SITE, SERVICE)


@dataclass(slots=True)
class Taken:
    """What became of the pages of a pull. `again`: what we have is not what the peer has; read from the start."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    again: bool = False

    def add(self, other: Taken) -> None:
        """Count what became of one more page."""
        self.new, self.changed, self.gone = self.new + other.new, self.changed + other.changed, self.gone + other.gone
        self.refused += other.refused
        self.again = other.again


def begin(connection: Connection, host: str, now: int, *, anew: bool = False) -> None:
    """Before a pull: while records are refused, read from the start once a day, or when new keys came (`anew`)."""
    store = FeedStore(connection, host, PARTNERS)
    if store.refused() and (anew or now >= store.head().whole_at + RETRY):
        store.start_over(now)


def take(connection: Connection, page: Mapping[str, Any], now: int) -> Taken:
    """Take a page that `read_page` gave, if it goes on where we are.

    Raises:
        Replayed: it is older than the newest page that we have.
        PeerMisbehaved: it tells of too many records.
    """
    store = FeedStore(connection, page["host"], PARTNERS)
    head = store.lock()
    if page["at"] < head.at:
        raise Replayed("A page of a feed is older than the last.")
    if page["after"] != head.seq:  # another pull was faster
        return Taken()
    if page["to"] < page["after"]:  # the peer has fewer changes than it had: it was restored
        return Taken(again=True)
    return _Page(connection, store, page, now).take(head)


def drop(connection: Connection, host: str, now: int) -> int:
    """Take all records of a hub that is no peer any more out of the map; return how many."""
    return withdraw(connection, FeedStore(connection, host, PARTNERS).clear(), host=host, now=now)


@dataclass(slots=True)
class _Page:
    """One page while it is taken."""

    connection: Connection
    store: FeedStore
    page: Mapping[str, Any]
    now: int
    known: dict[str, Entry] = field(init=False)
    made: Taken = field(default_factory=Taken)

    def __post_init__(self) -> None:
        self.known = self.store.entries([row["id"] for row in self.page["records"] + self.page["gone"]])

    @property
    def host(self) -> str:
        return str(self.page["host"])

    def take(self, head: Head) -> Taken:
        told = [Told(row["id"], row["kind"], row["steward"], row["document"]) for row in self.page["records"]]
        refused = self._records([one for one in told if not self._same(one)])
        self._withdraw(list(refused))  # what it says now may not stand here, and what it said before it no longer says
        seqs = {row["id"]: row["seq"] for row in self.page["records"]}
        new = [Entry(one.id, seqs[one.id], one.kind, one.sha, None, refused.get(one.id, "")) for one in told]
        new += self._gone([row for row in self.page["gone"] if row["id"] in self.known])
        lost = [] if self.page["more"] else self._unheard({entry.id for entry in new})
        old = [*(self.known[entry.id] for entry in new if entry.id in self.known), *lost]
        changes = [(entry.id, entry.sha, sign) for some, sign in ((old, -1), (new, 1)) for entry in some if entry.sha]
        self.store.drop([entry.id for entry in lost])
        self.store.put(new)
        head = replace(head, seq=self.page["to"], at=self.page["at"], digest=mix(head.digest, *changes))
        self.store.put_head(head)
        self.made.refused = Counter(refused.values())
        self.made.again = self.page["digest"] not in {None, head.digest}
        return self.made

    def _same(self, one: Told) -> bool:
        old = self.known.get(one.id)
        return old is not None and old.sha == one.sha and not old.refused

    # -- records

    def _records(self, told: Sequence[Told]) -> dict[str, str]:
        """Take some records, those before others that these name; return why some were not."""
        if len([one for one in told if one.id not in self.known]) > MOST - self.store.count():
            raise PeerMisbehaved("The peer tells of more records than one hub has.")
        refused: dict[str, str] = {}
        for kind in KINDS:
            checks = Checks(self.connection, self.host, self.now)
            drafts = []
            for one in (one for one in told if one.kind == kind):
                try:
                    drafts.append(checks.draft(one))
                except HubError as error:
                    refused[one.id] = str(error.facts.get("why", "invalid"))
            self._make_room(drafts)
            refused |= self._apply(drafts)
        return refused

    def _make_room(self, drafts: Sequence[Draft]) -> None:
        """Let what was merged by the peer stand for itself again; what has another keeper now begins anew."""
        ids = [str(draft.document["id"]) for draft in drafts]
        for some in batches(ids):
            self.connection.execute(delete(map_aliases).where(map_aliases.c.id.in_(some)))
        known = ServiceMap(self.connection).many(ids)
        other = [
            draft.document["id"]
            for draft in drafts
            if (row := known.get(draft.document["id"])) and (row.kind, row.steward) != (draft.kind, draft.steward)
        ]
        withdraw(self.connection, other, host=self.host, now=self.now)

    def _apply(self, drafts: Sequence[Draft]) -> dict[str, str]:
        """Write some drafts, together or, where that fails, each for itself; return which failed."""
        if not drafts:
            return {}
        try:
            with self.connection.begin_nested():
                done = apply(self.connection, drafts, Actor(self.host, "", "feed"), host=self.host, now=self.now)
        except (HubError, DBAPIError):
            if len(drafts) == 1:
                return {str(drafts[0].document["id"]): "invalid"}
            return {name: why for draft in drafts for name, why in self._apply([draft]).items()}
        self.made.new += sum(outcome.what == NEW for outcome in done)
        self.made.changed += sum(outcome.what == CHANGED for outcome in done)
        forget_history(self.connection, [outcome.id for outcome in done])
        return {}

    # -- what is gone

    def _gone(self, rows: Sequence[Mapping[str, Any]]) -> list[Entry]:
        """Take records out; ids that the peer merged into a record of its own lead there."""
        self._withdraw([row["id"] for row in rows])
        found = ServiceMap(self.connection)
        kept = found.many([row["kept"] for row in rows if row["kept"]])
        for row in rows:
            to = kept.get(row["kept"])
            if to is not None and to.host == self.host and found.get(row["id"]) is None:
                self.connection.execute(insert(map_aliases).values(id=row["id"], kept=to.id))
        return [Entry(row["id"], row["seq"], self.known[row["id"]].kind, "", row["kept"]) for row in rows]

    def _unheard(self, heard: set[str]) -> list[Entry]:
        """Take out what was not told again when all was read from the start; return what was known of it."""
        lost = [entry for entry in self.store.unheard() if entry.id not in heard]
        self._withdraw([entry.id for entry in lost])
        return lost

    def _withdraw(self, records: Sequence[str]) -> None:
        self.made.gone += withdraw(self.connection, records, host=self.host, now=self.now)
