"""The supervisors' sample: consents drawn at random, to be compared with the paper by somebody who did not record them.

One revision of a consent is drawn at most once. A draw or a result counts if a supervisor signed it who put no version
of that consent; any member can put a record that looks like one. Does not fetch the paper, and does not open a consent.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.client import records
from hub.client.member import DAY
from hub.errors import Conflict, Forbidden, InvalidRequest
from hub.packets import shapes as a
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.client.member import Member
    from hub.client.records import Record

KIND, CONSENT = "sample", "consent"
RESULTS = ("matches", "differs", "paper_missing")
ONE_IN = 10
"""How many recorded bases stand for one in the sample; grade J, no source gives a number."""
AT_LEAST_EVERY = 7 * DAY
_SUPERVISOR = frozenset({Role.SUPERVISOR.value})
_FORM = a.object_of(
    {"record": a.identifier, "revision": a.hash_, "result": a.one_of(None, *RESULTS), "note": a.string},
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A revision of a consent that was drawn; `result` is a supervisor's, None while nobody has compared it."""

    id: str
    record: str
    revision: str
    drawn_by: str
    at: int
    result: str | None
    note: str


def draw(member: Member, now: int) -> list[Sample]:
    """Draw consents for comparison: one in ten, at least one a week where there are any; return what was drawn.

    Raises:
        Forbidden: the member is no supervisor.
    """
    member.role(_SUPERVISOR)
    chosen = choose(list(_consents(member).values()), listing(member), member.id, now)
    return [_keep(member, row, now) for row in chosen]


def choose(consents: Sequence[Record], known: Sequence[Sample], who: str, now: int) -> list[Record]:
    """Return the consents that `who` is to compare next to the draws that are known: none twice, none of their own."""
    others = [row for row in consents if who not in _authors(row)]
    drawn = {(row.record, row.revision) for row in known}
    left = [row for row in others if (row.handoff, row.manifest) not in drawn]
    wanted = -(-len(others) // ONE_IN) - (len(others) - len(left))
    if not any(row.at > now - AT_LEAST_EVERY for row in known):
        wanted = max(wanted, 1)
    return secrets.SystemRandom().sample(left, max(0, min(wanted, len(left))))


def listing(member: Member) -> list[Sample]:
    """Return the draws that count, newest first."""
    found = counted(_consents(member), records.listing(member, KIND))
    return sorted(found, key=lambda row: row.at, reverse=True)


def counted(consents: Mapping[str, Record], rows: Iterable[Record]) -> Iterable[Sample]:
    """Yield the draws that count among records of this kind."""
    for row in rows:
        if not records.of_form(row, _FORM) or row.value["record"] not in consents:
            continue
        own, drawn_by, value = _authors(consents[row.value["record"]]), row.begun_by, row.value
        if drawn_by.role in _SUPERVISOR and drawn_by.member not in own:
            counts = row.by.role in _SUPERVISOR and row.by.member not in own
            result, note = (value["result"], value["note"]) if counts else (None, "")
            drawn = (row.handoff, value["record"], value["revision"], drawn_by.member, row.began)
            yield Sample(*drawn, result, note)


def compared(member: Member, sample: str, result: str, note: str = "") -> None:
    """Keep what a comparison with the paper found.

    Raises:
        Forbidden: the member recorded that consent, or is no supervisor.
        InvalidRequest: no such result.
        Conflict: it was compared already.
        NotFound: no such sample.
    """
    if result not in RESULTS:
        raise InvalidRequest(f"A comparison finds: {', '.join(RESULTS)}.")
    row = records.get(member, sample, KIND)
    _FORM(row.value)
    if member.id in _authors(records.get(member, row.value["record"], CONSENT)):
        raise Forbidden("Nobody compares a consent that they recorded.", todo="Ask another supervisor.")
    if any(known.id == sample and known.result for known in listing(member)):
        raise Conflict("This consent was compared already.", todo="See `hub consent sample --list`.")
    records.put(member, KIND, {**row.value, "result": result, "note": note}, handoff=sample, roles=_SUPERVISOR)


def _keep(member: Member, row: Record, now: int) -> Sample:
    value = {"record": row.handoff, "revision": row.manifest, "result": None, "note": ""}
    kept = records.put(member, KIND, value, roles=_SUPERVISOR)
    return Sample(kept, row.handoff, row.manifest, member.id, now, None, "")


def _consents(member: Member) -> dict[str, Record]:
    return {row.handoff: row for row in records.listing(member, CONSENT)}


def _authors(row: Record) -> set[str]:
    return {author.member for author in row.authors}
