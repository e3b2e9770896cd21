"""Single-use links: how a provider without an account says what is right, or objects to other contact details.

Rules: a link goes to where the record is reached now, or onto paper by a coordinator's hand, never to an address that
somebody names; looking at it any number of times changes nothing, because mail is opened by machines too; what it says
is a proposal that a coordinator decides on; a new link revokes those before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.directory.records.visibility import PARTNERS
from hub.directory.records.vocabulary import LINK_SECONDS
from hub.directory.servicemap.store import ServiceMap
from hub.directory.servicemap.write import Actor
from hub.directory.upkeep import requests
from hub.directory.upkeep.store import Link, Links, Purpose
from hub.directory.upkeep.waiting import addresses
from hub.errors import Conflict, InvalidRequest, NotFound
from hub.ids import random_id
from hub.notify.store import Notices
from hub.notify.templates import MAP_LINK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from hub.directory.servicemap.store import Row

LANGUAGES: Final = ("en", "fr", "es", "ar")
GONE: Final = "This link was used, has expired, or was replaced by a newer one."


def new(row: Row, by: Actor, language: str, now: int) -> Link:
    """Return a link about a record, which opens something once it is kept."""
    return Link(random_id(), row.id, Purpose.UPDATE, language, by.agency, by.member, now, now + LINK_SECONDS)


def issue(connection: Connection, row: Row, by: Actor, language: str, now: int) -> Link:
    """Keep a new link about a record, in place of those before."""
    link = new(row, by, language, now)
    Links(connection).revoke(now, record=row.id, purpose=Purpose.UPDATE)
    Links(connection).add(link)
    return link


def send(connection: Connection, row: Row, link: Link, now: int) -> None:
    """Promise a mail with a link to where the record is reached now.

    Raises:
        InvalidRequest: the record has no mail address.
    """
    found = addresses(row.document)
    if not found:
        raise InvalidRequest("The record has no mail address.", todo="Print the link, or read it out.")
    key = f"{MAP_LINK}:{link.id}"
    Notices(connection).put_outside(key, found[0], MAP_LINK, agency=link.agency, link=link.id, now=now)


def look(connection: Connection, identifier: str, now: int) -> tuple[Link, Row]:
    """Return a link that is open and the record that it is about; changes nothing.

    Raises:
        NotFound: no such link, or no such record any more.
        Conflict: it was used, revoked, or has expired.
    """
    link = Links(connection).get(identifier)
    row = None if link is None else ServiceMap(connection).get(link.record)
    if link is None or row is None or row.id != link.record:  # what it was merged into, others may keep
        raise NotFound("This link opens nothing.", todo="Ask for a new one.")
    if not link.open_at(now):
        raise Conflict(GONE, todo="Ask for a new one.")
    return link, row


def answer(
    connection: Connection,
    link: Link,
    row: Row,
    *,
    changes: Mapping[str, Any],
    groups: Sequence[str],
    note: str,
    now: int,
) -> None:
    """Use a link up and keep what was said as a change request, of whoever made the link: they may have kept it.

    Raises:
        Conflict: somebody else used it meanwhile.
        InvalidRequest: what was said is no record, or nothing.
    """
    if not Links(connection).use(link.id, now):
        raise Conflict(GONE, todo="Ask for a new one.")
    by = Actor(link.agency, link.member, "link", note)
    proposal = requests.Proposal(row.kind, row.id, changes, groups, row.version, link.id)
    requests.propose(connection, proposal, by, host=row.host, now=now, level=PARTNERS)


def object_to(connection: Connection, link: Link, *, note: str, now: int) -> bool:
    """Use a link up to object to contact details that wait; return whether they still did.

    Raises:
        Conflict: somebody else used it meanwhile.
    """
    if not Links(connection).use(link.id, now):
        raise Conflict(GONE, todo="Ask for a new one.")
    return requests.object_to(connection, link.record, reason=note, now=now) > 0
