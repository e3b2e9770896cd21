"""Answers by phone, SMS or paper, entered by the sender for the recipient: with evidence, or with a code read back.

The evidence stays in a sealed own record; the statement has its keyed hash. The hub may ask the recipient's verified
number whether it is true, unless the basis says that phone or SMS are not safe.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from hub.client import basis as bases
from hub.client import reading, records, referrals, transfer_steps
from hub.client.transport import well_formed
from hub.errors import InvalidRequest, NotFound
from hub.packets.encoding import b64u, canonical, from_b64u
from hub.statements.grammar import Grade

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.client.member import Member

_BY_TELEPHONE = frozenset({"sms", "phone"})


@dataclass(frozen=True, slots=True)
class Review:
    """A reported answer that a supervisor looks into; `member` reported it, `why` is `said_no` or `tenth`."""

    statement: str
    handoff: str
    member: str
    why: str
    since: int


def report(  # noqa: PLR0913 - what came, how, and how good it is
    member: Member,
    handoff: str,
    step: str,
    via: str,
    words: str,
    body: Mapping[str, Any] | None = None,
    *,
    code: str | None = None,
    ask: bool = True,
    on: str | None = None,
) -> dict[str, Any]:
    """Say that the recipient took a step, which came `via` phone, SMS or paper; `words` are the evidence, kept sealed.

    `on` is the day on which the recipient said so, today unless a paper was long on its way; the statement itself has
    the time at which it is entered.
    With a `code` that was read back the grade is code-verified; else it is reported, and with `ask` the hub may ask the
    recipient's verified number whether it is true, where the basis lets it.
    """
    shown = reading.show(member, handoff)
    of, say = ("transfer", transfer_steps.say) if shown.kind == "transfer_leg" else ("referral", referrals.say)
    kind = f"{of}.{step}"
    said_on = _day(on or bases.today(member), bases.today(member))
    evidence = referrals.noted(member, {"handoff": handoff, "type": kind, "via": via, "words": words, "on": said_on})
    grade = Grade.REPORTED if code is None else Grade.CODE_VERIFIED
    more = {"ask": ask and _is_safe(member, handoff)} if code is None else {"code": code}
    said = {**(body or {}), "via": via, "evidence": evidence, **more}
    return say(member, kind, shown, said, grade=grade)


def send_code(member: Member, handoff: str) -> dict[str, Any]:
    """Let the hub send six digits to the recipient's verified number: `code` (its id), `number_ends`, `until`.

    Raises:
        NoVerifiedNumber: the service map has none.
        RateLimited: three were sent today.
    """
    said = member.hub.post(f"/api/v1/handoffs/{handoff}/codes", {})
    with well_formed():
        return dict(said)


def read_back(member: Member, handoff: str, code: str, digits: str) -> None:
    """Compare the digits that the provider read out.

    Raises:
        InvalidRequest: they are others.
        Forbidden: the code is over.
    """
    member.hub.post(f"/api/v1/handoffs/{handoff}/codes/{code}", {"digits": digits.replace(" ", "")})


def reviews(member: Member) -> list[Review]:
    """Return the reported answers that the agency's supervisors have to look into."""
    with well_formed():
        rows = member.hub.get("/api/v1/reviews")["reviews"]
        return [Review(**{name: row[name] for name in Review.__slots__}) for row in rows]


def evidence_of(member: Member, statement: str, handoff: str) -> dict[str, Any]:
    """Return the evidence behind a reported statement, checked against the hash that was signed.

    Raises:
        NotFound: the agency keeps none that fits.
    """
    line = next((line for line in reading.show(member, handoff).lines if line.hash == statement), None)
    wanted = None if line is None else line.statement.body.get("evidence")
    for row in records.listing(member, "note"):
        key, value = row.value.get("key"), row.value.get("evidence")
        if key and wanted == b64u(hashlib.blake2b(canonical(value), digest_size=32, key=from_b64u(key)).digest()):
            return dict(value or {})
    raise NotFound("No evidence that fits this statement is kept.")


def found(member: Member, statement: str, finding: str) -> dict[str, Any]:
    """Say what came of looking into a reported answer: `holds` or `doubted`."""
    if finding not in {"holds", "doubted"}:
        raise InvalidRequest("A review ends with: holds or doubted.")
    said: dict[str, Any] = member.hub.post(f"/api/v1/reviews/{statement}", {"finding": finding}) or {}
    with well_formed():
        return dict(said)


def _day(said_on: str, today: str) -> str:
    try:
        past = date.fromisoformat(said_on).isoformat() <= today
    except ValueError:
        past = False
    if not past:
        raise InvalidRequest("The day of an answer is YYYY-MM-DD, and not in the future.", field="on")
    return said_on


def _is_safe(member: Member, handoff: str) -> bool:
    """Say whether the basis lets a number near the family be texted; where it cannot be read, it does not."""
    try:
        held = bases.load(member, records.sent_copy(member, handoff)["basis"])
    except (InvalidRequest, NotFound):
        return False
    safety = held.basis.get("safety") or {}
    return _BY_TELEPHONE.isdisjoint(safety.get("prohibited") or ())
