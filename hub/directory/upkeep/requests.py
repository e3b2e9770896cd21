"""Change requests: proposed by anybody, compared, decided by a coordinator of the agency that maintains the record.

Rules: somebody has one open request for a record, a later one takes its place; nothing is written that the decider has
not seen (the record's version comes with the decision); what waits (`held`) is let through by a call to the old number
that another member than the proposer made, or by time; nothing is ever lost: every request stays, with its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.directory.records import record as records
from hub.directory.records.freshness import day_of, verified
from hub.directory.records.groups import OF_KIND, groups_of
from hub.directory.records.record import PROVIDER
from hub.directory.records.visibility import FOCAL
from hub.directory.servicemap.store import ServiceMap
from hub.directory.servicemap.write import Actor, Draft, apply, edited
from hub.directory.upkeep.holds import with_members
from hub.directory.upkeep.store import Request, Requests, State
from hub.directory.upkeep.waiting import tell
from hub.errors import Conflict, Forbidden, IllegalTransition, InvalidRequest, NotFound, StaleVersion
from hub.ids import random_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from hub.directory.servicemap.store import Row
    from hub.directory.servicemap.write import Outcome

OPEN: Final = (State.PROPOSED, State.HELD)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody would like: members with new values (None takes one away), and groups that are still right.

    `record` None asks for a new record of `kind`. `base`: the version that they saw.
    """

    kind: str
    record: str | None
    changes: Mapping[str, Any]
    groups: Sequence[str] = ()
    base: int | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What of a request is taken (None: all), and the version of the record with which it was compared."""

    version: int
    members: Collection[str] | None = None

    def takes(self, member: str) -> bool:
        """Return whether a member is taken."""
        return self.members is None or member in self.members


def propose(
    connection: Connection, proposal: Proposal, by: Actor, *, host: str, now: int, level: int = FOCAL
) -> Request:
    """Keep a change request, in place of an earlier one of the same proposer, and tell who decides.

    `level`: at which the proposer sees the record. Whether they guessed what is hidden from them, they do not learn.

    Raises:
        NotFound: no such record here.
        InvalidRequest: it says nothing, or what it says is no record.
    """
    identity = proposal.record or _identity(proposal, by)
    row = _row(connection, proposal, identity, host)
    base = {"id": identity} if row is None else _as_seen(connection, row, proposal.base)
    seen = base if row is None or level >= FOCAL else row.seen(level) or {}
    changes = {
        name: value
        for name, value in proposal.changes.items()
        if base.get(name) != value or (level < FOCAL and name not in seen)
    }
    wrong = sorted(set(changes) & records.SYSTEM)
    said = changes or proposal.groups or by.note
    if wrong or not said or not set(proposal.groups) <= set(OF_KIND[proposal.kind]):
        raise InvalidRequest("A change request names members that an edit may set, or groups that are still right.")
    if changes.get("agency") not in {None, by.agency}:
        raise InvalidRequest("An agency says itself which provider it is.", fields=["agency"])
    _check(proposal.kind, edited(base if row is None else row.document, changes))
    request = Request(
        id=random_id(),
        record=base["id"],
        kind=proposal.kind,
        steward=_steward(connection, changes, by) if row is None else row.steward,
        state=State.PROPOSED,
        base=0 if row is None else proposal.base or row.version,
        changes=changes,
        old={name: base.get(name) for name in changes},
        groups=list(proposal.groups),
        agency=by.agency,
        member=by.member,
        how=by.how,
        note=by.note,
        at=now,
        link=proposal.link,
    )
    _put(connection, request)
    tell(connection, host, request.steward, now)
    return request


def _put(connection: Connection, request: Request) -> None:
    """Keep a request in place of the one that its proposer has open for the record."""
    proposer = (request.agency, request.member, request.link)
    store = Requests(connection)
    for before in store.of_record([request.record], State.PROPOSED):
        if (before.agency, before.member, before.link) == proposer:
            store.move(before, State.SUPERSEDED, decided_at=request.at)
    store.add(request)


def differences(row: Row | None, request: Request) -> dict[str, dict[str, Any]]:
    """Return for each member of a request what it was when asked, what it is now, and what it shall be."""
    document = {} if row is None else row.document
    return {
        name: {"was": request.old.get(name), "now": document.get(name), "new": value}
        for name, value in request.changes.items()
    }


def approve(connection: Connection, request: Request, by: Actor, decision: Decision, *, host: str, now: int) -> Outcome:
    """Write what was proposed, or some members of it; the groups concerned were then checked on the day of the asking.

    Contact details in it wait like any others.

    Raises:
        StaleVersion: the record was changed since; `facts["version"]` is the present one.
        Forbidden: another agency's record.
    """
    _expect(request, State.PROPOSED)
    check_decider(request, by)
    row = _still(connection, request)
    present = 0 if row is None else row.version
    if present != decision.version:
        raise StaleVersion("The record was changed since you compared.", version=present)
    taken = {name: value for name, value in request.changes.items() if decision.takes(name)}
    if request.changes and not taken:
        raise InvalidRequest("Name at least one member of the request.")
    document = edited({"id": request.record} if row is None else row.document, taken)
    on, how = day_of(request.at), request.how
    document = still_right(document, request.groups, on=on, how=how, by=request.agency)
    document = verified(document, groups_of(request.kind, taken), on=on, how=how, by=request.agency)
    draft = Draft(request.kind, document, base_version=decision.version or None, steward=request.steward)
    done = apply(connection, [draft], _proposer(request), host=host, now=now)[0]
    _decide(connection, request, State.APPROVED, by, now, taken=sorted(taken))
    return done


def refuse(connection: Connection, request: Request, by: Actor, *, reason: str, now: int) -> None:
    """Refuse a request, or stop contact details that wait.

    Raises:
        Forbidden: another agency's record.
    """
    _expect(request, *OPEN)
    check_decider(request, by)
    _decide(connection, request, State.REFUSED, by, now, reason=reason)


def withdraw(connection: Connection, request: Request, by: Actor, *, now: int) -> None:
    """Take one's own request back.

    Raises:
        Forbidden: somebody else's.
    """
    _expect(request, *OPEN)
    if (request.agency, request.member) != (by.agency, by.member):
        raise Forbidden("Somebody else made this request.")
    _decide(connection, request, State.WITHDRAWN, by, now)


def confirm(connection: Connection, request: Request, by: Actor, *, now: int) -> Outcome:
    """Let contact details through because the old number was called; `by.note` says what was said.

    Raises:
        Forbidden: by whoever asked for the change, or another agency's record.
    """
    _expect(request, State.HELD)
    check_decider(request, by)
    if (request.agency, request.member) == (by.agency, by.member):
        raise Forbidden("Whoever asked for the change does not make the call to the old number.")
    return let_through(connection, request, by, called=True, now=now)


def let_through(connection: Connection, request: Request, by: Actor | None, *, called: bool, now: int) -> Outcome:
    """Write contact details that have waited. What is another value by now than when they were asked for stays."""
    row = _still(connection, request)
    if row is None:
        raise NotFound("There is no such record.")
    still = {name: value for name, value in request.changes.items() if row.document.get(name) == request.old.get(name)}
    document = with_members(row.document, still)
    if called and still:
        document = verified(document, groups_of(row.kind, still), on=day_of(now), how="call", by=request.steward)
    draft = Draft(row.kind, document, settled=True)
    outcome = apply(connection, [draft], _proposer(request), host=row.host, now=now)[0]
    said = {} if by is None else {"reason": by.note}
    _decide(connection, request, State.DONE if still else State.SUPERSEDED, by, now, taken=sorted(still), **said)
    return outcome


def object_to(connection: Connection, record: str, *, reason: str, now: int) -> int:
    """Stop all contact details of a record that wait, because who answers at the old ones says so; return how many."""
    held = Requests(connection).of_record([record], State.HELD)
    for request in held:
        _decide(connection, request, State.REFUSED, None, now, reason=reason)
    return len(held)


def still_right(document: Mapping[str, Any], groups: Collection[str], *, on: str, how: str, by: str) -> dict[str, Any]:
    """Return a document of which some groups are as they were: a number of places is then of that day too."""
    capacity = document.get("capacity")
    if "capacity" in groups and capacity and capacity.get("as_of", "") < on:
        document = {**document, "capacity": {**capacity, "as_of": on}}
    return verified(document, groups, on=on, how=how, by=by)


def check_decider(request: Request, by: Actor) -> None:
    """Return if somebody's agency decides about a request.

    Raises:
        NotFound: it is another agency's record.
    """
    if request.steward != by.agency:
        raise NotFound("There is no such request, or it is not for you to decide.")


def _identity(proposal: Proposal, by: Actor) -> str:
    """Return the id of a new record: the same for one that its proposer asks for again."""
    key = "\n".join(str(proposal.changes.get(name)) for name in ("name", "organization_id"))
    return records.id_from(f"{by.agency} {by.member}", f"{proposal.kind}\n{key}")


def _row(connection: Connection, proposal: Proposal, identity: str, host: str) -> Row | None:
    row = ServiceMap(connection).get(identity)
    if row is None and proposal.record is None:
        return None
    if row is None or row.host != host or row.kind != proposal.kind:
        raise NotFound("There is no such record here.")
    return row


def _as_seen(connection: Connection, row: Row, version: int | None) -> Mapping[str, Any]:
    """Return a record as it was in the version that somebody saw."""
    if version is None or version >= row.version:
        return row.document
    later = [change for change in ServiceMap(connection).history(row.id) if change.version > version]
    before = {name: pair[0] for change in later for name, pair in change.fields.items()}
    return with_members(row.document, before)


def _still(connection: Connection, request: Request) -> Row | None:
    """Return the record of a request; None for one that is to be made.

    Raises:
        Conflict: it was merged into another, of which nobody asked this, and which another agency may keep.
    """
    row = ServiceMap(connection).get(request.record)
    if row is not None and (row.id != request.record or row.steward != request.steward):
        raise Conflict("The record was merged into another since.", todo="Refuse this, and propose it for that one.")
    return row


def _steward(connection: Connection, changes: Mapping[str, Any], by: Actor) -> str:
    """Return who maintains a new record: the agency that maintains its provider's, or the proposer's own."""
    named = changes.get("organization_id")
    row = ServiceMap(connection).get(named) if isinstance(named, str) else None
    return row.steward if row is not None and row.kind == PROVIDER else by.agency


def _check(kind: str, document: Mapping[str, Any]) -> None:
    problems = records.check(kind, document)
    if problems:
        said = [{"field": one.field, "code": one.code, "message": one.message} for one in problems[:100]]
        raise InvalidRequest(f"What is proposed is not of its form. {problems[0].message}", problems=said)


def _expect(request: Request, *states: State) -> None:
    if request.state not in states:
        raise IllegalTransition("This was decided before.", state=request.state.value, possible=[])


def _proposer(request: Request) -> Actor:
    return Actor(request.agency, request.member, request.how, request.note)


def _decide(connection: Connection, request: Request, state: State, by: Actor | None, now: int, **values: Any) -> None:
    who = {} if by is None else {"decided_agency": by.agency, "decided_member": by.member}
    Requests(connection).move(request, state, decided_at=now, **who, **values)
