"""Withdrawal at an agency's desk: tell every holder, see how far the recall has come, answer as a holder.

What became of a copy is read out of what hubs and holders signed (`hub.handoffs.domain`), not out of what the own hub
says; only that a packet never left it, and by when an answer is due, is that hub's word. A holder that passed the
packet on withdraws there first, and its sealed answer names the onward holders, as far down as they have answered.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.client import basis as bases
from hub.client import copies, reading, records, referrals
from hub.client.member import workspace
from hub.client.opening import REPLY, reply_excerpt
from hub.errors import Conflict, IllegalTransition, InvalidRequest, Malformed, NotFound
from hub.handoffs.domain import (
    ABOUT,
    GIVES_UP,
    HOLDER_ANSWER,
    UNKNOWN,
    WITHDRAW,
    Custody,
    Recall,
    Said,
    custody_of,
    nothing_had,
)
from hub.ids import host_of
from hub.packets import shapes as a

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.client.member import Member
    from hub.client.reading import Line, Shown

ANSWERS = ("erased", "locked", "cannot")
NEVER_OPENED = "never_opened"
"""What stands for an onward holder's answer where there was nothing to answer for."""
_MOST = 64
"""Onward holders that one answer names."""
_ONWARD: dict[str, a.Check] = {
    "to": a.agency,
    "asked": a.seconds,
    "answer": a.null_or(a.one_of(*ANSWERS, NEVER_OPENED)),
}
_REPLY = a.object_of(
    {"v": a.integer(1, 1), "ground": a.null_or(a.string), "onward": a.list_of(a.object_of(_ONWARD), _MOST)}
)


@dataclass(frozen=True, slots=True)
class Holder:
    """One agency that was sent something on a consent, and what is known of its copy."""

    handoff: str
    to: str
    custody: Custody | None
    """None where the withdrawal has not been said there yet, or the packet never went out."""
    due: int | None = None
    ground: str | None = None
    onward: tuple[Mapping[str, Any], ...] = ()
    """To whom this holder passed it on: {to, asked, answer}."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What answering did here: how many files were deleted, and the onward holders asked."""

    shown: Mapping[str, Any]
    deleted: int
    onward: tuple[Mapping[str, Any], ...]


def withdraw(member: Member, basis: str) -> list[str]:
    """Write down that a consent was withdrawn, and tell every agency that was sent something on it; return handoffs.

    Interrupted half way, it is finished by running it again, which says nothing twice.

    Raises:
        InvalidRequest: not a consent; only a consent can be withdrawn.
    """
    bases.withdraw(member, basis)
    fanned = [row.value["handoff"] for row in records.listing(member, "fanout") if row.value["basis"] == basis]
    return _tell(member, fanned, {"basis": basis, "withdrawn": True})


def status(member: Member, basis: str) -> list[Holder]:
    """Return everybody who was sent something on a consent, and what is known of their copies."""
    rows = [row.value for row in records.listing(member, "fanout") if row.value["basis"] == basis]
    return [_holder(member, row["handoff"], row["to"]) for row in rows]


def answer(
    member: Member, handoff: str, said: str, ground: str | None = None, onward: Sequence[Mapping[str, Any]] = ()
) -> Answered:
    """Say as a holder what became of the copy; for `erased` delete first what this machine wrote of it.

    Whoever this agency passed it on to is told before. It may be answered again: once they have answered, or when what
    was locked is erased.

    Args:
        member: somebody of the recipient agency.
        handoff: what was withdrawn.
        said: one of `ANSWERS`.
        ground: the law by which it cannot be erased; sealed to the sender.
        onward: onward holders who were told outside this system: {to, asked, answer}.

    Raises:
        IllegalTransition: consent was not withdrawn.
        InvalidRequest: no such answer, or `cannot` without its ground.
        Conflict: a file could not be deleted, so nothing was said.
    """
    shown = reading.show(member, handoff)
    if custody(shown).withdrawn is None:
        raise IllegalTransition("Consent was not withdrawn here.", state=shown.state, possible=list(shown.possible))
    if said not in ANSWERS or (said == "cannot") != (ground is not None):
        raise InvalidRequest("A holder says erased or locked, or cannot with its legal ground.")
    passed = [*_passed_on(member, handoff), *onward][:_MOST]
    deleted, left = copies.remove(member, handoff) if said == "erased" else (0, [])
    if left:
        raise Conflict(f"{len(left)} files of it could not be deleted here.", todo="Delete them and answer again.")
    told = {"ground": ground, "onward": passed}
    with referrals.reply(member, shown, told) if ground or passed else nullcontext() as part:
        after = referrals.say(member, HOLDER_ANSWER, shown, {"answer": said}, part)
    return Answered(after, deleted, tuple(passed))


def custody(shown: Shown) -> Custody:
    """Return what hubs and holders have signed about the copies of a handoff."""
    home, away = host_of(shown.from_agency), host_of(shown.to_agency)
    lines = [line for line in shown.lines if line.statement.type in ABOUT and not line.refused]
    first = [name for name in [shown.submission.statement.manifest] if name]
    said = [Said(o.type, o.hub, o.at, _position(line, home), o.body) for line in lines for o in [line.statement]]
    for line in lines:
        refused = (word for word in line.words if line.statement.type in GIVES_UP and word.refused)
        said += [nothing_had(word.host, word.at, first) for word in refused if word.refused == (UNKNOWN, 0)]
    listed = {str(copy["host"]) for copy in (shown.custody or {}).get("hubs", ())}
    heard = {word.host for line in shown.lines for word in line.words} | {line.statement.hub for line in shown.lines}
    hosts = dict.fromkeys([home, *([away] if away in heard | listed else [])])
    sent = {packet.hash for packet in shown.packets if packet.manifest.to == shown.to_agency}
    return custody_of(said, tuple(hosts), sent, first)


def _tell(member: Member, handoffs: Iterable[str], evidence: dict[str, Any]) -> list[str]:
    told = []
    for handoff in dict.fromkeys(handoffs):
        with suppress(NotFound, IllegalTransition):  # it never went out
            shown = reading.show(member, handoff)
            if not any(line.statement.type in GIVES_UP and not line.refused for line in shown.lines):
                noted = referrals.noted(member, evidence)  # under a key of its own: no two withdrawals can be joined
                referrals.say(member, WITHDRAW, shown, {"evidence": noted})
            told.append(handoff)
    return told


def _passed_on(member: Member, handoff: str) -> list[dict[str, Any]]:
    """Withdraw from whoever this agency passed a handoff's content on to; return them, and those after them."""
    rows = [row.value for row in records.listing(member, "fanout") if row.value.get("came_by") == handoff]
    _tell(member, [row["handoff"] for row in rows], {"handoff": handoff, "withdrawn": True})
    holders = [_holder(member, row["handoff"], row["to"]) for row in rows]
    found: list[dict[str, Any]] = []
    for holder in holders:
        known = holder.custody
        if known is not None and known.withdrawn is not None:
            answer = known.answer[0] if known.answer else NEVER_OPENED if known.recall is Recall.CERTAIN else None
            found += [{"to": holder.to, "asked": known.withdrawn, "answer": answer}, *map(dict, holder.onward)]
    return found


def _holder(member: Member, handoff: str, to: str) -> Holder:
    try:
        shown = reading.show(member, handoff)
    except NotFound:
        return Holder(handoff, to, None)
    known = custody(shown)
    if known.withdrawn is None:
        return Holder(handoff, to, None)
    reply = _reply(member, shown)
    return Holder(handoff, to, known, (shown.custody or {}).get("due"), reply["ground"], tuple(reply["onward"]))


def _reply(member: Member, shown: Shown) -> dict[str, Any]:
    """Return what stands sealed in the holder's last answer: nothing about the child, so no opening is logged."""
    answers = [line for line in shown.lines if line.statement.type == HOLDER_ANSWER and not line.refused]
    manifest = answers[-1].statement.manifest if answers and shown.from_agency == member.agency else None
    if manifest is None:
        return {"ground": None, "onward": []}
    with workspace() as folder:
        packet = reading.fetch(member, shown, shown.packet(manifest), folder)
        value: Any = packet.sections.get(REPLY)
        _REPLY(value)
        if packet.excerpt != reply_excerpt(shown):
            raise Malformed("A holder's answer is none to what this agency sent.")
        return dict(value)


def _position(line: Line, home: str) -> int | None:
    places = [word.receipt.position for word in line.words if word.receipt and word.host == home]
    return next((place for place in places if place is not None), None)
