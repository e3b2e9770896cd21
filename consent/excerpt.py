"""What one recipient is told of the lawful basis, its check at the other end, and the verdict that is committed to.

Pure. The excerpt holds what concerns this recipient and no other name: a school does not learn that a clinic was named
(docs/protocol.md §4.3). Commitments are made elsewhere, over the values that are returned here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from consent import policy
from consent.basis import Basis, BasisError, Consent, Denial, Grant, from_value
from consent.decide import Deny, Permit, Recipient, Request, applicable, decide

if TYPE_CHECKING:
    from datetime import date


def excerpt_for(basis: Basis, recipient: Recipient) -> dict[str, Any]:
    """Return the part of a basis that concerns a recipient, as JSON; about that recipient it decides as the whole."""
    only = frozenset({recipient.agency})
    if not isinstance(basis, Consent):
        return replace(basis, recipients=basis.recipients & only).to_value()
    return replace(
        basis,
        grants=tuple(_grant(grant, recipient) for grant in basis.grants if recipient.agency in grant.recipients),
        denials=tuple(
            _denial(denial, only)
            for denial in basis.denials
            if denial.recipients is None or recipient.agency in denial.recipients
        ),
    ).to_value()


def check_excerpt(excerpt: object, request: Request, now: int) -> Permit | Deny:
    """Return whether an excerpt permits what was received: the receiver's own check, by the sender's own rules.

    `now` is the time that is judged: when the packet was first accepted, not when it is read again.
    """
    try:
        basis = from_value(excerpt)
    except BasisError:
        return Deny((policy.reason("R01"),))
    return decide(basis, request, now)


def verdict(basis: Basis, request: Request, now: int) -> tuple[tuple[str, dict[str, str]], ...]:
    """Return what every gate of the policy found, in its order and of one shape, whatever was found.

    Each finding is `{"gate": id, "found": "met" | "blocked" | "not_applicable"}`.
    """
    answer = decide(basis, request, now)
    blocked = {reason.rule for reason in answer.reasons} if isinstance(answer, Deny) else set()
    checked = applicable(basis, request)
    return tuple((gate, {"gate": gate, "found": _found(gate, checked, blocked)}) for gate in policy.GATES)


def until_month(day: date) -> str:
    """Return a basis's last day rounded up to the month, `YYYY-MM`: all of it that a hub learns."""
    return day.strftime("%Y-%m")


def _found(gate: str, checked: tuple[str, ...], blocked: set[str]) -> str:
    if gate in blocked:
        return "blocked"
    return "met" if gate in checked else "not_applicable"


def _grant(grant: Grant, recipient: Recipient) -> Grant:
    return replace(
        grant,
        recipients=frozenset({recipient.agency}),
        countries=grant.countries & {recipient.country},
    )


def _denial(denial: Denial, only: frozenset[str]) -> Denial:
    return replace(denial, recipients=None if denial.recipients is None else only)
