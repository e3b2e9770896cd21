"""May this be sent? `decide(basis, request, now)` is pure, total and fails closed: what it does not know, it denies.

The firewall comes first and nobody overrides it: bodies of migration enforcement and police never receive, unknown
kinds never receive, purposes come from a closed list (R07, R08). Then the basis decides; the default is no, a denial
wins over every grant. Days are days of UTC and a period includes its last. Both ends run this same function: the sender
before sealing, the receiver on what it opened. It does not know who asks, nor what is inside a section.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from consent import policy
from consent.basis import Basis, Consent, Grant, MandatoryProtection, VitalInterest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consent.policy import Reason

_COUNTRY = re.compile(r"[A-Z]{2}")
_FIRST, _LAST = 1_577_836_800, 4_102_444_800
_SKEW = 600


@dataclass(frozen=True, slots=True)
class Recipient:
    """The agency that would receive, as its certified key entry and the directory describe it."""

    agency: str
    kind: str
    country: str
    service: str | None = None
    """The type of the service that is asked, where one is chosen."""
    person: str | None = None
    """The member to whom the packet is sealed, where it is one person's."""


@dataclass(frozen=True, slots=True)
class Request:
    """What would be sent, to whom and for what. `onward`: by a holder that had it from somebody else."""

    recipient: Recipient
    categories: frozenset[str]
    purpose: str
    onward: bool = False


@dataclass(frozen=True, slots=True)
class Permit:
    """Yes: the rules that were checked, and the last day on which this basis holds."""

    rules: tuple[str, ...]
    until: date


@dataclass(frozen=True, slots=True)
class Deny:
    """No, and every reason that was found."""

    reasons: tuple[Reason, ...]


def decide(basis: Basis, request: Request, now: int) -> Permit | Deny:
    """Return whether `request` may be sent on `basis` at `now` (Unix seconds). Never raises."""
    try:
        return _decide(basis, request, now)
    except Exception:  # noqa: BLE001 - a record that cannot be read, of whatever shape, permits nothing
        return Deny((policy.reason("R01"),))


def applicable(basis: object, request: Request) -> tuple[str, ...]:
    """Return the gates that a basis and a request are measured by, in the policy's order."""
    rules = {"R01", "R03", "R04", "R07", "R08", "R11", "R12"}
    if isinstance(basis, Consent):
        rules |= {"R02", "R05", "R06"}
    if isinstance(basis, MandatoryProtection):
        rules |= {"R39"}
    if isinstance(basis, VitalInterest):
        rules -= {"R03"}
    if request.onward:
        rules |= {"R15"}
    if request.recipient.kind == policy.COMMUNITY_KIND:
        rules |= {"R16"}
    return tuple(gate for gate in policy.GATES if gate in rules)


def _decide(basis: object, request: Request, now: int) -> Permit | Deny:
    blocked = _firewall(request)
    if blocked:
        return Deny(blocked)
    if isinstance(now, bool) or not isinstance(now, int) or not _FIRST <= now <= _LAST:
        return Deny((policy.reason("R04"),))
    today = datetime.fromtimestamp(now, UTC).date()
    match basis:
        case Consent():
            reasons, until = [*_record(basis, today), *_granted(basis, request, today)], _until(basis, request, today)
        case MandatoryProtection():
            reasons, until = [*_protection(basis, request, today)], basis.until
        case VitalInterest():
            reasons = [*_vital(basis, request, now)]
            until = datetime.fromtimestamp(basis.review_by, UTC).date()
        case _:
            return Deny((policy.reason("R01"),))
    reasons += _limits(request)
    return Deny(tuple(reasons)) if reasons else Permit(applicable(basis, request), until)


def _firewall(request: Request) -> tuple[Reason, ...]:
    if request.recipient.kind not in policy.MAY_RECEIVE or request.recipient.kind in policy.NEVER_RECEIVE:
        return (policy.reason("R07"),)
    return () if request.purpose in policy.PURPOSES else (policy.reason("R08"),)


def _limits(request: Request) -> Iterator[Reason]:
    """What no basis can lift: known categories and countries, the ceiling of the service, a person in a committee."""
    recipient, categories = request.recipient, request.categories
    if not categories or not categories <= policy.CATEGORIES or not _COUNTRY.fullmatch(recipient.country):
        yield _uncovered(request, "")
    for section in sorted((categories & policy.CATEGORIES) - policy.ceiling(recipient.kind, recipient.service)):
        yield policy.reason("R11", section=section, service=recipient.service or "")
    community = recipient.kind == policy.COMMUNITY_KIND
    if community and (not recipient.person or len(categories & policy.COMMUNITY_NEEDS) > policy.MOST_NEEDS):
        yield policy.reason("R16")


def _record(basis: Consent, today: date) -> Iterator[Reason]:
    """Whether the consent itself stands, whatever it grants."""
    capacity, order = basis.giver.capacity, basis.giver.order_until
    if capacity not in policy.GIVERS.get(basis.situation, ()):
        yield policy.reason("R02")
    if basis.assent not in {"agreed", "too_young"}:
        yield policy.reason("R03")
    if basis.withdrawn is not None or today < basis.given:
        yield policy.reason("R04", date=(basis.withdrawn or basis.given).isoformat())
    if capacity in policy.WITH_ORDER and (order is None or order < today or not _interim_in_time(basis)):
        yield policy.reason("R05")
    if not basis.explained_in:
        yield policy.reason("R06")


def _interim_in_time(basis: Consent) -> bool:
    order = basis.giver.order_until
    longest = basis.given + timedelta(days=policy.INTERIM_DAYS)
    return basis.giver.capacity != "interim_authority" or (order is not None and order <= longest)


def _granted(basis: Consent, request: Request, today: date) -> Iterator[Reason]:
    for section in sorted(request.categories & policy.CATEGORIES):
        grants = _naming(basis, request, section)
        live = [grant for grant in grants if grant.start <= today <= grant.until]
        if _denied(basis, request, section) or not grants:
            yield _uncovered(request, section, basis.giver.capacity)
        elif not live:
            yield policy.reason("R04", section=section, date=max(grant.until for grant in grants).isoformat())
        elif section in policy.TIER_3 and not any(section in grant.turned_on for grant in live):
            yield policy.reason("R12", section=section)


def _naming(basis: Consent, request: Request, section: str) -> list[Grant]:
    recipient = request.recipient
    return [
        grant
        for grant in basis.grants
        if section in grant.categories
        and recipient.agency in grant.recipients
        and request.purpose in grant.purposes
        and recipient.country in grant.countries
    ]


def _denied(basis: Consent, request: Request, section: str) -> bool:
    return any(
        (denial.categories is None or section in denial.categories)
        and (denial.recipients is None or request.recipient.agency in denial.recipients)
        and (denial.purposes is None or request.purpose in denial.purposes)
        for denial in basis.denials
    )


def _until(basis: Consent, request: Request, today: date) -> date:
    """The first day on which a section loses its last grant, or the guardian the appointment."""
    days = [
        max(
            (
                grant.until
                for grant in _naming(basis, request, section)
                if grant.start <= today and (section not in policy.TIER_3 or section in grant.turned_on)
            ),
            default=today,
        )
        for section in request.categories
    ]
    if basis.giver.capacity in policy.WITH_ORDER and basis.giver.order_until is not None:
        days.append(basis.giver.order_until)
    return min(days, default=today)


def _protection(basis: MandatoryProtection, request: Request, today: date) -> Iterator[Reason]:
    if basis.assent not in {"agreed", "too_young"}:
        yield policy.reason("R03")
    if not basis.given <= today <= basis.until:
        yield policy.reason("R04", date=basis.until.isoformat())
    yield from _override("R39", policy.MANDATORY_PROTECTION, basis.recipients, request)


def _vital(basis: VitalInterest, request: Request, now: int) -> Iterator[Reason]:
    if not basis.supervisor or not basis.reason:
        yield policy.reason("R01")
    if basis.review_by - basis.made > policy.REVIEW_SECONDS or not basis.made - _SKEW <= now <= basis.review_by:
        yield policy.reason("R04")
    yield from _override("R01", policy.VITAL_INTEREST, basis.recipients, request)


def _override(rule: str, limits: policy.Override, recipients: frozenset[str], request: Request) -> Iterator[Reason]:
    recipient = request.recipient
    if recipient.kind not in limits.kinds or request.purpose not in limits.purposes:
        yield policy.reason(rule, agency=recipient.agency, purpose=request.purpose)
    if recipient.agency not in recipients:
        yield _uncovered(request, "")
    for section in sorted((request.categories & policy.CATEGORIES) - limits.sections):
        yield policy.reason(rule, section=section, agency=recipient.agency, purpose=request.purpose)


def _uncovered(request: Request, section: str, giver: str = "") -> Reason:
    rule = "R15" if request.onward else "R01"
    return policy.reason(rule, section=section, agency=request.recipient.agency, purpose=request.purpose, giver=giver)
