"""May this be sent? `decide` asks the rules of the policy about the facts; it is pure, total and fails closed.

The firewall comes first and nobody lifts it (R07, R08). Then every rule that applies must be true: what is missing,
unknown or of a strange form is not true, so it blocks. Both ends ask about the same facts, those that the recipient is
shown; the sender knows more (`around`) and has more rules. Days are days of UTC and a period includes its last.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from consent import policy, record
from consent.basis import CONSENT, KINDS, PROTECTION
from consent.evaluate import WATCHED, day
from consent.reasons import Reason, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from consent.policy import Rule

_FIRST, _LAST = 1_577_836_800, 4_102_444_800
_SKEW: Final = 600
_MOST_STEPS: Final = 64
Compared: TypeAlias = "set[tuple[str, str]]"
MET, BLOCKED, OVERRIDDEN, NOT_APPLICABLE = "met", "blocked", "overridden", "not_applicable"


@dataclass(frozen=True, slots=True)
class Recipient:
    """The agency that would receive. Its key entry says kind and country; what follows only the sender's side knows."""

    agency: str
    kind: str
    country: str
    person: str | None = None
    """The member to whom the packet is sealed, where it is one person's."""
    active: bool | None = None
    """Whether the person, or somebody of the agency, has a live key (R17)."""
    firewall_until: str | None = None
    safeguarding_until: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What would be sent, to whom and for what. `holder`: who passes on what it had from somebody else (R15)."""

    recipient: Recipient
    categories: frozenset[str]
    purpose: str
    service: str | None = None
    holder: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found, for one section where it asks about each."""

    rule: str
    found: str
    section: str = ""


@dataclass(frozen=True, slots=True)
class Permit:
    """Yes: until which day it stays yes, what the client must do to what it sends, and what each rule found."""

    until: date
    obligations: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that were asked and are met or lifted."""
        return tuple(dict.fromkeys(row.rule for row in self.findings if row.found in {MET, OVERRIDDEN}))


@dataclass(frozen=True, slots=True)
class Deny:
    """No, and every reason that was found."""

    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...] = ()


def decide(basis: object, request: Request, now: int, around: Mapping[str, Any] | None = None) -> Permit | Deny:
    """Return whether `request` may be sent on `basis` at `now` (Unix seconds). Never raises.

    Args:
        basis: a lawful basis that was checked, or the facts of an excerpt (`record.read_excerpt`).
        request: what would be sent.
        now: the time that is judged.
        around: what only the sender knows: `sender` {agency, country}, `protocols`, `listing`, `person`; None at the
            receiver, where the sender's own rules are not asked.
    """
    try:
        asked = facts(basis, request, around)
    except Exception:  # noqa: BLE001 - a record that cannot be read, of whatever shape, permits nothing
        return Deny((reason("R01"),))
    return judge(asked, now, "receiver" if around is None else "sender")


def judge(asked: Mapping[str, Any], now: int, end: str) -> Permit | Deny:
    """Return what the rules of one end say of facts that are made (`facts`). Never raises."""
    try:
        return _decide({**_EMPTY, **asked, "policy": policy.TABLES}, now, end)
    except Exception:  # noqa: BLE001 - facts of whatever shape permit nothing
        return Deny((reason("R01"),))


def allowed(act: str, scope: Mapping[str, Any], now: int) -> Permit | Deny:
    """Return whether something else than sending may be done: `record` a consent, `copy` for a reader (R14, R46)."""
    if not _is_time(now):
        return Deny((reason("R04"),))
    rules = [rule for rule in policy.RULES if rule.act == act]
    found = list(_ask(rules, {**_EMPTY, "policy": policy.TABLES, **scope, "now": _moment(now)}))
    blocked = [row for row in found if row.found == BLOCKED]
    if blocked or not rules:
        return Deny(tuple(reason(row.rule) for row in blocked), tuple(found))
    obliged = tuple(rule.oblige for rule in rules if rule.oblige and _found(rule, found) == MET)
    return Permit(datetime.fromtimestamp(now, UTC).date(), obliged, tuple(found))


def gates(answer: Permit | Deny) -> tuple[tuple[str, dict[str, str]], ...]:
    """Return what every gate of the policy found, in its order and of one shape, whatever was found.

    Each finding is `{"gate": id, "found": "met" | "blocked" | "overridden" | "not_applicable"}`.
    """
    found = {rule: _worst(row.found for row in answer.findings if row.rule == rule) for rule in policy.GATES}
    return tuple((gate, {"gate": gate, "found": word}) for gate, word in found.items())


def until_month(last: date) -> str:
    """Return a basis's last day rounded up to the month, `YYYY-MM`: all of it that a hub learns."""
    return last.strftime("%Y-%m")


# Facts

_EMPTY: Final[dict[str, Any]] = {"grants": [], "denials": [], "overrides": [], "protocols": []}


def facts(basis: object, request: Request, around: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return all that the rules are asked about, as JSON; the clock is added by `decide`.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: the basis is none; `decide` turns that into a denial.
    """
    to, passing = request.recipient, request.holder is not None
    asked = {"purpose": request.purpose, "service": request.service, "onward": passing, "holder": request.holder}
    return {
        "recipient": asdict(to),
        "request": {**asked, "sections": sorted(request.categories)},
        **(around or {}),
        **_of_basis(basis, to.agency, known_whole=around is not None),
    }


def _of_basis(basis: Any, agency: str, *, known_whole: bool) -> dict[str, Any]:
    if "basis" in basis:
        found: dict[str, Any] = dict(basis)
        return found
    if basis["kind"] == CONSENT:
        return record.facts(basis, agency) | (record.own_facts(basis) if known_whole else {})
    if basis["kind"] not in KINDS:
        raise ValueError("A basis of an unknown kind.")
    asked = {"agreed": ("agreed", None), "too_young": ("not_asked", "too_young")}
    if basis["kind"] == PROTECTION:
        answer, because = asked.get(basis["assent"], ("refused", None))
        # The duty to tell binds before anybody knows the age: who is said to be too young is taken at the word.
        young = {"child": {"age_band": policy.TABLES["age_bands"]["need_not_be_asked"][0]}}
        return {"basis": dict(basis), "assent": {"answer": answer, "because": because}, **young}
    last = datetime.fromtimestamp(basis["review_by"], UTC).date().isoformat()
    return {"basis": {**basis, "review_day": last, "lasts": basis["review_by"] - basis["made"]}}


def _is_time(now: object) -> bool:
    return isinstance(now, int) and not isinstance(now, bool) and _FIRST <= now <= _LAST


def _moment(now: int, on: date | None = None) -> dict[str, Any]:
    """Return the clock as facts: at `now`, or at the beginning of a later day."""
    today = datetime.fromtimestamp(now, UTC).date()
    later = on is not None and on > today
    seconds = int(datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp()) if later and on else now
    return {"day": (on or today).isoformat(), "seconds": seconds, "latest": seconds + _SKEW}


# Rules


def _decide(scope: dict[str, Any], now: int, end: str) -> Permit | Deny:
    known = _is_time(now)
    scope["now"] = _moment(now) if known else {}
    never = list(_ask((rule for rule in policy.RULES if rule.never), scope))
    if any(row.found == BLOCKED for row in never):
        return Deny(tuple(_why(row, scope) for row in never if row.found == BLOCKED), tuple(never))
    if not scope["request"]["sections"] or not known:
        return Deny((reason("R04" if not known else "R01"),), tuple(never))
    rules = [rule for rule in policy.RULES if rule.act == policy.SEND and end in rule.at and not rule.never]
    found, seen = _on(rules, scope, None)
    blocked = [row for row in found if row.found == BLOCKED]
    if blocked:
        return Deny(tuple(dict.fromkeys(_why(row, scope) for row in blocked)), (*never, *found))
    obliged = [rule.oblige for rule in rules if rule.oblige and _found(rule, found) == MET]
    return Permit(_until(rules, scope, now, seen), tuple(obliged), (*never, *found))


def _on(rules: list[Rule], scope: dict[str, Any], moment: dict[str, Any] | None) -> tuple[list[Finding], Compared]:
    """Return what the rules find at a moment, and the days on which that may change."""
    seen: Compared = set()
    asked = {**scope, WATCHED: seen} if moment is None else {**scope, "now": moment, WATCHED: seen}
    return list(_ask(rules, asked)), seen


def _ask(rules: Iterable[Rule], scope: dict[str, Any]) -> Iterator[Finding]:
    for rule in rules:
        if not rule.each:
            yield Finding(rule.id, _one(rule, scope))
            continue
        for section in scope["request"]["sections"]:
            yield Finding(rule.id, _one(rule, {**scope, "section": section}), section)


def _one(rule: Rule, scope: dict[str, Any]) -> str:
    if rule.when(scope) is False:
        return NOT_APPLICABLE
    if rule.oblige and rule.override is not None and _lifted(rule, scope):
        return OVERRIDDEN
    if rule.must(scope) is True:
        return MET
    return OVERRIDDEN if _lifted(rule, scope) else BLOCKED


def _lifted(rule: Rule, scope: dict[str, Any]) -> bool:
    """Whether a recorded override lifts the rule here: for this recipient and section, today, by who may."""
    if rule.override is None or not isinstance(scope["overrides"], list):
        return False
    today, to = scope["now"].get("day"), _table(scope.get("recipient")).get("agency")
    sections = [scope["section"]] if rule.each else _table(scope.get("request")).get("sections")
    for row in scope["overrides"]:
        if not isinstance(row, dict) or row.get("rule") != rule.id:
            continue
        begins, ends = day(row.get("from")), day(row.get("until"))
        if begins is None or ends is None or today is None:
            continue
        if WATCHED in scope:
            scope[WATCHED] |= {(row["from"], today), (today, row["until"])}
        fits = row.get("recipient") in (None, to) and _covers(row.get("categories"), sections)
        if fits and row["from"] <= today <= row["until"] and rule.override({**scope, "override": row}) is True:
            return True
    return False


def _covers(categories: Any, sections: list[str] | None) -> bool:
    """Whether an override is for all sections, or for each that is asked about."""
    if categories is None or not sections:
        return categories is None
    return isinstance(categories, list) and all(section in categories for section in sections)


def _until(rules: list[Rule], scope: dict[str, Any], now: int, seen: Compared) -> date:
    """Return the last day of the unbroken run of days, from today on, on which the rules permit.

    Nothing changes but on a day with which another was compared, or on the one after it.
    """
    last = datetime.fromtimestamp(now, UTC).date()
    for _ in range(_MOST_STEPS):
        turns = [turn for turn in _turns(seen, last) if turn > last]
        if not turns:
            break
        found, seen = _on(rules, scope, _moment(now, min(turns)))
        if any(row.found == BLOCKED for row in found):
            return min(turns) - timedelta(days=1)
        last = min(turns)
    return last


def _turns(seen: Compared, today: date) -> Iterator[date]:
    for pair in seen:
        for found in map(day, {*pair} - {today.isoformat()} or {*pair}):
            if found is not None and found < date.max:
                yield from (found, found + timedelta(days=1))


def _why(row: Finding, scope: dict[str, Any]) -> Reason:
    dates, giver, to, listing = (_table(scope.get(name)) for name in ("dates", "giver", "recipient", "listing"))
    asked = _table(scope.get("request"))
    days = (dates.get("withdrawn"), dates.get("frozen"), _last_grant(scope, row.section), dates.get("given"))
    when = {
        "R04": next((found for found in days if isinstance(found, str)), None),
        "R09": to.get("firewall_until"),
        "R18": listing.get("verified"),
    }
    words = {"agency": to.get("agency"), "purpose": asked.get("purpose"), "service": asked.get("service")}
    return reason(row.rule, section=row.section, giver=giver.get("capacity"), date=when.get(row.rule), **words)


def _last_grant(scope: dict[str, Any], section: str) -> str | None:
    grants = scope["grants"] if isinstance(scope["grants"], list) else []
    named = [row for row in map(_table, grants) if isinstance(row.get("categories"), list)]
    ends = [row.get("until") for row in named if section in row["categories"]]
    return max((end for end in ends if isinstance(end, str)), default=None)


def _table(value: Any) -> dict[str, Any]:
    """Return an object of the facts, or an empty one, so that no strange form hides why something was denied."""
    return value if isinstance(value, dict) else {}


def _found(rule: Rule, found: Iterable[Finding]) -> str:
    return _worst(row.found for row in found if row.rule == rule.id)


def _worst(words: Iterable[str]) -> str:
    order = (BLOCKED, OVERRIDDEN, MET, NOT_APPLICABLE)
    return min(words, key=order.index, default=NOT_APPLICABLE)
