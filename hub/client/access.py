"""Who opened what, and why: those to whom it is assigned, or somebody with a reason, which is reviewed (R46).

Own records: `assignment` says who else works on a handoff, `access` that it was opened. This runs in the client, before
anything is shown; a changed client can leave it out (docs/threat-model.md). Who may hold keys is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hub.client import reading, records, sampling
from hub.client.member import DAY
from hub.client.trust import devices_of
from hub.errors import Conflict, Forbidden, InvalidRequest
from hub.keys.certificates import CASE_ROLES
from hub.packets import shapes as a
from hub.statements.grammar import MemberActor, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.client.member import Member
    from hub.client.reading import Shown
    from hub.client.records import Record

KIND, ASSIGNMENT = "access", "assignment"
REVIEW_WITHIN = 7 * DAY
"""R46, grade J: a supervisor reviews an opening outside assignment within seven days."""
_ASSIGNERS = frozenset({Role.SUPERVISOR.value, Role.FOCAL_POINT.value})
_REVIEWERS = frozenset({Role.SUPERVISOR.value})
_TAKES = tuple(f"{kind}.{step}" for kind in ("referral", "transfer") for step in ("acknowledge", "accept"))
_SENDS = ("transfer.offer",)
"""The statement with which a case is sent where an inquiry began the handoff."""
_TAKEN = frozenset({"effective", "waiting"})


class Kind(StrEnum):
    """Why somebody could open: it is theirs, nobody has taken it yet, or they said why."""

    ASSIGNED = "assigned"
    FIRST_LOOK = "first_look"
    REASON = "reason"


_OK, _CONCERN = "ok", "concern"
_FORM = a.object_of(
    {
        "handoff": a.identifier,
        "kind": a.one_of(*Kind),
        "why": a.list_of(a.string, 1000),
        "times": a.integer(1),
        "review": a.one_of(None, _OK, _CONCERN),
    }
)
_ASSIGNED = a.object_of({"handoff": a.identifier, "members": a.list_of(a.identifier, 100, 1)})


@dataclass(frozen=True, slots=True)
class Opening:
    """What `before_open` found: as what the member may open a handoff, and the record of today that it goes on."""

    handoff: str
    kind: Kind
    why: str | None = field(repr=False)
    today: Record | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """A member's openings of a handoff on one day. `due` is when a review is, None where none is wanted any more."""

    record: str
    handoff: str
    member: str
    at: int
    kind: str
    why: tuple[str, ...] = field(repr=False)
    times: int
    review: str | None
    due: int | None


def open_record(member: Member, record: Record, why: str | None = None, through: Shown | None = None) -> Record:
    """Return a record that is about to be used, once its opening is logged where a colleague put it.

    Raises:
        InvalidRequest: as `before_open`.
    """
    if record.begun_by.member != member.id:
        log(member, before_open(member, reading.show(member, record.handoff), why, through))
    return record


def before_open(member: Member, shown: Shown, why: str | None = None, through: Shown | None = None) -> Opening:
    """Return as what the member may open a handoff, perhaps `through` one that is theirs; nothing is logged yet.

    Raises:
        InvalidRequest: it is not theirs, somebody took or looked at it before, and they did not say why.
        Forbidden: the member's roles open no cases.
    """
    member.role(CASE_ROLES)
    found = _about(member, shown)
    named = _with_deputy(member, _assigned(shown, member.agency, found))
    opened = [row for row in found if row.kind == KIND and _handoff(row) == shown.id]
    reason = " ".join((why or "").split())
    if member.id in named or (through is not None and member.id in assigned(member, through)):
        kind = Kind.ASSIGNED
    elif not named and all(row.begun_by.member == member.id for row in opened):
        kind = Kind.FIRST_LOOK
    elif reason:
        kind = Kind.REASON
    else:
        raise InvalidRequest(
            "Say why you need this record.",
            todo="Give the reason with --why; a supervisor reviews it. Or ask to be assigned.",
            rule="R46",
        )
    today = next((row for row in opened if _goes_on(row, member, kind)), None)
    return Opening(shown.id, kind, reason if kind is Kind.REASON else None, today)


def log(member: Member, opening: Opening) -> str:
    """Write an opening down, before it happens: one record for a member, a handoff and a day; return it."""
    before: dict[str, Any] = opening.today.value if opening.today else {"why": [], "times": 0}
    said = [opening.why] if opening.why and opening.why not in before["why"] else []
    value = {
        "handoff": opening.handoff,
        "kind": opening.kind.value,
        "why": [*before["why"], *said],
        "times": before["times"] + 1,
        "review": None,
    }
    record = opening.today.handoff if opening.today else None
    return records.put(member, KIND, value, handoff=record, roles=CASE_ROLES)


def assign(member: Member, handoff: str, who: Sequence[str]) -> str:
    """Name colleagues who work on a handoff from now on; return the record.

    Raises:
        Forbidden: the member is no supervisor or focal point and the handoff is not theirs to pass on; or names
            themselves.
        WrongRecipient: nobody of that id is certified now.
        NotFound: no such handoff or record.
    """
    if member.id in who:
        raise Forbidden("Nobody assigns a record to themselves.", todo="Ask a supervisor.", rule="R46")
    for colleague in who:
        devices_of(member.home(), colleague, member.clock.now())
    assigner, shown = bool(member.roles() & _ASSIGNERS), reading.show(member, handoff)
    if not assigner and member.id not in assigned(member, shown):
        raise Forbidden("This record is not yours to pass on.", todo="Ask a supervisor.", rule="R46")
    value = {"handoff": handoff, "members": sorted(set(who))}
    return records.put(member, ASSIGNMENT, value, roles=_ASSIGNERS if assigner else CASE_ROLES)


def assigned(member: Member, shown: Shown) -> frozenset[str]:
    """Return the members of the own agency whose handoff it is.

    They sent it, took it, drew it for comparison, or were named by one of these, a supervisor or a focal point; and the
    deputy, where one of them has left.
    """
    return _with_deputy(member, _assigned(shown, member.agency, _about(member, shown)))


def listing(member: Member, *, unreviewed: bool = False) -> list[Entry]:
    """Return who opened what: what waits for a review first, the longest overdue before all, then the newest."""
    found = [_entry(row) for row in records.listing(member, KIND)]
    wanted = [row for row in found if row.due is not None or not unreviewed]
    return sorted(wanted, key=lambda row: (row.due is None, row.due or -row.at))


def review(member: Member, record: str, *, ok: bool) -> None:
    """Say of an opening whether its reason holds.

    Raises:
        Forbidden: the member is no supervisor, or opened it.
        Conflict: it needs no review, or has one.
        NotFound: no such record.
    """
    row = records.get(member, record, KIND)
    if row.begun_by.member == member.id:
        raise Forbidden("Nobody reviews their own openings.", todo="Ask another supervisor.", rule="R46")
    if _entry(row).due is None:
        raise Conflict("This opening waits for no review.", todo="See `hub access list --unreviewed`.")
    value = {**_value(row), "review": _OK if ok else _CONCERN}
    records.put(member, KIND, value, handoff=record, roles=_REVIEWERS)


def _about(member: Member, shown: Shown) -> list[Record]:
    """Return the records that can be about a handoff: none that is older, so that few are opened for a new one."""
    since = shown.submission.statement.at - DAY
    return records.listing(member, KIND, ASSIGNMENT, sampling.KIND, sampling.CONSENT, since=since)


def _assigned(shown: Shown, agency: str, found: Sequence[Record]) -> frozenset[str]:
    named, rows = _takers(shown, agency), [row for row in found if row.kind == ASSIGNMENT]
    rows = [row for row in rows if records.of_form(row, _ASSIGNED) and row.value["handoff"] == shown.id]
    passing = True
    while passing:  # whom somebody named may pass it on, in whatever order their records are read
        valid = [row for row in rows if row.by.role in _ASSIGNERS or row.by.member in named]
        more = {who for row in valid for who in row.value["members"] if who != row.by.member}
        passing = not more <= named
        named |= more
    consents = {row.handoff: row for row in found if row.kind == sampling.CONSENT and row.handoff == shown.id}
    drawn = sampling.counted(consents, (row for row in found if row.kind == sampling.KIND))
    return frozenset(named | {sample.drawn_by for sample in drawn})


def _with_deputy(member: Member, named: frozenset[str]) -> frozenset[str]:
    """Add the deputy of the key entry where one of these has left: what they held is the deputy's."""
    home = member.home()
    left = named - {cert.member for cert in home.members(member.clock.now())}
    return named | {home.entry.deputy} if left and home.entry.deputy else named


def _takers(shown: Shown, agency: str) -> set[str]:
    """Return who sent it or took it: the first to acknowledge and the first to accept; doing so again takes nothing."""
    firsts = [shown.submission]
    for kind in _TAKES if agency == shown.to_agency else _SENDS:
        ours = (line for line in shown.lines if line.statement.type == kind and line.standing in _TAKEN)
        firsts += [line for line in ours if line.statement.agency == agency][:1]
    signers = (actor for line in firsts for actor in line.statement.by)
    return {actor.member for actor in signers if isinstance(actor, MemberActor) and actor.agency == agency}


def _goes_on(row: Record, member: Member, kind: Kind) -> bool:
    """Whether an opening now belongs into this record: same member, day and kind, and nobody else wrote in it."""
    same = row.began // DAY == member.clock.now() // DAY and {author.member for author in row.authors} == {member.id}
    return same and records.of_form(row, _FORM) and row.value["kind"] == kind and row.value["review"] is None


def _handoff(row: Record) -> str:
    return str(row.value.get("handoff", ""))


def _value(row: Record) -> dict[str, Any]:
    """Return what an access record says; one of no form is shown as an opening for which no reason was given."""
    blank = {"handoff": row.handoff, "kind": Kind.REASON.value, "why": [], "times": 1, "review": None}
    return row.value if records.of_form(row, _FORM) else blank


def _entry(row: Record) -> Entry:
    value, opener = _value(row), row.begun_by.member
    reviewed = value["review"] is not None and row.by.role in _REVIEWERS and row.by.member != opener
    changed = any(author.member != opener for author in row.authors)
    wanted = (value["kind"] == Kind.REASON or changed) and not reviewed
    return Entry(
        record=row.handoff,
        handoff=value["handoff"],
        member=opener,
        at=row.began,
        kind=value["kind"],
        why=tuple(value["why"]),
        times=value["times"],
        review=value["review"] if reviewed else None,
        due=row.began + REVIEW_WITHIN if wanted else None,
    )
