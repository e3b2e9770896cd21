"""A FHIR R4 Consent as a draft of ours, with a context that says what a foreign consent does not.

The document goes before the context, which only fills what is absent. What is not understood never widens: in a permit
it takes the permit away, in a denial it denies more, and elsewhere it makes the import incomplete. A permit that only
speaks of single items becomes `Imported.limits`. Approvals of exceptions are never imported: they are signed, not said.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, fields
from itertools import product
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from consent import policy
from consent.basis import BasisError
from consent.formats.fhir import AGENCY, CATEGORY, PARTY, PSEUDONYM, PURPOSE, TERMS, WHOLE, url, word
from consent.formats.fhir_parts import (
    Unclear,
    codings,
    concept,
    given_on,
    has_modifier,
    identifier,
    listed,
    period,
    reference,
    said_by,
)
from consent.formats.imported import Filter, Imported, Limits, imported, read_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_KNOWN: Final = {"resourceType", "id", "meta", "language", "text", "contained", "extension", "identifier", "status"} | {
    *("scope", "category", "patient", "dateTime", "performer", "organization", "sourceAttachment", "sourceReference"),
    *("policy", "policyRule", "verification", "provision"),
}
_ITEMS: Final = {"data", "dataPeriod"}
_READ: Final = {"id", "extension", "type", "period", "actor", "action", "securityLabel", "purpose"}
_GROUPS: Final = ("subject", "giver", "assent", "informing", "expression", "safety")
_MEANINGS: Final = ("instance", "related", "authoredby")
_TYPES: Final = ("permit", "deny")
_NO_WORD: Final = {
    PURPOSE: "A purpose that is not on our list permits nothing here (R08).",
    CATEGORY: "A label that we do not know permits nothing here.",
}
_NO_ACTOR: Final = "A recipient that is not known here receives nothing."
_WIDE: Final = "A denial that we understand in part denies more than it says."
_NO_PERMIT: Final = "A permit with a condition that we do not read gives nothing."
_EMPTY: Final = "A permit has no recipient, purpose, category and day left that we know."
_Names: TypeAlias = "tuple[str, ...]"
_Whom: TypeAlias = "tuple[str, str | None]"
"""An agency, and its country where that is known."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a permit says; None where it says nothing."""

    to: tuple[_Whom, ...] | None = None
    purposes: _Names | None = None
    categories: _Names | None = None
    turned_on: _Names | None = None
    first: str | None = None
    last: str | None = None

    def within(self, outer: _Scope) -> _Scope:
        """Return this exception to a wider rule: what it leaves open is the rule's; it lasts no longer."""
        said = {row.name: getattr(self, row.name) for row in fields(self)}
        found = {name: getattr(outer, name) if value is None else value for name, value in said.items()}
        found["first"] = max(filter(None, (self.first, outer.first)), default=None)
        found["last"] = min(filter(None, (self.last, outer.last)), default=None)
        return _Scope(**found)


@dataclass(slots=True)
class _Reading:
    """One reading of one document: the words that are known, and what was found missing or left out so far."""

    words: Mapping[str, Mapping[str, Any]]
    agencies: Mapping[str, Any]
    draft: dict[str, Any]
    missing: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def from_fhir(value: object, context: Mapping[str, Any]) -> Imported:
    """Return what a Consent resource and a context (docs/consent-formats.md) make.

    Raises:
        BasisError: the value is no Consent at all, or the context is not of its form.
    """
    if not isinstance(value, dict) or value.get("resourceType") != "Consent":
        raise BasisError("This is no FHIR Consent resource.", "resourceType")
    words = {PURPOSE: _table(context, "purposes"), CATEGORY: _table(context, "labels")}
    draft: dict[str, Any] = {name: deepcopy(_table(context, name)) for name in _GROUPS}
    reading = _Reading(words, _table(context, "agencies"), {**draft, "grants": [], "denials": [], "refused": []})
    reading.missing.extend(_head(value, context))
    _groups(value, reading)
    limits = _provisions(value.get("provision"), _base(value, context, reading), reading)
    return imported(reading.draft, reading.missing, reading.left_out, limits)


# The head: is it a consent to disclose, in force, of this child, under a policy that is known?


def _head(value: dict[str, Any], context: Mapping[str, Any]) -> Iterator[str]:
    if set(value) - _KNOWN or has_modifier(value):
        yield "an element that could restrict"
    if value.get("status") != "active":
        yield "status"
    if TERMS["scope"] not in concept(value.get("scope")):
        yield "scope"
    if not any(set(TERMS["categories"]) & set(concept(row)) for row in listed(value.get("category"))):
        yield "category"
    own, patient = identifier(value.get("patient"), PSEUDONYM), reference(value.get("patient"))
    if own is None and (patient is None or patient != context.get("patient")):
        yield "patient"
    givers = [reference(row) for row in listed(value.get("performer"))]
    if any(name is not None and name != context.get("performer") for name in givers):
        yield "performer"
    if not all(isinstance(row, dict) and row.get("verified") is True for row in listed(value.get("verification"))):
        yield "verification"
    if given_on(value.get("dateTime")) is None:
        yield "dateTime"
    named = [str(row.get("url") if isinstance(row, dict) else None) for row in listed(value.get("extension"))]
    ours = [name for name in named if name.startswith(url(""))]
    required = {url(name) for name in TERMS["groups"]} if own is not None else set()
    if len(ours) != len(set(ours)) or not required <= {*ours} <= {url(name) for name in (*TERMS["groups"], "status")}:
        yield "extension"


def _base(value: dict[str, Any], context: Mapping[str, Any], reading: _Reading) -> _Scope:
    """Return what the policy says that the consent names: recipients, purposes, categories, last day."""
    told: dict[str, Any] = {**{name: {} for name in TERMS["policies"]}, **_table(context, "policies")}
    uris = [row.get("uri") if isinstance(row, dict) else None for row in listed(value.get("policy"))]
    named = [*uris, *((concept(value["policyRule"]) or [""]) if "policyRule" in value else [])]
    rows = [told.get(name) if isinstance(name, str) else None for name in named]
    found = [row for row in rows if isinstance(row, dict) and row]
    if not rows or len(found) > 1 or not all(isinstance(row, dict) for row in rows):
        reading.missing.append("policy")
    row = found[0] if len(found) == 1 else {}
    to = tuple(one for name in listed(row.get("recipients")) for one in _agencies(name, reading))
    purposes, categories = (tuple(listed(row[name])) if name in row else None for name in ("purposes", "categories"))
    last = str(read_day(row.get("until")) or "") or None
    return _Scope(to if "recipients" in row else None, purposes, categories, (), None, last)


# The groups of a record, from our extensions and the context


def _groups(value: dict[str, Any], reading: _Reading) -> None:
    draft = reading.draft
    for row in listed(value.get("extension")):
        name = str(row.get("url") if isinstance(row, dict) else "").removeprefix(url(""))
        if name in TERMS["groups"]:
            spec = TERMS["groups"][name]
            said = _leaves(row, spec["leaves"])
            reading.missing += [] if said else [f"extension {name}"]
            draft |= _over(draft, {spec["group"]: said} if spec["group"] else said)
    reading.missing += [name for name in _GROUPS if not draft[name]]
    order = draft["giver"].get("order")
    if isinstance(order, dict):
        reading.missing += [f"giver.order.{name}" for name in TERMS["whole"]["order"] if name not in order]
        order |= {"scope": None} if order.get("scope") == [WHOLE] else {}
    if "location_protected" not in draft["safety"]:
        reading.missing.append("safety.location_protected")
    for group, name in (("giver", "order"), ("informing", "notice"), ("informing", "interpreter")):
        if isinstance(draft[group].get(name), dict):
            draft[group][name] = {**dict.fromkeys(TERMS["whole"][name]), **draft[group][name]}
    own = identifier(value.get("patient"), PSEUDONYM)
    draft["subject"] |= {"pseudonym": own} if own else {}
    draft["expression"]["on"] = given_on(value.get("dateTime"))


def _leaves(row: dict[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    """Return what an extension says, or nothing if it has a part that we do not know."""
    paths = {word(path): path for path in kinds}
    said = said_by(
        {"extension": row.get("extension")}, {name: kinds[path].rstrip("*") for name, path in paths.items()}, ""
    )
    found: dict[str, Any] = {}
    for name, values in (said or {}).items():
        *outer, last = paths[name].split(".")
        many = kinds[paths[name]].endswith("*")
        if not many and len(values) > 1:
            return {}
        (found.setdefault(outer[0], {}) if outer else found)[last] = values if many else values[0]
    return found if set(row) == {"url", "extension"} else {}


def _over(below: Any, above: Any) -> Any:
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{name: _over(below.get(name), value) for name, value in above.items()}}


# Provisions


def _provisions(root: object, base: _Scope, reading: _Reading) -> Limits:
    nested = listed(root.get("provision")) if isinstance(root, dict) else []
    if not isinstance(root, dict) or not all(
        isinstance(row, dict) and row.get("type") in _TYPES for row in (root, *nested)
    ):
        reading.missing.append("provision")
        return Limits()
    kinds = {kind: [row for row in nested if row["type"] == kind] for kind in _TYPES}
    only: list[Filter] = []
    try:
        outer = _scope(root, reading, {*_ITEMS, "provision"})
        if root["type"] == "permit":
            outer = outer.within(base)
            only += _filters(root)
            _grant(outer, root, reading)
        elif not kinds["permit"]:
            _deny(root, reading)
        for row in kinds["permit"]:
            _exception(row, outer, reading)
    except Unclear:
        reading.missing.append("provision")
    never = [found for row in kinds["deny"] for found in _denied(row, reading)]
    _number(reading.draft["grants"])
    return Limits(tuple(only), tuple(never))


def _exception(row: dict[str, Any], outer: _Scope, reading: _Reading) -> None:
    """Add what a nested permit gives; one that speaks of single items, or has exceptions itself, gives nothing."""
    try:
        _grant(_scope(row, reading).within(outer), row, reading)
    except Unclear:
        reading.left_out.append(_NO_PERMIT)


def _scope(node: dict[str, Any], reading: _Reading, besides: Iterable[str] = ()) -> _Scope:
    if set(node) - _READ - {*besides} or not _discloses(node):
        raise Unclear
    first, last = period(node["period"]) if "period" in node else (None, None)
    purposes = categories = turned_on = to = None
    if "purpose" in node:
        purposes = _meant(codings(node["purpose"]), PURPOSE, reading)
    if "securityLabel" in node:
        labels = codings(node["securityLabel"])
        categories = _meant(labels, CATEGORY, reading)
        named = _meant([row for row in labels if row.get("system") != CATEGORY], CATEGORY, reading)
        turned_on = tuple(name for name in named if name in policy.TIER_3)
    if "actor" in node:
        to = tuple(one for row in listed(node["actor"]) for one in _recipients(row, reading))
    return _Scope(to, purposes, categories, turned_on, first, last)


def _grant(scope: _Scope, node: dict[str, Any], reading: _Reading) -> None:
    """Add a grant for each recipient and purpose of a permit.

    Raises:
        Unclear: it has an extension that we do not read.
    """
    said = said_by(node, {"country": "Code", "onward": "Uri", "tier-3": "Code"})
    if said is None:
        raise Unclear
    reading.missing += [
        f"provision {name}" for name in ("to", "purposes", "categories", "last") if getattr(scope, name) is None
    ]
    first, countries = scope.first or reading.draft["expression"]["on"] or "", said.get("country", [])
    rows = list(product(scope.to or (), scope.purposes or ()))
    if not rows or not scope.categories or not scope.last or first > scope.last:
        reading.left_out.append(_EMPTY)
        return
    turned_on = [name for name in (*(scope.turned_on or ()), *said.get("tier-3", ())) if name in scope.categories]
    for (agency, where), purpose in rows:
        country = countries[0] if len(countries) == 1 else None if countries else where
        reading.missing += [] if country else ["provision country"]
        named = {"id": node["id"]} if isinstance(node.get("id"), str) and len(rows) == 1 else {}
        row = {"categories": list(scope.categories), "recipient": agency, "purpose": purpose, "country": country}
        row |= {"from": first, "until": scope.last, "onward": said.get("onward", []), "turned_on": turned_on}
        reading.draft["grants"].append({**named, **row})


def _number(grants: list[dict[str, Any]]) -> None:
    """Give grants names of their own, unless each has one."""
    if len({row.get("id") for row in grants} - {None}) != len(grants):
        for n, row in enumerate(grants, 1):
            row["id"] = f"g{n}"


def _denied(node: dict[str, Any], reading: _Reading) -> list[Filter]:
    """Return the single items that a denial is about; what is about more is added to the draft."""
    try:
        found = _filters(node)
    except Unclear:
        found, node = [], {}
    if not found:
        _deny(node, reading)
    return found


def _deny(node: dict[str, Any], reading: _Reading) -> None:
    """Add the denials of a provision; a part that is not understood is left away, which denies more."""
    said = said_by(node, {"because": "Code", "refused": "Boolean"}) or {}
    categories, purposes = (
        _sure(node, name, own, reading) for name, own in (("securityLabel", CATEGORY), ("purpose", PURPOSE))
    )
    to = [one for row in listed(node.get("actor")) for one in _denied_to(row, reading)] or [(None, None)]
    rows = reading.draft["refused" if said.get("refused") == [True] else "denials"]
    for (agency, party), purpose in product(to, (None,) if purposes is None else purposes):
        what = {"categories": list(categories) if categories else None, "recipient": agency, "party": party}
        row = {**what, "purpose": purpose, "because": said.get("because", ["not_said"])[0]}
        rows += [] if row in rows else [row]


def _sure(node: dict[str, Any], name: str, own: str, reading: _Reading) -> _Names | None:
    """Return what codes mean if all of them are known; None, which is everything, if not."""
    if name not in node:
        return None
    meant = [_means(row, own, reading) if isinstance(row, dict) else None for row in listed(node[name])]
    if not meant or None in meant:
        reading.left_out.append(_WIDE)
        return None
    return tuple(dict.fromkeys(name for names in meant for name in names or ()))


def _denied_to(actor: object, reading: _Reading) -> list[tuple[str | None, str | None]]:
    """Return agencies or a party that a denial names; whom we do not know stands for everybody."""
    party = identifier(actor.get("reference"), PARTY) if isinstance(actor, dict) else None
    if party is not None:
        return [(None, party)]
    found: list[tuple[str | None, str | None]] = [(agency, None) for agency, _ in _recipients(actor, reading)]
    reading.left_out += [] if found else [_WIDE]
    return found or [(None, None)]


# Parts of a provision


def _meant(rows: list[dict[str, Any]], own: str, reading: _Reading) -> _Names:
    meant = [_means(row, own, reading) for row in rows]
    reading.left_out += [] if all(meant) else [_NO_WORD[own]]
    return tuple(dict.fromkeys(name for names in meant for name in names or ()))


def _means(row: dict[str, Any], own: str, reading: _Reading) -> _Names | None:
    """Return the policy's words for a code, none for one that we know and have not, None for an unknown one."""
    known = policy.PURPOSES if own == PURPOSE else policy.CATEGORIES
    system, code = row.get("system"), row.get("code")
    if not isinstance(system, str) or not isinstance(code, str):
        return None
    if system == own:
        return (code,) if code in known else None
    codes = reading.words[own].get(system)
    names = codes.get(code) if isinstance(codes, dict) else None
    return tuple(str(name) for name in names if str(name) in known) if isinstance(names, list) else None


def _recipients(actor: object, reading: _Reading) -> list[_Whom]:
    actor = actor if isinstance(actor, dict) else {}
    own = identifier(actor.get("reference"), AGENCY)
    named: list[_Whom] = [] if own is None else [(own, None)]
    whom = named or _agencies(reference(actor.get("reference")), reading)
    if not whom or TERMS["recipient"] not in concept(actor.get("role")):
        reading.left_out.append(_NO_ACTOR)
        return []
    return whom


def _agencies(name: object, reading: _Reading) -> list[_Whom]:
    rows = reading.agencies.get(name) if isinstance(name, str) else None
    found = [(row.get("agency"), row.get("country")) for row in listed(rows) if isinstance(row, dict)]
    return [(agency, country) for agency, country in found if isinstance(agency, str) and isinstance(country, str)]


def _filters(node: dict[str, Any]) -> list[Filter]:
    if not _ITEMS & set(node):
        return []
    named, clear = None, True
    if "data" in node:
        rows = [row if isinstance(row, dict) else {} for row in listed(node["data"])]
        pairs = [(row.get("meaning"), reference(row.get("reference"))) for row in rows]
        read = [(how, name) for how, name in pairs if how in _MEANINGS and name is not None]
        named, clear = frozenset(read), len(read) == len(pairs) > 0
    first, last = period(node["dataPeriod"]) if "dataPeriod" in node else (None, None)
    return [Filter(named, first, last, clear)]


def _discloses(node: dict[str, Any]) -> bool:
    return "action" not in node or any(TERMS["disclose"] in concept(row) for row in listed(node["action"]))


def _table(context: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a table of the context, over the one that we ship where there is one."""
    found = context.get(name, {}) if isinstance(context, dict) else None
    if not isinstance(found, dict):
        raise BasisError("A context is an object of objects; see docs/consent-formats.md.", name)
    return dict(_over(TERMS[name] if name in {"purposes", "labels"} else {}, found))
