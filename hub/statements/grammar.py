"""What a statement is: its members and their grammar (docs/protocol.md §7). Pure values, nothing is verified here.

`Statement.from_value` is strict and closed: an unknown member, type or role is refused. Signatures, certificates and
clocks are `hub.statements.verify`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hub.errors import Malformed, UnsupportedVersion
from hub.packets import shapes as a
from hub.statements.bodies import KINDS, PROXY, REPORTABLE, Grade, Role, check_body, kind_of

__all__ = ["STATEMENT_TYPE", "Actor", "Grade", "HubActor", "MemberActor", "Role", "Statement"]

STATEMENT_TYPE = "application/vnd.rcp.statement+json;v=1"
BIND = "referral.bind"
NOTICE = "transfer.notice"
"""The one statement of an agency that may never receive anything."""
ASSUME = "transfer.assume"
"""The one statement that two agencies sign: the successor, and the coordinator of a third."""
MAX_HEADS = 16
MAX_SIGNERS = 8


@dataclass(frozen=True, slots=True)
class MemberActor:
    """A member who signs, and the role in which they do."""

    agency: str
    member: str
    role: str

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"agency": self.agency, "member": self.member, "role": self.role}


@dataclass(frozen=True, slots=True)
class HubActor:
    """A hub that signs for itself: deliveries, clocks, receipts."""

    host: str

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"hub": self.host}


Actor = MemberActor | HubActor


@dataclass(frozen=True, slots=True)
class Statement:
    """One step of a handoff, as its signers say it."""

    type: str
    handoff: str
    heads: tuple[str, ...]
    by: tuple[Actor, ...]
    at: int
    grade: Grade
    body: dict[str, Any] = field(default_factory=dict)
    parts: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash((self.type, self.handoff, self.heads, self.by, self.at))

    def to_value(self) -> dict[str, Any]:
        """Return the JSON object that is signed."""
        return {
            "v": 1,
            "type": self.type,
            "handoff": self.handoff,
            "heads": list(self.heads),
            "by": [actor.to_value() for actor in self.by],
            "at": self.at,
            "grade": self.grade.value,
            "body": self.body,
            "parts": list(self.parts),
        }

    @classmethod
    def from_value(cls, value: object) -> Statement:
        """Return the statement that a JSON object is.

        Raises:
            Malformed: not of the grammar.
            UnsupportedVersion: another version, or a type that this release does not act on.
        """
        row = {name: member for name, member in _checked(value).items() if name != "v"}
        row |= {"heads": tuple(row["heads"]), "parts": tuple(row["parts"]), "grade": Grade(row["grade"])}
        row["by"] = tuple(_actor(actor) for actor in row["by"])
        statement = cls(**row)
        statement.check()
        return statement

    def check(self) -> None:
        """Check what spans several members: heads, signers, grade, body and packet.

        Raises:
            Malformed: they do not go together.
        """
        kind = kind_of(self.type)
        if list(self.heads) != sorted(set(self.heads)) or not (self.heads or kind.first):
            raise Malformed("The heads of a statement are not sorted and distinct, or are missing.")
        _check_signers(self.by, by_hub=kind.by_hub, across=self.type == ASSUME)
        if (self.grade is Grade.HUB) != kind.by_hub:
            raise Malformed("The grade of a statement does not fit who signs it.")
        if self.grade in PROXY and self.type not in REPORTABLE:
            raise Malformed("A statement of this type cannot be reported by the other side.")
        if self.grade in PROXY and len(self.by) != 1:
            raise Malformed("Whoever reports an answer reports it alone: another member looks into it and closes.")
        if self.grade is Grade.LINK and (len(self.by) != 1 or self.roles != {Role.PROVIDER}):
            raise Malformed("A statement by a link is signed by one provider.")
        if self.type == BIND and self.grade is not Grade.LINK:
            raise Malformed("A device is bound by a link.")
        check_body(self.type, self.grade, self.body, len(self.parts))

    @property
    def agency(self) -> str | None:
        """The agency whose members sign, or None for a hub's statement."""
        actor = self.by[0]
        return actor.agency if isinstance(actor, MemberActor) else None

    @property
    def hub(self) -> str | None:
        """The host of the hub that signs, or None for members' statements."""
        actor = self.by[0]
        return actor.host if isinstance(actor, HubActor) else None

    @property
    def roles(self) -> frozenset[str]:
        """The roles in which members sign."""
        return frozenset(actor.role for actor in self.by if isinstance(actor, MemberActor))

    @property
    def manifest(self) -> str | None:
        """The hash of the manifest of the packet that travels beside it."""
        return self.parts[0] if self.parts else None


_MEMBER = a.object_of({"agency": a.agency, "member": a.identifier, "role": a.one_of(*Role)})
_HUB = a.object_of({"hub": a.host})


def _an_actor(value: object) -> None:
    (_HUB if isinstance(value, dict) and "hub" in value else _MEMBER)(value)


_STATEMENT = a.object_of(
    {
        "v": a.integer(1, 1),
        "type": a.one_of(*KINDS),
        "handoff": a.identifier,
        "heads": a.list_of(a.hash_, MAX_HEADS),
        "by": a.list_of(_an_actor, MAX_SIGNERS, 1),
        "at": a.seconds,
        "grade": a.one_of(*Grade),
        "body": a.at_least({}),
        "parts": a.list_of(a.hash_, 1),
    }
)


def _checked(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Malformed("A statement is not an object.")
    if value.get("v") != 1:
        raise UnsupportedVersion("This release takes statements of version 1.")
    kind_of(value.get("type"))
    _STATEMENT(value)
    return value


def _actor(value: dict[str, Any]) -> Actor:
    return HubActor(value["hub"]) if "hub" in value else MemberActor(**value)


def _check_signers(by: tuple[Actor, ...], *, by_hub: bool, across: bool) -> None:
    members = [actor for actor in by if isinstance(actor, MemberActor)]
    if by_hub:
        if members or len(by) != 1:
            raise Malformed("A statement of this type is signed by one hub.")
    elif len(members) != len(by):
        raise Malformed("A statement of this type is signed by members.")
    elif len({m.agency for m in members}) != (2 if across else 1) or len({m.member for m in members}) != len(members):
        raise Malformed("The signers of a statement are not different members, of one agency but for a succession.")
