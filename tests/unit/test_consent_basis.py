"""A record that we half understand is refused: what the schema of lawful bases lets pass, and what it names."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from consent import basis, record
from consent.basis import BasisError, check
from tests.support.consents import (
    ADDIS,
    CLINIC,
    MEMBER,
    SCHOOL,
    SECRET,
    consent,
    grant,
    mandatory,
    order,
    override,
    vital,
)

FAMILY = consent(
    grant(ADDIS, "identity"),
    grant(CLINIC, "health", purpose="medical_care"),
    denials=[{"categories": ["mhpss"]}],
    refused=[{"recipient": SCHOOL.agency}],
    overrides=[override("R03", "identity", to=ADDIS)],
    giver={"order": order()},
    withdrawal={"how": ["worker"], "events": [{"on": "2026-11-20", "by": "giver", "reason": None}]},
    controllers=[{"agency": ADDIS.agency, "name": "SYN", "contact": "SYN", "address": None, "jurisdiction": "ET"}],
)
BASES = {"consent": FAMILY, "mandatory_protection": mandatory(), "vital_interest": vital()}


def broken(value, way, new):
    value = deepcopy(value)
    *steps, last = (int(step) if step.isdigit() else step for step in way.split("."))
    inner = value
    for step in steps:
        inner = inner[step]
    if new is ...:
        del inner[last]
    else:
        inner[last] = new
    return value


def objects(value, way=""):
    """Yield the way to every object in a basis that the schema describes."""
    if isinstance(value, dict):
        yield way
        for name, inner in value.items():
            yield from objects(inner, f"{way}{name}.")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from objects(inner, f"{way}{n}.")


def members(value, way=""):
    for place in objects(value, way):
        inner = value
        for step in place.split(".")[:-1]:
            inner = inner[int(step) if step.isdigit() else step]
        yield from (f"{place}{name}" for name in inner)


@pytest.mark.parametrize("kind", BASES)
def test_a_basis_survives_being_written_down(kind):
    assert check(json.loads(json.dumps(BASES[kind]))) == BASES[kind]
    assert check(BASES[kind], kind) is BASES[kind]


@pytest.mark.parametrize(
    ("kind", "place"), [(kind, place) for kind, value in BASES.items() for place in objects(value)]
)
def test_an_unknown_member_is_refused_wherever_it_stands_and_not_repeated(kind, place):
    with pytest.raises(BasisError) as caught:
        check(broken(BASES[kind], f"{place}Hagos", "Hagos"))
    assert caught.value.field == place.removesuffix(".")
    assert "Hagos" not in str(caught.value)


@pytest.mark.parametrize(("kind", "way"), [(kind, way) for kind, value in BASES.items() for way in members(value)])
def test_a_missing_member_is_refused_and_named(kind, way):
    with pytest.raises(BasisError) as caught:
        check(broken(BASES[kind], way, ...))
    within = way.rpartition(".")[0]
    assert caught.value.field == (within if within == "giver.order" else way)  # an order may also be null


@pytest.mark.parametrize(("kind", "way"), [(kind, way) for kind, value in BASES.items() for way in members(value)])
@pytest.mark.parametrize("new", [1.5, float("nan"), b"Hagos", {"Hagos"}, 2**53, -(2**70), "\ud800", {7: "Hagos"}])
def test_what_canonical_json_cannot_hold_is_refused_wherever_it_stands(kind, way, new):
    with pytest.raises(BasisError) as caught:
        check(broken(BASES[kind], way, new))
    assert "Hagos" not in str(caught.value)


@pytest.mark.parametrize(
    ("way", "new"),
    [
        ("schema", "handover-consent/2"),
        ("record", "short"),
        ("record", "r" * 21 + "\n"),
        ("revision", 0),
        ("revision", True),
        ("at", -1),
        ("at", True),
        ("status", "presumed"),
        ("subject.situation", None),
        ("subject.situation", "unknown"),
        ("subject.age_band", "16"),
        ("subject.languages", []),
        ("subject.law", "dj"),
        ("giver", ["guardian"]),
        ("giver.capacity", "uncle"),
        ("giver.years", "16"),
        ("giver.order.until", None),
        ("assent.answer", "yes"),
        ("assent.because", "shy"),
        ("informing.language", ""),
        ("informing.language", "ti\n"),
        ("informing.understanding", True),
        ("expression.on", "2026-02-30"),
        ("expression.on", "2026-2-3"),
        ("expression.on", 20261101),
        ("expression.on", "0000-01-01"),
        ("expression.on", "0999-01-01"),
        ("expression.on", "2026-11-01T00:00:00Z"),
        ("expression.on", "2026-11-\u0660\u0661"),
        ("expression.artefact", "short"),
        ("expression.place", "ET\n"),
        ("grants", {}),
        ("grants", [{}]),
        ("grants", [FAMILY["grants"][0]] * 2),
        ("grants", [{**FAMILY["grants"][0], "id": f"g{n}"} for n in range(1001)]),
        ("grants.0.categories", "identity"),
        ("grants.0.categories", []),
        ("grants.0.categories", ["identity", "identity"]),
        ("grants.0.categories", [1]),
        ("grants.0.country", "et"),
        ("grants.0.recipient", "addis"),
        ("grants.0.recipient", "urn:rcp:agency:Addis@et.example"),
        ("grants.0.until", None),
        ("grants.0.from", "2027-02-11"),
        ("giver.order.from", "2027-07-01"),
        ("overrides.0.from", "2027-01-01"),
        ("overrides.0.by", []),
        ("overrides.0.by", [{"member": MEMBER, "role": "supervisor"}] * 2),
        ("overrides.0.child_told", 1),
        ("denials.0.categories", []),
        ("denials.0.categories", 7),
        ("safety.location_protected", None),
        ("safety.note", ""),
        ("safety.note", "x" * 10_001),
        ("safety.note", "bell \x07"),
        ("withdrawal.events.0.by", "neighbour"),
        ("frozen", ""),
        ("controllers.0.jurisdiction", "Ethiopia"),
    ],
)
def test_a_form_that_is_not_of_the_record_is_refused_and_named(way, new):
    with pytest.raises(BasisError) as caught:
        check(broken(FAMILY, way, new))
    assert caught.value.field.startswith(way.split(".")[0])


@pytest.mark.parametrize(
    "value",
    [
        {**vital(), "made": True},
        {**vital(), "made": "now"},
        {**vital(), "review_by": -1},
        {**vital(), "reason": "x" * 10_001},
        {**vital(), "recipients": []},
        {**mandatory(), "v": 2},
        {**mandatory(), "v": True},
        {**mandatory(), "assent": "not_asked"},
        {**mandatory(), "recipients": ADDIS.agency},
        {**mandatory(), "kind": "vital_interest"},
    ],
)
def test_the_other_bases_are_no_looser(value):
    with pytest.raises(BasisError):
        check(value)


@pytest.mark.parametrize(
    "value",
    [None, [], "consent", 7, {}, {"kind": "presumed"}, {"kind": "excerpt"}, {"kind": ["consent"]}, {"kind": {}}],
)
def test_what_is_no_basis_of_a_known_kind_is_refused(value):
    with pytest.raises(BasisError) as caught:
        check(value)
    assert caught.value.field in {"kind", "v"}


def test_a_basis_of_another_kind_than_asked_for_is_refused():
    with pytest.raises(BasisError):
        check(vital(), "consent")


def test_a_record_that_is_nested_without_end_is_refused():
    deep = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(BasisError, match="deeply"):
        check({**FAMILY, "grants": deep})


def test_an_excerpt_is_no_record_and_a_record_no_excerpt():
    excerpt = record.excerpt_for(FAMILY, SECRET, ADDIS.agency)
    assert check(excerpt, basis.EXCERPT) is excerpt
    for value, kind in ((excerpt, "consent"), (excerpt, None), (FAMILY, basis.EXCERPT)):
        with pytest.raises(BasisError):
            check(value, kind)


def test_every_object_of_the_schema_is_closed_and_needs_all_its_members():
    def walk(value):
        if isinstance(value, dict):
            if "properties" in value:
                assert value["additionalProperties"] is False
                assert sorted(value["required"]) == sorted(value["properties"])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(basis.schema()["$defs"])
