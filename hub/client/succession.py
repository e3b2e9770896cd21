"""Assuming the cases of an agency that has fallen silent: its successor signs, and the coordinator of a third agency.

The two are at different agencies, perhaps at different hubs, so the statement is carried between them as text, which
says nothing about any child. The hub of the silent holder decides: only after its whole ladder was told. Until that hub
answers, the successor acts on its own word, and every view says `unilateral`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.client import proof, reading
from hub.client.register import TAKE
from hub.errors import Forbidden, InvalidRequest, Malformed
from hub.ids import random_id
from hub.packets.dsse import Envelope
from hub.packets.encoding import b64u, from_b64u
from hub.statements.grammar import ASSUME, STATEMENT_TYPE, MemberActor, Role, Statement
from hub.statements.verify import co_sign

if TYPE_CHECKING:
    from hub.client.member import Member
    from hub.client.reading import Shown

_SUCCESSOR, _COORDINATOR = frozenset({Role.SUPERVISOR.value}), frozenset({Role.COORDINATOR.value})


def prepare(member: Member, proven: object, agency: str, coordinator: str) -> str:
    """Return the text that the coordinator of a third agency signs next; `proven` is a proof of who holds the case.

    Raises:
        InvalidRequest: the proof shows no take, or the coordinator is of the holder's or the own agency.
        PacketError: the proof does not hold.
    """
    proof.learn(member, proven)
    found = proof.check(member, proven)
    take = next((step for step in reversed(found.steps) if step.type == TAKE and step.by == found.holder), None)
    if take is None:
        raise InvalidRequest("The proof shows no take by the holder.", todo="Ask who handed the case over for a proof.")
    if agency in {found.holder, member.agency}:
        raise InvalidRequest("A coordinator of a third agency signs as well.")
    by = [member.me(_SUCCESSOR), MemberActor(agency, coordinator, Role.COORDINATOR.value)]
    body = {"kind": "succession", "of": found.holder, "leg": take.handoff, "take": take.hash}
    return _text(member.statement(ASSUME, random_id(), body, by=by))


def read(text: str) -> dict[str, Any]:
    """Return what a text would say, for whoever is asked to sign it: of whom, by whom, for which leg.

    Raises:
        InvalidRequest: it is no such text.
    """
    said = _statement(_envelope(text))
    return {**{name: said.body[name] for name in ("of", "leg", "take")}, "by": said.agency, "handoff": said.handoff}


def sign(member: Member, text: str) -> str:
    """Sign as the coordinator whom a text names; return it for the successor to send.

    Raises:
        Forbidden: it names another member, or this one is no coordinator. InvalidRequest: it is no such text.
    """
    envelope = _envelope(text)
    second = _statement(envelope).by[1]
    member.role(_COORDINATOR)
    if not isinstance(second, MemberActor) or (second.agency, second.member) != (member.agency, member.id):
        raise Forbidden("This text names another coordinator.")
    return _text(co_sign(envelope, member.signer))


def send(member: Member, text: str) -> Shown:
    """Send a succession that both have signed; return it as the own hub has it.

    Raises:
        IllegalTransition: the holder is not silent, or holds the case no more.
    """
    envelope = _envelope(text)
    said = _statement(envelope)
    if said.agency != member.agency:
        raise Forbidden("The successor sends it, at its own hub.")
    member.send("/api/v1/handoffs", envelope)
    return reading.show(member, said.handoff)


def _text(envelope: Envelope) -> str:
    return b64u(envelope.to_bytes())


def _envelope(text: str) -> Envelope:
    try:
        return Envelope.from_bytes(from_b64u(text.strip()), STATEMENT_TYPE)
    except Malformed as error:
        raise InvalidRequest("This text is no succession.", todo="Copy it whole.") from error


def _statement(envelope: Envelope) -> Statement:
    said = Statement.from_value(envelope.value)
    if said.type != ASSUME:
        raise InvalidRequest("This text is no succession.")
    return said
