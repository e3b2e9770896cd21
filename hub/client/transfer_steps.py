"""The steps of a transfer that no gate stops: asked, declined, changed, disputed, frozen, missed, monitored, closed.

The table (`hub.transfer.table`) says who may take a step in which role; the hub decides whether it is possible now.
Words of the receiver go sealed to the sender; a sender's words about a child need a basis, so they stay in a sealed
note of the own agency, and so does what the receiver says once the case is its own. `hub.client.transfers` has the
steps that gates judge, `hub.client.findings` those that carry findings.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hub.aftercare.closing import Reason
from hub.client import (
    aftercare,
    cases,
    checking,
    families,
    gates,
    judging,
    reading,
    records,
    referrals,
    timers,
    transfers,
)
from hub.client.member import DAY, workspace
from hub.client.opening import REPLY, open_handoff, received
from hub.client.register import newest, placed, who_holds
from hub.client.withdrawal import custody
from hub.errors import Conflict, ConsentMissing, Forbidden, InvalidRequest, NotFound
from hub.referrals import reasons
from hub.statements.bodies import KINDS, Part
from hub.statements.grammar import Grade
from hub.transfer.table import TRANSITIONS, Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hub.client.judging import Plan
    from hub.client.member import Member, Sealed
    from hub.client.reading import Line, Shown

CHANGE, ARRIVE, HALT, MESSAGE = "transfer.change", "transfer.arrive", "transfer.halt", "transfer.message"
ACKNOWLEDGE_CHANGE, COSIGN = "transfer.acknowledge_change", "transfer.cosign"
CLAIMED: Final = (ARRIVE, "transfer.cancel", "transfer.return")
"""What the other side has to sign as well before it takes effect, where the leg stands so that it is claimed."""
OTHERWISE: Final = "alternative_care"
"""The rule of the timer that a halt sets: the child still needs a plan."""
_PLAN_AGAIN = 14 * DAY
_LEG = "transfer_leg"


@dataclass(frozen=True, slots=True)
class Step:
    """What a step says beyond its statement's body: `needs` and `may` are words; `own`: they stay with their agency."""

    about: str
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    own: bool = False


STEPS: Final = {
    "acknowledge": Step("Say: opened, by a person."),
    "ask": Step("Ask the sender for more.", needs=("text",)),
    "decline": Step("Say no, with a reason.", needs=("code",), may=("redirect", "text")),
    "unrelease": Step("Take a release back, while nobody has taken the case."),
    "dispute": Step("Say that the other side and you do not agree who is responsible.", may=("text",)),
    "return": Step("Claim that the sender stays responsible; the other side signs as well.", may=("text",)),
    "freeze": Step("Stop a transfer on appeal, disagreement or a new risk.", needs=("text",)),
    "unfreeze": Step("Let a transfer go on, with what was decided.", needs=("text",), own=True),
    "cancel": Step("End a transfer before it begins, or say that a missing child is with you.", may=("text",)),
    "resolve": Step("Keep the case after a no, or after silence, and plan anew."),
    "arrive": Step("Say: the child was seen, in person, by you.", may=("text",)),
    "first_contact": Step("Say that the first contact after the handover took place.", may=("text",), own=True),
    "follow_up": Step("Say that a follow-up visit took place.", may=("text",), own=True),
    "post_closure_visit": Step("Say that somebody looked in after the closure.", may=("text",), own=True),
    "move_on": Step("Say that the child has moved on.", may=("text",), own=True),
    "close": Step("Close the case on this leg: monitoring is done.", may=("text",), own=True),
    "reopen": Step("Open the case on this leg again.", needs=("text",), own=True),
}
"""The steps that need nothing but words, by the name of their statement; `KINDS` has what stands in its body."""


def take(member: Member, leg: str, step: str, **said: Any) -> dict[str, Any]:
    """Take a step of `STEPS` on a leg; return the leg as the hub now shows it. The hub may refuse the step.

    Raises:
        InvalidRequest: a word is missing, or is none of this step's; or a child is said to be seen in the future.
    """
    kind, row = f"transfer.{step}", STEPS[step]
    body = {name: said.pop(name, None) for name in KINDS[kind].body}
    words = {name: value for name, value in said.items() if value}
    empty = {"next"} if step == "follow_up" else frozenset[str]()
    missing = [name for name in (*body, *row.needs) if {**body, **words}.get(name) is None and name not in empty]
    strange = sorted(words.keys() - {*row.needs, *row.may})
    if missing or strange:
        wrong = f"is missing {', '.join(missing)}" if missing else f"has no {', '.join(strange)}"
        known = ", ".join((*body, *row.needs, *row.may)) or "nothing more"
        raise InvalidRequest(f"This step {wrong}.", todo=f"It says: {known}.")
    if step == "arrive" and body["seen"] > member.clock.now():
        raise InvalidRequest("Nobody can have seen the child yet at that time.", todo="Say when it was seen.")
    if step in _DECIDED_BEFORE:
        _decided(member, leg, step)
    reasons.check(words)
    return say_with(member, kind, reading.show(member, leg), body, words, own=row.own)


def say_with(
    member: Member, kind: str, shown: Shown, body: Mapping[str, Any], words: Mapping[str, Any], *, own: bool = False
) -> dict[str, Any]:
    """Take a step with words: sealed for the sender where the receiver says them, else a note of the own agency."""
    with _said(member, kind, shown, words, own=own) as part:
        return say(member, kind, shown, body, part)


def say(
    member: Member,
    kind: str,
    shown: Shown,
    body: Mapping[str, Any],
    part: Sealed | None = None,
    grade: Grade = Grade.SIGNED,
) -> dict[str, Any]:
    """Sign and send a step of one signer, in a role that may take it; return the leg as the hub now shows it.

    Raises:
        Forbidden: the step is the other side's, or the member has no role that may take it.
    """
    side = Side.SENDER if member.agency == shown.from_agency else Side.RECIPIENT
    by = [member.me(_roles_for(kind, side, shown))]
    said = member.statement(kind, shown.id, body, by=by, heads=shown.heads, grade=grade, part=part)
    return records.send(member, f"/api/v1/handoffs/{shown.id}/statements", said, part.source if part else None)


def _roles_for(kind: str, side: Side, shown: Shown) -> frozenset[str] | None:
    """Return the roles in which a side takes a step, None for any: those of the present state, if the table has it."""
    mine = {side, Side.EITHER}
    if shown.from_agency == shown.to_agency:
        mine = set(Side)
    rows = [row for row in TRANSITIONS if row.type == kind and row.side in mine and len(row.roles) == 1]
    if not rows:
        raise Forbidden(
            "This step is the other side's.", todo="Phone them; see `hub transfer show` for who has to act."
        )
    rows = [row for row in rows if row.source == shown.state] or rows
    wanted = [row.roles[0] for row in rows]
    return None if not all(wanted) else frozenset().union(*wanted)


@contextmanager
def _said(member: Member, kind: str, shown: Shown, words: Mapping[str, Any], *, own: bool) -> Iterator[Sealed | None]:
    stopped = KINDS[kind].part is Part.OPTIONAL and custody(shown).withdrawn is not None
    if words and stopped:  # nothing more about this child is taken or given
        records.put(member, "note", {"handoff": shown.id, **words})
        yield None
    elif not words:
        yield None
    elif own or member.agency == shown.from_agency:
        with workspace() as folder:
            yield records.seal(member, folder, "note", {"handoff": shown.id, **words})
    else:
        with referrals.reply(member, shown, words) as part:
            yield part


# What the sender adds


def answer(
    member: Member, leg: str, sections: Mapping[str, Any], attachments: Sequence[Path] = (), why: str | None = None
) -> dict[str, Any]:
    """Answer what the receiver asked, within the basis on which the offer went.

    Raises:
        ConsentMissing: the basis does not cover these sections.
    """
    return _add(member, "transfer.answer", leg, sections, attachments, why)


def tell(
    member: Member, leg: str, sections: Mapping[str, Any], attachments: Sequence[Path] = (), why: str | None = None
) -> dict[str, Any]:
    """Tell the receiver more between its acceptance and the handover, within the basis on which the offer went (F6).

    Raises:
        ConsentMissing: the basis does not cover these sections.
    """
    return _add(member, MESSAGE, leg, sections, attachments, why)


def ask_more(member: Member, leg: str, text: str) -> dict[str, Any]:
    """Tell the sender something, or ask it, between one's own acceptance and the handover; sealed for it alone (F6)."""
    return say_with(member, MESSAGE, reading.show(member, leg), {}, {"text": text})


def _add(
    member: Member, kind: str, leg: str, sections: Mapping[str, Any], attachments: Sequence[Path], why: str | None
) -> dict[str, Any]:
    shown, sent = reading.show(member, leg), records.sent_copy(member, leg)
    cases.load(member, sent["case"], why, through=shown)
    out = replace(transfers.again(member, sent, sections), attachments=attachments)
    with referrals.sealed(member, out) as ready:
        return say(member, kind, shown, {}, ready.part)


# On the way


def change(member: Member, leg: str, plan: Plan, text: str | None = None) -> dict[str, Any]:
    """Say that the child leaves or arrives at another time; the other side has to acknowledge it."""
    words = {"text": text} if text else {}
    return say_with(member, CHANGE, reading.show(member, leg), {"plan": plan.to_value()}, words)


def acknowledge_change(member: Member, leg: str) -> dict[str, Any]:
    """Say that the newest change of the other side was seen.

    Raises:
        NotFound: none waits.
    """
    shown = reading.show(member, leg)
    line = _theirs(member, shown, newest(shown, CHANGE))
    answered = {one.statement.body["statement"] for one in placed(shown, ACKNOWLEDGE_CHANGE)}
    if line is None or line.hash in answered:
        raise NotFound("No change of the other side waits to be acknowledged.")
    return say(member, ACKNOWLEDGE_CHANGE, shown, {"statement": line.hash})


def arrive(member: Member, leg: str, seen: int, text: str | None = None, why: str | None = None) -> dict[str, Any]:
    """Say that the child was seen in person. From an alarm the other side has to sign as well.

    What the gates leave to be done after an arrival, such as an assessment that an exception put off, gets a timer.
    """
    known = newest(reading.show(member, leg), ARRIVE)
    answer = take(member, leg, "arrive", seen=seen, text=text)
    held = cases.of_leg(member, leg)
    if known is None and held is not None:
        shown, held, told, theirs = transfers.taken_in(member, leg, transfers.OFFER, why)
        facts = {"arrived": judging.day_of(seen), "disagreement": False}
        asked = judging.journey(member, told, leg, member.agency, shown, **facts)
        found = judging.evaluate(member, "arrive", held.sections, asked, held.record, theirs)
        gates.follow_up(member, held.record, found)
    return answer


def claim(member: Member, leg: str) -> Line | None:
    """Return what the other side claims and waits for this side's signature, or None."""
    shown = reading.show(member, leg)
    line = _theirs(member, shown, newest(shown, *CLAIMED))
    signed = {one.statement.body["statement"] for one in placed(shown, COSIGN)}
    return None if line is None or line.hash in signed or COSIGN not in shown.possible else line


def cosign(member: Member, leg: str) -> dict[str, Any]:
    """Sign what the other side claims: that a missing child was seen, or that the case goes back to the sender.

    Raises:
        NotFound: nothing waits.
    """
    line = claim(member, leg)
    if line is None:
        raise NotFound("Nothing on this leg waits for your side's signature.", todo="See `hub transfer show`.")
    return say(member, COSIGN, reading.show(member, leg), {"statement": line.hash})


def _theirs(member: Member, shown: Shown, line: Line | None) -> Line | None:
    alone = shown.from_agency == shown.to_agency
    return line if line is not None and (alone or line.statement.agency != member.agency) else None


# Stopping


def halt(member: Member, leg: str, text: str, why: str | None = None) -> dict[str, str]:
    """Stop a transfer that is not in the child's best interests, and all else that was asked on the same consent.

    Referrals that nobody has begun are cancelled, others asked to stop, other legs halted; what to do instead gets a
    timer. Interrupted half way, it is finished by running it again. Returns what was said about each handoff.
    """
    shown = reading.show(member, leg)
    if HALT in shown.possible:
        say_with(member, HALT, shown, {}, {"text": text})
    told = {leg: "halted"}
    held = cases.of_leg(member, leg)
    if held is None:
        return told
    cases.load(member, held.record, why, through=shown)
    for handoff in concerned(member, held.legs):
        if handoff not in told:
            told[handoff] = _stop(member, handoff, text)
    if not any(one.about and one.about.rule == OTHERWISE for one in timers.listing(member, case=held.record)):
        about = timers.About("A halted transfer: plan other care.", held.record, OTHERWISE, {"leg": leg})
        timers.set_timer(member, about, member.clock.now() + _PLAN_AGAIN, urgency="high")
    families.question(member, leg)
    return told


def concerned(member: Member, legs: Sequence[str]) -> list[str]:
    """Return the handoffs that went out on the same bases as these legs, or on what came by one of them."""
    rows = [row.value for row in records.listing(member, "fanout")]
    bases = {row["basis"] for row in rows if row["handoff"] in legs}
    named = [row["handoff"] for row in rows if row["basis"] in bases or row["came_by"] in legs]
    return list(dict.fromkeys([*legs, *named]))


def _stop(member: Member, handoff: str, text: str) -> str:
    try:
        shown = reading.show(member, handoff)
    except NotFound:
        return "never sent"
    for kind, said in (("referral.cancel", "cancelled"), ("referral.ask_to_stop", "asked to stop")):
        if kind in shown.possible:
            referrals.say(member, kind, shown, {})
            return said
    if shown.kind == _LEG and HALT in shown.possible:
        say_with(member, HALT, shown, {}, {"text": text})
        return "halted"
    return "left as it is"


# After the handover

_DECIDED_BEFORE: Final = {
    "close": "Close it first: `hub aftercare recommend`, then somebody else `hub aftercare authorise`.",
    "reopen": "Open it again first: `hub aftercare reopen`.",
    "move_on": "Hand it over first. Where nobody can take it over, close it: `hub aftercare recommend`.",
}
"""Steps after the handover that say what was decided elsewhere, and where."""


def close(member: Member, leg: str, text: str | None = None, why: str | None = None) -> dict[str, Any]:
    """Close the case on this leg, once two people have closed it (R43), and if the gates permit it.

    After a death no gate is asked: nobody is guardian any more, and nothing that was promised can be kept.

    Raises:
        NotFound: the case is not followed here. Conflict: nobody has authorised its closure.
        GateClosed: a gate blocks, such as that what an exception promised was not done.
    """
    if _decided(member, leg, "close") != Reason.DEATH:
        gates.judged(checking.before(member, leg, "close", why=why), ())
    return take(member, leg, "close", text=text)


def _decided(member: Member, leg: str, step: str) -> str | None:
    """Return why the case of a leg is closed, None where it is open; refuse a step that was not decided so before.

    A case moves on once another agency holds it by the register, so that no child is let go to nobody.
    """
    held = cases.of_leg(member, leg)
    if held is None:
        raise NotFound("No case file of your agency goes by this leg.", todo="See `hub transfer list`.")
    if step == "move_on":
        closed, ready = None, who_holds(member, leg).holder != member.agency
    else:
        closed = aftercare.read(member, held.record).closure
        ready = (closed is not None) is (step == "close")
    if not ready:
        raise Conflict("Your agency has not decided this for the case.", todo=_DECIDED_BEFORE[step], rule="R43")
    return closed.value["reason"] if closed else None


def follow_up(
    member: Member, leg: str, day: str, next_day: str | None, progress: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Say that a visit took place; with `progress`, a section, tell the sender how the child is, where consented.

    Raises:
        ConsentMissing: the consent does not let the sender know; say it without a report.
    """
    shown, body = reading.show(member, leg), {"day": day, "next": next_day}
    if progress is None:
        return say(member, "transfer.follow_up", shown, body)
    if shown.from_agency == member.agency:
        raise Conflict("This case came from nobody who could be told.", todo="Say it without a report.")
    out = referrals.Outgoing(
        to=shown.from_agency,
        sections=progress,
        basis=received(member, leg),
        purpose=FOLLOWED,
        came_by=leg,
    )
    try:
        with referrals.sealed(member, out) as ready:
            return say(member, "transfer.follow_up", shown, body, ready.part)
    except ConsentMissing as error:
        error.todo = "Say that the visit took place without a report; ask the family whether the sender may know."
        raise


FOLLOWED: Final = "reintegration_follow_up"
"""The purpose for which a consent lets the sender know how the child is."""


def replies(member: Member, leg: str, *kinds: str) -> list[tuple[Line, Mapping[str, Any]]]:
    """Return what the receiver said sealed in statements of these types, for the sender; in their order."""
    shown = reading.show(member, leg)
    found: list[tuple[Line, Mapping[str, Any]]] = []
    by_packet = {one.packet: one for one in open_handoff(member, leg)}
    for line in placed(shown, *kinds):
        opened = by_packet.get(line.statement.manifest or "")
        said = opened.sections.get(REPLY) if opened else None
        if isinstance(said, dict):
            found.append((line, said))
    return found
