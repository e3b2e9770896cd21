"""Who is responsible for a case: read out of what members and hubs signed, never out of what the own hub says.

The register of a case is a chain: it is opened, released on a leg, taken, and goes on at the taker's home hub with a
first word that cites the take. An agency sees the links that it had a part in. Two agencies act as responsible from the
moment a take is stored until the register has it, so nobody is dropped between two hubs; one holds at every instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.client import cases, reading, records
from hub.errors import Conflict, NotFound, PeerMisbehaved
from hub.statements.grammar import ASSUME, MemberActor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.client.cases import CaseFile
    from hub.client.member import Member
    from hub.client.reading import Line, Shown

OPEN, HOLD, LEG = "case.open", "case.hold", "case.leg"
INTAKE, RELEASE, UNRELEASE, TAKE = "transfer.intake", "transfer.release", "transfer.unrelease", "transfer.take"
SUCCEEDED = "transfer.succeeded"
MOVES = (RELEASE, UNRELEASE, TAKE)


@dataclass(frozen=True, slots=True)
class Link:
    """One signed word by which the register came to stand as it does; `host` is the hub whose order counts."""

    type: str
    handoff: str
    hash: str
    by: str
    at: int
    host: str
    position: int | None


@dataclass(frozen=True, slots=True)
class Holding:
    """Who is responsible for a case by the register, as far as this agency had a part in it, and who acts so.

    `acting` has two agencies while a take is on its way to the register. `unilateral`: a successor holds the case that
    the one before did not hand over.
    """

    case: str | None
    leg: str | None
    holder: str
    acting: tuple[str, ...]
    release: str | None
    unilateral: bool
    being_confirmed: bool
    chain: tuple[Link, ...]


def who_holds(member: Member, name: str) -> Holding:
    """Return who holds the case that a case file's record, its reference in the register, or a leg names.

    Raises:
        NotFound: there is none, or nobody has opened it.
    """
    shown = reading.show(member, name)
    if shown.kind == "own_record":
        value = records.get(member, name, cases.KIND).value
        named = _named(member, value.get("case"), value.get("legs") or [])
        if named is None:
            raise NotFound("This case was not opened here.", todo="Open it: `hub transfer open`.")
        return who_holds(member, named)
    if shown.kind == "case":
        return _of_case(member, shown)
    if shown.kind not in {"transfer_leg", reading.SUCCESSION}:
        raise NotFound("This is neither a case nor a leg of a transfer.", todo="See `hub transfer list`.")
    own = register_of(member, shown.id) if shown.to_agency == member.agency else None
    if own is None and shown.submission.statement.type == INTAKE:
        case = shown.submission.statement.body["case"]
        holder = shown.from_agency
        return Holding(case, shown.id, holder, (holder,), None, False, False, (_link(shown.submission, shown),))
    return _of_leg(shown) if own is None else _of_case(member, own)


def _named(member: Member, case: str | None, legs: list[str]) -> str | None:
    """Return what names a case to the hub: its reference, or where nothing was said of that yet, its newest leg."""
    newest_leg = next(reversed(legs), None)
    if case is not None and newest_leg is not None:
        try:
            reading.show(member, case)
        except NotFound:
            return newest_leg
    return case or newest_leg


def register_of(member: Member, leg: str) -> Shown | None:
    """Return the register at the own hub of the case that came by a leg, or None while it does not stand there."""
    for row in reading.pages(member, "case", "in"):
        if (row.get("case") or {}).get("came_by") == leg:
            try:
                return _checked(reading.show(member, row["id"]), leg)
            except NotFound:  # it began with an intake, and goes by no leg yet
                return None
    return None


def placed(shown: Shown, *types: str) -> list[Line]:
    """Return the statements of these types that the ordering hub gave a place, in that order."""
    found = [line for line in shown.lines if line.statement.type in types and line.position is not None]
    return sorted(found, key=lambda line: line.position or 0)


def newest(shown: Shown, *types: str) -> Line | None:
    """Return the last statement of these types that the ordering hub gave a place."""
    return next(reversed(placed(shown, *types)), None)


def same_child(member: Member, held: CaseFile) -> list[CaseFile]:
    """Return other case files of the agency that seem to be of the same child: the same names and birth.

    One child has one register, so whoever opens a second one is warned. Two spellings of a name are not found.
    """
    mine = _identity(held)
    others = (one for one in cases.listing(member) if one.record != held.record)
    return [one for one in others if mine is not None and _identity(one) == mine]


def refuse_second(member: Member, held: CaseFile, *, another: bool = False) -> None:
    """Return if no other register seems to be of this child; `another` is a person's word that it is another child.

    Raises:
        Conflict: one does; `records` in the facts names the case files.
    """
    known = [one.record for one in same_child(member, held) if one.case is not None]
    if known and not another:
        raise Conflict(
            "Another case file of your agency seems to be of the same child, and its case is open.",
            todo="Go on with that one; if this is another child, say so: --another.",
            records=known,
        )


def _identity(held: CaseFile) -> tuple[Any, ...] | None:
    said = held.sections.get("identity")
    names, born = (said.get("names"), said.get("born")) if isinstance(said, dict) else (None, None)
    if not isinstance(names, dict) or not isinstance(born, dict):
        return None
    called = " ".join(str(names[name]) for name in ("given", "family") if names.get(name)) or names.get("full")
    when = born.get("on") or born.get("year")
    return None if not called or not when else (" ".join(sorted(str(called).casefold().split())), str(when))


def _of_case(member: Member, shown: Shown) -> Holding:
    """Follow a register at the own hub: how it began here, and the leg by which it moved on or is released."""
    before = _came_by(member, shown)
    chain = before if shown.submission.statement.type == LEG else [*before, _link(shown.submission, shown)]
    for line in reversed(placed(shown, LEG)):
        try:
            leg = reading.show(member, line.statement.body["leg"])
        except NotFound:  # named in the register, never offered
            continue
        if newest(leg, *MOVES) is not None or _waiting(leg):
            here = _of_leg(leg, shown.from_agency)
            if here.release or here.holder != shown.from_agency or here.being_confirmed:
                whole = (*chain, _link(line, shown), *here.chain)
                return Holding(shown.id, leg.id, here.holder, here.acting, here.release, *_marks(here), whole)
    unilateral = any(link.type == ASSUME for link in before)
    return Holding(shown.id, None, shown.from_agency, (shown.from_agency,), None, unilateral, False, tuple(chain))


def _marks(here: Holding) -> tuple[bool, bool]:
    return here.unilateral, here.being_confirmed


def _came_by(member: Member, shown: Shown) -> list[Link]:
    """Return the links before a register that moved here: release and take, or what its successor signed."""
    begin = shown.submission.statement
    if begin.type == LEG:
        return [_taken_in(member, shown)]
    if begin.type != HOLD:
        return []
    before = reading.show(member, begin.body["leg"])
    _checked(shown, before.id)
    line = next((one for one in before.lines if one.hash == begin.body["take"]), None)
    log = begin.body["log"]
    if line is None or not any(
        word.receipt and (word.receipt.log.origin, word.receipt.index) == (log["origin"], log["index"])
        for word in line.words
    ):
        raise PeerMisbehaved("A register cites a take that no receipt proves.")
    release = next((one for one in before.lines if one.hash == line.statement.body.get("release")), None)
    return [_link(one, before) for one in (release, line) if one is not None]


def _taken_in(member: Member, shown: Shown) -> Link:
    """Return the intake with which a register began that has no first word of its own."""
    row = next((row for row in reading.pages(member, "case", "in") if row["id"] == shown.id), {})
    leg = reading.show(member, str((row.get("case") or {}).get("came_by")))
    said = leg.submission.statement
    if said.type != INTAKE or said.body["case"] != shown.id:
        raise PeerMisbehaved("The hub has shown a register that nobody opened.")
    return _link(leg.submission, leg)


def _checked(shown: Shown, leg: str) -> Shown:
    begin = shown.submission.statement
    named = begin.body.get("leg") if begin.type == HOLD else leg
    if named != leg:
        raise PeerMisbehaved("The hub has shown the register of another case.")
    return shown


def _of_leg(shown: Shown, sender: str | None = None) -> Holding:
    """Return what one leg says of who holds the case; the sender until a take has its place in the register."""
    sender = sender or shown.from_agency
    last, waits = newest(shown, *MOVES), _waiting(shown)
    taken = newest(shown, TAKE) or newest(shown, ASSUME)
    holder = shown.to_agency if taken else sender
    acting: Iterable[str] = (holder,) if taken or not waits else (sender, shown.to_agency)
    passed = newest(shown, SUCCEEDED)
    if passed is not None:
        holder, acting = passed.statement.body["by"], (passed.statement.body["by"],)
    release = newest(shown, RELEASE) if last is not None and last.statement.type != UNRELEASE else None
    is_open = release is not None and not taken
    said = [line for line in (release, taken, *waits, passed) if line is not None]
    return Holding(
        None,
        shown.id,
        holder,
        tuple(dict.fromkeys(acting)),
        release.hash if release is not None and is_open else None,
        passed is not None or shown.kind == reading.SUCCESSION,
        bool(waits),
        tuple(_link(line, shown) for line in said),
    )


def _waiting(shown: Shown) -> list[Line]:
    """Return a take, or a succession, that the register has not answered yet: its signer acts as responsible too."""
    return [
        line
        for line in shown.lines
        if line.statement.type in {TAKE, ASSUME} and line.position is None and not line.refused
    ]


def _link(line: Line, shown: Shown) -> Link:
    said = line.statement
    first = said.by[0]
    by = first.agency if isinstance(first, MemberActor) else first.host
    return Link(said.type, shown.id, line.hash, by, said.at, line.ordering, line.position)
