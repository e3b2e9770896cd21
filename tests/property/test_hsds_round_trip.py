"""Whatever HSDS can say comes back as it was said: as an object, as lines, and as a package of tables."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hub.directory.formats.hsds import write_hsds
from hub.directory.formats.hsds_objects import FOREIGN, objects
from hub.directory.formats.hsds_write import HsdsWriter
from tests.support.hsds import alike, problems, read, records

NUMBERS = itertools.count(1)
IDS = st.builds(lambda: str(uuid.UUID(int=next(NUMBERS), version=4)))
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=12)
TIMES = {"opens_at": "08:30", "closes_at": "17:00"}
DAYS = {"valid_from", "valid_to", "dtstart", "until"}
ONE_OF_ITS_OWN = {"organization", "location"}
APART = {"organization": {"services"}, "service_at_location": {"service"}}
APART |= {"attribute": {"link_id"}, "metadata": {"resource_id"}}
"""What is left out, because the nesting says it already, or says it the other way round."""


@st.composite
def some(draw, name, depth=0):
    """An object of HSDS with some of its fields, all that it requires among them."""
    listed = objects()[name]
    made = {"id": draw(IDS)}
    for field, said in listed["fields"].items():
        wanted = field in listed["required"] or (depth < 4 and draw(st.booleans()))
        if field == "id" or field in FOREIGN or field in APART.get(name, ()) or not wanted:
            continue
        if said.startswith("["):
            if depth < 3 and (rows := draw(st.lists(some(said[1:-1], depth + 1), max_size=2))):
                made[field] = rows
        else:
            made[field] = draw(value(said, field, depth))
    return made


def value(said, field, depth):
    if field in TIMES or field in DAYS:
        return st.just(TIMES.get(field, "2026-03-02"))
    if said.startswith("="):
        return st.sampled_from(said[1:].split("|"))
    if said == "number":
        return st.integers(-90, 90) | st.floats(-90, 90).filter(lambda number: not number.is_integer())
    return some(said, depth + 1) if said in objects() else TEXT


@st.composite
def services(draw):
    """A full service whose organization is there, with the locations that both show."""
    made = draw(some("service"))
    made["organization"] = draw(some("organization", 1))
    if "program" in made:
        made["organization"].setdefault("programs", []).append(made["program"])
    return made


@settings(max_examples=60, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(services())
def test_a_full_service_comes_back_equal(made):
    items = read(made)
    assert not problems(items)
    assert alike(HsdsWriter(records(items)).service(made["id"])) == alike(made)


@pytest.mark.parametrize("form", ["ndjson", "json", "datapackage"])
@settings(max_examples=15, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(made=st.lists(services(), min_size=1, max_size=3))
def test_every_form_holds_the_same_records(form, made):
    held = records(read(made))
    again = records(read(b"".join(write_hsds(held, form)), form))
    assert alike_records(again) == alike_records(held)


def alike_records(held):
    return alike({"providers": held.providers, "services": held.services, "sites": held.sites})


@settings(max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(sorted(objects()["service"]["fields"])) | TEXT, inner, max_size=6)
        ),
        max_leaves=20,
    )
)
def test_whatever_json_is_read_it_makes_items_and_no_error(value):
    for item in read([value]):
        assert item.row
    assert replace(records([]), path=None) == records([])
