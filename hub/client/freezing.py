"""The giver's receipt at an agency's desk: show it to stop what was sent, or decide when another agency was shown it.

The hub does not know whose consent a request is about: the responsible agency finds it by the tokens in its records.
Nothing here asks the giver; a supervisor does, and then says whether the consent is kept or withdrawn.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consent.token import parse_token
from hub.client import basis as bases
from hub.client import reading, records, withdrawal
from hub.errors import Conflict, InvalidRequest, NotFound
from hub.freeze.domain import DECIDE, REQUEST, State
from hub.ids import random_id
from hub.packets.encoding import b64u
from hub.packets.seal import freeze_key
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from hub.client.basis import Held
    from hub.client.member import Member
    from hub.client.reading import Shown

_UNFREEZE = "consent.unfreeze"
_FIND = "Bring the record of the consent back; nothing else ends the freeze."
_SUPERVISOR = frozenset({Role.SUPERVISOR.value})
_ANY_BUT_AUDITOR = frozenset(role.value for role in Role if role is not Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class Request:
    """A request to freeze that another agency made of this one. `due` and `found` are the hub's to say."""

    handoff: str
    by: str
    state: str
    due: int | None
    found: bool | None
    """Whether a packet of this receipt is still at the hub; None where it has not looked yet."""
    open: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision did: on which basis of the agency's records, and to which handoffs."""

    handoff: str
    basis: str | None
    handoffs: tuple[str, ...]
    still_open: int = 0
    """Other requests on the same receipt: while one is undecided, its packets stand still."""


def ask(member: Member, token: str, agency: str) -> dict[str, Any]:
    """Ask the agency on a receipt to freeze what was sent on that consent; return the request as the hub shows it.

    Raises:
        InvalidRequest: the token was copied wrongly.
        RateLimited: the member's agency has asked too often today.
    """
    try:
        key = b64u(freeze_key(parse_token(token)))
    except ValueError as error:
        raise InvalidRequest(str(error), todo="Compare it with the receipt, letter by letter.") from error
    body, by = {"kind": "freeze", "to": agency, "key": key}, [member.me(_ANY_BUT_AUDITOR)]
    return records.send(member, "/api/v1/handoffs", member.statement(REQUEST, random_id(), body, by=by))


def requests(member: Member) -> list[Request]:
    """Return the requests to freeze that were made of the member's agency, newest first, as the hub lists them."""
    return [
        Request(
            handoff=row["id"],
            by=row["from_agency"],
            state=row["state"],
            due=row.get("due"),
            found=row.get("found"),
            open=row["state"] == State.ASKED and not row["being_confirmed"],
        )
        for row in reading.pages(member, "freeze", "in")
    ]


def decide(member: Member, freeze: str, decision: str) -> Decided:
    """Say that a consent is kept, and let its packets go, or withdraw it; then end the request.

    The packets come first, so that a decision that was cut off leaves the request open; deciding again finishes it.

    Raises:
        Forbidden: the member is no supervisor.
        Conflict: the request was decided, or ending it would leave packets standing still for ever.
        InvalidRequest: a withdrawal, but no consent of this agency has this receipt.
    """
    by, shown = member.me(_SUPERVISOR), reading.show(member, freeze)
    if DECIDE not in shown.possible:
        raise Conflict("This request was decided, or is not your agency's to decide.")
    key = _key(shown)
    held = next((one for one in bases.listing(member) if _is_of(one, key)), None)
    if held is None and any(row.found for row in requests(member) if row.handoff == freeze):
        raise Conflict("Packets of this receipt stand still, and your records hold no such consent.", todo=_FIND)
    same = _others(member, freeze, key)
    done = _carry_out(member, held, State(decision), same=same)
    said = member.statement(DECIDE, freeze, {"decision": decision}, by=[by], heads=shown.heads)
    records.send(member, f"/api/v1/handoffs/{freeze}/statements", said)
    if same and not (same := _others(member, freeze, key)):  # a colleague decided the last of them meanwhile
        done = _carry_out(member, held, State(decision), same=0)
    return Decided(freeze, held.handoff if held else None, tuple(done), same)


def _carry_out(member: Member, held: Held | None, decision: State, *, same: int) -> list[str]:
    if decision is State.WITHDRAWN:
        if held is None:
            raise InvalidRequest("No consent of your agency has this receipt.", todo="There is nothing to withdraw.")
        return withdrawal.withdraw(member, held.handoff)
    if held is None or same:
        return []
    rows = [row.value for row in records.listing(member, "fanout") if row.value["basis"] == held.handoff]
    return [row["handoff"] for row in rows if _unfreeze(member, row["handoff"])]


def _unfreeze(member: Member, handoff: str) -> bool:
    """Let one handoff go if it stands still; return whether it did."""
    with suppress(NotFound):  # it was prepared, and never sent
        shown = reading.show(member, handoff)
        if shown.frozen:
            said = member.statement(_UNFREEZE, handoff, {}, by=[member.me(_SUPERVISOR)], heads=shown.heads)
            records.send(member, f"/api/v1/handoffs/{handoff}/statements", said)
            return True
    return False


def _others(member: Member, freeze: str, key: str) -> int:
    """Return how many other requests on the same receipt are undecided."""
    others = [row.handoff for row in requests(member) if row.open and row.handoff != freeze]
    return sum(_key(reading.show(member, handoff)) == key for handoff in others)


def _key(shown: Shown) -> str:
    return str(shown.submission.statement.body["key"])


def _is_of(held: Held, key: str) -> bool:
    return held.token is not None and b64u(freeze_key(held.token)) == key
