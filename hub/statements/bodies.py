"""The closed list of statement types: who may sign each, what its body holds, whether a packet travels beside it.

One table, docs/protocol.md §7.1 to §7.3. Does not know what a statement does: that is the state machine's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hub.errors import Malformed
from hub.packets import shapes as a
from hub.packets.manifest import REWRAP

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """What a certificate lets a member do (docs/protocol.md §5)."""

    CASEWORKER = "caseworker"
    PROVIDER = "provider"
    SUPERVISOR = "supervisor"
    FOCAL_POINT = "focal_point"
    DEPUTY = "deputy"
    COORDINATOR = "coordinator"
    DATA_OFFICER = "data_officer"
    AGENCY_ADMIN = "agency_admin"
    AUDITOR = "auditor"


class Grade(StrEnum):
    """How good the evidence behind a statement is; shown wherever a state is shown."""

    SIGNED = "signed"
    LINK = "link"
    CODE_VERIFIED = "code_verified"
    REPORTED = "reported"
    HUB = "hub"


class Part(StrEnum):
    """Whether a packet travels beside a statement."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Kind:
    """The rules of one statement type."""

    body: Mapping[str, a.Check]
    part: Part = Part.NONE
    by_hub: bool = False
    first: bool = False
    """Whether it may open a handoff, and so have no heads."""


_VERDICT = a.object_of(
    {
        "policy": a.matches(re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")),
        "gates": a.distinct(
            a.list_of(
                a.object_of({"id": a.matches(re.compile(r"[A-Z][A-Za-z0-9._-]{0,15}")), "commit": a.hash_}), 128, 1
            ),
            "id",
        ),
        "signers": a.distinct(a.list_of(a.object_of({"role": a.one_of(*Role), "n": a.integer(1, 8)}), 9, 1), "role"),
    }
)
_URGENCY = a.one_of("emergency", "urgent", "high", "routine")
_NULL = a.one_of(None)
_LINK = a.object_of(
    {
        "id": a.identifier,
        "sign": a.hash_,
        "recipient": a.matches(re.compile(r"age1[02-9ac-hj-np-z]{58}")),
        "until": a.seconds,
        "code": a.null_or(a.hash_),
    }
)
_REFERRAL: dict[str, a.Check] = {
    "kind": a.one_of("referral"),
    "urgency": _URGENCY,
    "due": a.seconds,
    "needed_from": a.null_or(a.date),
    "verdict": _VERDICT,
    "leg": _NULL,
    "freeze": a.hash_,
    "link": a.null_or(_LINK),
}
_OWN_RECORD: dict[str, a.Check] = {
    "kind": a.one_of("own_record"),
    "urgency": a.one_of("routine"),
    "due": _NULL,
    "needed_from": _NULL,
    "verdict": _NULL,
    "leg": _NULL,
    "freeze": _NULL,
    "link": _NULL,
}
_PLAN = a.object_of({"depart": a.seconds, "from": a.seconds, "until": a.seconds})
"""When a child is to leave, and from when to when it may arrive; the alarm starts after `until`."""
_LEG = a.one_of("transfer_leg")
_ENTRUSTED: dict[str, a.Check] = {"due": a.null_or(a.seconds), "verdict": _VERDICT, "freeze": a.hash_}
"""What stands beside a packet about a child that one agency entrusts to another in a transfer."""
_JUDGED: dict[str, a.Check] = {"verdict": _VERDICT}
_HOLD: dict[str, a.Check] = {
    "kind": a.one_of("case"),
    "to": a.agency,
    "leg": a.identifier,
    "take": a.hash_,
    "log": a.object_of({"origin": a.host, "index": a.integer(), "size": a.integer(1), "root": a.hash_}),
    "receipt": a.hash_,
}


def _whole(unit: int, inner: a.Check) -> a.Check:
    """Return the check for what `inner` takes in whole units: odd seconds would join the timers of a child."""

    def check(value: object) -> None:
        inner(value)
        if isinstance(value, int) and value % unit:
            raise Malformed("A time of a timer is not a whole one.")

    return check


_QUARTER = _whole(900, a.seconds)
_TIMER: dict[str, a.Check] = {
    "kind": a.one_of("timer"),
    "due": _QUARTER,
    "warn": a.null_or(_whole(3_600, a.integer(3_600, 92 * 86_400))),
    "urgency": _URGENCY,
    "owner": a.identifier,
}
_DESTROYED = a.object_of({"manifest": a.hash_, "served": a.flag})
_POSITION = a.integer(0, 2**31 - 1)
_RECEIPT: dict[str, a.Check] = {
    "statement": a.hash_,
    "log": a.object_of({"origin": a.host, "size": a.integer(1), "root": a.hash_}),
    "index": a.integer(),
    "salt": a.hash_,
    "proof": a.list_of(a.hash_, 64),
    "position": a.null_or(_POSITION),
    "state": a.null_or(a.name),
    "chan": a.null_or(a.object_of({"to": a.agency, "seq": a.integer()})),
}
_BY_PROXY: dict[str, a.Check] = {"via": a.one_of("phone", "sms", "paper"), "evidence": a.hash_}
_OF_GRADE: dict[Grade, dict[str, a.Check]] = {
    Grade.REPORTED: {**_BY_PROXY, "ask": a.flag},
    Grade.CODE_VERIFIED: {**_BY_PROXY, "code": a.identifier},
}
"""What a statement says besides where the sender takes the recipient's step: how the answer came, and its evidence."""


def _kinds(names: str, part: Part = Part.NONE, **body: a.Check) -> dict[str, Kind]:
    return {f"referral.{name}": Kind(body, part) for name in names.split()}


def _legs(names: str, part: Part = Part.NONE, **body: a.Check) -> dict[str, Kind]:
    return {f"transfer.{name}": Kind(body, part) for name in names.split()}


def _by_hub(names: str, **body: a.Check) -> dict[str, Kind]:
    return {f"transfer.{name}": Kind(body, by_hub=True) for name in names.split()}


_TRANSFERS: dict[str, Kind] = {
    "case.open": Kind({"kind": a.one_of("case"), "to": a.agency}, first=True),
    "case.leg": Kind({"leg": a.identifier}),
    "case.hold": Kind(_HOLD, by_hub=True, first=True),
    "transfer.inquire": Kind({"kind": _LEG, "urgency": _URGENCY}, Part.REQUIRED, first=True),
    "transfer.offer": Kind(
        {"kind": _LEG, "urgency": _URGENCY, **_ENTRUSTED, "plan": a.null_or(_PLAN)}, Part.REQUIRED, first=True
    ),
    "transfer.intake": Kind({"kind": _LEG, "case": a.identifier, "next": a.date}, Part.REQUIRED, first=True),
    "transfer.notice": Kind({"kind": a.one_of("notice")}, Part.REQUIRED, first=True),
    "transfer.assume": Kind(
        {"kind": a.one_of("succession"), "of": a.agency, "leg": a.identifier, "take": a.hash_}, first=True
    ),
    **_legs("answer_inquiry return_assessment ask answer decline search verify message", Part.REQUIRED),
    **_legs("request_assessment", Part.REQUIRED, **_ENTRUSTED),
    **_legs("acknowledge resolve unrelease"),
    **_legs("accept", Part.REQUIRED, plan=_PLAN, worker=a.identifier, duty=a.list_of(a.identifier, 8, 1), **_JUDGED),
    **_legs("depart", Part.OPTIONAL, plan=_PLAN, **_JUDGED),
    **_legs("change", Part.OPTIONAL, plan=_PLAN),
    **_legs("acknowledge_change cosign", statement=a.hash_),
    **_legs("arrive", Part.OPTIONAL, seen=a.seconds),
    **_legs("release", Part.OPTIONAL, **_JUDGED),
    **_legs("take", Part.OPTIONAL, release=a.hash_, first_contact=a.date, **_JUDGED),
    **_legs("cancel dispute return freeze unfreeze halt move_on close reopen", Part.OPTIONAL),
    **_legs("first_contact follow_up", Part.OPTIONAL, day=a.date, next=a.null_or(a.date)),
    **_legs("post_closure_visit", Part.OPTIONAL, day=a.date),
    **_by_hub("deliver", manifest=a.hash_),
    **_by_hub("expire", clock=a.name),
    **_by_hub("not_departed", clock=a.name, rung=a.integer(0, 99), tell=a.list_of(a.name, 16)),
    **_by_hub("report_missing", until=a.seconds),
    **_by_hub("succeeded", by=a.agency, assume=a.hash_),
}


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        **_kinds("acknowledge resume agree_to_stop close resolve mark_error unlink"),
        **_kinds("accept", Part.OPTIONAL, first_contact=a.date),
        **_kinds("link", Part.REQUIRED, link=_LINK),
        **_kinds("bind", sign=a.hash_),
        **_kinds("change_urgency", urgency=_URGENCY, due=a.null_or(a.seconds)),
        **_kinds("start", contact=a.date),
        **_kinds("waitlist", Part.OPTIONAL, review=a.date),
        **_kinds("pause", Part.REQUIRED, review=a.date),
        **_kinds("pause_clock", Part.REQUIRED, due=a.seconds),
        **_kinds("ask answer decline cannot_deliver report_outcome", Part.REQUIRED),
        **_kinds("cancel ask_to_stop refuse_to_stop dispute late_answer", Part.OPTIONAL),
        "referral.submit": Kind(_REFERRAL, Part.REQUIRED, first=True),
        "record.put": Kind(_OWN_RECORD, Part.REQUIRED, first=True),
        "record.destroy": Kind({}),
        "consent.withdraw": Kind({"evidence": a.hash_}),
        "packet.destroy": Kind({"packets": a.distinct(a.list_of(_DESTROYED, 1000, 1), "manifest")}, by_hub=True),
        "consent.report": Kind({"manifest": a.hash_}, Part.REQUIRED),
        "consent.holder_answer": Kind({"answer": a.one_of("erased", "locked", "cannot")}, Part.OPTIONAL),
        "consent.freeze": Kind({}, by_hub=True),
        "consent.unfreeze": Kind({}),
        "freeze.request": Kind({"kind": a.one_of("freeze"), "to": a.agency, "key": a.hash_}, first=True),
        "freeze.decide": Kind({"decision": a.one_of("kept", "withdrawn")}),
        "capacity.ask": Kind({"kind": a.one_of("inquiry"), "urgency": _URGENCY}, Part.REQUIRED, first=True),
        "capacity.answer": Kind({}, Part.REQUIRED),
        "timer.set": Kind(_TIMER, Part.REQUIRED, first=True),
        "timer.move": Kind({"due": _QUARTER, "owner": a.identifier}, Part.REQUIRED),
        "timer.done": Kind({}, Part.REQUIRED),
        "timer.acknowledge": Kind({}),
        "packet.rewrap": Kind(
            {"manifest": a.hash_, "files": a.distinct(a.list_of(REWRAP, 65, 1), "n")},
        ),
        "referral.deliver": Kind({"manifest": a.hash_}, by_hub=True),
        "referral.overdue": Kind(
            {"clock": a.name, "rung": a.integer(0, 99), "tell": a.list_of(a.name, 16)}, by_hub=True
        ),
        "referral.asked_back": Kind({"statement": a.hash_, "said": a.one_of("yes", "no")}, by_hub=True),
        "referral.lock_link": Kind({"link": a.identifier}, by_hub=True),
        "referral.expire": Kind({"clock": a.name}, by_hub=True),
        "referral.fail_delivery": Kind({"clock": a.name}, by_hub=True),
        **_TRANSFERS,
        "hub.receipt": Kind(_RECEIPT, by_hub=True),
        "hub.refused": Kind({"statement": a.hash_, "state": a.name, "position": _POSITION}, by_hub=True),
    }
)
"""The types that this release acts on."""

REPORTABLE = frozenset(
    (
        *(
            f"referral.{name}"
            for name in ["acknowledge", "accept", "decline", "start", "report_outcome", "cannot_deliver"]
        ),
        "transfer.acknowledge",
    )
)
"""The answers of a recipient that a sender may report: the proxy rows of the referral table."""
PROXY = frozenset(_OF_GRADE)
"""The grades of an answer that the sender brings on the recipient's behalf."""


def kind_of(statement_type: object) -> Kind:
    """Return the rules of a type.

    Raises:
        Malformed: no type of version 1.
    """
    if not isinstance(statement_type, str) or statement_type not in KINDS:
        raise Malformed("A statement's type is not on the closed list.")
    return KINDS[statement_type]


def check_body(statement_type: str, grade: Grade, body: dict[str, Any], parts: int) -> None:
    """Check a body and the number of its packets against the rules of its type.

    Raises:
        Malformed: not exactly the members of this type, a wrong value, a packet too many or too few.
    """
    kind = kind_of(statement_type)
    a.object_of({**kind.body, **_OF_GRADE.get(grade, {})})(body)
    part = Part.OPTIONAL if grade in PROXY else kind.part
    if (part is Part.NONE and parts) or (part is Part.REQUIRED and not parts):
        raise Malformed("A statement of this type has a packet too many, or misses its packet.")
    if body.get("answer") == "cannot" and not parts:
        raise Malformed("A holder who cannot erase says on which ground, sealed.")
    plan = body.get("plan")
    if plan and not plan["depart"] <= plan["from"] <= plan["until"]:
        raise Malformed("A child leaves before it arrives, and arrives before the window ends.")
    if statement_type == "hub.receipt" and body["index"] >= body["log"]["size"]:
        raise Malformed("A receipt names an index beyond its log.")
