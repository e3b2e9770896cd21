"""The gates of a transfer at the desk: who lifts one and for which leg, what a hub is told, what the other side opens.

`hub.casefile.gates` decides. Here an approval is signed by each member who gives one and kept as an own record; what
was found is sealed for the other side, with the approvals, and committed to for the hubs, so that these learn neither
a finding nor that there was an exception. An approval counts for those who signed exactly its words, with a certified
role that they still have when it is used; one who signs twice is one.
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field, fields
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from consent.basis import SHORTEST_REASON
from hub.casefile.gates import policy, verdict, words
from hub.casefile.gates.ask import Approval, Found, Journey, Purpose, evaluate
from hub.client import approvals, cases, records
from hub.client.timers import About, calendar, set_timer
from hub.errors import BadSignature, GateClosed, InvalidRequest, Malformed
from hub.packets import seal
from hub.packets import shapes as a
from hub.packets.encoding import b64u, from_b64u
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.casefile.gates.ask import Result
    from hub.casefile.gates.verdict import Recheck
    from hub.client.member import Member
    from hub.statements.grammar import MemberActor

KIND: Final = "approval"
SECTION: Final = "gates"
"""The section of a packet in which findings, their key and the approvals go to the other side."""
LIFTED_BY: Final = frozenset(gate.lifted_by for gate in policy.ALL if gate.override is not None)
"""The gates of which there are approvals; R24 is that of an exception, which lifts R21 and R22 as well."""
_SAID: Final = ("gate", "begins", "ends", "reason", "mode", "bia_due", "bid_due", "plan", "people")
_FORM: Final = approvals.Form("application/vnd.rcp.gate-approval+json;v=1", _SAID)
_MAY: Final = frozenset({Role.SUPERVISOR.value, Role.CASEWORKER.value})
_ROW: Final = {
    "gate": a.one_of(*LIFTED_BY),
    "leg": a.identifier,
    "begins": a.date,
    "ends": a.date,
    "reason": a.string,
    "mode": a.one_of(None, "forced", "spontaneous", "bid_in_origin"),
    "bia_due": a.null_or(a.date),
    "bid_due": a.null_or(a.date),
    "plan": a.string,
    "people": a.list_of(a.object_of({"role": a.one_of("panel", "witness", "clinician"), "name": a.text}), 20),
}
_ASKED: Final = a.object_of(_ROW)
_SIGNED: Final = a.object_of({**_ROW, "proof": a.list_of(a.at_least({}), 8)})
_KEPT: Final = a.object_of({"case": a.identifier, "row": _SIGNED})
_SHOWN: Final = a.at_least(
    {
        "v": a.integer(1, 1),
        "step": a.one_of(*policy.STEPS),
        "key": a.hash_,
        "findings": a.list_of(a.at_least({}), 128),
        "approvals": a.list_of(_SIGNED, 64),
    }
)
_FINDING: Final = a.object_of({"gate": a.one_of(*policy.GATES), "found": a.one_of(*Found)})
_WHOLE: Final = a.object_of(
    {
        "v": a.integer(1, 1),
        "step": a.one_of(*policy.STEPS),
        "key": a.hash_,
        "findings": a.list_of(_FINDING, 128),
        "approvals": a.list_of(_SIGNED, 64),
    }
)
_JOURNEY: Final = frozenset(row.name for row in fields(Journey))
_FLAGS: Final = frozenset({"final", "crosses_border", "interim", "accepted", "released", "disagreement"})
_NOTHING: Final[Mapping[str, Any]] = {"mode": None, "bia_due": None, "bid_due": None, "plan": "", "people": []}


@dataclass(frozen=True, slots=True)
class Kept:
    """An approval as the agency keeps it: its record, the case file's, and the row with its signatures."""

    record: str
    case: str
    row: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Judged:
    """A result as it leaves the desk: `document` for the other side, sealed; `gates` for the verdict."""

    document: Mapping[str, Any] = field(repr=False)
    gates: tuple[dict[str, str], ...]

    def verdict(self, by: Sequence[MemberActor], before: Iterable[dict[str, str]] = ()) -> dict[str, Any]:
        """Return the verdict of a statement that these members sign; `before`: gates of its basis."""
        counted = Counter(actor.role for actor in by)
        signers = [{"role": role, "n": n} for role, n in sorted(counted.items())]
        return {"policy": policy.POLICY_VERSION, "gates": [*before, *self.gates], "signers": signers}


# Approvals


def approve(member: Member, case: str, said: Mapping[str, Any]) -> Kept:
    """Approve that a gate is lifted for a leg, or sign what a colleague approved in the same words; return it.

    `said` has gate, leg, begins, ends and reason; where the gate asks for them mode, bia_due, bid_due, plan, people.

    Raises:
        InvalidRequest: nobody may lift this gate, a member is missing or not of its form, or it was signed already.
        Forbidden: the member is neither a caseworker nor a supervisor.
    """
    row = {**_NOTHING, **said}
    _check(row)
    kept = next((one for one in listing(member, case) if _words(one.row) == _words(row)), None)
    if kept and any(who == member.id for who, _ in _signers(member, kept.row, member.agency, member.clock.now())):
        raise InvalidRequest("You approved this already, in the same words.", todo="Where two must sign, ask another.")
    supervisor = _MAY & member.roles() & {Role.SUPERVISOR.value}  # who may more, signs as such
    actor = member.me(supervisor or _MAY)
    proofs = kept.row["proof"] if kept else []
    row["proof"] = [*proofs, approvals.signed(member, row["leg"], row, actor.role, _FORM)]
    record = records.put(member, KIND, {"case": case, "row": row}, handoff=kept.record if kept else None)
    return Kept(record, case, row)


def listing(member: Member, case: str | None = None, leg: str | None = None) -> list[Kept]:
    """Return the approvals that the agency keeps, of one case file or one leg where that is said."""
    found = [Kept(row.handoff, **row.value) for row in records.listing(member, KIND) if records.of_form(row, _KEPT)]
    return [one for one in found if case in (None, one.case) and leg in (None, one.row["leg"])]


def proven(member: Member, rows: Iterable[Mapping[str, Any]], agency: str, at: int) -> tuple[Approval, ...]:
    """Return what rows approve, for those members of `agency` who signed it and still might at a time."""
    found = ((row, tuple(_signers(member, row, agency, at))) for row in rows)
    return tuple(_approval(row, by) for row, by in found if by)


# Asking


def check(member: Member, case: str, step: str, journey: Journey, why: str | None = None) -> Result:
    """Return what the gates find of a case file before a step, with the approvals that the agency keeps for the leg.

    Raises:
        InvalidRequest: the case file is a colleague's, and the member did not say `why` (R46).
    """
    now, sections = member.clock.now(), cases.load(member, case, why).sections
    rows = [one.row for one in listing(member, case, journey.leg)]
    return evaluate(step, sections, journey, proven(member, rows, member.agency, now), now=now)


def journey_of(value: object) -> Journey:
    """Return a journey out of what somebody wrote down, members of `Journey` by their names.

    Raises:
        InvalidRequest: a member is unknown or not of its form; `field` in the facts names it.
    """
    if not isinstance(value, dict) or not isinstance(value.get("leg"), str) or value.get("purpose") not in set(Purpose):
        raise InvalidRequest("A journey has a leg and a purpose.", todo="See docs/transfer-gates.md.", field="purpose")
    wrong = next((name for name, item in value.items() if not _fits(name, item)), None)
    if wrong is not None:
        field = wrong if wrong in _JOURNEY else "journey"
        raise InvalidRequest("A member of the journey is unknown or not of its form.", field=field)
    return Journey(**value)


def _fits(name: str, item: object) -> bool:
    kind = {"handover": dict, **dict.fromkeys(_FLAGS, bool)}.get(name, str)
    return name in _JOURNEY and (item is None or isinstance(item, kind))


# What leaves, and what came


def judged(result: Result, rows: Iterable[Mapping[str, Any]] = ()) -> Judged:
    """Return a result as it leaves: committed to under a key of its own, which only the other side is given.

    Raises:
        GateClosed: a gate blocks; `gates` in its facts say which, `rows` what each asks for.
    """
    if not result.permitted:
        blocked = [line for line in words.checklist(result) if line.found == Found.BLOCKED]
        raise GateClosed(
            "A gate of the transfer blocks this step.",
            todo="The checklist is `hub transfer gates NAME --step STEP`; it says who may lift what.",
            gates=[line.gate for line in blocked],
            rows=[" ".join((f"{line.gate}: {line.why}", *line.todo)) for line in blocked],
        )
    key, found = secrets.token_bytes(32), verdict.findings(result)
    commits = tuple({"id": gate, "commit": seal.gate_commitment(value, key, gate)} for gate, value in found)
    told = [value for _, value in found]
    shown = {"v": 1, "step": result.step, "key": b64u(key), "findings": told, "approvals": [dict(row) for row in rows]}
    return Judged(shown, commits)


def opened(document: object, body: Mapping[str, Any]) -> tuple[dict[str, str], ...]:
    """Return the findings that the other side sealed, if they are those that its statement's verdict commits to.

    Raises:
        Malformed: the document is not of its form.
        BadSignature: the verdict commits to other findings.
    """
    _SHOWN(document)
    shown: dict[str, Any] = document  # type: ignore[assignment]  # _SHOWN checked it
    key, committed = from_b64u(shown["key"], 32), {row["id"]: row["commit"] for row in body["verdict"]["gates"]}
    said = {str(row.get("gate")): seal.gate_commitment(row, key, str(row.get("gate"))) for row in shown["findings"]}
    if said != {gate: committed.get(gate) for gate in policy.GATES}:
        raise BadSignature("The findings of the gates are not those that the statement commits to.")
    return tuple(shown["findings"])


def check_document(document: object, body: Mapping[str, Any]) -> None:
    """Check that a section `gates` is what `judged` made for a statement of this body, and says nothing else.

    Raises:
        Malformed: it says something else. BadSignature: the verdict commits to other findings.
    """
    _WHOLE(document)
    if "verdict" not in body:
        raise Malformed("A statement without a verdict commits to no findings.")
    opened(document, body)


def recheck(document: object, body: Mapping[str, Any], ours: Result) -> Recheck:
    """Return how what the other side found stands to the own evaluation; see `opened` for what is refused."""
    return verdict.recheck(list(opened(document, body)), ours)


# Afterwards


def follow_up(member: Member, case: str, result: Result) -> list[str]:
    """Set a timer for each task that a result leaves, so that no exception is forgotten; return their handoffs.

    Called once for a step, by the side that has to do it: the receiver, after arrival.
    """
    if not result.tasks:
        return []
    ours = calendar(member)
    return [
        set_timer(
            member,
            About(words.task(row.task), case, row.gate.lower(), {"task": row.task}),
            ours.end_of(date.fromisoformat(row.due)),
        )
        for row in result.tasks
    ]


def _check(row: Mapping[str, Any]) -> None:
    if row.get("gate") not in LIFTED_BY:
        raise InvalidRequest("Nobody may lift this gate, or it is none.", todo="See docs/transfer-gates.md.")
    try:
        _ASKED(row)
    except Malformed as error:
        raise InvalidRequest("An approval is not of its form.", todo="See docs/transfer-gates.md.") from error
    if len(row["reason"].strip()) < SHORTEST_REASON or row["ends"] < row["begins"]:
        raise InvalidRequest(f"An approval has a reason of {SHORTEST_REASON} characters, and ends after it begins.")


def _words(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("leg", *_SAID)}


def _signers(member: Member, row: Mapping[str, Any], agency: str, at: int) -> list[tuple[str, str]]:
    return approvals.signers(member, row, approvals.Use(row["leg"], at, agency), _FORM)


def _approval(row: Mapping[str, Any], by: tuple[tuple[str, str], ...]) -> Approval:
    said = {name: row[name] for name in _words(row) if name != "people"}
    return Approval(**said, by=by, people=tuple((one["role"], one["name"]) for one in row["people"]))
