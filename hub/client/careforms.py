"""The forms of own records of a case after arrival, and in which role each may be written. Tables; decides nothing.

All are of kind `aftercare` and hold days, codes and names of other records. Words of people stand in records of kind
`remark`, which `words` names.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from hub.aftercare import closing, observer, visits
from hub.aftercare.benchmarks import By, Risk
from hub.errors import Malformed
from hub.keys.certificates import CASE_ROLES
from hub.packets import shapes as a
from hub.statements.grammar import Role

KIND, REMARK = "aftercare", "remark"
SUPERVISOR: Final = frozenset({Role.SUPERVISOR.value})
OFFICER: Final = frozenset({Role.DATA_OFFICER.value})
HOLDERS: Final = frozenset({Role.SUPERVISOR.value, Role.DATA_OFFICER.value, Role.AGENCY_ADMIN.value})
KEEPERS: Final = frozenset({Role.SUPERVISOR.value, Role.COORDINATOR.value, Role.FOCAL_POINT.value})
_MANY: Final = 100_000


def _birthday(value: object) -> None:
    """Check a day of the calendar; unlike others it may be before 2020."""
    try:
        date.fromisoformat(str(value))
    except ValueError as error:
        raise Malformed("A field is not a day of the calendar.") from error


_PLAN: dict[str, a.Check] = {
    "benchmarks": a.name,
    "risk": a.one_of(*Risk),
    "lead": a.identifier,
    "country": a.null_or(a.country),
    "corridor": a.null_or(a.text),
    "born": a.null_or(_birthday),
    "exploited": a.flag,
    "mark": a.null_or(a.text),
    "bases": a.list_of(a.identifier, 100),
    "discretion": a.object_of({"caller": a.string, "texts": a.flag, "note": a.string}),
}
_VISIT: dict[str, a.Check] = {
    "happened": a.seconds,
    "by": a.one_of(*By),
    "method": a.one_of(*visits.METHODS),
    "place": a.one_of(*visits.PLACES),
    "who": a.list_of(a.one_of(*visits.WHO), len(visits.WHO)),
    "met": a.flag,
    "about": a.null_or(a.name),
    "themes": a.null_or(visits.FORM),
    "sign": a.one_of(None, *observer.Sign),
    "evidence": a.null_or(a.hash_),
}
_PROPOSAL: dict[str, a.Check] = {
    "reason": a.one_of(*closing.Reason),
    "parts": a.list_of(a.one_of(*closing.PARTS), len(closing.PARTS)),
    "besides": a.list_of(a.one_of(*closing.NEEDS), len(closing.NEEDS)),
    "panel": a.flag,
}
_DESTROYED: dict[str, a.Check] = {
    "records": a.list_of(a.identifier, _MANY),
    "handoffs": a.list_of(a.identifier, _MANY),
    "left": a.list_of(a.identifier, _MANY),
    "allowed": a.null_or(a.identifier),
}
_COMMON: dict[str, a.Check] = {"case": a.identifier, "on": a.date, "words": a.null_or(a.identifier)}
_TABLE: dict[str, tuple[frozenset[str], dict[str, a.Check]]] = {
    "plan": (CASE_ROLES, _PLAN),
    "risk": (CASE_ROLES, {"risk": a.one_of(*Risk)}),
    "visit": (CASE_ROLES, _VISIT),
    "excuse": (CASE_ROLES, {"stream": a.name, "until": a.date}),
    "review": (CASE_ROLES, {"present": a.list_of(a.name, 20, 1), "changed": a.flag}),
    "extension": (SUPERVISOR, {"of": a.date, "until": a.date}),
    "event": (CASE_ROLES, {"event": a.name}),
    "recommended": (CASE_ROLES, _PROPOSAL),
    "authorised": (SUPERVISOR, {"recommendation": a.identifier, "reason": a.one_of(*closing.Reason)}),
    "archived": (SUPERVISOR, {"closure": a.identifier}),
    "reopened": (SUPERVISOR, {"closure": a.identifier}),
    "held": (HOLDERS, {"until": a.null_or(a.date)}),
    "lifted": (OFFICER, {"hold": a.identifier}),
    "allowed": (OFFICER, {"law": a.text}),
    "destroyed": (SUPERVISOR, _DESTROYED),
}
FORMS: Final = {
    name: a.object_of({"what": a.one_of(name), **_COMMON, **members}) for name, (_, members) in _TABLE.items()
}
ROLES: Final = {name: roles for name, (roles, _) in _TABLE.items()}
STAYS: Final = frozenset(_TABLE) - {"plan", "risk", "visit", "excuse", "review", "extension", "event"}
"""What says of a case that is destroyed when it was closed, and that it is gone: codes and days."""
OWN_SET = a.object_of({"what": a.one_of("benchmarks"), "name": a.name, "set": a.at_least({})})
"""A set of benchmarks that the agency adopted."""
RETENTION = a.object_of(
    {
        "what": a.one_of("retention"),
        "country": a.null_or(a.country),
        "years": a.integer(0, 100),
        "after_majority_years": a.integer(0, 100),
    }
)
"""How long the agency keeps closed cases."""
