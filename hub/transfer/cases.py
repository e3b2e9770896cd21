"""Registers, notices of arrivals and successions as the intake's machines; the handoffs beside the legs themselves.

A register is a handoff of one agency at its home hub: `case.open` or, after a take, `case.hold` begins it, and
`case.leg` says by which legs the case may be passed on, so that no other hub sees two legs of one child as one. A
notice of an arrival goes one way. A succession is signed by the successor and the coordinator of a third agency, and
ordered by the home hub of the holder that has fallen silent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.errors import Forbidden, IllegalTransition
from hub.followup.store import FollowUps
from hub.handoffs.ports import NeverGivenUp, Step, Word
from hub.handoffs.store import HandoffStore
from hub.ids import random_id
from hub.keys.certificates import NEVER_RECEIVE
from hub.keys.store import KeyStore
from hub.notify.teller import Teller
from hub.notify.templates import WAITS
from hub.packets.dsse import Envelope
from hub.statements.grammar import STATEMENT_TYPE, MemberActor, Role
from hub.transfer.register import TAKE, opened
from hub.transfer.store import CaseStore, LegStore
from hub.transfer.table import State
from hub.transfer.work import CASE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from hub.handoffs.ports import Party
    from hub.statements.grammar import Statement
    from hub.statements.verify import VerifiedStatement

HOLD, OPEN, LEG = "case.hold", "case.open", "case.leg"
NOTICED, ASSUMED = "noticed", "assumed"
KEPT = "case_kept"
"""The one state of a register as a handoff: what is signed of its standing stands in the legs."""
_HOLDS_CASES = frozenset({"caseworker", "supervisor"})
_TAKES = frozenset({TAKE, "transfer.intake"})
"""With what an agency gets a case of which a succession names the leg."""
_RECEIVES = ("caseworker", "supervisor", "focal_point")


class _Beside(NeverGivenUp):
    """What these machines have in common: nothing is withdrawn, and the ordering hub judges."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def expect(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> None:
        """Let the ordering hub judge."""

    def mirror(
        self, connection: Connection, handoff: Party, statement: Statement, name: str, step: Step, now: int
    ) -> None:
        """Write nothing down: these are never away from the hub that orders them, unless a machine says so."""


class CaseMachine(_Beside):
    """Registers of cases, each at the home hub of its holder."""

    kind = CASE

    def begin(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:
        """Begin a register: by a member's `case.open`, or by this hub's `case.hold`."""
        statement = verified.statement
        if handoff.from_agency != handoff.to_agency:
            raise Forbidden("A case is opened by the agency that holds it.")
        if statement.type == OPEN and not statement.roles & _HOLDS_CASES:
            raise Forbidden("A caseworker or a supervisor opens a case.")
        came_by = statement.body["leg"] if statement.type == HOLD else None
        case = opened(handoff.id, handoff.to_agency, now, came_by)
        CaseStore(connection).add(case)
        return Step(KEPT, 1, moved=True)

    def apply(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:  # noqa: ARG002 - the port's signature
        """Say by which leg the case may be passed on.

        Raises:
            IllegalTransition: another step, or a leg that is of another case.
        """
        statement, cases = verified.statement, CaseStore(connection)
        case = cases.get(handoff.id, lock=True)
        known = cases.legs(case.id)
        position = len(known) + 1
        if statement.type != LEG or not statement.roles & _HOLDS_CASES:
            raise IllegalTransition(
                "A case says by which legs it may go.", state=KEPT, possible=[LEG], position=position
            )
        if statement.body["leg"] in known:
            return Step(KEPT, position, moved=False)
        if case.moved_to is not None:
            raise IllegalTransition("This case is held elsewhere now.", state=KEPT, possible=[], position=position)
        leg = LegStore(connection).find(statement.body["leg"])
        others = leg is not None and leg.from_agency != case.holder
        if others or not cases.may_go_by(case.id, statement.body["leg"]):
            raise IllegalTransition("This leg is of another case.", state=KEPT, possible=[LEG], position=position)
        return Step(KEPT, position + 1, moved=True)

    def view(self, connection: Connection, handoff: Party, agency: str, now: int) -> Mapping[str, Any]:  # noqa: ARG002 - the port's signature
        """Return where the register stands, and the legs of the case."""
        cases = CaseStore(connection)
        case = cases.get(handoff.id)
        legs = cases.legs(case.id)
        return {
            "state": KEPT,
            "position": len(legs) + 1,
            "ball": None,
            "due": None,
            "case": {
                "standing": case.standing.value,
                "holder": case.moved_to or case.holder,
                "came_by": case.came_by,
                "legs": legs,
                "release": case.release,
                "moved_by": case.moved_by,
                "moved_to": case.moved_to,
            },
            "being_confirmed": False,
            "possible": [LEG] if case.standing.value == "held" else [],
        }


class NoticeMachine(_Beside):
    """Notices of arrivals by bodies that never receive anything (requirement B2, scenario S6)."""

    kind = "notice"

    def begin(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:  # noqa: ARG002 - who may is checked before
        """Take a notice at the sender's hub; where the receiver is at home too, it is told at once."""
        self._tell(connection, handoff, now)
        return Step(NOTICED, 1, moved=True)

    def apply(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:  # noqa: ARG002 - the port's signature
        """Refuse: nothing follows a notice.

        Raises:
            IllegalTransition: always.
        """
        raise IllegalTransition("Nothing follows a notice.", state=NOTICED, possible=[], position=1)

    def expect(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> None:
        """Refuse: no word goes back to whoever may never receive one."""
        self.apply(connection, handoff, verified, now)

    def mirror(
        self,
        connection: Connection,
        handoff: Party,
        statement: Statement,  # noqa: ARG002 - the port's signature
        name: str,  # noqa: ARG002 - the port's signature
        step: Step,  # noqa: ARG002 - the port's signature
        now: int,
    ) -> None:
        """Tell the receiver."""
        self._tell(connection, handoff, now)

    def view(self, connection: Connection, handoff: Party, agency: str, now: int) -> Mapping[str, Any]:  # noqa: ARG002 - the port's signature
        """Return that there is a notice; the body that sent it learns nothing else."""
        return {"state": NOTICED, "position": 1, "ball": None, "due": None, "being_confirmed": False, "possible": []}

    def _tell(self, connection: Connection, handoff: Party, now: int) -> None:
        teller = Teller(connection, self._origin)
        teller.tell(handoff.to_agency, _RECEIVES, WAITS, about=handoff.id, key=f"{handoff.id}:noticed", now=now)


class SuccessionMachine(_Beside):
    """Successions: `from` is the holder that has fallen silent, whose home hub orders; `to` is its successor."""

    kind = "succession"

    def begin(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:
        """Let the successor have the case, if its holder is silent after the exhausted ladder.

        Raises:
            IllegalTransition: the holder still has time, the successor is not its successor, or the case moved on.
        """
        statement, cases = verified.statement, CaseStore(connection)
        self._check(connection, statement)
        case = cases.came_by(statement.body["leg"], lock=True)
        if case is None or case.holder != handoff.from_agency or not self._took(connection, statement):
            raise _impossible("This holder has no such case here.")
        if not _silent(connection, statement.body["leg"], now):
            raise _impossible("The holder still has time to answer: its ladder has not been used up.")
        cases.save(case.assumed(verified.hash, handoff.to_agency))
        self._tell(connection, handoff, now)
        return Step(ASSUMED, 1, moved=True)

    def apply(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:  # noqa: ARG002 - the port's signature
        """Refuse: nothing follows in the same handoff.

        Raises:
            IllegalTransition: always.
        """
        raise IllegalTransition("Nothing follows a succession here.", state=ASSUMED, possible=[], position=1)

    def expect(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> None:  # noqa: ARG002 - no rule of time
        """Check at the successor's hub who signs; whether the holder is silent, its own hub knows."""
        self._check(connection, verified.statement)

    def then(self, connection: Connection, handoff: Party, statement: Statement, name: str) -> Collection[Word]:
        """Tell the sender of the leg who has the case now, and open the register where the successor is at home."""
        words, leg = [], statement.body["leg"]
        if handoff.from_host == self._origin and LegStore(connection).find(leg) is not None:
            words.append(Word("transfer.succeeded", leg, {"by": handoff.to_agency, "assume": name}))
        if handoff.to_host == self._origin:
            words.append(held_here(connection, handoff, name, self._origin))
        return words

    def view(self, connection: Connection, handoff: Party, agency: str, now: int) -> Mapping[str, Any]:  # noqa: ARG002 - the port's signature
        """Return whether the case is the successor's by the register, or by its own word alone so far."""
        store = HandoffStore(connection)
        first = next(iter(store.statements(handoff.id, {"transfer.assume"})), None)
        standing = "refused" if first is None else first["standing"]
        waits = standing == "waiting"
        state = ASSUMED if standing == "effective" else "claimed" if waits else "refused"
        return {
            "state": state,
            "position": int(state == ASSUMED),
            "ball": None,
            "due": None,
            "responsible": {
                "holder": handoff.to_agency if state == ASSUMED else handoff.from_agency,
                "acting": [handoff.to_agency] if state != "refused" else [],
                "release_open": False,
                "unilateral": True,
            },
            "being_confirmed": waits,
            "possible": [],
        }

    def _check(self, connection: Connection, statement: Statement) -> None:
        """Check that the named successor signs, and a coordinator of a third agency beside it.

        Raises:
            Forbidden: they do not.
        """
        keys, body = KeyStore(connection), statement.body
        first, second = (actor for actor in statement.by if isinstance(actor, MemberActor))
        holder = keys.find_agency(body["of"])
        if holder is None or holder.successor != first.agency or first.role != Role.SUPERVISOR:
            raise Forbidden("A supervisor of the successor that the holder has named assumes its cases.")
        third = keys.find_agency(second.agency)
        if (
            second.role != Role.COORDINATOR
            or second.agency == body["of"]
            or third is None
            or third.kind in NEVER_RECEIVE
        ):
            raise Forbidden("A coordinator of a third agency signs a succession as well.")

    def _took(self, connection: Connection, statement: Statement) -> bool:
        found = HandoffStore(connection).statement(statement.body["take"])
        right = found is not None and found["handoff"] == statement.body["leg"] and found["type"] in _TAKES
        return right and found is not None and found["standing"] == "effective"

    def _tell(self, connection: Connection, handoff: Party, now: int) -> None:
        teller, key = Teller(connection, self._origin), f"{handoff.id}:assumed"
        teller.tell(handoff.from_agency, _RECEIVES, WAITS, about=handoff.id, key=key, now=now)


def held_here(connection: Connection, handoff: Party, take: str, origin: str) -> Word:
    """Return the first word of a register that moved to this hub: it cites the take, and the proof of its place."""
    store = HandoffStore(connection)
    row = store.statement(take)
    words = [word["envelope"] for word in store.receipts([take]) if word["host"] == handoff.from_host]
    envelope = Envelope.from_bytes(row["answer"] if handoff.from_host == origin and row else words[0], STATEMENT_TYPE)
    receipt: dict[str, Any] = envelope.value["body"]
    body = {
        "kind": CASE,
        "to": handoff.to_agency,
        "leg": handoff.id,
        "take": take,
        "log": {**receipt["log"], "index": receipt["index"]},
        "receipt": envelope.hash,
    }
    return Word(HOLD, random_id(), body)


def _silent(connection: Connection, leg: str, now: int) -> bool:
    """Whether all rungs of the ladder of whoever holds the case by this leg were told, and nothing came of it.

    The sender's hub tells them; by the clock here too their time must have come, so that it cannot hurry them.
    """
    clock, known = FollowUps(connection).get(leg), LegStore(connection).find(leg)
    held = known is not None and known.state in {State.RESPONSIBILITY_TRANSFERRED, State.MONITORING}
    return held and clock is not None and clock.next_rung > len(clock.rule.ladder) and max(clock.times) <= now


def _impossible(why: str) -> IllegalTransition:
    return IllegalTransition(why, state="refused", possible=[], position=0)
