"""The words in which scenarios tell a transfer: opened, offered, accepted, travelled, arrived, handed over.

Each function is what people of two agencies do at their desks, by their own clients; `scene` carries between the hubs.
A step that takes two signatures is signed by the agency's worker and by its supervisor, who joins when first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.client import basis as bases
from hub.client import cases, gates, handover, meetings, opening, reading, records, transfer_steps, transfers
from hub.client.judging import Plan, Purpose
from hub.errors import GateClosed
from tests.support.case_files import FILES
from tests.support.handovers import SAID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hub.client.basis import Held
    from hub.client.cases import CaseFile
    from hub.client.member import Member
    from tests.support.scenario import Person, Scene

HOUR = 3_600


def file_of(scene: Scene, person: Person, *sections: str) -> dict[str, Any]:
    """Return sections of somebody's case file, or all of it, under their name; no hub may learn a word of it."""
    whole = FILES[person.code](scene.day)
    whole["minimal_contact"]["given_name"] = person.name
    if "identity" in whole:
        whole["identity"]["names"] = {"full": person.name}
    chosen = {name: whole[name] for name in sections or whole}
    keeps_quiet(scene, chosen)
    return chosen


def keeps_quiet(scene: Scene, document: object) -> None:
    """Add what is written in words to what no hub may know; words of scenarios end in -Syn."""
    scene.said |= {text for text in _texts(document) if "Syn" in text}


def second(scene: Scene, agency: str) -> Member:
    """Return the supervisor of an agency who signs second."""
    return scene.colleague(agency, f"{agency}-second", "supervisor")


def travel(scene: Scene, day: int) -> Plan:
    """Return the plan of a journey that begins on a day in the morning and ends in its evening."""
    leaves = scene.moment(day)
    return Plan(leaves, leaves + 6 * HOUR, leaves + 12 * HOUR)


def opens_case(scene: Scene, agency: str, sections: Mapping[str, Any]) -> CaseFile:
    """Begin a case file and its register: from now on this agency is responsible."""
    keeps_quiet(scene, sections)
    member = scene.member(agency)
    return transfers.open_case(member, cases.new(member, sections).record)


def has_case(scene: Scene, agency: str, leg: str) -> CaseFile:
    """Return the case file that has what came by a leg, once the own register has the case."""
    return transfers.held_by_leg(scene.member(agency), leg)


def writes(scene: Scene, agency: str, case: CaseFile, section: str, **change: Any) -> None:
    """Write down in a case file what is new."""
    keeps_quiet(scene, change)
    cases.update(scene.member(agency), case.record, section, change)


def offer(
    scene: Scene,
    sender: str,
    case: CaseFile,
    *,
    to: str,
    on: Held,
    sections: Iterable[str],
    purpose: Purpose,
    plan: Plan | None = None,
    **more: Any,
) -> transfers.Offer:
    """Return what a worker offers, for the supervisor to sign as well."""
    given = {"plan": plan, "second": second(scene, sender).id, **more}
    return transfers.Offer(case.record, scene.address(to), tuple(sections), on, purpose, **given)


def proposes(scene: Scene, sender: str, case: CaseFile, **asked: Any) -> str:
    """Offer a case to another agency, both signing; return the leg."""
    waits = transfers.offer(scene.member(sender), offer(scene, sender, case, **asked))
    transfers.cosign(second(scene, sender), waits.cosign)
    scene.handoffs.append(waits.leg)
    scene.deliver()
    return waits.leg


def blocked(act: Callable[[], object]) -> list[str]:
    """Return the gates that stop a step. Fails if it is taken."""
    try:
        act()
    except GateClosed as stopped:
        return list(stopped.facts["gates"])
    raise AssertionError("It was not stopped.")


def excepts(scene: Scene, agency: str, case: CaseFile, leg: str, mode: str, days: tuple[int, int, int]) -> None:
    """Let the supervisor sign an exception for a leg: until when, and by when assessment and determination are due."""
    ends, bia, bid = ((scene.date(day)).isoformat() for day in days)
    said = {"gate": "R24", "leg": leg, "mode": mode, "begins": scene.today(), "ends": ends}
    said |= {"bia_due": bia, "bid_due": bid, "reason": "The host cannot convene a panel in time-Syn."}
    gates.approve(second(scene, agency), case.record, said)


def says(scene: Scene, agency: str, leg: str, kind: str, role: str = "caseworker", **body: Any) -> None:
    """Sign a step that says nothing besides its dates."""
    signs(scene, scene.member(agency), leg, kind, role, **body)


def signs(scene: Scene, member: Member, leg: str, kind: str, role: str, **body: Any) -> None:
    """Let a member sign a step that says nothing besides its dates."""
    heads = reading.show(member, leg).heads
    said = member.statement(kind, leg, body, by=[member.me(frozenset({role}))], heads=heads)
    records.send(member, f"/api/v1/handoffs/{leg}/statements", said)
    scene.deliver()


def accepts(
    scene: Scene, agency: str, leg: str, plan: Plan, words: Mapping[str, Any] | None = None, *, by: str | None = None
) -> None:
    """Accept a leg, both signing: who receives, when, and where the child sleeps; `by` is a worker who is named."""
    member = scene.member(by or agency)
    keeps_quiet(scene, words)
    reception = transfers.Reception(plan, [member.id], second(scene, agency).id, dict(words or {"bed": "a bed-Syn"}))
    waits = transfers.accept(member, leg, reception)
    transfers.cosign(second(scene, agency), waits.cosign)
    scene.deliver()


def departs(scene: Scene, agency: str, leg: str, plan: Plan) -> None:
    """Say that the child leaves."""
    transfers.depart(scene.member(agency), leg, plan)
    scene.deliver()


def arrives(scene: Scene, agency: str, leg: str) -> None:
    """Say that a person of the receiver has seen the child, now."""
    says(scene, agency, leg, "transfer.arrive", seen=scene.world.clock.now())


def takes_over(scene: Scene, sender: str, to: str, leg: str, first_contact: str) -> CaseFile:
    """Release and take where nobody stays, so that no meeting is asked for; return the receiver's case file."""
    transfers.release(second(scene, sender), leg)
    scene.deliver()
    transfers.take(second(scene, to), leg, first_contact)
    scene.deliver()
    return has_case(scene, to, leg)


def takes(scene: Scene, agency: str, leg: str, step: str, **said: Any) -> None:
    """Take a step that no gate judges; what is said in words goes sealed, or stays with who says it."""
    keeps_quiet(scene, said)
    transfer_steps.take(scene.member(agency), leg, step, **said)
    scene.deliver()


def answers(scene: Scene, agency: str, leg: str, sections: Mapping[str, Any]) -> None:
    """Answer what the receiver asked, with sections of the case file."""
    keeps_quiet(scene, sections)
    transfer_steps.answer(scene.member(agency), leg, sections)
    scene.deliver()


def keeps(scene: Scene, agency: str, leg: str) -> CaseFile:
    """Open what came by a leg and keep it as a case file of the receiver's own."""
    return transfers.taken_in(scene.member(agency), leg, transfers.OFFER)[1]


def packets(scene: Scene, agency: str, leg: str) -> list[tuple[str, dict[str, Any]]]:
    """Return what came by a leg and is given out: the step beside which each packet came, and its sections."""
    member = scene.member(agency)
    lines = {line.statement.manifest: line.statement.type for line in reading.show(member, leg).lines}
    found = opening.open_handoff(member, leg)
    assert not any(one.quarantined for one in found)
    return [(lines[one.packet], {**one.sections}) for one in found]


def reads(scene: Scene, agency: str, leg: str) -> dict[str, Any]:
    """Return what a receiver reads of a child in all that came by a leg, the newest words last."""
    whole = {name: value for _, sections in packets(scene, agency, leg) for name, value in sections.items()}
    return {name: value for name, value in whole.items() if name not in bases.BESIDE}


def told_back(scene: Scene, agency: str, leg: str, step: str) -> Mapping[str, Any]:
    """Return what a sender reads of the receiver's words at a step."""
    member = scene.member(agency)
    line = next(line for line in reading.show(member, leg).lines if line.statement.type == step)
    (found,) = opening.open_handoff(member, leg, packet=line.statement.manifest)
    said: Mapping[str, Any] = found.sections[opening.REPLY]
    return said


def hands_over(scene: Scene, sender: str, to: str, leg: str, first_contact: str, **facts: Any) -> None:
    """Meet, tick the checklist at both sides, release and take: from then on the receiver is responsible.

    `facts` are what is said of this meeting in the place of what is always said.
    """
    said = {**SAID, "when": scene.world.clock.now(), **facts}
    keeps_quiet(scene, said)
    mine = meetings.begin(scene.member(sender), handover.Side.SENDER, said, leg=leg)
    meetings.tick(scene.member(sender), mine, handover.CHECKLIST)
    transfers.release(second(scene, sender), leg)
    scene.deliver()
    theirs = transfers.opened_release(second(scene, to), leg)
    meetings.tick(scene.member(to), theirs, handover.CHECKLIST)
    transfers.take(second(scene, to), leg, first_contact)
    scene.deliver()


def _texts(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for value in document.values():
            yield from _texts(value)
    elif isinstance(document, list | tuple):
        for value in document:
            yield from _texts(value)
