"""The closed list of statement types: who may sign each, what its body holds, whether a packet travels beside it.

One table, docs/protocol.md §7.1 to §7.3. Does not know what a statement does: that is the state machine's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hub.errors import Malformed, UnsupportedVersion
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
        "hub.receipt": Kind(_RECEIPT, by_hub=True),
        "hub.refused": Kind({"statement": a.hash_, "state": a.name, "position": _POSITION}, by_hub=True),
    }
)
"""The types that this release acts on."""

REPORTABLE = frozenset(
    f"referral.{name}" for name in ("acknowledge", "accept", "decline", "start", "report_outcome", "cannot_deliver")
)
"""The answers of a recipient that a sender may report: the proxy rows of the referral table."""
PROXY = frozenset(_OF_GRADE)
"""The grades of an answer that the sender brings on the recipient's behalf."""

_TRANSFER = """
    accept acknowledge answer answer_inquiry arrive ask assume cancel change close decline deliver depart dispute expire
    first_contact follow_up freeze halt inquire intake move_on not_departed notice offer post_closure_visit release
    reopen report_missing request_assessment resolve return return_assessment take unfreeze unrelease
"""
LATER = frozenset({"case.open", *(f"transfer.{name}" for name in _TRANSFER.split())})
"""Types of version 1 that this release does not act on."""


def kind_of(statement_type: object) -> Kind:
    """Return the rules of a type.

    Raises:
        UnsupportedVersion: a type of version 1 that this release does not act on.
        Malformed: no type of version 1.
    """
    if isinstance(statement_type, str) and statement_type in LATER:
        raise UnsupportedVersion("This release does not take transfer and register statements.")
    if not isinstance(statement_type, str) or statement_type not in KINDS:
        raise Malformed("A statement's type is not on the closed list.")
    return KINDS[statement_type]


def check_body(statement_type: str, grade: Grade, body: dict[str, Any], parts: int) -> None:
    """Check a body and the number of its packets against the rules of its type.

    Raises:
        Malformed: not exactly the members of this type, a wrong value, a packet too many or too few.
        UnsupportedVersion: a submission of a transfer leg.
    """
    kind = kind_of(statement_type)
    if statement_type == "referral.submit" and body.get("kind") == "transfer_leg":
        raise UnsupportedVersion("This release does not take transfer legs.")
    a.object_of({**kind.body, **_OF_GRADE.get(grade, {})})(body)
    part = Part.OPTIONAL if grade in PROXY else kind.part
    if (part is Part.NONE and parts) or (part is Part.REQUIRED and not parts):
        raise Malformed("A statement of this type has a packet too many, or misses its packet.")
    if body.get("answer") == "cannot" and not parts:
        raise Malformed("A holder who cannot erase says on which ground, sealed.")
    if statement_type == "hub.receipt" and body["index"] >= body["log"]["size"]:
        raise Malformed("A receipt names an index beyond its log.")
