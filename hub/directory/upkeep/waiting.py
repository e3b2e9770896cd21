"""Contact details that wait: kept as a request of state `held`, and told to whoever answers at the old ones.

Called by the one write path, in its transaction; what waits is said by `hub.directory.upkeep.holds`. Rules: the same
change asked for again waits no longer for it; another one of the same member takes the first one's place and waits its
own three days, so that nobody inherits time; the old contact gets a link with which it can object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.auth.accounts import is_mail_address
from hub.directory.records.freshness import day_of
from hub.directory.records.vocabulary import CONTACT_HOLD, LINK_SECONDS
from hub.directory.upkeep.store import Link, Links, Purpose, Request, Requests, State
from hub.ids import random_id
from hub.notify.store import Notices
from hub.notify.teller import Teller
from hub.notify.templates import MAP_ASKED, MAP_HELD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection

    from hub.directory.servicemap.store import Row
    from hub.directory.servicemap.write import Actor

DECIDERS: Final = frozenset({"coordinator", "agency_admin"})
LANGUAGE: Final = "en"
_MOST_TOLD: Final = 5


def waiting(connection: Connection, records: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return for each record the members that wait already, with the values that they shall have."""
    found: dict[str, dict[str, Any]] = {}
    for request in Requests(connection).of_record(records, State.HELD):
        found.setdefault(request.record, {}).update(request.changes)
    return found


def keep(connection: Connection, row: Row, held: Mapping[str, Any], by: Actor, *, now: int) -> Request:
    """Let members of a record wait, in place of what waited for them before, and tell the old contact."""
    for before in Requests(connection).of_record([row.id], State.HELD):
        supersede(connection, before, held, now)
    request = Request(
        id=random_id(),
        record=row.id,
        kind=row.kind,
        steward=row.steward,
        state=State.HELD,
        base=row.version,
        changes=dict(held),
        old={member: row.document.get(member) for member in held},
        groups=[],
        agency=by.agency,
        member=by.member,
        how=by.how,
        note=by.note,
        at=now,
        until=now + CONTACT_HOLD,
    )
    Requests(connection).add(request)
    _tell_old(connection, row, request, now)
    tell(connection, row.host, row.steward, now)
    return request


def supersede(connection: Connection, before: Request, members: Iterable[str], now: int) -> None:
    """Take members out of a request that waits; one that has none left is superseded."""
    left = {name: value for name, value in before.changes.items() if name not in set(members)}
    if len(left) == len(before.changes):
        return
    if left:
        Requests(connection).move(before, before.state, changes=left)
        return
    Requests(connection).move(before, State.SUPERSEDED, decided_at=now)


def tell(connection: Connection, host: str, steward: str, now: int) -> None:
    """Tell the coordinators of the agency that maintains a record that changes wait for them, once a day."""
    key = f"{MAP_ASKED}:{day_of(now)}:{steward}"
    Teller(connection, host).tell(steward, DECIDERS, MAP_ASKED, about="", key=key, now=now)


def addresses(document: Mapping[str, Any]) -> list[str]:
    """Return the mail addresses at which a record is reached, the focal point's first."""
    found = (text for text in _addresses(document) if isinstance(text, str) and is_mail_address(text))
    return list(dict.fromkeys(found))[:_MOST_TOLD]


def _addresses(document: Mapping[str, Any]) -> Iterator[Any]:
    yield (document.get("focal_point") or {}).get("email")
    yield document.get("email")
    for contact in document.get("contacts") or ():
        yield contact.get("email")


def _tell_old(connection: Connection, row: Row, request: Request, now: int) -> None:
    """Send a link to object, unless one that stays good for as long as this waits is out already."""
    if Links(connection).open_of(row.id, Purpose.OBJECT, request.until or now):
        return
    for address in addresses(row.document):
        link = Link(random_id(), row.id, Purpose.OBJECT, LANGUAGE, row.steward, "", now, now + LINK_SECONDS)
        Links(connection).add(link)
        Notices(connection).put_outside(
            f"map-held:{link.id}", address, MAP_HELD, agency=row.steward, link=link.id, now=now
        )
