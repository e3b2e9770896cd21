"""`hub transfer`: hand a child's case over, from the first question to the take. What gates judge is here.

Steps in words are in `hub.cli.transfer_way`, what is shown and proven in `hub.cli.transfer_show`. What is said about a
child comes from files or standard input, never from arguments.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from consent import words as texts
from hub.casefile.gates import policy
from hub.casefile.gates import words as gate_words
from hub.casefile.gates.ask import Purpose as Purposes
from hub.cli.common import FILE, FORBIDDEN, Session, command, read_json, why, with_reason
from hub.cli.gates import told_of
from hub.cli.people import resolve
from hub.cli.work import say
from hub.client import basis as bases
from hub.client import cases, checking, enrol, families, intake, opening, register, transfers
from hub.client.judging import Plan, Purpose
from hub.errors import InvalidRequest
from hub.ids import random_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hub.client.basis import Held
    from hub.client.member import Member
    from hub.client.transfers import Prepared

LEG_PURPOSES = tuple(one.value for one in Purposes)
_day = click.DateTime(["%Y-%m-%d"])
leg = click.argument("leg")
record = click.argument("record")
_second = click.option("--second", required=True, help="The supervisor who signs second: login or member id.")
PLAN = (
    click.option("--depart", type=click.DateTime(), help="When the child leaves, in this machine's zone."),
    click.option("--from", "begins", type=click.DateTime(), help="From when it may arrive."),
    click.option("--until", type=click.DateTime(), help="Until when. Not seen by then, both sides are alarmed."),
)
_JOURNEY = (
    click.option("--final/--not-final", default=None, help="Whether the child is to live where this leg ends."),
    click.option(
        "--interim/--lasting", default=None, help="Whether a placement is until something lasting is decided."
    ),
    click.option("--return-mode", type=click.Choice(["assisted_voluntary", "spontaneous", "forced"])),
    click.option("--returned", type=_day, help="The day on which the child was seen after the return."),
)


def _purpose_is(*, required: bool) -> Callable[[Any], Any]:
    return click.option("--purpose", required=required, type=click.Choice(LEG_PURPOSES), help="What the leg is for.")


@click.group()
def transfer() -> None:
    """Transfers: hand a child's case over, with two signatures, and prove who is responsible."""


@command(
    transfer,
    record,
    click.option("--another", is_flag=True, help="This is another child than the one with the same name and birth."),
    why,
    name="open",
)
def open_case(session: Session, record: str, why: str | None, *, another: bool) -> None:
    """Open the case of the file RECORD: from now on your agency is responsible for the child."""
    member = session.member()
    held = with_reason(lambda reason: cases.load(member, record, reason), why)
    register.refuse_second(member, held, another=another)
    held = with_reason(lambda reason: transfers.open_case(member, record, reason), why)
    session.tell({"record": held.record, "case": held.case}, f"Case {held.case} is open; your agency holds it.")


@command(
    transfer,
    record,
    click.option("--to", required=True, help="The agency: name@host, or its name where that is enough."),
    click.option("--basis", help="The record of the lawful basis; see hub consent list."),
    click.option("--passing-on", "came_by", help="Instead: the leg it came by, where its consent names this agency."),
    click.option("--section", "sections", multiple=True, required=True, help="A section to send. Repeatable."),
    _purpose_is(required=True),
    *_JOURNEY,
    *PLAN,
    _second,
    click.option("--urgency", default="high", type=click.Choice(["emergency", "urgent", "high", "routine"])),
    click.option("--person", help="The member to seal to, where it goes to one person."),
    click.option("--due", type=click.DateTime(), help="The latest time of the answer."),
    click.option("--attach", "attachments", multiple=True, type=FILE, help="A file that goes along. Repeatable."),
    click.option("--on-leg", help="The leg that an inquiry began."),
    click.option("--new-leg", help="The leg that approvals name: hub transfer gates prints one."),
    why,
)
def offer(session: Session, record: str, **given: Any) -> None:
    """Offer the case RECORD to an agency, if gates and consent permit it. A supervisor signs second: hub cosign."""
    member = session.member()
    made = with_reason(
        lambda reason: transfers.offer(member, _offer(member, record, given, reason), reason), given["why"]
    )
    _waits(session, made)


@command(transfer, leg)
def search(session: Session, leg: str) -> None:
    """Send again what a missing child is searched for by; it goes with the offer's second signature by itself."""
    member = session.member()
    say(session, member, transfers.search(member, leg))


@command(transfer, click.argument("file", type=FILE), why)
def family(session: Session, file: Path, why: str | None) -> None:
    """Offer several children of one family, kept together, as FILE says: see docs/cli.md. One consent for each."""
    member, said = session.member(), read_json(file)
    made = with_reason(lambda reason: families.offer(member, _children(member, said, reason), reason), why)
    rows = [
        {
            "case": child.case,
            "leg": child.leg,
            "cosign": child.prepared.cosign if child.prepared else None,
            "refused": child.refused.detail if child.refused else None,
        }
        for child in made
    ]
    session.table(rows, {"case": "Case", "leg": "Leg", "cosign": "Waits: hub cosign", "refused": "Stays, because"})


@command(
    transfer,
    leg,
    *PLAN,
    click.option("--duty", multiple=True, required=True, help="Who is on duty at arrival: login or id. Repeatable."),
    _second,
    click.option("--words", "file", type=FILE, help="How the child is received, a JSON object; sealed for the sender."),
    why,
)
def accept(session: Session, leg: str, **given: Any) -> None:
    """Accept a transfer, with a plan of reception. You are the named worker; a supervisor signs second: hub cosign."""
    member = session.member()
    plan, said = plan_of(given), read_json(given["file"]) if given["file"] else {}
    if plan is None or not isinstance(said, dict):
        raise InvalidRequest("An acceptance says when the child arrives.", todo="Give --depart, --from and --until.")
    duty = [_member(member, one) for one in given["duty"]]
    how = transfers.Reception(plan, duty, _member(member, given["second"]), said)
    _waits(session, with_reason(lambda reason: transfers.accept(member, leg, how, reason), given["why"]))


@command(transfer, leg, *PLAN, why)
def depart(session: Session, leg: str, why: str | None, **given: Any) -> None:
    """Say that the child leaves, if the gates permit it."""
    member, plan = session.member(), plan_of(given)
    if plan is None:
        raise InvalidRequest("A departure says when the child arrives.", todo="Give --depart, --from and --until.")
    say(session, member, with_reason(lambda reason: transfers.depart(member, leg, plan, reason), why))


@command(transfer, leg, why)
def release(session: Session, leg: str, why: str | None) -> None:
    """Let go of the case, with the record of the handover meeting. Until the receiver takes it, you are responsible."""
    member = session.member()
    say(session, member, with_reason(lambda reason: transfers.release(member, leg, reason), why))


@command(transfer, leg, why)
def meeting(session: Session, leg: str, why: str | None) -> None:
    """Open what came with a release, and print the record of the meeting: tick it with hub handover tick."""
    member = session.member()
    found = with_reason(lambda reason: transfers.opened_release(member, leg, reason), why)
    session.tell({"record": found.record}, f"Meeting {found.record}. Next: hub handover tick {found.record} ITEM …")


@command(transfer, leg, click.option("--first-contact", "day", required=True, type=_day, help="The day of it."), why)
def take(session: Session, leg: str, day: datetime, why: str | None) -> None:
    """Take a released case. From the moment your hub has this, your agency acts as responsible."""
    member, on = session.member(), day.date().isoformat()
    say(session, member, with_reason(lambda reason: transfers.take(member, leg, on, reason), why))


@command(
    transfer,
    click.argument("name"),
    click.option("--step", required=True, type=click.Choice(policy.STEPS), help="Before which step."),
    click.option("--to", help="Before an offer: the agency."),
    _purpose_is(required=False),
    *_JOURNEY,
    *PLAN,
    click.option("--new-leg", help="Before an offer: the leg that approvals name."),
    click.option("--lang", type=click.Choice(texts.LANGUAGES), default="en", help="The language."),
    why,
)
def gates(session: Session, name: str, **given: Any) -> int:
    """Print the gates as a checklist: of the leg NAME, or before an offer of the case file NAME."""
    member, step, plan = session.member(), given["step"], plan_of(given)
    chosen = given["new_leg"] or random_id()
    if step == "offer":
        if not given["to"] or not given["purpose"]:
            raise InvalidRequest(
                "Before an offer the gates ask where to and what for.", todo="Give --to and --purpose."
            )
        to, purpose = resolve(member, given["to"]), _purpose(given)
        found = with_reason(
            lambda reason: checking.before_offer(member, name, to, purpose, chosen, plan, reason), given["why"]
        )
    else:
        found = with_reason(lambda reason: checking.before(member, name, step, plan, reason), given["why"])
    lines = [asdict(line) for line in gate_words.checklist(found, given["lang"])]
    value = {"step": step, "permitted": found.permitted, "gates": lines}
    leg_line = [f"Leg for approvals and for the offer: --new-leg {chosen}"] if step == "offer" else []
    session.tell({**value, "leg": chosen if step == "offer" else name}, *told_of(found, given["lang"]), *leg_line)
    return 0 if found.permitted else FORBIDDEN


@command(
    transfer,
    record,
    click.option("--mode", required=True, type=click.Choice(intake.MODES), help="How the child came."),
    click.option("--next", "next_day", required=True, type=_day, help="The day of the next contact."),
    click.option("--bia-due", required=True, type=_day, help="By when the assessment is made."),
    click.option("--bid-due", required=True, type=_day, help="By when the determination is made."),
    _second,
    why,
    name="intake",
)
def take_in(session: Session, record: str, **given: Any) -> None:
    """Take in the child of the file RECORD, who came without a packet. A supervisor signs second: hub cosign."""
    member = session.member()
    days = {name: given[name].date().isoformat() for name in ("bia_due", "bid_due")}
    second, next_day = _member(member, given["second"]), given["next_day"].date().isoformat()
    arrival = intake.Arrival(record, given["mode"], next_day, **days, second=second)
    made = with_reason(lambda reason: intake.intake(member, arrival, reason), given["why"])
    session.tell(
        asdict(made), f"Leg {made.leg}. Not sent yet; it waits for its second signature: hub cosign {made.cosign}"
    )


def plan_of(given: Mapping[str, Any]) -> Plan | None:
    """Return the plan of a journey that options say, or None where they say none.

    Raises:
        InvalidRequest: they say a part of it, or an end before the beginning.
    """
    named = [given[name] for name in ("depart", "begins", "until")]
    if not any(named):
        return None
    if not all(named) or sorted(named) != named:
        raise InvalidRequest("A plan says when the child leaves, then from when until when it may arrive.")
    return Plan(*(int(one.astimezone().timestamp()) for one in named))


def _member(member: Member, named: str) -> str:
    return enrol.colleague(member, named)[0].member


def _purpose(given: Mapping[str, Any]) -> Purpose:
    returned = given.get("returned")
    returned = returned.date().isoformat() if isinstance(returned, datetime) else returned
    said = {name: given.get(name) for name in ("final", "interim", "return_mode")}
    return Purpose(given["purpose"], **said, returned=returned)


def _offer(member: Member, record: str, given: Mapping[str, Any], reason: str | None) -> transfers.Offer:
    due = given.get("due")
    return transfers.Offer(
        case=record,
        to=resolve(member, given["to"]),
        sections=tuple(given["sections"]),
        basis=_basis(member, given, reason),
        purpose=_purpose(given),
        second=_member(member, given["second"]),
        plan=plan_of(given),
        urgency=given.get("urgency") or "high",
        person=given.get("person"),
        due=int(due.astimezone().timestamp()) if due else None,
        attachments=tuple(given.get("attachments", ())),
        leg=given.get("on_leg"),
        new_leg=given.get("new_leg"),
    )


def _basis(member: Member, given: Mapping[str, Any], reason: str | None) -> Held:
    """Return the own basis, or the consent on which the case came, to pass it on to whom that names (R15)."""
    if bool(given.get("basis")) is bool(given.get("came_by")):
        raise InvalidRequest("An offer goes on one basis.", todo="Give --basis RECORD or --passing-on LEG.")
    if given.get("came_by"):
        return opening.received(member, given["came_by"])
    return bases.load(member, given["basis"], reason)


_CHILD = frozenset({"case", "basis", "sections", "purpose", "final", "interim", "return_mode", "returned", "new_leg"})


def _children(member: Member, said: Any, reason: str | None) -> list[transfers.Offer]:
    """Return the offers that a file says: {to, second, plan, children: [{case, basis, sections, purpose, …}]}."""
    if not isinstance(said, dict) or not isinstance(said.get("children"), list) or not said["children"]:
        raise InvalidRequest("The file says to, second, plan and children.", todo="See docs/cli.md.")
    shared = {"to": said.get("to"), "second": said.get("second"), "urgency": said.get("urgency")}
    plan = said.get("plan")
    offers = []
    for child in said["children"]:
        if not isinstance(child, dict) or not {"case", "basis", "sections", "purpose"} <= set(child) <= _CHILD:
            raise InvalidRequest("A child has case, basis, sections and purpose.", todo="See docs/cli.md.")
        rest = {name: item for name, item in child.items() if name != "case"}
        made = _offer(member, child["case"], {**shared, **rest, **dict.fromkeys(("depart", "begins", "until"))}, reason)
        offers.append(_planned(made, plan))
    return offers


def _planned(made: transfers.Offer, plan: Any) -> transfers.Offer:
    return made if plan is None else replace(made, plan=Plan(plan["depart"], plan["from"], plan["until"]))


def _waits(session: Session, made: Prepared) -> None:
    value = {"leg": made.leg, "cosign": made.cosign}
    session.tell(value, f"Leg {made.leg}. Not sent yet; it waits for its second signature: hub cosign {made.cosign}")
