"""An agency's counts of one month, suppressed and signed by a member of its own (docs/protocol.md §9). Pure.

A hub keeps and passes on what was signed; it counts nothing of this kind itself, because it knows no service, ending
or age. A month is published once: the same bytes again are the same document, other bytes are refused.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hub.directory.records.vocabulary import NEEDS
from hub.errors import BadSignature, Expired, InvalidRequest, Malformed
from hub.packets import shapes as a
from hub.packets.dsse import Envelope, sign_envelope
from hub.packets.encoding import canonical
from hub.reports.domain import DEPTH, POLICY, SPLITS, UNSAID, Path, settled
from hub.reports.suppression import Row, Told, check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.packets.dsse import Signer

COUNTS_TYPE: Final = "application/vnd.rcp.counts+json;v=1"
COUNTERS: Final = frozenset({"supervisor", "coordinator", "data_officer", "agency_admin"})
"""Who may publish an agency's month."""
MOST_BYTES: Final = 150_000
"""Of the rows: an envelope has 256 KiB."""
_MOST_ROWS: Final = 2000
_AHEAD: Final = 600
_COUNT: Final = a.integer(0, 2**31 - 1)
MONTH: Final = a.matches(re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])"))
CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~+-]{0,31}")
"""How a service, an area, an age band and a sex are written: never in words."""
_ROW: Final = a.object_of({"at": a.list_of(a.matches(CODE), DEPTH), "sought": _COUNT, "told": a.at_least({})})
_SHAPE: Final = a.object_of(
    {
        "v": a.integer(1, 1),
        "agency": a.agency,
        "month": MONTH,
        "policy": a.one_of(POLICY),
        "at": a.seconds,
        "rows": a.list_of(_ROW, _MOST_ROWS),
    }
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What an agency publishes of a month; no rows where help was sought for fewer than ten needs."""

    agency: str
    month: str
    at: int
    rows: Told


def sign_counts(counts: Counts, signer: Signer) -> Envelope:
    """Return the month signed; where it is too long for one document, without the lowest level of the hierarchy.

    Raises:
        InvalidRequest: the month is not settled, or a count tells one that is below ten.
    """
    while len(counts.rows) > _MOST_ROWS or len(canonical(rows_value(counts.rows))) > MOST_BYTES:
        lowest = max(map(len, counts.rows))
        counts = replace(counts, rows={path: row for path, row in counts.rows.items() if len(path) < lowest})
    _check(counts)
    value = {"v": 1, "agency": counts.agency, "month": counts.month, "policy": POLICY, "at": counts.at}
    return sign_envelope(COUNTS_TYPE, {**value, "rows": rows_value(counts.rows)}, [signer])


def read_counts(data: bytes, keys: Iterable[bytes], *, now: int) -> Counts:
    """Return what a document says; `keys` are those of the agency's members who could sign it when it says it was.

    Raises:
        PacketError: not of the grammar, signed by none of these, or dated in the future.
        InvalidRequest: its month was not settled, or a count tells one that is below ten.
    """
    envelope = Envelope.from_bytes(data, COUNTS_TYPE)
    counts = _read(envelope.value)
    _signed_by_one(envelope, keys)
    if counts.at > now + _AHEAD:
        raise Expired("These counts are dated in the future.")
    _check(counts)
    return counts


def stated(data: bytes) -> Counts:
    """Return what a document says that was verified when it was taken, or about which nothing is believed yet.

    Raises:
        PacketError: not of the grammar.
    """
    return _read(Envelope.from_bytes(data, COUNTS_TYPE).value)


def rows_value(rows: Told) -> list[dict[str, Any]]:
    """Return rows as JSON, in the order of their places."""
    return [{"at": list(path), "sought": rows[path].sought, "told": rows[path].told} for path in sorted(rows)]


def _read(value: Any) -> Counts:
    _SHAPE(value)
    rows: Told = {}
    for row in value["rows"]:
        path: Path = tuple(row["at"])
        if path in rows or not set(path[:1]) <= {*NEEDS, UNSAID}:
            raise Malformed("A place of these counts stands twice, or is of no service that is known here.")
        _check_told(row["told"])
        rows[path] = Row(row["sought"], row["told"])
    return Counts(value["agency"], value["month"], value["at"], rows)


def _check_told(told: dict[str, Any]) -> None:
    for name, classes in told.items():
        if name not in SPLITS or not isinstance(classes, dict) or not classes:
            raise Malformed("A split of these counts is not known here.")
        for one, count in classes.items():
            _COUNT(count)
            if one not in SPLITS[name].classes:
                raise Malformed("A class of these counts is not known here.")


def _check(counts: Counts) -> None:
    if not settled(counts.month, counts.at):
        raise InvalidRequest(
            "This month is not settled yet.", todo="Publish it three months after its end.", field="month"
        )
    check(counts.rows)


def _signed_by_one(envelope: Envelope, keys: Iterable[bytes]) -> None:
    for key in keys:
        with suppress(BadSignature):
            return envelope.verified_by([key])
    raise BadSignature("These counts are signed by nobody who may publish them.")
