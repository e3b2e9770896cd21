"""The child says no: a disagreement is opened with the record, until a supervisor says how it ended (R03).

Own records. Nothing is lifted here: a no stands until the child agrees in a later revision, or two members approve
otherwise in the child's best interests (`basis.approve`). Who signed counts, as for every own record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.client import records
from hub.errors import Conflict, InvalidRequest
from hub.packets import shapes as a
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from hub.client.member import Member

KIND = "disagreement"
OUTCOMES = ("no_stands", "child_agrees", "best_interests")
"""How one ends: nothing is shared; the child said yes after all; two authorisers decided, and the child was told."""
_SUPERVISOR = frozenset({Role.SUPERVISOR.value})
_FORM = a.object_of({"consent": a.identifier, "outcome": a.one_of(None, *OUTCOMES), "said": a.string})


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A no of a child: about which consent, since when, and how it ended; `outcome` None while it is open."""

    record: str
    consent: str
    since: int
    outcome: str | None
    said: str


def open_for(member: Member, consent: str) -> str:
    """Open a disagreement about a consent, unless one is open; return its record."""
    known = next((row.record for row in listing(member) if row.consent == consent and row.outcome is None), None)
    return known or records.put(member, KIND, {"consent": consent, "outcome": None, "said": ""})


def listing(member: Member) -> list[Disagreement]:
    """Return the disagreements, those that are open first, then the newest."""
    found = [_read(row) for row in records.listing(member, KIND) if records.of_form(row, _FORM)]
    return sorted(found, key=lambda row: (row.outcome is not None, -row.since))


def is_open(member: Member, consent: str) -> bool:
    """Whether a disagreement about a consent is open: then nothing that goes on it moves a child (R26)."""
    return any(row.consent == consent and row.outcome is None for row in listing(member))


def end(member: Member, record: str, outcome: str, said: str) -> None:
    """Say how a disagreement ended, in words that the child could read.

    Raises:
        Forbidden: the member is no supervisor.
        InvalidRequest: no such outcome, or nothing is said of it.
        Conflict: it ended before.
    """
    if outcome not in OUTCOMES or not said.strip():
        raise InvalidRequest(f"A disagreement ends with {', '.join(OUTCOMES)}, and with words about it.")
    row = records.get(member, record, KIND)
    if _read(row).outcome is not None:
        raise Conflict("This disagreement has ended.")
    value = {"consent": row.value["consent"], "outcome": outcome, "said": said.strip()}
    records.put(member, KIND, value, handoff=record, roles=_SUPERVISOR)


def _read(row: records.Record) -> Disagreement:
    value = row.value
    ended = row.by.role in _SUPERVISOR
    outcome, said = (value["outcome"], value["said"]) if ended else (None, "")
    return Disagreement(row.handoff, value["consent"], row.began, outcome, said)
