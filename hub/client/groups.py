"""Referrals that belong together, as only their sender knows: a household, several providers asked, what follows what.

To each hub and each recipient every handoff stands alone: own id, own packet, own basis. What ties them is an own
record, put before anything is sent, so that nothing that went out is ever untied. Decides no step: it takes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hub.client import basis as bases
from hub.client import cosigning, outcomes, reading, records, referrals
from hub.client.kin import check_apart
from hub.errors import Conflict, ConsentMissing, HubError, IllegalTransition, InvalidRequest, NotFound
from hub.ids import random_id
from hub.packets import shapes as a
from hub.referrals.domain import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.client.basis import Held
    from hub.client.member import Member
    from hub.client.reading import Shown
    from hub.client.referrals import Outgoing, Sent

KIND = "group"
_MOST = 64


class How(StrEnum):
    """Why referrals belong together; of the last three the second follows the first."""

    HOUSEHOLD = "household"
    CHOICE = "choice"
    REROUTED = "rerouted"
    SUPERSEDES = "supersedes"
    LINKED = "linked"


CONFIRMED = frozenset({State.ACCEPTED, State.WAITLISTED, State.IN_PROGRESS, State.ON_HOLD, State.OUTCOME_REPORTED})
"""Where a provider has said yes."""
BACK = frozenset({State.DECLINED, State.EXPIRED, State.NOT_COMPLETED})
"""Where a referral came back to its sender, who has to do something about it."""
_CANCEL, _STOP = "referral.cancel", "referral.ask_to_stop"
_FORM = a.object_of(
    {"how": a.one_of(*How), "handoffs": a.list_of(a.identifier, _MOST, 2), "chosen": a.null_or(a.identifier)}
)


@dataclass(frozen=True, slots=True)
class Group:
    """Referrals that belong together; `chosen` is the one that was confirmed, of several providers asked."""

    record: str
    how: How
    handoffs: tuple[str, ...]
    chosen: str | None


@dataclass(frozen=True, slots=True)
class Again:
    """What is referred again, to another agency, on a consent that names it; None takes what was sent before."""

    to: str
    basis: Held
    sections: Mapping[str, Any] | None = field(default=None, repr=False)
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Other members of `Outgoing`: attachments, or what the map says of a chosen service."""


def of(member: Member, handoff: str) -> list[Group]:
    """Return the groups that a handoff of this agency belongs to."""
    return [group for group in every(member) if handoff in group.handoffs]


def every(member: Member) -> Iterator[Group]:
    """Yield what this agency's records tie together."""
    for row in records.listing(member, KIND):
        if records.of_form(row, _FORM):
            value = row.value
            yield Group(row.handoff, How(value["how"]), tuple(value["handoffs"]), value["chosen"])


def tie(member: Member, how: How, handoffs: Sequence[str]) -> None:
    """Write down that handoffs belong together, before they go out."""
    _keep(member, Group("", how, tuple(handoffs), None))


def send_household(member: Member, outs: Sequence[Outgoing]) -> list[Sent]:
    """Refer several people of one household to one agency: a packet each, on each one's own basis.

    Raises:
        InvalidRequest: two share a basis, or a packet names somebody else of them.
        ConsentMissing: a basis does not cover its packet; then none is sent.
    """
    check_apart(outs)
    return _send_all(member, outs, How.HOUSEHOLD)


def send_to_several(member: Member, outs: Sequence[Outgoing]) -> list[Sent]:
    """Ask several providers for the same; one of them is chosen later (`choose`).

    Raises:
        InvalidRequest: one stands there twice.
        ConsentMissing: the basis does not name one of them; then none is asked.
    """
    if len({(out.to, out.person, out.inbox) for out in outs}) != len(outs):
        raise InvalidRequest("One of these agencies is named twice.")
    return _send_all(member, outs, How.CHOICE)


def choose(member: Member, handoff: str, why: str | None = None) -> dict[str, str]:
    """Keep one of several providers that were asked; take the referral back from the others, who need not answer.

    Where one of them has begun, it is asked to stop; where one had declined, that is resolved. Interrupted half way, it
    is finished by running it again. Returns what was said about each handoff.

    Raises:
        NotFound: this was not asked of several.
        Conflict: another one was chosen, or this one has not said yes.
    """
    group = next((group for group in of(member, handoff) if group.how is How.CHOICE), None)
    if group is None:
        raise NotFound("This was not asked of several providers.")
    if group.chosen not in {None, handoff}:
        raise Conflict("Another provider was chosen already.", todo="Cancel that referral first.")
    if group.chosen is None:
        if reading.show(member, handoff).state not in CONFIRMED:
            raise Conflict("This provider has not said yes.", todo="Choose one that has accepted.")
        _keep(member, replace(group, chosen=handoff))
    return {shown.id: _let_go(member, shown, handoff, why) for shown in _others(member, group, handoff)}


def reroute(member: Member, handoff: str, again: Again, why: str | None = None) -> Sent:
    """Refer to another agency what came back, or what nobody has begun, on a consent that names that agency.

    What came back is resolved, the other cancelled, once the new referral has gone out. Interrupted half way, it is
    finished by running it again; nothing is sent twice.

    Raises:
        IllegalTransition: work has begun; ask to stop first.
        ConsentMissing: the consent does not name the new recipient; then nothing changes.
        InvalidRequest: it goes to the same agency, or the referral is not the member's, who did not say `why` (R46).
    """
    shown = reading.show(member, handoff)
    sent = _sent_after(member, handoff, How.REROUTED)
    if sent is None:
        if shown.state not in BACK and _CANCEL not in shown.possible:
            raise IllegalTransition(
                "Work has begun, or this is over.", state=shown.state, possible=list(shown.possible)
            )
        sent = follow(member, handoff, _again(member, handoff, again), How.REROUTED)
    if sent.cosign is None:
        _finish(member, shown, sent.handoff, why)
    return sent


def follow(member: Member, handoff: str, out: Outgoing, how: How) -> Sent:
    """Send a referral that supersedes one of this agency's, or is linked with it. The older one keeps its state.

    Raises:
        NotFound: this agency sent no such referral.
    """
    if reading.show(member, handoff).from_agency != member.agency:
        raise NotFound("Your agency sent no such referral.")
    out = out if how is How.LINKED else replace(out, again_for=handoff)
    return _send_all(member, [out], how, before=[handoff])[0]


def _again(member: Member, handoff: str, again: Again) -> Outgoing:
    copy = records.sent_copy(member, handoff)
    if again.to == copy["to"]:
        raise InvalidRequest("This is the agency that was asked.", todo="Name another one.")
    named = {name: copy[name] for name in ("purpose", "urgency", "needed_from", "area", "sex")}
    sections = copy["sections"] if again.sections is None else again.sections
    known = {"service": copy["service"], "needs": tuple(copy["needs"])}
    return referrals.Outgoing(to=again.to, sections=sections, basis=again.basis, **{**named, **known, **again.more})


def _send_all(member: Member, outs: Sequence[Outgoing], how: How, before: Sequence[str] = ()) -> list[Sent]:
    """Send each, if all may be sent; what ties them together is written down first.

    Where one is refused after others went out, those stand in the error as `sent`.
    """
    for out in outs:
        asked = out.asked(member.trust.agency(out.to))
        try:
            bases.decide_for(member, out.basis, asked, random_id())
        except ConsentMissing as error:
            error.facts["to"] = out.to  # of several, which one it is
            raise
    named = [random_id() for _ in outs]
    _keep(member, Group("", how, (*before, *named), None))
    went: list[Sent] = []
    for out, handoff in zip(outs, named, strict=True):
        try:
            went.append(referrals.send(member, out, handoff))
        except HubError as error:
            if went:
                error.facts["sent"] = [sent.handoff for sent in went]
            raise
    return went


def _sent_after(member: Member, handoff: str, how: How) -> Sent | None:
    """Return the referral that followed this one already, if it went out or waits for its second signature."""
    groups = (group for group in of(member, handoff) if group.how is how and group.handoffs[0] == handoff)
    later = [name for group in groups for name in group.handoffs[1:]]
    gone = next((referrals.Sent(shown.id) for shown in _known(member, later)), None)
    if gone is not None or not later:
        return gone
    held = next((item for item in cosigning.waiting(member) if item.handoff in later), None)
    return None if held is None else referrals.Sent(held.handoff, cosign=held.record)


def _finish(member: Member, shown: Shown, then: str, why: str | None) -> None:
    """End the referral after which another one was sent."""
    if shown.state in BACK:
        outcomes.resolve(member, shown.id, then, why=why)
    elif _CANCEL in shown.possible:
        referrals.say(member, _CANCEL, shown, {})


def _let_go(member: Member, shown: Shown, chosen: str, why: str | None) -> str:
    """Tell a provider that another one was chosen; return what was said."""
    if shown.state in BACK:
        outcomes.resolve(member, shown.id, chosen, why=why)
        return "resolved"
    for kind, said in ((_CANCEL, "cancelled"), (_STOP, "asked to stop")):
        if kind in shown.possible:
            referrals.say(member, kind, shown, {})
            return said
    return "left as it is"


def _others(member: Member, group: Group, chosen: str) -> Iterator[Shown]:
    return _known(member, [handoff for handoff in group.handoffs if handoff != chosen])


def _known(member: Member, handoffs: Sequence[str]) -> Iterator[Shown]:
    """Yield those that went out: a group is written down before."""
    for handoff in handoffs:
        try:
            yield reading.show(member, handoff)
        except NotFound:
            continue


def _keep(member: Member, group: Group) -> None:
    value = {"how": group.how.value, "handoffs": list(group.handoffs), "chosen": group.chosen}
    records.put(member, KIND, value, handoff=group.record or None)
