"""Brothers and sisters, a parent and children: one journey, and for each child an own case, consent, packet and leg.

To every hub the legs stand alone; that they belong together is an own record (`hub.client.groups`), written down before
anything is sent. They go to one agency at one time. What stops one child stops nobody else: it raises the question of
the others, as a timer on each case that still goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.client import cases, groups, reading, timers, transfers
from hub.client.groups import How
from hub.client.kin import check_apart
from hub.client.member import DAY
from hub.errors import ConsentMissing, GateClosed, InvalidRequest, NotFound
from hub.ids import random_id
from hub.transfer.table import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.client.member import Member
    from hub.client.reading import Shown
    from hub.client.transfers import Offer, Prepared
    from hub.errors import HubError

RULE: Final = "siblings"
STOPPED: Final = frozenset(
    {
        State.DECLINED,
        State.EXPIRED,
        State.FROZEN,
        State.DISPUTED,
        State.CANCELLED,
        State.CLOSED_DECLINED,
        State.CLOSED_EXPIRED,
        State.CONSENT_WITHDRAWN,
    }
)
"""Where a child does not travel on as was planned."""
_OVER = frozenset({State.RESPONSIBILITY_TRANSFERRED, State.MONITORING, State.ONWARD, State.CLOSED})
_WITHIN = 2 * DAY


@dataclass(frozen=True, slots=True)
class Child:
    """One child of a family that is offered: the offer that waits to be co-signed, or why it was not made."""

    case: str
    leg: str
    prepared: Prepared | None
    refused: HubError | None = None


def offer(member: Member, outs: Sequence[Offer], why: str | None = None) -> list[Child]:
    """Offer several children of one family to one agency, kept together: one packet and one consent for each.

    A child whose consent or gates do not permit it stays; its brothers and sisters may go on, and somebody asks about
    them. Give each offer its leg (`new_leg`), because approvals name it.

    Raises:
        InvalidRequest: they go to different agencies or at different times, share a basis, or a packet names another.
    """
    if len({(out.to, out.plan) for out in outs}) != 1:
        raise InvalidRequest(
            "Brothers and sisters are kept together: one agency, one plan.",
            todo="Offer them alone if a best-interests determination says that they part.",
        )
    named = [replace(out, new_leg=out.new_leg or random_id()) for out in outs]
    sections = [cases.load(member, out.case, why).sections for out in named]
    going = [
        transfers.outgoing(out, {name: held[name] for name in out.sections if name in held})
        for out, held in zip(named, sections, strict=True)
    ]
    check_apart(going)
    groups.tie(member, How.HOUSEHOLD, [out.leg or str(out.new_leg) for out in named])
    made = [_offered(member, out, why) for out in named]
    if any(child.refused for child in made):
        for child in made:
            if child.prepared:
                _ask_about(member, child.leg)
    return made


def siblings(member: Member, leg: str) -> list[str]:
    """Return the legs of the other children who travel with this one."""
    tied = [group for group in groups.of(member, leg) if group.how is How.HOUSEHOLD]
    return [one for group in tied for one in group.handoffs if one != leg]


def question(member: Member, leg: str) -> list[str]:
    """Ask about the others where a child was stopped: a timer on each of their cases that goes on; return those set.

    Run again it sets none twice.
    """
    shown = reading.show(member, leg)
    if shown.state not in STOPPED:
        return []
    going = [other.id for other in _known(member, siblings(member, leg)) if other.state not in STOPPED | _OVER]
    return [made for other in going if (made := _ask_about(member, other))]


def _offered(member: Member, out: Offer, why: str | None) -> Child:
    leg = out.leg or str(out.new_leg)
    try:
        return Child(out.case, leg, transfers.offer(member, out, why))
    except (GateClosed, ConsentMissing) as refused:
        return Child(out.case, leg, None, refused)


def _ask_about(member: Member, leg: str) -> str | None:
    held = cases.of_leg(member, leg)
    if held is None:
        return None
    asked = (one.about for one in timers.listing(member, case=held.record))
    if any(about and about.rule == RULE and about.facts.get("leg") == leg for about in asked):
        return None
    label = "A brother or sister does not travel: is this journey still right?"
    about = timers.About(label, held.record, RULE, {"leg": leg})
    return timers.set_timer(member, about, member.clock.now() + _WITHIN, urgency="urgent")


def _known(member: Member, legs: Sequence[str]) -> Iterator[Shown]:
    for leg in legs:
        try:
            yield reading.show(member, leg)
        except NotFound:  # not sent yet
            continue
