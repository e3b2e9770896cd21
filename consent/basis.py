"""Lawful bases as JSON, checked against `consent/schema/basis.json`. Decides nothing (`consent.decide` does).

Three kinds: a `consent` is a record with revisions (`consent.record`); `mandatory_protection` is the duty to tell a
child-protection authority before any guardian exists; `vital_interest` is a supervisor's note that life or health
cannot wait. A record that we half understand permits nothing, so an unknown member is an error.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import jsonschema_rs

from consent import policy
from consent.evaluate import MAX_INTEGER

if TYPE_CHECKING:
    from collections.abc import Mapping

CONSENT: Final = "consent"
PROTECTION: Final = "mandatory_protection"
VITAL: Final = "vital_interest"
EXCERPT: Final = "excerpt"
MOST_NAMED: Final = 4_000
"""Grants and onward recipients of one record: each is a part, and an excerpt has at most 8192."""
SHORTEST_REASON: Final = 20
"""Characters of a reason to lift a rule (referral standards, consent record)."""
KINDS: Final = frozenset({CONSENT, PROTECTION, VITAL})
Basis: TypeAlias = "Mapping[str, Any]"
"""A value that `check` let pass."""
_UNPRINTABLE = re.compile("[\ud800-\udfff]")


class BasisError(ValueError):
    """The JSON is no lawful basis; `field` names where, as `grants.0.until`. Never repeats what stands there."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def check(value: object, kind: str | None = None) -> Basis:
    """Return `value` if it is a basis, of `kind` where given.

    Raises:
        BasisError: an unknown kind or member, a missing one, a wrong form, an impossible date, a number too large.
    """
    found = kind or (value.get("kind") if isinstance(value, dict) else None)
    if not isinstance(value, dict) or not isinstance(found, str) or found not in {*KINDS, EXCERPT}:
        raise BasisError("A lawful basis is an object of a known kind.", "kind")
    _check_text(value)
    error = next(iter(_validator(found).iter_errors(value)), None)
    if error is not None:
        missing = [error.kind.property] if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required) else []
        field = ".".join(str(step) for step in (*error.instance_path, *missing))
        raise BasisError(f"The field {field or 'of the record'} is missing, unknown or not of its form.", field)
    _check_dates(value)
    if found == CONSENT:
        _check_reasons(value)
        if sum(1 + len(row["onward"]) for row in value["grants"]) > MOST_NAMED:
            raise BasisError("A consent names too many agencies.", "grants")
        if value["reconfirm_by"] > policy.ask_again(value["expression"]["on"]):
            raise BasisError("A consent is asked for again a year after it was given, at the latest.", "reconfirm_by")
    return value


def check_row(name: str, value: object) -> None:
    """Check a row of a record as a recipient is shown it; `name` is `grant`, `denial` or `override`.

    Raises:
        BasisError: it is none.
    """
    hidden = {"grant": {"id": "hidden"}, "override": {"reason": "hidden"}}.get(name, {})
    if not isinstance(value, dict) or not _validator(name).is_valid({**value, **hidden}):
        raise BasisError("A part of the excerpt is not of its form.", "parts")


def _check_text(value: Any, depth: int = 0) -> None:
    """Refuse what canonical JSON cannot hold, before a validator meets it."""
    if depth > 16:  # noqa: PLR2004 - deeper than any record, and than canonical JSON allows
        raise BasisError("A record is nested too deeply.")
    if isinstance(value, str):
        if _UNPRINTABLE.search(value):
            raise BasisError("A text has half a character.")
    elif isinstance(value, list | tuple):
        for item in value:
            _check_text(item, depth + 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_text(name if isinstance(name, str) else b"", depth + 1)
            _check_text(item, depth + 1)
    elif not isinstance(value, int | None) or abs(value or 0) > MAX_INTEGER:
        raise BasisError("A record holds texts, whole numbers, lists and objects.")


def _check_dates(value: dict[str, Any]) -> None:
    """Refuse a period that ends before it begins: nobody meant it."""
    order = (value.get("giver") or {}).get("order") if isinstance(value.get("giver"), dict) else None
    periods = {"giver.order": order} if order else {}
    for name in ("grants", "overrides"):
        periods |= {f"{name}.{n}": row for n, row in enumerate(value.get(name) or ())}
    for field, row in periods.items():
        if row["until"] < row["from"]:
            raise BasisError(f"The period in {field} ends before it begins.", f"{field}.until")


def _check_reasons(value: dict[str, Any]) -> None:
    """Refuse what a lawyer would ask about: an exception that nobody gave a reason for."""
    giver, assent, receipt = value["giver"], value["assent"], value["receipt"]
    wanted = {
        "giver.reason": giver["instead_of"] is None or giver["reason"],
        "assent.maturity": assent["because"] != "not_able" or assent["maturity"],
        "receipt.because": receipt["given_as"] != "not_given" or receipt["because"],
    }
    for n, row in enumerate(value["overrides"]):
        wanted[f"overrides.{n}.reason"] = len(row["reason"]) >= SHORTEST_REASON
    missing = next((field for field, reason in wanted.items() if not reason), None)
    if missing is not None:
        raise BasisError(f"The field {missing} must give a reason.", missing)


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of lawful bases and their excerpts."""
    text = resources.files("consent").joinpath("schema", "basis.json").read_text(encoding="utf-8")
    value: dict[str, Any] = json.loads(text)
    return value


@cache
def _validator(kind: str) -> jsonschema_rs.Draft202012Validator:
    only = {"$defs": schema()["$defs"], "$ref": f"#/$defs/{kind}"}
    return jsonschema_rs.Draft202012Validator(only, validate_formats=True)
