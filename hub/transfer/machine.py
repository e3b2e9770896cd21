"""A leg of a transfer as the intake's machine: joins the use cases of `service` with the stores. Holds no rule.

`hub.handoffs.ports.Machine` is the shape. Registers, notices of arrivals and successions are `hub.transfer.cases`'.
"""

from __future__ import annotations

import secrets
from functools import cache
from typing import TYPE_CHECKING, Any

from hub.errors import IllegalTransition, InvalidRequest, NotFound
from hub.followup.domain import CHANGE, CUSTODY
from hub.followup.store import FollowUps
from hub.handoffs.domain import HOLDER_ANSWER
from hub.handoffs.holding import watch_holder
from hub.handoffs.ports import Step, Word
from hub.handoffs.recall import custody
from hub.handoffs.store import HandoffStore
from hub.ids import host_of
from hub.keys.certificates import CASE_ROLES
from hub.keys.store import KeyStore
from hub.packets.dsse import Envelope
from hub.proxies.service import taken
from hub.proxies.work import Joined
from hub.referrals.machine import away_since
from hub.statements.grammar import STATEMENT_TYPE, Grade, Role
from hub.transfer import service
from hub.transfer.cases import held_here
from hub.transfer.domain import ACKNOWLEDGE, Leg, acts, ball, possible
from hub.transfer.register import TAKE
from hub.transfer.store import CaseStore, LegStore
from hub.transfer.table import COSIGN, UNTIL_HANDOVER, Side, State
from hub.transfer.work import JoinedWork, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sqlalchemy import Connection

    from hub.followup.domain import FollowUp
    from hub.handoffs.ports import Party
    from hub.statements.grammar import Statement
    from hub.statements.verify import VerifiedStatement

_EVERY_ROLE = frozenset(role.value for role in Role)
ACCEPT = "transfer.accept"
OFFER, SEARCH = "transfer.offer", "transfer.search"
_COUNTERSIGNED = {TAKE: "release", COSIGN: "statement"}
"""What the other side signs, and where it names what it countersigns."""


class TransferMachine:
    """Legs of transfers for the intake of the hub at `origin`."""

    kind = "transfer_leg"

    def __init__(self, origin: str, draw: Callable[[int], int] = secrets.randbelow) -> None:
        self._origin = origin
        self._draw = draw

    def begin(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:
        """Take what begins a leg."""
        leg = service.take(verified.statement, handoff.to_agency, self._work(connection, now), now)
        return Step(leg.state.value, leg.position, moved=True)

    def apply(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:
        """Give a statement its position; what the sender brings for the receiver is looked into as any such answer."""
        _check_two_devices(connection, verified)
        self._check_named(connection, handoff, verified.statement, now)
        applied = service.apply(verified.statement, verified.hash, self._work(connection, now), now)
        if applied.moved:
            taken(verified, handoff, Joined(connection, self._origin, now), now, self._draw)
        return Step(applied.leg.state.value, applied.leg.position, moved=applied.moved)

    def expect(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> None:
        """Check a member's step on what is known here."""
        _check_two_devices(connection, verified)
        self._check_named(connection, handoff, verified.statement, now)
        rows = HandoffStore(connection).waiting(handoff.id)
        waiting = [(stored(row["envelope"]), str(row["hash"])) for row in rows]
        service.expect(verified.statement, verified.hash, waiting, self._work(connection, now), now)

    def mirror(
        self, connection: Connection, handoff: Party, statement: Statement, name: str, step: Step, now: int
    ) -> None:
        """Write down the ordering hub's word."""
        service.mirror(statement, name, handoff.to_agency, step, self._work(connection, now), now)

    def then(self, connection: Connection, handoff: Party, statement: Statement, name: str) -> Collection[Word]:
        """Say that an offer came, where its receiver is at home; and open the register where a take moved it to."""
        if handoff.to_host != self._origin:
            return ()
        if statement.type == OFFER:
            return [Word("transfer.deliver", handoff.id, {"manifest": statement.manifest})]
        if statement.type != TAKE or CaseStore(connection).came_by(handoff.id) is not None:
            return ()  # two members may sign a take of one release: the register goes on here once
        return [held_here(connection, handoff, name, self._origin)]

    def spared(self, connection: Connection, handoff: Party) -> Collection[str]:
        """Return what a withdrawal leaves: the holder's answers, the search sections, and all after the handover.

        No withdrawal ends an alarm about a missing child; and after the handover only further sharing stops.
        """
        leg, store = LegStore(connection).find(handoff.id), HandoffStore(connection)
        if leg is not None and leg.handed_over:
            return [row["manifest"] for row in store.statements(handoff.id) if row["manifest"] is not None]
        on_the_way = leg is not None and leg.accepted and leg.state in UNTIL_HANDOVER
        return store.parts(handoff.id, {HOLDER_ANSWER, SEARCH} if on_the_way else {HOLDER_ANSWER})

    def withheld(self, connection: Connection, handoff: Party) -> Collection[str]:
        """Return the search sections of a child whom the receiver has not accepted."""
        leg = LegStore(connection).find(handoff.id)
        held = leg is None or leg.accepted
        return () if held else HandoffStore(connection).parts(handoff.id, {SEARCH})

    def watch(self, connection: Connection, handoff: Party, now: int) -> None:
        """Start or end the clock of the holder's answer to a withdrawal."""
        leg = LegStore(connection).find(handoff.id)
        if leg is None or not leg.handed_over:
            watch_holder(connection, handoff, self._origin, now)

    def view(self, connection: Connection, handoff: Party, agency: str, now: int) -> Mapping[str, Any]:
        """Return state, plan, who has the ball and by when, who acts as responsible, what can be signed."""
        found = self.views(connection, [handoff], agency, now)
        if handoff.id not in found:
            raise NotFound("There is no such transfer here.")
        return found[handoff.id]

    def views(
        self, connection: Connection, handoffs: Collection[Party], agency: str, now: int
    ) -> dict[str, Mapping[str, Any]]:
        """Return the views of several legs by their ids, with about as many queries as one takes."""
        ids, clocks, store = [handoff.id for handoff in handoffs], FollowUps(connection), HandoffStore(connection)
        legs, running, changes = LegStore(connection).many(ids), clocks.many(ids), clocks.many(ids, CHANGE)
        asked = clocks.many([leg.id for leg in legs.values() if leg.locked], CUSTODY)
        waiting, takes = store.waiting_among(ids), store.waiting_among(ids, TAKE)
        away = cache(lambda host: host != self._origin and away_since(connection, host, now) is not None)
        found: dict[str, Mapping[str, Any]] = {}
        for handoff in (handoff for handoff in handoffs if handoff.id in legs):
            leg, change = legs[handoff.id], changes.get(handoff.id)
            side, sides = ball(leg), {Side.SENDER: leg.from_agency, Side.RECIPIENT: leg.to_agency}
            mine = [one for one, who in sides.items() if who == agency]
            found[leg.id] = {
                "state": leg.state.value,
                "grade": _grade(connection, leg),
                "urgency": leg.urgency.value,
                "position": leg.position,
                "owner": leg.owner,
                "sent_by": leg.sent_by,
                **_times(running.get(leg.id), runs=handoff.from_host == self._origin),
                "ball": None if side is None else side.value,
                "silence": None if side is None else "transport" if away(host_of(sides[side])) else "human",
                "responsible": _responsible(leg, take_waits=leg.id in takes),
                "leg": {**_facts(leg), "change_due": None if change is None else change.due_at},
                "custody": self._custody(connection, handoff, leg, asked.get(leg.id)),
                "being_confirmed": leg.id in waiting,
                "possible": sorted({step for one in mine for step in possible(leg, one, _EVERY_ROLE)}),
            }
        return found

    def _check_named(self, connection: Connection, handoff: Party, statement: Statement, now: int) -> None:
        """Check at the receiver's hub that whoever is to be there when the child arrives works with cases there."""
        if statement.type != ACCEPT or handoff.to_host != self._origin:
            return
        at_work = {row.member for row in KeyStore(connection).members_with_roles(handoff.to_agency, CASE_ROLES, now)}
        if not at_work.issuperset({statement.body["worker"], *statement.body["duty"]}):
            raise InvalidRequest("Somebody named here does not work with cases in your agency.", todo="Name another.")

    def _custody(
        self, connection: Connection, handoff: Party, leg: Leg, asked: FollowUp | None
    ) -> dict[str, Any] | None:
        known = custody(connection, handoff, self._origin) if leg.locked or leg.frozen is not None else None
        return None if known is None else known.to_value(asked.due_at if asked else None)

    def _work(self, connection: Connection, now: int) -> JoinedWork:
        return JoinedWork(connection, self._origin, now)


def _check_two_devices(connection: Connection, verified: VerifiedStatement) -> None:
    """Return unless a device signs for the other side what it signed itself, whichever agencies certified it.

    Raises:
        IllegalTransition: it does: two signatures are two people.
    """
    statement = verified.statement
    names = _COUNTERSIGNED.get(statement.type)
    row = HandoffStore(connection).statement(statement.body[names]) if names else None
    if row is None or _devices(verified.envelope).isdisjoint(
        _devices(Envelope.from_bytes(row["envelope"], STATEMENT_TYPE))
    ):
        return
    leg = LegStore(connection).get(statement.handoff)
    raise IllegalTransition(
        "Somebody else signs for the other side.", state=leg.state.value, possible=[], position=leg.position
    )


def _devices(envelope: Envelope) -> set[str]:
    return {signature.keyid for signature in envelope.signatures}


def _grade(connection: Connection, leg: Leg) -> str:
    """Return how good the evidence behind the state is: the sender may have brought the receiver's acknowledgement."""
    if not leg.brought:
        return Grade.SIGNED.value
    rows = HandoffStore(connection).statements(leg.id, {ACKNOWLEDGE})
    return stored(next(row["envelope"] for row in rows if row["standing"] == "effective")).grade.value


def _facts(leg: Leg) -> dict[str, Any]:
    return {
        "plan": None if leg.plan is None else leg.plan.to_value(),
        "frozen_from": None if leg.frozen_from is None else leg.frozen_from.value,
        "claim": None if leg.claim is None else {"type": leg.claim.type, "statement": leg.claim.hash},
        "change": None if leg.change is None else leg.change.hash,
        "release": leg.release if leg.state is State.RELEASED else None,
        "searchable": leg.searchable,
        "duty": list(leg.duty),
        "next": leg.next,
        "succeeded_by": leg.succeeded_by,
    }


def _responsible(leg: Leg, *, take_waits: bool) -> dict[str, Any]:
    """Return who holds the case by the register, as far as it is known here, and who acts as responsible."""
    holder = leg.to_agency if leg.handed_over else leg.from_agency
    both = dict.fromkeys((leg.from_agency, leg.to_agency))
    acting = [agency for agency in both if acts(leg, agency, take_waits=take_waits)]
    if leg.succeeded_by is not None:
        holder, acting = leg.succeeded_by, [leg.succeeded_by]
    return {
        "holder": holder,
        "acting": acting,
        "release_open": leg.state is State.RELEASED,
        "unilateral": leg.succeeded_by is not None,
    }


def _times(clock: FollowUp | None, *, runs: bool) -> dict[str, Any]:
    if clock is None:
        return {"due": None, "next_at": None, "rung": None}
    ahead = clock if runs else clock.reckoned()
    return {"due": clock.due_at, "next_at": ahead.next_at, "rung": clock.next_rung - 1}
