"""What became of the packets of a withdrawn handoff: which hub destroyed its copy, was it opened, what says the holder.

Pure, and read from signed statements alone, so both hubs and both clients come to the same answer. A recall is certain
only if every hub that had the packet has signed that it is destroyed and that its header was never given out; after
that it is a request to whoever opened it, and says so. Of two words of one hub the worse counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

WITHDRAW, DESTROY, HOLDER_ANSWER = "consent.withdraw", "packet.destroy", "consent.holder_answer"
GIVES_UP = frozenset({WITHDRAW, "referral.mark_error"})
"""The statements after which nobody is to keep the packets: consent was withdrawn, or they were sent by mistake."""
REWRAP = "packet.rewrap"
ENTRUSTING = frozenset({"referral.submit", "transfer.offer"})
"""The statements with which one agency entrusts a packet about a child to another; each has a number in its channel."""
DELIVERED = frozenset({"referral.deliver", "transfer.deliver"})
"""What the recipient's hub says when it has such a packet."""
HOLDERS = frozenset({"caseworker", "provider", "supervisor", "focal_point", "data_officer"})
"""Who says for an agency what became of its copies."""
ABOUT = GIVES_UP | {DESTROY, HOLDER_ANSWER}
"""The statements that change what is known of the packets of a withdrawn handoff."""
UNKNOWN = "unknown"
"""The state in a refusal of a statement about a handoff that is not known at a hub."""


class Recall(StrEnum):
    """How far a recall has come."""

    CERTAIN = "certain"
    REQUEST = "request"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Said:
    """A statement about withdrawn packets that was not refused; `position` None: not confirmed yet."""

    type: str
    host: str | None
    at: int
    position: int | None
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Copy:
    """What is known of one hub's copy; `served` None: that hub has not said yet."""

    host: str
    since: int
    destroyed: int | None = None
    served: bool | None = None


@dataclass(frozen=True, slots=True)
class Custody:
    """What became of a handoff's packets after a withdrawal at `withdrawn`, or that they are frozen."""

    withdrawn: int | None
    frozen: int | None = None
    hubs: tuple[Copy, ...] = ()
    answer: tuple[str, int] | None = None

    @property
    def recall(self) -> Recall | None:
        """How far the recall has come; None where nothing was withdrawn."""
        if self.withdrawn is None:
            return None
        holds = self.answer is not None and self.answer[0] != "erased"
        if holds or any(copy.served for copy in self.hubs):
            return Recall.REQUEST
        return Recall.CERTAIN if all(copy.destroyed is not None for copy in self.hubs) else Recall.PENDING

    def awaits(self, host: str) -> bool:
        """Whether the recipient at `host` has to say what it did: nobody knows yet that its hub gave out nothing."""
        held = next((copy for copy in self.hubs if copy.host == host), None)
        return self.withdrawn is not None and self.answer is None and held is not None and held.served is not False

    def to_value(self, due: int | None) -> dict[str, Any]:
        """Return what a party is shown."""
        return {
            "withdrawn": self.withdrawn,
            "frozen": self.frozen,
            "hubs": [{name: getattr(copy, name) for name in Copy.__slots__} for copy in self.hubs],
            "recall": self.recall,
            "holder": None if self.answer is None else dict(zip(("answer", "at"), self.answer, strict=True)),
            "due": due,
        }


def custody_of(said: Sequence[Said], hosts: Collection[str], sent: Collection[str], first: Collection[str]) -> Custody:
    """Return what statements in the order of their arrival say of the copies at `hosts`.

    Args:
        said: the statements of `ABOUT`; nothing is withdrawn before one of them is in effect.
        hosts: the hubs that had a copy.
        sent: the manifests of the packets that went to the recipient: only they count as served.
        first: the packet that began the handoff: a hub that does not name it has not answered.
    """
    placed = [(one.position, one.at) for one in said if one.type in GIVES_UP and one.position is not None]
    if not placed:
        return Custody(None)
    withdrawn = min(placed)[1]  # when both sides withdrew, the ordering hub says who was first
    copies = {host: Copy(host, withdrawn) for host in hosts}
    for one in said:
        if one.type == DESTROY and one.host in copies:
            copies[one.host] = _heard(copies[one.host], one, set(sent), set(first))
    answers = [one for one in said if one.type == HOLDER_ANSWER]
    last = max(answers, key=lambda one: (one.position is None, one.position or 0), default=None)
    answer = None if last is None else (str(last.body["answer"]), last.at)
    return Custody(withdrawn, None, tuple(copies.values()), answer)


def nothing_had(host: str, at: int, first: Collection[str]) -> Said:
    """Return what it says when a hub refuses a withdrawal because it knows of no such handoff."""
    return Said(DESTROY, host, at, None, {"packets": [{"manifest": name, "served": False} for name in first]})


def _heard(known: Copy, said: Said, sent: set[str], first: set[str]) -> Copy:
    named = {row["manifest"]: bool(row["served"]) for row in said.body["packets"]}
    whole = bool(first) and first <= named.keys()
    served = bool(known.served) or any(named[manifest] for manifest in sent & named.keys())
    destroyed = known.destroyed or (said.at if whole else None)
    return replace(known, destroyed=destroyed, served=served if whole or served else known.served)
