"""The number at which an agency can be asked and sent a code: out of the verified service map, and from nowhere else.

Nobody types it in when it is needed, and a changed number counts only after the old one was called or 72 hours (the
rule of the map, `holds`). Sends nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import phonenumbers

from hub.directory.records.freshness import State, day_of, due_of
from hub.directory.records.record import PROVIDER
from hub.directory.servicemap.store import ServiceMap, map_records
from hub.errors import InvalidRequest
from hub.keys.store import KeyStore
from hub.notify.numbers import checked_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

_NOT_FOR_TEXTS: Final = frozenset({"voice", "landline", "fax", "video", "pager", "textphone", "do_not_text"})
"""HSDS's types of telephones that take no text, and ours for a number whose owner does not want any."""


def verified_number(connection: Connection, agency: str, now: int, *, besides: str | None = None) -> str | None:
    """Return the number (E.164) of an agency's provider record that may be texted, or None.

    Its contact details were verified within their limit. A record that the agency keeps itself goes first; one that
    `besides` keeps does not count: who reports an answer does not also say at which number it is asked about.
    """
    entry, c = KeyStore(connection).find_agency(agency), map_records.c
    rows = ServiceMap(connection).records(PROVIDER, where=(c.agency == agency,), limit=20)
    kept = sorted((row for row in rows if row.steward != besides), key=lambda row: row.steward != agency)
    for row in kept:
        fresh = due_of(row.document, "contact").state(day_of(now)) in {State.FRESH, State.DUE}
        for phone in row.document.get("phones") or () if fresh else ():
            number = _number(phone, entry.country if entry else None)
            if number is not None:
                return number
    return None


def _number(phone: Mapping[str, Any], country: str | None) -> str | None:
    if str(phone.get("type", "")).lower() in _NOT_FOR_TEXTS:
        return None
    try:
        found = phonenumbers.parse(phone["number"], country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(found):
        return None
    try:
        return checked_number(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))
    except InvalidRequest:  # a short one, or one of a plan that goes beyond E.164: no gateway texts it
        return None
